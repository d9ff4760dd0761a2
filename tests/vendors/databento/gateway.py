"""A small gateway that speaks Databento's live protocol, as https://databento.com/docs/api-live says it (raw API).

Lines of text until the session starts: a greeting, a challenge, the answer to it, subscriptions. Then DBN: metadata,
the names of instruments, what is replayed, what happens; and heartbeats.
"""

import hashlib
import math
import socket
from typing import Any

import databento_dbn as dbn

from actors.vendors.databento.keys import DatabentoKey
from messages import Bar, Tick
from messages.values import DAY_NS
from tests.vendors.sockets import SocketServer

KEY = DatabentoKey(key="db-test0123456789abcdef012345")
DATASET = "XNAS.ITCH"
PUBLISHER = 2
_CHALLENGE = "n7Ee5sGz"
_SCALE = 10**9
_FOREVER = (1 << 64) - 1
_RTYPES = {"ohlcv-1m": 33, "ohlcv-1s": 32}


class Session:
    """One connection, from its sign-in on."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.signed_in: dict[str, str] = {}
        self.requests: list[dict[str, str]] = []
        self.is_started = False

    def symbols(self, schema: str) -> set[str]:
        """What was asked for in a schema."""
        asked = (one["symbols"].split(",") for one in self.requests if one["schema"] == schema)
        return {symbol for symbols in asked for symbol in symbols}


class Gateway(SocketServer):
    """One gateway on this machine; may be stopped and started again at the same port.

    Args:
        symbols: what it has, and the number of each.
        refuses: what every sign-in is answered with, in place of a judgement of the key.
        hangs_up: whether it closes every connection at once.
        roots: what continuous contracts stand for.
    """

    def __init__(
        self,
        symbols: dict[str, int] | None = None,
        *,
        refuses: str = "",
        hangs_up: bool = False,
        roots: dict[str, str] | None = None,
    ) -> None:
        self.numbers = symbols or {"A": 1, "B": 2, "C": 3}
        self.refuses = refuses
        self.hangs_up = hangs_up
        self.roots = roots or {}
        self.log: list[tuple[str, str, int, bytes]] = []
        """All that happened: schema, symbol, time of the event, record."""
        self.sign_ins = 0
        super().__init__(Session)

    # --- what a test tells it

    def wait_for_subscribers(self, *symbols: str, schema: str = "ohlcv-1m") -> None:
        """Wait until some started session has asked for all of these."""

        def is_so() -> bool:
            return any(
                one.is_started and ("ALL_SYMBOLS" in one.symbols(schema) or set(symbols) <= one.symbols(schema))
                for one in self.visitors
            )

        self.wait(is_so)

    def happen(self, *bars: Bar, schema: str = "ohlcv-1m", publisher: int = PUBLISHER, is_heard: bool = True) -> None:
        """Let bars be over: send them to who asked for them, and keep them for who asks later."""
        self._publish(schema, [(bar.symbol, bar.start_ns, self.bar(bar, schema, publisher)) for bar in bars], is_heard)

    def trade(self, *ticks: Tick, late_ns: int = 0, sequence: int = 7, is_heard: bool = True) -> None:
        """Let trades happen; they are received ``late_ns`` after it."""
        records = [
            dbn.TradeMsg(
                publisher_id=PUBLISHER,
                instrument_id=self.numbers[tick.symbol],
                ts_event=tick.at_ns - late_ns,
                price=_fixed(tick.price),
                size=int(tick.size),
                action=dbn.Action.TRADE,
                side=dbn.Side.BID,
                depth=0,
                ts_recv=tick.at_ns,
                flags=0,
                ts_in_delta=0,
                sequence=sequence,
            )
            for tick in ticks
        ]
        named = zip(ticks, records, strict=True)
        self._publish("trades", [(tick.symbol, record.ts_event, bytes(record)) for tick, record in named], is_heard)

    def bar(self, bar: Bar, schema: str = "ohlcv-1m", publisher: int = PUBLISHER) -> bytes:
        """Return a bar's record."""
        prices = {name: _fixed(getattr(bar, name)) for name in ("open", "high", "low", "close")}
        return bytes(
            dbn.OHLCVMsg(
                rtype=_RTYPES[schema],
                publisher_id=publisher,
                instrument_id=self.numbers.get(bar.symbol, 99),
                ts_event=bar.start_ns,
                volume=int(bar.volume),
                **prices,
            )
        )

    def error(self, code: Any, text: str) -> None:
        """Send an error to everybody."""
        self.send_raw(bytes(dbn.ErrorMsg(ts_event=0, err=text, code=code)))

    def beat(self) -> None:
        """Send a heartbeat to everybody."""
        self.send_raw(bytes(dbn.SystemMsg(ts_event=0, msg="Heartbeat", code=dbn.SystemCode.HEARTBEAT)))

    def send_raw(self, data: bytes) -> None:
        """Send any bytes at all to everybody whose session has started."""
        with self._changed:
            for session in self.visitors:
                if session.is_started:
                    session.connection.sendall(data)

    # --- how it answers

    def _converse(self, session: Session) -> None:
        if self.hangs_up:
            return
        session.connection.sendall(b"lsg_version=0.7.0\n" + f"cram={_CHALLENGE}\n".encode())
        lines = session.connection.makefile("rb")
        if self._sign_in(session, _fields(lines.readline())):
            while line := lines.readline():
                self._hear(session, _fields(line))

    def _sign_in(self, session: Session, said: dict[str, str]) -> bool:
        expected = hashlib.sha256(f"{_CHALLENGE}|{KEY.key}".encode()).hexdigest() + "-" + KEY.key[-5:]
        is_right = said.get("auth") == expected and said.get("dataset") == DATASET and said.get("encoding") == "dbn"
        error = self.refuses or ("" if is_right else "User authentication failed")
        session.signed_in = said
        with self._changed:
            self.sign_ins += 1
            self._changed.notify_all()
        session.connection.sendall((f"success=0|error={error}\n" if error else "success=1|session_id=42\n").encode())
        return not error

    def _hear(self, session: Session, said: dict[str, str]) -> None:
        with self._changed:
            if "start_session" in said:
                session.is_started = True
                session.connection.sendall(metadata())
                for request in session.requests:
                    self._begin(session, request)
            else:
                session.requests.append(said)
                self.requests.append(said)
                if session.is_started:
                    self._begin(session, {**said, "start": ""})
            self._changed.notify_all()

    def _begin(self, session: Session, request: dict[str, str]) -> None:
        """Name the instruments of a subscription, and send what was asked for of the past."""
        asked = request["symbols"].split(",")
        for symbol in list(self.numbers) if asked == ["ALL_SYMBOLS"] else asked:
            own = self.roots.get(symbol, symbol)
            if own in self.numbers:
                session.connection.sendall(naming(symbol, own, self.numbers[own]))
            else:
                error = dbn.ErrorMsg(
                    ts_event=0,
                    err=f"Failed to resolve symbol '{symbol}'",
                    code=dbn.ErrorCode.SYMBOL_RESOLUTION_FAILED,
                )
                session.connection.sendall(bytes(error))
        if request.get("start"):
            for schema, symbol, at_ns, record in self.log:
                is_asked = asked == ["ALL_SYMBOLS"] or symbol in {self.roots.get(one, one) for one in asked}
                if schema == request["schema"] and is_asked and at_ns >= int(request["start"]):
                    session.connection.sendall(record)

    def _publish(self, schema: str, records: list[tuple[str, int, bytes]], is_heard: bool) -> None:
        with self._changed:
            self.log += [(schema, symbol, at_ns, record) for symbol, at_ns, record in records]
            for session in self.visitors if is_heard else ():
                asked = session.symbols(schema)
                known = {self.roots.get(symbol, symbol) for symbol in asked}
                wanted = [record for symbol, _, record in records if symbol in known or "ALL_SYMBOLS" in asked]
                if session.is_started and wanted:
                    session.connection.sendall(b"".join(wanted))


def naming(asked: str, own: str, number: int) -> bytes:
    """Return the record that names an instrument."""
    record = dbn.SymbolMappingMsg(
        publisher_id=0,
        instrument_id=number,
        ts_event=0,
        stype_in=dbn.SType.RAW_SYMBOL,
        stype_in_symbol=asked,
        stype_out=dbn.SType.INSTRUMENT_ID,
        stype_out_symbol=own,
        start_ts=_FOREVER,
        end_ts=_FOREVER,
    )
    return bytes(record)


def _fixed(price: float) -> int:
    return dbn.UNDEF_PRICE if math.isnan(price) else round(price * _SCALE)


def metadata() -> bytes:
    """Return what records begin with."""
    made = dbn.Metadata(
        dataset=DATASET, start=DAY_NS, end=None, stype_in=None, stype_out=dbn.SType.INSTRUMENT_ID, schema=None,
        symbols=[], partial=[], not_found=[], mappings=[],
    )  # fmt: skip
    return made.encode()


def _fields(line: bytes) -> dict[str, str]:
    pairs = (part.partition("=") for part in line.decode().strip().split("|"))
    return {name: value for name, _, value in pairs}
