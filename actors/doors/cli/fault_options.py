"""Options of the command line that make a backtest's feed faulty."""

from typing import Annotated, Any

import typer

_FAULTS = "A feed with faults, the same ones every time"


def _chance(name: str, what: str) -> Any:  # what typer's own Option returns
    return typer.Option(
        name,
        metavar="P",
        min=0.0,
        max=1.0,
        help=f"Probability, 0 to 1, that a bar {what}.",
        show_default=False,
        rich_help_panel=_FAULTS,
    )


def _outage(text: str) -> str:
    from actors.market.faults import Faults
    from messages.errors import SettingsError

    try:
        Faults(outages=(text,))
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from None
    return text


Drop = Annotated[float, _chance("--drop", "never comes")]
Delay = Annotated[float, _chance("--delay", "comes 1 to 5 minutes late")]
Duplicate = Annotated[float, _chance("--duplicate", "comes twice")]
Corrupt = Annotated[float, _chance("--corrupt", "comes with impossible numbers")]
Outages = Annotated[
    list[str] | None,
    typer.Option(
        "--outage",
        metavar="HH:MM-HH:MM",
        help="When nothing comes, every day, in exchange time; may be given several times.",
        parser=_outage,
        show_default=False,
        rich_help_panel=_FAULTS,
    ),
]
Seed = Annotated[
    int,
    typer.Option("--seed", metavar="N", min=0, help="Another one strikes other bars.", rich_help_panel=_FAULTS),
]
