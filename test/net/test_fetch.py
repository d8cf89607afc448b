"""net/fetch.h against servers that answer well, late, in pieces, wrongly, or
not to the end."""

import contextlib
import hashlib
import socket
import threading
import time

import pytest
from certificates import HOST, Authority, Maker
from outside import (
    CLIENT,
    EXEC,
    SLOW,
    Client,
    Connection,
    Dns,
    Http,
    always,
    answer,
    dns_address,
    within,
)
from servers import nginx_server, server_context

CSV = b"time,level\n" + b"2026-01-01T00:00:00Z,1.25\n" * 400


@pytest.fixture
def client(tmp_path):
    with Client(tmp_path, MOTE_DNS="127.0.0.1:9") as client:
        yield client


def reply(body):
    """A script that answers each request with these bytes, then closes."""

    def script(connection, _number):
        connection.request()
        connection.send(body)

    return script


def counted(body):
    return answer(200, body)


def chunked(body, size=1000):
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    chunks = b"".join(b"%x;a=b\r\n%s\r\n" % (len(p), p) for p in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nX: y\r\n\r\n"


def until_close(body):
    return b"HTTP/1.1 200 OK\r\n\r\n" + body


FRAMINGS = {f.__name__: f for f in (counted, chunked, until_close)}
every_framing = pytest.mark.parametrize("frame", FRAMINGS.values(), ids=FRAMINGS)


# ---------------------------------------------------------------- what works


@every_framing
def test_bodies(client, frame):
    with Http(reply(frame(CSV))) as http:
        result = client.fetch(f"{http.url}/level.csv?days=7&x=%20#part")
    assert (result["status"], result["http"], result["step"]) == ("MOTE_OK", 200, "done")
    assert result["body"] == CSV and result["bytes"] == len(CSV)
    first, *fields = http.heads[0].split("\r\n")
    assert first == "GET /level.csv?days=7&x=%20 HTTP/1.1"
    assert f"Host: 127.0.0.1:{http.port}" in fields and "Accept: */*" in fields


@pytest.mark.parametrize("path, target", [("", "/"), ("/", "/"), ("?a=b", "/?a=b"), ("#x", "/")])
def test_paths_that_are_none(client, path, target):
    with Http(always(200)) as http:
        assert client.fetch(http.url + path)["status"] == "MOTE_OK"
    assert http.heads[0].startswith(f"GET {target} HTTP/1.1\r\n")


@every_framing
def test_byte_by_byte(client, frame):
    def script(connection, _number):
        connection.request()
        for byte in frame(b"a,b\n1,2\n"):
            connection.send(bytes([byte]))

    with Http(script) as http:
        assert client.fetch(http.url)["body"] == b"a,b\n1,2\n"


def test_heads_that_announce_another(client):
    with Http(
        reply(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100 C\r\n\r\n" + counted(b"x"))
    ) as http:
        assert client.fetch(http.url)["body"] == b"x"


def test_a_hundred_megabytes_in_little_memory(client):
    """Issue: peak memory of a job that streams a 100 MB CSV is under 8 MB."""
    row = b"2026-01-01T00:00:00Z,1.25,2.50,3.75\n" * 3000
    count = 100_000_000 // len(row) + 1

    def script(connection, _number):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(row) * count))
        for _ in range(count):
            connection.send(row)

    client.say("seconds", 60 * SLOW)
    with Http(script) as http:
        result = client.fetch(http.url)
    assert result["status"] == "MOTE_OK" and result["bytes"] == len(row) * count
    assert hashlib.sha256(result["body"]).digest() == hashlib.sha256(row * count).digest()
    if "asan" not in CLIENT and not EXEC:  # those hold memory of their own
        assert client.peak_kb() < 8192


