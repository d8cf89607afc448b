"""The good files: small models that together use all of the format.

Each is a mote.file.File with the provenance to write, and rows to ask it.
Weights are drawn from Python's own generator, whose numbers stay the same.
"""

import random
from dataclasses import dataclass, field

import numpy as np

from mote import file

CAST, ROWWISE, DENSE, QUANTIZE, DENSE_S8, SOFTMAX, SHARE, ARGMAX, CALL = range(1, 10)
NONE_ACT, RELU, SIGMOID, TANH = range(4)
ADD, SUB, MUL, DIV = range(4)
BATCH = file.SYMBOL
SIZES = file.DTYPE_BYTES


@dataclass
class Golden:
    file: file.File
    rows: list[list[float]]
    provenance: dict = field(default_factory=dict)
    refused: list[list[float]] = field(default_factory=list)  # rows that have no answer


class Draw:
    """Numbers of one model."""

    def __init__(self, seed: str):
        self.random = random.Random(seed)

    def array(self, *dims: int, scale: float = 1) -> np.ndarray:
        n = int(np.prod(dims))
        return np.array([self.random.uniform(-scale, scale) for _ in range(n)]).reshape(dims)

    def rows(self, count: int, columns: int, scale: float = 4) -> list[list[float]]:
        return self.array(count, columns, scale=scale).tolist()


class Tensors:
    def __init__(self):
        self.list: list[file.Tensor] = []

    def add(self, array: np.ndarray, dtype: str) -> int:
        numpy_type = {"f32": "<f4", "f64": "<f8"}.get(dtype) or array.dtype
        data = np.ascontiguousarray(array, numpy_type).tobytes()
        return self.add_raw(file.Tensor(dtype, array.shape, data))

    def add_raw(self, tensor: file.Tensor) -> int:
        self.list.append(tensor)
        return len(self.list) - 1


class Build:
    """A plan, its values placed one behind the other unless told to share."""

    def __init__(self, tensors: Tensors, name: str = "predict", batch: int = 4):
        self.tensors, self.batch = tensors, batch
        self.plan = file.Plan(name, 0, [], [], [], 0)

    def place(self, dtype: str, dims: tuple[int, ...], over: int | None = None) -> int:
        size = SIZES[dtype] * int(np.prod([self.batch if d == BATCH else d for d in dims]))
        at = self.plan.arena if over is None else self.plan.values[over].offset
        self.plan.arena = max(self.plan.arena, file.align(at + size))
        self.plan.values.append(file.PlacedValue(dtype, dims, at))
        return len(self.plan.values) - 1

    def value(self, dtype: str, columns: int | None, over: int | None = None) -> int:
        return self.place(dtype, (BATCH,) if columns is None else (BATCH, columns), over)

    def input(self, dtype: str, columns: int) -> int:
        self.plan.inputs += 1
        return self.value(dtype, columns)

    def tensor(self, array: np.ndarray | None, dtype: str) -> int:
        if array is None:
            return file.NONE
        index = self.tensors.add(array, dtype)
        self.plan.values.append(file.PlacedValue(dtype, array.shape, 0, index))
        return len(self.plan.values) - 1

    def run(self, opcode: int, reads: list[int], writes: list[int], *attributes: int) -> None:
        self.plan.operators.append(file.Operator(opcode, reads, writes, list(attributes)))

    def columns(self, v: int) -> int:
        return self.plan.values[v].dims[1]

    def scores(self, opcode: int, x: int) -> int:
        """softmax or share."""
        y = self.value("f32", self.columns(x))
        self.run(opcode, [x], [y])
        return y

    def rowwise(self, x: int, vector: np.ndarray, kind: int, over: int | None = None) -> int:
        v, y = self.tensor(vector, "f64"), self.value("f64", self.columns(x), over)
        self.run(ROWWISE, [x, v], [y], kind)
        return y

    def dense(self, x: int, w: np.ndarray, b: np.ndarray | None, activation: int = 0) -> int:
        dtype = self.plan.values[x].dtype
        reads = [x, self.tensor(w, dtype), self.tensor(b, dtype)]
        y = self.value(dtype, len(w))
        self.run(DENSE, reads, [y], activation)
        return y

    def dense_s8(self, x: int, w: np.ndarray, b: np.ndarray | None, activation: int) -> int:
        """Quantizes rows and weights."""
        q, s = self.value("s8", self.columns(x)), self.value("f32", None)
        self.run(QUANTIZE, [x], [q, s])
        scale = np.abs(w).max(axis=1) / 127
        weights = self.panels(np.rint(w / scale[:, None]))
        reads = [q, s, weights, self.tensor(scale, "f32"), self.tensor(b, "f32")]
        y = self.value("f32", len(w))
        self.run(DENSE_S8, reads, [y], activation)
        return y

    def panels(self, matrix: np.ndarray) -> int:
        packed = file.p8k8(matrix.astype(np.int8))
        index = self.tensors.add_raw(file.Tensor("s8", matrix.shape, packed, "p8k8"))
        self.plan.values.append(file.PlacedValue("s8", matrix.shape, 0, index))
        return len(self.plan.values) - 1

    def cast(self, x: int) -> int:
        y = self.value("f64" if self.plan.values[x].dtype == "f32" else "f32", self.columns(x))
        self.run(CAST, [x], [y])
        return y

    def argmax(self, x: int) -> int:
        y = self.value("s32", None)
        self.run(ARGMAX, [x], [y])
        return y


