"""Messages that met a bug on a live day, each in a file of its own beside the journals, until somebody has a look."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from actors.kernel.telemetry import alarm
from messages.base import Message
from messages.codec import decoder, encode
from messages.errors import UNREADABLE, DataError
from messages.inboxes import DataUpkeepInbox, LiveStreamInbox, SessionDataInbox, SystemManagerInbox
from messages.values import Room

_FOLDER = "quarantine"
_SUFFIX = ".message"
_WANTED = ".retry"
_MOST_KEPT = 1000
"""A bug that comes back all day must not fill the disk; the oldest stay."""
_MESSAGES: "msgspec.msgpack.Decoder[Message]" = decoder(
    SessionDataInbox | LiveStreamInbox | DataUpkeepInbox | SystemManagerInbox
)


_DATA = frozenset(
    {
        "BarsArrived",
        "BarArrived",
        "TicksArrived",
        "TickArrived",
        "QuotesArrived",
        "QuoteArrived",
        "BarsFilled",
        "NoTradeConfirmed",
        "GapAbandoned",
        "TradeAmended",
        "TradingStatusChanged",
        "FeedBars",
        "FeedTicks",
        "FeedQuotes",
    }
)
"""What has data in it; all else is made good by the rooms themselves, and would come too late."""


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a room had a bug on."""

    at_ns: int
    """When, by the computer's clock."""
    room: Room
    kind: str
    trace: str
    """The traceback of the bug."""
    story: tuple[str, ...]
    """What the room was told before it, the latest last."""
    text: str
    """The message as it is printed, cut where it is long."""
    body: bytes = b""
    """The message; nothing: it cannot be written down."""

    @property
    def error(self) -> str:
        """What was raised: the last line of the traceback."""
        return self.trace.rstrip().rpartition("\n")[2]

    @property
    def has_data(self) -> bool:
        """Whether something is lost with it: what has no data is made good by the rooms themselves."""
        return self.kind in _DATA

    def message(self) -> Message:
        """Return the message, to be delivered again.

        Raises:
            DataError: there is nothing in it, it could not be written down, or is none that this version knows.
        """
        if not self.has_data:
            raise DataError(f"a {self.kind} is not delivered again: nothing is lost with it")
        if not self.body:
            raise DataError(f"a {self.kind} could not be written down: it cannot be delivered again")
        try:
            return _MESSAGES.decode(self.body)
        except UNREADABLE as error:
            raise DataError(f"a {self.kind} cannot be read: {error}") from error


_KEPT: "msgspec.msgpack.Decoder[Quarantined]" = msgspec.msgpack.Decoder(Quarantined)


class Quarantine:
    """The quarantine of a store.

    Args:
        journals: the folder of its journals.
    """

    def __init__(self, journals: Path) -> None:
        self.folder = journals / _FOLDER

    def put(self, room: Room, message: Any, trace: str, story: Sequence[str]) -> None:
        """Keep a message, with the traceback and what came before it. Never raises."""
        try:
            self._put(room, message, trace, story)
        except Exception as error:  # noqa: BLE001  # a full disk, a message that has no text: it is in the log at least
            alarm("not_quarantined", room=room, message=type(message).__name__, reason=repr(error))

    def _put(self, room: Room, message: Any, trace: str, story: Sequence[str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if sum(1 for _ in self.files()) >= _MOST_KEPT:
            alarm("quarantine_full", folder=self.folder)
            return
        kind = type(message).__name__
        kept = Quarantined(
            at_ns=time.time_ns(),
            room=room,
            kind=kind,
            trace=trace,
            story=tuple(story),
            text=repr(message)[:2000],
            body=_body(message),
        )
        path = self.folder / f"{kept.at_ns}-{room}-{kind}{_SUFFIX}"
        partial = path.with_suffix(".tmp")
        partial.write_bytes(msgspec.msgpack.encode(kept))
        partial.replace(path)

    def files(self) -> Iterator[Path]:
        """Yield the files, oldest first."""
        yield from sorted(self.folder.glob(f"*{_SUFFIX}"))

    @staticmethod
    def read(path: Path) -> Quarantined:
        """Return what a file has.

        Raises:
            DataError: it cannot be read.
        """
        try:
            return _KEPT.decode(path.read_bytes())
        except (OSError, *UNREADABLE) as error:
            raise DataError(f"{path}: this message in quarantine cannot be read: {error}") from error

    @staticmethod
    def release(path: Path) -> None:
        """Let go of a message: it has been delivered."""
        path.unlink(missing_ok=True)
        _mark(path).unlink(missing_ok=True)

    @staticmethod
    def ask_for(path: Path) -> None:
        """Have the live run that writes to this store deliver a message again, within a second or two."""
        _mark(path).touch()

    def wanted(self) -> Iterator[Path]:
        """Yield the files whose messages somebody wants delivered again; each once."""
        for mark in sorted(self.folder.glob(f"*{_WANTED}")):
            mark.unlink(missing_ok=True)
            path = mark.with_suffix(_SUFFIX)
            if path.is_file():
                yield path


def _mark(path: Path) -> Path:
    return path.with_suffix(_WANTED)


def _body(message: Any) -> bytes:
    try:
        return encode(message) if isinstance(message, Message) else b""
    except Exception:  # noqa: BLE001  # whatever a message holds that cannot be written down
        return b""
