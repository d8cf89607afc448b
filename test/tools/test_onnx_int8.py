"""int8 of ONNX models: files that ONNX Runtime's own tool quantized, in each of its
forms, and convolutional nets that are quantized here from calibration rows."""

import json
import math

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxruntime.quantization")
from onnxruntime import quantization as tool  # noqa: E402
from test_onnx import F32, Model, operators  # noqa: E402

from mote import calibrate, cli, config, explain, lower, verify  # noqa: E402
from mote.config import Config, Quantize, Usage, Verify  # noqa: E402
from mote.engine import Engine, Rejected  # noqa: E402
from mote.errors import Refusal  # noqa: E402
from mote.importers import import_file  # noqa: E402
from mote.reader import read  # noqa: E402
from mote.report.quantization import errors  # noqa: E402

FORMATS = [tool.QuantFormat.QDQ, tool.QuantFormat.QOperator]
TYPES = [tool.QuantType.QUInt8, tool.QuantType.QInt8]


def draw(rng, *shape) -> np.ndarray:
    """Weights that keep the size of what they are multiplied with."""
    return (rng.normal(size=shape) * math.sqrt(2 / math.prod(shape[1:]))).astype(np.float32)


def layer(m: Model, rng, x: str, count: int, channels: int, taps: int = 3, **more) -> str:
    weight = draw(rng, count, channels // more.get("group", 1), taps, taps)
    bias = (rng.normal(size=count) * 0.1).astype(np.float32)
    return m.op("Relu", m.op("Conv", x, weight, bias, **more))


def cnn(folder, channels: int = 8, size: int = 12, labels: int = 5):
    """Convolutions of every kind, a pool, and a layer behind them."""
    rng, m = np.random.default_rng(7), Model(x=["batch", 2, size, size])
    h = layer(m, rng, "x", channels, 2, pads=[1, 1, 1, 1])
    h = layer(m, rng, h, 2 * channels, channels, strides=[2, 2], pads=[0, 1, 1, 0])
    h = layer(m, rng, h, 2 * channels, 2 * channels, pads=[1, 1, 1, 1], group=2 * channels)
    h = layer(m, rng, h, 2 * channels, 2 * channels, 1, group=2)
    h = m.op("MaxPool", h, kernel_shape=[2, 2], strides=[2, 2])
    h = layer(m, rng, h, 4 * channels, 2 * channels, dilations=[1, 2], pads=[1, 2, 1, 2])
    h = m.op("Flatten", m.op("GlobalAveragePool", h))
    y = m.op("MatMul", h, 3 * draw(rng, labels, 4 * channels).T.copy())
    return m.save(folder, (y, F32, ["batch", labels]))


def mlp(folder, labels: int = 4):
    rng, m = np.random.default_rng(8), Model(x=["batch", 20])
    h = m.op("Relu", m.op("Gemm", "x", draw(rng, 32, 20), draw(rng, 32, 1)[:, 0], transB=1))
    h = m.op("Tanh", m.op("MatMul", h, draw(rng, 24, 32).T.copy()))
    y = m.op("Gemm", h, draw(rng, labels, 24).T.copy(), draw(rng, labels, 1)[:, 0])
    return m.save(folder, (y, F32, ["batch", labels]))


def rows_of(shape, count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, *shape)).astype(np.float32)


class Calibration(tool.CalibrationDataReader):
    def __init__(self, rows: np.ndarray):
        self.rows = iter([{"x": row[None]} for row in rows])

    def get_next(self):
        return next(self.rows, None)


def static(path, shape, form, activations, per_channel: bool, **more):
    out = path.with_name("quantized.onnx")
    tool.quantize_static(
        str(path), str(out), Calibration(rows_of(shape, 50)), quant_format=form,
        activation_type=activations, weight_type=tool.QuantType.QInt8, per_channel=per_channel,
        **more,
    )  # fmt: skip
    return out


def held(imported, shape, least: float = 0.99, count: int = 300) -> bytes:
    """The compiled file, whose labels are those of ONNX Runtime with the same
    quantized file; and within the limits of verify."""
    blob = lower.lower(imported, Config("t"), lower.choose_precision(imported.graph)).to_bytes()
    assert blob == lower.lower(imported, Config("t"), "float32").to_bytes()
    rows = rows_of(shape, count, seed=2).reshape(count, -1).astype(np.float64)
    _, want = imported.predict(rows)
    with Engine(blob) as engine:
        _, got = engine.rows(rows)
    best = np.sort(want, axis=1)  # of two that are equal either is right
    tie = best[:, -1] == best[:, -2]
    assert np.mean((got.argmax(1) == want.argmax(1)) | tie) >= least
    result = verify.verify(imported, blob, "float32", Verify(rows=100))
    assert result.passed, result.failures
    return blob


