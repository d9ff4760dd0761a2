"""What a live run is made of: settings, a feed, and the clock that it goes by."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from actors.doors.commands import check_config
from actors.feeds.port import Feed
from actors.kernel.clock import SystemClock
from actors.market.calendar import Calendar
from actors.reading.spelling.addresses import path_of
from actors.settings import SessionRules, Settings
from actors.vendors.feed_request import FeedRequest, OpenedFeed
from actors.vendors.registry import feed_named, feeds, history_named, thing_at, vendors
from actors.vendors.vendor import FeedEntry, FeedOption
from messages.errors import SettingsError
from messages.values import SECOND_NS, Mode

_SPARE_S = 60.0
"""What a feed that is late by contract may be late besides."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the options of ``live`` say."""

    feed: str
    store: str | None = None
    symbols: tuple[str, ...] = ()
    calendar: str | None = None
    speed: float | None = None
    until_close: bool = False
    config: Path | None = None
    fill_from: tuple[str, ...] = ()
    extended_hours: bool = False
    comes_from: str | None = None
    start: str | None = None
    keys: Path | None = None
    stream: str | None = None
    channels: tuple[str, ...] = ()
    trades_only: bool = False
    sale_conditions: str | None = None
    allow_negative: bool | None = None


class LivePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A live run before it is started."""

    settings: Settings
    calendar: Calendar
    feed: Feed
    clock: SystemClock
    speed: float
    ends_with_feed: bool
    """Whether the run is over when the feed has no more, without waiting for the close."""


def plan(wishes: Wishes) -> LivePlan:
    """Put together what was wished for.

    Raises:
        SettingsError: wishes contradict each other, or a feed lacks something.
        DataError: there is nothing to replay.
    """
    entry, variant = feed_named(wishes.feed)
    _check(wishes, entry, variant)
    variant = variant or wishes.stream or ""
    settings = _settings(wishes, entry, variant)
    calendar = check_config.calendar_of(settings)
    opened = _opened(wishes, entry, variant, settings, calendar)
    if opened.symbols is not None:
        settings = msgspec.structs.replace(settings, symbols=opened.symbols)
    if opened.delay_s:
        settings = _patient(settings, opened.delay_s)
    if opened.speed > 1:  # what takes a moment here is a while on a clock that runs ahead
        most_s = settings.live.max_lag_s * opened.speed
        live = msgspec.structs.replace(settings.live, max_lag_s=most_s)
        settings = msgspec.structs.replace(settings, live=live, speed=opened.speed)
    return LivePlan(
        settings=settings,
        calendar=calendar,
        feed=opened.feed,
        clock=opened.clock,
        speed=opened.speed,
        ends_with_feed=opened.ends_with_feed,
    )


def _patient(settings: Settings, delay_s: float) -> Settings:
    """Let minutes stay open until a feed that is late by contract has told of them, and its lateness be no news."""
    least_ns = round((delay_s + _SPARE_S) * SECOND_NS)
    rules = msgspec.structs.replace(settings.rules, grace_ns=max(settings.rules.grace_ns, least_ns))
    live = msgspec.structs.replace(settings.live, max_lag_s=max(settings.live.max_lag_s, delay_s + _SPARE_S))
    return msgspec.structs.replace(settings, rules=rules, live=live)


def _opened(wishes: Wishes, entry: FeedEntry, variant: str, settings: Settings, calendar: Calendar) -> OpenedFeed:
    opened: OpenedFeed = thing_at(entry.opens)(
        FeedRequest(
            settings=settings,
            calendar=calendar,
            speed=wishes.speed,
            start=wishes.start,
            comes_from=wishes.comes_from,
            keys=_keys(wishes, entry, settings),
            variant=variant,
            channels=wishes.channels,
            trades_only=wishes.trades_only,
            until_close=wishes.until_close,
        )
    )
    return opened


def _keys(wishes: Wishes, entry: FeedEntry, settings: Settings) -> Path | None:
    """Return the file of keys: that of the options, or the one that is set for the vendor's history."""
    found = settings.vendors.get(entry.name, {}).get("keys") if "keys" in entry.takes else None
    return wishes.keys or (path_of(found) if isinstance(found, str) else None)


