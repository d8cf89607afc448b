"""What a process may do in which state, and how its answers are refused."""

import os
import signal
import socket

import pytest
from emulator import LIMIT, error_of, is_alive, json_of, wait_for
from fake_runtime import INIT_ERROR, answer_path
from puppets import INVALID_ID, OTHER_ID, TOO_LATE, error_answer, forbidden


def test_state_started(stage):
    one = stage()
    call = one.emulator.later()
    api = one.api()
    assert error_answer(api.respond(OTHER_ID)) == INVALID_ID
    assert error_answer(api.fail(OTHER_ID)) == INVALID_ID
    event = api.next()  # nothing has changed
    api.respond(event.request_id)
    assert call.result(10).status == 200


def test_state_ready(stage):
    one = stage()
    api, request_id = one.ready()
    with one.api() as other:
        wait_for(
            lambda: other.init_error().json()["errorMessage"] == forbidden("Ready", "InitError")[2]
        )
        assert error_answer(other.respond(request_id)) == INVALID_ID
        assert error_answer(other.fail(request_id)) == INVALID_ID
    call = one.emulator.later(b"[2]")
    event = api.answer()
    assert event.body == b"[2]"
    api.respond(event.request_id)
    call.result(10)


def test_state_running(stage):
    one = stage()
    call, api, event, request_id = one.begin()
    assert error_answer(api.respond(OTHER_ID)) == INVALID_ID
    assert error_answer(api.init_error()) == forbidden("Running", "InitError")
    again = api.next()
    assert again.body == event.body
    for name in ("aws-request-id", "invocation-id", "deadline-ms"):
        name = f"lambda-runtime-{name}"
        assert again.headers[name] == event.headers[name]
    assert api.respond(request_id, b"[]").status == 202
    assert call.result(10).body == b"[]"
    assert len(one.emulator.lines("START")) == 1


@pytest.mark.parametrize("first", ["respond", "fail"])
def test_state_sent(stage, first):
    one = stage()
    call, api, _, request_id = one.begin()
    assert getattr(api, first)(request_id).status == 202
    call.result(10)
    sent = "RuntimeResponseSentState"
    assert error_answer(api.respond(request_id)) == forbidden(sent, "InvocationResponse")
    assert error_answer(api.fail(request_id)) == forbidden(sent, "InvocationErrorResponse")
    assert error_answer(api.init_error()) == forbidden(sent, "InitError")
    assert error_answer(api.respond(OTHER_ID)) == INVALID_ID
    call = one.emulator.later(b"[2]")
    assert api.next().body == b"[2]"


def test_state_init_error(stage):
    one = stage()
    call = one.emulator.later()
    api = one.api()
    posted = b'{"errorType":"Runtime.NoModel","errorMessage":"none"}'
    assert api.init_error(posted).status == 202
    assert error_of(call) == ("Runtime.NoModel", "none")
    assert call.result(1).body == posted
    assert error_answer(api.next()) == forbidden("InitError", "Ready")
    assert error_answer(api.init_error()) == forbidden("InitError", "InitError")
    assert error_answer(api.respond(OTHER_ID)) == INVALID_ID
    wait_for(lambda: not is_alive(one.puppet()[1]))  # killed after a second
    one.emulator.later()
    assert one.api(1).next().status == 200


@pytest.mark.parametrize("mode", ["buffered", "Streaming", "x"])
def test_bad_response_mode_sticks(stage, mode):
    one = stage()
    call, api, _, request_id = one.begin()
    answer = api.respond(request_id, b"{}", {"Lambda-Runtime-Function-Response-Mode": mode})
    assert error_answer(answer) == (
        400,
        "InvalidFunctionResponseMode",
        "Invalid function response mode",
    )
    assert error_of(call)[0] == "Runtime.InvalidResponseModeHeader"
    assert error_answer(api.next()) == forbidden("InvocationResponse", "Ready")
    assert error_answer(api.respond(request_id)) == forbidden(
        "InvocationResponse", "InvocationResponse"
    )
    os.kill(one.puppet()[1], signal.SIGKILL)
    one.emulator.later()
    assert one.api(1).next().status == 200


