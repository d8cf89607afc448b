"""[series] and [job.NAME] of model.toml: what is refused, the records, forecasters
through ONNX, and what the second reader, `mote inspect` and `mote report` say."""

import json

import numpy as np
import pytest
from conftest import ROOT

from mote import jobs, lower, series
from mote.cli import main
from mote.config import Config, read
from mote.errors import Usage
from mote.file import Forecast, SeriesColumn
from mote.graph import Feature, Graph, Imported, Output
from mote.importers import import_file
from mote.inspect import as_json, as_text
from mote.reader import read as read_blob
from mote.report import gather, page

SERIES = {"step": "1h", "columns": {"level": {}}}
SINK = "s3://bucket/{target}.json"
JOB = {"sink": SINK, "targets": [{"id": "a"}]}


def imported(features, numbers, kind: str = "numbers") -> Imported:
    output = Output(kind, numbers, None, None)
    return Imported(Graph([]), [Feature(n) for n in features], output, "a test", {}, None)


def run(name: str, n: int) -> list[str]:
    return [f"{name}_{i}" for i in range(n)]


# ------------------------------------------------------------------ what is refused

BAD_SERIES = {
    "no table": (3, "expected a table, got 3"),
    "unknown key": (SERIES | {"steps": "1h"}, "series has no key 'steps'; known are columns,"),
    "no step": ({"columns": {"level": {}}}, 'series.step: expected a span such as "1h", got none'),
    "no span": (SERIES | {"step": 3600}, "series.step: expected a span"),
    "no unit": (SERIES | {"step": "60"}, "series.step: expected a span"),
    "step of nothing": (SERIES | {"step": "0s"}, "series.step: expected 1s to 366d, got '0s'"),
    "long step": (SERIES | {"step": "367d"}, "series.step: expected 1s to 366d, got '367d'"),
    "no columns": ({"step": "1h"}, "expected 1 to 64 tables [series.columns.NAME]"),
    "empty columns": (SERIES | {"columns": {}}, "expected 1 to 64 tables"),
    "65 columns": (SERIES | {"columns": {str(i): {} for i in range(65)}}, "expected 1 to 64"),
    "gap": (SERIES | {"gap": "6"}, "series.gap: expected a span"),
    "offset": (SERIES | {"offset": "-1h"}, "series.offset: expected a span"),
    "unit of nothing": (SERIES | {"time_unit": "0s"}, "series.time_unit: expected 1s to 366d"),
    "long unit": (SERIES | {"time_unit": "400d"}, "series.time_unit: expected 1s to 366d"),
    "time": (SERIES | {"time": 1}, "series.time: expected a name, got 1"),
    "forecasts": (SERIES | {"forecasts": "y"}, "series.forecasts: expected names, each once"),
    "no forecasts": (SERIES | {"forecasts": []}, "series.forecasts: expected names, each once"),
    "lists": (SERIES | {"forecasts": [["y"]]}, "series.forecasts: expected names, each once"),
    "twice": (SERIES | {"forecasts": ["y", "y"]}, "series.forecasts: expected names, each once"),
    "column": (SERIES | {"columns": {"level": "mean"}}, "series.columns.level: expected a table"),
    "key of a column": (
        SERIES | {"columns": {"level": {"fill": 0}}},
        "series.columns.level has no key 'fill'; known are ahead, resample",
    ),
    "resample": (
        SERIES | {"columns": {"level": {"resample": "median"}}},
        "series.columns.level.resample: expected one of mean, last, sum, min, max, got 'median'",
    ),
    "list": (SERIES | {"columns": {"level": {"resample": ["mean"]}}}, "level.resample: expected"),
    "ahead": (SERIES | {"columns": {"level": {"ahead": 3}}}, "level.ahead: expected a span"),
}


@pytest.mark.parametrize("name", BAD_SERIES)
def test_what_is_no_series(name):
    table, words = BAD_SERIES[name]
    with pytest.raises(Usage) as e:
        series.check(table, "model.toml")
    assert str(e.value).startswith("model.toml: ") and words in str(e.value)


