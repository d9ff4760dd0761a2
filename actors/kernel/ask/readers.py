"""What may be asked of the session, and of those that settled, as methods; every answer is a future."""

from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

from actors.kernel.address import RoomAddress
from actors.kernel.ask import arguments as take
from actors.kernel.future import Future
from actors.market.instants import Day, Moment
from messages.certificates import GapStory, SessionCertificate
from messages.history import GetWarmUp, WarmUp
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
    GetQuality,
    GetQuotes,
    GetSession,
    GetSnapshot,
    GetTicks,
    GetVerdicts,
)
from messages.repairs import GetCertificate, GetGapStories
from messages.replies import QualityReport, SessionMetrics, Snapshot
from messages.tables.matrices import BarMatrix
from messages.tables.windows import BarWindow, VerdictPlane
from messages.values import ONE_MINUTE, Bar, BarField, Fill, Gap, Interval, Quote, Tick, TradingSession

Length = str | Interval | timedelta
"""The length of a bar: ``"5m"``, a timedelta, or an ``Interval``."""

_MOST_REMEMBERED = 4096
"""Of so many questions it is remembered what was made of their arguments: loops ask the same at every minute."""


class Readers:
    """The questions; from any thread, in any number. One text is one symbol wherever several may be named.

    What cannot be meant raises ``SettingsError`` before anything is asked: it names the argument and what it takes.
    Where no ``interval`` is named, bars are base bars: of a minute, or of the system's ``base_interval``.
    """

    def __init__(self, session: RoomAddress, upkeep: RoomAddress, base: Interval = ONE_MINUTE) -> None:
        self._session = session
        self._upkeep = upkeep
        self._base = base

    def _interval(self, given: Length | None) -> Interval:
        return self._base if given is None else take.interval(given)

    def latest_bar(
        self, symbol: str, interval: Length | None = None, *, include_partial: bool = False
    ) -> Future[Bar | None]:
        """The latest bar of a symbol; ``None`` before its first."""
        interval = self._base if interval is None else interval
        try:
            query = _latest_bar(symbol, interval, include_partial)
        except TypeError:  # what cannot be looked up, a list, say
            query = _latest_bar.__wrapped__(symbol, interval, include_partial)
        return self._session.ask(query)

    def latest_bars(self, symbols: str | Iterable[str] = ()) -> Future[tuple[Bar | None, ...]]:
        """The latest base bar of each symbol, in the order asked; none named: all active ones."""
        return self._session.ask(GetLatestBars(symbols=take.symbols(symbols)))

    def last_bars(
        self,
        symbol: str,
        n: int,
        interval: Length | None = None,
        *,
        with_history: bool = False,
        include_partial: bool = False,
        fill: str | None = None,
        adjusted: bool = False,
    ) -> Future[BarWindow]:
        """The last ``n`` finished bars that exist; ``window.short`` says how many fewer there are.

        Args:
            symbol: one of the session.
            n: how many.
            interval: of the bars.
            with_history: across session boundaries, as far back as history goes.
            include_partial: the forming bar too.
            fill: ``"forward"``: closed minutes without a bar, from the first bar on, have the close before them and
                no volume, and are marked (``window.is_filled``, ``window.verdicts``).
            adjusted: take splits and dividends up to the session's date out of the bars before it.
        """
        given: tuple[object, ...] = symbol, n, self._base if interval is None else interval
        if with_history is not False or include_partial is not False or fill is not None or adjusted is not False:
            given += with_history, include_partial, fill, adjusted
        try:
            query = _last_bars(*given)
        except TypeError:  # what cannot be looked up, a list, say
            query = _last_bars.__wrapped__(*given)
        return self._session.ask(query)

    def bars(
        self,
        symbol: str,
        start: Moment | None = None,
        end: Moment | None = None,
        interval: Length | None = None,
        *,
        include_partial: bool = False,
        fill: str | None = None,
    ) -> Future[BarWindow]:
        """The bars of this session that start in ``[start, end)``; ``None`` is its edge. ``fill`` as in ``last_bars``.

        A date means the session of that date, from its first to its last minute; of closed ones see ``history``.
        """
        return self._session.ask(
            GetBars(
                symbol=take.symbol(symbol),
                start=None if start is None else take.moment(start, "start"),
                end=None if end is None else take.moment(end, "end"),
                interval=self._interval(interval),
                include_partial=take.flag(include_partial, "include_partial"),
                fill=None if fill is None else take.choice(Fill, fill, "fill"),
            )
        )

    def matrix(
        self,
        n: int,
        interval: Length | None = None,
        fields: str | Iterable[str] = (BarField.CLOSE,),
        symbols: str | Iterable[str] = (),
        fill: str | None = None,
        *,
        with_history: bool = False,
        adjusted: bool = False,
    ) -> Future[BarMatrix]:
        """The last ``n`` closed bars of the whole market, side by side: ``matrix["close"]`` is rows x symbols.

        A row is a minute (or a longer bar) of the calendar, the same for all symbols, unlike the bars of ``last_bars``:
        who has no bar in it has NaN there, and ``matrix.verdicts`` says why. A row comes when its minute has closed,
        grace included; ``matrix.short`` says how many rows fewer there are. The market as it stands, a column a
        symbol, is ``matrix(1, fields=(), fill="forward")``.

        Args:
            n: how many rows.
            interval: of the bars.
            fields: which numbers of them: open, high, low, close, volume, and vwap and trades where they are kept;
                none named: the first five.
            symbols: whose, in this order; none named: all active ones, sorted.
            fill: ``"forward"``: cells without a bar, from a symbol's first bar on, have the close before them and no
                volume, and are marked (``matrix.is_filled``); the close may lie before the first row.
            with_history: across session boundaries, as far back as history goes.
            adjusted: take splits and dividends up to the session's date out of the bars before it.
        """
        return self._session.ask(
            GetMatrix(
                count=take.count(n, "n"),
                interval=self._interval(interval),
                fields=take.choices(BarField, fields, "fields"),
                symbols=_once(symbols),
                fill=None if fill is None else take.choice(Fill, fill, "fill"),
                with_history=take.flag(with_history, "with_history"),
                is_adjusted=take.flag(adjusted, "adjusted"),
            )
        )

    def bars_since(self, symbol: str, since: Moment, interval: Length | None = None) -> Future[BarWindow]:
        """The bars that start at ``since`` or later."""
        return self.bars(symbol, take.moment(since, "since"), None, interval)

    def bar_count(self, symbol: str, interval: Length | None = None) -> Future[int]:
        """How many finished bars a symbol has in this session."""
        interval = self._base if interval is None else interval
        try:
            query = _bar_count(symbol, interval)
        except TypeError:  # what cannot be looked up, a list, say
            query = _bar_count.__wrapped__(symbol, interval)
        return self._session.ask(query)

    def metrics(self, symbol: str) -> Future[SessionMetrics]:
        """One symbol's session so far."""
        try:
            query = _metrics(symbol)
        except TypeError:  # what cannot be looked up, a list, say
            query = _metrics.__wrapped__(symbol)
        return self._session.ask(query)

    def quality(
        self, symbols: str | Iterable[str] = (), interval: Length | None = None, sessions: int = 0
    ) -> Future[QualityReport]:
        """How complete the session is, and what was received.

        Args:
            symbols: of these only; none named: all.
            interval: of longer ones a closed bar counts if every minute of it has its bar (``completeness``), or its
                bar or NO_TRADE (``bar_quality``).
            sessions: instead of the open session, the last so many closed ones that are held with their minutes.
        """
        return self._session.ask(
            GetQuality(
                symbols=_once(symbols), interval=self._interval(interval), sessions=take.count(sessions, "sessions", 0)
            )
        )

    def gaps(self, symbols: str | Iterable[str] = ()) -> Future[tuple[Gap, ...]]:
        """What is missing so far, in runs; symbols that miss the same minutes are named together."""
        return self._session.ask(GetGaps(symbols=_once(symbols)))

    def verdicts(self, symbols: str | Iterable[str] = ()) -> Future[VerdictPlane]:
        """What is known about every minute of the session, minutes without a bar included; none named: all symbols."""
        return self._session.ask(GetVerdicts(symbols=_once(symbols)))

    def active_symbols(self) -> Future[tuple[str, ...]]:
        """The symbols of the session."""
        return self._session.ask(GetActiveSymbols())

    def history(
        self,
        symbol: str,
        sessions: int = 1,
        interval: Length | None = None,
        *,
        fill: str | None = None,
        adjusted: bool = False,
    ) -> Future[BarWindow]:
        """The bars of the last ``sessions`` closed sessions, oldest first.

        ``window.short`` says how many of these sessions are not held, or did not know the symbol; ``require`` has
        more of them loaded. ``1d`` reaches back further than other intervals: those need the sessions' minutes.

        Args:
            symbol: one of the session, or of one before it.
            sessions: how many.
            interval: of the bars.
            fill: ``"forward"`` as in ``last_bars``, from each session's first bar on; ``1d`` from session to session.
            adjusted: take splits and dividends up to the session's date out of it.
        """
        return self._session.ask(
            GetHistory(
                symbol=take.symbol(symbol),
                sessions=take.count(sessions, "sessions"),
                interval=self._interval(interval),
                fill=None if fill is None else take.choice(Fill, fill, "fill"),
                is_adjusted=take.flag(adjusted, "adjusted"),
            )
        )

    def warm_up(self) -> Future[tuple[WarmUp, ...]]:
        """What is there of the history that was required, and where it is short, why."""
        return self._session.ask(GetWarmUp())

    def certificate(self, date: Day | None = None) -> Future[SessionCertificate | None]:
        """The certificate of a session that settled in this run: what came of every minute, and of every gap.

        There are certificates where somebody is asked for missing minutes, where they are kept (``certify``), and
        where the feed is made faulty; the last 400 are held.

        Args:
            date: the session's; without one the latest certificate. ``None`` is answered where there is none (yet).
        """
        return self._upkeep.ask(GetCertificate(date=take.day(date, "date")))

    def gap_stories(self, date: Day | None = None) -> Future[tuple[GapStory, ...]]:
        """What has become so far of a session's gaps, those that are ``open`` too: when found, who was asked how often.

        Where nobody is asked for missing minutes there are none; ``gaps`` says what is missing all the same.

        Args:
            date: the session's; without one the latest's.
        """
        return self._upkeep.ask(GetGapStories(date=take.day(date, "date")))

    def snapshot(self, symbols: str | Iterable[str] = ()) -> Future[Snapshot]:
        """One consistent cut over symbols: metrics, latest bars, quotes and ticks."""
        return self._session.ask(GetSnapshot(symbols=take.symbols(symbols)))

    def changes_since(self, revision: int) -> Future[BarWindow]:
        """The base bars that changed after a revision; the reply's ``revision`` is where to go on."""
        return self._session.ask(GetChangesSince(revision=take.revision(revision)))

    def session(self) -> Future[TradingSession | None]:
        """The session that readers see."""
        return self._session.ask(GetSession())

    def digest(self) -> Future[str]:
        """The digest of the session that readers see: equal content, equal digest."""
        return self._session.ask(GetDigest())

    def latest_quote(self, symbol: str) -> Future[Quote | None]:
        """The latest quote of a symbol."""
        return self._session.ask(GetLatestQuote(symbol=take.symbol(symbol)))

    def quotes(self, symbol: str, n: int) -> Future[tuple[Quote, ...]]:
        """The last ``n`` quotes that are kept, oldest first."""
        return self._session.ask(GetQuotes(symbol=take.symbol(symbol), count=take.count(n, "n")))

    def latest_tick(self, symbol: str) -> Future[Tick | None]:
        """The latest trade of a symbol."""
        return self._session.ask(GetLatestTick(symbol=take.symbol(symbol)))

    def ticks(self, symbol: str, n: int) -> Future[tuple[Tick, ...]]:
        """The last ``n`` trades that are kept, oldest first."""
        return self._session.ask(GetTicks(symbol=take.symbol(symbol), count=take.count(n, "n")))


