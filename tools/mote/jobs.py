"""[job.NAME] of model.toml: what a schedule makes a model do.

    [job.daily]
    source = "https://example.org/{target}.csv"  # or s3://BUCKET/KEY; without it, the
                                     # event's member "series" has the observations.
                                     # s3://BUCKET/PREFIX/ or s3://BUCKET/PREFIX* is all
                                     # objects whose keys begin so, in the keys' order,
                                     # each a whole CSV with its header, or JSON
    format = "csv"                   # or "json"
    separator = ","                  # of CSV
    path = ["data", "hourly"]        # of JSON: members down to the rows or columns
    time = "time"                    # what the time is called there
    columns = { discharge = "flow" } # and columns, where not as in the series
    sink = "s3://{env:BUCKET}/{target}.json"
    observed = "discharge"           # column that goes into the result as well,
    history = "7d"                   # so much of it
    failure = "report"               # of a target: "report" tells of it, "any" fails the
                                     # invocation, "all" does when no target was written

    [job.daily.names]                # in the result: observed, and each forecast
    observed = "level_true"
    forecast = "pred_model_1"

    [[job.daily.targets]]
    id = "bioge"
    name = "Dranse at Bioge"
    model = "s3://{env:BUCKET}/{target}.mote"   # without it, the function's own

In source, sink and model stand {target} and {name} for a target's, {date} and {time}
for the schedule's (2026-11-28 and 20261128T130250Z, UTC), {version} for the model's
and {env:NAME} for a variable of the environment; {{ and }} for braces.

Of a model without [series] the source has rows: CSV, an array of rows in JSON, or the
event's member "rows". Columns are the model's features, of CSV at most 512. What is
written is what a batch of all rows is replied with, up to 4 MiB. The keys time, observed,
history and names are of [series] alone, and no feature may be called "job", which in an
event asks for one.
"""

import re
from collections.abc import Sequence

from mote import series
from mote.errors import Usage
from mote.file import FAILURES, JOB_FORMATS, PARTS, JobRecord, SeriesRecord, Target, Template

KEYS = {
    "source": str, "format": str, "separator": str, "path": list, "time": str, "columns": dict,
    "sink": str, "observed": str, "history": str, "failure": str, "names": dict, "targets": list,
}  # fmt: skip
TARGET_KEYS = {"id", "name", "model"}
OF_SERIES = ("time", "observed", "history", "names")
CSV_FIELDS = 512
PREFIX_ENDS = ("/", "*")  # of s3://BUCKET/PREFIX
PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]")
SIMPLE = set(PARTS) - {"text", "variable"}


def check(table, place: str) -> None:
    """Raises Usage for what are no [job.NAME] tables of `place`."""
    if not isinstance(table, dict) or not all(isinstance(t, dict) for t in table.values()):
        raise Usage(f"{place}: job: expected tables [job.NAME]")
    for name, job in table.items():
        _check_job(job, f"{place}: job.{name}")


def _check_job(job: dict, where: str) -> None:
    for key, value in job.items():
        if key not in KEYS:
            raise Usage(f"{where} has no key {key!r}; known are {', '.join(KEYS)}")
        if not isinstance(value, KEYS[key]):
            raise Usage(f"{where}.{key}: expected {KEYS[key].__name__}, got {value!r}")
    for key in ("sink", "targets"):
        if not job.get(key):
            raise Usage(f"{where}.{key}: expected it, got none")
    for key, known in (("format", JOB_FORMATS), ("failure", FAILURES)):
        if job.get(key, next(iter(known))) not in known:
            raise Usage(f"{where}.{key}: expected one of {', '.join(known)}, got {job[key]!r}")
    for key in ("columns", "names"):
        names = job.get(key, {})
        for name, value in names.items():
            _check_text(value, f"{where}.{key}.{name}")
        if len(set(names.values())) != len(names) or "timestamps" in names.values():
            expected = 'texts that differ, and not "timestamps"'
            raise Usage(f"{where}.{key}: expected {expected}, got {names!r}")
    for i, member in enumerate(job.get("path", [])):
        _check_text(member, f"{where}.path[{i}]")
    csv = job.get("format", "csv") == "csv"
    for key, of_csv in (("path", False), ("separator", True)):
        if key in job and csv != of_csv:
            raise Usage(f"{where}.{key}: is not of {'csv' if csv else 'json'}; leave it out")
    separator = job.get("separator", ",")
    if len(separator.encode()) != 1 or separator in '\0"\r\n':
        expected = "one ASCII character, no quotation mark and no end of a line"
        raise Usage(f"{where}.separator: expected {expected}, got {separator!r}")
    kind, first = template(job["sink"], f"{where}.sink")[0]
    if kind != "text" or not first.startswith("s3://") or job["sink"].endswith(PREFIX_ENDS):
        raise Usage(f"{where}.sink: expected s3://BUCKET/KEY, got {job['sink']!r}")
    if "source" in job:
        _check_source(job["source"], f"{where}.source")
    if ("history" in job) != ("observed" in job):
        raise Usage(f"{where}: expected observed and history together")
    ids = set()
    for i, target in enumerate(job["targets"]):
        of_target = f"{where}.targets[{i}]"
        if not isinstance(target, dict) or "id" not in target:
            raise Usage(f"{of_target}: expected a table with an id, got {target!r}")
        for key, value in target.items():
            if key not in TARGET_KEYS:
                raise Usage(f"{of_target} has no key {key!r}; known are id, name, model")
            _check_text(value, f"{of_target}.{key}")
        if target["id"] in ids:
            raise Usage(f"{of_target}.id: expected another than {target['id']!r}, which is used")
        ids.add(target["id"])
        if "model" in target:
            _check_url(target["model"], f"{of_target}.model", ("https://", "s3://"))
            if target["model"].endswith(PREFIX_ENDS):
                expected = "the address of one file"
                raise Usage(f"{of_target}.model: expected {expected}, got {target['model']!r}")


