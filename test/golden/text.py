"""Writes the golden TEXT sections: PYTHONPATH=tools python test/golden/text.py

  text/good/*.text   sections that every reader takes
  text/bad/*.text    sections that every reader refuses
  text/cases.tsv     file, status
  text/ids.tsv       what good ones answer: file, cap, "cut" or "whole", the text
                     in hexadecimal, ids

The ids come from the second reader, never from the engine. The same bytes come
out every time; with --check nothing is written and a difference fails.
"""

import struct
import sys
from collections.abc import Callable
from pathlib import Path

from mote import reader_text
from mote.tokenizer import FILTER, HEAD, Tokenizer

HERE = Path(__file__).resolve().parent / "text"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# head: field -> where and how wide
FIELDS = {
    "kind": (0, "H"), "version": (2, "H"), "bytes": (4, "I"), "ids": (8, "I"), "flags": (12, "I"),
    "cls": (16, "I"), "sep": (20, "I"), "unk": (24, "I"), "longest_word": (28, "H"),
    "longest_first": (30, "B"), "longest_next": (31, "B"), "id_bytes": (32, "B"),
    "added": (33, "B"),
    "symbols": (34, "B"), "zero": (35, "B"), "buckets": (36, "I"), "entry_bytes": (40, "I"),
    "added_bytes": (44, "I"),
}  # fmt: skip

WORDS = """the cat sat on mat it is in was and to of a not play play## token nation train café cafe
naive Paris paris NATO nato ß straße ω ως σ ος русский язык и не жизнь
你 好 世 界 中 𠮷 豈 龜 ᄀ ᅡ ᆨ 한국 ᄒ ᅡᆫ ά ν θ ρ א ב שלום مر حبا ก น ครับ ொ ெ ா
😀 👍 ☃ 1 2 3 10 2024 , . ! ? ' " - [ ] # # { } ~ « » 。 、 ・""".split()
PIECES = "s ed ing ly ization r i a n ά σ ς ь ет ᅡ ᆨ ᆫ ᅥ ם ي น ️ 𝅘𝅥 𝅥 𝅭 ' s 0 1 x".split()


def tokens(lowercase: bool) -> dict[str, int]:
    letters = [chr(c) for c in range(0x61, 0x7B)] + (
        [] if lowercase else [chr(c) for c in range(0x41, 0x5B)]
    )
    words = [w for w in WORDS if not lowercase or w == w.lower()]
    all_ = [*SPECIAL, "[unused0]", *words, *letters, *(f"##{p}" for p in (*PIECES, *letters))]
    return {t: i for i, t in enumerate(dict.fromkeys(all_))}


def tokenizer(vocabulary: dict[str, int], **options) -> Tokenizer:
    added = {t: vocabulary[t] for t in SPECIAL}
    return Tokenizer(
        vocabulary, added, vocabulary["[CLS]"], vocabulary["[SEP]"], vocabulary["[UNK]"], **options
    )


def sparse() -> Tokenizer:
    """Ids above 65535, an added token of two bytes, pieces of many codes."""
    vocabulary = {
        t: i * 7919
        for i, t in enumerate(
            [*SPECIAL, "ab", "##ab", "##" + "zyxwvutsrqponmlkjihgfedcba", "q", "ÿ" * 100]
        )
    }
    t = tokenizer(vocabulary, longest_word=256)
    t.added["é!"] = 77
    return t


GOOD: dict[str, Callable[[], Tokenizer]] = {
    "uncased": lambda: tokenizer(tokens(True)),
    "cased": lambda: tokenizer(tokens(False), lowercase=False, strip_accents=False),
    "accents": lambda: tokenizer(tokens(True), strip_accents=False),
    "no_chinese": lambda: tokenizer(tokens(True), chinese=False, longest_word=5),
    "sparse": sparse,
}

TEXTS = [
    "", " ", "the cat sat on the mat", "The CAT's playing, naïvely!", "Café CAFÉ cafe\u0301",
    "tokenization nationalized",
    "[CLS] the [SEP]cat[MASK] [sep] [[PAD]]", "你好世界 the中𠮷x豈", "한국 각 가 한\u302e\u302f국",
    "İ I ı ΑΣ ΩΣ ẞ ß straße Straße",
    "a\x00b\x01c\u200bd\ufffde\x7ff", "the\u00a0cat\u2003sat\tthe\ncat\r\n\u3000on",
    "русский ЯЗЫК и не жизнь",
    "مر حبا שלום ครับ",
    "\u0bca \u1d15e \U0001d15e\U0001d160 a\U0001d16e\U0001d165", "😀👍🏽☃\ufe0f ❤",
    "x" * 100, "x" * 101, "x" * 256, "x" * 257, "x" * 1100,
    "a" + "\u0301" * 60 + "b", "«the» 。cat、 ・", "\u037e \u1fef \u2126 \u212a \u212b",
    "ab" + "zyxwvutsrqponmlkjihgfedcba" * 2 + " Ab éé! É! é!q",
    "ÿ" * 100,
    "a\U0001d16d\u034f\U0001d165 a\U0001d16d\u0301\U0001d165 a\u034f\U0001d16d\U0001d165",
]  # fmt: skip
NOISE = [
    b"the\xff cat",
    b"\xed\xa0\x80a\xc3",
    b"\xf0\x9f\x98",
    b"caf\xc3\xa9\xc3 \xe4\xbd\xa0\xe4",
    bytes(range(256)),
]


