"""A graph as an ONNX file: the same model for another engine.

Nodes are written the way exporters of the trainers write them (GELU by its
parts, attention by transposes and products), so that the other engine finds
the patterns that it knows. In int8 dense layers take the form that dynamic
quantization tools give them: DynamicQuantizeLinear, MatMulInteger, Cast, Mul.
"""

from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mote.graph import Graph, Node, Value
from mote.operators import is_int8, quantize_weight

OPSET, OPSET_ML, IR = 17, 3, 8
TYPES = {
    "f32": TensorProto.FLOAT,
    "f64": TensorProto.DOUBLE,
    "s32": TensorProto.INT32,
    "s64": TensorProto.INT64,  # of ids, which tokenizers give so
}
EXPORT = {}


def exports(function):
    """Puts export_<name> into EXPORT."""
    EXPORT[function.__name__.removeprefix("export_")] = function
    return function


@dataclass
class Exporter:
    precision: str
    nodes: list = field(default_factory=list)
    constants: list = field(default_factory=list)
    names: dict[Value, str] = field(default_factory=dict)

    def op(self, kind: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes):
        """The name of what an ONNX operator gives, or of all if there are several."""
        made = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        node = helper.make_node(kind, list(inputs), made, domain=domain, **attributes)
        self.nodes.append(node)
        return made[0] if outputs == 1 else made

    def constant(self, array, dtype=np.float32) -> str:
        name = f"c{len(self.constants)}"
        array = np.asarray(array, dtype, order="C")  # a number stays one
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def input(self, node: Node, i: int = 0) -> str:
        return self.names[node.inputs[i]]


def value_info(value: Value, name: str):
    dtype = "f32" if value.dtype == "real" else value.dtype
    return helper.make_tensor_value_info(name, TYPES[dtype], list(value.dims))


def export(graph: Graph, precision: str, names: list[str] | None = None) -> onnx.ModelProto:
    """precision: float32, or int8 where `lower.py` would use it. names: of the
    inputs, else x0, x1 and so on."""
    e = Exporter(precision)
    names = names or [f"x{i}" for i in range(len(graph.inputs))]
    e.names = dict(zip(graph.inputs, names, strict=True))
    inputs = [value_info(v, e.names[v]) for v in graph.inputs]
    for node in graph.nodes:
        made = EXPORT[node.op](e, node)
        made = made if isinstance(made, list) else [made]
        e.names.update(zip(node.outputs, made))
    outputs = [value_info(v, e.names[v]) for v in graph.outputs]
    model = helper.make_model(
        helper.make_graph(e.nodes, "model", inputs, outputs, e.constants),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", OPSET_ML)],
        ir_version=IR,
    )
    onnx.checker.check_model(model)
    return model


ARITHMETIC = {"+": "Add", "-": "Sub", "*": "Mul", "/": "Div"}


