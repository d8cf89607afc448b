"""`mote compile` against scikit-learn itself: every estimator it knows, over a
grid of options, judged by the trainer's own answers."""

import json
import subprocess
import sys

import joblib
import numpy as np
import pytest
import skops.io
from conftest import ROOT
from sklearn import (
    feature_selection,
    impute,
    linear_model,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
)
from sklearn.base import clone

from mote import config, lower, verify
from mote.cli import main
from mote.engine import Engine
from mote.errors import Refusal
from mote.graph import Graph, Table
from mote.importers import sklearn

SEED = 7


def data(classes=3, features=5, rows=160, targets=None):
    rng = np.random.default_rng(SEED + classes + features)
    x = rng.normal(size=(rows, features)) * rng.uniform(0.1, 50, features) + rng.uniform(
        -20, 20, features
    )
    z = (x - x.mean(0)) / x.std(0) @ rng.normal(size=(features, classes))
    if targets is not None:
        y = z[:, :targets] + 0.1 * rng.normal(size=(rows, targets))
        return x, y[:, 0] if targets == 1 else y
    return x, z.argmax(axis=1)


def check(estimator, x, precision=None, labels=None, limits=None):
    """Compiles a fitted estimator and holds it to the trainer; the result."""
    imported = sklearn.import_estimator(estimator, labels=labels)
    precision = precision or lower.choose_precision(imported.graph)
    blob = lower.lower(imported, config.Config("test", "1"), precision).to_bytes()
    result = verify.verify(imported, blob, precision, limits or config.Verify(rows=300), x)
    assert result.passed, result.failures
    return blob, result


SCALERS = [
    None,
    preprocessing.StandardScaler(),
    preprocessing.StandardScaler(with_mean=False),
    preprocessing.StandardScaler(with_std=False),
    preprocessing.MinMaxScaler((-1, 2)),
    preprocessing.MaxAbsScaler(),
    preprocessing.RobustScaler(),
    preprocessing.RobustScaler(with_centering=False),
    preprocessing.RobustScaler(with_scaling=False),
]
CLASSIFIERS = [
    linear_model.LogisticRegression(),
    linear_model.LogisticRegression(fit_intercept=False, C=0.01),
    linear_model.LogisticRegressionCV(Cs=2, cv=2),
    linear_model.RidgeClassifier(),
    linear_model.RidgeClassifierCV(),
    linear_model.SGDClassifier(random_state=0),
    linear_model.SGDClassifier(loss="log_loss", random_state=0),
    linear_model.Perceptron(random_state=0),
    svm.LinearSVC(random_state=0),
]
REGRESSORS = [
    linear_model.LinearRegression(),
    linear_model.LinearRegression(fit_intercept=False),
    linear_model.Ridge(),
    linear_model.Lasso(alpha=0.01),
    linear_model.ElasticNet(alpha=0.01),
    linear_model.BayesianRidge(),
    linear_model.HuberRegressor(),
    svm.LinearSVR(random_state=0),
]


def with_scaler(scaler, estimator):
    if scaler is None:
        return clone(estimator)
    return pipeline.Pipeline([("scale", clone(scaler)), ("model", clone(estimator))])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_classifiers(classes):
    x, y = data(classes)
    for i, estimator in enumerate(CLASSIFIERS):
        for scaler in SCALERS[i % 2 :: 3]:
            _, result = check(with_scaler(scaler, estimator).fit(x, y), x)
            assert result.label_flips == 0, (estimator, scaler)


@pytest.mark.filterwarnings("ignore")
def test_liblinear_binary_and_one_against_rest():
    x, y = data(2)
    check(linear_model.LogisticRegression(solver="liblinear").fit(x, y), x)
    # the library gave up one-against-rest inside LogisticRegression; files of
    # older versions still have it
    x, y = data(3)
    model = linear_model.LogisticRegression().fit(x, y)
    model.solver = "liblinear"
    imported = sklearn.import_estimator(model)
    assert [n.op for n in imported.graph.nodes] == ["dense", "share", "argmax"]
    blob = lower.lower(imported, config.Config("ovr", "1"), "float64").to_bytes()
    z = model.decision_function(x)
    p = 1 / (1 + np.exp(-z))
    with Engine(blob) as engine:
        index, scores = engine.rows(x)
    assert (index == z.argmax(axis=1)).all()
    assert np.abs(scores - p / p.sum(axis=1, keepdims=True)).max() < 1e-6


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("targets", [1, 3])
def test_regressors(targets):
    x, y = data(classes=4, targets=targets)
    for i, estimator in enumerate(REGRESSORS):
        if targets > 1 and type(estimator).__name__ in (
            "BayesianRidge",
            "HuberRegressor",
            "LinearSVR",
        ):
            continue
        for scaler in SCALERS[i % 3 :: 3]:
            check(with_scaler(scaler, estimator).fit(x, y), x)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_mlps(activation):
    scale = preprocessing.StandardScaler()
    for classes in (2, 4):
        x, y = data(classes)
        model = neural_network.MLPClassifier(
            (13, 9), activation=activation, max_iter=60, random_state=0
        )
        check(with_scaler(scale, model).fit(x, y), x)
    for targets in (1, 2):
        x, y = data(4, targets=targets)
        model = neural_network.MLPRegressor(
            hidden_layer_sizes=(11,), activation=activation, max_iter=60, random_state=0
        )
        check(with_scaler(scale, model).fit(x, y), x)


