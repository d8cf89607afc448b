"""What CoLA's handler loads, written from the function's own model: model.onnx, in
float32, and tokenizer.json, for whoever has not trained models/cola.

int8 weights times their scales are the float32 ones; activations are not quantized,
and the softmax is left to the handler, as in the files that training writes. An
operator that the plan of cola.mote does not need is refused by its name.

Usage: cola_files.py cola.mote FOLDER, with tools/ in PYTHONPATH
"""

import sys
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from mote import onnx_export, reader, reader_text, reader_vector
from mote.graph import Graph, Value
from mote.reader_operators import ACTIVATIONS
from mote.reader_plans import Operator
from mote.reader_tables import SYMBOL


class Refused(Exception):
    """What the model has, and what is known here."""


def expect(condition: bool, op: Operator, message: str) -> None:
    if not condition:
        raise Refused(f"{op.name}: expected {message}")


class Rewriter:
    """The plan that answers, operator after operator, as a graph.

    values: of the graph, by the number that they have in the plan.
    """

    def __init__(self, model: reader.Model):
        self.model = model
        self.plan = model.plans[model.plan]
        ids = Value(self.dims(0), "s64")
        self.graph = Graph([ids], {s.name: s.maximum for s in model.symbols})
        self.values = {0: ids}

    def dims(self, value: int) -> tuple:
        """Symbols by their names."""
        symbols = self.model.symbols
        dims = self.plan.values[value].dims
        return tuple(symbols[d - SYMBOL].name if d >= SYMBOL else d for d in dims)

    def tensor(self, value: int) -> np.ndarray:
        return self.model.tensors[self.plan.values[value].tensor].data

    def rows(self, table: int, scale: int | None) -> np.ndarray:
        """float64 [rows][columns] of a table whose rows may be int8 with a scale each."""
        rows = self.tensor(table).astype(np.float64)
        return rows if scale is None else rows * self.tensor(scale)[:, None]

    def write(self) -> Graph:
        """Its output is what goes into the plan's softmax."""
        for op in self.plan.operators:
            if op.name not in OPERATORS:
                raise Refused(f"{op.name}: expected one of {', '.join(sorted(OPERATORS))}")
            made = OPERATORS[op.name](self, op)
            if made is not None:
                self.values[op.writes[0]] = made
        self.graph.outputs = [self.values[self.scores()]]
        return self.graph

    def scores(self) -> int:
        return self.plan.outputs[self.model.output.values]


def embed(w: Rewriter, op: Operator) -> Value:
    a, ids, table, scale = op.reads
    expect(a is None, op, "nothing to be added to")
    return w.graph.embed(w.values[ids], w.rows(table, scale))


def position(w: Rewriter, op: Operator) -> Value:
    x, table, scale = op.reads
    return w.graph.position(w.values[x], w.rows(table, scale))


def norm(w: Rewriter, op: Operator) -> Value:
    x, residual, gain, bias = op.reads
    a = reader_vector.attributes(op)
    expect(a["kind"] == "layer" and bias is not None, op, "layer normalization with a bias")
    residual = None if residual is None else w.values[residual]
    return w.graph.norm(w.values[x], w.tensor(gain), w.tensor(bias), residual, a["eps"])


def same(w: Rewriter, op: Operator) -> Value:
    """What only changes the type that numbers are kept in."""
    return w.values[op.reads[0]]


def dense_s8(w: Rewriter, op: Operator) -> Value:
    q, _, weight, scale, bias = op.reads
    return dense_of(w, op, q, w.rows(weight, scale), bias)


def dense(w: Rewriter, op: Operator) -> Value:
    x, weight, bias = op.reads
    return dense_of(w, op, x, w.tensor(weight), bias)


def dense_of(w: Rewriter, op: Operator, x: int, weight: np.ndarray, bias: int | None) -> Value:
    bias = None if bias is None else w.tensor(bias)
    return w.graph.dense(w.values[x], weight, bias, ACTIVATIONS[op.attributes[0]])


def attention(w: Rewriter, op: Operator) -> Value:
    a = reader_vector.attributes(op)
    expect(not a["causal"], op, "steps that see all others, got a causal one")
    return w.graph.attention(w.values[op.reads[0]], a["heads"], scale=a["scale"])


def reshape(w: Rewriter, op: Operator) -> Value:
    return w.graph.reshape(w.values[op.reads[0]], w.dims(op.writes[0]))


def reduce(w: Rewriter, op: Operator) -> Value:
    return w.graph.reduce(w.values[op.reads[0]], reader_vector.attributes(op)["kind"])


def softmax(w: Rewriter, op: Operator) -> Value:
    expect(op.writes[0] == w.scores(), op, "it to be the last step of the scores")
    return w.values[op.reads[0]]


def argmax(w: Rewriter, op: Operator) -> None:
    """The handler has it of the scores."""


OPERATORS = {
    f.__name__: f
    for f in (embed, position, norm, dense_s8, dense, attention, reshape, reduce, softmax, argmax)
} | {"quantize": same, "cast": same}


def tokenizer(text: reader_text.Text, tokens: int) -> Tokenizer:
    """WordPiece as BERT has it, texts cut at so many tokens."""
    added = {token.decode(): i for token, i in text.added.items()}
    vocabulary = text.vocabulary() | added
    names = {i: token for token, i in vocabulary.items()}
    for special in (text.unk, text.cls, text.sep):
        if special not in names:
            raise Refused(f"TEXT: expected a name of token {special}, got none")
    made = Tokenizer(
        models.WordPiece(
            vocabulary, unk_token=names[text.unk], max_input_chars_per_word=text.longest_word
        )
    )
    made.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=bool(text.flags & reader_text.CHINESE),
        strip_accents=bool(text.flags & reader_text.STRIP_ACCENTS),
        lowercase=bool(text.flags & reader_text.LOWERCASE),
    )
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(
        (names[text.sep], text.sep), (names[text.cls], text.cls)
    )
    made.add_special_tokens(list(added))
    made.enable_truncation(tokens)
    return made


def write(blob: bytes, folder: Path) -> None:
    """Both files of a .mote file; raises Refused."""
    model = reader.read(blob)
    if model.text is None:
        raise Refused("INPUT: expected a text, got features without one")
    graph = Rewriter(model).write()
    made = onnx_export.export(graph, "float32", ["input_ids"])
    (folder / "model.onnx").write_bytes(made.SerializeToString())
    tokenizer(model.text, model.features[0].tokens).save(str(folder / "tokenizer.json"))


def main() -> None:
    try:
        write(Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]))
    except Refused as e:
        sys.exit(f"{sys.argv[1]}: {e}")


if __name__ == "__main__":
    main()
