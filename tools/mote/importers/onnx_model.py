"""Imports ONNX models: opsets 11 and later, ai.onnx.ml 1 to 5.

A row is all numbers of the model's inputs, one input behind the other, each in
the order that it has in memory: an image or a sequence is given flat. What the
model gives is a class, where it has labels, or else numbers, all of its
outputs one behind the other.
"""

from math import prod

import numpy as np

from mote.errors import Refusal
from mote.graph import BATCH, Feature, Graph, Imported, Output, Value
from mote.importers import (  # noqa: F401  each puts its operators into OPS
    onnx_conv,
    onnx_dense,
    onnx_file,
    onnx_ml,
    onnx_more,
    onnx_qdq,
    onnx_quantized,
    onnx_recurrent,
    onnx_shape,
    onnx_text,
)
from mote.importers.onnx_build import OPS, Builder, Labels, Tensor, natural
from mote.importers.onnx_file import Port
from mote.importers.onnx_fuse import fuse

MAX_FEATURES = 65535  # of a .mote file
BAD_RUNTIME = "1.26.0"  # answers wrongly: github.com/microsoft/onnxruntime/issues/28557


def import_file(path: str, config, trust_pickle: bool) -> Imported:
    runtime = library()
    model = onnx_file.load(path)
    try:
        if onnx_text.is_text(model) and not config.dimensions:
            return onnx_text.import_text(path, model, config, runtime)
        imported, ports, known = import_model(model, config)
        imported.trainer = f"ONNX Runtime {runtime.__version__}"
        imported.predict = Session(runtime, model, ports, imported.output, known).predict
    except Refusal as e:
        raise Refusal(f"{path}: {e}") from e
    except Exception as e:  # whatever a damaged file makes it do
        why = f"{type(e).__name__}: {onnx_file.first_line(e)}"
        raise Refusal(f"{path}: cannot be imported ({why})") from e
    return imported


def library():
    try:
        import onnxruntime
    except ImportError as e:
        raise Refusal(
            "a compiled ONNX model is compared with ONNX Runtime, which is not installed here; "
            "pip install 'mote[onnx]'"
        ) from e
    if onnxruntime.__version__ == BAD_RUNTIME:
        raise Refusal(
            f"ONNX Runtime {BAD_RUNTIME} answers wrongly for some forests; install another version"
        )
    return onnxruntime


def import_model(model, config) -> tuple[Imported, list[Port], dict[str, int]]:
    """All but what the runtime answers; the model's inputs, and the index of each
    of its own labels."""
    program = onnx_file.program(model, config.dimensions or {}, OPS)
    onnx_qdq.find(program)
    fuse(program)
    graph, tensors = inputs_of(program.inputs)
    builder = Builder(program, graph)
    builder.values |= tensors
    builder.run()
    output, known = output_of(builder, config.labels)
    drop_unused(graph)
    imported = Imported(
        graph=graph,
        features=features_of(program, config.features, config.series is not None),
        output=output,
        trainer="ONNX",
        predict=None,
        sample=sample_of(graph, program.inputs),
        kept=kept_of(program),
    )
    return imported, program.inputs, known


# -------------------------------------------------------------------------- inputs


def inputs_of(ports: list[Port]) -> tuple[Graph, dict[str, Tensor]]:
    """A graph with as many inputs, and each as the tensor that it is. Integers
    come as f64, which has all that a request can say."""
    total = sum(prod(p.shape) for p in ports)
    if not 0 < total <= MAX_FEATURES:
        raise Refusal(f"a row of {total} numbers; expected 1 to {MAX_FEATURES}")
    values, ports = [], [p for p in ports if prod(p.shape)]
    for p in ports:
        if p.dtype is None:
            raise Refusal(f"input {p.name!r}: text cannot be compiled yet; give numbers")
        if p.dtype.kind not in "iub" and p.dtype != np.float32:
            raise Refusal(
                f"input {p.name!r}: {p.dtype} cannot be compiled; convert the model with float32"
            )
        values.append(Value((BATCH, prod(p.shape)), input_type(p)))
    graph = Graph(values, net=True)
    tensors = {}
    for p, value in zip(ports, values):
        if p.dtype.kind in "iu":
            value = graph.convert(value, "s32")
        elif p.dtype.kind == "b":
            value = graph.convert(value, "bool")
        tensors[p.name] = Tensor(value, p.shape, natural(p.shape))
    return graph, tensors


def input_type(p: Port) -> str:
    return "f32" if p.dtype == np.float32 else "f64"


PASSED_ON = {
    "Identity", "Cast", "Concat", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Gather",
    "ArrayFeatureExtractor", "FeatureVectorizer",
}  # fmt: skip


def takes_missing(program: onnx_file.Program, name: str) -> bool:
    """Whether something is made of an input's NaN: it is looked for, replaced, or
    has a branch of a tree."""
    reached = {name}
    for node in program.nodes:
        if not reached & set(node.inputs):
            continue
        a = node.attributes
        nan = np.isnan(a.get("replaced_value_float", 0.0))
        if node.op == "IsNaN" or (node.op == "Imputer" and nan):
            return True
        if any(a.get("nodes_missing_value_tracks_true") or ()):
            return True
        if node.op in PASSED_ON:
            reached |= set(node.outputs)
    return False


