"""The bars of a day in PostgreSQL, read and written in a transaction that somebody else has begun."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from actors.kernel.ports import StoredDay
from actors.storage.barfile import ALL
from actors.storage.merging import Span, tidied
from actors.storage.postgres.of_day import OfDay
from actors.storage.postgres.rows import bar_columns, encoded, nanos_of
from actors.storage.postgres.tables import COLUMNS
from actors.storage.segments import SegmentOf, segments_of
from messages.tables.columns import BarBatch, Mask, freeze
from messages.values import Gap, Interval, moment

if TYPE_CHECKING:
    from psycopg.sql import Composed

_HEAD = "select tz, interval, fields, symbols from {schema}.days where {day}"
_LENGTH = "select interval from {schema}.days limit 1"
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
    " select %(calendar)s, %(date)s, %(tz)s, %(interval)s, %(fields)s, %(symbols)s,"
    " count(*) from {schema}.bars where {day}"
    " on conflict (calendar, date) do update set fields = greatest(d.fields, excluded.fields),"
    " bars = excluded.bars, symbols = excluded.symbols, changed = clock_timestamp()"
)
_TAKE_OUT = (
    "delete from {schema}.bars where {day} and symbol = any(%(symbols)s) and start >= %(first)s and start < %(end)s"
)
_FORGET = ("delete from {schema}.bars where {day}", "delete from {schema}.days where {day}")
_FIRST_NS, _LAST_NS = 0, 1 << 62


class Head(msgspec.Struct, frozen=True):
    """What is known of a day without its bars."""

    tz: str
    interval: str
    fields: int
    symbols: tuple[str, ...]


class DayTable(OfDay):
    """Its bars, and what is known of it without them."""

    def head(self) -> Head | None:
        """Return what is known of the day without its bars; ``None`` where it has none."""
        found = self._run(_HEAD).fetchone()
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
        head = self.head()
        if head is None:
            return None
        names = head.symbols if not symbols else tuple(sorted({*symbols} & {*head.symbols}))
        are_some = len(names) < len(head.symbols)
        found = self._copy_out(
            "bars", names, {"start": "i8"}, ("start", "symbol"), _where(names if are_some else None, span)
        )
        bars = BarBatch(
            symbols=names,
            symbol_index=freeze(found["symbol"]),
            start_ns=freeze(nanos_of(found["start"])),
            values=freeze(np.array([found[name] for name in ALL[: head.fields]])),
            interval=Interval.parse(head.interval),
        )
        return tidied(StoredDay(bars=bars, verdicts=freeze(found["verdict"]), tz=head.tz))

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
        columns = bar_columns(self._calendar, self._date, bars, verdicts, segments)
        self._copy_in(_CHANGED if is_upsert else _NEW, encoded(columns))
        if is_upsert:
            self._run(_TAKE_CHANGED)
            self._run("drop table changed")
        self._describe(new, new.bars.symbols if symbols is None else symbols)

    def take_out(self, gaps: Sequence[Gap], left: StoredDay) -> None:
        """Take out the bars that start in these minutes, of which is known what they leave."""
        for gap in gaps:
            self._run(_TAKE_OUT, symbols=list(gap.symbols), first=_instant(gap.start_ns), end=_instant(gap.end_ns))
        if len(left.bars):
            self._describe(left, left.bars.symbols)
        else:
            self.forget()

    def forget(self) -> None:
        """Take out the day."""
        for asked in _FORGET:
            self._run(asked)

    def _describe(self, day: StoredDay, symbols: Sequence[str]) -> None:
        bars = day.bars
        self._run(_DESCRIBE, tz=day.tz, interval=str(bars.interval), fields=len(bars.values), symbols=list(symbols))


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


def _where(names: Sequence[str] | None, span: Span | None) -> "Composed":
    """Return which bars of a day are of these symbols and start in this span, where any are named or one is given."""
    from psycopg import sql

    asked = sql.SQL("true").format()
    if names is not None:
        asked += sql.SQL(" and r.symbol = any({})").format(list(names))
    if span is not None:
        first, end = (_instant(min(max(bound, _FIRST_NS), _LAST_NS)) for bound in span)
        asked += sql.SQL(" and r.start >= {} and r.start < {}").format(first, end)
    return asked


def _instant(nanos: int) -> Any:
    """Return an instant as psycopg takes it, the next one that PostgreSQL can keep."""
    return moment(-(-nanos // 1000) * 1000, "UTC")
