"""Writes iris.pkl: a logistic regression with the parameters that iris.mote
has, taken out of models/iris/train.py, so that the answers are the same.

Usage: iris_estimator.py models/iris/train.py iris.pkl
"""

import importlib.util
import pickle
import sys

from sklearn.datasets import load_iris


def main() -> None:
    spec = importlib.util.spec_from_file_location("train", sys.argv[1])
    sys.modules["skops"] = sys.modules["skops.io"] = type(sys)("skops.io")  # it only writes files
    train = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(train)
    with open(sys.argv[2], "wb") as f:
        pickle.dump(train.fit(*load_iris(return_X_y=True)), f)


if __name__ == "__main__":
    main()
