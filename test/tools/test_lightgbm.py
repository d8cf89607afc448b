"""Models of LightGBM, from its files, in the engine: against LightGBM itself."""

import json
import re
import sys

import lightgbm
import numpy as np
import pytest
from booster import answers, compare, compare_old, data, edge_rows, forests_of, old_names
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from mote import config, importers
from mote.cli import main
from mote.engine import library_path
from mote.errors import Refusal
from mote.importers import lightgbm as importer
from mote.importers import sklearn
from mote.importers.lightgbm_file import AS_ZERO, EXPONENTIAL, OBJECTIVES, ZERO, Model

engine = pytest.mark.skipif(
    not library_path().exists(), reason="the engine is not built: make engine"
)
LIMIT = 1e-14  # sums are the same bits; the functions over them round
KNOWN = sorted(OBJECTIVES)
NO_LINEAR = {"regression_l1", "quantile", "mape"}  # LightGBM fits none


def read(booster, tmp_path, labels=None):
    """A booster or estimator through a file."""
    path = tmp_path / "model.txt"
    getattr(booster, "booster_", booster).save_model(path)
    return importers.import_file(str(path), config.Config("t", labels=labels), False)


def imported_from(text: str):
    return importer.import_model(Model.read(text.encode()), None, None)


# -------------------------------------------------------------- random models


def target(objective: str, y: np.ndarray, classes: int):
    """y as the objective wants it, and parameters that it needs."""
    if objective.startswith("multiclass"):
        cuts = np.quantile(y, np.linspace(0, 1, classes + 1)[1:-1])
        return np.digitize(y, cuts), {"num_class": classes}
    if objective == "binary" or objective in ("lambdarank", "rank_xendcg"):
        return (y > np.median(y)).astype(int), {}
    if objective.startswith("cross_entropy"):
        return 1 / (1 + np.exp(-y)), {}
    if objective in EXPONENTIAL:
        return np.abs(y).round(1) + 0.1, {}
    return y, {}


def own_objective(predictions, train):
    return predictions - train.get_label(), np.ones(len(predictions))


def random_booster(seed: int):
    rng = np.random.default_rng(seed)
    objective = KNOWN[seed % len(KNOWN)]
    features = int(rng.integers(1, 9))
    categorical = sorted(rng.permutation(features)[: rng.integers(0, 3)].tolist())
    x, y = data(rng, 300, features, categorical, rng.choice([0, 0.2]))
    numeric = [f for f in range(features) if f not in categorical]
    if numeric:
        x[rng.random(300) < 0.3, rng.choice(numeric)] = 0
    y, more = target(objective, y, int(rng.integers(2, 6)))
    params = {
        "objective": own_objective if objective == "custom" else objective,
        "num_leaves": int(rng.integers(2, 40)),
        "min_data_in_leaf": int(rng.integers(1, 30)),
        "learning_rate": float(rng.uniform(0.1, 1)),
        "zero_as_missing": bool(rng.random() < 0.3),
        "use_missing": bool(rng.random() < 0.7),
        "boost_from_average": bool(rng.random() < 0.7),
        "max_cat_to_onehot": int(rng.choice([1, 4, 100])),
        "min_data_per_group": 5,
        "cat_smooth": 1,
        "sigmoid": float(rng.choice([1, 0.5, 2.5])),
        "reg_sqrt": bool(rng.random() < 0.3),
        "extra_trees": bool(rng.random() < 0.2),
        "seed": seed,
        "num_threads": 1,
        "verbose": -1,
    } | more
    boosting = str(rng.choice(["gbdt", "gbdt", "dart", "rf"]))
    if objective != "custom":
        params["boosting"] = boosting
    if boosting == "rf":
        params |= {"bagging_freq": 1, "bagging_fraction": 0.6}
    if rng.random() < 0.3 and objective not in NO_LINEAR:
        params |= {"linear_tree": True, "zero_as_missing": False}
    grouped = [150, 150] if objective in ("lambdarank", "rank_xendcg") else None
    train = lightgbm.Dataset(
        x, y, group=grouped, categorical_feature=categorical, params=dict(params, objective="none")
    )
    return lightgbm.train(params, train, int(rng.integers(1, 12))), x, categorical, rng


