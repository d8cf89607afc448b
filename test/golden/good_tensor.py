"""Good files of operators 50 to 59: see good.py."""

import numpy as np
from good import BATCH, MODELS, Build, Draw, Golden, Tensors, make
from good_conv import RESHAPE, reshaped
from good_vector import INF, NAN, columns

from mote import file

CONVERT, EXPAND, COMPARE, LOGIC, SELECT, MATMUL, TAKE, UNARY, POWER, INTEGER = range(50, 60)
REMAINDER = 49


def integers(b: Build, array) -> int:
    """A tensor of s32."""
    array = np.asarray(array, "<i4")
    index = b.tensors.add_raw(file.Tensor("s32", array.shape, array.tobytes()))
    b.plan.values.append(file.PlacedValue("s32", array.shape, 0, index))
    return len(b.plan.values) - 1


def converted(b: Build, x: int, dtype: str) -> int:
    y = b.place(dtype, b.plan.values[x].dims)
    b.run(CONVERT, [x], [y])
    return y


def conversions() -> Golden:
    """Numbers of every type as every other one."""
    d, b = Draw("conversions"), Build(Tensors())
    x = b.input("f64", 4)
    kinds = ("f32", "s8", "u8", "s16", "s32", "s64", "bool")
    first = [converted(b, x, dtype) for dtype in kinds]
    second = [converted(b, y, dtype) for y in first for dtype in ("f32", "f64", "s8", "u8", "s64")]
    b.plan.outputs = [*second[:7], *first, *second[7:]]
    rows = d.rows(4, 4) + d.rows(2, 4, 300) + d.rows(1, 4, 3e9) + d.rows(1, 4, 1e19)
    rows += [[NAN, INF, -INF, -0.0], [0.5, -0.5, 127.9, -128.9], [2**31, 2**63, -(2.0**63), 1e-40]]
    rows += [[16777217.0, 2.0**53 + 2, 255.0, 256.0], [1e300, -1e300, 32767.5, -32769.0]]
    return Golden(make("conversions", b.tensors, [b], columns(4)), rows)


def choices() -> Golden:
    """Comparisons, of rows with a tensor's rows and with one number, what they
    are joined to, and what is chosen by them."""
    d, b = Draw("choices"), Build(Tensors())
    x = b.input("f64", 3)
    y, z = converted(b, x, "f32"), converted(b, x, "s32")
    other = b.place("f32", (BATCH, 3))
    b.run(EXPAND, [b.tensor(d.array(1, 3), "f32")], [other])
    answers = []
    for kind, reads in enumerate([(y, other), (y, b.tensor(np.array(0.5), "f32")),
                                  (x, b.tensor(np.array([1.0]), "f64"))]):  # fmt: skip
        answers.append(b.place("bool", (BATCH, 3)))
        b.run(COMPARE, list(reads), [answers[-1]], kind)
    same = b.place("bool", (BATCH, 3))
    b.run(COMPARE, [z, integers(b, [2])], [same], 0)
    twice = b.place("bool", (BATCH, 3))
    b.run(COMPARE, [same, answers[0]], [twice], 2)
    yes = b.tensors.add_raw(file.Tensor("bool", (1,), b"\1"))
    b.plan.values.append(file.PlacedValue("bool", (1,), 0, yes))
    one = len(b.plan.values) - 1
    joined = [b.place("bool", (BATCH, 3)) for _ in range(3)]
    for kind, reads in enumerate([(answers[0], answers[1]), (answers[1], answers[2]),
                                  (same, one)]):  # fmt: skip
        b.run(LOGIC, list(reads), [joined[kind]], kind)
    last = b.place("bool", (BATCH, 3), over=twice)
    b.run(LOGIC, [twice, joined[0]], [last], 2)
    chosen = [b.place("f32", (BATCH, 3)), b.place("f64", (BATCH, 3)), b.place("bool", (BATCH, 3))]
    b.run(SELECT, [answers[1], y, b.tensor(np.array([-7.0]), "f32")], [chosen[0]])
    b.run(SELECT, [joined[1], b.tensor(np.array(9.0), "f64"), x], [chosen[1]])
    b.run(SELECT, [joined[2], answers[0], answers[2]], [chosen[2]])
    b.plan.outputs = [*chosen, *joined, last, *answers]
    rows = d.rows(4, 3) + [[NAN, INF, -INF], [0.5, -0.0, 2.0], [2.9, 1.0, 0.0]]
    return Golden(make("choices", b.tensors, [b], columns(3)), rows)


