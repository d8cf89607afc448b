"""Coded tensors: what the encoder writes through the tools, read by the second
reader, which shares nothing with it; and what either refuses."""

import numpy as np
import pytest

from mote import codec
from mote.engine import library_path
from mote.errors import Refusal
from mote.file import p8k8
from mote.reader_bytes import BadFile, Part
from mote.reader_codec import Coding, Pieces, decode

pytestmark = pytest.mark.skipif(
    not library_path().exists(), reason="the engine is not built: make engine"
)

BITS = [("HUF8", 8), *(("HUFPAIR", b) for b in range(4, 9)), *(("PLANES", b) for b in range(4, 9))]


def read_back(shape: codec.Shape, coded: codec.Coded, decoded_bytes: int) -> bytes:
    coding = Coding(
        shape.mode,
        shape.bits,
        shape.element_bytes,
        shape.panels,
        shape.block_bytes,
        shape.unit_bytes,
        decoded_bytes,
    )
    assert coding.mistake() is None
    pieces = Pieces(
        coded.data,
        tuple(coded.checksums.tolist()),
        coded.table or None,
        tuple(coded.index.tolist()) or None,
    )
    return decode(Part("DATA", b"", 0, 0), "tensor 0", coding, pieces).tobytes()


def laplace(bits: int, rows: int, row: int, seed: int = 1) -> np.ndarray:
    """Rows quantized by their largest."""
    x = np.random.default_rng(seed).laplace(size=(rows, row))
    most = (1 << bits - 1) - 1
    return np.rint(x * (most / np.abs(x).max(1, keepdims=True))).astype(np.int8)


@pytest.mark.parametrize("mode, bits", BITS)
def test_blocks_of_bytes_come_back(mode, bits):
    for n in [1, 2, 7, 8, 9, 63, 64, 65, 100, 16383, 16384, 16385, 40000]:
        raw = laplace(bits, 1, n, n).tobytes()
        for block in (64, 16384):
            shape = codec.Shape(mode, bits, block)
            assert read_back(shape, codec.encode(shape, raw), n) == raw, (n, block)


@pytest.mark.parametrize("mode, bits", BITS)
def test_panels_come_back(mode, bits):
    for rows, columns in [(8, 8), (24, 48), (384, 384), (64, 1536), (16, 2056), (16, 4096)]:
        raw, panel = p8k8(laplace(bits, rows, columns)), columns * 8
        shape = codec.Shape(mode, bits, codec.panel_block_bytes(panel), panel, True)
        coded = codec.encode(shape, raw)
        assert read_back(shape, coded, len(raw)) == raw, (rows, columns)
        assert shape.block_bytes <= codec.BLOCK_BYTES


@pytest.mark.parametrize("mode, bits", BITS)
def test_rows_come_back(mode, bits):
    for rows, row in [(1, 1), (3, 5), (64, 8), (65, 24), (200, 100), (130, 384), (5, 16384)]:
        raw = laplace(bits, rows, row).tobytes()
        shape = codec.Shape(mode, bits, row, row)
        assert read_back(shape, codec.encode(shape, raw), len(raw)) == raw, (rows, row)


def test_constants_come_back():
    for dtype in ("u1", "<i2", "<f4", "<f8"):
        raw = np.full(1000, 1.0).astype(dtype).tobytes()
        size = np.dtype(dtype).itemsize
        shape = codec.Shape("CONST", 8 * size, 64, element_bytes=size)
        coded = codec.encode(shape, raw)
        assert len(coded.data) == size and read_back(shape, coded, len(raw)) == raw


def test_bytes_of_any_kind_come_back():
    """Symbols that are all alike, two of them, and all 256, evenly."""
    for raw in (bytes(5000), b"a" * 4000 + b"b", bytes(range(256)) * 70):
        shape = codec.Shape("HUF8", 8, 1024)
        assert read_back(shape, codec.encode(shape, raw), len(raw)) == raw


def test_tensors_may_share_a_table():
    a, b = (laplace(8, 40, 384, seed).tobytes() for seed in (1, 2))
    shape = codec.Shape("HUFPAIR", 8, 15360)
    table = codec.best_table([(shape, a), (shape, b)])
    for raw in (a, b):
        coded = codec.encode(shape, raw, table)
        assert coded.table == table and read_back(shape, coded, len(raw)) == raw


def test_what_cannot_be_coded_is_refused():
    raw = bytes(range(64))
    for shape, words in (
        (codec.Shape("HUFPAIR", 6, 64), "a weight takes more bits"),
        (codec.Shape("CONST", 8, 64), "a constant is none"),
        (codec.Shape("HUF8", 7, 64), "bits that its encoding"),
        (codec.Shape("HUF8", 8, 63), "blocks of whole panels"),
        (codec.Shape("HUF8", 8, 100, 100), "whole rows"),
    ):
        with pytest.raises(Refusal, match=words):
            codec.encode(shape, raw)
    with pytest.raises(Refusal, match="no code"):
        codec.encode(codec.Shape("HUF8", 8, 64), raw, bytes([0x11]) + bytes(127))


def test_damage_is_refused_by_the_second_reader():
    for mode, bits, unit in (("HUFPAIR", 7, 0), ("HUF8", 8, 64), ("PLANES", 6, 0)):
        shape = codec.Shape(mode, bits, 64, unit)
        raw = laplace(bits, 5, 64).tobytes()
        good = codec.encode(shape, raw)
        for bit in range(8 * len(good.data)):
            data = bytearray(good.data)
            data[bit // 8] ^= 1 << bit % 8
            bad = codec.Coded(bytes(data), good.table, good.index, good.checksums)
            with pytest.raises(BadFile) as e:
                read_back(shape, bad, len(raw))
            assert e.value.kind == "damaged"
        for bit in range(8 * len(good.table)):
            table = bytearray(good.table)
            table[bit // 8] ^= 1 << bit % 8
            bad = codec.Coded(good.data, bytes(table), good.index, good.checksums)
            with pytest.raises(BadFile, match="code"):
                read_back(shape, bad, len(raw))
