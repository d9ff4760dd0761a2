"""Newline-delimited JSON from any program in any language; ``jsonlines.line_format`` says what a line may be."""

import threading
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from actors.feeds.gathered import Gathering
from actors.feeds.jsonlines.line_format import (
    AnyLine,
    BadInstant,
    BarLine,
    CancelLine,
    CorrectionLine,
    DayVolumeLine,
    HeartbeatLine,
    QuoteLine,
    StatusLine,
    TickLine,
    decoder,
    nanos,
    rejection,
)
from actors.feeds.jsonlines.line_source import LineSource, SocketSource
from actors.feeds.port import POLL_S
from actors.feeds.wanted import WantedSymbols
from messages.errors import UNREADABLE, ConnectionLost
from messages.feeds import DayVolumeReported, FeedItem, Rejection, TradeAmended, TradingStatusChanged
from messages.values import ONE_MINUTE, Bar, Interval, Quote, Tick

_RareLine: TypeAlias = (
    BarLine | CancelLine | CorrectionLine | StatusLine | DayVolumeLine | HeartbeatLine
)  # but quotes and trades, of which there are hundreds to each of the others

LONGEST_LINE = 1 << 20
"""In bytes. A longer line is rejected, however long it goes on."""


class JsonLinesFeed:
    """Decodes the lines of a source, strictly: a bad one is reported with its number and never stops the feed.

    Symbols that are not wanted are left out; the sender is not asked to do so.

    Args:
        source: where the lines come from.
        name: who it is.
        has_bars: whether its bars are used; else they are folded from its ticks.
        interval: the length of its bars.
    """

    def __init__(
        self,
        source: LineSource,
        *,
        name: str = "jsonlines",
        has_bars: bool = True,
        interval: Interval | str = ONE_MINUTE,
    ) -> None:
        self.name = name
        self.has_bars = has_bars
        self._source = source
        self.interval = Interval.parse(interval)
        self._wanted = WantedSymbols()
        self._decoder = decoder()
        self._cutter = LineCutter()

    @property
    def is_remote(self) -> bool:
        """Whether its lines come over the network."""
        return self._source.is_remote

    @property
    def is_probed(self) -> bool:
        """Whether the network asks the far side for signs of life."""
        return isinstance(self._source, SocketSource) and self._source.is_probed

    def connect(self, stopping: threading.Event) -> None:  # noqa: ARG002  # it gives up by itself within a second
        """Open the source; lines are counted anew."""
        self._source.open()
        self._cutter = LineCutter()

    def subscribe(self, symbols: Iterable[str]) -> None:
        """Use these too."""
        self._wanted.add(symbols)

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Use these no more."""
        self._wanted.drop(symbols)

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        """Yield what each chunk of lines held; ends where the source does."""
        try:
            while (chunk := self._source.read(POLL_S)) is not None:
                yield self._items(chunk)
        except ConnectionLost:
            yield self._last_line()
            raise
        yield self._last_line()

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _last_line(self) -> tuple[FeedItem, ...]:
        """Take what came after the last end of a line for a line."""
        return self._items(b"\n")

    def _items(self, chunk: bytes) -> tuple[FeedItem, ...]:
        whole = self._cutter.whole(chunk)
        gathering = self._read_at_once(whole) or self._read_one_by_one(whole)
        return gathering.items()

    def _read_at_once(self, whole: bytes) -> Gathering | None:
        """Read lines together, in a quarter of the time; ``None`` if anything is wrong with any of them."""
        count = whole.count(b"\n")
        # Read together, lines are nothing but white space between objects. None holds an object in an object, so where
        # each begins with a brace, and there are as many objects as lines, each is one.
        if len(whole) > LONGEST_LINE or whole[:1] != b"{" or whole.count(b"\n{") != count - 1:
            return None
        gathering = Gathering(self.name)
        try:
            lines = self._decoder.decode_lines(whole)
            if len(lines) != count:
                return None
            self._add_all(lines, gathering)
        except (*UNREADABLE, BadInstant):
            return None
        self._cutter.skip(count)
        return gathering

    def _add_all(self, lines: list[AnyLine], gathering: Gathering) -> None:
        """Add lines, kind by kind: they are told by kind."""
        kinds = set(map(type, lines))
        if QuoteLine in kinds:
            gathering.add_quotes(_quotes(self._wanted.those([line for line in lines if type(line) is QuoteLine])))
        if TickLine in kinds:
            ticks = self._wanted.those([line for line in lines if type(line) is TickLine])
            gathering.add_ticks(_ticks(ticks), [str(line.id) for line in ticks])
        if kinds - {QuoteLine, TickLine}:
            for line in lines:
                if not isinstance(line, QuoteLine | TickLine):
                    self._add(line, gathering)

    def _read_one_by_one(self, whole: bytes) -> Gathering:
        gathering = Gathering(self.name)
        for number, line in self._cutter.lines(whole):
            if len(line) > LONGEST_LINE:
                gathering.reject(_too_long(number, line))
                continue
            try:
                self._add_all([self._decoder.decode(line)], gathering)
            except (*UNREADABLE, BadInstant) as error:
                gathering.reject(rejection(number, line, error))
        return gathering

    def _add(self, line: _RareLine, gathering: Gathering) -> None:
        if isinstance(line, HeartbeatLine):
            gathering.heartbeat()
        elif line.symbol not in self._wanted:
            return
        elif isinstance(line, BarLine) and line.final is False:
            gathering.heartbeat()  # a bar in the making
        elif isinstance(line, BarLine):
            bar = _bar(line, self.interval)
            gathering.bar(bar, is_correction=line.correction, is_final=line.final is True)
        else:
            gathering.rare(_rarity(line, self.name))


class LineCutter:
    """Cuts bytes into lines, counted from 1; of a line that is too long only the beginning is kept."""

    def __init__(self) -> None:
        self._rest = b""
        self._number = 0

    def whole(self, chunk: bytes) -> bytes:
        """Return the lines that are complete now, each with its end; keep the rest."""
        complete, end, rest = chunk.rpartition(b"\n")
        whole = self._rest + complete + end if end else b""
        self._rest = (b"" if end else self._rest) + rest
        self._rest = self._rest[: LONGEST_LINE + 1]
        return whole

    def lines(self, whole: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield lines that are complete, empty ones left out."""
        for line in whole.split(b"\n")[:-1]:
            self._number += 1
            if line.strip():
                yield self._number, line

    def skip(self, count: int) -> None:
        """Count lines that are read already."""
        self._number += count


