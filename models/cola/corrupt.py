"""Sentences made ill-formed by small changes that English seldom allows: words
swapped, moved, left out, doubled or put in; a function word for another of its
kind; another form of a word; any word for any other."""

import random
from collections.abc import Sequence

PUNCTUATION = ".,;:?!"
KINDS = [
    kind.split()
    for kind in (
        "a an the this that these those some any every each no all both",
        "in on at by for with from to of about into over under through after before between "
        "against",
        "i me my mine myself",
        "he him his himself she her hers herself it its itself they them their themselves",
        "we us our ourselves you your yourself",
        "is are was were be been being am",
        "has have had having",
        "do does did done doing",
        "will would can could may might must should shall",
        "who whom whose which what that where when why how",
        "and or but nor if because although while than as so",
        "not never no",
        "there it",
        "much many more most very too so",
    )
]
KIND = {word: kind for kind in reversed(KINDS) for word in kind}
FUNCTION = sorted(KIND)
ENDINGS = ("s", "es", "ed", "d", "ing", "ly", "er")
# an ending, and what may stand in its place
TURNED = {"y": ("ies", "ied"), "ies": ("y",), "ied": ("y",), "e": ("ing",)}
TURNED |= {"ing": ("ed", "e", "s"), "ed": ("ing", "es")}


def forms(word: str) -> list[str]:
    """What may be other forms of a word; most are none."""
    made = [word + ending for ending in ENDINGS]
    made += [word.removesuffix(ending) for ending in ENDINGS if word.endswith(ending)]
    for ending, others in TURNED.items():
        if word.endswith(ending):
            made += [word.removesuffix(ending) + other for other in others]
    return made


class Corrupter:
    """sentence -> (words, changed) of an ill-formed variant, or None where no
    change was found; changed[i] is 1 for a word that was touched, and for the one
    behind a gap.

    words     the forms that are known: others are not made
    pool      sentences whose words are put in for others
    """

    def __init__(self, words: set[str], pool: Sequence[str], rng: random.Random):
        self.known, self.rng = words, rng
        self.pool = [w.strip(PUNCTUATION + '"').lower() for s in pool for w in s.split()]
        self.changes = {
            self.swap: 15, self.move: 10, self.leave_out: 17, self.double: 5,
            self.put_in: 10, self.other_of_kind: 18, self.other_form: 17, self.any_other: 8,
        }  # fmt: skip

    def __call__(self, sentence: str) -> tuple[list[str], list[int]] | None:
        before = sentence.split()
        words, changed = list(before), [0] * len(before)
        for _ in range(1 if self.rng.random() < 0.7 else 2):
            self.change(words, changed)
        return (words, changed) if words != before else None

    def change(self, words: list[str], changed: list[int]) -> None:
        """One change; six tries, as not every one fits every sentence."""
        before = list(words)
        for _ in range(6):
            (how,) = self.rng.choices(list(self.changes), list(self.changes.values()))
            how(words, changed, self.rng.randrange(len(words)))
            if words != before:
                return

    def swap(self, words, changed, i):
        if i + 1 < len(words):
            words[i], words[i + 1] = words[i + 1], words[i]
            changed[i] = changed[i + 1] = 1

    def move(self, words, changed, i):
        if len(words) > 3:
            word, to = words.pop(i), self.rng.randrange(len(words) + 1)
            changed.pop(i)
            words.insert(to, word)
            changed.insert(to, 1)

    def leave_out(self, words, changed, i):
        """Every other time a function word."""
        if len(words) <= 3:
            return
        places = [j for j, w in enumerate(words) if w.lower().strip(PUNCTUATION) in KIND]
        if places and self.rng.random() < 0.5:
            i = self.rng.choice(places)
        words.pop(i)
        changed.pop(i)
        changed[min(i, len(words) - 1)] = 1

    def double(self, words, changed, i):
        words.insert(i, words[i])
        changed.insert(i, 1)

    def put_in(self, words, changed, i):
        words.insert(i, self.rng.choice(FUNCTION))
        changed.insert(i, 1)

    def other_of_kind(self, words, changed, i):
        places = [j for j, w in enumerate(words) if w.lower() in KIND]
        if places:
            i = self.rng.choice(places)
            word = words[i].lower()
            words[i] = self.rng.choice([w for w in KIND[word] if w != word])
            changed[i] = 1

    def other_form(self, words, changed, i):
        places = [j for j, w in enumerate(words) if len(w) > 2 and w.lower() not in KIND]
        self.rng.shuffle(places)
        for i in places:
            word = words[i].rstrip(PUNCTUATION)
            made = [form for form in forms(word.lower()) if form in self.known]
            if made:
                words[i] = self.rng.choice(made) + words[i][len(word) :]
                changed[i] = 1
                return

    def any_other(self, words, changed, i):
        word = words[i].rstrip(PUNCTUATION)
        words[i] = self.rng.choice(self.pool) + words[i][len(word) :]
        changed[i] = 1
