"""Operators that are made of others, against ONNX Runtime, beside what ONNX' own
cases have of them: layers written out step by step, sizes, products of axes."""

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
from test_onnx import F32, Model, compiled, operators, weights  # noqa: E402

from mote import lower  # noqa: E402
from mote.config import Config  # noqa: E402
from mote.engine import Engine  # noqa: E402
from mote.errors import Refusal  # noqa: E402
from mote.importers import import_file  # noqa: E402

STEPS, N, M = 5, 3, 4
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def recurrent(folder, kind: str, direction: str, peepholes: bool = False, **attributes):
    count, rows = (2 if direction == "bidirectional" else 1), GATES[kind] * M
    m = Model(x=[STEPS, 1, N])
    more = ["", "", "", weights(count, 3 * M)] if peepholes else []
    x = m.op("Tanh", "x")
    if "activations" in attributes:
        attributes["activations"] = attributes["activations"] * count
    y, _ = m.op(kind, x, weights(count, rows, N), weights(count, rows, M), weights(count, 2 * rows),
                *more, outputs=2, hidden_size=M, direction=direction, **attributes)  # fmt: skip
    return m.save(folder, (y, F32, [STEPS, count, 1, M]))


OTHERS = [
    ("LSTM", {"peepholes": True}),
    ("LSTM", {"clip": 0.3}),
    ("LSTM", {"activations": ["HardSigmoid", "Relu", "Softsign"]}),
    ("GRU", {"clip": 0.5}),
    ("GRU", {"clip": 0.5, "linear_before_reset": 1}),
    ("RNN", {}),
    ("RNN", {"activations": ["Relu"]}),
]


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("kind, options", OTHERS)
def test_layers_step_by_step(tmp_path, kind, options, direction):
    imported, _ = compiled(recurrent(tmp_path, kind, direction, **options), "float32", rows=60)
    assert kind.lower() not in operators(imported)


def test_weights_of_all_steps_are_stored_once(tmp_path):
    _, blob = compiled(recurrent(tmp_path, "RNN", "forward"), "float32", rows=20)
    from mote.reader import read

    assert [tuple(t.dims) for t in read(blob).tensors].count((M, M)) == 1


def test_many_steps_are_refused(tmp_path):
    m = Model(x=[200, 1, N])
    y, _ = m.op("RNN", "x", weights(1, M, N), weights(1, M, M), outputs=2, hidden_size=M)
    path = m.save(tmp_path, (y, F32, [200, 1, 1, M]))
    with pytest.raises(Refusal, match="200 steps .* at most 128"):
        import_file(str(path), Config("test"), False)


@pytest.mark.parametrize("groups", [1, 2])
def test_convolutions_over_three_axes(tmp_path, groups):
    m = Model(x=["batch", 2, 4, 5, 6])
    y = m.op("Conv", "x", weights(4, 2 // groups, 3, 2, 3), weights(4), pads=[1, 0, 1, 1, 1, 1],
             strides=[2, 1, 2], group=groups)  # fmt: skip
    compiled(m.save(tmp_path, (m.op("Flatten", y), F32, ["batch", "n"])), "float32", rows=40)


@pytest.mark.parametrize("form", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("where", ["half_pixel", "asymmetric", "align_corners"])
def test_other_sizes(tmp_path, form, where):
    m = Model(x=["batch", 2, 4, 6])
    x = m.op("Tanh", "x")
    y = m.op("Resize", x, "", m.constant([1, 1, 1.5, 2]), mode=form,
             coordinate_transformation_mode=where)  # fmt: skip
    compiled(m.save(tmp_path, (y, F32, ["batch", 2, 6, 12])), "float32", rows=40)


@pytest.mark.parametrize("groups, options", [
    (1, {"strides": [2, 2], "pads": [1, 0, 0, 1]}),
    (2, {"strides": [3, 1], "output_padding": [1, 0], "dilations": [1, 2]}),
])  # fmt: skip
def test_transposed_convolutions(tmp_path, groups, options):
    m = Model(x=["batch", 4, 3, 5])
    y = m.op("ConvTranspose", "x", weights(4, 6 // groups, 3, 2), weights(6), group=groups,
             **options)  # fmt: skip
    compiled(m.save(tmp_path, (m.op("Flatten", y), F32, ["batch", "n"])), "float32", rows=40)


@pytest.mark.parametrize("equation, shape, out", [
    ("abc,cd->abd", (3, 5), (2, 4, 5)), ("abc,acd->abd", (1, 3, 5), (1, 4, 5)),
    ("abc,dc->db", (5, 3), (5, 4)),
])  # fmt: skip
def test_products_of_named_axes(tmp_path, equation, shape, out):
    batch = 1 if "acd" in equation else 2
    m = Model(x=[batch, 4, 3])
    y = m.op("Einsum", "x", weights(*shape), equation=equation)
    compiled(m.save(tmp_path, (y, F32, list(out))), "float32", rows=40)


@pytest.mark.parametrize("masked", [False, True])
def test_the_largest_of_a_row_with_infinities(tmp_path, masked):
    """Each place once, also among those that a mask has put below all others."""
    m = Model(x=["batch", 6])
    x = m.op("Log", "x")  # of 0 it is -inf
    if masked:  # the lowest number there is, as torch.finfo has it
        seen = m.op("Greater", "x", 1e-9)
        x = m.op("Where", seen, x, float(np.finfo(np.float32).min))
    values, places = m.op("TopK", x, m.constant([4], np.int64), outputs=2)
    y = m.op("Concat", m.op("Cast", places, to=F32), values, axis=1)
    imported = import_file(str(m.save(tmp_path, (y, F32, ["batch", 8]))), Config("t"), False)
    rows = np.array([[1, 0, 0, 2, 0, 0], [0, 0, 0, 0, 0, 1], [3, 1, 2, 6, 5, 4], [0] * 6], "f8")
    _, want = imported.predict(rows)
    with Engine(lower.lower(imported, Config("t"), "float32").to_bytes()) as engine:
        np.testing.assert_allclose(engine.rows(rows)[1], want, rtol=1e-6)
