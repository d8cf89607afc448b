"""Imports fitted scikit-learn estimators: linear and logistic models and
multi-layer perceptrons, with the scalers before them.

Only learned attributes are read, so an estimator of another version of the
library imports as long as it has them. What is not known exactly is refused by
the name of its step: never approximated, never skipped.
"""

import importlib

import numpy as np

from mote.errors import Refusal
from mote.graph import Feature, Graph, Imported, Output, Value

REGRESSORS = {
    "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "LassoLars", "LassoLarsCV",
    "LassoLarsIC", "ElasticNet", "ElasticNetCV", "Lars", "LarsCV", "BayesianRidge",
    "ARDRegression", "HuberRegressor", "TheilSenRegressor", "OrthogonalMatchingPursuit",
    "OrthogonalMatchingPursuitCV", "SGDRegressor", "PassiveAggressiveRegressor", "LinearSVR",
    "QuantileRegressor",
}  # fmt: skip
LOGISTIC = {"LogisticRegression", "LogisticRegressionCV"}
CLASSIFIERS = {
    "RidgeClassifier", "RidgeClassifierCV", "SGDClassifier", "Perceptron",
    "PassiveAggressiveClassifier", "LinearSVC",
}  # fmt: skip
MLPS = {"MLPClassifier", "MLPRegressor"}
SCALERS = {"StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler"}
ACTIVATIONS = {"identity": "none", "relu": "relu", "logistic": "sigmoid", "tanh": "tanh"}


def import_file(path: str, config, trust_pickle: bool) -> Imported:
    return import_estimator(load(path, trust_pickle), config.features, config.labels)


