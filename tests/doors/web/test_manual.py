"""The guide in the browser: every chapter, made of its Markdown, under the policy of every other answer."""

import re

import pytest

from actors.doors.guide.chapters import ORDER, Chapter, chapters
from tests.doors.web.conftest import Place


def test_the_list_leads_to_every_chapter(dashboard: Place) -> None:
    reply = dashboard.get("/guide")
    led = re.findall(r'<dt><a href="/guide/(\w+)">', reply.body.decode())

    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert tuple(led) == ORDER


@pytest.mark.parametrize("one", chapters(), ids=lambda one: one.name)
def test_a_chapter_is_a_page_without_scripts_or_styles_of_its_own(dashboard: Place, one: Chapter) -> None:
    reply = dashboard.get(f"/guide/{one.name}")
    page = reply.body.decode()
    article = page[page.index("<article") : page.index("</article>")]

    assert reply.status == 200
    assert "script-src 'self'" in reply.headers["content-security-policy"]
    assert f"<h1>{one.title}</h1>" in article
    assert article.count("<pre>") == len(re.findall(r"^```\w*\n(?:.*\n)*?^```$", one.text, re.MULTILINE))
    assert article.count("<table>") == len(re.findall(r"^\|---", one.text, re.MULTILINE))
    assert not re.search(r"<script|<style|style=|\son\w+=", page)
    assert {*re.findall(r'href="/guide/([^"]*)"', article)} <= {*ORDER}
    assert f'<a href="/guide/{one.name}" aria-current=page>' in page


def test_the_way_back_is_to_what_there_is(dashboard: Place) -> None:
    page = dashboard.get("/guide/live").body.decode()

    assert '<a href="/#days">Days</a>' in page
    assert "/#session" not in page


def test_an_unknown_chapter_is_not_found_and_what_was_asked_is_not_repeated_as_markup(dashboard: Place) -> None:
    reply = dashboard.get("/guide/livr")

    assert reply.status == 404
    assert "nearest: live" in reply.body.decode()
    assert "<b>" not in dashboard.get("/guide/%3Cb%3Ex").body.decode()
