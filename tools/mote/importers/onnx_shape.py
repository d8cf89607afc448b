"""Operators of ONNX that move elements, choose between them or change their
type."""

import numpy as np

from mote.importers.onnx_build import Builder, Labels, Tensor, natural, op
from mote.importers.onnx_file import Node

# types of a file (onnx.TensorProto) that a plan computes with
REAL = {1: "f32", 10: "f16", 11: "f64", 16: "bf16"}
INTEGERS = {2: "u8", 3: "s8", 4: "u16", 5: "s16", 6: "s32", 7: "s64", 12: "u32", 13: "u64"}
BOOL = 9


def ints(b: Builder, node: Node, i: int, what: str, attribute: str | None = None):
    """A list of integers: an attribute in older opsets, an input in newer."""
    if attribute and node.get(attribute) is not None:
        value = node.get(attribute)
        return list(value) if isinstance(value, list) else [value]
    array = b.constant(node, i, what)
    return None if array is None else [int(v) for v in array.reshape(-1)]


@op("Identity", "Dropout")
def same(b: Builder, node: Node):
    mode = b.input(node, 2) if node.op == "Dropout" else None
    ratio = b.input(node, 1) if node.op == "Dropout" else None
    if mode is not None and not (isinstance(mode, np.ndarray) and not mode.any()):
        if not (isinstance(ratio, np.ndarray) and not ratio.any()):
            raise node.refuse("training_mode: expected false; export the model for inference")
    x = b.input(node, 0)
    return [x, np.ones(x.shape, bool)] if any(node.outputs[1:]) else x  # nothing is dropped


@op("Cast", "CastLike")
def cast(b: Builder, node: Node):
    to = node.get("to") if node.op == "Cast" else b.program.dtypes[node.inputs[1]]
    return convert(b, node, b.input(node, 0), to)


def convert(b: Builder, node: Node, x, to: int):
    if isinstance(x, Labels):
        return x  # labels as numbers, or as text: what they are is said by their names
    x = b.lift(node, x) if isinstance(x, np.ndarray) else x
    if to in REAL:
        if REAL[to] in ("f16", "bf16"):
            raise node.refuse(f"to {REAL[to]}, which rounds more than float32 does")
        return x if x.dtype == "real" else b.like(x, b.graph.convert(x.value, "real"))
    if to == BOOL:
        return x if x.dtype == "bool" else b.like(x, b.graph.convert(x.value, "bool"))
    if to not in INTEGERS:
        raise node.refuse("expected a cast to float32, to bool or to integers")
    if x.dtype == "s32" and INTEGERS[to] in ("s32", "s64"):
        return x
    if INTEGERS[to] in ("s8", "u8", "s16"):  # what is beyond ends at its limits
        narrow = b.graph.convert(x.value, INTEGERS[to])
        return b.like(x, b.graph.convert(narrow, "s32"))
    return b.like(x, b.graph.convert(x.value, "s32"))


# --------------------------------------------------------------------- other shapes


@op("Reshape")
def reshape(b: Builder, node: Node):
    x = b.input(node, 0)
    if isinstance(x, Labels):
        return x
    wanted = ints(b, node, 1, "shape", "shape")
    keep = not node.get("allowzero", 0)
    shape = [x.shape[i] if d == 0 and keep else d for i, d in enumerate(wanted)]
    if -1 in shape:
        known = int(np.prod([d for d in shape if d != -1]))
        shape[shape.index(-1)] = x.size // known
    return b.reshape(x, tuple(shape))


@op("Flatten")
def flatten(b: Builder, node: Node):
    x = b.tensor(node)
    axis = node.get("axis", 1)
    axis = axis % len(x.shape) if axis < 0 else axis
    return b.reshape(x, (int(np.prod(x.shape[:axis], dtype=int)),
                         int(np.prod(x.shape[axis:], dtype=int))))  # fmt: skip


