"""MODEL, INPUT, OUTPUT and the provenance of a .mote file."""

import math
import re
from dataclasses import dataclass

from mote.reader_bytes import NONE, Part
from mote.reader_plans import Plan, Value
from mote.reader_tables import DTYPES, SYMBOL, Symbol, expect_length, shape

FEATURE_BYTES = 24
MAX_FEATURES = 65535
NUMBER, TEXT_KIND, CATEGORY = 1, 2, 3  # kinds of a feature
KINDS = {1: "number", 2: "text", 3: "category"}
MAY_BE_MISSING, OTHER, BOOLEAN = 1, 2, 4  # flags of a feature
FLAGS = {NUMBER: MAY_BE_MISSING | BOOLEAN, TEXT_KIND: 0, CATEGORY: MAY_BE_MISSING | OTHER}
MAX_CATEGORIES = 1 << 24
OUTPUT_BYTES = 24
OUTPUT_KINDS = {1: "class", 2: "numbers", 3: "embedding"}
STYLES = {1: "index", 2: "label", 3: "full", 4: "scores", 5: "prediction", 6: "base64"}
SCORES = {0: "none", 1: "probabilities", 2: "decision values"}
LABELS = {1: "text", 2: "numbers"}
JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
BATCH = SYMBOL  # symbol 0
TEXT, U64, F64 = 1, 2, 3  # types of a provenance value


@dataclass
class Feature:
    name: str
    kind: str
    dtype: str
    may_be_missing: bool
    value: int  # input of the plan
    column: int
    boolean: bool  # of a number: true and false are 1 and 0
    categories: list[str] | None  # of a category
    other: bool  # other texts are allowed
    tokens: int | None = None  # of a text: the most that it has


@dataclass
class Output:
    kind: str
    style: str
    scores: str
    labels: str
    index: int | None  # position in the plan's outputs
    values: int | None  # likewise: of the scores, or of the numbers
    names: list[str]  # an embedding's have none
    count: int


def read_model(part: Part, strings: list[str], plans: int) -> tuple[str, str, str | None, int]:
    expect_length(part, 16)
    name, version, description, plan = part.unpack("4I", 0)
    return (
        part.string(strings, name, "the name"),
        part.string(strings, version, "the version"),
        part.string_or_none(strings, description, "the description"),
        part.index(plan, plans, "the plan"),
    )


def read_input(part: Part, strings: list[str], plan: Plan, symbols: list[Symbol]) -> list[Feature]:
    count, zero = part.unpack("II", 0)
    part.expect(1 <= count <= MAX_FEATURES, f"expected 1 to {MAX_FEATURES} features, got {count}")
    part.expect(zero == 0, f"expected 0 behind the count, got {zero}")
    expect_length(part, 8 + FEATURE_BYTES * count)
    if part.unpack("I4B4I", 8)[1] == TEXT_KIND:
        return [read_text(part, count, strings, plan, symbols)]
    columns = [columns_of_input(part, i, plan.values[i]) for i in range(plan.inputs)]
    part.expect(
        sum(columns) == count,
        f"expected a feature for each of the plan's {sum(columns)} columns, got {count}",
    )
    places = ((v, c) for v in range(plan.inputs) for c in range(columns[v]))
    return [
        read_feature(part, i, strings, plan.values[place[0]], place)
        for i, place in enumerate(places)
    ]


def read_text(
    part: Part, count: int, strings: list[str], plan: Plan, symbols: list[Symbol]
) -> Feature:
    """A text is the only feature, and the plan's only input its tokens."""
    name, _, dtype, flags, *zeros = part.unpack("I4B4I", 8)
    part.expect(
        (count, plan.inputs) == (1, 1),
        f"expected a text to be the only feature and input, got {count} and {plan.inputs}",
    )
    part.expect(
        DTYPES.get(dtype) == "s32" and flags == 0 and not any(zeros),
        f"expected a text to be s32 and all else 0, got {dtype}, {flags} and {zeros}",
    )
    value = plan.values[0]
    dims = value.dims
    part.expect(
        value.dtype == "s32" and len(dims) == 2 and dims[0] == BATCH and dims[1] > BATCH,
        "expected the plan's input to be s32 [batch][tokens], tokens being another symbol, "
        f"got {shape(value.dtype, dims)}",
    )
    most = symbols[dims[1] - SYMBOL].maximum
    part.expect(
        symbols[0].maximum == 1 and most >= 2,
        f"expected a batch of 1 and at least 2 tokens, got {symbols[0].maximum} and {most}",
    )
    return Feature(
        part.string(strings, name, "feature 0"), "text", "s32", False, 0, 0, False, None, False,
        most,
    )  # fmt: skip


def columns_of_input(part: Part, i: int, value: Value) -> int:
    part.expect(
        value.dtype in ("f32", "f64")
        and len(value.dims) == 2
        and value.dims[0] == BATCH
        and value.dims[1] < SYMBOL,
        f"expected the plan's input {i} to be f32 or f64 [batch][columns], "
        f"got {shape(value.dtype, value.dims)}",
    )
    return value.dims[1]


