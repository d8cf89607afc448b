"""What a part of a forecaster sees of its series, in words.

    discharge[-1]              the step before the one that is forecast
    discharge[-168..-1]        each of those steps, oldest first
    rain[0..5]                 of a column known ahead: that step and the next five
    diff(discharge[-1], 24)    less what was 24 steps before
    mean(discharge[-240..-1])  likewise sum, min and max
    hour, weekday, month, yearday   of the step, by the clock of series.utc_offset:
                               0 to 23, Monday is 0, 1 to 12, 1 to 366; from 1970 to
                               2099, and a missing number outside
    step                       number of the step, 0 for the first that is forecast
    NAME of series.time        the step as that input counts time

A word is computed twice by the same code: as nodes of a graph, and in NumPy for
what a file is verified against, with the same bits.
"""

import datetime
import functools
import math
import re
from dataclasses import dataclass

import numpy as np

from mote.errors import Usage
from mote.graph import Graph, Node, Value
from mote.graph_table import Table

DAY = 86400
YEARS = range(1970, 2101)
CLOCKS = ("hour", "weekday", "month", "yearday", "step")
FOLDS = ("min", "max")  # the other calls are sums
WINDOW = re.compile(r"([^\s\[\](),]+)\[(-?\d{1,6})(?:\.\.(-?\d{1,6}))?\]")
CALL = re.compile(r"(diff|sum|mean|min|max)\((.*?)(?:,\s*(\d{1,6}))?\)")


@dataclass(frozen=True)
class Steps:
    """Steps first to last of a column, counted from the one that is forecast; call:
    what is made of them, each by itself where there is none."""

    column: str
    first: int
    last: int
    call: str | None = None
    back: int = 0  # of "diff"

    @property
    def count(self) -> int:
        return 1 if self.call else self.last - self.first + 1


@dataclass(frozen=True)
class Clock:
    """One of CLOCKS, or "time"."""

    kind: str
    count: int = 1


Word = Steps | Clock


def parse(text: str, columns: list[str], time: str | None, where: str) -> Word:
    """Raises Usage for what is no word."""
    text = text.strip()
    if text in CLOCKS:
        return Clock(text)
    if time is not None and text == time:
        return Clock("time")
    call, inner, back = None, text, None
    match = CALL.fullmatch(text)
    if match:
        call, inner, back = match.groups()
    match = WINDOW.fullmatch(inner.strip())
    if not match or (call == "diff") != (back is not None):
        known = ", ".join((*CLOCKS, *([time] if time else [])))
        wanted = f"NAME[-1], NAME[-24..-1], diff(NAME[-1], 24), mean(NAME[-24..-1]), {known}"
        raise Usage(f"{where}: expected a word such as {wanted}, got {text!r}")
    name, first, last = match[1], int(match[2]), int(match[3] or match[2])
    if name not in columns:
        raise Usage(f"{where}: {name!r} is no column; they are {', '.join(columns)}")
    if last < first or (call == "diff" and (last != first or int(back) == 0)):
        raise Usage(f"{where}: expected steps from the oldest on, got {text!r}")
    return Steps(name, first, last, call, int(back or 0))


class InGraph:
    """Values are graph.Value, [batch][n] of them. Constants that are the same are one
    array, and so one tensor of the file."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.binary, self.concat = graph.binary, graph.concat
        self.constants: dict[tuple, np.ndarray] = {}

    def columns(self, x: Value, index) -> Value:
        return self._constant(self.graph.columns(x, index), "index")

    def rowwise(self, x: Value, kind: str, vector) -> Value:
        return self._constant(self.graph.rowwise(x, kind, vector), "vector")

    def linear(self, x: Value, matrix) -> Value:
        return self._constant(self.graph.linear(x, matrix), "matrix")

    def _constant(self, y: Value, name: str) -> Value:
        attributes = self.graph.nodes[-1].attributes
        array = attributes[name]
        attributes[name] = self.constants.setdefault((name, array.tobytes()), array)
        return y

    def look_up(self, x: Value, table: Table, kind: str) -> Value:
        return self.graph.encode(x, [table] * x.dims[-1], kind)

    def constant(self, like: Value, number: float) -> Value:
        zero = self.rowwise(self.columns(like, [0]), "*", [0.0])
        return self.rowwise(zero, "+", [number])

    def model(self, part, row: Value) -> Value:
        """The part's graph once more, on a row of its features."""
        made, first = {}, 0
        for value in part.graph.inputs:
            count = value.dims[-1]
            whole = count == row.dims[-1]
            made[value] = row if whole else self.columns(row, range(first, first + count))
            first += count
        for node in part.graph.nodes:
            outputs = [Value(v.dims, v.dtype) for v in node.outputs]
            made.update(zip(node.outputs, outputs))
            inputs = [made[v] for v in node.inputs]
            self.graph.nodes.append(Node(node.op, inputs, outputs, node.attributes))
        return made[part.output.scores]


