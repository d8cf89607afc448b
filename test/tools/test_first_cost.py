"""core/model/cost.h: which models run before their first event, by what a first
request of them is modelled to cost; asked through the program that TRIM=1 asks."""

import subprocess

import coldstart_contestants as contestants
import numpy as np
import pytest
import text_model
from conftest import ROOT

from mote import config, lower
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


def blob(g: Graph) -> bytes:
    features = [Feature(f"x{i}", dtype="f32") for i in range(int(np.prod(g.input.dims[1:])))]
    output = Output("numbers", ["y"], None, g.outputs[0])
    imported = Imported(
        graph=g, features=features, output=output, trainer="none", predict=None
    )  # fmt: skip
    return lower.lower(imported, config.Config("net", "1"), "float32").to_bytes()


@pytest.mark.parametrize(
    ("graph", "init"),
    [
        (lambda: layers(1), "wait"),
        (lambda: layers(8), "warm"),
        # one row is asked for, however many the plan could take
        (lambda: layers(1, 64), "wait"),
        # the same weights, used in every step
        (lambda: recurrent(4), "wait"),
        (lambda: recurrent(2000), "warm"),
    ],
    ids=["one layer", "eight layers", "one layer of 64 rows", "4 steps", "2000 steps"],
)
def test_nets(graph, init, tmp_path):
    path = tmp_path / "net.mote"
    path.write_bytes(blob(graph()))
    assert contestants.usual_init(path) == init


def test_texts_count_as_short_ones(tmp_path):
    path = tmp_path / "text.mote"
    path.write_bytes(text_model.blob("class"))
    assert contestants.usual_init(path) == "wait"


def test_what_is_linked_follows():
    """Trimmed iris has no run before the first event; `needs` says why."""
    done = subprocess.run(
        [contestants.OPCODES, ROOT / "models/iris/iris.mote"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("-DMOTE_OPERATORS=")
    trimmed = contestants.BUILT / "iris/trimmed/bootstrap"
    assert b"MOTE_INIT" not in trimmed.read_bytes()
    assert b"MOTE_INIT" in (contestants.BUILT / "iris/bootstrap").read_bytes()
