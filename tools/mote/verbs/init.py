"""mote init: a folder for a new model."""

import json
import os
import shutil
import tempfile
from pathlib import Path

from mote import config, project
from mote.errors import Refusal, Usage
from mote.verbs.common import note, show, trust_option, verb

DESCRIPTION = """
Makes models/NAME from a trainer's file: model.toml with every key explained,
samples/ with events and the engine's replies to them, README.md, a card to fill
in. The file itself stays where it is. Nothing that exists is overwritten.

  mote init churn --from churn.skops
  mote init churn --from churn.skops --description "Who leaves next month"

Then: mote compile models/NAME
"""
SAMPLES, DRAWN = 3, 64  # rows, and how many they are picked from


def add(verbs) -> None:
    v = verb(verbs, "init", run, "a folder for a new model", DESCRIPTION)
    v.add_argument("name", metavar="NAME", help="a-z, 0-9, - and _; becomes models/NAME")
    v.add_argument("--from", metavar="FILE", required=True, dest="source", help="trainer's file")
    v.add_argument("--description", metavar="TEXT", help="one sentence about the model")
    v.add_argument("--project", metavar="FOLDER", help="where models/ is (default: these tools')")
    trust_option(v)


def run(args) -> int:
    from mote import importers, lower, verify

    name, source = project.check_name(args.name), Path(args.source)
    folder = project.root(args.project) / "models" / name
    if folder.exists():
        raise Refusal(f"{folder}: exists; init overwrites nothing, so take another name")
    if not source.is_file():
        raise Usage(f"{source}: no such file; --from names the trainer's file")
    cfg = config.Config(name=name, version="0.1.0", description=args.description)
    note(args, f"reading {source}")
    imported = importers.import_file(str(source), cfg, args.trust_pickle)
    precision = lower.choose_precision(imported.graph)
    note(args, f"lowering {imported.graph.size()} to {precision}")
    blob = lower.lower(imported, cfg, precision).to_bytes()
    note(args, "verifying against the trainer")
    result = verify.verify(imported, blob, precision, cfg.verify)

    files = {"model.toml": model_toml(cfg, imported, precision, relative(source, folder))}
    samples = sample_files(imported, blob)
    files |= {f"samples/{k}": v for k, v in samples.items()}
    files["README.md"] = readme(cfg, imported, result, relative(source, folder))
    write(folder, files)
    shown = {
        "folder": str(folder),
        "files": sorted(files),
        "trainer": imported.trainer,
        "precision": precision,
        "features": [f.name for f in imported.features],
        "verification": result.as_object(),
    }
    show(args, shown, as_text(folder, files, result))
    return 0 if result.passed else 1


def as_text(folder: Path, files: dict, result) -> str:
    inside = folder.resolve().is_relative_to(Path().resolve())
    shown = relative(folder, Path()) if inside else folder
    lines = [f"{shown}/{name}" for name in sorted(files)]
    if result.passed:
        lines.append(f"next: mote compile {shown}")
    else:
        lines += [f"FAILED {f}" for f in result.failures]
        lines.append("as it is, `mote compile` will refuse this model: see [verify] in model.toml")
    return "\n".join(lines)


def relative(source: Path, folder: Path) -> str:
    return os.path.relpath(source.resolve(), folder.resolve())


def write(folder: Path, files: dict[str, str]) -> None:
    """All of them or none: a folder that is half made does not stay."""
    folder.parent.mkdir(exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, content in files.items():
            (made / name).parent.mkdir(exist_ok=True)
            (made / name).write_text(content)
        made.chmod(0o755)
        made.rename(folder)
    except OSError as e:
        raise Refusal(f"{folder}: cannot be made: {e.strerror}") from e
    finally:
        shutil.rmtree(made, ignore_errors=True)


def model_toml(cfg, imported, precision: str, source: str) -> str:
    from mote import result, rows, template, texts

    embedding = imported.output.kind == "embedding"
    limits = {k: template.key(k, v) for k, v in result.DEFAULT_LIMITS[precision].items()}
    count = texts.count_by_cost if imported.tokenizer else rows.rows_by_cost
    return template.model_toml(
        name=cfg.name,
        name_toml=template.toml(cfg.name),
        description=template.toml(cfg.description or ""),
        source=template.toml(source),
        features=f"features = {template.toml([f.name for f in imported.features])}",
        labels=f"labels = {template.toml(imported.output.names)}"
        if not embedding
        else ("# labels = []"),
        max_tokens=imported.graph.symbols.get("tokens"),
        precision=precision,
        rows=cfg.verify.rows or count(imported),
        **limits,
    )


def readme(cfg, imported, result, source: str) -> str:
    from mote import template

    agree = f"{result.rows} rows: scores are off by at most {result.max_error:.2g}"
    if imported.output.kind == "class":
        agree += f", {result.label_flips} labels differ"
    inputs = "\n".join(f"- `{f.name}`: unit, range, meaning?" for f in imported.features)
    return template.CARD.format(
        name=cfg.name,
        description=cfg.description or "What does it answer, and about what?",
        trainer=imported.trainer,
        size=imported.graph.size(),
        verified=agree,
        source=source,
        inputs=inputs,
        samples=SAMPLES,
    )


def sample_files(imported, blob: bytes) -> dict[str, str]:
    """Events and the engine's replies to them: a row, the same by name, and a
    batch."""
    from mote.engine import Engine

    events = text_events(imported) if imported.tokenizer else row_events(imported)
    files = {}
    with Engine(blob) as engine:
        for name, event in events.items():
            text = json.dumps(event, ensure_ascii=False)
            reply, failed = engine.event(text.encode())
            if failed:
                raise Refusal(f"samples/{name}.event.json: the engine refuses it: {reply.decode()}")
            files[f"{name}.event.json"] = text + "\n"
            files[f"{name}.reply.json"] = reply.decode() + "\n"
    return files


def row_events(imported) -> dict:
    from mote.result import row_object
    from mote.rows import generate

    drawn = usual(imported.features, generate(imported, None, DRAWN))[:SAMPLES]
    rows = [rounded(row_object(imported.features, row)) for row in drawn]
    return {
        "row": list(rows[0].values()),
        "named": rows[0],
        "batch": {"instances": [list(row.values()) for row in rows]},
    }


def text_events(imported) -> dict:
    from mote.texts import generate

    drawn = generate(imported, SAMPLES)
    return {
        "row": {imported.features[0].name: drawn[0]},
        "text": drawn[0],
        "batch": {"sentences": drawn},
    }


def usual(features, rows):
    """The rows in the order of how much they leave out: missing numbers, and
    texts that are no category, come last."""
    import numpy as np

    odd = np.isnan(rows).sum(axis=1)
    for i, f in enumerate(features):
        if f.categories is not None:
            odd += rows[:, i] < 0
    return rows[np.argsort(odd, kind="stable")]


def rounded(row: dict) -> dict:
    """Numbers of four digits, as people would type them."""
    return {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in row.items()}
