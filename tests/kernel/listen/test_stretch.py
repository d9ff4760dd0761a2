"""Minutes that are promised: each is taken once, by the reader or by who calls it back."""

import sys
import threading
from collections.abc import Iterator

import pytest

from actors.kernel.listen.stretch import Stretch
from messages import MinuteClosed


def stretch_of(count: int) -> Stretch:
    events = [MinuteClosed(start_ns=one, end_ns=one + 1, present=1, expected=1) for one in range(count)]
    return Stretch(events, range(10, 10 + count))


@pytest.fixture
def often() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_the_first_is_with_the_reader_from_the_beginning() -> None:
    stretch = stretch_of(3)

    assert (stretch.passed, stretch.ticket, stretch.event) == (1, 10, stretch.events[0])


def test_it_knows_the_last_that_was_taken_and_what_is_called_back_is_not_taken() -> None:
    stretch = stretch_of(5)
    stretch.left.popleft()
    stretch.left.popleft()

    assert (stretch.recall(), stretch.recall()) == (3, 3)
    assert (stretch.passed, stretch.ticket, stretch.event, len(stretch.left)) == (3, 12, stretch.events[2], 0)
    assert repr(stretch) == "<Stretch of 5 minutes, 3 taken>"


@pytest.mark.usefixtures("often")
def test_called_back_at_any_moment_the_reader_has_just_those_that_count_as_taken() -> None:
    for _ in range(300):
        stretch = stretch_of(200)
        taken = [stretch.events[0]]

        def read(stretch: Stretch = stretch, taken: list[object] = taken) -> None:  # type: ignore[assignment]
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

        assert taken == stretch.events[:passed]
        assert stretch.passed == passed >= seen[0]
