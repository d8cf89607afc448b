"""Trees laid out, and walked by the engine, against a walker of a few lines
that follows what trainers document."""

import math

import numpy as np
import pytest

from mote import file, trees
from mote.engine import Engine, library_path
from mote.reader import read

pytestmark = pytest.mark.skipif(
    not library_path().exists(), reason="the engine is not built: make engine"
)
BATCH = 40  # more than the engine takes through a group at once
NUMPY = {"f32": np.float32, "f64": np.float64}
SPECIAL = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e-45, -1e-45, 1e-40, 3.4e38, 7, 31]


# ---------------------------------------------------------------- what is right


def goes_left(forest, tree, i, x) -> bool:
    if np.isnan(x):
        return bool(tree.missing_left[i])
    if i in tree.sets:
        s = tree.sets[i]
        is_category = x > -1 if forest.truncate else x >= 0
        if not is_category or x >= max([s.known, *(c + 1 for c in s.left)]):
            return s.outside_left
        return int(x) in s.left
    t = tree.threshold[i]  # f64: comparing it with an f32 is exact
    return x < t if forest.compare == "<" else x <= t


def predict(forest, row) -> np.ndarray:
    real = NUMPY[forest.sum_dtype]
    y = np.zeros(forest.outputs, real) if forest.start is None else forest.start.astype(real)
    for t, tree in enumerate(forest.trees):
        i = 0
        while tree.left[i] >= 0:
            x = np.float64(NUMPY[forest.dtype](row[tree.feature[i]]))
            i = tree.left[i] if goes_left(forest, tree, i, x) else tree.right[i]
        target = forest.targets[t] if forest.targets else 0
        for k, value in enumerate(np.ravel(tree.value[i])):
            y[target + k] = real(y[target + k] + real(value))
    return y


# --------------------------------------------------------------- random forests


class Random:
    def __init__(self, seed: int, columns: int, width: int, sets: bool):
        self.rng = np.random.default_rng(seed)
        self.columns, self.width, self.sets = columns, width, sets

    def number(self) -> float:
        if self.rng.random() < 0.3:
            return float(self.rng.choice(SPECIAL))
        return float(self.rng.normal())  # has more digits than an f32

    def tree(self, depth: int, full: float) -> trees.Tree:
        """full: how likely a node above that depth has children."""
        rows = []

        def grow(left: int) -> int:
            i = len(rows)
            rows.append(None)
            below = (-1, -1)
            if left and self.rng.random() < full:
                below = (grow(left - 1), grow(left - 1))
            rows[i] = (int(self.rng.integers(self.columns)), self.number(), *below)
            return i

        grow(depth)
        feature, threshold, left, right = (np.array(c) for c in zip(*rows, strict=True))
        shape = (len(rows), self.width) if self.width > 1 else len(rows)
        missing_left = self.rng.random(len(rows)) < 0.5
        sets = {
            i: trees.Categories(
                set(map(int, self.rng.integers(70, size=5))),
                bool(self.rng.random() < 0.5),
                int(self.rng.integers(100)),
            )
            for i in range(len(rows))
            if self.sets and left[i] >= 0 and self.rng.random() < 0.5
        }
        value = self.rng.normal(size=shape)
        return trees.Tree(feature, threshold, left, right, value, missing_left, sets)

    def rows(self, forest, count: int) -> np.ndarray:
        """Thresholds, their neighbours in the type that is compared, and more."""
        numbers = [t for tree in forest.trees for t in tree.threshold] + SPECIAL
        out = np.empty((count, self.columns))
        for at in np.ndindex(out.shape):
            x = NUMPY[forest.dtype](self.rng.choice(numbers))
            how = self.rng.random()
            if how < 0.4:
                x = np.nextafter(x, x.dtype.type(math.inf if how < 0.2 else -math.inf))
            elif how < 0.6:
                x = self.rng.integers(-3, 105) - self.rng.choice([0, 0.5])
            most = np.finfo(NUMPY[forest.dtype]).max  # an infinity is no feature's
            out[at] = np.clip(x, -most, most)
        return out


def blob_of(forest, layout) -> bytes:
    """A model whose features are x and whose numbers are the sums."""
    n, m = forest.columns, forest.outputs
    batch, size = file.SYMBOL, file.DTYPE_BYTES
    y_at = file.align(BATCH * n * size[forest.dtype])
    scratch_at = y_at + file.align(BATCH * m * size[forest.sum_dtype])
    scratch = layout.scratch(BATCH)
    tensors = [t for t in layout.tensors if t]
    values = [
        file.PlacedValue(forest.dtype, (batch, n), 0),
        file.PlacedValue(forest.sum_dtype, (batch, m), y_at),
        file.PlacedValue("u8", (scratch,), scratch_at),
        *(file.PlacedValue(t.dtype, t.dims, 0, i) for i, t in enumerate(tensors)),
    ]
    reads = [3 + tensors.index(t) if t else file.NONE for t in layout.tensors]
    operator = file.Operator(layout.opcode, [0, *reads], [1, 2], layout.attributes)
    arena = file.align(scratch_at + scratch)
    features = [file.FeatureRecord(f"x{i}", forest.dtype, 0, i, missing=True) for i in range(n)]
    names = [f"y{i}" for i in range(m)]
    return file.File(
        name="forest",
        version="1",
        description=None,
        symbols=[("batch", BATCH)],
        tensors=tensors,
        plans=[file.Plan("predict", 1, [1], values, [operator], arena)],
        features=features,
        output=file.OutputRecord("numbers", "full", names, scores=0),
    ).to_bytes()


