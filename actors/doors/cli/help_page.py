"""What ``--help`` prints: an option and what it is for side by side, as wide as the terminal, within reason.

Typer's own panels leave a third of eighty columns to the words, the rest to columns that most options leave empty.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from actors.doors.show import paper

_WIDEST = 100
_LEFT = 26
"""Columns for the names; what does not fit in has a line of its own."""
_GROUPS = {
    "Bars of your own, or a vendor's": ("import", "fetch", "heal", "sample", "vendors"),
    "What a store holds": ("inspect", "verify", "export", "migrate", "calendar"),
    "Sessions played, and lived": (
        *("backtest", "sweep", "prove", "live", "status", "replay", "quarantine", "check-config"),
    ),
    "From elsewhere": ("dashboard", "forward", "metrics"),
    "The manual": ("guide",),
}
_PORTS = "[0<=x<=65535]"
_HEADING = re.compile(r"\[bold\](.*)\[/bold\]")


def show(command: Any, ctx: Any) -> None:
    """Print the help of a command, or of the program as a whole."""
    console = paper.out()
    width = min(console.width, _WIDEST)
    console.print(f"{command.get_usage(ctx)}\n", soft_wrap=True)
    for paragraph in re.split(r"\n\s*\n", command.help or ""):
        console.print(textwrap.fill(" ".join(paragraph.split()), width) + "\n", soft_wrap=True)
    for panels in ([*_options(command, ctx)], [*_commands(command)]):
        left = min(max((len(names) for _, rows in panels for names, _ in rows), default=0), _LEFT)
        for heading, rows in panels:
            console.print(heading, style="bold", soft_wrap=True)
            for line in _laid_out(rows, left, width):
                console.print(line, soft_wrap=True)
            console.print()
    for line in (command.epilog or "").split("\n\n"):
        if found := _HEADING.fullmatch(line):
            console.print(found[1], style="bold")
        else:
            console.print(f"  {line}".rstrip(), soft_wrap=True)  # left to the terminal to break: it is to be copied


def _options(command: Any, ctx: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    panels: dict[str, list[tuple[str, str]]] = {}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None:
            usual = "Arguments" if param.param_type_name == "argument" else "Options"
            panels.setdefault(getattr(param, "rich_help_panel", None) or usual, []).append(_plainly(*record))
    yield from panels.items()


def _plainly(names: str, told: str) -> tuple[str, str]:
    """Return a row without the types of values that have a name, and without brackets within brackets."""
    names = re.sub(r" <(?:str|path|int|float|list\[\w+\])>$", "", names)
    told = re.sub(r"\[(.*?)default: \((.*?)\)(?=[;\]])", r"[\1default: \2", told)
    return re.sub(r"<(.*)>$", r"\1", names), told.removesuffix(_PORTS).replace("env var: ", "environment: ").rstrip()


def _commands(command: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    known: Mapping[str, Any] = getattr(command, "commands", {})
    grouped = {name for names in _GROUPS.values() for name in names}
    others = tuple(name for name in known if name not in grouped)
    for heading, names in (*_GROUPS.items(), ("Others", others)):
        rows = [(name, _first(known[name].help)) for name in names if name in known]
        if rows:
            yield heading, rows


def _first(told: str | None) -> str:
    return " ".join(re.split(r"\n\s*\n", told or "")[0].split())


def _laid_out(rows: Iterable[tuple[str, str]], left: int, width: int) -> Iterator[str]:
    for names, told in rows:
        lines = textwrap.wrap(told, width - left - 4, break_long_words=False, break_on_hyphens=False) or [""]
        if len(names) > left:
            yield f"  {names}"
        else:
            yield f"  {names:<{left}}  {lines.pop(0)}".rstrip()
        yield from (f"{'':{left + 4}}{line}" for line in lines)
