"""mote report: one page about a model, or the same as JSON."""

import os
from pathlib import Path

from mote import config, project
from mote.errors import Usage
from mote.verbs.common import (
    import_model,
    note,
    read_bytes,
    read_config,
    read_model,
    source_options,
    verb,
)
from mote.verbs.verify import compare, mote_path

DESCRIPTION = """
Writes one HTML page about a compiled model: its card, input and output, sizes,
operators and the precision of each with the reason, errors of quantization,
verification, memory plan, an estimate of a cold start, provenance. The page
needs nothing from outside and no script. --json prints the same numbers.

  mote report models/iris
  mote report models/churn -o churn.html --rows held_out.csv
  mote report churn.mote --json

MODEL is a folder with a model.toml, or a .mote file. With the trainer's file at
hand it is verified again, and int8 weights are held against the float ones;
exit 1 if verification fails, with the page written.
"""


def add(verbs) -> None:
    v = verb(verbs, "report", run, "one HTML page about a model", DESCRIPTION)
    v.add_argument("model", metavar="MODEL", help="a folder with model.toml, or a .mote file")
    v.add_argument(
        "-o", "--output", metavar="FILE", help="default: NAME.html beside the .mote file"
    )
    v.add_argument("--file", metavar="FILE", help="the .mote file (default: the folder's)")
    v.add_argument("--bootstrap", metavar="FILE", help="the executable (default: build/'s)")
    v.add_argument("--project", metavar="FOLDER", help="of the Makefile (default: these tools')")
    source_options(v)


def run(args) -> int:
    from mote import coding
    from mote.report import gather, page

    if args.file is None and args.model.endswith(".mote"):
        path, folder = Path(args.model), Path(args.model).parent
        cfg = config.Config(name=path.name.split(".")[0])
    else:
        cfg, folder = read_config(args)
        path = mote_path(args.file, cfg, folder)
    blob = read_bytes(path)
    model = read_model(path, blob)
    imported = trainer(args, cfg, folder)
    result = imported and compare(args, path, blob, model, imported, cfg)
    note(args, "gathering")
    readme = folder / "README.md"
    report = gather.gather(
        blob,
        model,
        path.name,
        imported,
        result,
        card=readme.read_text() if readme.is_file() else None,
        target=(cfg.target, coding.target_of(cfg)),
        **built(args, cfg.name),
    )
    if args.json:
        print(gather.as_json(report))
    if args.output or not args.json:
        output = Path(args.output) if args.output else path.with_suffix(".html")
        output.write_text(page.page(report))
        note(args, f"{output}: {output.stat().st_size} bytes")
    return 0 if result is None or result.passed else 1


def trainer(args, cfg, folder: Path):
    """The imported model; None, said in a line, where its file is not here."""
    if args.source is None and cfg.source is None:
        note(args, "without the trainer's file: no verification now, no errors of quantization")
        return None
    try:
        return import_model(args, cfg, folder)
    except Usage as e:
        if args.source:
            raise
        note(args, f"without the trainer's file: {e}")
        return None


def built(args, name: str) -> dict:
    """What the tree around us has of a model: its executable, and times."""
    from mote.report import gather

    if args.bootstrap and not Path(args.bootstrap).is_file():
        raise Usage(f"{args.bootstrap}: no such file; --bootstrap names the executable")
    try:
        build = project.root(args.project) / "build"
    except Usage:
        if args.project:
            raise
        build = Path(os.devnull)  # a tool installed by itself
    bootstrap = Path(args.bootstrap) if args.bootstrap else build / project.host() / name
    return {
        "bootstrap": bootstrap if args.bootstrap else bootstrap / "bootstrap",
        "measured": gather.read_measured(build / "bench", name),
    }
