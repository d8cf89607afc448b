#!/usr/bin/env python3
"""Writes core/model/tokenizer_chars.inc: what BERT's tokenizer does with each character.

Every code point goes through the package `tokenizers` (the pinned version), whose
tables come from several versions of Unicode; what it does is right. Three tables:

  classes  ranges of characters that are left out, white space, punctuation,
           marks and so on: 3 KB. In two stages, of blocks of 64 and half a
           byte for a character, they are 8.1 KB and save eight comparisons
  folds    what a character becomes, stripped of accents and lower-cased, and
           what it becomes only lower-cased: runs of characters with a pattern
           in common. Chinese ones, which have none, are an array
  pairs    the few that become several characters

Usage: characters.py > core/model/tokenizer_chars.inc
"""

import functools
from collections.abc import Iterable
from importlib.metadata import version

from tokenizers import normalizers, pre_tokenizers

LAST = 0x10FFFF
PLAIN, DROP, SPACE, PUNCTUATION, CHINESE, MARK, STOP, ORDERED = range(8)
HANGUL = range(0xAC00, 0xAC00 + 11172)
COMPATIBLE = (range(0xF900, 0xFB00), range(0x2F800, 0x2FA20))  # CJK, of which many have another
STEPS = (
    (1, 0),
    (1, 1),
    (1, 2),
    (2, 0),
    (2, 1),
    (2, 2),
)  # of a run: from one to the next, from its fold to the next
PAIR = len(STEPS)  # ... or the number of a pair


def points() -> Iterable[int]:
    return (c for c in range(LAST + 1) if not 0xD800 <= c <= 0xDFFF)


def bert(**options) -> normalizers.Normalizer:
    off = {
        "clean_text": False,
        "handle_chinese_chars": False,
        "strip_accents": False,
        "lowercase": False,
    }
    return normalizers.BertNormalizer(**off | options)


def changes(normalizer) -> dict[int, str]:
    """What it makes of each character that it does not leave alone."""
    made = ((c, normalizer.normalize_str(chr(c))) for c in points())
    return {c: text for c, text in made if text != chr(c)}


CLEAN = changes(bert(clean_text=True))
SPACED = changes(bert(handle_chinese_chars=True))
BARE = changes(bert(strip_accents=True))
LOWER = changes(bert(lowercase=True))
FOLD = changes(bert(strip_accents=True, lowercase=True))
strip = bert(strip_accents=True).normalize_str


@functools.cache
def cut(c: int) -> str:
    """What the pre-tokenizer does around c."""
    x = chr(c)
    parts = [part for part, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(f"a{x}b")]
    return {("a", "b"): "space", ("a", x, "b"): "punctuation", (f"a{x}b",): "none"}[tuple(parts)]


def orders() -> dict[int, int]:
    """Of marks that stay and are sorted by their combining classes: 1 and up."""
    sorts = "\u0334", "\u0301"  # classes 1 and 230
    nfd = normalizers.NFD().normalize_str
    moved = [
        c
        for c in points()
        if c not in BARE
        and CLEAN.get(c) != ""
        and (
            nfd(chr(c) + sorts[0]) != chr(c) + sorts[0]
            or nfd(sorts[1] + chr(c)) != sorts[1] + chr(c)
        )
    ]
    before = lambda a, b: nfd(chr(b) + chr(a)) == chr(a) + chr(b)  # noqa: E731
    below = {c: sum(before(x, c) for x in moved) for c in moved}
    ranks = {n: i + 1 for i, n in enumerate(sorted(set(below.values())))}
    return {c: ranks[n] for c, n in below.items()}


ORDERS = orders()
FIRST_ORDERED = min(ORDERS, key=lambda c: (ORDERS[c], c))
LAST_ORDERED = max(ORDERS, key=lambda c: (ORDERS[c], c))


def class_of(c: int) -> int:
    made = CLEAN.get(c)
    if made == "":
        return DROP
    if made == " " or cut(c) == "space":
        return SPACE
    if cut(c) == "punctuation":
        assert c not in SPACED, hex(c)
        return PUNCTUATION
    if c in SPACED:
        assert SPACED[c] == f" {chr(c)} ", hex(c)
        return CHINESE
    if BARE.get(c) == "":  # does it part the marks around it?
        between = strip(chr(LAST_ORDERED) + chr(c) + chr(FIRST_ORDERED))
        return STOP if between == chr(LAST_ORDERED) + chr(FIRST_ORDERED) else MARK
    return ORDERED + ORDERS[c] - 1 if c in ORDERS else PLAIN


def class_ranges() -> list[tuple[int, int]]:
    """(first character, class): a range ends where the next begins."""
    ranges = []
    for c in range(LAST + 1):
        k = DROP if 0xD800 <= c <= 0xDFFF else class_of(c)
        if not ranges or ranges[-1][1] != k:
            ranges.append((c, k))
    return ranges


def runs_of(
    fold: dict[int, str],
) -> tuple[list[tuple[int, int, int, int]], list[tuple[int, int, int]]]:
    """Runs (first, count, pattern, fold of the first), and the pairs among them."""
    pairs, runs = [], []
    todo = sorted(fold)
    while todo:
        c = todo[0]
        if len(fold[c]) > 1:
            runs.append((c, 1, PAIR, len(pairs)))
            pairs.append((c, *split_pair(c, fold)))
            todo = todo[1:]
            continue
        count, pattern = max((length(todo, fold, *steps), -i) for i, steps in enumerate(STEPS))
        runs.append((c, count, -pattern, ord(fold[c])))
        todo = todo[count:]
    return runs, pairs


