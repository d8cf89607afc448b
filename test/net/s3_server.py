"""versitygw, a strict S3 server: it checks signature, clock, region and the
body's hash. Built once, from its module's pinned version."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from servers import free_port, wait_for

VERSITYGW = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
KEY, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-central-1"
GO = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")


def versitygw() -> Path:
    """Its program, under build/; minutes of compiling when it is not there."""
    folder = ROOT / "build" / "versitygw"
    if not (folder / "versitygw").exists():
        if not GO:
            pytest.skip("no Go to build versitygw with")
        subprocess.run([GO, "install", VERSITYGW], check=True, capture_output=True,
                       env=os.environ | {"GOBIN": str(folder)})  # fmt: skip
    return folder / "versitygw"


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
