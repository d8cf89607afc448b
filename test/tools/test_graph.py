"""Graphs of every operator, lowered and run by the engine, against the same
computed here by formula in float64."""

import math

import numpy as np
import pytest
from kernels_models import Model, mote_file

from mote import file, lower
from mote.engine import Engine
from mote.graph import Graph, Imported, Value
from mote.steps import narrow
from mote.trees import Forest, Tree

RNG = np.random.default_rng(11)


def activate(x, kind):
    erf = np.vectorize(math.erf)
    return {
        "none": lambda: x,
        "relu": lambda: np.maximum(x, 0),
        "sigmoid": lambda: 1 / (1 + np.exp(-x)),
        "tanh": lambda: np.tanh(x),
        "gelu": lambda: x * (1 + erf(x / 2**0.5)) / 2,
        "gelu_tanh": lambda: x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))) / 2,
    }[kind]()


ARITHMETIC = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}
REDUCE = {
    "mean": lambda x: x.mean(axis=-2),
    "max": lambda x: x.max(axis=-2),
    "sum": lambda x: x.sum(axis=-2),
    "first": lambda x: x[..., 0, :],
    "last": lambda x: x[..., -1, :],
}


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def norm(x, residual=0.0, *, gain, bias, eps):
    h = x + residual
    d = h - h.mean(axis=-1, keepdims=True)
    return d / np.sqrt((d * d).mean(axis=-1, keepdims=True) + eps) * gain + bias


