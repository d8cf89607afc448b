"""Finds in a program what int8 is computed in: layers between DequantizeLinear and
QuantizeLinear, and products of what DynamicQuantizeLinear gave. One node stands
in their place, of the domain "mote", which onnx_quantized.py knows:

  Layer      inputs q, its scale and zero point, weights, theirs, bias, scale and
             zero point of the result; attributes of the operator between (`kind`)
  Dynamic    inputs x, weights, their scale and zero point, bias

A layer that cannot be int8 stays as it is, and Program.kept says why.
"""

import numpy as np

from mote.graph_fixed import MOST_COLUMNS
from mote.importers.onnx_file import Node, Program
from mote.importers.onnx_fuse import Fusion

BYTES = (np.uint8, np.int8)
LAYERS = ("Conv", "Gemm", "MatMul")


def find(p: Program) -> None:
    """Puts one node in place of several."""
    Quantized(p).run()


class Quantized(Fusion):
    def run(self) -> None:
        dynamic = [n for n in self.p.nodes if n.op == "DynamicQuantizeLinear"]
        for node in list(self.p.nodes):
            if node.domain == "" and node.op == "QuantizeLinear":
                self.layer(node)
            elif dynamic and node.domain == "" and node.op == "Mul":
                self.dynamic(node)
        self.drop_unused()
        for node in self.p.nodes:
            if node.domain == "" and node.op in LAYERS and self.is_between(node):
                self.p.kept.setdefault(node.outputs[0], "its result is not quantized")

    def drop_unused(self) -> None:
        needed, kept = set(self.p.outputs), []
        for node in reversed(self.p.nodes):
            if needed & set(node.outputs):
                kept.append(node)
                needed |= set(node.inputs)
        self.p.nodes = kept[::-1]

    def is_between(self, node: Node) -> bool:
        """Whether it reads what was dequantized."""
        return self.made_by(node.inputs[0], "DequantizeLinear") is not None

    def alone(self, name: str) -> bool:
        """Whether one node reads it, and nobody else."""
        return len(self.readers.get(name, [])) == 1 and name not in self.p.outputs

    # Layers between

    def layer(self, node: Node) -> None:
        relu, maker = False, self.made_by(node.inputs[0], *LAYERS, "Relu", "Clip")
        if maker is not None and maker.op in ("Relu", "Clip"):
            between, relu = maker, True
            maker = self.made_by(maker.inputs[0], *LAYERS)
            if maker is None or not self.is_between(maker):
                return
            if not self.alone(maker.outputs[0]):
                self.keep(maker, "others read its result before the activation")
                return
            if between.op == "Clip" and not self.is_relu(between, node):
                self.keep(maker, "its result is clipped to other limits than those of int8")
                return
        if maker is None or not self.is_between(maker):
            return
        why = self.why_not(maker, node)
        if why:
            self.keep(maker, why)
            return
        given, weights = self.made_by(maker.inputs[0], "DequantizeLinear"), maker.inputs[1]
        of = self.p.dequantized[weights]
        bias = maker.inputs[2] if len(maker.inputs) > 2 else ""
        inputs = [*three(given), *three(of), bias, node.inputs[1], third(node)]
        attributes = maker.attributes | {"kind": maker.op, "relu": relu}
        self.become(node, "Layer", inputs, attributes, maker.name or maker.outputs[0])

    def become(self, node: Node, op: str, inputs: list[str], attributes: dict, name: str) -> None:
        self.replace(node, op, inputs, node.version, **attributes)
        node.domain, node.name = "mote", name

    def keep(self, node: Node, why: str) -> None:
        self.p.kept[node.outputs[0]] = why

    def why_not(self, maker: Node, node: Node) -> str | None:
        """What of a layer cannot be int8; None where all of it can."""
        if not self.alone(node.inputs[0]):
            return "others read its result before it is quantized"
        given = self.made_by(maker.inputs[0], "DequantizeLinear")
        if maker.inputs[1] not in self.p.dequantized:
            return "its weights are not quantized"
        for grid, what in ((given, "what it reads"), (node, "its result")):
            why = self.why_no_grid(grid, what)
            if why:
                return why
        if maker.op == "Gemm":
            plain = maker.get("transA", 0) == 0 and maker.get("alpha", 1.0) == 1.0
            if not plain or maker.get("beta", 1.0) != 1.0:
                return "transA, alpha and beta: expected 0, 1 and 1"
        bias = self.p.constants.get(maker.inputs[2]) if len(maker.inputs) > 2 else np.zeros(1)
        if bias is None:
            return "its bias depends on a row"
        if bias.size > 1 and bias.size != bias.shape[-1]:
            return "its bias is not one for each output"
        of = self.p.dequantized[maker.inputs[1]]
        weight, scale, zero = (self.p.constants.get(i) for i in three(of))
        if maker.op != "Conv":
            if weight.ndim != 2:
                return "its weights are no matrix"
            weight = weight if maker.get("transB", 0) else weight.T
        rows = 0 if maker.op == "Conv" or maker.get("transB", 0) else 1
        if of.get("block_size", 0) or (scale.size > 1 and of.get("axis", 1) % weight.ndim != rows):
            return "its weights have scales of another axis than that of its outputs"
        return why_not_int8(weight, zero, scale, maker.get("group", 1))

    def why_no_grid(self, node: Node, what: str) -> str | None:
        scale, zero = (self.p.constants.get(i) for i in (node.inputs[1], third(node)))
        if scale is None or (third(node) and zero is None):
            return f"{what} has a scale or zero point that depends on a row"
        if scale.size != 1 or node.get("block_size", 0):
            return f"{what} has more than one scale"
        dtype = self.p.dtypes[node.inputs[0] if node.op[0] == "D" else node.outputs[0]]
        if dtype not in (2, 3):
            return f"{what} is not of 8 bits"
        return None

    def is_relu(self, clip: Node, node: Node) -> bool:
        """Whether the integers end where Clip does, and begin at 0."""
        low, high = (self.number(clip.inputs[i]) if len(clip.inputs) > i else None for i in (1, 2))
        low = clip.get("min", low) if clip.version < 11 else low
        high = clip.get("max", high) if clip.version < 11 else high
        scale = self.number(node.inputs[1])
        zero = self.number(third(node)) if third(node) else 0.0
        if low != 0 or scale is None or zero is None:
            return False
        most = 127 if self.p.dtypes[node.outputs[0]] == 3 else 255
        return high is None or np.rint(np.float32(high) / np.float32(scale)) + zero >= most

    # Products of DynamicQuantizeLinear

    def dynamic(self, node: Node) -> None:
        """(MatMulInteger as float) times (scale of x times scale of w)."""
        for a, b in (node.inputs, node.inputs[::-1]):
            cast, scales = self.made_by(a, "Cast"), self.made_by(b, "Mul")
            product = cast and self.made_by(cast.inputs[0], "MatMulInteger")
            if not product or not scales or not self.alone(a) or not self.alone(cast.inputs[0]):
                continue
            grid = self.made_by(product.inputs[0], "DynamicQuantizeLinear")
            scale = [i for i in scales.inputs if i in self.p.constants]
            if grid is None or len(scale) != 1 or grid.outputs[1] not in scales.inputs:
                continue
            zero = [*product.inputs[2:], "", ""]
            if zero[0] != grid.outputs[2] or product.inputs[1] not in self.p.constants:
                continue
            inputs = [grid.inputs[0], product.inputs[1], scale[0], zero[1]]
            weight, given, by = (self.p.constants.get(i) for i in inputs[1:])
            why = "its weights are no matrix"
            if weight.ndim == 2:
                why = why_not_int8(weight.T, by, given)
            if why:
                self.keep(product, why)
                return
            self.become(node, "Dynamic", inputs, {}, product.name or product.outputs[0])
            return


