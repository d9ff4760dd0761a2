"""What a vendor says of its history: a record that imports nothing of what it names, each fact with where it is said.

These facts decide how the vendor is asked and what is concluded from its silence, so none is left to guessing.
"""

from typing import Literal

import msgspec


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """So many requests in any stretch of so many seconds."""

    requests: int
    seconds: float


class Tape(msgspec.Struct, frozen=True, kw_only=True):
    """One of the tapes or venues that a vendor's bars are made of. Bars of two of them are on two scales."""

    name: str
    title: str
    delay_s: float = 0.0
    """How long after its end the vendor may still keep a minute back."""
    calendar: str | None = None
    """Whose sessions its bars belong to, where that is another than the entry's."""


class HistoryOption(msgspec.Struct, frozen=True, kw_only=True):
    """A key of ``[vendors.NAME]`` that only this vendor understands."""

    name: str
    title: str
    kind: Literal["text", "number"] = "text"
    choices: tuple[str, ...] = ()
    """What it may be; empty: anything of its kind."""


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A history, as ``fetch --from``, ``heal --from`` and ``fill_from`` know it."""

    name: str
    """What stands before the colon of a tape; it may have a colon itself, as ``alpaca:crypto``."""
    title: str
    """What it has, in a few words."""
    opens: str
    """``module:function``, which takes a ``HistoryRequest`` and returns an ``OpenedHistory``."""
    calendar: str | None = None
    """Whose sessions its bars belong to where nobody says; ``None``: it has bars of several exchanges."""
    calendars: dict[str, str] = {}
    """By the beginning of what stands after the colon, in small letters and up to a dot, whose sessions instead."""
    tapes: tuple[Tape, ...] = ()
    """The first is the usual one. Empty: what stands after the colon is for ``opens`` to judge."""
    adjustments: tuple[str, ...] = ("raw",)
    """How its prices may be adjusted; the first is the usual one, and ``raw`` are prices as they were paid."""
    intervals: tuple[str, ...] = ("1m",)
    """The lengths of bars that it has."""
    is_silence_told: bool
    """Whether it documents that a minute without a row was not traded. What it only fails to show is never final."""
    is_rename_told: bool = False
    """Whether it tells the new name of a symbol that was renamed, when it shows nothing of it."""
    is_silence_exact: bool = False
    """Whether it says by itself of which days it lacks something, so that its silence about others needs no second
    look: bars of a tape that it has whole, and no symbol passed over without a word."""
    silent_after_s: float = 0.0
    """How long after a minute's end the lack of a row says so."""
    revised_until_s: float | None = None
    """How long after a minute's end its row may still change; ``None``: it is not said."""
    most_symbols: int | None = None
    """As many as one request may name."""
    rows_a_page: int | None = None
    """As many bars as one answer holds, of all symbols together; ``None``: an answer holds all."""
    trades_a_page: int | None = None
    """As many trades as one answer holds whatever is asked, of a history that is folded from them: so holes within one
    answer are one question. ``None``: it is not folded."""
    pace: tuple[Pace, ...] = ()
    """What it allows of one account; all of them hold."""
    at_once: int = 4
    """Requests that may be out at the same time."""
    deadline_s: float = 20.0
    """A request that is not answered by then has failed."""
    needs_keys: bool = True
    lists_symbols: bool = False
    """Whether it says of which symbols a session has bars, so that all of them may be asked for."""
    options: tuple[HistoryOption, ...] = ()
    cited: dict[str, str]
    """Each of the facts above that was read somewhere, and where: field by field, an address and what it says."""

    def calendar_of(self, tape: str) -> str | None:
        """Return whose sessions the bars of a tape belong to where nobody says; ``None``: it is not known."""
        own = next((one.calendar for one in self.tapes if one.name == tape and one.calendar), None)
        return own or self.calendars.get(tape.partition(".")[0].lower(), self.calendar)

    @property
    def usual_tape(self) -> str:
        """The tape that is asked where nobody says which; empty: it has no tapes to choose from."""
        return self.tapes[0].name if self.tapes else ""
