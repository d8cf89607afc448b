"""Every transformer of scikit-learn that can be compiled, over random options,
in pipelines as people write them; and what they ask of the features."""

import json

import numpy as np
import pandas
import pytest
from sklearn import (
    compose,
    decomposition,
    ensemble,
    feature_selection,
    impute,
    linear_model,
    pipeline,
    preprocessing,
    svm,
    tree,
)
from sklearn_cases import Draw, check

from mote import config, lower
from mote.engine import Engine, library_path
from mote.errors import Refusal
from mote.importers import sklearn

pytestmark = [
    pytest.mark.skipif(not library_path().exists(), reason="the engine is not built: make engine"),
    pytest.mark.filterwarnings("ignore"),
]


def selection(d: Draw):
    return d.one(
        feature_selection.SelectKBest(k=2),
        feature_selection.SelectPercentile(percentile=60),
        feature_selection.VarianceThreshold(d.one(0.0, 0.5)),
        feature_selection.SelectFromModel(linear_model.LogisticRegression(), threshold="median"),
        feature_selection.RFE(linear_model.LogisticRegression(), n_features_to_select=2),
        feature_selection.SequentialFeatureSelector(
            linear_model.LogisticRegression(), n_features_to_select=2, cv=2
        ),
    )


# Of numbers without gaps
NUMBERS = {
    "standard": lambda d: preprocessing.StandardScaler(
        with_mean=d.one(True, False), with_std=d.one(True, False)
    ),
    "min max": lambda d: preprocessing.MinMaxScaler(
        d.one((0, 1), (-1, 2)), clip=d.one(True, False)
    ),
    "max abs": lambda d: preprocessing.MaxAbsScaler(),
    "robust": lambda d: preprocessing.RobustScaler(
        with_centering=d.one(True, False), with_scaling=d.one(True, False)
    ),
    "binarizer": lambda d: preprocessing.Binarizer(threshold=d.one(0.0, 0.3, -1.0)),
    "bins": lambda d: preprocessing.KBinsDiscretizer(
        d.one(2, 4, 7),
        encode=d.one("onehot", "onehot-dense", "ordinal"),
        strategy=d.one("uniform", "quantile", "kmeans"),
    ),
    "polynomials": lambda d: preprocessing.PolynomialFeatures(
        d.one(2, 3, (2, 3)), interaction_only=d.one(True, False), include_bias=d.one(True, False)
    ),
    "selection": selection,
    "pca": lambda d: decomposition.PCA(d.one(2, 4), whiten=d.one(True, False)),
    "svd": lambda d: decomposition.TruncatedSVD(d.one(2, 4)),
    "identity": lambda d: preprocessing.FunctionTransformer(),
    "union": lambda d: pipeline.FeatureUnion(
        [
            ("scaled", preprocessing.StandardScaler()),
            ("kept", "passthrough"),
            ("reduced", pipeline.make_pipeline(preprocessing.RobustScaler(), decomposition.PCA(2))),
        ],
        transformer_weights=d.one(None, {"reduced": 2.5}),
    ),
}
# Of numbers with gaps
GAPS = {
    "imputer": lambda d: impute.SimpleImputer(
        strategy=d.one("mean", "median", "most_frequent", "constant"),
        add_indicator=d.one(True, False),
    ),
    "indicator": lambda d: pipeline.FeatureUnion(
        [
            ("filled", impute.SimpleImputer(strategy="median")),
            ("gaps", impute.MissingIndicator(features=d.one("missing-only", "all"))),
        ]
    ),
    "scaled first": lambda d: pipeline.make_pipeline(
        d.one(preprocessing.StandardScaler(), preprocessing.MinMaxScaler(clip=True)),
        impute.SimpleImputer(add_indicator=True),
    ),
}


def one_hot(d: Draw):
    how = d.one("error", "ignore", "infrequent_if_exist", "warn")
    rare = {} if how == "error" else d.one({}, {"min_frequency": 30}, {"max_categories": 3})
    return preprocessing.OneHotEncoder(
        handle_unknown=how, drop=d.one(None, "first", "if_binary"),
        sparse_output=d.one(True, False), **rare,
    )  # fmt: skip


def ordinal(d: Draw):
    how = d.one({}, {"handle_unknown": "use_encoded_value", "unknown_value": -1})
    return preprocessing.OrdinalEncoder(
        encoded_missing_value=-2, max_categories=d.one(None, 3), **how
    )


# Of a frame's columns "color", "size", "count" and "flag"
ENCODERS = {
    "one hot": one_hot,
    "ordinal": ordinal,
    "target": lambda d: preprocessing.TargetEncoder(smooth=d.one("auto", 3.0), cv=2),
    "filled, one hot": lambda d: pipeline.make_pipeline(
        impute.SimpleImputer(strategy=d.one("most_frequent", "constant"), fill_value="none"),
        one_hot(d),
    ),
}
TEXTS = {"filled, one hot": ["color", "size"]}
MODELS = {
    "linear": lambda d: linear_model.LogisticRegression(),
    "trees": lambda d: ensemble.RandomForestClassifier(5, max_depth=4),
    "boosting": lambda d: ensemble.HistGradientBoostingClassifier(max_iter=4),
    "svc": lambda d: svm.SVC(),
}
DENSE = {"boosting"}  # take no sparse rows
LONG = 8


