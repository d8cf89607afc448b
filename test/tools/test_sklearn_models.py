"""Every model of scikit-learn that can be compiled, over random options,
against the trainer."""

import numpy as np
import pytest
from sklearn import (
    calibration,
    compose,
    ensemble,
    frozen,
    linear_model,
    model_selection,
    multioutput,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)
from sklearn_cases import Draw, check

from mote.engine import library_path

pytestmark = [
    pytest.mark.skipif(not library_path().exists(), reason="the engine is not built: make engine"),
    pytest.mark.filterwarnings("ignore"),
]


def of_tree(d: Draw) -> dict:
    return dict(
        max_depth=d.one(None, 2, 5), min_samples_leaf=d.one(1, 4), max_features=d.one(None, 2)
    )


def logistic(d: Draw):
    return linear_model.LogisticRegression(C=d.one(0.1, 10.0), fit_intercept=d.one(True, False))


def stump(d: Draw):
    return tree.DecisionTreeClassifier(max_depth=d.one(1, 3))


def support(d: Draw) -> dict:
    return dict(
        kernel=d.one("linear", "rbf", "poly"), gamma=d.one("scale", "auto", 0.05),
        degree=d.one(2, 3, 4), coef0=d.one(0.0, 1.0),
    )  # fmt: skip


def scaled(step):
    return pipeline.make_pipeline(preprocessing.StandardScaler(), step)


