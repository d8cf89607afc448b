"""[series] of model.toml: a forecaster's windows, and what the steps are.

    [series]
    step = "1h"              # of the grid that windows lie on
    gap = "6h"               # the longest that is filled by a straight line
    time = "hour"            # the input that takes when the forecast begins, if any,
    time_unit = "1h"         # in these since 1970, UTC
    offset = "0s"            # of the grid from 1970: 5h for days that begin at 05:00
    forecasts = ["forecast"] # outputs; without it, all of them

    [series.columns.discharge]   # an input [1][window], oldest first
    resample = "mean"            # of observations in one step: mean, last, sum, min, max
    ahead = "0s"                 # how far the window reaches into the forecast

A span is a number and s, m, h or d. The model is one file that gives all steps at
once, or is put together from several: see [[series.parts]] in forecaster.py.
"""

import re

from mote.errors import Usage
from mote.file import RESAMPLES, Forecast, SeriesColumn, SeriesRecord
from mote.graph import Imported
from mote.reader_series import MAX_COLUMNS, MAX_STEP, MAX_WINDOW

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
KEYS = {"step", "gap", "time", "time_unit", "offset", "forecasts", "columns"}
PARTS_KEYS = {"parts", "horizon", "target", "utc_offset"}  # of forecaster.py
RESERVED = ("timestamps", "model")  # members of an answer
COLUMN_KEYS = {"resample", "ahead"}
PARTS_COLUMN_KEYS = {"window", "mean", "spread"}


def check(table: dict, place: str) -> None:
    """Raises Usage for what is no [series] of `place`."""
    parts = isinstance(table, dict) and "parts" in table
    known(table, KEYS | PARTS_KEYS, f"{place}: series")
    if "step" not in table:
        raise Usage(f'{place}: series.step: expected a span such as "1h", got none')
    columns = table.get("columns")
    if not isinstance(columns, dict) or not 1 <= len(columns) <= MAX_COLUMNS:
        raise Usage(f"{place}: expected 1 to {MAX_COLUMNS} tables [series.columns.NAME]")
    step = span(table["step"], f"{place}: series.step")
    if not 1 <= step <= MAX_STEP:
        raise Usage(f"{place}: series.step: expected 1s to 366d, got {table['step']!r}")
    for key in ("gap", "offset"):
        span(table.get(key, "0s"), f"{place}: series.{key}")
    unit = table.get("time_unit", "1s")
    if not 1 <= span(unit, f"{place}: series.time_unit") <= MAX_STEP:
        raise Usage(f"{place}: series.time_unit: expected 1s to 366d, got {unit!r}")
    if not isinstance(table.get("time", ""), str):
        raise Usage(f"{place}: series.time: expected a name, got {table['time']!r}")
    names = table.get("forecasts", [""])
    if not names or not is_texts(names) or len(set(names)) != len(names):
        raise Usage(f"{place}: series.forecasts: expected names, each once, got {names!r}")
    for name, column in columns.items():
        where = f"{place}: series.columns.{name}"
        known(column, COLUMN_KEYS | (PARTS_COLUMN_KEYS if parts else set()), where)
        if column.get("resample", "mean") not in list(RESAMPLES):  # a list has no hash
            ways = ", ".join(RESAMPLES)
            raise Usage(f"{where}.resample: expected one of {ways}, got {column['resample']!r}")
        span(column.get("ahead", "0s"), f"{where}.ahead")
    from mote import forecaster  # which reads this module

    forecaster.check(table, place)


def is_texts(value) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def known(table, keys: set[str], where: str) -> None:
    if not isinstance(table, dict):
        raise Usage(f"{where}: expected a table, got {table!r}")
    for key in table:
        if key not in keys:
            raise Usage(f"{where} has no key {key!r}; known are {', '.join(sorted(keys))}")


def span(text, where: str) -> int:
    """Seconds."""
    match = re.fullmatch(r"(\d{1,9})([smhd])", text) if isinstance(text, str) else None
    if not match:
        raise Usage(f'{where}: expected a span such as "15m", "1h" or "1d", got {text!r}')
    return int(match[1]) * SECONDS[match[2]]


def steps(text, step: int, where: str) -> int:
    seconds = span(text, where)
    if seconds % step or seconds // step > MAX_WINDOW:
        wanted = f"a multiple of the step of {step} s, {MAX_WINDOW} of them at most"
        raise Usage(f"{where}: expected {wanted}, got {text!r}")
    return seconds // step


def record(table: dict, imported: Imported) -> SeriesRecord:
    """The record for a model whose features and numbers are named after its inputs
    and outputs, as importers name them: NAME, or NAME_0 and so on."""
    step = span(table["step"], "series.step")
    features = runs([f.name for f in imported.features])
    columns = []
    for name, options in table["columns"].items():
        if name not in features:
            known = ", ".join(features)
            raise Usage(f"series.columns.{name}: is no input of the model; its inputs are {known}")
        first, window = features[name]
        if window > MAX_WINDOW:
            at_most = f"expected an input of {MAX_WINDOW} steps at most, got {window}"
            raise Usage(f"series.columns.{name}: {at_most}")
        ahead = steps(options.get("ahead", "0s"), step, f"series.columns.{name}.ahead")
        if ahead > window:
            at_most = f"expected at most {window} steps, got {ahead}"
            raise Usage(f"series.columns.{name}.ahead: {at_most}")
        columns.append(SeriesColumn(name, first, window, ahead, options.get("resample", "mean")))
    columns.sort(key=lambda c: c.first)
    time = table.get("time")
    if time is not None and features.get(time, (0, 0))[1] != 1:
        raise Usage(f"series.time: expected an input of one number, got {time!r}")
    rest = set(features) - set(table["columns"]) - {time}
    if rest:
        raise Usage(
            f"series: nothing says what input {sorted(rest)[0]!r} takes; "
            "expected a table in series.columns for it, or it as series.time"
        )
    if imported.output.kind != "numbers":
        raise Usage("series: expected a model that gives numbers, got one that gives a class")
    numbers = runs(imported.output.names)
    names = table.get("forecasts", list(numbers))
    for name in names:
        if name not in numbers:
            known = ", ".join(numbers)
            raise Usage(f"series.forecasts: {name!r} is no output of the model; they are {known}")
        if name in RESERVED:
            why = "is a member of every answer; give the output another name"
            raise Usage(f"series.forecasts: {name!r} {why}")
    offset = span(table.get("offset", "0s"), "series.offset")
    return SeriesRecord(
        step=step,
        columns=columns,
        forecasts=[Forecast(name, *numbers[name]) for name in names],
        gap=steps(table.get("gap", "0s"), step, "series.gap"),
        offset=offset % step,
        time=features[time][0] if time is not None else None,
        unit=span(table.get("time_unit", "1s"), "series.time_unit"),
    )


def runs(names: list[str]) -> dict[str, tuple[int, int]]:
    """NAME, or NAME_0, NAME_1 and so on, to the first place and how many."""
    runs: dict[str, tuple[int, int]] = {}
    last, count = "", 0  # the run that the name before is in, and how far it goes
    for i, name in enumerate(names):
        stem, _, number = name.rpartition("_")
        if stem and stem == last and number == str(count):
            count += 1
        elif stem and number == "0" and stem not in runs:
            last, count = stem, 1
        else:
            last, count = "", 0
            runs[name] = (i, 1)
            continue
        runs[stem] = (i + 1 - count, count)
    return runs
