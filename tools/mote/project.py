"""The tree around the models: where it is, and its Makefile's targets."""

import os
import re
import signal
import subprocess
from pathlib import Path

from mote.errors import Refusal, Usage

ARCHS = ("x86_64", "arm64")
# One argument or variable of a process has at most this many bytes: MAX_ARG_STRLEN,
# include/uapi/linux/binfmts.h, less the name in front.
DATA_MAX = 32 * 4096 - 16
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
TAKEN = ("none",)  # MODEL=none is the runtime that carries no model


def root(given: str | None = None) -> Path:
    """The folder with the Makefile: the one that is given, or that these tools
    lie in, or else one above where we are."""
    if given:
        if not is_root(Path(given)):
            raise Usage(f"{given}: expected the folder of mote's Makefile and core/function")
        return Path(given)
    here = Path.cwd()
    for folder in (Path(__file__).resolve().parents[2], here, *here.parents):
        if is_root(folder):
            return folder
    raise Usage(f"{here}: mote's Makefile is not here or above; give its folder with --project")


def is_root(folder: Path) -> bool:
    return (folder / "Makefile").is_file() and (folder / "core/function").is_dir()


def host() -> str:
    return os.uname().machine.replace("aarch64", "arm64")


def check_name(name: str) -> str:
    if not NAME.fullmatch(name) or name in TAKEN:
        raise Usage(
            f"{name}: expected a name of a-z, 0-9, - and _, which is a folder under models/"
            + (f"; {name} is taken" if name in TAKEN else "")
        )
    return name


def model_name(project: Path, model: str) -> str:
    """NAME, or the folder models/NAME, whose model is compiled."""
    folder = Path(model)
    models = (project / "models").resolve()
    if folder.is_dir() and folder.resolve().parent == models:
        name = folder.resolve().name
    elif (models / model).is_dir():
        name = model
    else:
        known = sorted(p.parent.name for p in models.glob("*/*.mote"))
        raise Usage(f"{model}: no folder of that name under models/; there are {', '.join(known)}")
    check_name(name)
    if not (models / name / f"{name}.mote").is_file():
        raise Usage(
            f"models/{name}/{name}.mote: no such file; `mote compile models/{name}` makes it"
        )
    return name


def default_data(project: Path, name: str) -> str | None:
    """The event of the model's samples that is one row, or the first of them."""
    samples = project / "models" / name / "samples"
    found = sorted(samples.glob("*.event.json"), key=lambda p: (p.name != "row.event.json", p.name))
    return found[0].read_text().strip() if found else None


def make(project: Path, target: str, variables: dict[str, str], data: str | None, **streams):
    """Runs a target, and gives the finished process. What ends make ends the
    target: a terminal's Ctrl-C reaches both, a SIGTERM is passed on.

    data: into DATA as it is, by the environment, where make expands nothing.
    """
    environment = dict(os.environ)
    if data is not None:
        if len(data.encode()) > DATA_MAX:
            raise Refusal(
                f"DATA: expected at most {DATA_MAX} bytes, which a variable holds, got "
                f"{len(data.encode())}; send it to `mote run` with curl"
            )
        environment["DATA"] = data
    command = ["make", "-s", "-C", str(project), target]
    command += [f"{k}={v}" for k, v in variables.items() if v]
    try:
        process = subprocess.Popen(command, env=environment, **streams)
    except FileNotFoundError as e:
        raise Refusal("make: is not installed, and the functions are built with it") from e
    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.terminate()),
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
    }
    try:
        out, _ = process.communicate()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return subprocess.CompletedProcess(command, process.returncode, out)


def status(returncode: int) -> int:
    """make says 2 for a target that failed, which here is 1: 2 is a command
    line that is wrong. A signal's number is passed on as shells do."""
    if returncode < 0:
        return 128 - returncode
    return 1 if returncode == 2 else returncode
