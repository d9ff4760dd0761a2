"""What was found untraded of a day while it ran: what every bar store promises of keeping it."""

from contextlib import closing
from pathlib import Path

import pytest

from actors.kernel.ports import BarStore
from actors.kernel.prints import KeepsUntraded
from actors.proving.worlds import Archive, World
from actors.storage.journal.lived import LivedStore
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.storage.postgres.store import PostgresStore
from actors.sweep.kept_days import KeptDays
from messages import Verdict, VerdictRun
from messages.errors import DataError
from tests.certificates import certificate
from tests.postgres_server import address, new_schema
from tests.storage.days import DATE, MINUTE, START, all_regular, bar, day, made_narrow
from tests.storage.dying import killed_after
from tests.system.test_lived_day import CAME, journal_of


def silence(symbol: str, first: int, end: int, source: str = "vendor") -> VerdictRun:
    """From one minute of the day to another."""
    return VerdictRun(
        symbol=symbol,
        verdict=Verdict.NO_TRADE,
        start_ns=START + first * MINUTE,
        end_ns=START + end * MINUTE,
        source=source,
    )


@pytest.fixture
def keeper(store: BarStore) -> KeepsUntraded:
    assert isinstance(store, KeepsUntraded)
    return store


def test_it_is_kept_with_who_said_so_and_more_of_it_is_added(keeper: KeepsUntraded) -> None:
    before = keeper.untraded("24/7", DATE)
    keeper.note_untraded("24/7", DATE, [silence("a@b", 5, 7), silence("BRK/B", 1, 2)])
    once = keeper.untraded("24/7", DATE)
    keeper.note_untraded("24/7", DATE, [silence("a@b", 7, 9), silence("a@b", 2, 3), silence("a@b", 2, 3, "other")])
    keeper.note_untraded("24/7", DATE, [silence("a@b", 6, 8)])

    assert (before, keeper.untraded("XNYS", DATE), keeper.untraded("24/7", "2024-03-11")) == ((), (), ())
    assert once == (silence("BRK/B", 1, 2), silence("a@b", 5, 7))
    assert keeper.untraded("24/7", DATE) == (
        silence("BRK/B", 1, 2),
        silence("a@b", 2, 3, "other"),
        silence("a@b", 2, 3),
        silence("a@b", 5, 9),
    )


def test_it_is_no_bar_and_certifies_nothing(store: BarStore, keeper: KeepsUntraded) -> None:
    keeper.note_untraded("XNYS", DATE, [silence("A", 1, 2)])

    assert (store.dates("XNYS"), store.calendars(), store.read("XNYS", DATE)) == ((), (), None)
    assert (store.certified("XNYS"), store.certified_calendars(), store.certificate("XNYS", DATE)) == ((), (), None)


def test_bars_and_a_certificate_that_come_leave_it_as_it_is(store: BarStore, keeper: KeepsUntraded) -> None:
    keeper.note_untraded("XNYS", DATE, [silence("A", 1, 2)])
    store.merge("XNYS", DATE, day(bar("A", 0), bar("A", 1)))
    store.certify("XNYS", DATE, certificate("A", date=DATE))

    assert keeper.untraded("XNYS", DATE) == (silence("A", 1, 2),)
    assert store.symbols("XNYS", DATE) == ("A",)


def test_the_silences_of_a_whole_market_come_back_as_they_were(keeper: KeepsUntraded) -> None:
    runs = [
        silence(f"S{number:03}", minute, minute + 1 + minute % 2) for number in range(40) for minute in range(0, 300, 3)
    ]
    keeper.note_untraded("XNYS", DATE, runs)

    assert keeper.untraded("XNYS", DATE) == tuple(runs)


@pytest.mark.parametrize("verdict", [Verdict.ABANDONED, Verdict.STREAMED])
def test_nothing_else_is_kept(keeper: KeepsUntraded, verdict: Verdict) -> None:
    with pytest.raises(DataError, match="NO_TRADE"):
        keeper.note_untraded(
            "XNYS", DATE, [VerdictRun(symbol="A", verdict=verdict, start_ns=START, end_ns=START + MINUTE, source="x")]
        )

    assert keeper.untraded("XNYS", DATE) == ()