# Each makes an estimator of random options.
CLASSIFIERS = {
    "logistic": logistic,
    "logistic cv": lambda d: linear_model.LogisticRegressionCV(Cs=2, cv=2),
    "ridge": lambda d: linear_model.RidgeClassifier(alpha=d.one(0.1, 10.0)),
    "sgd": lambda d: linear_model.SGDClassifier(loss=d.one("hinge", "log_loss", "modified_huber")),
    "linear svc": lambda d: svm.LinearSVC(C=d.one(0.1, 1.0)),
    "svc": lambda d: scaled(
        svm.SVC(
            **support(d),
            decision_function_shape=d.one("ovr", "ovr", "ovo"),
            class_weight=d.one(None, "balanced"),
        )
    ),
    "svc, ties": lambda d: scaled(svm.SVC(**support(d), break_ties=True)),
    "nu svc": lambda d: scaled(svm.NuSVC(nu=0.2, **support(d))),
    "mlp": lambda d: scaled(
        neural_network.MLPClassifier(
            d.one((7,), (9, 5)), activation=d.one("relu", "tanh"), max_iter=30
        )
    ),
    "tree": lambda d: tree.DecisionTreeClassifier(
        criterion=d.one("gini", "entropy", "log_loss"),
        splitter=d.one("best", "random"),
        **of_tree(d),
    ),
    "extra tree": lambda d: tree.ExtraTreeClassifier(**of_tree(d)),
    "forest": lambda d: ensemble.RandomForestClassifier(
        d.one(1, 7, 20), class_weight=d.one(None, "balanced"), **of_tree(d)
    ),
    "extra trees": lambda d: ensemble.ExtraTreesClassifier(d.one(3, 16), **of_tree(d)),
    "bag of trees": lambda d: ensemble.BaggingClassifier(
        stump(d), d.one(3, 9), max_features=d.one(0.5, 1.0), bootstrap_features=d.one(True, False)
    ),
    "bag of linear models": lambda d: ensemble.BaggingClassifier(
        d.one(logistic(d), svm.LinearSVC()), 3, max_features=d.one(0.6, 1.0)
    ),
    "boosting": lambda d: ensemble.GradientBoostingClassifier(
        n_estimators=d.one(3, 20),
        learning_rate=d.one(0.1, 1.0),
        subsample=d.one(0.7, 1.0),
        max_depth=d.one(1, 3, 6),
        init=d.one(None, "zero"),
    ),
    "histogram boosting": lambda d: ensemble.HistGradientBoostingClassifier(
        max_iter=d.one(2, 12), max_leaf_nodes=d.one(4, 31), max_bins=d.one(8, 255)
    ),
    "ada boost": lambda d: ensemble.AdaBoostClassifier(
        stump(d), n_estimators=d.one(2, 12), learning_rate=d.one(0.5, 1.0)
    ),
    "calibrated": lambda d: calibration.CalibratedClassifierCV(
        d.one(logistic(d), stump(d), svm.LinearSVC(), ensemble.RandomForestClassifier(4)),
        method=d.one("sigmoid", "isotonic"),
        cv=2,
        ensemble=d.one(True, False),
    ),
    "soft votes": lambda d: ensemble.VotingClassifier(
        [("a", logistic(d)), ("b", stump(d)), ("c", "drop")],
        voting="soft",
        weights=d.one(None, [1, 2.5, 1]),
    ),
    "hard votes": lambda d: ensemble.VotingClassifier(
        [("a", logistic(d)), ("b", stump(d)), ("c", svm.LinearSVC())],
        weights=d.one(None, [1, 2.5, 1]),
    ),
    "stack": lambda d: ensemble.StackingClassifier(
        [("a", logistic(d)), ("b", stump(d)), ("c", svm.LinearSVC())],
        cv=2,
        final_estimator=d.one(None, ensemble.GradientBoostingClassifier(n_estimators=3)),
        stack_method=d.one("auto", "predict"),
        passthrough=d.one(True, False),
    ),
    "search": lambda d: model_selection.GridSearchCV(
        d.one(logistic(d), scaled(logistic(d))), {}, cv=2
    ),
}
REGRESSORS = {
    "linear": lambda d: linear_model.LinearRegression(fit_intercept=d.one(True, False)),
    "ridge": lambda d: linear_model.Ridge(alpha=d.one(0.1, 10.0)),
    "lasso": lambda d: linear_model.Lasso(alpha=d.one(0.01, 0.5)),
    "huber": lambda d: linear_model.HuberRegressor(),
    "linear svr": lambda d: svm.LinearSVR(C=d.one(0.1, 1.0)),
    "svr": lambda d: scaled(svm.SVR(C=d.one(0.1, 5.0), **support(d))),
    "nu svr": lambda d: scaled(svm.NuSVR(nu=0.3, **support(d))),
    "mlp": lambda d: scaled(
        neural_network.MLPRegressor(
            hidden_layer_sizes=d.one((7,), (9, 5)),
            activation=d.one("logistic", "identity"),
            max_iter=30,
        )
    ),
    "tree": lambda d: tree.DecisionTreeRegressor(
        criterion=d.one("squared_error", "absolute_error"), **of_tree(d)
    ),
    "extra tree": lambda d: tree.ExtraTreeRegressor(**of_tree(d)),
    "forest": lambda d: ensemble.RandomForestRegressor(d.one(1, 7, 20), **of_tree(d)),
    "extra trees": lambda d: ensemble.ExtraTreesRegressor(d.one(3, 16), **of_tree(d)),
    "bag of trees": lambda d: ensemble.BaggingRegressor(
        n_estimators=4, max_features=d.one(0.5, 1.0)
    ),
    "bag of linear models": lambda d: ensemble.BaggingRegressor(linear_model.Ridge(), 3),
    "boosting": lambda d: ensemble.GradientBoostingRegressor(
        loss=d.one("squared_error", "absolute_error", "huber", "quantile"),
        n_estimators=d.one(3, 20),
        max_depth=d.one(1, 3, 6),
        init=d.one(None, "zero"),
    ),
    "histogram boosting": lambda d: ensemble.HistGradientBoostingRegressor(
        loss=d.one("squared_error", "absolute_error", "quantile"),
        quantile=0.7,
        max_iter=d.one(2, 12),
        max_leaf_nodes=d.one(4, 31),
    ),
    "votes": lambda d: ensemble.VotingRegressor(
        [("a", linear_model.Ridge()), ("b", tree.DecisionTreeRegressor(max_depth=3))],
        weights=d.one(None, [1, 3]),
    ),
    "stack": lambda d: ensemble.StackingRegressor(
        [("a", linear_model.Ridge()), ("b", tree.DecisionTreeRegressor(max_depth=3))],
        cv=2,
        passthrough=d.one(True, False),
    ),
    "transformed": lambda d: compose.TransformedTargetRegressor(
        linear_model.Ridge(), transformer=d.one(None, preprocessing.StandardScaler())
    ),
}
# Of targets above 0
POSITIVE = {
    "poisson": lambda d: linear_model.PoissonRegressor(alpha=d.one(0.1, 1.0)),
    "gamma": lambda d: linear_model.GammaRegressor(),
    "tweedie": lambda d: linear_model.TweedieRegressor(
        power=d.one(0, 1.5), link=d.one("auto", "log")
    ),
    "histogram boosting": lambda d: ensemble.HistGradientBoostingRegressor(
        loss=d.one("poisson", "gamma"), max_iter=5
    ),
    "exponential of a linear model": lambda d: compose.TransformedTargetRegressor(
        linear_model.Ridge(), func=np.log, inverse_func=np.exp
    ),
}
MULTI = {
    name: REGRESSORS[name]
    for name in ("linear", "ridge", "mlp", "tree", "extra tree", "forest", "extra trees")
} | {
    "one for each": lambda d: multioutput.MultiOutputRegressor(
        ensemble.HistGradientBoostingRegressor(max_iter=3)
    )
}
# Those that take missing values themselves
MISSING = {
    name: CLASSIFIERS[name]
    for name in (
        "tree",
        "extra tree",
        "forest",
        "extra trees",
        "bag of trees",
        "histogram boosting",
    )
}
QUICK = 1  # models of each kind
LONG = 6


