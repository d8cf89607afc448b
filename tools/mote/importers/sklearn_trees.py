"""scikit-learn's trees, forests, bags and boosters of trees. How each compares
numbers is in mote/trees.py."""

import numpy as np

from mote.graph import Value
from mote.importers.sklearn_preprocessing import codes_out, column_of, encoded, tabulate
from mote.importers.sklearn_walk import (
    CLASSIFIERS,
    REGRESSORS,
    Answer,
    Table,
    Walk,
    class_name,
    classes_of,
    fitted,
    is_sklearn,
    knows,
    refusal,
    takes_missing,
)
from mote.trees import Categories, Forest, Tree

TREES = {
    "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor",
}  # fmt: skip


def is_tree(step) -> bool:
    return is_sklearn(step) and class_name(step) in TREES


def tree_of(name: str, step, values: np.ndarray, features=None) -> Tree:
    """values [nodes] or [nodes][width]; features: of the forest, for those of
    a tree that saw some of them only."""
    tree = fitted(name, step, "tree_")
    feature = np.maximum(tree.feature, 0)  # -2 at a leaf
    missing_left = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))
    return Tree(
        feature=feature if features is None else np.asarray(features)[feature],
        threshold=np.asarray(tree.threshold, np.float64),
        left=np.asarray(tree.children_left),
        right=np.asarray(tree.children_right),
        value=np.asarray(values, np.float64),
        missing_left=np.asarray(missing_left, bool),
    )


def targets_of(tree) -> np.ndarray:
    """What a regressor's leaves say: [nodes][targets]"""
    return tree.tree_.value[:, :, 0]


def shares_of(name: str, tree) -> np.ndarray:
    """What a classifier's leaves say: [nodes][classes], adding up to 1; old
    versions of the library kept counts."""
    if fitted(name, tree, "n_outputs_") != 1:
        raise refusal(name, "has several outputs; compile one model for each")
    shares = tree.tree_.value[:, 0, :]
    sums = shares.sum(axis=1, keepdims=True)
    if np.abs(sums - 1).max() > 1e-6:
        shares = shares / np.where(sums == 0, 1, sums)
    return shares


def walk_trees(walk: Walk, name: str, table: Table, trees: list[Tree], missing: bool, **more):
    """The sum of trees over float32 features, in float64."""
    value = walk.numbers(name, table, missing and not table.sparse)
    forest = Forest(trees, len(table.columns), dtype="f32", sum_dtype="f64", **more)
    return walk.graph.trees(value, forest)


# --------------------------------------------------------------- trees, forests


@knows(REGRESSORS, "DecisionTreeRegressor", "ExtraTreeRegressor")
def tree_regressor(walk: Walk, name: str, step, table: Table) -> Value:
    fitted(name, step, "tree_")
    tree = tree_of(name, step, targets_of(step))
    return walk_trees(walk, name, table, [tree], takes_missing(step), outputs=tree.value.shape[1])


@knows(CLASSIFIERS, "DecisionTreeClassifier", "ExtraTreeClassifier")
def tree_classifier(walk: Walk, name: str, step, table: Table) -> Answer:
    classes = classes_of(name, step)
    tree = tree_of(name, step, shares_of(name, step))
    shares = walk_trees(walk, name, table, [tree], takes_missing(step), outputs=tree.value.shape[1])
    return Answer(classes, walk.graph.argmax(shares), None, shares)


@knows(REGRESSORS, "RandomForestRegressor", "ExtraTreesRegressor")
def forest_regressor(walk: Walk, name: str, step, table: Table) -> Value:
    trees = fitted(name, step, "estimators_")
    return mean_of_trees(walk, name, table, [tree_of(name, t, targets_of(t)) for t in trees], trees)


@knows(CLASSIFIERS, "RandomForestClassifier", "ExtraTreesClassifier")
def forest_classifier(walk: Walk, name: str, step, table: Table) -> Answer:
    classes, trees = classes_of(name, step), fitted(name, step, "estimators_")
    shares = mean_of_trees(
        walk, name, table, [tree_of(name, t, shares_of(name, t)) for t in trees], trees
    )
    return Answer(classes, walk.graph.argmax(shares), None, shares)


