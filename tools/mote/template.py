"""What `mote init` writes into a new model's folder."""

import json
from dataclasses import asdict

MODEL_TOML = """\
# What `mote compile models/{name}` makes {name}.mote from. Every key is here;
# those behind a # have the value that is shown unless they are set.

[model]
# the name in replies, in GET /model, and of {name}.mote
name = {name_toml}
# yours, in replies and in GET /model
version = "0.1.0"
# one sentence, in GET /model and in reports
description = {description}
# the trainer's file, from this folder
source = {source}
# style of a reply: "full" (label, index, scores, model), "label", or "index",
# the bare class index as a string; "scores", a list of every label with its
# score. Of a text also "prediction": the text, its label and the score rounded to
# two digits. Of an embedding "full", "label" (the bare vector) or "base64"
reply = "full"

[input]
# names of the features, in the order of the trainer's columns; its own unless set
{features}
# sizes of an ONNX file's dimensions that are neither the batch nor a number
# dimensions = {{ tokens = 128 }}

[output]
# names of the classes, or of the numbers, in the trainer's order; its own unless set
{labels}
# of a model of texts: "class", "numbers" or "embedding", by the output's name
# unless it is set
# kind = "class"

[text]
# Of an ONNX model that reads tokens: tokenizer.json or vocab.txt, in its folder
# tokenizer = "tokenizer.json"
# the most tokens of a text, [CLS] and [SEP] counted; the rest is cut off. What
# sentence_bert_config.json, config.json or the tokenizer says, or 512, unless set
{max_tokens}
# of a model that gives a vector for each token: "mean", "max" or "cls", and
# whether the result gets length 1; those of 1_Pooling and modules.json unless set
# pooling = "mean"
# normalize = true

[compile]
# "auto" decides by cost: float64 for linear models and trees, for nets float32,
# or int8 layer by layer in large ones. Or one of "float64", "float32", "int8"
# precision = "auto"
# "exact" gives int8 weights 8 bits, "cold" 6 where the limits below hold
# profile = "exact"
# so many bits for all int8 weights, whatever the profile: 8, 7, 6, 5 or 4
# bits = 8
# ... or for some, by the names that `mote inspect` shows
# weight_bits = {{}}
# whose decoding speed the choice of encodings counts with: "arm64" or "x86_64"
# target = "arm64"
# what that choice counts with, instead of the target's own: MB/s that a start
# fetches, ms of each 512 KiB chunk, decoded MB/s of each encoding, and us of a
# page that is touched first
# fetch_mb_s = {fetch_mb_s}
# chunk_ms = {chunk_ms}
# hufpair_mb_s = {hufpair_mb_s}
# huf8_mb_s = {huf8_mb_s}
# planes_mb_s = {planes_mb_s}
# bytes_mb_s = {bytes_mb_s}
# page_us = {page_us}

[quantize]
# With one of these keys the convolutions of an int8 net get scales that are known
# before a run, from rows like those to come, and not at run time.
# the rows, a CSV file from this folder; unless it is set, generated ones
# calibration = "rows.csv"
# how many, at most
# rows = 200
# from the least to the largest number seen ("minmax"), without the share of
# numbers that percentile leaves ("percentile"), or what rounds best ("mse")
# method = "minmax"
# percent of the numbers that "percentile" keeps
# percentile = 99.99

[verify]
# Limits of `mote compile` and `mote verify`: outside of one of them nothing is
# written. Those shown are of {precision}, which "auto" gives this model.
# largest |engine - trainer| of a score, relative to max(1, |trainer|)
{max_error}
# the same, of all but the worst hundredth of the rows
{p99_error}
# share of rows whose label must be the trainer's
{min_labels}
# Spearman's rank correlation with the trainer, of numbers: 1 is its own order
{min_rank_correlation}
# cosine of an embedding and the trainer's, the least of all but edges
{min_cosine}
# how many rows to generate, beside edge rows and those of --rows
# rows = {rows}
"""
CARD = """\
# {name}

{description}

| | |
|---|---|
| file | `{name}.mote` (`mote inspect models/{name}/{name}.mote`) |
| model | {trainer}, {size}; which estimator, with which options? |
| data | which data, from where, when, how many rows, under which licence? |
| accuracy | on which rows that it was not trained on, by which measure? |
| against the trainer | {verified} |
| made by | `mote compile models/{name}`, from `{source}` |

## What it is for

Who asks it what, and what is done with the answer?

## What it is not for

Inputs it has not seen, decisions it must not make alone, known failures.

## Input

{inputs}

`samples/` holds events and the replies to them: {samples} rows drawn around what the model's own
parameters suggest, not real ones.
"""


def model_toml(max_tokens: int | None = None, **values) -> str:
    """model.toml with these, and with the costs that are used unless it has others;
    max_tokens: of a model of texts."""
    from mote.coding import TARGETS

    most = f"max_tokens = {max_tokens}" if max_tokens else "# max_tokens = 512"
    return MODEL_TOML.format(**asdict(TARGETS["arm64"]), max_tokens=most, **values)


def toml(value) -> str:
    """A string or a list of strings; both are written as in JSON."""
    return json.dumps(value, ensure_ascii=False)


def key(name: str, value) -> str:
    """A limit that is shown and not set; there is no TOML for none but a
    number that nothing is above."""
    return f"# {name} = {value!r}"
