"""Models of texts through import, lowering and the engine, against Hugging Face's
tokenizer and ONNX Runtime; what is fused; what is refused; the verbs."""

import json
import re

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("tokenizers")
import onnx  # noqa: E402
import text_model  # noqa: E402
import text_onnx  # noqa: E402
from onnx import numpy_helper  # noqa: E402

from mote import cli, coding, config, lower, verify  # noqa: E402
from mote.engine import Engine  # noqa: E402
from mote.errors import Refusal, Usage  # noqa: E402
from mote.importers import import_file  # noqa: E402
from mote.reader import read  # noqa: E402

MOST = "[text]\nmax_tokens = 24\n"
LAYER = ["dense", "attention", "dense", "norm", "dense", "dense", "norm"]
FIRST = ["embed", "position", "norm"]


def imported(folder):
    return import_file(str(folder / "model.onnx"), config.read(folder), False)


def ops(graph):
    return [n.op for n in graph.nodes if n.op != "reshape"]


def compiled(made, precision, cfg=None):
    return lower.lower(made, cfg or config.Config("small"), precision).to_bytes()


# -------------------------------------------------------------- the same answers


@pytest.mark.parametrize("norms", ["one", "parts"])
@pytest.mark.parametrize("mask", ["added", "chosen", "none"])
@pytest.mark.parametrize("head", ["logits", "hidden", "mean"])
def test_answers_are_the_trainer_s_at_every_length(tmp_path, head, mask, norms):
    toml = MOST + ('pooling = "max"\n' if head == "hidden" else "")
    made = imported(text_onnx.save(tmp_path, head=head, mask=mask, norms=norms, toml=toml))
    blob = compiled(made, "float32")
    limits = config.Verify(max_error=1e-5, p99_error=2e-6, rows=150)
    result = verify.verify(made, blob, "float32", limits)
    assert result.passed, result.failures
    with Engine(blob) as engine:
        lengths = {int(engine.texts(["cat " * n])[2][0]) for n in range(30)}
    assert lengths == set(range(2, text_model.MOST + 1))


def test_what_is_padded_by_others_is_not_here(tmp_path):
    """ONNX Runtime with padding and a mask says what the engine says without."""
    import onnxruntime

    made = imported(text_onnx.save(tmp_path, head="mean", toml=MOST))
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    with Engine(compiled(made, "float32")) as engine:
        for text in ("", "cat", "the cat sat on the mat."):
            ids = made.ids(text)
            row = np.zeros((1, text_model.MOST), np.int64)
            row[0, : len(ids)] = ids
            mask = (np.arange(text_model.MOST) < len(ids)).astype(np.int64)[None]
            feed = {"input_ids": row, "attention_mask": mask, "token_type_ids": row * 0}
            want = session.run(None, feed)[0][0]
            assert np.abs(engine.texts([text])[1][0] - want).max() < 2e-6


def test_int8_stays_near(tmp_path):
    made = imported(text_onnx.save(tmp_path, head="mean", toml=MOST))
    result = verify.verify(made, compiled(made, "int8"), "int8", config.Verify(min_cosine=0.99))
    assert result.passed, result.failures
    assert 0.99 < result.cosine["least"] < result.cosine["mean"] < 1


def test_a_wrong_weight_and_a_wrong_token_are_found(tmp_path):
    made = imported(text_onnx.save(tmp_path, head="mean", toml=MOST))
    node = next(n for n in made.graph.nodes if n.op == "dense")
    node.attributes["weight"] = node.attributes["weight"] * 1.5
    result = verify.verify(made, compiled(made, "float32"), "float32", config.Verify(rows=20))
    assert any(f.startswith("cosine: least ") for f in result.failures), result.failures
    made = imported(tmp_path)
    made.tokenizer.lowercase = False
    result = verify.verify(made, compiled(made, "float32"), "float32", config.Verify(rows=20))
    assert any(f.startswith('tokens: "WORD" is ') for f in result.failures), result.failures


# ------------------------------------------------------------------- what is fused


