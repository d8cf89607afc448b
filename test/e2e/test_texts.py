"""A model of texts end to end: the events of the service that had such a model
before, and the shapes it could not answer; behind the project's emulator and,
in CI, AWS's own."""

import base64
import json
import shutil
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

import lambdas
import pytest
import text_model

SENTENCES = ["The cat sat on the mat.", "été 猫 & 1+1=2? 100%", 'a "quoted" \\ one', ""]
SHAPES = ["http2", "http1", "rest", "url", "alb", "alb-multi"]
MODELS = lambdas.ROOT / "models"
NONE = lambdas.BOOTSTRAP.parents[1] / "none" / "bootstrap"
COLA = lambdas.BOOTSTRAP.parents[1] / "cola" / "bootstrap"


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory):
    """bootstrap(reply) -> a function that has such a model beside it."""

    def make(reply):
        folder = tmp_path_factory.mktemp(reply)
        shutil.copy(NONE, folder / "bootstrap")
        kind = "embedding" if reply == "base64" else "class"
        (folder / "model.mote").write_bytes(text_model.blob(kind, reply))
        return folder / "bootstrap"

    return make


@pytest.fixture(scope="module", params=["scores", "prediction"])
def service(request, bootstrap, tmp_path_factory):
    log = open(tmp_path_factory.mktemp("log") / "log", "w+")
    process = lambdas.start_emulator(log, "--quiet", bootstrap=bootstrap(request.param))
    process.reply = request.param
    yield process
    process.stop()


@pytest.fixture(scope="module", params=SHAPES)
def front(request, bootstrap, tmp_path_factory):
    log = open(tmp_path_factory.mktemp("log") / "log", "w+")
    options = ("--http-shape", request.param, "--quiet")
    process = lambdas.start_emulator(log, *options, bootstrap=bootstrap("prediction"))
    yield process
    process.stop()


def is_answer(reply, style, sentence):
    if style == "scores":
        assert [r["label"] for r in reply] == text_model.LABELS
        assert abs(sum(r["score"] for r in reply) - 1) < 1e-6
        return
    assert reply["text"] == sentence
    score = reply["prediction"]["score"]
    assert reply["prediction"]["label"] in text_model.LABELS and score == round(score, 2) >= 0.5


def rest_event(body, is_base64):
    """REST proxy integration, as the first service was called."""
    return {
        "resource": "/predict", "path": "/predict", "httpMethod": "POST",
        "headers": {"Content-Type": "application/json"}, "queryStringParameters": None,
        "requestContext": {"resourcePath": "/predict", "httpMethod": "POST", "stage": "Prod"},
        "body": base64.b64encode(body.encode()).decode() if is_base64 else body,
        "isBase64Encoded": is_base64,
    }  # fmt: skip


def http_event(method, body=None, is_base64=False, query=None):
    """HTTP API, payload format 2.0."""
    http = {"method": method, "path": "/predict", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}
    event = {
        "version": "2.0", "routeKey": "$default", "rawPath": "/predict",
        "rawQueryString": "" if query is None else urlencode(query),
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": http, "routeKey": "$default", "stage": "$default"},
        "isBase64Encoded": is_base64,
    }  # fmt: skip
    if query is not None:
        event["queryStringParameters"] = query
    if body is not None:
        event["body"] = base64.b64encode(body.encode()).decode() if is_base64 else body
    return event


def http_events(sentence):
    body = json.dumps({"sentence": sentence})
    yield http_event("POST", body)
    yield http_event("POST", body, is_base64=True)
    yield http_event("GET", query={"text": sentence})


def old_events(sentence):
    """(event, whether the reply has an envelope)"""
    body = json.dumps({"sentence": sentence})
    yield {"sentence": sentence}, False
    yield rest_event(body, False), True
    yield rest_event(body, True), True


@pytest.mark.parametrize("sentence", SENTENCES)
def test_events_of_the_service_before(service, sentence):
    for event, enveloped in old_events(sentence):
        reply = json.loads(service.invoke(json.dumps(event).encode()))
        if enveloped:
            assert reply["statusCode"] == 200
            reply = json.loads(reply["body"])
        is_answer(reply, service.reply, sentence)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_http_shape(front, sentence):
    for body in ({"sentence": sentence}, {"text": sentence}, sentence):
        status, reply = front.http("POST", "/predict", json.dumps(body))
        assert status == 200
        is_answer(json.loads(reply), "prediction", sentence)
    for coded in quote(sentence, safe=""), quote_plus(sentence):
        status, reply = front.http("GET", f"/predict?text={coded}")
        assert status == 200, reply
        is_answer(json.loads(reply), "prediction", sentence)
    body = json.dumps({"sentences": [sentence] * 3})
    status, reply = front.http("POST", "/", body, {"Content-Type": "application/x-www-form"})
    for one in json.loads(reply)["predictions"]:
        is_answer(one, "prediction", sentence)


def test_refusals_of_every_http_shape(front):
    status, reply = front.http("POST", "/predict", '{"sentence": 3}')
    error = json.loads(reply)["error"]
    assert (status, error["field"]) == (400, "sentence")
    assert error["message"].startswith("sentence: expected a text, got 3")
    assert front.http("GET", "/predict")[0] == 400
    response, _ = front.request("PUT", "/predict", b"", {}, front.http_port)
    assert (response.status, response.headers["Allow"]) == (405, "GET, POST")


