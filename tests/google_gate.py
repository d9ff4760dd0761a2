"""A gate before fake-gcs-server, which keeps objects and decides about conditions, but hears of those in JSON only.

obstore writes by Google's XML interface, ``PUT /bucket/key`` with ``x-goog-if-generation-match``. No server that a
package index has knows that (fake-gcs-server 1.54, gcp-storage-emulator 2026.7), so the gate says each such request in
the words of the other interface, and what became of it in those of this one. All else passes as it is.
"""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlencode

HOST = "storage.google.test"
"""By which name the server is to be known as the one that speaks XML."""
_OWN = {"connection", "date", "server", "transfer-encoding", "content-length"}


class Gate(ThreadingHTTPServer):
    """Listens on loopback from when it is made, in a thread of its own.

    Args:
        port: of the server.
    """

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.behind = port
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body of an answer in one piece: two wait for each other
    server: Gate

    def do_GET(self) -> None:
        """Pass on."""
        self._answer(*self._asked(self.command, self.path, b"", dict(self.headers)))

    do_HEAD = do_DELETE = do_GET  # noqa: N815  # their names there

    def do_POST(self) -> None:
        """Pass on; so are buckets made."""
        raw = self.rfile.read(int(self.headers["content-length"]))
        self._answer(*self._asked("POST", self.path, raw, dict(self.headers)))

    def do_PUT(self) -> None:
        """Say it in the words of the other interface."""
        raw = self.rfile.read(int(self.headers["content-length"]))
        bucket, _, key = self.path.lstrip("/").partition("/")
        query = {"uploadType": "multipart", "name": unquote(key)}
        if generation := self.headers["x-goog-if-generation-match"]:
            query["ifGenerationMatch"] = generation
        parts = [
            *(b"--gate\r\nContent-Type: application/json\r\n\r\n", json.dumps({"name": unquote(key)}).encode()),
            *(b"\r\n--gate\r\nContent-Type: application/octet-stream\r\n\r\n", raw, b"\r\n--gate--\r\n"),
        ]
        status, found, body = self._asked(
            "POST",
            f"/upload/storage/v1/b/{bucket}/o?{urlencode(query)}",
            b"".join(parts),
            {"Content-Type": "multipart/related; boundary=gate"},
        )
        if status == http.client.OK:
            made = json.loads(body)
            found, body = {"ETag": f'"{made["etag"]}"', "x-goog-generation": made["generation"]}, b""
        self._answer(status, found, body)

    def _asked(self, verb: str, path: str, raw: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        behind = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=60)
        try:
            passed = {name: value for name, value in headers.items() if name.lower() != "host"}
            behind.request(verb, path, raw, {**passed, "Host": HOST})
            answer = behind.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        finally:
            behind.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
        for name, value in {**headers, "Content-Length": length}.items():
            if name.lower() not in _OWN or name == "Content-Length":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Say nothing."""
