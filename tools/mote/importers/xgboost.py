"""Imports XGBoost's models from its own files, JSON and UBJSON of versions 1.0
to 3.x, without the library. It is only asked for its answers, to verify.

The sums are XGBoost's to the bit: features and thresholds are f32 and compared
with "<", a NaN goes where its node says, leaves are added in the order of the
trees, in f32, to the base score, which the objective turns into a margin. A
weight of dart is multiplied into the leaves, as XGBoost does before it adds.

What the functions over them give differs from XGBoost's f32 by its rounding. A
class is taken from the margins: of two the second, where XGBoost's probability
of it is above 0.5 (see HALF); of several the first of the largest margin.

Sources, in dmlc/xgboost: src/predictor/predict_fn.h and
src/common/categorical.h (which way a row goes), src/predictor/cpu_predictor.cc
and src/gbm/gbtree.cc (sums, dart), src/common/math.h and src/objective (the
functions), python-package/xgboost/sklearn.py (labels); files: xgboost_file.py.
"""

import functools
from pathlib import Path

import numpy as np

from mote.errors import Refusal
from mote.graph import BATCH, Feature, Graph, Imported, Output, Value
from mote.importers.names import category_texts, class_names, feature_names, target_names
from mote.importers.xgboost_file import EXPONENTIAL, LOGISTIC, MULTI, Model
from mote.trees import Forest

# The largest margin whose probability, in f32 1 / (1 + exp(-margin)), is 0.5:
# exp(-margin) is then 1 - 2^-24, and 1 more than that rounds to 2.
HALF = 1.5 * 2.0**-24
BOOLEAN = "i"  # the type of a feature that is true or false


def import_file(path: str, config, trust_pickle: bool) -> Imported:
    data = Path(path).read_bytes()
    try:
        return import_model(Model.read(data), config.features, config.labels)
    except Refusal as e:
        raise Refusal(f"{path}: {e}") from e


def add_booster(graph: Graph, value: Value, model, labels: list[str] | None) -> Output:
    """The trees of an XGB* estimator or a Booster behind value [..., features],
    in which a missing number is a NaN. labels: names of the classes or targets,
    or None."""
    estimator = hasattr(model, "get_booster")
    booster = model.get_booster() if estimator else model
    found = Model.read(bytes(booster.save_raw("ubj")), estimator)
    if estimator and not np.isnan(model.missing):
        count = value.columns
        value = graph.fill(value, np.full(count, float(model.missing)), np.full(count, np.nan))
    return add_model(graph, value, found, labels)


# --------------------------------------------------------------------- graphs


def import_model(model: Model, names: list[str] | None, labels) -> Imported:
    graph = Graph([Value((BATCH, model.columns), "f32")])
    output = add_model(graph, graph.input, model, labels)
    return Imported(
        graph=graph,
        features=features_of(model, names),
        output=output,
        trainer=f"XGBoost {model.version}",
        predict=functools.partial(predict, model, output),
    )


def features_of(model: Model, names: list[str] | None) -> list[Feature]:
    names = feature_names(names, model.names or [f"f{i}" for i in range(model.columns)])
    types = model.types or [""] * model.columns
    return [
        Feature(
            name,
            missing=True,
            categories=category_texts(name, categories),
            boolean=kind == BOOLEAN,
            dtype="f32",
        )
        for name, kind, categories in zip(names, types, model.categories)
    ]


def add_model(graph: Graph, value: Value, model: Model, labels) -> Output:
    if value.columns != model.columns:
        raise Refusal(f"trees of {model.columns} features behind {value.columns} columns")
    forest = Forest(
        trees=model.trees,
        columns=model.columns,
        outputs=model.outputs,
        dtype="f32",
        sum_dtype="f32",
        compare="<",
        targets=model.groups,
        start=model.base,
    )
    margin = graph.trees(value, forest)
    if is_class(model):
        return class_output(graph, margin, model, labels)
    if model.objective in LOGISTIC:
        margin = graph.map(margin, "sigmoid")
    elif model.objective in EXPONENTIAL:
        margin = graph.map(margin, "exp")
    elif model.objective == "binary:hinge":
        raise Refusal("binary:hinge with several targets; fit one model for each")
    return Output("numbers", number_names(labels, model), None, margin)