def check_random(seed: int, tmp_path) -> None:
    booster, x, categorical, rng = random_booster(seed)
    imported = read(booster, tmp_path)
    print(f"seed {seed}: {KNOWN[seed % len(KNOWN)]}")
    plain = x.shape[1]
    forests = [f for f in forests_of(imported) if f.columns == plain] or forests_of(imported)
    rows = np.vstack([x, edge_rows(rng, forests, x, categorical, 300)])
    exact = imported.graph.nodes[-1].op in ("trees", "linear_leaves")  # raw sums: to the bit
    compare(imported, rows, *imported.predict(rows), 0 if exact else LIMIT)


@engine
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("first", range(0, 60, 10))
def test_random_boosters(first, tmp_path):
    for seed in range(first, first + 10):
        check_random(seed, tmp_path)


@engine
@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("first", range(1000, 1200, 20))
def test_many_random_boosters(first, tmp_path):
    for seed in range(first, first + 20):
        check_random(seed, tmp_path)


# ------------------------------------------------------------------ estimators


@engine
@pytest.mark.filterwarnings("ignore")
def test_estimators_say_the_same(tmp_path):
    rng = np.random.default_rng(3)
    x, y = data(rng, 300, 5, [], 0.1)
    options = {"n_estimators": 6, "verbose": -1}
    for estimator, goal in (
        (lightgbm.LGBMClassifier(**options), (y > 0).astype(int)),
        (lightgbm.LGBMClassifier(**options), np.digitize(y, [-1, 1])),
        (lightgbm.LGBMClassifier(objective="multiclassova", **options), np.digitize(y, [-1, 1])),
        (lightgbm.LGBMRegressor(linear_tree=True, **options), y),
        (lightgbm.LGBMRegressor(objective="quantile", alpha=0.2, **options), y),
    ):
        estimator.fit(x, goal)
        imported = read(estimator, tmp_path)
        rows = np.vstack([x, edge_rows(rng, forests_of(imported), x, [], 200)])
        if imported.output.kind == "numbers":
            compare(imported, rows, None, estimator.predict(rows), 0)
        else:
            compare(imported, rows, estimator.predict(rows), estimator.predict_proba(rows), LIMIT)


@engine
def test_the_estimator_gives_the_classes_their_names():
    rng = np.random.default_rng(4)
    x, y = data(rng, 300, 3, [], 0.1)
    for goal, names, numeric in (
        (np.array(["no", "yes"])[(y > 0).astype(int)], ["no", "yes"], False),
        (np.array([10, 20, 40])[np.digitize(y, [-1, 1])], ["10", "20", "40"], True),
        (y > 0, ["false", "true"], False),
    ):
        model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(x, goal)
        imported = sklearn.import_estimator(model)
        assert (imported.output.names, imported.output.numeric_labels) == (names, numeric)
        index = np.searchsorted(model.classes_, model.predict(x))
        compare(imported, x, index, model.predict_proba(x), LIMIT)


@engine
def test_stopped_early_the_file_has_the_trees_up_to_the_best(tmp_path):
    rng = np.random.default_rng(5)
    x, y = data(rng, 400, 5, [], 0)
    model = lightgbm.LGBMRegressor(n_estimators=80, learning_rate=1, verbose=-1)
    stop = lightgbm.early_stopping(5, verbose=False)
    model.fit(x[:200], y[:200], eval_set=[(x[200:], y[200:])], callbacks=[stop])
    assert model.best_iteration_ < 70 < model.n_estimators
    for imported in (read(model, tmp_path), sklearn.import_estimator(model)):
        assert len(forests_of(imported)[0].trees) == model.best_iteration_
        compare(imported, x, None, model.predict(x), 0)


def frame_and_model(**options):
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(6)
    frame = pandas.DataFrame(
        {
            "the size": rng.normal(size=400),
            "colour": pandas.Categorical(rng.choice(["red", "grün", "blue"], 400)),
            "grade": pandas.Categorical(rng.choice([3, 1, 7], 400)),
            "known": pandas.Categorical(rng.random(400) < 0.5),
        }
    )
    frame.loc[::9, "colour"] = np.nan
    y = frame["the size"] + (frame["colour"] == "red") + 2 * (frame["grade"] == 7)
    model = lightgbm.LGBMRegressor(
        n_estimators=8, min_data_per_group=5, cat_smooth=1, verbose=-1, **options
    )
    return pandas, frame, model.fit(frame, y)


