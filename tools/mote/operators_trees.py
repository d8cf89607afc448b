"""Lowering of tree ensembles: complete heaps, eight trees side by side, as
compress/FORMAT.md describes them."""

import numpy as np

from mote import opcodes as op
from mote.graph import Tree
from mote.operators import lowers
from mote.slots import Slot

GROUP = 8  # trees in a heap
ROWS = 16  # whose keys are in scratch at once
ALWAYS_LEFT = 0xFFFFFFFF  # a key that none is above


def keys_of(x: np.ndarray) -> np.ndarray:
    """Unsigned integers in the order of float32 numbers, both zeros equal."""
    bits = (np.asarray(x, "<f4") + np.float32(0)).view("<u4")
    return np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))


def depth_of(tree: Tree, i: int = 0) -> int:
    if tree.left[i] < 0:
        return 0
    return 1 + max(depth_of(tree, tree.left[i]), depth_of(tree, tree.right[i]))


class Heaps:
    """keys and features [groups][8 << depth], values [groups][8 << depth][outputs]."""

    def __init__(self, trees: list[Tree], outputs: int):
        self.depth = max(map(depth_of, trees))
        shape = (-(-len(trees) // GROUP), GROUP << self.depth)
        self.keys = np.zeros(shape, "<u4")
        self.features = np.zeros(shape, "<u2")
        self.values = np.zeros((*shape, outputs), "<f4")
        for number, tree in enumerate(trees):
            group, place = divmod(number, GROUP)
            self.fill(group, tree, 0, 0, place)

    def fill(self, group: int, tree: Tree, node: int, level: int, place: int) -> None:
        """Puts a node of a tree at `place` of its level; a leaf that is not
        deep enough is reached by steps to the left."""
        leaf = tree.left[node] < 0
        if level == self.depth:
            self.values[group, place] = tree.value[node]
            return
        at = (GROUP << level) + place
        self.keys[group, at] = ALWAYS_LEFT if leaf else keys_of(tree.threshold[node])
        self.features[group, at] = 0 if leaf else tree.feature[node]
        children = (node, node) if leaf else (tree.left[node], tree.right[node])
        for side, child in enumerate(children[:1] if leaf else children):
            self.fill(group, tree, child, level + 1, 2 * place + side)


@lowers
def lower_trees(low, node) -> None:
    trees, base = node.attributes["trees"], node.attributes["base"]
    x = low.read(node, dtype="f32")
    heaps = Heaps(trees, len(base))
    narrow = 2 * x.dims[-1] <= 256
    scratch = Slot("u8", (ROWS * (2 * x.dims[-1] + 1) * 4,))
    reads = [
        x,
        low.tensor(heaps.values, "f32"),
        None,
        low.tensor(base, "f32"),
        low.tensor(heaps.keys.view("<i4"), "s32"),
        low.tensor(heaps.features, "u8") if narrow else low.tensor(heaps.features, "s16"),
    ]
    writes = [Slot("f32", node.output.dims), scratch]
    low.write(node, low.steps_of(op.TREES_HEAP, reads, writes, len(trees))[0])