def attention(qkv, *, heads, causal):
    b, s, n = qkv.shape
    q, k, v = (x.reshape(b, s, heads, -1).transpose(0, 2, 1, 3) for x in np.split(qkv, 3, -1))
    scores = q @ k.transpose(0, 1, 3, 2) / q.shape[-1] ** 0.5
    if causal:
        scores = np.where(np.tril(np.ones((s, s), bool)), scores, -np.inf)
    return (softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(b, s, n // 3)


def conv1d(x, *, weight, bias, dilation, activation, stride, padded):
    y = np.zeros(x.shape[:-1] + (len(weight),)) + bias
    for i, w in enumerate(weight.transpose(1, 0, 2)[::-1]):
        ago = min(i * dilation, x.shape[1])
        y[:, ago:] += x[:, : x.shape[1] - ago] @ w.T
    first = 0 if padded else dilation * (weight.shape[1] - 1)
    return activate(y[:, first::stride], activation)


def gru(x, *, weight, recurrent, bias, recurrent_bias):
    m = recurrent.shape[1]
    state, states = np.zeros((len(x), m)), []
    for t in range(x.shape[1]):
        a = np.split(x[:, t] @ weight.T + bias, 3, -1)
        b = np.split(state @ recurrent.T + recurrent_bias, 3, -1)
        z, r = (activate(p + q, "sigmoid") for p, q in zip(a[:2], b[:2]))
        h = np.tanh(a[2] + r * b[2])
        state = (1 - z) * h + z * state
        states.append(state)
    return np.stack(states, axis=1)


def walk(tree, row):
    i = 0
    while tree.left[i] >= 0:
        goes_left = row[tree.feature[i]] <= np.float32(tree.threshold[i])
        i = tree.left[i] if goes_left else tree.right[i]
    return tree.value[i]


FORMULAS = {
    "conv1d": conv1d,
    "gru": gru,
    "trees": lambda x, forest: np.array(
        [forest.start + sum(walk(t, row) for t in forest.trees) for row in x]
    ),
    "rowwise": lambda x, kind, vector: ARITHMETIC[kind](x, vector),
    "dense": lambda x, weight, bias, activation: activate(x @ weight.T + bias, activation),
    "softmax": softmax,
    "share": lambda x: activate(x, "sigmoid") / activate(x, "sigmoid").sum(-1, keepdims=True),
    "argmax": lambda x: x.argmax(axis=-1),
    "norm": norm,
    "normalize": lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True),
    "map": lambda x, kind: activate(x, kind),
    "binary": lambda a, b, kind: ARITHMETIC[kind](a, b),
    "embed": lambda ids, table: table[ids],
    "position": lambda x, table: x + table[: x.shape[-2]],
    "attention": attention,
    "reduce": lambda x, kind: REDUCE[kind](x),
    "take": lambda x, first, stride: x[:, first::stride],
}


def by_formula(graph: Graph, inputs: list[np.ndarray]) -> list[np.ndarray]:
    values = dict(zip(graph.inputs, inputs))
    for node in graph.nodes:
        result = FORMULAS[node.op](*(values[v] for v in node.inputs), **node.attributes)
        values[node.output] = result
    return [values[v] for v in graph.outputs]


def random_inputs(graph: Graph, extents: dict, words: int) -> list[np.ndarray]:
    inputs = []
    for value in graph.inputs:
        dims = [extents.get(d, d) for d in value.dims]
        x = RNG.integers(words, size=dims) if value.dtype == "s32" else RNG.normal(size=dims)
        inputs.append(x.astype(file.NUMPY[value.dtype]))
    return inputs


def check(graph: Graph, precision: str, tolerance: float, words: int = 1) -> lower.Lowered:
    """Runs it at the symbols' maxima and at less; the largest error is a part
    of the largest number."""
    model = Model("test", graph, {}, tolerance)
    model.precision = precision
    blob, lowered = mote_file(model)
    with Engine(blob) as engine:
        for least in (False, True):
            extents = {s: 1 if least else most for s, most in lowered.symbols.items()}
            inputs = random_inputs(graph, extents, words)
            want = by_formula(graph, inputs)
            shapes = []
            for slot, y in zip(lowered.plan.outputs, want):
                shapes.append((file.NUMPY[lowered.plan.values[slot].dtype], y.shape))
            got = engine.plan(0, list(extents.values()), inputs, shapes)
            for x, y in zip(got, want):
                assert np.abs(x - y).max() <= tolerance * np.abs(y).max()
    return lowered


def net(*dims, dtype="f32", **symbols) -> Graph:
    return Graph([Value(dims, dtype)], symbols)


def weights(*shape):
    return RNG.normal(size=shape) / shape[-1] ** 0.5


@pytest.mark.parametrize("precision, tolerance", [("float32", 1e-5), ("int8", 0.05)])
@pytest.mark.parametrize("activation", ["none", "relu", "sigmoid", "tanh", "gelu", "gelu_tanh"])
def test_dense_layers(precision, tolerance, activation):
    g = net("batch", 40, batch=9)
    h = g.dense(g.input, weights(33, 40), weights(33), activation)
    g.outputs = [g.dense(h, weights(9, 33)), h]
    check(g, precision, tolerance)


def test_layers_that_gain_nothing_stay_float32():
    g = net("batch", 31, batch=4)
    h = g.dense(g.input, weights(64, 31))
    h = g.dense(h, weights(64, 64))
    g.outputs = [g.dense(h, weights(3, 64))]
    lowered = check(g, "int8", 0.05)
    assert [t.dtype for t in lowered.tensors if len(t.dims) == 2] == ["f32", "s8", "f32"]


def test_rows():
    g = net("batch", 17, batch=5)
    x = g.input
    for kind, vector in zip("+-*/", RNG.uniform(0.5, 2, (4, 17))):
        x = g.rowwise(x, kind, vector)
    g.outputs = [g.softmax(x), g.share(x), g.normalize(x), g.binary(x, x, "*"), g.argmax(x)]
    check(g, "float32", 1e-5)
    for kind in ("relu", "sigmoid", "tanh", "gelu", "gelu_tanh"):
        g = net("batch", 17, batch=5)
        g.outputs = [g.map(g.input, kind)]
        check(g, "float32", 1e-5)


@pytest.mark.parametrize("kind", ["mean", "max", "sum", "first", "last"])
def test_reductions_over_steps(kind):
    g = net("batch", "steps", 20, batch=3, steps=11)
    g.outputs = [g.reduce(g.input, kind)]
    check(g, "float32", 1e-5)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("precision, tolerance", [("float32", 2e-5), ("int8", 0.1)])
def test_a_transformer_layer(precision, tolerance, causal):
    width, words = 48, 50
    g = net("batch", "tokens", dtype="s32", batch=2, tokens=19)
    x = g.position(g.embed(g.input, weights(words, width) * 7), weights(20, width))
    x = g.norm(x, weights(width), weights(width))
    a = g.attention(g.dense(x, weights(3 * width, width), weights(3 * width)), 4, causal)
    x = g.norm(g.dense(a, weights(width, width)), weights(width), weights(width), x)
    h = g.dense(x, weights(96, width), weights(96), "gelu")
    g.outputs = [g.norm(g.dense(h, weights(width, 96)), weights(width), weights(width), x)]
    lowered = check(g, precision, tolerance, words)
    assert lowered.layout.arena <= 1.03 * lowered.layout.bound


@pytest.mark.parametrize("precision, tolerance", [("float32", 1e-5), ("int8", 0.1)])
@pytest.mark.parametrize("activation", ["none", "relu", "tanh"])
def test_causal_convolutions(precision, tolerance, activation):
    g = net("batch", "steps", 12, batch=3, steps=23)
    x = g.conv1d(g.input, weights(17, 3 * 12).reshape(17, 3, 12), weights(17), 1, activation)
    x = g.conv1d(x, weights(16, 2 * 17).reshape(16, 2, 17), weights(16), 5, activation)
    g.outputs = [g.conv1d(x, weights(5, 16).reshape(5, 1, 16), weights(5))]
    check(g, precision, tolerance)


def residual_tcn(steps: int, layers: int, taps: int) -> Graph:
    """Blocks of two convolutions and what went into them, each block looking
    twice as far back, answered from the last step."""
    g = net("batch", steps, 7, batch=2)
    x = g.dense(g.input, weights(12, 7), weights(12))
    for i in range(layers):
        y = g.conv1d(x, weights(12, taps * 12).reshape(12, taps, 12), weights(12), 2**i, "relu")
        y = g.conv1d(y, weights(12, taps * 12).reshape(12, taps, 12), weights(12), 2**i, "relu")
        x = g.map(g.binary(x, y, "+"), "relu")
    g.outputs = [g.dense(g.reduce(x, "last"), weights(3, 12), weights(3))]
    return g


def places_computed(graph: Graph) -> int:
    return sum(n.output.dims[1] for n in graph.nodes if n.op == "conv1d")


@pytest.mark.parametrize("layers", [1, 2, 4])
@pytest.mark.parametrize("taps", [1, 2, 3])
@pytest.mark.parametrize("steps", [1, 2, 3, 17, 30, 31, 32, 60, 61, 62, 200])
def test_steps_that_nothing_reads_are_left_out(steps, layers, taps):
    """Also where the window reaches over the first step, one more and one less."""
    g = residual_tcn(steps, layers, taps)
    inputs = random_inputs(g, {"batch": 2}, 1)
    less = narrow(g)
    for wanted, given in zip(by_formula(g, inputs), by_formula(less, inputs)):
        np.testing.assert_allclose(given, wanted, rtol=1e-12)
    back = 2 * (taps - 1) * (2**layers - 1)
    assert places_computed(less) <= places_computed(g)
    if taps > 1 and back < steps // 2:
        assert places_computed(less) < places_computed(g) / 2


@pytest.mark.parametrize("precision, tolerance", [("float32", 2e-5), ("int8", 0.1)])
@pytest.mark.parametrize("steps", [20, 64])
def test_a_forecaster_of_residual_convolutions(precision, tolerance, steps):
    check(residual_tcn(steps, 3, 3), precision, tolerance)


def test_a_sequence_that_is_read_whole_stays_whole():
    g = residual_tcn(64, 2, 3)
    g.outputs.append(g.reduce(g.nodes[-3].output, "mean"))
    assert places_computed(narrow(g)) == places_computed(g)
    g = residual_tcn(64, 2, 3)
    g.outputs.append(g.nodes[1].output)  # the first convolution alone
    assert places_computed(g) > places_computed(narrow(g)) > 64
    check(g, "float32", 2e-5)


@pytest.mark.parametrize("states", [5, 32, 43])
@pytest.mark.parametrize("precision, tolerance", [("float32", 1e-5), ("int8", 0.1)])
def test_a_gru(precision, tolerance, states):
    g = net("batch", "steps", 9, batch=3, steps=14)
    x = g.gru(
        g.input, weights(3 * states, 9), weights(3 * states, states), weights(3 * states),
        weights(3 * states),
    )  # fmt: skip
    g.outputs = [g.dense(g.reduce(x, "last"), weights(2, states)), x]
    check(g, precision, tolerance)


def random_tree(features: int, outputs: int, depth: int) -> Tree:
    """Of any shape, with thresholds that the numbers of a row may meet."""
    nodes = []

    def grow(level: int) -> int:
        i = len(nodes)
        nodes.append([0, 0.0, -1, -1])
        if level < depth and RNG.random() < 0.8:
            grown = [RNG.integers(features), RNG.integers(-3, 4) / 2, grow(level + 1)]
            nodes[i] = [*grown, grow(level + 1)]
        return i

    grow(0)
    feature, threshold, left, right = (np.array(column) for column in zip(*nodes))
    value = RNG.normal(size=(len(nodes), outputs))
    return Tree(feature, threshold, left, right, value, np.zeros(len(nodes), bool))


@pytest.mark.parametrize("features, outputs, count", [(3, 1, 1), (28, 3, 21), (300, 1, 16)])
def test_trees(features, outputs, count):
    g = net("batch", features, batch=19)
    rounded = g.rowwise(g.rowwise(g.input, "*", np.full(features, 2.0)), "+", np.zeros(features))
    trees = [random_tree(features, outputs, depth=i % 7) for i in range(count)]
    start = RNG.normal(size=outputs)
    forest = Forest(trees, features, outputs, "f32", "f32", start=start)
    g.outputs = [g.trees(rounded, forest)]
    check(g, "float32", 1e-6)


def test_in_place_only_where_nobody_reads_later():
    g = net("batch", 64, batch=4)
    a = g.map(g.input, "relu")  # may lie over the input
    b = g.map(a, "tanh")  # a is read again: not over it
    g.outputs = [g.binary(a, b, "+")]
    lowered = check(g, "float32", 1e-5)
    assert lowered.plan.arena == 2 * 4 * 64 * 4


def test_wrong_shapes_are_named():
    g = net("batch", 5)
    for wrong, words in (
        (lambda: g.dense(g.input, weights(3, 4)), "weight \\(3, 4\\) for rows of 5"),
        (lambda: g.dense(g.input, weights(3, 5), None, "swish"), "activation 'swish'"),
        (lambda: g.attention(g.input, 2), "2 heads of 5 columns"),
        (lambda: g.reduce(g.input, "median"), "kind 'median'"),
        (lambda: g.binary(g.input, g.dense(g.input, weights(3, 5)), "+"), "\\+"),
    ):
        with pytest.raises(ValueError, match=words):
            wrong()


def test_the_source_hash_sees_every_parameter():
    def hashed(threshold=0.0, weight=1.0):
        tree = random_tree(3, 1, 0)
        tree.threshold[:], tree.value[:] = threshold, 1
        g = net("batch", 3, batch=1)
        g.outputs = [
            g.trees(g.dense(g.input, np.full((3, 3), weight)), Forest([tree], 3, 1, "f32", "f32"))
        ]
        return Imported(g, [], None, "", None).source_hash()

    assert hashed() == hashed()
    assert len({hashed(), hashed(threshold=0.5), hashed(weight=2.0)}) == 3
