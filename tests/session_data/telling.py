"""Short ways to tell a core things and to take apart what it says."""

from typing import Any, TypeVar

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import Bar, BarsUpdated, BarWindow, GetDigest, GetLatestBar, GetQuality, Interval, Message, Query, Verdict
from messages.values import MINUTE_NS
from tests.builders import session_tiny
from tests.session_data.streams import ask, play

MONDAY, TUESDAY, WEDNESDAY = (session_tiny(4, day=f"2024-07-0{number}") for number in (1, 2, 3))
TWO, FIVE = Interval.parse("2m"), Interval.parse("5m")

M = TypeVar("M", bound=Message)


def core_with(*messages: Message, **rules: Any) -> SessionDataCore:
    """A core that has been told these, checked after every one."""
    core = SessionDataCore(SessionRules(**rules))
    play(core, list(messages))
    return core


def told(core: SessionDataCore, kind: type[M], *messages: Message) -> list[M]:
    """What the core says of one kind when it is told these."""
    return [said for said in play(core, list(messages)) if isinstance(said, kind)]


def updates(core: SessionDataCore, interval: Interval, *messages: Message) -> list[BarsUpdated]:
    """The bars of one interval that the core publishes when it is told these."""
    return [said for said in told(core, BarsUpdated, *messages) if said.interval == interval]


def refusal(core: SessionDataCore, query: Query[Any]) -> str:
    """The name and the text of the error that a query is answered with."""
    error = core.handle(query).error
    assert error is not None
    core.check()
    return f"{type(error).__name__}: {error}"


def latest(core: SessionDataCore, symbol: str = "A") -> tuple[float, Verdict]:
    """Close and verdict of a symbol's latest bar."""
    found = ask(core, GetLatestBar(symbol=symbol))
    return found.close, found.verdict


def counts(core: SessionDataCore, *names: str) -> tuple[int, ...]:
    """Counters of the quality report."""
    report = ask(core, GetQuality())
    return tuple(getattr(report, name) for name in names)


def digest(core: SessionDataCore) -> str:
    return str(ask(core, GetDigest()))


def minutes(window: BarWindow | list[Bar], first_ns: int) -> list[int]:
    """In which minute after an instant each bar starts."""
    given = window if isinstance(window, list) else window.bars()
    return [(one.start_ns - first_ns) // MINUTE_NS for one in given]


def closes(update: BarsUpdated) -> dict[str, float]:
    return {one.symbol: one.close for one in update.batch.bars()}
