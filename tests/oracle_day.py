"""A day of the oracle: its minutes, its cells in a dict, and its derived bars, folded one by one."""

import math
from collections import Counter
from dataclasses import dataclass, field

import msgspec

from messages import Bar, DayGrid, Interval, Quality, SegmentKind, TradingSession, Verdict, VerdictCounts
from messages.values import ONE_MINUTE

SECOND = 1_000_000_000
WITH_BAR = (Verdict.STREAMED, Verdict.LATE, Verdict.FILLED, Verdict.CORRECTED)
BEST_FIRST = (Verdict.CORRECTED, Verdict.LATE, Verdict.STREAMED, Verdict.FILLED)


@dataclass
class Cell:
    """What is held for one minute of one symbol."""

    bar: Bar
    verdict: Verdict
    source: str
    is_from_correction: bool = False
    change: int = 0


@dataclass
class Counts:
    """What came in and what became of it; ``accepted + rejected + duplicates = received``."""

    received: int = 0
    accepted: int = 0
    duplicates: int = 0
    outranked: int = 0
    revised: int = 0
    outside: int = 0
    gaps: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        return sum(self.reasons.values())


@dataclass
class Day:
    """One session: its expected minutes, its cells by symbol and minute, its symbols."""

    session: TradingSession
    symbols: list[str] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    removed: set[str] = field(default_factory=set)
    cells: dict[tuple[str, int], Cell] = field(default_factory=dict)
    empty: dict[tuple[str, int], Verdict] = field(default_factory=dict)
    outside: dict[tuple[str, int], Bar] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    first_update: dict[str, int] = field(default_factory=dict)
    last_update: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.kinds = {
            start: part.kind for part in self.session.segments for start in range(part.start_ns, part.end_ns, self.step)
        }

    @property
    def step(self) -> int:
        """The length of a base bar."""
        return self.session.base_interval.seconds * SECOND

    def minutes(self, *, regular: bool | None = None) -> list[int]:
        """The starts of the expected minutes: all, the regular ones, or the rest."""
        kinds = self.kinds
        return [start for start in kinds if regular is None or regular == (kinds[start] is SegmentKind.REGULAR)]

    def blocks(self, interval: Interval) -> list[list[int]]:
        """The minutes of each bar of an interval: from the start of each segment, clipped at its end."""
        if interval.is_daily:
            return [self.minutes(regular=True)]
        found = []
        for part in self.session.segments:
            block: list[int] = []
            for start in range(part.start_ns, part.end_ns, self.step):
                if block and start - block[0] >= interval.seconds * SECOND:
                    found.append(block)
                    block = []
                block.append(start)
            found.append(block)
        return found

    def active(self) -> list[str]:
        return sorted(set(self.symbols) - self.removed)

    def verdict(self, symbol: str, start: int) -> Verdict:
        if (symbol, start) in self.cells:
            return self.cells[symbol, start].verdict
        if start not in self.closed:
            return Verdict.PENDING
        return self.empty.get((symbol, start), Verdict.MISSING)

    def quality(self, symbol: str, *, regular: bool) -> Quality:
        """The quality of one symbol's regular minutes, or of the rest."""
        verdicts = {start: self.verdict(symbol, start) for start in self.minutes(regular=regular)}
        closed = [verdicts[start] for start in verdicts if start in self.closed]
        present = sum(verdict in WITH_BAR for verdict in closed)
        confirmed = closed.count(Verdict.NO_TRADE)
        counts = Counter(verdict.name.lower() for verdict in verdicts.values())
        return Quality(
            completeness=100 * present / len(closed) if closed else None,
            bar_quality=100 * (present + confirmed) / len(closed) if closed else None,
            closed=len(closed),
            verdicts=VerdictCounts(**counts),
        )

    def derived(self, symbol: str, interval: Interval) -> list[Bar]:
        """The bars of one symbol; those still forming are marked as partial."""
        made = []
        for block in self.blocks(interval):
            held = [self.cells[symbol, start] for start in block if (symbol, start) in self.cells]
            if held:
                done = all(self.verdict(symbol, start) is not Verdict.PENDING for start in block)
                made.append(self.fold(symbol, interval, block, held, is_partial=not done))
        return made

    def fold(self, symbol: str, interval: Interval, block: list[int], held: list[Cell], *, is_partial: bool) -> Bar:
        base = [cell.bar for cell in held]
        return Bar(
            symbol=symbol,
            start_ns=block[0],
            end_ns=block[-1] + self.step,
            interval=interval,
            open=base[0].open,
            high=max(one.high for one in base),
            low=min(one.low for one in base),
            close=base[-1].close,
            volume=sum(one.volume for one in base),
            vwap=base[0].vwap if interval == self.session.base_interval else vwap_of(base),
            trades=sum_or_none([one.trades for one in base]),
            verdict=next(verdict for verdict in BEST_FIRST if any(cell.verdict is verdict for cell in held)),
            base_count=len(base),
            base_expected=len(block),
            is_partial=is_partial,
            tz=self.session.tz,
        )


