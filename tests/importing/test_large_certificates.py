"""The certificate of a day too large for memory: the same as if the day had been looked at whole."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.importing import large_certificate
from actors.importing.held import pile
from actors.importing.into_store import ImportOptions, import_paths
from actors.importing.large_certificate import pieces
from actors.kernel.ports import BarStore
from actors.storage.beside.packed_runs import FEW
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from messages.certificates import SessionCertificate
from messages.tables.runs import Runs
from messages.values import TradingSession
from tests.builders import session_tiny
from tests.depth import examples
from tests.importing.imports import SESSIONS
from tests.vendors.files import written

DATE = "2024-03-08"
Line = tuple[str, int, int]
"""A symbol, a minute after 08:00 in New York, a price."""

HEADER = "symbol,timestamp,open,high,low,close,volume\n"


def text_of(lines: list[Line]) -> str:
    rows = (
        f"{symbol},{DATE} {8 + minute // 60:02}:{minute % 60:02}:00,{p},{p},{p},{p},5\n" for symbol, minute, p in lines
    )
    return HEADER + "".join(rows)


def certified(
    folder: Path, rounds: list[list[Line]], *, large: bool, store: BarStore | None = None
) -> list[SessionCertificate | None]:
    """Return the certificate of the day after each import; of a large day in stretches of ten minutes."""
    store, found = store or MemoryStore(), []
    for number, lines in enumerate(rounds):
        import_complete(written(folder / f"{number}.csv", text_of(lines)), store, large=large)
        found.append(store.certificate("XNYS", DATE))
    return found


def import_complete(path: Path, store: BarStore, *, large: bool) -> None:
    options, held = (
        ImportOptions(calendar="XNYS", tz="America/New_York", complete=True),
        1 if large else pile.HELD_BYTES,
    )
    import_paths([path], store, options, calendars=SESSIONS.__getitem__, held_bytes=held)


lines = st.tuples(st.sampled_from("ABC"), st.integers(0, 600), st.integers(1, 3))


@examples(20)
@given(
    st.lists(st.lists(lines, min_size=1, max_size=15), min_size=1, max_size=2),
    st.sampled_from([1, 50, 10_000]),
    st.sampled_from([1, 1 << 14]),
)
def test_it_is_that_of_the_whole_day(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[Line]], cells: int, dealt_rows: int
) -> None:
    folder = tmp_path_factory.mktemp("files")
    expected = certified(folder, rounds, large=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_certificate, "_CELLS", cells)
        patch.setattr(pile.Pile.__init__, "__defaults__", (pile.HELD_BYTES, None, dealt_rows))

        assert certified(folder, rounds, large=True) == expected


def test_of_a_large_day_with_many_holes_no_run_is_an_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holed = [[(f"S{number}", minute, 1) for number in range(8) for minute in range(570) if minute % 3]]
    (expected,) = certified(tmp_path, holed, large=True)
    made: list[int] = []
    monkeypatch.setattr(Runs, "each", lambda runs: made.append(len(runs)) or ())

    with closing(ParquetStore(tmp_path / "store")) as store:
        import_complete(tmp_path / "0.csv", store, large=True)

        monkeypatch.undo()
        assert made == []
        assert expected is not None
        assert len(expected.runs) > FEW
        assert store.certificate("XNYS", DATE) == expected


def test_a_day_that_the_store_has_without_a_certificate_gets_that_of_all_of_it(tmp_path: Path) -> None:
    def stored() -> MemoryStore:
        store = MemoryStore()
        options = ImportOptions(calendar="XNYS", tz="America/New_York")
        path = written(tmp_path / "first.csv", text_of([("A", 90, 1), ("A", 95, 2), ("B", 300, 1)]))
        import_paths([path], store, options, calendars=SESSIONS.__getitem__)
        return store

    later = [[("A", 95, 3), ("B", 91, 2), ("C", 599, 1)]]
    (found,) = certified(tmp_path, later, large=True, store=stored())

    assert found is not None
    assert [found] == certified(tmp_path, later, large=False, store=stored())
    assert [(one.symbol, one.corrected) for one in found.symbols] == [("A", 1), ("B", 0), ("C", 0)]


def test_pieces_are_all_of_a_session_in_order_and_not_larger_than_they_may_be() -> None:
    session = session_tiny(7, 5)

    found = list(pieces(session, session.start_ns, session.end_ns, symbols=large_certificate._CELLS // 3))

    assert whole(found) == whole([session])
    assert max(len(minutes_of(piece)) for piece in found) == 3


def minutes_of(session: TradingSession) -> list[int]:
    return [at for segment in session.segments for at in range(segment.start_ns, segment.end_ns, 60_000_000_000)]


def whole(sessions: list[TradingSession]) -> list[int]:
    return [at for session in sessions for at in minutes_of(session)]


def test_what_is_seen_of_files_is_told_by_symbol() -> None:
    session = SESSIONS["XNYS"].extended_session(DATE)
    assert session is not None
    seen = large_certificate.Seen(session, ("A", "B", "C"))
    step = 60_000_000_000
    seen.note(
        large_certificate.Stretch(
            symbols=("B", "C"),
            symbol_index=np.array([0, 1, 1], dtype=np.int32),
            start_ns=np.array([session.start_ns, session.start_ns + step, session.start_ns - step]),
            values=np.empty((0, 3)),
            file=np.array([4, 2, 7], dtype=np.int32),
        )
    )

    assert seen.holders == [(2, "C"), (4, "B")]
    assert seen.verdicts(session).sum(axis=0).tolist() == [0, 4, 4]
