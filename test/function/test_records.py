"""J: events that carry many inputs, pings, and shapes that a model cannot serve."""

import json
from urllib.parse import quote, quote_plus

import pytest
from events import (
    WARMERS,
    attributes,
    durable,
    dynamodb,
    kafka,
    kinesis,
    s3_batch,
    s3_notification,
    schedule,
    sns,
    sqs,
    window,
)
from events_http import http_api
from function import ROW, SETOSA, VERSICOLOR, VIRGINICA, named
from mock_api import strict

ROWS = [SETOSA, named(VERSICOLOR), [SETOSA, VIRGINICA], {"instances": [SETOSA]}]
BAD = [1, 2, 3]


def failures(answer):
    assert answer.keys() == {"batchItemFailures"}
    assert all(item.keys() == {"itemIdentifier"} for item in answer["batchItemFailures"])
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


# ---------------------------------------------------------------- queues


def test_69_71_sqs_all_good(api, function):
    """J 69, 71: no failures: an empty array."""
    assert failures(api.result(sqs(ROWS))) == []
    assert failures(api.result(sqs([SETOSA] * 1000))) == []


def test_71_sqs_third_of_ten_bad(api, function):
    """J 71: exactly that message is reported, the others are done; the log says which and why."""
    rows = [SETOSA] * 10
    rows[3] = BAD
    assert failures(api.result(sqs(rows))) == ["message-3"]
    [line] = [line for line in function.log() if line["level"] == "WARN"]
    assert line["record"] == 3 and "exactly 4 values" in line["message"]


@pytest.mark.parametrize("body", [None, "", "not JSON", "{}", "[[1,2,3,4],[5]]", "\ud83d\ude00"])
def test_71_sqs_bad_bodies(api, function, body):
    """J 71: whatever is wrong with one message, the rest is served."""
    assert failures(api.result(sqs([SETOSA, body, SETOSA, body]))) == ["message-1", "message-3"]


def test_71_sqs_all_bad(api, function):
    """J 71: each by its id, which is no failure of the invocation."""
    assert failures(api.result(sqs([BAD] * 10))) == [f"message-{i}" for i in range(10)]


def test_71_sqs_fifo(api, function):
    """J 71: an ordered queue stops at the first failure and gives back all from there."""
    rows = [SETOSA, BAD, SETOSA, BAD, SETOSA]
    expected = [f"message-{i}" for i in (1, 2, 3, 4)]
    assert failures(api.result(sqs(rows, fifo=True))) == expected
    assert failures(api.result(sqs(ROWS, fifo=True))) == []


def test_71_sqs_ids_with_escapes(api, function):
    """J 71: an id goes back as it is, however it was written."""
    event = sqs([BAD])
    event["Records"][0]["messageId"] = 'a"\\\n\u20ac\U0001f600'
    assert failures(api.result(event)) == ['a"\\\n\u20ac\U0001f600']


# ---------------------------------------------------------------- streams


def test_69_71_kinesis(api, function):
    """J 69, 71: the first failure by its sequence number; processing stops there."""
    assert failures(api.result(kinesis(ROWS))) == []
    event = kinesis([SETOSA, SETOSA, BAD, SETOSA, BAD])
    bad = event["Records"][2]["kinesis"]["sequenceNumber"]
    assert failures(api.result(event)) == [bad]
    assert [line["record"] for line in function.log() if line["level"] == "WARN"] == [2]


def test_71_kinesis_wrong_base64(api, function):
    """J 71: data that cannot be decoded is a failed record."""
    event = kinesis([SETOSA, SETOSA])
    event["Records"][1]["kinesis"]["data"] = "***"
    assert failures(api.result(event)) == [event["Records"][1]["kinesis"]["sequenceNumber"]]


@pytest.mark.parametrize("state", [{}, {"count": 7, "of": {"a": [1, None, "\u20ac"]}}, None])
@pytest.mark.parametrize("final", [False, True])
def test_69_kinesis_tumbling_window(api, function, state, final):
    """J 69: the state is handed on, beside the failures."""
    answer = api.result(kinesis([SETOSA, BAD], **window(state, final)))
    assert answer["state"] == (state or {})
    assert len(answer["batchItemFailures"]) == 1


def test_69_kinesis_window_without_records(api, function):
    """J 69: a window's last invocation may bring no records at all."""
    assert api.result(kinesis([], **window({"count": 7}, final=True)))["state"] == {"count": 7}


