"""A live day out of its journal through the real actors: every message when it came, to the same digest."""

from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from actors.storage.journal.file import JournalFile, journals
from actors.storage.journal.lived import LivedStore
from actors.system import System
from messages import BarsUpdated, DataError, GetBars, MinuteClosed, TradingSession
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import DAY, arrived, at, bar, opened, session_tiny, time
from tests.depth import examples
from tests.feeds.worlds import MARKET
from tests.session_data.stories import RULES, difference, stories
from tests.session_data.streams import ask
from tests.session_data.telling import digest
from tests.system.live import FAST_UPKEEP, Mortal, clock_before, live, lived, market_feed, session_of, upstream_of
from tests.system.test_lived_day import CAME, LATE, journal_of

SESSIONS = tuple(
    replace(one, calendar="XNYS") for one in (session_tiny(5), session_tiny(3, 4), session_tiny(4, 2, pre=2, post=3))
)


@examples(12)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_it_comes_to_the_same_bars(data: st.DataObject, session: TradingSession, rules: SessionRules) -> None:
    known, story = data.draw(stories(session))
    messages = [opened(session, known), *story.minute_by_minute()]
    core = SessionDataCore(rules)
    for message in messages:
        core.handle(message)  # type: ignore[arg-type]  # what a story tells

    with TemporaryDirectory() as folder, System.backtest(LivedStore(journal_of(Path(folder), messages, rules))) as day:
        day.run(timeout=20)
        symbols = day.active_symbols().get(timeout=5)
        played = {symbol: list(day.bars(symbol).get(timeout=5).bars()) for symbol in symbols}
        assert day.digest().get(timeout=5) == digest(core)

    then = {symbol: list(ask(core, GetBars(symbol=symbol)).bars()) for symbol in symbols}
    assert (
        difference(
            {name: [(one.start_ns, one.close) for one in bars] for name, bars in played.items()},
            {name: [(one.start_ns, one.close) for one in bars] for name, bars in then.items()},
        )
        is None
    )


def test_a_late_bar_comes_late_and_a_strategy_does_not_see_it_before(tmp_path: Path) -> None:
    path = journal_of(tmp_path, CAME)
    with System.backtest(LivedStore(path)) as day:
        seen = [(minute.end_ns, day.bar_count("B").get(timeout=5)) for minute in islice(day.minutes(), 4)]

    assert seen == [(at("09:31"), 0), (at("09:32"), 1), (at("09:33"), 2), (at("09:34"), 2)]
    assert LATE.start_ns == at("09:30")


def test_the_order_of_what_is_told_is_that_of_the_day(tmp_path: Path) -> None:
    path = journal_of(tmp_path, CAME)
    with System.backtest(LivedStore(path)) as day:
        events = list(islice(day.subscribe(["bars", "minutes"], intervals=["1m"]), 8))

    shapes = [
        (type(event).__name__, (event.start_ns - DAY.start_ns) // MINUTE_NS)
        for event in events
        if isinstance(event, BarsUpdated | MinuteClosed)
    ]
    assert shapes == [
        ("BarsUpdated", 0),
        ("MinuteClosed", 0),
        ("BarsUpdated", 1),
        ("MinuteClosed", 1),
        ("BarsUpdated", 0),
        ("MinuteClosed", 2),
        ("BarsUpdated", 1),
        ("MinuteClosed", 3),
    ]


def test_when_a_minute_closes_nobody_sees_what_came_a_moment_later(tmp_path: Path) -> None:
    """Minutes close by their grace, between two ends: what comes after that is not there yet."""
    rules = SessionRules(grace_ns=20 * SECOND_NS)
    came = [
        opened(DAY, ["A", "B"]),
        arrived(bar("A", "09:30", 1.0), now=at("09:31") + SECOND_NS),
        time(at("09:31") + 20 * SECOND_NS),
        arrived(bar("B", "09:30", 2.0), now=at("09:31") + 40 * SECOND_NS),
        time("09:32"),
    ]
    with System.backtest(LivedStore(journal_of(tmp_path, came, rules))) as day:
        first = next(iter(day.minutes()))
        late = day.bar_count("B").get(timeout=5)

    assert (first.end_ns, first.missing, late) == (at("09:31"), ("B",), 0)


def test_a_journal_without_a_message_is_refused(tmp_path: Path) -> None:
    JournalFile(tmp_path / "empty.journal").close()
    with pytest.raises(DataError, match="nothing has come yet"):
        LivedStore(tmp_path / "empty.journal")


@pytest.mark.slow
def test_a_day_with_outages_and_fills_is_played_again_to_its_digest(tmp_path: Path) -> None:
    session = session_of()
    clock = clock_before(session, 240)
    feed = Mortal(market_feed(MARKET, session, clock), deaths=5)
    sources = [upstream_of(MARKET, session)]
    root = tmp_path / "store"
    with live(str(root), [feed], clock, symbols=MARKET.symbols, sources=sources, upkeep=FAST_UPKEEP) as system:
        lived(system, "minutes")
        digest_then, quality = system.digest().get(timeout=5), system.quality().get(timeout=5)

    (path,) = journals(tmp_path / "store.journals")
    with System.backtest(LivedStore(path)) as day:
        day.run(timeout=30)
        again = day.quality().get(timeout=5)
        assert day.digest().get(timeout=5) == digest_then

    assert again.quality == quality.quality
