"""How the page's questions are taken and answered: parameters by name, JSON, and errors as sentences."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from actors.kernel.future import Timeout
from messages.errors import BarkeeperError, DataError, NotReady, SettingsError, UnknownSymbol
from messages.values import Nanos

Ask = Callable[[Request], Awaitable[Any]]

_NS = 1_000_000


class ErrorTold(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no answer."""

    error: str


def asked(path: str, ask: Ask, method: str = "GET") -> Route:
    """Return a route that answers with one JSON object, or says in a sentence why not."""

    async def answer(request: Request) -> Response:
        try:
            return _json(await ask(request))
        except (BarkeeperError, Timeout, TimeoutError) as error:
            return _json(ErrorTold(error=str(error) or "it takes too long"), _status(error))

    return Route(path, answer, methods=[method])


def _json(answer: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(answer), status, media_type="application/json")


def _status(error: Exception) -> int:
    if isinstance(error, (UnknownSymbol, DataError)):
        return 404
    return 400 if isinstance(error, SettingsError) else 503 if isinstance(error, NotReady) else 409


def text(request: Request, name: str, default: str | None = None) -> str:
    """Return a parameter.

    Raises:
        SettingsError: it is not there, and has no default.
    """
    given = request.query_params.get(name, default)
    if given is None:
        raise SettingsError(f"say which {name}")
    return given


def instant(request: Request, name: str) -> Nanos:
    """Return a parameter that is milliseconds since the epoch.

    Raises:
        SettingsError: it is not there, or no such number.
    """
    return number(request, name) * _NS


def number(request: Request, name: str, default: str | None = None) -> int:
    """Return a parameter that is a whole number.

    Raises:
        SettingsError: it is not there, or no such number.
    """
    given = text(request, name, default)
    if not given.lstrip("-").isdecimal() or len(given) > 15:
        raise SettingsError(f"{name}: expected a whole number, got {given!r}")
    return int(given)
