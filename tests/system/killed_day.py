"""A live day in a process of its own, which may be killed: python -m tests.system.killed_day STORE NOW_NS SPEED.

It prints ``has START_NS`` for every bar of its own that is there when it begins, ``now NS`` as it goes, ``acked
START_NS`` for every one that was acknowledged, and ``digest D`` at the end. Bars of the market come from a feed, trade
by trade, and what it did not hear from the upstream. With ``lines`` after these, trades come as JSON lines, each with
its id, from a sender that begins anew for who connects, and there is no upstream. Its clock stands until it is up: how
fast the machine is changes nothing.
"""

import sys
import threading

import msgspec

from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.feeds.port import Feed
from actors.feeds.simulated.feed import SimulatedStream, simulated_feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.feeds.simulated.prints import PrintRates
from actors.feeds.wanted import WantedSymbols
from actors.kernel.clock import SystemClock
from actors.settings import UpkeepRules
from messages import Bar, BarkeeperError, FeedTicks, GetDigest, MinuteClosed, Tick
from messages.feeds import EVERYTHING
from tests.system.live import live, session_of, upstream_of

MARKET = SimulatedMarket.of_size(4)
SESSION = session_of()
TRADES = SimulatedStream(has_bars=False, rates=PrintRates(ticks=30, quotes=5))
OWN = "MINE"
_CHUNK_LINES = 400


class PacedLines:
    """A source of lines, each as soon as its trade was made; from the day's first on for who connects."""

    is_remote = False

    def __init__(self, clock: SystemClock) -> None:
        self._clock = clock
        everybody = WantedSymbols()
        everybody.add((EVERYTHING,))
        paced = simulated_feed(MARKET, [SESSION], clock, TRADES)  # only its schedule is of use
        told = paced._schedule.take(SESSION.end_ns, everybody)
        ticks = [tick for item in told if isinstance(item, FeedTicks) for tick in item.ticks]
        self._lines = [(tick.at_ns, _line(tick, number)) for number, tick in enumerate(ticks)]
        self._next = 0

    def open(self) -> None:
        """Begin with the first."""
        self._next = 0

    def read(self, timeout_s: float) -> bytes | None:
        """Return some that are there."""
        now_ns, first = self._clock.now_ns(), self._next
        while self._next < min(first + _CHUNK_LINES, len(self._lines)) and self._lines[self._next][0] <= now_ns:
            self._next += 1
        if self._next == first:
            threading.Event().wait(min(timeout_s, 0.01))
        return b"".join(line for _, line in self._lines[first : self._next])

    def close(self) -> None:
        """Nothing is held."""


def _line(tick: Tick, number: int) -> bytes:
    told = {"type": "tick", "symbol": tick.symbol, "at": tick.at_ns, "price": tick.price, "size": tick.size}
    return msgspec.json.encode({**told, "id": f"t{number}"}) + b"\n"


def own_bar(start_ns: int) -> Bar:
    """The bar of its own that is published in a minute."""
    price = 100.0 + start_ns // 60_000_000_000 % 7
    return Bar(symbol=OWN, start_ns=start_ns, open=price, high=price, low=price, close=price, volume=1.0)


def main(store: str, now_ns: int, speed: float, *, is_of_lines: bool) -> None:
    """Live the day from a moment on, to its end."""
    clock = SystemClock(speed, now_ns)
    clock.hold()
    feed: Feed = simulated_feed(MARKET, [SESSION], clock, TRADES)
    if is_of_lines:
        feed = JsonLinesFeed(PacedLines(clock), has_bars=False)
    upkeep = UpkeepRules(coalesce_s=5.0, backoff_s=5.0)
    sources = () if is_of_lines else [upstream_of(MARKET, SESSION)]
    system = live(store, [feed], clock, symbols=(*MARKET.symbols, OWN), sources=sources, upkeep=upkeep)
    with system:
        known = set(system.bars(OWN).get(timeout=10).start_ns.tolist())
        for start_ns in sorted(known):
            say("has", start_ns)
        say("begun")
        minutes = system.subscribe(["minutes", "lag"], policy="drop_oldest", bound=10_000)
        clock.go_on()
        threading.Thread(target=tell_time, args=(clock,), daemon=True).start()
        for event in minutes:
            if isinstance(event, MinuteClosed):
                publish(system, SESSION.start_ns, event.start_ns, known)
        system.certificate().get(timeout=10)
        say("digest", system._house.session_data.ask(GetDigest()).get(timeout=10))


def publish(system: object, first_ns: int, last_ns: int, known: set[int]) -> None:
    """Publish what has not been acknowledged yet."""
    for start_ns in range(first_ns, last_ns + 1, 60_000_000_000):
        if start_ns not in known:
            try:
                system.publish(own_bar(start_ns)).get(timeout=10)  # type: ignore[attr-defined]
            except BarkeeperError as error:
                say("refused", start_ns, error)
                continue
            known.add(start_ns)
            say("acked", start_ns)


def tell_time(clock: SystemClock) -> None:
    """Say what time it is, many times a minute."""
    pause = threading.Event()
    while True:
        say("now", clock.now_ns())
        pause.wait(0.005)


def say(*words: object) -> None:
    """Print a line at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), is_of_lines="lines" in sys.argv[4:])
