"""Certificates for the tests of TLS, made by openssl when they run: chains
that are good, and those that must be refused."""

import datetime
import functools
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

OPENSSL = shutil.which("openssl")
HOST = "river.test"
NOW = datetime.datetime.now(datetime.UTC)

CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
LEAF = (
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
    f"subjectAltName=DNS:{HOST},DNS:*.wild.test\n"
)
KEYS = {
    "rsa1024": ["RSA", "rsa_keygen_bits:1024"],
    "rsa2048": ["RSA", "rsa_keygen_bits:2048"],
    "rsa4096": ["RSA", "rsa_keygen_bits:4096"],
    "p256": ["EC", "ec_paramgen_curve:P-256"],
    "p384": ["EC", "ec_paramgen_curve:P-384"],
    "p521": ["EC", "ec_paramgen_curve:P-521"],
}
CONFIG = """
[ca]
default_ca = one
[one]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
policy = any
unique_subject = no
[any]
commonName = supplied
organizationName = optional
[req]
distinguished_name = none
[none]
"""


def openssl(*arguments) -> str:
    done = subprocess.run([OPENSSL, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments}: {done.stderr}")
    return done.stdout


def day(offset: int) -> datetime.datetime:
    return NOW + datetime.timedelta(days=offset)


def as_written(when: datetime.datetime) -> str:
    """As net/tls_chain.c shows it."""
    return when.strftime("%Y-%m-%d %H:%M:%S UTC")


@dataclass
class Certificate:
    """One certificate, its key, and who issued it (None: itself)."""

    name: str
    pem: Path
    key: Path
    issuer: "Certificate | None" = None

    def text(self) -> str:
        return self.pem.read_text()


@dataclass
class Chain:
    """What a server presents: a leaf and the certificates behind it."""

    leaf: Certificate
    others: list[Certificate] = field(default_factory=list)

    def file(self, folder: Path) -> Path:
        """All of it, leaf first."""
        return self._write(folder, "chain", [self.leaf, *self.others])

    def behind(self, folder: Path) -> Path:
        """All but the leaf."""
        return self._write(folder, "behind", self.others)

    def _write(self, folder: Path, what: str, certificates: list[Certificate]) -> Path:
        path = folder / f"{self.leaf.pem.stem}-{len(self.others)}.{what}.pem"
        path.write_text("".join(c.text() for c in certificates))
        return path


class Maker:
    """Makes keys and certificates in one folder; a key of a kind and a number
    is made once."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.count = 0
        (folder / "index").write_text("")
        (folder / "serial").write_text("1000\n")
        (folder / "config").write_text(CONFIG.format(folder=folder))

    @functools.cache  # noqa: B019 - lives as long as the tests
    def key(self, kind: str, number: int = 0) -> Path:
        path = self.folder / f"{kind}-{number}.key"
        algorithm, option = KEYS[kind]
        openssl("genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out", path)
        return path

    def make(self, name: str, issuer: Certificate | None, key: Path, extensions: str,
             days: tuple[int, int] = (-1, 30), md: str = "sha256", pss: bool = False):  # fmt: skip
        """issuer None: signs itself. days: of its validity, from now."""
        self.count += 1
        stem = self.folder / f"{self.count:03}"
        pem, request, ext = (stem.with_suffix(s) for s in (".pem", ".csr", ".ext"))
        ext.write_text(extensions)
        config = self.folder / "config"
        openssl("req", "-new", "-config", config, "-key", key, "-subj", f"/O=mote/CN={name}",
                "-out", request)  # fmt: skip
        by = (
            ["-cert", issuer.pem, "-keyfile", issuer.key]
            if issuer
            else ["-selfsign", "-keyfile", key]
        )
        openssl(
            "ca", "-config", config, "-batch", "-notext", "-preserveDN", *by,
            "-in", request, "-out", pem, "-extfile", ext, "-md", md,
            "-startdate", day(days[0]).strftime("%Y%m%d%H%M%SZ"),
            "-enddate", day(days[1]).strftime("%Y%m%d%H%M%SZ"),
            *(["-sigopt", "rsa_padding_mode:pss"] if pss else []),
        )  # fmt: skip
        return Certificate(name, pem, key, issuer)


class Authority:
    """A root, an authority under it, and what they issue, all with keys of one
    kind."""

    def __init__(self, maker: Maker, kind: str = "rsa2048", md: str = "sha256", name: str = "mote"):
        self.maker, self.kind, self.md = maker, kind, md
        self.root = maker.make(f"{name} root", None, maker.key(kind, 1), CA, md=md)
        self.middle = maker.make(f"{name} middle", self.root, maker.key(kind, 2), CA, md=md)

    def leaf(self, extensions: str = LEAF, issuer: Certificate | None = None, name: str = HOST,
             key: Path | None = None, **more) -> Certificate:  # fmt: skip
        more.setdefault("md", self.md)
        return self.maker.make(
            name, issuer or self.middle, key or self.maker.key(self.kind), extensions, **more
        )

    def chain(self, *arguments, **named) -> Chain:
        return Chain(self.leaf(*arguments, **named), [self.middle])
