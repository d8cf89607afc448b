"""The good files of models that take a text: see good.py. Their rows are ids of
tokens, as many as the text has; that texts become these ids is for
test/tools/test_tokenizer.py.
"""

import numpy as np
from good import MODELS, SOFTMAX, Build, Draw, Golden, Tensors, classes
from good_vector import ATTENTION, EMBED, NORMALIZE, POSITION, REDUCE, bits

from mote import file
from mote.tokenizer import Tokenizer

MOST, WIDE = 7, 6
TOKENS = file.SYMBOL + 1
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
WORDS = ("a", "cat", "sat", "##s", "##on", ".", "é", "猫")


def tokenizer() -> Tokenizer:
    vocabulary = {word: i for i, word in enumerate(SPECIAL + WORDS)}
    return Tokenizer(vocabulary, {word: vocabulary[word] for word in SPECIAL}, 2, 3, 1)


class TextBuild(Build):
    """The batch is 1, though there is room for 2, and the plan's input the tokens
    of one text."""

    def __init__(self):
        super().__init__(Tensors(), batch=2)

    def place(self, dtype: str, dims: tuple[int, ...], over: int | None = None) -> int:
        """Placed for the most tokens."""
        index = super().place(dtype, tuple(MOST if d == TOKENS else d for d in dims), over)
        self.plan.values[index].dims = dims
        return index

    def states(self, d: Draw) -> int:
        """A vector for each token: rows of a table and of places, one look around."""
        self.plan.inputs = 1
        ids = self.place("s32", (file.SYMBOL, TOKENS))
        dims = (file.SYMBOL, TOKENS, WIDE)
        table = np.rint(d.array(len(SPECIAL + WORDS), WIDE, scale=127)).astype(np.int8)
        scale = self.tensor(d.array(len(table)) / 50, "f32")
        x = self.place("f32", dims)
        self.run(EMBED, [file.NONE, ids, self.tensor(table, "s8"), scale], [x])
        y = self.place("f32", dims, over=x)
        self.run(POSITION, [x, self.tensor(d.array(MOST, WIDE), "f32"), file.NONE], [y])
        seen = self.place("f32", (file.SYMBOL, TOKENS, WIDE // 3))
        scratch = self.place("f32", (1 * 16 + MOST * 16 + 16 * 32,))
        self.run(ATTENTION, [y], [seen, scratch], 2, bits(0.5), 0)
        return seen

    def reduced(self, x: int, kind: int) -> int:
        y = self.place("f32", (file.SYMBOL, self.plan.values[x].dims[-1]))
        self.run(REDUCE, [x], [y], kind)
        return y


def make_text(name: str, b: TextBuild, output: file.OutputRecord) -> file.File:
    return file.File(
        name=name,
        version="1",
        description=None,
        symbols=[("batch", 1), ("tokens", MOST)],
        tensors=b.tensors.list,
        plans=[b.plan],
        features=[file.FeatureRecord("sentence", "s32", 0, 0, text=True)],
        output=output,
        text=tokenizer().section(),
    )


ROWS = [[2, 3], [2, 4, 3], [2, 5, 6, 7, 9, 3], [2, 11, 10, 1, 0, 4, 3]]


def text_class() -> Golden:
    """The class of a text, from its first token, each text with its own length;
    answered with the text and a score of two digits."""
    d, b = Draw("text_class"), TextBuild()
    logits = b.cast(b.dense(b.reduced(b.states(d), 3), d.array(2, 2), d.array(2)))
    b.plan.outputs = [b.argmax(logits), b.scores(SOFTMAX, logits)]
    output = classes(["no", "yes"], reply="prediction")
    return Golden(make_text("judge", b, output), ROWS)


def text_embedding() -> Golden:
    """A text as a vector of length 1, the mean of its tokens; in base64."""
    d, b = Draw("text_embedding"), TextBuild()
    x = b.reduced(b.states(d), 0)
    y = b.value("f32", 2)
    b.run(NORMALIZE, [x], [y])
    b.plan.outputs = [y]
    output = file.OutputRecord("embedding", "base64", [], scores=0, count=2)
    return Golden(make_text("vectors", b, output), ROWS)


MODELS.update((m.__name__, m) for m in (text_class, text_embedding))
