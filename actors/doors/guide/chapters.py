"""The chapters of the guide: which there are, in what order, and their text."""

import re
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

import msgspec

from actors.doors.guide.reference import entries, reference
from messages.errors import SettingsError

ORDER = (
    "look",
    "import",
    "formats",
    "fetch",
    "stores",
    "embed",
    "history",
    "days",
    "live",
    "feeds",
    "extend",
    "verdicts",
    "repairs",
    "certificates",
    "recovery",
    "processes",
    "monitoring",
    "settings",
    "calendars",
    "json",
    "architecture",
    "speed",
    "words",
    "reference",
)
"""The files beside this module, in the order in which somebody who is new comes to need them."""


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter as it lies in the package."""

    name: str
    title: str
    summary: str
    """One line: what the job is."""
    text: str
    """The whole of it in Markdown, title and summary included."""


@cache
def chapters() -> tuple[Chapter, ...]:
    """Return all of them, in their order."""
    return tuple(map(_read, ORDER))


def chapter(name: str) -> Chapter:
    """Return one of them.

    Args:
        name: in any case, and the beginning of one will do; or what the reference describes, such as ``BarWindow``.

    Raises:
        SettingsError: there is none, or several begin so; which are nearest.
    """
    wanted = name.strip().lower()
    if (described := {entry.lower(): entry for entry in entries()}.get(wanted)) is not None:
        return _described(described)
    found = [one for one in ORDER if one == wanted] or [one for one in ORDER if wanted and one.startswith(wanted)]
    if len(found) == 1:
        return _read(found[0])
    if found:
        raise SettingsError(f"several chapters begin with {name!r}: {', '.join(found)}")
    known = {one.lower(): one for one in (*entries(), *ORDER)}
    near = get_close_matches(wanted, known, n=1)
    hint = f"; nearest: {known[near[0]]}" if near else f"; there are {', '.join(ORDER)}"
    raise SettingsError(f"the guide has no chapter {name!r}{hint}")


def notebook() -> str:
    """Return the notebook for the first hour, as its file is."""
    return (files("actors.doors.guide") / "first_day.ipynb").read_text(encoding="utf-8")


def _described(name: str) -> Chapter:
    text = entries()[name].replace("### ", "# ", 1)
    return Chapter(name=name, title=name, summary=text.split("\n")[2], text=text)


@cache
def _read(name: str) -> Chapter:
    text = (files("actors.doors.guide") / f"{name}.md").read_text(encoding="utf-8")
    shown = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)  # places that tests/benchmarks writes its tables to
    if name == "reference":
        shown += "\n" + reference()
    title, _, summary = shown.split("\n")[:3]
    return Chapter(name=name, title=title.removeprefix("# "), summary=summary, text=shown)
