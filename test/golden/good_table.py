"""The good files with tables of columns, categories, and functions in float64:
see good.py."""

import numpy as np
from good import BATCH, CAST, MODELS, SHARE, SOFTMAX, Build, Draw, Golden, Tensors, make, numbers

MAP, BINARY = 10, 11
COLUMNS, FILL, ENCODE, EQUAL, PRODUCTS, DISTANCE, LINEAR_LEAVES = range(40, 47)
EXACT, FLOOR = range(2)
NAN, INF = float("nan"), float("inf")
MAP_KINDS = (1, 2, 3, 16, 18, 19, 20, 22)


class Table(Build):
    def step(self, opcode: int, x: int, m: int, *tables, kind=(), over=None) -> int:
        """tables: (array, dtype) of the reads behind x."""
        reads = [x, *(self.tensor(np.array(a), t) for a, t in tables)]
        y = self.value(self.plan.values[x].dtype, m, over)
        self.run(opcode, reads, [y], *kind)
        return y

    def indices(self, opcode: int, x: int, index: list[int], *tables) -> int:
        return self.step(opcode, x, len(index), (np.array(index, "<i4"), "s32"), *tables)

    def answer(self, *values: int):
        """A file whose main output is the first, of numbers y0, y1 and so on."""
        self.plan.outputs = list(values)
        names = [f"y{i}" for i in range(self.columns(values[0]))]
        return make("table", self.tensors, [self], numbers(names))


def columns_fill() -> Golden:
    """Numbers filled in place, columns picked from f64 and, more than once,
    from f32."""
    b = Table(Tensors())
    x = b.input("f64", 3)
    what, with_ = [NAN, -999.0, 0.0], [0.5, NAN, -1.0]
    y = b.step(FILL, x, 3, (what, "f64"), (with_, "f64"), over=x)
    picked = b.indices(COLUMNS, y, [2, 0, 2, 1])
    narrow = b.indices(COLUMNS, b.cast(y), [1, 1])
    f = b.answer(picked, narrow)
    for feature in f.features:
        feature.missing = True
    rows = [[NAN, -999, 0], [1, NAN, -0.0], [NAN, NAN, NAN], [-999, 1, 2], [1 / 3, 1e300, -INF]]
    return Golden(f, rows)


def encoders() -> Golden:
    """Keys looked up exactly, then by floor; a column without keys, one with a
    single key, keys that are 0 and infinite."""
    d, b = Draw("encoders"), Table(Tensors())
    x = b.input("f64", 4)
    keys = [-INF, -1.5, 0.0, 0.5, 2.0, INF, 7.0, 0.0, 1.0]
    starts = np.array([0, 6, 6, 7, 9], "<i4")
    tables = [(starts, "s32"), (keys, "f64"), (d.array(9), "f64")]
    tables += [([-9.0, NAN, -8.0, 3.5], "f64"), ([0.25, 4.0, NAN, -1.0], "f64")]
    exact = b.step(ENCODE, x, 4, *tables, kind=(EXACT,))
    floor = b.step(ENCODE, x, 4, *tables, kind=(FLOOR,), over=x)
    none = (np.array([0] * 5, "<i4"), "s32")
    empty = b.step(ENCODE, floor, 4, none, *tables[1:], kind=(FLOOR,))
    f = b.answer(exact, floor, empty)
    for feature in f.features:
        feature.missing = True
    rows = [[v] * 4 for v in (-INF, -2, -1.5, -1, -0.0, 0, 0.25, 0.5, 1, 2, 7, 8, INF, NAN)]
    return Golden(f, rows + d.rows(4, 4))


def comparisons() -> Golden:
    """Columns compared, multiplied with each other, and their distances."""
    d, b = Draw("comparisons"), Table(Tensors())
    x = b.input("f64", 3)
    one_hot = b.indices(EQUAL, x, [0, 0, 0, 1, 2], ([0.0, 1.0, NAN, -0.0, INF], "f64"))
    earlier = np.array([-1, -1, -1, 1, 1, 3, -1, 5], "<i4")
    powers = b.indices(PRODUCTS, x, [-1, 0, 1, 0, 2, 1, -5, -1], (earlier, "s32"))
    away = b.step(DISTANCE, x, 4, (d.array(4, 3), "f64"))
    f = b.answer(one_hot, powers, away)
    f.features[0].missing = True
    rows = [[0, 0, 0], [1, -0.0, 2], [NAN, 1, 1e200], [1e-200, 1e308, 3], [-0.0, INF, 1]]
    return Golden(f, rows + d.rows(3, 3))