@pytest.mark.parametrize("mask", ["added", "chosen"])
def test_operators(tmp_path, mask):
    made = imported(text_onnx.save(tmp_path / "m", head="mean", mask=mask, toml=MOST))
    assert ops(made.graph) == FIRST + 2 * LAYER + ["reduce", "normalize"]
    assert made.graph.symbols == {"batch": 1, "tokens": 24}


def test_behind_the_last_attention_only_the_first_token_is_computed(tmp_path):
    made = imported(text_onnx.save(tmp_path, head="logits", toml=MOST))
    last = ["dense", "attention", "reduce", "dense", "reduce", "norm", "dense", "dense", "norm"]
    assert ops(made.graph) == [*FIRST, *LAYER, *last, "dense", "dense", "softmax", "argmax"]
    long = [n for n in made.graph.nodes if "tokens" in n.output.dims]
    assert [n.op for n in long][-1] == "attention"


def test_the_row_of_token_type_0_joins_the_positions(tmp_path):
    made = imported(text_onnx.save(tmp_path, toml=MOST))
    constants = {c.name: c for c in text_onnx.model().graph.initializer}
    tables = [numpy_helper.to_array(c) for c in constants.values()]
    places = next(t for t in tables if t.shape == (24, text_model.WIDE))
    types = next(t for t in tables if t.shape == (2, text_model.WIDE))
    words = next(t for t in tables if t.shape == (text_onnx.WORDS, text_model.WIDE))
    nodes = {n.op: n.attributes["table"] for n in made.graph.nodes if "table" in n.attributes}
    assert np.array_equal(nodes["embed"][made.token_rows], words)
    assert np.array_equal(nodes["position"], (places + types[0]).astype(np.float32))


def test_every_id_has_its_row_of_the_embedding(tmp_path):
    folder = text_onnx.save(tmp_path, head="mean", toml=MOST)
    made = imported(folder)
    (given,) = [
        numpy_helper.to_array(t)
        for t in onnx.load(folder / "model.onnx").graph.initializer
        if t.dims[:1] == [text_onnx.WORDS] and len(t.dims) == 2
    ]
    (embed,) = [n for n in made.graph.nodes if n.op == "embed"]
    rows = made.token_rows
    assert rows != list(range(len(given)))
    assert np.array_equal(embed.attributes["table"][rows], given)
    text = read(lower.lower(made, config.read(folder), "float32").to_bytes()).text
    ids = made.tokenizer.vocabulary
    assert all(row == rows[ids[token]] for token, row in text.vocabulary().items())


def test_fewer_tokens_are_fewer_rows(tmp_path):
    made = imported(text_onnx.save(tmp_path, toml="[text]\nmax_tokens = 7\n"))
    tables = [n.attributes["table"] for n in made.graph.nodes if n.op == "position"]
    assert [len(t) for t in tables] == [7]
    result = verify.verify(made, compiled(made, "float32"), "float32", config.Verify(rows=50))
    assert result.passed, result.failures


# ------------------------------------------------------------------ beside the file


def pooling_files(folder, given, modules=None):
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(given))
    if modules is not None:
        names = [{"idx": i, "path": p, "type": f"sentence_transformers.models.{t}"}
                 for i, (p, t) in enumerate(modules)]  # fmt: skip
        (folder / "modules.json").write_text(json.dumps(names))


MODULES = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]


@pytest.mark.parametrize("given, kind", [
    ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean"),
    ({"pooling_mode_cls_token": True}, "first"),
    ({"pooling_mode": "max", "embedding_dimension": 32}, "max"),
    ({"pooling_mode": ["mean"]}, "mean"),
])  # fmt: skip
@pytest.mark.parametrize("modules", [MODULES, MODULES[:2], None])
def test_pooling_of_sentence_transformers(tmp_path, given, kind, modules):
    pooling_files(tmp_path, given, modules)
    made = imported(text_onnx.save(tmp_path, head="hidden", toml=MOST))
    unit = modules is MODULES
    assert ops(made.graph)[-1] == ("normalize" if unit else "reduce" if kind != "first" else "norm")
    kinds = {n.attributes["kind"] for n in made.graph.nodes if n.op == "reduce"}
    assert kinds == {kind}
    result = verify.verify(made, compiled(made, "float32"), "float32", config.Verify(rows=30))
    assert result.passed, result.failures
    assert made.output.kind == "embedding"


