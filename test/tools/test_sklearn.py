"""Ways in which converted models of scikit-learn have gone wrong silently, each
by name; and what is refused, in one message, with nothing written."""

import functools
import os

import joblib
import numpy as np
import pandas
import pytest
import skops.io
from sklearn import (
    calibration,
    compose,
    ensemble,
    gaussian_process,
    linear_model,
    pipeline,
    preprocessing,
    svm,
    tree,
)
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn_cases import Draw, check

from mote import config, lower
from mote.cli import main
from mote.engine import Engine, library_path
from mote.errors import Refusal
from mote.importers import sklearn

pytestmark = [
    pytest.mark.skipif(not library_path().exists(), reason="the engine is not built: make engine"),
    pytest.mark.filterwarnings("ignore"),
]


def scores(estimator, rows) -> np.ndarray:
    """What the engine says of rows as numbers."""
    imported = sklearn.import_estimator(estimator)
    precision = lower.choose_precision(imported.graph)
    blob = lower.lower(imported, config.Config("t", "1"), precision).to_bytes()
    with Engine(blob) as engine:
        return engine.rows(np.asarray(rows, np.float64))[1]


# ----------------------------------------------------------- silent disasters


def test_a_number_at_the_threshold_goes_left():
    """onnxmltools and others compared with < where scikit-learn has <=."""
    for model in (
        tree.DecisionTreeRegressor(),
        ensemble.GradientBoostingRegressor(n_estimators=1, learning_rate=1.0),
        ensemble.HistGradientBoostingRegressor(max_iter=1, min_samples_leaf=1),
    ):
        x = np.array([[0.0], [1.0]] * 20)
        model.fit(x, np.array([5.0, 7.0] * 20))
        at = [[0.5], [np.nextafter(0.5, 1)], [np.nextafter(np.float32(0.5), np.float32(1))]]
        np.testing.assert_allclose(scores(model, at)[:, 0], model.predict(at), atol=1e-12)
        assert scores(model, at)[0, 0] == scores(model, [[0.0]])[0, 0]


def test_float_and_double_thresholds():
    """A threshold between two neighbours in float32 is no float32; a tree
    rounds the number and not the threshold, a histogram booster neither.
    sklearn-onnx, tutorial "Issues when switching to float"."""
    low, high = np.float32(1e6), np.nextafter(np.float32(1e6), np.float32(2e6))
    x = np.array([[low], [high]] * 20, np.float64)
    y = np.array([0.0, 1.0] * 20)
    middle = (float(low) + float(high)) / 2
    rows = [[middle], [np.nextafter(middle, 0)], [np.nextafter(middle, 2e6)], [low], [high]]
    single = tree.DecisionTreeRegressor().fit(x, y)
    assert single.tree_.threshold[0] == middle != float(np.float32(middle))
    np.testing.assert_array_equal(scores(single, rows)[:, 0], single.predict(rows))
    double = ensemble.HistGradientBoostingRegressor(max_iter=1, min_samples_leaf=1).fit(x, y)
    np.testing.assert_allclose(scores(double, rows)[:, 0], double.predict(rows), atol=1e-12)
    assert single.predict(rows)[2] != single.predict(rows)[1]
    check(single, x)
    check(double, x)


def test_ordinal_unknowns():
    """sklearn-onnx PR 1132: an encoder's values for what is unknown or missing
    were lost."""
    x = Draw(1).frame(missing=0.2)
    encoder = preprocessing.OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-7, encoded_missing_value=-3
    )
    codes = compose.ColumnTransformer([("c", encoder, ["color", "size"])])
    model = pipeline.make_pipeline(codes, linear_model.LinearRegression())
    model.fit(x, np.arange(len(x)) % 5)
    imported, _ = check(model)
    assert all(f.other and f.missing for f in imported.features)
    w, b = model[-1].coef_, model[-1].intercept_
    got = scores(model, [[-1, -1], [-1, np.nan], [np.nan, 0]])[:, 0]
    # a color is never missing in training, and so not known either
    np.testing.assert_allclose(
        got, [b - 7 * w[0] - 7 * w[1], b - 7 * w[0] - 3 * w[1], b - 7 * w[0]]
    )


