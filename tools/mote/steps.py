"""Leaves out the steps of a sequence that nothing reads.

A forecaster of dilated convolutions answers from its last step. That step sees
the one before only at a few places, those see fewer than all of the one before
that, and so on: of a net whose layers look back 1, 2, 4 ... 32 steps, 120
places out of 1,008 are ever read. `narrow` rewrites a graph so that only they
are computed: each layer's places lie side by side, which makes of a dilation a
smaller one, and of the distance between the places a stride.

The answers are the same numbers: what is left is computed as before. Layers
whose window reaches over the first step, into the zeros before it, stay whole,
and so does all that they read.
"""

from dataclasses import dataclass, replace
from math import gcd

from mote.graph import Graph, Node, Value

# Each step of the output is computed from the same step of the inputs.
STEPWISE = {"dense", "map", "norm", "binary", "rowwise"}


@dataclass(frozen=True)
class Places:
    """The last step, and `count` - 1 before it, `stride` apart; the stride of
    one place is 0."""

    stride: int
    count: int

    @property
    def span(self) -> int:
        return self.stride * (self.count - 1)

    def __or__(self, other: "Places") -> "Places":
        """All of both, and what else lies between in one stride."""
        return self.over(max(self.span, other.span), other.stride)

    def over(self, span: int, stride: int) -> "Places":
        together = gcd(self.stride, stride)
        return Places(together, span // together + 1 if together else 1)

    def behind(self, node: Node) -> "Places":
        """What a convolution reads for these places of its output."""
        taps, dilation = node.attributes["weight"].shape[1], node.attributes["dilation"]
        back = dilation * (taps - 1)
        return self.over(self.span + back, dilation if back else 0)


LAST = Places(0, 1)


def is_sequence(value: Value) -> bool:
    return len(value.dims) == 3 and isinstance(value.dims[1], int)


def everything(value: Value) -> Places:
    return Places(1, value.dims[1]) if value.dims[1] > 1 else LAST


def find_needs(graph: Graph) -> dict[Value, Places]:
    """The places of each sequence that are read, from the last node back."""
    needs: dict[Value, Places] = {}

    def need(value: Value, places: Places) -> None:
        needs[value] = needs[value] | places if value in needs else places

    for value in filter(is_sequence, graph.outputs):
        need(value, everything(value))
    for node in reversed(graph.nodes):
        wanted = needs.get(node.output)
        for x in filter(is_sequence, node.inputs):
            if node.op == "reduce" and node.attributes["kind"] == "last":
                need(x, LAST)
            elif wanted and node.op == "conv1d":
                places = wanted.behind(node)
                if places.span >= x.dims[1]:  # the zeros before the first step
                    needs[node.output] = everything(node.output)
                    places = everything(x)
                need(x, places)
            elif wanted and node.op in STEPWISE:
                need(x, wanted)
            else:
                need(x, everything(x))
                if wanted:
                    needs[node.output] = everything(node.output)
    return needs


class Narrowing:
    """The graph that is written, and where the values of the old one are."""

    def __init__(self, graph: Graph):
        self.needs = find_needs(graph)
        self.out = Graph(graph.inputs, graph.symbols, outputs=graph.outputs)
        self.kept = {v: (v, everything(v)) for v in graph.inputs if is_sequence(v)}
        for node in graph.nodes:
            self.write(node)

    def take(self, value: Value, places: Places) -> Value:
        """Those places of a value, of which at least they are kept."""
        kept, has = self.kept[value]
        if has == places:
            return kept
        unit = has.stride or 1
        stride = places.stride // unit or 1
        first = has.count - 1 - places.span // unit
        return self.out.take(kept, first, stride, places.count)

    def write(self, node: Node) -> None:
        places = self.needs.get(node.output)
        whole = places is None or places == everything(node.output)
        if node.op == "reduce" and node.attributes["kind"] == "last":
            reads = LAST
        elif whole:
            reads = None
        else:
            reads = places.behind(node) if node.op == "conv1d" else places
        inputs = [
            self.take(x, reads or everything(x)) if x in self.kept else x for x in node.inputs
        ]
        output, attributes = node.output, node.attributes
        if not whole:
            output = Value((output.dims[0], places.count, output.dims[2]), output.dtype)
            if node.op == "conv1d":
                unit = reads.stride or 1
                attributes = attributes | {
                    "dilation": attributes["dilation"] // unit or 1,
                    "stride": places.stride // unit or 1,
                    "padded": False,
                }
        self.out.nodes.append(
            replace(node, inputs=inputs, outputs=[output, *node.outputs[1:]], attributes=attributes)
        )
        if is_sequence(node.output):
            self.kept[node.output] = (output, places or everything(node.output))


def narrow(graph: Graph) -> Graph:
    """The same graph, but for the steps that nothing reads. Its inputs and
    outputs, and all values that are no sequences, are the same objects."""
    return Narrowing(graph).out
