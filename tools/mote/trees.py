"""Decision trees as the engine walks them: the tables of operators 20 and 21
of compress/FORMAT.md, from trees as trainers have them.

A forest says in its trainer's own words what goes left; `lay_out` finds keys
that say the same for every number there is, and picks the form that is
smaller: heaps for trees that are about balanced, linked nodes for the others
and wherever there are sets of categories.

What trainers do, in these words:

    scikit-learn's trees  x f32, compare "<=", thresholds f64, values f64
    HistGradientBoosting  x f64, "<=", f64; categories: outside_left, and a
                          NaN, as missing_left says
    XGBoost               x f32, "<", f32; categories: those that go right are
                          not in left, outside_left is true
    LightGBM              x f64, "<=", f64; categories truncated; outside and
                          NaN right. missing_type none: a NaN is 0, so
                          missing_left is 0 <= threshold. missing_type zero:
                          exact with numbers near 0 made NaN by operator 22,
                          if all nodes of that feature are of that type
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from mote import file
from mote.errors import Refusal

HEAP, LINKED, MISSING = 20, 21, 22
GROUP = 8  # trees that are walked together
ROWS = 16  # rows that go through a group at once
MAX_DEPTH = 10  # of a heap; deeper ones are seldom full
MAX_COLUMNS = 21845
MAX_HEIGHT = 65535
NO_SETS, FROM_ZERO, TRUNCATED = range(3)

KEYS = {"f32": ("<f4", "<u4"), "f64": ("<f8", "<u8")}


@dataclass
class Categories:
    """What goes left at a node: these categories; and whether other numbers do
    that are none of 0 to the largest known."""

    left: set[int] | np.ndarray
    outside_left: bool = False
    known: int = 0  # categories 0 to known - 1 are not outside


@dataclass
class Tree:
    """Node 0 is the root. left and right are -1 at a leaf, whose value counts;
    elsewhere feature, threshold and missing_left do. sets: by node, in place
    of a threshold."""

    feature: np.ndarray  # [nodes]
    threshold: np.ndarray  # [nodes], f64, whatever x is
    left: np.ndarray  # [nodes]
    right: np.ndarray  # [nodes]
    value: np.ndarray  # [nodes] or [nodes][width]
    missing_left: np.ndarray  # [nodes], bool
    sets: dict[int, Categories] = field(default_factory=dict)


@dataclass
class Forest:
    """y[target of tree + k] = start + sum over trees, in order, of value[k]."""

    trees: list[Tree]
    columns: int  # of x
    outputs: int  # of y
    dtype: str  # of x: what numbers are compared in
    sum_dtype: str  # of values and of y
    compare: str = "<="  # or "<"
    targets: list[int] | None = None  # for each tree; None: all 0
    start: np.ndarray | None = None  # [outputs]; None: zeros
    truncate: bool = False  # -0.5 is category 0, as a cast to int has it


@dataclass
class Layout:
    """An operator but for its rows: tensors are its reads behind x."""

    opcode: int
    tensors: list[file.Tensor | None]
    attributes: list[int]
    row_bytes: int  # of scratch

    def scratch(self, rows: int) -> int:
        """Bytes for a batch of so many rows at most."""
        return min(rows, ROWS) * self.row_bytes

    def bytes(self) -> int:
        return sum(len(t.data) for t in self.tensors if t)


def lay_out(forest: Forest) -> Layout:
    """The smaller form; of about equal ones the heap, whose steps are cheaper."""
    check(forest)
    linked = lay_out_linked(forest)
    deepest = max(len(levels(t)) - 1 for t in forest.trees)
    if deepest > MAX_DEPTH or any(t.sets for t in forest.trees):
        return linked
    if heap_bytes(forest, deepest) > 1.5 * linked.bytes():
        return linked
    return lay_out_heap(forest)


def check(forest: Forest) -> None:
    if not forest.trees:
        raise Refusal("a forest without trees")
    if not 1 <= forest.columns <= MAX_COLUMNS:
        raise Refusal(f"expected 1 to {MAX_COLUMNS} features for trees, got {forest.columns}")
    for t in forest.trees:
        inner = t.left >= 0
        if not np.array_equal(inner, t.right >= 0):
            raise Refusal("a node of a tree with one child")
        if inner.any() and not 0 <= t.feature[inner].min() <= t.feature[inner].max() < (
            forest.columns
        ):
            raise Refusal(f"a tree that looks beyond its {forest.columns} features")


def reachable(tree: Tree) -> np.ndarray:
    """The nodes below the root, and it, as they are met from level to level.
    ValueError: a child that is no node, or comes twice, so that this is no tree."""
    nodes = len(tree.left)
    seen = np.zeros(nodes, bool)
    found, level = [], np.zeros(1, np.int64)
    while level.size:
        if not 0 <= level.min() <= level.max() < nodes:
            raise ValueError(f"children from 0 to {nodes - 1}")
        if seen[level].any() or len(np.unique(level)) != len(level):
            raise ValueError("a tree, in which no node has two parents")
        seen[level] = True
        found.append(level)
        inner = level[tree.left[level] >= 0]
        level = np.stack([tree.left[inner], tree.right[inner]], axis=1).ravel()
    return np.concatenate(found)


def select(tree: Tree, nodes: np.ndarray) -> Tree:
    """A tree of these nodes of it, the root first and children of each among
    them."""
    if np.array_equal(nodes, np.arange(len(tree.left))):
        return tree
    number = np.full(len(tree.left) + 1, -1)  # of -1, too
    number[nodes] = np.arange(len(nodes))
    return Tree(
        tree.feature[nodes],
        tree.threshold[nodes],
        number[tree.left[nodes]],
        number[tree.right[nodes]],
        tree.value[nodes],
        tree.missing_left[nodes],
        {int(number[i]): s for i, s in tree.sets.items() if number[i] >= 0},
    )


# ------------------------------------------------------------------------ keys


def keys(numbers: np.ndarray, dtype: str) -> np.ndarray:
    """Unsigned integers in the order of numbers; a NaN is above all."""
    real, unsigned = KEYS[dtype]
    x = np.asarray(numbers).astype(real)
    bits = (x + 0).view(unsigned)  # -0 + 0 is 0
    sign = np.array(1, unsigned) << np.array(8 * bits.itemsize - 1, unsigned)
    key = np.where(bits & sign, ~bits, bits | sign)
    return np.where(np.isnan(x), ~np.array(0, unsigned), key)


def threshold_keys(thresholds: np.ndarray, dtype: str, compare: str) -> np.ndarray:
    """k so that key(x) <= k is what x <= t, or x < t, is, for every x of that
    dtype: t rounded to one down, or up and less one. Of a NaN never."""
    t = np.asarray(thresholds, np.float64)
    with np.errstate(over="ignore"):
        rounded = t.astype(KEYS[dtype][0])
    away = rounded > t if compare == "<=" else rounded < t
    toward = np.array(-np.inf if compare == "<=" else np.inf, rounded.dtype)
    rounded = np.where(away, np.nextafter(rounded, toward), rounded)
    k = keys(rounded, dtype) - (compare == "<")
    return np.where(np.isnan(t), np.zeros_like(k), k).astype(KEYS[dtype][1])


# ---------------------------------------------------------------------- tables


def levels(tree: Tree) -> list[list[int]]:
    """Nodes by their distance from the root."""
    out, level = [], [0]
    while level:
        out.append(level)
        level = [c for i in level if tree.left[i] >= 0 for c in (tree.left[i], tree.right[i])]
    return out


def heights(tree: Tree) -> np.ndarray:
    """Steps from each node to the farthest leaf below it."""
    out = np.zeros(len(tree.left), np.int64)
    for level in reversed(levels(tree)):
        for i in level:
            if tree.left[i] >= 0:
                out[i] = 1 + max(out[tree.left[i]], out[tree.right[i]])
    return out


def values_of(tree: Tree) -> np.ndarray:
    return tree.value.reshape(len(tree.left), -1)


def read_columns(forest: Forest, tree: Tree) -> np.ndarray:
    """Which key of a row each node reads: the second of a feature has a NaN
    going left."""
    return tree.feature + np.where(tree.missing_left, forest.columns, 0)


def tensor(array: np.ndarray, dtype: str) -> file.Tensor:
    return file.Tensor(dtype, array.shape, np.ascontiguousarray(array).tobytes())


def sums(forest: Forest, values: np.ndarray) -> list[file.Tensor | None]:
    """Values, targets and start, which both forms have."""
    real = KEYS[forest.sum_dtype][0]
    targets, start = forest.targets, forest.start
    return [
        tensor(values.astype(real), forest.sum_dtype),
        None if targets is None else tensor(np.array(targets, "<i4"), "s32"),
        None if start is None else tensor(np.asarray(start).astype(real), forest.sum_dtype),
    ]


def key_tensor(array: np.ndarray) -> file.Tensor:
    return tensor(array, {4: "s32", 8: "s64"}[array.itemsize])


def width_of(forest: Forest) -> int:
    return values_of(forest.trees[0]).shape[1]


# ------------------------------------------------------------------------ heap


def groups_of(forest: Forest) -> int:
    return -(-len(forest.trees) // GROUP)


def columns_dtype(forest: Forest) -> str:
    return "u1" if 2 * forest.columns <= 256 else "<u2"


def heap_bytes(forest: Forest, depth: int) -> int:
    sizes = [KEYS[forest.dtype][1], columns_dtype(forest)]
    node = sum(np.dtype(s).itemsize for s in sizes)
    value = width_of(forest) * file.DTYPE_BYTES[forest.sum_dtype]
    return groups_of(forest) * (GROUP << depth) * (node + value)


def lay_out_heap(forest: Forest) -> Layout:
    depth = max(len(levels(t)) - 1 for t in forest.trees)
    nodes = GROUP << depth
    shape = (groups_of(forest), nodes)
    node_keys = np.zeros(shape, KEYS[forest.dtype][1])
    columns = np.zeros(shape, columns_dtype(forest))
    values = np.zeros((*shape, width_of(forest)))
    for t, tree in enumerate(forest.trees):
        tree_keys = threshold_keys(tree.threshold, forest.dtype, forest.compare)
        tree_columns, tree_values = read_columns(forest, tree), values_of(tree)
        place = [(0, GROUP + t % GROUP)]  # node of the tree, of the heap
        for _ in range(depth):
            below = []
            for i, at in place:
                if tree.left[i] >= 0:
                    node_keys[t // GROUP, at] = tree_keys[i]
                    columns[t // GROUP, at] = tree_columns[i]
                    below += [(tree.left[i], 2 * at), (tree.right[i], 2 * at + 1)]
                else:
                    below += [(i, 2 * at), (i, 2 * at + 1)]
            place = below
        for i, at in place:
            values[t // GROUP, at - nodes] = tree_values[i]
    features = tensor(columns, "u8" if columns.itemsize == 1 else "s16")
    return Layout(
        HEAP,
        [*sums(forest, values), key_tensor(node_keys), features],
        [len(forest.trees)],
        (2 * forest.columns + 1) * node_keys.itemsize,
    )


# ---------------------------------------------------------------------- linked


class Pool:
    """Equal pieces stored once; where each begins, in units of its own."""

    def __init__(self):
        self.places: dict[bytes, int] = {}
        self.pieces: list[np.ndarray] = []
        self.used = 0

    def add(self, piece: np.ndarray, size: int) -> int:
        found = self.places.setdefault(piece.tobytes(), self.used)
        if found == self.used:
            self.pieces.append(piece)
            self.used += size
        return found


def set_words(categories: Categories, missing_left: bool) -> np.ndarray:
    """Its number of bits, and the bits: a NaN, numbers outside, categories."""
    left = np.fromiter(categories.left, np.int64, len(categories.left))
    known = max(categories.known, left.max(initial=-1) + 1)
    bits = np.zeros(-(-(2 + known) // 32) * 32, np.uint8)
    bits[0], bits[1] = missing_left, categories.outside_left
    bits[2 + left] = 1
    words = np.packbits(bits, bitorder="little").view("<u4")
    return np.concatenate([np.array([2 + known], "<u4"), words])


def walk_order(forest: Forest) -> list[int]:
    """Trees of like depth together, so that none waits long for another."""
    depth = [len(levels(t)) for t in forest.trees]
    return sorted(range(len(depth)), key=lambda t: depth[t])


def by_descent(trees: list[Tree]) -> Iterator[tuple[int, int]]:
    """(tree, node): all roots, then tree after tree siblings together, and
    behind them those below the left one: a walk often goes on where it is."""
    yield from ((t, 0) for t in range(len(trees)))
    for t, tree in enumerate(trees):
        below = [0]
        while below:
            i = below.pop()
            if tree.left[i] >= 0:
                yield t, tree.left[i]
                yield t, tree.right[i]
                below += [tree.right[i], tree.left[i]]


class Linking:
    """The nodes of a forest, numbered and packed."""

    def __init__(self, forest: Forest):
        self.forest = forest
        self.values, self.sets = Pool(), Pool()
        self.keys: list[int] = []
        self.words: list[int] = []  # column | height << 16
        self.left: list[int] = []
        self.roots: list[int] = []

    def group(self, trees: list[Tree]) -> None:
        numbers = {place: len(self.keys) + i for i, place in enumerate(by_descent(trees))}
        tables = [
            (
                heights(t),
                threshold_keys(t.threshold, self.forest.dtype, self.forest.compare),
                read_columns(self.forest, t),
                values_of(t).astype(KEYS[self.forest.sum_dtype][0]),
            )
            for t in trees
        ]
        for (t, i), number in numbers.items():
            tree, (height, key, column, value) = trees[t], tables[t]
            if tree.left[i] < 0:
                self.node(self.values.add(value[i], 1), 2 * self.forest.columns, 0, number)
                continue
            left = numbers[t, tree.left[i]]
            if i in tree.sets:
                words = set_words(tree.sets[i], tree.missing_left[i])
                at = self.sets.add(words, len(words))
                by_category = 2 * self.forest.columns + 1 + tree.feature[i]
                self.node(at, by_category, height[i], left)
            else:
                self.node(key[i], column[i], height[i], left)
        roots = [numbers[t, 0] for t in range(len(trees))]
        self.roots += roots + roots[-1:] * (GROUP - len(roots))

    def node(self, key: int, column: int, height: int, left: int) -> None:
        if height > MAX_HEIGHT:
            raise Refusal(f"a tree of more than {MAX_HEIGHT} levels")
        self.keys.append(int(key))
        self.words.append(int(column) | int(height) << 16)
        self.left.append(int(left))

    def table(self) -> np.ndarray:
        key = np.array(self.keys, KEYS[self.forest.dtype][1])
        word, left = (np.array(x, key.dtype) for x in (self.words, self.left))
        if key.itemsize == 4:
            return np.stack([key, word, left], axis=1)
        return np.stack([key, word | left << np.array(32, key.dtype)], axis=1)


def lay_out_linked(forest: Forest) -> Layout:
    walked = walk_order(forest)
    low = Linking(forest)
    for first in range(0, len(walked), GROUP):
        low.group([forest.trees[t] for t in walked[first : first + GROUP]])
    order = np.empty(len(walked), "<i4")
    order[walked] = np.arange(len(walked))
    nodes = low.table()
    sets = np.concatenate(low.sets.pieces) if low.sets.pieces else None
    category = NO_SETS if sets is None else TRUNCATED if forest.truncate else FROM_ZERO
    columns = (2 if sets is None else 3) * forest.columns + 1
    return Layout(
        LINKED,
        [
            *sums(forest, np.stack(low.values.pieces)),
            key_tensor(nodes),
            tensor(np.array(low.roots, "<i4"), "s32"),
            tensor(order, "s32"),
            None if sets is None else tensor(sets, "s32"),
        ],
        [category],
        columns * nodes.itemsize + 4 * len(low.roots),
    )
