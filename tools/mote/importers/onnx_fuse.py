"""Finds in a program what exporters write by its parts: layer normalization,
and GELU in both of its forms."""

import math

import numpy as np

from mote.importers.onnx_file import Node, Program

CLOSE = 1e-5  # of a constant that a file has in float32, or by a few digits
LAYER_NORM = 17  # the opset that the operator came with, as GELU did with 20
GELU = 20


def fuse(p: Program) -> None:
    """Puts one node in place of several."""
    Fusion(p).run()


class Fusion:
    def __init__(self, p: Program):
        self.p = p
        self.makers = {o: n for n in p.nodes for o in n.outputs if o}
        self.readers: dict[str, list[Node]] = {}
        for n in p.nodes:
            for i in n.inputs:
                self.readers.setdefault(i, []).append(n)

    def run(self) -> None:
        # from the last to the first, so that the outermost product is seen whole
        for node in reversed(self.p.nodes):
            if node.domain == "" and node.op in ("Mul", "Div"):
                self.gelu(node)
                self.layer_norm(node)
        self.p.drop_unused()

    def replace(self, node: Node, op: str, inputs: list[str], version: int, **attributes) -> None:
        """The node itself becomes another; what only led to it is dropped."""
        for i in node.inputs:
            self.readers[i].remove(node)
        node.op, node.inputs, node.attributes, node.version = op, inputs, attributes, version
        for i in inputs:
            self.readers.setdefault(i, []).append(node)

    # What is asked about a tensor

    def number(self, name: str) -> float | None:
        """Of a constant of one element."""
        array = self.p.constants.get(name)
        if array is None or array.size != 1 or array.dtype.kind not in "fiu":
            return None
        return float(array.reshape(-1)[0])

    def made_by(self, name: str, *ops: str) -> Node | None:
        node = self.makers.get(name)
        return node if node is not None and node.domain == "" and node.op in ops else None

    def with_constant(self, node: Node) -> tuple[str, float] | None:
        """The other operand and the number, where one of two is a number."""
        for i in (0, 1):
            number = self.number(node.inputs[i])
            if number is not None:
                return node.inputs[1 - i], number
        return None

    def factors(self, name: str, depth: int = 8) -> tuple[float, list[str]]:
        """A product: its numbers multiplied, and what else it is of."""
        node = self.made_by(name, "Mul", "Div", "Pow")
        if node is None or depth == 0:
            return 1.0, [name]
        a, b = node.inputs
        number = self.number(b)
        if node.op == "Pow":
            if number not in (2.0, 3.0):
                return 1.0, [name]
            c, found = self.factors(a, depth - 1)
            return c ** int(number), found * int(number)
        if node.op == "Div":
            if not number:
                return 1.0, [name]
            c, found = self.factors(a, depth - 1)
            return c / number, found
        if number is not None:
            c, found = self.factors(a, depth - 1)
            return c * number, found
        number = self.number(a)
        if number is not None:
            c, found = self.factors(b, depth - 1)
            return c * number, found
        (c, left), (d, right) = self.factors(a, depth - 1), self.factors(b, depth - 1)
        return c * d, left + right

    # GELU

    def gelu(self, node: Node) -> None:
        """x / 2 (1 + erf(x / sqrt 2)), and the same with tanh."""
        number, found = self.factors(node.outputs[0])
        if len(found) != 2 or not math.isclose(number, 0.5, rel_tol=CLOSE):
            return
        for x, other in (found, found[::-1]):
            kind = self.distribution(other, x)
            if kind is not None:
                self.replace(node, "Gelu", [x], GELU, approximate=kind)
                return

    def distribution(self, name: str, x: str) -> str | None:
        """Which form of 1 + erf(...) or 1 + tanh(...) of x it is."""
        add = self.made_by(name, "Add")
        parts = self.with_constant(add) if add is not None else None
        if parts is None or parts[1] != 1:
            return None
        inner = self.made_by(parts[0], "Erf", "Tanh")
        if inner is None:
            return None
        number, found = self.factors(inner.inputs[0])
        if inner.op == "Erf":
            half = math.isclose(number, math.sqrt(0.5), rel_tol=CLOSE)
            return "none" if half and found == [x] else None
        if len(found) != 1 or not math.isclose(number, math.sqrt(2 / math.pi), rel_tol=CLOSE):
            return None
        return "tanh" if self.is_cubic(found[0], x) else None

    def is_cubic(self, name: str, x: str) -> bool:
        """x + 0.044715 x^3"""
        add = self.made_by(name, "Add")
        if add is None or x not in add.inputs:
            return False
        other = add.inputs[1 - add.inputs.index(x)]
        number, found = self.factors(other)
        return found == [x] * 3 and math.isclose(number, 0.044715, rel_tol=CLOSE)

    # Layer normalization

    def layer_norm(self, node: Node) -> None:
        """d / sqrt(mean d^2 + eps), d = x - mean x; then times a gain, plus a
        bias, where these are all that is done with it."""
        if node.op != "Div":
            return
        d, root = (self.makers.get(i) for i in node.inputs)
        if d is None or root is None or d.op != "Sub" or root.op != "Sqrt":
            return
        x = d.inputs[0]
        mean, add = self.made_by(d.inputs[1], "ReduceMean"), self.made_by(root.inputs[0], "Add")
        parts = self.with_constant(add) if add is not None else None
        if parts is None or parts[1] <= 0 or mean is None or mean.inputs[0] != x:
            return
        variance = self.made_by(parts[0], "ReduceMean")
        if variance is None or not (self.over_last(mean, x) and self.over_last(variance, x)):
            return
        number, found = self.factors(variance.inputs[0])
        if number != 1 or found != [d.outputs[0]] * 2:
            return
        n = self.p.shapes[x][-1]
        gain, last = self.applied(node, "Mul", n)
        bias, last = self.applied(last, "Add", n)
        gain = np.ones(n, np.float32) if gain is None else gain
        names = [f"{node.outputs[0]}.gain", f"{node.outputs[0]}.bias"]
        self.p.constants |= {names[0]: gain}
        if bias is not None:
            self.p.constants[names[1]] = bias
        inputs = [x, names[0], names[1] if bias is not None else ""]
        self.replace(last, "LayerNormalization", inputs, LAYER_NORM, axis=-1, epsilon=parts[1])

    def over_last(self, node: Node, x: str) -> bool:
        axes = node.get("axes")
        if axes is None and len(node.inputs) > 1:
            given = self.p.constants.get(node.inputs[1])
            axes = None if given is None else given.reshape(-1).tolist()
        rank = len(self.p.shapes[x])
        return axes is not None and [a % rank for a in axes] == [rank - 1] and (
            node.get("keepdims", 1) == 1)  # fmt: skip

    def applied(self, node: Node, op: str, n: int) -> tuple[np.ndarray | None, Node]:
        """The vector that the only reader of a node's result takes it with, and
        that reader."""
        readers = self.readers.get(node.outputs[0], [])
        if len(readers) != 1 or readers[0].op != op or node.outputs[0] in self.p.outputs:
            return None, node
        reader = readers[0]
        other = next((i for i in reader.inputs if i != node.outputs[0]), None)
        array = self.p.constants.get(other)
        if array is None or array.shape not in ((n,), (1, n), (1, 1, n), (1,), ()):
            return None, node
        if array.ndim > len(self.p.shapes[node.outputs[0]]):
            return None, node
        return np.broadcast_to(array.reshape(-1), n), reader
