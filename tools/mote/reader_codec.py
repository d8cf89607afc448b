"""Coded tensors of a .mote file: blocks, streams, pairs and planes, written from
compress/FORMAT.md, "Coded tensors", and from nothing else.

All streams of a tensor are decoded side by side, a symbol of each at a time:
numpy then does in one step what would be one step of a loop for each stream.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xxhash

from mote.reader_bytes import Part

LENGTH_MAX = 11  # of a code, in bits
TABLE_BYTES = 128
BLOCK_MAX = 16384
GROUP_ROWS = 64
RECORD_MAX = 16
STREAMS = 8
END_MAX = 65535  # of streams, of rows
PAIRED = ("PLANES", "HUFPAIR")
CODED = ("HUF8", "HUFPAIR", "BYTES")


def eights(n: int) -> int:
    """n weights as they are coded."""
    return -(-n // 8) * 8


@dataclass
class Coding:
    """How a tensor is coded, and so where everything lies.

    unit_bytes: of a panel in P8K8, of a row where the rank is 2, else 0.
    """

    encoding: str
    bits: int
    element_bytes: int
    panels: bool
    block_bytes: int
    unit_bytes: int
    decoded_bytes: int

    @property
    def by_rows(self) -> bool:
        rows = not self.panels and self.block_bytes == self.unit_bytes > 0
        return rows and self.encoding != "BYTES"

    @property
    def low_bits(self) -> int:
        return self.bits - 4 if self.encoding in PAIRED else 0

    def symbols(self, n: int) -> int:
        return eights(n) // 2 if self.encoding in PAIRED else n

    def low_bytes(self, n: int) -> int:
        return eights(n) * self.low_bits // 8

    def most_bytes(self, n: int) -> int:
        """That a row of n bytes can take."""
        symbols = self.symbols(n)
        coded = -(-symbols * LENGTH_MAX // 8) if self.encoding in CODED else symbols
        return coded + self.low_bytes(n)

    def group_rows(self) -> int:
        rows = GROUP_ROWS
        while rows * self.most_bytes(self.block_bytes) > END_MAX:
            rows //= 2
        return rows

    @property
    def record_bytes(self) -> int:
        """That BYTES takes apart: of a row, if it is short, or an element."""
        short = 0 < self.unit_bytes <= RECORD_MAX
        return self.unit_bytes if short else self.element_bytes

    def run_bytes(self) -> int:
        """That blocks do not reach over: a plane, a panel, or the tensor."""
        if self.encoding == "BYTES":
            return self.decoded_bytes // self.record_bytes
        return (
            self.unit_bytes
            if self.panels and self.block_bytes < self.unit_bytes
            else self.decoded_bytes
        )

    def table_bytes(self) -> int:
        return TABLE_BYTES * (self.record_bytes if self.encoding == "BYTES" else 1)

    def blocks(self) -> list[list[int]]:
        """For each block the decoded bytes of what it holds: of each row, or of
        itself."""
        if self.by_rows:
            rows, together = self.decoded_bytes // self.block_bytes, self.group_rows()
            return [
                [self.block_bytes] * min(together, rows - first)
                for first in range(0, rows, together)
            ]
        run = self.run_bytes()
        one = [[min(self.block_bytes, run - at)] for at in range(0, run, self.block_bytes)]
        return one * (self.decoded_bytes // run)

    def block_count(self) -> int:
        if self.by_rows:
            return -(-self.decoded_bytes // self.block_bytes // self.group_rows())
        run = self.run_bytes()
        return -(-run // self.block_bytes) * (self.decoded_bytes // run)

    def mistake(self) -> str | None:
        """What is expected of it and not so."""
        e, b = self.encoding, self.bits
        if e in PAIRED and not (self.element_bytes == 1 and 4 <= b <= 8):
            return f"expected 4 to 8 bits of s8 in {e}, got {b} of {8 * self.element_bytes}"
        if e == "HUF8" and not (self.element_bytes == 1 and b == 8):
            return f"expected 8 bits of one byte in HUF8, got {b} of {8 * self.element_bytes}"
        if e == "BYTES" and (self.element_bytes == 1 or self.panels):
            return "expected elements of several bytes, in rows"
        if e in ("CONST", "BYTES") and b != 8 * self.element_bytes:
            return f"expected {8 * self.element_bytes} bits, got {b}"
        block, panel = self.block_bytes, self.unit_bytes
        if not 1 <= block <= BLOCK_MAX or (block % 64 and not self.by_rows):
            return f"expected block bytes of a row or of 64s, 1 to {BLOCK_MAX}, got {block}"
        if self.panels and block > panel and block % panel:
            return f"expected block bytes of whole panels of {panel}, got {block}"
        return None


@dataclass
class Pieces:
    """The stored bytes of a coded tensor; table, index: None where there is none."""

    data: bytes | memoryview
    checksums: tuple[int, ...]
    table: bytes | memoryview | None = None
    index: tuple[int, ...] | None = None


def check_places(part: Part, what: str, coding: Coding, pieces: Pieces) -> None:
    """That index and table are good and lead into the data; raises BadFile, naming
    `part` and `what`."""

    def expect(condition: bool, message: str, kind: str = "format") -> None:
        part.expect(condition, f"{what}: {message}", kind)

    if coding.encoding == "CONST":
        expect(
            len(pieces.data) == coding.element_bytes,
            f"expected one element of {coding.element_bytes} bytes, got {len(pieces.data)}",
        )
        return
    block_places(expect, coding, pieces, coding.blocks())
    if coding.encoding == "BYTES":
        for table in plane_tables(coding, pieces):
            plane_lengths(expect, table)
    elif coding.encoding in CODED:
        code_lengths(expect, pieces.table)


def decode(part: Part, what: str, coding: Coding, pieces: Pieces) -> np.ndarray:
    """The decoded bytes, u8 [decoded_bytes], of a coding without mistake; raises
    BadFile, naming `part` and `what`, for whatever is not as it should be."""

    def expect(condition: bool, message: str, kind: str = "format") -> None:
        part.expect(condition, f"{what}: {message}", kind)

    blocks = coding.blocks()
    if coding.encoding == "CONST":
        expect(
            len(pieces.data) == coding.element_bytes,
            f"expected one element of {coding.element_bytes} bytes, got {len(pieces.data)}",
        )
        expect_checksum(expect, 0, pieces.data, pieces.checksums)
        element = np.frombuffer(pieces.data, np.uint8)
        return np.tile(element, coding.decoded_bytes // coding.element_bytes)
    places = block_places(expect, coding, pieces, blocks)
    for i, (begin, end) in enumerate(places):
        expect_checksum(expect, i, pieces.data[begin:end], pieces.checksums)
    if coding.encoding == "BYTES":
        return decode_bytes(expect, coding, pieces, blocks, places)
    if coding.encoding == "PLANES":
        found = list(uncoded_pieces(coding, blocks, places))
        symbols = [
            np.frombuffer(pieces.data, np.uint8, coding.symbols(n), at) for n, at, _ in found
        ]
    else:
        lengths = code_lengths(expect, pieces.table)
        found = list(coded_pieces(expect, coding, pieces.data, blocks, places))
        symbols = all_symbols(expect, coding, pieces.data, lengths, found)
    decoded = []
    for (n, at, end), of_it in zip(found, symbols):
        if coding.encoding == "HUF8":
            decoded.append(of_it)
            continue
        if coding.encoding == "PLANES":
            at += coding.symbols(n)
        else:
            at = end - coding.low_bytes(n)
        low = np.frombuffer(pieces.data, np.uint8, coding.low_bytes(n), at)
        merged = merge(of_it, low, coding.bits)
        expect(not merged[n:].any(), f"expected zeros behind {n} weights of a row or block")
        decoded.append(merged[:n].view(np.uint8))
    return np.concatenate(decoded)


def plane_tables(coding: Coding, pieces: Pieces) -> list[memoryview]:
    table = memoryview(pieces.table)
    return [table[at : at + TABLE_BYTES] for at in range(0, len(table), TABLE_BYTES)]


def plane_lengths(expect, table: memoryview) -> np.ndarray:
    """Of each symbol; of a plane that is stored none, of one that is all one byte
    that one's alone."""
    stored = np.frombuffer(table, np.uint8)
    lengths = np.stack([stored & 15, stored >> 4], 1).reshape(256)
    if np.count_nonzero(lengths) > 1:
        return code_lengths(expect, table)
    expect(lengths.max() <= 1, f"expected a length of 1 of the only byte, got {lengths.max()}")
    return lengths


