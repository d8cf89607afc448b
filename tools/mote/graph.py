"""A model as the importers hand it over: exact, in float64, not yet lowered.

Every value is a matrix [batch][columns], or a column [batch] when columns is
None. Operators and their attributes:

    rowwise   kind "+-*/", vector [n]
    dense     weight [m][n], bias [m], activation none|relu|sigmoid|tanh
    softmax   argmax
    share     the logistic function of each, divided by their sum
"""

from dataclasses import dataclass, field

import numpy as np
import xxhash


@dataclass(eq=False)
class Value:
    columns: int | None


@dataclass
class Node:
    op: str
    input: Value
    output: Value
    attributes: dict


@dataclass
class Graph:
    input: Value
    nodes: list[Node] = field(default_factory=list)

    def add(self, op: str, value: Value, columns: int | None, **attributes) -> Value:
        output = Value(columns)
        self.nodes.append(Node(op, value, output, attributes))
        return output

    def rowwise(self, value: Value, kind: str, vector) -> Value:
        vector = np.ascontiguousarray(vector, np.float64)
        return self.add("rowwise", value, value.columns, kind=kind, vector=vector)

    def dense(self, value: Value, weight, bias, activation: str = "none") -> Value:
        weight = np.ascontiguousarray(weight, np.float64)
        bias = np.ascontiguousarray(bias, np.float64)
        return self.add(
            "dense", value, len(weight), weight=weight, bias=bias, activation=activation
        )

    def weights(self) -> int:
        return sum(n.attributes["weight"].size for n in self.nodes if n.op == "dense")


@dataclass
class Feature:
    name: str
    missing: bool = False


@dataclass
class Output:
    """What a plan's results mean.

    kind       "class" or "numbers"
    names      of the classes, or of the numbers
    index      class: value [batch] with the index of the class
    scores     value [batch][names]; of a class perhaps None
    scores_kind   "none", "probabilities" or "decision values"
    numeric_labels   class names are numbers, to be written as such
    """

    kind: str
    names: list[str]
    index: Value | None
    scores: Value | None
    scores_kind: str = "none"
    numeric_labels: bool = False


@dataclass
class Imported:
    """graph, features and output; `trainer` names the library and version;
    predict(rows) -> (index or None, scores or None) is the trainer's own."""

    graph: Graph
    features: list[Feature]
    output: Output
    trainer: str
    predict: object

    def source_hash(self) -> int:
        """XXH64 of the parameters in a fixed form: not of the file they came
        in, which holds versions and dates that change nothing."""
        h = xxhash.xxh64()
        for node in self.graph.nodes:
            h.update(node.op.encode() + b"\0")
            for key in sorted(node.attributes):
                value = node.attributes[key]
                if isinstance(value, np.ndarray):
                    h.update(repr(value.shape).encode())
                    h.update(value.astype("<f8").tobytes())
                else:
                    h.update(str(value).encode())
                h.update(b"\0")
        return h.intdigest()
