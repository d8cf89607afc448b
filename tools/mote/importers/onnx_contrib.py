"""Operators of ONNX Runtime's own, com.microsoft, that a file has which it
optimized and saved: each as the operators of ONNX that it is made of.

Sources: docs/ContribOperators.md of microsoft/onnxruntime for what they take
and give; its kernels in onnxruntime/contrib_ops/cpu for what that page leaves
open.
"""

import numpy as np

OPSET = 21  # of the nodes that are made here
# Those that ONNX Runtime has in the domain of ONNX before ONNX has them, if it
# ever does, and since when
SINCE = {"LayerNormalization": 17, "SimplifiedLayerNormalization": 1 << 31}
EXPANDED = {}  # (domain, operator): a function of Parts and the node
INT32 = 6  # of onnx.TensorProto
LOWEST = -3.4028234663852886e38  # of float32


def expands(*names: str, domain: str = "com.microsoft"):
    """Puts a function into EXPANDED."""

    def register(function):
        for name in names:
            EXPANDED[domain, name] = function
        return function

    return register


class Parts:
    """The nodes that stand for one; `made`: constants that they read."""

    def __init__(self, onnx, node, prefix: str, constants: dict, types: dict):
        self.onnx, self.node, self.prefix = onnx, node, prefix
        self.constants, self.types = constants, types
        self.nodes: list = []
        self.made: dict[str, np.ndarray] = {}

    def shape(self, name: str) -> tuple[int, ...]:
        t = self.types.get(name)
        if t is None or not all(d.HasField("dim_value") for d in t.tensor_type.shape.dim):
            raise self.node.refuse(f"the shape of {name!r} depends on the numbers of a row")
        return tuple(d.dim_value for d in t.tensor_type.shape.dim)

    def dtype(self, name: str) -> int:
        return self.types[name].tensor_type.elem_type

    def given(self, i: int) -> str | None:
        """The name of input i, None where there is none."""
        return self.node.inputs[i] if i < len(self.node.inputs) and self.node.inputs[i] else None

    def wanted(self, i: int) -> str | None:
        return self.node.outputs[i] if i < len(self.node.outputs) and self.node.outputs[i] else None

    def none_of(self, inputs: dict[int, str]) -> None:
        """Refuses inputs that are not computed with."""
        for i, what in inputs.items():
            if self.given(i):
                raise self.node.refuse(f"{what}: expected none, which cannot be compiled yet")

    def constant(self, array, dtype=np.float32) -> str:
        name = f"{self.prefix}.c{len(self.made)}"
        self.made[name] = np.asarray(array, dtype)
        return name

    def ints(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def op(self, kind: str, *inputs: str, out=None, domain: str = "", **attributes):
        """A node with one result, or with those that `out` names."""
        outs = [out or f"{self.prefix}.{len(self.nodes)}"] if not isinstance(out, list) else out
        self.nodes.append(
            self.onnx.helper.make_node(
                kind, [i or "" for i in inputs], outs, self.node.name, domain=domain, **attributes
            )
        )
        return outs[0]

    def split(self, x: str, sizes, axis: int) -> list[str]:
        outs = [f"{self.prefix}.{len(self.nodes)}.{i}" for i in range(len(sizes))]
        self.op("Split", x, self.ints(*sizes), out=outs, axis=axis)
        return outs


# -------------------------------------------------------------------- activations


@expands("Gelu")
def gelu(p: Parts, node) -> None:
    p.op("Gelu", p.given(0), out=node.outputs[0])


@expands("BiasGelu")
def bias_gelu(p: Parts, node) -> None:
    p.op("Gelu", p.op("Add", p.given(0), p.given(1)), out=node.outputs[0])


@expands("FastGelu")
def fast_gelu(p: Parts, node) -> None:
    x = p.op("Add", p.given(0), p.given(1)) if p.given(1) else p.given(0)
    p.op("Gelu", x, out=node.outputs[0], approximate="tanh")


@expands("QuickGelu")
def quick_gelu(p: Parts, node) -> None:
    """x sigmoid(alpha x)"""
    x = p.given(0)
    scaled = p.op("Mul", x, p.constant(node.get("alpha", 1.702)))
    p.op("Mul", x, p.op("Sigmoid", scaled), out=node.outputs[0])


def activated(p: Parts, node, x: str, out: str) -> None:
    """By the attribute of a fused operator."""
    kind, given = node.get("activation", ""), node.get("activation_params") or []
    names = {"LeakyRelu": ("alpha",), "HardSigmoid": ("alpha", "beta"), "Elu": ("alpha",)}
    if kind in ("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign"):
        p.op(kind, x, out=out)
    elif kind in names:
        attributes = {n: node.get(f"activation_{n}") for n in names[kind]} | dict(
            zip(names[kind], given)
        )
        p.op(kind, x, out=out, **{k: float(v) for k, v in attributes.items() if v is not None})
    elif kind == "Clip" and len(given) == 2:
        p.op("Clip", x, p.constant(given[0]), p.constant(given[1]), out=out)
    elif not kind:
        p.op("Identity", x, out=out)
    else:
        raise node.refuse(f"activation: {kind!r} is not known")


# -------------------------------------------------------------- products and windows


@expands("FusedMatMul", "TransposeMatMul")
def fused_matmul(p: Parts, node) -> None:
    """alpha x y; trans swaps the last two axes, transBatch moves the first to
    the place before the last."""

    def turned(i: int, flag: str) -> str:
        rank = len(p.shape(p.given(i)))
        order = list(range(rank))
        if node.get(f"transBatch{flag}", 0):
            order = [*order[1:-1], 0, order[-1]]
        if node.get(f"trans{flag}", 0) and rank > 1:
            order = [*order[:-2], order[-1], order[-2]]
        if order == list(range(rank)):
            return p.given(i)
        return p.op("Transpose", p.given(i), perm=order)

    x, y, alpha = turned(0, "A"), turned(1, "B"), node.get("alpha", 1.0)
    if alpha == 1:
        p.op("MatMul", x, y, out=node.outputs[0])
    else:
        p.op("Mul", p.op("MatMul", x, y), p.constant(alpha), out=node.outputs[0])


@expands("FusedGemm")
def fused_gemm(p: Parts, node) -> None:
    kept = {k: v for k, v in node.attributes.items() if k in ("alpha", "beta", "transA", "transB")}
    activated(p, node, p.op("Gemm", *node.inputs, **kept), node.outputs[0])


@expands("FusedConv")
def fused_conv(p: Parts, node) -> None:
    """act(conv(x) + z), z an input that may be there."""
    kept = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
    attributes = {k: v for k, v in node.attributes.items() if k in kept}
    y = p.op("Conv", *node.inputs[:3], **attributes)
    y = p.op("Add", y, p.given(3)) if p.given(3) else y
    activated(p, node, y, node.outputs[0])


# ------------------------------------------------------------------ normalization


@expands("SkipLayerNormalization")
def skip_layer_norm(p: Parts, node) -> None:
    """Of x + skip + bias, a sum that is an output as well."""
    x = p.op("Add", p.given(0), p.given(4)) if p.given(4) else p.given(0)
    x = p.op("Add", x, p.given(1))  # the bias first, so that the layer before may have it
    outs = [node.outputs[0], p.wanted(1) or "", p.wanted(2) or ""]
    while not outs[-1]:
        outs.pop()
    eps = node.get("epsilon", 1e-12)
    p.op("LayerNormalization", x, p.given(2), p.given(3), out=outs, axis=-1, epsilon=eps)
    if p.wanted(3):
        p.op("Identity", x, out=p.wanted(3))


def rms(p: Parts, x: str, scale: str, eps: float, out: str, axis: int = -1) -> None:
    axes = p.ints(*range(axis, 0))
    mean = p.op("ReduceMean", p.op("Mul", x, x), axes, keepdims=1)
    root = p.op("Sqrt", p.op("Add", mean, p.constant(eps)))
    p.op("Mul", p.op("Div", x, root), scale, out=out)


@expands("SimplifiedLayerNormalization", domain="")
@expands("SimplifiedLayerNormalization")
def simplified_layer_norm(p: Parts, node) -> None:
    rank = len(p.shape(p.given(0)))
    axis = node.get("axis", -1) % rank - rank
    rms(p, p.given(0), p.given(1), node.get("epsilon", 1e-5), node.outputs[0], axis)


@expands("SkipSimplifiedLayerNormalization")
def skip_simplified(p: Parts, node) -> None:
    x = p.op("Add", p.given(0), p.given(3)) if p.given(3) else p.given(0)
    x = p.op("Add", x, p.given(1))
    rms(p, x, p.given(2), node.get("epsilon", 1e-12), node.outputs[0])
    if p.wanted(3):
        p.op("Identity", x, out=p.wanted(3))


@expands("EmbedLayerNormalization")
def embed_layer_norm(p: Parts, node) -> None:
    """Rows of up to three tables, added and normalized; and how many steps the
    mask lets through."""
    ids, segments, words, places, kinds, gain, shift, mask, positions = (
        p.given(i) for i in range(9)
    )
    steps = p.shape(ids)[1]
    x = p.op("Gather", words, ids, axis=0)
    if positions:
        x = p.op("Add", x, p.op("Gather", places, positions, axis=0))
    else:
        x = p.op("Add", x, p.op("Slice", places, p.ints(0), p.ints(steps), p.ints(0)))
    if kinds and segments:
        x = p.op("Add", x, p.op("Gather", kinds, segments, axis=0))
    eps = node.get("epsilon", 1e-12)
    p.op("LayerNormalization", x, gain, shift, out=node.outputs[0], axis=-1, epsilon=eps)
    if p.wanted(1) and mask:
        total = p.op("ReduceSum", mask, p.ints(1), keepdims=0)
        p.op("Cast", total, out=p.wanted(1), to=INT32)
    elif p.wanted(1):
        p.made[p.wanted(1)] = np.zeros(p.shape(ids)[:1], np.int32)
    if p.wanted(2):
        p.op("Identity", x, out=p.wanted(2))


# ---------------------------------------------------------------------- attention


def heads_of(p: Parts, x: str, batch: int, steps: int, heads: int, size: int) -> str:
    """[batch][steps][heads size] as [batch][heads][steps][size]"""
    parted = p.op("Reshape", x, p.ints(batch, steps, heads, size))
    return p.op("Transpose", parted, perm=[0, 2, 1, 3])


def bias_of_mask(p: Parts, node, mask: str, steps: int, keys: int) -> str:
    """What is added to the scores: 0, or the number of a step that is not seen;
    to broadcast over [batch][heads][steps][keys]."""
    shape, low = p.shape(mask), node.get("mask_filter_value", -10000.0)
    if len(shape) == 1 and shape[0] == 1:  # how many there are
        count = p.op("Unsqueeze", mask, p.ints(1))
        seen = p.op("Less", p.constant(np.arange(keys)[None], np.int32), count)
    elif shape[-1] == keys and len(shape) in (2, 3):
        seen = p.op("Greater", mask, p.constant(0, np.int32))
    else:
        raise node.refuse(
            f"a mask {list(shape)} for {steps} steps and {keys} keys: expected [batch], "
            "[batch, keys] or [batch, steps, keys]"
        )
    added = p.op("Where", seen, p.constant(0), p.constant(low))
    axes = (1, 2) if len(shape) < 3 else (1,)
    return p.op("Unsqueeze", added, p.ints(*axes))


def attend(p: Parts, node, q, k, v, size: int, steps: int, keys: int, mask, bias) -> str:
    """softmax(scale q k' + masks) v of [batch][heads][steps][size]; gives
    [batch][steps][heads size of v]."""
    scale = node.get("scale", 0.0) or 1 / np.sqrt(size)
    scores = p.op("MatMul", q, p.op("Transpose", k, perm=[0, 1, 3, 2]))
    scores = p.op("Mul", scores, p.constant(scale))
    if mask:
        scores = p.op("Add", scores, bias_of_mask(p, node, mask, steps, keys))
    if node.get("unidirectional", 0):
        seen = np.tril(np.ones((steps, keys), bool), keys - steps)
        scores = p.op("Add", scores, p.constant(np.where(seen, 0, LOWEST)))
    scores = p.op("Add", scores, bias) if bias else scores
    y = p.op("MatMul", p.op("Softmax", scores, axis=-1), v)
    return p.op("Transpose", y, perm=[0, 2, 1, 3])


@expands("Attention")
def attention(p: Parts, node) -> None:
    """Of projections of one sequence: inputs x, weights, bias, mask, past,
    attention bias."""
    p.none_of({4: "past", 6: "past_sequence_length"})
    if node.get("do_rotary", 0) or p.wanted(1):
        raise node.refuse("do_rotary and present: expected none, which cannot be compiled yet")
    (batch, steps, _), heads = p.shape(p.given(0)), node.get("num_heads")
    total = p.shape(p.given(1))[1]
    sizes = node.get("qkv_hidden_sizes") or [total // 3] * 3
    x = p.op("MatMul", p.given(0), p.given(1))
    x = p.op("Add", x, p.given(2)) if p.given(2) else x
    q, k, v = (
        heads_of(p, part, batch, steps, heads, n // heads)
        for part, n in zip(p.split(x, sizes, 2), sizes)
    )
    y = attend(p, node, q, k, v, sizes[0] // heads, steps, steps, p.given(3), p.given(5))
    p.op("Reshape", y, p.ints(batch, steps, sizes[2]), out=node.outputs[0])


@expands("MultiHeadAttention")
def multi_head_attention(p: Parts, node) -> None:
    """Of query, key, value, bias, mask of keys, attention bias; keys and values
    may be those of another sequence, or come as heads."""
    p.none_of({6: "past_key", 7: "past_value", 8: "past_sequence_length", 9: "cache_indirection"})
    if any(p.wanted(i) for i in (1, 2, 3)):
        raise node.refuse("present keys and values: expected none, which cannot be compiled yet")
    query, key, value, bias = (p.given(i) for i in range(4))
    heads, shape = node.get("num_heads"), p.shape(query)
    if len(shape) == 5:
        raise node.refuse("query: expected [batch, steps, numbers], got packed heads")
    if not key or not value or len(p.shape(key)) == 5:
        raise node.refuse("key: expected [batch, steps, numbers] or heads, got packed ones")
    batch, steps, n = shape
    keys = p.shape(key)[1 if len(p.shape(key)) == 3 else 2]
    last = p.shape(value)
    n_value = last[2] if len(last) == 3 else last[1] * last[3]
    if bias:
        parts = p.split(bias, (n, n, n_value), 0)
        query, key, value = (
            p.op("Add", t, b) if len(p.shape(t)) == 3 else t
            for t, b in zip((query, key, value), parts)
        )
    q = heads_of(p, query, batch, steps, heads, n // heads)
    k = key if len(p.shape(p.given(1))) == 4 else (
        heads_of(p, key, batch, keys, heads, n // heads))  # fmt: skip
    v = value if len(last) == 4 else heads_of(p, value, batch, keys, heads, n_value // heads)
    y = attend(p, node, q, k, v, n // heads, steps, keys, p.given(4), p.given(5))
    p.op("Reshape", y, p.ints(batch, steps, n_value), out=node.outputs[0])
