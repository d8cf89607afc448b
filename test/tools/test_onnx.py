"""Whole ONNX models through import, lowering and the engine, against ONNX
Runtime; what is fused; what is refused, with nothing written."""

import json
import math

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from mote import cli, lower, onnx_export, verify  # noqa: E402
from mote.config import Config, Verify  # noqa: E402
from mote.engine import Engine  # noqa: E402
from mote.errors import Refusal  # noqa: E402
from mote.graph import Graph, Value  # noqa: E402
from mote.importers import import_file  # noqa: E402

RNG = np.random.default_rng(23)
F32 = TensorProto.FLOAT


def weights(*shape) -> np.ndarray:
    return (RNG.normal(size=shape) / math.sqrt(max(1, shape[-1]))).astype(np.float32)


class Model:
    """Nodes as an exporter writes them."""

    def __init__(self, **inputs):
        self.nodes, self.constants = [], []
        self.inputs = [
            helper.make_tensor_value_info(n, *(v if isinstance(v, tuple) else (F32, v)))
            for n, v in inputs.items()
        ]

    def constant(self, array, dtype=np.float32) -> str:
        name = f"w{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, dtype), name))
        return name

    def op(self, kind: str, *inputs, outputs: int = 1, domain: str = "", **attributes):
        made = [f"{kind}{len(self.nodes)}_{i}" for i in range(outputs)]
        names = [self.constant(i) if isinstance(i, np.ndarray | float) else i for i in inputs]
        self.nodes.append(helper.make_node(kind, names, made, domain=domain, **attributes))
        return made[0] if outputs == 1 else made

    def save(self, folder, *outputs, opset: int = 17, ml: int = 3):
        """outputs: name, type and shape of each."""
        infos = []
        for o in outputs:
            name, dtype, shape = o
            infos.append(helper.make_tensor_value_info(name, dtype, shape))
        graph = helper.make_graph(self.nodes, "model", self.inputs, infos, self.constants)
        imports = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", ml)]
        if any(n.domain == "com.microsoft" for n in self.nodes):
            imports.append(helper.make_opsetid("com.microsoft", 1))
        model = helper.make_model(graph, opset_imports=imports, ir_version=8)
        path = folder / "model.onnx"
        path.write_bytes(model.SerializeToString())
        return path


def compiled(path, precision: str | None = None, rows: int = 200, config=None):
    """Imported, verified against ONNX Runtime within the usual limits."""
    config = config or Config("test")
    imported = import_file(str(path), config, False)
    precision = precision or lower.choose_precision(imported.graph)
    blob = lower.lower(imported, config, precision).to_bytes()
    result = verify.verify(imported, blob, precision, Verify(rows=rows))
    assert result.passed, result.failures
    return imported, blob


def operators(imported) -> list[str]:
    return [n.op for n in imported.graph.nodes]


# --------------------------------------------------------------------------- models


def test_a_perceptron(tmp_path):
    m = Model(x=["batch", 6])
    h = m.op("Relu", m.op("Gemm", "x", weights(16, 6), weights(16), transB=1))
    h = m.op("Tanh", m.op("Add", m.op("MatMul", h, weights(16, 8)), weights(8)))
    y = m.op("Gemm", h, weights(8, 3), weights(3), alpha=0.5, beta=2.0)
    path = m.save(tmp_path, (m.op("Softmax", y, axis=-1), F32, ["batch", 3]))
    imported, _ = compiled(path)
    assert [f.name for f in imported.features] == [f"x{i}" for i in range(6)]
    assert operators(imported) == ["dense", "dense", "dense", "reshape", "softmax_rows", "reshape"]
    assert [n.attributes["activation"] for n in imported.graph.nodes[:3]] == [
        "relu", "tanh", "none"]  # fmt: skip


def small_cnn(batch) -> tuple[Model, str]:
    """As a trainer exports it: the batch normalization still by itself."""
    m = Model(image=[batch, 3, 12, 10])
    h = m.op("Conv", "image", weights(8, 3, 3, 3), weights(8), pads=[1, 1, 1, 1])
    scale = np.abs(weights(8)) + 0.5
    h = m.op("BatchNormalization", h, scale, weights(8), weights(8), np.abs(weights(8)) + 0.5)
    h = m.op("MaxPool", m.op("Relu", h), kernel_shape=[2, 2], strides=[2, 2])
    h = m.op("Relu", m.op("Conv", h, weights(8, 1, 3, 3), group=8, strides=[2, 1]))
    h = m.op("Conv", h, weights(16, 4, 1, 1), weights(16), group=2)
    h = m.op("Add", h, m.op("Sigmoid", h))
    h = m.op("Flatten", m.op("GlobalAveragePool", h))
    return m, m.op("Gemm", h, weights(5, 16), weights(5), transB=1)


