"""Settings as people write them in TOML: one text for a list, dates, lengths as ``5m``."""

import os
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from actors.reading.spelling.addresses import path_of
from messages.values import Interval


def table_of(path: "str | os.PathLike[str]") -> dict[str, Any]:
    """Return what a file of TOML says; some editors begin it with a mark.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no text in UTF-8, or no TOML.
    """
    table: dict[str, Any] = msgspec.toml.decode(path_of(path).read_text(encoding="utf-8-sig"))
    return table


def spell_out(raw: dict[str, Any], lists: Iterable[str]) -> None:
    """Let a file of settings say what can only be meant otherwise as they say it.

    Args:
        raw: what it says; changed.
        lists: of what there may be several: the only one may stand alone.
    """
    _list_the_only(raw, lists)
    _list_the_only(raw.get("rules"), ("intervals", "sources"))
    _list_the_only(raw.get("faults"), ("outages",))
    _spell_out_intervals(raw.get("rules"))
    raw.update({name: raw[name].isoformat()[:10] for name in ("start", "end") if isinstance(raw.get(name), date)})
    if isinstance(raw.get("extended_hours"), bool):  # as System and the command line call it
        raw["extended"] = raw.pop("extended_hours")


def _list_the_only(table: Any, names: Iterable[str]) -> None:
    """Let a file say ``symbols = "AAPL"`` where there may be several."""
    if isinstance(table, dict):
        table.update({name: [table[name]] for name in names if isinstance(table.get(name), str)})


def _spell_out_intervals(rules: Any) -> None:
    """Let a file say ``intervals = ["5m", "1h"]`` and ``base_interval = "1s"``."""
    if not isinstance(rules, dict):
        return
    if isinstance(rules.get("intervals"), list):
        rules["intervals"] = list(map(_spelled_out, rules["intervals"]))
    if "base_interval" in rules:
        rules["base_interval"] = _spelled_out(rules["base_interval"])


def _spelled_out(given: Any) -> Any:
    return {"seconds": Interval.parse(given).seconds} if isinstance(given, str) else given
