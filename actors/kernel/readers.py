"""What may be asked of the session, as methods; every answer is a future."""

from collections.abc import Iterable
from datetime import datetime

from actors.kernel.address import RoomAddress
from actors.kernel.future import Future
from messages.errors import SettingsError
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
)
from messages.replies import QualityReport, SessionMetrics, Snapshot
from messages.values import SECOND_NS, Bar, Gap, Interval, Quote, Tick, TradingSession
from messages.windows import BarWindow

Moment = datetime | str | int
"""An aware datetime, a clock time of the exchange (``"10:30"``), or nanoseconds UTC."""


class Readers:
    """The questions; from any thread, in any number."""

    def __init__(self, session: RoomAddress) -> None:
        self._session = session

    def latest_bar(
        self, symbol: str, interval: str | Interval = "1m", *, include_partial: bool = False
    ) -> Future[Bar | None]:
        """The latest bar of a symbol; ``None`` before its first."""
        return self._session.ask(
            GetLatestBar(symbol=symbol, interval=Interval.parse(interval), include_partial=include_partial)
        )

    def latest_bars(self, symbols: Iterable[str] = ()) -> Future[tuple[Bar | None, ...]]:
        """The latest base bar of each symbol, in the order asked; none named: all active ones."""
        return self._session.ask(GetLatestBars(symbols=tuple(symbols)))

    def last_bars(
        self,
        symbol: str,
        n: int,
        interval: str | Interval = "1m",
        *,
        with_history: bool = False,
        include_partial: bool = False,
    ) -> Future[BarWindow]:
        """The last ``n`` finished bars that exist; ``with_history`` across session boundaries."""
        return self._session.ask(
            GetLastBars(
                symbol=symbol,
                count=n,
                interval=Interval.parse(interval),
                with_history=with_history,
                include_partial=include_partial,
            )
        )

    def bars(
        self,
        symbol: str,
        start: Moment | None = None,
        end: Moment | None = None,
        interval: str | Interval = "1m",
        *,
        include_partial: bool = False,
    ) -> Future[BarWindow]:
        """The bars that start in ``[start, end)``; ``None`` is the session's edge."""
        return self._session.ask(
            GetBars(
                symbol=symbol,
                start=_moment(start),
                end=_moment(end),
                interval=Interval.parse(interval),
                include_partial=include_partial,
            )
        )

    def bars_since(self, symbol: str, since: Moment, interval: str | Interval = "1m") -> Future[BarWindow]:
        """The bars that start at ``since`` or later."""
        return self.bars(symbol, since, None, interval)

    def bar_count(self, symbol: str, interval: str | Interval = "1m") -> Future[int]:
        """How many finished bars a symbol has in this session."""
        return self._session.ask(GetBarCount(symbol=symbol, interval=Interval.parse(interval)))

    def metrics(self, symbol: str) -> Future[SessionMetrics]:
        """One symbol's session so far."""
        return self._session.ask(GetMetrics(symbol=symbol))

    def quality(self) -> Future[QualityReport]:
        """How complete the session is, and what was received."""
        return self._session.ask(GetQuality())

    def gaps(self, symbols: Iterable[str] = ()) -> Future[tuple[Gap, ...]]:
        """What is missing so far, in runs; symbols that miss the same minutes are named together."""
        return self._session.ask(GetGaps(symbols=tuple(symbols)))

    def active_symbols(self) -> Future[tuple[str, ...]]:
        """The symbols of the session."""
        return self._session.ask(GetActiveSymbols())

    def history(self, symbol: str, sessions: int = 1, interval: str | Interval = "1m") -> Future[BarWindow]:
        """The bars of the last ``sessions`` closed sessions, oldest first."""
        return self._session.ask(GetHistory(symbol=symbol, sessions=sessions, interval=Interval.parse(interval)))

    def snapshot(self, symbols: Iterable[str] = ()) -> Future[Snapshot]:
        """One consistent cut over symbols: metrics, latest bars, quotes and ticks."""
        return self._session.ask(GetSnapshot(symbols=tuple(symbols)))

    def changes_since(self, revision: int) -> Future[BarWindow]:
        """The base bars that changed after a revision; the reply's ``revision`` is where to go on."""
        return self._session.ask(GetChangesSince(revision=revision))

    def session(self) -> Future[TradingSession | None]:
        """The session that readers see."""
        return self._session.ask(GetSession())

    def digest(self) -> Future[str]:
        """The digest of the session that readers see: equal content, equal digest."""
        return self._session.ask(GetDigest())

    def latest_quote(self, symbol: str) -> Future[Quote | None]:
        """The latest quote of a symbol."""
        return self._session.ask(GetLatestQuote(symbol=symbol))

    def quotes(self, symbol: str, n: int) -> Future[tuple[Quote, ...]]:
        """The last ``n`` quotes that are kept, oldest first."""
        return self._session.ask(GetQuotes(symbol=symbol, count=n))

    def latest_tick(self, symbol: str) -> Future[Tick | None]:
        """The latest trade of a symbol."""
        return self._session.ask(GetLatestTick(symbol=symbol))

    def ticks(self, symbol: str, n: int) -> Future[tuple[Tick, ...]]:
        """The last ``n`` trades that are kept, oldest first."""
        return self._session.ask(GetTicks(symbol=symbol, count=n))


def _moment(given: Moment | None) -> int | str | None:
    if not isinstance(given, datetime):
        return given
    if given.tzinfo is None:
        raise SettingsError(
            f"{given.isoformat()} has no time zone; give one, or a clock time of the exchange like '10:30'"
        )
    return int(given.timestamp()) * SECOND_NS + given.microsecond * 1000
