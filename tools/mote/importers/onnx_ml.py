"""Operators of ai.onnx.ml: linear models, trees, and what stands before and
behind them. Their results are those of ONNX Runtime, which says in a few places
more than the operators' documents do."""

import numpy as np

from mote.importers.onnx_build import Builder, Labels, Tensor, op
from mote.importers.onnx_file import Node
from mote.importers.onnx_trees import forest_of, forest_of_five

ML = "ai.onnx.ml"


def number(b: Builder, node: Node, i: int = 0) -> Tensor:
    """Of any type, as float32."""
    x = b.tensor(node, i)
    return x if x.dtype == "real" else b.like(x, b.graph.convert(x.value, "real"))


def vector(node: Node, key: str) -> np.ndarray | None:
    found = node.get(key)
    return None if found is None or len(found) == 0 else np.array(found, np.float32)


def rows_of(x: Tensor, b: Builder) -> Tensor:
    """[rows][features], of a single row also as [features]."""
    return b.unsqueeze(x, [0]) if len(x.shape) == 1 else x


# ------------------------------------------------------------------------ features


@op("Scaler", domain=ML)
def scaler(b: Builder, node: Node):
    x, offset, scale = number(b, node), vector(node, "offset"), vector(node, "scale")
    if offset is not None:
        x = b.with_array(x, offset, "-")
    return x if scale is None else b.with_array(x, scale, "*")


@op("Normalizer", domain=ML)
def normalizer(b: Builder, node: Node):
    x, kind = number(b, node), node.get("norm", "MAX")
    axis = [len(x.shape) - 1]
    if kind == "MAX":
        total = b.reduce(x, axis, "max")
    elif kind == "L1":
        total = b.reduce(b.map(x, "abs"), axis, "sum")
    elif kind == "L2":
        total = b.map(b.reduce(b.binary(x, x, "*"), axis, "sum"), "sqrt")
    else:
        raise node.refuse(f"norm: expected MAX, L1 or L2, got {kind!r}")
    zero = b.graph.compare(total.value, b.scalar(0.0), "==")
    total = b.like(total, b.graph.select(zero, b.scalar(1.0), total.value))
    y = b.binary(x, total, "/")
    b.graph.nodes[-1].attributes["probabilities"] = kind == "L1"
    return y


@op("Imputer", domain=ML)
def imputer(b: Builder, node: Node):
    x = number(b, node)
    values, what = vector(node, "imputed_value_floats"), node.get("replaced_value_float", 0.0)
    if values is None:
        values = vector(node, "imputed_value_int64s")
        what = float(node.get("replaced_value_int64", 0))
    if values is None:
        raise node.refuse("imputed_value_floats: expected numbers")
    if np.isnan(what):
        same = b.graph.compare(x.value, x.value, "==")
        is_it = b.graph.logic(same, b.scalar(True, "bool"), "xor")
    else:
        is_it = b.graph.compare(x.value, b.scalar(what), "==")
    if values.size == 1:
        return b.like(x, b.graph.select(is_it, b.scalar(values[0]), x.value))
    instead = b.arrange(b.expand(b.lift(node, values), x.shape), x.order)
    instead = b.graph.reshape(instead.value, x.value.dims)
    return b.like(x, b.graph.select(is_it, instead, x.value))


@op("Binarizer", domain=ML)
def binarizer(b: Builder, node: Node):
    x = number(b, node)
    below = b.graph.compare(x.value, b.scalar(node.get("threshold", 0.0)), "<=")
    return b.like(x, b.graph.select(below, b.scalar(0.0), b.scalar(1.0)))


@op("FeatureVectorizer", domain=ML)
def feature_vectorizer(b: Builder, node: Node):
    parts = [rows_of(number(b, node, i), b) for i in range(len(node.inputs))]
    return b.concat(parts, 1)


def matches(b: Builder, node: Node, x: Tensor, keys: np.ndarray) -> Tensor:
    """Which of the keys each number is: [..., keys] of 0 and 1."""
    if x.dtype == "s32":
        if np.any(keys != keys.astype(np.int32)):
            raise node.refuse("keys beyond 32 bits")
        keys = keys.astype(np.int32)
    x = b.unsqueeze(x, [len(x.shape)])
    x = b.expand(x, x.shape[:-1] + (len(keys),))
    other = b.arrange(b.expand(b.lift(node, keys), x.shape), x.order)
    other = b.graph.reshape(other.value, x.value.dims)
    same = b.graph.compare(x.value, other, "==")
    return b.like(x, b.graph.convert(same, "real"))