def length(todo: list[int], fold: dict[int, str], step: int, fold_step: int) -> int:
    first, made = todo[0], ord(fold[todo[0]])
    n = 1
    while (
        n < min(len(todo), 255)
        and todo[n] == first + n * step
        and fold[todo[n]] == chr(made + n * fold_step)
    ):
        n += 1
    return n


def split_pair(c: int, fold: dict[int, str]) -> tuple[int, int]:
    """As (character, character): the first of three is itself a pair."""
    text = fold[c]
    if len(text) == 2:
        return ord(text[0]), ord(text[1])
    first = [x for x, made in fold.items() if made == text[:-1]]
    return first[0], ord(text[-1])


def check_fold(fold: dict[int, str]) -> None:
    """What the engine takes for granted."""
    for c, text in fold.items():
        for x in text:
            assert ord(x) >> 16 == c >> 16, hex(c)
            assert class_of(ord(x)) not in (DROP, SPACE, CHINESE, MARK, STOP), hex(c)


def numbers(name: str, kind: str, values: Iterable[int]) -> None:
    print(f"static const {kind} {name}[] = {{")
    line = ""
    for value in values:
        if len(line) + len(f" {value},") > 76:
            print(f"   {line}")
            line = ""
        line += f" {value},"
    print(f"   {line}\n}};")


def put_runs(name: str, runs: list[tuple[int, int, int, int]]) -> None:
    above = next((i for i, r in enumerate(runs) if r[0] > 0xFFFF), len(runs))
    numbers(f"{name}_first", "uint16_t", (r[0] & 0xFFFF for r in runs))
    numbers(f"{name}_fold", "uint16_t", (r[3] & 0xFFFF for r in runs))
    numbers(f"{name}_count", "uint8_t", (r[1] for r in runs))
    numbers(f"{name}_pattern", "uint8_t", (r[2] for r in runs))
    arrays = ", ".join(f"{name}_{part}" for part in ("first", "fold", "count", "pattern"))
    print(f"static const struct runs {name}_runs = {{{arrays}, {above}, {len(runs)}}};")


def put_classes() -> None:
    ranges = class_ranges()
    planes = [[r for r in ranges if r[0] >> 16 == p] for p in (0, 1)]
    rest = [r for r in ranges if r[0] >> 16 > 1]
    for p in (0, 1):
        if planes[p][0][0] != p << 16:  # a range that goes over the edge
            before = [r for r in ranges if r[0] < p << 16][-1]
            planes[p].insert(0, (p << 16, before[1]))
    flat = planes[0] + planes[1]
    print(
        f"#define CLASSES_BMP {len(planes[0])} /* ranges below U+10000, the others below U+20000 */"
    )
    numbers("classes_first", "uint16_t", (r[0] & 0xFFFF for r in flat))
    nibbles = [r[1] for r in flat] + [0]
    numbers(
        "classes_kind",
        "uint8_t",
        (a | b << 4 for a, b in zip(nibbles[::2], nibbles[1::2], strict=False)),
    )
    print("static const struct {")
    print("    uint32_t first;")
    print("    uint8_t kind;")
    print("} classes_above[] = { /* from U+20000 on */")
    if rest[0][0] != 0x20000:
        rest.insert(0, (0x20000, flat[-1][1]))
    for first, kind in rest:
        print(f"    {{{first:#x}, {kind}}},")
    print("};")


def put_chinese() -> None:
    made = [ord(BARE.get(c, chr(c))) for block in COMPATIBLE for c in block]
    numbers("compatible_low", "uint16_t", (x & 0xFFFF for x in made))
    assert all(x < 0x30000 and x >> 16 != 1 for x in made)
    high = [x >> 17 for x in made]
    numbers(
        "compatible_high",
        "uint8_t",
        (sum(b << i for i, b in enumerate(high[k : k + 8])) for k in range(0, len(high), 8)),
    )


def main() -> None:
    in_blocks = {c for block in COMPATIBLE for c in block}
    fold = {
        c: text
        for c, text in FOLD.items()
        if text and c not in HANGUL and c not in in_blocks and c not in CLEAN
    }
    chinese = {c for c in SPACED if c in FOLD and c not in in_blocks}
    assert not chinese, chinese
    compatible = {c: BARE[c] for c in in_blocks if c in FOLD and c in SPACED}
    assert all(len(text) == 1 for text in compatible.values())
    assert all(c in SPACED for c in in_blocks if c in FOLD)
    lower = {c: text for c, text in LOWER.items() if c not in CLEAN}
    check_fold(fold)
    print(
        "/* Written by tools/generate/characters.py "
        f"with tokenizers {version('tokenizers')}: do not edit. */"
    )
    assert ORDERED + max(ORDERS.values()) <= 16
    put_classes()
    fold_runs, pairs = runs_of(fold)
    lower_runs, lower_pairs = runs_of({c: t for c, t in lower.items() if len(t) == 1})
    assert not lower_pairs and [c for c, t in lower.items() if len(t) > 1] == [0x130]
    put_runs("fold", fold_runs)
    put_runs("lower", lower_runs)
    numbers("pairs_made", "uint16_t", (x & 0xFFFF for p in pairs for x in p[1:]))
    put_chinese()


if __name__ == "__main__":
    main()
