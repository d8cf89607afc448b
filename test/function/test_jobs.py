"""Jobs and models from outside: the function between a source, a strict S3 server
and the events that start it."""

import datetime
import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from function import BARE, EXEC, ROOT, SLOW
from mock_api import ID, reply
from sources import NOW, OUTSIDE, Breaking, due, listing, tick

from mote import config, lower
from mote.graph import Feature, Graph, Imported, Output

WINDOW, STEPS = 5, 3
JOB = {
    "source": "{env:SOURCE}/{target}.csv",
    "sink": "s3://{env:BUCKET}/{date}/{target}.json",
    "time": "when",
    "columns": {"level": "stage"},
    "observed": "level",
    "history": "4h",
    "names": {"observed": "level_true", "next": "pred_model_1"},
    "targets": [{"id": "a", "name": "Gauge A"}, {"id": "b", "name": "Gauge B"}],
}


def forecaster(factor: float = 1.0, jobs: dict | None = None) -> bytes:
    """A model that says of each of three hours: the last value, times 1, 2 and 3
    times a factor."""
    g = Graph.of_rows(WINDOW)
    weights = np.zeros((STEPS, WINDOW))
    weights[:, -1] = np.arange(1, STEPS + 1) * factor
    y = g.dense(g.input, weights, np.zeros(STEPS))
    names = [f"next_{i}" for i in range(STEPS)]
    features = [Feature(f"level_{i}") for i in range(WINDOW)]
    imported = Imported(g, features, Output("numbers", names, None, y), "none", None)
    series = {"step": "1h", "gap": "2h", "columns": {"level": {}}}
    cfg = config.Config("gauges", f"{factor}", reply="label", series=series, job=jobs)
    return lower.lower(imported, cfg, "float64").to_bytes()


def hours(first: str, values: list) -> str:
    """CSV of one value an hour."""
    at = datetime.datetime.fromisoformat(first)
    lines = ["when,stage,note"]
    for i, v in enumerate(values):
        when = (at + datetime.timedelta(hours=i)).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(f'{when},{"" if v is None else v},"hour {i}, as read"')
    return "\n".join(lines) + "\n"


def written(bucket, target: str, day: str = "2026-11-28") -> dict:
    return json.loads((bucket[0] / day / f"{target}.json").read_text())


def test_a_schedule_becomes_objects(api, launch, source, bucket):
    """J: the documents, their keys, the reply and the log."""
    source.pages["/a.csv"] = hours("2026-11-28T00:00:00", [1, 2, None, 4, 5, 6.5])
    source.pages["/b.csv"] = hours("2026-11-27T12:00:00", range(20)).replace("\n", "\r\n")
    function = launch(forecaster(jobs={"daily": JOB}))
    answer = api.result(tick())
    assert answer == {
        "job": "daily",
        "time": NOW,
        "targets": [{"id": "a", "status": "written"}, {"id": "b", "status": "written"}],
        "written": 2,
        "failed": 0,
    }
    times = [f"2026-11-28T{h:02}:00:00Z" for h in range(2, 9)]
    assert written(bucket, "a") == {
        "metadata": {"id": "a", "name": "Gauge A"},
        "data": {
            "timestamps": times,
            "level_true": [None, 4, 5, 6.5, None, None, None],
            "pred_model_1": [None, None, None, None, 6.5, 13, 19.5],
        },
    }
    b = written(bucket, "b")["data"]  # an hour's value counts from its beginning
    assert b["level_true"] == [15, 16, 17, 18, None, None, None]
    assert b["timestamps"][4] == "2026-11-28T07:00:00Z"
    (last,) = (line for line in function.log() if line["message"] == "job finished")
    assert (last["message"], last["job"], last["written"], last["failed"]) == (
        "job finished", "daily", 2, 0,
    )  # fmt: skip


