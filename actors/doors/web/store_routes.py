"""What the page asks of a store: its days, and of a day its plane, bars, gaps, minutes and certificate."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route

from actors.doors.web.answers import asked, instant, number, text
from actors.doors.web.cells import CellTold, story
from actors.doors.web.days_told import (
    CalendarTold,
    CertificateTold,
    DaysTold,
    DayTold,
    NoCertificate,
    StoreTold,
    certificate_told,
    day_told,
)
from actors.doors.web.gaps_told import GapsTold, gaps_told
from actors.doors.web.told import BarsTold, PlaneTold, bars_told, plane_told
from actors.market.axis import SessionAxis
from actors.market.gaps import find_gaps
from actors.reading.spelling.addresses import Place, shown
from actors.storage.elsewhere.opening import folder_of
from actors.store import Store
from messages.errors import DataError, UnknownSymbol
from messages.values import Interval, Verdict, moment

R = TypeVar("R")

_FRESH_S = 60.0
"""How long a day is believed to be as it was."""
_MOST_SESSIONS = 60


class StoreRoutes:
    """The routes of one store, which may not be there yet.

    Args:
        path: where it is.
        clock: seconds, by which what is known grows old.
    """

    def __init__(self, path: Place, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._days: dict[tuple[str, str], tuple[float, DayTold]] = {}

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            asked("/store", self._off(self._store)),
            asked("/store/days", self._off(self._some_days)),
            asked("/store/plane", self._off(self._plane)),
            asked("/store/bars", self._off(self._bars)),
            asked("/store/gaps", self._off(self._gaps)),
            asked("/store/cell", self._off(self._cell)),
            asked("/store/certificate", self._off(self._certificate)),
        ]

    def _off(self, answer: Callable[[Request], R]) -> "Callable[[Request], Any]":
        """Answer on a thread: files are read."""

        async def asked_of(request: Request) -> R:
            return await run_in_threadpool(answer, request)

        return asked_of

    def _store(self, _: Request) -> StoreTold:
        folder = folder_of(self._path)
        name = shown(self._path) if folder is None else folder.resolve().name
        try:
            with Store(self._path) as store:
                calendars = [self._calendar(each) for each in store.calendars()]
        except DataError:  # made with the first bar
            calendars = []
        return StoreTold(name=name, calendars=calendars)

    def _calendar(self, name: str) -> CalendarTold:
        with Store(self._path, name) as store:
            return CalendarTold(name=name, dates=store.dates())

    def _some_days(self, request: Request) -> DaysTold:
        name, month = text(request, "calendar"), text(request, "month")
        with Store(self._path, name) as store:
            return DaysTold(days=[self._day(store, name, date) for date in store.dates() if date.startswith(month)])

    def _day(self, store: Store, calendar: str, date: str) -> DayTold:
        at, known = self._days.get((calendar, date), (0.0, None))
        if known is None or self._clock() - at > _FRESH_S:
            known = day_told(store, date)
            self._days[calendar, date] = (self._clock(), known)
        return known

    def _plane(self, request: Request) -> PlaneTold:
        with self._opened(request) as store:
            return plane_told(store.verdicts(text(request, "date")))

    def _bars(self, request: Request) -> BarsTold:
        symbol, interval = text(request, "symbol"), Interval.parse(text(request, "interval", "1m"))
        date, sessions = text(request, "date"), min(number(request, "sessions", "0"), _MOST_SESSIONS)
        with self._opened(request) as store:
            before = [day for day in store.dates() if day < date][-sessions:] if sessions > 0 else []
            return bars_told(symbol, str(interval), store.bars(symbol, [*before, date][0], date, interval))

    def _gaps(self, request: Request) -> GapsTold:
        date = text(request, "date")
        with self._opened(request) as store:
            certificate = store.certificate(date)
            if certificate is not None and certificate.gaps:
                return gaps_told(certificate.gaps)
            plane = store.verdicts(date)
        missing = find_gaps(plane.verdicts < Verdict.NO_TRADE, SessionAxis(plane.session), plane.symbols)
        return gaps_told((), missing, plane.session.end_ns)

    def _cell(self, request: Request) -> CellTold:
        symbol, start_ns, date = text(request, "symbol"), instant(request, "at"), text(request, "date")
        with self._opened(request) as store:
            plane, certificate = store.verdicts(date, symbol), store.certificate(date)
            found = (plane.start_ns == start_ns).nonzero()[0]
            if not len(found):
                raise UnknownSymbol(f"{date} has no such minute of {symbol}")
            end_ns = start_ns + plane.session.base_interval.span_ns
            window = store.bars(symbol, moment(start_ns, "UTC"), moment(end_ns, "UTC"))
        return story(
            symbol,
            start_ns,
            Verdict(int(plane.of(symbol)[found[0]])),
            gaps=() if certificate is None else certificate.gaps,
            runs=() if certificate is None else certificate.runs,
            bar=window.bar(0) if len(window) else None,
        )

    def _certificate(self, request: Request) -> CertificateTold | NoCertificate:
        calendar, date = text(request, "calendar"), text(request, "date")
        with self._opened(request) as store:
            certificate = store.certificate(date)
        return NoCertificate(calendar=calendar, date=date) if certificate is None else certificate_told(certificate)

    def _opened(self, request: Request) -> Store:
        return Store(self._path, text(request, "calendar"))
