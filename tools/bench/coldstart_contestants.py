"""Who takes part in `make bench-coldstart`, what each is asked, and what its
answer has to say."""

import csv
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
ARCH = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
BUILT = ROOT / "build" / ARCH
WORK = ROOT / "build/bench/coldstart"
OPCODES = ROOT / "build/host/opcodes"
PEERS = ROOT / "build/peers"
TRAINED = ROOT / "build/models/cola"
# a number may differ by this part of the largest, where weights have 6 bits
TOLERANCE = 0.25


@dataclass
class Contestant:
    """folder: all that its package holds; command starts there. base: files and
    folders that its image needs besides, and its zip does not. answer: what a
    reply says, to be the same in all of its family."""

    name: str
    kind: str
    folder: Path
    command: list[str]
    event: str
    family: str
    answer: Callable[[str], object] = json.loads
    settings: dict[str, str] = field(default_factory=dict)
    base: list[Path] = field(default_factory=list)
    note: str = ""
    prefetches: bool = False
    init: str = ""  # of mote's own: what it does before the first event, as MOTE_INIT says it

    def files(self) -> dict[str, int]:
        """Bytes of each file of the package, by its whole path."""
        return sizes([self.folder])

    def zip_bytes(self) -> int:
        """Of the folder, packed as tools/package/zip.sh packs; kept, because a
        large one takes half a minute."""
        kept = WORK / f"{self.name}.zip.json"
        state = [len(self.files()), sum(self.files().values())]
        if kept.exists():
            was = json.loads(kept.read_text())
            if was["of"] == state:
                return was["bytes"]
        path = WORK / f"{self.name}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
            for name in sorted(self.files()):
                out.write(name, os.path.relpath(name, self.folder))
        found = path.stat().st_size
        path.unlink()
        kept.write_text(json.dumps({"of": state, "bytes": found}))
        return found


def sizes(paths: list[Path]) -> dict[str, int]:
    """Bytes of each regular file at and below; links count as what they name."""
    found = {}
    for path in paths:
        inside = [Path(d) / f for d, _, files in os.walk(path) for f in files]
        for file in inside if path.is_dir() else [path]:
            if file.is_file():
                found[str(file.resolve())] = file.stat().st_size
    return found


def index(reply: str) -> str:
    """The class of an iris, out of mote's reply or a peer's bare string."""
    answer = json.loads(reply)
    return answer if isinstance(answer, str) else str(answer["index"])


def acceptable(reply: str) -> str:
    """Which label a sentence has, in mote's shape or the original's."""
    answer = json.loads(reply)
    if isinstance(answer, dict):
        return answer["label"]
    return max(answer, key=lambda scored: scored["score"])["label"]


def whole(reply: str) -> object:
    """A reply less the name that a model was given."""
    answer = json.loads(reply)
    if isinstance(answer, dict):
        answer.pop("model", None)
    return answer


def numbers(answer: object) -> list[float]:
    if isinstance(answer, dict):
        return [n for value in answer.values() for n in numbers(value)]
    if isinstance(answer, list):
        return [n for value in answer for n in numbers(value)]
    return [float(answer)] if isinstance(answer, int | float) else []


def agree(a: object, b: object) -> bool:
    """Equal; or lists of as many numbers, of which none is far off."""
    if a == b:
        return True
    x, y = numbers(a), numbers(b)
    if not x or len(x) != len(y):
        return False
    scale = max(map(abs, x))
    return max(abs(p - q) for p, q in zip(x, y)) <= TOLERANCE * scale


def put(name: str, *files: tuple[Path, str]) -> Path:
    """A folder of these files, so that each contestant has pages of its own."""
    folder = WORK / "run" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path, called in files:
        shutil.copy(path, folder / called)
    return folder


IRIS = (ROOT / "models/iris/samples/body.event.json").read_text().strip()
IRIS_BLOB = ROOT / "models/iris/iris.mote"
EMPTY = '{"body": ""}'
SENTENCE = '{"sentence": "The sailors sang a song about the sea."}'
TEXT = SENTENCE.replace("sentence", "text")


