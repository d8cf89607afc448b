"""Models that take a text: what a text may be sent as, how it is answered, what
is refused; through the executable, with a small transformer of random weights."""

import base64
import json
import shutil
import struct

import numpy as np
import pytest
import text_model
from events_http import http_api
from function import BARE, EXEC
from mock_api import strict

from mote.engine import Engine
from mote.engine_text import EngineTokenizer

SENTENCE = "The cat sat on the mat."
TEXTS = [SENTENCE, "", "dog", 'été 猫 "quoted" \\ \n\t\u0007 👍', "x" * 300, "good book " * 40]
ODD = [" ", "\u00a0\u2003", "[SEP] [CLS]", "the\x00cat", "Привет", "a" * 99, "a" * 101, "🙂" * 50]


@pytest.fixture(scope="module")
def expected():
    """Answers of the engine by itself, one text at a time: label, scores, vector, and
    whether the text has more tokens than the model takes."""
    tokenizer = EngineTokenizer(text_model.tokenizer().section())
    with Engine(text_model.blob("class")) as classes, Engine(text_model.blob("embedding")) as e:

        def of(text):
            index, scores, tokens = classes.texts([text])
            _, vector, _ = e.texts([text])
            whole = len(tokenizer.encode(text, 1 << 16)[0])
            assert tokens[0] == min(whole, text_model.MOST)
            cut = whole > text_model.MOST
            return text_model.LABELS[index[0]], scores[0], vector[0], cut

        yield of


@pytest.fixture
def serve(api, start, tmp_path):
    """serve(kind, reply) -> the API of a function with such a model beside it."""

    def serve(kind="class", reply="full"):
        shutil.copy(BARE, tmp_path / "bootstrap")
        (tmp_path / "model.mote").write_bytes(text_model.blob(kind, reply))
        api.function = start(command=[*EXEC, tmp_path / "bootstrap"])
        return api

    return serve


def is_full(answer, expected, text):
    label, scores, _, cut = expected(text)
    assert answer["label"] == label and answer["model"] == {"name": "class", "version": "1"}
    assert np.float32(list(answer["scores"].values())).tolist() == scores.tolist()
    assert answer.get("truncated", False) == cut


@pytest.mark.parametrize("text", TEXTS + ODD)
def test_one_text_in_every_form(serve, expected, text):
    api = serve()
    for form in text, {"sentence": text}, {"text": text}:
        for ascii_alone in True, False:
            event = json.dumps(form, ensure_ascii=ascii_alone).encode()
            is_full(api.result(event), expected, text)


def test_batches_in_every_form(serve, expected):
    api = serve()
    for event in (TEXTS, [{"sentence": t} for t in TEXTS], [[t] for t in TEXTS]):
        for got, text in zip(api.result(event), TEXTS, strict=True):
            is_full(got, expected, text)
    for key in ("sentences", "instances"):
        answer = api.result({"signature_name": "x", key: TEXTS, "more": [1, {"a": None}]})
        assert list(answer) == ["predictions"]
        for got, text in zip(answer["predictions"], TEXTS, strict=True):
            is_full(got, expected, text)
    assert api.result([]) == [] and api.result({"sentences": []}) == {"predictions": []}


@pytest.mark.parametrize("kind", ["class", "embedding"])
def test_a_batch_of_64_is_64_single_calls_to_the_byte(serve, kind):
    api = serve(kind)
    texts = [" ".join(["the", "cat"] * (i % 19)) + "s" * (i % 5) for i in range(64)]
    alone = [api.invoke({"sentence": t}).body for t in texts]
    assert api.invoke(texts).body == b"[" + b",".join(alone) + b"]"
    assert len(set(alone)) > 30


