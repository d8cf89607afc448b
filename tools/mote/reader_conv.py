"""Operators 25 to 36 of arithmetic version 1: windows, moved elements, recurrent
layers."""

from math import prod

from mote.reader_tables import SYMBOL, shape, wholes_bytes
from mote.reader_vector import begin, in_rows, real

CONV, CONV_S8, DEPTHWISE, POOL, CONCAT, SLICE, TRANSPOSE, PAD, RESHAPE = range(25, 34)
GRU, LSTM = 35, 36
NAMES = {
    CONV: "conv",
    CONV_S8: "conv_s8",
    DEPTHWISE: "depthwise",
    POOL: "pool",
    CONCAT: "concat",
    SLICE: "slice",
    TRANSPOSE: "transpose",
    PAD: "pad",
    RESHAPE: "reshape",
    GRU: "gru",
    LSTM: "lstm",
}
IN_PLACE = (RESHAPE,)
WINDOW = ("taps", "stride", "dilation", "before", "after")
MAX_WINDOW = 65535
ACTIVATIONS = ("none", "relu", "sigmoid", "tanh", "gelu", "gelu_tanh")
POOLS = ("largest", "mean of taps inside", "mean of all taps")
MAX_CONCAT = 64
MAX_S8_COLUMNS = 65536  # so that 32 bits hold the sum of products
PANEL = 8
STRIP = 64  # windows of conv_s8 that are gathered together


# ------------------------------------------------------------------------ windows


def axis_fits(a: dict[str, int], before: int, after: int) -> bool:
    """Whether that many positions become that many."""
    reach = (a["taps"] - 1) * a["dilation"]
    padded = a["before"] + a["after"]
    if before >= SYMBOL:
        return after == before and a["stride"] == 1 and padded == reach
    there = before + padded - reach
    return there > 0 and after == (there - 1) // a["stride"] + 1


def windows(words: list[int]) -> list[dict[str, int]]:
    """Of the height and of the width."""
    return [dict(zip(WINDOW, words[axis:10:2], strict=True)) for axis in (0, 1)]


def check_window(check, op, dtype: str = "f32") -> tuple[int, int, int]:
    """Taps of a window, channels of x and of y, which are of that type."""
    (x, *_), (y, *_) = op.reads, op.writes
    axes = windows(op.attributes)
    for a in axes:
        for what, word in a.items():
            least = 0 if what in ("before", "after") else 1
            check.expect(
                least <= word <= MAX_WINDOW,
                f"expected {what} of {least} to {MAX_WINDOW}, got {word}",
            )
    for v in (x, y):
        dims = check.values[v].dims
        fits = len(dims) in (3, 4) and dims[-1] < SYMBOL
        check.expect(fits, f"expected v{v} to be [..., wide, c], got {shape(dtype, dims)}")
        in_rows(check, v, dtype, dims)
    before, after = check.values[x].dims, check.values[y].dims
    check.expect(
        len(before) == len(after) and before[0] == after[0],
        f"expected v{y} of v{x}'s batch, got {shape(dtype, after)}",
    )
    if len(before) == 3:
        flat = axes[0] == {"taps": 1, "stride": 1, "dilation": 1, "before": 0, "after": 0}
        check.expect(flat, f"expected no window over a height, got {axes[0]}")
        axes = axes[1:]
    for a, i, o in zip(axes, before[1:-1], after[1:-1], strict=True):
        check.expect(axis_fits(a, i, o), f"expected what {a} makes of {i} positions, got {o}")
    return op.attributes[0] * op.attributes[1], before[-1], after[-1]


def check_activated(check, op) -> tuple[int, int, int]:
    """Likewise, of an operator with an activation behind its window."""
    check.attribute(op.attributes[10], len(ACTIVATIONS), "activation")
    return check_window(check, op)


def bias(check, v: int | None, m: int) -> None:
    if v is not None:
        check.tensor(v, "f32", (m,))


