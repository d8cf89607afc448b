"""Operators of ONNX that compute: arithmetic, functions of one number, matrix
products, normalization, reductions."""

import math

import numpy as np

from mote.graph import BATCH
from mote.importers.onnx_attention import attention_of
from mote.importers.onnx_build import Builder, Tensor, op
from mote.importers.onnx_file import Node

FLOAT_MAX = float(np.finfo(np.float32).max)
INT32_MAX = np.iinfo(np.int32).max
SLOPE_SELU, SCALE_SELU = 1.6732632423543772, 1.0507009873554805

# ---------------------------------------------------------------------- arithmetic

ARITHMETIC = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/", "Max": "max", "Min": "min"}


@op("Add", "Sub", "Mul", "Div")
def arithmetic(b: Builder, node: Node):
    return combine(b, node, b.input(node, 0), b.input(node, 1), ARITHMETIC[node.op])


@op("Max", "Min", "Sum", "Mean")
def variadic(b: Builder, node: Node):
    kind = ARITHMETIC.get(node.op, "+")
    total = b.input(node, 0) if len(node.inputs) > 1 else b.tensor(node)
    for i in range(1, len(node.inputs)):
        total = combine(b, node, total, b.input(node, i), kind)
    if node.op == "Mean":
        total = b.with_number(total, "/", len(node.inputs))
    return total


def is_real(t) -> bool:
    if isinstance(t, np.ndarray):
        return t.dtype.kind == "f"
    return isinstance(t, Tensor) and t.dtype == "real"


def integers(b: Builder, node: Node, x, y, kind: str) -> Tensor:
    """In 32 bits, whatever integers the file has."""
    x, y = (b.lift(node, t) if isinstance(t, np.ndarray) else t for t in (x, y))
    for t in (x, y):
        if not isinstance(t, Tensor) or t.dtype != "s32":
            what = t.dtype if isinstance(t, Tensor) else "labels"
            raise node.refuse(f"expected float32 numbers, or integers, on both sides; got {what}")
    return b.integer(x, y, kind)


def combine(b: Builder, node: Node, x, y, kind: str):
    """x o y, each computed or constant."""
    if not all(is_real(t) for t in (x, y)):
        return integers(b, node, x, y, kind)
    if isinstance(y, np.ndarray) and isinstance(x, np.ndarray):
        y = b.lift(node, y)
    if isinstance(y, np.ndarray):
        return folded(b, node, x, y, kind) or b.with_array(x, y, kind)
    if not isinstance(x, np.ndarray):
        return b.binary(x, y, kind)
    if kind in ("+", "*", "max", "min"):
        return (folded(b, node, y, x, kind, 1) if kind in "+*" else None) or b.with_array(
            y, x, kind
        )
    if kind == "-":  # c - x is -x + c, to the bit
        return b.with_array(b.map(y, "neg"), x, "+")
    if x.size == 1 and x.ndim <= len(y.shape) and x.reshape(-1)[0] == 1:
        return b.map(y, "reciprocal")
    return b.binary(b.lift(node, x), y, kind)


def folded(b: Builder, node: Node, t: Tensor, array: np.ndarray, kind: str, i: int = 0):
    """t + array as the bias of the layer that gives t, if it is one and nobody
    else reads it; else None. i: which input t is."""
    layer = b.layer_of(node, i, t) if kind == "+" else None
    if layer is None or array.ndim > len(t.shape):
        return None
    axis = b.channels_of(t, layer)
    array = array.reshape((1,) * (len(t.shape) - array.ndim) + array.shape)
    if axis is None or array.shape != tuple(n if k == axis else 1 for k, n in enumerate(t.shape)):
        return None
    layer.attributes["bias"] = layer.attributes["bias"] + array.reshape(-1)
    return t


@op("Pow")
def power(b: Builder, node: Node):
    base = b.tensor(node)
    if base.dtype == "s32":
        return integer_power(b, node, base, b.constant(node, 1, "an exponent of integers"))
    x, exponent = b.real(node), b.input(node, 1)
    if isinstance(exponent, np.ndarray) and exponent.size == 1 and exponent.ndim <= len(x.shape):
        e = float(exponent.reshape(-1)[0])
        if e == 0.5:
            return b.map(x, "sqrt")
        if e in (1, 2, 3):
            return whole_power(b, x, int(e))
        return b.like(x, b.graph.power(x.value, b.scalar(e)))
    if isinstance(exponent, np.ndarray):
        exponent = exponent.astype(np.float32)
        exponent = b.lift(node, exponent)
    elif exponent.dtype == "s32":
        exponent = b.like(exponent, b.graph.convert(exponent.value, "real"))
    x, exponent = b.pair(x, exponent)
    return b.like(x, b.graph.power(x.value, exponent.value))


