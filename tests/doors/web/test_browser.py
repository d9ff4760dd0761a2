"""The page in a real browser: what is seen, what a click and a key do, and that nothing comes from elsewhere.

Needs Debian's ``chromium`` (``apt-get install chromium``); without it these tests are skipped.
"""

import contextlib
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from actors.doors.guide.chapters import chapter
from actors.doors.show import store_picture
from actors.doors.web.serving import serving_page
from actors.kernel.ports import StoredDay
from actors.storage.parquet import ParquetStore
from actors.system import System
from messages import BarBatch, Verdict
from tests.builders import DAY, bar
from tests.doors.web.conftest import PLAYED, Place, Served, port_of, replay
from tests.patience import PATIENCE_S

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXIS = 18
"""The height of the times below the heat map, in CSS pixels."""

BROKEN_WORDS = """() => [...document.querySelectorAll('td, th')]
    .filter((cell) => /^[^\\s]+$/.test(cell.textContent) && !cell.querySelector('code'))
    .filter((cell) => {
        const text = document.createRange();
        text.selectNodeContents(cell);
        return text.getClientRects().length > 1;
    }).map((cell) => cell.textContent)"""
"""Cells of a table that are one word, and which yet takes more than a line."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=1000 * PATIENCE_S)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


class Watched:
    """A page, and all that it asked for and complained of."""

    def __init__(self, context: BrowserContext) -> None:
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page = context.new_page()
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self._said(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._failed)

    def _failed(self, request: Request) -> None:
        # What a page still asks for when it is left is given up by the browser: nothing failed.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.url}: {request.failure}")

    def _said(self, text: str) -> None:
        # Somebody typed what makes no sense; and these tests read pixels.
        if not any(words in text for words in ("responded with a status of 400", "willReadFrequently")):
            self.complaints.append(text)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Any]:
    """Open an address; ``visit(place, "#days", color_scheme="dark")``. At the end nothing was complained of."""
    opened: list[tuple[Watched, Place]] = []

    def visiting(place: Place, at: str = "", **how: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **how})
        context.set_default_timeout(1000 * PATIENCE_S)
        watched = Watched(context)
        opened.append((watched, place))
        watched.page.goto(f"http://127.0.0.1:{place.port}/{at}")
        return watched.page

    yield visiting
    for watched, place in opened:
        complaints, asked = list(watched.complaints), list(watched.asked)
        watched.page.context.close()
        assert not complaints
        assert all(url.startswith(f"http://127.0.0.1:{place.port}/") for url in asked)


def cell(page: Page, minute: int, row: int, minutes: int = 390, rows: int = 3) -> dict[str, float]:
    """Where a cell of the heat map is on the canvas, in CSS pixels."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    left = page.evaluate("document.querySelector('#map').dataset.left") or 0
    wide = box["width"] - float(left)
    return {"x": float(left) + (minute + 0.5) * wide / minutes, "y": (row + 0.5) * (box["height"] - AXIS) / rows}


def colours_at(page: Page, *places: dict[str, float]) -> list[str]:
    """The colours of pixels of the heat map."""
    found: list[str] = page.evaluate(
        """(places) => {
            const canvas = document.querySelector('#map');
            const scale = canvas.width / canvas.getBoundingClientRect().width;
            const {data, width} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return places.map(({x, y}) => {
                const at = 4 * (Math.floor(y * scale) * width + Math.floor(x * scale));
                return '#' + [...data.slice(at, at + 3)].map((part) => part.toString(16).padStart(2, '0')).join('');
            });
        }""",
        list(places),
    )
    return found


def are_drawn(page: Page, **places: dict[str, float]) -> None:
    """Wait until cells have the colours of these verdicts."""
    wanted = [named(page, name) for name in places]
    until_s = time.monotonic() + PATIENCE_S
    while (seen := colours_at(page, *places.values())) != wanted and time.monotonic() < until_s:
        page.wait_for_timeout(50)
    assert seen == wanted


