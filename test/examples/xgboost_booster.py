"""python xgboost_booster.py FOLDER: an XGBoost model of rows with texts and
gaps, in XGBoost's own binary JSON."""

import sys
from pathlib import Path

import xgboost
from claims import ANSWERED, draw, write_answers

folder = Path(sys.argv[1])
rows, large = draw()
model = xgboost.XGBClassifier(n_estimators=60, max_depth=4, enable_categorical=True)
model.fit(rows, large)
model.save_model(folder / "model.ubj")
asked = rows[:ANSWERED]
write_answers(folder, asked, model.predict(asked).tolist(), model.predict_proba(asked))
