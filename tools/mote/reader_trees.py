"""Operators 20 to 22 of arithmetic version 1: sums of decision trees, and
numbers that stand for a missing one."""

from math import prod

import numpy as np

from mote.reader_bytes import Part
from mote.reader_tables import SYMBOL, shape, wholes_bytes
from mote.reader_vector import begin

TREES_HEAP, TREES_LINKED, MISSING = range(20, 23)
NAMES = {TREES_HEAP: "trees_heap", TREES_LINKED: "trees_linked", MISSING: "missing"}
IN_PLACE = (MISSING,)
CATEGORIES = ("none", "from 0", "truncated")
GROUP = 8
ROWS_AT_ONCE = 16
MAX_DEPTH = 16
MAX_COLUMNS = 21845
MAX_LEAVES = 1 << 31


def attributes(op) -> dict[str, str | int]:
    if op.opcode == TREES_HEAP:
        return {"trees": op.attributes[0]}
    if op.opcode == TREES_LINKED:
        return {"categories": CATEGORIES[op.attributes[0]]}
    return {}


# ---------------------------------------------------------------------- shapes


def table(check, v: int, dtypes: tuple[str, ...], rank: int) -> tuple[int, ...]:
    """The dimensions of a tensor in rows."""
    value = check.values[v]
    check.expect(
        value.dtype in dtypes and len(value.dims) == rank and value.tensor is not None,
        f"expected v{v} to be a tensor of {' or '.join(dtypes)} and rank {rank}, "
        f"got {shape(value.dtype, value.dims)}",
    )
    check.expect(value.rows, f"expected v{v} in rows")
    return value.dims


def rows(check, x: int, y: int) -> tuple[int, int]:
    """x [..., n] and y [..., m]: n and m, which are constants."""
    before, n = check.rows(x, "f32", "f64")
    after, m = check.rows(y, "f32", "f64")
    check.expect(before == after, f"expected v{y} to have the rows of v{x}")
    check.expect(n <= MAX_COLUMNS, f"expected at most {MAX_COLUMNS} columns, got {n}")
    check.expect(m < SYMBOL, f"expected a constant number of sums, got {m}")
    return n, m


def sums(check, op, values: tuple[int, ...], trees: int, m: int) -> None:
    """values [..., w], targets [trees] and start [m]."""
    _, _, targets, start = op.reads[:4]
    dtype = check.values[op.writes[0]].dtype
    check.expect(values[-1] <= m, f"expected values of at most {m} numbers, got {values[-1]}")
    if targets is not None:
        check.tensor(targets, "s32", (trees,))
    if start is not None:
        check.tensor(start, dtype, (m,))


def scratch(check, op, columns: int, leaves: int) -> None:
    x, v = check.values[op.reads[0]], op.writes[1]
    value = check.values[v]
    at_once = min(prod(x.largest[:-1]), ROWS_AT_ONCE)
    room = at_once * (columns * (8 if x.dtype == "f64" else 4) + 4 * leaves)
    room += wholes_bytes(check.values, op)
    check.expect(
        value.dtype == "u8" and len(value.dims) == 1 and room <= value.dims[0] < SYMBOL,
        f"expected v{v} to be u8 of a constant length of at least {room}, "
        f"got {shape(value.dtype, value.dims)}",
    )


def groups(check, trees: int, count: int) -> None:
    least, most = GROUP * (count - 1) + 1, GROUP * count
    check.expect(least <= trees <= most, f"expected {least} to {most} trees, got {trees}")


def check_heap(check, op) -> None:
    begin(check, op, 6, 2, 1, (2, 3))
    x, values, _, _, keys, features = op.reads
    (trees,) = op.attributes
    n, m = rows(check, x, op.writes[0])
    wide = check.values[x].dtype == "f64"
    count, nodes = table(check, keys, ("s64" if wide else "s32",), 2)
    check.expect(
        table(check, features, ("u8", "s16"), 2) == (count, nodes),
        f"expected v{features} to have the shape of v{keys}",
    )
    check.expect(
        nodes in [GROUP << d for d in range(MAX_DEPTH + 1)] and count * nodes <= MAX_LEAVES,
        f"expected {GROUP} << depth nodes, depth at most {MAX_DEPTH}, got {nodes}",
    )
    groups(check, trees, count)
    dims = table(check, values, (check.values[op.writes[0]].dtype,), 3)
    check.expect(dims[:2] == (count, nodes), f"expected v{values} to be a value for each leaf")
    sums(check, op, dims, trees, m)
    scratch(check, op, 2 * n + 1, 0)