def put(section: bytes, field: str, value: int) -> bytes:
    at, form = FIELDS[field]
    return section[:at] + struct.pack("<" + form, value) + section[at + struct.calcsize(form) :]


def get(section: bytes, field: str) -> int:
    at, form = FIELDS[field]
    return struct.unpack_from("<" + form, section, at)[0]


def starts(section: bytes) -> dict[str, int]:
    n, added = get(section, "symbols"), get(section, "added_bytes")
    lengths = HEAD.size + 8 * n
    zeros = lengths + n + added
    index = zeros + -zeros % 4
    entries = index + 4 * (get(section, "buckets") + 1)
    return {
        "symbols": HEAD.size, "lengths": lengths, "added": lengths + n, "zeros": zeros,
        "index": index, "entries": entries, "tail": entries + get(section, "entry_bytes"),
    }  # fmt: skip


def byte(section: bytes, part: str, off: int, change: Callable[[int], int]) -> bytes:
    at = starts(section)[part] + off
    return section[:at] + bytes([change(section[at])]) + section[at + 1 :]


def index(section: bytes, i: int, change: Callable[[int], int]) -> bytes:
    at = starts(section)["index"] + 4 * i
    new = change(struct.unpack_from("<I", section, at)[0])
    return section[:at] + struct.pack("<I", new) + section[at + 4 :]


def longer(section: bytes) -> bytes:
    return put(section + bytes(8), "bytes", len(section) + 8)


def swapped(section: bytes) -> bytes:
    """Two pieces of a bucket in the wrong order."""
    at, id_bytes = starts(section)["entries"], get(section, "id_bytes")
    i = at

    def end(k):
        assert section[k] & 15 < 15
        return k + 1 + id_bytes + (section[k] & 15)

    bounds = [
        x >> FILTER
        for x in struct.unpack_from(
            f"<{get(section, 'buckets') + 1}I", section, starts(section)["index"]
        )
    ]
    bucket = next(b for b in range(len(bounds) - 1) if end(at + bounds[b]) < at + bounds[b + 1])
    i = at + bounds[bucket]
    j = end(i)
    return section[:i] + section[j : end(j)] + section[i:j] + section[end(j) :]


