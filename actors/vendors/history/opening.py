"""A history by its name and its table of settings: what was asked for, checked by what the vendor declares."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from actors.reading.spelling.addresses import path_of
from actors.vendors.history.asker import Persistence
from actors.vendors.history.entry import HistoryEntry, HistoryOption, Pace
from actors.vendors.history.pacer import Rank
from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from actors.vendors.history.source import VendorSource
from actors.vendors.registry import histories, history_named, thing_at
from messages.errors import SettingsError, nearest, shown
from messages.values import Interval, Nanos

Tables = Mapping[str, Mapping[str, Any]]
"""``[vendors.NAME]`` of the settings, by name."""

LONG = Persistence(tries=8, backoff_s=1.0, longest_wait_s=600.0)
"""For what has time: a vendor that is being mended for minutes is waited for."""


def open_history(
    name: str,
    tables: Tables | None = None,
    *,
    interval: Interval | None = None,
    now_ns: Callable[[], Nanos] = time.time_ns,
    rank: Rank = Rank.LIVE,
) -> VendorSource:
    """Return a vendor's history as an upstream.

    Args:
        name: ``alpaca``, or with a tape or venue ``alpaca:sip``, ``ccxt:kraken``.
        tables: the settings of vendors.
        interval: the length of the bars that will be asked for; by default any.
        now_ns: the time of the sessions that will be asked for.
        rank: who goes first where several ask for one account.

    Raises:
        SettingsError: there is no such history or tape, its table has something that it does not understand, its keys
            or its library are not there, or it has no bars of that length.
    """
    found = history_named(name)
    if found is None:
        there = ", ".join(entry.name for entry in histories())
        raise SettingsError(f"no vendor's history is named {name!r}; there are {there}")
    entry, tape = found
    table = dict((tables or {}).get(entry.name, {}))
    _check(entry, table)
    wanted = HistoryRequest(
        entry=_with_facts(entry, table),
        tape=tape or str(table.get("tape") or entry.usual_tape),
        adjustment=str(table.get("adjustment") or entry.adjustments[0]),
        deadline_s=float(table.get("deadline_s") or entry.deadline_s),
        keys=path_of(table["keys"]) if table.get("keys") else None,
        options={one.name: table[one.name] for one in entry.options if one.name in table},
    )
    tapes = [one.name for one in entry.tapes]
    if tapes and wanted.tape not in tapes:
        raise SettingsError(f"{entry.name} has no tape {wanted.tape!r}{nearest(wanted.tape, tapes)}")
    if interval is not None and str(interval) not in entry.intervals:
        has = " and ".join(entry.intervals)
        raise SettingsError(f"{entry.name} has bars of {has}; the base interval is {interval}")
    opened: OpenedHistory = thing_at(entry.opens)(wanted)
    if opened.entry is not None:
        opened = msgspec.structs.replace(opened, entry=_with_facts(opened.entry, table))
    return VendorSource(opened, wanted, now_ns=now_ns, rank=rank, persistence=LONG if rank is Rank.LONG else None)


def check_tables(tables: Tables) -> None:
    """Check that every table is of a vendor's history, and all in it understood.

    Raises:
        SettingsError: it is not; names the key and what is expected.
    """
    known = {entry.name: entry for entry in histories()}
    for name, table in tables.items():
        if name not in known:
            raise SettingsError(f"vendors.{name}: no vendor's history has that name{nearest(name, known)}")
        if not isinstance(table, Mapping):
            raise SettingsError(f"vendors.{name} is a table, not {shown(table)}")
        _check(known[name], table)


def options_of(entry: HistoryEntry) -> tuple[HistoryOption, ...]:
    """Return what may stand in an entry's table."""
    tapes = tuple(tape.name for tape in entry.tapes)
    common = (
        HistoryOption(name="tape", title="which tape or venue, where the name does not say", choices=tapes),
        HistoryOption(name="adjustment", title="how prices are adjusted", choices=entry.adjustments),
        HistoryOption(name="per_minute", title="requests a minute that the account is allowed", kind="number"),
        HistoryOption(name="delay_s", title="how long after its end a minute is kept back", kind="number"),
        HistoryOption(name="deadline_s", title="within which a request must be answered", kind="number"),
        HistoryOption(name="keys", title="a file of mode 600 with the keys"),
    )
    return (*common, *entry.options)


def _check(entry: HistoryEntry, table: Mapping[str, Any]) -> None:
    known = {one.name: one for one in options_of(entry)}
    for key, value in table.items():
        place = f"vendors.{entry.name}.{key}"
        if key not in known:
            raise SettingsError(f"{place} is not known{nearest(key, known)}")
        option = known[key]
        if option.kind == "number":
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not (0 < value < float("inf") or (key == "delay_s" and value == 0)):
                least = "0 or more" if key == "delay_s" else "more than 0"
                raise SettingsError(f"{place} is a number, {least}, not {shown(value)}")
        elif not isinstance(value, str) or not value:
            raise SettingsError(f"{place} is a text, not {shown(value)}")
        elif option.choices and value not in option.choices:
            raise SettingsError(f"{place} is one of {', '.join(option.choices)}, not {value!r}")
        elif key == "keys" and not path_of(value).exists():
            raise SettingsError(f"{place}: there is no file {value}")


def _with_facts(entry: HistoryEntry, table: Mapping[str, Any]) -> HistoryEntry:
    """Return an entry with what the account's owner knows better: its pace, and what is kept back."""
    if "per_minute" in table:
        pace = Pace(requests=max(1, int(table["per_minute"])), seconds=60.0)
        entry = msgspec.structs.replace(entry, pace=(pace,))
    if "delay_s" in table:
        tapes = tuple(msgspec.structs.replace(tape, delay_s=float(table["delay_s"])) for tape in entry.tapes)
        entry = msgspec.structs.replace(entry, tapes=tapes)
    return entry
