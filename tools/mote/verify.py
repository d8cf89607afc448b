"""Compares the engine with the trainer on the same rows, and says by numbers
how far they are apart.

Rows come from three places: those that are given, rows like them (or, when
none are given, around what the model's own parameters suggest), and edges:
zeros of both signs, denormals, huge and tiny values, each feature alone at an
extreme. What neither side can take (NaN, infinities) must be refused.
"""

import json
import math
from dataclasses import asdict, dataclass, field

import numpy as np

from mote.engine import Engine, Rejected
from mote.graph import Imported

SEED = 20260101
ROWS = 2000  # that are generated,
PRODUCTS = 20_000_000_000  # or as many as take so many multiplications,
LEAST_ROWS = 16  # but at least these
# Below this relative distance of the two best scores a label is a tie, which
# the order of additions decides; the trainer's own changes with its BLAS.
TIE = 1e-12
# What rounding explains, for each way of computing; larger needs a reason. In
# int8 a row far outside of all others may come out anywhere: there the many
# count, and the labels.
DEFAULT_LIMITS = {
    "float64": {"max_error": 1e-6, "p99_error": 1e-6, "min_labels": 1.0},
    "float32": {"max_error": 1e-4, "p99_error": 1e-5, "min_labels": 0.999},
    "int8": {"max_error": math.inf, "p99_error": 0.1, "min_labels": 0.99},
}


@dataclass
class Result:
    rows: int
    given: int
    edges: int
    max_error: float
    p99_error: float
    label_flips: int
    ties: int
    overflows: int  # rows for which the trainer has no finite answer
    limits: dict
    failures: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.failures

    def provenance(self) -> dict:
        """As it goes into the file: errors rounded up to a power of two, so
        that another CPU's last bit does not change the bytes."""
        return {
            "verified rows": self.rows,
            "verify max error": round_up(self.max_error),
            "verify label flips": self.label_flips,
        }

    def json(self) -> str:
        return json.dumps(asdict(self) | {"passed": self.passed}, indent=2)


def round_up(error: float) -> float:
    if error == 0:
        return 0.0
    return 2.0 ** math.ceil(math.log2(error))


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


