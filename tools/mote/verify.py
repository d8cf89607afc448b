"""Compares the engine with the trainer on the same rows, and says by numbers
how far they are apart.

Rows come from three places: those that are given, rows like them (or, when
none are given, around what the model's own parameters suggest), and edges:
zeros of both signs, denormals, huge and tiny values, each feature alone at an
extreme. What neither side can take (NaN, infinities) must be refused.
"""

import math

import numpy as np

from mote.engine import Engine, Rejected
from mote.graph import Imported
from mote.result import Answers, Result, judge, limits_of

SEED = 20260101


def spread(imported: Imported) -> tuple[np.ndarray, np.ndarray]:
    """Center and width of each feature, from the scalers in front, or 0 and 1."""
    n = len(imported.features)
    center, width = np.zeros(n), np.ones(n)
    for node in imported.graph.nodes:
        if node.op != "rowwise":
            break
        vector = node.attributes["vector"]
        if node.attributes["kind"] == "-":
            center = vector
        elif node.attributes["kind"] == "/":
            width = np.abs(vector)
        elif node.attributes["kind"] == "*":
            width = 1 / np.maximum(np.abs(vector), 1e-12)
    return center, width


def generate(imported: Imported, given: np.ndarray | None, count: int) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(SEED))
    n = len(imported.features)
    center, width = spread(imported)
    if given is not None and len(given) > 1:
        center, width = given.mean(axis=0), given.std(axis=0) + 1e-9
    near = center + width * rng.standard_normal((count, n))
    wide = center + width * rng.uniform(-10, 10, (count // 4 + 1, n))
    return np.vstack([near, wide])


def edges(imported: Imported) -> np.ndarray:
    n = len(imported.features)
    center, width = spread(imported)
    rows = [np.full(n, v) for v in (0.0, -0.0, 1.0, -1.0, 5e-324, 1e-310, 1e-30)]
    for factor in (1e2, 1e6, 1e12):
        rows += [center + factor * width, center - factor * width]
    for i in range(min(n, 64)):
        for value in (0.0, 1e3, -1e3, 1e9, -1e9, 1e-300):
            row = center.copy()
            row[i] = center[i] + value * width[i]
            rows.append(row)
    return np.array(rows)


def read_rows(path: str, features: list[str]) -> np.ndarray:
    """Rows of a CSV file: a header with the features' names (in any order,
    others passed over), or none and as many columns as features."""
    import csv

    from mote.errors import Usage

    with open(path, newline="") as f:
        table = [row for row in csv.reader(f) if row]
    if not table:
        raise Usage(f"{path}: has no rows")
    columns = range(len(features))
    if any(cell in features for cell in table[0]):
        missing = [name for name in features if name not in table[0]]
        if missing:
            raise Usage(f"{path}: has no column {missing[0]!r}")
        columns = [table[0].index(name) for name in features]
        table = table[1:]
    rows = []
    for number, row in enumerate(table, 1):
        try:
            rows.append([float(row[c]) for c in columns])
        except (ValueError, IndexError) as e:
            raise Usage(f"{path}: row {number}: expected {len(features)} numbers, got {row}") from e
    return np.array(rows)


def engine_rows(engine: Engine, rows: np.ndarray):
    """(index, scores); a row that the engine refuses stays at -1 and NaN."""
    try:
        return engine.rows(rows)
    except Rejected:
        pass  # one of them, then; find out which
    index = np.full(len(rows), -1, np.int32)
    scores = np.full((len(rows), engine.outputs), np.nan)
    for i in range(len(rows)):
        try:
            index[i : i + 1], scores[i : i + 1] = engine.rows(rows[i : i + 1])
        except Rejected:
            continue
    return index, scores


def verify(
    imported: Imported, blob: bytes, precision: str, config, given: np.ndarray | None = None
) -> Result:
    parts = [generate(imported, given, config.rows), edges(imported)]
    rows = np.vstack(([given] if given is not None else []) + parts)
    with np.errstate(all="ignore"):
        want_index, want = imported.predict(rows)
    with Engine(blob) as engine:
        index, scores = engine_rows(engine, rows)
        failures = check_refusals(engine, len(imported.features))

    answers = Answers(
        features=imported.features,
        rows=rows,
        given=0 if given is None else len(given),
        edges=len(parts[1]),
        ours=(index, scores),
        theirs=(want_index, want),
    )
    return judge(answers, limits_of(config, precision), failures)


def check_refusals(engine: Engine, features: int) -> list[str]:
    """NaN and infinities must not get an answer."""
    failures = []
    for bad in (math.nan, math.inf, -math.inf):
        row = np.zeros((1, features))
        row[0, features - 1] = bad
        try:
            engine.rows(row)
            failures.append(f"input: a row with {bad} was answered, expected a refusal")
        except Rejected:
            pass
    return failures
