"""TLS servers for the tests: one in this process, whose records and segments a
test shapes, and OpenSSL's and nginx's own."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from certificates import Chain

HANDSHAKE, CHANGE_CIPHER_SPEC = 22, 20
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def server_context(chain: Path, key: Path, ciphers: str = "ALL:@SECLEVEL=0") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    context.load_cert_chain(chain, key)
    return context


def records(wire: bytes) -> list[tuple[int, bytes]]:
    """Types and contents of whole records."""
    out, at = [], 0
    while at < len(wire):
        size = int.from_bytes(wire[at + 3 : at + 5], "big")
        out.append((wire[at], wire[at + 5 : at + 5 + size]))
        at += 5 + size
    return out


def record(kind: int, content: bytes) -> bytes:
    return bytes([kind, 3, 3]) + len(content).to_bytes(2, "big") + content


def refragmented(size: int) -> Callable[[bytes], bytes]:
    """A transformation of what a server sends: handshake messages that are not
    encrypted yet go into records of `size` bytes, whatever their bounds."""
    encrypted = False

    def transform(wire: bytes) -> bytes:
        nonlocal encrypted
        out, plain = b"", b""
        for kind, content in records(wire):
            encrypted = encrypted or kind == CHANGE_CIPHER_SPEC
            if kind == HANDSHAKE and not encrypted:
                plain += content
            else:
                out += record(kind, content)
        pieces = (plain[i : i + size] for i in range(0, len(plain), size))
        return b"".join(record(HANDSHAKE, piece) for piece in pieces) + out

    return transform


class Server:
    """Answers connections one after another in a thread.

    request    bytes that are read before anything is answered
    answer     plaintexts, each sent as one record
    transform  of every flight before it is sent: made anew by each connection
    segment    bytes of a write to the socket; 0: all at once
    cut        bytes after which the connection breaks; None: never
    notify     whether close-notify ends it
    """

    def __init__(self, context: ssl.SSLContext, *, request: int = 0, answer: Iterable[bytes] = (),
                 transform: Callable | None = None, segment: int = 0, cut: int | None = None,
                 notify: bool = True):  # fmt: skip
        self.context, self.request, self.answer = context, request, answer
        self.transform, self.segment, self.cut, self.notify = transform, segment, cut, notify
        self.received, self.sent, self.errors = b"", 0, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(10)

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection:
                try:
                    self._one(connection)
                except (ssl.SSLError, OSError) as error:
                    self.errors.append(error)

    def _one(self, connection):
        into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(into, out, server_side=True)
        transform = self.transform() if self.transform else bytes
        self.received, self.sent = b"", 0

        def flush():
            wire = transform(out.read())
            if self.cut is not None:
                wire = wire[: max(self.cut - self.sent, 0)]
            step = self.segment or len(wire) or 1
            for at in range(0, len(wire), step):
                connection.sendall(wire[at : at + step])
            self.sent += len(wire)
            if self.cut is not None and self.sent >= self.cut:
                raise OSError("cut")

        def until(call):
            while True:
                try:
                    result = call()
                    flush()
                    return result
                except ssl.SSLWantReadError:
                    flush()
                    arrived = connection.recv(65536)
                    if not arrived:
                        raise OSError("the client left") from None
                    into.write(arrived)
                except ssl.SSLError:
                    flush()  # an alert
                    raise

        until(tls.do_handshake)
        while len(self.received) < self.request:
            self.received += until(lambda: tls.read(65536))
        for plaintext in self.answer:
            until(lambda: tls.write(plaintext))  # noqa: B023 - called at once
        if self.notify:
            with contextlib.suppress(ssl.SSLError):
                tls.unwrap()
            flush()


def wait_for(port: int, process: subprocess.Popen):
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            raise RuntimeError(f"{process.args}: ended with {process.returncode}")
        time.sleep(0.05)
    raise RuntimeError(f"{process.args}: does not listen on {port}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


@contextlib.contextmanager
def openssl_server(folder: Path, chain: Chain, *options: str):
    """`openssl s_server` on a port of its own, and its process."""
    port = free_port()
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-key", chain.leaf.key,
               "-cert", chain.leaf.pem, "-cert_chain", chain.behind(folder), *options]  # fmt: skip
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        wait_for(port, process)
        yield port, process
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def nginx_server(folder: Path, chain: Path, key: Path, root: Path, options: str = ""):
    """nginx over TLS 1.2, serving `root`."""
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
        daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
        events {{ worker_connections 64; }}
        http {{
            access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
            scgi_temp_path {folder}/scgi;
            server {{
                listen 127.0.0.1:{port} ssl; root {root};
                ssl_certificate {chain}; ssl_certificate_key {key};
                ssl_protocols TLSv1.2; {options}
            }}
        }}""")
    process = subprocess.Popen([NGINX, "-e", folder / "error.log", "-p", folder,
                                "-c", folder / "nginx.conf"], stderr=subprocess.PIPE)  # fmt: skip
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.communicate()
