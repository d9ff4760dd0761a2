"""The lists of the README and the guide are whole: messages, what can be subscribed to, chapters, commands."""

import inspect
import re

import pytest

import messages
from actors.doors.cli.app import app
from actors.doors.cli.errors import Errand
from actors.doors.guide.chapters import ORDER, chapters
from actors.kernel.listen.topics import EVENTS
from messages.base import BriefQuery, Command, Control, Event, Message, Query
from tests.documents import Block, blocks, command_lines, document_with, documents, languages
from tests.house.source import ROOT


def words(first: str, last: str) -> list[str]:
    """The code words between two phrases of a document."""
    text = document_with(first)
    return re.findall(r"`(\w+)`", text[text.index(first) : text.index(last)])


def test_the_table_of_messages_names_each_of_them_once() -> None:
    kinds = {kind for kind in vars(messages).values() if inspect.isclass(kind) and issubclass(kind, Message)}
    named = words("| kind | messages |", "Events are past tense")

    assert sorted(named) == sorted(
        kind.__name__ for kind in kinds - {Message, Event, Command, Control, Query, BriefQuery}
    )


def test_everything_that_can_be_subscribed_to_is_named() -> None:
    assert words("`async for`:", "With any subscriber") == list(EVENTS)


def test_every_place_that_is_named_is_there() -> None:
    places = set(re.findall(r"`((?:actors|messages|tests)/[\w./]+)`", "".join(documents().values())))
    gone = {place for place in places if "NAME" not in place and "COMMAND" not in place and not (ROOT / place).exists()}

    assert len(places) > 20
    assert not gone


def test_the_map_in_the_readme_has_a_line_for_every_chapter() -> None:
    rows = re.findall(r"^\| \[(\w+)\]\((.*?)\) \| (.*) \|$", documents()["README.md"], flags=re.MULTILINE)

    assert rows == [(one.name, f"actors/doors/guide/{one.name}.md", one.summary) for one in chapters()]


def test_every_reference_to_a_chapter_leads_there() -> None:
    led = {(name, to) for text in documents().values() for name, to in re.findall(r"\[(\w+)\]\((\S+\.md)\)", text)}

    assert len(led) > len(ORDER)
    assert {(name, to.rpartition("/")[2]) for name, to in led} == {(name, f"{name}.md") for name, _ in led}
    assert {name for name, _ in led} <= {*ORDER}


def test_every_block_of_code_is_of_a_language_that_a_test_reads() -> None:
    assert languages() == {"", "console", "json", "mermaid", "python", "sh", "toml"}  # "": drawn by hand


@pytest.mark.parametrize("block", [*blocks("sh"), *blocks("console")], ids=lambda block: block.place)
def test_every_line_for_a_shell_is_one_that_the_program_takes(block: Block) -> None:
    lines = list(command_lines(block))

    assert lines
    for line in lines:
        errand = Errand()
        app(line, obj=errand, standalone_mode=False)  # parses; the job would be done after that
        assert errand.job is not None
