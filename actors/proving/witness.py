"""A system that takes down what a strategy is told, what it asks, what it is answered, and what it makes of that."""

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from types import FrameType
from typing import Any, Self

import msgspec

from actors.kernel.ask.controls import Controls
from actors.kernel.ask.membership import Membership
from actors.kernel.ask.publishing import Publishing
from actors.kernel.ask.readers import Readers
from actors.kernel.future import Answered, Future
from actors.kernel.listen.subscription import Subscription
from actors.proving.plain_values import digest_of, is_data
from actors.system import System
from messages.base import Event
from messages.errors import BarkeeperError
from messages.events import BarsUpdated, MinuteClosed
from messages.values import Nanos, TradingSession

_PATIENCE_S = 60.0
_UNTIMED = frozenset({"certificate"})
"""Of these the answer without arguments is the latest, which comes when it is written: some minutes later."""


class Stopped(BaseException):
    """The strategy has come to the instant until which it is looked at. No ``except Exception`` of its own holds it."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """Something that was taken down."""

    label: str
    """``last_bars('AAPL', 20)``, ``event MinuteClosed``, or ``state``: the variables of the strategy."""
    minute_ns: Nanos
    """The end of the latest minute that it had heard of."""
    digest: bytes


class Witness:
    """Takes down, one after the other, what one run of a strategy can be known by.

    Args:
        modules: the names of the strategy's own modules.
        until_ns: the end of the minute after which it is stopped; ``None``: it runs to its end.
        captured: the number of the entry of which the value is kept, and with which it is stopped.
    """

    def __init__(self, modules: frozenset[str], until_ns: Nanos | None = None, captured: int | None = None) -> None:
        self._modules = modules
        self._until_ns = until_ns
        self._captured = captured
        self.entries: list[Entry] = []
        self.minutes: list[Nanos] = []
        """The ends of the minutes that it heard of, in order."""
        self.value: object = None
        """Of the entry that was asked for."""
        self.is_stopped = False
        self.on_minute: Callable[[Nanos], None] | None = None

    def is_own(self, kind: type) -> bool:
        """Return whether a class is the strategy's."""
        return kind.__module__ in self._modules

    @property
    def minute_ns(self) -> Nanos:
        """The end of the latest minute that it has heard of."""
        return self.minutes[-1] if self.minutes else 0

    def note(self, label: str, value: object) -> None:
        """Take something down."""
        self.entries.append(Entry(label, self.minute_ns, digest_of(value, self.is_own)))
        if self._captured == len(self.entries) - 1:
            self.value = value
            self._stop()

    def turn(self, frame: FrameType | None) -> None:
        """The strategy asks for what comes next: take down its variables, and stop it if it is time."""
        if (variables := self._variables(frame)) is not None:
            self.note("state", variables)
        if self._until_ns is not None and self.minute_ns >= self._until_ns:
            self._stop()

    def hear(self, event: Event) -> None:
        """The strategy is told something."""
        ends_ns = _minute_of(event)
        if ends_ns is not None and ends_ns > self.minute_ns:
            if self._until_ns is not None and ends_ns > self._until_ns:
                self._stop()
            self.minutes.append(ends_ns)
            if self.on_minute is not None:
                self.on_minute(ends_ns)
        self.note(f"event {type(event).__name__}", event)

    def _stop(self) -> None:
        self.is_stopped = True
        raise Stopped

    def _variables(self, frame: FrameType | None) -> dict[str, object] | None:
        """Return what the strategy's functions hold that are at work: their variables, and those of its objects."""
        found: dict[str, object] = {}
        depth = 0
        while frame is not None:
            if frame.f_globals.get("__name__") in self._modules:
                prefix = f"{frame.f_code.co_name}: "
                for name, value in frame.f_locals.items():
                    if is_data(value, self.is_own):
                        found[f"{'' if depth == 0 else prefix}{name}"] = value
                depth += 1
            frame = frame.f_back
        return found if depth else None


def _minute_of(event: Event) -> Nanos | None:
    if isinstance(event, MinuteClosed):
        return event.end_ns
    if isinstance(event, BarsUpdated) and not event.is_repair and event.base_expected == 1:
        return event.start_ns + event.interval.span_ns
    return None


class Heard:
    """A subscription of which the witness takes down every event."""

    def __init__(self, events: Subscription, witness: Witness) -> None:
        self._events = events
        self._witness = witness

    def __getattr__(self, name: str) -> Any:
        return getattr(self._events, name)

    def promised(self) -> None:
        """Have promised minutes taken one by one too, so that each is heard."""

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        self._witness.turn(sys._getframe(1))  # noqa: SLF001  # whose loop it is
        event = next(self._events)
        self._witness.hear(event)
        return event

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._events.close()


class WitnessedSystem(System):
    """A system as any other, with a witness."""

    witness: Witness

    @property
    def grace_ns(self) -> Nanos:
        """How long minutes stay open."""
        return self._house.settings.rules.grace_ns

    def session_at_hand(self) -> TradingSession:
        """Return the session that is open, or closed last."""
        session: TradingSession | None = System.session(self).get(timeout=_PATIENCE_S)
        assert session is not None, "a minute is one of a session's"
        return session

    def subscribe(self, *args: Any, **more: Any) -> Any:
        """Listen, as ``System.subscribe``."""
        return Heard(super().subscribe(*args, **more), self.witness)


def _witnessed(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(self: WitnessedSystem, *args: Any, **more: Any) -> Any:
        told = method(self, *args, **more)
        if not isinstance(told, Future):
            return told
        label = f"{name}({', '.join([*map(repr, args), *(f'{key}={value!r}' for key, value in more.items())])})"
        try:
            answer: Any = told.get(timeout=_PATIENCE_S)
        except BarkeeperError as error:
            self.witness.note(label, (type(error).__name__, str(error)))
            return Answered(None, error)
        self.witness.note(label, None if name in _UNTIMED and not (args or more) else answer)
        return Answered(answer)

    return call


def _methods() -> Iterable[tuple[str, Callable[..., Any]]]:
    for kind in (Readers, Controls, Membership, Publishing):
        for name, method in vars(kind).items():
            if not name.startswith("_") and callable(method):
                yield name, getattr(System, name)


for _name, _method in _methods():
    setattr(WitnessedSystem, _name, _witnessed(_name, _method))
