"""A walk through fitted scikit-learn steps: what flows between them, and what
they ask of the features.

A step is given a Table and makes a new one, writing nodes into the graph. Each
column of a table knows whether it is still a feature as the caller gives it,
and from which features a missing value may have come down to it. So a step
that compares texts makes its feature a category, and a step that refuses
missing values makes them refused at the door.

The walk is done twice. The first finds out what the steps ask, the second
writes the graph with the codes of all categories known.

Functions for steps are found by the name of the step's class:

    TRANSFORMERS  f(walk, name, step, table) -> Table
    REGRESSORS    f(walk, name, step, table) -> Value [batch][targets]
    CLASSIFIERS   f(walk, name, step, table) -> Answer
"""

import math
from dataclasses import dataclass, field

import numpy as np

from mote.errors import Refusal
from mote.graph import Feature, Graph, Value
from mote.importers.names import category_texts

TRANSFORMERS, REGRESSORS, CLASSIFIERS = {}, {}, {}


def knows(registry: dict, *classes: str):
    """Enters a function for classes of steps."""

    def note(function):
        registry.update(dict.fromkeys(classes, function))
        return function

    return note


# ----------------------------------------------------------------------- steps


def class_name(step) -> str:
    return type(step).__name__


def is_sklearn(step) -> bool:
    return type(step).__module__.split(".")[0] == "sklearn"


def refusal(name: str, message: str) -> Refusal:
    return Refusal(f"step {name!r}: {message}")


def unknown_step(name: str, step) -> Refusal:
    return refusal(
        name,
        f"{type(step).__module__}.{class_name(step)} cannot be compiled; "
        "`mote compile --help` lists the steps that can",
    )


def fitted(name: str, step, attribute: str):
    """An attribute that fitting gives a step."""
    value = getattr(step, attribute, None)
    if value is None:
        raise lacks(name, step, attribute)
    return value


def lacks(name: str, step, attribute: str) -> Refusal:
    return refusal(
        name,
        f"{class_name(step)} has no {attribute}: it is not fitted, or was fitted by another "
        "version of the library; fit it with the installed one",
    )


def takes_missing(step) -> bool:
    """What the library says of its step; versions that do not say it: no."""
    try:
        from sklearn.utils import get_tags
    except ImportError:
        return False
    return bool(get_tags(step).input_tags.allow_nan)


# -------------------------------------------------------------------- features


def is_absent(value) -> bool:
    return value is None or (isinstance(value, (float, np.floating)) and math.isnan(value))


def plain(value):
    """A category as Python has it."""
    return value.item() if isinstance(value, np.generic) else value


@dataclass(eq=False)
class Source:
    """A feature as the estimator takes it, and what the steps ask of it.

    computes   the step that computes with it, if one does
    compares   the step that needs it to be one of known values, if one does
    values     these values; the place of each is its code
    limits     those that each step knows which refuses others
    absent     what stands for a missing value where the values are texts
    """

    index: int
    name: str
    used: bool = False
    computes: str | None = None
    compares: str | None = None
    values: list = field(default_factory=list)
    limits: list[list] = field(default_factory=list)
    absent: object = math.nan
    missing: bool = True
    other: bool = True

    def settle(self) -> None:
        """Between the two walks."""
        if self.computes and self.compares:
            raise Refusal(
                f"feature {self.name!r}: step {self.compares!r} compares it with known values and "
                f"step {self.computes!r} computes with it; give the two a column each, or let the "
                "encoder have handle_unknown='ignore'"
            )
        self.values = [v for v in self.values if all(v in known for known in self.limits)]
        self.missing = self.other = True

    def feature(self) -> Feature:
        if not self.compares:
            return Feature(self.name, missing=self.missing)
        texts = category_texts(self.name, self.values)
        return Feature(self.name, missing=self.missing, categories=texts, other=self.other)

    def given(self, codes: np.ndarray) -> np.ndarray:
        """Values as the trainer takes them, for codes or numbers [rows]."""
        if not self.compares:
            return codes
        other = "another" if any(isinstance(v, str) for v in self.values) else math.pi
        while other in self.values:
            other *= 2
        values = [*self.values, self.absent, other]  # -2 missing, -1 another
        picked = np.where(np.isnan(codes), -2, codes).astype(int)
        out = np.empty(len(codes), object)
        out[:] = [values[i] for i in picked]
        return out


