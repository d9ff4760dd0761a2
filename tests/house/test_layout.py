"""What lies where, and how long it may be."""

import ast
import re
import tomllib
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

from tests.house.source import ROOT, sources, tree

WALL = 400
SHELF = 18
"""The most modules in one folder: what somebody can still take in at a look."""
NOT_ROOMS = {"benchmarks", "contracts", "examples", "house", "messages", "system"}
"""Folders of tests that are of no one folder of the house."""
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "misc", "types", "api"}


def test_the_top_level_holds_what_the_design_names_and_nothing_else() -> None:
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split()]
    seen = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    kept = {name for name in seen if not any(fnmatch(name, pattern) for pattern in ignored)}

    assert kept - {"findings"} == {"pyproject.toml", "README.md", "run.py", "actors", "messages", "tests"}


def test_no_file_is_longer_than_the_wall() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in [*sources("actors", "messages"), ROOT / "run.py"]
    }

    assert not {name: length for name, length in lengths.items() if length > WALL}


def test_the_readme_stays_a_front_page() -> None:
    """What it says of one job belongs to that job's chapter, in ``actors/doors/guide``."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 110


def test_every_chapter_of_the_guide_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["actors.doors.guide"]
    written = [path for path in (ROOT / "actors/doors/guide").iterdir() if path.suffix in {".md", ".ipynb"}]

    assert written
    assert all(any(path.match(pattern) for pattern in patterns) for path in written)


def folders(top: str) -> set[str]:
    """Return the folders below ``top`` that hold modules, by their paths from there."""
    return {path.parent.relative_to(ROOT / top).as_posix() for path in sources(top)} - {"."}


def test_no_folder_is_a_shelf_of_fifty_files() -> None:
    shelves = Counter(path.parent for path in sources("actors", "messages") if not is_front(path))

    assert not {folder.as_posix(): count for folder, count in shelves.items() if count > SHELF}


def test_the_tests_mirror_the_folders() -> None:
    tested = {folder for folder in folders("tests") if folder.partition("/")[0] not in NOT_ROOMS}
    written = {path.parent.relative_to(ROOT / "actors").as_posix() for path in sources("actors") if not is_front(path)}

    assert tested >= written - {"."}
    assert tested <= folders("actors")


def is_front(path: Path) -> bool:
    return path.name == "__init__.py"


def test_the_map_of_the_house_names_every_folder_in_one_line() -> None:
    doc = ast.get_docstring(tree(ROOT / "actors/__init__.py")) or ""
    mapped = re.findall(r"^\s*([a-z_/]+)/  +\S", doc, flags=re.MULTILINE)

    assert sorted(mapped) == sorted(folders("actors"))


def test_no_file_has_a_name_that_says_nothing() -> None:
    named = {path.relative_to(ROOT).as_posix() for path in sources("actors", "messages") if path.stem in EMPTY_WORDS}

    assert not named


def test_every_module_says_in_one_sentence_what_it_owns() -> None:
    silent = [path.as_posix() for path in sources("actors", "messages") if ast.get_docstring(tree(path)) is None]

    assert not silent


def test_every_folder_is_installed_and_the_package_for_programs_by_its_own_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    own = {f"{top}/{folder}".replace("/", ".") for top in ("actors", "messages") for folder in folders(top)}

    assert set(project["packages"]) == {"barkeeper", "actors", "messages", *own} - {"actors.doors.barkeeper"}
    assert project["package-dir"] == {"barkeeper": "actors/doors/barkeeper"}
