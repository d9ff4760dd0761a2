"""What LEAN's folders and file names say: ``equity/usa/minute/spy/20131007_trade.zip``.

Asset, market, resolution and symbol are folders; the zip's name gives the date and whether it holds trades or quotes.
The zone of the stamps is what ``market-hours-database.json`` calls the data's time zone.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from actors.reading.assemble import Assembler
from actors.reading.delimited import Opened, blocks
from actors.reading.format import Block, Format, Hints, Unsupported
from actors.reading.layout import Layout
from actors.reading.peek import Head, members
from messages.errors import DataError
from messages.values import SECOND_NS, Nanos

SOURCE = "https://www.quantconnect.com/docs/v2/lean-engine/data-format/core-data-types"

_ASSETS = "equity|crypto|cryptofuture|future|index|forex|cfd|option|futureoption|indexoption"
_FOLDERS = re.compile(rf"(?:^|/)({_ASSETS})/([a-z0-9]+)/(minute|second|tick|hour|daily)/(?:.+/)?([^/]+)\.zip$")
_MEMBER = re.compile(r"\d{8}_.+_(?:minute|second|tick)_(?:trade|quote|openinterest).*\.csv", re.IGNORECASE)
_CONTRACT = re.compile(r"_(\d{4})(\d\d)(?:_\d+)?\.csv$")
_MONTHS = "FGHJKMNQUVXZ"
_EQUITY_SCALE = 10_000.0

QUOTED_ONLY = ("forex", "cfd")
"""The assets of which there are quotes and no trades."""

# Zone and calendar, by asset and market; the last entry of an asset is for markets that are not named.
_AROUND_THE_CLOCK = ("UTC", "24/7")
_ABROAD: dict[str, tuple[str | None, str | None]] = {
    "eurex": ("Europe/Berlin", "XEUR"),
    "india": ("Asia/Kolkata", "XBOM"),
    "hkfe": ("Asia/Hong_Kong", "XHKG"),
    "krx": ("Asia/Seoul", "XKRX"),
    "ose": ("Asia/Tokyo", "XTKS"),
}
_CURRENCIES = "FX"
_HOMES: dict[str, dict[str, tuple[str | None, str | None]]] = {
    "equity": {"usa": ("America/New_York", "XNYS"), "india": ("Asia/Kolkata", "XBOM")},
    "crypto": {"": _AROUND_THE_CLOCK},
    "cryptofuture": {"": _AROUND_THE_CLOCK},
    "future": {"sgx": ("UTC", None), "": ("UTC", "CMES")} | _ABROAD,
    "index": {"usa": (None, "XNYS"), "cboe": ("America/New_York", "XNYS")} | _ABROAD,
    "forex": {"fxcm": ("Etc/GMT+5", _CURRENCIES), "": ("UTC", _CURRENCIES)},
    "cfd": {"oanda": ("UTC", _CURRENCIES), "interactivebrokers": ("UTC", _CURRENCIES), "": (None, _CURRENCIES)},
}
# The market-hours database keeps these three in Chicago and most other US indices in New York.
_CHICAGO_INDICES = ("SPX", "VIX", "NDX")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What the folders say of a file."""

    asset: str
    market: str
    resolution: str
    folder: str
    name: str
    path: Path

    @property
    def kind(self) -> str:
        """``trade`` or ``quote``, where the name says it."""
        return self.name.partition("_")[2] or "trade"

    @property
    def is_known(self) -> bool:
        """Whether there are bars to be made of this asset."""
        return self.asset in _HOMES

    def holds(self, resolution: str, kind: str) -> bool:
        """Whether a file has these data, of an asset that there are bars to be made of."""
        return self.is_known and (self.resolution, self.kind) == (resolution, kind)

    def has_beside(self, *resolutions: str) -> str | None:
        """Return the first of these resolutions that the same day and symbol has bars of, or ``None``."""
        for resolution in resolutions:
            if (self.path.parents[2] / resolution / self.path.parent.name / self.path.name).exists():
                return resolution
        return None


