"""The function behind an emulator, as a user with curl meets it: once behind
the project's own, once behind AWS's."""

import base64
import json
import os
import random

import lambdas
import pytest
from conftest import ROOT

ROW = [5.7, 2.8, 4.5, 1.3]
EVENT_MAX = 6291556


@pytest.fixture(scope="module", params=["emulator", pytest.param("rie", marks=pytest.mark.ci)])
def served(request, tmp_path_factory):
    log = open(tmp_path_factory.mktemp("log") / "log", "w+")
    start = {"emulator": lambdas.start_emulator, "rie": lambdas.start_rie}[request.param]
    options = ("--any-payload", "--quiet") if request.param == "emulator" else ()
    process = start(log, *options)
    yield process
    process.stop()


def ask(served, event):
    data = event if isinstance(event, bytes) else json.dumps(event).encode()
    return json.loads(served.invoke(data))


def test_the_tutorials_lines(served):
    assert served.invoke(b"[5.7,2.8,4.5,1.3]").startswith(b'{"label":"versicolor","index":1,')
    for event in (
        {"body": "WzUuMSwzLjUsMS40LDAuMl0="},
        {"body": "[5.1,3.5,1.4,0.2]", "isBase64Encoded": False},
        {"body": base64.b64encode(b"[5.1,3.5,1.4,0.2]").decode(), "isBase64Encoded": True},
    ):
        assert ask(served, event)["label"] == "setosa"


@pytest.mark.parametrize("sample", sorted((ROOT / "models/iris/samples").glob("*.event.json")))
def test_samples_have_their_golden_replies(served, sample):
    reply = sample.with_name(sample.name.replace(".event.", ".reply."))
    assert ask(served, sample.read_bytes()) == json.loads(reply.read_text())


BAD = {
    "three numbers": (b"[1,2,3]", "expected exactly 4 values, got 3 values"),
    "five numbers": (b"[1,2,3,4,5]", "expected exactly 4 values, got 5 values"),
    "a string": (b'"setosa"', "expected an array of values or an object of features, got a string"),
    "NaN": (b"[1,2,3,NaN]", "at byte 7: expected a JSON value, got N"),
    "1e999": (b"[1,2,3,1e999]", "petal_width: expected a finite number, got 1e999"),
    "nothing in it": (b"{}", "sepal_length: expected a number, got nothing"),
    "unknown feature": (b'{"sepal_length":1,"size":2}', "size: expected the name of a feature"),
    "missing feature": (
        b'{"sepal_length":1,"sepal_width":2,"petal_width":3}',
        "petal_length: expected a number, got nothing",
    ),
    "nested too deep": (b'{"a":' * 100_000, "expected at most 64 levels of nesting"),
    "not JSON": (b"sepal_length=1", "at byte 0: expected a JSON value, got s"),
    "empty": (b"", "at byte 0: expected a JSON value, got the end"),
    "wrong base64": (b'{"body":"%%%"}', "body: at byte 0: expected JSON, or standard base64 of it"),
    "6 MB of [": (b"[" * EVENT_MAX, "row 0: sepal_length: expected a number, got an array"),
    "one bad row": (
        b"[[5.7,2.8,4.5,1.3],[1,2,3,4],[1,2,null,4]]",
        "row 2: petal_length: expected a number, got null",
    ),
    "invalid UTF-8": (b'{"\xff":1}', "at byte 2: expected valid UTF-8"),
    "lone surrogate": (b'{"\\ud800":1}', "at byte 2: expected a legal escape"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_and_the_next_is_answered(served, name):
    event, words = BAD[name]
    error = ask(served, event)
    assert error["errorType"] == "Function.BadInput"
    assert words in error["errorMessage"]
    assert error["stackTrace"] == []
    assert ask(served, ROW)["label"] == "versicolor"


def test_events_up_to_the_limit(served):
    blank = EVENT_MAX - len(json.dumps(ROW))
    assert ask(served, b" " * blank + json.dumps(ROW).encode())["label"] == "versicolor"


def test_large_batches_come_back_in_order(served):
    rows = [[4 + i % 40 / 10, 3, 1 + i % 60 / 10, 0.2 + i % 20 / 10] for i in range(20_000)]
    replies = ask(served, rows)
    assert len(replies) == len(rows)
    for i in random.Random(1).sample(range(len(rows)), 20):
        assert replies[i] == ask(served, rows[i])


def test_a_reply_too_large_says_so(served):
    error = ask(served, b"[" + b",".join([b"[1,2,3,4]"] * 60_000) + b"]")
    assert error["errorType"] == "Function.ResponseSizeTooLarge"
    assert "send fewer rows" in error["errorMessage"]
    assert ask(served, ROW)["label"] == "versicolor"


def test_many_events_of_mixed_size(served):
    rng = random.Random(2)
    for i in range(2000 if os.environ.get("MOTE_TEST_LONG") == "1" else 200):
        n = rng.choice([1, 2, 50, 2000])
        rows = [[rng.uniform(0, 8) for _ in range(4)] for _ in range(n)]
        assert len(ask(served, rows)) == n, i
