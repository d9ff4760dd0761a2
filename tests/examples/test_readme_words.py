"""The README's lists are whole: every message, and every name that can be subscribed to."""

import inspect
import re

import messages
from actors.kernel.listen.topics import EVENTS
from messages.base import BriefQuery, Command, Control, Event, Message, Query
from tests.house.source import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def words(first: str, last: str) -> list[str]:
    """The code words between two phrases of the README."""
    return re.findall(r"`(\w+)`", README[README.index(first) : README.index(last)])


def test_the_table_of_messages_names_each_of_them_once() -> None:
    kinds = {kind for kind in vars(messages).values() if inspect.isclass(kind) and issubclass(kind, Message)}
    named = words("| kind | messages |", "Events are past tense")

    assert sorted(named) == sorted(
        kind.__name__ for kind in kinds - {Message, Event, Command, Control, Query, BriefQuery}
    )


def test_everything_that_can_be_subscribed_to_is_named() -> None:
    assert words("`async for`:", "With any subscriber") == list(EVENTS)


def test_every_place_that_is_named_is_there() -> None:
    places = set(re.findall(r"`((?:actors|messages|tests)/[\w./]+)`", README))
    gone = {place for place in places if "NAME" not in place and "COMMAND" not in place and not (ROOT / place).exists()}

    assert len(places) > 20
    assert not gone