@dataclass(frozen=True)
class Column:
    """source: the feature that it still is, if it is one, missing values
    perhaps filled. missing, other: features of which a missing value, or a
    category that is not known, is a NaN here."""

    source: Source | None = None
    missing: frozenset[Source] = frozenset()
    other: frozenset[Source] = frozenset()


@dataclass
class Table:
    """Columns that lie at places of the rows of a value. sparse: the library
    has it without its zeros."""

    value: Value
    at: list[int]
    columns: list[Column]
    sparse: bool = False

    def select(self, index) -> "Table":
        at, columns = [self.at[i] for i in index], [self.columns[i] for i in index]
        return Table(self.value, at, columns, self.sparse)


@dataclass
class Answer:
    """What a classifier gives for rows: index [batch] of the class; decision
    [batch][classes], of two classes 0 and the library's one value;
    probabilities [batch][classes]. None: the library has none."""

    classes: np.ndarray
    index: Value
    decision: Value | None = None
    probabilities: Value | None = None


class Walk:
    """One walk: the graph that it writes, and the features it reads."""

    def __init__(self, sources: list[Source], read: list[int], second: bool):
        """read: the features that the graph's input holds."""
        self.graph = Graph.of_rows(max(len(read), 1))
        self.sources, self.second = sources, second
        place = {source: i for i, source in enumerate(read)}
        self.start = Table(
            self.graph.input,
            [place.get(i, 0) for i in range(len(sources))],
            [Column(s, frozenset([s])) for s in sources],
        )

    # Tables

    def rows(self, table: Table) -> Value:
        """[batch][columns] with just the columns of a table."""
        if table.at == list(range(table.value.columns)):
            return table.value
        return self.graph.columns(table.value, table.at)

    def table(self, value: Value, columns=None, sparse: bool = False) -> Table:
        columns = [Column()] * value.columns if columns is None else columns
        return Table(value, list(range(value.columns)), list(columns), sparse)

    def concat(self, name: str, tables: list[Table], sparse: bool = False) -> Table:
        tables = [t for t in tables if t.columns]
        if not tables:
            raise refusal(name, "no columns are left")
        columns = [c for t in tables for c in t.columns]
        if all(t.value is tables[0].value for t in tables):
            return Table(tables[0].value, [i for t in tables for i in t.at], columns, sparse)
        return self.table(self.graph.concat([self.rows(t) for t in tables]), columns, sparse)

    # What steps ask

    def use(self, table: Table) -> Value:
        """The rows of a table, for a step that takes texts as well."""
        for column in table.columns:
            if column.source:
                column.source.used = True
        return self.rows(table)

    def numbers(self, name: str, table: Table, missing: bool = False) -> Value:
        """The rows of a table, for a step that computes with them; missing: it
        takes missing values."""
        if not table.columns:
            raise refusal(name, "is given no columns")
        for column in table.columns:
            if column.source:
                column.source.computes = name
        if not missing:
            self.refuse_missing(name, table.columns)
        return self.use(table)

    def refuse_missing(self, name: str, columns: list[Column]) -> None:
        for column in columns:
            for source in column.missing:
                source.missing = False
            for source in column.other:
                source.other = False
                if self.second and not source.compares:
                    raise refusal(
                        name,
                        f"refuses the NaN that an encoder before it makes of numbers of feature "
                        f"{source.name!r} it does not know; give the encoder another unknown_value",
                    )

    def key(self, column: Column, value) -> float | None:
        """What a category is in a column; None: no caller can give it."""
        if is_absent(value):
            return math.nan
        value, source = plain(value), column.source
        if source is None or not (source.compares or isinstance(value, str)):
            return float(value)
        if value not in source.values:
            if self.second:
                return None
            source.values.append(value)
        return float(source.values.index(value))

    def compare(self, name: str, column: Column, categories, refuse_other: bool) -> list:
        """The keys of a column's categories, for a step that knows just these."""
        known = [plain(c) for c in categories if not is_absent(c)]
        texts = any(isinstance(v, (str, bool)) for v in known)
        if any(isinstance(v, bytes) for v in known):
            raise refusal(name, "has categories of bytes; fit it with texts")
        source = column.source
        if source is None:
            if texts or refuse_other:
                raise refusal(
                    name,
                    "refuses unknown values of a column that is computed by the steps before it; "
                    "fit it with handle_unknown='ignore'",
                )
            return [self.key(column, c) for c in categories]
        source.used = True
        if texts or refuse_other:
            source.compares = source.compares or name
        absent = [c for c in categories if is_absent(c)]
        if len(absent) > 1:
            raise refusal(name, f"tells None from NaN in feature {source.name!r}; fit it with one")
        if absent and column.missing:
            source.absent = None if absent[0] is None else math.nan
        if refuse_other:
            source.limits.append(known)
            source.other = False
        return [self.key(column, c) for c in categories]


