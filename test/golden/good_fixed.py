"""The good files with int8 of stated scales: see good.py."""

import numpy as np
from good import BATCH, MODELS, Build, Draw, Golden, Tensors, make
from good_conv import reshaped, window
from good_vector import bits, columns

from mote import file

LOOKUP, QUANTIZE_FIXED, DENSE_FIXED = 19, 23, 24
CONV_FIXED, DEPTHWISE_FIXED, QUANTIZE_U8, DENSE_U8 = range(60, 64)
LOW = -128 & 0xFFFFFFFF
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
    reads = [q, b.panels(first), b.tensor(c, "f32"), b.tensor(more, "s32")]
    b.run(DENSE_FIXED, reads, [h], LOW, LOW)
    c = np.array([2**-10, NAN, 2**-20], "<f4")
    more = np.array([127, 0, 2**31 - 1], "<i4")
    reads = [h, b.panels(second), b.tensor(c, "f32"), b.tensor(more, "s32")]
    b.run(DENSE_FIXED, reads, [y], 127, LOW)
    table = np.array([(i - 256 * (i > 127) - 127) * 0.25 for i in range(256)])
    b.run(LOOKUP, [y, b.tensor(table, "f32")], [real])
    b.plan.outputs = [real]
    rows = d.rows(9, 11, 20) + [[0.25, 0.75, -0.25, -0.75, 61.0, 61.25, -66.5, -66.75, 0, -0.0, 1]]
    rows += [[INF, -INF, *[1e30] * 9]]
    return Golden(make("fixed", b.tensors, [b], columns(3)), rows, refused=[[0.0] * 10 + [NAN]])


def layer(b: Build, d: Draw, m: int, n: int) -> list[int]:
    """An int8 matrix in panels, factors and integers to add."""
    w = np.rint(d.array(m, n, scale=60)).clip(-127, 127)
    c = np.abs(d.array(m)).astype("<f4") * 2**-8 + 2**-9
    more = np.rint(d.array(m, scale=500)).astype("<i4")
    return [b.panels(w), b.tensor(c, "f32"), b.tensor(more, "s32")]


def fixed_image() -> Golden:
    """Convolutions from int8 to int8: strided, dilated, padded with the zero point
    of what they read, on each side by another number; depthwise; in groups."""
    d, b = Draw("fixed_image"), Build(Tensors(), batch=3)
    given = b.input("f32", 60)
    q = b.value("s8", 60)
    b.run(QUANTIZE_FIXED, [given], [q], 7, bits(0.25))
    x = reshaped(b, q, BATCH, 5, 6, 2)
    first = b.place("s8", (BATCH, 4, 3, 19))
    scratch = b.place("u8", (64 * (4 + 12) + (0 + 5 + 0) * (0 + 6 + 1) * 2,))
    words = window((2, 3), stride=(1, 2), before=(0, 0), after=(0, 1))
    b.run(CONV_FIXED, [x, *layer(b, d, 19, 12)], [first, scratch], *words, 7, LOW, LOW)
    deep = b.place("s8", (BATCH, 4, 5, 19))
    w = b.tensor(np.rint(d.array(6, 19, scale=60)).clip(-127, 127).astype("i1"), "s8")
    reads = [first, w, *layer(b, d, 19, 1)[1:]]
    words = window((3, 2), dilation=(2, 1), before=(1, 2), after=(3, 1))
    b.run(DEPTHWISE_FIXED, reads, [deep], *words, LOW, 3, 3)
    flat = reshaped(b, deep, BATCH, 95, 4)
    grouped = b.place("s8", (BATCH, 10, 16))
    scratch = b.place("u8", (64 * (4 + 4) + (1 + 95 + 1) * 4,))
    words = window((1, 2), stride=(1, 10), dilation=(1, 3), before=(0, 0), after=(0, 1))
    b.run(CONV_FIXED, [flat, *layer(b, d, 16, 4)], [grouped, scratch], *words, 3, 127, LOW)
    real = b.place("f32", (BATCH, 10, 16))
    table = np.arange(256) * 0.125
    b.run(LOOKUP, [grouped, b.tensor(table, "f32")], [real])
    b.plan.outputs = [reshaped(b, real, BATCH, 160), first]
    rows = d.rows(2, 60) + [[0.0, 40.0] * 30]
    nan = [[0.0] * 59 + [NAN]]
    return Golden(make("fixed_image", b.tensors, [b], columns(160)), rows, refused=nan)


def dynamic() -> Golden:
    """Zero points that each run finds: one for all of four rows, then one for
    each; rows of zeros, of one sign, and of numbers that are hardly any."""
    d, b = Draw("dynamic"), Build(Tensors())
    x = reshaped(b, b.input("f32", 20), BATCH, 4, 5)
    made = []
    for n, m, shared, bias in ((5, 9, 2, True), (9, 3, 1, False)):
        q, y = b.place("s8", (BATCH, 4, n)), b.place("f32", (BATCH, 4, m))
        s, zero = b.place("f32", (BATCH, 4)), b.place("f32", (BATCH, 4))
        b.run(QUANTIZE_U8, [x], [q, s, zero], shared)
        w = np.rint(d.array(m, n, scale=60)).clip(-127, 127)
        c = (np.abs(d.array(m)) * 2**-6).astype("<f4")
        add = b.tensor(d.array(m), "f32") if bias else file.NONE
        t = (w.sum(axis=1) * c.astype(np.float64)).astype("<f4")
        reads = [q, s, zero, b.panels(w), b.tensor(c, "f32"), b.tensor(t, "f32"), add]
        b.run(DENSE_U8, reads, [y])
        made += [q, s, zero, y]
        x = y
    b.plan.outputs = [reshaped(b, x, BATCH, 12), *made[:-1]]
    rows = d.rows(3, 20) + [[0.0] * 20, [-0.0] * 20, [1.0] * 20, [-3.0] * 20, [1e-38] * 20]
    rows += [[510.0, *[0.5, 1.0, 1.5, 3.0] * 4, 2.5, 0, 0], [1e38, -1e38] * 10]
    refused = [[INF] + [0.0] * 19, [NAN] + [0.0] * 19, [0.0] * 19 + [-INF], [3e38, -3e38] * 10]
    return Golden(make("dynamic", b.tensors, [b], columns(12)), rows, refused=refused)


MODELS |= {"fixed": fixed, "fixed_image": fixed_image, "dynamic": dynamic}
