"""D: the way to the first next, and the ways that end before it."""

import random
import re
import shutil
import signal
import struct
import subprocess
import time

import pytest
from function import BARE, BOOTSTRAP, EXEC, MODEL, ROW, Function, in_time, needs
from mock_api import INIT_ERROR, SLOW, Api, refusal, reply

GOOD = MODEL.read_bytes()


@pytest.fixture
def place(tmp_path):
    """A folder with the executable that carries no model."""
    shutil.copy(BARE, tmp_path / "bootstrap")
    return tmp_path


def start_in(place, start):
    return start(command=[*EXEC, place / "bootstrap"])


def refuses(api, function):
    """One POST init/error, told in full; its answer is waited for; then the end."""
    post = api.request()
    assert (post.method, post.target) == ("POST", INIT_ERROR)
    error = post.json()
    assert error.keys() == {"errorMessage", "errorType", "stackTrace"}
    assert error["errorMessage"] and error["stackTrace"] == []
    assert re.fullmatch(r"Runtime\.[A-Z][a-zA-Z]+", error["errorType"])
    assert post.get("Lambda-Runtime-Function-Error-Type") == error["errorType"]
    assert post.get("Lambda-Runtime-Invocation-Id") is None
    assert function.process.poll() is None
    post.connection.send(reply())
    assert function.wait() > 0
    api.wait_closed(post.connection)
    assert len(api.requests) == len(api.connections) == 1
    assert [line["level"] for line in function.log()] == ["FATAL"]
    return error


def test_43_model_beside_the_executable(api, start, place):
    """D 43: a good one is served."""
    (place / "model.mote").write_bytes(GOOD)
    start_in(place, start)
    assert api.result(ROW)["label"] == "setosa"


@pytest.mark.parametrize("kind", ["missing", "a folder", "a link to nowhere"])
def test_43_no_model(api, start, place, kind):
    """D 43: none that could be read."""
    path = place / "model.mote"
    if kind == "a folder":
        path.mkdir()
    elif kind == "a link to nowhere":
        path.symlink_to("nowhere.mote")
    error = refuses(api, start_in(place, start))
    assert error["errorType"] == "Runtime.ModelMissing" and "model.mote" in error["errorMessage"]


LENGTHS = [0, 1, 7, 8, 63, 64, 127, 128, 129, 200, 384, 1024]
LENGTHS += [len(GOOD) - 65, len(GOOD) - 64, len(GOOD) - 1]


@pytest.mark.parametrize("length", LENGTHS)
def test_43_truncated_model(api, start, place, length):
    """D 43: cut in header, table, sections, tail."""
    (place / "model.mote").write_bytes(GOOD[:length])
    error = refuses(api, start_in(place, start))
    assert error["errorType"] == "Runtime.ModelInvalid"
    assert ("expected a .mote file" in error["errorMessage"]) == (length < 128)
    assert ("not an empty one" in error["errorMessage"]) == (length == 0)


def other(offset, value):
    return GOOD[:offset] + value + GOOD[offset + len(value) :]


