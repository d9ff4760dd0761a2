"""The command line: commands and their options. What they do lies next door, imported when it is wanted."""

import enum
import gc
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from actors.doors.cli import fault_options, journals, live, manual, options, proofs, served, stores, sweeps, vendors
from actors.doors.cli.errors import Errand
from actors.doors.cli.plain_help import Group, Program

_ANYWHERE = {"--debug", "--verbose", "-v"}
"""Options of the program as a whole that may stand after the command too."""


class Pace(enum.StrEnum):
    """Whether a backtest waits at every minute until its listeners are done with it."""

    LOCKSTEP = "lockstep"
    FREE = "free"


class Seen(enum.StrEnum):
    """What a backtest shows of a recorded day."""

    AS_KNOWN = "as-known"
    AS_LIVED = "as-lived"


app = Program(
    cls=Group,
    name="barkeeper",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from actors.doors.cli.version import version

        typer.echo(f"barkeeper {version()}")
        raise typer.Exit


@app.callback(
    invoke_without_command=True,
    epilog=options.examples(
        "",
        "import AAPL.csv --store store --tz America/New_York",
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
    from actors.doors.commands import demo

    demo.run()


@app.command(
    "import",
    epilog=options.examples(
        "import AAPL.csv --store store --tz America/New_York",
        "import equity/usa/minute --store store --format lean --complete",
        "import klines/ --store crypto --calendar 24/7 --json",
        "import flatfiles/2024/ --store store --workers 4",
    ),
)
def import_(
    ctx: typer.Context,
    paths: options.Paths,
    store: options.StoreOrConfigs = None,
    *,
    file_format: options.FileFormat = None,
    columns: options.Columns = None,
    symbol: options.SymbolOfFiles = None,
    calendar: options.CalendarOfFiles = None,
    tz: options.Zone = None,
    stamp: options.StampOfFiles = None,
    dates: options.DatesOfFiles = None,
    base: options.BaseOfFiles = "1m",
    strict: options.Strict = False,
    complete: options.Complete = False,
    allow_negative: options.AllowNegative = None,
    sale_conditions: options.SaleConditions = None,
    config: options.Config = None,
    workers: sweeps.Several = 1,
    as_json: options.Json = False,
) -> None:
    """Read files of one-minute bars into a store.

    The same file twice changes nothing; a newer file corrects.

    A broken row never stops the import, a broken file never stops the others; both are counted and shown.
    """
    options.check_store(store, config)

    def job() -> None:
        from actors.doors.commands import import_files

        import_files.bring_in(
            paths,
            store,
            import_files.options(
                file_format=file_format,
                columns=columns,
                symbol=symbol,
                calendar=calendar,
                tz=tz,
                stamp=None if stamp is None else stamp.value,
                dates=None if dates is None else dates.value,
                base=base,
                strict=strict,
                complete=complete,
                allow_negative=allow_negative,
                sale_conditions=sale_conditions,
            ),
            config=config,
            workers=workers,
            as_json=as_json,
        )

    ctx.obj.job = job


@app.command(
    epilog=options.examples(
        "backtest --store store",
        "backtest --store store --symbols AAPL,MSFT --start 2024-07-01",
        "backtest --store store --last 1 --speed 60 --web",
        "backtest --store store --drop 0.02 --outage 10:00-10:07 --fill-from store",
        "backtest --store store --fill-from archive --certify",
        "backtest --config barkeeper.toml --last 1",
        "backtest --store store --json > run.json",
    ),
)
def backtest(
    ctx: typer.Context,
    store: options.StoreOrConfigs = None,
    *,
    symbols: options.Symbols = "",
    calendar: options.Calendar = None,
    start: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="First session.", parser=options.iso_date, show_default="the first"),
    ] = None,
    end: Annotated[
        str | None, typer.Option(metavar="DATE", help="Last session.", parser=options.iso_date, show_default="the last")
    ] = None,
    last: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only the last N of them.", show_default=False)
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            min=0.0,
            help="0: as fast as possible; 1: real time; 60: a minute a second.",
            show_default="the config's, else 0",
        ),
    ] = None,
    pace: Annotated[
        Pace | None,
        typer.Option(
            help="lockstep: minute by minute, each waiting for its listeners; free: ahead of them.",
            show_default="the config's, else lockstep",
        ),
    ] = None,
    seen: Annotated[
        Seen | None,
        typer.Option(
            help="as-known: every bar at its minute's end, as it is known today; as-lived: what came, when it came.",
            show_default="the config's, else as-known",
        ),
    ] = None,
    config: options.Config = None,
    allow_negative: options.AllowNegativeStored = None,
    extended_hours: options.ExtendedHours = False,
    drop: fault_options.Drop = 0.0,
    delay: fault_options.Delay = 0.0,
    duplicate: fault_options.Duplicate = 0.0,
    corrupt: fault_options.Corrupt = 0.0,
    outage: fault_options.Outages = None,
    seed: fault_options.Seed = 0,
    fill_from: options.FillFrom = None,
    certify: options.Certify = False,
    web: served.Page = None,
    metrics: served.Metrics = None,
    serve: served.Serve = None,
    host: served.Host = served.LOOPBACK,
    as_json: options.Json = False,
) -> None:
    """Replay a store's sessions through the system, and say what each came to.

    With a faulty feed or somebody to ask, also what became of the minutes that were missing.

    Exits with 1 if bars of the store had to be left out, for they cannot be true by the rules.
    """
    options.check_store(store, config)

    def job() -> None:
        from actors.doors.commands import backtest
        from actors.market.faults import Faults

        backtest.backtest(
            store,
            config,
            as_json=as_json,
            served=served.served(web, metrics, host, serve),
            symbols=options.names(symbols),
            calendar=calendar,
            start=start,
            end=end,
            last=last,
            speed=speed,
            pace=None if pace is None else pace.value,
            seen=None if seen is None else seen.value,
            extended=extended_hours or None,
            allow_negative=allow_negative,
            fill_from=tuple(fill_from or ()),
            certify=certify or None,
            faults=Faults(
                drop=drop,
                delay=delay,
                duplicate=duplicate,
                corrupt=corrupt,
                outages=tuple(outage or ()),
                seed=seed,
            ),
        )

    ctx.obj.job = job


stores.add_to(app)
live.add_to(app)
vendors.add_to(app)
served.add_to(app)
journals.add_to(app)
manual.add_to(app)
sweeps.add_to(app)
proofs.add_to(app)


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: arguments without the program's name; by default the process's.

    Returns:
        The exit code: 0 done, 1 failed, 2 called wrongly, 130 interrupted.
    """
    if argv is None:
        _settle_in()
    errand = Errand()
    try:
        words = map(_at_home, sys.argv[1:] if argv is None else argv)
        app(_program_first(list(words)), obj=errand)
    except SystemExit as parsed:
        if parsed.code:
            return int(parsed.code)
    return errand.run()


def _settle_in() -> None:
    """Set what only the owner of a process may set; but for the quiet it saves a tenth of a second of a start."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no matrix is multiplied, so NumPy needs no threads for it
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what it would print of its own is in the sentence that we print
    gc.set_threshold(20_000)  # a minute's events are not garbage, however many they are; cycles are rare


def _at_home(word: str) -> str:
    """Return an argument with the user's home for a ``~`` that the shell has left: of ``--store=~/store``."""
    option, is_its, value = word.partition("=") if word.startswith("--") else ("", "", word)
    return option + is_its + os.path.expanduser(value) if value.startswith("~") else word


def _program_first(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the options of the whole program before the command."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return sorted(arguments[:end], key=lambda word: word not in _ANYWHERE) + list(arguments[end:])
