"""MOTE_INIT: weights read, and a run of the plan, before the first event."""

import json
import shutil

import numpy as np
import pytest
import text_model
from function import BARE, EXEC, needs
from mock_api import Api, event
from net_model import WIDE, layers, lowered
from test_decoded import DECODED, ROW, kept, resident
from test_decoded import model as coded_model
from test_start import refuses
from test_verify import coded, linked, put  # noqa: F401 (fixtures)

from mote import config, lower
from mote.graph import Feature, Graph, Imported, Output
from mote.reader import read


def reciprocal() -> bytes:
    """One by the sum of two numbers: of zeros it is infinite."""
    g = Graph.of_rows(2)
    g.outputs = [g.map(g.dense(g.input, np.ones((1, 2)), np.zeros(1)), "reciprocal")]
    imported = Imported(
        graph=g,
        features=[Feature("a"), Feature("b")],
        output=Output("numbers", ["y"], None, g.outputs[0]),
        trainer="none",
        predict=None,
    )
    return lower.lower(imported, config.Config("small", "1"), "float32").to_bytes()


@pytest.fixture(scope="module")
def heavy():
    return coded_model()


@pytest.fixture
def run(tmp_path, start):
    """Starts the function on a model, with these variables."""
    shutil.copy(BARE, tmp_path / "bootstrap")

    def run(blob, **variables):
        (tmp_path / "model.mote").write_bytes(blob)
        return start(command=[*EXEC, tmp_path / "bootstrap"], **variables)

    return run


@pytest.mark.parametrize(
    ("variables", "warm"),
    [({}, True), ({"MOTE_INIT": "auto"}, True), ({"MOTE_INIT": "wait"}, False),
     ({"MOTE_INIT": "read"}, False), ({"MOTE_INIT": "warm"}, True)],
)  # fmt: skip
def test_a_heavy_model_is_decoded_before_the_first_event(api, run, heavy, variables, warm):
    needs(static=True)
    function = run(heavy, **variables)
    asked = api.next()
    assert len(kept(function)) == warm
    before = resident(function, "Anon")
    assert (before >= DECODED) == warm
    asked.connection.send(event(ROW))
    assert api.post().kind == "response"
    assert not warm or resident(function, "Anon") - before <= 256 << 10


@pytest.fixture(scope="module")
def raw(tmp_path_factory, built):
    """An executable that carries 12 MB of raw weights."""
    blob = lowered(layers(3), "float32").to_bytes()
    return linked(tmp_path_factory.mktemp("raw"), blob)


@pytest.mark.parametrize(
    ("init", "reads"), [("wait", False), ("auto", True), ("read", True), ("warm", True)]
)
def test_raw_weights_are_read_before_the_first_event(api, put, raw, init, reads):  # noqa: F811
    """As pages of the file that the process maps."""
    function = put(raw, MOTE_INIT=init)
    asked = api.next()
    before = resident(function, "File")
    asked.connection.send(event(json.dumps([0.5] * WIDE).encode()))
    assert api.post().kind == "response"
    assert (resident(function, "File") - before < 1 << 20) == reads


TEXTS = [b'"good book"', b'{"text": "the cat", "encoding_format": "base64"}', b'["dog", ""]']


@pytest.mark.parametrize("init", ["warm", "auto", "read"])
@pytest.mark.parametrize(
    ("model", "events"),
    [("heavy", [ROW, b"[%s]" % ROW]), ("embedding", TEXTS), ("class", TEXTS[::2])],
)
@pytest.mark.parametrize("turned", [False, True])
def test_replies_do_not_depend_on_it(run, heavy, model, events, init, turned):
    """All the events twice, in either order."""
    blob = heavy if model == "heavy" else text_model.blob(model, "full")
    replies = []
    for value in ("wait", init):
        api = Api()
        run(blob, environment={"AWS_LAMBDA_RUNTIME_API": api.host}, MOTE_INIT=value)
        replies.append([api.result(body) for body in events[:: -1 if turned else 1] * 2])
        api.close()
    assert replies[0] == replies[1]


def test_a_run_that_fails_is_told_and_serves(api, run):
    """No request need be like it."""
    function = run(reciprocal(), MOTE_INIT="warm")
    assert api.result(b"[1,3]")["value"] == 0.25
    (line,) = function.messages("WARN")
    assert "numbers that stay finite in the model" in line
    assert "0" not in api.failure(b"[0,0]")["errorType"]
    assert len(function.messages("WARN")) == 2


@pytest.mark.parametrize("init", ["wait", "auto", "read"])
def test_a_light_model_waits(api, run, init):
    function = run(reciprocal(), MOTE_INIT=init)
    assert api.result(b"[1,3]")["value"] == 0.25
    assert function.messages("WARN") == []


@pytest.mark.parametrize("init", ["warm", "auto", "wait"])
def test_weights_that_do_not_decode(api, put, coded, init):  # noqa: F811
    """Every request would fail: so does a start that runs one, by name."""
    executable, blob = coded
    largest = max(read(blob).tensors, key=lambda t: t.bytes)
    at = executable.index(blob) + largest.offset
    broken = executable[:at] + b"\xff" * 64 + executable[at + 64 :]
    function = put(broken, MOTE_INIT=init, AWS_LAMBDA_LOG_LEVEL="ERROR")
    if init == "wait":
        assert api.failure(ROW)["errorType"] == "Function.ModelDamaged"
        return
    error = refuses(api, function)
    assert error["errorType"] == "Runtime.ModelInvalid"
    assert error["errorMessage"] == "DATA: expected weights that decode"


@pytest.mark.parametrize("value", ["", "sometimes", "Warm", "warm "])
def test_values_that_are_unknown(run, heavy, value):
    function = run(heavy, MOTE_INIT=value)
    assert function.wait() == 1
    (line,) = function.log()
    assert line["level"] == "FATAL"
    assert line["message"].startswith("MOTE_INIT: expected auto, wait, read or warm, got ")
