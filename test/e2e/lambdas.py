"""The two Lambdas that end-to-end tests run against: the project's emulator and
AWS's own Runtime Interface Emulator."""

import hashlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from conftest import ROOT

ARCH = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
BOOTSTRAP = ROOT / "build" / ARCH / "iris" / "bootstrap"
INVOKE = "/2015-03-31/functions/function/invocations"

# AWS's emulator comes as a binary inside this package.
SAM_CLI = "aws-sam-cli==1.170.0"
SAM_CLI_SHA256 = "24ebaf5ecba38dc1758089968cb89ab61e124b84e92a344fc7a2771a47f4d0bf"


class Lambda:
    """A process that serves the Invoke API, and perhaps an HTTP front."""

    def __init__(self, command, port, http_port=None, **popen):
        self.port, self.http_port = port, http_port
        self.process = subprocess.Popen(command, start_new_session=True, **popen)

    def request(self, method, path, body=None, headers=None, port=None):
        c = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        c.request(method, path, body, headers or {})
        response = c.getresponse()
        reply = response.read()
        c.close()
        return response, reply

    def invoke(self, event: bytes) -> bytes:
        response, reply = self.request("POST", INVOKE, event)
        assert response.status == 200, (response.status, reply[:300])
        return reply

    def http(self, method, path, body=None, headers=None):
        response, reply = self.request(method, path, body, headers, self.http_port)
        return response.status, reply

    def function_pid(self) -> int:
        """Of the bootstrap, a child of the emulator."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        pids = [int(p) for t in tasks for p in (t / children.name).read_text().split()]
        return next(p for p in pids if "bootstrap" in Path(f"/proc/{p}/cmdline").read_text())

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def start_emulator(log, *options, bootstrap=BOOTSTRAP) -> Lambda:
    port, http_port = free_port(), free_port()
    command = [ROOT / "build/host/emulator", "--port", str(port), "--http-port", str(http_port)]
    process = Lambda([*command, *options, bootstrap], port, http_port, stdout=log, stderr=log)
    wait_for(port)
    wait_for(http_port)
    return process


def rie() -> Path:
    """AWS's emulator, fetched once."""
    folder = ROOT / "build" / "rie"
    binary = folder / f"aws-lambda-rie-{ARCH}"
    if not binary.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, SAM_CLI]
        subprocess.run(fetch, check=True)
        package = next(folder.glob("aws_sam_cli-*.whl"))
        assert hashlib.sha256(package.read_bytes()).hexdigest() == SAM_CLI_SHA256
        with zipfile.ZipFile(package) as wheel:
            binary.write_bytes(wheel.read(f"samcli/local/rapid/{binary.name}"))
        binary.chmod(0o755)
    return binary


def start_rie(log, *bootstrap, **environment) -> Lambda:
    """bootstrap: a program and its arguments, iris when there is none."""
    port, api = free_port(), free_port()
    command = [
        rie(),
        "--runtime-interface-emulator-address",
        f"127.0.0.1:{port}",
        "--runtime-api-address",
        f"127.0.0.1:{api}",
        *(bootstrap or [BOOTSTRAP]),
    ]
    process = Lambda(command, port, env=os.environ | environment, stdout=log, stderr=log)
    wait_for(port)
    return process
