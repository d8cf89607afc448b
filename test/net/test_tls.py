"""TLS through net/tls.h: whom it believes, with whom it speaks, and what it
does when records come in pieces, late, changed or not at all.

MOTE_TLS_CLIENT is test/net/tls_client.c, built; MOTE_EXEC starts it."""

import os
import re
import socket
import ssl
import subprocess
import threading
import time
from types import SimpleNamespace

import pytest
from certificates import CA, HOST, LEAF, Authority, Chain, Maker, as_written, day, openssl
from conftest import ROOT
from servers import Server, nginx_server, openssl_server, record, refragmented, server_context

HOST_ARCH = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
CLIENT = os.environ.get("MOTE_TLS_CLIENT", f"build/{HOST_ARCH}/test/net/tls_client")
EXEC = os.environ.get("MOTE_EXEC", "").split()
SLOW = int(os.environ.get("MOTE_SLOW", "1"))

FORMAT, CLOSED, REFUSED, TIMEOUT, UNTRUSTED = -2, -5, -13, -14, -15
SUITES = {
    "ECDHE-ECDSA-AES128-GCM-SHA256": "c02b",
    "ECDHE-ECDSA-AES256-GCM-SHA384": "c02c",
    "ECDHE-ECDSA-CHACHA20-POLY1305": "cca9",
    "ECDHE-RSA-AES128-GCM-SHA256": "c02f",
    "ECDHE-RSA-AES256-GCM-SHA384": "c030",
    "ECDHE-RSA-CHACHA20-POLY1305": "cca8",
}
CURVES = {"X25519": 29, "P-256": 23, "P-384": 24}
SECRET = b"wJalrXUtnFEMI/K7MDENG"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    maker = Maker(folder)
    rsa, p256 = Authority(maker), Authority(maker, "p256")
    good = {"rsa": rsa.chain(), "p256": p256.chain()}
    return SimpleNamespace(folder=folder, maker=maker, rsa=rsa, p256=p256, good=good)


def client(port, authority, *options, name=HOST, data=b"", env=None):
    """authority: the file of what is believed, or None."""
    command = [*EXEC, ROOT / CLIENT, "127.0.0.1", port, name,
               *([authority] if authority else []), *options]  # fmt: skip
    done = subprocess.run([str(c) for c in command], input=data, capture_output=True,
                          timeout=60 * SLOW, env={**os.environ, **(env or {})})  # fmt: skip
    assert SECRET not in done.stderr
    return SimpleNamespace(code=done.returncode, out=done.stdout, said=done.stderr.decode())


def good_server(made, kind="p256", **more):
    chain = made.good[kind]
    return Server(server_context(chain.file(made.folder), chain.leaf.key), **more)


def roots(made, kind="p256"):
    return getattr(made, kind).root.pem


def failed(result, status, message):
    assert result.code == 1 and result.out == b""
    assert re.fullmatch(rf"failed {status}: {message}\n", result.said), result.said


# ---------------------------------------------------------------- whom it believes


@pytest.mark.parametrize("name", [HOST, "RIVER.test", f"{HOST}.", "a.wild.test"])
def test_a_host_by_the_names_of_its_certificate(made, name):
    with good_server(made, "rsa", answer=[b"level"]) as server:
        result = client(server.port, roots(made, "rsa"), name=name)
    assert (result.code, result.out) == (0, b"level"), result.said


@pytest.mark.parametrize("issuer, key", [("rsa", "rsa4096"), ("p384", "p384"), ("rsa", "p256")])
def test_other_keys(made, issuer, key):
    authority = made.rsa if issuer == "rsa" else Authority(made.maker, issuer, md="sha384")
    chain = authority.chain(key=made.maker.key(key), md="sha384")
    with Server(server_context(chain.file(made.folder), chain.leaf.key), answer=[b"a"]) as server:
        result = client(server.port, authority.root.pem)
    assert (result.code, result.out) == (0, b"a"), result.said


