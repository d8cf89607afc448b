"""Models of XGBoost, from its files, in the engine: against XGBoost itself."""

import json

import numpy as np
import pytest
import xgboost
from booster import answers, compare, compare_old, data, edge_rows, forests_of, old_names
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from mote import config, importers
from mote.cli import main
from mote.engine import library_path
from mote.errors import Refusal
from mote.graph import Imported
from mote.importers import sklearn, ubjson
from mote.importers import xgboost as importer
from mote.importers.xgboost_file import EXPONENTIAL, OBJECTIVES, Model

engine = pytest.mark.skipif(
    not library_path().exists(), reason="the engine is not built: make engine"
)
LIMIT = 1e-6  # XGBoost's own probabilities are f32
KNOWN = sorted(OBJECTIVES - {"reg:linear"})  # which is reg:squarederror today


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
    if objective in EXPONENTIAL:
        return np.abs(y).round(1) + 0.1, {}
    return np.abs(y) if objective == "reg:squaredlogerror" else y, {}


def random_booster(seed: int):
    rng = np.random.default_rng(seed)
    objective = KNOWN[seed % len(KNOWN)]
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
        "nthread": 1,
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
    print(f"seed {seed}: {Model.read(bytes(booster.save_raw())).objective}")
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
    two = np.stack([y, y**2], axis=1)
    for estimator, goal in (
        (xgboost.XGBClassifier(n_estimators=5), (y > 0).astype(int)),
        (xgboost.XGBClassifier(n_estimators=4), np.digitize(y, [-1, 1])),
        (xgboost.XGBClassifier(n_estimators=4, objective="binary:hinge"), (y > 0).astype(int)),
        (xgboost.XGBClassifier(n_estimators=4, objective="multi:softmax"), np.digitize(y, [-1, 1])),
        (xgboost.XGBRFClassifier(n_estimators=9, max_depth=3), (y > 0).astype(int)),
        (xgboost.XGBRegressor(n_estimators=5, booster="dart", rate_drop=0.5), y),
        (xgboost.XGBRFRegressor(n_estimators=9, max_depth=3), y),
        (xgboost.XGBRegressor(n_estimators=3, multi_strategy="multi_output_tree"), two),
        (xgboost.XGBRegressor(n_estimators=3), two),
    ):
        estimator.fit(x, goal)
        imported = read(estimator, tmp_path, ending)
        rows = np.vstack([x, edge_rows(rng, forests_of(imported), x, [], 200)])
        if imported.output.kind == "numbers":
            # of dart its in-place prediction rounds otherwise than a Booster's
            limit = LIMIT if estimator.booster == "dart" else 0
            compare(imported, rows, None, estimator.predict(rows), limit)
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
            "colour": pandas.Categorical(rng.choice(["red", "green", "blue"], 300)),
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
        None, ["blue", "green", "red"], ["1", "3", "7"], None,
    ]  # fmt: skip
    assert [f.boolean for f in imported.features] == [False, False, False, True]
    assert {(f.missing, f.dtype, f.other) for f in imported.features} == {(True, "f32", False)}
    assert imported.output.names == ["no", "yes"] and not imported.output.numeric_labels
    codes = frame.assign(colour=frame.colour.cat.codes, grade=frame.grade.cat.codes)
    rows = codes.to_numpy(np.float64)
    compare(imported, rows, model.predict(frame), model.predict_proba(frame), LIMIT)
    with pytest.raises(Refusal, match="one for each class, got 3"):
        read(model, tmp_path, "json", labels=["a", "b", "c"])


def test_categories_that_xgboost_cuts_are_refused(tmp_path):
    """Its file ends texts by their number of characters, not of bytes: read as
    they stand these would be 'bleu', 'grü' and 'nre'."""
    pandas = pytest.importorskip("pandas")
    colours = ["bleu", "grün", "red"]
    frame = pandas.DataFrame({"colour": pandas.Categorical(colours * 20), "x": np.arange(60.0)})
    model = xgboost.XGBRegressor(n_estimators=2, enable_categorical=True)
    with pytest.raises(Refusal, match=r"cats.enc\[0\]: categories with letters beyond ASCII"):
        read(model.fit(frame, np.arange(60) % 3), tmp_path)


