"""The fields of what is answered and told, read out of the vocabulary's own source: they are described nowhere else."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import get_args

from actors.kernel.listen.topics import EVENTS
from messages.feeds import FeedItem

_SHELVES = {
    "Values": ("values", "tables/columns"),
    "Windows": ("tables/windows", "tables/matrices"),
    "Answers": ("replies", "lifecycle", "readiness", "history", "certificates"),
    "Events": ("events", "repairs", "feeds", "joining"),
}
"""Modules of ``messages``, by what is found in them."""
_NO_ANSWER = {"Command", "Control", "Query", "BriefQuery", "Protocol"}
_HEARD = {kind.__name__ for kind in (*get_args(FeedItem), *(kind for topic in EVENTS.values() for kind in topic))}
"""Events that can be subscribed to, and those that a feed gives; the others are for the house."""


@cache
def entries() -> dict[str, str]:
    """Return a description of each in Markdown, by its name."""
    return {name: text for shelf in _SHELVES for name, text in _of_shelf(shelf)}


def reference() -> str:
    """Return all of them, shelf by shelf."""
    shelves = ("\n".join((f"## {shelf}\n", *(text for _, text in _of_shelf(shelf)))) for shelf in _SHELVES)
    return "\n".join(shelves)


@cache
def _of_shelf(shelf: str) -> tuple[tuple[str, str], ...]:
    return tuple((node.name, _entry(node)) for module in _SHELVES[shelf] for node in _classes(module))


def _classes(module: str) -> Iterator[ast.ClassDef]:
    source = (files("messages") / f"{module}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            bases = {ast.unparse(base).partition("[")[0] for base in node.bases}
            if not bases & _NO_ANSWER and ("Event" not in bases or node.name in _HEARD):
                yield node


def _entry(node: ast.ClassDef) -> str:
    rows = [*_fields(node), *_members(node)]
    table = ["", "| name | type | meaning |", "|---|---|---|", *rows] if rows else []
    above = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id.endswith("Columns")]
    inherited = [f"It has what `{name}` has, and:" for name in above]
    return "\n".join((f"### {node.name}\n", _told(ast.get_docstring(node)), *inherited, *table, ""))


def _fields(node: ast.ClassDef) -> Iterator[str]:
    for one, after in zip(node.body, [*node.body[1:], None], strict=True):
        meaning = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
        match one:
            case ast.AnnAssign(target=ast.Name(id=name)) if not name.startswith("_"):
                yield _row(name, ast.unparse(one.annotation).strip("'\""), _told(str(meaning)))
            case ast.Assign(targets=[ast.Name(id=name)]) if name.isupper():
                yield _row(name, ast.unparse(one.value), _told(str(meaning)))


def _members(node: ast.ClassDef) -> Iterator[str]:
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
            kinds = {ast.unparse(each) for each in one.decorator_list}
            returned = "" if one.returns is None else ast.unparse(one.returns).strip("'\"")
            called = "" if "property" in kinds else "()"
            if "overload" not in kinds:
                yield _row(one.name + called, returned, _told(ast.get_docstring(one)))


def _row(name: str, kind: str, meaning: str) -> str:
    kind = f"`{kind}`".replace("|", "\\|") if kind else ""
    return f"| `{name}` | {kind} | {meaning.replace('|', chr(92) + '|')} |"


def _told(docstring: str | None) -> str:
    """Return what a docstring says, without its lists of arguments and errors, in one line."""
    text = inspect.cleandoc(docstring or "")
    for heading in ("Args:", "Returns:", "Raises:", "Yields:"):
        text = text.partition(f"\n{heading}")[0]
    return " ".join(text.replace("``", "`").split())
