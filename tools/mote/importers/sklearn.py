"""Imports fitted scikit-learn estimators and pipelines.

Only learned attributes are read, so an estimator of another version of the
library imports as long as it has them. What is not known exactly is refused by
the name of its step: never approximated, never skipped.

    sklearn_walk.py            what flows between steps, what they ask of features
    sklearn_preprocessing.py   transformers
    sklearn_linear.py, sklearn_svm.py, sklearn_trees.py   models
    sklearn_wrappers.py        models of models
"""

import copy
import importlib
import importlib.util
import math
import warnings
from dataclasses import replace

import numpy as np

from mote.errors import Refusal
from mote.graph import Graph, Imported, Output
from mote.importers import sklearn_file
from mote.importers.names import class_names, feature_names, target_names
from mote.importers.sklearn_walk import (
    CLASSIFIERS,
    REGRESSORS,
    TRANSFORMERS,
    Answer,
    Source,
    Walk,
    before_last,
    class_name,
    classify,
    is_pipeline,
    is_sklearn,
    nothing,
    plain,
    refusal,
    regress,
    unknown_step,
)

MODELS = ("linear", "preprocessing", "svm", "trees", "wrappers")
for module in MODELS:  # each enters the steps that it knows
    importlib.import_module(f"mote.importers.sklearn_{module}")

REGISTRIES = (TRANSFORMERS, REGRESSORS, CLASSIFIERS)
LIBRARIES = ("sklearn", "xgboost", "lightgbm")
BOOSTERS = {"XGBClassifier", "XGBRegressor", "LGBMClassifier", "LGBMRegressor"}


def import_file(path: str, config, trust_pickle: bool) -> Imported:
    return import_estimator(load(path, trust_pickle), config.features, config.labels)


def load(path: str, trust_pickle: bool):
    """The estimator in a file: skops, or, when that is asked for, a pickle."""
    if importlib.util.find_spec("sklearn") is None:
        raise Refusal(f"{path}: scikit-learn is not installed here; pip install 'mote[sklearn]'")
    if path.endswith(".skops"):
        try:
            return sklearn_file.read(path)
        except sklearn_file.Other:
            return _load_skops(path)
    if not trust_pickle:
        raise Refusal(
            f"{path}: a pickle runs whatever code its maker put in when it is opened. "
            "If it is your own, say --trust-pickle; or save the estimator with skops"
        )
    import joblib

    try:
        return joblib.load(path)
    except Exception as e:
        raise Refusal(
            f"{path}: cannot be unpickled here ({type(e).__name__}: {e}). Pickles belong to the "
            "library versions that wrote them: save it again with the installed ones, or with skops"
        ) from e


def _load_skops(path: str):
    import skops.io

    try:
        types = skops.io.get_untrusted_types(file=path)
    except Exception as e:
        raise Refusal(f"{path}: cannot be read ({type(e).__name__}: {e})") from e
    unknown = [name for name in types if not _is_known(name)]
    if unknown:
        raise Refusal(
            f"{path}: holds types that are no part of scikit-learn: {', '.join(unknown)}; "
            "a step of your own cannot be compiled"
        )
    try:
        return skops.io.load(path, trusted=types)
    except Exception as e:
        raise Refusal(f"{path}: cannot be read ({type(e).__name__}: {e})") from e


def _is_known(name: str) -> bool:
    """skops knows the public classes; estimators also hold private ones, such as
    the optimizer that trained a perceptron, functions, such as the score of a
    selection, and dtypes. Only what these libraries define is opened: what they
    merely import belongs to others. The function that a partial one binds
    is a type of its own in the file."""
    module, _, attribute = name.rpartition(".")
    if name in ("numpy.dtype", "functools.partial", "collections.OrderedDict"):
        return True
    if module.split(".")[0] not in LIBRARIES:
        return False
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return False
    home = getattr(found, "__module__", None) or ""
    return home.split(".")[0] in LIBRARIES and callable(found)


