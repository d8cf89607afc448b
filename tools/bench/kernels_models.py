"""Reference models of `make bench-kernels`: shapes of real ones, random weights;
and all-MiniLM-L6-v2 itself, where `make models/minilm/minilm.mote` was run.

    python tools/bench/kernels_models.py FOLDER [PART OF A NAME]

writes for each a .mote file, ONNX files of the same graph in float32 and, where
ours is int8, in int8, sets of inputs, and cases.tsv for kernels_models.c.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import forests
import numpy as np

from mote import config, file, importers, lower
from mote.graph import Graph, Value

SEED = 20260101
ROWS = 512  # sets of inputs that a case takes in turn
ROOT = Path(__file__).resolve().parents[2]
TOKENS = (16, 32, 64, 128, 256)
BATCHES = (1, 8, 64)
FORESTS = ((100, 6, (1,)), (500, 6, (1, 64)), (500, 8, (1,)), (1000, 6, (1,)))


@dataclass
class Model:
    """cases: a name and what the symbols are, for each thing to measure.
    tolerance: of our answers, as a part of the largest number in the peer's."""

    name: str
    graph: Graph
    cases: dict[str, dict[str, int]]
    tolerance: float
    precision: str = field(init=False)

    def __post_init__(self):
        self.precision = lower.choose_precision(self.graph)


class Weights:
    """Random ones that keep numbers near 1 from layer to layer."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng([SEED, seed])

    def matrix(self, m: int, n: int) -> np.ndarray:
        return self.rng.normal(size=(m, n)) / n**0.5

    def vector(self, n: int, center: float = 0.0) -> np.ndarray:
        return center + 0.1 * self.rng.normal(size=n)


def transformer(seed: int, layers: int, width: int, heads: int, inner: int, words: int) -> Graph:
    """A sentence encoder as MiniLM is one: mean of the tokens, L2 norm 1."""
    w = Weights(seed)
    g = Graph([Value(("batch", "tokens"), "s32")], {"batch": 1, "tokens": max(TOKENS)})

    def norm(x, residual=None):
        return g.norm(x, w.vector(width, 1.0), w.vector(width), residual, eps=1e-12)

    x = g.embed(g.input, w.matrix(words, width) * width**0.5)
    x = norm(g.position(x, w.matrix(max(TOKENS), width) * width**0.5))
    for _ in range(layers):
        qkv = g.dense(x, w.matrix(3 * width, width), w.vector(3 * width))
        a = g.dense(g.attention(qkv, heads), w.matrix(width, width), w.vector(width))
        x = norm(a, x)
        h = g.dense(x, w.matrix(inner, width), w.vector(inner), "gelu")
        h = g.dense(h, w.matrix(width, inner), w.vector(width))
        x = norm(h, x)
    g.outputs = [g.normalize(g.reduce(x, "mean"))]
    return g


def mlp(seed: int, *widths: int) -> Graph:
    w = Weights(seed)
    g = Graph([Value(("batch", widths[0]), "f32")], {"batch": max(BATCHES)})
    x = g.input
    for i, (n, m) in enumerate(zip(widths, widths[1:])):
        last = i == len(widths) - 2
        x = g.dense(x, w.matrix(m, n), w.vector(m), "none" if last else "relu")
    g.outputs = [x]
    return g


def trees(forest: forests.Forest) -> Graph:
    g = Graph([Value(("batch", forest.columns), "f32")], {"batch": max(BATCHES)})
    g.outputs = [g.trees(g.input, forest)]
    return g


def by_tokens(name: str) -> dict[str, dict[str, int]]:
    return {f"{name} {t} tokens": {"batch": 1, "tokens": t} for t in TOKENS}


def gru(seed: int, steps: int, n: int, m: int) -> Graph:
    """A forecaster: the state after the last step gives the next value."""
    w = Weights(seed)
    g = Graph([Value(("batch", steps, n), "f32")], {"batch": 1})
    x = g.gru(g.input, w.matrix(3 * m, n), w.matrix(3 * m, m), w.vector(3 * m), w.vector(3 * m))
    g.outputs = [g.dense(g.reduce(x, "last"), w.matrix(1, m), w.vector(1))]
    return g


def tcn(seed: int, steps: int, n: int, m: int, layers: int) -> Graph:
    """Causal convolutions of size 3, each looking twice as far back."""
    w = Weights(seed)
    g = Graph([Value(("batch", steps, n), "f32")], {"batch": 1})
    x = g.input
    for i in range(layers):
        inputs = x.dims[-1]
        weight = w.matrix(m, 3 * inputs).reshape(m, 3, inputs)
        x = g.conv1d(x, weight, w.vector(m), 2**i, "relu")
    g.outputs = [g.dense(g.reduce(x, "last"), w.matrix(1, m), w.vector(1))]
    return g


def trained() -> list[Model]:
    """all-MiniLM-L6-v2 as `mote compile models/minilm` reads it; none where its
    source, which that folder's build.py writes, is missing. Words at random are
    far from what it was trained for: there ONNX Runtime's int8 is off by 0.19."""
    folder = ROOT / "models/minilm"
    settings = config.read(folder)
    source = folder / settings.source
    if not source.exists():
        print(f"without all-MiniLM-L6-v2: {source.resolve().relative_to(ROOT)} is not there")
        return []
    graph = importers.import_file(str(source), settings, False).graph
    return [Model("trained", graph, by_tokens("all-MiniLM-L6-v2"), 0.2)]


