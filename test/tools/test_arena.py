"""Bytes of scratch that the reference models of `make bench-kernels` need: a
change that makes one grow by more than 3 % has to say so here."""

import pytest
from kernels_models import models

from mote import lower

ARENA = {
    "mlp-32": 24576,
    "mlp-128": 82176,
    "forest-100x6": 11072,
    "forest-500x6": 11072,
    "forest-500x8": 11072,
    "forest-1000x6": 11072,
    "forest-31-leaves": 43328,
    "gru": 92160,
    "tcn": 12160,
    "bert": 806912,
    "minilm": 2360320,
}
GROWTH = 1.03


@pytest.fixture(scope="module")
def arenas():
    """Of each model, and the bytes alive at once, below which none can be."""
    found = {}
    for model in models():
        lowered = lower.lower_graph(model.graph, model.precision)
        found[model.name] = lowered.plan.arena, lowered.layout.bound
    return found


def test_every_model_has_its_figure(arenas):
    assert set(arenas) == set(ARENA)


@pytest.mark.parametrize("name", ARENA)
def test_arena(arenas, name):
    arena, bound = arenas[name]
    print(f"{name}: arena of {arena} bytes, {bound} alive at once, recorded {ARENA[name]}")
    assert arena <= GROWTH * ARENA[name], "a model needs more memory than it did"
    assert arena <= GROWTH * bound, "places are further apart than they need to be"
