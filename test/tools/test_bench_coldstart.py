"""The bench of cold starts: its driver with programs that behave in odd ways, its
chunk model against the published figures, its comparison of answers, its pages."""

import json
import os
import platform
import re
import subprocess
import sys
import xml.dom.minidom

import coldstart
import coldstart_chunks as chunks
import coldstart_contestants as contestants
import coldstart_report as report
import pytest
from conftest import ROOT

DRIVER = ROOT / "build/host/coldstart"
IRIS = contestants.BUILT / "iris/bootstrap"
FLOOR = contestants.BUILT / "floor"
REPLY = '"1"'

# a client of the Runtime API whose ways are in its environment
CLIENT = """
import os, socket, sys, time
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
ways = os.environ["WAYS"].split()
buffer, api = b"", None

def connect():
    global api, buffer
    buffer, api = b"", socket.create_connection((host, int(port)))

def more():
    got = api.recv(65536)
    if not got:
        sys.exit("the server left")
    return got

def receive():
    global buffer
    while b"\\r\\n\\r\\n" not in buffer:
        buffer += more()
    head, _, buffer = buffer.partition(b"\\r\\n\\r\\n")
    n = int(head.lower().partition(b"content-length: ")[2].split()[0])
    while len(buffer) < n:
        buffer += more()
    body, buffer = buffer[:n], buffer[n:]
    return head, body

if "sleeps" in ways:
    time.sleep(0.3)
count = 0
while True:
    if api is None or "reconnect" in ways:
        connect()
    if "dies" in ways:
        sys.exit(3)
    api.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    head, event = receive()
    if "reconnect" in ways:
        connect()
    count += 1
    reply = b'"1"' if "wavers" not in ways or count == 1 else b'"2"'
    kind = b"error" if "fails" in ways else b"response"
    post = b"POST /2018-06-01/runtime/invocation/x/" + kind + b" HTTP/1.1\\r\\nHost: x\\r\\n"
    if "chunked" in ways:
        api.sendall(post + b"Transfer-Encoding: chunked\\r\\n\\r\\n1\\r\\n" + reply[:1] + b"\\r\\n")
        api.sendall(b"2\\r\\n" + reply[1:] + b"\\r\\n0\\r\\n\\r\\n")
    elif "halves" in ways:
        api.sendall(post + b"Content-Length: 3\\r\\n\\r\\n" + reply[:2])
        api.sendall(reply[2:])
    else:
        api.sendall(post + b"Content-Length: 3\\r\\n\\r\\n" + reply)
    receive()
"""


def drive(tmp_path, lines, *options):
    """The driver over a plan of these lines: name, settings and command."""
    event, plan = tmp_path / "event", tmp_path / "plan"
    event.write_text(contestants.IRIS)
    plan.write_text("".join("\t".join([n, "/", str(event), f, *w]) + "\n" for n, f, *w in lines))
    return subprocess.run(
        [DRIVER, *options, plan], capture_output=True, text=True, timeout=120, check=False
    )


def samples(done):
    found = {}
    for line in done.stdout.splitlines():
        name, measure, *values = line.split("\t")
        found.setdefault((name, measure), []).append(values)
    return found


def client(ways):
    return ("client", "-", f"WAYS={ways}", sys.executable, "-I", "-S", "-c", FLAT)


# a plan has no place for line breaks within a word
FLAT = f"exec({CLIENT!r})"


@pytest.mark.parametrize("ways", ["plain", "chunked", "halves", "reconnect", "reconnect chunked"])
def test_clients_of_any_manner_are_served(tmp_path, ways):
    done = drive(tmp_path, [client(ways)], "-s", "-n", "2", "-w", "3")
    assert done.returncode == 0, done.stderr
    found = samples(done)
    assert found["client", "reply"] == [[REPLY]]
    assert len(found["client", "spawn_to_next_ms"]) == 2
    assert len(found["client", "event_to_reply_us"]) == 6


@pytest.mark.parametrize(
    "ways, said",
    [
        ("dies", "client ended without a request"),
        ("fails", "client POST /2018-06-01/runtime/invocation/x/error"),
        ("wavers", "client answered the same event in two ways"),
    ],
)
def test_what_does_not_answer_ends_the_run(tmp_path, ways, said):
    done = drive(tmp_path, [client(ways)], "-s", "-n", "1", "-w", "2")
    assert done.returncode == 3
    assert said in done.stderr


