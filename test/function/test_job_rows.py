"""J: jobs of models over rows: what lies in S3 is what the function replies to a
batch of the same rows."""

import json
from pathlib import Path

import numpy as np
import pytest
import text_model
from function import EXEC, SLOW
from mock_api import ID, reply
from sources import NOW, Breaking, due, listing, tick

from mote import config, lower
from mote.graph import Feature, Graph, Imported, Output

COLOURS = ["red", "green", "NA"]
FEATURES = [
    Feature("length"),
    Feature("width", missing=True),
    Feature("colour", missing=True, categories=COLOURS, other=True),
    Feature("member", boolean=True, missing=True),
]
NAMES = [f.name for f in FEATURES]
MISSING = -9
JOB = {
    "source": "{env:SOURCE}/{target}.csv",
    "sink": "s3://{env:BUCKET}/{date}/{target}.json",
    "columns": {"length": "Length (cm)", "colour": "c"},
    "targets": [{"id": "a"}, {"id": "b"}],
}
ONE = JOB | {"targets": [{"id": "a"}]}
HEAD = "id,c,Length (cm),member,width"


def echo(jobs: dict, factor: float = 1, features: list[Feature] = FEATURES) -> bytes:
    """A model that answers with its features, -9 where one is missing."""
    g, n = Graph.of_rows(len(features)), len(features)
    y = g.fill(g.input, np.full(n, np.nan), np.full(n, MISSING))
    y = g.rowwise(y, "*", np.full(n, factor))
    output = Output("numbers", [f.name for f in features], None, y)
    cfg = config.Config("echo", f"{factor}", reply="label", job=jobs)
    return lower.lower(Imported(g, features, output, "none", None), cfg, "float64").to_bytes()


def classes(reply: str, jobs: dict) -> bytes:
    """Which of two numbers is larger."""
    g = Graph.of_rows(2)
    y = g.dense(g.input, np.eye(2), np.zeros(2))
    index, scores = g.argmax(y), g.softmax(y)
    g.outputs = [index, scores]
    output = Output("class", ["x", "y"], index, scores, "probabilities")
    imported = Imported(g, [Feature("x"), Feature("y")], output, "none", None)
    cfg = config.Config("larger", "1", reply=reply, job=jobs)
    return lower.lower(imported, cfg, "float64").to_bytes()


def written(bucket, target: str = "a", day: str = "2026-11-28") -> list:
    return json.loads((bucket[0] / day / f"{target}.json").read_text())


def values(rows: list[dict]) -> list[list]:
    assert all(list(row) == NAMES for row in rows)
    return [list(row.values()) for row in rows]


def test_rows_of_csv_become_a_batchs_reply(api, launch, source, bucket):
    """J: renamed columns, in any order among others; what is missing; one target
    that fails stops no other."""
    source.pages["/a.csv"] = "\ufeff" + "\r\n".join([
        HEAD, '1,red,5.5,true,2', '2,"green",1e2,false,', '3,blue,-3,1,NaN', '4,NA,0,,NA',
        '5,,7,null,nan', '6,"a ""b"", c",8', "",
    ])  # fmt: skip
    source.pages["/b.csv"] = HEAD + "\n1,red,long,true,2\n"
    function = launch(echo({"daily": JOB}))
    answer = api.result(tick())
    assert answer == {
        "job": "daily",
        "time": NOW,
        "targets": [
            {"id": "a", "status": "written"},
            {
                "id": "b",
                "status": "failed",
                "message": "row 1: Length (cm): expected a number, got long",
            },
        ],
        "written": 1,
        "failed": 1,
    }
    rows = [
        [5.5, 2, "red", True], [100, None, "green", False], [-3, None, "blue", 1],
        [0, None, "NA", None], [7, None, None, None], [8, None, 'a "b", c', None],
    ]  # fmt: skip
    assert values(written(bucket)) == [
        [5.5, 2, 0, 1], [100, MISSING, 1, 0], [-3, MISSING, -1, 1],
        [0, MISSING, 2, MISSING], [7, MISSING, MISSING, MISSING], [8, MISSING, -1, MISSING],
    ]  # fmt: skip
    assert written(bucket) == api.result(rows)
    assert not (bucket[0] / "2026-11-28/b.json").exists()
    (last,) = (line for line in function.log() if line["message"] == "job finished")
    assert (last["written"], last["failed"]) == (1, 1)


