"""Coded tensors end to end: the engine answers the same bytes as from raw ones,
in no more memory than the scratch; what may not be coded is refused; and the
compiler codes what the model of a cold start says is worth it."""

import json
import os
import resource
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT
from sklearn import ensemble, neural_network

from mote import coding, config, file, lower, profiles, verify
from mote.cli import main
from mote.engine import Engine, Rejected
from mote.graph import Graph, Value
from mote.importers import sklearn
from mote.reader import BadFile, read
from mote.report.storage import storage

ENCODINGS = ("HUFPAIR", "HUF8", "PLANES")


def whole_file(lowered: lower.Lowered) -> file.File:
    """Plan 0 is the one to run; the other answers requests, as every file needs
    an input of numbers."""
    batch = lowered.symbols["batch"]
    idle = file.Plan(
        "idle", 1, [0], [file.PlacedValue("f64", (file.SYMBOL, 1))], [], file.align(8 * batch)
    )
    return file.File(
        name="test",
        version="1",
        description=None,
        symbols=list(lowered.symbols.items()),
        tensors=lowered.tensors,
        plans=[lowered.plan, idle],
        features=[file.FeatureRecord("x", "f64", 0, 0)],
        output=file.OutputRecord("numbers", "full", ["y"], scores=0),
        main=1,
    )


def of_graph(graph: Graph, bits: int = 8) -> file.File:
    return whole_file(lower.lower_graph(graph, "int8", bits=lower.Bits(bits)))


def coded(whole: file.File, encoding: str, block=None) -> int:
    """Codes whatever may be coded; block: of a tensor to its block bytes. How many
    tensors that were."""
    found = coding.decoded_reads(whole)
    for i in found:
        t = whole.tensors[i]
        bits = 8 if encoding == "HUF8" else coding.bits_of(np.frombuffer(t.data, np.int8))
        size = block(t) if block and t.layout == "p8k8" else coding.block_bytes_of(t)
        t.stored = coding.store(t, encoding, bits, size)
    coding.make_room(whole)
    return len(found)


def answers(blob: bytes, extents: list, inputs: list, dims: tuple, keep: bool = False) -> bytes:
    """Of one run; of three, when decoded weights are kept."""
    with Engine(blob) as e:
        if keep:
            assert e.keep()
        for _ in range(3 if keep else 1):
            out = e.plan(0, extents, inputs, [(np.float32, dims)])[0]
    return out.tobytes()


def same_answers(whole: file.File, extents: list, inputs: list, dims: tuple, blocks=(None,)):
    raw = answers(whole.to_bytes(), extents, inputs, dims)
    for encoding in ENCODINGS:
        for block in blocks:
            assert coded(whole, encoding, block) > 0
            blob = whole.to_bytes()
            assert answers(blob, extents, inputs, dims) == raw, (encoding, block)
    if any(t.layout == "p8k8" and t.stored for t in whole.tensors):
        assert answers(whole.to_bytes(), extents, inputs, dims, keep=True) == raw
    return blob


def one_panel(t: file.Tensor) -> int:
    return min(16384, file.panel_bytes(t.dims[1]))


