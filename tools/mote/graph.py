"""A model as the importers hand it over: exact, not yet lowered.

A graph is a list of nodes over values. Nodes are written by the methods of
Graph, which check shapes and give the value that a node computes:

    g = Graph([Value(("batch", 32), "f32")], {"batch": 8})
    h = g.dense(g.input, weight1, bias1, "relu")
    g.outputs = [g.dense(h, weight2, bias2)]

From it `lower.py` makes the plan of a .mote file, and `onnx_export.py` an ONNX
file of the same model. A new operator needs a method here, a function in
each of the two, and nothing else.

Names of operators are those of compress/FORMAT.md, but one node says only what
is computed: whether a dense layer runs in float64, float32 or int8, and which
scratch it takes, is decided when it is lowered.
"""

from dataclasses import dataclass, field, fields, is_dataclass

import numpy as np
import xxhash

from mote.trees import Forest

BATCH = "batch"
ACTIVATIONS = ("none", "relu", "sigmoid", "tanh", "gelu", "gelu_tanh")
REDUCTIONS = ("mean", "max", "sum", "first", "last")
Dim = int | str  # a constant, or the name of a symbol


@dataclass(eq=False)
class Value:
    """dims: of the value, the last one a constant. dtype "real" is a number
    that lowering computes in a type of its choice; s32 are indices."""

    dims: tuple[Dim, ...]
    dtype: str = "real"

    @property
    def columns(self) -> int | None:
        """Of rows [batch][columns]; None of one number a row."""
        return None if len(self.dims) == 1 else self.dims[-1]


@dataclass
class Node:
    op: str
    inputs: list[Value]
    outputs: list[Value]
    attributes: dict

    @property
    def input(self) -> Value:
        return self.inputs[0]

    @property
    def output(self) -> Value:
        return self.outputs[0]


def real(array) -> np.ndarray:
    return np.ascontiguousarray(array, np.float64)


