#!/usr/bin/env python3
"""Compares minilm.mote with the float32 original, run by ONNX Runtime.

2,000 sentences are made from lists of words, all different, by a generator with
a fixed seed. Of each the cosine of both vectors is taken; of all 19,900 pairs
of the first 200, the rank correlation of the pair's cosine by the one and by
the other (Spearman's). Ends with status 1 where a limit is missed.

Usage: PYTHONPATH=tools models/minilm/check.py [FILE.mote [MODEL.onnx]]
"""

import random
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from scipy.stats import spearmanr
from tokenizers import Tokenizer

from mote.engine import Engine

COUNT, PAIRED, SEED, MAX_TOKENS = 2000, 200, 6, 256
LEAST_MEAN, LEAST, LEAST_RANK = 0.995, 0.99, 0.99

WHO = (
    "the nurse", "a retired sailor", "my neighbour", "our accountant", "the old fox",
    "a committee of experts", "the violinist", "two students", "the mayor", "every gardener",
    "a robot", "the night train's driver", "her younger brother", "the goalkeeper",
    "a beekeeper from Malta", "the court", "the software", "an unknown painter",
    "the striking dockers", "a flock of starlings",
)  # fmt: skip
DID = (
    "repaired", "forgot", "sold", "described", "photographed", "measured", "avoided",
    "voted against", "fell in love with", "translated", "painted", "would never touch",
    "has been waiting for", "quietly buried", "complained about", "examined", "inherited",
    "is looking for", "could not find", "paid twice for",
)  # fmt: skip
WHAT = (
    "the broken bicycle", "a letter from the bank", "three loaves of bread", "the quantum computer",
    "an annual report", "the bridge over the river", "a recipe for plum cake", "the tax reform",
    "some rare orchids", "a vaccine against malaria", "the last episode", "the goal in overtime",
    "a second-hand piano", "the melting glacier", "an encrypted password", "the moons of Jupiter",
    "a pair of leather boots", "the peace treaty", "the kitchen sink", "a poem about winter",
)  # fmt: skip
WHEN = (
    "", "yesterday", "before the storm", "in 1987", "during the strike", "because it was cheap",
    "although nobody had asked", "at the airport", "without saying a word", "for 4.50 euros",
    "while the others slept", "on the second floor", "as the doctor advised",
    "in spite of the rain",
)  # fmt: skip
SHAPES = (
    "{who} {did} {what} {when}.", "{when}, {who} {did} {what}.",
    "Who says that {who} {did} {what}?",
    "{what}!", "I was told {who} {did} {what}; {who2} {did2} {what2} {when}.",
    "How much is {what}?", "{who} and {who2}", "{what} or {what2}: that is what {who} {did}.",
    "It is {what} that {who} {did} {when}, not {what2}, said {who2}.",
)  # fmt: skip


def sentences() -> list[str]:
    """COUNT different ones, of 2 to 50 words."""
    rng, made = random.Random(SEED), {}
    while len(made) < COUNT:
        parts = {
            "who": rng.choice(WHO), "did": rng.choice(DID), "what": rng.choice(WHAT),
            "when": rng.choice(WHEN), "who2": rng.choice(WHO), "did2": rng.choice(DID),
            "what2": rng.choice(WHAT),
        }  # fmt: skip
        text = rng.choice(SHAPES).format(**parts).lstrip(", ").replace(" .", ".")
        made[text[0].upper() + text[1:]] = None
    return list(made)


def original(path: Path, texts: list[str]) -> np.ndarray:
    """[texts][384], of length 1: the mean of the tokens' vectors, each text alone."""
    tokenizer = Tokenizer.from_file(str(path.parent / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rows = []
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids])
        feed = {"input_ids": ids, "attention_mask": ids * 0 + 1, "token_type_ids": ids * 0}
        rows.append(session.run(None, feed)[0][0].mean(axis=0))
    rows = np.array(rows, np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def main(arguments: list[str]) -> int:
    root = Path(__file__).resolve().parents[2]
    given = [Path(a) for a in arguments]
    blob, onnx = (
        given
        + [root / "models/minilm/minilm.mote", root / "build/models/minilm/model.onnx"][
            len(given) :
        ]
    )
    texts = sentences()
    want = original(onnx, texts)
    with Engine(blob.read_bytes()) as engine:
        got = np.asarray(engine.texts(texts)[1], np.float64)
    cosine = (want * got).sum(axis=1) / np.linalg.norm(got, axis=1)
    pairs = np.triu_indices(PAIRED, 1)
    rank = spearmanr(*((v[:PAIRED] @ v[:PAIRED].T)[pairs] for v in (want, got))).statistic
    print(
        f"{COUNT} sentences: cosine {cosine.mean():.5f} in the mean (at least {LEAST_MEAN}), "
        f"{cosine.min():.5f} at least ({LEAST}); {len(pairs[0])} pairs of {PAIRED}: "
        f"rank correlation {rank:.5f} (at least {LEAST_RANK})"
    )
    return int(not (cosine.mean() >= LEAST_MEAN and cosine.min() >= LEAST and rank >= LEAST_RANK))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
