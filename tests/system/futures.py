"""Markets that are the same until an instant and nothing alike after it, and everything that can be seen of one."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import numpy as np

from actors.kernel.ask.controls import Controls
from actors.kernel.ask.readers import Readers
from actors.kernel.ports import StoredDay
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.market.certificate import certificate_of
from actors.market.planes import spread
from actors.storage.memory import MemoryStore
from actors.system import System
from messages import BarBatch, MinuteClosed, TradingSession, Verdict
from messages.errors import BarkeeperError
from messages.history import Adjustment
from messages.tables.columns import FIELDS, LOW, freeze
from messages.values import MINUTE_NS, VerdictRun

MEASURED = frozenset({"transition_ms", "is_prefetched", "rooms"})
"""Fields that say how fast this machine was: no two runs agree in them."""

ASKED: dict[str, Callable[[str, str], list[tuple[tuple[Any, ...], dict[str, Any]]]]] = {
    "latest_bar": lambda s, _: [((s,), {}), ((s, "5m"), {}), ((s, "5m"), {"include_partial": True})],
    "latest_bars": lambda _, __: [((), {})],
    "last_bars": lambda s, _: [
        ((s, 9), {}),
        ((s, 9, "5m"), {"include_partial": True}),
        ((s, 30), {"with_history": True, "fill": "forward"}),
        ((s, 5, "1d"), {"with_history": True, "adjusted": True, "include_partial": True}),
    ],
    "bars": lambda s, _: [((s,), {}), ((s, None, None, "5m"), {"include_partial": True}), ((s,), {"fill": "forward"})],
    "matrix": lambda _, __: [
        ((9,), {}),
        ((2, "5m", ()), {"fill": "forward", "with_history": True}),
        ((5, "1d"), {"with_history": True, "adjusted": True}),
    ],
    "bars_since": lambda s, _: [((s, "00:00"), {})],
    "bar_count": lambda s, _: [((s,), {}), ((s, "5m"), {})],
    "metrics": lambda s, _: [((s,), {})],
    "quality": lambda s, _: [((), {}), (((s,),), {"interval": "5m"}), ((), {"sessions": 1})],
    "gaps": lambda _, __: [((), {})],
    "verdicts": lambda _, __: [((), {})],
    "active_symbols": lambda _, __: [((), {})],
    "history": lambda s, _: [((s,), {}), ((s, 2, "5m"), {}), ((s, 2, "1d"), {"fill": "forward", "adjusted": True})],
    "warm_up": lambda _, __: [((), {})],
    "certificate": lambda _, date: [((), {}), ((date,), {})],
    "gap_stories": lambda _, date: [((), {}), ((date,), {})],
    "snapshot": lambda _, __: [((), {})],
    "changes_since": lambda _, __: [((0,), {})],
    "session": lambda _, __: [((), {})],
    "digest": lambda _, __: [((), {})],
    "latest_quote": lambda s, _: [((s,), {})],
    "quotes": lambda s, _: [((s, 9), {})],
    "latest_tick": lambda s, _: [((s,), {})],
    "ticks": lambda s, _: [((s, 9), {})],
    "status": lambda _, __: [((), {})],
    "progress": lambda _, __: [((), {})],
    "summary": lambda _, __: [((), {})],
    "live_status": lambda _, __: [((), {})],
    "readiness": lambda _, __: [((), {})],
}
"""With what each reader is asked, by symbol and by the date of the session that is cut."""

COMMANDS = frozenset({"pause", "resume", "step", "stop", "set_speed", "set_mode", "clear_error"})
"""Methods beside the readers that change something."""


def readers() -> set[str]:
    """Every public method that answers a question: found, so that a new one cannot be forgotten."""
    found = {name for kind in (Readers, Controls) for name in vars(kind) if not name.startswith("_")}
    return found - COMMANDS


def plain(value: Any) -> Any:
    """Return a value as lists, dictionaries and text that are equal if what can be seen of it is."""
    if isinstance(value, msgspec.Struct):
        fields = {name: plain(getattr(value, name)) for name in value.__struct_fields__ if name not in MEASURED}
        return type(value).__name__, fields
    if isinstance(value, np.ndarray):
        return repr(value.tolist())
    if isinstance(value, (tuple, list)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    return repr(value)


def made(session: TradingSession, symbols: Sequence[str], seed: int, *, since_ns: int = 0) -> StoredDay:
    """A day of bars in all its minutes, extended ones too, a third of them quiet; none before an instant."""
    axis, random = SessionAxis(session), np.random.default_rng([seed, int(session.date.replace("-", ""))])
    slots, columns = axis.slots, len(symbols)
    is_there = random.random((slots, columns)) < 0.7
    is_there[axis.starts_ns < since_ns] = False
    is_there[-1] = True  # a day is known to have traded whatever its seed
    close = 50 + 10 * random.random((slots, columns))
    rows, places = np.nonzero(is_there)
    price = close[rows, places]
    values = np.array([price, price + 1, price - 1, price, np.floor(1 + 100 * random.random(len(rows)))])
    batch = BarBatch.build(tuple(symbols), places.astype(np.int32), axis.starts_ns[rows], values, axis.interval)
    kinds = np.array([Verdict.STREAMED, Verdict.LATE, Verdict.FILLED, Verdict.CORRECTED], dtype=np.uint8)
    return StoredDay(bars=batch, verdicts=kinds[random.integers(0, 4, len(rows))])


class Market:
    """A market of some sessions that can have another future from an instant on.

    Args:
        calendar: of the exchange.
        dates: of its sessions.
        symbols: that trade all the time.
    """

    def __init__(self, calendar: Calendar, dates: Sequence[str], symbols: Sequence[str]) -> None:
        self.calendar = calendar
        self.sessions = [session for date in dates if (session := calendar.session(date)) is not None]
        self.symbols = tuple(symbols)

    def store(self, cut_ns: int, seed: int) -> MemoryStore:
        """What is there with one of its futures: each has a symbol of its own that trades after the cut only."""
        store = MemoryStore()
        for session in self.sessions:
            past = made(session, self.symbols, 1)
            is_past = past.bars.start_ns < cut_ns
            if is_past.any():
                store.merge(
                    session.calendar,
                    session.date,
                    StoredDay(bars=past.bars.where(is_past), verdicts=past.verdicts[is_past]),
                )
            if session.end_ns > cut_ns:
                later = made(session, [*self.symbols, f"NEW{seed}"], seed, since_ns=cut_ns)
                store.merge(session.calendar, session.date, later)
        return store


class ToldMarket(Market):
    """One whose days have been played before: certificates, splits, and bars that cannot be true; not alike either."""

    def store(self, cut_ns: int, seed: int) -> MemoryStore:
        """As above; what is known of minutes without a bar, and of who never trades, differs after the cut as well."""
        plain_one, days = super().store(cut_ns, seed), [session.date for session in self.sessions]
        later = [date for session, date in zip(self.sessions, days, strict=True) if session.start_ns > cut_ns]
        splits = [Adjustment(symbol="B", ex_date=days[1], split_ratio=2.0, dividend=0.0)]
        splits += [Adjustment(symbol="A", ex_date=date, split_ratio=float(seed), dividend=0.0) for date in later]
        store = MemoryStore(splits)
        for session in self.sessions:
            day = plain_one.read(session.calendar, session.date)
            assert day is not None
            axis, values = SessionAxis(session), day.bars.values.copy()
            values[LOW, np.flatnonzero(day.bars.start_ns >= cut_ns)[::seed]] += 1000
            bars = msgspec.structs.replace(day.bars, values=freeze(values))
            store.merge(session.calendar, session.date, msgspec.structs.replace(day, bars=bars))
            names = sorted({*bars.symbols, *([f"NONE{seed}"] if session.end_ns > cut_ns else [])})
            grid, plane = spread(axis, names, bars, day.verdicts, len(FIELDS))
            runs = [
                VerdictRun(
                    symbol=names[column],
                    verdict=Verdict.NO_TRADE,
                    start_ns=start_ns,
                    end_ns=start_ns + MINUTE_NS,
                    source="exchange" if start_ns < cut_ns else f"exchange {seed}",
                )
                for slot, column in np.argwhere(plane < Verdict.FILLED).tolist()
                for start_ns in (int(axis.starts_ns[slot]),)
                if (slot % 3 == 0 if start_ns < cut_ns else slot % seed == 1)
            ]
            certificate = certificate_of(
                session, names, grid, plane, (), runs=runs, issued_by="session", settled_ns=session.end_ns
            )
            store.certify(session.calendar, session.date, certificate)
        return store


def seen(system: System, cut_ns: int, every: int = 1, act: Callable[[System, int], Any] | None = None) -> list[Any]:
    """Everything that is told and answered until an instant: every event, and at every so many minutes every reader.

    ``act`` is called with each of these minutes' number before they are asked, and what it returns is seen too.
    """
    said: list[Any] = []
    minute = 0
    for event in system.subscribe():
        said.append(plain(event))
        if not isinstance(event, MinuteClosed):
            continue
        minute += 1
        if minute % every == 0 or event.end_ns == cut_ns:
            said.append(plain(act(system, minute)) if act is not None else None)
            session = system.session().get(timeout=20)
            said += _answers(system, system.active_symbols().get(timeout=20)[:2], session.date)
        if event.end_ns >= cut_ns:
            break
    return said


def _answers(system: System, symbols: Iterable[str], date: str) -> list[Any]:
    return [
        (name, symbol, number, _answer(system, name, *call))
        for symbol in [*symbols, "NOBODY"]
        for name in sorted(ASKED)
        for number, call in enumerate(ASKED[name](symbol, date))
    ]


def _answer(system: System, name: str, args: tuple[Any, ...], more: dict[str, Any]) -> Any:
    try:
        answer = getattr(system, name)(*args, **more).get(timeout=20)
        if name == "certificate" and not args:
            return None  # the latest one comes when it is written: of a session that is over, some minutes later
        return plain(answer)
    except BarkeeperError as error:
        return type(error).__name__, str(error)
