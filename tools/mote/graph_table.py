"""Methods of Graph for tables of columns: what stands before a model of
features, such as encoders, imputers and discretizers. All in float64.

x is [..., n]. A missing number is a NaN, and in these operators equals another
NaN.
"""

import math
from dataclasses import dataclass

import numpy as np

ENCODINGS = ("exact", "floor")
LIMITS = ("min", "max")


@dataclass
class Table:
    """What encode makes of one column. keys ascend, and none is a NaN."""

    keys: list[float]
    values: list[float]
    other: float = math.nan  # of a number that has no key
    missing: float = math.nan  # of a NaN


@dataclass
class LinearLeaf:
    """A leaf of linear_leaves: constant + sum over i of x[columns[i]] times
    coefficients[i]; fallback where one of these x is a NaN."""

    constant: float
    columns: list[int]
    coefficients: list[float]
    fallback: float


def expect(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def real(array, count: int, what: str) -> np.ndarray:
    """float64 [count]."""
    array = np.ascontiguousarray(array, np.float64)
    expect(array.shape == (count,), f"{what} {array.shape}, expected ({count},)")
    return array


def indices(array, low: int, below: int, what: str) -> np.ndarray:
    """s32 [m], m at least 1, each from low to below - 1."""
    array = np.asarray(list(array), np.int32)
    expect(array.ndim == 1 and array.size > 0, f"{what} {array.shape}")
    expect(
        low <= array.min() and array.max() < below,
        f"{what} from {array.min()} to {array.max()}, expected {low} to {below - 1}",
    )
    return array


class TableMethods:
    """node() is Graph's."""

    def columns(self, x, index):
        """y_j = x[index_j]; a column may come more than once."""
        index = indices(index, 0, x.dims[-1], "index")
        return self.node("columns", [x], x.dims[:-1] + (len(index),), index=index)

    def fill(self, x, what, with_):
        """For each column: with_ where x equals what, else x."""
        n = x.dims[-1]
        what, with_ = real(what, n, "what"), real(with_, n, "with_")
        return self.node("fill", [x], x.dims, what=what, with_=with_)

    def encode(self, x, tables: list[Table], kind: str):
        """A table for each column. kind "exact": the value of the key that
        equals x; "floor": of the last key that is x or less."""
        expect(kind in ENCODINGS, f"kind {kind!r}")
        expect(len(tables) == x.dims[-1], f"{len(tables)} tables for {x.dims[-1]} columns")
        for i, table in enumerate(tables):
            keys = np.asarray(table.keys, np.float64)
            expect(len(table.values) == len(keys), f"table {i}: {len(keys)} keys")
            expect(
                not np.isnan(keys).any() and bool((keys[:-1] < keys[1:]).all()),
                f"table {i}: keys that do not ascend",
            )
        return self.node("encode", [x], x.dims, tables=list(tables), kind=kind)

    def equal(self, x, columns, values):
        """y_j = 1 where x[columns_j] equals values_j, else 0."""
        columns = indices(columns, 0, x.dims[-1], "columns")
        values = real(values, len(columns), "values")
        dims = x.dims[:-1] + (len(columns),)
        return self.node("equal", [x], dims, columns=columns, values=values)

    def products(self, x, factors, earlier):
        """y_j = x[factors_j] times y[earlier_j]; -1 is no factor, and with
        neither y_j is 1."""
        factors = indices(factors, -1, x.dims[-1], "factors")
        earlier = indices(earlier, -1, len(factors), "earlier")
        expect(len(earlier) == len(factors), f"{len(factors)} factors, {len(earlier)} earlier")
        expect(bool((earlier < np.arange(len(earlier))).all()), "a product of a later one")
        dims = x.dims[:-1] + (len(factors),)
        return self.node("products", [x], dims, factors=factors, earlier=earlier)

    def distance(self, x, vectors):
        """y_k = sum of (x_i - vectors_ki) squared; vectors [k][n]."""
        vectors = np.ascontiguousarray(vectors, np.float64)
        expect(
            vectors.ndim == 2 and vectors.shape[1] == x.dims[-1],
            f"vectors {vectors.shape} for rows of {x.dims[-1]}",
        )
        return self.node("distance", [x], x.dims[:-1] + (len(vectors),), vectors=vectors)

    def linear_leaves(self, x, leaf, leaves: list[LinearLeaf], targets, outputs: int):
        """Sums of leaves that are linear in x. leaf [..., t]: for each tree the
        number of its leaf among all leaves. Tree i adds to y[targets[i]]; y is
        [..., outputs] and starts at 0."""
        targets = indices(targets, 0, outputs, "targets")
        expect(leaf.dims == x.dims[:-1] + (len(targets),), f"leaf {leaf.dims} of {x.dims}")
        for i, one in enumerate(leaves):
            expect(len(one.columns) == len(one.coefficients), f"leaf {i}")
            expect(
                all(0 <= c < x.dims[-1] for c in one.columns),
                f"leaf {i}: columns {one.columns} of {x.dims[-1]}",
            )
        dims = x.dims[:-1] + (outputs,)
        return self.node("linear_leaves", [x, leaf], dims, leaves=list(leaves), targets=targets)

    def linear(self, x, matrix):
        """matrix [m][n] x, in the order of the columns, whatever a net is computed in."""
        matrix = np.ascontiguousarray(matrix, np.float64)
        expect(matrix.shape[1:] == x.dims[-1:], f"matrix {matrix.shape} for {x.dims}")
        return self.node("linear", [x], x.dims[:-1] + (len(matrix),), matrix=matrix)

    def concat(self, parts: list):
        """One behind the other along the last axis."""
        first = parts[0].dims
        expect(all(p.dims[:-1] == first[:-1] for p in parts), f"{[p.dims for p in parts]}")
        dims = first[:-1] + (sum(p.dims[-1] for p in parts),)
        return parts[0] if len(parts) == 1 else self.node("concat", list(parts), dims)

    def real(self, x):
        """Indices as numbers; indices [batch] are a column, [batch][1]."""
        return self.node("real", [x], x.dims if len(x.dims) > 1 else (*x.dims, 1))

    def limit(self, x, kind: str, bound):
        """The smaller or the larger of x and a bound, one for all or one for
        each column; kind "min" or "max". A NaN stays one."""
        expect(kind in LIMITS, f"kind {kind!r}")
        bound = np.atleast_1d(np.asarray(bound, np.float64))
        expect(bound.shape in ((1,), (x.dims[-1],)), f"bound {bound.shape} of {x.dims}")
        return self.node("limit", [x], x.dims, kind=kind, bound=bound)
