"""Which symbols a vendor will not have, on which days, and why: unknown ones, renamed ones, those that are no more."""

from collections.abc import Collection, Sequence

import numpy as np

from actors.kernel.telemetry import note
from actors.vendors.history.asker import Asker
from actors.vendors.history.pages import Fate, HistoryRefused, Page, TellsFate, VendorHistory
from messages.errors import NotReady
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS, Nanos, TradingSession

_LONG_NS = 30 * MINUTE_NS
"""Of a symbol that shows nothing for so long it is asked what has become of it."""
_MOST_LOOKED_UP = 20
"""Symbols of one source: most that show nothing are thin."""


class Symbols:
    """Symbols that are not asked for, each with a sentence. One that is refused in one session may have bars in others.

    Args:
        name: of the source.
        client: the vendor's; asked what became of a symbol if it ``TellsFate``.
    """

    def __init__(self, name: str, client: VendorHistory) -> None:
        self._name = name
        self._client = client if isinstance(client, TellsFate) else None
        self._never: dict[str, str] = {}
        self._gone: dict[str, Fate] = {}
        self._of_session: dict[tuple[str, str, str], str] = {}
        self._shown: set[str] = set()
        self._looked_up: set[str] = set()

    @property
    def refused(self) -> dict[str, str]:
        """All that were refused in any session, and why."""
        gone = {symbol: fate.said for symbol, fate in self._gone.items()}
        return {**{symbol: why for (_, _, symbol), why in self._of_session.items()}, **gone, **self._never}

    def why_not(self, session: TradingSession, symbol: str) -> str | None:
        """Return why a symbol is not asked for in a session; ``None``: it is."""
        fate = self._gone.get(symbol)
        if fate is not None and fate.since <= session.date:
            return fate.said
        return self._never.get(symbol) or self._of_session.get((session.calendar, session.date, symbol))

    def refuse(self, session: TradingSession | None, symbols: Collection[str], why: str) -> None:
        """Take that symbols are refused, in a session or (``None``) in all of them."""
        if session is None:
            self._never.update(dict.fromkeys(symbols, why))
        else:
            self._of_session.update({(session.calendar, session.date, symbol): why for symbol in symbols})
        note("symbols_refused", source=self._name, symbols=sorted(symbols), reason=why)

    def answered(
        self, session: TradingSession, wanted: Sequence[str], pages: Sequence[Page], bars: BarBatch, span_ns: Nanos,
        asker: Asker,
    ) -> None:  # fmt: skip
        """Take what was answered to a question for so much time: who is in it, and who is not.

        Raises:
            NotReady: it was interrupted.
        """
        for page in pages:
            for symbol, why in page.refused.items():
                self.refuse(session, (symbol,), why)
        came = {bars.symbols[place] for place in np.unique(bars.symbol_index).tolist()}
        self._shown |= came
        lacking = [one for one in wanted if one not in came and self.why_not(session, one) is None]
        others = sorted({name for page in pages if not page.has_others for name in page.bars.symbols} - set(wanted))
        if others and lacking:
            for symbol in lacking:
                self.refuse(session, (symbol,), f"{self._name} answers for {symbol} with {' and '.join(others)}")
        elif span_ns >= _LONG_NS:
            self._look_up([one for one in lacking if one not in self._shown], asker)

    def _look_up(self, symbols: Sequence[str], asker: Asker) -> None:
        """Ask what has become of symbols of which it has never shown a bar."""
        for symbol in symbols:
            client = self._client
            if client is None or symbol in self._looked_up or len(self._looked_up) >= _MOST_LOOKED_UP:
                continue
            self._looked_up.add(symbol)
            try:
                fate = asker.try_once(lambda client=client, symbol=symbol: client.fate(symbol))  # type: ignore[misc]
            except NotReady:
                raise
            except HistoryRefused as error:  # no right to that, which is none to bars
                self._client = None
                note("fates_refused", source=self._name, reason=str(error))
            except Exception as error:  # noqa: BLE001  # then it stays what it is: a symbol without a bar
                note("fate_unknown", source=self._name, symbol=symbol, reason=str(error))
            else:
                if fate is not None:
                    self._gone[symbol] = fate
                    note("symbol_is_no_more", source=self._name, symbol=symbol, reason=fate.said)
