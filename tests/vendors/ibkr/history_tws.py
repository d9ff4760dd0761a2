"""A small TWS that has history, with the rules of pace that Interactive Brokers documents, and its ways to fail.

https://interactivebrokers.github.io/tws-api/historical_limitations.html
"""

import time
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from actors.vendors import ibkr
from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from messages import Bar
from messages.values import SECOND_NS, Nanos
from tests.vendors.history.world import HistoryWorld
from tests.vendors.ibkr.tws import Client, Tws

_HISTORY, _NO_HISTORY = "20", "25"
_SMALL = {"5 secs", "10 secs", "15 secs", "30 secs"}
_PACING = "Historical Market Data Service error message:Historical data request pacing violation"


class HistoryTws(Tws):
    """A TWS with bars.

    Args:
        bars: what there is; minutes that it prints without a trade are bars of volume 0.
        pace: so many requests in any stretch of so many seconds, beside what is documented.
    """

    def __init__(self, bars: Iterable[Bar] = (), *, pace: tuple[int, float] | None = None) -> None:
        self.bars = sorted(bars, key=lambda bar: bar.start_ns)
        self.pace = pace
        self.asked = 0
        self.refused_for_pace = 0
        self.faults: dict[int, str] = {}
        self.says: tuple[int, str] | None = None
        """What every request is answered with."""
        self._given: deque[float] = deque(maxlen=pace[0] if pace else 1)
        self._latest: dict[tuple[str, ...], float] = {}
        super().__init__()

    def fail_next(self, *kinds: str) -> None:
        """Let the next requests fail in these ways, one after the other."""
        with self._changed:
            self.faults.update({self.asked + place: kind for place, kind in enumerate(kinds)})

    def _hear(self, client: Client, fields: list[str]) -> None:
        if fields[0] != _HISTORY:
            super()._hear(client, fields)
            return
        self.requests.append(fields)
        number, contract, (end, size, duration) = fields[1], fields[2:14], fields[15:18]
        fault, symbol = self.faults.get(self.asked), contract[1] or contract[10]
        self.asked += 1
        if self._is_too_fast((*contract, end, size, duration), size):
            self.refused_for_pace += 1
            client.send(4, 2, number, 162, _PACING, "")
        elif self.says is not None:
            client.send(4, 2, number, *self.says, "")
        elif fault is not None:
            self._fail(client, number, fault)
        elif symbol in self.refusals:
            client.send(4, 2, number, *self.refusals[symbol], "")
        else:
            self._answer(client, number, symbol, _nanos(end), int(duration.split()[0]) * SECOND_NS)

    def _answer(self, client: Client, number: str, symbol: str, end_ns: Nanos, span_ns: Nanos) -> None:
        rows = [bar for bar in self.bars if bar.symbol == symbol and end_ns - span_ns <= bar.start_ns < end_ns]
        if not rows:
            text = "Historical Market Data Service error message:HMDS query returned no data"
            client.send(4, 2, number, 162, f"{text}: {symbol}@SMART Trades", "")
            return
        cells = [cell for bar in rows for cell in _row(bar)]
        client.send(17, number, "20240702 09:30:00", "20240702 16:00:00", len(rows), *cells)

    def _fail(self, client: Client, number: str, kind: str) -> None:
        if kind == "error":
            client.send(4, 2, number, 162, "Historical Market Data Service error message:HMDS server is busy", "")
        elif kind == "junk":
            client.send(17, number, "", "", 1, "1719927000", "ten", 10, 10, 10, 5, 10, 1)
        elif kind != "mute":
            if kind == "cut":
                client.connection.sendall(b"\x00\x00\x01\x0017\x00")
            raise OSError

    def _is_too_fast(self, asked: tuple[str, ...], size: str) -> bool:
        now_s, latest_s = time.monotonic(), self._latest.get(asked)
        self._latest[asked] = now_s
        if latest_s is not None and now_s - latest_s < 15.0:
            return True  # the very same within fifteen seconds
        if size in _SMALL and len([one for one in self.requests if one[0] == _HISTORY and one[16] in _SMALL]) > 60:
            return True
        if self.pace is None:
            return False
        count, seconds = self.pace
        if len(self._given) == count and now_s - self._given[0] < seconds:
            return True
        self._given.append(now_s)
        return False


def _row(bar: Bar) -> list[Any]:
    average, count = bar.vwap or bar.close, -1 if bar.trades is None else int(bar.trades)
    return [bar.start_ns // SECOND_NS, bar.open, bar.high, bar.low, bar.close, bar.volume, average, count]


def _nanos(text: str) -> Nanos:
    return round(datetime.strptime(text, "%Y%m%d %H:%M:%S UTC").replace(tzinfo=UTC).timestamp()) * SECOND_NS


class IbkrStocks(HistoryWorld):
    """US stocks at Interactive Brokers."""

    entry = ibkr.VENDOR.history[0]
    tape = ""
    symbols = ("AAPL", "BRK.B", "MSFT")
    faults = frozenset({"error", "cut", "junk", "drop"})
    pages = False
    requests_a_question = 2
    says_how_long = False
    way_s = 0.2
    refuses_before_it_asks = True

    def __init__(
        self, bars: Iterable[Bar], *, pace: tuple[int, float] | None = None, rows_a_page: int | None = None
    ) -> None:
        self.tws = HistoryTws((_at_ibkr(bar) for bar in bars), pace=pace)
        self.tws.refusals["MSFT"] = 200, "No security definition has been found for the request"
        self._clients: list[Any] = []

    def open(self, request: HistoryRequest, *, wrong_keys: bool = False) -> OpenedHistory:
        from actors.vendors.ibkr.history import IbkrHistory

        client = IbkrHistory("127.0.0.1", self.tws.port, deadline_s=request.deadline_s, pacing_s=1.0)
        self._clients.append(client)
        return OpenedHistory(client=client, account="test")

    def fail_next(self, *kinds: str) -> None:
        self.tws.fail_next(*kinds)

    @property
    def requests(self) -> int:
        return self.tws.asked

    @property
    def refused_for_pace(self) -> int:
        return self.tws.refused_for_pace

    def wait_for_requests(self, count: int) -> None:
        self.tws.wait(lambda: self.tws.asked >= count)

    def set_clock(self, now_ns: Nanos) -> None:
        self.tws.date_s = now_ns / SECOND_NS

    def vanish(self) -> None:
        self.tws.stop()
        self.stop = self._leave  # type: ignore[method-assign]

    def stop(self) -> None:
        self._leave()
        self.tws.stop()

    def _leave(self) -> None:
        for client in self._clients:
            client.close()


def _at_ibkr(bar: Bar) -> Bar:
    """Return a bar under the name that Interactive Brokers has for its symbol."""
    return type(bar)(
        **{**{name: getattr(bar, name) for name in bar.__struct_fields__}, "symbol": bar.symbol.replace(".", " ")}
    )
