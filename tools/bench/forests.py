"""Forests of `make bench-kernels`: random trees, as ours and as an ONNX
TreeEnsembleRegressor.

    python tools/bench/forests.py FOLDER

writes for each a .mote file, an ONNX file and rows to ask, and in cases.tsv a
line for each case: name, .mote file, rows of a batch, batches, their file,
tolerance, "float32=" and the ONNX file. No two rows are alike: a row that is
asked again is known to the branch predictor.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mote import file, trees

SEED = 20260102
COLUMNS = 28
BATCHES = 512  # that a case takes in turn
TOLERANCE = 1e-6  # sums are in the same order: answers have been equal


@dataclass
class Case:
    """form: that of trees.py; None: the one it chooses."""

    name: str
    trees: list[trees.Tree]
    batches: tuple[int, ...] = (1,)
    form: object = trees.lay_out


def f32(numbers: np.ndarray) -> np.ndarray:
    """Numbers that a float holds, so that neither side rounds."""
    return numbers.astype(np.float32).astype(np.float64)


def balanced(rng, depth: int) -> trees.Tree:
    """Every node above the last level has children: the worst for a predictor."""
    nodes = np.arange((2 << depth) - 1)
    left = np.where(nodes < (1 << depth) - 1, 2 * nodes + 1, -1)
    return trees.Tree(
        feature=rng.integers(COLUMNS, size=len(nodes)),
        threshold=f32(rng.uniform(-1, 1, len(nodes))),
        left=left,
        right=np.where(left < 0, -1, left + 1),
        value=f32(rng.normal(size=len(nodes))),
        missing_left=np.zeros(len(nodes), bool),
    )


def leafwise(rng, leaves: int) -> trees.Tree:
    """Grown leaf by leaf, those of many rows first, as LightGBM does."""
    left, right, share = [-1], [-1], [1.0]
    for _ in range(leaves - 1):
        gains = [s * rng.uniform(0.2, 1) ** 2 if k < 0 else 0 for s, k in zip(share, left)]
        i, part = int(np.argmax(gains)), rng.beta(2, 4)
        left[i], right[i] = len(left), len(left) + 1
        left += [-1, -1]
        right += [-1, -1]
        share += [share[i] * part, share[i] * (1 - part)]
    n = len(left)
    feature = rng.integers(COLUMNS, size=n)
    # a threshold that sends that part of uniform numbers left
    threshold = [2 * share[k] / share[i] - 1 if k >= 0 else 0 for i, k in enumerate(left)]
    return trees.Tree(
        feature,
        f32(np.array(threshold)),
        np.array(left),
        np.array(right),
        f32(rng.normal(size=n)),
        np.zeros(n, bool),
    )


def cases() -> list[Case]:
    def full(count: int, depth: int) -> list[trees.Tree]:
        rng = np.random.default_rng([SEED, count, depth])
        return [balanced(rng, depth) for _ in range(count)]

    rng = np.random.default_rng([SEED, 31])
    grown = [leafwise(rng, 31) for _ in range(500)]
    return [
        Case("forest 100x6", full(100, 6)),
        Case("forest 500x6", full(500, 6), (1, 64)),
        Case("forest 500x8", full(500, 8)),
        Case("forest 1000x6", full(1000, 6)),
        Case("forest 500 of 31 leaves", grown, (1, 64), trees.lay_out_linked),
    ]


def mote_file(case: Case) -> bytes:
    forest = trees.Forest(case.trees, COLUMNS, 1, "f32", "f32")
    layout = case.form(forest)
    batch, most = file.SYMBOL, max(case.batches)
    y_at = file.align(4 * most * COLUMNS)
    scratch_at = y_at + file.align(4 * most)
    tables = [t for t in layout.tensors if t]
    values = [
        file.PlacedValue("f32", (batch, COLUMNS), 0),
        file.PlacedValue("f32", (batch, 1), y_at),
        file.PlacedValue("u8", (layout.scratch(most),), scratch_at),
        *(file.PlacedValue(t.dtype, t.dims, 0, i) for i, t in enumerate(tables)),
    ]
    reads = [3 + tables.index(t) if t else file.NONE for t in layout.tensors]
    operator = file.Operator(layout.opcode, [0, *reads], [1, 2], layout.attributes)
    arena = file.align(scratch_at + layout.scratch(most))
    return file.File(
        name=case.name,
        version="0.0.0",
        description=None,
        symbols=[("batch", most)],
        tensors=tables,
        plans=[file.Plan("predict", 1, [1], values, [operator], arena)],
        features=[file.FeatureRecord(f"x{i}", "f32", 0, i) for i in range(COLUMNS)],
        output=file.OutputRecord("numbers", "full", ["y"], scores=0),
    ).to_bytes()


def onnx_file(case: Case) -> bytes:
    from onnx import TensorProto, helper

    def column(of) -> list:
        return [x for t, tree in enumerate(case.trees) for x in of(t, tree)]

    def where_inner(array: str):
        return lambda _, t: np.where(t.left < 0, 0, getattr(t, array)).tolist()

    leaves = lambda t: np.flatnonzero(t.left < 0).tolist()  # noqa: E731
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=column(lambda i, t: [i] * len(t.left)),
        nodes_nodeids=column(lambda _, t: range(len(t.left))),
        nodes_featureids=column(where_inner("feature")),
        nodes_values=column(where_inner("threshold")),
        nodes_modes=column(lambda _, t: ["LEAF" if k < 0 else "BRANCH_LEQ" for k in t.left]),
        nodes_truenodeids=column(where_inner("left")),
        nodes_falsenodeids=column(where_inner("right")),
        nodes_missing_value_tracks_true=column(lambda _, t: [0] * len(t.left)),
        target_treeids=column(lambda i, t: [i] * len(leaves(t))),
        target_nodeids=column(lambda _, t: leaves(t)),
        target_ids=column(lambda _, t: [0] * len(leaves(t))),
        target_weights=column(lambda _, t: t.value[t.left < 0].tolist()),
    )
    rows = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", COLUMNS])
    sums = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 1])
    versions = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(
        helper.make_graph([node], case.name, [rows], [sums]), opset_imports=versions
    )
    model.ir_version = 8
    return model.SerializeToString()


def write(case: Case, folder: Path) -> list[str]:
    """Its files, and a line for each size of batch."""
    name = case.name.replace(" ", "-")
    mote, peer = folder / f"{name}.mote", folder / f"{name}.onnx"
    mote.write_bytes(mote_file(case))
    peer.write_bytes(onnx_file(case))
    lines = []
    for batch in case.batches:
        rows = folder / f"{name}.{batch}.inputs"
        rng = np.random.default_rng([SEED, batch])
        rng.uniform(-1, 1, (BATCHES, batch, COLUMNS)).astype("<f4").tofile(rows)
        fields = [f"{case.name} batch {batch}", mote, batch, BATCHES, rows, TOLERANCE]
        lines.append("\t".join([*map(str, fields), f"float32={peer}"]))
    return lines


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: forests.py FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    lines = [line for case in cases() for line in write(case, folder)]
    (folder / "cases.tsv").write_text("".join(line + "\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
