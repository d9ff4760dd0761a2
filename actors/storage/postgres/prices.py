"""What a schema knows of prices, in a transaction: splits and dividends, and which prices were adjusted for them."""

from collections.abc import Iterable
from datetime import date as calendar_date
from typing import TYPE_CHECKING

from actors.kernel.adjusted import AdjustedRun
from actors.storage.postgres.tables import in_schema
from messages.history import Adjustment

if TYPE_CHECKING:
    from psycopg import Cursor

_ADJUSTMENTS = "select symbol, ex_date, split_ratio, dividend from {schema}.adjustments"
_ADJUST = "insert into {schema}.adjustments (symbol, ex_date, split_ratio, dividend) values (%s, %s, %s, %s)"
_ADJUSTED = "select symbol, first, last, as_of from {schema}.adjusted where calendar = %s"
_NOTE = "insert into {schema}.adjusted (calendar, symbol, first, last, as_of) values (%s, %s, %s, %s, %s)"
_FORGET = "delete from {schema}.adjusted where calendar = %s"


def read_adjustments(cursor: "Cursor", schema: str) -> tuple[Adjustment, ...]:
    """Return the splits and dividends, sorted by symbol and date."""
    made = [
        Adjustment(symbol=symbol, ex_date=ex_date.isoformat(), split_ratio=ratio, dividend=dividend)
        for symbol, ex_date, ratio, dividend in cursor.execute(in_schema(_ADJUSTMENTS, schema))
    ]
    return tuple(sorted(made, key=lambda one: (one.symbol, one.ex_date)))


def put_adjustments(cursor: "Cursor", schema: str, adjustments: Iterable[Adjustment]) -> None:
    """Put splits and dividends in the place of those that are there."""
    rows = [(one.symbol, one.ex_date, one.split_ratio, one.dividend) for one in adjustments]
    cursor.execute(in_schema("delete from {schema}.adjustments", schema))
    cursor.executemany(in_schema(_ADJUST, schema), rows)


def read_adjusted(cursor: "Cursor", schema: str, calendar: str) -> tuple[AdjustedRun, ...]:
    """Return the days of a calendar whose prices are known to be adjusted, sorted."""
    rows: list[tuple[str, calendar_date, calendar_date, calendar_date]]
    rows = cursor.execute(in_schema(_ADJUSTED, schema), (calendar,)).fetchall()
    return tuple(sorted(AdjustedRun(symbol, *(date.isoformat() for date in dates)) for symbol, *dates in rows))


def put_adjusted(cursor: "Cursor", schema: str, calendar: str, runs: Iterable[AdjustedRun]) -> None:
    """Put what is known of a calendar's days in the place of what is there."""
    cursor.execute(in_schema(_FORGET, schema), (calendar,))
    rows = [(calendar, run.symbol, run.first, run.last, run.as_of) for run in runs]
    cursor.executemany(in_schema(_NOTE, schema), rows)
