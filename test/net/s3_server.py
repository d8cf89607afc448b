"""versitygw, a strict S3 server: it checks signature, clock, region and the
body's hash. The Makefile builds it, from its module's pinned version."""

import contextlib
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from servers import free_port, wait_for

KEY, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-central-1"


def versitygw() -> Path:
    path = ROOT / "build/versitygw/versitygw"
    if not path.exists():
        pytest.skip("no versitygw: `make ci` builds it where there is Go")
    return path


@contextlib.contextmanager
def s3_server(folder: Path, *options: str):
    """A server over `folder`, whose subfolders are buckets; yields its URL."""
    port = free_port()
    command = [versitygw(), "--port", f"127.0.0.1:{port}", "--region", REGION, "--access", KEY,
               "--secret", SECRET, "--quiet", *options, "posix", folder]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
