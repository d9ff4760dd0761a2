"""One session, asked for: who has what of its minutes, and what is known of the others then."""

from collections.abc import Callable

import numpy as np

from actors.data_upkeep.answer_check import check_answer
from actors.fetching.lacking import Day
from actors.fetching.questions import questions
from actors.kernel.ports import BarSource
from actors.market.axis import SessionAxis
from actors.market.validate import Fault, faults
from actors.vendors.history.cells import places, planes
from actors.vendors.history.joining import joined
from actors.vendors.history.pages import HistoryRefused, Page, PageRequest
from actors.vendors.history.source import VendorSource
from messages.columns import BarBatch, Mask
from messages.errors import NotReady
from messages.values import Gap, Nanos


class Asking:
    """The minutes that one session lacks, until everybody was asked.

    Args:
        day: what there is.
        lacking: slots x names.
        now_ns: the time.
        shown: symbols of which each source has shown a bar in this run, by the source's name; grows.
        is_exact: whether no other minutes may be asked for.
        is_complete: whether a minute without a bar is taken to be untraded whatever lies around it.
        allow_negative: whether prices may be zero or below.
        is_market: whether the day's names are all that there were bars of.
    """

    def __init__(
        self,
        day: Day,
        lacking: Mask,
        now_ns: Callable[[], Nanos],
        shown: dict[str, set[str]],
        *,
        is_exact: bool = False,
        is_complete: bool = False,
        allow_negative: bool = False,
        is_market: bool = False,
    ) -> None:
        self.day = day
        self.is_market = is_market
        self.axis = axis = SessionAxis(day.session)
        self._now_ns = now_ns
        self._shown = shown
        self._is_exact = is_exact
        self._is_complete = is_complete
        self._allow_negative = allow_negative
        self.wanted: Mask = lacking & (axis.ends_ns <= now_ns())[:, np.newaxis]
        """What the store lacks of what is over."""
        self.open = self.wanted.copy()
        self._taken: dict[str, list[Page]] = {}
        """By whom: bars of minutes that were open."""
        self.no_trade: list[tuple[str, Mask]] = []
        """By whom: minutes that were never traded."""
        self.abandoned = np.zeros_like(self.open)
        """Minutes that somebody who would have them by now has not."""
        self.refused = 0
        """Bars that cannot be true."""
        self.asked: list[str] = []
        """Who was asked."""
        self.errors: list[str] = []
        self._has_bar, self._trades = day.has_bar, day.trades

    def ask(self, source: BarSource) -> None:
        """Ask a source for what is open.

        Raises:
            HistoryRefused: it will not have us.
            NotReady: it was closed.
        """
        if not self.open.any():
            return
        self.asked.append(source.name)
        vendor = source if isinstance(source, VendorSource) else None
        answered = np.zeros_like(self.open)
        asked = questions(
            self.open,
            self.axis,
            self.day.names,
            most_symbols=source.most_symbols,
            rows_a_page=vendor.entry.rows_a_page if vendor else None,
            is_exact=self._is_exact,
        )
        for gap in asked:
            try:
                if vendor is not None:
                    answered |= self._ask_vendor(vendor, gap)
                else:
                    self._ask_other(source, gap, answered)
            except (HistoryRefused, NotReady):
                raise
            except Exception as error:  # noqa: BLE001  # whatever an upstream raises, its answer is missing
                self.errors.append(str(error) or type(error).__name__)
        if vendor is not None:
            self._judge(vendor, answered)
        self.abandoned = (self.abandoned | answered) & self.open

    def _ask_vendor(self, source: VendorSource, gap: Gap) -> Mask:
        """Return which cells the vendor would have given, had it a bar."""
        came = source.ask(self.day.session, gap.symbols, gap.start_ns, gap.end_ns)
        self._take(source.name, came.bars)
        cells = self._cells(Gap(symbols=gap.symbols, start_ns=gap.start_ns, end_ns=min(gap.end_ns, came.end_ns)))
        cells[:, [name in came.refused for name in self.day.names]] = False
        final = self.axis.ends_ns <= source.final_ns
        return cells & final[:, np.newaxis] & came.is_all_read

    def _ask_other(self, source: BarSource, gap: Gap, answered: Mask) -> None:
        came = check_answer(source.fetch(self.day.session, gap.symbols, gap.start_ns, gap.end_ns))
        self._take(source.name, came.bars)
        told = np.zeros_like(self.open)
        for silent in came.no_trade:
            told |= self._cells(silent)
        final = self.axis.ends_ns + source.delay_ns <= self._now_ns()
        answered |= self._cells(gap) & final[:, np.newaxis]
        self._settle(source.name, (told | (answered & self._cells(gap) & source.is_authoritative)) & ~self._has_bar)

    def _take(self, name: str, bars: BarBatch) -> None:
        """Take the bars of open minutes, as far as they can be true."""
        step_ns = self.axis.step_ns
        if not len(bars) or bars.interval.span_ns != step_ns:
            return
        self._shown.setdefault(name, set()).update(bars.symbols[number] for number in np.unique(bars.symbol_index))
        found = faults(bars.values, bars.start_ns, step_ns=step_ns, allow_negative=self._allow_negative)
        has_bar, trades = planes(self.axis, self.day.names, bars)
        self._trades = np.where(has_bar & ~self._has_bar, trades, self._trades)
        self._has_bar = self._has_bar | has_bar
        rows, slots, columns = places(self.axis, self.day.names, bars)
        is_open = self.open[slots, columns]
        rows, slots, columns = rows[is_open], slots[is_open], columns[is_open]
        is_sane = found[rows] == Fault.SANE
        self.refused += int(np.count_nonzero(~is_sane))
        if is_sane.any():
            keep = np.zeros(len(bars), dtype=np.bool_)
            keep[rows[is_sane]] = True
            self._taken.setdefault(name, []).append(Page(bars=bars.where(keep)))
            self.open[slots[is_sane], columns[is_sane]] = False

    def _judge(self, source: VendorSource, answered: Mask) -> None:
        """Take silence for what it is worth."""
        silent = answered & ~self._has_bar
        if not self._is_complete:
            shown = self._shown.get(source.name, set())
            is_exact = source.entry.is_silence_exact
            is_shown = np.array([is_exact or name in shown for name in self.day.names], dtype=np.bool_)
            in_view = self.axis.ends_ns <= self._now_ns()
            silent &= source.quiet(self._has_bar, self._trades, in_view) & is_shown
        self._settle(source.name, silent)

    def _settle(self, name: str, silent: Mask) -> None:
        cells = silent & self.open
        if cells.any():
            self.no_trade.append((name, cells))
            self.open &= ~cells

    def _cells(self, gap: Gap) -> Mask:
        rows = slice(self.axis.slots_before(gap.start_ns), self.axis.slots_before(gap.end_ns))
        cells = np.zeros_like(self.open)
        cells[rows, [name in gap.symbols for name in self.day.names]] = True
        return cells

    @property
    def count(self) -> int:
        """How many bars were taken."""
        return sum(len(page.bars) for pages in self._taken.values() for page in pages)

    def filled(self, name: str | None = None) -> BarBatch:
        """Return the bars that were taken, of all or of one source."""
        pages = [page for source, pages in self._taken.items() if name in (None, source) for page in pages]
        return joined(pages, PageRequest.of(self.day.session, self.day.names))[0]

    @property
    def fillers(self) -> tuple[str, ...]:
        """Whose bars were taken."""
        return tuple(self._taken)

    @property
    def is_settled(self) -> bool:
        """Whether the session is over, and nothing of it is still to come."""
        return self.day.session.end_ns <= self._now_ns()
