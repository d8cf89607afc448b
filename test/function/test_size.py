"""C 37: results at the limit of what a reply may be."""

import json

import pytest
from events_http import http_api
from function import ROW
from mock_api import LIMIT, strict


def lengths(api):
    """A row for each of two lengths of a result, the second one byte longer."""
    found = {}
    for petal in range(10, 60):
        row = b"[5.7,2.8,%d.%d,1.3]" % divmod(petal, 10)
        found[len(api.invoke(row).body)] = row
        for n in found:
            if n + 1 in found:
                return n, found[n], found[n + 1]
    raise AssertionError("no two results whose lengths differ by one")


def batch_with_result_of(api, n):
    """A batch whose result, rows between brackets and commas, is exactly n bytes long."""
    length, row, longer = lengths(api)
    count, rest = divmod(n - 1, length + 1)
    assert rest <= count
    return b"[" + b",".join([longer] * rest + [row] * (count - rest)) + b"]"


def test_37_result_of_exactly_the_limit(api, function):
    """C 37: 6,291,556 bytes are sent."""
    post = api.invoke(batch_with_result_of(api, LIMIT))
    assert post.kind == "response" and len(post.body) == LIMIT
    assert {result["label"] for result in post.json()} <= {"setosa", "versicolor", "virginica"}


def test_37_result_of_one_byte_more(api, function):
    """C 37: never sent; an error that names the size, and the next event works."""
    post = api.invoke(batch_with_result_of(api, LIMIT + 1))
    assert post.kind == "error"
    assert post.json()["errorType"] == "Function.ResponseSizeTooLarge"
    assert api.result(ROW)["label"] == "setosa"


def test_37_result_far_over_the_limit(api, function):
    """C 37: the longest event there can be, nothing but rows."""
    row = b",[1,1,1,1]"
    body = b"[" + (row * ((LIMIT - 1) // len(row)))[1:] + b"]"
    assert api.failure(body)["errorType"] == "Function.ResponseSizeTooLarge"
    assert api.result(ROW)["label"] == "setosa"


@pytest.mark.parametrize("form", ["instances", "map"])
def test_37_other_replies_over_the_limit(api, function, form):
    """C 37: the same for shapes around a batch."""
    batch = batch_with_result_of(api, LIMIT + 1)
    key = b"instances" if form == "instances" else b"Items"
    assert api.failure(b'{"%s":%s}' % (key, batch))["errorType"].endswith("SizeTooLarge")


def test_37_http_reply_over_the_limit(api, function):
    """C 37: a sender of HTTP gets 413, in an envelope that fits."""
    reply = api.result(http_api(batch_with_result_of(api, LIMIT).decode()))
    assert reply["statusCode"] == 413
    assert strict(reply["body"])["error"]["type"] == "ResponseSizeTooLarge"
    reply = api.result(http_api(json.dumps([[5.1, 3.5, 1.4, 0.2]] * 20000)))
    assert reply["statusCode"] == 200 and len(strict(reply["body"])) == 20000