@pytest.mark.parametrize("batch", ["batch", 1])
def test_a_small_cnn(tmp_path, batch):
    m, y = small_cnn(batch)
    imported, _ = compiled(m.save(tmp_path, (y, F32, [batch, 5])))
    found = operators(imported)
    assert found.count("conv") == 3 and found.count("transpose") == 1  # the image's own
    assert "BatchNormalization" not in found and found.count("map") == 1


def test_a_cnn_with_a_batch_of_its_own(tmp_path):
    m, y = small_cnn(2)
    imported, _ = compiled(m.save(tmp_path, (y, F32, [2, 5])))
    assert len(imported.features) == 2 * 3 * 12 * 10


def test_a_cnn_in_int8(tmp_path):
    m = Model(x=["batch", 4, 64])
    h = "x"
    for n, out, dilation in ((4, 32, 1), (32, 64, 2), (64, 64, 4)):
        h = m.op("Pad", h, m.constant([0, 0, 2 * dilation, 0, 0, 0], np.int64))
        h = m.op("Relu", m.op("Conv", h, weights(out, n, 3), weights(out), dilations=[dilation]))
    y = m.op("Gemm", m.op("Flatten", h), weights(10, 64 * 64), weights(10), transB=1)
    path = m.save(tmp_path, (y, F32, ["batch", 10]))
    imported = import_file(str(path), Config("test"), False)
    assert lower.choose_precision(imported.graph) == "int8"
    blob = lower.lower(imported, Config("test"), "int8").to_bytes()
    rows = RNG.normal(size=(60, 256)).astype(np.float32).astype(np.float64)
    _, want = imported.predict(rows)
    with Engine(blob) as engine:
        assert np.abs(engine.rows(rows)[1] - want).max() < 0.05 * np.abs(want).max()


@pytest.mark.parametrize("kind, gates, before", [("LSTM", 4, 0), ("GRU", 3, 0), ("GRU", 3, 1)])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_recurrent_layers(tmp_path, kind, gates, direction, before):
    """[batch][steps][n], turned to the order of the operator and back."""
    n, m_, steps, dirs = 3, 7, 5, 2 if direction == "bidirectional" else 1
    m = Model(x=["batch", steps, n])
    x = m.op("Transpose", "x", perm=[1, 0, 2])
    extra = {"linear_before_reset": before} if kind == "GRU" else {}
    initial = m.op("Expand", weights(dirs, 1, m_), m.constant([dirs, 1, m_], np.int64))
    y, *_ = m.op(
        kind, x, weights(dirs, gates * m_, n), weights(dirs, gates * m_, m_),
        weights(dirs, 2 * gates * m_), "", initial if before else "",
        outputs=2, hidden_size=m_, direction=direction, **extra,
    )  # fmt: skip
    y = m.op("Transpose", y, perm=[2, 0, 1, 3])
    y = m.op("Reshape", y, m.constant([-1, steps, dirs * m_], np.int64))
    last = m.op("Gather", y, m.constant(-1, np.int64), axis=1)
    out = m.op("Gemm", last, weights(2, dirs * m_), transB=1)
    if before:  # the initial state is of a batch of one
        m.inputs[0] = helper.make_tensor_value_info("x", F32, [1, steps, n])
    imported, _ = compiled(m.save(tmp_path, (out, F32, ["batch", 2])))
    assert operators(imported).count(kind.lower()) == dirs


def attention_by_parts(m: Model, x: str, width: int, heads: int, steps: int) -> str:
    """As it is exported: three layers, split into heads, products of them."""
    d = width // heads
    shape = m.constant([0, -1, heads, d], np.int64)

    def layer() -> str:
        return m.op("Add", m.op("MatMul", x, weights(width, width)), weights(width))

    q, k, v = (m.op("Reshape", layer(), shape) for _ in range(3))
    q, v = (m.op("Transpose", t, perm=[0, 2, 1, 3]) for t in (q, v))
    scores = m.op("MatMul", q, m.op("Transpose", k, perm=[0, 2, 3, 1]))
    shares = m.op("Softmax", m.op("Div", scores, math.sqrt(d)), axis=-1)
    y = m.op("Transpose", m.op("MatMul", shares, v), perm=[0, 2, 1, 3])
    return m.op("Reshape", y, m.constant([0, -1, width], np.int64))


