"""Data of every kind, and the comparison of a fitted scikit-learn estimator
with what is compiled from it."""

import numpy as np
import pandas

from mote import config, lower, verify
from mote.importers import sklearn

ROWS = 240


class Draw:
    """Random data and options of one case, by a seed that is printed. It is
    also that of estimators, which draw from numpy's own state."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)
        np.random.seed(seed)
        print(f"seed {seed}")

    def one(self, *options):
        return options[self.rng.integers(len(options))]

    def numbers(self, columns: int = 5, missing: float = 0.0) -> np.ndarray:
        """Some with many digits, some few of them often: ties of thresholds."""
        x = self.rng.normal(size=(ROWS, columns)) * self.rng.uniform(0.1, 30, columns)
        x[:, 0] = np.round(x[:, 0], 1)
        x[:, 1] = self.rng.integers(-3, 4, ROWS)
        x[self.rng.random(x.shape) < missing] = np.nan
        return x

    def frame(self, missing: float = 0.1) -> pandas.DataFrame:
        """Two columns of numbers, two of texts (one with rare ones), one each
        of integers and truths; numbers and one of the texts with gaps."""
        r, x = self.rng, self.numbers(2, missing)
        size = r.choice(["S", "M", "L"], ROWS).astype(object)
        size[r.random(ROWS) < missing] = np.nan
        shares = [0.4, 0.3, 0.2, 0.06, 0.04]
        return pandas.DataFrame({
            "a": x[:, 0],
            "b": x[:, 1],
            "color": r.choice(["red", "green", "blue", "été", "rare"], ROWS, p=shares),
            "size": size,
            "count": r.integers(0, 5, ROWS),
            "flag": r.random(ROWS) < 0.5,
        })  # fmt: skip

    def score(self, x) -> np.ndarray:
        """Something that can be learned of numbers or of a frame."""
        if isinstance(x, pandas.DataFrame):
            codes = [pandas.factorize(x[c])[0] for c in x.columns[2:]]
            x = np.column_stack([x["a"], x["b"], *codes]).astype(float)
        x = np.nan_to_num(x)
        z = (x / (x.std(axis=0) + 1e-9)) @ self.rng.normal(size=x.shape[1])
        return z + 0.3 * self.rng.normal(size=len(z))

    def classes(self, x, count: int):
        """Labels that are texts, numbers or, of two, truths."""
        z = self.score(x)
        index = np.digitize(z, np.quantile(z, np.arange(1, count) / count))
        if count == 2 and self.rng.random() < 0.3:
            return index == 1
        return self.one(np.array(["no", "yes", "maybe", "never"])[index], index * 3 - 1, index)


def check(estimator, given=None, precision=None, rows=100, **settings):
    """Compiles a fitted estimator and holds it to the trainer: what was
    imported, and the result."""
    imported = sklearn.import_estimator(estimator, **settings)
    precision = precision or lower.choose_precision(imported.graph)
    blob = lower.lower(imported, config.Config("test", "1"), precision).to_bytes()
    result = verify.verify(imported, blob, precision, config.Verify(rows=rows), given)
    assert result.passed, (estimator, result.failures)
    assert result.overflows < 0.6 * result.rows, "the trainer refused most rows"
    return imported, result
