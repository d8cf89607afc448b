"""J: events that carry an HTTP request."""

import base64
import json

import pytest
from events import text
from events_http import alb, function_url, http_api, http_api_1, rest
from function import FEATURES, ROW, SETOSA, VERSICOLOR, named
from mock_api import strict

SENDERS = {
    "REST": rest,
    "HTTP API 1.0": http_api_1,
    "HTTP API 2.0": http_api,
    "function URL": function_url,
    "ALB": alb,
    "ALB, multi-value": lambda body, **changes: alb(body, multi=True, **changes),
}
REPLY_KEYS = {"statusCode", "headers", "isBase64Encoded", "body"}


@pytest.fixture(params=SENDERS)
def sender(request):
    return SENDERS[request.param]


def without(event, key):
    return {name: value for name, value in event.items() if name != key}


def read(answer):
    """Status and body of an answer, its envelope being one that the sender of HTTP reads."""
    assert isinstance(answer["statusCode"], int) and isinstance(answer["body"], str)
    assert answer["isBase64Encoded"] is False
    if "multiValueHeaders" in answer:
        assert answer["multiValueHeaders"]["content-type"] == ["application/json"]
    else:
        assert answer["headers"]["content-type"] == "application/json"
    return answer["statusCode"], strict(answer["body"])


def body_in(event, body):
    return {**event, "body": body}


@pytest.mark.parametrize(
    "row", [SETOSA, named(SETOSA), f" {ROW.decode()}\n"], ids=["array", "named", "blanks"]
)
def test_69_recognised_by_its_fields(api, function, sender, row):
    """J 69: a request of each sender, and an answer in its envelope."""
    status, result = read(api.result(sender(row)))
    assert status == 200 and result["label"] == "setosa" and result["index"] == 0
    assert abs(sum(result["scores"].values()) - 1) < 1e-6
    assert result["model"]["name"] == "iris"


def test_69_batches(api, function, sender):
    """J 69: the same forms of input as in a direct call."""
    status, results = read(api.result(sender([SETOSA, named(VERSICOLOR)])))
    assert status == 200 and [r["label"] for r in results] == ["setosa", "versicolor"]
    status, results = read(api.result(sender({"instances": [SETOSA, VERSICOLOR]})))
    assert [r["label"] for r in results["predictions"]] == ["setosa", "versicolor"]


@pytest.mark.parametrize("name", ["REST", "HTTP API 1.0", "HTTP API 2.0", "function URL"])
def test_70_reply_of_gateways(api, function, name):
    """J 70: the envelope of API Gateway and function URLs, no member more."""
    assert api.result(SENDERS[name](SETOSA)).keys() == REPLY_KEYS


@pytest.mark.parametrize("multi", [False, True])
def test_70_reply_of_load_balancers(api, function, multi):
    """J 70: headers of the same kind as the request's, and a status description."""
    kind = "multiValueHeaders" if multi else "headers"
    keys = (REPLY_KEYS - {"headers"}) | {kind, "statusDescription"}
    for body, description in (SETOSA, "200 OK"), ("[]", "400 Bad Request"):
        answer = api.result(alb(body, multi=multi))
        assert answer.keys() == keys and answer["statusDescription"] == description
        read(answer)


def test_70_base64_iff_flagged(api, function, sender):
    """J 70: only true decodes."""
    encoded = base64.b64encode(ROW).decode()
    status, result = read(api.result(sender(encoded, isBase64Encoded=True)))
    assert status == 200 and result["label"] == "setosa"
    for flag in {"isBase64Encoded": False}, {"isBase64Encoded": None}:
        assert read(api.result(sender(encoded, **flag)))[0] == 400
        assert read(api.result(sender(SETOSA, **flag)))[0] == 200
    assert read(api.result(without(sender(encoded), "isBase64Encoded")))[0] == 400
    assert read(api.result(without(sender(SETOSA), "isBase64Encoded")))[0] == 200


@pytest.mark.parametrize("encoded", ["WzVd", "Wz Vd", "WzVd\n", "W*Vd", "_-_-", "A", "===="])
def test_70_wrong_base64(api, function, sender, encoded):
    """J 70: what is no base64, or base64 of no input."""
    status, error = read(api.result(sender(encoded, isBase64Encoded=True)))
    assert status == 400 and error["error"]["type"] == "BadInput"


