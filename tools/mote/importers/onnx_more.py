"""Operators of ONNX that are made of others here: products of named axes, the
largest numbers of a row, images made larger or smaller."""

from math import prod

import numpy as np

from mote.importers import onnx_conv, onnx_dense
from mote.importers.onnx_build import Builder, Tensor, op
from mote.importers.onnx_file import Node, library

MOST_OF_TOP = 64  # numbers that TopK picks, one after the other
LOWEST = onnx_conv.LAST


# -------------------------------------------------------------------------- Einsum


@op("Einsum")
def einsum(b: Builder, node: Node):
    """One or two operands whose axes have letters, each at most once."""
    left, _, out = node.get("equation").replace(" ", "").partition("->")
    terms = left.split(",")
    if "->" not in node.get("equation"):
        letters = "".join(terms)
        out = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    if "." in left or any(len(set(t)) < len(t) for t in terms) or len(terms) not in (1, 2):
        raise node.refuse(
            f"equation {node.get('equation')!r}: expected one or two operands, no letter twice in "
            "one of them and no ellipsis"
        )
    parts = [b.real(node, i) for i in range(len(terms))]
    others = [set("".join(terms[:i] + terms[i + 1 :])) | set(out) for i in range(len(terms))]
    for i, term in enumerate(terms):  # what one operand alone has is added up there
        gone = [a for a, c in enumerate(term) if c not in others[i]]
        if gone:
            parts[i] = b.squeeze(b.reduce(parts[i], gone, "sum"), gone)
            terms[i] = "".join(c for c in term if c in others[i])
    if len(terms) == 1:
        return b.transpose(parts[0], [terms[0].index(c) for c in out])
    (x, y), (tx, ty) = parts, terms
    both = [c for c in tx if c in ty and c in out]
    summed = [c for c in tx if c in ty and c not in out]
    rows, columns = [c for c in tx if c not in ty], [c for c in ty if c not in tx]
    size = dict(zip(tx, x.shape)) | dict(zip(ty, y.shape))

    def ordered(t: Tensor, term: str, *groups: list[str]) -> Tensor:
        t = b.transpose(t, [term.index(c) for g in groups for c in g])
        return b.reshape(t, tuple(prod(size[c] for c in g) for g in groups))

    z = b.matmul(ordered(x, tx, both, rows, summed), ordered(y, ty, both, summed, columns))
    letters = [*both, *rows, *columns]
    z = b.reshape(z, tuple(size[c] for c in letters))
    return b.transpose(z, [letters.index(c) for c in out])


# ---------------------------------------------------------------------------- TopK


