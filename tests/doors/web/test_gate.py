"""Who is let in, and with which headers every answer leaves."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from actors.doors.web.gate import Gate
from actors.doors.web.server import HttpServer
from actors.flight.place import is_loopback
from tests.doors.web.visitor import ask

TOKEN = "open-sesame"


async def well(_: Request) -> PlainTextResponse:
    return PlainTextResponse("well")


APP = Starlette(routes=[Route("/", well), Route("/x", well, methods=["GET", "POST"])])


@pytest.fixture(scope="module")
def near() -> Iterator[int]:
    """The port of what is served for this computer only."""
    with HttpServer("127.0.0.1", (0,)) as server:
        server.serve(Gate(APP))
        yield server.ports[0]


@pytest.fixture(scope="module")
def far() -> Iterator[int]:
    """The port of what is served with a token."""
    with HttpServer("127.0.0.1", (0,)) as server:
        server.serve(Gate(APP, TOKEN))
        yield server.ports[0]


@pytest.mark.parametrize("host", ["127.0.0.1:80", "localhost:9", "[::1]:9", "127.8.8.8"])
def test_who_calls_us_by_an_address_of_this_computer_is_answered(near: int, host: str) -> None:
    assert ask(near, "/x", host=host).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8800", "", "127.0.0.1.evil.example", "["])
def test_a_name_of_somebody_elses_is_not_ours(near: int, host: str) -> None:
    assert ask(near, "/x", host=host).status == 421


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.example"}, {"sec_fetch_site": "cross-site"}, {"origin": "null"}]
)
def test_a_command_of_another_page_is_refused(near: int, headers: dict[str, str]) -> None:
    assert ask(near, "/x", method="POST", **headers).status == 403


def test_a_command_of_our_page_or_of_no_page_is_taken(near: int) -> None:
    ours = {"origin": f"http://127.0.0.1:{near}", "sec_fetch_site": "same-origin"}

    assert ask(near, "/x", method="POST", **ours).status == 200
    assert ask(near, "/x", method="POST").status == 200


@pytest.mark.parametrize("path", ["/x", "/x?k=guess", "/x?k="])
def test_without_the_token_nobody_is_let_in(far: int, path: str) -> None:
    assert ask(far, path).status == 401
    assert ask(far, path, authorization="Bearer guess", cookie="barkeeper=guess").status == 401


def test_the_token_is_taken_in_a_header_or_the_address_and_a_cookie_then_stands_for_it(far: int) -> None:
    entrance = ask(far, f"/?k={TOKEN}")
    cookie = entrance.headers["set-cookie"]

    assert (entrance.status, entrance.headers["location"]) == (303, "/")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert ask(far, "/", cookie=cookie.partition(";")[0]).status == 200
    assert ask(far, "/x", authorization=f"Bearer {TOKEN}").status == 200
    assert ask(far, f"/x?k={TOKEN}").status == 200


@pytest.mark.parametrize("path", ["/x", "/nothing"])
def test_every_answer_forbids_what_is_not_ours(near: int, path: str) -> None:
    headers = ask(near, path).headers

    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_refusals_have_these_headers_too(near: int, far: int) -> None:
    assert "content-security-policy" in ask(near, "/x", host="evil.example").headers
    assert "content-security-policy" in ask(far, "/x").headers


@pytest.mark.parametrize(
    ("host", "is_near"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("a.example", False)],
)
def test_loopback_is_told_by_the_address(host: str, *, is_near: bool) -> None:
    assert is_loopback(host) is is_near