def import_estimator(estimator, names: list[str] | None = None, labels=None) -> Imported:
    """names: of the features, when the estimator does not know them; labels:
    of its classes (or its targets), in their order, instead of its own."""
    name = class_name(estimator)
    count = getattr(estimator, "n_features_in_", None)
    if count is None:
        raise not_fitted(name, estimator)
    own = getattr(estimator, "feature_names_in_", None)
    own_names = [f"x{i}" for i in range(count)] if own is None else [str(n) for n in own]
    sources = [Source(i, n) for i, n in enumerate(feature_names(names, own_names))]
    first = Walk(sources, list(range(count)), second=False)
    answer(first, name, estimator, labels)
    # a data frame may lack what no step reads; a row of numbers may not
    read = [s.index for s in sources if s.used or own is None]
    for source in sources:
        source.settle()
    walk = Walk(sources, read, second=True)
    output = answer(walk, name, estimator, labels)
    walk.graph.outputs = [v for v in (output.index, output.scores) if v is not None]
    walk.graph.prune()
    dtype = input_dtype(walk.graph)
    walk.graph.input.dtype = dtype
    import sklearn

    rows = Rows(sources, read, own)
    return Imported(
        graph=walk.graph,
        features=[replace(sources[i].feature(), dtype=dtype) for i in read],
        output=output,
        trainer=f"scikit-learn {sklearn.__version__}",
        predict=lambda given: predict(estimator, output, rows.of(given)),
    )


def input_dtype(graph: Graph) -> str:
    """float32 where only trees read the features, and compare them in it:
    numbers beyond it are refused, as by the trainer."""
    readers = [n for n in graph.nodes if graph.input in n.inputs]
    if readers and all(n.op == "trees" and n.attributes["forest"].dtype == "f32" for n in readers):
        return "f32"
    return "f64"


def not_fitted(name: str, step) -> Refusal:
    """Of an estimator that does not say how many features it has: the first
    step of a pipeline may be one that never does."""
    while is_pipeline(step):
        name, step = next((s for s in step.steps if not nothing(s[1])), (name, None))
    known = is_sklearn(step) and any(class_name(step) in r for r in REGISTRIES)
    if known or is_booster(step):
        return Refusal(f"{name}: is not fitted; fit it before it is saved")
    return unknown_step(name, step)


def is_booster(step) -> bool:
    root = type(step).__module__.split(".")[0]
    return class_name(step) in BOOSTERS and root in ("xgboost", "lightgbm")


# --------------------------------------------------------------------- outputs


def answer(walk: Walk, name: str, estimator, labels) -> Output:
    """The whole estimator, written into a walk's graph."""
    table = walk.start
    while is_pipeline(estimator):
        name, estimator, table = before_last(walk, name, estimator, table)
    if is_booster(estimator):
        return boosted(walk, name, estimator, table, labels)
    both = class_name(estimator) in REGRESSORS
    if class_name(estimator) in CLASSIFIERS and (not both or has_classes(estimator)):
        return class_output(name, classify(walk, name, estimator, table), labels)
    y = regress(walk, name, estimator, table)
    return Output("numbers", target_names(labels, y.columns), None, y)


def has_classes(estimator) -> bool:
    """Of a search, which is for one or the other."""
    return getattr(estimator, "classes_", None) is not None


def boosted(walk: Walk, name: str, estimator, table, labels) -> Output:
    """The other libraries' estimators, as the importers of their files read
    them. XGBoost takes what a sparse row lacks as missing, LightGBM as 0."""
    root = type(estimator).__module__.split(".")[0]
    if reads_categories(estimator):
        raise refusal(
            name,
            "reads the categories of a data frame itself; compile the file that its booster saves",
        )
    value = walk.numbers(name, table, missing=True)
    if root == "xgboost" and table.sparse:
        count = len(table.columns)
        value = walk.graph.fill(value, [0.0] * count, [math.nan] * count)
    importer = importlib.import_module(f"mote.importers.{root}")
    return importer.add_booster(walk.graph, value, estimator, labels)


