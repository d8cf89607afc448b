"""Tokenizers of BERT models: from tokenizer.json or vocab.txt to the TEXT section.

What is supported is WordPiece behind BERT's own normalizer and pre-tokenizer,
cased and uncased. Every other option is refused by its name, because a token
that differs is a wrong answer that nobody notices.
"""

import json
import re
import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mote.errors import Refusal

PREFIX = "##"
PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")  # of ASCII
KIND_WORDPIECE, VERSION = 1, 1
CHINESE, LOWERCASE, STRIP_ACCENTS = 1, 2, 4
LONGEST_WORD, LONGEST_PIECE = 256, 255
HEAD = struct.Struct("<HHI 5I HBB BBBB 3I")
GENERATIONS = 4  # of symbols; BERT's vocabulary gets no smaller by more
ESCAPE = 255  # the code that a byte without a symbol follows
PER_BUCKET = 6  # entries: BERT's section has 225 KB with 4, 215 KB with 6, 205 KB with 12
OFFSET_BITS = 22
FILTER = 10  # bits of an index entry: which of ten kinds of hashes a bucket has
LONG = 15  # codes, from which on a byte of their own says how many
TAIL = 8  # zeros, so that eight bytes can be read at once
MULTIPLIER = 0x9E3779B97F4A7C15  # 2^64 / golden ratio, odd
MASK = 2**64 - 1


@dataclass
class Tokenizer:
    """A tokenizer that the engine runs exactly.

    vocabulary   token -> id, each id once
    added        token -> id of those that are looked for in the text itself
    cls, sep, unk   ids
    lowercase, strip_accents, chinese   of the normalizer
    longest_word    in characters; longer ones are unknown
    max_tokens      of the file's own truncation, or None
    """

    vocabulary: dict[str, int]
    added: dict[str, int]
    cls: int
    sep: int
    unk: int
    lowercase: bool = True
    strip_accents: bool = True
    chinese: bool = True
    longest_word: int = 100
    max_tokens: int | None = None
    _sections: dict[tuple | None, bytes] = field(default_factory=dict, repr=False, compare=False)

    @property
    def size(self) -> int:
        """Ids: the rows that an embedding needs."""
        return 1 + max([*self.vocabulary.values(), *self.added.values()])

    def rows(self) -> list[int]:
        """rows[id], for section(): ids in their own order, which in BERT's
        vocabularies is that of frequency but for a part in front; of that, what hardly
        a text has ("[unused0]", "[MASK]") and single characters beyond ASCII come
        last. So the rows that most texts need lie together."""
        tokens = {i: token for token, i in (self.vocabulary | self.added).items()}
        first = (self.cls, self.sep, self.unk)

        def is_last(i: int) -> bool:
            token = tokens.get(i, "")
            foreign = len(token.removeprefix(PREFIX)) == 1 and not token.isascii()
            return i not in first and (foreign or not can_be_met(token))

        order = sorted(range(self.size), key=lambda i: (is_last(i), i))
        rows = [0] * self.size
        for row, i in enumerate(order):
            rows[i] = row
        return rows

    def section(self, rows: Sequence[int] | None = None) -> bytes:
        """The TEXT section. rows[id] is the row of the embedding that id has
        become; None leaves them as they are. Written once: it takes seconds."""
        key = None if rows is None else tuple(rows)
        if key not in self._sections:
            self._sections[key] = _Writer(self, rows).section()
        return self._sections[key]


def can_be_met(token: str) -> bool:
    """Whether a text can have the token, but for those that were added: punctuation
    is a word by itself, so that "[unused1]", "##!" and "" never are pieces."""
    if token.startswith(PREFIX):
        return token != PREFIX and not PUNCTUATION.search(token.removeprefix(PREFIX))
    return len(token) == 1 or (token != "" and not PUNCTUATION.search(token))


def hash_key(key: bytes, continues: bool) -> int:
    """FORMAT.md, TEXT: 64 bits of a piece; of one that continues a word the
    prefix is no part of the key."""
    h = len(key) + 256 * continues
    for at in range(0, len(key), 8):
        h = (h ^ int.from_bytes(key[at : at + 8], "little")) * MULTIPLIER & MASK
        h ^= h >> 32
    return h * MULTIPLIER & MASK


