#!/bin/sh
# Installs what a Debian 12 machine lacks for one purpose; on other systems says
# what is missing. When all is there nothing is done and no root is needed.
#
# Usage: tools/setup.sh build|arm64|run|tls|tls-arm64|bench-tls|bench-coldstart|bench-peers|bench-compress|package|python|train|bench|test|ci
set -eu

# One need a line: how to see that it is met, and the package that meets it. A
# path is looked for as a file, anything else as a command.
needs() {
    case $1 in
    build)
        echo gcc gcc
        echo strip binutils
        echo musl-gcc musl-tools
        ;;
    arm64)
        echo aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
        echo aarch64-linux-musl-gcc musl-dev:arm64
        echo qemu-aarch64-static qemu-user-static
        ;;
    run)
        needs build
        echo /usr/include/stdio.h libc6-dev
        echo curl curl
        ;;
    tls)
        echo "/usr/lib/$(uname -m)-linux-gnu/libbearssl.a" libbearssl-dev
        echo /usr/share/ca-certificates/mozilla/Amazon_Root_CA_1.crt ca-certificates
        ;;
    tls-arm64)
        needs tls
        needs arm64
        echo /usr/lib/aarch64-linux-gnu/libbearssl.a libbearssl-dev:arm64
        ;;
    bench-tls)
        needs run
        needs tls
        needs python
        [ "$(uname -m)" = aarch64 ] || needs tls-arm64
        echo /usr/include/openssl/ssl.h libssl-dev
        echo openssl openssl
        ;;
    bench-coldstart)
        needs run
        needs python
        echo strace strace
        echo valgrind valgrind
        ;;
    bench-peers)
        needs bench-coldstart
        python3 -c 'import pip' 2>/dev/null || echo /none python3-pip
        # lambda_runtime asks for Rust 1.84: Debian has it by this name
        [ -x "$HOME/.cargo/bin/cargo" ] || echo cargo cargo-web
        echo node nodejs
        echo npm npm
        echo cmake cmake
        echo g++ g++
        ;;
    bench-compress)
        needs run
        needs python
        echo /usr/include/zstd.h libzstd-dev
        echo /usr/include/lz4hc.h liblz4-dev
        ;;
    package)
        echo zip zip
        ;;
    python)
        echo python3 python3
        python3 -c 'import ensurepip' 2>/dev/null || echo /none python3-venv
        ;;
    train)
        needs python
        echo /usr/share/wordnet/data.verb wordnet-base
        ;;
    bench)
        needs run
        needs python
        [ "$(uname -m)" = aarch64 ] || needs arm64
        echo llvm-mca-19 llvm-19
        ;;
    test)
        needs run
        needs package
        needs python
        needs tls
        [ "$(uname -m)" = aarch64 ] || needs tls-arm64
        echo openssl openssl
        echo /usr/sbin/nginx nginx-light
        echo valgrind valgrind
        echo /usr/include/simde/x86/avx512.h libsimde-dev
        echo strace strace
        echo setpriv util-linux
        ;;
    ci)
        needs test
        echo clang clang
        echo clang-format clang-format
        echo /usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a \
            libclang-rt-14-dev
        echo buildah buildah
        echo skopeo skopeo
        echo debootstrap debootstrap
        echo docker-registry docker-registry
        echo node nodejs
        echo npm npm
        echo cmake cmake
        echo g++ g++
        ;;
    *)
        echo "setup.sh: expected build, arm64, run, tls, tls-arm64, bench-tls, bench-coldstart, bench-peers, bench-compress, package, python, train, bench, test or ci, got $1" >&2
        exit 2
        ;;
    esac
}

missing() {
    needs "$1" | while read -r sign package; do
        case $sign in
        /*) [ -e "$sign" ] || echo "$package" ;;
        *) command -v "$sign" >/dev/null || echo "$package" ;;
        esac
    done | sort -u | tr '\n' ' '
}

packages=$(missing "${1:-}")
[ -n "$packages" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "setup.sh: missing here; by their names in Debian 12: $packages" >&2
    exit 1
fi
root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "setup.sh: become root and: apt-get install $packages" >&2
        exit 1
    }
    root=sudo
fi
echo "installing $packages" >&2
case $packages in
*:arm64*) $root dpkg --add-architecture arm64 ;;
esac
export DEBIAN_FRONTEND=noninteractive
$root apt-get update -q >&2
# shellcheck disable=SC2086 # a list of words
$root apt-get install -q -y --no-install-recommends $packages >&2
