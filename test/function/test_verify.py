"""MOTE_VERIFY: the hashes of a model that the executable carries."""

import subprocess

import pytest
from function import BOOTSTRAP, DEFAULT, EXEC, MACHINE, MODEL, ROOT, ROW
from test_decoded import ROW as WIDE_ROW
from test_decoded import model
from test_start import refuses

from mote.reader import read

REFUSED = "DATA: expected bytes that match its hash"


def damaged(executable: bytes, blob: bytes, at: int) -> bytes:
    """The executable, whose model is these bytes, with one bit of byte `at` of them wrong."""
    assert executable.count(blob) == 1
    at += executable.index(blob)
    return executable[:at] + bytes([executable[at] ^ 1]) + executable[at + 1 :]


def data_of(blob: bytes):
    return next(s for s in read(blob).sections if s.name == "DATA")


@pytest.fixture
def put(tmp_path, start):
    """Starts an executable of these bytes, with these variables."""

    def put(executable, **variables):
        path = tmp_path / "bootstrap"
        path.write_bytes(executable)
        path.chmod(0o755)
        return start(command=[*EXEC, path], **variables)

    return put


def linked(folder, blob: bytes) -> bytes:
    """An executable that carries this model, made in a folder of its own."""
    if BOOTSTRAP != DEFAULT or EXEC:
        pytest.skip("links what this machine's own release build is made of")
    (folder / "model.mote").write_bytes(blob)
    names = ("main.o", "source_embedded.o")
    parts = [f"build/{MACHINE}/core/function/{name}" for name in names]
    parts.append(f"build/{MACHINE}/libmote.a")
    subprocess.run(["make", "-s", "build"], cwd=ROOT, check=True)
    subprocess.run(
        ["gcc", "-static", "-s", f'-DMOTE_BLOB="{folder}/model.mote"', "-DMOTE_ALIGN=4096",
         "core/function/blob.S", *parts, "-o", folder / "bootstrap"],
        cwd=ROOT,
        check=True,
    )  # fmt: skip
    return (folder / "bootstrap").read_bytes()


@pytest.fixture(scope="module")
def coded(tmp_path_factory, built):
    """An executable that carries a model with coded weights, and the model."""
    blob = model()
    return linked(tmp_path_factory.mktemp("coded"), blob), blob


@pytest.mark.parametrize("value", [None, "never", "used", "always"])
def test_a_whole_model(api, put, value):
    put(BOOTSTRAP.read_bytes(), **({"MOTE_VERIFY": value} if value else {}))
    assert api.result(ROW)["label"] == "setosa"


@pytest.mark.parametrize("where", ["first", "last"])
def test_raw_weights_that_are_damaged(api, put, where):
    blob = MODEL.read_bytes()
    data = data_of(blob)
    at = data.offset + (0 if where == "first" else data.bytes - 1)
    error = refuses(api, put(damaged(BOOTSTRAP.read_bytes(), blob, at), MOTE_VERIFY="always"))
    assert error["errorType"] == "Runtime.ModelInvalid"
    assert error["errorMessage"].startswith(REFUSED)


def test_damage_that_nobody_asked_about(api, put):
    """Without the switch it is served: what the switch is for."""
    blob = MODEL.read_bytes()
    put(damaged(BOOTSTRAP.read_bytes(), blob, data_of(blob).offset))
    assert api.result(ROW)["label"] == "setosa"


@pytest.mark.parametrize("value", ["used", "always"])
def test_whole_coded_weights(api, put, coded, value):
    executable, blob = coded
    put(executable, MOTE_VERIFY=value)
    assert api.result(WIDE_ROW) == api.result(WIDE_ROW)


@pytest.mark.parametrize("part", range(8))
def test_coded_weights_that_are_damaged(api, put, coded, part):
    """One bit, in blocks from the first to the last."""
    executable, blob = coded
    largest = max(read(blob).tensors, key=lambda t: t.bytes)
    at = largest.offset + largest.bytes * (2 * part + 1) // 16
    error = refuses(api, put(damaged(executable, blob, at), MOTE_VERIFY="always"))
    assert error["errorType"] == "Runtime.ModelInvalid"
    assert error["errorMessage"].startswith(REFUSED)


@pytest.mark.parametrize("part", range(8))
def test_coded_weights_that_are_damaged_where_they_are_used(api, put, coded, part):
    """It starts, and every request that meets the block is an error: the first,
    which decodes tile by tile, and the second, which would keep copies."""
    executable, blob = coded
    largest = max(read(blob).tensors, key=lambda t: t.bytes)
    at = largest.offset + largest.bytes * (2 * part + 1) // 16
    put(damaged(executable, blob, at), MOTE_VERIFY="used", MOTE_INIT="wait")
    for _ in range(3):
        assert "ModelDamaged" in api.failure(WIDE_ROW)["errorType"]


def test_coded_weights_that_are_damaged_where_a_first_run_uses_them(api, put, coded):
    executable, blob = coded
    largest = max(read(blob).tensors, key=lambda t: t.bytes)
    wrong = damaged(executable, blob, largest.offset + largest.bytes // 2)
    variables = {"MOTE_VERIFY": "used", "MOTE_INIT": "warm", "AWS_LAMBDA_LOG_LEVEL": "WARN"}
    error = refuses(api, put(wrong, **variables))
    assert error["errorType"] == "Runtime.ModelInvalid"


@pytest.mark.parametrize("value", ["", "sometimes", "Always", "always "])
def test_values_that_are_unknown(put, value):
    function = put(BOOTSTRAP.read_bytes(), MOTE_VERIFY=value)
    assert function.wait() == 1
    (line,) = function.log()
    assert line["level"] == "FATAL"
    assert line["message"].startswith("MOTE_VERIFY: expected never, used or always, got ")
