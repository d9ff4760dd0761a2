"""Symbols that somebody needs are not removed, in this session and the next."""

from messages import AddSymbols, GetActiveSymbols, LockSymbols, RemoveSymbols, SymbolsChanged, UnlockSymbols
from tests.builders import arrived, bar, closed, opened
from tests.session_data.streams import ask, play
from tests.session_data.telling import TUESDAY, WEDNESDAY, core_with, refusal

OPEN = opened(TUESDAY, ["A", "B", "C"])


def lock(symbols: str, name: str = "desk") -> LockSymbols:
    return LockSymbols(symbols=tuple(symbols), name=name)


def unlock(symbols: str, name: str = "desk") -> UnlockSymbols:
    return UnlockSymbols(symbols=tuple(symbols), name=name)


def test_a_locked_symbol_is_not_removed_and_the_refusal_names_who_holds_it() -> None:
    core = core_with(OPEN, lock("B", "strategy"), lock("BC", "desk"))

    assert refusal(core, RemoveSymbols(symbols=("A", "B"))) == (
        "SymbolLocked: B cannot be removed: it is locked by desk, strategy"
    )
    assert ask(core, GetActiveSymbols()) == ("A", "B", "C")


def test_a_lock_answers_with_all_that_its_name_holds() -> None:
    core = core_with(OPEN, lock("A", "other"))

    assert core.handle(lock("B")).answer == ("B",)
    assert core.handle(lock("AB")).answer == ("A", "B")
    assert core.handle(unlock("A")).answer == ("B",)
    assert core.handle(unlock("")).answer == ()


def test_a_symbol_can_be_removed_when_the_last_one_has_let_go() -> None:
    core = core_with(OPEN, lock("B", "strategy"), lock("B"), unlock("B"))
    before = refusal(core, RemoveSymbols(symbols=("B",)))
    play(core, [unlock("B", "strategy"), unlock("B", "nobody")])

    assert before.endswith("it is locked by strategy")
    assert core.handle(RemoveSymbols(symbols=("B",))).answer == ("A", "C")


def test_only_what_the_session_has_can_be_locked() -> None:
    assert "unknown symbol 'X'" in refusal(core_with(OPEN), lock("AX"))
    assert "no session has been opened yet" in refusal(core_with(), lock("A"))
    assert core_with().handle(unlock("A")).answer == ()


def test_a_lock_outlasts_the_session_and_brings_its_symbol_along() -> None:
    core = core_with(OPEN, lock("B"), closed(TUESDAY))
    said = play(core, [opened(WEDNESDAY, ["A"])])

    assert [m.added for m in said if isinstance(m, SymbolsChanged)] == [("B",)]
    assert "locked by desk" in refusal(core, RemoveSymbols(symbols=("B",)))


def test_who_was_added_is_there_in_the_next_session_too_even_if_its_tape_was_read_before() -> None:
    core = core_with(OPEN, AddSymbols(symbols=("D", "E")), RemoveSymbols(symbols=("E",)), closed(TUESDAY))
    play(core, [opened(WEDNESDAY, ["A", "B", "C"])])

    assert ask(core, GetActiveSymbols()) == ("A", "B", "C", "D")


def test_who_came_by_itself_is_not_expected_to_come_again() -> None:
    core = core_with(OPEN, arrived(bar("D")), closed(TUESDAY), opened(WEDNESDAY, ["A"]))

    assert ask(core, GetActiveSymbols()) == ("A",)