def norm_by_parts(m: Model, x: str, width: int) -> str:
    d = m.op("Sub", x, m.op("ReduceMean", x, axes=[-1]))
    variance = m.op("ReduceMean", m.op("Pow", d, 2.0), axes=[-1])
    y = m.op("Div", d, m.op("Sqrt", m.op("Add", variance, 1e-5)))
    return m.op("Add", m.op("Mul", y, np.abs(weights(width)) + 0.5), weights(width))


def gelu_by_parts(m: Model, x: str, form: str) -> str:
    if form == "erf":
        inner = m.op("Erf", m.op("Div", x, 1.4142135381698608))
        return m.op("Mul", m.op("Mul", x, m.op("Add", inner, 1.0)), 0.5)
    cube = m.op("Mul", m.op("Pow", x, 3.0), 0.044715)
    inner = m.op("Tanh", m.op("Mul", m.op("Add", x, cube), 0.7978845834732056))
    return m.op("Mul", m.op("Mul", x, 0.5), m.op("Add", inner, 1.0))


@pytest.mark.parametrize("form, kind", [("erf", "gelu"), ("tanh", "gelu_tanh")])
def test_a_transformer_block_by_its_parts(tmp_path, form, kind):
    width, steps = 32, 6
    m = Model(tokens=(TensorProto.INT64, ["batch", steps]))
    x = m.op("Gather", weights(50, width), "tokens")
    x = norm_by_parts(m, m.op("Add", x, weights(steps, width)), width)
    x = norm_by_parts(m, m.op("Add", attention_by_parts(m, x, width, 4, steps), x), width)
    h = m.op("Add", m.op("MatMul", x, weights(width, 64)), weights(64))
    h = m.op("Add", m.op("MatMul", gelu_by_parts(m, h, form), weights(64, width)), weights(width))
    x = norm_by_parts(m, m.op("Add", h, x), width)
    y = m.op("ReduceMean", x, axes=[1], keepdims=0)
    imported, blob = compiled(m.save(tmp_path, (y, F32, ["batch", width]), opset=14))
    found = operators(imported)
    assert found.count("attention") == 1 and found.count("norm") == 3
    assert found.count("dense") == 3  # q, k and v are one
    dense = [n for n in imported.graph.nodes if n.op == "dense"]
    assert kind in [n.attributes["activation"] for n in dense]
    assert not set(found) & {"softmax_rows", "matmul", "power"}
    with Engine(blob) as engine:
        with pytest.raises(Exception, match="row 0"):
            engine.rows(np.full((1, steps), 50.0))  # no such token


def test_attention_with_a_mask_stays_exact(tmp_path):
    """No fused operator has a mask, so it is computed by its parts."""
    width, steps, heads = 16, 5, 2
    d = width // heads
    m = Model(x=["batch", steps, width], mask=(TensorProto.INT64, ["batch", steps]))
    q, k, v = (
        m.op(
            "Transpose",
            m.op("Reshape", m.op("MatMul", "x", weights(width, width)),
                 m.constant([0, 0, heads, d], np.int64)),
            perm=perm,
        )
        for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
    )  # fmt: skip
    axes = m.constant([1, 2], np.int64)
    mask = m.op("Cast", m.op("Unsqueeze", "mask", axes), to=F32)
    mask = m.op("Mul", m.op("Sub", 1.0, mask), -10000.0)
    scores = m.op("Add", m.op("Mul", m.op("MatMul", q, k), 0.25), mask)
    y = m.op("MatMul", m.op("Softmax", scores, axis=-1), v)
    y = m.op(
        "Reshape", m.op("Transpose", y, perm=[0, 2, 1, 3]), m.constant([0, 0, width], np.int64)
    )
    imported, _ = compiled(m.save(tmp_path, (y, F32, ["batch", steps, width])))
    found = operators(imported)
    assert found.count("matmul") == 2 and "attention" not in found


def bias_of(shape, *bias, after=lambda m, y: y):
    """A layer of 4 outputs, something done with them, a constant added."""

    def build(m: Model) -> str:
        return m.op("Add", after(m, m.op("MatMul", "x", weights(4, 4))), weights(*bias))

    return [4] if shape == 1 else [4, 4], build


def turned(m: Model, y: str) -> str:
    return m.op("Transpose", y, perm=[0, 2, 1])


def in_two(m: Model, y: str) -> str:
    return m.op("Reshape", y, m.constant([-1, 2, 2], np.int64))


