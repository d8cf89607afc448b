"""Six models as a user brings them, from training to an answer by curl, each in
less than five minutes, in a fresh copy of the tree. What was typed and what came
is left in build/examples.

    make test-examples
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
EXAMPLES = [
    "sklearn_booster", "xgboost_booster", "lightgbm_booster", "torch_mlp", "torch_cnn",
    "torch_lstm",
]  # fmt: skip
SECONDS = 300
WIDTH = 160  # of a line that is kept
PREDICT = "http://localhost:8080/predict"


@pytest.fixture(scope="session")
def copy(tmp_path_factory):
    """The files that git knows, as a clone would have them, and an engine."""
    folder = tmp_path_factory.mktemp("clone") / "mote"
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, files.decode().split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    subprocess.run(["make", "-s", "engine"], cwd=folder, check=True)
    return folder


class Terminal:
    """Runs commands in a folder, and keeps what was typed and answered (not the
    lines of progress)."""

    def __init__(self, folder: Path):
        self.folder, self.lines = folder, []
        self.env = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(folder / "tools"),
            "MOTE_ENGINE": str(folder / "build/host/libmote.so"),
        }

    def type(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=SECONDS
        )
        typed = " ".join(a if a.isprintable() and " " not in a else repr(a) for a in command)
        self.lines += ["$ " + typed.replace("python -m mote", "mote"), done.stdout]
        assert done.returncode == 0, "\n".join([*self.lines, done.stderr])
        return done.stdout

    def keep(self, path: Path, places: dict[Path, str]) -> None:
        """The lines, with other names for places; long ones are cut."""
        text = "\n".join(line.strip("\n") for line in self.lines if line)
        for place, name in (places | {HERE: "test/examples"}).items():
            for old in (str(place), os.path.relpath(place, self.folder)):
                text = text.replace(old, name)
        cut = [x if len(x) <= WIDTH else x[: WIDTH - 4] + " ..." for x in text.splitlines()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(cut) + "\n")

    def mote(self, *arguments: str) -> str:
        return self.type("python", "-m", "mote", *arguments)


class Running:
    """`make run`, until the end of a with."""

    def __init__(self, terminal: Terminal, model: str):
        self.terminal, self.model = terminal, model

    def __enter__(self):
        self.terminal.lines.append(f"$ make run MODEL={self.model} &")
        self.process = subprocess.Popen(
            ["make", "-s", "run", f"MODEL={self.model}"], cwd=self.terminal.folder,
            env=self.terminal.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        health = ["curl", "-sf", "http://localhost:8080/health"]
        for _ in range(600):
            if subprocess.run(health, capture_output=True).returncode == 0:
                return
            assert self.process.poll() is None, "make run ended"
            time.sleep(0.2)
        raise AssertionError("make run does not answer")

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(30)


def scores_of(reply: dict) -> list[float]:
    """Of a class or of numbers, in the order of their names."""
    if "value" in reply:
        return [reply["value"]]
    return list((reply.get("scores") or reply["values"]).values())


@pytest.mark.parametrize("example", EXAMPLES)
def test_from_training_to_an_answer(example, copy, tmp_path):
    began = time.monotonic()
    terminal = Terminal(copy)
    terminal.type("python", str(HERE / f"{example}.py"), str(tmp_path))
    (source,) = tmp_path.glob("model.*")
    name = example.replace("_", "-")
    terminal.mote("init", name, "--from", str(source))
    terminal.mote("compile", f"models/{name}")
    terminal.mote("report", f"models/{name}")
    answers = json.loads((tmp_path / "answers.json").read_text())
    with Running(terminal, name):
        for i, event in enumerate(answers["events"]):
            reply = json.loads(terminal.type("curl", "-s", PREDICT, "-d", json.dumps(event)))
            if answers["labels"]:
                assert str(reply["label"]) == str(answers["labels"][i])
            np.testing.assert_allclose(scores_of(reply), answers["scores"][i], rtol=1e-4, atol=1e-6)
    seconds = time.monotonic() - began
    terminal.lines.append(f"{seconds:.0f} s in all")
    terminal.keep(ROOT / "build/examples" / f"{name}.txt", {tmp_path: "/tmp/new"})
    assert seconds < SECONDS
