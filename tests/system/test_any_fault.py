"""``test_any_day``, and besides: a bug at any message of any room, a process that is killed, a journal that cannot be
written, a store that cannot be read, a computer that sleeps."""

import contextlib
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import initialize, invariant, rule
from msgspec import json

from actors.kernel.future import Future
from messages import (
    BarArrived,
    BarsFilled,
    BugFound,
    CertificateIssued,
    Event,
    FetchAnswered,
    GetDigest,
    GetHistory,
    GetQuality,
    MakeGood,
    MinuteClosed,
    Policy,
    ReceiptSettled,
    Room,
    SessionBoundary,
    SessionSealed,
    SessionSettled,
    SessionStands,
    SystemState,
    TimeAdvanced,
    TimerFired,
    WaitChanged,
)
from messages.errors import NotReady, SystemFailed
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import at
from tests.damage import MANY
from tests.session_data.stories import difference, insides
from tests.system.faulty_day import ROOMS, Bug, Disk, FaultyDay, bars_in, said_often
from tests.system.test_any_day import FAULTS, MINUTES, TRUTH, UPS_AND_DOWNS_END, AnyDay, values
from tests.system.test_live_members import LAST, MARKET, SESSION, SOME, YESTERDAY

ENDING = tuple(
    (room, kind)
    for room, kinds in {
        Room.SESSION_DATA: (SessionBoundary, SessionSettled, BarsFilled, TimeAdvanced, MakeGood),
        Room.STREAM_COORDINATOR: (TimerFired, SessionSettled, CertificateIssued, SessionStands, MakeGood),
        Room.DATA_UPKEEP: (SessionBoundary, SessionSealed, CertificateIssued, FetchAnswered, SessionStands, MakeGood),
        Room.SYSTEM_MANAGER: (SessionBoundary, WaitChanged, BugFound),
    }.items()
    for kind in kinds
)
"""What brings a day to its end, and what is said again of that."""
DEEDS = (
    *("bug",) * 8, *("kill", "stop", "journal", "late", "again", "publish", "connection", "store", "disk") * 2,
    *("torn", "upstream", "left out", "sleep", "clock", "nonsense", "joins"),
)  # fmt: skip
PLACES = sorted(TRUTH)


def a_bug(dice: random.Random, rooms: Sequence[Room], most: int) -> Bug:
    """Return a bug somewhere; who starts the rooms cannot start them with one."""
    return Bug(dice.choice(rooms), dice.randint(1, most), dice.random() < 0.5, dice.random() < 0.5)


def place_of(message: Any) -> tuple[str, int] | None:
    """Which bar was published, if it is one."""
    return (message.bar.symbol, message.bar.start_ns) if isinstance(message, BarArrived) else None


def is_taken(future: Future[ReceiptSettled]) -> bool:
    """Whether who published a bar was told that it is there, and safe."""
    if not future.is_done():
        return False
    with contextlib.suppress(SystemFailed, NotReady):
        receipt = future.get(timeout=0)
        return receipt.accepted + receipt.duplicates > 0
    return False