def test_a_long_text_is_cut(front):
    status, reply = front.http("POST", "/", json.dumps({"sentence": "cat " * 10_000}))
    assert status == 200 and json.loads(reply)["truncated"] is True


def test_vectors(bootstrap, tmp_path):
    process = lambdas.start_emulator(
        open(tmp_path / "log", "w+"), "--quiet", bootstrap=bootstrap("base64")
    )
    try:
        status, reply = process.http("POST", "/", json.dumps({"sentences": SENTENCES}))
        vectors = json.loads(reply)["embeddings"]
        sizes = {len(base64.b64decode(v, validate=True)) for v in vectors}
        assert status == 200 and len(vectors) == len(SENTENCES) and sizes == {4 * text_model.WIDE}
        body = json.dumps({"sentences": SENTENCES, "encoding_format": "float"})
        vectors = json.loads(process.http("POST", "/", body)[1])["embeddings"]
        assert {len(v) for v in vectors} == {text_model.WIDE}
    finally:
        process.stop()


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """serve(name) -> the emulator before models/NAME, started once."""
    started = {}

    def of(name):
        if name in started:
            return started[name]
        blob = MODELS / f"{name}/{name}.mote"
        if not blob.exists():
            pytest.skip(f"make models/{name}/{name}.mote makes it")
        folder = tmp_path_factory.mktemp(name)
        shutil.copy(NONE, folder / "bootstrap")
        shutil.copy(blob, folder / "model.mote")
        log = open(folder / "log", "w+")
        started[name] = lambdas.start_emulator(log, "--quiet", bootstrap=folder / "bootstrap")
        return started[name]

    yield of
    for process in started.values():
        process.stop()


@pytest.fixture
def cola(serve):
    return serve("cola")


SAMPLES = [s for m in ("cola", "minilm") for s in MODELS.glob(f"{m}/samples/*.event.json")]


def golden_of(sample):
    golden = sample.with_name(sample.name.replace(".event.", ".reply.")).read_bytes()
    return golden.removesuffix(b"\n")


@pytest.mark.parametrize("sample", sorted(SAMPLES), ids=lambda s: f"{s.parts[-3]}-{s.name}")
def test_samples_have_their_golden_replies(serve, sample):
    """To the byte, on each kind of processor."""
    assert serve(sample.parts[-3]).invoke(sample.read_bytes()) == golden_of(sample)


def test_cola_cuts_what_is_longer_than_128_tokens(cola):
    def ask(words):
        return json.loads(cola.invoke(json.dumps({"sentence": " ".join(words)}).encode()))

    fits, long = ask(["the"] * 126), ask(["the"] * 10_000)
    assert [entry.pop("truncated") for entry in long] == [True, True] and long == fits


def test_64_texts_of_cola_are_64_single_calls(cola):
    texts = [" ".join(["the", "cat", "sat"][: i % 4] * (1 + i % 41)) + "." for i in range(64)]
    alone = [cola.invoke(json.dumps({"sentence": t}).encode()) for t in texts]
    assert cola.invoke(json.dumps(texts).encode()) == b"[" + b",".join(alone) + b"]"


def test_memory_of_cola_s_first_reply(tmp_path):
    """Rows of the embedding are decoded alone: of its own a process has little, and
    few pages are asked for. (How much of the file Linux maps at a fault is up to
    its page cache, so that is no measure.)"""
    log = open(tmp_path / "log", "w+")
    process = lambdas.start_emulator(log, "--quiet", bootstrap=COLA)
    try:
        process.invoke(b'{"sentence": "The sailors sang a song about the sea."}')
        pid = process.function_pid()
        own = Path(f"/proc/{pid}/status").read_text().split("RssAnon:")[1].split()[0]
        faults = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[7]
        assert int(own) <= 512 and int(faults) <= 150
    finally:
        process.stop()


@pytest.mark.ci
def test_the_same_behind_aws_s_emulator(bootstrap, tmp_path):
    process = lambdas.start_rie(open(tmp_path / "log", "w+"), bootstrap("prediction"))
    try:
        for sentence in SENTENCES:
            for event, enveloped in old_events(sentence):
                reply = json.loads(process.invoke(json.dumps(event).encode()))
                reply = json.loads(reply["body"]) if enveloped else reply
                is_answer(reply, "prediction", sentence)
            for event in http_events(sentence):
                reply = json.loads(process.invoke(json.dumps(event).encode()))
                assert reply["statusCode"] == 200, reply
                is_answer(json.loads(reply["body"]), "prediction", sentence)
    finally:
        process.stop()


@pytest.mark.ci
def test_samples_of_cola_behind_aws_s_emulator(tmp_path):
    """Its own executable, to the byte."""
    samples = sorted((MODELS / "cola/samples").glob("*.event.json"))
    process = lambdas.start_rie(open(tmp_path / "log", "w+"), COLA)
    try:
        for sample in samples:
            assert process.invoke(sample.read_bytes()) == golden_of(sample), sample.name
    finally:
        process.stop()
    assert samples
