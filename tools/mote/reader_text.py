"""The TEXT section of a .mote file, written from compress/FORMAT.md, "TEXT", and from
nothing else. Characters are asked of the package `tokenizers`, which that page names;
pieces are looked up in a dictionary.
"""

import struct
from dataclasses import dataclass

from mote.errors import Refusal
from mote.reader_bytes import Part

HEAD = "HHIIIIIIHBBBBBBIII"
CHINESE, LOWERCASE, STRIP_ACCENTS = 1, 2, 4
MULTIPLIER = 0x9E3779B97F4A7C15
FILTER_BITS = 10
LONG, BYTE = 15, 255


def hash_of(key: bytes, continues: int) -> int:
    h = len(key) + 256 * continues
    for at in range(0, len(key), 8):
        x = int.from_bytes(key[at : at + 8], "little")
        h = (h ^ x) * MULTIPLIER % 2**64
        h ^= h >> 32
    return h * MULTIPLIER % 2**64


@dataclass
class Text:
    """A tokenizer as the section has it.

    pieces: (continues, bytes) -> id. added: bytes -> id, in the section's order.
    """

    ids: int
    flags: int
    cls: int
    sep: int
    unk: int
    longest_word: int
    longest_piece: tuple[int, int]
    symbols: list[bytes]
    added: dict[bytes, int]
    pieces: dict[tuple[int, bytes], int]

    def vocabulary(self) -> dict[str, int]:
        """Tokens as vocab.txt has them, and their ids."""
        return {"##" * k + key.decode(): i for (k, key), i in self.pieces.items()}

    def encode(self, text: str | bytes, cap: int) -> tuple[list[int], bool]:
        """Ids of a text, at most cap (2 or more), and whether some were left out."""
        ids = self._ids(text)
        cut = ids[: cap - 2]
        return [self.cls, *cut, self.sep], len(cut) < len(ids)

    def encode_pair(
        self, a: str | bytes, b: str | bytes, cap: int
    ) -> tuple[list[int], list[int], bool]:
        """Ids and types of two texts, at most cap (3 or more); likewise."""
        first, second = self._ids(a), self._ids(b)
        m = cap - 3
        longer, other = (first, second) if len(first) > len(second) else (second, first)
        l, s = len(longer), len(other)  # noqa: E741
        if l + s > m:
            l = m - s  # noqa: E741
            if l < s:
                l, s = m - m // 2, m // 2  # noqa: E741
        cut = len(longer) > l or len(other) > s
        del longer[l:], other[s:]
        types = [0] * (len(first) + 2) + [1] * (len(second) + 1)
        return [self.cls, *first, self.sep, *second, self.sep], types, cut

    def _ids(self, text: str | bytes) -> list[int]:
        data = text if isinstance(text, bytes) else text.encode()
        ids, between = [], 0
        at = 0
        while at < len(data):
            token = next((t for t in self.added if data.startswith(t, at)), None)
            if token is None:
                at += 1
                continue
            ids += self._words(data[between:at])
            ids.append(self.added[token])
            at = between = at + len(token)
        return ids + self._words(data[between:])

    def _words(self, data: bytes) -> list[int]:
        try:
            from tokenizers import normalizers, pre_tokenizers
        except ImportError as e:
            raise Refusal("this reader encodes with the package tokenizers: pip install it") from e
        normalizer = normalizers.BertNormalizer(
            clean_text=True,
            handle_chinese_chars=bool(self.flags & CHINESE),
            strip_accents=bool(self.flags & STRIP_ACCENTS),
            lowercase=bool(self.flags & LOWERCASE),
        )
        plain = normalizer.normalize_str(data.decode("utf-8", "replace"))
        words = pre_tokenizers.BertPreTokenizer().pre_tokenize_str(plain)
        return [i for word, _ in words for i in self._word(word)]

    def _word(self, word: str) -> list[int]:
        if len(word) > self.longest_word:
            return [self.unk]
        ids, at = [], 0
        while at < len(word):
            ends = (
                end
                for end in range(len(word), at, -1)
                if (int(at > 0), word[at:end].encode()) in self.pieces
            )
            end = next(ends, None)
            if end is None:
                return [self.unk]
            ids.append(self.pieces[int(at > 0), word[at:end].encode()])
            at = end
        return ids