FOLDED = {
    "its own": (*bias_of(1, 4), True),
    "its own, of a sequence": (*bias_of(2, 4), True),
    "turned, along the outputs": (*bias_of(2, 4, 1, after=turned), True),
    "turned, along the steps": (*bias_of(2, 4, after=turned), False),
    "along the steps": (*bias_of(2, 4, 1), False),
    "of a part": (*bias_of(1, 2, after=in_two), False),
}


@pytest.mark.parametrize("name", FOLDED)
def test_constants_that_are_a_bias_and_others(tmp_path, name):
    shape, build, folds = FOLDED[name]
    m = Model(x=["batch", *shape])
    rank = 3 if name == "of a part" else len(shape) + 1
    imported, _ = compiled(m.save(tmp_path, (build(m), F32, ["batch", None, None][:rank])))
    assert ("binary" not in operators(imported)) == folds


def test_layers_that_are_read_twice_stay_as_they_are(tmp_path):
    """By another name as well."""
    m = Model(x=["batch", 4])
    a = m.op("MatMul", "x", weights(4, 4))
    y = m.op("Relu", m.op("Identity", a))
    z = m.op("Tanh", in_two(m, a))
    added = m.op("Add", a, weights(4))
    path = m.save(
        tmp_path, (y, F32, ["batch", 4]), (z, F32, ["batch", 2, 2]), (added, F32, ["batch", 4])
    )
    imported, _ = compiled(path)
    assert operators(imported).count("map") == 2


def test_batch_normalizations_of_one_convolution(tmp_path):
    m = Model(x=["batch", 2, 5, 5])
    c, scale = m.op("Conv", "x", weights(3, 2, 3, 3)), np.abs(weights(3)) + 0.5
    first, second = (
        m.op("BatchNormalization", c, scale, weights(3), weights(3), scale) for _ in range(2)
    )
    compiled(m.save(tmp_path, (m.op("Add", first, second), F32, ["batch", 3, 3, 3])))


def test_a_batch_in_the_second_place(tmp_path):
    """As recurrent layers have it whose steps come first."""
    m = Model(x=[6, "batch", 3])
    y, _ = m.op("LSTM", "x", weights(1, 20, 3), weights(1, 20, 5), outputs=2, hidden_size=5)
    y = m.op("Gather", m.op("Squeeze", y, m.constant([1], np.int64)), m.constant(-1, np.int64))
    compiled(m.save(tmp_path, (y, F32, ["batch", 5])))


def test_rows_of_a_sequence_as_a_batch(tmp_path):
    m = Model(x=["batch", 3, 4])
    h = m.op("Reshape", "x", m.constant([-1, 4], np.int64))
    y = m.op("Reshape", m.op("MatMul", h, weights(4, 5)), m.constant([-1, 3, 5], np.int64))
    compiled(m.save(tmp_path, (y, F32, ["batch", 3, 5])))


def test_rows_that_see_each_other_are_refused(tmp_path, capsys):
    m = Model(x=["batch", 4])
    y = m.op("Sub", "x", m.op("ReduceMean", "x", axes=[0]))
    path = m.save(tmp_path, (y, F32, ["batch", 4]))
    assert "depends on the other rows of a batch" in refused(path, capsys)


def test_shapes_that_are_computed_vanish(tmp_path):
    """x.view(x.size(0), -1), as it is exported, and a mask made of constants."""
    m = Model(x=["batch", 2, 3])
    size = m.op("Gather", m.op("Shape", "x"), m.constant(0, np.int64))
    rest = m.constant([-1], np.int64)
    shape = m.op("Concat", m.op("Unsqueeze", size, m.constant([0], np.int64)), rest, axis=0)
    flat = m.op("Reshape", "x", shape)
    zeros = m.op("ConstantOfShape", m.constant([6], np.int64))
    y = m.op("Add", flat, m.op("Add", zeros, weights(6)))
    imported, _ = compiled(m.save(tmp_path, (y, F32, ["batch", 6])))
    assert set(operators(imported)) <= {"constant", "binary", "reshape"}


