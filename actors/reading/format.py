"""What a format declares about itself, and what reading a file of it gives."""

import enum
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from actors.reading.dates import DateOrder, Written
from actors.reading.naming import OfName
from messages.errors import DataError
from messages.tables.columns import Floats, Indices, Stamps
from messages.values import ONE_MINUTE, Interval

if TYPE_CHECKING:
    from actors.reading.peek import Head

EXAMPLES = 5
"""How many broken rows of a file are shown; all are counted."""

UNPARSABLE = "unparsable"
"""The reason that a row counts under which cannot be read at all."""

OFFSET = "offset"
"""A zone that is no zone: every stamp carries its own offset from UTC."""


IN_STAMPS = "in the stamps"
"""What stands for a zone where stamps carry their offset or are counted from 1970."""


class Stamp(enum.StrEnum):
    """Which end of its interval a bar is stamped with."""

    START = "start"
    END = "end"


class Coverage(enum.StrEnum):
    """Which hours a vendor's files hold."""

    REGULAR = "regular"
    EXTENDED = "extended"
    ALL = "all"


class Unsupported(DataError):
    """A file that was recognised and is not what is imported: quotes, ticks, bars of another length."""


class Ambiguous(DataError):
    """A file whose columns were recognised, and which would be read wrongly as it stands."""


class ZoneMissing(DataError):
    """Stamps without a zone, and nobody said which; ``local_ns`` holds them as if they were UTC."""

    def __init__(self, local_ns: Stamps) -> None:
        super().__init__("the stamps carry no zone; say which with --tz")
        self.local_ns = local_ns


class Hints(msgspec.Struct, frozen=True, kw_only=True):
    """What the user says about files that do not say it themselves."""

    symbol: str | None = None
    tz: str | None = None
    stamp: Stamp | None = None
    dates: DateOrder | None = None
    """The order of day, month and year where a file leaves it open."""
    calendar: str | None = None
    member: str = ""
    """Which file within a zip is meant, where it holds several."""
    base: Interval = ONE_MINUTE
    """The length of the bars that are imported: longer ones are refused, shorter ones and trades are folded."""
    may_be_negative: Callable[[str], bool] = lambda _calendar: False
    """Whether prices may be zero or below on a calendar, by its name."""
    sale_conditions: str | None = None
    """By whose rules trades of US stocks make bars; ``None``: the format's own."""
    is_format_named: bool = False
    """Whether the user says which format: what would give way to a vendor's bars beside it does not."""


class BrokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that could not be read: where, which field, what stands there and what should."""

    row: int
    """The line, as an editor counts them (the record in files without lines), from 1."""
    field: str
    seen: str
    expected: str


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a block that are no bars: the first few unreadable ones, their number, and the blank ones."""

    rows: tuple[BrokenRow, ...] = ()
    count: int = 0
    blank: int = 0
    reason: str = UNPARSABLE
    """Why they are none, as the report counts them."""

    @classmethod
    def of(cls, rows: list[BrokenRow], blank: int = 0) -> "Broken":
        """Count broken rows and keep the first of them."""
        first = sorted(rows, key=lambda broken: broken.row)[:EXAMPLES]
        return cls(rows=tuple(first), count=len(rows), blank=blank)