def fit_classifier(name: str, seed: int, classes: int, missing: float = 0.0):
    d = Draw(seed)
    x = d.numbers(missing=missing)
    estimator = CLASSIFIERS[name](d)
    return x, estimator.fit(x, d.classes(x, classes))


def check_classifier(name: str, seed: int, classes: int, missing: float = 0.0) -> None:
    x, estimator = fit_classifier(name, seed, classes, missing)
    print(estimator)
    imported, result = check(estimator, x)
    assert result.label_flips == 0
    if name != "calibrated":  # takes what the model in it takes
        assert all(f.missing for f in imported.features) == (name in MISSING)


def check_regressor(makers: dict, name: str, seed: int, targets: int = 1) -> None:
    d = Draw(seed)
    x = d.numbers()
    y = np.column_stack([d.score(x) for _ in range(targets)])
    if makers is POSITIVE:
        y = np.exp(y / 4)
    estimator = makers[name](d)
    print(estimator)
    imported, _ = check(estimator.fit(x, y[:, 0] if targets == 1 else y), x)
    assert len(imported.output.names) == targets


def seeds(name: str, count: int) -> list[int]:
    first = sum(name.encode()) * 1000
    return [first + i for i in range(count)]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name):
    for seed in seeds(name, QUICK):
        check_classifier(name, seed, 2)
        check_classifier(name, seed + 500, 3)


@pytest.mark.parametrize("name", MISSING)
def test_missing_values(name):
    for seed in seeds(name, QUICK):
        check_classifier(name, seed, 3, missing=0.15)


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors(name):
    for seed in seeds(name, QUICK):
        check_regressor(REGRESSORS, name, seed)


@pytest.mark.parametrize("name", POSITIVE)
def test_positive_targets(name):
    for seed in seeds(name, QUICK):
        check_regressor(POSITIVE, name, seed)


@pytest.mark.parametrize("name", MULTI)
def test_several_targets(name):
    for seed in seeds(name, QUICK):
        check_regressor(MULTI, name, seed, targets=3)


@pytest.mark.long
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_many_classifiers(name):
    for i, seed in enumerate(seeds(name, LONG)):
        check_classifier(name, seed + 10, 2 + i % 3)
        if name in MISSING:
            check_classifier(name, seed + 20, 2 + i % 3, missing=0.2)


@pytest.mark.long
@pytest.mark.parametrize("name", REGRESSORS)
def test_many_regressors(name):
    for seed in seeds(name, LONG):
        check_regressor(REGRESSORS, name, seed + 10)
        if name in MULTI:
            check_regressor(MULTI, name, seed + 20, targets=2)


@pytest.mark.long
@pytest.mark.parametrize("name", POSITIVE)
def test_many_positive_targets(name):
    for seed in seeds(name, LONG):
        check_regressor(POSITIVE, name, seed + 10)


def test_calibration_of_a_model_that_was_fitted_before():
    d = Draw(4)
    x = d.numbers()
    y = d.classes(x, 3)
    model = frozen.FrozenEstimator(svm.LinearSVC().fit(x, y))
    check(calibration.CalibratedClassifierCV(model).fit(x, y), x)


def test_two_classes_of_a_booster_with_half_the_logit():
    d = Draw(3)
    x = d.numbers()
    model = ensemble.GradientBoostingClassifier(n_estimators=5, loss="exponential")
    check(model.fit(x, d.classes(x, 2)), x)


def test_a_sum_of_exactly_zero_is_the_second_class_of_a_booster():
    x = np.array([[0.0], [1.0], [0.0], [1.0]])
    model = ensemble.GradientBoostingClassifier(n_estimators=1).fit(x, [0, 0, 1, 1])
    assert model.decision_function([[0.5]])[0] == 0 and model.predict([[0.5]])[0] == 1
    check(model, x)


def test_a_seed_makes_the_same_model_again():
    for name in ("forest", "stack", "mlp"):
        (x, a), (_, b) = fit_classifier(name, 5, 3), fit_classifier(name, 5, 3)
        assert (a.predict(x) == b.predict(x)).all()
