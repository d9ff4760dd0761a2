"""What a live day requires of the sessions before it and its store lacks, fetched before it starts."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from actors.data_upkeep.prefetch import Prefetching
from actors.fetching.fetch import Wanted, fetch
from actors.fetching.report import FetchReport
from actors.kernel.ports import BarSource, BarStore
from actors.kernel.telemetry import note
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.vendors.history.source import ADJUSTED, VendorSource
from messages.commands import Prefetch
from messages.errors import DataError
from messages.history import Requirement
from messages.values import SECOND_NS, Nanos, TradingSession


def fetch_past(
    store: BarStore,
    sources: Sequence[BarSource],
    calendar: Calendar,
    needs: Sequence[Requirement],
    *,
    now_ns: Callable[[], Nanos],
    within_s: float,
    is_wanted: Callable[[], bool] = lambda: True,
) -> FetchReport | None:
    """Fetch what is lacking of the sessions that requirements reach back to, the latest first; ``None``: none is.

    Those who ask for money are not asked, nor those whose prices are adjusted. What is not had in time is had at the
    next start: it goes on where it was.

    Args:
        store: of the live day.
        sources: who repairs that day.
        calendar: of the day.
        needs: what was required.
        now_ns: the time of the day.
        within_s: of real time.
        is_wanted: if it says no, what has been done is kept.
    """
    until_s = time.monotonic() + within_s
    wanted = list(_wanted(calendar, needs, now_ns()))
    asked = unasked(sources, wanted)
    if not asked:
        return None
    report = fetch(store, asked, wanted, is_wanted=lambda: is_wanted() and time.monotonic() < until_s, now_ns=now_ns)
    note(
        "past_fetched",
        sessions=len(report.days),
        left=report.left,
        bars=report.sum_of("filled"),
        requests=report.requests,
        reason=report.error or "",
    )
    return report


def _wanted(calendar: Calendar, needs: Sequence[Requirement], now_ns: Nanos) -> Iterator[Wanted]:
    """Yield the sessions before the one at hand that requirements reach back to, each with whose bars they require."""
    coming = next((one for one in _around(calendar, now_ns, 0, 30) if one.end_ns > now_ns), None)
    if coming is None:
        return
    symbols: dict[str, set[str]] = {}
    for need in needs:
        before = [one for one in _around(calendar, now_ns, _days_back(need, coming), 0) if one.date < coming.date]
        prefetching = Prefetching([one.date for one in before], (need.symbol,), 0, 0, calendar.session)
        prefetching.require(need)
        job = prefetching.wanted(Prefetch(session=coming))
        for date in (*job.history, *job.daily):
            symbols.setdefault(date, set()).add(need.symbol)
    for date in sorted(symbols, reverse=True):
        session = calendar.session(date)
        if session is not None:
            yield Wanted(session=session, symbols=tuple(sorted(symbols[date])))


def _around(calendar: Calendar, now_ns: Nanos, days_before: int, days_after: int) -> Sequence[TradingSession]:
    today = datetime.fromtimestamp(now_ns // SECOND_NS, UTC).date()
    first, last = today - timedelta(days=days_before + 1), today + timedelta(days=days_after + 1)
    return calendar.sessions(first.isoformat(), last.isoformat())


def _days_back(need: Requirement, session: TradingSession) -> int:
    """Return within how many days there are surely as many sessions as a requirement needs."""
    if need.interval.is_daily or need.interval.is_long:
        sessions = (need.bars + 1) * need.interval.sessions
    else:
        sessions = 2 * (1 + need.bars // max(len(SessionAxis(session).edges(need.interval)) - 1, 1))
    return 15 + sessions * 2  # weekends and holidays


def unasked(sources: Sequence[BarSource], wanted: Sequence[Wanted]) -> list[BarSource]:
    """Return who may be asked without anybody's order for sessions, the latest first; none of them in a hurry."""
    free = [source for source in sources if wanted and _is_free(source, wanted)]
    return [source.unhurried() if isinstance(source, VendorSource) else source for source in free]


def _is_free(source: BarSource, wanted: Sequence[Wanted]) -> bool:
    """Return whether a source may be asked unasked: it costs nothing, and has prices as they were paid."""
    if not isinstance(source, VendorSource):
        return True
    if ADJUSTED in source.name:
        return False
    symbols = sorted({symbol for one in wanted for symbol in one.symbols})
    first, last = wanted[-1].session, wanted[0].session
    try:
        dollars = source.cost(symbols, first.start_ns, last.end_ns, last.base_interval)
    except DataError as error:
        note("past_not_fetched", source=source.name, reason=str(error))
        return False
    if dollars:
        note("past_not_fetched", source=source.name, reason=f"it charges ${dollars:,.2f}: use fetch")
    return not dollars
