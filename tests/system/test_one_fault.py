"""One bug in a live day, wherever it may be, and nothing else that would make it good by the way."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

import pytest

from messages import HealthReported, Message, ReportHealth, Room
from messages.values import SECOND_NS
from tests.builders import at
from tests.system.faulty_day import PASSED, ROOMS, Bug, FaultyDay
from tests.system.test_any_fault import AnyFault
from tests.system.test_live_members import SESSION, SOME

pytestmark = pytest.mark.slow

NOT_FOR_US = (ReportHealth, HealthReported)
"""It is the shell's, and comes as real time goes by."""


class OneFault(AnyFault):
    """A day with a few troubles, and with one bug.

    Args:
        bug: where, from the beginning on; who starts the rooms has it once they are up.
    """

    def __init__(self, bug: Bug | None = None) -> None:
        self._bug = bug
        super().__init__()
        if bug is not None and bug.room is Room.SYSTEM_MANAGER:
            self.board.strike(bug)

    def begun(self) -> FaultyDay:
        is_boss = self._bug is not None and self._bug.room is Room.SYSTEM_MANAGER
        bug = None if is_boss else self._bug
        return FaultyDay(self.disk, SOME, [self.source], at("09:29", SESSION), random.Random(7), bug)

    def is_lived(self) -> None:
        """Live it to its end, and look after each step."""
        first, second, third = SOME
        self.passes("09:31")
        self.the_feed_leaves_symbols_out({first})
        self.passes("09:33")
        self.the_upstream_breaks_or_mends(is_down=True)
        self.the_feed_leaves_symbols_out({second})
        self.passes("09:34")
        self.a_bar_is_published((second, at("09:33", SESSION)))
        self.passes("09:35")
        self.a_symbol_joins()
        self.bars_come_when_they_like([(third, at("09:33", SESSION)), (second, at("09:34", SESSION))])
        self.nonsense_comes((third, at("09:33", SESSION)), "high")
        self.passes("09:36")
        self.the_upstream_breaks_or_mends(is_down=False)
        self.the_connection_breaks()
        self.passes("09:37")
        self.the_connection_is_made()
        self.the_disk_is_full_or_not(is_full=True)
        self.passes("09:40")
        self.the_disk_is_full_or_not(is_full=False)
        self.the_computer_sleeps(80)
        self.passes("09:42")
        self.teardown()
        assert self.board.hits == (self._bug is not None)

    def passes(self, until: str) -> None:
        self.time_passes((at(until, SESSION) - self.now_ns) // (5 * SECOND_NS))
        self.board.look()
        for one in self.invariants:
            one.function(self)

    def it_closes_with_bugs(self) -> None:
        self.it_goes_on_until("09:50")


def kinds(told: Iterable[tuple[Room, Message]]) -> Counter[tuple[Room, type[Message]]]:
    """Count the kinds of messages that come to each room's mind."""
    return Counter((room, type(message)) for room, message in told if not isinstance(message, (*PASSED, *NOT_FOR_US)))


def bugs(room: Room, come: Counter[tuple[Room, type[Message]]]) -> Iterator[Bug]:
    """Yield every bug that is to be tried: on the first of a kind and on the last, before and after its handling."""
    for (to, kind), often in sorted(come.items(), key=lambda item: item[0][1].__name__):
        if to is room:
            for nth in sorted({1, often}):
                yield from (Bug(room, nth, is_handled, kind=kind) for is_handled in (False, True))


@cache
def come() -> Counter[tuple[Room, type[Message]]]:
    """What comes on a day without a bug."""
    day = OneFault()
    before = len(day.board.story)
    day.is_lived()
    boss = Room.SYSTEM_MANAGER
    return kinds(one for number, one in enumerate(day.board.story) if number >= before or one[0] is not boss)


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_a_day_with_one_bug_is_the_day_that_it_would_have_been(room: Room) -> None:
    for bug in bugs(room, come()):
        OneFault(bug).is_lived()
