"""The command line: mote compile, inspect, verify."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from mote import VERSION, config, file
from mote.errors import Refusal, Usage

EPILOG = """
exit status: 0 done, 1 refused or a check failed, 2 the command line or model.toml is wrong
"""

COMPILE = """
Compiles a fitted estimator to a .mote file and verifies it against the
estimator's own answers; a file that fails is not written.

MODEL is a folder with a model.toml in it, or the file of an estimator:

  mote compile models/iris
  mote compile churn.skops -o churn.mote --reply label

Known: scikit-learn's linear and logistic models and multi-layer perceptrons,
with StandardScaler, MinMaxScaler, MaxAbsScaler or RobustScaler before them, in
a Pipeline or alone. Anything else is refused by the name of its step.
"""


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="mote",
        description="Compiles trained models to .mote files, shows them and checks them.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--version", action="version", version=f"mote {VERSION}")
    verbs = p.add_subparsers(dest="verb", metavar="VERB", required=True)

    def verb(name, run, short, description, **kwargs):
        v = verbs.add_parser(
            name,
            help=short,
            description=description,
            epilog=EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **kwargs,
        )
        v.set_defaults(run=run)
        v.add_argument("--json", action="store_true", help="print one JSON object instead of text")
        return v

    def source(v):
        v.add_argument("--source", metavar="FILE", help="the estimator, instead of model.toml's")
        v.add_argument(
            "--rows", metavar="CSV", help="rows to verify on, beside those that are generated"
        )
        v.add_argument(
            "--trust-pickle",
            action="store_true",
            help="open a pickle or joblib file, which runs the code inside it",
        )

    c = verb("compile", compile_, "an estimator to a .mote file", COMPILE)
    c.add_argument("model", metavar="MODEL")
    c.add_argument("-o", "--output", metavar="FILE", help="default: NAME.mote in MODEL's folder")
    c.add_argument("--reply", choices=file.REPLIES, help="style of a reply (default: full)")
    c.add_argument("--precision", choices=config.PRECISIONS, help="default: auto, by cost")
    c.add_argument("--bits", type=int, choices=config.BITS, help="of every int8 weight")
    c.add_argument(
        "--profile",
        choices=config.PROFILES,
        help="exact: 8 bits a weight (default); cold: 6 where the limits of verify hold",
    )
    c.add_argument(
        "--target",
        choices=config.TARGETS,
        help="whose decoding speed the choice of encodings counts with (default: arm64)",
    )
    source(c)

    i = verb("inspect", inspect, "everything in a .mote file", "Shows everything in a .mote file.")
    i.add_argument("file", metavar="FILE")

    v = verb(
        "verify",
        verify_,
        "a .mote file against its trainer",
        "Compares the engine with the trainer on given, generated and edge rows,\n"
        "by the limits in model.toml; fails with numbers.",
    )
    v.add_argument("model", metavar="MODEL", help="a folder with model.toml and NAME.mote")
    v.add_argument("--file", metavar="FILE", help="the .mote file, instead of the folder's")
    source(v)
    return p


def note(args, text: str) -> None:
    """A line of progress, for people only."""
    if not args.json:
        print(text, file=sys.stderr)


def read_config(args) -> tuple[config.Config, Path]:
    """The settings, and the folder that paths in them start from."""
    path = Path(args.model)
    if path.is_file():
        return config.Config(name=path.name.split(".")[0], source=path.name), path.parent
    return config.read(path), path


def import_model(args, cfg: config.Config, folder: Path):
    from mote import importers

    source = args.source or (str(folder / cfg.source) if cfg.source else None)
    if source is None:
        raise Usage(f"{folder}/model.toml: model.source is not set; set it or give --source FILE")
    if not Path(source).is_file():
        raise Usage(f"{source}: no such file; model.source or --source names the estimator")
    note(args, f"reading {os.path.normpath(source)}")
    return importers.import_file(source, cfg, args.trust_pickle)


def read_rows(args, imported):
    from mote import verify

    return verify.read_rows(args.rows, [f.name for f in imported.features]) if args.rows else None


def lower_stored(args, cfg: config.Config, imported, precision: str, rows):
    """The file of a model, its weights in the bits that are asked for and stored
    as costs least; and a summary of that."""
    from mote import coding, lower, profiles, verify

    target = coding.target_of(cfg)

    def with_bits(bits: lower.Bits):
        lowered = lower.lower(
            imported, cfg, precision, lower.Bits(bits.all, bits.named | cfg.weight_bits)
        )
        return lowered, coding.choose(lowered, target, cfg.target)

    def attempt(bits: lower.Bits) -> profiles.Trial:
        lowered, stored = with_bits(bits)
        result = verify.verify(imported, lowered.to_bytes(), precision, cfg.verify, rows)
        loss = result.p99_error + result.label_flips / result.rows
        return profiles.Trial(stored.total("bytes_after"), result.passed, loss)

    names = list(lower.Lowering(imported.graph, precision).weights)
    for name in cfg.weight_bits:
        if name not in names:
            known = f"known are {', '.join(names)}" if names else "this model has none"
            raise Usage(f"compile.weight_bits: {name!r} is no weight that may be coded; {known}")
    if cfg.bits or cfg.profile == "exact" or not names:
        return with_bits(lower.Bits(cfg.bits or 8))
    note(args, "looking for weights that 6 bits are enough for")
    free = [name for name in names if name not in cfg.weight_bits]
    return with_bits(profiles.cold_bits(free, attempt))


def compile_(args) -> int:
    from mote import coding, lower, verify

    began = time.monotonic()
    cfg, folder = read_config(args)
    cfg.reply = args.reply or cfg.reply
    precision = args.precision or cfg.precision
    imported = import_model(args, cfg, folder)
    if precision == "auto":
        precision = lower.choose_precision(imported.graph)
    cfg.profile, cfg.target = args.profile or cfg.profile, args.target or cfg.target
    if args.bits or args.profile:
        cfg.bits = args.bits
    rows = read_rows(args, imported)
    lowered, stored = lower_stored(args, cfg, imported, precision, rows)

    note(args, "verifying against the trainer")
    result = verify.verify(imported, lowered.to_bytes(), precision, cfg.verify, rows)
    provenance = {
        "source hash": f"{imported.source_hash():016x}",
        "tool version": VERSION,
        "trainer": imported.trainer,
        "precision": precision,
    } | result.provenance()
    blob = lowered.to_bytes(provenance)
    output = Path(args.output) if args.output else folder / f"{cfg.name}.mote"
    if result.passed:
        partial = output.with_name(output.name + ".part")
        partial.write_bytes(blob)
        partial.replace(output)

    report = {
        "output": str(output),
        "written": result.passed,
        "bytes": len(blob),
        "hash": f"{file.content_hash(blob):016x}",
        "precision": precision,
        "weights": imported.graph.weights(),
        "batch": lowered.symbols[0][1],
        "arena_bytes": lowered.plans[0].arena,
        "tensors": stored.json(),
        "seconds": round(time.monotonic() - began, 3),
        "verification": json.loads(result.json()),
    }
    if args.json:
        print(json.dumps(report, indent=2))
    else:
        print(verify.summary(result))
        if result.passed:
            print(
                f"{output}: {len(blob)} bytes, {report['weights']} weights in {precision}, "
                f"hash {report['hash']}"
            )
            if stored.total("bytes_before") >= coding.LEAST:
                print(stored.line())
    if not result.passed and not args.json:
        print(f"{output}: not written, because verification failed", file=sys.stderr)
    return 0 if result.passed else 1


def verify_(args) -> int:
    from mote import verify
    from mote.engine import Rejected
    from mote.reader import read

    cfg, folder = read_config(args)
    path = Path(args.file) if args.file else folder / f"{cfg.name}.mote"
    if not path.is_file():
        raise Usage(f"{path}: no such file; compile the model first, or give --file FILE")
    blob = path.read_bytes()
    imported = import_model(args, cfg, folder)
    precision = read(blob).provenance.get("precision", "float32")
    note(args, "verifying against the trainer")
    try:
        result = verify.verify(imported, blob, precision, cfg.verify, read_rows(args, imported))
    except Rejected as e:
        raise Refusal(f"{path}: {e}") from e
    print(result.json() if args.json else verify.summary(result))
    return 0 if result.passed else 1


def inspect(args) -> int:
    from mote import inspect as show
    from mote.reader import BadFile, read

    try:
        blob = Path(args.file).read_bytes()
    except OSError as e:
        raise Usage(f"{args.file}: {e.strerror}") from e
    try:
        model = read(blob)
    except BadFile as e:
        raise Refusal(f"{args.file}: {e}") from e
    print(show.as_json(model) if args.json else show.as_text(model))
    return 0


def main(arguments: list[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    try:
        return args.run(args)
    except Refusal as e:
        print(f"mote {args.verb}: {e}", file=sys.stderr)
        return 1
    except Usage as e:
        print(f"mote {args.verb}: {e}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 1