def test_what_is_too_long_is_cut_as_trained_and_says_so(serve, expected):
    api = serve()
    room = text_model.MOST - 2
    fits, cut = "the " * room, "the " * (room + 1)
    assert "truncated" not in api.result(fits)
    ten_thousand = api.result("the " * 10_000)
    assert ten_thousand["truncated"] is True and api.result(cut) == ten_thousand
    assert ten_thousand["scores"] == api.result(fits)["scores"]
    assert expected(cut)[3] and not expected(fits)[3]


LONG = "the " * 10_000


def told(api):
    """Of each line that says that a text was cut: its row and its tokens."""
    lines = [line for line in api.function.log() if "was cut" in line["message"]]
    assert all(line["level"] == "WARN" and line["requestId"] for line in lines)
    assert b"the the" not in api.function.written()
    return [(line.get("row"), line["tokens"]) for line in lines]


@pytest.mark.parametrize("kind", ["class", "embedding"])
@pytest.mark.parametrize("style", ["label", "index"])
def test_an_answer_without_an_object_has_the_log_say_that_it_was_cut(serve, kind, style):
    api = serve(kind, style)
    assert "truncated" not in api.invoke(LONG).body.decode()
    assert told(api) == [(None, text_model.MOST)]
    api.result([SENTENCE, LONG, {"text": "dog"}, {"sentence": LONG}])
    api.result({"instances": [LONG, SENTENCE]})
    answer = api.result(http_api(body=json.dumps([SENTENCE, SENTENCE, LONG])))
    assert answer["statusCode"] == 200
    batches = [(row, text_model.MOST) for row in (1, 3, 0, 2)]
    assert told(api)[1:] == batches
    many = api.result({"sentences": [LONG, SENTENCE, LONG]})
    if kind == "embedding":  # {"embeddings": ...} says it itself
        assert many["truncated"] == 2 and told(api)[1:] == batches
    else:
        assert told(api)[5:] == [(0, text_model.MOST), (2, text_model.MOST)]
    api.result("the " * (text_model.MOST - 2))
    api.result([SENTENCE, ""])
    assert len(told(api)) == (5 if kind == "embedding" else 7)


@pytest.mark.parametrize("style", ["full", "scores", "prediction"])
def test_an_answer_that_says_it_was_cut_has_no_line(serve, style):
    api = serve(reply=style)
    for event in LONG, [SENTENCE, LONG], {"sentences": [LONG]}:
        assert b'"truncated":true' in api.invoke(event).body
    assert told(api) == []


@pytest.mark.parametrize("event, got", [
    ({"sentence": 3}, "3"), ({"sentence": True}, "true"), ({"sentence": None}, "null"),
    ({"text": 1.5}, "1.5"), ({"sentence": ["a"]}, "an array"), ({"text": {}}, "an object"),
    (7, "7"), ({}, "nothing"),
])  # fmt: skip
def test_what_is_no_text_is_refused_by_the_name_it_has_there(serve, event, got):
    api = serve()
    name = next(iter(event), "sentence") if isinstance(event, dict) else "sentence"
    message = api.failure(event)["errorMessage"]
    assert message.startswith(f"{name}: expected a text, got {got}"), message
    is_alive(api)


def is_alive(api):
    assert api.result(SENTENCE)["label"] in text_model.LABELS


def test_refusals_name_the_row(serve):
    api = serve()
    for event, name in (
        (["a", "b", 3], "sentence"),
        ({"sentences": ["a", {"text": "b"}, False]}, "sentence"),
        ({"instances": ["a", "b", {"text": 3}]}, "text"),
    ):
        message = api.failure(event)["errorMessage"]
        assert message.startswith(f"row 2: {name}: expected a text, got "), message
    for second in "text", "sentence":
        event = b'{"sentence": "a", "%s": "b"}' % second.encode()
        message = api.failure(event)["errorMessage"]
        assert message.startswith(f"{second}: expected one text, got a second"), message
    for event in ({"phrase": "a"}, {"sentences": "a"}, {"instances": {"text": "a"}}):
        name = next(iter(event))
        message = api.failure(event)["errorMessage"]
        expected = (
            f'{name}: expected "sentence" or "text", or an array of texts as "sentences", got'
        )
        assert message.startswith(expected), message
    assert "exactly 1 values, got 2 values" in api.failure([["a", "b"]])["errorMessage"]
    for bad in (b'"\xff"', b'"\\ud800"', b'"a', b'{"sentence": "a"', b'"a" "b"'):
        assert api.failure(bad)["errorType"] == "Function.BadInput"
    is_alive(api)


