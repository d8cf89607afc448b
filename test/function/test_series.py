"""J: a forecaster, which takes observations in time.

The model answers with its own row, so that what the function made of the
observations is seen; a reference in Python, written from compress/FORMAT.md,
says what it should be.
"""

import datetime
import json
import random
import shutil

import pytest
from function import BARE, EXEC

from mote import config, lower
from mote.graph import Feature, Graph, Imported, Output

STEP, OFFSET, GAP, UNIT = 900, 300, 2, 3600
WINDOW, AHEAD = 4, 2
# rain is known ahead
COLUMNS = {"level": "mean", "low": "min", "rain": "sum", "gate": "last", "high": "max"}
NAMES = [f"{c}_{i}" for c in COLUMNS for i in range(WINDOW)] + ["hour"]
SERIES = {
    "step": "15m",
    "offset": "5m",
    "gap": "30m",
    "time": "hour",
    "time_unit": "1h",
    "columns": {c: {"resample": how} for c, how in COLUMNS.items()},
}
SERIES["columns"]["rain"]["ahead"] = "30m"
BEGIN = 1_560_000_000


@pytest.fixture(scope="module")
def model():
    g = Graph.of_rows(len(NAMES))
    y = g.map(g.map(g.input, "neg"), "neg")
    imported = Imported(
        g, [Feature(n) for n in NAMES], Output("numbers", NAMES, None, y), "none", None
    )
    cfg = config.Config("echo", "1", reply="label", series=SERIES)
    return lower.lower(imported, cfg, "float64").to_bytes()


@pytest.fixture
def echo(api, start, tmp_path, model):
    shutil.copy(BARE, tmp_path / "bootstrap")
    (tmp_path / "model.mote").write_bytes(model)
    start(command=[*EXEC, tmp_path / "bootstrap"])
    return api