def parts_of_a_panel(t: file.Tensor) -> int:
    return max(64, file.panel_bytes(t.dims[1]) // 3 // 64 * 64)


BLOCKS = (None, one_panel, parts_of_a_panel)


@pytest.mark.parametrize("bits", [8, 7, 6, 5])
@pytest.mark.parametrize(
    ("n", "m"),
    [(32, 8), (33, 9), (64, 31), (100, 72), (384, 100), (1000, 40), (1536, 33), (2100, 17)],
)
def test_dense(n, m, bits):
    rng = np.random.default_rng([n, m, bits])
    g = Graph([Value(("batch", n), "f32")], {"batch": 7})
    weight = rng.laplace(size=(m, n)) / n
    g.outputs = [g.dense(g.input, weight, rng.normal(size=m), rng.choice(["gelu", "relu"]))]
    whole = of_graph(g, bits)
    for rows in (1, 3, 7):
        x = rng.normal(size=(rows, n)).astype("<f4")
        same_answers(whole, [rows], [x], (rows, m), BLOCKS if rows == 3 else (None,))


@pytest.mark.parametrize(
    ("n", "m", "taps", "dilation"), [(16, 24, 3, 1), (5, 9, 7, 2), (64, 40, 1, 1), (40, 70, 5, 3)]
)
def test_conv(n, m, taps, dilation):
    rng = np.random.default_rng([n, m, taps])
    g = Graph([Value(("batch", 19, n), "f32")], {"batch": 3})
    weight = rng.laplace(size=(m, taps, n)) / n
    g.outputs = [g.conv1d(g.input, weight, rng.normal(size=m), dilation, "tanh")]
    x = rng.normal(size=(3, 19, n)).astype("<f4")
    same_answers(of_graph(g, 6), [3], [x], (3, 19, m), BLOCKS)


@pytest.mark.parametrize("n", [1, 7, 64, 100, 384, 5000, 16384])
def test_tables(n):
    """One row at a time, four at once, more than fit in a tile; each several times."""
    rng = np.random.default_rng(n)
    g = Graph([Value(("batch", 37), "s32")], {"batch": 2})
    words = g.embed(g.input, rng.laplace(size=(133, n)))
    g.outputs = [g.position(words, rng.laplace(size=(40, n)))]
    ids = rng.integers(133, size=(2, 37)).astype("<i4")
    for bits in (8, 6, 5):
        same_answers(of_graph(g, bits), [2], [ids], (2, 37, n))


def test_table_bounds():
    g = Graph([Value(("batch", 3), "s32")], {"batch": 1})
    g.outputs = [g.embed(g.input, np.random.default_rng(0).normal(size=(9, 64)))]
    whole = of_graph(g)
    coded(whole, "HUFPAIR")
    with Engine(whole.to_bytes()) as e:
        for ids in ([0, 9, 1], [-1, 0, 0]):
            with pytest.raises(Rejected, match="indices within the table"):
                e.plan(0, [1], [np.array([ids], "<i4")], [(np.float32, (1, 3, 64))])


def test_plans_that_are_called_share_the_scratch():
    """A plan that calls another, both with coded weights."""
    rng = np.random.default_rng(3)
    g = Graph([Value(("batch", 48), "f32")], {"batch": 2})
    g.outputs = [g.dense(g.input, rng.laplace(size=(48, 48)) / 48, rng.normal(size=48))]
    inner = of_graph(g)
    plan = inner.plans[0]
    call = file.Operator(9, [0], [2, 1], [1, 3, 1, 0, 0])
    row = (file.SYMBOL, 48)
    values = [
        file.PlacedValue("f32", row, 0),
        file.PlacedValue("f32", row, 384),
        file.PlacedValue("u8", (plan.arena,), 768),
    ]
    outer = file.Plan("outer", 1, [1], values, [call], file.align(768 + plan.arena))
    whole = replace(inner, plans=[outer, plan, inner.plans[1]], main=2)
    x = rng.normal(size=(2, 48)).astype("<f4")
    same_answers(whole, [2], [x], (2, 48))


# ------------------------------------------------------------------- refusals


def refused(whole: file.File, message: str) -> None:
    """By both readers, as something in the plans."""
    blob = whole.to_bytes()
    with pytest.raises(Rejected, match=message):
        Engine(blob)
    with pytest.raises(BadFile, match="PLANS"):
        read(blob)


def test_only_operators_that_decode_read_coded_tensors():
    rng = np.random.default_rng(5)
    g = Graph([Value(("batch", 40), "f32")], {"batch": 1})
    g.outputs = [g.dense(g.input, rng.normal(size=(32, 40)), rng.normal(size=32))]
    whole = whole_file(lower.lower_graph(g, "float32"))
    read(whole.to_bytes())
    assert not coding.decoded_reads(whole)
    t = next(t for t in whole.tensors if len(t.dims) == 2)
    t.stored = coding.store(t, "BYTES", 32, 1024)
    refused(whole, "coded tensors where an operator decodes them")


def recurrent() -> Graph:
    """A GRU of 40 numbers for each of 4 steps to 32. (Golden files have LSTM too.)"""
    rng = np.random.default_rng(5)
    g = Graph([Value(("batch", 4, 40), "f32")], {"batch": 2})
    m = 32
    biases = [rng.normal(size=3 * m) for _ in range(2)]
    weights = rng.normal(size=(3 * m, 40)), rng.normal(size=(3 * m, m))
    g.outputs = [g.gru(g.input, *weights, *biases)]
    return g


def test_recurrent_weights():
    g = recurrent()
    dims = tuple(2 if d == "batch" else d for d in g.outputs[0].dims)
    x = np.random.default_rng(6).normal(size=(2, 4, 40)).astype("<f4")
    for bits in (8, 6):
        assert len(coding.decoded_reads(of_graph(g, bits))) == 2
        same_answers(of_graph(g, bits), [2], [x], dims, BLOCKS)


def test_whole_tensors_need_room_and_are_not_coded_by_rows():
    whole = of_graph(recurrent())
    t = next(t for t in whole.tensors if t.layout == "p8k8")
    t.stored = coding.store(t, "HUFPAIR", 8, coding.block_bytes_of(t))
    refused(whole, "operands")
    coding.make_room(whole)
    read(whole.to_bytes())
    with Engine(whole.to_bytes()):
        pass


FORESTS = {
    # heaps, linked nodes in f32, and in f64
    "heap": lambda: ensemble.RandomForestRegressor(100, max_depth=8, random_state=0),
    "linked": lambda: ensemble.RandomForestClassifier(100, max_depth=12, random_state=0),
    "wide": lambda: ensemble.HistGradientBoostingRegressor(max_iter=100, random_state=0),
}


@pytest.fixture(scope="module", params=FORESTS)
def forest(request):
    """A fitted forest, and rows."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2000, 12))
    y = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + rng.normal(size=2000) / 4
    estimator = FORESTS[request.param]()
    return estimator.fit(x, y > 0 if request.param == "linked" else y), x[:200]


def lowered_forest(estimator) -> file.File:
    imported = sklearn.import_estimator(estimator)
    return lower.lower(imported, config.Config("t", "1"), "float64")


def test_coded_forests_answer_the_same(forest):
    estimator, x = forest
    raw, whole = lowered_forest(estimator), lowered_forest(estimator)
    summary = coding.choose(whole, coding.Target(), "t")
    chosen = {c.encoding for c in summary.choices}
    assert "BYTES" in chosen and all(c.ms_after <= c.ms_before for c in summary.choices)
    assert summary.total("bytes_after") < 0.85 * summary.total("bytes_before")
    assert all(c.encoding == "RAW" for c in summary.choices if c.bytes_before < coding.LEAST)
    with Engine(raw.to_bytes()) as e:
        expected = [a.tobytes() for a in e.rows(x)]
    with Engine(whole.to_bytes()) as e:
        assert [a.tobytes() for a in e.rows(x)] == expected
        assert e.keep()
        for _ in range(2):
            assert [a.tobytes() for a in e.rows(x)] == expected
    kept, again = read(raw.to_bytes()), read(whole.to_bytes())
    for t, u in zip(kept.tensors, again.tensors):
        assert t.data.tobytes() == u.data.tobytes()


def test_forests_stay_raw_where_decoding_costs_more(forest):
    whole = lowered_forest(forest[0])
    raw = whole.to_bytes()
    for costs in ({"page_us": 1000.0}, {"bytes_mb_s": 1.0, "huf8_mb_s": 1.0, "planes_mb_s": 1.0}):
        summary = coding.choose(whole, coding.Target(**costs), "t")
        assert {c.encoding for c in summary.choices} == {"RAW"}
        assert whole.to_bytes() == raw


def test_tables_are_coded_row_by_row():
    g = Graph([Value(("batch", 3), "s32")], {"batch": 1})
    g.outputs = [g.embed(g.input, np.random.default_rng(0).normal(size=(64, 48)))]
    whole = of_graph(g)
    t = next(t for t in whole.tensors if t.dtype == "s8")
    t.stored = coding.store(t, "HUFPAIR", 8, 1024)
    refused(whole, "coded tensors where an operator decodes them")


# ---------------------------------------------------------------------- memory


def minilm(words: int = 4096) -> Graph:
    """Of the shape of MiniLM-L6, its weights random ones near a Gauss curve."""
    sys.path.insert(0, str(ROOT / "tools/bench"))
    import kernels_models

    return kernels_models.transformer(4, 6, 384, 12, 1536, words)


FAULTS = """
import resource, sys
import numpy as np
from mote.engine import Engine
blob = open(sys.argv[1], "rb").read()
ids = np.arange(16, dtype="<i4")[None] * 99
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
with Engine(blob) as e:
    counts = []
    for _ in range(2):
        before = faults()
        e.plan(0, [1, 16], [ids], [(np.float32, (1, 384))])
        counts.append(faults() - before)
print(*counts)
"""


def test_first_request_touches_no_page_of_decoded_weights(tmp_path):
    """A model of 12 MB: the run with coded weights takes no more page faults than
    the one with raw weights, where nothing is decoded, and the scratch."""
    whole = of_graph(minilm(), 6)
    counts = {}
    for name in ("raw", "coded"):
        if name == "coded":
            assert coded(whole, "HUFPAIR") == 26
        path = tmp_path / f"{name}.mote"
        path.write_bytes(whole.to_bytes())
        out = subprocess.run(
            [sys.executable, "-c", FAULTS, path], capture_output=True, text=True, check=True,
            env=os.environ | {"PYTHONPATH": ":".join(sys.path)},
        )  # fmt: skip
        counts[name] = [int(n) for n in out.stdout.split()]
    scratch = max(t.scratch() for t in whole.tensors)
    assert scratch == 4096 + 4 * 12288
    code = 8  # pages of the decoder's own code and stack
    assert counts["coded"][0] <= counts["raw"][0] + scratch // resource.getpagesize() + code
    assert counts["coded"][1] <= code


# -------------------------------------------------------------------- compiler


def test_cold_is_at_most_seven_tenths_of_int8():
    """Of MiniLM's shape with random weights near a Gauss curve; trained ones may
    code better or worse."""
    whole = of_graph(minilm(), 6)
    raw = len(whole.to_bytes())
    summary = coding.choose(whole, coding.TARGETS["arm64"], "arm64")
    stored = len(whole.to_bytes())
    assert stored <= 0.70 * raw, stored / raw
    assert summary.total("ms_after") < 0.8 * summary.total("ms_before")
    header = read(whole.to_bytes()).header
    assert header.request_arena == whole.plans[0].arena + max(t.scratch() for t in whole.tensors)


def small_net(bits: int = 6) -> file.File:
    rng = np.random.default_rng(11)
    g = Graph([Value(("batch", 300), "f32")], {"batch": 1})
    x = g.dense(g.input, rng.laplace(size=(200, 300)), rng.normal(size=200), "relu")
    g.outputs = [g.dense(x, rng.laplace(size=(10, 200)), rng.normal(size=10))]
    return of_graph(g, bits)


def test_what_the_model_of_a_cold_start_decides():
    whole = small_net()
    large = max(range(len(whole.tensors)), key=lambda i: len(whole.tensors[i].data))

    def chosen(**costs):
        summary = coding.choose(whole, coding.Target(**costs), "t")
        assert all(c.ms_after <= c.ms_before for c in summary.choices)
        small = [t for t in whole.tensors if len(t.data) < coding.LEAST]
        assert len(small) >= 5 and all(t.stored is None for t in small)
        assert summary.total("bytes_after") == sum(map(coding.stored_bytes, whole.tensors))
        return summary.choices[large].encoding

    smallest = min(coding.candidates(whole.tensors[large]), key=lambda s: len(s.data)).encoding
    assert smallest in ("HUFPAIR", "HUF8")
    assert chosen(fetch_mb_s=1.0) == smallest
    assert chosen(fetch_mb_s=1e9, chunk_ms=0) == "RAW"
    assert chosen(fetch_mb_s=1e9, chunk_ms=1000) == smallest
    assert chosen(hufpair_mb_s=1.0, huf8_mb_s=1.0) == "PLANES"
    assert chosen(hufpair_mb_s=1.0, huf8_mb_s=1.0, planes_mb_s=1.0) == "RAW"


def test_like_tensors_share_a_table():
    """Layers of like weights: fewer bytes than with a table for each."""
    rng = np.random.default_rng(5)
    g = Graph.of_rows(96)
    x = g.input
    for _ in range(4):
        x = g.dense(x, rng.normal(size=(96, 96)), rng.normal(size=96), "relu")
    g.outputs = [x]
    whole = of_graph(g, 6)
    summary = coding.choose(whole, coding.TARGETS["x86_64"])
    coded = [t for t in whole.tensors if t.stored]
    tables = {t.stored.table for t in coded}
    assert len(coded) == 4 and len(tables) == 1
    shared = sum(len(t.stored.data) for t in coded) + 128
    again = read(whole.to_bytes())
    for t, found in zip(whole.tensors, again.tensors, strict=True):
        if t.stored:
            own = coding.store(t, t.stored.encoding, t.stored.bits, t.stored.block_bytes)
            assert len(t.stored.data) < len(own.data) + len(own.table)
            assert found.encoding == t.stored.encoding
            t.stored = own
    assert shared < sum(len(t.stored.data) + 128 for t in coded)
    assert summary.total("ms_after") < summary.total("ms_before")


def test_numbers_of_the_model():
    """By hand: 0.3 ms and a hundredth of a chunk's 1 ms, 2 MB/ms."""
    target = coding.Target(fetch_mb_s=100.0, chunk_ms=1.0, hufpair_mb_s=2000.0)
    t = file.Tensor("s8", (100, 400), bytes(40000), "p8k8")
    assert coding.cold_ms(target, len(t.data), 30000, "RAW") == pytest.approx(0.3 + 30000 / 524288)
    coded_ms = coding.cold_ms(target, len(t.data), 30000, "HUFPAIR")
    assert coded_ms == pytest.approx(0.3 + 30000 / 524288 + 0.02)


def test_constant_weights():
    g = Graph([Value(("batch", 512), "f32")], {"batch": 1})
    g.outputs = [g.dense(g.input, np.full((64, 512), 0.5))]
    whole = of_graph(g)
    coding.choose(whole, coding.TARGETS["arm64"])
    assert [t.stored.encoding for t in whole.tensors if t.stored] == ["CONST"]
    x = np.ones((1, 512), "<f4")
    raw = of_graph(g).to_bytes()
    assert answers(whole.to_bytes(), [1], [x], (1, 64)) == answers(raw, [1], [x], (1, 64))


@pytest.mark.parametrize("bits", [8, 7, 6, 5])
def test_bits(bits):
    whole = small_net(bits)
    wide = [t for t in whole.tensors if t.layout == "p8k8"]
    assert all(coding.bits_of(np.frombuffer(t.data, np.int8)) == bits for t in wide)


def test_bits_by_name():
    g = Graph([Value(("batch", 64), "f32")], {"batch": 1})
    rng = np.random.default_rng(1)
    x = g.dense(g.input, rng.normal(size=(64, 64)))
    g.outputs = [g.dense(x, rng.normal(size=(32, 64)))]
    lowered = lower.lower_graph(g, "int8", bits=lower.Bits(8, {"w1": 5}))
    assert lowered.weights == {"w0": 64 * 64, "w1": 32 * 64}
    wide = [t for t in lowered.tensors if t.layout == "p8k8"]
    assert [coding.bits_of(np.frombuffer(t.data, np.int8)) for t in wide] == [8, 5]


def test_what_is_read_first_lies_in_front():
    """But for what rows are picked from, which lies behind, the largest last."""
    model = read(of_graph(minilm(64)).to_bytes())
    values, picked, whole = model.plans[0].values, set(), []
    for o in model.plans[0].operators:
        tensors = [values[v].tensor for v in o.reads if v is not None]
        found = [t for t in tensors if t is not None]
        picked.update(found) if o.name in ("embed", "position") else whole.extend(found)
    tables = sorted(picked, key=lambda t: model.tensors[t].bytes)
    assert len(tables) == 4
    assert list(dict.fromkeys(whole)) + tables == list(range(len(model.tensors)))
    names = [s.name for s in model.sections]
    assert names[-1] == "DATA"


# -------------------------------------------------------------------- profiles


def test_cold_profile_spends_loss_where_it_saves_most():
    """Four weights: what they save, what they lose; the limit lets 10 be lost."""
    saves = {"w0": 100, "w1": 50, "w2": 90, "w3": 10}
    loses = {"w0": 8, "w1": 1, "w2": 9, "w3": 1}
    asked = []

    def attempt(bits: lower.Bits) -> profiles.Trial:
        asked.append(bits)
        low = [w for w in saves if bits.of(w) == 6]
        lost = sum(loses[w] for w in low)
        return profiles.Trial(1000 - sum(saves[w] for w in low), lost <= 10, lost)

    bits = profiles.cold_bits(list(saves), attempt)
    assert (bits.all, bits.named) == (8, {"w0": 6, "w1": 6, "w3": 6})
    loses |= dict.fromkeys(saves, 1)
    assert profiles.cold_bits(list(saves), attempt) == lower.Bits(6)


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """The file of a fitted net of 70,000 weights, and its estimator."""
    import skops.io

    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 64))
    y = (x @ rng.normal(size=(64, 3))).argmax(axis=1)
    estimator = neural_network.MLPClassifier((256, 200), random_state=0, max_iter=15)
    estimator.fit(x, y)
    path = tmp_path_factory.mktemp("net") / "net.skops"
    skops.io.dump(estimator, path)
    return path, estimator


