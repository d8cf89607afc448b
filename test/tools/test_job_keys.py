"""mote.jobs: what is no [job.NAME] table, or does not fit its model, is refused by
name; jobs of a model over rows."""

import pytest

from mote import config, file, jobs, lower
from mote.cli import main
from mote.engine import Engine, Rejected
from mote.errors import Usage
from mote.graph import Feature, Graph, Imported, Output
from mote.inspect import as_text
from mote.reader import BadFile, read
from mote.report import gather, page

JOB = {"sink": "s3://b/{target}.json", "targets": [{"id": "a"}]}


@pytest.mark.parametrize("change, message", [
    ({"sinks": "x"}, "job.daily has no key 'sinks'"),
    ({"sink": ""}, "job.daily.sink: expected it, got none"),
    ({"sink": "https://b/k"}, "job.daily.sink: expected s3://BUCKET/KEY"),
    ({"sink": "{target}.json"}, "job.daily.sink: expected s3://BUCKET/KEY"),
    ({"sink": "{env:BUCKET}/k"}, "job.daily.sink: expected s3://BUCKET/KEY"),
    ({"sink": "s3://b/{targets}"}, "job.daily.sink: {targets} is unknown"),
    ({"sink": "s3://b/}"}, "job.daily.sink: a brace stands alone"),
    ({"sink": "s3://b/{target}/"}, "job.daily.sink: expected s3://BUCKET/KEY"),
    ({"sink": "s3://b/{target}*"}, "job.daily.sink: expected s3://BUCKET/KEY"),
    ({"source": "s3://b/*/{target}"}, "job.daily.source: expected * only at the end"),
    ({"source": "https://b/{target}*"}, "job.daily.source: expected one address"),
    ({"targets": [{"id": "a", "model": "s3://b/m/"}]},
     "job.daily.targets[0].model: expected the address of one file"),
    ({"source": "ftp://a"}, "job.daily.source: expected http:// or https:// or s3://..."),
    ({"separator": "\u00e9"}, "job.daily.separator: expected one ASCII character"),
    ({"separator": '"'}, "job.daily.separator: expected one ASCII character"),
    ({"separator": "\n"}, "job.daily.separator: expected one ASCII character"),
    ({"columns": {"level": 1}}, "job.daily.columns.level: expected a text, got 1"),
    ({"names": {"next": []}}, "job.daily.names.next: expected a text, got []"),
    ({"path": ["data", 0]}, "job.daily.path[1]: expected a text, got 0"),
    ({"format": "xml"}, "job.daily.format: expected one of csv, json, got 'xml'"),
    ({"history": "1d"}, "job.daily: expected observed and history together"),
    ({"targets": [{"id": "a"}, {"id": "a"}]}, "job.daily.targets[1].id: expected another"),
    ({"targets": [{"id": "a", "model": "http://x"}]}, "job.daily.targets[0].model: expected https"),
])  # fmt: skip
def test_jobs_that_are_none(change, message):
    with pytest.raises(Usage) as error:
        jobs.check({"daily": JOB | change}, "model.toml")
    assert str(error.value).startswith(f"model.toml: {message}")


@pytest.mark.parametrize("source", [
    "{env:SOURCE}/{{x}}", "s3://b/{target}/", "s3://b/{target}*", "s3://b/", "{env:SOURCE}*",
    "https://example.org/",
])  # fmt: skip
def test_a_job(source):
    jobs.check({"daily": JOB | {"source": source, "separator": ";"}}, "model.toml")


FEATURES = ["length", "width"]


@pytest.mark.parametrize("change, message", [
    ({"time": "when"}, "job.daily.time: is of a model with [series] alone; leave it out"),
    ({"observed": "length", "history": "1h"}, "job.daily.observed: is of a model with [series]"),
    ({"names": {"y": "z"}}, "job.daily.names: is of a model with [series] alone"),
    ({"columns": {"size": "s"}}, "job.daily.columns.size: is no column; they are length, width"),
    ({"columns": {"length": "width"}}, "job.daily.columns: 'width' is two features"),
])  # fmt: skip
def test_jobs_that_do_not_fit_rows(change, message):
    with pytest.raises(Usage) as error:
        jobs.records({"daily": JOB | change}, None, FEATURES)
    assert str(error.value).startswith(message)