def test_one_that_fails_stops_no_other(api, launch, source, bucket):
    source.pages["/a.csv"] = 'when,stage\n2026-11-28T00:00:00Z,"1"2\n'
    source.pages["/b.csv"] = hours("2026-11-28T00:00:00", range(5))
    function = launch(forecaster(jobs={"daily": JOB}))
    answer = api.result(tick())
    assert (answer["written"], answer["failed"]) == (1, 1)
    assert answer["targets"][0] == {
        "id": "a",
        "status": "failed",
        "message": "row 1: expected CSV, with quotes only around a whole field, got something else",
    }
    assert not (bucket[0] / "2026-11-28/a.json").exists()
    assert written(bucket, "b")["data"]["pred_model_1"][-3:] == [4, 8, 12]
    told = [line for line in function.log() if line["level"] == "ERROR"]
    assert [(line["target"], line["message"]) for line in told] == [
        ("a", answer["targets"][0]["message"])
    ]


@pytest.mark.parametrize("failure, both, one", [
    ("report", False, False), ("any", True, True), ("all", True, False),
])  # fmt: skip
def test_what_failures_do_to_the_invocation(api, launch, source, failure, both, one):
    source.pages["/b.csv"] = hours("2026-11-28T00:00:00", range(5))
    launch(forecaster(jobs={"daily": JOB | {"failure": failure}}))
    for targets, fails in (["a"], both), (["a", "b"], one), (["b"], False):
        asked = {"job": "daily", "time": NOW, "targets": targets}
        if fails:
            told = api.failure(asked)
            assert told["errorType"] == "Function.JobFailed"
            assert told["errorMessage"].startswith("1 targets of the job failed, the last one ")
        else:
            answer = api.result(asked)
            assert answer["written"] + answer["failed"] == len(targets)


BAD_SOURCES = {
    "not there": (404, "the server answered 404"),
    "empty": ("", "expected CSV with a header, got nothing"),
    "no time": ("stage\n1\n", "when: expected it in the header of the CSV, got none of that name"),
    "no column": ("when\n1\n", "stage: expected it in the header of the CSV"),
    "a bad time": ("when,stage\nnow,1\n", "row 1: when: expected a time such as 2026-"),
    "a bad number": (f"when,stage\n{NOW},1.5m\n", "row 1: stage: expected a number, or nothing"),
    "infinite": (f"when,stage\n{NOW},1e999\n", "row 1: stage: expected a finite number, got 1e999"),
    "nothing known": ("when,stage\n", "stage: expected observations, got nothing"),
    "all later": (hours("2026-11-28T06:30:00", [1, 2]), "stage: expected observations, got"),
    "a gap": (
        hours("2026-11-28T00:00:00", [1, None, None, None, 5]),
        "stage: expected an observation at least every 3 steps of 3600 s, got none at "
        "2026-11-28T01:00:00Z",
    ),
    "a long record": ("when,stage\n" + "x" * 70_000, "row 1: expected a shorter record of CSV"),
}


def test_sources_that_are_none(api, launch, source):
    """J: each says what is wrong, and where."""
    launch(forecaster(jobs={"daily": JOB | {"targets": [{"id": "a"}]}}))
    for name, (page, message) in BAD_SOURCES.items():
        source.pages["/a.csv"] = page
        told = api.result(tick())["targets"][0]["message"]
        assert message in told, (name, told)


def test_the_same_time_gives_the_same_bytes(api, launch, source, bucket):
    """J: although more was observed since; and another time another key."""
    values = [1, 2, 3, 4, 5, 6, 7, 100]
    source.pages["/a.csv"] = hours("2026-11-28T00:00:00", values[:7])
    launch(forecaster(jobs={"daily": JOB | {"targets": [{"id": "a"}]}}))
    path = bucket[0] / "2026-11-28/a.json"
    seen = []
    for count in 7, 7, 8:
        source.pages["/a.csv"] = hours("2026-11-28T00:00:00", values[:count])
        assert api.result(tick())["written"] == 1
        seen.append(path.read_bytes())
        path.unlink()
    assert seen[0] == seen[1] == seen[2]
    assert api.result(tick("2026-11-29T06:00:00Z"))["written"] == 1
    assert (bucket[0] / "2026-11-29/a.json").exists()