def test_quantized_forms(tmp_path):
    """QDQ around a layer, and the dynamic form."""
    m = Model(x=["batch", 20])
    w = m.constant(RNG.integers(-127, 128, (20, 8)), np.int8)
    dequantized = m.op("DequantizeLinear", w, 0.01)
    x = m.op("QuantizeLinear", "x", 0.05, m.constant(3, np.int8))
    x = m.op("DequantizeLinear", x, 0.05, m.constant(3, np.int8))
    h = m.op("Relu", m.op("MatMul", x, dequantized))
    q, scale, zero = m.op("DynamicQuantizeLinear", h, outputs=3)
    w = m.constant(RNG.integers(-127, 128, (8, 3)), np.int8)
    sums = m.op("Cast", m.op("MatMulInteger", q, w, zero), to=F32)
    y = m.op("Mul", sums, m.op("Mul", scale, 0.02))
    path = m.save(tmp_path, (y, F32, ["batch", 3]), opset=13)
    imported = import_file(str(path), Config("test"), False)
    rows = RNG.normal(size=(100, 20)).astype(np.float32).astype(np.float64)
    _, want = imported.predict(rows)
    with Engine(lower.lower(imported, Config("test"), "float32").to_bytes()) as engine:
        _, got = engine.rows(rows)
    # a number on the border of two steps may go to either
    assert np.mean(np.abs(got - want) < 1e-4) > 0.97
    assert np.abs(got - want).max() < 0.2


# --------------------------------------------------------------------- ai.onnx.ml


def tree_nodes(count: int, features: int, depth: int, outputs: int, modes) -> dict:
    """Random trees with thresholds that rows meet, as attributes."""
    keys = ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids",
            "missing_value_tracks_true")  # fmt: skip
    nodes = {k: [] for k in keys}
    leaves = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
    for tree in range(count):
        size = 2 ** (depth + 1) - 1
        for i in range(size):
            leaf = i >= size // 2
            nodes["treeids"].append(tree)
            nodes["nodeids"].append(i)
            nodes["featureids"].append(0 if leaf else int(RNG.integers(features)))
            nodes["modes"].append("LEAF" if leaf else str(RNG.choice(modes)))
            nodes["values"].append(0.0 if leaf else float(RNG.integers(-3, 4)) / 2)
            nodes["truenodeids"].append(0 if leaf else 2 * i + 1)
            nodes["falsenodeids"].append(0 if leaf else 2 * i + 2)
            nodes["missing_value_tracks_true"].append(int(RNG.integers(2)))
            if leaf:
                for k in range(outputs):
                    leaves["treeids"].append(tree)
                    leaves["nodeids"].append(i)
                    leaves["ids"].append(k)
                    leaves["weights"].append(float(np.float32(RNG.normal())))
    return {f"nodes_{k}": v for k, v in nodes.items()}, leaves


MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]


def check_on_ties(imported, blob, features: int) -> None:
    """Rows whose numbers are often exactly those of the trees."""
    rows = RNG.integers(-4, 5, (500, features)) / 2
    index, want = imported.predict(rows)
    with Engine(blob) as engine:
        got_index, got = engine.rows(rows)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)
    assert index is None or np.array_equal(got_index, index)


@pytest.mark.parametrize("modes", [*([m] for m in MODES), MODES])
def test_tree_regressors(tmp_path, modes):
    m = Model(x=["batch", 5])
    nodes, leaves = tree_nodes(7, 5, 3, 2, modes)
    y = m.op("TreeEnsembleRegressor", "x", domain="ai.onnx.ml", n_targets=2,
             base_values=[0.5, -1.0], **nodes,
             **{f"target_{k}": v for k, v in leaves.items()})  # fmt: skip
    imported, blob = compiled(m.save(tmp_path, (y, F32, ["batch", 2])))
    check_on_ties(imported, blob, 5)
    assert all(f.missing for f in imported.features)  # NaNs have branches of their own
    rows = np.where(RNG.random((300, 5)) < 0.4, np.nan, RNG.integers(-4, 5, (300, 5)) / 2)
    with Engine(blob) as engine:
        np.testing.assert_allclose(engine.rows(rows)[1], imported.predict(rows)[1], rtol=1e-5)


def test_an_imputer_of_what_is_missing(tmp_path):
    m = Model(x=["batch", 3])
    y = m.op("Imputer", "x", domain="ai.onnx.ml", imputed_value_floats=[1.5, 2.5, -1.0],
             replaced_value_float=math.nan)  # fmt: skip
    imported, blob = compiled(m.save(tmp_path, (y, F32, ["batch", 3])))
    with Engine(blob) as engine:
        got = engine.rows(np.array([[math.nan, 7, math.nan], [0, math.nan, 4]]))[1]
    np.testing.assert_array_equal(got, [[1.5, 7, -1], [0, 2.5, 4]])


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("classes, one_id", [(2, 0), (2, 1), (3, None), (7, None)])
@pytest.mark.parametrize("post", ["NONE", "LOGISTIC", "SOFTMAX"])
def test_tree_classifiers(tmp_path, post, classes, positive, one_id):
    m = Model(x=["batch", 5])
    one = one_id is not None
    names = ["no", "yes", *(f"other {i}" for i in range(5))][:classes]
    nodes, leaves = tree_nodes(6, 5, 3, 1 if one else classes, ["BRANCH_LEQ"])
    if one:
        leaves["ids"] = [one_id] * len(leaves["ids"])
    if positive:
        leaves["weights"] = [abs(w) / 6 for w in leaves["weights"]]
    label, scores = m.op(
        "TreeEnsembleClassifier", "x", outputs=2, domain="ai.onnx.ml",
        classlabels_strings=names, post_transform=post, **nodes,
        **{f"class_{k}": v for k, v in leaves.items()},
    )  # fmt: skip
    path = m.save(tmp_path, (label, TensorProto.STRING, ["batch"]), (scores, F32, ["batch", None]))
    imported, blob = compiled(path)
    assert imported.output.names == names
    check_on_ties(imported, blob, 5)


