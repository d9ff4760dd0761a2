"""``test_any_day``, and besides: a bug at any message of any room, a process that is killed, a journal that cannot be
written, a store that cannot be read, a computer that sleeps."""

import random
import shutil
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import invariant, precondition, rule

from messages import Event, MinuteClosed, Policy, Room, SystemState
from messages.values import SECOND_NS
from tests.builders import at
from tests.damage import MANY
from tests.system.faulty_day import ROOMS, Disk, FaultyDay
from tests.system.test_any_day import MINUTES, UPS_AND_DOWNS_END, AnyDay
from tests.system.test_live_members import SESSION, SOME


class AnyFault(AnyDay):
    """What else may happen."""

    board: FaultyDay

    def made(self) -> Disk:
        self.folder = Path(tempfile.mkdtemp())
        self.safe: set[tuple[str, int]] = set()
        """The bars that were there when the journal could be written the last time."""
        return Disk(self.folder)

    def begun(self) -> FaultyDay:
        return FaultyDay(self.disk, SOME, [self.source], at("09:29", SESSION), random.Random(7))

    @rule(room=st.sampled_from(ROOMS), nth=st.integers(1, 30), is_handled=st.booleans())
    def a_room_has_a_bug(self, room: Room, nth: int, is_handled: bool) -> None:
        self.board.strike(room, nth, is_handled=is_handled)
        if self.is_day():
            self.time_passes(12)

    @rule(is_full=st.booleans())
    def the_journal_cannot_be_written_or_can(self, is_full: bool) -> None:
        self.board.journal.is_full = is_full
        self.board.settle()

    @rule(is_unreadable=st.booleans())
    def the_store_cannot_be_read_or_can(self, is_unreadable: bool) -> None:
        self.disk.is_unreadable = is_unreadable

    @precondition(AnyDay.is_day)
    @rule(seconds=st.integers(1, 180))
    def the_computer_sleeps(self, seconds: int) -> None:
        until = min(self.now_ns + seconds * SECOND_NS, at(UPS_AND_DOWNS_END, SESSION))
        self.board.time.advance(until - self.now_ns)
        self.board.settle()

    @rule()
    def the_process_is_killed_and_begun_again(self) -> None:
        before, self.disk.is_unreadable = self.board, False
        before.journal.drop()
        self.board = FaultyDay(self.disk, SOME, [self.source], before.time.now_ns(), random.Random(7))
        self.board.journal.is_full = before.journal.is_full
        self.board.up()
        self.heard = self.board.listen("minutes", policy=Policy.DROP_OLDEST)
        for _ in range(3):  # what is due is due at once
            self.board.time.advance(0)
            self.board.settle()
        self.minutes = []
        there = self.active() if self.board.journal.is_written else ()
        self.seen = {one for one in self.safe if one[0] in there}

    @invariant()
    def what_is_written_is_safe(self) -> None:
        if self.board.journal.is_written:
            self.safe = self.seen

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
            for shell in self.board.shells.values():
                vars(shell._core).pop("handle", None)  # a bug that has not struck
            super().teardown()
            assert self.board.state is not SystemState.ERROR
        finally:
            self.board.journal.drop()
            shutil.rmtree(self.folder)


TestAnyFault = pytest.mark.slow(AnyFault.TestCase)
TestAnyFault.settings = settings(
    max_examples=MANY // 25, deadline=None, stateful_step_count=20, report_multiple_bugs=False
)
