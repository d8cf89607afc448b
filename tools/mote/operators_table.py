"""How the nodes of graph_table.py become steps of a plan: see operators.py,
which puts these functions into its table."""

import numpy as np

from mote import opcodes as op

LOWER = {}
CONCAT_READS = 64


def lowers(function):
    """Puts lower_<name> into LOWER."""
    LOWER[function.__name__.removeprefix("lower_")] = function
    return function


def number_type(low, *slots) -> str:
    """In which type numbers are computed that have operators of both: float64
    but in a net, where it is float32 as soon as a number is."""
    if low.precision == "float64" or all(s.dtype in ("f64", "s32") for s in slots):
        return "f64"
    return "f32"


def write(low, node, opcode: int, reads: list, *attributes: int) -> None:
    low.write(node, low.step(opcode, reads, "f64", node.output.dims, *attributes))


@lowers
def lower_columns(low, node) -> None:
    x = low.read(node)
    x = x if x.dtype == "f32" else low.cast(x, "f64")
    index = node.attributes["index"]
    tensor = low.once((id(index), "s32"), lambda: low.tensor(index, "s32"))
    low.write(node, low.step(op.COLUMNS, [x, tensor], x.dtype, node.output.dims))


@lowers
def lower_fill(low, node) -> None:
    vectors = [low.tensor(node.attributes[name], "f64") for name in ("what", "with_")]
    write(low, node, op.FILL, [low.read(node, dtype="f64"), *vectors])


@lowers
def lower_encode(low, node) -> None:
    tables = node.attributes["tables"]

    def make() -> list:
        # a tensor has at least one element, even if no column has a key
        keys = [k for t in tables for k in t.keys] or [0.0]
        values = [v for t in tables for v in t.values] or [0.0]
        return [
            low.tensor(np.cumsum([0] + [len(t.keys) for t in tables]), "s32"),
            low.tensor(keys, "f64"),
            low.tensor(values, "f64"),
            low.tensor([t.other for t in tables], "f64"),
            low.tensor([t.missing for t in tables], "f64"),
        ]

    # the same tables may be those of many nodes
    tensors = low.once((*map(id, tables), "encode"), make)
    reads = [low.read(node, dtype="f64"), *tensors]
    write(low, node, op.ENCODE, reads, op.ENCODINGS[node.attributes["kind"]])


@lowers
def lower_equal(low, node) -> None:
    a = node.attributes
    reads = [low.tensor(a["columns"], "s32"), low.tensor(a["values"], "f64")]
    write(low, node, op.EQUAL, [low.read(node, dtype="f64"), *reads])


@lowers
def lower_products(low, node) -> None:
    reads = [low.tensor(node.attributes[name], "s32") for name in ("factors", "earlier")]
    write(low, node, op.PRODUCTS, [low.read(node, dtype="f64"), *reads])


@lowers
def lower_distance(low, node) -> None:
    vectors = low.tensor(node.attributes["vectors"], "f64")
    write(low, node, op.DISTANCE, [low.read(node, dtype="f64"), vectors])


@lowers
def lower_linear_leaves(low, node) -> None:
    leaves = node.attributes["leaves"]
    reads = [
        low.read(node, 0, "f64"),
        low.read(node, 1, "f64"),
        low.tensor(np.cumsum([0] + [len(one.columns) for one in leaves]), "s32"),
        low.tensor([c for one in leaves for c in one.columns] or [0], "s32"),
        low.tensor([c for one in leaves for c in one.coefficients] or [0.0], "f64"),
        low.tensor([one.constant for one in leaves], "f64"),
        low.tensor([one.fallback for one in leaves], "f64"),
        low.tensor(node.attributes["targets"], "s32"),
    ]
    write(low, node, op.LINEAR_LEAVES, reads)


@lowers
def lower_linear(low, node) -> None:
    matrix = node.attributes["matrix"]
    tensors = low.once(
        (id(matrix), "f64"),
        lambda: (low.tensor(matrix, "f64"), low.tensor(np.zeros(len(matrix)), "f64")),
    )
    write(low, node, op.DENSE, [low.read(node, dtype="f64"), *tensors], op.ACTIVATIONS["none"])


@lowers
def lower_concat(low, node) -> None:
    slots = [low.read(node, i) for i in range(len(node.inputs))]
    kinds = {s.dtype for s in slots}
    dtype = kinds.pop() if len(kinds) == 1 else "f64"
    slots = [low.cast(s, dtype) for s in slots]
    while len(slots) > 1:
        first, slots = slots[:CONCAT_READS], slots[CONCAT_READS:]
        *rows, axis = first[0].dims[:-1], len(first[0].dims) - 1
        dims = (*rows[0], sum(s.dims[-1] for s in first))
        slots.insert(0, low.step(op.CONCAT, first, dtype, dims, axis))
    low.write(node, slots[0])


@lowers
def lower_real(low, node) -> None:
    x = low.read(node, dtype="f64")
    if x.dims != node.output.dims:
        x = low.step(op.RESHAPE, [x], "f64", node.output.dims)
    low.write(node, x)


@lowers
def lower_limit(low, node) -> None:
    x, kind = low.read(node), op.ARITHMETIC[node.attributes["kind"]]
    dtype = number_type(low, x)
    reads = [low.cast(x, dtype), low.tensor(node.attributes["bound"], dtype)]
    low.write(node, low.step(op.BINARY, reads, dtype, x.dims, kind))