def test_any_certificate_of_the_chain_may_be_the_one_that_is_believed(made):
    chain = made.good["rsa"]
    for believed in (chain.leaf, *chain.others, made.rsa.root):
        with good_server(made, "rsa", answer=[b"a"]) as server:
            assert client(server.port, believed.pem).out == b"a", believed.name


DATES = rf"is valid from {as_written(day(-9))} to {as_written(day(-2))}, and that is not now"
UNTRUSTED_FORM = 'not trusted: no authority "%s" is known, which issued "%s"'
WEAK_FORM = (
    rf'certificate 1, "{HOST}", is signed or keyed with %s: expected RSA \(PKCS #1 v1.5\), '
    r"P-256 or P-384, with SHA-256 or SHA-384"
)
UNKNOWN_EXTENSION = (
    r"has a critical extension that is not known here \(name constraints, extended key usage\)"
)


def middle(made, extensions=CA, name="other middle", **more):
    return made.maker.make(name, made.rsa.root, made.maker.key("rsa2048", 3), extensions, **more)


def under(made, issuer):
    return Chain(made.rsa.leaf(issuer=issuer), [issuer])


def stranger(made):
    return Authority(made.maker, name="stranger")


# what is wrong with it -> the chain that a server presents, and the message
REFUSED_CHAINS = {
    "expired": (lambda m: m.rsa.chain(days=(-9, -2)), f'certificate 1, "{HOST}", {DATES}'),
    "not yet valid": (
        lambda m: m.rsa.chain(days=(2, 9)),
        f'certificate 1, "{HOST}", '
        f"is valid from {as_written(day(2))} to {as_written(day(9))}, and that is not now",
    ),
    "expired authority": (
        lambda m: under(m, middle(m, days=(-9, -2))),
        f'certificate 2, "other middle", {DATES}',
    ),
    "self-signed": (
        lambda m: Chain(m.maker.make(HOST, None, m.maker.key("rsa2048"), LEAF)),
        UNTRUSTED_FORM % (HOST, HOST),
    ),
    "unknown authority": (
        lambda m: stranger(m).chain(),
        UNTRUSTED_FORM % ("stranger root", "stranger middle"),
    ),
    "unknown authority, its root sent": (
        lambda m: (lambda s: Chain(s.leaf(), [s.middle, s.root]))(stranger(m)),
        UNTRUSTED_FORM % ("stranger root", "stranger root"),
    ),
    "an authority's name on another key": (
        lambda m: (lambda s: Chain(s.leaf(), [s.middle]))(Authority(m.maker, "p256", name="mote")),
        UNTRUSTED_FORM % ("mote root", "mote middle"),
    ),
    "missing intermediate": (lambda m: Chain(m.rsa.leaf()), UNTRUSTED_FORM % ("mote middle", HOST)),
    "out of order": (
        lambda m: Chain(m.rsa.leaf(), [m.rsa.root, m.rsa.middle]),
        'certificate 2, "mote root", is out of order: the one before was issued by "mote middle"',
    ),
    "wrong key usage": (
        lambda m: m.rsa.chain(LEAF.replace("digitalSignature", "keyEncipherment")),
        "the key usage of the server's certificate forbids signatures",
    ),
    "an authority's wrong key usage": (
        lambda m: under(m, middle(m, CA.replace("keyCertSign,cRLSign", "digitalSignature"))),
        'certificate 2, "other middle", is not to be used so: its key usage forbids it',
    ),
    "no authority": (
        lambda m: under(m, middle(m, "basicConstraints=critical,CA:FALSE\n")),
        'certificate 2, "other middle", is no authority, or not for so long a chain',
    ),
    "SHA-1": (lambda m: m.rsa.chain(md="sha1"), WEAK_FORM % "RSA with SHA-1"),
    "MD5": (lambda m: m.rsa.chain(md="md5"), WEAK_FORM % "RSA with MD5"),
    "RSA-PSS": (lambda m: m.rsa.chain(pss=True), WEAK_FORM % "RSA-PSS"),
    "small key": (
        lambda m: m.rsa.chain(key=m.maker.key("rsa1024")),
        f'certificate 1, "{HOST}", has an RSA key of less than 2048 bits',
    ),
    "a critical extended key usage": (
        lambda m: m.rsa.chain(LEAF + "extendedKeyUsage=critical,serverAuth\n"),
        f'certificate 1, "{HOST}", {UNKNOWN_EXTENSION}',
    ),
    "critical name constraints": (
        lambda m: under(m, middle(m, CA + "nameConstraints=critical,permitted;DNS:.test\n")),
        f'certificate 2, "other middle", {UNKNOWN_EXTENSION}',
    ),
}


