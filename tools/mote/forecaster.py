"""A forecaster out of parts: [[series.parts]] of model.toml.

    [series]
    step = "1h"
    horizon = "4d"            # how far is forecast
    target = "discharge"      # the column that is; without it, the only one
    utc_offset = "1h"         # of the clock that words tell; "-5h" is allowed
    forecasts = ["q10", "q50", "q90"]   # names of what is given; without it "forecast"

    [series.columns.discharge]
    window = "30d"            # what is kept of it, steps ahead included
    mean = 20.0               # parts see (x - mean) / spread of a column, and what
    spread = 8.0              # they say is turned back with those of the target

    [[series.parts]]
    source = "trees.json"     # a file of any importer that gives numbers
    strategy = "recursive"    # one step, which the next ones see; or "direct": all of them
    features = ["discharge[-24..-1]", "mean(discharge[-240..-1])", "hour"]
    forecasts = ["q50"]       # those that it gives, one behind the other; without it, all
    weight = 0.5              # in the sum, or a list of one for each step; without it 1

Words are those of words.py, in the order of the part's features. Without them the
part's features have the names of columns, NAME_0 and so on being the last steps of
the window, oldest first, or of series.time: an ONNX file's inputs do. Parts of one
forecast are added up, each times its weight. A recursive part goes on from the first
forecast that it gives.

All of it becomes one graph: a recursive part is there once for each step, its trees
and weights only once.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mote import config, importers, rows, series, words
from mote.errors import Refusal, Usage
from mote.graph import BATCH, Feature, Graph, Imported, Output
from mote.reader_plans import MAX_OPERATORS

KEYS = {"source", "strategy", "features", "forecasts", "weight"}
STRATEGIES = ("direct", "recursive")
FORECAST = "forecast"


@dataclass
class Part:
    """weight: [horizon]; words: of its features."""

    model: Imported
    recursive: bool
    words: list[words.Word]
    forecasts: list[str]
    weight: np.ndarray


# ------------------------------------------------------------------ what is refused


def check(table: dict, place: str) -> None:
    """Raises Usage for what are no [[series.parts]] of `place`; the rest of the table
    is right already."""
    for key in ("horizon", "target", "utc_offset"):
        if key in table and "parts" not in table:
            raise Usage(f"{place}: series.{key}: is of [[series.parts]], and there are none")
    if "parts" not in table:
        return
    if "horizon" not in table:
        raise Usage(f'{place}: series.horizon: expected a span such as "4d", got none')
    columns = table["columns"]
    for name, column in columns.items():
        where = f"{place}: series.columns.{name}"
        if "window" not in column:
            raise Usage(f'{where}.window: expected a span such as "7d", got none')
        for key in ("mean", "spread"):
            _number(column.get(key, 1.0), f"{where}.{key}")
        if column.get("spread", 1.0) <= 0:
            raise Usage(f"{where}.spread: expected above 0, got {column['spread']!r}")
    if len(columns) > 1 and "target" not in table:
        raise Usage(f"{place}: series.target: expected one of {', '.join(columns)}, got none")
    if table.get("target", next(iter(columns))) not in columns:
        known = ", ".join(columns)
        raise Usage(f"{place}: series.target: expected one of {known}, got {table['target']!r}")
    _offset(table, place)
    parts = table["parts"]
    if not isinstance(parts, list) or not parts:
        raise Usage(f"{place}: series.parts: expected tables [[series.parts]], got {parts!r}")
    for i, part in enumerate(parts):
        _check_part(part, table.get("forecasts", [FORECAST]), f"{place}: series.parts[{i}]")


def _check_part(part, forecasts: list[str], where: str) -> None:
    series.known(part, KEYS, where)
    if not isinstance(part.get("source"), str) or not part["source"]:
        raise Usage(f"{where}.source: expected a trainer's file, got {part.get('source')!r}")
    if part.get("strategy", "direct") not in STRATEGIES:
        expected = f"expected one of {', '.join(STRATEGIES)}, got {part['strategy']!r}"
        raise Usage(f"{where}.strategy: {expected}")
    for key in ("features", "forecasts"):
        if key in part and (not series.is_texts(part[key]) or not part[key]):
            raise Usage(f"{where}.{key}: expected a list of texts, got {part[key]!r}")
    for name in part.get("forecasts", []):
        if name not in forecasts or part["forecasts"].count(name) > 1:
            known = ", ".join(forecasts)
            raise Usage(f"{where}.forecasts: expected some of {known}, each once, got {name!r}")
    weight = part.get("weight", 1.0)
    for number in weight if isinstance(weight, list) else [weight]:
        _number(number, f"{where}.weight")


def _number(value, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise Usage(f"{where}: expected a number, got {value!r}")


def _offset(table: dict, place: str) -> int:
    """Seconds of the clock before UTC."""
    text = table.get("utc_offset", "0h")
    match = re.fullmatch(r"([+-]?)(\d{1,2})([hm])", text) if isinstance(text, str) else None
    seconds = int(match[2]) * series.SECONDS[match[3]] if match else 0
    if not match or seconds > words.DAY:
        raise Usage(f'{place}: series.utc_offset: expected such as "1h" or "-5h", got {text!r}')
    return -seconds if match[1] == "-" else seconds


# ------------------------------------------------------------------ the forecaster


class Forecaster:
    """What rows are, and how parts become forecasts: of a graph, or in NumPy."""

    def __init__(self, table: dict):
        self.step = series.span(table["step"], "series.step")
        self.horizon = series.steps(table["horizon"], self.step, "series.horizon")
        if not self.horizon:
            raise Usage(f"series.horizon: expected a step at least, got {table['horizon']!r}")
        self.offset = _offset(table, "model.toml")
        self.columns = table["columns"]
        self.target = table.get("target", next(iter(self.columns)))
        self.forecasts = table.get("forecasts", [FORECAST])
        self.unit = series.span(table.get("time_unit", "1s"), "series.time_unit")
        self.time = table.get("time")
        self.window, self.ahead, self.first = {}, {}, {}
        at = 0
        for name, column in self.columns.items():
            where = f"series.columns.{name}"
            self.window[name] = series.steps(column["window"], self.step, f"{where}.window")
            self.ahead[name] = series.steps(column.get("ahead", "0s"), self.step, f"{where}.ahead")
            if not max(1, self.ahead[name]) <= self.window[name]:
                raise Usage(f"{where}.window: expected its steps ahead in it, and one at least")
            self.first[name], at = at, at + self.window[name]
        self.count = at  # features but for the time
        if self.ahead[self.target]:
            raise Usage(f"series.target: {self.target!r} is known ahead; expected another column")
        self.parts: list[Part] = []

    def names(self) -> list[str]:
        return [f"{c}_{i}" for c in self.columns for i in range(self.window[c])]

    def add(self, table: dict, model: Imported, where: str) -> None:
        """One more part."""
        recursive = table.get("strategy", "direct") == "recursive"
        forecasts = table.get("forecasts", self.forecasts)
        numbers = len(forecasts) * (1 if recursive else self.horizon)
        if model.output.kind != "numbers" or len(model.output.names) != numbers:
            each = "1 step" if recursive else f"{self.horizon} steps"
            got = f"{len(model.output.names)} of {model.output.kind}"
            expected = f"expected a model of {numbers} numbers, {each} of {', '.join(forecasts)}"
            raise Refusal(f"{where}.source: {expected}, got {got}")
        if not simple(model):
            raise Refusal(f"{where}.source: expected a model whose features are numbers in rows")
        found = self._words(table, model, where)
        count = sum(w.count for w in found)
        if count != len(model.features):
            expected = f"expected {len(model.features)} features, which the model takes"
            raise Usage(f"{where}.features: {expected}, got {count}")
        weight = np.atleast_1d(np.asarray(table.get("weight", 1.0), np.float64))
        if weight.shape not in ((1,), (self.horizon,)):
            raise Usage(f"{where}.weight: expected 1 or {self.horizon} numbers, got {len(weight)}")
        weight = np.broadcast_to(weight, (self.horizon,))
        self.parts.append(Part(model, recursive, found, forecasts, weight))
        for word in found:
            self._check_reach(word, recursive, f"{where}.features")

    def _words(self, table: dict, model: Imported, where: str) -> list[words.Word]:
        names = list(self.columns)
        if "features" in table:
            of = f"{where}.features"
            return [words.parse(text, names, self.time, of) for text in table["features"]]
        found = []
        runs = series.runs([f.name for f in model.features])
        for name, (_, count) in sorted(runs.items(), key=lambda run: run[1]):
            if name in self.columns:
                ahead = self.ahead[name]
                found.append(words.Steps(name, ahead - count, ahead - 1))
            elif name == self.time and count == 1:
                found.append(words.Clock("time"))
            else:
                known = ", ".join((*names, *([self.time] if self.time else [])))
                what = f"the model takes {name!r}, which is none of {known}"
                raise Usage(f"{where}.features: expected words, as {what}")
        return found

    def _check_reach(self, word: words.Word, recursive: bool, where: str) -> None:
        """Whether the window has what a word reads at the first and the last step."""
        if not isinstance(word, words.Steps):
            return
        c, last = word.column, self.horizon - 1 if recursive else 0
        if word.first - word.back < self.ahead[c] - self.window[c]:
            need = self.ahead[c] - word.first + word.back
            raise Usage(f"{where}: {c}[{word.first}] is older than the window; "
                        f"expected series.columns.{c}.window of {need} steps")  # fmt: skip
        fed = recursive and c == self.target
        if word.last >= 0 if fed else last + word.last >= self.ahead[c]:
            raise Usage(f"{where}: {c}[{word.last}] is not known at step {last} of the forecast")

    def uses_time(self) -> bool:
        return any(isinstance(w, words.Clock) and w.kind != "step"
                   for p in self.parts for w in p.words)  # fmt: skip

    # Rows and forecasts, in a graph or in NumPy

    def forecast(self, ops, x):
        """x [n][features], the time behind the columns, to [n][forecasts * horizon]."""
        seen, factors = x, [self.columns[c].get("spread", 1.0) for c in self.columns]
        shifts = [self.columns[c].get("mean", 0.0) for c in self.columns]
        if any(f != 1 for f in factors) or any(shifts):
            tail = [0.0] * self.uses_time(), [1.0] * self.uses_time()
            counts = [self.window[c] for c in self.columns]
            seen = ops.rowwise(seen, "-", [*np.repeat(shifts, counts), *tail[0]])
            seen = ops.rowwise(seen, "/", [*np.repeat(factors, counts), *tail[1]])
        sums, clocks = {}, self.calendar(ops, x)
        for part in self.parts:
            for name, steps in self._of_part(ops, part, seen, clocks).items():
                spread = self.columns[self.target].get("spread", 1.0)
                mean = self.columns[self.target].get("mean", 0.0)
                steps = steps if spread == 1 else ops.rowwise(steps, "*", [spread] * self.horizon)
                steps = steps if mean == 0 else ops.rowwise(steps, "+", [mean] * self.horizon)
                if (part.weight != 1).any():
                    steps = ops.rowwise(steps, "*", part.weight)
                sums[name] = ops.binary(sums[name], steps, "+") if name in sums else steps
        return ops.concat([sums[name] for name in self.forecasts])

    def _of_part(self, ops, part: Part, seen, clocks) -> dict:
        """Each forecast of a part: [n][horizon]."""
        h, count = self.horizon, len(part.forecasts)
        reader = Reader(self, ops, part, seen, clocks)
        if not part.recursive:
            y = ops.model(part.model, reader.row(0))
            return {name: ops.columns(y, range(i * h, (i + 1) * h)) if count > 1 else y
                    for i, name in enumerate(part.forecasts)}  # fmt: skip
        found = []
        for step in range(h):
            found.append(ops.model(part.model, reader.row(step)))
            reader.go_on(found[-1] if count == 1 else ops.columns(found[-1], [0]))
        if count == 1:
            return {part.forecasts[0]: ops.concat(found)}
        return {name: ops.concat([ops.columns(y, [i]) for y in found])
                for i, name in enumerate(part.forecasts)}  # fmt: skip

    def calendar(self, ops, x) -> words.Calendar | None:
        """x: rows as they are given, the time behind the columns."""
        if not self.uses_time():
            return None
        seconds = ops.rowwise(ops.columns(x, [self.count]), "*", [float(self.unit)])
        if self.offset:
            seconds = ops.rowwise(seconds, "+", [float(self.offset)])
        return words.Calendar(ops, seconds, self.step)


class Reader:
    """What a part sees, step after step.

    Of each step the same columns are taken, in the same order: those of the target
    out of `history`, its newest known steps and what was forecast since, and those of
    others out of their windows. Words that are sums are products with one matrix.
    """

    def __init__(self, f: Forecaster, ops, part: Part, seen, clocks):
        self.f, self.ops, self.part, self.seen, self.clocks = f, ops, part, seen, clocks
        steps = [w for w in part.words if isinstance(w, words.Steps)]
        keys = list(dict.fromkeys(key for w in steps for key in keys_of(w)))
        self.fed = [k for c, k in keys if part.recursive and c == f.target]
        self.others = [(c, k) for c, k in keys if not (part.recursive and c == f.target)]
        order = [*((f.target, k) for k in self.fed), *self.others]
        self.places = {key: i for i, key in enumerate(order)}
        self.depth = -min(self.fed, default=0)
        self.history = None
        if self.fed:
            end = f.first[f.target] + f.window[f.target]
            self.history = ops.columns(seen, range(end - self.depth, end))

    def go_on(self, forecast) -> None:
        """The next step's forecast is known."""
        if self.fed:
            self.history = self.ops.concat([self.history, forecast])

    def row(self, step: int):
        """[n][features] of the part at a step."""
        ops, taken = self.ops, self._taken(step)
        sums = [w for w in self.part.words if is_sum(w)]
        groups = [self._sums(taken, sums)] if sums else []
        order = {id(w): 0 for w in self.part.words}
        at = sum(w.count for w in sums)
        places = np.cumsum([0, *(w.count for w in sums)])[:-1]
        order.update({id(w): int(i) for w, i in zip(sums, places)})
        for word in self.part.words:
            if not is_sum(word):
                order[id(word)], at = at, at + 1
                groups.append(self._other(taken, word, step))
        whole = ops.concat(groups) if len(groups) > 1 else groups[0]
        index = [order[id(w)] + i for w in self.part.words for i in range(w.count)]
        return whole if index == list(range(len(index))) else ops.columns(whole, index)

    def _taken(self, step: int):
        f, ops, groups = self.f, self.ops, []
        if self.fed:
            groups.append(ops.columns(self.history, [self.depth + step + k for k in self.fed]))
        if self.others:
            at = [f.first[c] + f.window[c] - f.ahead[c] + step + k for c, k in self.others]
            groups.append(ops.columns(self.seen, at))
        return ops.concat(groups) if len(groups) > 1 else (groups or [None])[0]

    def _sums(self, taken, sums: list[words.Steps]):
        matrix = np.zeros((sum(w.count for w in sums), len(self.places)))
        counts, row = np.ones(len(matrix)), 0
        for word in sums:
            at = [self.places[key] for key in keys_of(word)]
            if word.call is None:
                matrix[range(row, row + word.count), at] = 1
            else:
                matrix[row, at] = (1, -1) if word.call == "diff" else 1
                counts[row] = len(at) if word.call == "mean" else 1
            row += word.count
        if (matrix == np.eye(*matrix.shape)).all():
            return taken
        y = self.ops.linear(taken, matrix)
        return self.ops.rowwise(y, "/", counts) if (counts != 1).any() else y

    def _other(self, taken, word: words.Word, step: int):
        f, ops = self.f, self.ops
        if isinstance(word, words.Steps):
            return words.fold(ops, taken, [self.places[k] for k in keys_of(word)], word.call)
        if word.kind == "step":
            return ops.constant(self.seen, float(step))
        if word.kind != "time":
            return self.clocks.at(word.kind, step)
        time = ops.columns(self.seen, [f.count])
        return ops.rowwise(time, "+", [step * f.step / f.unit]) if step else time


