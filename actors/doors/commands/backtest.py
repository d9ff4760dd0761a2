"""The ``backtest`` command: a store's sessions through the real system."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from actors.doors.cli.interrupts import until_interrupted
from actors.doors.commands import check_config
from actors.doors.commands.playback import Replay, play
from actors.doors.commands.repairs import Repairing
from actors.doors.show import figures, paper, repair_tables, run_tables
from actors.doors.show.progress import replay_bar
from actors.doors.web.serving import Served, serving
from actors.kernel.ports import BarSource, BarStore
from actors.market.faults import Faults
from actors.reading.spelling.addresses import Place, shown
from actors.settings import Settings
from actors.storage.elsewhere.opening import is_one_place, open_store
from actors.system import System
from messages.errors import DataError, SettingsError
from messages.values import Mode, Seen

_MINUTES_AT_ONCE = 512
"""A session of most exchanges, where nobody looks at minutes: no gaps are asked for, no questions answered."""


def backtest(
    store: Place | None,
    config: Path | None,
    *,
    as_json: bool,
    served: Served,
    faults: Faults,
    fill_from: Sequence[str],
    **options: Any,
) -> None:
    """Play what is asked for and print what it came to; bars are as long as the store's.

    Args:
        store: where it is; without one that of the settings.
        config: the settings; what the options say goes before them.
        as_json: whether to print JSON.
        served: what is served while it plays.
        faults: of the feed.
        fill_from: who is asked for missing minutes.
        **options: fields of the settings, and ``allow_negative`` of their rules; ``None`` or empty: not said.

    Raises:
        BarkeeperError: it cannot be played, or it ended in an error; then nothing is printed as a result. Or a day
            was not certified that should have been, or bars were left out; what was printed holds all the same.
    """
    settings = _settings(check_config.settings_of(config, store), faults, fill_from, options)
    asked = _sources(settings)
    is_repaired = bool(asked) or settings.certify or not settings.faults.is_none
    repairing = Repairing(asked, settings.store if settings.certify else None) if is_repaired else None
    sources = () if repairing is None else repairing.sources
    is_watched = repairing is not None or served.stays or bool(served.ports)
    playable = System(_played(settings, is_watched=is_watched), sources=sources)
    with serving(playable, served, settings.store) as addresses, playable as system:
        paper.say(*addresses)
        with replay_bar() as show_progress:
            replay = play(system, show_progress, repairing)
        if repairing is not None:
            repairing.look_up()
        if as_json:
            paper.show_json(replay.result())
        else:
            paper.show(
                *_parts(replay),
                *_seen(replay, settings.seen),
                *(_repairs(replay, repairing) if repairing is not None else ()),
            )
        if served.stays:
            until_interrupted("The run is over; it is served until Ctrl-C.")
    if settings.certify:
        _check_certified(replay)
    _check_whole(replay)


def _played(settings: Settings, *, is_watched: bool) -> Settings:
    settings = msgspec.structs.replace(settings, fill_from=())
    if is_watched:
        return settings
    return msgspec.structs.replace(
        settings,
        minutes_per_ticket=max(settings.minutes_per_ticket, _MINUTES_AT_ONCE),
        # Of a day that is played as it was lived a bar may come when it is over.
        rules=msgspec.structs.replace(settings.rules, keeps_minutes=settings.seen is Seen.AS_LIVED),
    )


def _meant(symbols: Sequence[str], store: BarStore) -> tuple[str, ...]:
    """Return symbols as the store's latest days have them; one without capitals that they have not, in capitals."""
    small = {symbol for symbol in symbols if symbol == symbol.lower()}
    latest = [(name, store.dates(name)[-1]) for name in store.calendars() if small]
    there = {symbol for name, date in latest for symbol in store.symbols(name, date)}
    return tuple(dict.fromkeys(symbol.upper() if symbol in small - there else symbol for symbol in symbols))


def _settings(base: Settings, faults: Faults, fill_from: Sequence[str], options: Mapping[str, Any]) -> Settings:
    said = {name: value for name, value in options.items() if value is not None and value != ()}
    rules: dict[str, Any] = {"allow_negative": said.pop("allow_negative")} if "allow_negative" in said else {}
    with closing(open_store(base.store, read_only=True)) as store:
        held, calendars = store.base_interval(), store.calendars()
        if "symbols" in said:
            said["symbols"] = _meant(said["symbols"], store)
    if held is not None and held != base.rules.base_interval:
        rules["base_interval"] = held
    if base.calendar is None and len(calendars) == 1:  # files that fill have to know it as well
        said.setdefault("calendar", calendars[0])
    return msgspec.structs.replace(
        base,
        mode=Mode.BACKTEST,
        rules=msgspec.structs.replace(base.rules, **rules),
        faults=base.faults if faults.is_none else faults,
        fill_from=tuple(fill_from) or base.fill_from,
        **said,
    )


