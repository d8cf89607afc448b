"""mote run, invoke, package, bench: the Makefile's targets, for a model by its name."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from mote import project
from mote.errors import Usage
from mote.verbs.common import note, verb

RUN = """
Builds the function of a model and serves it behind the emulator, for curl, until
Ctrl-C: port 8080 takes HTTP requests, port 9000 invocations.

  mote run iris
  mote run iris --flags='--http-shape alb --timeout 2s'

The same as `make run MODEL=iris RUN_FLAGS=...`.
"""
INVOKE = """
Builds the function of a model, gives it one event and prints its reply; exit 1
if that is an error. The event is DATA, or @FILE's content, or - for standard
input, or else the model's own sample, as with curl.

  mote invoke iris -d '[5.7,2.8,4.5,1.3]'
  mote invoke iris -d @models/iris/samples/http-api.event.json

The same as `make invoke MODEL=iris DATA=...`.
"""
PACKAGE = """
Makes what Lambda takes: function.zip, or with --image image.tar, an OCI archive
made without Docker. The same model gives the same bytes every time.

  mote package iris --arch arm64
  mote package iris --image --trim

The same as `make zip MODEL=iris ARCH=arm64`, or `make image`.
"""
BENCH = """
Measures cold starts of a model's function, spawn to first reply, against a
program that connects, gets and posts a constant; or, with --kernels, the engine
against ONNX Runtime.

  mote bench iris --runs 200
  mote bench --kernels

The same as `make bench-coldstart MODEL=iris RUNS=200`, or `make bench-kernels`.
"""


def add(verbs) -> None:
    r = target_verb(verbs, "run", run, "serve a model behind the emulator", RUN)
    r.add_argument(
        "--flags", metavar="FLAGS", help="of build/host/emulator, as its --help has them"
    )
    i = target_verb(verbs, "invoke", invoke, "one reply of a model's function", INVOKE)
    i.add_argument("-d", "--data", metavar="DATA", help="the event: JSON, @FILE or -")
    p = target_verb(verbs, "package", package, "function.zip or image.tar, for Lambda", PACKAGE)
    p.add_argument("--image", action="store_true", help="an OCI archive instead of a zip file")
    b = target_verb(verbs, "bench", bench, "cold starts of a model, or the engine", BENCH, "?")
    b.add_argument("--runs", type=int, default=500, metavar="N", help="starts (default: 500)")
    b.add_argument("-d", "--data", metavar="DATA", help="the event: JSON, @FILE or -")
    b.add_argument("--kernels", action="store_true", help="the engine against ONNX Runtime")


def target_verb(verbs, name, function, short, description, models=None):
    v = verb(verbs, name, function, short, description)
    v.add_argument("model", metavar="MODEL", nargs=models, help="NAME, or the folder models/NAME")
    v.add_argument("--arch", choices=project.ARCHS, help="default: this machine's")
    v.add_argument("--trim", action="store_true", help="with the operators of the model alone")
    v.add_argument("--project", metavar="FOLDER", help="of the Makefile (default: these tools')")
    return v


def prepare(args) -> tuple[Path, str, dict[str, str]]:
    """The tree, the model's name, and the variables of a target."""
    root = project.root(args.project)
    if args.model is None:
        raise Usage("MODEL: expected the name of a model, got none")
    name = project.model_name(root, args.model)
    arch = args.arch or ""
    return root, name, {"MODEL": name, "ARCH": arch, "TRIM": "1" if args.trim else ""}


def folder_of(root: Path, args, name: str) -> Path:
    """Where the Makefile puts a model's function."""
    folder = root / "build" / (args.arch or project.host()) / name
    return folder / "trimmed" if args.trim else folder


def event(given: str | None, root: Path, name: str) -> str | None:
    """The event that DATA stands for; none leaves it to the model's samples."""
    if given is None:
        return project.default_data(root, name)
    if given == "-":
        return sys.stdin.read()
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text()
    except (OSError, UnicodeDecodeError) as e:
        raise Usage(f"{given[1:]}: cannot be read as text: {e}") from e


def run(args) -> int:
    root, name, variables = prepare(args)
    variables["RUN_FLAGS"] = args.flags or ""
    streams = {}
    if args.json:
        print(json.dumps({"model": name, "bootstrap": str(folder_of(root, args, name))}))
        sys.stdout.flush()
        streams["stdout"] = sys.stderr
    data = project.default_data(root, name)
    return project.status(project.make(root, "run", variables, data, **streams).returncode)


def invoke(args) -> int:
    root, name, variables = prepare(args)
    data = event(args.data, root, name)
    if not args.json:
        return project.status(project.make(root, "invoke", variables, data).returncode)
    done = project.make(root, "invoke", variables, data, stdout=subprocess.PIPE)
    status = project.status(done.returncode)
    print(json.dumps({"model": name, "failed": status != 0, "reply": reply(done.stdout)}))
    return status


def reply(out: bytes):
    """The reply as JSON, or as the text that it is."""
    text = out.decode(errors="replace").strip()
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def package(args) -> int:
    root, name, variables = prepare(args)
    target, made = ("image", "image.tar") if args.image else ("zip", "function.zip")
    note(args, f"building {name} for {args.arch or project.host()}")
    done = project.make(root, target, variables, None, stdout=sys.stderr)
    if done.returncode:
        return project.status(done.returncode)
    path = folder_of(root, args, name) / made
    content = path.read_bytes()
    shown = {
        "model": name,
        "file": str(path),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bootstrap_bytes": (path.parent / "bootstrap").stat().st_size,
    }
    if args.json:
        print(json.dumps(shown, indent=2))
    else:
        print(f"{path}: {shown['bytes']} bytes, sha256 {shown['sha256']}")
    return 0


def bench(args) -> int:
    if args.kernels:
        return bench_kernels(args)
    root, name, variables = prepare(args)
    data = event(args.data, root, name)
    note(args, f"{args.runs} starts of each")
    variables |= {"RUNS": str(args.runs), "ONLY": name}
    return measure(args, root, "bench-coldstart", variables, data, f"coldstart-{name}.json")


def bench_kernels(args) -> int:
    if args.model:
        raise Usage("--kernels: measures the engine, on models of its own; leave MODEL out")
    note(args, "minutes of work")
    return measure(args, project.root(args.project), "bench-kernels", {}, None, "models.json")


def measure(args, root: Path, target: str, variables: dict, data: str | None, made: str) -> int:
    streams = {"stdout": sys.stderr} if args.json else {}
    done = project.make(root, target, variables, data, **streams)
    if args.json and done.returncode == 0:
        print((root / "build/bench" / made).read_text().strip())
    return project.status(done.returncode)
