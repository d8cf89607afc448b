"""scikit-learn's transformers of columns: scalers, imputers, encoders,
discretizers, polynomial features, selections, projections, and the column
transformer that gives each its columns. Operations come in the order in which
the library does them."""

import math
import warnings

import numpy as np

from mote.graph import Table as Keys
from mote.importers.sklearn_walk import (
    TRANSFORMERS,
    Column,
    Table,
    Walk,
    fitted,
    is_absent,
    knows,
    plain,
    refusal,
    takes_missing,
    transform,
)

# --------------------------------------------------------------------- scalers


def scaled(walk: Walk, name: str, table: Table, *steps, sparse: bool = False) -> Table:
    """steps: (kind, vector) one after the other; without a vector, none."""
    value = walk.numbers(name, table, missing=True)
    for kind, vector in steps:
        if vector is not None:
            value = walk.graph.rowwise(value, kind, vector)
    return walk.table(value, lost(table), sparse and table.sparse)


def lost(table: Table) -> list[Column]:
    """Columns that are no features any more, but NaN where they were."""
    return [Column(None, c.missing, c.other) for c in table.columns]


def clipped(walk: Walk, table: Table, low: float, high: float) -> Table:
    value = walk.graph.limit(walk.graph.limit(table.value, "max", low), "min", high)
    return walk.table(value, table.columns)


@knows(TRANSFORMERS, "StandardScaler")
def standard_scaler(walk: Walk, name: str, step, table: Table) -> Table:
    fitted(name, step, "n_features_in_")
    mean = step.mean_ if step.with_mean else None
    return scaled(walk, name, table, ("-", mean), ("/", step.scale_), sparse=mean is None)


@knows(TRANSFORMERS, "RobustScaler")
def robust_scaler(walk: Walk, name: str, step, table: Table) -> Table:
    fitted(name, step, "n_features_in_")
    center = step.center_ if step.with_centering else None
    return scaled(walk, name, table, ("-", center), ("/", step.scale_), sparse=center is None)


@knows(TRANSFORMERS, "MinMaxScaler")
def min_max_scaler(walk: Walk, name: str, step, table: Table) -> Table:
    out = scaled(walk, name, table, ("*", fitted(name, step, "scale_")), ("+", step.min_))
    return clipped(walk, out, *step.feature_range) if step.clip else out


@knows(TRANSFORMERS, "MaxAbsScaler")
def max_abs_scaler(walk: Walk, name: str, step, table: Table) -> Table:
    out = scaled(walk, name, table, ("/", fitted(name, step, "scale_")), sparse=True)
    return clipped(walk, out, -1, 1) if getattr(step, "clip", False) else out


@knows(TRANSFORMERS, "Binarizer")
def binarizer(walk: Walk, name: str, step, table: Table) -> Table:
    above = Keys([np.nextafter(step.threshold, math.inf)], [1.0], 0.0, 0.0)
    value = walk.numbers(name, table)
    return walk.table(
        walk.graph.encode(value, [above] * len(table.columns), "floor"), sparse=table.sparse
    )


@knows(TRANSFORMERS, "FunctionTransformer")
def function_transformer(walk: Walk, name: str, step, table: Table) -> Table:
    if step.func is not None:
        raise refusal(
            name, "calls a function of Python, which cannot be compiled; use a transformer instead"
        )
    return table


# -------------------------------------------------------------- missing values


def missing_key(walk: Walk, name: str, step, column: Column) -> float | None:
    """What a missing value is to an imputer, in a column."""
    what = step.missing_values
    if isinstance(what, (str, bool)) and column.source:
        column.source.compares = column.source.compares or name
    elif what is None:
        raise refusal(name, "missing_values=None cannot be compiled; use NaN")
    elif not isinstance(what, (int, float, np.number)):
        what = math.nan  # pandas.NA
    return walk.key(column, what)


def fill_key(walk: Walk, name: str, column: Column, statistic) -> float | None:
    if isinstance(statistic, (str, bool)) and column.source:
        column.source.compares = column.source.compares or name
    return walk.key(column, statistic)


@knows(TRANSFORMERS, "SimpleImputer")
def simple_imputer(walk: Walk, name: str, step, table: Table) -> Table:
    statistics = [plain(s) for s in fitted(name, step, "statistics_")]
    keeps = getattr(step, "keep_empty_features", False)
    kept = [i for i, s in enumerate(statistics) if keeps or not is_absent(s)]
    imputed = filled(walk, name, step, table.select(kept), [statistics[i] for i in kept])
    if not step.add_indicator:
        return imputed
    return walk.concat(name, [imputed, indicated(walk, name, step.indicator_, table)])


