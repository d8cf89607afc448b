"""Reads XGBoost's model files, JSON and UBJSON of versions 1.0 to 3.x, without
the library: what xgboost.py makes graphs of. Nothing in a file is trusted: what
is not as XGBoost writes it is refused by its place.

Sources: https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html
and, in dmlc/xgboost, src/tree/tree_model.cc and multi_target_tree_model.cc
(a tree in a file), src/gbm/gbtree_model.cc and gbtree.cc (the trees of a
round, dart), src/learner.cc and src/objective (base score).
"""

import json
from dataclasses import dataclass

import numpy as np

from mote.errors import Refusal
from mote.importers import ubjson
from mote.trees import MAX_COLUMNS, Categories, Tree, reachable, select

IDENTITY = {
    "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror",
    "reg:absoluteerror", "reg:quantileerror", "binary:logitraw", "rank:pairwise", "rank:ndcg",
    "rank:map",
}  # fmt: skip
EXPONENTIAL = {"count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"}
LOGISTIC = {"reg:logistic", "binary:logistic"}
MULTI = {"multi:softmax", "multi:softprob"}
OBJECTIVES = IDENTITY | EXPONENTIAL | LOGISTIC | MULTI | {"binary:hinge"}
MAX_SET_BITS = 1 << 24  # of all sets of categories together


