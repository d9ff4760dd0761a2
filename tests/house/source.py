"""The product's own source, as the house rules read it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("session_data", "stream_coordinator", "data_upkeep", "system_manager")


def sources(*folders: str) -> list[Path]:
    """Return the Python files under these folders of the project, sorted."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def room_sources() -> list[Path]:
    """Return every file of the four rooms."""
    return sources(*(f"actors/{room}" for room in ROOMS))


@cache
def tree(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def place(path: Path, node: ast.AST) -> str:
    """Return where a node stands, as compilers write it."""
    return f"{path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 0)}"


def calls(root: ast.AST) -> Iterator[ast.Call]:
    """Yield every call in a tree."""
    return (node for node in ast.walk(root) if isinstance(node, ast.Call))


def imported_modules(root: ast.AST) -> Iterator[str]:
    """Yield the full name of every module that a tree imports from."""
    for node in ast.walk(root):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."
