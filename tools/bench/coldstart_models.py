"""Models that only `make bench-coldstart` needs, of real shapes with random
content: a forest of 500 trees, and a net of 1.3 million int8 weights stored in
three ways.

    python tools/bench/coldstart_models.py FOLDER

leaves in FOLDER, of each, NAME.mote and NAME.event.json.
"""

import json
import platform
import sys
from pathlib import Path

import numpy as np
import onnx
import xgboost
from onnx import TensorProto, helper, numpy_helper

from mote import cli

SEED = 20261128
COLUMNS, TREES, DEPTH = 28, 500, 6
WIDTHS = (256, 1024, 1024, 16)
# what of a cold start by its model makes raw the fastest way: fetching for free
RAW = "[compile]\nfetch_mb_s = 1e9\nchunk_ms = 0\n"
STORED = {"net-raw": ("exact", RAW), "net-exact": ("exact", ""), "net-cold": ("cold", "")}


def forest(path: Path) -> None:
    """Gradient boosting as XGBoost does it, on numbers that mean nothing."""
    rng = np.random.default_rng(SEED)
    x = rng.normal(size=(4000, COLUMNS)).astype(np.float32)
    y = (np.sin(x[:, 0] * x[:, 1]) + x[:, 2:8].sum(1) + rng.normal(size=len(x)) > 0).astype(int)
    model = xgboost.XGBClassifier(n_estimators=TREES, max_depth=DEPTH, n_jobs=1, random_state=0)
    model.fit(x, y).save_model(path)


def net(path: Path) -> None:
    """Dense layers with ReLU; Gaussian weights, which keep numbers near 1."""
    rng = np.random.default_rng(SEED)
    nodes, tensors, name = [], [], "x"
    for i, (n, m) in enumerate(zip(WIDTHS, WIDTHS[1:])):
        w = (rng.normal(size=(n, m)) * (2 / n) ** 0.5).astype(np.float32)
        b = (0.1 * rng.normal(size=m)).astype(np.float32)
        tensors += [numpy_helper.from_array(w, f"w{i}"), numpy_helper.from_array(b, f"b{i}")]
        nodes.append(helper.make_node("Gemm", [name, f"w{i}", f"b{i}"], [f"g{i}"]))
        name = f"g{i}"
        if i < len(WIDTHS) - 2:
            nodes.append(helper.make_node("Relu", [name], [f"r{i}"]))
            name = f"r{i}"

    def of(name, width):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])

    graph = helper.make_graph(nodes, "net", [of("x", WIDTHS[0])], [of(name, WIDTHS[-1])], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)


def compile_model(folder: Path, name: str, source: Path, more: str, *options: str) -> None:
    """Through `mote compile`, as any model; verified within wide limits, because
    random nets have no margins between their answers."""
    made = folder / "models" / name
    made.mkdir(parents=True, exist_ok=True)
    (made / "model.toml").write_text(
        f'[model]\nname = "{name}"\nversion = "1.0.0"\nsource = "{source.resolve()}"\n{more}'
        "[verify]\np99_error = 0.5\nmax_error = 1.0\nmin_labels = 0.5\nmin_rank_correlation = 0.9\n"
    )
    status = cli.main(["compile", str(made), "-o", str(folder / f"{name}.mote"), *options])
    if status:
        sys.exit(status)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED + 1)
    source = folder / "forest.json"
    forest(source)
    compile_model(folder, "forest", source, "")
    row = [round(v, 3) for v in rng.normal(size=COLUMNS)]
    (folder / "forest.event.json").write_text(json.dumps(row))
    source = folder / "net.onnx"
    net(source)
    row = [round(v, 3) for v in rng.normal(size=WIDTHS[0])]
    for name, (profile, more) in STORED.items():
        target = platform.machine().replace("aarch64", "arm64")
        options = ("--profile", profile, "--precision", "int8", "--target", target)
        compile_model(folder, name, source, more, *options)
        (folder / f"{name}.event.json").write_text(json.dumps(row))


if __name__ == "__main__":
    main()
