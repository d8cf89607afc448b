"""A Runtime API server that the test itself plays.

Nothing here answers by itself: a test waits for a request, looks at every byte of it and sends
what it likes, in the pieces it likes. Each request is held against the rules that no request may
break, so every test of the suite checks those as well.
"""

import http.client
import json
import os
import re
import select
import socket
import struct
import time
from pathlib import Path
from urllib.parse import quote

SLOW = float(os.environ.get("MOTE_SLOW", "1"))  # how much slower than a release build
PATIENCE = 10 + 10 * SLOW  # seconds to wait for what must come
LIMIT = 6 * 1024 * 1024 + 100  # bytes of an event or a result

NEXT = "/2018-06-01/runtime/invocation/next"
INIT_ERROR = "/2018-06-01/runtime/init/error"
ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:iris:live"

UNWANTED = {  # fields that no request may carry
    "accept-encoding",
    "expect",
    "lambda-runtime-function-response-mode",
    "te",
    "trailer",
    "transfer-encoding",
}


def strict(text):
    """JSON as RFC 8259 has it: no NaN, no key twice, valid UTF-8."""

    def constant(name):
        raise ValueError(f"{name} is no JSON")

    def members(pairs):
        assert len({name for name, _ in pairs}) == len(pairs), f"a key comes twice: {pairs}"
        return dict(pairs)

    if isinstance(text, (bytes, bytearray)):
        text = text.decode()
    return json.loads(text, parse_constant=constant, object_pairs_hook=members)


# ---------------------------------------------------------------- what a server says


def head(status, *fields, version="1.1"):
    line = f"HTTP/{version} {status} {http.client.responses.get(status, 'Other')}"
    return b"".join(
        part + b"\r\n"
        for part in (line.encode(), *(f"{n}: {v}".encode("latin-1") for n, v in fields), b"")
    )


def event_fields(request_id=ID):
    return (
        ("Content-Type", "application/json"),
        ("Lambda-Runtime-Aws-Request-Id", request_id),
        ("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 3000)),
        ("Lambda-Runtime-Invoked-Function-Arn", ARN),
        ("Date", "Fri, 20 Nov 2026 09:42:35 GMT"),
    )


def event(body, *fields, request_id=ID):
    """A whole answer to next, its body counted."""
    length = ("Content-Length", len(body))
    return head(200, *event_fields(request_id), *fields, length) + body


def chunks(body, size=None, write="%x", extension=""):
    """A body in chunks of `size` bytes, up to but without the last line of all."""
    size = size or max(len(body), 1)
    out = []
    for at in range(0, len(body), size):
        part = body[at : at + size]
        out.append((write % len(part) + extension + "\r\n").encode() + part + b"\r\n")
    return b"".join(out) + (write % 0 + extension + "\r\n").encode()


def chunked_event(body, *fields, request_id=ID, trailers="", **form):
    coding = ("Transfer-Encoding", "chunked")
    start = head(200, *event_fields(request_id), *fields, coding)
    return start + chunks(body, **form) + trailers.encode() + b"\r\n"


def reply(status=202, body=b'{"status":"OK"}\n', *fields):
    """An answer to a POST."""
    return head(status, ("Content-Length", len(body)), *fields) + body


def refusal(status, error_type):
    """An answer that says no, in the platform's own words."""
    body = {"errorMessage": "the test says no", "errorType": error_type}
    return reply(status, json.dumps(body).encode(), ("Content-Type", "application/json"))


# ---------------------------------------------------------------- what a client says


class Request:
    def __init__(self, connection, raw_head, body):
        self.connection, self.body = connection, body
        line, *fields = raw_head.decode("ascii").split("\r\n")
        self.method, self.target, self.version = line.split(" ")
        self.fields = [tuple(field.split(": ", 1)) for field in fields]
        self.values = {name.lower(): value for name, value in self.fields}
        self.kind = self.target.rsplit("/", 1)[1]  # next, response or error

    def get(self, name):
        return self.values.get(name.lower())

    def json(self):
        return strict(self.body)

    def check(self, host):
        """What holds for all requests, whatever was sent before."""
        assert self.version == "HTTP/1.1"
        assert len(self.values) == len(self.fields), f"a field comes twice: {self.fields}"
        assert not UNWANTED & self.values.keys(), self.fields
        assert self.get("Host") == host
        assert re.fullmatch(r"[!-~]+/[!-~]+", self.get("User-Agent"))
        if self.method == "GET":
            assert self.get("Content-Length") is None
        else:
            assert int(self.get("Content-Length")) == len(self.body)


class Connection:
    """One accepted connection, and every byte that came over it."""

    def __init__(self, sock):
        self.socket, self.received, self.taken, self.ended = sock, bytearray(), 0, False
        sock.settimeout(PATIENCE)

    def fill(self):
        try:
            data = self.socket.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        self.received += data
        self.ended = not data

    def take(self):
        """The next request that is there in whole, or None."""
        end = self.received.find(b"\r\n\r\n", self.taken)
        if end < 0:
            return None
        raw_head = bytes(self.received[self.taken : end])
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)(?:\r\n|$)", raw_head)
        stop = end + 4 + (int(length[1]) if length else 0)
        if len(self.received) < stop:
            return None
        self.taken = stop
        assert len(self.received) == stop, "a second request before the answer to the first"
        return Request(self, raw_head, bytes(self.received[end + 4 : stop]))

    def send(self, data):
        self.socket.sendall(data)

    def send_pieces(self, pieces, pause=0.0005):
        """One segment for each piece, as far as a sender can have it so."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            self.socket.sendall(piece)
            time.sleep(pause)

    def wait_read(self):
        """Until the peer has read all that was sent."""
        port = f"{self.socket.getpeername()[1]:04X}"
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
                _, own, _, _, queues, *_ = line.split()
                if own.endswith(f":{port}") and queues.endswith(":00000000"):
                    return
            time.sleep(0.001)
        raise AssertionError("the peer does not read")

    def close(self):
        self.ended = True
        self.socket.close()

    def reset(self):
        """Ends it the hard way: what the peer sends or reads next fails."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