def check_conv(check, op) -> None:
    begin(check, op, 3, 1, 11, (2,))
    taps, c, m = check_activated(check, op)
    _, w, b = op.reads
    groups = check.values[w].dims[0] if check.values[w].dims else 1
    check.expect(
        c % groups == m % groups == 0, f"expected groups that divide {c} and {m}, got {groups}"
    )
    check.tensor(w, "f32", (groups, taps * c // groups, m // groups))
    bias(check, b, m)


def panels(check, v: int, m: int, n: int) -> None:
    check.expect(n <= MAX_S8_COLUMNS, f"expected at most {MAX_S8_COLUMNS} columns, got {n}")
    check.tensor(v, "s8", (m, n), rows=False)


def scratch(check, v: int, dtype: str, least: int) -> None:
    value = check.values[v]
    check.expect(
        value.dtype == dtype and len(value.dims) == 1 and least <= value.dims[0] < SYMBOL,
        f"expected v{v} to be {dtype} of a constant length of at least {least}, "
        f"got {shape(value.dtype, value.dims)}",
    )


def check_conv_s8(check, op) -> None:
    begin(check, op, 4, 2, 11, (3,))
    taps, c, m = check_activated(check, op)
    _, w, scale, b = op.reads
    check_panels(check, op, taps, c, m)
    check.tensor(scale, "f32", (m,))
    bias(check, b, m)


def check_panels(check, op, taps: int, c: int, m: int) -> None:
    """The weights of what is int8, and its scratch."""
    x, w = op.reads[:2]
    dims = check.values[w].dims
    check.expect(len(dims) == 2, f"expected v{w} to be a matrix, got {len(dims)} dimensions")
    each = dims[1] // taps
    check.expect(
        dims[1] == each * taps and each > 0 and c % each == 0,
        f"expected rows of {taps} taps of a part of {c} channels, got {dims[1]}",
    )
    groups = c // each
    check.expect(
        m % groups == 0 and (groups == 1 or m // groups % PANEL == 0),
        f"expected {groups} groups of whole panels, got {m} rows",
    )
    panels(check, w, m, dims[1])
    largest = check.values[x].largest[1:-1]
    padded = [a["before"] + i + a["after"] for a, i in zip(windows(op.attributes)[::-1],
                                                            largest[::-1])]  # fmt: skip
    scratch(check, op.writes[1], "u8", STRIP * (4 + dims[1]) + prod(padded) * c)


def check_depthwise(check, op) -> None:
    begin(check, op, 3, 1, 11, (2,))
    taps, c, m = check_activated(check, op)
    check.expect(m == c, f"expected {c} channels, got {m}")
    check.tensor(op.reads[1], "f32", (taps, c))
    bias(check, op.reads[2], c)


def check_pool(check, op) -> None:
    begin(check, op, 1, 1, 11)
    _, c, m = check_window(check, op)
    check.attribute(op.attributes[10], len(POOLS), "kind")
    check.expect(m == c, f"expected {c} channels, got {m}")
    for a in windows(op.attributes):
        fits = a["dilation"] == 1 and a["before"] < a["taps"] and a["after"] < a["taps"]
        check.expect(fits, f"expected dilation 1 and less padding than taps, got {a}")


# ----------------------------------------------------------------- moved elements


def rows_of_any(check, v: int) -> tuple[str, tuple[int, ...]]:
    value = check.values[v]
    check.expect(value.rows, f"expected v{v} in rows")
    return value.dtype, value.dims


def alike_but(check, x: int, y: int, axis: int) -> tuple[int, int]:
    """How long x and y are on the axis, the only one on which they differ."""
    dtype, dims = rows_of_any(check, x)
    check.attribute(axis, len(dims), "axis")
    target = check.values[y].dims
    long = target[axis] if axis < len(target) else 0
    check.shape(y, dtype, dims[:axis] + (long,) + dims[axis + 1 :])
    check.expect(
        dims[axis] < SYMBOL and long < SYMBOL, f"expected axis {axis} of a constant length"
    )
    return dims[axis], long


def check_concat(check, op) -> None:
    reads = len(op.reads)
    check.expect(1 <= reads <= MAX_CONCAT, f"expected 1 to {MAX_CONCAT} reads, got {reads}")
    begin(check, op, reads, 1, 1)
    (y,), (axis,) = op.writes, op.attributes
    lengths = [alike_but(check, x, y, axis) for x in op.reads]
    total, long = sum(n for n, _ in lengths), lengths[0][1]
    check.expect(total == long, f"expected v{y} to be {total} long, got {long}")


def check_slice(check, op) -> None:
    begin(check, op, 1, 1, 2)
    axis, first = op.attributes
    there, long = alike_but(check, op.reads[0], op.writes[0], axis)
    check.expect(first + long <= there, f"expected {first} + {long} within {there}")


def check_transpose(check, op) -> None:
    axes = op.attributes
    begin(check, op, 1, 1, len(axes))
    (x,), (y,) = op.reads, op.writes
    dtype, dims = rows_of_any(check, x)
    check.expect(
        len(dims) > 0 and sorted(axes) == list(range(len(dims))),
        f"expected an order of {len(dims)} axes, got {axes}",
    )
    check.shape(y, dtype, tuple(dims[a] for a in axes))


def check_pad(check, op) -> None:
    begin(check, op, 1, 1, 3)
    (x,), (y,), (axis, before, _) = op.reads, op.writes, op.attributes
    in_rows(check, x, "f32", check.values[x].dims)
    there, long = alike_but(check, x, y, axis)
    check.expect(before + there <= long, f"expected {before} + {there} within {long}")


def elements(dims: tuple[int, ...]) -> tuple[int, list[int]]:
    """The constants multiplied, and the symbols."""
    return prod(d for d in dims if d < SYMBOL), sorted(d for d in dims if d >= SYMBOL)


def check_reshape(check, op) -> None:
    begin(check, op, 1, 1, 0)
    (x,), (y,) = op.reads, op.writes
    dtype, dims = rows_of_any(check, x)
    target = check.values[y]
    check.expect(
        target.dtype == dtype and elements(target.dims) == elements(dims),
        f"expected v{y} to be {shape(dtype, dims)} in another shape, "
        f"got {shape(target.dtype, target.dims)}",
    )


# --------------------------------------------------------------- recurrent layers


def check_gates(check, w: int, c: int | None, b: int | None, n: int, m: int) -> None:
    """Weights of all gates, m outputs for n inputs."""
    if c is None:
        check.tensor(w, "f32", (n, m))
    else:
        panels(check, w, m, n)
        check.tensor(c, "f32", (m,))
    bias(check, b, m)


def check_layer(check, op, gates: int) -> tuple[int, int]:
    """What gru and lstm share; the batch and the numbers of a state."""
    x, w, c, r, d, b, e, h = op.reads[:8]
    y, last, *_, room = op.writes
    for word in op.attributes:
        check.attribute(word, 2, "a flag")
    for v in (x, y):
        dims = check.values[v].dims
        check.expect(
            len(dims) == 3 and dims[2] < SYMBOL,
            f"expected v{v} to be [batch, steps, n], got {shape('f32', dims)}",
        )
    batch, steps, n = check.values[x].dims
    m = check.values[y].dims[2]
    in_rows(check, x, "f32", (batch, steps, n))
    in_rows(check, y, "f32", (batch, steps, m))
    check.expect((c is None) == (d is None), "expected scales of w and r, or of neither")
    check_gates(check, w, c, b, n, gates * m)
    check_gates(check, r, d, e, m, gates * m)
    if h is not None:
        in_rows(check, h, "f32", (batch, m))
    in_rows(check, last, "f32", (batch, m))
    most = check.values[x].largest[1]
    floats = gates * m * (most + 1) + (gates - 1) * m
    if c is not None:
        floats += most + -(-max(most * n, m) // 4)
    scratch(check, room, "f32", floats + wholes_bytes(check.values, op) // 4)
    return batch, m


def check_gru(check, op) -> None:
    begin(check, op, 8, 3, 2, (2, 4, 5, 6, 7))
    check_layer(check, op, 3)


def check_lstm(check, op) -> None:
    begin(check, op, 9, 4, 1, (2, 4, 5, 6, 7, 8))
    batch, m = check_layer(check, op, 4)
    for v in (op.reads[8], op.writes[2]):
        if v is not None:
            in_rows(check, v, "f32", (batch, m))


CHECKS = {
    CONV: check_conv,
    CONV_S8: check_conv_s8,
    DEPTHWISE: check_depthwise,
    POOL: check_pool,
    CONCAT: check_concat,
    SLICE: check_slice,
    TRANSPOSE: check_transpose,
    PAD: check_pad,
    RESHAPE: check_reshape,
    GRU: check_gru,
    LSTM: check_lstm,
}


def attributes(op) -> dict[str, str | int | float]:
    """The words behind the operands, by name."""
    a = op.attributes
    if op.opcode in (CONV, CONV_S8, DEPTHWISE, POOL):
        named = {name: f"{a[2 * i]} x {a[2 * i + 1]}" for i, name in enumerate(WINDOW)}
        kind = {"kind": POOLS[a[10]]} if op.opcode == POOL else {"activation": ACTIVATIONS[a[10]]}
        return named | kind
    names = {
        CONCAT: ("axis",),
        SLICE: ("axis", "first"),
        PAD: ("axis", "before", "value"),
        GRU: ("reverse", "reset before"),
        LSTM: ("reverse",),
    }
    if op.opcode == TRANSPOSE:
        return {"axes": ", ".join(map(str, a))}
    named = dict(zip(names.get(op.opcode, ()), a))
    return named | ({"value": real(a[2])} if op.opcode == PAD else {})
