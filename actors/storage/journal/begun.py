"""A journal while it is written, and what goes into it next."""

from typing import NamedTuple

from actors.storage.journal.file import JournalFile
from messages.inboxes import Journaled
from messages.values import Nanos


class Begun:
    """The journal of a session, and what is known of it while it is written.

    Args:
        file: where it is.
        before: the number, in this life, of the last message before its own: what is 1 there is one more here.
        now_ns: the latest time that any of its messages tells.
    """

    def __init__(self, file: JournalFile, before: int, now_ns: Nanos) -> None:
        self.file = file
        self.before = before
        self.now_ns = now_ns


class Group(NamedTuple):
    """Messages that are committed together; none: there is something else to do."""

    into: Begun | None
    seq: int
    """The number of the first there."""
    messages: list[Journaled]