class Part:
    """A value in the file, and what it is called in messages."""

    def __init__(self, value, name: str):
        self.value, self.name = value, name

    def refuse(self, expected: str) -> Refusal:
        got = repr(self.value)
        return Refusal(
            f"{self.name}: expected {expected}, got {got if len(got) < 60 else got[:57] + '...'}"
        )

    def has(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def part(self, key: str) -> "Part":
        if not isinstance(self.value, dict):
            raise self.refuse("an object")
        if key not in self.value:
            raise Refusal(f"{self.name}: has no {key!r}; the file is damaged, or not XGBoost's")
        return Part(self.value[key], f"{self.name}.{key}")

    def parts(self) -> list["Part"]:
        if not isinstance(self.value, list | np.ndarray):
            raise self.refuse("a list")
        return [Part(v, f"{self.name}[{i}]") for i, v in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.refuse("a text")
        return self.value

    def count(self, low: int = 0, high: int = 2**31 - 1) -> int:
        """A whole number, which XGBoost writes as a text."""
        try:
            number = int(self.value)
        except (TypeError, ValueError, OverflowError):
            number = None
        if number is None or not low <= number <= high:
            raise self.refuse(f"a whole number from {low} to {high}")
        return number

    def numbers(self, kinds: str, size: int | None) -> np.ndarray:
        try:
            found = np.asarray(self.value) if isinstance(self.value, list | np.ndarray) else None
        except (ValueError, OverflowError):  # lists of unequal length, for one
            found = None
        if (
            found is None
            or found.ndim != 1
            or (found.size and found.dtype.kind not in kinds)
            or size not in (None, len(found))
        ):
            raise self.refuse(f"a list of {'' if size is None else f'{size} '}numbers")
        return found

    def integers(self, size: int | None = None, low: int = -(2**31), high: int = 2**31 - 1):
        found = self.numbers("iub", size)
        if found.size and not low <= found.min() <= found.max() <= high:
            raise self.refuse(f"whole numbers from {low} to {high}")
        return found.astype(np.int64)

    def reals(self, size: int | None = None) -> np.ndarray:
        """As f32, which is what XGBoost reads."""
        with np.errstate(over="ignore"):
            return self.numbers("fiub", size).astype(np.float32)

    def finite(self, size: int | None = None) -> np.ndarray:
        found = self.reals(size)
        if not np.isfinite(found).all():
            raise self.refuse("finite numbers")
        return found


@dataclass
class Model:
    """A file as it is used here. trees: those that predict takes."""

    data: bytes
    version: str
    objective: str
    alphas: list[str]  # of quantiles, if these are predicted
    classes: list | None  # of a wrapper of version 1.x, which wrote them
    names: list[str] | None
    types: list[str] | None
    categories: list[list | None]  # for each feature, where the file has them
    columns: int
    outputs: int
    trees: list[Tree]
    groups: list[int] | None  # of each tree its output; None: all of them at once
    base: np.ndarray  # margins [outputs]
    rounds: int  # boosting rounds that predict takes; 0: all

    @classmethod
    def read(cls, data: bytes, estimator: bool = False) -> "Model":
        """estimator: it is one of scikit-learn's kind that predicts."""
        file = parse(data)
        learner = file.part("learner")
        version = ".".join(str(n) for n in file.part("version").integers(3, 0))
        booster = learner.part("gradient_booster")
        kind = booster.part("name").text()
        if kind == "gblinear":
            raise Refusal(
                "a linear booster (gblinear) adds its products in an order of its own and cannot "
                "be compiled exactly; fit scikit-learn's linear or logistic model instead"
            )
        if kind not in ("gbtree", "dart"):
            raise booster.part("name").refuse("gbtree or dart")
        params = learner.part("learner_model_param")
        columns = params.part("num_feature").count(1, MAX_COLUMNS)
        outputs = number_of_outputs(params)
        objective = learner.part("objective")
        name = objective.part("name").text()
        if name not in OBJECTIVES:
            raise Refusal(
                f"objective {name!r} is not known; known are {', '.join(sorted(OBJECTIVES))}"
            )
        attributes = learner.part("attributes") if learner.has("attributes") else Part({}, "")
        wrapper = attributes.has("scikit_learn")
        boosted = booster.part("gbtree") if kind == "dart" else booster
        model = boosted.part("model")
        weights = booster.part("weight_drop") if kind == "dart" else None
        forest, groups = read_trees(model, columns, outputs, weights)
        rounds, used = rounds_used(attributes, model, forest, groups, outputs, wrapper or estimator)
        return cls(
            data=data,
            version=version,
            objective=name,
            alphas=read_alphas(objective) if name == "reg:quantileerror" else [],
            classes=read_classes(attributes) if wrapper else None,
            names=read_texts(learner, "feature_names", columns),
            types=read_texts(learner, "feature_types", columns),
            categories=read_categories(model, columns),
            columns=columns,
            outputs=outputs,
            trees=forest[:used],
            groups=None if groups is None else groups[:used],
            base=base_margins(params.part("base_score"), name, outputs),
            rounds=rounds,
        )


def parse(data: bytes) -> Part:
    """What the file says it is by its first bytes."""
    if data[:4] == b"binf" or data[:4] == b"bs64":
        raise Refusal(
            "XGBoost's old binary format; load it in a version below 3.1 and save it as .json"
        )
    if data[:2] in (b"{L", b"{#", b"{$", b"{i", b"{U", b"{l", b"{I"):
        try:
            value = ubjson.read(data)
        except ubjson.Damaged as e:
            raise Refusal(f"is damaged: {e}") from e
    else:
        try:
            value = json.loads(data)
        except RecursionError as e:
            raise Refusal("is damaged: JSON of too many levels") from e
        except ValueError as e:  # of JSON, and of UTF-8
            raise Refusal(f"is neither JSON nor UBJSON as XGBoost writes it: {e}") from e
    if isinstance(value, list) and value and isinstance(value[0], dict) and "nodeid" in value[0]:
        raise Refusal(
            "a dump of trees, which lacks the base score and the objective; use save_model"
        )
    if not isinstance(value, dict) or "learner" not in value or "version" not in value:
        hint = ""
        if isinstance(value, dict) and "tree_info" in value:
            hint = "; LightGBM's dump is not read, save its model as .txt"
        raise Refusal(f"is no model of XGBoost: expected an object with version and learner{hint}")
    return Part(value, "model")


def number_of_outputs(params: Part) -> int:
    classes = params.part("num_class").count(0, 65535)
    targets = params.part("num_target").count(1, 65535) if params.has("num_target") else 1
    if classes > 1 and targets > 1:
        raise Refusal("several targets of several classes; fit one model for each target")
    return max(classes, targets, 1)


def base_margins(score: Part, objective: str, outputs: int) -> np.ndarray:
    """The base score is a probability or a mean, in the terms of the answer:
    one for all outputs (1.x: a number as text), or one for each (3.1 and later:
    the text of a list)."""
    value = score.value
    if isinstance(value, str):
        try:
            value = [float(n) for n in value.removeprefix("[").removesuffix("]").split(",")]
        except ValueError as e:
            raise score.refuse("a number, or a list of numbers") from e
    elif isinstance(value, float | int):
        value = [value]
    base = Part(value, score.name).finite()
    if len(base) not in (1, outputs):
        raise score.refuse(f"1 or {outputs} numbers")
    base = np.broadcast_to(base, outputs).astype(np.float64)
    if objective in LOGISTIC:
        if not ((base > 0) & (base < 1)).all():
            raise score.refuse(f"above 0 and below 1, for {objective}")
        base = -np.log(1 / base - 1)
    elif objective in EXPONENTIAL:
        if not (base > 0).all():
            raise score.refuse(f"above 0, for {objective}")
        base = np.log(base)
    return base.astype(np.float32)


def read_texts(learner: Part, key: str, columns: int) -> list[str] | None:
    if not learner.has(key):
        return None
    found = [part.text() for part in learner.part(key).parts()]
    if found and len(found) != columns:
        raise learner.part(key).refuse(f"{columns} texts")
    return found or None


def read_alphas(objective: Part) -> list[str]:
    text = objective.part("quantile_loss_param").part("quantile_alpha").text()
    return [n.strip() for n in text.strip("[]()").split(",")]


def read_classes(attributes: Part) -> list | None:
    """XGBClassifier of versions 1.0 to 1.5 took labels of any kind and wrote
    them; later ones take 0, 1, 2 and so on."""
    try:
        wrapper = json.loads(attributes.part("scikit_learn").text())
        encoder = wrapper.get("_le") or wrapper
        if isinstance(encoder, str):
            encoder = json.loads(encoder)
        classes = encoder.get("classes_")
    except (ValueError, AttributeError, RecursionError):
        return None
    return classes if isinstance(classes, list) and classes else None


def read_categories(model: Part, columns: int) -> list[list | None]:
    """Since 3.1 the file has what a data frame's categories were called."""
    nothing = [None] * columns
    if not model.has("cats") or not model.part("cats").part("enc").parts():
        return nothing
    encodings = model.part("cats").part("enc").parts()
    if len(encodings) != columns:
        raise model.part("cats").part("enc").refuse(f"{columns} encodings")
    return [read_encoding(e) for e in encodings]


def read_encoding(encoding: Part) -> list | None:
    """Numbers, or texts one behind the other and where they end. XGBoost 3.1
    and 3.2 count the latter in characters (npstr_to_arrow_strarr in
    python-package/xgboost/_data_utils.py), so that texts which are not ASCII
    are cut elsewhere, and the last is lost in part."""
    if encoding.has("type"):
        found = encoding.part("values").numbers("iuf", None)
        return found.tolist() if found.size else None
    ends = encoding.part("offsets").integers(low=0)
    raw = encoding.part("values").integers(low=-128, high=255)
    if not ends.size:
        return None
    if ends[0] != 0 or ends[-1] != len(raw) or (np.diff(ends) < 0).any():
        raise encoding.part("offsets").refuse("ascending offsets into the values")
    if raw.size and not 0 <= raw.min() <= raw.max() < 128:
        raise Refusal(
            f"{encoding.name}: categories with letters beyond ASCII, which XGBoost's file does "
            "not have as they were: it counts characters where they are bytes. Rename them in "
            "ASCII before training, or train on their codes"
        )
    text = raw.astype(np.uint8).tobytes().decode("ascii")
    return [text[a:b] for a, b in zip(ends, ends[1:])]


# ---------------------------------------------------------------------- trees


def read_trees(model: Part, columns: int, outputs: int, weights: Part | None):
    """All trees, and of each which output it adds to."""
    parts = model.part("trees").parts()
    count = model.part("gbtree_model_param").part("num_trees").count()
    if len(parts) != count:
        raise (
            model.part("gbtree_model_param")
            .part("num_trees")
            .refuse(f"{len(parts)}, as many as there are")
        )
    found, bits = [], 0
    for part in parts:
        tree, tree_bits = read_tree(part, columns, outputs, MAX_SET_BITS - bits)
        found.append(tree)
        bits += tree_bits
    if weights is not None:
        for tree, weight in zip(found, weights.finite(count)):
            tree.value = tree.value * weight  # in f32
    wide = {tree.value.ndim for tree in found}
    if len(wide) > 1:
        raise model.part("trees").refuse("trees of one kind of leaf")
    groups = model.part("tree_info").integers(count, 0, outputs - 1).tolist()
    return found, groups if wide == {1} else None


def read_tree(part: Part, columns: int, outputs: int, bits: int) -> tuple[Tree, int]:
    """A tree and the bits of its sets, which may be so many."""
    param = part.part("tree_param")
    nodes = param.part("num_nodes").count(1)
    width = param.part("size_leaf_vector").count(0) if param.has("size_leaf_vector") else 1
    if width > 1 and width != outputs:
        raise param.part("size_leaf_vector").refuse(f"0, 1 or {outputs}")
    left = part.part("left_children").integers(nodes, -1)
    right = part.part("right_children").integers(nodes, -1)
    threshold = part.part("split_conditions").reals(nodes)
    value = threshold if width <= 1 else read_vectors(part, left, right, width)
    sets, used = read_sets(part, nodes, bits)
    tree = Tree(
        feature=part.part("split_indices").integers(nodes),
        threshold=threshold.astype(np.float64),
        left=left,
        right=np.where(left < 0, -1, right),
        value=value.copy(),
        missing_left=part.part("default_left").integers(nodes, 0, 1).astype(bool),
        sets=sets,
    )
    return checked(part, tree, columns), used


def checked(part: Part, tree: Tree, columns: int) -> Tree:
    try:
        tree = select(tree, reachable(tree))  # others were pruned
    except ValueError as e:
        raise part.part("left_children").refuse(str(e)) from e
    inner = tree.left >= 0
    if inner.any() and not 0 <= tree.feature[inner].min() <= tree.feature[inner].max() < columns:
        raise part.part("split_indices").refuse(f"features from 0 to {columns - 1}")
    tree.value[inner] = 0
    if not np.isfinite(tree.value).all():
        raise part.refuse("leaves that are finite numbers")
    return tree


def read_vectors(part: Part, left, right, width: int) -> np.ndarray:
    """Leaves of several numbers: of version 3.2 on those of leaves alone, in the
    order that right_children counts; before, a vector for each node."""
    nodes = len(left)
    if not part.has("leaf_weights"):
        return part.part("base_weights").reals(nodes * width).reshape(nodes, width)
    weights = part.part("leaf_weights").reals()
    if weights.size % width:
        raise part.part("leaf_weights").refuse(f"{width} numbers for each leaf")
    rows = weights.reshape(-1, width)
    leaf = left < 0
    if leaf.any() and not 0 <= right[leaf].min() <= right[leaf].max() < len(rows):
        raise part.part("right_children").refuse(f"leaves from 0 to {len(rows) - 1}")
    return np.where(leaf[:, None], rows[np.where(leaf, right, 0)], np.float32(0))


def read_sets(part: Part, nodes: int, bits: int) -> tuple[dict[int, Categories], int]:
    """By node, and how many bits they have, which may be so many. The file has
    the categories that go right."""
    if not part.has("categories_nodes"):  # before version 1.3
        return {}, 0
    at = part.part("categories_nodes").integers(low=0, high=nodes - 1)
    begin = part.part("categories_segments").integers(len(at), 0)
    size = part.part("categories_sizes").integers(len(at), 1)
    listed = part.part("categories").integers(low=0, high=(1 << 24) - 1)
    if at.size and (begin + size).max() > len(listed):
        raise part.part("categories_sizes").refuse(f"at most {len(listed)} categories")
    split = part.part("split_type").integers(nodes, 0, 1)
    if not np.array_equal(np.flatnonzero(split), np.sort(at)):
        raise part.part("categories_nodes").refuse("the nodes whose split_type is 1")
    right = [listed[b : b + n] for b, n in zip(begin, size)]
    known = [int(r.max()) + 1 for r in right]
    if sum(known) > bits:
        raise Refusal(f"{part.name}: more than {MAX_SET_BITS} bits of sets of categories")
    return {int(n): left_of(r, k) for n, r, k in zip(at, right, known)}, sum(known)


def left_of(right: np.ndarray, known: int) -> Categories:
    left = np.ones(known, bool)
    left[right] = False
    return Categories(np.flatnonzero(left), outside_left=True, known=known)


def rounds_used(
    attributes: Part, model: Part, forest: list[Tree], groups, outputs: int, wrapper: bool
) -> tuple[int, int]:
    """Boosting rounds that predict takes, 0 for all, and how many trees they
    are: of a model that stopped early the estimators of XGBoost's
    scikit-learn interface take those up to the best; a Booster takes all."""
    if not (wrapper and attributes.has("best_iteration")):
        return 0, len(forest)
    rounds = attributes.part("best_iteration").count() + 1
    if model.has("iteration_indptr"):
        ends = model.part("iteration_indptr").integers(low=0)
        if not ends.size or ends[0] != 0 or ends[-1] != len(forest) or (np.diff(ends) < 0).any():
            raise model.part("iteration_indptr").refuse("the trees of each round")
    else:
        param = model.part("gbtree_model_param")
        together = param.part("num_parallel_tree").count(1) if param.has("num_parallel_tree") else 1
        step = together * (1 if groups is None else outputs)
        ends = np.arange(0, len(forest) + 1, step)
    if rounds >= len(ends):
        raise attributes.part("best_iteration").refuse(f"a round from 0 to {len(ends) - 2}")
    return rounds, int(ends[rounds])
