"""The bad files whose fault is in coded tensors: see bad.py.

A fault in a block has the checksum of the block made right as well, so that
only what decodes it can refuse it.
"""

import struct
from collections.abc import Callable

import xxhash
from bad import UNKNOWN, append, bad
from forge import Forge

from mote import file

# tensors of good/coded_dense.mote, by the weights of its layers
HUFPAIR, SHARED, PLANES, SIX, SEVEN, CONST, HUF8 = 2, 4, 7, 10, 13, 15, 18
# and those of good/coded_tables.mote
ROWS_PLANES, ROWS_HUFPAIR, ROWS_HUF8, ROWS_CONST = 4, 6, 8, 10


def record(i: int, offset: int, form: str, *values: int) -> tuple:
    return (f"tensor {i}", offset, form, *values)


def add(i: int, offset: int, n: int) -> Callable[[Forge], None]:
    return lambda f: f.add(f.find(f"tensor {i}") + offset, n)


def part(i: int, offset: int, at: int, form: str, *values: int) -> Callable[[Forge], None]:
    """Bytes `at` of the table (56), index (64) or checksums (72) of tensor i."""

    def change(f: Forge) -> None:
        begin = f.get("Q", f.find(f"tensor {i}") + offset)
        struct.pack_into("<" + form, f.bytes, begin + at, *values)

    return change


def block(i: int, size: int, change: Callable[[bytearray], None]) -> Callable[[Forge], None]:
    """Changes the first block of tensor i, of so many bytes (0: as its index
    says), and its checksum."""

    def changed(f: Forge) -> None:
        at = f.find(f"tensor {i}")
        begin, index, checksums = (f.get("Q", at + o) for o in (32, 64, 72))
        end = begin + (size or f.get("I", index + 4))
        data = bytearray(f.bytes[begin:end])
        change(data)
        f.bytes[begin:end] = data
        struct.pack_into("<Q", f.bytes, checksums, xxhash.xxh64_intdigest(bytes(data)))

    return changed


def put(at: int, value: int) -> Callable[[bytearray], None]:
    return lambda data: data.__setitem__(at, value)


def flip(at: int, bit: int) -> Callable[[bytearray], None]:
    return lambda data: data.__setitem__(at, data[at] ^ 1 << bit)


def cut_codes(f: Forge) -> None:
    """Without the last checksum."""
    section, _, end = f.section("CODES")
    f.bytes[end - 8 : end] = bytes(8)
    f.add(section + 16, -8)


def code_without_tensors(f: Forge) -> None:
    append((file.SECTIONS["CODES"], 1, bytes(8)))(f)


# ---------------------------------------------------------------------- records

bad(
    "format",
    "TENSORS",
    "coded_dense",
    coded_bits_9=record(HUFPAIR, 5, "B", 9),
    coded_bits_3=record(PLANES, 5, "B", 3),
    coded_bits_of_huf8=record(HUF8, 5, "B", 7),
    coded_bits_of_const=record(CONST, 5, "B", 7),
    coded_block_0=record(HUFPAIR, 8, "I", 0),
    coded_block_large=record(HUFPAIR, 8, "I", 16640),
    coded_block_misaligned=record(SHARED, 8, "I", 65),
    coded_block_cuts_panels=record(HUFPAIR, 8, "I", 384),
    coded_block_const_0=record(CONST, 8, "I", 0),
    coded_no_table=record(HUFPAIR, 56, "Q", 0),
    coded_table_elsewhere=add(HUFPAIR, 56, 8),
    coded_table_of_later=lambda f: f.put(
        f"tensor {HUFPAIR}", 56, "Q", f.get("Q", f.find(f"tensor {SEVEN}") + 56)
    ),
    coded_no_index=record(HUFPAIR, 64, "Q", 0),
    coded_index_elsewhere=add(SHARED, 64, 8),
    coded_no_checksums=record(HUFPAIR, 72, "Q", 0),
    coded_checksums_elsewhere=add(PLANES, 72, -8),
    coded_planes_table=record(PLANES, 56, "Q", 64),
    coded_const_index=record(CONST, 64, "Q", 64),
    coded_no_codes=lambda f: struct.pack_into("<II", f.bytes, f.section("CODES")[0], UNKNOWN, 0),
    coded_codes_short=cut_codes,
    coded_decoded_bytes=add(HUFPAIR, 48, 64),
)
bad(
    "format",
    "TENSORS",
    "coded_tables",
    coded_pairs_of_u8=record(ROWS_PLANES, 0, "B", 4),
    coded_pairs_of_bool=record(ROWS_HUFPAIR, 0, "B", 8),
    coded_rows_block=record(ROWS_HUF8, 8, "I", 19),
)
bad("unknown", "TENSORS", "coded_dense", coded_encoding_6=record(HUFPAIR, 4, "B", 6))

# ------------------------------------------------------------------------ CODES

