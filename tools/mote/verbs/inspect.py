"""mote inspect: everything in a .mote file, or what a trainer's file would become."""

import json
from pathlib import Path

from mote import config
from mote.errors import Refusal
from mote.verbs.common import is_mote, note, read_bytes, read_model, show, trust_option, verb

DESCRIPTION = """
Shows everything in a .mote file: sections, features, plans, tensors, where it
comes from. Of a trainer's file it shows what compiling would make of it: its
inputs, its operators, how many parameters and bytes each has, and whether it
is computed in int8, float32 or float64, with the reason. What cannot be
compiled is refused by name, with the way out.

  mote inspect models/iris/iris.mote
  mote inspect churn.skops --precision int8
"""


def add(verbs) -> None:
    v = verb(verbs, "inspect", run, "what is in a .mote or trainer's file", DESCRIPTION)
    v.add_argument("file", metavar="FILE")
    v.add_argument(
        "--precision", choices=config.PRECISIONS, default="auto",
        help="of a trainer's file (default: auto, by cost)",
    )  # fmt: skip
    trust_option(v)


def run(args) -> int:
    from mote import explain, inspect

    path = Path(args.file)
    blob = read_bytes(path)
    if is_mote(path, blob):
        model = read_model(path, blob)
        why = explain.operators(model)
        shown = json.loads(inspect.as_json(model)) | {"operators": why}
        show(args, shown, inspect.as_text(model) + "\n\n" + "\n".join(operators_text(why)))
        return 0
    shown = describe(args, path, len(blob))
    show(args, shown, as_text(shown))
    return 0


def describe(args, path: Path, size: int) -> dict:
    """What compiling a trainer's file would make, without writing it."""
    from mote import explain, importers, lower
    from mote.reader import read

    note(args, f"reading {path}")
    cfg = config.Config(name=path.name.split(".")[0])
    imported = importers.import_file(str(path), cfg, args.trust_pickle)
    chosen = lower.choose_precision(imported.graph)
    precision = chosen if args.precision == "auto" else args.precision
    note(args, f"lowering {imported.graph.size()} to {precision}")
    blob = lower.lower(imported, cfg, precision).to_bytes()
    model = read(blob)
    return {
        "file": str(path),
        "file_bytes": size,
        "trainer": imported.trainer,
        "weights": imported.graph.weights(),
        "learned": imported.graph.size(),
        "precision": precision,
        "precision_by_cost": chosen,
        "compiled_bytes": {precision: len(blob)} | other_sizes(imported, cfg, precision),
        "arena_bytes": model.header.request_arena,
        "features": [feature(f) for f in imported.features],
        "output": {
            "kind": imported.output.kind,
            "names": imported.output.names,
            "scores": imported.output.scores_kind,
        },
        "operators": explain.operators(model),
        "kept_in_float32": imported.kept,
    }


def feature(f) -> dict:
    shown = {"name": f.name, "may_be_missing": f.missing}
    return shown if f.categories is None else shown | {"categories": f.categories}


def other_sizes(imported, cfg, precision: str) -> dict:
    """Of a net, also what the other precision would take, or why it cannot."""
    from mote import lower

    sizes = {}
    for other in {"float32": ["int8"], "int8": ["float32"]}.get(precision, []):
        try:
            sizes[other] = len(lower.lower(imported, cfg, other).to_bytes())
        except Refusal as e:
            sizes[other] = f"refused: {e}"
    return sizes


def as_text(shown: dict) -> str:
    from mote.inspect import visible, wrap

    cost = "by cost" if shown["precision"] == shown["precision_by_cost"] else "as asked for"
    sizes = ", ".join(f"{p} {n}" for p, n in shown["compiled_bytes"].items())
    names = [
        name_of(f) + (" (may be missing)" if f["may_be_missing"] else "") for f in shown["features"]
    ]
    out = shown["output"]
    lines = [
        f"{shown['file']}: {shown['file_bytes']} bytes, {shown['trainer']}",
        f"learned    {shown['learned']}",
        f"precision  {shown['precision']}, {cost}",
        f"compiled   {sizes} bytes, arena {shown['arena_bytes']}",
        *wrap(f"features   {len(names)}: {', '.join(names)}", 11),
        *wrap(f"output     {out['kind']}, {out['scores']}: {', '.join(out['names'])}", 11),
        "",
        *operators_text(shown["operators"]),
    ]
    if shown["kept_in_float32"]:
        lines += ["", "quantized in the file, and computed in float32 here:"]
        for why in shown["kept_in_float32"]:
            lines += wrap(f"  {why}", 4)
    return "\n".join(visible(line) for line in lines)


def operators_text(operators: list[dict]) -> list[str]:
    """What each is computed in, and below that why."""
    from mote.inspect import table, visible, wrap

    rows = [("operator", "", "result", "computed in", "elements", "bytes")]
    for o in operators:
        number = f"{o['plan']}.{o['number']}"
        row = (number, o["operator"], o["result"], o["precision"], o["elements"], o["bytes"])
        rows.append(row)
    lines = [*table(rows, {4, 5}), ""]
    for o in operators:
        lines += wrap(f"{o['plan']}.{o['number']}  {o['operator']}: {o['reason']}", 5)
    return [visible(line) for line in lines]


def name_of(f: dict) -> str:
    return f["name"] if "categories" not in f else f"{f['name']} {{{', '.join(f['categories'])}}}"
