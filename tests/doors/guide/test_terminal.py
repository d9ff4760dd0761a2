"""``run.py guide``: the list, a chapter as Markdown, and rendered where a terminal is."""

import os
import pty
import subprocess
import sys

import pytest

from actors.doors.guide.chapters import ORDER, chapter, chapters
from tests.doors.conftest import Call
from tests.house.source import ROOT


def test_alone_it_lists_the_chapters_and_what_they_are_for(call: Call) -> None:
    answer = call("guide")

    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines()[0] == "To read one: python run.py guide CHAPTER"
    assert [line.split()[0] for line in answer.out.splitlines()[3:] if line[:1].strip()] == [*ORDER]


def test_a_chapter_that_goes_to_a_file_is_the_markdown_that_it_is(call: Call) -> None:
    assert call("guide", "live").out == chapter("live").text


def test_an_unknown_chapter_is_one_sentence(call: Call) -> None:
    assert call("guide", "livr") == (1, "", "error: the guide has no chapter 'livr'; nearest: live\n")


def test_programs_get_the_list_and_the_text(call: Call) -> None:
    assert [one["name"] for one in call("guide", "--json").object["chapters"]] == [*ORDER]
    assert call("guide", "live", "--json").object["text"] == chapter("live").text


@pytest.mark.slow
def test_in_a_terminal_every_chapter_is_rendered_within_its_width() -> None:
    code = "from actors.doors.guide import terminal\nfor name in terminal.ORDER: terminal.read(name, as_json=False)"
    code = code.replace("terminal.ORDER", repr(ORDER))
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={**os.environ, "PAGER": "cat", "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"},
    ) as process:
        os.close(theirs)
        read = bytearray()
        while True:
            try:
                read += os.read(ours, 65536)
            except OSError:  # Linux says so when the other side has gone
                break
        os.close(ours)
        assert process.stderr is not None
        assert (process.wait(60), process.stderr.read()) == (0, b"")
    lines = read.decode().splitlines()

    assert not [line for line in lines if len(line.split("\x1b")[0]) > 80]
    assert not [line for line in lines if line.startswith(("#", "```", "|"))]
    assert all(any(one.title in line for line in lines) for one in chapters())
