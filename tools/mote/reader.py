"""Reads a .mote file: the second reader, written from compress/FORMAT.md alone.

It shares no code with the writer and none with the engine, so that a mistake
in either shows. All of the file is checked, the contents of DATA included.
"""

import struct
from dataclasses import dataclass

import xxhash

from mote import reader_text
from mote.reader_answer import Feature, Output, read_input, read_model, read_output, read_provenance
from mote.reader_bytes import BadFile, Part
from mote.reader_jobs import Job, read_jobs
from mote.reader_operators import check_contents
from mote.reader_plans import Plan, read_plans
from mote.reader_series import Series, read_series
from mote.reader_tables import Symbol, Tensor, read_strings, read_symbols, read_tensors
from mote.reader_text import Text

__all__ = ["BadFile", "Model", "Section", "read"]

MAGIC = b"\x89mote\r\n\x1a"
VERSION = 1  # of the format and of this reader
ARITHMETIC = 1
HEADER_BYTES = 128
RECORD_BYTES = 32  # of the section table
MAX_ARENA = 1 << 40
MAX_SECTIONS = 32
ALIGNMENT = 64
PAGE = 4096  # larger data starts at a multiple of this
TAIL_BYTES = 64  # zeros behind the last byte, at least

SECTIONS = {
    1: "STRINGS",
    2: "SYMBOLS",
    3: "TENSORS",
    4: "PLANS",
    5: "MODEL",
    6: "INPUT",
    7: "OUTPUT",
    8: "DATA",
    9: "TEXT",
    10: "JOBS",
    11: "ASSETS",
    12: "DEBUG",
    13: "CODES",
    14: "SERIES",
}
ALWAYS = ("STRINGS", "SYMBOLS", "TENSORS", "PLANS", "MODEL", "INPUT", "OUTPUT")
REQUIRED = 1  # flag of a section


@dataclass
class Section:
    type: int
    name: str
    required: bool
    offset: int
    bytes: int
    hash: int


@dataclass
class Header:
    format_version: int
    minimum_reader: int
    arithmetic_version: int
    sections: int
    request_arena: int
    model_arena: int
    content_bytes: int
    content_hash: int
    file_bytes: int
    provenance_offset: int
    provenance_bytes: int
    provenance_hash: int
    header_hash: int

    @property
    def table_end(self) -> int:
        return HEADER_BYTES + RECORD_BYTES * self.sections


@dataclass
class Model:
    header: Header
    sections: list[Section]
    strings: list[str]
    symbols: list[Symbol]
    tensors: list[Tensor]
    plans: list[Plan]
    name: str
    version: str
    description: str | None
    plan: int  # the one that answers requests
    features: list[Feature]
    output: Output
    series: Series | None
    jobs: list[Job]
    provenance: dict[str, str | int | float]
    text: Text | None  # the tokenizer of a model that takes a text


def read(blob: bytes) -> Model:
    """All that is in a .mote file; raises BadFile, and nothing else."""
    header = read_header(blob)
    sections = read_section_table(blob, header)
    provenance = read_tail(blob, header)
    parts = {
        s.name: Part(s.name, blob, s.offset, s.offset + s.bytes)
        for s in sections
        if s.type in SECTIONS
    }
    for name in ALWAYS:
        if name not in parts:
            raise BadFile("format", name, "expected this section in every file, got none")

    strings = read_strings(parts["STRINGS"])
    symbols = read_symbols(parts["SYMBOLS"], strings)
    codes = parts.get("CODES")
    if codes:
        required = next(s.required for s in sections if s.name == "CODES")
        codes.expect(required, "expected it to be required")
    tensors = read_tensors(parts["TENSORS"], parts.get("DATA"), codes, strings)
    scratch = max((t.scratch for t in tensors), default=0)
    if header.request_arena < scratch:
        raise BadFile(
            "format", "header", f"expected an arena of {scratch} at least, to decode in, "
            f"got {header.request_arena}",
        )  # fmt: skip
    plans = read_plans(parts["PLANS"], strings, symbols, tensors, header.request_arena - scratch)
    check_contents(parts.get("DATA"), plans, tensors)
    name, version, description, plan = read_model(parts["MODEL"], strings, len(plans))
    features = read_input(parts["INPUT"], strings, plans[plan], symbols)
    output = read_output(parts["OUTPUT"], strings, plans[plan], features)
    text = series = None
    if features[0].kind == "text":
        text = read_text(parts.get("TEXT"), sections)
    if "SERIES" in parts:
        series = read_series(parts["SERIES"], strings, features, output)
    return Model(
        header,
        sections,
        strings,
        symbols,
        tensors,
        plans,
        name,
        version,
        description,
        plan,
        features,
        output,
        series,
        read_jobs(parts["JOBS"], strings, series, features) if "JOBS" in parts else [],
        read_provenance(provenance),
        text,
    )


def read_text(part: Part | None, sections: list[Section]) -> Text:
    """Of a model that takes a text."""
    if part is None or not next(s.required for s in sections if s.name == "TEXT"):
        raise BadFile("format", "TEXT", "expected it, required, where a feature is a text")
    return reader_text.read(bytes(part.bytes))


def xxh64(part: bytes | memoryview) -> int:
    return xxhash.xxh64_intdigest(part, seed=0)


