"""How far a sweep is, on a terminal's stderr or in a notebook; nowhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from actors.sweep.progress import SweepProgress


@contextmanager
def sweep_bar() -> Iterator[Callable[[SweepProgress], None]]:
    """Yield what shows it."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not (console.is_terminal or console.is_jupyter) or console.is_dumb_terminal,
    )
    task = bar.add_task("sweeping", total=1.0, told="")
    with bar:

        def show(progress: SweepProgress) -> None:
            told = f"{progress.done:,}/{progress.total:,} tasks" + (
                f", {progress.failed:,} failed" if progress.failed else ""
            )
            bar.update(
                task,
                description=f"sweeping {progress.at}".rstrip(),
                completed=progress.done / max(progress.total, 1),
                told=told,
            )

        yield show