def day_of(grid: DayGrid) -> Day:
    """Read a day of history, cell by cell."""
    day = Day(grid.session, symbols=list(grid.symbols))
    day.closed = set(day.minutes())
    for i, start in enumerate(day.minutes()):
        for k, symbol in enumerate(grid.symbols):
            verdict = Verdict(int(grid.verdicts[i, k]))
            row = [None if math.isnan(value) else value for value in grid.values[i, :, k].tolist()] + [None, None]
            if verdict in WITH_BAR:
                o, h, lo, c, v, vwap, trades = row[:7]
                one = Bar(symbol=symbol, start_ns=start, open=o, high=h, low=lo, close=c, volume=v)
                day.cells[symbol, start] = Cell(msgspec.structs.replace(one, vwap=vwap, trades=trades), verdict, "")
            else:
                day.empty[symbol, start] = verdict
    return day


def fault_of(one: Bar, base: Interval = ONE_MINUTE, *, allow_negative: bool = False) -> str | None:
    """Name the first thing that is wrong with a bar on its own."""
    prices = (one.open, one.high, one.low, one.close)
    extra = [value for value in (one.vwap, one.trades) if value is not None]
    if not all(math.isfinite(value) for value in (*prices, one.volume, *extra)):
        return "not_finite"
    if not allow_negative and min(prices) <= 0:
        return "price_not_positive"
    if one.high < max(one.open, one.close):
        return "high_too_low"
    if one.low > min(one.open, one.close):
        return "low_too_high"
    if one.volume < 0 or (one.trades or 0) < 0:
        return "volume_negative"
    if one.start_ns % (base.seconds * SECOND):
        return "off_the_minute" if base == ONE_MINUTE else f"off_the_{base}"
    return None


def says_no_more(one: Bar, held: Bar) -> bool:
    """Whether a bar has the values that are held; a vwap or number of trades that it does not know does not count."""
    if (one.open, one.high, one.low, one.close, one.volume) != (
        held.open,
        held.high,
        held.low,
        held.close,
        held.volume,
    ):
        return False
    return one.vwap in (None, held.vwap) and one.trades in (None, held.trades)


def kept(one: Bar, held: Bar) -> Bar:
    return held if says_no_more(one, held) else one


def without_extra(one: Bar) -> Bar:
    return msgspec.structs.replace(one, vwap=None, trades=None)


def typical(one: Bar) -> float:
    return (one.high + one.low + one.close) / 3


def vwap_of(base: list[Bar]) -> float | None:
    """The volume-weighted mean of the bars' own vwaps, of those that have one."""
    own = [one for one in base if one.vwap is not None]
    return weighted([one.vwap for one in own], own)


def weighted(prices: list[float], base: list[Bar]) -> float | None:
    volume = sum(one.volume for one in base)
    return sum(price * one.volume for price, one in zip(prices, base, strict=True)) / volume if volume else None


def sum_or_none(given: list[float | None]) -> float | None:
    known = [value for value in given if value is not None]
    return sum(known) if known else None
