"""Reads LightGBM's model files, the text that save_model writes, without the
library: what lightgbm.py makes graphs of. Nothing in a file is trusted: what is
not as LightGBM writes it is refused by its place.

Sources, in microsoft/LightGBM: src/boosting/gbdt_model_text.cpp and
src/io/tree.cpp (the text), include/LightGBM/tree.h (decision types),
include/LightGBM/meta.h (kZeroThreshold), src/c_api.cpp
(RowPairFunctionFromDenseMatric), python-package/lightgbm/basic.py
(pandas_categorical).
"""

import json
import re
from dataclasses import dataclass

import numpy as np

from mote.errors import Refusal
from mote.graph import LinearLeaf
from mote.trees import MAX_COLUMNS, Categories, Tree, reachable

IDENTITY = {
    "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank",
    "rank_xendcg", "custom",
}  # fmt: skip
SQUARED = {"regression", "regression_l1", "quantile", "mape", "fair"}  # with reg_sqrt
EXPONENTIAL = {"poisson", "gamma", "tweedie"}
CLASSES = {"binary", "multiclass", "multiclassova"}
OBJECTIVES = IDENTITY | EXPONENTIAL | CLASSES | {"cross_entropy", "cross_entropy_lambda"}
ZERO = float(np.float32(1e-35))
CATEGORICAL, DEFAULT_LEFT = 1, 2  # bits of a decision type, before the missing type
NONE, AS_ZERO, AS_NAN = range(3)


@dataclass
class LightTree:
    """A tree, and what its file says beyond it. Leaf i is the i-th of the
    file, at node `leaf_at[i]`."""

    tree: Tree
    missing: np.ndarray  # [nodes]: NONE, AS_ZERO or AS_NAN; of sets and leaves NONE
    leaf_at: np.ndarray  # [leaves]
    linear: list[LinearLeaf]  # [leaves], or none


class Section:
    """Lines key=value. name: what it is called in messages."""

    def __init__(self, lines: list[str], name: str):
        self.name = name
        self.values: dict[str, str] = {}
        for line in lines:
            key, _, value = line.partition("=")
            if key in self.values:
                raise Refusal(f"{name}: {key!r} comes twice")
            self.values[key] = value

    def text(self, key: str) -> str:
        if key not in self.values:
            raise Refusal(f"{self.name}: has no {key!r}; the file is damaged, or not LightGBM's")
        return self.values[key]

    def refuse(self, key: str, expected: str) -> Refusal:
        got = repr(self.values[key])
        return Refusal(
            f"{self.name}: {key}: expected {expected}, got "
            f"{got if len(got) < 60 else got[:57] + '...'}"
        )

    def count(self, key: str, low: int = 0, high: int = 2**31 - 1) -> int:
        text = self.text(key)
        if not re.fullmatch(r"-?[0-9]{1,10}", text) or not low <= int(text) <= high:
            raise self.refuse(key, f"a whole number from {low} to {high}")
        return int(text)

    def reals(self, key: str, size: int | None = None) -> np.ndarray:
        text = self.text(key)
        try:
            if "_" in text:  # which Python would take
                raise ValueError
            found = np.array([float(w) for w in text.split()])
        except ValueError as e:
            raise self.refuse(key, "numbers") from e
        if size not in (None, len(found)):
            raise self.refuse(key, f"{size} numbers")
        return found

    def finite(self, key: str, size: int | None = None) -> np.ndarray:
        found = self.reals(key, size)
        if not np.isfinite(found).all():
            raise self.refuse(key, "finite numbers")
        return found

    def integers(self, key: str, size: int | None, low: int, high: int) -> np.ndarray:
        found = self.reals(key, size)  # exact to 2^53
        if found.size and not (
            low <= found.min() and found.max() <= high and (found == np.floor(found)).all()
        ):
            raise self.refuse(key, f"whole numbers from {low} to {high}")
        return found.astype(np.int64)


