"""All that the product says of itself in Markdown: the README, and the chapters of the guide."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from tests.house.source import ROOT


class Block(NamedTuple):
    """A block of code in a document."""

    place: str
    """Its document, and its number among the document's blocks of that language."""
    text: str


@cache
def documents() -> dict[str, str]:
    """Return the text of each by its path in the project."""
    paths = [ROOT / "README.md", *sorted((ROOT / "actors/doors/guide").glob("*.md"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def document_with(words: str) -> str:
    """Return the text of the one document that has these words."""
    (text,) = [text for text in documents().values() if words in text]
    return text


@cache
def blocks(language: str) -> list[Block]:
    """Return the blocks of a language, document by document."""
    fence = re.compile(rf"^```{language}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return [
        Block(f"{path.rpartition('/')[2]}-{number}", text)
        for path, whole in documents().items()
        for number, text in enumerate(fence.findall(whole), 1)
    ]


def languages() -> set[str]:
    """Return what the blocks say that they are; empty: nothing."""
    fences = re.compile(r"^```(.*)\n(?:.*\n)*?^```$", re.MULTILINE)
    return {language for text in documents().values() for language in fences.findall(text)}


def block_with(language: str, words: str) -> str:
    """Return the one block of a language that has these words, whatever stands there more than once."""
    (text,) = {block.text for block in blocks(language) if words in block.text}
    return text


def command_lines(block: Block) -> Iterator[list[str]]:
    """The arguments of each call of the program in a block of what is typed into a shell."""
    for line in filter(lambda line: "run.py" in line, block.text.splitlines()):
        words = shlex.split(line.removeprefix("$ "), comments=True)
        while "run.py" in words:
            words = words[words.index("run.py") + 1 :]
            ends = (place for place, word in enumerate(words) if word in {"|", "&&", ">"})
            yield words[: next(ends, len(words))]
