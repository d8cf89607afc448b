"""A model as the importers hand it over: exact, not yet lowered.

A graph is a list of nodes over values. Nodes are written by the methods of
Graph, which check shapes and give the value that a node computes:

    g = Graph([Value(("batch", 32), "f32")], {"batch": 8})
    h = g.dense(g.input, weight1, bias1, "relu")
    g.outputs = [g.dense(h, weight2, bias2)]

From it `lower.py` makes the plan of a .mote file, and `onnx_export.py` an ONNX
file of the same model. A new operator needs a method here, a function in
each of the two, and nothing else. (Of what graph_table.py, graph_tensor.py and graph_fixed.py add
only `reshape` has a way back to ONNX.)

Names of operators are those of compress/FORMAT.md, but one node says only what
is computed: whether a dense layer runs in float64, float32 or int8, and which
scratch it takes, is decided when it is lowered.
"""

import math
from dataclasses import dataclass, field, fields, is_dataclass

import numpy as np
import xxhash

from mote.graph_fixed import FixedMethods
from mote.graph_table import LinearLeaf, Table, TableMethods
from mote.graph_tensor import Layer, TensorMethods
from mote.trees import Forest

__all__ = [
    "Feature", "Forest", "Graph", "Imported", "LinearLeaf", "Node", "Output", "Table", "Value",
]  # fmt: skip

