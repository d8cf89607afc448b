"""The engine's tokenizer, by its shared library: the code that runs in the function."""

import ctypes
from collections.abc import Sequence

import numpy as np

from mote.engine import load_library
from mote.errors import Refusal


def _library() -> ctypes.CDLL:
    lib = load_library()
    lib.text_open.restype = ctypes.c_void_p
    lib.text_encode.restype = ctypes.c_uint32
    lib.text_encode_pair.restype = ctypes.c_uint32
    return lib


class EngineTokenizer:
    """A TEXT section, opened and proven. Raises Refusal: what was expected of it."""

    def __init__(self, section: bytes):
        self._lib = _library()
        status, expected = ctypes.c_int(), ctypes.c_char_p()
        self._t = self._lib.text_open(
            section, ctypes.c_size_t(len(section)), ctypes.byref(status), ctypes.byref(expected)
        )
        if not self._t:
            raise Refusal(f"TEXT: expected {(expected.value or b'memory').decode()}")

    def __del__(self):
        if getattr(self, "_t", None):
            self._lib.text_close(ctypes.c_void_p(self._t))

    def encode(self, text: str | bytes, cap: int) -> tuple[list[int], bool]:
        """Ids of [CLS] text [SEP], at most cap (2 or more); whether some were left out."""
        data = _bytes(text)
        ids, cut = np.empty(cap, np.int32), ctypes.c_bool()
        n = self._lib.text_encode(
            ctypes.c_void_p(self._t), data, ctypes.c_size_t(len(data)), _pointer(ids),
            ctypes.c_uint32(cap), ctypes.byref(cut),
        )  # fmt: skip
        return ids[:n].tolist(), cut.value

    def encode_pair(
        self, a: str | bytes, b: str | bytes, cap: int
    ) -> tuple[list[int], list[int], bool]:
        """Ids and types of [CLS] a [SEP] b [SEP], at most cap (3 or more); likewise."""
        first, second = _bytes(a), _bytes(b)
        ids, types, cut = np.empty(cap, np.int32), np.empty(cap, np.int32), ctypes.c_bool()
        n = self._lib.text_encode_pair(
            ctypes.c_void_p(self._t), first, ctypes.c_size_t(len(first)), second,
            ctypes.c_size_t(len(second)), _pointer(ids), _pointer(types), ctypes.c_uint32(cap),
            ctypes.byref(cut),
        )  # fmt: skip
        return ids[:n].tolist(), types[:n].tolist(), cut.value

    def encode_lines(self, lines: Sequence[str | bytes]) -> list[list[int]]:
        """Ids of each, uncut, in one call."""
        data = [_bytes(line) for line in lines]
        starts = np.cumsum([0, *map(len, data)], dtype=np.uint64)
        ids = np.empty(int(starts[-1]) + 2 * len(data), np.int32)
        ends = np.zeros(len(data), np.uint64)
        self._lib.text_encode_lines(
            ctypes.c_void_p(self._t), b"".join(data), _pointer(starts), ctypes.c_size_t(len(data)),
            _pointer(ids), _pointer(ends),
        )  # fmt: skip
        begins = [0, *ends[:-1].tolist()]
        return [ids[a:b].tolist() for a, b in zip(begins, ends.tolist(), strict=True)]


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
