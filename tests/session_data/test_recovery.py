"""A session that is opened again in another process is as it was left, to the last cell."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.market.sale_conditions import sale_rules
from actors.session_data.actor import SessionData
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from actors.storage.journal.file import JournalFile, path_of
from actors.storage.journal.writer import Journal
from messages import (
    BarsArrived,
    FeedConnected,
    GapDetected,
    GetBars,
    GetQuality,
    Message,
    Tick,
    TicksArrived,
    TradingSession,
    Verdict,
)
from messages.repairs import NoTradeConfirmed
from messages.values import Gap
from tests.builders import DAY, arrived, at, bar, minute_of, opened, session_tiny, time
from tests.depth import examples
from tests.doubles import Outbox
from tests.patience import PATIENCE_S
from tests.session_data.stories import RULES, difference, insides, stories
from tests.session_data.streams import ask, readings
from tests.session_data.telling import TUESDAY, WEDNESDAY

SESSIONS = (session_tiny(5), session_tiny(3, 4), session_tiny(4, 2, pre=2, post=3))


class Routes(dict[Any, Any]):
    """Everything goes to one place."""

    def __init__(self, outbox: Outbox) -> None:
        super().__init__()
        self._outbox = outbox

    def __missing__(self, kind: object) -> tuple[Outbox, ...]:
        return (self._outbox,)


class Process:
    """One life of the room, with its journal in a folder that outlives it."""

    def __init__(self, folder: Path, rules: SessionRules | None = None) -> None:
        self.said = Outbox()
        self._journal = Journal(folder)
        make = partial(SessionDataCore, rules or SessionRules())
        self._room = SessionData(make(), Routes(self.said), Outbox(), self._journal, make=make)

    @property
    def core(self) -> SessionDataCore:
        """The mind that the room has now."""
        return cast("SessionDataCore", self._room._core)

    def tell(self, *messages: Message) -> "Process":
        for message in messages:
            self._room.on_receive(message)
        return self

    def flush(self) -> "Process":
        """What comes next is in another row of the file."""
        assert self._journal.flush(PATIENCE_S)
        return self

    def end(self) -> None:
        """All that was acknowledged is in the file; nothing else is left behind."""
        self._journal.close()


@examples(60)
@given(
    data=st.data(),
    session=st.sampled_from(SESSIONS),
    rules=RULES,
    cuts=st.lists(st.integers(0, 60), max_size=3),
)
def test_wherever_it_was_cut_it_goes_on_as_if_nothing_had_been(
    data: st.DataObject, session: TradingSession, rules: SessionRules, cuts: list[int]
) -> None:
    known, story = data.draw(stories(session))
    opening, messages = opened(session, known), story.minute_by_minute()
    whole = SessionDataCore(rules)
    for message in (opening, *messages):
        whole.handle(message)  # type: ignore[arg-type]  # what a story tells

    with TemporaryDirectory() as folder:
        process = Process(Path(folder), rules).tell(opening)
        for number, message in enumerate(messages):
            if number in cuts:
                process.end()
                later = replace(opening, symbols=(*known, "Q"), now_ns=session.end_ns)
                process = Process(Path(folder), rules).tell(later)
            process.tell(message)
        process.end()

    assert difference(insides(process.core), insides(whole)) is None
    assert difference(readings(process.core), readings(whole)) is None
    process.core.check()


def test_who_opens_it_again_is_told_of_what_is_missing_still_and_of_nothing_else(tmp_path: Path) -> None:
    minutes = [arrived(bar("A", "09:30")), time("09:31"), arrived(*minute_of("AB", "09:31")), time("09:34")]
    confirmed = NoTradeConfirmed(
        session_date=DAY.date, gaps=(Gap(symbols=("B",), start_ns=at("09:30"), end_ns=at("09:31")),), source="upstream"
    )
    Process(tmp_path).tell(opened(DAY, ["A", "B"]), *minutes, confirmed).end()
    again = Process(tmp_path).tell(opened(DAY, ["A", "B"], now=at("09:40")))
    again.end()

    gaps = [one.gap for one in again.said.of(GapDetected)]
    assert [(gap.symbols, gap.start_ns, gap.end_ns) for gap in gaps] == [(("A", "B"), at("09:32"), at("09:34"))]
    assert len(again.said.messages) == 2


def test_what_the_store_had_recorded_is_not_taken_twice(tmp_path: Path) -> None:
    taken = arrived(*minute_of("AB", "09:30"))
    Process(tmp_path).tell(opened(TUESDAY, ["A", "B"]), taken, time("09:31")).end()
    recording = BarsArrived(batch=taken.batch, now_ns=at("09:35"), source="recording")
    again = Process(tmp_path).tell(opened(TUESDAY, ["A", "B"], now=at("09:35")), recording)
    again.end()

    assert ask(again.core, GetQuality()).accepted == 2
    assert ask(again.core, GetQuality()).duplicates == 0


def test_the_first_life_takes_what_the_store_had_recorded(tmp_path: Path) -> None:
    recording = BarsArrived(batch=arrived(*minute_of("AB", "09:30")).batch, now_ns=at("09:35"), source="recording")
    first = Process(tmp_path).tell(opened(TUESDAY, ["A", "B"], now=at("09:35")), recording)
    first.end()
    again = Process(tmp_path).tell(opened(TUESDAY, ["A", "B"], now=at("09:36")), recording)
    again.end()

    assert ask(again.core, GetBars(symbol="A")).verdicts.tolist() == [Verdict.STREAMED]
    assert difference(insides(again.core), insides(first.core)) is None


def test_trades_that_a_feed_repeats_after_the_end_count_once(tmp_path: Path) -> None:
    trades = [
        Tick(symbol="A", at_ns=at("09:30") + second * 10**9, price=10.0 + second, size=5.0) for second in range(9)
    ]
    told = [
        TicksArrived(ticks=(one,), now_ns=one.at_ns, source="wire", ids=(str(number),), is_folded=True)
        for number, one in enumerate(trades)
    ]
    here = FeedConnected(feed="wire", attempt=1, has_bars=False, arrived_ns=at("09:29"))
    Process(tmp_path).tell(opened(DAY, ["A"], now=at("09:28")), here, *told[:6]).end()
    again = Process(tmp_path).tell(opened(DAY, ["A"], now=at("09:30")), *told[3:], time("09:32"))
    again.end()

    (made,) = ask(again.core, GetBars(symbol="A")).bars()
    assert (made.open, made.close, made.volume) == (10.0, 18.0, 45.0)


def sent(*seconds: int, symbol: str = "A", **more: Any) -> TicksArrived:
    """Trades of these seconds after 09:30, numbered by them."""
    ticks = tuple(Tick(symbol=symbol, at_ns=at("09:30") + second * 10**9, price=10.0, size=1.0) for second in seconds)
    ids = tuple(f"{symbol}{second}" for second in seconds)
    return TicksArrived(ticks=ticks, ids=ids, now_ns=ticks[-1].at_ns, source="wire", is_folded=True, **more)


def here(when: str = "09:29", **more: Any) -> FeedConnected:
    return FeedConnected(feed="wire", attempt=1, has_bars=False, arrived_ns=at(when), **more)


def test_a_minute_in_which_the_process_was_away_has_no_bar_of_a_part_of_its_trades(tmp_path: Path) -> None:
    opening = opened(DAY, ["A"], now=at("09:28"))
    Process(tmp_path).tell(opening, here(), sent(1, 5, 61, 70)).end()
    again = Process(tmp_path).tell(replace(opening, now_ns=at("09:32")), time("09:33"), here("09:34"), time("09:35"))
    again.end()
    after = Process(tmp_path).tell(replace(opening, now_ns=at("09:36")), time("09:36"))
    after.end()

    for life in (again, after):
        assert [one.start_ns for one in ask(life.core, GetBars(symbol="A")).bars()] == [at("09:30")]


def test_a_bar_that_was_told_before_the_process_died_is_in_doubt_if_the_feed_had_been_mute(tmp_path: Path) -> None:
    opening = opened(DAY, ["A"], now=at("09:28"))
    Process(tmp_path).tell(opening, here(), sent(1, 5), time("09:32")).end()
    lives = [Process(tmp_path).tell(replace(opening, now_ns=at(f"09:3{minute}"))) for minute in (3, 4)]

    for life in lives:
        life.end()
        assert ask(life.core, GetBars(symbol="A")).verdicts.tolist() == [Verdict.IN_PART]
        assert [(one.gap.start_ns, one.gap.end_ns) for one in life.said.of(GapDetected)] == [(at("09:30"), at("09:32"))]


def test_what_a_feed_repeats_makes_up_for_what_was_missed_of_everybody(tmp_path: Path) -> None:
    opening = opened(DAY, ["A", "B"], now=at("09:28"))
    Process(tmp_path).tell(opening, here(), sent(1, 5)).end()
    again = Process(tmp_path).tell(replace(opening, now_ns=at("09:32")), time("09:33"), here("09:34"))
    again.tell(sent(1, 5, 30), sent(40, symbol="B"), sent(61, 119, 130), time("09:35"))
    again.end()

    starts = {name: [one.start_ns for one in ask(again.core, GetBars(symbol=name)).bars()] for name in "AB"}
    assert starts == {"A": [at("09:30"), at("09:31"), at("09:32")], "B": [at("09:30")]}
    assert ask(again.core, GetBars(symbol="A")).volume.tolist() == [3, 2, 1]


def test_a_day_is_folded_by_the_same_rules_after_it_was_cut(tmp_path: Path) -> None:
    first = Process(tmp_path).tell(opened(DAY, ["A"]), here(sale_rules="massive"), opened(WEDNESDAY, ["A"]))
    first.end()
    again = Process(tmp_path).tell(opened(WEDNESDAY, ["A"]))
    again.end()

    rules = [life.core.trading._forming("wire").rules for life in (first, again)]
    assert rules == [sale_rules("massive")] * 2


def test_a_message_that_cannot_be_taken_again_is_passed_over_and_the_rest_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [arrived(bar("A", "09:30")), arrived(bar("A", "09:31")), arrived(bar("A", "09:32"))]
    Process(tmp_path).tell(opened(DAY, ["A"]), *messages).end()
    handle = SessionDataCore.handle

    def breaks(core: SessionDataCore, message: Any) -> Any:
        if message == messages[1]:
            raise ValueError("a bug")
        return handle(core, message)

    monkeypatch.setattr(SessionDataCore, "handle", breaks)
    again = Process(tmp_path).tell(opened(DAY, ["A"]))
    again.end()

    assert [one.start_ns for one in ask(again.core, GetBars(symbol="A")).bars()] == [at("09:30"), at("09:32")]


def test_what_was_told_up_to_a_message_that_cannot_be_taken_again_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, broken = opened(DAY, ["A"], now=at("09:28")), arrived(bar("A", "09:30"))
    told = [here(), sent(1, 5), time("09:30")]
    Process(tmp_path).tell(opening, *told, broken, sent(9)).end()
    Process(tmp_path / "without").tell(opening, *told, sent(9)).end()
    handle = SessionDataCore.handle

    def breaks(core: SessionDataCore, message: Any) -> Any:
        if message == broken:
            raise ValueError("a bug")
        return handle(core, message)

    monkeypatch.setattr(SessionDataCore, "handle", breaks)
    again, other = (Process(folder).tell(opening) for folder in (tmp_path, tmp_path / "without"))
    again.end()
    other.end()

    assert difference(insides(again.core), insides(other.core)) is None


def test_an_opening_that_is_said_again_changes_nothing(tmp_path: Path) -> None:
    opening = opened(DAY, ["A"], now=at("09:28"))
    once = Process(tmp_path / "once").tell(opening, here(), sent(1, 5), sent(61), time("09:31"))
    twice = Process(tmp_path / "twice").tell(opening, here(), sent(1, 5), opening, sent(61), time("09:31"))
    once.end()
    twice.end()

    assert ask(twice.core, GetBars(symbol="A")).verdicts.tolist() == [Verdict.STREAMED]
    assert difference(insides(twice.core), insides(once.core)) is None


@pytest.mark.parametrize("row", [2, 3, 4])
def test_a_day_whose_journal_is_damaged_begins_anew_and_the_damaged_one_is_kept(tmp_path: Path, row: int) -> None:
    first = Process(tmp_path).tell(opened(DAY, ["A"])).flush()
    for minute in ("09:30", "09:31", "09:32"):
        first.tell(arrived(bar("A", minute))).flush()
    first.end()
    path = path_of(tmp_path, DAY.calendar, DAY.date)
    with closing(sqlite3.connect(path)) as file:
        file.execute("update messages set body = x'c1' where seq = ?", (row,))
        file.commit()
    Process(tmp_path).tell(opened(DAY, ["A"]), arrived(bar("A", "09:33"))).end()
    again = Process(tmp_path).tell(opened(DAY, ["A"]))
    again.end()

    assert [one.start_ns for one in ask(again.core, GetBars(symbol="A")).bars()] == [at("09:33")]
    with closing(JournalFile(path.with_name(f"{path.name}.damaged"), read_only=True)) as aside:
        assert aside.last == 4


def test_a_day_whose_journal_cannot_be_opened_is_lived_without_one(tmp_path: Path) -> None:
    folder = tmp_path / "a file, no folder"
    folder.write_text("")
    process = Process(folder).tell(opened(DAY, ["A"]), arrived(bar("A", "09:30")), time("09:31"))
    process.end()

    assert len(ask(process.core, GetBars(symbol="A"))) == 1
