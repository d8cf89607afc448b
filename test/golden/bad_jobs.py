"""The bad files whose fault is in JOBS: see bad.py."""

from bad import NONE, bad

# templates of 36, 44, 28 and 36 bytes; a job and two targets; a job and a target
TEXT, MODEL_OF_B, JOB, FIRST, SECOND, ASKED = 0, 80, 144, 204, 224, 244
LAST = ASKED + 60


def at(record: int, offset: int, form: str, *values: int):
    return ("JOBS", record + offset, form, *values)


bad(
    "format",
    "JOBS",
    "jobs",
    kind_zero=at(TEXT, 0, "H", 0),
    kind_beyond=at(TEXT, 0, "H", 4),
    version=at(TEXT, 2, "H", 2),
    bytes_small=at(TEXT, 4, "I", 4),
    bytes_odd=at(TEXT, 4, "I", 34),
    bytes_beyond=at(LAST, 4, "I", 24),
    bytes_huge=at(TEXT, 4, "I", 0xFFFFFFFC),
    template_no_parts=at(TEXT, 8, "I", 0),
    template_more_parts=at(TEXT, 8, "I", 4),
    template_huge=at(TEXT, 8, "I", 0x20000003),
    part_zero=at(TEXT, 12, "I", 0),
    part_beyond=at(TEXT, 12, "I", 8),
    part_string=at(TEXT, 16, "I", NONE),
    part_with_string=at(TEXT, 24, "I", 0),
    template_behind_job=at(ASKED, 0, "H", 1),
    job_before_targets=at(SECOND, 0, "H", 2),
    job_bytes=at(JOB, 4, "I", 64),
    job_name=at(JOB, 8, "I", NONE),
    job_format=at(JOB, 12, "B", 3),
    job_no_separator=at(JOB, 13, "B", 0),
    job_separator_of_json=at(ASKED, 13, "B", 44),
    job_failure=at(JOB, 14, "B", 0),
    job_failure_beyond=at(JOB, 14, "B", 4),
    job_zero=at(JOB, 15, "B", 1),
    job_source=at(JOB, 16, "I", 4),
    job_sink=at(JOB, 20, "I", 4),
    job_no_sink=at(JOB, 20, "I", NONE),
    job_time=at(JOB, 24, "I", NONE),
    job_columns=at(JOB, 28, "I", NONE),
    job_path_of_csv=at(JOB, 32, "II", 0, 1),
    job_path_of_none=at(JOB, 32, "I", 0),
    job_path=at(ASKED, 32, "I", NONE),
    job_path_huge=at(ASKED, 36, "I", 0xFFFFFFFF),
    job_observed=at(JOB, 40, "I", 2),
    job_observed_name=at(JOB, 44, "I", NONE),
    job_observed_none=at(JOB, 40, "I", NONE),
    job_forecasts=at(JOB, 48, "I", NONE),
    job_history=at(JOB, 52, "I", 5),
    job_history_of_none=at(ASKED, 52, "I", 1),
    job_no_targets=at(JOB, 56, "I", 0),
    job_more_targets=at(JOB, 56, "I", 3),
    job_fewer_targets=at(JOB, 56, "I", 1),
    last_target_missing=at(ASKED, 56, "I", 2),
    target_id=at(FIRST, 8, "I", NONE),
    target_name=at(FIRST, 12, "I", NONE),
    target_model=at(SECOND, 16, "I", 4),
)

ROWS = 36 + 36  # behind its templates

bad(
    "format",
    "JOBS",
    "jobs_of_rows",
    rows_time=at(ROWS, 24, "I", 0),
    rows_columns=at(ROWS, 28, "I", NONE),
    rows_observed=at(ROWS, 40, "II", 0, 0),
    rows_observed_name=at(ROWS, 44, "I", 0),
    rows_forecasts=at(ROWS, 48, "I", 0),
    rows_history=at(ROWS, 52, "I", 1),
)