def test_starts_are_in_turn_and_counted(tmp_path):
    lines = [("floor", "-", str(FLOOR)), ("iris", "-", str(IRIS))]
    done = drive(tmp_path, lines, "-n", "4", "-w", "2")
    assert done.returncode == 0, done.stderr
    order = re.findall(r"^(\w+)\tspawn_to_next_ms", done.stdout, re.M)
    rounds = [order[i : i + 2] for i in range(0, 8, 2)]
    assert len(order) == 8 and all(sorted(r) == ["floor", "iris"] for r in rounds)
    found = samples(done)
    for name in ("floor", "iris"):
        nexts = [float(v[0]) for v in found[name, "spawn_to_next_ms"]]
        replies = [float(v[0]) for v in found[name, "spawn_to_first_reply_ms"]]
        assert all(0 < n < r for n, r in zip(nexts, replies))
        faults = [float(v[0]) for v in found[name, "page_faults_before_next"]]
        assert all(1 <= f < 60 for f in faults)
        assert float(found[name, "threads"][0][0]) == 1
    assert json.loads(found["iris", "reply"][0][0])["label"] == "setosa"
    rss = [float(found[n, "peak_rss_kib"][0][0]) for n in ("floor", "iris")]
    assert 0 < rss[0] <= rss[1] < 4096


def test_slow_contestants_take_fewer_rounds(tmp_path):
    lines = [client("sleeps"), ("floor", "-", str(FLOOR))]
    done = drive(tmp_path, lines, "-s", "-n", "10", "-w", "0", "-b", "1.5")
    found = samples(done)
    assert len(found["floor", "spawn_to_next_ms"]) == 10
    assert 2 <= len(found["client", "spawn_to_next_ms"]) <= 5


