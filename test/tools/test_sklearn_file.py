"""skops files read without skops: the same estimators, and what is left to it."""

import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas
import pytest
import skops.io
from sklearn import ensemble, linear_model, pipeline, preprocessing, svm

from mote.importers import sklearn_file

RNG = np.random.default_rng(31)
ROOT = Path(__file__).parents[2]
X, Y = RNG.normal(size=(60, 3)), RNG.integers(3, size=60)


def saved(estimator, folder) -> str:
    path = folder / "estimator.skops"
    skops.io.dump(estimator, path)
    return str(path)


@pytest.mark.parametrize(
    "estimator",
    [
        linear_model.LogisticRegression(),
        linear_model.Ridge(alpha=0.3),
        svm.SVC(),
        pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LinearRegression()),
    ],
    ids=lambda e: type(e).__name__,
)
def test_the_same_as_skops_reads(tmp_path, estimator):
    path = saved(estimator.fit(X, Y), tmp_path)
    mine, theirs = sklearn_file.read(path), skops.io.load(path)
    assert type(mine) is type(theirs)
    assert np.array_equal(mine.predict(X), theirs.predict(X))
    assert sorted(vars(mine)) == sorted(vars(theirs))


def test_a_data_frame(tmp_path):
    """Its answers need pandas, so skops reads the file."""
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    path = saved(linear_model.LinearRegression().fit(frame, Y), tmp_path)
    with pytest.raises(sklearn_file.Other):
        sklearn_file.read(path)


def test_trees_are_left_to_skops(tmp_path):
    path = saved(ensemble.RandomForestRegressor(2).fit(X, Y), tmp_path)
    with pytest.raises(sklearn_file.Other):
        sklearn_file.read(path)


def changed(path: str, old: str, new: str) -> str:
    """The file with other words in its schema."""
    with ZipFile(path) as file:
        parts = {n: file.read(n) for n in file.namelist()}
    assert old in parts["schema.json"].decode()
    parts["schema.json"] = parts["schema.json"].decode().replace(old, new).encode()
    with ZipFile(path, "w") as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "old, new",
    [
        ("sklearn.linear_model._logistic", "os"),
        ("sklearn.linear_model._logistic", "sklearn.nothing"),
        ('"LogisticRegression"', '"check_cv"'),
        ('"LogisticRegression"', '"LinearModelLoss"'),
        ('"LogisticRegression"', '"BaseEstimator.__subclasses__"'),
        ('"ObjectNode"', '"FunctionNode"'),
        ('"protocol": 2', '"protocol": 3'),
        ('"numpy"', '"os"'),
        (".npy", ".npz"),
    ],
)
def test_what_is_no_estimator_is_not_built(tmp_path, old, new):
    path = saved(linear_model.LogisticRegression().fit(X, Y), tmp_path)
    with pytest.raises(sklearn_file.Other):
        sklearn_file.read(changed(path, old, new))


def test_a_truncated_file(tmp_path):
    path = Path(saved(linear_model.LogisticRegression().fit(X, Y), tmp_path))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(sklearn_file.Other):
        sklearn_file.read(str(path))


def test_a_schema_that_is_nested_too_deep(tmp_path):
    path = saved(linear_model.LogisticRegression().fit(X, Y), tmp_path)
    deep = '"protocol": 2, "more": ' + "[" * 200_000 + "]" * 200_000
    with pytest.raises(sklearn_file.Other):
        sklearn_file.read(changed(path, '"protocol": 2', deep))


def test_what_is_imported(tmp_path):
    """Neither skops nor what a linear model's answers need nothing of; and what
    was put off is there when somebody asks for it."""
    path = saved(linear_model.LogisticRegression().fit(X, Y), tmp_path)
    code = f"""
import json, sys
sys.path.insert(0, {str(ROOT / "tools")!r})
from mote.importers import sklearn_file
model = sklearn_file.read({path!r})
label = model.predict([[0.1, 0.2, 0.3]]).tolist()
found = [n for n in ("skops", "pandas", "scipy.stats", "scipy.interpolate") if n in sys.modules]
from sklearn.preprocessing import QuantileTransformer, SplineTransformer
t = QuantileTransformer(n_quantiles=5, output_distribution="normal")
middle = t.fit_transform([[0.0], [1.0], [2.0], [3.0], [4.0]])[2, 0]
shape = SplineTransformer(5, degree=2).fit_transform([[0.0], [1.0], [2.0]]).shape
import scipy.stats
print(json.dumps([label, found, middle, scipy.stats.norm.cdf(0), shape]))
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    label, found, middle, half, shape = json.loads(out.stdout)
    assert label == skops.io.load(path).predict([[0.1, 0.2, 0.3]]).tolist()
    assert found == [] and abs(middle) < 1e-9 and half == 0.5
    assert shape == [3, 6]
