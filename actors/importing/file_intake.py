"""One file into bars by day: by which format, calendar and order of dates it is read, and what became of its rows."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec

from actors.importing import bundle, oddities
from actors.importing.claims import Claims
from actors.importing.date_order import Maker, Orders, Undecided
from actors.importing.file_check import FileBars, Judge
from actors.importing.held.pile import Pile
from actors.importing.report import FileReport, ImportOptions
from actors.importing.rivals import Repeats, Rivals
from actors.importing.row_order import Rows
from actors.importing.trades_beside_bars import check_beside
from actors.kernel.ports import BarStore
from actors.kernel.readings import dates_left, symbols_left
from actors.kernel.shelter import is_failure
from actors.market.calendar import Calendar
from actors.market.sale_conditions import sale_rules
from actors.market.validate import may_be_negative
from actors.reading import naming
from actors.reading.dates import DatesUnclear
from actors.reading.format import IN_STAMPS, Format, Hints, RawBars, Unsupported, ZoneMissing
from actors.reading.peek import Head
from actors.reading.stamps import check_zone
from actors.vendors.formats import detect, unnamed
from messages.errors import BarkeeperError, DataError
from messages.tables.columns import Stamps

_LOOKED_AT = 20
_Bars = TypeVar("_Bars", RawBars, FileBars)


class Intake:
    """Reads one file after the other."""

    def __init__(
        self,
        store: BarStore,
        options: ImportOptions,
        fmt: Format | None,
        calendars: Callable[[str], Calendar],
        pile: Pile,
    ) -> None:
        """Say where bars go, and what the user says of the files.

        Args:
            store: where bars go.
            options: what the user says.
            fmt: the format of all files, if the user says it.
            calendars: gives a calendar by its name.
            pile: where bars are held.

        Raises:
            DataError: the options name an unknown zone.
            SettingsError: they name an unknown calendar, or unknown rules of sale conditions.
        """
        if options.sale_conditions is not None:
            sale_rules(options.sale_conditions)
        if options.tz:
            check_zone(options.tz)
        self._store = store
        self._options = options
        self._hints = Hints(
            symbol=naming.in_capitals(options.symbol) if options.symbol else None,
            tz=options.tz, stamp=options.stamp, dates=options.dates,
            calendar=options.calendar, base=options.base, is_format_named=bool(options.format),
            may_be_negative=lambda of_file: self._may_be_negative(options.calendar or of_file),
            sale_conditions=options.sale_conditions,
        )  # fmt: skip
        self._format = fmt
        self._new_calendar = calendars
        self.calendars: dict[str, Calendar] = {}
        self.claims = Claims(store, self.calendars.__getitem__, options.base, pile.folder)
        self.rivals = Rivals()
        self.stated: dict[int, str] = {}
        """By file the symbol that it states itself, where the user says another."""
        self._pile = pile
        self.adjusted: dict[int, bool | None] = {}
        """By file whether its prices are adjusted, as far as anybody knows."""
        self.newest_first: set[int] = set()
        """The files that have their newest rows first."""
        self._orders = Orders()
        self._names: dict[int, naming.OfName] = {}
        """By file what its name gives, where the symbol is taken from it."""
        self.markets: dict[int, str] = {}
        """By file where its symbols are at home, where the vendor says so."""
        self._homes: dict[str, str] = {}
        self._head: Head | None = None
        self._ready: dict[Path, bundle.Ready] = {}
        if options.calendar:
            self._calendar(None, ())

    @property
    def is_named_by_files(self) -> bool:
        """Whether the name of any file says whose bars it has."""
        return bool(self._names)

    def prepare(self, paths: Sequence[Path]) -> None:
        """Read small files at once that are to be read next; whatever is wrong with one is said at its turn."""
        self._ready = bundle.ready(paths, self._format, self._hints, self._options.base, self._rules)

    def members(self, path: Path) -> tuple[str, ...]:
        """Return the members of a zip that are files of their own; one without a name is the file as a whole."""
        if path in self._ready:
            return ("",)
        if not path.is_file():  # to open a pipe is to wait for somebody who writes to it
            return ("",)
        # What cannot be looked into is refused when it is read.
        with suppress(BarkeeperError), explained():
            head = self._head = Head(path)
            if len(head.members) < 2:
                return ("",)
            with suppress(BarkeeperError), explained():
                if (self._format or detect(head, self._hints)).takes_zips:
                    return ("",)
            return head.members
        return ("",)

    def read(
        self, file: int, path: Path, member: str, report: FileReport, *, may_wait: bool = False
    ) -> Iterator[float]:
        """Read a file into the pile; yields how much of it has been read.

        Args:
            file: its place among the reports.
            path: where it is.
            member: which of a zip's, or none.
            report: what became of it is written there.
            may_wait: whether it may be read again, once all others have been.

        Raises:
            Undecided: it may wait, and the others may tell in which order its dates are.
            BarkeeperError: it is refused; whatever a reader raises is that.
        """
        ready = self._ready.pop(path, None)
        if ready is not None and ready.plain is not None:
            self._take_plain(file, path, ready, ready.plain, report)
            return
        hints, name = msgspec.structs.replace(self._hints, member=member), Path(member) if member else path
        fmt = ready.fmt if ready else self._format_of(path, hints)
        report.format = fmt.name
        spacing, judge, market = oddities.Spacing(naming.interval_named(name), hints.base), None, ""
        blocks = iter([ready.bars]) if ready else self._blocks(fmt, path, name, hints, may_wait=may_wait)
        rows, repeats, strangers = Rows(blocks), Repeats(), tuple[str, ...]()
        for block in rows:
            with explained():
                spacing.note(block.start_ns)
                check_beside(fmt, path, block, hints)
                if judge is None:
                    with self._suspected(path, hints):
                        judge, market = self._judge(fmt, block, blocks, spacing, report), block.market
                    strangers = block.strangers
                    self._note_first(file, fmt, path, block)
                repeats.note(self._taken(file, fmt, judge, block, report))
            yield block.share
        if judge is None:
            raise DataError("there are no rows")
        spacing.check({self.calendars[report.calendar].tz, *({report.tz} - {IN_STAMPS})})
        repeats.check(strangers)
        judge.finish()
        if rows.is_newest_first:
            self.newest_first.add(file)
        report.warnings.extend(self.claims.objections(file))
        self._note_market(file, market, report)

    def _take_plain(self, file: int, path: Path, ready: bundle.Ready, plain: FileBars, report: FileReport) -> None:
        """Take a file of which there is nothing to be said but what its reader remarks."""
        fmt, bars = ready.fmt, ready.bars
        assert ready.calendar is not None, "no bars are plain without one"
        report.format, report.calendar, report.tz, report.stamp = fmt.name, ready.calendar.name, bars.zone, bars.stamp
        self._note_first(file, fmt, path, bars)
        bars, kept = _in_capitals(fmt, bars), _in_capitals(fmt, plain)
        report.rows = len(kept.rows)
        report.symbols, report.sessions = sorted({*kept.symbols}), [*kept.assignment.dates]
        report.warnings.extend(dict.fromkeys(bars.remarks))
        self._keep(file, fmt, bars, kept, report)
        self._note_market(file, bars.market, report)

    def _format_of(self, path: Path, hints: Hints) -> Format:
        """Return the format; what was looked at just before is, unless it is another one of a zip's members."""
        with explained():
            if path.exists() and not path.is_file():
                raise DataError("it is no file: a pipe, a socket or a device")
            head, self._head = self._head, None
            is_known = head is not None and head.path == path and not hints.member
            return self._format or detect(head if head and is_known else Head(path, hints.member), hints)

    def forget(self, file: int) -> None:
        """Leave out what came from a file that turned out to be broken further on."""
        self._pile.forget(file)
        self.claims.forget(file)
        self.rivals.forget(file)
        self.stated.pop(file, None)
        self._names.pop(file, None)

    def tell_apart(self, reports: Sequence[FileReport]) -> None:
        """Read the names of files whole that a part of it tells apart, now that all of them are known."""
        for file, whole in naming.told_apart(self._names).items():
            old, report = self._names[file].symbol, reports[file]
            for held in (self._pile, self.claims, self.rivals):
                held.rename(file, old, whole)
            report.symbols = [whole if symbol == old else symbol for symbol in report.symbols]

    def _note_first(self, file: int, fmt: Format, path: Path, block: RawBars) -> None:
        """Note what the first block of a file says of all of it."""
        self.stated[file] = block.stated
        self.adjusted[file] = fmt.adjusted if block.adjusted is None else block.adjusted
        if block.name is not None:
            self._names[file] = block.name
        if block.written is not None:
            self._orders.show((fmt.name, path.parent, block.written.shape), block.written.order)

    def _taken(self, file: int, fmt: Format, judge: Judge, block: RawBars, report: FileReport) -> FileBars:
        block = _in_capitals(fmt, block)
        kept = judge.kept(block)
        self._keep(file, fmt, block, kept, report)
        return kept

    def _keep(self, file: int, fmt: Format, block: RawBars, kept: FileBars, report: FileReport) -> None:
        self._pile.add(file, report.calendar, kept, is_named_for_good=block.name is None)
        if self._options.complete or fmt.is_complete:
            self.claims.note(file, fmt.name, self.calendars[report.calendar], block, kept)
        if len(kept.symbols) == 1 and len(kept.start_ns):
            self.rivals.note(file, kept.symbols[0], kept.start_ns, kept.values, kept.rows)

    def _blocks(self, fmt: Format, path: Path, name: Path, hints: Hints, *, may_wait: bool) -> Iterator[RawBars]:
        with explained(), self._suspected(path, hints):
            try:
                yield from self._dated(fmt, path, hints, may_wait=may_wait)
            except ZoneMissing as error:
                raise DataError(self._refusal_without_zone(error.local_ns, fmt, name)) from error

    @contextmanager
    def _suspected(self, path: Path, hints: Hints) -> Iterator[None]:
        """Let a refusal say whose file it may be that nothing in it says."""
        try:
            yield
        except (Unsupported, Undecided):
            raise
        except DataError as error:
            found = "" if hints.is_format_named else unnamed(Head(path, hints.member), hints)
            if not found:
                raise
            raise DataError(f"{error}{found}") from error

    def _dated(self, fmt: Format, path: Path, hints: Hints, *, may_wait: bool) -> Iterator[RawBars]:
        try:
            yield from fmt.read(fmt, path, hints)
        except DatesUnclear as unclear:
            maker: Maker = (fmt.name, path.parent, unclear.shape)
            if may_wait:
                self._orders.leave_open(maker, unclear)
                raise Undecided(str(unclear)) from unclear
            order, said = self._orders.decided(maker, unclear, self._calendar(fmt.calendar, ()))
            for raw in fmt.read(fmt, path, msgspec.structs.replace(hints, dates=order)):
                yield msgspec.structs.replace(raw, remarks=(*raw.remarks, said))

    def _judge(
        self, fmt: Format, first: RawBars, rest: Iterator[RawBars], spacing: oddities.Spacing, report: FileReport
    ) -> Judge:
        try:
            calendar, may_be_negative = self._rules(Path(report.path), first)
        except BarkeeperError:
            # A file that is not imported anyway needs no calendar, and only the whole of it tells.
            for block in rest:
                spacing.note(block.start_ns)
            spacing.check({first.zone} - {IN_STAMPS})
            raise
        report.calendar, report.tz, report.stamp = calendar.name, first.zone, first.stamp
        said_by = "--stamp" if self._options.stamp else fmt.name if fmt.stamp else ""
        return Judge(
            calendar,
            report,
            allow_negative=may_be_negative,
            stamp_said_by=said_by,
            is_calendar_said=self._options.calendar is not None,
            base=self._options.base,
        )

    def _rules(self, path: Path, first: RawBars) -> bundle.Rules:
        """Return what the bars of a file are held against."""
        calendar = self._calendar(first.calendar or naming.calendar_of(str(path)), first.symbols)
        return calendar, self._may_be_negative(calendar.name)

    def _may_be_negative(self, calendar: str) -> bool:
        said = self._options.allow_negative
        return may_be_negative(calendar) if said is None else said

    def _calendar(self, of_file: str | None, symbols: Sequence[str]) -> Calendar:
        held = [name for name, known in self._known.items() if symbols and known.issuperset(symbols)]
        name = self._options.calendar or of_file or self._options.fallback_calendar
        name = name or (held[0] if len(held) == 1 else None)
        if name is None:
            raise DataError(
                "neither the file nor the store says which calendar; give one, as in --calendar XNYS or --calendar 24/7"
            )
        if name not in self.calendars:
            made = self._new_calendar(name)
            self.calendars[name] = self.calendars[made.name] = made  # reports call it by its own name
        return self.calendars[name]

    @cached_property
    def _known(self) -> dict[str, set[str]]:
        """The symbols that the store had before, by calendar: those of its latest days."""
        store = self._store
        return {
            name: {
                symbol
                for date in dates_left(store, name)[0][-_LOOKED_AT:]
                for symbol in symbols_left(store, name, date)
            }
            for name in store.calendars()
        }

    def _refusal_without_zone(self, local_ns: Stamps, fmt: Format, name: Path) -> str:
        oddities.check_interval(local_ns, naming.interval_named(name), self._options.base)
        try:
            calendar = self._calendar(fmt.calendar, ())
        except DataError:
            calendar = None
        return oddities.refusal_without_zone(local_ns, calendar)

    def _note_market(self, file: int, market: str, report: FileReport) -> None:
        if market:
            self.markets[file] = market
        for symbol in report.symbols if market else ():
            before = self._homes.setdefault(symbol, market)
            if before != market:
                report.warnings.append(
                    f"{symbol} comes from {before} and from {market}, which is one symbol to the store: "
                    "import them into stores of their own, or rename one with --symbol"
                )


def _in_capitals(fmt: Format, bars: _Bars) -> _Bars:
    """Return bars with their symbols as they are meant."""
    if fmt.has_capitals:
        return bars
    return msgspec.structs.replace(bars, symbols=tuple(symbol.upper() for symbol in bars.symbols))


@contextmanager
def explained() -> Iterator[None]:
    """Let whatever a reader raises be the refusal of its file."""
    try:
        yield
    except BarkeeperError:
        raise
    except BaseException as error:
        if not is_failure(error):
            raise
        lines = str(error).splitlines() or [""]
        raise DataError(f"it cannot be read ({type(error).__name__}: {lines[0][:200]})") from error