def test_json_of_the_source_and_of_the_event(api, launch, source, bucket):
    of_source = JOB | {
        "source": "{env:SOURCE}/{target}.json", "format": "json", "path": ["data", "hourly"],
        "targets": [{"id": "a"}],
    }  # fmt: skip
    of_event = {k: v for k, v in of_source.items() if k not in ("source", "path")}
    launch(forecaster(jobs={"daily": of_source, "asked": of_event}))
    rows = [{"when": f"2026-11-28T0{i}:00:00Z", "stage": i} for i in range(5)]
    columns = {k: [r[k] for r in rows] for k in ("when", "stage")}
    for hourly in rows, columns:
        source.pages["/a.json"] = json.dumps({"data": {"units": {}, "hourly": hourly}, "x": 1})
        assert api.result(tick())["written"] == 1
        first = written(bucket, "a")
        assert first["data"]["pred_model_1"][-3:] == [4, 8, 12]
        answer = api.result({"job": "asked", "time": NOW, "series": hourly})
        assert answer["written"] == 1 and written(bucket, "a") == first
    source.pages["/a.json"] = json.dumps({"data": {}})
    told = api.result(tick())["targets"][0]["message"]
    assert told == "hourly: expected it in the JSON of the source, got none of that name"
    told = api.result({"job": "asked", "time": NOW})["targets"][0]["message"]
    assert told.startswith("series: expected observations in the event")


@pytest.mark.parametrize("asked, message", [
    ({"job": "nightly"}, "job: expected the name of a job, got nightly"),
    ({"job": "daily", "time": "soon"}, "time: expected a time such as"),
    ({"job": "daily", "targets": "a"}, "targets: expected an array of ids"),
])  # fmt: skip
def test_jobs_that_are_none(api, launch, asked, message):
    launch(forecaster(jobs={"daily": JOB}))
    assert api.failure(asked)["errorMessage"].startswith(message)


def test_variables_that_are_missing(api, start, tmp_path, source):
    source.pages["/a.csv"] = hours("2026-11-28T00:00:00", range(5))
    shutil.copy(OUTSIDE, tmp_path / "bootstrap")
    (tmp_path / "model.mote").write_bytes(forecaster(jobs={"daily": JOB}))
    start(command=[*EXEC, tmp_path / "bootstrap"], SOURCE=source.url)
    told = [t["message"] for t in api.result(tick())["targets"]]
    assert told[0] == "BUCKET: expected this variable in the function's environment, got none"


def test_a_build_without_connections_says_so(api, start, tmp_path):
    shutil.copy(BARE, tmp_path / "bootstrap")
    (tmp_path / "model.mote").write_bytes(forecaster(jobs={"daily": JOB}))
    start(command=[*EXEC, tmp_path / "bootstrap"], SOURCE="http://127.0.0.1:1", BUCKET="b")
    told = [t["message"] for t in api.result(tick())["targets"]]
    assert all("build it with OUTSIDE=1" in message for message in told)


def test_the_deadline_is_kept(api, launch, source, bucket):
    """J: a source that drips ends in time, and the rest is told of."""

    def drip(handler):
        handler.send_response(200)
        handler.end_headers()
        for byte in hours("2026-11-28T00:00:00", range(5)):
            handler.wfile.write(byte.encode())
            time.sleep(0.2)
        handler.close_connection = True

    source.pages["/a.csv"] = drip
    source.pages["/b.csv"] = hours("2026-11-28T00:00:00", range(5))
    launch(forecaster(jobs={"daily": JOB}))
    began = time.monotonic()
    allowed = 3 * SLOW**0.5
    post = api.deliver(due(tick(), allowed))
    post.connection.send(reply())
    assert time.monotonic() - began < allowed
    told = [t["message"] for t in post.json()["targets"]]
    assert all("no answer in time" in t or "no time was left" in t for t in told), told
    assert len(told) == 2
    assert not list(bucket[0].glob("*/*"))


def test_a_server_that_recovers(api, launch, source, bucket):
    """J: a few 503 are waited out."""
    left = [503, 503]
    page = hours("2026-11-28T00:00:00", range(5))

    def flaky(handler):
        status = left.pop() if left else 200
        body = page.encode() if status == 200 else b""
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    source.pages["/a.csv"] = flaky
    launch(forecaster(jobs={"daily": JOB | {"targets": [{"id": "a"}]}}))
    assert api.result(tick())["written"] == 1
    assert source.asked.count("/a.csv") == 3