@pytest.mark.parametrize("style", ["full", "label", "index"])
def test_more_rows_than_a_plan_takes_at_once(api, launch, source, bucket, style):
    """J: in every style of reply; the same time gives the same key and bytes."""
    job = {key: ONE[key] for key in ("source", "sink", "targets")} | {"separator": ";"}
    rows = [[i % 7, (i * 13) % 11] for i in range(3001)]
    source.pages["/a.csv"] = "y;x\n" + "".join(f"{y};{x}\n" for x, y in rows)
    launch(classes(style, {"daily": job}))
    assert api.result(tick())["written"] == 1
    path = bucket[0] / "2026-11-28/a.json"
    first = path.read_bytes()
    assert json.loads(first) == api.result(rows)
    path.unlink()
    assert api.result(tick())["written"] == 1 and path.read_bytes() == first
    assert api.result(tick("2026-11-29T06:00:00Z"))["written"] == 1
    assert written(bucket, day="2026-11-29") == json.loads(first)


def test_rows_of_json_and_of_the_event(api, launch, source, bucket):
    """J: objects and arrays, down a path; for each target anew."""
    of_source = ONE | {"source": "{env:SOURCE}/a.json", "format": "json", "path": ["data", "rows"]}
    of_event = {k: v for k, v in JOB.items() if k != "source"}
    launch(echo({"daily": of_source, "asked": of_event}))
    rows = [
        {"Length (cm)": 1, "c": "gr\\u0065en", "member": True},
        [2, None, "red", None],
        {"width": 4.5, "Length (cm)": 3},
    ]
    text = json.dumps(rows).replace("\\\\u", "\\u")
    source.pages["/a.json"] = f'{{"data": {{"unit": "cm", "rows": {text}}}, "x": 1}}'
    assert api.result(tick())["written"] == 1
    first = written(bucket)
    assert values(first) == [
        [1, MISSING, 1, 1], [2, MISSING, 0, MISSING], [3, 4.5, MISSING, MISSING],
    ]  # fmt: skip
    asked = {"job": "asked", "time": NOW, "rows": json.loads(text)}
    assert api.result(asked)["written"] == 2
    assert written(bucket, "a") == written(bucket, "b") == first
    told = api.result({"job": "asked", "time": NOW})["targets"][1]["message"]
    assert told == "rows: expected rows in the event, as the job has no source, got none"


BAD_CSV = {
    "empty": ("", "expected CSV with a header, got nothing"),
    "no column": (
        "id,c,length,member,width\n",
        "Length (cm): expected it in the header of the CSV, got none of that name",
    ),
    "missing": (HEAD + "\n1,red,2\n1,red,NaN\n", "row 2: Length (cm): expected a number, got NaN"),
    "nothing": (HEAD + "\n1,red\n", "row 1: Length (cm): expected a number, got nothing"),
    "infinite": (HEAD + "\n1,red,1e999\n", "row 1: Length (cm): expected a finite number, got"),
    "boolean": (HEAD + "\n1,red,1,yes\n", "row 1: member: expected a number, true or false, got"),
    "quotes": (HEAD + '\n1,red,"1"2\n', "row 1: expected CSV, with quotes only around a whole"),
}
BAD_JSON = {
    "an object": ('{"length": [1]}', "expected an array of rows, got an object"),
    "a number": ("[1]", "row 0: expected an array of values or an object of features, got a"),
    "its own name": ('[{"length": 1}]', "row 0: length: expected the name of a feature, got"),
    "missing": ('[{"Length (cm)": 1}, {"width": 1}]', "row 1: Length (cm): expected a number"),
    "short": ('[{"Length (cm)": 1}, [2]]', "row 1: expected exactly 4 values, got 1 values"),
    "a text": ('[{"Length (cm)": "1"}]', "row 0: Length (cm): expected a number, got"),
    "no JSON": ('[{"Length (cm)": 1},', "expected a JSON value, got the end"),
}


def test_sources_that_are_none(api, launch, source, bucket):
    """J: each says what is wrong, and where; nothing is written."""
    of_json = ONE | {"format": "json"}
    launch(echo({"daily": ONE, "json": of_json}))
    for job, cases in ("daily", BAD_CSV), ("json", BAD_JSON):
        for name, (page, message) in cases.items():
            source.pages["/a.csv"] = page
            told = api.result({"job": job, "time": NOW})["targets"][0]["message"]
            assert message in told, (name, told)
    assert not list(bucket[0].glob("*/*.json"))


def test_numbers_that_leave_the_range_name_their_row(api, launch, source):
    launch(echo({"daily": ONE}, 1e300))
    source.pages["/a.csv"] = HEAD + "\n" + "1,red,1\n" * 100 + "1,red,1e9\n"
    told = api.result(tick())["targets"][0]["message"]
    assert told == "row 101: expected numbers that stay finite in the model, got larger ones"