@pytest.mark.parametrize("end", ["half-close", "close", "reset", "chunk"])
@pytest.mark.parametrize("what", ["response", "error"])
def test_body_cut_off(stage, what, end):
    one = stage()
    call, api, _, request_id = one.begin()
    headers = {"Transfer-Encoding": "chunked"} if end == "chunk" else {"Content-Length": "10"}
    api.request("POST", answer_path(request_id, what), None, headers)
    api.send(b"zz\r\n" if end == "chunk" else b"12345")
    if end in ("half-close", "chunk"):
        if end == "half-close":
            api.sock.shutdown(socket.SHUT_WR)
        assert error_answer(api.answer()) == (
            400,
            "TruncatedHTTPRequest",
            "HTTP request detected as truncated",
        )
        assert api.is_closed()
    elif end == "reset":
        api.reset()
    api.close()
    assert error_of(call)[0] == "Runtime.TruncatedResponse"
    assert error_answer(one.api().next()) == forbidden("InvocationResponse", "Ready")


def test_init_error_cut_off(stage):
    one = stage()
    call = one.emulator.later()
    api = one.api()
    api.request("POST", INIT_ERROR, None, {"Content-Length": "10"})
    api.close()
    assert error_of(call)[0] == "Runtime.TruncatedResponse"


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("what", ["response", "error"])
def test_response_limit(stage, what, chunked):
    one = stage("--timeout", "20s")
    call, api, _, request_id = one.begin()

    def post(n):
        path = answer_path(request_id, what)
        if not chunked:
            return api.call("POST", path, json_of(n))
        return api.call(
            "POST",
            path,
            b"%x\r\n%s\r\n0\r\n\r\n" % (n, json_of(n)),
            {"Transfer-Encoding": "chunked"},
        )

    assert post(LIMIT).status == 202
    assert len(call.result(10).body) == LIMIT

    call = one.emulator.later(b"[2]")
    request_id = api.next().request_id
    assert error_answer(post(LIMIT + 1)) == (
        413,
        "RequestEntityTooLarge",
        "Exceeded maximum allowed payload size (6291556 bytes).",
    )
    kind, message = error_of(call)
    assert kind == "Function.ResponseSizeTooLarge"
    assert "6291556" in message
    assert api.respond(request_id).status == 403  # same connection

    call = one.emulator.later(b"[3]")
    event = api.next()
    api.respond(event.request_id, b"3")
    assert call.result(10).body == b"3"


@pytest.mark.parametrize("what", ["respond", "fail"])
def test_invocation_id_must_match(stage, what):
    one = stage()
    call, api, event, request_id = one.begin()
    header = "Lambda-Runtime-Invocation-Id"
    answer = getattr(api, what)(request_id, headers={header: OTHER_ID})
    assert error_answer(answer) == TOO_LATE
    nonce = event.headers[header.lower()]
    assert api.respond(request_id, b"1", {header: nonce}).status == 202
    assert call.result(10).body == b"1"


def test_empty_invocation_id_is_none(stage):
    one = stage()
    _, api, _, request_id = one.begin()
    assert api.respond(request_id, b"1", {"Lambda-Runtime-Invocation-Id": ""}).status == 202


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({}, "Runtime.Unknown"),
        ({"Lambda-Runtime-Function-Error-Type": "Function.BadInput"}, "Function.BadInput"),
        ({"lambda-runtime-function-error-type": "my Runtime.NoModel9"}, "Runtime.NoModel"),
        ({"Lambda-Runtime-Function-Error-Type": "Function.lower"}, "Function.Unknown"),
        ({"Lambda-Runtime-Function-Error-Type": "Runtime.lower"}, "Runtime.Unknown"),
        ({"Lambda-Runtime-Function-Error-Type": "Runtime.X"}, "Runtime.Unknown"),
        ({"Lambda-Runtime-Function-Error-Type": "Unhandled"}, "Runtime.Unknown"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"no json"])
def test_error_object_from_the_header(stage, headers, expected, body):
    one = stage()
    call, api, _, request_id = one.begin()
    assert api.fail(request_id, body, headers).status == 202
    assert error_of(call)[0] == expected


def test_init_error_object_from_the_header(stage):
    one = stage()
    call = one.emulator.later()
    one.api().init_error(b"", {"Lambda-Runtime-Function-Error-Type": "Runtime.NoSuchModel"})
    assert error_of(call)[0] == "Runtime.NoSuchModel"
