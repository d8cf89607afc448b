"""Operators 10 to 19 of arithmetic version 1: fp32 work on rows, transformers."""

import struct
from math import isfinite

from mote.reader_tables import SYMBOL, shape

MAP, BINARY, NORM, SOFTMAX_F32, EMBED, POSITION, ATTENTION, REDUCE, NORMALIZE, LOOKUP = range(
    10, 20
)
NAMES = {
    MAP: "map",
    BINARY: "binary",
    NORM: "norm",
    SOFTMAX_F32: "softmax_f32",
    EMBED: "embed",
    POSITION: "position",
    ATTENTION: "attention",
    REDUCE: "reduce",
    NORMALIZE: "normalize",
    LOOKUP: "lookup",
}
IN_PLACE = (MAP, BINARY, NORM, SOFTMAX_F32, EMBED, POSITION, NORMALIZE, LOOKUP)
MAP_KINDS = {
    1: "relu",
    2: "sigmoid",
    3: "tanh",
    4: "gelu",
    5: "gelu_tanh",
    16: "exp",
    17: "erf",
    18: "abs",
    19: "sqrt",
    20: "neg",
    21: "reciprocal",
    22: "log",
}
MAP_KINDS_F32 = tuple(k for k in MAP_KINDS if k != 22)
MAP_KINDS_F64 = (1, 2, 3, 16, 18, 19, 20, 22)
BINARY_KINDS = ("+", "-", "*", "/", "min", "max")
NORM_KINDS = ("layer", "rms")
REDUCE_KINDS = ("mean", "max", "sum", "first", "last")
TABLE_BYTES = 256
STRIP = PAD = 16  # of attention's scratch


def begin(check, op, reads: int, writes: int, attributes: int, optional: tuple = ()) -> None:
    check.counts(op, reads, writes, attributes)
    for i, v in enumerate(op.reads + op.writes):
        present = v is not None or i in optional
        check.expect(present, f"expected a value as operand {i}, got none")


def like(check, v: int, x: int) -> None:
    """v is f32 rows of x's shape."""
    in_rows(check, v, "f32", check.values[x].dims)


def in_rows(check, v: int, dtype: str, dims: tuple[int, ...]) -> None:
    check.shape(v, dtype, dims)
    check.expect(check.values[v].rows, f"expected v{v} in rows")


def real(word: int) -> float:
    return struct.unpack("<f", struct.pack("<I", word))[0]


def number(check, word: int, name: str) -> None:
    """The bits of an f32 that is finite and above 0."""
    x = real(word)
    check.expect(isfinite(x) and x > 0, f"expected {name} above 0 and finite, got {x}")


def steps(check, x: int) -> tuple[tuple[int, ...], int, int]:
    """Of f32 [..., s, n]: the dimensions before, s, and n."""
    before, n = check.rows(x, "f32")
    check.expect(
        len(before) >= 1, f"expected v{x} to be [..., s, n], got {shape('f32', before + (n,))}"
    )
    return before[:-1], before[-1], n


def check_map(check, op) -> None:
    begin(check, op, 1, 1, 1)
    (x,), (y,), (kind,) = op.reads, op.writes, op.attributes
    check.rows(x, "f32", "f64")
    dtype = check.values[x].dtype
    in_rows(check, y, dtype, check.values[x].dims)
    kinds = MAP_KINDS_F32 if dtype == "f32" else MAP_KINDS_F64
    check.expect(kind in kinds, f"expected a kind of {list(kinds)}, got {kind}")


def check_binary(check, op) -> None:
    begin(check, op, 2, 1, 1)
    (a, b), (y,), (kind,) = op.reads, op.writes, op.attributes
    before, n = check.rows(a, "f32", "f64")
    dtype, dims = check.values[a].dtype, check.values[b].dims
    known = dims in (before + (n,), (n,), (1,), ())
    in_rows(check, b, dtype, dims if known else before + (n,))
    in_rows(check, y, dtype, before + (n,))
    check.attribute(kind, len(BINARY_KINDS), "kind")


def check_norm(check, op) -> None:
    begin(check, op, 4, 1, 2, optional=(1, 3))
    (x, r, g, b), (y,), (kind, eps) = op.reads, op.writes, op.attributes
    _, n = check.rows(x, "f32")
    if r is not None:
        like(check, r, x)
    check.tensor(g, "f32", (n,))
    if b is not None:
        check.tensor(b, "f32", (n,))
    like(check, y, x)
    check.attribute(kind, len(NORM_KINDS), "kind")
    number(check, eps, "eps")


