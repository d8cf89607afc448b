"""B: the long wait in next, and a platform that says no or goes away."""

import signal
import time

import pytest
from function import ROW, in_time
from mock_api import PATIENCE, SLOW, Api, bound, event, refusal, reply


def blocks(api, seconds):
    get = api.next()
    api.quiet(seconds)
    get.connection.send(event(ROW))
    post = api.post()
    assert post.json()["label"] == "setosa" and len(api.connections) == 1


def test_22_next_blocks_for_seconds(api, function):
    """B 22: no timeout, no second request."""
    blocks(api, 3)


@pytest.mark.long
def test_22_next_blocks_for_70_seconds(api, function):
    """B 22: no timeout, no second request."""
    blocks(api, 70)


def test_23_freeze(api, function):
    """B 23: stopped for 5 s while it waits, then an event."""
    get = api.next()
    function.signal(signal.SIGSTOP)
    api.quiet(5)
    function.signal(signal.SIGCONT)
    get.connection.send(event(ROW))
    assert api.post().json()["label"] == "setosa"
    assert len(api.connections) == 1


def test_23_interrupted_reads(api, function):
    """B 23: reads cut short again and again, before an event and within it."""
    raw = event(ROW)

    def interrupt():
        for _ in range(5):
            function.signal(signal.SIGSTOP)
            function.signal(signal.SIGCONT)
            time.sleep(0.001)

    get = api.next()
    interrupt()
    for i in range(0, len(raw), 40):
        get.connection.send(raw[i : i + 40])
        interrupt()
    post = api.post()
    interrupt()
    post.connection.send(reply())
    assert api.next().connection is get.connection


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
def test_25_next_is_refused(api, start, status):
    """B 25: a message and an exit status within 100 ms, nothing asked again."""

    def measure():
        function = start()
        connection = api.next().connection
        began = time.monotonic()
        connection.send(refusal(status, "InvalidStateTransition"))
        assert function.wait() > 0
        taken = time.monotonic() - began
        while api.poll(0):
            assert not connection.take(), "asked again"
        [line] = function.log()
        assert line["level"] == "FATAL" and line["status"] == status
        return taken

    in_time(0.1, measure)
    assert len(api.connections) == len(api.requests)


@pytest.mark.parametrize("end", ["close", "reset"])
def test_26_closed_while_it_waits(api, function, end):
    """B 26: an idle connection dies: a new one at once, no event lost."""
    api.result(ROW)
    for _ in range(5):
        getattr(api.next().connection, end)()
        assert api.result(ROW)["label"] == "setosa"
    assert len(api.connections) == 6
    assert not function.messages("ERROR")


@pytest.mark.parametrize("end", ["close", "reset"])
def test_26_closed_behind_the_answer_to_a_post(api, function, end):
    """B 26: the connection dies between a POST and the next GET."""
    for _ in range(5):
        post = api.deliver(event(ROW))
        post.connection.send(reply())
        getattr(post.connection, end)()
    assert api.result(ROW)["label"] == "setosa"


def test_26_closed_while_it_computes(api, function):
    """B 26: the connection dies before the POST is written: it goes over a new one."""
    old = api.next().connection
    old.send(event(ROW))
    old.close()
    post = api.post()
    assert post.json()["label"] == "setosa" and post.connection is not old


def test_26_refused_for_good(api, function):
    """B 26: nobody listens any more: an end after a few tries."""
    api.result(ROW)
    connection = api.next().connection
    api.listener.close()
    connection.close()
    began = time.monotonic()
    assert function.wait() > 0
    assert time.monotonic() - began < 2 * SLOW + 1
    assert 2 <= len(function.messages("ERROR")) <= 10


def test_26_refused_from_the_start(api, start):
    """B 26: nobody ever listens: an end within a few seconds, without a tight loop."""
    api.listener.close()
    function = start()
    assert function.wait() > 0
    assert 0.2 < time.monotonic() - function.started < 5 * SLOW
    assert 2 <= len(function.messages("ERROR")) <= 20


def test_26_accepted_and_closed(api, function):
    """B 26: each connection ends without a word: bounded tries."""
    api.result(ROW)
    while function.process.poll() is None:
        api.poll(0.1)
        for connection in api.connections:
            if not connection.ended and connection.take():
                connection.close()
    assert function.wait() > 0
    assert len(api.connections) <= 10


def test_26_listening_a_little_late(start):
    """B 26: the function may be there before the platform listens."""
    listener = bound()
    function = start({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % listener.getsockname()[1]})
    end = time.monotonic() + PATIENCE
    while not function.written():
        assert time.monotonic() < end, "no word about the first failure"
        time.sleep(0.01)
    api = Api(listener)
    assert api.result(ROW)["label"] == "setosa"
    api.close()
