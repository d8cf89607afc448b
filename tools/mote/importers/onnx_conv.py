"""Operators of ONNX with windows: convolutions, pooling, and the normalization
of what they give. The file has [batch][channels][positions], a plan [batch]
[high][wide][channels]; a sequence is an image of height 1."""

from math import prod

import numpy as np

from mote.graph import Value
from mote.graph_tensor import Window
from mote.importers.onnx_build import Builder, Tensor, op
from mote.importers.onnx_file import Node

LAST = -float(np.finfo(np.float32).max)


def window_of(node: Node, taps, positions, ceil: bool = False) -> Window:
    """Of one or two axes; `ceil`: a last window may begin inside of what is
    there and end outside."""
    rank = len(taps)
    stride = list(node.get("strides") or [1] * rank)
    dilation = list(node.get("dilations") or [1] * rank)
    reach = [(t - 1) * d + 1 for t, d in zip(taps, dilation)]
    auto = node.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        need = [max(0, (-(-n // s) - 1) * s + r - n) for n, s, r in zip(positions, stride, reach)]
        less, more = [n // 2 for n in need], [n - n // 2 for n in need]
        before, after = (less, more) if auto == "SAME_UPPER" else (more, less)
    elif auto in ("NOTSET", "VALID"):
        pads = list(node.get("pads") or [0] * 2 * rank) if auto == "NOTSET" else [0] * 2 * rank
        before, after = pads[:rank], pads[rank:]
    else:
        raise node.refuse(f"auto_pad: {auto!r} is not known")
    if ceil:
        for i in range(rank):
            room = positions[i] + before[i] + after[i] - reach[i]
            last = -(-room // stride[i])
            if last * stride[i] >= positions[i] + before[i]:
                last -= 1  # it would begin behind all that is there
            after[i] += max(0, last * stride[i] - room)
    if min(before + after) < 0:
        raise node.refuse(f"pads: expected 0 or more, got {before + after}")
    if rank == 1:
        taps, stride, dilation = (1, *taps), (1, *stride), (1, *dilation)
        before, after = (0, *before), (0, *after)
    return Window(taps, stride, dilation, before, after)


def images(b: Builder, node: Node, x: Tensor) -> list[Value]:
    """Each of the batch as [batch][high][wide][channels]."""
    rank = len(x.shape) - 2
    if rank not in (1, 2):
        raise node.refuse(f"over {rank} axes, expected 1 or 2")
    x = b.arrange(x, (0, *range(2, rank + 2), 1))
    high, wide = (1, *x.shape[2:])[-2:]
    return [b.view(t, high, wide, x.shape[1]) for t in b.items(node, x, 0)]


def from_images(b: Builder, x: Tensor, made: list[Value]) -> Tensor:
    """The other way."""
    _, high, wide, channels = made[0].dims
    rank = len(x.shape) - 2
    positions = (high, wide) if rank == 2 else (wide,)
    shape = (len(made), channels, *positions)
    order = (0, *range(2, rank + 2), 1)
    if len(made) == 1:
        return Tensor(made[0], shape, order)
    flat = [b.graph.reshape(v, (v.dims[0], 1, prod(v.dims[1:]))) for v in made]
    return Tensor(b.graph.join(flat, 1), shape, order)


@op("Conv")
def conv(b: Builder, node: Node):
    x, weight = b.real(node), b.constant(node, 1, "W")
    if weight.dtype.kind != "f":
        raise node.refuse(f"W: expected float32, got {weight.dtype}")
    bias = b.constant(node, 2, "B", np.zeros(len(weight)))
    groups, taps = node.get("group", 1), weight.shape[2:]
    window = window_of(node, taps, x.shape[2:])
    if len(taps) == 1:
        weight = weight[:, :, None]
    rows = weight.transpose(0, 2, 3, 1)
    made = [b.graph.conv(v, rows, bias, window, groups) for v in images(b, node, x)]
    return from_images(b, x, made)


def windowed(b: Builder, node: Node) -> tuple[Tensor, list[int]]:
    """What is pooled, and the taps."""
    x, taps = b.real(node), node.get("kernel_shape")
    if len(taps) not in (1, 2):
        raise node.refuse(f"over {len(taps)} axes, expected 1 or 2")
    return x, taps


@op("MaxPool")
def max_pool(b: Builder, node: Node):
    if any(node.outputs[1:]):
        raise node.refuse("Indices as an output are not computed")
    x, taps = windowed(b, node)
    window = window_of(node, taps, x.shape[2:], bool(node.get("ceil_mode", 0)))
    return pooled(b, node, x, window, "largest")


@op("AveragePool")
def average_pool(b: Builder, node: Node):
    x, taps = windowed(b, node)
    window = window_of(node, taps, x.shape[2:], bool(node.get("ceil_mode", 0)))
    if node.get("count_include_pad", 0):
        # zeros as numbers; what a window has beyond them, by ceil_mode, does not count
        exact = window_of(node, taps, x.shape[2:])
        for axis in range(len(taps)):
            at = axis + 2 - len(taps)
            x = b.pad(x, axis + 2, exact.before[at], exact.after[at], 0.0)
        beyond = [w - e for w, e in zip(window.after, exact.after)]
        window = Window(window.taps, window.stride, window.dilation, (0, 0), beyond)
    if max(window.dilation) > 1 and max(window.before + window.after) > 0:
        raise node.refuse("dilations with pads that do not count: expected one of them")
    return pooled(b, node, x, window, "mean inside")


def pooled(b: Builder, node: Node, x: Tensor, window: Window, kind: str) -> Tensor:
    padded = [p >= t for t, p in zip(window.taps * 2, window.before + window.after)]
    if max(window.dilation) > 1 or any(padded):
        if kind != "largest" and any(padded):
            raise node.refuse("pads: expected less than the kernel")
        return dilated(b, node, x, window, kind)
    return from_images(b, x, [b.graph.pool(v, window, kind) for v in images(b, node, x)])


def dilated(b: Builder, node: Node, x: Tensor, window: Window, kind: str) -> Tensor:
    """Tap by tap: as many strided pieces as there are taps."""
    rank = len(x.shape) - 2
    axes = [window.taps, window.stride, window.dilation, window.before, window.after]
    taps, stride, dilation, before, after = (a[-rank:] for a in axes)
    if prod(taps) > 64:
        raise node.refuse(f"dilations with {prod(taps)} taps, expected at most 64")
    positions = window.positions((1, *x.shape[2:])[-2:])[-rank:]
    for i in range(rank):
        x = b.pad(x, i + 2, before[i], after[i], LAST)
    total = None
    for tap in np.ndindex(*taps):
        piece = x
        for i in range(rank):
            first = tap[i] * dilation[i]
            piece = b.take(piece, i + 2, range(first, first + positions[i] * stride[i], stride[i]))
        total = piece if total is None else b.binary(
            total, piece, "max" if kind == "largest" else "+")  # fmt: skip
    return total if kind == "largest" else b.with_number(total, "/", prod(taps))


@op("GlobalAveragePool", "GlobalMaxPool")
def global_pool(b: Builder, node: Node):
    x = b.real(node)
    x = b.arrange(x, (0, *range(2, len(x.shape)), 1))
    kind = "mean" if node.op == "GlobalAveragePool" else "max"
    return b.reduce(x, range(2, len(x.shape)), kind)


@op("BatchNormalization")
def batch_norm(b: Builder, node: Node):
    if node.get("training_mode", 0) or any(node.outputs[1:]):
        raise node.refuse("training_mode: expected 0; export the model for inference")
    x = b.real(node)
    scale, shift, mean, variance = (
        b.constant(node, i, what).astype(np.float64)
        for i, what in ((1, "scale"), (2, "B"), (3, "input_mean"), (4, "input_var"))
    )
    factor = scale / np.sqrt(variance + node.get("epsilon", 1e-5))
    shift = shift - mean * factor
    layer = b.layer_of(node, 0, x)
    if layer is not None and b.channels_of(x, layer) == 1:
        a = layer.attributes
        a["weight"] = a["weight"] * factor.reshape((-1,) + (1,) * (a["weight"].ndim - 1))
        a["bias"] = a["bias"] * factor + shift
        return x
    channels = (1, -1) + (1,) * (len(x.shape) - 2)
    y = b.with_array(x, factor.reshape(channels).astype(np.float32), "*")
    return b.with_array(y, shift.reshape(channels).astype(np.float32), "+")
