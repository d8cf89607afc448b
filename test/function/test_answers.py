"""C: the POST that answers an event, and what the platform says to it."""

import json
import re

import pytest
from function import ROW, SETOSA, VERSICOLOR
from mock_api import event, head, refusal, reply

TYPE = r"(Runtime|Function)\.[A-Z][a-zA-Z]+"
NONCE = "Lambda-Runtime-Invocation-Id"
ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"


def next_works(api):
    assert api.result(VERSICOLOR)["label"] == "versicolor"


def kinds(api):
    return [request.kind for request in api.requests]


def test_28_one_response_for_one_event(api, function):
    """C 28: one POST to /response; next only after its answer was read."""
    for _ in range(3):
        post = api.deliver(event(ROW))
        assert post.kind == "response"
        api.quiet(0.05)
        post.connection.send_pieces([reply()[:-1]])
        api.quiet(0.05)
        post.connection.send(reply()[-1:])
    api.next()
    assert kinds(api) == ["next", "response"] * 3 + ["next"]


def test_29_one_error_for_one_failure(api, function):
    """C 29: one POST to /error, its three members, its header."""
    post = api.deliver(event(b"[1,2,3]"))
    assert post.kind == "error"
    error = post.json()
    assert error["errorMessage"] and isinstance(error["errorMessage"], str)
    assert error["stackTrace"] == []
    assert error["errorType"] == post.get(ERROR_TYPE) == "Function.BadInput"
    assert re.fullmatch(TYPE, post.get(ERROR_TYPE))
    api.quiet(0.05)
    post.connection.send(reply())
    next_works(api)
    assert kinds(api) == ["next", "error", "next", "response"]


@pytest.mark.parametrize(
    "key",
    [
        b'quote\\" and backslash \\\\',
        b"newline\\n tab\\t return\\r",
        b"controls \\u0000\\u0001\\u001f",
        b"delete \x7f",
        b"latin \xc3\xa9, euro \xe2\x82\xac, clef \xf0\x9d\x84\x9e",
        b"clef \\ud834\\udd1e",
        b"\xff invalid",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\\ud800 alone",
        b"x" * 1_000_000,
        b"\xe2\x82\xac" * 300_000,
        b"\xff" * 1_000_000,
        b'\\"' * 500_000,
    ],
    ids=lambda key: key[:12],
)
@pytest.mark.parametrize("template", [b'{"%s":1}', b'["%s",1,1,1]'])
def test_30_error_text_from_any_input(api, function, key, template):
    """C 30: valid UTF-8 and JSON, cropped; nothing of it in the header."""
    post = api.invoke(template % key)
    assert post.kind == "error"
    message = post.json()["errorMessage"]
    assert 10 < len(message.encode()) <= 1024 and len(post.body) < 8192
    assert post.get(ERROR_TYPE) == "Function.BadInput"
    next_works(api)


def test_30_error_text_is_cut_between_characters(api, function):
    """C 30: wherever the limit falls, half a character is never told."""
    for shift in range(4):
        text = "x" * shift + "\N{EURO SIGN}" * 100
        for body in {text: 1}, [text, 1, 1, 1]:
            message = api.failure(json.dumps(body, ensure_ascii=False).encode())["errorMessage"]
            assert "\N{EURO SIGN}..." in message and "\ufffd" not in message


def test_31_invocation_id_goes_back(api, function):
    """C 31: on /response and on /error, each with its own; never when there was none."""
    seen = [
        api.invoke(ROW, (NONCE, "n1")).get(NONCE),
        api.invoke(b"[]", (NONCE, "n2")).get(NONCE),
        api.invoke(ROW, (NONCE.lower(), "n3")).get(NONCE),
        api.invoke(ROW).get(NONCE),
        api.invoke(ROW, (NONCE, "")).get(NONCE),
        api.invoke(b"[]").get(NONCE),
        api.invoke(ROW, (NONCE, "v" * 256)).get(NONCE),
        api.invoke(ROW, (NONCE, "a b=c;d")).get(NONCE),
    ]
    assert seen == ["n1", "n2", "n3", None, None, None, "v" * 256, "a b=c;d"]
    assert all(r.get(NONCE) is None for r in api.requests if r.kind == "next")


@pytest.mark.parametrize("nonce", ["caf\xe9", "tab\tinside", "x" * 5000])
def test_31_invocation_id_that_cannot_go_back(api, function, nonce):
    """C 31: as if it were absent; the event is served."""
    post = api.invoke(ROW, (NONCE, nonce))
    assert post.kind == "response" and post.get(NONCE) is None


@pytest.mark.parametrize(
    "answer",
    [
        reply(202),
        reply(202, b""),
        reply(200, b""),
        reply(200, b"anything at all"),
        reply(201),
        head(204),
        head(202, ("Transfer-Encoding", "chunked")) + b"4\r\n{}\r\n\r\n0\r\n\r\n",
        head(100) + reply(202),
    ],
)
def test_32_accepted(api, function, answer):
    """C 32: any 2xx, with a body or without."""
    for body in ROW, b"[]":
        api.invoke(body, answer=answer)
    next_works(api)
    assert not function.messages("ERROR")
    assert len(function.messages("WARN")) == 1  # the failed event itself
    assert len(api.connections) == 1


