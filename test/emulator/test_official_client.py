"""AWS's own Node client, unchanged, under tools/emulator.

The emulator's tests and mote's runtime could share one mistake about the
Runtime API; this client does not share it. It is built from the npm registry
(aws-lambda-ric, which needs a C++ compiler, make and cmake) once, into
build/npm, and kept there.
"""

import base64
import json
import shutil
import subprocess

import pytest
from emulator import LIMIT, ROOT, error_of, wait_for

pytestmark = pytest.mark.ci

PACKAGE = "aws-lambda-ric@4.0.2"
FOLDER = ROOT / "build/npm"
CLIENT = FOLDER / "node_modules/aws-lambda-ric"

HANDLER = """
export const handler = async (event, context) => {
  if (event.throw) throw new TypeError(event.throw);
  if (event.exit) process.exit(event.exit);
  if (event.wait) await new Promise(done => setTimeout(done, event.wait));
  if (event.size) return "x".repeat(event.size - 2);
  if (event.describe) return {
    id: context.awsRequestId, arn: context.invokedFunctionArn,
    left: context.getRemainingTimeInMillis(), client: context.clientContext,
    trace: process.env._X_AMZN_TRACE_ID, pid: process.pid};
  console.log("echoes", JSON.stringify(event).length);
  return event;
};
"""


@pytest.fixture(scope="module")
def client():
    """The command that starts the client, installed if it has to be."""
    for tool in ("node", "npm", "g++", "make", "cmake"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    if not (CLIENT / "rapid-client.node").exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "package.json").write_text('{"private": true}\n')
        got = subprocess.run(
            ["npm", "install", PACKAGE], cwd=FOLDER, capture_output=True, timeout=900, check=False
        )
        if got.returncode:
            pytest.skip(
                f"npm install {PACKAGE} failed: " + got.stderr.decode(errors="replace")[-300:]
            )
    return [shutil.which("node"), str(CLIENT / "index.mjs"), "app.handler"]


@pytest.fixture
def emulator(emulator, tmp_path, client):
    """Makes emulators of the client with the handler above."""
    (tmp_path / "app.mjs").write_text(HANDLER)
    always = ("--env", f"LAMBDA_TASK_ROOT={tmp_path}", "--timeout", "20s")
    return lambda *options: emulator(*always, *options, command=client)


def test_success(emulator):
    one = emulator()
    for event in ({"a": 1}, {"text": "ü ☃ \u0000"}, {"list": [1, None]}):
        assert one.ask(**event) == event
    assert "echoes" in one.log()


def test_one_process_serves_many(emulator):
    one = emulator()
    assert len({one.ask(describe=1)["pid"] for _ in range(50)}) == 1


def test_context(emulator):
    one = emulator("--function-name", "iris")
    context = {"custom": {"a": "b"}}
    answer = one.invoke(
        {"describe": 1},
        X_Amzn_Trace_Id="Root=1-2-3;Sampled=1",
        X_Amz_Client_Context=base64.b64encode(json.dumps(context).encode()).decode(),
    )
    got = answer.json()
    assert got["id"] == answer.headers["x-amzn-requestid"]
    assert got["arn"].endswith(":function:iris")
    assert 15000 < got["left"] <= 20000
    assert got["client"] == context
    assert got["trace"] == "Root=1-2-3;Sampled=1"


def test_thrown_error(emulator):
    one = emulator()
    assert error_of(one.invoke({"throw": "on purpose"})) == ("TypeError", "on purpose")
    assert one.ask(a=1) == {"a": 1}


@pytest.mark.parametrize("chunking", ["auto", "none", "32768"])
def test_event_of_1_mb(emulator, chunking):
    one = emulator("--chunking", chunking)
    event = {"pad": "x" * 1000000}
    assert one.ask(**event) == event
    assert one.ask(**event) == event


def test_event_in_segments(emulator):
    event = {"pad": "x" * 3000}
    assert emulator("--segment", "50").ask(**event) == event


def test_response_too_large(emulator):
    one = emulator()
    assert len(one.invoke({"size": LIMIT}).body) == LIMIT
    assert error_of(one.invoke({"size": LIMIT + 1}))[0] == "Function.ResponseSizeTooLarge"
    assert one.ask(a=1) == {"a": 1}


def test_late_answer(emulator):
    one = emulator("--timeout", "300ms", "--keep-after-timeout")
    pid = one.ask(describe=1)["pid"]
    assert error_of(one.invoke({"wait": 600}))[0] == "Sandbox.Timedout"
    assert one.ask(describe=1)["pid"] != pid  # it is still busy
    wait_for(lambda: one.ask(describe=1)["pid"] == pid)


def test_exit(emulator):
    one = emulator()
    kind, message = error_of(one.invoke({"exit": 5}))
    assert kind == "Runtime.ExitError" and message.endswith("exit status 5")
    assert one.ask(a=1) == {"a": 1}


def test_init_error(emulator, tmp_path):
    one = emulator()
    (tmp_path / "app.mjs").unlink()
    kind, message = error_of(one.invoke())
    assert kind == "Runtime.ImportModuleError" and "app" in message


def test_empty_headers_and_freeze(emulator):
    one = emulator("--empty-headers", "--freeze")
    for n in range(5):
        assert one.ask(n=n) == {"n": n}


def test_http(emulator):
    one = emulator()
    answer = one.http("POST", "/p?q=1", b"k=v")
    assert answer.json()["body"] == "az12"
