"""Several sets of parameters on one tape: each a thread with a loop of its own, all in lockstep on one system.

Each reads as if it were alone: the next minute comes when every one of them has asked for it or is done. Who wants
more of the system than to read it minute by minute cannot share it, and gets one of its own.
"""

import threading
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from actors.kernel.ask.readers import Readers
from actors.strategy import Strategy
from actors.system import System
from messages.errors import SettingsError
from messages.events import MinuteClosed

_READS = frozenset(name for name in dir(Readers) if not name.startswith("_")) | {
    *("calendar", "status", "progress", "summary", "require")
}


class NeedsItsOwn(SettingsError):
    """What a strategy asked for changes a system for all that share it."""


class Pass:
    """One session, played once for several sets of parameters.

    Args:
        system: started, and not played yet.
        strategy: who plays.
    """

    def __init__(self, system: System, strategy: Strategy) -> None:
        self._system = system
        self._strategy = strategy

    def play(self, sets: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any] | Exception]:
        """Return what each set came to, or why it failed; the cause is ``NeedsItsOwn`` of those that cannot share."""
        told: dict[int, dict[str, Any] | Exception] = {}
        tape = _Tape(self._system, len(sets))

        def one(number: int) -> None:
            try:
                told[number] = self._strategy.play(cast("System", _Shared(self._system, tape)), sets[number]).result
            except Exception as error:  # noqa: BLE001  # one task's fault is not another's
                told[number] = error
            finally:
                tape.leave()

        threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in sets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return told


class _Tape:
    """The minutes of a system, each given to all that are there before the next one is asked for."""

    def __init__(self, system: System, readers: int) -> None:
        self._minutes = iter(system.minutes())
        self._there = readers
        self._asking = 0
        self._round = 0
        self._minute: MinuteClosed | None = None
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    @property
    def is_over(self) -> bool:
        """Whether there is no minute left."""
        return self._error is not None

    def next(self) -> MinuteClosed:
        """Return the next minute, once all have asked for it.

        Raises:
            StopIteration: there is none.
            Exception: as the system's own loop does.
        """
        with self._changed:
            self._asking += 1
            mine = self._round
            self._go_on()
            self._changed.wait_for(lambda: self._round != mine)
            if self._error is not None:
                raise self._error
            assert self._minute is not None, "there is one, or an error"
            return self._minute

    def leave(self) -> None:
        """One of them is done."""
        with self._changed:
            self._there -= 1
            self._go_on()

    def _go_on(self) -> None:
        """Fetch the next minute if nobody is busy with the one before any more; all others wait meanwhile."""
        if not self._asking or self._asking < self._there:
            return
        if self._error is None:
            try:
                self._minute = next(self._minutes)
            except BaseException as error:  # noqa: BLE001  # it is raised in every loop
                self._error = error
        self._asking = 0
        self._round += 1
        self._changed.notify_all()


class _Shared:
    """A system as one of several has it: to read from, minute by minute."""

    def __init__(self, system: System, tape: _Tape) -> None:
        self._system = system
        self._tape = tape

    def __getattr__(self, name: str) -> Any:
        if name in _READS:
            return getattr(self._system, name)
        if hasattr(System, name):
            raise NeedsItsOwn(f"{name} is not for a system that several share")
        raise AttributeError(f"a system has no {name}")

    def minutes(self, name: str | None = None) -> "_Minutes":  # noqa: ARG002  # whose loop it is nobody else sees
        """Go through the run minute by minute, as ``System.minutes``."""
        return _Minutes(self._system, self._tape)


class _Minutes:
    def __init__(self, system: System, tape: _Tape) -> None:
        self._system = system
        self._tape = tape

    def __iter__(self) -> Any:
        return iter(self._system.minutes()) if self._tape.is_over else _Loop(self._tape)

    def __aiter__(self) -> NoReturn:
        raise NeedsItsOwn("an event loop cannot share a system")


class _Loop:
    def __init__(self, tape: _Tape) -> None:
        self._tape = tape

    def __iter__(self) -> "_Loop":
        return self

    def __next__(self) -> MinuteClosed:
        return self._tape.next()

    def close(self) -> None:
        """Leave the loop; the next one goes on with the next minute."""