def _sources(settings: Settings) -> Sequence[BarSource]:
    if not settings.fill_from:
        return ()
    for place in settings.fill_from:
        if settings.faults.is_none and is_one_place(place, settings.store):
            raise SettingsError(
                f"--fill-from {shown(place)} is the store that is played, which cannot fill its own holes; name "
                "another one, or make the feed lose what the store has (--drop, --outage)"
            )
    from actors.upstream import sources_of  # brings all formats of files, for which nobody else shall wait

    return sources_of(settings)


def _parts(replay: Replay) -> Iterator[paper.Sheet | str]:
    yield run_tables.sessions(replay)
    if not replay.repairs and replay.bars != sum(int(report.bars.sum()) for report in replay.sessions):
        yield f"{figures.count(replay.bars)} bars were played: tables count those of regular minutes.\n"
    for report in replay.sessions:
        if report.left_out:
            yield f"{report.session.date}: left out, for they cannot be true: {_counted(dict(report.left_out))}."
    if replay.without_session:
        yield f"Left out, for the calendar has no session there: {', '.join(replay.without_session)}."
    if len(run_tables.symbols_of(replay.sessions)) <= run_tables.FEW_SYMBOLS:
        yield run_tables.symbols(replay.sessions)


def _seen(replay: Replay, seen: Seen) -> Iterator[str]:
    """Say what was shown earlier than anybody had it, and of which days nobody knows how they were lived."""
    if early := replay.shown_early:
        were = "1 bar was" if early == 1 else f"{figures.count(early)} bars were"
        yield (
            f"{were} shown earlier than anybody had them as they are: late, fetched or corrected after their minute "
            "had closed. --seen as-lived plays what came, when it came."
        )
    without = [report.session.date for report in replay.sessions if report.seen is Seen.AS_KNOWN]
    if seen is Seen.AS_LIVED and without:
        days = without[0] if len(without) == 1 else f"{len(without)} days, the first {without[0]},"
        yield f"The store has no record of how {days} came: played as known."


def _repairs(replay: Replay, repairing: Repairing) -> Iterator[paper.Sheet | str]:
    yield repair_tables.repairs(replay.repairs)
    if not repairing.sources:
        yield "Nobody was asked for what is missing: --fill-from names a store, or a folder of files, that may have it."
    yield from repairing.complaints()
    certified = sum(repairs.certified for repairs in replay.repairs.values())
    if certified:
        yield "1 day was certified." if certified == 1 else f"{figures.count(certified)} days were certified."


def _check_certified(replay: Replay) -> None:
    left_out = [report.session.date for report in replay.sessions if not _is_certified(replay, report.session.date)]
    if left_out:
        were = "was" if len(left_out) == 1 else "were"
        raise DataError(
            f"{len(left_out)} of {len(replay.sessions)} days {were} not certified, the first {left_out[0]}: "
            f"what came of the run is not what the day's file holds, or it could not be written (--verbose says which)"
        )


def _check_whole(replay: Replay) -> None:
    if not replay.left_out:
        _check_dates(replay.without_session)
        return
    days = [report.session.date for report in replay.sessions if report.left_out]
    count = sum(replay.left_out.values())
    were = "1 bar of the store was" if count == 1 else f"{figures.count(count)} bars of the store were"
    on = days[0] if len(days) == 1 else f"{len(days)} days, the first {days[0]}"
    raise DataError(f"{were} left out, on {on}: {_counted(replay.left_out)}")


def _check_dates(dates: Sequence[str]) -> None:
    if dates:
        on = dates[0] if len(dates) == 1 else f"{len(dates)} dates, the first {dates[0]}"
        raise DataError(f"the store has bars that were left out, on {on}: the calendar has no session there")


def _counted(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{figures.count(number)} {reason}" for reason, number in reasons.items())


def _is_certified(replay: Replay, date: str) -> bool:
    return date in replay.repairs and replay.repairs[date].certified
