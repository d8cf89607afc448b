"""A: requests as they stand on the wire."""

import re
import signal
import socket
import statistics
import struct
import time

import pytest
from function import ROW, SETOSA, in_time
from mock_api import LIMIT, NEXT, Api, bound, event, head, reply

NONCE = "Lambda-Runtime-Invocation-Id"
TCP_INFO_DATA_SEGS_IN = 152  # offset in struct tcp_info, linux/tcp.h


def test_01_first_request_is_next(api, function):
    """A 1: the first request, to the byte."""
    get = api.next()
    raw = bytes(get.connection.received)
    agent = get.get("User-Agent")
    assert raw == (
        f"GET {NEXT} HTTP/1.1\r\nHost: {api.host}\r\nUser-Agent: {agent}\r\n\r\n".encode()
    )
    api.quiet(0.05)


def test_02_two_invokes_on_one_connection(api, function):
    """A 2: no second connect."""
    api.result(ROW)
    api.result(ROW)
    api.next()
    assert len(api.connections) == 1


def test_03_posts_are_counted(api, function):
    """A 3: what Request.check holds of every request, seen once for each kind of POST."""
    for body in ROW, b"[]":
        post = api.invoke(body)
        assert int(post.get("Content-Length")) == len(post.body) > 0
        assert not {"expect", "accept-encoding", "transfer-encoding"} & post.values.keys()


@pytest.mark.parametrize(
    "request_id",
    [
        "abc-123",
        "0123456789" * 20,
        "x" * 256,
        "with space",
        "a/b?c#d%20e",
        "tab\there",
        '"quoted"\\',
        "caf\xe9",
    ],
)
def test_04_request_id_in_the_path(api, function, request_id):
    """A 4: plain ids unchanged, everything else escaped: Api.post compares the path."""
    assert api.invoke(ROW, request_id=request_id).kind == "response"
    assert api.invoke(b"[]", request_id=request_id).kind == "error"


def test_04_longest_head(api, start):
    """A 4: everything as long as it may be: address, escaped id, invocation id, error type."""
    api.prefix = "/" + "p" * (511 - len(api.host))
    start({"AWS_LAMBDA_RUNTIME_API": api.host + api.prefix})
    for body in ROW, b"[]":
        request_id = "\xe9" * 256
        post = api.invoke(body, (NONCE, "n" * 256), request_id=request_id)
        assert post.get(NONCE) == "n" * 256


@pytest.mark.parametrize("request_id", [None, "", "   ", "x" * 257, "a\rb", "a\nb", "a\0b"])
def test_04_21_unusable_request_id(api, function, request_id):
    """A 4, and the rule for an id that is missing: no POST, the event is asked for again."""
    fields = [] if request_id is None else [("Lambda-Runtime-Aws-Request-Id", request_id)]
    length = ("Content-Length", len(ROW))
    api.next().connection.send(head(200, *fields, length) + ROW)
    assert api.result(ROW)["label"] == "setosa"
    assert not any(c.received.count(b"\ra") for c in api.connections)


def test_05_user_agent(api, function):
    """A 5: one visible token name/version of at most 128 bytes."""
    agent = api.next().get("User-Agent")
    assert re.fullmatch(r"mote/[0-9.]+", agent) and len(agent) <= 128


def test_06_no_delay_between_head_and_body(api, function):
    """A 6: well below 40 ms for a round trip, with Nagle's algorithm on our side."""
    api.result(ROW)

    def measure():
        times = []
        for _ in range(20):
            get = api.next()
            began = time.monotonic()
            get.connection.send(event(ROW))
            post = api.post()
            times.append(time.monotonic() - began)
            post.connection.send(reply())
        return statistics.median(times)

    in_time(0.005, measure)


def test_06_a_post_is_one_segment(api, function):
    """A 6: head and body leave together."""

    def segments(connection):
        info = connection.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        return struct.unpack_from("I", info, TCP_INFO_DATA_SEGS_IN)[0]

    get = api.next()
    before = segments(get.connection)
    get.connection.send(event(ROW))
    api.post()
    assert segments(get.connection) == before + 1


def test_07_large_reply_to_a_slow_reader(start):
    """A 7: short writes. 6 MB into a small receive buffer that is drained with pauses; being
    stopped in each of them is what cuts a blocking write short."""
    api = Api(bound(receive_buffer=65536))
    function = start({"AWS_LAMBDA_RUNTIME_API": api.host})
    rows = 33000
    connection = api.next().connection
    connection.send(event(b"[" + b",".join([ROW] * rows) + b"]"))
    paused = 0
    while len(connection.received) < 5_000_000:
        assert api.poll(10)
        if len(connection.received) > paused + 500_000:
            paused = len(connection.received)
            time.sleep(0.02)
            function.signal(signal.SIGSTOP)
            function.signal(signal.SIGCONT)
    post = api.post()
    results = post.json()
    assert 5_000_000 < len(post.body) <= LIMIT and len(results) == rows
    assert all(result == results[0] for result in results)
    post.connection.send(reply())
    assert api.result(SETOSA)["label"] == "setosa"
    api.close()


@pytest.mark.parametrize(
    "template, prefix",
    [
        ("localhost:%d", ""),
        ("http://127.0.0.1:%d", ""),
        ("http://127.0.0.1:%d/", ""),
        ("http://localhost:%d/.rt/my-function", "/.rt/my-function"),
        ("127.0.0.1:%d/a/b/", "/a/b"),
    ],
)
def test_08_forms_of_the_address(api, start, template, prefix):
    """A 8: a name, a scheme, a path before the API's own."""
    address = template % api.port
    api.prefix = prefix
    api.host = address.removeprefix("http://").split("/")[0]
    start({"AWS_LAMBDA_RUNTIME_API": address})
    assert api.result(ROW)["label"] == "setosa"
    assert api.failure(b"[]")


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        " ",
        "localhost",
        "127.0.0.1",
        ":9001",
        ":",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:18446744073709551617",
        "127.0.0.1:90x1",
        "127.0.0.1:-1",
        "127.0.0.1:+80",
        "256.0.0.1:9001",
        "1.2.3:9001",
        "1.2.3.4.5:9001",
        "1..3.4:9001",
        "example.com:9001",
        "[::1]:9001",
        "127.0.0.1:9001:9001",
        "https://127.0.0.1:9001",
        " 127.0.0.1:9001",
        "127.0.0.1:9001\r\nX: y",
        "127.0.0.1:9001/a b",
        "127.0.0.1:9001/" + "x" * 600,
        "\udcff\udcfe:9001",
    ],
)
def test_09_unusable_address(start, address):
    """A 9: one line that names the variable, an exit status, no signal."""
    function = start({} if address is None else {"AWS_LAMBDA_RUNTIME_API": address})
    assert function.wait() > 0
    [line] = function.log()
    assert line["level"] == "FATAL" and line["message"].startswith("AWS_LAMBDA_RUNTIME_API: ")
