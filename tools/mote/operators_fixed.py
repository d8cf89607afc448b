"""How the nodes of graph_fixed.py become steps of a plan: see operators.py, which
puts these functions into its table."""

import numpy as np

from mote import opcodes as op
from mote.graph_fixed import int8_weights
from mote.slots import Slot

LOWER = {}
SIGNED = 0xFFFFFFFF  # a negative attribute as its bits


def lowers(function):
    """Puts lower_<name> into LOWER."""
    LOWER[function.__name__.removeprefix("lower_")] = function
    return function


@lowers
def lower_quantize_fixed(low, node) -> None:
    grid, x = node.attributes["grid"], low.read(node, dtype="f32")
    words = [grid.zero & SIGNED, op.f32_bits(grid.scale)]
    low.write(node, low.step(op.QUANTIZE_FIXED, [x], "s8", x.dims, *words))


@lowers
def lower_lookup(low, node) -> None:
    q, dtype = low.read(node), "s8" if node.output.dtype == "s8" else "f32"
    table = low.tensor(node.attributes["table"], dtype)
    low.write(node, low.step(op.LOOKUP, [q, table], dtype, q.dims))


@lowers
def lower_dense_fixed(low, node) -> None:
    q, a = low.read(node), node.attributes
    weight = int8_weights(a["weight"], a["scale"])
    reads = [q, low.tensor(weight, "s8", "p8k8"), *factors(low, a, weight)]
    low.write(node, low.step(op.DENSE_FIXED, reads, "s8", node.output.dims, *target(a)))


def factors(low, a: dict, weight: np.ndarray) -> list[Slot]:
    """What sums are multiplied by, and what is added to them before: the bias, and
    what the zero point of q makes of the weights [m][...]. with_room() has made them
    fit 32 bits."""
    x, w, y = np.float32(a["of"].scale), a["scale"].astype(np.float32), np.float32(a["to"].scale)
    more = np.rint(a["bias"] / (np.float64(x) * w.astype(np.float64)))
    more -= a["of"].zero * weight.reshape(len(weight), -1).sum(axis=1, dtype=np.int64)
    return [low.tensor(x * w / y, "f32"), low.tensor(more, "s32")]


def target(a: dict) -> list[int]:
    """The zero point of results, and the least of them."""
    zero = a["to"].zero
    return [zero & SIGNED, (zero if a["relu"] else -128) & SIGNED]


@lowers
def lower_conv_fixed(low, node) -> None:
    q, a, dims = low.read(node), node.attributes, node.output.dims
    weight = int8_weights(a["weight"], a["scale"])
    more = factors(low, a, weight)
    words = [*a["window"].words(), a["of"].zero & SIGNED, *target(a)]
    rows = weight.reshape(len(weight), -1)
    if is_depthwise(node):
        reads = [q, low.tensor(rows.T, "s8"), *more]
        low.write(node, low.step(op.DEPTHWISE_FIXED, reads, "s8", dims, *words))
        return
    reads = [q, low.tensor(rows, "s8", "p8k8"), *more]
    before, after = a["window"].before, a["window"].after
    padded = (before[0] + q.dims[1] + after[0]) * (before[1] + q.dims[2] + after[1]) * q.dims[3]
    writes = [Slot("s8", dims), Slot("u8", (64 * (4 + rows.shape[1]) + padded,))]
    low.write(node, low.steps_of(op.CONV_FIXED, reads, writes, *words)[0])


def is_depthwise(node) -> bool:
    """Each channel by itself."""
    return node.attributes["groups"] == node.input.dims[-1] == node.output.dims[-1] > 1


@lowers
def lower_quantize_u8(low, node) -> None:
    x = low.read(node, dtype="f32")
    writes = [Slot("s8", x.dims), *(Slot("f32", x.dims[:-1]) for _ in range(2))]
    low.write(node, *low.steps_of(op.QUANTIZE_U8, [x], writes, node.attributes["shared"]))


@lowers
def lower_dense_u8(low, node) -> None:
    a = node.attributes
    weight = int8_weights(a["weight"], a["scale"])
    reads = [
        *(low.read(node, i) for i in range(3)),
        low.tensor(weight, "s8", "p8k8"),
        low.tensor(a["scale"], "f32"),
        low.tensor(a["scale"] * weight.sum(axis=1, dtype=np.int64), "f32"),
        None if a["bias"] is None else low.tensor(a["bias"], "f32"),
    ]
    low.write(node, low.step(op.DENSE_U8, reads, "f32", node.output.dims))
