"""The use case: a strategy over many sessions, symbols and parameters, dealt out to workers."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing, nullcontext
from typing import Any

from actors.kernel.ask import arguments as take
from actors.kernel.ask.options import store_of
from actors.kernel.ports import BarStore
from actors.reading.spelling.addresses import path_of
from actors.storage.elsewhere.opening import open_store
from actors.strategy import Strategy
from actors.sweep.bar import sweep_bar
from actors.sweep.crew import Crew, Equipment, Hire, Inside
from actors.sweep.folder import ResultsFolder, marks_of
from actors.sweep.head import Dealer, Head
from actors.sweep.local import Processes
from actors.sweep.pieces import Outcome, Row
from actors.sweep.plan import Plan, planned
from actors.sweep.player import Player
from actors.sweep.progress import SweepProgress
from actors.sweep.results import Results
from messages.errors import SettingsError, shown

_KEEP_EVERY_S = 0.5


def sweep(
    strategy: Callable[..., Any] | Strategy,
    *,
    store: "str | os.PathLike[str] | BarStore",
    symbols: str | Iterable[str] = (),
    grid: Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]] | None = None,
    warm_up: Mapping[Any, int] | None = None,
    workers: int | None = None,
    cluster: "str | Hire | None" = None,
    results: "str | os.PathLike[str] | None" = None,
    together: bool | None = None,
    stretch: int = 20,
    progress: bool | Callable[[SweepProgress], None] = True,
    **options: Any,
) -> Results:
    """Play a strategy over many sessions with many sets of parameters, and gather what it returns.

    Each session has a system of its own with the history that it needs behind it, read from the store; so the results
    are the same, bit for bit, however the work is dealt out. Ctrl-C ends it, and what is done is returned.

    Args:
        strategy: a function or class, see ``actors.strategy``.
        store: folder or address of a store; or a store, which workers can only be given if it can be pickled.
        symbols: what is played; nothing named: everything.
        grid: values by parameter, of which every combination is played; or the sets of parameters themselves.
        warm_up: how many bars of closed sessions there shall be before each session: ``{"1d": 200, "5m": 60}``.
        workers: processes on this computer; 1 plays in this one; by default as many as there are cores.
        cluster: ``dask:ADDRESS`` or ``ray:ADDRESS``, or without an address one of its own on this computer; or
            what makes a crew, see ``actors.sweep.crew``.
        results: a folder in which results are kept as they come; the same call goes on from what is there.
        together: whether all sets of parameters hear one system, in lockstep; by default in one process, if nothing is
            carried. The results are the same.
        stretch: sessions in a row that are one piece of work where something is carried from one to the next.
        progress: whether a terminal shows how far it is; or who is told, in this thread.
        **options: those of ``System.backtest``: ``start``, ``end``, ``last``, ``calendar``, ``extended_hours`` ...

    Raises:
        SettingsError: an option, parameter or strategy makes no sense, or the folder is another sweep's.
        DataError: the store has no session in the range, or the disk refuses to keep results.
        UnknownSymbol: a symbol has no bar in the store.
        SystemFailed: workers end whatever they are given.
    """
    player = strategy if isinstance(strategy, Strategy) else Strategy(strategy)
    seats = None if workers is None else take.count(workers, "workers")
    name, given = store_of(store)
    with ExitStack() as stack:
        files = given
        if files is None:
            files = stack.enter_context(closing(open_store(name, read_only=True)))
        plan = planned(player, files, name=name, symbols=symbols, grid=grid, warm_up=warm_up, options=options)
        is_inside = cluster is None and (seats or _cores()) == 1
        at_once = not plan.is_chained and (is_inside if together is None else take.flag(together, "together"))
        folder = None if results is None else ResultsFolder(path_of(results), marks_of(plan, player, files))
        if is_inside:
            crew: Crew = Inside(Player(plan, player, given, together=at_once))
        else:
            crew = _hired(Equipment.of(plan, player, given, together=at_once), cluster, seats)
        stack.enter_context(closing(crew))
        tell = stack.enter_context(_shown(progress))
        dealer = Dealer(
            plan,
            () if folder is None else folder.rows,
            {} if folder is None else folder.carried,
            seats=crew.seats,
            stretch=take.count(stretch, "stretch"),
            together=at_once,
        )
        gathering = _Gathering(plan, folder, tell)
        return gathering.run(Head(dealer, crew, gathering.take, gathering.keep_in_time))


class _Gathering:
    """Takes outcomes as they come, and keeps them."""

    def __init__(self, plan: Plan, folder: ResultsFolder | None, tell: Callable[[SweepProgress], None]) -> None:
        self._plan = plan
        self._folder = folder
        self._tell = tell
        self._rows: list[Row] = [] if folder is None else list(folder.rows.values())
        self._failed = 0
        self._waiting: list[Outcome] = []
        self._kept_s = time.monotonic()

    def run(self, head: Head) -> Results:
        """Return all results, or what there is when somebody interrupts."""
        is_interrupted = False
        self._told("")
        try:
            head.run()
        except KeyboardInterrupt:
            is_interrupted = True
        finally:
            self._keep()
        remarks = (*self._plan.remarks, *(() if self._folder is None else self._folder.remarks))
        return Results(self._plan, self._rows, is_interrupted=is_interrupted, remarks=remarks)

    def take(self, outcome: Outcome) -> None:
        """Take what one piece came to."""
        self._rows += outcome.rows
        self._failed += sum(row.error is not None for row in outcome.rows)
        self._waiting.append(outcome)
        self.keep_in_time()
        self._told(outcome.rows[-1].date)

    def keep_in_time(self) -> None:
        """Keep what is there, unless something was kept just now: there may be millions of tasks, but not of files."""
        if self._waiting and time.monotonic() - self._kept_s >= _KEEP_EVERY_S:
            self._keep()

    def _keep(self) -> None:
        waiting, self._waiting, self._kept_s = self._waiting, [], time.monotonic()
        if self._folder is not None:
            self._folder.keep(waiting)

    def _told(self, at: str) -> None:
        self._tell(SweepProgress(done=len(self._rows), total=self._plan.tasks, failed=self._failed, at=at))


def _hired(equipment: Equipment, cluster: "str | Hire | None", seats: int | None) -> Crew:
    if cluster is None:
        return Processes(equipment, seats or _cores())
    if not isinstance(cluster, str):
        return cluster(equipment)
    engine, _, address = cluster.partition(":")
    if engine == "dask":
        from actors.sweep.on_dask import DaskCrew

        return DaskCrew(equipment, address, seats)
    if engine == "ray":
        from actors.sweep.on_ray import RayCrew

        return RayCrew(equipment, address, seats)
    raise SettingsError(f"cluster: expected dask:ADDRESS or ray:ADDRESS, got {shown(cluster)}")


def _shown(progress: bool | Callable[[SweepProgress], None]) -> Any:
    if callable(progress):
        return nullcontext(progress)
    return sweep_bar() if take.flag(progress, "progress") else nullcontext(lambda _: None)


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
