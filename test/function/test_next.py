"""B: events as they arrive, in every legal form."""

import pytest
from function import ROW, SETOSA, VERSICOLOR
from mock_api import ID, LIMIT, chunked_event, chunks, event, event_fields, head, reply


def padded(n):
    """A good event of n bytes."""
    return ROW[:-1] + b" " * (n - len(ROW)) + b"]"


def serves(api, raw, same_connection=True):
    """Takes that answer to next as an event, and another one after it."""
    post = api.deliver(raw)
    post.connection.send(reply())
    assert post.json()["label"] == "setosa"
    assert api.result(VERSICOLOR)["label"] == "versicolor"
    assert len(api.connections) == 1 or not same_connection


def byte_by_byte(raw):
    return [raw[i : i + 1] for i in range(len(raw))]


def test_10_one_byte_segments(api, function):
    """B 10: a counted body, a byte at a time."""
    api.next().connection.send_pieces(byte_by_byte(event(ROW)))
    post = api.post()
    post.connection.send(reply())
    assert post.json()["label"] == "setosa"
    assert api.result(VERSICOLOR)["label"] == "versicolor"


def test_11_one_large_chunk(api, function):
    """B 11: the shape of real events, 102,389 bytes in one chunk."""
    serves(api, chunked_event(padded(102389)))


FORMS = {
    "one chunk of 6,291,556": (LIMIT, {}),
    "chunks of 32,768": (LIMIT, {"size": 32768}),
    "one-byte chunks": (5000, {"size": 1}),
    "upper-case hex": (102389, {"size": 0xABCD, "write": "%X"}),
    "leading zeros": (102389, {"size": 0xABCD, "write": "%032x"}),
    "an extension": (1000, {"size": 100, "extension": ";ext=1"}),
    "quoted extension": (1000, {"size": 100, "extension": ' ; a="b;c" ; d'}),
    "a trailer": (1000, {"size": 100, "trailers": "X-Sum: 1234\r\n"}),
    "trailers": (1000, {"trailers": "A: 1\r\nB:\r\nDate: now\r\n"}),
    "all at once": (
        1000,
        {"size": 171, "write": "%08X", "extension": ";x", "trailers": "A: 1\r\n"},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_12_chunked_in_every_legal_form(api, function, form):
    """B 12: the event is right, the connection reusable."""
    n, options = FORMS[form]
    serves(api, chunked_event(padded(n), **options))


def test_12_largest_event_in_one_byte_chunks(api, function):
    """B 12: six bytes on the wire for each of six million."""
    body = padded(LIMIT)
    framed = bytearray(b"1\r\n_\r\n" * LIMIT)
    framed[3::6] = body
    coding = ("Transfer-Encoding", "chunked")
    serves(api, head(200, *event_fields(), coding) + framed + b"0\r\n\r\n")


@pytest.mark.parametrize("framing", ["counted", "chunked"])
def test_13_every_split_in_two(api, function, framing):
    """B 13: head, sizes and body cut at every byte position."""
    raw = event(ROW)
    if framing == "chunked":
        raw = chunked_event(ROW, size=11, write="%03X", extension=";e=1", trailers="T: 1\r\n")
    for cut in range(1, len(raw)):
        api.next().connection.send_pieces([raw[:cut], raw[cut:]])
        post = api.post()
        assert post.json()["label"] == "setosa", cut
        post.connection.send(reply())
    assert len(api.connections) == 1


def test_13_chunked_in_one_byte_segments(api, function):
    """B 13: all the splits at once."""
    raw = chunked_event(ROW, size=7, extension=";e", trailers="T: 1\r\n")
    api.next().connection.send_pieces(byte_by_byte(raw))
    assert api.post().json()["label"] == "setosa"


@pytest.mark.parametrize("write", [str.lower, str.upper, str.swapcase])
@pytest.mark.parametrize("chunked", [False, True])
def test_14_case_and_order_of_fields(api, function, write, chunked):
    """B 14: names in any case, fields in any order, unknown ones between them."""
    framing = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(ROW)))
    fields = [(write(name), value) for name, value in (*event_fields(), framing)]
    body = chunks(ROW) + b"\r\n" if chunked else ROW
    for i in range(len(fields)):
        turned = fields[i:] + [("X-Unknown", "lambda-runtime-aws-request-id: 7")] + fields[:i]
        post = api.deliver(head(200, *turned) + body)
        post.connection.send(reply())
        assert post.json()["label"] == "setosa"


@pytest.mark.parametrize("blanks", ["", " ", "\t", "  \t "])
def test_14_blanks_around_values(api, function, blanks):
    """B 14: any blanks, none too, before and after a value."""
    fields = (*event_fields(), ("Lambda-Runtime-Invocation-Id", "n1"), ("Content-Length", len(ROW)))
    lines = [f"{name}:{blanks}{value}{blanks}\r\n" for name, value in fields]
    post = api.deliver(("HTTP/1.1 200 OK\r\n" + "".join(lines) + "\r\n").encode() + ROW)
    assert post.json()["label"] == "setosa"
    assert post.get("Lambda-Runtime-Invocation-Id") == "n1"


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK", b"HTTP/1.1 200 ", b"HTTP/1.1 200"])
def test_14_reason_phrase(api, function, line):
    """B 14: whatever stands behind the status, if anything."""
    serves(api, line + b"\r\n" + event(ROW).split(b"\r\n", 1)[1])


