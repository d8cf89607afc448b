"""Makes the files in this folder with the library that is installed: run it
once for each old version, in an environment of its own, for example

    python3 -m venv v && v/bin/pip install numpy scipy xgboost==1.0.2
    v/bin/python test/tools/old/make.py xgboost

For each model there is its file, and beside it NAME.answers.json with rows
(null: missing) and what that version of the library itself says to them.
"""

import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def data(seed=11, rows=300):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4)).round(3)
    x[:, 2] = rng.integers(0, 9, rows)
    x[rng.random(x.shape) < 0.15] = np.nan
    x[:, 3][rng.random(rows) < 0.2] = 0
    z = np.nan_to_num(x)
    return x, z[:, 0] + (z[:, 2] % 3) + 0.3 * rng.normal(size=rows)


def write(name, booster, rows, answers):
    booster.save_model(str(HERE / name))
    kept = {
        "rows": [[None if v != v else v for v in row] for row in rows.tolist()],
        "answers": np.asarray(answers, float).reshape(len(rows), -1).tolist(),
    }
    (HERE / name).with_suffix(".answers.json").write_text(json.dumps(kept) + "\n")


def with_xgboost():
    import xgboost

    version = xgboost.__version__
    x, y = data()
    cases = {
        "binary": ({"objective": "binary:logistic", "base_score": 0.3}, y > 1, None),
        "multi": (
            {"objective": "multi:softprob", "num_class": 3, "num_parallel_tree": 2,
             "subsample": 0.7, "seed": 1},
            np.digitize(y, [0, 1.5]), None,
        ),
        "dart": (
            {"booster": "dart", "rate_drop": 0.5, "objective": "count:poisson", "seed": 1},
            np.abs(y).round(), None,
        ),
    }  # fmt: skip
    if int(version.split(".")[0]) > 1 or version.startswith("1.7"):
        options = {"objective": "reg:squarederror", "tree_method": "hist", "max_cat_to_onehot": 2}
        cases["categories"] = (options, y, ["q", "q", "c", "q"])
    for name, (params, target, types) in cases.items():
        more = {"feature_types": types, "enable_categorical": True} if types else {}
        train = xgboost.DMatrix(x, label=target, **more)
        booster = xgboost.train(dict(params, max_depth=2), train, 2)
        rows = x[:30]
        answers = booster.predict(xgboost.DMatrix(rows, **more))
        write(f"xgboost-{version}-{name}.json", booster, rows, answers)


def with_lightgbm():
    import lightgbm

    version = lightgbm.__version__
    x, y = data()
    cases = {
        "binary": {"objective": "binary", "zero_as_missing": True},
        "multi": {"objective": "multiclass", "num_class": 3, "boosting": "rf",
                  "bagging_freq": 1, "bagging_fraction": 0.6},
    }  # fmt: skip
    targets = {"binary": y > 1, "multi": np.digitize(y, [0, 1.5]), "linear": y}
    if not version.startswith("2"):
        cases["linear"] = {"objective": "regression", "linear_tree": True}
    for name, params in cases.items():
        train = lightgbm.Dataset(
            x,
            label=targets[name].astype(float),
            categorical_feature=[2],
            params={"verbose": -1, "min_data_per_group": 10, "cat_smooth": 2},
        )
        params = dict(params, num_leaves=6, min_data_in_leaf=10, verbose=-1)
        booster = lightgbm.train(params, train, 3)
        write(f"lightgbm-{version}-{name}.txt", booster, x[:30], booster.predict(x[:30]))


if __name__ == "__main__":
    {"xgboost": with_xgboost, "lightgbm": with_lightgbm}[sys.argv[1]]()
