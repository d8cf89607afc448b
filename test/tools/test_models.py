"""The models of texts in models/: their files against their cards and samples."""

import base64
import importlib.util
import json
import random
from pathlib import Path

import numpy as np
import pytest

from mote.engine import Engine

MODELS = Path(__file__).resolve().parents[2] / "models"
MINILM = MODELS / "minilm/minilm.mote"
COLA_BYTES = 6_000_000  # that it is to stay within


def test_cola_says_what_its_samples_say():
    blob = (MODELS / "cola/cola.mote").read_bytes()
    assert len(blob) <= COLA_BYTES
    samples = MODELS / "cola/samples"
    texts = json.loads((samples / "batch.event.json").read_text())
    replies = json.loads((samples / "batch.reply.json").read_text())
    with Engine(blob) as engine:
        scores = engine.texts(texts)[1]
    for row, reply in zip(scores, replies, strict=True):
        assert [entry["label"] for entry in reply] == ["unacceptable", "acceptable"]
        assert [entry["score"] for entry in reply] == pytest.approx(list(row), abs=1e-6)


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_ill_formed_variants_say_which_words_were_touched():
    corrupt = load(MODELS / "cola/corrupt.py")
    known = set(corrupt.FUNCTION) | {"cat", "cats", "sleep", "sleeps", "sleeping", "house"}
    text = "The cat sleeps in the house, and nobody has seen them."
    corrupter = corrupt.Corrupter(known, ["A dog barked."], random.Random(1))
    lengths, found = set(), set()
    made = [pair for _ in range(1000) if (pair := corrupter(text))]
    assert len(made) > 950  # two changes may undo each other
    for words, changed in made:
        assert words != text.split() and len(changed) == len(words)
        assert set(changed) == {0, 1}
        assert {w for w, c in zip(words, changed, strict=True) if not c} <= set(text.split())
        lengths.add(len(words))
        found.update(words)
    assert lengths >= {10, 11, 12} and found >= {"sleeping", "cats", "dog", "his", "under"}


def test_minilm_is_near_its_original():
    """Where `make models/minilm/minilm.mote` was run."""
    for needed in ("onnxruntime", "scipy", "tokenizers"):
        pytest.importorskip(needed)
    if not MINILM.exists():
        pytest.skip("make models/minilm/minilm.mote makes it")
    check = load(MODELS / "minilm/check.py")
    assert len(set(check.sentences())) == check.COUNT
    assert check.main([]) == 0


def test_minilm_says_what_its_samples_say():
    if not MINILM.exists():
        pytest.skip("make models/minilm/minilm.mote makes it")
    samples = MODELS / "minilm/samples"
    texts = json.loads((samples / "sentences.event.json").read_text())["sentences"]
    reply = json.loads((samples / "sentences.reply.json").read_text())
    with Engine(MINILM.read_bytes()) as engine:
        vectors = engine.texts(texts)[1]
    golden = [np.frombuffer(base64.b64decode(v), "<f4") for v in reply["embeddings"]]
    assert np.array_equal(golden, vectors) and vectors.shape == (2, 384)