def test_a_result_is_bounded_and_a_source_is_not(api, launch, source, bucket):
    """J: 4 MiB; a longer one is refused by name, and nothing is written."""
    job = {key: ONE[key] for key in ("source", "sink", "targets")}
    path = bucket[0] / "2026-11-28/a.json"

    def run(count):
        source.pages["/a.csv"] = "x,y,note\n" + "2,1,seven\n" * count
        post = api.deliver(due(tick(), 600))
        post.connection.send(reply())
        return post.json()

    launch(classes("full", {"daily": job}))
    assert run(1)["written"] == 1
    bytes_of_row = path.stat().st_size - 2
    most = ((4 << 20) - 1) // (bytes_of_row + 1)  # a comma or a bracket each, and one
    assert run(most)["written"] == 1
    assert len(written(bucket)) == most
    path.unlink()
    answer = run(most + 1)
    assert answer["failed"] == 1 and not path.exists()
    told = answer["targets"][0]["message"]
    assert told.startswith("expected a result of up to 4 MiB; give a target fewer rows")


def test_a_long_source_in_little_memory(api, launch, source, bucket):
    """J: 100 MB of CSV in less than 8 MB."""
    job = {key: ONE[key] for key in ("source", "sink", "targets")}
    line = "x" * 1000 + ",2,1\n"
    count = 100_000_000 // len(line) // 100 * 100 if SLOW == 1 else 1000

    def long(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"note,x,y\n")
        block = (line * 100).encode()
        for _ in range(count // 100):
            handler.wfile.write(block)
        handler.close_connection = True

    source.pages["/a.csv"] = long
    function = launch(classes("label", {"daily": job}))
    api.next().connection.send(due(tick(), 600))
    post = api.post(ID)
    status = Path(f"/proc/{function.pid}/status").read_text()
    post.connection.send(reply())
    assert post.json()["written"] == 1, post.body
    assert written(bucket) == ["x"] * count
    if SLOW == 1 and not EXEC:
        assert int(status.split("VmHWM:")[1].split()[0]) < 8 * 1024


def test_objects_below_a_prefix_that_break_off(api, launch, bucket, source):
    """J: one after the other in one result; what a failed try has read of one is
    forgotten, and nothing else."""
    texts = {f"k{i}": HEAD + "\n" + f"7,red,{i},true,\n" * (40 * i) for i in range(1, 4)}
    source.pages = Breaking(texts, {"k1", "k3"}, lambda _: listing(texts))
    job = ONE | {"source": "s3://bucket/k*"}
    launch(echo({"daily": job}), AWS_ENDPOINT_URL_S3=source.url)
    assert api.result(tick())["written"] == 1
    asked = [path.split("?")[0].removeprefix("/bucket") for path in source.asked]
    assert asked == ["", "/k1", "/k1", "/k2", "/k3", "/k3"]
    (document,) = source.put.values()
    assert [row["length"] for row in json.loads(document)] == [1] * 40 + [2] * 80 + [3] * 120
    texts["k2"] = HEAD + "\n7,red,1\n7,red,x\n"
    told = api.result(tick())["targets"][0]["message"]
    assert told == "s3://bucket/k2: row 2: Length (cm): expected a number, got x"


def test_a_target_with_a_model_of_its_own(api, launch, source, bucket):
    for target in "ab":
        source.pages[f"/{target}.csv"] = HEAD + "\n1,red,2\n"
    own = {"id": "b", "model": "s3://{env:BUCKET}/models/{target}.mote"}
    launch(echo({"daily": JOB | {"targets": [{"id": "a"}, own]}}))
    models = bucket[0] / "models"
    models.mkdir(exist_ok=True)
    (models / "b.mote").write_bytes(echo(None, 10))
    assert api.result(tick())["written"] == 2
    assert [written(bucket, t)[0]["length"] for t in "ab"] == [2, 20]
    for features in FEATURES[:3], FEATURES[::-1]:
        (models / "b.mote").write_bytes(echo(None, 10, features))
        told = api.result(tick())["targets"][1]["message"]
        assert told == (
            "the target's model: expected the features of the function's own, in their order"
        )


def test_texts(api, launch, source, bucket):
    """J: of a model that takes one, which answers each by itself."""
    texts = ["The cat sat.", 'a "quoted" \\ one', "", "cat " * 60]
    job = {key: JOB[key] for key in ("sink", "targets")} | {"columns": {"sentence": "said"}}
    jobs = {
        "daily": job | {"source": JOB["source"], "targets": [{"id": "a"}]},
        "asked": job | {"format": "json"},
    }
    cfg = config.Config("class", "1", reply="prediction", job=jobs)
    lines = ['"' + text.replace('"', '""') + '"' for text in texts]
    source.pages["/a.csv"] = "said\n" + "\n".join(lines) + "\n"
    launch(lower.lower(text_model.imported("class"), cfg, "int8").to_bytes())
    assert api.result(tick())["written"] == 1
    expected = api.result(texts)
    assert [row["text"] for row in expected] == texts and expected[3]["truncated"]
    assert written(bucket) == expected
    asked = {"job": "asked", "time": NOW, "rows": [{"said": texts[0]}, *texts[1:]]}
    assert api.result(asked)["written"] == 2
    assert written(bucket, "a") == written(bucket, "b") == expected
