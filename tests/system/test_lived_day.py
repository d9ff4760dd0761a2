"""A live day as it was known at a moment: readers answer from what had come by then."""

from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.lived_day import LivedDay
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from actors.storage.journal.writer import Journal
from actors.storage.memory import MemoryStore
from messages import (
    Bar,
    DataError,
    GetBars,
    GetVerdicts,
    Message,
    MinuteClosed,
    NotReady,
    SettingsError,
    TradingSession,
    Verdict,
)
from messages.values import MINUTE_NS
from tests.builders import DAY, arrived, at, bar, minute_of, opened, session_tiny, time
from tests.depth import examples
from tests.feeds.worlds import MARKET
from tests.session_data.stories import RULES, difference, stories
from tests.session_data.streams import ask
from tests.system.live import clock_before, live, market_feed, session_of
from tests.system.worlds import short

LATE = bar("B", "09:30", 7.0)
CORRECTED = bar("A", "09:31", 5.0)
CAME: list[Message] = [
    opened(DAY, ["A", "B"]),
    arrived(bar("A", "09:30", 1.0)),
    time("09:31"),
    arrived(*minute_of("AB", "09:31"), now=at("09:32")),
    time("09:32"),
    arrived(LATE, now=at("09:33")),
    arrived(CORRECTED, now=at("09:34"), is_correction=True),
    time("09:34"),
]


def journal_of(folder: Path, messages: list[Message], rules: SessionRules | None = None) -> Path:
    journal = Journal(folder, rules=rules)
    session = messages[0].session  # type: ignore[attr-defined]  # its opening
    journal.open(session)
    for message in messages:
        journal.append(message)  # type: ignore[arg-type]  # what a session may be told
    path = journal.path
    journal.close()
    assert path is not None
    return path


def bars_of(day: LivedDay, symbol: str) -> list[Bar]:
    return list(day.bars(symbol).get().bars())


@pytest.mark.parametrize(
    ("when", "of_a", "of_b"),
    [
        ("09:30", [], []),
        ("09:31", [1.0], []),
        ("09:32", [1.0, 100.0], [100.0]),
        ("09:33", [1.0, 100.0], [7.0, 100.0]),
        ("09:34", [1.0, 5.0], [7.0, 100.0]),
        (None, [1.0, 5.0], [7.0, 100.0]),
    ],
)
def test_what_came_later_is_not_there(tmp_path: Path, when: str | None, of_a: list[float], of_b: list[float]) -> None:
    day = LivedDay(journal_of(tmp_path, CAME), when)

    assert [[one.close for one in bars_of(day, symbol)] for symbol in "AB"] == [of_a, of_b]


def test_verdicts_are_those_of_the_moment(tmp_path: Path) -> None:
    path = journal_of(tmp_path, CAME)
    verdicts = [LivedDay(path, when).verdicts("B").get().verdicts[0, 0] for when in ("09:31", "09:33")]

    assert verdicts == [Verdict.MISSING, Verdict.LATE]


@examples(40)
@given(
    data=st.data(),
    session=st.sampled_from((session_tiny(5), session_tiny(3, 4))),
    rules=RULES,
    slot=st.integers(0, 9),
)
def test_at_any_moment_it_is_the_session_as_it_stood(
    data: st.DataObject, session: TradingSession, rules: SessionRules, slot: int
) -> None:
    known, story = data.draw(stories(session))
    messages = [opened(session, known), *story.minute_by_minute()]
    when_ns, now_ns, core = session.start_ns + slot * MINUTE_NS, 0, SessionDataCore(rules)
    for message in messages:
        now_ns = max(now_ns, getattr(message, "now_ns", 0))
        if now_ns <= when_ns:
            core.handle(message)  # type: ignore[arg-type]  # what a story tells

    with TemporaryDirectory() as folder:
        day = LivedDay(journal_of(Path(folder), messages, rules), when_ns)
    assert day.digest().get() == core._book.digest() if core._book is not None else True
    for symbol in day.active_symbols().get():
        assert difference(bars_of(day, symbol), list(ask(core, GetBars(symbol=symbol)).bars())) is None
    assert (day.verdicts().get().verdicts == ask(core, GetVerdicts()).verdicts).all()


def test_days_before_it_are_those_of_the_store(tmp_path: Path) -> None:
    store = MemoryStore()
    before = session_of("2024-07-01", ())
    store.merge("XNYS", "2024-07-01", MARKET.day(before))
    symbol = MARKET.symbols[0]
    path = journal_of(tmp_path, [opened(DAY, [symbol]), arrived(bar(symbol, "09:30", 3.0)), time("09:31")])

    day = LivedDay(path, "09:31", store=store)
    window = day.last_bars(symbol, 5, with_history=True).get()

    assert (len(window), window.short, float(window.close[-1])) == (5, 0, 3.0)
    assert LivedDay(path, "09:31").last_bars(symbol, 5, with_history=True).get().short == 4


def test_it_has_no_certificate(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="no certificate"):
        LivedDay(journal_of(tmp_path, CAME)).certificate().get()


def test_what_is_no_journal_or_no_moment_is_refused(tmp_path: Path) -> None:
    path = journal_of(tmp_path, CAME)

    with pytest.raises(DataError, match="there is no journal"):
        LivedDay(tmp_path / "other.journal")
    with pytest.raises(SettingsError, match="when: "):
        LivedDay(path, "half past ten")


def test_a_backtest_has_no_journal() -> None:
    store = MemoryStore()
    session = session_of("2024-07-01")
    store.merge("XNYS", "2024-07-01", MARKET.day(session))

    with short(store) as system, pytest.raises(NotReady, match="no journal"):
        system.as_of("09:35")


@pytest.mark.slow
def test_a_running_day_can_be_asked_what_it_knew_before(tmp_path: Path) -> None:
    session = session_of()
    clock = clock_before(session, 240)
    symbol = MARKET.symbols[0]
    with live(str(tmp_path / "store"), [market_feed(MARKET, session, clock)], clock, symbols=MARKET.symbols) as system:
        minutes = list(islice(system.subscribe(["minutes"], policy="drop_oldest", bound=1000), 6))
        early, now = (system.as_of(when).bar_count(symbol).get() for when in ("09:33", clock.now_ns()))

    assert early in (2, 3)  # the bar of 09:32 comes at 09:33, or a moment later
    assert now >= 6
    assert all(isinstance(minute, MinuteClosed) for minute in minutes)