@pytest.mark.parametrize("wrong", REFUSED_CHAINS)
def test_a_chain_is_refused(made, wrong):
    make, message = REFUSED_CHAINS[wrong]
    chain = make(made)
    context = server_context(chain.file(made.folder), chain.leaf.key)
    with Server(context, answer=[b"not to be read"]) as server:
        failed(client(server.port, roots(made, "rsa"), data=SECRET), UNTRUSTED, message)
    assert server.received == b""


@pytest.mark.parametrize("name", ["other.test", f"a.{HOST}", "a.b.wild.test", "wild.test"])
def test_a_certificate_for_other_names_is_refused(made, name):
    with good_server(made, answer=[b"not to be read"]) as server:
        result = client(server.port, roots(made), name=name)
    failed(result, UNTRUSTED, f'certificate 1, "{HOST}", is for {HOST}, not for {name}')


@pytest.mark.parametrize("name", ["127.0.0.1", "::1", "", "a b", "*.wild.test", "x" * 256])
def test_a_name_that_no_certificate_can_be_for_is_refused(made, name):
    with good_server(made) as server:
        failed(client(server.port, roots(made), name=name), FORMAT, ".*host name.*")


def test_nobody_is_believed_without_an_authority(made):
    with good_server(made) as server:
        result = client(server.port, None)
    failed(result, UNTRUSTED, UNTRUSTED_FORM % ("mote root", "mote middle"))
    with good_server(made) as server:
        result = client(server.port, None, "function=1")
    failed(result, UNTRUSTED, UNTRUSTED_FORM % ("mote root", "mote middle"))


def test_names_of_a_stranger_cannot_break_a_line(made):
    name = "evil\n\x1b[2Jlevel"
    chain = Chain(made.maker.make(name, None, made.maker.key("rsa2048"), LEAF))
    with Server(server_context(chain.file(made.folder), chain.leaf.key)) as server:
        result = client(server.port, roots(made))
    assert result.said.count("\n") == 1 and "\x1b" not in result.said
    assert 'which issued "evil??[2Jlevel"' in result.said


# ------------------------------------------------------------------ authorities' files


def test_a_file_of_authorities_as_people_write_them(made, tmp_path):
    key, root, other = made.rsa.root.key.read_text(), made.rsa.root.text(), made.p256.root.text()
    for text in (
        root.rstrip("\n"),
        root.replace("\n", "\r\n"),
        f"# the database's\n\n{other}{key}{root}",
    ):
        (tmp_path / "ca.pem").write_text(text, newline="")
        with good_server(made, "rsa", answer=[b"a"]) as server:
            assert client(server.port, tmp_path / "ca.pem").out == b"a"


