"""--once: one event, its reply on stdout, the end."""

import json

import pytest
from emulator import LIMIT, REPORT, fake, is_alive, json_of, run


def once(*args, data=b"", what="serve"):
    return run(*args, "--", *fake(what), data=data)


@pytest.mark.parametrize("data", ['{"a": 1}', "[]", ""])
def test_once(data):
    got = once("--once", data)
    if data:
        expected = data.encode() + b"\n" if data[0] == "{" else None
        assert expected is None or got.stdout == expected
    assert got.returncode == 0 and got.stderr == b""
    assert got.stdout.count(b"\n") == 1


def test_once_from_stdin():
    big = b'{"x": "' + b"y" * 3000000 + b'"}'
    got = once("--once", "-", data=big)
    assert got.returncode == 0
    assert got.stdout == big + b"\n"


def test_once_with_a_failure():
    got = once("--once", '{"do": "error", "value": {"errorType": "T"}}')
    assert got.returncode == 1
    assert json.loads(got.stdout) == {"errorType": "T"}
    assert got.stderr == b""


@pytest.mark.parametrize(
    "what, kind", [("exit-in-init", "Runtime.ExitError"), ("init-error", "Runtime.NoModel")]
)
def test_once_without_a_start(what, kind):
    got = once("--once", "{}", what=what)
    assert got.returncode == 1
    assert json.loads(got.stdout)["errorType"] == kind


def test_once_verbose():
    got = once("--once", '{"print": ["hello\\n"]}', "--verbose")
    assert got.stdout == b'{"print": ["hello\\n"]}\n'
    lines = got.stderr.decode().splitlines()
    assert lines[0].startswith("START") and lines[1] == "hello"
    assert REPORT.fullmatch(lines[3])


def test_once_refuses_what_is_no_json():
    got = once("--once", "{")
    assert got.returncode == 1 and got.stdout == b""
    assert got.stderr.startswith(b"emulator: --once: DATA is not JSON")
    assert once("--once", "{", "--any-payload").returncode == 0


def test_once_refuses_too_much():
    got = once("--once", "-", data=json_of(LIMIT + 1))
    assert got.returncode == 1 and b"too much" in got.stderr
    assert once("--once", "-", data=json_of(LIMIT)).returncode == 0


@pytest.mark.parametrize("shape, path_key", [("http2", "rawPath"), ("rest", "path")])
def test_once_over_http(shape, path_key):
    got = run(
        "--once",
        '{"a":1}',
        "--http",
        "POST:/event?q=1",
        "--http-shape",
        shape,
        "--",
        *fake("serve-http"),
    )
    assert got.returncode == 0, got.stderr
    event = json.loads(got.stdout)
    assert event[path_key] == "/event"
    assert event["body"] == '{"a":1}'
    headers = {k.lower(): v for k, v in event["headers"].items()}
    assert headers["content-type"] == "application/json"
    assert event["queryStringParameters"] == {"q": "1"}


@pytest.mark.parametrize("status, code", [(200, 0), (204, 0), (302, 1), (404, 1), (500, 1)])
def test_once_over_http_judges_the_status(status, code):
    function = fake("log", json.dumps({"statusCode": status}))
    got = run("--once", "", "--http", "GET:/", "--", *function)
    assert got.returncode == code
    assert got.stdout == b"\n"


def test_once_leaves_nobody_behind(tmp_path):
    file = tmp_path / "puppets"
    got = run("--once", "{}", "--init-timeout", "200ms", "--", *fake("puppet", str(file)))
    assert got.returncode == 1
    assert not is_alive(file.read_text().split()[1])
