"""What a live day's journal costs while the day is taken, and how fast a day that was cut off is back.

    python tests/benchmarks/journal.py --repeat 5 --json

The same messages go through SessionData's room with a journal and without one, in turn, in this thread, as fast as
they are taken: trades of 20 symbols, folded into bars, ``--together`` in a message, and quotes; then whole minutes of
``--symbols``. ``*_cost`` is the median of what the journal adds, as a share of what the messages cost without it;
``recovered_*_per_s`` is from the opening of the file to the session as it was. All are processor seconds.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

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
from tests.benchmarks.measuring import count, shown

TRADED = 20
MINUTES = 60


def main() -> None:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=count, default=5, metavar="N", help="medians of so many pairs (default: 5)")
    parser.add_argument("--together", type=count, default=20, metavar="N", help="trades in a message (default: 20)")
    parser.add_argument("--a-minute", type=count, default=5000, metavar="N", help="trades a minute (default: 5000)")
    parser.add_argument("--symbols", type=count, default=500, metavar="N", help="of the bars (default: 500)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    wanted = parser.parse_args()
    session = Calendar("XNYS").session("2024-07-02")
    assert session is not None, "a Tuesday"
    prints = list(traded(session, wanted.a_minute, wanted.together))
    bars = list(minutes(session, wanted.symbols))
    trades = MINUTES * wanted.a_minute
    found = {
        **measured("trades", prints, trades, wanted.repeat),
        **measured("bars", bars, bar_count(bars), wanted.repeat),
    }
    print(shown(found, as_json=wanted.json))


def measured(name: str, told: list[Message], items: int, repeat: int) -> dict[str, Any]:
    """Time the same messages with a journal and without, in turn, and the way back."""
    costs, rates, recovered = list[float](), list[float](), list[float]()
    for _ in range(repeat):
        plain = cpu_of(told, None)
        with TemporaryDirectory() as folder:
            kept = cpu_of(told, Path(folder))
            began = time.process_time()
            room, journal = room_of(Path(folder))
            room.on_receive(told[0])
            recovered.append(items / (time.process_time() - began))
            journal.close()
        costs.append(kept / plain - 1)
        rates.append(items / kept)
    return {
        f"{name}_cost": round(median(costs), 3),
        f"{name}_least": round(min(costs), 3),
        f"{name}_most": round(max(costs), 3),
        f"{name}_per_s": round(median(rates)),
        f"recovered_{name}_per_s": round(median(recovered)),
    }


def cpu_of(told: list[Message], folder: Path | None) -> float:
    """Return the processor seconds that messages take, those of the journal's thread included."""
    began = time.process_time()
    room, journal = room_of(folder)
    for message in told:
        room.on_receive(message)
    if journal is not None:
        journal.close()
    return time.process_time() - began


class _Nowhere(dict[Any, Any]):
    """Routes to nobody."""

    def __missing__(self, kind: object) -> tuple[()]:
        return ()

    def tell(self, message: object) -> None:
        """Hear nothing."""


def room_of(folder: Path | None) -> tuple[SessionData, Any]:
    """Return a room that is not started, and its journal."""
    journal = None if folder is None else Journal(folder)
    return SessionData(SessionDataCore(), _Nowhere(), _Nowhere(), journal), journal


def opening(session: TradingSession, symbols: tuple[str, ...]) -> SessionBoundary:
    """Return how the session opens."""
    return SessionBoundary(
        kind=BoundaryKind.OPENED, session=session, now_ns=session.start_ns, symbols=symbols, history=()
    )


def traded(session: TradingSession, a_minute: int, together: int) -> Iterator[Message]:
    """Yield an hour of trades and quotes, and the time four times a second."""
    symbols = tuple(f"S{number:02}" for number in range(TRADED))
    yield opening(session, symbols)
    step_ns, number = MINUTE_NS // a_minute, 0
    for minute in range(MINUTES):
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