def filled(walk: Walk, name: str, step, table: Table, statistics: list) -> Table:
    """A missing value that becomes what a later step refuses, is refused."""
    what, fills, columns = [], [], []
    for column, statistic in zip(table.columns, statistics):
        missing = missing_key(walk, name, step, column)
        fill = fill_key(walk, name, column, statistic)
        if missing is None or not math.isnan(missing):
            walk.refuse_missing(name, [column])
        elif fill is None:
            for source in column.missing:
                source.missing = False
        what.append(math.inf if missing is None else missing)
        fills.append(math.nan if fill is None else fill)
        columns.append(Column(column.source))
    return walk.table(walk.graph.fill(walk.use(table), what, fills), columns, table.sparse)


@knows(TRANSFORMERS, "MissingIndicator")
def missing_indicator(walk: Walk, name: str, step, table: Table) -> Table:
    known = set(fitted(name, step, "features_").tolist())
    if step.features == "missing-only" and step.error_on_new:
        new = [c for i, c in enumerate(table.columns) if i not in known]
        if new and not is_absent(step.missing_values):
            raise refusal(
                name, "refuses what it saw no missing value of; fit it with error_on_new=False"
            )
        walk.refuse_missing(name, new)
    return indicated(walk, name, step, table)


def indicated(walk: Walk, name: str, step, table: Table) -> Table:
    picked = table.select(fitted(name, step, "features_").tolist())
    if not picked.columns:
        return picked
    keys = [missing_key(walk, name, step, c) for c in picked.columns]
    for column, key in zip(picked.columns, keys):
        if key is None or not math.isnan(key):
            walk.refuse_missing(name, [column])
    value = walk.graph.equal(
        walk.use(picked), range(len(keys)), [math.inf if k is None else k for k in keys]
    )
    return walk.table(value, sparse=picked.sparse)


# -------------------------------------------------------------------- encoders


def tabulate(name: str, step, unknown: bool) -> np.ndarray:
    """What an encoder makes of each of its categories: [place][output], those
    of shorter columns repeated; and last, if asked, of one it does not know."""
    categories = fitted(name, step, "categories_")
    longest = max(len(c) for c in categories)
    rows = np.empty((longest + unknown, len(categories)), object)
    for i, column in enumerate(categories):
        for place in range(longest):
            rows[place, i] = plain(column[place % len(column)])
    if unknown:
        rows[longest] = "\0 unknown"
    try:
        with warnings.catch_warnings():  # the rows are no data frame with names
            warnings.simplefilter("ignore")
            out = step.transform(rows)
    except (AttributeError, ValueError, TypeError) as e:
        raise refusal(
            name, f"does not transform its own categories here ({type(e).__name__}: {e})"
        ) from e
    return np.asarray(out.todense() if hasattr(out, "todense") else out, np.float64)


def encoded(walk: Walk, name: str, step, table: Table, results: list, other: bool) -> list[Keys]:
    """Tables from a column's values to results: for each column those of its
    categories, and last, if other values are taken, of these."""
    tables = []
    for column, categories, result in zip(table.columns, step.categories_, results):
        keys = walk.compare(name, column, categories, not other)
        unknown = float(result[-1]) if other else math.nan
        missing, pairs = unknown, {}
        for key, category, y in zip(keys, categories, result):
            if is_absent(category):
                missing = float(y)
            elif key is not None:
                pairs[key] = float(y)
        if not other and not any(is_absent(c) for c in categories):
            walk.refuse_missing(name, [column])
        ordered = sorted(pairs)
        tables.append(Keys(ordered, [pairs[k] for k in ordered], unknown, missing))
    return tables


def codes_out(table: Table, tables: list[Keys]) -> list[Column]:
    """Columns of what encoders give: NaN where the tables say so."""
    return [
        Column(
            None,
            c.missing if math.isnan(t.missing) else frozenset(),
            (c.other | {c.source} if c.source else c.other) if math.isnan(t.other) else frozenset(),
        )
        for c, t in zip(table.columns, tables)
    ]


@knows(TRANSFORMERS, "OrdinalEncoder")
def ordinal_encoder(walk: Walk, name: str, step, table: Table) -> Table:
    other = step.handle_unknown == "use_encoded_value"
    out = tabulate(name, step, other)
    results = [column_of(out[:, i], c, other) for i, c in enumerate(step.categories_)]
    tables = encoded(walk, name, step, table, results, other)
    columns = codes_out(table, tables)
    if not other:
        columns = [Column(None, c.missing) for c in columns]
    return walk.table(walk.graph.encode(walk.use(table), tables, "exact"), columns)


def column_of(out: np.ndarray, categories, other: bool) -> list:
    """Results of one column's categories, and of another value."""
    return [*out[: len(categories)], *(out[-1:] if other else [])]


