"""STRINGS, SYMBOLS, TENSORS and DATA of a .mote file."""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np

from mote import reader_codec
from mote.reader_bytes import Part

MAX_SYMBOLS = 8
MAX_SYMBOL = 1 << 24
MAX_DIM = 1 << 31
MAX_RANK = 4
SYMBOL = 0x80000000  # a dimension of a value from here on is this and a symbol's index
TENSOR_BYTES = 80
ALIGNMENT = 64
PAGE = 4096

DTYPES = {1: "f32", 2: "f64", 3: "s8", 4: "u8", 5: "s16", 6: "s32", 7: "s64", 8: "bool", 9: "text"}
NUMPY = {
    "f32": np.dtype("<f4"),
    "f64": np.dtype("<f8"),
    "s8": np.dtype("i1"),
    "u8": np.dtype("u1"),
    "s16": np.dtype("<i2"),
    "s32": np.dtype("<i4"),
    "s64": np.dtype("<i8"),
    "bool": np.dtype("u1"),  # until its bytes are known to be 0 or 1
}
LAYOUTS = {0: "rows", 1: "P8K8"}
ENCODINGS = {0: "RAW", 1: "PLANES", 2: "HUF8", 3: "HUFPAIR", 4: "CONST", 5: "BYTES"}


@dataclass
class Symbol:
    name: str
    maximum: int


@dataclass
class Tensor:
    name: str | None
    dtype: str
    dims: tuple[int, ...]
    layout: str
    encoding: str
    offset: int  # of the stored bytes, in the file
    bytes: int
    data: np.ndarray  # [dims], in C order whatever the layout
    bits: int
    block_bytes: int  # 0 when it is not coded
    scratch: int  # bytes that decoding takes
    piecewise: bool  # RAW, or coded in panels or in rows


def read_dtype(part: Part, code: int, what: str) -> str:
    """A dtype that tensors and values have; text has no size, so neither can."""
    dtype = DTYPES.get(code, f"dtype {code}")
    part.expect(dtype in NUMPY, f"{what}: expected a dtype of numbers, 1 to 8, got {dtype}")
    return dtype


def shape(dtype: str, dims: tuple[int, ...]) -> str:
    """As messages show it; s0 is symbol 0."""
    return f"{dtype}[{','.join(f's{d - SYMBOL}' if d >= SYMBOL else str(d) for d in dims)}]"


def read_strings(part: Part) -> list[str]:
    count = part.u32(0)
    starts = part.unpack(f"{count + 1}I", 4) if 4 * count <= len(part) else ()
    part.expect(bool(starts), f"expected room for {count} strings, got {len(part)} bytes")
    first = 4 + 4 * len(starts)
    part.expect(starts[0] == 0, f"expected string 0 to start at 0, got {starts[0]}")
    part.expect(
        first + starts[-1] == len(part),
        f"expected the last string to end at {len(part) - first}, got {starts[-1]}",
    )
    strings = []
    for i, (begin, end) in enumerate(pairwise(starts)):
        part.expect(begin <= end, f"string {i}: expected an end from {begin} on, got {end}")
        text = bytes(part.bytes[first + begin : first + end])
        try:
            strings.append(text.decode())
        except UnicodeDecodeError as e:
            raise part.refuse(f"string {i}: expected UTF-8, got {e.reason} in {text!r}") from e
    return strings


def read_symbols(part: Part, strings: list[str]) -> list[Symbol]:
    count, zero = part.unpack("II", 0)
    part.expect(1 <= count <= MAX_SYMBOLS, f"expected 1 to {MAX_SYMBOLS} symbols, got {count}")
    part.expect(zero == 0, f"expected 0 behind the count, got {zero}")
    expect_length(part, 8 + 8 * count)
    symbols = []
    for i in range(count):
        name, maximum = part.unpack("II", 8 + 8 * i)
        part.expect(
            1 <= maximum < MAX_SYMBOL,
            f"symbol {i}: expected a maximum from 1 to {MAX_SYMBOL - 1}, got {maximum}",
        )
        symbols.append(Symbol(part.string(strings, name, f"symbol {i}"), maximum))
    return symbols


def expect_length(part: Part, expected: int) -> None:
    part.expect(len(part) == expected, f"expected {expected} bytes, got {len(part)}")


