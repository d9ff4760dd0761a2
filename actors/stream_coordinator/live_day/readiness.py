"""Whether everything is ready for a session: its hours, what is short, the feeds, the store, the clock."""

from collections.abc import Sequence
from typing import TypeAlias, assert_never

from actors.stream_coordinator.live_day.arrivals import Arrivals
from messages.events import SessionsPlanned
from messages.history import WarmUpReported
from messages.joining import SymbolsCatchingUp, SymbolsCaughtUp
from messages.lifecycle import FeedStatus
from messages.readiness import CheckStore, Hours, ReadinessReport, StoreChecked
from messages.repairs import SourceReported, SourceStatus
from messages.values import MINUTE_NS, SECOND_NS, Nanos, TradingSession, moment

Said: TypeAlias = SessionsPlanned | WarmUpReported | SymbolsCatchingUp | SymbolsCaughtUp | StoreChecked

ENOUGH_BYTES = 1 << 30
"""A day of a few thousand symbols takes some tens of megabytes; with less than this left somebody should look."""


_TO_CONNECT_NS = 10 * SECOND_NS


class Readiness:
    """Gathers what other rooms say, and makes the report.

    Args:
        window_ns: how long before its open a session is reported on.
    """

    def __init__(self, window_ns: Nanos) -> None:
        self._window_ns = window_ns
        self._usual: tuple[str, str] | None = None
        self._store: StoreChecked | None = None
        self._warm_up: WarmUpReported | None = None
        self._catching_up = ""
        self._sources: dict[str, SourceStatus] = {}
        self._checked = ""
        self._checked_ns: Nanos = -MINUTE_NS
        self._reported = ""
        self._is_awaited = False
        self._began_ns: Nanos | None = None
        self._lacked_feed = False
        """Whether a feed was away when the last report was due: it is worth another one when all are there."""

    # --- what others say

    def note(self, message: Said) -> bool:
        """Remember what was said; return whether a report has waited for just that."""
        match message:
            case SessionsPlanned():
                self._usual = message.usual_hours or self._usual
            case WarmUpReported():
                self._warm_up = message
            case SymbolsCatchingUp() | SymbolsCaughtUp():
                self._catching_up = message.session_date if message.is_required else ""
            case StoreChecked():
                self._store = message
                is_awaited, self._is_awaited = self._is_awaited, False
                return is_awaited
            case _:
                assert_never(message)
        return False

    def source(self, message: SourceReported) -> list[SourceReported]:
        """A source of missing bars failed, or answers again."""
        self._sources[message.status.source] = message.status
        return [message]

    def troubles(self) -> list[str]:
        """Return a sentence for every source that fails."""
        return [str(status) for _, status in sorted(self._sources.items()) if status.is_failing]

    def is_catching_up(self, date: str) -> bool:
        """Return whether a symbol of that session that is needed is catching up."""
        return self._catching_up == date

    def due(self, session: TradingSession, now_ns: Nanos, arrivals: Arrivals) -> list[CheckStore]:
        """Have the store tried when a session is opened, and again for its report.

        A system that has just been started gives its feeds a moment to connect before it reports on them; if that was
        too short, as it is for a clock that runs many times as fast, it reports again when they are there.
        """
        self._began_ns = now_ns if self._began_ns is None else self._began_ns
        is_near = now_ns >= session.open_ns - self._window_ns and session.date != self._reported
        is_there = _are_connected(arrivals)
        is_first = is_near and (is_there or now_ns >= min(self._began_ns + _TO_CONNECT_NS, session.open_ns))
        is_report_due = is_first or (session.date == self._reported and self._lacked_feed and is_there)
        if not is_report_due and session.date == self._checked:
            return []
        self._checked = session.date
        if is_report_due:
            self._reported, self._lacked_feed = session.date, not is_there
            self._is_awaited = True
        return self._check(now_ns)

    def asked(self, now_ns: Nanos) -> list[CheckStore]:
        """Have the store tried again, for who asks next, if that is a while ago."""
        return self._check(now_ns) if now_ns >= self._checked_ns + MINUTE_NS else []

    def _check(self, now_ns: Nanos) -> list[CheckStore]:
        self._checked_ns = now_ns
        return [CheckStore()]

    # --- the report

    def report(self, session: TradingSession | None, now_ns: Nanos, arrivals: Arrivals) -> ReadinessReport:
        """Return how everything is for a session, the one at hand or the next."""
        feeds, skewed = arrivals.hearing.statuses(), arrivals.skewed
        date = "" if session is None else session.date
        needs = self._warm_up.needs if self._warm_up is not None and self._warm_up.session_date == date else ()
        short = tuple(need for need in needs if not need.is_warm)
        problems = ["no session is known yet"] if session is None else []
        problems += [f"short: {need}" for need in short]
        problems += self._troubles_of_feeds(feeds)
        problems += self._troubles_of_store()
        problems += arrivals.hearing.clock_troubles()
        problems += self.troubles()
        return ReadinessReport(
            session=session,
            hours=Hours.UNKNOWN if session is None else self._hours(session),
            now_ns=now_ns,
            skewed=skewed,
            warm=tuple(need for need in needs if need.is_warm),
            short=short,
            feeds=feeds,
            store=self._store,
            problems=tuple(problems),
        )

    @staticmethod
    def _troubles_of_feeds(feeds: Sequence[FeedStatus]) -> list[str]:
        away = [feed.health for feed in feeds if not feed.health.is_connected]
        why = (f": {health.last_error}" if health.last_error else "" for health in away)
        said = [f"feed {health.feed} is not connected{reason}" for health, reason in zip(away, why, strict=True)]
        return said or ([] if feeds else ["no feed has been heard of yet"])

    def _troubles_of_store(self) -> list[str]:
        store = self._store
        if store is None:
            return ["the store has not been tried yet"]
        said = [] if store.is_writable else [f"the store cannot be written to: {store.reason}"]
        if store.free_bytes is not None and store.free_bytes < ENOUGH_BYTES:
            said.append(f"only {store.free_bytes / 1e6:.0f} MB of disk space are left")
        return said

    def _hours(self, session: TradingSession) -> Hours:
        if self._usual is None:
            return Hours.UNKNOWN
        opens, closes = hours_of(session)
        is_late, is_early = opens > self._usual[0], closes < self._usual[1]
        if is_late and is_early:
            return Hours.LATE_OPEN_AND_EARLY_CLOSE
        return Hours.LATE_OPEN if is_late else Hours.EARLY_CLOSE if is_early else Hours.USUAL


def hours_of(session: TradingSession) -> tuple[str, str]:
    """Return open and close in exchange time, as ``HH:MM:SS``; past midnight of the session's date as 24 and more."""
    opens, closes = (moment(at_ns, session.tz) for at_ns in (session.open_ns, session.close_ns))
    days = (closes.date() - opens.date()).days
    return opens.strftime("%H:%M:%S"), f"{24 * days + closes.hour:02}{closes.strftime(':%M:%S')}"


def _are_connected(arrivals: Arrivals) -> bool:
    healths = arrivals.hearing.healths()
    return bool(healths) and all(health.is_connected for health in healths)
