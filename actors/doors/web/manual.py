"""The guide in the browser: its chapters as pages of their own, made here, with no script."""

from functools import cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from actors.doors.guide.chapters import chapter, chapters
from messages.errors import SettingsError

_PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{title} - Barkeeper</title>
    <link rel="icon" href="/assets/icon.svg">
    <link rel="stylesheet" href="/assets/page.css">
    <link rel="stylesheet" href="/assets/guide.css">
  </head>
  <body>
    <a class="skip" href="#chapter">Skip to the chapter</a>
    <header>
      <h1><img src="/assets/icon.svg" alt="" width="22" height="22">Barkeeper</h1>
      <nav aria-label="What to look at">{ways}<a href="/guide" aria-current="page">Guide</a></nav>
    </header>
    <main class="guide">
      <nav aria-label="Chapters">{links}</nav>
      <article id="chapter" class="panel">
{body}
      </article>
    </main>
  </body>
</html>
"""


def routes(*, has_run: bool, has_store: bool) -> list[Route]:
    """Return ``/guide``, which lists the chapters, and a page for each of them.

    Args:
        has_run: there is a session to go back to.
        has_store: there are days to go back to.
    """
    there = (("session", "Session", has_run), ("days", "Days", has_store))
    ways = "".join(f'<a href="/#{place}">{name}</a>' for place, name, is_there in there if is_there)

    async def contents(_: Request) -> HTMLResponse:
        rows = "".join(
            f'<dt><a href="/guide/{one.name}">{escape(one.title)}</a></dt><dd>{escape(one.summary)}</dd>'
            for one in chapters()
        )
        return _page("The guide", f'<h1>The guide</h1>\n<dl class="contents">{rows}</dl>', ways)

    async def one(request: Request) -> HTMLResponse:
        name = request.path_params["name"]
        try:
            found = chapter(name)
        except SettingsError as error:
            return _page("Not found", f"<h1>Not found</h1>\n<p>{escape(str(error))}</p>", ways, status=404)
        return _page(found.title, _rendered(found.name), ways, found.name)

    return [Route("/guide", contents), Route("/guide/{name}", one)]


def _page(title: str, body: str, ways: str, name: str = "", status: int = 200) -> HTMLResponse:
    links = "".join(
        f'<a href="/guide/{one.name}"{" aria-current=page" if one.name == name else ""}>{one.name}</a>'
        for one in chapters()
    )
    return HTMLResponse(_PAGE.format(title=escape(title), ways=ways, links=links, body=body), status)


class _Renderer(RendererHTML):
    """Chapters link to each other's files; here they are pages. What is wide can be scrolled by itself."""

    def link_open(self, tokens: list[Token], index: int, *_: object) -> str:
        """Return the beginning of a link."""
        return f'<a href="/guide/{escape(str(tokens[index].attrs["href"])).removesuffix(".md")}">'

    def table_open(self, *_: object) -> str:
        """Return the beginning of a table."""
        return '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>\n'

    def table_close(self, *_: object) -> str:
        """Return the end of a table."""
        return "</table></div>\n"


@cache
def _rendered(name: str) -> str:
    reader = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    return str(reader.render(chapter(name).text))
