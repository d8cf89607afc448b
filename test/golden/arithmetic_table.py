"""Operators 40 to 46, and what others compute in float64: see arithmetic.py.
exp, sigmoid, tanh and log follow core/base/maths_f64.c."""

import math
from fractions import Fraction

import numpy as np
from arithmetic import OPERATORS, SHAPED, SHARE_ZERO, WIDE

f64 = np.float64
LN2_HIGH, LN2_LOW = (f64(float.fromhex(t)) for t in ("0x1.62e42fefa3p-1", "0x1.3de6af278ece6p-42"))
PER_LN2 = f64(float.fromhex("0x1.71547652b82fep+0"))
ROUND = f64(1.5 * 2**52)  # adding it rounds to an integer
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD


def exp_part(x) -> tuple[f64, int]:
    """e^r - 1 and n of x = n ln 2 + r."""
    n = x * PER_LN2 + ROUND - ROUND
    high, low = x - n * LN2_HIGH, n * LN2_LOW
    r = high - low
    p = f64(0)
    for k in range(13, 1, -1):
        p = p * r + f64(float(Fraction(1, math.factorial(k))))
    return high - (low - r * r * p), int(n)


def exp(x) -> f64:
    if np.isnan(x):
        return x
    part, n = exp_part(min(max(x, f64(-746)), f64(710)))
    half = n >> 1
    return (f64(1) + part) * f64(2.0**half) * f64(2.0 ** (n - half))


def sigmoid(x) -> f64:
    e = exp(-x if x > 0 else x)
    return (f64(1) if x > 0 else e) / (f64(1) + e)


def tanh(x) -> f64:
    size = np.abs(x)
    if np.isnan(x):
        return x
    part, n = exp_part(f64(44) if size > 22 else size + size)
    power = f64(2.0**n)
    e = power * part + (power - f64(1))
    return np.copysign(e / (e + f64(2)), x)


def log(x) -> f64:
    if x == 0:
        return f64(-np.inf)
    if x < 0:
        return f64(np.nan)
    if not np.isfinite(x):
        return x
    bits, e = int(x.view(np.uint64)), 0
    if bits >> 52 == 0:
        bits, e = int((x * f64(2.0**54)).view(np.uint64)), -54
    powers = (bits - SQRT_HALF_BITS) >> 52
    e += powers
    f = np.uint64(bits - (powers << 52)).view(f64) - f64(1)
    s = f / (f64(2) + f)
    s2, half = s * s, f64(0.5) * f * f
    p = f64(2.0 / 23)
    for k in range(21, 1, -2):
        p = p * s2 + f64(2.0 / k)
    return f64(e) * LN2_HIGH - ((half - (s * (half + s2 * p) + f64(e) * LN2_LOW)) - f)


MAPS = {
    1: lambda x: f64(0) if x < 0 else x,
    2: sigmoid,
    3: tanh,
    16: exp,
    18: np.abs,
    19: np.sqrt,
    20: lambda x: -x,
    22: log,
}


def map_(op, x) -> list:
    return [[MAPS[op.attributes[0]](number) for number in x.reshape(-1)]]


def pair(kind: int, a, b) -> f64:
    if kind >= 4:
        return b if (b < a if kind == 4 else b > a) else a
    return (lambda: a + b, lambda: a - b, lambda: a * b, lambda: a / b)[kind]()


def binary(op, a, b) -> list:
    b = np.broadcast_to(b, a.shape).reshape(-1)
    return [[pair(op.attributes[0], p, q) for p, q in zip(a.reshape(-1), b, strict=True)]]


def in_order(terms) -> f64:
    total = f64(0)
    for term in terms:
        total = total + term
    return total


def parts_of_sum(e: list) -> list:
    total = in_order(e)
    return [f64(1) / f64(len(e)) if total == 0 else x / total for x in e]


def softmax(_, x) -> list:
    return [[parts_of_sum([exp(v - max(row)) for v in row]) for row in lines(x)]]


def share(_, x) -> list:
    rows = [[f64(0) if v < SHARE_ZERO else sigmoid(v) for v in row] for row in lines(x)]
    return [[parts_of_sum(row) for row in rows]]


WIDE |= {6: softmax, 7: share, 10: map_, 11: binary}

# ---------------------------------------------------------------------- tables


def lines(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, x.shape[-1])


def alike(a, b) -> bool:
    return bool(a == b or (np.isnan(a) and np.isnan(b)))


def columns(_, x, index) -> list:
    return [[[row[j] for j in index] for row in lines(x)]]


def fill(_, x, what, with_) -> list:
    def one(v, a, b):
        return b if alike(v, a) else v

    return [[[one(*t) for t in zip(row, what, with_, strict=True)] for row in lines(x)]]


def encode(op, x, starts, keys, values, other, missing) -> list:
    floor = op.attributes[0] == 1

    def one(v, j: int):
        if np.isnan(v):
            return missing[j]
        own = range(starts[j], starts[j + 1])
        found = [i for i in own if keys[i] == v or (floor and keys[i] < v)]
        return values[found[-1]] if found else other[j]

    return [[[one(v, j) for j, v in enumerate(row)] for row in lines(x)]]


def equal(_, x, columns, values) -> list:
    pairs = list(zip(columns, values, strict=True))
    return [[[float(alike(row[j], v)) for j, v in pairs] for row in lines(x)]]


def products(_, x, factors, earlier) -> list:
    made = []
    for row in lines(x):
        y = []
        for f, e in zip(factors, earlier, strict=True):
            sides = [row[f]] if f >= 0 else []
            sides += [y[e]] if e >= 0 else []
            y.append(sides[0] * sides[1] if len(sides) == 2 else (sides or [f64(1)])[0])
        made.append(y)
    return [made]


def distance(_, x, vectors) -> list:
    return [[[in_order((row - v) * (row - v)) for v in vectors] for row in lines(x)]]


def linear_leaves(_, shapes, x, leaf, starts, columns, coefficients, *tables) -> list:
    constants, fallback, targets = tables

    def one(row, number: int):
        total, terms = constants[number], range(starts[number], starts[number + 1])
        if any(np.isnan(row[columns[i]]) for i in terms):
            return fallback[number]
        for i in terms:
            total = total + row[columns[i]] * coefficients[i]
        return total

    made = []
    for row, numbers in zip(lines(x), lines(leaf), strict=True):
        y = [f64(0)] * shapes[0][-1]
        for number, target in zip(numbers, targets, strict=True):
            y[target] = y[target] + one(row, int(number))
        made.append(y)
    return [made]


OPERATORS |= dict(enumerate((columns, fill, encode, equal, products, distance), 40))
SHAPED |= {46: linear_leaves}
