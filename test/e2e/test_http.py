"""The function's HTTP routes through every shape of event, and its process over
many requests; behind the project's emulator, which has an HTTP front."""

import json
import os
import re
import shutil
from pathlib import Path

import lambdas
import pytest

SHAPES = ["http2", "http1", "rest", "url", "alb", "alb-multi"]
ROW = b"[5.1,3.5,1.4,0.2]"


@pytest.fixture(scope="module", params=SHAPES)
def front(request, tmp_path_factory):
    log = open(tmp_path_factory.mktemp("log") / "log", "w+")
    process = lambdas.start_emulator(log, "--http-shape", request.param, "--quiet")
    yield process
    process.stop()


@pytest.mark.parametrize(
    "content_type",
    [None, "application/json", "application/x-www-form-urlencoded", "text/plain", "image/png"],
)
def test_any_content_type_will_do(front, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    for path in ("/", "/predict", "/predict/"):
        status, reply = front.http("POST", path, ROW, headers)
        assert (status, json.loads(reply)["label"]) == (200, "setosa"), reply


def test_routes(front):
    status, reply = front.http("GET", "/health")
    assert status == 200 and json.loads(reply)["status"] == "ok"
    status, reply = front.http("GET", "/model")
    model = json.loads(reply)
    assert status == 200 and model["name"] == "iris"
    assert [f["name"] for f in model["input"]][0] == "sepal_length"
    assert model["provenance"]["verify label flips"] == 0
    status, reply = front.http("GET", "/nowhere?x=1")
    assert status == 404 and json.loads(reply)["error"]["type"] == "NotFound"


def test_wrong_methods_say_which_is_right(front):
    for method, path, allowed in (
        ("GET", "/", "POST"),
        ("DELETE", "/predict", "POST"),
        ("POST", "/health", "GET"),
        ("PUT", "/model", "GET"),
    ):
        response, _ = front.request(method, path, b"", {}, front.http_port)
        assert (response.status, response.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "body, words",
    [
        (b"[1,2,3]", "expected exactly 4 values, got 3 values"),
        (b"", "body: expected the model's input, got n"),  # nothing, or null
        (b"[[1,2,3,4],[1,2,3,1e999]]", "row 1: petal_width: expected a finite number"),
        (b"[" * 100_000, "row 0: sepal_length: expected a number, got an array"),
        (b"{", "expected a quoted member name, got the end"),
    ],
)
def test_bad_input_is_a_400(front, body, words):
    status, reply = front.http("POST", "/predict", body, {"Content-Type": "application/json"})
    error = json.loads(reply)["error"]
    assert (status, error["type"]) == (400, "BadInput")
    assert words in error["message"]
    if words.startswith("row 1"):
        assert (error["row"], error["field"]) == (1, "petal_width")
    assert front.http("POST", "/", ROW)[0] == 200


def resident_kb(pid):
    return next(
        int(line.split()[1])
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )


def test_memory_after_a_thousand_requests(tmp_path):
    """Stays below 1.5 MB, and does not grow."""
    process = lambdas.start_emulator(open(tmp_path / "log", "w+"), "--quiet", "--concurrency", "1")
    try:
        process.invoke(ROW)
        pid = process.function_pid()
        for _ in range(500):
            process.invoke(ROW)
        half = resident_kb(pid)
        for _ in range(500):
            process.invoke(ROW)
        assert resident_kb(pid) <= min(half, 1536)
        assert len(os.listdir(f"/proc/{pid}/fd")) <= 5
        assert pid == process.function_pid()
    finally:
        process.stop()


def test_instructions_of_a_warm_event(tmp_path):
    """15 us of CPU time on a core that does no more than one instruction a
    cycle at 2.5 GHz."""

    def count(events):
        out = tmp_path / str(events)
        tool = ("--", shutil.which("valgrind"), "--tool=callgrind", f"--callgrind-out-file={out}")
        patience = ("--timeout", "60s", "--init-timeout", "60s", "--max-invocations", str(events))
        function = f"{lambdas.BOOTSTRAP}.full"
        log = open(tmp_path / "log", "w+")
        process = lambdas.start_emulator(log, "--quiet", *patience, *tool, bootstrap=function)
        for _ in range(events):
            assert b"setosa" in process.invoke(ROW)
        assert process.process.wait(60) == 0
        return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M).group(1))

    warm = (count(21) - count(1)) / 20
    print(f"instructions of a warm event: {warm:.0f}")
    assert 1000 < warm <= 37_500


def test_scheduled_ticks_are_answered(tmp_path):
    log = tmp_path / "log"
    process = lambdas.start_emulator(open(log, "w+"), "--tick", "100ms", "--max-invocations", "3")
    try:
        assert process.process.wait(20) == 0
    finally:
        process.stop()
    lines = log.read_text().splitlines()
    assert sum(line.startswith("REPORT") for line in lines) >= 3
    assert not any('"level":"WARN"' in line for line in lines)