# offsets as in compress/FORMAT.md: the header, then the section table at 128
HUGE = struct.pack("<Q", 2**64 - 64)
DAMAGED = {
    "zeros": bytes(len(GOOD)),
    "text": b"not a model\n" * 300,
    "an executable": BARE.read_bytes()[:100_000],
    "a second model behind it": GOOD * 2,
    "a byte too many": GOOD + b"\0",
    "huge request arena": other(24, HUGE),
    "huge content": other(40, HUGE),
    "huge file": other(72, HUGE),
    "huge provenance": other(80, HUGE * 2),
    "huge section offset": other(136, HUGE),
    "huge section length": other(144, HUGE),
    "every offset huge": other(128, HUGE * 32),
    "a newer version": other(8, b"\xff\x7f"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_43_damaged_model(api, start, place, name):
    """D 43: not a model, or one whose tables lead elsewhere."""
    (place / "model.mote").write_bytes(DAMAGED[name])
    assert refuses(api, start_in(place, start))["errorType"] == "Runtime.ModelInvalid"


def test_43_model_of_a_gigabyte(api, start, place):
    """D 43: a hole behind the file is not read through for long."""
    with open(place / "model.mote", "wb") as file:
        file.write(GOOD)
        file.truncate(1 << 30)
    began = time.monotonic()
    refuses(api, start_in(place, start))
    assert time.monotonic() - began < 10 * SLOW


def test_43_random_corruption(place):
    """D 43: a few hundred files with up to four wrong bytes; the hashes catch each."""
    r = random.Random(20261120)
    for _ in range(300):
        wrong = bytearray(GOOD)
        for at in r.sample(range(len(GOOD)), r.randrange(1, 5)):
            wrong[at] ^= r.randrange(1, 256)
        (place / "model.mote").write_bytes(wrong)
        api = Api()
        command = [*EXEC, place / "bootstrap"]
        function = Function({"AWS_LAMBDA_RUNTIME_API": api.host}, command)
        refuses(api, function)
        function.end()
        api.close()


@pytest.mark.parametrize("status", [200, 202, 400, 403, 404, 500])
def test_44_init_error_not_taken(api, start, place, status):
    """D 44: whatever the answer, an exit status at once."""

    def measure():
        function = start_in(place, start)
        connection = api.request().connection
        began = time.monotonic()
        connection.send(refusal(status, "InvalidStateTransition"))
        assert function.wait() > 0
        return time.monotonic() - began

    in_time(0.1, measure)


@pytest.mark.parametrize("end", ["close", "reset"])
def test_44_connection_lost_behind_init_error(api, start, place, end):
    """D 44: no answer at all."""
    function = start_in(place, start)
    getattr(api.request().connection, end)()
    assert function.wait() > 0
    assert all(r.target == INIT_ERROR for r in api.requests)


def test_44_nobody_listens(api, start, place):
    """D 44: nobody there to be told: the log has it."""
    api.listener.close()
    function = start_in(place, start)
    assert function.wait() > 0
    assert time.monotonic() - function.started < 5 * SLOW
    assert "model.mote" in function.messages("FATAL")[0]


# ---------------------------------------------------------------- a bare machine


def in_empty_root(root):
    """A command that runs the executable as nobody, in a folder that holds nothing else."""
    needs("unshare", "mount", "chroot", static=True)
    shutil.copy(BOOTSTRAP, root / "bootstrap")
    root.chmod(0o755)
    script = f"mount --bind {root} {root} && mount -o remount,bind,ro {root}"
    if subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True).returncode:
        pytest.skip("mounts are not permitted here")
    script += f" && exec chroot --userspec=65534:65534 {root} /bootstrap"
    return [shutil.which("unshare"), "--mount", "/bin/sh", "-c", script]


def test_08_47_49_empty_root(api, start, tmp_path):
    """A 8, D 47, 49: no resolver, no locale, no /etc, no /proc, no /dev, nothing writable, no
    root: by address and by name."""
    command = in_empty_root(tmp_path)
    for host in api.host, f"localhost:{api.port}":
        api.host = host
        function = start({"AWS_LAMBDA_RUNTIME_API": host}, command)
        assert api.result(ROW)["label"] == "setosa"
        assert api.failure(b"[]")
        api.next()
        assert [line["level"] for line in function.log()] == ["INFO", "WARN"]
        function.signal(signal.SIGTERM)
        assert function.wait() == 0


CALLS = {  # before the first next
    "execve",  # of strace itself
    "arch_prctl",
    "set_tid_address",
    "brk",
    "mmap",
    "clock_gettime",
    "rt_sigaction",
    "rt_sigprocmask",
    "socket",
    "setsockopt",
    "connect",
    "sendmsg",
}


def test_47_system_calls(api, start, tmp_path):
    """D 47: no file is touched, before the first next or after it; the calls are known."""
    needs("strace", static=True)
    trace = tmp_path / "trace"
    function = start(command=[shutil.which("strace"), "-o", trace, BOOTSTRAP])
    assert api.result(ROW)["label"] == "setosa"
    assert api.failure(b"[]")
    api.next().connection.send(refusal(500, "Enough"))
    assert function.wait() > 0
    calls = re.findall(r"^(\w+)\(", trace.read_text(), re.M)
    first = calls.index("sendmsg") + 1
    assert set(calls[:first]) <= CALLS
    later = {"ppoll", "recvfrom", "sendmsg", "clock_gettime", "write", "exit_group"}
    assert set(calls[first:]) <= later


def test_47_time_to_the_first_next(api, start):
    """D 47: half a millisecond of its own; usually a thirtieth of that."""

    def measure():
        function = start()
        api.result(ROW)
        api.next()
        return function.log()[0]["ready_us"] / 1e6

    in_time(0.0005, measure)
