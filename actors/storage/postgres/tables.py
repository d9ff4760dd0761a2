"""The tables of a store in PostgreSQL: how they are made, and whether those that are there are ours."""

from typing import TYPE_CHECKING, Any

from actors.storage.barfile import ALL
from messages.errors import DataError
from messages.tables.columns import EXTRA_FIELDS, FIELDS
from messages.values import Verdict

if TYPE_CHECKING:
    from psycopg import Cursor
    from psycopg.sql import Composed

_KEY = {"calendar": "text", "date": "date"}
_STAMP = "timestamp with time zone"
_NUMBERS = dict.fromkeys(ALL, "double precision")
_SHAPES: dict[str, dict[str, str]] = {
    "bars": {
        **_KEY,
        "symbol": "text",
        "start": _STAMP,
        **_NUMBERS,
        "verdict": "text",
        "segment": "text",
    },
    "days": {
        **_KEY,
        "tz": "text",
        "interval": "text",
        "fields": "smallint",
        "bars": "bigint",
        "symbols": "ARRAY",
        "changed": _STAMP,
    },
    "certificates": {
        **_KEY,
        "earlier": "smallint",
        "certificate": "text",
        "seal": "text",
    },
    "adjustments": {
        "symbol": "text",
        "ex_date": "date",
        "split_ratio": "double precision",
        "dividend": "double precision",
    },
    "adjusted": {
        "calendar": "text",
        "symbol": "text",
        "first": "date",
        "last": "date",
        "as_of": "date",
    },
    "untraded": {
        **_KEY,
        "symbol": "text",
        "start_ns": "bigint",
        "end_ns": "bigint",
        "source": "text",
    },
    "lived": {
        **_KEY,
        "interval": "text",
        "fields": "smallint",
        "grace_ns": "bigint",
        "symbols": "ARRAY",
        "members": "ARRAY",
        "digest": "text",
    },
    "prints": {
        **_KEY,
        "place": "integer",
        "symbol": "text",
        "start": _STAMP,
        "known": _STAMP,
        "nanos": "smallint",
        **_NUMBERS,
        "verdict": "text",
    },
}
"""By table its columns, as ``information_schema`` spells their types."""

COLUMNS, PRINTS = tuple(_SHAPES["bars"]), tuple(_SHAPES["prints"])

_MAKING = (
    "create schema if not exists {schema}",
    f"""create table {{schema}}.bars (
        calendar text not null, date date not null, symbol text not null, start timestamptz not null,
        {", ".join(f"{name} float8 not null" for name in FIELDS)},
        {", ".join(f"{name} float8" for name in EXTRA_FIELDS)},
        verdict text not null, segment text not null,
        primary key (symbol, start, calendar, date))""",
    # A day's bars are written together: of a day a few pages are read, at a thousandth of the room of a whole index.
    "create index on {schema}.bars using brin (date) with (pages_per_range = 16, autosummarize = on)",
    """create table {schema}.days (
        calendar text, date date, tz text not null, interval text not null, fields smallint not null,
        bars bigint not null, symbols text[] not null, changed timestamptz not null default clock_timestamp(),
        primary key (calendar, date))""",
    """create table {schema}.certificates (
        calendar text, date date, earlier smallint, certificate text not null, seal text not null,
        primary key (calendar, date, earlier))""",
    """create view {schema}.runs as
        select calendar, date, run ->> 'symbol' as symbol,
            case (run ->> 'verdict')::int when 2 then 'no_trade' when 1 then 'abandoned' end as verdict,
            to_timestamp((run ->> 'start_ns')::bigint / 1000000000.0) as first,
            to_timestamp((run ->> 'end_ns')::bigint / 1000000000.0) as until, run ->> 'source' as source
        from {schema}.certificates, jsonb_array_elements(certificate::jsonb -> 'runs') as run
        where earlier = 0""",
    """create table {schema}.adjustments (
        symbol text check (symbol <> ''), ex_date date,
        split_ratio float8 not null default 1 check (split_ratio > 0 and split_ratio < 'Infinity'),
        dividend float8 not null default 0 check (dividend >= 0 and dividend < 'Infinity'),
        primary key (symbol, ex_date))""",
)
_MAKING_LATER = {
    "adjusted": """create table {schema}.adjusted (
        calendar text, symbol text, first date, last date, as_of date not null,
        primary key (calendar, symbol, first, last, as_of))""",
    "untraded": """create table {schema}.untraded (
        calendar text, date date, symbol text, start_ns bigint, end_ns bigint not null check (end_ns > start_ns),
        source text, primary key (calendar, date, symbol, source, start_ns))""",
    "lived": """create table {schema}.lived (
        calendar text, date date, interval text not null, fields smallint not null, grace_ns bigint not null,
        symbols text[] not null, members text[] not null, digest text not null, primary key (calendar, date))""",
    "prints": f"""create table {{schema}}.prints (
        calendar text, date date, place int, symbol text not null, start timestamptz not null,
        known timestamptz not null, nanos smallint not null, {", ".join(f"{name} float8" for name in ALL)},
        verdict text not null, primary key (calendar, date, place))""",
}
"""Tables that stores of former versions lack."""
_OF_DAY = "calendar = %(calendar)s and date = %(date)s"
_COMMENT = "comment on table {schema}.bars is 'One-minute bars and how they came, by Barkeeper'"
_MAKING_LOCK = 7_229_340_511_846_001
_TIMESCALE = "select exists (select from pg_extension where extname = 'timescaledb')"
_HYPERTABLE = "select create_hypertable({bars}, 'start', chunk_time_interval => interval '7 days')"

