"""MOTE_DECODED: copies of coded weights, from the second request on."""

import json
import re
import resource
import shutil

import numpy as np
import pytest
from function import BARE, EXEC, Function, needs

from mote import coding, config, file, lower
from mote.graph import Feature, Graph, Imported, Output
from mote.reader import read

FEATURES, WIDTH = 64, 1024
KEPT = "decoded weights are kept"
ROW = json.dumps([0.01 * i for i in range(FEATURES)]).encode()
DECODED = WIDTH * (FEATURES + WIDTH)  # bytes of the two large layers


def model(bits=6) -> bytes:
    """A net with about a MiB of weights, the large ones coded."""
    rng = np.random.default_rng(4)
    g = Graph.of_rows(FEATURES)
    x = g.dense(g.input, rng.normal(size=(WIDTH, FEATURES)) / 8, rng.normal(size=WIDTH), "relu")
    x = g.dense(x, rng.normal(size=(WIDTH, WIDTH)) / 32, rng.normal(size=WIDTH), "relu")
    y = g.dense(x, rng.normal(size=(3, WIDTH)) / 32, rng.normal(size=3))
    g.outputs = [y]
    imported = Imported(
        graph=g,
        features=[Feature(f"x{i}") for i in range(FEATURES)],
        output=Output("numbers", ["a", "b", "c"], None, y),
        trainer="none",
        predict=None,
    )
    whole = lower.lower(imported, config.Config("net", "1"), "int8", lower.Bits(bits))
    coding.choose(whole, coding.TARGETS["x86_64"])
    assert [t.stored is not None for t in whole.tensors if t.layout == "p8k8"] == [True, True]
    return whole.to_bytes()


@pytest.fixture(scope="module")
def blob():
    return model()


@pytest.fixture
def run(tmp_path, start, blob):
    """Starts the function on the model, with these variables; unless one says
    otherwise, the first event is the first run."""
    shutil.copy(BARE, tmp_path / "bootstrap")
    (tmp_path / "model.mote").write_bytes(blob)

    def run(**variables):
        command = [*EXEC, tmp_path / "bootstrap"]
        return start(command=command, **{"MOTE_INIT": "wait"} | variables)

    return run


def resident(function, kind: str) -> int:
    """Bytes in its page tables: of its own (Anon), of files (File)."""
    status = open(f"/proc/{function.pid}/status").read()
    return 1024 * int(re.search(rf"Rss{kind}:\s+(\d+)", status)[1])


def kept(function) -> list[int]:
    return [line["bytes"] for line in function.log() if line["message"] == KEPT]


@pytest.mark.parametrize(
    ("variables", "keeps"),
    [
        ({}, True),
        ({"MOTE_DECODED": "auto"}, True),
        ({"MOTE_DECODED": "never"}, False),
        ({"MOTE_DECODED": "always"}, True),
        ({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}, True),
        ({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "5"}, True),
        ({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "4"}, False),
        ({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "4", "MOTE_DECODED": "always"}, True),
        ({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "nonsense"}, True),
        ({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769", "MOTE_DECODED": "never"}, False),
    ],
)
def test_what_is_kept(api, run, variables, keeps):
    function = run(**variables)
    first = api.result(ROW)
    assert kept(function) == []
    assert [api.result(ROW) for _ in range(3)] == [first] * 3
    sizes = kept(function)
    assert len(sizes) == keeps
    assert not keeps or DECODED <= sizes[0] <= DECODED + 4096


def test_memory_of_the_first_request(api, run):
    """It has no page of decoded weights; the second has them all, and no other more."""
    needs(static=True)
    function = run(MOTE_DECODED="always")
    api.result(ROW)
    first = resident(function, "Anon")
    api.result(ROW)
    second = resident(function, "Anon")
    api.result(ROW)
    assert DECODED <= second - first <= DECODED + (64 << 10)
    assert resident(function, "Anon") - second <= 8192
    assert first < DECODED


def test_memory_of_the_scratch(api, run, blob):
    needs(static=True)
    function = run(MOTE_DECODED="never")
    before = resident(function, "Anon")
    api.result(ROW)
    first = resident(function, "Anon")
    header = read(blob).header
    assert first - before <= header.request_arena + (256 << 10) < DECODED
    for _ in range(5):
        api.result(ROW)
    assert resident(function, "Anon") - first <= 8192


def test_no_memory_for_copies(api, run):
    """The mapping fails; answers go on."""
    needs(static=True)
    function = run(MOTE_DECODED="always")
    first = api.result(ROW)
    size = int(re.search(r"VmSize:\s+(\d+)", open(f"/proc/{function.pid}/status").read())[1])
    limit = 1024 * size + DECODED // 2
    resource.prlimit(function.pid, resource.RLIMIT_AS, (limit, limit))
    assert [api.result(ROW) for _ in range(3)] == [first] * 3
    assert kept(function) == []


@pytest.mark.parametrize("value", ["", "sometimes", "Always", "never "])
def test_values_that_are_unknown(api, run, value):
    function: Function = run(MOTE_DECODED=value)
    assert function.wait() == 1
    (line,) = function.log()
    assert line["level"] == "FATAL"
    assert line["message"].startswith("MOTE_DECODED: expected never, auto or always, got ")


def test_models_without_coded_tensors(api, start):
    """Nothing to keep."""
    function = start(MOTE_DECODED="always")
    for _ in range(3):
        api.result(b"[5.1,3.5,1.4,0.2]")
    assert kept(function) == []


def test_bytes_of_the_model(blob):
    """It is the coded weights that are tested."""
    assert len(blob) < 0.8 * DECODED and file.PAGE < DECODED
