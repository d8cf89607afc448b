"""`mote report`: the page says what the object says, and needs nothing else."""

import json
import subprocess
import sys
import warnings
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
import skops.io
from conftest import ROOT
from sklearn import linear_model, neural_network, pipeline, preprocessing

from mote import coding, config, file, importers, lower
from mote.cli import main
from mote.graph import Feature, Graph, Imported, Output
from mote.reader import read
from mote.report import card, gather, page, start
from mote.report.quantization import dequantized, errors, scales
from mote.report.storage import storage

SECTIONS = [
    "card", "input", "output", "series", "verification", "sizes", "operators", "tensors",
    "storage", "memory", "cold_start", "provenance",
]  # fmt: skip
EMPTY = {"meta", "line", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Sections by their id, each with its text, tags and numbers; and what a
    browser would fetch."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.fetched, self.sections, self.links = [], [], {}, []
        self.style, self.current = "", None
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        for key in ("src", "href", "xlink:href", "data", "action", "poster", "srcset", "style"):
            if key in attributes:
                (self.links if tag == "a" else self.fetched).append((tag, attributes[key]))
        assert not any(key.startswith("on") for key in attributes), attributes
        if tag in ("script", "link", "iframe", "object", "embed", "img", "base"):
            self.fetched.append((tag, attributes))
        if tag == "section":
            self.current = self.sections[attributes["id"]] = {
                "text": "", "tags": Counter(), "numbers": [],
            }  # fmt: skip
        if self.current is not None:
            self.current["tags"][tag] += 1
            if tag == "data":
                self.current["numbers"].append(float(attributes["value"]))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        if self.current is not None:
            self.current["tags"][tag] += 1

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "section":
            self.current = None

    def handle_data(self, text):
        if self.open[-1:] == ["style"]:
            self.style += text
        elif self.current is not None:
            self.current["text"] += text


def leaves(x) -> list[float]:
    """Every number in a JSON value."""
    if isinstance(x, dict):
        return [n for v in x.values() for n in leaves(v)]
    if isinstance(x, list):
        return [n for v in x for n in leaves(v)]
    return [float(x)] if isinstance(x, int | float) and not isinstance(x, bool) else []


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Reports of iris and of a small net in int8, each with and without the
    trainer's file: {name: (object, page, folder)}."""
    folder = tmp_path_factory.mktemp("report")
    estimator = folder / "estimator.skops"
    train = [sys.executable, ROOT / "models/iris/train.py", folder]
    subprocess.run(train, check=True, capture_output=True)
    rng = np.random.default_rng(11)
    x = rng.normal(size=(300, 40)) * rng.uniform(0.1, 20, 40)
    y = (x / x.std(0) @ rng.normal(size=(40, 4))).argmax(axis=1)
    net = neural_network.MLPClassifier((70, 37), max_iter=40, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = pipeline.make_pipeline(preprocessing.StandardScaler(), net).fit(x, y)
    skops.io.dump(fitted, folder / "net.skops")
    (folder / "net").mkdir()
    (folder / "net/model.toml").write_text(
        '[model]\nsource = "../net.skops"\n[compile]\nprecision = "int8"\n'
    )
    (folder / "net/README.md").write_text("# A net\n\n| a | b |\n|---|---|\n| `1 < 2` | **c** |\n")
    assert main(["compile", str(folder / "net"), "--json"]) == 0
    found = {}
    for name, arguments in {
        "iris": [str(ROOT / "models/iris"), "--source", str(estimator)],
        "net": [str(folder / "net")],
        "file alone": [str(folder / "net/net.mote")],
    }.items():
        output = folder / "page.html"
        out = subprocess.run(
            [sys.executable, "-m", "mote", "report", *arguments, "--json", "-o", output],
            capture_output=True, text=True, check=True, env={"PYTHONPATH": ROOT / "tools"},
        )  # fmt: skip
        found[name] = json.loads(out.stdout), output.read_text(), folder
    return found


REPORTS = ["iris", "net", "file alone"]


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_is_whole_and_needs_nothing(made, name):
    report, text, _ = made[name]
    parsed = Page(text)
    assert list(parsed.sections) == SECTIONS
    assert parsed.fetched == []
    assert {target for _, target in parsed.links} == {f"#{s}" for s in SECTIONS}
    assert "url(" not in parsed.style and "@import" not in parsed.style
    assert 'name="viewport"' in text and "<script" not in text
    for section in ("sizes", "memory"):
        assert parsed.sections[section]["tags"]["svg"] >= 1
        assert parsed.sections[section]["tags"]["rect"] >= 3
    assert report == json.loads(json.dumps(report, allow_nan=False))
    assert page.page(report) == text  # the page is made of the object alone


@pytest.mark.parametrize("name", REPORTS)
def test_numbers_of_the_page_are_those_of_the_object(made, name):
    report, text, _ = made[name]
    shown = {k: v["numbers"] for k, v in Page(text).sections.items()}
    sizes, v = report["sizes"], report["verification"]
    shares = [100 * p["bytes"] / sizes["file"] for p in sizes["parts"]]
    assert sorted(shown["sizes"]) == sorted(leaves(sizes) + shares)
    assert sum(p["bytes"] for p in sizes["parts"]) == report["model"]["bytes"]
    assert sum(e["bytes"] for e in sizes["encodings"]) == sum(t["bytes"] for t in report["tensors"])
    assert sorted(shown["operators"]) == sorted(
        n for o in report["operators"] for n in (float(o["elements"]), float(o["bytes"]))
    )
    of_tensors = [t[k] for t in report["tensors"] for k in ("tensor", "bytes", "min", "max")]
    quantized = [t for t in report["tensors"] if t["quantization"]]
    of_tensors += [n for t in quantized for n in [t["tensor"], *leaves(t["quantization"])]]
    assert sorted(shown["tensors"]) == sorted(map(float, of_tensors))
    of_memory = [
        n
        for plan in report["memory"]
        for n in [plan["arena"], plan["bound"], len(plan["values"])]
        + [x[k] for x in plan["values"] for k in ("offset", "bytes", "begin", "end")]
    ]
    assert sorted(shown["memory"]) == sorted(map(float, of_memory))
    s = report["storage"]
    assert sorted(shown["storage"]) == sorted([*leaves(s), float(len(report["tensors"]))])
    assert sorted(shown["provenance"]) == sorted(leaves(report["provenance"]))
    if v["source"] == "this run":
        everything = set(leaves(v)) | {1 - v["label_flips"] / v["rows"]}
        assert set(shown["verification"]) <= everything
        assert {v["max_error"], v["p99_error"], float(v["rows"])} <= set(shown["verification"])
        assert set(v["percentiles"].values()) <= set(shown["verification"])
    else:
        assert sorted(shown["verification"]) == sorted(leaves(v))
    cold = report["cold_start"]
    assert set(shown["cold_start"]) <= set(leaves(cold))
    assert {float(cold[k]) for k in ("bytes_read", "pages_touched")} <= set(shown["cold_start"])
    assert "a model, not a measurement" in Page(text).sections["cold_start"]["text"]
    assert all(c["source"] for c in cold["constants"])


def test_what_a_report_says_of_iris(made):
    report, text, _ = made["iris"]
    blob = (ROOT / "models/iris/iris.mote").read_bytes()
    assert report["model"]["hash"] == f"{file.content_hash(blob):016x}"
    assert report["model"]["bytes"] == len(blob)
    assert [f["name"] for f in report["input"]["features"]][0] == "sepal_length"
    assert report["output"]["names"] == ["setosa", "versicolor", "virginica"]
    assert report["verification"]["passed"] and report["verification"]["label_flips"] == 0
    assert {o["precision"] for o in report["operators"]} == {"float64"}
    card_text = Page(text).sections["card"]["text"]
    assert "R. A. Fisher" in card_text and card_text.count(report["model"]["hash"]) == 2


def test_without_the_trainers_file_the_file_speaks(made):
    alone, with_source = made["file alone"][0], made["net"][0]
    assert alone["verification"]["source"] == "the file's provenance"
    assert alone["verification"]["verified rows"] == with_source["verification"]["rows"]
    assert not any(t["quantization"] for t in alone["tensors"])
    assert alone["operators"] == with_source["operators"]
    assert "was not found" in Page(made["file alone"][1]).sections["tensors"]["text"]


def test_reasons_follow_the_precision(made):
    by = {}
    for o in made["net"][0]["operators"]:
        by.setdefault((o["operator"], o["precision"]), []).append(o["reason"])
    assert len(by["dense_s8", "int8"]) == 2 and "int8 is faster" in by["dense_s8", "int8"][0]
    # the last layer has fewer outputs than int8 is worth
    (last,) = by["dense", "float32"]
    assert last.startswith("4 outputs of 37 inputs") and "costs more" in last


def test_errors_of_quantization_are_those_of_the_weights(made):
    report, _, folder = made["net"]
    model = read((folder / "net/net.mote").read_bytes())
    estimator = skops.io.load(folder / "net.skops", trusted=[
        t for t in skops.io.get_untrusted_types(file=folder / "net.skops")
        if t.startswith("sklearn.")
    ])  # fmt: skip
    weights = [w.T for w in estimator[-1].coefs_[:2]]
    found = [(t, t["quantization"]) for t in report["tensors"] if t["quantization"]]
    assert [t["dims"] for t, _ in found] == [[70, 40], [37, 70]]
    of = scales(model)
    for (t, q), weight in zip(found, weights):
        scale = model.tensors[of[t["tensor"]]].data.astype(float)
        ours = model.tensors[t["tensor"]].data * scale[:, None]
        assert q["max_error"] == np.abs(ours - weight).max() <= scale.max() / 2 * 1.001
        rms = np.sqrt(np.mean((ours - weight) ** 2))
        assert q["rms_error"] == pytest.approx(rms, rel=1e-12)
        share = rms / np.sqrt(np.mean(weight**2))
        assert q["relative_error"] == pytest.approx(share, rel=1e-12)
        assert q["signal_to_noise_db"] == pytest.approx(-20 * np.log10(share))


def test_weights_are_found_in_any_order_of_their_axes():
    """As a lowering that turns them would leave them."""
    rng = np.random.default_rng(5)
    weight = rng.normal(size=(6, 3, 4))
    from mote.report.quantization import closest

    turned = weight.transpose(0, 2, 1).reshape(6, 12)
    near = turned + 1e-3 * rng.normal(size=turned.shape)
    others = [("other", rng.normal(size=(6, 12))), ("conv", weight)]
    found = closest(near, others)
    assert found["source"] == "conv"
    assert found["max_error"] == np.abs(near - turned).max()
    assert closest(rng.normal(size=(6, 12)), [("conv", weight)]) is None


def test_a_changed_weight_shows(made):
    _, _, folder = made["net"]
    from mote import config

    imported = importers.import_file(str(folder / "net.skops"), config.Config("net"), False)
    model = read((folder / "net/net.mote").read_bytes())
    before = errors(model, imported.graph)
    (first, *_) = before
    weight = next(n for n in imported.graph.nodes if n.op == "dense").attributes["weight"]
    weight[7, 3] += 0.125
    after = errors(model, imported.graph)
    assert after[first]["max_error"] == pytest.approx(0.125, rel=0.1)
    assert after[first]["worst_row"] == 7
    assert dequantized(model, first, scales(model)[first]).shape == weight.shape


@pytest.mark.parametrize("name", ["iris", "net"])
def test_values_in_the_memory_plan_do_not_collide(made, name):
    for plan in made[name][0]["memory"]:
        values = plan["values"]
        owner = {
            v["value"]: v["value"] if v["in_place_of"] is None else v["in_place_of"] for v in values
        }
        assert 0 < plan["bound"] <= plan["arena"]
        for i, a in enumerate(values):
            assert a["offset"] + a["bytes"] <= plan["arena"] and a["begin"] <= a["end"]
            for b in values[i + 1 :]:
                at_once = a["begin"] <= b["end"] and b["begin"] <= a["end"]
                apart = (
                    a["offset"] + a["bytes"] <= b["offset"]
                    or b["offset"] + b["bytes"] <= a["offset"]
                )
                assert apart or not at_once or owner[a["value"]] == owner[b["value"]], (a, b)


def test_pages_of_a_cold_start_are_counted(made):
    report, _, folder = made["net"]
    blob = (folder / "net/net.mote").read_bytes()
    model = read(blob)
    touched = np.zeros(len(blob), bool)
    touched[: 128 + 32 * len(model.sections)] = True
    for s in model.sections:
        if s.name != "DATA":
            touched[s.offset : s.offset + s.bytes] = True
    h = model.header
    touched[h.provenance_offset :][: h.provenance_bytes] = True
    for t in model.tensors:
        touched[t.offset : t.offset + t.bytes] = True
    cold = report["cold_start"]
    assert cold["bytes_read"] == touched.sum()
    assert cold["pages_touched"] == len({i // 4096 for i in np.flatnonzero(touched)})
    assert cold["image"] is None and cold["measured"] is None
    # in an executable, chunks are counted where the model lies in it
    built = {"bytes": 3 * 524288, "model_at": 2 * 524288 - 64}
    spans = [(0, 64), (len(blob) - 64, 64)]
    assert start.image(spans, built)["chunks"] == 3
    assert start.units([(4095, 2), (8192, 0)], 4096) == 2


def test_an_executable_is_known_by_the_file_in_it(tmp_path):
    (tmp_path / "a").write_bytes(b"program" + b"model" * 40 + b"rest")
    assert start.executable(b"model" * 40, tmp_path / "a")["model_at"] == 7
    assert start.executable(b"another model", tmp_path / "a") is None
    assert start.executable(b"model", tmp_path / "none") is None


def test_a_failed_verification_is_on_the_page_and_in_the_status(made, tmp_path, capsys):
    _, _, folder = made["net"]
    strict = tmp_path / "strict"
    strict.mkdir()
    (strict / "model.toml").write_text(
        f'[model]\nsource = "{folder}/net.skops"\n[verify]\np99_error = 1e-9\n'
    )
    (strict / "strict.mote").write_bytes((folder / "net/net.mote").read_bytes())
    assert main(["report", str(strict)]) == 1
    assert "strict.html" in capsys.readouterr().err
    text = Page((strict / "strict.html").read_text()).sections["verification"]["text"]
    assert "failed" in text and "99 % of the rows are within" in text


def test_a_report_of_numbers_has_their_rank_correlation(tmp_path, capsys):
    rng = np.random.default_rng(6)
    x = rng.normal(size=(50, 3))
    skops.io.dump(linear_model.Ridge().fit(x, x @ [1.0, 2, 3]), tmp_path / "r.skops")
    (tmp_path / "model.toml").write_text('[model]\nname = "r"\nsource = "r.skops"\n')
    assert main(["compile", str(tmp_path)]) == 0
    capsys.readouterr()
    assert main(["report", str(tmp_path), "--json", "-o", str(tmp_path / "r.html")]) == 0
    v = json.loads(capsys.readouterr().out)["verification"]
    shown = Page((tmp_path / "r.html").read_text()).sections["verification"]
    assert v["rank_correlation"] in shown["numbers"] and "Spearman" in shown["text"]
    assert "labels" not in shown["text"]


@pytest.mark.parametrize("name", coding.TARGETS)
def test_storage_is_what_the_compiler_chose(name):
    """Bytes and milliseconds before and after, read back from the file."""
    rng = np.random.default_rng(11)
    g = Graph.of_rows(300)
    x = g.dense(g.input, rng.laplace(size=(200, 300)), rng.normal(size=200), "relu")
    g.outputs = [g.dense(x, rng.laplace(size=(10, 200)), rng.normal(size=10))]
    imported = Imported(
        g, [Feature(f"x{i}") for i in range(300)],
        Output("numbers", [f"y{i}" for i in range(10)], None, g.outputs[0]), "none", None,
    )  # fmt: skip
    whole = lower.lower(imported, config.Config("net", "1"), "int8", lower.Bits(6))
    target = coding.TARGETS[name]
    chosen = coding.choose(whole, target, name)
    found = storage(read(whole.to_bytes()), name, target)
    coded = [c for c in chosen.choices if c.encoding != "RAW"]
    assert coded and len(coded) < len(chosen.choices)
    of_tensors = found["tensors"][:-1]
    for row, choice in zip(of_tensors, chosen.choices, strict=True):
        assert row["bytes_before"] == choice.bytes_before
        assert row["ms_before"] == pytest.approx(choice.ms_before)
    padding = 8 * 3 * len(coded)  # between what CODES holds
    total = found["total"]
    assert 0 <= total["bytes_after"] - chosen.total("bytes_after") <= padding
    assert total["ms_after"] == pytest.approx(chosen.total("ms_after"), abs=1e-3)
    assert total["ms_after"] < total["ms_before"]
    assert {e["encoding"] for e in found["encodings"]} >= {"RAW", "CODES"}
    for key in total:
        assert sum(e[key] for e in found["encodings"]) == pytest.approx(total[key])


@pytest.mark.parametrize("path", sorted((ROOT / "test/golden/good").glob("*.mote")))
def test_any_file_has_a_page(path):
    """Also one with several plans, or without tensors."""
    blob = path.read_bytes()
    report = gather.gather(blob, read(blob), path.name)
    parsed = Page(page.page(report))
    assert list(parsed.sections) == SECTIONS and parsed.fetched == []
    assert parsed.sections["memory"]["tags"]["svg"] == len(report["memory"])
    assert sum(p["bytes"] for p in report["sizes"]["parts"]) == len(blob)
    assert 0 < report["cold_start"]["pages_touched"] <= report["cold_start"]["pages_of_file"]
    for plan in report["memory"]:
        assert plan["bound"] <= plan["arena"]


def test_hostile_names_stay_text(made):
    """Names come out of a file."""
    report = json.loads(json.dumps(made["iris"][0]))
    evil = '"><script src=//x></script><img src=x onerror=y>'
    report["model"]["name"] = report["model"]["description"] = evil
    report["model"]["card"] = f"# {evil}\n\n{evil} [a](javascript:x) `{evil}`\n\n- {evil}\n"
    report["model"]["card"] += f"\n| {evil} |\n|---|\n\n```\n{evil}\n```\n"
    for feature in report["input"]["features"]:
        feature["name"] = evil
    report["input"]["features"][0]["categories"] = [evil]
    report["output"]["names"] = [evil] * 3
    report["provenance"] = {evil: evil}
    report["verification"]["worst"]["row"] = {evil: evil}
    report["verification"]["failures"] = [evil]
    for o in report["operators"]:
        o["operator"] = o["result"] = o["precision"] = o["reason"] = evil
    for plan in report["memory"]:
        plan["plan"] = evil
        for v in plan["values"]:
            v["shape"] = v["written_by"] = evil
    parsed = Page(page.page(report))
    assert parsed.fetched == [] and len(parsed.links) == len(SECTIONS)
    assert evil in parsed.sections["card"]["text"]


def test_cards():
    said = card.as_html(
        "# T\nfirst\nsecond [a](https://b.c/d)\n\n- one\n  more\n- two\n\n"
        "| a | b |\n|:--|--:|\n| 1 | `x` |\n\n```sh\n# no heading\n\nls <a>\n```\nend\n"
    )
    assert said == (
        "<h3>T</h3>\n<p>first second a (https://b.c/d)</p>\n"
        "<ul><li>one more</li><li>two</li></ul>\n"
        '<div class="wide"><table><tr><td>a</td><td>b</td></tr>'
        "<tr><td>1</td><td><code>x</code></td></tr></table></div>\n"
        "<pre># no heading\n\nls &lt;a&gt;</pre>\n<p>end</p>"
    )
