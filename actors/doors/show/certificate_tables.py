"""Tables of certificates: what they say of each day, and which days still match theirs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from actors.doors.show import figures
from actors.doors.show.paper import Column, Sheet
from actors.inspecting import InspectCertificate
from actors.verifying import Standing, VerifiedDay, VerifyReport
from messages.certificates import SymbolVerdicts

_MOST_LINES = 40
_MOST_FAULTS = 10
_SHORT = 8

_RANKS = {
    "streamed": 3,
    "late": 4,
    "filled": 3,
    "corrected": 4,
    "in_part": 4,
    "no_trade": 0,
    "abandoned": 0,
    "missing": 0,
}
_WATCHED = ("in_part", "abandoned", "missing")
_COUNTS = tuple(
    Column(name.replace("_", " ").capitalize(), rank, is_watched=name in _WATCHED) for name, rank in _RANKS.items()
)
_STANDINGS = tuple(Column(str(standing).capitalize()) for standing in Standing)


def certificates(days: Sequence[InspectCertificate]) -> Iterator[Sheet | str]:
    """Yield a row for each certified day, and for each of its symbols where they are not too many."""
    certified = [day for day in days if day.certified]
    if not certified or len(certified) > _MOST_LINES:
        yield _how_many(certified, days)
        return
    yield _by_day(certified)
    if sum(len(day.symbols) for day in certified) <= _MOST_LINES:
        yield _by_symbol(certified)
    if len(certified) < len(days):
        yield _how_many(certified, days)


def _how_many(certified: Sequence[InspectCertificate], days: Sequence[InspectCertificate]) -> str:
    if not certified:
        return "No day has a certificate yet."
    cut = "; --json has their certificates" if len(certified) > _MOST_LINES else ""
    return f"{figures.count(len(certified))} of {figures.count(len(days))} days have a certificate{cut}."


def _by_day(days: Sequence[InspectCertificate]) -> Sheet:
    columns = [Column("Day", is_text=True), Column("Calendar", rank=5, is_text=True), Column("Digest", is_text=True)]
    columns += [Column("Issued by", rank=4, is_text=True), Column("Symbols", rank=5), Column("Complete", rank=2)]
    columns += [
        Column("Quality", is_watched=True),
        *_COUNTS,
        Column("Gaps"),
        Column("Which ended", rank=1, is_text=True),
    ]
    sheet = Sheet("Their certificates: minutes by verdict", columns)
    for day in days:
        sheet.add(
            day.date,
            day.calendar,
            _short(day.digest),
            day.issued_by or figures.NOTHING,
            figures.count(len(day.symbols)),
            figures.percent(day.completeness),
            figures.percent(day.bar_quality),
            *_counts(day.symbols),
            figures.count(day.gaps),
            ", ".join(f"{figures.count(count)} {outcome}" for outcome, count in day.outcomes.items()),
        )
    return sheet


def _by_symbol(days: Sequence[InspectCertificate]) -> Sheet:
    columns = [Column("Day", is_text=True), Column("Calendar", rank=5, is_text=True), Column("Symbol", is_text=True)]
    sheet = Sheet("Minutes by verdict, for each symbol", [*columns, *_COUNTS])
    for day in days:
        for counts in day.symbols:
            sheet.add(day.date, day.calendar, counts.symbol, *_counts([counts]))
    return sheet


def _counts(symbols: Sequence[SymbolVerdicts]) -> Iterator[str]:
    return (figures.count(sum(getattr(counts, name) for counts in symbols)) for name in _RANKS)


def _short(digest: str | None) -> str:
    return figures.NOTHING if digest is None else digest[:_SHORT]


def verified(report: VerifyReport) -> Iterator[Sheet | str]:
    """Yield a row for each calendar, and a sentence for each day that does not match, if there are several."""
    columns = [Column("Calendar", is_text=True), Column("Days"), *_STANDINGS]
    columns += [Column("First", rank=1, is_text=True), Column("Last", rank=1, is_text=True)]
    sheet = Sheet("Days by how their bars stand to their certificates", columns)
    for calendar, group in groupby(report.days, key=lambda day: day.calendar):
        days = list(group)
        sheet.add(calendar, figures.count(len(days)), *_standings(days), days[0].date, days[-1].date)
    yield sheet
    of_days = Counter(remark.partition(": ")[2] for remark in report.remarks)
    of_store = [remark for remark in report.remarks if ": " not in remark]
    yield from (f"{figures.count(count)} of the days: {remark}." for remark, count in of_days.items() if remark)
    yield from (f"{remark[0].upper()}{remark[1:]}." for remark in of_store)
    faults = report.faults
    if len(faults) > 1:
        yield from faults[:_MOST_FAULTS]
    if len(faults) > _MOST_FAULTS:
        yield f"and {figures.count(len(faults) - _MOST_FAULTS)} more; --json has them all"


def _standings(days: Sequence[VerifiedDay]) -> Iterator[str]:
    return (figures.count(sum(day.standing is standing for day in days)) for standing in Standing)