def by_batch(name: str, batches=BATCHES) -> dict[str, dict[str, int]]:
    return {f"{name} batch {b}": {"batch": b} for b in batches}


def models() -> list[Model]:
    """A table of 4096 words, and not of 30522, keeps the files small; a request
    reads only the rows of its tokens."""
    return [
        Model("mlp-32", mlp(1, 32, 64, 32, 1), by_batch("MLP 32-64-32-1"), 1e-5),
        Model("mlp-128", mlp(2, 128, 256, 256, 10), by_batch("MLP 128-256-256-10"), 0.05),
        *(
            Model(
                f"forest-{count}x{depth}",
                trees(forests.forest(count, forests.balanced, depth)),
                by_batch(f"forest {count}x{depth}", batches),
                1e-6,
            )
            for count, depth, batches in FORESTS
        ),
        Model(
            "forest-31-leaves",
            trees(forests.forest(500, forests.leafwise, 31)),
            by_batch("forest 500 of 31 leaves", (1, 64)),
            1e-6,
        ),
        Model("gru", gru(5, 168, 8, 32), by_batch("GRU 8-32, 168 steps", (1,)), 1e-5),
        Model("tcn", tcn(6, 168, 8, 32, 6), by_batch("TCN 6x32, 168 steps", (1,)), 1e-5),
        Model("bert", transformer(3, 2, 128, 2, 512, 4096), by_tokens("BERT 2x128"), 0.1),
        Model("minilm", transformer(4, 6, 384, 12, 1536, 4096), by_tokens("MiniLM-L6"), 0.1),
        *trained(),
    ]


# ------------------------------------------------------------------- files


def mote_file(model: Model) -> tuple[bytes, lower.Lowered]:
    """The plan to measure comes first. The one that would answer requests only
    gives back its input: INPUT has no words yet for tokens or steps."""
    lowered = lower.lower_graph(model.graph, model.precision, "bench")
    batch = lowered.symbols["batch"]
    value = file.PlacedValue("f64", (file.SYMBOL, 1))
    idle = file.Plan("idle", 1, [0], [value], [], file.align(8 * batch))
    whole = file.File(
        name=model.name,
        version="0.0.0",
        description=None,
        symbols=list(lowered.symbols.items()),
        tensors=lowered.tensors,
        plans=[lowered.plan, idle],
        features=[file.FeatureRecord("x", "f64", 0, 0)],
        output=file.OutputRecord("numbers", "full", ["y"], scores=0),
        main=1,
    )
    return whole.to_bytes(), lowered


def inputs(model: Model, extents: dict[str, int]) -> bytes:
    """ROWS sets, in each the inputs one behind the other."""
    rng = np.random.default_rng([SEED, 99])
    sets = []
    for value in model.graph.inputs:
        dims = [ROWS] + [extents.get(d, d) for d in value.dims]
        if value.dtype == "s32":
            words = min(len(n.attributes["table"]) for n in model.graph.nodes if n.op == "embed")
            array = rng.integers(words, size=dims)
        elif any(n.op == "trees" for n in model.graph.nodes):
            array = rng.uniform(-1, 1, size=dims)
        else:
            array = rng.normal(size=dims)
        sets.append(array.astype(file.NUMPY[value.dtype]).reshape(ROWS, -1))
    return b"".join(s[row].tobytes() for row in range(ROWS) for s in sets)


def write(model: Model, folder: Path) -> list[str]:
    """Its files, and a line for each of its cases."""
    from mote import onnx_export

    blob, lowered = mote_file(model)
    mote = folder / f"{model.name}.mote"
    mote.write_bytes(blob)
    peers = []
    for precision in ("float32", "int8") if model.precision == "int8" else ("float32",):
        path = folder / f"{model.name}.{precision}.onnx"
        path.write_bytes(onnx_export.export(model.graph, precision).SerializeToString())
        peers.append(f"{precision}={path}")
    lines = []
    for i, (name, extents) in enumerate(model.cases.items()):
        path = folder / f"{model.name}.{i}.inputs"
        path.write_bytes(inputs(model, extents))
        symbols = ",".join(str(extents[s]) for s in lowered.symbols)
        lines.append("\t".join([name, str(mote), symbols, str(ROWS), str(path),
                                str(model.tolerance), *peers]))  # fmt: skip
    print(
        f"{model.name}: {len(blob)} bytes, {model.precision}, arena {lowered.plan.arena}, "
        f"{lowered.layout.bound} alive at once"
    )
    return lines


def main(arguments: list[str]) -> int:
    if not arguments:
        print("usage: kernels_models.py FOLDER [PART OF A NAME]", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for model in models():
        if len(arguments) < 2 or arguments[1] in model.name:
            lines += write(model, folder)
    (folder / "cases.tsv").write_text("".join(line + "\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
