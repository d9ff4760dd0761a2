"""ACME's history, which is one of its files: a page of it holds so many bars, and the next begins where that ends."""

from pathlib import Path

from actors.vendors.history.pages import HistoryRequest, OpenedHistory, Page, PageRequest
from messages import Bar, BarBatch
from messages.errors import SettingsError

ROWS_A_PAGE = 50


class AcmeHistory:
    """A client that reads a file; one that asks somebody over a network raises what ``VendorHistory`` names."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def page(self, request: PageRequest) -> Page:
        """Return a page of bars that start in the span that is asked for."""
        first, *lines = self._path.read_text(encoding="utf-8").splitlines()
        bars = [bar for line in lines if request.start_ns <= (bar := _bar(first, line)).start_ns < request.end_ns]
        begin = int(request.token or 0)
        end = begin + ROWS_A_PAGE
        return Page(bars=BarBatch.of(bars[begin:end]), next_token=str(end) if end < len(bars) else None)

    def close(self) -> None:
        """Nothing is held."""


def _bar(first: str, line: str) -> Bar:
    stamp, *prices, volume = line.split("|")
    o, high, low, close = map(float, prices)
    symbol, start_ns = first.removeprefix("ACME "), int(stamp) * 1_000_000_000
    return Bar(symbol=symbol, start_ns=start_ns, open=o, high=high, low=low, close=close, volume=float(volume))


def open_acme(request: HistoryRequest) -> OpenedHistory:
    """Return the history of the file that ``[vendors.acme] path`` names."""
    if "path" not in request.options:
        raise SettingsError("ACME's history is a file: name it, path = ... under [vendors.acme]")
    return OpenedHistory(client=AcmeHistory(Path(str(request.options["path"]))), account="acme")
