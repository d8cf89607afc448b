"""Good files of operators 10 to 19: see good.py."""

import struct

import numpy as np
from good import MODELS, QUANTIZE, Build, Draw, Golden, Tensors, make, numbers

from mote import file

MAP, BINARY, NORM, SOFTMAX_F32, EMBED, POSITION, ATTENTION, REDUCE, NORMALIZE, LOOKUP = range(
    10, 20
)
INF, NAN = float("inf"), float("nan")


def bits(x: float) -> int:
    return struct.unpack("<I", struct.pack("<f", x))[0]


def columns(n: int) -> file.OutputRecord:
    return numbers([f"y{i}" for i in range(n)])


def maps() -> Golden:
    """Every function of one number, the first in the place of its input's copy."""
    d, b = Draw("maps"), Build(Tensors())
    x = b.input("f32", 3)
    for kind in (1, 2, 3, 4, 5, 16, 17, 18, 19, 20):
        y = b.value("f32", 3)
        b.run(MAP, [x], [y], kind)
        b.plan.outputs.append(y)
    last = b.value("f32", 3, over=x)
    b.run(MAP, [x], [last], 21)
    b.plan.outputs.append(last)
    rows = d.rows(4, 3) + d.rows(1, 3, 0.4) + d.rows(1, 3, 100) + d.rows(1, 3, 1e-39)
    rows += [[0.0, -0.0, INF], [-INF, NAN, 88.8], [3.85, -5.5, 5.5], [-11, -104, 1e38]]
    return Golden(make("maps", b.tensors, [b], columns(3)), rows)


def binaries() -> Golden:
    """Two operands of every shape that fits; some in place."""
    d, b = Draw("binaries"), Build(Tensors())
    x = b.input("f32", 3)
    other = b.tensor(d.array(3), "f32")
    half, scalar = b.tensor(d.array(1) + 2, "f32"), b.tensor(d.array(), "f32")
    square = b.value("f32", 3)
    b.run(BINARY, [x, x], [square], 2)
    for kind, operand in enumerate((other, square, half, other, square, scalar)):
        y = b.value("f32", 3)
        b.run(BINARY, [x, operand], [y], kind)
        b.plan.outputs.append(y)
    fixed = b.tensor(d.array(2, 1, 3), "f32")
    whole = b.place("f32", (2, 1, 3))
    b.run(BINARY, [fixed, other], [whole], 5)
    last = b.value("f32", 3, over=x)
    b.run(BINARY, [x, scalar], [last], 3)
    b.plan.outputs += [whole, last]
    rows = d.rows(5, 3) + [[0.0, -0.0, 1], [NAN, INF, -INF]]
    return Golden(make("binaries", b.tensors, [b], columns(3)), rows)


def norms() -> Golden:
    """Rows that are normalized, in three ways, and their softmax; one row longer
    than the 16 sums."""
    d, b = Draw("norms"), Build(Tensors())
    x = b.input("f32", 19)
    g, more = b.tensor(d.array(19), "f32"), b.tensor(d.array(19), "f32")
    r, y, rms, soft, unit = (b.value("f32", 19) for _ in range(5))
    b.run(MAP, [x], [r], 3)
    b.run(NORM, [x, r, g, more], [y], 0, bits(1e-5))
    b.run(NORM, [x, file.NONE, g, file.NONE], [rms], 1, bits(1e-12))
    b.run(SOFTMAX_F32, [x], [soft], bits(0.25))
    b.run(NORMALIZE, [x], [unit])
    last = b.value("f32", 19, over=x)
    b.run(NORM, [x, file.NONE, g, more], [last], 0, bits(1))
    b.plan.outputs = [y, rms, soft, unit, last]
    rows = d.rows(3, 19) + d.rows(1, 19, 1e20) + d.rows(1, 19, 1e-20)
    rows += [[0.0] * 19, [3.0] * 19, [NAN] + [1.0] * 18, [INF] + [1.0] * 18]
    return Golden(make("norms", b.tensors, [b], columns(19)), rows)


def embeddings() -> Golden:
    """Rows of two tables for the index of the largest number; no row for the
    index of a NaN, nor for a fifth number."""
    d, b = Draw("embeddings"), Build(Tensors())
    x = b.input("f64", 5)
    ids = b.argmax(x)
    table = np.rint(d.array(4, 18, scale=127)).astype(np.int8)
    first = b.value("f32", 18)
    scaled = [b.tensor(table, "s8"), b.tensor(d.array(4), "f32")]
    b.run(EMBED, [file.NONE, ids, *scaled], [first])
    plain = b.value("f32", 18)
    b.run(EMBED, [file.NONE, ids, b.tensor(d.array(4, 18), "f32"), file.NONE], [plain])
    both, over = b.value("f32", 18), b.value("f32", 18, over=first)
    b.run(EMBED, [plain, ids, *scaled], [both])
    b.run(EMBED, [first, ids, b.tensor(d.array(5, 18), "f32"), file.NONE], [over])
    b.plan.outputs = [both, over, plain]
    rows = [[*row, -9.0] for row in d.rows(6, 4)]
    f = make("embeddings", b.tensors, [b], columns(18))
    return Golden(f, rows, refused=[[0, 1, NAN, 2, 3], [1, 2, 3, 4, 5]])