@pytest.mark.filterwarnings("ignore")
def test_mlp_in_int8():
    x, y = data(5, features=40, rows=400)
    model = neural_network.MLPClassifier((70, 37), max_iter=80, random_state=0)
    fitted = with_scaler(preprocessing.StandardScaler(), model).fit(x, y)
    wide, result = check(fitted, x, "int8")
    assert 0 < result.p99_error < 0.1
    exact, _ = check(fitted, x, "float32")
    assert len(wide) < len(exact)


def test_precision_is_chosen_by_size():
    x, y = data(3)
    small = neural_network.MLPClassifier((8,), max_iter=1, random_state=0)
    large = neural_network.MLPClassifier((300, 200), max_iter=1, random_state=0)
    with pytest.warns(Warning):
        graphs = [sklearn.import_estimator(m.fit(x, y)).graph for m in (small, large)]
    assert [lower.choose_precision(g) for g in graphs] == ["float32", "int8"]
    linear = sklearn.import_estimator(linear_model.Ridge().fit(x, y)).graph
    assert lower.choose_precision(linear) == "float64"


def test_precision_is_chosen_by_what_a_graph_is():
    g = Graph.of_rows(4)
    x = g.encode(g.fill(g.input, [np.nan] * 4, [0.0] * 4), [Table([1.0], [2.0])] * 4, "floor")
    projected = g.dense(x, np.eye(4))
    linear = g.map(g.dense(projected, np.eye(4)), "sigmoid")
    assert lower.choose_precision(g) == "float64"  # layers with nothing curved between
    g.dense(linear, np.eye(4))
    assert lower.choose_precision(g) == "float32"
    g.nodes.pop()
    g.map(linear, "gelu")
    assert lower.choose_precision(g) == "float32"  # which float64 does not have
    g.nodes.pop()
    g.dense(projected, np.eye(4), None, "tanh")
    assert lower.choose_precision(g) == "float32"


def test_labels_of_every_kind():
    x, y = data(3)
    for values, names, numeric in (
        (np.array(["a", "b", "c"]), ["a", "b", "c"], False),
        (np.array([10, 20, 30]), ["10", "20", "30"], True),
        (np.array([1.0, 2.0, 3.0]), ["1", "2", "3"], True),
    ):
        model = linear_model.LogisticRegression().fit(x, values[y])
        imported = sklearn.import_estimator(model)
        assert (imported.output.names, imported.output.numeric_labels) == (names, numeric)
        blob = lower.lower(imported, config.Config("t", "1", reply="label"), "float64").to_bytes()
        with Engine(blob) as engine:
            reply, failed = engine.event(json.dumps(x[0].tolist()).encode())
        assert not failed and json.loads(reply) == model.predict(x[:1])[0]
    model = linear_model.LogisticRegression().fit(x, y == 1)
    assert sklearn.import_estimator(model).output.names == ["false", "true"]


def test_a_row_that_overflows_is_refused_by_itself():
    x, y = data(classes=4, targets=1)
    blob, _ = check(linear_model.LinearRegression().fit(x, 1e3 * y), x)
    with Engine(blob) as engine:
        reply, failed = engine.event(json.dumps([[1] * 5, [1e308] * 5]).encode())
    assert failed
    assert "row 1: expected numbers that stay finite" in json.loads(reply)["errorMessage"]


class Doubling(preprocessing.StandardScaler):
    """A step of the user's own."""

    def transform(self, x):
        return 2 * x