def names(blob: bytes) -> list[str]:
    return [op.name for op in read(blob).plans[0].operators]


# ------------------------------------------------------- quantized by the trainer


@pytest.mark.parametrize("per_channel", [False, True], ids=["tensor", "channel"])
@pytest.mark.parametrize("activations", TYPES, ids=lambda t: t.name)
@pytest.mark.parametrize("form", FORMATS, ids=lambda f: f.name)
def test_a_static_net_of_convolutions(tmp_path, form, activations, per_channel):
    """Every layer in int8 with the file's own scales, and with nothing between
    two layers that follow one another."""
    kinds = ["Conv", "MatMul", "Relu"]  # others become operators of ONNX Runtime's own
    path = static(
        cnn(tmp_path), (2, 12, 12), form, activations, per_channel, op_types_to_quantize=kinds
    )
    imported = import_file(str(path), Config("t"), False)
    blob, found = held(imported, (2, 12, 12)), names(held(imported, (2, 12, 12)))
    assert imported.kept == []
    assert (found.count("conv_fixed"), found.count("depthwise_fixed")) == (4, 1)
    assert found.count("dense_fixed") == 1 and "conv" not in found and "dense" not in found
    first = found.index("conv_fixed")
    assert found[first : first + 4] == ["conv_fixed", "conv_fixed", "depthwise_fixed", "conv_fixed"]
    reasons = {o["operator"]: o for o in explain.operators(read(blob))}
    assert reasons["conv_fixed"]["precision"] == reasons["depthwise_fixed"]["precision"] == "int8"
    assert "known before a run" in reasons["conv_fixed"]["reason"]


@pytest.mark.parametrize("activations", TYPES, ids=lambda t: t.name)
def test_a_static_net_with_all_its_operators_quantized(tmp_path, activations):
    path = static(cnn(tmp_path), (2, 12, 12), tool.QuantFormat.QDQ, activations, True)
    imported = import_file(str(path), Config("t"), False)
    found = names(held(imported, (2, 12, 12)))
    assert "conv" not in found and "dense" not in found and imported.kept == []


@pytest.mark.parametrize("per_channel", [False, True], ids=["tensor", "channel"])
@pytest.mark.parametrize("activations", TYPES, ids=lambda t: t.name)
def test_a_static_mlp(tmp_path, activations, per_channel):
    path = static(mlp(tmp_path), (20,), tool.QuantFormat.QDQ, activations, per_channel)
    imported = import_file(str(path), Config("t"), False)
    found = names(held(imported, (20,)))
    assert found.count("dense_fixed") == 3 and "dense" not in found


@pytest.mark.parametrize("per_channel", [False, True], ids=["tensor", "channel"])
def test_a_dynamic_mlp(tmp_path, per_channel):
    """DynamicQuantizeLinear, with a range for each row; Gemm as the tool writes it."""
    path = tmp_path / "dynamic.onnx"
    tool.quantize_dynamic(
        str(mlp(tmp_path)), str(path), per_channel=per_channel, weight_type=tool.QuantType.QInt8
    )
    imported = import_file(str(path), Config("t"), False)
    found = names(held(imported, (20,)))
    assert found.count("quantize_u8") == found.count("dense_u8") == 3 and "dense" not in found


def test_dynamic_weights_that_are_no_int8_stay_float32(tmp_path):
    path = tmp_path / "dynamic.onnx"
    tool.quantize_dynamic(str(mlp(tmp_path)), str(path), weight_type=tool.QuantType.QUInt8)
    imported = import_file(str(path), Config("t"), False)
    held(imported, (20,))
    assert imported.kept and all("MatMulInteger" in k for k in imported.kept)
    assert "further than 127 from their zero point" in imported.kept[0]


