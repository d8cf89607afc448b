"""The second reader: golden files, what `mote inspect` shows, mutated files, and
agreement with the engine about what is taken and what is refused."""

import json
import os
import random
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest
from forge import Forge

from mote import cli, file
from mote.engine import Engine, Rejected, library_path
from mote.inspect import as_json, as_text
from mote.reader import BadFile, read
from mote.reader_plans import SYMBOL

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "test" / "golden"

CASES = tomllib.loads((GOLDEN / "cases.toml").read_text())
GOOD = {path: (GOLDEN / path).read_bytes() for path in CASES if path.startswith("good/")}
BAD = {path: (GOLDEN / path).read_bytes() for path in CASES if path.startswith("bad/")}
KINDS = {-2: "format", -9: "version", -10: "damaged", -11: "unknown"}
NO_SPACE = -3  # the engine takes the file, but has no memory for its arena
MUTATIONS = 5000

needs_engine = pytest.mark.skipif(
    not library_path().exists(), reason="the engine is not built: make engine"
)


def refused_by_engine(blob: bytes) -> Rejected | None:
    try:
        Engine(blob).close()
    except Rejected as e:
        return e if e.status != NO_SPACE else None
    return None


def refused_by_reader(blob: bytes) -> BadFile | None:
    try:
        read(blob)
    except BadFile as e:
        return e
    return None


# ------------------------------------------------------------------ golden files


def test_golden_files_are_what_their_generator_writes():
    command = [sys.executable, str(GOLDEN / "generate.py"), "--check"]
    env = os.environ | {"PYTHONPATH": str(ROOT / "tools")}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", GOOD)
def test_good(path):
    model = read(GOOD[path])
    assert model.header.file_bytes == len(GOOD[path])
    assert all(t.data.shape == t.dims for t in model.tensors)


@pytest.mark.parametrize("path", BAD)
def test_bad(path):
    with pytest.raises(BadFile) as caught:
        read(BAD[path])
    e = caught.value
    assert (e.kind, e.section) == (CASES[path]["kind"], CASES[path]["section"]), e
    assert str(e) == f"{e.section}: {e.message}" and "expected " in str(e)


@needs_engine
@pytest.mark.parametrize("path", GOOD)
def test_good_for_the_engine(path):
    assert not refused_by_engine(GOOD[path])


@needs_engine
@pytest.mark.parametrize("path", BAD)
def test_bad_for_the_engine(path):
    e = refused_by_engine(BAD[path])
    assert e and KINDS[e.status] == CASES[path]["kind"]
    assert str(e).startswith(CASES[path]["section"] + ": ")


def test_truncations():
    blob = GOOD["good/linear.mote"]
    for n in range(len(blob)):
        assert refused_by_reader(blob[:n]), n


# ------------------------------------------------------------------ what it reads


def a_file(name: str = "small", tensors: tuple[file.Tensor, ...] = ()) -> file.File:
    """Everything that can have a name has this one."""
    return file.File(
        name=name,
        version=name,
        description=name,
        symbols=[(name, 1)],
        tensors=list(tensors),
        plans=[file.Plan(name, 1, [0], [file.PlacedValue("f64", (SYMBOL, 1))], [], 64)],
        features=[file.FeatureRecord(name, "f64", 0, 0)],
        output=file.OutputRecord("numbers", "full", [name], scores=0),
    )


def test_p8k8_is_unpacked():
    matrix = (np.arange(19 * 13) % 251 - 125).astype(np.int8).reshape(19, 13)
    panels = file.Tensor("s8", matrix.shape, file.p8k8(matrix), "p8k8")
    (tensor,) = read(a_file(tensors=(panels,)).to_bytes()).tensors
    assert tensor.layout == "P8K8" and np.array_equal(tensor.data, matrix)


def test_linear_is_read():
    model = read(GOOD["good/linear.mote"])
    assert (model.name, model.version, model.description) == ("linear", "1", "three kinds")
    assert [s.name for s in model.symbols] == ["batch"] and model.symbols[0].maximum == 4
    assert [f.may_be_missing for f in model.features] == [False, False, False, True]
    assert [o.name for o in model.plans[0].operators] == ["dense", "argmax", "softmax"]
    assert model.output.names == ["a", "b", "c"] and model.output.scores == "probabilities"
    assert model.provenance == {
        "trainer": "none",
        "verified rows": 2**64 - 1,
        "verify max error": 2.0**-52,
    }


# ----------------------------------------------------------------------- inspect


@pytest.mark.parametrize("path", GOOD)
def test_text(path):
    model = read(GOOD[path])
    text = as_text(model)
    assert text.startswith(f"{model.name} {model.version}\n")
    assert f"{model.header.content_hash:016x}" in text
    for line in text.split("\n"):
        assert len(line) <= 100 and line.isprintable() and line == line.rstrip(), line
    for p in model.plans:
        assert all(op.name in text for op in p.operators)


