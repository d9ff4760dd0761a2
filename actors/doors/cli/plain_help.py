"""Help without a type beside flags: ``--json``, not ``--json <bool>``."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from actors.doors.cli import invocation

PAGE_PORT = 8800
"""Where the page in the browser is, if nothing else is said."""

CHAPTERS = {
    "backtest": "embed",
    "calendar": "calendars",
    "check-config": "settings",
    "dashboard": "look",
    "export": "stores",
    "fetch": "fetch",
    "forward": "processes",
    "heal": "fetch",
    "import": "import",
    "inspect": "look",
    "live": "live",
    "metrics": "monitoring",
    "migrate": "stores",
    "prove": "recovery",
    "replay": "recovery",
    "quarantine": "recovery",
    "sample": "look",
    "status": "monitoring",
    "sweep": "days",
    "vendors": "fetch",
    "verify": "certificates",
}
"""Of the guide, by the command whose help names it; others name the guide as a whole."""

F = TypeVar("F", bound=Callable[..., Any])

_WORDS = (
    (r"Input should be a valid number\b.*", "expected a number, such as 0.5"),
    (r"Input should be a valid integer\b.*", "expected a whole number"),
    (r"Input should be greater than or equal to (.*)", r"expected \1 or more"),
    (r"Input should be less than or equal to (.*)", r"expected \1 or less"),
)
"""What the library says of a number, and what is said to the user."""


class Lacking(typer.BadParameter):
    """Options that are wanted together, or not together: no value of one of them is wrong."""

    def format_message(self) -> str:
        """Return what is wrong."""
        return self.message


class Command(TyperCommand):
    """A command whose flags take no value, and so show none."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; of words that belong to nothing it is said what they may be meant for."""
        if (empty := _empty(args)) is not None and not ctx.resilient_parsing:
            ctx.fail(f"{empty} is empty, as an unset variable leaves it; leave it out, or say what is meant")
        ctx.allow_extra_args = True
        try:
            stray = super().parse_args(ctx, list(_with_port(args)))
        except typer.BadParameter as error:
            error.message = _in_words(error.message)
            raise
        if stray and not ctx.resilient_parsing:
            ctx.fail(f"{stray[0]!r} belongs to nothing{_meant(ctx.params, stray[0])}")
        return stray

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, ``--help`` included."""
        return _plain(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # ours is printed as it comes
        """Print the help."""
        from actors.doors.cli import help_page

        help_page.show(self, ctx)


class Group(TyperGroup):
    """The program as a whole, likewise."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, ``--help`` included."""
        return _plain(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # ours is printed as it comes
        """Print the help."""
        from actors.doors.cli import help_page

        help_page.show(self, ctx)


class Program(typer.Typer):
    """A program of such commands."""

    def command(self, name: str | None = None, **more: Any) -> Callable[[F], F]:
        """Register a command; below its examples its help says where more is to be read."""

        def register(function: F) -> F:
            called = name or function.__name__
            below = "\n\n".join(filter(None, (more.get("epilog"), _more_of(called))))
            return decorated(name, **{"cls": Command, **more, "epilog": below})(function)

        decorated = super().command
        return register


def _more_of(command: str) -> str:
    chapter = CHAPTERS.get(command)
    where = f"{invocation.program()} guide{f' {chapter}' if chapter else ''}"
    return f"\n\n[bold]More[/bold]\n\n{where}"


def _with_port(args: list[str]) -> Iterator[str]:
    """Yield the arguments, with the usual port behind a ``--web`` that has none."""
    for word, after in zip_longest(args, args[1:], fillvalue=""):
        yield word
        if word == "--web" and not after.isdecimal():
            yield str(PAGE_PORT)


def _in_words(said: str) -> str:
    for pattern, words in _WORDS:
        said = re.sub(pattern, words, said)
    return said


def _empty(args: list[str]) -> str | None:
    """Return what was given no words: as a path they would be the folder at hand, as symbols all of them."""
    for before, word in zip(("", *args), args, strict=False):
        option, mark, value = word.partition("=")
        if not word.strip():
            return before if before.startswith("-") else "an argument"
        if mark and option.startswith("--") and not value.strip():
            return option
    return None


def _meant(given: Mapping[str, Any], word: str) -> str:
    if symbols := given.get("symbols"):
        several = f"{symbols.rstrip(',')},{word}"
        return f"; several symbols have commas between them and no spaces: --symbols {several}"
    is_store = "store" in given and given["store"] is None and Path(word).is_dir()
    return f"; if it is the store, say --store {word}" if is_store else ""


def _plain(params: list[Any]) -> list[Any]:
    for param in params:
        if getattr(param, "is_flag", False) and param.metavar is None:
            param.metavar = ""
    return params