def test_a_dynamic_convolution_stays_float32(tmp_path):
    path = tmp_path / "dynamic.onnx"
    tool.quantize_dynamic(
        str(cnn(tmp_path)), str(path), weight_type=tool.QuantType.QInt8,
        op_types_to_quantize=["Conv"],
    )  # fmt: skip
    imported = import_file(str(path), Config("t"), False)
    assert "conv_fixed" not in operators(imported)
    assert imported.kept and "ConvInteger" in imported.kept[0]
    held(imported, (2, 12, 12))


STEP = 0.05


def between(m: Model, x: str, kind: str, *inputs, wanted: bool = True, **attributes) -> str:
    """A layer of what is dequantized, and its result on a grid."""
    zero = m.constant(120, np.uint8)
    x = m.op("QuantizeLinear", x, STEP, zero)
    x = m.op("DequantizeLinear", x, STEP, zero)
    y = m.op(kind, x, *inputs, **attributes)
    if not wanted:
        return y
    q = m.op("QuantizeLinear", y, STEP, zero)
    return m.op("DequantizeLinear", q, STEP, zero)


def dequantized(m: Model, weight: np.ndarray, zero, scale=0.01, **attributes) -> str:
    return m.op(
        "DequantizeLinear", m.constant(weight, weight.dtype), np.asarray(scale, np.float32),
        m.constant(zero, weight.dtype), **attributes,
    )  # fmt: skip


def test_what_stays_float32_is_named(tmp_path):
    """Each with its own reason, and the right answers all the same."""
    rng = np.random.default_rng(3)
    w = rng.integers(-100, 101, (6, 8)).astype(np.int8)

    def refused(why: str, make, runs: bool = True) -> None:
        m = Model(x=["batch", 6])
        y = make(m)
        path = m.save(tmp_path, (y, F32, ["batch", 8]), opset=19)
        imported = import_file(str(path), Config("t"), False)
        assert len(imported.kept) == 1 and why in imported.kept[0], imported.kept
        if runs:
            held(imported, (6,))

    refused("weights are not quantized", lambda m: between(m, "x", "MatMul", draw(rng, 8, 6).T))
    refused(
        "result is not quantized",
        lambda m: between(m, "x", "MatMul", dequantized(m, w, 0), wanted=False),
    )
    far = (w.astype(np.int16) + 150).clip(0, 255).astype(np.uint8)
    refused("further than 127", lambda m: between(m, "x", "MatMul", dequantized(m, far, 1)))
    refused(
        "another axis",
        lambda m: between(
            m, "x", "MatMul", dequantized(m, w, np.zeros(6), np.full(6, 0.01), axis=0)
        ),
        runs=False,  # ONNX Runtime does not take it
    )
    refused(
        "transA, alpha and beta", lambda m: between(m, "x", "Gemm", dequantized(m, w, 0), alpha=2.0)
    )


def test_a_weight_of_minus_128_is_not_cut_off(tmp_path):
    m = Model(x=["batch", 6])
    w = np.full((6, 8), -128, np.int8)
    y = between(m, "x", "MatMul", dequantized(m, w, 0))
    path = m.save(tmp_path, (y, F32, ["batch", 8]), opset=13)
    imported = import_file(str(path), Config("t"), False)
    assert len(imported.kept) == 1 and "dense_fixed" not in operators(imported)


@pytest.mark.parametrize("kind", ["Gemm", "Conv"])
def test_a_bias_of_weights_that_are_next_to_nothing(tmp_path, kind):
    """In their scale it is beyond 32 bits, where it was cut off."""
    m = Model(x=["batch", 6] if kind == "Gemm" else ["batch", 6, 2, 2])
    w = np.random.default_rng(6).integers(-100, 101, (6, 8)).astype(np.int8)
    scale = np.full(8, 0.01, np.float32)
    scale[[1, 5]] = 1e-13, 1e-9
    bias = np.array([0.5, -1.5, 0, 0, 0, 2.5, -0.5, 1], np.float32)
    shape = (8,) if kind == "Gemm" else (8, 2, 2)
    if kind == "Gemm":
        y = between(m, "x", kind, dequantized(m, w, np.zeros(8), scale, axis=1), bias)
    else:
        w = w.T.reshape(8, 6, 1, 1).copy()
        y = between(m, "x", kind, dequantized(m, w, np.zeros(8), scale, axis=0), bias)
    path = m.save(tmp_path, (y, F32, ["batch", *shape]), opset=13)
    imported = import_file(str(path), Config("t"), False)
    assert imported.kept == []
    rows = rows_of((6, *shape[1:]), 50).reshape(50, -1).astype(np.float64)
    with Engine(lower.lower(imported, Config("t"), "float32").to_bytes()) as engine:
        got = engine.rows(rows)[1].reshape(50, 8, -1)
    step = 0.05  # of the result's scale, half of which rounding may take
    assert np.abs(got[:, [1, 5]] - bias[[1, 5], None]).max() <= step


