"""What a live day cannot go on without, and what it has said that has to have been heard."""

from collections.abc import Callable, Iterable

from messages.base import Message
from messages.events import SessionBoundary
from messages.supervision import WaitChanged

_WHILE_LOADING_S = 10.0
_WHILE_SETTLING_S = 60.0


class Owing:
    """Remembers an opening until it is confirmed, and tells when the day waits for something else than before."""

    def __init__(self) -> None:
        self.opening: tuple[Message, ...] = ()
        """What an opening was told with; nothing: it is confirmed."""
        self.opened = 0
        """How many sessions were opened."""
        self._told = ""

    def opens(self, said: Iterable[Message]) -> tuple[Message, ...]:
        """Remember what an opening is told with; return it."""
        self.opening = tuple(said)
        return self.opening

    def waits_for(self, ticket: int) -> bool:
        """Return whether a ticket that came home is that of the opening; an earlier one was still on its way."""
        return any(isinstance(said, SessionBoundary) and said.ticket == ticket for said in self.opening)

    def confirmed(self) -> None:
        """SessionData has opened it."""
        self.opening = ()
        self.opened += 1

    def news(self, wait: Callable[[], WaitChanged]) -> list[WaitChanged]:
        """Tell what the day waits for, if that has changed."""
        now = wait()
        if now.what == self._told:
            return []
        self._told = now.what
        return [now]


def waits(
    *, date: str, is_planned: bool, is_loaded: bool, is_opening: bool, is_closed: bool, is_settled: bool, is_over: bool
) -> WaitChanged:
    """Return what a day waits for.

    Args:
        date: of the session that was opened last; empty: none was.
        is_planned: whether a session to come is known.
        is_loaded: whether that is in memory, or nobody needs it yet.
        is_opening: whether an opening was told that is not confirmed.
        is_closed: whether the session at hand has closed.
        is_settled: whether it has settled.
        is_over: whether nothing more is to come.
    """
    if is_over:
        return WaitChanged(what="")
    if is_opening:
        return WaitChanged(what=f"session {date} was to open, and SessionData has not said that it is open")
    if not is_planned and not date:
        return WaitChanged(what="no session is known yet")
    if not is_loaded:
        return WaitChanged(what="the next session is not in memory yet", patience_s=_WHILE_LOADING_S)
    if is_closed and not is_settled:
        return WaitChanged(what=f"session {date} has closed, and not settled yet", patience_s=_WHILE_SETTLING_S)
    if is_closed:
        return WaitChanged(what=f"session {date} has settled, and has no certificate yet", patience_s=_WHILE_SETTLING_S)
    return WaitChanged(what="")
