"""Takes out of a program what it does for the sake of padding.

A text model is read for one sentence of so many tokens, its mask all ones: what
a mask adds is 0 then and what it multiplies by is 1. Exporters write that as
operators over whole tensors, which are found here, as are a mean over the
tokens and a norm of 1, which they write by their parts.
"""

from collections import Counter

import numpy as np

from mote.importers.onnx_file import Node, Program

DOMAIN = "mote"  # of operators that no file has: onnx_text.py builds them
LEAST_NORM = 1e-12  # below it, a vector is divided by this: core/model does so, too


def fold(p: Program, tokens: int) -> None:
    """In the program of a model that reads `tokens` tokens."""
    Folding(p, tokens).run()


class Folding:
    def __init__(self, p: Program, tokens: int):
        self.p, self.tokens = p, tokens
        self.same: dict[str, str] = {}  # a result, and what it is the same as
        self.makers: dict[str, Node] = {}
        self.uses = Counter(i for node in p.nodes for i in node.inputs)

    def run(self) -> None:
        kept = []
        for node in self.p.nodes:
            node.inputs = [self.same.get(i, i) for i in node.inputs]
            source = self.nothing_done(node)
            if source is not None and node.outputs[0] not in self.p.outputs:
                self.same[node.outputs[0]] = source
                continue
            if node.domain == "":
                self.rewrite(node)
            self.makers |= {o: node for o in node.outputs}
            kept.append(node)
        self.keep(kept)
        for node in self.p.nodes:
            if (node.domain, node.op) == ("", "Add"):
                self.same_row(node)
        self.keep(self.p.nodes)

    def keep(self, nodes: list[Node]) -> None:
        """Those whose results are read, as the program; and how often each is."""
        needed, kept = set(self.p.outputs), []
        for node in reversed(nodes):
            if needed & set(node.outputs):
                kept.append(node)
                needed |= set(node.inputs)
        self.p.nodes = kept[::-1]
        self.uses = Counter(i for node in kept for i in node.inputs)

    # Questions

    def constant(self, name: str) -> np.ndarray | None:
        return self.p.constants.get(name)

    def operand(self, node: Node) -> tuple[str, np.ndarray] | None:
        """What is computed with a constant, and that constant, either side."""
        for i in (1, 0):
            array = self.constant(node.inputs[i])
            if array is not None and array.dtype.kind == "f":
                return node.inputs[1 - i], array
        return None

    def made_by(self, name: str, *ops: str) -> Node | None:
        node = self.makers.get(name)
        return node if node is not None and node.op in ops else None

    def axes(self, node: Node) -> list[int] | None:
        """Of a reduction, counted from the front."""
        axes = node.get("axes")
        if axes is None and len(node.inputs) > 1:
            given = self.constant(node.inputs[1])
            axes = None if given is None else given.reshape(-1).tolist()
        rank = len(self.p.shapes[node.inputs[0]])
        return None if axes is None else sorted(a % rank for a in axes)

    # What changes nothing

    def nothing_done(self, node: Node) -> str | None:
        """The input that a node's result is the same as."""
        source = None
        if node.domain != "":
            return None
        if node.op in ("Add", "Mul", "Sub", "Div"):
            source = self.neutral(node)
        elif node.op in ("Expand", "Identity", "Reshape"):
            source = node.inputs[0]
        elif node.op == "Where":
            source = self.chosen(node)
        if source is None or self.p.shapes[source] != self.p.shapes[node.outputs[0]]:
            return None
        return source

    def neutral(self, node: Node) -> str | None:
        """The other operand of 0, or of 1."""
        found = self.operand(node)
        if found is None:
            return None
        source, array = found
        neutral = 0 if node.op in ("Add", "Sub") else 1
        if node.op in ("Sub", "Div") and source != node.inputs[0]:
            return None
        return source if (array == neutral).all() else None

    def chosen(self, node: Node) -> str | None:
        """One of the two of a constant condition; of one that asks for the NaN of a
        softmax, which comes of a sentence without tokens, the softmax."""
        which = self.constant(node.inputs[0])
        if which is not None and (which.all() or not which.any()):
            return node.inputs[1 if which.all() else 2]
        asked = self.made_by(node.inputs[0], "IsNaN")
        if asked is not None and asked.inputs[0] == node.inputs[2]:
            if self.made_by(node.inputs[2], "Softmax"):
                return node.inputs[2]
        return None

    # What is one operator

    def rewrite(self, node: Node) -> None:
        if node.op == "Add":
            self.merge(node)
            self.position(node)
        elif node.op == "Div" and not self.mean(node):
            self.normalize(node)

    def merge(self, node: Node) -> None:
        """(x + a) + b of constants: x + (a + b)."""
        found = self.operand(node)
        inner = self.made_by(found[0], "Add") if found else None
        earlier = self.operand(inner) if inner is not None and inner.domain == "" else None
        if earlier is None or self.uses[inner.outputs[0]] != 1:
            return
        total = (earlier[1].astype(np.float64) + found[1]).astype(found[1].dtype)
        if (
            np.broadcast_shapes(self.p.shapes[earlier[0]], total.shape)
            != (self.p.shapes[node.outputs[0]])
        ):
            return
        name = f"{node.outputs[0]}.added"
        self.p.constants[name] = total
        node.inputs = [earlier[0], name]

    def position(self, node: Node) -> None:
        """x [1][tokens][n] plus a row for each token."""
        found = self.operand(node)
        if found is None or found[1].ndim < 2:
            return
        source, array = found
        shape = self.p.shapes[source]
        rows = array.reshape(array.shape[-2:]) if array.size == np.prod(array.shape[-2:]) else None
        if rows is None or len(shape) != 3 or shape[:2] != (1, self.tokens):
            return
        if rows.shape != (self.tokens, shape[2]):
            return
        name = f"{node.outputs[0]}.rows"
        if (rows == rows[:1]).all():
            return  # until it is known that no other rows are added: see same_row
        self.p.constants[name] = rows
        node.op, node.domain, node.inputs = "Position", DOMAIN, [source, name]

    def same_row(self, node: Node) -> None:
        """x [1][tokens][n] plus the same row for each token: it joins the table that x
        is looked up in, where nothing else is."""
        found = self.operand(node)
        if found is None or found[1].ndim < 2:
            return
        source, array = found
        row = array.reshape(-1, array.shape[-1])
        if (row != row[:1]).any() or self.p.shapes[source] != self.p.shapes[node.outputs[0]]:
            return
        name = f"{node.outputs[0]}.row"
        gather = self.made_by(source, "Gather")
        table = self.constant(gather.inputs[0]) if gather is not None else None
        alone = table is not None and self.uses[source] == self.uses[gather.inputs[0]] == 1
        if alone and table.ndim == 2:
            self.p.constants[name] = (table.astype(np.float64) + row[0]).astype(table.dtype)
            gather.inputs[0] = name
            node.op, node.inputs = "Identity", [source]
        else:
            self.p.constants[name] = row[0]
            node.inputs = [source, name]

    def mean(self, node: Node) -> bool:
        """The sum over the tokens by how many there are."""
        sum_ = self.made_by(node.inputs[0], "ReduceSum")
        count = self.constant(node.inputs[1])
        if sum_ is None or count is None or not (count == self.tokens).all():
            return False
        axes, shape = self.axes(sum_), self.p.shapes[sum_.inputs[0]]
        if axes != [1] or len(shape) != 3 or shape[1] != self.tokens:
            return False
        if self.p.shapes[node.outputs[0]] != self.p.shapes[node.inputs[0]]:
            return False
        keepdims = sum_.get("keepdims", 1)
        node.op, node.inputs, node.version = "ReduceMean", sum_.inputs[:1], 13
        node.attributes = {"axes": axes, "keepdims": keepdims}
        return True

    def normalize(self, node: Node) -> None:
        """x by max(|x|, 1e-12) of its last axis."""
        x = node.inputs[0]
        size = self.made_by(node.inputs[1], "Expand")
        clip = self.made_by(size.inputs[0] if size else node.inputs[1], "Clip", "Max")
        if clip is None:
            return
        root = self.made_by(clip.inputs[0], "ReduceL2")
        least = node_number(self.constant(clip.inputs[1])) if len(clip.inputs) > 1 else (
            clip.get("min"))  # fmt: skip
        unbounded = clip.op == "Max" or len(clip.inputs) < 3 or not clip.inputs[2]
        if root is None or least is None or not unbounded or "max" in clip.attributes:
            return
        rank = len(self.p.shapes[x])
        if root.inputs[0] != x or self.axes(root) != [rank - 1] or not root.get("keepdims", 1):
            return
        if np.float32(least) == np.float32(LEAST_NORM):
            node.op, node.domain, node.inputs = "Normalize", DOMAIN, [x]


def node_number(array: np.ndarray | None) -> float | None:
    return float(array.reshape(-1)[0]) if array is not None and array.size == 1 else None
