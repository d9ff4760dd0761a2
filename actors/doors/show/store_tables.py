"""Tables of an import and of what a store holds; each a summary where there is too much to show line by line."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, islice
from zoneinfo import ZoneInfo

from actors.doors.show import figures
from actors.doors.show.paper import Column, Sheet
from actors.importing.into_store import ImportReport
from actors.importing.report import FileReport, Skipped, by_kind
from actors.inspecting import InspectDay
from messages.values import Interval

_MOST_LINES = 40
_MOST_READINGS = 5
_MOST_FILES = 20
_MOST_REMARKS = 10
_MOST_NAMED = 3
_MOST_EXAMPLES = 2
_LONGEST_NAME = 13

_FILES = (
    Column("File", is_text=True),
    Column("Format", rank=4, is_text=True),
    Column("Symbols", rank=5),
    Column("Rows", rank=1),
    Column("Kept"),
    Column("Duplicates", rank=3),
    Column("Corrected", rank=2),
    Column("Rejected"),
    Column("Sessions", rank=5),
    Column("First", rank=6),
    Column("Last", rank=6),
)
_HELD_BACK = tuple(Column("Sound") if column.title == "Kept" else column for column in _FILES)


def imported(report: ImportReport, store: str) -> Iterator[Sheet | str]:
    """Yield a row a file, or a row a folder where there are many, their sum, and what the user should know."""
    if report.totals.rows:
        yield _files_sheet(report, store)
    yield from _readings(report.files)
    if report.layout == "narrow" and report.totals.kept:
        yield "A narrow store: the days of a month or a year are one file."
    if report.certified:
        days = "1 day has" if report.certified == 1 else f"{figures.count(report.certified)} days have"
        yield f"{days} a new certificate."
    told = [*report.remarks, *_refusals(report), *_remarks(report.files), *_left_out(report.skipped)]
    yield from told[:_MOST_REMARKS]
    if len(told) > _MOST_REMARKS:
        yield f"and {figures.count(len(told) - _MOST_REMARKS)} more remarks; --json has them all"


def _readings(files: Sequence[FileReport]) -> Iterator[str]:
    """Yield a line for each way in which files were read: the calendar, the zone, and which end of the bar."""
    ways = Counter((file.calendar, file.tz, file.stamp) for file in files if file.calendar)
    for (calendar, zone, stamp), count in ways.most_common(_MOST_READINGS):
        said = f"read as: sessions of {calendar}, zone {zone}, stamps are the {stamp} of the bar"
        yield said if len(ways) == 1 else f"{said} ({_files(range(count))})"


def _files_sheet(report: ImportReport, store: str) -> Sheet:
    files = report.files
    sheet = Sheet(_title(report, store), _FILES if report.written else _HELD_BACK)
    rows = _rows(files)
    for name, of_row in rows[:_MOST_FILES]:
        sheet.add(name, *_of_files(of_row))
    if len(files) > 1:
        is_cut = len(rows) > _MOST_FILES
        sheet.sum_up(f"all {_files(files)}{', not all shown' if is_cut else ''}", *_of_files(files))
    return sheet


def _title(report: ImportReport, store: str) -> str:
    """Return what became of the store."""
    totals = report.totals
    if totals.kept or totals.corrected:
        return f"Imported into {store}"
    return f"Nothing new for {store}" if totals.duplicates and report.written else "Read, and nothing written"


def _rows(files: Sequence[FileReport]) -> list[tuple[str, list[FileReport]]]:
    if len(files) <= _MOST_FILES:
        return [(_last_parts(file.path), [file]) for file in files]
    folders = [list(group) for _, group in groupby(files, key=lambda file: (_folder(file.path), file.format))]
    return [(f"{_last_parts(_folder(group[0].path))} ({_files(group)})", group) for group in folders]


def _of_files(files: Sequence[FileReport]) -> tuple[str, ...]:
    sessions = {date for file in files for date in file.sessions}
    symbols = {symbol for file in files for symbol in file.symbols}
    counts = (
        sum(file.rows for file in files),
        sum(file.kept for file in files),
        sum(file.duplicates for file in files),
        sum(file.corrected for file in files),
        sum(sum(file.rejected.values()) for file in files),
        len(sessions),
    )
    formats = {file.format or "refused" for file in files}
    return (
        formats.pop() if len(formats) == 1 else "",
        _symbols(symbols),
        *map(figures.count, counts),
        min(sessions, default=figures.NOTHING),
        max(sessions, default=figures.NOTHING),
    )


def _symbols(symbols: set[str]) -> str:
    """Return the name of a single symbol that is not long (those of options are), else how many there are."""
    name = next(iter(symbols), "")
    return name if len(symbols) == 1 and len(name) <= _LONGEST_NAME else figures.count(len(symbols))


def _files(files: Sequence[object]) -> str:
    return "1 file" if len(files) == 1 else f"{figures.count(len(files))} files"


def _folder(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[0]


def _last_parts(path: str) -> str:
    """Return enough of a path to know the file by."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])


def _refusals(report: ImportReport) -> Iterator[str]:
    """Yield why files were refused, unless that is the sentence on stderr: of a single one, or of all alike."""
    reasons = {file.error.partition(": ")[2] for file in report.files if file.error}
    are_all_alike = len(reasons) == 1 and report.totals.failed_files == len(report.files)
    if report.totals.failed_files > 1 and not are_all_alike:
        alike: dict[str, list[str]] = {}
        for file in report.files:
            if file.error:
                name, _, why = file.error.partition(": ")
                alike.setdefault(why, []).append(name)
        for why, names in alike.items():
            few = ", ".join(names) if len(names) <= _MOST_NAMED else f"{names[0]} and {len(names) - 1} more"
            yield f"refused {few}: {why}"


