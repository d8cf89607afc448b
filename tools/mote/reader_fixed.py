"""Operators 23 and 24 of arithmetic version 1: int8 with scales that the file
states."""

from mote.reader_vector import begin, in_rows, number, real

QUANTIZE_FIXED, DENSE_FIXED = 23, 24
NAMES = {QUANTIZE_FIXED: "quantize_fixed", DENSE_FIXED: "dense_fixed"}
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


CHECKS = {QUANTIZE_FIXED: check_quantize_fixed, DENSE_FIXED: check_dense_fixed}


def attributes(op) -> dict[str, int | float]:
    """The words behind the operands, by name."""
    if op.opcode == QUANTIZE_FIXED:
        return {"zero": signed(op.attributes[0]), "scale": real(op.attributes[1])}
    if op.opcode == DENSE_FIXED:
        return {"zero": signed(op.attributes[0]), "low": signed(op.attributes[1])}
    return {}
