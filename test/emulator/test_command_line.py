"""Options: what is refused, and where the fronts listen."""

import pytest
from emulator import run, wait_for
from fake_runtime import Http

BOOTSTRAP = "/bin/true"


@pytest.mark.parametrize(
    "args, expected",
    [
        ((), "no BOOTSTRAP given"),
        (("--frob", BOOTSTRAP), "--frob: unknown option"),
        (("--frob=1", BOOTSTRAP), "--frob=1: unknown option"),
        (("--port", "70000", BOOTSTRAP), "--port 70000: expected a port from 0 to 65535, or none"),
        (("--port", "x", BOOTSTRAP), "--port x: expected a port"),
        (("--http-port=-1", BOOTSTRAP), "--http-port -1: expected a port"),
        (("--api-port", "none", BOOTSTRAP), "--api-port none: expected a port from 0 to 65535"),
        (
            ("--http-shape", "soap", BOOTSTRAP),
            "--http-shape soap: expected http2, http1, rest, url, alb or alb-multi",
        ),
        (
            ("--timeout", "3", BOOTSTRAP),
            "--timeout 3: expected a duration such as 500ms, 15s or 5m",
        ),
        (("--timeout", "0s", BOOTSTRAP), "--timeout 0s: expected a duration"),
        (("--timeout", "s", BOOTSTRAP), "--timeout s: expected a duration"),
        (("--timeout", "1h", BOOTSTRAP), "--timeout 1h: expected a duration"),
        (("--timeout", "99999999999999999999s", BOOTSTRAP), "--timeout"),
        (("--init-timeout", "1.5s", BOOTSTRAP), "--init-timeout 1.5s: expected"),
        (("--concurrency", "0", BOOTSTRAP), "--concurrency 0: expected a number from 1 to 1000"),
        (("--concurrency", "1001", BOOTSTRAP), "--concurrency 1001: expected"),
        (("--memory", "much", BOOTSTRAP), "--memory much: expected a number"),
        (
            ("--chunking", "some", BOOTSTRAP),
            "--chunking some: expected auto, none or a number of bytes",
        ),
        (("--chunking", "0", BOOTSTRAP), "--chunking 0: expected"),
        (("--segment", "0", BOOTSTRAP), "--segment 0: expected a number"),
        (("--max-invocations", "0", BOOTSTRAP), "--max-invocations 0: expected a number from 1"),
        (("--env", "NAME", BOOTSTRAP), "--env NAME: expected NAME=VALUE"),
        (("--env", "=1", BOOTSTRAP), "--env =1: expected NAME=VALUE"),
        (("--host", "localhost", BOOTSTRAP), "--host localhost: expected an IPv4 address"),
        (("--quiet=yes", BOOTSTRAP), "--quiet: takes no value"),
        (("--port",), "--port: expected N|none after it"),
        (("--http", "GET:/", BOOTSTRAP), "--http: expected --once with it"),
        (("--verbose", BOOTSTRAP), "--verbose: expected --once with it"),
        (("--once", "1", "--http", "GET", BOOTSTRAP), "--http GET: expected METHOD:PATH"),
        (("--once", "1", "--http", ":/x", BOOTSTRAP), "--http :/x: expected"),
        (("--once", "1", "--http", "GET:x", BOOTSTRAP), "--http GET:x: expected"),
        (("--once", "1", "--http", "GET:/a b", BOOTSTRAP), "--http GET:/a b"),
        (
            ("--clear-env", "--inherit-env", BOOTSTRAP),
            "--clear-env and --inherit-env: expected one of them",
        ),
        (("/nowhere/bootstrap",), "/nowhere/bootstrap: expected an executable"),
        (("--", "/etc/passwd"), "/etc/passwd: expected an executable file: "),
    ],
)
def test_bad_command_line(args, expected):
    got = run(*args)
    assert got.returncode == 2
    assert got.stdout == b""
    lines = got.stderr.decode().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"emulator: {expected}")


def test_help_names_every_option():
    got = run("--help")
    assert got.returncode == 0 and got.stderr == b""
    text = got.stdout.decode()
    for option in """port http-port http-shape stage host api-port env
            clear-env inherit-env concurrency timeout init-timeout
            keep-after-timeout freeze any-payload tick once http verbose quiet
            no-invocation-id empty-headers chunking segment max-invocations
            memory function-name region help""".split():
        assert f"\n  --{option} " in text, option


def test_port_in_use_is_said(served):
    port = served.front.split(":")[1]
    got = run("--port", port, BOOTSTRAP)
    assert got.returncode == 1
    assert got.stderr.decode() == (
        f"emulator: cannot listen on 127.0.0.1:{port}: Address already in use\n"
    )


@pytest.mark.parametrize("ports", [("none", "0"), ("0", "none"), ("none", "none")])
def test_fronts_can_be_off(emulator, ports):
    one = emulator("--tick", "5m", ports=ports)
    wait_for(lambda: one.lines("END"))
    assert (one.front is None) == (ports[0] == "none")
    assert (one.web is None) == (ports[1] == "none")


def test_host_is_bound(emulator):
    one = emulator("--host", "0.0.0.0")
    port = one.front.split(":")[1]
    assert one.front.startswith("0.0.0.0:")
    with Http(f"127.0.0.2:{port}") as http:
        assert http.call("GET", "/ping").status == 200