def test_a_linear_classifier_behind_a_scaler(tmp_path):
    m = Model(a=["batch", 2], b=["batch", 1])
    x = m.op("Concat", "a", "b", axis=1)
    x = m.op("Scaler", x, domain="ai.onnx.ml", offset=[1.0, 2.0, 3.0], scale=[0.5, 2.0, 1.0])
    label, scores = m.op(
        "LinearClassifier", x, outputs=2, domain="ai.onnx.ml", classlabels_ints=[10, 20, 30],
        coefficients=weights(9).tolist(), intercepts=weights(3).tolist(), multi_class=1,
        post_transform="SOFTMAX",
    )  # fmt: skip
    scores = m.op("Normalizer", scores, domain="ai.onnx.ml", norm="L1")
    path = m.save(tmp_path, (label, TensorProto.INT64, ["batch"]), (scores, F32, ["batch", 3]))
    imported, _ = compiled(path)
    assert [f.name for f in imported.features] == ["a_0", "a_1", "b"]
    assert imported.output.numeric_labels and imported.output.scores_kind == "probabilities"


def test_two_classes_with_scores_of_both_are_refused(tmp_path, capsys):
    """ONNX Runtime's label is then not the larger score's."""
    m = Model(x=["batch", 5])
    nodes, leaves = tree_nodes(3, 5, 2, 2, ["BRANCH_LEQ"])
    label, scores = m.op(
        "TreeEnsembleClassifier", "x", outputs=2, domain="ai.onnx.ml", classlabels_int64s=[1, 2],
        **nodes, **{f"class_{k}": v for k, v in leaves.items()},
    )  # fmt: skip
    path = m.save(tmp_path, (label, TensorProto.INT64, ["batch"]), (scores, F32, ["batch", 2]))
    assert "class_ids: two classes with scores of both" in refused(path, capsys)


@pytest.mark.parametrize("post", ["NONE", "LOGISTIC"])
def test_one_score_of_two_classes(tmp_path, post):
    m = Model(x=["batch", 3])
    label, scores = m.op(
        "LinearClassifier", "x", outputs=2, domain="ai.onnx.ml", classlabels_strings=["a", "b"],
        coefficients=weights(3).tolist(), intercepts=[0.25], post_transform=post,
    )  # fmt: skip
    path = m.save(tmp_path, (label, TensorProto.STRING, ["batch"]), (scores, F32, ["batch", None]))
    compiled(path)


def test_features_that_are_encoded(tmp_path):
    """One-hot and label encoders of numbers, and an imputer."""
    m = Model(kind=["batch", 1], size=["batch", 2])
    hot = m.op("OneHotEncoder", "kind", domain="ai.onnx.ml", cats_int64s=[0, 1, 2, 7])
    hot = m.op("Reshape", hot, m.constant([-1, 4], np.int64))
    coded = m.op("LabelEncoder", "size", domain="ai.onnx.ml", keys_floats=[0.0, 1.0],
                 values_floats=[5.0, -2.5], default_float=9.0)  # fmt: skip
    filled = m.op("Imputer", "size", domain="ai.onnx.ml", imputed_value_floats=[1.5, 2.5],
                  replaced_value_float=1.0)  # fmt: skip
    y = m.op("Concat", hot, coded, filled, axis=1)
    path = m.save(tmp_path, (y, F32, ["batch", 8]))
    imported, blob = compiled(path)
    rows = np.array([[k, a, b] for k in (-1, 0, 1, 2, 7, 8) for a in (0, 1, 2) for b in (0, 1, 3)])
    _, want = imported.predict(rows.astype(np.float64))
    with Engine(blob) as engine:
        np.testing.assert_array_equal(engine.rows(rows)[1], want)