def numbers(names: list[str], scores: int = 0) -> file.OutputRecord:
    return file.OutputRecord("numbers", "full", names, scores=scores)


def classes(names: list[str], scores_kind: str = "probabilities", **more) -> file.OutputRecord:
    scores = None if scores_kind == "none" else 1
    return file.OutputRecord(
        "class", more.pop("reply", "full"), names, scores_kind, index=0, scores=scores, **more
    )


def make(name: str, tensors: Tensors, plans: list[Build], output, **more) -> file.File:
    """A file of one feature for each column of the first plan's inputs."""
    main = plans[0].plan
    features = [
        file.FeatureRecord(f"x{v}.{c}", main.values[v].dtype, v, c)
        for v in range(main.inputs)
        for c in range(main.values[v].dims[1])
    ]
    return file.File(
        name=name,
        version="1",
        description=more.pop("description", None),
        symbols=[("batch", plans[0].batch), *more.pop("symbols", [])],
        tensors=tensors.list,
        plans=[b.plan for b in plans],
        features=features,
        output=output,
    )


# ------------------------------------------------------------------- the models


def identity() -> Golden:
    """The smallest: no operator, no tensor, so no DATA. It answers its input."""
    b = Build(Tensors(), batch=2)
    b.plan.outputs = [b.input("f64", 1)]
    rows = [[0.0], [-0.0], [5e-324], [-1.5e308], [1 / 3]]
    return Golden(make("identity", b.tensors, [b], numbers(["y"])), rows)


def linear() -> Golden:
    """A linear classifier, as iris: index and probabilities."""
    d, b = Draw("linear"), Build(Tensors())
    logits = b.dense(b.input("f64", 4), d.array(3, 4), d.array(3))
    b.plan.outputs = [b.argmax(logits), b.scores(SOFTMAX, logits)]
    f = make("linear", b.tensors, [b], classes(["a", "b", "c"]), description="three kinds")
    f.features[3].missing = True
    rows = d.rows(5, 4) + [[0, 0, 0, 0], [1e300, -1e300, 1e300, 0], [1, 2, 3, float("nan")]]
    provenance = {"trainer": "none", "verified rows": 2**64 - 1, "verify max error": 2.0**-52}
    return Golden(f, rows, provenance)


def regression_1() -> Golden:
    """A linear regression with its scaling before it; numbers near the limits."""
    d, b = Draw("regression_1"), Build(Tensors())
    x = b.rowwise(b.input("f64", 3), d.array(3), SUB)
    b.plan.outputs = [b.dense(b.rowwise(x, d.array(3) + 2, DIV), d.array(1, 3), d.array(1))]
    rows = d.rows(5, 3) + [[1e308, 1e308, -1e308], [5e-324, 0, -0.0]]
    return Golden(make("regression", b.tensors, [b], numbers(["price"])), rows, {"rows": 1})


def regression_3() -> Golden:
    """Several numbers, no bias, a relu, and no provenance."""
    d, b = Draw("regression_3"), Build(Tensors())
    b.plan.outputs = [b.dense(b.input("f64", 5), d.array(3, 5), None, RELU)]
    f = make("trio", b.tensors, [b], numbers(["low", "middle", "high"]))
    return Golden(f, d.rows(6, 5))


def mlp_f32() -> Golden:
    """More columns than the 16 sums of a float32 product, and each activation."""
    d, b = Draw("mlp_f32"), Build(Tensors())
    x = b.dense(b.cast(b.input("f64", 19)), d.array(17, 19), d.array(17), RELU)
    x = b.dense(x, d.array(6, 17), d.array(6), TANH)
    x = b.dense(x, d.array(5, 6), None, SIGMOID)
    x = b.dense(x, d.array(3, 5), d.array(3))
    x = b.cast(x)
    b.plan.outputs = [b.argmax(x), b.scores(SOFTMAX, x)]
    rows = d.rows(6, 19) + d.rows(1, 19, 1e30) + d.rows(1, 19, 1e-42) + [[0.0] * 19]
    return Golden(make("net", b.tensors, [b], classes(["a", "b", "c"])), rows)


