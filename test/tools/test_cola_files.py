"""The files that cola's peer in the bench of cold starts loads: written from cola.mote,
and answered by the peer's own handler, against the engine."""

import importlib.util
import json

import numpy as np
import pytest
from conftest import ROOT

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("tokenizers")
import text_model  # noqa: E402
from text_lines import Lines  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from mote import reader  # noqa: E402
from mote.engine import Engine  # noqa: E402
from mote.engine_text import EngineTokenizer  # noqa: E402

PEER = ROOT / "tools/bench/peers/python"
COLA = ROOT / "models/cola"
LINES = 5000
NEAR = 0.05  # of a score: the engine quantizes activations
SENTENCES = [
    "The cat sat on the mat.", "The cat sat mat the on.", "She have three dog.",
    "They was late again.", "Who did you say that left?", "What did Bill buy potatoes and?",
    "John is eager to please.", "John is easy to please.", "It is easy to please John.",
    "The more you eat, the less you want.", "Him likes apples.", "I wonder who did that.",
    "The book what I read was long.", "She gave me it the book.",
    "We believed John to be honest.", "We believed to be John honest.",
    "There seems to be a problem.", "There seems a problem to be.", "Bill fell off the ladder.",
    "The ball wants to be by kicked.", "Every student their homework did.",
    "All the students have done their homework.", "A lot of people is here.",
    "He said that that was fine.", "I saw Mary yesterday leave.", "Mary was seen to leave.",
    "Mary was seen leave.", "To err is human.", "Is raining it?", "Is it raining?",
    "Susan hopes to win and Fred to lose.", "Anson believed himself to be handsome.",
    "Anson believed that himself was handsome.", "I have no idea whatsoever.",
    "The dog which bit me is dead.", "Which dog bit me is dead.", "He would of gone.",
    "If I were you I'd go.", "don't can't won't", "café naïve résumé", "日本語のテキスト here",
    "UPPER CASE TEXT!!", "a", ".", "?!", "12345 67 8.9", "the the the the the the",
    "http://example.com/x?y=z", "[MASK] is a [SEP] token [CLS].",
    "xylophonic antidisestablishmentarianism", "zq" * 60, "word " * 300,
]  # fmt: skip


def load(name: str):
    spec = importlib.util.spec_from_file_location(name, PEER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


files = load("cola_files")


@pytest.fixture(scope="module")
def cola() -> bytes:
    return (COLA / "cola.mote").read_bytes()


@pytest.fixture(scope="module")
def written(cola, tmp_path_factory):
    """The folder with both files."""
    folder = tmp_path_factory.mktemp("cola")
    files.write(cola, folder)
    return folder


def sentences() -> list[str]:
    samples = COLA / "samples"
    row = json.loads((samples / "row.event.json").read_text())["sentence"]
    return [row, "", *json.loads((samples / "batch.event.json").read_text()), *SENTENCES]


def test_the_handler_says_what_the_engine_says(cola, written, monkeypatch):
    monkeypatch.chdir(written)
    handler = load("cola").handler
    replies = [handler({"sentence": s}, None) for s in sentences()]
    with Engine(cola) as engine:
        index, scores, _ = engine.texts(sentences())
    theirs = np.array([[entry["score"] for entry in reply] for reply in replies])
    assert np.abs(theirs - scores).max() < NEAR
    clear = np.abs(scores[:, 0] - 0.5) > NEAR
    assert 40 < clear.sum() and len(set(index[clear])) == 2
    assert np.array_equal(theirs.argmax(1)[clear], index[clear])


def test_its_tokens_are_the_engine_s(cola, written):
    """In the sentences, and in lines of every script: a vocabulary that was trained
    with, where test_tokenizer.py has made-up ones."""
    model = reader.read(cola)
    section = next(s for s in model.sections if s.name == "TEXT")
    ours = EngineTokenizer(cola[section.offset : section.offset + section.bytes])
    theirs = Tokenizer.from_file(str(written / "tokenizer.json"))
    most = model.features[0].tokens
    words = [word.removeprefix("##") for word in theirs.get_vocab()]
    cut = 0
    for text in [*sentences(), *Lines(14, words).lines(LINES)]:
        ids, was_cut = ours.encode(text, most)
        assert theirs.encode(text).ids == ids, ascii(text)
        cut += was_cut
    assert cut


def test_in_float32_nothing_but_rounding_differs(tmp_path, monkeypatch):
    blob = text_model.blob("class", precision="float32")
    files.write(blob, tmp_path)
    monkeypatch.chdir(tmp_path)
    handler = load("cola").handler
    texts = ["", "the cat sat on the mat.", "a dog is not a good book", "été 猫 zzz"]
    with Engine(blob) as engine:
        scores = engine.texts(texts)[1]
    for text, row in zip(texts, scores, strict=True):
        theirs = [entry["score"] for entry in handler({"sentence": text}, None)]
        assert theirs == pytest.approx(list(row), abs=1e-5)


def test_an_operator_that_is_not_known_is_named(tmp_path):
    with pytest.raises(files.Refused, match="normalize: expected one of argmax, attention, "):
        files.write(text_model.blob("embedding"), tmp_path)
    with pytest.raises(files.Refused, match="INPUT: expected a text"):
        files.write((ROOT / "models/iris/iris.mote").read_bytes(), tmp_path)
    assert not list(tmp_path.iterdir())