def integer_power(b: Builder, node: Node, x: Tensor, exponent: np.ndarray) -> Tensor:
    """By squares, each of which counts where its bit of the exponent is 1."""
    whole = exponent.astype(np.int64)
    if (whole != exponent).any() or whole.min() < 0 or whole.max() > INT32_MAX:
        raise node.refuse(
            "an exponent of integers: expected whole numbers from 0 up; Cast the base to float32"
        )
    shape = np.broadcast_shapes(x.shape, exponent.shape)
    x, result = b.expand(x, shape), b.expand(b.lift(node, np.array(1, np.int32)), shape)
    for k in range(int(whole.max()).bit_length()):
        x = b.integer(x, x, "*") if k else x
        counts = b.lift(node, (whole >> k & 1).astype(bool))
        result = b.choose(b.expand(counts, shape), b.integer(result, x, "*"), result)
    return result


def whole_power(b: Builder, x: Tensor, n: int) -> Tensor:
    """By squares."""
    result = None
    while n:
        if n & 1:
            result = x if result is None else b.binary(result, x, "*")
        n >>= 1
        x = b.binary(x, x, "*") if n else x
    return result


@op("Clip")
def clip(b: Builder, node: Node):
    x = b.tensor(node)
    low = b.constant(node, 1, "min", np.array(node.get("min", -math.inf)))
    high = b.constant(node, 2, "max", np.array(node.get("max", math.inf)))
    for bound, kind, none in ((low, "max", -math.inf), (high, "min", math.inf)):
        number = bound.reshape(-1)[0]
        if number == none:
            continue
        if x.dtype == "s32":
            number = b.scalar(int(np.clip(number, -(2**31), 2**31 - 1)), "s32")
            x = b.like(x, b.graph.integer(x.value, number, kind))
        else:
            x = b.with_number(x, kind, float(number))
    return x


@op("Mod")
def mod(b: Builder, node: Node):
    x, y = b.input(node, 0), b.input(node, 1)
    kind = "rem" if node.get("fmod", 0) else "mod"
    if not (is_real(x) and is_real(y)):
        return integers(b, node, x, y, kind)
    x, y = b.pair(*(b.lift(node, t) if isinstance(t, np.ndarray) else t for t in (x, y)))
    return b.like(x, b.graph.remainder(x.value, y.value, kind))


# ---------------------------------------------------------- functions of one number

MAPS = {
    "Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Exp": "exp", "Erf": "erf",
    "Abs": "abs", "Sqrt": "sqrt", "Neg": "neg", "Reciprocal": "reciprocal",
}  # fmt: skip
UNARY = {"Log": "log", "Floor": "floor", "Ceil": "ceil", "Round": "round", "Sign": "sign"}


@op(*MAPS)
def mapped(b: Builder, node: Node):
    x = b.tensor(node)
    if x.dtype == "s32" and node.op in ("Abs", "Neg"):
        less = negative(b, x)
        return less if node.op == "Neg" else b.integer(less, x, "max")
    return activated(b, node, b.real(node), MAPS[node.op])


def negative(b: Builder, x: Tensor) -> Tensor:
    """0 - x of integers."""
    zero = b.graph.constant(np.zeros((1,) * len(x.value.dims), np.int32), "s32")
    return b.like(x, b.graph.integer(b.graph.expand(zero, x.value.dims), x.value, "-"))


@op("Gelu")
def gelu(b: Builder, node: Node):
    kind = {"none": "gelu", "tanh": "gelu_tanh"}.get(node.get("approximate", "none"))
    if kind is None:
        raise node.refuse(f"approximate: expected none or tanh, got {node.get('approximate')!r}")
    return activated(b, node, b.real(node), kind)


def activated(b: Builder, node: Node, t: Tensor, kind: str) -> Tensor:
    """As part of the layer that gives t, if it is one and nobody else reads it."""
    layer = b.layer_of(node, 0, t)
    if layer is not None and kind in ("relu", "sigmoid", "tanh", "gelu", "gelu_tanh"):
        layer.attributes["activation"] = kind
        return t
    return b.map(t, kind)


@op(*UNARY)
def unary(b: Builder, node: Node):
    return b.unary(b.real(node), UNARY[node.op])


