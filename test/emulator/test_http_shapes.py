"""HTTP requests as events: API Gateway, function URLs and load balancers."""

import base64
import contextlib
import functools
import json
import re
import time

import pytest
from emulator import LIMIT, Emulator, fake, wait_for
from fake_runtime import Http

CONTEXT_V2 = {
    "accountId": "123456789012",
    "apiId": "emulator",
    "domainName": "emulator.execute-api.us-east-1.amazonaws.com",
    "domainPrefix": "emulator",
    "routeKey": "$default",
    "stage": "$default",
}


class Shape:
    """An emulator with that shape; what it made of a request."""

    def __init__(self, emulator):
        self.emulator = emulator

    def event(self, method="GET", path="/", body=None, headers=()):
        """The event, as the function writes it to its log, and the answer."""
        answer = self.emulator.http(method, path, body, headers)
        start = f"EVENT {answer.headers['x-amzn-requestid']} "
        line = wait_for(lambda: self.emulator.lines(start))[0]
        return json.loads(line.removeprefix(start)), answer


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """Shapes by name and options, each started when first asked for."""
    tmp = tmp_path_factory.mktemp("shapes")
    command = fake("log", '{"statusCode": 200}')
    with contextlib.ExitStack() as running:

        @functools.cache
        def get(name, *options):
            options = ("--http-shape", name, *options, "--quiet")
            return Shape(running.enter_context(Emulator(tmp, *options, command=command)))

        yield get