@pytest.mark.filterwarnings("ignore")
def test_refusals_name_the_step():
    x, y = data(3)
    fit = linear_model.LogisticRegression().fit(x, y)
    for estimator, words in (
        (neighbors.KNeighborsClassifier().fit(x, y), "KNeighborsClassifier cannot be compiled"),
        (
            with_scaler(preprocessing.SplineTransformer(), fit).fit(x, y),
            "step 'scale': sklearn.preprocessing._polynomial.SplineTransformer",
        ),
        (with_scaler(Doubling(), fit).fit(x, y), "step 'scale': "),
        (linear_model.LogisticRegression(), "fit it"),
        (neural_network.MLPClassifier((3,), max_iter=2).fit(x, np.eye(3)[y]), "several labels"),
        (object(), "builtins.object cannot be compiled"),
    ):
        with pytest.raises(Refusal) as refusal:
            sklearn.import_estimator(estimator)
        assert words in str(refusal.value)
    with pytest.raises(Refusal, match="expected 5 names"):
        sklearn.import_estimator(fit, names=["a"])
    with pytest.raises(Refusal, match="'a' names two"):
        sklearn.import_estimator(fit, names=["a", "b", "a", "c", "d"])
    with pytest.raises(Refusal, match="one for each class, got 2"):
        sklearn.import_estimator(fit, labels=["a", "b"])


# The command line


def run(*arguments, capsys=None):
    status = main([str(a) for a in arguments])
    out = capsys.readouterr()
    return status, out.out, out.err


@pytest.fixture
def saved(tmp_path):
    x, y = data(3)
    model = with_scaler(preprocessing.StandardScaler(), linear_model.LogisticRegression())
    model.fit(x, y)
    skops.io.dump(model, tmp_path / "model.skops")
    joblib.dump(model, tmp_path / "model.joblib")
    return tmp_path


def test_compile_verify_inspect(saved, capsys):
    status, out, _ = run("compile", saved / "model.skops", capsys=capsys)
    assert status == 0 and "0 labels differ" in out
    first = (saved / "model.mote").read_bytes()
    status, out, _ = run("inspect", saved / "model.mote", capsys=capsys)
    assert status == 0 and "model" in out
    status, out, _ = run("inspect", saved / "model.mote", "--json", capsys=capsys)
    assert status == 0 and json.loads(out)
    status, out, _ = run(
        "compile", saved / "model.skops", "--json", "-o", saved / "b.mote", capsys=capsys
    )
    report = json.loads(out)
    assert status == 0 and report["written"] and report["verification"]["passed"]
    assert (saved / "b.mote").read_bytes() == first  # the same bytes every time
    status, out, _ = run(
        "verify", saved / "model.skops", "--file", saved / "b.mote", "--json", capsys=capsys
    )
    assert status == 0 and json.loads(out)["label_flips"] == 0


def test_verify_finds_another_model(saved, capsys):
    x, y = data(3)
    other = with_scaler(None, linear_model.LogisticRegression(C=1e-4)).fit(x, y)
    skops.io.dump(other, saved / "other.skops")
    assert run("compile", saved / "other.skops", capsys=capsys)[0] == 0
    status, out, _ = run(
        "verify", saved / "model.skops", "--file", saved / "other.mote", capsys=capsys
    )
    assert status == 1 and "FAILED scores: off by" in out and "FAILED labels:" in out


def test_rows_of_the_user(saved, capsys):
    x, _ = data(3)
    rows = saved / "rows.csv"
    header = "note,x4,x0,x1,x2,x3\n"
    rows.write_text(
        header + "".join(f"n,{r[4]},{r[0]},{r[1]},{r[2]},{r[3]}\n" for r in x[:20].tolist())
    )
    status, out, _ = run("compile", saved / "model.skops", "--rows", rows, capsys=capsys)
    assert status == 0 and "(20 given" in out
    rows.write_text(header + "n,1,2,3,x,5\n")
    status, _, err = run("compile", saved / "model.skops", "--rows", rows, capsys=capsys)
    assert status == 2 and "row 1: expected 5 numbers" in err
    rows.write_text("x0,x1\n1,2\n")
    status, _, err = run("compile", saved / "model.skops", "--rows", rows, capsys=capsys)
    assert status == 2 and "no column 'x2'" in err


def test_a_failed_verification_writes_nothing(saved, capsys):
    folder = saved / "strict"
    folder.mkdir()
    (folder / "model.toml").write_text(
        '[model]\nname = "strict"\nsource = "../model.skops"\n[verify]\nmax_error = 1e-18\n'
    )
    status, out, err = run("compile", folder, capsys=capsys)
    assert status == 1 and "scores: off by" in out and "not written" in err
    assert sorted(p.name for p in folder.iterdir()) == ["model.toml"]


