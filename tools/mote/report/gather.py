"""Everything a report says, as one JSON object."""

import json
from pathlib import Path

from mote import coding, explain, inspect
from mote.reader import Model
from mote.report import places, start
from mote.report.quantization import errors
from mote.report.storage import storage
from mote.result import finite

FORMAT = 1
DEFAULT_TARGET = ("arm64", coding.TARGETS["arm64"])


def gather(blob: bytes, model: Model, name: str, imported=None, result=None, **beside) -> dict:
    """imported: from the trainer's file, where there is one; result: of the
    engine against it. beside: card, the text of the model's README; bootstrap,
    an executable that may hold this file; measured, of `mote bench`; target, its
    name and costs, by which encodings are chosen."""
    shown = json.loads(inspect.as_json(model))
    quantized = errors(model, imported.graph) if imported else {}
    executable = start.executable(blob, beside.get("bootstrap"))
    return finite(
        {
            "report": FORMAT,
            "model": {
                "name": model.name,
                "version": model.version,
                "description": model.description,
                "file": name,
                "bytes": len(blob),
                "hash": shown["hash"],
                "trainer": model.provenance.get("trainer"),
                "precision": model.provenance.get("precision"),
                "weights": explain.weights(model),
                "card": beside.get("card"),
            },
            "input": {"features": shown["features"], "symbols": shown["symbols"]},
            "output": shown["output"],
            "series": shown["series"],
            "jobs": shown["jobs"],
            "sizes": sizes(blob, model, executable),
            "operators": explain.operators(model),
            "kept_in_float32": imported.kept if imported else [],
            "tensors": [
                {"tensor": i, "read_by": readers(model, i), "quantization": quantized.get(i)} | t
                for i, t in enumerate(shown["tensors"])
            ],
            "storage": storage(model, *beside.get("target", DEFAULT_TARGET)),
            "verification": verification(model, result),
            "memory": [places.of_plan(model, i) for i in range(len(model.plans))],
            "cold_start": start.estimate(blob, model, executable, beside.get("measured")),
            "provenance": shown["provenance"],
        }
    )


def sizes(blob: bytes, model: Model, executable: dict | None) -> dict:
    """Bytes of the file by what they are; they add up to all of it."""
    parts = {"header": 128, "section table": 32 * len(model.sections)}
    parts |= {s.name: s.bytes for s in model.sections}
    if model.header.provenance_bytes:
        parts["provenance"] = model.header.provenance_bytes
    parts["padding"] = len(blob) - sum(parts.values())
    encodings: dict[tuple, list] = {}
    for t in model.tensors:
        encodings.setdefault((t.dtype, t.layout, t.encoding), []).append(t.bytes)
    return {
        "file": len(blob),
        "parts": [{"part": k, "bytes": v} for k, v in parts.items()],
        "encodings": [
            {"dtype": d, "layout": a, "encoding": e, "tensors": len(b), "bytes": sum(b)}
            for (d, a, e), b in encodings.items()
        ],
        "executable": executable and executable["bytes"],
        "request_arena": model.header.request_arena,
    }


def readers(model: Model, tensor: int) -> list[str]:
    """The operators that read a tensor, as PLAN.NUMBER NAME."""
    return [
        f"{i}.{n} {op.name}"
        for i, plan in enumerate(model.plans)
        for n, op in enumerate(plan.operators)
        if tensor in explain.tensors(plan, op)
    ]


def verification(model: Model, result) -> dict:
    """Of this run, or, without the trainer's file, what the file itself says."""
    if result is not None:
        return {"source": "this run"} | result.as_object()
    kept = {k: v for k, v in model.provenance.items() if k.startswith("verif")}
    return {"source": "the file's provenance" if kept else None} | kept


def read_measured(folder: Path, name: str) -> dict | None:
    """What `mote bench` measured of a model, or else `make bench-coldstart` of
    all, if one of them did."""
    for path in (folder / f"coldstart-{name}.json", folder / "coldstart.json"):
        try:
            table = json.loads(path.read_text())
        except (OSError, json.JSONDecodeError):
            continue
        rows = {row["name"]: row for row in table["rows"]}
        if name in rows:
            return {"runs": table["runs"], "model": rows[name], "floor": rows.get("floor")}
    return None


def as_json(report: dict) -> str:
    return json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False)