def read_header(blob: bytes) -> Header:
    part = Part("header", blob, 0, min(len(blob), HEADER_BYTES))
    part.expect(
        part.bytes[:8] == MAGIC, f"expected magic {MAGIC.hex()}, got {blob[:8].hex() or 'nothing'}"
    )
    part.expect(
        len(part) == HEADER_BYTES, f"expected {HEADER_BYTES} bytes, got a file of {len(blob)}"
    )
    # versions before the hash: a newer format may have its hash elsewhere
    version, minimum, arithmetic = part.unpack("HHI", 8)
    part.expect(
        version >= 1 and minimum <= VERSION,
        f"expected format version {VERSION}, got {version} for reader {minimum}",
        "version",
    )
    expect_hash(part, part.bytes[:120], part.unpack("Q", 120)[0])
    part.expect(
        arithmetic == ARITHMETIC,
        f"expected arithmetic version {ARITHMETIC}, got {arithmetic}",
        "version",
    )
    header = Header(
        version, minimum, arithmetic, *struct.unpack("<I4xQQQ16xQQQQQ16xQ", blob[16:128])
    )

    part.zeros(20, 24)
    part.zeros(48, 64)
    part.zeros(104, 120)
    part.expect(
        1 <= header.sections <= MAX_SECTIONS,
        f"expected 1 to {MAX_SECTIONS} sections, got {header.sections}",
    )
    part.expect(
        header.request_arena % ALIGNMENT == 0 and header.request_arena < MAX_ARENA,
        f"expected a request arena of a multiple of {ALIGNMENT} below {MAX_ARENA}, "
        f"got {header.request_arena}",
    )
    part.expect(
        header.model_arena == 0,
        "expected a model arena of 0, as every encoding of version 1 is used in place, "
        f"got {header.model_arena}",
    )
    part.expect(
        header.file_bytes == len(blob),
        f"expected a file of {header.file_bytes} bytes, got {len(blob)}",
    )
    part.expect(
        header.table_end <= header.content_bytes <= len(blob),
        f"expected content bytes from {header.table_end} to {len(blob)}, "
        f"got {header.content_bytes}",
    )
    return header


def expect_hash(part: Part, covered: bytes | memoryview, expected: int) -> None:
    got = xxh64(covered)
    part.expect(got == expected, f"expected hash {expected:016x}, got {got:016x}", "damaged")


def read_section_table(blob: bytes, header: Header) -> list[Section]:
    end = header.table_end
    part = Part("section table", blob, HEADER_BYTES, end)
    expect_hash(part, blob[:64] + part.bytes, header.content_hash)
    sections, used, seen = [], [(0, end)], set()
    for i in range(header.sections):
        s = read_section(part, i, end, header.content_bytes)
        end = s.offset + s.bytes
        content = Part(s.name if s.type in SECTIONS else part.name, blob, s.offset, end)
        content.expect(s.type not in seen, f"expected one section of type {s.type}, got another")
        expect_hash(content, content.bytes, s.hash)
        sections.append(s)
        used.append((s.offset, end))
        seen.add(s.type)
    content = -(-end // ALIGNMENT) * ALIGNMENT
    Part("header", blob, 0, HEADER_BYTES).expect(
        header.content_bytes == content,
        f"expected content bytes {content}, got {header.content_bytes}",
    )
    Part("section table", blob, 0, content).zeros_between(used)
    return sections


def read_section(part: Part, i: int, after: int, before: int) -> Section:
    """Record i, of a section within bytes `after` to `before` of the file."""
    kind, flags, offset, size, hashed = part.unpack("IIQQQ", RECORD_BYTES * i)
    name = SECTIONS.get(kind, f"section {kind}")
    required = flags == REQUIRED

    def expect(condition: bool, message: str, failure: str = "format") -> None:
        part.expect(condition, f"{name}: {message}", failure)

    expect(flags <= REQUIRED, f"expected flags 0 or 1, got {flags}")
    expect(
        not required or name in SECTIONS.values(),
        f"expected a known type, as it is required, got {kind}",
        "unknown",
    )
    expect(offset >= after, f"expected it behind byte {after}, in order, got offset {offset}")
    expect(offset + size <= before, f"expected it to end by {before}, got {offset + size}")
    aligned = PAGE if name == "DATA" and size >= PAGE else ALIGNMENT
    expect(offset % aligned == 0, f"expected a multiple of {aligned}, got offset {offset}")
    return Section(kind, name, required, offset, size, hashed)


def read_tail(blob: bytes, header: Header) -> Part | None:
    """What is behind the sections: the provenance, if any, and zeros."""
    begin = end = header.content_bytes
    at, size = header.provenance_offset, header.provenance_bytes
    part = None
    if at or size or header.provenance_hash:
        part = Part("provenance", blob, begin, begin + size)
        part.expect(at == begin, f"expected it at {begin}, got {at}")
        part.expect(at + size <= len(blob), f"expected it to end by {len(blob)}, got {at + size}")
        expect_hash(part, part.bytes, header.provenance_hash)
        end += size
    tail = Part("tail", blob, end, len(blob))
    tail.expect(
        end + TAIL_BYTES <= len(blob),
        f"expected {TAIL_BYTES} zeros from {end} on, got the file's end at {len(blob)}",
    )
    tail.zeros(0, len(blob) - end)
    return part
