"""The commands that make and look after a store, and say when exchanges trade."""

import enum
from pathlib import Path
from typing import Annotated

import typer

from actors.doors.cli import options, plain_help, sweeps

Plot = Annotated[
    Path | None,
    typer.Option(
        "--plot",
        metavar="FILE",
        help="Draw it into a .png, .svg or .html: the days by quality, the latest day's minutes, candles.",
        show_default=False,
    ),
]

StoreOrProof = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="DIR|URL",
        help="Where the store is: a folder, or an address.",
        show_default="that of the proof",
        envvar="BARKEEPER_STORE",
    ),
]
First = Annotated[
    str | None,
    typer.Option(
        "--start", metavar="DATE", help="First session.", parser=options.iso_date, show_default="the store's first"
    ),
]
Last = Annotated[
    str | None,
    typer.Option(
        "--end", metavar="DATE", help="Last session.", parser=options.iso_date, show_default="the store's last"
    ),
]
LastFew = Annotated[int | None, typer.Option("--last", metavar="N", min=1, help="Only the last N.", show_default=False)]


def add_to(app: typer.Typer) -> None:
    """Give the program these commands."""
    app.command(epilog=options.examples("sample --store store", "sample --store store --archive archive"))(sample)
    app.command(
        epilog=options.examples(
            "inspect --store store",
            "inspect --store store --symbols AAPL --calendar XNYS",
            "inspect --store store --symbols AAPL --last 5 --missing",
            "inspect --store store --plot store.png",
            "inspect --store store --json > store.json",
        )
    )(inspect)
    app.command(
        epilog=options.examples(
            "verify --store store",
            "verify --store store --calendar XNYS",
            "verify --store store --workers 4",
            "verify my_strategy.proof.jsonl --store store",
            "verify --store store --json > verified.json",
        )
    )(verify)
    app.command(epilog=options.examples("migrate --store store", "migrate --store store --to narrow"))(migrate)
    app.command(
        epilog=options.examples(
            "export --store store --to postgresql://me@localhost/bars",
            "export --store store --to duckdb:bars.duckdb --symbols AAPL,MSFT --start 2024-07-01",
            "export --store store --to bars.csv",
        )
    )(export)
    app.command(
        epilog=options.examples(
            "calendar XNYS",
            "calendar XKRX --start 2024-11-11 --end 2024-11-15",
            "calendar FX --at 2024-07-05T17:30:00-04:00 --json",
        )
    )(calendar)


def sample(
    ctx: typer.Context,
    store: options.Store,
    *,
    archive: options.Archive = None,
    symbols: options.SampleSymbols = "AAPL,MSFT",
    as_json: options.Json = False,
) -> None:
    """Make a small store to try things on: five sessions of a market that is made up."""

    def job() -> None:
        from actors.doors.commands import sample

        folders = [Path(store)] if archive is None else [Path(store), archive]
        sample.sample(folders, options.in_capitals(options.names(symbols)), as_json=as_json)

    ctx.obj.job = job


def inspect(
    ctx: typer.Context,
    store: options.Store,
    *,
    symbols: options.Symbols = "",
    calendar: options.OnlyCalendar = None,
    start: First = None,
    end: Last = None,
    last: LastFew = None,
    missing: options.AllMissing = False,
    plot: Plot = None,
    as_json: options.Json = False,
) -> None:
    """Say what a store holds: bars, missing minutes, highs and lows, and certificates, day by day."""

    def job() -> None:
        from actors.doors.commands import inspect
        from actors.kernel.readings import Span

        span = Span(start=start or "", end=end or "9999", last=last)
        inspect.look_into(
            store, options.names(symbols), calendar, span=span, all_missing=missing, plot=plot, as_json=as_json
        )

    ctx.obj.job = job


def verify(
    ctx: typer.Context,
    proof: Annotated[
        Path | None, typer.Argument(metavar="PROOF", help="What prove has written.", show_default=False)
    ] = None,
    *,
    store: StoreOrProof = None,
    strategy: Annotated[
        str | None,
        typer.Option(metavar="FILE.py:NAME", help="Of a proof: where it lies here.", show_default="as the proof says"),
    ] = None,
    calendar: options.OnlyCalendar = None,
    workers: sweeps.Several = 1,
    as_json: options.Json = False,
) -> None:
    """Recompute the digest of every certified day, and say which days are not what was certified. Or recompute a proof.

    Exits with 1 if a day does not match its certificate or cannot be read, or a record of the proof differs. Nothing is
    written.
    """
    if store is None and proof is None:
        raise plain_help.Lacking("say which store, --store DIR|URL, or the file of a proof")
    if strategy is not None and proof is None:
        raise plain_help.Lacking("--strategy is that of a proof: name the proof's file too")

    def job() -> None:
        if proof is not None:
            from actors.doors.commands.strategies import prove

            prove.verify(proof, strategy, store, as_json=as_json)
            return
        from actors.doors.commands import verify

        assert store is not None, "looked at before"
        verify.verify(store, calendar, workers=workers, as_json=as_json)

    ctx.obj.job = job


class Layout(enum.StrEnum):
    """How the days of a store lie in files."""

    DAYS = "days"
    """A file a day, in the order of time: best for who plays them."""
    SYMBOLS = "symbols"
    """A file a day, its symbols apart: best for who asks for one of many."""
    NARROW = "narrow"
    """A file a month or a year."""


def migrate(
    ctx: typer.Context,
    store: options.Store,
    *,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="days|symbols|narrow",
            help="days: a file a day; symbols: its symbols apart; narrow: a file a month or a year.",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Move a store to a layout that pandas, pyarrow, polars and DuckDB open as one data set: by default as it is.

    Each day is copied, compared by a digest, and only then taken away. It may be cut short and called again.
    """
    if to is not None and to not in set(Layout):
        raise typer.BadParameter(
            f"--to {to}: no such layout; there are days (a file a day), symbols (a file a day, its symbols apart) and "
            "narrow (a file a month or a year)"
        )

    def job() -> None:
        from actors.doors.commands import migrate

        migrate.migrate(Path(store), to, as_json=as_json)

    ctx.obj.job = job


def export(
    ctx: typer.Context,
    store: options.Store,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="postgresql://...|duckdb:FILE|DIR.csv",
            help="Tables of a server or of a file, or a folder of files of text.",
            show_default=False,
        ),
    ],
    *,
    symbols: options.Symbols = "",
    calendar: options.OnlyCalendar = None,
    start: First = None,
    end: Last = None,
    as_json: options.Json = False,
) -> None:
    """Copy a store's days to where others query them: bars with their verdicts, and certificates.

    Days that are there are left alone, unless they were certified anew; so it may be cut short and called again.
    """

    def job() -> None:
        from actors.doors.commands.stores import export as command
        from actors.exporting.export import ExportOptions

        named = options.names(symbols)
        wanted = ExportOptions(symbols=named, calendar=calendar, start=start, end=end)
        command.export(store, to, wanted, as_json=as_json)

    ctx.obj.job = job


def calendar(
    ctx: typer.Context,
    name: options.CalendarName = None,
    *,
    start: options.FirstDate = None,
    end: options.LastDate = None,
    at: options.At = None,
    store: options.StoreOfDays = None,
    as_json: options.Json = False,
) -> None:
    """Say when an exchange trades: sessions and their hours, previous and next, late and early, and whether it is open.

    Without a name it lists the calendars that there are.
    """

    def job() -> None:
        from actors.doors.commands import calendar

        if name is None:
            calendar.names(as_json=as_json)
        else:
            calendar.hours(name, store, start, end, at, as_json=as_json)

    ctx.obj.job = job
