"""HTTP/1.1 itself, on the fronts: framing, limits, and callers that are slow or leave."""

import json
import socket
import time

import pytest
from emulator import INVOKE, LIMIT, POOL, wait_for
from fake_runtime import Http


def test_keep_alive_and_pipelining(served):
    with Http(served.front) as http:
        for n in range(3):
            http.request("POST", INVOKE, b"%d" % n)
        http.request("GET", "/nothing")
        got = [http.answer() for _ in range(4)]
    assert [answer.status for answer in got] == [200, 200, 200, 404]
    assert [json.loads(a.body)["bytes"] for a in got[:3]] == [1, 1, 1]


def test_many_small_pipelined_requests(served):
    with Http(served.front) as http:
        http.send(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n" * 5000)
        for _ in range(5000):
            assert http.answer().status == 200


def test_http_1_0_client(served):
    with Http(served.front) as http:
        http.send(b"POST %s HTTP/1.0\r\nContent-Length: 2\r\n\r\n[]" % INVOKE.encode())
        answer = http.answer()
        assert (answer.status, answer.json()["bytes"]) == (200, 2)
        assert answer.headers["connection"] == "close"
        assert http.is_closed()


def test_connection_close_is_honoured(served):
    with Http(served.front) as http:
        assert http.call("GET", "/", headers={"Connection": "close"}).status == 200
        assert http.is_closed()


@pytest.mark.parametrize(
    "body",
    [
        b"2\r\n[]\r\n0\r\n\r\n",
        b"1\r\n[\r\n1\r\n]\r\n0\r\n\r\n",
        b"0002;ext=1\r\n[]\r\n00\r\nTrailer: x\r\n\r\n",
    ],
)
def test_chunked_upload_byte_by_byte(served, body):
    with Http(served.front) as http:
        head = (f"POST {INVOKE} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").encode()
        for i in range(len(head + body)):
            http.send((head + body)[i : i + 1])
        assert http.answer().json()["bytes"] == 2
        assert http.call("GET", "/").status == 200


def test_expect_100_continue(served):
    with Http(served.front) as http:
        http.request("POST", INVOKE, None, {"Content-Length": "2", "Expect": "100-continue"})
        assert http.answer().status == 100
        http.send(b"[]")
        assert http.answer().json()["bytes"] == 2


def test_expect_is_not_continued_when_too_long(served):
    with Http(served.front) as http:
        http.request(
            "POST", INVOKE, None, {"Content-Length": str(LIMIT + 1), "Expect": "100-continue"}
        )
        assert http.answer().status == 413
        assert http.is_closed()


@pytest.mark.parametrize("front", ["front", "web"])
def test_head_limit(served, front):
    def send(n):
        begin = b"GET /ping HTTP/1.1\r\nHost: x\r\nA: "
        with Http(getattr(served, front)) as http:
            http.send(begin + b"a" * (n - len(begin) - 4) + b"\r\n\r\n")
            status = http.answer().status
            return status, status == 431 and http.is_closed()

    assert send(32768) == (200, False)
    assert send(32769) == (431, True)
    assert send(300000) == (431, True)


@pytest.mark.parametrize(
    "text",
    [
        b"GET\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nNo colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request(served, text):
    with Http(served.front) as http:
        http.send(text)
        answer = http.answer()
        assert answer.status == 400
        assert answer.headers["connection"] == "close"
        assert http.is_closed()


def test_broken_chunks_end_the_connection(served):
    with Http(served.front) as http:
        http.request("POST", INVOKE, b"zz\r\n", {"Transfer-Encoding": "chunked"})
        assert http.is_closed()


def test_slow_clients_block_nobody(served):
    slow = [Http(served.front) for _ in range(60)]
    for http in slow:
        http.send(b"POST / HTTP/1.1\r\nHo")
    begin = time.monotonic()
    assert served.invoke().status == 200
    assert time.monotonic() - begin < 2
    for http in slow:
        http.close()


def test_more_connections_than_are_accepted(served):
    many = [Http(served.front) for _ in range(150)]
    waiting = POOL.submit(many[-1].call, "GET", "/ping")
    time.sleep(0.1)
    assert not waiting.done()  # 128 are being served
    for http in many[:100]:
        http.close()
    assert waiting.result(10).status == 200
    for http in many:
        http.close()


def test_caller_that_leaves(served):
    before = len(served.lines("END"))
    with Http(served.front) as http:
        http.request("POST", INVOKE, b'{"ms": 100}')
        time.sleep(0.05)
    wait_for(lambda: len(served.lines("END")) > before)
    assert served.invoke().status == 200


def test_caller_that_resets(served):
    before = len(served.lines("END"))
    with Http(served.front) as http:
        http.request("POST", INVOKE, b'{"ms": 100}')
        time.sleep(0.05)
        http.reset()
    wait_for(lambda: len(served.lines("END")) > before)
    assert served.invoke().status == 200


def test_half_closed_caller_gets_its_reply(served):
    with Http(served.front) as http:
        http.request("POST", INVOKE, b"[]")
        http.sock.shutdown(socket.SHUT_WR)
        assert http.answer().json()["bytes"] == 2
        assert http.is_closed()


def test_caller_that_reads_slowly(served):
    with Http(served.front) as http:
        http.request("POST", INVOKE, b'{"do": "size", "n": 6000000}')
        time.sleep(0.3)
        assert served.invoke().status == 200
        assert len(http.answer().body) == 6000000
