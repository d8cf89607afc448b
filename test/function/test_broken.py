"""B: answers to next that break off or break the rules."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from function import ROW, SETOSA
from mock_api import ID, Api, chunked_event, event, event_fields, head, reply

LENGTH = ("Content-Length", len(ROW))
CHUNKED = ("Transfer-Encoding", "chunked")


def is_refused(api, raw, close=False):
    """No POST follows; the event is asked for again, on a new connection, and served there."""
    old = api.next().connection
    old.send(raw)
    if close:
        old.close()
    get = api.next()
    assert get.connection is not old
    get.connection.send(event(ROW))
    post = api.post()
    assert post.json()["label"] == "setosa"
    post.connection.send(reply())


def padded_head(n):
    """A good event whose head is n bytes long."""
    bare = len(head(200, *event_fields(), LENGTH, ("X", "")))
    return head(200, *event_fields(), LENGTH, ("X", "x" * (n - bare))) + ROW


def many_fields(n):
    extra = [(f"X-{i}", "x") for i in range(n - len(event_fields()) - 1)]
    return head(200, *event_fields(), *extra, LENGTH) + ROW


@pytest.mark.parametrize("raw", [padded_head(32768), many_fields(64)])
def test_20_largest_head(api, function, raw):
    """B 20: what is within the documented limits is served."""
    assert api.deliver(raw).json()["label"] == "setosa"


@pytest.mark.parametrize(
    "raw",
    [padded_head(32769), padded_head(1 << 20), many_fields(65), many_fields(5000)],
    ids=["32769 bytes", "1 MiB", "65 fields", "5000 fields"],
)
def test_20_head_over_the_buffer(api, function, raw):
    """B 20: a clean failure."""
    old = api.next().connection
    try:
        old.send(raw)
    except (ConnectionResetError, BrokenPipeError):
        pass  # refused before all of it was sent
    assert api.next().connection is not old
    assert len(function.messages("ERROR")) == 1


GOOD_FIELDS = b"Lambda-Runtime-Aws-Request-Id: %s\r\n" % ID.encode()
GOOD_REST = GOOD_FIELDS + b"Content-Length: %d\r\n\r\n" % len(ROW) + ROW

STATUS_LINES = [
    b"HTTP/2 200 OK",
    b"HTTP/1.2 200 OK",
    b"HTTP/1.10 200 OK",
    b"http/1.1 200 OK",
    b"HTTP/1.1 20 OK",
    b"HTTP/1.1 2000 OK",
    b"HTTP/1.1 020 OK",
    b"HTTP/1.1 abc OK",
    b"HTTP/1.1  200 OK",
    b"HTTP/1.1",
    b"HTTP/1.1 200 O\x01K",
    b"HTTP/1.1 200\tOK",
    b"ICY 200 OK",
    b"GET / HTTP/1.1",
    b"",
    b"\0\0\0\0",
    b'{"errorMessage":"no HTTP at all"}',
]


@pytest.mark.parametrize("line", STATUS_LINES)
def test_21_status_line(api, function, line):
    """B 21: status lines that are none."""
    is_refused(api, line + b"\r\n" + GOOD_REST)


@pytest.mark.parametrize(
    "line",
    [
        b"no colon",
        b": no name",
        b"blank : before colon",
        b" folded",
        b"\tfolded",
        b"X: control \x01",
        b"X: delete \x7f",
        b"X\0: nul",
        b"X: bare\rreturn",
        b"X(: separator",
        b"\xc3\xa9: no token",
    ],
)
def test_21_field(api, function, line):
    """B 21: fields that are none."""
    is_refused(api, b"HTTP/1.1 200 OK\r\n" + GOOD_FIELDS + line + b"\r\n" + GOOD_REST)


def test_21_bare_line_feeds(api, function):
    """B 21: lines that end with LF alone."""
    is_refused(api, event(ROW).replace(b"\r\n", b"\n"))


LENGTHS = ["-1", "+17", "17x", "1 7", "", "0x11", "17, 17", "1e1", "17;", "१७"]
LENGTHS += ["18446744073709551616", "18446744073709551633", "9" * 400]


@pytest.mark.parametrize("length", [n.encode().decode("latin-1") for n in LENGTHS])
def test_21_length(api, function, length):
    """B 21: lengths that are no numbers or do not fit."""
    is_refused(api, head(200, *event_fields(), ("Content-Length", length)) + ROW)


@pytest.mark.parametrize(
    "fields",
    [
        [LENGTH, CHUNKED],
        [CHUNKED, LENGTH],
        [LENGTH, ("Content-Length", len(ROW) + 1)],
        [("Transfer-Encoding", "gzip")],
        [("Transfer-Encoding", "gzip, chunked")],
        [("Transfer-Encoding", "identity")],
    ],
)
def test_21_contradicting_framing(api, function, fields):
    """B 21: both a length and chunks, two lengths, a coding nobody asked for."""
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(ROW), ROW)
    is_refused(api, head(200, *event_fields(), *fields) + body)


def test_21_same_length_twice(api, function):
    """B 21: no contradiction."""
    assert api.deliver(head(200, *event_fields(), LENGTH, LENGTH) + ROW).kind == "response"


CHUNKINGS = {
    "zz": b"zz\r\n%s\r\n0\r\n\r\n",
    "no size": b"\r\n%s\r\n0\r\n\r\n",
    "only an extension": b";x=1\r\n%s\r\n0\r\n\r\n",
    "a negative size": b"-11\r\n%s\r\n0\r\n\r\n",
    "a signed size": b"+11\r\n%s\r\n0\r\n\r\n",
    "0x": b"0x11\r\n%s\r\n0\r\n\r\n",
    "a blank before": b" 11\r\n%s\r\n0\r\n\r\n",
    "2^64": b"10000000000000000\r\n%s\r\n0\r\n\r\n",
    "2^64 + 17": b"10000000000000011\r\n%s\r\n0\r\n\r\n",
    "2^63": b"8000000000000000\r\n%s\r\n0\r\n\r\n",
    "a thousand f": b"f" * 1000 + b"\r\n%s\r\n0\r\n\r\n",
    "LF after the size": b"11\n%s\r\n0\r\n\r\n",
    "CR after the size": b"11\r%s\r\n0\r\n\r\n",
    "nothing after data": b"11\r\n%s0\r\n\r\n",
    "LF after data": b"11\r\n%s\n0\r\n\r\n",
    "data too long": b"11\r\n%sx\r\n0\r\n\r\n",
    "data too short": b"12\r\n%s\r\n0\r\n\r\n",
    "a control byte": b"11;\x01\r\n%s\r\n0\r\n\r\n",
    "endless extension": b"11;" + b"x" * 100_000 + b"\r\n%s\r\n0\r\n\r\n",
    "endless zeros": b"0" * 100_000 + b"11\r\n%s\r\n0\r\n\r\n",
    "endless trailers": b"11\r\n%s\r\n0\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    "LF after the last": b"11\r\n%s\r\n0\r\n\n",
    "LF after a trailer": b"11\r\n%s\r\n0\r\nX: y\n\r\n",
}


@pytest.mark.parametrize("name", CHUNKINGS)
def test_21_chunking(api, function, name):
    """B 21: chunks that no reader could follow."""
    assert len(ROW) == 0x11
    is_refused(api, head(200, *event_fields(), CHUNKED) + CHUNKINGS[name] % ROW)


@pytest.mark.parametrize("length", [len(ROW) + 1, 2**40, 2**64 - 1])
def test_21_27_body_shorter_than_its_length(api, function, length):
    """B 21, 27: the connection ends before the body does."""
    raw = head(200, *event_fields(), ("Content-Length", length)) + ROW
    is_refused(api, raw, close=True)


def test_21_bytes_behind_the_body(api, function):
    """B 21: an event followed by what nobody asked for: served, the connection given up."""
    old = api.next().connection
    old.send(event(ROW) + b"HTTP/1.1 200 OK\r\n")
    post = api.post()
    assert post.json()["label"] == "setosa" and post.connection is not old


@pytest.mark.parametrize("raw", [b"nonsense\r\n", padded_head(40000), head(200, LENGTH) + ROW])
def test_21_no_endless_loop(api, function, raw):
    """B 21: three failures in a row and it leaves; a good event between them starts anew."""
    for _ in range(2):
        api.result(SETOSA)
        for _ in range(2):
            api.next().connection.send(raw)
    api.result(SETOSA)
    for _ in range(3):
        api.next().connection.send(raw)
    assert function.wait() > 0
    assert sum(r.kind == "next" for r in api.requests) == 3 + 2 * 2 + 3


COUNTED = event(ROW)
IN_CHUNKS = chunked_event(ROW, size=11, extension=";e=1", trailers="T: 1\r\n")


@pytest.mark.parametrize("end", ["close", "reset"])
@pytest.mark.parametrize("raw", [COUNTED, IN_CHUNKS], ids=["counted", "chunked"])
def test_21_27_end_at_every_byte(start, raw, end):
    """B 21, 27: cut off anywhere: never run on a part, the same event fetched again."""
    several = 32  # functions at a time: each pauses after a failure

    def cut_at(offsets):
        api = Api()
        function = start({"AWS_LAMBDA_RUNTIME_API": api.host})
        for offset in offsets:
            connection = api.next().connection
            connection.send(raw[:offset])
            getattr(connection, end)()
            get = api.next()
            get.connection.send(event(ROW))
            post = api.post()
            assert post.json()["label"] == "setosa", offset
            post.connection.send(reply())
        assert function.process.poll() is None
        function.expected_to_run = False  # without an API it leaves after three tries
        api.close()

    with ThreadPoolExecutor(several) as pool:
        list(pool.map(cut_at, (range(i, len(raw), several) for i in range(several))))
