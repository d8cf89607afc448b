"""PLANS of a .mote file: values, operators, and the order they run in."""

from dataclasses import dataclass
from math import prod

import numpy as np

from mote.reader_bytes import NONE, Part
from mote.reader_operators import NAMES, check_operator
from mote.reader_tables import MAX_RANK, NUMPY, SYMBOL, Symbol, Tensor, read_dtype, shape

MAX_PLANS = 16
MAX_INPUTS = MAX_OUTPUTS = 64
MAX_VALUES = 16384
MAX_OPERATORS = 4096
PLAN_BYTES = 48
VALUE_BYTES = 32
OPERATOR_BYTES = 12  # without its operands
ALIGNMENT = 64
FLUSH_DENORMALS = 1  # flag of a plan
# the operand that an operator decodes, if it is coded
WHOLES = {
    "gru": (1, 3),
    "lstm": (1, 3),
    "trees_heap": (1, 4, 5),
    "trees_linked": (1, 4, 5, 6, 7),
}  # and those that it decodes whole
DECODES = {
    "dense_s8": 2, "embed": 2, "position": 1, "dense_fixed": 1, "conv_s8": 1, "conv_fixed": 1,
    "dense_u8": 3,
}  # fmt: skip


@dataclass
class Value:
    dtype: str
    dims: tuple[int, ...]  # a constant, or SYMBOL + a symbol's index
    tensor: int | None  # None: in the arena
    offset: int  # in the arena
    bytes: int  # in the arena, for the symbols' maxima
    rows: bool  # elements are in C order, which a tensor's need not be
    largest: tuple[int, ...]  # dims, for the symbols' maxima
    encoding: str = "RAW"
    piecewise: bool = True  # coded in panels or in rows, or RAW


@dataclass
class Operator:
    opcode: int
    name: str
    version: int
    reads: list[int | None]
    writes: list[int | None]
    attributes: list[int]


@dataclass
class Plan:
    name: str
    flush_denormals: bool
    inputs: int  # values 0 to inputs - 1
    outputs: list[int]  # values
    arena: int
    values: list[Value]
    operators: list[Operator]


def read_plans(
    part: Part, strings: list[str], symbols: list[Symbol], tensors: list[Tensor], arena: int
) -> list[Plan]:
    count, zero = part.unpack("II", 0)
    part.expect(1 <= count <= MAX_PLANS, f"expected 1 to {MAX_PLANS} plans, got {count}")
    part.expect(zero == 0, f"expected 0 behind the count, got {zero}")
    at, plans = 8 + PLAN_BYTES * count, []
    for i in range(count):
        plan, at = read_plan(part, i, strings, symbols, tensors, arena, at)
        plans.append(plan)
    part.expect(at == len(part), f"expected {at} bytes, got {len(part)}")
    for i in range(count):
        check_plan(part, plans, i)
    return plans


def read_plan(
    part: Part,
    i: int,
    strings: list[str],
    symbols: list[Symbol],
    tensors: list[Tensor],
    request_arena: int,
    after: int,
) -> tuple[Plan, int]:
    """One plan's record and its tables, which follow byte `after`; and where
    they end."""
    name, flags, inputs, outputs, values, operators, *where, arena = part.unpack(
        "10IQ", 8 + PLAN_BYTES * i
    )
    values_at, outputs_at, operators_at, operators_bytes = where

    def expect(condition: bool, message: str) -> None:
        part.expect(condition, f"plan {i}: {message}")

    expect(flags <= FLUSH_DENORMALS, f"expected flags 0 or 1, got {flags}")
    for what, got, most in (
        ("inputs", inputs, min(MAX_INPUTS, values)),
        ("outputs", outputs, MAX_OUTPUTS),
        ("values", values, MAX_VALUES),
        ("operators", operators, MAX_OPERATORS),
        ("bytes of arena", arena, request_arena),
    ):
        expect(got <= most, f"expected at most {most} {what}, got {got}")
    expect(arena % ALIGNMENT == 0, f"expected an arena of a multiple of {ALIGNMENT}, got {arena}")
    for what, at, size in (
        ("values", values_at, VALUE_BYTES * values),
        ("outputs", outputs_at, 4 * outputs),
        ("operators", operators_at, operators_bytes),
    ):
        expect(at == after, f"expected {what} at {after}, behind what is before them, got {at}")
        after = at + size + -size % 8
        expect(after <= len(part), f"expected {what} to end by {len(part)}, got {after}")
        part.zeros(at + size, after)

    plan = Plan(
        part.string(strings, name, f"plan {i}"),
        flags == FLUSH_DENORMALS,
        inputs,
        [
            part.index(v, values, f"plan {i}: an output's value")
            for v in part.unpack(f"{outputs}I", outputs_at)
        ],
        arena,
        [
            read_value(
                part, f"plan {i}, value {v}", values_at + VALUE_BYTES * v, symbols, tensors, arena
            )
            for v in range(values)
        ],
        read_operators(part, i, operators, operators_at, operators_bytes, values),
    )
    return plan, after