class AnyFault(AnyDay):
    """What else may happen."""

    board: FaultyDay

    def made(self) -> Disk:
        self.folder = Path(tempfile.mkdtemp())
        self.done = Counter[str]()
        self.hits = 0
        """Bugs that have struck processes that are gone."""
        self.safe: set[tuple[str, int]] = set()
        """The bars that were there when the journal could be written the last time."""
        self.published: list[tuple[tuple[str, int], Future[ReceiptSettled]]] = []
        self.acked: set[tuple[str, int]] = set()
        """Bars of which who published them was told that they are safe."""
        self.recovered = Counter[str]()
        """What the journal had when the process at hand began."""
        self.yesterday = MARKET.day(YESTERDAY).bars.names().count(SOME[0])
        return Disk(self.folder)

    def begun(self) -> FaultyDay:
        return FaultyDay(self.disk, SOME, [self.source], at("09:29", SESSION), random.Random(7))

    @initialize(seed=st.integers(0, 1 << 32))
    def it_begins(self, seed: int) -> None:
        self.it_goes_on(seed)

    @rule(seed=st.integers(0, 1 << 32))
    def more_happens(self, seed: int) -> None:
        self.it_goes_on(seed)

    def it_goes_on(self, seed: int) -> None:
        """Do many things, from one number: drawn one by one they would be few."""
        dice = random.Random(seed * 7919 + 13)
        for _ in range(dice.randint(5, 12)):
            for deed in dice.choices(DEEDS, k=dice.randint(1, 3)):
                self.do(deed, dice)
            if self.is_day():
                self.time_passes(dice.randint(1, 8))
            for one in self.invariants:
                one.function(self)

    def do(self, deed: str, dice: random.Random) -> None:  # a table
        flag, place = dice.random() < 0.5, dice.choice(PLACES)
        self.done[deed] += 1
        match deed:
            case "bug":
                self.board.strike(a_bug(dice, ROOMS, 12))
            case "kill":
                self.note_what_is_acknowledged()
                self.board.journal.drop()
                self.begin_again(a_bug(dice, ROOMS[:3], 4) if dice.random() < 0.5 else None, is_mended=flag)
            case "torn":  # what was published when nothing could be written is lost with its process, and nobody told
                self.board.journal.is_full = True
                self.a_bar_is_published(self.somewhere(dice))
                self.note_what_is_acknowledged()
                self.board.journal.drop()
                self.begin_again(None, is_mended=True)
            case "stop":
                self.board.stop()
                self.nobody_waits_any_more()
                self.begin_again(a_bug(dice, ROOMS[:3], 4) if dice.random() < 0.5 else None, is_mended=flag)
            case "journal":
                self.board.journal.is_full = flag
                self.board.settle()
            case "store":
                self.disk.is_unreadable = flag
                if flag and LAST not in self.board.subscribed:
                    self.a_symbol_joins()
            case "disk":
                self.the_disk_is_full_or_not(flag)
            case "upstream":
                self.the_upstream_breaks_or_mends(flag)
            case "connection":
                (self.the_connection_breaks if flag else self.the_connection_is_made)()
            case "left out":
                self.the_feed_leaves_symbols_out({place[0]})
            case "sleep":
                self.the_computer_sleeps(dice.randint(1, 180))
            case "clock":  # it calls once more than it was asked to, and shows an earlier time
                self.board.stream_coordinator.tell(TimerFired(clock_ns=self.now_ns - dice.randint(0, 600) * SECOND_NS))
                self.board.settle()
            case "publish":
                self.a_bar_is_published(self.somewhere(dice))
            case "late":
                self.bars_come_when_they_like([place, dice.choice(PLACES), place])
            case "nonsense":
                self.nonsense_comes(place, dice.choice(FAULTS))
            case "joins" if LAST not in self.board.subscribed:
                self.a_symbol_joins()
            case "again" if self.board.is_sound:
                self.what_came_comes_again(dice.randint(1, 30))

    def the_computer_sleeps(self, seconds: int) -> None:
        until = min(self.now_ns + seconds * SECOND_NS, at(UPS_AND_DOWNS_END, SESSION))
        self.board.time.advance(max(until - self.now_ns, 0))
        self.board.settle()

    def a_bar_is_published(self, place: tuple[str, int]) -> None:
        if place[0] in self.active() and TRUTH[place].known_ns <= self.now_ns:
            self.published.append((place, self.board.publish(TRUTH[place])))

    def somewhere(self, dice: random.Random) -> tuple[str, int]:
        """Choose a bar that is over and is not there, if there is one."""
        over = [place for place in PLACES if TRUTH[place].known_ns <= self.now_ns]
        return dice.choice([place for place in over if place not in self.seen] or over or PLACES)

    def what_came_comes_again(self, count: int) -> None:
        again = [TRUTH[place] for place in sorted(self.seen)[-count:]]
        self.send(again)  # it may take the place of what was fetched
        before = self.board.ask(GetQuality())
        self.send(again)
        after = self.board.ask(GetQuality())

        assert (after.accepted, after.duplicates) == (before.accepted, before.duplicates + len(again))

    def nobody_waits_any_more(self) -> None:
        assert all(future.is_done() for _, future in self.published)

    def begin_again(self, bug: Bug | None, *, is_mended: bool) -> None:
        before, self.disk.is_unreadable = self.board, False
        self.hits += before.hits
        recovered = said_often(before.journaled())
        self.board = FaultyDay(self.disk, SOME, [self.source], before.time.now_ns(), random.Random(7), bug)
        self.board.journal.is_full = before.journal.is_full and not is_mended
        self.board.up()
        self.heard = self.board.listen("minutes", policy=Policy.DROP_OLDEST)
        self.recovered = recovered
        for _ in range(3):  # what is due is due at once
            self.board.time.advance(0)
            self.board.settle()
        for _ in range(60):  # a bug may have been in the way
            if self.board.is_open:
                break
            self.board.time.advance(SECOND_NS)
            self.board.settle()
            self.board.look()
        assert self.board.is_open
        self.minutes = []
        there = self.active() if self.board.journal.is_written else ()
        self.published = []
        self.acked = {one for one in self.acked if one[0] in there}
        self.seen = {one for one in self.safe if one[0] in there} | self.acked

    @invariant()
    def what_is_written_is_safe(self) -> None:
        if self.board.journal.is_written:
            self.safe = self.seen

    def note_what_is_acknowledged(self) -> None:
        if self.board.journal.path is None:
            return
        new = {place for place, future in self.published if is_taken(future)} - self.acked

        assert not new or new <= set(map(place_of, self.board.journaled()))
        self.acked |= new

    @invariant()
    def what_is_acknowledged_is_there(self) -> None:
        self.note_what_is_acknowledged()

        assert self.acked <= self.seen

    @invariant()
    def what_a_bug_has_struck_is_kept_and_no_more(self) -> None:
        found = self.board.quarantined.messages

        assert 0 <= self.board.hits - len(found) <= self.board.unseen, found

    @invariant()
    def all_counts_add_up(self) -> None:
        core: Any = self.board.shells[Room.SESSION_DATA]._core

        assert core.troubles() == ()

    @invariant()
    def what_is_taken_is_what_the_journal_says(self) -> None:
        if self.board.journal.is_written:
            journaled = self.board.journaled()
            assert self.board.ask(GetQuality()).received == sum(map(bars_in, journaled))
            assert self.board.session_data_told() == said_often(journaled) - self.recovered

    @invariant()
    def who_would_begin_now_would_have_the_same(self) -> None:
        if self.board.journal.is_written:
            again, room = self.board._session_data(), self.board.shells[Room.SESSION_DATA]
            for message in self.board.journaled():
                again.handle(message)

            both = [{name: json.encode(value) for name, value in insides(core).items()} for core in (again, room._core)]
            assert difference(*both) is None  # as text, in which what is no number is what is no number

    @invariant()
    def the_day_before_is_there(self) -> None:
        assert len(self.board.ask(GetHistory(symbol=SOME[0]))) == self.yesterday

    def polled(self) -> Event | None:
        self.board.look()
        event = super().polled()
        if event is not None and not self.minutes:
            assert isinstance(event, MinuteClosed)
            self.minutes = [start_ns for start_ns in MINUTES if start_ns < event.start_ns]
        return event

    def teardown(self) -> None:
        self.disk.is_unreadable = self.board.journal.is_full = False
        try:
            self.it_closes_with_bugs()
            super().teardown()
            assert self.board.state is not SystemState.ERROR
            self.board.record()
            self.it_is_written_down()
            self.board.journal.is_full = True
            self.published.append((min(TRUTH), self.board.publish(TRUTH[min(TRUTH)])))
            self.board.stop()
            self.nobody_waits_any_more()
        finally:
            self.board.journal.drop()
            shutil.rmtree(self.folder)

    def it_closes_with_bugs(self) -> None:
        """What brings a day to its end is said once, and so would hardly ever be struck by chance."""
        self.board.forget_bugs()
        self.is_source_down = self.disk.is_full = False
        self.the_connection_is_made()
        if LAST not in self.board.subscribed:
            self.a_symbol_joins()
        self.board.until("09:44")
        dice = random.Random(self.board.hits + len(self.seen) + 31 * len(self.minutes))
        chosen = [place for place in ENDING if dice.random() < 0.4]
        self.board.strike(*(Bug(room, 1, dice.random() < 0.5, kind=kind) for room, kind in chosen))
        self.is_source_down = dice.random() < 0.5
        self.it_goes_on_until("09:46")
        self.is_source_down = False
        self.it_goes_on_until("09:48")
        self.board.forget_bugs()
        self.it_goes_on_until("09:50")

    def it_goes_on_until(self, now: str) -> None:
        """Let the day go on while somebody looks."""
        while self.now_ns < at(now, SESSION):
            self.board.until(self.now_ns + 5 * SECOND_NS)
            self.board.look()

    def it_is_written_down(self) -> None:
        certificate, day = self.board.certificate(), self.disk.read("XNYS", SESSION.date)

        assert certificate is not None
        assert day is not None
        assert certificate.digest == self.board.ask(GetDigest())
        assert {(one.symbol, one.start_ns): values(one) for one in day.bars.bars()} == {
            place: values(one) for place, one in TRUTH.items()
        }
        untraded = sum((run.end_ns - run.start_ns) // MINUTE_NS for run in certificate.runs)
        assert untraded + len(TRUTH) == len(MINUTES) * len(MARKET.symbols)


TestAnyFault = pytest.mark.slow(AnyFault.TestCase)
TestAnyFault.settings = settings(
    max_examples=MANY // 25, deadline=None, stateful_step_count=3, report_multiple_bugs=False
)


@pytest.mark.slow
def test_every_port_fails_on_days_of_some_seeds() -> None:
    done, refused, hits = Counter[str](), Counter[str](), 0
    for seed in range(6):
        day = AnyFault()
        day.it_begins(seed=seed)
        day.more_happens(seed=seed + 1000)
        day.teardown()
        done, refused, hits = done + day.done, refused + day.disk.refused, hits + day.hits + day.board.hits

    assert set(done) == set(DEEDS)
    assert set(refused) == {"read", "write", "journal", "journal's opening"}
    assert hits > 20
