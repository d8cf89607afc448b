"""Rows of a made-up insurer: numbers, texts, and gaps in both. They are drawn,
not real, so that an example needs no download."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

REGIONS = ["north", "east", "south", "west"]
NUMBERS = ["age", "bmi", "children"]
TEXTS = ["region", "smoker"]
ANSWERED = 8  # rows whose answers are written beside a model


def draw(count: int = 2000, seed: int = 7) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows, and whether each claim was a large one."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "age": rng.integers(18, 80, count).astype(float),
            "bmi": rng.normal(27, 5, count).round(1),
            "children": rng.integers(0, 5, count).astype(float),
            "region": rng.choice(REGIONS, count),
            "smoker": rng.choice(["yes", "no"], count, p=[0.3, 0.7]),
        }
    )
    risk = (rows.age - 45) / 15 + (rows.bmi - 27) / 6 + 2.5 * (rows.smoker == "yes")
    large = (risk + (rows.region == "east") + rng.normal(0, 0.7, count) > 1.2).to_numpy()
    for name in ("bmi", "region"):
        rows.loc[rng.random(count) < 0.1, name] = np.nan
    for name in TEXTS:
        rows[name] = rows[name].astype("category")
    return rows, large.astype(int)


def write_answers(folder: Path, rows: pd.DataFrame, labels: list, scores: np.ndarray) -> None:
    """events: what to send; labels and scores: what the trainer says of them."""
    events = json.loads(rows.to_json(orient="records"))
    answers = {"events": events, "labels": labels, "scores": np.asarray(scores).tolist()}
    (folder / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")
