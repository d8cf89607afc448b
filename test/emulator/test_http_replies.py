"""Replies as HTTP responses: API Gateway, function URLs and load balancers."""

import base64
import contextlib
import functools
import json

import pytest
from emulator import Emulator, fake, wait_for
from fake_runtime import Http

FAILED = {
    "http2": (500, b'{"message":"Internal Server Error"}'),
    "http1": (502, b'{"message": "Internal server error"}'),
    "rest": (502, b'{"message": "Internal server error"}'),
    "url": (502, b"Internal Server Error"),
    "alb": (502, b"<html>"),
    "alb-multi": (502, b"<html>"),
}
ALL = sorted(FAILED)
V2 = ["http2", "url"]


@pytest.fixture(scope="module")
def replier(tmp_path_factory):
    """Emulators by shape, each started when first asked for."""
    tmp = tmp_path_factory.mktemp("replies")
    with contextlib.ExitStack() as running:
        yield functools.cache(
            lambda name: running.enter_context(
                Emulator(tmp, "--http-shape", name, command=fake("serve-http"))
            )
        )


@pytest.fixture(scope="module")
def reply(replier):
    """reply(shape, value): the HTTP response to that reply of a function."""

    def reply(name, value):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        return replier(name).http("POST", "/", data, {"Content-Type": "application/json"})

    return reply


def headers_key(name):
    return "multiValueHeaders" if name == "alb-multi" else "headers"


def headers_value(name, values):
    return {key: [value] for key, value in values.items()} if name == "alb-multi" else values


@pytest.mark.parametrize("name", ALL)
def test_full_reply(reply, name):
    answer = reply(
        name,
        {
            "statusCode": 201,
            "body": 'täxt "x"\n',
            "isBase64Encoded": False,
            headers_key(name): headers_value(name, {"Content-Type": "text/x", "X-A": "1"}),
        },
    )
    assert answer.status == 201
    assert answer.body == 'täxt "x"\n'.encode()
    assert answer.headers["content-type"] == "text/x"
    assert answer.headers["x-a"] == "1"
    assert answer.headers["content-length"] == "10"


@pytest.mark.parametrize("name", ALL)
def test_base64_reply(reply, name):
    data = bytes(range(256))
    answer = reply(
        name, {"statusCode": 200, "isBase64Encoded": True, "body": base64.b64encode(data).decode()}
    )
    assert (answer.status, answer.body) == (200, data)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"body": None},
        {"body": ""},
        {"body": "", "isBase64Encoded": True},
        {"headers": None},
        {"isBase64Encoded": None},
    ],
)
def test_empty_replies(reply, name, body):
    if name == "alb-multi":
        body = {k: v for k, v in body.items() if k != "headers"}
    answer = reply(name, {"statusCode": 204} | body)
    assert (answer.status, answer.body) == (204, b"")
    answer = reply(name, {"statusCode": 404} | body)
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize(
    "name, expected",
    [
        ("http2", "text/plain;charset=UTF-8"),
        ("http1", "text/plain;charset=UTF-8"),
        ("rest", "application/json"),
        ("url", "application/json"),
        ("alb", None),
        ("alb-multi", None),
    ],
)
def test_default_content_type(reply, name, expected):
    answer = reply(name, {"statusCode": 200, "body": "x"})
    assert answer.headers.get("content-type") == expected


MALFORMED = [
    b"no json",
    b"",
    b'{"statusCode": 200',
    {"statusCode": "200"},
    {"statusCode": None},
    {"statusCode": 99},
    {"statusCode": 600},
    {"statusCode": 100},
    {"statusCode": 200.5},
    {"statusCode": -200},
    {"statusCode": 200, "body": {"a": 1}},
    {"statusCode": 200, "body": 1},
    {"statusCode": 200, "body": "!", "isBase64Encoded": True},
    {"statusCode": 200, "isBase64Encoded": "true"},
    {"statusCode": 200, "headers": "x"},
    {"statusCode": 200, "headers": []},
    {"statusCode": 200, "headers": {"A": {}}},
    {"statusCode": 200, "headers": {"A b": "1"}},
    {"statusCode": 200, "headers": {"": "1"}},
    {"statusCode": 200, "headers": {"A": "1\r\nB: 2"}},
    {"statusCode": 200, "headers": {"A": "\u0000"}},
    {"statusCode": 200, "headers": {f"A{i}": "x" * 60 for i in range(2000)}},
]


@pytest.mark.parametrize("name", ALL)
def test_malformed_replies(reply, name):
    status, body = FAILED[name]
    for value in MALFORMED:
        if name == "alb-multi" and isinstance(value, dict) and "headers" in value:
            value = {"statusCode": 200, "multiValueHeaders": value["headers"]}
        answer = reply(name, value)
        assert answer.status == status, value
        assert answer.body.startswith(body), value
        assert "x-amzn-requestid" in answer.headers


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("fault", [b"fail", b"exit"])
def test_function_errors_over_http(replier, name, fault):
    answer = replier(name).http(path=f"/{fault.decode()}")
    assert answer.status == FAILED[name][0]
    assert answer.body.startswith(FAILED[name][1])


