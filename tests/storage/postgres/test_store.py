"""What a store in PostgreSQL does beside what all stores promise; with a real server."""

import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from actors.storage.postgres.store import PostgresStore
from messages.errors import BarkeeperError, DataError, SettingsError
from messages.history import Adjustment
from messages.values import Verdict
from tests.certificates import certificate
from tests.contracts.test_prints import TOLD, prints
from tests.postgres_server import address, connection, new_schema, port
from tests.storage.days import DATE, all_regular, bar, day

pytestmark = pytest.mark.slow


@pytest.fixture
def schema() -> Iterator[str]:
    with new_schema() as name:
        yield name


def rows(asked: str) -> list[tuple[Any, ...]]:
    with connection() as server:
        return server.execute(asked).fetchall()  # type: ignore[arg-type]


def test_anybody_may_query_the_bars(schema: str) -> None:
    store = PostgresStore(address(schema), segment_of=all_regular)
    store.merge("XNYS", DATE, day(bar("AAPL", 0, vwap=10.5), bar("MSFT", 1)))
    store.close()

    found = rows(
        f"select date::text, symbol, start at time zone 'UTC', close, vwap, verdict, segment from {schema}.bars"
    )

    assert [(one[0], one[1], str(one[2]), *one[3:]) for one in sorted(found)] == [
        (DATE, "AAPL", "2024-03-08 14:30:00", 10.0, 10.5, "streamed", "regular"),
        (DATE, "MSFT", "2024-03-08 14:31:00", 10.0, None, "streamed", "regular"),
    ]


def test_a_merge_touches_only_the_rows_that_change(schema: str) -> None:
    store = PostgresStore(address(schema), segment_of=all_regular)
    store.merge("XNYS", DATE, day(*(bar("A", minute) for minute in range(5))))
    before = dict(rows(f"select start, xmin::text from {schema}.bars"))

    store.merge("XNYS", DATE, day(bar("A", 1), bar("A", 2, 11.0), bar("A", 5)))
    store.close()

    after = dict(rows(f"select start, xmin::text from {schema}.bars"))
    assert sum(after.get(start) == number for start, number in before.items()) == 4
    assert len(after) == 6
    assert rows(f"select bars, symbols from {schema}.days") == [(6, ["A"])]


def test_two_stores_that_merge_one_day_at_once_lose_nothing(schema: str) -> None:
    with ThreadPoolExecutor(2) as pool:

        def merge(symbol: str) -> None:
            store = PostgresStore(address(schema), segment_of=all_regular)
            for minute in range(10):
                store.merge("XNYS", DATE, day(bar(symbol, minute)))
            store.close()

        for done in [pool.submit(merge, symbol) for symbol in "AB"]:
            done.result(60)

    stored = PostgresStore(address(schema), read_only=True).read("XNYS", DATE)
    assert stored is not None
    assert len(stored.bars) == 20


def test_what_is_read_only_makes_and_writes_nothing(schema: str) -> None:
    with pytest.raises(DataError, match=f"no store at .*: the schema {schema} has no tables of one"):
        PostgresStore(address(schema), read_only=True)
    assert PostgresStore(address(schema)).calendars() == ()
    assert rows(f"select * from information_schema.schemata where schema_name = '{schema}'") == []

    PostgresStore(address(schema)).claim()
    with pytest.raises(DataError, match="open for reading only"):
        PostgresStore(address(schema), read_only=True).merge("XNYS", DATE, day(bar("A", 0)))


def test_tables_of_another_shape_are_left_alone(schema: str) -> None:
    with connection() as server:
        server.execute(f"create schema {schema}")  # type: ignore[arg-type]
        server.execute(f"create table {schema}.bars (symbol text, start timestamp)")  # type: ignore[arg-type]

    with pytest.raises(DataError, match=rf"the table {schema}.bars is none of a store: expected a column 'calendar'"):
        PostgresStore(address(schema))


def test_of_a_store_no_table_may_be_missing(schema: str) -> None:
    PostgresStore(address(schema)).claim()
    with connection() as server:
        server.execute(f"drop table {schema}.days")  # type: ignore[arg-type]

    with pytest.raises(DataError, match=f"the schema {schema} has .*, but not days"):
        PostgresStore(address(schema))


def test_a_store_of_a_former_version_is_read_as_it_is_and_gets_what_it_lacks_when_it_is_written_to(schema: str) -> None:
    PostgresStore(address(schema), segment_of=all_regular).merge("XNYS", DATE, day(bar("A", 0)))
    with connection() as server:
        server.execute(f"drop table {schema}.adjusted, {schema}.lived, {schema}.prints")  # type: ignore[arg-type]
    reader, writer = PostgresStore(address(schema), read_only=True), PostgresStore(address(schema))

    before = (reader.prints("XNYS", DATE), reader.grace("XNYS", (DATE,)), reader.adjusted("XNYS"))
    writer.note_adjusted("XNYS", {"A": (DATE,)}, "2026-11-30")
    writer.keep_prints("XNYS", DATE, prints(TOLD))

    assert before == (None, None, ())
    assert (reader.prints("XNYS", DATE), len(reader.adjusted("XNYS"))) == (prints(TOLD), 1)
    assert reader.symbols("XNYS", DATE) == ("A",)


def test_anybody_may_query_when_each_bar_was_first_known(schema: str) -> None:
    PostgresStore(address(schema)).keep_prints("XNYS", DATE, prints(TOLD))

    late = rows(
        f"select symbol, extract(epoch from min(known) - start)::float, (array_agg(close order by place))[1]"
        f" from {schema}.prints where close is not null group by symbol, start order by symbol"
    )

    assert late == [("A", 60.0, 10.0), ("BRK/B", 61.0, 10.5)]


