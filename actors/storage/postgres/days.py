"""The bars of a day in PostgreSQL, read and written in a transaction that somebody else has begun."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from actors.kernel.ports import StoredDay
from actors.storage.dayrows import VERDICTS
from actors.storage.merging import Span, tidied
from actors.storage.postgres.rows import COLUMNS, decoded, encoded
from actors.storage.postgres.tables import in_schema
from actors.storage.segments import SegmentOf, segments_of
from messages.columns import EXTRA_FIELDS, FIELDS, BarBatch, Mask, freeze
from messages.values import Gap, Interval, moment

if TYPE_CHECKING:
    from psycopg import Cursor

_HEAD = "select tz, interval, fields, symbols from {schema}.days where calendar = %s and date = %s"
_LENGTH = "select interval from {schema}.days limit 1"
_READ = (
    "copy (select s.place::int4, b.start, {values}, v.place::int4 from {bars} b"
    " join unnest({names}::text[]) with ordinality as s (symbol, place) using (symbol)"
    " join unnest({verdicts}::text[]) with ordinality as v (verdict, place) using (verdict)"
    " where {where}) to stdout (format binary)"
)
_HASHED = "set local enable_nestloop = off"
"""Of a day that was written just now the server has no statistics, and would look up each bar's symbol in turn."""
_VALUES = ", ".join([*(f"b.{name}" for name in FIELDS), *(f"coalesce(b.{name}, 'NaN')" for name in EXTRA_FIELDS)])
_NEW = f"copy {{schema}}.bars ({', '.join(COLUMNS)}) from stdin (format binary)"
_CHANGED = f"copy changed ({', '.join(COLUMNS)}) from stdin (format binary)"
_TABLE_OF_CHANGED = "create temp table changed (like {schema}.bars) on commit drop"
_TAKE_CHANGED = (
    "insert into {schema}.bars select * from changed on conflict (symbol, start, calendar, date) do update set"
    " open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,"
    " volume = excluded.volume, vwap = excluded.vwap, trades = excluded.trades,"
    " verdict = excluded.verdict, segment = excluded.segment"
)
_DESCRIBE = (
    "insert into {schema}.days as d (calendar, date, tz, interval, fields, symbols, bars)"
    " select %s, %s, %s, %s, %s, %s, count(*) from {schema}.bars where calendar = %s and date = %s"
    " on conflict (calendar, date) do update set fields = greatest(d.fields, excluded.fields),"
    " bars = excluded.bars, symbols = excluded.symbols, changed = clock_timestamp()"
)
_TAKE_OUT = (
    "delete from {schema}.bars where calendar = %s and date = %s and symbol = any(%s) and start >= %s and start < %s"
)
_FORGET = (
    "delete from {schema}.bars where calendar = %s and date = %s",
    "delete from {schema}.days where calendar = %s and date = %s",
)
_FIRST_NS, _LAST_NS = 0, 1 << 62


class Head(msgspec.Struct, frozen=True):
    """What is known of a day without its bars."""

    tz: str
    interval: str
    fields: int
    symbols: tuple[str, ...]


