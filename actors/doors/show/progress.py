"""How far a long job is, as a bar on a terminal's stderr; nowhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from actors.doors.show import figures, paper
from messages import replies

if TYPE_CHECKING:  # all formats of files, for which nobody else shall wait
    from actors.exporting.export import ExportProgress
    from actors.fetching.report import FetchProgress
    from actors.importing.into_store import ImportProgress
    from actors.sweep import SweepProgress
    from actors.verifying import VerifyProgress


@contextmanager
def replay_bar() -> Iterator[Callable[[replies.Progress], None]]:
    """Yield what shows how far a run is."""
    with _bar("replaying") as move:

        def show(progress: replies.Progress) -> None:
            of_session = progress.minutes_done / max(progress.minutes_total, 1)
            share = (progress.sessions_done + of_session) / max(progress.sessions_total, 1)
            sessions = f"{progress.sessions_done}/{progress.sessions_total} sessions"
            move(f"replaying {progress.session_date}", share, f"{sessions}, {figures.count(progress.bars)} bars")

        yield show


@contextmanager
def import_bar() -> Iterator[Callable[["ImportProgress"], None]]:
    """Yield what shows how far an import is."""
    with _bar("importing") as move:

        def show(progress: "ImportProgress") -> None:
            noun = "files" if progress.phase == "reading" else "days"
            done = f"{figures.count(progress.done)}/{figures.count(progress.total)} {noun}"
            move(progress.phase, progress.share, f"{done}, {figures.count(progress.rows)} rows")

        yield show


@contextmanager
def fetch_bar() -> "Iterator[Callable[[FetchProgress], None]]":
    """Yield what shows how far fetching is."""
    with _bar("asking") as move:

        def show(progress: "FetchProgress") -> None:
            done = f"{figures.count(progress.done)}/{figures.count(progress.total)} sessions"
            told = f"{done}, {figures.count(progress.filled)} bars, {figures.count(progress.requests)} requests"
            told += f"; asked again: {progress.trouble}" if progress.trouble else ""
            move(f"fetched {progress.at}" if progress.at else "asking", progress.done / progress.total, told)

        yield show


@contextmanager
def export_bar() -> "Iterator[Callable[[ExportProgress], None]]":
    """Yield what shows how far an export is."""
    with _bar("exporting") as move:

        def show(progress: "ExportProgress") -> None:
            done = f"{figures.count(progress.done)}/{figures.count(progress.total)} days"
            told = f"{done}, {figures.count(progress.bars)} bars"
            move(f"exported {progress.at}", progress.done / progress.total, told)

        yield show


@contextmanager
def verify_bar() -> Iterator[Callable[["VerifyProgress"], None]]:
    """Yield what shows how far verifying is."""
    with _bar("verifying") as move:

        def show(progress: "VerifyProgress") -> None:
            done = f"{figures.count(progress.done)}/{figures.count(progress.total)} days"
            move(f"verifying {progress.at}", progress.done / progress.total, done)

        yield show


@contextmanager
def sweep_bar() -> "Iterator[Callable[[SweepProgress], None]]":
    """Yield what shows how far a sweep is."""
    with _bar("sweeping") as move:

        def show(progress: "SweepProgress") -> None:
            told = f"{figures.count(progress.done)}/{figures.count(progress.total)} tasks"
            told += f", {figures.count(progress.failed)} failed" if progress.failed else ""
            move(f"sweeping {progress.at}".rstrip(), progress.done / max(progress.total, 1), told)

        yield show


@contextmanager
def proof_bar() -> Iterator[Callable[[int, int], None]]:
    """Yield what shows how far a proof is."""
    with _bar("playing the world as it is") as move:

        def show(done: int, total: int) -> None:
            move("playing other futures", done / total, f"{figures.count(done)}/{figures.count(total)} cuts")

        yield show


@contextmanager
def migrate_bar() -> Iterator[Callable[[int, int, str], None]]:
    """Yield what shows how far a migration is."""
    with _bar("moving") as move:

        def show(done: int, total: int, date: str) -> None:
            move(f"moving {date}", done / total, f"{figures.count(done)}/{figures.count(total)} days")

        yield show


@contextmanager
def _bar(first: str) -> Iterator[Callable[[str, float, str], None]]:
    console = paper.err()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal or console.is_dumb_terminal,
    )
    task = bar.add_task(first, total=1.0, told="")
    with bar:
        yield lambda what, share, told: bar.update(task, description=what, completed=share, told=told)
    if not bar.disable:
        console.print()
