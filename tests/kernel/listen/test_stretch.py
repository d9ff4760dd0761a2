"""Minutes that are promised: each is taken once, by the reader or by who calls it back."""

import sys
import threading
from collections.abc import Iterator

import pytest

from actors.kernel.listen.stretch import Stretch
from actors.kernel.listen.told import Told
from messages import MinuteClosed, MinuteSettled


def minute(number: int) -> MinuteClosed:
    return MinuteClosed(start_ns=number, end_ns=number + 1, present=1, expected=1)


def stretch_of(count: int) -> Stretch:
    return Stretch([minute(one) for one in range(count)], range(10, 10 + count))


@pytest.fixture
def often() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_the_first_is_with_the_reader_from_the_beginning() -> None:
    stretch = stretch_of(3)

    assert (stretch.passed, stretch.ticket, stretch.first, stretch.told) == (1, 10, minute(0), [minute(0)])


def test_it_knows_the_last_that_was_taken_and_what_is_called_back_is_not_taken() -> None:
    stretch = stretch_of(5)
    stretch.left.popleft()
    stretch.left.popleft()

    assert (stretch.recall(), stretch.recall()) == (3, 3)
    assert (stretch.passed, stretch.ticket, stretch.told, len(stretch.left)) == (3, 12, [minute(2)], 0)
    assert repr(stretch) == "<Stretch of 5 minutes, 3 over>"


def test_minutes_that_tell_the_reader_nothing_are_over_with_the_next_that_does() -> None:
    told: list[Told] = [[MinuteSettled(ticket=one), minute(one)] for one in range(6)]
    stretch = Stretch(told, range(10, 16), ([minute(1), [minute(2), minute(3)], minute(4)], [2, 3, 5]))

    assert (len(stretch), stretch.passed, stretch.ticket, stretch.told) == (6, 2, 11, told[1])
    assert (stretch.first_ticket, stretch.taken, stretch.latest) == (11, 1, 1)
    stretch.left.popleft()
    assert (stretch.passed, stretch.told, stretch.taken, stretch.latest) == (3, told[2], 3, 2)
    assert [stretch.beyond(given) for given in range(4)] == [
        [minute(1), minute(2), minute(3)],
        [minute(2), minute(3)],
        [minute(3)],
        [],
    ]
    stretch.left.popleft()
    assert (stretch.recall(), stretch.ticket, stretch.told) == (5, 14, told[4])


@pytest.mark.usefixtures("often")
def test_called_back_at_any_moment_the_reader_has_just_those_that_count_as_taken() -> None:
    for _ in range(300):
        minutes = [minute(one) for one in range(200)]
        stretch = Stretch(minutes, range(200))
        taken = [stretch.first]

        def read(stretch: Stretch = stretch, taken: list[Told] = taken) -> None:
            try:
                while True:
                    taken.append(stretch.left.popleft())
            except IndexError:
                return

        reader = threading.Thread(target=read)
        reader.start()
        seen = [stretch.passed]
        passed = stretch.recall()
        reader.join()

        assert taken == minutes[:passed]
        assert stretch.passed == passed >= seen[0]
