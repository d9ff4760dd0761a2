"""README's picture is what ``python run.py`` prints; ``python tests/examples/first_run.py`` draws it again."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("pty", reason="there are no terminals of this kind here")

from rich.text import Text

from tests.documents import documents
from tests.examples.first_run import PICTURE, PROMPT, ROOT, on_a_terminal, shown

_TEXT = "{http://www.w3.org/2000/svg}text"


def words(svg: str) -> list[list[str]]:
    """What is written in a picture, line by line, from left to right."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for part in ET.fromstring(svg).iter(_TEXT):
        lines.setdefault(float(part.attrib["y"]), []).append((float(part.attrib["x"]), part.text or ""))
    told = [" ".join(text for _, text in sorted(parts)).split() for _, parts in sorted(lines.items())]
    return [line for line in told if line]


def test_the_readme_shows_it_and_it_is_small_and_asks_nobody_for_anything() -> None:
    svg = PICTURE.read_text(encoding="utf-8")

    assert f"]({PICTURE.relative_to(ROOT).as_posix()})" in documents()["README.md"]
    assert len(svg) < 40_000
    assert set(re.findall(r"\w+://[^\s\"')]+", svg)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in svg


@pytest.mark.slow
def test_it_is_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARKEEPER_CACHE", str(tmp_path))
    printed = Text.from_ansi(shown(on_a_terminal())).plain.splitlines()

    drawn = words(PICTURE.read_text(encoding="utf-8"))

    assert drawn[0] == PROMPT.split()
    assert drawn == [line.split() for line in printed if line.strip()]
