"""One call of the program: does the job and turns whatever may go wrong into a sentence and an exit code."""

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

FAILED, INTERRUPTED = 1, 130


class Errand:
    """What the command line was asked to do, and how."""

    def __init__(self) -> None:
        self.job: Callable[[], None] | None = None
        """``None``: what was asked, such as help, has been answered already."""
        self.is_debug = False
        self.is_verbose = False

    def run(self) -> int:
        """Do the job and return the exit code."""
        if self.job is None:
            return 0
        try:
            with _logging(is_wanted=self.is_verbose), _any_encoding():
                self.job()
        except KeyboardInterrupt:
            _say("interrupted")
            return INTERRUPTED
        except BrokenPipeError:
            _close_pipe()
            return FAILED
        except BaseException as error:  # people get a sentence, whatever went wrong
            if not _is_failure(error):
                raise
            if self.is_debug:
                traceback.print_exception(error)
            else:
                _say(f"error: {_sentence(error)}")
            return FAILED
        return 0


def _is_failure(error: BaseException) -> bool:
    from actors.kernel.shelter import is_failure

    return is_failure(error) and not isinstance(error, SystemExit)  # which is a job's way to say its exit code


def _sentence(error: BaseException) -> str:
    from actors.doors.cli.invocation import as_it_lies
    from messages.errors import BarkeeperError

    if isinstance(error, BarkeeperError):
        text = as_it_lies(str(error))
    elif isinstance(error, OSError) and error.strerror:
        text = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    else:
        text = f"something that should not happen, {type(error).__name__}: {error} (--debug shows where)"
    return " ".join(text.split())


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _close_pipe() -> None:
    """Whoever read our output has gone: let the interpreter's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _any_encoding() -> Iterator[None]:
    """Print a character that the terminal cannot show as an escape instead of failing on it."""
    import io

    streams = [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, io.TextIOWrapper)]
    before = [stream.errors for stream in streams]
    for stream in streams:
        stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        for stream, errors in zip(streams, before, strict=True):
            stream.reconfigure(errors=errors)


@contextmanager
def _logging(*, is_wanted: bool) -> Iterator[None]:
    """Let the rooms' log lines out to stderr for as long as the job runs."""
    if not is_wanted:
        yield
        return
    from loguru import logger

    import actors.kernel.telemetry  # noqa: F401  # it silences the rooms when it is first imported

    with suppress(ValueError):
        logger.remove(0)  # loguru's own, which would print everything twice
    sink = logger.add(_to_stderr, format="{time:HH:mm:ss.SSS zz} {level: <7} {message}", level="INFO")
    logger.enable("actors")
    try:
        yield
    finally:
        logger.disable("actors")
        logger.remove(sink)


def _to_stderr(text: str) -> None:
    sys.stderr.write(text)  # whatever stderr is by now: a progress bar puts itself in between
