"""scikit-learn's estimators that hold others: searches, bags, votes, stacks,
calibration, transformed and several targets."""

import math

import numpy as np

from mote.graph import Table as Keys
from mote.graph import Value
from mote.importers.sklearn_trees import is_tree, mean_of_trees, shares_of, targets_of, tree_of
from mote.importers.sklearn_walk import (
    CLASSIFIERS,
    REGRESSORS,
    TRANSFORMERS,
    Answer,
    Table,
    Walk,
    class_name,
    classes_of,
    classify,
    fitted,
    knows,
    refusal,
    regress,
    transform,
)

SEARCHES = ("GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV")


def mean(walk: Walk, values: list[Value], weights=None) -> Value:
    """Of values of equal shape; added from the first to the last."""
    graph, columns = walk.graph, values[0].columns
    if weights is not None:
        values = [graph.rowwise(v, "*", [float(w)] * columns) for v, w in zip(values, weights)]
    total = values[0]
    for value in values[1:]:
        total = graph.binary(total, value, "+")
    divisor = len(values) if weights is None else float(np.sum(weights))
    return graph.rowwise(total, "/", [divisor] * columns)


def probabilities_of(name: str, answer: Answer) -> Value:
    if answer.probabilities is None:
        raise refusal(name, "gives no probabilities that can be compiled")
    return answer.probabilities


def same_classes(name: str, answer: Answer, count: int) -> None:
    if len(answer.classes) != count:
        raise refusal(name, f"was fitted on {len(answer.classes)} of {count} classes")


# ------------------------------------------------- searches, frozen estimators


def held(name: str, step):
    frozen = class_name(step) == "FrozenEstimator"
    return fitted(name, step, "estimator" if frozen else "best_estimator_")


@knows(REGRESSORS, *SEARCHES, "FrozenEstimator")
def held_regressor(walk: Walk, name: str, step, table: Table) -> Value:
    return regress(walk, name, held(name, step), table)


@knows(CLASSIFIERS, *SEARCHES, "FrozenEstimator")
def held_classifier(walk: Walk, name: str, step, table: Table) -> Answer:
    return classify(walk, name, held(name, step), table)


@knows(TRANSFORMERS, *SEARCHES, "FrozenEstimator")
def held_transformer(walk: Walk, name: str, step, table: Table) -> Table:
    return transform(walk, name, held(name, step), table)


# ------------------------------------------------------------------------ bags


def bag(name: str, step) -> list[tuple]:
    """(name, estimator, its features)"""
    estimators = fitted(name, step, "estimators_")
    return [
        (f"{name}.{i}", e, np.asarray(f))
        for i, (e, f) in enumerate(zip(estimators, step.estimators_features_))
    ]


@knows(REGRESSORS, "BaggingRegressor")
def bagging_regressor(walk: Walk, name: str, step, table: Table) -> Value:
    members = bag(name, step)
    if all(is_tree(e) for _, e, _ in members):
        trees = [tree_of(n, e, targets_of(e), f) for n, e, f in members]
        return mean_of_trees(walk, name, table, trees, [e for _, e, _ in members])
    return mean(walk, [regress(walk, n, e, table.select(f)) for n, e, f in members])


@knows(CLASSIFIERS, "BaggingClassifier")
def bagging_classifier(walk: Walk, name: str, step, table: Table) -> Answer:
    """Members know the classes by their numbers, and perhaps not all of them."""
    classes, graph, members = classes_of(name, step), walk.graph, bag(name, step)
    count = len(classes)
    if all(is_tree(e) for _, e, _ in members):
        trees = []
        for n, e, f in members:
            values = np.zeros((e.tree_.node_count, count))
            values[:, np.asarray(e.classes_, int)] = shares_of(n, e)
            trees.append(tree_of(n, e, values, f))
        shares = mean_of_trees(walk, name, table, trees, [e for _, e, _ in members])
        return Answer(classes, graph.argmax(shares), None, shares)
    answers = []
    for n, e, f in members:
        answers.append(classify(walk, n, e, table.select(f)))
        same_classes(n, answers[-1], count)
    shares = mean(walk, [bag_shares(walk, n, e, a) for (n, e, _), a in zip(members, answers)])
    decision = None
    if all(a.decision is not None for a in answers):
        decision = mean(walk, [a.decision for a in answers])
    return Answer(classes, graph.argmax(shares), decision, shares)