BATCH = "batch"
ACTIVATIONS = ("none", "relu", "sigmoid", "tanh", "gelu", "gelu_tanh")
MAPS = ACTIVATIONS[1:] + ("exp", "erf", "abs", "sqrt", "neg", "reciprocal", "log")
ARITHMETIC = ("+", "-", "*", "/", "min", "max")
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
class Graph(TableMethods, TensorMethods, FixedMethods):
    """inputs: of dtype f64, f32 or s32; symbols: what names in dims stand for
    at most; outputs: set when all is written."""

    inputs: list[Value]
    symbols: dict[str, int] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    net: bool = False  # the trainer computes it in float32, and so does the engine

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

    def multiplications(self) -> int:
        """Multiplications for one row, about."""
        total = 0
        for node in self.nodes:
            constants = [d for d in node.output.dims if isinstance(d, int)]
            weight = node.attributes.get("weight")
            if weight is not None:
                per_output = weight.size // max(1, constants[-1])
                total += math.prod(constants) * per_output
            elif node.op == "matmul":
                total += math.prod(constants) * node.input.dims[-1]
        return total

    def weights(self) -> int:
        """Numbers that products are taken with."""
        return sum(
            node.attributes[name].size
            for node in self.nodes
            for name in ("weight", "recurrent")
            if name in node.attributes
        )

    def prune(self) -> None:
        """Drops nodes that no output needs."""
        needed, kept = set(self.outputs), []
        for node in reversed(self.nodes):
            if not needed.isdisjoint(node.outputs):
                needed.update(node.inputs)
                kept.append(node)
        self.nodes = kept[::-1]

    def size(self) -> str:
        """How much was learned, in words: trees, weights or both."""
        forests = [n.attributes["forest"] for n in self.nodes if n.op == "trees"]
        trees = sum(len(f.trees) for f in forests)
        parts = [f"{trees:,} trees"] if trees else []
        if self.weights() or not trees:
            parts.append(f"{self.weights():,} weights")
        return " and ".join(parts)

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
        """One of MAPS, of each number; log only in float64."""
        expect(kind in MAPS, f"kind {kind!r}")
        return self.node("map", [x], x.dims, kind=kind)

    def binary(self, a: Value, b: Value, kind: str) -> Value:
        """a o b, kind one of ARITHMETIC; b of a's shape, or [n] for each row, or [1]."""
        expect(kind in ARITHMETIC, f"kind {kind!r}")
        expect(b.dims in (a.dims, a.dims[-1:], (1,)), f"{a.dims} {kind} {b.dims}")
        return self.node("binary", [a, b], a.dims, kind=kind)

    # Sequences [..., steps, n]

    def embed(self, ids: Value, table) -> Value:
        """Rows of table [vocabulary][n], for s32 indices of any shape."""
        table = real(table)
        return self.node("embed", [ids], ids.dims + (table.shape[1],), table=table)

    def position(self, x: Value, table) -> Value:
        """x + the row of table [longest][n] that belongs to each step."""
        return self.node("position", [x], x.dims, table=real(table))

    def attention(
        self, qkv: Value, heads: int, causal: bool = False, scale: float | None = None
    ) -> Value:
        """Self-attention of qkv [..., steps, 3 heads d]: all of q, then k, v. scale:
        of the products of q and k, 1 / sqrt(d) unless it is given."""
        expect(qkv.dims[-1] % (3 * heads) == 0, f"{heads} heads of {qkv.dims[-1]} columns")
        dims = qkv.dims[:-1] + (qkv.dims[-1] // 3,)
        scale = (dims[-1] // heads) ** -0.5 if scale is None else float(scale)
        return self.node("attention", [qkv], dims, heads=heads, causal=causal, scale=scale)

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
        layer = Layer(weight, recurrent, bias, recurrent_bias, reverse=False)
        m = layer.recurrent.shape[1]
        expect(layer.weight.shape == (3 * m, x.dims[-1]), f"weight {layer.weight.shape}")
        return self.recurrent(x, "gru", layer, [None])[0]

    # Trees

    def trees(self, x: Value, forest: Forest) -> Value:
        """The sum of a forest's trees, exactly as its trainer takes it."""
        expect(forest.columns == x.dims[-1], f"{forest.columns} features of {x.dims[-1]} columns")
        return self.node("trees", [x], x.dims[:-1] + (forest.outputs,), forest=forest)

    def missing(self, x: Value, low, high) -> Value:
        """For each column: a NaN where low <= x <= high, else x."""
        low, high = real(low), real(high)
        expect(low.shape == high.shape == x.dims[-1:], f"bounds {low.shape} {high.shape}")
        return self.node("missing", [x], x.dims, low=low, high=high)


@dataclass
class Feature:
    """A column of the graph's inputs, in their order.

    missing     a row may be without it: a NaN to the graph
    categories  the texts that it may be, no two the same: the graph gets the
                index of one as a number
    other       other texts are allowed: -1 to the graph
    boolean     true and false are taken as the numbers 1 and 0
    text        it is a text, and its input the ids of the text's tokens
    dtype       f64 or f32, that of its input; s32 of a text
    """

    name: str
    missing: bool = False
    categories: list[str] | None = None
    other: bool = False
    boolean: bool = False
    text: bool = False
    dtype: str = "f64"


@dataclass
class Output:
    """What a plan's results mean.

    kind       "class", "numbers" or "embedding"
    names      of the classes, or of the numbers; an embedding's have none
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
    predict(rows) -> (index or None, scores or None) is the trainer's own, for
    rows [n][features] in float64, NaN for missing, a category by its index..
    sample(rng, count) -> rows as the model takes them, where not any numbers
    will do; None: any. tokenizer: of a model of texts, whose rows are texts [n][1];
    ids(text): those that the trainer's own tokenizer gives; rows[id]: the row of the
    embedding that an id has become, None: its own. kept: what the
    trainer's file has in int8 and the graph has not, each with its reason.
    inside(rows) -> which rows lie in the ranges that static int8 was calibrated
    with; None: there are none."""

    graph: Graph
    features: list[Feature]
    output: Output
    trainer: str
    predict: object
    sample: object = None
    tokenizer: object = None
    token_rows: list[int] | None = None
    ids: object = None
    kept: list[str] = field(default_factory=list)
    inside: object = None

    def source_hash(self) -> int:
        """XXH64 of the parameters in a fixed form: not of the file they came
        in, which holds versions and dates that change nothing."""
        h = xxhash.xxh64()
        for feature in self.features:
            if feature.categories is not None:
                update_hash(h, feature.categories)
                h.update(b"\0")
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
    elif isinstance(value, list | tuple):
        for x in value:
            update_hash(h, x)
    elif isinstance(value, dict):
        for key in sorted(value):
            update_hash(h, [key, value[key]])
    elif isinstance(value, set):
        update_hash(h, sorted(value))
    else:
        h.update(str(value).encode())