@pytest.mark.parametrize("drop", ["first", "if_binary", ["green", "no"]])
def test_dropped_one_hot_columns(drop):
    """sklearn-onnx issues 402 and 1017: drop was ignored. A value that is not
    known has the same columns as the dropped one."""
    d = Draw(2)
    x = d.frame(missing=0.0)[["color", "flag"]]
    x["flag"] = np.where(x["flag"], "yes", "no")
    encoder = preprocessing.OneHotEncoder(drop=drop, handle_unknown="ignore")
    model = pipeline.make_pipeline(encoder, linear_model.Ridge(0.1)).fit(x, np.arange(len(x)) % 7)
    check(model)
    imported = sklearn.import_estimator(model)
    flag = imported.features[1].categories.index("no")
    (unknown,), (dropped,) = scores(model, [[0, -1], [0, flag]])
    np.testing.assert_allclose(unknown, dropped)


def test_sparse_zeros_are_zeros_to_trees():
    """onnxmltools issue 371: the gaps of a sparse one-hot encoding. Trees of
    scikit-learn read them as zeros."""
    d = Draw(4)
    x = d.frame(missing=0.0)[["color", "size", "count"]]
    encoder = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=True)
    for model in (
        ensemble.RandomForestClassifier(4),
        ensemble.GradientBoostingClassifier(n_estimators=4),
        svm.SVC(),
    ):
        check(pipeline.make_pipeline(encoder, model).fit(x, np.arange(len(x)) % 3))


def test_sparse_zeros_are_missing_to_xgboost():
    """And to XGBoost they are missing values; onnxmltools issue 371. To
    LightGBM they are zeros."""
    xgboost = pytest.importorskip("xgboost")
    lightgbm = pytest.importorskip("lightgbm")
    pytest.importorskip("mote.importers.xgboost")
    d = Draw(5)
    x = d.frame(missing=0.0)[["a", "color", "size"]]
    for sparse in (True, False):
        for model in (
            xgboost.XGBClassifier(n_estimators=5, max_depth=3, n_jobs=1),
            lightgbm.LGBMClassifier(n_estimators=5, min_child_samples=5, verbose=-1, n_jobs=1),
        ):
            encoder = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=sparse)
            columns = compose.ColumnTransformer(
                [("c", encoder, ["color", "size"])], remainder="passthrough", sparse_threshold=1.0
            )
            check(
                pipeline.make_pipeline(columns, model).fit(x, (x["a"] > 0) + (x["size"] == "S") * 1)
            )


# -------------------------------------------------------------------- refusals


class Custom(BaseEstimator, TransformerMixin):
    """A step of the user's own."""

    def fit(self, x, y=None):
        return self

    def transform(self, x):
        return x


def refused(estimator) -> str:
    with pytest.raises(Refusal) as refusal:
        sklearn.import_estimator(estimator)
    return str(refusal.value)


