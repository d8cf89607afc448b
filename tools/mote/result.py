"""What a comparison of the engine with the trainer came to: how far they are
apart, by which limits that is judged, and how it is said."""

import json
import math
from dataclasses import asdict, dataclass, field
from decimal import ROUND_CEILING, Context

import numpy as np

from mote.graph import Feature

# Below this relative distance of the two best scores a label is a tie, which
# the order of additions decides; the trainer's own changes with its BLAS.
TIE = 1e-12
# What rounding explains, for each way of computing; larger needs a reason. In
# int8 a row far outside of all others may come out anywhere: there the many
# count, and the labels.
DEFAULT_LIMITS = {
    "float64": {
        "max_error": 1e-6, "p99_error": 1e-6, "min_labels": 1.0, "min_rank_correlation": 0.999999,
        "min_cosine": 0.999999,
    },
    "float32": {
        "max_error": 1e-4, "p99_error": 1e-5, "min_labels": 0.999, "min_rank_correlation": 0.9999,
        "min_cosine": 0.9999,
    },
    "int8": {
        "max_error": math.inf, "p99_error": 0.1, "min_labels": 0.99, "min_rank_correlation": 0.99,
        "min_cosine": 0.99,
    },
}  # fmt: skip
EDGE_LOSS = 5  # how many times as far from 1 the cosines of edges may be
PERCENTILES = (50, 90, 99, 99.9)
NAMED = 12  # features of a row that a message names
# An answer whose error is less is ranked as the trainer's: of numbers that are
# as good as equal, rounding alone makes an order.
SAME_RANK = 1e-5


@dataclass
class Answers:
    """What was compared. rows: [n][features]; those given come first, edges
    last. ours, theirs: (index [n], scores [n][names]); the trainer has no index
    of numbers, and perhaps no scores of classes. by_row: errors are relative to
    the largest of a row, as of a net, whose sums cancel. embedding: the numbers
    of a row are one vector."""

    features: list[Feature]
    rows: np.ndarray
    given: int
    edges: int
    ours: tuple
    theirs: tuple
    by_row: bool = False
    embedding: bool = False

    def origin(self, row: int) -> str:
        if row < self.given:
            return "given"
        return "edge" if row >= len(self.rows) - self.edges else "generated"


@dataclass
class Result:
    """Errors are |engine - trainer| of a score, relative to max(1, |trainer|), or
    in a net to the largest of its row.

    percentiles        of the rows' errors, by their number
    rank_correlation   Spearman's, of numbers alone: the least of all outputs
                       whose numbers differ at all
    cosine             of embeddings with the trainer's: the least and the mean, and
                       the least of edges
    overflows          rows for which the trainer has no finite answer
    worst              the row with the largest error, by its features' names
    """

    rows: int
    given: int
    edges: int
    max_error: float
    p99_error: float
    percentiles: dict[str, float]
    label_flips: int
    ties: int
    rank_correlation: float | None
    overflows: int
    limits: dict
    worst: dict
    failures: list[str] = field(default_factory=list)
    cosine: dict | None = None

    @property
    def passed(self) -> bool:
        return not self.failures

    def provenance(self, rounded=None) -> dict:
        """As it goes into the file: errors rounded up, by default to a power of
        two, so that another CPU's last bit does not change the bytes."""
        rounded = rounded or to_power_of_two
        of_ranks = {}
        if self.rank_correlation is not None:
            lost = rounded(max(0.0, 1 - self.rank_correlation))
            of_ranks = {"verify rank correlation": 1 - lost}
        if self.cosine is not None:
            lost = rounded(max(0.0, 1 - self.cosine["least"]))
            of_ranks = {"verify cosine": 1 - lost}
        return {
            "verified rows": self.rows,
            "verify max error": rounded(self.max_error),
            "verify p99 error": rounded(self.p99_error),
            "verify label flips": self.label_flips,
        } | of_ranks

    def as_object(self) -> dict:
        """For JSON, which has no infinities: a limit that is none is null."""
        return finite(asdict(self) | {"passed": self.passed})

    def json(self) -> str:
        return json.dumps(self.as_object(), indent=2, allow_nan=False)


def finite(x):
    """x with None for every number that JSON cannot say."""
    if isinstance(x, dict):
        return {k: finite(v) for k, v in x.items()}
    if isinstance(x, list):
        return [finite(v) for v in x]
    return None if isinstance(x, float) and not math.isfinite(x) else x


def to_power_of_two(error: float) -> float:
    if error == 0:
        return 0.0
    return 2.0 ** math.ceil(math.log2(error))