def test_15_empty_fields_are_absent_ones(api, function):
    """B 15: an empty invocation id is not sent back."""
    names = ["Client-Context", "Cognito-Identity", "Trace-Id", "Aws-Tenant-Id", "Invocation-Id"]
    post = api.invoke(ROW, *((f"Lambda-Runtime-{name}", "") for name in names))
    assert post.kind == "response"
    assert post.get("Lambda-Runtime-Invocation-Id") is None


@pytest.mark.parametrize("raw", [event(b""), chunked_event(b"")])
def test_16_empty_event(api, function, raw):
    """B 16: fails as an invocation, the next one works."""
    post = api.deliver(raw)
    assert post.kind == "error" and post.json()["errorType"] == "Function.BadInput"
    post.connection.send(reply())
    assert api.result(SETOSA)["label"] == "setosa"


def test_17_where_the_platform_changes_framing(api, function):
    """B 17: 2048 counted bytes, 2049 in one chunk: one result."""
    results = []
    for raw in event(padded(2048)), chunked_event(padded(2049)):
        post = api.deliver(raw)
        post.connection.send(reply())
        results.append(post.json())
    assert results[0] == results[1]


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"\xff\xfe\x00",
        b'["\xc3\x28"]',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"[" * LIMIT,
        b"\0",
        b'"' + b"\\" * 1001,
    ],
    ids=["text", "bytes", "bad UTF-8", "arrays", "objects", "6 MB of [", "NUL", "backslashes"],
)
def test_18_events_that_are_no_json(api, function, body):
    """B 18: an error in valid JSON, and the process lives."""
    assert api.failure(body)["errorType"] == "Function.BadInput"
    assert api.result(ROW)["label"] == "setosa"


def test_19_largest_event(api, function):
    """B 19: the limit itself is no error."""
    serves(api, event(padded(LIMIT)))


@pytest.mark.parametrize("excess", [1, 100_000, LIMIT])
@pytest.mark.parametrize("size", [None, 32768, 0], ids=["one chunk", "chunks", "counted"])
def test_19_event_over_the_limit(api, function, excess, size):
    """B 19: read to its end, failed, and the connection goes on."""
    body = padded(LIMIT + excess)
    post = api.deliver(event(body) if size == 0 else chunked_event(body, size=size))
    assert post.kind == "error" and post.json()["errorType"] == "Function.EventTooLarge"
    post.connection.send(reply())
    assert api.result(ROW)["label"] == "setosa"
    assert len(api.connections) == 1


def test_24_http_1_0(api, function):
    """B 24: no length, the body ends with the connection; POSTs answered the same way."""
    for _ in range(3):
        connection = api.next().connection
        fields = (("Lambda-Runtime-Aws-Request-Id", ID), ("Lambda-Runtime-Deadline-Ms", "1"))
        connection.send(head(200, *fields, version="1.0") + ROW)
        connection.close()
        post = api.post()
        assert post.json()["label"] == "setosa"
        post.connection.send(head(202, version="1.0"))
        post.connection.close()
    assert api.next()


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_24_connection_close(api, function, version):
    """B 24: a counted answer after which the server wants no more requests."""
    raw = event(ROW, ("Connection", "close")).replace(b"HTTP/1.1", b"HTTP/" + version.encode())
    old = api.next().connection
    old.send(raw)
    post = api.post()
    assert post.connection is not old and post.json()["label"] == "setosa"
    post.connection.send(reply(202, b"", ("Connection", "keep-alive, Close")))
    assert api.next().connection is not post.connection


def test_24_no_event_at_present(api, function):
    """B 24: 204 is asked again, after a pause."""
    for _ in range(3):
        api.next().connection.send(head(204))
        api.quiet(0.05)
    assert api.result(ROW)["label"] == "setosa"
    assert len(api.connections) == 1


def test_24_lower_case_server(api, function):
    """B 24: deadline in 1970, an ARN that is none, POSTs answered with an empty 200."""
    fields = [
        ("lambda-runtime-aws-request-id", ID),
        ("lambda-runtime-deadline-ms", "600000"),
        ("lambda-runtime-invoked-function-arn", "function-arn"),
        ("lambda-runtime-client-context", "e30="),
        ("content-length", len(ROW)),
    ]
    for _ in range(2):
        post = api.deliver(head(200, *fields) + ROW)
        post.connection.send(reply(200, b""))
        assert post.json()["label"] == "setosa"


def test_24_interim_answers(api, function):
    """B 24: heads of 1xx before the one that counts."""
    serves(api, head(100) + head(103, ("Link", "</x>")) + event(ROW))
