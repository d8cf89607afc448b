"""Operators 49 to 59 of arithmetic version 1: tensors of any type."""

from mote.reader_conv import alike_but, rows_of_any
from mote.reader_tables import shape
from mote.reader_vector import begin, in_rows

CONVERT, EXPAND, COMPARE, LOGIC, SELECT, MATMUL, TAKE, UNARY, POWER, INTEGER = range(50, 60)
REMAINDER = 49
NAMES = {
    CONVERT: "convert",
    EXPAND: "expand",
    COMPARE: "compare",
    LOGIC: "logic",
    SELECT: "select",
    MATMUL: "matmul",
    TAKE: "take",
    UNARY: "unary",
    POWER: "power",
    INTEGER: "integer",
    REMAINDER: "remainder",
}
IN_PLACE = (LOGIC, UNARY, POWER, INTEGER, REMAINDER)
KINDS = {
    COMPARE: ("==", "<", "<="),
    LOGIC: ("and", "or", "xor"),
    UNARY: ("log", "floor", "ceil", "round", "sign"),
    INTEGER: ("+", "-", "*", "/", "min", "max", "mod", "rem"),
    REMAINDER: ("mod", "rem"),
}
COMPARED = ("f32", "f64", "s32", "bool")


def like_or_one(check, v: int, dtype: str, dims: tuple[int, ...]) -> None:
    """Of those dimensions, or one number."""
    own = check.values[v].dims
    in_rows(check, v, dtype, own if own in ((), (1,)) else dims)


def kind(check, op) -> None:
    check.attribute(op.attributes[0], len(KINDS[op.opcode]), "kind")


def check_convert(check, op) -> None:
    begin(check, op, 1, 1, 0)
    (x,), (y,) = op.reads, op.writes
    _, dims = rows_of_any(check, x)
    in_rows(check, y, check.values[y].dtype, dims)


def check_expand(check, op) -> None:
    begin(check, op, 1, 1, 0)
    (x,), (y,) = op.reads, op.writes
    dtype, dims = rows_of_any(check, x)
    target = check.values[y]
    fits = (
        target.dtype == dtype
        and len(target.dims) == len(dims)
        and all(a in (b, 1) for a, b in zip(dims, target.dims))
    )
    check.expect(
        fits,
        f"expected v{y} to be {shape(dtype, dims)} with axes of length 1 repeated, "
        f"got {shape(target.dtype, target.dims)}",
    )


def check_compare(check, op) -> None:
    begin(check, op, 2, 1, 1)
    (a, b), (y,) = op.reads, op.writes
    dtype, dims = rows_of_any(check, a)
    check.expect(dtype in COMPARED, f"expected v{a} of {' or '.join(COMPARED)}, got {dtype}")
    like_or_one(check, b, dtype, dims)
    in_rows(check, y, "bool", dims)
    kind(check, op)


def check_pairs_of(dtype: str):
    """Two operands of that type, the second perhaps one number."""

    def check_pairs(check, op) -> None:
        begin(check, op, 2, 1, 1 if op.opcode in KINDS else 0)
        (a, b), (y,) = op.reads, op.writes
        dims = check.values[a].dims
        in_rows(check, a, dtype, dims)
        like_or_one(check, b, dtype, dims)
        in_rows(check, y, dtype, dims)
        if op.opcode in KINDS:
            kind(check, op)

    return check_pairs


def check_select(check, op) -> None:
    begin(check, op, 3, 1, 0)
    (which, a, b), (y,) = op.reads, op.writes
    dims, dtype = check.values[which].dims, check.values[y].dtype
    in_rows(check, which, "bool", dims)
    like_or_one(check, a, dtype, dims)
    like_or_one(check, b, dtype, dims)
    in_rows(check, y, dtype, dims)


def check_matmul(check, op) -> None:
    begin(check, op, 2, 1, 0)
    (a, b), (y,) = op.reads, op.writes
    left, right = check.values[a].dims, check.values[b].dims
    fits = 2 <= len(left) == len(right) and (*left[:-2], left[-1]) == right[:-1]
    check.expect(
        fits, f"expected [..., m, k] and [..., k, n], got {shape('f32', left)} and "
        f"{shape('f32', right)}",
    )  # fmt: skip
    in_rows(check, a, "f32", left)
    in_rows(check, b, "f32", right)
    in_rows(check, y, "f32", left[:-1] + right[-1:])


def check_take(check, op) -> None:
    begin(check, op, 2, 1, 1)
    (x, index), (y,), (axis,) = op.reads, op.writes, op.attributes
    count = check.values[index].dims[:1]
    check.tensor(index, "s32", count or (0,))
    there, long = alike_but(check, x, y, axis)
    check.expect(long == count[0], f"expected axis {axis} to be {count[0]} long, got {long}")


def take_contents(c, op) -> None:
    there = c.values[op.reads[0]].dims[op.attributes[0]]
    c.expect(bool((c.words(op.reads[1]) < there).all()), f"expected indices of 0 to {there - 1}")


CONTENTS = {TAKE: take_contents}


def check_unary(check, op) -> None:
    begin(check, op, 1, 1, 1)
    (x,), (y,) = op.reads, op.writes
    dims = check.values[x].dims
    in_rows(check, x, "f32", dims)
    in_rows(check, y, "f32", dims)
    kind(check, op)


CHECKS = {
    CONVERT: check_convert,
    EXPAND: check_expand,
    COMPARE: check_compare,
    LOGIC: check_pairs_of("bool"),
    SELECT: check_select,
    MATMUL: check_matmul,
    TAKE: check_take,
    UNARY: check_unary,
    POWER: check_pairs_of("f32"),
    INTEGER: check_pairs_of("s32"),
    REMAINDER: check_pairs_of("f32"),
}


def attributes(op) -> dict[str, str | int]:
    """The words behind the operands, by name."""
    if op.opcode in KINDS:
        return {"kind": KINDS[op.opcode][op.attributes[0]]}
    return {"axis": op.attributes[0]} if op.opcode == TAKE else {}
