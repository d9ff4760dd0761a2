"""The page's own files: right types, nothing from elsewhere, nothing inline."""

import re

import pytest

from tests.doors.web.conftest import Place
from tests.house.source import ROOT

ASSETS = sorted((ROOT / "actors/doors/web/assets").iterdir())
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@pytest.mark.parametrize("path", ASSETS, ids=lambda path: path.name)
def test_every_file_is_served_with_its_type_and_kept_by_nobody(dashboard: Place, path: object) -> None:
    name = getattr(path, "name", "")
    reply = dashboard.get("/" if name == "page.html" else f"/assets/{name}")

    assert reply.status == 200
    assert reply.headers["content-type"].partition(";")[0] == TYPES[name.rpartition(".")[2]]
    assert reply.headers["cache-control"] == "no-store"
    assert reply.body == (ROOT / "actors/doors/web/assets" / name).read_bytes()


@pytest.mark.parametrize("path", ASSETS, ids=lambda path: path.name)
def test_nothing_is_inline_or_comes_from_elsewhere(path: object) -> None:
    text = (ROOT / "actors/doors/web/assets" / getattr(path, "name", "")).read_text(encoding="utf-8")
    elsewhere = [url for url in re.findall(r"(?:https?:)?//[\w.]+", text) if "www.w3.org" not in url]

    assert not [url for url in elsewhere if url.startswith(("http", "//www"))]
    assert not re.search(r"\son\w+=|<style|style=|javascript:|innerHTML|eval\(|new Function", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("path", ASSETS, ids=lambda path: path.name)
def test_no_file_is_longer_than_the_wall(path: object) -> None:
    text = (ROOT / "actors/doors/web/assets" / getattr(path, "name", "")).read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 400


@pytest.mark.parametrize("path", ["/assets/page.html", "/assets/../page.py", "/assets/%2e%2e/page.py", "/page.py"])
def test_nothing_else_is_served(dashboard: Place, path: str) -> None:
    assert dashboard.get(path).status == 404


def test_every_script_is_asked_for_at_once() -> None:
    page = (ROOT / "actors/doors/web/assets/page.html").read_text(encoding="utf-8")
    preloaded = re.findall(r'<link rel="modulepreload" href="/assets/(\w+\.js)">', page)

    assert {*preloaded, "main.js"} == {path.name for path in ASSETS if path.suffix == ".js"}
