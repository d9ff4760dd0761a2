"""The answers: everything that may be asked of the session, its history, quotes and ticks."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo

import numpy as np

from actors.kernel.outcome import Outcome, answer, refuse
from actors.market.gaps import find_gaps
from actors.market.metrics import percent, prices_of, quality_of
from actors.session_data.book import Book
from actors.session_data.history import History, HistoryDay
from actors.session_data.prints import Prints
from actors.session_data.views import Column, Piece, bars_of, window_of
from messages.columns import VOLUME, Mask, Verdicts
from messages.errors import BarkeeperError, NotReady, SettingsError, UnknownSymbol
from messages.inboxes import SessionDataQuery
from messages.queries import (
    GetActiveSymbols,
    GetBarCount,
    GetBars,
    GetChangesSince,
    GetDigest,
    GetGaps,
    GetHistory,
    GetLastBars,
    GetLatestBar,
    GetLatestBars,
    GetLatestQuote,
    GetLatestTick,
    GetMetrics,
    GetQuality,
    GetQuotes,
    GetSession,
    GetSnapshot,
    GetTicks,
    Moment,
)
from messages.replies import Quality, QualityReport, SessionMetrics, Snapshot
from messages.values import ONE_MINUTE, SECOND_NS, Bar, Gap, Interval, Nanos, Quote, Tick, Verdict
from messages.windows import BarWindow


class Reader:
    """One read of the session as it stands; made for a query and thrown away."""

    def __init__(
        self, book: Book | None, history: History, now_ns: Nanos, quotes: Prints[Quote], ticks: Prints[Tick]
    ) -> None:
        self._maybe_book = book
        self._history = history
        self._now_ns = now_ns
        self._quotes = quotes
        self._ticks = ticks

    def read(self, query: SessionDataQuery) -> Outcome:
        """Answer, or refuse with an error that says why."""
        try:
            return self._read(query)
        except BarkeeperError as error:
            return refuse(query, error)

    def _read(self, query: SessionDataQuery) -> Outcome:
        match query:
            case GetLatestBar():
                return answer(query, self._latest(query.symbol, query.interval, partial=query.include_partial))
            case GetLastBars():
                return answer(query, self._last_bars(query))
            case GetLatestBars():
                return answer(query, tuple(self._latest(symbol) for symbol in self._symbols(query.symbols)))
            case GetBars():
                return answer(query, self._bars(query))
            case GetBarCount():
                return answer(query, len(bars_of(self._column(query.symbol), query.interval)))
            case GetMetrics():
                return answer(query, self._metrics(query.symbol))
            case GetSnapshot():
                return answer(query, self._snapshot(query.symbols))
            case GetChangesSince():
                return answer(query, self._changes_since(query.revision))
            case GetHistory():
                return answer(query, self._past(query))
            case GetQuality():
                return answer(query, self._quality())
            case GetGaps():
                return answer(query, self._gaps(self._symbols(query.symbols)))
            case GetActiveSymbols():
                return answer(query, tuple(self._book.symbols))
            case GetSession():
                return answer(query, None if self._maybe_book is None else self._maybe_book.session)
            case GetDigest():
                return answer(query, self._book.digest())
            case GetLatestQuote():
                return answer(query, self._quotes.latest(self._known(query.symbol, self._quotes)))
            case GetQuotes():
                return answer(query, self._quotes.last(self._known(query.symbol, self._quotes), query.count))
            case GetLatestTick():
                return answer(query, self._ticks.latest(self._known(query.symbol, self._ticks)))
            case GetTicks():
                return answer(query, self._ticks.last(self._known(query.symbol, self._ticks), query.count))
            case _:
                assert_never(query)

    # --- finding

    @property
    def _book(self) -> Book:
        if self._maybe_book is None:
            raise NotReady("no session has been opened yet")
        return self._maybe_book

    def _number(self, symbol: str) -> int:
        column = self._book.column(symbol)
        if column is None:
            raise UnknownSymbol.among(symbol, self._book.symbols)
        return column

    def _column(self, symbol: str) -> Column:
        book, column = self._book, self._number(symbol)
        return Column(
            axis=book.axis,
            values=book.grid.values[:, :, column],
            verdicts=book.grid.verdicts[:, column],
            revisions=book.grid.revisions[:, column],
            closed=book.closed,
        )

    @staticmethod
    def _past_column(day: HistoryDay, symbol: str) -> Column | None:
        column = day.columns.get(symbol)
        if column is None:
            return None
        verdicts = day.grid.verdicts[:, column]
        return Column(
            axis=day.axis,
            values=day.grid.values[:, :, column],
            verdicts=verdicts,
            revisions=np.full(len(verdicts), day.revision, dtype=np.uint32),
            closed=day.axis.slots,
        )

    def _symbols(self, asked: Sequence[str]) -> Sequence[str]:
        return asked or self._book.symbols

    def _known(self, symbol: str, prints: Prints[Quote] | Prints[Tick]) -> str:
        known = prints.symbols() | set(self._maybe_book.symbols if self._maybe_book else ())
        if symbol not in known:
            raise UnknownSymbol.among(symbol, sorted(known))
        return symbol

    def _window(
        self, pieces: Sequence[Piece], symbols: Sequence[str], owners: Sequence[int], interval: Interval
    ) -> BarWindow:
        book = self._book
        return window_of(
            pieces,
            symbols,
            owners,
            interval=interval,
            tz=book.session.tz,
            now_ns=self._now_ns,
            revision=book.revision,
            fields=book.grid.values.shape[1],
        )

    # --- bars

    def _latest(self, symbol: str, interval: Interval = ONE_MINUTE, *, partial: bool = False) -> Bar | None:
        column = self._column(symbol)
        if interval == ONE_MINUTE:
            slots = np.flatnonzero(column.present)
            if len(slots) == 0:
                return None
            piece = column.only(int(slots[-1]))
        else:
            piece = bars_of(column, interval, include_partial=partial)
        window = self._window([piece.cut(slice(-1, None))], (symbol,), (0,), interval)
        return window.bar(-1) if len(window) else None

    def _last_bars(self, query: GetLastBars) -> BarWindow:
        if query.count < 1:
            raise SettingsError(f"the number of bars is 1 or more, not {query.count}")
        pieces = [bars_of(self._column(query.symbol), query.interval, include_partial=query.include_partial)]
        missing = query.count - len(pieces[0])
        for day in self._history.latest_first() if query.with_history else ():
            if missing <= 0:
                break
            column = self._past_column(day, query.symbol)
            if column is not None:
                pieces.insert(0, bars_of(column, query.interval))
                missing -= len(pieces[0])
        surplus = max(-missing, 0)
        pieces[0] = pieces[0].cut(slice(surplus, None))
        return self._window(pieces, (query.symbol,), [0] * len(pieces), query.interval)

    def _bars(self, query: GetBars) -> BarWindow:
        piece = bars_of(self._column(query.symbol), query.interval, include_partial=query.include_partial)
        inside: Mask = np.ones(len(piece), dtype=np.bool_)
        if query.start is not None:
            inside &= piece.start_ns >= self._instant(query.start)
        if query.end is not None:
            inside &= piece.start_ns < self._instant(query.end)
        return self._window([piece.cut(inside)], (query.symbol,), (0,), query.interval)

    def _past(self, query: GetHistory) -> BarWindow:
        if query.sessions < 1:
            raise SettingsError(f"the number of sessions is 1 or more, not {query.sessions}")
        days = list(self._history.latest_first())[: query.sessions][::-1]
        columns = [column for day in days if (column := self._past_column(day, query.symbol)) is not None]
        if not columns and self._book.column(query.symbol) is None:
            raise UnknownSymbol.among(query.symbol, self._book.symbols)
        pieces = [bars_of(column, query.interval) for column in columns]
        return self._window(pieces, (query.symbol,), [0] * len(pieces), query.interval)

    def _changes_since(self, revision: int) -> BarWindow:
        symbols = self._book.symbols
        pieces = []
        for symbol in symbols:
            piece = bars_of(self._column(symbol), ONE_MINUTE)
            pieces.append(piece.cut(piece.revisions > revision))
        return self._window(pieces, symbols, range(len(symbols)), ONE_MINUTE)

    def _instant(self, given: Moment) -> Nanos:
        """Return the instant of a clock time of the exchange, on the session's own date."""
        if isinstance(given, int):
            return given
        session = self._book.session
        try:
            local = datetime.fromisoformat(f"{session.date}T{given:0>5}")
        except ValueError:
            local = None
        if local is None or local.tzinfo is not None:
            raise SettingsError(f"{given!r} is no clock time; write it as '10:30', in exchange time")
        return int(local.replace(tzinfo=ZoneInfo(session.tz)).timestamp()) * SECOND_NS

    # --- sums

    def _metrics(self, symbol: str) -> SessionMetrics:
        book, column = self._book, self._column(symbol)
        regular = book.axis.regular
        values, present = column.values[regular], column.present[regular]
        first, high, low, last, mean = prices_of(values, present)
        number = book.grid.columns[symbol]
        verdicts = book.grid.verdicts[:, number : number + 1]
        return SessionMetrics(
            symbol=symbol,
            open=first,
            high=high,
            low=low,
            last=last,
            vwap=mean,
            volume=float(np.nansum(values[:, VOLUME])),
            bars=int(present.sum()),
            first_update_ns=int(book.first_update_ns[number]) or None,
            last_update_ns=int(book.last_update_ns[number]) or None,
            quality=self._quality_of(verdicts, extended=False),
            extended_quality=self._quality_of(verdicts, extended=True),
            extended_volume=float(np.nansum(column.values[~book.axis.is_regular, VOLUME])),
            revision=int(column.revisions.max(initial=0)),
        )

    def _quality_of(self, verdicts: Verdicts, *, extended: bool) -> Quality:
        book = self._book
        chosen = book.axis.is_regular != extended
        closed = int(chosen[: book.closed].sum())
        return quality_of(verdicts[chosen], closed)

    def _quality(self) -> QualityReport:
        book = self._book
        columns = [book.grid.columns[symbol] for symbol in book.symbols]
        verdicts = book.grid.verdicts[:, columns]
        ledger = book.ledger
        closed = max(min(book.closed, book.axis.regular.stop) - book.axis.regular.start, 0)
        bars = book.grid.present()[book.axis.regular][:closed].sum(axis=0)[columns].tolist()
        shares = [(percent(count, closed) or 0.0, symbol) for symbol, count in zip(book.symbols, bars, strict=True)]
        worst = [(symbol, share) for share, symbol in sorted(shares)[:10] if share < 100.0] if closed else []
        return QualityReport(
            session_date=book.session.date,
            worst=tuple(worst),
            quality=self._quality_of(verdicts, extended=False),
            extended_quality=self._quality_of(verdicts, extended=True),
            received=ledger.received,
            accepted=ledger.accepted,
            rejected=ledger.rejected,
            duplicates=ledger.duplicates,
            outranked=ledger.outranked,
            revised=ledger.revised,
            outside=ledger.outside,
            gaps=ledger.gaps,
            reasons=tuple(sorted(ledger.reasons.items())),
        )

    def _gaps(self, symbols: Sequence[str]) -> tuple[Gap, ...]:
        """Return the runs of closed minutes of which nothing is known."""
        book = self._book
        columns = [self._number(symbol) for symbol in symbols]
        missing: Mask = book.grid.verdicts[:, columns] < Verdict.NO_TRADE
        missing[book.closed :] = False
        return find_gaps(missing, book.axis, symbols)

    def _snapshot(self, asked: Sequence[str]) -> Snapshot:
        symbols = self._symbols(asked)
        return Snapshot(
            now_ns=self._now_ns,
            revision=self._book.revision,
            session_date=self._book.session.date,
            metrics=tuple(self._metrics(symbol) for symbol in symbols),
            latest=tuple(self._latest(symbol) for symbol in symbols),
            quotes=tuple(self._quotes.latest(symbol) for symbol in symbols),
            ticks=tuple(self._ticks.latest(symbol) for symbol in symbols),
        )