def test_while_a_day_goes_on_only_what_has_come_is_added(schema: str) -> None:
    store = PostgresStore(address(schema))
    store.keep_prints("XNYS", DATE, prints(TOLD[:2]))
    before = rows(f"select place, xmin::text from {schema}.prints order by place")

    store.keep_prints("XNYS", DATE, prints(TOLD))

    assert rows(f"select place, xmin::text from {schema}.prints order by place")[:2] == before


def test_a_print_that_somebody_changed_is_found_out(schema: str) -> None:
    store = PostgresStore(address(schema))
    store.keep_prints("XNYS", DATE, prints(TOLD))
    with connection() as server:
        server.execute(f"update {schema}.prints set close = 9 where place = 1")  # type: ignore[arg-type]

    with pytest.raises(DataError, match=f"how XNYS was lived on {DATE} is not what was written: the rows .*{schema}"):
        store.prints("XNYS", DATE)


@pytest.mark.parametrize("password", ["wr0ng-s3cret", "wr0ng%zz-s3cret"])
def test_no_password_is_in_an_error(schema: str, password: str) -> None:
    with pytest.raises(BarkeeperError) as refused:
        PostgresStore(address(schema, password))

    told = "".join(traceback.format_exception(refused.value))
    assert f"postgresql://keeper@127.0.0.1:{port()}/postgres?schema={schema}" in str(refused.value)
    assert "s3cret" not in told


def test_an_address_that_is_none_says_how_it_is_written() -> None:
    with pytest.raises(SettingsError, match=r"postgresql://me@host/bars is no address .* as %2F and so on"):
        PostgresStore("postgresql://me:%zz@host/bars")


def test_who_may_not_make_tables_is_told_so_at_once(schema: str) -> None:
    with connection() as server:
        server.execute("drop role if exists reader")
        server.execute("create role reader login password 'weak-one'")
    store = PostgresStore(f"postgresql://reader:weak-one@127.0.0.1:{port()}/postgres?schema={schema}")

    with pytest.raises(DataError, match="permission denied") as refused:
        store.claim()

    assert "weak-one" not in str(refused.value)


def test_a_connection_that_the_server_ended_is_no_trouble(schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = PostgresStore(address(schema), segment_of=all_regular)
    store.merge("XNYS", DATE, day(bar("A", 0)))
    monkeypatch.setattr("actors.storage.postgres.connections._TRUSTED_S", 0.0)
    with connection() as server:
        server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where pid <> pg_backend_pid() and usename = 'keeper'"
        )

    assert store.dates("XNYS") == (DATE,)


def test_a_certificate_that_somebody_changed_is_found_out(schema: str) -> None:
    store = PostgresStore(address(schema))
    store.certify("XNYS", DATE, certificate("A", date=DATE, is_live=True))
    store.certify("XNYS", DATE, certificate("A", date=DATE, is_live=False, digest="d2"))
    assert store.is_as_issued("XNYS", DATE) is True

    with connection() as server:
        server.execute(f"delete from {schema}.certificates where earlier = 1")  # type: ignore[arg-type]
        was = store.is_as_issued("XNYS", DATE)
        server.execute(f"update {schema}.certificates set certificate = replace(certificate, 'd2', 'd3')")  # type: ignore[arg-type]

    assert (was, store.is_as_issued("XNYS", DATE)) == (False, False)


def test_a_day_that_is_put_takes_the_place_of_what_is_there(schema: str) -> None:
    store = PostgresStore(address(schema), segment_of=all_regular)
    store.merge("XNYS", DATE, day(bar("A", 0), bar("B", 0)))
    issued = [certificate("A", date=DATE, digest=digest) for digest in ("d1", "d2")]

    store.put("XNYS", DATE, day(bar("A", 1), verdict=Verdict.FILLED), issued)

    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert list(stored.bars.bars()) == [bar("A", 1)]
    assert (store.earlier("XNYS", DATE), store.certificate("XNYS", DATE)) == ((issued[0],), issued[1])
    assert store.is_as_issued("XNYS", DATE) is True


def test_splits_and_dividends_come_back_sorted(schema: str) -> None:
    told = [
        Adjustment(symbol="GE", ex_date="2021-08-02", split_ratio=0.125),
        Adjustment(symbol="A", ex_date="2024-05-10", dividend=0.25),
    ]
    store = PostgresStore(address(schema))

    store.adjust(told)

    assert store.adjustments() == (told[1], told[0])


def test_with_timescale_the_bars_are_a_hypertable(schema: str) -> None:
    with connection() as server:  # stands in for the extension, which Debian has not
        server.execute("set allow_system_table_mods = on")
        server.execute(
            "insert into pg_extension select 99999, 'timescaledb', extowner, extnamespace, false, '2.17'"
            " from pg_extension limit 1"
        )
        server.execute("create table made (name regclass, by text, every interval)")
        server.execute(
            "create function create_hypertable(name regclass, by text, chunk_time_interval interval) returns void"
            " language sql as 'insert into made values (name, by, chunk_time_interval)'"
        )
        try:
            PostgresStore(address(schema)).claim()
            found = rows("select name::text, by, every::text from made")
        finally:
            server.execute("delete from pg_extension where extname = 'timescaledb'")
            server.execute("drop function create_hypertable; drop table made")

    assert found == [(f"{schema}.bars", "start", "7 days")]
