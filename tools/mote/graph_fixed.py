"""Methods of Graph for int8 with scales that are known before a run, and for
the zero points that a run finds. Values of int8 are of dtype "s8"; what the
trainer has as uint8 is there less 128, its zero points as well.

A Grid says what integers stand for: real = (q - zero) times scale.
"""

from dataclasses import dataclass

import numpy as np

TABLE = np.where(np.arange(256) > 127, np.arange(256) - 256, np.arange(256))
MOST_COLUMNS = 65536  # of an int8 product, so that 32 bits hold its sum


@dataclass(frozen=True)
class Grid:
    """scale: an f32 above 0; zero: -128 to 127."""

    scale: float
    zero: int

    def __str__(self) -> str:  # for the hash of a model's parameters
        return f"{float(self.scale).hex()} {self.zero}"


def on_grid(x: np.ndarray, grid: Grid) -> np.ndarray:
    """float32 to int8, as quantize_fixed of compress/FORMAT.md does it."""
    with np.errstate(over="ignore"):
        q = np.rint(x.astype(np.float32) / np.float32(grid.scale))
    return (np.clip(q, -128 - grid.zero, 127 - grid.zero) + grid.zero).astype(np.int8)


def int8_weights(weight: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """[m][...] and a scale for each of m to int8, never -128."""
    by = np.asarray(scale, np.float64).reshape((-1,) + (1,) * (weight.ndim - 1))
    return np.clip(np.rint(weight / by), -127, 127).astype(np.int8)


class FixedMethods:
    """node() is Graph's."""

    def quantize_fixed(self, x, grid: Grid):
        """Numbers to int8."""
        return self.node("quantize_fixed", [x], x.dims, grid=grid, dtype="s8")

    def lookup(self, q, table, shift: int | None = None):
        """table[q], float32 [256], of a negative q table[q + 256]. shift: the
        table is q + shift, integers as they are."""
        return self.node("lookup", [q], q.dims, table=np.asarray(table, np.float32), shift=shift)

    def regrid(self, q, table):
        """table[q], integers of int8 [256]."""
        table = np.asarray(table, np.int8)
        return self.node("lookup", [q], q.dims, table=table, shift=None, dtype="s8")

    def integers(self, q, shift: int):
        """q + shift as real numbers."""
        return self.lookup(q, TABLE + shift, shift)

    def dequantize_fixed(self, q, grid: Grid):
        """(q - zero) scale, rounded once."""
        real = (TABLE - grid.zero).astype(np.float32) * np.float32(grid.scale)
        return self.lookup(q, real)

    def dense_fixed(self, q, weight, scale, bias, of: Grid, to: Grid, relu: bool = False):
        """weight [m][n] in scales [m] and bias [m], all real numbers; q is `of` a
        grid, the result on that of `to`, int8."""
        dims = q.dims[:-1] + (len(weight),)
        return self.node(
            "dense_fixed", [q], dims, **fixed(weight, scale, bias, of, to, relu), dtype="s8"
        )

    def conv_fixed(
        self, q, weight, scale, bias, window, groups: int, of: Grid, to: Grid, relu: bool = False
    ):
        """Likewise, with weight and window as those of conv()."""
        dims = (q.dims[0], *window.positions(q.dims[1:3]), len(weight))
        return self.node(
            "conv_fixed", [q], dims, **fixed(weight, scale, bias, of, to, relu),
            window=window, groups=groups, dtype="s8",
        )  # fmt: skip

    def quantize_u8(self, x, shared: int) -> list:
        """int8, and f32 for each row: its scale, and what stands for 0. The last
        `shared` dimensions have one scale together."""
        q = self.node("quantize_u8", [x], x.dims, shared=shared, dtype="s8")
        node = self.nodes[-1]
        node.outputs += [type(q)(x.dims[:-1]) for _ in range(2)]
        return node.outputs

    def dense_u8(self, quantized: list, weight, scale, bias=None):
        """The product of what quantize_u8 gave with weight [m][n] in scales [m]."""
        dims = quantized[0].dims[:-1] + (len(weight),)
        return self.node(
            "dense_u8", list(quantized), dims,
            weight=np.ascontiguousarray(weight, np.float64),
            scale=np.ascontiguousarray(scale, np.float64),
            bias=None if bias is None else np.ascontiguousarray(bias, np.float64),
        )  # fmt: skip


def fixed(weight, scale, bias, of: Grid, to: Grid, relu: bool) -> dict:
    arrays = {"weight": weight, "scale": scale, "bias": bias}
    arrays = {k: np.ascontiguousarray(v, np.float64) for k, v in arrays.items()}
    arrays["scale"] = with_room(**arrays, of=of)
    return arrays | {"of": of, "to": to, "relu": bool(relu)}


def with_room(weight: np.ndarray, scale: np.ndarray, bias: np.ndarray, of: Grid) -> np.ndarray:
    """Scales [m] with which a bias and its products fit 32 bits together. Weights that
    are next to nothing beside their bias come in scales too small for that; in larger
    ones each is off by half a scale, which all together is |bias| n 255 / 2^32 at most.

    A sum is of (q - zero) w, and q - zero from -255 to 255; 2^10 are left for what
    float32 makes of the scales."""
    w = int8_weights(weight, scale).reshape(len(weight), -1)
    room = 2**31 - 2**10 - 255 * np.abs(w.astype(np.int64)).sum(axis=1)
    return np.maximum(scale, np.abs(bias) / (of.scale * room))