def resampled(observations: list, column: str, how: str) -> dict[int, float]:
    """Step numbers to values."""
    steps: dict[int, list[float]] = {}
    for o in sorted(observations, key=lambda o: o["time"]):  # of one second as they came
        if o.get(column) is not None:
            steps.setdefault((o["time"] - OFFSET) // STEP, []).append(o[column])
    ways = {"mean": lambda v: sum(v) / len(v), "min": min, "max": max, "sum": sum}
    made = ways.get(how, lambda v: v[-1])
    return {step: made(values) for step, values in steps.items()}


def filled(known: dict[int, float], first: int) -> list[float] | None:
    """A window, its gaps filled; None where one is too long."""
    window = [known.get(first + i) for i in range(WINDOW)]
    there = [i for i, v in enumerate(window) if v is not None]
    if not there:
        return None
    for i, value in enumerate(window):
        if value is not None:
            continue
        before = max((k for k in there if k < i), default=None)
        after = min((k for k in there if k > i), default=None)
        missing = (WINDOW if after is None else after) - (-1 if before is None else before) - 1
        if missing > GAP:
            return None
        if before is None or after is None:
            window[i] = window[after if before is None else before]
        else:
            share = (i - before) / (after - before)
            window[i] = window[before] + (window[after] - window[before]) * share
    return window


def row_of(observations: list) -> tuple[list[float], int] | None:
    """The model's row and when the forecast begins, or None when it is refused."""
    columns = {c: resampled(observations, c, how) for c, how in COLUMNS.items()}
    if not all(columns.values()):
        return None
    last = min(max(known) for c, known in columns.items() if c != "rain")
    row = []
    for c, known in columns.items():
        # a ring holds twice the window, from its newest step back
        kept = {s: v for s, v in known.items() if s > max(known) - 2 * WINDOW}
        window = filled(kept, last + 1 - WINDOW + (AHEAD if c == "rain" else 0))
        if window is None:
            return None
        row += window
    begin = (last + 1) * STEP + OFFSET
    return [*row, begin // UNIT], begin


def draw(rng: random.Random) -> list[dict]:
    """Observations of a few steps, some missing, some twice."""
    observations = []
    for step in range(rng.randrange(2, 14)):
        for c in COLUMNS:
            for _ in range(rng.choice([0, 1, 1, 1, 1, 2, 3])):
                time = BEGIN + step * STEP + rng.randrange(STEP)
                observations.append({"time": time, c: rng.choice([None, 0, 1.5, -2.25, 1e3])})
    if rng.random() < 0.5:
        rng.shuffle(observations)
    return observations


def ask(api, series):
    """The answer, and whether it is a failure."""
    post = api.invoke({"series": series})
    return post.json(), post.target.endswith("/error")


def flat(answer) -> list[float]:
    """The row that the model saw."""
    return [x for c in COLUMNS for x in answer[c]] + answer["hour"]


def test_what_steps_and_gaps_become(echo):
    """Random observations, rows and columns, in any order."""
    rng = random.Random(5)
    answered = 0
    for _ in range(300):
        observations = draw(rng)
        expected = row_of(observations)
        answer, failed = ask(echo, observations)
        assert failed == (expected is None), (observations, answer)
        if expected is None:
            continue
        answered += 1
        row, begin = expected
        assert flat(answer) == pytest.approx(row, rel=1e-12), observations
        assert answer["timestamps"][0] == iso(begin)
    assert 50 < answered < 290


def iso(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def complete(steps: int = 6) -> list[dict]:
    return [
        {
            "time": BEGIN + i * STEP,
            "level": i + 0.5,
            "low": -i,
            "rain": 2.0 * i,
            "gate": i,
            "high": i,
        }
        for i in range(steps)
    ]


def test_the_forms_are_one(echo):
    rows = complete()
    expected, failed = ask(echo, rows)
    assert not failed
    columns = {k: [r[k] for r in rows] for k in rows[0]}
    for same in (
        columns,
        dict(reversed(columns.items())),
        [{**r, "time": iso(r["time"])} for r in rows],
        [dict(reversed(r.items())) for r in rows],
        rows[::-1],
        [{"time": r["time"], k: r[k]} for k in COLUMNS for r in rows],
        [*rows, {"time": BEGIN + 90 * STEP, "level": None}],
        [{**r, "time": r["time"] + 0.75} for r in rows],
    ):
        assert ask(echo, same) == (expected, False), same
    names = {"timestamps", *COLUMNS, "hour"}
    assert set(expected) == names
    times = [iso((BEGIN - OFFSET) // STEP * STEP + OFFSET + (6 + i) * STEP) for i in range(WINDOW)]
    assert expected["timestamps"] == times


def test_the_last_is_the_latest_in_time(echo):
    """Whatever the order, and of the same second what came last."""
    rows = complete()
    more = [(5, 8.0), (9, 9.0), (9, 9.5), (2, 7.0)]  # seconds into the last step
    begins = (BEGIN - OFFSET) // STEP * STEP + OFFSET + 5 * STEP
    rows[-1]["time"] = begins  # at its beginning
    gates = [{"time": begins + second, "gate": value} for second, value in more]
    for order in [*rows, *gates], [*gates, *rows], [*gates[1:], *rows, gates[0]]:
        answer, failed = ask(echo, order)
        assert not failed and answer["gate"][-1] == 9.5


@pytest.mark.parametrize(
    "series, message",
    [
        (5, "series: expected an array of rows or an object of columns, got 5"),
        ([], "level: expected observations, got nothing"),
        ([[1, 2]], "row 0: series: expected an object in every row, got an array"),
        ([{"level": 1}], "row 0: time: expected a time in every row, got none"),
        ([{"time": "today", "level": 1}], 'row 0: time: expected a time such as "2026-'),
        ([{"time": 1e300, "level": 1}], 'row 0: time: expected a time such as "2026-'),
        ([{"time": 0, "depth": 1}], "row 0: depth: expected the time or a column of the model"),
        ([{"time": 0, "level": "1"}], "row 0: level: expected a number or null, got 1"),
        ([{"time": 0, "level": True}], "row 0: level: expected a number or null, got true"),
        ({"level": [1]}, "time: expected an array of times, got none"),
        ({"time": 5, "level": [1]}, "time: expected an array of times, got 5"),
        ({"time": [0], "level": 1}, "level: expected an array of values, got 1"),
        (
            {"time": [0], "level": []},
            "level: expected as many values as there are times, got fewer",
        ),
        ({"time": [], "level": [1]}, "level: expected as many values as there are times, got more"),
    ],
)
def test_refusals_say_what_and_where(echo, series, message):
    answer, failed = ask(echo, series)
    assert failed
    assert answer["errorMessage"].startswith(message), answer
    assert answer["errorMessage"].endswith(f"a series has time, {', '.join(COLUMNS)}")


def test_what_is_out_of_range(echo):
    for observation, message in (
        ({"time": 9e11, "level": 1}, "level: expected a time within the years 1 to 9999, got 1"),
        ({"time": 0, "level": 1e999}, "level: expected a finite number, got 1e999"),
    ):
        text = json.dumps({"series": [observation]}).replace("Infinity", "1e999")
        assert echo.failure(text.encode())["errorMessage"] == f"row 0: {message}"


def test_a_long_gap_names_its_time(echo):
    rows = complete(12)
    for r in rows[8:11]:
        r["level"] = None
    answer, failed = ask(echo, rows)
    assert failed
    at = iso((BEGIN - OFFSET) // STEP * STEP + OFFSET + 8 * STEP)
    expected = f"level: expected an observation at least every 3 steps of 900 s, got none at {at}"
    assert answer["errorMessage"].startswith(expected), answer


def test_other_requests_stay_as_they_are(echo):
    """A row of features, and what is JSON but not to its end."""
    row = [float(i) for i in range(len(NAMES))]
    assert list(echo.result(row).values()) == row
    for text in ('{"series": [{"time": 1}', '{"series": []} x', '{"series": [], "a": }'):
        echo.failure(text.encode())
    assert list(echo.result(row).values()) == row
