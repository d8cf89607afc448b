"""The bad files of models that take a text: see bad.py."""

import struct

from bad import bad
from forge import Forge


def text_at(offset: int, form: str, *values: int):
    """A change of the TEXT section's head."""
    return ("TEXT", offset, form, *values)


def without_text(f: Forge) -> None:
    """Its section becomes one of a later version."""
    struct.pack_into("<II", f.bytes, f.section("TEXT")[0], 200, 0)


bad(
    "format",
    "INPUT",
    "text_class",
    text_dtype=("feature 0", 5, "B", 1),
    text_flags=("feature 0", 6, "B", 1),
    text_zero=("feature 0", 7, "B", 1),
    text_value=("feature 0", 8, "I", 1),
    text_column=("feature 0", 12, "I", 1),
    text_first_category=("feature 0", 16, "I", 1),
    text_category_count=("feature 0", 20, "I", 1),
    text_name=("feature 0", 0, "I", 99),
    text_batch_2=("symbol 0", 4, "I", 2),
    text_tokens_1=("symbol 1", 4, "I", 1),
)
bad("format", "INPUT", "linear", kind_text=("feature 0", 4, "B", 2))
bad(
    "format",
    "OUTPUT",
    "text_embedding",
    vector_style_scores=("OUTPUT", 1, "B", 4),
    vector_style_prediction=("OUTPUT", 1, "B", 5),
    vector_index=("OUTPUT", 4, "I", 0),
    vector_scores_kind=("OUTPUT", 2, "B", 1),
    vector_labels=("OUTPUT", 3, "B", 2),
    vector_scores=("OUTPUT", 8, "I", 1),
    vector_first_name=("OUTPUT", 12, "I", 1),
    vector_count=("OUTPUT", 16, "I", 3),
)
bad("format", "OUTPUT", "text_class", text_style_base64=("OUTPUT", 1, "B", 6))
bad("format", "TEXT", "text_class", missing=without_text)
bad("unknown", "TEXT", "text_class", kind_2=text_at(0, "H", 2), version_2=text_at(2, "H", 2))
bad(
    "format",
    "TEXT",
    "text_class",
    not_required=lambda f: struct.pack_into("<I", f.bytes, f.section("TEXT")[0] + 4, 0),
    bytes=text_at(4, "I", 8),
    ids=text_at(8, "I", 3),
    flags=text_at(12, "I", 8),
    accents_alone=text_at(12, "I", 4),
    cls=text_at(16, "I", 12),
    longest_word=text_at(28, "H", 0),
    zero_byte=text_at(35, "B", 1),
    symbols=text_at(34, "B", 200),
    # what only outside files are looked at for
    index=text_at(48 + 4, "I", 0xFFFF),
)
bad("damaged", "TEXT", "text_class", signed=False, damaged=text_at(48, "B", 0xEE))
