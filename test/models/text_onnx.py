"""A small BERT as transformers exports it to ONNX: shapes asked for with Shape and
put together by Concat, masks made and added, heads split by Reshape and
Transpose. Weights are random.

mask   "added": (1 - mask) times a large negative number
       "chosen": Where of a mask that was expanded, and a guard against NaN
       "none": the file has no attention_mask
norm   "one": LayerNormalization; "parts": what it was before opset 17
head   "logits": first token, a layer with tanh, a classifier
       "hidden": a vector for each token
       "mean": their mean, by the mask, of length 1
"""

import json
import math
from pathlib import Path

import numpy as np
import text_model
from onnx import TensorProto, helper, numpy_helper

WIDE, HEADS, MOST = text_model.WIDE, text_model.HEADS, text_model.MOST
WORDS = len(text_model.SPECIAL + text_model.WORDS)


class Writer:
    """Nodes, and tensors by their names."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.constants = [], []

    def constant(self, array, dtype=np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, dtype), name))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def weight(self, *dims: int, scale: float = 1) -> str:
        return self.constant(self.rng.standard_normal(dims) * scale / math.sqrt(dims[0]))

    def op(self, kind: str, *inputs: str, name: str | None = None, **attributes) -> str:
        name = name or f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def size(self, x: str, axis: int) -> str:
        """[1], the length of an axis."""
        one = self.op("Gather", self.op("Shape", x), self.constant(axis, np.int64), axis=0)
        return self.op("Unsqueeze", one, self.ints(0))

    def shape(self, *parts) -> str:
        """Of numbers and of what size() gave."""
        names = [p if isinstance(p, str) else self.ints(p) for p in parts]
        return self.op("Concat", *names, axis=0)

    def dense(self, x: str, n: int, m: int, scale: float = 1) -> str:
        y = self.op("MatMul", x, self.weight(n, m, scale=scale))
        return self.op("Add", self.constant(self.rng.standard_normal(m) * 0.1), y)


def norm(w: Writer, x: str, how: str) -> str:
    gain = w.constant(1 + w.rng.standard_normal(WIDE) * 0.1)
    bias = w.constant(w.rng.standard_normal(WIDE) * 0.1)
    if how == "one":
        return w.op("LayerNormalization", x, gain, bias, axis=-1, epsilon=1e-12)
    d = w.op("Sub", x, w.op("ReduceMean", x, axes=[-1]))
    variance = w.op("ReduceMean", w.op("Pow", d, w.constant(2.0)), axes=[-1])
    root = w.op("Sqrt", w.op("Add", variance, w.constant(1e-12)))
    return w.op("Add", w.op("Mul", w.op("Div", d, root), gain), bias)


def additive_mask(w: Writer, how: str) -> str | None:
    if how == "none":
        return None
    axes = w.ints(1, 2)
    mask = w.op("Unsqueeze", "attention_mask", axes)
    if how == "added":
        inverse = w.op("Sub", w.constant(1.0), w.op("Cast", mask, to=TensorProto.FLOAT))
        return w.op("Mul", inverse, w.constant(np.finfo(np.float32).min))
    n = w.size("input_ids", 1)
    whole = w.op("Expand", mask, w.shape(w.size("input_ids", 0), 1, n, n))
    seen = w.op("Cast", whole, to=TensorProto.BOOL)
    return w.op("Where", seen, w.constant(0.0), w.constant(-np.inf))


def attention(w: Writer, x: str, mask: str | None, guard: bool) -> str:
    batch, n, d = w.size(x, 0), w.size(x, 1), WIDE // HEADS
    parts = []
    for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]):
        part = w.op("Reshape", w.dense(x, WIDE, WIDE, 2), w.shape(batch, n, HEADS, d))
        parts.append(w.op("Transpose", part, perm=perm))
    q, k, v = parts
    scores = w.op("Div", w.op("MatMul", q, k), w.constant(math.sqrt(d)))
    if mask is not None:
        scores = w.op("Add", scores, mask)
    share = w.op("Softmax", scores, axis=-1)
    if guard:
        share = w.op("Where", w.op("IsNaN", share), w.constant(0.0), share)
    seen = w.op("Transpose", w.op("MatMul", share, v), perm=[0, 2, 1, 3])
    seen = w.op("Reshape", seen, w.shape(batch, n, WIDE))
    return w.dense(seen, WIDE, WIDE)


def gelu(w: Writer, x: str) -> str:
    inner = w.op("Add", w.op("Erf", w.op("Div", x, w.constant(math.sqrt(2)))), w.constant(1.0))
    return w.op("Mul", w.op("Mul", x, inner), w.constant(0.5))


def embeddings(w: Writer, types: bool, places: bool, words: int) -> str:
    x = w.op("Gather", w.weight(words, WIDE, scale=20), "input_ids", axis=0)
    if types:
        x = w.op("Add", x, w.op("Gather", w.weight(2, WIDE), "token_type_ids", axis=0))
    if not places:
        return x
    n = w.size("input_ids", 1)
    index = w.op("Slice", w.constant(np.arange(MOST)[None], np.int64), w.ints(0), n, w.ints(1))
    return w.op("Add", x, w.op("Gather", w.weight(MOST, WIDE, scale=5), index, axis=0))


def pooled_mean(w: Writer, x: str) -> str:
    mask = w.op("Unsqueeze", "attention_mask", w.ints(-1))
    mask = w.op("Cast", w.op("Expand", mask, w.op("Shape", x)), to=TensorProto.FLOAT)
    total = w.op("ReduceSum", w.op("Mul", x, mask), w.ints(1), keepdims=0)
    count = w.op("Clip", w.op("ReduceSum", mask, w.ints(1), keepdims=0), w.constant(1e-9))
    mean = w.op("Div", total, count)
    size = w.op("Clip", w.op("ReduceL2", mean, axes=[1], keepdims=1), w.constant(1e-12))
    return w.op("Div", mean, w.op("Expand", size, w.op("Shape", mean)), name="sentence_embedding")


def model(
    head: str = "logits", mask: str = "added", norms: str = "one", types: bool = True,
    places: bool = True,
    words: int = WORDS, layers: int = 2, seed: int = 3, fixed: int | None = None, change=None,
):  # fmt: skip
    """fixed: a length instead of any; change(w, x) -> x of what comes behind the layers."""
    w = Writer(seed)
    x = norm(w, embeddings(w, types, places, words), norms)
    added = additive_mask(w, mask)
    for _ in range(layers):
        x = norm(w, w.op("Add", attention(w, x, added, mask == "chosen"), x), norms)
        wide = gelu(w, w.dense(x, WIDE, 2 * WIDE))
        x = norm(w, w.op("Add", w.dense(wide, 2 * WIDE, WIDE), x), norms)
    x = change(w, x) if change else x
    dims = {"logits": ["batch", 2], "mean": ["batch", WIDE], "hidden": ["batch", "sequence", WIDE]}
    name = {"mean": "sentence_embedding", "hidden": "last_hidden_state"}.get(head, head)
    if head == "logits":
        first = w.op("Gather", x, w.constant(0, np.int64), axis=1)
        pooler = w.op("Tanh", w.op("Gemm", first, w.weight(WIDE, WIDE), w.weight(WIDE)))
        w.op("Gemm", pooler, w.weight(WIDE, 2, scale=9), w.weight(2), name=name)
    elif head == "mean":
        pooled_mean(w, x)
    else:
        w.op("Identity", x, name=name)
    names = ["input_ids"] + ["attention_mask"] * (mask != "none" or head == "mean")
    names += ["token_type_ids"] * types
    length = fixed or "sequence"
    given = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", length]) for n in names]
    result = helper.make_tensor_value_info(name, TensorProto.FLOAT, dims[head])
    graph = helper.make_graph(w.nodes, "bert", given, [result], w.constants)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )  # fmt: skip


def save(folder: Path, made=None, toml: str = "", **options) -> Path:
    """The model, its tokenizer and model.toml in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    made = made or model(**options)
    (folder / "model.onnx").write_bytes(made.SerializeToString())
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json()))
    text = f'[model]\nname = "small"\nsource = "model.onnx"\n{toml}'
    (folder / "model.toml").write_text(text)
    return folder


def tokenizer_json() -> dict:
    """What text_model.tokenizer() is made of, as a file says it."""
    t = text_model.tokenizer()
    special = [
        {"id": i, "content": word, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
        for word, i in t.added.items()
    ]  # fmt: skip
    cls, sep = ({"SpecialToken": {"id": n, "type_id": 0}} for n in ("[CLS]", "[SEP]"))
    a, b = ({"Sequence": {"id": n, "type_id": k}} for k, n in enumerate("AB"))
    last = {"SpecialToken": {"id": "[SEP]", "type_id": 1}}
    names = {n: {"id": n, "ids": [t.added[n]], "tokens": [n]} for n in ("[CLS]", "[SEP]")}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": {
            "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
            "strip_accents": False, "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing", "single": [cls, a, sep], "pair": [cls, a, sep, b, last],
            "special_tokens": names,
        },
        "decoder": None,
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": t.vocabulary,
        },
    }  # fmt: skip
