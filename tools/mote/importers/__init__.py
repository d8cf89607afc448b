"""Reads models as their trainers save them. Each module here knows one kind
of file and has a function

    import_file(path, config, trust_pickle) -> graph.Imported

which refuses by name what it cannot import exactly. The file's ending says
which module reads it.
"""

import importlib
from pathlib import Path

from mote.config import Config
from mote.errors import Refusal
from mote.graph import Imported

ENDINGS = {
    ".skops": "sklearn", ".joblib": "sklearn", ".pkl": "sklearn", ".pickle": "sklearn",
    ".json": "xgboost", ".ubj": "xgboost", ".ubjson": "xgboost", ".bst": "xgboost",
    ".txt": "lightgbm", ".lgb": "lightgbm", ".lightgbm": "lightgbm",
    ".onnx": "onnx_model",
}  # fmt: skip


def import_file(path: str, config: Config, trust_pickle: bool) -> Imported:
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        known = ", ".join(ENDINGS)
        raise Refusal(f"{path}: cannot tell what this is; expected a file ending in {known}")
    module = importlib.import_module(f"mote.importers.{ENDINGS[ending]}")
    return module.import_file(path, config, trust_pickle)