def _calendar_of(entry: FeedEntry, variant: str, base: Settings) -> str | None:
    return None if base.calendar else entry.calendars.get(variant, entry.calendars.get(""))


def _check(wishes: Wishes, entry: FeedEntry, variant: str) -> None:
    """Refuse an option that would be passed over in silence."""
    given: dict[FeedOption, bool] = {
        "speed": wishes.speed is not None,
        "start": wishes.start is not None,
        "from": wishes.comes_from is not None,
        "keys": wishes.keys is not None,
        "stream": wishes.stream is not None,
        "channels": bool(wishes.channels),
        "trades-only": wishes.trades_only,
    }
    for option, is_given in given.items():
        if is_given and option not in entry.takes:
            takers = " and ".join(other.name for other in feeds() if option in other.takes)
            raise SettingsError(f"--{option} is for {takers}, not for {entry.name}")
    if variant and wishes.stream is not None and variant != wishes.stream:
        raise SettingsError(f"--feed {wishes.feed} and --stream {wishes.stream} name two streams; name one")


def _settings(wishes: Wishes, entry: FeedEntry, variant: str) -> Settings:
    store = None if wishes.store is None else str(wishes.store)
    if wishes.config is not None:
        is_said = store is not None or not entry.is_of_today or check_config.names_store(wishes.config)
        base = check_config.load_live(wishes.config, store if is_said else check_config.DEFAULT_STORE)
    elif store is not None or entry.is_of_today:
        store = store or os.environ.get("BARKEEPER_STORE", check_config.DEFAULT_STORE)
        base = Settings(store=store, rules=SessionRules(grace_ns=check_config.LIVE_GRACE_NS))
    else:  # what is made up must not find its way among real days by itself
        raise SettingsError("say where the day is written to: --store DIR, or store in the file that --config names")
    rules = msgspec.structs.replace(
        base.rules,
        sale_conditions=wishes.sale_conditions or base.rules.sale_conditions,
        allow_negative=base.rules.allow_negative if wishes.allow_negative is None else wishes.allow_negative,
    )
    live = msgspec.structs.replace(base.live, auto_roll=base.live.auto_roll and not wishes.until_close)
    return msgspec.structs.replace(
        base,
        mode=Mode.LIVE,
        certify=True,
        calendar=wishes.calendar or _calendar_of(entry, variant, base) or check_config.calendar_of(base).name,
        symbols=wishes.symbols or base.symbols,
        extended=wishes.extended_hours or base.extended,
        fill_from=_fill_from(wishes.fill_from or base.fill_from, entry, variant, base),
        vendors=_with_keys(entry, wishes.keys, base.vendors),
        rules=rules,
        live=live,
    )


def _fill_from(asked: tuple[str, ...], entry: FeedEntry, variant: str, base: Settings) -> tuple[str, ...]:
    """Return who is asked: the history of the very tape that a feed streams, where nobody says who, or which tape."""
    usual = next(iter(entry.histories), "")
    own = entry.histories.get(variant or usual, entry.histories.get("", "")).format(variant=variant).rstrip(":")
    found = history_named(own)
    if found is None or str(base.rules.base_interval) not in found[0].intervals:
        return asked
    name = found[0].name
    is_said = "tape" in base.vendors.get(name, {})  # another tape is on another scale: it must be asked for in words
    return tuple(own if one.lower() == name and not is_said else one for one in asked) or (own,)


def _with_keys(entry: FeedEntry, keys: Path | None, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the tables of vendors, where the feed's file of keys is that of its vendor's histories too."""
    of_vendor = next((vendor.history for vendor in vendors() if entry in vendor.feeds), ())
    given = {} if keys is None else {one.name: {"keys": str(keys)} for one in of_vendor if one.needs_keys}
    return {**tables, **{name: {**table, **tables.get(name, {})} for name, table in given.items()}}