def check_numbers(makers: dict, name: str, seed: int, missing: float = 0.0) -> None:
    d = Draw(seed)
    x = d.numbers(missing=missing)
    steps = [makers[name](d), d.one(*MODELS.values())(d)]
    if getattr(steps[0], "encode", None) == "onehot":  # sparse
        steps[1] = d.one(*(m for n, m in MODELS.items() if n not in DENSE))(d)
    print(steps)
    fitted = pipeline.make_pipeline(*steps).fit(x, d.classes(x, d.one(2, 3)))
    imported, _ = check(fitted, x)
    assert all(f.missing for f in imported.features) or not missing


def encoding(d: Draw, name: str, dense: bool):
    """A column transformer whose columns are said in one of many ways."""
    columns = TEXTS.get(name, ["color", "size", "count", "flag"])
    said = d.one(
        columns,
        slice(2, 2 + len(columns)),
        [2 + i for i in range(len(columns))],
        np.isin(np.arange(6), 2 + np.arange(len(columns))),
        lambda x: columns,
    )
    return compose.ColumnTransformer(
        [
            (
                "numbers",
                impute.SimpleImputer(strategy="median"),
                d.one(["a", "b"], slice("a", "b")),
            ),
            ("categories", ENCODERS[name](d), said),
        ],
        remainder=d.one("drop", "passthrough"),
        sparse_threshold=0 if dense else d.one(0.3, 1.0),
        transformer_weights=d.one(None, {"numbers": 0.5}),
    )


def check_frame(name: str, seed: int) -> None:
    d = Draw(seed)
    x = d.frame()
    model = d.one(*MODELS)
    fitted = pipeline.make_pipeline(encoding(d, name, model in DENSE), MODELS[model](d))
    print(fitted)
    check(fitted.fit(x, d.classes(x, d.one(2, 3))))


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name):
    check_numbers(NUMBERS, name, 1)
    check_numbers(NUMBERS, name, 2)


@pytest.mark.parametrize("name", GAPS)
def test_gaps(name):
    check_numbers(GAPS, name, 1, missing=0.15)


@pytest.mark.parametrize("name", ENCODERS)
def test_encoders(name):
    for seed in range(3):
        check_frame(name, seed)


@pytest.mark.long
@pytest.mark.parametrize("name", [*NUMBERS, *GAPS, *ENCODERS])
def test_many(name):
    for seed in range(100, 100 + LONG):
        if name in ENCODERS:
            check_frame(name, seed)
        elif name in GAPS:
            check_numbers(GAPS, name, seed, missing=0.2)
        else:
            check_numbers(NUMBERS, name, seed)


@pytest.mark.parametrize("classes", [2, 4])
def test_categories_of_a_histogram_booster(classes):
    """As pandas has them, with gaps; one that is not known goes where those do."""
    d = Draw(classes)
    x = d.frame()
    for column in ("color", "size"):
        x[column] = x[column].astype("category")
    model = ensemble.HistGradientBoostingClassifier(max_iter=8, categorical_features="from_dtype")
    imported, _ = check(model.fit(x, d.classes(x, classes)))
    assert any(
        n.attributes["forest"].trees[0].sets for n in imported.graph.nodes if n.op == "trees"
    )
    assert [f.categories is not None for f in imported.features] == [False] * 2 + [True] * 2 + [
        False
    ] * 2
    numbered = ensemble.HistGradientBoostingRegressor(max_iter=8, categorical_features=["count"])
    imported, _ = check(numbered.fit(x[["a", "b", "count"]], d.score(x)))
    assert all(f.missing and f.categories is None for f in imported.features)


# What steps ask of the features


def features(estimator) -> dict:
    return {f.name: f for f in sklearn.import_estimator(estimator).features}


def encoded(frame, encoder, columns, model=None, **more):
    transformer = compose.ColumnTransformer([("c", encoder, columns)], **more)
    model = model or linear_model.LogisticRegression()
    return pipeline.make_pipeline(transformer, model).fit(frame, np.arange(len(frame)) % 2)


def test_unknown_texts_are_taken_as_the_encoder_takes_them():
    x = Draw(1).frame(missing=0.0)
    kinds = {
        "error": preprocessing.OneHotEncoder(),
        "ignore": preprocessing.OneHotEncoder(handle_unknown="ignore"),
        "rare": preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20),
        "code": preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=9),
    }
    for name, encoder in kinds.items():
        color = features(encoded(x, encoder, ["color"]))["color"]
        assert color.categories == ["blue", "green", "rare", "red", "été"]
        assert color.other == color.missing == (name != "error")


