"""tools/emulator, from outside: its two fronts, the Runtime API, processes.

Most tests let fake_runtime.py serve; those of the Runtime API start it as a puppet and speak to
the API themselves.
"""

import contextlib
import subprocess

import pytest
from emulator import DEFAULT, EMULATOR, ROOT, Emulator
from puppets import Stage


@pytest.fixture(scope="session", autouse=True)
def built():
    """Builds the emulator that is tested by default, when it is missing."""
    if EMULATOR == DEFAULT and not EMULATOR.exists():
        subprocess.run(["make", "-s", "build/host/emulator"], cwd=ROOT, check=True)


@pytest.fixture
def emulator(tmp_path):
    """Makes emulators that end with the test."""
    with contextlib.ExitStack() as running:
        yield lambda *options, **more: running.enter_context(Emulator(tmp_path, *options, **more))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One emulator for all the tests that need nothing special."""
    with Emulator(tmp_path_factory.mktemp("served")) as one:
        yield one


@pytest.fixture
def stage(tmp_path, emulator):
    """Makes emulators with puppets that end with the test."""
    made = []

    def make(*options):
        made.append(Stage(tmp_path, emulator, *options))
        return made[-1]

    yield make
    for one in made:
        for api in one.apis:
            api.close()
