"""Random trees of the shapes that trainers grow, for kernels_models.py: rows
of numbers from -1 to 1 go left or right as each shape wants it."""

import numpy as np

from mote.trees import Forest, Tree

SEED = 20260102
COLUMNS = 28


def f32(numbers: np.ndarray) -> np.ndarray:
    """Numbers that a float holds, so that neither side rounds."""
    return numbers.astype(np.float32).astype(np.float64)


def balanced(rng, depth: int) -> Tree:
    """Every node above the last level has children: the worst for a predictor."""
    nodes = np.arange((2 << depth) - 1)
    left = np.where(nodes < (1 << depth) - 1, 2 * nodes + 1, -1)
    return Tree(
        feature=rng.integers(COLUMNS, size=len(nodes)),
        threshold=f32(rng.uniform(-1, 1, len(nodes))),
        left=left,
        right=np.where(left < 0, -1, left + 1),
        value=f32(rng.normal(size=len(nodes))),
        missing_left=np.zeros(len(nodes), bool),
    )


def leafwise(rng, leaves: int) -> Tree:
    """Grown leaf by leaf, those of many rows first, as LightGBM does."""
    left, right, share = [-1], [-1], [1.0]
    for _ in range(leaves - 1):
        gains = [s * rng.uniform(0.2, 1) ** 2 if k < 0 else 0 for s, k in zip(share, left)]
        i, part = int(np.argmax(gains)), rng.beta(2, 4)
        left[i], right[i] = len(left), len(left) + 1
        left += [-1, -1]
        right += [-1, -1]
        share += [share[i] * part, share[i] * (1 - part)]
    n = len(left)
    feature = rng.integers(COLUMNS, size=n)
    # a threshold that sends that part of uniform numbers left
    threshold = [2 * share[k] / share[i] - 1 if k >= 0 else 0 for i, k in enumerate(left)]
    return Tree(
        feature,
        f32(np.array(threshold)),
        np.array(left),
        np.array(right),
        f32(rng.normal(size=n)),
        np.zeros(n, bool),
    )


def forest(count: int, shape, size: int) -> Forest:
    """shape: one of the two above; size: depth, or leaves."""
    rng = np.random.default_rng([SEED, count, size])
    grown = [shape(rng, size) for _ in range(count)]
    return Forest(grown, COLUMNS, 1, "f32", "f32")