class InNumPy:
    """Values are float64 [n][k]."""

    def columns(self, x, index):
        return x[:, list(index)]

    def binary(self, a, b, kind):
        return {"+": np.add, "-": np.subtract, "min": np.minimum, "max": np.maximum}[kind](a, b)

    def rowwise(self, x, kind, vector):
        vector = np.asarray(vector, np.float64)
        return {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}[kind](x, vector)

    def linear(self, x, matrix):
        y = np.zeros((len(x), len(matrix)))
        for column, weights in zip(x.T, np.asarray(matrix).T):  # in the engine's order
            y += weights * column[:, None]
        return y

    def concat(self, parts):
        return np.concatenate(parts, 1)

    def look_up(self, x, table: Table, kind: str):
        keys, values = np.array(table.keys), np.array([*table.values, table.other])
        at = np.searchsorted(keys, x, "right") - 1
        found = (at >= 0) & ((kind == "floor") | (keys[at] == x))
        out = values[np.where(found, at, -1)]
        return np.where(np.isnan(x), table.missing, out)

    def constant(self, like, number: float):
        return np.full((len(like), 1), number)

    def model(self, part, row):
        return np.asarray(part.predict(row)[1], np.float64).reshape(len(row), -1)


def fold(ops, x, keys, kind: str):
    """The columns `keys` of x in one, by halves."""
    keys = list(keys)
    if len(keys) == 1:
        return ops.columns(x, keys)
    while len(keys) > 1:
        half, odd = len(keys) // 2, keys[len(keys) // 2 * 2 :]
        y = ops.binary(ops.columns(x, keys[:half]), ops.columns(x, keys[half : 2 * half]), kind)
        x = ops.concat([y, ops.columns(x, odd)]) if odd else y
        keys = list(range(half + len(odd)))
    return x


@functools.cache
def table(kind: str) -> Table:
    """Of the calendar, by seconds since 1970: the second at which the year began, the
    weekday of its first day, the month. By seconds of the year: the day, from 0 and, as
    "yearday", from 1. "week": the weekday, by days since a Monday."""
    epoch = datetime.date(1970, 1, 1).toordinal()
    days = [datetime.date(y, 1, 1).toordinal() - epoch for y in YEARS]
    begins = [float(d * DAY) for d in days]
    if kind == "year":
        return Table(begins, [*begins[:-1], math.nan])
    if kind == "first weekday":
        return Table(begins, [*(float((d + 3) % 7) for d in days[:-1]), math.nan])
    if kind == "month":
        months = [datetime.date(y, m, 1) for y in YEARS[:-1] for m in range(1, 13)]
        keys = [float((d.toordinal() - epoch) * DAY) for d in months]
        return Table([*keys, begins[-1]], [*(float(d.month) for d in months), math.nan])
    if kind == "week":
        return Table([float(d) for d in range(373)], [float(d % 7) for d in range(373)])
    first = 1 if kind == "yearday" else 0
    return Table([float(d * DAY) for d in range(366)], [float(d + first) for d in range(366)])


@functools.cache
def around(length: int, count: int, turn: int) -> Table:
    """The number of a piece of `length` seconds, `count` of them, in turns of `turn`."""
    return Table([float(i * length) for i in range(count)], [float(i % turn) for i in range(count)])


class Calendar:
    """What clocks say at each step: of the first step's local time in seconds since
    1970, [n][1]. What steps share is computed once."""

    def __init__(self, ops, seconds, step: int):
        self.ops, self.step, self.shared = ops, step, {"seconds": seconds}

    def at(self, kind: str, number: int):
        """Of step `number`, by table."""
        ops, later = self.ops, float(number * self.step)
        of = {"hour": "of day", "weekday": "of week"}.get(kind, "seconds")
        seconds = self._shared(of)
        seconds = ops.rowwise(seconds, "+", [later]) if number else seconds
        if kind == "hour":
            hours = (DAY + number * self.step) // 3600 + 1
            return ops.look_up(seconds, around(3600, -(-hours // 24) * 24, 24), "floor")
        if kind == "weekday":
            days = 7 + number * self.step // DAY + 1
            return ops.look_up(seconds, around(DAY, -(-days // 7) * 7, 7), "floor")
        if kind == "month":
            return ops.look_up(seconds, table("month"), "floor")
        within = ops.binary(seconds, ops.look_up(seconds, table("year"), "floor"), "-")
        return ops.look_up(within, table("yearday"), "floor")

    def _shared(self, name: str):
        if name not in self.shared:
            self.shared[name] = self._make(name)
        return self.shared[name]

    def _make(self, name: str):
        """Seconds of the day, or of the week from Monday on."""
        ops, seconds = self.ops, self.shared["seconds"]
        within = ops.binary(seconds, ops.look_up(seconds, table("year"), "floor"), "-")
        day = ops.look_up(within, table("day"), "floor")
        if name == "of day":
            return ops.binary(within, ops.rowwise(day, "*", [float(DAY)]), "-")
        first = ops.look_up(seconds, table("first weekday"), "floor")
        of_week = ops.look_up(ops.binary(first, day, "+"), table("week"), "exact")
        return ops.binary(ops.rowwise(of_week, "*", [float(DAY)]), self._shared("of day"), "+")
