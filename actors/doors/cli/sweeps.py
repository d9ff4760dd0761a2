"""The command that plays a strategy over many days and with many parameters."""

from pathlib import Path
from typing import Annotated

import typer

from actors.doors.cli import options

Place = Annotated[
    str,
    typer.Argument(
        metavar="FILE.py:NAME",
        help="A function strategy(system, ...), or a class with run(system); it returns a dict or a msgspec Struct.",
        show_default=False,
    ),
]
Grid = Annotated[
    list[str] | None,
    typer.Option(
        "--grid",
        metavar="NAME=A,B,C",
        help="Values of one of its parameters, of which each is played; several times for several, every combination.",
        show_default="no parameters",
    ),
]
WarmUp = Annotated[
    str,
    typer.Option(
        "--warm-up",
        metavar="1d=200,5m=60",
        help="How many bars of closed sessions there shall be before each session.",
        show_default="five sessions with their minutes",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N", min=1, help="Processes on this computer; 1: in this one.", show_default="one a core"
    ),
]
Several = Annotated[
    int, typer.Option("--workers", metavar="N", min=1, help="Processes on this computer that share the work.")
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="dask:ADDRESS|ray:ADDRESS",
        help="Have a cluster's workers play it; without an address one that is started here.",
        show_default="processes on this computer",
    ),
]
Kept = Annotated[
    Path | None,
    typer.Option(
        "--results",
        metavar="DIR",
        help="Keep what is done in this folder; the same line goes on from there.",
        show_default="kept nowhere",
    ),
]
Together = Annotated[
    bool | None,
    typer.Option(
        "--together/--apart",
        help="Whether all sets of parameters hear one system, or each has its own; the results are the same.",
        show_default="together in one process, else apart",
    ),
]
Stretch = Annotated[
    int,
    typer.Option(
        "--stretch", metavar="N", min=1, help="Sessions in a row that are a piece of work, if anything is carried."
    ),
]
Range = Annotated[
    str | None,
    typer.Option("--start", metavar="DATE", help="First session.", parser=options.iso_date, show_default="the first"),
]
Until = Annotated[
    str | None,
    typer.Option("--end", metavar="DATE", help="Last session.", parser=options.iso_date, show_default="the last"),
]
LastFew = Annotated[
    int | None, typer.Option("--last", metavar="N", min=1, help="Only the last N of them.", show_default=False)
]


def add_to(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command(
        epilog=options.examples(
            "sweep my_strategy.py:Strategy --store store --grid fast=5,10,20 --grid slow=50,100",
            "sweep my_strategy.py:Strategy --store store --start 2024-01-02 --warm-up 1d=200 --workers 2",
            "sweep my_strategy.py:Strategy --store store --grid fast=5,10 --results results --json > results.json",
            "sweep my_strategy.py:Strategy --store /share/store --cluster dask:tcp://10.0.0.5:8786",
        )
    )(sweep)


def sweep(
    ctx: typer.Context,
    strategy: Place,
    store: options.Store,
    *,
    symbols: options.Symbols = "",
    grid: Grid = None,
    warm_up: WarmUp = "",
    calendar: options.Calendar = None,
    start: Range = None,
    end: Until = None,
    last: LastFew = None,
    extended_hours: options.ExtendedHours = False,
    workers: Workers = None,
    cluster: Cluster = None,
    results: Kept = None,
    together: Together = None,
    stretch: Stretch = 20,
    as_json: options.Json = False,
) -> None:
    """Play a strategy over many sessions with every set of parameters, on all cores or on a cluster.

    Each session is played by itself, with its history read from the store: the results are the same however it is
    dealt out. Ctrl-C prints what is done.

    Exits with 1 if a task failed; each says which session, symbol and parameters.
    """

    def job() -> None:
        from actors.doors.commands.strategies import sweep

        sweep.sweep_and_show(
            strategy,
            sweep.Wishes(
                store=store,
                symbols=options.names(symbols),
                grid=tuple(grid or ()),
                warm_up=warm_up,
                workers=workers,
                cluster=cluster,
                results=results,
                together=together,
                stretch=stretch,
                options={
                    "calendar": calendar,
                    "start": start,
                    "end": end,
                    "last": last,
                    "extended_hours": extended_hours,
                },
            ),
            as_json=as_json,
        )

    ctx.obj.job = job
