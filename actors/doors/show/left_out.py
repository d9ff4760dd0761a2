"""What a run understood and could not take, in words: how much, why, of which days, and the first of it."""

from collections import Counter
from collections.abc import Iterable, Mapping

from actors.doors.cli.invocation import program
from actors.doors.show import figures
from actors.doors.show.live_words import misread
from messages.base import Event
from messages.events import BarRejected, PrintsRejected
from messages.feeds import FeedHealth, MessagesRejected
from messages.replies import FirstRejected
from messages.values import Bar, moment

_OTHER_DAY = ("not_a_session_minute", "not_a_session_day", "no_session")
_MOST_DAYS = 3


class LeftOut:
    """Counts what feeds sent in vain.

    Args:
        tz: the exchange's zone, by which days are named.
    """

    def __init__(self, tz: str) -> None:
        self.by_feed: Counter[str] = Counter()
        """Messages that were not understood, and bars, trades and quotes that were not taken."""
        self._tz = tz
        self._bars: Counter[tuple[str, str]] = Counter()
        self._prints: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], Bar] = {}
        self._days: dict[tuple[str, str], set[str]] = {}

    def hear(self, event: Event) -> None:
        """Count an event, if it tells of anything that was left out."""
        if isinstance(event, MessagesRejected):
            self.by_feed[event.feed] += event.count
        elif isinstance(event, PrintsRejected):
            for reason, count in event.reasons:
                self.by_feed[event.source] += count
                self._prints[event.source, reason] += count
        elif isinstance(event, BarRejected):
            why = event.source, event.reason
            self.by_feed[event.source] += 1
            self._bars[why] += 1
            self._first.setdefault(why, event.bar)
            days = self._days.setdefault(why, set())
            if len(days) <= _MOST_DAYS:
                days.add(self._day(event.bar))

    def lines(
        self,
        dates: Iterable[str],
        counted: Mapping[str, int],
        feeds: Iterable[FeedHealth] = (),
        first: Iterable[FirstRejected] = (),
    ) -> list[str]:
        """Return a line for each reason.

        Args:
            dates: the sessions that were played.
            counted: bars of the session at hand that were not taken, by reason; some came before anybody listened.
            feeds: how they are; what they misread may have come before that too.
            first: of the bars of the session at hand that were not taken the first of each reason.
        """
        dates = sorted(dates)
        played = " and ".join(dates) or "any session"
        out = [_misread(health) for health in feeds if health.misread]
        firsts = {event.reason: event for event in first}
        for code, count in sorted(counted.items()):
            unheard = count - sum(heard for (_, known), heard in self._bars.items() if known == code)
            if unheard > 0:
                reason = f"not minutes of {played}" if code in _OTHER_DAY else code.replace("_", " ")
                known = firsts.get(code)
                by, at = (
                    ("", "") if known is None else (f"{known.source}: ", f"; the first is {self._named(known.bar)}")
                )
                out.append(f"{by}{_counted(unheard, 'bar')} left out: {reason}{at}")
        for why, count in sorted(self._bars.items()):
            earliest = self._first[why]
            days = ", ".join(sorted(self._days[why])[:_MOST_DAYS]) + (
                " ..." if len(self._days[why]) > _MOST_DAYS else ""
            )
            reason = (
                f"not minutes of {played} (they are of {days})" if why[1] in _OTHER_DAY else why[1].replace("_", " ")
            )
            out.append(f"{why[0]}: {_counted(count, 'bar')} left out: {reason}; the first is {self._named(earliest)}")
        for (feed, code), count in sorted(self._prints.items()):
            out.append(f"{feed}: {_counted(count, 'trade or quote')} left out: {code.replace('_', ' ')}")
        return out

    def advice(self, dates: Iterable[str], first: Iterable[FirstRejected] = ()) -> list[str]:
        """Return where bars of other days go, if there were any; the arguments are those of ``lines``."""
        unheard = {self._day(one.bar) for one in first if one.reason in _OTHER_DAY}
        heard = {day for (_, code), days in self._days.items() if code in _OTHER_DAY for day in days}
        said = f"what is of other days comes into a store from a file: {program()} import FILE --store DIR"
        return [said] if (unheard | heard) - {*dates} else []

    def _day(self, bar: Bar) -> str:
        return f"{moment(bar.start_ns, self._tz):%Y-%m-%d}"

    def _named(self, bar: Bar) -> str:
        return f"{bar.symbol} {moment(bar.start_ns, self._tz):%Y-%m-%d %H:%M:%S}"


def _misread(health: FeedHealth) -> str:
    first = "" if health.first_misread is None else f"; the first is {misread(health.first_misread)}"
    return f"{health.feed}: {_counted(health.misread, 'message')} not understood{first}"


def _counted(count: int, what: str) -> str:
    return f"{figures.count(count)} {what}" if count == 1 else f"{figures.count(count)} {what.replace(' or', 's or')}s"
