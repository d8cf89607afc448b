"""model.toml: what the folder of a model says about it."""

import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from mote.errors import Usage
from mote.file import OUTPUT_KINDS, REPLIES

PRECISIONS = ("auto", "float64", "float32", "int8")
PROFILES = ("exact", "cold")
BITS = (8, 7, 6, 5, 4)
POOLINGS = ("mean", "max", "cls")
MAX_TOKENS = 8192
TARGETS = ("arm64", "x86_64")
METHODS = ("minmax", "percentile", "mse")
COSTS = (
    "fetch_mb_s",
    "chunk_ms",
    "hufpair_mb_s",
    "huf8_mb_s",
    "planes_mb_s",
    "bytes_mb_s",
    "page_us",
)


@dataclass
class Verify:
    """Limits of `mote verify`; a result outside any of them fails.

    max_error   largest |engine - trainer| of a score, relative to max(1, |trainer|)
    p99_error   the same, of all but the worst hundredth of the rows
    min_labels  share of rows whose label must be the trainer's
    min_rank_correlation   Spearman's, of numbers: 1 is the trainer's own order
    min_cosine   of an embedding and the trainer's, the least of all
    rows        generated rows; unless it is said 2000, or fewer of a large net
    """

    max_error: float | None = None
    p99_error: float | None = None
    min_labels: float | None = None
    min_rank_correlation: float | None = None
    min_cosine: float | None = None
    rows: int | None = None


@dataclass
class Text:
    """tokenizer: tokenizer.json or vocab.txt; max_tokens: what is longer is cut,
    [CLS] and [SEP] counted, and what lies beside the model says it unless it is
    set; pooling and normalize: of a model that gives a vector for each token,
    where no 1_Pooling/config.json is beside it."""

    tokenizer: str | None = None
    max_tokens: int | None = None
    pooling: str | None = None
    normalize: bool | None = None


@dataclass
class Quantize:
    """Static int8 of an ONNX file's convolutions, where one of these is set: see
    calibrate.py.

    calibration   a CSV file of rows, from the folder; generated ones where it is not set
    rows          how many, at most
    method        one of METHODS
    percentile    of that method: the share of numbers, in percent, that is kept
    """

    calibration: str | None = None
    rows: int = 200
    method: str = "minmax"
    percentile: float = 99.99


@dataclass
class Config:
    """Of [compile], profile and bits are explained in profiles.py, target and
    costs in coding.py."""

    name: str
    version: str = "0.0.0"
    description: str | None = None
    source: str | None = None
    reply: str = "full"
    features: list[str] | None = None
    dimensions: dict[str, int] | None = None
    labels: list[str] | None = None
    kind: str | None = None  # of the output, where a model leaves it open
    text: Text = field(default_factory=Text)
    precision: str = "auto"
    profile: str = "exact"
    bits: int | None = None  # of all int8 weights, instead of a profile's
    weight_bits: dict[str, int] = field(default_factory=dict)  # of some, by name
    target: str = "arm64"
    costs: dict[str, float] = field(default_factory=dict)  # of coding.Target
    verify: Verify = field(default_factory=Verify)
    series: dict | None = None  # see series.py
    job: dict | None = None  # see jobs.py
    quantize: Quantize | None = None  # None: int8 has its scales at run time


KEYS = {
    "model": {"name": str, "version": str, "description": str, "source": str, "reply": str},
    "input": {"features": list, "dimensions": dict},
    "output": {"labels": list, "kind": str},
    "text": {"tokenizer": str, "max_tokens": int, "pooling": str, "normalize": bool},
    "compile": {
        "precision": str,
        "profile": str,
        "bits": int,
        "weight_bits": dict,
        "target": str,
        "fetch_mb_s": (int, float),
        "chunk_ms": (int, float),
        "hufpair_mb_s": (int, float),
        "huf8_mb_s": (int, float),
        "planes_mb_s": (int, float),
        "bytes_mb_s": (int, float),
        "page_us": (int, float),
    },
    "quantize": {"calibration": str, "rows": int, "method": str, "percentile": (int, float)},
    "verify": {
        "max_error": (int, float),
        "p99_error": (int, float),
        "min_labels": (int, float),
        "min_rank_correlation": (int, float),
        "min_cosine": (int, float),
        "rows": int,
    },
}