def moved() -> Golden:
    """Axes that are repeated, elements that are taken, products of computed
    matrices."""
    d, b = Draw("moved"), Build(Tensors(), batch=3)
    given = b.input("f32", 6)
    x = b.place("f32", (BATCH, 2, 3))
    b.run(RESHAPE, [given], [x])
    column = b.place("f32", (BATCH, 2, 1, 3))
    b.run(RESHAPE, [given], [column])
    wide = b.place("f32", (BATCH, 2, 4, 3))
    b.run(EXPAND, [column], [wide])
    tall = b.place("f32", (BATCH, 2, 3, 5))
    b.run(EXPAND, [b.tensor(d.array(1, 2, 3, 1), "f32")], [tall])
    product = b.place("f32", (BATCH, 2, 4, 5))
    b.run(MATMUL, [wide, tall], [product])
    turned = b.place("f32", (BATCH, 3, 3))
    b.run(TAKE, [x, integers(b, [1, 0, 1])], [turned], 1)
    picked = b.place("f32", (BATCH, 3, 4))
    b.run(TAKE, [turned, integers(b, [2, 2, 0, 1])], [picked], 2)
    square = b.place("f32", (BATCH, 3, 4))
    b.run(MATMUL, [turned, picked], [square])
    batches = b.place("f32", (2, 3))
    b.run(TAKE, [b.tensor(d.array(4, 3), "f32"), integers(b, [3, 0])], [batches], 0)
    flat = b.place("f32", (2, 2))
    b.run(MATMUL, [batches, b.tensor(d.array(3, 2), "f32")], [flat])
    long = b.place("f32", (BATCH, 40, 21))
    b.run(EXPAND, [b.tensor(d.array(1, 40, 21), "f32")], [long])
    more = b.place("f32", (BATCH, 17, 40))
    b.run(EXPAND, [b.tensor(d.array(1, 1, 40), "f32")], [more])
    large = b.place("f32", (BATCH, 17, 21))
    b.run(MATMUL, [more, long], [large])
    b.plan.outputs = [reshaped(b, square, BATCH, 12), wide, product, flat, turned, large]
    rows = d.rows(2, 6) + [[0.0, -0.0, 1e38, -1e38, 1e-40, 3.0], [INF, 1, 2, NAN, 4, 5]]
    return Golden(make("moved", b.tensors, [b], columns(12)), rows)


def functions() -> Golden:
    """Functions of a number and powers, some in place; integers."""
    d, b = Draw("functions"), Build(Tensors())
    x = b.input("f32", 4)
    results = []
    for kind in range(5):
        results.append(b.place("f32", (BATCH, 4)))
        b.run(UNARY, [x], [results[-1]], kind)
    exponent = b.place("f32", (BATCH, 4))
    b.run(EXPAND, [b.tensor(np.array([[2.0, 0.5, -3.0, 1.7]]), "f32")], [exponent])
    for reads in ([x, exponent], [x, b.tensor(np.array([3.0]), "f32")],
                  [exponent, x], [x, b.tensor(np.array(-0.7), "f32")], [x, x]):  # fmt: skip
        results.append(b.place("f32", (BATCH, 4)))
        b.run(POWER, reads, [results[-1]])
    whole, scaled = b.place("s32", (BATCH, 4)), b.place("s32", (BATCH, 4))
    b.run(CONVERT, [x], [whole])
    b.run(INTEGER, [whole, integers(b, 1000003)], [scaled], 2)
    for kind in range(8):
        results.append(b.place("s32", (BATCH, 4)))
        b.run(INTEGER, [scaled, whole], [results[-1]], kind)
    last = b.place("s32", (BATCH, 4), over=scaled)
    b.run(INTEGER, [scaled, integers(b, [-7])], [last], 6)
    rounded = b.place("f32", (BATCH, 4), over=x)
    b.run(UNARY, [x], [rounded], 3)
    b.plan.outputs = [*results[:14], rounded, last]
    rows = (
        d.rows(8, 4) + d.rows(2, 4, 1e4) + d.rows(2, 4, 3e9) + [[abs(v) for v in d.rows(1, 4)[0]]]
    )
    rows += [[0.0, -0.0, INF, -INF], [NAN, 1.0, -1.0, 0.5], [1e-40, -1e-40, 3.4e38, 1.5]]
    rows += [[2.5, -2.5, 1e38, -1e38], [3.0, -3.0, 7.0, -8.0], [16777217.0, -0.5, 0.5, 1.4142135]]
    return Golden(make("functions", b.tensors, [b], columns(4)), rows)


def remainders() -> Golden:
    """Of floats, by one number and by one each; the last in place."""
    d, b = Draw("remainders"), Build(Tensors())
    x, by = b.input("f32", 3), b.input("f32", 3)
    results = []
    for kind in (0, 1):
        for other in (by, b.tensor(np.array([-1.7]), "f32"), x):
            results.append(b.place("f32", (BATCH, 3)))
            b.run(REMAINDER, [x, other], [results[-1]], kind)
    last = b.place("f32", (BATCH, 3), over=by)
    b.run(REMAINDER, [by, b.tensor(np.array(0.3), "f32")], [last], 1)
    b.plan.outputs = [*results, last]
    rows = d.rows(6, 6) + d.rows(2, 6, 1e6)
    rows += [[-4.3, 7.2, 5.0, 2.1, -3.4, 8.0], [0.0, -0.0, 0.0, -2.0, 2.0, -0.0]]
    rows += [[-3.0, 3.0, -1.0, INF, INF, -INF], [INF, -INF, NAN, 2.0, 2.0, 2.0]]
    rows += [[3.4e38, -3.4e38, 1e38, 1e-40, 1.4e-45, -3.0], [1.0, 2.0, -1e-40, 0.0, NAN, 3e-41]]
    return Golden(make("remainders", b.tensors, [b], columns(3)), rows)


MODELS.update((m.__name__, m) for m in (conversions, choices, moved, functions, remainders))
