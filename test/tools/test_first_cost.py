"""core/model/cost.h: what models do before their first event, by what a first
request of them is modelled to cost; asked through the program that TRIM=1 asks."""

import subprocess

import coldstart_contestants as contestants
import pytest
import text_model
from conftest import ROOT
from net_model import layers, lowered, recurrent

from mote import coding, lower


@pytest.mark.parametrize(
    ("graph", "init"),
    [
        (lambda: layers(1), "wait"),
        (lambda: layers(8), "read"),
        # one row is asked for, however many the plan could take
        (lambda: layers(1, 64), "wait"),
        # the same weights, used in every step
        (lambda: recurrent(4), "wait"),
        (lambda: recurrent(2000), "read"),
    ],
    ids=["one layer", "eight layers", "one layer of 64 rows", "4 steps", "2000 steps"],
)
def test_nets(graph, init, tmp_path):
    path = tmp_path / "net.mote"
    path.write_bytes(lowered(graph(), "float32").to_bytes())
    assert contestants.usual_init(path) == init


def test_what_decodes_runs(tmp_path):
    net, path = lowered(layers(2), "int8", lower.Bits(6)), tmp_path / "net.mote"
    path.write_bytes(net.to_bytes())
    assert contestants.usual_init(path) == "wait"
    coding.choose(net, coding.TARGETS["x86_64"])
    path.write_bytes(net.to_bytes())
    assert contestants.usual_init(path) == "warm"


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
