"""Compares the engine with the trainer on the same rows, and says by numbers
how far they are apart.

Rows come from three places: those that are given, rows like them (or, when
none are given, around what the model's own parameters suggest), and edges; see
rows.py. What the trained steps do not take must be refused.
"""

import json

import numpy as np

from mote import texts
from mote.engine import Engine, Rejected
from mote.engine_text import EngineTokenizer
from mote.graph import Imported
from mote.lower import has_stated_int8
from mote.result import Answers, Result, judge, limits_of
from mote.rows import edges, generate, refused, rounds_sums, rows_by_cost


def engine_rows(engine: Engine, rows: np.ndarray):
    """(index, scores); a row that the engine refuses stays at -1 and NaN."""
    try:
        return engine.rows(rows)
    except Rejected:
        pass  # one of them, then; find out which
    index = np.full(len(rows), -1, np.int32)
    scores = np.full((len(rows), engine.outputs), np.nan)
    for i in range(len(rows)):
        try:
            index[i : i + 1], scores[i : i + 1] = engine.rows(rows[i : i + 1])
        except Rejected:
            continue
    return index, scores


def verify(
    imported: Imported, blob: bytes, precision: str, config, given: np.ndarray | None = None
) -> Result:
    if imported.tokenizer:
        return verify_texts(imported, blob, precision, config, given)
    count = config.rows or rows_by_cost(imported)
    parts = [generate(imported, given, count), edges(imported)]
    if imported.inside is not None:  # beyond its ranges int8 cuts numbers off
        parts = [rows[imported.inside(rows)] for rows in parts]
    rows = np.vstack(([given] if given is not None else []) + parts)
    with np.errstate(all="ignore"):
        want_index, want = imported.predict(rows)
    with Engine(blob) as engine:
        index, scores = engine_rows(engine, rows)
        failures = check_refusals(engine, imported)

    answers = Answers(
        features=imported.features,
        rows=rows,
        given=0 if given is None else len(given),
        edges=len(parts[1]),
        ours=(index, scores),
        theirs=(want_index, want),
        by_row=rounds_sums(imported),
    )
    if imported.kept or has_stated_int8(imported.graph):
        precision = "int8"
    return judge(answers, limits_of(config, precision), failures)


def verify_texts(imported: Imported, blob: bytes, precision: str, config, given) -> Result:
    """The same for a model of texts. Ids are compared as well: a token that
    differs is a wrong answer, however near its numbers are."""
    count = config.rows or texts.count_by_cost(imported)
    parts = [texts.column(t) for t in (texts.generate(imported, count), texts.edges(imported))]
    rows = np.vstack(([given] if given is not None else []) + parts)
    with Engine(blob) as engine:
        index, scores, tokens = engine.texts([row[0] for row in rows])
    want_index, want = imported.predict(rows)
    answers = Answers(
        features=imported.features,
        rows=rows,
        given=0 if given is None else len(given),
        edges=len(parts[1]),
        ours=(index, scores),
        theirs=(want_index, want),
        by_row=True,
        embedding=imported.output.kind == "embedding",
    )
    limits = limits_of(config, precision, answers.embedding)
    return judge(answers, limits, check_tokens(imported, rows, tokens))


def check_tokens(imported: Imported, rows: np.ndarray, tokens: np.ndarray) -> list[str]:
    """Whether texts became the ids that Hugging Face's tokenizer gives them."""
    ours, most = EngineTokenizer(imported.tokenizer.section()), texts.most_tokens(imported)
    for (text,), n in zip(rows, tokens.tolist()):
        want, got = imported.ids(text), ours.encode(text, most)[0]
        if got != want or n != len(want):
            shown = json.dumps(text[:80], ensure_ascii=False)
            return [f"tokens: {shown} is {got[:40]}, Hugging Face's tokenizer says {want[:40]}"]
    return []


def check_refusals(engine: Engine, imported: Imported) -> list[str]:
    """What the trained steps do not take must not get an answer."""
    failures = []
    for what, row in refused(imported):
        try:
            engine.rows(row)
            failures.append(f"input: a row with {what} was answered, expected a refusal")
        except Rejected:
            pass
    return failures