@op("TopK")
def top_k(b: Builder, node: Node):
    """The largest, its place, and again without it: as an infinity, below all that
    masks put in. An infinity of a row's own counts as the number next to it."""
    x = b.real(node)
    axis, k = node.get("axis", -1) % len(x.shape), int(b.constant(node, 1, "K").reshape(-1)[0])
    n = x.shape[axis]
    if not 0 < k <= min(n, MOST_OF_TOP):
        raise node.refuse(f"K: expected 1 to {min(n, MOST_OF_TOP)}, got {k}")
    smallest = not node.get("largest", 1)
    x = b.rows(b.map(x, "neg") if smallest else x, axis)
    rows = b.view(x, x.size // n, n)
    places = b.lift(node, np.broadcast_to(np.arange(n, dtype=np.int32), (x.size // n, n)))
    places = b.view(places, x.size // n, n)
    values, indices, none, left = (
        [],
        [],
        b.scalar(-np.inf),
        b.graph.binary(rows, b.scalar(LOWEST), "max"),
    )
    for _ in range(k):
        index = b.graph.reshape(b.graph.argmax(left), (*rows.dims[:2], 1))
        taken = b.graph.compare(b.graph.expand(index, rows.dims), places, "==")
        alone = b.graph.select(taken, rows, none)
        value = b.graph.reduce(b.graph.reshape(alone, (*rows.dims, 1)), "max")
        values.append(b.resized(x, axis, value, 1))
        indices.append(b.resized(x, axis, index, 1))
        left = b.graph.select(taken, none, left)
    found = b.concat(values, axis)
    return [b.map(found, "neg") if smallest else found, b.concat(indices, axis)]


# ------------------------------------------------------------------- other sizes


@op("Resize", "Upsample")
def resize(b: Builder, node: Node):
    """Axis after axis: each is a choice of its numbers or sums of them, which
    ONNX' own evaluator says for the rows of a unit matrix."""
    x, shape = b.real(node), b.program.shapes[node.outputs[0]]
    if node.get("coordinate_transformation_mode") == "tf_crop_and_resize":
        raise node.refuse("coordinate_transformation_mode: tf_crop_and_resize is not computed")
    if node.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise node.refuse("keep_aspect_ratio_policy: expected stretch")
    scales = b.constant(node, 1 if node.op == "Upsample" or node.version < 11 else 2, "scales")
    axes = node.get("axes") or list(range(len(x.shape)))
    given = {} if scales is None or not scales.size else dict(zip(axes, scales.reshape(-1)))
    for axis, (n, m) in enumerate(zip(x.shape, shape)):
        if n == m and given.get(axis, 1) == 1:
            continue
        weight = resize_matrix(node, n, m, given.get(axis))
        if (np.sort(weight, axis=1)[:, :-1] == 0).all() and (weight.max(axis=1) == 1).all():
            x = b.take(x, axis, weight.argmax(axis=1))
            continue
        perm = [a for a in range(len(x.shape)) if a != axis] + [axis]
        back = [perm.index(a) for a in range(len(perm))]
        x = b.transpose(b.dense(b.transpose(x, perm), weight), back)
    return x


def resize_matrix(node: Node, n: int, m: int, scale) -> np.ndarray:
    """[m][n]: what each of the new positions is of the old ones."""
    onnx = library()
    kept = ("mode", "coordinate_transformation_mode", "nearest_mode", "cubic_coeff_a",
            "exclude_outside", "antialias")  # fmt: skip
    attributes = {k: v for k, v in node.attributes.items() if k in kept}
    if node.op == "Upsample" or node.version < 11:
        attributes |= {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    sizes = scale is None
    inputs = ["x", "", "", "sizes"] if sizes else ["x", "", "scales"]
    made = onnx.helper.make_node("Resize", inputs, ["y"], axes=[1], **attributes)
    graph = onnx.helper.make_graph(
        [made], "resize",
        [onnx.helper.make_tensor_value_info("x", 1, [n, n]),
         onnx.helper.make_tensor_value_info(inputs[-1], 7 if sizes else 1, [1])],
        [onnx.helper.make_tensor_value_info("y", 1, None)],
    )  # fmt: skip
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 19)])
    last = np.array([m], np.int64) if sizes else np.array([scale], np.float32)
    given = {"x": np.eye(n, dtype=np.float32), inputs[-1]: last}
    return onnx.reference.ReferenceEvaluator(model).run(None, given)[0].T.astype(np.float64)


@op("ConvTranspose")
def conv_transpose(b: Builder, node: Node):
    """A convolution, its weights turned around, of numbers with zeros between."""
    x, weight = b.real(node), b.constant(node, 1, "W")
    rank, groups = weight.ndim - 2, node.get("group", 1)
    if rank not in (1, 2):
        raise node.refuse(f"over {rank} axes, expected 1 or 2")
    taps, shape = weight.shape[2:], b.program.shapes[node.outputs[0]][2:]
    stride, dilation = (node.get(k) or [1] * rank for k in ("strides", "dilations"))
    extra = node.get("output_padding") or [0] * rank
    pads = node.get("pads") or [0] * 2 * rank
    auto = node.get("auto_pad", "NOTSET")
    each = weight.shape[1]
    before, after = [], []
    for i in range(rank):
        n, reach = x.shape[i + 2], (taps[i] - 1) * dilation[i] + 1
        whole = (n - 1) * stride[i] + extra[i] + reach
        cut = [pads[i], pads[i + rank]]
        if node.get("output_shape") or auto in ("SAME_UPPER", "SAME_LOWER"):
            total = max(0, whole - shape[i])  # where it is odd, as ONNX Runtime cuts it
            less = total // 2 if auto == "SAME_UPPER" else total - total // 2
            cut = [less, whole - shape[i] - less]
        x = spread(b, x, i + 2, stride[i])
        before.append(reach - 1 - cut[0])
        after.append(reach - 1 - cut[1] + extra[i])
    for i in range(rank):
        x = b.pad(x, i + 2, before[i], after[i], 0.0)
    # [c][m / g][taps] to [m][c / g][taps], the taps from the last to the first
    turned = weight[(slice(None), slice(None), *[slice(None, None, -1)] * rank)]
    turned = turned.reshape(groups, -1, each, *taps).swapaxes(1, 2)
    turned = turned.reshape(groups * each, -1, *taps)
    bias = b.constant(node, 2, "B", np.zeros(groups * each))
    window = onnx_conv.Window(*((1,) * (2 - rank) + tuple(t) for t in (taps, [1] * rank, dilation)))
    rows = (turned[:, :, None] if rank == 1 else turned).transpose(0, 2, 3, 1)
    made = [b.graph.conv(v, rows, bias, window, groups) for v in onnx_conv.images(b, node, x)]
    return onnx_conv.from_images(b, x, made)


def spread(b: Builder, x: Tensor, axis: int, stride: int) -> Tensor:
    """stride - 1 zeros between neighbours."""
    if stride == 1:
        return x
    n = x.shape[axis]
    x = b.pad(b.unsqueeze(x, [axis + 1]), axis + 1, 0, stride - 1, 0.0)
    x = b.reshape(x, (*x.shape[:axis], n * stride, *x.shape[axis + 2 :]))
    return b.slice(x, axis, 0, (n - 1) * stride + 1)


@op("Shrink")
def shrink(b: Builder, node: Node):
    """x less a bias above a bound, more it below its negative, else 0."""
    x, bound, bias = b.real(node), node.get("lambd", 0.5), node.get("bias", 0.0)
    high = onnx_dense.above(b, x, bound)
    low = onnx_dense.above(b, b.map(x, "neg"), bound)
    if bias:
        high, low = (b.binary(t, b.with_number(sign_of(b, t), "*", bias), "-") for t in (high, low))
    return b.binary(high, low, "-")


def sign_of(b: Builder, x: Tensor) -> Tensor:
    return b.unary(x, "sign")
