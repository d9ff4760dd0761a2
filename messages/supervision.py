"""How a live day goes on after something went wrong: what is owed is said again, and who stands still is named."""

import msgspec

from messages.base import Command, Event
from messages.values import Nanos, Room, TradingSession


class BugFound(Event, frozen=True, kw_only=True):
    """A handler raised: the message is in quarantine. ``is_sound`` says whether the core passed its check."""

    room: Room
    message: str
    error: str
    is_sound: bool
    is_query: bool = False
    """Whether it was only a question: who asked is told, nothing has changed, and the run goes on."""
    receipt: int = 0
    """Not 0: who published the message waits for a receipt."""
    at_s: float = 0.0
    """When, in seconds on a clock that nobody sets."""


class MakeGood(Command, frozen=True, kw_only=True):
    """Something that was told may be lost: say again what you owe, and ask again for what you are owed.

    Told by SystemManager to the other rooms. Whoever has lost nothing changes nothing.
    """

    room: Room | None = None
    """Who may have lost it; ``None``: nobody knows, but nothing moves."""


class SessionStands(Event, frozen=True, kw_only=True):
    """Where the session stands; told by SessionData to the other rooms when something is to be made good."""

    session: TradingSession | None
    """The one that was opened last; ``None``: none so far."""
    is_closed: bool
    """Whether it was told that the session has closed."""
    is_settled: bool
    """Whether every minute has its verdict."""
    now_ns: Nanos
    room: Room | None = None
    """As in ``MakeGood``."""


class WaitChanged(Event, frozen=True, kw_only=True):
    """What a live day cannot go on without is not what it was; told by StreamCoordinator to SystemManager."""

    what: str
    """A sentence; empty: it waits for nothing."""
    patience_s: float = 3.0
    """Of real time: a wait that is longer means that nothing moves."""


class JournalHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How the journal of a live day is."""

    messages: int
    """Taken since the system was started."""
    waiting: int
    """Of them those that are not safe yet."""
    held_up_s: float = 0.0
    """For how long the disk has not come back from a write."""
    saved: tuple[str, ...] = ()
    """What became, at the start, of days that were cut off before they were in the store, a sentence each."""


class Supervised(Event, frozen=True, kw_only=True):
    """Somebody has looked at the rooms from outside; told to SystemManager about once a second of real time."""

    at_s: float
    """When, on a clock that nobody sets."""
    troubles: tuple[str, ...] = ()
    """What is wrong, a sentence each: a thread that is gone, a disk that does not answer, a mailbox that grows."""
    journal: JournalHealth | None = None
    """``None``: there is none."""
    stall: str = ""
    """How it is seen that nothing moves, if it does not; a day that is over need not move."""


class StallNoticed(Event, frozen=True, kw_only=True):
    """A live day stands still, or moves again; told by SystemManager to the log."""

    what: str
    """What it waits for; empty: it moves again."""
