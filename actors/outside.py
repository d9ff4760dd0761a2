"""What a system asks of others than its store, imported only when it does: it brings all formats and all fetching."""

import weakref
from collections.abc import Callable

from actors.kernel.clock import Clock
from actors.kernel.ports import BarSource, BarStore
from actors.settings import Settings
from actors.wiring import House, watch


def named_sources(settings: Settings, store: BarStore | None, clock: Clock | None) -> tuple[BarSource, ...]:
    """Return the sources that settings name; see ``upstream.sources_of``."""
    if not settings.fill_from:
        return ()
    from actors.upstream import sources_of

    return sources_of(settings, store, clock)


def look_after(house: House) -> None:
    """Watch over a house that runs; what days lack that were cut off is asked for in the background, if it can be."""
    watch(weakref.ref(house))
    if not (house.journal and house.cut_off and house.sources):
        return
    from actors.fetching.behind import Behind
    from actors.fetching.fetch import Wanted

    wanted = [Wanted(session=day.session, symbols=day.symbols) for day in reversed(house.cut_off)]
    behind = Behind(house.store, house.sources, wanted, now_ns=house.clock.now_ns, told=house.journal.tell_saved)
    house.ending.append(behind.end)


def fetch_past(house: House, within_s: float, is_wanted: Callable[[], bool]) -> None:
    """Fetch what a live day requires of the past and its store lacks, as far as it can be had in that time."""
    if not (house.is_live and house.required and house.sources):
        return
    from actors.fetching import past

    past.fetch_past(
        house.store,
        house.sources,
        house.calendar,
        house.required,
        now_ns=house.clock.now_ns,
        within_s=within_s,
        is_wanted=is_wanted,
    )