@op("Squeeze")
def squeeze(b: Builder, node: Node):
    x = b.input(node, 0)
    if isinstance(x, Labels):
        return x
    axes = ints(b, node, 1, "axes", "axes")
    return b.squeeze(x, [a for a, n in enumerate(x.shape) if n == 1] if axes is None else axes)


@op("Unsqueeze")
def unsqueeze(b: Builder, node: Node):
    x = b.input(node, 0)
    return x if isinstance(x, Labels) else b.unsqueeze(x, ints(b, node, 1, "axes", "axes"))


@op("Transpose")
def transpose(b: Builder, node: Node):
    x = b.tensor(node)
    return b.transpose(x, node.get("perm") or natural(x.shape)[::-1])


@op("Expand")
def expand(b: Builder, node: Node):
    x = b.tensor(node)
    return b.expand(x, np.broadcast_shapes(x.shape, ints(b, node, 1, "shape")))


@op("Range")
def range_(b: Builder, node: Node):
    raise node.refuse("expected constants: how long it is depends on the numbers of a row")


@op("Tile")
def tile(b: Builder, node: Node):
    x = b.tensor(node)
    for axis, times in enumerate(ints(b, node, 1, "repeats")):
        if times < 1:
            raise node.refuse(f"repeats: expected 1 or more, got {times}")
        if times > 1:
            x = b.take(x, axis, list(range(x.shape[axis])) * times)
    return x


# ------------------------------------------------------------------------ parts


@op("Concat")
def concat(b: Builder, node: Node):
    full = [i for i in range(len(node.inputs)) if 0 not in b.input(node, i).shape]
    parts = [b.tensor(node, i) for i in full]
    if len({p.dtype for p in parts}) > 1:
        raise node.refuse("parts of several types")
    return b.concat(parts, node.get("axis") % len(parts[0].shape))


