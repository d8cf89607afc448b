"""Writes .mote files, format version 1: compress/FORMAT.md, section by section."""

import struct
from dataclasses import dataclass, field

import numpy as np
import xxhash

ALIGN, PAGE, TAIL = 64, 4096, 64
NONE = 0xFFFFFFFF
SYMBOL = 0x80000000  # + index, as a dimension
FORMAT_VERSION = 1
ARITHMETIC_VERSION = 1
MAGIC = b"\x89mote\r\n\x1a"

DTYPES = {"f32": 1, "f64": 2, "s8": 3, "u8": 4, "s16": 5, "s32": 6, "s64": 7, "bool": 8}
DTYPE_BYTES = {"f32": 4, "f64": 8, "s8": 1, "u8": 1, "s16": 2, "s32": 4, "s64": 8, "bool": 1}
NUMPY = {
    "f32": "<f4", "f64": "<f8", "s8": "i1", "u8": "u1", "s16": "<i2", "s32": "<i4", "s64": "<i8",
    "bool": "?",
}  # fmt: skip
LAYOUTS = {"rows": 0, "p8k8": 1}
SECTIONS = {
    "STRINGS": 1, "SYMBOLS": 2, "TENSORS": 3, "PLANS": 4, "MODEL": 5, "INPUT": 6,
    "OUTPUT": 7, "DATA": 8, "TEXT": 9, "JOBS": 10, "CODES": 13, "SERIES": 14,
}  # fmt: skip
NUMBER, TEXT, CATEGORY = 1, 2, 3  # kinds of a feature
ENCODINGS = {"RAW": 0, "PLANES": 1, "HUF8": 2, "HUFPAIR": 3, "CONST": 4, "BYTES": 5}
OUTPUT_KINDS = {"class": 1, "numbers": 2, "embedding": 3}
RESAMPLES = {"mean": 1, "last": 2, "sum": 3, "min": 4, "max": 5}
REPLIES = {"index": 1, "label": 2, "full": 3, "scores": 4, "prediction": 5, "base64": 6}
SCORES = {"none": 0, "probabilities": 1, "decision values": 2}


