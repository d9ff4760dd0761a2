"""Tables of what was fetched: session by session, and what nobody has."""

from collections.abc import Iterator

from actors.doors.show import figures
from actors.doors.show.paper import Column, Sheet
from actors.fetching.report import FetchReport

_COLUMNS = (
    Column("Session", is_text=True),
    Column("Asked"),
    Column("Filled"),
    Column("No trade", rank=1),
    Column("Abandoned", is_watched=True),
    Column("Not answered", rank=1, is_watched=True),
    Column("Refused", rank=3, is_watched=True),
    Column("Quality", is_watched=True),
    Column("Certified", rank=2, is_text=True),
)
_SUMMED = ("asked", "filled", "no_trade", "abandoned", "unanswered", "refused")
_MOST_ROWS = 40
_MOST_NAMED = 8


def fetched(report: FetchReport, title: str) -> Iterator[Sheet | str]:
    """Yield a table with a row a session, and lines of what it cost and what is left."""
    sheet = Sheet(f"{title}: minutes, counted for each symbol", _COLUMNS)
    has_calendars = len({day.calendar for day in report.days}) > 1
    for day in report.days[-_MOST_ROWS:]:
        name = f"{day.calendar} {day.date}" if has_calendars else day.date
        cells = [figures.count(getattr(day, field)) for field in _SUMMED]
        sheet.add(name, *cells, figures.percent(day.bar_quality), "yes" if day.certified else "no")
    if len(report.days) > 1:
        certified = figures.count(sum(day.certified for day in report.days))
        sums = [figures.count(report.sum_of(field)) for field in _SUMMED]
        sheet.sum_up(f"{len(report.days)} sessions", *sums, "", certified)
    if report.days:
        yield sheet
    if len(report.days) > _MOST_ROWS:
        yield f"The last {_MOST_ROWS} sessions are shown; --json has all."
    yield from _lines(report)


def _lines(report: FetchReport) -> Iterator[str]:
    if report.whole:
        were = "1 session was" if report.whole == 1 else f"{figures.count(report.whole)} sessions were"
        yield f"{were} there already; nobody was asked."
    if report.left:
        are = "1 session is" if report.left == 1 else f"{figures.count(report.left)} sessions are"
        yield f"{are} left; called again, it goes on with what is missing."
    for symbol, why in sorted(report.refused_symbols.items())[:_MOST_NAMED]:
        yield f"{symbol} was refused: {why}"
    if report.silent_symbols:
        named = ", ".join(report.silent_symbols[:_MOST_NAMED])
        more = len(report.silent_symbols) - _MOST_NAMED
        yield (
            f"Nobody has shown a bar of {named}{f' and {more} more' if more > 0 else ''}: unknown, renamed, or not "
            "traded; its minutes are left open."
        )
    yield from (f"{said[0].upper()}{said[1:]}." for said in report.clocks)
    asked = " and ".join(report.sources)
    waited = figures.duration(report.waited_s)
    took = figures.duration(report.seconds)
    if not report.requests:  # stores and files count none
        yield f"Asked was {asked}, for {took}."
        return
    requests = "1 request" if report.requests == 1 else f"{figures.count(report.requests)} requests"
    yield f"{asked}: {requests} in {took}, {waited} of it spent waiting for the next turn."