def mlp_s8() -> Golden:
    """N and K of P8K8 that are no multiples of 8; rows too small to have a scale."""
    d, b = Draw("mlp_s8"), Build(Tensors())
    x = b.dense_s8(b.cast(b.input("f64", 11)), d.array(13, 11), d.array(13), RELU)
    x = b.dense_s8(x, d.array(9, 13), None, TANH)
    x = b.dense_s8(x, d.array(3, 9), d.array(3), NONE_ACT)
    x = b.cast(x)
    b.plan.outputs = [b.argmax(x), b.scores(SOFTMAX, x)]
    rows = d.rows(6, 11) + [[0.0] * 11, [1e-37] * 11, [1e30] * 11, [0.5, 127] + [1.5] * 9]
    f = make("net", b.tensors, [b], classes(["a", "b", "c"]))
    return Golden(f, rows, refused=[[3e38] * 11, [1e39] + [0.0] * 10])


def one_vs_rest() -> Golden:
    """Logistic functions that share 1; rows where some and where all are 0."""
    d, b = Draw("one_vs_rest"), Build(Tensors())
    weights = np.hstack([2 * np.eye(3), d.array(3, 1)])  # the score of x, x, x, 0 is near 2 x
    logits = b.dense(b.input("f64", 4), weights, d.array(3))
    b.plan.outputs = [b.argmax(logits), b.scores(SHARE, logits)]
    low = [[-75, -75, -74, 0], [-360, -360, -360, 0], [-360, -350, -352, 0], [360, 0, -360, 0]]
    f = make("rest", b.tensors, [b], classes(["a", "b", "c"], reply="label"))
    return Golden(f, d.rows(5, 4) + low)


def every() -> Golden:
    """Every operator but call, in small: what most of the bad plans are made from."""
    d, b = Draw("every"), Build(Tensors(), batch=2)
    x = b.rowwise(b.input("f64", 2), d.array(2), SUB)
    x = b.dense(x, d.array(3, 2), d.array(3), RELU)
    x = b.dense_s8(b.cast(x), d.array(2, 3), d.array(2), TANH)
    x = b.cast(b.dense(x, d.array(2, 2), d.array(2)))
    soft = b.cast(b.scores(SOFTMAX, x))
    b.plan.outputs = [b.argmax(soft), b.scores(SHARE, soft)]
    return Golden(make("every", b.tensors, [b], classes(["no", "yes"])), d.rows(5, 2))


def ranks() -> Golden:
    """Rows of every rank, without a batch, and operators that read tensors; a
    number without dimensions."""
    d, b = Draw("ranks"), Build(Tensors())
    b.plan.outputs = [b.input("f64", 1)]
    line, block = b.tensor(d.array(3), "f64"), b.tensor(d.array(2, 2, 3), "f32")
    deep = b.tensor(d.array(2, 1, 2, 3), "f64")
    wide, last = b.place("f32", (3,)), b.place("s32", ())
    b.run(CAST, [line], [wide])
    b.run(ARGMAX, [line], [last])
    q, s = b.place("s8", (2, 2, 3)), b.place("f32", (2, 2))
    b.run(QUANTIZE, [block], [q, s])
    y, soft = b.place("f32", (2, 2, 2)), b.place("f32", (2, 1, 2, 3))
    b.run(DENSE, [block, b.tensor(d.array(2, 3), "f32"), file.NONE], [y], TANH)
    b.run(SOFTMAX, [deep], [soft])
    b.plan.outputs += [wide, last, q, s, y, soft]
    return Golden(make("ranks", b.tensors, [b], numbers(["y"])), d.rows(5, 1))


def recurrent() -> Golden:
    """y' = W y + b five times, y carried; beside it an input u that is not
    carried, and whose place the plan that is called uses again."""
    d, t = Draw("recurrent"), Tensors()
    outer, inner = Build(t), Build(t, "step")
    y, u = inner.input("f64", 3), inner.input("f64", 2)
    scaled = inner.rowwise(u, d.array(2), MUL, over=u)
    inner.plan.outputs = [inner.dense(y, d.array(3, 3), d.array(3)), scaled]
    reads = [outer.input("f64", 3), outer.input("f64", 2)]
    scratch = outer.place("u8", (inner.plan.arena,))
    writes = [scratch, outer.value("f64", 3), outer.value("f64", 2)]
    outer.run(CALL, reads, writes, 1, 5, 1, 0, 0)
    total = outer.dense(writes[1], d.array(2, 3), None)
    outer.plan.outputs = [outer.argmax(writes[2]), outer.rowwise(total, d.array(2), ADD)]
    output = classes(["up", "down"], "decision values", reply="index")
    return Golden(make("forecast", t, [outer, inner], output), d.rows(6, 5))


