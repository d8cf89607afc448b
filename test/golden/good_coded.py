"""The good files with coded tensors: see good.py. What they answer is what the
tensors' bytes say, however those are stored.

The coded bytes come from the encoder in compress/, through the library that
`make engine` builds; both readers take them apart.
"""

import numpy as np
from good import (
    DENSE_S8,
    MODELS,
    NONE_ACT,
    QUANTIZE,
    RELU,
    TANH,
    Build,
    Draw,
    Golden,
    Tensors,
    make,
)
from good_conv import image, recurrent_layers
from good_fixed import dynamic, fixed, fixed_image
from good_trees import heap_f32, heap_f64, linked_f32, linked_sets
from good_vector import EMBED, POSITION, columns, embeddings

from mote import codec, coding, file


def code(t: file.Tensor, encoding: str, bits: int, block: int, table: bytes | None = None) -> None:
    t.stored = coding.store(t, encoding, bits, block, table)


def integers(d: Draw, m: int, n: int, bits: int) -> np.ndarray:
    """Weights of so many bits, many of them small, as real ones are."""
    top = 2 ** (bits - 1) - 1
    return np.rint(d.array(m, n) * d.array(m, n) * top).astype(np.int8)


def coded_dense() -> Golden:
    """Products of weights in each encoding: blocks of several panels, of one, and
    shorter than one; several tiles; two tensors with one table of codes."""
    d, b = Draw("coded_dense"), Build(Tensors())

    def dense(x: int, q: np.ndarray, activation: int, bias: bool = True) -> int:
        rows, s = b.value("s8", b.columns(x)), b.value("f32", None)
        b.run(QUANTIZE, [x], [rows, s])
        scale = b.tensor(np.abs(d.array(len(q))) / 8 + 2**-8, "f32")
        more = b.tensor(d.array(len(q)) if bias else None, "f32")
        y = b.value("f32", len(q))
        b.run(DENSE_S8, [rows, s, b.panels(q), scale, more], [y], activation)
        return y

    x = dense(b.input("f32", 40), integers(d, 70, 40, 8), RELU)
    x = dense(x, integers(d, 21, 70, 8), TANH, bias=False)
    x = dense(x, integers(d, 40, 21, 5), RELU)
    x = dense(x, integers(d, 16, 40, 6), TANH)
    x = dense(x, integers(d, 8, 16, 7), RELU)
    x = dense(x, np.full((8, 8), -3), NONE_ACT, bias=False)
    b.plan.outputs = [dense(x, integers(d, 5, 8, 8), NONE_ACT)]
    w = [t for t in b.tensors.list if t.layout == "p8k8"]
    shapes = [coding.shape_of(w[0], "HUFPAIR", 8, 640), coding.shape_of(w[1], "HUFPAIR", 8, 256)]
    table = codec.best_table((shape, t.data) for shape, t in zip(shapes, w))
    code(w[0], "HUFPAIR", 8, 640, table)
    code(w[1], "HUFPAIR", 8, 256, table)
    code(w[2], "PLANES", 5, 192)
    code(w[3], "HUFPAIR", 6, 320)
    code(w[4], "HUFPAIR", 7, 64)
    code(w[5], "CONST", 8, 64)
    code(w[6], "HUF8", 8, 64)
    return Golden(make("coded", b.tensors, [b], columns(5)), d.rows(6, 40))


def stored(golden: Golden, name: str, **places: tuple) -> Golden:
    """A golden file again, some of its tensors (t0, t1 ...) coded."""
    golden.file.name = name
    for key, how in places.items():
        code(golden.file.tensors[int(key[1:])], *how)
    return golden


def coded_fixed() -> Golden:
    """Products that give int8, of weights in bytes and in 7 bits."""
    return stored(fixed(), "coded fixed", t0=("HUF8", 8, 64), t3=("HUFPAIR", 7, 128))


def coded_fixed_image() -> Golden:
    """Convolutions that give int8: panels in a block each, and in one together."""
    g = fixed_image()
    w = [i for i, t in enumerate(g.file.tensors) if t.layout == "p8k8"]
    places = {f"t{w[0]}": ("HUF8", 8, 128), f"t{w[1]}": ("HUFPAIR", 8, 128)}
    return stored(g, "coded fixed image", **places)