def compile_net(net, tmp_path, capsys, *options, toml=None):
    """The report of `mote compile --json`, and the file."""
    path, _ = net
    if toml is not None:
        (tmp_path / "model.toml").write_text(f'[model]\nname = "net"\nsource = "{path}"\n{toml}')
    source = str(path) if toml is None else str(tmp_path)
    output = tmp_path / "net.mote"
    status = main(["compile", source, "-o", str(output), "--json", *options])
    return status, json.loads(capsys.readouterr().out), output


def test_profiles_of_a_net(net, tmp_path, capsys):
    sizes, measured, loose = {}, [], "[verify]\np99_error = 0.2\nmin_labels = 0.9\n"
    for profile in config.PROFILES:
        status, report, output = compile_net(
            net, tmp_path, capsys, "--profile", profile, toml=loose
        )
        assert status == 0 and report["verification"]["passed"]
        tensors = report["tensors"]
        assert output.stat().st_size == report["bytes"]
        sizes[profile] = tensors["bytes_after"]
        assert tensors["cold_ms"] <= tensors["cold_ms_raw"]
        of = {p["profile"]: p for p in report["profiles"]}
        assert set(of) == {"exact", "cold"}
        assert [n for n, p in of.items() if p["compiled"]] == [profile]
        mine, found = of[profile], report["verification"]
        assert mine["bytes"] == tensors["bytes_after"] and mine["ms"] == tensors["cold_ms"]
        assert mine["bytes_raw"] == tensors["bytes_before"]
        assert found["p99_error"] <= mine["verify_p99_error"] <= 1.1 * found["p99_error"]
        assert mine["verify_label_flips"] == found["label_flips"]
        measured.append({n: {k: v for k, v in p.items() if k != "compiled"} for n, p in of.items()})
        # ... and is in the file, where a report finds it
        model = read(output.read_bytes())
        assert storage(model, "arm64", coding.TARGETS["arm64"])["profiles"] == report["profiles"]
    assert measured[0] == measured[1], "whichever of them is compiled"
    assert measured[0]["exact"]["verify_p99_error"] < measured[0]["cold"]["verify_p99_error"]
    assert sizes["cold"] < 0.8 * sizes["exact"], sizes


