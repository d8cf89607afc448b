"""How each node of a graph becomes steps of a plan: a function for each
operator, in LOWER by its name.

A function is given the lowering and the node. It reads the node's inputs, adds
steps and tensors, and says which slots hold the outputs (`low.write`).
"""

import math

import numpy as np

from mote import opcodes as op
from mote import operators_fixed, operators_table, operators_tensor, trees
from mote.errors import Refusal
from mote.operators_table import number_type
from mote.slots import Slot

LOWER = operators_table.LOWER | operators_tensor.LOWER | operators_fixed.LOWER
INT8_COLUMNS = 32  # a layer with fewer inputs stays float32,
INT8_ROWS = 8  # and one with fewer outputs: a row costs more to quantize than it saves
CUTS = (1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5)  # of the largest number of a row


def lowers(function):
    """Puts lower_<name> into LOWER."""
    LOWER[function.__name__.removeprefix("lower_")] = function
    return function


# Rows


@lowers
def lower_rowwise(low, node) -> None:
    x = low.read(node, dtype="f64")
    vector = node.attributes["vector"]
    tensor = low.once((id(vector), "f64"), lambda: low.tensor(vector, "f64"))
    kind = op.ARITHMETIC[node.attributes["kind"]]
    low.write(node, low.step(op.ROWWISE, [x, tensor], "f64", x.dims, kind))


@lowers
def lower_dense(low, node) -> None:
    weight, bias = node.attributes["weight"], node.attributes["bias"]
    activation = op.ACTIVATIONS[node.attributes["activation"]]
    dims = node.output.dims
    if low.precision == "float64":
        lower_dense_f64(low, node)
        return
    if is_int8(low.precision, weight):
        q_rows = quantized_rows(low, low.read(node, dtype="f32"))
        reads = [*q_rows, *shared_s8(low, weight, weight), low.tensor(bias, "f32")]
        low.write(node, low.step(op.DENSE_S8, reads, "f32", dims, activation))
        return
    shared = low.once((id(weight), "f32"), lambda: low.tensor(weight, "f32"))
    reads = [low.read(node, dtype="f32"), shared, low.tensor(bias, "f32")]
    low.write(node, low.step(op.DENSE, reads, "f32", dims, activation))


def shared_s8(low, weight: np.ndarray, rows: np.ndarray) -> tuple:
    """Rows of a weight in int8, and their scales: once, if several nodes of the
    graph have it."""

    def make():
        q, scale = low.quantized(rows)
        return low.tensor(q, "s8", "p8k8"), low.tensor(scale, "f32")

    return low.once((id(weight), "s8"), make)


def lower_dense_f64(low, node) -> None:
    """Curved activations are an operator of their own."""
    a, kind = node.attributes, node.attributes["activation"]
    reads = [low.read(node, dtype="f64"), low.tensor(a["weight"], "f64")]
    reads.append(low.tensor(a["bias"], "f64"))
    plain = kind in ("none", "relu")
    activation = op.ACTIVATIONS[kind if plain else "none"]
    y = low.step(op.DENSE, reads, "f64", node.output.dims, activation)
    low.write(node, y if plain else map_step(low, y, kind))


def map_step(low, x: Slot, kind: str) -> Slot:
    """A function of each number, in float64 where it can be."""
    dtype = number_type(low, x) if kind in op.MAPS_F64 else "f32"
    if kind == "log" and dtype == "f32":
        raise Refusal("a logarithm within a net cannot be compiled: it is computed in float64")
    return low.step(op.MAP, [low.cast(x, dtype)], dtype, x.dims, op.MAPS[kind])


def is_int8(precision: str, weight: np.ndarray) -> bool:
    """Whether a layer of an int8 net is itself in int8, by what it costs."""
    m, n = weight.shape
    return precision == "int8" and n >= INT8_COLUMNS and m >= INT8_ROWS