def to_two_digits(error: float) -> float:
    return float(Context(prec=2, rounding=ROUND_CEILING).create_decimal_from_float(error))


def limits_of(config, precision: str, embedding: bool = False) -> dict:
    """Those of model.toml; where it has none, those of the precision. Of an
    embedding the vectors count, not the order of each of its numbers."""
    other = "min_rank_correlation" if embedding else "min_cosine"
    return {
        key: default if getattr(config, key) is None else getattr(config, key)
        for key, default in DEFAULT_LIMITS[precision].items()
        if key != other
    }


# ------------------------------------------------------------------- measures


def cosines(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Of vectors [n][m], each with its counterpart; of two zeros 1."""
    length = np.sqrt((ours * ours).sum(axis=1) * (theirs * theirs).sum(axis=1))
    with np.errstate(all="ignore"):
        found = (ours * theirs).sum(axis=1) / length
    found = np.where(length > 0, found, (ours == theirs).all(axis=1))
    return np.minimum(np.where(np.isnan(found), -1.0, found), 1.0)


def relative_error(ours: np.ndarray, theirs: np.ndarray, by_row: bool = False) -> np.ndarray:
    with np.errstate(all="ignore"):
        size = np.abs(theirs)
        size = size.max(axis=1, keepdims=True) if by_row else size
        error = np.abs(ours - theirs) / np.maximum(1, size)
    error[ours == theirs] = 0
    return np.where(np.isnan(error), np.inf, error)


def is_tie(scores: np.ndarray) -> np.ndarray:
    """Rows whose two best scores are as good as equal."""
    best = np.sort(scores, axis=1)[:, -2:]
    return best[:, 1] - best[:, 0] <= TIE * np.maximum(1, np.abs(best[:, 1]))


def ranks(x: np.ndarray) -> np.ndarray:
    """Ranks of x [n], equal numbers sharing the mean of theirs."""
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def spearman(ours: np.ndarray, theirs: np.ndarray) -> float | None:
    """Rank correlation of two [n]; None where the trainer's numbers are one.

    C. Spearman, "The Proof and Measurement of Association between Two Things",
    American Journal of Psychology 15 (1904); with ties it is Pearson's
    correlation of mean ranks.
    """
    if len(theirs) < 2 or np.ptp(theirs) <= SAME_RANK * np.abs(theirs).max():
        return None
    a, b = (ranks(x) - (len(x) + 1) / 2 for x in (ours, theirs))
    length = math.sqrt((a @ a) * (b @ b))
    return min(1.0, float(a @ b) / length) if length else 0.0


def least_rank_correlation(
    ours: np.ndarray, theirs: np.ndarray, by_row: bool = False
) -> float | None:
    """Of each output [n][outputs], the worst."""
    ours = np.where(relative_error(ours, theirs, by_row) <= SAME_RANK, theirs, ours)
    columns = [spearman(ours[:, i], theirs[:, i]) for i in range(theirs.shape[1])]
    known = [c for c in columns if c is not None]
    return min(known) if known else None


# -------------------------------------------------------------------- judging


def judge(answers: Answers, limits: dict, failures: list[str]) -> Result:
    """failures: those that are known already, of rows that must be refused."""
    (index, scores), (want_index, want) = answers.ours, answers.theirs
    if want is None:  # nothing but labels, none of which is a tie
        scores = want = np.where((want_index < 0)[:, None], np.nan, [0.0, 1.0])
    # where the trainer has no finite answer there is nothing to agree with
    agreed = ~np.isfinite(want).all(axis=1)
    error = relative_error(scores, want, answers.by_row).max(axis=1)
    error[agreed] = 0
    at = [float(np.quantile(error, p / 100)) for p in PERCENTILES]
    flips, ties, correlation, cosine = np.zeros(len(error), bool), 0, None, None
    if answers.embedding:
        cosine = cosine_of(answers, scores, want)
    elif want_index is not None:
        different = (index != want_index) & ~agreed
        tied = different & is_tie(want)
        ties, flips = int(tied.sum()), different & ~tied
    else:
        correlation = least_rank_correlation(scores[~agreed], want[~agreed], answers.by_row)
    worst = int(np.argmax(error))
    result = Result(
        rows=len(answers.rows),
        given=answers.given,
        edges=answers.edges,
        max_error=float(error.max()),
        p99_error=at[PERCENTILES.index(99)],
        percentiles=dict(zip(map(str, PERCENTILES), at)),
        label_flips=int(flips.sum()),
        ties=ties,
        rank_correlation=correlation,
        overflows=int(agreed.sum()),
        limits=limits,
        worst={
            "origin": answers.origin(worst),
            "row": row_object(answers.features, answers.rows[worst]),
            "engine": scores[worst].tolist(),
            "trainer": want[worst].tolist(),
            "error": float(error[worst]),
        },
        failures=failures,
        cosine=cosine,
    )
    failures += breaches(result, answers, flips)
    return result


def cosine_of(answers: Answers, ours: np.ndarray, theirs: np.ndarray) -> dict:
    """The least and the mean of usual texts, and the least of edges."""
    found = cosines(ours, theirs)
    usual, odd = np.split(found, [len(found) - answers.edges])
    usual = usual if len(usual) else odd
    least = {"least": float(usual.min()), "mean": float(usual.mean())}
    return least | {"least of edges": float(odd.min(initial=1))}


def breaches(result: Result, answers: Answers, flips: np.ndarray) -> list[str]:
    """What is outside of its limit, with the row that shows it."""
    said, limits = [], result.limits
    share = 1 - result.label_flips / result.rows
    if share < limits["min_labels"]:
        first = int(np.argmax(flips))
        said.append(
            f"labels: {share:.4%} agree with the trainer, expected {limits['min_labels']:.4%}; "
            f"first difference at {row_text(answers.features, answers.rows[first])}"
        )
    if result.cosine is not None:
        for which, loss in (("least", 1), ("least of edges", EDGE_LOSS)):
            limit = 1 - loss * (1 - limits["min_cosine"])
            if result.cosine[which] < limit:
                said.append(
                    f"cosine: {which} {result.cosine[which]:.6g} with the trainer's, "
                    f"expected {limit:.6g}"
                )
    least = result.rank_correlation
    if least is not None and least < limits["min_rank_correlation"]:
        said.append(
            f"ranks: a correlation of {least:.6g} with the trainer's, "
            f"expected at least {limits['min_rank_correlation']:.6g}"
        )
    if result.p99_error > limits["p99_error"]:
        said.append(
            f"scores: 99 % of the rows are within {result.p99_error:.3g}, "
            f"expected {limits['p99_error']:.3g}"
        )
    if result.max_error > limits["max_error"]:
        row = result.worst
        said.append(
            f"scores: off by {result.max_error:.3g}, expected at most {limits['max_error']:.3g}; "
            f"at {object_text(row['row'])}: {row['engine']}, the trainer says {row['trainer']}"
        )
    return said


# --------------------------------------------------------------------- saying


def row_object(features: list[Feature], row: np.ndarray) -> dict:
    """A row by its features' names, as the function takes it."""
    return {f.name: field_value(f, x) for f, x in zip(features, row.tolist())}


def field_value(feature: Feature, x: float) -> float | str | None:
    """A number, a text, the text of a category, or None for what is missing."""
    if feature.text:
        return x
    if math.isnan(x):
        return None
    if feature.categories is None:
        return x
    return feature.categories[int(x)] if x >= 0 else another(feature.categories)


def another(categories: list[str]) -> str:
    """A text that is none of them."""
    text = "other"
    while text in categories:
        text += "_"
    return text


def row_text(features: list[Feature], row: np.ndarray) -> str:
    return object_text(row_object(features, row))


def object_text(row: dict) -> str:
    """JSON that can be sent as it is, unless it is long."""
    named = dict(list(row.items())[:NAMED])
    more = f" and {len(row) - NAMED} more" if len(row) > NAMED else ""
    return json.dumps(named, ensure_ascii=False) + more


def summary(result: Result) -> str:
    limits = result.limits
    parts = [
        f"scores off by at most {result.max_error:.3g} (limit {limits['max_error']:.3g})",
        f"99 % within {result.p99_error:.3g} (limit {limits['p99_error']:.3g})",
        f"half within {result.percentiles['50']:.3g}",
    ]
    if result.cosine is not None:
        least, mean = result.cosine["least"], result.cosine["mean"]
        parts.append(f"cosine at least {least:.6g}, {mean:.6g} in the mean")
    elif result.rank_correlation is None:
        parts.append(f"{result.label_flips} labels differ")
    else:
        parts.append(f"rank correlation {result.rank_correlation:.6g}")
    if result.ties:
        parts.append(f"{result.ties} ties")
    if result.overflows:
        parts.append(f"{result.overflows} overflow in the trainer")
    head = f"{result.rows} rows ({result.given} given, {result.edges} edges): "
    return "\n".join([head + ", ".join(parts)] + [f"FAILED {f}" for f in result.failures])