def test_quantiles_are_named(tmp_path):
    x, y = data(np.random.default_rng(7), 200, 3, [], 0)
    params = {"objective": "reg:quantileerror", "quantile_alpha": [0.05, 0.5]}
    booster = xgboost.train(params, xgboost.DMatrix(x, y), 3)
    assert read(booster, tmp_path).output.names == ["q5E-2", "q5E-1"]


# ---------------------------------------------------------- known disasters (B4)


def one_split(threshold: float, base="5E-1", objective="reg:squarederror", **more) -> dict:
    """A file of version 1.x with one tree: left -1, right 1; missing right."""
    return {
        "learner": {
            "attributes": {},
            "gradient_booster": {
                "model": {
                    "gbtree_model_param": {"num_trees": "1", "size_leaf_vector": "0"},
                    "tree_info": [0],
                    "trees": [
                        {
                            "id": 0,
                            "parents": [2147483647, 0, 0],
                            "base_weights": [0.0, 0.0, 0.0],
                            "loss_changes": [0.0, 0.0, 0.0],
                            "sum_hessian": [2.0, 1.0, 1.0],
                            "default_left": [False, False, False],
                            "left_children": [1, -1, -1],
                            "right_children": [2, -1, -1],
                            "split_conditions": [threshold, -1.0, 1.0],
                            "split_indices": [0, 0, 0],
                            "tree_param": {
                                "num_deleted": "0", "num_feature": "1", "num_nodes": "3",
                                "size_leaf_vector": "0",
                            },
                        }
                        | more
                    ],
                },
                "name": "gbtree",
            },
            "learner_model_param": {"base_score": base, "num_class": "0", "num_feature": "1"},
            "objective": {"name": objective, "reg_loss_param": {"scale_pos_weight": "1"}},
        },
        "version": [1, 2, 0],
    }  # fmt: skip


def imported_from(file: dict) -> Imported:
    return importer.import_model(Model.read(json.dumps(file).encode()), None, None)


@engine
def test_a_number_that_equals_the_threshold_goes_right():
    """XGBoost compares with "<", LightGBM with "<=". A double just
    below an f32 threshold is rounded to it first."""
    imported = imported_from(one_split(0.1, base="0"))
    f32 = np.float32(0.1)
    below = np.nextafter(f32, np.float32(0))
    rows = np.array([[f32], [below], [np.nextafter(float(f32), 0)], [0.1], [np.nan]], float)
    assert answers(imported, rows)[1].ravel().tolist() == [1, -1, 1, 1, 1]


@engine
def test_base_score_of_every_form_and_objective():
    """A text, a number, a list as text (3.1 and later) or as JSON; as the answer
    has it, which logistic and exponential objectives turn into a margin."""
    row = np.array([[5.0]])
    for base in ("5E-1", "0.5", 0.5, "[5E-1]", [0.5]):
        assert answers(imported_from(one_split(0, base)), row)[1] == 1.5
    for objective, want in (
        ("binary:logitraw", 1.25),
        ("reg:logistic", 1 / (1 + np.exp(-(1 - np.log(3))))),
        ("count:poisson", 0.25 * np.e),
        ("reg:tweedie", 0.25 * np.e),
        ("survival:cox", 0.25 * np.e),
    ):
        score = answers(imported_from(one_split(0, "2.5E-1", objective)), row)[1]
        assert score == pytest.approx(want, abs=1e-7)


@engine
def test_base_score_per_class(tmp_path):
    """Since 3.1 each class has its own, which converters read as one."""
    rng = np.random.default_rng(8)
    x, y = data(rng, 300, 3, [], 0)
    model = xgboost.XGBClassifier(n_estimators=1, learning_rate=0.01).fit(x, np.digitize(y, [1, 2]))
    base = json.loads(bytes(model.get_booster().save_raw("json")))["learner"]
    base = json.loads(base["learner_model_param"]["base_score"])
    assert len(set(base)) == 3
    compare(read(model, tmp_path), x, model.predict(x), model.predict_proba(x), LIMIT)


