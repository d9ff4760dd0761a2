"""One session, asked for: who has what of its minutes, and what is known of the others then."""

from collections.abc import Callable, Collection
from typing import ParamSpec

import numpy as np

from actors.data_upkeep.answer_check import check_answer
from actors.fetching.came import Came
from actors.fetching.lacking import Day
from actors.fetching.questions import questions
from actors.kernel.ports import BarSource, HoldsSessions, SourceAnswer
from actors.kernel.shelter import is_failure
from actors.market.axis import SessionAxis
from actors.market.validate import Fault, faults
from actors.vendors.history.joining import joined
from actors.vendors.history.pages import HistoryRefused, Page, PageRequest
from actors.vendors.history.source import VendorSource
from messages.errors import NotReady
from messages.tables.columns import TRADES, BarBatch, BarKeys, Mask
from messages.values import Gap, Nanos, Verdict

P = ParamSpec("P")


class Asking:
    """The minutes that one session lacks, until everybody was asked.

    Args:
        day: what there is.
        lacking: slots x names.
        now_ns: the time.
        shown: symbols of which each source has shown a bar in this run, by the source's name; grows.
        is_exact: whether no other minutes may be asked for of a session that is over.
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
        self._has_bar, self._trades = day.has_bar, day.trades.copy()
        self._column = {name: column for column, name in enumerate(day.names)}

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
        answered, told = np.zeros_like(self.open), np.zeros_like(self.open)
        if vendor is not None:
            for gap in self._questions(source, self._rows_a_page(vendor)):
                self._try(self._ask_vendor, vendor, gap, answered)
            self._judge(vendor, answered)
        else:
            if isinstance(source, HoldsSessions):
                self._try(self._pick, source, source, answered, told)
            else:
                for gap in self._questions(source, None):
                    self._try(self._ask_other, source, gap, answered, told)
            self._settle(source.name, (told | (answered & source.is_authoritative)) & ~self._has_bar)
        self.abandoned = (self.abandoned | answered) & self.open

    def _rows_a_page(self, source: VendorSource) -> int | dict[str, int] | None:
        """Return how many bars are in an answer; of one made of trades, by how many each symbol's bars are made of."""
        most = source.entry.trades_a_page
        if most is None or not self._has_bar.any():
            return source.entry.rows_a_page
        is_over = self.axis.ends_ns <= self._now_ns()
        seen = np.where(self._has_bar & ~np.isnan(self._trades), self._trades, 0.0).sum(axis=0)
        trades = np.maximum(seen / max(int(np.count_nonzero(is_over)), 1), most / self.axis.slots)
        return {name: max(1, round(most / mean)) for name, mean in zip(self.day.names, trades, strict=True)}

    @property
    def _is_over(self) -> bool:
        """Whether the session is; what is abandoned of one that goes on is not written down, and is asked for often."""
        return self.day.session.end_ns <= self._now_ns()

    def _questions(self, source: BarSource, rows_a_page: int | dict[str, int] | None) -> list[Gap]:
        return questions(
            self.open,
            self.axis,
            self.day.names,
            most_symbols=source.most_symbols,
            rows_a_page=rows_a_page,
            is_exact=self._is_exact and not isinstance(rows_a_page, dict) and self._is_over,
        )

    def _try(self, ask: Callable[P, None], *args: P.args, **more: P.kwargs) -> None:
        try:
            ask(*args, **more)
        except (HistoryRefused, NotReady):
            raise
        except BaseException as error:  # whatever an upstream raises, its answer is missing
            if not is_failure(error):
                raise
            self.errors.append(str(error) or type(error).__name__)

    def _ask_vendor(self, source: VendorSource, gap: Gap, answered: Mask) -> None:
        """Ask, and mark which cells the vendor would have given, had it a bar."""
        came = source.ask(self.day.session, gap.symbols, gap.start_ns, gap.end_ns)
        self._take(source.name, came.bars)
        if came.is_all_read:
            given = [name for name in gap.symbols if name not in came.refused]
            self._mark(answered, given, gap.start_ns, min(gap.end_ns, came.end_ns), self._final(source))

    def _ask_other(self, source: BarSource, gap: Gap, answered: Mask, told: Mask) -> None:
        """Ask, and mark which cells it would have given, and of which it says that there is no bar."""
        self._hear(source, source.fetch(self.day.session, gap.symbols, gap.start_ns, gap.end_ns), told)
        self._mark(answered, gap.symbols, gap.start_ns, gap.end_ns, self._final(source))

    def _pick(self, source: BarSource, holding: HoldsSessions, answered: Mask, told: Mask) -> None:
        """Ask for all that is open at once, which costs who has the session whole nothing; mark likewise."""
        asked = self.open.copy()
        slots, columns = np.nonzero(asked)
        starts = self.axis.starts_ns[slots]
        missing = BarKeys(symbols=self.day.names, symbol_index=columns.astype(np.int32), start_ns=starts)
        self._hear(source, holding.pick(self.day.session, missing), told)
        answered |= asked & self._final(source)[:, np.newaxis]

    def _hear(self, source: BarSource, answer: SourceAnswer, told: Mask) -> None:
        came = check_answer(answer)
        self._take(source.name, came.bars)
        for silent in came.no_trade:
            self._mark(told, silent.symbols, silent.start_ns, silent.end_ns)

    def _final(self, source: BarSource) -> Mask:
        """Return of which slots a source's silence is its last word."""
        final_ns = source.final_ns if isinstance(source, VendorSource) else self._now_ns() - source.delay_ns
        mask: Mask = self.axis.ends_ns <= final_ns
        return mask

    def _mark(
        self, cells: Mask, symbols: Collection[str], start_ns: Nanos, end_ns: Nanos, where: Mask | None = None
    ) -> None:
        """Mark the cells of some symbols from one instant to another, in the slots that are meant."""
        rows = slice(self.axis.slots_before(start_ns), self.axis.slots_before(end_ns))
        columns = [self._column[name] for name in symbols if name in self._column]
        cells[rows, columns] |= True if where is None else where[rows, np.newaxis]

    def _take(self, name: str, bars: BarBatch) -> None:
        """Take the bars of open minutes, as far as they can be true."""
        step_ns = self.axis.step_ns
        if not len(bars) or bars.interval.span_ns != step_ns:
            return
        there = np.unique(bars.symbol_index)
        self._shown.setdefault(name, set()).update(bars.symbols[number] for number in there)
        found = faults(bars.values, bars.start_ns, step_ns=step_ns, allow_negative=self._allow_negative)
        place = np.full(len(bars.symbols), -1, dtype=np.int32)
        place[there] = [self._column.get(bars.symbols[number], -1) for number in there]
        every, at = place[bars.symbol_index], self.axis.slots_of(bars.start_ns)
        rows = np.flatnonzero((at >= 0) & (every >= 0))
        slots, columns = at[rows], every[rows]
        if len(bars.values) > TRADES:
            is_new = ~self._has_bar[slots, columns]
            self._trades[slots[is_new], columns[is_new]] = bars.values[TRADES, rows[is_new]]
        self._has_bar[slots, columns] = True
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

    @property
    def count(self) -> int:
        """How many bars were taken."""
        return sum(len(page.bars) for pages in self._taken.values() for page in pages)

    def came(self) -> Came:
        """Return what came of it."""
        day, request = self.day, PageRequest.of(self.day.session, self.day.names)
        is_news = bool(self._taken or self.no_trade) or bool((self.abandoned & (day.verdicts == 0)).any())
        return Came(
            session=day.session,
            names=day.names,
            taken={source: joined(pages, request)[0] for source, pages in self._taken.items()},
            no_trade=tuple(self.no_trade),
            abandoned=self.abandoned,
            errors=tuple(self.errors),
            last_asked=self.asked[-1] if self.asked else "",
            is_first=day.is_empty,
            is_market=self.is_market,
            is_settled=self._is_over,
            has_all=not self.wanted.any(),
            has_parts=bool((self.wanted & (day.verdicts == Verdict.IN_PART)).any()),
            is_news=is_news
            or day.is_untold
            or (self.is_market and not self.errors),  # that it is all there is, is news
        )
