"""What is missing, and what is being done about it: requests, retries, sources, verdicts."""

import random
from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from actors.data_upkeep.health import SourceHealth
from actors.data_upkeep.plan import Plan, clustered
from actors.market.axis import SessionAxis
from actors.market.validate import Fault, faults, is_sane
from actors.settings import UpkeepRules
from messages.base import Message
from messages.certificates import GapOutcome, GapStory
from messages.columns import BarBatch, Mask
from messages.events import GapDetected
from messages.repairs import (
    BarsFilled,
    FetchAnswered,
    FetchBars,
    FillFailed,
    GapAbandoned,
    GapNarrowed,
    NoTradeConfirmed,
)
from messages.values import MINUTE_NS, SECOND_NS, Gap, Nanos, TradingSession


class SourceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a source says about itself."""

    name: str
    is_authoritative: bool = False
    """Whether a minute that it does not have, ``delay_ns`` after its end, was never traded."""
    delay_ns: Nanos = 0
    most_symbols: int | None = None
    """As many as one request may name; ``None``: any number."""
    holds_sessions: bool = False
    """Whether one request may be for any minutes of a session, however far apart."""


class _Day:
    """One session's missing minutes that nobody has asked for yet, and what has become of the others."""

    def __init__(self, session: TradingSession) -> None:
        self.axis = SessionAxis(session)
        self.step_ns = self.axis.step_ns
        self.fresh: dict[Nanos, list[str]] = {}
        self.fresh_due_ns: Nanos = 0
        self.plans: list[Plan] = []
        """Those with a minute that has no verdict."""
        self.over: list[Plan] = []
        self.stories: list[GapStory] = []

    @property
    def is_open(self) -> bool:
        return bool(self.fresh or self.plans)

    def sweep(self) -> None:
        """Put aside the plans that are over."""
        if any(plan.is_over for plan in self.plans):
            self.over += [plan for plan in self.plans if plan.is_over]
            self.plans = [plan for plan in self.plans if not plan.is_over]