INFERRED = [
    b'{"a":1}',
    b"[1, 2]",
    b'"text"',
    b"12",
    b"null",
    b"true",
    b'{"body":"x","headers":{}}',
    b'{"nested":{"statusCode":1}}',
]


@pytest.mark.parametrize("name", ALL)
def test_reply_without_status(reply, name):
    for value in INFERRED:
        answer = reply(name, value)
        if name in V2:
            assert (answer.status, answer.body) == (200, value)
            assert answer.headers["content-type"] == "application/json"
        else:
            assert answer.status == FAILED[name][0]


@pytest.mark.parametrize("name", V2)
def test_cookies_become_headers(reply, name):
    answer = reply(name, {"statusCode": 200, "cookies": ["a=1; Path=/", "b=2"]})
    assert [v for k, v in answer.fields if k == "Set-Cookie"] == ["a=1; Path=/", "b=2"]
    for bad in ("a=1", {"a": 1}, [["a"]], ["a\nb"]):
        assert reply(name, {"statusCode": 200, "cookies": bad}).status == FAILED[name][0]


@pytest.mark.parametrize("name", ["rest", "http1"])
def test_multi_value_headers_win(reply, name):
    answer = reply(
        name,
        {
            "statusCode": 200,
            "headers": {"A": "single", "B": "b", "C": 1, "D": True, "E": None},
            "multiValueHeaders": {"a": ["1", "2"], "Set-Cookie": ["x", "y"]},
        },
    )
    assert [v for k, v in answer.fields if k.lower() == "a"] == ["1", "2"]
    assert [v for k, v in answer.fields if k == "Set-Cookie"] == ["x", "y"]
    assert answer.headers["b"] == "b"
    assert answer.headers["c"] == "1" and answer.headers["d"] == "true"
    assert "e" not in answer.headers
    assert reply(name, {"statusCode": 200, "multiValueHeaders": {"a": "1"}}).status == 502


@pytest.mark.parametrize("name", V2)
def test_v2_knows_no_multi_value_headers(reply, name):
    answer = reply(
        name,
        {"statusCode": 200, "headers": {"A": "1"}, "multiValueHeaders": {"A": ["2"], "B": ["3"]}},
    )
    assert answer.headers["a"] == "1" and "b" not in answer.headers


@pytest.mark.parametrize(
    "name, right, wrong",
    [
        ("alb", {"headers": {"A": "1"}}, {"multiValueHeaders": {"A": ["1"]}}),
        ("alb-multi", {"multiValueHeaders": {"A": ["1"]}}, {"headers": {"A": "1"}}),
    ],
)
def test_alb_wants_its_kind_of_headers(reply, name, right, wrong):
    assert reply(name, {"statusCode": 200} | right).headers["a"] == "1"
    assert reply(name, {"statusCode": 200} | wrong).status == 502
    both = reply(name, {"statusCode": 200} | wrong | right)
    assert (both.status, both.headers["a"]) == (200, "1")


@pytest.mark.parametrize("name", ["alb", "alb-multi"])
def test_alb_description_and_limit(reply, name):
    def reason(description):
        return reply(name, {"statusCode": 404, "statusDescription": description}).reason

    assert reason("404 No such thing") == "No such thing"
    assert reason("Gone fishing") == "Gone fishing"
    assert reason("") == "Not Found"
    assert reply(name, {"statusCode": 404, "statusDescription": "a\nb"}).status == 502


def test_alb_reply_limit(replier):
    assert replier("alb").http(path="/size/1048576").status == 200
    assert replier("alb").http(path="/size/1048577").status == 502


@pytest.mark.parametrize("name", ["http2", "rest"])
def test_reason_is_not_taken_elsewhere(reply, name):
    assert reply(name, {"statusCode": 404, "statusDescription": "x"}).reason == "Not Found"


@pytest.mark.parametrize("name", ALL)
def test_framing_is_not_the_functions(reply, name):
    answer = reply(
        name,
        {
            "statusCode": 200,
            "body": "abc",
            headers_key(name): headers_value(
                name,
                {
                    "content-length": "999",
                    "Transfer-Encoding": "chunked",
                    "Connection": "close",
                    "Date": "x",
                },
            ),
        },
    )
    assert answer.body == b"abc"
    assert answer.headers["date"] != "x"
    assert "connection" not in answer.headers


def test_head_request(emulator):
    one = emulator(command=fake("log", '{"statusCode": 200, "body": "abc"}'))
    with Http(one.web) as http:
        answer = http.call("HEAD", "/")
        assert answer.headers["content-length"] == "3"
        assert http.call("GET", "/").body == b"abc"


@pytest.mark.parametrize(
    "name, status", [("http2", 503), ("http1", 503), ("url", 429), ("rest", 502), ("alb", 502)]
)
def test_busy_over_http(emulator, name, status):
    one = emulator("--http-shape", name, "--concurrency", "1")
    call = one.later({"ms": 500})
    wait_for(lambda: one.lines("START"))
    assert one.http().status == status
    call.result(10)
