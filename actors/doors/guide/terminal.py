"""The guide in the terminal: rendered and paged there, as the Markdown that it is anywhere else."""

import os
import sys

from actors.doors.cli import invocation
from actors.doors.guide.chapters import Chapter, chapter, chapters, notebook
from actors.doors.show import paper

_WIDEST = 110
"""Columns: longer lines are read with effort."""


def contents(*, as_json: bool) -> None:
    """Print which chapters there are, a line each."""
    if as_json:
        paper.show_json({"chapters": [{"name": one.name, "summary": one.summary} for one in chapters()]})
        return
    columns = (paper.Column("Chapter", is_text=True), paper.Column("What for", is_text=True))
    sheet = paper.Sheet(f"To read one: {invocation.program()} guide CHAPTER", columns)
    for one in chapters():
        sheet.add(one.name, one.summary)
    paper.show(sheet)


def print_notebook() -> None:
    """Print the notebook, to be kept in a file."""
    sys.stdout.write(notebook())


def read(name: str, *, as_json: bool) -> None:
    """Show a chapter.

    Raises:
        SettingsError: there is no such chapter; which is nearest.
    """
    shown = chapter(name)
    if as_json:
        paper.show_json(shown)
    elif sys.stdout.isatty():
        _page(shown)
    else:
        sys.stdout.write(shown.text)


def _page(shown: Chapter) -> None:
    from rich.markdown import Markdown
    from rich.theme import Theme

    os.environ.setdefault("LESS", "-FRX")  # colours pass through; what fits on one screen stays on it
    console = paper.out()
    console.width = min(console.width, _WIDEST)
    console.push_theme(Theme({"markdown.code": "bold cyan", "markdown.code_block": "cyan"}))  # on any background
    with console.pager(styles=sys.platform != "win32"):  # where the pager is `more`, which shows no colours
        console.print(Markdown(shown.text, code_theme="ansi_dark", hyperlinks=False))
