"""How each tensor of a file is stored: raw, or in the encoding with which a cold
start is modelled to take least time.

The model. A function's image is fetched in chunks of 512 KiB as its pages are
touched (Brooker et al., "On-demand Container Loading in AWS Lambda", USENIX ATC
2023, arXiv:2305.13162). A byte then costs its share of the bandwidth and of a
chunk's latency, and a coded byte its decoding:

    ms = stored / bandwidth + stored / 512 KiB * latency + decoded / speed

Tables of which a request reads a few rows cost the chunks that those rows lie
in, and the decoding of the rows. What is decoded whole, tables of trees and
weights of recurrent layers, also costs the pages that it is decoded to, which
nobody touched before. Ties, and tensors below 4 KiB, stay raw.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from mote import codec, file
from mote.opcodes import CALL, DECODES, WHOLES

CHUNK = 524_288  # bytes
PAGE = 4096
LEAST = 4096  # smaller tensors are never coded
TABLE_READS = 64  # rows of a table that a first request is taken to read


@dataclass(frozen=True)
class Target:
    """What a target is taken to do, all of it to be set in model.toml, [compile].

    fetch_mb_s   bandwidth and
    chunk_ms     latency of a chunk: assumptions. The paper above has two thirds
                 of the reads answered by the worker's own cache and nearly all
                 others by one in the same zone; what a function sees of either,
                 nobody has published
    ..._mb_s     decoded bytes a second of the decoder on one core: of x86-64 what
                 was measured on an EPYC of the Zen 5 kind (5.3, 2.8 and more
                 than 10 GB/s), less a fifth for older ones; of arm64 what llvm-mca
                 makes of the inner loop on Neoverse N1 (Graviton2). bytes_mb_s:
                 1.1 to 1.8 GB/s of three forests' tables on the EPYC, and half of that
    page_us      of a first touch of 4 KiB, what decoding to fresh pages took more
                 than decoding to used ones on the EPYC
    """

    fetch_mb_s: float = 300.0
    chunk_ms: float = 1.0
    hufpair_mb_s: float = 2000.0
    huf8_mb_s: float = 1100.0
    planes_mb_s: float = 5000.0
    bytes_mb_s: float = 700.0
    page_us: float = 1.3

    def speed(self, encoding: str) -> float:
        """MB/s; of RAW, which is not decoded, no limit."""
        return {
            "RAW": np.inf,
            "PLANES": self.planes_mb_s,
            "HUF8": self.huf8_mb_s,
            "HUFPAIR": self.hufpair_mb_s,
            "CONST": self.planes_mb_s,
            "BYTES": self.bytes_mb_s,
        }[encoding]


TARGETS = {
    "arm64": Target(),
    "x86_64": Target(
        hufpair_mb_s=4200.0, huf8_mb_s=2200.0, planes_mb_s=10_000.0, bytes_mb_s=1400.0
    ),
}


def target_of(config) -> Target:
    """That of model.toml. By default it is arm64, the slower one: what pays there
    pays on both."""
    return replace(TARGETS[config.target], **config.costs)


def fetch_ms(target: Target, stored: float) -> float:
    return stored / target.fetch_mb_s / 1e3 + stored / CHUNK * target.chunk_ms


def cold_ms(
    target: Target, decoded: int, stored: int, encoding: str, rows: int = 0, whole: bool = False
) -> float:
    """Milliseconds that a tensor of so many bytes adds to a cold start, stored so
    in that many; rows: how many a table has of which only some are read; whole:
    whether it is decoded at once."""
    if rows:
        chunks, reads = stored / CHUNK, min(TABLE_READS, rows)
        if chunks > 1:
            stored = CHUNK * chunks * (1 - (1 - 1 / chunks) ** reads)
        decoded = decoded // rows * reads
    pages = decoded / PAGE if whole and encoding != "RAW" else 0
    ms = fetch_ms(target, stored) + decoded / target.speed(encoding) / 1e3
    return ms + pages * target.page_us / 1e3


# ------------------------------------------------------------------ encodings


def bits_of(weights: np.ndarray) -> int:
    """That s8 weights take, as compress/FORMAT.md stores them: 4 at least."""
    low, high = int(weights.min()), int(weights.max())
    return max(4, max(high, -low - 1).bit_length() + 1)


def shape_of(t: file.Tensor, encoding: str, bits: int, block_bytes: int) -> codec.Shape:
    element = file.DTYPE_BYTES[t.dtype]
    panels = t.layout == "p8k8"
    unit = 0
    if len(t.dims) == 2:
        unit = file.panel_bytes(t.dims[1]) if panels else t.dims[1] * element
    return codec.Shape(encoding, bits, block_bytes, unit, panels, element)


def store(t: file.Tensor, encoding: str, bits: int, block_bytes: int, table=None) -> file.Stored:
    """The tensor coded; raises Refusal when it cannot be."""
    coded = codec.encode(shape_of(t, encoding, bits, block_bytes), t.data, table)
    return file.Stored(
        encoding,
        bits,
        block_bytes,
        coded.data,
        coded.table,
        coded.index.astype("<u4").tobytes(),
        coded.checksums.astype("<u8").tobytes(),
    )


def block_bytes_of(t: file.Tensor) -> int:
    """Whole panels; a row; 0 when rows are too long to be coded by rows."""
    if t.layout == "p8k8":
        return codec.panel_block_bytes(file.panel_bytes(t.dims[1]))
    row = t.dims[1] * file.DTYPE_BYTES[t.dtype]
    return row if row <= codec.BLOCK_BYTES else 0


def whole_candidates(t: file.Tensor) -> list[file.Stored]:
    """Every encoding of a tensor in rows that is decoded at once."""
    item = file.DTYPE_BYTES[t.dtype]
    block, row = codec.BLOCK_BYTES, t.dims[-1] * item
    if len(t.dims) == 2 and row == block:
        block //= 2  # or it would be coded by rows
    if t.data == t.data[:item] * (len(t.data) // item):
        return [store(t, "CONST", 8 * item, block)]
    return [store(t, "HUF8" if item == 1 else "BYTES", 8 * item, block)]


def candidates(t: file.Tensor, whole: bool = False) -> list[file.Stored]:
    """Every encoding that it can have; whole: as it is decoded at once."""
    if whole and t.layout == "rows":
        return whole_candidates(t)
    block = block_bytes_of(t)
    if t.dtype != "s8" or len(t.dims) != 2 or block == 0:
        return []
    weights = np.frombuffer(t.data, np.int8)
    if (weights == weights[0]).all():
        return [store(t, "CONST", 8, block)]
    bits = bits_of(weights)
    modes = [("HUFPAIR", bits), ("HUF8", 8)] + ([("PLANES", bits)] if bits < 8 else [])
    return [store(t, mode, b, block) for mode, b in modes]


def share_tables(tensors: list[file.Tensor]) -> None:
    """Gives coded tensors of one encoding the table that makes them together
    smallest, where that takes fewer bytes than a table for each. One that was
    made for a single tensor is of no use to others: rare pairs have no code."""
    groups: dict[tuple[str, int], list[file.Tensor]] = {}
    for t in tensors:
        if t.stored and t.stored.table and t.stored.encoding != "BYTES":
            groups.setdefault((t.stored.encoding, t.stored.bits), []).append(t)
    for group in groups.values():
        shapes = [
            shape_of(t, t.stored.encoding, t.stored.bits, t.stored.block_bytes) for t in group
        ]
        table = codec.best_table(zip(shapes, (t.data for t in group)))
        shared = [
            store(t, t.stored.encoding, t.stored.bits, t.stored.block_bytes, table) for t in group
        ]
        # whom it costs more than a table keeps its own
        pays = [len(s.data) < len(t.stored.data + s.table) for t, s in zip(group, shared)]
        saved = sum(
            len(t.stored.data + s.table) - len(s.data) for t, s, p in zip(group, shared, pays) if p
        )
        if saved > codec.TABLE_BYTES:
            for t, s, p in zip(group, shared, pays):
                t.stored = s if p else t.stored


def stored_bytes(t: file.Tensor) -> int:
    s = t.stored
    return len(s.data + s.table + s.index + s.checksums) if s else len(t.data)


# ---------------------------------------------------------------- whole files


@dataclass
class Choice:
    """What became of a tensor: bytes and modelled milliseconds, raw and now."""

    tensor: int
    encoding: str
    bits: int
    bytes_before: int
    bytes_after: int
    ms_before: float
    ms_after: float


@dataclass
class Summary:
    """Of all tensors of a file; before: of 8 bits each and raw."""

    target: str
    choices: list[Choice] = field(default_factory=list)

    def total(self, name: str) -> float:
        return sum(getattr(c, name) for c in self.choices)

    def by_encoding(self) -> dict[str, tuple[int, int]]:
        """Bytes before and after."""
        out: dict[str, tuple[int, int]] = {}
        for c in self.choices:
            name = c.encoding if c.encoding in ("RAW", "CONST") else f"{c.encoding} {c.bits}"
            before, after = out.get(name, (0, 0))
            out[name] = before + c.bytes_before, after + c.bytes_after
        return dict(sorted(out.items()))

    def json(self) -> dict:
        return {
            "target": self.target,
            "bytes_before": self.total("bytes_before"),
            "bytes_after": self.total("bytes_after"),
            "cold_ms_raw": round(self.total("ms_before"), 3),
            "cold_ms": round(self.total("ms_after"), 3),
            "encodings": {n: list(pair) for n, pair in self.by_encoding().items()},
        }

    def line(self) -> str:
        modes = ", ".join(f"{n} {a} to {b}" for n, (a, b) in self.by_encoding().items())
        return (
            f"tensors: {self.total('bytes_before')} bytes to {self.total('bytes_after')} "
            f"({modes}); cold start by the model of {self.target}: their part "
            f"{self.total('ms_before'):.2f} ms raw, {self.total('ms_after'):.2f} ms as stored"
        )


ROWS, TILES, WHOLE = "rows", "tiles", "whole"  # how operators decode


def decoded_reads(whole: file.File) -> dict[int, str]:
    """Tensors that only such operators read as decode them, to how: a few rows, in
    tiles, or whole, if one of them does that."""
    found: dict[int, str] = {}
    never = set()
    for plan in whole.plans:
        never |= {plan.values[v].tensor for v in plan.outputs}
        for op in plan.operators:
            for i, v in enumerate(op.reads):
                tensor = None if v == file.NONE else plan.values[v].tensor
                if tensor is None:
                    continue
                if DECODES.get(op.opcode) == i:
                    how = ROWS if whole.tensors[tensor].layout == "rows" else TILES
                    if found.setdefault(tensor, how) == WHOLE and how == ROWS:
                        never.add(tensor)
                elif i in WHOLES.get(op.opcode, ()):
                    if found.get(tensor) == ROWS:
                        never.add(tensor)
                    found[tensor] = WHOLE
                else:
                    never.add(tensor)
    return {t: how for t, how in found.items() if t not in never}


def whole_bytes(t: file.Tensor) -> int:
    """Of an operator's scratch, for a coded tensor that it decodes whole."""
    return file.align(len(t.data)) + file.ALIGN


