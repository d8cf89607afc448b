"""Reads skops files of estimators as they mostly are: objects of scikit-learn,
lists, texts, numbers and arrays. skops itself reads the others; it imports all
of scikit-learn first, which takes longer than to compile a small model.

What is built here is what skops would build: classes that scikit-learn defines
itself, made without their constructors. Nothing else in a file is run.
"""

import importlib
import io
import json
import sys
import types
import zlib
from contextlib import contextmanager
from zipfile import BadZipFile, ZipFile

import numpy as np

PROTOCOL = 2  # of skops' files
NO_ARRAY = 1 << 31  # bytes
# What json, zipfile, zlib and numpy raise; RuntimeError also of texts nested too deep.
DAMAGE = (OSError, EOFError, BadZipFile, zlib.error, LookupError, TypeError, ValueError,
          AttributeError, ImportError, RuntimeError)  # fmt: skip


class Other(Exception):
    """A file that skops has to read."""


def read(path: str):
    """The estimator in a file; Other if there is anything in it that is not
    built here, or if it is damaged."""
    try:
        with ZipFile(path) as file:
            text = file.read("schema.json")
            schema = json.loads(text)
            if schema.get("protocol") != PROTOCOL or b'"feature_names_in_"' in text:
                raise Other  # of a data frame: its answers are asked for with pandas
            with later("scipy.stats", "scipy.interpolate", "pandas"):
                return build(schema, file)
    except DAMAGE as e:
        raise Other from e


def build(node: dict, file: ZipFile):
    loader, content = node["__loader__"], node.get("content")
    if loader == "JsonNode":
        return json.loads(content)
    if loader in ("ListNode", "TupleNode") and node["__module__"] == "builtins":
        items = [build(item, file) for item in content]
        return tuple(items) if loader == "TupleNode" else items
    if loader == "DictNode" and node["__class__"] == "dict":
        keys = node["key_types"]["content"]
        if any((k["__module__"], k["__class__"]) != ("builtins", "str") for k in keys):
            raise Other
        return {key: build(value, file) for key, value in content.items()}
    if loader == "NdArrayNode" and node["type"] == "numpy":
        return array_of(node, file)
    if loader == "ObjectNode":
        return object_of(node, file)
    raise Other


def array_of(node: dict, file: ZipFile):
    if node["__module__"] != "numpy" or file.getinfo(node["file"]).file_size >= NO_ARRAY:
        raise Other
    array = np.load(io.BytesIO(file.read(node["file"])), allow_pickle=False)
    if node["__class__"] == "ndarray":
        return array
    kind = getattr(np, node["__class__"])
    if not (isinstance(kind, type) and issubclass(kind, np.generic)):
        raise Other
    return kind(array)


def object_of(node: dict, file: ZipFile):
    """An estimator, by the attributes that it was saved with."""
    if node["__module__"].split(".")[0] != "sklearn":
        raise Other
    kind = getattr(importlib.import_module(node["__module__"]), node["__class__"])
    from sklearn.base import BaseEstimator

    if not (isinstance(kind, type) and issubclass(kind, BaseEstimator)):
        raise Other
    if kind.__module__.split(".")[0] != "sklearn" or not isinstance(node["content"], dict):
        raise Other
    made = kind.__new__(kind)
    made.__setstate__(build(node["content"], file))
    return made


# ------------------------------------------------------- libraries of libraries


class Later(types.ModuleType):
    """Stands for a module: what is taken out of it imports it when used."""

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return Part(self.__name__, name)


class Part:
    """Something of a module, found when it is called or asked for a part."""

    def __init__(self, module: str, name: str):
        self.__dict__["_place"] = (module, name)

    def _found(self):
        module, name = self._place
        return getattr(importlib.import_module(module), name)

    def __getattr__(self, name: str):
        return getattr(self._found(), name)

    def __call__(self, *arguments, **named):
        return self._found()(*arguments, **named)


@contextmanager
def later(*names: str):
    """While scikit-learn is imported, modules that it imports and that a fitted
    estimator's answers mostly need nothing of: half of the time that it takes."""
    held = {n: Later(n) if "." in n else None for n in names if n not in sys.modules}
    sys.modules.update(held)
    try:
        yield
    finally:
        for name, stand_in in held.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]