def is_sum(word: words.Word) -> bool:
    return isinstance(word, words.Steps) and word.call not in words.FOLDS


def keys_of(word: words.Steps) -> list[tuple[str, int]]:
    """Columns and steps that a word reads, from the step that is forecast."""
    if word.call == "diff":
        return [(word.column, word.first), (word.column, word.first - word.back)]
    return [(word.column, k) for k in range(word.first, word.last + 1)]


def simple(model: Imported) -> bool:
    """Whether a model takes rows of numbers that its graph's inputs hold one behind
    the other."""
    plain = all(f.categories is None and not f.text and not f.boolean for f in model.features)
    rows_only = all(len(v.dims) == 2 and v.dims[0] == BATCH for v in model.graph.inputs)
    columns = sum(v.dims[-1] for v in model.graph.inputs if isinstance(v.dims[-1], int))
    return plain and rows_only and columns == len(model.features) and model.tokenizer is None


def import_parts(cfg: config.Config, folder: Path, trust_pickle: bool) -> Imported:
    """All parts in one graph. Sets series.time where words need it and it has no name."""
    table = cfg.series
    f = Forecaster(table)
    for i, part in enumerate(table["parts"]):
        where = f"series.parts[{i}]"
        path = Path(os.path.normpath(folder / part["source"]))
        if not path.is_file():
            raise Usage(f"{path}: no such file, which {where}.source names")
        of_part = config.Config(name=cfg.name, source=str(path))
        f.add(part, importers.import_file(str(path), of_part, trust_pickle), where)
    given = {name for part in f.parts for name in part.forecasts}
    for name in f.forecasts:
        if name not in given:
            raise Usage(f"series.forecasts: no part gives {name!r}")
    if f.uses_time():
        f.time = table.setdefault("time", "time")
        if f.time in f.columns:
            raise Usage(f"series.time: {f.time!r} is a column; set series.time to another name")
    elif f.time is not None:
        raise Usage(f"series.time: no part takes {f.time!r}; leave it out")
    return assemble(f)