def bent(b: Builder, x: Tensor, below) -> Tensor:
    """x above 0, `below` of x below it, where below(0) is 0."""
    low = below(b.with_number(x, "min", 0))
    return b.binary(b.with_number(x, "max", 0), low, "+")


@op("LeakyRelu")
def leaky_relu(b: Builder, node: Node):
    slope = node.get("alpha", 0.01)
    return bent(b, b.real(node), lambda x: b.with_number(x, "*", slope))


@op("PRelu")
def prelu(b: Builder, node: Node):
    x, slope = b.real(node), b.constant(node, 1, "slope")
    return bent(b, x, lambda x: b.with_array(x, slope, "*"))


def exponential(b: Builder, x: Tensor, slope: float) -> Tensor:
    """slope (e^x - 1)"""
    return b.with_number(b.with_number(b.map(x, "exp"), "-", 1), "*", slope)


@op("Elu")
def elu(b: Builder, node: Node):
    return bent(b, b.real(node), lambda x: exponential(b, x, node.get("alpha", 1.0)))


@op("Selu")
def selu(b: Builder, node: Node):
    slope, scale = node.get("alpha", SLOPE_SELU), node.get("gamma", SCALE_SELU)
    return b.with_number(bent(b, b.real(node), lambda x: exponential(b, x, slope)), "*", scale)


@op("Celu")
def celu(b: Builder, node: Node):
    a = node.get("alpha", 1.0)
    return bent(b, b.real(node), lambda x: exponential(b, b.with_number(x, "/", a), a))


@op("ThresholdedRelu")
def thresholded(b: Builder, node: Node):
    return above(b, b.real(node), node.get("alpha", 1.0))


def above(b: Builder, x: Tensor, least: float) -> Tensor:
    """x above a number, else 0."""
    not_above = b.graph.compare(x.value, b.scalar(least), "<=")
    return b.like(x, b.graph.select(not_above, b.scalar(0.0), x.value))


def hard_sigmoid(b: Builder, x: Tensor, slope: float, shift: float) -> Tensor:
    y = b.with_number(b.with_number(x, "*", slope), "+", shift)
    return b.with_number(b.with_number(y, "max", 0), "min", 1)


@op("HardSigmoid")
def hard_sigmoid_(b: Builder, node: Node):
    return hard_sigmoid(b, b.real(node), node.get("alpha", 0.2), node.get("beta", 0.5))


@op("HardSwish")
def hard_swish(b: Builder, node: Node):
    x = b.real(node)
    return b.binary(x, hard_sigmoid(b, x, 1 / 6, 0.5), "*")


def softplus(b: Builder, x: Tensor) -> Tensor:
    """ln(1 + e^x), as max(x, 0) + ln(1 + e^-|x|), so that nothing overflows."""
    small = b.map(b.map(b.map(x, "abs"), "neg"), "exp")
    return b.binary(b.with_number(x, "max", 0), b.unary(b.with_number(small, "+", 1), "log"), "+")


@op("Softplus")
def softplus_(b: Builder, node: Node):
    return softplus(b, b.real(node))


@op("Mish")
def mish(b: Builder, node: Node):
    x = b.real(node)
    return b.binary(x, b.map(softplus(b, x), "tanh"), "*")


@op("Softsign")
def softsign(b: Builder, node: Node):
    return softsign_of(b, b.real(node))


def softsign_of(b: Builder, x: Tensor) -> Tensor:
    return b.binary(x, b.with_number(b.map(x, "abs"), "+", 1), "/")


@op("Swish")
def swish(b: Builder, node: Node):
    x = b.real(node)
    return b.binary(x, b.map(b.with_number(x, "*", node.get("alpha", 1.0)), "sigmoid"), "*")


# ----------------------------------------------------------------- matrix products


@op("MatMul")
def matmul(b: Builder, node: Node):
    return product(b, node, b.input(node, 0), b.input(node, 1))


