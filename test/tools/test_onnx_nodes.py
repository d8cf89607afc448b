"""The node tests that come with the onnx package, through the importer and the
engine.

The first input is what a row holds; the others are bound as weights, where a
model that somebody deploys has weights. Each case of an operator that the
importer knows either passes, to the tolerances of the onnx package, or is
refused with the reason that onnx_refused.tsv lists: nothing else happens.

    PYTHONPATH=tools python test/tools/test_onnx_nodes.py

writes that list anew.
"""

import warnings
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx.backend.test.loader import load_model_tests  # noqa: E402

from mote import lower  # noqa: E402
from mote.config import Config  # noqa: E402
from mote.engine import Engine, Rejected  # noqa: E402
from mote.errors import Refusal  # noqa: E402
from mote.importers import onnx_build, onnx_file, onnx_model  # noqa: E402

REFUSED = Path(__file__).with_name("onnx_refused.tsv")
# Operators whose second operand is computed in models as well: both ways.
COMPUTED = {"MatMul", "Gemm", "Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "Less",
            "LessOrEqual", "Greater", "GreaterOrEqual", "Equal", "And", "Or", "Xor", "Where",
            "Concat"}  # fmt: skip


# Types of what a case is given and of what it gives.
TYPES = {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.INT32,
         onnx.TensorProto.INT8, onnx.TensorProto.UINT8, onnx.TensorProto.BOOL}  # fmt: skip


def in_scope(model) -> bool:
    ends = [*model.graph.input, *model.graph.output]
    return all(v.type.tensor_type.elem_type in TYPES for v in ends)


def cases():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = load_model_tests(kind="node")
    known = {key for key in onnx_build.OPS}
    return {
        c.name: c
        for c in found
        if c.model is not None
        and in_scope(c.model)
        and any(("" if n.domain == "ai.onnx" else n.domain, n.op_type) in known or is_function(n)
                for n in c.model.graph.node)
    }  # fmt: skip


def is_function(node) -> bool:
    """Whether ONNX says it in operators that may be known."""
    if node.domain or not onnx.defs.has(node.op_type):
        return False
    schema = onnx.defs.get_schema(node.op_type)
    return schema.has_function or schema.has_context_dependent_function


CASES = cases()


def as_array(given) -> np.ndarray:
    if isinstance(given, onnx.TensorProto):
        return onnx.numpy_helper.to_array(given)
    return np.asarray(given)


def newer(model) -> None:
    """Of an opset before the first that is read, where the operators are the
    same in both."""
    least = onnx_file.OPSETS[""]
    for o in model.opset_import:
        if o.domain in ("", "ai.onnx") and o.version < least:
            since = {
                onnx.defs.get_schema(n.op_type, v).since_version
                for n in model.graph.node
                for v in (o.version, least)
            }
            o.version = least if len(since) == 1 else o.version


def bound(case, count: int):
    """The model with all inputs but the first `count` as initializers."""
    inputs, outputs = case.data_sets[0]
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    newer(model)
    names = [i.name for i in model.graph.input]
    inputs, outputs = ([as_array(a) for a in part] for part in (inputs, outputs))
    rest = []
    for v, array in zip(list(model.graph.input), inputs):
        if names.index(v.name) < count:
            rest.append(v)
            continue
        tensor = onnx.numpy_helper.from_array(array, v.name)
        model.graph.initializer.append(tensor)
    del model.graph.input[:]
    model.graph.input.extend(rest)
    return model, inputs[:count], outputs


def answer(model, inputs) -> np.ndarray:
    """All outputs, flat, as the engine gives them."""
    onnx_file.check_opsets(onnx, model)
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    imported, _, _ = onnx_model.import_model(model, Config("test"))
    lowered = lower.lower(imported, Config("test"), "float32")
    row = np.concatenate([np.ravel(a).astype(np.float64) for a in inputs])[None]
    with Engine(lowered.to_bytes()) as engine:
        index, scores = engine.rows(row)
    return index[0], scores[0]


def outcome(case, count: int) -> str:
    """ "passed", or why it was refused."""
    try:
        model, inputs, outputs = bound(case, count)
        _, got = answer(model, inputs)
    except Refusal as e:
        return " ".join(str(e).split())
    except Rejected as e:
        return f"the function refuses the row: {e}"
    want = np.concatenate([np.ravel(o).astype(np.float64) for o in outputs])
    np.testing.assert_allclose(got, want, rtol=case.rtol, atol=max(case.atol, 1e-6))
    return "passed"


def listed() -> dict[str, str]:
    lines = REFUSED.read_text().splitlines() if REFUSED.exists() else []
    return dict(line.split("\t", 1) for line in lines if not line.startswith("#"))


LISTED = listed()


def ways(case) -> list[int]:
    """How many inputs a row holds: one; and all, where they can be computed."""
    nodes = case.model.graph.node
    several = len(case.data_sets[0][0]) > 1 and len(nodes) == 1 and nodes[0].op_type in COMPUTED
    return [1, len(case.data_sets[0][0])] if several else [1]


NAMES = [(name, n) for name, case in sorted(CASES.items()) for n in ways(case)]


@pytest.mark.parametrize("name, count", NAMES, ids=[f"{n}-{c}" for n, c in NAMES])
def test_node(name, count):
    assert outcome(CASES[name], count) == LISTED.get(f"{name}-{count}", "passed")


def main() -> None:
    lines = ["# written by test/tools/test_onnx_nodes.py: case, inputs of a row, why it is refused"]
    for name, count in NAMES:
        said = outcome(CASES[name], count)
        if said != "passed":
            lines.append(f"{name}-{count}\t{said}")
    REFUSED.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