def test_the_folder_above_an_onnx_folder(tmp_path):
    pooling_files(tmp_path, {"pooling_mode": "mean"}, MODULES)
    text_onnx.save(tmp_path / "onnx", head="hidden")
    (tmp_path / "onnx" / "tokenizer.json").rename(tmp_path / "tokenizer.json")
    made = import_file(
        str(tmp_path / "onnx" / "model.onnx"),
        config.Config("x", text=config.Text(max_tokens=9)), False,
    )  # fmt: skip
    assert ops(made.graph)[-2:] == ["reduce", "normalize"]


def test_labels_of_config_json(tmp_path):
    text_onnx.save(tmp_path, toml=MOST)
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"1": "yes", "0": "no"}}))
    assert imported(tmp_path).output.names == ["no", "yes"]
    (tmp_path / "config.json").write_text(json.dumps({"problem_type": "regression"}))
    assert imported(tmp_path).output.kind == "numbers"
    (tmp_path / "config.json").unlink()
    assert imported(tmp_path).output.names == ["LABEL_0", "LABEL_1"]


@pytest.mark.parametrize("name, content, words", [
    ("config.json", {"id2label": {"a": "yes", "b": "no"}}, "id2label: expected the keys 0 to 1"),
    ("config.json", {"id2label": {"0": "yes", "2": "no"}}, "id2label: expected the keys 0 to 1"),
    ("config.json", [1], "expected an object, got [1]"),
    ("sentence_bert_config.json", "x", 'expected an object, got "x"'),
    ("modules.json", {"type": "Pooling"}, "expected a list of objects with type and path"),
    ("modules.json", [{"type": "Pooling"}], "expected a list of objects with type and path"),
])  # fmt: skip
def test_what_lies_beside_is_refused_by_its_name(tmp_path, name, content, words):
    text_onnx.save(tmp_path, head="logits" if name == "config.json" else "hidden", toml=MOST)
    (tmp_path / name).write_text(json.dumps(content))
    with pytest.raises(Refusal, match=re.escape(words)) as refusal:
        imported(tmp_path)
    assert name in str(refusal.value)


def test_texts_whose_case_is_lowered_elsewhere(tmp_path):
    """By sentence-transformers, before the tokenizer: its ids would be others."""
    text_onnx.save(tmp_path, toml=MOST)
    (tmp_path / "sentence_bert_config.json").write_text('{"do_lower_case": true}')
    imported(tmp_path)
    tokenizer = json.loads((tmp_path / "tokenizer.json").read_text())
    tokenizer["normalizer"]["lowercase"] = tokenizer["normalizer"]["strip_accents"] = False
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(Refusal, match="do_lower_case: true is supported with a tokenizer that"):
        imported(tmp_path)


def test_the_most_tokens(tmp_path):
    def most() -> int:
        return imported(tmp_path).graph.symbols["tokens"]

    text_onnx.save(tmp_path)
    (tmp_path / "config.json").write_text('{"max_position_embeddings": 24}')
    assert most() == 24
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 9}')
    assert most() == 9
    text_onnx.save(tmp_path, toml="[text]\nmax_tokens = 5\n")
    assert most() == 5


def test_words_without_places(tmp_path):
    """The row of token type 0 then joins the words'."""
    made = imported(text_onnx.save(tmp_path, places=False, toml=MOST))
    assert ops(made.graph)[:3] == ["embed", "norm", "dense"]
    result = verify.verify(made, compiled(made, "float32"), "float32", config.Verify(rows=30))
    assert result.passed, result.failures


def test_tables_of_4_bits(tmp_path):
    """15 steps instead of 255, and still that model."""
    folder = text_onnx.save(tmp_path, head="mean", words=5000, toml=MOST)
    sizes = {}
    for bits in (8, 4):
        cfg = config.read(folder)
        low = lower.lower(imported(folder), cfg, "int8", lower.Bits(8, {"w0": bits}))
        sizes[bits] = coding.choose(low, coding.target_of(cfg), "arm64").total("bytes_after")
        result = verify.verify(
            imported(folder), low.to_bytes(), "int8", config.Verify(min_cosine=0.9, p99_error=0.2)
        )
        assert result.passed, result.failures
    assert sizes[4] < sizes[8]


