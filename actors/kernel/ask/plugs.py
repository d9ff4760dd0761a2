"""What people write themselves and plug in: whether it has every member that it needs, and of the right kind."""

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from actors.kernel.ask import arguments as take
from actors.kernel.shelter import is_failure
from actors.market.instants import whole_number
from messages.errors import SettingsError, shown
from messages.values import Interval

Check = tuple[Callable[[Any], bool], str]
"""What a member must be, and that in words."""

_METHOD: Check = (callable, "a method")
_NAME: Check = (lambda given: isinstance(given, str) and given != "", "a text that is not empty")
_FLAG: Check = (lambda given: isinstance(given, bool | np.bool_), "True or False")
_SOURCE: Mapping[str, Check] = {
    "fetch": _METHOD,
    "name": _NAME,
    "is_authoritative": _FLAG,
    "delay_ns": (lambda given: isinstance(given, int | float | np.number) and bool(0 <= given < 1 << 62), "0 or more"),
    "most_symbols": (lambda given: given is None or (whole_number(given) or 0) >= 1, "None, or a whole number from 1"),
    "close": _METHOD,
}
_FEED: Mapping[str, Check] = {
    "connect": _METHOD,
    "reads": _METHOD,
    "name": _NAME,
    "has_bars": _FLAG,
    "is_remote": _FLAG,
    "subscribe": _METHOD,
    "unsubscribe": _METHOD,
    "close": _METHOD,
}


def sources(given: object) -> tuple[Any, ...]:
    """Return upstreams, one or several.

    Raises:
        SettingsError: one of them is no ``BarSource``; names the member that it lacks, or that is of another kind.
    """
    for one in given if isinstance(given, (list, tuple)) else [given]:
        if isinstance(one, (str, os.PathLike)):
            raise SettingsError(f"sources: {shown(one)} is a place; stores, files and vendors are named in fill_from")
    return _plugged(given, "sources", "BarSource", ("fetch",), _SOURCE)


def feeds(given: object, base: Interval) -> tuple[Any, ...]:
    """Return feeds, one or several.

    Args:
        given: what was given for them.
        base: the length of the session's bars.

    Raises:
        SettingsError: one of them is no ``Feed``; names the member that it lacks, or that is of another kind. Or two
            have one name, by which trades, losses and halts are told apart; or bars of one have another length.
    """
    for one in given if isinstance(given, (list, tuple)) else [given]:
        if isinstance(one, str):
            raise SettingsError(
                f"feeds: {shown(one)} is a name, as `live --feed` takes it; in a program it is an object, such as "
                "AlpacaFeed of actors.vendors.alpaca.feed"
            )
    found = _plugged(given, "feeds", "Feed", ("connect", "reads"), _FEED)
    names = [feed.name for feed in found]
    for feed in found:
        if names.count(feed.name) > 1:
            raise SettingsError(f"feeds: two are called {feed.name}; each needs a name of its own")
        length = getattr(feed, "interval", base)
        if feed.has_bars and isinstance(length, Interval) and length != base:
            raise SettingsError(
                f"feeds: {feed.name} sends bars of {length}, and the session is made of {base}: make both the same "
                "(interval of the feed, base_interval of the system)"
            )
    return found


def _plugged(
    given: object, argument: str, port: str, telling: tuple[str, ...], members: Mapping[str, Check]
) -> tuple[Any, ...]:
    parts = take.parts(given, argument, *telling)
    for part in parts:
        if isinstance(part, type):
            raise SettingsError(f"{argument}: {part.__name__} is a class; one that is made of it is expected")
        who = f"{argument}: {type(part).__name__}"
        for name, (is_right, takes) in members.items():
            try:
                member: object = getattr(part, name)
            except AttributeError:
                raise SettingsError(f"{who} has no {name}; a {port} has {', '.join(members)}") from None
            except BaseException as error:
                if not is_failure(error):
                    raise
                raise SettingsError(f"{who} cannot say its {name}: {error!r}") from error
            if not is_right(member):
                raise SettingsError(f"{who} has {shown(member)} for {name}; {takes} is expected")
    return parts
