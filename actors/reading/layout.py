"""Where what stands in the lines of a delimited file, as its header says it, its columns are named, or they look."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import takewhile

import msgspec

from actors.reading import shape, stamps
from actors.reading.dates import DateOrder, Written
from actors.reading.format import Ambiguous, Unsupported
from actors.reading.peek import Head
from actors.reading.series import OneSeries, telling
from actors.reading.spelling import flags
from actors.reading.spelling import header as spelling
from actors.reading.spelling.coding import PLAIN, Coding
from actors.reading.spelling.numerals import Numerals, are_in_32nds, is_number, numerals_of
from actors.reading.stamps import StampForm
from actors.reading.tolerant import VALUE_ROLES
from messages.errors import DataError
from messages.tables.columns import FIELDS

_TITLE_LINES = 10
"""How many lines may stand above a header: the address of a site, what the file is of, a blank one."""

SERIES = "series"
"""The role of the column that tells series apart, where there is one beside the symbol."""
_COMPARED_ROWS = 10
_ASKED_ROWS = 20


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Where what stands in the lines of a file."""

    delimiter: str
    places: dict[str, int]
    """For each role its column."""
    width: int
    """How many columns there are."""
    header_lines: int
    form: StampForm
    marks: Numerals = Numerals()
    """How numbers are written."""
    coding: Coding = PLAIN
    zone: str | None = None
    """The zone that the header states, if it does."""
    is_of_many: bool = False
    """Whether there are other times beside that one."""
    is_day_first: bool = False
    """Whether the header's language has the day first, where the dates leave it open."""
    is_end: bool = False
    """Whether the header says that stamps are the end of the bar."""
    remarks: tuple[str, ...] = ()
    """What the user should know of how the file is read."""
    pattern: str | Written | None = None
    """How people wrote dates and times, if that is known; else the file is asked."""
    order: DateOrder | None = None
    """Of day, month and year, if somebody says it."""
    numbers: tuple[str, ...] = VALUE_ROLES
    """The columns that are numbers and become a block's values: a bar's fields, or what is no bar yet."""
    strangers: tuple[str, ...] = ()
    """The columns of words whose names nobody knows, where none is of symbols."""
    series: str = ""
    """The name of the column with that role."""
    label: str = ""
    """A column of text that becomes a block's labels; a cell may be empty."""

    @property
    def names(self) -> list[str]:
        """A name for every column: its role, or a placeholder for one that nobody needs."""
        roles = {place: role for role, place in self.places.items()}
        return [roles.get(place, f"column {place + 1}") for place in range(self.width)]

    @property
    def stamp_roles(self) -> tuple[str, ...]:
        """The one or two columns that make a stamp."""
        return (spelling.DATE, spelling.CLOCK) if spelling.DATE in self.places else (spelling.STAMP,)


_WORD = re.compile(r"[^\W\d_].*|\d+[^\W\d_]\S*")
_NO_IDENTITY = re.compile(
    r"true|false|yes|no|y|n|utc|gmt|[ecmp][sd]t|[cew]es?t|bst|ist|(?:a[ce]|nz)[sd]t", re.IGNORECASE
)
"""Words of which rows of one time may have two and still be of one instrument: flags, and zones of a repeated hour."""


