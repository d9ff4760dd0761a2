"""The commands that ask vendors: ``vendors``, ``fetch`` and ``heal``."""

from pathlib import Path
from typing import Annotated

import typer

from actors.doors.cli import options, sweeps
from actors.vendors import registry

_HISTORIES = ", ".join(entry.name for entry in registry.histories())

From = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="VENDOR|DIR",
        help=f"Who is asked: a vendor's history, with or without a tape, as alpaca:sip ({_HISTORIES}), a store, or a "
        "folder of files; may be given several times, the best first.",
        show_default=False,
    ),
]
Whose = Annotated[
    str,
    typer.Option(
        "--symbols",
        metavar="A,B",
        help="Whose bars; without them massive's flat files give the whole market.",
        show_default=False,
    ),
]
OfDays = Annotated[
    str,
    typer.Option(
        "--symbols", metavar="A,B", help="Only these, separated by commas.", show_default="all that the days have"
    ),
]
Extended = Annotated[bool, typer.Option("--extended-hours", help="Pre-market and post-market minutes too.")]
First = Annotated[
    str | None,
    typer.Option("--start", metavar="DATE", help="First session.", parser=options.iso_date, show_default=False),
]
Last = Annotated[
    str | None,
    typer.Option("--end", metavar="DATE", help="Last session.", parser=options.iso_date, show_default="today's"),
]
LastFew = Annotated[
    int | None, typer.Option("--last", metavar="N", min=1, help="Only the last N of them.", show_default=False)
]
OfTape = Annotated[
    str | None,
    typer.Option("--calendar", metavar="NAME", help="Exchange calendar.", show_default="the vendor's, or the store's"),
]
AllComplete = Annotated[
    bool,
    typer.Option("--complete", help="Take every minute without a row for not traded, whatever lies around it."),
]
OwnKeys = Annotated[
    Path | None,
    typer.Option("--keys", metavar="FILE", help="A file of mode 600 with the keys.", show_default="the environment"),
]
Yes = Annotated[bool, typer.Option("--yes", help="Agree to what a vendor charges.")]


def add_to(app: typer.Typer) -> None:
    """Give the program these commands."""
    app.command(epilog=options.examples("vendors", "vendors --json"))(vendors)
    app.command(
        epilog=options.examples(
            "fetch --from alpaca --symbols AAPL,MSFT --start 2026-01-02 --store store",
            "fetch --from alpaca:sip --symbols AAPL --last 20 --store store --extended-hours",
            "fetch --from alpaca:crypto --symbols BTC/USD --last 7 --store crypto",
        )
    )(fetch)
    app.command(
        epilog=options.examples(
            "heal --store store --from alpaca",
            "heal --store store --from alpaca --from archive",
            "heal --store store --from archive --workers 4",
        )
    )(heal)


def vendors(ctx: typer.Context, *, as_json: options.Json = False) -> None:
    """Say whose bars can be had: what each writes, streams and remembers, and whether library and keys are there."""

    def job() -> None:
        from actors.doors.show import vendor_list

        vendor_list.show(as_json=as_json)

    ctx.obj.job = job


def fetch(
    ctx: typer.Context,
    store: options.StoreOrConfigs = None,
    *,
    comes_from: From = None,
    symbols: Whose = "",
    start: First = None,
    end: Last = None,
    last: LastFew = None,
    calendar: OfTape = None,
    extended_hours: Extended = False,
    complete: AllComplete = False,
    config: options.Config = None,
    keys: OwnKeys = None,
    yes: Yes = False,
    workers: sweeps.Several = 1,
    as_json: options.Json = False,
) -> None:
    """Fetch sessions from a vendor: only what the store lacks, in the vendor's pace, certified day by day.

    Ctrl-C keeps what is done; called again, it goes on. A session that still runs is fetched as far as it has come.

    Exits with 1 if something was not answered.
    """
    options.check_store(store, config)

    def job() -> None:
        from actors.doors.commands import fetch

        fetch.bring(
            fetch.FetchWishes(
                comes_from=tuple(comes_from or ()),
                store=store,
                config=config,
                symbols=options.in_capitals(options.names(symbols)),
                calendar=calendar,
                start=start,
                end=end,
                last=last,
                extended_hours=extended_hours,
                complete=complete,
                keys=keys,
                agreed=yes,
                workers=workers,
            ),
            as_json=as_json,
        )

    ctx.obj.job = job


def heal(
    ctx: typer.Context,
    store: options.StoreOrConfigs = None,
    *,
    comes_from: From = None,
    symbols: OfDays = "",
    start: First = None,
    end: Last = None,
    last: LastFew = None,
    calendar: options.OnlyCalendar = None,
    complete: AllComplete = False,
    config: options.Config = None,
    keys: OwnKeys = None,
    yes: Yes = False,
    workers: sweeps.Several = 1,
    as_json: options.Json = False,
) -> None:
    """Ask for exactly the minutes that a store's days lack or that were abandoned, and certify the days anew.

    Exits with 1 if something was not answered.
    """
    options.check_store(store, config)

    def job() -> None:
        from actors.doors.commands import fetch

        fetch.heal(
            fetch.FetchWishes(
                comes_from=tuple(comes_from or ()),
                store=store,
                config=config,
                symbols=options.names(symbols),
                calendar=calendar,
                start=start,
                end=end,
                last=last,
                complete=complete,
                keys=keys,
                agreed=yes,
                workers=workers,
            ),
            as_json=as_json,
        )

    ctx.obj.job = job