def is_class(model: Model) -> bool:
    """Of two classes; of several there are as many outputs. A logistic model
    of several targets says the probability of each."""
    two = model.outputs == 1 and model.objective in ("binary:logistic", "binary:hinge")
    return two or model.objective in MULTI


def class_output(graph: Graph, margin: Value, model: Model, labels) -> Output:
    count = 2 if model.outputs == 1 else model.outputs
    names, numeric = class_names(labels, model.classes, count)
    if model.objective in MULTI:
        return Output(
            "class", names, graph.argmax(margin), graph.softmax(margin), "probabilities", numeric
        )
    second = [[0.0], [1.0]]  # the margin of the first of two classes is 0
    both = graph.dense(margin, second)
    if model.objective == "binary:hinge":
        return Output("class", names, graph.argmax(both), both, "decision values", numeric)
    index = graph.argmax(graph.dense(margin, second, [HALF, 0.0]))
    return Output("class", names, index, graph.softmax(both), "probabilities", numeric)


def number_names(labels, model: Model) -> list[str]:
    if labels is None and len(model.alphas) == model.outputs:
        return [f"q{alpha}" for alpha in model.alphas]
    return target_names(labels, model.outputs)


# ------------------------------------------- XGBoost's answers, to verify with


def predict(model: Model, output: Output, rows: np.ndarray):
    """(index or None, scores) as XGBoost computes them for rows [n][features],
    categories being their codes. NaN for rows beyond the range of an f32, which
    it refuses."""
    xgboost = library()
    with np.errstate(over="ignore"):
        known = ~np.isinf(rows.astype(np.float32)).any(axis=1)
    with xgboost.config_context(verbosity=0):
        try:
            booster = xgboost.Booster(model_file=bytearray(model.data))
        except xgboost.core.XGBoostError as e:
            raise Refusal(
                f"XGBoost {xgboost.__version__} itself cannot read this file: "
                f"{str(e).splitlines()[0]}"
            ) from e
        matrix = xgboost.DMatrix(
            rows[known],
            feature_names=booster.feature_names,
            feature_types=booster.feature_types,
            enable_categorical=True,
        )
        ask = functools.partial(booster.predict, matrix, iteration_range=(0, model.rounds))
        index, scores = labelled(model, output, ask)
    scores = scores.reshape(len(rows[known]), -1)
    return spread_over(known, index, -1), spread_over(known, scores, np.nan)


def labelled(model: Model, output: Output, ask):
    """What the estimators of XGBoost's scikit-learn interface make of a
    Booster's answers: (index or None, scores)."""
    index, scores = None, np.asarray(ask(), np.float64)
    if model.objective == "multi:softmax":
        index, z = scores.astype(np.int64), np.asarray(ask(output_margin=True), np.float64)
        scores = np.exp(z - z.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
    elif model.objective == "multi:softprob":
        index = scores.argmax(axis=1)
    elif output.kind == "class":
        index = (scores > 0.5).astype(np.int64)
        if model.objective == "binary:hinge":
            scores = np.asarray(ask(output_margin=True), np.float64)
            scores = np.stack([np.zeros_like(scores), scores], axis=1)
        else:
            scores = np.stack([1 - scores, scores], axis=1)
    return index, scores


def spread_over(known: np.ndarray, found: np.ndarray | None, rest) -> np.ndarray | None:
    """found [rows that are known][...], with `rest` for the rows between them."""
    if found is None:
        return None
    out = np.full((len(known), *found.shape[1:]), rest, found.dtype)
    out[known] = found
    return out


def library():
    try:
        import xgboost
    except ImportError as e:
        raise Refusal(
            "XGBoost is not installed here, and nothing is compiled without its answers to "
            "compare with; pip install 'mote[xgboost]'"
        ) from e
    return xgboost
