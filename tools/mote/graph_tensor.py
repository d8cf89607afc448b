"""Methods of Graph for tensors that are no rows of features: constants, moved
elements, broadcasting, products of two computed operands, windows, recurrent
layers with a state. Importers of nets use them.

Shapes are those of compress/FORMAT.md: at most 4 dimensions, the batch among
them. Numbers are "real"; indices "s32", answers of yes or no "bool".
"""

import math

import numpy as np

UNARY = ("log", "floor", "ceil", "round", "sign")
COMPARE = ("==", "<", "<=")
LOGIC = ("and", "or", "xor")
INTEGER = ("+", "-", "*", "/", "min", "max", "mod", "rem")
POOLS = ("largest", "mean inside", "mean of all")
RANK = 4


class TensorMethods:
    """node() is Graph's."""

    def constant(self, array, dtype: str = "real"):
        """A tensor of at most 4 dimensions."""
        array = np.asarray(array, order="C")
        if array.ndim > RANK:
            raise ValueError(f"a constant {array.shape}")
        return self.node("constant", [], array.shape, array=array, dtype=dtype)

    def convert(self, x, dtype: str):
        """Of another type; to integers toward zero."""
        return self.node("convert", [x], x.dims, dtype=dtype)

    # Moved elements

    def reshape(self, x, dims: tuple):
        """The same elements in the same order."""
        if x.dims == dims:
            return x
        constants = [math.prod(d for d in s if isinstance(d, int)) for s in (x.dims, dims)]
        if constants[0] != constants[1]:
            raise ValueError(f"{x.dims} as {dims}")
        return self.node("reshape", [x], dims, dtype=x.dtype)

    def transpose(self, x, axes: tuple[int, ...]):
        """Dimension i of the result is dimension axes[i]."""
        dims = tuple(x.dims[a] for a in axes)
        return self.node("transpose", [x], dims, axes=tuple(axes), dtype=x.dtype)

    def expand(self, x, dims: tuple):
        """Axes of length 1 repeated."""
        if any(a not in (b, 1) for a, b in zip(x.dims, dims, strict=True)):
            raise ValueError(f"{x.dims} to {dims}")
        return x if x.dims == dims else self.node("expand", [x], dims, dtype=x.dtype)

    def slice(self, x, axis: int, first: int, count: int):
        """`count` from `first` on."""
        if not 0 <= first < first + count <= x.dims[axis]:
            raise ValueError(f"{first} + {count} of {x.dims[axis]}")
        dims = x.dims[:axis] + (count,) + x.dims[axis + 1 :]
        return self.node("slice", [x], dims, axis=axis, first=first, dtype=x.dtype)

    def gather(self, x, axis: int, index):
        """Those of the constant indices."""
        index = np.asarray(index, np.int64).reshape(-1)
        if not 0 <= index.min() <= index.max() < x.dims[axis]:
            raise ValueError(f"indices {index.min()} to {index.max()} of {x.dims[axis]}")
        dims = x.dims[:axis] + (len(index),) + x.dims[axis + 1 :]
        return self.node("gather", [x], dims, axis=axis, index=index, dtype=x.dtype)

    def join(self, parts: list, axis: int):
        """One behind the other along an axis."""
        total = sum(p.dims[axis] for p in parts)
        dims = parts[0].dims[:axis] + (total,) + parts[0].dims[axis + 1 :]
        return self.node("join", parts, dims, axis=axis, dtype=parts[0].dtype)

    def pad(self, x, axis: int, before: int, after: int, value: float):
        dims = x.dims[:axis] + (before + x.dims[axis] + after,) + x.dims[axis + 1 :]
        return self.node("pad", [x], dims, axis=axis, before=before, value=float(value))

    # Numbers

    def unary(self, x, kind: str):
        """One of UNARY, of each."""
        return self.node("unary", [x], x.dims, kind=kind)

    def compare(self, a, b, kind: str):
        """a o b; b of a's shape, or one number [1]."""
        return self.node("compare", [a, b], a.dims, kind=kind, dtype="bool")

    def logic(self, a, b, kind: str):
        return self.node("logic", [a, b], a.dims, kind=kind, dtype="bool")

    def select(self, which, a, b):
        """a where it is so, else b; each of that shape, or one number [1]."""
        return self.node("select", [which, a, b], which.dims, dtype=a.dtype)

    def integer(self, a, b, kind: str):
        """a o b of s32; b of a's shape, or one number [1]."""
        return self.node("integer", [a, b], a.dims, kind=kind, dtype="s32")

    def power(self, a, b):
        """a to the power of b; b of a's shape, or one number [1]."""
        return self.node("power", [a, b], a.dims)

    def remainder(self, a, b, kind: str):
        """a less b as often as it can be, "mod" with the sign of b, "rem" with that of
        a; b of a's shape, or one number [1]."""
        return self.node("remainder", [a, b], a.dims, kind=kind)

    def softmax_rows(self, x, scale: float = 1.0):
        """In float32, of scale x."""
        return self.node("softmax_rows", [x], x.dims, scale=float(scale))

    def matmul(self, a, b):
        """a [..., m, k] b [..., k, n]."""
        if a.dims[:-2] != b.dims[:-2] or a.dims[-1] != b.dims[-2]:
            raise ValueError(f"{a.dims} times {b.dims}")
        return self.node("matmul", [a, b], a.dims[:-1] + b.dims[-1:])

    # Layers

    def conv(self, x, weight, bias, window: "Window", groups: int = 1):
        """x [batch][high][wide][c] to [batch][high'][wide'][m]; weight
        [m][taps high][taps wide][c / groups], bias [m]."""
        weight = np.ascontiguousarray(weight, np.float64)
        if weight.shape[3] * groups != x.dims[3]:
            raise ValueError(f"weight {weight.shape}, {groups} groups, {x.dims[3]} channels")
        dims = (x.dims[0], *window.positions(x.dims[1:3]), len(weight))
        return self.node(
            "conv", [x], dims, weight=weight, bias=np.ascontiguousarray(bias, np.float64),
            window=window, groups=groups, activation="none",
        )  # fmt: skip

    def pool(self, x, window: "Window", kind: str):
        """kind one of POOLS."""
        dims = (x.dims[0], *window.positions(x.dims[1:3]), x.dims[3])
        return self.node("pool", [x], dims, window=window, kind=kind)

    def recurrent(self, x, kind: str, layer: "Layer", states: list) -> list:
        """kind "gru" or "lstm". x [batch][steps][n]; states: before the first
        step, [batch][m] or None, two of an lstm. Gives the states after each
        step [batch][steps][m], the last one, and of an lstm its last cell."""
        m = layer.recurrent.shape[1]
        y = self.node(
            kind, [x] + [s for s in states if s is not None], x.dims[:2] + (m,),
            weight=layer.weight, recurrent=layer.recurrent, bias=layer.bias,
            recurrent_bias=layer.recurrent_bias, reverse=layer.reverse,
            reset_before=layer.reset_before, given=[s is not None for s in states],
        )  # fmt: skip
        node = self.nodes[-1]
        node.outputs += [type(y)((x.dims[0], m)) for _ in states]
        return node.outputs


