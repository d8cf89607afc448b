"""mote.jobs: what is no [job.NAME] table is refused by name."""

import pytest

from mote import jobs
from mote.errors import Usage

JOB = {"sink": "s3://b/{target}.json", "targets": [{"id": "a"}]}


@pytest.mark.parametrize("change, message", [
    ({"sinks": "x"}, "job.daily has no key 'sinks'"),
    ({"sink": ""}, "job.daily.sink: expected it, got none"),
    ({"sink": "https://b/k"}, "job.daily.sink: expected s3://BUCKET/KEY"),
    ({"sink": "{target}.json"}, "job.daily.sink: expected s3://BUCKET/KEY"),
    ({"sink": "{env:BUCKET}/k"}, "job.daily.sink: expected s3://BUCKET/KEY"),
    ({"sink": "s3://b/{targets}"}, "job.daily.sink: {targets} is unknown"),
    ({"sink": "s3://b/}"}, "job.daily.sink: a brace stands alone"),
    ({"sink": "s3://b/{target}/"}, "job.daily.sink: expected s3://BUCKET/KEY"),
    ({"sink": "s3://b/{target}*"}, "job.daily.sink: expected s3://BUCKET/KEY"),
    ({"source": "s3://b/*/{target}"}, "job.daily.source: expected * only at the end"),
    ({"source": "https://b/{target}*"}, "job.daily.source: expected one address"),
    ({"targets": [{"id": "a", "model": "s3://b/m/"}]},
     "job.daily.targets[0].model: expected the address of one file"),
    ({"source": "ftp://a"}, "job.daily.source: expected http:// or https:// or s3://..."),
    ({"separator": "\u00e9"}, "job.daily.separator: expected one ASCII character"),
    ({"separator": '"'}, "job.daily.separator: expected one ASCII character"),
    ({"separator": "\n"}, "job.daily.separator: expected one ASCII character"),
    ({"columns": {"level": 1}}, "job.daily.columns.level: expected a text, got 1"),
    ({"names": {"next": []}}, "job.daily.names.next: expected a text, got []"),
    ({"path": ["data", 0]}, "job.daily.path[1]: expected a text, got 0"),
    ({"format": "xml"}, "job.daily.format: expected one of csv, json, got 'xml'"),
    ({"history": "1d"}, "job.daily: expected observed and history together"),
    ({"targets": [{"id": "a"}, {"id": "a"}]}, "job.daily.targets[1].id: expected another"),
    ({"targets": [{"id": "a", "model": "http://x"}]}, "job.daily.targets[0].model: expected https"),
])  # fmt: skip
def test_jobs_that_are_none(change, message):
    with pytest.raises(Usage) as error:
        jobs.check({"daily": JOB | change}, "model.toml")
    assert str(error.value).startswith(f"model.toml: {message}")


@pytest.mark.parametrize("source", [
    "{env:SOURCE}/{{x}}", "s3://b/{target}/", "s3://b/{target}*", "s3://b/", "{env:SOURCE}*",
    "https://example.org/",
])  # fmt: skip
def test_a_job(source):
    jobs.check({"daily": JOB | {"source": source, "separator": ";"}}, "model.toml")
