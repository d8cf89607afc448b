"""Graphs of tables, lowered and run by the engine, against numpy in float64;
features that are categories; what nets make of a table before them."""

import json
import math

import numpy as np
import pytest

from mote import config, file, lower
from mote.engine import Engine, Rejected
from mote.graph import Feature, Graph, Imported, LinearLeaf, Output, Table, Value
from mote.inspect import as_json, as_text
from mote.reader import read

RNG = np.random.default_rng(23)
NAN = math.nan


def compiled(graph: Graph, y, features=None, precision="float64") -> bytes:
    """A file that answers with the numbers of y."""
    names = [f"y{i}" for i in range(y.columns)]
    features = features or [Feature(f"x{i}", missing=True) for i in range(graph.input.columns)]
    imported = Imported(graph, features, Output("numbers", names, None, y), "none", None)
    blob = lower.lower(imported, config.Config("table", "1"), precision).to_bytes()
    read(blob)
    return blob


def answers(graph: Graph, y, rows, precision="float64") -> np.ndarray:
    with Engine(compiled(graph, y, precision=precision)) as engine:
        return engine.rows(np.asarray(rows, np.float64))[1]


def same(a, b) -> bool:
    return np.array_equal(a, np.asarray(b, np.float64), equal_nan=True)


def numbers(rows: int, columns: int, holes: float = 0.2) -> np.ndarray:
    """Small whole numbers and fractions, some missing."""
    x = np.round(RNG.normal(size=(rows, columns)) * 4) / 2
    return np.where(RNG.random(x.shape) < holes, NAN, x)


def test_columns_and_concat():
    g = Graph.of_rows(3)
    parts = [g.columns(g.input, [i % 3]) for i in range(130)]  # more than one operator takes
    y = g.concat([g.columns(g.input, [2, 0, 2]), *parts])
    x = numbers(70, 3)
    assert same(answers(g, y, x), x[:, [2, 0, 2, *(i % 3 for i in range(130))]])


def test_fill():
    what, with_ = np.array([NAN, -2.0, 0.0, 1.5]), np.array([7.0, NAN, 0.25, -1.0])
    g, x = Graph.of_rows(4), numbers(50, 4)
    hit = (x == what) | (np.isnan(x) & np.isnan(what))
    assert same(answers(g, g.fill(g.input, what, with_), x), np.where(hit, with_, x))


def test_encode():
    tables = [
        Table([-1.0, 0.0, 2.5], [5.0, NAN, 6.0], other=-1.0, missing=-2.0),
        Table([], [], other=3.0, missing=4.0),
        Table([1.0], [9.0]),
    ]
    g, x = Graph.of_rows(3), numbers(200, 3)
    x[0] = [-0.0, -0.0, 1.0]
    y = g.concat([g.encode(g.input, tables, kind) for kind in ("exact", "floor")])
    got = answers(g, y, x)
    for i, table in enumerate(tables):
        pairs = dict(zip(table.keys, table.values))
        for value, exact, floor in zip(x[:, i], got[:, i], got[:, 3 + i]):
            if math.isnan(value):
                assert same([exact, floor], [table.missing] * 2)
                continue
            below = [k for k in table.keys if k <= value]
            assert same(exact, pairs.get(value, table.other))
            assert same(floor, pairs[below[-1]] if below else table.other)


def test_no_column_has_keys():
    g = Graph.of_rows(2)
    y = g.encode(g.input, [Table([], [], other=1.0, missing=2.0)] * 2, "floor")
    assert same(answers(g, y, [[0.5, NAN]]), [[1, 2]])


def test_equal_products_distance():
    g, x = Graph.of_rows(3), numbers(40, 3)
    columns, values = [0, 0, 2, 1], np.array([NAN, 0.5, -1.0, NAN])
    picked = x[:, columns]
    want = (picked == values) | (np.isnan(picked) & np.isnan(values))
    assert same(answers(g, g.equal(g.input, columns, values), x), want)

    g = Graph.of_rows(3)  # 1, a, b, a b, a a b, and a with no other factor
    y = g.products(g.input, [-1, 0, 1, 0, 0, 0], [-1, -1, -1, 2, 3, 0])
    a, b = x[:, 0], x[:, 1]
    assert same(answers(g, y, x), np.stack([np.ones(40), a, b, a * b, a * (a * b), a], axis=1))

    g, vectors = Graph.of_rows(3), RNG.normal(size=(5, 3))
    want = [[sum((row - v) * (row - v)) for v in vectors] for row in x]  # in order
    assert same(answers(g, g.distance(g.input, vectors), x), want)


