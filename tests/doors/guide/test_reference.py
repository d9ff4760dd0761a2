"""The reference: every answer and event that somebody gets, and every field of it."""

import inspect

import msgspec
import pytest

import messages
from actors.doors.guide.chapters import chapter
from actors.doors.guide.reference import entries, reference
from actors.kernel.listen.topics import EVENTS
from messages.errors import SettingsError
from messages.tables.notebook import Reply
from tests.doors.conftest import Call


def test_every_answer_and_every_event_that_can_be_heard_is_described() -> None:
    answers = {name for name, kind in vars(messages).items() if inspect.isclass(kind) and issubclass(kind, Reply)}
    heard = {kind.__name__ for kinds in EVENTS.values() for kind in kinds}

    assert answers - {"Reply"} | heard | {"BarWindow", "BarMatrix", "VerdictPlane"} <= {*entries()}


@pytest.mark.parametrize("name", sorted(entries()))
def test_every_field_has_its_row(name: str) -> None:
    kind = getattr(messages, name, None)
    own = set(vars(kind).get("__annotations__", ())) if kind and issubclass(kind, msgspec.Struct) else set()

    assert {f"| `{field}` |" for field in own} <= {
        f"|{line.split('|')[1]}|" for line in entries()[name].splitlines() if line[:1] == "|"
    }


def test_meanings_stand_beside_fields_and_members() -> None:
    assert "| `expected` | `int` | Symbols that have their bar. |" not in entries()["MinuteClosed"]
    assert "| `present` | `int` | Symbols that have their bar. |" in entries()["MinuteClosed"]
    assert "| `completeness` | `float \\| None` | Minutes with a bar / minutes closed, in percent. |" in reference()
    assert "| `LATE` | `5` |" in entries()["Verdict"]


def test_one_of_them_is_shown_by_its_name(call: Call) -> None:
    answer = call("guide", "barwindow")

    assert answer.out == chapter("BarWindow").text
    assert answer.out.startswith("# BarWindow\n\nBars in order of time")
    with pytest.raises(SettingsError, match="no chapter 'barwindo'"):
        chapter("barwindo")
