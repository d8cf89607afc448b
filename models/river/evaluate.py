#!/usr/bin/env python3
"""What a forecaster is worth on the year that train.py held out, beside the last
value ("persistence") and the value a day before ("seasonal"): MAE, RMSE and
Nash-Sutcliffe efficiency at some hours, and whether both are beaten at every one.

    evaluate.py FOLDER [FILE.mote ...]

FOLDER is what train.py wrote; model.onnx in it is run by ONNX Runtime, each
.mote file by the engine. Exits with 1 unless every forecaster beats both.
"""

import sys
from pathlib import Path

import numpy as np

SHOWN = (1, 6, 12, 24, 48, 72, 96)
DAY = 24


def by_runtime(path: Path, windows: np.ndarray, hours: np.ndarray) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    parts = np.array_split(np.arange(len(windows)), max(1, len(windows) // 512))
    feeds = [{"discharge": windows[p], "hour": hours[p]} for p in parts]
    return np.concatenate([session.run(None, feed)[0] for feed in feeds])


def by_engine(path: Path, windows: np.ndarray, hours: np.ndarray) -> np.ndarray:
    from mote.engine import Engine

    model = Engine(path.read_bytes())
    rows = np.concatenate([windows.astype(np.float64), hours.astype(np.float64)], 1)
    return model.rows(rows)[1]


def seasonal(windows: np.ndarray, horizon: int) -> np.ndarray:
    """The last day, again and again."""
    return np.tile(windows[:, -DAY:], (1, -(-horizon // DAY)))[:, :horizon]


def measure(forecast: np.ndarray, came: np.ndarray):
    """MAE, RMSE, NSE of each hour."""
    error = forecast.astype(np.float64) - came
    squared = (error**2).mean(0)
    return np.abs(error).mean(0), np.sqrt(squared), 1 - squared / came.astype(np.float64).var(0)


def main() -> int:
    folder = Path(sys.argv[1])
    held = np.load(folder / "held_out.npz")
    windows, hours, came = held["discharge"], held["hour"], held["came"]
    horizon = came.shape[1]
    naive = {
        "persistence": np.repeat(windows[:, -1:], horizon, 1),
        "seasonal": seasonal(windows, horizon),
    }
    models = {"float32, ONNX Runtime": by_runtime(folder / "model.onnx", windows, hours)}
    models |= {f: by_engine(Path(f), windows, hours) for f in sys.argv[2:]}
    measured = {name: measure(f, came) for name, f in (naive | models).items()}

    print(f"{len(windows)} forecasts of {horizon} hours")
    for i, figure in enumerate(("MAE, m3/s", "RMSE, m3/s", "NSE")):
        print(f"\n| {figure} | " + " | ".join(f"{h} h" for h in SHOWN) + " |")
        print("|---" * (len(SHOWN) + 1) + "|")
        for name, found in measured.items():
            print(f"| {name} | " + " | ".join(f"{found[i][h - 1]:.3f}" for h in SHOWN) + " |")
    print()
    worse = 0
    for name in models:
        for i, figure in enumerate(("MAE", "RMSE")):
            bar = np.minimum(*(measured[n][i] for n in naive))
            lost = np.flatnonzero(measured[name][i] >= bar) + 1
            worse += len(lost)
            said = f"not at {lost.tolist()} h" if len(lost) else "at every hour"
            print(f"{name}: {figure} better than both {said}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
