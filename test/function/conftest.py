"""Conformance of the executable with the Lambda Runtime API.

A test is named after the checks it proves: test_12_..., test_25_26_.... They are the 79 numbered
checks of the project's list; the table at the end of a run has a line for each.
"""

import re
import shutil
import subprocess

import pytest
from function import BARE, BOOTSTRAP, DEFAULT, EXEC, ROOT, Function
from mock_api import Api
from s3_server import KEY, REGION, SECRET, s3_server
from sources import OUTSIDE, Source

OTHER = "about the Runtime Interface Emulator: test/e2e runs it in make ci"
ONE_WORKER = "one worker: no concurrent environments"
NO_SNAPSHOT = "no SnapStart hooks"
NO_STREAM = "replies are never streamed"
NOT_APPLICABLE = {
    53: OTHER,
    54: OTHER,
    55: ONE_WORKER,
    57: ONE_WORKER,
    58: ONE_WORKER,
    59: ONE_WORKER,
    61: NO_SNAPSHOT,
    62: NO_SNAPSHOT,
    63: NO_STREAM,
    64: NO_STREAM,
    76: OTHER,
    77: OTHER,
    78: "about the emulator in tools/, tested there",
    79: "fuzz targets of their own",
}


@pytest.fixture(scope="session", autouse=True)
def built():
    """Builds what is missing, when it is this machine's own release build."""
    for path, model in (BOOTSTRAP, "iris"), (BARE, "none"):
        if not path.exists() and BOOTSTRAP == DEFAULT:
            subprocess.run(["make", "-s", "build", f"MODEL={model}"], cwd=ROOT, check=True)
        assert path.exists(), f"build {path} first"


@pytest.fixture
def api():
    api = Api()
    yield api
    api.close()


@pytest.fixture
def start(api):
    """Starts functions: start(NAME="value", ...) is one with these variables beside the address."""
    running = []

    def start(environment=None, command=None, popen=None, **variables):
        if environment is None:
            environment = {"AWS_LAMBDA_RUNTIME_API": api.host}
        function = Function({**environment, **variables}, command, **(popen or {}))
        running.append(function)
        api.clients.append(function.process)
        return function

    yield start
    for function in running:
        function.end()


@pytest.fixture
def function(start):
    return start()


# ---------------------------------------------------------------- jobs


@pytest.fixture
def source():
    server = Source()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """A folder that is a bucket, and the server's URL."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / "bucket").mkdir()
    with s3_server(folder) as url:
        yield folder / "bucket", url


@pytest.fixture
def launch(api, start, tmp_path, bucket, source):
    """launch(model, NAME="value"): the function with these variables more."""

    def launch(model, **variables):
        shutil.copy(OUTSIDE, tmp_path / "bootstrap")
        (tmp_path / "model.mote").write_bytes(model)
        for path in bucket[0].glob("*/*"):
            path.unlink()
        return start(
            command=[*EXEC, tmp_path / "bootstrap"],
            AWS_ACCESS_KEY_ID=KEY,
            AWS_SECRET_ACCESS_KEY=SECRET,
            AWS_REGION=REGION,
            **{
                "AWS_ENDPOINT_URL_S3": bucket[1],
                "SOURCE": source.url,
                "BUCKET": "bucket",
                **variables,
            },
        )

    return launch


# ---------------------------------------------------------------- the table


def numbers(name):
    match = re.search(r"::test_((?:\d+_)+)", name)
    return [int(n) for n in match[1].split("_")[:-1]] if match else []


def pytest_terminal_summary(terminalreporter):
    outcomes = {n: {} for n in range(1, 80)}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            for n in numbers(getattr(report, "nodeid", "")):
                outcomes[n].setdefault(outcome, []).append(report)
    if not any(outcomes.values()):
        return  # another suite's run
    terminalreporter.section("conformance with the Runtime API")
    for n, found in outcomes.items():
        terminalreporter.write_line(f"{n:3}  {verdict(n, found)}")


def verdict(n, found):
    counts = ", ".join(f"{len(reports)} {outcome}" for outcome, reports in found.items())
    if "failed" in found or "error" in found:
        return f"FAILED ({counts})"
    if "passed" in found:
        return f"passed ({counts})"
    if "skipped" in found:
        return f"skipped: {found['skipped'][0].longrepr[2].removeprefix('Skipped: ')}"
    return f"not applicable: {NOT_APPLICABLE[n]}" if n in NOT_APPLICABLE else "not run"
