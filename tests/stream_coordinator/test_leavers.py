"""Who left after the next session was read is not in it, where those that are played are named."""

from actors.settings import Settings
from actors.stream_coordinator.core import StreamCoordinatorCore
from actors.stream_coordinator.leavers import Leavers
from messages import BarBatch, SessionBoundary, SessionPrefetched, SessionsPlanned, SymbolsChanged, Tape
from tests.builders import DAY, bar

BARS = [bar("A", "09:30"), bar("B", "09:30"), bar("C", "09:31")]
READ = SessionPrefetched(tape=Tape(session=DAY, batch=BarBatch.of(BARS)))


def left(removed: str, *added: str, is_named: bool = True) -> SessionPrefetched:
    leavers = Leavers(is_named=is_named)
    leavers.note(SymbolsChanged(removed=tuple(removed)))
    for symbols in added:
        leavers.note(SymbolsChanged(added=tuple(symbols)))
    return leavers.out_of(READ)


def test_who_left_is_neither_among_the_symbols_nor_among_the_bars() -> None:
    batch = left("B").tape.batch

    assert batch.symbols == ("A", "C")
    assert list(batch.bars()) == [BARS[0], BARS[2]]


def test_a_backtest_opens_its_sessions_without_who_left() -> None:
    core = StreamCoordinatorCore(Settings(store="none", symbols=("A", "B", "C")))
    core.handle(SessionsPlanned(sessions=(DAY,)))
    left = core.handle(SymbolsChanged(removed=("B",)))
    (boundary,) = core.handle(READ).out

    assert left.out == ()
    assert isinstance(boundary, SessionBoundary)
    assert boundary.symbols == ("A", "C")


def test_who_came_back_is_there() -> None:
    assert left("B", "B") is READ


def test_who_was_not_there_is_not_missed() -> None:
    assert left("Z") is READ


def test_where_everything_is_played_who_left_comes_back_with_the_next_session() -> None:
    assert left("B", is_named=False) is READ
