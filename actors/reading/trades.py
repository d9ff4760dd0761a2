"""Files of single trades: which rows can be trades, and the minute bars of those that can."""

from collections.abc import Collection, Iterator

import msgspec
import numpy as np

from actors.reading.assemble import Assembler
from actors.reading.fold import MinuteBars, Sets, TickFolder
from actors.reading.format import EXAMPLES, Block, Broken, BrokenRow, Hints, RawBars
from messages.errors import DataError
from messages.tables.columns import Floats, Indices, Mask, Stamps
from messages.values import ONE_MINUTE, Interval

_NO_STAMPS = np.empty(0, dtype=np.int64)


class Refused:
    """Rows that are left out, by reason, with the first few of each."""

    def __init__(self) -> None:
        self._by_reason: dict[str, Broken] = {}

    def add(self, reason: str, rows: list[BrokenRow], count: int, blank: int = 0) -> None:
        """Count rows of which ``rows`` are the first few."""
        before = self._by_reason.get(reason, Broken(reason=reason))
        if count or blank:
            self._by_reason[reason] = Broken(
                rows=(*before.rows, *rows)[:EXAMPLES],
                count=before.count + count,
                blank=before.blank + blank,
                reason=reason,
            )

    def add_broken(self, broken: Broken) -> None:
        """Count the rows of a block that could not be read."""
        self.add(broken.reason, list(broken.rows), broken.count, broken.blank)

    def __iter__(self) -> Iterator[Broken]:
        return iter(self._by_reason.values())


class TradeTape:
    """Takes a file's trades piece by piece and gives their one-minute bars."""

    def __init__(self, assembler: Assembler, symbols: Collection[str] = ("",)) -> None:
        """Say who makes bars of one's minutes, and the symbol table of the trades, which may grow with them."""
        self._assembler = assembler
        self._symbols = symbols
        self._folder = TickFolder(assembler.base.span_ns)
        self._refused = Refused()
        self._trades = self._suspicious = 0

    def add(
        self,
        at_ns: Stamps,
        price: Floats,
        size: Floats,
        rows: Stamps,
        *,
        symbol_index: Indices | None = None,
        sets: Sets | None = None,
    ) -> None:
        """Take some trades; those without a positive size, and a price that may be, are left out and counted.

        ``sets`` is what each may set of its bar (``fold_ticks``).
        """
        index = np.zeros(len(at_ns), dtype=np.int32) if symbol_index is None else symbol_index
        least = -np.inf if self._assembler.allow_negative else 0.0
        keep = self._judged(price, "price", rows, least)
        keep &= self._judged(size, "size", rows, 0.0, among=keep)
        if not keep.all():
            at_ns, price, size, index, rows = at_ns[keep], price[keep], size[keep], index[keep], rows[keep]
            sets = None if sets is None else sets[keep]
        self._trades += len(at_ns)
        self._folder.add(at_ns, price, size, index, rows, sets=sets)

    def add_broken(self, broken: Broken) -> None:
        """Count rows that could not be read."""
        self._refused.add_broken(broken)

    def leave_out(self, suspicious: int) -> None:
        """Count trades that the vendor itself calls suspicious."""
        self._suspicious += suspicious

    def bars(self) -> Iterator[RawBars]:
        """Yield the bars of all trades, and what was left out."""
        bars = self._folder.finish()
        if self._trades and not len(bars):
            said = "by its sale conditions none may set a price; --sale-conditions none lets all do"
            raise DataError(f"{self._trades} trades and no bar: {said}")
        if len(bars):
            self._assembler.remark(made(self._trades, "trade", bars, self._assembler.base))
        if self._suspicious:
            trades, are = ("trade", "is") if self._suspicious == 1 else ("trades", "are")
            self._assembler.remark(f"{self._suspicious} {trades} that the vendor marks as suspicious {are} left out")
        yield from assembled(self._assembler, bars, tuple(self._symbols), self._refused)

    def _judged(self, numbers: Floats, field: str, rows: Stamps, least: float, among: Mask | None = None) -> Mask:
        is_sound: Mask = np.isfinite(numbers) & (numbers > least)
        wrong = np.flatnonzero(~is_sound if among is None else ~is_sound & among)
        examples = [
            BrokenRow(row=int(rows[place]), field=field, seen=f"{numbers[place]:.10g}", expected=f"a {field} above 0")
            for place in wrong[:EXAMPLES].tolist()
        ]
        self._refused.add(f"{field}_not_positive", examples, len(wrong))
        return is_sound


def made(count: int, what: str, bars: MinuteBars, base: Interval = ONE_MINUTE) -> str:
    """Return the sentence that says of how many rows the bars were made."""
    rows = f"1 {what} makes" if count == 1 else f"{count} {what}s make"
    length = "one-minute" if base == ONE_MINUTE else str(base)
    return f"{rows} {len(bars)} {length} {'bar' if len(bars) == 1 else 'bars'}"


def assembled(assembler: Assembler, bars: MinuteBars, symbols: tuple[str, ...], refused: Refused) -> Iterator[RawBars]:
    """Yield folded bars, and a block without bars for each further reason to leave a row out."""
    if len(bars):
        yield from assembler.assembled(_block(bars, symbols))
    for broken in refused:
        nothing = Block(
            stamps_ns=_NO_STAMPS,
            symbols=symbols,
            symbol_index=np.empty(0, dtype=np.int32),
            values=np.empty((len(bars.values), 0)),
            rows=_NO_STAMPS,
            broken=broken,
        )
        yield from assembler.assembled(nothing)
    assembler.finish()


def _block(bars: MinuteBars, symbols: tuple[str, ...]) -> Block:
    return Block(
        stamps_ns=bars.start_ns,
        symbols=symbols,
        symbol_index=bars.symbol_index,
        values=bars.values,
        rows=bars.rows,
    )


def without_stamp(hints: Hints) -> Hints:
    """Return the hints without the end of the bar that stamps are: a trade has an instant."""
    return msgspec.structs.replace(hints, stamp=None)