assert (Verdict.ABANDONED, Verdict.NO_TRADE) == (1, 2), "as the view of runs has it"


def are_there(cursor: "Cursor", schema: str, shown: str) -> frozenset[str]:
    """Return which tables of a store are there: none, all, or all that a former version knew.

    Raises:
        DataError: there are tables of their names that are others.
    """
    cursor.execute(
        "select table_name, column_name, data_type from information_schema.columns"
        " where table_schema = %s and table_name = any(%s)",
        (schema, list(_SHAPES)),
    )
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in cursor.fetchall():
        found.setdefault(table, {})[column] = kind
    for table, columns in found.items():
        for column, kind in _SHAPES[table].items():
            if (other := columns.get(column, "no such column")) != kind:
                raise DataError(
                    f"{shown}: the table {schema}.{table} is none of a store: expected a column {column!r} of {kind}, "
                    f"found {other}; name another schema, as in ?schema=market"
                )
    missing = [table for table in _SHAPES if table not in {*found, *_MAKING_LATER}]
    if missing and found:
        raise DataError(
            f"{shown}: the schema {schema} has {', '.join(found)}, but not {', '.join(missing)}; name another one, "
            "as in ?schema=market"
        )
    return frozenset(found)


def make(cursor: "Cursor", schema: str, shown: str) -> frozenset[str]:
    """Make the tables that are not there; with TimescaleDB the bars are a hypertable. Return all.

    Raises:
        DataError: there are tables of their names that are others.
    """
    cursor.execute("select pg_advisory_xact_lock(%s)", (_MAKING_LOCK,))  # two that begin at once
    found = are_there(cursor, schema, shown)
    if not found:
        _make_bars(cursor, schema)
    for table, line in _MAKING_LATER.items():
        if table not in found:
            cursor.execute(in_schema(line, schema))
    return frozenset(_SHAPES)


def _make_bars(cursor: "Cursor", schema: str) -> None:
    from psycopg import sql

    for line in (*_MAKING, _COMMENT):
        cursor.execute(in_schema(line, schema))
    row = cursor.execute(_TIMESCALE).fetchone()
    if row is not None and row[0]:
        bars = sql.Literal(sql.Identifier(schema, "bars").as_string(cursor))
        cursor.execute(sql.SQL(_HYPERTABLE).format(bars=bars))


def in_schema(line: Any, schema: str) -> "Composed":
    """Return SQL, a text of ours, in which ``{schema}`` is one, and ``{day}`` means the rows of a day."""
    from psycopg import sql

    return sql.SQL(line).format(schema=sql.Identifier(schema), day=sql.SQL(_OF_DAY))