def read(section: bytes) -> Text:
    """The section, checked in full. Raises BadFile."""
    p = Part("TEXT", section, 0, len(section))
    head = p.unpack(HEAD, 0)
    kind, version, size, ids, flags, cls, sep, unk, word = head[:9]
    first, next_, id_bytes, added_count, n, zero, buckets, entry_bytes, added_bytes = head[9:]
    p.expect(
        (kind, version) == (1, 1),
        f"expected record 1 of version 1, got {kind} of {version}",
        "unknown",
    )
    p.expect(size == len(p) and size % 8 == 0, "expected one record that fills the section")
    p.expect(1 <= ids <= 1 << 24 and max(cls, sep, unk) < ids, "expected ids below their number")
    bare = flags & (STRIP_ACCENTS | LOWERCASE) == STRIP_ACCENTS
    p.expect(flags < 8 and not bare and zero == 0, "expected known flags")
    p.expect(1 <= word <= 256, "expected words of 1 to 256 characters")
    p.expect(id_bytes in (2, 3), "expected ids of 2 or 3 bytes")
    p.expect(1 <= buckets <= 1 << 24 and entry_bytes < 1 << 22, "expected fewer buckets or entries")
    sizes = 8 * n, n, added_bytes, -(9 * n + added_bytes) % 4, 4 * (buckets + 1), entry_bytes
    starts = [48]
    for part in sizes:
        starts.append(starts[-1] + part)
    p.expect(8 <= size - starts[-1] <= 15, "expected parts as long as their counts say")
    p.zeros(starts[3], starts[4])
    p.zeros(starts[-1], size)
    symbols, lengths, added, _, index, entries = (
        section[a : a + s] for a, s in zip(starts, sizes, strict=False)
    )
    text = Text(
        ids,
        flags,
        cls,
        sep,
        unk,
        word,
        (first, next_),
        _symbols(p, symbols, lengths),
        _added(p, added, added_count, ids),
        {},
    )
    _pieces(p, text, struct.unpack(f"<{buckets + 1}I", index), entries, id_bytes)
    return text


def _added(p: Part, data: bytes, count: int, ids: int) -> dict[bytes, int]:
    added, at, before = {}, 0, 255
    for _ in range(count):
        p.expect(at + 5 <= len(data), "expected an added token, got the end")
        n, i = data[at], int.from_bytes(data[at + 1 : at + 4], "little")
        token = data[at + 4 : at + 4 + n]
        p.expect(
            1 <= n <= before and n == len(token) and i < ids, "expected added tokens, longest first"
        )
        p.expect(_is_utf8(token), "expected added tokens of UTF-8")
        added.setdefault(token, i)
        at, before = at + 4 + n, n
    p.expect(at == len(data), "expected nothing behind the added tokens")
    return added


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _symbols(p: Part, data: bytes, lengths: bytes) -> list[bytes]:
    symbols = [data[8 * i : 8 * i + 8] for i in range(len(lengths))]
    for symbol, n in zip(symbols, lengths, strict=True):
        p.expect(1 <= n <= 8 and not any(symbol[n:]), "expected symbols of 1 to 8 bytes")
    return [symbol[:n] for symbol, n in zip(symbols, lengths, strict=True)]


def _pieces(p: Part, text: Text, index: tuple[int, ...], entries: bytes, id_bytes: int) -> None:
    starts = [x >> FILTER_BITS for x in index]
    whole = starts[0] == 0 and index[-1] == len(entries) << FILTER_BITS
    p.expect(whole and starts == sorted(starts), "expected an index that ascends to the end")
    for b in range(len(index) - 1):
        found = _bucket(p, text, entries[starts[b] : starts[b + 1]], id_bytes)
        p.expect(len(found) <= 64, "expected at most 64 pieces in a bucket")
        bits = 0
        for k, (tag, i, key) in enumerate(found):
            h = hash_of(key, tag >> 3)
            p.expect((h >> 32) * (len(index) - 1) >> 32 == b, "a piece is in another's bucket")
            p.expect(tag & 7 == h >> 29 & 7, "a piece has another's tag")
            p.expect(k == 0 or found[k - 1][1] < i, "expected the ids of a bucket to ascend")
            p.expect((tag >> 3, key) not in text.pieces, "a piece comes twice")
            text.pieces[tag >> 3, key] = i
            bits |= 1 << ((h & 0xFFFF) * 10 >> 16)
        p.expect(bits == index[b] & 0x3FF, "a filter is not that of its bucket")


def _bucket(p: Part, text: Text, data: bytes, id_bytes: int) -> list[tuple[int, int, bytes]]:
    """(tag, id, piece) of each entry."""
    found, at = [], 0
    while at < len(data):
        p.expect(at + 1 + id_bytes <= len(data), "a piece ends outside its bucket")
        tag, count = data[at] >> 4, data[at] & 15
        i = int.from_bytes(data[at + 1 : at + 1 + id_bytes], "little")
        at += 1 + id_bytes
        if count == LONG:
            p.expect(at < len(data) and data[at] >= LONG, "a piece ends outside its bucket")
            count = data[at]
            at += 1
        p.expect(at + count <= len(data), "a piece ends outside its bucket")
        key = _decode(p, text.symbols, data[at : at + count])
        p.expect(1 <= len(key) <= min(255, text.longest_piece[tag >> 3]), "a piece is too long")
        p.expect(i < text.ids and _is_utf8(key), "expected pieces of UTF-8 and their ids")
        found.append((tag, i, key))
        at += count
    return found


def _decode(p: Part, symbols: list[bytes], codes: bytes) -> bytes:
    key, at = b"", 0
    while at < len(codes):
        if codes[at] == BYTE:
            p.expect(at + 1 < len(codes), "a byte is missing behind its code")
            key += codes[at + 1 : at + 2]
            at += 2
        else:
            p.expect(codes[at] < len(symbols), "a code is no symbol")
            key += symbols[codes[at]]
            at += 1
    return key