def usual_init(blob: Path) -> str:
    """What MOTE_INIT would say for what the function does with that model."""
    done = subprocess.run([OPCODES, "--init", blob], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def ours(name: str, program: Path, event: str, family: str, blob=None, answer=whole, **more):
    """blob: beside the program, when there is one."""
    files = [(program, "bootstrap")] + ([(blob, "model.mote")] if blob else [])
    folder = put(name, *files)
    command = [str(folder / "bootstrap")]
    ahead = more.get("init") in ("read", "warm")  # all weights in file order
    return Contestant(
        name, "self", folder, command, event, family, answer, prefetches=ahead, **more
    )


def both(name: str, program: Path, blob: Path, event: str, family: str, answer=whole):
    """As it ships, and waiting or warm where it is not."""
    usual = usual_init(blob)
    ways = [(name, usual, {})]
    ways += [(f"{name}-{w}", w, {"MOTE_INIT": w}) for w in ("wait", "warm") if w != usual]
    return [
        ours(called, program, event, family, answer=answer, init=init, settings=settings)
        for called, init, settings in ways
    ]


def beside(name: str, blob: Path, event: str, family: str, answer=whole, **more):
    """The runtime that carries no model, and this one beside it, as in BESIDE=1's image."""
    program, init = BUILT / "none/bootstrap", usual_init(blob)
    return ours(f"{name}-beside", program, event, family, blob, answer, init=init, **more)


def selves(model: str, event: str | None) -> list:
    """mote's own. model: one to start alone, with its event, for `mote bench`."""
    floor = put("floor", (BUILT / "floor", "bootstrap"))
    found = [Contestant("floor", "floor", floor, [str(floor / "bootstrap")], IRIS, "none")]
    if model:
        program, blob = BUILT / model / "bootstrap", ROOT / f"models/{model}/{model}.mote"
        return found + both(model, program, blob, event or IRIS, model)
    found += [
        *both("iris", BUILT / "iris/bootstrap", IRIS_BLOB, IRIS, "iris", index),
        ours(
            "iris-trimmed", BUILT / "iris/trimmed/bootstrap", IRIS, "iris", None, index, init="wait"
        ),
        beside(
            "iris",
            IRIS_BLOB,
            IRIS,
            "iris",
            index,
            note="the same runtime for all models, and the model in a second layer",
        ),
    ]
    for name in ("forest", "net-raw", "net-exact", "net-cold"):
        blob = WORK / f"models/{name}.mote"
        asked = (WORK / f"models/{name}.event.json").read_text()
        family = name.split("-")[0]
        found += both(name, BUILT / "bench" / name / "bootstrap", blob, asked, family)
        if name in ("forest", "net-exact"):
            found.append(beside(name, blob, asked, family))
    return found + published()


def published() -> list:
    """Models of the tree that are made when asked for, if they are there. A
    reason in place of a contestant says why it does not take part."""
    found = []
    for name, event, answer in (("cola", SENTENCE, acceptable), ("minilm", TEXT, whole)):
        blob, program = ROOT / f"models/{name}/{name}.mote", BUILT / name / "bootstrap"
        if not blob.exists():
            found.append((name, f"models/{name}/{name}.mote is not there"))
        elif not program.exists():
            found.append((name, f"make build MODEL={name} comes first"))
        else:
            found += both(name, program, blob, event, name, answer)
            found.append(beside(name, blob, event, name, answer))
    return found + river()


def river() -> list[Contestant]:
    """The forecaster, asked for one forecast of the observations in the event."""
    program = BUILT / "river/bootstrap"
    with open(ROOT / "models/river/samples/dranse-bioge.csv", newline="") as f:
        rows = list(csv.DictReader(f))
    series = {
        "time": [row["datetime"] for row in rows],
        "discharge": [float(row["discharge"]) for row in rows],
    }
    blob = ROOT / "models/river/river.mote"
    return both("river", program, blob, json.dumps({"series": series}), "river")


# ------------------------------------------------------------------- the peers

# one thread for each library: at small sizes more of them cost their start only
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def lambda_settings(folder: Path, handler: str) -> dict[str, str]:
    """What Lambda sets and the clients of its languages read."""
    return {
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/bench",
        "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        "AWS_REGION": "eu-west-1",
        "LAMBDA_TASK_ROOT": str(folder),
        "_HANDLER": handler,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }


def native(name: str, event: str, family: str) -> Contestant:
    folder = PEERS / name
    settings = lambda_settings(folder, "bootstrap")
    return Contestant(
        name, "peer", folder, [str(folder / "bootstrap")], event, family, index, settings
    )


def python_base() -> list[Path]:
    """The interpreter and its library, less what tests and tools need."""
    library = Path(sysconfig.get_path("stdlib"))
    skipped = {"test", "site-packages", "dist-packages", "idlelib", "tkinter", "lib2to3"}
    inside = [p for p in library.iterdir() if p.name not in skipped and "config-" not in p.name]
    return [Path(sys.executable).resolve(), *inside]


def python(name: str, event: str, family: str, answer) -> Contestant:
    folder = PEERS / name
    settings = lambda_settings(folder, "app.handler") | THREADS
    settings |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(Path(sys.executable).resolve()), "-m", "awslambdaric", "app.handler"]
    return Contestant(name, "peer", folder, command, event, family, answer, settings, python_base())