def _check_text(value, where: str) -> None:
    if not isinstance(value, str) or not value:
        raise Usage(f"{where}: expected a text, got {value!r}")


def _check_source(text: str, where: str) -> None:
    _check_url(text, where, ("http://", "https://", "s3://"))
    if text.startswith("s3://") and "*" in text[:-1]:
        raise Usage(f"{where}: expected * only at the end of s3://BUCKET/PREFIX*, got {text!r}")
    if text.startswith("http") and text.endswith("*"):
        raise Usage(f"{where}: expected one address: only S3 lists objects, got {text!r}")


def _check_url(text: str, where: str, schemes: tuple[str, ...]) -> None:
    kind, first = template(text, where)[0]
    if kind == "text" and not first.startswith(schemes):
        raise Usage(f"{where}: expected {' or '.join(schemes)}..., got {text!r}")


def template(text: str, where: str) -> Template:
    """The parts of a text with {names} in it."""
    parts: Template = []
    for match in PART.finditer(text):
        piece, name = match[0], match[1]
        if name is None and piece in ("{", "}"):
            raise Usage(f"{where}: a brace stands alone in {text!r}; {{{{ and }}}} are braces")
        if name is None:
            literal = piece[0] if piece in ("{{", "}}") else piece
            if parts and parts[-1][0] == "text":
                literal = parts.pop()[1] + literal
            parts.append(("text", literal))
        elif name.startswith("env:") and name[4:]:
            parts.append(("variable", name[4:]))
        elif name in SIMPLE:
            parts.append((name, None))
        else:
            known = ", ".join(sorted(SIMPLE))
            raise Usage(f"{where}: {{{name}}} is unknown; known are {known} and env:NAME")
    if not parts:
        raise Usage(f"{where}: expected a text, got none")
    return parts


def records(table: dict, of: SeriesRecord | None, features: Sequence[str] = ()) -> list[JobRecord]:
    """The jobs of a forecaster, or, without `of`, of a model over rows with these
    features. Raises Usage for what does not fit it."""
    if of is None:
        return [_of_rows(name, job, features) for name, job in table.items()]
    return [_of_series(name, job, of) for name, job in table.items()]


def _columns(job: dict, own: Sequence[str], where: str) -> list[str]:
    """What the model's own columns are called in the source."""
    given = job.get("columns", {})
    for key in given:
        if key not in own:
            known = ", ".join(own[:20]) + (", ..." if len(own) > 20 else "")
            raise Usage(f"{where}.columns.{key}: is no column; they are {known}")
    return [given.get(name, name) for name in own]


def _of_rows(name: str, job: dict, features: Sequence[str]) -> JobRecord:
    where = f"job.{name}"
    for key in OF_SERIES:
        if key in job:
            raise Usage(f"{where}.{key}: is of a model with [series] alone; leave it out")
    if "job" in features:
        expected = "no feature called job: an event with it asks for a job"
        raise Usage(f"{where}: expected {expected}; call it otherwise in [input] features")
    columns = _columns(job, features, where)
    if len(set(columns)) < len(columns):
        twice = next(c for c in columns if columns.count(c) > 1)
        raise Usage(f"{where}.columns: {twice!r} is two features; names must differ")
    record = JobRecord(time=None, columns=columns, forecasts=[], **_common(name, job))
    if record.format == "csv" and len(columns) > CSV_FIELDS:
        expected = f"a model of {CSV_FIELDS} features at most for CSV"
        raise Usage(f'{where}: expected {expected}, got {len(columns)}; set format = "json"')
    return record


def _common(name: str, job: dict) -> dict:
    """What jobs of both kinds have, as members of a JobRecord."""
    where = f"job.{name}"
    source = job.get("source")
    return {
        "name": name,
        "source": None if source is None else template(source, where),
        "sink": template(job["sink"], where),
        "targets": [
            Target(
                t["id"],
                t.get("name", t["id"]),
                template(t["model"], where) if "model" in t else None,
            )
            for t in job["targets"]
        ],
        "format": job.get("format", "csv"),
        "separator": job.get("separator", ","),
        "failure": job.get("failure", "report"),
        "path": job.get("path", []),
    }


def _of_series(name: str, job: dict, of: SeriesRecord) -> JobRecord:
    where = f"job.{name}"
    columns = [c.name for c in of.columns]
    called = _columns(job, columns, where)
    observed = job.get("observed")
    if observed is not None and observed not in columns:
        raise Usage(f"{where}.observed: expected one of {', '.join(columns)}, got {observed!r}")
    names = job.get("names", {})
    forecasts = [f.name for f in of.forecasts]
    for key in names:
        if key not in (*forecasts, "observed"):
            known = ", ".join(("observed", *forecasts))
            raise Usage(f"{where}.names.{key}: is not in the result; known are {known}")
    given = [names.get(f, f) for f in forecasts]
    if observed is not None:
        given.append(names.get("observed", observed))
    for key in given:
        if given.count(key) > 1:
            raise Usage(f"{where}.names: {key!r} is two members of the result; names must differ")
    steps = 0
    if observed is not None:
        steps = series.steps(job["history"], of.step, f"{where}.history")
        window = of.columns[columns.index(observed)].window
        if steps > window:
            raise Usage(f"{where}.history: expected at most {window} steps, got {steps}")
    return JobRecord(
        time=job.get("time", "time"),
        columns=called,
        forecasts=given[: len(forecasts)],
        observed=None if observed is None else columns.index(observed),
        observed_name=None if observed is None else given[-1],
        history=steps,
        **_common(name, job),
    )
