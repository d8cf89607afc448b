"""Arithmetic version 1 of compress/FORMAT.md, written to be believed.

Runs the plans of a mote.file.File one number at a time, each operation as the
page says it; the answers are what both machines must give, to the bit. exp,
sigmoid and tanh follow core/base/maths.c, as the page asks.

Values have no places here, so an answer cannot depend on who shares one.
"""

from fractions import Fraction

import numpy as np

from mote import file

f32 = np.float32
NUMPY = {
    "f32": np.float32,
    "f64": np.float64,
    "s8": np.int8,
    "u8": np.uint8,
    "s16": np.int16,
    "s32": np.int32,
    "s64": np.int64,
    "bool": np.bool_,
}  # that run
LANES = 16
SHARE_ZERO = -709.782712893384


def round_f32(x: Fraction) -> np.float32:
    """The float nearest to x, ties to even; x is not 0."""
    size = abs(x)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if Fraction(2) ** exponent > size:
        exponent -= 1
    quantum = Fraction(2) ** (max(exponent, -126) - 23)
    rounded = round(x / quantum) * quantum  # Python rounds a half to even
    if rounded == 0:
        return f32(-0.0 if x < 0 else 0.0)
    return f32(float(rounded))  # exact, or beyond the largest: infinite


def fma(a, b, c) -> np.float32:
    """a b + c of floats, rounded once."""
    if np.isfinite(a) and np.isfinite(b) and np.isfinite(c):
        exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
        if exact != 0:
            return round_f32(exact)
    return f32(np.float64(a) * np.float64(b) + np.float64(c))  # exact, or not finite


def fold(sums: list) -> np.float32:
    for half in (8, 4, 2, 1):
        for i in range(half):
            sums[i] = f32(sums[i] + sums[i + half])
    return sums[0]


def sum16(terms) -> np.float32:
    sums = [f32(0)] * LANES
    for k, term in enumerate(terms):
        sums[k % LANES] = f32(sums[k % LANES] + term)
    return fold(sums)


def dot16(w, x) -> np.float32:
    sums = [f32(0)] * LANES
    for k in range(len(w)):
        sums[k % LANES] = fma(w[k], x[k], sums[k % LANES])
    return fold(sums)


# ------------------------------------------------- functions of core/base/maths.c


def hexes(texts: str) -> list[np.float32]:
    return [f32(float.fromhex(t)) for t in texts.split()]


LN2_HIGH, LN2_LOW, PER_LN2 = hexes("0x1.62e4p-1 0x1.7f7d1cp-20 0x1.715476p0")
EXP = hexes("0x1.9f08a6p-13 0x1.6d8cf4p-10 0x1.11127p-7 0x1.55548ep-5 0x1.555554p-3 0.8p0")
TANH = hexes(
    "0x1.3a0612p-9 -0x1.13b55p-7 0x1.64e3c8p-6 -0x1.ba0996p-5 0x1.1110dcp-3 -0x1.555554p-2"
)
LOG1P = hexes(
    "-0x1.a8cd44p-9 0x1.450272p-6 -0x1.d26032p-5 0x1.b2323ep-4 -0x1.396a9cp-3"
    " 0x1.92f25ap-3 -0x1.ff0e8cp-3 0x1.554c7p-2 -0x1.ffffbep-2 1.0p0"
)
ERF_HIGH = hexes(
    "0x1.fff178p-13 -0x1.585bfcp-11 0x1.2dcb88p-11 -0x1.00a402p-10 0x1.b826c2p-9"
    " -0x1.b7df0ep-8 0x1.630fb4p-7 -0x1.23c4ccp-6 0x1.ced232p-6"
)
ERF_LOW = hexes(
    "-0x1.5259eep-5 0x1.ce8242p-5 -0x1.2b8c98p-4 0x1.73f11cp-4 -0x1.c42ec6p-4"
    " 0x1.16fccep-3 -0x1.777032p-3 0x1.782342p-2"
)
ERF_SCALE, SQRT_HALF, GELU_1, GELU_3 = hexes(
    "0x1.14648ap-3 0x1.6a09e6p-1 -0x1.988454p+0 -0x1.2444f2p-4"
)
ROUND = f32(1.5 * 2**23)  # adding it rounds to an integer


def horner(coefficients: list, x) -> np.float32:
    p = coefficients[0]
    for c in coefficients[1:]:
        p = fma(p, x, c)
    return p


def exp(x) -> np.float32:
    if np.isnan(x):
        return x
    x = f32(min(max(x, f32(-104)), f32(89)))
    n = f32(fma(x, PER_LN2, ROUND) - ROUND)
    r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, x))
    p = f32(fma(horner(EXP, r), f32(r * r), r) + f32(1))
    half = int(n) >> 1
    return f32(f32(p * f32(2.0**half)) * f32(2.0 ** (int(n) - half)))


