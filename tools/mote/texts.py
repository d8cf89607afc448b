"""Texts to compare the engine with the trainer on: those of a user's file, those
that are generated, and edges.

Generated texts are made of the words of the model's own vocabulary, as many as
the model takes and a few more. Edges are what a tokenizer may stumble over:
nothing, one word, what is cut, other scripts, marks, controls, long words.
"""

import csv
from pathlib import Path

import numpy as np

from mote.errors import Usage
from mote.graph import Imported
from mote.importers.onnx_tokens import TOKENS
from mote.rows import LEAST_ROWS, PRODUCTS, generator

USUAL = 16  # tokens
TEXTS = 500  # that are generated, or as many as rows.PRODUCTS allows
EDGES = (
    "", " ", "\t\n", ".", "?!", "a", "word", "WORD", "The cat sat on the mat.",
    "It's a well-known fact, isn't it?", "naïve café, Ångström, coöperate", "e\u0301clair",
    "Straße GROSS ΑΒΓ ς", "İstanbul ıI", "Привет, мир", "שלום עולם", "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "สวัสดีชาวโลก", "你好，世界", "こんにちは世界", "안녕하세요",
    "👩‍👩‍👧 👍🏽 😀", "x\u200by\u00adz\ufeff",
    "a\x00b\x07c", "\u00a0\u2003\u3000", "[CLS] [SEP] [MASK] [UNK]", "https://example.org/a?b=c&d=%20",
    "1,234.56 USD + 10% = ?", "$€£¥ ≠ ≤ ∑ √", "under_score camelCase snake-case",
    "\U00020000\U0002a6df",
    "z" * 99, "z" * 100, "z" * 101, "z" * 300, "a" * 5000,
)  # fmt: skip


def most_tokens(imported: Imported) -> int:
    return imported.graph.symbols[TOKENS]


def count_by_cost(imported: Imported) -> int:
    """Generated texts: of a large net fewer, so that verifying stays a matter of
    seconds."""
    per_text = imported.graph.multiplications() * min(USUAL, most_tokens(imported))
    return min(TEXTS, max(LEAST_ROWS, PRODUCTS // max(1, per_text)))


def words_of(imported: Imported) -> list[str]:
    """Those that begin a word and are no special token."""
    tokenizer = imported.tokenizer
    found = [
        w for w in tokenizer.vocabulary
        if not w.startswith("##") and w not in tokenizer.added and w.isalpha()
    ]  # fmt: skip
    return found or ["word"]


def generate(imported: Imported, count: int) -> list[str]:
    """Some of one word, some longer than what the model takes, most between."""
    rng, words, most = generator(10), words_of(imported), most_tokens(imported)
    made = []
    for _ in range(count):
        n = max(1, min(int(rng.exponential(14)) + 1, most + 8))
        made.append(" ".join(words[i] for i in rng.integers(0, len(words), n)) + ".")
    return made


def edges(imported: Imported) -> list[str]:
    """EDGES, and texts of exactly so many words as the model takes, and around."""
    most, word = most_tokens(imported), words_of(imported)[0]
    counts = sorted({max(1, most + d) for d in (-4, -3, -2, -1, 0, 1)} | {10_000})
    return [*EDGES, *(" ".join([word] * n) for n in counts)]


def column(texts: list[str]) -> np.ndarray:
    """As rows [n][1] of one feature."""
    rows = np.empty((len(texts), 1), object)
    rows[:, 0] = texts
    return rows


def read_texts(path: str, name: str) -> np.ndarray:
    """Texts [n][1] of a file: a line each; or of a CSV or TSV file, the column
    that has the feature's name in its header, or "text"."""
    try:
        whole = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise Usage(f"{path}: expected texts in UTF-8: {e}") from e
    if not whole:
        raise Usage(f"{path}: has no texts")
    separator = {".csv": ",", ".tsv": "\t"}.get(Path(path).suffix.lower())
    if separator is None:
        return column(whole.removesuffix("\n").split("\n"))
    table = list(csv.reader(whole.splitlines(), delimiter=separator))
    at = next((table[0].index(n) for n in (name, "sentence", "text") if n in table[0]), None)
    if at is None:
        raise Usage(f"{path}: has no column {name!r}")
    try:
        return column([row[at] for row in table[1:] if row])
    except IndexError as e:
        raise Usage(f"{path}: a row is shorter than its header") from e
