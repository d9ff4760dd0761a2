"""Which of those who wait hold up, by not reading, what they wait for."""

from collections.abc import Iterable, Sequence

from actors.kernel.listen.given import Given
from actors.kernel.listen.seat import Seat
from actors.kernel.listen.waiting import Holder, Wait


def culprit(wait: Wait, seat: Seat | None, given: Given, *, is_patience_over: bool = False) -> Holder | None:
    """Return who keeps somebody waiting and is kept from reading by that wait.

    Args:
        wait: of whom.
        seat: what is waited for; ``None``: the end of the run.
        given: the minutes that are with their readers.
        is_patience_over: whether nothing has moved for a while.
    """
    return wait.culprit(given.kept_by_others(seat), is_patience_over=is_patience_over)


def looked_around(wait: Wait, seat: Seat | None, seats: Iterable[Seat], given: Given) -> Holder | None:
    """Return the culprit, if there is one, for somebody who has come to wait just now."""
    if not all(to.has_asked for to in seats):
        wait.look_around()
    return culprit(wait, seat, given)


def may_be(holders: set[Seat], seats: Sequence[Seat], given: Given) -> bool:
    """Whether anybody waits who has not just been given what everybody has who holds the run up."""
    if len(given) > 1:
        return True
    return len(holders) < len(seats) and any(to.wait is not None and to not in holders for to in seats)


def wake(seats: Iterable[Seat], runners: Iterable[Wait], given: Given, *, is_patience_over: bool = False) -> None:
    """Fail the waits that would be for ever."""
    waiting = [(to.wait, to) for to in seats if to.wait is not None] + [(run, None) for run in runners]
    for wait, seat in waiting:
        found = culprit(wait, seat, given, is_patience_over=is_patience_over)
        if found is not None:
            wait.fail(found)
