"""Quantized operators of ONNX, with the scales and zero points of the file.

Layers with 8 bits and one scale for what they read and what they give are
computed in int8 (graph_fixed.py). To everything else a quantized tensor is what
the documents say, integers in float32: `integers` of a value of int8, which is
found again where the next layer wants it, and dropped where nobody wants the
float32. A sum of products of two bytes is exact there up to 2^24, which is 256
products of the largest; beyond that it is rounded, as little as any sum in
float32 is. Program.kept has the reason of each layer that stays so.
"""

import numpy as np

from mote.graph import Value
from mote.graph_fixed import Grid, on_grid
from mote.importers.onnx_build import Builder, Tensor, op
from mote.importers.onnx_conv import from_images, images, window_of
from mote.importers.onnx_dense import product
from mote.importers.onnx_file import Node
from mote.importers.onnx_qdq import signed, why_not_int8

SHIFT = {2: 128, 3: 0}  # what int8 is less than u8 and s8 of onnx.TensorProto
MOVES = ("reshape", "transpose", "slice", "gather", "join", "expand")
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


# ------------------------------------------------------------------- int8 values


def shift_of(b: Builder, name: str) -> int | None:
    """Of a tensor of 8 bits; None of others."""
    return SHIFT.get(b.program.dtypes.get(name))


def grid_of(b: Builder, node: Node, i: int, shift: int, what: str = "scale") -> Grid | None:
    """The scale that is input i and the zero point behind it; None of several."""
    scale = b.constant(node, i, what)
    zero = b.constant(node, i + 1, "zero point", np.zeros((), np.int32))
    if scale.size != 1 or zero.size != 1:
        return None
    scale = float(np.float32(scale.reshape(-1)[0]))
    if not 0 < scale < np.inf:
        raise node.refuse(f"scale: expected a number above 0, got {scale}")
    return Grid(scale, int(zero.reshape(-1)[0]) - shift)


def known_int8(b: Builder, value: Value, shift: int) -> Value | None:
    """The int8 value that integers came from, moved as they were; None where
    they were computed."""
    key = ("int8", value, shift)
    if key in b.done:
        return b.done[key]
    maker, found = b.maker(value), None
    if maker is not None and maker.op == "lookup" and maker.attributes["shift"] == shift:
        found = maker.input
    elif maker is not None and maker.op in MOVES:
        inputs = [known_int8(b, i, shift) for i in maker.inputs]
        if all(i is not None for i in inputs):
            found = b.graph.node(maker.op, inputs, value.dims, dtype="s8", **maker.attributes)
    b.done[key] = found
    return found


def table_of(b: Builder, value: Value) -> tuple[Value, np.ndarray] | None:
    """An int8 value and the float32 number of each of its integers, where a value is
    nothing else than that, perhaps behind a relu."""
    maker = b.maker(value)
    if maker is not None and maker.op == "lookup" and value.dtype == "real":
        return maker.input, maker.attributes["table"]
    if maker is not None and maker.op == "map" and maker.attributes["kind"] == "relu":
        found = table_of(b, maker.input)
        return found and (found[0], np.maximum(found[1], 0))
    return None


def int8(b: Builder, t: Tensor, shift: int) -> Tensor:
    """A tensor of integers less `shift`, in int8."""
    found = known_int8(b, t.value, shift)
    if found is None:
        found = b.graph.quantize_fixed(t.value, Grid(1.0, -shift))
    return b.like(t, found)


def integers(b: Builder, t: Tensor, shift: int) -> Tensor:
    return b.like(t, b.graph.integers(t.value, shift))


def keep(b: Builder, node: Node, why: str) -> None:
    """Says why a layer is computed in float32."""
    b.program.kept[node.outputs[0]] = why