def test_pages_in_memory_are_told(tmp_path):
    listed = tmp_path / "files"
    listed.write_text(f"{IRIS}\n{tmp_path}/no such file\n")
    done = drive(tmp_path, [("iris", str(listed), str(IRIS))], "-s", "-m", "-n", "1", "-w", "0")
    assert done.returncode == 0, done.stderr
    name, *ranges = samples(done)["iris", "resident"][0]
    pages = -(-IRIS.stat().st_size // 4096)
    pairs = [tuple(map(int, r.split("-"))) for r in ranges]
    assert name == str(IRIS)
    assert pairs[0][0] == 0 and all(a < b <= pages for a, b in pairs)
    assert all(before[1] < after[0] for before, after in zip(pairs, pairs[1:]))


def test_instructions_are_counted_or_refused_by_name():
    done = subprocess.run([DRIVER, "-i"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or "no counter of instructions here: " in done.stderr


# ------------------------------------------------------------------ chunk model


def test_distinct_chunks_are_counted_across_files():
    sizes = {"/a": 4096 * 100, "/b": 4096 * 100, "/c": 4096 * 200}
    assert chunks.layout(sizes) == {"/a": 0, "/b": 100, "/c": 200}
    assert chunks.touched(sizes, {"/a": [(0, 1)], "/b": [(0, 28)]}) == 1
    assert chunks.touched(sizes, {"/b": [(27, 29)]}) == 2
    assert chunks.touched(sizes, {"/a": [(0, 1)], "/c": [(199, 200)]}) == 2
    assert chunks.touched(sizes, {"/c": [(0, 200)]}) == 3
    assert chunks.touched(sizes, {"/elsewhere": [(0, 9)]}) == 0


@pytest.mark.parametrize(
    "count, mix, expected",
    [(2, "l2", 14), (2, "s3", 199), (7, "l2", 28), (7, "fleet", 9.8), (37, "s3", 1630)],
)
def test_serial_starts_are_as_the_model_was_published(count, mix, expected):
    """Medians of 20,000 draws of the same tiers; of chunks with metadata."""
    found = chunks.simulate(count, True)[mix]
    assert found["serial"]["p50"] == pytest.approx(expected, rel=0.06)
    assert found["prefetch"]["p50"] <= found["serial"]["p50"]


def test_simulations_are_seeded_and_leave_out_what_is_not_done():
    assert chunks.simulate(5, False) == chunks.simulate(5, False)
    assert chunks.simulate(5, False)["l2"]["prefetch"] is None
    serial = [chunks.simulate(n, False)["l2"]["serial"]["p50"] for n in (1, 2, 10, 100)]
    assert serial == sorted(serial)


def test_eight_chunks_at_a_time():
    assert chunks.overlapped([1.0] * 8) == 1.0
    assert chunks.overlapped([1.0] * 9) == 2.0
    assert chunks.overlapped([]) == 0.0


# ---------------------------------------------------------------------- answers


def test_answers_of_a_family():
    mote = '{"label":"setosa","index":0,"scores":{"setosa":0.98},"model":{"name":"iris"}}'
    assert contestants.index(mote) == contestants.index('"0"') == "0"
    cola = '[{"label":"unacceptable","score":0.3},{"label":"acceptable","score":0.7}]'
    assert contestants.acceptable(cola) == "acceptable"
    assert contestants.acceptable('{"label":"acceptable"}') == "acceptable"
    agree = contestants.agree
    assert agree([1.0, 2.0], [1.0, 2.4]) and not agree([1.0, 2.0], [1.0, 2.6])
    assert not agree([1.0], [1.0, 1.0]) and not agree("0", "1") and not agree({}, [])
    assert contestants.whole('{"value":1,"model":{"name":"a"}}') == {"value": 1}


def test_a_peer_that_is_not_set_up_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(contestants, "PEERS", tmp_path)
    (tmp_path / "go-iris.skipped").write_text("go is not installed\n")
    assert contestants.peers(["go-iris", "rust-iris"]) == [
        ("go-iris", "go is not installed"),
        ("rust-iris", "make bench-peers sets it up"),
    ]
    with pytest.raises(SystemExit, match="no peer zig; there are rust-bare"):
        contestants.peers(["zig"])


def test_cola_s_peer_takes_what_training_wrote_or_what_was_written_of_cola(monkeypatch, tmp_path):
    name = "python-onnxruntime"
    peers, trained = tmp_path / "peers", tmp_path / "trained"
    monkeypatch.setattr(contestants, "PEERS", peers)
    monkeypatch.setattr(contestants, "TRAINED", trained)
    for folder in (peers / name, peers / "cola", trained):
        folder.mkdir(parents=True)
    without = "set up without a model: make bench-peers, once build/peers/python-onnxruntime is "
    assert contestants.peers([name]) == [(name, without + "removed")]
    taken = peers / name / "model.onnx"
    for folder, note in ((peers / "cola", "cola.mote"), (trained, "training")):
        (folder / "model.onnx").write_text(note)
        (folder / "tokenizer.json").write_text("{}")
        (found,) = contestants.peers([name])
        assert note in found.note and taken.read_text() == note
    assert (peers / name / "tokenizer.json").exists()
    (trained / "tokenizer.json").unlink()  # half of them is none
    assert "cola.mote" in contestants.peers([name])[0].note


def test_what_peers_are_made_of_is_pinned():
    folder = ROOT / "tools/bench/peers"
    pins = {}
    for path in [*(folder / "python").glob("*.txt"), ROOT / "tools/bench/requirements.txt"]:
        for line in path.read_text().splitlines():
            pin = re.fullmatch(r"([\w-]+)==([\w.]+)", line)
            assert pin or line.startswith("#"), f"{path.name}: {line}"
            if pin:
                assert pins.setdefault(pin[1].lower(), pin[2]) == pin[2], f"{path.name}: {line}"
    assert {"numpy", "onnx", "onnxruntime", "scikit-learn", "protobuf"} <= set(pins)
    crates = (folder / "rust/crates.lock").read_text()
    asked = re.findall(r'^(\w+) = .*"=([\d.]+)"', (folder / "rust/Cargo.toml").read_text(), re.M)
    assert len(asked) == 5
    for name, version in asked:
        assert f'name = "{name}"\nversion = "{version}"\n' in crates


def test_versions_are_those_of_what_is_there(monkeypatch, tmp_path):
    said = tmp_path / "go"
    said.write_text("#!/bin/sh\necho go $1 1.2.3\necho more\n")
    said.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = contestants.versions()
    assert set(found) == {"python", "rustc", "cargo", "go", "node"}
    assert found["go"] == "go version 1.2.3" and found["python"] == platform.python_version()
    assert contestants.version(["not-a-program-of-anybody"]) == ""


# ------------------------------------------------------------------------ pages


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A run of iris and the floor, as `mote bench` has it."""
    out = tmp_path_factory.mktemp("bench") / "coldstart"
    options = ["--runs", "5", "--rounds", "2", "--model", "iris"]
    done = subprocess.run(
        [sys.executable, ROOT / "tools/bench/coldstart.py", *options, out],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(out.with_suffix(".json").read_text()), done.stdout, out.with_suffix(".svg")


def test_the_file_has_every_measure_or_the_reason(measured):
    found, _, _ = measured
    assert {"machine", "runs", "rows", "ratios", "skipped", "seconds"} == set(found)
    assert found["runs"] == 5
    assert [(r["name"], r["kind"], r["init"]) for r in found["rows"]] == [
        ("floor", "floor", None),
        ("iris", "self", "wait"),
        ("iris-warm", "self", "warm"),
    ]
    for row in found["rows"]:
        for measure in ("spawn_to_next_ms", "spawn_to_first_reply_ms", "event_to_reply_us"):
            four = row[measure]
            assert set(four) == {"p50", "p90", "p99", "min"}
            assert 0 < four["min"] <= four["p50"] <= four["p90"] <= four["p99"]
        for measure in (
            "instructions_before_next",
            "throttled_reply_us",
            "cold_reply_ms",
            "chunks_touched",
            "image_start_ms",
            "files_opened",
        ):
            assert (row[measure] is None) == (measure in row["not_measured"]), measure
        assert row["files_opened"] in (0, None)
        if row["throttled_reply_us"]:
            assert row["throttled_against_unthrottled"] > 0
            ahead = row["image_start_ms"] and row["image_start_ms"]["l2"]["prefetch"]
            assert bool(ahead) == (row["init"] == "warm")
        assert 0 < row["zip_bytes"] < row["image_bytes"]
    assert all(set(r) == {"against_floor"} for r in found["ratios"].values())
    assert all(v > 1 for v in found["ratios"]["iris"]["against_floor"].values())


def test_a_ratio_is_of_the_starts_of_one_round():
    """However the machine's pace changes from round to round; a slow contestant
    starts in fewer of them, and warm events count by their start's median."""
    pace = [1.0, 3.0, 1.5, 9.0]
    warm = [p * t for p in pace for t in (1, 2, 50)]
    base = {"samples": {"round": [0, 1, 2, 3], "spawn": pace, "warm": warm}}
    row = {
        "samples": {
            "round": [1, 3],
            "spawn": [6.0, 18.0],
            "warm": [3 * w for w in warm[3:6] + warm[9:]],
        }
    }
    assert coldstart.ratio(row, base, "spawn") == 2
    assert coldstart.ratio(row, base, "warm") == 3


def test_two_runs_are_compared(measured, tmp_path, capsys):
    found, _, _ = measured
    other = json.loads(json.dumps(found))
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text(json.dumps(found))
    two.write_text(json.dumps(other))
    assert report.compare(one, two) == 0
    assert "0 of 6 ratios differ by more than 15 %" in capsys.readouterr().out
    other["ratios"]["iris"]["against_floor"]["spawn_to_next_ms"] *= 0.8
    two.write_text(json.dumps(other))
    assert report.compare(one, two) == 1
    said = capsys.readouterr().out
    assert re.match(r" 2[45]\.\d %  iris against floor, spawn_to_next_ms: ", said)
    two.write_text(json.dumps({"ratios": {}}))
    assert report.compare(one, two) == 1  # nothing in common is no agreement


def test_what_a_model_does_unless_told():
    models = {"iris": "wait", "cola": "wait", "river": "wait"}
    blobs = {name: ROOT / f"models/{name}/{name}.mote" for name in models}
    assert {n: contestants.usual_init(blobs[n]) for n in models} == models
    program = contestants.BUILT / "iris/bootstrap"
    one, other = contestants.both("iris", program, blobs["iris"], contestants.IRIS, "iris")
    assert (one.name, one.init, one.settings) == ("iris", "wait", {})
    assert (other.name, other.init, other.settings) == ("iris-warm", "warm", {"MOTE_INIT": "warm"})
    assert other.prefetches and not one.prefetches


def test_the_table_and_the_picture(measured):
    found, table, svg = measured
    for row in found["rows"]:
        assert re.search(rf"^{row['name']} .*\b{row['page_faults_before_next']}\b", table, re.M)
    drawn = xml.dom.minidom.parse(os.fspath(svg))
    assert len(drawn.getElementsByTagName("polygon")) == 2 * len(found["rows"])


def test_the_page_is_rewritten_between_the_marks_only(measured):
    found, _, _ = measured
    begin, end = report.MARKS
    page = report.rewrite(f"before\n\n{begin}\nold\n{end}\n\nafter\n", found)
    assert page.startswith(f"before\n\n{begin}\n") and page.endswith(f"{end}\n\nafter\n")
    assert "old" not in page and "| iris |" in page
    assert report.rewrite(page, found) == page
    with pytest.raises(ValueError, match="expected <!-- bench: begin -->"):
        report.rewrite("no marks", found)


def test_a_run_without_peers_replaces_no_table(measured, tmp_path, monkeypatch):
    run, page = tmp_path / "iris.json", tmp_path / "page.md"
    run.write_text(json.dumps(measured[0]))
    page.write_text("a table\n")
    monkeypatch.setattr(sys, "argv", ["coldstart_report.py", os.fspath(run), os.fspath(page)])
    with pytest.raises(SystemExit, match="expected a run beside peers"):
        report.main()
    assert page.read_text() == "a table\n"


def test_numbers_have_three_digits():
    assert [report.number(v) for v in (0.012345, 1.2345, 123.45, 12345.6, 0, None)] == [
        "0.0123",
        "1.23",
        "123",
        "12,346",
        "0",
        "-",
    ]
    assert [report.size(n) for n in (12, 61_440, 186_000_000)] == ["12 B", "61.4 KB", "186 MB"]