@dataclass
class Model:
    """A file as it is used here."""

    text: str
    version: str
    objective: str
    options: dict[str, str]  # of the objective
    classes: list | None  # as an estimator names them; files do not
    names: list[str]
    categories: list[list | None]  # for each feature, of a data frame's
    per_round: int  # trees, and outputs
    average: bool
    trees: list[LightTree]

    @property
    def columns(self) -> int:
        return len(self.names)

    @property
    def rounds(self) -> int:
        return len(self.trees) // self.per_round

    def option(self, key: str) -> float:
        try:
            number = float(self.options[key])
        except (KeyError, ValueError):
            number = np.nan
        if not 0 < number < np.inf:
            raise Refusal(
                f"header: objective: expected {key}: and a number above 0, got {self.options}"
            )
        return number

    @classmethod
    def read(cls, data: bytes) -> "Model":
        text = decode(data)
        header_lines, tree_sections, rest = split(text)
        header = Section(header_lines[1:], "header")
        columns = header.count("max_feature_idx", 0, MAX_COLUMNS - 1) + 1
        names = header.text("feature_names").split(" ")
        infos = header.text("feature_infos").split(" ")
        for key, found in (("feature_names", names), ("feature_infos", infos)):
            if len(found) != columns:
                raise header.refuse(key, f"{columns} of them")
        per_round = header.count("num_tree_per_iteration", 1, 65535)
        sizes = header.integers("tree_sizes", None, 0, 2**53)
        if len(sizes) != len(tree_sections) or len(sizes) % per_round:
            raise Refusal(
                f"header: {len(sizes)} trees, {per_round} for each round; "
                f"{len(tree_sections)} are in the file"
            )
        objective, options = read_objective(header)
        return cls(
            text=text,
            version=header.text("version"),
            objective=objective,
            options=options,
            classes=None,
            names=names,
            categories=read_categories(text, rest, names, infos),
            per_round=per_round,
            average="average_output" in header.values,
            trees=[read_tree(s, columns) for s in tree_sections],
        )


