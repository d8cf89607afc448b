"""[[series.parts]]: forecasters out of trees, linear models and nets, with lags,
differences, rolling values, the calendar, recursion and quantiles. What a file says is
compared with loops over the trainers' own predictions."""

import calendar
import datetime
import json
import math

import numpy as np
import pytest

from mote import forecaster, series, words
from mote.cli import main
from mote.config import read
from mote.engine import Engine
from mote.errors import Refusal, Usage
from mote.graph import Graph
from mote.reader import read as read_blob

WINDOW, HORIZON, AHEAD = 48, 6, 6
SERIES = """
[series]
step = "1h"
horizon = "6h"
target = "level"
gap = "2h"
utc_offset = "2h"

[series.columns.level]
window = "2d"

[series.columns.rain]
window = "12h"
ahead = "6h"
resample = "sum"
"""
LAGS = ["level[-3..-1]", "diff(level[-1], 24)", "mean(level[-24..-1])", "max(level[-7..-1])",
        "rain[-2..0]", "sum(rain[-5..0])", "hour", "weekday"]  # fmt: skip
START = 1_700_000_000 // 3600 * 3600  # seconds


def record(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Hourly level and rain."""
    rng = np.random.default_rng(11)
    rain = rng.exponential(1, count) * (rng.random(count) < 0.2)
    level = np.zeros(count)
    for i in range(1, count):
        day = math.sin(2 * math.pi * (i % 24) / 24)
        level[i] = 0.8 * level[i - 1] + 0.5 * rain[i] + 0.2 * day + 0.05 * rng.normal()
    return level + 10, rain


def features(level, rain, at: int, begin: int) -> list[float]:
    """LAGS for step number `at`, by hand: an hour's level is level[at]."""
    when = datetime.datetime.fromtimestamp(begin + at * 3600, datetime.UTC)
    local = when + datetime.timedelta(hours=2)
    return [
        *level[at - 3 : at], level[at - 1] - level[at - 25], np.mean(level[at - 24 : at]),
        np.max(level[at - 7 : at]), *rain[at - 2 : at + 1], np.sum(rain[at - 5 : at + 1]),
        local.hour, local.weekday(),
    ]  # fmt: skip


def table(level, rain, places) -> np.ndarray:
    return np.array([features(level, rain, i, START) for i in places])


@pytest.fixture(scope="module")
def data():
    level, rain = record(1500)
    places = np.arange(60, 1400)
    return level, rain, places, table(level, rain, places)


@pytest.fixture(scope="module")
def one_step(data, tmp_path_factory):
    """An XGBoost model of the next hour: the library's, and its file."""
    import xgboost

    level, _, places, x = data
    model = xgboost.XGBRegressor(n_estimators=30, max_depth=4, random_state=1)
    model.fit(x, level[places])
    path = tmp_path_factory.mktemp("xgb") / "next.json"
    model.save_model(path)
    return model, path


def compile_folder(folder, text: str, capsys, *options) -> tuple[dict, bytes]:
    (folder / "model.toml").write_text(text)
    assert main(["compile", str(folder), "--json", "--trust-pickle", *options]) == 0
    shown = json.loads(capsys.readouterr().out)
    return shown, next(folder.glob("*.mote")).read_bytes()


def predict(blob: bytes, rows: np.ndarray) -> np.ndarray:
    return Engine(blob).rows(rows)[1]


def rows_at(level, rain, places) -> np.ndarray:
    """Rows of the file: windows of both columns, and the seconds of the first step."""
    return np.array([
        [*level[p - WINDOW : p], *rain[p - 6 : p + AHEAD], START + p * 3600] for p in places
    ])  # fmt: skip


def recursive(model, level, rain, p: int) -> list[float]:
    """By hand: each step sees the ones before."""
    known = list(level[:p])
    for h in range(HORIZON):
        row = np.array([features(np.array(known), rain, p + h, START)])
        known.append(float(model.predict(row)[0]))
    return known[p:]


def test_a_recursive_part_of_trees(tmp_path, data, one_step, capsys):
    model, path = one_step
    level, rain, *_ = data
    text = f"""[model]
name = "level"
{SERIES}
[[series.parts]]
source = "{path}"
strategy = "recursive"
features = {json.dumps(LAGS)}
"""
    shown, blob = compile_folder(tmp_path, text, capsys)
    assert shown["verification"]["passed"] and shown["precision"] == "float64"
    found = read_blob(blob)
    assert [f.name for f in found.series.forecasts] == ["forecast"]
    assert found.series.forecasts[0].steps == HORIZON
    # the trees are there once, whatever the number of steps
    assert len(blob) < 60_000
    places = range(700, 760)
    got = predict(blob, rows_at(level, rain, places))
    expected = [recursive(model, level, rain, p) for p in places]
    assert np.allclose(got, expected, rtol=0, atol=1e-6), np.abs(got - expected).max()


def test_parts_are_added_up(tmp_path, data, one_step, capsys):
    """A recursive one of trees, a direct one of a linear model over a pipeline with a
    scaler, each with weights of its own for each step, of a scaled column."""
    import joblib
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    level, rain, places, x = data
    y = np.array([level[p : p + HORIZON] for p in places])
    linear = make_pipeline(StandardScaler(), Ridge()).fit(x, y)
    joblib.dump(linear, tmp_path / "linear.joblib")
    first, path = one_step
    weights = [0.9, 0.7, 0.5, 0.4, 0.3, 0.2]
    text = f"""[model]
name = "level"
{SERIES}
[[series.parts]]
source = "{path}"
strategy = "recursive"
features = {json.dumps(LAGS)}
weight = {weights}

[[series.parts]]
source = "linear.joblib"
features = {json.dumps(LAGS)}
weight = {[round(1 - w, 3) for w in weights]}
"""
    _, blob = compile_folder(tmp_path, text, capsys)
    places = range(800, 840)
    got = predict(blob, rows_at(level, rain, places))
    direct = linear.predict(table(level, rain, places))
    steps = np.array([recursive(first, level, rain, p) for p in places])
    expected = np.array(weights) * steps + (1 - np.array(weights)) * direct
    assert np.allclose(got, expected, rtol=0, atol=1e-6)


def test_quantiles_have_names(tmp_path, data, capsys):
    """LightGBM, a part for each quantile of the next hour; and scikit-learn's, direct:
    each is an output of its own."""
    import lightgbm

    level, rain, places, x = data
    parts, models = "", {}
    for name, alpha in ("q10", 0.1), ("q50", 0.5), ("q90", 0.9):
        models[name] = lightgbm.LGBMRegressor(
            objective="quantile", alpha=alpha, n_estimators=20, num_leaves=8, verbose=-1
        ).fit(x, level[places])
        models[name].booster_.save_model(tmp_path / f"{name}.txt")
        parts += f"""
[[series.parts]]
source = "{name}.txt"
strategy = "recursive"
features = {json.dumps(LAGS)}
forecasts = ["{name}"]
"""
    named = SERIES.replace("[series]", '[series]\nforecasts = ["q10", "q50", "q90"]', 1)
    text = f'[model]\nname = "level"\n{named}{parts}'
    _, blob = compile_folder(tmp_path, text, capsys)
    found = read_blob(blob)
    assert [(f.name, f.first, f.steps) for f in found.series.forecasts] == [
        ("q10", 0, 6), ("q50", 6, 6), ("q90", 12, 6),
    ]  # fmt: skip
    places = range(900, 930)
    got = predict(blob, rows_at(level, rain, places))
    for i, name in enumerate(models):
        expected = [recursive(models[name], level, rain, p) for p in places]
        assert np.allclose(got[:, 6 * i : 6 * i + 6], expected, rtol=0, atol=1e-9)


def test_scaled_columns_and_a_net(tmp_path, data, one_step, capsys):
    """An ONNX net, whose inputs have the columns' names, beside trees; what they see is
    scaled, what they say is turned back."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(2)
    w = rng.normal(size=(32, 8)).astype(np.float32) / 5
    v = rng.normal(size=(8, HORIZON)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Concat", ["level", "rain"], ["x"], axis=1),
            helper.make_node("MatMul", ["x", "w"], ["a"]),
            helper.make_node("Tanh", ["a"], ["b"]),
            helper.make_node("MatMul", ["b", "v"], ["forecast"]),
        ],
        "net",
        [
            helper.make_tensor_value_info("level", TensorProto.FLOAT, ["n", 24]),
            helper.make_tensor_value_info("rain", TensorProto.FLOAT, ["n", 8]),
        ],
        [helper.make_tensor_value_info("forecast", TensorProto.FLOAT, ["n", HORIZON])],
        [numpy_helper.from_array(w, "w"), numpy_helper.from_array(v, "v")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "net.onnx")
    _, path = one_step
    scaled = SERIES.replace('window = "2d"', 'window = "2d"\nmean = 10.0\nspread = 2.0')
    text = f"""[model]
name = "level"
{scaled}
[[series.parts]]
source = "net.onnx"
weight = 0.25

[[series.parts]]
source = "{path}"
strategy = "recursive"
features = {json.dumps(LAGS)}
weight = 0.75
"""
    shown, blob = compile_folder(tmp_path, text, capsys)
    assert shown["precision"] == "float32"
    level, rain, *_ = data
    places = range(300, 330)
    got = predict(blob, rows_at(level, rain, places))
    z = (level - 10) / 2
    seen = [np.float32([*z[p - 24 : p], *rain[p - 2 : p + 6]]) for p in places]
    net = [np.tanh(x @ w) @ v * 2 + 10 for x in seen]
    trees = [10 + 2 * np.array(recursive(one_step[0], z, rain, p)) for p in places]
    expected = 0.25 * np.array(net) + 0.75 * np.array(trees)
    assert np.allclose(got, expected, rtol=0, atol=2e-5), np.abs(got - expected).max()


# ------------------------------------------------------------------ words


def test_clocks_of_every_day():
    """From 1970 to 2099, in a graph and in NumPy."""
    days = np.arange(0, 47_482)
    seconds = days[:, None] * 86400.0 + np.random.default_rng(3).integers(0, 86400, (len(days), 1))
    whens = [datetime.datetime.fromtimestamp(s, datetime.UTC) for s in seconds[:, 0]]
    assert (whens[0].year, whens[-1].year) == (1970, 2099)
    wanted = {
        "hour": [w.hour for w in whens],
        "weekday": [calendar.weekday(w.year, w.month, w.day) for w in whens],
        "month": [w.month for w in whens],
        "yearday": [w.timetuple().tm_yday for w in whens],
    }
    for later, step in (0, 3600), (1, 3600), (95, 3600), (3, 86400), (40, 7 * 86400), (7, 900):
        clocks = words.Calendar(words.InNumPy(), seconds - later * step, step)
        inside = seconds[:, 0] >= later * step
        for kind, expected in wanted.items():
            got = clocks.at(kind, later)[inside, 0]
            assert np.array_equal(got, np.array(expected)[inside]), (kind, later, step)


def test_clocks_outside_their_years():
    for outside in -1.0, 4_102_444_800.0, math.nan:
        clocks = words.Calendar(words.InNumPy(), np.array([[outside]]), 3600)
        for kind in "hour", "weekday", "month", "yearday":
            assert np.isnan(clocks.at(kind, 0)).all()


@pytest.mark.parametrize("count", [*range(1, 20), 100])
def test_folds_are_the_same_twice(count):
    """The engine's bits are NumPy's."""
    from mote import config, lower
    from mote.graph import Feature, Imported, Output

    x = np.random.default_rng(count).normal(size=(50, count))
    g = Graph.of_rows(count)
    ops = words.InGraph(g)
    folds = [words.fold(ops, g.input, range(count), kind) for kind in ("min", "max")]
    matrix = np.random.default_rng(0).normal(size=(1, count))
    y = g.concat([*folds, ops.linear(g.input, matrix)])
    g.outputs = [y]
    imported = Imported(
        g, [Feature(f"x{i}") for i in range(count)], Output("numbers", ["a", "b", "c"], None, y),
        "none", None,
    )  # fmt: skip
    blob = lower.lower(imported, config.Config("fold"), "float64").to_bytes()
    got = predict(blob, x)
    assert np.array_equal(got[:, 0], x.min(1)) and np.array_equal(got[:, 1], x.max(1))
    assert np.array_equal(got[:, 2:], words.InNumPy().linear(x, matrix))
    assert np.allclose(got[:, 2], x @ matrix[0])
    for kind in "min", "max":
        folded = words.fold(words.InNumPy(), x, range(count), kind)[:, 0]
        assert np.array_equal(folded, getattr(x, kind)(1))


@pytest.mark.parametrize("text, word", [
    ("level[-1]", words.Steps("level", -1, -1)),
    (" level[-24..-1] ", words.Steps("level", -24, -1)),
    ("diff(level[-1], 24)", words.Steps("level", -1, -1, "diff", 24)),
    ("mean(rain[-3..2])", words.Steps("rain", -3, 2, "mean")),
    ("hour", words.Clock("hour")), ("t", words.Clock("time")), ("step", words.Clock("step")),
])  # fmt: skip
def test_words(text, word):
    assert words.parse(text, ["level", "rain"], "t", "here") == word


@pytest.mark.parametrize("text", [
    "level", "level[]", "level[1..]", "flow[-1]", "level[-1..-3]", "diff(level[-1])",
    "diff(level[-3..-1], 2)", "diff(level[-1], 0)", "mean(level[-1], 3)", "minute", "",
    "median(level[-3..-1])",
])  # fmt: skip
def test_words_that_are_none(text):
    with pytest.raises(Usage, match="here: "):
        words.parse(text, ["level", "rain"], "t", "here")


# ------------------------------------------------------------------ what is refused

BAD = [
    ('horizon = "6h"', "", "series.horizon: expected a span such as"),
    ('horizon = "6h"', 'horizon = "0h"', "series.horizon: expected a step at least"),
    ('horizon = "6h"', 'horizon = "90m"', "series.horizon: expected a multiple of the step"),
    ('target = "level"', "", "series.target: expected one of level, rain, got none"),
    ('target = "level"', 'target = "flow"', "series.target: expected one of level, rain"),
    ('target = "level"', 'target = "rain"', "series.target: 'rain' is known ahead"),
    ('utc_offset = "2h"', 'utc_offset = "CET"', "series.utc_offset: expected such as"),
    ('window = "2d"', "", "series.columns.level.window: expected a span"),
    ('window = "2d"', 'window = "2d"\nspread = 0', "series.columns.level.spread: expected above"),
    ('window = "12h"', 'window = "3h"', "series.columns.rain.window: expected its steps ahead"),
    ('window = "2d"', 'window = "1d"', "level[-1] is older than the window"),
    ('ahead = "6h"', 'ahead = "5h"', "rain[0] is not known at step 5 of the forecast"),
    ('strategy = "recursive"', 'strategy = "both"', "series.parts[0].strategy: expected one of"),
    ('strategy = "recursive"', "", "expected a model of 6 numbers, 6 steps of forecast, got 1"),
    ("weight = 1", "weight = [1, 2]", "series.parts[0].weight: expected 1 or 6 numbers, got 2"),
    ("weight = 1", 'weight = "x"', "series.parts[0].weight: expected a number"),
    ("weight = 1", "wait = 1", "series.parts[0] has no key 'wait'"),
    ('"hour", "weekday"', '"hour"', "expected 12 features, which the model takes, got 11"),
    ('"hour", "weekday"', '"hour", "week"', "series.parts[0].features: expected a word such as"),
    ('"level[-3..-1]"', '"level[-2..0]"', "level[0] is not known at step 5 of the forecast"),
    ("weight = 1", 'forecasts = ["q"]', "series.parts[0].forecasts: expected some of forecast"),
    ("next.json", "none.json", "no such file, which series.parts[0].source names"),
    ("gap", 'time = "level"\ngap', "series.time: 'level' is a column"),
    ("gap", 'time = "t"\ntime_unit = "0s"\ngap', "series.time_unit: expected 1s to 366d"),
    ("[[series.parts]]", "[[series.pieces]]", "series has no key 'pieces'"),
]


@pytest.mark.parametrize("old, new, message", BAD)
def test_parts_that_are_none(tmp_path, one_step, old, new, message):
    text = f"""{SERIES}
[[series.parts]]
source = "{one_step[1]}"
strategy = "recursive"
weight = 1
features = {json.dumps(LAGS)}
"""
    assert old in text
    (tmp_path / "model.toml").write_text(text.replace(old, new))
    with pytest.raises((Usage, Refusal)) as error:
        forecaster.import_parts(read(tmp_path), tmp_path, False)
    assert message in str(error.value), error.value


def test_keys_of_parts_without_parts():
    for key, value in ("horizon", "1d"), ("target", "level"), ("utc_offset", "1h"):
        with pytest.raises(Usage, match=f"series.{key}: is of"):
            series.check({"step": "1h", "columns": {"level": {}}, key: value}, "model.toml")
