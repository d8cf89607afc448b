"""LSTM, GRU and RNN of ONNX: [steps][batch][n], or with layout 1 [batch][steps]
[n]; one or both directions, states before the first step. What the engine's
layers do not have is written out step by step."""

from dataclasses import dataclass

import numpy as np

from mote.graph import BATCH
from mote.graph_tensor import Layer
from mote.importers import onnx_dense
from mote.importers.onnx_build import Builder, Tensor, op
from mote.importers.onnx_file import Node

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
FUNCTIONS = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}
DIRECTIONS = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}
MAX_STEPS = 128  # of a layer that is written out step by step
# alpha and beta of the functions that have them, where a file has none
DEFAULTS = {
    "LeakyRelu": (0.01, 0), "ThresholdedRelu": (1, 0), "ScaledTanh": (1, 1),
    "HardSigmoid": (0.2, 0.5), "Elu": (1, 0), "Affine": (1, 0),
}  # fmt: skip


@dataclass
class Setup:
    """What a layer has beside its weights. functions: of each direction, names
    with alpha and beta; lengths: steps of each of the batch; peepholes: of each
    direction, for the gates i, o and f."""

    functions: list[list[tuple[str, float, float]]]
    clip: float | None
    input_forget: bool
    lengths: list[int]
    peepholes: np.ndarray | None
    plain: bool  # it is a layer of the engine


def setup_of(b: Builder, node: Node, directions: int, steps: int, batch: int, m: int) -> Setup:
    names, each = FUNCTIONS[node.op], len(FUNCTIONS[node.op])
    given = node.get("activations") or names * directions
    if len(given) != each * directions:
        raise node.refuse(f"activations: expected {each * directions}, got {given}")
    alphas, betas = (iter(node.get(f"activation_{k}") or []) for k in ("alpha", "beta"))
    functions = []
    for name in given:
        if name not in DEFAULTS and name not in SIMPLE:
            raise node.refuse(f"activations: {name!r} is not known")
        alpha, beta = DEFAULTS.get(name, (0, 0))
        alpha = next(alphas, alpha) if name in DEFAULTS else alpha
        beta = next(betas, beta) if name in ("ScaledTanh", "HardSigmoid", "Affine") else beta
        functions.append((name, float(alpha), float(beta)))
    lengths = b.constant(node, 4, "sequence_lens")
    lengths = [steps] * batch if lengths is None else [int(n) for n in lengths.reshape(-1)]
    peepholes = b.constant(node, 7, "P") if node.op == "LSTM" else None
    if peepholes is not None and not peepholes.any():
        peepholes = None
    if peepholes is not None and peepholes.shape != (directions, 3 * m):
        raise node.refuse(f"P: expected {(directions, 3 * m)}, got {peepholes.shape}")
    if len(lengths) != batch or min(lengths) < 0 or max(lengths) > steps:
        raise node.refuse(f"sequence_lens: expected {batch} from 0 to {steps}, got {lengths}")
    clip, forget = node.get("clip"), bool(node.get("input_forget", 0))
    plain = (
        node.op != "RNN"
        and given == names * directions
        and clip is None
        and not forget
        and peepholes is None
        and set(lengths) <= {steps}
    )
    if not plain and steps > MAX_STEPS:
        raise node.refuse(
            f"{steps} steps with peepholes, clip, input_forget, sequence_lens or activations of "
            f"its own: expected at most {MAX_STEPS}"
        )
    parts = [functions[d * each : (d + 1) * each] for d in range(directions)]
    return Setup(parts, clip, forget, lengths, peepholes, plain)


SIMPLE = {
    "Relu": lambda b, x: b.map(x, "relu"),
    "Tanh": lambda b, x: b.map(x, "tanh"),
    "Sigmoid": lambda b, x: b.map(x, "sigmoid"),
    "Softsign": onnx_dense.softsign_of,
    "Softplus": onnx_dense.softplus,
}


def applied(b: Builder, x: Tensor, function: tuple[str, float, float]) -> Tensor:
    name, alpha, beta = function
    if name in SIMPLE:
        return SIMPLE[name](b, x)
    if name == "Affine":
        return b.with_number(b.with_number(x, "*", alpha), "+", beta)
    if name == "ScaledTanh":
        return b.with_number(b.map(b.with_number(x, "*", beta), "tanh"), "*", alpha)
    if name == "HardSigmoid":
        return onnx_dense.hard_sigmoid(b, x, alpha, beta)
    if name == "LeakyRelu":
        return onnx_dense.bent(b, x, lambda x: b.with_number(x, "*", alpha))
    if name == "Elu":
        return onnx_dense.bent(b, x, lambda x: onnx_dense.exponential(b, x, alpha))
    return onnx_dense.above(b, x, alpha)