def signed(weight: np.ndarray, zero: np.ndarray | None) -> np.ndarray:
    """Integers [m][...] less their zero points, one or [m]."""
    zero = np.zeros(1, np.int32) if zero is None else np.asarray(zero, np.int32)
    return weight.astype(np.int32) - zero.reshape((-1,) + (1,) * (weight.ndim - 1))


def why_not_int8(weight: np.ndarray, zero, scale: np.ndarray, groups: int = 1) -> str | None:
    """What of a layer's weights [m][...] cannot be int8 here: of a product [m][n],
    of a convolution [m][channels of a group][taps ...]; None where all can."""
    m, count = len(weight), weight[0].size
    if weight.dtype not in BYTES:
        return "its weights are not of 8 bits"
    if scale.size not in (1, m):
        return "its weights have scales of another axis than that of its outputs"
    if not (np.isfinite(scale) & (scale > 0)).all():
        return "its weights have a scale that is not a number above 0"
    if np.abs(signed(weight, zero)).max(initial=0) > 127:
        return "its weights are further than 127 from their zero point"
    if not 0 < count <= MOST_COLUMNS:
        return f"an output has {count} weights, expected at most {MOST_COLUMNS}"
    depthwise = groups == m and weight.shape[1] == 1
    if groups > 1 and not depthwise and m // groups % 8:
        return f"{groups} groups of {m // groups} outputs, expected a multiple of 8"
    return None


def three(node: Node) -> list[str]:
    """x, scale and zero point of a DequantizeLinear."""
    return [node.inputs[0], node.inputs[1], third(node)]


def third(node: Node) -> str:
    return node.inputs[2] if len(node.inputs) > 2 else ""
