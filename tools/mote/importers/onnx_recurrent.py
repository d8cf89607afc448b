"""LSTM and GRU of ONNX: [steps][batch][n], or with layout 1 [batch][steps][n];
one or both directions, states before the first step."""

import numpy as np

from mote.graph import BATCH
from mote.graph_tensor import Layer
from mote.importers.onnx_build import Builder, Tensor, op
from mote.importers.onnx_file import Node

GATES = {"LSTM": 4, "GRU": 3}
FUNCTIONS = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"]}
DIRECTIONS = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}


def check(b: Builder, node: Node, steps: int) -> list[bool]:
    """Which directions run; refuses what the engine's layers do not have."""
    directions = DIRECTIONS.get(node.get("direction", "forward"))
    if directions is None:
        raise node.refuse(f"direction: {node.get('direction')!r} is not known")
    functions = node.get("activations")
    if functions is not None and functions != FUNCTIONS[node.op] * len(directions):
        raise node.refuse(f"activations: expected {FUNCTIONS[node.op]}, got {functions}")
    if node.get("clip") is not None:
        raise node.refuse("clip: expected none")
    if node.get("input_forget", 0):
        raise node.refuse("input_forget: expected 0")
    lengths = b.constant(node, 4, "sequence_lens")
    if lengths is not None and (lengths != steps).any():
        raise node.refuse(f"sequence_lens: expected all {steps} steps, got {lengths.tolist()}")
    peepholes = b.constant(node, 7, "P") if node.op == "LSTM" else None
    if peepholes is not None and peepholes.any():
        raise node.refuse("P: peepholes are not computed, expected none")
    return directions


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


@op("LSTM", "GRU")
def recurrent(b: Builder, node: Node):
    x, batch_first = b.real(node), bool(node.get("layout", 0))
    steps_axis, batch_axis = (1, 0) if batch_first else (0, 1)
    steps, batch = x.shape[steps_axis], x.shape[batch_axis]
    directions = check(b, node, steps)
    made = layers(b, node, directions)
    m, count = made[0].recurrent.shape[1], len(made)
    kind, states = node.op.lower(), 2 if node.op == "LSTM" else 1
    x = b.arrange(x, (batch_axis, steps_axis, 2))
    if made[0].weight.shape[1] != x.shape[2]:
        raise node.refuse(f"W {made[0].weight.shape} for {x.shape[2]} features")

    results = []  # of each of the batch, of each direction: y, last states
    for i, part in enumerate(b.items(node, x, batch_axis)):
        row = b.view(part, steps, x.shape[2])
        for d, layer in enumerate(made):
            given = [state(b, node, 5 + k, batch_first, i, d) for k in range(states)]
            results.append(b.graph.recurrent(row, kind, layer, given))

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
