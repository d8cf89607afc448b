"""Changes a .mote file byte by byte and makes its hashes right again.

Places are named: "header", "record 2" (of the section table), "STRINGS" and the
other sections, "symbol 0", "tensor 1", "plan 0", "value 0/3" (of plan 0),
"outputs 0" (of plan 0), "operator 0/2", "feature 1", "provenance", "tail".
"""

import struct

import xxhash

NAMES = ("STRINGS", "SYMBOLS", "TENSORS", "PLANS", "MODEL", "INPUT", "OUTPUT", "DATA")
SECTIONS = {name: number for number, name in enumerate(NAMES, 1)}
SECTIONS |= {"TEXT": 9, "JOBS": 10, "CODES": 13, "SERIES": 14}
RECORDS = {"symbol": ("SYMBOLS", 8), "tensor": ("TENSORS", 80), "plan": ("PLANS", 48)}
RECORDS |= {"feature": ("INPUT", 24)}
ALIGN, PAGE, TAIL = 64, 4096, 64


def align(n: int, to: int = ALIGN) -> int:
    return -(-n // to) * to


class Forge:
    def __init__(self, blob: bytes):
        self.bytes = bytearray(blob)

    def get(self, form: str, at: int) -> int:
        return struct.unpack_from("<" + form, self.bytes, at)[0]

    def records(self) -> list[int]:
        """Where the section table's records are, as far as the file has them."""
        count = min(self.get("I", 16), (len(self.bytes) - 128) // 32)
        return [128 + 32 * i for i in range(count)]

    def section(self, name: str) -> tuple[int, int, int]:
        """The record, the begin and the end of a section."""
        for record in self.records():
            if self.get("I", record) == SECTIONS[name]:
                begin = self.get("Q", record + 8)
                return record, begin, begin + self.get("Q", record + 16)
        raise KeyError(name)

    def find(self, where: str) -> int:
        what, *which = where.split()
        if what == "header":
            return 0
        if what == "record":
            return self.records()[int(*which)]
        if what == "provenance":
            return self.get("Q", 80)
        if what == "tail":
            return len(self.bytes) - TAIL
        if what in SECTIONS:
            return self.section(what)[1]
        if what in RECORDS:
            section, size = RECORDS[what]
            return self.section(section)[1] + 8 + size * int(*which)
        plan, _, number = which[0].partition("/")
        plans, record, number = (
            self.section("PLANS")[1],
            self.find(f"plan {plan}"),
            int(number or 0),
        )
        if what == "outputs":
            return plans + self.get("I", record + 28)
        if what == "value":
            return plans + self.get("I", record + 24) + 32 * number
        at = plans + self.get("I", record + 32)
        for _ in range(number):
            at += self.get("I", at + 4)
        return at

    def put(self, where: str, offset: int, form: str, *values: int) -> None:
        struct.pack_into("<" + form, self.bytes, self.find(where) + offset, *values)

    def sign(self) -> None:
        """Makes every hash right, wherever what it covers is within the file."""
        for record in self.records():
            begin = self.get("Q", record + 8)
            end = begin + self.get("Q", record + 16)
            if end <= len(self.bytes):
                self.hash(record + 24, self.bytes[begin:end])
        table = self.bytes[128 : 128 + 32 * len(self.records())]
        self.hash(64, self.bytes[:64] + table)
        begin = self.get("Q", 80)
        end = begin + self.get("Q", 88)
        if begin and end <= len(self.bytes):
            self.hash(96, self.bytes[begin:end])
        self.sign_header()

    def sign_header(self) -> None:
        self.hash(120, self.bytes[:120])

    def hash(self, at: int, covered: bytes) -> None:
        struct.pack_into("<Q", self.bytes, at, xxhash.xxh64_intdigest(bytes(covered)))

    # ------------------------------------------------------- larger changes

    def resize(self, n: int) -> None:
        """Cuts the file, or adds zeros, and says so in its header."""
        self.bytes = self.bytes[:n] + bytes(max(0, n - len(self.bytes)))
        self.put("header", 72, "Q", n)

    def insert(self, at: int, n: int) -> None:
        """n zeros, or -n bytes less, before the sections that begin at `at` and
        behind; what names their places follows."""
        self.bytes[at + min(0, n) : at] = bytes(max(0, n))
        for record in self.records():
            if self.get("Q", record + 8) >= at:
                self.add(record + 8, n)
        for i in range(self.get("I", self.find("TENSORS"))):
            self.add(self.find(f"tensor {i}") + 32, n)
        self.add(40, n)
        self.add(72, n)
        if self.get("Q", 80):
            self.add(80, n)

    def add(self, at: int, n: int) -> None:
        struct.pack_into("<Q", self.bytes, at, self.get("Q", at) + n)

    def append_sections(self, *more: tuple[int, int, bytes]) -> None:
        """Sections (type, flags, content) behind the others; the table is moved
        into room made for it."""
        provenance = self.bytes[self.get("Q", 80) :][: self.get("Q", 88)]
        count = len(self.records())
        room = 128 + 32 * (count + len(more))
        first = self.get("Q", 128 + 8)
        if room > first:
            self.insert(first, align(room) - first)
        last = self.records()[-1]
        end = self.get("Q", last + 8) + self.get("Q", last + 16)
        del self.bytes[end:]
        for i, (kind, flags, content) in enumerate(more):
            begin = align(len(self.bytes))
            self.bytes += bytes(begin - len(self.bytes)) + content
            struct.pack_into(
                "<IIQQQ", self.bytes, 128 + 32 * (count + i), kind, flags, begin, len(content), 0
            )
        content_bytes = align(len(self.bytes))
        self.bytes += bytes(content_bytes - len(self.bytes)) + provenance
        self.put("header", 16, "I", count + len(more))
        self.put("header", 40, "Q", content_bytes)
        self.put("header", 80, "Q", content_bytes if provenance else 0)
        self.resize(align(len(self.bytes)) + TAIL)