def test_graphs_of_our_own_come_back(tmp_path):
    """Models that the tool itself writes as ONNX."""
    from kernels_models import models

    for model in models():
        if model.name not in ("mlp-32", "tcn", "gru", "bert"):
            continue
        path = tmp_path / f"{model.name}.onnx"
        onnx.save(onnx_export.export(model.graph, "float32"), path)
        config = Config("test", dimensions={"tokens": 16})
        imported, _ = compiled(path, "float32", rows=20, config=config)
        wanted = [n.op for n in model.graph.nodes]
        for op in ("dense", "attention", "norm", "gru", "embed"):
            assert operators(imported).count(op) == wanted.count(op), (model.name, op)


def test_of_a_shape_one_symbol_may_move():
    graph = Graph([Value(("batch", "steps", 6), "f32")], {"batch": 4, "steps": 8})
    graph.outputs = [graph.reshape(graph.input, ("batch", 2, "steps", 3))]
    session = onnxruntime.InferenceSession(
        onnx_export.export(graph, "float32", ["rows"]).SerializeToString()
    )
    x = np.arange(2 * 5 * 6, dtype=np.float32).reshape(2, 5, 6)
    np.testing.assert_array_equal(session.run(None, {"rows": x})[0], x.reshape(2, 2, 5, 3))
    graph.outputs = [graph.reshape(graph.input, (2, "batch", "steps", 3))]
    with pytest.raises(NotImplementedError, match="one symbol to move"):
        onnx_export.export(graph, "float32")


# ------------------------------------------------------------------------ refusals


def run(*arguments, capsys):
    status = cli.main([str(a) for a in arguments])
    return status, *capsys.readouterr()


def refused(path, capsys) -> str:
    """The message; nothing may be written."""
    status, _, err = run("compile", path, capsys=capsys)
    assert status == 1, err
    said = [line for line in err.splitlines() if line.startswith("mote compile: ")]
    assert "Traceback" not in err and len(said) == 1 and err.endswith(said[0] + "\n")
    assert [p.suffix for p in path.parent.iterdir() if p.suffix in (".mote", ".part")] == []
    return err


def test_a_model_on_the_command_line(tmp_path, capsys):
    m, y = small_cnn("batch")
    path = m.save(tmp_path, (y, F32, ["batch", 5]))
    status, out, err = run("compile", path, "--json", capsys=capsys)
    assert status == 0, out + err
    report = json.loads(out)
    assert report["written"] and (tmp_path / "model.mote").exists()
    assert run("inspect", tmp_path / "model.mote", capsys=capsys)[0] == 0
    first = (tmp_path / "model.mote").read_bytes()
    run("compile", path, capsys=capsys)
    assert (tmp_path / "model.mote").read_bytes() == first


