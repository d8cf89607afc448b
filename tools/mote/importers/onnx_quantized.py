"""Quantized operators of ONNX, as what their documents say: numbers rounded to
a grid, in float32. A sum of products of two bytes is exact there up to 2^24,
which is 256 products of the largest; beyond that it is rounded, as little as any
sum in float32 is.

Weights are constants: what dequantizes them is worked out when the file is
read, and lowering quantizes them again in its own way.
"""

import numpy as np

from mote.importers.onnx_build import Builder, Tensor, op
from mote.importers.onnx_conv import from_images, images, window_of
from mote.importers.onnx_dense import product
from mote.importers.onnx_file import Node

LIMITS = {2: (0, 255), 3: (-128, 127), 5: (-32768, 32767), 4: (0, 65535)}  # u8 s8 s16 u16


def real(b: Builder, x) -> Tensor:
    """Integers as float32."""
    return x if x.dtype == "real" else b.like(x, b.graph.convert(x.value, "real"))


def along(node: Node, array: np.ndarray, rank: int) -> np.ndarray:
    """Scales or zero points of an axis, to broadcast with a tensor."""
    if node.get("block_size", 0):
        raise node.refuse("block_size: expected 0; scales of blocks cannot be compiled yet")
    array = np.asarray(array, np.float32)
    if array.size == 1:
        return array.reshape(())
    return array.reshape((-1,) + (1,) * (rank - 1 - node.get("axis", 1) % rank))


def limits(node: Node, dtype: int) -> tuple[int, int]:
    if dtype not in LIMITS:
        raise node.refuse("expected integers of 8 or 16 bits")
    return LIMITS[dtype]


def rounded(b: Builder, x: Tensor, scale, zero, low: int, high: int) -> Tensor:
    """x / scale, to the nearest integer, plus zero, within the limits."""
    q = b.unary(b.with_array(x, scale, "/"), "round")
    q = b.with_array(q, zero, "+") if np.any(zero) else q
    return b.with_number(b.with_number(q, "max", low), "min", high)


@op("QuantizeLinear")
def quantize(b: Builder, node: Node):
    x = b.real(node)
    scale = along(node, b.constant(node, 1, "y_scale"), len(x.shape))
    zero = b.constant(node, 2, "y_zero_point", np.zeros((), np.uint8))
    low, high = limits(node, b.program.dtypes[node.outputs[0]])
    return rounded(b, x, scale, along(node, zero, len(x.shape)), low, high)


@op("DequantizeLinear")
def dequantize(b: Builder, node: Node):
    x = real(b, b.tensor(node))
    scale = along(node, b.constant(node, 1, "x_scale"), len(x.shape))
    zero = b.constant(node, 2, "x_zero_point")
    if zero is not None and zero.any():
        x = b.with_array(x, along(node, zero, len(x.shape)), "-")
    return b.with_array(x, scale, "*")


@op("DynamicQuantizeLinear")
def dynamic(b: Builder, node: Node):
    """The range of a row, 0 in it, on 0 to 255."""
    x = b.real(node)
    axes = range(len(x.shape))
    top = b.with_number(b.reduce(x, axes, "max"), "max", 0)
    bottom = b.map(b.reduce(b.map(x, "neg"), axes, "max"), "neg")
    bottom = b.with_number(bottom, "min", 0)
    scale = b.with_number(b.binary(top, bottom, "-"), "/", 255)
    none = b.graph.compare(scale.value, b.scalar(0.0), "==")  # a row of zeros
    scale = b.like(scale, b.graph.select(none, b.scalar(1.0), scale.value))
    zero = b.unary(b.binary(b.map(bottom, "neg"), scale, "/"), "round")
    zero = b.with_number(b.with_number(zero, "max", 0), "min", 255)
    q = b.binary(b.unary(b.binary(x, scale, "/"), "round"), zero, "+")
    q = b.with_number(b.with_number(q, "max", 0), "min", 255)
    return [q, b.squeeze(scale, axes), b.squeeze(zero, axes)]


def shifted(b: Builder, node: Node, i: int, zero: int, rows: bool):
    """Input i less its zero point: of a matrix one, or one for each of its rows
    or columns."""
    x = b.input(node, i)
    given = b.input(node, zero)
    if isinstance(x, np.ndarray):
        if given is not None and not isinstance(given, np.ndarray):
            raise node.refuse("a zero point of constants that depends on a row")
        by = np.zeros(()) if given is None else given.astype(np.float32)
        by = by[:, None] if rows and by.ndim == 1 and by.size > 1 else by
        return x.astype(np.float32) - by
    x = real(b, x)
    if given is None or (isinstance(given, np.ndarray) and not given.any()):
        return x
    if isinstance(given, np.ndarray):
        given = given.astype(np.float32)
        given = given[:, None] if rows and given.ndim == 1 and given.size > 1 else given
        return b.with_array(x, given, "-")
    return b.binary(x, real(b, given), "-")


@op("MatMulInteger")
def matmul_integer(b: Builder, node: Node):
    x, y = shifted(b, node, 0, 2, True), shifted(b, node, 1, 3, False)
    return product(b, node, x, y)


@op("QLinearMatMul")
def qlinear_matmul(b: Builder, node: Node):
    x, y = shifted(b, node, 0, 2, True), shifted(b, node, 3, 5, False)
    scales = [np.asarray(b.constant(node, i, "scale"), np.float32) for i in (1, 4, 6)]
    left = scales[0][:, None] if scales[0].size > 1 else scales[0]
    y = b.with_array(product(b, node, x, y), left * scales[1], "*")
    low, high = limits(node, b.program.dtypes[node.outputs[0]])
    return rounded(b, y, scales[2], np.asarray(b.constant(node, 7, "zero"), np.float32), low, high)


def convolved(b: Builder, node: Node, x: Tensor, weight: np.ndarray, bias) -> Tensor:
    window = window_of(node, weight.shape[2:], x.shape[2:])
    weight = weight[:, :, None] if weight.ndim == 3 else weight
    rows = weight.transpose(0, 2, 3, 1)
    groups = node.get("group", 1)
    made = [b.graph.conv(v, rows, bias, window, groups) for v in images(b, node, x)]
    return from_images(b, x, made)


def weight_of(b: Builder, node: Node, i: int, zero: int) -> np.ndarray:
    weight = b.constant(node, i, "weight").astype(np.float32)
    by = b.constant(node, zero, "zero point", np.zeros(()))
    return weight - by.astype(np.float32).reshape((-1,) + (1,) * (weight.ndim - 1))


@op("ConvInteger")
def conv_integer(b: Builder, node: Node):
    weight = weight_of(b, node, 1, 3)
    return convolved(b, node, shifted(b, node, 0, 2, False), weight, np.zeros(len(weight)))


@op("QLinearConv")
def qlinear_conv(b: Builder, node: Node):
    weight = weight_of(b, node, 3, 5)
    bias = b.constant(node, 8, "B", np.zeros(len(weight)))
    y = convolved(b, node, shifted(b, node, 0, 2, False), weight, bias)
    scales = [np.asarray(b.constant(node, i, "scale"), np.float32) for i in (1, 4, 6)]
    by = (scales[0] * scales[1]).reshape((-1,) + (1,) * (len(y.shape) - 2))
    low, high = limits(node, b.program.dtypes[node.outputs[0]])
    zero = np.asarray(b.constant(node, 7, "zero"), np.float32).reshape(())
    return rounded(b, b.with_array(y, by, "*"), scales[2].reshape(()), zero, low, high)
