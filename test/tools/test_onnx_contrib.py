"""Files that ONNX Runtime optimized and saved: whole transformers at each of
its levels, and its own operators one by one, against ONNX Runtime."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
from onnx import TensorProto  # noqa: E402
from test_onnx import F32, Model, compiled, operators, weights  # noqa: E402

from mote.config import Config  # noqa: E402
from mote.errors import Refusal  # noqa: E402
from mote.importers import import_file  # noqa: E402

INT32, INT64 = TensorProto.INT32, TensorProto.INT64
STEPS, WIDTH, HEADS, WORDS = 6, 16, 2, 20
OURS = "com.microsoft"


def bert(folder, opset: int, gelu: str, masked: bool):
    """Two blocks as PyTorch exports them, all by their parts."""
    inputs = {"input_ids": (INT64, ["batch", STEPS]), "token_type_ids": (INT64, ["batch", STEPS])}
    if masked:
        inputs["attention_mask"] = (INT64, ["batch", STEPS])
    m = Model(**inputs)

    def norm(x: str) -> str:
        gain, bias = 1 + weights(WIDTH), weights(WIDTH)
        if opset >= 17:
            return m.op("LayerNormalization", x, gain, bias, axis=-1, epsilon=1e-12)
        d = m.op("Sub", x, m.op("ReduceMean", x, axes=[-1]))
        v = m.op("ReduceMean", m.op("Pow", d, 2.0), axes=[-1])
        root = m.op("Sqrt", m.op("Add", v, 1e-12))
        return m.op("Add", m.op("Mul", m.op("Div", d, root), gain), bias)

    def linear(x: str, n: int, k: int) -> str:
        return m.op("Add", weights(k), m.op("MatMul", x, weights(n, k)))

    def heads(x: str, perm) -> str:
        shape = m.constant([0, 0, HEADS, WIDTH // HEADS], np.int64)
        return m.op("Transpose", m.op("Reshape", linear(x, WIDTH, WIDTH), shape), perm=perm)

    def curved(x: str) -> str:
        if gelu == "erf":
            erf = m.op("Erf", m.op("Div", x, float(np.sqrt(2))))
            return m.op("Mul", m.op("Mul", x, m.op("Add", erf, 1.0)), 0.5)
        cubed = m.op("Mul", 0.044715, m.op("Pow", x, 3.0))
        inner = m.op("Mul", float(np.sqrt(2 / np.pi)), m.op("Add", x, cubed))
        return m.op("Mul", m.op("Mul", 0.5, x), m.op("Add", 1.0, m.op("Tanh", inner)))

    words = m.op("Gather", weights(WORDS, WIDTH), "input_ids")
    kinds = m.op("Gather", weights(2, WIDTH), "token_type_ids")
    x = norm(m.op("Add", m.op("Add", words, kinds), weights(1, STEPS, WIDTH)))
    if masked:
        axes = m.constant([1, 2], np.int64)
        mask = m.op("Cast", m.op("Unsqueeze", "attention_mask", axes), to=F32)
        mask = m.op("Mul", m.op("Sub", 1.0, mask), -10000.0)
    for _ in range(2):
        q, k, v = (heads(x, p) for p in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]))
        scores = m.op("Div", m.op("MatMul", q, k), float(np.sqrt(WIDTH // HEADS)))
        scores = m.op("Add", scores, mask) if masked else scores
        y = m.op("MatMul", m.op("Softmax", scores, axis=3), v)
        shape = m.constant([0, 0, WIDTH], np.int64)
        y = m.op("Reshape", m.op("Transpose", y, perm=[0, 2, 1, 3]), shape)
        x = norm(m.op("Add", linear(y, WIDTH, WIDTH), x))
        x = norm(m.op("Add", linear(curved(linear(x, WIDTH, 32)), 32, WIDTH), x))
    first = m.op("Gather", x, m.constant(0, np.int64), axis=1)
    y = m.op("Tanh", m.op("Gemm", first, weights(WIDTH, WIDTH), weights(WIDTH), transB=1))
    y = m.op("Gemm", y, weights(2, WIDTH), weights(2), transB=1)
    return m.save(folder, (y, F32, ["batch", 2]), opset=opset)


def optimized(path, level):
    options = runtime.SessionOptions()
    options.graph_optimization_level = level
    options.optimized_model_filepath = str(path.with_name("optimized.onnx"))
    options.log_severity_level = 3
    runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return path.with_name("optimized.onnx")


def kinds_of(path) -> set[str]:
    return {n.op_type for n in onnx.load(path).graph.node}


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("gelu, fused", [("erf", "BiasGelu"), ("tanh", "FastGelu")])
@pytest.mark.parametrize("opset", [14, 17])
def test_a_transformer_at_every_level(tmp_path, opset, gelu, fused, masked):
    """At each of them it is the same layers."""
    levels = runtime.GraphOptimizationLevel
    path = bert(tmp_path, opset, gelu, masked)
    wanted = operators(compiled(path, "float32", rows=50)[0])
    for level in (levels.ORT_ENABLE_BASIC, levels.ORT_ENABLE_EXTENDED, levels.ORT_ENABLE_ALL):
        found = optimized(path, level)
        if level != levels.ORT_ENABLE_BASIC:
            assert {"SkipLayerNormalization", fused, "FusedMatMul"} <= kinds_of(found)
        imported, _ = compiled(found, "float32", rows=50)
        for kind in ("norm", "attention", "embed", "matmul"):
            assert operators(imported).count(kind) == wanted.count(kind), kind


def sequence(*shape: int, **others) -> Model:
    return Model(x=["batch", *shape], **others)


def saved(m: Model, folder, name: str, *shape: int):
    return m.save(folder, (name, F32, ["batch", *shape]))


ONE_INPUT = {
    "Gelu": ((), {}),
    "BiasGelu": ((weights(WIDTH),), {}),
    "FastGelu": ((weights(WIDTH),), {}),
    "QuickGelu": ((), {"alpha": 1.5}),
    "SimplifiedLayerNormalization": ((1 + weights(WIDTH),), {"epsilon": 1e-5, "axis": -1}),
    "SkipLayerNormalization": (
        ("x", 1 + weights(WIDTH), weights(WIDTH), weights(WIDTH)), {"epsilon": 1e-5}),
    "SkipSimplifiedLayerNormalization": (
        ("x", 1 + weights(WIDTH), weights(WIDTH)), {"epsilon": 1e-5}),
    "FusedMatMul": ((weights(8, WIDTH),), {"alpha": 0.3, "transB": 1}),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_INPUT)
def test_operators_of_a_sequence(tmp_path, name):
    more, attributes = ONE_INPUT[name]
    m = sequence(STEPS, WIDTH)
    domain = "" if name == "SimplifiedLayerNormalization" else OURS
    x = m.op("Tanh", "x")  # a variance of extreme numbers is what rounding makes of it
    more = [x if isinstance(part, str) else part for part in more]
    y = m.op(name, x, *more, domain=domain, **attributes)
    compiled(saved(m, tmp_path, y, STEPS, 8 if name == "FusedMatMul" else WIDTH), "float32")


@pytest.mark.parametrize("activation, params", [
    ("Relu", []), ("Sigmoid", []), ("Tanh", []), ("LeakyRelu", [0.2]), ("Clip", [-0.1, 0.3]),
    ("HardSigmoid", [0.3, 0.4]),
])  # fmt: skip
@pytest.mark.parametrize("added", [True, False])
def test_fused_convolutions(tmp_path, activation, params, added):
    m = sequence(3, 6, 6)
    more = [m.op("Conv", "x", weights(4, 3, 3, 3))] if added else []
    given = {"activation_params": params} if params else {}
    y = m.op("FusedConv", "x", weights(4, 3, 3, 3), weights(4), *more, domain=OURS,
             activation=activation, **given)  # fmt: skip
    compiled(saved(m, tmp_path, y, 4, 4, 4), "float32")


def test_fused_gemm(tmp_path):
    m = sequence(WIDTH)
    y = m.op("FusedGemm", "x", weights(8, WIDTH), weights(8), domain=OURS, transB=1, alpha=0.5,
             beta=2.0, activation="LeakyRelu", activation_alpha=0.3)  # fmt: skip
    compiled(saved(m, tmp_path, y, 8), "float32")


def test_products_whose_first_axes_move(tmp_path):
    m = Model(x=[3, 4, 5])
    y = m.op("FusedMatMul", "x", weights(4, 5, 2), domain=OURS, transBatchA=1)
    compiled(m.save(tmp_path, (y, F32, [4, 3, 2])), "float32")


@pytest.mark.parametrize("mask", [None, (INT32, STEPS), (INT32, STEPS, STEPS), (INT32,)])
@pytest.mark.parametrize("causal", [0, 1])
def test_attention(tmp_path, mask, causal):
    more = {} if mask is None else {"mask": (mask[0], ["batch", *mask[1:]])}
    m = sequence(STEPS, WIDTH, **more)
    if mask == (INT32,):  # where nothing is seen, the answer is what rounding makes of it
        more = {m.op("Max", "mask", m.constant([2], np.int32)): None}
    y = m.op("Attention", "x", weights(WIDTH, 3 * WIDTH), weights(3 * WIDTH), *more, domain=OURS,
             num_heads=HEADS, unidirectional=causal)  # fmt: skip
    compiled(saved(m, tmp_path, y, STEPS, WIDTH), "float32", rows=60)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("mask", [True, False])
def test_attention_to_another_sequence(tmp_path, bias, mask):
    others = {"mask": (INT32, ["batch", 4])} if mask else {}
    m = Model(x=["batch", STEPS, WIDTH], y=["batch", 4, WIDTH], **others)
    more = [weights(3 * WIDTH) if bias else "", "mask" if mask else ""]
    y = m.op("MultiHeadAttention", "x", "y", "y", *more, domain=OURS, num_heads=HEADS, scale=0.3)
    compiled(saved(m, tmp_path, y, STEPS, WIDTH), "float32", rows=60)


@pytest.mark.parametrize("positions", [True, False])
def test_embeddings(tmp_path, positions):
    inputs = {n: (INT32, ["batch", STEPS]) for n in ("ids", "kinds", "mask")}
    m = Model(**inputs)
    tables = [weights(WORDS, WIDTH), weights(STEPS, WIDTH), weights(2, WIDTH)]
    places = [m.constant([[0, 0, 1, 2, 3, 4]], np.int32)] if positions else []
    y, seen = m.op("EmbedLayerNormalization", "ids", "kinds", *tables, 1 + weights(WIDTH),
                   weights(WIDTH), "mask", *places, outputs=2, domain=OURS,
                   epsilon=1e-5)  # fmt: skip
    y = m.op("Attention", y, weights(WIDTH, 3 * WIDTH), weights(3 * WIDTH), seen, domain=OURS,
             num_heads=HEADS)  # fmt: skip
    compiled(saved(m, tmp_path, y, STEPS, WIDTH), "float32", rows=60)


def test_what_is_left_out_is_named(tmp_path):
    m = sequence(STEPS, WIDTH)
    past = m.constant(np.zeros((2, 1, HEADS, 3, WIDTH // HEADS)))
    y = m.op("Attention", "x", weights(WIDTH, 3 * WIDTH), weights(3 * WIDTH), "", past,
             domain=OURS, num_heads=HEADS)  # fmt: skip
    path = saved(m, tmp_path, y, STEPS, WIDTH)
    with pytest.raises(Refusal, match="past: expected none"):
        import_file(str(path), Config("test"), False)
