"""Imports LightGBM's models from the text that save_model writes, without the
library. It is only asked for its answers, to verify.

The sums are LightGBM's to the bit: features and thresholds are f64 and
compared with "<=", and leaves are added in the order of the trees, in f64.

What LightGBM does before it compares, and how that is said here:

    a number within ZERO of 0    is 0 (how its predict reads a dense row): a
                                 threshold within ZERO moves to where all of
                                 these numbers lie on one side of it
    NaN, missing type none       is 0
    NaN or 0, missing type zero  goes the node's way: such numbers become NaN,
                                 in a column of their own when other nodes
                                 read the same feature otherwise
    NaN, missing type nan        goes the node's way
    a category                   the number without its fraction; a NaN, a
                                 negative or an unknown one goes right

Sources, in microsoft/LightGBM: include/LightGBM/tree.h (NumericalDecision,
CategoricalDecision, Predict of linear leaves), src/c_api.cpp
(RowPairFunctionFromDenseMatric), src/boosting/gbdt_prediction.cpp (sums, their
mean in a random forest), src/objective (ConvertOutput),
python-package/lightgbm/sklearn.py (labels); files: lightgbm_file.py.
"""

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np

from mote.errors import Refusal
from mote.graph import Feature, Graph, Imported, LinearLeaf, Output, Value
from mote.importers.lightgbm_file import (
    AS_ZERO,
    CLASSES,
    EXPONENTIAL,
    SQUARED,
    ZERO,
    LightTree,
    Model,
)
from mote.importers.names import category_texts, class_names, feature_names, target_names
from mote.trees import Forest, Tree

# The largest z whose probability, in f64 1 / (1 + exp(-z)), is 0.5
HALF = 1.5 * 2.0**-53


def import_file(path: str, config, trust_pickle: bool) -> Imported:
    data = Path(path).read_bytes()
    try:
        return import_model(Model.read(data), config.features, config.labels)
    except Refusal as e:
        raise Refusal(f"{path}: {e}") from e


def add_booster(graph: Graph, value: Value, model, labels: list[str] | None) -> Output:
    """The trees of an LGBM* estimator or a Booster behind value [..., features].
    labels: names of the classes or targets, or None."""
    estimator = hasattr(model, "booster_")
    booster = model.booster_ if estimator else model
    if estimator and model.get_params().get("pred_early_stop"):
        raise Refusal("pred_early_stop leaves trees out by what a row has got so far; unset it")
    found = Model.read(booster.model_to_string().encode())
    if labels is None and hasattr(model, "classes_"):
        found.classes = model.classes_.tolist()
    return add_model(graph, value, found, labels)


# --------------------------------------------------------------------- graphs


def import_model(model: Model, names: list[str] | None, labels) -> Imported:
    graph = Graph.of_rows(model.columns)
    output = add_model(graph, graph.input, model, labels)
    names = feature_names(names, model.names)
    return Imported(
        graph=graph,
        features=[
            Feature(name, missing=True, categories=category_texts(name, found), other=bool(found))
            for name, found in zip(names, model.categories)
        ],
        output=output,
        trainer=f"LightGBM, file version {model.version}",
        predict=functools.partial(predict, model, output),
    )


def add_model(graph: Graph, value: Value, model: Model, labels) -> Output:
    if value.columns != model.columns:
        raise Refusal(f"trees of {model.columns} features behind {value.columns} columns")
    return answer(graph, sums(graph, value, model), model, labels)


def sums(graph: Graph, x: Value, model: Model) -> Value:
    """Raw scores [..., per_round]."""
    rows, moved = with_zeros_missing(graph, x, model)
    targets = [i % model.per_round for i in range(len(model.trees))]
    trees = [with_columns(t, moved) for t in model.trees]
    forest = Forest(
        trees=trees,
        columns=rows.columns,
        outputs=model.per_round,
        dtype="f64",
        sum_dtype="f64",
        targets=targets,
        truncate=True,
    )
    if any(t.linear for t in model.trees):
        return linear_sums(graph, x, rows, model, forest, targets)
    return graph.trees(rows, forest)


def with_zeros_missing(graph: Graph, x: Value, model: Model) -> tuple[Value, dict[int, int]]:
    """x with a NaN for 0 in the columns that nodes of missing type zero read:
    a feature's own, or one behind all others if it is read otherwise, too; the
    second result says by feature where that is."""
    as_zero, otherwise = set(), set()
    for t in model.trees:
        inner = t.tree.left >= 0
        as_zero |= set(t.tree.feature[inner & (t.missing == AS_ZERO)].tolist())
        otherwise |= set(t.tree.feature[inner & (t.missing != AS_ZERO)].tolist())
    if not as_zero:
        return x, {}
    both = sorted(as_zero & otherwise)
    moved = {f: f for f in as_zero} | {f: model.columns + i for i, f in enumerate(both)}
    if both:
        x = graph.columns(x, [*range(model.columns), *both])
    touched = np.isin(np.arange(x.columns), list(moved.values()))
    low, high = np.where(touched, -ZERO, np.inf), np.where(touched, ZERO, -np.inf)
    return graph.missing(x, low, high), moved


