"""How far int8 weights are from the float weights that they stand for.

The two are brought together by their numbers alone: an int8 tensor belongs to
the array of the graph that it is close to, in some order of its axes. So this
holds the file against its source without asking the code that quantized.
"""

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import permutations

import numpy as np

from mote.graph import Graph
from mote.reader import Model

CLOSE = 0.25  # of the weights' own size: others than the right ones are above 1


def errors(model: Model, graph: Graph) -> dict[int, dict]:
    """For each int8 tensor with scales, by its index:

    source          the node of the graph and its attribute
    max_error       largest |int8 x scale - weight|
    rms_error       root of the mean square of these differences
    relative_error  that, divided by the weights' own root mean square
    signal_to_noise_db   the same in decibels
    worst_row       row with the largest relative error, which has a scale
    """
    arrays = list(float_arrays(graph))
    found = {
        tensor: closest(dequantized(model, tensor, scale), arrays)
        for tensor, scale in scales(model).items()
    }
    for tensor, whole in fixed_weights(model).items():
        found[tensor] = closest(whole, arrays, fitted=True)
    return {tensor: error for tensor, error in found.items() if error}


# Of which the plan does not have the scales of the weights alone, but those of what
# is read and written in them.
FIXED = ("dense_fixed", "conv_fixed", "depthwise_fixed")


def fixed_weights(model: Model) -> dict[int, np.ndarray]:
    """By tensor: integers [outputs][...]."""
    found = {}
    for plan in model.plans:
        for op in plan.operators:
            if op.name in FIXED:
                tensor = plan.values[op.reads[1]].tensor
                q = model.tensors[tensor].data.astype(np.float64)
                found[tensor] = q.T if op.name == "depthwise_fixed" else q
    return found


def fitted_to(q: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Rows of integers, each times the scale that brings it closest."""
    size = (q * q).sum(axis=1)
    scale = np.divide((q * theirs).sum(axis=1), size, out=np.zeros_like(size), where=size > 0)
    return q * scale[:, None]


def scales(model: Model) -> dict[int, int]:
    """Each int8 tensor to the tensor of its scales: the operand behind it."""
    found = {}
    for plan in model.plans:
        for op in plan.operators:
            if op.name in FIXED:
                continue
            read = [None if v is None else plan.values[v].tensor for v in op.reads]
            for tensor, scale in zip(read, read[1:]):
                if tensor is None or scale is None or model.tensors[tensor].dtype != "s8":
                    continue
                if model.tensors[scale].dims == model.tensors[tensor].dims[:1]:
                    found[tensor] = scale
    return found


def dequantized(model: Model, tensor: int, scale: int) -> np.ndarray:
    """[rows][columns] of float64."""
    q = model.tensors[tensor].data
    s = model.tensors[scale].data.astype(np.float64)
    return q.reshape(len(q), -1) * s[:, None]


def float_arrays(graph: Graph) -> Iterator[tuple[str, np.ndarray]]:
    """Every array of two dimensions or more in the graph, and where it is."""
    for number, node in enumerate(graph.nodes):
        for key, value in node.attributes.items():
            for array in arrays_in(value):
                yield f"{node.op} {number}, {key}", array


def arrays_in(value) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        if value.ndim > 1 and value.dtype.kind == "f":
            yield value
    elif is_dataclass(value):
        for f in fields(value):
            yield from arrays_in(getattr(value, f.name))
    elif isinstance(value, list | tuple):
        for x in value:
            yield from arrays_in(x)


def closest(ours: np.ndarray, arrays: list, fitted: bool = False) -> dict | None:
    """fitted: ours are integers whose scales are to be found."""
    best = None
    for source, array in arrays:
        if array.size != ours.size:
            continue
        for theirs in forms(array, len(ours)):
            first = fitted_to(ours[:1], theirs[:1]) if fitted else ours[:1]
            if relative(first, theirs[:1]) > 2 * CLOSE:
                continue  # of most, one row is enough
            mine = fitted_to(ours, theirs) if fitted else ours
            distance = relative(mine, theirs)
            if distance < CLOSE and (best is None or distance < best[0]):
                best = distance, source, theirs, mine
    return best and measure(best[3], best[2], best[1])


def forms(array: np.ndarray, rows: int) -> Iterator[np.ndarray]:
    """The array as [rows][columns], its axes in every order."""
    for order in permutations(range(array.ndim)):
        turned = array.transpose(order)
        if len(turned) == rows:
            yield turned.reshape(rows, -1)


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    size = math.sqrt(np.mean(theirs**2))
    error = math.sqrt(np.mean((ours - theirs) ** 2))
    return error / size if size else (0.0 if error == 0 else math.inf)


def measure(ours: np.ndarray, theirs: np.ndarray, source: str) -> dict:
    share = relative(ours, theirs)
    rows = [relative(a, b) for a, b in zip(ours, theirs)]
    return {
        "source": source,
        "max_error": float(np.abs(ours - theirs).max()),
        "rms_error": math.sqrt(np.mean((ours - theirs) ** 2)),
        "relative_error": share,
        "signal_to_noise_db": -20 * math.log10(share) if share else None,
        "worst_row": int(np.argmax(rows)),
    }