def expect_equal(forest, layout, rows) -> None:
    blob = blob_of(forest, layout)
    read(blob)
    want = np.array([predict(forest, row) for row in rows], np.float64)
    with Engine(blob) as engine:
        _, together = engine.rows(rows)
        alone = np.concatenate([engine.rows(row[None])[1] for row in rows])
    np.testing.assert_array_equal(together, want)
    assert together.tobytes() == alone.tobytes()


FORESTS = {
    "one leaf": dict(trees=1, depth=0),
    "leaves": dict(trees=9, depth=0, start=True),
    "xgboost": dict(trees=21, depth=6, full=0.95, dtype="f32", sum="f32", compare="<"),
    "xgboost, 3 classes": dict(
        trees=24, depth=4, full=0.9, dtype="f32", sum="f32", compare="<", outputs=3, start=True
    ),
    "scikit-learn, forest": dict(trees=10, depth=12, full=0.8, dtype="f32", outputs=4, width=4),
    "scikit-learn, boosting": dict(trees=30, depth=3, full=1, dtype="f32", start=True),
    "lightgbm": dict(trees=17, depth=14, full=0.75, start=False),
    "lightgbm, categories": dict(trees=17, depth=9, full=0.8, sets=True, truncate=True),
    "xgboost, categories": dict(
        trees=11, depth=6, full=0.9, dtype="f32", sum="f32", compare="<", sets=True
    ),
    "many features": dict(trees=8, depth=5, full=1, columns=200),
    "many features, f32": dict(trees=3, depth=5, full=1, columns=129, dtype="f32", sum="f32"),
    "narrow sums of wide numbers": dict(trees=12, depth=5, full=0.9, sum="f32"),
}


def make(seed: int, given: dict) -> tuple[trees.Forest, np.ndarray]:
    width, outputs = given.get("width", 1), given.get("outputs", 1)
    r = Random(seed, given.get("columns", 6), width, given.get("sets", False))
    count = given["trees"]
    forest = trees.Forest(
        trees=[r.tree(given["depth"], given.get("full", 1)) for _ in range(count)],
        columns=r.columns,
        outputs=outputs,
        dtype=given.get("dtype", "f64"),
        sum_dtype=given.get("sum", "f64"),
        compare=given.get("compare", "<="),
        targets=[t % outputs for t in range(count)] if outputs > width else None,
        start=r.rng.normal(size=outputs) if given.get("start") else None,
        truncate=given.get("truncate", False),
    )
    return forest, r.rows(forest, BATCH + 3)


@pytest.mark.parametrize("name", FORESTS)
def test_forest(name):
    for seed in range(2):
        forest, rows = make(seed, FORESTS[name])
        expect_equal(forest, trees.lay_out(forest), rows)


@pytest.mark.parametrize("name", [n for n, f in FORESTS.items() if not f.get("sets")])
def test_both_forms(name):
    forest, rows = make(7, FORESTS[name])
    expect_equal(forest, trees.lay_out_linked(forest), rows)
    if FORESTS[name]["depth"] <= 8:
        expect_equal(forest, trees.lay_out_heap(forest), rows)


def test_the_smaller_form_is_chosen():
    balanced, _ = make(1, FORESTS["xgboost"])
    skewed, _ = make(1, FORESTS["lightgbm"])
    sets, _ = make(1, FORESTS["xgboost, categories"])
    assert trees.lay_out(balanced).opcode == trees.HEAP
    assert trees.lay_out(skewed).opcode == trees.LINKED
    assert trees.lay_out(sets).opcode == trees.LINKED


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("compare", ["<", "<="])
def test_keys_decide_as_numbers_do(dtype, compare):
    real = NUMPY[dtype]
    thresholds = np.array(
        [*SPECIAL, 0.1, 1 / 3, 1e300, -1e300, 5e-324, -5e-324, 1.17e-38, 1 + 2.0**-40]
    )
    with np.errstate(over="ignore"):
        x = thresholds.astype(real)
    x = np.concatenate([x, np.nextafter(x, real(np.inf)), np.nextafter(x, real(-np.inf))])
    left = trees.keys(x, dtype)[:, None] <= trees.threshold_keys(thresholds, dtype, compare)
    wide = x.astype(np.float64)[:, None]
    assert np.array_equal(left, wide < thresholds if compare == "<" else wide <= thresholds)


def test_a_set_has_a_bit_for_nan_one_for_others_and_the_categories():
    words = trees.set_words(trees.Categories({0, 30, 33}, outside_left=True, known=40), False)
    assert words.tolist() == [42, 1 << 1 | 1 << 2, 1 | 1 << 3]
