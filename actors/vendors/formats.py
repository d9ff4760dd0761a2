"""Every format, in the order in which a file is held against them: the particular before the plain."""

from contextlib import suppress
from functools import cache

from actors.reading import layout
from actors.reading.arrow_file import column_names
from actors.reading.format import Format, Hints
from actors.reading.peek import Head
from actors.reading.raw import kinds
from actors.reading.spelling.header import NEEDED
from actors.vendors.registry import format_places, left_out, thing_at
from messages.errors import DataError, SettingsError, nearest


def formats() -> tuple[Format, ...]:
    """Return the formats of all vendors; what a plug-in declares and does not have is left out."""
    return _loaded()[0]


@cache
def _loaded() -> tuple[tuple[Format, ...], tuple[str, ...]]:
    loaded: list[Format] = []
    faults: list[str] = []
    for name, place in format_places().items():
        try:
            found = thing_at(place)
        except SettingsError as error:
            found = error
        if isinstance(found, Format):
            loaded.append(found)
        else:
            faults.append(f"the format {name} was left out: {found if isinstance(found, Exception) else place}")
    return tuple(loaded), tuple(faults)


def format_named(name: str) -> Format:
    """Return the format that ``--format`` names.

    Raises:
        DataError: there is none of that name; says which is nearest, or all.
    """
    place = format_places().get(name.lower())
    with suppress(SettingsError):
        found = thing_at(place) if place else None  # to load all the others takes its time
        if isinstance(found, Format) and found.name == name.lower():
            return found
    found = next((fmt for fmt in formats() if fmt.name == name.lower()), None)
    if found is None:
        near = nearest(name.lower(), (fmt.name for fmt in formats()))
        raise DataError("; ".join((f"no format {name!r}{near}", *left_out(), *_loaded()[1])))
    return found


def detect(head: Head, hints: Hints | None = None) -> Format:
    """Return the format of a file that begins with ``head``.

    A vendor is concluded from what only that vendor writes. One whose files others write alike is not concluded where
    the zone, the calendar or the end of the bar that somebody says is another than that vendor's.

    Args:
        head: the beginning of the file.
        hints: what the user says, if anything.

    Raises:
        DataError: it fits none; says what was seen and what would be needed.
    """
    said = hints or Hints()
    found = next(
        (fmt for fmt in formats() if not fmt.must_be_named and not _is_refuted(fmt, said) and fmt.sniff(head)), None
    )
    if found is None and (kind := kinds.of(head)):
        raise DataError(f"it is {kind}")
    if found is None:
        raise DataError(f"fits no format: {_seen(head)}; needed is {NEEDED}; --format names a vendor's")
    return found


def unnamed(head: Head, hints: Hints) -> str:
    """Return whose shape a file has that anybody may write, as the end of a sentence; empty where nobody's."""
    alike = [fmt for fmt in formats() if fmt.must_be_named and not _is_refuted(fmt, hints) and fmt.sniff(head)]
    return "".join(f"; {fmt.title} looks alike: if it is that, --format {fmt.name}" for fmt in alike)


def _is_refuted(fmt: Format, said: Hints) -> bool:
    """Return whether what the user says contradicts a vendor whose files could be anybody's."""
    pairs = ((said.tz, fmt.tz), (said.calendar, fmt.calendar), (said.stamp, fmt.stamp))
    return fmt.is_anybodys and any(ours and theirs and not _is_one(ours, theirs) for ours, theirs in pairs)


def _is_one(ours: str, theirs: str) -> bool:
    alike = {"NYSE": "XNYS", "NASDAQ": "XNYS", "US/EASTERN": "AMERICA/NEW_YORK", "EST5EDT": "AMERICA/NEW_YORK"}
    one, two = (alike.get(name.upper(), name.upper()) for name in (ours, theirs))
    return one == two


def _seen(head: Head) -> str:
    if head.is_arrow:
        return f"Parquet or Feather with the columns {', '.join(column_names(head.path))[:200]!r}"
    if not head.is_text:
        return "it is neither text nor Parquet"
    if not head.lines:
        return "it is empty"
    first = head.lines[0][:80]
    if head.is_json:
        return f"JSON that begins with {first!r}"
    return f"it begins with {first!r}, {layout.misfit(head)}"