class DayTable:
    """One day, in a transaction.

    Args:
        cursor: in it.
        schema: that has the tables.
        calendar: of the day.
        date: of the day, ISO.
    """

    def __init__(self, cursor: "Cursor", schema: str, calendar: str, date: str) -> None:
        self._cursor = cursor
        self._schema = schema
        self._calendar = calendar
        self._date = date

    def head(self) -> Head | None:
        """Return what is known of the day without its bars; ``None`` where it has none."""
        found = self._run(_HEAD, self._calendar, self._date).fetchone()
        if found is None:
            return None
        tz, interval, fields, symbols = found
        return Head(tz, interval, fields, tuple(symbols))

    def length(self) -> Interval | None:
        """Return how long the store's bars are; ``None`` while there are none."""
        found = self._run(_LENGTH).fetchone()
        return None if found is None else Interval.parse(found[0])

    def read(self, symbols: Sequence[str] | None = None, span: Span | None = None) -> StoredDay | None:
        """Return the bars of some symbols that start in a span; all where none is named, or no span is given."""
        from psycopg import sql

        head = self.head()
        if head is None:
            return None
        names = head.symbols if not symbols else tuple(sorted({*symbols} & {*head.symbols}))
        where = sql.SQL("b.calendar = {} and b.date = {}::date").format(self._calendar, self._date)
        if len(names) < len(head.symbols):
            where += sql.SQL(" and b.symbol = any({})").format(list(names))
        if span is not None:
            first, end = (_instant(min(max(bound, _FIRST_NS), _LAST_NS)) for bound in span)
            where += sql.SQL(" and b.start >= {} and b.start < {}").format(first, end)
        asked = sql.SQL(_READ).format(
            values=sql.SQL(_VALUES),
            bars=sql.Identifier(self._schema, "bars"),
            names=list(names),
            verdicts=list(VERDICTS),
            where=where,
        )
        self._cursor.execute(_HASHED)
        with self._cursor.copy(asked) as rows:
            raw = b"".join(rows)
        index, starts, values, verdicts = decoded(raw, head.fields)
        numbers = np.array([*VERDICTS.values()], dtype=np.uint8)
        bars = BarBatch(
            symbols=names,
            symbol_index=freeze(index - 1),
            start_ns=freeze(starts),
            values=freeze(values),
            interval=Interval.parse(head.interval),
        )
        return tidied(StoredDay(bars=bars, verdicts=freeze(numbers[verdicts - 1]), tz=head.tz))

    def write(
        self, old: StoredDay | None, new: StoredDay, segment_of: SegmentOf, symbols: Sequence[str] | None = None
    ) -> None:
        """Let the day, or a stretch of it, be what it is now; every bar that was there is there still.

        Args:
            old: what was there; only what is other than that is sent.
            new: what shall be there.
            segment_of: which part of the day each start lies in.
            symbols: all that the day has; by default those of ``new``.
        """
        bars, verdicts = new.bars, new.verdicts
        is_upsert = old is not None and len(old.bars) > 0
        if old is not None and is_upsert:
            is_changed = _changed(old, new)
            bars, verdicts = bars.where(is_changed), verdicts[is_changed]
            self._run(_TABLE_OF_CHANGED)
        segments = segments_of(segment_of, self._calendar, bars.start_ns)
        with self._cursor.copy(in_schema(_CHANGED if is_upsert else _NEW, self._schema)) as sink:
            for part in encoded(self._calendar, self._date, bars, verdicts, segments):
                sink.write(part)
        if is_upsert:
            self._run(_TAKE_CHANGED)
            self._run("drop table changed")
        self._describe(new, new.bars.symbols if symbols is None else symbols)

    def take_out(self, gaps: Sequence[Gap], left: StoredDay) -> None:
        """Take out the bars that start in these minutes, of which is known what they leave."""
        for gap in gaps:
            first, end = _instant(gap.start_ns), _instant(gap.end_ns)
            self._run(_TAKE_OUT, self._calendar, self._date, list(gap.symbols), first, end)
        if len(left.bars):
            self._describe(left, left.bars.symbols)
        else:
            self.forget()

    def forget(self) -> None:
        """Take out the day."""
        for asked in _FORGET:
            self._run(asked, self._calendar, self._date)

    def _describe(self, day: StoredDay, symbols: Sequence[str]) -> None:
        known = (day.tz, str(day.bars.interval), len(day.bars.values), list(symbols))
        self._run(_DESCRIBE, self._calendar, self._date, *known, self._calendar, self._date)

    def _run(self, asked: str, *given: object) -> "Cursor":
        return self._cursor.execute(in_schema(asked, self._schema), given)


def _changed(old: StoredDay, new: StoredDay) -> Mask:
    """Return which bars of a day are other than before, or were not there; what was there is there still."""
    was, now = old.bars, new.bars
    places = {symbol: place for place, symbol in enumerate(now.symbols)}
    index = np.array([places[symbol] for symbol in was.symbols], dtype=np.int64)[was.symbol_index]
    instants = np.unique(now.start_ns)
    cells = np.searchsorted(instants, now.start_ns) * len(places) + now.symbol_index
    found = np.searchsorted(cells, np.searchsorted(instants, was.start_ns) * len(places) + index)
    is_changed: Mask = np.ones(len(now), dtype=np.bool_)
    is_changed[found] = new.verdicts[found] != old.verdicts
    for place, row in enumerate(now.values):
        before = was.values[place] if place < len(was.values) else np.full(len(was), np.nan)
        after = row[found]
        is_changed[found] |= (after != before) & ~(np.isnan(after) & np.isnan(before))
    return is_changed


def _instant(nanos: int) -> Any:
    """Return an instant as psycopg takes it, the next one that PostgreSQL can keep."""
    return moment(-(-nanos // 1000) * 1000, "UTC")