@engine
def test_missing_is_not_zero(tmp_path):
    """A gap is missing, a zero is a number (onnx/onnxmltools#371)."""
    rng = np.random.default_rng(9)
    x = rng.integers(0, 2, (400, 3)).astype(float)
    y = x[:, 0] * 2 + x[:, 1]
    x[rng.random(x.shape) < 0.3] = np.nan
    y[np.isnan(x[:, 0])] = 7
    model = xgboost.XGBRegressor(n_estimators=10).fit(x, y)
    imported = read(model, tmp_path)
    assert all(f.missing for f in imported.features)
    zeros = np.nan_to_num(x)
    assert np.abs(model.predict(x) - model.predict(zeros)).max() > 1
    compare(imported, x, None, model.predict(x), 0)
    compare(imported, zeros, None, model.predict(zeros), 0)


@engine
def test_gaps_of_sparse_rows_are_missing():
    """The encoder's zeros are left out in SciPy's rows, and XGBoost takes what is
    left out as missing: the same model says other things of dense rows."""
    rng = np.random.default_rng(10)
    x = np.stack([rng.integers(0, 4, 300), rng.integers(0, 3, 300)], axis=1).astype(float)
    y = (x[:, 0] == 2) * 3.0 + (x[:, 1] == 0) + 0.1 * rng.normal(size=300)
    pipeline = make_pipeline(OneHotEncoder(), xgboost.XGBRegressor(n_estimators=6)).fit(x, y)
    dense = make_pipeline(OneHotEncoder(sparse_output=False), pipeline[-1])
    dense[0].fit(x)
    compare(sklearn.import_estimator(pipeline), x, None, pipeline.predict(x), 0)
    compare(sklearn.import_estimator(dense), x, None, dense.predict(x), 0)
    assert np.abs(dense.predict(x) - pipeline.predict(x)).max() > 0.1


@engine
def test_a_number_of_ones_own_for_missing():
    rng = np.random.default_rng(12)
    x, y = data(rng, 300, 4, [], 0)
    x[rng.random(x.shape) < 0.3] = -999
    model = xgboost.XGBRegressor(n_estimators=6, missing=-999).fit(x, y)
    compare(sklearn.import_estimator(model), x, None, model.predict(x), 0)


@engine
def test_the_label_is_that_of_a_probability_above_a_half():
    """In f32 the probability of a small positive margin is 0.5, which is class
    0: found here by XGBoost, on both sides of where that ends."""
    row = np.array([[5.0]])
    half = np.float32(importer.HALF)
    for margin, label in ((0, 0), (1e-9, 0), (half, 0), (np.nextafter(half, np.float32(1)), 1)):
        tree = {"split_conditions": [0.0, 0.0, float(margin)]}
        file = one_split(0, "5E-1", "binary:logistic", **tree)
        imported = imported_from(file)
        index, scores = answers(imported, row)
        want_index, want = imported.predict(row)
        assert index[0] == want_index[0] == label, margin
        assert np.abs(scores - want).max() < LIMIT


# ------------------------------------------------------------------ old versions


@engine
@pytest.mark.parametrize("name", old_names("xgboost-*.json"))
def test_files_of_old_versions(name):
    compare_old(name, LIMIT)


@engine
def test_labels_that_old_wrappers_wrote():
    """XGBClassifier up to 1.5 took texts as labels, and wrote them beside."""
    file = one_split(0, "5E-1", "binary:logistic")
    wrapper = {"classes_": ["ham", "spam"], "n_classes_": 2, "_le": {"classes_": ["ham", "spam"]}}
    file["learner"]["attributes"]["scikit_learn"] = json.dumps(wrapper)
    assert imported_from(file).output.names == ["ham", "spam"]
    wrapper = {"classes_": [3, 5], "_le": {"classes_": [3, 5]}}
    file["learner"]["attributes"]["scikit_learn"] = json.dumps(wrapper)
    output = imported_from(file).output
    assert output.names == ["3", "5"] and output.numeric_labels


def test_pruned_nodes_are_passed_over():
    file = one_split(0)
    tree = file["learner"]["gradient_booster"]["model"]["trees"][0]
    for key, more in (
        ("left_children", -1), ("right_children", -1), ("split_indices", 2147483647),
        ("split_conditions", "NaN"), ("default_left", False),
    ):  # fmt: skip
        tree[key].append(float(more) if more == "NaN" else more)
    tree["tree_param"]["num_nodes"] = "4"
    assert len(forests_of(imported_from(file))[0].trees[0].left) == 3


# ------------------------------------------------------------------- refusals


