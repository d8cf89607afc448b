"""test/net/client.c as a process, and servers that do what they are told: HTTP
by scripts, DNS by functions."""

import contextlib
import json
import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from conftest import ROOT

HOST_ARCH = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
CLIENT = os.environ.get("MOTE_NET_CLIENT", f"build/{HOST_ARCH}/test/net/client")
EXEC = os.environ.get("MOTE_EXEC", "").split()
SLOW = int(os.environ.get("MOTE_SLOW", "1"))


class Client:
    """One process; every call is one command and returns its line of JSON."""

    def __init__(self, folder: Path, **environment: str):
        self.folder, self.count = folder, 0
        self.process = subprocess.Popen(
            [*EXEC, ROOT / CLIENT], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        said = self.process.stderr.read()
        self.process.stderr.close()
        assert (self.process.returncode, said) == (0, "")

    def say(self, *words) -> dict:
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def peak_kb(self) -> int:
        """Most memory that it ever held."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    def path(self) -> Path:
        """Of a file that is there, for a body."""
        self.count += 1
        path = self.folder / f"body{self.count}"
        path.touch()
        return path

    def fetch(self, url: str) -> dict:
        path = self.path()
        return self.say("fetch", url, path) | {"body": path.read_bytes()}

    def get(self, bucket: str, key: str, *span: int) -> dict:
        path = self.path()
        return self.say("get", bucket, key, path, *span) | {"body": path.read_bytes()}

    def put(self, bucket: str, key: str, body: bytes, kind: str = "", *absent: str) -> dict:
        path = self.path()
        path.write_bytes(body)
        return self.say("put", bucket, key, path, kind, *absent)


class Connection:
    """What a script of Http works with: one connection of a client."""

    def __init__(self, sock: socket.socket):
        self.sock, self.rest = sock, b""

    def request(self) -> tuple[str, bytes]:
        """The next request's head and body; ("", b"") when there is none."""
        while b"\r\n\r\n" not in self.rest:
            got = self.sock.recv(65536)
            if not got:
                return "", b""
            self.rest += got
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        fields = dict(
            line.lower().split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:]
        )
        size = int(fields.get("content-length", 0))
        while len(self.rest) < size:
            got = self.sock.recv(65536)
            if not got:
                break
            self.rest += got
        body, self.rest = self.rest[:size], self.rest[size:]
        return head.decode("latin-1"), body

    def send(self, data: bytes):
        self.sock.sendall(data)

    def answer(self, status: int = 200, body: bytes = b"", *fields: str):
        self.send(answer(status, body, *fields))

    def reset(self):
        """Ends it the hard way."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def answer(status: int = 200, body: bytes = b"", *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Http:
    """A server: each connection is handed to `script` in a thread, with its
    number from 0. heads: of all requests that scripts have read."""

    def __init__(self, script: Callable[[Connection, int], None]):
        self.script, self.heads, self.bodies, self.errors = script, [], [], []
        self.connections = 0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.stopped = False
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopped = True
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        assert not self.errors, self.errors

    def _accept(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock, number):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(sock)
        read = connection.request

        def request():
            head, body = read()
            if head:
                self.heads.append(head)
                self.bodies.append(body)
            return head, body

        connection.request = request
        with sock:
            try:
                self.script(connection, number)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the client has left
            except Exception as error:  # noqa: BLE001 - a thread's; told at the end
                self.errors.append(error)


def always(*arguments) -> Callable[[Connection, int], None]:
    """A script that gives every request the same answer."""

    def script(connection, _number):
        while connection.request()[0]:
            connection.answer(*arguments)

    return script


def dns_name(host: str) -> bytes:
    return b"".join(bytes([len(p)]) + p.encode() for p in host.split(".")) + b"\0"


def dns_record(owner: bytes, kind: int, data: bytes) -> bytes:
    return owner + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def dns_address(owner: bytes, address: str) -> bytes:
    if ":" in address:
        return dns_record(owner, 28, socket.inet_pton(socket.AF_INET6, address))
    return dns_record(owner, 1, socket.inet_aton(address))


def dns_alias(owner: bytes, host: str) -> bytes:
    return dns_record(owner, 5, dns_name(host))


class Question:
    """A query as it came: id, name, type (1: A, 28: AAAA), whether over TCP."""

    def __init__(self, wire: bytes, tcp: bool):
        self.wire, self.tcp = wire, tcp
        self.id, self.flags = struct.unpack(">HH", wire[:4])
        labels, at = [], 12
        while wire[at]:
            labels.append(wire[at + 1 : at + 1 + wire[at]].decode())
            at += 1 + wire[at]
        self.name = ".".join(labels)
        self.type = struct.unpack(">H", wire[at + 1 : at + 3])[0]
        self.section = wire[12 : at + 5]

    def answer(self, *records: bytes, flags: int = 0x8180) -> bytes:
        """Owners may point to the question's name: b"\\xc0\\x0c"."""
        head = struct.pack(">6H", self.id, flags, 1, len(records), 0, 0)
        return head + self.section + b"".join(records)


class Dns:
    """A name server on UDP and TCP of one port: `reply` makes of each question
    the datagrams that are sent back (over TCP: the first)."""

    def __init__(self, reply: Callable[[Question], list[bytes]]):
        self.reply, self.questions, self.ports = reply, [], []
        while True:
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind(("127.0.0.1", 0))
            self.port = self.udp.getsockname()[1]
            try:
                self.tcp = socket.create_server(("127.0.0.1", self.port))
                break
            except OSError:
                self.udp.close()
        self.server = f"127.0.0.1:{self.port}"
        for target in (self._udp, self._tcp):
            threading.Thread(target=target, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.tcp.shutdown(socket.SHUT_RDWR)
        self.tcp.close()
        self.udp.close()

    def _udp(self):
        while True:
            try:
                wire, peer = self.udp.recvfrom(4096)
                question = Question(wire, False)
                self.questions.append(question)
                self.ports.append(peer[1])
                for datagram in self.reply(question):
                    self.udp.sendto(datagram, peer)
            except OSError:
                return

    def _tcp(self):
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                size = struct.unpack(">H", connection.recv(2, socket.MSG_WAITALL))[0]
                question = Question(connection.recv(size, socket.MSG_WAITALL), True)
                self.questions.append(question)
                for datagram in self.reply(question)[:1]:
                    for byte in struct.pack(">H", len(datagram)) + datagram:
                        connection.sendall(bytes([byte]))


@contextlib.contextmanager
def within(seconds: float):
    """The block ends in time, however slow the machine is told to be."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds * SLOW