@op("OneHotEncoder", domain=ML)
def one_hot(b: Builder, node: Node):
    """Of numbers, which are cut to integers."""
    if node.get("cats_strings"):
        raise node.refuse("cats_strings: text cannot be compiled yet; give numbers")
    if not node.get("zeros", 1):
        raise node.refuse("zeros: expected 1, got 0, which fails for a category that is not known")
    x = b.tensor(node)
    if x.dtype != "s32":
        x = b.like(x, b.graph.convert(x.value, "s32"))
    return matches(b, node, x, np.array(node.get("cats_int64s"), np.int64))


# -------------------------------------------------------------------------- labels


def label_texts(values) -> tuple[list[str], bool]:
    """Names of classes, and whether they are numbers."""
    if isinstance(values, np.ndarray):
        values = values.reshape(-1).tolist()
    if all(isinstance(v, str) for v in values):
        return list(values), False
    return [repr(v).removesuffix(".0") for v in values], True


def tables(node: Node) -> tuple[list, list, object]:
    """Keys, values and the default of a LabelEncoder."""
    onnx_types = ("strings", "int64s", "floats")

    def found(what: str):
        for kind in onnx_types:
            if node.get(f"{what}_{kind}"):
                return node.get(f"{what}_{kind}"), kind
        tensor = node.get(f"{what}_tensor")
        if tensor is not None:
            from onnx import numpy_helper

            array = numpy_helper.to_array(tensor).reshape(-1)
            kind = {"f": "floats", "i": "int64s"}.get(array.dtype.kind, "strings")
            return array.tolist(), kind
        raise node.refuse(f"{what}: expected a list")

    keys, key_kind = found("keys")
    values, kind = found("values")
    default = node.get(f"default_{kind[:-1]}")
    if node.get("default_tensor") is not None:
        from onnx import numpy_helper

        default = numpy_helper.to_array(node.get("default_tensor")).reshape(-1)[0].item()
    if default is None:
        default = {"strings": "_Unused", "int64s": -1, "floats": -0.0}[kind]
    if len(keys) != len(values):
        raise node.refuse(f"expected a value for each of {len(keys)} keys, got {len(values)}")
    return [text_of(k) for k in keys], [text_of(v) for v in values], default


