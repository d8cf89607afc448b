"""The command line: what each verb says and how it ends. Compiling itself is
in test_compile.py; reports and new folders have files of their own."""

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pytest
import skops.io
from conftest import ROOT
from scipy import stats
from sklearn import linear_model, neighbors, neural_network, pipeline, preprocessing

from mote import cli, config, lower, project, result, verify
from mote.errors import Usage
from mote.graph import Feature
from mote.importers import sklearn as importer
from mote.reader import read

IRIS = ROOT / "models/iris/iris.mote"
VERBS = ["init", "inspect", "compile", "verify", "report", "run", "invoke", "package", "bench"]


def run(capsys, *arguments):
    status = cli.main([str(a) for a in arguments])
    out = capsys.readouterr()
    return status, out.out, out.err


# ----------------------------------------------------------------------- help


def parsers() -> dict:
    (verbs,) = (a for a in cli.parser()._actions if isinstance(a, argparse._SubParsersAction))
    return verbs.choices


def test_every_verb_has_help_json_and_an_example_that_parses():
    assert list(parsers()) == VERBS
    for name, verb in parsers().items():
        text = verb.format_help()
        examples = re.findall(rf"(?m)^  mote {name} (.*)$", verb.description)
        assert examples, name
        assert "--json" in text and "exit status: 0 done, 1 " in text
        for example in examples:
            words = subprocess.run(
                ["sh", "-c", f"printf '%s\\0' {example}"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout.split("\0")[:-1]
            cli.parser().parse_args([name, *words])


def test_the_tools_have_all_their_packages():
    import tomllib

    listed = tomllib.loads((ROOT / "tools/pyproject.toml").read_text())
    folders = {p.parent for p in (ROOT / "tools/mote").rglob("__init__.py")}
    names = {".".join(f.relative_to(ROOT / "tools").parts) for f in folders}
    assert set(listed["tool"]["setuptools"]["packages"]) == names


def test_errors_in_json(capsys, tmp_path):
    status, out, err = run(capsys, "compile", tmp_path / "none", "--json")
    assert status == 2 and "expected a folder with a model.toml" in err
    assert json.loads(out) == {"error": err.split(": ", 1)[1].strip(), "status": 2}
    status, out, _ = run(capsys, "inspect", tmp_path / "none", "--json")
    assert status == 2 and "No such file" in json.loads(out)["error"]


# -------------------------------------------------------------------- inspect


def test_every_cut_of_a_file_says_that_it_is_one(capsys, tmp_path):
    blob, path = IRIS.read_bytes(), tmp_path / "cut.mote"
    for length in (*range(0, 130, 3), 500, len(blob) - 1):
        path.write_bytes(blob[:length])
        status, out, err = run(capsys, "inspect", path)
        assert status == 1 and out == ""
        if length == 0:
            assert "cut.mote: is empty" in err
        elif length < 128:
            assert f"is cut off in its header: it has {length} bytes of 128" in err
        else:
            assert f"is cut off: it has {length} bytes, and its header says {len(blob)}" in err
    path.write_bytes(b"something else")
    assert "expected magic" in run(capsys, "inspect", path)[2]
    path.write_bytes(blob[:-100] + b"x" * 100)
    assert "cut off" not in run(capsys, "inspect", path)[2]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Trainers' files: a linear model, nets of two sizes, one that is unknown."""
    folder = tmp_path_factory.mktemp("sources")
    rng = np.random.default_rng(2)
    x = rng.normal(size=(120, 40))
    y = (x @ rng.normal(size=(40, 3))).argmax(axis=1)
    z = x @ rng.normal(size=40)
    small = neural_network.MLPRegressor(hidden_layer_sizes=(9,), max_iter=5, random_state=0)
    large = neural_network.MLPClassifier((700, 40), max_iter=2, random_state=0)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, model, target in (
            ("linear", linear_model.LogisticRegression(), y),
            ("ridge", linear_model.Ridge(), z),
            ("small", small, z),
            ("large", pipeline.make_pipeline(preprocessing.StandardScaler(), large), y),
            ("unknown", neighbors.KNeighborsClassifier(n_neighbors=2), y),
        ):
            skops.io.dump(model.fit(x, target), folder / f"{name}.skops")
    return folder


@pytest.mark.parametrize(
    "name, precision, kinds, words",
    [
        ("linear", "float64", {"float64"}, "every label is the trainer's"),
        ("small", "float32", {"float32"}, "a net of 369 weights; int8 gains from 50000 on"),
        ("large", "int8", {"int8", "float32", "float64"}, "int8 is faster"),
    ],
)
def test_a_trainers_file_shows_what_it_would_become(capsys, sources, name, precision, kinds, words):
    path = sources / f"{name}.skops"
    status, out, err = run(capsys, "inspect", path, "--json")
    shown = json.loads(out)
    assert (status, err) == (0, "") and shown["precision"] == precision
    products = {o["precision"] for o in shown["operators"] if not o["precision"].count(" to ")}
    assert products == kinds
    assert any(words in o["reason"] for o in shown["operators"])
    assert len(shown["features"]) == 40 and shown["file_bytes"] == path.stat().st_size
    if precision == "int8":
        assert shown["compiled_bytes"]["int8"] < shown["compiled_bytes"]["float32"] / 2
    status, text, _ = run(capsys, "inspect", path)
    assert status == 0 and words in " ".join(text.split())
    assert all(len(line) <= 100 for line in text.splitlines())
    assert sorted(p.name for p in sources.iterdir() if p.suffix == ".mote") == []


def test_asked_for_precisions_are_explained(capsys, sources):
    path = sources / "large.skops"
    shown = json.loads(run(capsys, "inspect", path, "--precision", "float32", "--json")[1])
    assert (shown["precision"], shown["precision_by_cost"]) == ("float32", "int8")
    reasons = [o["reason"] for o in shown["operators"] if o["operator"] == "dense"]
    assert reasons and all("float32 was asked for" in r for r in reasons)
    shown = json.loads(
        run(capsys, "inspect", sources / "small.skops", "--precision", "float64", "--json")[1]
    )
    reasons = [o["reason"] for o in shown["operators"] if o["operator"] == "dense"]
    assert len(reasons) == 2 and all("float64 was asked for" in r for r in reasons)


def test_what_is_refused_is_named(capsys, sources):
    status, out, err = run(capsys, "inspect", sources / "unknown.skops", "--json")
    assert status == 1 and "KNeighborsClassifier" in err
    assert "KNeighborsClassifier" in json.loads(out)["error"]


def test_inspect_shows_a_mote_file_whatever_its_name(capsys, tmp_path):
    shutil.copy(IRIS, tmp_path / "model.bin")
    assert "setosa" in run(capsys, "inspect", tmp_path / "model.bin")[1]


def test_inspect_explains_every_operator_of_every_golden_file(capsys):
    for path in sorted((ROOT / "test/golden/good").glob("*.mote")):
        status, out, err = run(capsys, "inspect", path, "--json")
        assert status == 0, err
        shown = json.loads(out)
        assert len(shown["operators"]) == sum(len(p["operators"]) for p in shown["plans"])
        for o in shown["operators"]:
            assert o["reason"] and o["precision"] and "None" not in o["reason"], (path, o)
        assert run(capsys, "inspect", path)[0] == 0


# --------------------------------------------------------------------- verify


def fit(estimator, targets=1):
    rng = np.random.default_rng(9)
    x = rng.normal(size=(200, 4))
    return estimator.fit(x, x @ rng.normal(size=(4, targets)) + 3), x


def verified(estimator, x=None, precision="float64", limits=None, change=None):
    imported = importer.import_estimator(estimator)
    if change:
        change(imported)
    blob = lower.lower(imported, config.Config("t", "1"), precision).to_bytes()
    return verify.verify(imported, blob, precision, limits or config.Verify(rows=300), x)


def test_percentiles_and_rank_correlation():
    model, x = fit(linear_model.Ridge(), targets=2)
    found = verified(model, x)
    assert found.passed and found.rank_correlation == 1.0
    at = list(found.percentiles.values())
    assert at == sorted(at) and at[-1] <= found.max_error
    assert found.percentiles["99"] == found.p99_error
    assert found.provenance()["verify rank correlation"] == 1.0
    assert found.given == len(x) and found.worst["error"] == found.max_error


def test_a_wrong_order_of_numbers_fails_by_its_ranks():
    """Errors may be allowed, and ranks still not."""
    model, x = fit(linear_model.Ridge())
    loose = config.Verify(max_error=1e9, p99_error=1e9, rows=300)

    def turn(imported):
        dense = imported.graph.nodes[-1].attributes
        dense["weight"] = dense["weight"] * [1, 2, 1, 1]

    found = verified(model, x, limits=loose, change=turn)
    assert found.rank_correlation < 0.999 and not found.passed
    assert found.failures[0].startswith("ranks: a correlation of 0.")
    assert 0 <= found.provenance()["verify rank correlation"] <= found.rank_correlation
    allowed = config.Verify(1e9, 1e9, 1.0, found.rank_correlation, rows=300)
    assert verified(model, x, limits=allowed, change=turn).passed


def test_spearman_is_that_of_scipy():
    rng = np.random.default_rng(1)
    for ties in (False, True):
        for noise in (0.01, 1.0, 100.0):
            a = rng.normal(size=200)
            b = a + noise * rng.normal(size=200)
            if ties:
                a, b = np.round(a, 1), np.round(b)
            expected = stats.spearmanr(a.astype(np.float32), b.astype(np.float32)).statistic
            assert result.spearman(a, b) == pytest.approx(expected, abs=1e-12)
    assert result.spearman(np.arange(5.0), np.ones(5)) is None
    noise = 1e6 + 1e-9 * rng.normal(size=50)
    assert result.spearman(rng.normal(size=50), noise) is None  # rounding has no order
    assert result.spearman(np.ones(50), rng.normal(size=50)) == 0.0


def test_a_constant_model_has_no_ranks():
    model, x = fit(linear_model.Lasso(alpha=1e6))
    found = verified(model, x)
    assert found.passed and found.rank_correlation is None
    assert "verify rank correlation" not in found.provenance()


@pytest.mark.filterwarnings("ignore")
def test_the_worst_row_is_named_by_its_features():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(100, 3))
    model = linear_model.LogisticRegression().fit(x, x[:, 0] > 0)
    model.feature_names_in_ = np.array(["age", "income", "size"], object)

    def turn(imported):
        imported.graph.nodes[0].attributes["weight"][1] *= -1

    found = verified(model, change=turn)
    labels = next(f for f in found.failures if f.startswith("labels: "))
    scores = next(f for f in found.failures if f.startswith("scores: off by"))
    row = json.loads(re.search(r"first difference at (\{.*\})", labels)[1])
    assert list(row) == ["age", "income", "size"]
    row = json.loads(re.search(r"at (\{.*?\}): ", scores)[1])
    assert row == found.worst["row"] and list(row) == ["age", "income", "size"]
    assert found.worst["origin"] in ("generated", "edge")


def test_rows_are_said_as_the_function_takes_them():
    features = [Feature("n"), Feature("m", True), Feature("c", False, ["a", "other"])]
    say = result.row_object
    assert say(features, np.array([1.5, np.nan, 1])) == {"n": 1.5, "m": None, "c": "other"}
    assert say(features, np.array([1.5, 2, -1])) == {"n": 1.5, "m": 2, "c": "other_"}
    many = [Feature(f"x{i}") for i in range(20)]
    assert result.row_text(many, np.zeros(20)).endswith("} and 8 more")


def test_results_are_json_whatever_they_hold():
    found = verified(*fit(linear_model.Ridge()), precision="float64")
    found.limits = dict(result.DEFAULT_LIMITS["int8"])
    found.max_error = float("nan")
    found.worst["engine"] = [float("inf")]
    shown = json.loads(found.json())
    assert shown["limits"]["max_error"] is None and shown["max_error"] is None
    assert shown["worst"]["engine"] == [None] and shown["passed"]


def test_the_result_goes_into_the_file(capsys, sources, tmp_path):
    output = tmp_path / "r.mote"
    status, out, _ = run(capsys, "compile", sources / "ridge.skops", "-o", output, "--json")
    assert status == 0
    kept, found = read(output.read_bytes()).provenance, json.loads(out)["verification"]
    assert kept["verified rows"] == found["rows"]
    for key in ("max error", "p99 error"):
        error = found[key.replace(" ", "_")]
        assert error <= kept[f"verify {key}"] <= 2 * error
    assert kept["verify label flips"] == 0
    assert 1 - 1e-6 < kept["verify rank correlation"] <= found["rank_correlation"]


@pytest.mark.parametrize(
    "limit, words",
    [
        ("min_labels = 99", "verify.min_labels: expected 0 to 1, got 99"),
        ("max_error = -1e-6", "verify.max_error: expected 0 to inf, got -1e-06"),
        ("p99_error = nan", "verify.p99_error: expected 0 to inf, got nan"),
        ("min_rank_correlation = 1.5", "expected -1 to 1, got 1.5"),
        ("rows = 0", "verify.rows: expected 1 to 10000000, got 0"),
    ],
)
def test_limits_that_cannot_be_meant(capsys, tmp_path, limit, words):
    (tmp_path / "model.toml").write_text(f"[verify]\n{limit}\n")
    status, _, err = run(capsys, "verify", tmp_path)
    assert status == 2 and words in err


def test_without_an_estimator_there_is_a_way_to_it(capsys, tmp_path):
    (tmp_path / "model.toml").write_text('[model]\nname = "m"\nsource = "../gone/e.skops"\n')
    shutil.copy(IRIS, tmp_path / "m.mote")
    status, _, err = run(capsys, "verify", tmp_path)
    assert status == 2 and "give the trainer's file with --source FILE" in err
    assert "make train" not in err and "/../" not in err
    (tmp_path / "train.py").touch()
    status, _, err = run(capsys, "verify", tmp_path)
    assert status == 2 and f"`make train MODEL={tmp_path.name}` makes it" in err
    status, _, err = run(capsys, "verify", tmp_path, "--source", tmp_path / "no.skops")
    assert status == 2 and "--source names the trainer's file" in err
    (tmp_path / "m.mote").write_bytes(b"")
    status, _, err = run(capsys, "verify", tmp_path)
    assert status == 1 and "is empty" in err


# ------------------------------------------------- run, invoke, package, bench


def mote(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "mote", *arguments],
        cwd=ROOT, capture_output=True, env=os.environ | {"PYTHONPATH": "tools"}, **more,
    )  # fmt: skip


