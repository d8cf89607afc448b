"""net/s3.h and net/credentials.h against servers that fail in every way S3 can,
and some that it cannot."""

import base64
import datetime
import email.utils
import hashlib
import json
import threading
import time

import pytest
from outside import Client, Dns, Http, always, answer, dns_address, within
from s3_server import KEY, REGION, SECRET

TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//token=="
BODY = b'{"data": {"timestamps": [], "pred_model_1": []}}'


def start(tmp_path, url, **more):
    environment = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL_S3": url,
        "MOTE_DNS": "127.0.0.1:9",
    }
    environment.update(more)
    return Client(tmp_path, **{k: v for k, v in environment.items() if v is not None})


def fields_of(head):
    return dict(line.split(": ", 1) for line in head.split("\r\n")[1:])


def error(code, message="why", **more):
    inner = "".join(
        f"<{k}>{v}</{k}>" for k, v in {"Code": code, "Message": message, **more}.items()
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'.encode()


# ---------------------------------------------------------------- requests


def test_a_put(tmp_path):
    with Http(always(200, b"", 'ETag: "abc"', "x-amz-request-id: R1")) as http:
        with start(tmp_path, http.url, AWS_SESSION_TOKEN=TOKEN) as client:
            result = client.put("rivers", "a b/é+$.json", BODY, "application/json", "absent")
    assert (result["status"], result["etag"], result["request_id"]) == ("MOTE_OK", '"abc"', "R1")
    assert http.heads[0].startswith("PUT /rivers/a%20b/%C3%A9%2B%24.json HTTP/1.1\r\n")
    fields, digest = fields_of(http.heads[0]), hashlib.sha256(BODY)
    assert http.bodies[0] == BODY
    assert fields["x-amz-content-sha256"] == digest.hexdigest()
    assert fields["x-amz-checksum-sha256"] == base64.b64encode(digest.digest()).decode()
    assert fields["x-amz-security-token"] == TOKEN
    assert fields["Content-Type"] == "application/json" and fields["If-None-Match"] == "*"
    assert fields["Content-Length"] == str(len(BODY))
    signed = "content-type;host;if-none-match;x-amz-checksum-sha256;x-amz-content-sha256;"
    assert f"SignedHeaders={signed}x-amz-date;x-amz-security-token, " in fields["Authorization"]
    assert f"/{REGION}/s3/aws4_request, " in fields["Authorization"]


def test_an_empty_put_has_a_length(tmp_path):
    with Http(always(200)) as http, start(tmp_path, http.url) as client:
        assert client.put("rivers", "x", b"")["status"] == "MOTE_OK"
    assert fields_of(http.heads[0])["Content-Length"] == "0"


@pytest.mark.parametrize(
    "bucket, endpoint, region, host",
    [
        ("rivers", None, "eu-central-1", "rivers.s3.eu-central-1.amazonaws.com"),
        ("my.rivers", None, "eu-central-1", "s3.eu-central-1.amazonaws.com"),
        ("rivers", None, "cn-north-1", "rivers.s3.cn-north-1.amazonaws.com.cn"),
        ("rivers", "http://s3.test", None, "s3.test"),
    ],
)
def test_the_host_that_is_asked(tmp_path, bucket, endpoint, region, host):
    with Dns(lambda q: [q.answer(flags=0x8183)]) as dns:
        with start(tmp_path, endpoint, AWS_REGION=region, MOTE_DNS=dns.server) as client:
            assert client.get(bucket, "k")["status"] == "MOTE_E_REFUSED"
    assert {q.name for q in dns.questions} == {host}


def test_a_bucket_in_the_host(tmp_path):
    with (
        Http(always(200)) as http,
        Dns(lambda q: [q.answer(dns_address(b"\xc0\x0c", "127.0.0.1"))]) as dns,
        start(tmp_path, f"http://s3.test:{http.port}", MOTE_DNS=dns.server) as client,
    ):
        client.say("in-host")
        assert client.put("rivers", "a/k", b"")["status"] == "MOTE_OK"
        assert client.say("list", "rivers", "", 0)["status"] == "MOTE_E_FORMAT"  # it is empty
    assert [q.name for q in dns.questions] == ["rivers.s3.test"]
    assert http.heads[0].startswith("PUT /a/k HTTP/1.1")
    assert http.heads[1].startswith("GET /?list-type=2&prefix= HTTP/1.1")
    assert fields_of(http.heads[0])["Host"] == f"rivers.s3.test:{http.port}"


def test_an_endpoint_with_a_path(tmp_path):
    with Http(always(200)) as http, start(tmp_path, http.url + "/base/") as client:
        client.put("rivers", "k", b"")
    assert http.heads[0].startswith("PUT /base/rivers/k HTTP/1.1")


@pytest.mark.parametrize(
    "bucket, key, field",
    [
        ("ab", "k", "bucket"),
        ("a" * 64, "k", "bucket"),
        ("Rivers", "k", "bucket"),
        ("a/b/c", "k", "bucket"),
        ("rivers", "", "key"),
        ("rivers", "k" * 1025, "key"),
    ],
)
def test_names_that_are_none(tmp_path, bucket, key, field):
    with Http(always(200)) as http, start(tmp_path, http.url) as client:
        result = client.put(bucket, key, BODY)
        assert (result["status"], result["field"]) == ("MOTE_E_FORMAT", field)
        assert client.put("rivers", "k" * 1024, BODY)["status"] == "MOTE_OK"
    assert len(http.heads) == 1


def test_nothing_gets_into_the_head(tmp_path):
    with Http(always(200)) as http, start(tmp_path, http.url) as client:
        result = client.put("rivers", "k", BODY, "text/plain\rX-Evil: 1")
        assert (result["status"], result["field"]) == ("MOTE_E_FORMAT", "Content-Type")
        assert client.put("rivers", "k\rX-Evil: 1", BODY)["status"] == "MOTE_OK"
    assert len(http.heads) == 1 and "k%0DX-Evil%3A%201 HTTP" in http.heads[0]


@pytest.mark.parametrize(
    "environment, field",
    [
        ({"AWS_REGION": None, "AWS_ENDPOINT_URL_S3": None}, "AWS_REGION"),
        ({"AWS_REGION": "Europe!"}, "AWS_REGION"),
        ({"AWS_REGION": None, "AWS_DEFAULT_REGION": "a/b"}, "AWS_DEFAULT_REGION"),
        ({"AWS_ENDPOINT_URL_S3": "s3.test"}, "AWS_ENDPOINT_URL_S3"),
        ({"AWS_ENDPOINT_URL_S3": None, "AWS_ENDPOINT_URL": "ftp://s3.test"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ACCESS_KEY_ID": None}, "AWS_ACCESS_KEY_ID"),
        ({"AWS_SECRET_ACCESS_KEY": None}, "AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "AWS_ACCESS_KEY_ID"),
    ],
)
def test_settings_that_are_none(tmp_path, environment, field):
    with start(tmp_path, "http://127.0.0.1:1", **environment) as client:
        result = client.get("rivers", "k")
    assert result["status"] in ("MOTE_E_SCHEMA", "MOTE_E_FORMAT") and result["field"] == field
    assert SECRET not in str(result)


@pytest.mark.parametrize("evil", ["a\rX-Evil: 1", "a\tb", "a b", "\x7f", "\x1b"])
@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    ],
)
def test_credentials_that_would_end_a_line(tmp_path, name, evil):
    """The variable is named; nothing is sent, and nothing of it is told."""
    with Http(always(200, b"{}")) as http:
        more = {name: evil + SECRET}
        if name.startswith("AWS_CONTAINER"):
            more |= {
                "AWS_ACCESS_KEY_ID": None,
                "AWS_SECRET_ACCESS_KEY": None,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": http.url,
            }
        with start(tmp_path, http.url, **more) as client:
            result = client.put("rivers", "k", BODY)
    assert (result["status"], result["field"]) == ("MOTE_E_FORMAT", name)
    assert not http.heads and SECRET not in str(result)


# ---------------------------------------------------------------- answers


def test_a_range_and_conditions(tmp_path):
    def script(connection, _number):
        while True:
            head, _ = connection.request()
            if not head:
                return
            fields = fields_of(head)
            if "If-None-Match" in fields:
                connection.send(b'HTTP/1.1 304 X\r\nETag: "e1"\r\n\r\n')
            elif "If-Match" in fields:
                connection.answer(412, error("PreconditionFailed"))
            else:
                connection.answer(206, b"cde", 'ETag: "e1"', "Content-Range: bytes 2-4/9")

    with Http(script) as http, start(tmp_path, http.url) as client:
        assert client.get("rivers", "k", 2, 3)["body"] == b"cde"
        client.say("unless", '"e1"')
        result = client.get("rivers", "k")
        assert (result["status"], result["http"], result["body"]) == ("MOTE_OK", 304, b"")
        assert result["etag"] == '"e1"'
        client.say("match", '"e0"')
        result = client.get("rivers", "k")
        assert (result["status"], result["code"]) == ("MOTE_E_REFUSED", "PreconditionFailed")
    assert fields_of(http.heads[0])["Range"] == "bytes=2-4"
    assert fields_of(http.heads[1])["If-None-Match"] == '"e1"'
    assert fields_of(http.heads[2])["If-Match"] == '"e0"'
    assert http.connections == 1


def test_a_range_that_is_not_kept(tmp_path):
    with Http(always(200, b"abcdef")) as http, start(tmp_path, http.url) as client:
        result = client.get("rivers", "k", 2, 3)
    assert (result["status"], result["field"]) == ("MOTE_E_FORMAT", "Content-Range")
    assert result["body"] == b""


def test_a_range_that_nobody_asked_for(tmp_path):
    with Http(always(206, b"abc", "Content-Range: bytes 0-2/9")) as http:
        with start(tmp_path, http.url) as client:
            result = client.get("rivers", "k")
    assert (result["status"], result["expected"]) == (
        "MOTE_E_FORMAT",
        "all of the object, and no range",
    )


@pytest.mark.parametrize(
    "value, body, good",
    [
        ("bytes 2-4/9", b"cde", True),
        ("bytes 2-4/*", b"cde", True),
        ("bytes 2-3/4", b"cd", True),  # all there is
        ("bytes 2-2/3", b"c", True),
        ("bytes 2-3/9", b"cd", False),  # there was more
        ("bytes 2-3/*", b"cd", False),
        ("bytes 2-5/9", b"cdef", False),
        ("bytes 1-3/9", b"bcd", False),
        ("bytes 3-4/9", b"de", False),
        ("bytes 2-1/9", b"", False),
        ("bytes 2-4/4", b"cde", False),
        ("bytes 2-4/9", b"cd", False),  # not as long as it says
        ("bytes 2-4/9", b"cdef", False),
        ("bytes 2-4/9x", b"cde", False),
        ("bytes 2-4", b"cde", False),
        ("bytes */9", b"cde", False),
        ("items 2-4/9", b"cde", False),
        ("bytes 18446744073709551618-4/9", b"cde", False),
        ("", b"cde", False),
    ],
)
def test_the_range_of_an_answer(tmp_path, value, body, good):
    with Http(always(206, body, *filter(None, [value and f"Content-Range: {value}"]))) as http:
        with start(tmp_path, http.url) as client:
            result = client.get("rivers", "k", 2, 3)
    if good:
        assert (result["status"], result["body"]) == ("MOTE_OK", body)
    else:
        assert (result["status"], result["field"]) == ("MOTE_E_FORMAT", "Content-Range"), result
        assert len(http.heads) == 1


@pytest.mark.parametrize("good", [True, False])
def test_a_checksum_is_checked(tmp_path, good):
    digest = base64.b64encode(hashlib.sha256(b"abc" if good else b"abd").digest()).decode()
    with Http(always(200, b"abc", f"x-amz-checksum-sha256: {digest}")) as http:
        with start(tmp_path, http.url) as client:
            result = client.get("rivers", "k")
    assert result["status"] == ("MOTE_OK" if good else "MOTE_E_DAMAGED")
    assert fields_of(http.heads[0])["x-amz-checksum-mode"] == "ENABLED"


@pytest.mark.parametrize(
    "body, code, request_id",
    [
        (error("NoSuchKey", RequestId="R2"), "NoSuchKey", "R2"),
        (error("A&amp;B&#x21;"), "A&B!", "R1"),
        (b"<html>not S3</html>", "", "R1"),
        (b"<Error><Code>Cut", "", "R1"),
        (b"<Error><Code>Early</Code><Message>" + b"x" * 9000, "Early", "R1"),
        (b"", "", "R1"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><Error><Code>&b;</Code></Error>', "", "R1"),
    ],
)
def test_an_error_s_code_and_request_id(tmp_path, body, code, request_id):
    with (
        Http(always(404, body, "x-amz-request-id: R1")) as http,
        start(tmp_path, http.url) as client,
    ):
        result = client.get("rivers", "k")
    assert (result["status"], result["http"]) == ("MOTE_E_REFUSED", 404)
    assert (result["code"], result["request_id"]) == (code, request_id)
    assert result["body"] == b""


def test_a_refusal_that_breaks_off_is_one(tmp_path):
    """S3 has said no: the rest of its words is not worth another try."""
    whole = answer(404, error("NoSuchKey") + b" " * 100)

    def script(connection, _number):
        connection.request()
        connection.send(whole[:-60])

    with Http(script) as http, start(tmp_path, http.url) as client, within(2):
        result = client.get("rivers", "k")
    assert (result["status"], result["http"], result["code"]) == (
        "MOTE_E_REFUSED",
        404,
        "NoSuchKey",
    )
    assert (result["tries"], len(http.heads)) == (1, 1)


@pytest.mark.parametrize(
    "status, code",
    [
        (503, "SlowDown"),
        (500, "InternalError"),
        (429, "X"),
        (400, "RequestTimeout"),
        (409, "OperationAborted"),
    ],
)
def test_errors_that_pass(tmp_path, status, code):
    def script(connection, _number):
        while connection.request()[0]:
            ok = len(http.heads) == 3
            connection.send(answer(200) if ok else answer(status, error(code)))

    with Http(script) as http, start(tmp_path, http.url) as client, within(3):
        result = client.put("rivers", "k", BODY)
    assert (result["status"], result["tries"]) == ("MOTE_OK", 3)
    assert http.bodies == [BODY] * 3


def test_a_storm_ends(tmp_path):
    with Http(always(503, error("SlowDown"))) as http, start(tmp_path, http.url) as client:
        client.say("seconds", 2)
        with within(2.5):
            result = client.put("rivers", "k", BODY)
    assert (result["status"], result["code"], result["http"]) == ("MOTE_E_REFUSED", "SlowDown", 503)
    assert 2 <= result["tries"] <= 6


@pytest.mark.parametrize("cut", range(0, 300, 7))
def test_an_answer_cut_at_any_offset(tmp_path, cut):
    """The put is made again: what was cut may have been written or not."""
    whole = answer(200, b"", 'ETag: "abc"', "x-amz-request-id: " + "R" * 200)

    def script(connection, number):
        connection.request()
        connection.send(whole if number else whole[:cut])

    with Http(script) as http, start(tmp_path, http.url) as client:
        result = client.put("rivers", "k", BODY)
    assert (result["status"], result["tries"]) == ("MOTE_OK", 1 if cut >= len(whole) else 2)
    assert set(http.bodies) == {BODY}


@pytest.mark.parametrize(
    "there, good",
    [(BODY, True), (BODY[:-1], False), (BODY + b"x", False), (BODY[::-1], False), (None, False)],
)
def test_a_conditional_put_that_meets_itself(tmp_path, there, good):
    """The first try was written, and its answer lost: what is there is looked at."""

    def script(connection, number):
        while True:
            head, _ = connection.request()
            if not head or number == 0:
                return
            if head.startswith("PUT"):
                connection.answer(412, error("PreconditionFailed"))
            elif there is None:
                connection.answer(404, error("NoSuchKey"))
            else:
                connection.answer(200, there, 'ETag: "e1"')

    with Http(script) as http, start(tmp_path, http.url) as client:
        result = client.put("rivers", "k", BODY, "text/plain", "absent")
    assert [h.split()[0] for h in http.heads] == ["PUT", "PUT", "GET"]
    if good:
        assert (result["status"], result["etag"]) == ("MOTE_OK", '"e1"')
    else:
        assert (result["status"], result["code"], result["http"]) == (
            "MOTE_E_REFUSED",
            "PreconditionFailed",
            412,
        )


def test_a_conditional_put_of_one_try_is_refused(tmp_path):
    with Http(always(412, error("PreconditionFailed"))) as http:
        with start(tmp_path, http.url) as client:
            result = client.put("rivers", "k", BODY, "text/plain", "absent")
    assert (result["code"], len(http.heads)) == ("PreconditionFailed", 1)


def test_an_answer_before_the_body_was_read(tmp_path):
    """The server refuses and goes; its words are still read."""

    def script(connection, _number):
        connection.sock.recv(100)
        connection.send(answer(403, error("AccessDenied"), "Connection: close"))
        time.sleep(0.3)

    with Http(script) as http, start(tmp_path, http.url) as client:
        result = client.put("rivers", "k", b"x" * 8_000_000)
    assert (result["status"], result["code"]) in (
        ("MOTE_E_REFUSED", "AccessDenied"),
        ("MOTE_E_CLOSED", ""),
    )


# ---------------------------------------------------------------- corrections


@pytest.mark.parametrize(
    "status, body, fields",
    [
        (301, error("PermanentRedirect"), ["x-amz-bucket-region: us-west-2"]),
        (
            307,
            error("TemporaryRedirect"),
            ["x-amz-bucket-region: us-west-2", "Location: http://evil.test/"],
        ),
        (400, error("AuthorizationHeaderMalformed", Region="us-west-2"), []),
        (403, error("AccessDenied"), ["x-amz-bucket-region: us-west-2"]),
    ],
)
def test_the_bucket_s_region(tmp_path, status, body, fields):
    def script(connection, _number):
        while True:
            head, _ = connection.request()
            if not head:
                return
            connection.send(answer(200) if "/us-west-2/" in head else answer(status, body, *fields))

    with Http(script) as http, start(tmp_path, http.url) as client:
        for tries in (2, 1):  # and it is remembered
            result = client.put("rivers", "k", BODY)
            assert (result["status"], result["tries"]) == ("MOTE_OK", tries)
            assert result["region"] == "us-west-2"
    assert {fields_of(h)["Host"] for h in http.heads} == {f"127.0.0.1:{http.port}"}


@pytest.mark.parametrize(
    "regions",
    [["us-west-2", REGION], ["us-west-2", "us-west-1", "us-west-3"], ["x" * 40], ["a b"], [""]],
)
def test_regions_in_a_circle(tmp_path, regions):
    def script(connection, _number):
        while connection.request()[0]:
            region = regions[(len(http.heads) - 1) % len(regions)]
            connection.answer(301, error("PermanentRedirect"), f"x-amz-bucket-region: {region}")

    with Http(script) as http, start(tmp_path, http.url) as client, within(2):
        result = client.put("rivers", "k", BODY)
    assert (result["status"], result["http"]) == ("MOTE_E_REFUSED", 301)
    assert len(http.heads) <= 3


@pytest.mark.parametrize("hours", [-30, 2])
def test_a_clock_that_is_wrong(tmp_path, hours):
    def script(connection, _number):
        while True:
            head, _ = connection.request()
            if not head:
                return
            now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours)
            sent = datetime.datetime.strptime(fields_of(head)["x-amz-date"], "%Y%m%dT%H%M%S%z")
            date = "Date: " + email.utils.format_datetime(now, usegmt=True)
            if abs((now - sent).total_seconds()) > 900:
                connection.answer(403, error("RequestTimeTooSkewed"), date)
            else:
                connection.answer(200, b"", date)

    with Http(script) as http, start(tmp_path, http.url) as client:
        assert [client.put("rivers", "k", BODY)["tries"] for _ in range(2)] == [2, 1]
        client.say("ahead", -86400)
        assert client.put("rivers", "k", BODY)["tries"] == 2


@pytest.mark.parametrize("date", ["", "Date: x", "Date: Sun, 06 Nov 1994 08:49:37 GMT"])
def test_a_server_that_is_never_content_with_the_clock(tmp_path, date):
    with Http(always(403, error("RequestTimeTooSkewed"), *filter(None, [date]))) as http:
        with start(tmp_path, http.url) as client, within(2):
            result = client.put("rivers", "k", BODY)
    assert (result["status"], result["code"]) == ("MOTE_E_REFUSED", "RequestTimeTooSkewed")
    assert len(http.heads) <= 2


# ---------------------------------------------------------------- lists


def page(keys, token=None):
    entries = "".join(
        f"<Contents><Key>{k}</Key><LastModified>2026-11-28T00:00:00.000Z</LastModified>"
        f"<ETag>&quot;e{i}&quot;</ETag><Size>{i}</Size></Contents>"
        for i, k in enumerate(keys)
    )
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!-- x --><ListBucketResult xmlns="http://s3/">'
        f"<IsTruncated>{str(bool(token)).lower()}</IsTruncated>{more}{entries}</ListBucketResult>"
    ).encode()


PAGES = [
    page(["a", "b&amp;c", "d&#10;e"], "t+1="),
    page(["f", "<![CDATA[g<h]]>"], "t/2"),
    page(["z"]),
]
KEYS = ["a", "b&c", "d\ne", "f", "g<h", "z"]


def paged(connection, cut=lambda n, wire: wire):
    """Serves PAGES by their tokens; `cut` shapes the nth answer."""
    tokens = {"t%2B1%3D": 1, "t%2F2": 2}
    while True:
        head, _ = connection.request()
        if not head:
            return
        at = [n for t, n in tokens.items() if f"continuation-token={t}&" in head]
        wire = answer(200, PAGES[at[0] if at else 0])
        shaped = cut(head, wire)
        connection.send(shaped)
        if shaped != wire:
            return


def test_a_list_of_pages(tmp_path):
    with Http(lambda c, n: paged(c)) as http, start(tmp_path, http.url) as client:
        result = client.say("list", "rivers", "pre fix/", 3)
    assert result["status"] == "MOTE_OK" and [o[0] for o in result["objects"]] == KEYS
    assert result["objects"][1] == ["b&c", 1, '"e1"', "2026-11-28T00:00:00.000Z"]
    assert http.heads[0].startswith("GET /rivers?list-type=2&max-keys=3&prefix=pre%20fix%2F HTTP")
    assert len(http.heads) == 3


def test_a_page_cut_at_every_offset_gives_no_key_twice(tmp_path):
    whole = answer(200, PAGES[1])
    for offset in range(0, len(whole), 11):
        done = threading.Event()

        def cut(head, wire, offset=offset, done=done):
            if "token=t%2B1" in head and not done.is_set():
                done.set()
                return wire[:offset]
            return wire

        with Http(lambda c, n, cut=cut: paged(c, cut)) as http, start(tmp_path, http.url) as client:
            result = client.say("list", "rivers", "", 0)
        assert result["status"] == "MOTE_OK" and [o[0] for o in result["objects"]] == KEYS, offset


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<ListBucketResult>",
        b"nonsense",
        b"<ListBucketResult></Other>",
        page(["a"]).replace(b"<Size>0", b"<Size>many"),
        page(["x" * 3000]),
        page([""]),
        page(["a"], "t").replace(b"<NextContinuationToken>t</NextContinuationToken>", b""),
        b"<a>" * 9,
        b"<ListBucketResult/><Another/>",
        b"<ListBucketResult>&unknown;</ListBucketResult>",
    ],
)
def test_lists_that_are_none(tmp_path, body):
    with Http(always(200, body)) as http, start(tmp_path, http.url) as client, within(3):
        assert client.say("list", "rivers", "", 0)["status"] in ("MOTE_E_FORMAT", "MOTE_E_DEPTH")