def align(n: int, to: int = ALIGN) -> int:
    return -(-n // to) * to


def p8k8(matrix: np.ndarray) -> bytes:
    """An int8 matrix in panels of 8 rows and blocks of 8 columns."""
    rows, columns = (align(n, 8) for n in matrix.shape)
    padded = np.zeros((rows, columns), np.int8)
    padded[: matrix.shape[0], : matrix.shape[1]] = matrix
    blocks = padded.reshape(rows // 8, 8, columns // 8, 8)
    return blocks.transpose(0, 2, 1, 3).tobytes()


DECODER_TABLE = 4096  # bytes of scratch
TILE_PANELS = 4  # that are decoded together, at least
TILE_ROWS_BYTES = 16384


def panel_bytes(columns: int) -> int:
    """Of 8 rows of a P8K8 matrix."""
    return 8 * align(columns, 8)


@dataclass
class Stored:
    """What lies in the file for a coded tensor: compress/FORMAT.md, "Coded
    tensors". Equal tables of several tensors are written once."""

    encoding: str
    bits: int
    block_bytes: int
    data: bytes
    table: bytes  # empty, and so is the index, where there are no codes
    index: bytes
    checksums: bytes


@dataclass
class Tensor:
    """data: the layout's bytes, however they are stored; RAW when stored is None."""

    dtype: str
    dims: tuple[int, ...]
    data: bytes
    layout: str = "rows"
    stored: Stored | None = None

    @property
    def bytes_stored(self) -> bytes:
        return self.stored.data if self.stored else self.data

    def scratch(self) -> int:
        """Bytes that decoding takes: the code table and a tile."""
        if self.stored is None:
            return 0
        tile, block = TILE_ROWS_BYTES, self.stored.block_bytes
        if self.layout == "p8k8":
            panel = panel_bytes(self.dims[1])
            tile = TILE_PANELS * panel
            if block >= panel:
                tile = align(tile, block)
            tile = min(tile, len(self.data))
        return DECODER_TABLE + tile


@dataclass
class PlacedValue:
    """A value of a plan: in the arena at `offset`, or tensor number `tensor`."""

    dtype: str
    dims: tuple[int, ...]
    offset: int = 0
    tensor: int | None = None


@dataclass
class Operator:
    opcode: int
    reads: list[int]
    writes: list[int]
    attributes: list[int] = field(default_factory=list)
    version: int = 1


@dataclass
class Plan:
    name: str
    inputs: int
    outputs: list[int]
    values: list[PlacedValue]
    operators: list[Operator]
    arena: int
    flush_denormals: bool = False


@dataclass
class FeatureRecord:
    name: str
    dtype: str
    value: int
    column: int
    missing: bool = False
    categories: list[str] | None = None
    other: bool = False
    boolean: bool = False
    text: bool = False

    def kind(self) -> int:
        if self.text:
            return TEXT
        return NUMBER if self.categories is None else CATEGORY

    def flags(self) -> int:
        return self.missing + 2 * self.other + 4 * self.boolean


@dataclass
class OutputRecord:
    kind: str
    reply: str
    names: list[str]
    scores_kind: str = "none"
    index: int | None = None
    scores: int | None = None
    numeric_labels: bool = False
    count: int | None = None  # of an embedding, whose numbers have no names


@dataclass
class SeriesColumn:
    """A window of `window` features from `first` on; its newest `ahead` steps
    lie in the forecast's own time."""

    name: str
    first: int
    window: int
    ahead: int = 0
    resample: str = "mean"


@dataclass
class Forecast:
    """`steps` of the output's numbers, from `first` on."""

    name: str
    first: int
    steps: int


@dataclass
class SeriesRecord:
    """Seconds, but for `gap`: the longest that is filled, in steps. time is the
    feature that takes when the forecast begins, in units of `unit` seconds since
    1970, rounded down; or None."""

    step: int
    columns: list[SeriesColumn]
    forecasts: list[Forecast]
    gap: int = 0
    offset: int = 0
    time: int | None = None
    unit: int = 1


PARTS = {"text": 1, "target": 2, "name": 3, "date": 4, "time": 5, "version": 6, "variable": 7}
JOB_FORMATS = {"csv": 1, "json": 2}
FAILURES = {"report": 1, "any": 2, "all": 3}

# A template: kinds of PARTS, and the string of a text, of a variable its name.
Template = list[tuple[str, str | None]]


@dataclass
class Target:
    id: str
    name: str
    model: Template | None = None


@dataclass
class JobRecord:
    """columns and forecasts: what the series' own are called in the source and
    in the result; observed: the column that goes into the result, its last
    `history` steps. Of a model without a series columns are its features, time
    is None and forecasts is empty."""

    name: str
    source: Template | None
    sink: Template
    targets: list[Target]
    time: str | None
    columns: list[str]
    forecasts: list[str]
    format: str = "csv"
    separator: str = ","
    failure: str = "report"
    path: list[str] = field(default_factory=list)
    observed: int | None = None
    observed_name: str | None = None
    history: int = 0


@dataclass
class File:
    name: str
    version: str
    description: str | None
    symbols: list[tuple[str, int]]
    tensors: list[Tensor]
    plans: list[Plan]
    features: list[FeatureRecord]
    output: OutputRecord
    main: int = 0
    series: SeriesRecord | None = None
    jobs: list[JobRecord] = field(default_factory=list)
    text: bytes = b""  # the TEXT section

    def to_bytes(self, provenance: dict | None = None) -> bytes:
        return _Writer(self).write(provenance or {})


class _Strings:
    """The one string table; equal strings share an entry unless they must be
    consecutive."""

    def __init__(self):
        self.list: list[str] = []

    def one(self, text: str | None) -> int:
        if text is None:
            return NONE
        if text not in self.list:
            self.list.append(text)
        return self.list.index(text)

    def run(self, texts: list[str]) -> int:
        first = len(self.list)
        self.list += texts
        return first

    def section(self) -> bytes:
        data = [s.encode() for s in self.list]
        starts, at = [], 0
        for d in data:
            starts.append(at)
            at += len(d)
        starts.append(at)
        return struct.pack(f"<{1 + len(starts)}I", len(data), *starts) + b"".join(data)


def _dims(dims: tuple[int, ...]) -> list[int]:
    return list(dims) + [0] * (4 - len(dims))


class _Writer:
    def __init__(self, file: File):
        self.file = file
        self.strings = _Strings()
        self.runs: dict[tuple[str, ...], int] = {}  # categories, and where they begin

    def symbols(self) -> bytes:
        out = struct.pack("<II", len(self.file.symbols), 0)
        for name, maximum in self.file.symbols:
            out += struct.pack("<II", self.strings.one(name), maximum)
        return out

    def tensors(self, data_offset: int, codes_offset: int) -> bytes:
        out = struct.pack("<II", len(self.file.tensors), 0)
        _, codes = self.codes()
        for t, place, parts in zip(self.file.tensors, self.data_places(), codes, strict=True):
            coded = t.stored or Stored("RAW", 8 * DTYPE_BYTES[t.dtype], 0, t.data, b"", b"", b"")
            out += struct.pack(
                "<6BH2I4I6Q",
                DTYPES[t.dtype], len(t.dims), LAYOUTS[t.layout], 1, ENCODINGS[coded.encoding],
                coded.bits, 0, coded.block_bytes, NONE, *_dims(t.dims),
                data_offset + place, len(coded.data), len(t.data),
                *(0 if at is None else codes_offset + at for at in parts),
            )  # fmt: skip
        return out

    def codes(self) -> tuple[bytes, list[list[int | None]]]:
        """CODES, and where in it each tensor's table, index and checksums are."""
        out, places, tables = bytearray(), [], {}
        for t in self.file.tensors:
            places.append([None] * 3)
            if t.stored is None:
                continue
            for i, part in enumerate((t.stored.table, t.stored.index, t.stored.checksums)):
                if not part:
                    continue
                at = tables.get(part) if i == 0 else None
                if at is None:
                    out += bytes(-len(out) % 8)
                    at = len(out)
                    out += part
                if i == 0:
                    tables[part] = at
                places[-1][i] = at
        return bytes(out), places

    def data_places(self) -> list[int]:
        """Where each tensor's data begins within DATA."""
        places, at = [], 0
        for t in self.file.tensors:
            at = align(at, PAGE if len(t.bytes_stored) >= PAGE else ALIGN)
            places.append(at)
            at += len(t.bytes_stored)
        return places

    def data(self) -> bytes:
        out = bytearray()
        for t, place in zip(self.file.tensors, self.data_places()):
            out += bytes(place - len(out)) + t.bytes_stored
        return bytes(out)

    def plans(self) -> bytes:
        head = struct.pack("<II", len(self.file.plans), 0)
        at = len(head) + 48 * len(self.file.plans)
        body = b""
        for plan in self.file.plans:
            values = b"".join(self.value(v) for v in plan.values)
            outputs = struct.pack(f"<{len(plan.outputs)}I", *plan.outputs)
            outputs += bytes(-len(outputs) % 8)
            operators = b"".join(self.operator(o) for o in plan.operators)
            head += struct.pack(
                "<10IQ",
                self.strings.one(plan.name), int(plan.flush_denormals), plan.inputs,
                len(plan.outputs), len(plan.values), len(plan.operators),
                at, at + len(values), at + len(values) + len(outputs), len(operators),
                plan.arena,
            )  # fmt: skip
            operators += bytes(-len(operators) % 8)
            body += values + outputs + operators
            at += len(values) + len(outputs) + len(operators)
        return head + body

    @staticmethod
    def value(v: PlacedValue) -> bytes:
        return struct.pack(
            "<4BIQ4I",
            v.tensor is not None, DTYPES[v.dtype], len(v.dims), 0,
            v.tensor or 0, v.offset, *_dims(v.dims),
        )  # fmt: skip

    @staticmethod
    def operator(o: Operator) -> bytes:
        words = o.reads + o.writes + o.attributes
        return struct.pack(
            f"<HHIHH{len(words)}I",
            o.opcode, o.version, 12 + 4 * len(words), len(o.reads), len(o.writes), *words,
        )  # fmt: skip

    def model(self) -> bytes:
        f = self.file
        one = self.strings.one
        return struct.pack("<4I", one(f.name), one(f.version), one(f.description), f.main)

    def input(self) -> bytes:
        out = struct.pack("<II", len(self.file.features), 0)
        for f in self.file.features:
            out += struct.pack(
                "<I4B4I",
                self.strings.one(f.name), f.kind(), DTYPES[f.dtype], f.flags(), 0,
                f.value, f.column,
                *self.categories(f.categories),
            )  # fmt: skip
        return out

    def categories(self, texts: list[str] | None) -> tuple[int, int]:
        """The first and how many; features of the same ones share them."""
        if texts is None:
            return 0, 0
        if tuple(texts) not in self.runs:
            self.runs[tuple(texts)] = self.strings.run(texts)
        return self.runs[tuple(texts)], len(texts)

    def output(self) -> bytes:
        o = self.file.output
        return struct.pack(
            "<4B5I",
            OUTPUT_KINDS[o.kind], REPLIES[o.reply], SCORES[o.scores_kind],
            2 if o.numeric_labels else 1,
            NONE if o.index is None else o.index,
            NONE if o.scores is None else o.scores,
            0 if o.kind == "embedding" else self.strings.run(o.names), o.count or len(o.names), 0,
        )  # fmt: skip

    def series(self) -> bytes:
        s = self.file.series
        out = struct.pack(
            "<8I",
            len(s.columns), len(s.forecasts), s.step, s.offset, s.gap,
            NONE if s.time is None else s.time, s.unit, 0,
        )  # fmt: skip
        for c in s.columns:
            out += struct.pack(
                "<4I4B",
                self.strings.one(c.name), c.first, c.window, c.ahead,
                RESAMPLES[c.resample], 0, 0, 0,
            )  # fmt: skip
        for f in s.forecasts:
            out += struct.pack("<3I", self.strings.one(f.name), f.first, f.steps)
        return out

    def jobs(self) -> bytes:
        templates: list[Template] = []

        def number(template: Template | None) -> int:
            if template is None:
                return NONE
            if template not in templates:
                templates.append(template)
            return templates.index(template)

        jobs = b"".join(self.job(job, number) for job in self.file.jobs)
        out = b""
        for parts in templates:
            words = [w for kind, text in parts for w in (PARTS[kind], self.strings.one(text))]
            out += struct.pack(f"<HHII{len(words)}I", 1, 1, 12 + 4 * len(words), len(parts), *words)
        return out + jobs

    def job(self, j: JobRecord, number) -> bytes:
        one, run = self.strings.one, self.strings.run
        separator = ord(j.separator) if j.format == "csv" else 0
        out = struct.pack(
            "<HHII4B11I",
            2, 1, 60, one(j.name),
            JOB_FORMATS[j.format], separator, FAILURES[j.failure], 0,
            number(j.source), number(j.sink), one(j.time), run(j.columns),
            run(j.path) if j.path else NONE, len(j.path),
            NONE if j.observed is None else j.observed, one(j.observed_name),
            run(j.forecasts) if j.forecasts else NONE, j.history, len(j.targets),
        )  # fmt: skip
        for t in j.targets:
            out += struct.pack("<HHI3I", 3, 1, 20, one(t.id), one(t.name), number(t.model))
        return out

    def write(self, provenance: dict) -> bytes:
        data, (codes, _) = self.data(), self.codes()
        sections = {
            "STRINGS": b"",  # known when the others are
            "SYMBOLS": self.symbols(),
            "TENSORS": self.tensors(0, 0),  # likewise its offsets
            "PLANS": self.plans(),
            "MODEL": self.model(),
            "INPUT": self.input(),
            "OUTPUT": self.output(),
        }
        if self.file.series:
            sections["SERIES"] = self.series()
        if self.file.jobs:
            sections["JOBS"] = self.jobs()
        sections["STRINGS"] = self.strings.section()
        if codes:
            sections["CODES"] = codes
        if self.file.text:
            sections["TEXT"] = self.file.text
        if data:
            sections["DATA"] = data
        places, at = {}, 128 + 32 * len(sections)
        for name, content in sections.items():
            at = align(at, PAGE if name == "DATA" and len(content) >= PAGE else ALIGN)
            places[name] = at
            at += len(content)
        sections["TENSORS"] = self.tensors(places.get("DATA", 0), places.get("CODES", 0))
        content_bytes = align(at)
        arena = max(p.arena for p in self.file.plans)
        arena += max((t.scratch() for t in self.file.tensors), default=0)
        return assemble(sections, places, content_bytes, arena, provenance_section(provenance))


def provenance_section(pieces: dict) -> bytes:
    """Keys to strings, integers or floats."""
    if not pieces:
        return b""
    out = struct.pack("<II", len(pieces), 0)
    for key, value in pieces.items():
        if isinstance(value, str):
            kind, content = 1, value.encode()
        elif isinstance(value, int):
            kind, content = 2, struct.pack("<Q", value)
        else:
            kind, content = 3, struct.pack("<d", value)
        record = struct.pack("<HHI", len(key.encode()), kind, len(content)) + key.encode() + content
        out += record + bytes(-len(record) % 8)
    return out


def assemble(
    sections: dict[str, bytes],
    places: dict[str, int],
    content_bytes: int,
    arena: int,
    provenance: bytes,
) -> bytes:
    """Header, table and sections at their places; all hashes computed."""
    table = b"".join(
        struct.pack("<IIQQQ", SECTIONS[n], 1, places[n], len(s), xxhash.xxh64_intdigest(s))
        for n, s in sections.items()
    )
    first = struct.pack(
        "<8sHHIIIQQQQQ",
        MAGIC, FORMAT_VERSION, FORMAT_VERSION, ARITHMETIC_VERSION, len(sections), 0,
        arena, 0, content_bytes, 0, 0,
    )  # fmt: skip
    file_bytes = align(content_bytes + len(provenance)) + TAIL
    second = struct.pack(
        "<QQQQQQQ",
        xxhash.xxh64_intdigest(first + table), file_bytes,
        content_bytes if provenance else 0, len(provenance),
        xxhash.xxh64_intdigest(provenance) if provenance else 0, 0, 0,
    )  # fmt: skip
    header = first + second
    header += struct.pack("<Q", xxhash.xxh64_intdigest(header))
    out = bytearray(file_bytes)
    out[: len(header)] = header
    out[128 : 128 + len(table)] = table
    for name, content in sections.items():
        out[places[name] : places[name] + len(content)] = content
    out[content_bytes : content_bytes + len(provenance)] = provenance
    return bytes(out)


def content_hash(file: bytes) -> int:
    return struct.unpack_from("<Q", file, 64)[0]
