"""What a cold start of iris may cost before the first byte of GET next, in
instructions and page faults; and that it opens no file on the way."""

import os
import re
import socket
import subprocess

import pytest
from conftest import ROOT

HOST = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
IRIS = ROOT / "build" / HOST / "iris" / "bootstrap"
FLOOR = ROOT / "build" / HOST / "floor"

INSTRUCTIONS = 20_000
FAULTS_BEYOND_FLOOR = 12


def until_next(command, hang_up=False, **popen):
    """Starts a program, waits for its GET next, ends it; what wait4 says.
    hang_up: by closing the connection, for a tracer that takes no signals."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        api = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % listener.getsockname()[1]}
        process = subprocess.Popen(command, env=api | popen.pop("env", {}), **popen)
        listener.settimeout(60)
        connection, _ = listener.accept()
        assert connection.recv(65536).startswith(b"GET /2018-06-01/runtime/invocation/next")
        if hang_up:
            connection.close()
            listener.close()
        else:
            process.terminate()
        _, _, usage = os.wait4(process.pid, 0)
        connection.close()
    return usage


def faults(program):
    runs = [until_next([program]) for _ in range(9)]
    return sorted(u.ru_minflt + u.ru_majflt for u in runs)[4]


def test_page_faults_before_next():
    ours, floor = faults(IRIS), faults(FLOOR)
    print(f"page faults before next: {ours}, of the floor program {floor}")
    assert ours - floor <= FAULTS_BEYOND_FLOOR


def test_instructions_before_next(tmp_path):
    out = tmp_path / "callgrind"
    # as many variables as Lambda sets
    env = {f"AWS_VARIABLE_{i}": "some value of usual length" for i in range(30)}
    until_next(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", f"{IRIS}.full"],
        env=env,
        stderr=subprocess.DEVNULL,
    )
    count = int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M).group(1))
    print(f"instructions before next: {count}")
    assert 1000 < count <= INSTRUCTIONS


def test_no_file_is_opened_before_next(tmp_path):
    log = tmp_path / "strace"
    if subprocess.run(["strace", "-o", log, "true"]).returncode:
        pytest.skip("strace may not trace here")
    until_next(["strace", "-o", log, str(IRIS)], hang_up=True)
    calls = re.findall(r"^(\w+)\(", log.read_text(), re.M)
    calls = calls[: calls.index("ppoll")]
    assert calls[0] == "execve" and "connect" in calls
    assert not {"open", "openat", "stat", "readlink", "access", "brk"} & set(calls)
    assert len(calls) <= 20, calls
