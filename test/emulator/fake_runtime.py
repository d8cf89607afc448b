"""A runtime that does what it is told, and a raw HTTP client under it.

As a program it is the BOOTSTRAP of the emulator's tests:

    fake_runtime.py serve          asks for events and obeys each one's "do"
    fake_runtime.py serve-http     asks for events of HTTP requests and obeys
                                   each one's path
    fake_runtime.py log REPLY      writes each event as a line of its log, and
                                   answers all with REPLY
    fake_runtime.py puppet FILE    writes its address and pid to FILE, then
                                   sleeps: the test itself speaks to the API
    fake_runtime.py FAULT          one of the faults of start() below

Nothing but raw sockets: what goes over the wire is what is written here.
"""

import base64
import json
import os
import signal
import socket
import struct
import sys
import time

BASE = "/2018-06-01/runtime/"
NEXT = BASE + "invocation/next"
INIT_ERROR = BASE + "init/error"


def answer_path(request_id, what="response"):
    """Where the response to an event goes, or the "error"."""
    return f"{BASE}invocation/{request_id}/{what}"


class Answer:
    """A response as it came: also how it was framed."""

    def __init__(self, status, reason, fields):
        self.status, self.reason, self.fields = status, reason, fields
        self.headers = {name.lower(): value for name, value in fields}
        self.body, self.chunks = b"", None

    def json(self):
        return json.loads(self.body)

    @property
    def request_id(self):
        """Of an event, at a runtime."""
        return self.headers["lambda-runtime-aws-request-id"]


