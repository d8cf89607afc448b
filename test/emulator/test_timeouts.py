"""Processes whose time is over, and frozen ones."""

import re
import time

from emulator import error_of, fake, is_alive, is_stopped, wait_for
from fake_runtime import NEXT, answer_path
from puppets import TOO_LATE, error_answer


def test_timeout_kills(emulator):
    one = emulator("--timeout", "300ms", "--concurrency", "1")
    pid = one.ask(do="describe")["pid"]
    begin = time.monotonic()
    kind, message = error_of(one.invoke({"ms": 5000}))
    assert 0.25 < time.monotonic() - begin < 2
    assert kind == "Sandbox.Timedout"
    text = r"Task timed out after 0\.30 seconds"
    assert re.fullmatch(rf"RequestId: \S+ Error: {text}", message)
    assert one.ask(do="describe")["pid"] != pid
    assert not is_alive(pid)
    assert re.search(rf"^\d{{4}}-\d\d-\d\dT\S+Z \S+ {text}$", one.log(), re.M)


def test_default_timeout_text(emulator):
    one = emulator()
    begin = time.monotonic()
    kind, message = error_of(one.invoke({"ms": 10000}))
    assert 2.9 < time.monotonic() - begin < 5
    assert kind == "Sandbox.Timedout"
    assert message.endswith("Task timed out after 3.00 seconds")


def test_init_timeout(emulator):
    one = emulator("--init-timeout", "300ms", command=fake("hang-in-init"))
    kind, message = error_of(one.invoke())
    assert kind == "Sandbox.Timedout"
    assert message.endswith("Task timed out after 0.30 seconds")


def test_stuck_process_is_killed_when_its_time_is_over(stage):
    one = stage("--timeout", "300ms", "--concurrency", "1")
    call, api, _, request_id = one.begin()
    api.respond(request_id, b"{}", {"Lambda-Runtime-Function-Response-Mode": "x"})
    call.result(10)
    call = one.emulator.later(b"[2]")
    other = one.api(1)
    assert not is_alive(one.puppet(0)[1])
    event = other.next()
    other.respond(event.request_id, b"2")
    assert call.result(10).body == b"2"


def test_late_answer(stage):
    one = stage("--timeout", "200ms", "--keep-after-timeout")
    call, api, event, request_id = one.begin()
    kind, message = error_of(call)
    assert kind == "Sandbox.Timedout"
    assert "Task timed out after 0.20 seconds" in message
    assert is_alive(one.puppet()[1])
    nonce = {"Lambda-Runtime-Invocation-Id": event.headers["lambda-runtime-invocation-id"]}
    assert error_answer(api.respond(request_id, headers=nonce)) == TOO_LATE
    call = one.emulator.later(b"[2]")
    event = api.next()
    assert event.body == b"[2]"
    # a thread that is still busy with the first one
    assert error_answer(api.fail(request_id, headers=nonce)) == TOO_LATE
    assert error_answer(api.respond(request_id)) == TOO_LATE
    api.respond(event.request_id, b"2")
    assert call.result(10).body == b"2"


def test_late_process_may_just_go_on(stage):
    one = stage("--timeout", "200ms", "--keep-after-timeout")
    call, api, _, _ = one.begin()
    error_of(call)
    call = one.emulator.later(b"[2]")
    wait_for(lambda: len(one.puppets()) == 2)  # the first one is busy
    api.request("GET", NEXT)
    time.sleep(0.1)
    third = one.emulator.later(b"[3]")
    assert api.answer().body == b"[3]"
    assert third and call


def test_timeout_within_the_upload(stage):
    one = stage("--timeout", "200ms", "--keep-after-timeout")
    call, api, _, request_id = one.begin()
    api.request("POST", answer_path(request_id), None, {"Content-Length": "4"})
    assert error_of(call)[0] == "Sandbox.Timedout"
    api.send(b"late")
    assert error_answer(api.answer()) == TOO_LATE
    one.emulator.later(b"[2]")
    assert api.next().body == b"[2]"


def test_freeze(emulator):
    one = emulator("--freeze")
    pid = one.ask(do="describe")["pid"]
    wait_for(lambda: is_stopped(pid))
    assert one.ask(do="describe") | {"headers": 0} == {
        "pid": pid,
        "count": 2,
        "headers": 0,
        "chunks": None,
        "bytes": 18,
        "reads": 3,
    }
    wait_for(lambda: is_stopped(pid))


def test_frozen_process_is_killed_at_the_end(emulator):
    one = emulator("--freeze")
    pid = one.ask(do="describe")["pid"]
    wait_for(lambda: is_stopped(pid))
    with one:
        pass
    assert not is_alive(pid)
