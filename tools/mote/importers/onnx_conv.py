"""Operators of ONNX with windows: convolutions, pooling, and the normalization
of what they give. The file has [batch][channels][positions], a plan [batch]
[high][wide][channels]; a sequence is an image of height 1."""

from math import prod

import numpy as np

from mote.graph import BATCH, Value
from mote.graph_tensor import Window
from mote.importers.onnx_build import Builder, Tensor, op
from mote.importers.onnx_file import Node

LAST = -float(np.finfo(np.float32).max)
MAX_TAPS = 64  # of a window that is taken apart


def window_of(node: Node, taps, positions, ceil: bool = False) -> Window:
    """Of one to three axes; `ceil`: a last window may begin inside of what is
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
    if len(taps) == 3:
        return deep_conv(b, node, x, weight, bias, window, groups)
    if len(taps) == 1:
        weight = weight[:, :, None]
    rows = weight.transpose(0, 2, 3, 1)
    made = [b.graph.conv(v, rows, bias, window, groups) for v in images(b, node, x)]
    return from_images(b, x, made)


def deep_conv(b: Builder, node: Node, x: Tensor, weight, bias, window: Window, groups: int):
    """Over three axes: for each position in the first, the images that its taps
    see, as channels of one."""
    x = b.arrange(x, (0, 2, 3, 4, 1))
    (_, channels, depth, *extent), each = x.shape, x.shape[1] // groups
    taps = weight.shape[2]
    rows = weight.transpose(0, 3, 4, 2, 1).reshape(len(weight), *weight.shape[3:], taps * each)
    rows = np.ascontiguousarray(rows, np.float64)
    flat = Window(*(p[1:] for p in (window.taps, window.stride, window.dilation,
                                    window.before, window.after)))  # fmt: skip
    zero = b.graph.expand(b.graph.constant(np.zeros((1, 1, 1, 1))), (BATCH, *extent, channels))
    places = range(window.positions((depth, *extent))[0])
    items = []
    for item in b.items(node, x, 0):
        levels = [b.view(t, *extent, channels) for t in b.items(node, item, 2)]
        made = []
        for place in places:
            at = [place * window.stride[0] + t * window.dilation[0] - window.before[0]
                  for t in range(taps)]  # fmt: skip
            seen = [levels[i] if 0 <= i < depth else zero for i in at]
            if groups > 1:
                seen = [b.graph.slice(v, 3, g * each, each) for g in range(groups) for v in seen]
            v = seen[0] if len(seen) == 1 else b.graph.join(seen, 3)
            made.append(b.graph.conv(v, rows, bias, flat, groups))
        _, high, wide, m = made[0].dims
        flats = [b.graph.reshape(v, (BATCH, 1, high * wide * m)) for v in made]
        joined = flats[0] if len(flats) == 1 else b.graph.join(flats, 1)
        items.append(Tensor(joined, (1, m, len(made), high, wide), (0, 2, 3, 4, 1)))
    return b.concat(items, 0)


def windowed(b: Builder, node: Node) -> tuple[Tensor, list[int]]:
    """What is pooled, and the taps."""
    x, taps = b.real(node), node.get("kernel_shape")
    if len(taps) not in (1, 2, 3):
        raise node.refuse(f"over {len(taps)} axes, expected 1 to 3")
    return x, taps


@op("MaxPool")
def max_pool(b: Builder, node: Node):
    x, taps = windowed(b, node)
    window = window_of(node, taps, x.shape[2:], bool(node.get("ceil_mode", 0)))
    if any(node.outputs[1:]):
        return with_places(b, node, x, window)
    return pooled(b, node, x, window, "largest")


@op("AveragePool")
def average_pool(b: Builder, node: Node):
    x, taps = windowed(b, node)
    window = window_of(node, taps, x.shape[2:], bool(node.get("ceil_mode", 0)))
    if node.get("count_include_pad", 0):
        # zeros as numbers; what a window has beyond them, by ceil_mode, does not count
        exact = window_of(node, taps, x.shape[2:])
        for axis in range(len(taps)):
            at = axis + len(window.taps) - len(taps)
            x = b.pad(x, axis + 2, exact.before[at], exact.after[at], 0.0)
        beyond = [w - e for w, e in zip(window.after, exact.after)]
        window = Window(window.taps, window.stride, window.dilation, (0,) * len(beyond), beyond)
    return pooled(b, node, x, window, "mean inside")


def pooled(b: Builder, node: Node, x: Tensor, window: Window, kind: str) -> Tensor:
    padded = [p >= t for t, p in zip(window.taps * 2, window.before + window.after)]
    if len(window.taps) > 2 or max(window.dilation) > 1 or any(padded):
        return by_axes(b, node, x, window, kind)
    return from_images(b, x, [b.graph.pool(v, window, kind) for v in images(b, node, x)])


def of_axes(x: Tensor, window: Window) -> list[tuple[int, ...]]:
    """taps, stride, dilation, before, after and positions of each axis of x."""
    rank = len(x.shape) - 2
    positions = window.positions((1, *x.shape[2:])[-len(window.taps) :])
    parts = (window.taps, window.stride, window.dilation, window.before, window.after, positions)
    return list(zip(*(p[-rank:] for p in parts)))


def by_axes(b: Builder, node: Node, x: Tensor, window: Window, kind: str) -> Tensor:
    """One axis after the other, of each as many strided pieces as it has taps."""
    counts = np.ones((1, 1), np.float32)
    for i, (taps, stride, dilation, before, after, positions) in enumerate(of_axes(x, window)):
        axis, n = i + 2, x.shape[i + 2]
        if taps > MAX_TAPS:
            raise node.refuse(f"{taps} taps in an axis, expected at most {MAX_TAPS}")
        first = np.arange(positions)[:, None] * stride + np.arange(taps) * dilation
        there = ((first >= before) & (first < before + n)).sum(axis=1)
        counts = counts[..., None] * there.astype(np.float32)
        x = b.pad(x, axis, before, after, LAST if kind == "largest" else 0.0)
        total = None
        for tap in range(taps):
            piece = b.take(x, axis, first[:, tap])
            total = piece if total is None else b.binary(
                total, piece, "max" if kind == "largest" else "+")  # fmt: skip
        x = total
    if kind == "largest":
        return x
    if not counts.all():
        raise node.refuse("pads: a window lies wholly outside, so that its mean is of nothing")
    return b.with_array(x, counts, "/")


def with_places(b: Builder, node: Node, x: Tensor, window: Window) -> list[Tensor]:
    """The largest, tap by tap, and where in the whole of x it is."""
    axes, extent = of_axes(x, window), x.shape[2:]
    if prod(window.taps) > MAX_TAPS:
        raise node.refuse(f"Indices of {prod(window.taps)} taps, expected at most {MAX_TAPS}")
    column_major = node.get("storage_order", 0)
    steps = [prod(extent[:i] if column_major else extent[i + 1 :]) for i in range(len(extent))]
    images = np.arange(x.shape[0] * x.shape[1]).reshape(x.shape[:2]) * prod(extent)
    padded = x
    for i, axis in enumerate(axes):
        padded = b.pad(padded, i + 2, axis[3], axis[4], LAST)
    best = where = None
    for tap in np.ndindex(*(a[0] for a in axes)):
        piece, at = padded, images
        for i, (t, (_, stride, dilation, before, _, positions)) in enumerate(zip(tap, axes)):
            index = t * dilation + np.arange(positions) * stride
            piece = b.take(piece, i + 2, index)
            at = at[..., None] + (index - before) * steps[i]
        at = b.lift(node, at)
        if best is None:
            best, where = piece, at
            continue
        more = b.like(best, b.graph.compare(best.value, piece.value, "<"))
        best, where = b.choose(more, piece, best), b.choose(more, at, where)
    return [best, where]


@op("GlobalAveragePool", "GlobalMaxPool")
def global_pool(b: Builder, node: Node):
    x = b.real(node)
    x = b.arrange(x, (0, *range(2, len(x.shape)), 1))
    kind = "mean" if node.op == "GlobalAveragePool" else "max"
    return b.reduce(x, range(2, len(x.shape)), kind)


@op("BatchNormalization")
def batch_norm(b: Builder, node: Node):
    if node.get("training_mode", 0):
        return training_norm(b, node)
    if any(node.outputs[1:]):
        raise node.refuse("mean and var as outputs: expected none but in training_mode")
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


def training_norm(b: Builder, node: Node) -> list[Tensor]:
    """By the mean and variance of the batch that there is, which has to be all in
    one row; and both, mixed with the running ones."""
    if any(p.batch is not None for p in b.program.inputs):
        raise node.refuse("training_mode: expected 0; export the model for inference")
    x = b.real(node)
    scale, shift, mean, variance = (
        b.constant(node, i, what).astype(np.float32)
        for i, what in ((1, "scale"), (2, "B"), (3, "input_mean"), (4, "input_var"))
    )
    axes, keep = [0, *range(2, len(x.shape))], np.float32(node.get("momentum", 0.9))
    spread = (1, -1) + (1,) * (len(x.shape) - 2)
    found = b.reduce(x, axes, "mean")
    d = b.binary(x, found, "-")
    variances = b.reduce(b.binary(d, d, "*"), axes, "mean")
    root = b.map(b.with_number(variances, "+", node.get("epsilon", 1e-5)), "sqrt")
    y = b.with_array(b.binary(d, root, "/"), scale.reshape(spread), "*")
    running = []
    for new, old in ((found, mean), (variances, variance)):
        mixed = b.with_array(b.with_number(new, "*", 1 - keep), (old * keep).reshape(spread), "+")
        running.append(b.squeeze(mixed, axes))
    return [b.with_array(y, shift.reshape(spread), "+"), *running]
