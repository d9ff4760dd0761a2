"""What becomes of a job that fails, is interrupted, or talks."""

import io
import os
import sys

import pytest
from loguru import logger

from actors.doors.cli.errors import Errand
from messages.errors import DataError
from tests.strangers import PanicException


def failing(error: BaseException) -> Errand:
    errand = Errand()

    def job() -> None:
        raise error

    errand.job = job
    return errand


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (DataError("the file\nis broken"), "error: the file is broken"),
        (FileNotFoundError(2, "No such file or directory", "x.csv"), "error: No such file or directory: x.csv"),
        (OSError(28, "No space left on device"), "error: No space left on device"),
        (
            OSError("odd"),
            "error: something that should not happen, OSError: odd (--debug shows where)",
        ),
        (
            ZeroDivisionError("division by zero"),
            "error: something that should not happen, ZeroDivisionError: division by zero (--debug shows where)",
        ),
        (
            PanicException("oops"),
            "error: something that should not happen, PanicException: oops (--debug shows where)",
        ),
    ],
)
def test_whatever_goes_wrong_is_one_sentence(
    error: BaseException, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(error).run() == 1

    assert capsys.readouterr() == ("", f"{sentence}\n")


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    errand = failing(DataError("the file is broken"))
    errand.is_debug = True

    assert errand.run() == 1

    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert err.endswith("DataError: the file is broken\n")


def test_an_interrupt_is_one_word_and_its_own_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert failing(KeyboardInterrupt()).run() == 130

    assert capsys.readouterr() == ("", "interrupted\n")


def test_a_reader_that_has_gone_is_no_error_message(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)

        assert failing(BrokenPipeError()).run() == 1

        pipe.write("goes nowhere")


def test_a_character_that_the_terminal_lacks_is_printed_as_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    terminal = io.TextIOWrapper(written, encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", terminal)
    errand = Errand()
    errand.job = lambda: print("\u6771\u4eac", end="")

    assert errand.run() == 0

    terminal.flush()
    assert written.getvalue() == b"\\u6771\\u4eac"
    assert terminal.errors == "strict"


def test_the_rooms_talk_to_stderr_only_while_a_verbose_job_runs(capsys: pytest.CaptureFixture[str]) -> None:
    from actors.kernel.telemetry import note

    errand = Errand()
    errand.job = lambda: note("said", aloud=True)
    errand.is_verbose = True

    note("said", before=True)
    assert errand.run() == 0
    note("said", after=True)

    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("INFO    said aloud=True\n")
    assert err.count("\n") == 1


def test_the_sinks_of_a_host_stay(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    sink = logger.add(heard.append, format="{message}")
    errand = Errand()
    errand.job = lambda: None
    errand.is_verbose = True

    for _ in range(2):
        assert errand.run() == 0
    logger.info("still here")
    logger.remove(sink)

    assert heard == ["still here\n"]
    assert capsys.readouterr().err == ""