def test_69_71_dynamodb(api, function):
    """J 69, 71: new images by attribute names; other attributes and removals are passed over."""
    row = named(SETOSA)
    good = [("INSERT", row), ("MODIFY", row), ("REMOVE", row)]
    assert failures(api.result(dynamodb(good))) == []
    bad = [*good, ("MODIFY", {**row, "petal_width": None}), ("INSERT", {"sepal_length": 1})]
    assert failures(api.result(dynamodb(bad))) == ["111220003"]


@pytest.mark.parametrize(
    "value", [{"S": "5.1"}, {"N": "five"}, {"N": 5.1}, {"N": "1e999"}, {"N": ""}, {}, {"NS": ["1"]}]
)
def test_71_dynamodb_attribute_of_another_type(api, function, value):
    """J 71: a feature must be a number that can be read."""
    image = {**attributes(named(SETOSA)), "sepal_width": value}
    answer = api.result(dynamodb([("INSERT", image)]))
    assert failures(answer) == ["111220000"]
    assert any("sepal_width" in message for message in function.messages("WARN"))


def test_71_dynamodb_without_images(api, function):
    """J 71: a stream of keys only has nothing to predict from."""
    event = dynamodb([("INSERT", named(SETOSA))])
    del event["Records"][0]["dynamodb"]["NewImage"]
    assert failures(api.result(event)) == ["111220000"]


# ---------------------------------------------------------------- no partial failures


def test_69_sns(api, function):
    """J 69: the result is thrown away; a bad message fails the invocation."""
    assert api.result(sns(SETOSA)) is None
    assert "exactly 4 values" in api.failure(sns(BAD))["errorMessage"]


@pytest.mark.parametrize("source", ["aws:kafka", "SelfManagedKafka"])
def test_69_kafka(api, function, source):
    """J 69: records of all topics; a bad one fails the invocation."""
    assert api.result(kafka(ROWS, source)) is None
    assert "exactly 4 values" in api.failure(kafka([*ROWS, BAD], source))["errorMessage"]


# ---------------------------------------------------------------- S3


def test_69_72_s3_batch_echo(api, function):
    """J 69, 72: version, invocation and tasks come back; keys that are no input fail for good."""
    for version in "1.0", "2.0":
        event = s3_batch(["a+b%2Fc%20d", 'quote"%0A'], version)
        answer = api.result(event)
        assert answer["invocationSchemaVersion"] == version
        assert answer["invocationId"] == event["invocationId"]
        assert answer["treatMissingKeysAs"] == "PermanentFailure"
        first, second = answer["results"]
        assert (first["taskId"], second["taskId"]) == ("task-0", "task-1")
        assert first["resultCode"] == second["resultCode"] == "PermanentFailure"
        assert first["resultString"].endswith("got a b/c d")
        assert second["resultString"].endswith('got quote"\n')


@pytest.mark.parametrize("encode", [quote, quote_plus, str])
@pytest.mark.parametrize("row", [SETOSA, named(SETOSA)])
def test_72_s3_batch_keys_that_are_input(api, function, encode, row):
    """J 72: a key decoded is the input; the result is text in the report."""
    answer = api.result(s3_batch([encode(json.dumps(row)), encode("[1,2,3]")], "2.0"))
    good, bad = answer["results"]
    assert good["resultCode"] == "Succeeded"
    assert strict(good["resultString"])["label"] == "setosa"
    assert bad["resultCode"] == "PermanentFailure" and "exactly 4" in bad["resultString"]


def test_72_s3_batch_odd_keys(api, function):
    """J 72: any bytes that a key may decode to, and results too long for a report."""
    keys = ["", "%", "%2", "%zz", "%00", "%ff%fe", "%5B", "+", "\ud83d\ude00", "x" * 1024]
    keys += [quote(json.dumps([SETOSA] * 20))]
    results = api.result(s3_batch(keys))["results"]
    assert [r["taskId"] for r in results] == [f"task-{i}" for i in range(len(keys))]
    assert {r["resultCode"] for r in results} == {"PermanentFailure"}
    assert all(0 < len(r["resultString"]) <= 1024 for r in results)


def test_69_s3_notification(api, function):
    """J 69: recognised, and refused with a sentence, since no model reads objects."""
    error = api.failure(s3_notification())
    assert error["errorType"] == "Function.Unsupported" and "S3" in error["errorMessage"]


# ---------------------------------------------------------------- the rest


