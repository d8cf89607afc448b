"""mote compile: a trainer's file to a .mote file, verified."""

import json
import time
from pathlib import Path

from mote import VERSION, config, file
from mote.errors import Usage
from mote.verbs.common import import_model, note, read_config, read_rows, show, source_options, verb

TELL_SECONDS = 5  # between two lines of progress

DESCRIPTION = """
Compiles a fitted estimator to a .mote file and verifies it against the
estimator's own answers; a file that fails is not written.

MODEL is a folder with a model.toml in it, or the file of an estimator:

  mote compile models/iris
  mote compile churn.skops -o churn.mote --reply label
  mote compile churn.ubj

Known of scikit-learn: linear, generalized linear and logistic models; SVC,
NuSVC, SVR and NuSVR with linear, poly or rbf kernels; decision and extra trees,
random forests, Bagging*; GradientBoosting*, HistGradientBoosting*,
AdaBoostClassifier; multi-layer perceptrons; CalibratedClassifierCV (sigmoid,
isotonic), Voting*, Stacking*, GridSearchCV and its like, MultiOutputRegressor,
TransformedTargetRegressor. Before them, in a Pipeline, ColumnTransformer or
FeatureUnion: Standard-, MinMax-, MaxAbs- and RobustScaler, SimpleImputer,
MissingIndicator, OneHot-, Ordinal- and TargetEncoder, KBinsDiscretizer,
Binarizer, PolynomialFeatures, selections of features, PCA, IncrementalPCA and
TruncatedSVD. The last step may be XGBoost's or LightGBM's classifier or
regressor. Anything else is refused by the name of its step.

Known of XGBoost: models of trees in .json, .ubj, .ubjson or .bst files (not in
the old binary format), which are read without the library.
Known of LightGBM: models in .txt, .lgb or .lightgbm files, likewise.
Known of ONNX: files of the operators that README.md lists.
"""


def add(verbs) -> None:
    c = verb(verbs, "compile", run, "an estimator to a .mote file", DESCRIPTION)
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
    source_options(c)


class Compiling:
    """A model's files with weights of this many bits or that, stored as costs
    least, and what verify finds of each, which is asked for once."""

    def __init__(self, args, cfg: config.Config, imported, precision: str, rows):
        from mote import coding, lower

        self.args, self.cfg, self.imported, self.rows = args, cfg, imported, rows
        self.precision, self.target = precision, coding.target_of(cfg)
        self.names = list(lower.Lowering(imported.graph, precision).weights)
        self.known, self.told = {}, time.monotonic()
        for name in cfg.weight_bits:
            if name not in self.names:
                known = f"known are {', '.join(self.names)}" if self.names else (
                    "this model has none"
                )  # fmt: skip
                raise Usage(
                    f"compile.weight_bits: {name!r} is no weight that may be coded; {known}"
                )

    def file(self, bits):
        """Lowered, and a summary of how it is stored."""
        from mote import coding, lower

        named = lower.Bits(bits.all, bits.named | self.cfg.weight_bits)
        lowered = lower.lower(self.imported, self.cfg, self.precision, named)
        return lowered, coding.choose(lowered, self.target, self.cfg.target)

    def verified(self, bits):
        """The summary, and what verify finds."""
        from mote import verify

        key = bits.all, tuple(sorted(bits.named.items()))
        if key not in self.known:
            lowered, stored = self.file(bits)
            blob = lowered.to_bytes()
            found = verify.verify(self.imported, blob, self.precision, self.cfg.verify, self.rows)
            self.known[key] = stored, found
        return self.known[key]

    def attempt(self, bits):
        from mote import profiles

        stored, found = self.verified(bits)
        if time.monotonic() - self.told > TELL_SECONDS:
            self.told = time.monotonic()
            note(self.args, f"{len(self.known)} of at most {2 + 2 * len(self.names)} files tried")
        off = found.p99_error if found.cosine is None else 1 - found.cosine["least"]
        loss = off + found.label_flips / found.rows
        return profiles.Trial(stored.total("bytes_after"), found.passed, loss)

    def bits(self):
        """As they are asked for."""
        from mote import lower, profiles

        if self.cfg.bits or self.cfg.profile == "exact" or not self.names:
            return lower.Bits(self.cfg.bits or 8)
        note(self.args, "looking for weights that 6 bits are enough for")
        free = [name for name in self.names if name not in self.cfg.weight_bits]
        return profiles.cold_bits(free, self.attempt)

    def profiles(self, chosen) -> list[dict]:
        """What exact, cold and the file's own bits cost and lose, where weights
        may have fewer than 8. Of cold, all weights with 6 bits, if it was not
        asked for: which of them could have them is not looked for then."""
        from mote import lower, profiles

        if not self.names:
            return []
        cold = self.cfg.profile == "cold" and not self.cfg.bits
        rows = {"exact": lower.Bits(8), "cold": chosen if cold else lower.Bits(profiles.COLD_BITS)}
        if chosen not in rows.values():
            rows[f"{chosen.all} bits"] = chosen
        note(self.args, "verifying each profile")
        return [
            profiles.said(name, bits, *self.verified(bits), bits == chosen)
            for name, bits in rows.items()
        ]


