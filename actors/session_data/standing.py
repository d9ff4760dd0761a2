"""Where the session stands, for rooms that may not have heard of it."""

from collections.abc import Iterator

from actors.session_data.hold.book import Book
from actors.session_data.members.roster import Members
from actors.session_data.past.history import History
from actors.session_data.past.sealer import Sealer
from actors.session_data.take.doubt import in_doubt
from messages.base import Message
from messages.supervision import MakeGood, SessionStands
from messages.values import Nanos, Room


def stands(
    message: MakeGood, book: Book | None, history: History, sealer: Sealer, members: Members, now_ns: Nanos
) -> Iterator[Message]:
    """Say where the session stands, and if that may be lost what is missing, and who joins."""
    yield SessionStands(
        session=None if book is None else book.session,
        is_closed=book is not None and book.has_ended,
        is_settled=book is not None and sealer.has_sealed(book),
        now_ns=now_ns,
        room=message.room,
    )
    if book is not None and message.room in (Room.DATA_UPKEEP, Room.SESSION_DATA):
        yield from in_doubt(history)
        yield from book.missing()
        yield from members.awaited(book)
