"""Where missing minutes are asked for: other stores, folders of vendors' files, and vendors' histories, by name."""

import time
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from threading import Lock
from typing import Any

from actors.importing.into_store import ImportOptions, import_paths
from actors.kernel.clock import Clock
from actors.kernel.ports import BarSource, BarStore, SourceAnswer
from actors.market.hours.own import NOTHING_OWN, OwnHours
from actors.market.sale_conditions import OF_THE_FEED
from actors.reading.spelling.addresses import check_place, path_of, shown
from actors.settings import SessionRules, Settings
from actors.storage.elsewhere.opening import folder_of, open_store, own_hours_at
from actors.storage.memory import MemoryStore
from actors.storage.source import StoreSource
from actors.vendors.history.opening import check_tables, open_history
from actors.vendors.history.pacer import Rank
from actors.vendors.registry import histories, history_named
from messages.errors import DataError
from messages.tables.columns import BarKeys
from messages.values import Mode, Nanos, TradingSession


def sources_at(
    paths: Sequence[str],
    calendar: str | None = None,
    own: OwnHours = NOTHING_OWN,
    rules: SessionRules | None = None,
    *,
    vendors: Mapping[str, Mapping[str, Any]] | None = None,
    now_ns: Callable[[], Nanos] = time.time_ns,
    rank: Rank = Rank.LIVE,
) -> tuple[BarSource, ...]:
    """Return the sources that are named: a vendor's history, a store, or else files as ``import`` takes them.

    Args:
        paths: names of histories, ``alpaca`` or ``alpaca:sip``, and paths of stores, files and folders of files; one
            that is called as a vendor is named ``./alpaca``.
        calendar: whose sessions the files are, where they do not say it themselves.
        own: special sessions and calendars that go before all others.
        rules: of the session that they fill, which hold for what files give too.
        vendors: what is set for histories.
        now_ns: the time of the session that they fill; by default the computer's.
        rank: who goes first where several ask a vendor for one account.

    Raises:
        DataError: there is nothing at a path.
        SettingsError: a history cannot be opened, or what is set for one is not understood.
    """
    check_tables(vendors or {})
    rules = rules or SessionRules()
    return tuple(
        _source_at(path, calendar, own, rules)
        if history_named(path) is None
        else open_history(path, vendors, interval=rules.base_interval, now_ns=now_ns, rank=rank)
        for path in paths
    )


def sources_of(
    settings: Settings, store: BarStore | None = None, clock: Clock | None = None, calendar: str | None = None
) -> tuple[BarSource, ...]:
    """Return the sources that settings name, in their order.

    Args:
        settings: of the run that they fill.
        store: in place of the one that the settings name.
        clock: that the run goes by, where that is not the computer's.
        calendar: of the run, where the settings name none; by default the store's only one.

    Raises:
        DataError: there is nothing at a path.
        SettingsError: a history cannot be opened, or what is set for one is not understood.
    """
    calendar = settings.calendar or calendar
    if calendar is None:
        held = (store or open_store(settings.store, read_only=True)).calendars()
        calendar = held[0] if len(held) == 1 else None
    return sources_at(
        settings.fill_from,
        calendar,
        settings.own_hours.over(own_hours_at(settings.store)),
        settings.rules,
        vendors=settings.vendors,
        # A backtest's past is past by any clock.
        now_ns=clock.now_ns if clock is not None and settings.mode is Mode.LIVE else time.time_ns,
    )


def _source_at(place: str, calendar: str | None, own: OwnHours, rules: SessionRules) -> BarSource:
    check_place(place, "fill_from")
    if folder_of(place) is None:
        return StoreSource(open_store(place, read_only=True), shown(place))
    path = path_of(place)
    if not path.exists():
        known = [entry.name for entry in histories()] if len(path.parts) == 1 else []
        near = get_close_matches(path.name.partition(":")[0].lower(), known, n=1)
        hint = f"; the nearest vendor is {near[0]}" if near else ""
        raise DataError(f"{path}: there is no store and no file to fill from{hint}")
    if path.is_dir():
        store = open_store(path, read_only=True)
        if store.calendars():
            return StoreSource(store, str(path))
        store.close()
    return FileSource(path, calendar, own, rules)


class FileSource:
    """Vendors' files, read whole when they are first asked for.

    Args:
        path: a file or a folder of them.
        calendar: whose sessions they are, where they do not say it themselves.
        own: special sessions and calendars that go before all others.
        rules: of the session: how long its bars are, which prices may be, and how trades make bars.
    """

    is_authoritative = False
    delay_ns: Nanos = 0
    most_symbols: int | None = None

    def __init__(
        self, path: Path, calendar: str | None, own: OwnHours = NOTHING_OWN, rules: SessionRules | None = None
    ) -> None:
        self.name = str(path)
        self._path = path
        self._calendar = calendar
        self._own = own
        self._rules = rules or SessionRules()
        self._source: StoreSource | None = None
        self._lock = Lock()

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        """Return what the files have."""
        return self._whole().fetch(session, symbols, start_ns, end_ns)

    def holds(self, session: TradingSession, symbols: Sequence[str] = ()) -> bool:
        """Return whether a day was asked for before."""
        return self._source is not None and self._source.holds(session, symbols)

    def pick(self, session: TradingSession, missing: BarKeys) -> SourceAnswer:
        """Return what the files have of these."""
        return self._whole().pick(session, missing)

    def read_ahead(self, session: TradingSession, symbols: Sequence[str] = ()) -> None:
        """Read the files before anything is asked for."""
        self._whole().read_ahead(session, symbols)

    def _whole(self) -> StoreSource:
        with self._lock:
            if self._source is None:
                self._source = self._read()
            return self._source

    def _read(self) -> StoreSource:
        store = MemoryStore(own=self._own)
        rules, named = self._rules, self._rules.sale_conditions
        options = ImportOptions(
            calendar=self._calendar,
            base=rules.base_interval,
            allow_negative=rules.allow_negative,
            sale_conditions=None if named == OF_THE_FEED else named,
        )
        report = import_paths([self._path], store, options)
        if report.error is not None:
            raise DataError(report.error)
        return StoreSource(store, self.name)

    def close(self) -> None:
        """Forget what was read."""
        if self._source is not None:
            self._source.close()