def bound(receive_buffer=None):
    """A socket with a port, at which nobody listens yet."""
    listener = socket.socket()
    if receive_buffer:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    listener.bind(("127.0.0.1", 0))
    return listener


class Api:
    def __init__(self, listener=None):
        self.listener = listener or bound()
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.prefix = ""  # path before the API's own
        self.connections, self.requests = [], []
        self.clients = []  # processes; when all have ended no request will come

    def close(self):
        for connection in self.connections:
            connection.close()
        self.listener.close()

    def poll(self, seconds):
        """Takes in what comes, for that long at most; whether anything did."""
        live = {c.socket.fileno(): c for c in self.connections if not c.ended}
        poller = select.poll()
        for fd in (self.listener.fileno(), *live):
            if fd >= 0:
                poller.register(fd, select.POLLIN)
        ready = poller.poll(max(seconds, 0) * 1000)
        for fd, _ in ready:
            if fd in live:
                live[fd].fill()
            else:
                self.connections.append(Connection(self.listener.accept()[0]))
        return bool(ready)

    def request(self):
        """The next request, on whichever connection it comes."""
        end = time.monotonic() + PATIENCE
        while True:
            for connection in self.connections:
                request = connection.take()
                if request:
                    request.check(self.host)
                    self.requests.append(request)
                    return request
            left = end - time.monotonic()
            assert left > 0, "no request came"
            over = self.clients and all(p.poll() is not None for p in self.clients)
            assert self.poll(min(left, 0.2)) or not over, "no request came, and the function ended"

    def quiet(self, seconds):
        """For that long nothing comes: no byte, no end, no connection."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            assert not self.poll(left), "something came"

    def wait_closed(self, connection):
        end = time.monotonic() + PATIENCE
        while not connection.ended:
            assert time.monotonic() < end, "the connection stays open"
            self.poll(0.1)

    def next(self):
        request = self.request()
        assert (request.method, request.target) == ("GET", self.prefix + NEXT)
        return request

    def post(self, request_id=ID):
        request = self.request()
        path = NEXT.replace("next", quote(request_id, safe="-._~", encoding="latin-1"))
        assert request.method == "POST"
        assert request.target in (f"{self.prefix}{path}/response", f"{self.prefix}{path}/error")
        return request

    def deliver(self, raw, request_id=ID):
        """Sends the bytes of a whole answer to next; the POST that follows, unanswered."""
        self.next().connection.send(raw)
        return self.post(request_id)

    def invoke(self, body, *fields, request_id=ID, answer=None):
        """One invocation from next to the answer to its POST."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        post = self.deliver(event(body, *fields, request_id=request_id), request_id)
        post.connection.send(answer or reply())
        return post

    def result(self, body, *fields):
        post = self.invoke(body, *fields)
        assert post.kind == "response", post.body
        return post.json()

    def failure(self, body, *fields):
        post = self.invoke(body, *fields)
        assert post.kind == "error", post.body[:300]
        return post.json()