UNFIT = {
    "no input": ({"columns": {"flow": {}}}, "series.columns.flow: is no input of the model"),
    "left": ({}, "nothing says what input 'hour' takes"),
    "window as time": ({"time": "level"}, "series.time: expected an input of one number"),
    "no time": ({"time": "when"}, "series.time: expected an input of one number, got 'when'"),
    "far ahead": (
        {"columns": {"level": {"ahead": "5h"}}},
        "series.columns.level.ahead: expected at most 4 steps, got 5",
    ),
    "half a step": (
        {"columns": {"level": {"ahead": "30m"}}},
        "series.columns.level.ahead: expected a multiple of the step of 3600 s, 65535 of them",
    ),
    "gap": ({"time": "hour", "gap": "90m"}, "series.gap: expected a multiple of the step"),
    "long gap": ({"time": "hour", "gap": "65536h"}, "series.gap: expected a multiple"),
    "forecast": (
        {"time": "hour", "forecasts": ["flow"]},
        "series.forecasts: 'flow' is no output of the model; they are y",
    ),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_series_that_does_not_fit_its_model(name):
    table, words = UNFIT[name]
    of = imported([*run("level", 4), "hour"], run("y", 2))
    with pytest.raises(Usage, match="series") as e:
        series.record(SERIES | table, of)
    assert words in str(e.value)


def test_a_series_of_classes_and_of_too_long_a_window():
    with pytest.raises(Usage, match="expected a model that gives numbers"):
        series.record(SERIES, imported(run("level", 4), ["a", "b"], "class"))
    with pytest.raises(Usage, match="an input of 65535 steps at most, got 65536"):
        series.record(SERIES, imported(run("level", 65536), ["y"]))


BAD_JOBS = {
    "key": ({"every": "1h"}, "job.daily has no key 'every'"),
    "type": ({"history": 7}, "job.daily.history: expected str, got 7"),
    "no sink": ({"sink": ""}, "job.daily.sink: expected it, got none"),
    "no targets": ({"targets": []}, "job.daily.targets: expected it, got none"),
    "sink": ({"sink": "https://example.org"}, "job.daily.sink: expected s3://BUCKET/KEY"),
    "sink of a target": ({"sink": "{target}"}, "job.daily.sink: expected s3://BUCKET/KEY"),
    "source": ({"source": "ftp://a"}, "job.daily.source: expected http:// or https:// or s3://"),
    "brace": ({"source": "s3://{target"}, "job.daily.source: a brace stands alone"),
    "part": ({"sink": "s3://b/{hour}"}, "job.daily.sink: {hour} is unknown; known are date, name,"),
    "format": ({"format": "xml"}, "job.daily.format: expected one of csv, json, got 'xml'"),
    "failure": ({"failure": "none"}, "job.daily.failure: expected one of report, any, all"),
    "separator": ({"separator": ";;"}, "job.daily.separator: expected one ASCII character"),
    "quotation mark": ({"separator": '"'}, "job.daily.separator: expected one ASCII character"),
    "of json": ({"format": "json", "separator": ";"}, "job.daily.separator: is not of json"),
    "path of csv": ({"path": ["data"]}, "job.daily.path: is not of csv"),
    "path": ({"format": "json", "path": [1]}, "job.daily.path[0]: expected a text, got 1"),
    "columns": ({"columns": {"level": 1}}, "job.daily.columns.level: expected a text, got 1"),
    "names": ({"names": {"y": []}}, "job.daily.names.y: expected a text, got []"),
    "one name": ({"names": {"y": "a", "z": "a"}}, "job.daily.names: expected texts that differ"),
    "name of the times": (
        {"names": {"y": "timestamps"}},
        'job.daily.names: expected texts that differ, and not "timestamps"',
    ),
    "history alone": ({"history": "1h"}, "job.daily: expected observed and history together"),
    "target": ({"targets": ["a"]}, "job.daily.targets[0]: expected a table with an id"),
    "key of a target": (
        {"targets": [{"id": "a", "place": "b"}]},
        "job.daily.targets[0] has no key 'place'; known are id, name, model",
    ),
    "id": ({"targets": [{"id": 7}]}, "job.daily.targets[0].id: expected a text, got 7"),
    "twice": ({"targets": [{"id": "a"}] * 2}, "job.daily.targets[1].id: expected another than 'a'"),
    "model": ({"targets": [{"id": "a", "model": "a.mote"}]}, "targets[0].model: expected https://"),
}


@pytest.mark.parametrize("name", BAD_JOBS)
def test_what_is_no_job(name):
    table, words = BAD_JOBS[name]
    with pytest.raises(Usage) as e:
        jobs.check({"daily": JOB | table}, "model.toml")
    assert str(e.value).startswith("model.toml: ") and words in str(e.value)


UNFIT_JOBS = {
    "column": ({"columns": {"flow": "a"}}, "job.daily.columns.flow: is no column; they are level"),
    "observed": ({"observed": "flow", "history": "1h"}, "job.daily.observed: expected one of"),
    "name": ({"names": {"flow": "a"}}, "job.daily.names.flow: is not in the result"),
    "history": ({"observed": "level", "history": "5h"}, "history: expected at most 4 steps, got 5"),
    "two members": (
        {"observed": "level", "history": "1h", "names": {"y": "level"}},
        "job.daily.names: 'level' is two members of the result",
    ),
    "an old name": ({"names": {"y": "z"}}, "'z' is two members of the result"),
}


@pytest.mark.parametrize("name", UNFIT_JOBS)
def test_a_job_that_does_not_fit_its_series(name):
    table, words = UNFIT_JOBS[name]
    of = series.record(SERIES, imported(run("level", 4), [*run("y", 2), "z"]))
    with pytest.raises(Usage) as e:
        jobs.records({"daily": JOB | table}, of)
    assert words in str(e.value)


@pytest.mark.parametrize(
    "text, words",
    [
        ("[series]\nstep = 1\n[series.columns.level]\n", "series.step: expected a span"),
        ("job = 3\n", "job: expected tables [job.NAME]"),
    ],
)
def test_errors_of_model_toml_name_the_file(tmp_path, text, words):
    (tmp_path / "model.toml").write_text(text)
    with pytest.raises(Usage) as e:
        read(tmp_path)
    assert str(tmp_path / "model.toml") in str(e.value) and words in str(e.value)


# ------------------------------------------------------------------------- records


def test_a_record_of_several_columns():
    table = {
        "step": "15m", "gap": "1h", "offset": "65m", "time": "hour", "time_unit": "1h",
        "forecasts": ["low"],
        "columns": {"rain": {"ahead": "30m", "resample": "sum"}, "level": {}},
    }  # fmt: skip
    series.check(table, "model.toml")
    of = imported([*run("level", 3), "hour", *run("rain", 4)], [*run("high", 2), *run("low", 3)])
    found = series.record(table, of)
    assert (found.step, found.gap, found.offset, found.time, found.unit) == (900, 4, 300, 3, 3600)
    assert found.columns == [SeriesColumn("level", 0, 3), SeriesColumn("rain", 4, 4, 2, "sum")]
    assert found.forecasts == [Forecast("low", 2, 3)]


@pytest.mark.parametrize(
    "names, found",
    [
        (["a_0", "a_1", "b"], {"a": (0, 2), "b": (2, 1)}),
        (["a", "a_1"], {"a": (0, 1), "a_1": (1, 1)}),  # two inputs, no window
        (["a", "a_0"], {"a": (0, 1), "a_0": (1, 1)}),
        (["a_1", "a_0"], {"a_1": (0, 1), "a": (1, 1)}),
        (["a_0", "b", "a_1"], {"a": (0, 1), "b": (1, 1), "a_1": (2, 1)}),
        (["a_0_0", "a_0_1", "_0"], {"a_0": (0, 2), "_0": (2, 1)}),
    ],
)
def test_names_of_windows(names, found):
    assert series.runs(names) == found


def test_templates():
    text = "s3://{env:BUCKET}/{{{target}}}-{date}"
    assert jobs.template(text, "sink") == [
        ("text", "s3://"), ("variable", "BUCKET"), ("text", "/{"), ("target", None),
        ("text", "}-"), ("date", None),
    ]  # fmt: skip


# ---------------------------------------------------------- forecasters through ONNX


def gru(folder):
    """[1][24] of a level to [1][6] of it, the level taken step by step."""
    from test_onnx import F32, Model, weights

    m = Model(level=[1, 24])
    x = m.op("Reshape", "level", m.constant([24, 1, 1], np.int64))
    _, h = m.op(
        "GRU", x, weights(1, 36, 1), weights(1, 36, 12), weights(1, 72),
        outputs=2, hidden_size=12, linear_before_reset=1,
    )  # fmt: skip
    y = m.op("Gemm", m.op("Reshape", h, m.constant([1, 12], np.int64)), weights(6, 12), transB=1)
    m.nodes[-1].output[0] = "flow"
    assert y
    return m.save(folder, ("flow", F32, [1, 6]))


def trees(folder):
    """[1][8] of a level, [1][4] of rain and the hour to one number, by trees."""
    from test_onnx import F32, Model, tree_nodes

    m = Model(level=["n", 8], rain=["n", 4], hour=["n", 1])
    x = m.op("Concat", "level", "rain", "hour", axis=1)
    nodes, leaves = tree_nodes(20, 13, 4, 1, ["BRANCH_LEQ"])
    leaves = {f"target_{k}": v for k, v in leaves.items()}
    m.op("TreeEnsembleRegressor", x, domain="ai.onnx.ml", n_targets=1, **nodes, **leaves)
    m.nodes[-1].output[0] = "flow"
    return m.save(folder, ("flow", F32, ["n", 1]))


TABLES = {
    gru: ('[series]\nstep = "1h"\ngap = "2h"\n[series.columns.level]\nresample = "last"\n', 6),
    trees: (
        '[series]\nstep = "1h"\ntime = "hour"\ntime_unit = "1h"\n[series.columns.level]\n'
        '[series.columns.rain]\nresample = "sum"\nahead = "1h"\n',
        1,
    ),
}
JOBS = """
[job.daily]
source = "https://example.org/{target}.csv"
columns = { level = "stage" }
sink = "s3://{env:BUCKET}/{{{target}}}.json"
observed = "level"
history = "6h"
[job.daily.names]
flow = "<forecast>"
[[job.daily.targets]]
id = "a&b"
name = "Gauge A"
model = "s3://{env:BUCKET}/{version}.mote"
[job.asked]
format = "json"
path = ["data", "hourly"]
sink = "s3://bucket/{name}"
targets = [{ id = "c" }]
"""


@pytest.mark.parametrize("make", TABLES, ids=lambda f: f.__name__)
def test_a_forecaster_compiles(tmp_path, capsys, make):
    table, steps = TABLES[make]
    make(tmp_path)
    text = '[model]\nname = "river"\nsource = "model.onnx"\n' + table + JOBS
    (tmp_path / "model.toml").write_text(text)
    assert main(["compile", str(tmp_path), "--json"]) == 0, capsys.readouterr().err
    capsys.readouterr()
    blob = (tmp_path / "river.mote").read_bytes()
    model = read_blob(blob)
    windows = {c.name: (c.window, c.ahead, c.resample) for c in model.series.columns}
    if make is gru:
        assert windows == {"level": (24, 0, "last")} and model.series.time is None
        assert model.series.gap == 2
    else:
        assert windows == {"level": (8, 0, "mean"), "rain": (4, 1, "sum")}
        assert model.features[model.series.time].name == "hour" and model.series.unit == 3600
    assert [(f.name, f.first, f.steps) for f in model.series.forecasts] == [("flow", 0, steps)]
    daily, asked = model.jobs
    assert daily.columns[0] == "stage" and daily.forecasts == ["<forecast>"]
    assert (daily.observed, daily.observed_name, daily.history) == (0, "level", 6)
    assert (asked.source, asked.path, asked.targets[0].name) == (None, ["data", "hourly"], "c")

    shown = json.loads(as_json(model))
    assert shown["series"]["columns"][0]["name"] == "level"
    assert shown["jobs"][0]["sink"] == "s3://{env:BUCKET}/{{{target}}}.json"
    assert shown["jobs"][0]["targets"][0]["model"] == "s3://{env:BUCKET}/{version}.mote"
    assert shown["jobs"][1]["source"] is None
    text = as_text(model)
    for words in ("series   steps of 1h", "job      daily, failure report", "a&b", "Gauge A",
                  "level from stage", "6 steps of level as level, flow as <forecast>",
                  "the event's series", "s3://{env:BUCKET}/{{{target}}}.json"):  # fmt: skip
        assert words in text, words

    report = gather.gather(blob, model, "river.mote")
    assert report["series"] == shown["series"] and report["jobs"] == shown["jobs"]
    html = page.page(report)
    for words in ("Series and jobs", "Job daily", "a&amp;b", "flow as &lt;forecast&gt;",
                  "6 steps of level as level", "data, hourly"):  # fmt: skip
        assert words in html, words


def test_a_model_without_a_series_says_so():
    blob = (ROOT / "test/golden/good/linear.mote").read_bytes()
    model = read_blob(blob)
    shown = json.loads(as_json(model))
    assert shown["series"] is None and shown["jobs"] == []
    assert "series" not in as_text(model).splitlines()
    assert "not observations in time" in page.page(gather.gather(blob, model, "linear.mote"))


def test_inputs_keep_their_names_in_a_series_alone(tmp_path):
    path = gru(tmp_path)
    names = [f.name for f in import_file(str(path), Config("t"), False).features]
    assert names == [f"x{i}" for i in range(24)]
    config = Config("t", series=SERIES)
    assert lower.lower(import_file(str(path), config, False), config, "float32").series.columns
