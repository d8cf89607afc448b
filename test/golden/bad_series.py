"""The bad files whose fault is in SERIES: see bad.py."""

from bad import NONE, bad

# 32 bytes, then columns of 20 at 32 and 52, then forecasts of 12 at 72 and 84


def at(offset: int, form: str, *values: int):
    return ("SERIES", offset, form, *values)


bad(
    "format",
    "SERIES",
    "series",
    no_columns=at(0, "I", 0),
    many_columns=at(0, "I", 65),
    more_columns=at(0, "I", 3),
    no_forecasts=at(4, "I", 0),
    many_forecasts=at(4, "I", 6),
    more_forecasts=at(4, "I", 3),
    step_zero=at(8, "I", 0),
    step_above=at(8, "I", 31622401),
    offset_above=at(12, "I", 900),
    gap_above=at(16, "I", 65536),
    time_beyond=at(20, "I", 9),
    time_of_column=at(20, "I", 3),
    time_none=at(20, "I", NONE),
    unit_zero=at(24, "I", 0),
    unit_above=at(24, "I", 31622401),
    zero=at(28, "I", 1),
    column_name=at(32, "I", NONE),
    column_first=at(36, "I", 1),
    column_beyond=at(56, "I", 6),
    column_no_window=at(40, "I", 0),
    column_short=at(40, "I", 3),
    column_long=at(40, "I", 5),
    column_huge=at(40, "I", 0xFFFFFFFF),
    column_order=[at(36, "I", 5), at(56, "I", 0)],
    column_ahead=at(64, "I", 5),
    column_resample=at(48, "B", 0),
    column_resample_beyond=at(48, "B", 6),
    column_zero=at(49, "B", 1),
    forecast_name=at(72, "I", NONE),
    forecast_first=at(76, "I", 5),
    forecast_none=at(80, "I", 0),
    forecast_long=at(80, "I", 6),
    forecast_huge=at(80, "I", 0xFFFFFFFF),
)
