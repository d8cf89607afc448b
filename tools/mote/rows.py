"""Rows to compare the engine with the trainer on: those of a user's file,
those that are generated, and edges.

Where a model's own parameters say which numbers of a feature matter, rows are
made of these: every threshold of a tree and its neighbours in the type that is
compared, every key of an encoder, every category, one that is not known, a
missing value. Columns are followed from the input through what selects, scales
and joins them; behind anything else a column is no feature any more.
"""

import csv
import math
from dataclasses import dataclass, field

import numpy as np

from mote.errors import Usage
from mote.graph import Feature, Imported

SEED = 20260101
ROWS = 2000  # that are generated,
PRODUCTS = 20_000_000_000  # or as many as take so many multiplications,
LEAST_ROWS = 16  # but at least these
MOST_EXACT = 4000  # edges made of a model's own numbers
NAMED = 12  # categories that a message names
FIELDS = 64  # features that are tried one by one


@dataclass
class Place:
    """A column that still is a feature: feature * scale + offset."""

    feature: int
    scale: float = 1.0
    offset: float = 0.0


@dataclass
class Clues:
    """What a model's parameters say of its features: center and width [n] of
    usual numbers; for each feature the numbers that the model compares it with,
    and those of them that are its only known ones."""

    center: np.ndarray
    width: np.ndarray
    compared: list[list[float]] = field(default_factory=list)
    known: list[list[float]] = field(default_factory=list)

    def numbers(self, feature: int) -> np.ndarray:
        return np.unique([v for v in self.compared[feature] if math.isfinite(v)])


# ------------------------------------------------------------------- the model


def clues(imported: Imported) -> Clues:
    n = len(imported.features)
    found = Clues(np.zeros(n), np.ones(n), [[] for _ in range(n)], [[] for _ in range(n)])
    places, first = {}, 0
    for value in imported.graph.inputs:
        places[value] = [Place(first + c) for c in range(value.dims[-1])]
        first += value.dims[-1]
    for node in imported.graph.nodes:
        if not any(v in places for v in node.inputs) or len(node.output.dims) > 2:
            continue
        columns = [places.get(v, [None] * (v.columns or 1)) for v in node.inputs]
        places[node.output] = follow(found, node, columns)
    for i, feature in enumerate(imported.features):
        compared = found.numbers(i)
        if feature.categories is None and len(compared) > 1:
            found.center[i], found.width[i] = compared.mean(), compared.std()
    return found


def follow(found: Clues, node, columns: list[list]) -> list:
    """Places of a node's output columns, after noting what it says."""
    a, first = node.attributes, columns[0]
    nowhere = [None] * (node.output.columns or 1)
    if node.op == "rowwise":
        return [scaled(found, p, a["kind"], float(v)) for p, v in zip(first, a["vector"])]
    if node.op == "columns":
        return [first[i] for i in a["index"]]
    if node.op == "missing":
        return first
    if node.op == "concat":
        return [p for part in columns for p in part]
    if node.op == "limit":
        for place in first:
            compare(found, place, a["bound"])
        return first
    if node.op == "fill":
        for place, what in zip(first, a["what"]):
            compare(found, place, [what])
        return first
    if node.op == "encode":
        for place, table in zip(first, a["tables"]):
            compare(found, place, table.keys, exact=a["kind"] == "exact")
    elif node.op == "equal":
        for column, value in zip(a["columns"], a["values"]):
            compare(found, first[column], [value], exact=True)
    elif node.op == "linear":  # those that are one column and no sum
        alone = [np.flatnonzero(row) for row in a["matrix"]]
        return [first[i[0]] if len(i) == 1 and row[i[0]] == 1 else None
                for row, i in zip(a["matrix"], alone)]  # fmt: skip
    elif node.op == "trees":
        for column, numbers in thresholds(a["forest"]).items():
            compare(found, first[column], numbers)
    return nowhere


def scaled(found: Clues, place: Place | None, kind: str, v: float) -> Place | None:
    if place is None:
        return None
    s, o, i = place.scale, place.offset, place.feature
    if kind == "-":
        found.center[i] = v
        return Place(i, s, o - v)
    if kind == "+":
        return Place(i, s, o + v)
    found.width[i] = abs(v) if kind == "/" else 1 / max(abs(v), 1e-12)
    if kind == "/":
        return Place(i, s / v, o / v) if v else None
    return Place(i, s * v, o * v) if v else None


