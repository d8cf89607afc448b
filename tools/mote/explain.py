"""Which arithmetic each operator of a compiled model uses, and why: what
`mote inspect` and `mote report` say of it.

The reasons are those of lower.py and operators.py, read off the plan itself,
so that a file explains itself without its source.
"""

from math import prod

from mote import inspect
from mote.lower import INT8_WEIGHTS
from mote.operators import INT8_COLUMNS, INT8_ROWS
from mote.reader import Model
from mote.reader_plans import Operator, Plan

STATED = {"quantize_fixed", "dense_fixed", "conv_fixed", "depthwise_fixed"}
PRODUCTS = {
    "dense", "dense_s8", "dense_fixed", "conv", "conv_s8", "conv_fixed", "depthwise_fixed",
    "dense_u8", "gru", "lstm",
}  # fmt: skip
TABLES = {"embed", "position"}
TREES = {"trees_heap", "trees_linked"}
MOVES = {"concat", "slice", "transpose", "pad", "reshape"}
NAMES = {
    "f64": "float64", "f32": "float32", "s8": "int8", "u8": "uint8", "s16": "int16",
    "s32": "indices", "s64": "int64", "bool": "bool",
}  # fmt: skip


def operators(model: Model) -> list[dict]:
    """For each operator: plan and number, name, shape of its first result,
    precision, elements and bytes of its tensors, reason."""
    return [
        {
            "plan": i,
            "number": n,
            "operator": op.name,
            "result": result(model, plan, op),
            "precision": precision(plan, op),
            "tensors": tensors(plan, op),
            "elements": sum(prod(model.tensors[t].dims) for t in tensors(plan, op)),
            "bytes": sum(model.tensors[t].bytes for t in tensors(plan, op)),
            "reason": reason(model, plan, op),
        }
        for i, plan in enumerate(model.plans)
        for n, op in enumerate(plan.operators)
    ]


def result(model: Model, plan: Plan, op: Operator) -> str:
    value = plan.values[op.writes[0]]
    return inspect.shape(model, value.dtype, value.dims)


def tensors(plan: Plan, op: Operator) -> list[int]:
    """Indices of the tensors that an operator reads, each once."""
    read = (plan.values[v].tensor for v in op.reads if v is not None)
    return list(dict.fromkeys(t for t in read if t is not None))


def read_dtypes(plan: Plan, op: Operator, of_tensors: bool) -> list[str]:
    values = [plan.values[v] for v in op.reads if v is not None]
    return [v.dtype for v in values if (v.tensor is not None) == of_tensors]


def precision(plan: Plan, op: Operator) -> str:
    """The type that an operator computes in."""
    written = plan.values[op.writes[0]].dtype
    if op.name == "cast":
        read = plan.values[op.reads[0]].dtype
        return f"{NAMES[read]} to {NAMES[written]}"
    if op.name.startswith("quantize") or "s8" in read_dtypes(plan, op, True):
        return "int8"
    if op.name == "call":
        return "that of its plan"
    if op.name in TABLES:
        return NAMES[written]
    dtype = next(iter(read_dtypes(plan, op, False)), written)
    return NAMES[dtype]


def shape_of_weights(model: Model, plan: Plan, op: Operator) -> tuple[int, int] | None:
    """Outputs and inputs of the first weights that a product reads."""
    dims = next((d for t in tensors(plan, op) if len(d := model.tensors[t].dims) > 1), None)
    if dims is None:
        return None
    if op.name in ("dense", "dense_s8", "conv_s8") or "s8" in read_dtypes(plan, op, True):
        return dims[0], prod(dims[1:])
    if op.name == "conv":  # [groups][inputs][outputs of a group]
        return dims[0] * dims[2], dims[1]
    return dims[1], dims[0]  # gates: [inputs][outputs]


def weights(model: Model) -> int:
    """Numbers that products are taken with."""
    read = {
        t
        for plan in model.plans
        for op in plan.operators
        if op.name in PRODUCTS
        for t in tensors(plan, op)
        if len(model.tensors[t].dims) > 1
    }
    return sum(prod(model.tensors[t].dims) for t in read)


def reason(model: Model, plan: Plan, op: Operator) -> str:
    kind = precision(plan, op)
    if op.name in STATED:
        return "int8 with scales known before a run: the trainer's, or of calibration rows"
    if op.name in ("quantize_u8", "dense_u8"):
        return "int8 with a scale and zero point that each run finds, as the trainer's file has it"
    if op.name in PRODUCTS:
        return reason_of_product(model, plan, op, kind)
    if op.name in TREES:
        given, summed = (plan.values[v].dtype for v in (op.reads[0], op.writes[0]))
        return (
            f"thresholds in {NAMES[given]}, sums in {NAMES[summed]}: "
            "the trainer's own types, so that each branch and sum is the trainer's"
        )
    if op.name in TABLES:
        return f"rows of a table in {kind}" + (", a scale for each" if kind == "int8" else "")
    if op.name in MOVES:
        return "moves numbers and changes none"
    if op.name in ("softmax", "share") and kind == "float64":
        rounded = plan.values[op.writes[0]].dtype == "f32"
        return "scores are taken in float64" + (", and rounded once at the end" if rounded else "")
    return {
        "quantize": "the rows of an int8 layer get a scale each at run time",
        "cast": "from one operator's type to the next one's",
        "argmax": "an exact comparison",
        "call": "runs another plan of this file",
        "rowwise": "scaling is done as the trainer does it",
    }.get(op.name, f"the type of what it reads, {kind}")


def reason_of_product(model: Model, plan: Plan, op: Operator, kind: str) -> str:
    """As operators.is_int8 and lower.choose_precision decide; a file that was
    made otherwise is not given their reasons."""
    shape = shape_of_weights(model, plan, op)
    if shape is None:
        return f"a product of two results, in the type of both, {kind}"
    m, n = shape
    of, worth = f"{m} outputs of {n} inputs", m >= INT8_ROWS and n >= INT8_COLUMNS
    if kind == "float64":
        small = "linear models are small, and in float64 every label is the trainer's"
        return f"{of}: {'float64 was asked for' if is_net(plan) else small}"
    if kind == "int8":
        faster = f"from {INT8_ROWS} and {INT8_COLUMNS} on int8 is faster"
        return f"{of}: {faster if worth else 'int8 was asked for'}; each output has its scale"
    if has_int8(model):
        costs = f"below {INT8_ROWS} or {INT8_COLUMNS}, quantizing a row costs more than int8 saves"
        return f"{of}: {'float32 was asked for' if worth else costs}"
    if weights(model) < INT8_WEIGHTS:
        return f"{of}: a net of {weights(model)} weights; int8 gains from {INT8_WEIGHTS} on"
    return f"{of}: float32 was asked for, by compile.precision or --precision"


def is_net(plan: Plan) -> bool:
    """Whether a product is followed by a function that is not linear."""
    return any(op.name == "dense" and op.attributes[0] != 0 for op in plan.operators)


def has_int8(model: Model) -> bool:
    return any("s8" in read_dtypes(p, o, True) for p in model.plans for o in p.operators)
