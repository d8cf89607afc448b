"""net/s3.h against versitygw, with boto3 and curl as the other readers and
writers of the same objects."""

import hashlib
import shutil
import socket
import subprocess
import threading

import pytest
from certificates import HOST, Authority, Maker
from outside import SLOW, Client, Dns, dns_address, within
from s3_server import KEY, REGION, SECRET, s3_server
from servers import nginx_server

boto3 = pytest.importorskip("boto3")
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

pytestmark = pytest.mark.ci

BUCKET = "rivers"
BODIES = [b"", b"x", b'{"data": {}}', bytes(range(256)) * 80, b"y" * 3_000_001]
KEYS = [
    "a.json",
    "2026/11/28/a b.json",
    "\u00e9\u4e2d\U0001f30a",
    "plus+and&=;,:@$'()!*",
    "%41%2F",
    "~tilde_-.",
    'quote"<tag>',
    "x" * 200,
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("s3")
    with s3_server(folder) as url:
        peer(url).create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield url


def peer(url):
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def boto(server):
    return peer(server)


def start(tmp_path, url, **more):
    environment = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL_S3": url,
        "MOTE_DNS": "127.0.0.1:9",
    }
    return Client(tmp_path, **environment | more)


@pytest.fixture
def client(tmp_path, server):
    with start(tmp_path, server) as client:
        yield client