def check_linked(check, op) -> None:
    begin(check, op, 8, 2, 1, (2, 3, 7))
    x, values, _, _, nodes, roots, order, sets = op.reads
    (category,) = op.attributes
    n, m = rows(check, x, op.writes[0])
    wide = check.values[x].dtype == "f64"
    _, words = table(check, nodes, ("s64" if wide else "s32",), 2)
    check.expect(words == (2 if wide else 3), f"expected whole nodes, got {words} words")
    (places,) = table(check, roots, ("s32",), 1)
    check.expect(places % GROUP == 0, f"expected roots in groups of {GROUP}, got {places}")
    (trees,) = table(check, order, ("s32",), 1)
    groups(check, trees, places // GROUP)
    dims = table(check, values, (check.values[op.writes[0]].dtype,), 2)
    sums(check, op, dims, trees, m)
    if sets is None:
        check.expect(category == 0, f"expected no categories without sets, got {category}")
    else:
        table(check, sets, ("s32",), 1)
        check.expect(category in (1, 2), f"expected categories 1 or 2, got {category}")
    scratch(check, op, (2 if sets is None else 3) * n + 1, places)


def check_missing(check, op) -> None:
    begin(check, op, 3, 1, 0)
    (x, low, high), (y,) = op.reads, op.writes
    n, _ = rows(check, x, y)
    dtype = check.values[x].dtype
    check.tensor(low, dtype, (n,))
    check.tensor(high, dtype, (n,))
    check.shape(y, dtype, check.values[x].dims)


CHECKS = {TREES_HEAP: check_heap, TREES_LINKED: check_linked, MISSING: check_missing}

# -------------------------------------------------------------------- contents


class Contents:
    """The tensors of one operator that reads rows of n columns."""

    def __init__(self, data: Part, what: str, plan, tensors: list, op):
        self.data, self.what, self.values, self.tensors = data, what, plan.values, tensors
        self.n = plan.values[op.reads[0]].dims[-1]

    def expect(self, condition: bool, message: str) -> None:
        self.data.expect(condition, f"{self.what}: {message}")

    def array(self, v: int) -> np.ndarray:
        return self.tensors[self.values[v].tensor].data

    def words(self, v: int | None) -> np.ndarray | None:
        """Integers, unsigned."""
        if v is None:
            return None
        array = self.array(v)
        return array.view(f"<u{array.itemsize}")


def leaf_values(c: Contents, op) -> int:
    """How many there are; what is added lands within the row."""
    values, targets = c.array(op.reads[1]), c.words(op.reads[2])
    last = c.values[op.writes[0]].dims[-1] - values.shape[-1]
    if targets is not None:
        c.expect(bool(np.all(targets <= last)), f"expected targets of at most {last}")
    return len(values)


def heap_contents(c: Contents, op) -> None:
    leaf_values(c, op)
    keys, columns = c.words(op.reads[4]), c.words(op.reads[5])
    unused = not keys[:, :GROUP].any() and not columns[:, :GROUP].any()
    c.expect(unused, f"expected nodes 0 to {GROUP - 1} of a group to be 0")
    c.expect(bool(np.all(columns < 2 * c.n)), f"expected columns below {2 * c.n}")


def split(nodes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Key, column, height and left child of each node."""
    words = nodes.astype(np.uint64)
    if nodes.itemsize == 4:
        return words[:, 0], words[:, 1] & 0xFFFF, words[:, 1] >> 16, words[:, 2]
    return words[:, 0], words[:, 1] & 0xFFFF, words[:, 1] >> 16 & 0xFFFF, words[:, 1] >> 32


def linked_contents(c: Contents, op) -> None:
    values = leaf_values(c, op)
    nodes, roots, order, sets = (c.words(v) for v in op.reads[4:])
    key, column, height, left = split(nodes)
    leaf = height == 0
    count, zero = len(nodes), 2 * c.n
    itself = left == np.arange(count)
    c.expect(
        bool(np.all(itself[leaf] & (column[leaf] == zero) & (key[leaf] < values))),
        "expected a leaf to lead to itself and to a value",
    )
    inner, columns = ~leaf, zero + 1 + (c.n if sets is not None else 0)
    c.expect(
        bool(np.all((column[inner] < columns) & (column[inner] != zero))),
        f"expected columns below {columns} that are not {zero}",
    )
    c.expect(bool(np.all(left[inner] < count - 1)), "expected two children that are nodes")
    children = left[inner].astype(np.int64)
    c.expect(
        bool(np.all((height[inner] > height[children]) & (height[inner] > height[children + 1]))),
        "expected a node to be higher than its children",
    )
    c.expect(bool(np.all(roots < count)), f"expected roots below {count}")
    c.expect(bool(np.all(order < len(roots))), f"expected places below {len(roots)}")
    if sets is not None:
        for at in {0, *key[inner & (column > zero)].tolist()}:
            whole = at < len(sets) and 2 <= sets[at] <= 32 * (len(sets) - at - 1)
            c.expect(bool(whole), f"expected a whole set at {at}")


CONTENTS = {TREES_HEAP: heap_contents, TREES_LINKED: linked_contents}
