"""What `mote inspect` shows of a .mote file: text for people, JSON for programs."""

import json
import textwrap
from dataclasses import asdict

import numpy as np

from mote import reader_conv as conv
from mote import reader_fixed as fixed
from mote import reader_table as of_table
from mote import reader_tensor as of_tensor
from mote import reader_trees as trees
from mote import reader_vector as vector
from mote.reader import Model
from mote.reader_answer import Feature
from mote.reader_jobs import Job, Template
from mote.reader_operators import ACTIVATIONS, CALL, DENSE, DENSE_S8, ROWWISE, ROWWISE_KINDS
from mote.reader_plans import Operator, Plan
from mote.reader_tables import SYMBOL, Tensor

WIDTH = 100
CELL = 40


def dimension(model: Model, d: int) -> str | int:
    return model.symbols[d - SYMBOL].name if d >= SYMBOL else d


def shape(model: Model, dtype: str, dims: tuple[int, ...]) -> str:
    return f"{dtype}[{','.join(str(dimension(model, d)) for d in dims)}]"


def attributes(op: Operator) -> dict[str, str | int | list]:
    """The words behind an operator's operands, by name."""
    if op.opcode in (DENSE, DENSE_S8):
        return {"activation": ACTIVATIONS[op.attributes[0]]}
    if op.opcode == ROWWISE:
        return {"kind": ROWWISE_KINDS[op.attributes[0]]}
    if op.opcode == CALL:
        plan, count, _, *pairs = op.attributes
        carried = [{"output": o, "input": i} for o, i in zip(pairs[0::2], pairs[1::2], strict=True)]
        return {"plan": plan, "count": count, "carried": carried}
    for more in (trees, conv, fixed, of_table, of_tensor, vector):
        if op.opcode in more.NAMES:
            return more.attributes(op)
    return {}


def extremes(tensor: Tensor) -> tuple[float | int, float | int]:
    """Least and greatest element; NaN where there is one."""
    return np.min(tensor.data).item(), np.max(tensor.data).item()


# ------------------------------------------------------------------------ text


def as_text(model: Model) -> str:
    """For a terminal of 100 columns."""
    parts = [head(model), sections(model), features(model), output(model)]
    parts += [series(model), *(job(model, j) for j in model.jobs)]
    parts += [plan(model, i) for i in range(len(model.plans))]
    parts += [tensors(model), provenance(model)]
    return "\n\n".join("\n".join(visible(line) for line in lines) for lines in parts if lines)


def visible(line: str) -> str:
    """Without characters that a terminal might obey: names come from the file."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def wrap(text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False)


def table(rows: list[tuple], right: set[int]) -> list[str]:
    """Columns as wide as they need, up to a limit; those in `right` are of
    numbers."""
    cells = [
        [c if len(c) <= CELL else c[: CELL - 3] + "..." for c in map(str, row)] for row in rows
    ]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return [
        "  ".join(
            c.rjust(w) if i in right else c.ljust(w)
            for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def head(model: Model) -> list[str]:
    h = model.header
    symbols = ", ".join(f"{s.name} at most {s.maximum}" for s in model.symbols)
    return [
        *wrap(f"{model.name} {model.version}", 0),
        *(wrap(model.description, 0) if model.description else []),
        "",
        f"hash     {h.content_hash:016x}",
        f"file     {h.file_bytes} bytes",
        f"format   {h.format_version}, minimum reader {h.minimum_reader}, "
        + f"arithmetic {h.arithmetic_version}",
        f"arena    {h.request_arena} bytes for a request, {h.model_arena} for the model",
        *wrap(f"symbols  {symbols}", 9),
        *wrap(f"answers  plan {model.plan}, {model.plans[model.plan].name}", 9),
    ]


def sections(model: Model) -> list[str]:
    rows = [("section", "offset", "bytes", "hash", "")]
    for s in model.sections:
        rows.append((s.name, s.offset, s.bytes, f"{s.hash:016x}", "" if s.required else "optional"))
    h = model.header
    if h.provenance_offset:
        rows.append(
            ("provenance", h.provenance_offset, h.provenance_bytes, f"{h.provenance_hash:016x}", "")
        )
    return table(rows, {1, 2})


def runs(names: list[str], windows: list[tuple[int, int]]) -> list[tuple[int, str]]:
    """What a list of features shows: the number and name of each, but of a window,
    (first, steps), its first with the last's name behind it."""
    shown, at = [], 0
    steps = dict(windows)
    while at < len(names):
        n = steps.get(at, 1)
        shown.append((at, names[at] if n == 1 else f"{names[at]} to {names[at + n - 1]}"))
        at += n
    return shown


