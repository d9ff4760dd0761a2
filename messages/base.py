"""The kinds of message: what happened, what to do, what is asked, and the ground they share."""

from typing import ClassVar, Generic, TypeVar

import msgspec

# Old style on purpose: ``R`` must be invariant. With ``class Query[R]`` its variance is inferred, R being
# unused it is inferred freely, and a reply of the wrong type passes every type checker in silence.
R = TypeVar("R")


class Message(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Anything that is sent; immutable through and through, so that none can be part of a cycle."""

    is_brief: ClassVar[bool] = False
    """Whether it is a ``BriefQuery``: a quarter of the cost of asking for its class."""
    is_question: ClassVar[bool] = False
    """Whether it is a ``Query`` and no ``Control``: one that changes nothing."""


class Event(Message, frozen=True, kw_only=True):
    """Something that happened; told to whoever the routes name."""


class Command(Message, frozen=True, kw_only=True):
    """Something to do; told to one room, which does not answer."""


class Query(Message, Generic[R], frozen=True, kw_only=True):
    """Something asked of one room; answered with an ``R`` through a future."""

    is_question = True


class BriefQuery(Query[R], frozen=True, kw_only=True):
    """A query whose answer is small, and hangs on nothing but what its room was told.

    It is kept for who asks the same, until the room is told something again.
    """

    is_brief = True


class Control(Query[R], frozen=True, kw_only=True):
    """A command whose sender is answered, or told why not: pause, resume, add symbols ..."""

    is_question = False