def read_feature(
    part: Part, i: int, strings: list[str], value: Value, place: tuple[int, int]
) -> Feature:
    name, kind, dtype, flags, zero, *at, first, categories = part.unpack(
        "I4B4I", 8 + FEATURE_BYTES * i
    )

    def expect(condition: bool, message: str, kind: str = "format") -> None:
        part.expect(condition, f"feature {i}: {message}", kind)

    expect(kind in KINDS, f"expected kind 1 to 3, got {kind}", "unknown")
    expect(kind != TEXT_KIND, "expected a text to be the only feature", "unknown")
    expect(
        DTYPES.get(dtype) == value.dtype,
        f"expected its input's {value.dtype}, got {DTYPES.get(dtype, f'dtype {dtype}')}",
    )
    expect(flags & ~FLAGS[kind] == 0, f"expected flags of {FLAGS[kind]}, got {flags}")
    expect(zero == 0, f"expected unused byte 7 to be 0, got {zero}")
    expect(tuple(at) == place, f"expected value and column {place}, got {tuple(at)}")
    if kind == NUMBER:
        expect(first == 0, f"expected no first category of a number, got {first}")
        expect(categories == 0, f"expected no categories of a number, got {categories}")
    else:
        expect(
            1 <= categories <= MAX_CATEGORIES and first + categories <= len(strings),
            f"expected categories within {len(strings)} strings, got {categories} from {first}",
        )
    return Feature(
        part.string(strings, name, f"feature {i}"),
        KINDS[kind],
        DTYPES[dtype],
        bool(flags & MAY_BE_MISSING),
        *place,
        bool(flags & BOOLEAN),
        strings[first : first + categories] if kind == CATEGORY else None,
        bool(flags & OTHER),
    )


def read_output(part: Part, strings: list[str], plan: Plan, features: list[Feature]) -> Output:
    expect_length(part, OUTPUT_BYTES)
    kind, style, scores, labels, index, values, first, count, zero = part.unpack("4B5I", 0)
    part.expect(kind in OUTPUT_KINDS, f"expected kind 1 to 3, got {kind}", "unknown")
    for what, code, known in (
        ("style of reply", style, STYLES),
        ("scores", scores, SCORES),
        ("labels", labels, LABELS),
    ):
        part.expect(code in known, f"expected {what} of {sorted(known)}, got {code}")
    part.expect(zero == 0, f"expected unused bytes 20 to 23 to be 0, got {zero}")
    embedding = OUTPUT_KINDS[kind] == "embedding"
    scored = OUTPUT_KINDS[kind] == "class" and values != NONE
    allowed = {
        "scores": scored,
        "prediction": scored and features[0].kind == "text",
        "base64": embedding,
    }.get(STYLES[style], True)
    part.expect(allowed, f"expected a style that this output has, got {STYLES[style]}")
    if embedding:
        part.expect(
            (first, LABELS[labels]) == (0, "text"), f"expected no names, got {first} and {labels}"
        )
    else:
        part.expect(
            1 <= count and first + count <= len(strings),
            f"expected names within {len(strings)} strings, got {count} from {first}",
        )
    if OUTPUT_KINDS[kind] == "class":
        value = plan_output(part, plan, index, "index")
        part.expect(
            (value.dtype, value.dims) == ("s32", (BATCH,)),
            f"expected index to be s32 [batch], got {shape(value.dtype, value.dims)}",
        )
        part.expect(
            (scores == 0) == (values == NONE),
            f"expected scores of a kind and their output, or neither, got {SCORES[scores]} "
            f"and {values}",
        )
    else:
        part.expect(index == NONE, f"expected no index of numbers, got {index}")
        part.expect(scores == 0, f"expected scores 0 of numbers, got {scores}")
    if OUTPUT_KINDS[kind] != "class" or values != NONE:
        value = plan_output(part, plan, values, "scores")
        part.expect(
            value.dtype in ("f32", "f64") and value.dims == (BATCH, count) and value.rows,
            f"expected scores to be f32 or f64 [batch][{count}], "
            f"got {shape(value.dtype, value.dims)}",
        )
        part.expect(
            not embedding or value.dtype == "f32",
            f"expected an embedding of f32, got {value.dtype}",
        )
    names = [] if embedding else strings[first : first + count]
    for name in names if LABELS[labels] == "numbers" else ():
        part.expect(
            bool(JSON_NUMBER.fullmatch(name)) and math.isfinite(float(name)),
            f"expected a JSON number in a double's range, got {name!r}",
        )
    return Output(
        OUTPUT_KINDS[kind],
        STYLES[style],
        SCORES[scores],
        LABELS[labels],
        None if index == NONE else index,
        None if values == NONE else values,
        names,
        count,
    )


def plan_output(part: Part, plan: Plan, i: int, what: str) -> Value:
    return plan.values[
        plan.outputs[part.index(i, len(plan.outputs), f"{what}, an output of the plan")]
    ]


def read_provenance(part: Part | None) -> dict[str, str | int | float]:
    if part is None:
        return {}
    count, zero = part.unpack("II", 0)
    part.expect(zero == 0, f"expected 0 behind the count, got {zero}")
    at, records = 8, {}
    for i in range(count):
        key_bytes, kind, value_bytes = part.unpack("HHI", at)
        key_at = at + 8
        value_at = key_at + key_bytes
        end = value_at + value_bytes
        at = -(-end // 8) * 8
        part.expect(at <= len(part), f"record {i}: expected it to end by {len(part)}, got {at}")
        part.zeros(end, at)
        key = utf8(part, f"key of record {i}", key_at, value_at)
        part.expect(kind in (TEXT, U64, F64), f"{key!r}: expected type 1, 2 or 3, got {kind}")
        if kind == TEXT:
            records[key] = utf8(part, f"value of {key!r}", value_at, end)
        else:
            part.expect(value_bytes == 8, f"{key!r}: expected 8 bytes, got {value_bytes}")
            records[key] = part.unpack("Q" if kind == U64 else "d", value_at)[0]
    expect_length(part, at)
    return records


def utf8(part: Part, what: str, begin: int, end: int) -> str:
    try:
        return bytes(part.bytes[begin:end]).decode()
    except UnicodeDecodeError as e:
        raise part.refuse(f"{what}: expected UTF-8, got {e.reason}") from e