def linear_leaves() -> Golden:
    """Three trees of linear leaves, whose numbers come as features; a leaf
    without terms, two trees for one sum. Numbers of no leaf have no answer."""
    d, b = Draw("linear_leaves"), Table(Tensors())
    x, leaf = b.input("f64", 2), b.input("f64", 3)
    tables = [
        (np.array([0, 1, 1, 3, 5], "<i4"), "s32"),
        (np.array([1, 0, 1, 1, 1], "<i4"), "s32"),
        *((a, "f64") for a in (d.array(5), d.array(4), d.array(4))),
        (np.array([1, 0, 1], "<i4"), "s32"),
    ]
    reads = [x, leaf, *(b.tensor(a, t) for a, t in tables)]
    y = b.value("f64", 3)
    b.run(LINEAR_LEAVES, reads, [y])
    f = b.answer(y)
    f.features[0].missing = True
    rows = [r + n for r, n in zip(d.rows(4, 2), ([0, 1, 2], [3, 3, 0], [1, 1, 1], [-0.0, 2.75, 3]))]
    rows += [[NAN, 1, 0, 1, 2], [1, NAN, 2, 3, 1], [1e308, 1e308, 2, 2, 3]]
    refused = [[0, 0, 4, 0, 0], [0, 0, 0, -1, 0], [0, 0, 0, 0, NAN], [0, 0, 0, INF, 0]]
    return Golden(f, rows, refused=refused)


def rows_f64(d: Draw) -> list[list[float]]:
    """Of three numbers, some where functions bend or end."""
    rows = d.rows(4, 3) + d.rows(2, 3, 700) + d.rows(2, 3, 1e-3)
    rows += [[0.0, -0.0, 5e-324], [1.0, 0.7071067811865475, 1.4142135623730951]]
    rows += [[-750, -710, -709.79], [709.79, 745, -745], [INF, -1, 1], [22, -22, 1e300]]
    rows += [[1 / 3, 0.1, 0.01], [-0.17, 0.1733, 0.3466], [2.2250738585072014e-308, 1e-310, 3]]
    return rows


def map_f64() -> Golden:
    """Each function of one number in float64."""
    b = Table(Tensors())
    x = b.input("f64", 3)
    f = b.answer(*(b.step(MAP, x, 3, kind=(k,)) for k in MAP_KINDS))
    return Golden(f, rows_f64(Draw("map_f64")) + [[NAN, NAN, NAN]])


def pairs_f64() -> Golden:
    """Each function of two numbers in float64; shares in float64; indices as
    numbers."""
    d, b = Draw("pairs_f64"), Table(Tensors())
    x, outputs = b.input("f64", 3), []
    other = b.step(FILL, x, 3, ([0.0] * 3, "f64"), ([0.5] * 3, "f64"))
    for kind in range(6):
        y = b.value("f64", 3)
        b.run(BINARY, [x, other], [y], kind)
        outputs.append(y)
    outputs.append(b.step(BINARY, x, 3, (d.array(3), "f64"), kind=(2,)))
    outputs.append(b.step(BINARY, x, 3, ([0.25], "f64"), kind=(5,)))
    for opcode in (SOFTMAX, SHARE):
        y = b.value("f64", 3)
        b.run(opcode, [x], [y])
        outputs.append(y)
    index = b.argmax(x)
    number = b.place("f64", (BATCH,))
    b.run(CAST, [index], [number])
    return Golden(b.answer(*outputs, number), rows_f64(d))


def categories() -> Golden:
    """Features of every kind and allowance; two share their categories."""
    b = Table(Tensors())
    x, z = b.input("f64", 4), b.input("f32", 1)
    f = b.answer(b.indices(COLUMNS, x, [3, 2, 1, 0]), z)
    colours = ["red", "", "größe €", 'a "quote"']
    f.features[0].categories = colours
    f.features[1].categories, f.features[1].missing, f.features[1].other = colours, True, True
    f.features[2].categories, f.features[2].other = ["1", "2", "true"], True
    f.features[3].boolean = f.features[3].missing = True
    f.features[4].categories = ["only"]
    return Golden(f, [[0, 3, 2, 1, 0], [1, NAN, -1, NAN, 0], [2, -1, 0, 0.5, 0]])


MODELS |= {
    m.__name__: m
    for m in (columns_fill, encoders, comparisons, linear_leaves, map_f64, pairs_f64, categories)
}
