"""The executable under test, started the way a test asks for.

MOTE_BOOTSTRAP       its path; build/<this machine>/iris/bootstrap by default
MOTE_BOOTSTRAP_NONE  path of the one without a model; ../none/bootstrap, seen from the other
MOTE_EXEC            a command to run them with: "qemu-aarch64-static", "valgrind -q"
MOTE_SLOW            how many times slower than a release build they may be
"""

import os
import platform
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from mock_api import PATIENCE, SLOW, strict

ROOT = Path(__file__).resolve().parents[2]
MACHINE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
DEFAULT = ROOT / f"build/{MACHINE}/iris/bootstrap"
BOOTSTRAP = Path(os.environ.get("MOTE_BOOTSTRAP", DEFAULT)).absolute()
BARE = BOOTSTRAP.parents[1] / "none/bootstrap"
BARE = Path(os.environ.get("MOTE_BOOTSTRAP_NONE", BARE)).absolute()
MODEL = ROOT / "models/iris/iris.mote"

EXEC = shlex.split(os.environ.get("MOTE_EXEC", ""))
EXEC[:1] = [shutil.which(name) or name for name in EXEC[:1]]  # its PATH will not be ours

# rows of the data set that each class is sure of
SETOSA, VERSICOLOR, VIRGINICA = ([5.1, 3.5, 1.4, 0.2], [5.7, 2.8, 4.1, 1.3], [6.3, 3.3, 6.0, 2.5])
ROW = b"[5.1,3.5,1.4,0.2]"
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def named(row):
    return dict(zip(FEATURES, row))


def is_static():
    return b"/ld-" not in BOOTSTRAP.read_bytes()


def needs(*programs, static=False):
    """Skips a test that works only on the real executable, or lacks a program."""
    if EXEC:
        pytest.skip(f"the executable runs under {Path(EXEC[0]).name}")
    if static and not is_static():
        pytest.skip("the executable is not static")
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"no {program} here")


class Function:
    """A running process; what it writes, to either stream, is its log."""

    def __init__(self, environment, command=None, **popen):
        self.output = tempfile.TemporaryFile()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command or [*EXEC, BOOTSTRAP],
            env=environment,
            stdin=subprocess.DEVNULL,
            **{"stdout": self.output, "stderr": self.output, **popen},
        )
        self.pid = self.process.pid
        self.expected_to_run = True

    def written(self):
        fd = self.output.fileno()
        return os.pread(fd, os.fstat(fd).st_size, 0)  # seeking would move the writer, too

    def log(self):
        """Its lines, each one JSON object."""
        text = self.written()
        assert not text or text.endswith(b"\n"), "a line that does not end"
        return [strict(line) for line in text.splitlines()]

    def messages(self, level):
        return [line["message"] for line in self.log() if line["level"] == level]

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, within=PATIENCE):
        """Its exit status; negative for a signal."""
        self.expected_to_run = False
        return self.process.wait(within)

    def end(self):
        """After a test: it must still serve, and no checker may have complained."""
        status = self.process.poll()
        self.process.kill()
        self.process.wait()
        text = self.written().decode(errors="replace")
        self.output.close()
        assert not re.search(r"Sanitizer|runtime error:|^==\d+==", text, re.M), text
        assert status is None or not self.expected_to_run, f"ended with {status}: {text}"


def in_time(seconds, measure, tries=5):
    """One of several tries is fast enough: the machine may be busy, but not each time."""
    taken = []
    while not taken or min(taken) > seconds * SLOW:
        assert len(taken) < tries, f"{min(taken):.3f} s at best, {seconds * SLOW:.3f} s allowed"
        taken.append(measure())
