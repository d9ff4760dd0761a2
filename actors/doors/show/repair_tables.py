"""Tables of missing minutes: what became of them, session by session, and minute by minute of one symbol."""

from collections.abc import Mapping, Sequence

from actors.doors.commands.repairs import SessionRepairs
from actors.doors.show import figures
from actors.doors.show.paper import Column, Sheet
from messages.values import FIRST_WITH_BAR, Bar, Verdict

_REPAIRS = (
    Column("Session", is_text=True),
    Column("Missing"),
    Column("Late", rank=3),
    Column("Filled"),
    Column("No trade"),
    Column("Abandoned", is_watched=True),
    Column("Still missing", rank=2, is_watched=True),
    Column("Requests", rank=4),
    Column("Until verdict", rank=1),
    Column("Complete", rank=1),
    Column("Quality", is_watched=True),
)
_SUMMED = ("missing_at_first", "late", "filled", "no_trade", "abandoned", "missing", "requests")


def repairs(sessions: Mapping[str, SessionRepairs]) -> Sheet:
    """Return a row a session, and their sum.

    Args:
        sessions: what became of each one's missing minutes, by date.
    """
    sheet = Sheet("Minutes that were missing, counted for each symbol, and what became of them", _REPAIRS)
    for date, of_session in sessions.items():
        sheet.add(
            date,
            *_counts([of_session]),
            figures.duration(of_session.median_s),
            figures.percent(of_session.completeness),
            figures.percent(of_session.bar_quality),
        )
    if len(sessions) > 1:
        slowest = max((one.median_s for one in sessions.values() if one.median_s is not None), default=None)
        most = figures.NOTHING if slowest is None else f"max {figures.duration(slowest)}"
        sheet.sum_up(f"{len(sessions)} sessions", *_counts(list(sessions.values())), most, "", "")
    return sheet


def _counts(sessions: Sequence[SessionRepairs]) -> list[str]:
    return [figures.count(sum(getattr(one, name) for one in sessions)) for name in _SUMMED]


def before_and_after(before: Mapping[str, SessionRepairs], after: Mapping[str, SessionRepairs]) -> Sheet:
    """Return a row a session: the two numbers of a run without anybody to ask, and with."""
    columns = [
        Column("Session", is_text=True),
        Column("Complete"),
        Column("Complete, healed"),
        Column("Quality", is_watched=True),
    ]
    sheet = Sheet("Before and after", [*columns, Column("Quality, healed", is_watched=True)])
    for date, first in before.items():
        second = after[date]
        sheet.add(
            date,
            figures.percent(first.completeness),
            figures.percent(second.completeness),
            figures.percent(first.bar_quality),
            figures.percent(second.bar_quality),
        )
    return sheet


def minutes(title: str, before: Sequence[Bar], after: Sequence[Bar]) -> Sheet:
    """Return a row a minute of one symbol: its verdict before and after, and its bar if it has one."""
    columns = [Column("Minute"), Column("Before", is_text=True), Column("Healed", is_text=True)]
    columns += [Column("Open"), Column("High"), Column("Low"), Column("Close"), Column("Volume")]
    sheet = Sheet(title, columns)
    verdicts = {bar.start_ns: bar.verdict for bar in before}
    for bar in after:
        has_bar = bar.verdict >= FIRST_WITH_BAR
        prices = (bar.open, bar.high, bar.low, bar.close) if has_bar else (None,) * 4
        sheet.add(
            figures.clock(bar.start_ns, bar.tz),
            verdicts.get(bar.start_ns, Verdict.MISSING).name,
            bar.verdict.name,
            *map(figures.price, prices),
            figures.volume(bar.volume) if has_bar else figures.NOTHING,
        )
    return sheet
