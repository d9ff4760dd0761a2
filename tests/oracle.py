"""A slow, obvious trading session in dicts and loops: what SessionData is held to.

It shares no code with the product, only the words (message classes and ``Verdict``), and it never aggregates
by the column: where the product reduces blocks of a grid, this walks minute by minute over a dict.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from messages import (
    AddSymbols,
    Bar,
    BarArrived,
    BarsArrived,
    BarsFilled,
    BoundaryKind,
    Gap,
    GapAbandoned,
    Interval,
    NoTradeConfirmed,
    RemoveSymbols,
    SessionBoundary,
    SessionMetrics,
    TimeAdvanced,
    Verdict,
)
from messages.values import ONE_MINUTE
from tests.oracle_day import (
    WITH_BAR,
    Cell,
    Day,
    day_of,
    fault_of,
    kept,
    says_no_more,
    typical,
    weighted,
    without_extra,
)


class Oracle:
    """The session as DESIGN.md sections 4, 5 and 7 tell it, one bar at a time."""

    def __init__(
        self,
        *,
        sources: tuple[str, ...] = (),
        grace_ns: int = 0,
        adds_unknown: bool = True,
        allow_negative: bool = False,
        has_extra: bool = False,
        trailing: int = 5,
    ) -> None:
        self.sources = sources
        self.grace_ns = grace_ns
        self.adds_unknown = adds_unknown
        self.allow_negative = allow_negative
        self.has_extra = has_extra
        self.trailing = trailing
        self.now = 0
        self.days: list[Day] = []
        self.past: list[Day] = []
        self.missed: list[tuple[int, str]] = []
        self.belated: list[tuple[int, str]] = []
        """Minutes that had closed without a symbol before it joined."""
        self.closings: list[int] = []
        self.changes = 0

    @property
    def day(self) -> Day:
        """The session that readers see."""
        return self.days[-1]

    @property
    def step(self) -> int:
        """The length of a base bar, which is the same in every session."""
        return self.day.step

    def handle(self, message: object) -> None:
        match message:
            case BarsArrived(is_whole=True):
                self._whole(message)
            case BarArrived() | BarsArrived():
                self.now = max(self.now, message.now_ns)
                given = [message.bar] if isinstance(message, BarArrived) else list(message.batch.bars())
                self._arrived(given, message.source, is_correction=message.is_correction)
                if self.grace_ns:  # what completes a minute closes it
                    self._close_minutes()
            case TimeAdvanced():
                self._advance(message.now_ns)
            case BarsFilled():
                self._arrived(list(message.batch.bars()), message.source, is_fill=True)
            case NoTradeConfirmed():
                self._mark(message.session_date, message.gaps, Verdict.NO_TRADE)
            case GapAbandoned():
                self._mark(message.session_date, message.gaps, Verdict.ABANDONED)
            case SessionBoundary():
                self._boundary(message)
            case AddSymbols():
                self._join(message.symbols)
            case RemoveSymbols():
                self.day.removed |= set(message.symbols) & set(self.day.symbols)
            case _:
                raise TypeError(message)

    # --- what happens

    def _whole(self, message: BarsArrived) -> None:
        """Every minute by itself: it begins, its bars come, it is over."""
        given = list(message.batch.bars())
        for start in sorted({one.start_ns for one in given}):
            self._advance(start)
            self.now = max(self.now, start + self.step)
            of_minute = [one for one in given if one.start_ns == start]
            self._arrived(of_minute, message.source, is_correction=message.is_correction)
            self._close_minutes()
        self._advance(message.now_ns)

    def _advance(self, now: int) -> None:
        self.now = max(self.now, now)
        self._close_minutes()

    def _arrived(self, given: list[Bar], source: str, *, is_correction: bool = False, is_fill: bool = False) -> None:
        before = self.day.active()
        for one in given:
            self.day.counts.received += 1
            reason = self._refusal(one)
            if reason:
                self.day.counts.reasons[reason] += 1
            elif is_fill:
                self._fill(one if self.has_extra else without_extra(one), source)
            else:
                self._take(one if self.has_extra else without_extra(one), source, is_correction)
        self._look_back(before)

    def _mark(self, date: str, gaps: tuple[Gap, ...], verdict: Verdict) -> None:
        """Minutes without a bar are said to be without one for good; that there was none says more than giving up."""
        for day in [self.day, *self._closed_days()]:
            if day.session.date == date:
                for symbol, start in ((symbol, start) for gap in gaps for symbol in gap.symbols for start in day.kinds):
                    is_meant = any(symbol in gap.symbols and gap.start_ns <= start < gap.end_ns for gap in gaps)
                    says_more = day.empty.get((symbol, start)) is not Verdict.NO_TRADE
                    if is_meant and says_more and symbol in day.symbols:
                        day.empty[symbol, start] = verdict

    def _boundary(self, message: SessionBoundary) -> None:
        self._advance(message.now_ns)
        if message.kind is BoundaryKind.OPENED:
            self.past += [day_of(grid) for grid in message.history]
            self.days.append(Day(message.session, symbols=sorted(message.symbols)))

    def _join(self, symbols: tuple[str, ...]) -> None:
        before = self.day.active()
        self.day.removed -= set(symbols)
        self.day.symbols += sorted(set(symbols) - set(self.day.symbols))
        self._look_back(before)

    def _look_back(self, before: list[str]) -> None:
        """Who has joined since lacks what had closed by then."""
        day = self.day
        for symbol in sorted(set(day.active()) - set(before)):
            self.belated += [
                (start, symbol)
                for start in sorted(day.closed)
                if (symbol, start) not in day.cells and day.empty.get((symbol, start)) is not Verdict.NO_TRADE
            ]

    def _close_minutes(self) -> None:
        for day in self.days:
            for start in sorted(set(day.kinds) - day.closed):
                is_over = start + self.step <= self.now
                has_all = bool(day.active()) and all((symbol, start) in day.cells for symbol in day.active())
                if not (is_over and (has_all or start + self.step + self.grace_ns <= self.now)):
                    break
                self._close(day, start)

    def _close(self, day: Day, start: int) -> None:
        day.closed.add(start)
        self.closings.append(start)
        self.missed += [(start, symbol) for symbol in day.active() if (symbol, start) not in day.cells]

    def _refusal(self, one: Bar) -> str | None:
        base = self.day.session.base_interval
        if one.interval != base:
            return f"not_{base}" if base != ONE_MINUTE else "not_one_minute"
        fault = fault_of(one, base, allow_negative=self.allow_negative)
        if fault:
            return fault
        if one.start_ns + self.step > self.now:
            return "in_the_future"
        day = self._owner(one.start_ns)
        if day is None:
            return "not_a_session_minute"
        if one.symbol in day.removed:
            return "symbol_removed"
        if one.symbol not in day.symbols and (day is not self.day or not self.adds_unknown):
            return "unknown_symbol"
        return None

    def _owner(self, start: int) -> Day | None:
        for day in [self.day, *self._closed_days()]:
            if start in day.kinds:
                return day
        local = datetime.fromtimestamp(start // 1_000_000_000, UTC).astimezone(ZoneInfo(self.day.session.tz))
        return self.day if local.date().isoformat() == self.day.session.date else None

    def _take(self, one: Bar, source: str, is_correction: bool) -> None:
        day = self._owner(one.start_ns)
        assert day is not None
        if one.symbol not in day.symbols:
            day.symbols.append(one.symbol)
        key = (one.symbol, one.start_ns)
        if one.start_ns not in day.kinds:
            self._keep_outside(day, key, one)
        elif key not in day.cells:
            verdict = Verdict.LATE if one.start_ns in day.closed else Verdict.STREAMED
            self._write(day, key, Cell(one, verdict, source, is_correction))
        elif is_correction:
            self._correct(day, key, one, source)
        else:
            self._add_plain(day, key, one, source)

    def _fill(self, one: Bar, source: str) -> None:
        """What was fetched gives way to whatever came by itself."""
        day, key = self._owner(one.start_ns), (one.symbol, one.start_ns)
        assert day is not None
        if one.start_ns in day.kinds and key not in day.cells:
            if one.symbol not in day.symbols:
                day.symbols.append(one.symbol)
            self._write(day, key, Cell(one, Verdict.FILLED, source))
        elif key in day.cells and (day.cells[key].verdict is not Verdict.FILLED or day.cells[key].is_from_correction):
            self._stand(day, key, one, is_corrected=day.cells[key].is_from_correction)
        elif key in day.cells:  # two fetched bars contest as two that streamed would
            self._add_plain(day, key, one, source, is_fill=True)
        else:
            self._take(one, source, is_correction=False)

    def _keep_outside(self, day: Day, key: tuple[str, int], one: Bar) -> None:
        if key in day.outside and says_no_more(one, day.outside[key]):
            self.day.counts.duplicates += 1
            return
        day.outside[key] = one
        self.day.counts.accepted += 1
        self.day.counts.outside += 1

    def _correct(self, day: Day, key: tuple[str, int], one: Bar, source: str) -> None:
        held = day.cells[key]
        if not held.is_from_correction:
            self._write(day, key, Cell(kept(one, held.bar), Verdict.CORRECTED, source, is_from_correction=True))
        elif self._is_behind(source, held):
            self._stand(day, key, one, is_corrected=True)
        elif says_no_more(one, held.bar) and (source == held.source or held.verdict is Verdict.CORRECTED):
            held.source = source
            self._stand(day, key, one)
        else:
            self._write(day, key, Cell(kept(one, held.bar), Verdict.CORRECTED, source, is_from_correction=True))

    def _add_plain(self, day: Day, key: tuple[str, int], one: Bar, source: str, *, is_fill: bool = False) -> None:
        held = day.cells[key]
        if held.is_from_correction:
            self._stand(day, key, one, is_corrected=True)
        elif held.verdict is Verdict.FILLED and not is_fill:
            verdict = Verdict.LATE if one.start_ns in day.closed else Verdict.STREAMED
            self._write(day, key, Cell(kept(one, held.bar), verdict, source))
        elif self._is_behind(source, held):
            self._stand(day, key, one)
        elif says_no_more(one, held.bar):
            held.source = source
            self._stand(day, key, one)
        else:
            self._write(day, key, Cell(one, held.verdict, source))
            self.day.counts.revised += 1

    def _stand(self, day: Day, key: tuple[str, int], one: Bar, *, is_corrected: bool = False) -> None:
        """What is held stays; a correction that came before the bar it corrects shows as one from now on."""
        held = day.cells[key]
        self.day.counts.duplicates += 1
        self.day.counts.outranked += not says_no_more(one, held.bar)
        if is_corrected and held.verdict is not Verdict.CORRECTED:
            held.verdict = Verdict.CORRECTED
            self._changed(day, key)

    def _write(self, day: Day, key: tuple[str, int], cell: Cell) -> None:
        day.cells[key] = cell
        self.day.counts.accepted += 1
        self._changed(day, key)

    def _changed(self, day: Day, key: tuple[str, int]) -> None:
        self.changes += 1
        day.cells[key].change = self.changes
        day.first_update.setdefault(key[0], self.now)
        day.last_update[key[0]] = self.now

    def _is_behind(self, source: str, held: Cell) -> bool:
        return self._place(source) > self._place(held.source)

    def _place(self, source: str) -> tuple[int, str]:
        known = source in self.sources
        return (self.sources.index(source), "") if known else (len(self.sources), source)

    # --- what readers see

    def bars(
        self,
        symbol: str,
        interval: Interval = ONE_MINUTE,
        start: int | None = None,
        end: int | None = None,
        *,
        include_partial: bool = False,
    ) -> list[Bar]:
        """The finished bars that start in ``[start, end)``, on request those that are still forming too."""
        return [
            one
            for one in self.day.derived(symbol, interval)
            if include_partial or not one.is_partial
            if (start is None or one.start_ns >= start) and (end is None or one.start_ns < end)
        ]

    def last_bars(
        self, symbol: str, count: int, interval: Interval = ONE_MINUTE, *, with_history: bool = False
    ) -> list[Bar]:
        made = self.history(symbol, self.trailing, interval) if with_history else []
        return (made + self.bars(symbol, interval))[-count:]

    def history(self, symbol: str, sessions: int, interval: Interval = ONE_MINUTE) -> list[Bar]:
        return [one for day in self._closed_days()[-sessions:] for one in day.derived(symbol, interval)]

    def changed_since(self, change: int) -> set[tuple[str, int]]:
        """The cells that changed after a number of changes."""
        cells = self.day.cells
        return {key for key in cells if cells[key].change > change and key[0] in self.day.active()}

    def metrics(self, symbol: str) -> SessionMetrics:
        """One symbol's metrics, with the revision left at 0."""
        day = self.day
        held = [day.cells[symbol, start].bar for start in day.minutes(regular=True) if (symbol, start) in day.cells]
        rest = [day.cells[symbol, start].bar for start in day.minutes(regular=False) if (symbol, start) in day.cells]
        own = [one.vwap for one in held if one.vwap is not None]
        return SessionMetrics(
            symbol=symbol,
            open=held[0].open if held else None,
            high=max(one.high for one in held) if held else None,
            low=min(one.low for one in held) if held else None,
            last=held[-1].close if held else None,
            volume=sum(one.volume for one in held),
            vwap=weighted([typical(one) for one in held] if len(own) < len(held) else own, held),
            bars=len(held),
            first_update_ns=day.first_update.get(symbol),
            last_update_ns=day.last_update.get(symbol),
            quality=day.quality(symbol, regular=True),
            extended_quality=day.quality(symbol, regular=False),
            extended_volume=sum(one.volume for one in rest),
            revision=0,
        )

    def empty_minutes(self, made: list[Bar]) -> int:
        """The expected, closed minutes without a bar from the first to the last of one symbol's bars."""
        return sum(
            made[0].start_ns <= start < made[-1].end_ns and day.verdict(made[0].symbol, start) not in WITH_BAR
            for day in [*self._closed_days(), self.day]
            if made and made[0].symbol in day.symbols
            for start in day.closed
        )

    def _closed_days(self) -> list[Day]:
        days = sorted(self.past + self.days[:-1], key=lambda day: day.session.date)
        return days[max(len(days) - self.trailing, 0) :]
