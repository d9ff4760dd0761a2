"""The answers: everything that may be asked of the session, its history, quotes and ticks."""

from collections.abc import Sequence
from typing import Any, NoReturn, assert_never, cast

import msgspec
import numpy as np

from actors.kernel.outcome import Outcome, as_asked, refuse
from actors.market.gaps import find_gaps
from actors.session_data.answer.fill_forward import carried
from actors.session_data.answer.latest import latest_bar, latest_bars
from actors.session_data.answer.long_reader import LongReader
from actors.session_data.answer.matrix import MatrixReader
from actors.session_data.answer.metrics import metrics_of
from actors.session_data.answer.moments import span_of
from actors.session_data.answer.past import closed_bars, last_bars
from actors.session_data.answer.quality import Plane, past_report, report_of
from actors.session_data.answer.symbol_metrics import metrics_of_symbol
from actors.session_data.answer.tail import bar_count, last_window
from actors.session_data.hold.book import Book
from actors.session_data.hold.windows import Column, Heading, Piece, bars_of, window_of
from actors.session_data.past.history import History
from actors.session_data.past.warm_up import Requirements
from actors.session_data.take.ahead import Ahead
from actors.session_data.take.prints import Prints
from actors.session_data.take.trades_and_quotes import Trading
from messages.errors import BarkeeperError, NotReady, SettingsError, UnknownSymbol
from messages.history import GetWarmUp
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
    GetMatrix,
    GetMetrics,
    GetNow,
    GetQuality,
    GetQuotes,
    GetSession,
    GetSnapshot,
    GetTicks,
    GetVerdicts,
)
from messages.replies import QualityReport, SessionMetrics, Snapshot
from messages.tables.columns import Indices, Mask, freeze
from messages.tables.matrices import BarMatrix
from messages.tables.windows import BarWindow, VerdictPlane
from messages.values import FIRST_WITH_BAR, ONE_DAY, Bar, Gap, Interval, Nanos, Quote, Tick, Verdict


class _NotOpened:
    """The book before there is any: whatever is looked up in it is refused."""

    def __getattr__(self, name: str) -> NoReturn:
        raise NotReady("no session has been opened yet")


_NOT_OPENED = cast("Book", _NotOpened())