class Window:
    """How a window slides over [high][wide]: pairs, the height first."""

    def __init__(self, taps, stride=(1, 1), dilation=(1, 1), before=(0, 0), after=(0, 0)):
        self.taps, self.stride, self.dilation = tuple(taps), tuple(stride), tuple(dilation)
        self.before, self.after = tuple(before), tuple(after)

    def words(self) -> list[int]:
        """As attributes of an operator."""
        return [*self.taps, *self.stride, *self.dilation, *self.before, *self.after]

    def positions(self, extent) -> tuple[int, int]:
        found = tuple(
            (n + b + a - (t - 1) * d - 1) // s + 1
            for n, t, s, d, b, a in zip(
                extent, self.taps, self.stride, self.dilation, self.before, self.after
            )
        )
        if min(found) < 1:
            raise ValueError(f"a window of {self.taps} over {extent} positions")
        return found

    def __str__(self) -> str:  # for the hash of a model's parameters
        return str(self.words())


class Layer:
    """Weights of a recurrent layer, gates one behind the other in the order of
    compress/FORMAT.md: weight [G m][n], recurrent [G m][m], biases [G m]."""

    def __init__(self, weight, recurrent, bias, recurrent_bias, reverse, reset_before=False):
        arrays = (weight, recurrent, bias, recurrent_bias)
        self.weight, self.recurrent, self.bias, self.recurrent_bias = (
            np.ascontiguousarray(a, np.float64) for a in arrays
        )
        self.reverse, self.reset_before = bool(reverse), bool(reset_before)
