"""The trainer's side of a model of texts: Hugging Face's tokenizer and ONNX
Runtime, with what sentence-transformers does behind them.

It shares nothing with what is compiled but the files: ids come from the package
`tokenizers`, and what follows the model is done here once more.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mote.errors import Refusal
from mote.importers import onnx_file

LEAST_NORM = 1e-12


@dataclass
class After:
    """What follows the model: pooling of the tokens' vectors (mean, max, cls or
    None), a norm of 1, a softmax; classes: the largest number is the answer."""

    pooling: str | None = None
    unit: bool = False
    shares: bool = False
    classes: bool = False

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """y: the model's output for one text, in float32."""
        y = y.astype(np.float64)
        if self.pooling:
            steps = y.reshape(y.shape[-2:])
            y = {"mean": steps.mean, "max": steps.max, "cls": lambda axis: steps[0]}[self.pooling](
                axis=0
            )
        y = y.reshape(-1)
        if self.unit:
            y = y / max(np.sqrt((y * y).sum()), LEAST_NORM)
        if self.shares:
            e = np.exp(y - y.max())
            y = e / e.sum()
        return y


def open_tokenizer(path: Path, most: int):
    """Hugging Face's, of the same file, as the model is to be asked: cut at so
    many tokens, not padded."""
    try:
        import tokenizers
    except ImportError as e:
        raise Refusal(
            "a model of texts is compared with the package tokenizers, which is not installed "
            "here; pip install 'mote[onnx]'"
        ) from e
    if path.suffix == ".json":
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
    else:
        options = json.loads(path.with_name("tokenizer_config.json").read_text("utf-8"))
        tokenizer = tokenizers.BertWordPieceTokenizer(
            str(path),
            lowercase=options.get("do_lower_case", True),
            strip_accents=options.get("strip_accents"),
            handle_chinese_chars=options.get("tokenize_chinese_chars", True),
        )
    tokenizer.no_padding()
    tokenizer.enable_truncation(most)
    return tokenizer


class Session:
    """ONNX Runtime with the model's file."""

    def __init__(self, runtime, model, path: Path, most: int, output: str, after: After):
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self.session = runtime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as e:
            raise Refusal(f"ONNX Runtime cannot open it: {onnx_file.first_line(e)}") from e
        self.tokenizer, self.output, self.after = open_tokenizer(path, most), output, after
        self.types = {i.name: np.int32 if "int32" in i.type else np.int64
                      for i in self.session.get_inputs()}  # fmt: skip

    def ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(text).ids

    def answer(self, ids: list[int]) -> np.ndarray:
        """What the model and what follows it say for one sentence."""
        row = np.array([ids])
        given = {
            "input_ids": row,
            "attention_mask": np.ones_like(row),
            "token_type_ids": np.zeros_like(row),
            "position_ids": np.arange(len(ids))[None],
        }
        feed = {name: given[name].astype(dtype) for name, dtype in self.types.items()}
        return self.after(self.session.run([self.output], feed)[0])

    def predict(self, texts: np.ndarray):
        """(index or None, scores) of texts [n][1]."""
        scores = np.array([self.answer(self.ids(row[0])) for row in texts])
        index = np.argmax(scores, axis=1) if self.after.classes else None
        return index, scores