@pytest.mark.parametrize("scale", [0.0, -0.01])
def test_scales_that_are_not_above_0_stay_float32(tmp_path, scale):
    m = Model(x=["batch", 6])
    w = np.random.default_rng(6).integers(-100, 101, (6, 8)).astype(np.int8)
    of = np.array([0.01] * 7 + [scale], np.float32)
    y = between(m, "x", "Gemm", dequantized(m, w, np.zeros(8), of, axis=1), np.ones(8, "f4"))
    imported = import_file(str(m.save(tmp_path, (y, F32, ["batch", 8]), opset=13)), Config("t"), 0)
    assert "a scale that is not a number above 0" in imported.kept[0]


def test_a_bias_of_the_rows_stays_float32(tmp_path):
    """[8][1] beside [8][8] is not the one of the outputs."""
    rng, m = np.random.default_rng(6), Model(x=[1, 8, 6])
    w = rng.integers(-100, 101, (6, 8)).astype(np.int8)
    x = m.op("Reshape", "x", m.constant([8, 6], np.int64))
    y = between(m, x, "Gemm", dequantized(m, w, 0), np.arange(8, dtype="f4")[:, None])
    y = m.op("Reshape", y, m.constant([1, 64], np.int64))
    imported = import_file(str(m.save(tmp_path, (y, F32, [1, 64]), opset=13)), Config("t"), 0)
    assert "its bias is not one for each output" in imported.kept[0]
    held(imported, (8, 6))


def test_a_row_with_a_nan_inside_is_named(tmp_path):
    """By its number, not by that of a pixel."""
    m = Model(x=["batch", 2, 4, 4])
    w = np.random.default_rng(6).integers(-100, 101, (8, 2, 3, 3)).astype(np.int8)
    y = between(m, m.op("Sqrt", "x"), "Conv", dequantized(m, w, 0))
    path = m.save(tmp_path, (y, F32, ["batch", 8, 2, 2]), opset=13)
    imported = import_file(str(path), Config("t"), False)
    assert "quantize_fixed" in operators(imported)
    rows = np.ones((5, 32))
    rows[3, 20] = -1
    with Engine(lower.lower(imported, Config("t"), "float32").to_bytes()) as engine:
        with pytest.raises(Rejected, match="row 3"):
            engine.rows(rows)


def test_results_that_others_read_as_well(tmp_path):
    """A sum before it is quantized is float32 to the one, and so to both."""
    rng, m = np.random.default_rng(4), Model(x=["batch", 6])
    zero = m.constant(120, np.uint8)
    x = m.op("DequantizeLinear", m.op("QuantizeLinear", "x", 0.05, zero), 0.05, zero)
    w = dequantized(m, rng.integers(-100, 101, (6, 8)).astype(np.int8), 0)
    y = m.op("MatMul", x, w)
    q = m.op("DequantizeLinear", m.op("QuantizeLinear", y, 0.05, zero), 0.05, zero)
    z = m.op("Add", m.op("Tanh", y), q)
    imported = import_file(str(m.save(tmp_path, (z, F32, ["batch", 8]), opset=13)), Config("t"), 0)
    assert "others read its result" in imported.kept[0]
    held(imported, (6,))


@pytest.mark.parametrize("high, int8", [(6.0, False), (100.0, True), (None, True)])
def test_clip_is_relu_where_int8_ends_first(tmp_path, high, int8):
    rng, m = np.random.default_rng(5), Model(x=["batch", 6])
    zero = m.constant(0, np.uint8)
    x = m.op("DequantizeLinear", m.op("QuantizeLinear", "x", 0.05, zero), 0.05, zero)
    w = dequantized(m, rng.integers(-100, 101, (6, 8)).astype(np.int8), 0, 0.02)
    ends = [0.0] if high is None else [0.0, high]
    y = m.op("Clip", m.op("MatMul", x, w), *(m.constant(e) for e in ends))
    y = m.op("DequantizeLinear", m.op("QuantizeLinear", y, 0.05, zero), 0.05, zero)
    imported = import_file(str(m.save(tmp_path, (y, F32, ["batch", 8]), opset=13)), Config("t"), 0)
    assert ("dense_fixed" in operators(imported)) == int8
    held(imported, (6,))


