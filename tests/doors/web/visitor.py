"""A visitor over HTTP, who asks what is served in this process."""

import http.client
from typing import Any, NamedTuple

import msgspec

from tests.patience import PATIENCE_S


class Reply(NamedTuple):
    """What a request came to."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def object(self) -> Any:
        """The one JSON object that it is."""
        return msgspec.json.decode(self.body)


def ask(port: int, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
    """Send one request over a connection of its own; underscores of headers are hyphens."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        line.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        reply = line.getresponse()
        return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
    finally:
        line.close()
