"""`mote init`: a folder that compiles as it is, and explains every key."""

import json
import re
import tomllib

import numpy as np
import pytest
import skops.io
from sklearn import linear_model

from mote import config, template
from mote.cli import main
from mote.engine import Engine
from mote.graph import Feature
from mote.result import DEFAULT_LIMITS
from mote.rows import ROWS
from mote.verbs.init import usual

NAMES = ["age", "größe", 'say "hi"']


@pytest.fixture
def project(tmp_path):
    """A tree that `mote init` takes for mote's, and trainers' files beside it."""
    (tmp_path / "tree/core/function").mkdir(parents=True)
    (tmp_path / "tree/Makefile").touch()
    rng = np.random.default_rng(3)
    x = rng.normal(size=(80, 3))
    y = x @ [1.0, 2.0, -1.0] + 0.1
    skops.io.dump(linear_model.Ridge().fit(x, y), tmp_path / "ridge.skops")
    model = linear_model.LogisticRegression().fit(x, np.where(y > 0, "yes", "no"))
    model.feature_names_in_ = np.array(NAMES, object)
    skops.io.dump(model, tmp_path / "classes.skops")
    return tmp_path / "tree"


def init(project, name, source, *more):
    return main(["init", name, "--from", str(project.parent / source), "--project", str(project)]
                + list(more))  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("source", ["ridge.skops", "classes.skops"])
def test_a_new_folder_compiles_as_it_is(project, capsys, source):
    assert init(project, "churn", source, "--description", 'Who "leaves"') == 0
    assert f"mote compile {project}/models/churn" in capsys.readouterr().out
    folder = project / "models/churn"
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert files == ["README.md", "model.toml"] + [
        f"samples/{name}.{kind}.json"
        for name in ("batch", "named", "row")
        for kind in ("event", "reply")
    ]
    assert (folder.stat().st_mode & 0o777) == 0o755
    read = config.read(folder)
    assert (read.name, read.version, read.description) == ("churn", "0.1.0", 'Who "leaves"')
    assert (folder / read.source).resolve() == project.parent / source
    if source == "classes.skops":
        assert (read.features, read.labels) == (NAMES, ["no", "yes"])
    assert main(["compile", str(folder)]) == 0
    with Engine((folder / "churn.mote").read_bytes()) as engine:
        for event in (folder / "samples").glob("*.event.json"):
            reply, failed = engine.event(event.read_bytes())
            golden = event.with_name(event.name.replace(".event.", ".reply."))
            assert not failed and reply.decode() + "\n" == golden.read_text()
    named = json.loads((folder / "samples/named.event.json").read_text())
    assert list(named) == read.features
    assert list(named.values()) == json.loads((folder / "samples/row.event.json").read_text())


@pytest.mark.parametrize("precision", DEFAULT_LIMITS)
def test_the_template_has_every_key_and_its_default(tmp_path, precision):
    """Also with each # in front of a key taken away."""
    limits = {k: template.key(k, v) for k, v in DEFAULT_LIMITS[precision].items()}
    text = template.model_toml(
        name="n", name_toml='"n"', description='"d"', source='"s"', features="features = []",
        labels="labels = []", precision=precision, rows=ROWS, **limits,
    )  # fmt: skip
    text = re.sub(r"(?m)^# (\w+ = )", r"\1", text)
    tables = tomllib.loads(text)
    assert {t: set(keys) for t, keys in tables.items()} == {
        t: set(keys) for t, keys in config.KEYS.items()
    }
    for row, line in enumerate(lines := text.splitlines()):
        if re.match(r"\w+ = ", line):
            above = next(x for x in lines[row - 1 :: -1] if not re.match(r"\w+ = ", x))
            assert above.startswith("# "), line  # explained where it stands
    (tmp_path / "model.toml").write_text(text)
    (tmp_path / "rows.csv").touch()
    read = config.read(tmp_path)
    assert read.precision == config.Config("n").precision and read.reply == "full"
    assert {k: getattr(read.verify, k) for k in limits} == DEFAULT_LIMITS[precision]
    assert read.verify.rows == ROWS


def test_limits_are_known_in_all_three_places():
    limits = set(config.KEYS["verify"]) - {"rows"}
    assert limits | {"rows"} == set(vars(config.Verify()))
    assert all(set(of) == limits for of in DEFAULT_LIMITS.values())


def test_nothing_is_overwritten(project, capsys):
    folder = project / "models/churn"
    folder.mkdir(parents=True)
    (folder / "mine").write_text("mine")
    assert init(project, "churn", "ridge.skops") == 1
    assert "overwrites nothing" in capsys.readouterr().err
    assert [p.name for p in folder.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["Churn", "../x", "a b", "-x", "", "none", "a/b", "ü"])
def test_names_that_make_no_folder(project, capsys, name):
    assert main(["init", "--project", str(project), "--from", "x", "--", name]) == 2
    assert "expected a name of a-z" in capsys.readouterr().err
    assert not (project / "models").exists()


def test_what_cannot_be_imported_leaves_nothing(project, capsys):
    assert init(project, "churn", "gone.skops") == 2
    assert "--from names" in capsys.readouterr().err
    (project.parent / "odd.txt").write_text("x")
    assert init(project, "churn", "odd.txt") == 1
    assert "odd.txt" in capsys.readouterr().err
    assert not (project / "models").exists()
    assert main(["init", "churn", "--from", "x", "--project", str(project / "core")]) == 2
    assert "expected the folder of mote's Makefile" in capsys.readouterr().err


def test_a_folder_half_made_does_not_stay(project, capsys, monkeypatch):
    from pathlib import Path

    def full(self, _):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    assert init(project, "churn", "ridge.skops") == 1
    assert "No space left" in capsys.readouterr().err
    assert list((project / "models").iterdir()) == []


def test_samples_are_usual_rows_where_there_are_some():
    features = [Feature("n", missing=True), Feature("c", categories=["a"], other=True)]
    rows = np.array([[np.nan, -1], [np.nan, 0], [1, -1], [2, 0], [3, 0]], float)
    assert usual(features, rows)[:, 0].tolist()[:2] == [2, 3]
    assert usual(features, rows)[-1, 1] == -1


def test_json(project, capsys):
    assert init(project, "churn", "ridge.skops", "--json") == 0
    out = capsys.readouterr()
    shown = json.loads(out.out)
    assert out.err == "" and shown["verification"]["passed"]
    assert shown["precision"] == "float64" and "model.toml" in shown["files"]