def test_a_day_without_a_proper_name_has_none(keeper: KeepsUntraded) -> None:
    with pytest.raises(DataError, match="session date"):
        keeper.note_untraded("XNYS", "20240308", [silence("A", 1, 2)])


# --- folders


@pytest.mark.parametrize("is_narrow", [False, True])
def test_who_is_killed_while_it_is_written_leaves_what_was_kept_or_all_of_it(tmp_path: Path, is_narrow: bool) -> None:
    found = set()
    for survived in range(12):
        root = tmp_path / f"{survived}"
        with closing(ParquetStore(made_narrow(root) if is_narrow else root, segment_of=all_regular)) as store:
            store.merge("XNYS", DATE, day(bar("A", 0)))
            store.note_untraded("XNYS", DATE, [silence("A", 1, 2)])
            with killed_after(survived):
                store.note_untraded("XNYS", DATE, [silence("A", 5, 6)])
        with closing(ParquetStore(root, segment_of=all_regular)) as store:
            store.claim()
            found.add(store.untraded("XNYS", DATE))

    assert found == {(silence("A", 1, 2),), (silence("A", 1, 2), silence("A", 5, 6))}


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw.replace(b'"version":1', b'"version":2'),
        lambda raw: raw.replace(b"XNYS", b"XLON"),
        lambda raw: raw.replace(b'"verdict":2', b'"verdict":4'),
    ],
)
def test_a_damaged_file_is_named_and_not_taken_for_none(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    with closing(ParquetStore(tmp_path, segment_of=all_regular)) as store:
        store.note_untraded("XNYS", DATE, [silence("A", 1, 2)])
        path = tmp_path / "calendar=XNYS" / f"date={DATE}" / "_untraded.json"
        raw = path.read_bytes()
        path.write_bytes(damage(raw))

        assert path.read_bytes() != raw
        with pytest.raises(DataError, match=f"_untraded.json cannot be read: expected version 1 .* XNYS on {DATE}"):
            store.untraded("XNYS", DATE)


# --- who stands in front of a store


def test_who_stands_in_front_of_a_store_tells_it_too(tmp_path: Path) -> None:
    store = MemoryStore()
    store.merge("XNYS", DATE, day(bar("A", 0)))
    store.note_untraded("XNYS", DATE, [silence("A", 1, 2)])
    fronts = [KeptDays(store), World(Archive(store)), LivedStore(journal_of(tmp_path, CAME), store)]

    assert [front.untraded("XNYS", DATE) for front in fronts] == 3 * [(silence("A", 1, 2),)]
    with pytest.raises(DataError, match="reads its store"):
        KeptDays(store).note_untraded("XNYS", DATE, [silence("A", 1, 2)])


# --- PostgreSQL


@pytest.mark.slow
def test_a_store_of_a_former_version_has_none_until_something_is_kept() -> None:
    with new_schema() as schema:
        with closing(PostgresStore(address(schema), segment_of=all_regular)) as store:
            store.merge("XNYS", DATE, day(bar("A", 0)))
            with store._connections.writing() as cursor:
                cursor.execute(f'drop table "{schema}".untraded')
        with closing(PostgresStore(address(schema), read_only=True)) as reader:
            before = reader.untraded("XNYS", DATE)
            with closing(PostgresStore(address(schema), segment_of=all_regular)) as store:
                store.note_untraded("XNYS", DATE, [silence("A", 1, 2)])

            assert (before, reader.untraded("XNYS", DATE)) == ((), (silence("A", 1, 2),))


@pytest.mark.slow
def test_a_day_that_is_put_in_the_place_of_another_has_nothing_of_it() -> None:
    with new_schema() as schema, closing(PostgresStore(address(schema), segment_of=all_regular)) as store:
        store.note_untraded("XNYS", DATE, [silence("A", 1, 2)])
        store.put("XNYS", DATE, day(bar("A", 0)))

        assert store.untraded("XNYS", DATE) == ()