def test_a_feature_called_job():
    """{"job": "baker", ...} would be a row and ask for a job."""
    with pytest.raises(Usage, match="job.daily: expected no feature called job"):
        jobs.records({"daily": JOB}, None, ["age", "job"])


def test_a_job_of_rows():
    table = JOB | {"source": "s3://b/in/", "columns": {"width": "w"}}
    (record,) = jobs.records({"daily": table}, None, FEATURES)
    assert (record.columns, record.time, record.forecasts) == (["length", "w"], None, [])


def of_json(features: int) -> file.File:
    """A model of the sum of so many features, and a job for it that reads JSON."""
    g = Graph.of_rows(features)
    y = g.dense(g.input, [[1.0] * features], [0.0])
    names = [Feature(f"x{i}") for i in range(features)]
    cfg = config.Config("sum", "1", job={"daily": JOB | {"format": "json"}})
    return lower.lower(Imported(g, names, Output("numbers", ["y"], None, y), "none", None),
                       cfg, "float64")  # fmt: skip


@pytest.mark.parametrize("features, good", [(512, True), (513, False)])
def test_columns_of_csv(features, good):
    """As many as a record has: the compiler and both readers say so."""
    names = [f"x{i}" for i in range(features)]
    made = of_json(features)
    read(made.to_bytes())
    made.jobs[0].format = "csv"
    blob = made.to_bytes()
    if good:
        assert jobs.records({"daily": JOB}, None, names)[0].columns == names
        assert read(blob).jobs[0].columns == names
        Engine(blob).close()
        return
    with pytest.raises(Usage, match="a model of 512 features at most for CSV, got 513"):
        jobs.records({"daily": JOB}, None, names)
    with pytest.raises(BadFile, match="512 columns of CSV"):
        read(blob)
    with pytest.raises(Rejected, match="as many columns as a record of CSV"):
        Engine(blob).close()


def test_iris_with_a_job(tmp_path, capsys):
    """Compiled, and shown by inspect and report."""
    sklearn = pytest.importorskip("sklearn.datasets")
    from joblib import dump
    from sklearn.linear_model import LogisticRegression

    data = sklearn.load_iris()
    dump(LogisticRegression(max_iter=500).fit(data.data, data.target), tmp_path / "iris.joblib")
    (tmp_path / "model.toml").write_text("""
[model]
name = "iris"
source = "iris.joblib"
[input]
features = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
[output]
labels = ["setosa", "versicolor", "virginica"]
[job.hourly]
source = "s3://{env:BUCKET}/in/{target}/"
columns = { sepal_length = "Sepal <length>" }
sink = "s3://{env:BUCKET}/out/{target}-{time}.json"
targets = [{ id = "garden" }]
[job.asked]
format = "json"
sink = "s3://b/k.json"
targets = [{ id = "all" }]
""")
    assert main(["compile", str(tmp_path), "--json", "--trust-pickle"]) == 0, capsys.readouterr()
    blob = (tmp_path / "iris.mote").read_bytes()
    model = read(blob)
    hourly, asked = model.jobs
    assert hourly.columns == ["Sepal <length>", "sepal_width", "petal_length", "petal_width"]
    assert (hourly.time, hourly.forecasts, asked.source) == (None, [], None)
    shown = as_text(model)
    for words in ("job      hourly, failure report", "sepal_length from Sepal <length>",
                  "gives  an array of replies", "the event's rows",
                  "columns as the features"):  # fmt: skip
        assert words in shown, words
    html = page.page(gather.gather(blob, model, "iris.mote"))
    for words in "Job hourly", "sepal_length from Sepal &lt;length&gt;", "the event's rows":
        assert words in html or words.replace("'", "&#x27;") in html, words
