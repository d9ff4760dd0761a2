"""The commands of a live day: ``live``, ``status`` and ``check-config``."""

import enum
import sys
from typing import Annotated

import typer

from actors.doors.cli import options, served
from actors.doors.cli.interrupts import EndedEarly, ends_early


class Until(enum.StrEnum):
    """When a live run ends by itself."""

    CLOSE = "close"


RunUntil = Annotated[
    Until | None, typer.Option(help="close: end when the session is over and certified.", show_default="goes on")
]
Watch = Annotated[bool, typer.Option("--watch", help="Look again every second, until Ctrl-C.")]
Pid = Annotated[
    int | None, typer.Option("--pid", metavar="N", help="Of which process.", show_default="the only one that runs")
]


def add_to(app: typer.Typer) -> None:
    """Give the program these commands."""
    app.command(
        epilog=options.examples(
            "live --feed simulated --symbols 100 --store store --until close",
            "live --feed simulated --symbols 500 --store store --web --metrics 9464",
            "live --feed replay --from archive --store store --speed 60",
            "live --feed alpaca --config barkeeper.toml --symbols AAPL,MSFT",
            "live --feed alpaca:sip --fill-from alpaca:sip --fill-from archive --symbols AAPL,MSFT",
            "live --feed alpaca --symbols AAPL,MSFT --channels bars,updatedBars",
            "live --feed ccxt:kraken --symbols BTC/USD,ETH/USD --store crypto",
            "live --feed jsonlines --calendar XNYS --store store < lines.jsonl",
            "live --feed simulated --store store --serve 8815",
        )
    )(live)
    app.command(epilog=options.examples("status", "status --watch", "status --json"))(status)
    app.command("check-config", epilog=options.examples("check-config barkeeper.toml"))(check_config)


def live(
    ctx: typer.Context,
    feed: options.Feed,
    *,
    store: options.LiveStore = None,
    symbols: options.LiveSymbols = "",
    calendar: options.LiveCalendar = None,
    speed: options.LiveSpeed = None,
    until: RunUntil = None,
    config: options.Config = None,
    fill_from: options.LiveFillFrom = None,
    extended_hours: options.ExtendedHours = False,
    comes_from: options.ComesFrom = None,
    start: options.FirstSession = None,
    keys: options.Keys = None,
    stream: options.Stream = None,
    channels: options.Channels = "",
    trades_only: options.TradesOnly = False,
    sale_conditions: options.SaleConditions = None,
    allow_negative: options.AllowNegative = None,
    web: served.Page = None,
    metrics: served.Metrics = None,
    serve: served.Serve = None,
    host: served.Host = served.LOOPBACK,
    print_unit: Annotated[
        bool, typer.Option("--print-unit", help="Print a unit file for systemd that runs just this, and do nothing.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Run live sessions: take what a feed sends, write the day down as it goes, and certify it.

    Ctrl-C, being told to terminate, or a closed terminal writes down what has come and ends; a second Ctrl-C ends at
    once.

    Exits with 1 if the run failed.
    """

    def job() -> None:
        if print_unit:
            from actors.doors.remote.systemd import unit
            from actors.doors.show import paper

            paper.show(unit([word for word in sys.argv[1:] if word != "--print-unit"]).rstrip("\n"))
            return
        try:
            with ends_early():  # what it imports takes a second, on a busy machine several
                from actors.doors.commands import live
                from actors.doors.commands.live_plan import Wishes
        except EndedEarly:
            return
        live.live(
            Wishes(
                feed=feed,
                store=store,
                symbols=options.in_capitals(options.names(symbols)),
                calendar=calendar,
                speed=speed,
                until_close=until is not None,
                config=config,
                fill_from=tuple(fill_from or ()),
                extended_hours=extended_hours,
                comes_from=comes_from,
                start=start,
                keys=keys,
                stream=stream,
                channels=tuple(name for part in channels.split(",") if (name := part.strip())),
                trades_only=trades_only,
                sale_conditions=sale_conditions,
                allow_negative=allow_negative,
            ),
            served.served(web, metrics, host, serve),
            as_json=as_json,
        )

    ctx.obj.job = job


def status(ctx: typer.Context, *, watch: Watch = False, pid: Pid = None, as_json: options.Json = False) -> None:
    """Say how a live run on this computer is: states, feeds, lag, quality, mailboxes.

    With --json one object, or with --watch one a line.
    """

    def job() -> None:
        from actors.doors.commands import status

        status.status(watch=watch, pid=pid, as_json=as_json)

    ctx.obj.job = job


def check_config(ctx: typer.Context, file: options.ConfigFile, *, as_json: options.Json = False) -> None:
    """Read a file of settings, and warn of what is seldom meant.

    Exits with 1 if the file cannot be used; warnings are no error.
    """

    def job() -> None:
        from actors.doors.commands import check_config

        check_config.check(file, as_json=as_json)

    ctx.obj.job = job
