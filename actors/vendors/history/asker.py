"""Asking a vendor's client: in the pace of its account, each thing again and alone where it fails."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TypeVar

import msgspec

from actors.vendors.history.calls import Calls
from actors.vendors.history.pacer import Pacer, Rank
from actors.vendors.history.pages import (
    AskedTooMuch,
    HistoryRefused,
    NoAnswer,
    NotOutYet,
    SymbolsRefused,
    as_no_answer,
    is_nobody_there,
)
from messages.errors import DataError, NotReady

_TRIES_OF_NOBODY = 2
"""Where nobody has ever been at a vendor's address, such as a TWS that does not run, waiting for minutes is in vain."""
R = TypeVar("R")


class Persistence(msgspec.Struct, frozen=True, kw_only=True):
    """How a page that fails is asked for again, alone, before the whole question fails."""

    tries: int = 5
    backoff_s: float = 0.5
    """From the first try to the second; doubles with each one after."""
    jitter: float = 0.2
    longest_wait_s: float = 90.0
    """A vendor that wants to be left alone for longer has failed: others are asked meanwhile."""


class Asker:
    """Asks from several threads, and counts.

    Args:
        name: who is asked, for people.
        calls: how the client is called.
        pacer: of the account.
        rank: who it asks for.
        persistence: how a thing is asked for again.
    """

    def __init__(self, name: str, calls: Calls, pacer: Pacer, rank: Rank, persistence: Persistence) -> None:
        self.calls = calls
        self.requests = 0
        """What was asked for, that which failed included."""
        self.waited_s = 0.0
        """Time in which somebody waited, for a turn or to ask again."""
        self.trouble = ""
        """Why the last request failed, until one is answered."""
        self._name = name
        self._pacer = pacer
        self._rank = rank
        self._persistence = persistence
        self._chance = random.Random(name)  # noqa: S311  # spreads tries, guards nothing
        self._waiting, self._since_s = 0, 0.0
        self._counting = Lock()
        self._is_somebody_there = False
        self._refusal: HistoryRefused | None = None

    def anew(self, rank: Rank) -> "Asker":
        """Return another one for somebody else, who is interrupted for himself."""
        other = Asker(self._name, self.calls.anew(), self._pacer, rank, self._persistence)
        other._refusal = self._refusal  # one of its kind
        return other

    def interrupt(self) -> None:
        """Let nobody wait any longer, for a turn or for an answer."""
        self.calls.close()
        self._pacer.wake()

    def ask(self, what: Callable[[], R]) -> R:
        """Ask for one thing, again and alone where it fails.

        Raises:
            HistoryRefused, SymbolsRefused, NotOutYet, AskedTooMuch: as the vendor's client does.
            NoAnswer: it gave no answer, however often it was asked.
            NotReady: it was interrupted.
        """
        rules = self._persistence
        error: DataError | None = None
        for number in range(rules.tries):
            if number == _TRIES_OF_NOBODY and not self._is_somebody_there:
                break
            if self._refusal is not None:
                raise self._refusal
            if error is not None:
                self._pause(rules.backoff_s * 2.0 ** (number - 1) * (1 + rules.jitter * self._chance.random()))
            try:
                with self._turn():
                    answer = self.calls.make(what)
            except HistoryRefused as refusal:
                self._refusal = refusal
                raise
            except (SymbolsRefused, NotOutYet, NotReady):
                raise
            except AskedTooMuch as busy:
                self._is_somebody_there = True
                if busy.after_s > rules.longest_wait_s:
                    raise
                self._pacer.hold(busy.after_s)
                error = busy
            except Exception as failure:  # noqa: BLE001  # a vendor's client may raise anything
                self._is_somebody_there |= not is_nobody_there(failure)
                error = as_no_answer(failure)
            else:
                self._is_somebody_there, self.trouble = True, ""
                return answer
            self.trouble = str(error)
        assert error is not None, "a page is asked for at least once"
        asked = rules.tries if self._is_somebody_there else min(rules.tries, _TRIES_OF_NOBODY)
        raise NoAnswer(f"{self._name} was asked {asked} times: {error}") from error

    def try_once(self, what: Callable[[], R]) -> R:
        """Ask for one thing that can be done without, once. Raises whatever goes wrong."""
        with self._turn():
            return self.calls.make(what)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with ExitStack() as turn:
            with self._wait():
                turn.enter_context(self._pacer.turn(self._rank, lambda: self.calls.is_open))
            with self._counting:
                self.requests += 1
            yield

    def _pause(self, seconds: float) -> None:
        with self._wait():
            self._pacer.pause(seconds, lambda: self.calls.is_open)

    @contextmanager
    def _wait(self) -> Iterator[None]:
        """Count the time in which one waits, or several at once."""
        with self._counting:
            self._since_s = self._since_s if self._waiting else self._pacer.now_s()
            self._waiting += 1
        try:
            yield
        finally:
            with self._counting:
                self._waiting -= 1
                if not self._waiting:
                    self.waited_s += self._pacer.now_s() - self._since_s
