"""The good files of a forecaster and of jobs: see good.py."""

from good import MODELS, Build, Draw, Golden, Tensors, make, numbers

from mote import file


def series() -> Golden:
    """Two columns, one of them known ahead, the time between them, and two
    forecasts of different length."""
    d, b = Draw("series"), Build(Tensors())
    b.plan.outputs = [b.dense(b.input("f64", 9), d.array(5, 9), d.array(5))]
    names = ["level_0", "level_1", "level_2", "low_0", "low_1"]
    f = make("forecaster", b.tensors, [b], numbers(names))
    texts = [f"level_{i}" for i in range(4)] + ["hour"] + [f"rain_{i}" for i in range(4)]
    for feature, text in zip(f.features, texts, strict=True):
        feature.name = text
    f.series = file.SeriesRecord(
        step=900,
        offset=300,
        gap=2,
        time=4,
        unit=3600,
        columns=[
            file.SeriesColumn("level", 0, 4),
            file.SeriesColumn("rain", 5, 4, ahead=2, resample="sum"),
        ],
        forecasts=[file.Forecast("level", 0, 3), file.Forecast("low", 3, 2)],
    )
    return Golden(f, d.rows(3, 9))


def jobs() -> Golden:
    """Two jobs: one of CSV with two targets, of which one has a model of its own;
    one of JSON that the event brings."""
    golden = series()
    golden.file.jobs = [
        file.JobRecord(
            name="daily",
            source=[("text", "https://example.org/"), ("target", None), ("text", ".csv")],
            sink=[("text", "s3://"), ("variable", "BUCKET"), ("text", "/"), ("date", None)],
            targets=[
                file.Target("a", "Gauge A"),
                file.Target("b", "Gauge B", [("text", "s3://models/"), ("version", None)]),
            ],
            time="when",
            columns=["stage", "rain"],
            forecasts=["level", "lowest"],
            failure="any",
            observed=0,
            observed_name="level_true",
            history=4,
        ),
        file.JobRecord(
            name="asked",
            source=None,
            sink=[("text", "s3://bucket/"), ("name", None), ("time", None)],
            targets=[file.Target("a", "Gauge A")],
            time="time",
            columns=["level", "rain"],
            forecasts=["level", "low"],
            format="json",
            path=["data", "hourly"],
        ),
    ]
    return golden


def jobs_of_rows() -> Golden:
    """A job of a model without a series: its columns are the features."""
    d, b = Draw("jobs of rows"), Build(Tensors())
    b.plan.outputs = [b.dense(b.input("f64", 3), d.array(2, 3), d.array(2))]
    f = make("rows", b.tensors, [b], numbers(["y", "z"]))
    f.jobs = [
        file.JobRecord(
            name="daily",
            source=[("text", "s3://bucket/"), ("target", None), ("text", "/")],
            sink=[("text", "s3://bucket/"), ("target", None), ("text", ".json")],
            targets=[file.Target("a", "A")],
            time=None,
            columns=["length", "x0.1", "width"],
            forecasts=[],
            separator=";",
        )
    ]
    return Golden(f, d.rows(3, 3))


MODELS["series"] = series
MODELS["jobs"] = jobs
MODELS["jobs_of_rows"] = jobs_of_rows
