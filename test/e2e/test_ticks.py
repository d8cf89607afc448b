"""Scheduled jobs end to end: the emulator's ticks, the river model, observations
by HTTP, and a strict S3 server that has the model and gets the documents."""

import contextlib
import functools
import http.server
import json
import os
import re
import struct
import threading
import time
from pathlib import Path

import lambdas
import pytest
from forge import Forge, align
from s3_server import KEY, REGION, SECRET, s3_server

from mote.reader import read

RIVER = lambdas.ROOT / "models/river"
GOLDEN = (RIVER / "samples/dranse-bioge.json").read_bytes()
OUTSIDE = lambdas.BOOTSTRAP.parents[1] / "outside" / "bootstrap"
TICK_S = 2
PATIENCE = 60
TARGET_BYTES = 20  # of a record of JOBS


def with_second_gauge(blob: bytes) -> bytes:
    """The river model with a second target, which has the model's name as its id.
    Its longer JOBS go behind CODES, where there is room, and so does their record."""
    f, name = Forge(blob), read(blob).strings.index("river")
    record, begin, end = f.section("JOBS")
    other, _, at = f.section("CODES")
    at = align(at)
    jobs = bytearray(f.bytes[begin:end]) + f.bytes[end - TARGET_BYTES : end]
    struct.pack_into("<I", jobs, len(jobs) - 2 * TARGET_BYTES - 4, 2)  # the job's count
    struct.pack_into("<II", jobs, len(jobs) - TARGET_BYTES + 8, name, name)
    assert other == record + 32 and not any(f.bytes[at : at + len(jobs)])
    f.bytes[begin:end] = bytes(end - begin)
    f.bytes[at : at + len(jobs)] = jobs
    f.bytes[record : record + 64] = f.bytes[other : other + 32] + f.bytes[record : record + 32]
    struct.pack_into("<QQ", f.bytes, other + 8, at, len(jobs))
    f.sign()
    return bytes(f.bytes)


def renamed(blob: bytes, old: str, new: str) -> bytes:
    """One of its strings replaced by another of the same length."""
    f = Forge(blob)
    _, begin, end = f.section("STRINGS")
    strings = bytes(f.bytes[begin:end])
    assert strings.count(old.encode()) == 1 and len(old) == len(new)
    f.bytes[begin:end] = strings.replace(old.encode(), new.encode())
    f.sign()
    return bytes(f.bytes)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def observations(tmp_path):
    """A folder and the address that serves its files."""
    folder = tmp_path / "observations"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def bucket(tmp_path):
    folder = tmp_path / "s3"
    (folder / "rivers").mkdir(parents=True)
    with s3_server(folder) as url:
        yield folder / "rivers", url


class Ticking:
    """The function behind an emulator that ticks, and what both have printed."""

    def __init__(self, process: lambdas.Lambda, log: Path):
        self.process, self.log = process, log

    def lines(self) -> list[dict]:
        """The function's own."""
        found = re.findall(r"^(\{.*\})\n", self.log.read_text(), re.M)
        return [json.loads(line) for line in found]

    def summaries(self) -> list[dict]:
        return [line for line in self.lines() if line["message"] == "job finished"]

    def finished(self) -> int:
        return len(self.summaries())

    def begun(self) -> int:
        return self.log.read_text().count("START RequestId")

    def wait(self, jobs: int) -> None:
        end = time.monotonic() + PATIENCE
        while self.finished() < jobs:
            assert time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(0.02)


@pytest.fixture
def tick(tmp_path, bucket, observations):
    """tick(model, NAME="value"): starts it, with these variables more."""
    with contextlib.ExitStack() as stack:

        def tick(model: bytes, **more: str) -> Ticking:
            folder = tmp_path / "function"
            folder.mkdir()
            (folder / "bootstrap").symlink_to(OUTSIDE)
            (folder / "model.mote").write_bytes(model)
            variables = {
                "AWS_REGION": REGION,
                "AWS_ACCESS_KEY_ID": KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET,
                "AWS_ENDPOINT_URL_S3": bucket[1],
                "RIVER_SOURCE": observations[1],
                "RIVER_BUCKET": bucket[0].name,
            } | more
            options = ["--tick", f"{TICK_S}s", "--timeout", "30s", "--concurrency", "1"]
            for name, value in variables.items():
                options += ["--env", f"{name}={value}"]
            log = tmp_path / "log"
            file = stack.enter_context(open(log, "w"))
            process = lambdas.start_emulator(file, *options, bootstrap=folder / "bootstrap")
            stack.callback(process.stop)
            return Ticking(process, log)

        yield tick


def test_a_broken_gauge_stops_no_other(tick, bucket, observations):
    """Every tick writes the golden document, byte for byte; of the other gauge,
    whose observations break off, nothing; once they are whole it is written too."""
    folder, source = observations[0], RIVER / "samples/dranse-bioge.csv"
    good = source.read_text()
    (folder / source.name).write_text(good)
    (folder / "river.csv").write_text(good + '2019-06-01 07:00:00,"28')
    function = tick(with_second_gauge((RIVER / "river.mote").read_bytes()))
    document, other = bucket[0] / "dranse-bioge.json", bucket[0] / "river.json"
    function.wait(1)
    assert document.read_bytes() == GOLDEN and not other.exists()
    document.unlink()
    (folder / "river.csv").write_text(good)
    while function.summaries()[-1]["failed"]:
        function.wait(function.finished() + 1)
    assert document.read_bytes() == GOLDEN
    expected = json.loads(GOLDEN) | {"metadata": {"id": "river", "name": "river"}}
    assert json.loads(other.read_text()) == expected
    first, *_, last = function.summaries()
    assert (first["job"], first["written"], first["failed"]) == ("daily", 1, 1)
    assert (last["written"], last["failed"]) == (2, 0)
    told = next(line for line in function.lines() if line["level"] == "ERROR")
    assert told["target"] == "river"
    assert "expected CSV, with quotes only around a whole field" in told["message"]


def test_a_model_swapped_between_ticks_is_used_at_the_next(tick, bucket, observations):
    """The executable's own model would write "pred_model_0"; those from S3 follow
    each other without a tick between."""
    source = RIVER / "samples/dranse-bioge.csv"
    (observations[0] / source.name).write_bytes(source.read_bytes())
    river = (RIVER / "river.mote").read_bytes()
    path, document = bucket[0] / "models/river.mote", bucket[0] / "dranse-bioge.json"
    path.parent.mkdir()
    path.write_bytes(river)
    function = tick(
        renamed(river, "pred_model_1", "pred_model_0"),
        MOTE_MODEL=f"s3://{bucket[0].name}/models/river.mote",
        MOTE_MODEL_REFRESH="1",
    )
    function.wait(1)
    assert document.read_bytes() == GOLDEN
    for number in "23":
        name = f"pred_model_{number}"
        swapped = path.with_suffix(".new")
        swapped.write_bytes(renamed(river, "pred_model_1", name))
        count, begun = 0, 1
        while begun != count:  # a tick came meanwhile: once more
            swapped.write_bytes(renamed(river, "pred_model_1", name))
            function.wait(function.finished() + 1)
            time.sleep(TICK_S / 6)  # the look behind an event is over
            count = function.finished()
            os.replace(swapped, path)
            begun = function.begun()
        function.wait(count + 1)
        assert document.read_bytes() == GOLDEN.replace(b"pred_model_1", name.encode())