def features(model: Model) -> list[str]:
    rows = [("feature", "name", "kind", "dtype", "place", "")]
    windows = [(c.first, c.window) for c in model.series.columns] if model.series else []
    for i, name in runs([f.name for f in model.features], windows):
        f = model.features[i]
        place = f"v{f.value}" if f.tokens else f"v{f.value}[:,{f.column}]"
        rows.append((i, name, f.kind, f.dtype, place, allowed(f)))
    lines = table(rows, {0})
    if model.text:
        lines += wrap(f"tokens   {tokenizer(model)}", 9)
    for f in model.features:
        if f.categories is not None:
            lines += wrap(f"{f.name} is one of    {', '.join(f.categories)}", 9)
    return lines


def tokenizer(model: Model) -> str:
    """What makes ids of a text."""
    t = model.text
    names = ((1, "Chinese characters apart"), (2, "lower case"), (4, "without accents"))
    how = [name for bit, name in names if t.flags & bit]
    return f"WordPiece of {len(t.pieces)} pieces; {', '.join(how) or 'as it is'}"


def allowed(f: Feature) -> str:
    """What a feature may be beside what its kind says."""
    if f.tokens:
        return f"at most {f.tokens} tokens"
    words = {"may be missing": f.may_be_missing, "or other": f.other, "or boolean": f.boolean}
    return ", ".join(w for w, so in words.items() if so)


def output(model: Model) -> list[str]:
    o, outputs = model.output, model.plans[model.plan].outputs
    index = "" if o.index is None else f"; index from v{outputs[o.index]}"
    values = "" if o.values is None else f"; {numbers_of(model)} from v{outputs[o.values]}"
    names = "names that are numbers" if o.labels == "numbers" else "names"
    lines = [f"output   {o.kind}, reply {o.style}{index}{values}"]
    return lines + (wrap(f"{names}    {', '.join(o.names)}", 9) if o.names else [])


def numbers_of(model: Model) -> str:
    o = model.output
    return o.scores if o.kind == "class" else "numbers" if o.names else f"{o.count} numbers"


def span(seconds: int) -> str:
    """As model.toml has it."""
    for unit, of_unit in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % of_unit == 0:
            return f"{seconds // of_unit}{unit}"
    return f"{seconds}s"


def series(model: Model) -> list[str]:
    s = model.series
    if s is None:
        return []
    lines = [f"series   steps of {span(s.step)} from {span(s.offset)}, gaps of {s.gap} are filled"]
    rows = [("column", "features", "steps", "of them ahead", "resample")]
    for c in s.columns:
        place = f"{c.first} to {c.first + c.window - 1}"
        rows.append((c.name, place, c.window, c.ahead, c.resample))
    lines += table(rows, {2, 3})
    if s.time is not None:
        lines += wrap(
            f"{model.features[s.time].name} is when the forecast begins, "
            f"in units of {span(s.unit)} since 1970",
            9,
        )
    rows = [("forecast", "numbers", "steps")]
    rows += [(f.name, f"{f.first} to {f.first + f.steps - 1}", f.steps) for f in s.forecasts]
    return lines + table(rows, {2})


def template(parts: Template) -> str:
    """As model.toml has it; braces of its texts are doubled."""
    braces = {"text": "{}", "variable": "{{env:{}}}"}
    shown = []
    for kind, text in parts:
        text = text.replace("{", "{{").replace("}", "}}") if kind == "text" else text
        shown.append(braces.get(kind, f"{{{{{kind}}}}}").format(text))
    return "".join(shown)


def job(model: Model, j: Job) -> list[str]:
    of = model.series
    source = template(j.source) if j.source else f"the event's {'series' if of else 'rows'}"
    how = f"{j.format}, separator {j.separator!r}" if j.format == "csv" else j.format
    path = "".join(f", {p}" for p in j.path)
    columns = of.columns if of else model.features
    names = zip((c.name for c in columns), j.columns, strict=True)
    called = [f"{c} from {name}" for c, name in names if of or c != name]
    if of:
        called.insert(0, f"time from {j.time}")
        forecasts = zip(of.forecasts, j.forecasts, strict=True)
        given = [f"{f.name} as {n}" for f, n in forecasts]
    else:
        called = called or ["columns as the features"]
        given = ["an array of replies"]
    if j.observed is not None:
        observed = columns[j.observed].name
        given.insert(0, f"{j.history} steps of {observed} as {j.observed_name}")
    lines = wrap(f"job      {j.name}, failure {j.failure}", 9)
    lines += wrap(f"  from   {source}", 9)
    lines += wrap(f"  as     {how}{path}; {', '.join(called)}", 9)
    lines += wrap(f"  to     {template(j.sink)}", 9)
    lines += wrap(f"  gives  {', '.join(given)}", 9)
    rows = [("  target", "name", "model")]
    rows += [(f"  {t.id}", t.name, template(t.model) if t.model else "") for t in j.targets]
    return lines + table(rows, set())


def value(model: Model, p: Plan, v: int | None) -> str:
    if v is None:
        return "none"
    placed = p.values[v]
    where = f"@{placed.offset}" if placed.tensor is None else f"=t{placed.tensor}"
    return f"v{v} {shape(model, placed.dtype, placed.dims)}{where}"