def activate(e: Exporter, x: str, kind: str) -> str:
    if kind == "none":
        return x
    if kind == "gelu":
        erf = e.op("Erf", e.op("Div", x, e.constant(2**0.5)))
        return e.op("Mul", e.op("Mul", x, e.op("Add", erf, e.constant(1.0))), e.constant(0.5))
    if kind == "gelu_tanh":
        cube = e.op("Mul", e.op("Pow", x, e.constant(3.0)), e.constant(0.044715))
        inner = e.op("Mul", e.op("Add", x, cube), e.constant((2 / np.pi) ** 0.5))
        outer = e.op("Add", e.op("Tanh", inner), e.constant(1.0))
        return e.op("Mul", e.op("Mul", x, e.constant(0.5)), outer)
    return e.op({"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}[kind], x)


@exports
def export_rowwise(e: Exporter, node: Node) -> str:
    vector = e.constant(node.attributes["vector"])
    return e.op(ARITHMETIC[node.attributes["kind"]], e.input(node), vector)


@exports
def export_dense(e: Exporter, node: Node) -> str:
    a = node.attributes
    y = product(e, e.input(node), a["weight"])
    return activate(e, e.op("Add", y, e.constant(a["bias"])), a["activation"])


def product(e: Exporter, x: str, weight: np.ndarray) -> str:
    """weight [m][n] times rows of x."""
    if not is_int8(e.precision, weight):
        return e.op("MatMul", x, e.constant(weight.T))
    q, scale = quantize_weight(weight)
    rows, row_scale, zero = e.op("DynamicQuantizeLinear", x, outputs=3)
    columns = e.constant(q.T, np.int8)
    sums = e.op("MatMulInteger", rows, columns, zero, e.constant(0, np.int8))
    both = e.op("Mul", row_scale, e.constant(scale))
    return e.op("Mul", e.op("Cast", sums, to=TensorProto.FLOAT), both)


@exports
def export_softmax(e: Exporter, node: Node) -> str:
    return e.op("Softmax", e.input(node), axis=-1)


@exports
def export_share(e: Exporter, node: Node) -> str:
    y = e.op("Sigmoid", e.input(node))
    return e.op("Div", y, e.op("ReduceSum", y, e.constant([-1], np.int64)))


@exports
def export_argmax(e: Exporter, node: Node) -> str:
    index = e.op("ArgMax", e.input(node), axis=-1, keepdims=0)
    return e.op("Cast", index, to=TensorProto.INT32)


@exports
def export_norm(e: Exporter, node: Node) -> str:
    a = node.attributes
    x = e.input(node)
    if len(node.inputs) > 1:
        x = e.op("Add", x, e.input(node, 1))
    gain, bias = e.constant(a["gain"]), e.constant(a["bias"])
    return e.op("LayerNormalization", x, gain, bias, epsilon=a["eps"])


@exports
def export_normalize(e: Exporter, node: Node) -> str:
    return e.op("LpNormalization", e.input(node), axis=-1, p=2)


@exports
def export_map(e: Exporter, node: Node) -> str:
    return activate(e, e.input(node), node.attributes["kind"])


@exports
def export_binary(e: Exporter, node: Node) -> str:
    return e.op(ARITHMETIC[node.attributes["kind"]], e.input(node), e.input(node, 1))


@exports
def export_embed(e: Exporter, node: Node) -> str:
    return e.op("Gather", e.constant(node.attributes["table"]), e.input(node))


@exports
def export_position(e: Exporter, node: Node) -> str:
    x = e.input(node)
    steps = e.op("Shape", x, start=-2, end=-1)
    table = e.constant(node.attributes["table"])
    first, axis = e.constant([0], np.int64), e.constant([0], np.int64)
    return e.op("Add", x, e.op("Slice", table, first, steps, axis))


@exports
def export_attention(e: Exporter, node: Node) -> str:
    """Of [batch][steps][3 heads d]."""
    heads, causal = node.attributes["heads"], node.attributes["causal"]
    if causal or len(node.input.dims) != 3:
        raise NotImplementedError("attention: expected [batch][steps][3 heads d], not causal")
    d = node.output.dims[-1] // heads
    split = e.constant([0, 0, heads, d], np.int64)
    q, k, v = (
        e.op("Reshape", part, split) for part in e.op("Split", e.input(node), outputs=3, axis=-1)
    )
    q, v = (e.op("Transpose", x, perm=[0, 2, 1, 3]) for x in (q, v))
    scores = e.op("MatMul", q, e.op("Transpose", k, perm=[0, 2, 3, 1]))
    weights = e.op("Softmax", e.op("Mul", scores, e.constant(node.attributes["scale"])), axis=-1)
    y = e.op("Transpose", e.op("MatMul", weights, v), perm=[0, 2, 1, 3])
    return e.op("Reshape", y, e.constant([0, 0, heads * d], np.int64))


@exports
def export_reshape(e: Exporter, node: Node) -> str:
    """A symbol that has its place on both sides keeps its length; one may move."""
    before, dims = node.input.dims, node.output.dims
    kept = [i < len(before) and before[i] == d for i, d in enumerate(dims)]
    lengths = [d if isinstance(d, int) else 0 if k else -1 for d, k in zip(dims, kept)]
    if lengths.count(-1) > 1:
        raise NotImplementedError(f"reshape: expected one symbol to move, got {before} as {dims}")
    return e.op("Reshape", e.input(node), e.constant(lengths, np.int64))


@exports
def export_reduce(e: Exporter, node: Node) -> str:
    kind, x = node.attributes["kind"], e.input(node)
    if kind in ("first", "last"):
        index = e.constant(0 if kind == "first" else -1, np.int64)
        return e.op("Gather", x, index, axis=len(node.input.dims) - 2)
    if kind == "sum":
        return e.op("ReduceSum", x, e.constant([-2], np.int64), keepdims=0)
    return e.op({"mean": "ReduceMean", "max": "ReduceMax"}[kind], x, axes=[-2], keepdims=0)


@exports
def export_conv1d(e: Exporter, node: Node) -> str:
    """Of [batch][steps][channels]; the other engine wants channels before steps."""
    a = node.attributes
    weight, dilation = a["weight"].transpose(0, 2, 1), a["dilation"]
    before = dilation * (weight.shape[2] - 1)
    y = e.op(
        "Conv",
        e.op("Transpose", e.input(node), perm=[0, 2, 1]),
        e.constant(weight),
        e.constant(a["bias"]),
        dilations=[dilation],
        pads=[before, 0],
    )
    return e.op("Transpose", activate(e, y, a["activation"]), perm=[0, 2, 1])


@exports
def export_gru(e: Exporter, node: Node) -> str:
    """Of [batch][steps][n]; the other engine wants steps first."""
    a = node.attributes
    if a["reverse"] or a["reset_before"] or any(a["given"]):
        raise NotImplementedError("gru: expected steps in their order from a state of zeros")
    states, _ = e.op(
        "GRU",
        e.op("Transpose", e.input(node), perm=[1, 0, 2]),
        e.constant(a["weight"][None]),
        e.constant(a["recurrent"][None]),
        e.constant(np.concatenate([a["bias"], a["recurrent_bias"]])[None]),
        outputs=2,
        hidden_size=a["recurrent"].shape[1],
        linear_before_reset=1,
    )
    rows = e.op("Squeeze", states, e.constant([1], np.int64))
    return e.op("Transpose", rows, perm=[1, 0, 2])


@exports
def export_trees(e: Exporter, node: Node) -> str:
    """Numeric trees whose tables are float32, as the other engine's all are."""
    forest = node.attributes["forest"]
    if forest.targets is not None or any(t.sets for t in forest.trees):
        raise NotImplementedError("trees: expected all outputs of each tree, and no categories")
    mode = {"<=": "BRANCH_LEQ", "<": "BRANCH_LT"}[forest.compare]
    nodes = {k: [] for k in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids",
                             "falsenodeids", "missing_value_tracks_true")}  # fmt: skip
    target = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
    for number, tree in enumerate(forest.trees):
        leaf = tree.left < 0
        count = len(leaf)
        nodes["treeids"] += [number] * count
        nodes["nodeids"] += range(count)
        nodes["featureids"] += np.where(leaf, 0, tree.feature).tolist()
        nodes["values"] += np.where(leaf, 0, tree.threshold).astype(np.float32).tolist()
        nodes["modes"] += ["LEAF" if x else mode for x in leaf]
        nodes["truenodeids"] += np.where(leaf, 0, tree.left).tolist()
        nodes["falsenodeids"] += np.where(leaf, 0, tree.right).tolist()
        nodes["missing_value_tracks_true"] += tree.missing_left.astype(int).tolist()
        leaves = np.flatnonzero(leaf).repeat(forest.outputs)
        target["treeids"] += [number] * len(leaves)
        target["nodeids"] += leaves.tolist()
        target["ids"] += list(range(forest.outputs)) * int(leaf.sum())
        values = tree.value.reshape(count, -1)[leaf].astype(np.float32)
        target["weights"] += values.reshape(-1).tolist()
    start = np.zeros(forest.outputs) if forest.start is None else forest.start
    return e.op(
        "TreeEnsembleRegressor",
        e.input(node),
        domain="ai.onnx.ml",
        n_targets=forest.outputs,
        base_values=np.asarray(start, np.float32).tolist(),
        aggregate_function="SUM",
        post_transform="NONE",
        **{f"nodes_{k}": v for k, v in nodes.items()},
        **{f"target_{k}": v for k, v in target.items()},
    )
