"""mote verify: a .mote file against its trainer."""

from pathlib import Path

from mote.errors import Refusal, Usage
from mote.verbs.common import (
    import_model,
    note,
    read_bytes,
    read_config,
    read_model,
    read_rows,
    show,
    source_options,
    verb,
)

DESCRIPTION = """
Compares the engine with the trainer on given, generated and edge rows, by the
limits in model.toml: errors of scores, their percentiles, labels that differ,
and of numbers the rank correlation. Fails with numbers, and names the row.

  mote verify models/iris
  mote verify churn.skops --file churn.mote --rows held_out.csv
"""


def add(verbs) -> None:
    v = verb(verbs, "verify", run, "a .mote file against its trainer", DESCRIPTION)
    v.add_argument("model", metavar="MODEL", help="a folder with model.toml, or a trainer's file")
    v.add_argument("--file", metavar="FILE", help="the .mote file (default: the folder's)")
    source_options(v)


def run(args) -> int:
    from mote import result

    cfg, folder = read_config(args)
    path = mote_path(args.file, cfg, folder)
    blob = read_bytes(path)
    model = read_model(path, blob)
    imported = import_model(args, cfg, folder)
    found = compare(args, path, blob, model, imported, cfg)
    show(args, found.as_object(), result.summary(found))
    return 0 if found.passed else 1


def mote_path(given: str | None, cfg, folder: Path) -> Path:
    path = Path(given) if given else folder / f"{cfg.name}.mote"
    if not path.is_file():
        raise Usage(f"{path}: no such file; compile the model first, or give --file FILE")
    return path


def compare(args, path: Path, blob: bytes, model, imported, cfg):
    """The Result of the engine on a file against its trainer."""
    from mote import calibrate, verify
    from mote.engine import Rejected

    precision = model.provenance.get("precision", "float32")
    if cfg.quantize is not None and precision == "int8":
        imported = calibrate.calibrated(imported, cfg.quantize)
    note(args, "verifying against the trainer")
    try:
        return verify.verify(imported, blob, precision, cfg.verify, read_rows(args, imported))
    except Rejected as e:
        raise Refusal(f"{path}: {e}") from e
