"""A small TWS that speaks the socket protocol of Interactive Brokers as ``ib_async`` speaks it (version 178, text).

A message is its length in four bytes, and fields that end with a zero byte; the first of them says what it is:
https://interactivebrokers.github.io/tws-api/message_codes.html has the codes of errors.
"""

import socket
import struct
import time
from typing import Any

from messages import Bar
from messages.values import SECOND_NS
from tests.vendors.sockets import SocketServer

_VERSION = 178
_TIME, _REAL_TIME_BARS, _NO_REAL_TIME_BARS, _START = "49", "50", "51", "71"


class Client:
    """One connection, and what it has asked for."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.number = -1
        self.bars: dict[str, str] = {}
        """By number of the request the symbol."""
        self.is_in = False

    def send(self, *fields: Any) -> None:
        self.connection.sendall(framed(*fields))


class Tws(SocketServer):
    """One TWS on this machine; may be stopped and started again at the same port.

    Args:
        most_new: so many requests for bars it takes, and refuses the rest for their pace.
    """

    def __init__(self, *, most_new: int = 10**9) -> None:
        self.most_new = most_new
        self.taken: set[int] = set()
        """Numbers of clients under which others are connected."""
        self.refusals: dict[str, tuple[int, str]] = {
            "NONE": (200, "No security definition has been found for the request")
        }
        """By symbol what a request for it is answered with."""
        self.date_s: float | None = None
        """What time it says it is; ``None``: what time it is."""
        super().__init__(Client)

    # --- what a test tells it

    def wait_for_subscribers(self, *symbols: str) -> None:
        """Wait until some client has asked for the bars of these, and no more than these."""
        self.wait(lambda: any(set(client.bars.values()) == set(symbols) for client in self.visitors))

    def shorts(self, *bars: Bar) -> None:
        """Send five-second bars to who asked for them."""
        with self._changed:
            for bar in bars:
                for client in self.visitors:
                    for number, symbol in client.bars.items():
                        if symbol == bar.symbol:
                            client.send(*real_time_bar(number, bar))

    def happen(self, *bars: Bar) -> None:
        """Let minutes be over: all their trades were in the first five seconds."""
        for bar in bars:
            self.shorts(*five_seconds(bar))

    def say(self, code: int, text: str, symbol: str | None = None) -> None:
        """Say something of the connection, or of a symbol's request."""
        with self._changed:
            for client in self.visitors:
                numbers = [number for number, asked in client.bars.items() if asked == symbol] or [-1]
                client.send(4, 2, numbers[0], code, text, "")

    def send_raw(self, data: bytes) -> None:
        """Send any bytes at all to everybody."""
        with self._changed:
            for client in self.visitors:
                client.connection.sendall(data)

    # --- how it answers

    def _converse(self, client: Client) -> None:
        stream = client.connection.makefile("rb")
        opening, versions = stream.read(4), _message(stream)
        if not versions:
            return  # who gives up waiting leaves without a word
        assert (opening, versions[0][:9]) == (b"API\0", "v157..178")
        client.send(_VERSION, "20240702 09:30:00 EST")
        while fields := _message(stream):
            with self._changed:
                self._hear(client, fields)
                self._changed.notify_all()

    def _hear(self, client: Client, fields: list[str]) -> None:
        self.requests.append(fields)
        if fields[0] == _START:
            client.number = int(fields[2])
            if client.number in self.taken:
                client.send(4, 2, -1, 326, "Unable to connect as the client id is already in use", "")
                raise OSError
            client.send(15, 1, "DU1234567")
            client.send(9, 1, 1)
            client.send(4, 2, -1, 2104, "Market data farm connection is OK:usfarm", "")
            client.is_in = True
        elif fields[0] == _TIME:
            client.send(49, 1, round(time.time() if self.date_s is None else self.date_s))
        elif fields[0] == _REAL_TIME_BARS:
            self._begin(client, fields[2], fields[3:15])
        elif fields[0] == _NO_REAL_TIME_BARS:
            client.bars.pop(fields[2], None)

    def _begin(self, client: Client, number: str, contract: list[str]) -> None:
        symbol = contract[1] or contract[10]
        asked = sum(request[0] == _REAL_TIME_BARS for request in self.requests)
        if symbol in self.refusals:
            client.send(4, 2, number, *self.refusals[symbol], "")
        elif asked > self.most_new:
            client.send(4, 2, number, 420, "Invalid Real-time Query:Historical data request pacing violation", "")
        else:
            client.bars[number] = symbol


def five_seconds(bar: Bar) -> list[Bar]:
    """Return the twelve bars of a minute, of which only the first was traded in."""
    return [
        Bar(
            symbol=bar.symbol,
            start_ns=bar.start_ns + number * 5 * SECOND_NS,
            open=bar.open if number == 0 else bar.close,
            high=bar.high if number == 0 else bar.close,
            low=bar.low if number == 0 else bar.close,
            close=bar.close,
            volume=bar.volume if number == 0 else 0.0,
            vwap=bar.vwap if number == 0 else None,
            trades=bar.trades if number == 0 else 0,
        )
        for number in range(12)
    ]


def framed(*fields: Any) -> bytes:
    """Return a message as it is sent."""
    body = b"".join(str(field).encode() + b"\0" for field in fields)
    return struct.pack(">I", len(body)) + body


def real_time_bar(number: str, bar: Bar) -> list[Any]:
    """Return the fields of a short bar that answers a request."""
    prices = (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.vwap or 0.0)
    count = -1 if bar.trades is None else int(bar.trades)
    return [50, 3, number, bar.start_ns // SECOND_NS, *prices, count]


def _message(stream: Any) -> list[str]:
    head = stream.read(4)
    if len(head) < 4:
        return []
    body = stream.read(struct.unpack(">I", head)[0]).decode()
    return body.removesuffix("\0").split("\0")