@pytest.mark.parametrize(
    "body, status, error_type",
    [
        (ROW, 413, "RequestEntityTooLarge"),
        (ROW, 410, "InvokeTimeout"),
        (b"[]", 410, "InvokeTimeout"),
        (ROW, 400, "InvalidRequestID"),
        (b"[]", 400, "InvalidRequestID"),
        (b"[]", 413, "RequestEntityTooLarge"),
        (ROW, 403, "InvalidStateTransition"),
        (b"[]", 403, "InvalidStateTransition"),
    ],
)
def test_33_34_35_36_not_taken(api, function, body, status, error_type):
    """C 33, 34, 35, 36: logged, no second POST, the next event as usual."""
    api.invoke(body, answer=refusal(status, error_type))
    next_works(api)
    [line] = [line for line in function.log() if line.get("status") == status]
    assert line["level"] == "WARN" and error_type in line["answer"]
    assert [kind for kind in kinds(api) if kind != "next"] == [
        "response" if body == ROW else "error",
        "response",
    ]
    assert len(api.connections) == 1


def test_36_refused_twice(api, function):
    """C 36: 403 to the POST and to the next after it: the end, without a repeat."""
    api.invoke(ROW, answer=refusal(403, "InvalidStateTransition"))
    api.next().connection.send(refusal(403, "InvalidStateTransition"))
    assert function.wait() > 0
    assert kinds(api) == ["next", "response", "next"]


@pytest.mark.parametrize("status", [500, 503, 404, 405, 302])
@pytest.mark.parametrize("body", [ROW, b"[]"])
def test_36_unrecoverable(api, function, status, body):
    """C 36: what is not to be recovered from ends the process, promptly and told."""
    api.invoke(body, answer=refusal(status, "InternalServerError"))
    assert function.wait() > 0
    assert [line["status"] for line in function.log() if line["level"] == "FATAL"] == [status]
    assert kinds(api)[-1] in ("response", "error")


def test_38_refused_before_the_body_was_read(api, function):
    """C 38: the server answers early and closes: no death, a new connection."""
    connection = api.next().connection
    connection.send(event(b"[" + b",".join([ROW] * 30000) + b"]"))
    while not connection.received.count(b"\r\n\r\n", connection.taken):
        assert api.poll(10)
    connection.send(refusal(413, "RequestEntityTooLarge"))
    connection.close()
    taken = api.request()
    if taken.kind == "response":  # the answer was lost with the connection: sent once more
        taken.connection.send(reply())
        taken = api.request()
    assert taken.kind == "next" and taken.connection is not connection
    taken.connection.send(event(ROW))
    assert api.post().kind == "response"


@pytest.mark.parametrize("end", ["close", "reset"])
@pytest.mark.parametrize("body", [ROW, b"[]"])
@pytest.mark.parametrize("status", [202, 400, 403])
def test_39_connection_lost_behind_a_post(api, function, end, body, status):
    """C 39: one repeat of the same bytes; a refusal of the repeat counts as delivered."""
    first = api.deliver(event(body))
    getattr(first.connection, end)()
    second = api.post()
    assert (second.target, second.fields, second.body) == (first.target, first.fields, first.body)
    second.connection.send(refusal(status, "InvalidRequestID"))
    next_works(api)
    assert len(api.connections) == 2


@pytest.mark.parametrize("end", ["close", "reset"])
def test_39_connection_lost_twice(api, function, end):
    """C 39: at most one repeat, then on to the next event."""
    getattr(api.deliver(event(ROW)).connection, end)()
    getattr(api.post().connection, end)()
    next_works(api)
    assert kinds(api) == ["next", "response", "response", "next", "response"]
    assert len(function.messages("ERROR")) == 1


@pytest.mark.parametrize("raw", [reply()[:30], reply()[:-3], b"no HTTP\r\n\r\n"])
def test_39_answer_cut_off(api, function, raw):
    """C 39: an answer that came in part or makes no sense is none to repeat the POST for."""
    post = api.deliver(event(ROW))
    post.connection.send(raw)
    post.connection.close()
    next_works(api)
    assert kinds(api) == ["next", "response", "next", "response"]


def test_42_content_types(api, function):
    """C 42: what results and error reports call themselves."""
    assert api.invoke(ROW).get("Content-Type") == "application/json"
    assert api.invoke(b"[]").get("Content-Type") == "application/vnd.aws.lambda.error+json"


def test_65_no_response_mode(api, function):
    """H 65: no POST says how it is streamed, for none is; Request.check looks at all of them."""
    for body in ROW, b"[]", json.dumps(SETOSA).encode():
        assert api.invoke(body).get("Lambda-Runtime-Function-Response-Mode") is None
