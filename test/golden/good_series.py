"""The good file of a forecaster: see good.py."""

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


MODELS["series"] = series