def changed(path: str, value) -> dict:
    file = one_split(0)
    at = file
    *keys, last = path.split(".")
    for key in keys:
        at = at[int(key) if key.isdigit() else key]
    if value is None:
        del at[last]
    else:
        at[int(last) if last.isdigit() else last] = value
    return file


TREE = "learner.gradient_booster.model.trees.0"


@pytest.mark.parametrize(
    "path, value, words",
    [
        ("learner.objective.name", "reg:own", "objective 'reg:own' is not known"),
        ("learner.objective", None, "learner: has no 'objective'"),
        ("learner.gradient_booster.name", "gblinear", "gblinear"),
        ("learner.gradient_booster.name", "gbforest", "expected gbtree or dart, got 'gbforest'"),
        ("learner.learner_model_param.base_score", "high", "base_score: expected a number"),
        ("learner.learner_model_param.base_score", "[1,2]", "base_score: expected 1 or 1 numbers"),
        ("learner.learner_model_param.base_score", "inf", "expected finite numbers"),
        ("learner.learner_model_param.num_feature", "0", "expected a whole number from 1"),
        ("learner.learner_model_param.num_feature", "1e9", "expected a whole number from 1"),
        ("learner.learner_model_param.num_class", "-1", "num_class: expected a whole number"),
        ("learner.gradient_booster.model.tree_info", [1], "tree_info: expected whole numbers"),
        ("learner.gradient_booster.model.gbtree_model_param.num_trees", "2", "expected 1, as many"),
        (f"{TREE}.left_children", [0, -1, -1], "expected a tree, in which no node has two parents"),
        (f"{TREE}.left_children", [1, 0, -1], "left_children: expected children from 0 to 2"),
        (f"{TREE}.left_children", [1, -2, -1], "left_children: expected whole numbers from -1"),
        (f"{TREE}.left_children", [1, -1], "expected a list of 3 numbers"),
        (f"{TREE}.left_children", [7, -1, -1], "left_children: expected children from 0 to 2"),
        (f"{TREE}.right_children", [1, -1, -1], "no node has two parents"),
        (f"{TREE}.split_indices", [1, 0, 0], "split_indices: expected features from 0 to 0"),
        (f"{TREE}.split_indices", [0.5, 0, 0], "split_indices: expected a list of 3 numbers"),
        (f"{TREE}.split_conditions", [0, 1e39, 0], "expected leaves that are finite numbers"),
        (f"{TREE}.default_left", [2, 0, 0], "default_left: expected whole numbers from 0 to 1"),
        (f"{TREE}.tree_param.num_nodes", "999999999", "expected a list of 999999999 numbers"),
        (f"{TREE}.categories_nodes", [0], "has no 'categories_segments'"),
        ("version", [1, 2], "version: expected a list of 3 numbers"),
        ("learner", [], "learner: expected an object, got"),
    ],
)
def test_what_is_refused_is_named(path, value, words):
    with pytest.raises(Refusal) as refusal:
        imported_from(changed(path, value))
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "neither JSON nor UBJSON"),
        (b"binf\0\0", "old binary format"),
        (b'[{"nodeid": 0, "leaf": 1}]', "a dump of trees"),
        (b'{"name": "tree", "tree_info": [], "version": "v4"}', "LightGBM's dump is not read"),
        (b"{}", "is no model of XGBoost"),
        (b"[" * 100000, "too many levels"),
        (b"\xff\xfe", "neither JSON nor UBJSON"),
        (b"tree\nversion=v4\n", "neither JSON nor UBJSON"),
        (b"{L" + b"\x7f" * 8, "is damaged: byte"),
        (b"{" + b"i\x01a[" * 200, "is damaged: byte"),
    ],
)
def test_other_files_are_refused(content, words, tmp_path):
    path = tmp_path / "model.json"
    path.write_bytes(content)
    with pytest.raises(Refusal) as refusal:
        importers.import_file(str(path), config.Config("t"), False)
    assert words in str(refusal.value) and str(path) in str(refusal.value)


def sample(ending: str) -> bytes:
    rng = np.random.default_rng(13)
    x, y = data(rng, 100, 3, [1], 0.1)
    matrix = xgboost.DMatrix(x, y, feature_types=["q", "c", "q"], enable_categorical=True)
    params = {"max_depth": 2, "booster": "dart", "max_cat_to_onehot": 2}
    return bytes(xgboost.train(params, matrix, 2).save_raw(ending))


