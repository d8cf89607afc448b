"""Operators of arithmetic version 1: what each may read and write."""

from mote import reader_conv as conv
from mote import reader_fixed as fixed
from mote import reader_trees as trees
from mote import reader_vector as vector
from mote.reader_bytes import Part
from mote.reader_tables import SYMBOL, shape

CAST, ROWWISE, DENSE, QUANTIZE, DENSE_S8, SOFTMAX, SHARE, ARGMAX, CALL = range(1, 10)
NAMES = (
    {
        CAST: "cast",
        ROWWISE: "rowwise",
        DENSE: "dense",
        QUANTIZE: "quantize",
        DENSE_S8: "dense_s8",
        SOFTMAX: "softmax",
        SHARE: "share",
        ARGMAX: "argmax",
        CALL: "call",
    }
    | vector.NAMES
    | trees.NAMES
    | conv.NAMES
    | fixed.NAMES
)
ACTIVATIONS = ("none", "relu", "sigmoid", "tanh", "gelu", "gelu_tanh")
ROWWISE_KINDS = ("+", "-", "*", "/")
MAX_CARRIED = 64
MAX_CALLS = 65536
MAX_S8_COLUMNS = 65536  # so that 32 bits hold the sum of products

#             reads, writes, attributes, the read that may be none
COUNTS = {
    CAST: (1, 1, 0, None),
    ROWWISE: (2, 1, 1, None),
    DENSE: (3, 1, 1, 2),
    QUANTIZE: (1, 2, 0, None),
    DENSE_S8: (5, 1, 1, 4),
    SOFTMAX: (1, 1, 0, None),
    SHARE: (1, 1, 0, None),
    ARGMAX: (1, 1, 0, None),
}
IN_PLACE = (ROWWISE,)


def check_operator(part: Part, what: str, plans: list, number: int, op) -> bool:
    """Refuses an operator of plan `number` that breaks its rules; says whether
    it may write over what it reads first."""
    check = Check(part, what, plans[number].values)
    if op.opcode == CALL:
        check_call(check, plans, number, op)
        return False
    for more in (vector, trees, conv, fixed):
        if op.opcode in more.CHECKS:
            more.CHECKS[op.opcode](check, op)
            return op.opcode in more.IN_PLACE
    reads, writes, attributes, optional = COUNTS[op.opcode]
    check.counts(op, reads, writes, attributes)
    check.operands(op, optional)
    CHECKS[op.opcode](check, op)
    return op.opcode in IN_PLACE


class Check:
    """Shapes of one operator's values, and how to say that one is wrong."""

    def __init__(self, part: Part, what: str, values: list):
        self.part, self.what, self.values = part, what, values

    def expect(self, condition: bool, message: str) -> None:
        self.part.expect(condition, f"{self.what}: {message}")

    def counts(self, op, reads: int, writes: int, attributes: int) -> None:
        expected = (reads, writes, attributes)
        got = (len(op.reads), len(op.writes), len(op.attributes))
        self.expect(got == expected, f"expected {expected} reads, writes and attributes, got {got}")

    def operands(self, op, optional: int | None) -> None:
        for i, v in enumerate(op.reads + op.writes):
            self.expect(
                v is not None or i == optional, f"expected a value as operand {i}, got none"
            )

    def shape(self, v: int, dtype: str, dims: tuple[int, ...]) -> None:
        value = self.values[v]
        self.expect(
            (value.dtype, value.dims) == (dtype, dims),
            f"expected v{v} to be {shape(dtype, dims)}, got {shape(value.dtype, value.dims)}",
        )

    def rows(self, v: int, *dtypes: str) -> tuple[tuple[int, ...], int]:
        """Of a value [..., n]: the leading dimensions, and n."""
        value = self.values[v]
        self.expect(
            value.dtype in dtypes and len(value.dims) >= 1 and value.rows,
            f"expected v{v} to be rows of {' or '.join(dtypes)}, "
            f"got {shape(value.dtype, value.dims)}",
        )
        return value.dims[:-1], value.dims[-1]

    def tensor(self, v: int, dtype: str, dims: tuple[int, ...], rows: bool = True) -> None:
        self.shape(v, dtype, dims)
        value = self.values[v]
        self.expect(value.tensor is not None, f"expected v{v} to be a tensor")
        self.expect(value.rows == rows, f"expected v{v} in {'rows' if rows else 'P8K8'}")

    def attribute(self, word: int, below: int, name: str) -> None:
        self.expect(word < below, f"expected {name} below {below}, got {word}")


def check_cast(check: Check, op) -> None:
    (x,), (y,) = op.reads, op.writes
    before, n = check.rows(x, "f32", "f64")
    to = "f64" if check.values[x].dtype == "f32" else "f32"
    check.shape(y, to, before + (n,))


def check_rowwise(check: Check, op) -> None:
    (x, v), (y,) = op.reads, op.writes
    before, n = check.rows(x, "f64")
    check.tensor(v, "f64", (n,))
    check.shape(y, "f64", before + (n,))
    check.attribute(op.attributes[0], len(ROWWISE_KINDS), "kind")


