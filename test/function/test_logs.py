"""I: what is written to standard error, and what never is."""

import json
import os
import re
import shlex
from datetime import UTC, datetime

import pytest
from events import dynamodb, kinesis, s3_batch, sqs
from events_http import http_api
from function import BOOTSTRAP, EXEC, ROW, named
from mock_api import ID, event, head, refusal, reply

LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
BAD = b"[5.1,3.5]"


def exercise(api):
    """Lines of INFO, WARN and ERROR, and at last of FATAL."""
    api.invoke(ROW)
    api.invoke(BAD)
    api.invoke(ROW, answer=refusal(413, "RequestEntityTooLarge"))
    api.invoke(sqs([[5.1]]))
    api.next().connection.send(b"no HTTP\r\n")
    api.next().connection.send(refusal(500, "Enough"))


@pytest.mark.parametrize("form", [None, "JSON", "json", "Json", "", "yaml"])
def test_66_json_lines(api, start, form):
    """I 66: one object a line, its standard members first; the request id inside an invoke."""
    variables = {} if form is None else {"AWS_LAMBDA_LOG_FORMAT": form}
    function = start(**variables)
    exercise(api)
    assert function.wait() > 0
    lines = function.log()
    assert [line["level"] for line in lines] == ["INFO", "WARN", "WARN", "WARN", "ERROR", "FATAL"]
    for line in lines:
        assert list(line)[:3] == ["timestamp", "level", "message"] and line["message"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["timestamp"])
        written = datetime.fromisoformat(line["timestamp"])
        assert abs((datetime.now(UTC) - written).total_seconds()) < 300
        in_invoke = line["level"] in ("INFO", "WARN")
        assert line.get("requestId") == (ID if in_invoke else None)


@pytest.mark.parametrize("form", ["Text", "text", "TEXT"])
def test_66_text_lines(api, start, form):
    """I 66: level, time, id and message in columns; one line for each event."""
    function = start(AWS_LAMBDA_LOG_FORMAT=form)
    exercise(api)
    assert function.wait() > 0
    lines = [line.split("\t") for line in function.written().decode().splitlines()]
    assert [line[0] for line in lines] == [
        f"[{level}]" for level in ("INFO", "WARN", "WARN", "WARN", "ERROR", "FATAL")
    ]
    for level, time, request_id, message, *members in lines:
        assert datetime.fromisoformat(time) and message
        assert request_id == (ID if level in ("[INFO]", "[WARN]") else "")
        assert len(members) <= 1 and all(json.loads(member) for member in members)


@pytest.mark.parametrize("form", ["JSON", "Text"])
@pytest.mark.parametrize("level", [*LEVELS, "warn", "Error", "", "LOUD"])
def test_66_level(api, start, form, level):
    """I 66: what is below the level is not written; INFO is the default."""
    function = start(AWS_LAMBDA_LOG_LEVEL=level, AWS_LAMBDA_LOG_FORMAT=form)
    exercise(api)
    assert function.wait() > 0
    lowest = LEVELS.index(level.upper()) if level.upper() in LEVELS else 2
    everything = ["INFO", "WARN", "WARN", "WARN", "ERROR", "FATAL"]
    expected = [name for name in everything if LEVELS.index(name) >= lowest]
    assert re.findall(r"INFO|WARN|ERROR|FATAL", function.written().decode()) == expected


def test_66_each_line_has_its_own_request(api, function):
    """I 66: the id of the event that a line is about."""
    for i in range(5):
        api.invoke(BAD, request_id=f"request-{i}")
    api.next()
    ids = [line["requestId"] for line in function.log() if line["level"] == "WARN"]
    assert ids == [f"request-{i}" for i in range(5)]


@pytest.mark.parametrize("form", ["JSON", "Text"])
@pytest.mark.parametrize("request_id", ['"\\', "a\tb", "x" * 256, "caf\xe9", "\xff\xfe"])
def test_66_any_request_id(api, start, form, request_id):
    """I 66: lines stay lines, and UTF-8, whatever the id holds."""
    function = start(AWS_LAMBDA_LOG_FORMAT=form)
    api.invoke(BAD, request_id=request_id)
    api.next()
    if form == "JSON":
        assert len(function.log()) == 2
    assert function.written().count(b"\n") == 2


def test_66_a_failure_told_to_an_http_sender_is_logged(api, function):
    """I 66: one warning with the status; the field and no payload in it."""
    assert api.result(http_api('[5.1,3.5,1.4,"odd"]'))["statusCode"] == 400
    api.next()
    (line,) = [line for line in function.log() if line["level"] == "WARN"]
    assert line["status"] == 400 and line["message"].startswith("petal_width: expected a number")
    assert "odd" not in line["message"]


def test_66_text_lines_are_utf8(api, start):
    """I 66: an id that is no UTF-8, in a line of text."""
    function = start(AWS_LAMBDA_LOG_FORMAT="Text")
    api.invoke(BAD, request_id="\xff\xfe")
    api.next()
    function.written().decode()


