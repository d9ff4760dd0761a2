"""Which prices of an import were adjusted before they came: kept with the days, and said where they are mixed."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Lock

import numpy as np

from actors.importing.held.pile import Days
from actors.importing.report import FileReport
from actors.kernel.adjusted import AdjustedRun, KeepsAdjusted, adjusted_in
from actors.kernel.ports import BarStore
from actors.kernel.readings import dates_left, symbols_left

_LOOKED_AT = 20
_NAMED = 3


class AdjustedPrices:
    """Notes by file, symbol and day what is known of prices, where it makes a difference."""

    def __init__(self, store: BarStore) -> None:
        self._store = store
        self._by_file: dict[int, bool | None] = {}
        self._noting = Lock()
        self._files: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        """By calendar and symbol the file that a day's bars are of."""

    def claim(self, file: int, is_adjusted: bool | None) -> None:
        """Hear what is known of a file's prices; ``None``: nothing."""
        self._by_file[file] = is_adjusted

    def note(self, days: Days) -> None:
        """Take days that are about to be written; several threads may."""
        if not isinstance(self._store, KeepsAdjusted) or not self._is_worth_it(days.calendar):
            return
        found: list[tuple[str, str, int]] = []
        for day in days.each():
            for stretch in day.cells():
                pairs = np.unique(np.stack([stretch.symbol_index, stretch.file]), axis=1)
                found += [(stretch.symbols[index], day.date, file) for index, file in pairs.T.tolist()]
        with self._noting:
            for symbol, date, file in found:
                of_symbol = self._files[days.calendar, symbol]
                of_symbol[date] = max(file, of_symbol.get(date, file))  # of two the later one was taken

    def _is_worth_it(self, calendar: str) -> bool:
        return any(self._by_file.values()) or bool(self._runs(calendar))

    def _runs(self, calendar: str) -> tuple[AdjustedRun, ...]:
        return adjusted_in(self._store, calendar)

    def keep(self, reports: Sequence[FileReport]) -> None:
        """Keep it with the days, which have been written, and warn of symbols that have prices of both kinds.

        Raises:
            StoreLocked: somebody else is writing to the store.
            DataError: the disk refuses.
        """
        today = datetime.now(UTC).date().isoformat()
        for calendar in sorted({calendar for calendar, _ in self._files}):
            of_calendar = {symbol: files for (name, symbol), files in self._files.items() if name == calendar}
            for is_adjusted in (False, True):
                days = {symbol: self._dates(files, is_adjusted) for symbol, files in of_calendar.items()}
                days = {symbol: dates for symbol, dates in days.items() if dates}
                if days and isinstance(self._store, KeepsAdjusted):
                    self._store.note_adjusted(calendar, days, today if is_adjusted else None)
            self._warn(calendar, of_calendar, reports)

    def _dates(self, files: dict[str, int], is_adjusted: bool) -> list[str]:
        return sorted(date for date, file in files.items() if self._by_file.get(file) is is_adjusted)

    def _warn(self, calendar: str, of_calendar: dict[str, dict[str, int]], reports: Sequence[FileReport]) -> None:
        runs: dict[str, list[AdjustedRun]] = defaultdict(list)
        for run in self._runs(calendar):
            runs[run.symbol].append(run)
        latest = dates_left(self._store, calendar)[0][-_LOOKED_AT:] if runs else ()
        there = {date: frozenset(symbols_left(self._store, calendar, date)) for date in latest}
        mixed: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for symbol, files in sorted(of_calendar.items()):
            dates = {*files, *(date for date, symbols in there.items() if symbol in symbols)}
            other = sorted(date for date in dates if not any(date in run for run in runs[symbol]))
            if runs[symbol] and other:
                for file in sorted(set(files.values())):
                    mixed[file].append((symbol, other[0]))
        for file, found in mixed.items():
            reports[file].warnings.append(_mixed(found, runs[found[0][0]][0]))


def _mixed(found: Sequence[tuple[str, str]], run: AdjustedRun) -> str:
    names = ", ".join(symbol for symbol, _ in found[:_NAMED]) + (" ..." if len(found) > _NAMED else "")
    span = run.first if run.first == run.last else f"{run.first} to {run.last}"
    return (
        f"{names}: the prices of {span} were adjusted before they came (as of {run.as_of}), and those of "
        f"{found[0][1]} are not known to be: give them stores of their own, or take all from one source"
    )
