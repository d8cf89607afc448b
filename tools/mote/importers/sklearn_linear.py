"""Linear and generalized linear models, logistic regression and multi-layer
perceptrons of scikit-learn."""

import numpy as np

from mote.graph import Value
from mote.importers.sklearn_walk import (
    CLASSIFIERS,
    REGRESSORS,
    Answer,
    Table,
    Walk,
    classes_of,
    fitted,
    knows,
    refusal,
    two_columns,
)

ACTIVATIONS = {"identity": "none", "relu": "relu", "logistic": "sigmoid", "tanh": "tanh"}


def coefficients(name: str, step) -> tuple[np.ndarray, np.ndarray]:
    """weight [outputs][features], bias [outputs]"""
    weight = np.atleast_2d(np.asarray(fitted(name, step, "coef_"), np.float64))
    return weight, np.broadcast_to(np.asarray(step.intercept_, np.float64), len(weight))


@knows(
    REGRESSORS, "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "LassoLars",
    "LassoLarsCV", "LassoLarsIC", "ElasticNet", "ElasticNetCV", "MultiTaskLasso",
    "MultiTaskLassoCV", "MultiTaskElasticNet", "MultiTaskElasticNetCV", "Lars", "LarsCV",
    "BayesianRidge", "ARDRegression", "HuberRegressor", "TheilSenRegressor",
    "OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV", "SGDRegressor",
    "PassiveAggressiveRegressor", "LinearSVR", "QuantileRegressor",
)  # fmt: skip
def linear(walk: Walk, name: str, step, table: Table) -> Value:
    return walk.graph.dense(walk.numbers(name, table), *coefficients(name, step))


@knows(REGRESSORS, "PoissonRegressor", "GammaRegressor", "TweedieRegressor")
def generalized(walk: Walk, name: str, step, table: Table) -> Value:
    """The link is the logarithm, but for a Tweedie model whose options say
    that it is the identity."""
    y = linear(walk, name, step, table)
    link = getattr(step, "link", "log")
    if link == "identity" or (link == "auto" and step.power <= 0):
        return y
    return walk.graph.map(y, "exp")


def decision(walk: Walk, name: str, step, table: Table) -> Value:
    weight, bias = coefficients(name, step)
    if len(weight) == 1:
        weight, bias = two_columns(weight, bias)
    return walk.graph.dense(walk.numbers(name, table), weight, bias)


@knows(CLASSIFIERS, "LogisticRegression", "LogisticRegressionCV")
def logistic(walk: Walk, name: str, step, table: Table) -> Answer:
    classes, graph = classes_of(name, step), walk.graph
    z = decision(walk, name, step, table)
    multi_class = getattr(step, "multi_class", "auto")
    rest = len(classes) > 2 and (multi_class == "ovr" or step.solver == "liblinear")
    if len(classes) == 2 and multi_class == "multinomial":
        # the library's softmax over (-z, z): the same as over (0, 2z)
        scores = graph.softmax(graph.rowwise(z, "*", [2.0, 2.0]))
    else:
        scores = graph.share(z) if rest else graph.softmax(z)
    return Answer(classes, graph.argmax(z), z, scores)


@knows(
    CLASSIFIERS, "RidgeClassifier", "RidgeClassifierCV", "SGDClassifier", "Perceptron",
    "PassiveAggressiveClassifier", "LinearSVC",
)  # fmt: skip
def linear_classifier(walk: Walk, name: str, step, table: Table) -> Answer:
    classes, graph = classes_of(name, step), walk.graph
    if np.ndim(fitted(name, step, "coef_")) == 2 and len(step.coef_) not in (1, len(classes)):
        raise refusal(name, "has several labels a row; compile one model for each")
    z = decision(walk, name, step, table)
    probabilities = None
    if getattr(step, "loss", None) == "log_loss":
        probabilities = graph.softmax(z) if len(classes) == 2 else graph.share(z)
    return Answer(classes, graph.argmax(z), z, probabilities)


def hidden_layers(walk: Walk, name: str, step, table: Table) -> tuple:
    """The value before the output layer, and that layer's weight and bias."""
    coefs = fitted(name, step, "coefs_")
    activation = ACTIVATIONS.get(step.activation)
    if activation is None:
        raise refusal(name, f"activation {step.activation!r} is not known")
    value = walk.numbers(name, table)
    for weight, bias in zip(coefs[:-1], step.intercepts_[:-1]):
        value = walk.graph.dense(value, weight.T, bias, activation)
    return value, coefs[-1].T, step.intercepts_[-1]


@knows(REGRESSORS, "MLPRegressor")
def mlp_regressor(walk: Walk, name: str, step, table: Table) -> Value:
    value, weight, bias = hidden_layers(walk, name, step, table)
    if step.out_activation_ == "identity":
        return walk.graph.dense(value, weight, bias)
    if step.out_activation_ == "exp":  # loss="poisson"
        return walk.graph.map(walk.graph.dense(value, weight, bias), "exp")
    raise refusal(name, f"output {step.out_activation_!r} is not known")


@knows(CLASSIFIERS, "MLPClassifier")
def mlp_classifier(walk: Walk, name: str, step, table: Table) -> Answer:
    value, weight, bias = hidden_layers(walk, name, step, table)
    classes, graph = classes_of(name, step), walk.graph
    if step.out_activation_ == "logistic":
        if len(weight) != 1:
            raise refusal(name, "has several labels a row; compile one model for each")
        weight, bias = two_columns(weight, bias)
    z = graph.dense(value, weight, bias)
    scores = graph.softmax(z)
    return Answer(classes, graph.argmax(z), None, scores)