class Block(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The columns of some consecutive rows: of bars, or of what bars are made of."""

    stamps_ns: Stamps
    """When, one a row: instants, or wall-clock time as if it were UTC."""
    symbols: tuple[str, ...]
    """The symbol table, as written; empty text where the file names none."""
    symbol_index: Indices
    """For each row its symbol's place in the table."""
    values: Floats
    """Fields x rows."""
    rows: Stamps
    """For each row its number in the file."""
    labels: tuple[str, ...] = ()
    """What stands in a further column, each text once; empty where the layout asks for none."""
    label_index: Indices | None = None
    """For each row its label's place among these."""
    broken: Broken = Broken()
    """The rows that could not be read."""
    has_left_out: bool = False
    """Whether rows were left out of bars that are not over, as the file says."""
    share: float = 1.0
    """How much of the file has been read when these rows have been, from 0 to 1."""


class RawBars(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bars as a file has them, in its order: nothing sorted, checked or left out but unreadable rows."""

    symbols: tuple[str, ...]
    """The symbol table, as written."""
    symbol_index: Indices
    start_ns: Stamps
    values: Floats
    """Fields x rows: open, high, low, close, volume[, vwap, trades]; NaN where a cell is empty."""
    rows: Stamps
    """For each bar its row in the file, from 1, header included."""
    broken: Broken = Broken()
    remarks: tuple[str, ...] = ()
    """What the user should know of how the file was read."""
    ambiguous: int = 0
    """Stamps that occur twice because clocks went back; read as the first of the two instants."""
    nonexistent: int = 0
    """Stamps that clocks skipped; read with the offset from before the change."""
    calendar: str | None = None
    """The calendar that the file itself points to."""
    zone: str = ""
    """The zone that the stamps were read in, or ``IN_STAMPS``."""
    stamp: Stamp = Stamp.START
    """Which end of the bar they were taken to be."""
    name: OfName | None = None
    """What the file's name gives, where the symbol is taken from it."""
    written: Written | None = None
    """How dates and times are written, where people wrote them."""
    strangers: tuple[str, ...] = ()
    """The columns of words whose names nobody knows, where the file has no column of symbols."""
    stated: str = ""
    """The one symbol that the file states, where the user says another."""
    adjusted: bool | None = None
    """Whether prices are adjusted, where the file itself says so."""
    market: str = ""
    """Where the symbols are at home, where a vendor says so: one name may mean two things."""
    share: float = 1.0
    """How much of the file has been read when these have been, from 0 to 1."""


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """How one vendor writes bars down: a table of facts, and a function where the table does not reach."""

    name: str
    """What ``--format`` calls it."""
    title: str
    source: str
    """The vendor's documentation that the facts are taken from."""
    stamp: Stamp | None
    """``None``: nobody says; start is assumed and the sessions are looked at."""
    tz: str | None
    """The zone of stamps without an offset (IANA), ``offset`` where each carries its own, ``None``: must be given."""
    adjusted: bool | None
    """Whether prices are adjusted for splits or dividends; ``None``: the request decides, or the vendor is silent."""
    coverage: Coverage
    emits_empty_minutes: bool
    """Whether a minute without a trade has a row."""
    is_complete: bool = False
    """Whether a minute without a row was not traded, in each session of a symbol that a file has a row of."""
    is_anybodys: bool = False
    """Whether others write the same shape: a zone or calendar of somebody else's then says that it is not this."""
    must_be_named: bool = False
    """Whether nothing in its files is its own, so that only ``--format`` says that a file is."""
    has_capitals: bool = True
    """Whether case counts in its symbols; else they are written in small letters throughout, and meant in capitals."""
    takes_zips: bool = False
    """Whether a zip of several members is one file to it; else each member is a file."""
    gives_way: bool = False
    """Whether its bars are made of trades, and not taken where the same folder has bars of that symbol and day."""
    sniff: "Callable[[Head], bool]"
    read: "Callable[[Format, Path, Hints], Iterator[RawBars]]"
    columns: tuple[str, ...] = ()
    """What each column is, by position (empty: not needed); no columns: the header says."""
    price_scale: float = 1.0
    """What written prices are to be divided by."""
    calendar: str | None = None
    """The calendar of every file of this format, where there is only one."""

    def zone(self, hints: Hints) -> str | None:
        """Return the zone of stamps that carry none, or ``None``: unknown."""
        return hints.tz or (None if self.tz == OFFSET else self.tz)

    def stamped(self, hints: Hints) -> Stamp:
        """Return which end of its interval a bar is stamped with."""
        return hints.stamp or self.stamp or Stamp.START


def open_to(fmt: Format, *, zone: str | None, is_end: bool) -> Format:
    """Return a format with what a file says of its zone and the end of the bar, where the format leaves them open."""
    stamp = fmt.stamp or (Stamp.END if is_end else None)
    return msgspec.structs.replace(fmt, tz=fmt.tz or zone, stamp=stamp)


def of_many(hints: Hints, *, is_of_many: bool) -> tuple[Hints, tuple[str, ...]]:
    """Return what the user says where the time in UTC is read of several: not the zone of another; and a remark."""
    if not is_of_many or hints.tz is None:
        return hints, ()
    said = f"of several times that in UTC is read, of which --tz {hints.tz} says nothing"
    return msgspec.structs.replace(hints, tz=None), (said,)


_ALIKE = {"UTC", "GMT", "ETC/UTC", "ETC/GMT", "UTC+0", "UTC+00:00"}


def zone_said_otherwise(zone: str | None, hints: Hints) -> tuple[str, ...]:
    """Return the remark that a file states another zone than the user, if so: the user's counts."""
    is_one = zone is None or hints.tz is None or zone == hints.tz or {zone.upper(), hints.tz.upper()} <= _ALIKE
    return (
        () if is_one else (f"the file says that its stamps are of {zone}: they are read in {hints.tz}, as --tz says",)
    )
