"""Operators 23, 24 and 64 to 67 of arithmetic version 1: int8 with scales that
the file states, and with zero points."""

from mote.reader_conv import check_panels, check_window, windows
from mote.reader_vector import begin, in_rows, number, real

QUANTIZE_FIXED, DENSE_FIXED = 23, 24
CONV_FIXED, DEPTHWISE_FIXED, QUANTIZE_U8, DENSE_U8 = range(60, 64)
NAMES = {
    QUANTIZE_FIXED: "quantize_fixed",
    DENSE_FIXED: "dense_fixed",
    CONV_FIXED: "conv_fixed",
    DEPTHWISE_FIXED: "depthwise_fixed",
    QUANTIZE_U8: "quantize_u8",
    DENSE_U8: "dense_u8",
}
IN_PLACE = ()
MAX_S8_COLUMNS = 65536  # so that 32 bits hold the sum of products


def signed(word: int) -> int:
    return word - (1 << 32) if word >> 31 else word


def zero_point(check, word: int, name: str) -> None:
    zero = signed(word)
    check.expect(-128 <= zero <= 127, f"expected {name} from -128 to 127, got {zero}")


def check_quantize_fixed(check, op) -> None:
    begin(check, op, 1, 1, 2)
    (x,), (q,) = op.reads, op.writes
    before, n = check.rows(x, "f32")
    in_rows(check, q, "s8", before + (n,))
    zero_point(check, op.attributes[0], "zero")
    number(check, op.attributes[1], "scale")


def check_dense_fixed(check, op) -> None:
    begin(check, op, 4, 1, 2)
    (q, w, c, b), (y,) = op.reads, op.writes
    before, n = check.rows(q, "s8")
    check.expect(n <= MAX_S8_COLUMNS, f"expected at most {MAX_S8_COLUMNS} columns, got {n}")
    _, m = check.rows(y, "s8")
    in_rows(check, y, "s8", before + (m,))
    check.tensor(w, "s8", (m, n), rows=False)
    check.tensor(c, "f32", (m,))
    check.tensor(b, "s32", (m,))
    for word, name in zip(op.attributes, ("zero", "low")):
        zero_point(check, word, name)


def check_window_fixed(check, op, writes: int) -> tuple[int, int, int]:
    """Taps, channels of q and of y; all but the weights and the scratch."""
    begin(check, op, 4, writes, 13)
    taps, c, m = check_window(check, op, "s8")
    check.tensor(op.reads[2], "f32", (m,))
    check.tensor(op.reads[3], "s32", (m,))
    for word, name in zip(op.attributes[10:], ("zero of q", "zero", "low")):
        zero_point(check, word, name)
    return taps, c, m


def check_conv_fixed(check, op) -> None:
    check_panels(check, op, *check_window_fixed(check, op, 2))


def check_depthwise_fixed(check, op) -> None:
    taps, c, m = check_window_fixed(check, op, 1)
    check.expect(m == c, f"expected {c} channels, got {m}")
    check.expect(taps <= MAX_S8_COLUMNS, f"expected at most {MAX_S8_COLUMNS} taps, got {taps}")
    check.tensor(op.reads[1], "s8", (taps, c))


def check_quantize_u8(check, op) -> None:
    begin(check, op, 1, 3, 1)
    (x,), (q, s, zero), (shared,) = op.reads, op.writes, op.attributes
    before, n = check.rows(x, "f32")
    in_rows(check, q, "s8", before + (n,))
    in_rows(check, s, "f32", before)
    in_rows(check, zero, "f32", before)
    rank = len(before) + 1
    check.expect(1 <= shared <= rank, f"expected shared of 1 to {rank}, got {shared}")


def check_dense_u8(check, op) -> None:
    begin(check, op, 7, 1, 0, optional=(6,))
    (q, s, zero, w, c, t, b), (y,) = op.reads, op.writes
    before, n = check.rows(q, "s8")
    in_rows(check, s, "f32", before)
    in_rows(check, zero, "f32", before)
    check.expect(n <= MAX_S8_COLUMNS, f"expected at most {MAX_S8_COLUMNS} columns, got {n}")
    _, m = check.rows(y, "f32")
    in_rows(check, y, "f32", before + (m,))
    check.tensor(w, "s8", (m, n), rows=False)
    for v in (c, t) if b is None else (c, t, b):
        check.tensor(v, "f32", (m,))


CHECKS = {
    QUANTIZE_FIXED: check_quantize_fixed,
    DENSE_FIXED: check_dense_fixed,
    CONV_FIXED: check_conv_fixed,
    DEPTHWISE_FIXED: check_depthwise_fixed,
    QUANTIZE_U8: check_quantize_u8,
    DENSE_U8: check_dense_u8,
}


def attributes(op) -> dict[str, int | float]:
    """The words behind the operands, by name."""
    if op.opcode == QUANTIZE_FIXED:
        return {"zero": signed(op.attributes[0]), "scale": real(op.attributes[1])}
    if op.opcode == DENSE_FIXED:
        return {"zero": signed(op.attributes[0]), "low": signed(op.attributes[1])}
    if op.opcode in (CONV_FIXED, DEPTHWISE_FIXED):
        high, wide = windows(op.attributes)
        words = zip(("zero of q", "zero", "low"), map(signed, op.attributes[10:]))
        return {"high": high, "wide": wide, **dict(words)}
    if op.opcode == QUANTIZE_U8:
        return {"shared": op.attributes[0]}
    return {}