class _Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the first lines say: the columns, and which line is the first row."""

    said: spelling.Header
    width: int
    first_row: int
    names: tuple[str, ...] = ()
    """Those of the header, if there is one."""
    remarks: tuple[str, ...] = ()


def layout_of(head: Head, columns: Sequence[str] = ()) -> Layout:
    """Return the layout of a file that begins with ``head``.

    Args:
        head: the beginning.
        columns: what each column is, by position; without them a header says it, or the rows show it.

    Raises:
        DataError: the header lacks a column that a bar needs, or the rows do not have its columns.
    """
    found = _by_position(head, columns) if columns else _by_header(head) or _by_shape(head)
    rows = _rows(head, found.first_row)
    if not rows:
        raise DataError("there is a header and no row" if found.first_row else "the file is empty")
    width = _checked_width(found.width, rows, columns)
    places, strangers, series = found.said.places, tuple[str, ...](), ""
    if found.names:
        even = [row for row in rows if len(row) == width]
        places = spelling.with_volume(
            places,
            found.names,
            lambda place: any(_is_not_0(row, place) for row in rows),
            partial(_is_money_of, even, places, head.delimiter),
        )
        if not flags.are_flags(row[places[spelling.IS_OVER]] for row in even if spelling.IS_OVER in places):
            places = {role: place for role, place in places.items() if role != spelling.IS_OVER}
        strangers = strangers_among(places, found.names, even)
        _check_told_apart(places, found.names, strangers, even)
        _check_named_once(places, found.names, even)
        series = _series(places, found.names, even)
        places = places | ({SERIES: found.names.index(series)} if series else {})
    layout = Layout(
        delimiter=head.delimiter,
        places=places,
        width=width,
        header_lines=found.first_row and head.lines_before(found.first_row),
        numbers=(*VALUE_ROLES, spelling.MORE_VOLUME) if spelling.MORE_VOLUME in places else VALUE_ROLES,
        form=StampForm.TEXT,
        marks=_marks(rows, places, head.delimiter),
        coding=head.coding,
        zone=found.said.zone,
        is_end=found.said.is_end,
        is_of_many=found.said.is_of_many,
        is_day_first=found.said.is_day_first,
        strangers=strangers,
        series=series,
        label=SERIES if series else "",
        remarks=tuple(filter(None, (*found.remarks, *spelling.units_told(found.names, places), head.coding.remark))),
    )
    return msgspec.structs.replace(layout, form=_form(rows, layout))


def is_of_bars(head: Head) -> bool:
    """Return whether a file's header or its shape is one of bars, though it may have to be refused when it is read."""
    try:
        layout_of(head)
    except (Ambiguous, Unsupported):
        return True
    except DataError:
        return False
    return True


def misfit(head: Head) -> str | None:
    """Return why a file cannot be read by its header or its shape, or ``None`` where it can."""
    try:
        layout_of(head)
    except DataError as error:
        return str(error)
    return None


def _rows(head: Head, first: int) -> list[list[str]]:
    """Return the first rows; the last line may be cut, and counts only if there is no other."""
    rows = [head.cells(line) for line in range(first, len(head.lines))]
    return rows[:-1] if len(rows) > _COMPARED_ROWS else rows


def _by_position(head: Head, columns: Sequence[str]) -> _Reading:
    spelling.check_needed(columns, head.cells(0))
    place = columns.index("open")
    above = takewhile(lambda line: not _has_number(head.cells(line), place), range(min(_TITLE_LINES, len(head.lines))))
    said = spelling.Header(places={role: place for place, role in enumerate(columns) if role})
    return _Reading(said=said, width=len(columns), first_row=len(list(above)))


def _is_not_0(row: Sequence[str], place: int) -> bool:
    return place < len(row) and any(digit in row[place] for digit in "123456789")


def _is_money_of(rows: Sequence[Sequence[str]], places: dict[str, int], comma: str, one: int, other: int) -> bool:
    highs, lows, volumes, money = ([row[at] for row in rows] for at in (places["high"], places["low"], other, one))
    return shape.is_money_of(highs, lows, volumes, money, comma)


def _has_number(cells: Sequence[str], place: int) -> bool:
    return place < len(cells) and is_number(cells[place])


def _by_header(head: Head) -> _Reading | None:
    for line in range(min(_TITLE_LINES, len(head.lines))):
        header, row = head.cells(line), head.cells(line + 1)
        try:
            said = spelling.read(header, row)
        except DataError:
            continue
        return _Reading(
            said=said, width=len(header), first_row=line + 1, names=tuple(header), remarks=_titles(head, line)
        )
    return None


def _by_shape(head: Head) -> _Reading:
    if not head.lines:
        raise DataError("the file is empty")
    for line in range(min(_TITLE_LINES, len(head.lines))):
        rows = _rows(head, line)
        if (columns := shape.columns_of(rows)) is not None:
            _check_not_named_otherwise(head.cells(line - 1) if line else (), columns)
            said = spelling.Header(places={role: place for place, role in enumerate(columns) if role})
            told = f"there is no header: columns are read as {shape.told(columns)}; --columns names others"
            return _Reading(said=said, width=len(columns), first_row=line, remarks=(*_titles(head, line), told))
        if _is_row(head.cells(line), rows):
            break  # what it does not show, fewer rows do not either
    if sum(map(is_number, head.cells(0))) >= len(spelling.PRICES):
        raise DataError(
            "there is no header, and the cells do not show which columns are open, high, low and close; name the "
            "columns, as in --columns date,time,open,high,low,close,-,volume"
        )
    spelling.read(head.cells(0), head.cells(1))
    raise AssertionError("a header that can be read was passed over")