def _check(path: Path, tables: dict) -> None:
    for table, keys in tables.items():
        if table not in KEYS or not isinstance(keys, dict):
            raise Usage(f"{path}: [{table}] is not a table here; known are {', '.join(KEYS)}")
        for key, value in keys.items():
            wanted = KEYS[table].get(key)
            if wanted is None:
                known = ", ".join(KEYS[table])
                raise Usage(f"{path}: [{table}] has no key {key!r}; known are {known}")
            if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
                names = wanted if isinstance(wanted, tuple) else (wanted,)
                kind = " or ".join(t.__name__ for t in names)
                raise Usage(f"{path}: {table}.{key}: expected {kind}, got {value!r}")
            if wanted is dict and not all(type(x) is int and x > 0 for x in value.values()):
                raise Usage(
                    f"{path}: {table}.{key}: expected a number above 0 for each, got {value!r}"
                )
            if wanted is list and not all(isinstance(x, str) for x in value):
                raise Usage(f"{path}: {table}.{key}: expected a list of strings, got {value!r}")


def check_choice(path, key: str, value: str, choices) -> None:
    if value not in choices:
        raise Usage(f"{path}: {key}: expected one of {', '.join(choices)}, got {value!r}")


def check_limits(path, limits: Verify) -> None:
    """Shares of 1 are no percentages, and an error is not negative."""
    for key, least, most in (
        ("max_error", 0, math.inf),
        ("p99_error", 0, math.inf),
        ("min_labels", 0, 1),
        ("min_rank_correlation", -1, 1),
        ("min_cosine", -1, 1),
        ("rows", 1, 10_000_000),
    ):
        value = getattr(limits, key)
        if value is not None and not least <= value <= most:
            raise Usage(f"{path}: verify.{key}: expected {least} to {most}, got {value!r}")


def quantize_of(path: Path, tables: dict) -> Quantize | None:
    if not tables.get("quantize"):
        return None
    found = Quantize(**tables["quantize"])
    check_choice(path, "quantize.method", found.method, METHODS)
    if not 50 < found.percentile <= 100:
        got = found.percentile
        raise Usage(f"{path}: quantize.percentile: expected above 50 to 100, got {got}")
    if not 1 <= found.rows <= 100_000:
        raise Usage(f"{path}: quantize.rows: expected 1 to 100000, got {found.rows}")
    if found.calibration is not None:
        rows = path.parent / found.calibration
        if not rows.is_file():
            raise Usage(
                f"{path}: quantize.calibration: {rows}: no such file; expected a CSV file of rows"
            )
        found.calibration = str(rows)
    return found


def read(folder: Path) -> Config:
    path = folder / "model.toml"
    try:
        tables = tomllib.loads(path.read_text())
    except FileNotFoundError as e:
        raise Usage(f"{folder}: expected a folder with a model.toml in it") from e
    except tomllib.TOMLDecodeError as e:
        raise Usage(f"{path}: is not TOML: {e}") from e
    series, job = tables.pop("series", None), tables.pop("job", None)
    _check(path, tables)
    if series is not None:
        from mote.series import check  # reads arrays' libraries, which few need

        check(series, str(path))
    if job is not None:
        from mote import jobs  # likewise

        jobs.check(job, str(path))
    flat = {}
    for table in ("model", "input", "output", "compile"):
        flat |= tables.get(table, {})
    flat.setdefault("name", folder.resolve().name)
    flat["costs"] = {key: float(flat.pop(key)) for key in COSTS if key in flat}
    config = Config(
        **flat,
        text=Text(**tables.get("text", {})),
        verify=Verify(**tables.get("verify", {})),
        series=series,
        job=job,
        quantize=quantize_of(path, tables),
    )
    check_choice(path, "model.reply", config.reply, REPLIES)
    if config.kind is not None:
        check_choice(path, "output.kind", config.kind, OUTPUT_KINDS)
    if config.text.pooling is not None:
        check_choice(path, "text.pooling", config.text.pooling, POOLINGS)
    if config.text.max_tokens is not None and not 3 <= config.text.max_tokens <= MAX_TOKENS:
        raise Usage(
            f"{path}: text.max_tokens: expected 3 to {MAX_TOKENS}, got {config.text.max_tokens}"
        )
    check_choice(path, "compile.precision", config.precision, PRECISIONS)
    check_limits(path, config.verify)
    check_choice(path, "compile.profile", config.profile, PROFILES)
    check_choice(path, "compile.target", config.target, TARGETS)
    for key, bits in {"bits": config.bits, **config.weight_bits}.items():
        if bits is not None and (isinstance(bits, bool) or bits not in BITS):
            expected = ", ".join(str(b) for b in BITS)
            raise Usage(f"{path}: compile.{key}: expected one of {expected}, got {bits!r}")
    for key, value in config.costs.items():
        if not value > 0 and not (key == "chunk_ms" and value == 0):
            raise Usage(f"{path}: compile.{key}: expected a positive number, got {value!r}")
    return config