def test_refusals_name_the_step_and_the_option():
    d = Draw(1)
    x = d.numbers()
    y, two = d.classes(x, 3), d.classes(x, 2)

    def behind(step, model=None):
        model = model or linear_model.LogisticRegression()
        return pipeline.Pipeline([("odd", step), ("last", model)]).fit(x, y)

    other = preprocessing.FunctionTransformer(np.abs)
    for estimator, words in (
        (behind(Custom()), "step 'odd': test_sklearn.Custom cannot be compiled"),
        (pipeline.FeatureUnion([("mine", Custom())]), "FeatureUnion: is not fitted"),
        (behind(preprocessing.FunctionTransformer(np.abs)), "step 'odd': calls a function"),
        (
            behind(compose.ColumnTransformer([("deep", other, [0])])),
            "step 'odd.deep': calls a function of Python",
        ),
        (
            behind(preprocessing.QuantileTransformer(n_quantiles=10)),
            "QuantileTransformer cannot be compiled",
        ),
        (
            behind(preprocessing.KBinsDiscretizer(3, dtype=np.float32)),
            "dtype=<class 'numpy.float32'> cannot be compiled; fit it with float64",
        ),
        (svm.SVC(kernel="sigmoid").fit(x, y), "kernel='sigmoid' cannot be compiled"),
        (svm.SVC(kernel="precomputed").fit(x @ x.T, y), "cannot be compiled; fit linear, poly"),
        (svm.SVC(probability=True).fit(x, y), "probability=True cannot be compiled"),
        (
            ensemble.GradientBoostingClassifier(
                n_estimators=1, init=linear_model.LogisticRegression()
            ).fit(x, y),
            "starts from a LogisticRegression",
        ),
        (
            ensemble.AdaBoostClassifier(linear_model.LogisticRegression(), n_estimators=2).fit(
                x, y
            ),
            "boosts other things than trees",
        ),
        (
            calibration.CalibratedClassifierCV(
                linear_model.LogisticRegression(), method="temperature", cv=2
            ).fit(x, y),
            "method='temperature' cannot be compiled",
        ),
        (
            tree.DecisionTreeClassifier().fit(x, np.column_stack([y == y[0], two == two[0]])),
            "has several outputs",
        ),
        (
            compose.TransformedTargetRegressor(
                linear_model.Ridge(), func=np.sqrt, inverse_func=np.square
            ).fit(x, np.abs(x[:, 0])),
            "changes its targets by a function",
        ),
        (
            gaussian_process.GaussianProcessRegressor().fit(x, x[:, 0]),
            "GaussianProcessRegressor cannot be compiled",
        ),
        (
            ensemble.VotingClassifier([("a", svm.SVC()), ("b", linear_model.LogisticRegression())])
            .fit(x, y)
            .set_params(voting="soft"),
            "step 'VotingClassifier.a': gives no probabilities",
        ),
    ):
        assert words in refused(estimator)


def test_attributes_that_another_version_lacks_are_named():
    d = Draw(1)
    x = d.numbers()
    model = pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.Ridge())
    model.fit(x, x[:, 0])
    del model[0].mean_
    words = refused(model)
    assert "step 'standardscaler': StandardScaler has no mean_" in words
    assert "another version" in words