@lru_cache(maxsize=_MOST_REMEMBERED, typed=True)
def _metrics(symbol: object) -> GetMetrics:
    return GetMetrics(symbol=take.symbol(symbol))


@lru_cache(maxsize=_MOST_REMEMBERED, typed=True)
def _bar_count(symbol: object, interval: object) -> GetBarCount:
    return GetBarCount(symbol=take.symbol(symbol), interval=take.interval(interval))


@lru_cache(maxsize=_MOST_REMEMBERED, typed=True)
def _latest_bar(symbol: object, interval: object, include_partial: object) -> GetLatestBar:
    return GetLatestBar(
        symbol=take.symbol(symbol),
        interval=take.interval(interval),
        include_partial=take.flag(include_partial, "include_partial"),
    )


@lru_cache(maxsize=_MOST_REMEMBERED, typed=True)
def _last_bars(
    symbol: object,
    n: object,
    interval: object,
    with_history: object = False,
    include_partial: object = False,
    fill: object = None,
    adjusted: object = False,
) -> GetLastBars:
    return GetLastBars(
        symbol=take.symbol(symbol),
        count=take.count(n, "n"),
        interval=take.interval(interval),
        with_history=take.flag(with_history, "with_history"),
        include_partial=take.flag(include_partial, "include_partial"),
        fill=None if fill is None else take.choice(Fill, fill, "fill"),
        is_adjusted=take.flag(adjusted, "adjusted"),
    )


def _once(symbols: str | Iterable[str]) -> tuple[str, ...]:
    """Return symbols that are summed up: each counts once, however often it is named."""
    return tuple(dict.fromkeys(take.symbols(symbols)))