def _too_long(number: int, line: bytes) -> Rejection:
    seen = line[:200].decode("utf-8", "replace")
    return Rejection(number=number, field="", expected=f"a line of at most {LONGEST_LINE} bytes", seen=seen)


def _bar(line: BarLine, interval: Interval) -> Bar:
    return Bar(
        symbol=line.symbol,
        start_ns=nanos(line.start, "start"),
        open=line.open,
        high=line.high,
        low=line.low,
        close=line.close,
        volume=line.volume,
        vwap=line.vwap,
        trades=line.trades,
        interval=interval,
    )


def _ticks(lines: Iterable[TickLine]) -> list[Tick]:
    return [
        Tick(
            symbol=line.symbol,
            at_ns=at if type(at := line.at) is int else nanos(at, "at"),
            price=line.price,
            size=line.size,
            conditions=line.conditions,
            tape=line.tape,
        )
        for line in lines
    ]


def _quotes(lines: Iterable[QuoteLine]) -> list[Quote]:
    return [
        Quote(
            symbol=line.symbol,
            at_ns=at if type(at := line.at) is int else nanos(at, "at"),
            bid=line.bid,
            ask=line.ask,
            bid_size=line.bid_size,
            ask_size=line.ask_size,
        )
        for line in lines
    ]


def _rarity(
    line: CancelLine | CorrectionLine | StatusLine | DayVolumeLine, feed: str
) -> TradeAmended | TradingStatusChanged | DayVolumeReported:
    if isinstance(line, DayVolumeLine):
        start_ns = nanos(line.start, "start")
        return DayVolumeReported(feed=feed, symbol=line.symbol, start_ns=start_ns, volume=line.volume)
    if isinstance(line, StatusLine):
        return _status(line, feed)
    cancelled = TradeAmended(
        feed=feed,
        symbol=line.symbol,
        trade_id=str(line.id),
        at_ns=nanos(line.at, "at"),
        price=line.price,
        size=line.size,
    )
    if isinstance(line, CancelLine):
        return cancelled
    return msgspec.structs.replace(
        cancelled,
        corrected_price=line.corrected_price,
        corrected_size=line.corrected_size,
        corrected_id=str(line.corrected_id),
    )


def _status(line: StatusLine, feed: str) -> TradingStatusChanged:
    return TradingStatusChanged(
        feed=feed,
        symbol=line.symbol,
        at_ns=nanos(line.at, "at"),
        code=line.code,
        message=line.message,
        reason_code=line.reason_code,
        reason=line.reason,
        is_halted=line.halted,
    )
