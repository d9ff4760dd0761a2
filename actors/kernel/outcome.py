"""What a core makes of a message: an answer for who asked, and messages for others."""

from typing import Any, TypeVar

import msgspec

from messages.base import Message, Query
from messages.errors import BarkeeperError
from messages.tables.notebook import Rows

R = TypeVar("R")


class Outcome(msgspec.Struct, frozen=True):
    """An answer, or the error that is the answer, and what should be sent, in order."""

    answer: Any = None
    out: tuple[Message, ...] = ()
    error: BarkeeperError | None = None


class Refusal:
    """An answer that fails its future. An exception on its way out of an actor would kill the actor on a tell."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


NOTHING = Outcome()
"""The outcome of a message that changes nothing for anybody else."""


def tell(*messages: Message) -> Outcome:
    """Send these."""
    return Outcome(out=messages)


def answer(query: Query[R], value: R, *out: Message) -> Outcome:
    """Answer a query, and send what follows. The type checkers hold ``value`` to the query's answer type."""
    return Outcome(as_asked(query, value), out)


def as_asked(query: Query[R], value: R) -> R:
    """Return the value that is the answer to a query; the type checkers hold it to the query's answer type."""
    del query
    if type(value) is tuple:
        value = as_rows(value)
    return value


def as_rows(value: Any) -> Any:
    """Return an answer of several as one that a notebook shows as a table; any other as it is."""
    return Rows(value) if type(value) is tuple else value


def refuse(query: Query[Any], error: BarkeeperError) -> Outcome:
    """Answer a query with an error: its future fails, nothing has changed."""
    del query
    return Outcome(error=error)
