"""CoLA as it is usually served: ONNX Runtime and tokenizers behind a handler that
takes {"sentence": ...} and answers the scores of both classes.

model.onnx takes input_ids and attention_mask, and token_type_ids where it has
such an input. One thread for the session: at Lambda's small sizes more of them
only cost their start.
"""

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

LABELS = ["unacceptable", "acceptable"]
TOKENS = 128

tokenizer = Tokenizer.from_file("tokenizer.json")
tokenizer.enable_truncation(TOKENS)
tokenizer.no_padding()
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession("model.onnx", options, ["CPUExecutionProvider"])
inputs = {i.name: i.shape[-1] for i in session.get_inputs()}


def row(numbers: list[int], length) -> np.ndarray:
    """[1, tokens], filled with zeros where the model has a fixed length."""
    if isinstance(length, int):
        numbers = numbers[:length] + [0] * (length - len(numbers))
    return np.array([numbers], np.int64)


def handler(event, context):
    text = tokenizer.encode(event["sentence"])
    parts = {
        "input_ids": text.ids,
        "attention_mask": text.attention_mask,
        "token_type_ids": text.type_ids,
    }
    fed = {name: row(parts[name], length) for name, length in inputs.items()}
    logits = session.run(None, fed)[0][0].astype(np.float64)
    scores = np.exp(logits - logits.max())
    scores /= scores.sum()
    return [{"label": label, "score": float(s)} for label, s in zip(LABELS, scores)]