class Unrolled:
    """One direction of a layer, step by step, each of the engine's operators for
    numbers: for what its layers do not have."""

    def __init__(self, b: Builder, node: Node, layer: Layer, setup: Setup, direction: int):
        self.b, self.op, self.layer, self.setup = b, node.op, layer, setup
        self.functions = setup.functions[direction]
        self.m = layer.recurrent.shape[1]
        self.peepholes = [None] * 3
        if setup.peepholes is not None:
            self.peepholes = np.split(setup.peepholes[direction], 3)

    def run(self, x: Tensor, states: list, length: int) -> list:
        """x (steps, n); states (1, m) each. Gives the states after each step
        (steps, m), zeros behind the length, and the last ones (1, m)."""
        b, layer = self.b, self.layer
        steps = x.shape[0]
        states = list(states)
        bias = layer.bias if self.op == "GRU" else layer.bias + layer.recurrent_bias
        gates = b.dense(x, layer.weight, bias)
        found = {}
        for t in range(length)[::-1] if layer.reverse else range(length):
            states = STEPS[self.op](self, b.slice(gates, 0, t, 1), *states)
            found[t] = states[0]
        if length < steps:
            found |= dict.fromkeys(range(length, steps), zeros(b, self.m))
        return [b.concat([found[t] for t in range(steps)], 0), *states]

    def gate(self, x: Tensor, which: int, function: int, peep=None, cell=None) -> Tensor:
        """An activation of one of the gates that lie side by side."""
        part = self.b.slice(x, 1, which * self.m, self.m)
        if peep is not None:
            part = self.b.binary(part, self.b.with_array(cell, peep, "*"), "+")
        return self.curve(part, function)

    def curve(self, x: Tensor, function: int) -> Tensor:
        if self.setup.clip is not None:
            clip = self.setup.clip
            x = self.b.with_number(self.b.with_number(x, "max", -clip), "min", clip)
        return applied(self.b, x, self.functions[function])

    def lstm(self, x: Tensor, h: Tensor, c: Tensor) -> list[Tensor]:
        b, (peep_i, peep_o, peep_f) = self.b, self.peepholes
        x = b.binary(x, b.dense(h, self.layer.recurrent), "+")
        i = self.gate(x, 0, 0, peep_i, c)
        f = one_less(b, i) if self.setup.input_forget else self.gate(x, 2, 0, peep_f, c)
        c = b.binary(b.binary(f, c, "*"), b.binary(i, self.gate(x, 3, 1), "*"), "+")
        o = self.gate(x, 1, 0, peep_o, c)
        return [b.binary(o, applied(b, c, self.functions[2]), "*"), c]

    def gru(self, x: Tensor, h: Tensor) -> list[Tensor]:
        b, layer, m = self.b, self.layer, self.m
        (first, last), (low, high) = self.parted(layer.recurrent), self.parted(layer.recurrent_bias)
        both = b.binary(b.slice(x, 1, 0, 2 * m), b.dense(h, first, low), "+")
        z, r = self.gate(both, 0, 0), self.gate(both, 1, 0)
        if layer.reset_before:
            new = b.dense(b.binary(r, h, "*"), last, high)
        else:
            new = b.binary(r, b.dense(h, last, high), "*")
        new = self.curve(b.binary(b.slice(x, 1, 2 * m, m), new, "+"), 1)
        return [b.binary(b.binary(one_less(b, z), new, "*"), b.binary(z, h, "*"), "+")]

    def parted(self, array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of the gates z and r, and of h; the same arrays for each step."""
        key = id(array)
        if key not in self.b.done:
            self.b.done[key] = (array[: 2 * self.m].copy(), array[2 * self.m :].copy())
        return self.b.done[key]

    def rnn(self, x: Tensor, h: Tensor) -> list[Tensor]:
        return [self.curve(self.b.binary(x, self.b.dense(h, self.layer.recurrent), "+"), 0)]


STEPS = {"LSTM": Unrolled.lstm, "GRU": Unrolled.gru, "RNN": Unrolled.rnn}


def one_less(b: Builder, x: Tensor) -> Tensor:
    """1 - x"""
    return b.with_number(b.map(x, "neg"), "+", 1)


def layers(b: Builder, node: Node, directions: list[bool]) -> list[Layer]:
    weight, recurrent = b.constant(node, 1, "W"), b.constant(node, 2, "R")
    m = recurrent.shape[2]
    rows = GATES[node.op] * m
    bias = b.constant(node, 3, "B", np.zeros((len(weight), 2 * rows)))
    expected = ((len(directions), rows), (len(directions), rows, m), (len(directions), 2 * rows))
    if (weight.shape[:2], recurrent.shape, bias.shape) != expected:
        raise node.refuse(
            f"W {weight.shape}, R {recurrent.shape} and B {bias.shape} do not fit together"
        )
    before = node.op == "GRU" and not node.get("linear_before_reset", 0)
    return [
        Layer(weight[d], recurrent[d], bias[d, :rows], bias[d, rows:], reverse, before)
        for d, reverse in enumerate(directions)
    ]


@op("LSTM", "GRU", "RNN")
def recurrent(b: Builder, node: Node):
    x, batch_first = b.real(node), bool(node.get("layout", 0))
    steps_axis, batch_axis = (1, 0) if batch_first else (0, 1)
    steps, batch = x.shape[steps_axis], x.shape[batch_axis]
    directions = DIRECTIONS.get(node.get("direction", "forward"))
    if directions is None:
        raise node.refuse(f"direction: {node.get('direction')!r} is not known")
    made = layers(b, node, directions)
    m, count = made[0].recurrent.shape[1], len(made)
    setup = setup_of(b, node, count, steps, batch, m)
    kind, states = node.op.lower(), 2 if node.op == "LSTM" else 1
    x = b.arrange(x, (batch_axis, steps_axis, 2))
    if made[0].weight.shape[1] != x.shape[2]:
        raise node.refuse(f"W {made[0].weight.shape} for {x.shape[2]} features")

    results = []  # of each of the batch, of each direction: y, last states
    for i, part in enumerate(b.items(node, x, batch_axis)):
        row = b.view(part, steps, x.shape[2])
        for d, layer in enumerate(made):
            given = [state(b, node, 5 + k, batch_first, i, d) for k in range(states)]
            if setup.plain:
                results.append(b.graph.recurrent(row, kind, layer, given))
                continue
            given = [zeros(b, m) if g is None else Tensor(g, (1, m), (0, 1)) for g in given]
            x_row = Tensor(row, (steps, x.shape[2]), (0, 1))
            found = Unrolled(b, node, layer, setup, d).run(x_row, given, setup.lengths[i])
            results.append([b.view(t, t.size) for t in found])

    def joined(values: list, n: int):
        """Results in their order, as [batch][all of them]."""
        return b.concat_flat([b.graph.reshape(v, (BATCH, n)) for v in values])

    # in memory: batch, directions, steps, numbers
    y = joined([r[0] for r in results], steps * m)
    if batch_first:
        outputs = [Tensor(y, (batch, steps, count, m), (0, 2, 1, 3))]
    else:
        outputs = [Tensor(y, (steps, count, batch, m), (2, 1, 0, 3))]
    for k in range(states):
        last = joined([r[1 + k] for r in results], m)
        if batch_first:
            outputs.append(Tensor(last, (batch, count, m), (0, 1, 2)))
        else:
            outputs.append(Tensor(last, (count, batch, m), (1, 0, 2)))
    return outputs


def state(b: Builder, node: Node, i: int, batch_first: bool, item: int, direction: int):
    """[batch][m] before the first step, or None for zeros."""
    given = b.input(node, i)
    if given is None or (isinstance(given, np.ndarray) and not given.any()):
        return None
    t = b.tensor(node, i)
    batch_axis, direction_axis = (0, 1) if batch_first else (1, 0)
    t = b.slice(b.slice(t, batch_axis, item, 1), direction_axis, direction, 1)
    return b.view(b.plain(t), t.shape[2])


def zeros(b: Builder, m: int) -> Tensor:
    value = b.graph.expand(b.graph.constant(np.zeros((1, 1))), (BATCH, m))
    return Tensor(value, (1, m), (0, 1))