def curl(*arguments, data=b""):
    done = subprocess.run(
        [
            "curl",
            "-sS",
            "-w",
            "\n%{http_code}",
            "--aws-sigv4",
            f"aws:amz:{REGION}:s3",
            "--user",
            f"{KEY}:{SECRET}",
            *arguments,
        ],
        input=data,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    body, status = done.stdout.rsplit(b"\n", 1)
    return int(status), body


@pytest.mark.parametrize("body", BODIES, ids=lambda b: str(len(b)))
def test_boto3_reads_what_we_put(client, boto, body):
    result = client.put(BUCKET, f"ours/{len(body)}", body, "application/json")
    assert (result["status"], result["tries"]) == ("MOTE_OK", 1), result
    got = boto.get_object(Bucket=BUCKET, Key=f"ours/{len(body)}", ChecksumMode="ENABLED")
    assert got["Body"].read() == body and got["ContentType"] == "application/json"
    assert got["ETag"] == result["etag"]
    assert bytes.fromhex(got["ETag"].strip('"')) == hashlib.md5(body).digest()


@pytest.mark.parametrize("body", BODIES, ids=lambda b: str(len(b)))
def test_we_read_what_boto3_puts(client, boto, body):
    put = boto.put_object(Bucket=BUCKET, Key="theirs", Body=body, ChecksumAlgorithm="SHA256")
    result = client.get(BUCKET, "theirs")
    assert (result["status"], result["body"], result["etag"]) == ("MOTE_OK", body, put["ETag"])


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_keys(client, boto, key):
    body = key.encode()
    assert client.put(BUCKET, f"keys/{key}", body)["status"] == "MOTE_OK"
    assert boto.get_object(Bucket=BUCKET, Key=f"keys/{key}")["Body"].read() == body
    boto.put_object(Bucket=BUCKET, Key=f"keys/{key}", Body=body * 2)
    assert client.get(BUCKET, f"keys/{key}")["body"] == body * 2
    listed = client.say("list", BUCKET, f"keys/{key}", 0)["objects"]
    assert [o[:2] for o in listed] == [[f"keys/{key}", 2 * len(body)]]


def test_curl_reads_and_writes(client, server):
    body = b"level\n1.25\n" * 500
    assert client.put(BUCKET, "curl/ours.csv", body, "text/csv")["status"] == "MOTE_OK"
    empty, digest = (hashlib.sha256(b).hexdigest() for b in (b"", body))
    assert curl("-H", f"x-amz-content-sha256: {empty}", f"{server}/{BUCKET}/curl/ours.csv") == (
        200,
        body,
    )
    status, _ = curl(
        "-X",
        "PUT",
        "-H",
        f"x-amz-content-sha256: {digest}",
        "--data-binary",
        "@-",
        f"{server}/{BUCKET}/curl/theirs.csv",
        data=body,
    )
    assert status == 200
    assert client.get(BUCKET, "curl/theirs.csv")["body"] == body


def test_ranges(client):
    body = bytes(range(256)) * 16
    client.put(BUCKET, "range", body)
    for first, count in [(0, 1), (1, 4095), (4000, 96), (4000, 1000)]:
        result = client.get(BUCKET, "range", first, count)
        assert (result["http"], result["body"]) == (206, body[first : first + count])
    result = client.get(BUCKET, "range", 5000, 10)
    assert (result["status"], result["http"], result["code"]) == (
        "MOTE_E_REFUSED",
        416,
        "InvalidRange",
    )


def test_conditions(client):
    first = client.put(BUCKET, "once", b"1", "", "absent")
    assert first["status"] == "MOTE_OK"
    again = client.put(BUCKET, "once", b"2", "", "absent")
    assert (again["status"], again["http"], again["code"]) == (
        "MOTE_E_REFUSED",
        412,
        "PreconditionFailed",
    )
    client.say("unless", first["etag"])
    assert client.get(BUCKET, "once")["http"] == 304
    client.put(BUCKET, "once", b"3")
    client.say("unless", first["etag"])
    assert client.get(BUCKET, "once")["body"] == b"3"
    client.say("match", first["etag"])
    assert client.get(BUCKET, "once")["code"] == "PreconditionFailed"


@pytest.mark.parametrize("size", [0, 1, 7, 100])
def test_pages(client, boto, size):
    names = sorted(f"pages{size}/{n:03}/x" for n in range(23))
    for name in names:
        client.put(BUCKET, name, name.encode())
    result = client.say("list", BUCKET, f"pages{size}/", size)
    theirs = boto.list_objects_v2(Bucket=BUCKET, Prefix=f"pages{size}/")["Contents"]
    assert [o[0] for o in result["objects"]] == names == [o["Key"] for o in theirs]
    assert [o[1:3] for o in result["objects"]] == [[o["Size"], o["ETag"]] for o in theirs]


def test_an_empty_list(client):
    result = client.say("list", BUCKET, "nothing/", 0)
    assert (result["status"], result["objects"]) == ("MOTE_OK", [])


@pytest.mark.parametrize(
    "bucket, key, code", [(BUCKET, "none", "NoSuchKey"), ("no-bucket", "k", "NoSuchBucket")]
)
def test_what_is_not_there(client, bucket, key, code):
    result = client.get(bucket, key)
    assert (result["status"], result["http"], result["code"]) == ("MOTE_E_REFUSED", 404, code)
    assert result["request_id"]


@pytest.mark.parametrize(
    "environment, http, code",
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, 403, "SignatureDoesNotMatch"),
        ({"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, 404, "XAdminUserNotFound"),  # versitygw's own
    ],
)
def test_who_is_refused(tmp_path, server, environment, http, code):
    with start(tmp_path, server, **environment) as client:
        result = client.put(BUCKET, "refused", b"x")
    assert (result["status"], result["http"], result["code"]) == ("MOTE_E_REFUSED", http, code)
    assert SECRET not in str(result)


def test_another_region_is_corrected_or_named(tmp_path, server):
    with start(tmp_path, server, AWS_REGION="us-west-2") as client:
        result = client.put(BUCKET, "region", b"x")
    if result["status"] != "MOTE_OK":
        assert result["code"] == "AuthorizationHeaderMalformed" and REGION in result["message"]


@pytest.mark.parametrize("seconds", [-86400, -1000, 1000, 86400])
def test_a_clock_that_is_wrong(client, seconds):
    client.say("ahead", seconds)
    result = client.put(BUCKET, "clock", b"x")
    assert (result["status"], result["tries"]) == ("MOTE_OK", 2), result
    assert client.put(BUCKET, "clock", b"x")["tries"] == 1


def test_a_body_changed_on_its_way_is_refused(tmp_path, server, boto):
    """The server compares hash and body: a proxy that flips a byte."""
    with Proxy(server, flip=True) as proxy, start(tmp_path, proxy.url) as client:
        result = client.put(BUCKET, "flipped", b"x" * 1000)
    assert (result["status"], result["http"]) == ("MOTE_E_REFUSED", 400), result
    with pytest.raises(ClientError):
        boto.head_object(Bucket=BUCKET, Key="flipped")


class Proxy:
    """Before the server: passes on the first `cut` bytes of the first request,
    or all with a byte of the body flipped, and then closes."""

    def __init__(self, url, cut=None, flip=False):
        self.to, self.cut, self.flip = int(url.rsplit(":", 1)[1]), cut, flip
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.count = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _accept(self):
        while True:
            try:
                near, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            with near, socket.create_connection(("127.0.0.1", self.to)) as far:
                self._pass(near, far, self.cut if self.count == 1 else None)

    def _pass(self, near, far, cut):
        sent = 0
        near.settimeout(0.3)
        while cut is None or sent < cut:
            try:
                data = near.recv(65536)
            except TimeoutError:
                break
            if not data:
                break
            data = data[: None if cut is None else cut - sent]
            if self.flip and data[-1:] == b"x":
                data = data[:-1] + b"z"
            far.sendall(data)
            sent += len(data)
        if cut is None:
            near.sendall(far.recv(65536))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9, 0.999])
