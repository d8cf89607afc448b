"""A plan's memory over its steps: which value lies where, and for how long."""

from mote import memory
from mote.inspect import shape
from mote.reader import Model
from mote.reader_plans import Plan


def of_plan(model: Model, number: int) -> dict:
    """Values of the arena with offset, bytes, and the first and the last step
    that they are alive in: inputs from -1, outputs to the end."""
    plan = model.plans[number]
    begin, end = lifetimes(plan)
    owner = owners(plan, begin, end)
    buffers = {}
    for v, o in owner.items():
        first = buffers.get(o, (0, begin[o], end[o]))
        size = max(first[0], plan.values[v].bytes)
        buffers[o] = (size, min(first[1], begin[v]), max(first[2], end[v]))
    return {
        "plan": plan.name,
        "arena": plan.arena,
        "bound": memory.live_bytes([memory.Buffer(*b) for b in buffers.values()]),
        "steps": len(plan.operators),
        "values": [
            {
                "value": v,
                "shape": shape(model, plan.values[v].dtype, plan.values[v].dims),
                "offset": plan.values[v].offset,
                "bytes": plan.values[v].bytes,
                "begin": begin[v],
                "end": end[v],
                "in_place_of": None if owner[v] == v else owner[v],
                "written_by": plan.operators[begin[v]].name if begin[v] >= 0 else "input",
            }
            for v in sorted(owner)
        ],
    }


def lifetimes(plan: Plan) -> tuple[dict[int, int], dict[int, int]]:
    begin = dict.fromkeys(range(plan.inputs), -1)
    end = dict(begin)
    for step, op in enumerate(plan.operators):
        for v in op.reads + op.writes:
            if v is not None and plan.values[v].tensor is None:
                begin.setdefault(v, step)
                end[v] = step
    for v in plan.outputs:
        if v in begin:
            end[v] = len(plan.operators)
    return begin, end


def owners(plan: Plan, begin: dict, end: dict) -> dict[int, int]:
    """Each value to the one whose bytes it took over: where a step writes over
    what it reads first, which nobody reads later."""
    owner = {v: v for v in begin if begin[v] < 0}
    for step, op in enumerate(plan.operators):
        for v in (w for w in op.writes if w is not None):
            first = op.reads[0] if op.reads else None
            taken = (
                first in owner
                and end[first] == step
                and plan.values[first].offset == plan.values[v].offset
                and plan.values[first].bytes > 0
            )
            owner.setdefault(v, owner[first] if taken else v)
    return owner