def mean_of_trees(walk: Walk, name: str, table: Table, trees: list[Tree], steps: list) -> Value:
    width = trees[0].value.shape[1]
    missing = all(takes_missing(s) for s in steps)
    total = walk_trees(walk, name, table, trees, missing, outputs=width)
    return walk.graph.rowwise(total, "/", [len(trees)] * width)


# ------------------------------------------------------------ gradient boosting


def at_least_zero(walk: Walk, value: Value) -> Value:
    """1 where a single number is 0 or more, else 0: an s32 index."""
    stump = Tree(
        feature=np.array([0, 0, 0]),
        threshold=np.array([-5e-324, 0, 0]),
        left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]),
        value=np.array([[0, 0], [1, 0], [0, 1]], np.float64),
        missing_left=np.zeros(3, bool),
    )
    votes = walk.graph.trees(value, Forest([stump], 1, 2, "f64", "f64"))
    return walk.graph.argmax(votes)


def boosted_trees(walk: Walk, name: str, step, table: Table, two: bool) -> Value:
    """Sums of the stages; two: with a 0 before the one sum, for two classes."""
    stages = fitted(name, step, "estimators_")  # [stages][outputs]
    init = step.init_
    if not (isinstance(init, str) and init == "zero") and class_name(init) not in (
        "DummyClassifier", "DummyRegressor",
    ):  # fmt: skip
        raise refusal(name, f"starts from a {class_name(init)}; fit it with init=None or 'zero'")
    start = step._raw_predict_init(np.zeros((1, step.n_features_in_)))[0]
    trees, targets = [], []
    for stage in stages:
        for k, tree in enumerate(stage):
            trees.append(tree_of(name, tree, step.learning_rate * targets_of(tree)[:, 0]))
            targets.append(k + two)
    return walk_trees(
        walk, name, table, trees, False,
        outputs=len(start) + two, targets=targets, start=np.concatenate([[0.0] * two, start]),
    )  # fmt: skip


@knows(REGRESSORS, "GradientBoostingRegressor")
def boosting_regressor(walk: Walk, name: str, step, table: Table) -> Value:
    return boosted_trees(walk, name, step, table, two=False)


@knows(CLASSIFIERS, "GradientBoostingClassifier")
def boosting_classifier(walk: Walk, name: str, step, table: Table) -> Answer:
    classes, graph = classes_of(name, step), walk.graph
    two = len(classes) == 2
    z = boosted_trees(walk, name, step, table, two)
    # loss="exponential" has half the logit
    doubled = graph.rowwise(z, "*", [2.0, 2.0]) if step.loss == "exponential" else z
    index = at_least_zero(walk, graph.columns(z, [1])) if two else graph.argmax(z)
    return Answer(classes, index, z, graph.softmax(doubled))


# -------------------------------------------------- histogram gradient boosting

HISTOGRAM_LINKS = {
    "squared_error": None, "absolute_error": None, "quantile": None, "gamma": "exp",
    "poisson": "exp",
}  # fmt: skip


def in_bitset(bitset: np.ndarray) -> set[int]:
    """Numbers whose bits are set in eight words of 32."""
    words = np.ascontiguousarray(bitset, "<u4")
    return set(np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little")).tolist())


def histogram_tree(predictor, known: list[set[int]], known_of) -> Tree:
    """known[known_of[feature]]: the categories of a feature; others go where a
    missing value does."""
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    sets = {}
    for i in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf).tolist():
        left = in_bitset(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][i]])
        missing_left = bool(nodes["missing_go_to_left"][i])
        if missing_left:
            left |= set(range(256)) - known[known_of[nodes["feature_idx"][i]]]
        sets[i] = Categories(left, missing_left, 256)
    return Tree(
        feature=nodes["feature_idx"].astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        value=nodes["value"].astype(np.float64),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        sets=sets,
    )