class Repairs:
    """Plans requests, follows each to its end, and says what SessionData must be told.

    Every method returns messages in the order in which they are to be sent. The order of answers matters to
    nobody if ``is_ordered``: they are dealt with in the order of their requests.
    """

    def __init__(
        self, rules: UpkeepRules, sources: Sequence[SourceFacts], *, is_ordered: bool, allow_negative: bool = False
    ) -> None:
        self._rules = rules
        self._allow_negative = allow_negative
        self._sources = tuple(sources)
        self._health = [SourceHealth(rules.rest_after, round(rules.rest_s * SECOND_NS)) for _ in sources]
        self._is_ordered = is_ordered
        self._days: dict[str, _Day] = {}
        self._numbers = 0
        self._fetches = 0
        self._waiting: deque[Plan] = deque()
        self._running: dict[int, Plan] = {}
        self._answers: dict[int, FetchAnswered | FillFailed] = {}
        self._last_call: set[str] = set()
        limits = [facts.most_symbols for facts in self._sources if facts.most_symbols is not None]
        self._most_symbols = min(limits, default=None)
        is_any_distance = bool(self._sources) and all(facts.holds_sessions for facts in self._sources)
        self._near_ns = None if is_any_distance else rules.neighbours_min * MINUTE_NS

    # --- what happens

    def open(self, session: TradingSession) -> None:
        """A session begins."""
        self._days.setdefault(session.date, _Day(session))

    def detected(self, message: GapDetected) -> None:
        """Minutes closed without their bars."""
        day = self._days.get(message.session_date)
        if day is None:
            return
        gap = message.gap
        if message.is_catch_up:  # nothing more of it will come by itself
            day.fresh_due_ns = min(day.fresh_due_ns, gap.end_ns) if day.fresh else gap.end_ns
        elif not day.fresh:
            day.fresh_due_ns = gap.end_ns + round(self._rules.coalesce_s * SECOND_NS)
        for start_ns in range(gap.start_ns, gap.end_ns, day.step_ns):
            day.fresh.setdefault(start_ns, []).extend(gap.symbols)

    def narrowed(self, message: GapNarrowed, now_ns: Nanos) -> None:
        """Bars of missing minutes came by themselves."""
        day, gap = self._days.get(message.session_date), message.gap
        if day is None:
            return
        came = self._no_longer_fresh(day, gap)
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

    @staticmethod
    def _no_longer_fresh(day: _Day, gap: Gap) -> list[str]:
        came: set[str] = set()
        for start_ns in range(gap.start_ns, gap.end_ns, day.step_ns):
            lacking = day.fresh.get(start_ns)
            if lacking is not None:
                came.update(symbol for symbol in lacking if symbol in gap.symbols)
                day.fresh[start_ns] = [symbol for symbol in lacking if symbol not in gap.symbols]
                if not day.fresh[start_ns]:
                    del day.fresh[start_ns]
        return sorted(came)

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
        due = [plan for day in self._days.values() for plan in day.plans if not plan.is_asked and plan.due_ns <= now_ns]
        for plan in sorted(due, key=lambda plan: (plan.due_ns, plan.number)):
            plan.is_asked = True
            self._waiting.append(plan)
        yield from self._ask(now_ns)

    def settled(self, message: FetchAnswered | FillFailed, now_ns: Nanos) -> Iterator[Message]:
        """A request came back."""
        self._answers[message.fetch] = message
        while self._answers:
            fetch = min(self._running) if self._is_ordered else next(iter(self._answers))
            if fetch not in self._answers:
                return
            came, plan = self._answers.pop(fetch), self._running.pop(fetch)
            if isinstance(came, FetchAnswered):
                yield from self._answered(came, plan, now_ns)
            else:
                yield from self._failed(plan, now_ns)
            self._days[plan.date].sweep()
            yield from self._ask(now_ns)

    def abandon(self, date: str, now_ns: Nanos) -> Iterator[Message]:
        """Ask once more for what is open, at once, and then never again."""
        self._last_call.add(date)
        day = self._days.get(date)
        if day is not None:
            day.fresh_due_ns = now_ns
            for plan in day.plans:
                plan.due_ns = min(plan.due_ns, now_ns)
        yield from self.advance(now_ns)

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
        due += [plan.due_ns for day in self._days.values() for plan in day.plans if not plan.is_asked]
        return min(due, default=None)

    def close(self, date: str) -> tuple[GapStory, ...]:
        """Return how the gaps of a settled session ended, and forget it."""
        day = self._days.pop(date, None)
        if day is None:
            return ()
        stories = [*day.stories, *(story for plan in day.over for story in plan.stories())]
        return tuple(sorted(stories, key=lambda story: (story.start_ns, story.symbols)))

    # --- asking

    def _plan(self, day: _Day, now_ns: Nanos) -> None:
        fresh, day.fresh = day.fresh, {}
        for symbols, starts, wanted in clustered(fresh, self._near_ns, day.step_ns, self._most_symbols):
            self._numbers += 1
            day.plans.append(Plan(self._numbers, day.axis, symbols, starts, wanted, now_ns))

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
        self._health[plan.source].answered()
        plan.is_second_call = False
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
            plan.source += 1
            yield from self._again(plan, now_ns)

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

    def _failed(self, plan: Plan, now_ns: Nanos) -> Iterator[Message]:
        self._health[plan.source].failed(now_ns)
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
        delays = [facts.delay_ns for facts in self._sources if facts.is_authoritative]
        return plan.end_ns + max(delays) if delays else 0

    def _in_vain(self, plan: Plan, now_ns: Nanos) -> Iterator[Message]:
        """An attempt is over, and minutes are still missing."""
        asked_last = self._sources[min(plan.source, len(self._sources) - 1)].name if self._sources else ""
        plan.attempts += 1
        plan.source = 0
        plan.is_second_call = plan.is_asked = False
        if plan.is_over:
            return
        known_ns = self._known_ns(plan)
        if plan.date not in self._last_call and plan.attempts >= self._rules.attempts and known_ns > now_ns:
            plan.attempts, plan.due_ns = self._rules.attempts - 1, known_ns
            return
        if self._sources and plan.attempts < self._rules.attempts and plan.date not in self._last_call:
            chance = random.Random(f"{self._rules.seed}/{plan.number}/{plan.attempts}").random()  # noqa: S311  # no secret
            backoff_s = self._rules.backoff_s * 2 ** (plan.attempts - 1) * (1 + self._rules.jitter * chance)
            plan.due_ns = now_ns + round(backoff_s * SECOND_NS)
            return
        gaps = plan.gaps(plan.settle(plan.open, GapOutcome.ABANDONED, now_ns, asked_last))
        yield GapAbandoned(session_date=plan.date, gaps=gaps, source=asked_last)

    def check(self) -> None:
        """Assert what must always be true."""
        assert len(self._running) <= self._rules.max_concurrent_fetches, "more requests out than allowed"
        assert all(fetch in self._running for fetch in self._answers), "an answer that nobody waits for"
