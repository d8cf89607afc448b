"""Models of XGBoost, from its files, in the engine: against XGBoost itself."""

import json

import numpy as np
import pytest
import xgboost
from booster import answers, compare, data, edge_rows, forests_of, old_file
from booster import OLD
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from mote import config, importers, trees
from mote.cli import main
from mote.engine import library_path
from mote.errors import Refusal
from mote.graph import Graph, Imported
from mote.importers import ubjson
from mote.importers import xgboost as importer

engine = pytest.mark.skipif(
    not library_path().exists(), reason="the engine is not built: make engine"
)
LIMIT = 1e-6  # XGBoost's own probabilities are f32
OBJECTIVES = sorted(importer.OBJECTIVES - {"reg:linear"})


def read(booster, tmp_path, ending: str = "ubj", labels=None):
    """A booster or estimator through a file of that ending."""
    path = tmp_path / f"model.{ending}"
    booster.save_model(path)
    return importers.import_file(str(path), config.Config("t", labels=labels), False)


# -------------------------------------------------------------- random models


def target(objective: str, y: np.ndarray, rng, classes: int):
    """y as the objective wants it, and parameters that it needs."""
    if objective.startswith("multi:"):
        return np.digitize(y, np.quantile(y, np.linspace(0, 1, classes + 1)[1:-1])), {
            "num_class": classes
        }
    if objective.startswith("rank:"):
        return (y > np.median(y)).astype(int), {}
    if objective.startswith("binary:"):
        return (y > np.quantile(y, rng.uniform(0.2, 0.8))).astype(int), {}
    if objective == "reg:logistic":
        return 1 / (1 + np.exp(-y)), {}
    if objective == "reg:quantileerror":
        return y, {"quantile_alpha": [0.1, 0.5, 0.9][: rng.integers(1, 4)]}
    if objective in importer.EXPONENTIAL:
        return np.abs(y).round(1) + 0.1, {}
    return np.abs(y) if objective == "reg:squaredlogerror" else y, {}


def random_booster(seed: int):
    rng = np.random.default_rng(seed)
    objective = OBJECTIVES[seed % len(OBJECTIVES)]
    features = int(rng.integers(1, 9))
    method = str(rng.choice(["hist", "approx", "exact"]))
    categorical = []
    if method != "exact" and rng.random() < 0.5:
        categorical = sorted(rng.permutation(features)[: rng.integers(1, 3)].tolist())
    if objective == "reg:quantileerror" and method == "exact":
        method = "hist"
    x, y = data(rng, 300, features, categorical, rng.choice([0, 0.2]))
    y, more = target(objective, y, rng, int(rng.integers(2, 6)))
    params = {
        "objective": objective,
        "tree_method": method,
        "max_depth": int(rng.integers(1, 9)),
        "eta": float(rng.uniform(0.1, 1)),
        "num_parallel_tree": int(rng.choice([1, 1, 3])),
        "subsample": float(rng.choice([1, 0.7])),
        "gamma": float(rng.choice([0, 0.3])),
        "max_cat_to_onehot": int(rng.choice([1, 4, 100])),
        "seed": seed,
    } | more
    if method == "hist" and rng.random() < 0.3:
        params |= {"grow_policy": "lossguide", "max_depth": 0, "max_leaves": 13}
    if rng.random() < 0.25:
        params |= {"booster": "dart", "rate_drop": 0.4, "skip_drop": 0.1}
    several = objective in ("reg:squarederror", "reg:pseudohubererror", "binary:logistic")
    if several and rng.random() < 0.4:
        y = np.stack([y, y[::-1]], axis=1)
        if method == "hist" and not categorical and params.get("booster") != "dart":
            params["multi_strategy"] = str(rng.choice(["multi_output_tree", "one_output_per_tree"]))
    if rng.random() < 0.3 and objective not in ("survival:cox", "reg:quantileerror"):
        params["base_score"] = float(rng.uniform(0.1, 0.9))
    types = ["c" if f in categorical else "q" for f in range(features)]
    matrix = xgboost.DMatrix(x, label=y, feature_types=types, enable_categorical=True)
    if objective.startswith("rank:"):
        matrix.set_group([100, 100, 100])
    if objective == "survival:aft":
        matrix.set_float_info("label_lower_bound", y)
        matrix.set_float_info("label_upper_bound", y + 1)
    with xgboost.config_context(verbosity=0):
        return xgboost.train(params, matrix, int(rng.integers(1, 12))), x, categorical, rng


def check_random(seed: int, tmp_path) -> None:
    booster, x, categorical, rng = random_booster(seed)
    imported = read(booster, tmp_path, str(rng.choice(["ubj", "json"])))
    rows = np.vstack([x, edge_rows(rng, forests_of(imported), x, categorical, 300)])
    print(f"seed {seed}: {importer.Model.read(bytes(booster.save_raw())).objective}")
    limit = LIMIT
    if imported.output.scores is imported.graph.nodes[-1].output:
        limit = 0 if imported.graph.nodes[-1].op == "trees" else LIMIT  # margins: to the bit
    compare(imported, rows, *imported.predict(rows), limit)


@engine
@pytest.mark.parametrize("first", range(0, 40, 8))
def test_random_boosters(first, tmp_path):
    for seed in range(first, first + 8):
        check_random(seed, tmp_path)


@engine
@pytest.mark.long
@pytest.mark.parametrize("first", range(1000, 1200, 20))
def test_many_random_boosters(first, tmp_path):
    for seed in range(first, first + 20):
        check_random(seed, tmp_path)


