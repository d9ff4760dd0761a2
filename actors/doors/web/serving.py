"""What is served of a run while it goes on, and where: one server, whatever of it is asked for."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from actors.doors.web.server import HttpServer, is_loopback
from actors.system import System
from messages.errors import SettingsError

if TYPE_CHECKING:
    from starlette.routing import Route

TOKEN = "BARKEEPER_TOKEN"  # noqa: S105  # the variable's name
"""The variable of the environment that has the token; without it one is made up."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say shall be served."""

    metrics: int | None = None
    """Its port; 0: any that is free."""
    host: str = "127.0.0.1"

    @property
    def ports(self) -> tuple[int, ...]:
        """Those to listen at, each once."""
        return tuple(dict.fromkeys(port for port in (self.metrics,) if port is not None))


@contextlib.contextmanager
def serving(system: System, served: Served) -> Iterator[tuple[str, ...]]:
    """Serve while the block runs; yields what is served and its address, a line each.

    Raises:
        SettingsError: it cannot be served there, or a library for it is not installed.
    """
    if not served.ports:
        yield ()
        return
    routes = _routes(system)
    from starlette.applications import Starlette

    from actors.doors.web.gate import Gate

    token = "" if is_loopback(served.host) else os.environ.get(TOKEN) or secrets.token_urlsafe(24)
    with HttpServer(served.host, served.ports) as server:
        server.serve(Gate(Starlette(routes=routes), token))
        where = dict(zip(served.ports, server.ports, strict=True))
        yield tuple(_lines(served, where, token))


def _routes(system: System) -> "list[Route]":
    try:
        from actors.doors.metrics.routes import routes
    except ImportError as error:
        raise SettingsError(f"metrics need prometheus_client: pip install 'barkeeper[metrics]' ({error})") from error
    return routes(system)


def _lines(served: Served, where: dict[int, int], token: str) -> Iterator[str]:
    host = f"[{served.host}]" if ":" in served.host else served.host
    if served.metrics is not None:
        needs = f" with 'Authorization: Bearer {token}'" if token else ""
        yield f"metrics at http://{host}:{where[served.metrics]}/metrics{needs}"
