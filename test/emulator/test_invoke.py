"""The Invoke API, as AWS's SDKs speak it: events and headers in, replies and errors out."""

import base64
import json
import re

import pytest
from emulator import ID, INVOKE, LIMIT, error_of, json_of
from fake_runtime import Http


def test_invoke_answers_with_the_reply(served):
    answer = served.invoke(b'{"x": [1, 2]}')
    assert answer.status == 200
    assert answer.body == b'{"x": [1, 2]}'
    assert ID.fullmatch(answer.headers["x-amzn-requestid"])
    assert answer.headers["x-amz-executed-version"] == "$LATEST"
    assert answer.headers["content-type"] == "application/json"
    assert "x-amz-function-error" not in answer.headers
    assert "x-amz-log-result" not in answer.headers
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["date"])


@pytest.mark.parametrize("name", ["f", "other-name", "f:1", "a%3Ab", "123456789012:function:f"])
def test_any_function_name(served, name):
    for end in ("", "?Qualifier=1"):
        path = f"/2015-03-31/functions/{name}/invocations{end}"
        assert served.invoke(path=path).status == 200


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/", 200),
        ("GET", "/ping", 200),
        ("GET", "/other", 404),
        ("POST", "/", 404),
        ("POST", "/2015-03-31/functions//invocations", 404),
        ("POST", "/2015-03-31/functions/a/b/invocations", 404),
        ("POST", "/2015-03-31/functions/invocations", 404),
        ("POST", INVOKE + "/", 404),
        ("GET", INVOKE, 405),
        ("PUT", INVOKE, 405),
        ("HEAD", INVOKE, 405),
    ],
)
def test_paths_and_methods(served, method, path, status):
    with Http(served.front) as http:
        answer = http.call(method, path, b"" if method != "GET" else None)
        assert answer.status == status
        if status == 200:
            assert INVOKE.encode() in answer.body
        if status == 405:
            assert answer.headers["allow"] == "POST"
        assert http.call("GET", "/ping").status == 200  # still usable


def test_function_error(served):
    value = {"errorType": "Function.Bad", "errorMessage": "no", "stackTrace": []}
    answer = served.invoke({"do": "error", "value": value})
    assert error_of(answer) == ("Function.Bad", "no")
    assert answer.json() == value


def test_empty_reply(served):
    answer = served.invoke({"do": "raw", "text": ""})
    assert (answer.status, answer.body) == (200, b"")


def test_headers_for_the_runtime(served):
    context = {"custom": {"a": "b"}, "text": "ü"}
    pretty = json.dumps(context, indent=1, ensure_ascii=False).encode()
    trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a;Sampled=1"
    answer = served.invoke(
        b'{"do":"describe"}',
        X_Amzn_Trace_Id=trace,
        X_Amz_Tenant_Id="blue",
        X_Amz_Client_Context=base64.b64encode(pretty).decode(),
    )
    headers = answer.json()["headers"]
    assert headers["lambda-runtime-trace-id"] == trace
    assert headers["lambda-runtime-aws-tenant-id"] == "blue"
    got = headers["lambda-runtime-client-context"].encode("latin-1")
    assert json.loads(got) == context
    assert headers["lambda-runtime-aws-request-id"] == answer.headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    "context",
    [
        "not base64!",
        base64.b64encode(b"{").decode(),
        base64.b64encode(b'"{}"').decode(),
        base64.b64encode(b"[{}]").decode(),
        base64.b64encode(b"  ").decode(),
        base64.b64encode(b'{"a":"' + b"x" * 2680 + b'"}').decode(),  # 3584
    ],
)
def test_bad_client_context(served, context):
    answer = served.invoke(X_Amz_Client_Context=context)
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "InvalidRequestContentException"
    assert "Base64" in answer.json()["Message"]


def test_client_context_is_for_synchronous_calls(served):
    assert served.invoke(X_Amz_Client_Context="!", X_Amz_Invocation_Type="Event").status == 202


def test_longest_client_context(served):
    context = base64.b64encode(b'{"a":"' + b"x" * 2679 + b'"}').decode()
    assert len(context.rstrip("=")) == 3583
    assert served.invoke(X_Amz_Client_Context=context.rstrip("=")).status == 200


def test_dry_run(served):
    answer = served.invoke(X_Amz_Invocation_Type="DryRun")
    assert (answer.status, answer.body) == (204, b"")
    assert ID.fullmatch(answer.headers["x-amzn-requestid"])


def test_unknown_invocation_type(served):
    answer = served.invoke(X_Amz_Invocation_Type="Maybe")
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "InvalidParameterValueException"


def test_explicit_request_response(served):
    assert served.invoke(b'{"a":1}', X_Amz_Invocation_Type="RequestResponse").body == b'{"a":1}'


@pytest.mark.parametrize("payload", [b"{", b"nul", b"{} x", b'"\xff"', b" "])
def test_payload_must_be_json(served, payload):
    answer = served.invoke(payload)
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "InvalidRequestContentException"
    assert answer.json()["Type"] == "User"


@pytest.mark.parametrize("payload", [b"{", b"\x00\xff", b" "])
def test_any_payload(emulator, payload):
    one = emulator("--any-payload")
    assert one.invoke(payload).json()["bytes"] == len(payload)


@pytest.mark.parametrize(
    "payload", [b"1", b'"x"', b"null", b"[" * 64 + b"]" * 64, b"[" * 5000 + b"]" * 5000]
)
def test_any_json_is_an_event(served, payload):
    assert served.invoke(payload).json()["bytes"] == len(payload)


def test_empty_payload_is_an_empty_event(served):
    assert served.invoke(b"").json()["bytes"] == 0


@pytest.mark.parametrize("type_, limit", [("RequestResponse", LIMIT), ("Event", 1048576)])
@pytest.mark.parametrize("chunked", [False, True])
def test_event_size_limit(served, type_, limit, chunked):
    def send(n):
        with Http(served.front, 20) as http:
            headers = {"X-Amz-Invocation-Type": type_}
            body = json_of(n)
            if chunked:
                headers["Transfer-Encoding"] = "chunked"
                body = b"%x\r\n%s\r\n0\r\n\r\n" % (n, body)
            answer = http.call("POST", INVOKE, body, headers)
            return answer, answer.status == 413 and http.is_closed()

    answer, _ = send(limit)
    if type_ == "Event":
        assert answer.status == 202
    else:
        assert answer.json()["bytes"] == limit
    answer, closed = send(limit + 1)
    assert answer.status == 413 and closed
    assert answer.headers["x-amzn-errortype"] == "RequestTooLargeException"
    assert str(limit) in answer.json()["Message"]
