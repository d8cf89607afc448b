#!/bin/sh
# Sets up what mote is measured against, each as its own users are told to build
# it for short cold starts. Only packages of the registries, at versions that
# the files beside this one pin, those of what packages bring as well.
#
# Usage: tools/bench/peers/build.sh FOLDER [PEER...]
#
# Leaves FOLDER/PEER for each, complete; one whose set-up fails, or cannot be,
# leaves the reason in FOLDER/PEER.skipped instead, and the others go on. What
# is there already is left alone.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../../.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
all="rust-empty rust-iris rust-bare go-empty go-iris node-empty python-sklearn python-onnxruntime"
PATH=$PATH:/usr/local/go/bin:$HOME/.cargo/bin

# fails with a sentence, which becomes the reason
need() { command -v "$1" >/dev/null || { echo "$1 is not installed" >&2; return 1; }; }

# Python's packages into a folder: those of the file, which names all
install() { # requirements, folder
    need python3
    python3 -m pip install -q --disable-pip-version-check --no-warn-script-location \
        --no-deps --target "$2" -r "$here/python/$1"
}

# compiled to bytecode; sources may then not be written beside by the first start
packages() { # requirements, folder
    install "$1" "$2"
    python3 -m compileall -q "$2" || true # a few packages carry files of Python 2
}

# iris.pkl, and its parameters for the others
estimator() {
    [ ! -e "$out/iris/iris.go" ] || return 0
    rm -rf "$out/iris"
    mkdir -p "$out/iris"
    if [ ! -e "$out/python-sklearn/iris.pkl" ]; then
        build_if_missing python-sklearn
        [ -e "$out/python-sklearn/iris.pkl" ] || {
            echo "python-sklearn, which holds the parameters, is not there" >&2
            return 1
        }
    fi
    PYTHONPATH=$out/python-sklearn python3 "$here/python/iris_parameters.py" \
        "$out/python-sklearn/iris.pkl" "$out/iris/iris.rs" "$out/iris/iris.go"
}

build_python_sklearn() { # folder
    packages requirements-iris.txt "$1"
    OPENBLAS_NUM_THREADS=1 PYTHONPATH=$1 python3 "$here/python/iris_estimator.py" \
        "$tree/models/iris/train.py" "$1/iris.pkl"
    cp "$here/python/iris.py" "$1/app.py"
    (cd "$1" && python3 -m compileall -q app.py)
}

build_python_onnxruntime() {
    packages requirements-cola.txt "$1"
    cp "$here/python/cola.py" "$1/app.py"
    (cd "$1" && python3 -m compileall -q app.py)
    cola_files "$1"
}

# model.onnx and tokenizer.json out of the function's own model, in $out/cola;
# what writes them is in no package. They are copied into the peer's folder by
# coldstart_contestants.py, which takes those of the training where they are
cola_files() { # folder with the packages of requirements-cola.txt
    rm -rf "$out/cola.new" "$out/cola.packages" "$out/cola"
    mkdir "$out/cola.new"
    install requirements-cola-files.txt "$out/cola.packages"
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$out/cola.packages:$1:$tree/tools \
        python3 "$here/python/cola_files.py" "$tree/models/cola/cola.mote" "$out/cola.new"
    rm -rf "$out/cola.packages"
    mv "$out/cola.new" "$out/cola"
}

# static: there is no loader to wait for. The target is named, so that the flags
# are not for what runs while building
rust_flags="-C target-feature=+crt-static -C relocation-model=static"

# the sources with a Cargo.lock: crates.lock, and in it the registry that cargo
# names in one of its own
rust_source() { # folder
    rm -rf "$1"
    mkdir "$1"
    cp -r "$here/rust/." "$1"
    cargo generate-lockfile -q --manifest-path "$1/Cargo.toml"
    source=$(sed -n '/^source = /{p;q;}' "$1/Cargo.lock")
    sed "s|^checksum = |$source\n&|" "$here/rust/crates.lock" >"$1/Cargo.lock"
}

build_rust() { # folder, name of the program
    need cargo
    estimator
    rust_source "$out/rust-source"
    target=$(rustc -vV | sed -n 's/^host: //p')
    PEERS_IRIS=$out/iris/iris.rs RUSTFLAGS=$rust_flags CARGO_TARGET_DIR=$out/cargo \
        cargo build -q --release --locked --target "$target" \
        --manifest-path "$out/rust-source/Cargo.toml" --bin "$2"
    cp "$out/cargo/$target/release/$2" "$1/bootstrap"
}
build_rust_empty() { build_rust "$1" empty; }
build_rust_iris() { build_rust "$1" iris; }

# no standard library, so that musl can be what is below
build_rust_bare() {
    need rustc
    need musl-gcc
    estimator
    # shellcheck disable=SC2086 # a list of flags
    PEERS_IRIS=$out/iris/iris.rs rustc --edition 2021 -C opt-level=3 -C lto=fat -C codegen-units=1 \
        -C panic=abort -C strip=symbols $rust_flags -C linker=musl-gcc \
        -C link-arg=-Wl,-z,noseparate-code,-z,norelro,--gc-sections,--build-id=none \
        -C link-arg=-static -C link-arg=-Wl,-Bstatic -C link-arg=-lc "$here/rust/bare.rs" -o "$1/bootstrap"
}

build_go() { # folder, name of the program
    need go
    estimator
    mkdir -p "$out/go-source"
    cp -r "$here/go/." "$out/go-source"
    cp "$out/iris/iris.go" "$out/go-source/iris/parameters.go"
    (cd "$out/go-source" && GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS=-mod=readonly go build \
        -tags lambda.norpc -trimpath -ldflags '-s -w' -o "$1/bootstrap" "./$2")
}
build_go_empty() { build_go "$1" empty; }
build_go_iris() { build_go "$1" iris; }

build_node_empty() {
    for tool in node npm g++ make cmake; do need "$tool"; done
    cp "$here/node/package.json" "$here/node/package-lock.json" "$here/node/app.mjs" "$1"
    (cd "$1" && npm ci --no-audit --no-fund --loglevel error)
    [ -e "$1/node_modules/aws-lambda-ric/rapid-client.node" ] || {
        echo "aws-lambda-ric did not build its native part" >&2
        return 1
    }
}

build_if_missing() {
    [ ! -e "$out/$1" ] || return 0
    echo "building $1" >&2
    rm -rf "$out/$1.new" "$out/$1.skipped"
    mkdir "$out/$1.new"
    # a shell of its own, because set -e does not hold inside conditions
    if ! PEER=$1 sh "$here/build.sh" "$out" >"$out/$1.log" 2>&1; then
        tail -n 1 "$out/$1.log" >"$out/$1.skipped"
        [ -s "$out/$1.skipped" ] || echo "its set-up failed" >"$out/$1.skipped"
        echo "skipped $1: $(cat "$out/$1.skipped"); more in $out/$1.log" >&2
        rm -rf "$out/$1.new"
        return 0
    fi
    mv "$out/$1.new" "$out/$1"
}

if [ -n "${PEER:-}" ]; then # one of them, out of build_if_missing
    one=$PEER
    PEER=
    "build_$(echo "$one" | tr - _)" "$out/$one.new"
    exit
fi
for peer in ${*:-$all}; do
    case " $all " in
    *" $peer "*) build_if_missing "$peer" ;;
    *)
        echo "build.sh: no peer $peer; there are $all" >&2
        exit 2
        ;;
    esac
done
