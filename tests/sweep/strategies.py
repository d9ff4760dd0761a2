"""Strategies that look at everything, and those that go wrong on purpose."""

import os
import signal
import time
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from actors.system import System
from messages.events import MinuteClosed
from messages.tables.columns import PriceColumns


class Seen(msgspec.Struct):
    """What a session looked like from inside, and how it came out."""

    minutes: int
    digest: str
    last: float


class Watch:
    """Looks at every minute with every kind of reader."""

    def __init__(self, system: System, length: int) -> None:
        self._system = system
        self._length = length
        self._hash = sha256()
        self.minutes = 0
        self.last = 0.0

    def take(self, minute: MinuteClosed) -> None:
        system = self._system
        self.minutes += 1
        for name in system.active_symbols().get(timeout=30):
            self._see(system.last_bars(name, self._length, with_history=True).get(timeout=30))
            self._see(system.last_bars(name, 2, "5m", with_history=True, fill="forward").get(timeout=30))
            if self.minutes == 1:
                self._see(system.last_bars(name, 4, "1d", with_history=True).get(timeout=30))
                self._see(system.history(name, 2).get(timeout=30))
            if (bar := system.latest_bar(name).get(timeout=30)) is not None:
                self.last = bar.close
        self._hash.update(f"{minute.start_ns} {minute.missing}".encode())

    def seen(self) -> Seen:
        return Seen(minutes=self.minutes, digest=self._hash.hexdigest(), last=self.last)

    def _see(self, window: PriceColumns) -> None:
        self._hash.update(window.start_ns.tobytes() + window.values.tobytes() + window.verdicts.tobytes())


def watch(system: System, length: int = 3) -> Seen:
    """A session, as it looks."""
    watching = Watch(system, length)
    for minute in system.minutes():
        watching.take(minute)
    return watching.seen()


def watch_minutes(system: System, minutes: Iterable[MinuteClosed], length: int = 3) -> Seen:
    """Some minutes of a longer run, as they look."""
    watching = Watch(system, length)
    for minute in minutes:
        watching.take(minute)
    return watching.seen()


class Holder:
    """Adds up what it sees, from one session to the next."""

    carry = ("total", "path")

    def __init__(self, length: int = 3) -> None:
        self.length = length
        self.total = 0.0
        self.path: list[float] = []

    def run(self, system: System) -> dict[str, Any]:
        self.total += watch(system, self.length).last
        self.path.append(self.total)
        return {"total": self.total, "days": len(self.path)}


class Waits(Holder):
    """Comes to no end in the last session, until it may."""

    def __init__(self, length: int, may: str, last: str) -> None:
        super().__init__(length)
        self.may, self.last = Path(may), last

    def run(self, system: System) -> dict[str, Any]:
        session = system.session().get(timeout=30)
        assert session is not None
        while session.date == self.last and not self.may.exists():
            time.sleep(0.05)
        return super().run(system)


class OneByOne(Holder):
    """The same, symbol by symbol."""

    by_symbol = True


def fails_at(system: System, date: str, length: int = 3) -> dict[str, Any]:
    """Raise in one session."""
    session = system.session().get(timeout=30)
    assert session is not None
    if session.date == date and length == 3:
        raise ValueError("the wrong day")
    return {"date": session.date, "length": length}


class FailsAt(Holder):
    """Carries, and raises in one session."""

    def __init__(self, date: str) -> None:
        super().__init__()
        self.date = date

    def run(self, system: System) -> dict[str, Any]:
        return {**fails_at(system, self.date), **super().run(system)}


def dies_once(system: System, marks: str, date: str, length: int = 3) -> dict[str, Any]:
    """Kill the process that plays it, the first time in one session."""
    session = system.session().get(timeout=30)
    assert session is not None
    mark = Path(marks, "died")
    if session.date == date and length == 3 and not mark.exists():
        mark.write_text("once")
        os.kill(os.getpid(), signal.SIGKILL)
    return msgspec.structs.asdict(watch(system, length))


def bulky(system: System, length: int) -> dict[str, Any]:
    """Return more than a small disk takes."""
    return {"text": "long" * 500, "length": length, "last": watch(system, length).last}


def always_dies(system: System, date: str) -> dict[str, Any]:
    """Kill the process that plays it, every time in one session."""
    print("it has begun", flush=True)
    session = system.session().get(timeout=30)
    assert session is not None
    if session.date == date:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"date": session.date}