def expect(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


@dataclass
class Graph:
    """inputs: of dtype f64, f32 or s32; symbols: what names in dims stand for
    at most; outputs: set when all is written."""

    inputs: list[Value]
    symbols: dict[str, int] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)

    @classmethod
    def of_rows(cls, columns: int) -> "Graph":
        """One input of float64 rows, as many at once as lowering likes."""
        return cls([Value((BATCH, columns), "f64")])

    @property
    def input(self) -> Value:
        return self.inputs[0]

    def node(self, op: str, inputs: list[Value], dims: tuple[Dim, ...], **attributes) -> Value:
        output = Value(dims, attributes.pop("dtype", "real"))
        self.nodes.append(Node(op, inputs, [output], attributes))
        return output

    def weights(self) -> int:
        """Numbers that products are taken with."""
        return sum(
            node.attributes[name].size
            for node in self.nodes
            for name in ("weight", "recurrent")
            if name in node.attributes
        )

    # Rows: each row of [..., n] by itself

    def rowwise(self, x: Value, kind: str, vector) -> Value:
        """x o vector [n], kind one of + - * /."""
        return self.node("rowwise", [x], x.dims, kind=kind, vector=real(vector))

    def dense(self, x: Value, weight, bias=None, activation: str = "none") -> Value:
        """activation(weight [m][n] x + bias [m])."""
        weight = real(weight)
        expect(weight.shape[1] == x.dims[-1], f"weight {weight.shape} for rows of {x.dims[-1]}")
        expect(activation in ACTIVATIONS, f"activation {activation!r}")
        bias = np.zeros(len(weight)) if bias is None else real(bias)
        dims = x.dims[:-1] + (len(weight),)
        return self.node("dense", [x], dims, weight=weight, bias=bias, activation=activation)

    def softmax(self, x: Value) -> Value:
        return self.node("softmax", [x], x.dims)

    def share(self, x: Value) -> Value:
        """The logistic function of each, divided by their sum."""
        return self.node("share", [x], x.dims)

    def argmax(self, x: Value) -> Value:
        """Index of the first largest."""
        return self.node("argmax", [x], x.dims[:-1], dtype="s32")

    def norm(self, x: Value, gain, bias, residual: Value | None = None, eps=1e-12) -> Value:
        """Layer normalization of x, or of x + residual."""
        inputs = [x] if residual is None else [x, residual]
        return self.node("norm", inputs, x.dims, gain=real(gain), bias=real(bias), eps=eps)

    def normalize(self, x: Value) -> Value:
        """Rows of L2 norm 1."""
        return self.node("normalize", [x], x.dims)

    def map(self, x: Value, kind: str) -> Value:
        """An activation of each number."""
        expect(kind in ACTIVATIONS[1:], f"kind {kind!r}")
        return self.node("map", [x], x.dims, kind=kind)

    def binary(self, a: Value, b: Value, kind: str) -> Value:
        """a o b of equal shape, kind one of + - * /."""
        expect(a.dims == b.dims, f"{a.dims} {kind} {b.dims}")
        return self.node("binary", [a, b], a.dims, kind=kind)

    # Sequences [..., steps, n]

    def embed(self, ids: Value, table) -> Value:
        """Rows of table [vocabulary][n], for s32 indices of any shape."""
        table = real(table)
        return self.node("embed", [ids], ids.dims + (table.shape[1],), table=table)

    def position(self, x: Value, table) -> Value:
        """x + the row of table [longest][n] that belongs to each step."""
        return self.node("position", [x], x.dims, table=real(table))

    def attention(self, qkv: Value, heads: int, causal: bool = False) -> Value:
        """Self-attention of qkv [..., steps, 3 heads d]: all of q, then k, v."""
        expect(qkv.dims[-1] % (3 * heads) == 0, f"{heads} heads of {qkv.dims[-1]} columns")
        dims = qkv.dims[:-1] + (qkv.dims[-1] // 3,)
        return self.node("attention", [qkv], dims, heads=heads, causal=causal)

    def reduce(self, x: Value, kind: str) -> Value:
        """Over the steps: kind one of REDUCTIONS."""
        expect(kind in REDUCTIONS, f"kind {kind!r}")
        return self.node("reduce", [x], x.dims[:-2] + x.dims[-1:], kind=kind)

    def take(self, x: Value, first: int, stride: int, count: int) -> Value:
        """Steps first, first + stride and so on."""
        expect(0 <= first and first + stride * (count - 1) < x.dims[-2], f"steps of {x.dims}")
        dims = (x.dims[0], count, x.dims[2])
        return self.node("take", [x], dims, first=first, stride=stride)

    def conv1d(self, x: Value, weight, bias, dilation: int = 1, activation: str = "none") -> Value:
        """Causal convolution over the steps: y[t] has x[t], x[t - dilation] and
        so on, zeros before the first step. weight [m][size][n], the last of
        `size` for x[t]. (steps.py makes some of them strided and unpadded.)"""
        weight = real(weight)
        expect(weight.ndim == 3, f"weight {weight.shape}")
        expect(weight.shape[2] == x.dims[-1], f"weight {weight.shape} for {x.dims[-1]} channels")
        expect(activation in ACTIVATIONS, f"activation {activation!r}")
        dims = x.dims[:-1] + (len(weight),)
        return self.node(
            "conv1d", [x], dims,
            weight=weight, bias=real(bias), dilation=dilation, activation=activation,
            stride=1, padded=True,
        )  # fmt: skip

    def gru(self, x: Value, weight, recurrent, bias, recurrent_bias) -> Value:
        """States of all steps, from a state of zeros. Gates z, r, h lie one
        behind the other in weight [3m][n], recurrent [3m][m] and the biases:
        h = tanh(Wx + b + r (Uh + c)), the next state is (1 - z) h + z state."""
        weight, recurrent = real(weight), real(recurrent)
        m = recurrent.shape[1]
        expect(weight.shape == (3 * m, x.dims[-1]), f"weight {weight.shape} for {x.dims[-1]}")
        return self.node(
            "gru", [x], x.dims[:-1] + (m,),
            weight=weight, recurrent=recurrent, bias=real(bias),
            recurrent_bias=real(recurrent_bias),
        )  # fmt: skip

    # Trees

    def trees(self, x: Value, forest: Forest) -> Value:
        """The sum of a forest's trees, exactly as its trainer takes it."""
        expect(forest.columns == x.dims[-1], f"{forest.columns} features of {x.dims[-1]} columns")
        return self.node("trees", [x], x.dims[:-1] + (forest.outputs,), forest=forest)


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
                update_hash(h, node.attributes[key])
                h.update(b"\0")
        return h.intdigest()


def update_hash(h, value) -> None:
    if isinstance(value, np.ndarray):
        h.update(repr(value.shape).encode())
        h.update(value.astype("<f8").tobytes())
    elif is_dataclass(value):  # a forest, a tree
        for f in fields(value):
            update_hash(h, getattr(value, f.name))
    elif isinstance(value, list):
        for x in value:
            update_hash(h, x)
    elif isinstance(value, dict):
        for key in sorted(value):
            update_hash(h, [key, value[key]])
    elif isinstance(value, set):
        update_hash(h, sorted(value))
    else:
        h.update(str(value).encode())