def test_text_of_a_plan():
    text = as_text(read(GOOD["good/recurrent.mote"]))
    assert "call v0 f64[batch,3]@0, v1 f64[batch,2]@128 -> v2 u8[320]@192" in text
    assert "plan 1; count 5; carried output 0 to input 0" in " ".join(text.split())
    assert "v5 f64[2,3]=t3, none" in text
    assert "provenance: none" in text


def test_text_obeys_nobody():
    text = as_text(read(a_file("\x1b[2J\u202e").to_bytes({"\x1b": "\x1b"})))
    assert "\x1b" not in text and "\\x1b[2J\\u202e" in text


def test_text_keeps_its_width():
    for name in ("n" * 300, "two words " * 30):
        text = as_text(read(a_file(name).to_bytes({name: name})))
        assert max(map(len, text.split("\n"))) <= 100


@pytest.mark.parametrize("path", GOOD)
def test_json(path):
    model = read(GOOD[path])
    shown = json.loads(as_json(model))
    assert list(shown) == [
        "name",
        "version",
        "description",
        "hash",
        "header",
        "sections",
        "symbols",
        "strings",
        "tensors",
        "plan",
        "plans",
        "features",
        "output",
        "series",
        "jobs",
        "provenance",
    ]
    assert shown["hash"] == f"{model.header.content_hash:016x}"
    assert [t["dims"] for t in shown["tensors"]] == [list(t.dims) for t in model.tensors]
    assert shown["provenance"] == model.provenance
    assert len(shown["plans"]) == len(model.plans)


def test_json_of_a_plan():
    shown = json.loads(as_json(read(GOOD["good/mlp_s8.mote"])))
    quantized = shown["plans"][0]["operators"][2]
    assert quantized["name"] == "dense_s8" and quantized["activation"] == "relu"
    weight = shown["plans"][0]["values"][quantized["reads"][2]]
    assert weight["dims"] == [13, 11] and weight["offset"] is None
    tensor = shown["tensors"][weight["tensor"]]
    assert tensor["layout"] == "P8K8" and -127 <= tensor["min"] < tensor["max"] <= 127


def test_command(capsys):
    assert cli.main(["inspect", str(GOLDEN / "good" / "linear.mote")]) == 0
    assert capsys.readouterr().out.startswith("linear 1\nthree kinds\n")
    assert cli.main(["inspect", "--json", str(GOLDEN / "good" / "linear.mote")]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "linear"
    assert cli.main(["inspect", str(GOLDEN / "bad" / "data_damaged.mote")]) == 1
    assert "DATA: expected hash" in capsys.readouterr().err
    assert cli.main(["inspect", str(GOLDEN / "absent.mote")]) == 2


# --------------------------------------------------------------------- mutations

WORDS = (0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 64, 65, 4096)
WORDS += (0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF)
STEPS = (-64, -8, -4, -1, 1, 4, 8, 64)


def mutated(r: random.Random, blob: bytes) -> bytes:
    """One to three bytes or words changed, hashes mostly made right again."""
    f = Forge(blob)
    for _ in range(r.choice((1, 1, 1, 2, 3))):
        at, other = (r.randrange(len(blob) - 64) for _ in range(2))
        if r.random() < 0.3:
            f.bytes[at] = r.choice((r.randrange(256), f.bytes[at] ^ 1 << r.randrange(8)))
            continue
        at, other = at & ~3, other & ~3
        word = r.choice(
            (
                r.choice(WORDS),
                r.randrange(24),
                f.get("I", other),
                (f.get("I", at) + r.choice(STEPS)) % (1 << 32),
            )
        )
        f.bytes[at : at + 4] = word.to_bytes(4, "little")
    if r.random() < 0.95:
        f.sign()
    return bytes(f.bytes)


def disagreement(blob: bytes) -> str | None:
    reader, engine = refused_by_reader(blob), refused_by_engine(blob)
    if bool(reader) == bool(engine):
        return None
    return f"the reader: {reader}; the engine: {engine}"


def test_mutations_are_read_or_refused():
    r = random.Random(1)
    blobs = list(GOOD.values())
    for _ in range(MUTATIONS):
        refused_by_reader(mutated(r, r.choice(blobs)))


@needs_engine
def test_mutations_find_both_readers_of_one_mind():
    r = random.Random(2)
    blobs = list(GOOD.values())
    found = (disagreement(mutated(r, r.choice(blobs))) for _ in range(MUTATIONS))
    assert [d for d in found if d] == []


def test_large_counts_in_a_small_file_take_no_time():
    began = time.monotonic()
    for where in ("STRINGS", "SYMBOLS", "TENSORS", "PLANS", "INPUT", "provenance"):
        for count in (1 << 16, 1 << 24, (1 << 32) - 1):
            f = Forge(GOOD["good/linear.mote"])
            f.put(where, 0, "I", count)
            f.sign()
            assert refused_by_reader(bytes(f.bytes))
    assert time.monotonic() - began < 1