@pytest.mark.parametrize("more", [{}, {"BatchInput": {"factor": 2}}])
def test_73_map(api, function, more):
    """J 73: results in order."""
    answer = api.result({"Items": [SETOSA, named(VERSICOLOR), VIRGINICA, [SETOSA]], **more})
    labels = [r["label"] for r in answer[:3]]
    assert labels == ["setosa", "versicolor", "virginica"]
    assert answer[3][0]["label"] == "setosa"
    assert api.result({"Items": [], **more}) == []
    assert "row 1: " in api.failure({"Items": [SETOSA, BAD], **more})["errorMessage"]


def test_73_map_over_csv(api, function):
    """J 73: items from a CSV file are objects of strings."""
    items = [{name: str(value) for name, value in named(SETOSA).items()}]
    assert api.result({"Items": items})[0]["label"] == "setosa"


@pytest.mark.parametrize("name", WARMERS)
def test_69_74_warmers(api, function, name):
    """J 69, 74: a short answer, no model run."""
    post = api.invoke(WARMERS[name])
    answer = post.json()
    assert post.kind == "response" and len(post.body) < 200
    assert answer["status"] == "ok" and "label" not in answer


@pytest.mark.parametrize(
    "event",
    [
        {"instances": [SETOSA], "warmup": False},
        {"instances": [SETOSA], "warmer": None, "ping": "true", "keep-warm": 1},
        {"instances": [SETOSA], "note": "serverless-plugin-warmup warmer ping"},
        {"instances": [SETOSA], "source": "aws.events"},
        {"instances": [SETOSA], "detail-type": "Scheduled Event"},
        {"instances": [SETOSA], "type": "warmers"},
        {"instances": [SETOSA], "x": {"warmer": True, "source": "serverless-plugin-warmup"}},
        {"instances": [SETOSA], "xlambda": "warm_up", "Event": {"source": "x"}},
    ],
)
def test_74_no_warmer(api, function, event):
    """J 74: a real request that merely holds such words is served."""
    assert api.result(event)["predictions"][0]["label"] == "setosa"


def test_74_no_warmer_through_http(api, function):
    """J 74: what is in a body is never a ping."""
    answer = api.result(http_api({"instances": [SETOSA], "warmer": True}))
    assert strict(answer["body"])["predictions"]
    assert api.result(http_api({"warmer": True}))["statusCode"] == 400


def test_69_schedule_with_details(api, function):
    """J 69: a schedule's own detail makes no difference to a model without jobs."""
    assert api.result(schedule({"instances": [SETOSA]}))["status"] == "ok"


def test_69_durable(api, function):
    """J 69: recognised, and refused with a sentence."""
    error = api.failure(durable(SETOSA))
    assert error["errorType"] == "Function.Unsupported" and "durable" in error["errorMessage"]


@pytest.mark.parametrize(
    "event, label",
    [
        (SETOSA, lambda r: r["label"]),
        (named(SETOSA), lambda r: r["label"]),
        ([SETOSA, VERSICOLOR], lambda r: r[0]["label"]),
        ([named(SETOSA), VERSICOLOR], lambda r: r[0]["label"]),
        ({"instances": [SETOSA]}, lambda r: r["predictions"][0]["label"]),
        ({"signature_name": "s", "instances": [SETOSA]}, lambda r: r["predictions"][0]["label"]),
    ],
)
def test_69_direct(api, function, event, label):
    """J 69: a direct call in every form of input, several rounds in one process."""
    for _ in range(3):
        assert label(api.result(event)) == "setosa"


def test_69_empty_batch(api, function):
    """J 69: no instances, no predictions."""
    assert api.result({"instances": []}) == {"predictions": []}


@pytest.mark.parametrize(
    "event",
    [
        {"Records": []},
        {"Records": [1, None]},
        {"Records": [{"eventSource": "aws:unknown"}]},
        {"Records": {"eventSource": "aws:sqs"}},
        {"requestContext": {"elb": 1}},
        {"version": "2.0", "requestContext": {}},
        {"invocationSchemaVersion": "1.0"},
        {"Items": {}},
        {"eventSource": "aws:kafkas", "records": {}},
    ],
)
def test_69_nearly_a_shape(api, function, event):
    """J 69: what no sender sends is a direct call with wrong features."""
    assert api.failure(event)["errorType"] == "Function.BadInput"
    assert api.result(ROW)["label"] == "setosa"
