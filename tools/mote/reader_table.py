"""Operators 40 to 46 of arithmetic version 1: what stands between the columns
of a table and a model."""

import numpy as np

from mote.reader_tables import SYMBOL
from mote.reader_trees import table
from mote.reader_vector import begin

COLUMNS, FILL, ENCODE, EQUAL, PRODUCTS, DISTANCE, LINEAR_LEAVES = range(40, 47)
NAMES = {
    COLUMNS: "columns",
    FILL: "fill",
    ENCODE: "encode",
    EQUAL: "equal",
    PRODUCTS: "products",
    DISTANCE: "distance",
    LINEAR_LEAVES: "linear_leaves",
}
IN_PLACE = (FILL, ENCODE)
ENCODE_KINDS = ("exact", "floor")


def attributes(op) -> dict[str, str]:
    return {"kind": ENCODE_KINDS[op.attributes[0]]} if op.opcode == ENCODE else {}


# ---------------------------------------------------------------------- shapes


def rows(check, v: int, *dtypes: str) -> tuple[tuple[int, ...], int]:
    """Of [..., n], n a constant: the leading dimensions, and n."""
    before, n = check.rows(v, *dtypes)
    check.expect(n < SYMBOL, f"expected v{v} to have constant columns, got {check.values[v].dims}")
    return before, n


def length(check, v: int, dtype: str) -> int:
    return table(check, v, (dtype,), 1)[0]


def check_columns(check, op) -> None:
    begin(check, op, 2, 1, 0)
    (x, index), (y,) = op.reads, op.writes
    before, _ = rows(check, x, "f32", "f64")
    m = length(check, index, "s32")
    check.shape(y, check.values[x].dtype, before + (m,))


def check_fill(check, op) -> None:
    begin(check, op, 3, 1, 0)
    (x, what, with_), (y,) = op.reads, op.writes
    before, n = rows(check, x, "f64")
    check.tensor(what, "f64", (n,))
    check.tensor(with_, "f64", (n,))
    check.shape(y, "f64", before + (n,))


def check_encode(check, op) -> None:
    begin(check, op, 6, 1, 1)
    (x, starts, keys, values, other, missing), (y,) = op.reads, op.writes
    before, n = rows(check, x, "f64")
    check.tensor(starts, "s32", (n + 1,))
    check.tensor(values, "f64", (length(check, keys, "f64"),))
    check.tensor(other, "f64", (n,))
    check.tensor(missing, "f64", (n,))
    check.shape(y, "f64", before + (n,))
    check.attribute(op.attributes[0], len(ENCODE_KINDS), "kind")


def check_equal(check, op) -> None:
    begin(check, op, 3, 1, 0)
    (x, columns, values), (y,) = op.reads, op.writes
    before, _ = rows(check, x, "f64")
    m = length(check, columns, "s32")
    check.tensor(values, "f64", (m,))
    check.shape(y, "f64", before + (m,))


def check_products(check, op) -> None:
    begin(check, op, 3, 1, 0)
    (x, factors, earlier), (y,) = op.reads, op.writes
    before, _ = rows(check, x, "f64")
    m = length(check, factors, "s32")
    check.tensor(earlier, "s32", (m,))
    check.shape(y, "f64", before + (m,))


def check_distance(check, op) -> None:
    begin(check, op, 2, 1, 0)
    (x, vectors), (y,) = op.reads, op.writes
    before, n = rows(check, x, "f64")
    m, wide = table(check, vectors, ("f64",), 2)
    check.expect(wide == n, f"expected vectors of {n} numbers, got {wide}")
    check.shape(y, "f64", before + (m,))


def check_linear_leaves(check, op) -> None:
    begin(check, op, 8, 1, 0)
    x, leaf, starts, columns, coefficients, constants, fallback, targets = op.reads
    (y,) = op.writes
    before, _ = rows(check, x, "f64")
    for v in (leaf, y):
        got = rows(check, v, "f64")[0]
        check.expect(got == before, f"expected v{v} to have the rows of v{x}")
    check.tensor(targets, "s32", check.values[leaf].dims[-1:])
    leaves = length(check, constants, "f64")
    check.tensor(starts, "s32", (leaves + 1,))
    check.tensor(fallback, "f64", (leaves,))
    check.tensor(coefficients, "f64", (length(check, columns, "s32"),))


CHECKS = {
    COLUMNS: check_columns,
    FILL: check_fill,
    ENCODE: check_encode,
    EQUAL: check_equal,
    PRODUCTS: check_products,
    DISTANCE: check_distance,
    LINEAR_LEAVES: check_linear_leaves,
}

# -------------------------------------------------------------------- contents


def below(c, what: str, v: int, end: int) -> None:
    """Integers of a tensor, unsigned."""
    c.expect(bool(np.all(c.words(v) < end)), f"expected {what} below {end}")


def ascending(c, starts: np.ndarray, end: int) -> None:
    c.expect(bool(np.all(starts[:-1] <= starts[1:])), "expected starts that ascend")
    c.expect(bool(starts[-1] <= end), f"expected starts up to {end}, got {starts[-1]}")


def columns_contents(c, op) -> None:
    below(c, "columns", op.reads[1], c.n)


def encode_contents(c, op) -> None:
    starts, keys = c.words(op.reads[1]), c.array(op.reads[2])
    ascending(c, starts, len(keys))
    for begins, ends in zip(starts[:-1].tolist(), starts[1:].tolist()):
        own = keys[begins:ends]
        c.expect(not np.isnan(own).any(), "expected keys that are numbers, got a NaN")
        c.expect(bool(np.all(own[:-1] < own[1:])), "expected keys that ascend")


def products_contents(c, op) -> None:
    factors, earlier = c.array(op.reads[1]), c.array(op.reads[2])
    c.expect(bool(np.all(factors < c.n)), f"expected factors below {c.n}")
    c.expect(bool(np.all(earlier < np.arange(len(earlier)))), "expected products before their own")


def linear_leaves_contents(c, op) -> None:
    _, _, starts, columns, *_, targets = op.reads
    ascending(c, c.words(starts), len(c.array(columns)))
    below(c, "columns", columns, c.n)
    below(c, "targets", targets, c.values[op.writes[0]].dims[-1])


CONTENTS = {
    COLUMNS: columns_contents,
    ENCODE: encode_contents,
    EQUAL: columns_contents,
    PRODUCTS: products_contents,
    LINEAR_LEAVES: linear_leaves_contents,
}
