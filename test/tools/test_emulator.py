"""tools/emulator, from outside: its two fronts, the Runtime API, processes.

MOTE_EMULATOR names the binary to test, build/host/emulator by default. Most
tests let fake_runtime.py serve; those of the Runtime API start it as a puppet
and speak to the API themselves.
"""

import base64
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
from fake_runtime import Http, Runtime

ROOT = pathlib.Path(__file__).resolve().parents[2]
EMULATOR = str(ROOT / os.environ.get("MOTE_EMULATOR", "build/host/emulator"))
FAKE = str(pathlib.Path(__file__).with_name("fake_runtime.py"))
PYTHON = [os.path.realpath(sys.executable), "-S", "-E"]
INVOKE = "/2015-03-31/functions/function/invocations"
LIMIT = 6291556
ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
    r"[0-9a-f]{12}"
)

if not os.path.exists(EMULATOR) and "MOTE_EMULATOR" not in os.environ:
    subprocess.run(["make", "-s", "build/host/emulator"], cwd=ROOT, check=True)

POOL = concurrent.futures.ThreadPoolExecutor(32)


def wait_for(what, within=10):
    """The first true value of what(); polls."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError("waited in vain")


def is_alive(pid):
    """Zombies do not count: whether they are reaped is their parent's."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def state_of(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return stat.rsplit(")", 1)[1].split()[0]


def children(pid):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if entry.name.isdigit() and int(fields[1]) == pid:
            found += [int(entry.name)] + children(int(entry.name))
    return found


