"""The page itself: files of ours that lie beside this module, each with its type, and nothing else."""

from importlib.resources import files

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from actors.doors.web.answers import asked

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


class Entrance(msgspec.Struct, frozen=True, kw_only=True):
    """What the page finds behind it."""

    run: bool
    store: bool


def routes(*, has_run: bool, has_store: bool) -> list[Route]:
    """Return the page at ``/``, what it is made of, and ``/entrance``, which says what there is to ask for."""
    made_of = {path.name: path.read_bytes() for path in (files("actors.doors.web") / "assets").iterdir()}

    def one(name: str) -> Route:
        async def answer(_: Request) -> Response:
            return Response(made_of[name], headers={"content-type": _TYPES[name.rpartition(".")[2]]})

        return Route("/" if name == "page.html" else f"/assets/{name}", answer)

    async def entrance(_: Request) -> Entrance:
        return Entrance(run=has_run, store=has_store)

    return [asked("/entrance", entrance), *(one(name) for name in made_of if name.rpartition(".")[2] in _TYPES)]
