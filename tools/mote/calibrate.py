"""Static int8 of convolutional nets: which numbers each convolution reads and gives
on calibration rows, and the graph that is computed with scales for them.

    imported graph -> its float32 plan on the rows -> a range for each tensor
                   -> quantize_fixed, conv_fixed, lookup in place of conv

method "minmax"      from the least to the largest number that was seen
       "percentile"  as many of the largest and the least are left out as 100 less
                     the percentile says, half of them on each side
       "mse"         the part of the range with the least mean squared error of
                     numbers that are rounded to it or cut off by it

The last two count numbers in bins, so they know a range to one part in BINS.
Weights have a scale for each output. Nothing here depends on a machine: numbers
come from the engine, and sums are exact (math.fsum) or of integers.

source: Jacob et al., arXiv:1712.05877, section 3; Wu et al., arXiv:2004.09602,
section 3.3 (percentiles); error of both kinds: Banner et al., arXiv:1810.05723
"""

import math
from dataclasses import replace

import numpy as np

from mote import lower
from mote.config import Config
from mote.engine import Engine
from mote.errors import Refusal
from mote.file import NUMPY, SYMBOL
from mote.graph import Imported, Node, Value
from mote.graph_fixed import Grid, fixed
from mote.operators import is_int8, quantize_weight
from mote.operators_fixed import is_depthwise
from mote.rows import generate, read_rows

BINS = 2048
PARTS = 64  # of a range that "mse" tries, from an eighth of it up
MOVES = ("reshape", "transpose", "slice", "gather", "expand")


def calibrated(imported: Imported, config) -> Imported:
    """The same model as [quantize] of model.toml, config, has it; itself where it has
    no convolution that gains."""
    if config.calibration is not None:
        rows = read_rows(config.calibration, imported.features)
    else:
        rows = generate(imported, None, config.rows)
    return quantized(imported, rows[: config.rows], config.method, config.percentile)


def quantized(imported: Imported, rows: np.ndarray, method: str, percentile: float) -> Imported:
    """The same model with static int8 where it is worth it; itself where it has no
    such convolution. rows [n][features]."""
    convs = worth(imported.graph)
    if not convs:
        return imported
    ranges = ranges_of(imported, tensors_of(imported.graph, convs), rows, method, percentile)
    graph = replace(imported.graph, nodes=Rewriting(imported.graph, convs, ranges).nodes())
    graph.prune()
    return replace(imported, graph=graph, inside=Inside(imported, rows))


class Inside:
    """Whether rows lie where those of the calibration did: each input of the model
    from its least to its largest number."""

    def __init__(self, imported: Imported, rows: np.ndarray):
        self.widths = [v.dims[-1] for v in imported.graph.inputs]
        self.ends = [(part.min(), part.max()) for part in self.parts(rows)]

    def parts(self, rows: np.ndarray) -> list[np.ndarray]:
        return np.split(rows, np.cumsum(self.widths)[:-1], axis=1)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """[n] of bool."""
        found = np.ones(len(rows), bool)
        for part, (low, high) in zip(self.parts(rows), self.ends):
            found &= (low <= part.min(axis=1)) & (part.max(axis=1) <= high)
        return found


# ------------------------------------------------------------------------- choice


def worth(graph) -> list[Node]:
    """Convolutions that are to be int8, by the cost of their products. Those of single
    channels stay float32: with AVX512-VNNI a net of 54,816 weights took 38.4 us a row
    with its one in int8, and 34.0 us without, the way back and forth included."""
    return [
        node
        for node in graph.nodes
        if node.op == "conv"
        and can_be(node)
        and not is_depthwise(node)
        and is_int8("int8", node.attributes["weight"].reshape(len(node.attributes["weight"]), -1))
    ]


def can_be(node: Node) -> bool:
    a = node.attributes
    groups, m = a["groups"], len(a["weight"])
    panels = groups == 1 or m // groups % 8 == 0
    return panels and a["activation"] in ("none", "relu")


def tensors_of(graph, convs: list[Node]) -> list[Value]:
    """What they read and give, each once; what was only moved counts as what it
    was before, as it has the same numbers."""
    return list(dict.fromkeys(v for node in convs for v in (node.input, node.output)))


# ------------------------------------------------------------------------- ranges


def ranges_of(imported, values: list, rows: np.ndarray, method: str, percentile: float) -> dict:
    """(least, largest) for each value."""
    seen = Seen(imported, values)
    found = {v: (0.0, 0.0) for v in values}  # 0 is always among them
    for arrays in seen.of(rows):
        for v, x in zip(values, arrays):
            if not np.isfinite(x).all():
                raise Refusal(
                    "[quantize]: calibration rows gave numbers that are not finite inside the "
                    "model; leave such rows out"
                )
            low, high = found[v]
            found[v] = min(low, float(x.min())), max(high, float(x.max()))
    if method == "minmax":
        return found
    counts = {v: np.zeros(BINS, np.int64) for v in values}
    for arrays in seen.of(rows):
        for v, x in zip(values, arrays):
            counts[v] += histogram(x, *found[v])
    if method == "percentile":
        return {v: percentiles(counts[v], *found[v], percentile) for v in values}
    return {v: least_error(counts[v], *found[v]) for v in values}


