"""A running emulator, and what a test says to it and knows of its processes.

MOTE_EMULATOR    the binary to test; build/host/emulator by default
"""

import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from fake_runtime import Http

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = ROOT / "build/host/emulator"
EMULATOR = ROOT / os.environ.get("MOTE_EMULATOR", DEFAULT)
PYTHON = [os.path.realpath(sys.executable), "-S", "-E"]
INVOKE = "/2015-03-31/functions/function/invocations"
LIMIT = 6291556  # bytes of an event or a reply: 6 MB and 100
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
REPORT = re.compile(
    r"REPORT RequestId: (\S+)\tDuration: (\d+\.\d\d) ms\t"
    r"Billed Duration: (\d+) ms\tMemory Size: (\d+) MB\t"
    r"Max Memory Used: (\d+) MB(?:\tInit Duration: (\d+\.\d\d) ms)?"
)

POOL = concurrent.futures.ThreadPoolExecutor(32)


def fake(*args):
    """The command that starts fake_runtime.py."""
    return [*PYTHON, str(Path(__file__).with_name("fake_runtime.py")), *args]


def json_of(n):
    """A JSON text of n bytes."""
    return b'"' + b"x" * (n - 2) + b'"'


def wait_for(what, within=10):
    """The first true value of what(), which is asked for `within` seconds."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError("waited in vain")


# ---------------------------------------------------------------- processes


def stat_of(pid):
    """Fields of /proc/PID/stat, the state first; none where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return []


def is_alive(pid):
    """Zombies do not count: whether they are reaped is their parent's."""
    fields = stat_of(pid)
    return bool(fields) and fields[0] not in "ZX"


def is_stopped(pid):
    return stat_of(pid)[:1] == ["T"]


def children(pid):
    """Pids of what this process started, and of what those started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and stat_of(entry.name)[1:2] == [str(pid)]:
            found += [int(entry.name), *children(int(entry.name))]
    return found


# ---------------------------------------------------------------- the emulator


class Emulator:
    """One that runs; leaving it, it must have ended with its status, and alone."""

    count = 0
    status = 0

    def __init__(self, tmp, *options, command=None, ports=("0", "0")):
        Emulator.count += 1
        self.log_file = tmp / f"log.{Emulator.count}"
        self.err_file = tmp / f"err.{Emulator.count}"
        command = command or fake("serve")
        with open(self.log_file, "wb") as out, open(self.err_file, "wb") as err:
            self.process = subprocess.Popen(
                [EMULATOR, "--port", ports[0], "--http-port", ports[1], *options, "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        wanted = sum(port != "none" for port in ports)
        wait_for(
            lambda: (
                len(re.findall("^(?:invoke|http): .*\n", self.log(), re.M)) == wanted
                or self.process.poll() is not None
            )
        )
        self.front = self._address("invoke")
        self.web = self._address("http")

    def _address(self, name):
        found = re.search(rf"^{name}: http://([0-9.:]+)/", self.log(), re.M)
        return found and found[1]

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        before = children(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        status = self.process.wait(10)
        if kind is None:
            assert status == self.status, self.err()
            assert self.err() == "", self.err()
            assert not [pid for pid in before if is_alive(pid)], "a process outlives it"

    def log(self):
        return self.log_file.read_text(errors="replace")

    def err(self):
        return self.err_file.read_text(errors="replace")

    def lines(self, start):
        """Lines of the log that start so."""
        return [line for line in self.log().split("\n") if line.startswith(start)]

    def invoke(self, event=b"{}", path=INVOKE, method="POST", **headers):
        """The answer of the Invoke API to an event: bytes, or what becomes JSON."""
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        data = event if isinstance(event, bytes) else json.dumps(event).encode()
        with Http(self.front, 20) as http:
            return http.call(method, path, data, headers)

    def ask(self, **order):
        """An invocation that must succeed; its reply."""
        answer = self.invoke(order)
        assert answer.status == 200, answer.body
        assert "x-amz-function-error" not in answer.headers, answer.body
        return answer.json()

    def later(self, *args, **headers):
        """The future of an invocation."""
        return POOL.submit(self.invoke, *args, **headers)

    def http(self, method="GET", path="/", body=None, headers=()):
        """The answer of the HTTP front."""
        with Http(self.web, 20) as http:
            return http.call(method, path, body, headers)


def error_of(call):
    """errorType and errorMessage of a call that failed: an answer, or its future."""
    answer = call.result(10) if hasattr(call, "result") else call
    assert answer.status == 200, (answer.status, answer.body)
    assert answer.headers["x-amz-function-error"] == "Unhandled", answer.headers
    got = answer.json()
    return got["errorType"], got["errorMessage"]


def run(*args, data=b""):
    """The emulator as a command that ends by itself."""
    return subprocess.run([EMULATOR, *args], input=data, capture_output=True, timeout=20)