# ------------------------------------------------------------------ estimators


@engine
@pytest.mark.parametrize("ending", ["json", "ubj"])
def test_estimators_say_the_same(ending, tmp_path):
    rng = np.random.default_rng(3)
    x, y = data(rng, 300, 5, [], 0.1)
    for estimator, goal in (
        (xgboost.XGBClassifier(n_estimators=5), (y > 0).astype(int)),
        (xgboost.XGBClassifier(n_estimators=4), np.digitize(y, [-1, 1])),
        (xgboost.XGBClassifier(n_estimators=4, objective="binary:hinge"), (y > 0).astype(int)),
        (xgboost.XGBClassifier(n_estimators=4, objective="multi:softmax"), np.digitize(y, [-1, 1])),
        (xgboost.XGBRFClassifier(n_estimators=9, max_depth=3), (y > 0).astype(int)),
        (xgboost.XGBRegressor(n_estimators=5, booster="dart", rate_drop=0.5), y),
        (xgboost.XGBRFRegressor(n_estimators=9, max_depth=3), y),
        (xgboost.XGBRegressor(n_estimators=3, multi_strategy="multi_output_tree"), x[:, :2] * 0 + y[:, None]),
        (xgboost.XGBRegressor(n_estimators=3), np.nan_to_num(x[:, :3])),
    ):
        estimator.fit(x, goal)
        imported = read(estimator, tmp_path, ending)
        rows = np.vstack([x, edge_rows(rng, forests_of(imported), x, [], 200)])
        if imported.output.kind == "numbers":
            compare(imported, rows, None, estimator.predict(rows), 0)
        elif estimator.objective == "binary:hinge":
            assert (answers(imported, rows)[0] == estimator.predict(rows)).all()
        else:
            compare(imported, rows, estimator.predict(rows), estimator.predict_proba(rows), LIMIT)


@engine
def test_ranker(tmp_path):
    rng = np.random.default_rng(4)
    x, y = data(rng, 300, 5, [], 0.1)
    ranker = xgboost.XGBRanker(n_estimators=5).fit(x, (y > 0).astype(int), group=[100, 200])
    compare(read(ranker, tmp_path), x, None, ranker.predict(x), 0)


@engine
def test_best_iteration_is_that_of_the_estimator(tmp_path):
    """A model that stopped early: the estimator predicts with the trees up to
    the best round, a Booster with all that there are."""
    rng = np.random.default_rng(5)
    x, y = data(rng, 400, 5, [], 0)
    for parallel in (1, 3):
        model = xgboost.XGBRegressor(
            n_estimators=60, early_stopping_rounds=5, learning_rate=1, num_parallel_tree=parallel,
            subsample=0.7,
        )  # fmt: skip
        model.fit(x[:200], y[:200], eval_set=[(x[200:], y[200:])], verbose=False)
        rounds = model.get_booster().num_boosted_rounds()
        assert model.best_iteration + 1 < rounds
        imported = read(model, tmp_path)
        assert len(forests_of(imported)[0].trees) == parallel * (model.best_iteration + 1)
        compare(imported, x, None, model.predict(x), 0)
        booster = model.get_booster()
        imported = read(booster, tmp_path)
        assert len(forests_of(imported)[0].trees) == parallel * rounds
        compare(imported, x, None, booster.predict(xgboost.DMatrix(x)), 0)


@engine
def test_names_types_and_labels_come_from_the_file(tmp_path):
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(6)
    frame = pandas.DataFrame(
        {
            "size": rng.normal(size=300),
            "colour": pandas.Categorical(rng.choice(["red", "grün", "blue"], 300)),
            "grade": pandas.Categorical(rng.choice([3, 1, 7], 300)),
            "known": rng.random(300) < 0.5,
        }
    )
    y = frame["size"] + (frame["colour"] == "red") + 2 * (frame["grade"] == 7)
    y = (y > y.median()).astype(int)
    model = xgboost.XGBClassifier(n_estimators=8, enable_categorical=True).fit(frame, y)
    imported = read(model, tmp_path, "json", labels=["no", "yes"])
    assert [f.name for f in imported.features] == ["size", "colour", "grade", "known"]
    assert [f.categories for f in imported.features] == [
        None, ["blue", "grün", "red"], ["1", "3", "7"], None,
    ]  # fmt: skip
    assert [f.boolean for f in imported.features] == [False, False, False, True]
    assert {(f.missing, f.dtype, f.other) for f in imported.features} == {(True, "f32", False)}
    assert imported.output.names == ["no", "yes"] and not imported.output.numeric_labels
    codes = frame.assign(colour=frame.colour.cat.codes, grade=frame.grade.cat.codes)
    rows = codes.to_numpy(np.float64)
    compare(imported, rows, model.predict(frame), model.predict_proba(frame), LIMIT)
    with pytest.raises(Refusal, match="one for each class, got 3"):
        read(model, tmp_path, "json", labels=["a", "b", "c"])


def test_quantiles_are_named(tmp_path):
    x, y = data(np.random.default_rng(7), 200, 3, [], 0)
    params = {"objective": "reg:quantileerror", "quantile_alpha": [0.05, 0.5]}
    booster = xgboost.train(params, xgboost.DMatrix(x, y), 3)
    assert read(booster, tmp_path).output.names == ["q5E-2", "q5E-1"]