def reads_categories(booster) -> bool:
    if hasattr(booster, "booster_"):
        return bool(booster.booster_.pandas_categorical)
    return "c" in (booster.get_booster().feature_types or [])


def class_output(name: str, found: Answer, labels) -> Output:
    """Of two classes the library gives one decision value, for the second;
    here the first has its own, which is 0."""
    names, numeric = class_names(labels, found.classes.tolist(), len(found.classes))
    kind, scores = "none", None
    if found.probabilities is not None:
        kind, scores = "probabilities", found.probabilities
    elif found.decision is not None:
        kind, scores = "decision values", found.decision
    return Output("class", names, found.index, scores, kind, numeric)


# --------------------------------------------- the trainer's own answers


class Rows:
    """Rows of the compiled model's features as the estimator takes them: a data
    frame if it was trained on one."""

    def __init__(self, sources: list[Source], read: list[int], own):
        self.sources, self.read = sources, read
        self.names = None if own is None else [str(n) for n in own]

    def of(self, rows: np.ndarray):
        columns = {i: self.sources[i].given(rows[:, k]) for k, i in enumerate(self.read)}
        blank = np.zeros(len(rows))  # of what no step reads
        columns = [columns.get(i, blank) for i in range(len(self.sources))]
        if self.names is not None and importlib.util.find_spec("pandas") is not None:
            import pandas  # estimators that were trained on arrays need none

            return pandas.DataFrame(dict(zip(self.names, columns)))
        if any(c.dtype == object for c in columns):
            out = np.empty((len(rows), len(columns)), object)
            for i, column in enumerate(columns):
                out[:, i] = column
            return out
        return np.column_stack(columns)


def predict(estimator, output: Output, rows):
    """(index or None, scores or None) as the library computes them; -1 and NaN
    for rows that it refuses."""
    index = np.full(len(rows), -1)
    scores = np.full((len(rows), len(output.names)), np.nan)
    refused = None

    def some(first: int, end: int) -> int:
        """Rows that were answered; a part with a refused one in halves."""
        nonlocal refused
        part = rows[first:end]
        try:
            labels, values = answers(estimator, output, part)
        except ValueError as e:
            refused = refused or e
            if end - first == 1:
                return 0
            middle = (first + end) // 2
            return some(first, middle) + some(middle, end)
        if labels is not None:
            index[first:end] = labels
        if values is not None:
            scores[first:end] = values
        return end - first

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if len(rows) and not some(0, len(rows)):
            raise Refusal(f"the estimator itself answers none of the rows: {refused}")
    return (None if output.index is None else index, None if output.scores is None else scores)


def answers(estimator, output: Output, rows):
    if output.kind == "numbers":
        return None, np.asarray(estimator.predict(rows), np.float64).reshape(len(rows), -1)
    places = {plain(c): i for i, c in enumerate(estimator.classes_)}
    index = np.array([places[plain(x)] for x in estimator.predict(rows)])
    if output.scores_kind == "probabilities":
        return index, np.asarray(estimator.predict_proba(rows), np.float64)
    if output.scores_kind != "decision values":
        return index, None
    z = np.asarray(one_against_rest(estimator).decision_function(rows), np.float64)
    if z.ndim == 1:
        z = np.stack([np.zeros_like(z), z], axis=1)
    return index, z


def one_against_rest(estimator):
    """An estimator whose decision values are one for each class: support
    vector machines that are asked for pairs are asked again."""
    if getattr(innermost(estimator), "decision_function_shape", "ovr") == "ovr":
        return estimator
    estimator = copy.deepcopy(estimator)
    innermost(estimator).decision_function_shape = "ovr"
    return estimator


def innermost(estimator):
    while is_pipeline(estimator) or hasattr(estimator, "best_estimator_"):
        last = estimator.steps[-1][1] if is_pipeline(estimator) else estimator.best_estimator_
        estimator = last
    return estimator