def test_scores_are_a_list_of_all_labels(serve, expected):
    api = serve(reply="scores")
    for text in TEXTS:
        _, scores, _, cut = expected(text)
        answer = api.result({"sentence": text})
        assert [a["label"] for a in answer] == text_model.LABELS
        assert np.float32([a["score"] for a in answer]).tolist() == scores.tolist()
        assert all(a.get("truncated", False) == cut for a in answer)


def test_predictions_repeat_the_text_and_round_the_score(serve, expected):
    api = serve(reply="prediction")
    for text in TEXTS:
        label, scores, _, cut = expected(text)
        answer = api.result({"sentence": text})
        assert answer["text"] == text
        assert answer["prediction"] == {"label": label, "score": round(float(scores.max()), 2)}
        assert answer.get("truncated", False) == cut
    batch = api.result({"instances": TEXTS})["predictions"]
    assert [b["text"] for b in batch] == TEXTS


def floats(text):
    data = base64.b64decode(text, validate=True)
    return list(struct.unpack(f"<{len(data) // 4}f", data))


@pytest.mark.parametrize("reply", ["full", "base64"])
def test_vectors(serve, expected, reply):
    api = serve("embedding", reply)
    vectors = [expected(t)[2].tolist() for t in TEXTS]
    for encoding in (None, "float", "base64"):
        option = {} if encoding is None else {"encoding_format": encoding}
        as_text = encoding == "base64" or (encoding is None and reply == "base64")
        read = floats if as_text else lambda v: np.float32(v).tolist()
        one = api.result({"sentence": TEXTS[0]} | option)
        assert read(one["embedding"]) == vectors[0] and list(one) == ["embedding", "model"]
        many = api.result({"sentences": TEXTS} | option)
        assert [read(v) for v in many["embeddings"]] == vectors
        assert many["truncated"] == 1 and many["model"]["name"] == "embedding"
        listed = api.result(option | {"instances": TEXTS})["predictions"]
        assert [read(v["embedding"]) for v in listed] == vectors
        assert [v.get("truncated", False) for v in listed] == [False] * 5 + [True]
    assert np.isclose(np.linalg.norm(vectors[0]), 1, atol=1e-6)
    for bad in ("hex", 3, None):
        error = api.failure({"sentence": "a", "encoding_format": bad})["errorMessage"]
        assert error.startswith('encoding_format: expected "float" or "base64", got'), error


def test_bare_vectors(serve, expected):
    api = serve("embedding", "label")
    want = expected(SENTENCE)[2].tolist()
    assert np.float32(api.result(SENTENCE)).tolist() == want
    assert [np.float32(v).tolist() for v in api.result([SENTENCE, SENTENCE])] == [want, want]


@pytest.mark.parametrize("reply", ["full", "base64"])
def test_vectors_of_rows_of_numbers_are_each_its_own(api, start, tmp_path, reply):
    """They were the first row's in batches of a model of numbers."""
    rows = [[1, 2, 3], [-3, 1, 0.5], [0, 0, 1]]
    weights = np.array([[1, 0, 2], [0, 1, -1]])
    shutil.copy(BARE, tmp_path / "bootstrap")
    (tmp_path / "model.mote").write_bytes(text_model.vectors_of_numbers(weights, reply))
    start(command=[*EXEC, tmp_path / "bootstrap"])
    read = floats if reply == "base64" else lambda v: np.float32(v).tolist()
    batch = [read(answer["embedding"]) for answer in api.result(rows)]
    assert batch == (np.float32(rows) @ weights.T).tolist()


