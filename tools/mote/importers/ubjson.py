"""Reads UBJSON as XGBoost writes it (https://ubjson.org, draft 12): the same
objects, lists, numbers, strings and constants as JSON, each behind a byte that
says its type. Lists of one type of number become numpy arrays.

Every length is held against the bytes that are left before anything is made
of it, and lists and objects nest at most DEPTH deep, so a damaged file costs
no more time or memory than a whole one of its size.
"""

import numpy as np

DEPTH = 100
NUMBERS = {
    b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"
}  # fmt: skip
CONSTANTS = {b"Z": None, b"T": True, b"F": False}


class Damaged(ValueError):
    """Not UBJSON, or more than a reader of models needs; says where."""


def read(data: bytes):
    """The value that data hold, which is all of them."""
    reader = Reader(data)
    value = reader.value(reader.type(), 0)
    if reader.at != len(data):
        raise Damaged(f"byte {reader.at}: expected the end, {len(data) - reader.at} bytes are left")
    return value


class Reader:
    def __init__(self, data: bytes):
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        left = len(self.data) - self.at
        if not 0 <= count <= left:
            raise Damaged(f"byte {self.at}: expected {count} bytes, {left} are left")
        self.at += count
        return self.data[self.at - count : self.at]

    def type(self) -> bytes:
        """The next type; N is padding."""
        while (kind := self.take(1)) == b"N":
            continue
        return kind

    def peek(self) -> bytes:
        return self.data[self.at : self.at + 1]

    def number(self, kind: bytes):
        dtype = np.dtype(NUMBERS[kind])
        return np.frombuffer(self.take(dtype.itemsize), dtype)[0].item()

    def length(self) -> int:
        """A count of things that take at least a byte each."""
        kind = self.type()
        if kind not in NUMBERS or kind in b"dD":
            raise Damaged(f"byte {self.at - 1}: expected the type of a length, got {kind!r}")
        count = self.number(kind)
        if not 0 <= count <= len(self.data) - self.at:
            raise Damaged(f"byte {self.at}: a length of {count} in a file of {len(self.data)}")
        return count

    def text(self) -> str:
        at, raw = self.at, self.take(self.length())
        try:
            return raw.decode()
        except UnicodeDecodeError as e:
            raise Damaged(f"byte {at}: text that is not UTF-8") from e

    def value(self, kind: bytes, depth: int):
        if kind in CONSTANTS:
            return CONSTANTS[kind]
        if kind in NUMBERS:
            return self.number(kind)
        if kind == b"S":
            return self.text()
        if kind == b"C":
            return self.take(1).decode("latin-1")
        if depth == DEPTH:
            raise Damaged(f"byte {self.at}: more than {DEPTH} levels")
        if kind == b"[":
            return self.list(depth)
        if kind == b"{":
            return self.object(depth)
        raise Damaged(f"byte {self.at - 1}: {kind!r} is no type of UBJSON")

    def container(self) -> tuple[bytes | None, int | None]:
        """The type of all elements and their count, where they are said."""
        kind = count = None
        if self.peek() == b"$":
            self.take(1)
            kind = self.take(1)
            if self.peek() != b"#":
                raise Damaged(f"byte {self.at}: expected a count behind the type of elements")
        if self.peek() == b"#":
            self.take(1)
            count = self.length()
        if kind is not None and kind not in NUMBERS and kind not in (b"S", b"[", b"{"):
            raise Damaged(f"byte {self.at}: elements of type {kind!r}")
        return kind, count

    def list(self, depth: int):
        kind, count = self.container()
        if kind in NUMBERS:
            dtype = np.dtype(NUMBERS[kind])
            found = np.frombuffer(self.take(count * dtype.itemsize), dtype)
            return found.astype(dtype.newbyteorder("="))
        out = []
        while self.more(b"]", count, len(out)):
            out.append(self.value(kind or self.type(), depth + 1))
        return out

    def object(self, depth: int) -> dict:
        kind, count = self.container()
        out, members = {}, 0
        while self.more(b"}", count, members):
            name = self.text()
            if name in out:
                raise Damaged(f"byte {self.at}: {name!r} comes twice")
            out[name] = self.value(kind or self.type(), depth + 1)
            members += 1
        return out

    def more(self, end: bytes, count: int | None, found: int) -> bool:
        """Whether an element follows: by the count, or up to the end's mark."""
        if count is not None:
            return found < count
        while self.peek() == b"N":
            self.take(1)
        if self.peek() != end:
            return True
        self.take(1)
        return False
