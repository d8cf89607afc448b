"""Nets of random weights for tests, as an importer hands them over: the same bytes
come out every time."""

import numpy as np

from mote import config, file, lower
from mote.graph import Feature, Graph, Imported, Output, Value

WIDE, STATES = 1024, 64


def weights(*dims: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(dims) / dims[-1] ** 0.5


def layers(count: int, batch: int = 1) -> Graph:
    """Of WIDE by WIDE weights in float32."""
    g = Graph([Value(("batch", WIDE), "f32")], {"batch": batch})
    x = g.input
    for _ in range(count):
        x = g.dense(x, weights(WIDE, WIDE), np.zeros(WIDE), "relu")
    g.outputs = [g.dense(x, weights(1, WIDE), np.zeros(1))]
    return g


def recurrent(steps: int) -> Graph:
    g = Graph([Value(("batch", steps * 8), "f32")], {"batch": 1})
    x = g.gru(
        g.reshape(g.input, ("batch", steps, 8)), weights(3 * STATES, 8),
        weights(3 * STATES, STATES), weights(3 * STATES), weights(3 * STATES),
    )  # fmt: skip
    g.outputs = [g.dense(g.reduce(x, "last"), weights(1, STATES))]
    return g


def lowered(g: Graph, *how) -> file.File:
    """how: the precision, and what else lower.lower takes."""
    features = [Feature(f"x{i}", dtype="f32") for i in range(int(np.prod(g.input.dims[1:])))]
    output = Output("numbers", ["y"], None, g.outputs[0])
    imported = Imported(
        graph=g, features=features, output=output, trainer="none", predict=None
    )  # fmt: skip
    return lower.lower(imported, config.Config("net", "1"), *how)
