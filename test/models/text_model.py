"""Small models of texts for tests: a transformer of two layers with random
weights, its tokenizer, and what is made of them.

They are made from a graph, as an importer hands it over, so that no trainer is
needed. Weights are drawn from one seed: the same bytes come out every time.
"""

from string import ascii_lowercase

import numpy as np

from mote import config, lower
from mote.graph import BATCH, Feature, Graph, Imported, Output, Value
from mote.tokenizer import Tokenizer

MOST = 24  # tokens
WIDE, HEADS = 32, 2
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = (
    *ascii_lowercase, *"0123456789.,?!'-", *(f"##{c}" for c in ascii_lowercase),
    "the", "cat", "dog", "sat", "on", "mat", "is", "not", "good", "book", "##ed", "##ing",
    "été", "猫",
)  # fmt: skip
LABELS = ["unacceptable", "acceptable"]


def tokenizer() -> Tokenizer:
    vocabulary = {word: i for i, word in enumerate(SPECIAL + WORDS)}
    special = {word: vocabulary[word] for word in SPECIAL}
    return Tokenizer(
        vocabulary, special, special["[CLS]"], special["[SEP]"], special["[UNK]"],
        strip_accents=False,
    )  # fmt: skip


def states(graph: Graph, rng: np.random.Generator) -> Value:
    """A vector for each token."""

    def weight(*dims: int) -> np.ndarray:
        return rng.standard_normal(dims) / np.sqrt(dims[-1])

    x = graph.embed(graph.input, weight(len(SPECIAL + WORDS), WIDE) * 4)
    x = graph.position(x, weight(MOST, WIDE) * 2)
    for _ in range(2):
        gain, bias = np.ones(WIDE), np.zeros(WIDE)
        x = graph.norm(x, gain, bias)
        seen = graph.attention(graph.dense(x, weight(3 * WIDE, WIDE) * 2), HEADS)
        x = graph.norm(graph.dense(seen, weight(WIDE, WIDE)), gain, bias, x)
        wide = graph.dense(x, weight(2 * WIDE, WIDE), activation="gelu")
        x = graph.norm(graph.dense(wide, weight(WIDE, 2 * WIDE)), gain, bias, x)
    return x


def imported(kind: str, seed: int = 7) -> Imported:
    """kind "class" or "embedding"."""
    rng = np.random.default_rng(seed)
    graph = Graph(
        [Value((BATCH, "tokens"), "s32")], {BATCH: 1, "tokens": MOST}, net=True
    )  # fmt: skip
    x = states(graph, rng)
    if kind == "embedding":
        y = graph.normalize(graph.reduce(x, "mean"))
        graph.outputs, output = [y], Output("embedding", [], None, y)
    else:
        y = graph.dense(graph.reduce(x, "first"), rng.standard_normal((2, WIDE)))
        index, scores = graph.argmax(y), graph.softmax(y)
        graph.outputs = [index, scores]
        output = Output("class", LABELS, index, scores, "probabilities")
    feature = Feature("sentence", text=True, dtype="s32")
    return Imported(graph, [feature], output, "none", None, tokenizer=tokenizer())


def blob(kind: str, reply: str = "full", precision: str = "int8") -> bytes:
    """A .mote file."""
    made = lower.lower(imported(kind), config.Config(kind, "1", reply=reply), precision)
    return made.to_bytes()


def vectors_of_numbers(weights: np.ndarray, reply: str) -> bytes:
    """A .mote file of a model that answers rows of numbers [n][k] with the vectors
    weights [m][k] times them, up to 8 rows a run."""
    count = weights.shape[1]
    graph = Graph([Value((BATCH, count), "f32")], {BATCH: 8}, net=True)
    y = graph.dense(graph.input, weights)
    graph.outputs = [y]
    features = [Feature(f"x{i}", dtype="f32") for i in range(count)]
    made = Imported(graph, features, Output("embedding", [], None, y), "none", None)
    return lower.lower(made, config.Config("vectors", "1", reply=reply), "fp32").to_bytes()
