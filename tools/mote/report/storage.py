"""What coding saves of a file, and of a cold start by the compiler's model of it
(tools/mote/coding.py), by tensor and by encoding."""

import json
from dataclasses import asdict

from mote import coding, file
from mote.opcodes import DECODES, WHOLES
from mote.reader import Model
from mote.reader_tables import Tensor


def storage(model: Model, name: str, target: coding.Target) -> dict:
    """rows: of each tensor and of CODES, which holds what coded tensors share,
    bytes and milliseconds before, with raw elements, and as stored. profiles: what
    the compiler measured of them (mote/profiles.py); [] in files without."""
    rows = [row(model, i, target) for i in range(len(model.tensors))]
    codes = sum(s.bytes for s in model.sections if s.name == "CODES")
    ms = coding.fetch_ms(target, codes)
    of_codes = [{"tensor": None, "encoding": "CODES", **pairs(0, codes, 0.0, ms)}] if codes else []
    return {
        "is": "a model, not a measurement: bytes are of this file, times choose encodings",
        "target": name,
        "constants": asdict(target),
        "tensors": rows + of_codes,
        "encodings": by_encoding(rows + of_codes),
        "total": summed(rows + of_codes),
        "profiles": json.loads(model.provenance.get("profiles", "[]")),
    }


def row(model: Model, i: int, target: coding.Target) -> dict:
    t = model.tensors[i]
    raw, rows = decoded_bytes(t), t.dims[0] if read_by_rows(model, i) else 0
    whole = read_whole(model, i)
    times = [coding.cold_ms(target, raw, raw, "RAW", rows)]
    times += [coding.cold_ms(target, raw, t.bytes, t.encoding, rows, whole)]
    encoding = t.encoding if t.encoding in ("RAW", "CONST") else f"{t.encoding} {t.bits}"
    return {"tensor": i, "encoding": encoding, **pairs(raw, t.bytes, *times)}


def pairs(before: int, after: int, ms_before: float, ms_after: float) -> dict:
    return {
        "bytes_before": before,
        "bytes_after": after,
        "ms_before": ms_before,
        "ms_after": ms_after,
    }


def decoded_bytes(t: Tensor) -> int:
    if t.layout == "P8K8":
        return file.align(t.dims[0], 8) // 8 * file.panel_bytes(t.dims[1])
    return t.data.nbytes


def read_by_rows(model: Model, tensor: int) -> bool:
    """Whether all that read it are operators that decode the rows asked for, as
    coding.decoded_reads has it of a file that is being written."""
    found = [
        DECODES.get(op.opcode) == i
        for plan in model.plans
        for op in plan.operators
        for i, v in enumerate(op.reads)
        if v is not None and plan.values[v].tensor == tensor
    ]
    answered = any(plan.values[v].tensor == tensor for plan in model.plans for v in plan.outputs)
    return model.tensors[tensor].layout == "rows" and bool(found) and all(found) and not answered


def read_whole(model: Model, tensor: int) -> bool:
    """Whether an operator reads it that decodes it at once."""
    return any(
        op.reads[i] is not None and plan.values[op.reads[i]].tensor == tensor
        for plan in model.plans
        for op in plan.operators
        for i in WHOLES.get(op.opcode, ())
    )


def summed(rows: list[dict]) -> dict:
    return {key: sum(r[key] for r in rows) for key in pairs(0, 0, 0.0, 0.0)}


def by_encoding(rows: list[dict]) -> list[dict]:
    names = sorted({r["encoding"] for r in rows})
    of = {name: [r for r in rows if r["encoding"] == name] for name in names}
    return [
        {"encoding": n, "tensors": sum(x["tensor"] is not None for x in r), **summed(r)}
        for n, r in of.items()
    ]
