"""Good files of operators 25 to 36: see good.py."""

import numpy as np
from good import (
    BATCH,
    MODELS,
    NONE_ACT,
    QUANTIZE,
    RELU,
    SIGMOID,
    TANH,
    Build,
    Draw,
    Golden,
    Tensors,
    make,
)
from good_vector import bits, columns

from mote import file

CONV, CONV_S8, DEPTHWISE, POOL, CONCAT, SLICE, TRANSPOSE, PAD, RESHAPE = range(25, 34)
GRU, LSTM = 35, 36
NONE = file.NONE


def window(taps=(1, 1), stride=(1, 1), dilation=(1, 1), before=(0, 0), after=(0, 0)) -> list[int]:
    return [*taps, *stride, *dilation, *before, *after]


def reshaped(b: Build, x: int, *dims: int) -> int:
    """In the place of x."""
    y = b.place(b.plan.values[x].dtype, dims, over=x)
    b.run(RESHAPE, [x], [y])
    return y


def panels(b: Build, d: Draw, m: int, n: int) -> tuple[int, int]:
    """An int8 matrix and its scales."""
    w = d.array(m, n)
    scale = np.abs(w).max(axis=1) / 127
    packed = file.p8k8(np.rint(w / scale[:, None]).astype(np.int8))
    index = b.tensors.add_raw(file.Tensor("s8", w.shape, packed, "p8k8"))
    b.plan.values.append(file.PlacedValue("s8", w.shape, 0, index))
    return len(b.plan.values) - 1, b.tensor(scale, "f32")


def tcn() -> Golden:
    """Causal convolutions of a sequence, dilated, in float32 and in int8; one of
    steps that are a symbol would look the same."""
    d, b = Draw("tcn"), Build(Tensors())
    given = b.input("f32", 14)
    x = reshaped(b, given, BATCH, 7, 2)
    first = b.place("f32", (BATCH, 7, 9))
    w, bias = b.tensor(d.array(1, 6, 9), "f32"), b.tensor(d.array(9), "f32")
    b.run(CONV, [x, w, bias], [first], *window((1, 3), dilation=(1, 2), before=(0, 4)), RELU)
    second = b.place("f32", (BATCH, 7, 5))
    scratch = b.place("u8", (64 * (4 + 27) + (8 + 7) * 9,))
    matrix, scale = panels(b, d, 5, 27)
    words = window((1, 3), dilation=(1, 4), before=(0, 8))
    b.run(CONV_S8, [first, matrix, scale, NONE], [second, scratch], *words, TANH)
    third, scratch = b.place("f32", (BATCH, 5, 3)), b.place("u8", (64 * (4 + 15) + 7 * 5,))
    reads = [second, *panels(b, d, 3, 15), b.tensor(d.array(3), "f32")]
    b.run(CONV_S8, reads, [third, scratch], *window((1, 3)), NONE_ACT)
    b.plan.outputs = [reshaped(b, third, BATCH, 15), second]
    rows = d.rows(5, 14) + [[0.0] * 14]
    f = make("tcn", b.tensors, [b], columns(15))
    return Golden(f, rows, refused=[[float("nan")] + [0.0] * 13, [3e38] * 14])