def test_invoke_is_that_of_make(tmp_path):
    data = "[5.7,2.8,4.5,1.3]"
    made = subprocess.run(
        ["make", "-s", "invoke", "MODEL=iris"],
        cwd=ROOT, capture_output=True, env=os.environ | {"DATA": data},
    )  # fmt: skip
    assert made.returncode == 0
    (tmp_path / "event").write_text(data)
    for given in (["-d", data], ["--data", f"@{tmp_path}/event"], []):
        done = mote("invoke", "iris", *given)
        assert (done.returncode, done.stdout) == (0, made.stdout), done.stderr
    assert mote("invoke", "models/iris", "-d", "-", input=data.encode()).stdout == made.stdout
    shown = json.loads(mote("invoke", "iris", "--json").stdout)
    assert shown == {"model": "iris", "failed": False, "reply": json.loads(made.stdout)}


def test_a_failed_call_is_1_and_its_reply_is_shown():
    done = mote("invoke", "iris", "-d", '[1,"$(x) `y` $$",3,4]', "--json")
    shown = json.loads(done.stdout)
    assert done.returncode == 1 and shown["failed"]
    assert 'expected a number, got "$(x) `y` $$"' in shown["reply"]["errorMessage"]
    assert mote("invoke", "iris", "-d", "[1,2,3]").returncode == 1