def load(path: str, trust_pickle: bool):
    """The estimator in a file: skops, or, when that is asked for, a pickle."""
    try:
        import sklearn  # noqa: F401
    except ImportError as e:
        raise Refusal(
            f"{path}: scikit-learn is not installed here; pip install 'mote[sklearn]'"
        ) from e
    if path.endswith(".skops"):
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

    types = skops.io.get_untrusted_types(file=path)
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
    selection, and dtypes. Only what scikit-learn itself defines is opened: what
    it merely imports belongs to others."""
    module, _, attribute = name.rpartition(".")
    if name == "numpy.dtype":
        return True
    if not module.startswith("sklearn."):
        return False
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return False
    home = getattr(found, "__module__", None) or ""
    return home.startswith("sklearn.") and callable(found)


def import_estimator(estimator, names: list[str] | None = None, labels=None) -> Imported:
    """names: of the features, when the estimator does not know them; labels:
    of its classes (or its targets), in their order, instead of its own."""
    steps = _steps(estimator)
    final_name, final = steps[-1]
    kind = _kind(final_name, final)
    count = getattr(steps[0][1], "n_features_in_", None)
    if count is None:
        raise Refusal(f"{final_name}: is not fitted; fit it before it is saved")
    names = _feature_names(estimator, names, count)

    graph = Graph.of_rows(count)
    value = graph.input
    for name, step in steps[:-1]:
        value = _scale(graph, value, name, step)
    importer = {
        "regressor": _import_regressor,
        "logistic": _import_logistic,
        "classifier": _import_classifier,
        "mlp": _import_mlp,
    }[kind]
    output = importer(graph, value, final_name, final, labels)
    import sklearn

    return Imported(
        graph=graph,
        features=[Feature(n) for n in names],
        output=output,
        trainer=f"scikit-learn {sklearn.__version__}",
        predict=lambda rows: _predict(estimator, final, output, rows),
    )


def _class_name(step) -> str:
    return type(step).__name__


def _is_sklearn(step) -> bool:
    return type(step).__module__.split(".")[0] == "sklearn"


def _steps(estimator) -> list[tuple[str, object]]:
    """The steps of a pipeline (of pipelines), by name, without the idle ones."""
    if not (_class_name(estimator) == "Pipeline" and _is_sklearn(estimator)):
        return [(_class_name(estimator), estimator)]
    steps = []
    for name, step in estimator.steps:
        if step is None or step == "passthrough":
            continue
        inner = _steps(step)
        steps += [(name if len(inner) == 1 else f"{name}.{n}", s) for n, s in inner]
    if not steps:
        raise Refusal("Pipeline: has no steps to compile")
    return steps


def _refuse_step(name: str, step) -> Refusal:
    known = sorted(SCALERS) + sorted(LOGISTIC | CLASSIFIERS | REGRESSORS | MLPS)
    return Refusal(
        f"step {name!r}: {type(step).__module__}.{_class_name(step)} cannot be compiled yet. "
        f"Known are: {', '.join(known)}"
    )


def _kind(name: str, step) -> str:
    cls = _class_name(step)
    if not _is_sklearn(step):
        raise _refuse_step(name, step)
    for kind, names in (
        ("regressor", REGRESSORS),
        ("logistic", LOGISTIC),
        ("classifier", CLASSIFIERS),
        ("mlp", MLPS),
    ):
        if cls in names:
            return kind
    raise _refuse_step(name, step)


def _feature_names(estimator, names, count: int) -> list[str]:
    own = getattr(estimator, "feature_names_in_", None)
    if names is None:
        names = [str(n) for n in own] if own is not None else [f"x{i}" for i in range(count)]
    if len(names) != count:
        raise Refusal(f"features: expected {count} names, as the estimator takes, got {len(names)}")
    if len(set(names)) != len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise Refusal(f"features: {twice!r} names two of them; names must differ")
    return list(names)


def _fitted(name: str, step, attribute: str):
    value = getattr(step, attribute, None)
    if value is None:
        raise Refusal(f"step {name!r}: is not fitted ({attribute} is missing); fit it first")
    return value


# Scalers, with the operations in the order in which the library does them.


def _scale(graph: Graph, value: Value, name: str, step) -> Value:
    cls = _class_name(step)
    if not _is_sklearn(step) or cls not in SCALERS:
        raise _refuse_step(name, step)
    if getattr(step, "clip", False):
        raise Refusal(f"step {name!r}: {cls} with clip=True cannot be compiled; fit it without")
    if cls == "MinMaxScaler":
        value = graph.rowwise(value, "*", _fitted(name, step, "scale_"))
        return graph.rowwise(value, "+", step.min_)
    if cls == "MaxAbsScaler":
        return graph.rowwise(value, "/", _fitted(name, step, "scale_"))
    _fitted(name, step, "n_features_in_")
    center = step.mean_ if cls == "StandardScaler" else step.center_
    if center is not None and getattr(step, "with_mean", getattr(step, "with_centering", True)):
        value = graph.rowwise(value, "-", center)
    if step.scale_ is not None:
        value = graph.rowwise(value, "/", step.scale_)
    return value


# Final steps


def _linear(graph: Graph, value: Value, name: str, step) -> Value:
    weight = np.atleast_2d(np.asarray(_fitted(name, step, "coef_"), np.float64))
    bias = np.broadcast_to(np.asarray(step.intercept_, np.float64), len(weight))
    return graph.dense(value, weight, bias)


def _two_rows(weight, bias) -> tuple[np.ndarray, np.ndarray]:
    """One score as those of two classes, 0 and itself: then the first largest
    is the second class exactly where the score is above 0, and the softmax of
    the two is the logistic function of the score."""
    return np.vstack([np.zeros_like(weight), weight]), np.concatenate([[0.0], bias])


def _target_names(labels, count: int) -> list[str]:
    if labels is None:
        labels = ["y"] if count == 1 else [f"y{i}" for i in range(count)]
    if len(labels) != count:
        raise Refusal(f"labels: expected {count}, one for each target, got {len(labels)}")
    return [str(x) for x in labels]


def _classes(name: str, step, labels) -> tuple[list[str], bool]:
    """Names of the classes, and whether they are numbers."""
    classes = _fitted(name, step, "classes_")
    if isinstance(classes, list):
        raise Refusal(f"step {name!r}: has several outputs; compile one model for each")
    if labels is not None:
        if len(labels) != len(classes):
            raise Refusal(f"labels: expected {len(classes)}, one for each class, got {len(labels)}")
        return [str(x) for x in labels], False
    if classes.dtype.kind in "iu":
        return [str(int(c)) for c in classes], True
    if classes.dtype.kind == "b":
        return [str(bool(c)).lower() for c in classes], False
    if classes.dtype.kind == "f":
        return [repr(float(c)).removesuffix(".0") for c in classes], True
    return [str(c) for c in classes], False


def _import_regressor(graph, value, name, step, labels) -> Output:
    y = _linear(graph, value, name, step)
    return Output("numbers", _target_names(labels, y.columns), None, y)


def _decision(graph, value, name, step) -> Value:
    weight = np.atleast_2d(np.asarray(_fitted(name, step, "coef_"), np.float64))
    bias = np.broadcast_to(np.asarray(step.intercept_, np.float64), len(weight))
    if len(weight) == 1:
        weight, bias = _two_rows(weight, bias)
    return graph.dense(value, weight, bias)


def _class_output(graph, z, scores, kind, names, numeric) -> Output:
    index = graph.argmax(z)
    return Output("class", names, index, scores, kind, numeric)


def _import_logistic(graph, value, name, step, labels) -> Output:
    names, numeric = _classes(name, step, labels)
    z = _decision(graph, value, name, step)
    rest = len(names) > 2 and (
        getattr(step, "multi_class", "auto") == "ovr" or step.solver == "liblinear"
    )
    if len(names) == 2 and getattr(step, "multi_class", "auto") == "multinomial":
        # the library's softmax over (-z, z): the same as over (0, 2z)
        doubled = graph.nodes.pop()
        z = graph.dense(value, 2 * doubled.attributes["weight"], 2 * doubled.attributes["bias"])
    scores = graph.share(z) if rest else graph.softmax(z)
    return _class_output(graph, z, scores, "probabilities", names, numeric)


def _import_classifier(graph, value, name, step, labels) -> Output:
    names, numeric = _classes(name, step, labels)
    if np.ndim(step.coef_) == 2 and len(step.coef_) not in (1, len(names)):
        raise Refusal(f"step {name!r}: has several labels a row; compile one model for each")
    z = _decision(graph, value, name, step)
    if getattr(step, "loss", None) == "log_loss" and hasattr(step, "predict_proba"):
        two = len(names) == 2
        scores = graph.softmax(z) if two else graph.share(z)
        return _class_output(graph, z, scores, "probabilities", names, numeric)
    # of two classes the library gives one decision value, for the second; here
    # the first has its own, which is 0
    return _class_output(graph, z, z, "decision values", names, numeric)


def _import_mlp(graph, value, name, step, labels) -> Output:
    coefs = _fitted(name, step, "coefs_")
    hidden = ACTIVATIONS.get(step.activation)
    if hidden is None:
        raise Refusal(f"step {name!r}: activation {step.activation!r} is not known")
    for weight, bias in zip(coefs[:-1], step.intercepts_[:-1]):
        value = graph.dense(value, weight.T, bias, hidden)
    weight, bias = coefs[-1].T, step.intercepts_[-1]
    if _class_name(step) == "MLPRegressor":
        if step.out_activation_ != "identity":
            raise Refusal(f"step {name!r}: output {step.out_activation_!r} is not known")
        y = graph.dense(value, weight, bias)
        return Output("numbers", _target_names(labels, y.columns), None, y)
    names, numeric = _classes(name, step, labels)
    if step.out_activation_ == "logistic":
        if len(weight) != 1:
            raise Refusal(f"step {name!r}: has several labels a row; compile one model for each")
        weight, bias = _two_rows(weight, bias)
    z = graph.dense(value, weight, bias)
    scores = graph.softmax(z)
    return _class_output(graph, z, scores, "probabilities", names, numeric)


# The trainer's own answers, for verification


def _predict(estimator, final, output: Output, rows: np.ndarray):
    """(index or None, scores or None) as the library computes them."""
    if output.kind == "numbers":
        y = np.asarray(estimator.predict(rows), np.float64)
        return None, y.reshape(len(rows), -1)
    label = estimator.predict(rows)
    classes = list(final.classes_)
    index = np.array([classes.index(x) for x in label])
    if output.scores_kind == "probabilities":
        return index, np.asarray(estimator.predict_proba(rows), np.float64)
    z = np.asarray(estimator.decision_function(rows), np.float64)
    if z.ndim == 1:
        z = np.stack([np.zeros_like(z), z], axis=1)
    return index, z
