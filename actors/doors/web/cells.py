"""The story of one minute of one symbol: what is known of it, how that came, and its bar."""

from collections.abc import Iterable, Sequence

import msgspec

from actors.doors.show import figures
from actors.doors.web.told import ms
from actors.doors.web.watch import Turn
from messages.certificates import GapOutcome, GapStory
from messages.values import SECOND_NS, Bar, Nanos, Verdict, VerdictRun

_MEANING = {
    Verdict.MISSING: "The minute is closed, and nothing has come.",
    Verdict.ABANDONED: "It was asked for until the retries ran out.",
    Verdict.NO_TRADE: "The upstream says that nothing was traded.",
    Verdict.FILLED: "The bar was fetched afterwards.",
    Verdict.STREAMED: "The bar came in time.",
    Verdict.LATE: "The bar came by the stream, after its minute was closed.",
    Verdict.CORRECTED: "The bar was replaced by one that says it is a correction.",
    Verdict.IN_PART: "The bar is made of a part of its trades: the feed was away, and nobody has said what is right.",
    Verdict.PENDING: "The minute is not closed yet, and nothing has come.",
}
_ENDS = {
    GapOutcome.CLOSED: "its bars came",
    GapOutcome.NO_TRADE: "nothing was traded",
    GapOutcome.ABANDONED: "abandoned",
    GapOutcome.OPEN: "still open",
}


class LineTold(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to it."""

    text: str
    at: int | None = None
    """When, if that is known."""
    after: int | None = None
    """It may have been earlier, but not before this."""


class BarTold(msgspec.Struct, frozen=True, kw_only=True):
    """Its bar."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    vwap: float | None
    trades: float | None
    revision: int
    """The session's revision at which it last changed; 0 of a stored day, which has none."""


class CellTold(msgspec.Struct, frozen=True, kw_only=True):
    """One minute of one symbol."""

    symbol: str
    start: int
    verdict: int
    meaning: str
    lines: list[LineTold]
    """In order of time."""
    bar: BarTold | None


def story(
    symbol: str,
    start_ns: Nanos,
    verdict: Verdict,
    *,
    turns: Sequence[Turn] = (),
    gaps: Iterable[GapStory] = (),
    runs: Iterable[VerdictRun] = (),
    feeds: Sequence[str] = (),
    bar: Bar | None = None,
) -> CellTold:
    """Tell of a minute.

    Args:
        symbol: whose.
        start_ns: which.
        verdict: what is known of it.
        turns: what it was seen to become.
        gaps: of the session; those that have nothing to do with it are passed over.
        runs: of the session's certificate, likewise.
        feeds: who streams.
        bar: its bar, if there is one.
    """
    lines = [_turn(turn, feeds) for turn in turns]
    for gap in gaps:
        if symbol in gap.symbols and gap.start_ns <= start_ns < gap.end_ns:
            lines += _of_gap(gap)
    for run in runs:
        if run.symbol == symbol and run.start_ns <= start_ns < run.end_ns and run.source:
            lines.append(LineTold(text=f"{_words(run.verdict)}, says {run.source}"))
    return CellTold(
        symbol=symbol,
        start=ms(start_ns),
        verdict=int(verdict),
        meaning=_MEANING[verdict],
        lines=sorted(lines, key=lambda line: (line.at is None, line.at)),
        bar=None if bar is None else _bar(bar),
    )


def _turn(turn: Turn, feeds: Sequence[str]) -> LineTold:
    by = f" by {' or '.join(feeds)}" if feeds and turn.verdict in (Verdict.STREAMED, Verdict.LATE) else ""
    return LineTold(text=f"{_words(turn.verdict)}{by}", at=ms(turn.seen_ns), after=ms(turn.after_ns))


def _of_gap(gap: GapStory) -> list[LineTold]:
    others = len(gap.symbols) - 1
    shared = f", shared with {figures.count(others)} more {'symbol' if others == 1 else 'symbols'}" if others else ""
    minutes = (gap.end_ns - gap.start_ns) / (60 * SECOND_NS)
    found = f"found missing: a gap of {minutes:g} {'minute' if minutes == 1 else 'minutes'}{shared}"
    times = "once" if gap.attempts == 1 else f"{gap.attempts} times"
    asked = f"asked for {times}" if gap.attempts else "never asked for"
    by = f" by {gap.source}" if gap.source else ""
    after = f" after {figures.duration(gap.took_ns / SECOND_NS)}"
    failed = [LineTold(text=f"a request failed: {gap.error}")] if gap.error else []
    return [
        LineTold(text=found, at=ms(gap.detected_ns)),
        LineTold(text=f"{asked}; {_ENDS[gap.outcome]}{by}{after}", at=ms(gap.settled_ns)),
        *failed,
    ]


def _words(verdict: Verdict) -> str:
    return verdict.name.lower().replace("_", " ")


def _bar(bar: Bar) -> BarTold:
    return BarTold(
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=bar.volume,
        vwap=bar.vwap,
        trades=bar.trades,
        revision=bar.revision,
    )
