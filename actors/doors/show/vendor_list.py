"""Whose bars can be had, and what one needs to get in: a table, or JSON."""

import os
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec

import msgspec

from actors.doors.show import paper
from actors.doors.show.paper import Column, Sheet
from actors.vendors.history.entry import HistoryEntry
from actors.vendors.registry import left_out, vendors
from actors.vendors.vendor import Vendor

_COLUMNS = (
    Column("Vendor", is_text=True),
    Column("Who", is_text=True, rank=3),
    Column("Writes", is_text=True, rank=2),
    Column("Streams", is_text=True),
    Column("Remembers", is_text=True),
    Column("Needs", is_text=True, rank=1),
    Column("Keys", is_text=True),
)


class HistoryFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is declared of a history."""

    name: str
    title: str
    tapes: tuple[str, ...]
    adjustments: tuple[str, ...]
    is_silence_told: bool
    is_rename_told: bool
    delay_s: dict[str, float]
    """By tape."""
    pace: tuple[str, ...]
    most_symbols: int | None
    rows_a_page: int | None
    cited: dict[str, str]


class VendorFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a vendor, on this computer."""

    name: str
    title: str
    writes: tuple[str, ...]
    streams: tuple[str, ...]
    remembers: tuple[HistoryFacts, ...]
    extra: str | None
    """What to install for its streams and history, as ``barkeeper[EXTRA]``."""
    is_installed: bool | None
    """``None``: nothing needs to be."""
    keys: str | None
    has_keys: bool | None
    """Whether the environment has them; ``None``: none are needed, or a file may have them."""


def show(*, as_json: bool) -> None:
    """Print every vendor. No key is ever shown, only whether it is there."""
    found = [_facts(vendor) for vendor in vendors()]
    if as_json:
        paper.show_json({"vendors": found, "left_out": left_out()})
        return
    paper.show(_sheet(found), *_histories(found), *left_out())


def _facts(vendor: Vendor) -> VendorFacts:
    return VendorFacts(
        name=vendor.name,
        title=vendor.title,
        writes=tuple(vendor.formats),
        streams=tuple(entry.spelling for entry in vendor.feeds),
        remembers=tuple(map(_history, vendor.history)),
        extra=vendor.extra,
        is_installed=None if vendor.extra is None else _is_installed(vendor.extra),
        keys=vendor.keys,
        has_keys=_has_keys(vendor.keys),
    )


def _history(entry: HistoryEntry) -> HistoryFacts:
    return HistoryFacts(
        name=entry.name,
        title=entry.title,
        tapes=tuple(tape.name for tape in entry.tapes),
        adjustments=entry.adjustments,
        is_silence_told=entry.is_silence_told,
        is_rename_told=entry.is_rename_told,
        delay_s={tape.name: tape.delay_s for tape in entry.tapes},
        pace=tuple(f"{one.requests} in {one.seconds:g} s" for one in entry.pace),
        most_symbols=entry.most_symbols,
        rows_a_page=entry.rows_a_page,
        cited=entry.cited,
    )


def _is_installed(extra: str) -> bool:
    """Return whether the packages of an extra are there: those that our metadata names, or one of its own name."""
    try:
        wanted = [line for line in requires("barkeeper") or () if f'extra == "{extra}"' in line]
        names = [line.split(";")[0].split("[")[0].rstrip("0123456789.,<>=!~ ").strip() for line in wanted]
        return all(version(name) for name in names) if names else find_spec(extra) is not None
    except PackageNotFoundError:
        return False


def _has_keys(keys: str | None) -> bool | None:
    if keys is None:
        return None
    names = [word.strip(",.") for word in keys.split() if word.strip(",.").isupper() and "_" in word]
    return all(os.environ.get(name) for name in names) if names else None


def _sheet(found: list[VendorFacts]) -> Sheet:
    sheet = Sheet("Whose bars can be had", _COLUMNS)
    for one in found:
        sheet.add(
            one.name,
            one.title,
            ", ".join(one.writes),
            ", ".join(one.streams),
            ", ".join(history.name for history in one.remembers),
            "" if one.extra is None else f"barkeeper[{one.extra}]{'' if one.is_installed else ', not installed'}",
            "" if one.keys is None else "there" if one.has_keys else "none here",
        )
    return sheet


def _histories(found: list[VendorFacts]) -> list[str]:
    lines = []
    for one in found:
        for history in one.remembers:
            tapes = f" (tapes: {', '.join(history.tapes)})" if history.tapes else ""
            pace = f"; {' and '.join(history.pace)}" if history.pace else ""
            silence = "no row: no trade" if history.is_silence_told else "no row says nothing"
            names = "; tells new names" if history.is_rename_told else ""
            lines.append(f"{history.name}{tapes}: {history.title}; {silence}{names}{pace}.")
    return lines
