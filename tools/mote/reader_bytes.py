"""Bytes of a .mote file, read with their bounds checked.

A part is one stretch of the file with a name. Everything that the reader
refuses is refused through a part, so that the message can name it.
"""

import struct
from collections.abc import Iterable

from mote.errors import Refusal

NONE = 0xFFFFFFFF  # where an index may be absent


class BadFile(Refusal):
    """Not a .mote file that this reader knows and trusts.

    kind is "format" (the bytes break the format), "version" (a newer reader or
    another arithmetic is asked for), "unknown" (something this reader does not
    know is needed) or "damaged" (a checksum does not match).
    """

    def __init__(self, kind: str, section: str, message: str):
        super().__init__(f"{section}: {message}")
        self.kind, self.section, self.message = kind, section, message


class Part:
    """Bytes begin to end of the file, which the file is known to have."""

    def __init__(self, name: str, blob: bytes, begin: int, end: int):
        self.name, self.begin, self.end = name, begin, end
        self.bytes = memoryview(blob)[begin:end]

    def __len__(self) -> int:
        return len(self.bytes)

    def refuse(self, message: str, kind: str = "format") -> BadFile:
        return BadFile(kind, self.name, message)

    def expect(self, condition: bool, message: str, kind: str = "format") -> None:
        if not condition:
            raise self.refuse(message, kind)

    def unpack(self, form: str, at: int) -> tuple:
        """Little-endian numbers at a byte of this part."""
        size = struct.calcsize("<" + form)
        self.expect(
            at + size <= len(self), f"expected {size} bytes at {at}, got the end at {len(self)}"
        )
        return struct.unpack_from("<" + form, self.bytes, at)

    def u32(self, at: int) -> int:
        return self.unpack("I", at)[0]

    def zeros(self, begin: int, end: int) -> None:
        """Unused bytes are 0."""
        used = bytes(self.bytes[begin:end]).lstrip(b"\0")
        self.expect(
            not used,
            f"expected unused bytes {begin} to {end} to be 0, got another at {end - len(used)}",
        )

    def zeros_between(self, used: Iterable[tuple[int, int]]) -> None:
        """All bytes outside of the stretches (begin, end) are unused."""
        at = 0
        for begin, end in sorted(used):
            self.zeros(at, max(at, begin))
            at = max(at, end)
        self.zeros(at, len(self))

    def index(self, i: int, count: int, what: str) -> int:
        self.expect(i < count, f"{what}: expected an index below {count}, got {i}")
        return i

    def string(self, strings: list[str], i: int, what: str) -> str:
        return strings[self.index(i, len(strings), what)]

    def string_or_none(self, strings: list[str], i: int, what: str) -> str | None:
        return None if i == NONE else self.string(strings, i, what)
