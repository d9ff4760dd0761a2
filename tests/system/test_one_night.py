"""One bug between two live days, wherever it may be: the first closes, settles and is certified, the next one opens."""

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from messages import Bar, BarBatch, GetDigest, GetHistory, GetQuality, GetSession, Message, Room
from messages.values import ONE_MINUTE, SECOND_NS, Nanos
from tests.builders import at
from tests.system.faulty_day import ROOMS, Bug, Disk, FaultyDay
from tests.system.test_any_day import values
from tests.system.test_live_members import MARKET, SESSION, YESTERDAY, day, undisturbed
from tests.system.test_one_fault import bugs, kinds
from tests.upstreams import Upstream

pytestmark = pytest.mark.slow

NEXT = day("2024-07-03")
BARS = {session.date: tuple(MARKET.day(session).bars.bars()) for session in (SESSION, NEXT)}
LATE = "09:43"
"""What bugs strike comes from then on."""
NIGHT = ((SESSION, "10:14"), (SESSION, "10:15"), (SESSION, "18:00"), (NEXT, "08:29"), (NEXT, "08:30"), (NEXT, "09:29"))
"""When it is looked at: it is the next day's turn half an hour after the close; it opens an hour before its hours."""


def held(bars: Iterable[Bar]) -> dict[tuple[str, Nanos], tuple[float, ...]]:
    return {(one.symbol, one.start_ns): values(one) for one in bars}


class TwoDays(FaultyDay):
    """The end of a day, the night, and another day."""

    def __init__(self, folder: Path) -> None:
        self.disk = Disk(folder)
        self.disk.merge("XNYS", YESTERDAY.date, MARKET.day(YESTERDAY))
        known = [bar for bars in BARS.values() for bar in bars]
        source = Upstream(known, is_authoritative=True)
        super().__init__(self.disk, MARKET.symbols, [source], at("09:38", SESSION), random.Random(7), rolls=True)
        self._bars = BarBatch.of(known)

    def is_lived(self, bug: Bug | None) -> None:
        self.up()
        self.until(LATE)
        self.before = len(self.story)
        if bug is not None:
            self.strike(bug)
        self.goes_on(at("09:47", SESSION))
        for session, clock in NIGHT:
            self.hops_to(at(clock, session))
        self.goes_on(at("09:48", NEXT))

    def is_well(self) -> None:
        report = self.ask(GetQuality())

        assert self.ask(GetSession()) == NEXT
        assert self.ask(GetDigest()) == undisturbed(NEXT)[0]
        assert report.quality.bar_quality == 100.0
        assert report.accepted + report.rejected + report.duplicates == report.received
        for session in (SESSION, NEXT):
            found, certificate = self.disk.read("XNYS", session.date), self.disk.certificate("XNYS", session.date)
            assert found is not None
            assert certificate is not None
            assert certificate.digest == undisturbed(session)[0]
            assert held(found.bars.bars()) == held(BARS[session.date])
        for symbol in MARKET.symbols:
            before = self.ask(GetHistory(symbol=symbol, interval=ONE_MINUTE)).bars()
            assert held(before) == held(bar for bar in BARS[SESSION.date] if bar.symbol == symbol)

    def hops_to(self, now_ns: int) -> None:
        """Let the night go by: nobody looks at it four times a second."""
        self.time.advance(now_ns - self.time.now_ns())
        self.goes_on(now_ns + 20 * SECOND_NS)

    def goes_on(self, until_ns: int) -> None:
        """Let it go on while somebody looks."""
        while self.time.now_ns() < until_ns:
            self.until(min(self.time.now_ns() + 5 * SECOND_NS, until_ns))
            self.look()
            for shell in self.shells.values():
                shell._core.check()


def lived(bug: Bug | None = None) -> TwoDays:
    """Live both days, and look what has become of them."""
    folder = Path(tempfile.mkdtemp())
    days = TwoDays(folder)
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
def come() -> Counter[tuple[Room, type[Message]]]:
    """What comes from the evening on, where there is no bug."""
    days = lived()
    return kinds(days.story[days.before :])


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_a_night_with_one_bug_is_the_night_that_it_would_have_been(room: Room) -> None:
    for bug in bugs(room, come()):
        lived(bug)
