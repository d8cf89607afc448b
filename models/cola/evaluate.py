#!/usr/bin/env python3
"""Matthews correlation of cola.mote on MOTE_DATA/cola/in_domain_dev.tsv, by the
engine, and its time for a sentence of 16 tokens.

Usage: MOTE_DATA=… PYTHONPATH=tools models/cola/evaluate.py [FILE.mote]
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

from mote.engine import Engine

TOKENS, RUNS = 16, 400


def main() -> None:
    if "MOTE_DATA" not in os.environ:
        sys.exit("evaluate.py: MOTE_DATA is not set: the folder in which cola/ lies")
    path = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parent / "cola.mote"
    data = Path(os.environ["MOTE_DATA"]) / "cola/in_domain_dev.tsv"
    rows = [line.split("\t") for line in data.read_text("utf-8").splitlines()]
    texts, labels = [row[3] for row in rows], np.array([int(row[1]) for row in rows])
    with Engine(path.read_bytes()) as engine:
        _, scores, lengths = engine.texts(texts)[:3]
        predicted = np.asarray(scores).argmax(axis=1)
        text = next(t for t, n in zip(texts, lengths, strict=True) if n == TOKENS)
        times = []
        for _ in range(RUNS):
            begin = time.perf_counter()
            engine.texts([text])
            times.append(time.perf_counter() - begin)
    mcc = np.corrcoef(labels, predicted)[0, 1] if len(set(predicted)) > 1 else 0.0
    print(f"in_domain_dev: MCC {mcc:.3f}, {(labels == predicted).mean():.3f} right, {len(labels)}")
    print(
        f"{TOKENS} tokens: {min(times) * 1e3:.3f} ms at least, {np.median(times) * 1e3:.3f} ms "
        f"in the median of {RUNS} calls through Python"
    )


if __name__ == "__main__":
    main()