def test_profiles_in_a_report(net, tmp_path, capsys):
    """Seven bits for all: a row of its own beside exact and cold."""
    toml = "[verify]\np99_error = 0.2\nmin_labels = 0.9\n"
    status, report, output = compile_net(net, tmp_path, capsys, "--bits", "7", toml=toml)
    assert status == 0
    assert [p["profile"] for p in report["profiles"]] == ["exact", "cold", "7 bits"]
    html = tmp_path / "net.html"
    assert main(["report", str(output), "-o", str(html), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["storage"]["profiles"] == report["profiles"]
    page = html.read_text()
    for p in report["profiles"]:
        assert f"{p['bytes']:,}" in page and f'data value="{p["verify_p99_error"]!r}"' in page
    assert "7 bits, this file" in page


def test_cold_profile_falls_back(net, tmp_path, capsys):
    """Limits that 6 bits for all break, and 8 bits do not."""
    _, estimator = net
    imported = sklearn.import_estimator(estimator)

    def error(bits):
        blob = lower.lower(imported, config.Config("t", "1"), "int8", bits).to_bytes()
        return verify.verify(imported, blob, "int8", config.Verify()).p99_error

    exact, cold = error(lower.Bits(8)), error(lower.Bits(6))
    assert exact < cold
    limit = (exact + cold) / 2
    toml = f"[compile]\nprofile = 'cold'\n[verify]\np99_error = {limit}\nmin_labels = 0.5\n"
    status, report, output = compile_net(net, tmp_path, capsys, toml=toml)
    assert status == 0 and report["verification"]["p99_error"] <= limit
    wide = [t for t in read(output.read_bytes()).tensors if t.layout == "P8K8"]
    bits = {coding.bits_of(t.data) for t in wide}
    assert bits == {6, 8}  # some of them


def test_bits_of_the_command_line(net, tmp_path, capsys):
    toml = "[compile]\nbits = 7\nfetch_mb_s = 10\n[compile.weight_bits]\nw0 = 5\n[verify]\n"
    toml += "p99_error = 1\nmin_labels = 0\n"
    _, _, output = compile_net(net, tmp_path, capsys, toml=toml)
    wide = [t for t in read(output.read_bytes()).tensors if t.layout == "P8K8"]
    assert [t.bits for t in wide if t.encoding != "RAW"] == [5, 7]
    _, _, output = compile_net(net, tmp_path, capsys, "--bits", "6", toml=toml)
    wide = [t for t in read(output.read_bytes()).tensors if t.layout == "P8K8"]
    assert [t.bits for t in wide if t.encoding != "RAW"] == [5, 6]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[compile]\nbits = 3\n", "compile.bits: expected one of 8, 7, 6, 5, 4, got 3"),
        ("[compile]\nprofile = 'hot'\n", "compile.profile: expected one of exact, cold"),
        ("[compile]\ntarget = 'z80'\n", "compile.target: expected one of arm64, x86_64"),
        ("[compile]\nfetch_mb_s = 0\n", "compile.fetch_mb_s: expected a positive number, got 0"),
        ("[compile]\nchunk_ms = -1\n", "compile.chunk_ms: expected a positive number"),
        ("[compile.weight_bits]\nw0 = 9\n", "compile.w0: expected one of 8, 7, 6, 5, 4, got 9"),
        ("[compile.weight_bits]\nw7 = 6\n", "'w7' is no weight that may be coded; known are w0"),
    ],
)
def test_settings_that_are_refused(net, tmp_path, capsys, toml, message):
    path, _ = net
    (tmp_path / "model.toml").write_text(f'[model]\nname = "net"\nsource = "{path}"\n{toml}')
    assert main(["compile", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err


def test_a_line_says_what_was_saved(net, tmp_path, capsys):
    assert main(["compile", str(net[0]), "-o", str(tmp_path / "n.mote"), "--bits", "8"]) == 0
    line = next(x for x in capsys.readouterr().out.splitlines() if x.startswith("tensors: "))
    assert "cold start by the model of arm64" in line and "RAW" in line
