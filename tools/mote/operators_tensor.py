"""How the nodes of graph_tensor.py become steps of a plan: see operators.py,
which puts these functions into its table."""

from mote import opcodes as op
from mote.slots import Slot

LOWER = {}


def lowers(function):
    """Puts lower_<name> into LOWER."""
    LOWER[function.__name__.removeprefix("lower_")] = function
    return function


def numbers(low, node, i: int = 0) -> Slot:
    """An input in float32; indices and answers as they are."""
    slot = low.slots[node.inputs[i]]
    return low.cast(slot, "f32") if slot.dtype == "f64" else slot


def write(low, node, opcode: int, reads: list, dtype: str, *attributes: int) -> None:
    low.write(node, low.step(opcode, reads, dtype, node.output.dims, *attributes))


@lowers
def lower_constant(low, node) -> None:
    dtype = node.output.dtype
    low.write(node, low.tensor(node.attributes["array"], "f32" if dtype == "real" else dtype))


@lowers
def lower_convert(low, node) -> None:
    dtype = node.output.dtype
    dtype = "f32" if dtype == "real" else dtype
    x = low.read(node)
    if {x.dtype, dtype} <= {"f32", "f64"}:
        low.write(node, low.cast(x, dtype))
    else:
        write(low, node, op.CONVERT, [x], dtype)


@lowers
def lower_reshape(low, node) -> None:
    x = low.read(node)
    write(low, node, op.RESHAPE, [x], x.dtype)


@lowers
def lower_transpose(low, node) -> None:
    x = low.read(node)
    write(low, node, op.TRANSPOSE, [x], x.dtype, *node.attributes["axes"])


@lowers
def lower_expand(low, node) -> None:
    x = low.read(node)
    write(low, node, op.EXPAND, [x], x.dtype)


@lowers
def lower_slice(low, node) -> None:
    x, a = low.read(node), node.attributes
    write(low, node, op.SLICE, [x], x.dtype, a["axis"], a["first"])


@lowers
def lower_gather(low, node) -> None:
    x, a = low.read(node), node.attributes
    write(low, node, op.TAKE, [x, low.tensor(a["index"], "s32")], x.dtype, a["axis"])


@lowers
def lower_join(low, node) -> None:
    parts = [numbers(low, node, i) for i in range(len(node.inputs))]
    write(low, node, op.CONCAT, parts, parts[0].dtype, node.attributes["axis"])


@lowers
def lower_pad(low, node) -> None:
    a = node.attributes
    x = low.read(node, dtype="f32")
    write(low, node, op.PAD, [x], "f32", a["axis"], a["before"], op.f32_bits(a["value"]))


@lowers
def lower_unary(low, node) -> None:
    x = low.read(node, dtype="f32")
    write(low, node, op.UNARY, [x], "f32", op.UNARY_KINDS[node.attributes["kind"]])


@lowers
def lower_compare(low, node) -> None:
    reads = [numbers(low, node, i) for i in (0, 1)]
    write(low, node, op.COMPARE, reads, "bool", op.COMPARE_KINDS[node.attributes["kind"]])


@lowers
def lower_logic(low, node) -> None:
    reads = [low.read(node, i) for i in (0, 1)]
    write(low, node, op.LOGIC, reads, "bool", op.LOGIC_KINDS[node.attributes["kind"]])


@lowers
def lower_select(low, node) -> None:
    reads = [numbers(low, node, i) for i in (0, 1, 2)]
    write(low, node, op.SELECT, reads, reads[1].dtype)


@lowers
def lower_softmax_rows(low, node) -> None:
    x = low.read(node, dtype="f32")
    write(low, node, op.SOFTMAX_F32, [x], "f32", op.f32_bits(node.attributes["scale"]))


@lowers
def lower_matmul(low, node) -> None:
    reads = [low.read(node, i, "f32") for i in (0, 1)]
    write(low, node, op.MATMUL, reads, "f32")


@lowers
def lower_power(low, node) -> None:
    reads = [low.read(node, i, "f32") for i in (0, 1)]
    write(low, node, op.POWER, reads, "f32")


@lowers
def lower_integer(low, node) -> None:
    reads = [low.read(node, i) for i in (0, 1)]
    write(low, node, op.INTEGER, reads, "s32", op.INTEGER_KINDS[node.attributes["kind"]])


@lowers
def lower_remainder(low, node) -> None:
    reads = [low.read(node, i, "f32") for i in (0, 1)]
    write(low, node, op.REMAINDER, reads, "f32", op.REMAINDER_KINDS[node.attributes["kind"]])