def features_of(
    program: onnx_file.Program, names: list[str] | None, series: bool = False
) -> list[Feature]:
    """Names as given; or those of the inputs, with a number where one has
    several columns; x0 and so on when there is one such input. series: whose
    columns are called as inputs are, also when there is one."""
    ports = program.inputs
    count = sum(prod(p.shape) for p in ports)
    if names is None:
        names = []
        for p in ports:
            n = prod(p.shape)
            stem = "x" if len(ports) == 1 and not series else f"{p.name}_"
            names += [p.name] if n == 1 else [f"{stem}{i}" for i in range(n)]
    if len(names) != count:
        raise Refusal(f"features: expected {count} names, as the model takes, got {len(names)}")
    if len(set(names)) != len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise Refusal(f"features: {twice!r} names two of them; names must differ")
    kinds = [(input_type(p), takes_missing(program, p.name)) for p in ports]
    columns = [k for p, k in zip(ports, kinds) for _ in range(prod(p.shape))]
    return [Feature(n, missing, dtype=dtype) for n, (dtype, missing) in zip(names, columns)]


MOVED = ("reshape", "convert", "transpose", "slice", "gather", "join", "expand")


def indices_of(graph: Graph, value: Value) -> int | None:
    """Rows of the smallest table that an input's numbers choose from; None
    where they choose from none."""
    reached, least = {value}, None
    for node in graph.nodes:
        if not reached & set(node.inputs):
            continue
        if node.op == "embed":
            rows = len(node.attributes["table"])
            least = rows if least is None else min(least, rows)
        elif node.op in MOVED:
            reached |= set(node.outputs)
    return least


def sample_of(graph: Graph, ports: list[Port]):
    """Rows for a model that has inputs of integers: indices of the tables that
    they choose from, or, of a mask, 0 and 1. None where all are floats."""
    ports = [p for p in ports if prod(p.shape)]
    if all(p.dtype.kind == "f" for p in ports):
        return None
    below = [None if p.dtype.kind == "f" else indices_of(graph, v) or 2
             for p, v in zip(ports, graph.inputs)]  # fmt: skip

    def sample(rng, count: int) -> np.ndarray:
        parts = []
        for p, n in zip(ports, below):
            shape = (count, prod(p.shape))
            parts.append(rng.standard_normal(shape) if n is None else rng.integers(n, size=shape))
        return np.concatenate(parts, axis=1).astype(np.float64)

    return sample


# ------------------------------------------------------------------------- outputs


def output_of(b: Builder, labels: list[str] | None) -> tuple[Output, dict[str, int]]:
    """What a row is answered with, and the index of each label of the model."""
    given = [(name, b.values[name]) for name in b.program.outputs]
    named = [v for _, v in given if isinstance(v, Labels)]
    rest = [(name, v) for name, v in given if not isinstance(v, Labels)]
    if not named:
        return numbers_of(b, rest, labels), {}
    if len(named) > 1 or len(rest) > 1:
        raise Refusal(f"outputs: expected labels and their scores, got {b.program.outputs}")
    found = named[0]
    names, numeric = found.names, found.numeric
    known = {name: i for i, name in enumerate(names)}
    if labels is not None:
        if len(labels) != len(names):
            raise Refusal(f"labels: expected {len(names)}, one for each class, got {len(labels)}")
        names, numeric = labels, False
    scores = None
    if rest:
        t = rest[0][1]
        if isinstance(t, Tensor) and t.size == 1 and len(names) == 2:
            t = second_alone(b, t)
        if not isinstance(t, Tensor) or t.dtype != "real" or t.size != len(names):
            raise Refusal(
                f"output {rest[0][0]!r}: expected a score for each of {len(names)} labels"
            )
        scores = b.view(b.plain(t), len(names))
    index = b.graph.reshape(found.index.value, (BATCH,))
    b.graph.outputs = [index] if scores is None else [index, scores]
    kind = "none" if scores is None else "decision values"
    if scores is not None and is_probability(b, scores):
        kind = "probabilities"
    return Output("class", names, index, scores, kind, numeric), known


def second_alone(b: Builder, score: Tensor) -> Tensor:
    """One score, of the second of two classes: the first has 0."""
    zero = b.graph.expand(b.graph.constant(np.zeros((1, 1))), (BATCH, 1))
    value = b.graph.join([zero, b.view(score, 1)], 1)
    b.graph.nodes[-1].attributes["second_alone"] = True
    return Tensor(value, (1, 2), (0, 1))


def is_probability(b: Builder, value: Value) -> bool:
    """Whether the scores are what a softmax or a logistic function gives."""
    maker = b.maker(b.bare(value))
    if maker is None:
        return False
    a = maker.attributes
    if a.get("probabilities") or maker.op in ("softmax_rows", "share"):
        return True
    if maker.op == "join" and "second_alone" not in a:  # 1 - p and p; 0 and p are none
        return len(maker.inputs) == 2 and is_probability(b, maker.inputs[1])
    return "sigmoid" in (a.get("kind"), a.get("activation"))


