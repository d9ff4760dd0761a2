"""Store: the door for programs that read what was stored, without a system. Nothing is written."""

import inspect
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from types import TracebackType
from typing import Self

import msgspec
import numpy as np

from actors.kernel.ask import arguments as take
from actors.kernel.ask.asked_span import AskedSpan
from actors.kernel.prints import untraded_in
from actors.kernel.readings import dates_left
from actors.market.axis import SessionAxis
from actors.market.gaps import find_gaps
from actors.market.instants import Day, Moment
from actors.market.planes import spread, with_runs
from actors.reading.spelling.addresses import Place
from actors.session_data.answer.long_bars import Blocks, finished, long_bars
from actors.session_data.hold.windows import Heading, Piece, window_of
from actors.session_data.past.history import HistoryDay
from actors.storage.elsewhere.opening import open_store
from actors.storage.own_hours import Calendars
from messages.certificates import SessionCertificate
from messages.errors import DataError, SettingsError, UnknownSymbol, shown
from messages.tables.columns import EXTRA_FIELDS, FIELDS, BarBatch, DayGrid, freeze
from messages.tables.notebook import Rows
from messages.tables.windows import BarWindow, VerdictPlane
from messages.values import ONE_DAY, ONE_MINUTE, Gap, Interval, TradingSession, Verdict

_FIELDS = len(FIELDS) + len(EXTRA_FIELDS)
_NONE = np.zeros(0, dtype=np.uint8)