def text_of(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


@op("LabelEncoder", domain=ML)
def label_encoder(b: Builder, node: Node):
    if node.get("classes_strings"):
        raise node.refuse("version 1, with classes_strings: export it with a newer opset")
    keys, values, default = tables(node)
    x = b.input(node, 0)
    if isinstance(x, Labels):
        known = {label_texts([k])[0][0]: v for k, v in zip(keys, values)}
        names, numeric = label_texts([known.get(n, default) for n in x.names])
        return Labels(x.index, names, numeric)
    if any(isinstance(k, str) for k in keys):
        raise node.refuse("keys_strings: text cannot be compiled yet; give numbers")
    if any(k != k for k in keys):
        raise node.refuse("keys: a NaN")
    hits = matches(b, node, x, np.array(keys, np.float32 if x.dtype == "real" else np.int64))
    if isinstance(values[0], str):
        return named(b, node, hits, values, default)
    table, last = np.array(values, np.float64), len(hits.shape) - 1
    if np.any(table.astype(np.float32) != table):
        raise node.refuse("values: expected numbers that float32 has")
    y = b.squeeze(b.dense(hits, table[None] - default, [default]), [last])
    return y if isinstance(values[0], float) else b.like(y, b.graph.convert(y.value, "s32"))


def named(b: Builder, node: Node, hits: Tensor, values: list[str], default: str) -> Labels:
    """Texts by numbers: the answer, the default among them."""
    names = list(dict.fromkeys([*values, default]))
    last = len(hits.shape) - 1
    if hits.size != hits.shape[last]:
        raise node.refuse("several texts a row; expected one, the answer")
    at_default = names.index(default)
    weights = [names.index(v) - at_default for v in values]
    y = b.dense(hits, np.array([weights], np.float64), [float(at_default)])
    return Labels(b.like(y, b.graph.convert(y.value, "s32")), names, False)


@op("ArrayFeatureExtractor", domain=ML)
def array_feature_extractor(b: Builder, node: Node):
    x, index = b.input(node, 0), b.input(node, 1)
    if isinstance(index, np.ndarray):
        x = rows_of(b.tensor(node), b)
        return b.take(x, len(x.shape) - 1, index.reshape(-1))
    if not isinstance(x, np.ndarray):
        raise node.refuse("indices that depend on a row, of what depends on a row as well")
    if index.dtype != "s32":
        raise node.refuse(f"indices: expected integers, got {index.dtype}")
    names, numeric = label_texts(x)
    if index.size == 1 and len(set(names)) == len(names):
        return Labels(b.reshape(index, (1, 1)), names, numeric)
    if x.dtype.kind not in "f":
        raise node.refuse("several labels a row; expected one")
    hits = matches(b, node, index, np.arange(x.size))
    y = b.dense(hits, x.reshape(1, -1).astype(np.float64))
    return b.reshape(y, (1, index.size))


@op("ZipMap", domain=ML)
def zip_map(b: Builder, node: Node):
    return b.input(node, 0)  # the names are those of the labels


# ------------------------------------------------------------------- linear models


def transformed(b: Builder, node: Node, scores: Tensor) -> Tensor:
    """What stands behind a sum."""
    kind = node.get("post_transform", "NONE")
    if kind == "NONE":
        return scores
    if kind == "LOGISTIC":
        return b.map(scores, "sigmoid")
    if kind == "SOFTMAX":
        return b.softmax(scores, len(scores.shape) - 1)
    raise node.refuse(f"post_transform: expected NONE, LOGISTIC or SOFTMAX, got {kind}")


def marked(b: Builder, node: Node, t: Tensor, always: bool = False) -> Tensor:
    """Says that these scores are probabilities, where they are."""
    if always or node.get("post_transform", "NONE") in ("LOGISTIC", "SOFTMAX"):
        maker = b.maker(t.value)
        if maker is not None:
            maker.attributes["probabilities"] = True
    return t


@op("LinearRegressor", domain=ML)
def linear_regressor(b: Builder, node: Node):
    x, targets = rows_of(number(b, node), b), node.get("targets", 1)
    weight = vector(node, "coefficients").reshape(targets, -1)
    return transformed(b, node, b.dense(x, weight, vector(node, "intercepts")))


def classes_of(node: Node) -> tuple[list[str], bool]:
    for key in ("classlabels_strings", "classlabels_ints", "classlabels_int64s"):
        if node.get(key):
            return label_texts(node.get(key))
    raise node.refuse("classlabels: expected a list")


def chosen(b: Builder, node: Node, scores: Tensor) -> Labels:
    """The class of the first largest score."""
    if scores.shape[0] != 1:
        raise node.refuse(f"a fixed batch of {scores.shape[0]}, expected 1, or a symbol")
    index = b.graph.argmax(b.view(scores, 1, scores.shape[1]))
    return Labels(Tensor(index, (1,), (0,)), *classes_of(node))


@op("LinearClassifier", domain=ML)
def linear_classifier(b: Builder, node: Node):
    x, intercepts = rows_of(number(b, node), b), vector(node, "intercepts")
    names, _ = classes_of(node)
    weight = vector(node, "coefficients").reshape(-1, x.shape[1])
    if len(weight) == 1 and len(names) == 2:
        return second_of_two(b, node, b.dense(x, weight, intercepts))
    if len(weight) != len(names):
        raise node.refuse(f"{len(weight)} scores for {len(names)} labels")
    scores = b.dense(x, weight, intercepts)
    return [chosen(b, node, scores), marked(b, node, transformed(b, node, scores))]


def second_of_two(b: Builder, node: Node, s: Tensor) -> list:
    """One score, of the second of two classes: that class where it is above 0."""
    label = chosen(b, node, b.concat([constant_like(b, node, s, 0.0), s], 1))
    kind = node.get("post_transform", "NONE")
    if kind == "LOGISTIC":
        both = b.map(b.concat([b.map(s, "neg"), s], 1), "sigmoid")
        return [label, marked(b, node, both)]
    if kind != "NONE":
        raise node.refuse(f"post_transform: expected NONE or LOGISTIC for one score, got {kind}")
    return [label, b.concat([rest_of_one(b, s), s], 1)]


def constant_like(b: Builder, node: Node, t: Tensor, number: float) -> Tensor:
    return b.lift(node, np.full(t.shape, number, np.float32))


def rest_of_one(b: Builder, s: Tensor) -> Tensor:
    """1 - s"""
    return b.with_number(b.map(s, "neg"), "+", 1)


# --------------------------------------------------------------------------- trees


def summed(b: Builder, node: Node, forest, trees: int, base) -> Tensor:
    x = rows_of(number(b, node), b)
    value = b.graph.trees(b.view(x, *((x.shape[1],) if x.shape[0] == 1 else x.shape)), forest)
    y = b.resized(x, 1, value, forest.outputs)
    kind = node.get("aggregate_function", "SUM")
    if kind in ("AVERAGE", 0):
        y = b.with_number(y, "/", trees)
    elif kind not in ("SUM", 1):
        raise node.refuse(f"aggregate_function: expected SUM or AVERAGE, got {kind}")
    return y if base is None else b.with_array(y, base, "+")


@op("TreeEnsembleRegressor", domain=ML)
def tree_regressor(b: Builder, node: Node):
    x = rows_of(number(b, node), b)
    forest = forest_of(node, "target", node.get("n_targets", 1), x.shape[1])
    sums = summed(b, node, forest, len(forest.trees), vector(node, "base_values"))
    return transformed(b, node, sums)


@op("TreeEnsemble", domain=ML)
def tree_ensemble(b: Builder, node: Node):
    x = rows_of(number(b, node), b)
    forest = forest_of_five(node, x.shape[1])
    sums = summed(b, node, forest, len(forest.trees), None)
    kinds = {0: "NONE", 1: "SOFTMAX", 2: "LOGISTIC", 3: "SOFTMAX_ZERO", 4: "PROBIT"}
    node.attributes["post_transform"] = kinds.get(node.get("post_transform", 0))
    return transformed(b, node, sums)


def are_shares(forest) -> bool:
    """Whether each tree gives parts of the same whole, all of them 1."""
    if forest.targets is not None:
        return False
    totals = np.concatenate([t.value[t.left < 0].sum(axis=1) for t in forest.trees])
    return bool(np.allclose(totals * len(forest.trees), 1, atol=1e-4))


@op("TreeEnsembleClassifier", domain=ML)
def tree_classifier(b: Builder, node: Node):
    x, (names, _) = rows_of(number(b, node), b), classes_of(node)
    base, ids = vector(node, "base_values"), set(node.get("class_ids"))
    if len(names) == 2:
        if len(ids) > 1:
            raise node.refuse(
                "class_ids: two classes with scores of both, of which ONNX Runtime does not choose "
                "the larger one; export scores of one class, as converters do"
            )
        return one_of_two(b, node, x, base, ids.pop())
    forest = forest_of(node, "class", len(names), x.shape[1])
    if base is not None and len(base) != len(names):
        raise node.refuse(f"base_values: expected {len(names)}, got {len(base)}")
    sums = summed(b, node, forest, len(forest.trees), base)
    scores = transformed(b, node, sums)
    return [chosen(b, node, sums), marked(b, node, scores, always=are_shares(forest))]


def one_of_two(b: Builder, node: Node, x: Tensor, base, which: int) -> list:
    """One score of two classes. It is that of the second, whichever of them it
    is given for; it is chosen above 0, or above a half where no weight is below
    0, and so the weights are parts of 1. What the first gets is 0 if the score is
    given for the second, or else what is left of 1, or the score's negative."""
    if base is not None and (which == 1 or len(base) != 1):
        raise node.refuse("base_values: expected one, and class_ids of 0, for two classes")
    node.attributes["class_ids"] = [0] * len(node.get("class_ids"))
    forest = forest_of(node, "class", 1, x.shape[1])
    s = summed(b, node, forest, len(forest.trees), base)
    shares = min(node.get("class_weights")) >= 0
    border = constant_like(b, node, s, 0.5 if shares else 0.0)
    label, kind = chosen(b, node, b.concat([border, s], 1)), node.get("post_transform", "NONE")
    if which == 1:
        both = b.concat([constant_like(b, node, s, 0.0), s], 1)
        return [label, marked(b, node, transformed(b, node, both))]
    if kind == "LOGISTIC":
        both = b.concat([b.map(s, "neg"), s], 1)
        return [label, marked(b, node, transformed(b, node, both))]
    if kind not in ("NONE", "SOFTMAX"):
        raise node.refuse(f"post_transform: expected NONE, LOGISTIC or SOFTMAX, got {kind}")
    first = rest_of_one(b, s) if shares else b.map(s, "neg")
    both = b.concat([first, s], 1)
    if shares:
        b.maker(both.value).attributes["probabilities"] = True
    return [label, both]