def run(args) -> int:
    from mote import coding, lower, profiles, result

    began = time.monotonic()
    cfg, folder = read_config(args)
    cfg.reply = args.reply or cfg.reply
    precision = args.precision or cfg.precision
    imported = import_model(args, cfg, folder)
    if precision == "auto":
        precision = lower.choose_precision(imported.graph)
    note(args, f"lowering {imported.graph.size()} to {precision}")
    cfg.profile, cfg.target = args.profile or cfg.profile, args.target or cfg.target
    if args.bits or args.profile:
        cfg.bits = args.bits
    rows = read_rows(args, imported)
    source = imported
    if cfg.quantize is not None:
        imported = static(args, cfg, imported, precision)
    compiling = Compiling(args, cfg, imported, precision, rows)
    bits = compiling.bits()
    note(args, "verifying against the trainer")
    found = compiling.verified(bits)[1]
    measured = compiling.profiles(bits) if found.passed else []
    lowered, stored = compiling.file(bits)
    blob = lowered.to_bytes(provenance(source, precision, found, measured))
    output = Path(args.output) if args.output else folder / f"{cfg.name}.mote"
    if found.passed:
        partial = output.with_name(output.name + ".part")
        partial.write_bytes(blob)
        partial.replace(output)

    shown = {
        "output": str(output),
        "written": found.passed,
        "bytes": len(blob),
        "hash": f"{file.content_hash(blob):016x}",
        "precision": precision,
        "weights": imported.graph.weights(),
        "batch": lowered.symbols[0][1],
        "symbols": dict(lowered.symbols),
        "arena_bytes": lowered.plans[0].arena,
        "tensors": stored.json(),
        "profiles": measured,
        "seconds": round(time.monotonic() - began, 3),
        "verification": found.as_object(),
    }
    lines = [result.summary(found)]
    if found.passed:
        size, of_file = imported.graph.size(), shown["hash"]
        lines.append(f"{output}: {len(blob)} bytes, {size} in {precision}, hash {of_file}")
    if found.passed and stored.total("bytes_before") >= coding.LEAST:
        lines.append(stored.line())
    if measured:
        lines.append(profiles.line(measured))
    show(args, shown, "\n".join(lines))
    if not found.passed:
        note(args, f"{output}: not written, because verification failed")
    return 0 if found.passed else 1


def static(args, cfg: config.Config, imported, precision: str):
    """With scales of calibration rows, where [quantize] asks for them."""
    from mote import calibrate

    if precision != "int8":
        note(args, f"[quantize] is of int8, and this model is computed in {precision}")
        return imported
    note(args, f"calibrating by {cfg.quantize.method}")
    found = calibrate.calibrated(imported, cfg.quantize)
    if found is imported:
        note(args, "[quantize]: no convolution gains from int8; scales are found at run time")
    return found


def provenance(imported, precision: str, found, measured: list[dict]) -> dict:
    """What the file says about how it came to be. profiles: as JSON."""
    more = {"profiles": json.dumps(measured)} if measured else {}
    return (
        {
            "source hash": f"{imported.source_hash():016x}",
            "tool version": VERSION,
            "trainer": imported.trainer,
            "precision": precision,
        }
        | found.provenance()
        | more
    )
