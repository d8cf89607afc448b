"""Tensors of a file as values of a graph.

In a file a tensor has any number of axes in one order; in a plan it has at most
4 dimensions, the batch first. Here a tensor is a value and the order in which
its axes lie in memory: to transpose or to reshape one is to say so, and
elements move only where an operator needs them in an order or a shape that
they do not have. So a convolutional net, whose file has channels first, stays
channels last from its first layer to its last.
"""

from collections import Counter
from dataclasses import dataclass
from math import prod

import numpy as np

from mote.graph import BATCH, Graph, Value
from mote.importers.onnx_file import Node, Program

OPS = {}  # (domain, operator): a function of the builder and the node
MAX_ITEMS = 64  # of a batch that a file has inside of its row
INT32 = np.iinfo(np.int32)
BYTES = (2, 3)  # uint8 and int8 of onnx.TensorProto


def op(*names: str, domain: str = ""):
    """Puts a function into OPS."""

    def register(function):
        for name in names:
            OPS[domain, name] = function
        return function

    return register


@dataclass(eq=False)
class Tensor:
    """value: [batch] and as many numbers as shape has; its axes lie in `order`."""

    value: Value
    shape: tuple[int, ...]
    order: tuple[int, ...]

    @property
    def dtype(self) -> str:
        return "real" if self.value.dtype in ("f32", "f64") else self.value.dtype

    @property
    def size(self) -> int:
        return prod(self.shape)

    def long_axes(self, order) -> list[int]:
        """Those that are longer than 1, in an order."""
        return [a for a in order if self.shape[a] != 1]


@dataclass(eq=False)
class Labels:
    """Names by the index of each row: what a classifier says."""

    index: Tensor
    names: list[str]
    numeric: bool


def natural(shape) -> tuple[int, ...]:
    return tuple(range(len(shape)))


