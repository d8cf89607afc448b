"""J, C: inputs that the model cannot take, and odd ones that it can."""

import base64
import json
import math
import random

import pytest
from events_http import alb, function_url, http_api, rest
from function import FEATURES, ROW, SETOSA, VIRGINICA, named
from mock_api import strict

# what came -> the input, what the message must say
BAD = {
    "three numbers": (b"[5.1,3.5,1.4]", "exactly 4 values, got 3"),
    "five numbers": (b"[5.1,3.5,1.4,0.2,7]", "exactly 4 values, got 5"),
    "no numbers": (b"[]", "exactly 4 values, got 0"),
    "a string": (b'"setosa"', "an array of values or an object of features, got a string"),
    "a number": (b"5.1", "got a number"),
    "null": (b"null", "got null"),
    "true": (b"true", "got a boolean"),
    "a string inside": (b'[5.1,"3.5",1.4,0.2]', 'sepal_width: expected a number, got "3.5"'),
    "NaN": (b"[5.1,NaN,1.4,0.2]", "at byte 5"),
    "Infinity": (b"[5.1,3.5,-Infinity,0.2]", "at byte 10"),
    "1e999": (b"[5.1,3.5,1e999,0.2]", "petal_length: expected a finite number, got 1e999"),
    "empty object": (b"{}", "sepal_length: expected a number, got nothing"),
    "unknown feature": (b'{"petal_colour":1}', "petal_colour: expected the name of a feature"),
    "missing feature": (
        json.dumps(named(SETOSA[:3])).encode(),
        "petal_width: expected a number, got nothing",
    ),
    "feature given twice": (
        b'{"sepal_length":1,"sepal_width":2,"sepal_length":3}',
        "sepal_length: expected this name once in a row, got it twice",
    ),
    "null for a number": (b"[5.1,null,1.4,0.2]", "sepal_width: expected a number, got null"),
    "null by name": (
        json.dumps(named([5.1, None, 1.4, 0.2])).encode(),
        "sepal_width: expected a number, got null",
    ),
    "array for a number": (b"[5.1,[3.5],1.4,0.2]", "sepal_width: expected a number, got an array"),
    "arrays, 100,000 deep": (b"[" * 100_000, "sepal_length: expected a number, got an array"),
    "objects, 100,000 deep": (
        b'{"instances":[],"x":' + b'{"a":' * 100_000,
        "at most 64 levels of nesting",
    ),
    "6 MB of [": (b"[" * 6_000_000, "sepal_length: expected a number, got an array"),
    "not JSON": (b"sepal_length=5.1", "at byte 0"),
    "half of it": (b"[5.1,3.5,1.4,", "got the end"),
    "two values": (b"[5.1,3.5,1.4,0.2] [1]", "nothing after the value"),
    "a comma too many": (b"[5.1,3.5,1.4,0.2,]", "at byte 17"),
    "a comment": (b"[5.1,3.5,1.4,0.2] // row", "nothing after the value"),
    "hexadecimal": (b"[0x5,3.5,1.4,0.2]", "at byte 2"),
    "plus sign": (b"[+5.1,3.5,1.4,0.2]", "at byte 1"),
    "leading zero": (b"[05.1,3.5,1.4,0.2]", "at byte 2"),
    "byte order mark": (b"\xef\xbb\xbf[5.1,3.5,1.4,0.2]", "at byte 0"),
    "lone surrogate": (b'{"\\ud800":1}', "a legal escape"),
    "one bad row": (b"[[5.1,3.5,1.4,0.2],[1,2,3]]", "row 1: expected exactly 4 values, got 3"),
    "one bad named row": (
        json.dumps([named(SETOSA), {"sepal_length": 1}]).encode(),
        "row 1: sepal_width: expected a number, got nothing",
    ),
    "bad row far inside": (b"[" + ROW + (b"," + ROW) * 4999 + b",[1]]", "row 5000: "),
    "bad instance": (b'{"instances":[[5.1,3.5,1.4,0.2],"x"]}', "row 1: "),
    "mixed batch": (b"[[5.1,3.5,1.4,0.2],5]", "row 1: "),
    "finite in, infinite inside": (b"[1e308,1e308,1e308,-1e308]", "finite"),
}

SENDERS = {"REST": rest, "HTTP API": http_api, "function URL": function_url, "ALB": alb}


def is_served(api):
    assert api.result(ROW)["label"] == "setosa"


@pytest.mark.parametrize("name", BAD)
def test_29_70_75_bad_input_is_named(api, function, name):
    """C 29, J 70, 75: an invocation error for a direct call, a 400 through HTTP; both say what
    and where, and the next good request works."""
    body, message = BAD[name]
    error = api.failure(body)
    assert error["errorType"] == "Function.BadInput" and message in error["errorMessage"]
    for sender in SENDERS.values():
        answer = api.result(sender(body.decode()))
        assert answer["statusCode"] == 400
        told = strict(answer["body"])["error"]
        assert told["type"] == "BadInput" and message in told["message"]
        if "row " in message:
            assert told["row"] == int(message.split("row ")[1].split(":")[0])
    is_served(api)


@pytest.mark.parametrize("body", [b'["\xff",1,1,1]', b"\xc0\xaf", b'{"\xed\xa0\x80":1}'])
def test_75_invalid_utf8(api, function, body):
    """J 75: refused where it stands, direct and behind base64."""
    assert "at byte " in api.failure(body)["errorMessage"]
    for sender in SENDERS.values():
        event = sender(base64.b64encode(body).decode(), isBase64Encoded=True)
        assert api.result(event)["statusCode"] == 400
    is_served(api)


