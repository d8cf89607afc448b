"""The bad files: each is a good one with a single thing wrong, and its hashes
made right again, so that only the check that is meant can refuse it.

BAD maps a name to a Bad. A change is a place of forge.py, an offset there, a
struct format and its values; several of them; or a function of the Forge.
"""

from collections.abc import Callable
from dataclasses import dataclass

from forge import PAGE, TAIL, Forge

NONE = 0xFFFFFFFF
SYMBOL = 0x80000000
UNKNOWN = 77  # type of a section that no reader knows


@dataclass
class Bad:
    base: str  # the good file it is made from
    kind: str
    section: str
    changes: list
    signed: bool = True


BAD: dict[str, Bad] = {}


def bad(kind: str, section: str, base: str, signed: bool = True, **cases) -> None:
    for name, change in cases.items():
        name = f"{section.lower().replace(' ', '_')}_{name}"
        assert name not in BAD, name
        single = callable(change) or isinstance(change[0], str)
        BAD[name] = Bad(base, kind, section, [change] if single else change, signed)


def forged(case: Bad, blob: bytes) -> bytes:
    f = Forge(blob)
    for change in case.changes:
        if callable(change):
            change(f)
        else:
            f.put(*change)
    if case.signed:
        f.sign()
    return bytes(f.bytes)


def cut(n: int) -> Callable[[Forge], None]:
    """Only the first n bytes, unsigned."""

    def change(f: Forge) -> None:
        del f.bytes[n:]

    return change


def resigned(*put) -> Callable[[Forge], None]:
    """A change that only the header's hash is told of."""

    def change(f: Forge) -> None:
        f.put(*put)
        f.sign_header()

    return change


# ------------------------------------------------------------------------ header

bad("format", "header", "identity", signed=False, empty=cut(0), cut_127=cut(127))
bad(
    "format",
    "header",
    "identity",
    magic=("header", 0, "B", 0x88),
    no_sections=("header", 16, "I", 0),
    sections_33=("header", 16, "I", 33),
    zero_20=("header", 20, "I", 1),
    zero_48=("header", 55, "B", 1),
    zero_104=("header", 119, "B", 1),
    request_arena_misaligned=("header", 24, "Q", 72),
    model_arena=("header", 32, "Q", 64),
    content_misaligned=lambda f: f.add(40, 8),
    content_beyond=("header", 40, "Q", 1 << 40),
    content_in_table=("header", 40, "Q", 128),
    file_longer=lambda f: f.add(72, 64),
    file_shorter=lambda f: f.add(72, -64),
)
bad(
    "format",
    "header",
    "identity",
    content_longer=lambda f: (f.resize(len(f.bytes) + 64), f.add(40, 64)),
)
bad(
    "version",
    "header",
    "identity",
    format_0=("header", 8, "H", 0),
    reader_2=("header", 8, "HH", 2, 2),
    arithmetic_2=("header", 12, "I", 2),
)
bad("damaged", "header", "identity", signed=False, hash=("header", 127, "B", 0))

# ----------------------------------------------------------------- section table


def swap_records(f: Forge) -> None:
    f.bytes[128:160], f.bytes[160:192] = f.bytes[160:192], f.bytes[128:160]


def move_data(f: Forge) -> None:
    """DATA of a page and more, 64 bytes before its page."""
    f.insert(f.section("DATA")[1], -64)


def append(*sections: tuple) -> Callable[[Forge], None]:
    return lambda f: f.append_sections(*sections)


def damage_last(f: Forge) -> None:
    """A bit of the last section, after signing the others."""
    f.append_sections((UNKNOWN, 0, b"what it holds"))
    f.sign()
    f.bytes[f.get("Q", f.records()[-1] + 8)] ^= 1


bad(
    "format",
    "section table",
    "linear",
    out_of_order=swap_records,
    overlap=lambda f: f.put("record 1", 8, "Q", f.get("Q", f.find("record 0") + 8)),
    in_table=("record 0", 8, "Q", 128),
    misaligned=lambda f: f.add(f.find("record 3") + 8, 8),
    offset_beyond=("record 7", 8, "Q", 1 << 63),
    end_beyond=("record 7", 16, "Q", (1 << 64) - 64),
    gap=lambda f: f.bytes.__setitem__(f.section("STRINGS")[2], 1),
)
bad("damaged", "section table", "linear", signed=False, hash=resigned("header", 64, "Q", 1))
bad("unknown", "section table", "identity", unknown_required=append((UNKNOWN, 1, b"needed")))
bad("format", "section table", "identity", flags_2=("record 0", 4, "I", 3))
bad(
    "format",
    "section table",
    "identity",
    unknown_twice=append((UNKNOWN, 0, b"one"), (UNKNOWN, 0, b"two")),
)
bad("format", "section table", "pages", data_misaligned=move_data)
bad("damaged", "section table", "identity", signed=False, unknown_damaged=damage_last)
bad("format", "STRINGS", "identity", twice=("record 1", 0, "I", 1))
for number, name in enumerate(
    ("STRINGS", "SYMBOLS", "TENSORS", "PLANS", "MODEL", "INPUT", "OUTPUT")
):
    bad("format", name, "linear", absent=("record " + str(number), 0, "II", UNKNOWN, 0))
    bad("damaged", name, "linear", signed=False, damaged=(name, 3, "B", 0x55))
bad("damaged", "DATA", "linear", signed=False, damaged=("DATA", 3, "B", 0x55))
bad("format", "TENSORS", "linear", no_data=("record 7", 0, "II", UNKNOWN, 0))