def coded_dynamic() -> Golden:
    """Products of rows with zero points."""
    g = dynamic()
    w = [i for i, t in enumerate(g.file.tensors) if t.layout == "p8k8"]
    places = {f"t{w[0]}": ("HUFPAIR", 8, 64), f"t{w[1]}": ("HUF8", 8, 128)}
    return stored(g, "coded dynamic", **places)


def coded_image() -> Golden:
    """A convolution in groups, its weights coded."""
    g = image()
    panels = [i for i, t in enumerate(g.file.tensors) if t.layout == "p8k8"]
    return stored(g, "coded image", **{f"t{i}": ("HUFPAIR", 8, 64) for i in panels})


def coded_tables() -> Golden:
    """Tables of which rows are asked for, in each encoding, each row by itself."""
    g, d = embeddings(), Draw("coded_tables")
    b = Build(Tensors())
    b.tensors.list, b.plan, b.batch = g.file.tensors, g.file.plans[0], g.file.symbols[0][1]
    ids = b.plan.operators[-1].reads[1]
    x = b.plan.outputs[0]
    for encoding, bits in (("PLANES", 6), ("HUFPAIR", 7), ("HUF8", 8), ("CONST", 8)):
        q = integers(d, 70, 18, bits) if encoding != "CONST" else np.full((70, 18), -3, np.int8)
        table, scale = b.tensor(q, "s8"), b.tensor(np.abs(d.array(70)), "f32")
        code(b.tensors.list[-2], encoding, bits, 18)
        y = b.value("f32", 18)
        b.run(EMBED, [x, ids, table, scale], [y])
        x = y
    steps = b.tensor(d.array(1, 5, 18), "f32")
    table, scale = b.tensor(integers(d, 5, 18, 5), "s8"), b.tensor(np.abs(d.array(5)), "f32")
    code(b.tensors.list[-2], "HUFPAIR", 5, 18)
    y = b.place("f32", (1, 5, 18))
    b.run(POSITION, [steps, table, scale], [y])
    b.plan.outputs = [x, y]
    return g


def coded_whole(golden: Golden, name: str, block: int = 64) -> Golden:
    """A golden file again, all that operators decode whole coded, and room for it."""
    golden.file.name = name
    for i in coding.decoded_reads(golden.file):
        t = golden.file.tensors[i]
        if t.layout == "p8k8":
            code(t, "HUFPAIR", 8, block)
        else:
            item = file.DTYPE_BYTES[t.dtype]
            row = t.dims[-1] * item if len(t.dims) == 2 else 0
            same = t.data == t.data[:item] * (len(t.data) // item)
            mode = "CONST" if same else "HUF8" if item == 1 else "BYTES"
            code(t, mode, 8 * item, 2 * block if row == block else block)
    coding.make_room(golden.file)
    return golden


def coded_heap() -> Golden:
    """Trees in heaps, every table coded; one of them in blocks of 64 bytes of a plane."""
    return coded_whole(heap_f32(), "coded heaps")


def coded_heap_wide() -> Golden:
    """The same in f64, columns of 16 bits, and trees of one leaf."""
    return coded_whole(heap_f64(), "coded heaps")


def coded_linked() -> Golden:
    """Linked nodes, whose planes are of rows of three numbers."""
    return coded_whole(linked_f32(), "coded trees")


def coded_sets() -> Golden:
    """Linked nodes in f64 and sets of categories."""
    return coded_whole(linked_sets(), "coded sets")


def coded_recurrent() -> Golden:
    """GRU and LSTM, weights in int8 coded in pairs, in float32 in bytes."""
    return coded_whole(recurrent_layers(), "coded layers")


MODELS.update(
    (m.__name__, m)
    for m in (
        coded_dense,
        coded_fixed,
        coded_fixed_image,
        coded_dynamic,
        coded_image,
        coded_tables,
        coded_heap,
        coded_heap_wide,
        coded_linked,
        coded_sets,
        coded_recurrent,
    )
)