class Codes:
    """CODES, gone through from its begin to its end."""

    def __init__(self, part: Part | None):
        self.part, self.at, self.tables = part, 0, set()

    def take(self, tensors: Part, what: str, offset: int, form: str, count: int) -> tuple:
        """count numbers of a form, which must be next; `tensors` names them."""
        tensors.expect(self.part is not None, f"{what}: expected CODES, got none")
        begin = -(-self.at // 8) * 8
        tensors.expect(
            offset == self.part.begin + begin,
            f"{what}: expected an offset of {self.part.begin + begin}, got {offset}",
        )
        size = count * np.dtype(form).itemsize
        tensors.expect(
            begin + size <= len(self.part),
            f"{what}: expected {size} bytes, got the end of CODES at {len(self.part)}",
        )
        self.part.zeros(self.at, begin)
        self.at = begin + size
        found = np.frombuffer(self.part.bytes, "<" + form, count, begin)
        return tuple(int(n) for n in found)

    def table(self, tensors: Part, what: str, offset: int, size: int) -> bytes:
        """That of a tensor before, or the next, of so many bytes."""
        if (offset, size) not in self.tables:
            self.take(tensors, what, offset, "u1", size)
            self.tables.add((offset, size))
        begin = offset - self.part.begin
        return bytes(self.part.bytes[begin : begin + size])


def read_tensors(
    part: Part, data: Part | None, codes: Part | None, strings: list[str]
) -> list[Tensor]:
    count, zero = part.unpack("II", 0)
    part.expect(zero == 0, f"expected 0 behind the count, got {zero}")
    expect_length(part, 8 + TENSOR_BYTES * count)
    if data is None:
        part.expect(count == 0, f"expected DATA for {count} tensors, got none")
        if codes:
            raise codes.refuse("expected coded tensors, got none")
        return []
    tensors, end, places = [], data.begin, Codes(codes)
    for i in range(count):
        t = read_tensor(part, i, data, places, strings)
        part.expect(
            t.offset >= end,
            f"tensor {i}: expected data in order, from {end} on, got offset {t.offset}",
        )
        data.zeros(end - data.begin, t.offset - data.begin)
        end = t.offset + t.bytes
        tensors.append(t)
    part.expect(end == data.end, f"expected data to the end of DATA, {data.end}, got {end}")
    if codes:
        codes.expect(places.at > 0, "expected coded tensors, got none")
        codes.expect(
            places.at == len(codes), f"expected {places.at} bytes of tables, got {len(codes)}"
        )
    return tensors


def read_tensor(part: Part, i: int, data: Part, codes: Codes, strings: list[str]) -> Tensor:
    at = 8 + TENSOR_BYTES * i
    dtype, rank, layout, version, encoding, bits, zero, block, name = part.unpack("6BHII", at)
    dims = part.unpack("4I", at + 16)
    offset, size, decoded, *tables = part.unpack("6Q", at + 32)

    def expect(condition: bool, message: str, kind: str = "format") -> None:
        part.expect(condition, f"tensor {i}: {message}", kind)

    dtype = read_dtype(part, dtype, f"tensor {i}")
    item = NUMPY[dtype].itemsize
    expect(rank <= MAX_RANK, f"expected a rank of at most {MAX_RANK}, got {rank}")
    expect(layout in LAYOUTS, f"expected layout 0 or 1, got {layout}", "unknown")
    expect(version == 1, f"expected layout version 1, got {version}", "unknown")
    expect(encoding in ENCODINGS, f"expected an encoding of 0 to 5, got {encoding}", "unknown")
    expect(zero == 0, f"expected unused bytes 6 and 7 to be 0, got {zero}")
    expect(not any(dims[rank:]), f"expected dims {rank} to 3 to be 0, got {dims}")
    dims = dims[:rank]
    expect(all(1 <= d < MAX_DIM for d in dims), f"expected dims from 1 to 2^31 - 1, got {dims}")

    padded = dims
    if LAYOUTS[layout] == "P8K8":
        expect(
            dtype == "s8" and rank == 2, f"expected an s8 matrix in P8K8, got {shape(dtype, dims)}"
        )
        padded = tuple(-(-d // 8) * 8 for d in dims)
    expected = prod(padded) * item
    expect(decoded == expected, f"expected {expected} decoded bytes, got {decoded}")
    aligned = PAGE if size >= PAGE else ALIGNMENT
    expect(offset % aligned == 0, f"expected data at a multiple of {aligned}, got {offset}")
    expect(
        data.begin <= offset and offset + size <= data.end,
        f"expected data inside DATA, {data.begin} to {data.end}, got {offset} to {offset + size}",
    )
    stored = data.bytes[offset - data.begin : offset - data.begin + size]
    scratch, piecewise = 0, True
    if encoding == 0:
        expect(size == decoded, f"expected {decoded} data bytes, got {size}")
        expect(bits == 8 * item, f"expected {8 * item} bits of a {dtype}, got {bits}")
        expect(block == 0, f"expected block bytes 0 of a RAW tensor, got {block}")
        expect(not any(tables), f"expected no table, index or checksums of RAW, got {tables}")
        raw = stored
    else:
        unit = padded[1] * item * (8 if layout else 1) if rank == 2 else 0
        coding = reader_codec.Coding(
            ENCODINGS[encoding], bits, item, layout == 1, block, unit, decoded
        )
        raw = decode(part, data, f"tensor {i}", dtype, coding, codes, stored, tables)
        scratch, piecewise = scratch_bytes(coding), layout == 1 or coding.by_rows
    return Tensor(
        part.string_or_none(strings, name, f"tensor {i}"),
        dtype,
        dims,
        LAYOUTS[layout],
        ENCODINGS[encoding],
        offset,
        size,
        read_data(data, i, dtype, dims, LAYOUTS[layout], raw),
        bits,
        block,
        scratch,
        piecewise,
    )


def decode(
    part: Part,
    data: Part,
    what: str,
    dtype: str,
    coding: reader_codec.Coding,
    codes: Codes,
    stored: memoryview,
    offsets: list[int],
) -> np.ndarray:
    """The decoded bytes of a tensor whose record says so; offsets of its table,
    index and checksums."""
    paired = coding.encoding in reader_codec.PAIRED
    part.expect(not paired or dtype == "s8", f"{what}: expected s8 in {coding.encoding}")
    mistake = coding.mistake()
    part.expect(mistake is None, f"{what}: {mistake}")
    blocks = coding.block_count()
    table = index = None
    if coding.encoding in reader_codec.CODED:
        table = codes.table(part, f"{what}, table", offsets[0], coding.table_bytes())
        index = codes.take(part, f"{what}, index", offsets[1], "u4", blocks + 1)
    else:
        part.expect(
            not any(offsets[:2]), f"{what}: expected no table and no index, got {offsets[:2]}"
        )
    one = coding.encoding == "CONST"
    checksums = codes.take(part, f"{what}, checksums", offsets[2], "u8", 1 if one else blocks)
    pieces = reader_codec.Pieces(stored, checksums, table, index)
    reader_codec.check_places(codes.part, what, coding, pieces)
    return reader_codec.decode(data, what, coding, pieces)


def scratch_bytes(coding: reader_codec.Coding) -> int:
    """A table, and a tile: 4 panels, or as many more as a block has."""
    if not coding.panels:
        return 4096 + 16384
    panels = 4 * coding.unit_bytes
    if coding.block_bytes >= coding.unit_bytes:
        panels = -(-panels // coding.block_bytes) * coding.block_bytes
    return 4096 + min(panels, coding.decoded_bytes)


def wholes_bytes(values, op) -> int:
    """Of an operator's scratch, for its coded tensors, which it decodes whole."""
    total = 0
    for v in op.reads:
        if v is None or values[v].encoding == "RAW":
            continue
        dims = values[v].dims
        if not values[v].rows:
            dims = [-(-d // 8) * 8 for d in dims]
        size = prod(dims) * NUMPY[values[v].dtype].itemsize
        total += -(-size // 64) * 64 + 64
    return total


def read_data(
    data: Part, i: int, dtype: str, dims: tuple[int, ...], layout: str, raw
) -> np.ndarray:
    stored = np.frombuffer(raw, NUMPY[dtype])
    if dtype == "bool":
        data.expect(bool(np.all(stored <= 1)), f"tensor {i}: expected 0 or 1 in each bool")
        stored = stored.view(np.bool_)
    if layout == "rows":
        return stored.reshape(dims)
    n, k = dims
    panels, blocks = -(-n // 8), -(-k // 8)
    rows = stored.reshape(panels, blocks, 8, 8).swapaxes(1, 2).reshape(8 * panels, 8 * blocks)
    data.expect(
        not rows[n:].any() and not rows[:, k:].any(),
        f"tensor {i}: expected zeros behind {n} rows and {k} columns of P8K8",
    )
    data.expect(not np.any(rows == -128), f"tensor {i}: expected no -128 in P8K8")
    return np.ascontiguousarray(rows[:n, :k])