def product(b: Builder, node: Node, x, y):
    if not all(is_real(t) for t in (x, y)):
        raise node.refuse("expected float32 numbers")
    if isinstance(y, np.ndarray) and y.ndim <= 2 and len(x.shape) >= 1:
        result = b.dense(x, y.T if y.ndim == 2 else y[None])
        return result if y.ndim == 2 else b.squeeze(result, [len(result.shape) - 1])
    if isinstance(x, np.ndarray) and x.ndim == 2 and len(y.shape) >= 2:
        axes = [*range(len(y.shape) - 2), len(y.shape) - 1, len(y.shape) - 2]
        return b.transpose(b.dense(b.transpose(y, axes), x), axes)
    x, y = (b.lift(node, t) if isinstance(t, np.ndarray) else t for t in (x, y))
    if node.op == "MatMul" and b.only_use(node) and (found := attention_of(b, x, y)) is not None:
        return found
    rows, columns = len(x.shape) == 1, len(y.shape) == 1
    x = b.unsqueeze(x, [0]) if rows else x
    y = b.unsqueeze(y, [1]) if columns else y
    result = b.matmul(x, y)
    rank = len(result.shape)
    gone = ([rank - 2] if rows else []) + ([rank - 1] if columns else [])
    return b.squeeze(result, gone) if gone else result


@op("Gemm")
def gemm(b: Builder, node: Node):
    alpha, beta = node.get("alpha", 1.0), node.get("beta", 1.0)
    x, y, c = (b.input(node, i) for i in range(3))

    def turned(t, flag: str):
        if not node.get(flag, 0):
            return t
        return t.T if isinstance(t, np.ndarray) else b.transpose(t, [1, 0])

    x, y = turned(x, "transA"), turned(y, "transB")
    if isinstance(y, np.ndarray) and not isinstance(x, np.ndarray):
        if x.dtype != "real" or y.dtype.kind != "f":
            raise node.refuse("expected float32 numbers")
        weight = y.astype(np.float64).T * alpha
        if isinstance(c, np.ndarray) and c.size in (1, len(weight)) and c.shape[-1:] != (
            x.shape[0], 1
        ) and (c.ndim < 2 or c.shape[0] == 1):  # fmt: skip
            bias = np.broadcast_to(c.reshape(-1) * beta, len(weight))
            return b.dense(x, weight, bias)
        result = b.dense(x, weight)
    else:
        result = product(b, node, x, y)
        if alpha != 1:
            result = b.with_number(result, "*", alpha)
    if c is None or beta == 0:
        return result
    if isinstance(c, np.ndarray):
        return b.with_array(result, c * np.float32(beta), "+")
    return b.binary(result, b.with_number(c, "*", beta) if beta != 1 else c, "+")


# ------------------------------------------------------------------- normalization


@op("Softmax", "LogSoftmax")
def softmax(b: Builder, node: Node):
    """Before opset 13 over all axes from the given one on."""
    x, old = b.real(node), node.version < 13
    axis, shape = node.get("axis", 1 if old else -1) % max(len(x.shape), 1), x.shape
    if not shape:
        raise node.refuse("of a single number")
    if old:
        before = math.prod(shape[:axis])
        x, axis = b.reshape(x, (before, math.prod(shape[axis:]))), 1
    y = b.softmax(x, axis) if node.op == "Softmax" else log_softmax(b, x, axis)
    return b.reshape(y, shape) if old else y


def log_softmax(b: Builder, x: Tensor, axis: int) -> Tensor:
    below = b.binary(x, b.reduce(x, [axis], "max"), "-")
    total = b.reduce(b.map(below, "exp"), [axis], "sum")
    return b.binary(below, b.unary(total, "log"), "-")


@op("LayerNormalization")
def layer_norm(b: Builder, node: Node):
    x = b.real(node)
    axis, eps = node.get("axis", -1) % len(x.shape), node.get("epsilon", 1e-5)
    gain = b.constant(node, 1, "Scale")
    y = norm(b, x, axis, gain, b.constant(node, 2, "B"), eps, b.only_use(node))
    if not any(node.outputs[1:]):
        return y
    axes = range(axis, len(x.shape))
    mean = b.reduce(x, axes, "mean")
    d = b.binary(x, mean, "-")
    variance = b.reduce(b.binary(d, d, "*"), axes, "mean")
    return [y, mean, b.map(b.map(b.with_number(variance, "+", eps), "sqrt"), "reciprocal")]


def norm(b: Builder, x: Tensor, axis: int, gain, bias, eps: float, alone: bool = False) -> Tensor:
    """Layer normalization over the axes from `axis` on. alone: nobody else reads
    x, so that if it is a sum it is made on the way."""
    shape, n = x.shape[axis:], math.prod(x.shape[axis:])
    order = [a for a in x.order if a < axis] + list(range(axis, len(x.shape)))
    x = b.arrange(x, order)
    gain = np.broadcast_to(gain, shape).reshape(-1)
    bias = np.zeros(n) if bias is None else np.broadcast_to(bias, shape).reshape(-1)
    rows = x.size // n
    dims = (n,) if rows == 1 else (rows, n)
    value, maker, residual = b.view(x, *dims), b.maker(x.value), None
    if alone and maker is not None and maker.op == "binary" and maker.attributes["kind"] == "+":
        left, right = maker.inputs
        if left.dims == right.dims == x.value.dims:
            value, residual = (b.graph.reshape(v, (BATCH, *dims)) for v in (left, right))
    return b.like(x, b.graph.norm(value, gain, bias, residual, eps))