def calls() -> Golden:
    """Calls in calls, three plans deep; two states that change places."""
    d, t = Draw("calls"), Tensors()
    outer, middle, inner = Build(t), Build(t, "middle"), Build(t, "inner")
    p, q = inner.input("f64", 2), inner.input("f64", 2)
    first = inner.rowwise(p, d.array(2), ADD, over=p)  # taken before p is given anew
    inner.plan.outputs = [first, inner.dense(q, d.array(2, 2), d.array(2))]
    for build, plan, count, pairs in ((middle, 2, 3, (0, 1, 1, 0)), (outer, 1, 2, (1, 1))):
        reads = [build.input("f64", 2), build.input("f64", 2)]
        called = inner if build is middle else middle
        writes = [build.place("u8", (called.plan.arena + 7,))]
        writes += [build.value("f64", 2), build.value("f64", 2)]
        build.run(CALL, reads, writes, plan, count, len(pairs) // 2, *pairs)
        build.plan.outputs = writes[1:]
    f = make("rooms", t, [outer, middle, inner], numbers(["p", "q"], scores=1))
    return Golden(f, d.rows(5, 4))


def in_place() -> Golden:
    """rowwise, which may work in place, does: one after the other, the first of
    them in the input's own place."""
    d, b = Draw("in_place"), Build(Tensors())
    x = b.input("f64", 3)
    for kind in (ADD, SUB, MUL, DIV):
        x = b.rowwise(x, d.array(3) + 2, kind, over=x)
    b.plan.outputs = [b.argmax(x), b.scores(SOFTMAX, x)]
    return Golden(make("place", b.tensors, [b], classes(["a", "b", "c"])), d.rows(6, 3))


def two_inputs() -> Golden:
    """Features of two inputs and two types; the plan's outputs in another order
    than the reply's, and one that the reply leaves out."""
    d, b = Draw("two_inputs"), Build(Tensors())
    wide, narrow = b.input("f64", 2), b.input("f32", 3)
    scores = b.dense(narrow, d.array(2, 3), d.array(2), TANH)
    index = b.argmax(b.dense(wide, d.array(2, 2), d.array(2)))
    b.plan.outputs = [scores, wide, index]
    output = classes(["no", "yes"], "decision values")
    output.index, output.scores = 2, 0
    return Golden(make("pair", b.tensors, [b], output), d.rows(6, 5))


def number_labels() -> Golden:
    """Classes that are JSON numbers, a class without scores, one weight shared."""
    d, b = Draw("number_labels"), Build(Tensors(), batch=1)
    w = d.array(3, 3)
    b.plan.outputs = [b.argmax(b.dense(b.input("f64", 3), w, w[0]))]
    output = classes(["-1", "0.5", "1e3"], "none", numeric_labels=True, reply="label")
    return Golden(make("numbered", b.tensors, [b], output), d.rows(4, 3))


def spare() -> Golden:
    """What a file may hold without using it: symbols, values, tensors of every
    type and rank, empty and non-ASCII strings, no description."""
    d, b = Draw("spare"), Build(Tensors())
    b.plan.outputs = [b.input("f32", 2)]
    b.place("f64", (BATCH + 1, BATCH + 2, 2), over=0)
    b.place("bool", (), over=0)
    for i, dtype in enumerate(("s8", "u8", "s16", "s32", "s64", "bool")):
        dims = (2,) * (i % 5)
        array = np.full(dims, 1, {1: "i1", 2: "<i2", 4: "<i4", 8: "<i8"}[SIZES[dtype]])
        b.tensor(array, dtype)
    b.plan.arena += 64
    f = make("spare", b.tensors, [b], numbers(["", "größe €"]), symbols=[("", 3), ("time", 1)])
    return Golden(f, d.rows(5, 2), {"": "", "Schlüssel": "Wert", "least": 5e-324, "zero": 0})


def pages() -> Golden:
    """A tensor of more than 4096 bytes, and so DATA that begins a page."""
    d, b = Draw("pages"), Build(Tensors())
    x = b.dense(b.cast(b.input("f64", 2)), d.array(513, 2), None, RELU)
    b.plan.outputs = [b.dense(x, d.array(1, 513), d.array(1))]
    return Golden(make("pages", b.tensors, [b], numbers(["y"])), d.rows(2, 2))


MODELS = {
    m.__name__: m
    for m in (
        identity,
        linear,
        regression_1,
        regression_3,
        mlp_f32,
        mlp_s8,
        one_vs_rest,
        every,
        ranks,
        recurrent,
        calls,
        in_place,
        two_inputs,
        number_labels,
        spare,
        pages,
    )
}