QUERIES = [
    ("http2", {"text": "The cat, é & 1+1=2"}, "The cat, é & 1+1=2"),
    ("rest", {"text": "The cat, é & 1+1=2"}, "The cat, é & 1+1=2"),
    ("alb", {"text": "The+cat%2C%20%C3%A9+%26+1%2B1%3D2"}, "The cat, é & 1+1=2"),
    ("rest", {"sentence": "dog"}, "dog"),
    ("rest", {"text": ""}, ""),
    ("alb", {"text": "dog%FF%00%C3"}, "dog\ufffd\0\ufffd"),
]


def query_event(shape, parameters):
    if shape == "http2":
        context = {"http": {"method": "GET", "path": "/predict"}, "stage": "$default"}
        return {"version": "2.0", "rawPath": "/predict", "requestContext": context,
                "queryStringParameters": parameters, "isBase64Encoded": False}  # fmt: skip
    context = {"elb": {"targetGroupArn": "arn"}} if shape == "alb" else {"stage": "prod"}
    return {"httpMethod": "GET", "path": "/predict", "requestContext": context, "body": None,
            "queryStringParameters": parameters, "isBase64Encoded": False}  # fmt: skip


@pytest.mark.parametrize("shape, parameters, text", QUERIES)
def test_a_text_in_the_query(serve, expected, shape, parameters, text):
    answer = serve().result(query_event(shape, parameters))
    assert answer["statusCode"] == 200
    is_full(strict(answer["body"].encode()), expected, text)


def test_a_query_without_a_text(serve):
    api = serve()
    for parameters in (None, {}, {"other": "a"}):
        answer = api.result(query_event("http2", parameters))
        error = strict(answer["body"].encode())["error"]
        assert (answer["statusCode"], error["field"]) == (400, "text")
    answer = api.result(query_event("rest", {"text": "a"}) | {"path": "/nowhere"})
    assert (answer["statusCode"], "POST and GET /predict" in answer["body"]) == (404, True)
    event = query_event("rest", {"text": "a"}) | {"httpMethod": "DELETE"}
    answer = api.result(event)
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "GET, POST")


def test_records_carry_texts(serve):
    api = serve()
    image = {"sentence": {"S": 'été "x"'}}
    records = [
        {"eventSource": "aws:dynamodb", "eventName": "INSERT",
         "dynamodb": {"SequenceNumber": str(i), "NewImage": image}}
        for i, image in enumerate((image, {"text": {"S": ""}}, {"text": {"N": "1"}}))
    ]  # fmt: skip
    failures = api.result({"Records": records})["batchItemFailures"]
    assert failures == [{"itemIdentifier": "2"}]
    [line] = [line for line in api.function.log() if line["level"] == "WARN"]
    assert line["message"].startswith("text: expected a text"), line
    body = json.dumps({"sentence": 'a "quoted" one'})
    sqs = {"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": body}]}
    assert api.result(sqs) == {"batchItemFailures": []}
    mapped = api.result({"Items": [{"sentence": "a"}, {"text": ""}]})
    assert [m["label"] in text_model.LABELS for m in mapped] == [True, True]


def test_http_and_what_the_model_says_of_itself(serve, expected):
    api = serve()
    answer = api.result(http_api(body=json.dumps({"sentence": SENTENCE})))
    is_full(strict(answer["body"].encode()), expected, SENTENCE)
    context = {"stage": "prod"}
    about = api.result({"httpMethod": "GET", "path": "/model", "requestContext": context})
    about = strict(about["body"].encode())
    assert about["input"] == [{"name": "sentence", "type": "text", "max_tokens": text_model.MOST}]
    assert about["output"]["names"] == text_model.LABELS