# ------------------------------------------------------------- quantized by mote


def large(folder):
    return cnn(folder, channels=24, size=16, labels=10)


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    path = large(tmp_path_factory.mktemp("net"))
    return import_file(str(path), Config("t"), False)


def answers(imported, rows: np.ndarray, precision: str = "int8"):
    blob = lower.lower(imported, Config("t"), precision).to_bytes()
    with Engine(blob) as engine:
        return engine.rows(rows)[1], blob


def relative(got: np.ndarray, want: np.ndarray) -> float:
    return float(np.sqrt(((got - want) ** 2).mean()) / want.std())


@pytest.mark.parametrize("method", config.METHODS)
def test_calibration(net, method):
    rows, other = (rows_of((2, 16, 16), 60, s).reshape(60, -1).astype("f8") for s in (3, 4))
    made = calibrate.quantized(net, rows, method, 99.99)
    got, blob = answers(made, other)
    _, want = net.predict(other)
    assert relative(got, want) < 0.05
    assert np.mean(got.argmax(1) == want.argmax(1)) >= 0.9
    found = names(blob)
    assert "conv_s8" not in found and found.count("conv_fixed") + found.count("conv") == 4
    assert "depthwise" in found and "depthwise_fixed" not in found
    # the same once more, to the byte
    again = calibrate.quantized(net, rows, method, 99.99)
    assert answers(again, other)[1] == blob


def test_methods_differ_where_there_are_outliers(net):
    """One row of sixty that is far from the others costs "minmax" a part of all steps;
    the others cut it off. A percentile of 100 cuts nothing."""
    rows = rows_of((2, 16, 16), 60, 5).reshape(60, -1).astype(np.float64)
    rows[0] *= 30
    usual = rows_of((2, 16, 16), 60, 6).reshape(60, -1).astype(np.float64)
    _, want = net.predict(usual)
    error = {}
    for method, percentile in (("minmax", 99.99), ("percentile", 98.0), ("mse", 99.99)):
        made = calibrate.quantized(net, rows, method, percentile)
        error[method] = relative(answers(made, usual)[0], want)
    assert error["percentile"] < error["minmax"] and error["mse"] <= error["minmax"] * 1.01
    values = calibrate.tensors_of(net.graph, calibrate.worth(net.graph))
    whole = calibrate.ranges_of(net, values, rows, "minmax", 0)
    cut = calibrate.ranges_of(net, values, rows, "percentile", 100.0)
    for v in values:
        assert cut[v] == pytest.approx(whole[v], abs=(whole[v][1] - whole[v][0]) / 2000)


def test_least_error_is_the_least():
    """Against every part of the range, by the numbers themselves."""
    x = np.random.default_rng(9).standard_t(3, size=20000)
    low, high = float(x.min()), float(x.max())
    found = calibrate.least_error(calibrate.histogram(x, low, high), low, high)

    def error(ends) -> float:
        grid = calibrate.grid_of(*ends)
        q = np.clip(np.rint(x / grid.scale) + grid.zero, -128, 127)
        return float(np.mean(((q - grid.zero) * grid.scale - x) ** 2))

    parts = [(low * p / 64, high * p / 64) for p in range(8, 65)]
    assert error(found) <= min(map(error, parts)) * 1.05
    assert found != (low, high)


@pytest.mark.parametrize("low, high", [(-1.0, 1.0), (0.0, 6.0), (-3.0, 0.0), (0.0, 0.0)])
def test_grids_have_zero_and_the_range(low, high):
    grid = calibrate.grid_of(low, high)
    ends = [(q - grid.zero) * grid.scale for q in (-128, 127)]
    assert -128 <= grid.zero <= 127
    assert ends[0] - grid.scale * 0.501 <= low and high <= ends[1] + grid.scale * 0.501


def folder_of(tmp_path, quantize: str):
    folder = tmp_path / "net"
    folder.mkdir()
    large(folder)
    (folder / "model.toml").write_text(
        '[model]\nsource = "model.onnx"\n[verify]\np99_error = 0.3\nmin_rank_correlation = 0.9\n'
        f"rows = 100\n{quantize}"
    )
    return folder


