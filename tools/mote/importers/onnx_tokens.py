"""A graph for sentences of any length, from the graphs of two lengths.

A model is read twice, for 61 and for 53 tokens (or fewer, where it takes
fewer), with every shape a constant. What differs between the two, as these
lengths do, is the number of tokens; whatever else differs cannot be compiled.
"""

from dataclasses import replace

import numpy as np

from mote.errors import Refusal
from mote.graph import BATCH, Graph, Node, Value, update_hash
from mote.steps import STEPWISE

TOKENS = "tokens"
# No usual width, number of heads or number of classes; the second is less.
LENGTHS = ((61, 53), (31, 29), (7, 5), (3, 2))


def lengths(most: int) -> tuple[int, int]:
    """What a model of at most so many tokens is read for."""
    return next((pair for pair in LENGTHS if pair[0] <= most), LENGTHS[-1])


class Joining:
    """The graph of any length up to the most. tables: of the model's `position`
    operators in their order, for the most tokens."""

    def __init__(
        self, graphs: tuple[Graph, Graph], sizes: tuple[int, int], tables: list, most: int
    ):
        self.sizes, self.tables = sizes, iter(tables)
        self.bare: dict[Value, Value] = {}  # of the result of a reshape, what it is made of
        self.values: dict[Value, Value] = {}  # of the first graph
        a, b = graphs
        inputs = [self.value(x, y) for x, y in zip(a.inputs, b.inputs)]
        self.graph = Graph(inputs, {BATCH: 1, TOKENS: most}, net=True)
        if len(a.nodes) != len(b.nodes):
            raise Refusal(
                f"{len(a.nodes)} operators for {sizes[0]} tokens and {len(b.nodes)} for "
                f"{sizes[1]}: such a model cannot be compiled for any number of tokens"
            )
        for x, y in zip(a.nodes, b.nodes):
            self.node(x, y)
        self.graph.outputs = [self.values[v] for v in a.outputs]
        self.graph.prune()

    def value(self, x: Value, y: Value) -> Value:
        """One for both."""
        if x.dtype != y.dtype or len(x.dims) != len(y.dims):
            raise Refusal(f"{x.dims} and {y.dims} for {self.sizes[0]} and {self.sizes[1]} tokens")
        dims = []
        for d, e in zip(x.dims, y.dims):
            if d != e and (d, e) != self.sizes:
                raise Refusal(
                    f"a dimension that is {d} for {self.sizes[0]} tokens and {e} for "
                    f"{self.sizes[1]}: expected the number of tokens itself, or a constant"
                )
            dims.append(d if d == e else TOKENS)
        self.values[x] = Value(tuple(dims), x.dtype)
        return self.values[x]

    def node(self, x: Node, y: Node) -> None:
        if x.op != y.op:
            raise Refusal(f"{x.op} for {self.sizes[0]} tokens, {y.op} for {self.sizes[1]}")
        inputs = [self.values[v] for v in x.inputs]
        if x.op == "slice" and inputs[0].dims[x.attributes["axis"]] == TOKENS:
            self.one_step(x, y, inputs[0])
            return
        outputs = [self.value(v, w) for v, w in zip(x.outputs, y.outputs)]
        attributes = x.attributes
        if x.op == "reshape":
            self.values[x.output] = self.reshape(inputs[0], outputs[0].dims)
            return
        if x.op == "position":
            attributes = {"table": self.table(x, y)}
        elif not equal(x.attributes, y.attributes):
            raise Refusal(f"{x.op}: depends on the number of tokens, which cannot be compiled")
        if x.op in ("gather", "join", "pad", "transpose") and moves_tokens(x, inputs[0]):
            raise Refusal(f"{x.op}: moves tokens to other places, which cannot be compiled")
        self.graph.nodes.append(Node(x.op, inputs, outputs, attributes))

    def reshape(self, x: Value, dims: tuple) -> Value:
        """Of what x itself is a reshape of, where it is one."""
        source = self.bare.get(x, x)
        y = self.graph.reshape(source, dims)
        self.bare[y] = source
        return y

    def table(self, x: Node, y: Node) -> np.ndarray:
        """Rows for every place that a token can have."""
        whole = np.asarray(next(self.tables), np.float64)
        for node in (x, y):
            part = node.attributes["table"]
            if not np.array_equal(part, whole[: len(part)]):
                raise Refusal("a row that is added to a token depends on how many there are")
        return whole

    def one_step(self, x: Node, y: Node, source: Value) -> None:
        """The first token, or the last."""
        axis, firsts = x.attributes["axis"], (x.attributes["first"], y.attributes["first"])
        counts = tuple(n.output.dims[axis] for n in (x, y))
        last = tuple(s - 1 for s in self.sizes)
        kind = {(0, 0): "first", last: "last"}.get(firsts)
        if kind is None or counts != (1, 1):
            raise Refusal(
                f"slice: takes {counts[0]} of {self.sizes[0]} tokens from number {firsts[0]}; "
                "expected the first token, or the last"
            )
        n = source.dims[axis + 1 :]
        rows = self.reshape(source, (BATCH, TOKENS, int(np.prod(n))))
        taken = self.graph.reduce(rows, kind)
        self.values[x.output] = self.reshape(taken, source.dims[:axis] + (1, *n))


def moves_tokens(node: Node, x: Value) -> bool:
    if node.op == "transpose":
        return False
    return x.dims[node.attributes["axis"]] == TOKENS


def equal(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and digest(a) == digest(b)


def digest(attributes: dict) -> int:
    import xxhash

    h = xxhash.xxh64()
    update_hash(h, attributes)
    return h.intdigest()


def first_alone(graph: Graph) -> Graph:
    """The same graph, but that of what only the first token is read of, only the
    first token is computed."""
    whole, first = set(graph.outputs), set()
    for node in reversed(graph.nodes):
        y = node.output
        if node.op == "reduce" and node.attributes["kind"] == "first":
            first.add(node.input)
        elif y in first and y not in whole and is_stepwise(node):
            first.update(v for v in node.inputs if TOKENS in v.dims)
            whole.update(v for v in node.inputs if TOKENS not in v.dims)
        else:
            whole.update(node.inputs)
    out = Graph(graph.inputs, graph.symbols, net=graph.net)
    taken: dict[Value, Value] = {}  # of a sequence, its first token
    same: dict[Value, Value] = {}

    def first_of(v: Value) -> Value:
        if TOKENS not in v.dims:
            return same.get(v, v)
        if v not in taken:
            taken[v] = out.reduce(v, "first")
        return taken[v]

    for node in graph.nodes:
        y = node.output
        if node.op == "reduce" and node.attributes["kind"] == "first":
            same[y] = first_of(node.input)
        elif y in first and y not in whole and is_stepwise(node):
            taken[y] = Value(y.dims[:1] + y.dims[2:], y.dtype)
            out.nodes.append(replace(node, inputs=[first_of(v) for v in node.inputs],
                                     outputs=[taken[y]]))  # fmt: skip
        else:
            out.nodes.append(replace(node, inputs=[same.get(v, v) for v in node.inputs]))
    out.outputs = [same.get(v, v) for v in graph.outputs]
    return out


def is_stepwise(node: Node) -> bool:
    """Whether a token of the result is computed from that token alone."""
    if node.op not in STEPWISE or node.output.dims[1:2] != (TOKENS,) or len(node.output.dims) != 3:
        return False
    return all(v.dims == node.output.dims or v.dims[1:2] == (TOKENS,) or TOKENS not in v.dims
               for v in node.inputs)  # fmt: skip