BAD: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "empty": ("FORMAT", lambda s: b""),
    "short": ("FORMAT", lambda s: s[:40]),
    "cut": ("FORMAT", lambda s: s[:-8]),
    "longer": ("FORMAT", longer),
    "kind": ("UNKNOWN", lambda s: put(s, "kind", 2)),
    "version": ("UNKNOWN", lambda s: put(s, "version", 2)),
    "bytes": ("FORMAT", lambda s: put(s, "bytes", len(s) + 8)),
    "no_ids": ("FORMAT", lambda s: put(s, "ids", 0)),
    "many_ids": ("FORMAT", lambda s: put(s, "ids", (1 << 24) + 1)),
    "few_ids": ("FORMAT", lambda s: put(s, "ids", 20)),
    "cls": ("FORMAT", lambda s: put(s, "cls", get(s, "ids"))),
    "sep": ("FORMAT", lambda s: put(s, "sep", get(s, "ids"))),
    "unk": ("FORMAT", lambda s: put(s, "unk", 1 << 31)),
    "flags": ("FORMAT", lambda s: put(s, "flags", 8)),
    "strip_alone": ("FORMAT", lambda s: put(s, "flags", 4)),
    "no_word": ("FORMAT", lambda s: put(s, "longest_word", 0)),
    "long_word": ("FORMAT", lambda s: put(s, "longest_word", 257)),
    "longest_first": ("FORMAT", lambda s: put(s, "longest_first", 3)),
    "longest_next": ("FORMAT", lambda s: put(s, "longest_next", 0)),
    "id_bytes": ("FORMAT", lambda s: put(s, "id_bytes", 4)),
    "other_id_bytes": ("FORMAT", lambda s: put(s, "id_bytes", 3)),
    "zero": ("FORMAT", lambda s: put(s, "zero", 1)),
    "no_buckets": ("FORMAT", lambda s: put(s, "buckets", 0)),
    "many_buckets": ("FORMAT", lambda s: put(s, "buckets", (1 << 24) + 1)),
    "more_buckets": ("FORMAT", lambda s: put(s, "buckets", get(s, "buckets") + 1)),
    "entry_bytes": ("FORMAT", lambda s: put(s, "entry_bytes", (1 << 22))),
    "more_entry_bytes": ("FORMAT", lambda s: put(s, "entry_bytes", get(s, "entry_bytes") + 1)),
    "added_bytes": ("FORMAT", lambda s: put(s, "added_bytes", 0xFFFFFFFF)),
    "added": ("FORMAT", lambda s: put(s, "added", get(s, "added") + 1)),
    "added_fewer": ("FORMAT", lambda s: put(s, "added", get(s, "added") - 1)),
    "added_empty": ("FORMAT", lambda s: byte(s, "added", 0, lambda x: 0)),
    "added_long": ("FORMAT", lambda s: byte(s, "added", 0, lambda x: 255)),
    "added_order": ("FORMAT", lambda s: byte(s, "added", 0, lambda x: x - 2)),
    "added_id": ("FORMAT", lambda s: byte(s, "added", 3, lambda x: 1)),
    "added_text": ("FORMAT", lambda s: byte(s, "added", 4, lambda x: 0xFF)),
    "symbols": ("FORMAT", lambda s: put(s, "symbols", get(s, "symbols") - 1)),
    "symbol_zeros": ("FORMAT", lambda s: byte(s, "symbols", 7, lambda x: 1)),
    "symbol_empty": ("FORMAT", lambda s: byte(s, "lengths", 0, lambda x: 0)),
    "symbol_long": ("FORMAT", lambda s: byte(s, "lengths", 0, lambda x: 9)),
    "index_begin": ("FORMAT", lambda s: index(s, 0, lambda x: x + (1 << FILTER))),
    "index_end": ("FORMAT", lambda s: index(s, get(s, "buckets"), lambda x: x - (1 << FILTER))),
    "index_end_filter": ("FORMAT", lambda s: index(s, get(s, "buckets"), lambda x: x + 1)),
    "index_falls": ("FORMAT", lambda s: index(s, 2, lambda x: x | 1 << 31)),
    "index_inside": ("FORMAT", lambda s: index(s, 2, lambda x: x + (1 << FILTER))),
    "filter": ("FORMAT", lambda s: index(s, 0, lambda x: x ^ 1)),
    "tag": ("FORMAT", lambda s: byte(s, "entries", 0, lambda x: x ^ 0x10)),
    "continues": ("FORMAT", lambda s: byte(s, "entries", 0, lambda x: x ^ 0x80)),
    "codes": ("FORMAT", lambda s: byte(s, "entries", 0, lambda x: x | 15)),
    "no_codes": ("FORMAT", lambda s: byte(s, "entries", 0, lambda x: x & 0xF0)),
    "piece_id": ("FORMAT", lambda s: byte(s, "entries", 2, lambda x: 255)),
    "piece_code": ("FORMAT", lambda s: byte(s, "entries", 3, lambda x: x ^ 1)),
    "piece_byte": ("FORMAT", lambda s: byte(s, "entries", 3, lambda x: 255)),
    "piece_order": ("FORMAT", swapped),
    "zeros": ("FORMAT", lambda s: byte(s, "zeros", 0, lambda x: 1)),
    "tail": ("FORMAT", lambda s: byte(s, "tail", 0, lambda x: 1)),
}


def ids_lines() -> str:
    lines = []
    for name, make in GOOD.items():
        text = reader_text.read(make().section())
        for data in [*(t.encode() for t in TEXTS), *NOISE]:
            for cap in (5, 4096):
                ids, cut = text.encode(data, cap)
                lines.append(
                    "\t".join(
                        [
                            name,
                            str(cap),
                            "cut" if cut else "whole",
                            data.hex() or "-",
                            " ".join(map(str, ids)),
                        ]
                    )
                )
    return "\n".join(lines) + "\n"


def files() -> dict[Path, bytes]:
    out = {HERE / "good" / f"{name}.text": make().section() for name, make in GOOD.items()}
    base = out[HERE / "good" / "uncased.text"]
    cases = [f"good/{name}.text\tOK" for name in GOOD]
    for name, (status, change) in BAD.items():
        out[HERE / "bad" / f"{name}.text"] = change(base)
        cases.append(f"bad/{name}.text\t{status}")
    out[HERE / "cases.tsv"] = ("\n".join(cases) + "\n").encode()
    out[HERE / "ids.tsv"] = ids_lines().encode()
    return out


def main(argv: list[str]) -> int:
    made = files()
    if argv == ["--check"]:
        there = {p: p.read_bytes() for p in HERE.rglob("*") if p.is_file()}
        wrong = [str(p) for p in made.keys() | there.keys() if made.get(p) != there.get(p)]
        for p in sorted(wrong):
            print(f"{p}: not what this script writes")
        return int(bool(wrong))
    for path, data in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