def test_70_base64_without_padding(api, function, sender):
    """J 70: some clients leave it out."""
    encoded = base64.b64encode(ROW).decode()
    assert encoded.endswith("=")
    assert read(api.result(sender(encoded.rstrip("="), isBase64Encoded=True)))[0] == 200


def test_70_no_body(api, function, sender):
    """J 70: missing, null, empty: the client's error, not the invocation's."""
    event = sender(SETOSA)
    bodiless = [without(event, "body"), body_in(event, None), body_in(event, "")]
    bodiless += [body_in(event, " "), body_in(event, SETOSA), body_in(event, {"a": 1})]
    for event in bodiless:
        status, error = read(api.result(event))
        assert status == 400 and error["error"]["type"] == "BadInput"
        assert error["error"]["message"]


def test_70_stage_before_the_path(api, function):
    """J 70: an HTTP API's named stage is part of its path."""
    for path in "/prod", "/prod/", "/prod/predict", "/prod/predict/":
        assert read(api.result(http_api(SETOSA, path=path, stage="prod")))[0] == 200
    for path in "/production/predict", "/prodpredict", "/prod/prod/predict":
        assert read(api.result(http_api(SETOSA, path=path, stage="prod")))[0] == 404


def test_70_rest_stage_named_like_a_route(api, function):
    """J 70: the path of a REST request never begins with the stage."""
    event = rest(None, path="/model", httpMethod="GET")
    event["requestContext"]["stage"] = "model"
    assert read(api.result(event))[0] == 200


def test_70_routes(api, function, sender):
    """J 70: the four routes, in every envelope."""

    def ask(method, path):
        event = sender(SETOSA, path=path)
        if "rawPath" in event:
            event["requestContext"]["http"]["method"] = method
        else:
            event["httpMethod"] = method
        return api.result(event)

    assert read(ask("POST", "/"))[0] == read(ask("POST", "/predict"))[0] == 200
    assert read(ask("GET", "/health"))[1]["status"] == "ok"
    status, model = read(ask("GET", "/model"))
    assert status == 200 and [feature["name"] for feature in model["input"]] == FEATURES
    status, error = read(ask("POST", "/nowhere"))
    assert status == 404 and error["error"]["type"] == "NotFound"
    for method, path, allowed in (("GET", "/predict", "POST"), ("POST", "/health", "GET")):
        answer = ask(method, path)
        assert read(answer)[0] == 405
        headers = answer.get("headers") or answer["multiValueHeaders"]
        assert headers["allow"] in (allowed, [allowed])


@pytest.mark.parametrize("multi", [False, True])
@pytest.mark.parametrize("path", ["/", "/predict", "/ping.html"])
def test_70_load_balancer_health_check(api, function, multi, path):
    """J 70: 200 without a body to predict from, on any path."""
    check = alb("", multi=multi, agent="ELB-HealthChecker/2.0", path=path, httpMethod="GET")
    status, health = read(api.result(check))
    assert status == 200 and health["status"] == "ok"


def test_70_nulls_for_everything_optional(api, function):
    """J 70, 75: a console's test event fills what it does not know with null."""
    for make in rest, http_api, alb:
        event = make(SETOSA)
        needed = {"requestContext", "httpMethod", "path", "body", "version", "rawPath"}
        event |= {name: None for name in event if name not in needed}
        assert read(api.result(event))[0] == 200


BARE = base64.b64encode(ROW).decode()


@pytest.mark.parametrize(
    "event",
    [
        {"body": text(SETOSA)},
        {"body": text(named(SETOSA)), "isBase64Encoded": False},
        {"body": BARE},
        {"body": BARE.rstrip("=")},
        {"body": BARE, "isBase64Encoded": True},
        {"body": text(SETOSA), "headers": {"a": "b"}, "httpMethod": "POST"},
    ],
)
def test_69_bare_body(api, function, event):
    """J 69: a body and nothing around it: the result comes without an envelope, too."""
    assert api.result(event)["label"] == "setosa"


@pytest.mark.parametrize(
    "event",
    [
        {"body": BARE, "isBase64Encoded": False},
        {"body": text(SETOSA), "isBase64Encoded": True},
        {"body": ""},
        {"body": None},
        {"body": "not JSON, nor base64"},
        {"body": "[1,2,3]"},
    ],
)
def test_69_bare_body_that_is_none(api, function, event):
    """J 69: the flag counts when it is there; the failure is the invocation's."""
    assert api.failure(event)["errorType"] == "Function.BadInput"
    assert json.loads(api.invoke(SETOSA).body)["label"] == "setosa"
