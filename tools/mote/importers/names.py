"""Names of features, categories, classes and targets, as all importers give
them: what the settings say, else what the trainer does."""

from mote.errors import Refusal


def feature_names(names: list[str] | None, own: list[str]) -> list[str]:
    """Those that are given, or the trainer's own; no two the same."""
    names = own if names is None else names
    if len(names) != len(own):
        raise Refusal(f"features: expected {len(own)} names, as the model takes, got {len(names)}")
    if len(set(names)) != len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise Refusal(f"features: {twice!r} names two of them; names must differ")
    return list(names)


def category_texts(feature: str, categories: list | None) -> list[str] | None:
    """Categories as a request says them; JSON's true is "true"."""
    if categories is None:
        return None
    found = [text_of(c) for c in categories]
    if len(set(found)) != len(found):
        twice = next(t for t in found if found.count(t) > 1)
        raise Refusal(f"feature {feature!r}: two of its categories read {twice!r}")
    return found


def text_of(value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)


def class_names(labels: list | None, classes: list | None, count: int) -> tuple[list[str], bool]:
    """Names of the classes, and whether they are numbers: labels if they are
    given, else the trainer's classes, else 0, 1, 2 and so on."""
    given = labels if labels is not None else classes
    if given is None:
        return [str(i) for i in range(count)], True
    if len(given) != count:
        raise Refusal(f"labels: expected {count}, one for each class, got {len(given)}")
    numeric = labels is None and all(
        isinstance(c, int | float) and not isinstance(c, bool) for c in given
    )
    return [text_of(c) for c in given], numeric


def target_names(labels: list | None, count: int) -> list[str]:
    if labels is None:
        labels = ["y"] if count == 1 else [f"y{i}" for i in range(count)]
    if len(labels) != count:
        raise Refusal(f"labels: expected {count}, one for each target, got {len(labels)}")
    return [str(x) for x in labels]
