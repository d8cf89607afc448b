"""scikit-learn's support vector machines, as libsvm computes them: kernels
against all support vectors, a decision value for each pair of classes, and a
vote for one of the two.

libsvm: Chang and Lin, ACM TIST 2(3), 2011, sections 4.1 and 8.
"""

from itertools import combinations

import numpy as np

from mote.graph import Value
from mote.importers.sklearn_walk import (
    CLASSIFIERS,
    REGRESSORS,
    Answer,
    Table,
    Walk,
    classes_of,
    fitted,
    knows,
    refusal,
    two_columns,
)
from mote.trees import Forest, Tree


def check(name: str, step) -> None:
    fitted(name, step, "support_vectors_")
    if step.kernel not in ("linear", "poly", "rbf"):
        raise refusal(name, f"kernel={step.kernel!r} cannot be compiled; fit linear, poly or rbf")


def dense(array) -> np.ndarray:
    """float64 of two dimensions; steps that were fitted on sparse rows have
    sparse vectors."""
    array = array.toarray() if hasattr(array, "toarray") else array
    return np.atleast_2d(np.asarray(array, np.float64))


def kernel_values(walk: Walk, name: str, step, table: Table) -> Value:
    """[batch][support vectors], of a kernel that is not linear"""
    graph, vectors = walk.graph, dense(step.support_vectors_)
    x, count = walk.numbers(name, table), len(vectors)
    gamma = fitted(name, step, "_gamma")
    if step.kernel == "rbf":
        return graph.map(graph.rowwise(graph.distance(x, vectors), "*", [-gamma] * count), "exp")
    products = graph.rowwise(graph.dense(x, vectors), "*", [gamma] * count)
    return power(walk, graph.rowwise(products, "+", [step.coef0] * count), int(step.degree))


def power(walk: Walk, x: Value, degree: int) -> Value:
    """By squares, as libsvm's powi multiplies."""
    graph, result, square = walk.graph, None, x
    while degree:
        if degree % 2:
            result = square if result is None else graph.binary(result, square, "*")
        degree //= 2
        if degree:
            square = graph.binary(square, square, "*")
    if result is None:
        return graph.products(x, [-1] * x.columns, [-1] * x.columns)
    return result


def pair_weights(step, count: int) -> np.ndarray:
    """[pairs][support vectors]: a vector of class i has the coefficient of row
    j - 1 against a later class j, and of row j against an earlier one."""
    ends, coefficients = np.cumsum(step.n_support_), dense(step.dual_coef_)
    places = [slice(e - n, e) for e, n in zip(ends, step.n_support_)]
    weights = []
    for i, j in combinations(range(count), 2):
        row = np.zeros(ends[-1])
        row[places[i]] = coefficients[j - 1, places[i]]
        row[places[j]] = coefficients[i, places[j]]
        weights.append(row)
    return np.array(weights)


def decide(walk: Walk, name: str, step, table: Table, weights, bias) -> Value:
    """Sums over the kernel by weights [outputs][support vectors]; those of the
    linear one are a single product."""
    if step.kernel == "linear":
        x = walk.numbers(name, table)
        return walk.graph.dense(x, weights @ dense(step.support_vectors_), bias)
    return walk.graph.dense(kernel_values(walk, name, step, table), weights, bias)


def votes_of(walk: Walk, pairs: Value, count: int, first_if_above: bool) -> Value:
    """[batch][classes]: how many of its pairs each class wins; the first of a
    pair above 0, or the second: below it, or at it."""
    trees = []
    for k, pair in enumerate(combinations(range(count), 2)):
        values = np.zeros((3, count))
        first, second = pair if first_if_above else pair[::-1]
        values[1, second], values[2, first] = 1, 1
        trees.append(
            Tree(
                feature=np.full(3, k),
                threshold=np.zeros(3),
                left=np.array([1, -1, -1]),
                right=np.array([2, -1, -1]),
                value=values,
                missing_left=np.zeros(3, bool),
            )
        )
    return walk.graph.trees(pairs, Forest(trees, len(trees), count, "f64", "f64"))


@knows(CLASSIFIERS, "SVC", "NuSVC")
def svc(walk: Walk, name: str, step, table: Table) -> Answer:
    """Labels by votes, as libsvm gives them. Decision values are those of
    decision_function_shape='ovr': votes, and less than half a vote for the
    sums of a class's decision values."""
    check(name, step)
    if getattr(step, "probability", False) is True:
        raise refusal(
            name,
            "probability=True cannot be compiled: its probabilities are not those of its labels; "
            "fit it without, or in a CalibratedClassifierCV",
        )
    classes, graph = classes_of(name, step), walk.graph
    count = len(classes)
    if count == 2:
        # the library turns the sign, so that above 0 is the second class
        weights, bias = two_columns(dense(step.dual_coef_), step.intercept_)
        z = decide(walk, name, step, table, weights, bias)
        votes = votes_of(walk, graph.rowwise(graph.columns(z, [1]), "*", [-1.0]), 2, True)
        return Answer(classes, graph.argmax(votes), z)
    pairs = decide(walk, name, step, table, pair_weights(step, count), step.intercept_)
    votes = votes_of(walk, pairs, count, True)
    sums = np.zeros((count, pairs.columns))
    for k, (i, j) in enumerate(combinations(range(count), 2)):
        sums[i, k], sums[j, k] = 1, -1
    sums = graph.dense(pairs, sums)
    bound = graph.rowwise(
        graph.rowwise(graph.map(sums, "abs"), "+", [1.0] * count), "*", [3.0] * count
    )
    # the library's own votes here are for the first of a pair at 0, too
    z = graph.binary(at_zero_first(walk, pairs, count), graph.binary(sums, bound, "/"), "+")
    breaks = step.break_ties and step.decision_function_shape == "ovr"
    return Answer(classes, graph.argmax(z if breaks else votes), z)


def at_zero_first(walk: Walk, pairs: Value, count: int) -> Value:
    """As votes_of, but at 0 the first of a pair wins."""
    return votes_of(walk, walk.graph.rowwise(pairs, "*", [-1.0] * pairs.columns), count, False)


@knows(REGRESSORS, "SVR", "NuSVR")
def svr(walk: Walk, name: str, step, table: Table) -> Value:
    check(name, step)
    return decide(walk, name, step, table, dense(step.dual_coef_), step.intercept_)