@engine
@pytest.mark.filterwarnings("ignore")
def test_categories_by_their_own_texts(tmp_path):
    pandas, frame, model = frame_and_model()
    imported = read(model, tmp_path)
    assert [f.name for f in imported.features] == ["the_size", "colour", "grade", "known"]
    assert [f.categories for f in imported.features] == [
        None, ["blue", "grün", "red"], ["1", "3", "7"], ["false", "true"],
    ]  # fmt: skip
    assert [f.other for f in imported.features] == [False, True, True, True]
    assert all(f.missing and f.dtype == "f64" for f in imported.features)
    codes = frame.assign(**{c: frame[c].cat.codes for c in ("colour", "grade", "known")})
    rows = codes.to_numpy(np.float64)
    rows[frame["colour"].isna(), 1] = np.nan
    compare(imported, rows, None, model.predict(frame), 0)
    unknown = frame.assign(
        colour=pandas.Categorical(["pink"] * 400), grade=pandas.Categorical([9] * 400)
    )
    rows[:, 1:3] = -1
    compare(imported, rows, None, model.predict(unknown), 0)


def test_categories_that_cannot_be_told_apart_are_refused(tmp_path):
    """Of an ordered column the file has the categories and not where they go."""
    _, frame, model = frame_and_model()
    ordered = frame.assign(grade=frame["grade"].cat.as_ordered())
    model.fit(ordered, frame["the size"])
    with pytest.raises(Refusal, match="3 columns of categories, but 2 categorical features"):
        read(model, tmp_path)


def test_a_category_taken_for_a_number_is_refused():
    text = one_split(0.5, 8).replace("null", '[["a", "b"]]')
    text = text.replace("[boosting: gbdt]", "[categorical_feature: 0]")
    with pytest.raises(Refusal, match="tree 0: takes the category 'x' for a number"):
        imported_from(text)


# ---------------------------------------------------------- known disasters (B4)

HEAD = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=0
objective={objective}
feature_names=x
feature_infos=[-9:9]
tree_sizes={size}

"""
ONE = """Tree=0
num_leaves=2
num_cat=0
split_feature=0
split_gain=1
threshold={threshold}
decision_type={decision}
left_child=-1
right_child=-2
leaf_value={left} {right}
leaf_weight=1 1
leaf_count=1 1
internal_value=0
internal_weight=2
internal_count=2
is_linear=0
shrinkage=1


"""
TAIL = """end of trees

feature_importances:
x=1

parameters:
[boosting: gbdt]
end of parameters