@op("Split")
def split(b: Builder, node: Node):
    x = b.tensor(node)
    axis = node.get("axis", 0) % len(x.shape)
    sizes = ints(b, node, 1, "split", "split")
    if sizes is None:
        count = len(node.outputs)
        each = -(-x.shape[axis] // count)
        sizes = [min(each, x.shape[axis] - i * each) for i in range(count)]
    firsts = np.cumsum([0, *sizes[:-1]])
    # what has no elements is a constant already
    return [b.slice(x, axis, int(f), int(n)) if n else None for f, n in zip(firsts, sizes)]


@op("Slice")
def slice_(b: Builder, node: Node):
    x = b.tensor(node)
    starts = ints(b, node, 1, "starts", "starts")
    ends = ints(b, node, 2, "ends", "ends")
    axes = ints(b, node, 3, "axes", "axes") or list(range(len(starts)))
    steps = ints(b, node, 4, "steps") or [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps):
        axis %= len(x.shape)
        n = x.shape[axis]
        low, high = (0, n) if step > 0 else (-1, n - 1)
        start = min(max(start + n if start < 0 else start, low if step > 0 else 0), high)
        end = min(max(end + n if end < 0 else end, low), n if step > 0 else n - 1)
        index = range(start, end, step)
        x = b.take(x, axis, index)
    return x


@op("Gather")
def gather(b: Builder, node: Node):
    x, index = b.input(node, 0), b.input(node, 1)
    if isinstance(index, np.ndarray):
        x = b.tensor(node)
        axis = node.get("axis", 0) % len(x.shape)
        flat = index.reshape(-1).astype(np.int64)
        if flat.size == 0 or flat.min() < -x.shape[axis] or flat.max() >= x.shape[axis]:
            raise node.refuse(f"indices outside of the {x.shape[axis]} elements of axis {axis}")
        y = b.take(x, axis, flat % x.shape[axis])
        return replaced(y, axis, index.shape)
    if not isinstance(x, np.ndarray):
        raise node.refuse("indices that depend on a row, of what depends on a row as well")
    if x.dtype.kind != "f":
        raise node.refuse(f"rows of a table of {x.dtype}: expected float32")
    return embedded(b, node, x, index)


def picked(b: Builder, t: Tensor, flat: np.ndarray) -> Tensor:
    """Elements by their places in memory, in the shape that the places have."""
    t = b.plain(t)
    y = b.take(Tensor(t.value, (t.size,), (0,)), 0, flat.reshape(-1))
    return b.reshape(y, flat.shape)


def places_of(t) -> np.ndarray:
    """Of each element of a tensor its place in memory."""
    return np.arange(np.prod(t.shape, dtype=int)).reshape(t.shape)


def within(node: Node, index: np.ndarray, n: int, axis: int) -> np.ndarray:
    """Indices that count from the end, from the start."""
    if index.size == 0 or index.min() < -n or index.max() >= n:
        raise node.refuse(f"indices outside of the {n} elements of axis {axis}")
    return np.where(index < 0, index + n, index)


@op("GatherElements", "GatherND")
def gather_places(b: Builder, node: Node):
    x, index = b.tensor(node), b.constant(node, 1, "indices")
    return picked(b, x, chosen(node, places_of(x), index))


def chosen(node: Node, places: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Which elements a constant names, one by one or part by part."""
    if not node.op.endswith("ND"):
        axis = node.get("axis", 0) % places.ndim
        index = within(node, index, places.shape[axis], axis)
        grid = np.indices(index.shape)
        grid[axis] = index
        return places[tuple(grid)]
    batch, depth = node.get("batch_dims", 0), index.shape[-1]
    parts = [within(node, index[..., k], places.shape[batch + k], batch + k) for k in range(depth)]
    if not batch:
        return places[tuple(parts)]
    outer = np.indices(index.shape[:-1])[:batch]
    return places[tuple(outer) + tuple(parts)]


@op("ScatterElements", "ScatterND")
def scatter(b: Builder, node: Node):
    """Each element from where it comes: the data, or the last update of it."""
    x, updates = b.tensor(node), b.tensor(node, 2)
    if node.get("reduction", "none") != "none":
        raise node.refuse(f"reduction: expected none, got {node.get('reduction')!r}")
    if x.dtype != updates.dtype:
        raise node.refuse(f"{updates.dtype} into {x.dtype}")
    source = places_of(x)
    target = chosen(node, places_of(x), b.constant(node, 1, "indices"))
    source.reshape(-1)[target.reshape(-1)] = x.size + np.arange(target.size)
    flat = [Tensor(b.plain(t).value, (t.size,), (0,)) for t in (x, updates)]
    return b.reshape(b.take(b.concat(flat, 0), 0, source.reshape(-1)), source.shape)


def replaced(t: Tensor, axis: int, shape: tuple[int, ...]) -> Tensor:
    """An axis as several, or as none."""
    rank, more = len(t.shape), len(shape)
    places = {a: [a if a < axis else a + more - 1] for a in range(rank)}
    places[axis] = list(range(axis, axis + more))
    order = [p for a in t.order for p in places[a]]
    return Tensor(t.value, t.shape[:axis] + shape + t.shape[axis + 1 :], tuple(order))


def embedded(b: Builder, node: Node, table: np.ndarray, index: Tensor) -> Tensor:
    """Rows of a constant table, by computed indices."""
    if index.dtype != "s32":
        raise node.refuse(f"indices: expected integers, got {index.dtype}")
    axis = node.get("axis", 0) % table.ndim
    first = np.moveaxis(table, axis, 0)
    ids = b.plain(index)
    rows = b.graph.embed(b.view(ids, ids.size), first.reshape(len(first), -1))
    rest = first.shape[1:]
    shape = index.shape + rest
    y = Tensor(rows, shape, natural(shape))
    # the file has the axes before `axis` in front of those of the indices
    k = len(index.shape)
    return b.transpose(y, [*range(k, k + axis), *range(k), *range(k + axis, len(shape))])


# ----------------------------------------------------------------------- padding


@op("Pad")
def pad(b: Builder, node: Node):
    x, pads = b.tensor(node), ints(b, node, 1, "pads", "pads")
    value = b.constant(node, 2, "constant_value", np.array([node.get("value", 0.0)]))
    axes = ints(b, node, 3, "axes") or list(range(len(x.shape)))
    mode, k = node.get("mode", "constant"), len(axes)
    for axis, before, after in zip(axes, pads[:k], pads[k:]):
        axis %= len(x.shape)
        if mode == "constant":
            x = b.real(node) if x.dtype != "real" else x
            x = b.pad(x, axis, before, after, float(value.reshape(-1)[0]))
        elif before or after:
            x = b.take(x, axis, around(node, mode, x.shape[axis], before, after))
    return x


def around(node: Node, mode: str, n: int, before: int, after: int) -> list[int]:
    """Which elements stand before and behind n of them."""
    index = np.arange(-before, n + after)
    if mode == "edge":
        index = index.clip(0, n - 1)
    elif mode == "wrap":
        index = index % n
    elif mode == "reflect" and n > 1:
        index = index % (2 * n - 2)
        index = np.minimum(index, 2 * n - 2 - index)
    elif mode == "reflect":
        index = index * 0
    else:
        raise node.refuse(f"mode: expected constant, reflect, edge or wrap, got {mode!r}")
    return index.tolist()


# ------------------------------------------------------------------------ choices

COMPARE = {"Equal": "==", "Less": "<", "LessOrEqual": "<=", "Greater": "<", "GreaterOrEqual": "<="}


@op(*COMPARE)
def compare(b: Builder, node: Node):
    x, y = b.tensor(node, 0), b.tensor(node, 1)
    if x.dtype != y.dtype:
        raise node.refuse(f"{x.dtype} with {y.dtype}")
    if node.op.startswith("Greater"):
        x, y = y, x
    x, y = b.pair(x, y)
    return b.like(x, b.graph.compare(x.value, y.value, COMPARE[node.op]))


@op("And", "Or", "Xor")
def logic(b: Builder, node: Node):
    x, y = b.pair(b.tensor(node, 0), b.tensor(node, 1))
    return b.like(x, b.graph.logic(x.value, y.value, node.op.lower()))


@op("Not")
def not_(b: Builder, node: Node):
    x = b.tensor(node)
    return b.like(x, b.graph.logic(x.value, b.scalar(True, "bool"), "xor"))


@op("IsNaN")
def is_nan(b: Builder, node: Node):
    """What is not equal to itself."""
    x = b.real(node)
    same = b.graph.compare(x.value, x.value, "==")
    return b.like(x, b.graph.logic(same, b.scalar(True, "bool"), "xor"))


@op("Where")
def where(b: Builder, node: Node):
    which, x, y = (b.tensor(node, i) for i in range(3))
    if x.dtype != y.dtype:
        raise node.refuse(f"{x.dtype} or {y.dtype}")
    shape = np.broadcast_shapes(which.shape, x.shape, y.shape)
    which = b.expand(which, shape)
    parts = []
    for i, t in ((1, x), (2, y)):
        array = b.input(node, i)
        if isinstance(array, np.ndarray) and array.size == 1:
            parts.append(b.scalar(array.reshape(-1)[0], t.dtype))
        else:
            t = b.arrange(b.expand(t, shape), which.order)
            parts.append(b.graph.reshape(t.value, which.value.dims))
    return b.like(which, b.graph.select(which.value, *parts))


@op("Trilu")
def trilu(b: Builder, node: Node):
    x = b.tensor(node)
    k = ints(b, node, 1, "k") or [0]
    ones = np.ones(x.shape[-2:])
    kept = np.triu(ones, k[0]) if node.get("upper", 1) else np.tril(ones, k[0])
    mask = b.expand(b.lift(node, kept.astype(bool)), x.shape)
    x = b.arrange(x, mask.order)
    value = b.graph.reshape(x.value, mask.value.dims)
    return b.like(mask, b.graph.select(mask.value, value, b.scalar(0, x.dtype)))
