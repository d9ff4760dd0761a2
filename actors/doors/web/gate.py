"""Who is let in, and what a browser may do with what it gets: addresses, the token, and the headers of every answer."""

import hmac
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actors.flight.place import is_loopback

_COOKIE = "barkeeper"
_TOKEN = "k"  # noqa: S105  # the name of the parameter
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Gate:
    """Stands before an application.

    At a loopback address a request must name such an address as its host, so that no page elsewhere reaches us by a
    name of its own. Elsewhere it must bring the token: as ``?k=``, which a cookie then stands for, or as
    ``Authorization: Bearer``. A command must come from our own page, or from no page at all.

    Args:
        app: what is behind it.
        token: empty: loopback only.
    """

    def __init__(self, app: ASGIApp, token: str = "") -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refusal(scope) or self._app
        await answer(scope, receive, sending)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        """Return an answer other than that of the application, if need be."""
        headers = Headers(scope=scope)
        if not self._token and not is_loopback(_name_of(headers.get("host", ""))):
            return PlainTextResponse("this address is not served here", 421)
        if scope["method"] not in ("GET", "HEAD") and not _is_ours(headers):
            return PlainTextResponse("commands come from our own page", 403)
        return self._without_token(scope, headers) if self._token else None

    def _without_token(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        asked = parse_qs(scope["query_string"].decode("latin-1")).get(_TOKEN, [""])[0]
        if self._is_known(asked):
            if scope["path"] != "/":
                return None
            inside = RedirectResponse("/", 303)  # so that the token does not stay in the address bar
            inside.set_cookie(_COOKIE, self._token, httponly=True, samesite="lax")
            return inside
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if self._is_known(bearer) or any(map(self._is_known, _cookies(headers))):
            return None
        return PlainTextResponse("a token is needed: open the address that was printed when this began", 401)

    def _is_known(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())


def _name_of(host: str) -> str:
    """Return a host without its port and brackets."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_ours(headers: Headers) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        return False
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _cookies(headers: Headers) -> Iterable[str]:
    try:
        jar = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ()
    return (jar[_COOKIE].value,) if _COOKIE in jar else ()
