"""Lines of text for tokenizers: every script, and what is rare in each."""

import random
from collections.abc import Iterator

SURROGATES = range(0xD800, 0xE000)
MARKS = [*range(0x300, 0x370), *range(0x483, 0x488), *range(0x591, 0x5C0), 0x64B, 0x651, 0x670]
# stay when accents are stripped, and have places of their own among marks
ORDERED = [
    0x302E,
    0x302F,
    *range(0x1D165, 0x1D173),
    0x8D4,
    0x1B44,
    0x1BAA,
    0xA953,
    0x1E000,
    0x1E944,
    0x34F,
]
SPACES = [
    9,
    10,
    11,
    12,
    13,
    32,
    0x85,
    0xA0,
    0x1680,
    *range(0x2000, 0x200C),
    0x2028,
    0x2029,
    0x202F,
    0x205F,
    0x3000,
]
CONTROLS = [
    0,
    1,
    7,
    8,
    0x1B,
    0x7F,
    0x80,
    0xAD,
    0x200B,
    0x200D,
    0x2060,
    0xFEFF,
    0xFFFD,
    0xFFFF,
    0xE000,
    0xE0001,
    0x10FFFF,
]
EMOJI = ["😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇳🇱", "❤️", "1️⃣", "☃", "🫠", "🪿"]
SPECIAL = [
    "[SEP]",
    "[CLS]",
    "[PAD]",
    "[MASK]",
    "[UNK]",
    "[sep]",
    "[SEP",
    "SEP]",
    "[[SEP]]",
    "[unused1]",
    "##",
    "##s",
]
FOLDING = [
    "İ",
    "ı",
    "ß",
    "ẞ",
    "ΑΣ",
    "ﬁ",
    "Å",
    "Å",
    "K",
    "ǅ",
    ";",
    "´",
    "Ω",
    "각",
    "강",
    "ぱ",
    "が",
    "豈",
    "你",
    "𠮷",
    "㐀",
    "𝅗𝅥",
    "ொ",
]


class Lines:
    """Lines from a seed; words: of the vocabulary that is tested."""

    def __init__(self, seed: int, words: list[str]):
        self.r = random.Random(seed)
        self.words = words
        self.makers = [
            (30, self.of_words),
            (8, self.of_block),
            (4, self.of_anything),
            (4, self.of_hangul),
            (6, lambda: chr(self.pick(MARKS))),
            (3, lambda: chr(self.pick(ORDERED))),
            (14, lambda: chr(self.pick(SPACES))),
            (3, lambda: chr(self.pick(CONTROLS))),
            (2, lambda: self.pick(EMOJI)),
            (2, lambda: self.pick(SPECIAL)),
            (4, lambda: self.pick(FOLDING)),
            (6, lambda: self.pick("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")),
        ]
        self.weights = [n for n, _ in self.makers]

    def pick(self, some):
        return some[self.r.randrange(len(some))]

    def of_words(self) -> str:
        word = self.pick(self.words)
        kind = self.r.randrange(8)
        if kind == 0:
            return word.upper()
        if kind == 1:
            return word.capitalize()
        if kind == 2:
            return word + self.pick(self.words)
        if kind == 3:
            return word[: self.r.randrange(len(word) + 1)]
        if kind == 4:
            return word + self.pick(" ") + self.pick(self.words)
        return word + " "

    def of_block(self) -> str:
        """Neighbours, as the letters of a script are."""
        block = self.r.randrange(0x110 if self.r.randrange(4) else 0x2200) * 128
        some = (block + self.r.randrange(128) for _ in range(self.r.randrange(1, 12)))
        return "".join(chr(c) for c in some if c not in SURROGATES and c < 0x110000)

    def of_anything(self) -> str:
        c = self.r.randrange(0x110000)
        return "" if c in SURROGATES else chr(c)

    def of_hangul(self) -> str:
        return "".join(chr(0xAC00 + self.r.randrange(11172)) for _ in range(self.r.randrange(1, 4)))

    def line(self) -> str:
        kind = self.r.randrange(50)
        if kind == 0:  # a very long word
            return self.pick(
                ["a", "é", "각", "\u0301a", "𝅗𝅥", self.pick(self.words) or "x"]
            ) * self.r.randrange(30, 700)
        if kind == 1:  # around the length from which words are unknown
            return "".join(self.pick("aé각") for _ in range(self.r.randrange(95, 106)))
        if kind == 2:  # marks that change places, some across others
            n = self.r.choice([2, 3, 4, 5, 6, 120])
            return "a" + "".join(chr(self.pick(ORDERED + MARKS[:2] * 5)) for _ in range(n))
        parts = self.r.choices(self.makers, self.weights, k=self.r.randrange(25))
        return "".join(make() for _, make in parts)

    def lines(self, n: int) -> Iterator[str]:
        return (self.line() for _ in range(n))
