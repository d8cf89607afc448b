"""Processes: their environment, how they start and end, how many there are."""

import base64
import json
import os
import re
import signal
import socket
import time

import pytest
from emulator import INVOKE, POOL, PYTHON, children, error_of, fake, is_alive, stat_of, wait_for
from fake_runtime import NEXT, Http, Runtime, answer_path


def test_environment(emulator, monkeypatch):
    monkeypatch.setenv("MOTE_TEST_OUTSIDE", "1")
    one = emulator(
        "--function-name",
        "iris",
        "--memory",
        "512",
        "--region",
        "eu-west-1",
        "--env",
        "A=b=c",
        "--env",
        "EMPTY=",
        "--env",
        "TZ=:Europe/Berlin",
        "--env",
        "A=second=",
    )
    got = one.ask(do="environment")
    env = got["env"]
    assert got["stdin"] == "" and got["group"]
    stream = env.pop("AWS_LAMBDA_LOG_STREAM_NAME")
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    assert re.fullmatch(r"127\.0\.0\.1:\d+", env.pop("AWS_LAMBDA_RUNTIME_API"))
    env.pop("LC_CTYPE", None)  # Python sets it itself
    assert env == {
        "AWS_LAMBDA_FUNCTION_NAME": "iris",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/iris",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "LAMBDA_TASK_ROOT": os.path.dirname(PYTHON[0]),
        "LANG": "en_US.UTF-8",
        "TZ": ":Europe/Berlin",
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "_HANDLER": "serve",
        "A": "second=",
        "EMPTY": "",
    }


def test_clear_env(emulator):
    one = emulator("--clear-env", "--env", "A=1")
    env = one.ask(do="environment")["env"]
    assert set(env) - {"LC_CTYPE"} == {"AWS_LAMBDA_RUNTIME_API", "A"}


def test_inherit_env(emulator, monkeypatch):
    monkeypatch.setenv("MOTE_TEST_OUTSIDE", "1")
    monkeypatch.setenv("AWS_REGION", "outside")
    env = emulator("--inherit-env").ask(do="environment")["env"]
    assert env["MOTE_TEST_OUTSIDE"] == "1"
    assert env["AWS_REGION"] == "us-east-1"


@pytest.mark.parametrize(
    "order, text",
    [
        ({"do": "exit", "status": 0}, "Runtime exited without providing a reason"),
        ({"do": "exit", "status": 3}, "Runtime exited with error: exit status 3"),
        ({"do": "signal", "n": 9}, "Runtime exited with error: signal: killed"),
        ({"do": "signal", "n": 11}, "Runtime exited with error: signal: segmentation fault"),
        ({"do": "signal", "n": 6}, "Runtime exited with error: signal: aborted"),
        ({"do": "signal", "n": 15}, "Runtime exited with error: signal: terminated"),
    ],
)
def test_exit_in_an_invocation(emulator, order, text):
    one = emulator("--concurrency", "1")
    one.ask()
    answer = one.invoke(order | {"print": ["last words"]}, X_Amz_Log_Type="Tail")
    request_id = answer.headers["x-amzn-requestid"]
    assert answer.json() == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: {text}",
    }
    error_of(answer)
    assert b"\nlast words\n" in base64.b64decode(answer.headers["x-amz-log-result"])
    assert one.ask(do="describe")["count"] == 1  # a fresh process
    assert len(one.lines("REPORT")) == 3


@pytest.mark.parametrize(
    "what, text",
    [
        ("exit-in-init", "exited with error: exit status 7"),
        ("leave-in-init", "exited without providing a reason"),
    ],
)
def test_exit_in_init(emulator, what, text):
    one = emulator(command=fake(what))
    for _ in range(2):
        kind, message = error_of(one.invoke())
        assert kind == "Runtime.ExitError" and message.endswith(text)
    assert len(one.lines("START")) == len(one.lines("REPORT")) == 2


@pytest.mark.parametrize("what", ["init-error", "init-error-and-stay"])
def test_init_error(emulator, what):
    one = emulator("--concurrency", "1", command=fake(what))
    for _ in range(2):  # the second is for the next process
        kind = one.invoke()
        assert kind.headers["x-amz-function-error"] == "Unhandled"
        assert kind.json()["errorType"] in ("Runtime.NoModel", "I")


def test_bootstrap_that_cannot_run(tmp_path, emulator):
    bootstrap = tmp_path / "bootstrap"
    bootstrap.write_bytes(b"\x7fELFnot really")
    bootstrap.chmod(0o755)
    one = emulator(command=[str(bootstrap)])
    kind, message = error_of(one.invoke())
    assert kind == "Runtime.InvalidEntrypoint"
    assert message.endswith(f"fork/exec {bootstrap}: Exec format error")
    bootstrap.unlink()
    assert error_of(one.invoke())[1].endswith("No such file or directory")


