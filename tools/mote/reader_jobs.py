"""JOBS of a .mote file: the work that a schedule starts."""

from dataclasses import dataclass

from mote.reader_answer import Feature
from mote.reader_bytes import NONE, Part
from mote.reader_series import Series

TEMPLATE, JOB, TARGET = 1, 2, 3
CSV_FIELDS = 512
RECORD_BYTES, TEMPLATE_BYTES, JOB_BYTES, TARGET_BYTES = 8, 12, 60, 20
PARTS = {1: "text", 2: "target", 3: "name", 4: "date", 5: "time", 6: "version", 7: "variable"}
NAMED = ("text", "variable")
FORMATS = {1: "csv", 2: "json"}
FAILURES = {1: "report", 2: "any", 3: "all"}

Template = list[tuple[str, str | None]]  # kind, and its string where it has one


@dataclass
class Target:
    id: str
    name: str
    model: Template | None


@dataclass
class Job:
    name: str
    format: str
    separator: str
    failure: str
    source: Template | None
    sink: Template
    time: str | None  # of a series alone
    columns: list[str]
    path: list[str]
    observed: int | None
    observed_name: str | None
    forecasts: list[str]
    history: int
    targets: list[Target]


def read_jobs(
    part: Part, strings: list[str], series: Series | None, features: list[Feature]
) -> list[Job]:
    columns = len(series.columns) if series else len(features)
    templates: list[Template] = []
    jobs: list[Job] = []
    wanted = at = 0  # targets that the last job still waits for
    while at < len(part):
        kind, version, size = part.unpack("HHI", at)
        part.expect(version == 1, f"expected records of version 1, got {version}")
        part.expect(
            RECORD_BYTES <= size <= len(part) - at and size % 4 == 0,
            f"expected a record within {len(part) - at} bytes, got {size}",
        )
        if kind == TEMPLATE and not jobs:
            templates.append(read_template(part, at, size, strings))
        elif kind == JOB and not wanted:
            job, wanted = read_job(part, at, size, strings, templates, series, columns)
            jobs.append(job)
        elif kind == TARGET and wanted:
            jobs[-1].targets.append(read_target(part, at, size, strings, templates))
            wanted -= 1
        else:
            raise part.refuse(f"expected templates, then jobs with their targets, got kind {kind}")
        at += size
    part.expect(bool(jobs) and not wanted, f"expected jobs and all targets, {wanted} are missing")
    return jobs


def read_template(part: Part, at: int, size: int, strings: list[str]) -> Template:
    part.expect(size >= TEMPLATE_BYTES, f"expected a template of 12 bytes at least, got {size}")
    count = part.u32(at + RECORD_BYTES)
    part.expect(
        count >= 1 and size == TEMPLATE_BYTES + 8 * count,
        f"expected a template's parts to fill {size} bytes, got {count}",
    )
    parts: Template = []
    for i in range(count):
        kind, string = part.unpack("II", at + TEMPLATE_BYTES + 8 * i)
        part.expect(kind in PARTS, f"expected a part of kind 1 to 7, got {kind}")
        if PARTS[kind] in NAMED:
            parts.append((PARTS[kind], part.string(strings, string, "a part")))
        else:
            part.expect(string == NONE, f"expected no string of a {PARTS[kind]}, got {string}")
            parts.append((PARTS[kind], None))
    return parts


def of_templates(part: Part, i: int, templates: list[Template], what: str) -> Template:
    return templates[part.index(i, len(templates), what)]


def run(part: Part, strings: list[str], first: int, count: int, what: str) -> list[str]:
    part.expect(
        first < len(strings) and first + count <= len(strings),
        f"{what}: expected {count} of {len(strings)} strings, got them from {first}",
    )
    return strings[first : first + count]


def read_job(
    part: Part,
    at: int,
    size: int,
    strings: list[str],
    templates: list[Template],
    series: Series | None,
    wanted: int,
) -> tuple[Job, int]:
    """wanted: columns of the series, or of the rows."""
    part.expect(size == JOB_BYTES, f"expected a job of {JOB_BYTES} bytes, got {size}")
    (
        name, form, separator, failure, zero, source, sink, time, columns, path, path_count,
        observed, observed_name, forecasts, history, targets,
    ) = part.unpack("I4B11I", at + RECORD_BYTES)  # fmt: skip
    part.expect(zero == 0, f"expected an unused byte of 0, got {zero}")
    part.expect(form in FORMATS, f"expected a format of 1 or 2, got {form}")
    part.expect(failure in FAILURES, f"expected a way to fail of 1 to 3, got {failure}")
    csv = FORMATS[form] == "csv"
    part.expect(csv == (separator != 0), f"expected a separator of CSV alone, got {separator}")
    part.expect(csv <= (path_count == 0), "expected a path only in JSON, got one in CSV")
    if not path_count:
        part.expect(path == NONE, f"expected no string of no path, got {path}")
    part.expect(targets >= 1, "expected a target at least, got none")
    part.expect(not csv or wanted <= CSV_FIELDS, f"expected 512 columns of CSV, got {wanted}")
    if series is None:
        part.expect(
            time == forecasts == observed == NONE, "expected no time and no forecasts of rows"
        )
    if observed == NONE:
        part.expect(
            observed_name == NONE and history == 0, "expected no observed steps without a column"
        )
    else:
        window = series.columns[part.index(observed, len(series.columns), "observed")].window
        part.expect(history <= window, f"expected up to {window} observed steps, got {history}")
    job = Job(
        name=part.string(strings, name, "a job"),
        format=FORMATS[form],
        separator=chr(separator),
        failure=FAILURES[failure],
        source=None if source == NONE else of_templates(part, source, templates, "the source"),
        sink=of_templates(part, sink, templates, "the sink"),
        time=part.string(strings, time, "the time") if series else None,
        columns=run(part, strings, columns, wanted, "columns"),
        path=run(part, strings, path, path_count, "the path") if path_count else [],
        observed=None if observed == NONE else observed,
        observed_name=None
        if observed == NONE
        else part.string(strings, observed_name, "the observed"),
        forecasts=run(part, strings, forecasts, len(series.forecasts), "forecasts")
        if series
        else [],
        history=history,
        targets=[],
    )
    return job, targets


def read_target(
    part: Part, at: int, size: int, strings: list[str], templates: list[Template]
) -> Target:
    part.expect(size == TARGET_BYTES, f"expected a target of {TARGET_BYTES} bytes, got {size}")
    target, name, model = part.unpack("3I", at + RECORD_BYTES)
    return Target(
        part.string(strings, target, "a target's id"),
        part.string(strings, name, "a target's name"),
        None if model == NONE else of_templates(part, model, templates, "a target's model"),
    )