@knows(TRANSFORMERS, "TargetEncoder")
def target_encoder(walk: Walk, name: str, step, table: Table) -> Table:
    out = tabulate(name, step, unknown=True)
    each = out.shape[1] // len(step.categories_)
    index = [i for i in range(len(step.categories_)) for _ in range(each)]
    repeated = table.select(index)
    tables = []
    for k in range(each):
        results = [column_of(out[:, i * each + k], c, True) for i, c in enumerate(step.categories_)]
        tables.append(encoded(walk, name, step, table, results, True))
    merged = [tables[j % each][j // each] for j in range(len(index))]
    return walk.table(walk.graph.encode(walk.use(repeated), merged, "exact"))


@knows(TRANSFORMERS, "OneHotEncoder")
def one_hot_encoder(walk: Walk, name: str, step, table: Table) -> Table:
    """Each value becomes the number of its output column, or -1, and these
    numbers become columns; where each output has one value, at once."""
    if step.handle_unknown not in ("error", "ignore", "infrequent_if_exist", "warn"):
        raise refusal(name, f"handle_unknown={step.handle_unknown!r} is not known")
    other = step.handle_unknown != "error"
    out = tabulate(name, step, other)
    widths = one_hot_widths(name, step)
    ends = np.cumsum(widths)
    if ends[-1] != out.shape[1]:
        raise refusal(name, f"gives {out.shape[1]} columns, expected {ends[-1]}")
    if not ends[-1]:
        raise refusal(name, "gives no columns")
    results = []
    for width, end, categories in zip(widths, ends, step.categories_):
        block = out[:, end - width : end]
        place = np.where(block.any(axis=1), block.argmax(axis=1) if width else 0, -1)
        results.append(column_of(place, categories, other))
    tables = encoded(walk, name, step, table, results, other)
    value = walk.use(table)
    singles = [single_keys(t, width) for t, width in zip(tables, widths)]
    columns = [i for i, width in enumerate(widths) for _ in range(width)]
    if all(s is not None for s in singles):
        value = walk.graph.equal(value, columns, [k for s in singles for k in s])
    else:
        value = walk.graph.encode(value, [numbered(t) for t in tables], "exact")
        places = [float(k) for width in widths for k in range(width)]
        value = walk.graph.equal(value, columns, places)
    return walk.table(value, sparse=getattr(step, "sparse_output", getattr(step, "sparse", True)))


def one_hot_widths(name: str, step) -> list[int]:
    """Output columns of each input column."""
    groups = getattr(step, "infrequent_categories_", None) or [None] * len(step.categories_)
    dropped = step.drop_idx_ if step.drop_idx_ is not None else [None] * len(step.categories_)
    return [
        len(categories) - (0 if group is None else len(group) - 1) - (drop is not None)
        for categories, group, drop in zip(step.categories_, groups, dropped)
    ]


def single_keys(table: Keys, width: int) -> list[float] | None:
    """The one key of each output column, if each has one and other values none."""
    places = dict.fromkeys(range(width), None)
    pairs = [*zip(table.keys, table.values)]
    if not math.isnan(table.missing):
        pairs.append((math.nan, table.missing))
    if table.other >= 0:
        return None
    for key, place in pairs:
        if place < 0:
            continue
        if places[int(place)] is not None:
            return None
        places[int(place)] = key
    # a category that no caller can give: no number is infinite
    return [math.inf if key is None else key for key in places.values()]


def numbered(table: Keys) -> Keys:
    """Without NaN results: what is refused elsewhere has no column."""
    other = -1.0 if math.isnan(table.other) else table.other
    return Keys(
        table.keys, table.values, other, other if math.isnan(table.missing) else table.missing
    )


@knows(TRANSFORMERS, "KBinsDiscretizer")
def bins(walk: Walk, name: str, step, table: Table) -> Table:
    if step.dtype is not None and np.dtype(step.dtype) != np.float64:
        raise refusal(name, f"dtype={step.dtype!r} cannot be compiled; fit it with float64")
    tables, places = [], []
    for i, edges in enumerate(fitted(name, step, "bin_edges_")):
        inner = {float(e): k for k, e in enumerate(edges[1:-1], 1)}  # of equal ones the last
        tables.append(Keys(list(inner), [float(k) for k in inner.values()], 0.0, 0.0))
        places += [(i, float(k)) for k in range(int(step.n_bins_[i]))]
    value = walk.graph.encode(walk.numbers(name, table), tables, "floor")
    if step.encode == "ordinal":
        return walk.table(value)
    value = walk.graph.equal(value, [i for i, _ in places], [k for _, k in places])
    return walk.table(value, sparse=step.encode == "onehot")


# --------------------------------------------------- more columns, fewer columns


@knows(TRANSFORMERS, "PolynomialFeatures")
def polynomial_features(walk: Walk, name: str, step, table: Table) -> Table:
    """Each product is one of a degree less times its first factor, as the
    library multiplies."""
    powers = fitted(name, step, "powers_")
    wanted = [tuple(np.repeat(np.arange(len(p)), p).tolist()) for p in powers]
    places: dict[tuple, int] = {}
    factors, earlier = [], []

    def place(factors_of: tuple) -> int:
        if factors_of in places:
            return places[factors_of]
        rest = place(factors_of[1:]) if len(factors_of) > 1 else -1
        factors.append(factors_of[0] if factors_of else -1)
        earlier.append(rest)
        return places.setdefault(factors_of, len(factors) - 1)

    picked = [place(w) for w in wanted]
    value = walk.graph.products(walk.numbers(name, table), factors, earlier)
    out = walk.table(value, sparse=table.sparse)
    return out if picked == list(range(len(factors))) else out.select(picked)


@knows(
    TRANSFORMERS, "SelectKBest", "SelectPercentile", "SelectFpr", "SelectFdr", "SelectFwe",
    "GenericUnivariateSelect", "VarianceThreshold", "SelectFromModel", "RFE", "RFECV",
    "SequentialFeatureSelector",
)  # fmt: skip
def selection(walk: Walk, name: str, step, table: Table) -> Table:
    fitted(name, step, "n_features_in_")
    walk.numbers(name, table, missing=takes_missing(step))
    picked = np.flatnonzero(step.get_support()).tolist()
    if not picked:
        raise refusal(name, "selects no columns")
    return table.select(picked)


@knows(TRANSFORMERS, "PCA", "IncrementalPCA")
def projection(walk: Walk, name: str, step, table: Table) -> Table:
    components = fitted(name, step, "components_")
    value = walk.graph.dense(walk.numbers(name, table), components, -(components @ step.mean_))
    if step.whiten:
        scale = np.sqrt(step.explained_variance_)
        value = walk.graph.rowwise(value, "/", np.maximum(scale, np.finfo(scale.dtype).eps))
    return walk.table(value)


@knows(TRANSFORMERS, "TruncatedSVD")
def truncated_svd(walk: Walk, name: str, step, table: Table) -> Table:
    components = fitted(name, step, "components_")
    return walk.table(walk.graph.dense(walk.numbers(name, table), components))


# ------------------------------------------------------------- several of them


def weighted(walk: Walk, table: Table, weight: float | None) -> Table:
    if weight is None:
        return table
    value = walk.graph.rowwise(walk.rows(table), "*", [weight] * len(table.columns))
    return walk.table(value, lost(table), table.sparse)


@knows(TRANSFORMERS, "ColumnTransformer")
def column_transformer(walk: Walk, name: str, step, table: Table) -> Table:
    weights = step.transformer_weights or {}
    names = [str(n) for n in getattr(step, "feature_names_in_", [])]
    tables = []
    for inner, transformer, columns in fitted(name, step, "transformers_"):
        index = column_indices(name, columns, names, len(table.columns))
        if (isinstance(transformer, str) and transformer == "drop") or not index:
            continue
        out = transform(walk, f"{name}.{inner}", transformer, table.select(index))
        tables.append(weighted(walk, out, weights.get(inner)))
    return walk.concat(name, tables, step.sparse_output_)


def column_indices(name: str, columns, names: list[str], count: int) -> list[int]:
    """As a column transformer takes them: names, numbers, a slice or a mask."""
    if isinstance(columns, slice):
        if isinstance(columns.start, str) or isinstance(columns.stop, str):
            first = 0 if columns.start is None else names.index(columns.start)
            end = count if columns.stop is None else names.index(columns.stop) + 1
            return list(range(count)[first : end : columns.step])
        return list(range(count)[columns])
    picked = [plain(c) for c in ([columns] if np.isscalar(columns) else columns)]
    if callable(columns):
        raise refusal(name, "is not fitted: its columns are still a function")
    if picked and all(isinstance(c, bool) for c in picked):
        return [i for i, c in enumerate(picked) if c]
    index = [names.index(c) if isinstance(c, str) else int(c) for c in picked]
    return [i + count if i < 0 else i for i in index]


@knows(TRANSFORMERS, "FeatureUnion")
def feature_union(walk: Walk, name: str, step, table: Table) -> Table:
    weights = step.transformer_weights or {}
    tables = []
    for inner, transformer in step.transformer_list:
        if isinstance(transformer, str) and transformer == "drop":
            continue
        out = transform(walk, f"{name}.{inner}", transformer, table)
        tables.append(weighted(walk, out, weights.get(inner)))
    return walk.concat(name, tables, any(t.sparse for t in tables))