class Reader:
    """Answers questions about the session as it stands.

    Args:
        history: the closed sessions.
        requirements: what of them somebody needs.
        trading: quotes, trades, and the bars that are being made of them.
        ahead: shows minutes in the book before all of what they come to is there: enough for the shortest ways.
    """

    def __init__(self, history: History, requirements: Requirements, trading: Trading, ahead: Ahead) -> None:
        self._maybe_book: Book | None = None
        self._book = _NOT_OPENED
        self._now_ns: Nanos = 0
        self._history = history
        self._requirements = requirements
        self._trading = trading
        self._ahead = ahead
        self._quotes, self._ticks = trading.quotes, trading.ticks

    def open(self, book: Book) -> None:
        """Read from this session from now on."""
        self._maybe_book = self._book = book

    def read(self, query: SessionDataQuery, now_ns: Nanos) -> Outcome:
        """Answer, or refuse with an error that says why; as ``answer`` does."""
        try:
            return Outcome(self.answer(query, now_ns))
        except BarkeeperError as error:
            return refuse(query, error)

    def answer(self, query: SessionDataQuery, now_ns: Nanos) -> Any:
        """Return the answer.

        Args:
            query: the question.
            now_ns: session time.

        Raises:
            BarkeeperError: why there is none.
        """
        self._now_ns = now_ns
        # These are answered from closed minutes alone, nearly always; a match costs as much as all else before them.
        if type(query) is GetLastBars:
            return self._last_bars(query)
        if type(query) is GetLatestBar:
            return self._latest(query)
        if type(query) is GetMetrics:
            return as_asked(query, self._metrics(query.symbol))
        if type(query) is GetBarCount:
            return as_asked(query, self._count(query))
        if type(query) is GetLatestBars:
            return as_asked(query, latest_bars(self._book, *self._places(query.symbols)))
        self._settle()
        match query:
            case GetBars():
                return as_asked(query, self._bars(query))
            case GetMatrix():
                return as_asked(query, self._matrix(query))
            case GetSnapshot():
                return as_asked(query, self._snapshot(query.symbols))
            case GetChangesSince():
                return as_asked(query, self._changes_since(query.revision))
            case GetHistory():
                return as_asked(query, self._past(query))
            case GetQuality():
                return as_asked(query, self._quality(query))
            case GetWarmUp():
                return as_asked(query, self._requirements.warm_up(self._history))
            case GetGaps():
                return as_asked(query, self._gaps(self._symbols(query.symbols)))
            case GetVerdicts():
                return as_asked(query, self._verdicts(tuple(self._symbols(query.symbols))))
            case GetActiveSymbols():
                return as_asked(query, self._book.symbols)
            case GetNow():
                return as_asked(query, self._now_ns)
            case GetSession():
                return as_asked(query, None if self._maybe_book is None else self._maybe_book.session)
            case GetDigest():
                return as_asked(query, self._book.digest())
            case GetLatestQuote():
                return as_asked(query, self._quotes.latest(self._known(query.symbol, self._quotes)))
            case GetQuotes():
                return as_asked(query, self._quotes.last(self._known(query.symbol, self._quotes), query.count))
            case GetLatestTick():
                return as_asked(query, self._ticks.latest(self._known(query.symbol, self._ticks)))
            case GetTicks():
                return as_asked(query, self._ticks.last(self._known(query.symbol, self._ticks), query.count))
            case _:
                assert_never(query)

    # --- finding

    def _settle(self) -> None:
        """Have just what is over in the book, all of it: who goes a longer way looks at more than closed minutes."""
        if self._maybe_book is not None:
            self._now_ns = max(self._now_ns, self._ahead.settle(self._maybe_book))

    def _number(self, symbol: str) -> int:
        book = self._book
        column = book.column(symbol)
        if column is None:
            raise UnknownSymbol.among(symbol, book.symbols)
        return column

    def _columns(self, symbols: Sequence[str]) -> Indices:
        book = self._book
        columns = list(map(book.grid.columns.get, symbols))
        if book.removed or None in columns:
            columns = [self._number(symbol) for symbol in symbols]
        return np.array(columns, dtype=np.int32)

    def _column(self, symbol: str) -> Column:
        book, column = self._book, self._number(symbol)
        return Column(
            axis=book.axis,
            values=book.grid.values[:, :, column],
            verdicts=book.grid.verdicts[:, column],
            revisions=book.grid.revisions[:, column],
            closed=book.closed,
        )

    def _partial_column(self, symbol: str) -> Column:
        """Return a symbol's column with the bars that are being made of trades."""
        slot_of = self._book.axis.slot_of
        bars = [(slot_of(start_ns), bar) for start_ns, bar in self._trading.forming(symbol)]
        column = self._column(symbol)
        inside = [(slot, bar) for slot, bar in bars if slot is not None]
        return column.with_forming(inside) if inside else column

    def _symbols(self, asked: Sequence[str]) -> Sequence[str]:
        return asked or self._book.symbols

    def _known(self, symbol: str, prints: Prints[Quote] | Prints[Tick]) -> str:
        known = prints.symbols() | set(self._maybe_book.symbols if self._maybe_book else ())
        if symbol not in known:
            raise UnknownSymbol.among(symbol, sorted(known))
        return symbol

    def _known_before(self, symbol: str) -> None:
        """Refuse a symbol that neither the session nor any before it knows."""
        if self._book.column(symbol) is None and not self._history.knows(symbol):
            raise UnknownSymbol.among(symbol, self._book.symbols)

    def _places(self, asked: tuple[str, ...]) -> tuple[tuple[str, ...], slice | Indices]:
        """Return symbols and their columns; none asked for: all active ones."""
        book = self._book
        return (asked, self._columns(asked)) if asked else (book.symbols, book.everybody)

    def _metrics(self, symbol: str) -> SessionMetrics:
        self._ahead.stamp()
        return metrics_of_symbol(self._book, symbol, self._number(symbol))

    def _heading(self, symbols: Sequence[str], interval: Interval) -> Heading:
        book = self._book
        return Heading(
            symbols=tuple(symbols),
            interval=interval,
            tz=book.session.tz,
            now_ns=self._now_ns,
            revision=book.revision,
        )

    def _window(self, pieces: Sequence[Piece], heading: Heading, owners: Sequence[int] | None = None) -> BarWindow:
        return window_of(pieces, owners or [0] * len(pieces), self._book.grid.values.shape[1], heading)

    # --- bars

    def _latest(self, query: GetLatestBar) -> Bar | None:
        symbol, interval, book = query.symbol, query.interval, self._book
        if not query.include_partial:
            column = book.grid.columns.get(symbol)
            if column is None or symbol in book.removed:
                column = self._number(symbol)
            if interval == book.axis.interval:
                return latest_bar(book, column, symbol)
            window = last_window(book, column, GetLastBars(symbol=symbol, count=1, interval=interval), self._now_ns)
            if window is not None:
                return window.bar(-1) if len(window) else None
        self._settle()
        piece = self._of_session(symbol, interval, partial=query.include_partial)
        window = self._window([piece.cut(slice(-1, None))], self._heading((symbol,), interval))
        return window.bar(-1) if len(window) else None

    def _last_bars(self, query: GetLastBars) -> BarWindow:
        if query.count < 1:
            raise SettingsError(f"the number of bars is 1 or more, not {query.count}")
        book, symbol = self._book, query.symbol
        if query.fill is None and not query.include_partial:
            column = book.grid.columns.get(symbol)
            if column is None or symbol in book.removed:
                column = self._number(symbol)
            window = last_window(book, column, query, self._now_ns)
            if window is not None:
                return window
        self._settle()
        if query.interval.is_long:
            pieces = [
                self._long(query.interval).last(query, self._column_for(query.symbol, partial=query.include_partial))
            ]
        else:
            pieces = last_bars(self._history, query, self._today(query), book.session.date)
        short = query.count - sum(map(len, pieces))
        return self._window(pieces, self._headed(query, short=short, is_adjusted=query.is_adjusted))

    def _bars(self, query: GetBars) -> BarWindow:
        piece = self._today(query)
        if query.fill is not None:
            (piece,) = carried([piece], is_across=False)
        inside: Mask = np.ones(len(piece), dtype=np.bool_)
        first, end = span_of(query.start, query.end, self._book.session)
        if first is not None:
            inside &= piece.start_ns >= first
        if end is not None:
            inside &= piece.start_ns < end
        is_before = end is not None and end <= self._book.session.start_ns
        heading = msgspec.structs.replace(self._headed(query), is_before_session=is_before)
        return self._window([piece.cut(inside)], heading)

    def _matrix(self, query: GetMatrix) -> BarMatrix:
        if query.count < 1:
            raise SettingsError(f"the number of rows is 1 or more, not {query.count}")
        return MatrixReader(self._book, self._history, *self._places(query.symbols), query).read(self._now_ns)

    def _count(self, query: GetBarCount) -> int:
        found = bar_count(self._book, self._number(query.symbol), query.interval)
        if found is not None:
            return found
        self._settle()
        return len(self._of_session(query.symbol, query.interval))

    def _today(self, query: GetBars | GetLastBars) -> Piece:
        """Return what the open session has, with its blanks where they shall be carried."""
        return self._of_session(
            query.symbol, query.interval, partial=query.include_partial, has_blanks=query.fill is not None
        )

    def _of_session(self, symbol: str, interval: Interval, *, partial: bool = False, has_blanks: bool = False) -> Piece:
        column = self._column_for(symbol, partial=partial)
        if interval.is_long:
            return self._long(interval).of_session(symbol, column, partial=partial, fill=has_blanks)
        return bars_of(column, interval, include_partial=partial, with_blanks=has_blanks)

    def _column_for(self, symbol: str, *, partial: bool) -> Column:
        return self._partial_column(symbol) if partial else self._column(symbol)

    def _long(self, interval: Interval) -> LongReader:
        return LongReader(self._history, self._book.session, interval)

    def _past(self, query: GetHistory) -> BarWindow:
        if query.sessions < 1:
            raise SettingsError(f"the number of sessions is 1 or more, not {query.sessions}")
        self._known_before(query.symbol)
        interval = ONE_DAY if query.interval.is_long else query.interval
        if query.interval.is_long:
            pieces = [self._long(query.interval).closed(query)]
        else:
            pieces = closed_bars(self._history, query, self._book.session.date)
        short = query.sessions - self._history.known_sessions(query.symbol, interval, query.sessions)
        return self._window(pieces, self._headed(query, short=short, is_adjusted=query.is_adjusted))

    def _headed(
        self, query: GetBars | GetLastBars | GetHistory, *, short: int = 0, is_adjusted: bool = False
    ) -> Heading:
        plain = self._heading((query.symbol,), query.interval)
        return msgspec.structs.replace(plain, fill=query.fill, short=short, is_adjusted=is_adjusted)

    def _changes_since(self, revision: int) -> BarWindow:
        symbols, base = self._book.symbols, self._book.axis.interval
        pieces = []
        for symbol in symbols:
            piece = bars_of(self._column(symbol), base)
            pieces.append(piece.cut(piece.revisions > revision))
        return self._window(pieces, self._heading(symbols, base), range(len(symbols)))

    # --- sums

    def _quality(self, query: GetQuality) -> QualityReport:
        if query.sessions < 0:
            raise SettingsError(f"the number of sessions is 0 (the open one) or more, not {query.sessions}")
        if query.sessions:
            return self._past_quality(query)
        book = self._book
        for symbol in query.symbols:
            self._number(symbol)
        symbols = self._symbols(query.symbols)
        report = report_of([Plane.of_book(book, symbols)], query.interval, book.ledger, date=book.session.date)
        return msgspec.structs.replace(report, catching_up=tuple(sorted(book.catching_up.keys() & set(symbols))))

    def _past_quality(self, query: GetQuality) -> QualityReport:
        for symbol in query.symbols:
            self._known_before(symbol)
        return past_report(self._history, query)

    def _gaps(self, symbols: Sequence[str]) -> tuple[Gap, ...]:
        """Return the runs of closed minutes of which nothing is known."""
        book = self._book
        columns = [self._number(symbol) for symbol in symbols]
        missing: Mask = book.grid.verdicts[:, columns] < Verdict.NO_TRADE
        missing[book.closed :] = False
        return find_gaps(missing, book.axis, symbols)

    def _verdicts(self, symbols: tuple[str, ...]) -> VerdictPlane:
        book = self._book
        plane = book.grid.verdicts[:, [self._number(symbol) for symbol in symbols]]
        coming = plane[book.closed :]
        coming[coming < FIRST_WITH_BAR] = Verdict.PENDING
        return VerdictPlane(
            session=book.session,
            symbols=symbols,
            start_ns=book.axis.starts_ns,
            verdicts=freeze(plane),
            closed=book.closed,
            now_ns=self._now_ns,
            revision=book.revision,
        )

    def _snapshot(self, asked: tuple[str, ...]) -> Snapshot:
        symbols, columns = self._places(asked)
        return Snapshot(
            now_ns=self._now_ns,
            revision=self._book.revision,
            session_date=self._book.session.date,
            metrics=tuple(metrics_of(self._book, symbols, columns)),
            latest=latest_bars(self._book, symbols, columns),
            quotes=tuple(map(self._quotes.latest, symbols)),
            ticks=tuple(map(self._ticks.latest, symbols)),
        )
