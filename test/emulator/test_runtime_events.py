"""How events come to a process: headers, chunks, segments."""

import time

import pytest
from emulator import ID, LIMIT, json_of
from fake_runtime import NEXT


def test_next_and_response_on_the_wire(stage):
    one = stage("--function-name", "iris", "--region", "eu-central-1", "--timeout", "5s")
    call = one.emulator.later(b'{"do":"it"}')
    api = one.api()
    before = time.time() * 1000
    event = api.next()
    assert (event.status, event.reason) == (200, "OK")
    assert set(event.headers) == {
        "content-type",
        "lambda-runtime-aws-request-id",
        "lambda-runtime-deadline-ms",
        "lambda-runtime-invocation-id",
        "lambda-runtime-invoked-function-arn",
        "date",
        "content-length",
    }
    assert event.body == b'{"do":"it"}'
    headers = event.headers
    assert headers["content-type"] == "application/json"
    assert headers["lambda-runtime-invoked-function-arn"] == (
        "arn:aws:lambda:eu-central-1:123456789012:function:iris"
    )
    assert abs(int(headers["lambda-runtime-deadline-ms"]) - before - 5000) < 2000
    assert ID.fullmatch(headers["lambda-runtime-aws-request-id"])
    assert ID.fullmatch(headers["lambda-runtime-invocation-id"])
    assert headers["lambda-runtime-invocation-id"] != headers["lambda-runtime-aws-request-id"]
    accepted = api.respond(headers["lambda-runtime-aws-request-id"], b"done")
    assert (accepted.status, accepted.reason) == (202, "Accepted")
    assert accepted.body == b'{"status":"OK"}\n'
    assert accepted.headers["content-type"] == "application/json"
    answer = call.result(10)
    assert answer.body == b"done"
    assert answer.headers["x-amzn-requestid"] == headers["lambda-runtime-aws-request-id"]


def test_one_connection_serves_many(emulator):
    one = emulator()
    got = [one.ask(do="describe") for _ in range(20)]
    assert len({answer["pid"] for answer in got}) == 1
    assert [answer["count"] for answer in got] == list(range(1, 21))


@pytest.mark.parametrize(
    "options, size, chunks",
    [
        ((), 0, None),
        ((), 2048, None),
        ((), 2049, [2049]),
        ((), 1000000, [1000000]),
        ((), LIMIT, [LIMIT]),
        (("--chunking", "none"), 100000, None),
        (("--chunking", "1000"), 2500, [1000, 1000, 500]),
        (("--chunking", "1000"), 0, []),
        (("--chunking", "1"), 300, [1] * 300),
        (("--chunking", "32768"), 65536, [32768, 32768]),
    ],
)
def test_framing_of_events(emulator, options, size, chunks):
    one = emulator(*options)
    got = one.invoke(json_of(size) if size else b"").json()
    assert got["bytes"] == size
    assert got["chunks"] == chunks
    assert ("content-length" in got["headers"]) == (chunks is None)


@pytest.mark.parametrize("segment, size", [(7, 100), (64, 3000)])
def test_segments(emulator, segment, size):
    one = emulator("--segment", str(segment), "--any-payload")
    got = one.invoke(json_of(size)).json()
    assert got["bytes"] == size
    # the head is some 400 bytes; a few segments may arrive together
    assert got["reads"] > (size + 350) / segment * 0.4


def test_chunked_is_not_for_http_1_0(stage):
    one = stage()
    call = one.emulator.later(json_of(5000))
    with one.api() as api:
        api.send(f"GET {NEXT} HTTP/1.0\r\n\r\n".encode())
        event = api.answer()
        assert event.headers["content-length"] == "5000"
        assert api.is_closed()
    with one.api() as api:
        api.respond(event.request_id)
    assert call.result(10).status == 200


OPTIONAL = ("client-context", "cognito-identity", "trace-id", "aws-tenant-id", "invocation-id")


def test_empty_headers(emulator):
    one = emulator("--empty-headers", "--no-invocation-id")
    headers = one.ask(do="describe")["headers"]
    for name in OPTIONAL:
        assert headers[f"lambda-runtime-{name}"] == ""
    headers = one.invoke(b'{"do":"describe"}', X_Amz_Tenant_Id="t").json()["headers"]
    assert headers["lambda-runtime-aws-tenant-id"] == "t"


def test_empty_headers_keep_the_invocation_id(emulator):
    headers = emulator("--empty-headers").ask(do="describe")["headers"]
    assert ID.fullmatch(headers["lambda-runtime-invocation-id"])


def test_no_invocation_id(emulator):
    headers = emulator("--no-invocation-id").ask(do="describe")["headers"]
    assert not [n for n in OPTIONAL if f"lambda-runtime-{n}" in headers]
