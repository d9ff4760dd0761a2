"""Options of what is served while a run goes on, and the command that says which metrics there are."""

from typing import TYPE_CHECKING, Annotated

import typer

from actors.doors.cli import options

if TYPE_CHECKING:
    from actors.doors.web.serving import Served

_SERVED = "To look on from elsewhere"

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
Host = Annotated[
    str,
    typer.Option(
        "--host",
        metavar="ADDRESS",
        help="Where it is served; beyond this computer a token is needed, BARKEEPER_TOKEN or one that is made up.",
        rich_help_panel=_SERVED,
    ),
]
Grafana = Annotated[bool, typer.Option("--grafana", help="Print a dashboard of them that Grafana imports.")]
LOOPBACK = "127.0.0.1"


def served(metrics: int | None, host: str) -> "Served":
    """Return what these options ask for."""
    from actors.doors.web.serving import Served

    return Served(metrics=metrics, host=host)


def add_to(app: typer.Typer) -> None:
    """Give the program its command."""
    app.command("metrics", epilog=options.examples("metrics", "metrics --grafana > dashboard.json"))(metrics)


def metrics(ctx: typer.Context, *, grafana: Grafana = False, as_json: options.Json = False) -> None:
    """Say which metrics a run serves with --metrics, or print a Grafana dashboard of them."""

    def job() -> None:
        from actors.doors.commands import metrics

        metrics.dashboard() if grafana else metrics.names(as_json=as_json)

    ctx.obj.job = job