def test_a_target_with_a_model_of_its_own(api, launch, source, bucket):
    for target in "ab":
        source.pages[f"/{target}.csv"] = hours("2026-11-28T00:00:00", range(5))
    own = {"id": "b", "model": "s3://{env:BUCKET}/models/{target}.mote"}
    launch(forecaster(jobs={"daily": JOB | {"targets": [{"id": "a"}, own]}}))
    models = bucket[0] / "models"
    models.mkdir(exist_ok=True)
    assert "NoSuchKey" in api.result(tick())["targets"][1]["message"]
    (models / "b.mote").write_bytes(forecaster(10))
    assert api.result(tick())["written"] == 2
    assert written(bucket, "a")["data"]["pred_model_1"][-3:] == [4, 8, 12]
    assert written(bucket, "b")["data"]["pred_model_1"][-3:] == [40, 80, 120]
    (models / "b.mote").write_bytes(forecaster(10)[:-100])
    assert "expected a file of the length it states" in api.result(tick())["targets"][1]["message"]


BELOW = JOB | {"source": "s3://{env:BUCKET}/in/{target}/", "targets": [{"id": "a"}]}


@pytest.fixture
def below(bucket):
    """below(files): what lies in the bucket's folder in/."""
    yield lambda files: fill(bucket[0] / "in", files)
    shutil.rmtree(bucket[0] / "in", ignore_errors=True)