def test_pickles_are_not_opened_unasked(saved, capsys):
    status, _, err = run("compile", saved / "model.joblib", capsys=capsys)
    assert status == 1 and "--trust-pickle" in err
    assert run("compile", saved / "model.joblib", "--trust-pickle", capsys=capsys)[0] == 0
    (saved / "old.pkl").write_bytes(b"\x80\x04csklearn.gone\nThing\n.")
    status, _, err = run("compile", saved / "old.pkl", "--trust-pickle", capsys=capsys)
    assert status == 1 and "cannot be unpickled here" in err


def test_steps_of_the_users_own_are_refused_in_skops_files(saved, capsys):
    x, y = data(3)
    own = with_scaler(Doubling(), linear_model.LogisticRegression()).fit(x, y)
    skops.io.dump(own, saved / "own.skops")
    status, _, err = run("compile", saved / "own.skops", capsys=capsys)
    assert status == 1 and "Doubling" in err


def test_classes_of_the_trainer_are_read_from_skops_files(saved, capsys):
    """Also private ones: a perceptron keeps the optimizer that trained it."""
    x, y = data(3)
    mlp = neural_network.MLPClassifier((4,), max_iter=20, random_state=0).fit(x, y)
    skops.io.dump(mlp, saved / "mlp.skops")
    assert run("compile", saved / "mlp.skops", capsys=capsys)[0] == 0
    skops.io.dump(neighbors.KNeighborsClassifier().fit(x, y), saved / "near.skops")
    status, _, err = run("compile", saved / "near.skops", capsys=capsys)
    assert status == 1 and "KNeighborsClassifier" in err and "of your own" not in err


@pytest.mark.parametrize("step", [feature_selection.SelectKBest(k=2), impute.SimpleImputer()])
def test_functions_and_dtypes_are_read_from_skops_files(saved, capsys, step):
    """Which skops does not know."""
    x, y = data(3)
    steps = [("first", step), ("last", linear_model.LogisticRegression())]
    skops.io.dump(pipeline.Pipeline(steps).fit(x, y), saved / "steps.skops")
    assert run("compile", saved / "steps.skops", capsys=capsys)[0] == 0


@pytest.mark.parametrize(
    "toml, words",
    [
        ("[model]\nnme = 'x'\n", "has no key 'nme'; known are name"),
        ("[modell]\n", "is not a table here"),
        ("[model]\nreply = 'loud'\n", "prediction, base64, got 'loud'"),
        ("[verify]\nrows = 'many'\n", "verify.rows: expected int, got 'many'"),
        ("[output]\nlabels = [1]\n", "expected a list of strings"),
        ("[compile]\nprecision = 'int4'\n", "expected one of auto"),
        ("[model\n", "is not TOML"),
        ("[model]\nname = 'x'\n", "model.source is not set"),
        ("[model]\nsource = 'gone.skops'\n", "no such file"),
    ],
)
def test_model_toml_errors_name_the_key(tmp_path, capsys, toml, words):
    (tmp_path / "model.toml").write_text(toml)
    status, _, err = run("compile", tmp_path, capsys=capsys)
    assert status == 2 and words in err


def test_usage(capsys, tmp_path):
    assert run("compile", tmp_path, capsys=capsys)[0] == 2
    assert run("inspect", tmp_path / "none.mote", capsys=capsys)[0] == 2
    (tmp_path / "bad.mote").write_bytes(b"nothing like it")
    status, _, err = run("inspect", tmp_path / "bad.mote", capsys=capsys)
    assert status == 1 and "bad.mote" in err
    with pytest.raises(SystemExit) as end:
        main(["compile"])
    assert end.value.code == 2
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0


def test_iris_comes_out_the_same_again(tmp_path):
    """Training and compiling give the committed bytes."""
    estimator = tmp_path / "estimator.skops"
    for command in (
        [sys.executable, "models/iris/train.py", tmp_path],
        [sys.executable, "-m", "mote", "compile", "models/iris", "--source", estimator]
        + ["-o", tmp_path / "iris.mote"],
    ):
        subprocess.run(
            command, cwd=ROOT, check=True, env={"PYTHONPATH": "tools", "PATH": "/usr/bin:/bin"}
        )
    ours = (ROOT / "models/iris/iris.mote").read_bytes()
    assert (tmp_path / "iris.mote").read_bytes() == ours
