"""What several verbs share: their options, what they read, and how they say
what they are doing."""

import argparse
import json
import os
import sys
from pathlib import Path

from mote import config
from mote.errors import Refusal, Usage

EPILOG = """
exit status: 0 done, 1 refused or a check failed, 2 the command line or model.toml is wrong
"""


def verb(verbs, name: str, run, short: str, description: str) -> argparse.ArgumentParser:
    """The parser of a verb, with what all of them have."""
    v = verbs.add_parser(
        name,
        help=short,
        description=description,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    v.set_defaults(run=run)
    v.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    return v


def source_options(v: argparse.ArgumentParser) -> None:
    v.add_argument("--source", metavar="FILE", help="the trainer's file, instead of model.toml's")
    v.add_argument(
        "--rows", metavar="FILE",
        help="rows to verify on, beside those generated: CSV, or of a model of texts a text a line",
    )  # fmt: skip
    trust_option(v)


def trust_option(v: argparse.ArgumentParser) -> None:
    v.add_argument(
        "--trust-pickle",
        action="store_true",
        help="open a pickle or joblib file, which runs the code inside it",
    )


def note(args, text: str) -> None:
    """A line of progress, for people only."""
    if not args.json:
        print(text, file=sys.stderr)


def show(args, shown: dict, text: str) -> None:
    """A result: JSON where that is asked for, text otherwise."""
    print(json.dumps(shown, indent=2, ensure_ascii=False, allow_nan=False) if args.json else text)


def read_config(args) -> tuple[config.Config, Path]:
    """The settings, and the folder that paths in them start from. MODEL may be
    a folder with a model.toml, or a trainer's file alone."""
    path = Path(args.model)
    if path.is_file():
        return config.Config(name=path.name.split(".")[0], source=path.name), path.parent
    if not path.exists():
        raise Usage(
            f"{path}: no such file or folder; expected a folder with a model.toml in it, "
            "or a trainer's file"
        )
    return config.read(path), path


def source_path(args, cfg: config.Config, folder: Path) -> Path:
    """The trainer's file; where it is missing, how to get it."""
    if args.source is None and cfg.source is None:
        raise Usage(f"{folder}/model.toml: model.source is not set; set it or give --source FILE")
    path = Path(args.source) if args.source else Path(os.path.normpath(folder / cfg.source))
    if path.is_file():
        return path
    if args.source:
        raise Usage(f"{path}: no such file; --source names the trainer's file")
    way = "give the trainer's file with --source FILE"
    if (folder / "train.py").is_file():
        way = f"`make train MODEL={folder.resolve().name}` makes it, or {way}"
    raise Usage(f"{path}: no such file, which model.source names; {way}")


def import_model(args, cfg: config.Config, folder: Path):
    from mote import importers

    if cfg.series and "parts" in cfg.series:
        from mote import forecaster

        if args.source:
            raise Usage("--source: this model is made of series.parts, each with its own source")
        note(args, f"reading {len(cfg.series['parts'])} parts")
        return forecaster.import_parts(cfg, folder, args.trust_pickle)
    source = source_path(args, cfg, folder)
    note(args, f"reading {source}")
    return importers.import_file(str(source), cfg, args.trust_pickle)


def read_rows(args, imported):
    from mote import rows, texts

    if args.rows and imported.tokenizer:
        return texts.read_texts(args.rows, imported.features[0].name)
    return rows.read_rows(args.rows, imported.features) if args.rows else None


# --------------------------------------------------------------- .mote files


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise Usage(f"{path}: {e.strerror}") from e


def is_mote(path: Path, blob: bytes) -> bool:
    """By its name or its first bytes."""
    from mote.reader import MAGIC

    return path.suffix == ".mote" or blob.startswith(MAGIC)


def read_model(path: Path, blob: bytes):
    """What is in a .mote file, read by the second reader."""
    from mote.reader import BadFile, read

    whole = cut_off(blob)
    if whole:
        raise Refusal(f"{path}: {whole}; copy it again, or compile the model again")
    try:
        return read(blob)
    except BadFile as e:
        raise Refusal(f"{path}: {e}") from e


def cut_off(blob: bytes) -> str | None:
    """What is wrong with a .mote file that is not all there."""
    from mote.reader import HEADER_BYTES, MAGIC

    if not blob:
        return f"is empty: a .mote file has a header of {HEADER_BYTES} bytes at least"
    if blob[: len(MAGIC)] != MAGIC[: len(blob)]:
        return None  # something else
    if len(blob) < HEADER_BYTES:
        return f"is cut off in its header: it has {len(blob)} bytes of {HEADER_BYTES}"
    stated = int.from_bytes(blob[72:80], "little")
    if len(blob) < stated:
        return f"is cut off: it has {len(blob)} bytes, and its header says {stated}"
    return None
