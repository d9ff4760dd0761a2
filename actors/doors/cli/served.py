"""Options of what is served while a run goes on, and the commands that go with it."""

from typing import TYPE_CHECKING, Annotated

import typer

from actors.doors.cli import options, plain_help
from actors.doors.cli.plain_help import PAGE_PORT

if TYPE_CHECKING:
    from actors.doors.web.serving import Served

_SERVED = "To look on from elsewhere"

Page = Annotated[
    int | None,
    typer.Option(
        "--web",
        metavar="[PORT]",
        min=0,
        max=65535,
        help=f"Show it on a page in the browser: at port {PAGE_PORT}, or another; 0: any that is free.",
        show_default=False,
        rich_help_panel=_SERVED,
    ),
]
Metrics = Annotated[
    int | None,
    typer.Option(
        "--metrics",
        metavar="PORT",
        min=0,
        max=65535,
        help="Serve /metrics for Prometheus, and /healthz, at this port; 0: any that is free.",
        show_default=False,
        rich_help_panel=_SERVED,
    ),
]
Serve = Annotated[
    str | None,
    typer.Option(
        "--serve",
        metavar="ADDRESS",
        help="Let other programs read and listen, over Arrow Flight: a port (0: a free one), HOST:PORT, or unix:PATH.",
        show_default=False,
        rich_help_panel=_SERVED,
    ),
]
Host = Annotated[
    str,
    typer.Option(
        "--host",
        metavar="ADDRESS",
        help="Where page and metrics are; beyond this computer a token is needed: BARKEEPER_TOKEN, or a made one.",
        rich_help_panel=_SERVED,
    ),
]
Shown = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="DIR|URL",
        help="Where the store is: a folder, or an address.",
        show_default=False,
        envvar="BARKEEPER_STORE",
    ),
]
Connect = Annotated[
    str | None,
    typer.Option(
        "--connect",
        metavar="ADDRESS",
        help="Show the session that another process serves there with --serve; token: BARKEEPER_TOKEN.",
        show_default=False,
    ),
]
Whence = Annotated[
    str,
    typer.Option("--connect", metavar="ADDRESS", help="Of the session, as --serve says it; token: BARKEEPER_TOKEN."),
]
Grafana = Annotated[bool, typer.Option("--grafana", help="Print a dashboard of them that Grafana imports.")]
LOOPBACK = "127.0.0.1"


def served(page: int | None, metrics: int | None, host: str, session: str | None = None) -> "Served":
    """Return what these options ask for."""
    from actors.doors.web.serving import Served

    return Served(page=page, metrics=metrics, host=host, session=session)


def add_to(app: typer.Typer) -> None:
    """Give the program its commands."""
    app.command(epilog=options.examples("dashboard --store store", "dashboard --connect 8815 --web 9000"))(dashboard)
    app.command(
        epilog=options.examples("forward --connect 8815 --to redis://127.0.0.1:6379", "forward --events bars,gaps")
    )(forward)
    app.command("metrics", epilog=options.examples("metrics", "metrics --grafana > dashboard.json"))(metrics)


def dashboard(
    ctx: typer.Context,
    *,
    store: Shown = None,
    address: Connect = None,
    web: Page = PAGE_PORT,
    host: Host = LOOPBACK,
) -> None:
    """Show a store on a page in the browser: days by their quality, and of each its minutes, bars, gaps, certificate.

    Or a session that another process serves, or both. A run in its own process is shown by --web of live and backtest.
    """
    if store is None and address is None:
        raise plain_help.Lacking("say what to show: --store DIR|URL, --connect ADDRESS, or both")

    def job() -> None:
        from actors.doors.web import dashboard

        dashboard.show(store, address, served(web, None, host))

    ctx.obj.job = job


def forward(
    ctx: typer.Context,
    *,
    address: Whence = "8815",
    to: Annotated[str, typer.Option(metavar="URL", help="A Redis.")] = "redis://127.0.0.1:6379",
    events: Annotated[str, typer.Option(metavar="A,B", help="Which; guide embed names them.")] = "sessions,bars",
    stream: Annotated[str, typer.Option(metavar="NAME", help="How the stream is called there.")] = "barkeeper",
    keep: Annotated[int, typer.Option(metavar="N", min=1, help="About so many entries are kept.")] = 100_000,
) -> None:
    """Forward what a session tells (live --serve) to a stream of Redis, until it ends.

    Each entry has the type of the event, and the event as JSON; bars that a lost connection cost are in a BarWindow.
    """

    def job() -> None:
        from actors.doors.commands import forward as command

        command.forward(address, to, events=options.names(events), stream=stream, keep=keep)

    ctx.obj.job = job


def metrics(ctx: typer.Context, *, grafana: Grafana = False, as_json: options.Json = False) -> None:
    """Say which metrics a run serves with --metrics, or print a Grafana dashboard of them."""

    def job() -> None:
        from actors.doors.metrics import listing

        listing.dashboard() if grafana else listing.names(as_json=as_json)

    ctx.obj.job = job
