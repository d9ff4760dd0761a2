"""One file into bars by day: by which format, calendar and order of dates it is read, and what became of its rows."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

import msgspec

from actors.importing import oddities
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
        self._markets: dict[str, str] = {}
        self._head: Head | None = None
        if options.calendar:
            self._calendar(None, ())

    @property
    def is_named_by_files(self) -> bool:
        """Whether the name of any file says whose bars it has."""
        return bool(self._names)

    def members(self, path: Path) -> tuple[str, ...]:
        """Return the members of a zip that are files of their own; one without a name is the file as a whole."""
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
        hints, name = msgspec.structs.replace(self._hints, member=member), Path(member) if member else path
        with explained():
            if path.exists() and not path.is_file():
                raise DataError("it is no file: a pipe, a socket or a device")
            fmt = self._format or detect(self._head_of(path, member), hints)
        report.format = fmt.name
        spacing, judge, market = oddities.Spacing(naming.interval_named(name), hints.base), None, ""
        blocks = self._blocks(fmt, path, name, hints, may_wait=may_wait)
        rows, repeats, strangers = Rows(blocks), Repeats(), tuple[str, ...]()
        for block in rows:
            with explained():
                spacing.note(block.start_ns)
                check_beside(fmt, path, block, hints)
                if judge is None:
                    with self._suspected(path, hints):
                        judge, market = self._judge(fmt, block, blocks, spacing, report), block.market
                    self.stated[file], strangers = block.stated, block.strangers
                    self.adjusted[file] = fmt.adjusted if block.adjusted is None else block.adjusted
                    if block.name is not None:
                        self._names[file] = block.name
                    if block.written is not None:
                        self._orders.show((fmt.name, path.parent, block.written.shape), block.written.order)
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
        self._note_market(market, report)

    def _head_of(self, path: Path, member: str) -> Head:
        """Return the beginning of a file, which has been looked at just before unless it is one of a zip's others."""
        head, self._head = self._head, None
        return head if head is not None and head.path == path and not member else Head(path, member)

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

    def _taken(self, file: int, fmt: Format, judge: Judge, block: RawBars, report: FileReport) -> FileBars:
        if not fmt.has_capitals:
            block = msgspec.structs.replace(block, symbols=tuple(symbol.upper() for symbol in block.symbols))
        kept = judge.kept(block)
        self._pile.add(file, report.calendar, kept, is_named_for_good=block.name is None)
        if self._options.complete or fmt.is_complete:
            self.claims.note(file, fmt.name, self.calendars[report.calendar], block, kept)
        if len(kept.symbols) == 1 and len(kept.start_ns):
            self.rivals.note(file, kept.symbols[0], kept.start_ns, kept.values)
        return kept

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
            calendar = self._calendar(first.calendar or naming.calendar_of(report.path), first.symbols)
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
            allow_negative=self._may_be_negative(calendar.name),
            stamp_said_by=said_by,
            is_calendar_said=self._options.calendar is not None,
            base=self._options.base,
        )

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

    def _note_market(self, market: str, report: FileReport) -> None:
        for symbol in report.symbols if market else ():
            before = self._markets.setdefault(symbol, market)
            if before != market:
                report.warnings.append(
                    f"{symbol} comes from {before} and from {market}, which is one symbol to the store: "
                    "import them into stores of their own, or rename one with --symbol"
                )


@contextmanager
def explained() -> Iterator[None]:
    """Let whatever a reader raises be the refusal of its file."""
    try:
        yield
    except BarkeeperError:
        raise
    except Exception as error:
        lines = str(error).splitlines() or [""]
        raise DataError(f"it cannot be read ({type(error).__name__}: {lines[0][:200]})") from error