def decode(data: bytes) -> str:
    if data[:1] == b"{":
        raise Refusal(
            "is JSON: LightGBM's dump_model is not read, save the model with save_model; "
            "a model of XGBoost ends in .json"
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as e:
        raise Refusal("is no text: expected a model as LightGBM's save_model writes it") from e
    if text.split("\n", 1)[0].strip() != "tree":
        raise Refusal(
            "is no model of LightGBM: expected 'tree' as its first line, got "
            f"{text.split(chr(10), 1)[0][:40]!r}"
        )
    return text.replace("\r\n", "\n")


def split(text: str) -> tuple[list[str], list[Section], str]:
    """Lines of the header, a section for each tree, and what comes behind."""
    body, end, rest = text.partition("\nend of trees\n")
    if not end:
        raise Refusal("has no line 'end of trees': it is cut short, or of a version below 2.3")
    if "\nend of parameters\n" not in rest:
        raise Refusal("has no line 'end of parameters': the file is cut short")
    head, *blocks = body.split("\nTree=")
    trees = []
    for number, block in enumerate(blocks):
        lines = [line for line in block.split("\n") if line.strip()]
        if not lines or lines[0] != str(number):
            raise Refusal(f"expected tree {number}, got {lines[:1]}")
        trees.append(Section(lines[1:], f"tree {number}"))
    return [line for line in head.split("\n") if line], trees, rest


def read_objective(header: Section) -> tuple[str, dict[str, str]]:
    """A model of an objective of one's own has none, or says custom."""
    words = header.values.get("objective", "custom").split()
    name = words[0] if words else "custom"
    if name not in OBJECTIVES:
        raise Refusal(
            f"header: objective {name!r} is not known; known are {', '.join(sorted(OBJECTIVES))}"
        )
    return name, dict(w.partition(":")[::2] for w in words[1:])


def read_categories(text: str, rest: str, names: list[str], infos: list[str]):
    """Of each feature the categories of the data frame that it was trained on.
    The file lists them for the columns that were of a category type, and not
    which these were: those that it has as categorical features, if they are as
    many."""
    nothing = [None] * len(names)
    found = re.search(r"^pandas_categorical:(.*)$", rest, re.MULTILINE)
    if not found:
        return nothing
    try:
        listed = json.loads(found[1])
    except (ValueError, RecursionError) as e:
        raise Refusal(f"pandas_categorical: is not JSON: {e}") from e
    if not listed:
        return nothing
    if not isinstance(listed, list) or not all(
        isinstance(c, list) and all(isinstance(v, str | int | float) for v in c) for c in listed
    ):
        raise Refusal("pandas_categorical: expected lists of texts and numbers")
    said = re.search(r"^\[categorical_feature: ([0-9,]*)\]$", rest, re.MULTILINE)
    at = [int(n) for n in said[1].split(",") if n] if said else []
    if not at:
        at = [i for i, info in enumerate(infos) if re.fullmatch(r"-?[0-9]+(:-?[0-9]+)*", info)]
    if len(at) != len(listed) or max(at) >= len(names):
        raise Refusal(
            f"pandas_categorical: {len(listed)} columns of categories, but {len(at)} categorical "
            "features: which are which is not in the file. Train with categorical_feature='auto'"
        )
    for i, categories in zip(sorted(at), listed):
        nothing[i] = categories
    return nothing


# ---------------------------------------------------------------------- trees


def read_tree(part: Section, columns: int) -> LightTree:
    leaves = part.count("num_leaves", 1)
    outputs = part.finite("leaf_value", leaves)
    inner = leaves - 1
    nodes = inner + leaves  # the file's inner nodes, and behind them its leaves
    feature, threshold = np.zeros(nodes, np.int64), np.zeros(nodes)
    left, right = np.full(nodes, -1), np.full(nodes, -1)
    decision = np.zeros(nodes, np.int64)
    sets: dict[int, Categories] = {}
    if inner:
        feature[:inner] = part.integers("split_feature", inner, 0, columns - 1)
        threshold[:inner] = part.reals("threshold", inner)
        decision[:inner] = part.integers("decision_type", inner, 0, 11)
        for children, key in ((left, "left_child"), (right, "right_child")):
            child = part.integers(key, inner, -leaves, inner - 1)
            children[:inner] = np.where(child < 0, inner - 1 - child, child)
        if np.isnan(threshold).any():
            raise part.refuse("threshold", "numbers, and no NaN")
        sets = read_sets(part, np.flatnonzero(decision & CATEGORICAL), threshold)
    value = np.concatenate([np.zeros(inner), outputs])
    categorical = (decision & CATEGORICAL).astype(bool)
    missing = np.where(categorical, NONE, decision >> 2)
    missing_left = np.where(missing == NONE, 0 <= threshold, (decision & DEFAULT_LEFT) > 0)
    tree = Tree(
        feature, zero_apart(threshold), left, right, value, missing_left & ~categorical, sets
    )
    try:
        places = reachable(tree)
    except ValueError as e:
        raise part.refuse("left_child", str(e)) from e
    if len(places) != nodes:
        raise part.refuse("left_child", f"a tree of all its {leaves} leaves")
    linear = part.values.get("is_linear", "0") == "1"
    linear = read_linear(part, outputs, columns) if linear else []
    return LightTree(tree, missing, np.arange(inner, nodes), linear)


def zero_apart(threshold: np.ndarray) -> np.ndarray:
    """Thresholds that say of x what the file's say of x with numbers within
    ZERO of 0 made 0."""
    below = np.nextafter(-ZERO, -np.inf)
    moved = np.where(threshold >= 0, ZERO, below)
    return np.where((threshold >= -ZERO) & (threshold < ZERO), moved, threshold)


def read_sets(part: Section, nodes: np.ndarray, threshold: np.ndarray) -> dict[int, Categories]:
    """By node. Its threshold is the number of a set of the file: words of 32
    bits, from one boundary to the next."""
    if not nodes.size:
        return {}
    count = part.count("num_cat", 1)
    ends = part.integers("cat_boundaries", count + 1, 0, 2**31)
    words = part.integers("cat_threshold", None, 0, 2**32 - 1).astype("<u4")
    if ends[0] != 0 or ends[-1] != len(words) or (np.diff(ends) < 0).any():
        raise part.refuse("cat_boundaries", "ascending places in cat_threshold")
    which = threshold[nodes]
    if not ((which >= 0) & (which < count) & (which == np.floor(which))).all():
        raise part.refuse("threshold", f"of a categorical split a set from 0 to {count - 1}")
    out = {}
    for node, i in zip(nodes.tolist(), which.astype(int)):
        bits = np.unpackbits(words[ends[i] : ends[i + 1]].view(np.uint8), bitorder="little")
        out[node] = Categories(np.flatnonzero(bits))
    return out


def read_linear(part: Section, fallback: np.ndarray, columns: int) -> list[LinearLeaf]:
    leaves = len(fallback)
    sizes = part.integers("num_features", leaves, 0, columns)
    at = part.integers("leaf_features", int(sizes.sum()), 0, columns - 1)
    coefficients = part.finite("leaf_coeff", int(sizes.sum()))
    constants = part.finite("leaf_const", leaves)
    cuts = np.cumsum(sizes)[:-1]
    return [
        LinearLeaf(constant, c.tolist(), k.tolist(), f)
        for constant, c, k, f in zip(
            constants.tolist(), np.split(at, cuts), np.split(coefficients, cuts), fallback.tolist()
        )
    ]
