"""The ``backtest`` command: a store's sessions through the real system."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from actors.doors.commands.playback import Replay, play
from actors.doors.commands.repairs import Repairing
from actors.doors.show import figures, paper, repair_tables, run_tables
from actors.doors.show.progress import replay_bar
from actors.kernel.ports import BarSource
from actors.market.faults import Faults
from actors.storage.own_hours import read_own_hours
from actors.storage.parquet import ParquetStore
from actors.system import System
from messages.errors import DataError, SettingsError


def backtest(
    store: Path,
    *,
    as_json: bool,
    calendar: str | None,
    faults: Faults,
    fill_from: Sequence[Path],
    certify: bool,
    **options: Any,
) -> None:
    """Play what the options of ``System.backtest`` ask for and print what it came to; bars are as long as the store's.

    Raises:
        BarkeeperError: it cannot be played, or it ended in an error; then nothing is printed as a result. Or a day
            was not certified that should have been; what was printed holds all the same.
    """
    kept_in = store if certify else None
    is_repaired = bool(fill_from) or certify or not faults.is_none
    repairing = Repairing(_sources(store, calendar, faults, fill_from), kept_in) if is_repaired else None
    sources = () if repairing is None else repairing.sources
    base = ParquetStore(store, read_only=True).base_interval()
    playable = System.backtest(
        store, calendar=calendar, base_interval=base, faults=faults, certify=certify, sources=sources, **options
    )
    with playable as system, replay_bar() as show_progress:
        replay = play(system, show_progress, repairing)
    if repairing is not None:
        repairing.look_up()
    if as_json:
        paper.show_json(replay.result())
    else:
        paper.show(*_parts(replay), *(_repairs(replay, repairing) if repairing is not None else ()))
    if certify:
        _check_certified(replay)


def _sources(store: Path, calendar: str | None, faults: Faults, fill_from: Sequence[Path]) -> Sequence[BarSource]:
    if not fill_from:
        return ()
    for path in fill_from:
        if faults.is_none and path.resolve() == store.resolve():
            raise SettingsError(
                f"--fill-from {path} is the store that is played, which cannot fill its own holes; name another one, "
                f"or make the feed lose what the store has (--drop, --outage)"
            )
    from actors.upstream import sources_at  # brings all formats of files, for which nobody else shall wait

    return sources_at([str(path) for path in fill_from], calendar, read_own_hours(store))


def _parts(replay: Replay) -> Iterator[paper.Sheet | str]:
    yield run_tables.sessions(replay)
    if not replay.repairs and replay.bars != sum(int(report.bars.sum()) for report in replay.sessions):
        yield f"{figures.count(replay.bars)} bars were played: tables count those of regular minutes.\n"
    if len(run_tables.symbols_of(replay.sessions)) <= run_tables.FEW_SYMBOLS:
        yield run_tables.symbols(replay.sessions)


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


def _is_certified(replay: Replay, date: str) -> bool:
    return date in replay.repairs and replay.repairs[date].certified