def check_softmax(check, op) -> None:
    begin(check, op, 1, 1, 1)
    (x,), (y,), (scale,) = op.reads, op.writes, op.attributes
    check.rows(x, "f32")
    like(check, y, x)
    number(check, scale, "scale")


def check_table(check, table: int, scale: int | None, n: int) -> int:
    """Its rows: of s8 with a scale for each, or of f32 without."""
    dims = check.values[table].dims
    check.expect(len(dims) == 2, f"expected v{table} to be a matrix, got {len(dims)} dimensions")
    check.tensor(table, "f32" if scale is None else "s8", (dims[0], n))
    if scale is not None:
        check.tensor(scale, "f32", (dims[0],))
    return dims[0]


def check_embed(check, op) -> None:
    begin(check, op, 4, 1, 0, optional=(0, 3))
    (a, ids, table, scale), (y,) = op.reads, op.writes
    before, n = check.rows(y, "f32")
    check.expect(len(before) >= 1, f"expected v{y} to be [..., n], got no ids")
    in_rows(check, ids, "s32", before)
    check_table(check, table, scale, n)
    if a is not None:
        like(check, a, y)


def check_position(check, op) -> None:
    begin(check, op, 3, 1, 0, optional=(2,))
    (x, table, scale), (y,) = op.reads, op.writes
    _, _, n = steps(check, x)
    rows = check_table(check, table, scale, n)
    most = check.values[x].largest[-2]
    check.expect(rows >= most, f"expected a table for {most} steps, got {rows}")
    like(check, y, x)


def padded(n: int) -> int:
    return n + -n % PAD


def check_attention(check, op) -> None:
    begin(check, op, 1, 2, 3)
    (qkv,), (y, scratch), (heads, scale, causal) = op.reads, op.writes, op.attributes
    before, s, n = steps(check, qkv)
    even = heads > 0 and n < SYMBOL and n % (3 * heads) == 0
    check.expect(even, f"expected v{qkv} to be 3 x {heads} heads wide, got {n}")
    in_rows(check, y, "f32", before + (s, n // 3))
    d, most = n // 3 // heads, check.values[qkv].largest[-2]
    keys, columns = padded(most), padded(d)
    floats = d * keys + most * columns + STRIP * (keys + columns)
    value = check.values[scratch]
    check.expect(
        value.dtype == "f32" and len(value.dims) == 1 and floats <= value.dims[0] < SYMBOL,
        f"expected scratch of f32[{floats}] or more, got {shape(value.dtype, value.dims)}",
    )
    number(check, scale, "scale")
    check.attribute(causal, 2, "causal")


def check_reduce(check, op) -> None:
    begin(check, op, 1, 1, 1)
    (x,), (y,), (kind,) = op.reads, op.writes, op.attributes
    before, _, n = steps(check, x)
    in_rows(check, y, "f32", before + (n,))
    check.attribute(kind, len(REDUCE_KINDS), "kind")


def check_normalize(check, op) -> None:
    begin(check, op, 1, 1, 0)
    (x,), (y,) = op.reads, op.writes
    check.rows(x, "f32")
    like(check, y, x)


def check_lookup(check, op) -> None:
    begin(check, op, 2, 1, 0)
    (x, table), (y,) = op.reads, op.writes
    for v, dtypes in ((x, ("u8", "s8")), (table, ("u8", "s8", "f32"))):
        dtype = check.values[v].dtype
        check.expect(dtype in dtypes, f"expected v{v} of {' or '.join(dtypes)}, got {dtype}")
    in_rows(check, x, check.values[x].dtype, check.values[x].dims)
    check.tensor(table, check.values[table].dtype, (TABLE_BYTES,))
    in_rows(check, y, check.values[table].dtype, check.values[x].dims)


CHECKS = {
    MAP: check_map,
    BINARY: check_binary,
    NORM: check_norm,
    SOFTMAX_F32: check_softmax,
    EMBED: check_embed,
    POSITION: check_position,
    ATTENTION: check_attention,
    REDUCE: check_reduce,
    NORMALIZE: check_normalize,
    LOOKUP: check_lookup,
}


def attributes(op) -> dict[str, str | int | float]:
    """The words behind the operands, by name."""
    a = op.attributes
    kinds = {MAP: MAP_KINDS, BINARY: BINARY_KINDS, NORM: NORM_KINDS, REDUCE: REDUCE_KINDS}
    named = {"kind": kinds[op.opcode][a[0]]} if op.opcode in kinds else {}
    if op.opcode == NORM:
        named["eps"] = real(a[1])
    if op.opcode == SOFTMAX_F32:
        named["scale"] = real(a[0])
    if op.opcode == ATTENTION:
        named = {"heads": a[0], "scale": real(a[1]), "causal": a[2]}
    return named