def assemble(f: Forecaster) -> Imported:
    names = f.names() + ([f.time] if f.uses_time() else [])
    steps = sum(f.horizon for part in f.parts if part.recursive)
    nodes = sum((f.horizon if p.recursive else 1) * len(p.model.graph.nodes) for p in f.parts)
    if nodes > MAX_OPERATORS:
        expected = f"expected {MAX_OPERATORS} operators at most in {steps} recursive steps"
        raise Refusal(f"series.horizon: {expected}, got {nodes} and more; forecast fewer steps")
    graph = Graph.of_rows(len(names))
    scores = f.forecast(words.InGraph(graph), graph.input)
    graph.outputs = [scores]
    graph.net = any(part.model.graph.net for part in f.parts)
    graph.prune()
    in_numpy = words.InNumPy()
    numbers = [f"{name}_{i}" for name in f.forecasts for i in range(f.horizon)]
    trainers = dict.fromkeys(part.model.trainer for part in f.parts)
    imported = Imported(
        graph,
        [Feature(name) for name in names],
        Output("numbers", numbers, None, scores),
        " and ".join(trainers),
        lambda x: (None, f.forecast(in_numpy, np.asarray(x, np.float64))),
        kept=[reason for part in f.parts for reason in part.model.kept],
    )
    imported.sample = sampler(f, rows.clues(imported))
    return imported


def sampler(f: Forecaster, found: rows.Clues):
    """Rows of walks around the numbers that the parts compare with, at times of the
    calendar's years."""

    def sample(rng, count: int) -> np.ndarray:
        parts = []
        for c in f.columns:
            at = slice(f.first[c], f.first[c] + f.window[c])
            scale = np.full((count, 1), f.columns[c].get("spread", 1.0))
            center, width = found.center[at].mean(), found.width[at].mean()
            level = center + f.columns[c].get("mean", 0.0) + width * scale * rng.normal(
                size=(count, 1)
            )  # fmt: skip
            steps = rng.normal(size=(count, f.window[c])) * rng.exponential(0.3, (count, 1))
            parts.append(level + width * scale * steps.cumsum(1) / np.sqrt(f.window[c]))
        if f.uses_time():
            first, last = 0, 4_000_000_000  # 1970 to 2096
            parts.append(rng.integers(first, last, (count, 1)) // f.step * f.step // f.unit)
        return np.concatenate(parts, 1)

    return sample