def test_75_invalid_utf8_outside_the_body(api, function):
    """J 75: one wrong byte anywhere spoils the whole event: no envelope can be trusted."""
    for sender in SENDERS.values():
        raw = json.dumps(sender(SETOSA, unknown="@")).encode().replace(b"@", b"\xff")
        assert "expected valid UTF-8" in api.failure(raw)["errorMessage"]
    is_served(api)


def test_75_schema_errors_list_the_features(api, function):
    """J 75: the way out is part of the message."""
    for name in "three numbers", "empty object", "unknown feature":
        assert ", ".join(FEATURES) in api.failure(BAD[name][0])["errorMessage"]


GOOD = {
    "exponents": b"[51e-1,0.35e1,1.4E+0,2e-1]",
    "leading minus zero": b"[5.1,3.5,1.4,-0]",
    "minus zero": b"[5.1,3.5,1.4,-0.0e-7]",
    "many digits": b"[5.1" + b"0" * 5000 + b",3.5,1.4,0.2]",
    "tiny": b"[5.1,3.5,1.4,1e-999]",
    "blanks": b" \r\n\t[ 5.1 , 3.5 ,\n1.4 , 0.2 ] \n",
    "escaped names": json.dumps(named(SETOSA)).encode().replace(b"_", b"\\u005f"),
    "any order": json.dumps(dict(reversed(named(SETOSA).items()))).encode(),
}


@pytest.mark.parametrize("name", GOOD)
def test_75_odd_but_right(api, function, name):
    """J 75: other ways to write the same."""
    assert api.result(GOOD[name])["label"] == "setosa"


def test_75_keys_around_the_input(api, function):
    """J 75: of an event's own keys the last counts, unknown ones are skipped, escapes are read."""
    body = json.dumps(json.dumps(SETOSA))
    for raw in (
        '{"body":"[1]","body":%s}' % body,
        '{"b\\u006fdy":%s}' % body,
        '{"body":%s,"x":{"a":[1,{"b":null}]},"\\ud83d\\ude00":"\\ud834\\udd1e"}' % body,
        '{"body":%s,"isBase64Encoded":null}' % body,
    ):
        assert api.result(raw.encode())["label"] == "setosa"


def test_75_surrogate_pair_in_a_name(api, function):
    """J 75: a name beyond the first plane comes back as it was sent."""
    answer = api.result(http_api(b'{"\\ud83d\\ude00": 1}'.decode()))
    assert "expected the name of a feature" in strict(answer["body"])["error"]["message"]


def test_40_no_bare_nan(api, function):
    """C 40: extremes of every kind end in finite numbers or in an error that says so."""
    extremes = [0, -0.0, 5e-324, 1e-300, 1.7e308, -1.7e308, 3.4e38, 3.5e38, -1e38]
    for i in range(4):
        for x in extremes:
            for other in 1.0, -1.7e308, 1.7e308:
                row = [other] * 4
                row[i] = x
                post = api.invoke(row)
                answer = post.json()  # strict: NaN does not parse
                if post.kind == "error":
                    assert "finite" in answer["errorMessage"]
                else:
                    assert all(math.isfinite(score) for score in answer["scores"].values())


WORDS = [*FEATURES, "instances", "body", "isBase64Encoded", "requestContext", "http", "elb"]
WORDS += ["Records", "eventSource", "aws:sqs", "aws:kinesis", "aws:dynamodb", "Items", "tasks"]
WORDS += ["invocationSchemaVersion", "httpMethod", "path", "POST", "/", "2.0", "version", "kinesis"]
WORDS += ["data", "dynamodb", "NewImage", "N", "Sns", "Message", "aws:sns", "records", "window"]
WORDS += ["s3Key", "taskId", "warmer", "detail-type", "source", "attributes", "messageId", "\ud83d"]


def value(r, depth):
    """Something that JSON can say, made of what the shapes are made of."""
    kind = r.randrange(9 if depth else 6)
    if kind == 0:
        return [r.uniform(-9, 9) for _ in range(r.choice([3, 4, 4, 4, 5]))]
    if kind == 1:
        return named(r.choice([SETOSA, VIRGINICA]))
    if kind == 2:
        return r.choice([None, True, False, 0, -1, 1e308, "", "\0", "\x7f\u2028", "\U0001f600"])
    if kind == 3:
        return r.choice(WORDS)
    if kind == 4:
        return json.dumps(value(r, depth - 1)) if depth else "W10="
    if kind == 5:
        return r.gauss(0, 10 ** r.randrange(-5, 300))
    if kind == 6:
        return [value(r, depth - 1) for _ in range(r.randrange(4))]
    return {r.choice(WORDS): value(r, depth - 1) for _ in range(r.randrange(6))}


def event_text(r):
    """A value, or one in a sender's envelope; now and then with a few bytes changed."""
    made = value(r, 4)
    if r.random() < 0.2:
        made = r.choice(list(SENDERS.values()))(json.dumps(made))
    text = bytearray(json.dumps(made, ensure_ascii=r.random() < 0.5).encode(errors="replace"))
    if r.random() < 0.3:
        for _ in range(r.randrange(1, 4)):
            text[r.randrange(len(text))] = r.randrange(256)
    return bytes(text[: r.randrange(len(text))]) if r.random() < 0.1 else bytes(text)


def test_41_replies_parse_whatever_comes(api, function):
    """C 41: 10,000 random inputs, every reply and every body in it strict JSON."""
    r = random.Random(20261120)
    seen = {"response": 0, "error": 0}
    for _ in range(10_000):
        post = api.invoke(event_text(r))
        answer = post.json()
        seen[post.kind] += 1
        if post.kind == "error":
            assert answer["errorType"].startswith("Function.")
        elif isinstance(answer, dict) and "statusCode" in answer:
            strict(answer["body"])
    is_served(api)
    assert min(seen.values()) > 500, seen