class Seen:
    """The float32 plan with those values as outputs, batch after batch."""

    def __init__(self, imported: Imported, values: list):
        made = lower.lower(imported, Config("calibration"), "float32", more=values)
        self.blob, self.inputs = made.to_bytes(), imported.graph.inputs
        plan, self.batch = made.plans[0], made.symbols[0][1]
        self.outputs = [plan.values[v] for v in plan.outputs]
        self.count = len(values)

    def of(self, rows: np.ndarray):
        """Arrays [batch][...] of each value."""
        with Engine(self.blob) as engine:
            for i in range(0, len(rows), self.batch):
                part = rows[i : i + self.batch]
                shapes = [
                    (NUMPY[o.dtype], tuple(len(part) if d >= SYMBOL else d for d in o.dims))
                    for o in self.outputs
                ]
                yield engine.plan(0, [len(part)], self.split(part), shapes)[-self.count :]

    def split(self, rows: np.ndarray) -> list[np.ndarray]:
        """As the plan's inputs."""
        parts, at = [], 0
        for v in self.inputs:
            part = rows[:, at : at + v.dims[-1]]
            parts.append(np.ascontiguousarray(part, NUMPY[v.dtype]))
            at += v.dims[-1]
        return parts


def histogram(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """How many numbers lie in each bin of the range."""
    if low == high:
        return np.zeros(BINS, np.int64)
    at = (x.astype(np.float64).reshape(-1) - low) * (BINS / (high - low))
    return np.bincount(np.clip(at.astype(np.int64), 0, BINS - 1), minlength=BINS)


def percentiles(counts: np.ndarray, low: float, high: float, percentile: float):
    total, width = int(counts.sum()), (high - low) / BINS
    out = total * (100 - percentile) / 200  # on each side
    up, down = np.cumsum(counts), np.cumsum(counts[::-1])
    first, last = int(np.argmax(up > out)), int(np.argmax(down > out))
    return min(0.0, low + first * width), max(0.0, high - last * width)


def least_error(counts: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Of the parts of the range that are as much smaller on both sides."""
    if low == high:
        return low, high
    used = np.flatnonzero(counts)
    centers = low + (used + 0.5) * ((high - low) / BINS)
    best = None
    for part in range(PARTS // 8, PARTS + 1):
        ends = low * part / PARTS, high * part / PARTS
        grid = grid_of(*ends)
        q = np.clip(np.rint(centers / grid.scale) + grid.zero, -128, 127)
        errors = counts[used] * ((q - grid.zero) * grid.scale - centers) ** 2
        error = math.fsum(errors.tolist())
        if best is None or error <= best[0]:
            best = error, ends
    return best[1]


def grid_of(low: float, high: float) -> Grid:
    """The integers from -128 to 127 for a range with 0 in it, which is one of them."""
    scale = float(np.float32((high - low) / 255))
    if scale < 2.0**-100:
        return Grid(1.0, -128)
    return Grid(scale, int(np.clip(np.rint(-128 - low / scale), -128, 127)))


# ---------------------------------------------------------------------- rewriting


class Rewriting:
    """Nodes with what is int8 in place of float32 convolutions."""

    def __init__(self, graph, convs: list[Node], ranges: dict):
        self.graph, self.convs, self.ranges = graph, set(map(id, convs)), ranges
        self.made: list[Node] = []
        self.int8: dict[Value, tuple[Value, Grid]] = {}

    def nodes(self) -> list[Node]:
        for node in self.graph.nodes:
            if id(node) in self.convs:
                self.conv(node)
                continue
            self.made.append(node)
            if node.op in MOVES and node.input in self.int8:
                q, grid = self.int8[node.input]
                moved = Value(node.output.dims, "s8")
                self.made.append(Node(node.op, [q], [moved], node.attributes))
                self.int8[node.output] = moved, grid
        return self.made

    def conv(self, node: Node) -> None:
        a, to = node.attributes, grid_of(*self.ranges[node.output])
        q, of = self.read(node.input)
        _, scale = quantize_weight(a["weight"].reshape(len(a["weight"]), -1))
        made = fixed(a["weight"], scale, a["bias"], of, to, a["activation"] == "relu")
        made |= {"window": a["window"], "groups": a["groups"]}
        y = Value(node.output.dims, "s8")
        self.made.append(Node("conv_fixed", [q], [y], made))
        self.int8[node.output] = y, to
        back = type(self.graph)(self.graph.inputs)
        back.dequantize_fixed(y, to)
        self.made.append(replace(back.nodes[0], outputs=[node.output]))

    def read(self, value: Value) -> tuple[Value, Grid]:
        """In int8, made once however often it is read."""
        if value not in self.int8:
            grid, q = grid_of(*self.ranges[value]), Value(value.dims, "s8")
            self.made.append(Node("quantize_fixed", [value], [q], {"grid": grid}))
            self.int8[value] = q, grid
        return self.int8[value]
