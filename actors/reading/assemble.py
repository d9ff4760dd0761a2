"""From columns as a file has them to bars in UTC, labelled by their start: what every format needs last."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np

from actors.reading.dates import Written
from actors.reading.format import IN_STAMPS, Ambiguous, Block, BrokenRow, Format, Hints, RawBars, Stamp, ZoneMissing
from actors.reading.naming import OfName, of_name
from actors.reading.spelling import flags
from actors.reading.stamps import localise
from messages.errors import DataError
from messages.tables.columns import CLOSE, VWAP, Floats, Stamps
from messages.values import DAY_NS, MINUTE_NS, ONE_MINUTE, SECOND_NS, Interval

_LOCAL_ROWS = 4 << 20
_LAST_SECOND = "the stamps are the last second of a minute: read as its end"
_TWICE = "an hour occurs twice because clocks went back; the order of the rows tells its two passes apart"
_EVENING_NS, _NOON_NS, _FEW = 15 * 60 * MINUTE_NS, 12 * 60 * MINUTE_NS, 30
NO_VOLUME = "there is no volume column: every volume is 0"


class HalfDays:
    """Looks at clock times in the order of a file: 12:59, then 01:00, says that the halves of the day are missing."""

    def __init__(self) -> None:
        self._latest = self._rising = self._jumps = 0

    def note(self, block: Block) -> None:
        """Take the rows of a block with local stamps."""
        if self._latest > 12 or len(block.stamps_ns) < 2:
            return
        hours = block.stamps_ns // (60 * MINUTE_NS)
        of_day = hours % 24
        self._latest = max(self._latest, int(of_day.max()))
        if self._latest > 12:
            return
        steps = np.diff(block.stamps_ns)
        is_near = (np.diff(hours // 24) == 0) & (np.diff(block.symbol_index) == 0)
        edges = ((of_day[:-1] == 12) & (of_day[1:] == 1), (of_day[:-1] == 1) & (of_day[1:] == 12))
        self._rising += int(np.sign(steps).sum())
        self._jumps += int(np.count_nonzero(edges[0] & is_near)) - int(np.count_nonzero(edges[1] & is_near))

    def check(self) -> None:
        """Check that times of the afternoon are told from those of the morning.

        Raises:
            DataError: they are not.
        """
        if self._latest == 12 and self._jumps * self._rising > 0:
            raise DataError(
                "clock times go on from 12:59 with 01:00, and none is later: whether they are before or after noon is "
                "missing; write the file again with 24 hours, or with AM and PM"
            )


class TradingDays:
    """Looks at dates in the order of a file: an evening before the morning of its date says that dates are sessions'.

    So futures are written that are traded at night; with such a date the evening would be a day too late.
    """

    def __init__(self) -> None:
        self._turns = np.zeros((2, 2), dtype=np.int64)
        """Of rows that ascend and rows that descend: turns from evening to morning within a date, other turns back."""
        self._dates = self._rows = 0

    def note(self, block: Block) -> None:
        """Take the rows of a block with local stamps."""
        if len(block.stamps_ns) < 2:
            return
        steps = np.diff(block.stamps_ns)
        first, last = block.stamps_ns[[0, -1]] // DAY_NS
        if first == last and len(steps) > 1 and len(block.symbols) == 1 and steps.min() > 0:
            # From morning to evening once at most, so the other steps are those of no file that descends.
            self._turns[1, 1] += len(steps)
            self._dates, self._rows = self._dates + 1, self._rows + len(steps)
            return
        dates, clocks = np.divmod(block.stamps_ns, DAY_NS)
        same = np.diff(block.symbol_index) == 0
        of_date, evening, morning = same & (np.diff(dates) == 0), clocks >= _EVENING_NS, clocks <= _NOON_NS
        for way, (back, turned) in enumerate(
            ((steps < 0, evening[:-1] & morning[1:]), (steps > 0, morning[:-1] & evening[1:]))
        ):
            turns = np.count_nonzero(back & turned & of_date)
            self._turns[way] += (turns, np.count_nonzero(back & same) - turns)
        self._dates += 1 + int(np.count_nonzero(same & (np.diff(dates) != 0)))
        self._rows += len(steps)

    def check(self) -> None:
        """Check that the evening comes last of its date.

        Raises:
            Ambiguous: it comes first, on nearly all dates and in rows that are in order otherwise.
        """
        if any(turns * 2 > self._dates and not others for turns, others in self._turns.tolist()) and self._rows > _FEW:
            raise Ambiguous(
                "of each date the evening comes before the morning: dates are those of sessions, and not of clocks, "
                "so that evenings would lie a day too late; write the file again with the date of each stamp"
            )


def _without_edges(block: Block) -> Block:
    """Return a block whose symbols have no blanks around them."""
    bare = [symbol.strip() for symbol in block.symbols]
    if bare == list(block.symbols):
        return block
    place = {symbol: number for number, symbol in enumerate(dict.fromkeys(bare))}
    index = np.array([place[symbol] for symbol in bare], dtype=np.int32)[block.symbol_index]
    return msgspec.structs.replace(block, symbols=tuple(place), symbol_index=index)


class Assembler:
    """Makes bars of one file's columns. Without a zone for local stamps it collects them, and ``finish`` tells."""

    def __init__(
        self,
        fmt: Format,
        hints: Hints,
        path: Path,
        *,
        is_local: bool,
        symbol: str = "",
        market: str = "",
        strangers: tuple[str, ...] = (),
        written: Written | None = None,
    ) -> None:
        """Say what is known of the file.

        Args:
            fmt: its format.
            hints: what the user says.
            path: where it is.
            is_local: whether its stamps need a zone.
            symbol: the symbol of rows that name none; else the file's name gives it.
            market: where the symbols are at home, where the vendor says so.
            strangers: columns of words whose names nobody knows, where none is of symbols.
            written: how dates and times are written, where people wrote them.
        """
        self._fmt = fmt
        self._hints = hints
        self._path = path
        self._symbol = symbol
        self._name: OfName | None = None
        self._is_local = is_local
        self._market = market
        self._strangers = strangers
        self._written = written
        self._zone = fmt.zone(hints) if is_local else "UTC"
        self._without_zone: list[Stamps] = []
        self._unread: BrokenRow | None = None
        self._remarks: tuple[str, ...] = ()
        self._halves, self._days = HalfDays(), TradingDays()
        if hints.tz and not is_local:
            self.remark(f"the stamps say their zone or are counted from 1970 in UTC: --tz {hints.tz} has no effect")

    @property
    def base(self) -> Interval:
        """The length of the bars that are wanted."""
        return self._hints.base

    @property
    def allow_negative(self) -> bool:
        """Whether prices may be zero or below."""
        return self._hints.may_be_negative(self._fmt.calendar or "")

    def remark(self, sentence: str) -> None:
        """Say something of every block to come."""
        self._remarks += (sentence,)

    def assembled(self, block: Block) -> Iterator[RawBars]:
        """Yield the bars of some rows; nothing while the zone is unknown.

        Raises:
            DataError: nothing gives the symbol, or the one given fits several.
        """
        block = _without_edges(block)
        if self._is_local:
            self._halves.note(block)
            self._days.note(block)
        if self._zone is None:
            self._keep_local(block.stamps_ns)
            self._unread = self._unread or next(iter(block.broken.rows), None)
            return
        moments = localise(block.stamps_ns, self._zone, block.symbol_index)
        if moments.told_apart and _TWICE not in self._remarks:
            self.remark(_TWICE)
        if block.has_left_out and flags.LEFT_OUT not in self._remarks:
            self.remark(flags.LEFT_OUT)
        symbols, stated = self._named(block)
        start_ns, stamp = self._starts(moments.utc_ns)
        yield RawBars(
            symbols=symbols,
            name=self._name if symbols == (self._symbol,) else None,
            stated=stated,
            strangers=self._strangers,
            written=self._written,
            zone=self._zone if self._is_local else IN_STAMPS,
            stamp=stamp,
            symbol_index=block.symbol_index,
            start_ns=start_ns,
            values=self._scaled(block.values),
            rows=block.rows,
            broken=block.broken,
            remarks=self._remarks,
            ambiguous=moments.ambiguous,
            nonexistent=moments.nonexistent,
            calendar=self._fmt.calendar,
            market=self._market,
            share=block.share,
        )

    def finish(self) -> None:
        """Say that the file is at its end.

        Raises:
            ZoneMissing: its stamps are local and nobody said where.
            DataError: and none of them can be read; or clock times do not say which half of the day they are of, or
                dates not which day.
        """
        self._halves.check()
        self._days.check()
        if not self._without_zone:
            return
        local_ns = np.concatenate(self._without_zone)
        if not len(local_ns) and self._unread is not None:
            said = f"in row {self._unread.row} {self._unread.field} is {self._unread.seen!r}"
            raise DataError(f"no row can be read: {said}, expected {self._unread.expected}")
        if not len(local_ns):
            raise DataError("there are no rows")
        raise ZoneMissing(local_ns)

    def _keep_local(self, local_ns: Stamps) -> None:
        # Of a very large file the first rows tell where it may be from; the edges are told of all of it.
        if sum(map(len, self._without_zone)) > _LOCAL_ROWS and len(local_ns):
            local_ns = np.array([local_ns.min(), local_ns.max()])
        self._without_zone.append(local_ns)

    def _starts(self, stamps_ns: Stamps) -> tuple[Stamps, Stamp]:
        """Return the starts of bars, and which end of them their stamps are."""
        if self.base != ONE_MINUTE:
            end = self._fmt.stamped(self._hints)
            return stamps_ns - (self.base.span_ns if end is Stamp.END else 0), end
        is_said = self._fmt.stamp is not None or self._hints.stamp is not None
        is_end = self._fmt.stamped(self._hints) is Stamp.END
        if is_said and not is_end:
            return stamps_ns, Stamp.START
        is_last_second = stamps_ns % MINUTE_NS >= MINUTE_NS - SECOND_NS
        if len(stamps_ns) and is_last_second.all() and not is_said:
            is_end = True
            if _LAST_SECOND not in self._remarks:
                self.remark(_LAST_SECOND)
        if not is_end:
            return stamps_ns, Stamp.START
        return np.where(is_last_second, stamps_ns // MINUTE_NS * MINUTE_NS, stamps_ns - MINUTE_NS), Stamp.END

    def _scaled(self, values: Floats) -> Floats:
        if self._fmt.price_scale != 1.0:
            values[: CLOSE + 1] /= self._fmt.price_scale
            values[VWAP : VWAP + 1] /= self._fmt.price_scale
        return values

    def _named(self, block: Block) -> tuple[tuple[str, ...], str]:
        """Return the symbols of a block, and the one that the file states where the user says another."""
        symbols = block.symbols
        if not self._hints.symbol:
            return tuple(symbol or self._of_name(block.stamps_ns) for symbol in symbols), ""
        if len(symbols) > 1:
            raise DataError(f"the file names its own symbols ({', '.join(symbols[:3])} ...): leave --symbol out")
        stated = next(iter(symbols), "")
        if not stated:
            with suppress(DataError):
                stated = self._of_name(block.stamps_ns)
        return (self._hints.symbol,), stated

    def _of_name(self, stamps_ns: Stamps) -> str:
        if not self._symbol:
            span = (int(stamps_ns.min()), int(stamps_ns.max())) if len(stamps_ns) else None
            self._name = of_name(self._path, span)
            self._symbol = self._name.symbol
        return self._symbol
