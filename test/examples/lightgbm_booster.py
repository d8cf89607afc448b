"""python lightgbm_booster.py FOLDER: a LightGBM model of rows with texts and
gaps, in LightGBM's own text."""

import sys
from pathlib import Path

import lightgbm
from claims import ANSWERED, draw, write_answers

folder = Path(sys.argv[1])
rows, large = draw()
model = lightgbm.LGBMClassifier(n_estimators=60, verbose=-1, n_jobs=1).fit(rows, large)
model.booster_.save_model(folder / "model.txt")
asked = rows[:ANSWERED]
write_answers(folder, asked, model.predict(asked).tolist(), model.predict_proba(asked))