def _remarks(files: Iterable[FileReport]) -> Iterator[str]:
    for file in files:
        yield from (f"{_last_parts(file.path)}: {warning}" for warning in file.warnings)
        for example in file.examples[:_MOST_EXAMPLES]:
            told = f"{example.field} is {example.seen!r}, expected {example.expected}"
            yield f"{_last_parts(file.path)}, row {example.row} rejected ({example.reason}): {told}"


def _left_out(skipped: Iterable[Skipped]) -> Iterator[str]:
    for why, alike in by_kind(skipped).items():
        first = _last_parts(alike[0].path)
        yield f"skipped {first}: {why}" if len(alike) == 1 else f"skipped {first} and {len(alike) - 1} more: {why}"


def held(days: Sequence[InspectDay], zones: dict[str, str]) -> Sheet:
    """Return a row for each day and symbol, or, where they are too many, for each day.

    Args:
        days: at least one.
        zones: the exchange's zone, by calendar.
    """
    return _by_symbol(days, zones) if len(days) <= _MOST_LINES else _by_day(days)


def _counted(days: Sequence[InspectDay]) -> str:
    """Return what a day is made of."""
    base = days[0].base_interval
    return "regular minutes" if base == "1m" else f"regular bars of {base}"


def _by_symbol(days: Sequence[InspectDay], zones: dict[str, str]) -> Sheet:
    columns = [Column("Day", is_text=True), Column("Calendar", rank=2, is_text=True), Column("Symbol", is_text=True)]
    columns += [Column("Bars"), Column("Missing", is_watched=True), Column("Extended", rank=1)]
    columns += [Column("Span", rank=3, is_text=True), Column("High", rank=4), Column("Low", rank=4)]
    columns += [Column("Volume", rank=5), Column("First missing", is_text=True)]
    sheet = Sheet(f"What the store holds: {_counted(days)}, in exchange time", columns)
    for day in days:
        sheet.add(day.date, day.calendar, day.symbol, *_day(day, zones[day.calendar]))
    return sheet


def _day(day: InspectDay, zone: str) -> tuple[str, ...]:
    decimals = figures.decimals_of((day.high, day.low))
    return (
        figures.count(day.bars),
        figures.count(day.missing_minutes),
        figures.count(day.extended_bars),
        f"{_clock(day.first, zone)}-{_clock(day.last, zone)}" if day.first and day.last else figures.NOTHING,
        figures.price(day.high, decimals),
        figures.price(day.low, decimals),
        figures.volume(day.volume),
        ", ".join(_clock(minute, zone) for minute in islice(day.missing, 3)),
    )


def adjusted(days: Sequence[InspectDay]) -> Iterator[str]:
    """Yield a line for the symbols whose prices are known to have been adjusted before they came, if there are any."""
    found = [day for day in days if day.adjusted_as_of]
    if found:
        symbols, dates = sorted({day.symbol for day in found}), [day.date for day in found]
        names = ", ".join(symbols[:_MOST_NAMED]) + (" ..." if len(symbols) > _MOST_NAMED else "")
        others = "" if len(found) == len(days) else "; of the other days and symbols that is not known"
        yield (
            f"Prices adjusted before they came: {names}, {min(dates)} to {max(dates)}, as of "
            f"{max(day.adjusted_as_of or '' for day in found)}{others}."
        )


def missing(days: Sequence[InspectDay], zones: dict[str, str]) -> Sheet:
    """Return a row for each run of missing minutes.

    Args:
        days: with their runs.
        zones: the exchange's zone, by calendar.
    """
    columns = [Column("Day", is_text=True), Column("Calendar", rank=2, is_text=True), Column("Symbol", is_text=True)]
    columns += [Column("From"), Column("Until"), Column("Minutes" if days[0].base_interval == "1m" else "Bars")]
    sheet = Sheet("What is missing: regular minutes without a bar, in exchange time; until is the end", columns)
    for day in days:
        step = Interval.parse(day.base_interval).seconds
        for first, end in day.missing_runs or ():
            seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(first)).total_seconds()
            clocks = (_clock(instant, zones[day.calendar]) for instant in (first, end))
            sheet.add(day.date, day.calendar, day.symbol, *clocks, figures.count(round(seconds / step)))
    return sheet


def _clock(utc: str, zone: str) -> str:
    return f"{datetime.fromisoformat(utc).astimezone(ZoneInfo(zone)):%H:%M:%S}".removesuffix(":00")


def _by_day(days: Sequence[InspectDay]) -> Sheet:
    columns = [Column("Day", is_text=True), Column("Calendar", is_text=True), Column("Symbols"), Column("Bars")]
    columns += [Column("Missing", is_watched=True), Column("Complete"), Column("Extended", rank=1)]
    sheet = Sheet(f"What the store holds: {_counted(days)}; --symbols A,B shows each symbol", columns)
    of_one_day = groupby(days, key=lambda day: (day.date, day.calendar))
    for (date, calendar), group in of_one_day:
        sheet.add(date, calendar, *_whole_day(list(group)))
    sheet.sum_up("all of them", "", *_whole_day(days, len({day.symbol for day in days})))
    return sheet


def _whole_day(days: Sequence[InspectDay], symbols: int | None = None) -> tuple[str, ...]:
    bars, expected = sum(day.bars for day in days), sum(day.expected_minutes for day in days)
    return (
        figures.count(len(days) if symbols is None else symbols),
        figures.count(bars),
        figures.count(sum(day.missing_minutes for day in days)),
        figures.percent(100.0 * bars / expected if expected else None),
        figures.count(sum(day.extended_bars for day in days)),
    )