def conv_int8(b: Builder, node: Node, q: Tensor, weight, scale, bias, of: Grid, to: Grid) -> Tensor:
    """q of int8; weight [m][channels of a group][taps], less its zero points."""
    window = window_of(node, weight.shape[2:], q.shape[2:])
    rows = (weight[:, :, None] if weight.ndim == 3 else weight).transpose(0, 2, 3, 1)
    real = rows * np.float64(scale.reshape(-1, 1, 1, 1))
    groups, relu = node.get("group", 1), node.get("relu", False)
    made = [
        b.graph.conv_fixed(v, real, scale, bias, window, groups, of, to, relu)
        for v in images(b, node, q)
    ]
    return from_images(b, q, made)


def dense_int8(b: Builder, node: Node, q: Tensor, weight, scale, bias, of: Grid, to: Grid):
    """weight [m][n], less its zero points."""
    last = len(q.shape) - 1
    q = b.rows(q, last)
    n, rows = q.shape[last], q.size // q.shape[last]
    x = b.view(q, n) if rows == 1 else b.view(q, rows, n)
    real = weight * np.float64(scale[:, None])
    made = b.graph.dense_fixed(x, real, scale, bias, of, to, node.get("relu", False))
    return b.resized(q, last, made, len(weight))


def scales(array: np.ndarray, m: int) -> np.ndarray:
    return np.broadcast_to(np.asarray(array, np.float32).reshape(-1), (m,)).astype(np.float64)


@op("Layer", domain="mote")
def layer(b: Builder, node: Node):
    """What onnx_qdq.py found between DequantizeLinear and QuantizeLinear."""
    given, wanted = shift_of(b, node.inputs[0]), shift_of(b, node.outputs[0])
    q = int8(b, real(b, b.tensor(node)), given)
    weight, zero = b.constant(node, 3, "weights"), b.constant(node, 5, "zero point")
    conv = node.get("kind") == "Conv"
    if not conv and not node.get("transB", 0):
        weight = weight.T
    m, scale = len(weight), scales(b.constant(node, 4, "scale"), len(weight))
    bias = np.broadcast_to(np.ravel(b.constant(node, 6, "bias", np.zeros(1))), (m,))
    of, to = grid_of(b, node, 1, given), grid_of(b, node, 7, wanted)
    run = conv_int8 if conv else dense_int8
    return integers(b, run(b, node, q, signed(weight, zero), scale, bias, of, to), wanted)


@op("Dynamic", domain="mote")
def dynamic_product(b: Builder, node: Node):
    """What onnx_qdq.py found of DynamicQuantizeLinear, MatMulInteger and the way
    back to float32."""
    x, weight = b.real(node), b.constant(node, 1, "weights").T
    x = b.rows(x, len(x.shape) - 1)
    n, rows = x.shape[-1], x.size // x.shape[-1]
    value = b.view(x, n) if rows == 1 else b.view(x, rows, n)
    key = ("quantize_u8", value)
    if key not in b.done:
        b.done[key] = b.graph.quantize_u8(value, len(value.dims) - 1)
    scale = scales(b.constant(node, 2, "scale"), len(weight))
    w = signed(weight, b.constant(node, 3, "zero point")) * scale[:, None]
    return b.resized(x, len(x.shape) - 1, b.graph.dense_u8(b.done[key], w, scale), len(w))


# -------------------------------------------------------------------- operators


@op("QuantizeLinear")
def quantize(b: Builder, node: Node):
    x, shift = b.real(node), shift_of(b, node.outputs[0])
    grid = None if shift is None else grid_of(b, node, 1, shift, "y_scale")
    if grid is not None:
        found = table_of(b, x.value)
        if found:
            q = b.graph.regrid(found[0], on_grid(found[1], grid))
        else:
            q = b.graph.quantize_fixed(x.value, grid)
        return integers(b, b.like(x, q), shift)
    scale = along(node, b.constant(node, 1, "y_scale"), len(x.shape))
    zero = b.constant(node, 2, "y_zero_point", np.zeros((), np.uint8))
    low, high = limits(node, b.program.dtypes[node.outputs[0]])
    return rounded(b, x, scale, along(node, zero, len(x.shape)), low, high)