def test_linear_leaves():
    """Leaves come from trees, as LightGBM's linear trees have them."""
    leaves = [
        LinearLeaf(0.5, [], [], 0.0),
        LinearLeaf(1.0, [0, 2], [2.0, -0.1], -7.0),
        LinearLeaf(-1.0, [1], [0.3], -8.0),
        LinearLeaf(0.25, [2, 1, 0], [0.7, 0.1, 1 / 3], -9.0),
    ]
    g = Graph.of_rows(3)
    first = g.encode(g.columns(g.input, [0]), [Table([0.0], [1.0], 0.0, 1.0)], "floor")
    second = g.encode(g.columns(g.input, [1]), [Table([1.0], [3.0], 2.0, 2.0)], "floor")
    y = g.linear_leaves(g.input, g.concat([first, second, first]), leaves, [1, 0, 1], 2)

    def value(row, i):
        leaf = leaves[i]
        total = leaf.constant
        for c, w in zip(leaf.columns, leaf.coefficients):
            if math.isnan(row[c]):
                return leaf.fallback
            total += row[c] * w
        return total

    x, want = numbers(60, 3), []
    for row in x:
        a = value(row, 0 if row[0] < 0 else 1)
        b = value(row, 3 if row[1] >= 1 else 2)
        want.append([0.0 + b, 0.0 + a + a])
    assert same(answers(g, y, x), want)


def test_numbers_of_no_leaf_are_refused():
    g = Graph.of_rows(2)
    leaf = g.columns(g.input, [1])
    y = g.linear_leaves(g.input, leaf, [LinearLeaf(0.0, [0], [1.0], 0.0)], [0], 1)
    with Engine(compiled(g, y)) as engine:
        assert same(engine.rows([[3.0, 0.0], [4.0, 0.5]])[1], [[3], [4]])
        for bad in (-1.0, 1.0, NAN, 1e300):
            with pytest.raises(Rejected, match="row 1: expected numbers of leaves"):
                engine.rows([[3.0, 0.0], [4.0, bad]])


