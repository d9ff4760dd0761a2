"""A vendor's HTTP endpoint on this machine: it keeps a pace, counts what it is asked, and fails when it is told to."""

import json
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

FAULTS = ("error", "cut", "html", "junk", "drop", "empty", "mute")
"""500; a body that is cut short; a page of HTML; a 200 that is no JSON; a connection that breaks; nothing; silence."""


class Call(msgspec.Struct, frozen=True):
    """A request as it came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at_s: float
    status: int
    """What it was answered with; 0: in a way that is no answer."""


class Reply(msgspec.Struct, frozen=True):
    """What a request is answered with."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = {}


class VendorServer:
    """One endpoint at a free port; subclasses say what the vendor answers.

    Args:
        pace: so many requests in any stretch of so many seconds; what exceeds it is answered 429.
        faults: by the number of a call, counted from 0, how it fails.
        tls: speaks TLS, with these certificates.
        delay_s: how long an answer takes.
    """

    def __init__(
        self,
        *,
        pace: tuple[int, float] | None = None,
        faults: Mapping[int, str] | None = None,
        tls: ssl.SSLContext | None = None,
        delay_s: float = 0.0,
    ) -> None:
        self.pace = pace
        self.faults = dict(faults or {})
        self.calls: list[Call] = []
        self.refused_for_pace = 0
        self.date_s: float | None = None
        """What time it says it is; ``None``: what time it is."""
        self._delay_s = delay_s
        self._stands_at: int | None = None
        self._given: deque[float] = deque(maxlen=pace[0] if pace else 1)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._reached = threading.Condition()
        handler = type("Handler", (_Handler,), {"vendor": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            listening = self._server.socket
            # The handshake is the handler's: who is slow at it holds up nobody else.
            self._server.socket = tls.wrap_socket(listening, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._over.set()
        self.stand_at(None)
        self._server.shutdown()
        self._server.server_close()

    def fail_next(self, *kinds: str) -> None:
        """Let the next calls fail in these ways, one after the other."""
        with self._lock:
            first = len(self.calls)
            self.faults.update({first + place: kind for place, kind in enumerate(kinds)})

    def stand_at(self, count: int | None) -> None:
        """Leave that call and whatever comes after it without an answer, until told otherwise."""
        with self._reached:
            self._stands_at = count
            self._reached.notify_all()

    def wait_for_calls(self, count: int, patience_s: float = 20.0) -> None:
        with self._reached:
            assert self._reached.wait_for(lambda: len(self.calls) >= count, patience_s), "waited in vain"

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        """Return what the vendor says; called when the pace allows it."""
        raise NotImplementedError

    def too_fast(self, after_s: float) -> Reply:
        """Return what the vendor says to who is too fast."""
        return Reply(b'{"message": "too many requests."}', 429, {"Retry-After": str(max(1, round(after_s + 0.5)))})

    # --- in the handlers' threads

    def handle(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Reply | str:
        """Return an answer, or how this call fails."""
        with self._lock:
            fault, now_s = self.faults.get(len(self.calls)), time.monotonic()
            after_s = self._over_pace_s(now_s)
            reply: Reply | str
            if after_s is not None:
                self.refused_for_pace += 1
                reply = self.too_fast(after_s)
            else:
                reply = fault or self.answer(path, query, headers)
            status = reply.status if isinstance(reply, Reply) else 0
            self.calls.append(Call(path, query, headers, now_s, status))
            number = len(self.calls)
        with self._reached:
            self._reached.notify_all()
            self._reached.wait_for(lambda: self._stands_at is None or number < self._stands_at or self._over.is_set())
        if fault == "mute" or self._delay_s:
            self._over.wait(60 if fault == "mute" else self._delay_s)
        return reply

    def _over_pace_s(self, now_s: float) -> float | None:
        if self.pace is None:
            return None
        count, seconds = self.pace
        if len(self._given) == count and now_s - self._given[0] < seconds:
            return seconds - (now_s - self._given[0])
        self._given.append(now_s)
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone, or was killed."""


class _Handler(BaseHTTPRequestHandler):
    vendor: ClassVar[Any]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            self._say(self.vendor.handle(parts.path, dict(parse_qsl(parts.query)), headers))
        except OSError:
            self.close_connection = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            self._say(self.vendor.handle(urlsplit(self.path).path, dict(parse_qsl(body)), headers))
        except OSError:
            self.close_connection = True

    def _say(self, reply: Reply | str) -> None:
        whole = json.dumps({"bars": {}, "next_page_token": None, "filler": "x" * 500}).encode()
        match reply:
            case Reply():
                self._send(reply.status, reply.body, reply.headers)
            case "error":
                self._send(500, b'{"message": "internal server error occurred"}')
            case "html":
                page = b"<html><head><title>503</title></head><body>We will be back soon.</body></html>"
                self._send(503, page, {"Content-Type": "text/html"})
            case "junk":
                self._send(200, b"<html>welcome</html>", {"Content-Type": "text/html"})
            case "empty":
                self._send(200, b"")
            case "cut":
                self._send(200, whole[:100], {"Content-Length": str(len(whole))})
                self.close_connection = True
            case _:  # drop, and what was mute until the end
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.vendor.date_s if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # what it is called there
        pass