def quantize_weight(weight: np.ndarray, bits: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """int8 rows in [-most, most], 127 of 8 bits, and a float32 scale for each;
    zeros keep 1. With fewer bits a row's few largest numbers may be cut off, where
    that brings all of them nearer together: its scale is the one of CUTS with the
    least square error."""
    most = 2 ** (bits - 1) - 1
    top = np.abs(weight).max(axis=1)

    def rounded(cut: float) -> tuple[np.ndarray, np.ndarray]:
        scale = np.where(top > 0, cut * top / most, 1).astype(np.float32)
        q = np.rint(weight / scale[:, None].astype(np.float64))
        return np.clip(q, -most, most).astype(np.int8), scale

    q, scale = rounded(1)
    if bits == 8:
        return q, scale
    least = np.full(len(weight), np.inf)
    for cut in CUTS:
        tried, of = rounded(cut)
        error = np.square(weight - tried * of[:, None].astype(np.float64)).sum(axis=1)
        better = error < least
        q[better], scale[better], least[better] = tried[better], of[better], error[better]
    return q, scale


def quantized_rows(low, x) -> tuple:
    """x in int8 and a scale for each row, made once however often it is read."""

    def make():
        rows = [Slot("s8", x.dims), Slot("f32", x.dims[:-1])]
        return low.steps_of(op.QUANTIZE, [x], rows)

    return low.once((x, "quantized"), make)


@lowers
def lower_softmax(low, node) -> None:
    lower_shares(low, node, op.SOFTMAX)


@lowers
def lower_share(low, node) -> None:
    lower_shares(low, node, op.SHARE)


def lower_shares(low, node, opcode: int) -> None:
    x = low.read(node, dtype="f64")
    dtype = "f64" if low.precision == "float64" else "f32"
    low.write(node, low.step(opcode, [x], dtype, x.dims))


@lowers
def lower_argmax(low, node) -> None:
    x = low.read(node, dtype="f64")
    low.write(node, low.step(op.ARGMAX, [x], "s32", x.dims[:-1]))


@lowers
def lower_norm(low, node) -> None:
    a = node.attributes
    residual = low.read(node, 1, "f32") if len(node.inputs) > 1 else None
    x = low.read(node, dtype="f32")
    reads = [x, residual, low.tensor(a["gain"], "f32"), low.tensor(a["bias"], "f32")]
    eps = op.f32_bits(a["eps"])
    low.write(node, low.step(op.NORM, reads, "f32", x.dims, op.LAYER_NORM, eps))


@lowers
def lower_normalize(low, node) -> None:
    x = low.read(node, dtype="f32")
    low.write(node, low.step(op.NORMALIZE, [x], "f32", x.dims))


@lowers
def lower_map(low, node) -> None:
    low.write(node, map_step(low, low.read(node), node.attributes["kind"]))


@lowers
def lower_binary(low, node) -> None:
    dtype = number_type(low, low.read(node, 0), low.read(node, 1))
    a, b = low.read(node, 0, dtype), low.read(node, 1, dtype)
    kind = op.ARITHMETIC[node.attributes["kind"]]
    low.write(node, low.step(op.BINARY, [a, b], dtype, a.dims, kind))


# Sequences


def table(low, array: np.ndarray) -> list:
    """A table of rows, and their scales: int8, or in a small net float32
    without scales."""
    if low.precision != "int8":
        return [low.tensor(array, "f32"), None]
    q, scale = low.quantized(array)
    return [low.tensor(q, "s8"), low.tensor(scale, "f32")]


@lowers
def lower_embed(low, node) -> None:
    reads = [None, low.read(node), *table(low, node.attributes["table"])]
    low.write(node, low.step(op.EMBED, reads, "f32", node.output.dims))


@lowers
def lower_position(low, node) -> None:
    x = low.read(node, dtype="f32")
    reads = [x, *table(low, node.attributes["table"])]
    low.write(node, low.step(op.POSITION, reads, "f32", x.dims))


@lowers
def lower_attention(low, node) -> None:
    qkv, heads = low.read(node, dtype="f32"), node.attributes["heads"]
    d = node.output.dims[-1] // heads
    scratch = Slot("f32", (attention_floats(low.most(qkv.dims[-2]), d),))
    writes = [Slot("f32", node.output.dims), scratch]
    scale = op.f32_bits(node.attributes["scale"])
    attributes = [heads, scale, int(node.attributes["causal"])]
    low.write(node, low.steps_of(op.ATTENTION, [qkv], writes, *attributes)[0])


def attention_floats(steps: int, d: int) -> int:
    """Scratch of attention, as compress/FORMAT.md wants it."""
    padded_steps, padded_d = -(-steps // 16) * 16, -(-d // 16) * 16
    return d * padded_steps + steps * padded_d + 16 * (padded_steps + padded_d)


@lowers
def lower_reduce(low, node) -> None:
    x = low.read(node, dtype="f32")
    kind = op.REDUCTIONS[node.attributes["kind"]]
    low.write(node, low.step(op.REDUCE, [x], "f32", node.output.dims, kind))


@lowers
def lower_take(low, node) -> None:
    """A slice, and of it every stride-th step, as a pool of one tap has it."""
    x, (batch, count, n) = low.read(node, dtype="f32"), node.output.dims
    first, stride = node.attributes["first"], node.attributes["stride"]
    steps = stride * (count - 1) + 1
    if steps < x.dims[1]:
        x = low.step(op.SLICE, [x], "f32", (batch, steps, n), 1, first)
    if stride > 1:
        window = [1, 1, 1, stride, 1, 1, 0, 0, 0, 0]
        x = low.step(op.POOL, [x], "f32", (batch, count, n), *window, op.POOL_KINDS["largest"])
    low.write(node, x)


@lowers
def lower_conv1d(low, node) -> None:
    """Padding before the first step alone, so that there are as many after."""
    a = node.attributes
    taps = a["weight"].shape[1]
    #         kernel, stride, dilation, pads: of a height of 1, and of the steps
    before = a["dilation"] * (taps - 1) if a["padded"] else 0
    words = [1, taps, 1, a["stride"], 1, a["dilation"], 0, before, 0, 0]
    lower_window(low, node, a["weight"][:, None], words, 1)


@lowers
def lower_conv(low, node) -> None:
    a = node.attributes
    lower_window(low, node, a["weight"], a["window"].words(), a["groups"])


def lower_window(low, node, weight: np.ndarray, words: list[int], groups: int) -> None:
    """A convolution with weight [m][taps high][taps wide][n / groups] of x
    [batch][high][wide][n] or [batch][wide][n]; words are the window's."""
    a, x = node.attributes, low.read(node, dtype="f32")
    whole, bias, dims = a["weight"], low.tensor(a["bias"], "f32"), node.output.dims
    attributes = [*words, op.ACTIVATIONS[a["activation"]]]
    rows = weight.reshape(len(weight), -1)
    if groups == len(weight) == x.dims[-1] > 1:
        reads = [x, low.tensor(rows.T, "f32"), bias]
        low.write(node, low.step(op.DEPTHWISE, reads, "f32", dims, *attributes))
        return
    whole_panels = groups == 1 or len(weight) // groups % 8 == 0
    if not (is_int8(low.precision, rows) and whole_panels):
        by_input = rows.reshape(groups, len(weight) // groups, -1).transpose(0, 2, 1)
        shared = low.once((id(whole), "conv"), lambda: low.tensor(by_input, "f32"))
        reads = [x, shared, bias]
        low.write(node, low.step(op.CONV, reads, "f32", dims, *attributes))
        return
    reads = [x, *shared_s8(low, whole, rows), bias]
    extent = [low.most(d) for d in x.dims[1:-1]]
    high, wide = extent if len(extent) == 2 else (1, *extent)
    padded = (words[6] + high + words[8]) * (words[7] + wide + words[9]) * x.dims[-1]
    scratch = 64 * (4 + rows.shape[1]) + padded
    writes = [Slot("f32", dims), Slot("u8", (scratch,))]
    low.write(node, low.steps_of(op.CONV_S8, reads, writes, *attributes)[0])


@lowers
def lower_pool(low, node) -> None:
    a, x = node.attributes, low.read(node, dtype="f32")
    attributes = [*a["window"].words(), op.POOL_KINDS[a["kind"]]]
    low.write(node, low.step(op.POOL, [x], "f32", node.output.dims, *attributes))


@lowers
def lower_gru(low, node) -> None:
    a = node.attributes
    lower_recurrent(low, node, op.GRU, 3, [int(a["reverse"]), int(a["reset_before"])])


@lowers
def lower_lstm(low, node) -> None:
    lower_recurrent(low, node, op.LSTM, 4, [int(node.attributes["reverse"])])


def lower_recurrent(low, node, opcode: int, gate_count: int, attributes: list[int]) -> None:
    a, x = node.attributes, low.read(node, dtype="f32")
    m, steps = a["recurrent"].shape[1], low.most(x.dims[-2])
    s8 = is_int8(low.precision, a["recurrent"])
    given = iter(range(1, len(node.inputs)))
    reads = [
        x,
        *gates(low, a["weight"], s8),
        *gates(low, a["recurrent"], s8),
        low.tensor(a["bias"], "f32"),
        low.tensor(a["recurrent_bias"], "f32"),
        *(low.read(node, next(given), "f32") if there else None for there in a["given"]),
    ]
    floats = recurrent_floats(gate_count, steps, x.dims[-1], m, s8)
    last = [Slot("f32", (x.dims[0], m)) for _ in a["given"]]
    writes = [Slot("f32", node.output.dims), *last, Slot("f32", (floats,))]
    low.write(node, *low.steps_of(opcode, reads, writes, *attributes)[:-1])


def gates(low, weight: np.ndarray, s8: bool) -> list:
    """Weights of all gates: float32 by input, or int8 by output with scales."""
    if not s8:
        return [low.tensor(weight.T, "f32"), None]
    q, scale = quantize_weight(weight)
    return [low.tensor(q, "s8", "p8k8"), low.tensor(scale, "f32")]


def recurrent_floats(gates: int, steps: int, n: int, m: int, s8: bool) -> int:
    """Scratch of gru and lstm, as compress/FORMAT.md wants it."""
    quantized = steps + -(-max(steps * n, m) // 4) if s8 else 0
    return gates * m * (steps + 1) + (gates - 1) * m + quantized


# Trees


def laid_out(low, forest: trees.Forest) -> tuple:
    """A forest's layout and tensors, once of all nodes that it is in."""

    def make():
        layout = trees.lay_out(forest)
        return layout, [low.made_tensor(t) for t in layout.tensors]

    return low.once((id(forest), "forest"), make)


@lowers
def lower_trees(low, node) -> None:
    forest = node.attributes["forest"]
    x, (layout, tensors) = low.read(node, dtype=forest.dtype), laid_out(low, forest)
    rows = math.prod(low.most(d) for d in x.dims[:-1])
    reads = [x, *tensors]
    writes = [Slot(forest.sum_dtype, node.output.dims), Slot("u8", (layout.scratch(rows),))]
    low.write(node, low.steps_of(layout.opcode, reads, writes, *layout.attributes)[0])


@lowers
def lower_missing(low, node) -> None:
    bounds = [low.tensor(node.attributes[name], "f64") for name in ("low", "high")]
    x = low.read(node, dtype="f64")
    low.write(node, low.step(op.MISSING, [x, *bounds], "f64", x.dims))