# ----------------------------------------------------------------------- walks


def nothing(step) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def enter(registry: dict, walk: Walk, name: str, step, table: Table):
    function = registry.get(class_name(step)) if is_sklearn(step) else None
    if function is None:
        raise unknown_step(name, step)
    try:
        return function(walk, name, step, table)
    except AttributeError as e:
        if e.obj is None or not is_sklearn(e.obj):
            raise
        raise lacks(name, e.obj, e.name) from e


def is_pipeline(step) -> bool:
    return is_sklearn(step) and class_name(step) == "Pipeline"


def before_last(walk: Walk, name: str, pipeline, table: Table):
    """All steps of a pipeline but the last: its name, itself and its table."""
    steps = [(n, s) for n, s in pipeline.steps if not nothing(s)]
    if not steps:
        raise refusal(name, "has no steps to compile")
    names = [n if name == "Pipeline" else f"{name}.{n}" for n, _ in steps]
    for inner, (_, step) in zip(names[:-1], steps[:-1]):
        table = transform(walk, inner, step, table)
    return names[-1], steps[-1][1], table


def transform(walk: Walk, name: str, step, table: Table) -> Table:
    if nothing(step):
        return table
    if is_pipeline(step):
        if all(nothing(s) for _, s in step.steps):
            return table
        return transform(walk, *before_last(walk, name, step, table))
    return enter(TRANSFORMERS, walk, name, step, table)


def regress(walk: Walk, name: str, step, table: Table) -> Value:
    """[batch][targets]"""
    if is_pipeline(step):
        return regress(walk, *before_last(walk, name, step, table))
    return enter(REGRESSORS, walk, name, step, table)


def classify(walk: Walk, name: str, step, table: Table) -> Answer:
    if is_pipeline(step):
        return classify(walk, *before_last(walk, name, step, table))
    return enter(CLASSIFIERS, walk, name, step, table)


def classes_of(name: str, step) -> np.ndarray:
    classes = fitted(name, step, "classes_")
    if isinstance(classes, list):
        raise refusal(name, "has several outputs; compile one model for each")
    if len(classes) < 2:
        raise refusal(name, "knows one class only")
    return np.asarray(classes)


def two_columns(weight, bias) -> tuple[np.ndarray, np.ndarray]:
    """One score as those of two classes, 0 and itself: then the first largest
    is the second class exactly where the score is above 0, and the softmax of
    the two is the logistic function of the score."""
    return np.vstack([np.zeros_like(weight), weight]), np.concatenate([[0.0], bias])