def bag_shares(walk: Walk, name: str, step, answer: Answer) -> Value:
    """What a member adds: its probabilities, or, without them, one vote."""
    if hasattr(step, "predict_proba"):
        return probabilities_of(name, answer)
    return votes(walk, answer)


def votes(walk: Walk, answer: Answer) -> Value:
    """[batch][classes]: 1 for the class of each row, else 0."""
    count = len(answer.classes)
    return walk.graph.equal(walk.graph.real(answer.index), [0] * count, range(count))


# ----------------------------------------------------------------------- votes


def voters(name: str, step) -> list[tuple]:
    """(name, estimator), without those that are dropped."""
    named = [n for n, e in step.estimators if not (isinstance(e, str) and e == "drop")]
    return [(f"{name}.{n}", e) for n, e in zip(named, fitted(name, step, "estimators_"))]


def weights_of(step) -> list | None:
    if step.weights is None:
        return None
    kept = [not (isinstance(e, str) and e == "drop") for _, e in step.estimators]
    return [w for w, k in zip(step.weights, kept) if k]


@knows(REGRESSORS, "VotingRegressor")
def voting_regressor(walk: Walk, name: str, step, table: Table) -> Value:
    return mean(walk, [regress(walk, n, e, table) for n, e in voters(name, step)], weights_of(step))


@knows(CLASSIFIERS, "VotingClassifier")
def voting_classifier(walk: Walk, name: str, step, table: Table) -> Answer:
    classes, graph, shares = classes_of(name, step), walk.graph, []
    for n, e in voters(name, step):
        answer = classify(walk, n, e, table)
        same_classes(n, answer, len(classes))
        soft = step.voting == "soft"
        shares.append(probabilities_of(n, answer) if soft else votes(walk, answer))
    mixed = mean(walk, shares, weights_of(step))
    return Answer(classes, graph.argmax(mixed), None, mixed if step.voting == "soft" else None)


# ---------------------------------------------------------------------- stacks


def stacked(walk: Walk, name: str, step, table: Table, count: int) -> Table:
    """What the first layer says, as the columns of the final estimator."""
    tables = []
    for (n, estimator), method in zip(voters(name, step), step.stack_method_):
        if class_name(step) == "StackingRegressor":
            tables.append(walk.table(regress(walk, n, estimator, table)))
            continue
        answer = classify(walk, n, estimator, table)
        same_classes(n, answer, count)
        if method == "predict":
            if np.asarray(answer.classes).tolist() != list(range(count)):
                raise refusal(
                    n, "its labels are not the numbers of the classes; fit the stack anew"
                )
            tables.append(walk.table(walk.graph.real(answer.index)))
            continue
        value = answer.decision if method == "decision_function" else answer.probabilities
        if value is None:
            raise refusal(n, f"its {method} cannot be compiled")
        out = walk.table(value)
        tables.append(out.select([1]) if count == 2 else out)
    if step.passthrough:
        tables.append(table)
    return walk.concat(name, tables, table.sparse and step.passthrough)


@knows(REGRESSORS, "StackingRegressor")
def stacking_regressor(walk: Walk, name: str, step, table: Table) -> Value:
    final = fitted(name, step, "final_estimator_")
    return regress(walk, f"{name}.final", final, stacked(walk, name, step, table, 0))


@knows(CLASSIFIERS, "StackingClassifier")
def stacking_classifier(walk: Walk, name: str, step, table: Table) -> Answer:
    classes = classes_of(name, step)
    final = fitted(name, step, "final_estimator_")
    table = stacked(walk, name, step, table, len(classes))
    answer = classify(walk, f"{name}.final", final, table)
    same_classes(f"{name}.final", answer, len(classes))
    return Answer(classes, answer.index, answer.decision, answer.probabilities)


# ----------------------------------------------------------------- calibration


