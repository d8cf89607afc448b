"""Finds attention where it is written by its parts: softmax(scale q k^T) v, the
three of them projections of one sequence without a mask. Any other stays the
products that it is."""

import numpy as np

from mote.graph import BATCH, Value
from mote.importers.onnx_build import Builder, Tensor


def attention_of(b: Builder, weights: Tensor, v: Tensor) -> Tensor | None:
    """weights v as attention, heads and all; None where it is not.

    In memory weights are [heads][steps][steps], and q, k, v projections of
    [steps][heads][d] that were transposed."""
    softmax = b.maker(b.bare(weights.value))
    if softmax is None or softmax.op != "softmax_rows" or len(v.shape) < 3:
        return None
    heads, steps, d = (int(np.prod(v.shape[:-2])), *v.shape[-2:])
    if heads < 2 or weights.shape != v.shape[:-1] + (steps,):
        return None
    scores, scale = unscaled(b, softmax.inputs[0])
    product = b.maker(scores)
    if product is None or product.op != "matmul":
        return None
    q, k = product.inputs
    (q, by_q), (k, by_k) = unscaled(b, q), unscaled(b, k)
    own = b.view(b.plain(v), heads, steps, d)
    parts = [
        source(b, q, (BATCH, steps, heads, d), (0, 2, 1, 3), steps * heads * d),
        source(b, k, (BATCH, steps, heads * d), (0, 2, 1), steps * heads * d),
        source(b, own, (BATCH, steps, heads, d), (0, 2, 1, 3), steps * heads * d),
    ]
    if any(p is None for p in parts) or product.inputs[0].dims != (BATCH, heads, steps, d):
        return None
    scale *= softmax.attributes["scale"]
    for i, by in ((0, by_q), (1, by_k)):
        parts[i], more = unscaled(b, parts[i])
        scale *= by * more
    if not scale > 0 or not np.isfinite(np.float32(scale)):
        return None
    rows = [b.graph.reshape(p, (BATCH, steps, heads * d)) for p in parts]
    y = b.graph.attention(stacked(b, rows), heads, scale=scale)
    last = len(v.shape)
    order = (*range(last - 3), last - 2, last - 3, last - 1)
    if int(np.prod(v.shape[:-3])) != 1:
        return None
    return Tensor(y, v.shape, order)


def unscaled(b: Builder, value: Value) -> tuple[Value, float]:
    """What it is a multiple of, and by which number."""
    factor = 1.0
    while True:
        value = b.bare(value)
        maker = b.maker(value)
        if maker is None or maker.op != "binary" or maker.attributes["kind"] not in "*/":
            return value, factor
        constant = b.maker(maker.inputs[1])
        if constant is None or constant.op != "constant":
            return value, factor
        array = constant.attributes["array"]
        if array.size != 1 or not array.reshape(-1)[0] > 0:
            return value, factor
        number = float(array.reshape(-1)[0])
        factor = factor * number if maker.attributes["kind"] == "*" else factor / number
        value = maker.inputs[0]


def source(b: Builder, value: Value, dims: tuple, axes: tuple, size: int) -> Value | None:
    """What was transposed by these axes from these dimensions, as [steps][numbers]."""
    maker = b.maker(b.bare(value))
    if maker is None or maker.op != "transpose":
        return None
    if maker.inputs[0].dims != dims or maker.attributes["axes"] != axes:
        return None
    return b.bare(maker.inputs[0])


def stacked(b: Builder, rows: list[Value]) -> Value:
    """q, k and v side by side: what they are parts of, or one layer, where all
    are layers of one input."""
    whole = parted(b, rows)
    if whole is not None:
        return whole
    layers = [b.maker(b.bare(r)) for r in rows]
    if all(
        m is not None
        and m.op == "dense"
        and m.attributes["activation"] == "none"
        and m.inputs[0] is layers[0].inputs[0]
        and m.output.dims == rows[0].dims
        for m in layers
    ):
        weight = np.concatenate([m.attributes["weight"] for m in layers])
        bias = np.concatenate([m.attributes["bias"] for m in layers])
        return b.graph.dense(layers[0].inputs[0], weight, bias)
    return b.graph.join(rows, 2)


def parted(b: Builder, rows: list[Value]) -> Value | None:
    """What was split into these three, in their order and with nothing left."""
    parts = [b.maker(b.bare(r)) for r in rows]
    n = rows[0].dims[-1]
    for i, p in enumerate(parts):
        if p is None or p.op != "slice" or p.attributes["first"] != i * n:
            return None
        if p.inputs[0] is not parts[0].inputs[0] or p.attributes["axis"] != 2:
            return None
    x = parts[0].inputs[0]
    return b.graph.reshape(x, rows[0].dims[:-1] + (3 * n,)) if (
        x.dims[2:] in ((3 * n,), (3 * n, 1))) else None  # fmt: skip