def transformer() -> Golden:
    """Positions, attention with and without a look ahead, and what is made of
    the steps; constants, for a batch has no other rows to look at."""
    d, b = Draw("transformer"), Build(Tensors())
    b.plan.outputs = [b.input("f64", 1)]
    x = b.tensor(d.array(2, 5, 18), "f32")
    table = np.rint(d.array(6, 18, scale=127)).astype(np.int8)
    y, qkv = b.place("f32", (2, 5, 18)), b.place("f32", (2, 5, 18))
    b.run(POSITION, [x, b.tensor(d.array(5, 18), "f32"), file.NONE], [y])
    b.run(POSITION, [y, b.tensor(table, "s8"), b.tensor(d.array(6) / 99, "f32")], [qkv])
    scratch = b.place("f32", (3 * 16 + 5 * 16 + 16 * 32,))
    seen, past = b.place("f32", (2, 5, 6)), b.place("f32", (2, 5, 6))
    b.run(ATTENTION, [qkv], [seen, scratch], 2, bits(3**-0.5), 0)
    b.run(ATTENTION, [qkv], [past, scratch], 2, bits(1.5), 1)
    b.plan.outputs += [seen, past]
    for kind in range(5):
        reduced = b.place("f32", (2, 6))
        b.run(REDUCE, [seen], [reduced], kind)
        b.plan.outputs.append(reduced)
    return Golden(make("transformer", b.tensors, [b], numbers(["y"])), d.rows(5, 1))


def long_sequence() -> Golden:
    """Attention over more steps than a strip of it has rows."""
    d, b = Draw("long_sequence"), Build(Tensors())
    b.plan.outputs = [b.input("f64", 1)]
    ids = b.tensor(np.array([[i * 7 % 4 for i in range(18)]], "<i4"), "s32")
    x = b.place("f32", (1, 18, 3))
    b.run(EMBED, [file.NONE, ids, b.tensor(d.array(4, 3), "f32"), file.NONE], [x])
    y = b.place("f32", (1, 18, 3), over=x)
    b.run(POSITION, [x, b.tensor(d.array(18, 3), "f32"), file.NONE], [y])
    out, scratch = b.place("f32", (1, 18, 1)), b.place("f32", (1 * 32 + 18 * 16 + 16 * 48,))
    b.run(ATTENTION, [y], [out, scratch], 1, bits(2), 0)
    b.plan.outputs.append(out)
    return Golden(make("long", b.tensors, [b], numbers(["y"])), d.rows(5, 1))


def batch_as_steps() -> Golden:
    """The steps are a symbol: those of a batch of one, so that a row's answer is
    its own."""
    d, b = Draw("batch_as_steps"), Build(Tensors(), batch=1)
    x = b.input("f32", 6)
    y, out = b.value("f32", 6, over=x), b.value("f32", 2)
    b.run(POSITION, [x, b.tensor(d.array(1, 6), "f32"), file.NONE], [y])
    scratch, total = b.place("f32", (2 * 16 + 1 * 16 + 16 * 32,)), b.place("f32", (6,))
    b.run(ATTENTION, [y], [out, scratch], 2, bits(1), 1)
    b.run(REDUCE, [y], [total], 0)
    b.plan.outputs = [out, y]
    return Golden(make("steps", b.tensors, [b], columns(2)), d.rows(1, 6))


def lookups() -> Golden:
    """Bytes through tables, of and to each type; a row's own bytes in place."""
    d, b = Draw("lookups"), Build(Tensors())
    x = b.input("f32", 3)
    q, s = b.value("s8", 3), b.value("f32", None)
    b.run(QUANTIZE, [x], [q, s])
    to_f32 = b.tensor(d.array(256), "f32")
    to_s8 = b.tensor(np.array([i * 37 % 256 - 128 for i in range(256)], np.int8), "s8")
    to_u8 = b.tensor(np.array([i * 91 % 256 for i in range(256)], np.uint8), "u8")
    real, bytes_, again = b.value("f32", 3), b.value("u8", 3), b.value("f32", 3)
    b.run(LOOKUP, [q, to_f32], [real])
    b.run(LOOKUP, [q, to_u8], [bytes_])
    b.run(LOOKUP, [bytes_, to_f32], [again])
    last = b.value("s8", 3, over=q)
    b.run(LOOKUP, [q, to_s8], [last])
    b.plan.outputs = [real, again, last]
    rows = d.rows(5, 3) + [[127, -127, 0], [-1, 1, 127]]
    return Golden(make("lookups", b.tensors, [b], columns(3)), rows)


MODELS.update(
    (m.__name__, m)
    for m in (
        maps,
        binaries,
        norms,
        embeddings,
        transformer,
        long_sequence,
        batch_as_steps,
        lookups,
    )
)