def test_names_of_models(capsys, tmp_path):
    status, _, err = run(capsys, "invoke", "nothing")
    assert status == 2 and "there are " in err and "iris" in err
    tree = tmp_path / "tree"
    (tree / "core/function").mkdir(parents=True)
    (tree / "models/new").mkdir(parents=True)
    (tree / "Makefile").touch()
    for model in ("new", tree / "models/new"):
        status, _, err = run(capsys, "package", model, "--project", tree)
        assert status == 2 and "`mote compile models/new` makes it" in err
    with pytest.raises(Usage, match="expected the folder of mote's Makefile"):
        project.root(str(tmp_path))
    assert run(capsys, "bench")[0] == 2
    assert run(capsys, "bench", "iris", "--kernels")[0] == 2


def test_a_target_that_fails_is_1_and_a_signal_is_itself(tmp_path):
    (tmp_path / "core/function").mkdir(parents=True)
    (tmp_path / "models/m").mkdir(parents=True)
    (tmp_path / "models/m/m.mote").touch()
    (tmp_path / "Makefile").write_text(
        "zip:\n\t@exit 7\ninvoke:\n\t@kill -TERM $$PPID; exec sleep 9\n"
    )
    assert mote("package", "m", "--project", tmp_path).returncode == 1
    assert mote("invoke", "m", "--project", tmp_path, "-d", "1").returncode == 128 + signal.SIGTERM
    too_long = mote("invoke", "m", "--project", tmp_path, "-d", "-", input=b"1" * 200_000)
    assert too_long.returncode == 1 and b"expected at most 131056 bytes" in too_long.stderr
    longest = b"1" * project.DATA_MAX  # goes through, to the target
    done = mote("invoke", "m", "--project", tmp_path, "-d", "-", input=longest)
    assert done.returncode == 128 + signal.SIGTERM