# ------------------------------------------------------------ tail and provenance

bad("format", "tail", "linear", signed=False, not_zero=("tail", TAIL - 1, "B", 1))
bad("format", "tail", "identity", short=lambda f: f.resize(len(f.bytes) - 64))
bad(
    "format",
    "section table",
    "linear",
    end_padding=lambda f: f.bytes.__setitem__(f.section("DATA")[2], 1),
)
bad(
    "format",
    "provenance",
    "linear",
    elsewhere=lambda f: f.add(80, 64),
    beyond=("header", 88, "Q", 1 << 40),
    absent_with_bytes=("header", 80, "QQQ", 0, 8, 0),
    absent_with_hash=("header", 80, "QQQ", 0, 0, 1),
    count_more=("provenance", 0, "I", 4),
    count_less=("provenance", 0, "I", 2),
    zero=("provenance", 4, "I", 1),
    key_beyond=("provenance", 8, "H", 0xFFFF),
    value_beyond=("provenance", 12, "I", 0xFFFFFFFF),
    type_4=("provenance", 10, "H", 4),
    number_of_7_bytes=("provenance", 36, "I", 7),
    key_not_utf8=("provenance", 16, "B", 0xFF),
    value_not_utf8=("provenance", 23, "B", 0xFF),
    padding=("provenance", 31, "B", 1),
    bytes_more=lambda f: f.add(88, 8),
)
bad("damaged", "provenance", "linear", signed=False, damaged=("provenance", 16, "B", 0))

# -------------------------------------------------------------- strings, symbols

bad(
    "format",
    "STRINGS",
    "spare",
    count_beyond=("STRINGS", 0, "I", 0x40000000),
    first_not_0=("STRINGS", 4, "I", 1),
    out_of_order=lambda f: f.put("STRINGS", 8, "I", f.get("I", f.find("STRINGS") + 12) + 1),
    start_beyond=("STRINGS", 8, "I", 0x7FFFFFFF),
    bytes_more=lambda f: f.add(f.find("record 0") + 16, 1),
    not_utf8=lambda f: f.bytes.__setitem__(f.section("STRINGS")[2] - 1, 0xFF),
    half_a_character=lambda f: f.bytes.__setitem__(f.section("STRINGS")[2] - 1, 0xC3),
)
bad(
    "format",
    "SYMBOLS",
    "spare",
    count_0=("SYMBOLS", 0, "I", 0),
    count_9=("SYMBOLS", 0, "I", 9),
    count_less=("SYMBOLS", 0, "I", 2),
    zero=("SYMBOLS", 4, "I", 1),
    name=("symbol 0", 0, "I", 99),
    maximum_0=("symbol 2", 4, "I", 0),
    maximum_above=("symbol 2", 4, "I", 1 << 24),
)

# ----------------------------------------------------------------------- tensors

bad(
    "unknown",
    "TENSORS",
    "linear",
    layout_2=("tensor 0", 2, "B", 2),
    layout_version_2=("tensor 0", 3, "B", 2),
    encoding_6=("tensor 0", 4, "B", 6),
)
bad(
    "format",
    "TENSORS",
    "linear",
    count_more=("TENSORS", 0, "I", 3),
    zero=("TENSORS", 4, "I", 1),
    dtype_0=("tensor 0", 0, "B", 0),
    dtype_text=("tensor 0", 0, "B", 9),
    rank_5=("tensor 0", 1, "B", 5),
    bits=("tensor 0", 5, "B", 32),
    zero_6=("tensor 0", 6, "H", 1),
    block=("tensor 0", 8, "I", 64),
    encoding_planes=("tensor 0", 4, "B", 1),
    name=("tensor 0", 12, "I", 99),
    dim_0=("tensor 0", 16, "I", 0),
    dim_large=("tensor 0", 16, "I", 1 << 31),
    dim_beyond_rank=("tensor 0", 24, "I", 1),
    shape=("tensor 0", 20, "I", 5),
    shape_overflows=[("tensor 0", 1, "B", 4), ("tensor 0", 16, "4I", *[(1 << 31) - 1] * 4)],
    p8k8_f64=("tensor 0", 2, "B", 1),
    data_misaligned=lambda f: f.add(f.find("tensor 0") + 32, 8),
    data_before=lambda f: f.add(f.find("tensor 0") + 32, -64),
    data_beyond=lambda f: f.add(f.find("tensor 1") + 32, 64),
    data_bytes=lambda f: f.add(f.find("tensor 0") + 40, -8),
    decoded_bytes=lambda f: f.add(f.find("tensor 0") + 48, 8),
    table=("tensor 0", 56, "Q", 64),
    index=("tensor 0", 64, "Q", 64),
    checksum=("tensor 0", 72, "Q", 64),
)
bad("format", "TENSORS", "every", p8k8_rank_1=[("tensor 3", 1, "B", 1), ("tensor 3", 20, "I", 0)])
bad(
    "format",
    "TENSORS",
    "pages",
    data_not_on_page=lambda f: f.put("tensor 0", 32, "Q", f.section("DATA")[1] + PAGE + 64),
)
bad("format", "DATA", "linear", gap=("DATA", 96, "B", 1))
bad("format", "DATA", "every", p8k8_padding=("DATA", 192 + 3, "b", 1))
bad("format", "DATA", "every", p8k8_128=("DATA", 192, "b", -128))
bad(
    "format",
    "DATA",
    "spare",
    bool_2=lambda f: f.bytes.__setitem__(f.get("Q", f.find("tensor 5") + 32), 2),
)