def make_room(whole: file.File) -> None:
    """Gives operators that decode tensors whole scratch to do it in, behind all
    else in the arena, and operators that call plans the arenas that these take."""
    for plan in reversed(whole.plans):  # calls lead to later ones
        end = plan.arena
        for op in plan.operators:
            scratch = plan.values[op.writes[0 if op.opcode == CALL else -1]]
            item = file.DTYPE_BYTES[scratch.dtype]
            more = 0
            if op.opcode == CALL:
                more = max(0, whole.plans[op.attributes[0]].arena - scratch.dims[0])
            elif op.opcode in WHOLES:
                values = [plan.values[v] for v in op.reads if v != file.NONE]
                read = [whole.tensors[v.tensor] for v in values if v.tensor is not None]
                more = sum(whole_bytes(t) for t in read if t.stored)
            if more:
                scratch.offset, scratch.dims = end, (scratch.dims[0] + -(-more // item),)
                plan.arena = max(plan.arena, end + file.align(scratch.dims[0] * item))


def choose(whole: file.File, target: Target, name: str = "it") -> Summary:
    """Sets how each tensor of a file is stored, and says what that changes."""
    decodes, summary = decoded_reads(whole), Summary(name)
    raws = []
    for i, t in enumerate(whole.tensors):
        rows, size = t.dims[0] if decodes.get(i) == ROWS else 0, len(t.data)
        at_once = decodes.get(i) == WHOLE
        t.stored, raw = None, cold_ms(target, size, size, "RAW", rows)
        best = raw
        if i in decodes and size >= LEAST:
            for stored in candidates(t, at_once):
                coded = file.Tensor(t.dtype, t.dims, t.data, t.layout, stored)
                ms = cold_ms(target, size, stored_bytes(coded), stored.encoding, rows, at_once)
                if ms < best:
                    best, t.stored = ms, stored
        raws.append(raw)
    share_tables(whole.tensors)
    make_room(whole)
    tables = set()
    for i, t in enumerate(whole.tensors):
        rows, stored = t.dims[0] if decodes.get(i) == ROWS else 0, stored_bytes(t)
        best = raws[i]
        if t.stored:
            stored -= len(t.stored.table) if t.stored.table in tables else 0
            tables.add(t.stored.table)
            at_once = decodes.get(i) == WHOLE
            best = cold_ms(target, len(t.data), stored, t.stored.encoding, rows, at_once)
        bits = t.stored.bits if t.stored else 8 * file.DTYPE_BYTES[t.dtype]
        encoding = t.stored.encoding if t.stored else "RAW"
        summary.choices.append(Choice(i, encoding, bits, len(t.data), stored, raws[i], best))
    return summary
