"""The good files with int8 of stated scales: see good.py."""

import numpy as np
from good import MODELS, Build, Draw, Golden, Tensors, make
from good_vector import bits, columns

LOOKUP, QUANTIZE_FIXED, DENSE_FIXED = 19, 23, 24
NAN, INF = float("nan"), float("inf")


def fixed() -> Golden:
    """Two layers from int8 to int8, the first as relu with the least zero point,
    and back through a table; scales that make ties, b that wraps around and c
    that is no number among them."""
    d, b = Draw("fixed"), Build(Tensors())
    x = b.input("f32", 11)
    q, h, y, real = *(b.value("s8", n) for n in (11, 9, 3)), b.value("f32", 3)
    b.run(QUANTIZE_FIXED, [x], [q], 5, bits(0.5))
    first, second = (np.rint(d.array(*s, scale=60)).clip(-127, 127) for s in ((9, 11), (3, 9)))
    c = np.abs(d.array(9)).astype("<f4") * 2**-9 + 2**-12
    c[4] = 2**-9
    more = np.rint(d.array(9, scale=2000)).astype("<i4")
    low = -128 & 0xFFFFFFFF
    reads = [q, b.panels(first), b.tensor(c, "f32"), b.tensor(more, "s32")]
    b.run(DENSE_FIXED, reads, [h], low, low)
    c = np.array([2**-10, NAN, 2**-20], "<f4")
    more = np.array([127, 0, 2**31 - 1], "<i4")
    reads = [h, b.panels(second), b.tensor(c, "f32"), b.tensor(more, "s32")]
    b.run(DENSE_FIXED, reads, [y], 127, low)
    table = np.array([(i - 256 * (i > 127) - 127) * 0.25 for i in range(256)])
    b.run(LOOKUP, [y, b.tensor(table, "f32")], [real])
    b.plan.outputs = [real]
    rows = d.rows(9, 11, 20) + [[0.25, 0.75, -0.25, -0.75, 61.0, 61.25, -66.5, -66.75, 0, -0.0, 1]]
    rows += [[INF, -INF, *[1e30] * 9]]
    return Golden(make("fixed", b.tensors, [b], columns(3)), rows, refused=[[0.0] * 10 + [NAN]])


MODELS["fixed"] = fixed