def test_vocab_txt(tmp_path):
    text_onnx.save(tmp_path, toml=MOST)
    (tmp_path / "tokenizer.json").unlink()
    words = text_model.SPECIAL + text_model.WORDS
    (tmp_path / "vocab.txt").write_text("".join(f"{w}\n" for w in words))
    options = {"do_lower_case": True, "strip_accents": False}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(options))
    made = imported(tmp_path)
    result = verify.verify(made, compiled(made, "float32"), "float32", config.Verify(rows=50))
    assert result.passed, result.failures


# -------------------------------------------------------------------------- refusals


def refusal(folder, **options):
    with pytest.raises((Refusal, Usage)) as caught:
        imported(text_onnx.save(folder, **options))
    return str(caught.value)


def test_refusals_by_name(tmp_path):
    far = refusal(tmp_path / "a", toml="[text]\nmax_tokens = 25\n")
    assert "max_tokens 25: the model does not take so many" in far
    assert "[text] max_tokens" in refusal(tmp_path / "b")  # 512 unless it is said
    fixed = text_onnx.model(fixed=24, change=lambda w, x: w.op(
        "Reshape", x, w.ints(-1, 24, text_model.WIDE)))  # fmt: skip
    message = refusal(tmp_path / "c", made=fixed, toml=MOST)
    assert "read for 7 and for 5 tokens, which a model with a dimension for the" in message
    hidden = refusal(tmp_path / "d", head="hidden", toml=MOST)
    assert '[text] pooling = "mean"' in hidden
    few = refusal(tmp_path / "e", words=9, toml=MOST)
    assert f"ids up to {text_onnx.WORDS - 1}, the model's embedding 9 rows" in few
    labels = refusal(tmp_path / "f", toml=MOST + '[output]\nlabels = ["a"]\n')
    assert "labels: expected 2, as the model gives, got 1" in labels
    names = refusal(tmp_path / "g", toml=MOST + '[input]\nfeatures = ["a", "b"]\n')
    assert "features: expected 1 name" in names
    lost = refusal(tmp_path / "h", toml=MOST + 'tokenizer = "other.json"\n')
    assert "expected other.json in" in lost
    assert "text.pooling: expected one of" in refusal(tmp_path / "i", toml='[text]\npooling="x"\n')
    assert "text.max_tokens: expected 3" in refusal(tmp_path / "j", toml="[text]\nmax_tokens=2\n")


def test_refusals_of_pooling(tmp_path):
    pooling_files(tmp_path / "a", {"pooling_mode_weightedmean_tokens": True}, MODULES)
    message = refusal(tmp_path / "a", head="hidden", toml=MOST)
    assert "1_Pooling/config.json: pooling weightedmean_tokens: expected one of" in message
    pooling_files(tmp_path / "b", {"pooling_mode": "mean"}, [*MODULES, ("3_Dense", "Dense")])
    message = refusal(tmp_path / "b", head="hidden", toml=MOST)
    assert "modules.json: module 3 is Dense" in message


@pytest.mark.parametrize("change, words", [
    (lambda w, x: w.op("Slice", x, w.ints(1), w.ints(3), w.ints(1)), "takes 2 of"),
    (lambda w, x: w.op("CumSum", x, w.constant(1, np.int64)), "tokens"),
    (lambda w, x: w.op("Mul", x, w.op("Cast", w.size("input_ids", 1), to=1)), "depends on"),
])  # fmt: skip
def test_what_depends_on_the_number_of_tokens_otherwise(tmp_path, change, words):
    made = text_onnx.model(change=change)
    message = refusal(tmp_path, made=made, toml=MOST)
    assert words in message, message


def test_other_inputs_are_no_text(tmp_path):
    """They are read as a model of numbers, whose dimensions have to be said."""
    made = text_onnx.model()
    made.graph.input[0].name = "ids"
    for node in made.graph.node:
        node.input[:] = ["ids" if i == "input_ids" else i for i in node.input]
    assert "[input.dimensions]" in refusal(tmp_path, made=made, toml=MOST)