class Emulator:
    """A running emulator; leaving it, it must have ended well and alone."""

    count = 0

    def __init__(self, tmp, *options, command=None, ports=("0", "0")):
        Emulator.count += 1
        self.log_file = tmp / f"log.{Emulator.count}"
        self.err_file = tmp / f"err.{Emulator.count}"
        self.status = None
        with open(self.log_file, "wb") as out, open(self.err_file, "wb") as err:
            self.process = subprocess.Popen(
                [
                    EMULATOR,
                    "--port",
                    ports[0],
                    "--http-port",
                    ports[1],
                    *options,
                    "--",
                    *(command or [*PYTHON, FAKE, "serve"]),
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        wanted = sum(port != "none" for port in ports)
        wait_for(
            lambda: (
                len(re.findall("^(?:invoke|http): .*\n", self.log(), re.M)) == wanted
                or self.process.poll() is not None
            )
        )
        self.front = self._address("invoke")
        self.web = self._address("http")

    def _address(self, name):
        found = re.search(rf"^{name}: http://([0-9.:]+)/", self.log(), re.M)
        return found and found[1]

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        before = children(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.status = self.process.wait(10)
        if kind is None:
            assert self.status == 0, self.err()
            assert self.err() == ""
            assert not [pid for pid in before if is_alive(pid)]

    def log(self):
        return self.log_file.read_text(errors="replace")

    def err(self):
        return self.err_file.read_text(errors="replace")

    def invoke(self, event=b"{}", path=INVOKE, method="POST", **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        data = event if isinstance(event, bytes) else json.dumps(event).encode()
        with Http(self.front, 20) as http:
            return http.call(method, path, data, headers)

    def ask(self, **order):
        """An invocation that must succeed; its reply."""
        answer = self.invoke(order)
        assert answer.status == 200, answer.body
        assert "x-amz-function-error" not in answer.headers, answer.body
        return answer.json()

    def later(self, *args, **headers):
        return POOL.submit(self.invoke, *args, **headers)

    def http(self, method="GET", path="/", body=None, headers=()):
        with Http(self.web, 20) as http:
            return http.call(method, path, body, headers)

    def lines(self, start):
        return [line for line in self.log().splitlines() if line.startswith(start)]


@pytest.fixture
def emulator(tmp_path):
    """Makes emulators that end with the test."""
    with_all = []

    def make(*options, **more):
        with_all.append(Emulator(tmp_path, *options, **more))
        return with_all[-1]

    yield make
    for one in with_all:
        with one:
            pass


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One emulator for all the tests that need nothing special."""
    with Emulator(tmp_path_factory.mktemp("served")) as one:
        yield one


class Stage:
    """An emulator whose processes are puppets."""

    def __init__(self, tmp, emulator, *options):
        self.file = tmp / "puppets"
        self.emulator = emulator(*options, command=[*PYTHON, FAKE, "puppet", str(self.file)])
        self.apis = []

    def puppets(self):
        text = self.file.read_text() if self.file.exists() else ""
        return [line.split() for line in text.splitlines()]

    def puppet(self, n=0):
        """Address and pid of the n-th process, once it has started."""
        address, pid = wait_for(lambda: self.puppets()[n : n + 1])[0]
        return address, int(pid)

    def api(self, n=0):
        self.apis.append(Runtime(self.puppet(n)[0]))
        return self.apis[-1]

    def begin(self, event=b'{"a":1}', **headers):
        """A call that waits, the API, and the event that came out of it."""
        call = self.emulator.later(event, **headers)
        api = self.api()
        got = api.next()
        return call, api, got, got.headers["lambda-runtime-aws-request-id"]


@pytest.fixture
def stage(tmp_path, emulator):
    made = []

    def make(*options):
        made.append(Stage(tmp_path, emulator, *options))
        return made[-1]

    yield make
    for one in made:
        for api in one.apis:
            api.close()


def error_of(call):
    """errorType and errorMessage of a call that failed."""
    answer = call.result(10) if hasattr(call, "result") else call
    assert answer.status == 200, (answer.status, answer.body)
    assert answer.headers["x-amz-function-error"] == "Unhandled"
    got = answer.json()
    return got["errorType"], got["errorMessage"]


# ---- the command line -----------------------------------------------------


def run(*args, data=b"", timeout=20):
    return subprocess.run(
        [EMULATOR, *args], input=data, capture_output=True, timeout=timeout, check=False
    )


def once(*args, data=b"", what="serve"):
    return run(*args, "--", *PYTHON, FAKE, what, data=data)


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


# ---- the Invoke API -------------------------------------------------------


def test_invoke_answers_with_the_reply(served):
    answer = served.invoke(b'{"x": [1, 2]}')
    assert answer.status == 200
    assert answer.body == b'{"x": [1, 2]}'
    assert ID.fullmatch(answer.headers["x-amzn-requestid"])
    assert answer.headers["x-amz-executed-version"] == "$LATEST"
    assert answer.headers["content-type"] == "application/json"
    assert "x-amz-function-error" not in answer.headers
    assert "x-amz-log-result" not in answer.headers
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["date"])


@pytest.mark.parametrize("name", ["f", "other-name", "f:1", "a%3Ab", "123456789012:function:f"])
def test_any_function_name(served, name):
    for end in ("", "?Qualifier=1"):
        path = f"/2015-03-31/functions/{name}/invocations{end}"
        assert served.invoke(path=path).status == 200


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/", 200),
        ("GET", "/ping", 200),
        ("GET", "/other", 404),
        ("POST", "/", 404),
        ("POST", "/2015-03-31/functions//invocations", 404),
        ("POST", "/2015-03-31/functions/a/b/invocations", 404),
        ("POST", "/2015-03-31/functions/invocations", 404),
        ("POST", INVOKE + "/", 404),
        ("GET", INVOKE, 405),
        ("PUT", INVOKE, 405),
        ("HEAD", INVOKE, 405),
    ],
)
def test_paths_and_methods(served, method, path, status):
    with Http(served.front) as http:
        answer = http.call(method, path, b"" if method != "GET" else None)
        assert answer.status == status
        if status == 200:
            assert INVOKE.encode() in answer.body
        if status == 405:
            assert answer.headers["allow"] == "POST"
        assert http.call("GET", "/ping").status == 200  # still usable


def test_function_error(served):
    value = {"errorType": "Function.Bad", "errorMessage": "no", "stackTrace": []}
    answer = served.invoke({"do": "error", "value": value})
    assert error_of(answer) == ("Function.Bad", "no")
    assert answer.json() == value


def test_empty_reply(served):
    answer = served.invoke({"do": "raw", "text": ""})
    assert (answer.status, answer.body) == (200, b"")


def test_headers_for_the_runtime(served):
    context = {"custom": {"a": "b"}, "text": "ü"}
    pretty = json.dumps(context, indent=1, ensure_ascii=False).encode()
    trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a;Sampled=1"
    answer = served.invoke(
        b'{"do":"describe"}',
        X_Amzn_Trace_Id=trace,
        X_Amz_Tenant_Id="blue",
        X_Amz_Client_Context=base64.b64encode(pretty).decode(),
    )
    headers = answer.json()["headers"]
    assert headers["lambda-runtime-trace-id"] == trace
    assert headers["lambda-runtime-aws-tenant-id"] == "blue"
    got = headers["lambda-runtime-client-context"].encode("latin-1")
    assert json.loads(got) == context
    assert headers["lambda-runtime-aws-request-id"] == answer.headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    "context",
    [
        "not base64!",
        base64.b64encode(b"{").decode(),
        base64.b64encode(b'"{}"').decode(),
        base64.b64encode(b"[{}]").decode(),
        base64.b64encode(b"  ").decode(),
        base64.b64encode(b'{"a":"' + b"x" * 2680 + b'"}').decode(),  # 3584
    ],
)
def test_bad_client_context(served, context):
    answer = served.invoke(X_Amz_Client_Context=context)
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "InvalidRequestContentException"
    assert "Base64" in answer.json()["Message"]


def test_client_context_is_for_synchronous_calls(served):
    assert served.invoke(X_Amz_Client_Context="!", X_Amz_Invocation_Type="Event").status == 202


def test_longest_client_context(served):
    context = base64.b64encode(b'{"a":"' + b"x" * 2679 + b'"}').decode()
    assert len(context.rstrip("=")) == 3583
    assert served.invoke(X_Amz_Client_Context=context.rstrip("=")).status == 200


def test_dry_run(served):
    answer = served.invoke(X_Amz_Invocation_Type="DryRun")
    assert (answer.status, answer.body) == (204, b"")
    assert ID.fullmatch(answer.headers["x-amzn-requestid"])


def test_unknown_invocation_type(served):
    answer = served.invoke(X_Amz_Invocation_Type="Maybe")
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "InvalidParameterValueException"


def test_explicit_request_response(served):
    assert served.invoke(b'{"a":1}', X_Amz_Invocation_Type="RequestResponse").body == b'{"a":1}'


@pytest.mark.parametrize("payload", [b"{", b"nul", b"{} x", b'"\xff"', b" "])
def test_payload_must_be_json(served, payload):
    answer = served.invoke(payload)
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "InvalidRequestContentException"
    assert answer.json()["Type"] == "User"


@pytest.mark.parametrize("payload", [b"{", b"\x00\xff", b" "])
def test_any_payload(emulator, payload):
    one = emulator("--any-payload")
    assert one.invoke(payload).json()["bytes"] == len(payload)


@pytest.mark.parametrize(
    "payload", [b"1", b'"x"', b"null", b"[" * 64 + b"]" * 64, b"[" * 5000 + b"]" * 5000]
)
def test_any_json_is_an_event(served, payload):
    assert served.invoke(payload).json()["bytes"] == len(payload)


def test_empty_payload_is_an_empty_event(served):
    assert served.invoke(b"").json()["bytes"] == 0


def json_of(n):
    return b'"' + b"x" * (n - 2) + b'"'


@pytest.mark.parametrize("type_, limit", [("RequestResponse", LIMIT), ("Event", 1048576)])
@pytest.mark.parametrize("chunked", [False, True])
def test_event_size_limit(served, type_, limit, chunked):
    def send(n):
        with Http(served.front, 20) as http:
            headers = {"X-Amz-Invocation-Type": type_}
            body = json_of(n)
            if chunked:
                headers["Transfer-Encoding"] = "chunked"
                body = b"%x\r\n%s\r\n0\r\n\r\n" % (n, body)
            answer = http.call("POST", INVOKE, body, headers)
            return answer, answer.status == 413 and http.is_closed()

    answer, _ = send(limit)
    if type_ == "Event":
        assert answer.status == 202
    else:
        assert answer.json()["bytes"] == limit
    answer, closed = send(limit + 1)
    assert answer.status == 413 and closed
    assert answer.headers["x-amzn-errortype"] == "RequestTooLargeException"
    assert str(limit) in answer.json()["Message"]


def test_log_tail(served):
    answer = served.invoke({"do": "echo", "print": ["one\ntwo", "\nthree"]}, X_Amz_Log_Type="Tail")
    log = base64.b64decode(answer.headers["x-amz-log-result"]).decode()
    lines = log.splitlines()
    request_id = answer.headers["x-amzn-requestid"]
    assert lines[0] == f"START RequestId: {request_id} Version: $LATEST"
    assert lines[1:4] == ["one", "two", "three"]
    assert lines[4] == f"END RequestId: {request_id}"
    assert lines[5].startswith(f"REPORT RequestId: {request_id}\t")
    assert len(lines) == 6


def test_log_tail_is_4_kb(served):
    text = "".join(f"line {i:05}\n" for i in range(20000))
    answer = served.invoke({"print": [text]}, X_Amz_Log_Type="Tail")
    log = base64.b64decode(answer.headers["x-amz-log-result"])
    assert len(log) == 4096
    assert b"line 19999\nEND RequestId" in log
    assert served.log().count("line 00000\n") == 1


def test_log_of_another_call_is_not_in_the_tail(served):
    served.ask(print=["secret\n"])
    answer = served.invoke(X_Amz_Log_Type="Tail")
    assert b"secret" not in base64.b64decode(answer.headers["x-amz-log-result"])


# ---- asynchronous invocations ---------------------------------------------


def test_event_is_answered_at_once(emulator):
    one = emulator("--max-invocations", "1")
    begin = time.monotonic()
    answer = one.invoke({"ms": 300, "print": ["ran\n"]}, X_Amz_Invocation_Type="Event")
    assert (answer.status, answer.body) == (202, b"")
    assert time.monotonic() - begin < 0.3
    assert one.process.wait(10) == 0
    assert "\nran\n" in one.log()
    assert answer.headers["x-amzn-requestid"] in one.log()


def test_failed_event_is_retried_twice(emulator):
    one = emulator()
    answer = one.invoke(
        {"do": "error", "value": {}, "print": ["try\n"]}, X_Amz_Invocation_Type="Event"
    )
    wait_for(lambda: len(one.lines("END")) == 3)
    time.sleep(0.5)
    starts = one.lines("START")
    assert len(starts) == 3
    assert all(answer.headers["x-amzn-requestid"] in line for line in starts)


def test_retry_has_a_fresh_nonce_and_can_succeed(stage):
    one = stage("--max-invocations", "2")
    answer = one.emulator.invoke(X_Amz_Invocation_Type="Event")
    api = one.api()
    seen = []
    for finish in (api.fail, api.respond):
        event = api.next()
        seen.append(
            (
                event.headers["lambda-runtime-aws-request-id"],
                event.headers["lambda-runtime-invocation-id"],
            )
        )
        assert finish(seen[-1][0]).status == 202
    assert seen[0][0] == seen[1][0] == answer.headers["x-amzn-requestid"]
    assert seen[0][1] != seen[1][1]
    assert one.emulator.process.wait(10) == 0


def test_events_wait_for_a_free_process(emulator):
    one = emulator("--concurrency", "1", "--max-invocations", "6")
    for n in range(6):
        assert one.invoke({"n": n, "ms": 30}, X_Amz_Invocation_Type="Event").status == 202
    assert one.process.wait(10) == 0
    assert len(set(one.lines("START"))) == 6


def test_queue_is_bounded(stage):
    one = stage("--concurrency", "1")
    with Http(one.emulator.front) as http:
        statuses = [
            http.call("POST", INVOKE, b"{}", {"X-Amz-Invocation-Type": "Event"}).status
            for _ in range(260)
        ]
    assert statuses[:257] == [202] * 257  # one runs, 256 wait
    assert statuses[257:] == [429] * 3


# ---- HTTP itself, on the fronts -------------------------------------------


def test_keep_alive_and_pipelining(served):
    with Http(served.front) as http:
        for n in range(3):
            http.request("POST", INVOKE, b"%d" % n)
        http.request("GET", "/nothing")
        got = [http.answer() for _ in range(4)]
    assert [answer.status for answer in got] == [200, 200, 200, 404]
    assert [json.loads(a.body)["bytes"] for a in got[:3]] == [1, 1, 1]


def test_many_small_pipelined_requests(served):
    with Http(served.front) as http:
        http.send(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n" * 5000)
        for _ in range(5000):
            assert http.answer().status == 200


def test_http_1_0_client(served):
    with Http(served.front) as http:
        http.send(b"POST %s HTTP/1.0\r\nContent-Length: 2\r\n\r\n[]" % INVOKE.encode())
        answer = http.answer()
        assert (answer.status, answer.json()["bytes"]) == (200, 2)
        assert answer.headers["connection"] == "close"
        assert http.is_closed()


def test_connection_close_is_honoured(served):
    with Http(served.front) as http:
        assert http.call("GET", "/", headers={"Connection": "close"}).status == 200
        assert http.is_closed()


@pytest.mark.parametrize(
    "body",
    [
        b"2\r\n[]\r\n0\r\n\r\n",
        b"1\r\n[\r\n1\r\n]\r\n0\r\n\r\n",
        b"0002;ext=1\r\n[]\r\n00\r\nTrailer: x\r\n\r\n",
    ],
)
def test_chunked_upload_byte_by_byte(served, body):
    with Http(served.front) as http:
        head = (f"POST {INVOKE} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").encode()
        for i in range(len(head + body)):
            http.send((head + body)[i : i + 1])
        assert http.answer().json()["bytes"] == 2
        assert http.call("GET", "/").status == 200


def test_expect_100_continue(served):
    with Http(served.front) as http:
        http.request("POST", INVOKE, None, {"Content-Length": "2", "Expect": "100-continue"})
        assert http.answer().status == 100
        http.send(b"[]")
        assert http.answer().json()["bytes"] == 2


def test_expect_is_not_continued_when_too_long(served):
    with Http(served.front) as http:
        http.request(
            "POST", INVOKE, None, {"Content-Length": str(LIMIT + 1), "Expect": "100-continue"}
        )
        assert http.answer().status == 413
        assert http.is_closed()


@pytest.mark.parametrize("front", ["front", "web"])
def test_head_limit(served, front):
    def send(n):
        begin = b"GET /ping HTTP/1.1\r\nHost: x\r\nA: "
        with Http(getattr(served, front)) as http:
            http.send(begin + b"a" * (n - len(begin) - 4) + b"\r\n\r\n")
            status = http.answer().status
            return status, status == 431 and http.is_closed()

    assert send(32768) == (200, False)
    assert send(32769) == (431, True)
    assert send(300000) == (431, True)


@pytest.mark.parametrize(
    "text",
    [
        b"GET\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nNo colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request(served, text):
    with Http(served.front) as http:
        http.send(text)
        answer = http.answer()
        assert answer.status == 400
        assert answer.headers["connection"] == "close"
        assert http.is_closed()


def test_broken_chunks_end_the_connection(served):
    with Http(served.front) as http:
        http.request("POST", INVOKE, b"zz\r\n", {"Transfer-Encoding": "chunked"})
        assert http.is_closed()


def test_slow_clients_block_nobody(served):
    slow = [Http(served.front) for _ in range(60)]
    for http in slow:
        http.send(b"POST / HTTP/1.1\r\nHo")
    begin = time.monotonic()
    assert served.invoke().status == 200
    assert time.monotonic() - begin < 2
    for http in slow:
        http.close()


def test_more_connections_than_are_accepted(served):
    many = [Http(served.front) for _ in range(150)]
    waiting = POOL.submit(many[-1].call, "GET", "/ping")
    time.sleep(0.1)
    assert not waiting.done()  # 128 are being served
    for http in many[:100]:
        http.close()
    assert waiting.result(10).status == 200
    for http in many:
        http.close()


def test_caller_that_leaves(served):
    before = len(served.lines("END"))
    with Http(served.front) as http:
        http.request("POST", INVOKE, b'{"ms": 100}')
        time.sleep(0.05)
    wait_for(lambda: len(served.lines("END")) > before)
    assert served.invoke().status == 200


def test_caller_that_resets(served):
    before = len(served.lines("END"))
    with Http(served.front) as http:
        http.request("POST", INVOKE, b'{"ms": 100}')
        time.sleep(0.05)
        http.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wait_for(lambda: len(served.lines("END")) > before)
    assert served.invoke().status == 200


def test_half_closed_caller_gets_its_reply(served):
    with Http(served.front) as http:
        http.request("POST", INVOKE, b"[]")
        http.sock.shutdown(socket.SHUT_WR)
        assert http.answer().json()["bytes"] == 2
        assert http.is_closed()


def test_caller_that_reads_slowly(served):
    with Http(served.front) as http:
        http.request("POST", INVOKE, b'{"do": "size", "n": 6000000}')
        time.sleep(0.3)
        assert served.invoke().status == 200
        assert len(http.answer().body) == 6000000


# ---- the Runtime API: events ----------------------------------------------

NEXT = "/2018-06-01/runtime/invocation/next"


def test_next_and_response_on_the_wire(stage):
    one = stage("--function-name", "iris", "--region", "eu-central-1", "--timeout", "5s")
    call = one.emulator.later(b'{"do":"it"}')
    api = one.api()
    before = time.time() * 1000
    event = api.next()
    assert (event.status, event.reason) == (200, "OK")
    assert set(event.headers) == {
        "content-type",
        "lambda-runtime-aws-request-id",
        "lambda-runtime-deadline-ms",
        "lambda-runtime-invocation-id",
        "lambda-runtime-invoked-function-arn",
        "date",
        "content-length",
    }
    assert event.body == b'{"do":"it"}'
    headers = event.headers
    assert headers["content-type"] == "application/json"
    assert headers["lambda-runtime-invoked-function-arn"] == (
        "arn:aws:lambda:eu-central-1:123456789012:function:iris"
    )
    assert abs(int(headers["lambda-runtime-deadline-ms"]) - before - 5000) < 2000
    assert ID.fullmatch(headers["lambda-runtime-aws-request-id"])
    assert ID.fullmatch(headers["lambda-runtime-invocation-id"])
    assert headers["lambda-runtime-invocation-id"] != headers["lambda-runtime-aws-request-id"]
    accepted = api.respond(headers["lambda-runtime-aws-request-id"], b"done")
    assert (accepted.status, accepted.reason) == (202, "Accepted")
    assert accepted.body == b'{"status":"OK"}\n'
    assert accepted.headers["content-type"] == "application/json"
    answer = call.result(10)
    assert answer.body == b"done"
    assert answer.headers["x-amzn-requestid"] == headers["lambda-runtime-aws-request-id"]


def test_one_connection_serves_many(emulator):
    one = emulator()
    got = [one.ask(do="describe") for _ in range(20)]
    assert len({answer["pid"] for answer in got}) == 1
    assert [answer["count"] for answer in got] == list(range(1, 21))


@pytest.mark.parametrize(
    "options, size, chunks",
    [
        ((), 0, None),
        ((), 2048, None),
        ((), 2049, [2049]),
        ((), 1000000, [1000000]),
        ((), LIMIT, [LIMIT]),
        (("--chunking", "none"), 100000, None),
        (("--chunking", "1000"), 2500, [1000, 1000, 500]),
        (("--chunking", "1000"), 0, []),
        (("--chunking", "1"), 300, [1] * 300),
        (("--chunking", "32768"), 65536, [32768, 32768]),
    ],
)
def test_framing_of_events(emulator, options, size, chunks):
    one = emulator(*options)
    got = one.invoke(json_of(size) if size else b"").json()
    assert got["bytes"] == size
    assert got["chunks"] == chunks
    assert ("content-length" in got["headers"]) == (chunks is None)


@pytest.mark.parametrize("segment, size", [(7, 100), (64, 3000)])
def test_segments(emulator, segment, size):
    one = emulator("--segment", str(segment), "--any-payload")
    got = one.invoke(json_of(size)).json()
    assert got["bytes"] == size
    # the head is some 400 bytes; a few segments may arrive together
    assert got["reads"] > (size + 350) / segment * 0.4


def test_chunked_is_not_for_http_1_0(stage):
    one = stage()
    call = one.emulator.later(json_of(5000))
    with one.api() as api:
        api.send(f"GET {NEXT} HTTP/1.0\r\n\r\n".encode())
        event = api.answer()
        assert event.headers["content-length"] == "5000"
        assert api.is_closed()
    with one.api() as api:
        api.respond(event.headers["lambda-runtime-aws-request-id"])
    assert call.result(10).status == 200


OPTIONAL = ("client-context", "cognito-identity", "trace-id", "aws-tenant-id", "invocation-id")


def test_empty_headers(emulator):
    one = emulator("--empty-headers", "--no-invocation-id")
    headers = one.ask(do="describe")["headers"]
    for name in OPTIONAL:
        assert headers[f"lambda-runtime-{name}"] == ""
    headers = one.invoke(b'{"do":"describe"}', X_Amz_Tenant_Id="t").json()["headers"]
    assert headers["lambda-runtime-aws-tenant-id"] == "t"


def test_empty_headers_keep_the_invocation_id(emulator):
    headers = emulator("--empty-headers").ask(do="describe")["headers"]
    assert ID.fullmatch(headers["lambda-runtime-invocation-id"])


def test_no_invocation_id(emulator):
    headers = emulator("--no-invocation-id").ask(do="describe")["headers"]
    assert not [n for n in OPTIONAL if f"lambda-runtime-{n}" in headers]


# ---- the Runtime API: the state machine -----------------------------------


def error_answer(answer):
    got = answer.json()
    assert sorted(got) == ["errorMessage", "errorType"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.body.endswith(b"\n")
    return answer.status, got["errorType"], got["errorMessage"]


def forbidden(source, target):
    return (
        403,
        "InvalidStateTransition",
        f"State transition from {source} to {target} failed for runtime. "
        "Error: State transition is not allowed",
    )


INVALID_ID = (400, "InvalidRequestID", "Invalid request ID")
TOO_LATE = (410, "InvokeTimeout", "Invoke timeout")
OTHER_ID = "00000000-0000-4000-8000-000000000000"


def test_state_started(stage):
    one = stage()
    call = one.emulator.later()
    api = one.api()
    assert error_answer(api.respond(OTHER_ID)) == INVALID_ID
    assert error_answer(api.fail(OTHER_ID)) == INVALID_ID
    event = api.next()  # nothing has changed
    api.respond(event.headers["lambda-runtime-aws-request-id"])
    assert call.result(10).status == 200


def test_state_ready(stage):
    one = stage()
    call, api, _, request_id = one.begin()
    api.respond(request_id)
    call.result(10)
    api.request("GET", NEXT)
    with one.api() as other:
        wait_for(
            lambda: other.init_error().json()["errorMessage"] == forbidden("Ready", "InitError")[2]
        )
        assert error_answer(other.respond(request_id)) == INVALID_ID
        assert error_answer(other.fail(request_id)) == INVALID_ID
    call = one.emulator.later(b"[2]")
    event = api.answer()
    assert event.body == b"[2]"
    api.respond(event.headers["lambda-runtime-aws-request-id"])
    call.result(10)


def test_state_running(stage):
    one = stage()
    call, api, event, request_id = one.begin()
    assert error_answer(api.respond(OTHER_ID)) == INVALID_ID
    assert error_answer(api.init_error()) == forbidden("Running", "InitError")
    again = api.next()
    assert again.body == event.body
    for name in ("aws-request-id", "invocation-id", "deadline-ms"):
        name = f"lambda-runtime-{name}"
        assert again.headers[name] == event.headers[name]
    assert api.respond(request_id, b"[]").status == 202
    assert call.result(10).body == b"[]"
    assert len(one.emulator.lines("START")) == 1


@pytest.mark.parametrize("first", ["respond", "fail"])
def test_state_sent(stage, first):
    one = stage()
    call, api, _, request_id = one.begin()
    assert getattr(api, first)(request_id).status == 202
    call.result(10)
    sent = "RuntimeResponseSentState"
    assert error_answer(api.respond(request_id)) == forbidden(sent, "InvocationResponse")
    assert error_answer(api.fail(request_id)) == forbidden(sent, "InvocationErrorResponse")
    assert error_answer(api.init_error()) == forbidden(sent, "InitError")
    assert error_answer(api.respond(OTHER_ID)) == INVALID_ID
    call = one.emulator.later(b"[2]")
    assert api.next().body == b"[2]"


def test_state_init_error(stage):
    one = stage()
    call = one.emulator.later()
    api = one.api()
    posted = b'{"errorType":"Runtime.NoModel","errorMessage":"none"}'
    assert api.init_error(posted).status == 202
    assert error_of(call) == ("Runtime.NoModel", "none")
    assert call.result(1).body == posted
    assert error_answer(api.next()) == forbidden("InitError", "Ready")
    assert error_answer(api.init_error()) == forbidden("InitError", "InitError")
    assert error_answer(api.respond(OTHER_ID)) == INVALID_ID
    wait_for(lambda: not is_alive(one.puppet()[1]))  # killed after a second
    one.emulator.later()
    assert one.api(1).next().status == 200


@pytest.mark.parametrize("mode", ["buffered", "Streaming", "x"])
def test_bad_response_mode_sticks(stage, mode):
    one = stage()
    call, api, _, request_id = one.begin()
    answer = api.respond(request_id, b"{}", {"Lambda-Runtime-Function-Response-Mode": mode})
    assert error_answer(answer) == (
        400,
        "InvalidFunctionResponseMode",
        "Invalid function response mode",
    )
    assert error_of(call)[0] == "Runtime.InvalidResponseModeHeader"
    assert error_answer(api.next()) == forbidden("InvocationResponse", "Ready")
    assert error_answer(api.respond(request_id)) == forbidden(
        "InvocationResponse", "InvocationResponse"
    )
    os.kill(one.puppet()[1], signal.SIGKILL)
    one.emulator.later()
    assert one.api(1).next().status == 200


def test_stuck_process_is_killed_when_its_time_is_over(stage):
    one = stage("--timeout", "300ms", "--concurrency", "1")
    call, api, _, request_id = one.begin()
    api.respond(request_id, b"{}", {"Lambda-Runtime-Function-Response-Mode": "x"})
    call.result(10)
    call = one.emulator.later(b"[2]")
    other = one.api(1)
    assert not is_alive(one.puppet(0)[1])
    event = other.next()
    other.respond(event.headers["lambda-runtime-aws-request-id"], b"2")
    assert call.result(10).body == b"2"


@pytest.mark.parametrize("end", ["half-close", "close", "reset", "chunk"])
@pytest.mark.parametrize("what", ["response", "error"])
def test_body_cut_off(stage, what, end):
    one = stage()
    call, api, _, request_id = one.begin()
    headers = {"Transfer-Encoding": "chunked"} if end == "chunk" else {"Content-Length": "10"}
    api.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/{what}", None, headers)
    api.send(b"zz\r\n" if end == "chunk" else b"12345")
    if end in ("half-close", "chunk"):
        if end == "half-close":
            api.sock.shutdown(socket.SHUT_WR)
        assert error_answer(api.answer()) == (
            400,
            "TruncatedHTTPRequest",
            "HTTP request detected as truncated",
        )
        assert api.is_closed()
    elif end == "reset":
        api.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    api.close()
    assert error_of(call)[0] == "Runtime.TruncatedResponse"
    assert error_answer(one.api().next()) == forbidden("InvocationResponse", "Ready")


def test_init_error_cut_off(stage):
    one = stage()
    call = one.emulator.later()
    api = one.api()
    api.request("POST", "/2018-06-01/runtime/init/error", None, {"Content-Length": "10"})
    api.close()
    assert error_of(call)[0] == "Runtime.TruncatedResponse"


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("what", ["response", "error"])
def test_response_limit(stage, what, chunked):
    one = stage("--timeout", "20s")
    call, api, _, request_id = one.begin()

    def post(n):
        path = f"/2018-06-01/runtime/invocation/{request_id}/{what}"
        if not chunked:
            return api.call("POST", path, json_of(n))
        return api.call(
            "POST",
            path,
            b"%x\r\n%s\r\n0\r\n\r\n" % (n, json_of(n)),
            {"Transfer-Encoding": "chunked"},
        )

    assert post(LIMIT).status == 202
    assert len(call.result(10).body) == LIMIT

    call = one.emulator.later(b"[2]")
    request_id = api.next().headers["lambda-runtime-aws-request-id"]
    assert error_answer(post(LIMIT + 1)) == (
        413,
        "RequestEntityTooLarge",
        "Exceeded maximum allowed payload size (6291556 bytes).",
    )
    kind, message = error_of(call)
    assert kind == "Function.ResponseSizeTooLarge"
    assert "6291556" in message
    assert api.respond(request_id).status == 403  # same connection

    call = one.emulator.later(b"[3]")
    event = api.next()
    api.respond(event.headers["lambda-runtime-aws-request-id"], b"3")
    assert call.result(10).body == b"3"


@pytest.mark.parametrize("what", ["respond", "fail"])
def test_invocation_id_must_match(stage, what):
    one = stage()
    call, api, event, request_id = one.begin()
    header = "Lambda-Runtime-Invocation-Id"
    answer = getattr(api, what)(request_id, headers={header: OTHER_ID})
    assert error_answer(answer) == TOO_LATE
    nonce = event.headers[header.lower()]
    assert api.respond(request_id, b"1", {header: nonce}).status == 202
    assert call.result(10).body == b"1"


def test_empty_invocation_id_is_none(stage):
    one = stage()
    _, api, _, request_id = one.begin()
    assert api.respond(request_id, b"1", {"Lambda-Runtime-Invocation-Id": ""}).status == 202


def test_late_answer(stage):
    one = stage("--timeout", "200ms", "--keep-after-timeout")
    call, api, event, request_id = one.begin()
    kind, message = error_of(call)
    assert kind == "Sandbox.Timedout"
    assert "Task timed out after 0.20 seconds" in message
    assert is_alive(one.puppet()[1])
    nonce = {"Lambda-Runtime-Invocation-Id": event.headers["lambda-runtime-invocation-id"]}
    assert error_answer(api.respond(request_id, headers=nonce)) == TOO_LATE
    call = one.emulator.later(b"[2]")
    event = api.next()
    assert event.body == b"[2]"
    # a thread that is still busy with the first one
    assert error_answer(api.fail(request_id, headers=nonce)) == TOO_LATE
    assert error_answer(api.respond(request_id)) == TOO_LATE
    api.respond(event.headers["lambda-runtime-aws-request-id"], b"2")
    assert call.result(10).body == b"2"


def test_late_process_may_just_go_on(stage):
    one = stage("--timeout", "200ms", "--keep-after-timeout")
    call, api, _, _ = one.begin()
    error_of(call)
    call = one.emulator.later(b"[2]")
    wait_for(lambda: len(one.puppets()) == 2)  # the first one is busy
    api.request("GET", NEXT)
    time.sleep(0.1)
    third = one.emulator.later(b"[3]")
    assert api.answer().body == b"[3]"
    assert third and call


def test_timeout_within_the_upload(stage):
    one = stage("--timeout", "200ms", "--keep-after-timeout")
    call, api, _, request_id = one.begin()
    api.request(
        "POST",
        f"/2018-06-01/runtime/invocation/{request_id}/response",
        None,
        {"Content-Length": "4"},
    )
    assert error_of(call)[0] == "Sandbox.Timedout"
    api.send(b"late")
    assert error_answer(api.answer()) == TOO_LATE
    one.emulator.later(b"[2]")
    assert api.next().body == b"[2]"


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({}, "Runtime.Unknown"),
        ({"Lambda-Runtime-Function-Error-Type": "Function.BadInput"}, "Function.BadInput"),
        ({"lambda-runtime-function-error-type": "my Runtime.NoModel9"}, "Runtime.NoModel"),
        ({"Lambda-Runtime-Function-Error-Type": "Function.lower"}, "Function.Unknown"),
        ({"Lambda-Runtime-Function-Error-Type": "Runtime.lower"}, "Runtime.Unknown"),
        ({"Lambda-Runtime-Function-Error-Type": "Runtime.X"}, "Runtime.Unknown"),
        ({"Lambda-Runtime-Function-Error-Type": "Unhandled"}, "Runtime.Unknown"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"no json"])
def test_error_object_from_the_header(stage, headers, expected, body):
    one = stage()
    call, api, _, request_id = one.begin()
    assert api.fail(request_id, body, headers).status == 202
    assert error_of(call)[0] == expected


def test_init_error_object_from_the_header(stage):
    one = stage()
    call = one.emulator.later()
    one.api().init_error(b"", {"Lambda-Runtime-Function-Error-Type": "Runtime.NoSuchModel"})
    assert error_of(call)[0] == "Runtime.NoSuchModel"


API_PATHS = [
    ("GET", "/", 404),
    ("GET", "/2018-06-01/runtime/invocation", 404),
    ("GET", "/2018-06-01/runtime/invocation/next/", 404),
    ("GET", "/2018-06-01/runtime/restore/next", 404),
    ("POST", "/2018-06-01/runtime/restore/error", 404),
    ("POST", "/2018-06-01/runtime/invocation//response", 404),
    ("POST", "/2018-06-01/runtime/invocation/a/b/response", 404),
    ("POST", "/2018-06-01/runtime/invocation/a/other", 404),
    ("POST", "/2020-01-01/extension/register", 404),
    ("GET", "/ping", 404),
    ("GET", "/2018-06-01/ping/", 404),
    ("POST", "/2018-06-01/ping", 405),
    ("HEAD", "/2018-06-01/ping", 405),
    ("POST", NEXT, 405),
    ("PUT", NEXT, 405),
    ("HEAD", NEXT, 405),
    ("GET", "/2018-06-01/runtime/init/error", 405),
    ("GET", "/2018-06-01/runtime/invocation/a/response", 405),
    ("PUT", "/2018-06-01/runtime/invocation/a/error", 405),
]


def test_runtime_api_paths(stage):
    one = stage()
    call, api, _, request_id = one.begin()
    for method, path, status in API_PATHS:
        body = b"" if method != "GET" else None
        assert api.call(method, path, body).status == status, path
    assert api.respond(request_id, b"1").status == 202
    assert call.result(10).body == b"1"


def test_ping(stage):
    """As AWS's emulator answers it: internal/lambda/rapi/handler/ping.go there."""
    one = stage()
    one.emulator.later()
    answer = one.api().call("GET", "/2018-06-01/ping")
    assert (answer.status, answer.body) == (200, b"pong")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_missing_host(stage):
    one = stage()
    one.emulator.later()
    api = one.api()
    answer = api.call("GET", NEXT, host=False)
    assert answer.status == 400
    assert answer.headers["connection"] == "close"
    assert api.is_closed()
    assert one.api().next().status == 200


def test_query_is_ignored(stage):
    one = stage()
    one.emulator.later()
    assert one.api().call("GET", NEXT + "?x=1").status == 200


@pytest.mark.parametrize(
    "headers, body",
    [
        ({"Transfer-Encoding": "chunked"}, b"4\r\ndone\r\n0\r\n\r\n"),
        (
            {"Transfer-Encoding": "chunked"},
            b"1\r\nd\r\n02;x=y\r\non\r\n1\r\ne\r\n0\r\nA: b\r\n\r\n",
        ),
        (
            {
                "Transfer-Encoding": "chunked",
                "Lambda-Runtime-Function-Response-Mode": "streaming",
                "Content-Type": "text/event-stream",
                "Trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
            },
            b"2\r\ndo\r\n2\r\nne\r\n0\r\nLambda-Runtime-Function-Error-Type: X.Y\r\n"
            b"Lambda-Runtime-Function-Error-Body: e30=\r\n\r\n",
        ),
    ],
)
def test_chunked_and_streamed_responses(stage, headers, body):
    one = stage()
    call, api, _, request_id = one.begin()
    assert api.respond(request_id, body, headers).status == 202
    assert call.result(10).body == b"done"


def test_response_of_one_byte_chunks(stage):
    one = stage("--timeout", "20s")
    call, api, _, request_id = one.begin()
    body = b"1\r\nx\r\n" * 1000000 + b"0\r\n\r\n"
    assert api.respond(request_id, body, {"Transfer-Encoding": "chunked"}).status == 202
    assert call.result(10).body == b"x" * 1000000


def test_response_after_100_continue(stage):
    one = stage()
    call, api, _, request_id = one.begin()
    api.request(
        "POST",
        f"/2018-06-01/runtime/invocation/{request_id}/response",
        None,
        {"Content-Length": "2", "Expect": "100-continue"},
    )
    assert api.answer().status == 100
    api.send(b"[]")
    assert api.answer().status == 202
    assert call.result(10).body == b"[]"


def test_pipelined_response_and_next(stage):
    one = stage()
    call, api, _, request_id = one.begin()
    api.send(
        (
            f"POST /2018-06-01/runtime/invocation/{request_id}/response "
            "HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]"
            f"GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n"
        ).encode()
    )
    assert api.answer().status == 202
    assert call.result(10).body == b"[]"
    one.emulator.later(b"[2]")
    assert api.answer().body == b"[2]"


def test_rejected_upload_is_read_away(stage):
    one = stage()
    _, api, _, request_id = one.begin()
    assert api.respond(OTHER_ID, b"x" * 3000000).status == 400
    assert api.respond(request_id).status == 202


def test_waiting_connection_dies(stage):
    one = stage()
    call, api, _, request_id = one.begin()
    api.respond(request_id)
    call.result(10)
    api.request("GET", NEXT)
    api.close()
    other = one.api()
    call = one.emulator.later(b"[2]")
    assert other.next().body == b"[2]"
    assert len(one.puppets()) == 1 and call


def test_newest_next_wins(stage):
    one = stage()
    call, api, _, request_id = one.begin()
    api.respond(request_id)
    call.result(10)
    api.request("GET", NEXT)
    other = one.api()
    other.request("GET", NEXT)
    assert api.is_closed()
    one.emulator.later(b"[2]")
    assert other.answer().body == b"[2]"


def test_connection_dies_within_the_event(stage):
    one = stage("--segment", "100")
    call = one.emulator.later(json_of(50000))
    api = one.api()
    api.request("GET", NEXT)
    api._until(b"\r\n\r\n")
    api.close()
    other = one.api()
    event = other.next()
    assert len(event.body) == 50000
    other.respond(event.headers["lambda-runtime-aws-request-id"], b"1")
    assert call.result(10).body == b"1"


def test_runtime_api_head_limit(stage):
    one = stage()
    one.emulator.later()
    api = one.api()
    api.send(b"GET /x HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 40000)
    assert api.answer().status == 431


def test_each_process_has_its_own_api(stage):
    one = stage()
    calls = [one.emulator.later(b"%d" % n) for n in range(3)]
    addresses = set()
    for n in range(3):
        addresses.add(one.puppet(n)[0])
        api = one.api(n)
        event = api.next()
        api.respond(event.headers["lambda-runtime-aws-request-id"], event.body)
    assert len(addresses) == 3
    assert sorted(c.result(10).body for c in calls) == [b"0", b"1", b"2"]


def test_api_port(stage):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    one = stage("--api-port", str(port))
    one.emulator.later()
    assert one.puppet()[0] == f"127.0.0.1:{port}"
    assert one.api().next().status == 200


def test_api_port_in_use(emulator, served):
    one = emulator("--api-port", served.front.split(":")[1])
    for _ in range(2):
        kind, message = error_of(one.invoke())
        assert kind == "Sandbox.Failure"
        assert message.endswith("Address already in use")


# ---- processes ------------------------------------------------------------

REPORT = re.compile(
    r"REPORT RequestId: (\S+)\tDuration: (\d+\.\d\d) ms\t"
    r"Billed Duration: (\d+) ms\tMemory Size: (\d+) MB\t"
    r"Max Memory Used: (\d+) MB(?:\tInit Duration: (\d+\.\d\d) ms)?"
)


def test_report_lines(emulator):
    one = emulator("--memory", "256")
    one.ask(ms=50)
    one.ask(do="memory", mb=64)
    starts, ends = one.lines("START"), one.lines("END")
    reports = [REPORT.fullmatch(line) for line in one.lines("REPORT")]
    assert len(starts) == len(ends) == len(reports) == 2 and all(reports)
    for start, end, report in zip(starts, ends, reports):
        assert start == f"START RequestId: {report[1]} Version: $LATEST"
        assert end == f"END RequestId: {report[1]}"
        assert report[4] == "256"
        billed = float(report[2]) + float(report[6] or 0)
        assert abs(int(report[3]) - billed) <= 1.02
    assert 50 <= float(reports[0][2]) < 1000
    assert float(reports[0][6]) > 1  # Python needs longer than that
    assert reports[1][6] is None  # warm
    assert int(reports[0][5]) < 64 <= int(reports[1][5]) < 128


def test_quiet(emulator):
    one = emulator("--quiet")
    one.ask(print=["said\n"])
    assert one.log().splitlines()[2:] == ["said"]


def test_lines_are_whole(emulator):
    one = emulator("--quiet")
    word = ["a" * 3000 + " ", "b" * 3000 + "\n"] * 20
    for call in [one.later({"print": word, "n": n}) for n in range(8)]:
        call.result(20)
    lines = one.log().splitlines()[2:]
    assert len(lines) == 160
    assert set(lines) == {"a" * 3000 + " " + "b" * 3000}


def test_output_without_end(emulator):
    one = emulator("--quiet")
    one.ask(print=["no newline"])
    one.ask(print=["x" * 600000])
    lines = one.log().splitlines()[2:]
    assert lines[0] == "no newline"
    assert "".join(lines[1:]) == "x" * 600000
    assert len(lines) <= 5


def test_environment(emulator):
    os.environ["MOTE_TEST_OUTSIDE"] = "1"
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


def test_inherit_env(emulator):
    os.environ["MOTE_TEST_OUTSIDE"] = "1"
    os.environ["AWS_REGION"] = "outside"
    try:
        env = emulator("--inherit-env").ask(do="environment")["env"]
    finally:
        del os.environ["AWS_REGION"]
    assert env["MOTE_TEST_OUTSIDE"] == "1"
    assert env["AWS_REGION"] == "us-east-1"


def test_timeout_kills(emulator):
    one = emulator("--timeout", "300ms", "--concurrency", "1")
    pid = one.ask(do="describe")["pid"]
    begin = time.monotonic()
    kind, message = error_of(one.invoke({"ms": 5000}))
    assert 0.25 < time.monotonic() - begin < 2
    assert kind == "Sandbox.Timedout"
    assert re.fullmatch(
        r"RequestId: \S+ Error: "
        r"Task timed out after 0\.30 seconds",
        message,
    )
    assert one.ask(do="describe")["pid"] != pid
    assert not is_alive(pid)
    assert re.search(
        r"^\d{4}-\d\d-\d\dT\S+Z \S+ "
        r"Task timed out after 0\.30 seconds$",
        one.log(),
        re.M,
    )


def test_default_timeout_text(tmp_path, emulator):
    one = emulator()
    begin = time.monotonic()
    kind, message = error_of(one.invoke({"ms": 10000}))
    assert 2.9 < time.monotonic() - begin < 5
    assert kind == "Sandbox.Timedout"
    assert message.endswith("Task timed out after 3.00 seconds")


def test_init_timeout(emulator):
    one = emulator("--init-timeout", "300ms", command=[*PYTHON, FAKE, "hang-in-init"])
    kind, message = error_of(one.invoke())
    assert kind == "Sandbox.Timedout"
    assert message.endswith("Task timed out after 0.30 seconds")


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
    one = emulator(command=[*PYTHON, FAKE, what])
    for _ in range(2):
        kind, message = error_of(one.invoke())
        assert kind == "Runtime.ExitError" and message.endswith(text)
    assert len(one.lines("START")) == len(one.lines("REPORT")) == 2


@pytest.mark.parametrize("what", ["init-error", "init-error-and-stay"])
def test_init_error(emulator, what):
    one = emulator("--concurrency", "1", command=[*PYTHON, FAKE, what])
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
    other.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", b"last")
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


def test_freeze(emulator):
    one = emulator("--freeze")
    pid = one.ask(do="describe")["pid"]
    wait_for(lambda: state_of(pid) == "T")
    assert one.ask(do="describe") | {"headers": 0} == {
        "pid": pid,
        "count": 2,
        "headers": 0,
        "chunks": None,
        "bytes": 18,
        "reads": 3,
    }
    wait_for(lambda: state_of(pid) == "T")


def test_frozen_process_is_killed_at_the_end(emulator):
    one = emulator("--freeze")
    pid = one.ask(do="describe")["pid"]
    wait_for(lambda: state_of(pid) == "T")
    with one:
        pass
    assert not is_alive(pid)


def test_what_a_process_started_dies_with_it(emulator):
    one = emulator("--timeout", "300ms", command=[*PYTHON, FAKE, "leave-a-child"])
    pid = one.ask(do="describe")["pid"]
    wait_for(lambda: len(children(pid)) == 1)
    child = children(pid)[0]
    error_of(one.invoke({"ms": 5000}))
    wait_for(lambda: not is_alive(pid) and not is_alive(child))


def test_nothing_outlives_a_killed_emulator(emulator):
    one = emulator()
    pid = one.ask(do="describe")["pid"]
    one.process.kill()
    one.process.wait(10)
    wait_for(lambda: not is_alive(pid))
    one.process = subprocess.Popen(["true"])  # for the fixture


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
    one = emulator(command=[*PYTHON, FAKE, "ignore-sigterm"])
    pid = one.ask(do="describe")["pid"]
    begin = time.monotonic()
    one.process.send_signal(signal.SIGINT)
    assert one.process.wait(10) == 0
    assert 0.45 < time.monotonic() - begin < 2
    assert not is_alive(pid)


def test_second_signal_kills_at_once(emulator):
    one = emulator(command=[*PYTHON, FAKE, "ignore-sigterm"])
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
        stat = pathlib.Path(f"/proc/{one.process.pid}/stat").read_text()
        return sum(map(int, stat.rsplit(")", 1)[1].split()[11:13]))

    with Http(one.front) as http:  # an idle and a half-closed connection
        http.sock.shutdown(socket.SHUT_WR)
        with Http(one.web):
            before = ticks()
            time.sleep(0.5)
            assert ticks() - before <= 1


# ---- HTTP as events -------------------------------------------------------

CONTEXT_V2 = {
    "accountId": "123456789012",
    "apiId": "emulator",
    "domainName": "emulator.execute-api.us-east-1.amazonaws.com",
    "domainPrefix": "emulator",
    "routeKey": "$default",
    "stage": "$default",
}


class Shape:
    """An emulator with that shape; what it made of a request."""

    def __init__(self, emulator):
        self.emulator = emulator

    def event(self, method="GET", path="/", body=None, headers=()):
        """Through an echo: the function answers with the event itself."""
        with Http(self.emulator.web, 20) as http:
            answer = http.call(method, path, body, headers)
        request_id = answer.headers["x-amzn-requestid"]
        found = wait_for(
            lambda: re.search(rf"^EVENT {request_id} (.*)$", self.emulator.log(), re.M)
        )
        return json.loads(found[1]), http, answer


LOGGER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from fake_runtime import *
api = Runtime(os.environ["AWS_LAMBDA_RUNTIME_API"], None)
while True:
    event = api.next()
    request_id = event.headers["lambda-runtime-aws-request-id"]
    if len(event.body) < 100000:
        print("EVENT", request_id, event.body.decode(), flush=True)
    api.respond(request_id, b'{"statusCode": 200}')
"""


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """Shapes by name and options, each started when first asked for."""
    made = {}
    tmp = tmp_path_factory.mktemp("shapes")
    program = tmp / "logger.py"
    program.write_text(LOGGER)

    def get(name, *options):
        key = (name, *options)
        if key not in made:
            made[key] = Shape(
                Emulator(
                    tmp,
                    "--http-shape",
                    name,
                    *options,
                    "--quiet",
                    command=[*PYTHON, str(program), os.path.dirname(FAKE)],
                )
            )
        return made[key]

    yield get
    for one in made.values():
        with one.emulator:
            pass


def check_times(context, clock, epoch):
    assert abs(context.pop(epoch) - time.time() * 1000) < 60000
    assert re.fullmatch(r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000", context.pop(clock))


FORWARDED = {
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-port": "443",
    "x-forwarded-proto": "https",
}


@pytest.mark.parametrize("name", ["http2", "url"])
def test_v2_event(shapes, name):
    with_query = "/a%20b/c?x=1&y=%41+%2B&x=2&flag&&=v"
    event, http, answer = shapes(name).event(
        "POST",
        with_query,
        b"text \xc3\xbc",
        {
            "X-Custom": "One",
            "User-Agent": "me/1",
            "Cookie": "a=1; b=2;c=3",
            "Content-Type": "text/plain",
            "x-custom": "Two",
            "Connection": "keep-alive",
        },
    )
    context = event.pop("requestContext")
    check_times(context, "time", "timeEpoch")
    assert context.pop("requestId") == answer.headers["x-amzn-requestid"]
    assert context.pop("http") == {
        "method": "POST",
        "path": "/a%20b/c",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "me/1",
    }
    assert context == CONTEXT_V2 | (
        {}
        if name == "http2"
        else {"accountId": "anonymous", "domainName": "emulator.lambda-url.us-east-1.on.aws"}
    )
    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/a%20b/c",
        "rawQueryString": "x=1&y=%41+%2B&x=2&flag&&=v",
        "cookies": ["a=1", "b=2", "c=3"],
        "headers": {
            "host": http.address,
            "x-custom": "One,Two",
            "user-agent": "me/1",
            "content-type": "text/plain",
            "content-length": "7",
        }
        | FORWARDED,
        "queryStringParameters": {"x": "1,2", "y": "A +", "flag": "", "": "v"},
        "body": "text ü",
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("name", ["http2", "url"])
def test_v2_leaves_out_what_is_not_there(shapes, name):
    event, _, _ = shapes(name).event()
    assert sorted(event) == [
        "headers",
        "isBase64Encoded",
        "rawPath",
        "rawQueryString",
        "requestContext",
        "routeKey",
        "version",
    ]
    assert event["rawQueryString"] == ""
    assert event["isBase64Encoded"] is False
    assert event["requestContext"]["http"]["userAgent"] == ""


def test_v2_stage(shapes):
    event, _, _ = shapes("http2", "--stage", "test").event(path="/p")
    assert event["requestContext"]["stage"] == "test"
    assert event["rawPath"] == "/p"


IDENTITY = {
    name: None
    for name in (
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "user",
        "userArn",
    )
}


@pytest.mark.parametrize("name", ["rest", "http1"])
def test_v1_event(shapes, name):
    event, http, answer = shapes(name).event(
        "PUT",
        "/p/q?x=1&y=%41+&x=2",
        b'{"a": 1}',
        {
            "X-Custom": "One",
            "User-Agent": "me/1",
            "x-custom": "Two",
            "Content-Type": "application/json",
        },
    )
    request_id = answer.headers["x-amzn-requestid"]
    context = event.pop("requestContext")
    check_times(context, "requestTime", "requestTimeEpoch")
    rest = name == "rest"
    assert context == {
        "accountId": "123456789012",
        "apiId": "emulator",
        "authorizer": None,
        "domainName": "emulator.execute-api.us-east-1.amazonaws.com",
        "domainPrefix": "emulator",
        "extendedRequestId": request_id,
        "requestId": request_id,
        "httpMethod": "PUT",
        "resourceId": None,
        "identity": IDENTITY | {"sourceIp": "127.0.0.1", "userAgent": "me/1"},
        "path": "/prod/p/q" if rest else "/p/q",
        "protocol": "HTTP/1.1",
        "resourcePath": "/p/q",
        "stage": "prod" if rest else "$default",
    }
    single = {
        "Host": http.address,
        "X-Custom": "Two",
        "User-Agent": "me/1",
        "Content-Type": "application/json",
        "Content-Length": "8",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    multi = {key: [value] for key, value in single.items()}
    multi["X-Custom"] = ["One", "Two"]
    assert event == ({} if rest else {"version": "1.0"}) | {
        "resource": "/p/q",
        "path": "/p/q",
        "httpMethod": "PUT",
        "headers": single,
        "multiValueHeaders": multi,
        "queryStringParameters": {"x": "2", "y": "A "},
        "multiValueQueryStringParameters": {"x": ["1", "2"], "y": ["A "]},
        "pathParameters": None,
        "stageVariables": None,
        "body": '{"a": 1}',
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("name", ["rest", "http1"])
def test_v1_nulls(shapes, name):
    event, _, _ = shapes(name).event()
    assert event["body"] is None
    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None
    assert event["isBase64Encoded"] is False


def test_rest_stage(shapes):
    event, _, _ = shapes("rest", "--stage", "v9").event(path="/p")
    assert event["path"] == "/p"
    assert event["requestContext"]["path"] == "/v9/p"
    assert event["requestContext"]["stage"] == "v9"


ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/emulator/0123456789abcdef"


@pytest.mark.parametrize("multi", [False, True])
def test_alb_event(shapes, multi):
    event, http, _ = shapes("alb-multi" if multi else "alb").event(
        "POST",
        "/p?x=%41+b&x=2&y",
        b"<a/>",
        {"X-Custom": "One", "x-custom": "Two", "Content-Type": "application/xml; charset=utf-8"},
    )
    headers = {
        "host": http.address,
        "x-custom": "Two",
        "content-type": "application/xml; charset=utf-8",
        "content-length": "4",
    } | FORWARDED
    lists = {key: [value] for key, value in headers.items()}
    lists["x-custom"] = ["One", "Two"]
    pairs = (
        {
            "multiValueHeaders": lists,
            "multiValueQueryStringParameters": {"x": ["%41+b", "2"], "y": [""]},
        }
        if multi
        else {"headers": headers, "queryStringParameters": {"x": "2", "y": ""}}
    )
    assert (
        event
        == {
            "requestContext": {"elb": {"targetGroupArn": ARN}},
            "httpMethod": "POST",
            "path": "/p",
            "body": "<a/>",
            "isBase64Encoded": False,
        }
        | pairs
    )


@pytest.mark.parametrize("multi", [False, True])
def test_alb_without_anything(shapes, multi):
    event, _, _ = shapes("alb-multi" if multi else "alb").event()
    assert event["body"] == "" and event["isBase64Encoded"] is False
    assert event["multiValueQueryStringParameters" if multi else "queryStringParameters"] == {}


TEXTS = [
    "text/plain",
    "TEXT/CSV; charset=utf-8",
    "application/json",
    "application/json; charset=utf-8",
    "application/javascript",
    "application/xml",
    "Application/XML ; x=y",
]
BINARIES = [
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "image/png",
    "application/jsonx",
    "application/vnd.a+json",
    "multipart/form-data; boundary=x",
    None,
]


@pytest.mark.parametrize("name", ["http2", "url", "http1", "rest", "alb", "alb-multi"])
def test_bodies(shapes, name):
    def body_for(type_, data, **more):
        headers = ({"Content-Type": type_} if type_ else {}) | more
        event, _, _ = shapes(name).event("POST", "/", data, headers)
        return event["body"], event["isBase64Encoded"]

    for type_ in TEXTS:
        assert body_for(type_, b"\xc3\xbc\n\0") == ("ü\n\0", False), type_
    for type_ in BINARIES:
        expected = ("k=v", False) if name == "rest" else ("az12", True)
        assert body_for(type_, b"k=v") == expected, type_
    for n in range(1, 5):
        data = bytes([255 - n] * n)
        expected = (
            ("\ufffd" * n, False) if name == "rest" else (base64.b64encode(data).decode(), True)
        )
        assert body_for("text/plain", data) == expected
    coded = body_for("text/plain", b"k=v", **{"Content-Encoding": "gzip"})
    assert coded == (("az12", True) if name.startswith("alb") else ("k=v", False))


@pytest.mark.parametrize("name", ["http2", "rest", "alb"])
def test_odd_requests(shapes, name):
    """Nothing of it may end the emulator, whatever the event looks like."""
    shape = shapes(name)
    for path in (
        "/%",
        "/?%",
        "/?%4",
        "/?%zz=%",
        "/?=&=&&",
        "/?a=b=c",
        "/?" + "a=%00%ff&" * 200,
        "/" + "x" * 20000,
        "/a?b?c",
        "*",
        "http://host/absolute?x=1",
        "/?x=%F0%9F%98%80",
    ):
        shape.event("GET", path)
    for value in ("", ";", "; ;", "a", "a=1;", "\xfc\xff", '"\\'):
        shape.event("GET", "/", None, {"Cookie": value, "X": value})
    event, _, _ = shape.event("OPTIONS", "/?x=%F0%9F%98%80")
    key = "queryStringParameters"
    assert event[key]["x"] == ("%F0%9F%98%80" if name == "alb" else "😀")


def test_too_many_parameters(shapes):
    shape = shapes("http2")
    with Http(shape.emulator.web) as http:
        assert http.call("GET", "/?" + "a&" * 512).status == 200
        assert http.call("GET", "/?" + "a&" * 513).status == 400


def test_forwarded_headers_are_kept(shapes):
    event, _, _ = shapes("http2").event(
        headers={"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "http"}
    )
    assert event["headers"]["x-forwarded-for"] == "1.2.3.4"
    assert event["headers"]["x-forwarded-proto"] == "http"
    assert event["headers"]["x-forwarded-port"] == "443"


def test_trace_id_reaches_the_runtime(emulator):
    one = emulator(
        "--http-shape",
        "rest",
        command=[
            *PYTHON,
            "-c",
            LOGGER.replace("event.body.decode()", "event.headers"),
            os.path.dirname(FAKE),
        ],
    )
    one.http(headers={"X-Amzn-Trace-Id": "Root=1"})
    assert "'lambda-runtime-trace-id': 'Root=1'" in one.log()


@pytest.mark.parametrize(
    "name, data, limit",
    [
        ("http2", b"x", LIMIT),
        ("url", b"\xff", LIMIT * 3 // 4),
        ("rest", b'"', LIMIT // 2),
        ("alb", b"x", 1048576),
    ],
)
def test_http_body_limit(shapes, name, data, limit):
    """What does not fit into an event, base64 and escapes counted."""
    shape = shapes(name)
    headers = {"Content-Type": "text/plain"}
    near = limit if name == "alb" else limit - 2000
    with Http(shape.emulator.web, 20) as http:
        assert http.call("POST", "/", data * near, headers).status == 200
        answer = http.call("POST", "/", data * (limit + 1), headers)
        assert answer.status == 413
        assert http.is_closed()


# ---- replies as HTTP ------------------------------------------------------

FAILED = {
    "http2": (500, b'{"message":"Internal Server Error"}'),
    "http1": (502, b'{"message": "Internal server error"}'),
    "rest": (502, b'{"message": "Internal server error"}'),
    "url": (502, b"Internal Server Error"),
    "alb": (502, b"<html>"),
    "alb-multi": (502, b"<html>"),
}
ALL = sorted(FAILED)
V2 = ["http2", "url"]

REPLIER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from fake_runtime import *
api = Runtime(os.environ["AWS_LAMBDA_RUNTIME_API"], None)
while True:
    event = api.next()
    request_id = event.headers["lambda-runtime-aws-request-id"]
    given = json.loads(event.body)
    body = base64.b64decode(given["body"]) if given[
        "isBase64Encoded"] else given["body"].encode()
    if body == b"fail":
        api.fail(request_id)
    elif body == b"exit":
        os._exit(1)
    else:
        api.respond(request_id, body)
"""


@pytest.fixture(scope="module")
def reply(tmp_path_factory):
    """reply(shape, value): the HTTP response to that reply of a function."""
    made = {}
    tmp = tmp_path_factory.mktemp("replies")
    program = tmp / "replier.py"
    program.write_text("import base64\n" + REPLIER)

    def get(name, value, method="POST"):
        if name not in made:
            made[name] = Emulator(
                tmp, "--http-shape", name, command=[*PYTHON, str(program), os.path.dirname(FAKE)]
            )
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        return made[name].http(method, "/", data, {"Content-Type": "application/json"})

    yield get
    for one in made.values():
        with one:
            pass


def headers_key(name):
    return "multiValueHeaders" if name == "alb-multi" else "headers"


def headers_value(name, values):
    return {key: [value] for key, value in values.items()} if name == "alb-multi" else values


@pytest.mark.parametrize("name", ALL)
def test_full_reply(reply, name):
    answer = reply(
        name,
        {
            "statusCode": 201,
            "body": 'täxt "x"\n',
            "isBase64Encoded": False,
            headers_key(name): headers_value(name, {"Content-Type": "text/x", "X-A": "1"}),
        },
    )
    assert answer.status == 201
    assert answer.body == 'täxt "x"\n'.encode()
    assert answer.headers["content-type"] == "text/x"
    assert answer.headers["x-a"] == "1"
    assert answer.headers["content-length"] == "10"


@pytest.mark.parametrize("name", ALL)
def test_base64_reply(reply, name):
    data = bytes(range(256))
    answer = reply(
        name, {"statusCode": 200, "isBase64Encoded": True, "body": base64.b64encode(data).decode()}
    )
    assert (answer.status, answer.body) == (200, data)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"body": None},
        {"body": ""},
        {"body": "", "isBase64Encoded": True},
        {"headers": None},
        {"isBase64Encoded": None},
    ],
)
def test_empty_replies(reply, name, body):
    if name == "alb-multi":
        body = {k: v for k, v in body.items() if k != "headers"}
    answer = reply(name, {"statusCode": 204} | body)
    assert (answer.status, answer.body) == (204, b"")
    answer = reply(name, {"statusCode": 404} | body)
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize(
    "name, expected",
    [
        ("http2", "text/plain;charset=UTF-8"),
        ("http1", "text/plain;charset=UTF-8"),
        ("rest", "application/json"),
        ("url", "application/json"),
        ("alb", None),
        ("alb-multi", None),
    ],
)
def test_default_content_type(reply, name, expected):
    answer = reply(name, {"statusCode": 200, "body": "x"})
    assert answer.headers.get("content-type") == expected


MALFORMED = [
    b"no json",
    b"",
    b'{"statusCode": 200',
    {"statusCode": "200"},
    {"statusCode": None},
    {"statusCode": 99},
    {"statusCode": 600},
    {"statusCode": 100},
    {"statusCode": 200.5},
    {"statusCode": -200},
    {"statusCode": 200, "body": {"a": 1}},
    {"statusCode": 200, "body": 1},
    {"statusCode": 200, "body": "!", "isBase64Encoded": True},
    {"statusCode": 200, "isBase64Encoded": "true"},
    {"statusCode": 200, "headers": "x"},
    {"statusCode": 200, "headers": []},
    {"statusCode": 200, "headers": {"A": {}}},
    {"statusCode": 200, "headers": {"A b": "1"}},
    {"statusCode": 200, "headers": {"": "1"}},
    {"statusCode": 200, "headers": {"A": "1\r\nB: 2"}},
    {"statusCode": 200, "headers": {"A": "\u0000"}},
    {"statusCode": 200, "headers": {f"A{i}": "x" * 60 for i in range(2000)}},
]


@pytest.mark.parametrize("name", ALL)
def test_malformed_replies(reply, name):
    status, body = FAILED[name]
    for value in MALFORMED:
        if name == "alb-multi" and isinstance(value, dict) and "headers" in value:
            value = {"statusCode": 200, "multiValueHeaders": value["headers"]}
        answer = reply(name, value)
        assert answer.status == status, value
        assert answer.body.startswith(body), value
        assert "x-amzn-requestid" in answer.headers


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("fault", [b"fail", b"exit"])
def test_function_errors_over_http(reply, name, fault):
    answer = reply(name, fault)
    assert answer.status == FAILED[name][0]
    assert answer.body.startswith(FAILED[name][1])


INFERRED = [
    b'{"a":1}',
    b"[1, 2]",
    b'"text"',
    b"12",
    b"null",
    b"true",
    b'{"body":"x","headers":{}}',
    b'{"nested":{"statusCode":1}}',
]


@pytest.mark.parametrize("name", ALL)
def test_reply_without_status(reply, name):
    for value in INFERRED:
        answer = reply(name, value)
        if name in V2:
            assert (answer.status, answer.body) == (200, value)
            assert answer.headers["content-type"] == "application/json"
        else:
            assert answer.status == FAILED[name][0]


@pytest.mark.parametrize("name", V2)
def test_cookies_become_headers(reply, name):
    answer = reply(name, {"statusCode": 200, "cookies": ["a=1; Path=/", "b=2"]})
    assert [v for k, v in answer.fields if k == "Set-Cookie"] == ["a=1; Path=/", "b=2"]
    for bad in ("a=1", {"a": 1}, [["a"]], ["a\nb"]):
        assert reply(name, {"statusCode": 200, "cookies": bad}).status == FAILED[name][0]


@pytest.mark.parametrize("name", ["rest", "http1"])
def test_multi_value_headers_win(reply, name):
    answer = reply(
        name,
        {
            "statusCode": 200,
            "headers": {"A": "single", "B": "b", "C": 1, "D": True, "E": None},
            "multiValueHeaders": {"a": ["1", "2"], "Set-Cookie": ["x", "y"]},
        },
    )
    assert [v for k, v in answer.fields if k.lower() == "a"] == ["1", "2"]
    assert [v for k, v in answer.fields if k == "Set-Cookie"] == ["x", "y"]
    assert answer.headers["b"] == "b"
    assert answer.headers["c"] == "1" and answer.headers["d"] == "true"
    assert "e" not in answer.headers
    assert reply(name, {"statusCode": 200, "multiValueHeaders": {"a": "1"}}).status == 502


@pytest.mark.parametrize("name", V2)
def test_v2_knows_no_multi_value_headers(reply, name):
    answer = reply(
        name,
        {"statusCode": 200, "headers": {"A": "1"}, "multiValueHeaders": {"A": ["2"], "B": ["3"]}},
    )
    assert answer.headers["a"] == "1" and "b" not in answer.headers


@pytest.mark.parametrize(
    "name, right, wrong",
    [
        ("alb", {"headers": {"A": "1"}}, {"multiValueHeaders": {"A": ["1"]}}),
        ("alb-multi", {"multiValueHeaders": {"A": ["1"]}}, {"headers": {"A": "1"}}),
    ],
)
def test_alb_wants_its_kind_of_headers(reply, name, right, wrong):
    assert reply(name, {"statusCode": 200} | right).headers["a"] == "1"
    assert reply(name, {"statusCode": 200} | wrong).status == 502
    both = reply(name, {"statusCode": 200} | wrong | right)
    assert (both.status, both.headers["a"]) == (200, "1")


@pytest.mark.parametrize("name", ["alb", "alb-multi"])
def test_alb_description_and_limit(reply, name):
    def reason(description):
        return reply(name, {"statusCode": 404, "statusDescription": description}).reason

    assert reason("404 No such thing") == "No such thing"
    assert reason("Gone fishing") == "Gone fishing"
    assert reason("") == "Not Found"
    assert reply(name, {"statusCode": 404, "statusDescription": "a\nb"}).status == 502


def test_alb_reply_limit(emulator):
    one = emulator(
        "--http-shape",
        "alb",
        command=[
            *PYTHON,
            "-c",
            LOGGER.replace(
                "b'{\"statusCode\": 200}'",
                "json.dumps({'statusCode': 200, 'body': 'x' * int("
                "json.loads(event.body)['path'][1:])}).encode()",
            ),
            os.path.dirname(FAKE),
        ],
    )
    around = len('{"statusCode": 200, "body": ""}')
    assert one.http(path=f"/{1048576 - around}").status == 200
    assert one.http(path=f"/{1048577 - around}").status == 502


@pytest.mark.parametrize("name", ["http2", "rest"])
def test_reason_is_not_taken_elsewhere(reply, name):
    assert reply(name, {"statusCode": 404, "statusDescription": "x"}).reason == "Not Found"


@pytest.mark.parametrize("name", ALL)
def test_framing_is_not_the_functions(reply, name):
    answer = reply(
        name,
        {
            "statusCode": 200,
            "body": "abc",
            headers_key(name): headers_value(
                name,
                {
                    "content-length": "999",
                    "Transfer-Encoding": "chunked",
                    "Connection": "close",
                    "Date": "x",
                },
            ),
        },
    )
    assert answer.body == b"abc"
    assert answer.headers["date"] != "x"
    assert "connection" not in answer.headers


def test_head_request(emulator):
    one = emulator(
        command=[
            *PYTHON,
            "-c",
            LOGGER.replace("200}", '200, "body": "abc"}'),
            os.path.dirname(FAKE),
        ]
    )
    with Http(one.web) as http:
        answer = http.call("HEAD", "/")
        assert answer.headers["content-length"] == "3"
        assert http.call("GET", "/").body == b"abc"


@pytest.mark.parametrize(
    "name, status", [("http2", 503), ("http1", 503), ("url", 429), ("rest", 502), ("alb", 502)]
)
def test_busy_over_http(emulator, name, status):
    one = emulator("--http-shape", name, "--concurrency", "1")
    call = one.later({"ms": 500})
    wait_for(lambda: one.lines("START"))
    assert one.http().status == status
    call.result(10)


# ---- schedules, once ------------------------------------------------------


def test_tick(emulator):
    one = emulator(
        "--tick",
        "200ms",
        "--max-invocations",
        "3",
        "--region",
        "eu-north-1",
        command=[*PYTHON, "-c", LOGGER, os.path.dirname(FAKE)],
    )
    begin = time.monotonic()
    assert one.process.wait(10) == 0
    assert 0.35 < time.monotonic() - begin < 3
    events = [json.loads(line.split(" ", 2)[2]) for line in one.lines("EVENT")]
    assert len(events) == 3
    for n, event in enumerate(events):
        assert ID.fullmatch(event.pop("id"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.pop("time"))
        assert event == {
            "version": "0",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "region": "eu-north-1",
            "detail": {"tick": n + 1},
            "resources": ["arn:aws:events:eu-north-1:123456789012:rule/emulator-tick"],
        }


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
        "POST:/p?q=1",
        "--http-shape",
        shape,
        "--",
        *PYTHON,
        "-c",
        LOGGER.replace(
            "b'{\"statusCode\": 200}'",
            "json.dumps({'statusCode': 200, 'body': event.body.decode()}).encode()",
        ),
        os.path.dirname(FAKE),
    )
    assert got.returncode == 0, got.stderr
    event = json.loads(got.stdout)
    assert event[path_key] == "/p"
    assert event["body"] == '{"a":1}'
    headers = {k.lower(): v for k, v in event["headers"].items()}
    assert headers["content-type"] == "application/json"
    assert event["queryStringParameters"] == {"q": "1"}


@pytest.mark.parametrize("status, code", [(200, 0), (204, 0), (302, 1), (404, 1), (500, 1)])
def test_once_over_http_judges_the_status(status, code):
    got = run(
        "--once",
        "",
        "--http",
        "GET:/",
        "--",
        *PYTHON,
        "-c",
        LOGGER.replace("200", str(status)),
        os.path.dirname(FAKE),
    )
    assert got.returncode == code
    assert got.stdout == b"\n"


def test_once_leaves_nobody_behind(tmp_path):
    file = tmp_path / "puppets"
    got = run("--once", "{}", "--init-timeout", "200ms", "--", *PYTHON, FAKE, "puppet", str(file))
    assert got.returncode == 1
    assert not is_alive(file.read_text().split()[1])