@op("DequantizeLinear")
def dequantize(b: Builder, node: Node):
    x, shift = real(b, b.tensor(node)), shift_of(b, node.inputs[0])
    grid = None if shift is None else grid_of(b, node, 1, shift, "x_scale")
    found = None if grid is None else known_int8(b, x.value, shift)
    if found is not None:
        return b.like(x, b.graph.dequantize_fixed(found, grid))
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
    b.program.kept.setdefault(node.outputs[0], "its integers are used as they are")
    x, y = shifted(b, node, 0, 2, True), shifted(b, node, 1, 3, False)
    return product(b, node, x, y)


def grids_of(b: Builder, node: Node, to: int):
    """Of a QLinear operator, what it reads and gives; or why they are none."""
    given, wanted = shift_of(b, node.inputs[0]), shift_of(b, node.outputs[0])
    if given is None or wanted is None:
        return "what it reads or gives is not of 8 bits"
    grids = grid_of(b, node, 1, given), grid_of(b, node, to, wanted)
    return "what it reads or gives has more than one scale" if None in grids else grids


@op("QLinearMatMul")
def qlinear_matmul(b: Builder, node: Node):
    weight, grids = b.input(node, 3), grids_of(b, node, 6)
    scale, by = b.constant(node, 4, "b_scale"), b.input(node, 5)
    why = grids if isinstance(grids, str) else None
    if isinstance(b.input(node, 0), np.ndarray) or not isinstance(weight, np.ndarray):
        why = "it is of two results"
    elif weight.ndim != 2 or not isinstance(by, np.ndarray):
        why = "its weights are no matrix with zero points"
    why = why or why_not_int8(weight.T, by, scale)
    if why is None:
        given, wanted = shift_of(b, node.inputs[0]), shift_of(b, node.outputs[0])
        m = weight.shape[1]
        q = int8(b, real(b, b.tensor(node)), given)
        w, scale = signed(weight.T, by), scales(scale, m)
        return integers(b, dense_int8(b, node, q, w, scale, np.zeros(m), *grids), wanted)
    keep(b, node, why)
    x, y = shifted(b, node, 0, 2, True), shifted(b, node, 3, 5, False)
    left, right, to = (np.asarray(b.constant(node, i, "scale"), np.float32) for i in (1, 4, 6))
    left = left[:, None] if left.size > 1 else left
    y = b.with_array(product(b, node, x, y), left * right, "*")
    low, high = limits(node, b.program.dtypes[node.outputs[0]])
    return rounded(b, y, to, np.asarray(b.constant(node, 7, "zero"), np.float32), low, high)


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
    keep(b, node, "convolutions in int8 have scales that are known before a run")
    weight = weight_of(b, node, 1, 3)
    return convolved(b, node, shifted(b, node, 0, 2, False), weight, np.zeros(len(weight)))


@op("QLinearConv")
def qlinear_conv(b: Builder, node: Node):
    weight, grids = b.constant(node, 3, "weight"), grids_of(b, node, 6)
    scale, by = b.constant(node, 4, "w_scale"), b.constant(node, 5, "zero point")
    why = grids if isinstance(grids, str) else None
    why = why or why_not_int8(weight, by, scale, node.get("group", 1))
    bias = b.constant(node, 8, "B", np.zeros(len(weight)))
    if why is None:
        given, wanted = shift_of(b, node.inputs[0]), shift_of(b, node.outputs[0])
        q, scale = int8(b, real(b, b.tensor(node)), given), scales(scale, len(weight))
        more = bias.astype(np.float64) * np.float64(grids[0].scale) * scale
        return integers(b, conv_int8(b, node, q, signed(weight, by), scale, more, *grids), wanted)
    keep(b, node, why)
    y = convolved(b, node, shifted(b, node, 0, 2, False), weight_of(b, node, 3, 5), bias)
    given, by, wanted = (np.asarray(b.constant(node, i, "scale"), np.float32) for i in (1, 4, 6))
    by = (given * by).reshape((-1,) + (1,) * (len(y.shape) - 2))
    low, high = limits(node, b.program.dtypes[node.outputs[0]])
    zero = np.asarray(b.constant(node, 7, "zero"), np.float32).reshape(())
    return rounded(b, b.with_array(y, by, "*"), wanted.reshape(()), zero, low, high)