def read_value(
    part: Part, what: str, at: int, symbols: list[Symbol], tensors: list[Tensor], arena: int
) -> Value:
    kind, dtype, rank, zero, tensor, offset = part.unpack("4BIQ", at)
    dims = part.unpack("4I", at + 16)

    def expect(condition: bool, message: str) -> None:
        part.expect(condition, f"{what}: {message}")

    expect(kind <= 1, f"expected kind 0 or 1, got {kind}")
    dtype = read_dtype(part, dtype, what)
    expect(rank <= MAX_RANK, f"expected a rank of at most {MAX_RANK}, got {rank}")
    expect(zero == 0, f"expected unused byte 3 to be 0, got {zero}")
    expect(not any(dims[rank:]), f"expected dims {rank} to 3 to be 0, got {dims}")
    dims = dims[:rank]
    for d in dims:
        expect(d >= 1, f"expected dims of at least 1, got {dims}")
        if d >= SYMBOL:
            part.index(d - SYMBOL, len(symbols), f"{what}: a symbol")
    if kind == 1:
        t = tensors[part.index(tensor, len(tensors), f"{what}: a tensor")]
        expect(offset == 0, f"expected offset 0 of a tensor, got {offset}")
        expect(
            (dtype, dims) == (t.dtype, t.dims),
            f"expected tensor {tensor}'s {shape(t.dtype, t.dims)}, got {shape(dtype, dims)}",
        )
        rows = t.layout == "rows"
        return Value(dtype, dims, tensor, 0, 0, rows, dims, t.encoding, t.piecewise)

    expect(tensor == 0, f"expected no tensor in the arena, got {tensor}")
    expect(offset % ALIGNMENT == 0, f"expected a multiple of {ALIGNMENT}, got offset {offset}")
    largest = [symbols[d - SYMBOL].maximum if d >= SYMBOL else d for d in dims]
    size = prod(largest) * NUMPY[dtype].itemsize
    expect(
        offset + size <= arena,
        f"expected it to end by {arena}, the arena's end, got {offset + size}",
    )
    return Value(dtype, dims, None, offset, size, True, tuple(largest))


def read_operators(
    part: Part, plan: int, count: int, begin: int, size: int, values: int
) -> list[Operator]:
    operators, at, end = [], begin, begin + size
    for i in range(count):
        what = f"plan {plan}, operator {i}"
        part.expect(at + OPERATOR_BYTES <= end, f"{what}: expected it to end by {end}, got {at}")
        opcode, version, length, reads, writes = part.unpack("HHIHH", at)
        operands = reads + writes
        part.expect(
            length % 4 == 0 and length >= OPERATOR_BYTES + 4 * operands,
            f"{what}: expected a multiple of 4 with room for {operands} operands, got {length}",
        )
        part.expect(at + length <= end, f"{what}: expected it to end by {end}, got {at + length}")
        name = NAMES.get(opcode)
        part.expect(name is not None, f"{what}: expected a known opcode, got {opcode}", "unknown")
        part.expect(version == 1, f"{what}: expected version 1 of {name}, got {version}", "unknown")
        words = part.unpack(f"{(length - OPERATOR_BYTES) // 4}I", at + OPERATOR_BYTES)
        indices = [
            None if w == NONE else part.index(w, values, f"{what}: a value")
            for w in words[:operands]
        ]
        operators.append(
            Operator(
                opcode, name, version, indices[:reads], indices[reads:], list(words[operands:])
            )
        )
        at += length
    part.expect(at == end, f"plan {plan}: expected its operators to end at {end}, got {at}")
    return operators