bad(
    "format",
    "CODES",
    "coded_dense",
    not_required=lambda f: struct.pack_into("<I", f.bytes, f.section("CODES")[0] + 4, 0),
    longer=lambda f: f.add(f.section("CODES")[0] + 16, 8),
    index_first=part(HUFPAIR, 64, 0, "I", 1),
    index_order=part(HUFPAIR, 64, 4, "I", 1 << 20),
    index_end=add(HUF8, 40, -1),
    index_beyond=part(HUF8, 64, 4, "I", 0xFFFFFFFF),
    padding=part(SIX, 64, 4 * 3, "I", 1),
    code_of_12_bits=part(HUFPAIR, 56, 0, "B", 0x0C),
    code_incomplete=part(SEVEN, 56, 0, "128B", *[0] * 128),
    code_overfull=part(SEVEN, 56, 0, "128B", *[0x11] * 128),
    planes_bytes=add(PLANES, 40, -8),
    const_bytes=add(CONST, 40, 1),
)
bad("format", "CODES", "identity", without_tensors=code_without_tensors)
bad("damaged", "CODES", "coded_dense", signed=False, damaged=("CODES", 3, "B", 0x55))

# ------------------------------------------------------------------------ arena

bad("format", "header", "coded_dense", arena_without_room=("header", 24, "Q", 4096))
bad("format", "PLANS", "coded_dense", arena_over_decoder=lambda f: f.add(24, -64))
bad(
    "format",
    "PLANS",
    "coded_dense",
    output_is_coded=lambda f: f.put("outputs 0", 0, "I", weight_value(f)),
)


def weight_value(f: Forge) -> int:
    """Of the first product's weights."""
    return f.get("I", f.find("operator 0/1") + 12 + 4 * 2)


# ------------------------------------------------------------------------- data

bad(
    "damaged",
    "DATA",
    "coded_dense",
    coded_block=part(HUFPAIR, 72, 0, "Q", 1),
    coded_last_block=part(SHARED, 72, 8 * 5, "Q", 1),
    coded_planes=part(PLANES, 72, 8, "Q", 1),
    coded_const=part(CONST, 72, 0, "Q", 1),
)
bad(
    "format",
    "DATA",
    "coded_dense",
    coded_ends_beyond=block(HUFPAIR, 0, put(14, 0xFF)),
    coded_ends_out_of_order=block(HUFPAIR, 0, put(1, 0xFF)),
    coded_end_early=block(HUFPAIR, 0, lambda data: data.__setitem__(0, data[0] - 1)),
    coded_padding=block(PLANES, 120, put(119, 0xFF)),
    coded_const_128=block(CONST, 1, put(0, 0x80)),
)
bad(
    "format",
    "DATA",
    "coded_tables",
    coded_rows_end_beyond=block(ROWS_HUFPAIR, 0, put(1, 0xFF)),
    coded_rows_ends_out_of_order=block(ROWS_HUFPAIR, 0, put(0, 0xFF)),
    coded_rows_behind=block(ROWS_PLANES, 64 * 18, flip(11, 3)),
)


# ------------------------------------------------------------------------- bytes


def tensor_of(dtype: str, coded: str) -> Callable[[Forge], int]:
    """The first tensor of that dtype and encoding."""

    def found(f: Forge) -> int:
        count = f.get("I", f.section("TENSORS")[1])
        for i in range(count):
            at = f.find(f"tensor {i}")
            kinds = f.get("B", at), f.get("B", at + 4)
            if kinds == (file.DTYPES[dtype], file.ENCODINGS[coded]):
                return i
        raise AssertionError(f"no {dtype} in {coded}")

    return found


def of(dtype: str, coded: str, change: Callable, *args) -> Callable[[Forge], None]:
    """`change` of the tensor that is found."""
    return lambda f: change(tensor_of(dtype, coded)(f), *args)(f)


def field(i: int, offset: int, form: str, value: int) -> Callable[[Forge], None]:
    return lambda f: f.put(f"tensor {i}", offset, form, value)


def add_to_scratch(name: str, by: int) -> Callable[[Forge], None]:
    """Of the first operator with that many writes: its last one's length."""

    def change(f: Forge) -> None:
        at = f.find(name)
        reads, writes = f.get("H", at + 8), f.get("H", at + 10)
        value = f.get("I", at + 12 + 4 * (reads + writes - 1))
        f.add(f.find(f"value 0/{value}") + 16, by)

    return change


bad(
    "format",
    "TENSORS",
    "coded_linked",
    bytes_bits=of("s32", "BYTES", field, 5, "B", 16),
    bytes_of_u8=of("s32", "BYTES", field, 4, "B", 2),
    bytes_block=of("s32", "BYTES", field, 8, "I", 63),
    bytes_table=of("s32", "BYTES", field, 56, "Q", 0),
)
bad(
    "format",
    "CODES",
    "coded_linked",
    bytes_table_of_one=of("s32", "BYTES", part, 56, 0, "128B", 2, *[0] * 127),
    bytes_table_incomplete=of("s32", "BYTES", part, 56, 0, "128B", 0x21, *[0] * 127),
    bytes_index=of("s32", "BYTES", part, 64, 4, "I", 1 << 20),
)
bad("damaged", "DATA", "coded_linked", bytes_block_damaged=of("s32", "BYTES", part, 72, 0, "Q", 1))
bad("format", "PLANS", "coded_linked", bytes_without_room=add_to_scratch("operator 0/0", -64))