def test_ten_gigabytes_are_refused_by_their_length(client):
    client.say("limit", 1 << 20)
    with Http(
        reply(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n" + b"x" * 100)
    ) as http:
        with within(1):
            result = client.fetch(http.url)
    assert (result["status"], result["body"]) == ("MOTE_E_SPACE", b"")
    assert http.connections == 1  # and not asked for again


@pytest.mark.parametrize("frame", [chunked, until_close])
@pytest.mark.parametrize("more", [0, 1])
def test_a_limit_without_length(client, frame, more):
    client.say("limit", len(CSV) - more)
    with Http(reply(frame(CSV))) as http:
        result = client.fetch(http.url)
    assert result["status"] == ("MOTE_E_SPACE" if more else "MOTE_OK")


# ---------------------------------------------------------------- connections


def test_a_connection_serves_many(client):
    with Http(always(200, b"x")) as http:
        for _ in range(20):
            assert client.fetch(http.url)["body"] == b"x"
        assert http.connections == 1


@pytest.mark.parametrize("how", ["closes", "resets", "speaks"])
def test_a_dead_one_is_noticed(client, how):
    """Between two invocations the server has gone, or says what nobody asked."""
    done = threading.Event()

    def script(connection, number):
        connection.request()
        connection.answer(200, b"%d" % number)
        if number:
            return
        time.sleep(0.1)
        if how == "resets":
            connection.reset()
        if how == "speaks":
            connection.send(answer(408))
            done.wait(5)

    with Http(script) as http:
        assert client.fetch(http.url)["body"] == b"0"
        time.sleep(0.3)
        assert client.fetch(http.url)["body"] == b"1"
        done.set()
    assert len(http.heads) == 2


def test_one_that_dies_as_it_is_used(client):
    """The request is read and the connection closed without a word: once more."""

    def script(connection, number):
        connection.request()
        connection.answer(200, b"%d" % number)
        connection.request()

    with Http(script) as http:
        assert [client.fetch(http.url)["body"] for _ in range(3)] == [b"0", b"1", b"2"]
    assert len(http.heads) >= 3


def test_other_servers_get_connections_of_their_own(client):
    with Http(always(200, b"a")) as a, Http(always(200, b"b")) as b:
        bodies = [client.fetch(h.url)["body"] for h in (a, b, a)]
        assert bodies == [b"a", b"b", b"a"] and (a.connections, b.connections) == (2, 1)


def test_answers_that_end_the_connection(client):
    with Http(always(200, b"x", "Connection: close")) as http:
        for _ in range(3):
            assert client.fetch(http.url)["body"] == b"x"
        assert http.connections == 3


def test_a_name_is_looked_up(tmp_path):
    with (
        Http(always(200, b"x")) as http,
        Dns(lambda q: [q.answer(dns_address(b"\xc0\x0c", "127.0.0.1"))]) as dns,
        Client(tmp_path, MOTE_DNS=dns.server) as client,
    ):
        for _ in range(2):
            assert client.fetch(f"http://River.test:{http.port}/")["body"] == b"x"
    assert len(dns.questions) == 1 and f"Host: River.test:{http.port}" in http.heads[0]


def test_the_next_address_when_one_is_dead(tmp_path):
    def addresses(q):
        return [q.answer(*[dns_address(b"\xc0\x0c", f"127.0.0.{n}") for n in (9, 8, 1)])]

    with Http(always(200, b"x")) as http, Dns(addresses) as dns:  # listens on .1 only
        with Client(tmp_path, MOTE_DNS=dns.server) as client:
            assert client.fetch(f"http://river.test:{http.port}/")["body"] == b"x"


# ---------------------------------------------------------------- failures


def test_nobody_listens(client):
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    client.say("seconds", 3)
    with within(3.5):
        result = client.fetch(f"http://127.0.0.1:{port}/")
    assert (result["status"], result["step"]) == ("MOTE_E_CLOSED", "connecting to the server")
    assert result["tries"] > 1


def test_no_such_host(tmp_path):
    with Dns(lambda q: [q.answer(flags=0x8183)]) as dns:
        with Client(tmp_path, MOTE_DNS=dns.server) as client:
            result = client.fetch("http://river.test/")
    assert (result["status"], result["dns_code"]) == ("MOTE_E_REFUSED", 3)
    assert result["step"] == "looking up the server's name"


@every_framing
def test_cut_at_every_offset(client, frame):
    """No cut body counts as whole, unless its end is the connection's."""
    whole = frame(b"a,b\n1,2\n")
    client.say("seconds", 0)  # the deadline is over when a try has failed
    for cut in range(len(whole)):
        client.say("seconds", 5)

        def script(connection, number, cut=cut):
            connection.request()
            connection.send(whole if number else whole[:cut])

        with Http(script) as http:
            result = client.fetch(http.url)
        assert result["status"] == "MOTE_OK", cut
        if frame is until_close and cut >= whole.index(b"\r\n\r\n") + 4:
            assert result["body"] == b"a,b\n1,2\n"[: len(result["body"])] and http.connections == 1
        else:
            assert result["body"] == b"a,b\n1,2\n" and result["tries"] == 2, cut


@pytest.mark.parametrize("status, tries", [(404, 1), (403, 1), (400, 1), (503, 2)])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_refusal_that_breaks_off(client, status, tries, how):
    """What the status says holds, however little of the body came."""

    def script(connection, number):
        connection.request()
        if number:
            connection.answer(200, b"here")
            return
        if how == "reset":
            connection.reset()
        connection.send(answer(status, b"x" * 1000)[:-900])

    with Http(script) as http:
        result = client.fetch(http.url)
    assert (result["tries"], len(http.heads)) == (tries, tries)
    if tries == 1:
        assert (result["status"], result["http"]) == ("MOTE_E_REFUSED", status)
    else:
        assert (result["status"], result["body"]) == ("MOTE_OK", b"here")


def only_v6(connection):
    """A socket that listens on ::1 alone, or a skip."""
    try:
        return socket.create_server(("::1", connection), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")


@pytest.mark.parametrize("host", ["river.test", "localhost"])
def test_ipv6_when_no_ipv4_address_answers(tmp_path, host):
    """Nobody listens on the IPv4 address: the other family is asked for then."""

    def reply(q):
        if q.type == 28:
            return [q.answer(dns_address(b"\xc0\x0c", "::1"))]
        return [q.answer(*(dns_address(b"\xc0\x0c", f"127.0.0.{n}") for n in (1, 2)))]

    with only_v6(0) as server, Dns(reply) as dns:
        port = server.getsockname()[1]

        def serve():
            sock, _ = server.accept()
            with sock:
                sock.recv(4096)
                sock.sendall(answer(200, b"six"))

        threading.Thread(target=serve, daemon=True).start()
        with Client(tmp_path, MOTE_DNS=dns.server) as client, within(2):
            result = client.fetch(f"http://{host}:{port}/")
    assert (result["status"], result["body"]) == ("MOTE_OK", b"six")
    assert [q.type for q in dns.questions] == ([1, 28] if host == "river.test" else [])


def test_neither_family_answers(tmp_path):
    def reply(q):
        return [q.answer(*([dns_address(b"\xc0\x0c", "127.0.0.1")] if q.type == 1 else []))]

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with Dns(reply) as dns, Client(tmp_path, MOTE_DNS=dns.server) as client:
        client.say("seconds", 1)
        with within(2):
            result = client.fetch(f"http://river.test:{port}/")
    assert (result["status"], result["step"]) == ("MOTE_E_CLOSED", "connecting to the server")


def test_a_reset_in_a_body_is_no_end(client):
    def script(connection, number):
        connection.request()
        connection.send(until_close(b"x" * (100 if number else 50)))
        if not number:
            time.sleep(0.1)
            connection.reset()

    with Http(script) as http:
        assert client.fetch(http.url)["body"] == b"x" * 100


@pytest.mark.parametrize("wait", ["head", "body", "trickle", "flood"])
def test_slow_servers_end_at_the_deadline(client, wait):
    """Silence, a byte now and then, or bytes without end."""
    stop = threading.Event()

    def script(connection, _number):
        connection.request()
        if wait == "body":
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")
        if wait in ("trickle", "flood"):
            connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while not stop.wait(0 if wait == "flood" else 0.05):
            if wait in ("trickle", "flood"):
                connection.send(b"x" * (65536 if wait == "flood" else 1))

    client.say("seconds", 1)
    with Http(script) as http, within(2.5):
        result = client.say("fetch", http.url, "/dev/null")
        stop.set()
    assert result["status"] == "MOTE_E_TIMEOUT" and http.connections == 1
    assert result["ms"] < 1500 * SLOW


def test_a_server_that_takes_no_connection(client):
    """A full queue: the handshake is never answered."""
    with socket.socket() as s, contextlib.ExitStack() as others:
        s.bind(("127.0.0.1", 0))
        s.listen(0)
        for _ in range(4):
            other = others.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(s.getsockname())
        client.say("seconds", 1)
        with within(2.5):
            result = client.fetch(f"http://127.0.0.1:{s.getsockname()[1]}/")
    assert (result["status"], result["step"]) == ("MOTE_E_TIMEOUT", "connecting to the server")


def test_a_deadline_that_has_passed(client):
    client.say("seconds", 0)
    with Http(always(200)) as http, within(1):
        assert client.fetch(http.url)["status"] == "MOTE_E_TIMEOUT"


@pytest.mark.parametrize(
    "wire",
    [
        b"SSH-2.0-x\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"\x16\x03\x01\0\1",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    ],
)
def test_what_is_no_http(client, wire):
    with Http(reply(wire)) as http:
        result = client.fetch(http.url)
    assert result["status"] == "MOTE_E_FORMAT" and result["body"] == b""
    assert http.connections == 1


def test_a_head_without_end(client):
    with Http(reply(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 20000)) as http:
        assert client.fetch(http.url)["status"] == "MOTE_E_SPACE"


# ---------------------------------------------------------------- again


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_answers_that_may_pass(client, status):
    def script(connection, _number):
        while connection.request()[0]:
            connection.answer(200 if len(http.heads) == 3 else status, b"x")

    with Http(script) as http, within(3):
        result = client.fetch(http.url)
    assert (result["status"], result["body"], result["tries"]) == ("MOTE_OK", b"x", 3)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_answers_that_will_not(client, status):
    with Http(always(status, b"no such gauge")) as http:
        result = client.fetch(http.url)
    assert (result["status"], result["http"], result["tries"]) == ("MOTE_E_REFUSED", status, 1)
    assert (result["kept"], result["body"]) == ("no such gauge", b"")
    assert result["step"] == "reading the answer's status"


def test_a_refusal_without_end(client):
    """What is said of it is kept; the rest is not waited for."""

    def script(connection, _number):
        connection.request()
        connection.send(b"HTTP/1.1 404 X\r\nContent-Length: 10000000000\r\n\r\n" + b"x" * 5000)
        connection.request()

    with Http(script) as http, within(2):
        result = client.fetch(http.url)
    assert (result["status"], result["http"], result["tries"]) == ("MOTE_E_REFUSED", 404, 1)
    assert result["kept"] == "x" * 4096


def test_a_storm_of_503(client):
    """It ends after a bounded number of tries, with pauses that grow."""
    times = []

    def script(connection, _number):
        while connection.request()[0]:
            times.append(time.monotonic())
            connection.answer(503, b"Slow Down")

    client.say("seconds", 30)
    with Http(script) as http, within(8):
        result = client.fetch(http.url)
    assert (result["status"], result["http"], result["tries"]) == ("MOTE_E_REFUSED", 503, 6)
    assert len(times) == 6 and http.connections == 1
    bounds = [0.1, 0.2, 0.4, 0.8, 1.6]
    for before, after, bound in zip(times, times[1:], bounds, strict=False):
        assert after - before <= (bound + 0.3) * SLOW


def test_pauses_are_jittered(tmp_path):
    """Clients that fail together do not come back together."""
    firsts = []

    def script(connection, _number):
        start = None
        while connection.request()[0]:
            now = time.monotonic()
            if start is not None:
                firsts.append(now - start)
                connection.answer(200)
                return
            start = now
            connection.answer(503)

    with Http(script) as http, Client(tmp_path, MOTE_DNS="127.0.0.1:9") as client:
        for _ in range(12):
            client.fetch(http.url)
    assert max(firsts) - min(firsts) > 0.02 and max(firsts) < 0.25 * SLOW


def test_a_storm_near_the_deadline(client):
    """It does not wait for what there is no time for."""
    client.say("seconds", 1)
    with Http(always(503)) as http, within(1.5):
        result = client.fetch(http.url)
    assert result["status"] == "MOTE_E_REFUSED" and result["ms"] <= 1100 * SLOW


def test_retry_after(client):
    def script(connection, _number):
        while connection.request()[0]:
            if len(http.heads) == 1:
                connection.answer(429, b"", "Retry-After: 1")
            else:
                connection.answer(200, b"x")

    with Http(script) as http:
        result = client.fetch(http.url)
        assert result["status"] == "MOTE_OK" and result["ms"] >= 1000
        http.heads.clear()
        client.say("seconds", 1)
        with within(0.9):
            assert client.fetch(http.url)["http"] == 429


# ---------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("absolute", [False, True])
def test_a_redirect_on_the_same_host(client, status, absolute):
    def script(connection, _number):
        while True:
            head, _ = connection.request()
            if not head:
                return
            if head.startswith("GET /old"):
                to = (http.url if absolute else "") + "/new?x=1"
                connection.answer(status, b"moved", f"Location: {to}")
            else:
                connection.answer(200, b"here")

    with Http(script) as http:
        result = client.fetch(f"{http.url}/old")
    assert result["body"] == b"here" and http.heads[1].startswith("GET /new?x=1 ")
    assert http.connections == 1


@pytest.mark.parametrize(
    "to",
    [
        "http://203.0.113.1/x",
        "//203.0.113.1/x",
        "ftp://127.0.0.1/x",
        "new",
        "http://user:secret@127.0.0.1/",
        "",
        "/a b",
        "http://127.0.0.1:1/",
    ],
)
def test_a_redirect_elsewhere(client, to):
    with Http(always(302, b"", f"Location: {to}")) as http, within(2):
        result = client.fetch(http.url)
    assert (result["status"], result["step"]) == ("MOTE_E_REFUSED", "following a redirect")
    assert result["words"] == to and len(http.heads) == 1


def test_a_redirect_s_keys_are_not_told(client):
    to = "https://127.0.0.1/x?X-Amz-Signature=secret"
    with Http(always(302, b"", f"Location: {to}")) as http:
        assert client.fetch(http.url)["words"] == "https://127.0.0.1/x"


def test_a_redirect_elsewhere_behind_others(client):
    """Each Location once overwrote the one before, and with it the host that
    the next one was compared with."""

    def script(connection, _number):
        for to in (f"{http.url}/b", "/c", f"http://127.0.0.2:{http.port}/d"):
            connection.request()
            connection.answer(302, b"", f"Location: {to}")
        connection.request()

    with Http(script) as http, within(2):
        result = client.fetch(f"{http.url}/a")
    assert (result["status"], result["step"]) == ("MOTE_E_REFUSED", "following a redirect")
    assert [head.split()[1] for head in http.heads] == ["/a", "/b", "/c"]
    assert all(f"Host: 127.0.0.1:{http.port}\r\n" in head for head in http.heads)


@pytest.mark.parametrize("to", ["/", "/other"])
def test_redirects_in_a_circle(client, to):
    with Http(always(302, b"", f"Location: {to}")) as http, within(2):
        result = client.fetch(http.url)
    assert (result["status"], result["http"]) == ("MOTE_E_REFUSED", 302)
    assert len(http.heads) == 6


# ---------------------------------------------------------------- URLs and TLS


@pytest.mark.parametrize(
    "url, expected",
    [
        ("ftp://127.0.0.1/", "http:// or https://"),
        ("127.0.0.1/x", "http:// or https://"),
        ("http:/127.0.0.1/", "http:// or https://"),
        ("http://me:secret@127.0.0.1/", "a host without user name and password"),
        ("http://127.0.0.1:0/", "a port from 1 to 65535"),
        ("http://127.0.0.1:99999/", "a port from 1 to 65535"),
        ("http://127.0.0.1:/", "a port from 1 to 65535"),
        ("http:///x", "a host name"),
        ("http://a b/", "a host name"),
        ("http://127.0.0.1/a b", "blanks and characters beyond ASCII as %XX"),
        ("http://127.0.0.1/\u00e9", "blanks and characters beyond ASCII as %XX"),
    ],
)
def test_urls_that_are_none(client, url, expected):
    result = client.fetch(url)
    assert (result["status"], result["expected"]) == ("MOTE_E_FORMAT", expected)
    assert "secret" not in str(result)


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    authority = Authority(Maker(folder), "p256")
    return authority, authority.chain(), folder


def test_https_through_nginx(tmp_path, chain):
    authority, leaf, folder = chain
    (tmp_path / "level.csv").write_bytes(CSV * 40)
    with (
        nginx_server(tmp_path, leaf.file(folder), leaf.leaf.key, tmp_path) as port,
        Dns(lambda q: [q.answer(dns_address(b"\xc0\x0c", "127.0.0.1"))]) as dns,
    ):
        url = f"https://{HOST}:{port}/level.csv"
        with Client(tmp_path, MOTE_DNS=dns.server, MOTE_CA_FILE=str(authority.root.pem)) as client:
            for _ in range(3):
                assert client.fetch(url)["body"] == CSV * 40
            assert len(dns.questions) == 1  # one connection for all of them
        with Client(tmp_path, MOTE_DNS=dns.server) as client:
            result = client.fetch(url)
    assert (result["status"], result["step"]) == ("MOTE_E_UNTRUSTED", "the TLS handshake")
    assert "mote root" in result["words"]


def test_bytes_that_nobody_asked_for_over_tls(tmp_path, chain):
    """What follows an answer in its last record waits in the TLS engine, not in
    the socket: it is not the next answer."""
    authority, leaf, folder = chain
    context = server_context(leaf.file(folder), leaf.leaf.key)
    line, fields = b"HTTP/1.1 200 OK\r\n", b"Content-Length: %d\r\n\r\n"
    fields %= 16384 - len(line) - len(fields % 10000)  # all that a head may be long

    def script(connection, number):
        secure = Connection(context.wrap_socket(connection.sock, server_side=True))
        secure.request()
        if number == 1:
            secure.answer(200, b"good")
            return
        secure.send(line)
        time.sleep(0.05)
        secure.send((fields + b"x" * 16384)[: 16384 - len(line)] + line)
        if secure.request()[0]:
            secure.send(b"Content-Length: 4\r\n\r\nevil")

    with (
        Http(script) as http,
        Dns(lambda q: [q.answer(dns_address(b"\xc0\x0c", "127.0.0.1"))]) as dns,
        Client(tmp_path, MOTE_DNS=dns.server, MOTE_CA_FILE=str(authority.root.pem)) as client,
    ):
        url = f"https://{HOST}:{http.port}/"
        assert set(client.fetch(url)["body"]) == {ord("x")}
        assert client.fetch(url)["body"] == b"good"