def image() -> Golden:
    """Convolutions of an image: strided, dilated, grouped, padded on each side
    by another number; depthwise ones; pools of each kind."""
    d, b = Draw("image"), Build(Tensors(), batch=2)
    given = b.input("f32", 60)
    x = reshaped(b, given, BATCH, 5, 6, 2)
    first = b.place("f32", (BATCH, 4, 3, 4))
    w = b.tensor(d.array(2, 6, 2), "f32")
    words = window((2, 3), stride=(1, 2), before=(0, 1), after=(0, 0))
    b.run(CONV, [x, w, NONE], [first], *words, SIGMOID)
    deep = b.place("f32", (BATCH, 4, 5, 4))
    w, bias = b.tensor(d.array(6, 4), "f32"), b.tensor(d.array(4), "f32")
    words = window((3, 2), dilation=(2, 1), before=(1, 2), after=(3, 1))
    b.run(DEPTHWISE, [first, w, bias], [deep], *words, RELU)
    grouped = b.place("f32", (BATCH, 2, 3, 16))
    scratch = b.place("u8", (64 * (4 + 8) + (2 + 4 + 0) * (1 + 5 + 1) * 4,))
    reads = [deep, *panels(b, d, 16, 8), b.tensor(d.array(16), "f32")]
    words = window((2, 2), stride=(3, 2), before=(2, 1), after=(0, 1))
    b.run(CONV_S8, reads, [grouped, scratch], *words, RELU)
    pools = []
    for kind in range(3):
        pools.append(b.place("f32", (BATCH, 3, 3, 4)))
        words = window((2, 3), stride=(2, 2), before=(1, 1), after=(1, 1))
        b.run(POOL, [deep], [pools[-1]], *words, kind)
    whole = b.place("f32", (BATCH, 1, 1, 4))
    b.run(POOL, [deep], [whole], *window((4, 5)), 1)
    b.plan.outputs = [reshaped(b, whole, BATCH, 4), grouped, deep, *pools]
    nan = [float("nan")] + d.rows(1, 59)[0]
    rows = d.rows(4, 60) + [[0.0, -0.0] * 30]
    return Golden(make("image", b.tensors, [b], columns(4)), rows, refused=[nan])


def window_symbol() -> Golden:
    """The steps are a symbol, those of a batch of one: as many come out of a
    window as go in."""
    d, b = Draw("window_symbol"), Build(Tensors(), batch=1)
    given = b.input("f32", 4)
    x = reshaped(b, given, 1, BATCH, 4)
    first, second, pooled = (b.place("f32", (1, BATCH, 4)) for _ in range(3))
    words = window((1, 3), dilation=(1, 2), before=(0, 3), after=(0, 1))
    b.run(CONV, [x, b.tensor(d.array(1, 12, 4), "f32"), NONE], [first], *words, NONE_ACT)
    scratch = b.place("u8", (64 * (4 + 12) + (3 + 1 + 1) * 4,))
    b.run(CONV_S8, [first, *panels(b, d, 4, 12), NONE], [second, scratch], *words, RELU)
    words = window((1, 3), before=(0, 1), after=(0, 1))
    b.run(POOL, [second], [pooled], *words, 1)
    states, last = b.place("f32", (1, BATCH, 3)), b.place("f32", (1, 3))
    room = b.place("f32", (9 * 2 + 6 + 1 + 1,))
    b.run(GRU, [pooled, *layer(b, d, 4, 9, True, True), NONE], [states, last, room], 0, 0)
    b.plan.outputs = [reshaped(b, pooled, BATCH, 4), last]
    return Golden(make("symbol", b.tensors, [b], columns(4)), d.rows(1, 4))


