"""What is missing, and what is being done about it: requests, retries, sources, verdicts."""

import random
from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from actors.data_upkeep.day_gaps import DayGaps
from actors.data_upkeep.health import SourceFacts, SourceHealth
from actors.data_upkeep.plan import Plan, clustered
from actors.market.validate import Fault, faults, is_sane
from actors.settings import UpkeepRules
from messages.base import Message
from messages.certificates import GapOutcome, GapStory
from messages.events import GapDetected
from messages.repairs import (
    BarsFilled,
    FetchAnswered,
    FetchBars,
    FillFailed,
    GapAbandoned,
    GapNarrowed,
    NoTradeConfirmed,
    SourceReported,
)
from messages.tables.columns import BarBatch, Mask
from messages.values import MINUTE_NS, SECOND_NS, Nanos, TradingSession

_CANNOT_BE = "its bars of these minutes cannot be true"


class Repairs:
    """Plans requests, follows each to its end, and says what SessionData must be told.

    Every method returns messages in the order in which they are to be sent. The order of answers matters to
    nobody if ``is_ordered``: they are dealt with in the order of their requests.

    An attempt counts that somebody has answered. While nobody can be asked, gaps wait, whatever they are told; when a
    source answers again, all that is open or was given up of its session is asked for at once, and once more at the
    close: then every attempt counts, so that the session settles.
    """

    def __init__(
        self, rules: UpkeepRules, sources: Sequence[SourceFacts], *, is_ordered: bool, allow_negative: bool = False
    ) -> None:
        self._rules = rules
        self._allow_negative = allow_negative
        self._sources = tuple(sources)
        self._health = [SourceHealth(rules.rest_after, round(rules.rest_s * SECOND_NS)) for _ in sources]
        self._is_ordered = is_ordered
        self._days: dict[str, DayGaps] = {}
        self._numbers = 0
        self._fetches = 0
        self._waiting: deque[Plan] = deque()
        self._running: dict[int, Plan] = {}
        self._answers: dict[int, FetchAnswered | FillFailed] = {}
        self._last_call: set[str] = set()
        self._closed: set[str] = set()
        limits = [facts.most_symbols for facts in self._sources if facts.most_symbols is not None]
        self._most_symbols = min(limits, default=None)
        is_any_distance = bool(self._sources) and all(facts.holds_sessions for facts in self._sources)
        self._near_ns = None if is_any_distance else rules.neighbours_min * MINUTE_NS

    # --- what happens

    def open(self, session: TradingSession) -> None:
        """A session begins; or something has turned out of one that was over, which is asked for as long as any."""
        if session.date not in self._days:
            self._days[session.date] = DayGaps(session)
            self._last_call.discard(session.date)

    def detected(self, message: GapDetected) -> None:
        """Minutes closed without their bars."""
        day = self._days.get(message.session_date)
        if day is None:
            return
        gap = message.gap
        if message.is_catch_up:  # nothing more of it will come by itself
            day.fresh_due_ns = min(day.fresh_due_ns, gap.end_ns) if day.fresh else gap.end_ns
            day.is_urgent = True
        elif not day.fresh:
            day.fresh_due_ns = gap.end_ns + round(self._rules.coalesce_s * SECOND_NS)
        for start_ns in range(gap.start_ns, gap.end_ns, day.step_ns):
            known = day.known(start_ns) if message.is_catch_up else ()  # it may have been told before
            day.fresh.setdefault(start_ns, []).extend(symbol for symbol in gap.symbols if symbol not in known)
            if not day.fresh[start_ns]:
                del day.fresh[start_ns]

    def narrowed(self, message: GapNarrowed, now_ns: Nanos) -> None:
        """Bars of missing minutes came by themselves."""
        day, gap = self._days.get(message.session_date), message.gap
        if day is None:
            return
        came = day.no_longer_fresh(gap)
        if came:
            day.stories.append(
                GapStory(
                    symbols=tuple(came),
                    start_ns=gap.start_ns,
                    end_ns=gap.end_ns,
                    detected_ns=gap.end_ns,
                    settled_ns=now_ns,
                    attempts=0,
                    source=message.source,
                    outcome=GapOutcome.CLOSED,
                )
            )
        for plan in day.plans:
            plan.settle(plan.cells_within([gap]), GapOutcome.CLOSED, now_ns, message.source)
        day.sweep()

    def forget(self, symbols: frozenset[str]) -> None:
        """Symbols left: nobody needs their bars any more."""
        for day in self._days.values() if symbols else ():
            day.fresh = {
                start_ns: left
                for start_ns, lacking in day.fresh.items()
                if (left := [symbol for symbol in lacking if symbol not in symbols])
            }
            for plan in day.plans:
                plan.forget(symbols)
            day.sweep()

    def advance(self, now_ns: Nanos) -> Iterator[Message]:
        """Ask for what is due."""
        for day in self._days.values():
            if day.fresh and day.fresh_due_ns <= now_ns:
                self._plan(day, now_ns)
        due = [plan for plan in self._idle() if not plan.is_parked and plan.due_ns <= now_ns]
        if any(health.may_ask(now_ns) for health in self._health):  # one that waits for a source probes it
            due += [plan for plan in self._idle() if plan.is_parked][:1]
        due = due or self._probe(now_ns)
        for plan in sorted(due, key=lambda plan: (plan.due_ns, plan.number)):
            plan.is_asked, plan.is_parked = True, False
            self._waiting.append(plan)
        yield from self._ask(now_ns)

    def _idle(self) -> Iterator[Plan]:
        """Return the plans that are not being asked for."""
        return (plan for day in self._days.values() for plan in day.plans if not plan.is_asked)

    def settled(self, message: FetchAnswered | FillFailed, now_ns: Nanos) -> Iterator[Message]:
        """A request came back."""
        if message.fetch not in self._running:  # its request was given up, or it is told a second time
            return
        self._answers[message.fetch] = message
        while self._answers:
            fetch = min(self._running) if self._is_ordered else next(iter(self._answers))
            if fetch not in self._answers:
                return
            came, plan = self._answers.pop(fetch), self._running.pop(fetch)
            if isinstance(came, FetchAnswered):
                yield from self._answered(came, plan, now_ns)
            else:
                yield from self._failed(came, plan, now_ns)
            self._days[plan.date].sweep()
            yield from self._ask(now_ns)

    def begin_again(self, now_ns: Nanos) -> None:
        """Answers may be lost: ask again for all that was asked for; what is answered after all is nobody's."""
        for plan in (*self._running.values(), *self._waiting):
            plan.is_asked, plan.is_second_call, plan.due_ns = False, False, now_ns
        for lost in (self._running, self._waiting, self._answers):
            lost.clear()
        for health in self._health:
            health.forgotten()

    def abandon(self, date: str, now_ns: Nanos) -> Iterator[Message]:
        """Ask once more for what is open, at once, and then never again."""
        self._last_call.add(date)
        day = self._days.get(date)
        if day is not None:
            day.fresh_due_ns = now_ns
            for plan in day.plans:
                plan.due_ns, plan.is_parked = min(plan.due_ns, now_ns), False
        yield from self.advance(now_ns)

    def close_round(self, date: str, now_ns: Nanos) -> None:
        """A session is over: ask once more for all that has no bar, and let nobody rest before he has been asked."""
        day = self._days.get(date)
        if day is None or date in self._closed or not self._sources:
            return
        self._closed.add(date)
        for health in self._health:
            health.wake(now_ns)
        for plan in day.plans:
            if plan.is_parked:
                plan.is_parked, plan.tries, plan.due_ns = False, 0, now_ns
        self._recall(day, now_ns, day.over, self._rules.attempts - 1)

    def _recall(
        self, day: DayGaps, now_ns: Nanos, plans: Sequence[Plan], attempts: int = 0, source: int = 0
    ) -> list[Plan]:
        """Ask again for what was given up of some plans, with as few requests as can be."""
        missing, error = day.recalled(plans)
        again = list(self._planned(day, missing, None, now_ns))
        for plan in again:
            plan.attempts, plan.error, plan.source = attempts, error, source
        return again

    def _probe(self, now_ns: Nanos) -> list[Plan]:
        """Have a source that may be back asked for some of what was given up without it."""
        rested = [place for place, health in enumerate(self._health) if health.is_due(now_ns)]
        for day, plan in self._given_up() if rested else ():
            return self._recall(day, now_ns, [plan], self._rules.attempts - 1, rested[0])
        return []

    def _given_up(self) -> Iterator[tuple[DayGaps, Plan]]:
        """Return the plans of open sessions of which minutes were given up."""
        days = [day for date, day in self._days.items() if date not in self._closed | self._last_call]
        return ((day, plan) for day in days for plan in day.over if plan.has_given_up)

    # --- what there is

    @property
    def has_sources(self) -> bool:
        """Whether anybody can be asked."""
        return bool(self._sources)

    @property
    def is_fetching(self) -> bool:
        """Whether requests are out, or about to be."""
        return bool(self._running or self._waiting)

    def is_open(self, date: str) -> bool:
        """Whether a minute of that session still has no verdict."""
        return date in self._days and self._days[date].is_open

    def next_due(self) -> Nanos | None:
        """Return when something is next to be asked for."""
        due = [day.fresh_due_ns for day in self._days.values() if day.fresh]
        due += [plan.due_ns for plan in self._idle() if not plan.is_parked]
        if any(plan.is_parked for plan in self._idle()) or any(self._given_up()):
            due += [health.until_ns for health in self._health if health.until_ns is not None]
        return min(due, default=None)

    def close(self, date: str) -> tuple[GapStory, ...]:
        """Return how the gaps of a settled session ended, and forget it unless something has turned out since."""
        self._closed.discard(date)
        day = self._days.get(date)
        if day is None:
            return ()
        if not day.is_open:
            del self._days[date]
        return day.handed_over()

    def stories(self, date: str | None, now_ns: Nanos) -> tuple[GapStory, ...] | None:
        """Return what has become so far of a session's gaps; no date: the latest's. ``None``: it has settled."""
        latest = date or max(self._days, default="")
        return self._days[latest].told(now_ns) if latest in self._days else None

    # --- asking

    def _plan(self, day: DayGaps, now_ns: Nanos) -> None:
        fresh, day.fresh = day.fresh, {}
        is_urgent, day.is_urgent = day.is_urgent, False
        for plan in self._planned(day, fresh, self._near_ns, now_ns):
            plan.is_urgent = is_urgent

    def _planned(
        self, day: DayGaps, missing: dict[Nanos, list[str]], near_ns: Nanos | None, now_ns: Nanos
    ) -> Iterator[Plan]:
        for symbols, starts, wanted in clustered(missing, near_ns, day.step_ns, self._most_symbols):
            self._numbers += 1
            plan = Plan(self._numbers, day.axis, symbols, starts, wanted, now_ns)
            day.plans.append(plan)
            yield plan

    def _ask(self, now_ns: Nanos) -> Iterator[Message]:
        while self._waiting and len(self._running) < self._rules.max_concurrent_fetches:
            plan = self._waiting.popleft()
            if plan.is_over:  # its bars came by themselves meanwhile
                continue
            place = self._next_source(plan, now_ns)
            if place is None:
                yield from self._in_vain(plan, now_ns)
                self._days[plan.date].sweep()
                continue
            self._fetches += 1
            plan.source = place
            plan.calls += 1
            self._health[place].asked()
            self._running[self._fetches] = plan
            yield FetchBars(fetch=self._fetches, source=place, session=plan.session, missing=plan.missing())

    def _next_source(self, plan: Plan, now_ns: Nanos) -> int | None:
        """Return the first source from the plan's place on that is not resting."""
        for place in range(plan.source, len(self._sources)):
            if self._health[place].may_ask(now_ns):
                return place
        return None

    # --- answers

    def _answered(self, message: FetchAnswered, plan: Plan, now_ns: Nanos) -> Iterator[Message]:
        facts = self._sources[plan.source]
        was_failing = self._health[plan.source].is_failing
        is_back = self._health[plan.source].answered()
        if was_failing:
            yield self._reported(plan)
        plan.is_second_call, plan.is_answered = False, True
        is_wanted, refused = plan.cells_of(message.batch)
        if is_wanted.any():
            batch = message.batch if bool(is_wanted.all()) else message.batch.where(is_wanted)
            yield self._filled(batch, refused, plan, facts.name, now_ns)
        silent = plan.cells_within(message.no_trade)
        if facts.is_authoritative:
            silent |= self._final(plan, facts, now_ns)
        silent &= ~refused  # it has a bar, if not one that can be taken
        silent = plan.settle(silent, GapOutcome.NO_TRADE, now_ns, facts.name)
        if silent.any():
            yield NoTradeConfirmed(session_date=plan.date, gaps=plan.gaps(silent), source=facts.name)
        if not plan.is_over:
            doubt = _CANNOT_BE if bool((refused & plan.open).any()) else message.doubt
            plan.error = f"{facts.name}: {doubt}" if doubt else plan.error
            plan.source += 1
            yield from self._again(plan, now_ns)
        if is_back:
            day = self._days[plan.date]
            self._recall(day, now_ns, [*day.over, *(waiting for waiting in day.plans if not waiting.is_asked)])
            yield from self.advance(now_ns)

    def _filled(self, batch: BarBatch, cells: Mask, plan: Plan, source: str, now_ns: Nanos) -> BarsFilled:
        """Close the minutes of bars that are wanted, as far as their bars are sane."""
        if is_sane(batch.values, allow_negative=self._allow_negative):
            batch = msgspec.structs.replace(batch, is_sane=True)
        else:  # what is not goes along to be refused and counted; its minutes stay open
            step_ns = plan.session.base_interval.span_ns
            found = faults(batch.values, batch.start_ns, step_ns=step_ns, allow_negative=self._allow_negative)
            _, cells = plan.cells_of(batch.where(found == Fault.SANE))
        plan.settle(cells, GapOutcome.CLOSED, now_ns, source)
        return BarsFilled(session_date=plan.date, batch=batch, source=source)

    @staticmethod
    def _final(plan: Plan, facts: SourceFacts, now_ns: Nanos) -> Mask:
        """Return the open minutes that a source which knows would have by now."""
        is_final = plan.starts_ns + plan.session.base_interval.span_ns + facts.delay_ns <= now_ns
        mask: Mask = plan.open & is_final[:, None]
        return mask

    def _reported(self, plan: Plan) -> SourceReported:
        return SourceReported(status=self._health[plan.source].status(self._sources[plan.source].name))

    def _failed(self, came: FillFailed, plan: Plan, now_ns: Nanos) -> Iterator[Message]:
        plan.error = f"{came.source}: {came.reason}"
        self._health[plan.source].failed(now_ns, came.reason, is_out=came.gave_no_answer)
        yield self._reported(plan)
        # What fails by chance does not fail twice; what fails twice is asked later, and others now.
        if plan.is_second_call or not self._health[plan.source].may_ask(now_ns):
            plan.is_second_call = False
            plan.source += 1
        else:
            plan.is_second_call = True
        yield from self._again(plan, now_ns)

    def _again(self, plan: Plan, now_ns: Nanos) -> Iterator[Message]:
        """Go on with an attempt while there is a source left, else plan the next attempt."""
        if self._next_source(plan, now_ns) is None:
            yield from self._in_vain(plan, now_ns)
        else:
            self._waiting.appendleft(plan)  # still in this attempt

    def _known_ns(self, plan: Plan) -> Nanos:
        """Return when the last source that knows will know of all that is open."""
        delays = [facts.delay_ns for facts in self._sources if facts.is_authoritative or facts.comes_late]
        return plan.end_ns + max(delays) if delays else 0

    def _in_vain(self, plan: Plan, now_ns: Nanos) -> Iterator[Message]:
        """An attempt is over, and minutes are still missing."""
        asked_last = self._sources[min(plan.source, len(self._sources) - 1)].name if self._sources else ""
        is_answered, plan.is_answered = plan.is_answered, False
        counts = is_answered or plan.is_urgent or plan.date in self._closed
        plan.attempts += counts
        plan.tries += 1
        plan.source = 0
        plan.is_second_call = plan.is_asked = False
        if plan.is_over:
            return
        if self._sources and not counts and plan.date not in self._last_call:
            plan.is_parked = self._next_source(plan, now_ns) is None
        known_ns = self._known_ns(plan)
        if plan.date not in self._last_call and plan.attempts >= self._rules.attempts and known_ns > now_ns:
            plan.attempts, plan.due_ns = self._rules.attempts - 1, known_ns
            return
        if self._sources and plan.attempts < self._rules.attempts and plan.date not in self._last_call:
            chance = random.Random(f"{self._rules.seed}/{plan.number}/{plan.tries}").random()  # noqa: S311  # no secret
            doubled = 2 ** min(plan.tries - 1, self._rules.attempts)
            backoff_s = self._rules.backoff_s * doubled * (1 + self._rules.jitter * chance)
            plan.due_ns = now_ns + round(backoff_s * SECOND_NS)
            return
        for health in self._health if plan.date not in self._closed | self._last_call else ():
            health.rest(now_ns)
        gaps = plan.gaps(plan.settle(plan.open, GapOutcome.ABANDONED, now_ns, asked_last))
        yield GapAbandoned(session_date=plan.date, gaps=gaps, source=asked_last)

    def check(self) -> None:
        """Assert what must always be true."""
        assert len(self._running) <= self._rules.max_concurrent_fetches, "more requests out than allowed"
        assert all(fetch in self._running for fetch in self._answers), "an answer that nobody waits for"
