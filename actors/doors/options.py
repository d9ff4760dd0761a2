"""Options of the command line that commands share, and those that belong together."""

import enum
from pathlib import Path
from typing import Annotated, Any

import typer

from actors.doors import completion

_FAULTS = "A feed with faults, the same ones every time"
_REPAIRS = "Missing minutes"


class Stamp(enum.StrEnum):
    """Which end of its minute a bar in a file is stamped with."""

    START = "start"
    END = "end"


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


Store = Annotated[Path, typer.Option("--store", metavar="DIR", help="Folder of the store.", show_default=False)]
Symbols = Annotated[
    str, typer.Option("--symbols", metavar="A,B", help="Only these, separated by commas.", show_default="all")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Calendar = Annotated[
    str | None,
    typer.Option(
        "--calendar",
        metavar="NAME",
        help="Exchange calendar: XNYS, XLON, XTKS, CMES, 24/7 and so on.",
        show_default="the store's only one",
        autocompletion=completion.calendars,
    ),
]
OnlyCalendar = Annotated[
    str | None,
    typer.Option(
        "--calendar", metavar="NAME", help="Only its days.", show_default="all", autocompletion=completion.calendars
    ),
]

Paths = Annotated[
    list[Path], typer.Argument(metavar="FILE|DIR...", help="Files, and folders with all that is in them.")
]
FileFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help=f"One of {', '.join(completion.FORMATS)}.",
        show_default="seen in the file",
        autocompletion=completion.formats,
    ),
]
SymbolOfFiles = Annotated[
    str | None, typer.Option("--symbol", metavar="S", help="Symbol of the bars.", show_default="what the file says")
]
CalendarOfFiles = Annotated[
    str | None,
    typer.Option(
        "--calendar",
        metavar="NAME",
        help="Exchange calendar: XNYS, XLON, XTKS, CMES, 24/7 and so on.",
        show_default="the format's own, then the store's only one",
        autocompletion=completion.calendars,
    ),
]
Zone = Annotated[
    str | None,
    typer.Option(
        "--tz", metavar="ZONE", help="Zone of stamps without one, such as America/New_York.", show_default=False
    ),
]
StampOfFiles = Annotated[
    Stamp | None,
    typer.Option(
        "--stamp",
        help="Which end of its minute a bar is stamped with.",
        show_default="the format's own, else start",
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Write nothing if any row or file is refused.")]
Complete = Annotated[
    bool, typer.Option("--complete", help="The files hold every trade: minutes that they lack are NO_TRADE.")
]

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

FillFrom = Annotated[
    list[Path] | None,
    typer.Option(
        "--fill-from",
        metavar="DIR",
        help="Who is asked for them: a store, or a folder of files; may be given several times, the best first.",
        show_default=False,
        rich_help_panel=_REPAIRS,
    ),
]
Certify = Annotated[
    bool,
    typer.Option(
        "--certify/--no-certify",
        help="Keep what was filled in the store, with a certificate beside each day; else nothing is written.",
        rich_help_panel=_REPAIRS,
    ),
]