def compare(found: Clues, place: Place | None, numbers, exact: bool = False) -> None:
    if place is None:
        return
    numbers = [float(x) for x in numbers]
    if (place.scale, place.offset) != (1.0, 0.0):
        numbers = [(x - place.offset) / place.scale for x in numbers]
    found.compared[place.feature] += numbers
    if exact:
        found.known[place.feature] += [x for x in numbers if math.isfinite(x)]


def thresholds(forest) -> dict[int, list[float]]:
    """By column: what its nodes compare with, and categories of their sets."""
    out: dict[int, list[float]] = {}
    for tree in forest.trees:
        inner = np.asarray(tree.left) >= 0
        for i in np.flatnonzero(inner).tolist():
            if i in tree.sets:
                s = tree.sets[i]
                numbers = [*s.left, max([s.known, *(c + 1 for c in s.left)]), -1]
            else:
                numbers = [tree.threshold[i]]
            out.setdefault(int(tree.feature[i]), []).extend(numbers)
    return out


# ------------------------------------------------------------------------ rows


def generator(stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(SEED + stream))


def rows_by_cost(imported: Imported) -> int:
    """Generated rows: of a large net fewer, so that verifying stays a matter of
    seconds."""
    return min(ROWS, max(LEAST_ROWS, PRODUCTS // max(1, imported.graph.multiplications())))


def rounds_sums(imported: Imported) -> bool:
    """Whether it takes products in float32, as nets do."""
    return imported.graph.net and imported.graph.multiplications() > 0


def generate(imported: Imported, given: np.ndarray | None, count: int) -> np.ndarray:
    """Usual rows, and a quarter as many that are spread wider."""
    if imported.sample is not None:
        return imported.sample(generator(0), count + count // 4 + 1)
    found, rng = clues(imported), generator(0)
    n = len(imported.features)
    center, width = found.center, found.width
    if given is not None and len(given) > 1:
        center, width = np.nan_to_num(np.nanmean(given, axis=0)), np.nanstd(given, axis=0) + 1e-9
    near = center + width * rng.standard_normal((count, n))
    wide = center + width * rng.uniform(-10, 10, (count // 4 + 1, n))
    rows = np.vstack([near, wide])
    settle(imported, found, rows, generator(1))
    return rows


def settle(imported: Imported, found: Clues, rows: np.ndarray, rng) -> None:
    """Makes categories of numbers, and some missing, where features are so."""
    for i, feature in enumerate(imported.features):
        if feature.categories is not None:
            rows[:, i] = rng.integers(
                -1 if feature.other else 0, len(feature.categories), len(rows)
            )
        elif found.known[i]:
            known = rng.random(len(rows)) < 0.7
            rows[known, i] = rng.choice(found.known[i], known.sum())
        if feature.missing:
            rows[rng.random(len(rows)) < 0.1, i] = math.nan
        if feature.dtype == "f32":
            bound = float(np.finfo(np.float32).max)
            rows[:, i] = np.clip(rows[:, i], -bound, bound)


def edges(imported: Imported) -> np.ndarray:
    """Zeros of both signs, denormals, huge and tiny numbers, each feature alone
    at an extreme; each category, and each number that the model compares. Of a
    large net only the first."""
    found, n = clues(imported), len(imported.features)
    if imported.sample is not None:
        return np.zeros((1, n))
    center, width = found.center, found.width
    rows = [np.full(n, v) for v in (0.0, -0.0, 1.0, -1.0, 5e-324, 1e-310, 1e-30)]
    # a net computes in float32: of larger numbers it has the noise alone
    factors, alone = (1e2, 1e6, 1e12), (0.0, 1e3, -1e3, 1e9, -1e9, 1e-300)
    if rounds_sums(imported):
        factors, alone = factors[:1], (0.0, 1e2, -1e2, 1e-300)
    for factor in factors:
        rows += [center + factor * width, center - factor * width]
    for i in range(min(n, FIELDS)):
        for value in alone:
            row = center.copy()
            row[i] = center[i] + value * width[i]
            rows.append(row)
    plain = Imported(
        imported.graph,
        [Feature(f.name, categories=f.categories, dtype=f.dtype) for f in imported.features],
        imported.output, imported.trainer, imported.predict,
    )  # fmt: skip
    rows = np.array(rows)
    settle(plain, Clues(center, width, known=[[]] * n), rows, generator(2))
    rows = np.vstack([rows, exact_rows(imported, found)])
    cost = rows_by_cost(imported)
    return rows if cost == ROWS else rows[: max(LEAST_ROWS, cost // 4)]


def exact_rows(imported: Imported, found: Clues) -> np.ndarray:
    """Generated rows with one feature at a number of the model's own; of more
    than MOST_EXACT some."""
    changes = [
        (i, value)
        for i, feature in enumerate(imported.features)
        for value in exact_values(feature, found.numbers(i))
    ]
    rng = generator(3)
    if len(changes) > MOST_EXACT:
        picked = rng.choice(len(changes), MOST_EXACT, replace=False)
        changes = [changes[p] for p in sorted(picked.tolist())]
    rows = generate(imported, None, 256)
    out = rows[rng.integers(0, len(rows), len(changes))]
    for row, (i, value) in zip(out, changes):
        row[i] = value
    return out


def exact_values(feature: Feature, compared: np.ndarray) -> list[float]:
    missing = [math.nan] if feature.missing else []
    if feature.categories is not None:
        return [*range(-1 if feature.other else 0, len(feature.categories)), *missing]
    if not len(compared):
        return missing
    bound = float(np.finfo(np.float32 if feature.dtype == "f32" else np.float64).max)
    with np.errstate(over="ignore"):
        single = compared.astype(np.float32)
        near = [compared] + [np.nextafter(compared, to) for to in (-math.inf, math.inf)]
        near += [single] + [np.nextafter(single, np.float32(to)) for to in (-math.inf, math.inf)]
    values = np.unique(np.concatenate([x.astype(np.float64) for x in near]))
    extremes = [bound, -bound, 5e-324, -5e-324, 0.0, -0.0]
    return [v for v in values.tolist() if abs(v) <= bound] + extremes + missing


# -------------------------------------------------------------------- refusals


def refused(imported: Imported) -> list[tuple[str, np.ndarray]]:
    """What must get no answer: (what is wrong, row [1][features])."""
    bad = []

    def add(feature: int, value: float, what: str) -> None:
        row = np.zeros((1, len(imported.features)))
        row[0, feature] = value
        bad.append((f"{what} in {imported.features[feature].name!r}", row))

    for i, feature in list(enumerate(imported.features))[-FIELDS:]:
        if not feature.missing:
            add(i, math.nan, "a missing value")
        if feature.categories is None:
            add(i, math.inf, "an infinity")
            add(i, -math.inf, "an infinity")
            continue
        if not feature.other:
            add(i, -1, "a category that is not known")
        add(i, len(feature.categories), "a category that there is not")
    return bad


# --------------------------------------------------------------- a user's rows


def read_rows(path: str, features: list[Feature]) -> np.ndarray:
    """Rows of a CSV file: a header with the features' names (in any order,
    others passed over), or none and as many columns as features. A field that
    is empty is missing; a category is its text."""
    with open(path, newline="") as f:
        table = [row for row in csv.reader(f) if row]
    if not table:
        raise Usage(f"{path}: has no rows")
    names = [f.name for f in features]
    columns = range(len(features))
    if any(cell in names for cell in table[0]):
        missing = [name for name in names if name not in table[0]]
        if missing:
            raise Usage(f"{path}: has no column {missing[0]!r}")
        columns = [table[0].index(name) for name in names]
        table = table[1:]
    rows = []
    for number, row in enumerate(table, 1):
        try:
            rows.append([read_cell(f, row[c]) for f, c in zip(features, columns)])
        except (ValueError, IndexError) as e:
            raise Usage(
                f"{path}: row {number}: expected {len(features)} {what_is_expected(features)}, "
                f"got {row}{f' ({e})' if isinstance(e, Unexpected) else ''}"
            ) from e
    return np.array(rows)


class Unexpected(ValueError):
    """A cell, and what its feature takes."""


def what_is_expected(features: list[Feature]) -> str:
    return "numbers" if all(f.categories is None for f in features) else "numbers or categories"


def read_cell(feature: Feature, cell: str) -> float:
    if cell == "":
        if not feature.missing:
            raise Unexpected(f"{feature.name} may not be missing")
        return math.nan
    if feature.categories is None:
        if feature.boolean and cell in ("true", "false"):
            return float(cell == "true")
        return float(cell)
    if cell in feature.categories:
        return float(feature.categories.index(cell))
    if feature.other:
        return -1.0
    known = f"; known are {', '.join(feature.categories)}"
    few = len(feature.categories) <= NAMED
    raise Unexpected(f"{feature.name} has no {cell!r}{known if few else ''}")
