"""The command that plays a live day again."""

from pathlib import Path
from typing import Annotated

import typer

from actors.doors.cli import options, plain_help, served

Journal = Annotated[
    Path, typer.Argument(metavar="JOURNAL", help="Of a live day, as store.journals/XNYS_2026-11-30.journal.")
]


def add_to(app: typer.Typer) -> None:
    """Give the program these commands."""
    app.command(
        epilog=options.examples(
            "replay store.journals/XNYS_2026-11-30.journal",
            "replay store.journals/XNYS_2026-11-30.journal --until 10:32",
            "replay store.journals/XNYS_2026-11-30.journal --diff store",
            "replay store.journals/XNYS_2026-11-30.journal --speed 60 --web",
        )
    )(replay)
    app.command(
        epilog=options.examples(
            "quarantine --store store",
            "quarantine --store store --show 1",
            "quarantine --store store --retry all",
        )
    )(quarantine)


def replay(
    ctx: typer.Context,
    journal: Journal,
    *,
    until: Annotated[
        str | None,
        typer.Option(metavar="HH:MM", help="Say what was known then, in exchange time.", show_default=False),
    ] = None,
    diff: Annotated[
        str | None,
        typer.Option(
            metavar="JOURNAL|DIR|URL",
            help="Compare with another journal of the day, or a store, minute by minute; exits with 1 if they differ.",
            show_default=False,
        ),
    ] = None,
    step: Annotated[bool, typer.Option("--step", help="Wait for Enter at every minute.")] = False,
    speed: Annotated[
        float, typer.Option(metavar="N", min=0.0, help="0: as fast as possible; 1: real time; 60: a minute a second.")
    ] = 0.0,
    web: served.Page = None,
    metrics: served.Metrics = None,
    serve: served.Serve = None,
    host: served.Host = served.LOOPBACK,
    as_json: options.Json = False,
) -> None:
    """Play a live day again exactly as it was received: late bars late, fills and corrections when they came."""
    if sum((until is not None, diff is not None, step)) > 1:
        raise plain_help.Lacking("--until, --diff and --step are three ways to look at a day: one at a time")

    def job() -> None:
        from actors.doors.commands.journal import replay as command

        if until is not None:
            command.known(journal, until, as_json=as_json)
        elif diff is not None:
            command.compare(journal, diff, as_json=as_json)
        elif step:
            command.step(journal)
        else:
            command.replay(journal, speed=speed, served=served.served(web, metrics, host, serve), as_json=as_json)

    ctx.obj.job = job


def quarantine(
    ctx: typer.Context,
    store: Annotated[
        str,
        typer.Option("--store", metavar="DIR|URL", help="The store of the live day.", envvar="BARKEEPER_STORE"),
    ] = "store",
    *,
    show: Annotated[
        int | None,
        typer.Option(metavar="NO", help="Print its traceback, and what came before it.", show_default=False),
    ] = None,
    retry: Annotated[
        str | None,
        typer.Option(
            metavar="NO|all",
            help="Deliver it again: to the run that writes to this store, or else into its day as it is stored.",
            show_default=False,
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """List the messages that met a bug on a live day, or deliver them again.

    Exits with 1 if one meets a bug once more.
    """
    if show is not None and retry is not None:
        raise plain_help.Lacking("--show and --retry are two things to do: one at a time")

    def job() -> None:
        from actors.doors.commands.journal import quarantine as command

        command.quarantine(store, retry, show, as_json=as_json)

    ctx.obj.job = job