def numbers_of(b: Builder, given: list, labels: list[str] | None) -> Output:
    parts, names = [], []
    for name, t in given:
        if isinstance(t, np.ndarray):
            if not t.size:
                continue
            t = Tensor(b.graph.expand(b.graph.constant(t.reshape(1, -1)), (BATCH, t.size)),
                       t.shape, natural(t.shape))  # fmt: skip
        if not isinstance(t, Tensor):
            raise Refusal(f"output {name!r}: expected numbers")
        if t.dtype != "real":
            t = b.like(t, b.graph.convert(t.value, "real"))
        parts.append(b.view(b.plain(t), t.size))
        names += [name] if t.size == 1 else [f"{name}_{i}" for i in range(t.size)]
    if not parts:
        raise Refusal("outputs: expected numbers, got tensors without elements")
    if labels is not None:
        if len(labels) != len(names):
            raise Refusal(f"labels: expected {len(names)}, one for each number, got {len(labels)}")
        names = labels
    scores = b.concat_flat(parts)
    if scores in b.graph.inputs:  # a plan writes what it gives
        scores = b.graph.map(b.graph.map(scores, "neg"), "neg")
    b.graph.outputs = [scores]
    return Output("numbers", names, None, scores)


def kept_of(program: onnx_file.Program) -> list[str]:
    """Quantized layers that are computed in float32, each with its reason."""
    names = {o: n for n in program.nodes for o in n.outputs}
    return [
        f"node {names[o].name or o!r} ({names[o].op}): {why}"
        for o, why in program.kept.items()
        if o in names
    ]


def drop_unused(graph: Graph) -> None:
    """Nodes whose results nobody reads."""
    needed, kept = set(graph.outputs), []
    for node in reversed(graph.nodes):
        if needed & set(node.outputs):
            kept.append(node)
            needed |= set(node.inputs)
    graph.nodes = kept[::-1]


# ------------------------------------------------------------------------- answers


class Session:
    """ONNX Runtime with the same file."""

    def __init__(self, runtime, model, ports: list[Port], output: Output, known: dict[str, int]):
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self.session = runtime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as e:
            raise Refusal(f"ONNX Runtime cannot open it: {onnx_file.first_line(e)}") from e
        self.ports, self.output, self.known = ports, output, known
        # until it has been looked at; where a file quantizes all rows of a batch with
        # one scale, that of a row alone is the closer one
        ranges = any(n.op_type == "DynamicQuantizeLinear" for n in model.graph.node)
        self.together = all(p.batch == 0 for p in ports) and not ranges

    def predict(self, rows: np.ndarray):
        """(index or None, scores or None) of rows [n][features]."""
        if self.together:
            self.together = False
            self.check_alone(rows[:3])
        answers = [self.answer(rows[i : i + 1]) for i in range(len(rows))]
        index, scores = zip(*answers)
        return (
            None if index[0] is None else np.array(index),
            None if scores[0] is None else np.array(scores, np.float64),
        )

    def feed(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Rows as the inputs of the file; more than one only of a batch that comes
        first in all of them."""
        found, at = {}, 0
        for p in self.ports:
            n = prod(p.shape)
            part = rows[:, at : at + n]
            shape = p.shape if len(rows) == 1 else (len(rows), *p.shape[1:])
            with np.errstate(all="ignore"):
                found[p.name] = part.reshape(shape).astype(p.dtype)
            at += n
        return found

    def check_alone(self, rows: np.ndarray) -> None:
        """Refuses a model that answers a row otherwise when others are beside it:
        what is compiled is a function of one."""
        try:
            whole = self.session.run(None, self.feed(rows))
        except Exception:  # it has a batch of one after all
            return
        for i in range(len(rows)):
            for all_, one in zip(whole, self.session.run(None, self.feed(rows[i : i + 1]))):
                if not isinstance(one, np.ndarray) or one.dtype.kind != "f":
                    continue
                if all_.shape[1:] != one.shape[1:] or all_.shape[:1] != (len(rows),):
                    continue
                if not np.allclose(all_[i], one[0], rtol=1e-2, atol=1e-3, equal_nan=True):
                    raise Refusal("its answer for a row depends on the other rows of a batch")

    def answer(self, row: np.ndarray):
        results = self.session.run(None, self.feed(row))
        if self.output.kind == "numbers":
            return None, np.concatenate([np.ravel(r).astype(np.float64) for r in results])
        return self.of_class(results)

    def of_class(self, results: list):
        index = scores = None
        for r in results:
            if isinstance(r, list):  # a map for each row, as ZipMap gives
                scores = np.array(list(r[0].values()), np.float64)
            elif np.size(r) == 1 and index is None:
                label = np.ravel(r)[0]
                text = str(label) if not np.issubdtype(np.asarray(r).dtype, np.floating) else (
                    repr(float(label)).removesuffix(".0"))  # fmt: skip
                index = self.known[text]
            else:
                scores = np.ravel(r).astype(np.float64)
        if scores is not None and len(scores) == 1 and len(self.known) == 2:
            scores = np.array([0.0, scores[0]])
        return index, scores