def check_plan(part: Part, plans: list[Plan], i: int) -> None:
    """Inputs have places, each operator its shapes, and what is read is there."""
    plan = plans[i]
    begin = np.array([v.offset for v in plan.values], np.uint64)
    end = np.array([v.offset + v.bytes for v in plan.values], np.uint64)
    tensors = np.array([v.tensor is not None for v in plan.values], bool)
    whole = tensors.copy()  # can be read now

    def overlapping(value: int) -> np.ndarray:
        v = plan.values[value]  # in the arena
        return ~tensors & (begin < v.offset + v.bytes) & (v.offset < end)

    for v in range(plan.inputs):
        what = f"plan {i}, input {v}"
        part.expect(
            plan.values[v].tensor is None, f"{what}: expected a place in the arena, got a tensor"
        )
        part.expect(
            not overlapping(v)[:v].any(), f"{what}: expected a place of its own, got one shared"
        )
        whole[v] = True
    for o, op in enumerate(plan.operators):
        what = f"plan {i}, operator {o} ({op.name})"
        in_place = check_operator(part, what, plans, i, op)
        check_coded(part, what, plan, op)
        check_places(part, what, plan, op, in_place)
        for v in op.reads:
            part.expect(
                v is None or bool(whole[v]),
                f"{what}: expected v{v} to be written before it is read",
            )
        for v in op.writes:
            whole &= ~overlapping(v)
        whole[op.writes] = True
    for v in plan.outputs:
        part.expect(bool(whole[v]), f"plan {i}: expected output v{v} to be written and kept")
        part.expect(
            plan.values[v].encoding == "RAW", f"plan {i}: expected output v{v} not to be coded"
        )


def check_coded(part: Part, what: str, plan: Plan, op: Operator) -> None:
    """Coded tensors are read where the operator decodes them, and nowhere else."""
    for r, v in enumerate(op.reads):
        if v is None or plan.values[v].encoding == "RAW":
            continue
        whole = r in WHOLES.get(op.name, ())
        part.expect(
            DECODES.get(op.name) == r or whole,
            f"{what}: expected v{v} to be RAW, as it does not decode it",
        )
        part.expect(
            plan.values[v].piecewise != (whole and plan.values[v].rows),
            f"{what}: expected v{v} to be coded {'in blocks' if whole else 'in panels or rows'}",
        )


def overlap(a: Value, b: Value) -> bool:
    if a.tensor is not None or b.tensor is not None:
        return False
    return a.offset < b.offset + b.bytes and b.offset < a.offset + a.bytes


def check_places(part: Part, what: str, plan: Plan, op: Operator, in_place: bool) -> None:
    """What an operator writes is in the arena, beside all that it uses."""
    for n, w in enumerate(op.writes):
        written = plan.values[w]
        part.expect(written.tensor is None, f"{what}: expected to write to the arena, got v{w}")
        for other in op.writes[:n]:
            part.expect(
                not overlap(written, plan.values[other]),
                f"{what}: expected to write v{other} and v{w} beside each other",
            )
        for r, v in enumerate(op.reads):
            if v is None or not overlap(written, plan.values[v]):
                continue
            part.expect(
                in_place and r == 0 and written.offset == plan.values[v].offset,
                f"{what}: expected v{w} not to overlap v{v}, which is read",
            )