def decode_bytes(expect, coding: Coding, pieces: Pieces, blocks: list, places: list) -> np.ndarray:
    """Plane after plane, each to its byte of the elements."""
    elements = np.zeros((coding.run_bytes(), coding.record_bytes), np.uint8)
    each = len(blocks) // coding.record_bytes
    for i, table in enumerate(plane_tables(coding, pieces)):
        lengths = plane_lengths(expect, table)
        of_it = slice(each * i, each * (i + 1))
        if np.count_nonzero(lengths) > 1:
            found = list(coded_pieces(expect, coding, pieces.data, blocks[of_it], places[of_it]))
            symbols = all_symbols(expect, coding, pieces.data, lengths, found)
            elements[:, i] = np.concatenate(symbols)
            continue
        one = lengths.any()
        for (n,), (begin, end) in zip(blocks[of_it], places[of_it]):
            size = 0 if one else n
            expect(end - begin == size, f"plane {i}: expected blocks of {size} bytes")
        begin, end = places[of_it][0][0], places[of_it][-1][1]
        stored = np.frombuffer(pieces.data, np.uint8, end - begin, begin)
        elements[:, i] = lengths.argmax() if one else stored
    return elements.reshape(-1)


def expect_checksum(expect, i: int, stored: bytes | memoryview, checksums: tuple) -> None:
    got = xxhash.xxh64_intdigest(stored, seed=0)
    expect(
        got == checksums[i],
        f"block {i}: expected hash {checksums[i]:016x}, got {got:016x}",
        "damaged",
    )


