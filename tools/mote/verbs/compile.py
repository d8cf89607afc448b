"""mote compile: a trainer's file to a .mote file, verified."""

import time
from pathlib import Path

from mote import VERSION, config, file
from mote.verbs.common import import_model, note, read_config, read_rows, show, source_options, verb

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
    source_options(c)


def run(args) -> int:
    from mote import lower, result, verify

    began = time.monotonic()
    cfg, folder = read_config(args)
    cfg.reply = args.reply or cfg.reply
    precision = args.precision or cfg.precision
    imported = import_model(args, cfg, folder)
    if precision == "auto":
        precision = lower.choose_precision(imported.graph)
    note(args, f"lowering {imported.graph.size()} to {precision}")
    lowered = lower.lower(imported, cfg, precision)

    note(args, "verifying against the trainer")
    rows = read_rows(args, imported)
    found = verify.verify(imported, lowered.to_bytes(), precision, cfg.verify, rows)
    blob = lowered.to_bytes(provenance(imported, precision, found))
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
        "arena_bytes": lowered.plans[0].arena,
        "seconds": round(time.monotonic() - began, 3),
        "verification": found.as_object(),
    }
    ended = (
        f"{output}: {len(blob)} bytes, {imported.graph.size()} in {precision}, hash {shown['hash']}"
    )
    show(args, shown, result.summary(found) + ("\n" + ended if found.passed else ""))
    if not found.passed:
        note(args, f"{output}: not written, because verification failed")
    return 0 if found.passed else 1


def provenance(imported, precision: str, found) -> dict:
    """What the file says about how it came to be."""
    return {
        "source hash": f"{imported.source_hash():016x}",
        "tool version": VERSION,
        "trainer": imported.trainer,
        "precision": precision,
    } | found.provenance()