def check_times(context, clock, epoch):
    assert abs(context.pop(epoch) - time.time() * 1000) < 60000
    assert re.fullmatch(r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000", context.pop(clock))


FORWARDED = {
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-port": "443",
    "x-forwarded-proto": "https",
}


@pytest.mark.parametrize("name", ["http2", "url"])
def test_v2_event(shapes, name):
    with_query = "/a%20b/c?x=1&y=%41+%2B&x=2&flag&&=v"
    shape = shapes(name)
    event, answer = shape.event(
        "POST",
        with_query,
        b"text \xc3\xbc",
        {
            "X-Custom": "One",
            "User-Agent": "me/1",
            "Cookie": "a=1; b=2;c=3",
            "Content-Type": "text/plain",
            "x-custom": "Two",
            "Connection": "keep-alive",
        },
    )
    context = event.pop("requestContext")
    check_times(context, "time", "timeEpoch")
    assert context.pop("requestId") == answer.headers["x-amzn-requestid"]
    assert context.pop("http") == {
        "method": "POST",
        "path": "/a%20b/c",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "me/1",
    }
    assert context == CONTEXT_V2 | (
        {}
        if name == "http2"
        else {"accountId": "anonymous", "domainName": "emulator.lambda-url.us-east-1.on.aws"}
    )
    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/a%20b/c",
        "rawQueryString": "x=1&y=%41+%2B&x=2&flag&&=v",
        "cookies": ["a=1", "b=2", "c=3"],
        "headers": {
            "host": shape.emulator.web,
            "x-custom": "One,Two",
            "user-agent": "me/1",
            "content-type": "text/plain",
            "content-length": "7",
        }
        | FORWARDED,
        "queryStringParameters": {"x": "1,2", "y": "A +", "flag": "", "": "v"},
        "body": "text ü",
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("name", ["http2", "url"])
def test_v2_leaves_out_what_is_not_there(shapes, name):
    event, _ = shapes(name).event()
    assert sorted(event) == [
        "headers",
        "isBase64Encoded",
        "rawPath",
        "rawQueryString",
        "requestContext",
        "routeKey",
        "version",
    ]
    assert event["rawQueryString"] == ""
    assert event["isBase64Encoded"] is False
    assert event["requestContext"]["http"]["userAgent"] == ""


def test_v2_stage(shapes):
    event, _ = shapes("http2", "--stage", "test").event(path="/p")
    assert event["requestContext"]["stage"] == "test"
    assert event["rawPath"] == "/p"


IDENTITY = {
    name: None
    for name in (
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "user",
        "userArn",
    )
}


@pytest.mark.parametrize("name", ["rest", "http1"])
def test_v1_event(shapes, name):
    shape = shapes(name)
    event, answer = shape.event(
        "PUT",
        "/p/q?x=1&y=%41+&x=2",
        b'{"a": 1}',
        {
            "X-Custom": "One",
            "User-Agent": "me/1",
            "x-custom": "Two",
            "Content-Type": "application/json",
        },
    )
    request_id = answer.headers["x-amzn-requestid"]
    context = event.pop("requestContext")
    check_times(context, "requestTime", "requestTimeEpoch")
    rest = name == "rest"
    assert context == {
        "accountId": "123456789012",
        "apiId": "emulator",
        "authorizer": None,
        "domainName": "emulator.execute-api.us-east-1.amazonaws.com",
        "domainPrefix": "emulator",
        "extendedRequestId": request_id,
        "requestId": request_id,
        "httpMethod": "PUT",
        "resourceId": None,
        "identity": IDENTITY | {"sourceIp": "127.0.0.1", "userAgent": "me/1"},
        "path": "/prod/p/q" if rest else "/p/q",
        "protocol": "HTTP/1.1",
        "resourcePath": "/p/q",
        "stage": "prod" if rest else "$default",
    }
    single = {
        "Host": shape.emulator.web,
        "X-Custom": "Two",
        "User-Agent": "me/1",
        "Content-Type": "application/json",
        "Content-Length": "8",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    multi = {key: [value] for key, value in single.items()}
    multi["X-Custom"] = ["One", "Two"]
    assert event == ({} if rest else {"version": "1.0"}) | {
        "resource": "/p/q",
        "path": "/p/q",
        "httpMethod": "PUT",
        "headers": single,
        "multiValueHeaders": multi,
        "queryStringParameters": {"x": "2", "y": "A "},
        "multiValueQueryStringParameters": {"x": ["1", "2"], "y": ["A "]},
        "pathParameters": None,
        "stageVariables": None,
        "body": '{"a": 1}',
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("name", ["rest", "http1"])
def test_v1_nulls(shapes, name):
    event, _ = shapes(name).event()
    assert event["body"] is None
    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None
    assert event["isBase64Encoded"] is False


def test_rest_stage(shapes):
    event, _ = shapes("rest", "--stage", "v9").event(path="/p")
    assert event["path"] == "/p"
    assert event["requestContext"]["path"] == "/v9/p"
    assert event["requestContext"]["stage"] == "v9"


ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/emulator/0123456789abcdef"


@pytest.mark.parametrize("multi", [False, True])
def test_alb_event(shapes, multi):
    shape = shapes("alb-multi" if multi else "alb")
    event, _ = shape.event(
        "POST",
        "/p?x=%41+b&x=2&y",
        b"<a/>",
        {"X-Custom": "One", "x-custom": "Two", "Content-Type": "application/xml; charset=utf-8"},
    )
    headers = {
        "host": shape.emulator.web,
        "x-custom": "Two",
        "content-type": "application/xml; charset=utf-8",
        "content-length": "4",
    } | FORWARDED
    lists = {key: [value] for key, value in headers.items()}
    lists["x-custom"] = ["One", "Two"]
    pairs = (
        {
            "multiValueHeaders": lists,
            "multiValueQueryStringParameters": {"x": ["%41+b", "2"], "y": [""]},
        }
        if multi
        else {"headers": headers, "queryStringParameters": {"x": "2", "y": ""}}
    )
    assert (
        event
        == {
            "requestContext": {"elb": {"targetGroupArn": ARN}},
            "httpMethod": "POST",
            "path": "/p",
            "body": "<a/>",
            "isBase64Encoded": False,
        }
        | pairs
    )


@pytest.mark.parametrize("multi", [False, True])
def test_alb_without_anything(shapes, multi):
    event, _ = shapes("alb-multi" if multi else "alb").event()
    assert event["body"] == "" and event["isBase64Encoded"] is False
    assert event["multiValueQueryStringParameters" if multi else "queryStringParameters"] == {}


TEXTS = [
    "text/plain",
    "TEXT/CSV; charset=utf-8",
    "application/json",
    "application/json; charset=utf-8",
    "application/javascript",
    "application/xml",
    "Application/XML ; x=y",
]
BINARIES = [
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "image/png",
    "application/jsonx",
    "application/vnd.a+json",
    "multipart/form-data; boundary=x",
    None,
]


@pytest.mark.parametrize("name", ["http2", "url", "http1", "rest", "alb", "alb-multi"])
def test_bodies(shapes, name):
    def body_for(type_, data, **more):
        headers = ({"Content-Type": type_} if type_ else {}) | more
        event, _ = shapes(name).event("POST", "/", data, headers)
        return event["body"], event["isBase64Encoded"]

    for type_ in TEXTS:
        assert body_for(type_, b"\xc3\xbc\n\0") == ("ü\n\0", False), type_
    for type_ in BINARIES:
        expected = ("k=v", False) if name == "rest" else ("az12", True)
        assert body_for(type_, b"k=v") == expected, type_
    for n in range(1, 5):
        data = bytes([255 - n] * n)
        expected = (
            ("\ufffd" * n, False) if name == "rest" else (base64.b64encode(data).decode(), True)
        )
        assert body_for("text/plain", data) == expected
    coded = body_for("text/plain", b"k=v", **{"Content-Encoding": "gzip"})
    assert coded == (("az12", True) if name.startswith("alb") else ("k=v", False))


@pytest.mark.parametrize("name", ["http2", "rest", "alb"])
def test_odd_requests(shapes, name):
    """Nothing of it may end the emulator, whatever the event looks like."""
    shape = shapes(name)
    for path in (
        "/%",
        "/?%",
        "/?%4",
        "/?%zz=%",
        "/?=&=&&",
        "/?a=b=c",
        "/?" + "a=%00%ff&" * 200,
        "/" + "x" * 20000,
        "/a?b?c",
        "*",
        "http://host/absolute?x=1",
        "/?x=%F0%9F%98%80",
    ):
        shape.event("GET", path)
    for value in ("", ";", "; ;", "a", "a=1;", "\xfc\xff", '"\\'):
        shape.event("GET", "/", None, {"Cookie": value, "X": value})
    event, _ = shape.event("OPTIONS", "/?x=%F0%9F%98%80")
    key = "queryStringParameters"
    assert event[key]["x"] == ("%F0%9F%98%80" if name == "alb" else "😀")


def test_too_many_parameters(shapes):
    shape = shapes("http2")
    with Http(shape.emulator.web) as http:
        assert http.call("GET", "/?" + "a&" * 512).status == 200
        assert http.call("GET", "/?" + "a&" * 513).status == 400


def test_forwarded_headers_are_kept(shapes):
    event, _ = shapes("http2").event(
        headers={"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "http"}
    )
    assert event["headers"]["x-forwarded-for"] == "1.2.3.4"
    assert event["headers"]["x-forwarded-proto"] == "http"
    assert event["headers"]["x-forwarded-port"] == "443"


def test_trace_id_reaches_the_runtime(emulator):
    one = emulator("--http-shape", "rest", command=fake("serve-http"))
    got = one.http(path="/headers", headers={"X-Amzn-Trace-Id": "Root=1"}).json()
    assert got["lambda-runtime-trace-id"] == "Root=1"


@pytest.mark.parametrize(
    "name, data, limit",
    [
        ("http2", b"x", LIMIT),
        ("url", b"\xff", LIMIT * 3 // 4),
        ("rest", b'"', LIMIT // 2),
        ("alb", b"x", 1048576),
    ],
)
def test_http_body_limit(shapes, name, data, limit):
    """What does not fit into an event, base64 and escapes counted."""
    shape = shapes(name)
    headers = {"Content-Type": "text/plain"}
    near = limit if name == "alb" else limit - 2000
    with Http(shape.emulator.web, 20) as http:
        assert http.call("POST", "/", data * near, headers).status == 200
        answer = http.call("POST", "/", data * (limit + 1), headers)
        assert answer.status == 413
        assert http.is_closed()