def with_columns(t: LightTree, moved: dict[int, int]) -> Tree:
    if not moved or not (t.missing == AS_ZERO).any():
        return t.tree
    feature = t.tree.feature.copy()
    for node in np.flatnonzero((t.missing == AS_ZERO) & (t.tree.left >= 0)):
        feature[node] = moved[int(feature[node])]
    return replace(t.tree, feature=feature)


def linear_sums(
    graph: Graph, x: Value, rows: Value, model: Model, forest: Forest, targets
) -> Value:
    """Of trees whose leaves are linear, or some of whose trees are: the forest
    gives the numbers of leaves, counted through all trees. Only here numbers
    within ZERO of 0 are what they are."""
    trees, leaves = [], []
    for tree, t in zip(forest.trees, model.trees):
        numbered = np.zeros(len(tree.value))
        numbered[t.leaf_at] = len(leaves) + np.arange(len(t.leaf_at))
        trees.append(replace(tree, value=numbered))
        leaves += t.linear or [LinearLeaf(v, [], [], v) for v in tree.value[t.leaf_at].tolist()]
    count = len(trees)
    leaf = graph.trees(rows, replace(forest, trees=trees, outputs=count, targets=[*range(count)]))
    return graph.linear_leaves(x, leaf, leaves, targets, model.per_round)


def answer(graph: Graph, raw: Value, model: Model, labels) -> Output:
    """What the objective makes of raw scores."""
    if model.average:
        raw = graph.rowwise(raw, "/", np.full(model.per_round, float(model.rounds)))
    name = model.objective
    if name in CLASSES:
        return class_output(graph, raw, model, labels)
    if name in EXPONENTIAL:
        raw = graph.map(raw, "exp")
    elif name == "cross_entropy":
        raw = graph.map(raw, "sigmoid")
    elif name == "cross_entropy_lambda":  # ln(1 + exp(raw))
        one = np.ones(model.per_round)
        raw = graph.map(graph.rowwise(graph.map(raw, "exp"), "+", one), "log")
    elif name in SQUARED and "sqrt" in model.options:  # raw |raw|
        raw = graph.binary(graph.map(raw, "abs"), raw, "*")
    return Output("numbers", target_names(labels, model.per_round), None, raw)


def class_output(graph: Graph, raw: Value, model: Model, labels) -> Output:
    """A class is the first of the largest probability, as LGBMClassifier has it."""
    if model.objective == "binary":
        if model.per_round != 1:
            raise Refusal(f"header: binary with {model.per_round} trees in a round, expected 1")
        names, numeric = class_names(labels, model.classes, 2)
        second = [[0.0], [model.option("sigmoid")]]
        both = graph.dense(raw, second)
        index = graph.argmax(graph.dense(raw, second, [HALF, 0.0]))
        return Output("class", names, index, graph.softmax(both), "probabilities", numeric)
    if model.option("num_class") != model.per_round:
        raise Refusal(
            f"header: {model.per_round} trees in a round, expected {model.options['num_class']}, "
            "one for each class"
        )
    names, numeric = class_names(labels, model.classes, model.per_round)
    index = graph.argmax(raw)
    if model.objective == "multiclass":
        return Output("class", names, index, graph.softmax(raw), "probabilities", numeric)
    factor = np.full(model.per_round, model.option("sigmoid"))
    scores = graph.map(graph.rowwise(raw, "*", factor), "sigmoid")
    return Output("class", names, index, scores, "probabilities", numeric)


# ------------------------------------------ LightGBM's answers, to verify with


def predict(model: Model, output: Output, rows: np.ndarray):
    """(index or None, scores) as LightGBM computes them for rows [n][features],
    categories being their codes."""
    lightgbm = library()
    try:
        booster = lightgbm.Booster(model_str=model.text)
        scores = np.asarray(booster.predict(rows), np.float64)
    except lightgbm.basic.LightGBMError as e:
        raise Refusal(f"LightGBM {lightgbm.__version__} itself cannot take this file: {e}") from e
    if output.kind == "numbers":
        return None, scores.reshape(len(rows), -1)
    if scores.ndim == 1:
        scores = np.stack([1 - scores, scores], axis=1)
    return scores.argmax(axis=1), scores


def library():
    try:
        import lightgbm
    except ImportError as e:
        raise Refusal(
            "LightGBM is not installed here, and nothing is compiled without its answers to "
            "compare with; pip install 'mote[lightgbm]'"
        ) from e
    return lightgbm