class Http:
    """One connection to host:port."""

    def __init__(self, address, timeout=10):
        host, port = address.rsplit(":", 1)
        self.address = address
        self.sock = socket.create_connection((host, int(port)), timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.reads = 0  # calls of recv that brought something

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        """Closes with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def send(self, data):
        self.sock.sendall(data)

    def request(self, method, path, body=None, headers=(), host=True):
        head = f"{method} {path} HTTP/1.1\r\n"
        if host:
            head += f"Host: {self.address}\r\n"
        for name, value in dict(headers).items():
            head += f"{name}: {value}\r\n"
        if body is not None and "Transfer-Encoding" not in dict(headers):
            head += f"Content-Length: {len(body)}\r\n"
        self.send(head.encode("latin-1") + b"\r\n" + (body or b""))

    def call(self, method, path, body=None, headers=(), host=True):
        self.request(method, path, body, headers, host)
        return self.answer(head=method == "HEAD")

    def _more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError(f"closed after {self.buffer[:80]!r}")
        self.reads += 1
        self.buffer += data

    def _until(self, mark):
        while mark not in self.buffer:
            self._more()
        line, self.buffer = self.buffer.split(mark, 1)
        return line

    def _exactly(self, n):
        parts, have = [self.buffer], len(self.buffer)
        while have < n:
            data = self.sock.recv(1 << 20)
            if not data:
                raise EOFError("closed within a body")
            self.reads += 1
            parts.append(data)
            have += len(data)
        data = b"".join(parts)
        self.buffer = data[n:]
        return data[:n]

    def answer(self, head=False):
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        _, status, reason = lines[0].split(" ", 2)
        got = Answer(
            int(status),
            reason,
            [
                tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "")
                for line in lines[1:]
            ],
        )
        if head or got.status in (100, 204, 304):
            return got
        if got.headers.get("transfer-encoding") == "chunked":
            got.chunks, parts = [], []
            while True:
                size = int(self._until(b"\r\n").split(b";")[0], 16)
                if size == 0:
                    break
                got.chunks.append(size)
                parts.append(self._exactly(size))
                assert self._exactly(2) == b"\r\n"
            while self._until(b"\r\n"):
                pass
            got.body = b"".join(parts)
        else:
            got.body = self._exactly(int(got.headers["content-length"]))
        return got

    def is_closed(self, within=5):
        """Whether the peer closes, with nothing more to say."""
        self.sock.settimeout(within)
        try:
            return not self.buffer and self.sock.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


class Runtime(Http):
    """The client of a Runtime API."""

    def next(self):
        return self.call("GET", NEXT)

    def respond(self, request_id, body=b"{}", headers=()):
        return self.call("POST", answer_path(request_id), body, headers)

    def fail(self, request_id, body=b'{"errorType":"T","errorMessage":"m"}', headers=()):
        return self.call("POST", answer_path(request_id, "error"), body, headers)

    def init_error(self, body=b'{"errorType":"I"}', headers=()):
        return self.call("POST", INIT_ERROR, body, headers)


def describe(event, api):
    return {
        "headers": event.headers,
        "chunks": event.chunks,
        "bytes": len(event.body),
        "reads": api.reads,
        "pid": os.getpid(),
    }


def reply_to(event, api, count):
    """What the event's "do" asks for; None to answer nothing."""
    try:
        order = json.loads(event.body)
    except (ValueError, RecursionError):
        order = None
    if not isinstance(order, dict):
        return json.dumps(describe(event, api)).encode()
    for text in order.get("print", []):
        os.write(1, text.encode())
    if "ms" in order:
        time.sleep(order["ms"] / 1000)
    do = order.get("do", "echo")
    if do == "echo":
        return event.body
    if do == "raw":
        return order["text"].encode()
    if do == "size":
        return b'"' + b"x" * (order["n"] - 2) + b'"'
    if do == "describe":
        return json.dumps(describe(event, api) | {"count": count}).encode()
    if do == "environment":
        return json.dumps(
            {
                "env": dict(os.environ),
                "stdin": os.read(0, 10).decode(),
                "group": os.getpgid(0) == os.getpid(),
            }
        ).encode()
    if do == "memory":
        held = bytearray(order["mb"] << 20)
        held[::4096] = b"x" * len(held[::4096])
        return b"{}"
    if do == "exit":
        os._exit(order["status"])
    if do == "signal":
        os.kill(os.getpid(), order["n"])
    raise ValueError(do)


def serve(address):
    api, count = Runtime(address, timeout=None), 0
    while True:
        event = api.next()
        count += 1
        nonce = event.headers.get("lambda-runtime-invocation-id")
        echo = {"Lambda-Runtime-Invocation-Id": nonce} if nonce else {}
        order = event.body[:200]
        if b'"do": "error"' in order or b'"do":"error"' in order:
            api.fail(event.request_id, json.dumps(json.loads(event.body)["value"]).encode(), echo)
        else:
            answer = api.respond(event.request_id, reply_to(event, api, count), echo)
            if answer.status != 202:
                print("answer", answer.status, answer.json()["errorType"], flush=True)


def serve_http(address):
    """Paths: /fail and /exit as they say; /event and /headers reply with those of the event, in
    the body; /size/N with a reply of N bytes. Elsewhere the request's body is the reply."""
    api = Runtime(address, timeout=None)
    while True:
        event = api.next()
        request = json.loads(event.body)
        _, do, *more = request.get("rawPath", request.get("path")).split("/")
        if do == "exit":
            os._exit(1)
        elif do == "fail":
            api.fail(event.request_id)
        elif do == "event":
            api.respond(event.request_id, over_http(event.body.decode()))
        elif do == "headers":
            api.respond(event.request_id, over_http(json.dumps(event.headers)))
        elif do == "size":
            api.respond(event.request_id, over_http("x" * (int(more[0]) - len(over_http("")))))
        elif request["isBase64Encoded"]:
            api.respond(event.request_id, base64.b64decode(request["body"]))
        else:
            api.respond(event.request_id, request["body"].encode())


def over_http(body):
    return json.dumps({"statusCode": 200, "body": body}).encode()


def log(address, reply):
    """A line is EVENT, the id and the event; those of 100,000 bytes and more have none."""
    api = Runtime(address, timeout=None)
    while True:
        event = api.next()
        if len(event.body) < 100000:
            print("EVENT", event.request_id, event.body.decode(), flush=True)
        api.respond(event.request_id, reply.encode())


def start(what, address):
    """Faults before the first event."""
    if what == "init-error":
        Runtime(address).init_error(b'{"errorType":"Runtime.NoModel","errorMessage":"no model"}')
        sys.exit(1)
    if what == "init-error-and-stay":
        Runtime(address).init_error()
    if what == "exit-in-init":
        sys.exit(7)
    if what == "leave-in-init":
        sys.exit(0)
    if what == "leave-a-child":
        if os.fork() == 0:
            time.sleep(60)
        serve(address)
    if what == "ignore-sigterm":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        serve(address)
    time.sleep(60)  # "hang-in-init"


def main():
    address = os.environ["AWS_LAMBDA_RUNTIME_API"]
    if sys.argv[1] == "serve":
        serve(address)
    elif sys.argv[1] == "serve-http":
        serve_http(address)
    elif sys.argv[1] == "log":
        log(address, sys.argv[2])
    elif sys.argv[1] == "puppet":
        with open(sys.argv[2], "a", encoding="ascii") as file:
            file.write(f"{address} {os.getpid()}\n")
        time.sleep(60)
    else:
        start(sys.argv[1], address)


if __name__ == "__main__":
    main()
