"""Time as AWS's own emulator keeps it: what a deadline says, and what comes after
it. The handler is the one that the project's emulator is tested with."""

import json
import sys
import time

import lambdas
import pytest
from conftest import ROOT

pytestmark = pytest.mark.ci

HANDLER = (sys.executable, ROOT / "test/emulator/fake_runtime.py", "serve")


@pytest.fixture
def start(tmp_path):
    running = []

    def start(*bootstrap, **environment):
        log = open(tmp_path / "log", "w+")
        running.append(lambdas.start_rie(log, *bootstrap, **environment))
        return running[-1]

    yield start
    for process in running:
        process.stop()


@pytest.mark.parametrize("timeout, seconds", [("3", 3), ("10", 10), (None, 300)])
def test_53_the_deadline_is_the_timeout_from_now(start, timeout, seconds):
    """E 53: timeouts of 3 s, 10 s and the default, within a second."""
    variables = {"AWS_LAMBDA_FUNCTION_TIMEOUT": timeout} if timeout else {}
    process = start(*HANDLER, **variables)
    headers = json.loads(process.invoke(b'{"do": "describe"}'))["headers"]
    left = int(headers["lambda-runtime-deadline-ms"]) / 1000 - time.time()
    assert seconds - 1 <= left <= seconds


def test_54_a_timeout_and_the_invocation_after_it(start):
    """E 54: a handler that sleeps over its time; the next event is answered."""
    process = start(*HANDLER, AWS_LAMBDA_FUNCTION_TIMEOUT="1")
    assert b"Task timed out after 1.00 seconds" in process.invoke(b'{"ms": 3000}')
    assert process.invoke(b'{"do": "echo"}') == b'{"do": "echo"}'