def fill(folder: Path, files: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_all_objects_below_a_prefix(api, launch, bucket, below):
    """J: more than a page of them, one CSV each, read in the keys' order into one
    series; the last second is in two, and the mean is of both."""
    launch(forecaster(jobs={"daily": BELOW}))
    begin = datetime.datetime(2026, 11, 1, 0, 0, tzinfo=datetime.UTC)
    files = {}
    for i in range(1204):
        when = begin + datetime.timedelta(minutes=30 * i)
        files[f"a/{when:%Y/%m/%d/%H%M}.csv"] = f"stage,when\n{i},{when:%Y-%m-%dT%H:%M:%SZ}\n"
    files["ab/other.csv"] = hours("2026-11-26T00:00:00", [1000] * 5)
    files["a.csv"] = files["ab/other.csv"]
    below(files)
    answer = api.result(tick())
    assert answer["targets"] == [{"id": "a", "status": "written"}]
    got = written(bucket, "a")["data"]
    # two half hours each: 2 h and 2 h + 1 in hour h
    assert got["level_true"][:4] == [1196.5, 1198.5, 1200.5, 1202.5]
    assert got["timestamps"][3] == "2026-11-26T01:00:00Z"
    assert got["pred_model_1"][-3:] == [1202.5, 2405, 3607.5]


def test_a_prefix_without_a_slash_and_json(api, launch, bucket, below):
    of_json = BELOW | {"source": "s3://{env:BUCKET}/in/{target}*", "format": "json",
                       "path": ["rows"]}  # fmt: skip
    launch(forecaster(jobs={"daily": of_json}))
    rows = [{"when": f"2026-11-28T0{i}:00:00Z", "stage": i} for i in range(5)]
    below({f"a{i}": json.dumps({"rows": [row]}) for i, row in enumerate(rows)} | {"b0": "{"})
    assert api.result(tick())["written"] == 1
    assert written(bucket, "a")["data"]["pred_model_1"][-3:] == [4, 8, 12]


def test_folders_of_the_console_are_no_objects(api, launch, bucket, below):
    launch(forecaster(jobs={"daily": BELOW}))
    below({"a/x/1.csv": hours("2026-11-28T00:00:00", range(5))})
    (bucket[0] / "in/a/empty").mkdir()  # as versitygw keeps the object "in/a/empty/"
    assert api.result(tick())["written"] == 1


BAD_OBJECTS = {
    "none": ({"b/1.csv": "x"}, "s3://bucket/in/a/: expected objects below this prefix, got none"),
    "broken": (
        {"a/1.csv": hours("2026-11-28T00:00:00", range(5)), "a/2.csv": "when,stage\nsoon,1\n"},
        "s3://bucket/in/a/2.csv: row 1: when: expected a time such as",
    ),
    "empty": (
        {"a/1.csv": "", "a/2.csv": hours("2026-11-28T00:00:00", range(5))},
        "s3://bucket/in/a/1.csv: expected CSV with a header, got nothing",
    ),
    "another header": (
        {"a/1.csv": hours("2026-11-28T00:00:00", range(5)), "a/2.csv": "when,level\n"},
        "s3://bucket/in/a/2.csv: stage: expected it in the header of the CSV",
    ),
}


def test_objects_below_a_prefix_that_are_none(api, launch, bucket, below):
    """J: each names its object, and fails the target alone."""
    two = BELOW | {"targets": [{"id": "a"}, {"id": "c"}]}
    launch(forecaster(jobs={"daily": two}))
    good = {"c/1.csv": hours("2026-11-28T00:00:00", range(5))}
    for name, (files, message) in BAD_OBJECTS.items():
        below(files | good)
        answer = api.result(tick())
        assert answer["targets"][0]["message"].startswith(message), (name, answer)
        assert (answer["written"], answer["failed"]) == (1, 1)


def test_a_bucket_that_is_none(api, launch):
    launch(forecaster(jobs={"daily": BELOW | {"source": "s3://no-such-bucket/"}}))
    told = api.result(tick())["targets"][0]["message"]
    assert told.startswith("s3://no-such-bucket/: ") and "NoSuchBucket" in told


def test_an_object_that_breaks_off_is_read_once(api, launch, bucket, source):
    """J: what a failed try has read of it is forgotten, and nothing else."""
    head, *lines = hours("2026-11-28T00:00:00", range(5)).splitlines()
    texts = {f"k{i}": f"{head}\n{line}\n" for i, line in enumerate(lines)}
    texts["k4"] += "2026-11-28T04:10:00Z,6,the mean is 5\n"

    def pages(path):
        first = "continuation-token" not in path
        return listing(["k0", "k1"], "t/1") if first else listing(["k2", "k3", "k4"])

    source.pages = Breaking(texts, {"k1", "k4"}, pages)
    own = "s3://bucket/k*"
    launch(forecaster(jobs={"asked": BELOW | {"source": own}}), AWS_ENDPOINT_URL_S3=source.url)
    assert api.result({"job": "asked", "time": NOW})["written"] == 1
    asked = [path.split("?")[0] for path in source.asked]
    assert asked == ["/bucket", *(f"/bucket/{k}" for k in ("k0", "k1", "k1")), "/bucket",
                     *(f"/bucket/{k}" for k in ("k2", "k3", "k4", "k4"))]  # fmt: skip
    assert "continuation-token=t%2F1" in source.asked[4]
    (document,) = source.put.values()
    assert json.loads(document)["data"]["pred_model_1"][-3:] == [5, 10, 15]


def first_hour(api) -> float:
    rows = [{"time": f"2026-11-28T0{i}:00:00Z", "level": 1} for i in range(5)]
    return api.result({"series": rows})["next"][0]


def test_a_model_from_s3(api, launch, bucket):
    """J: in place of the executable's; a newer one is taken between events, a bad
    one is not."""
    models = bucket[0] / "models"
    models.mkdir(exist_ok=True)
    path = models / "current.mote"
    path.write_bytes(forecaster(5))
    function = launch(forecaster(1), MOTE_MODEL="s3://bucket/models/current.mote",
                      MOTE_MODEL_REFRESH="1")  # fmt: skip
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(forecaster(5))
    seen = first_hour(api)
    assert seen in (1, 5)  # the fixture emptied the bucket while it started
    for blob, expected in (forecaster(7), 7), (forecaster(9)[:-1], 7), (forecaster(11), 11):
        path.write_bytes(blob)
        time.sleep(1.1)
        first_hour(api)
        assert first_hour(api) == expected
    assert any("expected a file of the length" in m for m in function.messages("ERROR"))
    assert "model loaded from outside" in function.messages("INFO")


def test_a_job_takes_the_newest_model(api, launch, source, bucket):
    """J: one that came since the last event, before it starts; or says that there
    is no job any more."""
    source.pages["/a.csv"] = hours("2026-11-28T00:00:00", range(5))
    jobs = {"daily": JOB | {"targets": [{"id": "a"}]}}
    path = bucket[0] / "models/newest.mote"
    path.parent.mkdir(exist_ok=True)
    launch(forecaster(jobs=jobs), MOTE_MODEL="s3://bucket/models/newest.mote",
           MOTE_MODEL_REFRESH="1")  # fmt: skip
    for factor in 5, 7:
        path.write_bytes(forecaster(factor, jobs))
        time.sleep(1.1)
        assert api.result(tick())["written"] == 1
        assert written(bucket, "a")["data"]["pred_model_1"][-3:] == [
            4 * factor, 8 * factor, 12 * factor,
        ]  # fmt: skip
    path.write_bytes(forecaster(9))
    time.sleep(1.1)
    told = api.failure(tick())
    assert told["errorMessage"] == "the model that was loaded last has no jobs"
    assert api.result(tick())["status"] == "ok"


def test_quantiles_in_the_reply_and_in_documents(api, launch, source, bucket):
    """J: each forecast is a member of its own, by its name or the job's."""
    g = Graph.of_rows(WINDOW)
    weights = np.zeros((2 * STEPS, WINDOW))
    weights[:, -1] = [0.5] * STEPS + [2] * STEPS
    y = g.dense(g.input, weights, np.zeros(2 * STEPS))
    names = [f"{q}_{i}" for q in ("q10", "q90") for i in range(STEPS)]
    features = [Feature(f"level_{i}") for i in range(WINDOW)]
    imported = Imported(g, features, Output("numbers", names, None, y), "none", None)
    job = JOB | {"names": {"observed": "level_true", "q90": "high"}, "targets": [{"id": "a"}]}
    series = {"step": "1h", "gap": "2h", "columns": {"level": {}}}
    cfg = config.Config("gauges", "1", reply="label", series=series, job={"daily": job})
    source.pages["/a.csv"] = hours("2026-11-28T00:00:00", range(5))
    launch(lower.lower(imported, cfg, "float64").to_bytes())
    assert api.result(tick())["written"] == 1
    data = written(bucket, "a")["data"]
    assert (data["q10"][-3:], data["high"][-3:]) == ([2, 2, 2], [8, 8, 8])
    rows = [{"time": f"2026-11-28T0{i}:00:00Z", "level": 1} for i in range(5)]
    answer = api.result({"series": rows})
    assert (answer["q10"], answer["q90"]) == ([0.5] * 3, [2] * 3)


class Shelf:
    """A page that is a model, as a server without ETags gives it."""

    def __init__(self, blob: bytes, counted: bool = True):
        self.blob, self.counted = blob, counted

    def __call__(self, handler):
        handler.send_response(200)
        if self.counted:
            handler.send_header("Content-Length", str(len(self.blob)))
        else:
            handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for at in range(0, len(self.blob), 100_000):
            piece = self.blob[at : at + 100_000]
            handler.wfile.write(piece if self.counted else b"%x\r\n%s\r\n" % (len(piece), piece))
        if not self.counted:
            handler.wfile.write(b"0\r\n\r\n")


def large(factor: float) -> bytes:
    """A forecaster of more than 1 MiB, and with as large an arena."""
    g = Graph.of_rows(WINDOW)
    rng = np.random.default_rng(7)
    wide = g.dense(g.input, rng.normal(size=(25_000, WINDOW)), np.zeros(25_000))
    last = np.zeros((STEPS, WINDOW))
    last[:, -1] = np.arange(1, STEPS + 1) * factor
    few = g.dense(wide, np.zeros((STEPS, 25_000)) + 1e-300, np.zeros(STEPS))
    y = g.binary(few, g.dense(g.input, last, np.zeros(STEPS)), "+")
    names = [f"next_{i}" for i in range(STEPS)]
    features = [Feature(f"level_{i}") for i in range(WINDOW)]
    imported = Imported(g, features, Output("numbers", names, None, y), "none", None)
    series = {"step": "1h", "gap": "2h", "columns": {"level": {}}}
    cfg = config.Config("gauges", f"{factor}", reply="label", series=series)
    return lower.lower(imported, cfg, "float64").to_bytes()


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("make", [forecaster, large])
@pytest.mark.parametrize("short", [0, 1, 4096])
def test_the_memory_of_a_model_from_outside(api, launch, source, counted, make, short):
    """J: file and arena together are what MOTE_MODEL_MAX bounds, to the byte, with
    and without Content-Length."""
    blob = make(5)
    arena = int.from_bytes(blob[24:32], "little")
    most = -(-len(blob) // 4096) * 4096 + arena - short
    source.pages["/bucket/m.mote"] = Shelf(blob, counted)
    function = launch(forecaster(1), MOTE_MODEL="s3://bucket/m.mote", MOTE_MODEL_MAX=str(most),
                      AWS_ENDPOINT_URL_S3=source.url)  # fmt: skip
    assert first_hour(api) == (1 if short else 5), function.messages("ERROR")
    told = function.messages("ERROR")
    assert any("expected a smaller model, or a larger" in m for m in told) == bool(short)


@pytest.mark.parametrize("etag, good", [(None, True), ("e1", True), ("e2", False)])
@pytest.mark.parametrize("version", [None, "3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY"])
def test_a_model_that_is_pinned(api, launch, source, etag, good, version):
    """J: by ETag and by version; what is another is not taken."""
    seen = []

    def page(handler):
        wanted = handler.headers.get("If-Match")
        seen.append((handler.path, wanted))
        body = b"" if wanted == '"e2"' else forecaster(5)
        handler.send_response(200 if body else 412)
        handler.send_header("ETag", '"e1"')
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    query = "?versionId=3sL4kqtJlcpXroDTDmJ%2BrmSpXd3dIbrHY" if version else ""
    path = f"/bucket/m.mote{query}"
    source.pages[path] = page
    pins = {"MOTE_MODEL_ETAG": etag and f'"{etag}"', "MOTE_MODEL_VERSION": version}
    function = launch(forecaster(1), MOTE_MODEL="s3://bucket/m.mote",
                      AWS_ENDPOINT_URL_S3=source.url,
                      **{k: v for k, v in pins.items() if v})  # fmt: skip
    assert first_hour(api) == (5 if good else 1)
    assert seen == [(path, etag and f'"{etag}"')]
    assert any("412" in m for m in function.messages("ERROR")) != good


def test_a_version_is_of_s3_alone(api, launch):
    function = launch(forecaster(1), MOTE_MODEL="https://example.org/x.mote",
                      MOTE_MODEL_VERSION="v1")  # fmt: skip
    request = api.request()
    told = request.json()["errorMessage"]
    assert told.startswith("MOTE_MODEL_VERSION: expected it only of an object of S3")
    request.connection.send(reply())
    assert function.wait() == 1


@pytest.mark.parametrize("counted", [True, False])
def test_models_that_come_one_after_another(api, launch, source, counted):
    """J: a server without ETags: what has changed is taken, the same is not; the
    memory of the old one is given back."""
    shelf = source.pages["/bucket/m.mote"] = Shelf(large(2), counted)
    function = launch(forecaster(1), MOTE_MODEL="s3://bucket/m.mote", MOTE_MODEL_REFRESH="1",
                      AWS_ENDPOINT_URL_S3=source.url)  # fmt: skip
    sizes = []
    for factor in 2, 2, 3, 2, 2:
        shelf.blob = large(factor)
        time.sleep(1.1)
        first_hour(api)
        assert first_hour(api) == factor
        status = Path(f"/proc/{function.pid}/status").read_text()
        sizes.append(int(status.split("VmSize:")[1].split()[0]))
    assert function.messages("INFO").count("model loaded from outside") == 3
    assert source.asked.count("/bucket/m.mote") >= 6
    if not EXEC and SLOW == 1:
        assert max(sizes) - min(sizes) < 64, sizes


@pytest.mark.parametrize("blob, message", [
    (b"", "expected a .mote file"), (b"x" * 100, "expected a .mote file"),
    (b"x" * 5000, "expected"), (forecaster(5)[:128], "expected a file of the length it states"),
    (forecaster(5)[:24] + b"\xff" * 8 + forecaster(5)[32:], "expected a smaller model"),
])  # fmt: skip
@pytest.mark.parametrize("counted", [True, False])
def test_bytes_from_outside_that_are_no_model(api, launch, source, counted, blob, message):
    source.pages["/bucket/m.mote"] = Shelf(blob, counted)
    function = launch(forecaster(1), MOTE_MODEL="s3://bucket/m.mote",
                      AWS_ENDPOINT_URL_S3=source.url)  # fmt: skip
    assert first_hour(api) == 1
    assert any(message in m for m in function.messages("ERROR")), function.log()


@pytest.mark.parametrize("variables, message", [
    ({"MOTE_MODEL": "s3://bucket/none.mote"}, "NoSuchKey"),
    ({"MOTE_MODEL_MAX": "100"}, "expected a smaller model, or a larger MOTE_MODEL_MAX"),
    ({"MOTE_MODEL_SHA256": "0" * 64}, "expected bytes with the SHA-256 that MOTE_MODEL_SHA256"),
])  # fmt: skip
def test_models_from_s3_that_are_refused(api, launch, bucket, variables, message):
    """J: the executable's own serves, and no log has what follows a '?', which
    may be a key."""
    (bucket[0] / "other.mote?key=secret").write_bytes(forecaster(5))
    url = "s3://bucket/other.mote?key=secret"
    function = launch(forecaster(1), **{"MOTE_MODEL": url} | variables)
    assert first_hour(api) == 1
    assert any(message in m for m in function.messages("ERROR")), function.log()
    assert not any("secret" in m for m in function.messages("ERROR"))


@pytest.mark.parametrize("name, value", [
    ("MOTE_MODEL", "http://bucket/x.mote?key=secret"), ("MOTE_MODEL_SHA256", "abc"),
    ("MOTE_MODEL_MAX", "0"), ("MOTE_MODEL_REFRESH", "soon"), ("MOTE_MODEL_ETAG", "abc"),
    ("MOTE_MODEL_ETAG", '"a\rX-Evil: 1"'), ("MOTE_MODEL_ETAG", f'"{"x" * 128}"'),
])  # fmt: skip
def test_settings_that_are_none(api, launch, name, value):
    function = launch(forecaster(1), **{"MOTE_MODEL": "s3://bucket/x.mote", name: value})
    request = api.request()
    assert request.json()["errorMessage"].startswith(f"{name}: expected ")
    assert "secret" not in request.json()["errorMessage"]
    request.connection.send(reply())
    assert function.wait() == 1


def test_a_long_source_in_little_memory(api, launch, source, bucket):
    """J: 100 MB of CSV in less than 8 MB."""
    line = "2026-11-28T00:00:00Z,1,{}\n".format("x" * 1000)
    last = hours("2026-11-28T00:00:00", range(5)).split("\n", 1)[1]
    count = 100_000_000 // len(line) if SLOW == 1 else 1000

    def long(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"when,stage,note\n")
        block = (line * 100).encode()
        for _ in range(count // 100):
            handler.wfile.write(block)
        handler.wfile.write(last.encode())
        handler.close_connection = True

    source.pages["/a.csv"] = long
    function = launch(forecaster(jobs={"daily": JOB | {"targets": [{"id": "a"}]}}))
    api.next().connection.send(due(tick(), 600))
    post = api.post(ID)
    status = Path(f"/proc/{function.pid}/status").read_text()
    post.connection.send(reply())
    assert post.json()["written"] == 1, post.body
    if SLOW == 1 and not EXEC:
        assert int(status.split("VmHWM:")[1].split()[0]) < 8 * 1024


@pytest.mark.skipif(not (ROOT / "models/river/river.mote").exists(), reason="no river.mote")
def test_rivers_own_golden_result(api, launch, source, bucket):
    """models/river, from its sample's observations to its sample's document."""
    samples = ROOT / "models/river/samples"
    source.pages["/dranse-bioge.csv"] = (samples / "dranse-bioge.csv").read_text()
    launch((ROOT / "models/river/river.mote").read_bytes(), RIVER_SOURCE=source.url,
           RIVER_BUCKET="bucket")  # fmt: skip
    answer = api.result(json.loads((samples / "daily.event.json").read_text()))
    assert answer == json.loads((samples / "daily.reply.json").read_text())
    got = (bucket[0] / "dranse-bioge.json").read_bytes()
    assert got == (samples / "dranse-bioge.json").read_bytes()
