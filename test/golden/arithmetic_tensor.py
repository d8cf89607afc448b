"""Operators 50 to 59: see arithmetic.py."""

import math

import numpy as np
from arithmetic import NUMPY, OPERATORS, SHAPED, TYPED, f32, fma

from mote import file

LIMITS = {d: (np.iinfo(NUMPY[d]).min, np.iinfo(NUMPY[d]).max)
          for d in ("s8", "u8", "s16", "s32", "s64")}  # fmt: skip
F64 = np.float64


def convert_to(dtype: str):
    """One number as another type."""

    def to_integer(x) -> int:
        if np.isnan(x):
            return 0
        low, high = LIMITS[dtype]
        if np.isinf(x):
            return high if x > 0 else low
        return min(max(int(x), low), high)  # Python's int() is toward zero

    if dtype == "bool":
        return lambda x: bool(x != 0)
    return NUMPY[dtype] if dtype in ("f32", "f64") else to_integer


def convert(op: file.Operator, dtypes: list, x) -> list:
    return each(convert_to(dtypes[0]), x)


def expand(op: file.Operator, shapes: list, x) -> list:
    return [np.broadcast_to(x, shapes[0])]


COMPARE = (lambda a, b: a == b, lambda a, b: a < b, lambda a, b: a <= b)
LOGIC = (lambda a, b: a & b, lambda a, b: a | b, lambda a, b: a ^ b)


def each(function, a, *others) -> list:
    others = [np.broadcast_to(o, a.shape).reshape(-1) for o in others]
    return [[function(*numbers) for numbers in zip(a.reshape(-1), *others, strict=True)]]


def compare(op: file.Operator, a, b) -> list:
    return each(COMPARE[op.attributes[0]], a, b)


def logic(op: file.Operator, a, b) -> list:
    return each(LOGIC[op.attributes[0]], a, b)


def select(op: file.Operator, which, a, b) -> list:
    return each(lambda w, p, q: p if w else q, which, a, b)


def matmul(op: file.Operator, a, b) -> list:
    def one(row, column):
        total = f32(0)
        for p, q in zip(row, column, strict=True):
            total = fma(p, q, total)
        return total

    lefts = a.reshape(-1, *a.shape[-2:])
    rights = b.reshape(-1, *b.shape[-2:])
    return [
        [[[one(row, column) for column in right.T] for row in left]
         for left, right in zip(lefts, rights, strict=True)]
    ]  # fmt: skip


def take(op: file.Operator, x, index) -> list:
    return [np.take(x, index, axis=op.attributes[0])]


def log_of(x) -> np.float64:
    """Of a positive, finite float, in float64."""
    bits, e = int(np.array(x, f32).view(np.uint32)), 0
    if bits < 0x00800000:
        bits, e = int(np.array(f32(x * f32(2.0**23))).view(np.uint32)), -23
    powers = (bits - 0x3F3504F3) >> 23
    e += powers
    m = F64(np.array(bits - (powers << 23), np.uint32).view(f32))
    s = (m - 1) / (m + 1)
    s2 = s * s
    p = F64(1) / 19
    for k in range(17, 0, -2):
        p = p * s2 + F64(1) / k
    return F64(e) * F64(float.fromhex("0x1.62e42fefa39efp-1")) + 2 * s * p


def log(x) -> np.float32:
    if x > 0 and np.isfinite(x):
        return f32(log_of(x))
    return f32(-np.inf) if x == 0 else f32(np.nan) if x < 0 else x


def exp_of(x) -> np.float32:
    n = F64(np.rint(x * F64(float.fromhex("0x1.71547652b82fep0"))))
    high, low = (F64(float.fromhex(t)) for t in ("0x1.62e42fefap-1", "0x1.cf79abc9e3b3ap-40"))
    r = (x - n * high) - n * low
    p = F64(1)
    for k in range(14, 0, -1):
        p = p * r / k + 1
    return f32(p * F64(2.0) ** int(n))


def power_at_ends(x: float, y: float) -> float:
    """C's pow, of numbers for which it has a rule of its own."""
    try:
        return math.pow(x, y)
    except ValueError:  # no integer power of one below 0; or a negative one of 0
        if x != 0:
            return math.nan
        return math.copysign(math.inf, x) if y % 2 == 1 else math.inf


def power_of(x, y) -> np.float32:
    finite = np.isfinite(x) and np.isfinite(y)
    whole = finite and float(y) == int(y)
    if y == 0 or x == 1 or x == 0 or not finite or (x < 0 and not whole):
        return f32(power_at_ends(float(x), float(y)))
    exponent = min(max(F64(y) * log_of(abs(x)), F64(-199)), F64(199))
    y_is_odd = whole and int(y) % 2 == 1
    return f32(-exp_of(exponent)) if x < 0 and y_is_odd else exp_of(exponent)


UNARY = (log, np.floor, np.ceil, np.rint, np.sign)


def unary(op: file.Operator, x) -> list:
    return each(UNARY[op.attributes[0]], x)


def power(op: file.Operator, a, b) -> list:
    return each(power_of, a, b)


def whole(kind: int, a: int, b: int) -> int:
    a, b = int(a), int(b)
    if kind in (3, 6, 7) and b == 0:
        return 0
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1) if b else 0
    result = (
        a + b, a - b, a * b, quotient, min(a, b), max(a, b), a % b if b else 0, a - quotient * b,
    )[kind]  # fmt: skip
    return (result + 2**31) % 2**32 - 2**31


def integer(op: file.Operator, a, b) -> list:
    return each(lambda p, q: whole(op.attributes[0], p, q), a, b)


def remainder_of(kind: int, a, b) -> np.float32:
    """By C's fmod of doubles, in which it is exact as well."""
    if math.isnan(a) or math.isnan(b) or math.isinf(a) or b == 0:
        return f32(math.nan)
    rest = math.fmod(float(a), float(b))
    if kind == 1:
        return f32(rest)
    if rest == 0:
        return f32(math.copysign(0, b))
    return f32(rest) if (rest < 0) == (b < 0) else f32(rest) + f32(b)


def remainder(op: file.Operator, a, b) -> list:
    return each(lambda p, q: remainder_of(op.attributes[0], p, q), a, b)


OPERATORS |= {52: compare, 53: logic, 54: select, 55: matmul, 56: take, 57: unary, 58: power,
              59: integer, 49: remainder}  # fmt: skip
SHAPED[51] = expand
TYPED[50] = convert