def test_missing_is_taken_where_it_was_seen():
    x = Draw(1).frame(missing=0.2)
    seen = features(encoded(x, preprocessing.OneHotEncoder(), ["color", "size"]))
    assert seen["size"].missing and not seen["color"].missing
    filled = pipeline.make_pipeline(
        impute.SimpleImputer(strategy="constant", fill_value="none"), preprocessing.OneHotEncoder()
    )
    seen = features(encoded(x, filled, ["color", "size"]))
    # "none" was never a color, and is refused as the encoder refuses it
    assert seen["size"].missing and "none" in seen["size"].categories
    assert not seen["color"].missing and "none" not in seen["color"].categories


def test_unknown_numbers_of_an_encoder_that_refuses_them_are_categories():
    x = Draw(1).frame()
    strict = features(encoded(x, preprocessing.OneHotEncoder(), ["count", "flag"]))
    assert strict["count"].categories == ["0", "1", "2", "3", "4"] and not strict["count"].other
    assert strict["flag"].categories == ["false", "true"]
    ignoring = preprocessing.OneHotEncoder(handle_unknown="ignore")
    assert features(encoded(x, ignoring, ["count"]))["count"].categories is None
    both = pipeline.FeatureUnion([
        ("codes", compose.ColumnTransformer([("c", preprocessing.OneHotEncoder(), ["count"])])),
        ("sums", compose.ColumnTransformer([("s", preprocessing.StandardScaler(), ["count"])])),
    ])  # fmt: skip
    model = pipeline.make_pipeline(both, linear_model.Ridge()).fit(x, np.arange(len(x)))
    with pytest.raises(Refusal, match="compares it with known values and step .* computes with it"):
        sklearn.import_estimator(model)


def test_columns_that_no_step_reads_are_not_asked_for():
    x = Draw(1).frame()
    model = encoded(x, preprocessing.OneHotEncoder(), ["color"])
    assert list(features(model)) == ["color"]
    array = x[["count", "a", "b"]].fillna(0).to_numpy()
    scaled = compose.ColumnTransformer([("s", preprocessing.StandardScaler(), [2])])
    model = pipeline.make_pipeline(scaled, linear_model.Ridge()).fit(array, array[:, 0])
    assert list(features(model)) == ["x0", "x1", "x2"]  # a row of numbers has its places
    check(model)


def test_texts_in_an_array():
    x = Draw(1).frame(missing=0.0)[["a", "color", "size"]].to_numpy(object)
    steps = compose.ColumnTransformer([
        ("n", preprocessing.StandardScaler(), [0]),
        ("c", preprocessing.OneHotEncoder(), slice(1, 3)),
    ])  # fmt: skip
    model = pipeline.make_pipeline(steps, linear_model.LogisticRegression())
    imported, _ = check(model.fit(x, np.arange(len(x)) % 3))
    assert [f.name for f in imported.features] == ["x0", "x1", "x2"]


def test_none_for_missing():
    x = pandas.DataFrame({"t": ["a", "b", None] * 20})
    imported, _ = check(encoded(x, preprocessing.OneHotEncoder(), ["t"]))
    assert imported.features[0].missing and imported.features[0].categories == ["a", "b"]


def test_what_an_encoder_makes_a_nan_is_refused_where_the_model_refuses_it():
    x = Draw(1).frame(missing=0.0)
    encoder = preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    linear = features(encoded(x, encoder, ["color"]))["color"]
    assert not linear.other and not linear.missing
    trees = features(encoded(x, encoder, ["color"], ensemble.HistGradientBoostingClassifier()))
    assert trees["color"].other and trees["color"].missing
    with pytest.raises(Refusal, match="makes of numbers of feature 'count' it does not know"):
        sklearn.import_estimator(encoded(x, encoder, ["count"]))


def test_a_request_says_categories_by_their_texts():
    x = Draw(1).frame()
    encoder = preprocessing.OneHotEncoder(handle_unknown="ignore", drop="first")
    model = encoded(x, encoder, ["color", "size"], remainder="drop")
    imported = sklearn.import_estimator(model)
    blob = lower.lower(imported, config.Config("t", "1", reply="label"), "float64").to_bytes()
    rows = [{"color": "été", "size": None}, {"size": "S", "color": "violet"}, {"color": "red"}]
    want = pandas.DataFrame(rows).astype(object).where(lambda f: f.notna(), np.nan)
    with Engine(blob) as engine:
        reply, failed = engine.event(json.dumps(rows).encode())
    assert not failed and json.loads(reply) == model.predict(want).tolist()


def test_a_tree_of_texts_alone():
    x = Draw(2).frame(missing=0.0)
    model = encoded(x, preprocessing.OrdinalEncoder(), ["color"], tree.DecisionTreeClassifier())
    check(model)
