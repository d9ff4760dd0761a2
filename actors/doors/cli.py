"""The command line: commands and their options. What they do lies next door, imported when it is wanted."""

import enum
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from actors.doors import completion
from actors.doors.errand import Errand

_ANYWHERE = {"--debug", "--verbose", "-v"}
"""Options of the program as a whole that may stand after the command too."""


class Pace(enum.StrEnum):
    """Whether a backtest waits at every minute until its listeners are done with it."""

    LOCKSTEP = "lockstep"
    FREE = "free"


class Stamp(enum.StrEnum):
    """Which end of its minute a bar in a file is stamped with."""

    START = "start"
    END = "end"


def _examples(*lines: str) -> str:
    return "\n\n".join(("[bold]Examples[/bold]", *(f"python run.py {line}" for line in lines)))


def _iso_date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2024-07-02") from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip().upper())))


app = typer.Typer(
    name="barkeeper",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_Store = Annotated[Path, typer.Option("--store", metavar="DIR", help="Folder of the store.", show_default=False)]
_Symbols = Annotated[
    str, typer.Option("--symbols", metavar="A,B", help="Only these, separated by commas.", show_default="all")
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
_Calendar = Annotated[
    str | None,
    typer.Option(
        "--calendar",
        metavar="NAME",
        help="Exchange calendar: XNYS, XLON, XTKS, CMES, 24/7 and so on.",
        show_default="the store's only one",
        autocompletion=completion.calendars,
    ),
]


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from actors.doors.version import version

        typer.echo(f"barkeeper {version()}")
        raise typer.Exit


@app.callback(
    invoke_without_command=True,
    epilog=_examples(
        "",
        "import bars.csv --store store --tz America/New_York",
        "backtest --store store --symbols AAPL,MSFT --last 5",
        "inspect --store store",
    ),
)
def barkeeper(
    ctx: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001  # the callback has answered it
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error; goes anywhere.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what happens, to stderr; goes anywhere.")
    ] = False,
) -> None:
    """A market-data session engine: imports one-minute bars, and replays whole sessions in order of time.

    Without a command it makes a market of 50 symbols and replays three sessions of it, to show what it does.
    """
    errand: Errand = ctx.obj
    errand.is_debug, errand.is_verbose = debug, verbose
    if ctx.invoked_subcommand is None:
        errand.job = _demo


def _demo() -> None:
    from actors.doors import demo

    demo.run()


@app.command(
    "import",
    epilog=_examples(
        "import AAPL.csv --store store --tz America/New_York",
        "import equity/usa/minute --store store --format lean",
        "import klines/ --store crypto --calendar 24/7 --json",
    ),
)
def import_(
    ctx: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|DIR...", help="Files, and folders with all that is in them.")
    ],
    store: _Store,
    *,
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"One of {', '.join(completion.FORMATS)}.",
            show_default="seen in the file",
            autocompletion=completion.formats,
        ),
    ] = None,
    symbol: Annotated[
        str | None, typer.Option(metavar="S", help="Symbol of the bars.", show_default="what the file says")
    ] = None,
    calendar: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Exchange calendar: XNYS, XLON, XTKS, CMES, 24/7 and so on.",
            show_default="the format's own, then the store's only one",
            autocompletion=completion.calendars,
        ),
    ] = None,
    tz: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Zone of stamps without one, such as America/New_York.", show_default=False),
    ] = None,
    stamp: Annotated[
        Stamp | None,
        typer.Option(
            help="Which end of its minute a bar is stamped with.", show_default="the format's own, else start"
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing if any row or file is refused.")] = False,
    as_json: _Json = False,
) -> None:
    """Read files of one-minute bars into a store.

    The same file twice changes nothing; a newer file corrects.

    A broken row never stops the import, a broken file never stops the others; both are counted and shown.
    """

    def job() -> None:
        from actors.doors import storing

        storing.bring_in(
            paths,
            store,
            storing.options(
                file_format=file_format,
                symbol=symbol,
                calendar=calendar,
                tz=tz,
                stamp=None if stamp is None else stamp.value,
                strict=strict,
            ),
            as_json=as_json,
        )

    ctx.obj.job = job


@app.command(
    epilog=_examples(
        "backtest --store store",
        "backtest --store store --symbols AAPL,MSFT --start 2024-07-01",
        "backtest --store store --last 1 --speed 60",
        "backtest --store store --json > run.json",
    ),
)
def backtest(
    ctx: typer.Context,
    store: _Store,
    *,
    symbols: _Symbols = "",
    calendar: _Calendar = None,
    start: Annotated[
        str | None, typer.Option(metavar="DATE", help="First session.", parser=_iso_date, show_default="the first")
    ] = None,
    end: Annotated[
        str | None, typer.Option(metavar="DATE", help="Last session.", parser=_iso_date, show_default="the last")
    ] = None,
    last: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only the last N of them.", show_default=False)
    ] = None,
    speed: Annotated[
        float, typer.Option(metavar="N", min=0.0, help="0: as fast as possible; 1: real time; 60: a minute a second.")
    ] = 0.0,
    pace: Annotated[
        Pace, typer.Option(help="lockstep: minute by minute, each waiting for its listeners; free: ahead of them.")
    ] = Pace.LOCKSTEP,
    extended_hours: Annotated[
        bool, typer.Option("--extended-hours", help="Play pre-market and post-market minutes too.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Replay a store's sessions through the system, and say what each came to."""

    def job() -> None:
        from actors.doors import backtesting

        backtesting.backtest(
            store,
            as_json=as_json,
            symbols=_names(symbols),
            calendar=calendar,
            start=start,
            end=end,
            last=last,
            speed=speed,
            pace=pace.value,
            extended_hours=extended_hours,
        )

    ctx.obj.job = job


@app.command(
    epilog=_examples(
        "inspect --store store",
        "inspect --store store --symbols AAPL --calendar XNYS",
        "inspect --store store --json > store.json",
    ),
)
def inspect(
    ctx: typer.Context,
    store: _Store,
    *,
    symbols: _Symbols = "",
    calendar: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only its days.", show_default="all", autocompletion=completion.calendars),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Say what a store holds: bars, missing minutes, highs and lows, day by day."""

    def job() -> None:
        from actors.doors import storing

        storing.look_into(store, _names(symbols), calendar, as_json=as_json)

    ctx.obj.job = job


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: arguments without the program's name; by default the process's.

    Returns:
        The exit code: 0 done, 1 failed, 2 called wrongly, 130 interrupted.
    """
    errand = Errand()
    try:
        app(_program_first(sys.argv[1:] if argv is None else argv), obj=errand)
    except SystemExit as parsed:
        if parsed.code:
            return int(parsed.code)
    return errand.run()


def _program_first(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the options of the whole program before the command."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return sorted(arguments[:end], key=lambda word: word not in _ANYWHERE) + list(arguments[end:])