def named(page: Page, name: str) -> str:
    """A colour of the style sheet."""
    return str(page.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()"))


def is_drawn(page: Page) -> None:
    expect(page.locator("#minutes-of")).to_contain_text("minutes closed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("scale", [1, 2])
def test_a_cell_has_the_colour_of_its_verdict(
    run_of_it: tuple[System, Place], visit: Any, scheme: str, scale: int
) -> None:
    page = visit(run_of_it[1], color_scheme=scheme, device_scale_factor=scale)
    is_drawn(page)

    are_drawn(
        page, streamed=cell(page, 0, 0), filled=cell(page, 3, 0), missing=cell(page, 4, 1),
        pending=cell(page, PLAYED + 30, 2),
    )  # fmt: skip


def test_dark_and_light_differ(run_of_it: tuple[System, Place], visit: Any) -> None:
    light, dark = (visit(run_of_it[1], color_scheme=scheme) for scheme in ("light", "dark"))

    assert named(light, "ground") != named(dark, "ground")
    background = "getComputedStyle(document.body).backgroundColor"
    assert light.evaluate(background) != dark.evaluate(background)


def test_a_click_tells_the_story_of_the_minute_and_shows_the_symbols_bars(
    run_of_it: tuple[System, Place], visit: Any
) -> None:
    page = visit(run_of_it[1])
    is_drawn(page)
    page.locator("#map").click(position=cell(page, 3, 0))

    expect(page.locator("#told h3")).to_have_text("AAA 09:33: filled")
    expect(page.locator("#told")).to_contain_text("its bars came by archive")
    page.locator("#map").click(position=cell(page, 4, 2))
    expect(page.locator("#told h3")).to_have_text("CCC 09:34: missing")
    expect(page.locator("#symbol")).to_have_value("CCC")
    expect(page.locator("#readout")).to_contain_text("CCC")


def test_the_keyboard_alone_walks_to_a_minute_and_opens_it(run_of_it: tuple[System, Place], visit: Any) -> None:
    page = visit(run_of_it[1])
    is_drawn(page)
    page.locator("#map").focus()
    for key in ("Home", "Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("#cursor")).to_have_text("BBB 09:33 missing")
    page.keyboard.press("Enter")

    expect(page.locator("#told h3")).to_have_text("BBB 09:33: missing")
    page.locator("body").press("/")
    expect(page.locator("#filter")).to_be_focused()


def test_how_it_is_stands_in_words(run_of_it: tuple[System, Place], visit: Any) -> None:
    page = visit(run_of_it[1])

    expect(page.locator("#card-session")).to_contain_text("Tue 2 Jul")
    expect(page.locator("#card-session")).to_contain_text("09:30 to 16:00 EDT")
    expect(page.locator("#card-done")).to_contain_text(f"{PLAYED} of 390")
    expect(page.locator("#card-quality")).to_contain_text("4 missing")
    expect(page.locator("#clock")).to_contain_text("EDT")
    expect(page.locator("#line")).to_have_text("live")
    expect(page.locator("#gaps-of")).to_contain_text("open")
    expect(page.locator("#gap-table tbody")).to_contain_text("AAA")


def test_when_nothing_is_heard_any_more_that_is_said_and_nothing_can_be_commanded(
    visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.doors.web.hub._BEAT_S", 3600.0)  # of a run that hangs nothing comes
    with replay(Served(page=0)) as (_, place):
        page = visit(place)
        expect(page.locator("#card-done")).to_contain_text(f"{PLAYED} of 390")
        expect(page.locator("#line")).to_have_text("no connection")
        expect(page.locator("#troubles")).to_contain_text(
            "there is no connection to the run: this is how it was at 09:4"
        )
        expect(page.locator("body")).to_have_class("stale")
        expect(page.get_by_role("button", name="Resume")).to_be_disabled()

        place.post("/run/step")
        expect(page.locator("#card-done")).to_contain_text(f"{PLAYED + 1} of 390")
        expect(page.get_by_role("button", name="Resume")).to_be_enabled()
        expect(page.locator("#troubles")).to_be_hidden()
        page.close()


def test_a_gap_that_was_filled_years_later_leaves_its_day_the_room(run_of_it: tuple[System, Place], visit: Any) -> None:
    page = visit(run_of_it[1])
    told = page.evaluate(
        """async () => {
            const gaps = await import("/assets/gaps.js");
            const [open, hour] = [Date.parse("2024-07-02T13:30:00Z"), 3600000];
            const plane = { starts: [open], end: open + 6.5 * hour, tz: "America/New_York" };
            const gap = { symbols: ["AAA"], count: 1, attempts: 1, source: "archive", outcome: "closed", error: "" };
            const [line, table] = [document.createElement("div"), document.createElement("div")];
            const late = { ...gap, start: open, end: open + hour, found: open + hour, settled: open + 21000 * hour };
            gaps.show(line, table, [late], plane);
            const texts = [...line.querySelectorAll("text")].map((text) => text.textContent);
            return { texts, width: Number(line.querySelector("rect").getAttribute("width")), row: table.textContent };
        }"""
    )

    assert told["texts"][0] == "10:00"
    assert told["texts"][-1] == "16:00"
    assert len(set(told["texts"])) == len(told["texts"])
    assert told["width"] > 100
    assert "875 days" in told["row"]


def test_a_replay_is_stepped_from_the_page_and_the_picture_follows(visit: Any) -> None:
    with replay(Served(page=0)) as (_, place):
        page = visit(place)
        expect(page.locator("#card-done")).to_contain_text(f"{PLAYED} of 390")
        is_drawn(page)
        are_drawn(page, pending=cell(page, PLAYED, 0))
        page.get_by_role("button", name="Step").click()
        expect(page.locator("#card-done")).to_contain_text(f"{PLAYED + 1} of 390")
        expect(page.locator("#minutes-of")).to_contain_text(f"{PLAYED + 1} of 390")
        are_drawn(page, streamed=cell(page, PLAYED, 0))
        page.locator("#speed").select_option("1")
        page.get_by_role("button", name="Resume").click()
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        page.close()


def test_symbols_are_found_and_those_that_lack_most_come_first(run_of_it: tuple[System, Place], visit: Any) -> None:
    page = visit(run_of_it[1])
    is_drawn(page)
    page.locator("#order").select_option("worst")
    page.locator("#map").click(position=cell(page, 4, 0))
    expect(page.locator("#told h3")).to_have_text("BBB 09:34: missing")
    page.locator("#filter").fill("cc")
    page.locator("#map").click(position=cell(page, 4, 0, rows=1))

    expect(page.locator("#told h3")).to_have_text("CCC 09:34: missing")


def test_any_interval_can_be_shown(run_of_it: tuple[System, Place], visit: Any) -> None:
    page = visit(run_of_it[1])
    is_drawn(page)
    page.locator("#interval").fill("5m")
    page.locator("#interval").press("Enter")
    page.locator("#candles").focus()
    page.keyboard.press("End")

    expect(page.locator("#readout")).to_contain_text("09:35")
    page.locator("#interval").fill("nonsense")
    with page.expect_response(re.compile("nonsense")):
        page.locator("#interval").press("Enter")
    expect(page.locator("#readout")).to_contain_text("is no interval")


@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_is_wider_than_the_screen(run_of_it: tuple[System, Place], visit: Any, width: int) -> None:
    page = visit(run_of_it[1], viewport={"width": width, "height": 844})
    is_drawn(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#map").click(position=cell(page, 60, 0))
    expect(page.locator("#told h3")).to_contain_text("AAA 10:")


def test_days_lead_to_a_day_with_its_certificate(dashboard: Place, visit: Any) -> None:
    page = visit(dashboard)
    day = page.get_by_label(re.compile(r"^Tue 2 Jul 2024: quality 100.0 %"))
    expect(day).to_have_class("q4")
    expect(page.get_by_label(re.compile(r"^Wed 3 Jul 2024: .* not certified$"))).to_have_class("q4 plain")
    day.click()

    expect(page.locator("#day")).to_contain_text("Issued by")
    expect(page.locator("#day .digest").first).to_have_text("d1")
    page.locator("#map").click(position=cell(page, 1, 0, rows=2))
    expect(page.locator("#told")).to_contain_text("asked for 2 times; its bars came by archive")
    page.get_by_role("link", name="later").click()
    expect(page.locator("#day")).to_contain_text("This day has no certificate")
    page.keyboard.press("2")
    expect(page.locator(".month")).not_to_have_count(0)


def test_symbols_may_be_called_anything(tmp_path: Path, visit: Any) -> None:
    odd = ["<img src=x onerror=alert(1)>", "BTC/USDT", "a&b=c#d?", "ESZ4, 1"]
    given = [bar(symbol, minute) for symbol in odd for minute in ("09:30", "09:31")]
    verdicts = np.full(len(given), Verdict.STREAMED, dtype=np.uint8)
    with contextlib.closing(ParquetStore(tmp_path / "store")) as files:
        files.merge("XNYS", DAY.date, StoredDay(bars=BarBatch.of(given), verdicts=verdicts))
    with serving_page(None, tmp_path / "store", Served(page=0)) as (line,):
        page = visit(Place(port_of(line)), "#day/XNYS/2024-07-02")
        is_drawn(page)
        for row, symbol in enumerate(sorted(odd)):
            page.locator("#map").click(position=cell(page, 0, row, rows=len(odd)))
            expect(page.locator("#told h3")).to_have_text(f"{symbol} 09:30: streamed")
            expect(page.locator("#readout")).to_contain_text(symbol)
        page.close()


def test_every_field_and_picture_has_a_name(run_of_it: tuple[System, Place], visit: Any) -> None:
    page = visit(run_of_it[1])
    is_drawn(page)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('input, select, button, canvas, svg, progress')]
            .filter((one) => !one.closest('[hidden]'))
            .filter((one) => !(one.labels && one.labels.length) && !one.getAttribute('aria-label')
                && !one.textContent.trim())
            .map((one) => one.outerHTML)"""
    )

    assert nameless == []


def test_the_page_is_light(run_of_it: tuple[System, Place], visit: Any) -> None:
    page = visit(run_of_it[1])
    is_drawn(page)

    weights = page.evaluate("performance.getEntriesByType('resource').map((one) => one.encodedBodySize)")
    assert 20_000 < sum(weights) < 200_000


def test_the_picture_of_a_store_fits_a_phone(browser: Browser, days: Path, tmp_path: Path) -> None:
    picture = tmp_path / "store.html"
    store_picture.save(days, "XNYS", [], picture, ["2024-07-02"])
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(picture.as_uri())

    wide = page.evaluate("document.querySelector('svg').getBoundingClientRect().width")
    assert 300 < wide <= page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_the_guide_is_read_on_a_phone_and_leads_back(dashboard: Place, visit: Any) -> None:
    page = visit(dashboard, "#days", viewport={"width": 390, "height": 800})
    page.get_by_role("link", name="Guide").click()
    for one in map(chapter, ("look", "formats", "embed", "live", "processes", "speed")):  # with what is wide
        page.get_by_role("navigation", name="Chapters").get_by_role("link", name=one.name, exact=True).click()
        expect(page.get_by_role("heading", level=1, name=one.title)).to_be_visible()
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), one.name
        assert page.evaluate(BROKEN_WORDS) == [], one.name

    page.get_by_role("link", name="Days", exact=True).click()
    expect(page.locator(".month")).not_to_have_count(0)