def isotonic(walk: Walk, name: str, step, value: Value) -> Value:
    """[batch][1]: lines between the learned points; before the first of them
    and behind the last the value there."""
    graph = walk.graph
    if step.out_of_bounds != "clip":
        raise refusal(name, f"out_of_bounds={step.out_of_bounds!r} cannot be compiled; use clip")
    x = np.asarray(fitted(name, step, "X_thresholds_"), np.float64)
    y = np.asarray(step.y_thresholds_, np.float64)
    if len(x) == 1:
        x, y = np.array([x[0], np.nextafter(x[0], math.inf)]), np.repeat(y, 2)
    slope = np.append(np.diff(y) / np.diff(x), 0.0)

    def at(values, before: float) -> Value:
        keys = Keys(x.tolist(), [float(v) for v in values], float(before), math.nan)
        return graph.encode(value, [keys], "floor")

    away = graph.binary(value, at(x, x[0]), "-")
    rise = graph.binary(away, at(slope, 0), "*")
    return graph.binary(rise, at(y, y[0]), "+")


def sigmoid(walk: Walk, name: str, step, value: Value) -> Value:
    graph = walk.graph
    z = graph.rowwise(graph.rowwise(value, "*", [step.a_]), "+", [step.b_])
    return graph.map(graph.rowwise(z, "*", [-1.0]), "sigmoid")


CALIBRATORS = {"IsotonicRegression": isotonic, "_SigmoidCalibration": sigmoid}


def calibrated(walk: Walk, name: str, member, table: Table, count: int) -> Value:
    """Probabilities [batch][classes] of one fitted pair."""
    graph = walk.graph
    estimator = getattr(member, "estimator", None) or member.base_estimator
    if getattr(member, "method", "sigmoid") not in ("sigmoid", "isotonic"):
        raise refusal(name, f"method={member.method!r} cannot be compiled; fit sigmoid or isotonic")
    answer = classify(walk, name, estimator, table)
    same_classes(name, answer, count)
    by_decision = hasattr(estimator, "decision_function")
    value = answer.decision if by_decision else answer.probabilities
    if value is None:
        raise refusal(name, "its decision values cannot be compiled")
    columns = [1] if count == 2 else range(count)
    parts = [
        CALIBRATORS[class_name(c)](walk, name, c, graph.columns(value, [i]))
        for i, c in zip(columns, member.calibrators)
    ]
    if count == 2:
        first = graph.rowwise(graph.rowwise(parts[0], "*", [-1.0]), "+", [1.0])
        return graph.concat([first, parts[0]])
    p = graph.concat(parts)
    total = graph.dense(p, np.ones((count, count)))
    share = graph.binary(p, graph.fill(total, [0.0] * count, [1.0] * count), "/")
    uniform = graph.rowwise(
        graph.equal(total, range(count), [0.0] * count), "*", [1 / count] * count
    )
    return graph.binary(share, uniform, "+")  # where no class is likely at all


@knows(CLASSIFIERS, "CalibratedClassifierCV")
def calibrated_classifier(walk: Walk, name: str, step, table: Table) -> Answer:
    classes = classes_of(name, step)
    members = fitted(name, step, "calibrated_classifiers_")
    parts = [calibrated(walk, f"{name}.{i}", m, table, len(classes)) for i, m in enumerate(members)]
    shares = mean(walk, parts)
    return Answer(classes, walk.graph.argmax(shares), None, shares)


# --------------------------------------------------------------------- targets


@knows(REGRESSORS, "MultiOutputRegressor")
def several_targets(walk: Walk, name: str, step, table: Table) -> Value:
    members = fitted(name, step, "estimators_")
    return walk.graph.concat(
        [regress(walk, f"{name}.{i}", e, table) for i, e in enumerate(members)]
    )


@knows(REGRESSORS, "TransformedTargetRegressor")
def transformed_target(walk: Walk, name: str, step, table: Table) -> Value:
    """Without a function, with the exponential as the inverse, or with a
    scaler of the targets."""
    y = regress(walk, f"{name}.regressor", fitted(name, step, "regressor_"), table)
    inner = fitted(name, step, "transformer_")
    kind = class_name(inner)
    if kind == "FunctionTransformer" and inner.func is None and inner.inverse_func is None:
        return y
    if kind == "FunctionTransformer" and inner.inverse_func is np.exp:
        return walk.graph.map(y, "exp")
    if kind == "StandardScaler":
        if inner.with_std:
            y = walk.graph.rowwise(y, "*", inner.scale_)
        return walk.graph.rowwise(y, "+", inner.mean_) if inner.with_mean else y
    raise refusal(
        name, "changes its targets by a function, which cannot be compiled; np.log and np.exp can"
    )
