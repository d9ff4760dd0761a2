"""How a live run is shown while it goes on: a panel in a terminal, elsewhere a line for each event that matters."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live

from actors.doors.remote.live_look import LiveLook
from actors.doors.show import figures, paper
from actors.doors.show.live_panel import panel
from messages.values import Nanos, moment

HINT = "Ctrl-C writes down what has come, and ends"
_EVENTS = 6


class Display(Protocol):
    """Shows looks and events; events come from another thread. A terminal that is gone ends no run."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def look(self, look: LiveLook) -> None:
        """Show how things are."""
        ...

    def say(self, text: str) -> None:
        """Show that something happened."""
        ...


def display(title: str, addresses: Sequence[str], tz: str, now_ns: Callable[[], Nanos]) -> Display:
    """Return what suits where stderr goes.

    Args:
        title: what runs.
        addresses: where it is served; each has a line to itself, above a panel, which would cut it off.
        tz: the exchange's zone, in which events are stamped.
        now_ns: the time that they are stamped with.
    """
    console = paper.err()
    is_panel = console.is_terminal and not console.is_dumb_terminal
    kind = _Panel if is_panel else _Lines
    return kind(console, title, addresses, tz, now_ns)


class _Lines:
    def __init__(
        self, console: Console, title: str, addresses: Sequence[str], tz: str, now_ns: Callable[[], Nanos]
    ) -> None:
        self._console = console
        self._title = title
        self._addresses = addresses
        self._tz = tz
        self._now_ns = now_ns

    def __enter__(self) -> Self:
        self.say(f"{self._title}; {HINT}")
        _print(self._console, self._addresses)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def look(self, look: LiveLook) -> None:
        pass

    def say(self, text: str) -> None:
        with suppress(OSError):
            self._console.print(_stamped(text, self._now_ns(), self._tz), soft_wrap=True)


class _Panel:
    def __init__(
        self, console: Console, title: str, addresses: Sequence[str], tz: str, now_ns: Callable[[], Nanos]
    ) -> None:
        self._console = console
        self._title = title
        self._addresses = addresses
        self._tz = tz
        self._now_ns = now_ns
        self._events: deque[str] = deque(maxlen=_EVENTS)
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        _print(self._console, self._addresses)
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._live.stop()

    def look(self, look: LiveLook) -> None:
        with suppress(OSError):
            self._live.update(panel(look, self._title, tuple(self._events), HINT), refresh=True)

    def say(self, text: str) -> None:
        self._events.append(_stamped(text, self._now_ns(), self._tz))


def _print(console: Console, lines: Sequence[str]) -> None:
    """Print lines whole: what is longer than the terminal is left to it to break, and can be copied."""
    with suppress(OSError):
        for line in lines:
            console.print(line, soft_wrap=True)


def _stamped(text: str, now_ns: Nanos, tz: str) -> str:
    return f"{moment(now_ns, tz):%H:%M:%S} {figures.zone(now_ns, tz)}  {text}"