def test_encoders_refuse_what_cannot_be_kept():
    x = Draw(1).frame(missing=0.0)
    x["bytes"] = [b"a", b"b"] * (len(x) // 2)
    x["gaps"] = pandas.Series([None, np.nan, "a", "b"] * (len(x) // 4), dtype=object)
    y = np.arange(len(x)) % 2

    def one_hot(column):
        columns = compose.ColumnTransformer([("c", preprocessing.OneHotEncoder(), [column])])
        return pipeline.make_pipeline(columns, linear_model.LogisticRegression()).fit(x, y)

    assert "categories of bytes" in refused(one_hot("bytes"))
    assert "tells None from NaN in feature 'gaps'" in refused(one_hot("gaps"))
    bins = preprocessing.KBinsDiscretizer(3, encode="ordinal")
    twice = pipeline.make_pipeline(
        compose.ColumnTransformer([("b", bins, ["a"])]),
        preprocessing.OneHotEncoder(),
        linear_model.LogisticRegression(),
    ).fit(x, y)
    assert "refuses unknown values of a column that is computed" in refused(twice)


def compile_file(path, *options, capsys) -> tuple[int, str]:
    status = main(["compile", str(path), *options])
    return status, capsys.readouterr().err


@pytest.fixture
def fitted():
    d = Draw(1)
    x = d.numbers()
    model = pipeline.make_pipeline(
        preprocessing.StandardScaler(), ensemble.RandomForestClassifier(3, max_depth=3)
    )
    return model.fit(x, d.classes(x, 3))


def test_truncated_files_are_refused(tmp_path, fitted, capsys):
    skops.io.dump(fitted, tmp_path / "whole.skops")
    joblib.dump(fitted, tmp_path / "whole.joblib")
    for ending in ("skops", "joblib"):
        whole = (tmp_path / f"whole.{ending}").read_bytes()
        (tmp_path / f"whole.{ending}").unlink()
        for length in (0, 20, len(whole) // 2, len(whole) - 1):
            path = tmp_path / f"cut.{ending}"
            path.write_bytes(whole[:length])
            status, err = compile_file(path, "--trust-pickle", capsys=capsys)
            assert status == 1 and err.count("mote compile: ") == 1 and "Traceback" not in err
            path.unlink()
    assert not list(tmp_path.iterdir())


def test_custom_steps_and_functions_in_files_are_refused(tmp_path, fitted, capsys):
    """A partial function is opened only if what it binds is the library's."""
    x = Draw(1).numbers()
    own = pipeline.make_pipeline(Custom(), linear_model.Ridge()).fit(x, x[:, 0])
    bound = preprocessing.FunctionTransformer(functools.partial(os.system, "true"))
    for name, step, words in (
        ("own", own, "test_sklearn.Custom; a step of your own cannot be compiled"),
        ("bound", bound, "posix.system"),
    ):
        path = tmp_path / f"{name}.skops"
        skops.io.dump(step, path)
        status, err = compile_file(path, capsys=capsys)
        assert status == 1 and words in err
        path.unlink()
    joblib.dump(own, tmp_path / "own.joblib")
    status, err = compile_file(tmp_path / "own.joblib", capsys=capsys)
    assert status == 1 and "--trust-pickle" in err
    status, err = compile_file(tmp_path / "own.joblib", "--trust-pickle", capsys=capsys)
    assert status == 1 and "step 'custom': test_sklearn.Custom cannot be compiled" in err
    assert [p.name for p in tmp_path.iterdir()] == ["own.joblib"]


def test_a_pipeline_compiles_from_its_file(tmp_path, capsys):
    """Categories with gaps, whose encoder holds a partial function."""
    d = Draw(2)
    x = d.frame()
    for column in ("color", "size"):
        x[column] = x[column].astype("category")
    model = ensemble.HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype")
    skops.io.dump(model.fit(x, d.classes(x, 3)), tmp_path / "gaps.skops")
    rows = tmp_path / "rows.csv"
    rows.write_text("color,size,a,b,count,flag\nred,,1,,3,0\nviolet,S,,2,4,1\n")
    status, err = compile_file(tmp_path / "gaps.skops", "--rows", str(rows), capsys=capsys)
    assert status == 0, err
    assert (tmp_path / "gaps.mote").exists()
    rows.write_text("color,size,a,b,count,flag\nred,,1,,3,x\n")
    status, err = compile_file(tmp_path / "gaps.skops", "--rows", str(rows), capsys=capsys)
    assert status == 2 and "row 1: expected 6 numbers or categories" in err


def test_the_last_step_of_another_library(tmp_path, capsys):
    xgboost = pytest.importorskip("xgboost")
    lightgbm = pytest.importorskip("lightgbm")
    d = Draw(6)
    x = d.frame()
    columns = compose.ColumnTransformer(
        [("c", preprocessing.OrdinalEncoder(), ["color", "size"])], remainder="passthrough"
    )
    for model in (
        xgboost.XGBClassifier(n_estimators=5, max_depth=3, n_jobs=1),
        xgboost.XGBRegressor(n_estimators=5, max_depth=3, n_jobs=1),
        lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1),
        lightgbm.LGBMRegressor(n_estimators=5, verbose=-1, n_jobs=1),
    ):
        y = d.score(x) if "Regressor" in type(model).__name__ else np.arange(len(x)) % 3
        fitted = pipeline.make_pipeline(columns, model).fit(x, y)
        imported, _ = check(fitted)
        assert imported.features[0].missing and imported.features[2].categories
        skops.io.dump(fitted, tmp_path / "model.skops")
        status, err = compile_file(tmp_path / "model.skops", capsys=capsys)
        assert status == 0, err
    x["color"] = x["color"].astype("category")
    alone = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1, n_jobs=1).fit(
        x[["a", "color"]], x["flag"]
    )
    assert "reads the categories of a data frame itself" in refused(alone)