def block_places(expect, coding: Coding, pieces: Pieces, blocks: list) -> list[tuple[int, int]]:
    """Where each block begins and ends in the data."""
    if coding.encoding == "PLANES":
        ends = np.cumsum([sum(eights(n) * coding.bits // 8 for n in block) for block in blocks])
        index = (0, *(int(e) for e in ends))
    else:
        index = pieces.index
    expect(index[0] == 0, f"expected block 0 at 0, got {index[0]}")
    expect(all(a <= b for a, b in zip(index, index[1:])), "expected an index in order")
    expect(
        index[-1] == len(pieces.data),
        f"expected the last block to end at {len(pieces.data)}, got {index[-1]}",
    )
    return list(zip(index, index[1:]))


def uncoded_pieces(coding: Coding, blocks: list, places: list) -> Iterator[tuple[int, int, int]]:
    """Of each row or block: decoded bytes, begin and end in the data."""
    for block, (at, _) in zip(blocks, places):
        for n in block:
            size = eights(n) * coding.bits // 8
            yield n, at, at + size
            at += size


def coded_pieces(
    expect, coding: Coding, data, blocks: list, places: list
) -> Iterator[tuple[int, int, int]]:
    """The same; of rows by their ends."""
    for i, (block, (begin, end)) in enumerate(zip(blocks, places)):
        if not coding.by_rows:
            yield block[0], begin, end
            continue
        behind = begin + 2 * len(block)
        expect(behind <= end, f"block {i}: expected ends of {len(block)} rows")
        ends = np.frombuffer(data, "<u2", len(block), begin)
        expect(
            behind + int(ends[-1]) == end,
            f"block {i}: expected its last row to end at {end - behind}, got {ends[-1]}",
        )
        at = 0
        for n, to in zip(block, ends.tolist()):
            expect(at <= to, f"block {i}: expected rows in order, got an end at {to} behind {at}")
            yield n, behind + at, behind + to
            at = to


def code_lengths(expect, table: bytes | memoryview) -> np.ndarray:
    """Of each symbol, u8 [256]."""
    stored = np.frombuffer(table, np.uint8)
    lengths = np.stack([stored & 15, stored >> 4], 1).reshape(256)
    expect(lengths.max() <= LENGTH_MAX, f"expected codes of at most 11 bits, got {lengths.max()}")
    used = sum(1 << (LENGTH_MAX - int(n)) for n in lengths if n)
    expect(used == 1 << LENGTH_MAX, "expected a complete code")
    return lengths


def code_table(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symbol and length by the next 11 bits of a stream, the first one lowest."""
    symbol, length = np.zeros(2048, np.uint8), np.zeros(2048, np.int64)
    code = before = 0
    for s in np.lexsort((np.arange(256), lengths)):
        n = int(lengths[s])
        if n == 0:
            continue
        code <<= n - before
        before = n
        first = int(f"{code:0{n}b}"[::-1], 2)
        symbol[first :: 1 << n], length[first :: 1 << n] = s, n
        code += 1
    return symbol, length


def all_symbols(expect, coding: Coding, data, lengths: np.ndarray, found: list) -> list[np.ndarray]:
    """Of each row or block its symbols, in order."""
    step = 1 if coding.by_rows else STREAMS
    begins, ends, counts = [], [], []
    for i, (n, begin, end) in enumerate(found):
        end -= coding.low_bytes(n)
        at = begin if coding.by_rows else begin + 2 * STREAMS
        expect(at <= end, f"piece {i}: expected room for its ends and planes")
        stream_ends = [end - at]
        if not coding.by_rows:
            stream_ends = np.frombuffer(data, "<u2", STREAMS, begin).tolist()
        in_order = stream_ends == sorted(stream_ends) and stream_ends[-1] == end - at
        expect(in_order, f"piece {i}: expected ends in order up to {end - at}, got {stream_ends}")
        begins += [at + e for e in [0, *stream_ends[:-1]]]
        ends += [at + e for e in stream_ends]
        symbols = coding.symbols(n)
        counts += [max(0, -(-(symbols - s) // step)) for s in range(step)]
    dealt = streams(expect, data, lengths, begins, ends, counts)
    out = []
    for i, (n, _, _) in enumerate(found):
        symbols = np.zeros(coding.symbols(n), np.uint8)
        for s in range(step):
            symbols[::-1][s::step] = dealt[i * step + s, : counts[i * step + s]]
        out.append(symbols)
    return out


def streams(
    expect, data, lengths: np.ndarray, begins: list, ends: list, counts: list
) -> np.ndarray:
    """u8 [stream][symbol] of streams at bytes begins to ends, of so many symbols."""
    symbol, length = code_table(lengths)
    stored = np.frombuffer(bytes(data) + bytes(4), np.uint8).astype(np.int64)
    at, last, counts = (8 * np.array(begins), 8 * np.array(ends), np.array(counts))
    out = np.zeros((len(counts), max(counts, default=0)), np.uint8)
    for step in range(out.shape[1]):
        live = np.flatnonzero(counts > step)
        byte, bit = at[live] >> 3, at[live] & 7
        window = (stored[byte] | stored[byte + 1] << 8 | stored[byte + 2] << 16) >> bit & 2047
        out[live, step] = symbol[window]
        at[live] += length[window]
        expect(bool(np.all(at <= last)), "expected streams that end where they say")
    over = at & 7
    expect(bool(np.all(at + (-at & 7) == last)), "expected streams that end where they say")
    rest = np.where(over, stored[at >> 3] >> over, 0)
    expect(not rest.any(), "expected zeros behind the last code of a stream")
    return out


def merge(pairs: np.ndarray, low: np.ndarray, bits: int) -> np.ndarray:
    """Weights, s8 [2 * pairs], of pairs and low planes."""
    n = 2 * len(pairs)
    u = np.concatenate([pairs >> 4, pairs & 15]).astype(np.int64)
    if bits == 8:
        u = u << 4 | np.concatenate([low >> 4, low & 15])
    if bits in (6, 7):
        u = u << 2 | np.concatenate([low[: n // 4] >> 2 * i & 3 for i in range(4)])
        low = low[n // 4 :]
    if bits in (5, 7):
        u = u << 1 | np.concatenate([low >> i & 1 for i in range(8)])
    return (u - (1 << bits - 1)).astype(np.int8)