def test_process_that_dies_while_idle(emulator):
    one = emulator("--concurrency", "1")
    pid = one.ask(do="describe")["pid"]
    time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: "An idle runtime exited with error: signal: killed" in one.log())
    assert one.ask(do="describe")["pid"] != pid


def test_last_words_before_an_exit_count(stage):
    one = stage()
    call, api, _, request_id = one.begin()
    address, pid = one.puppet()
    os.kill(one.emulator.process.pid, signal.SIGSTOP)
    other = Runtime(address)  # accepted only after the exit was seen
    other.request("POST", answer_path(request_id), b"last")
    other.request("GET", NEXT)
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    os.kill(one.emulator.process.pid, signal.SIGCONT)
    assert call.result(10).body == b"last"
    assert other.answer().status == 202 and other.is_closed()
    one.emulator.later(b"[2]")
    assert one.api(1).next().body == b"[2]"


def test_concurrency_and_429(emulator):
    one = emulator("--concurrency", "2")
    calls = [one.later({"do": "describe", "ms": 600}) for _ in range(2)]
    wait_for(lambda: len(one.lines("START")) == 2)
    answer = one.invoke()
    assert answer.status == 429
    assert answer.headers["x-amzn-errortype"] == "TooManyRequestsException"
    assert answer.json()["Message"] == "Rate Exceeded."
    pids = {call.result(10).json()["pid"] for call in calls}
    assert len(pids) == 2
    assert one.ask(do="describe")["pid"] in pids


def test_calls_in_a_row_never_find_it_busy(emulator):
    one = emulator("--concurrency", "1", "--quiet")
    with Http(one.front) as http:
        for n in range(300):
            answer = http.call("POST", INVOKE, b'{"n": %d}' % n)
            assert (answer.status, answer.json()) == (200, {"n": n})


def test_parallel_load(emulator):
    one = emulator("--concurrency", "8", "--quiet")

    def worker(k):
        with Http(one.front, 20) as http:
            for n in range(40):
                event = {"k": k, "n": n, "pad": "x" * (n * 97)}
                answer = http.call("POST", INVOKE, json.dumps(event).encode())
                assert answer.json() == event

    for done in [POOL.submit(worker, k) for k in range(8)]:
        done.result(60)
    assert len(children(one.process.pid)) <= 8


def test_what_a_process_started_dies_with_it(emulator):
    one = emulator("--timeout", "300ms", command=fake("leave-a-child"))
    pid = one.ask(do="describe")["pid"]
    wait_for(lambda: len(children(pid)) == 1)
    child = children(pid)[0]
    error_of(one.invoke({"ms": 5000}))
    wait_for(lambda: not is_alive(pid) and not is_alive(child))


def test_nothing_outlives_a_killed_emulator(emulator):
    one = emulator()
    pid = one.ask(do="describe")["pid"]
    one.status = -signal.SIGKILL
    one.process.kill()
    one.process.wait(10)
    wait_for(lambda: not is_alive(pid))


@pytest.mark.parametrize("n", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_everything(emulator, n):
    one = emulator()
    pids = [
        call.result(10).json()["pid"]
        for call in [one.later({"do": "describe", "ms": 200}) for _ in range(3)]
    ]
    waiting = one.later({"ms": 2000})
    wait_for(lambda: len(one.lines("START")) == 4)
    begin = time.monotonic()
    one.process.send_signal(n)
    assert one.process.wait(10) == 0
    assert time.monotonic() - begin < 1
    assert len(set(pids)) == 3
    assert not any(is_alive(pid) for pid in pids)
    kind, message = error_of(waiting)  # the caller is told
    assert kind == "Runtime.ExitError" and "terminated" in message


def test_sigterm_is_followed_by_sigkill(emulator):
    one = emulator(command=fake("ignore-sigterm"))
    pid = one.ask(do="describe")["pid"]
    begin = time.monotonic()
    one.process.send_signal(signal.SIGINT)
    assert one.process.wait(10) == 0
    assert 0.45 < time.monotonic() - begin < 2
    assert not is_alive(pid)


def test_second_signal_kills_at_once(emulator):
    one = emulator(command=fake("ignore-sigterm"))
    one.ask()
    begin = time.monotonic()
    one.process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    one.process.send_signal(signal.SIGINT)
    assert one.process.wait(10) == 0
    assert time.monotonic() - begin < 0.4


def test_max_invocations(emulator):
    one = emulator("--max-invocations", "2")
    assert one.invoke(b"[1]").status == 200
    assert len(one.invoke({"do": "size", "n": 6000000}).body) == 6000000
    assert one.process.wait(10) == 0


def test_idle_emulator_does_nothing(emulator):
    one = emulator()
    one.ask()

    def ticks():
        return sum(map(int, stat_of(one.process.pid)[11:13]))

    with Http(one.front) as http:  # an idle and a half-closed connection
        http.sock.shutdown(socket.SHUT_WR)
        with Http(one.web):
            before = ticks()
            time.sleep(0.5)
            assert ticks() - before <= 1
