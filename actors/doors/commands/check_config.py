"""Files of settings: read with a word on what was probably meant, and checked for what is seldom meant."""

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from actors.doors.show import paper
from actors.settings import Settings
from messages.errors import SettingsError
from messages.values import SECOND_NS

_UNKNOWN = re.compile(r"unknown field `([^`]*)`(?: - at `\$\.?([^`]*)`)?")
LIVE_GRACE_NS = 5 * SECOND_NS


def load(path: Path, store: str | None = None) -> Settings:
    """Read settings; ``store`` goes before the file's.

    Raises:
        SettingsError: the file cannot be used; an unknown key is named with the nearest that there is.
    """
    try:
        return Settings.load(path, store=store)
    except SettingsError as error:
        raise SettingsError(f"{error}{_hint(str(error))}") from error


def settings_of(config: Path | None, store: Path | None) -> Settings:
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
    if "grace_ns" in msgspec.toml.decode(path.read_bytes()).get("rules", {}):
        return settings
    rules = msgspec.structs.replace(settings.rules, grace_ns=LIVE_GRACE_NS)
    return msgspec.structs.replace(settings, rules=rules)


def check(path: Path, *, as_json: bool) -> None:
    """Print what there is to say about a file of settings.

    Raises:
        SettingsError: as ``load``.
    """
    warned = warnings(load(path))
    if as_json:
        paper.show_json({"file": str(path), "warnings": warned})
    else:
        paper.show(*(f"warning: {sentence}" for sentence in warned), f"{path} can be used.")


def warnings(settings: Settings) -> list[str]:
    """Return a sentence for each setting that is allowed and seldom meant."""
    rules, upkeep, live = settings.rules, settings.upkeep, settings.live
    found = [
        "" if settings.fill_from else "nobody is asked for missing minutes: fill_from names no store and no folder",
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
    """Return what was probably meant by a key that msgspec does not know."""
    found = _UNKNOWN.search(complaint)
    if found is None:
        return ""
    key, place = found.groups()
    struct: Any = Settings
    for section in filter(None, (place or "").split(".")):
        kind = get_type_hints(struct)[section]
        struct = next(part for part in (kind, *get_args(kind)) if hasattr(part, "__struct_fields__"))
    known = struct.__struct_fields__
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    return f"; nearest: {near[0]}" if near else f"; there are {', '.join(known)}"