class Store:
    """The bars of a stored market, read by symbol and time.

    As in ``Store("store").bars("AAPL", "2024-07-01", "2024-07-05", "5m").to_pandas()``.

    Derived bars are made as in a session: anchored at the open, never across a break, none without a bar. May be used
    from any thread, and while somebody writes.

    Args:
        path: the folder, or an address such as ``postgresql://host/bars``.
        calendar: whose days; needed only where a store has those of several, and the symbols do not tell.

    Raises:
        DataError: there is no store, or it has no day of that calendar.
        SettingsError: nobody knows the calendar.
    """

    def __init__(self, path: Place, calendar: str | None = None) -> None:
        self._place = _place(path)
        self._files = open_store(self._place, read_only=True)
        self._sessions = Calendars.of(self._files)
        self._warned: set[str] = set()
        self._only = None if calendar is None else self._sessions(take.text(calendar, "calendar")).name
        if self._only is not None and self._only not in self.calendars():
            raise DataError(f"{self._files.root} has no day of {calendar}; it has: {', '.join(self.calendars())}")

    def calendars(self) -> tuple[str, ...]:
        """Return the calendars that have days in the folder, sorted."""
        return Rows(self._files.calendars())

    def symbols(self, date: Day | None = None) -> tuple[str, ...]:
        """Return the symbols that have bars, of one session date or of any, sorted.

        Raises:
            DataError: the day cannot be read; where none is named, such days are left out with a warning.
            SettingsError: that is no date.
        """
        wanted = take.day(date, "date")
        if wanted is not None:
            return Rows(sorted({name for calendar in self._mine() for name in self._files.symbols(calendar, wanted)}))
        days = ((calendar, day) for calendar in self._mine() for day in self._dates(calendar))
        return Rows(sorted({name for calendar, day in days for name in self._names(calendar, day)}))

    def dates(self, symbol: str | None = None) -> tuple[str, ...]:
        """Return the session dates (ISO) that have bars, of one symbol or of any, ascending.

        What lies in a file that cannot be read is left out; of each a store warns once.

        Raises:
            UnknownSymbol: no day has that symbol.
        """
        if symbol is None:
            return Rows(sorted({date for calendar in self._mine() for date in self._dates(calendar)}))
        name = take.symbol(symbol)
        return Rows(self._dates_of(self._calendar_of([name]), name))

    def bars(
        self,
        symbols: str | Iterable[str],
        start: Moment | None = None,
        end: Moment | None = None,
        interval: object = None,
        *,
        extended: bool = False,
    ) -> BarWindow:
        """Return bars, symbol after symbol, each in order of time.

        Args:
            symbols: one or several.
            start: a date, whose session is the first, or an instant at which the first bar may start.
            end: a date, whose session is the last, or an instant before which bars start.
            interval: such as ``"5m"`` or ``"1d"``; by default that of the stored bars.
            extended: whether pre-market and post-market bars as well; a day's bar never has them.

        Raises:
            DataError: a day cannot be read.
            SettingsError: an argument makes no sense, or the symbols are of different calendars.
            UnknownSymbol: no day has a symbol.
        """
        names = take.symbols(symbols)
        base = self._files.base_interval() or ONE_MINUTE
        asked = base if interval is None else take.interval(interval)
        calendar = self._calendar_of(names)
        span = AskedSpan(start, end)
        if asked.is_long:
            pieces = self._long_pieces(calendar, names, span, asked)
        else:
            pieces = self._pieces(calendar, names, span, asked, extended=take.flag(extended, "extended"))
        found = [piece for name in names for piece in pieces[name] if len(piece)]
        owners = [place for place, name in enumerate(names) for piece in pieces[name] if len(piece)]
        fields = _FIELDS if any(np.isfinite(piece.values[:, len(FIELDS) :]).any() for piece in found) else len(FIELDS)
        latest = max((int(piece.end_ns[-1]) for piece in found), default=0)
        heading = Heading(symbols=names, interval=asked, tz=self._sessions(calendar).tz, now_ns=latest, revision=0)
        return window_of(found, owners, fields, heading)

    def missing(
        self,
        symbols: str | Iterable[str] | None = None,
        start: Day | None = None,
        end: Day | None = None,
        *,
        extended: bool = False,
    ) -> tuple[Gap, ...]:
        """Return the runs of minutes that have no bar, by session; symbols that miss the same are named together.

        Of a symbol every session counts from the first to the last that has a bar of it, those that the store lacks
        too. Minutes that a certificate knows as NO_TRADE are not missing.

        Args:
            symbols: one or several; all by default.
            start: the first session's date; none before it.
            end: the last session's date; none after it.
            extended: whether pre-market and post-market minutes count as well.

        Raises:
            DataError: a day cannot be read.
            SettingsError: an argument makes no sense, or the symbols are of different calendars.
            UnknownSymbol: no day has a symbol.
        """
        names = self.symbols() if symbols is None else take.symbols(symbols)
        calendar = self._calendar_of(names)
        first, last = take.day(start, "start"), take.day(end, "end")
        held = {name: self._dates_of(calendar, name) for name in names}
        gaps: list[Gap] = []
        for session in self._between(calendar, AskedSpan(first, last), extended=take.flag(extended, "extended")):
            there = [name for name in names if held[name][0] <= session.date <= held[name][-1]]
            if there:
                grid = self._grid(session, there)
                gaps += find_gaps(grid.verdicts < Verdict.NO_TRADE, SessionAxis(session), there)
        return Rows(gaps)

    def verdicts(
        self, date: Day, symbols: str | Iterable[str] | None = None, *, extended: bool = False
    ) -> VerdictPlane:
        """Return what is known about every minute of a day, minutes without a bar included.

        Args:
            date: the session's.
            symbols: one or several; all of that day by default.
            extended: whether pre-market and post-market minutes as well.

        Raises:
            DataError: there is no such day, or it cannot be read.
            SettingsError: an argument makes no sense, or days of several calendars have that date.
            UnknownSymbol: the day has not a symbol.
        """
        calendar, wanted = self._day_of(date)
        there = self._files.symbols(calendar, wanted)
        names = there if symbols is None else take.symbols(symbols)
        for name in names:
            if name not in there:
                raise UnknownSymbol.among(name, there)
        session = self._session(calendar, wanted, extended=take.flag(extended, "extended"))
        return VerdictPlane(
            session=session,
            symbols=names,
            start_ns=SessionAxis(session).starts_ns,
            verdicts=self._grid(session, names).verdicts,
            closed=SessionAxis(session).slots,
            now_ns=session.end_ns,
            revision=0,
        )

    def certificate(self, date: Day) -> SessionCertificate | None:
        """Return the certificate of a day; ``None``: it has none.

        Raises:
            DataError: there is no such day, or its certificate cannot be read.
            SettingsError: that is no date, or days of several calendars have it.
        """
        return self._files.certificate(*self._day_of(date))

    def close(self) -> None:
        """Release what is held; may be called twice."""
        self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __fspath__(self) -> str:
        return self._place

    def __repr__(self) -> str:
        return f"Store({str(self._files.root)!r})"

    # --- which days

    def _mine(self) -> tuple[str, ...]:
        return self.calendars() if self._only is None else (self._only,)

    def _calendar_of(self, symbols: Sequence[str]) -> str:
        """Return the calendar of symbols: the only one, or the one of which days have them."""
        mine = self._mine()
        homes = {name: [calendar for calendar in mine if self._has(calendar, name)] for name in symbols}
        for name, calendars in homes.items():
            if not calendars:
                raise UnknownSymbol.among(name, self.symbols())
        shared = [calendar for calendar in mine if all(calendar in calendars for calendars in homes.values())]
        if len(shared) != 1:
            raise SettingsError(
                f"the symbols are of several calendars ({', '.join(mine)}): ask for those of one at a time, "
                "or name it, as in Store(path, calendar=...)"
            )
        return shared[0]

    def _day_of(self, date: Day) -> tuple[str, str]:
        """Return the calendar that has a day, and its date."""
        wanted = take.day(date, "date")
        if wanted is None:
            raise SettingsError("date: say which day")
        calendars = [calendar for calendar in self._mine() if wanted in self._dates(calendar)]
        if not calendars:
            for calendar in self._mine():
                self._check_readable(calendar, wanted, wanted)
            raise DataError(f"{self._files.root} has no day {wanted}")
        if len(calendars) > 1:
            several = ", ".join(calendars)
            raise SettingsError(
                f"{wanted} is of several calendars ({several}): name one, as in Store(path, calendar=...)"
            )
        return calendars[0], wanted

    def _session(self, calendar: str, date: str, *, extended: bool) -> TradingSession:
        sessions = self._sessions(calendar)
        session = sessions.extended_session(date) if extended else sessions.session(date)
        if session is None:
            raise DataError(f"{self._files.root} has {date} under {calendar}, which has no session on that day")
        return msgspec.structs.replace(session, base_interval=self._files.base_interval() or ONE_MINUTE)

    def _has(self, calendar: str, symbol: str) -> bool:
        dates = reversed(self._dates(calendar))  # most symbols are there until the end
        return any(symbol in self._names(calendar, date) for date in dates)

    def _dates_of(self, calendar: str, symbol: str) -> tuple[str, ...]:
        return tuple(date for date in self._dates(calendar) if symbol in self._names(calendar, date))

    def _dates(self, calendar: str) -> tuple[str, ...]:
        """Return the dates that can be read; of a file that cannot, and has others, there is a warning."""
        dates, lost = dates_left(self._files, calendar)
        for reason in lost.values():
            self._warn(f"{reason.rstrip('.')}; its days are left out")
        return dates

    def _names(self, calendar: str, date: str) -> tuple[str, ...]:
        """Return the symbols of a day; none of one that cannot be read, with a warning."""
        try:
            return self._files.symbols(calendar, date)
        except DataError as error:
            self._warn(f"{str(error).rstrip('.')}; its days are left out")
            return ()

    def _warn(self, left_out: str) -> None:
        """Warn of what is left out, once, where a program has asked for it."""
        if left_out in self._warned:
            return
        self._warned.add(left_out)
        frame, level = inspect.currentframe(), 1
        while frame is not None and frame.f_globals.get("__name__") == __name__:
            frame, level = frame.f_back, level + 1
        warnings.warn(left_out, stacklevel=level)

    def _check_readable(self, calendar: str, first: str, last: str) -> None:
        """Check that no day from one date to another lies in a file that cannot be read.

        Raises:
            DataError: one may.
        """
        for period, reason in dates_left(self._files, calendar)[1].items():
            if first[: len(period)] <= period <= last[: len(period)]:
                raise DataError(reason)

    def _between(self, calendar: str, span: AskedSpan, *, extended: bool) -> Iterator[TradingSession]:
        """Yield the sessions from the first to the last day of the store that a span touches, missing days included.

        There is a warning of each day that has bars, and in the calendar no session.
        """
        self._check_readable(calendar, span.first, span.last)
        dates, sessions = self._dates(calendar), self._sessions(calendar)
        first, last = max(dates[0], span.first), min(dates[-1], span.last)
        base = self._files.base_interval() or ONE_MINUTE
        there = sessions.sessions(first, last) if first <= last else ()
        for day in sorted({day for day in dates if first <= day <= last} - {session.date for session in there}):
            self._warn(f"{calendar} has no session on {day}; what the store has of it is left out")
        for session in there:
            whole = sessions.extended_session(session.date) if extended else session
            assert whole is not None, "it has just been there"
            yield msgspec.structs.replace(whole, base_interval=base)

    def _pieces(
        self,
        calendar: str,
        symbols: Sequence[str],
        span: AskedSpan,
        interval: Interval,
        *,
        extended: bool,
        with_blanks: bool = False,
    ) -> dict[str, list[Piece]]:
        """Return by symbol its bars, session by session."""
        pieces: dict[str, list[Piece]] = {name: [] for name in symbols}
        for day in self._days(calendar, symbols, span, extended=extended):
            for name in symbols:
                piece = day.piece(name, interval, with_blanks=with_blanks)
                if piece is not None and len(piece):
                    pieces[name].append(piece.cut(span.holds(piece.start_ns)))
        return pieces

    def _long_pieces(
        self, calendar: str, symbols: Sequence[str], span: AskedSpan, interval: Interval
    ) -> dict[str, list[Piece]]:
        """Return by symbol its bars of several sessions that begin in a span; those around them make them whole."""
        wanted, wide = list(self._between(calendar, span, extended=False)), span.widened(interval.sessions)
        if not wanted:
            return {name: [] for name in symbols}
        dates, blocks = self._dates(calendar), Blocks(interval, calendar)
        daily = self._pieces(calendar, symbols, wide, ONE_DAY, extended=False, with_blanks=True)
        oldest = max(wide.first, dates[0])
        pieces = {}
        for name in symbols:
            made = long_bars(
                daily[name],
                blocks,
                today=date.fromisoformat(dates[-1]).toordinal(),
                oldest=date.fromisoformat(oldest).toordinal(),
                is_first=oldest == dates[0],
                has_blanks=False,
            )
            told = finished(made, fill=False, partial=False)
            told = told.cut(span.holds(told.start_ns))
            pieces[name] = [told.cut((told.start_ns >= wanted[0].start_ns) & (told.start_ns < wanted[-1].end_ns))]
        return pieces

    def _days(self, calendar: str, symbols: Sequence[str], span: AskedSpan, *, extended: bool) -> Iterator[HistoryDay]:
        """Yield the days that the store has, one in memory at a time."""
        stored = set(self._dates(calendar))
        for session in self._between(calendar, span, extended=extended):
            if session.date in stored:
                yield HistoryDay(self._grid(session, symbols))

    def _grid(self, session: TradingSession, symbols: Sequence[str]) -> DayGrid:
        axis = SessionAxis(session)
        day = self._files.read(session.calendar, session.date, symbols)
        certificate = self._files.certificate(session.calendar, session.date)
        bars, verdicts = (BarBatch.of(()), _NONE) if day is None else (day.bars, day.verdicts)
        values, plane = spread(axis, symbols, bars, verdicts, _FIELDS)
        found = untraded_in(self._files, session.calendar, session.date)
        plane = with_runs(axis, symbols, plane, (*found, *(() if certificate is None else certificate.runs)))
        return DayGrid(session=session, symbols=tuple(symbols), values=freeze(values), verdicts=freeze(plane))


def _place(path: object) -> str:
    if isinstance(path, (str, os.PathLike)) and (place := os.fspath(path)):
        return place
    raise SettingsError(f"path: expected the folder or the address of a store, got {shown(path)}")