def sigmoid(x) -> np.float32:
    e = exp(-x if x > 0 else x)
    return f32((f32(1) if x > 0 else e) / f32(f32(1) + e))


def tanh(x) -> np.float32:
    size = np.abs(x)
    if np.isnan(x):
        return x
    if size < f32(0.55):
        x2 = f32(size * size)
        t = fma(horner(TANH, x2), f32(x2 * size), size)
    else:
        e = exp(f32(20) if size > 10 else f32(size + size))
        t = f32(f32(1) - f32(f32(2) / f32(e + f32(1))))
    return np.copysign(t, x)


def log1p_exp_minus(x) -> np.float32:
    u = exp(-x)
    return f32(horner(LOG1P, u) * u)


def least(x, bound) -> np.float32:
    """x, or the bound where x is below it; a NaN stays one."""
    return f32(bound) if x < bound else x


def erf(x) -> np.float32:
    z = least(x, -3.849609375)
    z = f32(3.849609375) if z > 3.849609375 else z
    v = fma(f32(z * z), ERF_SCALE, f32(-1))
    v2 = f32(v * v)
    v4 = f32(v2 * v2)
    return f32(z * fma(horner(ERF_HIGH, v), f32(v4 * v4), horner(ERF_LOW, v)))


def gelu(x) -> np.float32:
    m = least(x, -5.5)
    return f32(f32(m * f32(0.5)) * f32(f32(1) + erf(f32(m * SQRT_HALF))))


def gelu_tanh(x) -> np.float32:
    m = least(x, -11)
    inner = f32(fma(f32(m * m), GELU_3, GELU_1) * m)
    return f32(m / f32(f32(1) + exp(inner)))


def activate(kind: int, x):
    if kind == 1:
        return type(x)(0) if x < 0 else x
    return {0: lambda x: x, 2: sigmoid, 3: tanh, 4: gelu, 5: gelu_tanh}[kind](x)


# --------------------------------------------------------------------- operators


def rowwise(kind: int, x, v):
    return (x + v, x - v, x * v, x / v)[kind]


def dense_f64(w, b, x):
    total = np.float64(0)
    for k in range(len(w)):
        total = total + w[k] * x[k]
    return total if b is None else total + b


def dense_f32(w, b, x):
    total = dot16(w, x)
    return total if b is None else f32(total + b)


def quantize(row):
    top = max(abs(x) for x in row)
    if top < f32(2.0**-120):
        return [0] * len(row), f32(1)
    inverse = f32(f32(127) / top)
    return [int(np.rint(f32(x * inverse))) for x in row], f32(top / f32(127))


def dense_s8(w, c, b, q, scale):
    total = sum(int(a) * int(x) for a, x in zip(w, q, strict=True))
    return fma(f32(total), f32(scale * c), f32(0) if b is None else b)


def softmax(row):
    top = max(row)
    exps = [exp(f32(x - top)) for x in row]
    inverse = f32(f32(1) / sum16(exps))
    return [f32(e * inverse) for e in exps]


def share(row):
    if all(x < SHARE_ZERO for x in row):
        return [f32(f32(1) / f32(len(row)))] * len(row)
    logs = [min(x, 0.0) - np.float64(log1p_exp_minus(f32(abs(x)))) for x in row]
    return softmax([-np.inf if x < SHARE_ZERO else log for x, log in zip(row, logs, strict=True)])


def argmax(row) -> int:
    if any(np.isnan(x) for x in row):
        return -1
    return next(i for i, x in enumerate(row) if all(x >= other for other in row))


def s32(x: int) -> int:
    """As 32 bits with a sign have it."""
    return (x + (1 << 31)) % (1 << 32) - (1 << 31)


