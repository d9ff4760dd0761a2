"""Options of the command line that commands share, and those that belong together."""

import csv
import enum
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from actors.doors.cli import completion, invocation, plain_help
from actors.vendors import registry

_FEEDS = "What some feeds need"
_REPAIRS = "Missing minutes"
_STORE = "BARKEEPER_STORE"
"""The variable of the environment that names the store where no option does."""


class Stamp(enum.StrEnum):
    """Which end of its minute a bar in a file is stamped with."""

    START = "start"
    END = "end"


class DateOrder(enum.StrEnum):
    """In which order a date has its day, month and year."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


def examples(*lines: str) -> str:
    """Return what stands below a command's help."""
    return "\n\n".join(("[bold]Examples[/bold]", *(f"{invocation.program()} {line}" for line in lines)))


def iso_date(text: str) -> str:
    """Return a date as files are named by it."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2024-07-02") from None


def names(text: str) -> tuple[str, ...]:
    """Return the symbols of a list with commas or lines, as they are written, each once; one with a comma is quoted."""
    from messages.errors import SettingsError

    rows = csv.reader(text.splitlines(), skipinitialspace=True)  # a file of symbols has one a line
    found = tuple(dict.fromkeys(part for cells in rows for cell in cells if (part := cell.strip())))
    if text and not found:  # commas alone, as an unset variable leaves them, must not mean everybody
        raise SettingsError(f"--symbols {text!r} names no symbol; leave it out for all")
    return found


def in_capitals(symbols: tuple[str, ...]) -> tuple[str, ...]:
    """Return symbols of which those without capitals are written in them: case counts, BCpC is not BCPC."""
    return tuple(dict.fromkeys(symbol.upper() if symbol == symbol.lower() else symbol for symbol in symbols))


def check_store(store: str | None, config: Path | None) -> None:
    """Refuse a call that does not say which store."""
    if store is None and config is None:
        raise plain_help.Lacking(
            f"say which store: --store DIR|URL, {_STORE} in the environment, or --config FILE that names it"
        )


def _feed(name: str) -> str:
    from messages.errors import SettingsError

    try:
        entry, variant = registry.feed_named(name)
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from None
    return f"{entry.name}:{variant}" if variant else entry.name


Store = Annotated[
    str,
    typer.Option("--store", metavar="DIR|URL", help="Where the store is: a folder, or an address.", show_default=False,
                 envvar=_STORE),
]  # fmt: skip
StoreOrConfigs = Annotated[
    str | None,
    typer.Option("--store", metavar="DIR|URL", help="Where the store is: a folder, or an address.",
                 show_default="the config's", envvar=_STORE),
]  # fmt: skip
Symbols = Annotated[
    str,
    typer.Option(
        "--symbols",
        metavar="A,B",
        help="Only these, separated by commas or lines; one with a comma in quotes.",
        show_default="all",
    ),
]
Archive = Annotated[
    Path | None,
    typer.Option(
        "--archive", metavar="DIR", help="A second copy, to be asked for what is missing.", show_default=False
    ),
]
SampleSymbols = Annotated[
    str, typer.Option("--symbols", metavar="A,B", help="What the made-up symbols are called, separated by commas.")
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

CalendarName = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME", help="Exchange calendar: XNYS, KRX, FX and so on.", autocompletion=completion.calendars
    ),
]
FirstDate = Annotated[
    str | None,
    typer.Option("--start", metavar="DATE", help="First date.", show_default="that of the moment", parser=iso_date),
]
LastDate = Annotated[
    str | None,
    typer.Option("--end", metavar="DATE", help="Last date, itself included.", show_default="--start, or two weeks on",
                 parser=iso_date),
]  # fmt: skip
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="MOMENT",
        help="Whether it is open then: 2024-07-02T10:30, in exchange time.",
        show_default="now",
    ),
]
StoreOfDays = Annotated[
    str | None,
    typer.Option("--store", metavar="DIR|URL", help="A store whose special_sessions.toml counts.", show_default=False),
]

Paths = Annotated[
    list[Path], typer.Argument(metavar="FILE|DIR...", help="Files, and folders with all that is in them.")
]
FileFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help=f"One of {', '.join(registry.format_places())}.",
        show_default="seen in the file",
        autocompletion=completion.formats,
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="NAMES",
        help="What the columns of plain text are, as in date,time,open,high,low,close,-,volume.",
        show_default="the header's names, or what the rows show",
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
        "--tz",
        metavar="ZONE",
        help="Zone of stamps without one: America/New_York; many brokers' is America/New_York+7.",
        show_default=False,
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
BaseOfFiles = Annotated[
    str,
    typer.Option(
        "--base",
        metavar="LENGTH",
        help="The length of the bars that are kept: 1m, or 1s for one-second bars as they are.",
        show_default="1m",
    ),
]
DatesOfFiles = Annotated[
    DateOrder | None,
    typer.Option(
        "--dates",
        help="Day, month and year in which order, where a file leaves it open: 05/03/2024 is 5 March with dmy.",
        show_default="as the file and the sessions tell",
    ),
]
AllMissing = Annotated[bool, typer.Option("--missing", help="List every missing minute, in runs.")]


def _allow_negative(else_: str) -> Any:
    return typer.Option(
        "--allow-negative/--no-negative",
        help="Whether prices may be zero or below: spreads, power, rates.",
        show_default=f"the config's, else {else_}",
    )


AllowNegative = Annotated[bool | None, _allow_negative("on calendars of futures")]
AllowNegativeStored = Annotated[bool | None, _allow_negative("as the store has them")]
SaleConditions = Annotated[
    str | None,
    typer.Option(
        "--sale-conditions",
        metavar="RULES",
        help="Which trades of US stocks set prices: none, or the rules of sip, alpaca, massive or lean.",
        show_default="the config's, else the vendor's",
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Write nothing if any row or file is refused.")]
Complete = Annotated[
    bool, typer.Option("--complete", help="The files hold every trade: minutes that they lack are NO_TRADE.")
]


def _fill_from(else_: str) -> Any:
    return typer.Option(
        "--fill-from",
        metavar="DIR|VENDOR",
        help="Who is asked for them: a store, a folder of files, or a vendor's history, "
        + ", ".join(entry.name for entry in registry.histories())
        + " (a folder of that name is ./alpaca); may be given several times, the best first.",
        show_default=f"the config's, else {else_}",
        rich_help_panel=_REPAIRS,
    )


FillFrom = Annotated[list[str] | None, _fill_from("nobody")]
LiveFillFrom = Annotated[
    list[str] | None, _fill_from("the feed's own vendor, where that has a history of the same tape")
]
Certify = Annotated[
    bool,
    typer.Option(
        "--certify/--no-certify",
        help="Keep what was filled in the store, with a certificate beside each day; else nothing is written.",
        rich_help_panel=_REPAIRS,
    ),
]

ExtendedHours = Annotated[bool, typer.Option("--extended-hours", help="Play pre-market and post-market minutes too.")]

Feed = Annotated[
    str,
    typer.Option(
        "--feed",
        metavar="NAME",
        help="Where bars, quotes and trades come from: "
        + ", ".join(f"{entry.spelling} ({entry.title})" for entry in registry.feeds())
        + ".",
        parser=_feed,
        show_default=False,
        autocompletion=completion.feeds,
    ),
]
LiveStore = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="DIR|URL",
        help="The store that the day is written to: a folder, or an address.",
        show_default="the config's, else store; a market that is made up or replayed needs one",
    ),
]
LiveSymbols = Annotated[
    str,
    typer.Option(
        "--symbols",
        metavar="N|A,B",
        help="What is subscribed; of a simulated market also how many it has.",
        show_default="all that the feed has; simulated: 100",
    ),
]
LiveCalendar = Annotated[
    str | None,
    typer.Option(
        "--calendar",
        metavar="NAME",
        help="Exchange calendar: XNYS, XLON, XTKS, CMES, 24/7 and so on.",
        show_default="the config's, else the store's only one, else XNYS",
        autocompletion=completion.calendars,
    ),
]
LiveSpeed = Annotated[
    float | None,
    typer.Option(
        metavar="N",
        min=0.01,
        help="simulated, replay: how many times as fast as the clock on the wall.",
        show_default="60 for simulated, else 1",
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings (TOML); options go before them.", show_default=False),
]
ConfigFile = Annotated[Path, typer.Argument(metavar="FILE", help="Such as barkeeper.toml.", show_default=False)]
ComesFrom = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="FILE|tcp://HOST:PORT|DIR",
        help="jsonlines: a file that grows, or who sends the lines; replay: the store that is played.",
        show_default="jsonlines: standard input",
        rich_help_panel=_FEEDS,
    ),
]
FirstSession = Annotated[
    str | None,
    typer.Option(
        "--start",
        metavar="DATE",
        help="simulated, replay: the session to begin with.",
        parser=iso_date,
        show_default="the one at hand, or the next; replay: else the last",
        rich_help_panel=_FEEDS,
    ),
]
Keys = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        metavar="FILE",
        help="alpaca, databento: a file with mode 600 that has the keys under the names that they have in the "
        "environment: APCA_API_KEY_ID=..., DATABENTO_API_KEY=...",
        show_default="the environment",
        rich_help_panel=_FEEDS,
    ),
]
Stream = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="alpaca: iex, sip or delayed_sip, as the account has; boats or overnight for the night, crypto.",
        show_default="iex",
        rich_help_panel=_FEEDS,
    ),
]
Channels = Annotated[
    str,
    typer.Option(
        "--channels",
        metavar="A,B",
        help="alpaca: what is asked for, of bars, updatedBars, dailyBars, trades, quotes and statuses; databento: of "
        "ohlcv-1m, ohlcv-1s and trades; without bars, they are folded from trades; ccxt: trades, or bars for the "
        "exchange's own; massive: AM, A, T.",
        show_default="all that are of use; ccxt: trades; databento: ohlcv-1m; massive: AM",
        rich_help_panel=_FEEDS,
    ),
]
TradesOnly = Annotated[
    bool,
    typer.Option(
        "--trades-only",
        help="jsonlines, simulated: no bars are sent; they are folded from trades.",
        rich_help_panel=_FEEDS,
    ),
]