def test_package_makes_what_make_makes():
    shown = json.loads(mote("package", "iris", "--json").stdout)
    path = ROOT / "build" / project.host() / "iris/function.zip"
    assert shown["file"] == str(path)
    content = path.read_bytes()
    assert shown["bytes"] == len(content)
    assert shown["sha256"] == hashlib.sha256(content).hexdigest()
    done = mote("package", "iris", "--image", "--trim")
    assert done.returncode == 0 and b"/iris/trimmed/image.tar: " in done.stdout


def test_bench_measures_the_model():
    done = mote("bench", "iris", "--runs", "5", "--json")
    shown = json.loads(done.stdout)
    assert done.returncode == 0 and shown["runs"] == 5
    assert [row["name"] for row in shown["rows"]] == ["floor", "iris", "iris-warm"]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_run_serves_until_it_is_ended():
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "mote", "run", "iris", "--json"]
        + [f"--flags=--port {port} --http-port none"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": "tools"}, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert json.loads(process.stdout.readline())["model"] == "iris"
        url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        for _ in range(600):
            try:
                reply = urllib.request.urlopen(url, b"[5.7,2.8,4.5,1.3]").read()
                break
            except OSError:
                time.sleep(0.05)
        assert json.loads(reply)["label"] == "versicolor"
    finally:
        process.terminate()
    assert process.wait(20) == 128 + signal.SIGTERM
    with socket.socket() as s:
        assert s.connect_ex(("127.0.0.1", port)) != 0  # nothing is left behind