def test_a_list_without_end(tmp_path):
    with Http(always(200, page(["a"], "again"))) as http, start(tmp_path, http.url) as client:
        client.say("seconds", 1)
        with within(2.5):
            result = client.say("list", "rivers", "", 0)
    assert result["status"] == "MOTE_E_TIMEOUT"


# ---------------------------------------------------------------- credentials


def endpoint(seconds=3600, key=KEY, secret=SECRET, token=TOKEN):
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return json.dumps(
        {
            "Code": "Success",
            "Type": "AWS-HMAC",
            "AccessKeyId": key,
            "SecretAccessKey": secret,
            "Token": token,
            "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    ).encode()


def start_with_endpoint(tmp_path, url, uri, **more):
    return start(
        tmp_path,
        url,
        AWS_ACCESS_KEY_ID=None,
        AWS_SECRET_ACCESS_KEY=None,
        AWS_CONTAINER_CREDENTIALS_FULL_URI=uri,
        AWS_CONTAINER_AUTHORIZATION_TOKEN="let-me-in",
        **more,
    )


def test_credentials_of_the_endpoint(tmp_path):
    with Http(always(200)) as s3, Http(always(200, endpoint())) as keys:
        with start_with_endpoint(tmp_path, s3.url, f"{keys.url}/2021-04-23/credentials") as client:
            for _ in range(3):
                assert client.put("rivers", "k", BODY)["status"] == "MOTE_OK"
    assert len(keys.heads) == 1 and "GET /2021-04-23/credentials HTTP" in keys.heads[0]
    assert fields_of(keys.heads[0])["Authorization"] == "let-me-in"
    for head in s3.heads:
        assert fields_of(head)["x-amz-security-token"] == TOKEN
        assert f"Credential={KEY}/" in fields_of(head)["Authorization"]


def test_credentials_that_end_soon_are_renewed(tmp_path):
    def script(connection, _number):
        while connection.request()[0]:
            connection.answer(200, endpoint(100, token=f"t{len(keys.heads)}"))

    with Http(always(200)) as s3, Http(script) as keys:
        with start_with_endpoint(tmp_path, s3.url, keys.url) as client:
            for _ in range(3):
                assert client.put("rivers", "k", BODY)["status"] == "MOTE_OK"
    assert [fields_of(h)["x-amz-security-token"] for h in s3.heads] == ["t1", "t2", "t3"]


def test_credentials_stay_good_while_the_endpoint_is_away(tmp_path):
    def script(connection, _number):
        while connection.request()[0]:
            connection.send(answer(200, endpoint(100)) if len(keys.heads) == 1 else answer(404))

    with Http(always(200)) as s3, Http(script) as keys:
        with start_with_endpoint(tmp_path, s3.url, keys.url) as client:
            for _ in range(2):
                assert client.put("rivers", "k", BODY)["status"] == "MOTE_OK"
    assert len(keys.heads) == 2


def test_a_token_that_expired_early(tmp_path):
    def keys_script(connection, _number):
        while connection.request()[0]:
            connection.answer(200, endpoint(token=f"t{len(keys.heads)}"))

    def s3_script(connection, _number):
        while connection.request()[0]:
            old = fields_of(s3.heads[-1])["x-amz-security-token"] == "t1"
            connection.send(answer(400, error("ExpiredToken")) if old else answer(200))

    with Http(s3_script) as s3, Http(keys_script) as keys:
        with start_with_endpoint(tmp_path, s3.url, keys.url) as client:
            result = client.put("rivers", "k", BODY)
    assert (result["status"], result["tries"]) == ("MOTE_OK", 2)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"AccessKeyId": "a"}',
        endpoint(key=""),
        endpoint(secret="a b"),
        endpoint(token="a\nb"),
        endpoint().replace(b"Expiration", b"Expired"),
        endpoint(token="x" * 9000),
        endpoint().replace(b'"Token": "', b'"Token": 7, "X": "'),
    ],
)
def test_an_endpoint_that_answers_otherwise(tmp_path, body):
    with Http(always(200)) as s3, Http(always(200, body)) as keys:
        with start_with_endpoint(tmp_path, s3.url, keys.url) as client:
            result = client.put("rivers", "k", BODY)
    assert result["status"] in ("MOTE_E_FORMAT", "MOTE_E_SPACE") and not s3.heads
    assert SECRET not in str(result) and "let-me-in" not in str(result)


@pytest.mark.parametrize(
    "uri",
    [
        "http://192.0.2.1/",
        "http://keys.test/",
        "http://169.254.169.254/",
        "http://me:pw@127.0.0.1/",
        "nonsense",
        "http://[::2]/",
    ],
)
def test_endpoints_that_a_secret_must_not_come_from(tmp_path, uri):
    with start_with_endpoint(tmp_path, "http://127.0.0.1:1", uri) as client, within(1):
        result = client.put("rivers", "k", BODY)
    assert result["status"] == "MOTE_E_FORMAT"
    assert result["field"] == "AWS_CONTAINER_CREDENTIALS_FULL_URI"


def test_nothing_of_a_secret_is_told(tmp_path):
    """The secret goes nowhere, whatever a server sends back."""
    echo = Http(lambda c, n: [c.answer(403, c.request()[0].encode()) for _ in range(2)])
    with echo as http, start(tmp_path, http.url, AWS_SESSION_TOKEN=TOKEN) as client:
        told = str(client.put("rivers", "k", BODY))
    assert SECRET not in told and SECRET not in str(http.heads)
