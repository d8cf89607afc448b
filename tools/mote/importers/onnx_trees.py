"""Trees of ai.onnx.ml as a Forest: nodes of any comparison become nodes of <=,
which is exact, as numbers are float32 on both sides."""

import numpy as np

from mote.importers.onnx_file import Node
from mote.trees import Forest, Tree

MAX_NODES = 4_000_000
MODES_5 = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ",
           "BRANCH_MEMBER")  # fmt: skip


def before(t: float) -> float:
    """The next float32 below: x < t is x <= before(t)."""
    return float(np.nextafter(np.float32(t), np.float32(-np.inf)))


class Grower:
    """One tree: nodes are appended, children filled in as they are made.

    A place is (node, side) where the next node belongs; a subtree is what
    the file numbers it as, with `made` telling how to go on."""

    def __init__(self, node: Node):
        self.node = node
        self.feature, self.threshold, self.left, self.right = [], [], [], []
        self.missing_left, self.leaves = [], {}

    def add(self, place, feature: int, threshold: float, missing_left: bool) -> int:
        i = len(self.left)
        if i > MAX_NODES:
            raise self.node.refuse(f"more than {MAX_NODES} nodes")
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.left.append(-1)
        self.right.append(-1)
        self.missing_left.append(missing_left)
        if place is not None:
            parent, side = place
            (self.left if side == 0 else self.right)[parent] = i
        return i

    def branch(self, place, mode: str, feature: int, value, missing_true: bool):
        """Adds what tests a number; gives the places of (true, false), of which
        there may be several."""
        if mode in ("BRANCH_LEQ", "BRANCH_LT"):
            t = before(value) if mode == "BRANCH_LT" else value
            i = self.add(place, feature, t, missing_true)
            return [(i, 0)], [(i, 1)]
        if mode in ("BRANCH_GTE", "BRANCH_GT"):
            t = before(value) if mode == "BRANCH_GTE" else value
            i = self.add(place, feature, t, not missing_true)
            return [(i, 1)], [(i, 0)]
        if mode in ("BRANCH_EQ", "BRANCH_NEQ"):
            is_eq = mode == "BRANCH_EQ"
            # a NaN is unequal to all, but where equal ones go if it is said so
            to_equal = missing_true and is_eq
            i = self.add(place, feature, value, to_equal)
            j = self.add((i, 0), feature, before(value), False)
            equal, other = [(j, 1)], [(i, 1), (j, 0)]
            return (equal, other) if is_eq else (other, equal)
        raise self.node.refuse(f"nodes_modes: {mode!r} is not known")

    def member(self, place, feature: int, values, missing_true: bool):
        """One equality after the other."""
        inside, outside = [], [place]
        for number, value in enumerate(values):
            if len(outside) > 16:
                raise self.node.refuse("BRANCH_MEMBER: a set that is too large")
            found, rest = [], []
            for p in outside:
                yes, no = self.branch(p, "BRANCH_EQ", feature, value,
                                      missing_true and number == 0)  # fmt: skip
                found += yes
                rest += no
            inside += found
            outside = rest
        return inside, outside

    def tree(self, width: int) -> Tree:
        value = np.zeros((len(self.left), width))
        for i, row in self.leaves.items():
            value[i] = row
        return Tree(
            np.array(self.feature), np.array(self.threshold, np.float64), np.array(self.left),
            np.array(self.right), value, np.array(self.missing_left, bool),
        )  # fmt: skip


def grow(node: Node, root, describe, width: int) -> Tree:
    """describe(id) -> ("leaf", row) or (mode, feature, value, missing_true, true,
    false)."""
    g = Grower(node)
    work = [(None, root, 0)]
    while work:
        place, i, depth = work.pop()
        if depth > 60000:
            raise node.refuse("trees: a node that leads back to itself")
        found = describe(i)
        if found[0] == "leaf":
            g.leaves[g.add(place, 0, 0.0, False)] = found[1]
            continue
        mode, feature, value, missing_true, true, false = found
        if mode == "BRANCH_MEMBER":
            yes, no = g.member(place, feature, value, missing_true)
        else:
            yes, no = g.branch(place, mode, feature, value, missing_true)
        work += [(p, false, depth + 1) for p in no] + [(p, true, depth + 1) for p in yes]
    return g.tree(width)


def checked(node: Node, features: list, columns: int) -> None:
    if features and not 0 <= min(features) <= max(features) < columns:
        raise node.refuse(f"nodes_featureids: expected 0 to {columns - 1}, got {max(features)}")