pandas_categorical:null
"""


def one_split(threshold, decision, objective="regression", left=-1.0, right=1.0) -> str:
    """A file with one tree; decision: bits 1 is a category, 2 default left, and
    4 times the missing type: 0 none, 1 zero, 2 NaN."""
    tree = ONE.format(threshold=repr(threshold), decision=decision, left=left, right=right)
    return HEAD.format(objective=objective, size=len(tree)) + tree + TAIL


@engine
def test_a_number_that_equals_the_threshold_goes_left():
    """LightGBM compares with "<=", and in f64: beside an f32 threshold there are
    many numbers that it can tell apart."""
    t = float(np.float32(0.1))
    rows = np.array([[t], [np.nextafter(t, 1)], [np.nextafter(t, 0)], [np.nan]])
    imported = imported_from(one_split(t, 8))
    assert answers(imported, rows)[1].ravel().tolist() == [-1, 1, -1, 1]
    compare(imported, rows, *imported.predict(rows), 0)


@engine
@pytest.mark.parametrize("decision", [0, 2, 4, 6, 8, 10])
@pytest.mark.parametrize("threshold", [-1.0, -ZERO, -1e-36, -0.0, 0.0, 1e-36, ZERO, 1.0])
def test_zeros_and_missing_of_every_kind(threshold, decision):
    """Zeros of sparse rows and of dense ones are zeros here; which of them are
    missing says the node."""
    numbers = [0.0, -0.0, 5e-324, 1e-36, -1e-36, ZERO, -ZERO, 2e-35, -2e-35, np.nan, 3, -3]
    numbers += [np.nextafter(ZERO, 1), np.nextafter(-ZERO, -1)]
    rows = np.array(numbers)[:, None]
    imported = imported_from(one_split(threshold, decision))
    compare(imported, rows, *imported.predict(rows), 0)


@engine
def test_a_feature_whose_zeros_are_missing_at_some_nodes_alone():
    """A model that was trained on with other settings."""
    second = one_split(1.0, 8, left=-10.0, right=10.0).split("\n\n", 1)[1].split("end of trees")[0]
    second = second.replace("Tree=0", "Tree=1")
    for decision in (4, 6):
        first = one_split(-1.0, decision)
        sizes = re.search("tree_sizes=(.*)", first)[1]
        text = first.replace(f"tree_sizes={sizes}", f"tree_sizes={sizes} {len(second)}")
        text = text.replace("end of trees", second + "end of trees")
        imported = imported_from(text)
        assert [n.op for n in imported.graph.nodes] == ["columns", "missing", "trees"]
        rows = np.array([[0.0], [np.nan], [-2], [0.5], [2], [1e-36]])
        compare(imported, rows, *imported.predict(rows), 0)
        assert any((t.missing == AS_ZERO).any() for t in Model.read(text.encode()).trees)


@engine
def test_the_label_is_that_of_a_probability_above_a_half():
    """In f64 the probability of a tiny positive score is 0.5, which is class 0:
    found here by LightGBM, on both sides of where that ends."""
    row = np.array([[5.0]])
    half = importer.HALF
    for score, label in ((0.0, 0), (1e-17, 0), (half, 0), (np.nextafter(half, 1), 1)):
        imported = imported_from(one_split(0.0, 8, "binary sigmoid:1", right=float(score)))
        index, scores = answers(imported, row)
        want_index, want = imported.predict(row)
        assert index[0] == want_index[0] == label, score
        assert np.abs(scores - want).max() < LIMIT


@engine
def test_sparse_rows_say_what_dense_ones_do():
    rng = np.random.default_rng(10)
    x = np.stack([rng.integers(0, 4, 300), rng.integers(0, 3, 300)], axis=1).astype(float)
    y = (x[:, 0] == 2) * 3.0 + (x[:, 1] == 0) + 0.1 * rng.normal(size=300)
    model = lightgbm.LGBMRegressor(n_estimators=6, verbose=-1)
    pipeline = make_pipeline(OneHotEncoder(), model).fit(x, y)
    compare(sklearn.import_estimator(pipeline), x, None, pipeline.predict(x), 0)


# ------------------------------------------------------------------ old versions


@engine
@pytest.mark.parametrize("name", old_names("lightgbm-*.txt"))
def test_files_of_old_versions(name):
    compare_old(name, LIMIT)


# ------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("objective=regression", "objective=own", "objective 'own' is not known"),
        ("objective=regression", "objective=binary", "expected sigmoid: and a number above 0"),
        ("objective=regression", "objective=binary sigmoid:0", "a number above 0"),
        ("objective=regression", "objective=multiclass num_class:3", "expected 3, one for each"),
        ("max_feature_idx=0", "max_feature_idx=1", "feature_names: expected 2 of them"),
        ("max_feature_idx=0", "max_feature_idx=99999", "max_feature_idx: expected a whole number"),
        ("max_feature_idx=0\n", "", "header: has no 'max_feature_idx'"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=2", "1 trees, 2 for each round"),
        ("label_index=0", "version=v9", "'version' comes twice"),
        ("Tree=0", "Tree=1", "expected tree 0, got ['1']"),
        ("num_leaves=2", "num_leaves=3", "leaf_value: expected 3 numbers"),
        ("num_leaves=2", "num_leaves=-2", "num_leaves: expected a whole number from 1"),
        ("num_leaves=2", "num_leaves=9999999999", "num_leaves: expected a whole number from 1"),
        ("split_feature=0", "split_feature=1", "split_feature: expected whole numbers from 0 to 0"),
        ("threshold=0.5", "threshold=nan", "threshold: expected numbers, and no NaN"),
        ("threshold=0.5", "threshold=1_0", "threshold: expected numbers, got '1_0'"),
        ("threshold=0.5", "threshold=", "threshold: expected 1 numbers, got ''"),
        ("decision_type=8", "decision_type=12", "decision_type: expected whole numbers from 0"),
        ("decision_type=8", "decision_type=1", "num_cat: expected a whole number from 1"),
        ("left_child=-1", "left_child=0", "a tree, in which no node has two parents"),
        ("left_child=-1", "left_child=-2", "no node has two parents"),
        ("left_child=-1", "left_child=1", "left_child: expected whole numbers from -2 to 0"),
        ("leaf_value=-1.0", "leaf_value=inf", "leaf_value: expected finite numbers"),
        ("is_linear=0", "is_linear=1", "tree 0: has no 'num_features'"),
        ("end of trees", "end of", "cut short"),
        ("end of parameters", "", "has no line 'end of parameters'"),
        ("pandas_categorical:null", "pandas_categorical:[[", "pandas_categorical: is not JSON"),
        ("pandas_categorical:null", "pandas_categorical:[1]", "expected lists of texts"),
        ("pandas_categorical:null", 'pandas_categorical:[["a"]]', "but 0 categorical features"),
        ("tree\n", "tree of\n", "is no model of LightGBM"),
    ],
)
def test_what_is_refused_is_named(old, new, words):
    text = one_split(0.5, 8)
    assert old in text
    with pytest.raises(Refusal) as refusal:
        imported_from(text.replace(old, new, 1))
    assert words in str(refusal.value)


def test_other_files_are_refused(tmp_path):
    for content, words in (
        (b"", "expected 'tree' as its first line"),
        (b"hello\n", "expected 'tree' as its first line, got 'hello'"),
        (b'{"name": "tree"}', "is JSON"),
        (b"\xff\xfe\0", "is no text"),
    ):
        path = tmp_path / "model.txt"
        path.write_bytes(content)
        with pytest.raises(Refusal) as refusal:
            importers.import_file(str(path), config.Config("t"), False)
        assert words in str(refusal.value) and str(path) in str(refusal.value)


def test_leaving_trees_out_by_the_row_is_refused():
    x, y = data(np.random.default_rng(7), 100, 3, [], 0)
    model = lightgbm.LGBMRegressor(n_estimators=2, verbose=-1, pred_early_stop=True).fit(x, y)
    with pytest.raises(Refusal, match="pred_early_stop"):
        sklearn.import_estimator(model)


def sample() -> str:
    rng = np.random.default_rng(13)
    x, y = data(rng, 100, 3, [1], 0.1)
    params = {"num_leaves": 4, "min_data_in_leaf": 5, "min_data_per_group": 5, "verbose": -1}
    train = lightgbm.Dataset(x, y, categorical_feature=[1], params=params)
    return lightgbm.train(params | {"linear_tree": True}, train, 2).model_to_string()


def try_to_read(text: str) -> bool:
    """Whether it is a model still; anything but a refusal is the test's failure."""
    try:
        importer.import_model(Model.read(text.encode("utf-8", "surrogateescape")), None, None)
    except Refusal:
        return False
    return True


