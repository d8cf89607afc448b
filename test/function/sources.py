"""What jobs are tested with: a server of pages, and the events that start them."""

import http.server
import json
import threading
import time

from function import BARE
from mock_api import event_fields, head

OUTSIDE = BARE.parents[1] / "outside/bootstrap"
NOW = "2026-11-28T06:00:00Z"


class Source(http.server.ThreadingHTTPServer):
    """Serves texts by path; a number is a status, a function writes itself."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict = {}
        self.asked: list[str] = []
        self.put: dict[str, bytes] = {}  # what was put
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        page = self.server.pages.get(self.path, 404)
        if callable(page):
            page(self)
            return
        body = b"" if isinstance(page, int) else page.encode()
        self.send_response(page if isinstance(page, int) else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        size = int(self.headers["Content-Length"])
        self.server.put[self.path] = self.rfile.read(size)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Breaking(dict):
    """Pages of /bucket: its objects by their keys, of which those in `broken` break
    off once, three bytes early; list(path) lists them."""

    def __init__(self, texts: dict[str, str], broken: set[str], list):
        super().__init__()
        self.texts, self.broken, self.list = texts, set(broken), list

    def get(self, *_):
        return self.write

    def write(self, handler):
        key = handler.path.split("?")[0].removeprefix("/bucket").strip("/")
        body = (self.texts[key] if key else self.list(handler.path)).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.close_connection = key in self.broken
        handler.wfile.write(body[:-3] if key in self.broken else body)
        self.broken.discard(key)


def listing(keys, token: str | None = None) -> str:
    """A page of ListObjectsV2's, with more behind it where there is a token."""
    entries = "".join(f"<Contents><Key>{k}</Key><Size>9</Size></Contents>" for k in keys)
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    truncated = f"<IsTruncated>{str(bool(token)).lower()}</IsTruncated>"
    return f"<ListBucketResult>{truncated}{more}{entries}</ListBucketResult>"


def tick(at: str = NOW) -> dict:
    return {
        "version": "0", "id": "53dc4d37", "detail-type": "Scheduled Event", "source": "aws.events",
        "account": "123456789012", "time": at, "region": "eu-central-1",
        "resources": ["arn:aws:events:eu-central-1:123456789012:rule/daily"], "detail": {},
    }  # fmt: skip


def due(asked: dict, seconds: float) -> bytes:
    """An event that has to be answered within so many seconds."""
    body = json.dumps(asked).encode()
    fields = dict(event_fields()) | {
        "Lambda-Runtime-Deadline-Ms": str(int((time.time() + seconds) * 1000))
    }
    return head(200, *fields.items(), ("Content-Length", len(body))) + body