def plan(model: Model, i: int) -> list[str]:
    p = model.plans[i]
    flush = ", denormals flushed to zero" if p.flush_denormals else ""
    lines = wrap(f"plan {i}   {p.name}: {len(p.values)} values, arena {p.arena} bytes{flush}", 9)
    lines += wrap("   in    " + ", ".join(value(model, p, v) for v in range(p.inputs)), 9)
    for n, op in enumerate(p.operators):
        reads = ", ".join(value(model, p, v) for v in op.reads)
        writes = ", ".join(value(model, p, v) for v in op.writes)
        words = "".join(f"; {k} {word(v)}" for k, v in attributes(op).items())
        lines += wrap(f"{n:5}    {op.name} {reads} -> {writes}{words}", 9)
    return lines + wrap("   out   " + ", ".join(value(model, p, v) for v in p.outputs), 9)


def word(attribute: str | int | list) -> str:
    if isinstance(attribute, list):
        return ", ".join(f"output {c['output']} to input {c['input']}" for c in attribute) or "none"
    return str(attribute)


def tensors(model: Model) -> list[str]:
    if not model.tensors:
        return []
    rows = [("tensor", "name", "shape", "layout", "encoding", "offset", "bytes", "min", "max")]
    for i, t in enumerate(model.tensors):
        low, high = (f"{x:.6g}" for x in extremes(t))
        of_type = shape(model, t.dtype, t.dims)
        encoding = f"{t.encoding} {t.bits}" if t.encoding != "RAW" else t.encoding
        rows.append(
            (f"t{i}", t.name or "", of_type, t.layout, encoding, t.offset, t.bytes, low, high)
        )
    return table(rows, {5, 6, 7, 8})


def provenance(model: Model) -> list[str]:
    if not model.provenance:
        return ["provenance: none"]
    width = min(CELL, max(map(len, model.provenance)))
    lines = [f"  {k.ljust(width)}  {v}" for k, v in model.provenance.items()]
    return ["provenance"] + [part for line in lines for part in wrap(line, width + 4)]


# ------------------------------------------------------------------------ JSON


def as_json(model: Model) -> str:
    """One object: all but the tensors' data. Hashes are 16 hexadecimal digits,
    as JSON numbers hold 53 bits."""
    h = asdict(model.header)
    for key in ("content_hash", "provenance_hash", "header_hash"):
        h[key] = f"{h[key]:016x}"
    shown = {
        "name": model.name,
        "version": model.version,
        "description": model.description,
        "hash": h["content_hash"],
        "header": h,
        "sections": [asdict(s) | {"hash": f"{s.hash:016x}"} for s in model.sections],
        "symbols": [asdict(s) for s in model.symbols],
        "strings": model.strings,
        "tensors": [tensor_object(model, t) for t in model.tensors],
        "plan": model.plan,
        "plans": [plan_object(model, p) for p in model.plans],
        "features": [asdict(f) for f in model.features],
        "output": asdict(model.output),
        "series": model.series and asdict(model.series),
        "jobs": [job_object(j) for j in model.jobs],
        "provenance": {k: number_or_text(v) for k, v in model.provenance.items()},
    }
    return json.dumps(shown, indent=2, ensure_ascii=False, allow_nan=False)


def job_object(j: Job) -> dict:
    """Templates as model.toml has them."""

    def text(parts: Template | None) -> str | None:
        return parts and template(parts)

    targets = [asdict(t) | {"model": text(t.model)} for t in j.targets]
    return asdict(j) | {"source": text(j.source), "sink": text(j.sink), "targets": targets}


def number_or_text(x):
    """JSON has no NaN and no infinities: they become their names."""
    return x if not isinstance(x, float) or np.isfinite(x) else str(x)


def tensor_object(model: Model, t: Tensor) -> dict:
    low, high = extremes(t)
    return {
        "name": t.name,
        "dtype": t.dtype,
        "dims": list(t.dims),
        "layout": t.layout,
        "encoding": t.encoding,
        "bits": t.bits,
        "offset": t.offset,
        "bytes": t.bytes,
        "min": number_or_text(low),
        "max": number_or_text(high),
    }


def plan_object(model: Model, p: Plan) -> dict:
    return {
        "name": p.name,
        "flush_denormals": p.flush_denormals,
        "inputs": p.inputs,
        "outputs": p.outputs,
        "arena": p.arena,
        "values": [
            {
                "dtype": v.dtype,
                "dims": [dimension(model, d) for d in v.dims],
                "tensor": v.tensor,
                "offset": v.offset if v.tensor is None else None,
                "bytes": v.bytes if v.tensor is None else None,
            }
            for v in p.values
        ],
        "operators": [
            {
                "opcode": op.opcode,
                "name": op.name,
                "version": op.version,
                "reads": op.reads,
                "writes": op.writes,
            }
            | attributes(op)
            for op in p.operators
        ],
    }