def moves() -> Golden:
    """Elements of each size put together, cut, turned and padded."""
    d, b = Draw("moves"), Build(Tensors())
    given = b.input("f32", 12)
    q, s = b.value("s8", 12), b.value("f32", None)
    b.run(QUANTIZE, [given], [q, s])
    turned, bytes_ = b.place("f32", (4, BATCH, 3)), b.place("s8", (BATCH, 4, 3))
    x = reshaped(b, given, BATCH, 3, 4)
    b.run(TRANSPOSE, [x], [turned], 2, 0, 1)
    b.run(TRANSPOSE, [reshaped(b, q, BATCH, 3, 4)], [bytes_], 0, 2, 1)
    same = b.place("f32", (3, BATCH, 4))
    b.run(TRANSPOSE, [x], [same], 1, 0, 2)
    back = b.place("f32", (BATCH, 3, 4))
    b.run(TRANSPOSE, [same], [back], 1, 0, 2)
    part, row = b.place("f32", (BATCH, 3, 2)), b.place("f32", (BATCH, 1, 4))
    b.run(SLICE, [x], [part], 2, 1)
    b.run(SLICE, [back], [row], 1, 2)
    both = b.place("f32", (BATCH, 3, 6))
    b.run(CONCAT, [part, x], [both], 2)
    below = b.place("f32", (BATCH, 5, 4))
    b.run(CONCAT, [row, x, row], [below], 1)
    wide = b.place("f32", (BATCH, 6, 4))
    b.run(PAD, [x], [wide], 1, 2, bits(-1.5))
    real = b.tensor(d.array(2, 3, 1, 2), "f64")
    other, flat = b.place("f64", (2, 1, 2, 3)), b.place("f64", (12,))
    b.run(TRANSPOSE, [real], [other], 3, 2, 0, 1)
    b.run(RESHAPE, [other], [flat])
    ends = [flat, other, bytes_, reshaped(b, below, BATCH, 20), wide]
    b.plan.outputs = [reshaped(b, both, BATCH, 18), *ends]
    return Golden(make("moves", b.tensors, [b], columns(18)), d.rows(5, 12))


def layer(b: Build, d: Draw, n: int, m: int, s8: bool, biases: bool) -> list[int]:
    """w, c, r, d, b and e of m gates' outputs together."""
    states = m // (4 if m == 12 else 3)
    if s8:
        w, r = panels(b, d, m, n), panels(b, d, m, states)
    else:
        w = (b.tensor(d.array(n, m), "f32"), NONE)
        r = (b.tensor(d.array(states, m), "f32"), NONE)
    return [*w, *r, *(b.tensor(d.array(m), "f32") if biases else NONE for _ in range(2))]


def recurrent_layers() -> Golden:
    """GRU and LSTM in both precisions, forward and back, with biases and first
    states and without, the reset before the product and after."""
    d, b = Draw("recurrent_layers"), Build(Tensors(), batch=3)
    x = reshaped(b, b.input("f32", 20), BATCH, 4, 5)
    b.plan.flush_denormals = True

    def gru(x: int, n: int, s8: bool, biases: bool, h: int, *flags: int) -> list[int]:
        floats = 9 * 5 + 6 + (4 + 5 if s8 else 0)
        writes = [b.place("f32", (BATCH, 4, 3)), b.value("f32", 3), b.place("f32", (floats,))]
        b.run(GRU, [x, *layer(b, d, n, 9, s8, biases), h], writes, *flags)
        return writes

    def lstm(x: int, n: int, s8: bool, h: int, cell: int, reverse: int) -> list[int]:
        floats = 12 * 5 + 9 + (4 + 5 if s8 else 0)
        writes = [b.place("f32", (BATCH, 4, 3)), b.value("f32", 3), b.value("f32", 3)]
        writes.append(b.place("f32", (floats,)))
        b.run(LSTM, [x, *layer(b, d, n, 12, s8, reverse == 0), h, cell], writes, reverse)
        return writes

    a = gru(x, 5, False, True, NONE, 0, 0)
    c = gru(x, 5, True, False, a[1], 1, 1)
    e = gru(a[0], 3, False, True, c[1], 0, 1)
    f = gru(x, 5, True, True, NONE, 0, 0)
    p = lstm(x, 5, False, NONE, NONE, 0)
    q = lstm(x, 5, True, p[1], p[2], 1)
    r = lstm(c[0], 3, True, e[1], NONE, 0)
    both = b.place("f32", (BATCH, 4, 6))
    b.run(CONCAT, [a[0], q[0]], [both], 2)
    b.plan.outputs = [c[1], e[1], f[1], r[1], r[2], q[2], both]
    rows = d.rows(5, 20, 2) + [[0.0] * 20]
    model = make("layers", b.tensors, [b], columns(3))
    return Golden(model, rows, refused=[[float("inf")] + [0.0] * 19])


MODELS.update((m.__name__, m) for m in (tcn, image, window_symbol, moves, recurrent_layers))
