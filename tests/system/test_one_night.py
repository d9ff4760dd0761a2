"""One bug between two live days, wherever it may be: the first closes, settles and is certified, the next one opens."""

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from actors.market.calendar import Calendar
from actors.storage.memory import MemoryStore
from messages import (
    Bar,
    BarBatch,
    GetBars,
    GetDigest,
    GetHistory,
    GetQuality,
    GetSession,
    Message,
    Room,
    TradingSession,
)
from messages.values import MINUTE_NS, ONE_MINUTE, SECOND_NS, Nanos
from tests.builders import at
from tests.switchboard import Switchboard
from tests.system.faulty_day import ROOMS, Bug, Disk, FaultyDay
from tests.system.test_any_day import values
from tests.system.test_live_members import MARKET, day
from tests.system.test_one_fault import bugs, kinds
from tests.system.worlds import QUARTER
from tests.upstreams import Upstream

pytestmark = pytest.mark.slow

OVERNIGHT = day("2024-07-02"), day("2024-07-03")
HOPS = ((0, "10:14"), (0, "10:15"), (0, "18:00"), (1, "08:29"), (1, "08:30"), (1, "09:29"))
"""When it is looked at: it is the next day's turn half an hour after the close; it opens an hour before its hours."""
SHUT = ("00:05-23:50",)
"""Hours to close so that of days round the clock a few minutes are left, before midnight and after."""


class Night(NamedTuple):
    """From one live day to the next."""

    sessions: tuple[TradingSession, TradingSession]
    closed: tuple[str, ...]
    begins: str
    evening: str
    """Bugs strike what comes from then on."""
    hops: tuple[tuple[int, str], ...]
    """Which clock times are gone to, of the first or of the second day."""
    ends: str

    def bars(self, place: int) -> tuple[Bar, ...]:
        """All that is traded on one of the days."""
        return tuple(MARKET.day(self.sessions[place]).bars.bars())

    def digest(self, place: int) -> str:
        """One of the days, as it is where nothing goes wrong."""
        store, session = MemoryStore(), self.sessions[place]
        store.merge(session.calendar, session.date, MARKET.day(session))
        return Switchboard(store, calendar=session.calendar, closed=self.closed).play().ask(GetDigest())


def round_the_clock(date: str) -> TradingSession:
    session = Calendar("24/7", closed=SHUT).session(date)
    assert session is not None
    return session


MIDNIGHT = round_the_clock("2024-07-02"), round_the_clock("2024-07-03")
NIGHTS = {
    "a night": Night(OVERNIGHT, QUARTER, "09:38", "09:43", HOPS, "09:48"),
    "midnight": Night(
        (round_the_clock("2024-07-02"), round_the_clock("2024-07-03")), SHUT, "23:52", "23:57", (), "00:08"
    ),
}


def held(bars: Iterable[Bar]) -> dict[tuple[str, Nanos], tuple[float, ...]]:
    return {(one.symbol, one.start_ns): values(one) for one in bars}


class TwoDays(FaultyDay):
    """The end of a day, the night, and the beginning of another day."""

    def __init__(self, night: Night, folder: Path) -> None:
        self.night, self.disk, self.before = night, Disk(folder), 0
        first, _ = night.sessions
        known = [*night.bars(0), *night.bars(1)]
        source = Upstream(known, is_authoritative=True)
        begins_ns, hours = at(night.begins, first), {"session": first, "closed": night.closed}
        super().__init__(self.disk, MARKET.symbols, [source], begins_ns, random.Random(7), rolls=True, **hours)
        self._bars = BarBatch.of(known)

    def is_lived(self, bug: Bug | None) -> None:
        first, second = self.night.sessions
        self.up()
        self.goes_on(at(self.night.evening, first))
        self.before = len(self.story)
        if bug is not None:
            self.strike(bug)
        self.goes_on(first.end_ns + 2 * MINUTE_NS)
        for place, clock in self.night.hops:
            self.hops_to(at(clock, self.night.sessions[place]))
        self.goes_on(at(self.night.ends, second))

    def is_well(self) -> None:
        _, second = self.night.sessions
        report, now_ns = self.ask(GetQuality()), self.time.now_ns()
        over = [bar for bar in self.night.bars(1) if bar.start_ns + MINUTE_NS <= now_ns]

        assert self.ask(GetSession()) == second
        assert held(bar for symbol in MARKET.symbols for bar in self.ask(GetBars(symbol=symbol)).bars()) == held(over)
        assert report.quality.bar_quality == 100.0
        assert report.accepted + report.rejected + report.duplicates == report.received
        for place in range(1 + (now_ns > second.end_ns)):
            session = self.night.sessions[place]
            found = self.disk.read(session.calendar, session.date)
            certificate = self.disk.certificate(session.calendar, session.date)
            assert found is not None
            assert certificate is not None
            assert certificate.digest == self.night.digest(place)
            assert held(found.bars.bars()) == held(self.night.bars(place))
        before = (self.ask(GetHistory(symbol=symbol, interval=ONE_MINUTE)) for symbol in MARKET.symbols)
        assert held(bar for window in before for bar in window.bars()) == held(self.night.bars(0))

    def hops_to(self, now_ns: Nanos) -> None:
        """Let the night go by: nobody looks at it four times a second."""
        self.time.advance(now_ns - self.time.now_ns())
        self.goes_on(now_ns + 20 * SECOND_NS)

    def goes_on(self, until_ns: Nanos) -> None:
        """Let it go on while somebody looks."""
        while self.time.now_ns() < until_ns:
            self.until(min(self.time.now_ns() + 5 * SECOND_NS, until_ns))
            self.look()
            for shell in self.shells.values():
                shell._core.check()


def lived(night: Night, bug: Bug | None = None) -> TwoDays:
    """Live both days, and look what has become of them."""
    folder = Path(tempfile.mkdtemp())
    days = TwoDays(night, folder)
    try:
        days.is_lived(bug)
        days.is_well()
        days.stop()
        assert days.hits == len(days.quarantined.messages) == (bug is not None)
    finally:
        days.journal.drop()
        shutil.rmtree(folder)
    return days


@cache
def come(night: Night) -> Counter[tuple[Room, type[Message]]]:
    """What comes from the evening on, where there is no bug."""
    days = lived(night)
    return kinds(days.story[days.before :])


@pytest.mark.parametrize("room", ROOMS, ids=str)
@pytest.mark.parametrize("night", NIGHTS.values(), ids=NIGHTS)
def test_a_night_with_one_bug_is_the_night_that_it_would_have_been(night: Night, room: Room) -> None:
    for bug in bugs(room, come(night)):
        lived(night, bug)