def test_no_half_object_is_ever_visible(tmp_path, server, boto, share):
    """A put that breaks off leaves nothing; the next try leaves all of it."""
    body, key = b"y" * 100_000, f"half/{share}"
    seen = []
    with Proxy(server, cut=int(share * len(body)) + 700) as proxy:
        with start(tmp_path, proxy.url) as client:
            watcher = threading.Event()

            def watch():
                while not watcher.wait(0.01):
                    listed = boto.list_objects_v2(Bucket=BUCKET, Prefix=key)
                    seen.extend(o["Size"] for o in listed.get("Contents", []))

            thread = threading.Thread(target=watch)
            thread.start()
            result = client.put(BUCKET, key, body)
            watcher.set()
            thread.join()
    assert (result["status"], proxy.count) == ("MOTE_OK", 2), result
    assert set(seen) <= {len(body)}
    assert boto.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body


def test_a_server_that_is_down_and_comes_back(tmp_path, tmp_path_factory):
    folder = tmp_path_factory.mktemp("again")
    (folder / BUCKET).mkdir()
    with s3_server(folder) as url, start(tmp_path, url) as client:
        assert client.put(BUCKET, "k", b"1")["status"] == "MOTE_OK"
        client.say("seconds", 2)
    with start(tmp_path, url) as client, within(4):
        client.say("seconds", 2)
        result = client.put(BUCKET, "k", b"2")
    assert (result["status"], result["step"]) == ("MOTE_E_CLOSED", "connecting to the server")


def test_buckets_in_the_host(tmp_path):
    """Virtual-host addressing, which the signature covers."""
    (tmp_path / BUCKET).mkdir()
    with (
        s3_server(tmp_path, "--virtual-domain", "s3.test") as url,
        Dns(lambda q: [q.answer(dns_address(b"\xc0\x0c", "127.0.0.1"))]) as dns,
        start(tmp_path, url.replace("127.0.0.1", "s3.test"), MOTE_DNS=dns.server) as client,
    ):
        client.say("in-host")
        assert client.put(BUCKET, "a b/k", b"here")["status"] == "MOTE_OK"
        assert client.get(BUCKET, "a b/k")["body"] == b"here"
        assert [o[0] for o in client.say("list", BUCKET, "a", 0)["objects"]] == ["a b/k"]
    assert {q.name for q in dns.questions} == {f"{BUCKET}.s3.test"}


def test_a_large_object_in_little_memory(client, boto):
    body = b"2026-01-01T00:00:00Z,1.25\n" * 1_600_000  # 41 MB
    boto.put_object(Bucket=BUCKET, Key="large.csv", Body=body, ChecksumAlgorithm="SHA256")
    client.say("seconds", 60 * SLOW)
    result = client.get(BUCKET, "large.csv")
    assert result["status"] == "MOTE_OK" and result["body"] == body


@pytest.mark.skipif(
    not (shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")), reason="no nginx"
)
def test_over_tls_with_a_private_authority(tmp_path, server):
    """nginx in front; the certificate is for the host that is asked for."""
    authority = Authority(Maker(tmp_path))
    chain = authority.chain()
    location = f"""
        client_max_body_size 20m;
        location / {{ proxy_pass {server}; proxy_set_header Host $http_host; }}"""
    with (
        nginx_server(tmp_path, chain.file(tmp_path), chain.leaf.key, tmp_path, location) as port,
        Dns(lambda q: [q.answer(dns_address(b"\xc0\x0c", "127.0.0.1"))]) as dns,
        start(
            tmp_path,
            f"https://{HOST}:{port}",
            MOTE_DNS=dns.server,
            MOTE_CA_FILE=str(authority.root.pem),
        ) as client,
    ):
        for body in BODIES:
            assert client.put(BUCKET, "tls", body)["status"] == "MOTE_OK"
            assert client.get(BUCKET, "tls")["body"] == body
        assert len(dns.questions) == 1  # one connection for all of it
