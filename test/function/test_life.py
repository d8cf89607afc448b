"""D, E: signals, many invokes, odd environments and deadlines."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from function import BOOTSTRAP, ROW, in_time, needs
from mock_api import PATIENCE, SLOW, event, refusal, reply


def test_45_death_in_an_invoke(api, start):
    """D 45: a fault is not caught: the process ends by it, and the next one serves."""
    function = start()
    api.deliver(event(ROW))
    function.signal(signal.SIGILL)
    assert function.wait() != 0
    start()
    assert api.result(ROW)["label"] == "setosa"


# ---------------------------------------------------------------- signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("served", [0, 2])
def test_46_stopped_while_idle(api, start, number, served):
    """D 46: exit 0 within 100 ms."""

    def measure():
        function = start()
        for _ in range(served):
            api.result(ROW)
        api.next()
        time.sleep(0.02 * SLOW)  # until it waits
        began = time.monotonic()
        function.signal(number)
        assert function.wait() == 0
        return time.monotonic() - began

    in_time(0.1, measure)


def test_46_stopped_as_pid_1(api, start):
    """D 46: the same as the first process of a container."""
    needs("unshare")
    if subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True).returncode:
        pytest.skip("no namespace of processes may be made here")
    function = start(command=["unshare", "--pid", "--fork", "--kill-child", BOOTSTRAP])
    api.result(ROW)
    api.next()
    time.sleep(0.02 * SLOW)
    [child] = Path(f"/proc/{function.pid}/task/{function.pid}/children").read_text().split()
    os.kill(int(child), signal.SIGTERM)
    assert function.wait() == 0


@pytest.mark.parametrize("body", [ROW, b"[]"])
def test_46_stopped_in_an_invoke(api, function, body):
    """D 46: the answer is posted and taken first; no event is asked for after it."""
    post = api.deliver(event(body))
    function.signal(signal.SIGTERM)
    api.quiet(0.05 * SLOW)
    post.connection.send(reply())
    assert function.wait() == 0
    assert [r.kind for r in api.requests] == ["next", post.kind]


def test_46_stopped_while_an_event_arrives(api, function):
    """D 46: an event that has begun is finished and answered."""
    raw = event(ROW)
    connection = api.next().connection
    connection.send(raw[:-5])
    connection.wait_read()
    time.sleep(0.01 * SLOW)  # and for it to wait for the rest
    function.signal(signal.SIGTERM)
    connection.send(raw[-5:])
    post = api.post()
    assert post.json()["label"] == "setosa"
    post.connection.send(reply())
    assert function.wait() == 0


def test_46_stopped_with_an_event_unread(api, function):
    """D 46: event and signal come together, as after a freeze."""
    connection = api.next().connection
    time.sleep(0.02 * SLOW)  # until it waits
    function.signal(signal.SIGSTOP)
    connection.send(event(ROW))
    function.signal(signal.SIGTERM)
    function.signal(signal.SIGCONT)
    post = api.post()
    assert post.json()["label"] == "setosa"
    post.connection.send(reply())
    assert function.wait() == 0


def test_46_stopped_before_it_is_connected(api, start):
    """D 46: while it tries to reach a platform that does not listen."""
    api.listener.close()
    function = start()
    end = time.monotonic() + PATIENCE
    while not function.written() and time.monotonic() < end:
        time.sleep(0.001)
    function.signal(signal.SIGTERM)
    assert function.wait() == 0


# ---------------------------------------------------------------- environment


def test_48_no_other_variable(api, start):
    """D 48: the address is all it needs; every other test has no more either."""
    start({"AWS_LAMBDA_RUNTIME_API": api.host})
    assert api.result(ROW)["label"] == "setosa"


@pytest.mark.parametrize(
    "value", ["", "=", "a=b=c", "x" * 4096, "\u00e9\u20ac\U0001f600", "\udcff\udcfe", "\n\r\t "]
)
def test_48_any_value(api, start, value):
    """D 48: of variables that it reads, of ones with similar names, of others."""
    names = ["AWS_LAMBDA_LOG_LEVEL", "AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_FUNCTION_NAME"]
    names += ["AWS_LAMBDA_RUNTIME_API2", "XAWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_RUNTIME_AP", "PATH"]
    names += ["_HANDLER", "TZ", "LANG", "http_proxy", "HTTP_PROXY", "ALL_PROXY", "LD_PRELOAD_"]
    function = start(**{name: value for name in names})
    assert api.result(ROW)["label"] == "setosa"
    api.next()
    assert function.log()[0]["level"] == "INFO"


@pytest.mark.parametrize("value", ["", "1", "0", "-3", "abc", "999999999", "4"])
def test_56_concurrency(api, start, value):
    """F 56: whatever is configured, one worker over one connection."""
    start(AWS_LAMBDA_MAX_CONCURRENCY=value)
    api.result(ROW)
    api.next()
    api.quiet(0.02)
    assert len(api.connections) == 1


@pytest.mark.parametrize(
    "kind", ["on-demand", "provisioned-concurrency", "snap-start", "lambda-managed-instances"]
)
def test_60_initialization_type(api, start, kind):
    """G 60: no kind of start makes it call restore/next, which it does not implement."""
    start(AWS_LAMBDA_INITIALIZATION_TYPE=kind)
    assert api.result(ROW)["label"] == "setosa"


# ---------------------------------------------------------------- many invokes


def many(api, function, count):
    """That many invokes of every kind; memory and descriptors after the first few and at the
    end."""
    bodies = [ROW, b"[]", b'{"instances":[[5.1,3.5,1.4,0.2],[1,2,3,4]]}', b'{"warmer":true}']

    def usage():
        status = Path(f"/proc/{function.pid}/status").read_text()
        resident = int(status.split("VmRSS:")[1].split()[0])
        return resident, len(os.listdir(f"/proc/{function.pid}/fd"))

    for i in range(count):
        api.invoke(bodies[i % len(bodies)])
        del api.requests[:]
        connection = api.connections[0]
        del connection.received[: connection.taken]
        connection.taken = 0
        if i == 500:
            before = usage()
    after = usage()
    assert after[1] == before[1]
    assert after[0] - before[0] <= (16 if SLOW == 1 else 2048), f"KB: {before[0]} to {after[0]}"
    assert len(api.connections) == 1


def test_50_memory_after_5000_invokes(api, function):
    """D 50: memory and descriptors stay as they are."""
    many(api, function, 5_000)


@pytest.mark.long
def test_50_memory_after_100000_invokes(api, function):
    """D 50: memory and descriptors stay as they are."""
    many(api, function, 100_000)


# ---------------------------------------------------------------- time


def test_51_deadline_close_by(api, function):
    """E 51: no deadline is watched: a late answer is refused with 410, and that is survived."""
    soon = str(int(time.time() * 1000) + 200)
    raw = event(ROW).split(b"\r\n")
    raw = b"\r\n".join(
        b"Lambda-Runtime-Deadline-Ms: " + soon.encode() if b"Deadline" in line else line
        for line in raw
    )
    post = api.deliver(raw)
    time.sleep(0.25)
    post.connection.send(refusal(410, "InvokeTimeout"))
    assert api.result(ROW)["label"] == "setosa"


DEADLINES = ["", "0", "1", "1500000000000", "1797167793019000000", "-5", "1e3", "soon", "9" * 100]


@pytest.mark.parametrize("deadline", [None, *DEADLINES])
def test_52_odd_deadlines(api, function, deadline):
    """E 52: missing, past, absurd: the event is processed normally."""
    lines = [line for line in event(ROW).split(b"\r\n") if b"Deadline" not in line]
    if deadline is not None:
        lines.insert(1, b"Lambda-Runtime-Deadline-Ms: " + deadline.encode())
    post = api.deliver(b"\r\n".join(lines))
    assert post.json()["label"] == "setosa"
    post.connection.send(reply())
    assert api.result(ROW)["label"] == "setosa"
