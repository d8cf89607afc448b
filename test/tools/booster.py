"""What the tests of both boosting libraries share: data with gaps, zeros and
categories, rows that lie on thresholds and beside them, and the comparison of
the engine with the trainer."""

import json
from pathlib import Path

import numpy as np

from mote import config, importers, lower
from mote.engine import Engine
from mote.verify import engine_rows

OLD = Path(__file__).parent / "old"
NUMPY = {"f32": np.float32, "f64": np.float64}


def data(rng, rows: int, features: int, categorical: list[int], missing: float):
    """x [rows][features] of various scales, and a number that depends on it."""
    x = rng.normal(size=(rows, features)) * 10.0 ** rng.integers(-3, 4, features)
    for f in range(features):
        if rng.random() < 0.3:
            x[:, f] = rng.integers(-3, 4, rows)  # ties, and zeros
    for f in categorical:
        x[:, f] = rng.integers(0, rng.integers(3, 70), rows)
    z = (x - x.mean(0)) / (x.std(0) + 1e-9)
    y = z @ rng.normal(size=features) + 0.2 * rng.normal(size=rows)
    for f in categorical:
        y += (x[:, f] % 3) - 1
    x[rng.random(x.shape) < missing] = np.nan
    return x, y


def edge_rows(rng, forests: list, x: np.ndarray, categorical: list[int], count: int) -> np.ndarray:
    """Rows of x with numbers changed: thresholds of the trees and their
    neighbours, zeros of both signs and next to them, huge ones, NaN; for a
    category also unknown, negative and broken ones."""
    dtype = NUMPY[forests[0].dtype]
    by_feature: dict[int, list] = {}
    for forest in forests:
        for tree in forest.trees:
            for i in np.flatnonzero(tree.left >= 0):
                if i not in tree.sets:
                    by_feature.setdefault(int(tree.feature[i]), []).append(tree.threshold[i])
    special = [0.0, -0.0, 1e-36, -1e-36, 1e-35, -1e-35, 5e-324, 1e-45, 1e12, -1e12, np.nan]
    codes = [-1, -0.5, 0.5, 1.999, 3, 31, 32, 63, 64, 200, 1e7, np.nan]
    rows = x[rng.integers(len(x), size=count)].copy()
    for row in rows:
        for f in range(x.shape[1]):
            how = rng.random()
            if f in categorical:
                row[f] = rng.choice(codes) if how < 0.3 else row[f]
            elif how < 0.2:
                row[f] = rng.choice(special)
            elif how < 0.7 and f in by_feature:
                t = dtype(rng.choice(by_feature[f]))
                up = np.nextafter(t, dtype(np.inf))
                down = np.nextafter(t, dtype(-np.inf))
                row[f] = rng.choice([t, up, down, np.nextafter(float(t), np.inf)])
    most = float(np.finfo(dtype).max)  # an infinity is refused
    return np.clip(rows, -most, most)


def forests_of(imported) -> list:
    found = [n.attributes["forest"] for n in imported.graph.nodes if n.op == "trees"]
    assert found
    return found


def answers(imported, rows: np.ndarray):
    """(index, scores) of the engine, -1 and NaN of rows that it refuses."""
    precision = lower.choose_precision(imported.graph)
    assert precision == "float64"
    blob = lower.lower(imported, config.Config("test", "1"), precision).to_bytes()
    with Engine(blob) as engine:
        return engine_rows(engine, rows)


def compare(imported, rows: np.ndarray, want_index, want, limit: float) -> float:
    """Every label is the trainer's, and no score is farther from its than
    limit, relative to 1 or more; the largest distance. Where the trainer's two
    best probabilities are one number its label is the first of them."""
    index, scores = answers(imported, rows)
    want = np.asarray(want, np.float64).reshape(len(rows), -1)
    finite = np.isfinite(want).all(axis=1)
    error = np.abs(scores - want)[finite] / np.maximum(1, np.abs(want[finite]))
    worst = rows[finite][error.max(axis=1).argmax()] if error.size else None
    assert error.size and error.max() <= limit, (error.max(), worst)  # a NaN fails
    if want_index is not None:
        best = np.sort(want, axis=1)[:, -2:]
        tie = best[:, 0] == best[:, 1]
        wrong = (index != want_index) & finite & ~tie
        assert not wrong.any(), (rows[wrong][0].tolist(), scores[wrong][0], want[wrong][0])
    return float(error.max())


def old_names(pattern: str) -> list[str]:
    return sorted(p.name for p in OLD.glob(pattern) if ".answers." not in p.name)


def old_file(name: str):
    """Its rows, and the answers of the version that wrote it."""
    kept = json.loads((OLD / name).with_suffix(".answers.json").read_text())
    rows = np.array([[np.nan if v is None else v for v in row] for row in kept["rows"]])
    return rows, np.array(kept["answers"])


def compare_old(name: str, limit: float) -> None:
    """A file of an old version: as that version itself answered, and as the
    installed one does."""
    rows, want = old_file(name)
    imported = importers.import_file(str(OLD / name), config.Config("t"), False)
    if imported.output.kind == "class" and want.shape[1] == 1:
        want = np.hstack([1 - want, want])
    index = want.argmax(axis=1) if imported.output.kind == "class" else None
    compare(imported, rows, index, want, limit)
    compare(imported, rows, *imported.predict(rows), limit)
