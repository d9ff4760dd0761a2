"""The command that shows the guide."""

from typing import Annotated

import typer

from actors.doors.cli import completion, options

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="CHAPTER",
        help="Which; the beginning of its name will do.",
        autocompletion=completion.chapters,
        show_default="the list of them",
    ),
]
Notebook = Annotated[
    bool,
    typer.Option("--notebook", help="Print a notebook instead: from files to a healed, plotted day, for Jupyter."),
]


def add_to(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command(
        epilog=options.examples("guide", "guide embed", "guide live > live.md", "guide --notebook > first_day.ipynb")
    )(guide)


def guide(ctx: typer.Context, name: Name = None, *, notebook: Notebook = False, as_json: options.Json = False) -> None:
    """Read the manual: a chapter for each job, from importing a file to writing a feed of your own."""

    def job() -> None:
        from actors.doors.guide import terminal

        if notebook:
            terminal.print_notebook()
        elif name is None:
            terminal.contents(as_json=as_json)
        else:
            terminal.read(name, as_json=as_json)

    ctx.obj.job = job