def try_to_read(content: bytes) -> bool:
    """Whether it is a model still; anything but a refusal is the test's failure."""
    try:
        importer.import_model(Model.read(content), None, None)
    except Refusal:
        return False
    return True


@pytest.mark.parametrize("ending", ["json", "ubj"])
def test_truncated_files_are_refused(ending):
    content = sample(ending)
    assert try_to_read(content)
    for cut in range(0, len(content), 1 if len(content) < 4000 else len(content) // 4000):
        assert not try_to_read(content[:cut]), cut


@pytest.mark.parametrize("ending", ["json", "ubj"])
def test_changed_files_are_refused_or_read(ending):
    content = sample(ending)
    rng = np.random.default_rng(14)
    read_still = 0
    for _ in range(1500):
        broken = bytearray(content)
        for _ in range(rng.integers(1, 4)):
            broken[rng.integers(len(broken))] = rng.integers(256)
        read_still += try_to_read(bytes(broken))
    assert 0 < read_still < 1500


def test_ubjson_is_json():
    rng = np.random.default_rng(15)
    x, y = data(rng, 100, 3, [], 0.1)
    matrix = xgboost.DMatrix(x, np.digitize(y, [0, 1]))
    booster = xgboost.train({"num_class": 3, "objective": "multi:softprob"}, matrix, 2)
    binary = ubjson.read(bytes(booster.save_raw("ubj")))
    same(binary, json.loads(bytes(booster.save_raw("json"))))


def same(a, b) -> None:
    if isinstance(b, dict):
        assert a.keys() == b.keys()
        for key in b:
            same(a[key], b[key])
    elif isinstance(b, list):
        assert len(a) == len(b)
        for x, y in zip(a, b):
            same(x, y)
    elif isinstance(b, float):
        assert np.float32(a) == np.float32(b)
    else:
        assert a == b


@pytest.mark.parametrize(
    "content, value",
    [
        (b"{}", {}),
        (b"[]", []),
        (b"NNZ", None),
        (b"[TFZ]", [True, False, None]),
        (b"[i\xffU\xffI\xff\xfel\0\0\1\0]", [-1, 255, -2, 256]),
        (b"{i\1aSi\2\xc3\xbcU\1bCx}", {"a": "ü", "b": "x"}),
        (b"[#i\2i\1i\2", [1, 2]),
        (b"[$i#i\3\1\2\3", [1, 2, 3]),
        (b"d?\x80\0\0", 1.0),
        (b"D?\xf0\0\0\0\0\0\0", 1.0),
        (b"{$i#i\1i\1a\7", {"a": 7}),
        (b"[Ni\1N]", [1]),
    ],
)
def test_ubjson_of_every_type(content, value):
    found = ubjson.read(content)
    assert (found.tolist() if isinstance(found, np.ndarray) else found) == value
    for cut in range(len(content)):
        with pytest.raises(ubjson.Damaged):
            ubjson.read(content[:cut])


@pytest.mark.parametrize(
    "content", [b"[$Z#i\1", b"[$i]", b"Si\xff", b"{i\1aZi\1aZ}", b"ZZ", b"x", b"[d#", b"Si\1\xff"]
)
def test_ubjson_that_is_damaged(content):
    with pytest.raises(ubjson.Damaged):
        ubjson.read(content)


# ------------------------------------------------------------ the command line


@engine
def test_compile(tmp_path, capsys):
    rng = np.random.default_rng(16)
    x, y = data(rng, 200, 3, [], 0.1)
    xgboost.XGBClassifier(n_estimators=3).fit(x, np.digitize(y, [0, 1])).save_model(
        tmp_path / "m.json"
    )
    assert main(["compile", str(tmp_path / "m.json")]) == 0
    assert "0 labels differ" in capsys.readouterr().out and (tmp_path / "m.mote").exists()


def test_without_the_library_nothing_is_compiled(tmp_path, monkeypatch):
    imported = imported_from(one_split(0))
    monkeypatch.setitem(__import__("sys").modules, "xgboost", None)
    with pytest.raises(Refusal, match=r"pip install 'mote\[xgboost\]'"):
        imported.predict(np.zeros((1, 1)))
