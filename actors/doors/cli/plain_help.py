"""Help without a type beside flags: ``--json``, not ``--json <bool>``."""

from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

F = TypeVar("F", bound=Callable[..., Any])


class Command(TyperCommand):
    """A command whose flags take no value, and so show none."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, ``--help`` included."""
        return _plain(super().get_params(ctx))


class Group(TyperGroup):
    """The program as a whole, likewise."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, ``--help`` included."""
        return _plain(super().get_params(ctx))


class Program(typer.Typer):
    """A program of such commands."""

    def command(self, name: str | None = None, **more: Any) -> Callable[[F], F]:
        """Register a command."""
        return super().command(name, **{"cls": Command, **more})


def _plain(params: list[Any]) -> list[Any]:
    for param in params:
        if getattr(param, "is_flag", False) and param.metavar is None:
            param.metavar = ""
    return params
