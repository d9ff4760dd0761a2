"""Messages that were taken one after the other, as the rows of a journal."""

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from actors.kernel.telemetry import alarm
from actors.storage.journal.file import Row
from messages.codec import encode
from messages.inboxes import Journaled
from messages.values import Nanos

_MOST_BYTES = 64 << 20
"""A row is no longer than that, unless it is a single message."""
_NOW_NS: Callable[[Any], Nanos] = attrgetter("now_ns")


def rows_of(seq: int, now_ns: Nanos, messages: Sequence[Journaled]) -> Iterator[Row]:
    """Yield messages as rows, all in one as a rule.

    One that cannot be encoded is a bug, and no reason to lose those beside it.

    Args:
        seq: the number of the first.
        now_ns: the latest time before it.
        messages: which were taken one after the other.
    """
    try:
        body = encode(messages if len(messages) > 1 else messages[0])
    except Exception as error:  # noqa: BLE001  # whatever it is, the journal's thread must live
        if len(messages) == 1:
            alarm("not_journaled", message=type(messages[0]).__name__, reason=repr(error))
            return
        body = b""
    if body and (len(body) <= _MOST_BYTES or len(messages) == 1):
        yield Row(seq + len(messages) - 1, latest(now_ns, messages[:1]), body)
    else:
        half = len(messages) // 2
        yield from rows_of(seq, now_ns, messages[:half])
        yield from rows_of(seq + half, latest(now_ns, messages[:half]), messages[half:])


def latest(now_ns: Nanos, messages: Sequence[Journaled]) -> Nanos:
    """Return the latest time that messages tell, or the one before them; not all of them tell one."""
    try:
        return max(now_ns, *map(_NOW_NS, messages))
    except AttributeError:
        return max(now_ns, *(getattr(message, "now_ns", 0) for message in messages))