def _is_row(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether a line is one of the rows, and stands not above them."""
    return sum(map(is_number, cells)) >= len(spelling.PRICES) and sum(len(row) == len(cells) for row in rows) > 1


def _check_not_named_otherwise(above: Sequence[str], columns: Sequence[str]) -> None:
    """Check that no name above the rows says something else of its column than the rows seem to show."""
    for name, role in zip(above, columns, strict=False) if len(above) == len(columns) else ():
        said = spelling.role_of(name)
        if said in FIELDS and role != said:
            raise DataError(
                f"{name!r} stands above what looks like {role or 'none of a bar'}, and not all names above the rows "
                f"are known ({', '.join(above)[:200]}); say what the columns are with --columns"
            )


def _titles(head: Head, line: int) -> tuple[str, ...]:
    if not line:
        return ()
    above = "line is" if line == 1 else f"{line} lines are"
    return (f"the first {above} above the columns and skipped: {head.lines[0][:60]!r}",)


def _checked_width(width: int, rows: Sequence[Sequence[str]], columns: Sequence[str]) -> int:
    """Return how many cells a row has: one more than there are names where each row ends with a delimiter."""
    compared = rows[:_COMPARED_ROWS]
    if width in map(len, compared):
        return width
    if all(len(row) == width + 1 and not row[-1] for row in compared):
        return width + 1
    named = "--columns names" if columns else "the first line names"
    raise DataError(f"{named} {width} columns, and the rows have {max(map(len, compared))} fields")


def strangers_among(places: dict[str, int], names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the columns of words whose names nobody knows, if none is of symbols: one may be what rows are of.

    Args:
        places: for each role its column.
        names: those of all columns.
        rows: some rows, each with as many cells.
    """
    unknown = () if spelling.SYMBOL in places else sorted(set(range(len(names))) - set(places.values()))
    return tuple(
        names[place]
        for place in unknown
        if all(_WORD.fullmatch(row[place]) and not _NO_IDENTITY.fullmatch(row[place]) for row in rows)
    )


def _check_told_apart(
    places: dict[str, int], names: Sequence[str], strangers: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Check that no column of words that nobody knows tells rows of one minute apart: it is what they are of."""
    stamp = [places[role] for role in (spelling.STAMP, spelling.DATE, spelling.CLOCK) if role in places]
    for name in strangers:
        place, words = names.index(name), dict[tuple[str, ...], str]()
        for row in rows:
            other = words.setdefault(tuple(row[at] for at in stamp), row[place])
            if other != row[place]:
                raise Ambiguous(
                    f"the column {name!r} tells rows of one time apart ({other!r} and {row[place]!r}), and it is none "
                    "that is known; say what it is, as symbol or -, with --columns"
                )


def _check_named_once(places: dict[str, int], names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Check that no other column has the name of a price or the volume, and other cells."""
    plain = spelling.plain_all(names)
    for role, place in ((role, place) for role, place in places.items() if role in FIELDS):
        same = [at for at, name in enumerate(plain) if at != place and name == plain[place]]
        if any(row[at] != row[place] for at in same for row in rows):
            raise Ambiguous(
                f"two columns are called {names[place]!r} and differ; say which is the {role} with --columns, and - "
                "for the other"
            )


def _series(places: dict[str, int], names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the column that tells series apart beside the symbol, if there is one; a symbol has to be one series."""
    found = telling(names, places)
    for name in found:
        one, place = OneSeries(name), names.index(name)
        for row in rows:
            one.take(row[places[spelling.SYMBOL]] if spelling.SYMBOL in places else "", row[place])
    return next(iter(found), "")


def _form(rows: Sequence[Sequence[str]], layout: Layout) -> StampForm:
    """Return the form that most of the first stamps have; a date and a time in columns of their own may be any way."""
    even = [row for row in rows[:_ASKED_ROWS] if len(row) == layout.width]
    texts = [" ".join(row[layout.places[role]] for role in layout.stamp_roles) for row in even]
    forms = Counter(stamps.form_of(text) for text in texts if text.strip())
    form = forms.most_common(1)[0][0] if forms else StampForm.TEXT
    return StampForm.TEXT if form is StampForm.ISO and len(layout.stamp_roles) > 1 else form


def _marks(rows: Sequence[Sequence[str]], places: dict[str, int], delimiter: str) -> Numerals:
    prices = [row[places[role]] for row in rows for role in spelling.PRICES if places[role] < len(row)]
    if are_in_32nds(prices):
        raise Ambiguous(f"prices like {prices[0]} look like 32nds; write them as decimals")
    columns = [place for role, place in places.items() if role in VALUE_ROLES]
    cells = (row[place] for row in rows for place in columns if place < len(row))
    return numerals_of(cells, divided_by_commas=delimiter == ",")
