"""Coded tensors through the engine's shared library: the encoder is the one in
compress/, so that its bytes are the same whoever asks for them.

What the modes are, and what comes out, is in compress/FORMAT.md, "Coded tensors".
"""

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mote.engine import load_library
from mote.errors import Refusal

MODES = {"PLANES": 1, "HUF8": 2, "HUFPAIR": 3, "CONST": 4, "BYTES": 5}
WITH_CODES = ("HUF8", "HUFPAIR", "BYTES")
BLOCK_BYTES = 16384  # of a block, at most
TABLE_BYTES = 128
SYMBOLS = 256
WHY = {
    -2: "its table is no complete code",
    -3: "its data would be 4 GiB or more",
    -6: "a weight takes more bits, a constant is none, or a symbol has no code in its table",
}


class _Shape(ctypes.Structure):  # struct mote_coding_shape
    _fields_ = [
        ("mode", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("element_bytes", ctypes.c_uint8),
        ("panels", ctypes.c_bool),
        ("block_bytes", ctypes.c_uint32),
        ("unit_bytes", ctypes.c_uint64),
        ("decoded_bytes", ctypes.c_uint64),
    ]


class _Sizes(ctypes.Structure):
    _fields_ = [
        ("data_bound", ctypes.c_uint64),
        ("blocks", ctypes.c_uint32),
        ("checksums", ctypes.c_uint32),
        ("tables", ctypes.c_uint32),
    ]


class _Encoded(ctypes.Structure):  # struct mote_encoded
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("data_bytes", ctypes.c_uint64),
        ("index", ctypes.c_void_p),
        ("checksums", ctypes.c_void_p),
    ]


@dataclass(frozen=True)
class Shape:
    """How a tensor is to be coded.

    mode: of MODES. bits: of an element before coding. panels: its layout is P8K8.
    block_bytes: decoded, of a block or of a row. unit_bytes: of a panel; of a row,
    where the rank is 2; else 0.
    """

    mode: str
    bits: int
    block_bytes: int
    unit_bytes: int = 0
    panels: bool = False
    element_bytes: int = 1

    def of(self, raw: bytes) -> _Shape:
        return _Shape(
            MODES[self.mode], self.bits, self.element_bytes, self.panels,
            self.block_bytes, self.unit_bytes, len(raw),
        )  # fmt: skip


@dataclass
class Coded:
    """The pieces of a coded tensor. table, index: empty in modes without codes; of
    BYTES table is those of all planes."""

    data: bytes
    table: bytes
    index: np.ndarray  # u32 [blocks + 1]
    checksums: np.ndarray  # u64 [blocks], or [1] of CONST

    @property
    def stored_bytes(self) -> int:
        return len(self.data) + len(self.table) + self.index.nbytes + self.checksums.nbytes


def panel_block_bytes(panel_bytes: int) -> int:
    """Of the panels that 16 KiB hold, in fours where there are four, as kernels
    take four at once; 16 KiB when a panel is longer."""
    panels = BLOCK_BYTES // panel_bytes
    if panels > 4:
        panels -= panels % 4
    return panels * panel_bytes or BLOCK_BYTES


def best_table(tensors: Iterable[tuple[Shape, bytes]]) -> bytes:
    """The code table that makes these tensors together smallest."""
    lib, counts = _library(), np.zeros(SYMBOLS, np.uint64)
    for shape, raw in tensors:
        _sizes(lib, shape, raw)
        lib.codec_count(ctypes.byref(shape.of(raw)), raw, counts.ctypes.data)
    table = ctypes.create_string_buffer(TABLE_BYTES)
    lib.codec_table(counts.ctypes.data, table)
    return table.raw


def encode(shape: Shape, raw: bytes, table: bytes | None = None) -> Coded:
    """Codes the bytes of a tensor in its layout, with the table given or with its
    best one; raises Refusal when they cannot be coded so."""
    lib = _library()
    sizes = _sizes(lib, shape, raw)
    coded = shape.mode in WITH_CODES
    if shape.mode == "BYTES" and table is None:
        tables = ctypes.create_string_buffer(TABLE_BYTES * sizes.tables)
        lib.codec_tables(ctypes.byref(shape.of(raw)), raw, tables)
        table = tables.raw
    elif coded and table is None:
        table = best_table([(shape, raw)])
    data = np.empty(sizes.data_bound, np.uint8)
    index = np.zeros(sizes.blocks + 1 if coded else 0, np.uint32)
    checksums = np.zeros(sizes.checksums, np.uint64)
    to = _Encoded(data.ctypes.data, 0, index.ctypes.data, checksums.ctypes.data)
    status = lib.codec_encode(ctypes.byref(shape.of(raw)), raw, table, ctypes.byref(to))
    if status:
        raise Refusal(f"{shape.mode} of {shape.bits} bits: {WHY.get(status, status)}")
    return Coded(data[: to.data_bytes].tobytes(), table if coded else b"", index, checksums)


def _library() -> ctypes.CDLL:
    lib = load_library()
    pointer = ctypes.c_void_p
    lib.codec_sizes.restype = ctypes.c_char_p
    lib.codec_sizes.argtypes = [pointer, pointer]
    lib.codec_count.argtypes = [pointer, ctypes.c_char_p, pointer]
    lib.codec_count.restype = lib.codec_table.restype = None
    lib.codec_table.argtypes = [pointer, pointer]
    lib.codec_tables.restype = None
    lib.codec_tables.argtypes = [pointer, ctypes.c_char_p, pointer]
    lib.codec_encode.argtypes = [pointer, ctypes.c_char_p, ctypes.c_char_p, pointer]
    return lib


def _sizes(lib: ctypes.CDLL, shape: Shape, raw: bytes) -> _Sizes:
    if len(raw) % (shape.unit_bytes or 1) or len(raw) % shape.element_bytes:
        raise Refusal(
            f"expected bytes of whole rows, panels and elements ({shape.unit_bytes}, "
            f"{shape.element_bytes}), got {len(raw)}"
        )
    sizes = _Sizes()
    expected = lib.codec_sizes(ctypes.byref(shape.of(raw)), ctypes.byref(sizes))
    if expected:
        raise Refusal(f"expected {expected.decode()}, got {shape} of {len(raw)} bytes")
    return sizes