MAPS = {
    "relu": lambda x: np.where(x < 0, 0, x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "exp": np.exp,
    "abs": np.abs,
    "sqrt": lambda x: np.sqrt(np.abs(x)),
    "neg": np.negative,
    "log": lambda x: np.log(np.abs(x)),
}


@pytest.mark.parametrize("kind", MAPS)
def test_functions_in_float64(kind):
    g, x = Graph.of_rows(4), RNG.normal(size=(90, 4)) * 5
    before = g.map(g.input, "abs") if kind in ("sqrt", "log") else g.input
    got, want = answers(g, g.map(before, kind), x), MAPS[kind](x)
    assert np.abs(got - want).max() <= 1e-15 * np.abs(want).max()


@pytest.mark.parametrize("kind", ["+", "-", "*", "/", "min", "max"])
def test_pairs_in_float64(kind):
    functions = {
        "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "min": np.minimum,
        "max": np.maximum,
    }  # fmt: skip
    g, x = Graph.of_rows(4), RNG.normal(size=(30, 4))
    y = g.binary(g.input, g.columns(g.input, [3, 2, 1, 0]), kind)
    assert same(answers(g, y, x), functions[kind](x, x[:, ::-1]))


def test_limits_keep_what_is_missing():
    g, x = Graph.of_rows(3), numbers(40, 3)
    y = g.limit(g.limit(g.input, "max", -0.5), "min", [0.5, 1.0, 1.5])
    assert same(answers(g, y, x), np.clip(x, -0.5, [0.5, 1.0, 1.5]))


def test_shares_and_activations_in_float64():
    x = RNG.normal(size=(40, 5)) * 3
    e = np.exp(x - x.max(axis=1, keepdims=True))
    s = 1 / (1 + np.exp(-x))
    g = Graph.of_rows(5)
    y = g.concat([g.softmax(g.input), g.share(g.input), g.dense(g.input, np.eye(5), None, "tanh")])
    want = [e / e.sum(axis=1, keepdims=True), s / s.sum(axis=1, keepdims=True), np.tanh(x)]
    assert np.abs(answers(g, y, x) - np.concatenate(want, axis=1)).max() < 1e-15
    g = Graph.of_rows(3)
    low = [[-800, -750, -710], [-720, -709, -710], [800, -800, 0]]
    got = answers(g, g.share(g.input), low)
    assert same(got[0], [1 / 3] * 3) and same(got[1], [0, 1, 0]) and same(got[2], [2 / 3, 0, 1 / 3])


def test_indices_are_numbers_again():
    """Votes: the class that most of several models have."""
    g, x = Graph.of_rows(6), RNG.normal(size=(50, 6))
    votes = [g.real(g.argmax(g.columns(g.input, [i, i + 1, i + 2]))) for i in range(3)]
    each = g.concat([g.equal(v, [0, 0, 0], [0.0, 1.0, 2.0]) for v in votes])
    y = g.dense(each, np.tile(np.eye(3), 3))
    want = sum(np.eye(3)[np.argmax(x[:, i : i + 3], axis=1)] for i in range(3))
    assert same(answers(g, y, x), want)


def test_a_net_behind_a_table():
    """The table in float64, the net in float32."""
    g, x = Graph.of_rows(3), numbers(20, 3)
    filled = g.fill(g.input, [NAN] * 3, [0.1] * 3)
    clipped = g.limit(filled, "max", -1 / 3)
    h = g.dense(g.products(clipped, [0, 1, 2, 0], [-1, -1, -1, 1]), RNG.normal(size=(8, 4)))
    w = RNG.normal(size=(2, 8))
    y = g.map(g.dense(g.map(h, "tanh"), w), "sigmoid")
    assert lower.choose_precision(g) == "float32"
    blob = compiled(g, y, precision="float32")
    plan = read(blob).plans[0]
    types = {
        op.name: {plan.values[v].dtype for v in op.writes}
        for op in plan.operators
    }  # fmt: skip
    assert types["fill"] == types["binary"] == types["products"] == {"f64"}
    assert types["dense"] == types["map"] == {"f32"}
    first = np.fmax(np.where(np.isnan(x), 0.1, x), -1 / 3)
    first = np.concatenate([first, first[:, :1] * first[:, 1:2]], axis=1)
    weight = g.nodes[3].attributes["weight"]
    want = 1 / (1 + np.exp(-np.tanh(first @ weight.T) @ w.T))
    with Engine(blob) as engine:
        assert np.abs(engine.rows(x)[1] - want).max() < 1e-5


def test_features_in_float32():
    g = Graph([Value(("batch", 2), "f32")])
    y = g.columns(g.input, [1, 0])
    features = [Feature("a", dtype="f32"), Feature("b", dtype="f32")]
    with Engine(compiled(g, y, features)) as engine:
        assert same(engine.rows([[0.1, 1 / 3]])[1], np.float32([[1 / 3, 0.1]]))
        with pytest.raises(Rejected, match="b: expected a number in the range of a 32-bit float"):
            engine.rows([[1, 1e39]])
    with pytest.raises(ValueError, match="'b' of dtype f64 in an input of f32"):
        compiled(g, y, [features[0], Feature("b")])


FEATURES = [
    Feature("colour", categories=["red", "green"], other=True),
    Feature("size", missing=True, categories=["s", "m", "l"]),
    Feature("member", boolean=True),
]


def test_codes_of_categories():
    g = Graph.of_rows(3)
    y = g.fill(g.input, [NAN] * 3, [-9.0] * 3)
    with Engine(compiled(g, y, FEATURES)) as engine:
        rows = [[0, 2, 0], [1, 0, 1], [-1, NAN, 0.5]]
        assert same(engine.rows(rows)[1], [[0, 2, 0], [1, 0, 1], [-1, -9, 0.5]])
        for bad, words in (
            ([2, 0, 0], 'colour: expected one of "red", "green"'),
            ([0.5, 0, 0], "colour: expected one of"),
            ([-2, 0, 0], "colour: expected one of"),
            ([NAN, 0, 0], "colour: expected one of"),
            ([math.inf, 0, 0], "colour: expected one of"),
            ([0, -1, 0], 'size: expected one of "s", "m", "l"'),
            ([0, 3, 0], "size: expected one of"),
            ([0, 0, NAN], "member: expected a number, true or false"),
        ):
            with pytest.raises(Rejected, match=f"row 1: {words}"):
                engine.rows([rows[0], bad])


def test_categories_are_shown():
    g = Graph.of_rows(3)
    model = read(compiled(g, g.fill(g.input, [NAN] * 3, [0.0] * 3), FEATURES))
    text = as_text(model)
    assert "colour is one of    red, green" in text and "size is one of    s, m, l" in text
    assert "or other" in text and "may be missing" in text and "or boolean" in text
    shown = json.loads(as_json(model))["features"]
    assert [f["categories"] for f in shown] == [["red", "green"], ["s", "m", "l"], None]
    assert [f["other"] for f in shown] == [True, False, False]
    assert [f["boolean"] for f in shown] == [False, False, True]


def test_features_of_the_same_categories_share_them():
    texts = [f"a text of some length {i}" for i in range(50)]

    def size(*categories):
        g = Graph.of_rows(len(categories))
        y = g.columns(g.input, [0])
        features = [Feature(f"x{i}", categories=c) for i, c in enumerate(categories)]
        return len(compiled(g, y, features))

    assert size(texts, texts) - size(texts) < 200
    assert size(texts, texts[::-1]) - size(texts) > 1000


def test_the_source_hash_sees_tables_and_categories():
    def hashed(key=1.0, text="a", floor="floor"):
        g = Graph.of_rows(1)
        g.encode(g.input, [Table([0.0, key], [1.0, 2.0])], floor)
        return Imported(g, [Feature("x", categories=[text])], None, "", None).source_hash()

    assert hashed() == hashed()
    assert len({hashed(), hashed(key=2.0), hashed(text="b"), hashed(floor="exact")}) == 4


def test_what_cannot_be_written_is_named():
    g = Graph.of_rows(3)
    leaf = g.columns(g.input, [0])
    for wrong, words in (
        (lambda: g.columns(g.input, [3]), "index from 3 to 3, expected 0 to 2"),
        (lambda: g.columns(g.input, []), "index \\(0,\\)"),
        (lambda: g.fill(g.input, [0.0], [0.0]), "what \\(1,\\), expected \\(3,\\)"),
        (lambda: g.encode(g.input, [Table([], [])], "floor"), "1 tables for 3 columns"),
        (lambda: g.encode(g.input, [Table([1.0, 1.0], [0, 0])] * 3, "floor"), "do not ascend"),
        (lambda: g.encode(g.input, [Table([NAN], [0])] * 3, "floor"), "do not ascend"),
        (lambda: g.encode(g.input, [Table([1.0], [])] * 3, "floor"), "table 0: 1 keys"),
        (lambda: g.encode(g.input, [Table([], [])] * 3, "near"), "kind 'near'"),
        (lambda: g.equal(g.input, [0], [0.0, 1.0]), "values"),
        (lambda: g.products(g.input, [0, 1], [-1, 1]), "a product of a later one"),
        (lambda: g.distance(g.input, np.zeros((2, 4))), "vectors \\(2, 4\\) for rows of 3"),
        (lambda: g.linear_leaves(g.input, leaf, [LinearLeaf(0, [3], [1], 0)], [0], 1), "leaf 0"),
        (lambda: g.linear_leaves(g.input, leaf, [], [1], 1), "targets from 1"),
        (lambda: g.limit(g.input, "mean", 0), "kind 'mean'"),
        (lambda: g.limit(g.input, "min", [0, 1]), "bound"),
        (lambda: g.binary(g.input, leaf, "+"), "\\+"),
    ):
        with pytest.raises(ValueError, match=words):
            wrong()


def test_flags_as_the_format_has_them():
    record = file.FeatureRecord("x", "f64", 0, 0, missing=True, other=True)
    assert record.flags() == 3 and file.FeatureRecord("x", "f64", 0, 0, boolean=True).flags() == 4
