"""J: features that are categories or booleans, in JSON and in CSV, and what is missing."""

import json
import shutil

import numpy as np
import pytest
from events_http import http_api
from function import BARE, EXEC
from mock_api import strict

from mote import config, lower
from mote.graph import Feature, Graph, Imported, Output

COLOURS = ["red", "grün", 'a "quote"', ""]
SIZES = ["1", "2.50", "true"]
MANY = [f"town {i}" for i in range(13)]
LONG = ["x" * 60 + str(i) for i in range(5)]
FEATURES = [
    Feature("colour", categories=COLOURS),
    Feature("size", missing=True, categories=SIZES, other=True),
    Feature("town", categories=MANY, missing=True),
    Feature("code", categories=LONG, missing=True),
    Feature("member", boolean=True, missing=True),
    Feature("weight", missing=True),
]
MISSING = -9
NAMES = [f.name for f in FEATURES]
ROW = ["red", "1", "town 0", LONG[0], True, 1.5]


@pytest.fixture(scope="module")
def model():
    """A file that answers with what the plan gets of each feature, -9 for a NaN."""
    g, n = Graph.of_rows(len(FEATURES)), len(FEATURES)
    y = g.fill(g.input, np.full(n, np.nan), np.full(n, MISSING))
    imported = Imported(g, FEATURES, Output("numbers", NAMES, None, y), "none", None)
    file = lower.lower(imported, config.Config("echo", "1", reply="label"), "float64")
    return file.to_bytes()


@pytest.fixture
def echo(api, start, tmp_path, model):
    shutil.copy(BARE, tmp_path / "bootstrap")
    (tmp_path / "model.mote").write_bytes(model)
    start(command=[*EXEC, tmp_path / "bootstrap"])
    return api


def values(answer):
    assert list(answer) == NAMES
    return list(answer.values())


def row_with(name, value):
    row = list(ROW)
    row[NAMES.index(name)] = value
    return row


@pytest.mark.parametrize("name, value, want", [
    *(("colour", text, i) for i, text in enumerate(COLOURS)),
    *(("size", text, i) for i, text in enumerate(SIZES)),
    ("size", "huge", -1), ("size", "", -1), ("size", "1.0", -1), ("size", None, MISSING),
    ("size", 1, 0), ("size", True, 2), ("size", False, -1), ("size", 2.5, -1),
    ("town", "town 12", 12), ("town", None, MISSING),
    ("member", True, 1), ("member", False, 0), ("member", 0.5, 0.5), ("member", None, MISSING),
    ("weight", -2, -2), ("weight", None, MISSING),
])  # fmt: skip
def test_75_values_of_categories(echo, name, value, want):
    """J 75: a text is its index; a number, true or false is the text that it is written with."""
    row = row_with(name, value)
    for body in row, dict(zip(NAMES, row)):
        assert values(echo.result(body))[NAMES.index(name)] == want


def test_75_written_in_other_ways(echo):
    """J 75: escapes in texts, and a number as it stands, not what it is worth."""
    row = json.dumps(row_with("colour", "grün")).encode()
    assert b"\\u00fc" in row and values(echo.result(row))[0] == 1
    raw = json.dumps(ROW).replace('"1"', "2.50").encode()
    assert values(echo.result(raw))[1] == 1
    assert values(echo.result(json.dumps(ROW).replace('"1"', "2.5").encode()))[1] == -1


def test_75_names_left_out(echo):
    """J 75: missing where the model takes it."""
    assert values(echo.result({"colour": "red"})) == [0, *[MISSING] * 5]
    told = echo.failure({"size": "1"})["errorMessage"]
    assert told.startswith('colour: expected one of "red", "grün", "a "quote"", "", got nothing')


REFUSED = {
    "another colour": ("colour", "blue", '"red", "grün", "a "quote"", "", got "blue"'),
    "null": ("colour", None, 'colour: expected one of "red", '),
    "a number": ("colour", 7, 'colour: expected one of "red", "grün", "a "quote"", "", got 7'),
    "true": ("colour", True, '"", got true'),
    "an array": ("town", ["town 1"], "its 13 categories, got an array"),
    "an object": ("town", {"is": "town 1"}, "got an object"),
    "another case": ("colour", "Red", 'got "Red"'),
    "a part": ("colour", "re", 'got "re"'),
    "more": ("colour", "redd", 'got "redd"'),
    "one of many": ("town", "town 13", 'town: expected one of its 13 categories, got "town 13"'),
    "one of long ones": ("code", "x", 'code: expected one of its 5 categories, got "x"'),
    "a text": ("member", "true", 'member: expected a number, true or false, got "true"'),
    "a boolean": ("weight", True, "weight: expected a number, got true"),
    "a text for a number": ("weight", "red", 'weight: expected a number, got "red"'),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_75_wrong_categories_are_named(echo, case):
    """J 75: the field, what it may be, and what came; the next request works."""
    name, value, told = REFUSED[case]
    error = echo.failure(row_with(name, value))
    assert error["errorType"] == "Function.BadInput" and told in error["errorMessage"]
    error = echo.failure([ROW, row_with(name, value)])
    assert error["errorMessage"].startswith("row 1: ") and told in error["errorMessage"]
    assert values(echo.result(ROW)) == [0, 0, 0, 0, 1, 1.5]


def test_75_given_twice(echo):
    """J 75: one value for a name, whatever its kind."""
    told = echo.failure(b'{"colour":"red","size":"1","colour":"red"}')["errorMessage"]
    assert "colour: expected this name once in a row" in told


def test_73_rows_of_a_csv_file(echo):
    """J 73: a map over a CSV file gives texts: an empty one is missing, of a number its text."""
    row = ['a "quote"', "2.50", "", "", "false", "1e1"]
    items = [dict(zip(NAMES, row)), dict(zip(NAMES, ["red", "", "town 5", LONG[4], "", ""]))]
    answers = [values(a) for a in echo.result({"Items": items})]
    assert answers[0] == [2, 1, MISSING, MISSING, 0, 10]
    assert answers[1] == [0, MISSING, 5, 4, MISSING, MISSING]
    for name, value in ("colour", ""), ("member", "yes"), ("weight", "true"):
        told = echo.failure({"Items": [{**items[1], name: value}]})["errorMessage"]
        assert f"{name}: expected " in told


def test_70_categories_are_shown(echo):
    """J 70: GET /model says what a feature may be."""
    shown = strict(echo.result(http_api("", method="GET", path="/model"))["body"])["input"]
    assert shown[0] == {
        "name": "colour", "type": "category", "missing": False, "categories": COLOURS,
        "other": False,
    }  # fmt: skip
    assert shown[1]["other"] and shown[1]["missing"] and shown[2]["categories"] == MANY
    assert shown[4] == {"name": "member", "type": "float64", "missing": True, "boolean": True}
    assert shown[5]["boolean"] is False