def histogram_input(walk: Walk, name: str, step, table: Table) -> Value:
    """Categories first, as the library's own encoder numbers them: a category
    that it does not know is a missing value."""
    if getattr(step, "is_categorical_", None) is None:
        return walk.numbers(name, table, missing=True)
    encoder = fitted(name, step, "_preprocessor").named_transformers_["encoder"]
    categorical = np.flatnonzero(step.is_categorical_).tolist()
    out = tabulate(name, encoder, unknown=True)
    codes, numbers = table.select(categorical), table.select(np.flatnonzero(~step.is_categorical_))
    results = [column_of(out[:, i], c, True) for i, c in enumerate(encoder.categories_)]
    tables = encoded(walk, name, encoder, codes, results, True)
    value = walk.graph.encode(walk.use(codes), tables, "exact")
    both = walk.concat(name, [walk.table(value, codes_out(codes, tables)), numbers])
    return walk.numbers(name, both, missing=True)


def histogram_trees(walk: Walk, name: str, step, table: Table, two: bool) -> Value:
    stages = fitted(name, step, "_predictors")  # [stages][outputs]
    words, known_of = step._bin_mapper.make_known_categories_bitsets()
    known = [in_bitset(w) for w in words]
    start = np.ravel(step._baseline_prediction).astype(np.float64)
    trees, targets = [], []
    for stage in stages:
        for k, predictor in enumerate(stage):
            trees.append(histogram_tree(predictor, known, known_of))
            targets.append(k + two)
    value = histogram_input(walk, name, step, table)
    start = np.concatenate([[0.0] * two, start])
    return walk.graph.trees(
        value, Forest(trees, value.columns, len(start), "f64", "f64", targets=targets, start=start)
    )


@knows(REGRESSORS, "HistGradientBoostingRegressor")
def histogram_regressor(walk: Walk, name: str, step, table: Table) -> Value:
    if step.loss not in HISTOGRAM_LINKS:
        raise refusal(name, f"loss={step.loss!r} is not known")
    y = histogram_trees(walk, name, step, table, two=False)
    link = HISTOGRAM_LINKS[step.loss]
    return walk.graph.map(y, link) if link else y


@knows(CLASSIFIERS, "HistGradientBoostingClassifier")
def histogram_classifier(walk: Walk, name: str, step, table: Table) -> Answer:
    classes = classes_of(name, step)
    if step.loss != "log_loss":
        raise refusal(name, f"loss={step.loss!r} is not known")
    z = histogram_trees(walk, name, step, table, len(classes) == 2)
    return Answer(classes, walk.graph.argmax(z), z, walk.graph.softmax(z))


# -------------------------------------------------------------------- AdaBoost


@knows(CLASSIFIERS, "AdaBoostClassifier")
def ada_boost(walk: Walk, name: str, step, table: Table) -> Answer:
    """Each tree votes by its weight for the class that is likeliest in a leaf,
    and against the others together by the same."""
    classes, graph = classes_of(name, step), walk.graph
    estimators = fitted(name, step, "estimators_")
    if getattr(step, "algorithm", "SAMME") == "SAMME.R":
        raise refusal(name, "algorithm='SAMME.R' cannot be compiled; fit it with SAMME")
    if not all(is_tree(e) for e in estimators):
        raise refusal(name, "boosts other things than trees; fit it with decision trees")
    count, trees = len(classes), []
    for estimator, weight in zip(estimators, step.estimator_weights_):
        shares = shares_of(name, estimator)
        voted = np.searchsorted(classes, np.asarray(estimator.classes_)[shares.argmax(axis=1)])
        values = np.full((len(shares), count), -1 / (count - 1) * weight)
        values[np.arange(len(shares)), voted] = weight
        trees.append(tree_of(name, estimator, values))
    missing = takes_missing(step) and all(takes_missing(e) for e in estimators)
    votes = walk_trees(walk, name, table, trees, missing, outputs=count)
    weight = np.asarray(step.estimator_weights_)[: len(estimators)].sum()
    z = graph.rowwise(votes, "/", [weight] * count)
    if count > 2:
        scores = graph.softmax(graph.rowwise(z, "/", [count - 1.0] * count))
        return Answer(classes, graph.argmax(z), z, scores)
    z = graph.dense(z, [[0.0, 0.0], [-1.0, 1.0]])
    return Answer(classes, graph.argmax(z), z, graph.softmax(z))
