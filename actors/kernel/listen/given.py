"""The minutes that are with their readers, by ticket; to one who is alone, one after the other without a word."""

import msgspec

from actors.kernel.listen.seat import Seat
from actors.kernel.listen.stretch import Stretch
from messages.base import Event


class Minute(msgspec.Struct):
    """A minute that is with its readers: who has not dealt with it, and whether anybody has seen any of it."""

    events: list[Event]
    holders: set[Seat]
    is_seen: bool = False


class Given:
    """What was given to readers, each time with a ticket, and is not back from all of them. Takes no lock."""

    def __init__(self) -> None:
        self._out: dict[int, Minute] = {}
        self.alone: Seat | None = None
        """Who may take minutes by himself, as they were promised."""

    def __len__(self) -> int:
        return len(self._out)

    def give(self, ticket: int, events: list[Event], holders: set[Seat]) -> None:
        """Note what was given to whom."""
        self._out[ticket] = Minute(events, holders)

    def promise(self, seat: Seat, stretch: Stretch) -> None:
        """Note what was given to a reader, who takes the minutes after it by himself."""
        self.give(stretch.first_ticket, stretch.told, {seat})
        self.alone, seat.stretch = seat, stretch

    def end_stretch(self) -> None:
        """Whoever was promised minutes takes no more of them; the last that was taken is with him."""
        seat, self.alone = self.alone, None
        if seat is None or (stretch := seat.stretch) is None:
            return
        stretch.recall()
        seat.end_stretch()
        given = self._out.pop(stretch.first_ticket)
        self.give(stretch.ticket, stretch.told, given.holders)

    def is_all_with(self, seat: Seat, ticket: int) -> bool:
        """Whether one ticket is out, no other, and this reader has it."""
        return len(self._out) == 1 and ticket in self._out and seat in self._out[ticket].holders

    def take_back(self, seat: Seat, ticket: int) -> Minute | None:
        """Take a ticket back from one holder; if it was the last, return what was given with it."""
        given = self._out.get(ticket)
        if given is None or seat not in given.holders:
            return None
        given.holders.discard(seat)
        given.is_seen = given.is_seen or not seat.is_left or not seat.is_untouched
        return None if given.holders else self._out.pop(ticket)

    def drop(self, ticket: int) -> None:
        """Forget a ticket: it never comes home."""
        del self._out[ticket]

    @property
    def tickets(self) -> list[int]:
        """Those that are out, in order."""
        return sorted(self._out)

    def holders(self, ticket: int) -> set[Seat]:
        """Return who has not dealt with one of them."""
        return self._out[ticket].holders

    def kept_by_others(self, seat: Seat | None) -> list[Seat]:
        """Return who holds minutes that this reader does not."""
        return [to for given in self._out.values() if seat not in given.holders for to in given.holders]

    def clear(self) -> None:
        """Nothing comes home any more."""
        self.end_stretch()
        self._out.clear()
