"""What a live day's journal costs while the day is taken, and how fast a day that was cut off is back.

    python tests/benchmarks/journal.py --repeat 5 --json

The same messages go through SessionData's room with a journal and without one, in turn, in this thread: trades of 20
symbols, folded into bars, and quotes, ``--together`` trades in a message (``trades``) or one (``messages``); then whole
minutes of ``--symbols`` (``bars``). As fast as they are taken, ``*_cost`` is the median of what the journal adds to the
processor seconds of both threads, and ``*_room_cost`` to those of the room's own, as a share of what the messages cost
without it; ``recovered_*_per_s`` is from the opening of the file to the session as it was, in processor seconds.

``paced_*`` is of messages that come at ``--rate`` a second: what the journal adds to the processor seconds of both
threads and to the wait of all but a hundredth of the messages until they are applied, and how long all but a hundredth
wait until they are safe. Waits are by the clock, so they say how busy the machine is besides.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from actors.feeds.simulated.market import SimulatedMarket
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.session_data.actor import SessionData
from actors.session_data.core import SessionDataCore
from actors.storage.journal.writer import Journal
from messages import BarsArrived, Message, Quote, QuotesArrived, Tick, TicksArrived, TimeAdvanced, TradingSession
from messages.events import BoundaryKind, SessionBoundary
from messages.values import MINUTE_NS
from tests.benchmarks.measuring import count, percentile, shown

TRADED = 20
_STEP_S = 0.001
"""As a feed is read: what has come in a millisecond goes together."""


def main() -> None:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=count, default=5, metavar="N", help="medians of so many pairs (default: 5)")
    parser.add_argument("--together", type=count, default=20, metavar="N", help="trades in a message (default: 20)")
    parser.add_argument("--a-minute", type=count, default=5000, metavar="N", help="trades a minute (default: 5000)")
    parser.add_argument("--minutes", type=count, default=20, metavar="N", help="of trades (default: 20)")
    parser.add_argument("--symbols", type=count, default=500, metavar="N", help="of the bars (default: 500)")
    parser.add_argument("--rate", type=count, default=20_000, metavar="N", help="messages a second (default: 20000)")
    parser.add_argument("--seconds", type=float, default=4.0, metavar="S", help="of them (default: 4)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    wanted = parser.parse_args()
    session = Calendar("XNYS").session("2024-07-02")
    assert session is not None, "a Tuesday"
    prints = list(traded(session, wanted.minutes, wanted.a_minute, wanted.together))
    single = list(traded(session, wanted.minutes, wanted.a_minute, 1))
    bars = list(minutes(session, wanted.symbols))
    trades = wanted.minutes * wanted.a_minute
    found = {
        **measured("trades", prints, trades, wanted.repeat),
        **measured("messages", single, len(single), wanted.repeat),
        **measured("bars", bars, bar_count(bars), wanted.repeat),
        **paced(single[: round(wanted.rate * wanted.seconds)], wanted.rate, wanted.repeat),
    }
    print(shown(found, as_json=wanted.json))


class Spent(NamedTuple):
    """Processor seconds."""

    both: float
    """Of the room's thread and the journal's."""
    room: float


def measured(name: str, told: list[Message], items: int, repeat: int) -> dict[str, Any]:
    """Time the same messages with a journal and without, in turn, and the way back."""
    costs, own, rates, recovered = list[float](), list[float](), list[float](), list[float]()
    for _ in range(repeat):
        plain = spent_on(told, None)
        with TemporaryDirectory() as folder:
            kept = spent_on(told, Path(folder))
            began = time.process_time()
            room, journal = room_of(Path(folder))
            room.on_receive(told[0])
            recovered.append(items / (time.process_time() - began))
            journal.close()
        costs.append(kept.both / plain.both - 1)
        own.append(kept.room / plain.room - 1)
        rates.append(items / kept.both)
    return {
        f"{name}_cost": round(median(costs), 3),
        f"{name}_least": round(min(costs), 3),
        f"{name}_most": round(max(costs), 3),
        f"{name}_room_cost": round(median(own), 3),
        f"{name}_per_s": round(median(rates)),
        f"recovered_{name}_per_s": round(median(recovered)),
    }


def spent_on(told: list[Message], folder: Path | None) -> Spent:
    """Return what messages take, until all of them are written."""
    began, own = time.process_time(), time.thread_time()
    room, journal = room_of(folder)
    for message in told:
        room.on_receive(message)
    took = time.thread_time() - own
    if journal is not None:
        journal.close()
    return Spent(time.process_time() - began, took)


def paced(told: list[Message], rate: int, repeat: int) -> dict[str, Any]:
    """Tell messages when they are due, with a journal and without, in turn."""
    costs, added, safe, reached = list[float](), list[float](), list[float](), list[float]()
    for _ in range(repeat):
        plain_s, plain_ms, _, without = told_at(told, rate, None)
        with TemporaryDirectory() as folder:
            kept_s, kept_ms, safe_ms, withal = told_at(told, rate, Path(folder))
        costs.append(kept_s / plain_s - 1)
        added.append(kept_ms - plain_ms)
        safe.append(safe_ms)
        reached.append(withal / without)
    return {
        "paced_cost": round(median(costs), 3),
        "paced_least": round(min(costs), 3),
        "paced_most": round(max(costs), 3),
        "paced_throughput": round(median(reached), 4),
        "paced_added_p99_ms": round(median(added), 2),
        "paced_safe_p99_ms": round(median(safe), 2),
    }


def told_at(told: list[Message], rate: int, folder: Path | None) -> tuple[float, float, float, float]:
    """Return processor seconds, all but a hundredth of the waits, also until safe (in ms), and messages a second."""
    room, journal = room_of(folder)
    waits, safe = list[float](), list[float]()
    cpu, began = time.process_time(), time.perf_counter()
    for number, message in enumerate(told):
        due = began + number / rate
        if (early := due - time.perf_counter()) > 0:
            time.sleep(max(early, _STEP_S))
        room.on_receive(message)
        waits.append(time.perf_counter() - due)
        if journal is not None and not number % 100:
            journal.when_safe(lambda due=due: safe.append(time.perf_counter() - due))
    took = time.perf_counter() - began
    if journal is not None:
        journal.close()
    cpu = time.process_time() - cpu
    p99_ms, safe_ms = (percentile([1000 * wait for wait in some], 99, 6) or 0.0 for some in (waits, safe))
    return cpu, p99_ms, safe_ms, len(told) / took


class _Nowhere(dict[Any, Any]):
    """Routes to nobody."""

    def __missing__(self, kind: object) -> tuple[()]:
        return ()

    def tell(self, message: object) -> None:
        """Hear nothing."""


def room_of(folder: Path | None) -> tuple[SessionData, Any]:
    """Return a room that is not started, and its journal."""
    journal = None if folder is None else Journal(folder)
    make = partial(SessionDataCore, has_upkeep=True, keeps_prints=True)  # as on a live day
    return SessionData(make(), _Nowhere(), _Nowhere(), journal, make=make), journal


def opening(session: TradingSession, symbols: tuple[str, ...]) -> SessionBoundary:
    """Return how the session opens."""
    return SessionBoundary(
        kind=BoundaryKind.OPENED, session=session, now_ns=session.start_ns, symbols=symbols, history=()
    )


def traded(session: TradingSession, length: int, a_minute: int, together: int) -> Iterator[Message]:
    """Yield minutes of trades and quotes, and the time four times a second."""
    symbols = tuple(f"S{number:02}" for number in range(TRADED))
    yield opening(session, symbols)
    step_ns, number = MINUTE_NS // a_minute, 0
    for minute in range(length):
        start_ns = session.start_ns + minute * MINUTE_NS
        for first in range(0, a_minute, together):
            at = [start_ns + place * step_ns for place in range(first, min(first + together, a_minute))]
            ticks = tuple(
                Tick(symbol=symbols[place % TRADED], at_ns=at_ns, price=100.0 + place % 7, size=10.0)
                for place, at_ns in enumerate(at, first)
            )
            ids = tuple(str(number + place) for place in range(len(ticks)))
            number += len(ticks)
            yield TicksArrived(ticks=ticks, now_ns=at[-1], source="wire", ids=ids, is_folded=True)
            quote = Quote(symbol=symbols[first % TRADED], at_ns=at[-1], bid=99.9, ask=100.1, bid_size=1.0, ask_size=1.0)
            yield QuotesArrived(quotes=(quote,), now_ns=at[-1], source="wire")
        yield from (TimeAdvanced(now_ns=start_ns + quarter * MINUTE_NS // 240) for quarter in range(1, 241))


def minutes(session: TradingSession, symbols: int) -> Iterator[Message]:
    """Yield a day of bars, minute by minute, and the time after each."""
    market = SimulatedMarket.of_size(symbols)
    batch = market.day(session).bars
    yield opening(session, batch.symbols)
    starts = SessionAxis(session).starts_ns
    edges = [*batch.start_ns.searchsorted(starts).tolist(), len(batch)]
    for slot, start_ns in enumerate(starts.tolist()):
        now_ns = start_ns + MINUTE_NS
        yield BarsArrived(batch=batch.rows(edges[slot], edges[slot + 1]), now_ns=now_ns, source="wire")
        yield TimeAdvanced(now_ns=now_ns)


def bar_count(told: list[Message]) -> int:
    """Return how many bars there are in messages."""
    return sum(len(message.batch) for message in told if isinstance(message, BarsArrived))


if __name__ == "__main__":
    main()
