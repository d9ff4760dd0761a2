"""What is imported is declared: nothing leans on what a dependency happens to bring along."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator

import pytest

from tests.house.source import ROOT, calls, imported_modules, place, sources, tree

# Where the name to import is not that of the package.
IMPORTED_AS = {"alpaca-py": "alpaca", "markdown-it-py": "markdown_it"}
OURS = {"actors", "messages"}


def declared() -> set[str]:
    """Return what can be imported when the project is installed with its extras; tools of developers aside."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = (names for extra, names in project["optional-dependencies"].items() if extra not in {"dev", "peers"})
    packages = [re.split(r"[<>=!~;\[ ]", name, maxsplit=1)[0] for name in sum(extras, project["dependencies"])]
    return {IMPORTED_AS.get(package, package.replace("-", "_")) for package in packages}


def imported(root: ast.AST) -> Iterator[str]:
    """Yield every top-level name that a tree imports, by a statement or by its name."""
    yield from (name.partition(".")[0] for name in imported_modules(root))
    for call in calls(root):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        for given in call.args[:1] if name == "import_module" else ():
            if isinstance(given, ast.Constant):
                yield str(given.value).partition(".")[0]


def strangers(root: ast.AST) -> set[str]:
    return set(imported(root)) - declared() - OURS - set(sys.stdlib_module_names)


@pytest.mark.slow
def test_every_package_that_is_imported_is_declared() -> None:
    found = {
        place(path, tree(path)): names for path in sources("actors", "messages") if (names := strangers(tree(path)))
    }

    assert not found


def test_the_rule_sees_every_way_to_import() -> None:
    code = 'import zmq\nfrom uvloop import Loop\nimportlib.import_module("httpx.client")'

    assert strangers(ast.parse(code)) == {"zmq", "uvloop", "httpx"}


def test_everywhere_the_same_words_say_how_to_install() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in sources("actors", "messages")}
    # In an error, where a bare pip may be that of another Python than the one that runs.
    bare = {
        path: found for path, text in texts.items() if (found := re.findall(r"(?<!-m )pip install 'barkeeper", text))
    }

    assert not bare