@op("InstanceNormalization", "GroupNormalization")
def group_norm(b: Builder, node: Node):
    x, scale, bias = b.real(node), b.constant(node, 1, "scale"), b.constant(node, 2, "bias")
    channels = x.shape[1]
    groups = node.get("num_groups", channels) if node.op[0] == "G" else channels
    shape = x.shape
    parts = b.reshape(x, (shape[0], groups, math.prod(shape[1:]) // groups))
    n = parts.shape[-1]
    y = norm(b, parts, 2, np.ones(n), np.zeros(n), node.get("epsilon", 1e-5))
    y = b.reshape(y, shape)
    if len(scale) != channels:  # of groups, up to opset 20
        scale, bias = (np.repeat(v, channels // groups) for v in (scale, bias))
    spread = (1, channels) + (1,) * (len(shape) - 2)
    return b.with_array(b.with_array(y, scale.reshape(spread), "*"), bias.reshape(spread), "+")


@op("LpNormalization")
def lp_normalization(b: Builder, node: Node):
    x = b.real(node)
    axis, p = node.get("axis", -1), node.get("p", 2)
    size = b.map(x, "abs") if p == 1 else b.binary(x, x, "*")
    total = b.reduce(size, [axis], "sum")
    total = total if p == 1 else b.map(total, "sqrt")
    # a row of zeros stays one
    zero = b.graph.compare(total.value, b.scalar(0.0), "==")
    total = b.like(total, b.graph.select(zero, b.scalar(1.0), total.value))
    return b.binary(x, total, "/")


@op("RMSNormalization")
def rms_norm(b: Builder, node: Node):
    x = b.real(node)
    axes = range(node.get("axis", -1) % len(x.shape), len(x.shape))
    mean = b.reduce(b.binary(x, x, "*"), axes, "mean")
    root = b.map(b.with_number(mean, "+", node.get("epsilon", 1e-5)), "sqrt")
    return b.with_array(b.binary(x, root, "/"), b.constant(node, 1, "scale"), "*")


@op("MeanVarianceNormalization")
def mean_variance(b: Builder, node: Node):
    x, axes = b.real(node), node.get("axes", [0, 2, 3])
    d = b.binary(x, b.reduce(x, axes, "mean"), "-")
    deviation = b.map(b.reduce(b.binary(d, d, "*"), axes, "mean"), "sqrt")
    return b.binary(d, b.with_number(deviation, "+", 1e-9), "/")


# ---------------------------------------------------------------------- reductions


@op(
    "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2",
    "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp", "ReduceProd",
)  # fmt: skip
def reduced(b: Builder, node: Node):
    x = b.tensor(node)
    axes = node.get("axes")
    if axes is None:
        given = b.constant(node, 1, "axes")
        axes = None if given is None else [int(a) for a in given.reshape(-1)]
    if not axes:
        if node.get("noop_with_empty_axes", 0):
            return reduce_over(b, node, x, [])
        axes = list(range(len(x.shape)))
    y = reduce_over(b, node, x, axes)
    return y if node.get("keepdims", 1) else b.squeeze(y, axes)


INTEGER_REDUCTIONS = {"Sum": "+", "Max": "max", "Min": "min", "Prod": "*", "Mean": "+",
                      "SumSquare": "+", "L1": "+"}  # fmt: skip


def reduce_over(b: Builder, node: Node, x: Tensor, axes: list[int]) -> Tensor:
    kind = node.op.removeprefix("Reduce")
    if x.dtype == "bool" and kind in ("Max", "Min"):
        numbers = b.like(x, b.graph.convert(x.value, "real"))
        y = reduce_over(b, node, numbers, axes)
        return b.like(y, b.graph.convert(y.value, "bool"))
    if x.dtype == "s32" and kind in INTEGER_REDUCTIONS:
        return reduce_integers(b, x, axes, kind)
    x = x if x.dtype == "real" else b.real(node)
    if kind == "Min":
        return b.map(b.reduce(b.map(x, "neg"), axes, "max"), "neg")
    if kind == "Prod":
        return product_over(b, node, x, axes)
    if kind == "LogSumExp":
        top = b.reduce(x, axes, "max")
        total = b.reduce(b.map(b.binary(x, top, "-"), "exp"), axes, "sum")
        return b.binary(b.unary(total, "log"), top, "+")
    if kind == "L1":
        x = b.map(x, "abs")
    if kind in ("L2", "SumSquare"):
        x = b.binary(x, x, "*")
    y = b.reduce(x, axes, {"Mean": "mean", "Max": "max"}.get(kind, "sum"))
    if kind == "L2":
        return b.map(y, "sqrt")
    return b.unary(y, "log") if kind == "LogSum" else y


def reduce_integers(b: Builder, x: Tensor, axes: list[int], kind: str) -> Tensor:
    """Halves of an axis with one another, until one is left."""
    if kind == "SumSquare":
        x = b.integer(x, x, "*")
    if kind == "L1":
        x = b.integer(x, negative(b, x), "max")
    over = {a % len(x.shape) for a in axes}
    count = math.prod(x.shape[a] for a in over)
    for axis in over:
        while (n := x.shape[axis]) > 1:
            half = n // 2
            y = b.integer(b.slice(x, axis, 0, half), b.slice(x, axis, half, half),
                          INTEGER_REDUCTIONS[kind])  # fmt: skip
            x = b.concat([y, b.slice(x, axis, n - 1, 1)], axis) if n % 2 else y
    if kind != "Mean":
        return x
    return b.like(x, b.graph.integer(x.value, b.scalar(count, "s32"), "/"))


def product_over(b: Builder, node: Node, x: Tensor, axes) -> Tensor:
    for axis in {a % len(x.shape) for a in axes}:
        first, *others = b.items(node, x, axis)
        for other in others:
            first = b.binary(first, other, "*")
        x = first
    return x


@op("ArgMax", "ArgMin")
def arg_extreme(b: Builder, node: Node):
    x = b.real(node)
    axis = node.get("axis", 0) % len(x.shape)
    n = x.shape[axis]
    x = b.rows(b.map(x, "neg") if node.op == "ArgMin" else x, axis)
    value = b.view(x, x.size // n, n)
    last = node.get("select_last_index", 0)
    if last:
        value = b.graph.gather(value, 2, range(n)[::-1])
    index = b.graph.argmax(value)
    if last:  # counted from the end
        index = b.graph.convert(index, "real")
        index = b.graph.binary(b.graph.map(index, "neg"), b.scalar(n - 1.0), "+")
        index = b.graph.convert(index, "s32")
    y = b.resized(x, axis, index, 1)
    return y if node.get("keepdims", 1) else b.squeeze(y, [axis])


@op("CumSum")
def cumsum(b: Builder, node: Node):
    """A product with ones below the diagonal."""
    x = b.tensor(node)
    axis = int(b.constant(node, 1, "axis").reshape(-1)[0]) % len(x.shape)
    n = x.shape[axis]
    if x.dtype == "s32":
        return cumsum_integers(b, node, x, axis)
    x = b.real(node)
    if n > 1024:
        raise node.refuse(f"over {n} numbers, expected at most 1024")
    ones = np.tril(np.ones((n, n)), -1 if node.get("exclusive", 0) else 0)
    ones = ones.T if node.get("reverse", 0) else ones
    perm = [a for a in range(len(x.shape)) if a != axis] + [axis]
    back = [perm.index(a) for a in range(len(perm))]
    return b.transpose(b.dense(b.transpose(x, perm), ones), back)


def cumsum_integers(b: Builder, node: Node, x: Tensor, axis: int) -> Tensor:
    """Added to itself, moved by 1, 2, 4 and so on."""
    n, backward = x.shape[axis], range(x.shape[axis])[::-1]
    x = b.take(x, axis, backward) if node.get("reverse", 0) else x
    if node.get("exclusive", 0):
        zeros = b.lift(node, np.zeros(x.shape[:axis] + (1,) + x.shape[axis + 1 :], np.int32))
        x = b.concat([zeros, b.slice(x, axis, 0, n - 1)], axis) if n > 1 else zeros
    by = 1
    while by < n:
        added = b.integer(b.slice(x, axis, by, n - by), b.slice(x, axis, 0, n - by), "+")
        x = b.concat([b.slice(x, axis, 0, by), added], axis)
        by *= 2
    return b.take(x, axis, backward) if node.get("reverse", 0) else x