def rows_by_cost(imported: Imported) -> int:
    """Generated rows: of a large net fewer, so that verifying stays a matter of
    seconds."""
    return min(ROWS, max(LEAST_ROWS, PRODUCTS // max(1, imported.graph.multiplications())))


def rounds_sums(imported: Imported) -> bool:
    """Whether it takes products in float32, as nets do."""
    return imported.graph.net and imported.graph.multiplications() > 0


def generate(imported: Imported, given: np.ndarray | None, count: int) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(SEED))
    n = len(imported.features)
    if imported.sample is not None:
        return imported.sample(rng, count + count // 4 + 1)
    center, width = spread(imported)
    if given is not None and len(given) > 1:
        center, width = given.mean(axis=0), given.std(axis=0) + 1e-9
    near = center + width * rng.standard_normal((count, n))
    wide = center + width * rng.uniform(-10, 10, (count // 4 + 1, n))
    return np.vstack([near, wide])


def edges(imported: Imported) -> np.ndarray:
    n = len(imported.features)
    if imported.sample is not None:
        return np.zeros((1, n))
    center, width = spread(imported)
    rows = [np.full(n, v) for v in (0.0, -0.0, 1.0, -1.0, 5e-324, 1e-310, 1e-30)]
    # a net computes in float32: of larger numbers it has the noise alone
    factors, alone = (1e2, 1e6, 1e12), (0.0, 1e3, -1e3, 1e9, -1e9, 1e-300)
    if rounds_sums(imported):
        factors, alone = factors[:1], (0.0, 1e2, -1e2, 1e-300)
    for factor in factors:
        rows += [center + factor * width, center - factor * width]
    for i in range(min(n, 64)):
        for value in alone:
            row = center.copy()
            row[i] = center[i] + value * width[i]
            rows.append(row)
    missing = np.array([f.missing for f in imported.features])
    rows = [np.where(missing, np.nan, center)] * bool(missing.any()) + rows
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


def relative_error(ours: np.ndarray, theirs: np.ndarray, net: bool = False) -> np.ndarray:
    """Of each number; in a net, whose sums cancel, relative to the largest of
    its row."""
    with np.errstate(all="ignore"):
        size = np.abs(theirs)
        size = size.max(axis=1, keepdims=True) if net else size
        error = np.abs(ours - theirs) / np.maximum(1, size)
    error[ours == theirs] = 0
    return np.where(np.isnan(error), np.inf, error)


def is_tie(scores: np.ndarray) -> np.ndarray:
    """Rows whose two best scores are as good as equal."""
    best = np.sort(scores, axis=1)[:, -2:]
    return best[:, 1] - best[:, 0] <= TIE * np.maximum(1, np.abs(best[:, 1]))


def verify(
    imported: Imported, blob: bytes, precision: str, config, given: np.ndarray | None = None
) -> Result:
    count = config.rows or rows_by_cost(imported)
    parts = [generate(imported, given, count), edges(imported)[: max(LEAST_ROWS, count // 4)]]
    rows = np.vstack(([given] if given is not None else []) + parts)
    with np.errstate(all="ignore"):
        want_index, want = imported.predict(rows)
    with Engine(blob) as engine:
        index, scores = engine_rows(engine, rows)
        failures = check_refusals(engine, imported)

    limits = {
        key: default if getattr(config, key) is None else getattr(config, key)
        for key, default in DEFAULT_LIMITS[precision].items()
    }
    # where the trainer has no finite answer there is nothing to agree with
    agreed = ~np.isfinite(want).all(axis=1)
    error = relative_error(scores, want, rounds_sums(imported)).max(axis=1)
    error[agreed] = 0
    flips, ties = 0, 0
    if want_index is not None:
        different = (index != want_index) & ~agreed
        tied = different & is_tie(want)
        ties, flips = int(tied.sum()), int((different & ~tied).sum())
        share = 1 - flips / len(rows)
        if share < limits["min_labels"]:
            worst = int(np.argmax(different & ~tied))
            failures.append(
                f"labels: {share:.4%} agree with the trainer, "
                f"expected {limits['min_labels']:.4%}; "
                f"first difference at {rows[worst].tolist()}"
            )
    result = Result(
        rows=len(rows),
        given=0 if given is None else len(given),
        edges=len(parts[1]),
        max_error=float(error.max()),
        p99_error=float(np.quantile(error, 0.99)),
        label_flips=flips,
        ties=ties,
        overflows=int(agreed.sum()),
        limits=limits,
        failures=failures,
    )
    if result.p99_error > limits["p99_error"]:
        failures.append(
            f"scores: 99 % of the rows are within {result.p99_error:.3g}, "
            f"expected {limits['p99_error']:.3g}"
        )
    if result.max_error > limits["max_error"]:
        worst = int(np.argmax(error))
        failures.append(
            f"scores: off by {result.max_error:.3g}, expected at most {limits['max_error']:.3g}; "
            f"at {rows[worst].tolist()}: {scores[worst].tolist()}, the trainer says "
            f"{want[worst].tolist()}"
        )
    return result


def check_refusals(engine: Engine, imported: Imported) -> list[str]:
    """Infinities must not get an answer, nor a NaN where nothing may be missing."""
    failures = []
    last = imported.features[-1]
    for bad in (math.inf, -math.inf) if last.missing else (math.nan, math.inf, -math.inf):
        row = np.zeros((1, len(imported.features)))
        row[0, -1] = bad
        try:
            engine.rows(row)
            failures.append(f"input: a row with {bad} was answered, expected a refusal")
        except Rejected:
            pass
    return failures


def summary(result: Result) -> str:
    lines = [
        f"{result.rows} rows ({result.given} given, {result.edges} edges): "
        f"scores off by at most {result.max_error:.3g} (limit {result.limits['max_error']:.3g}), "
        f"99 % within {result.p99_error:.3g} (limit {result.limits['p99_error']:.3g}), "
        f"{result.label_flips} labels differ"
        + (f", {result.ties} ties" if result.ties else "")
        + (f", {result.overflows} overflow in the trainer" if result.overflows else "")
    ]
    lines += [f"FAILED {f}" for f in result.failures]
    return "\n".join(lines)
