"""What lies where, and how long it may be."""

import ast
from fnmatch import fnmatch

from tests.house.source import ROOT, sources, tree

WALL = 400
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "misc", "types", "api"}


def test_the_top_level_holds_what_the_design_names_and_nothing_else() -> None:
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split()]
    seen = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    kept = {name for name in seen if not any(fnmatch(name, pattern) for pattern in ignored)}

    assert kept == {"pyproject.toml", "README.md", "run.py", "actors", "messages", "tests"}


def test_no_file_is_longer_than_the_wall() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in [*sources("actors", "messages"), ROOT / "run.py"]
    }

    assert not {name: length for name, length in lengths.items() if length > WALL}


def test_no_file_has_a_name_that_says_nothing() -> None:
    named = {path.relative_to(ROOT).as_posix() for path in sources("actors", "messages") if path.stem in EMPTY_WORDS}

    assert not named


def test_every_module_says_in_one_sentence_what_it_owns() -> None:
    silent = [path.as_posix() for path in sources("actors", "messages") if ast.get_docstring(tree(path)) is None]

    assert not silent