def test_66_words_of_the_platform(api, function):
    """I 66: an answer of any bytes and length is told in one line, cropped."""
    for body in b"\x00\x1b\r\n\xff" * 500, b'{"errorMessage":"\\"' + b"x" * 100_000:
        api.invoke(ROW, answer=reply(413, body))
    api.next()
    lines = [line for line in function.log() if line.get("status") == 413]
    assert len(lines) == 2 and all(len(line["answer"]) <= 256 for line in lines)


SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIASECRETSECRET",
    "AWS_SECRET_ACCESS_KEY": "s3cr3t/s3cr3t/s3cr3t",
    "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEJr",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "b3Blbi1zZXNhbWU",
}
NUMBER, WORD = "271828.1828", "marzipan"


@pytest.mark.parametrize("level", ["TRACE", None])
@pytest.mark.parametrize("form", ["JSON", "Text"])
def test_67_no_payloads_and_no_credentials(api, start, level, form):
    """I 67: neither what was sent, in any shape, good or bad, nor the role's keys."""
    variables = {"AWS_LAMBDA_LOG_FORMAT": form, **SECRETS}
    function = start(**variables, **({"AWS_LAMBDA_LOG_LEVEL": level} if level else {}))
    x = float(NUMBER)
    inputs = [[x, x, x, x], [x], [WORD, x, x, x], {WORD: x}, {**named([x] * 4), WORD: 1}, WORD]
    inputs += [[[x] * 4, [WORD]], {"instances": [{WORD: WORD}]}, {"instances": [[x, None]]}]
    for value in inputs:
        text = json.dumps(value)
        api.invoke(value)
        api.invoke(text[:-1].encode())
        api.invoke(http_api(text))
        api.invoke({"body": text[:-1]})
        api.invoke({"body": text, "isBase64Encoded": True})
        api.invoke(sqs([text, text[:-1]]))
        api.invoke(kinesis([value]))
        api.invoke(s3_batch([text, WORD]))
        api.invoke({"Items": [value]})
    for attribute in {"S": WORD}, {"N": NUMBER + "x"}, {WORD: WORD}:
        api.invoke(dynamodb([("INSERT", {"sepal_length": attribute})]))
    api.invoke(json.dumps({WORD: WORD}).encode() + b"\xff")
    secret = [("Lambda-Runtime-Client-Context", WORD), ("Lambda-Runtime-Cognito-Identity", WORD)]
    api.invoke(BAD, *secret)
    api.next()
    written = function.written().decode()
    assert written.count("\n") > len(inputs)
    for word in NUMBER.split("."), [WORD], SECRETS.values():
        for part in word:
            assert part not in written


def test_67_no_payload_of_a_broken_event(api, start):
    """I 67: an event that came in part, or with a head that is none."""
    function = start(AWS_LAMBDA_LOG_LEVEL="TRACE")
    for raw in event(WORD.encode() * 10)[:-5], head(200, (WORD, WORD)) + WORD.encode():
        connection = api.next().connection
        connection.send(raw)
        connection.close()
    api.next()
    assert function.messages("ERROR") and WORD.encode() not in function.written()


def test_68_telemetry_descriptor(api, start):
    """I 68: frames are not written: the descriptor stays as it is, lines go to the stream."""
    receiving, sending = os.pipe()
    function = start(_LAMBDA_TELEMETRY_LOG_FD=str(sending), popen={"pass_fds": [sending]})
    api.invoke(BAD)
    api.next()
    assert len(function.log()) == 2
    assert str(sending) in os.listdir(f"/proc/{function.pid}/fd")
    os.set_blocking(receiving, False)
    with pytest.raises(BlockingIOError):
        os.read(receiving, 1)
    os.close(receiving)
    os.close(sending)


def is_served_in_spite_of_its_log(api):
    for _ in range(3):
        api.invoke(BAD)
        assert api.result(ROW)["label"] == "setosa"


def test_66_full_disk(api, start):
    """I 66: a line that cannot be written is no reason to fail."""
    with open("/dev/full", "w") as full:
        start(popen={"stderr": full})
        is_served_in_spite_of_its_log(api)


def test_66_closed_stream(api, start):
    """I 66: nor is a stream that is not there at all."""
    command = shlex.join(map(str, [*EXEC, BOOTSTRAP]))
    start(command=["/bin/sh", "-c", f"exec {command} 2>&-"])
    is_served_in_spite_of_its_log(api)


def test_66_nobody_reads(api, start):
    """I 66: nor is a pipe whose other end is gone."""
    receiving, sending = os.pipe()
    os.close(receiving)
    function = start(popen={"stderr": sending})
    function.expected_to_run = False
    os.close(sending)
    api.next().connection.send(event(BAD))
    api.post().connection.send(reply())
    is_served_in_spite_of_its_log(api)