@pytest.mark.filterwarnings("ignore")
def test_truncated_files_are_refused():
    """Behind the parameters only the line on categories follows, which files of
    LightGBM's own command line do not have."""
    text = sample()
    assert try_to_read(text)
    end = text.index("\nend of parameters\n") + len("\nend of parameters\n")
    for cut in range(end):
        assert not try_to_read(text[:cut]), cut


@pytest.mark.filterwarnings("ignore")
def test_changed_files_are_refused_or_read():
    text = sample()
    text = re.sub(r"(?s)(\nparameters:\n).*(\nend of parameters\n)", r"\1\2", text)  # not read
    rng = np.random.default_rng(14)
    read_still = 0
    for _ in range(2000):
        broken = list(text)
        for _ in range(rng.integers(1, 4)):
            broken[rng.integers(len(broken))] = chr(rng.integers(1, 256))
        read_still += try_to_read("".join(broken))
    assert 0 < read_still < 2000


# ------------------------------------------------------------ the command line


@engine
@pytest.mark.filterwarnings("ignore")
def test_compile_and_ask_with_categories(tmp_path, capsys):
    from mote.engine import Engine

    pandas, frame, model = frame_and_model()
    model.booster_.save_model(tmp_path / "m.txt")
    assert main(["compile", str(tmp_path / "m.txt")]) == 0
    assert "scores off by at most 0 " in capsys.readouterr().out
    with Engine((tmp_path / "m.mote").read_bytes()) as asked:
        for event, row in (
            (
                {"the_size": 0.5, "colour": "grün", "grade": 7, "known": True},
                [0.5, "grün", 7, True],
            ),
            ({"the_size": None, "grade": "1", "known": False}, [np.nan, np.nan, 1, False]),
            ({"the_size": 1, "colour": "pink", "grade": 5, "known": True}, [1, "pink", 5, True]),
        ):
            reply, failed = asked.event(json.dumps(event).encode())
            assert not failed, reply
            one = pandas.DataFrame([row], columns=frame.columns)
            for name in ("colour", "grade", "known"):
                one[name] = pandas.Categorical(one[name], categories=frame[name].cat.categories)
            one = one.astype({"the size": float})
            assert str(json.loads(reply)).find(str(float(model.predict(one)[0]))) > 0, reply


def test_without_the_library_nothing_is_compiled(monkeypatch):
    imported = imported_from(one_split(0.5, 8))
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(Refusal, match=r"pip install 'mote\[lightgbm\]'"):
        imported.predict(np.zeros((1, 1)))
