"""After a bug on a message the room begins again from its journal: as if that message had never come."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.session_data.actor import SessionData
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from actors.storage.journal.quarantine import Quarantine
from actors.storage.journal.writer import Journal
from messages import (
    AddSymbols,
    BugFound,
    GapDetected,
    GetBars,
    LoadSymbols,
    MakeGood,
    Message,
    Room,
    SessionSettled,
    SessionStands,
)
from messages.events import SessionBoundary
from messages.joining import SymbolsLoaded
from tests.builders import DAY, arrived, at, bar, closed, minute_of, opened, session_tiny, time
from tests.depth import examples
from tests.doubles import Outbox
from tests.session_data.stories import RULES, difference, insides, stories
from tests.session_data.streams import ask, readings
from tests.session_data.test_recovery import Routes


class Bug(Exception):
    """What a test puts in."""


class Half(SessionDataCore):
    """Changes half of what it should, and raises, on messages that a test has chosen."""

    on: tuple[Message, ...] = ()

    def handle(self, message: Any) -> Any:
        if any(message is one for one in type(self).on):
            self.now_ns += 7_000_000_000_000
            if self._book is not None:
                self._book.closed = len(self._book.axis.starts_ns)
            raise Bug("a bug put in by a test")
        return super().handle(message)


class Process:
    """One life of the room, with its journal and its quarantine."""

    def __init__(self, folder: Path, rules: SessionRules | None = None, on: tuple[Message, ...] = ()) -> None:
        self.kind = type("HalfHere", (Half,), {"on": on})
        self._rules = rules or SessionRules()
        self.said, self.boss = Outbox(), Outbox()
        self.quarantine = Quarantine(folder)
        self._journal = Journal(folder)
        self._room = SessionData(
            self.make(), Routes(self.said), self.boss, self._journal, quarantine=self.quarantine, make=self.make
        )

    def make(self) -> SessionDataCore:
        core: SessionDataCore = self.kind(self._rules)
        return core

    @property
    def core(self) -> SessionDataCore:
        core: SessionDataCore = self._room._core  # type: ignore[assignment]  # which is what it was given
        return core

    def tell(self, *messages: Message) -> "Process":
        for message in messages:
            self._room.on_receive(message)
        return self

    def end(self) -> None:
        self._journal.close()


@examples(25)
@given(data=st.data(), rules=RULES)
def test_a_session_that_met_bugs_is_the_one_that_was_not_told_those_messages(
    data: st.DataObject, rules: SessionRules
) -> None:
    session = session_tiny(4, 3)
    known, story = data.draw(stories(session))
    opening, messages = opened(session, known), story.minute_by_minute()
    struck = data.draw(st.sets(st.integers(0, max(len(messages) - 1, 0)), max_size=3)) if messages else set[int]()
    whole = SessionDataCore(rules)
    whole.handle(opening)
    for number, message in enumerate(messages):
        if number not in struck:
            whole.handle(message)  # type: ignore[arg-type]  # what a story tells

    with TemporaryDirectory() as folder:
        process = Process(Path(folder), rules, tuple(messages[number] for number in struck))
        process.tell(opening, *messages).end()
        again = Process(Path(folder), rules).tell(opening)
        again.end()
        kept = len(list(process.quarantine.files()))

    bugs = process.boss.of(BugFound)
    assert [bug.is_sound for bug in bugs] == [True] * len(struck)
    assert kept == len(struck)
    assert process.core.senders.accounts() == whole.senders.accounts()
    assert again.core.senders.accounts() == {}  # nothing was sent to that process
    for core in (process.core, again.core):
        assert core.troubles() == ()
        assert difference(insides(core), insides(whole)) is None
        assert difference(readings(core), readings(whole)) is None
        core.check()


def test_days_before_the_session_are_kept_when_it_begins_again(tmp_path: Path) -> None:
    tuesday, wednesday = session_tiny(4), replace(session_tiny(4), date="2024-07-03")
    bad = time("09:32")
    process = Process(tmp_path, on=(bad,))
    process.tell(opened(tuesday, ["A"]), opened(wednesday, ["A"]))
    before = process.core.history.last(9)
    process.tell(bad).end()

    assert process.core.history.last(9) == before
    assert [day.date for day in before] == [tuesday.date]


def test_a_bug_on_the_opening_itself_leaves_a_room_that_opens_when_it_is_told_again(tmp_path: Path) -> None:
    first, second = opened(DAY, ["A"]), opened(DAY, ["A"])
    process = Process(tmp_path, on=(first,)).tell(first, second, arrived(bar("A", "09:30")))
    process.end()

    assert len(ask(process.core, GetBars(symbol="A"))) == 1
    assert [bug.is_sound for bug in process.boss.of(BugFound)] == [True]


def test_without_a_journal_a_core_that_is_not_sound_says_so() -> None:
    class Unsound(Half):
        on = (bad := time("09:32"),)

        def check(self) -> None:
            raise AssertionError("it contradicts itself")

    bad, boss = Unsound.bad, Outbox()
    room = SessionData(Unsound(), Routes(Outbox()), boss)
    room.on_receive(opened(DAY, ["A"]))
    room.on_receive(bad)

    (bug,) = boss.of(BugFound)
    assert not bug.is_sound


def test_a_journal_that_cannot_be_written_keeps_the_core_if_it_is_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(tmp_path)
    process.tell(opened(DAY, ["A"]), arrived(bar("A", "09:30")))
    monkeypatch.setattr(process._journal, "flush", lambda: False)
    core = process.core
    process.tell("no message at all")  # type: ignore[arg-type]  # on purpose

    assert process.core is core
    assert [bug.is_sound for bug in process.boss.of(BugFound)] == [True]
    monkeypatch.undo()
    process.end()


# --- what is owed


def stands(core: SessionDataCore, room: Room | None = Room.DATA_UPKEEP) -> list[Any]:
    return list(core.handle(MakeGood(room=room)).out)


def test_before_any_session_nothing_stands() -> None:
    assert stands(SessionDataCore()) == [
        SessionStands(session=None, is_closed=False, is_settled=False, now_ns=0, room=Room.DATA_UPKEEP)
    ]


def test_who_may_have_lost_it_is_told_where_the_session_stands_and_what_is_missing() -> None:
    core = SessionDataCore(has_upkeep=True)
    seen = []
    for message in (
        opened(DAY, ["A", "B"]),
        arrived(*minute_of("A", "09:30")),
        time("09:31"),
        closed(DAY),
        SessionSettled(session_date=DAY.date),
    ):
        core.handle(message)
        (said, *_) = stands(core, None)
        seen.append((said.session.date, said.is_closed, said.is_settled))

    assert seen == [(DAY.date, False, False)] * 3 + [(DAY.date, True, False), (DAY.date, True, True)]


def test_what_is_missing_is_told_again_and_who_joins_is_asked_for_again() -> None:
    core = SessionDataCore(has_upkeep=True)
    for message in (opened(DAY, ["A", "B"]), arrived(*minute_of("A", "09:30")), time("09:31")):
        core.handle(message)
    core.handle(AddSymbols(symbols=("Q",)))
    said = stands(core)

    assert [type(one) for one in said] == [SessionStands, GapDetected, LoadSymbols]
    assert (said[1].gap.symbols, said[1].gap.start_ns) == (("B", "Q"), at("09:30"))
    assert said[2].symbols == ("Q",)
    core.handle(SymbolsLoaded(session_date=DAY.date, symbols=("Q",)))
    assert not [one for one in stands(core) if isinstance(one, LoadSymbols)]


def test_a_session_that_is_said_to_open_again_stays_as_it_is_and_its_ticket_goes_on() -> None:
    core = SessionDataCore()
    core.handle(opened(DAY, ["A"]))
    core.handle(arrived(bar("A", "09:30")))
    out = core.handle(replace(opened(DAY, ["A"]), ticket=9)).out

    assert len(ask(core, GetBars(symbol="A"))) == 1
    assert isinstance(out[0], SessionBoundary)
    assert [getattr(said, "ticket", 0) for said in out][-1] == 9


def test_a_session_that_is_settled_twice_is_certified_as_the_session_it_was() -> None:
    core = SessionDataCore(has_upkeep=True)
    for message in (opened(DAY, ["A"]), arrived(bar("A", "09:30")), closed(DAY)):
        core.handle(message)
    outs = [core.handle(SessionSettled(session_date=DAY.date)).out for _ in range(2)]

    assert [[said.issued_by for said in out if type(said).__name__ == "SessionSealed"] for out in outs] == [  # type: ignore[attr-defined]  # of that class
        ["session"],
        ["session"],
    ]
