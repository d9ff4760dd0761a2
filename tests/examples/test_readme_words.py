"""The README's lists are whole: every message, and every name that can be subscribed to."""

import inspect
import re
from pathlib import Path

import messages
from actors.kernel.listen.topics import EVENTS
from messages.base import Command, Control, Event, Message, Query

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def words(first: str, last: str) -> list[str]:
    """The code words between two phrases of the README."""
    return re.findall(r"`(\w+)`", README[README.index(first) : README.index(last)])


def test_the_table_of_messages_names_each_of_them_once() -> None:
    kinds = {kind for kind in vars(messages).values() if inspect.isclass(kind) and issubclass(kind, Message)}
    named = words("| kind | messages |", "Events are past tense")

    assert sorted(named) == sorted(kind.__name__ for kind in kinds - {Message, Event, Command, Control, Query})


def test_everything_that_can_be_subscribed_to_is_named() -> None:
    assert words("`async for`:", "With any subscriber") == list(EVENTS)
