#!/usr/bin/env python3
"""Trains the iris classifier and saves the estimator for `mote compile`.

Data: the Iris set that scikit-learn carries (Fisher 1936; UCI, CC BY 4.0).
Model: multinomial logistic regression on all 150 flowers; what it is worth is
measured first, on a third of them that it has not seen.

The same bytes come out anywhere: the optimum is unique, the solver goes far
beyond six decimals, and the parameters are rounded to six.

Usage: train.py FOLDER, for estimator.skops in it
"""

import sys
from pathlib import Path

import numpy as np
import skops.io
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

DECIMALS = 6


def fit(x, y) -> LogisticRegression:
    model = LogisticRegression(C=1.0, solver="newton-cg", tol=1e-12, max_iter=1000).fit(x, y)
    model.coef_ = np.round(model.coef_, DECIMALS)
    model.intercept_ = np.round(model.intercept_, DECIMALS)
    return model


def main() -> None:
    x, y = load_iris(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=1 / 3, random_state=0, stratify=y
    )
    held_out = fit(x_train, y_train).score(x_test, y_test)
    model = fit(x, y)
    print(f"accuracy on {len(y_test)} held-out flowers: {held_out:.4f}")
    print(f"accuracy on all {len(y)} it was trained on: {model.score(x, y):.4f}")
    path = Path(sys.argv[1]) / "estimator.skops"
    path.parent.mkdir(parents=True, exist_ok=True)
    skops.io.dump(model, path)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
