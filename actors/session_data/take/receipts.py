"""What a publisher is told of what was published."""

from collections.abc import Iterable

from actors.kernel.outcome import Outcome, tell
from messages.base import Event
from messages.events import BarRejected, ReceiptSettled


def receipted(
    events: Iterable[Event], receipt: int, *, accepted: int, duplicates: int, refused: tuple[str, ...] = ()
) -> Outcome:
    """Return the events, and the receipt where somebody waits for one."""
    out = tuple(events)
    if not receipt:
        return Outcome(out=out)
    reasons = [*refused, *(event.reason for event in out if isinstance(event, BarRejected))]
    return tell(
        *out,
        ReceiptSettled(
            receipt=receipt,
            accepted=accepted,
            rejected=len(reasons),
            duplicates=duplicates,
            reasons=tuple(sorted(set(reasons))),
        ),
    )