def forest_of(node: Node, kind: str, outputs: int, columns: int) -> Forest:
    """Of versions 1 and 3: kind "target" or "class", the prefix of the leaves'
    attributes."""
    keys = ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids")
    for key in ("nodes_values_as_tensor", f"{kind}_weights_as_tensor", "base_values_as_tensor"):
        if node.get(key) is not None:
            raise node.refuse(f"{key}: float64 trees cannot be compiled from ONNX; give float32")
    columns_of = {k: node.get(f"nodes_{k}") or [] for k in keys}
    count = len(columns_of["treeids"])
    if count == 0 or any(len(v) != count for v in columns_of.values()):
        raise node.refuse("nodes_...: expected lists of one length")
    checked(node, columns_of["featureids"], columns)
    tracks = node.get("nodes_missing_value_tracks_true") or [0] * count
    ids = list(zip(columns_of["treeids"], columns_of["nodeids"]))
    at = {place: i for i, place in enumerate(ids)}
    leaves: dict = {}
    for tree, leaf, target, weight in zip(*(node.get(f"{kind}_{k}") for k in
                                            ("treeids", "nodeids", "ids", "weights"))):  # fmt: skip
        if not 0 <= target < outputs:
            raise node.refuse(f"{kind}_ids: expected 0 to {outputs - 1}, got {target}")
        leaves.setdefault((tree, leaf), {})
        row = leaves[tree, leaf]
        row[target] = row.get(target, 0.0) + weight
    below = set()
    for mode, tree, *children in zip(
        *(columns_of[k] for k in ("modes", "treeids", "truenodeids", "falsenodeids"))
    ):
        if mode != "LEAF":
            below |= {(tree, child) for child in children}
    roots = {}
    for place in ids:
        if place not in below:
            roots.setdefault(place[0], place)
    targets: dict = {t: set() for t in roots}
    for (tree, _), row in leaves.items():
        targets.setdefault(tree, set()).update(row)
    single = outputs > 1 and all(len(s) <= 1 for s in targets.values())
    width = 1 if single or outputs == 1 else outputs

    def describe(place):
        i = at.get(place)
        if i is None:
            raise node.refuse(f"nodes: no node {place[1]} in tree {place[0]}")
        mode = columns_of["modes"][i]
        if mode == "LEAF":
            row = np.zeros(width)
            for target, weight in leaves.get(place, {}).items():
                row[0 if width == 1 else target] = weight
            return "leaf", row
        return (
            mode, columns_of["featureids"][i], columns_of["values"][i], bool(tracks[i]),
            (place[0], columns_of["truenodeids"][i]), (place[0], columns_of["falsenodeids"][i]),
        )  # fmt: skip

    trees = [grow(node, root, describe, width) for root in roots.values()]
    return Forest(
        trees, columns, outputs, "f32", "f32",
        targets=[min(targets[t], default=0) for t in roots] if single else None,
    )  # fmt: skip


def forest_of_five(node: Node, columns: int) -> Forest:
    """Of version 5, which has its leaves apart."""
    from onnx import numpy_helper

    outputs = node.get("n_targets", 1)
    splits = numpy_helper.to_array(node.get("nodes_splits"))
    weights = numpy_helper.to_array(node.get("leaf_weights"))
    if splits.dtype != np.float32:
        raise node.refuse(f"nodes_splits: {splits.dtype} cannot be compiled; expected float32")
    modes = numpy_helper.to_array(node.get("nodes_modes")).tolist()
    features = node.get("nodes_featureids")
    checked(node, features, columns)
    tracks = node.get("nodes_missing_value_tracks_true") or [0] * len(modes)
    sets = iter(members(node))
    values = [next(sets) if MODES_5[m] == "BRANCH_MEMBER" else float(s)
              for m, s in zip(modes, splits)]  # fmt: skip
    targets = node.get("leaf_targetids")

    def describe(place):
        is_leaf, i = place
        if not 0 <= i < (len(targets) if is_leaf else len(modes)):
            raise node.refuse(f"no {'leaf' if is_leaf else 'node'} {i}")
        if is_leaf:
            row = np.zeros(outputs)
            row[targets[i]] = weights[i]
            return "leaf", row
        return (
            MODES_5[modes[i]], features[i], values[i], bool(tracks[i]),
            (bool(node.get("nodes_trueleafs")[i]), node.get("nodes_truenodeids")[i]),
            (bool(node.get("nodes_falseleafs")[i]), node.get("nodes_falsenodeids")[i]),
        )  # fmt: skip

    def root_of(i: int):
        """A tree of one leaf has a node whose branches are both that leaf."""
        return (False, i)

    trees = [grow(node, root_of(i), describe, outputs) for i in node.get("tree_roots")]
    return Forest(trees, columns, outputs, "f32", "f32")


def members(node: Node) -> list[list[float]]:
    """Sets, with a NaN behind each in the file."""
    from onnx import numpy_helper

    tensor = node.get("membership_values")
    if tensor is None:
        return []
    sets = [[]]
    for v in numpy_helper.to_array(tensor).tolist():
        if v != v:
            sets.append([])
        else:
            sets[-1].append(v)
    return sets
