"""What is served of a run or a store, and where: one server, whatever of it is asked for."""

import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import msgspec

from actors.doors.metrics.vitals import Run
from actors.doors.web.server import HttpServer
from actors.flight.client import RemoteSession
from actors.flight.place import is_loopback
from actors.reading.spelling.addresses import Place
from actors.system import System
from messages.errors import SettingsError

if TYPE_CHECKING:
    from starlette.routing import Route

    from actors.doors.web.hub import Hub

TOKEN = "BARKEEPER_TOKEN"  # noqa: S105  # the variable's name
"""The variable of the environment that has the token; without it one is made up."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say shall be served; a port of 0 is any that is free."""

    page: int | None = None
    """The port of the page in the browser."""
    metrics: int | None = None
    """That of ``/metrics`` and ``/healthz``; it may be the same."""
    host: str = "127.0.0.1"
    session: str | None = None
    """The address of the session for other programs; it has a host of its own."""

    @property
    def stays(self) -> bool:
        """Whether somebody may still want to look when the run is over."""
        return self.page is not None or self.session is not None

    @property
    def ports(self) -> tuple[int, ...]:
        """Those to listen at, each once."""
        return tuple(dict.fromkeys(port for port in (self.page, self.metrics) if port is not None))


@contextlib.contextmanager
def serving(system: System, served: Served, store: Place | None = None) -> Iterator[tuple[str, ...]]:
    """Serve a run while the block runs; yields what is served and its address, a line each.

    Args:
        system: not started yet, or started.
        served: what, and where.
        store: whose days the page shows beside the session.

    Raises:
        SettingsError: it cannot be served there, or a library for it is not installed.
    """
    routes, hub = _routes_of(system, served, store) if served.ports else ([], None)
    with _session(system, served) as session, _served(served, routes, hub) as lines:
        yield *session, *lines


@contextlib.contextmanager
def _session(system: System, served: Served) -> Iterator[tuple[str, ...]]:
    if served.session is None:
        yield ()
        return
    with system.serve(served.session) as service:
        yield (f"session at {service.address}{f' with token {service.token}' if service.token else ''}",)


@contextlib.contextmanager
def serving_page(session: RemoteSession | None, store: Place | None, served: Served) -> Iterator[tuple[str, ...]]:
    """Serve the page of a session in another process, of a store, or of both while the block runs."""
    hub = None if session is None else _hub(session)
    with _served(served, _page(session, hub, store), hub) as lines:
        yield lines


@contextlib.contextmanager
def _served(served: Served, routes: "Sequence[Route]", hub: "Hub | None") -> Iterator[tuple[str, ...]]:
    if not served.ports:
        yield ()
        return
    from starlette.applications import Starlette

    from actors.doors.web.gate import Gate

    token = "" if is_loopback(served.host) else os.environ.get(TOKEN) or secrets.token_urlsafe(24)
    with HttpServer(served.host, served.ports) as server:
        app = Starlette(routes=routes, lifespan=_during(hub))
        server.serve(Gate(app, token), None if hub is None else hub.end)
        yield tuple(_lines(served, dict(zip(served.ports, server.ports, strict=True)), token))


def _during(hub: "Hub | None") -> Callable[[Any], AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def watching(_: Any) -> AsyncIterator[None]:
        async with contextlib.nullcontext() if hub is None else hub.running():
            yield

    return watching


def _routes_of(system: System, served: Served, store: Place | None) -> "tuple[list[Route], Hub | None]":
    routes: list[Route] = []
    hub: Hub | None = None
    if served.page is not None:
        hub = _hub(system)
        routes += _page(system, hub, store)
    with _brought_by("metrics"):
        from actors.doors.metrics.routes import health, metrics

        routes.append(health(system))
        routes += [] if served.metrics is None else [metrics(system)]
    return routes, hub


def _hub(system: Run) -> "Hub":
    from actors.doors.web.hub import Hub

    return Hub(system)


def _page(system: Run | None, hub: "Hub | None", store: Place | None) -> "list[Route]":
    with _brought_by("web"):
        from actors.doors.web import manual, page
        from actors.doors.web.run_routes import RunRoutes
        from actors.doors.web.store_routes import StoreRoutes
    has_run, has_store = system is not None, store is not None
    routes = page.routes(has_run=has_run, has_store=has_store) + manual.routes(has_run=has_run, has_store=has_store)
    if system is not None and hub is not None:
        routes += RunRoutes(system, hub).routes()
    if store is not None:
        routes += StoreRoutes(store).routes()
    return routes


@contextlib.contextmanager
def _brought_by(extra: str) -> Iterator[None]:
    """Say what to install where a library is missing."""
    try:
        yield
    except ImportError as error:
        raise SettingsError(f"serving needs a package: python -m pip install 'barkeeper[{extra}]' ({error})") from error


def _lines(served: Served, where: dict[int, int], token: str) -> Iterator[str]:
    host = f"[{served.host}]" if ":" in served.host else served.host
    if served.page is not None:
        yield f"page at http://{host}:{where[served.page]}/{f'?k={token}' if token else ''}"
    if served.metrics is not None:
        needs = f" with 'Authorization: Bearer {token}'" if token else ""
        yield f"metrics at http://{host}:{where[served.metrics]}/metrics{needs}"