def node(name: str) -> Contestant:
    folder = PEERS / name
    program = Path(shutil.which("node")).resolve()
    client = folder / "node_modules/aws-lambda-ric/index.mjs"
    settings = lambda_settings(folder, "app.handler")
    command = [str(program), str(client), "app.handler"]
    return Contestant(name, "peer", folder, command, EMPTY, "none", index, settings, [program])


def cola_peer() -> Contestant | tuple[str, str]:
    """ONNX Runtime with the same sentence encoder: what its training wrote, or what
    the peer's set-up wrote of the weights in cola.mote."""
    name, files = "python-onnxruntime", ("model.onnx", "tokenizer.json")
    for folder, note in (
        (TRAINED, "the model of the training"),
        (PEERS / "cola", "the weights of cola.mote in float32"),
    ):
        if all((folder / file).exists() for file in files):
            for file in files:
                shutil.copy(folder / file, PEERS / name / file)
            return replace(python(name, SENTENCE, "cola", acceptable), note=note)
    return (name, f"set up without a model: make bench-peers, once build/peers/{name} is removed")


MAKERS = {
    "rust-bare": lambda: native("rust-bare", IRIS, "iris"),
    "rust-iris": lambda: native("rust-iris", IRIS, "iris"),
    "rust-empty": lambda: native("rust-empty", EMPTY, "none"),
    "go-iris": lambda: native("go-iris", IRIS, "iris"),
    "go-empty": lambda: native("go-empty", EMPTY, "none"),
    "node-empty": lambda: node("node-empty"),
    "python-sklearn": lambda: python("python-sklearn", IRIS, "iris", index),
    "python-onnxruntime": cola_peer,
}


def peers(names: list[str]) -> list:
    found = []
    for name in names:
        skipped = PEERS / f"{name}.skipped"
        if name not in MAKERS:
            sys.exit(f"coldstart: no peer {name}; there are {' '.join(MAKERS)}")
        if (PEERS / name).is_dir():
            found.append(MAKERS[name]())
        elif skipped.exists():
            found.append((name, skipped.read_text().strip()))
        else:
            found.append((name, "make bench-peers sets it up"))
    return found


def version(command: list[str]) -> str:
    """First line of what a program says of itself; empty where it is not there. It is
    looked for where peers/build.sh looks."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/local/go/bin:{Path.home()}/.cargo/bin"
    try:
        done = subprocess.run(
            command, env=os.environ | {"PATH": path},
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
    except OSError:
        return ""
    return (done.stdout or done.stderr).partition("\n")[0].strip()


def versions() -> dict[str, str]:
    """Of what builds the peers, and runs them; empty where it is not there."""
    asked = {"rustc": "--version", "cargo": "--version", "go": "version", "node": "--version"}
    return {"python": platform.python_version()} | {
        name: version([name, flag]) for name, flag in asked.items()
    }