def check_dense(check: Check, op) -> None:
    (x, w, b), (y,) = op.reads, op.writes
    before, n = check.rows(x, "f32", "f64")
    dtype = check.values[x].dtype
    m = outputs_of_matrix(check, w)
    check.tensor(w, dtype, (m, n))
    if b is not None:
        check.tensor(b, dtype, (m,))
    check.shape(y, dtype, before + (m,))
    known = len(ACTIVATIONS) if dtype == "f32" else ACTIVATIONS.index("sigmoid")
    check.attribute(op.attributes[0], known, f"activation of {dtype}")


def check_quantize(check: Check, op) -> None:
    (x,), (q, s) = op.reads, op.writes
    before, n = check.rows(x, "f32")
    check.shape(q, "s8", before + (n,))
    check.shape(s, "f32", before)


def check_dense_s8(check: Check, op) -> None:
    (q, s, w, c, b), (y,) = op.reads, op.writes
    before, n = check.rows(q, "s8")
    check.shape(s, "f32", before)
    m = outputs_of_matrix(check, w)
    check.expect(n <= MAX_S8_COLUMNS, f"expected at most {MAX_S8_COLUMNS} columns, got {n}")
    check.tensor(w, "s8", (m, n), rows=False)
    check.tensor(c, "f32", (m,))
    if b is not None:
        check.tensor(b, "f32", (m,))
    check.shape(y, "f32", before + (m,))
    check.attribute(op.attributes[0], len(ACTIVATIONS), "activation")


def outputs_of_matrix(check: Check, w: int) -> int:
    value = check.values[w]
    check.expect(
        len(value.dims) == 2, f"expected v{w} to be a matrix, got {shape(value.dtype, value.dims)}"
    )
    return value.dims[0]


def check_scores(check: Check, op) -> None:
    (x,), (y,) = op.reads, op.writes
    before, n = check.rows(x, "f64")
    check.shape(y, "f32", before + (n,))


def check_argmax(check: Check, op) -> None:
    (x,), (y,) = op.reads, op.writes
    before, _ = check.rows(x, "f64")
    check.shape(y, "s32", before)


CHECKS = {
    CAST: check_cast,
    ROWWISE: check_rowwise,
    DENSE: check_dense,
    QUANTIZE: check_quantize,
    DENSE_S8: check_dense_s8,
    SOFTMAX: check_scores,
    SHARE: check_scores,
    ARGMAX: check_argmax,
}


def check_call(check: Check, plans: list, number: int, op) -> None:
    check.expect(len(op.attributes) >= 3, f"expected 3 attributes, got {len(op.attributes)}")
    plan, count, carried, *pairs = op.attributes
    check.expect(
        number < plan < len(plans),
        f"expected a plan from {number + 1} to {len(plans) - 1}, got {plan}",
    )
    check.expect(1 <= count <= MAX_CALLS, f"expected a count of 1 to {MAX_CALLS}, got {count}")
    check.expect(carried <= MAX_CARRIED, f"expected at most {MAX_CARRIED} carried, got {carried}")
    called = plans[plan]
    check.counts(op, called.inputs, 1 + len(called.outputs), 3 + 2 * carried)
    check.operands(op, None)

    scratch, *written = op.writes
    value = check.values[scratch]
    symbolic = any(d >= SYMBOL for d in value.dims)
    check.expect(
        value.dtype == "u8" and len(value.dims) == 1 and not symbolic,
        f"expected scratch of u8 and constant length, got {shape(value.dtype, value.dims)}",
    )
    check.expect(
        value.dims[0] >= called.arena,
        f"expected scratch for plan {plan}'s {called.arena} bytes, got {value.dims[0]}",
    )
    for i, v in enumerate(op.reads):
        check_copy(check, f"input {i}", check.values[v], called.values[i])
    for i, v in enumerate(written):
        check_copy(check, f"output {i}", called.values[called.outputs[i]], check.values[v])
    check_pairs(check, called, list(zip(pairs[0::2], pairs[1::2])))


def check_copy(check: Check, what: str, source, target) -> None:
    check.expect(
        (source.dtype, source.dims) == (target.dtype, target.dims) and source.rows,
        f"expected {what} to be {shape(target.dtype, target.dims)}, "
        f"got {shape(source.dtype, source.dims)}",
    )


def check_pairs(check: Check, called, pairs: list[tuple[int, int]]) -> None:
    """Outputs carried to inputs one after the other, each before it is lost."""
    overwritten = []
    for output, into in pairs:
        check.part.index(output, len(called.outputs), f"{check.what}: a carried output")
        check.part.index(into, called.inputs, f"{check.what}: a carried input")
        source, target = called.values[called.outputs[output]], called.values[into]
        check_copy(check, f"carried output {output}", source, target)
        if source.tensor is None:
            check.expect(
                not any(
                    begin < source.offset + source.bytes and source.offset < end
                    for begin, end in overwritten
                ),
                f"expected output {output} to be carried before its place is written over",
            )
        overwritten.append((target.offset, target.offset + target.bytes))
