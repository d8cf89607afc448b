"""Paths, framing and connections of the Runtime API."""

import socket

import pytest
from emulator import error_of, json_of
from fake_runtime import INIT_ERROR, NEXT, answer_path
from puppets import OTHER_ID

API_PATHS = [
    ("GET", "/", 404),
    ("GET", "/2018-06-01/runtime/invocation", 404),
    ("GET", "/2018-06-01/runtime/invocation/next/", 404),
    ("GET", "/2018-06-01/runtime/restore/next", 404),
    ("POST", "/2018-06-01/runtime/restore/error", 404),
    ("POST", "/2018-06-01/runtime/invocation//response", 404),
    ("POST", "/2018-06-01/runtime/invocation/a/b/response", 404),
    ("POST", "/2018-06-01/runtime/invocation/a/other", 404),
    ("POST", "/2020-01-01/extension/register", 404),
    ("GET", "/ping", 404),
    ("GET", "/2018-06-01/ping/", 404),
    ("POST", "/2018-06-01/ping", 405),
    ("HEAD", "/2018-06-01/ping", 405),
    ("POST", NEXT, 405),
    ("PUT", NEXT, 405),
    ("HEAD", NEXT, 405),
    ("GET", INIT_ERROR, 405),
    ("GET", "/2018-06-01/runtime/invocation/a/response", 405),
    ("PUT", "/2018-06-01/runtime/invocation/a/error", 405),
]


def test_runtime_api_paths(stage):
    one = stage()
    call, api, _, request_id = one.begin()
    for method, path, status in API_PATHS:
        body = b"" if method != "GET" else None
        assert api.call(method, path, body).status == status, path
    assert api.respond(request_id, b"1").status == 202
    assert call.result(10).body == b"1"


def test_ping(stage):
    """As AWS's emulator answers it: internal/lambda/rapi/handler/ping.go there."""
    one = stage()
    one.emulator.later()
    answer = one.api().call("GET", "/2018-06-01/ping")
    assert (answer.status, answer.body) == (200, b"pong")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_missing_host(stage):
    one = stage()
    one.emulator.later()
    api = one.api()
    answer = api.call("GET", NEXT, host=False)
    assert answer.status == 400
    assert answer.headers["connection"] == "close"
    assert api.is_closed()
    assert one.api().next().status == 200


def test_query_is_ignored(stage):
    one = stage()
    one.emulator.later()
    assert one.api().call("GET", NEXT + "?x=1").status == 200


@pytest.mark.parametrize(
    "headers, body",
    [
        ({"Transfer-Encoding": "chunked"}, b"4\r\ndone\r\n0\r\n\r\n"),
        (
            {"Transfer-Encoding": "chunked"},
            b"1\r\nd\r\n02;x=y\r\non\r\n1\r\ne\r\n0\r\nA: b\r\n\r\n",
        ),
        (
            {
                "Transfer-Encoding": "chunked",
                "Lambda-Runtime-Function-Response-Mode": "streaming",
                "Content-Type": "text/event-stream",
                "Trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
            },
            b"2\r\ndo\r\n2\r\nne\r\n0\r\nLambda-Runtime-Function-Error-Type: X.Y\r\n"
            b"Lambda-Runtime-Function-Error-Body: e30=\r\n\r\n",
        ),
    ],
)
def test_chunked_and_streamed_responses(stage, headers, body):
    one = stage()
    call, api, _, request_id = one.begin()
    assert api.respond(request_id, body, headers).status == 202
    assert call.result(10).body == b"done"


def test_response_of_one_byte_chunks(stage):
    one = stage("--timeout", "20s")
    call, api, _, request_id = one.begin()
    body = b"1\r\nx\r\n" * 1000000 + b"0\r\n\r\n"
    assert api.respond(request_id, body, {"Transfer-Encoding": "chunked"}).status == 202
    assert call.result(10).body == b"x" * 1000000


def test_response_after_100_continue(stage):
    one = stage()
    call, api, _, request_id = one.begin()
    api.request(
        "POST", answer_path(request_id), None, {"Content-Length": "2", "Expect": "100-continue"}
    )
    assert api.answer().status == 100
    api.send(b"[]")
    assert api.answer().status == 202
    assert call.result(10).body == b"[]"


def test_pipelined_response_and_next(stage):
    one = stage()
    call, api, _, request_id = one.begin()
    api.send(
        (
            f"POST /2018-06-01/runtime/invocation/{request_id}/response "
            "HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]"
            f"GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n"
        ).encode()
    )
    assert api.answer().status == 202
    assert call.result(10).body == b"[]"
    one.emulator.later(b"[2]")
    assert api.answer().body == b"[2]"


def test_rejected_upload_is_read_away(stage):
    one = stage()
    _, api, _, request_id = one.begin()
    assert api.respond(OTHER_ID, b"x" * 3000000).status == 400
    assert api.respond(request_id).status == 202


def test_waiting_connection_dies(stage):
    one = stage()
    api, _ = one.ready()
    api.close()
    other = one.api()
    call = one.emulator.later(b"[2]")
    assert other.next().body == b"[2]"
    assert len(one.puppets()) == 1 and call


def test_newest_next_wins(stage):
    one = stage()
    api, _ = one.ready()
    other = one.api()
    other.request("GET", NEXT)
    assert api.is_closed()
    one.emulator.later(b"[2]")
    assert other.answer().body == b"[2]"


def test_connection_dies_within_the_event(stage):
    one = stage("--segment", "100")
    call = one.emulator.later(json_of(50000))
    api = one.api()
    api.request("GET", NEXT)
    api._until(b"\r\n\r\n")
    api.close()
    other = one.api()
    event = other.next()
    assert len(event.body) == 50000
    other.respond(event.request_id, b"1")
    assert call.result(10).body == b"1"


def test_runtime_api_head_limit(stage):
    one = stage()
    one.emulator.later()
    api = one.api()
    api.send(b"GET /x HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 40000)
    assert api.answer().status == 431


def test_each_process_has_its_own_api(stage):
    one = stage()
    calls = [one.emulator.later(b"%d" % n) for n in range(3)]
    addresses = set()
    for n in range(3):
        addresses.add(one.puppet(n)[0])
        api = one.api(n)
        event = api.next()
        api.respond(event.request_id, event.body)
    assert len(addresses) == 3
    assert sorted(c.result(10).body for c in calls) == [b"0", b"1", b"2"]


def test_api_port(stage):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    one = stage("--api-port", str(port))
    one.emulator.later()
    assert one.puppet()[0] == f"127.0.0.1:{port}"
    assert one.api().next().status == 200


def test_api_port_in_use(emulator, served):
    one = emulator("--api-port", served.front.split(":")[1])
    for _ in range(2):
        kind, message = error_of(one.invoke())
        assert kind == "Sandbox.Failure"
        assert message.endswith("Address already in use")
