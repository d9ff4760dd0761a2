"""Warm-up: what was required of history, and what of it is there; where it is short, why."""

from collections.abc import Iterable

from actors.session_data.answer.long_reader import finished_bars
from actors.session_data.past.history import History
from messages.history import Requirement, WarmUp, WarmUpReported
from messages.values import Interval

_NAMED = 5


class Requirements:
    """What somebody needs, the largest number for each symbol and interval."""

    def __init__(self) -> None:
        self._bars: dict[tuple[str, Interval], Requirement] = {}
        self.symbols = frozenset[str]()
        """Whose bars are required."""

    def add(self, requirement: Requirement) -> None:
        """Require so many bars from now on."""
        key = (requirement.symbol, requirement.interval)
        held = self._bars.get(key)
        if held is None or held.bars < requirement.bars:
            self._bars[key] = requirement
            self.symbols |= {requirement.symbol}

    def warm_up(self, history: History) -> tuple[WarmUp, ...]:
        """Return what is there of each, in the order in which they were required."""
        there: dict[tuple[str, Interval], int] = {}
        for interval in {interval for _, interval in self._bars}:
            symbols = [symbol for symbol, of in self._bars if of == interval]
            if interval.is_long:
                counts = [finished_bars(history, symbol, interval) for symbol in symbols]
            else:
                counts = history.counts(symbols, interval).tolist()
            there.update({(symbol, interval): count for symbol, count in zip(symbols, counts, strict=True)})
        return tuple(_warm_up(need, there[key], history) for key, need in self._bars.items())

    def reported(self, history: History, date: str) -> list[WarmUpReported]:
        """Return what the session of a date opens with; nothing where nothing is required."""
        needs = self.warm_up(history)
        return [WarmUpReported(session_date=date, needs=needs, summary=_summary(needs))] if needs else []


def _warm_up(requirement: Requirement, there: int, history: History) -> WarmUp:
    reason = "" if there >= requirement.bars else _reason(requirement, history)
    return WarmUp(requirement=requirement, there=there, reason=reason)


def _reason(requirement: Requirement, history: History) -> str:
    plan = history.plan
    is_daily = requirement.interval.is_daily or requirement.interval.is_long
    dates = (*(history.daily_dates if is_daily else ()), *history.dates)
    if plan is not None and requirement not in plan.needs:
        return "it was required after this session was read"
    if dates and not history.knows(requirement.symbol):
        return "no session before has this symbol"
    if plan is not None and plan.store_begins and (not dates or dates[0] <= plan.store_begins):
        return f"the store begins on {plan.store_begins}"
    return f"the last {len(dates)} sessions have no more"


def _summary(needs: Iterable[WarmUp]) -> str:
    short = [str(need) for need in needs if not need.is_warm]
    if not short:
        return "warm"
    more = len(short) - _NAMED
    return "; ".join([*short[:_NAMED], *([f"and {more} more"] if more > 0 else [])])
