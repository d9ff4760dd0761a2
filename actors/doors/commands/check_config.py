"""Files of settings: read with a word on what was probably meant, and checked for what is seldom meant."""

import os
import re
from collections.abc import Iterable
from contextlib import closing
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from actors.doors.show import paper
from actors.market.calendar import Calendar
from actors.reading.spelling.addresses import Place
from actors.reading.spelling.written import table_of
from actors.settings import Settings
from actors.storage.elsewhere.opening import open_store, own_hours_at
from messages.errors import UNREADABLE, SettingsError
from messages.values import SECOND_NS

_PLACE = re.compile(r" - at `\$\.?([^`]*)`")
_WRONG_WORD = re.compile(r"Invalid enum value '[^']*' - at `\$\.?([^`]*)`")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`(?: - at `\$\.?([^`]*)`)?")
DEFAULT_CALENDAR = "XNYS"
DEFAULT_STORE = "store"
LIVE_GRACE_NS = 5 * SECOND_NS


def load(path: Path, store: str | None = None) -> Settings:
    """Read settings; ``store`` goes before the file's.

    Raises:
        SettingsError: the file cannot be used; an unknown key is named with the nearest that there is.
    """
    if path.exists() and not path.is_file():
        raise SettingsError(f"{path} is no file: settings are read more than once, which a pipe does not allow")
    try:
        return Settings.load(path, store=store)
    except SettingsError as error:
        said = f"{error}{_hint(str(error))}"
        raise SettingsError(
            _PLACE.sub(r" in \1", said).replace("Object contains unknown field", "there is no")
        ) from error


def settings_of(config: Path | None, store: Place | None) -> Settings:
    """Return the settings of a file, or the defaults; ``store`` goes before the file's.

    Raises:
        SettingsError: as ``load``.
    """
    if config is None:
        return Settings(store=str(store))
    return load(config, None if store is None else str(store))


def load_live(path: Path, store: str | None = None) -> Settings:
    """Read settings for a live day, where minutes stay open for 5 s unless the file says otherwise.

    Raises:
        SettingsError: as ``load``.
    """
    settings = load(path, store)
    if "grace_ns" in table_of(path).get("rules", {}):
        return settings
    rules = msgspec.structs.replace(settings.rules, grace_ns=LIVE_GRACE_NS)
    return msgspec.structs.replace(settings, rules=rules)


def names_store(path: Path) -> bool:
    """Return whether a file, or the environment, says which store it is."""
    if os.environ.get("BARKEEPER_STORE"):
        return True
    try:
        return "store" in table_of(path)
    except (OSError, ValueError, *UNREADABLE):
        return True  # reading it will say what is wrong with it


def calendar_of(settings: Settings) -> Calendar:
    """Return the calendar of a live day: the one that is set, or the store's only one, or New York's.

    Raises:
        SettingsError: there is no such calendar, or its hours contradict each other.
    """
    name = settings.calendar or _held_by(settings.store) or DEFAULT_CALENDAR
    return Calendar(
        name,
        extended=settings.extended,
        extended_hours=settings.extended_hours,
        closed=settings.closed,
        base_interval=settings.rules.base_interval,
        own=settings.own_hours.over(own_hours_at(settings.store)),
    )


def _held_by(store: Place) -> str | None:
    with closing(open_store(store)) as files:  # it may be that nothing is there yet
        held = files.calendars()
    return held[0] if len(held) == 1 else None


def check(path: Path, *, as_json: bool) -> None:
    """Print what there is to say about a file of settings, by what a day would be made of with them.

    Raises:
        SettingsError: as ``load``; or there is no such calendar.
        DataError: there is nothing where missing minutes are to be asked for.
    """
    settings = load(path, None if names_store(path) else DEFAULT_STORE)
    calendar = calendar_of(settings)
    if settings.fill_from:
        from actors.upstream import sources_of  # brings all formats of files, for which nobody else shall wait

        for source in sources_of(settings, calendar=calendar.name):
            source.close()
    elif settings.vendors:
        from actors.vendors.history.opening import check_tables  # only who names vendors waits for them

        check_tables(settings.vendors)
    warned = warnings(settings)
    if as_json:
        paper.show_json({"file": str(path), "warnings": warned})
    else:
        paper.show(*(f"warning: {sentence}" for sentence in warned), f"{path} can be used.")


def warnings(settings: Settings) -> list[str]:
    """Return a sentence for each setting that is allowed and seldom meant."""
    rules, upkeep, live = settings.rules, settings.upkeep, settings.live
    found = [
        ""
        if settings.fill_from
        else "nobody is asked for missing minutes: fill_from names no vendor, no store and no folder",
        *(f"{symbol!r} is one symbol; several are a list" for symbol in settings.symbols if "," in symbol),
        _outside("upkeep.coalesce_s", upkeep.coalesce_s, 30, 300, "seconds"),
        _outside("rules.trailing_sessions", rules.trailing_sessions, 1, 20, "sessions"),
        _outside("live.prefetch_window_min", live.prefetch_window_min, 30, None, "minutes"),
        _outside("live.session_timeout_s", live.session_timeout_s, 60, 600, "seconds"),
        "" if live.auto_roll else "live.auto_roll is off: the run ends after one session",
    ]
    return [sentence for sentence in found if sentence]


def _outside(key: str, value: float, least: float, most: float | None, unit: str) -> str:
    if value >= least and (most is None or value <= most):
        return ""
    usual = f"{least:g} or more" if most is None else f"{least:g} to {most:g}"
    return f"{key} is {value:g}; usual are {usual} {unit}"


def _hint(complaint: str) -> str:
    """Return what was probably meant by a key, or by one of several words, that msgspec does not know."""
    if (wrong := _WRONG_WORD.search(complaint)) is not None:
        *sections, last = wrong[1].split(".")
        kind: Any = get_type_hints(_struct_at(sections))[last]
        return f"; it is one of {', '.join(kind)}"
    found = _UNKNOWN.search(complaint)
    if found is None:
        return ""
    key, place = found.groups()
    known = _struct_at(filter(None, (place or "").split("."))).__struct_fields__
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    return f"; nearest: {near[0]}" if near else f"; there are {', '.join(known)}"


def _struct_at(sections: Iterable[str]) -> Any:
    struct: Any = Settings
    for section in sections:
        kind = get_type_hints(struct)[section]
        struct = next(part for part in (kind, *get_args(kind)) if hasattr(part, "__struct_fields__"))
    return struct