def place(h: int, buckets: int) -> tuple[int, int, int]:
    """Of a hash: the bucket, three bits of the tag, and the bit of the filter."""
    return (h >> 32) * buckets >> 32, h >> 29 & 7, (h & 0xFFFF) * FILTER >> 16


class _Symbols:
    """A table of at most 255 byte strings of 1 to 8 bytes, and pieces written
    with it in the fewest codes. Boncz, Neumann, Leis: "FSST: Fast Random Access
    String Compression", PVLDB 13, 2020, section 4.3."""

    def __init__(self, keys: list[bytes]):
        self.table: dict[bytes, int] = {}
        for _ in range(GENERATIONS):
            self._learn(keys)
        self.longest = max(map(len, self.table), default=1)

    def _learn(self, keys: list[bytes]) -> None:
        """One generation: what would have saved most bytes, of the symbols used
        and of neighbours put together."""
        uses, pairs = Counter(), Counter()
        for key in keys:
            parts = self._parts(key)
            uses.update(parts)
            uses.update(key[i : i + 1] for i in range(len(key)))
            pairs.update(a + b for a, b in zip(parts, parts[1:], strict=False) if len(a + b) <= 8)
        gains = Counter({s: n * (len(s) + (len(s) == 1)) for s, n in (uses | pairs).items()})
        best = sorted(gains.items(), key=lambda kv: (-kv[1], kv[0]))[:ESCAPE]
        self.table = {s: i for i, (s, _) in enumerate(sorted(best))}

    def _parts(self, key: bytes) -> list[bytes]:
        """The key in the fewest bytes of code: a symbol is 1, a byte without one 2."""
        best = [(0, b"")] * (len(key) + 1)
        for end in range(1, len(key) + 1):
            best[end] = min(
                (best[start][0] + (1 if key[start:end] in self.table else 2), key[start:end])
                for start in range(max(0, end - 8), end)
                if end - start == 1 or key[start:end] in self.table
            )
        parts = []
        end = len(key)
        while end:
            parts.append(best[end][1])
            end -= len(parts[-1])
        return parts[::-1]

    def encode(self, key: bytes) -> bytes:
        return b"".join(
            bytes([self.table[p]]) if p in self.table else bytes([ESCAPE]) + p
            for p in self._parts(key)
        )