def unpack(tensor: file.Tensor) -> np.ndarray:
    if tensor.layout == "rows":
        return np.frombuffer(tensor.data, NUMPY[tensor.dtype]).reshape(tensor.dims)
    n, k = tensor.dims
    matrix = np.empty((n, k), np.int8)
    for i in range(n):
        for j in range(k):
            at = ((i // 8) * -(-k // 8) + j // 8) * 64 + (i % 8) * 8 + j % 8
            matrix[i, j] = int.from_bytes(tensor.data[at : at + 1], signed=True)
    return matrix


# What other files add: opcode to a function of the operator and its reads, None
# for none, that gives an array for each write, or None for scratch.
OPERATORS: dict = {}
# The same, of those that must know the shapes of what they write, in this run:
# a function of the operator, its shapes and its reads.
SHAPED: dict = {}
# The same, of those that must know the types of what they write: a function of
# the operator, its types and its reads.
TYPED: dict = {}
# Those that compute in float64 when that is what they write.
WIDE: dict = {}


def operate(op: file.Operator, shapes: list, dtypes: list, values: dict) -> list:
    """What an operator writes: rows for each value, their dtype not yet set."""
    wide = dtypes[0] == "f64"
    x, *others = reads = [None if r == file.NONE else values[r] for r in op.reads]
    if wide and op.opcode in WIDE:
        return WIDE[op.opcode](op, *reads)
    if op.opcode in SHAPED:
        return SHAPED[op.opcode](op, shapes, *reads)
    if op.opcode in TYPED:
        return TYPED[op.opcode](op, dtypes, *reads)
    if op.opcode in OPERATORS:
        return OPERATORS[op.opcode](op, *reads)
    x = x.reshape(-1, x.shape[-1])
    kind = op.attributes[0] if op.attributes else None
    if op.opcode == 1:
        return [x]
    if op.opcode == 2:
        return [[[rowwise(kind, a, v) for a, v in zip(row, *others, strict=True)] for row in x]]
    if op.opcode == 3:
        w, b = others
        b = [None] * len(w) if b is None else b
        dense = dense_f64 if x.dtype == np.float64 else dense_f32
        return [[[activate(kind, dense(*wb, row)) for wb in zip(w, b, strict=True)] for row in x]]
    if op.opcode == 4:
        return list(zip(*map(quantize, x), strict=True))
    if op.opcode == 5:
        scales, w, c, b = others[0].reshape(-1), *others[1:]
        wcb = list(zip(w, c, [None] * len(w) if b is None else b, strict=True))
        rows = zip(x, scales, strict=True)
        return [[[activate(kind, dense_s8(*one, q, s)) for one in wcb] for q, s in rows]]
    return [list(map({6: softmax, 7: share, 8: argmax}[op.opcode], x))]


def call(f: file.File, op: file.Operator, values: dict) -> list:
    number, count, _, *pairs = op.attributes
    given = [values[r] for r in op.reads]
    outputs = run(f, number, given)
    for _ in range(1, count):
        inputs = list(given)
        for output, into in zip(pairs[0::2], pairs[1::2], strict=True):
            inputs[into] = outputs[output]
        outputs = run(f, number, inputs)
    return [None, *outputs]  # the scratch holds nothing


def extent(f: file.File, dim: int, given: np.ndarray) -> int:
    """A dimension in a run for the first input: symbol 0 is its rows, the tokens of a
    text its columns; other symbols are at their maxima."""
    if dim < file.SYMBOL:
        return dim
    if dim == file.SYMBOL:
        return len(given)
    if f.features[0].text and dim == f.plans[f.main].values[0].dims[1]:
        return given.shape[1]
    return f.symbols[dim - file.SYMBOL][1]


def run(f: file.File, number: int, inputs: list) -> list:
    """Outputs of a plan, for inputs as arrays [rows][columns]; symbol 0 is rows."""
    plan = f.plans[number]
    values = dict(enumerate(inputs))
    for i, v in enumerate(plan.values):
        if v.tensor is not None and v.dtype in NUMPY:
            values[i] = unpack(f.tensors[v.tensor])
    for op in plan.operators:
        shapes = [[extent(f, d, inputs[0]) for d in plan.values[v].dims] for v in op.writes]
        dtypes = [plan.values[v].dtype for v in op.writes]
        written = call(f, op, values) if op.opcode == 9 else operate(op, shapes, dtypes, values)
        for v, dims, array in zip(op.writes, shapes, written, strict=True):
            if array is not None:
                values[v] = np.array(array, NUMPY[plan.values[v].dtype]).reshape(dims)
    return [values[v] for v in plan.outputs]


def answer(f: file.File, rows: list[list[float]]) -> list:
    """Outputs of the plan that answers, for rows of features; or for texts by
    their ids, each by itself."""
    plan = f.plans[f.main]
    if f.features[0].text:
        texts = [run(f, f.main, [np.array([ids], np.int32)]) for ids in rows]
        return [np.concatenate(results) for results in zip(*texts, strict=True)]
    inputs = []
    for v in range(plan.inputs):
        columns = [i for i, feature in enumerate(f.features) if feature.value == v]
        dtype = NUMPY[plan.values[v].dtype]
        inputs.append(np.array([[row[i] for i in columns] for row in rows], dtype))
    with np.errstate(all="ignore"):
        return run(f, f.main, inputs)