def file_of(made, wrong):
    root = made.rsa.root.text()
    lines = root.splitlines(keepends=True)
    if wrong == "small":
        return made.maker.make("small", None, made.maker.key("rsa1024", 1), CA).text()
    if wrong == "p521":
        return root + made.maker.make("p521", None, made.maker.key("p521", 1), CA).text()
    return {
        "empty": "",
        "no certificate": made.rsa.root.key.read_text(),
        "cut": root[: len(root) // 2],
        "no base64": root.replace(lines[5], lines[5][:-2] + "!\n"),
        "no certificate in it": f"{lines[0]}AAAA\n{lines[-1]}",
        "a line lost": "".join(lines[:3] + lines[4:]),
        "too many": made.p256.root.text() * 257,
        "too long": root + " " * 262144,
    }[wrong]


@pytest.mark.parametrize(
    "wrong, said",
    {
        "empty": "refused -2: certificate 0: expected a line -----BEGIN CERTIFICATE-----",
        "no certificate": "refused -2: certificate 0: expected a line -----BEGIN CERTIFICATE-----",
        "cut": "refused -2: certificate 0: expected a line -----END ...",
        "no base64": "refused -2: certificate 0: expected base64 in its lines",
        "no certificate in it": "refused -2: certificate 0: expected an X.509 certificate",
        "a line lost": "refused -2: certificate 0: expected an X.509 certificate",
        "small": "refused -13: certificate 0: expected an RSA key of at least 2048 bits",
        "p521": "refused -13: certificate 1: expected a key on P-256 or P-384, or an RSA key",
        "too many": "refused -3: certificate 256: expected at most 256 certificates in all",
        "too long": "refused -3:  -1: expected at most 262144 bytes",
    }.items(),
)
def test_a_file_of_authorities_is_refused_by_name(made, tmp_path, wrong, said):
    (tmp_path / "ca.pem").write_text(file_of(made, wrong))
    result = client(1, tmp_path / "ca.pem")
    assert (result.code, result.said) == (1, said + "\n")


def test_no_file_of_authorities(tmp_path):
    result = client(1, tmp_path / "none.pem")
    assert result.said == "refused -4:  -1: expected a file that can be read\n"


def test_the_variable_that_names_a_file(made, tmp_path):
    for value, out in ((roots(made), b"a"), ("", b"")):
        with good_server(made, answer=[b"a"]) as server:
            result = client(server.port, None, "function=1", env={"MOTE_CA_FILE": str(value)})
        assert result.out == out, result.said
    result = client(1, None, "function=1", env={"MOTE_CA_FILE": str(tmp_path / "none")})
    assert result.said == "refused -4: MOTE_CA_FILE -1: expected a file that can be read\n"


def test_the_build_s_authorities_are_those_of_its_files():
    """Keys and names, as openssl reads them."""
    written = (ROOT / "build/anchors.c").read_text()
    arrays = re.findall(r"static const unsigned char (\w+?)(\d+)\[\] = \{(.*?)\};", written, re.S)
    got = {}
    for kind, number, text in arrays:
        numbers = bytes(int(b, 16) for b in re.findall(r"0x(\w\w)", text))
        got.setdefault(int(number), {})[kind] = numbers
    trust = subprocess.run(["make", "-s", "print-trust"], cwd=ROOT, capture_output=True, text=True)
    files = trust.stdout.split()
    assert len(got) == len(files) >= 5
    for number, file in enumerate(files):
        der = subprocess.run(
            ["openssl", "x509", "-in", file, "-outform", "DER"], capture_output=True, check=True
        ).stdout
        assert got[number]["name"] in der
        if "q" in got[number]:
            assert got[number]["q"] in der
            continue
        modulus = openssl("x509", "-in", file, "-noout", "-modulus").strip().partition("=")[2]
        assert got[number]["n"] == bytes.fromhex(modulus)
        assert got[number]["e"] == b"\x01\x00\x01"


def test_other_authorities_for_a_build(made, tmp_path):
    """What TRUST names: any number of files, or a refusal that names the file."""
    tool = ROOT / "build/host/anchors"
    files = [made.rsa.root.pem, made.p256.root.pem]
    done = subprocess.run([tool, *files], capture_output=True, text=True, check=True)
    assert "mote_trust_builtin_count = 2;" in done.stdout
    (tmp_path / "none.pem").write_text("nothing\n")
    done = subprocess.run([tool, *files, tmp_path / "none.pem"], capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == (
        f"{tmp_path}/none.pem: certificate 1: expected a line -----BEGIN CERTIFICATE-----\n"
    )


# ---------------------------------------------------------------- with whom it speaks


@pytest.mark.parametrize("portable", [0, 1])
@pytest.mark.parametrize("suite", SUITES)
def test_openssl_s_server(made, suite, portable):
    kind = "p256" if "ECDSA" in suite else "rsa"
    chain = made.good[kind]
    options = ["-tls1_2", "-cipher", suite, "-rev", "-quiet"]
    with openssl_server(made.folder, chain, *options) as (port, _):
        lines = b"".join(b"%05d level\n" % i for i in range(3000))
        # the server does not end by itself: it closes when it reads this line
        result = client(port, roots(made, kind), f"portable={portable}",
                        data=lines + b"CLOSE\n")  # fmt: skip
    answer = b"".join(line[::-1] + b"\n" for line in lines.split(b"\n")[:-1])
    assert result.out == answer, result.said
    assert f"connected {SUITES[suite]}" in result.said


@pytest.mark.parametrize("suite", SUITES)
def test_nginx(made, tmp_path, suite):
    kind = "p256" if "ECDSA" in suite else "rsa"
    chain = made.good[kind]
    served = os.urandom(1_000_000)
    (tmp_path / "blob").write_bytes(served)
    os.chmod(tmp_path, 0o755)
    request = f"GET /blob HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    options = f"ssl_ciphers {suite};"
    with nginx_server(tmp_path, chain.file(made.folder), chain.leaf.key, tmp_path, options) as port:
        for portable in (0, 1):
            result = client(port, roots(made, kind), f"portable={portable}", data=request)
            head, _, body = result.out.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200") and body == served
            assert result.said.startswith(f"connected {SUITES[suite]}")
            assert result.said.endswith("\nended\n")


@pytest.mark.parametrize("curve", CURVES)
def test_curves(made, curve):
    chain = made.good["p256"]
    options = ["-tls1_2", "-groups", curve, "-rev", "-quiet"]
    with openssl_server(made.folder, chain, *options) as (port, _):
        result = client(port, roots(made), data=b"CLOSE\n")
    assert re.match(rf"connected \w+ {CURVES[curve]}\n", result.said), result.said


NOTHING_IN_COMMON = {
    "TLS 1.3 alone": (["-tls1_3"], "alert 70, protocol_version: it does not speak TLS 1.2"),
    "P-521 alone": (["-tls1_2", "-groups", "P-521"], "alert 40, handshake_failure: .*"),
    "CBC alone": (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], "alert 40, handshake_fail.*"),
    "a client certificate": (["-tls1_2", "-Verify", "1"], "alert 40, .* client certificate"),
}


@pytest.mark.parametrize("what", NOTHING_IN_COMMON)
def test_a_server_that_has_nothing_in_common(made, what):
    options, message = NOTHING_IN_COMMON[what]
    chain = made.good["p256"]
    with openssl_server(made.folder, chain, *options) as (port, _):
        result = client(port, roots(made))
    failed(result, REFUSED, f"the server refused with {message}")


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_an_old_server_is_refused(made, version):
    chain = made.good["p256"]
    context = server_context(chain.file(made.folder), chain.leaf.key)
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    with Server(context) as server:
        result = client(server.port, roots(made))
    assert result.said.startswith((f"failed {REFUSED}: ", f"failed {FORMAT}: ")), result.said


def test_renegotiation_is_refused(made):
    """The server asks for it while it has an answer under way."""
    chain = made.good["p256"]
    with openssl_server(made.folder, chain, "-tls1_2", "-msg") as (port, server):
        process = subprocess.Popen(
            [*EXEC, ROOT / CLIENT, "127.0.0.1", str(port), HOST, str(roots(made)), "wait=10000"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr.readline().startswith(b"connected")
        server.stdin.write(b"before\n")
        server.stdin.flush()
        time.sleep(0.3 if SLOW < 10 else 2)
        server.stdin.write(b"r\n")
        server.stdin.flush()
        out, said = process.communicate(timeout=20 * SLOW)
        server.kill()
        told = server.stdout.read()
    assert out == b"before\n"
    assert b"Alert [length 0002], warning no_renegotiation" in told, told
    assert told.count(b"ClientHello") == 1, told
    # this server insists
    assert said == b"broken %d: the server refused with alert 40, handshake_failure\n" % REFUSED


# ------------------------------------------------- in pieces, late, changed, or not at all


def test_records_of_every_size(made):
    """1 to 16384 bytes, each the content of one record."""
    block = os.urandom(16384)
    answer = [block[:n] for n in range(1, 16385)]
    with good_server(made, answer=answer) as server:
        result = client(server.port, roots(made), "wait=60000")
    assert result.code == 0, result.said
    assert result.out == b"".join(answer)


@pytest.mark.parametrize("size", [1, 2, 16, 255, 8191, 16383, 16384, 16385, 32768, 40000, 300000])
def test_writes_of_any_size(made, size):
    data = os.urandom(min(300 * size, 300_000))
    with good_server(made, request=len(data), answer=[b"taken"]) as server:
        result = client(server.port, roots(made), f"write={size}", data=data)
    assert (result.code, result.out) == (0, b"taken"), result.said
    assert server.received == data


def test_handshakes_in_records_of_every_size(made):
    """From one byte on to the whole flight, one connection after another."""
    sizes = iter(range(1, 100_000))
    flights = []

    def transform():
        size = next(sizes)
        cut = refragmented(size)

        def measured(wire):
            if wire and wire[0] == 22:
                flights.append((size, len(wire)))
            return cut(wire)

        return measured

    with good_server(made, transform=transform) as server:
        times = 1400 if SLOW < 10 else 140
        result = client(server.port, roots(made), f"times={times}", "wait=20000")
    assert result.code == 0, result.said
    assert result.said.count("connected") == times
    if times == 1400:
        assert flights[-1][0] > flights[-1][1] - 100  # the last one was in one record


@pytest.mark.parametrize("segment", [1, 2, 3, 5, 7, 100])
def test_segments_of_any_size(made, segment):
    answer = [os.urandom(n) for n in (1, 100, 3000)]
    with good_server(made, answer=answer, segment=segment) as server:
        result = client(server.port, roots(made))
    assert result.out == b"".join(answer), result.said


def test_a_connection_that_breaks_is_never_an_orderly_end(made):
    """Wherever it breaks: within the handshake (some places of it), and after
    each byte of the answer and of close-notify."""
    answer = [b"0123456789", b"abcdef"]
    # signatures with RSA are all of one length
    with good_server(made, "rsa", answer=answer) as server:
        assert client(server.port, roots(made, "rsa")).code == 0
    total = server.sent
    tail = 2 * (5 + 8 + 16) + 16 + (5 + 8 + 16 + 2)  # records of the answer, and the alert
    for cut in [*range(0, total - tail, 61), *range(total - tail, total)]:
        with good_server(made, "rsa", answer=answer, cut=cut) as server:
            result = client(server.port, roots(made, "rsa"))
        assert result.code == 1, (cut, result.said)
        assert re.search(rf"(failed|broken) {CLOSED}: ", result.said), (cut, result.said)
        assert b"".join(answer).startswith(result.out)
        if cut >= total - tail:
            assert "broken -5: the connection ended without close-notify" in result.said, cut


def flipped(offset, which, sizes=None):
    """Flips a bit of the byte at offset of a connection's flight number which,
    whose length is added to sizes."""

    def make():
        flights = 0

        def transform(wire):
            nonlocal flights
            if wire:
                flights += 1
            if flights != which or not wire:
                return wire
            if sizes is not None:
                sizes.append(len(wire))
            return wire[:offset] + bytes([wire[offset] ^ 0x10]) + wire[offset + 1 :]

        return transform

    return make


def test_a_changed_answer_is_never_read(made):
    """Any byte of a record: its content never reaches the caller."""
    for offset in range(5, 5 + 8 + 10 + 16):
        with good_server(made, answer=[b"0123456789"], transform=flipped(offset, 3)) as server:
            result = client(server.port, roots(made), "wait=2000")
        assert (result.code, result.out) == (1, b""), (offset, result.said)
        assert "broken -2: a record was changed on its way" in result.said, (offset, result.said)


def test_a_changed_handshake_never_connects(made):
    """Bytes all over the server's first flight."""
    sizes = [1000]
    offset = 0
    while offset < min(sizes) - 10:
        with good_server(made, transform=flipped(offset, 1, sizes)) as server:
            result = client(server.port, roots(made), "wait=500")
        assert result.code == 1 and result.said.startswith("failed"), (offset, result.said)
        offset += 17 * SLOW


def test_a_server_without_the_key_of_its_certificate(made):
    """It signs the key exchange with another one: seen as a changed signature,
    which is the end of its first flight but one message."""
    with good_server(made, transform=signature_changed) as server:
        result = client(server.port, roots(made))
    failed(result, UNTRUSTED, "the server does not have the key of its certificate")


def signature_changed():
    def transform(wire):
        # ... ServerKeyExchange's last byte, right before ServerHelloDone's record
        done = record(22, b"\x0e\0\0\0")
        if not wire.endswith(done):
            return wire
        at = len(wire) - len(done) - 1
        return wire[:at] + bytes([wire[at] ^ 1]) + wire[at + 1 :]

    return transform


class Raw:
    """A server of the socket that is no TLS at all."""

    def __init__(self, answer, hold=0.0):
        self.answer, self.hold = answer, hold
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self):
        connection, _ = self.socket.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(self.answer)
            time.sleep(self.hold)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join(10)
        self.socket.close()


@pytest.mark.parametrize(
    "answer, status",
    [
        (record(22, b"\x02\0\0\x26\3\3" + b"\0" * 36), REFUSED),
        (record(22, b"\x0b\0\0\0"), FORMAT),
        (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", REFUSED),
        (b"\0" * 100, REFUSED),
        (record(22, b""), CLOSED),
        (record(21, b"\x02\x28"), REFUSED),
        (record(22, b"\x02\xff\xff\xff" + b"\0" * 40), REFUSED),
        (b"", CLOSED),
    ],
    ids=range(8),
)
def test_what_is_not_tls(made, answer, status):
    with Raw(answer) as server:
        result = client(server.port, roots(made))
    assert re.match(rf"failed {status}: \S", result.said), result.said


def test_a_server_that_says_nothing_is_left_at_the_deadline(made):
    with Raw(b"", hold=2.0) as server:
        start = time.monotonic()
        result = client(server.port, roots(made), "wait=300")
        took = time.monotonic() - start
    failed(result, TIMEOUT, "no answer before the deadline")
    assert took < 1.5 * SLOW


def test_a_server_that_says_a_byte_now_and_then_is_left_at_the_deadline(made):
    class Slow(Raw):
        def serve(self):
            connection, _ = self.socket.accept()
            with connection:
                for byte in record(22, b"\x02\0\0\x50"):
                    connection.sendall(bytes([byte]))
                    time.sleep(0.2)

    with Slow(b"") as server:
        result = client(server.port, roots(made), "wait=700")
    failed(result, TIMEOUT, "no answer before the deadline")


# ------------------------------------------------------------------------- the rest


def test_a_context_is_used_again(made):
    with good_server(made, answer=[b"again"]) as server:
        result = client(server.port, roots(made), "times=5")
    assert result.out == b"again" and result.said.count("connected") == 5


def test_randomness_is_the_system_s(made, tmp_path):
    """getrandom, anew for each connection; and no two hellos are alike."""
    if EXEC:
        pytest.skip("the executable runs under qemu-aarch64-static")
    log = tmp_path / "calls"
    with good_server(made, answer=[b"a"]) as server:
        subprocess.run(
            ["strace", "-o", log, "-e", "trace=getrandom,open,openat", ROOT / CLIENT, "127.0.0.1",
             str(server.port), HOST, roots(made), "times=3"],
            stdin=subprocess.DEVNULL, capture_output=True, check=True,
            env={"ASAN_OPTIONS": "detect_leaks=0"},  # it cannot, under strace
        )  # fmt: skip
    calls = log.read_text()
    seeds = re.findall(r'^getrandom\("([^"]+)"\.*, 48, 0\)\s+= 48', calls, re.M)
    assert len(seeds) == len(set(seeds)) == 3, calls
