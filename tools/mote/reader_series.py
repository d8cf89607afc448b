"""SERIES of a .mote file: how observations in time become a row."""

from dataclasses import dataclass

from mote.reader_answer import Feature, Output
from mote.reader_bytes import NONE, Part
from mote.reader_tables import expect_length

HEAD_BYTES, COLUMN_BYTES, FORECAST_BYTES = 32, 20, 12
MAX_COLUMNS = 64
MAX_STEP = 366 * 86400  # seconds
MAX_WINDOW = 65535  # steps
RESAMPLES = {1: "mean", 2: "last", 3: "sum", 4: "min", 5: "max"}


@dataclass
class Column:
    name: str
    first: int  # feature
    window: int
    ahead: int
    resample: str


@dataclass
class Forecast:
    name: str
    first: int  # of the output's numbers
    steps: int


@dataclass
class Series:
    step: int  # seconds, as are offset and unit
    offset: int
    gap: int  # steps
    time: int | None  # feature
    unit: int
    columns: list[Column]
    forecasts: list[Forecast]


def read_series(part: Part, strings: list[str], features: list[Feature], output: Output) -> Series:
    columns, forecasts, step, offset, gap, time, unit, zero = part.unpack("8I", 0)
    part.expect(1 <= columns <= MAX_COLUMNS, f"expected 1 to {MAX_COLUMNS} columns, got {columns}")
    numbers = len(output.names)
    part.expect(
        output.kind == "numbers" and 1 <= forecasts <= numbers,
        f"expected 1 to {numbers} forecasts of numbers, got {forecasts} of {output.kind}",
    )
    expect_length(part, HEAD_BYTES + COLUMN_BYTES * columns + FORECAST_BYTES * forecasts)
    for what, value in (("a step", step), ("a unit", unit)):
        part.expect(1 <= value <= MAX_STEP, f"expected {what} of 1 to {MAX_STEP} s, got {value}")
    part.expect(offset < step, f"expected an offset below the step of {step} s, got {offset}")
    part.expect(gap <= MAX_WINDOW, f"expected a gap of {MAX_WINDOW} steps at most, got {gap}")
    part.expect(zero == 0, f"expected unused bytes 28 to 31 to be 0, got {zero}")
    if time != NONE:
        part.index(time, len(features), "the time")
    at = HEAD_BYTES
    named = []
    for i in range(columns):
        named.append(read_column(part, at + COLUMN_BYTES * i, strings, features))
    taken = [n for c in named for n in range(c.first, c.first + c.window)]
    part.expect(taken == sorted(set(taken)), "expected columns in the order of their features")
    part.expect(time not in taken, f"expected a time that is no column's, got feature {time}")
    part.expect(
        len(taken) + (time != NONE) == len(features),
        f"expected every feature in a column or as the time, got {len(taken)} of {len(features)}",
    )
    at += COLUMN_BYTES * columns
    return Series(
        step, offset, gap, None if time == NONE else time, unit, named,
        [read_forecast(part, at + FORECAST_BYTES * i, strings, numbers) for i in range(forecasts)],
    )  # fmt: skip


def read_column(part: Part, at: int, strings: list[str], features: list[Feature]) -> Column:
    name, first, window, ahead, resample, *zero = part.unpack("4I4B", at)
    part.expect(resample in RESAMPLES, f"expected a resampling of 1 to 5, got {resample}")
    part.expect(zero == [0, 0, 0], f"expected unused bytes to be 0, got {zero}")
    part.expect(
        1 <= window <= MAX_WINDOW and first + window <= len(features),
        f"expected a window within {len(features)} features, got {window} from {first}",
    )
    part.expect(ahead <= window, f"expected at most {window} steps ahead, got {ahead}")
    kinds = {f.kind for f in features[first : first + window]}
    part.expect(kinds == {"number"}, f"expected features that are numbers, got {sorted(kinds)}")
    return Column(part.string(strings, name, "a column"), first, window, ahead, RESAMPLES[resample])


def read_forecast(part: Part, at: int, strings: list[str], numbers: int) -> Forecast:
    name, first, steps = part.unpack("3I", at)
    part.expect(
        1 <= steps and first + steps <= numbers,
        f"expected a forecast within {numbers} numbers, got {steps} from {first}",
    )
    return Forecast(part.string(strings, name, "a forecast"), first, steps)
