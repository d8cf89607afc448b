"""The engine itself, through its shared library: the code that the function
runs, so that what is verified is what will answer."""

import ctypes
import os
from pathlib import Path

import numpy as np

from mote.errors import Refusal

MESSAGE_BYTES = 513  # MOTE_FAILURE_TEXT + 1


def library_path() -> Path:
    """MOTE_ENGINE, or where `make engine` puts the library."""
    named = os.environ.get("MOTE_ENGINE")
    if named:
        return Path(named)
    return Path(__file__).resolve().parents[2] / "build" / "host" / "libmote.so"


def load_library() -> ctypes.CDLL:
    """The shared library; raises Refusal when it is not built."""
    path = library_path()
    if not path.exists():
        raise Refusal(f"{path}: the engine is not built; run `make engine` (or set MOTE_ENGINE)")
    return ctypes.CDLL(str(path))


def _load():
    lib = load_library()
    pointer, size, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    lib.engine_open.restype = pointer
    lib.engine_open.argtypes = [pointer, size, ctypes.POINTER(ctypes.c_int), text]
    lib.engine_close.argtypes = [pointer]
    lib.engine_keep.argtypes = [pointer]
    lib.engine_features.argtypes = lib.engine_outputs.argtypes = [pointer]
    lib.engine_rows.argtypes = [pointer, pointer, size, pointer, pointer, text]
    lib.engine_plan.argtypes = [pointer, ctypes.c_uint32, pointer, pointer, pointer, text]
    lib.engine_texts.argtypes = [pointer, pointer, pointer, size, pointer, pointer, pointer, text]
    lib.engine_event.restype = size
    lib.engine_event.argtypes = [
        pointer,
        pointer,
        size,
        pointer,
        size,
        ctypes.POINTER(ctypes.c_int),
    ]
    return lib


class Rejected(Exception):
    """The engine refused a file or a row; `status` is its enum mote_status."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class Engine:
    """An open .mote file."""

    def __init__(self, blob: bytes):
        self._lib = _load()
        status, why = ctypes.c_int(), ctypes.create_string_buffer(MESSAGE_BYTES)
        self._handle = self._lib.engine_open(blob, len(blob), ctypes.byref(status), why)
        if not self._handle:
            raise Rejected(status.value, why.value.decode())
        self.features = self._lib.engine_features(self._handle)
        self.outputs = self._lib.engine_outputs(self._handle)

    def close(self) -> None:
        if self._handle:
            self._lib.engine_close(self._handle)
            self._handle = None

    def keep(self) -> bool:
        """Keeps decoded weights from now on, as a warm function may; False: there
        are none."""
        return bool(self._lib.engine_keep(self._handle))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def rows(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """rows [n][features] to (index [n], scores [n][outputs]); a model
        without the one or the other leaves it at -1, at NaN. In rows NaN is a
        missing value, and a category is its index, or -1 for another text;
        raises Rejected for what the feature does not allow."""
        rows = np.ascontiguousarray(rows, np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.features:
            raise ValueError(f"expected rows of {self.features} features, got {rows.shape}")
        index = np.full(len(rows), -1, np.int32)
        scores = np.full((len(rows), self.outputs), np.nan)
        why = ctypes.create_string_buffer(MESSAGE_BYTES)
        status = self._lib.engine_rows(
            self._handle, rows.ctypes.data, len(rows), index.ctypes.data, scores.ctypes.data, why
        )
        if status:
            raise Rejected(status, why.value.decode())
        return index, scores

    def texts(self, texts: list[str | bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(index [n], scores [n][outputs], tokens [n]) of texts, each by itself, of a
        model that takes one; tokens: ids that a text became."""
        data = [t.encode() if isinstance(t, str) else t for t in texts]
        starts = np.cumsum([0, *map(len, data)], dtype=np.uint64)
        index = np.full(len(data), -1, np.int32)
        scores = np.full((len(data), self.outputs), np.nan)
        tokens = np.zeros(len(data), np.uint32)
        why = ctypes.create_string_buffer(MESSAGE_BYTES)
        status = self._lib.engine_texts(
            self._handle, b"".join(data), starts.ctypes.data, len(data), index.ctypes.data,
            scores.ctypes.data, tokens.ctypes.data, why,
        )  # fmt: skip
        if status:
            raise Rejected(status, why.value.decode())
        return index, scores, tokens

    def plan(
        self, number: int, extents: list[int], inputs: list, outputs: list[tuple]
    ) -> list[np.ndarray]:
        """Runs any plan once. inputs: arrays of the plan's own types; outputs:
        type and shape of each, for the symbols that extents give."""
        inputs = [np.ascontiguousarray(x) for x in inputs]
        made = [np.zeros(shape, dtype) for dtype, shape in outputs]
        why = ctypes.create_string_buffer(MESSAGE_BYTES)
        status = self._lib.engine_plan(
            self._handle,
            number,
            (ctypes.c_uint32 * len(extents))(*extents),
            (ctypes.c_void_p * len(inputs))(*(x.ctypes.data for x in inputs)),
            (ctypes.c_void_p * len(made))(*(x.ctypes.data for x in made)),
            why,
        )
        if status:
            raise Rejected(status, why.value.decode())
        return made

    def event(self, event: bytes, room: int = 1 << 23) -> tuple[bytes, bool]:
        """The reply to an event, and whether it is an invocation error."""
        buffer = ctypes.create_string_buffer(event, len(event) or 1)
        reply, failed = ctypes.create_string_buffer(room), ctypes.c_int()
        n = self._lib.engine_event(
            self._handle, buffer, len(event), reply, room, ctypes.byref(failed)
        )
        return reply.raw[:n], bool(failed.value)