def test_compile_with_calibration_rows(tmp_path, capsys):
    """The whole way: the same bytes twice, verified, and reported layer by layer."""
    folder = folder_of(tmp_path, '[quantize]\ncalibration = "rows.csv"\nmethod = "percentile"\n')
    rows = rows_of((2, 16, 16), 40, 8).reshape(40, -1)
    (folder / "rows.csv").write_text("\n".join(",".join(map(repr, r.tolist())) for r in rows))
    assert cli.main(["compile", str(folder), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["precision"] == "int8"
    blob = (folder / "net.mote").read_bytes()
    assert "conv_fixed" in names(blob)
    assert cli.main(["compile", str(folder)]) == 0
    assert (folder / "net.mote").read_bytes() == blob
    assert cli.main(["verify", str(folder)]) == 0
    capsys.readouterr()
    assert cli.main(["report", str(folder), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    fixed = [t for t in report["tensors"]
             if any("_fixed" in r for r in t["read_by"]) and t["dtype"] == "s8"]  # fmt: skip
    assert fixed
    for t in fixed:
        assert t["quantization"]["relative_error"] < 0.02, t
        assert t["quantization"]["signal_to_noise_db"] > 30


def test_generated_calibration_rows(tmp_path):
    folder = folder_of(tmp_path, '[quantize]\nmethod = "mse"\nrows = 50\n')
    assert cli.main(["compile", str(folder)]) == 0
    assert "conv_fixed" in names((folder / "net.mote").read_bytes())


@pytest.mark.parametrize(
    "text, why",
    [
        ('method = "best"', "quantize.method: expected one of minmax, percentile, mse"),
        ("percentile = 50", "quantize.percentile: expected above 50 to 100"),
        ("rows = 0", "quantize.rows: expected 1 to 100000"),
        ('calibration = "none.csv"', "quantize.calibration: .*none.csv: no such file"),
        ("bins = 5", "has no key 'bins'"),
    ],
)
def test_wrong_keys(tmp_path, text, why):
    folder = folder_of(tmp_path, f"[quantize]\n{text}\n")
    with pytest.raises(Usage, match=why):
        config.read(folder)


def test_rows_that_are_not_finite_inside(net):
    rows = np.full((3, 512), 3e38)
    with pytest.raises(Refusal, match="not finite inside the model"):
        calibrate.quantized(net, rows, "minmax", 99.99)


def test_errors_of_a_trainers_own_int8(tmp_path):
    """Weights are those of the file, so nothing is lost of them."""
    path = static(
        cnn(tmp_path), (2, 12, 12), tool.QuantFormat.QDQ, tool.QuantType.QInt8, True,
        op_types_to_quantize=["Conv", "MatMul"],
    )  # fmt: skip
    imported = import_file(str(path), Config("t"), False)
    model = read(held(imported, (2, 12, 12)))
    found = errors(model, imported.graph)
    assert len(found) == 6
    assert all(e["relative_error"] < 1e-6 for e in found.values())


def test_inspect_says_what_stays_float32(tmp_path, capsys):
    path = tmp_path / "dynamic.onnx"
    tool.quantize_dynamic(str(mlp(tmp_path)), str(path), weight_type=tool.QuantType.QUInt8)
    assert cli.main(["inspect", str(path)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "further than 127 from their zero point" in text
    assert cli.main(["inspect", str(path), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["kept_in_float32"]) == 3


def test_report_says_what_stays_float32(tmp_path):
    path = tmp_path / "dynamic.onnx"
    tool.quantize_dynamic(str(mlp(tmp_path)), str(path), weight_type=tool.QuantType.QUInt8)
    assert cli.main(["compile", str(path)]) == 0
    assert cli.main(["report", str(path)]) == 0
    page = next(tmp_path.glob("*.html")).read_text()
    assert page.count("further than 127 from their zero point") == 3


def test_static_int8_of_one_row_is_that_of_many(net):
    """Scales that are known before a run do not depend on it."""
    rows = rows_of((2, 16, 16), 40, 10).reshape(40, -1).astype(np.float64)
    blob = answers(calibrate.calibrated(net, Quantize(rows=30)), rows)[1]
    with Engine(blob) as engine:
        whole = engine.rows(rows)[1]
        alone = np.vstack([engine.rows(row[None])[1] for row in rows])
    assert whole.tobytes() == alone.tobytes()
