"""Rows to verify on: that what a model compares is found behind what selects,
scales and joins columns, and is tried exactly; and rows of a user's file."""

import math

import numpy as np
import pytest

from mote import rows
from mote.errors import Usage
from mote.graph import Feature, Forest, Graph, Imported, Output, Table
from mote.trees import Tree


def stump(feature: int, threshold: float) -> Tree:
    return Tree(
        feature=np.array([feature, 0, 0]),
        threshold=np.array([threshold, 0, 0]),
        left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]),
        value=np.array([0.0, 1.0, 2.0]),
        missing_left=np.zeros(3, bool),
    )


def imported(graph: Graph, value, features: list[Feature]) -> Imported:
    graph.outputs = [value]
    return Imported(graph, features, Output("numbers", ["y"], None, value), "none 1", None)


def forest_behind(write, features) -> Imported:
    """One stump over column 0 of what `write` makes of the features."""
    graph = Graph.of_rows(len(features))
    x = write(graph, graph.input)
    y = graph.trees(x, Forest([stump(0, 0.3)], x.columns, 1, "f64", "f64"))
    return imported(graph, y, features)


@pytest.mark.parametrize(
    "write, feature, threshold",
    [
        (lambda g, x: x, 0, 0.3),
        (lambda g, x: g.columns(x, [2, 1]), 2, 0.3),
        (lambda g, x: g.concat([g.columns(x, [1]), x]), 1, 0.3),
        (lambda g, x: g.rowwise(x, "-", [1.0, 0, 0]), 0, 1.3),
        (lambda g, x: g.rowwise(g.rowwise(x, "-", [1.0, 0, 0]), "/", [4.0, 1, 1]), 0, 2.2),
        (lambda g, x: g.rowwise(g.rowwise(x, "*", [2.0, 1, 1]), "+", [1.0, 0, 0]), 0, -0.35),
        (lambda g, x: g.fill(x, [math.nan] * 3, [0.0] * 3), 0, 0.3),
    ],
)
def test_thresholds_are_tried_where_they_come_from(write, feature, threshold):
    model = forest_behind(write, [Feature(n) for n in "abc"])
    found = rows.clues(model).numbers(feature)
    np.testing.assert_allclose(found, [threshold], rtol=1e-15)
    others = [i for i in range(3) if i != feature]
    assert all(not len(rows.clues(model).numbers(i)) for i in others)
    tried = rows.edges(model)[:, feature]
    exact = found[0]
    for to in (-math.inf, math.inf):
        assert {exact, np.nextafter(exact, to)} <= set(tried.tolist())
        assert float(np.nextafter(np.float32(exact), np.float32(to))) in tried


def test_columns_that_are_computed_say_nothing():
    model = forest_behind(lambda g, x: g.dense(x, np.eye(3)), [Feature(n) for n in "abc"])
    assert all(not len(rows.clues(model).numbers(i)) for i in range(3))


def test_categories_and_missing_values_where_they_are_allowed():
    graph = Graph.of_rows(4)
    tables = [Table([0.0, 1.0], [1.0, 2.0], 3.0, 4.0)] * 4
    y = graph.encode(graph.input, tables, "exact")
    features = [
        Feature("strict", categories=["a", "b"]),
        Feature("open", categories=["a", "b"], other=True, missing=True),
        Feature("number"),
        Feature("gaps", missing=True),
    ]
    model = imported(graph, graph.dense(y, np.ones((1, 4))), features)
    for made in (rows.generate(model, None, 200), rows.edges(model)):
        strict, open_, number, gaps = made.T
        assert set(strict) == {0.0, 1.0}
        assert {-1.0, 0.0, 1.0} == set(open_[~np.isnan(open_)]) and np.isnan(open_).any()
        assert not np.isnan(number).any() and np.isnan(gaps).any()
        assert {0.0, 1.0} <= set(number)  # the known ones of an encoder, often
    what = {name for name, _ in rows.refused(model)}
    assert "a category that is not known in 'strict'" in what
    assert "a missing value in 'strict'" in what and "a missing value in 'number'" in what
    assert "an infinity in 'gaps'" in what
    assert not {"a missing value in 'open'", "a category that is not known in 'open'"} & what


def test_float32_features_stay_in_its_range():
    graph = Graph.of_rows(1)
    graph.input.dtype = "f32"
    forest = Forest([stump(0, 3.3e38)], 1, 1, "f32", "f64")
    y = graph.trees(graph.input, forest)
    model = imported(graph, y, [Feature("a", dtype="f32")])
    most = float(np.finfo(np.float32).max)
    tried = rows.edges(model)
    assert np.abs(tried).max() == most


def test_more_numbers_than_rows_are_sampled():
    graph = Graph.of_rows(2)
    trees = [stump(i % 2, i / 7) for i in range(2000)]
    y = graph.trees(graph.input, Forest(trees, 2, 1, "f64", "f64"))
    model = imported(graph, y, [Feature("a"), Feature("b")])
    tried = rows.edges(model)
    assert rows.MOST_EXACT <= len(tried) < rows.MOST_EXACT + 100
    np.testing.assert_array_equal(tried, rows.edges(model))


FEATURES = [
    Feature("a"),
    Feature("color", categories=["red", "blue"]),
    Feature("size", categories=["S"], other=True, missing=True),
    Feature("flag", boolean=True, missing=True),
]


def read(tmp_path, text: str) -> np.ndarray:
    path = tmp_path / "rows.csv"
    path.write_text(text)
    return rows.read_rows(str(path), FEATURES)


def test_cells_of_a_file(tmp_path):
    got = read(tmp_path, "color,flag,a,size\nblue,true,1.5,S\nred,,2,XL\nred,0,3,\n")
    want = [[1.5, 1, 0, 1], [2, 0, -1, math.nan], [3, 0, math.nan, 0]]
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(read(tmp_path, "4,red,S,1\n"), [[4, 0, 0, 1]])


@pytest.mark.parametrize(
    "text, words",
    [
        ("4,green,S,1\n", "row 1: .*color has no 'green'; known are red, blue"),
        (",red,S,1\n", "a may not be missing"),
        ("x,red,S,1\n", "row 1: expected 4 numbers or categories"),
        ("1,red,S\n", "row 1: expected 4 numbers or categories"),
        ("a,color,size\n1,red,S\n", "has no column 'flag'"),
        ("", "has no rows"),
    ],
)
def test_what_a_file_may_not_say(tmp_path, text, words):
    with pytest.raises(Usage, match=words):
        read(tmp_path, text)