def place_of(path: Path) -> Place | None:
    """Return what the folders say, or ``None`` outside LEAN's folders."""
    absolute = path.absolute()
    found = _FOLDERS.search(absolute.as_posix().lower())
    if found is None:
        return None
    asset, market, resolution, name = found.groups()
    return Place(
        asset=asset, market=market, resolution=resolution, folder=absolute.parent.name, name=name, path=absolute
    )


def looks_like_lean(head: Head) -> bool:
    """Return whether a file is LEAN's, by its folders or by what its zip holds."""
    return bool(head.members) and (place_of(head.path) is not None or _MEMBER.fullmatch(head.members[0]) is not None)


def place_within(head: Head) -> Place | None:
    """Return what the folders say of a zip, or ``None`` for any other file."""
    return place_of(head.path) if head.members else None


def place_holding(path: Path, resolution: str, kind: str, expected: str) -> Place:
    """Return what the folders say.

    Raises:
        DataError: the file is outside LEAN's folders.
        Unsupported: it holds something else than ``expected`` says.
    """
    place = checked_place(path)
    if not place.holds(resolution, kind):
        raise Unsupported(f"LEAN {place.resolution} {place.kind} data of {place.asset}; {expected}")
    return place


def checked_place(path: Path) -> Place:
    """Return what the folders say.

    Raises:
        DataError: the file is outside LEAN's folders.
    """
    place = place_of(path)
    if place is None:
        raise DataError(
            "a LEAN file outside LEAN's folders: they say what it is, as in equity/usa/minute/spy/20131007_trade.zip"
        )
    return place


def at_home(fmt: Format, place: Place) -> Format:
    """Return a format with the zone, the calendar and the price scale of a file's market."""
    zone, calendar = _home(place)
    scale = _EQUITY_SCALE if place.asset == "equity" else 1.0
    return msgspec.structs.replace(fmt, tz=zone, price_scale=scale, calendar=calendar)


def _home(place: Place) -> tuple[str | None, str | None]:
    homes = _HOMES[place.asset]
    if (place.asset, place.market) == ("index", "usa") and place.folder.upper() in _CHICAGO_INDICES:
        return "America/Chicago", "XNYS"
    return homes.get(place.market) or homes.get("", (None, None))


def assembler_of(fmt: Format, hints: Hints, place: Place, member: str) -> Assembler:
    """Return what makes bars of one member of a zip."""
    return Assembler(
        at_home(fmt, place), hints, place.path,
        is_local=True, symbol=_symbol(place, member), market=f"{place.asset}/{place.market}",
    )  # fmt: skip


def _symbol(place: Place, member: str) -> str:
    contract = _CONTRACT.search(member) if place.asset == "future" else None
    if contract is None:
        return place.folder
    return f"{place.folder}{_MONTHS[int(contract[2]) - 1]}{contract[1][2:]}"


def opened(fmt: Format, hints: Hints, place: Place, layout: Layout) -> Iterator[Opened]:
    """Open the members of a zip; their stamps become wall-clock time with the date of the zip's name.

    Raises:
        DataError: the zip cannot be opened, or its name begins with no date.
    """
    for member in members(place.path):
        dated = partial(_dated, _midnight(place.name))
        assembler = assembler_of(fmt, hints, place, member)
        yield Opened(path=place.path, member=member, layout=layout, assembler=assembler, made=dated)


def dated_blocks(place: Place, member: str, layout: Layout) -> Iterator[Block]:
    """Read a member of a zip; its stamps become wall-clock time with the date of the zip's name.

    Raises:
        DataError: the name begins with no date.
    """
    midnight_ns = _midnight(place.name)
    for block in blocks(place.path, member, layout):
        yield _dated(midnight_ns, block)


def _dated(midnight_ns: Nanos, block: Block) -> Block:
    return msgspec.structs.replace(block, stamps_ns=block.stamps_ns + midnight_ns)


def _midnight(name: str) -> int:
    try:
        day = datetime(int(name[:4]), int(name[4:6]), int(name[6:8]), tzinfo=UTC)
    except ValueError as error:
        raise DataError(f"the name {name!r} begins with no date; wanted one like 20131007_trade") from error
    return int(day.timestamp()) * SECOND_NS