# ------------------------------------------------------------------------- the verbs


def run(capsys, *args):
    status = cli.main([*map(str, args)])
    return status, capsys.readouterr().out


def test_verbs(tmp_path, capsys):
    toml = MOST + '[output]\nlabels = ["no", "yes"]\n[verify]\nrows = 40\n'
    folder = text_onnx.save(tmp_path / "small", toml=toml)
    texts = tmp_path / "texts.txt"
    texts.write_text('the cat sat.\n\n"quoted", été\n')
    status, out = run(capsys, "compile", folder, "--rows", texts, "--reply", "prediction", "--json")
    shown = json.loads(out)
    assert status == 0 and shown["symbols"] == {"batch": 1, "tokens": 24}
    assert shown["verification"]["given"] == 3 and shown["verification"]["label_flips"] == 0
    model = read((folder / "small.mote").read_bytes())
    assert (model.output.style, model.features[0].tokens) == ("prediction", 24)
    words = model.text.vocabulary().keys() | {w.decode() for w in model.text.added}
    assert words == set(text_model.SPECIAL + text_model.WORDS)

    table = tmp_path / "texts.csv"
    table.write_text('id,sentence\n1,"a, b"\n2,\n')
    assert run(capsys, "verify", folder, "--rows", table)[0] == 0
    status, out = run(capsys, "inspect", folder / "model.onnx", "--json")
    assert status == 1  # 512 tokens, which are more than it has places for
    (folder / "config.json").write_text('{"max_position_embeddings": 24}')
    status, out = run(capsys, "inspect", folder / "model.onnx")
    assert status == 0 and "1: sentence" in out
    status, out = run(capsys, "inspect", folder / "small.mote")
    assert status == 0 and "sentence  text" in out and "WordPiece of " in out
    status, out = run(capsys, "report", folder, "-o", tmp_path / "report.html")
    assert status == 0 and "tokens at most 24" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("head, reply, words", [
    ("logits", "base64", 'a reply of an embedding, which this model has not; expected "index", '),
    ("mean", "scores", "a reply of classes with scores"),
    ("mean", "prediction", "a reply of classes of a text"),
])  # fmt: skip
def test_replies_that_a_model_has_not(tmp_path, capsys, head, reply, words):
    folder = text_onnx.save(tmp_path, head=head, toml=MOST)
    assert cli.main(["compile", str(folder), "--reply", reply]) == 1
    assert words in capsys.readouterr().err


def test_rows_that_are_no_texts(tmp_path, capsys):
    folder = text_onnx.save(tmp_path, toml=MOST)
    for name, content in (("a.csv", b"x,y\n1,2\n"), ("b.txt", b"\xff"), ("c.txt", b"")):
        (tmp_path / name).write_bytes(content)
        assert run(capsys, "compile", folder, "--rows", tmp_path / name)[0] == 2


def test_init(tmp_path, capsys):
    text_onnx.save(tmp_path / "from", toml=MOST)
    for part in ("Makefile", "core/function/main.c"):
        (tmp_path / "tree" / part).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / part).write_text("")
    tokens = json.loads((tmp_path / "from" / "tokenizer.json").read_text())
    tokens["truncation"] = {
        "direction": "Right", "max_length": 24, "strategy": "LongestFirst", "stride": 0,
    }  # fmt: skip
    (tmp_path / "from" / "tokenizer.json").write_text(json.dumps(tokens))
    source = tmp_path / "from" / "model.onnx"
    status, _ = run(capsys, "init", "judge", "--from", source, "--project", tmp_path / "tree")
    folder = tmp_path / "tree" / "models" / "judge"
    assert status == 0
    made = config.read(folder)
    assert made.text.max_tokens == 24 and made.features == ["sentence"]
    event = json.loads((folder / "samples" / "row.event.json").read_text())
    reply = json.loads((folder / "samples" / "row.reply.json").read_text())
    assert list(event) == ["sentence"] and reply["label"] in ("LABEL_0", "LABEL_1")
    assert run(capsys, "compile", folder)[0] == 0