class _Writer:
    def __init__(self, t: Tokenizer, rows: Sequence[int] | None):
        self.t = t
        self.row = (lambda i: i) if rows is None else (lambda i: int(rows[i]))
        self.pieces = [
            (token.removeprefix(PREFIX).encode(), token.startswith(PREFIX), self.row(i))
            for token, i in t.vocabulary.items()
            if can_be_met(token)
        ]

    def section(self) -> bytes:
        t = self.t
        symbols = _Symbols(sorted(key for key, _, _ in self.pieces))
        buckets = max(1, len(self.pieces) // PER_BUCKET)
        id_bytes = 2 if t.size <= 1 << 16 else 3
        chains: list[list[tuple[int, int, bytes]]] = [[] for _ in range(buckets)]
        filters = [0] * buckets
        for key, continues, i in self.pieces:
            bucket, tag, bit = place(hash_key(key, continues), buckets)
            code = symbols.encode(key)
            if len(code) > 255:
                raise Refusal(f"the vocabulary's token {key.decode()!r} is too long")
            chains[bucket].append((i, 8 * continues + tag, code))
            filters[bucket] |= 1 << bit
        index, entries = [], bytearray()
        for chain, bits in zip(chains, filters, strict=True):
            index.append(len(entries) << FILTER | bits)
            for i, tag, code in sorted(chain):
                entries += bytes([tag << 4 | min(len(code), LONG)])
                entries += i.to_bytes(id_bytes, "little")
                entries += bytes([len(code)] if len(code) >= LONG else []) + code
        index.append(len(entries) << FILTER)
        if len(entries) >= 1 << OFFSET_BITS:
            raise Refusal(
                f"the vocabulary takes {len(entries)} bytes; "
                f"at most {(1 << OFFSET_BITS) - 1} are supported"
            )
        added = b"".join(
            bytes([len(token.encode())]) + self.row(i).to_bytes(3, "little") + token.encode()
            for token, i in sorted(t.added.items(), key=lambda kv: (-len(kv[0].encode()), kv[0]))
        )
        first = [
            b"".join(s.ljust(8, b"\0") for s in symbols.table),
            bytes(len(s) for s in symbols.table),
            added,
        ]
        parts = [
            *first,
            bytes(-sum(map(len, first)) % 4),
            struct.pack(f"<{len(index)}I", *index),
            bytes(entries),
        ]
        size = HEAD.size + sum(map(len, parts)) + TAIL
        padding = -size % 8
        head = HEAD.pack(
            KIND_WORDPIECE,
            VERSION,
            size + padding,
            t.size,
            CHINESE * t.chinese + LOWERCASE * t.lowercase + STRIP_ACCENTS * t.strip_accents,
            self.row(t.cls),
            self.row(t.sep),
            self.row(t.unk),
            t.longest_word,
            self._longest(False),
            self._longest(True),
            id_bytes,
            len(t.added),
            len(symbols.table),
            0,
            buckets,
            len(entries),
            len(added),
        )
        return head + b"".join(parts) + bytes(TAIL + padding)

    def _longest(self, continues: bool) -> int:
        return max((len(key) for key, c, _ in self.pieces if c == continues), default=0)


def read_tokenizer(path: Path) -> Tokenizer:
    """Reads tokenizer.json, or vocab.txt with tokenizer_config.json beside it.

    Raises Refusal: the option, its value, what is supported."""
    path = Path(path)
    try:
        if path.suffix == ".json":
            return _of_json(path, json.loads(path.read_text("utf-8")))
        return _of_text(path)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as e:
        raise Refusal(f"{path}: not a tokenizer: {e}") from e


class _Options:
    """An object of the file: each key is asked for, or refused."""

    def __init__(self, path: Path, where: str, value, what: str):
        if not isinstance(value, dict):
            raise Refusal(f"{path}: {where}: expected {what}, got {json.dumps(value)}")
        self.path, self.where, self.left = path, where, dict(value)

    def refuse(self, key: str, got, expected: str):
        name = f"{self.where}.{key}" if self.where else key
        raise Refusal(f"{self.path}: {name}: {json.dumps(got)[:80]} is not supported: {expected}")

    def take(self, key: str, expected: str, good, default=None):
        """The value of a key, which good(value) has to be true for."""
        got = self.left.pop(key, default)
        if not good(got):
            self.refuse(key, got, expected)
        return got

    def same(self, key: str, *values, default=None):
        default = values[0] if default is None else default
        return self.take(
            key,
            "expected " + " or ".join(json.dumps(v) for v in values),
            lambda got: any(type(got) is type(v) and got == v for v in values),
            default,
        )

    def end(self) -> None:
        for key, got in self.left.items():
            self.refuse(key, got, "the option is not known")


def _is_id(value) -> bool:
    return type(value) is int and 0 <= value < 1 << 24


def _boolean(value) -> bool:
    return type(value) is bool


def _of_json(path: Path, data) -> Tokenizer:
    top = _Options(path, "", data, "an object")
    top.same("version", "1.0")
    vocabulary, unk, longest = _wordpiece(path, top.left.pop("model", None))
    lowercase, strip, chinese = _normalizer(path, top.left.pop("normalizer", None))
    pre = _Options(path, "pre_tokenizer", top.left.pop("pre_tokenizer", None), "BertPreTokenizer")
    pre.same("type", "BertPreTokenizer", default="")
    pre.end()
    added = _added(path, top.left.pop("added_tokens", None) or [], vocabulary)
    cls, sep = _post_processor(path, top.left.pop("post_processor", None))
    top.left.pop("decoder", None)  # ids to text, which nobody asks for
    max_tokens = _truncation(path, top.left.pop("truncation", None))
    _padding(path, top.left.pop("padding", None))
    top.end()
    return Tokenizer(
        vocabulary, added, cls, sep, unk, lowercase, strip, chinese, longest, max_tokens
    )


def _wordpiece(path: Path, value) -> tuple[dict[str, int], int, int]:
    model = _Options(path, "model", value, "WordPiece")
    model.same(
        "type",
        "WordPiece",
        default="WordPiece" if "continuing_subword_prefix" in model.left else "",
    )
    model.same("continuing_subword_prefix", PREFIX)
    longest = model.take(
        "max_input_chars_per_word",
        f"expected 1 to {LONGEST_WORD}",
        lambda n: type(n) is int and 1 <= n <= LONGEST_WORD,
        100,
    )
    vocabulary = model.take(
        "vocab", "expected tokens and their ids", lambda v: isinstance(v, dict) and v
    )
    unk = model.take(
        "unk_token",
        "expected a token of the vocabulary",
        lambda t: isinstance(t, str) and t in vocabulary,
        "[UNK]",
    )
    model.end()
    return _checked(path, vocabulary), vocabulary[unk], longest


def _fits(token: str) -> bool:
    """Whether it has UTF-8, of no more bytes than a section's lengths can say."""
    lone = any("\ud800" <= c <= "\udfff" for c in token)
    return not lone and len(token.encode()) <= LONGEST_PIECE


def _checked(path: Path, vocabulary: dict[str, int]) -> dict[str, int]:
    seen: dict[int, str] = {}
    for token, i in vocabulary.items():
        if not _is_id(i):
            raise Refusal(
                f"{path}: model.vocab: {token!r} has id {i!r}; expected 0 to {(1 << 24) - 1}"
            )
        if i in seen:
            raise Refusal(
                f"{path}: model.vocab: {token!r} and {seen[i]!r} have the same id {i}; "
                "expected one for each"
            )
        if not _fits(token):
            raise Refusal(
                f"{path}: model.vocab: token {i} is no Unicode text, or longer than the "
                f"{LONGEST_PIECE} bytes that are supported"
            )
        seen[i] = token
    return vocabulary


def _normalizer(path: Path, value) -> tuple[bool, bool, bool]:
    n = _Options(path, "normalizer", value, "BertNormalizer")
    n.same("type", "BertNormalizer", default="")
    n.same("clean_text", True)
    chinese = n.take("handle_chinese_chars", "expected true or false", _boolean, True)
    lowercase = n.take("lowercase", "expected true or false", _boolean, True)
    strip = n.take(
        "strip_accents", "expected true, false or null", lambda s: s is None or _boolean(s)
    )
    strip = lowercase if strip is None else strip
    if strip and not lowercase:
        n.refuse("strip_accents", True, "only together with lowercase")
    n.end()
    return lowercase, strip, chinese


def _added(path: Path, tokens, vocabulary: dict[str, int]) -> dict[str, int]:
    added: dict[str, int] = {}
    for k, value in enumerate(tokens):
        t = _Options(path, f"added_tokens[{k}]", value, "a token")
        content = t.take(
            "content",
            "expected 1 to 255 bytes",
            lambda s: isinstance(s, str) and s != "" and _fits(s),
        )
        i = t.take("id", "expected an id", _is_id)
        for option in ("single_word", "lstrip", "rstrip", "normalized"):
            t.same(option, False)
        t.take("special", "expected true or false", _boolean, False)
        t.end()
        if vocabulary.get(content, i) != i:
            raise Refusal(
                f"{path}: added_tokens[{k}]: {content!r} has id {i}, "
                f"and {vocabulary[content]} in model.vocab"
            )
        if any(c != content and n == i for c, n in [*added.items()]) or (
            content not in vocabulary and i in vocabulary.values()
        ):
            raise Refusal(f"{path}: added_tokens[{k}]: id {i} is another token's")
        added[content] = i
    if len(added) > 255:
        raise Refusal(f"{path}: added_tokens: {len(added)} of them; at most 255 are supported")
    return added


def _post_processor(path: Path, value) -> tuple[int, int]:
    where = "post_processor"
    if isinstance(value, dict) and value.get("type") == "BertProcessing":
        p = _Options(path, where, value, "BertProcessing")
        p.left.pop("type")
        pair = [
            p.take(
                key,
                "expected a token and its id",
                lambda v: isinstance(v, list) and len(v) == 2 and _is_id(v[1]),
            )
            for key in ("cls", "sep")
        ]
        p.end()
        return pair[0][1], pair[1][1]
    p = _Options(path, where, value, "TemplateProcessing or BertProcessing")
    p.same("type", "TemplateProcessing", default="")
    single = p.take(
        "single", "expected [CLS] $A [SEP]", lambda v: isinstance(v, list) and len(v) == 3
    )
    special = p.take("special_tokens", "expected an object", lambda v: isinstance(v, dict))
    names = [_special(part) for part in (single[0], single[2])]
    cls, sep = ({"SpecialToken": {"id": name, "type_id": 0}} for name in names)
    a = {"Sequence": {"id": "A", "type_id": 0}}
    b = {"Sequence": {"id": "B", "type_id": 1}}
    if None in names or single != [cls, a, sep]:
        p.refuse("single", single, "expected [CLS]:0 $A:0 [SEP]:0")
    last = {"SpecialToken": {"id": names[1], "type_id": 1}}
    p.same("pair", [cls, a, sep, b, last], default=[])
    p.end()
    ids = [special.get(name, {}).get("ids") for name in names]
    for name, found in zip(names, ids, strict=True):
        if not isinstance(found, list) or len(found) != 1 or not _is_id(found[0]):
            raise Refusal(
                f"{path}: {where}.special_tokens: {name!r}: expected one id, "
                f"got {json.dumps(found)}"
            )
    return ids[0][0], ids[1][0]


def _special(part) -> str | None:
    """The name of a template's special token."""
    token = part.get("SpecialToken") if isinstance(part, dict) else None
    name = token.get("id") if isinstance(token, dict) else None
    return name if isinstance(name, str) else None


def _truncation(path: Path, value) -> int | None:
    if value is None:
        return None
    t = _Options(path, "truncation", value, "an object or null")
    t.same("direction", "Right")
    t.same("strategy", "LongestFirst", default="LongestFirst")
    t.same("stride", 0)
    length = t.take(
        "max_length", "expected a number of tokens from 3 on", lambda n: type(n) is int and n >= 3
    )
    t.end()
    return length


def _padding(path: Path, value) -> None:
    """Nothing is padded; tokens before the text would move its positions."""
    if value is not None:
        p = _Options(path, "padding", value, "an object or null")
        p.same("direction", "Right")


def _of_text(path: Path) -> Tokenizer:
    lines = path.read_text("utf-8").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    vocabulary = {line.rstrip(): i for i, line in enumerate(lines)}
    if len(vocabulary) != len(lines):
        raise Refusal(f"{path}: a token comes twice")
    names = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    for name in names:
        if name not in vocabulary:
            raise Refusal(
                f"{path}: {name} is missing: expected the vocabulary of a BERT model, "
                "a token to a line"
            )
    beside = path.with_name("tokenizer_config.json")
    if not beside.exists():
        raise Refusal(
            f"{path}: whether texts are lower-cased is not known: put the model's "
            "tokenizer_config.json beside it, or take its tokenizer.json instead"
        )
    c = _Options(beside, "", json.loads(beside.read_text("utf-8")), "an object")
    lowercase = c.take("do_lower_case", "expected true or false", _boolean, True)
    chinese = c.take("tokenize_chinese_chars", "expected true or false", _boolean, True)
    strip = c.take(
        "strip_accents", "expected true, false or null", lambda s: s is None or _boolean(s)
    )
    strip = lowercase if strip is None else strip
    if strip and not lowercase:
        c.refuse("strip_accents", True, "only together with do_lower_case")
    c.same("do_basic_tokenize", True)
    for key, name in zip(
        ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), names, strict=True
    ):
        c.same(key, name)
    c.take("never_split", "expected null or an empty list", lambda v: not v)
    return Tokenizer(
        _checked(path, vocabulary),
        {name: vocabulary[name] for name in names},
        vocabulary["[CLS]"],
        vocabulary["[SEP]"],
        vocabulary["[UNK]"],
        lowercase,
        strip,
        chinese,
    )