def test_truncated_files(tmp_path, capsys):
    m, y = small_cnn("batch")
    path = m.save(tmp_path, (y, F32, ["batch", 5]))
    whole = path.read_bytes()
    for end in [0, 1, 7, 20, *range(100, len(whole), len(whole) // 12), len(whole) - 1]:
        path.write_bytes(whole[:end])
        assert "model.onnx" in refused(path, capsys)


def test_changed_bytes(tmp_path, capsys):
    """Whatever a byte does, it ends in a message or in a model that verifies."""
    m, y = small_cnn("batch")
    path = m.save(tmp_path, (y, F32, ["batch", 5]))
    whole = bytearray(path.read_bytes())
    skeleton = [i for i in range(len(whole)) if i < 60 or i > len(whole) - 300 or i % 997 == 0]
    for i in RNG.choice(skeleton, 60, replace=False):
        changed = bytearray(whole)
        changed[i] ^= 1 << int(RNG.integers(8))
        path.write_bytes(changed)
        status, _, err = run("compile", path, capsys=capsys)
        assert status in (0, 1) and "Traceback" not in err, (i, err)
        (tmp_path / "model.mote").unlink(missing_ok=True)


def test_a_claim_of_two_gigabytes(tmp_path, capsys):
    m = Model(x=["batch", 4])
    y = m.op("MatMul", "x", weights(4, 4))
    path = m.save(tmp_path, (y, F32, ["batch", 4]))
    model = onnx.load(path)
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend([4, 1 << 28])
    path.write_bytes(model.SerializeToString())
    assert "less than 2 GB" in refused(path, capsys)
    model.graph.initializer[0].dims[1] = 1 << 20
    path.write_bytes(model.SerializeToString())
    assert "needs 16777216 bytes, got 64" in refused(path, capsys)


def test_constants_that_would_grow(tmp_path, capsys):
    m = Model(x=["batch", 4])
    big = m.op("ConstantOfShape", m.constant([1 << 20, 1 << 20], np.int64))
    y = m.op("Add", "x", m.op("ReduceSum", big, keepdims=0))
    path = m.save(tmp_path, (y, F32, ["batch", 4]))
    assert "would make more than" in refused(path, capsys)


def external(tmp_path, **place):
    m = Model(x=["batch", 4])
    y = m.op("MatMul", "x", weights(4, 4))
    path = m.save(tmp_path, (y, F32, ["batch", 4]))
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    (tmp_path / "model.data").write_bytes(b"\0" * 16 + tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in place.items():
        tensor.external_data.add(key=key, value=str(value))
    path.write_bytes(model.SerializeToString())
    return path


def test_external_data(tmp_path, capsys):
    path = external(tmp_path, location="model.data", offset=16, length=64)
    compiled(path)
    for place, words in (
        ({"location": "model.data", "offset": 32, "length": 64}, "which has 80"),
        ({"location": "model.data", "offset": 0, "length": 60}, "expected 64 bytes"),
        ({"location": "model.data", "offset": -4, "length": 64}, "-4"),
        ({"location": "model.data", "offset": "x"}, "no number"),
        ({"location": "none.data"}, "no such file"),
        ({"location": "../model.data"}, "no such file"),
        ({"location": "/etc/passwd"}, "no such file"),
    ):
        assert words in refused(external(tmp_path, **place), capsys), place


def test_external_data_by_a_link_out_of_the_folder(tmp_path, capsys):
    inside = tmp_path / "inside"
    inside.mkdir()
    path = external(inside, location="link.data", offset=16, length=64)
    (inside / "model.data").rename(tmp_path / "outside.data")
    (inside / "link.data").symlink_to(tmp_path / "outside.data")
    assert "no such file" in refused(path, capsys)


def test_what_is_not_known_is_named(tmp_path, capsys):
    m = Model(x=["batch", 4])
    path = m.save(tmp_path, (m.op("Det", "x"), F32, []))
    assert "node 'Det0_0' (Det)" in refused(path, capsys)
    m = Model(x=["batch", 4])
    path = m.save(tmp_path, (m.op("RandomNormalLike", "x"), F32, ["batch", 4]))
    assert "other numbers each time" in refused(path, capsys)
    m = Model(x=["batch", 4])
    y = m.op("Neg", "x")
    path = m.save(tmp_path, (y, F32, ["batch", 4]), opset=8)
    assert "opset 8 of ai.onnx: expected 9 or later" in refused(path, capsys)
    m = Model(x=["batch", "tokens", 4])
    path = m.save(tmp_path, (m.op("Neg", "x"), F32, ["batch", "tokens", 4]))
    assert '[input.dimensions] "tokens" = 128' in refused(path, capsys)
    m = Model(x=(TensorProto.DOUBLE, ["batch", 4]))
    path = m.save(tmp_path, (m.op("Neg", "x"), TensorProto.DOUBLE, ["batch", 4]))
    assert "convert the model with float32" in refused(path, capsys)


def test_dimensions_in_model_toml(tmp_path, capsys):
    m = Model(x=["batch", "steps", 4])
    y = m.op("ReduceMean", "x", axes=[1], keepdims=0)
    path = m.save(tmp_path, (y, F32, ["batch", 4]))
    settings = tmp_path / "model.toml"
    settings.write_text(
        f'[model]\nname = "m"\nsource = "{path.name}"\n[input.dimensions]\nsteps = 3\n'
    )
    status, _, err = run("compile", tmp_path, capsys=capsys)
    assert status == 0, err
    settings.write_text(f'[model]\nsource = "{path.name}"\n[input.dimensions]\nsteps = "3"\n')
    assert run("compile", tmp_path, capsys=capsys)[0] == 2


@pytest.mark.parametrize("version, words", [(None, "pip install"), ("1.26.0", "answers wrongly")])
def test_the_runtime_that_is_compared_with(tmp_path, monkeypatch, version, words):
    import sys
    import types

    module = None if version is None else types.SimpleNamespace(__version__=version)
    monkeypatch.setitem(sys.modules, "onnxruntime", module)
    m = Model(x=["batch", 4])
    path = m.save(tmp_path, (m.op("Neg", "x"), F32, ["batch", 4]))
    with pytest.raises(Refusal, match=words):
        import_file(str(path), Config("test"), False)