class Builder:
    """The graph of a program, node after node."""

    def __init__(self, program: Program, graph: Graph):
        self.program, self.graph = program, graph
        self.values: dict[str, object] = dict(program.constants)
        self.uses = Counter(i for n in program.nodes for i in n.inputs if i)
        self.uses.update(program.outputs)
        self.names: dict[Value, list[str]] = {}  # of the tensors that lie there
        self.makers: dict[Value, object] = {}
        self.seen = 0
        self.done: dict = {}

    def run(self) -> None:
        for node in self.program.nodes:
            function = OPS.get((node.domain, node.op))
            if function is None:
                raise node.refuse(
                    "this operator cannot be compiled yet; README.md lists those that can"
                )
            try:
                results = function(self, node)
            except ValueError as e:
                raise node.refuse(str(e)) from e
            if not isinstance(results, list):
                results = [results]
            for name, result in zip(node.outputs, results):
                if name and result is not None:
                    self.values[name] = result
                    if isinstance(result, Tensor):
                        self.names.setdefault(result.value, []).append(name)

    # What an operator reads

    def input(self, node: Node, i: int):
        """A Tensor, an array, Labels; None where there is none."""
        if i >= len(node.inputs) or not node.inputs[i]:
            return None
        return self.values[node.inputs[i]]

    def tensor(self, node: Node, i: int = 0) -> Tensor:
        """A computed one; of a constant, one with as many rows."""
        x = self.input(node, i)
        if isinstance(x, Labels):
            raise node.refuse(f"input {i}: labels cannot be computed with")
        return self.lift(node, x) if isinstance(x, np.ndarray) else x

    def real(self, node: Node, i: int = 0) -> Tensor:
        """A tensor of numbers that are no integers."""
        x = self.tensor(node, i)
        if x.dtype == "s32" and self.program.dtypes[node.inputs[i]] in BYTES:
            return self.like(x, self.graph.convert(x.value, "real"))  # exact there
        if x.dtype != "real":
            raise node.refuse(
                f"input {i}: expected float numbers, got {x.dtype}, with which it cannot be "
                "computed here; Cast them first"
            )
        return x

    def constant(self, node: Node, i: int, what: str, default=None):
        """An array that the file has to hold."""
        x = self.input(node, i)
        if x is None:
            return default
        if not isinstance(x, np.ndarray):
            raise node.refuse(f"{what}: expected constants, got what depends on a row")
        return x

    def lift(self, node: Node, array: np.ndarray) -> Tensor:
        """The same numbers for every row."""
        flat, dtype = array.reshape(1, -1), "real"
        if array.size == 0:
            raise node.refuse(f"a tensor without elements, {array.shape}")
        if array.dtype == bool:
            dtype = "bool"
        elif array.dtype.kind in "iu":
            if not INT32.min <= flat.min() <= flat.max() <= INT32.max:
                raise node.refuse("integers beyond 32 bits cannot be computed with")
            dtype = "s32"
        elif array.dtype.kind != "f":
            raise node.refuse(f"constants of {array.dtype} cannot be computed with")
        value = self.graph.constant(flat, dtype)
        value = self.graph.expand(value, (BATCH, array.size))
        return Tensor(value, array.shape, natural(array.shape))

    def scalar(self, number, dtype: str = "real") -> Value:
        return self.graph.constant(np.array([number]), dtype)

    def maker(self, value: Value):
        """The node of the graph that gives a value."""
        nodes = self.graph.nodes
        for node in nodes[self.seen :]:
            for output in node.outputs:
                self.makers[output] = node
        self.seen = len(nodes)
        return self.makers.get(value)

    def bare(self, value: Value) -> Value:
        """Without the reshapes that gave it its dimensions."""
        while (maker := self.maker(value)) is not None and maker.op == "reshape":
            value = maker.inputs[0]
        return value

    def only_use(self, node: Node, i: int = 0) -> bool:
        """Whether nobody else reads what input i is, under any of its names."""
        t = self.values[node.inputs[i]]
        return all(self.uses[name] == 1 for name in self.names.get(t.value, []))

    def layer_of(self, node: Node, i: int, t: Tensor):
        """The node of the graph of a layer without an activation that gives t,
        input i, to nobody else; or None."""
        maker = self.maker(t.value)
        if maker is None or maker.op not in ("dense", "conv") or not self.only_use(node, i):
            return None
        return maker if maker.attributes["activation"] == "none" else None

    def channels_of(self, t: Tensor, layer) -> int | None:
        """The axis of t that a layer's outputs lie along, the last in memory; None
        where they were reshaped to others."""
        long = t.long_axes(t.order)
        count = len(layer.attributes["weight"])
        return long[-1] if count > 1 and long and t.shape[long[-1]] == count else None

    # Order and shape in memory

    def view(self, t: Tensor, *dims: int) -> Value:
        """Its value as [batch][dims], in the order that it lies in."""
        key = (t.value, dims)
        if key not in self.done:
            self.done[key] = self.graph.reshape(self.bare(t.value), (BATCH, *dims))
        return self.done[key]

    def arrange(self, t: Tensor, order) -> Tensor:
        """The same tensor with its axes in that order."""
        order = tuple(order)
        there, wanted = t.long_axes(t.order), t.long_axes(order)
        if there == wanted:
            return Tensor(t.value, t.shape, order)
        key = (t.value, tuple(t.shape[a] for a in there), tuple(there.index(a) for a in wanted))
        if key not in self.done:
            self.done[key] = self.permute(*key)
        return Tensor(self.done[key], t.shape, order)

    def plain(self, t: Tensor) -> Tensor:
        return self.arrange(t, natural(t.shape))

    def rows(self, t: Tensor, axis: int) -> Tensor:
        """With one axis last, the others as they lie."""
        return self.arrange(t, [a for a in t.order if a != axis] + [axis])

    def permute(self, x: Value, sizes, perm) -> Value:
        """x [batch][sizes], axis i of the result being axis perm[i]."""
        sizes, perm = merge_axes(sizes, perm)
        if len(sizes) <= 3:
            x = self.graph.reshape(x, (BATCH, *sizes))
            return self.graph.transpose(x, (0, *(p + 1 for p in perm)))
        # more than a plan's dimensions: one axis after the other to its place
        to = perm[0] if perm[0] else next(i for i, p in enumerate(perm) if p != i)
        to = 0 if perm[0] else to
        source = perm[to]
        x = self.swap(x, sizes[:to], sizes[to:source], sizes[source], sizes[source + 1 :])
        order = [i for i in range(len(sizes)) if i != source]
        order.insert(to, source)
        rest = tuple(order.index(p) for p in perm)
        sizes = [sizes[i] for i in order]
        return x if rest == natural(sizes) else self.permute(x, sizes, rest)

    def swap(self, x: Value, before, a, b: int, after) -> Value:
        """[before][a][b][after] to [before][b][a][after]."""
        g, k, m, r = self.graph, prod(before), prod(a), prod(after)
        if k == 1:
            return g.transpose(g.reshape(x, (BATCH, m, b, r)), (0, 2, 1, 3))
        if r == 1:
            return g.transpose(g.reshape(x, (BATCH, k, m, b)), (0, 1, 3, 2))
        x = g.transpose(g.reshape(x, (BATCH, k, m * b * r)), (0, 2, 1))
        x = g.transpose(g.reshape(x, (BATCH, m, b, r * k)), (0, 2, 1, 3))
        return g.transpose(g.reshape(x, (BATCH, m * b * r, k)), (0, 2, 1))

    def reshape(self, t: Tensor, shape: tuple[int, ...]) -> Tensor:
        shape = tuple(int(s) for s in shape)
        if prod(shape) != t.size:
            raise ValueError(f"{t.shape} as {shape}")
        return Tensor(self.plain(t).value, shape, natural(shape))

    def unsqueeze(self, t: Tensor, axes) -> Tensor:
        """With axes of length 1 at those places of the result."""
        rank = len(t.shape) + len(axes)
        new = sorted(a % rank for a in axes)
        kept = [a for a in range(rank) if a not in new]
        shape = [1] * rank
        for old, a in enumerate(kept):
            shape[a] = t.shape[old]
        return Tensor(t.value, tuple(shape), (*new, *(kept[a] for a in t.order)))

    def squeeze(self, t: Tensor, axes) -> Tensor:
        """Without those axes, of length 1."""
        gone = {a % len(t.shape) for a in axes}
        if any(t.shape[a] != 1 for a in gone):
            raise ValueError(f"axes {sorted(gone)} of {t.shape} are not all of length 1")
        kept = [a for a in range(len(t.shape)) if a not in gone]
        shape = tuple(t.shape[a] for a in kept)
        return Tensor(t.value, shape, tuple(kept.index(a) for a in t.order if a in kept))

    def transpose(self, t: Tensor, perm) -> Tensor:
        perm = list(perm)
        return Tensor(
            t.value, tuple(t.shape[p] for p in perm), tuple(perm.index(a) for a in t.order)
        )

    def expand(self, t: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Broadcast to a shape."""
        shape = tuple(int(s) for s in shape)
        t = self.unsqueeze(t, range(len(shape) - len(t.shape))) if len(t.shape) < len(shape) else t
        if t.shape == shape:
            return t
        if any(a not in (b, 1) for a, b in zip(t.shape, shape, strict=True)):
            raise ValueError(f"{t.shape} does not broadcast to {shape}")
        value, order, at = t.value, t.order, 0
        lengths = [t.shape[a] for a in order]
        while at < len(order):  # each run of axes that are repeated
            end = at
            while end < len(order) and lengths[end] != shape[order[end]]:
                end += 1
            if end > at:
                times = prod(shape[a] for a in order[at:end])
                lengths[at:end] = [shape[a] for a in order[at:end]]
                before, after = prod(lengths[:at]), prod(lengths[end:])
                value = self.graph.reshape(value, (BATCH, before, 1, after))
                value = self.graph.expand(value, (BATCH, before, times, after))
            at = max(end, at + 1)
        return Tensor(value, shape, order)

    def around(self, t: Tensor, axis: int) -> tuple[int, int]:
        """How many elements lie before and behind an axis in memory."""
        at = t.order.index(axis)
        return (prod(t.shape[a] for a in t.order[:at]), prod(t.shape[a] for a in t.order[at + 1 :]))

    def along(self, t: Tensor, axis: int) -> Value:
        """Its value as [batch][before][axis][behind]."""
        before, after = self.around(t, axis)
        return self.view(t, before, t.shape[axis], after)

    def resized(self, t: Tensor, axis: int, value: Value, length: int) -> Tensor:
        shape = t.shape[:axis] + (length,) + t.shape[axis + 1 :]
        return Tensor(value, shape, t.order)

    def slice(self, t: Tensor, axis: int, first: int, count: int) -> Tensor:
        if count == t.shape[axis]:
            return t
        value = self.graph.slice(self.along(t, axis), 2, first, count)
        return self.resized(t, axis, value, count)

    def take(self, t: Tensor, axis: int, index) -> Tensor:
        index = [int(i) for i in index]
        count = len(index)
        if index == list(range(index[0], index[0] + count)):
            return self.slice(t, axis, index[0], count)
        return self.resized(t, axis, self.graph.gather(self.along(t, axis), 2, index), count)

    def concat(self, parts: list[Tensor], axis: int) -> Tensor:
        """Of one type."""
        order = parts[0].order
        parts = [self.arrange(p, order) for p in parts]
        while len(parts) > 64:  # an operator's operands
            parts = [self.concat(parts[i : i + 64], axis) for i in range(0, len(parts), 64)]
        if len(parts) == 1:
            return parts[0]
        joined = self.graph.join([self.along(p, axis) for p in parts], 2)
        return self.resized(parts[0], axis, joined, sum(p.shape[axis] for p in parts))

    def concat_flat(self, values: list[Value]) -> Value:
        """[batch][n] one behind the other."""
        while len(values) > 64:
            values = [self.concat_flat(values[i : i + 64]) for i in range(0, len(values), 64)]
        return values[0] if len(values) == 1 else self.graph.join(values, 1)

    def pad(self, t: Tensor, axis: int, before: int, after: int, value: float) -> Tensor:
        """Constants around it; negative ones cut it."""
        cut_before, cut_after = max(0, -before), max(0, -after)
        t = self.slice(t, axis, cut_before, t.shape[axis] - cut_before - cut_after)
        before, after = max(0, before), max(0, after)
        if before == after == 0:
            return t
        made = self.graph.pad(self.along(t, axis), 2, before, after, value)
        return self.resized(t, axis, made, before + t.shape[axis] + after)

    # Numbers

    def like(self, t: Tensor, value: Value) -> Tensor:
        return Tensor(value, t.shape, t.order)

    def map(self, t: Tensor, kind: str) -> Tensor:
        return self.like(t, self.graph.map(t.value, kind))

    def unary(self, t: Tensor, kind: str) -> Tensor:
        return self.like(t, self.graph.unary(t.value, kind))

    def with_number(self, t: Tensor, kind: str, number: float) -> Tensor:
        """t o number."""
        return self.like(t, self.graph.binary(t.value, self.scalar(number), kind))

    def pair(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        """Both of the shape that they broadcast to, in one order and one value's
        dimensions."""
        shape = np.broadcast_shapes(a.shape, b.shape)
        first = a if len(a.long_axes(a.order)) >= len(b.long_axes(b.order)) else b
        order = self.unsqueeze(first, range(len(shape) - len(first.shape))).order
        a, b = (self.arrange(self.expand(t, shape), order) for t in (a, b))
        return a, self.like(b, self.graph.reshape(b.value, a.value.dims))

    def binary(self, a: Tensor, b: Tensor, kind: str) -> Tensor:
        a, b = self.pair(a, b)
        return self.like(a, self.graph.binary(a.value, b.value, kind))

    def integer(self, a: Tensor, b: Tensor, kind: str) -> Tensor:
        a, b = self.pair(a, b)
        return self.like(a, self.graph.integer(a.value, b.value, kind))

    def choose(self, which: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """x where it is so, else y; all of one shape."""
        values = [self.graph.reshape(self.arrange(t, which.order).value, which.value.dims)
                  for t in (x, y)]  # fmt: skip
        return self.like(which, self.graph.select(which.value, *values))

    def with_array(self, t: Tensor, array: np.ndarray, kind: str) -> Tensor:
        """t o array, broadcast."""
        array = np.asarray(array)
        if array.size == 1 and array.ndim <= len(t.shape):
            return self.with_number(t, kind, array.reshape(-1)[0])
        t = self.expand(t, np.broadcast_shapes(t.shape, array.shape))
        array = array.reshape((1,) * (len(t.shape) - array.ndim) + array.shape)
        varying = [a for a in t.order if array.shape[a] != 1]
        if [a for a in t.long_axes(t.order)][-len(varying) :] != varying:
            # the vector of an operator is what lies last
            t = self.arrange(t, [a for a in t.order if a not in varying] + varying)
        vector = array.transpose(t.order).reshape(-1)
        value = self.view(t, t.size // len(vector), len(vector))
        return self.like(t, self.graph.binary(value, self.graph.constant(vector), kind))

    def reduce(self, t: Tensor, axes, kind: str) -> Tensor:
        """Over axes, which stay with length 1."""
        axes = sorted({a % len(t.shape) for a in axes})
        shape = tuple(1 if a in axes else n for a, n in enumerate(t.shape))
        if shape == t.shape:
            return t
        there = t.long_axes(t.order)
        places = [i for i, a in enumerate(there) if a in axes]
        if places != list(range(places[0], places[-1] + 1)):
            t = self.arrange(t, [a for a in t.order if a not in axes] + axes)
            there = t.long_axes(t.order)
            places = [i for i, a in enumerate(there) if a in axes]
        lengths = [t.shape[a] for a in there]
        before, over = prod(lengths[: places[0]]), prod(lengths[places[0] : places[-1] + 1])
        after = prod(lengths[places[-1] + 1 :])
        value = self.graph.reduce(self.view(t, before, over, after), kind)
        return Tensor(value, shape, t.order)

    def softmax(self, t: Tensor, axis: int, scale: float = 1.0) -> Tensor:
        t = self.rows(t, axis % len(t.shape))
        n = t.shape[axis]
        return self.like(t, self.graph.softmax_rows(self.view(t, t.size // n, n), scale))

    def matmul(self, a: Tensor, b: Tensor) -> Tensor:
        """Both computed, of 2 axes or more."""
        before = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a = self.plain(self.expand(a, before + a.shape[-2:]))
        b = self.plain(self.expand(b, before + b.shape[-2:]))
        times, shape = prod(before), before + (a.shape[-2], b.shape[-1])
        value = self.graph.matmul(self.view(a, times, *a.shape[-2:]),
                                  self.view(b, times, *b.shape[-2:]))  # fmt: skip
        return Tensor(value, tuple(shape), natural(shape))

    def dense(self, t: Tensor, weight: np.ndarray, bias=None) -> Tensor:
        """weight [m][n] over the last axis."""
        last = len(t.shape) - 1
        t = self.rows(t, last)
        n, rows = t.shape[last], t.size // t.shape[last]
        x = self.view(t, n) if rows == 1 else self.view(t, rows, n)
        return self.resized(t, last, self.graph.dense(x, weight, bias), len(weight))

    def items(self, node: Node, t: Tensor, axis: int) -> list[Tensor]:
        """One tensor for each index of an axis, which stays with length 1."""
        if t.shape[axis] > MAX_ITEMS:
            raise node.refuse(
                f"a fixed batch of {t.shape[axis]}, expected at most {MAX_ITEMS}; export the "
                "model with a batch of any size"
            )
        return [self.slice(t, axis, i, 1) for i in range(t.shape[axis])]


def merge_axes(sizes, perm) -> tuple[list[int], tuple[int, ...]]:
    """Axes that stay side by side, as one."""
    groups = [[perm[0]]]
    for p in perm[1:]:
        if p == groups[-1][-1] + 1:
            groups[-1].append(p)
        else:
            groups.append([p])
    there = sorted(groups)
    return [prod(sizes[a] for a in g) for g in there], tuple(there.index(g) for g in groups)
