"""The log: START, END and REPORT, what processes write, and the tail of it in an answer."""

import base64

from emulator import REPORT


def test_report_lines(emulator):
    one = emulator("--memory", "256")
    one.ask(ms=50)
    one.ask(do="memory", mb=64)
    starts, ends = one.lines("START"), one.lines("END")
    reports = [REPORT.fullmatch(line) for line in one.lines("REPORT")]
    assert len(starts) == len(ends) == len(reports) == 2 and all(reports)
    for start, end, report in zip(starts, ends, reports):
        assert start == f"START RequestId: {report[1]} Version: $LATEST"
        assert end == f"END RequestId: {report[1]}"
        assert report[4] == "256"
        billed = float(report[2]) + float(report[6] or 0)
        assert abs(int(report[3]) - billed) <= 1.02
    assert 50 <= float(reports[0][2]) < 1000
    assert float(reports[0][6]) > 1  # Python needs longer than that
    assert reports[1][6] is None  # warm
    assert int(reports[0][5]) < 64 <= int(reports[1][5]) < 128


def test_quiet(emulator):
    one = emulator("--quiet")
    one.ask(print=["said\n"])
    assert one.log().splitlines()[2:] == ["said"]


def test_lines_are_whole(emulator):
    one = emulator("--quiet")
    word = ["a" * 3000 + " ", "b" * 3000 + "\n"] * 20
    for call in [one.later({"print": word, "n": n}) for n in range(8)]:
        call.result(20)
    lines = one.log().splitlines()[2:]
    assert len(lines) == 160
    assert set(lines) == {"a" * 3000 + " " + "b" * 3000}


def test_output_without_end(emulator):
    one = emulator("--quiet")
    one.ask(print=["no newline"])
    one.ask(print=["x" * 600000])
    lines = one.log().splitlines()[2:]
    assert lines[0] == "no newline"
    assert "".join(lines[1:]) == "x" * 600000
    assert len(lines) <= 5


def test_log_tail(served):
    answer = served.invoke({"do": "echo", "print": ["one\ntwo", "\nthree"]}, X_Amz_Log_Type="Tail")
    log = base64.b64decode(answer.headers["x-amz-log-result"]).decode()
    lines = log.splitlines()
    request_id = answer.headers["x-amzn-requestid"]
    assert lines[0] == f"START RequestId: {request_id} Version: $LATEST"
    assert lines[1:4] == ["one", "two", "three"]
    assert lines[4] == f"END RequestId: {request_id}"
    assert lines[5].startswith(f"REPORT RequestId: {request_id}\t")
    assert len(lines) == 6


def test_log_tail_is_4_kb(served):
    text = "".join(f"line {i:05}\n" for i in range(20000))
    answer = served.invoke({"print": [text]}, X_Amz_Log_Type="Tail")
    log = base64.b64decode(answer.headers["x-amz-log-result"])
    assert len(log) == 4096
    assert b"line 19999\nEND RequestId" in log
    assert served.log().count("line 00000\n") == 1


def test_log_of_another_call_is_not_in_the_tail(served):
    served.ask(print=["secret\n"])
    answer = served.invoke(X_Amz_Log_Type="Tail")
    assert b"secret" not in base64.b64decode(answer.headers["x-amz-log-result"])
