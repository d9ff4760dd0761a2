"""What a vendor's client must do so that its history can be asked: give one page, or say plainly why there is none."""

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from actors.vendors.history.entry import HistoryEntry
from messages.errors import DataError
from messages.tables.columns import BarBatch
from messages.values import Interval, Nanos, TradingSession


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Base bars of some symbols that start in ``[start_ns, end_ns)``."""

    symbols: tuple[str, ...]
    start_ns: Nanos
    end_ns: Nanos
    interval: Interval
    token: str | None = None
    """What the page before said of the next; ``None``: the first."""

    @classmethod
    def of(cls, session: TradingSession, symbols: Sequence[str]) -> "PageRequest":
        """Return what asks for all of a session."""
        return cls(
            symbols=tuple(symbols), start_ns=session.start_ns, end_ns=session.end_ns, interval=session.base_interval
        )


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the bars that were asked for, labelled by their start, volumes in shares or coins."""

    bars: BarBatch
    next_token: str | None = None
    """What the next page is asked with; ``None``: there is no more."""
    refused: Mapping[str, str] = {}
    """Symbols that it does not know in this span, and why; they may have bars in others."""
    has_others: bool = False
    """Whether it has bars of symbols that nobody asked for because there is all of a market in it."""
    unread: int = 0
    """Rows of it that make no sense. Nobody knows which minutes they are of, so nothing is concluded from silence."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a vendor has of a span of minutes."""

    bars: BarBatch
    end_ns: Nanos
    """Until where it was asked: what is not over, or is kept back, is left out."""
    refused: tuple[str, ...] = ()
    """Symbols that it will not have."""
    is_all_read: bool = True
    """Whether every row made sense, so that a minute without one has none."""


class VendorHistory(Protocol):
    """A vendor's client. Asked from several threads at once."""

    def page(self, request: PageRequest) -> Page:
        """Return one page; everything that is no answer is raised, and never returned as a page without bars.

        Raises:
            HistoryRefused: the keys are wrong, or give no right to this: asking again cannot help.
            SymbolsRefused: it will not have some symbols; the others may be asked for without them.
            AskedTooMuch: the pace is too fast, or the vendor is being mended; says when to ask again.
            NotOutYet: these minutes are kept back for some time.
            NoAnswer: what came is none: cut short, a page of HTML, or silence. It is asked again.
            Exception: anything else is taken for no answer.
        """
        ...

    def close(self) -> None:
        """Release what is held, while a request is out too; may be called twice."""
        ...


@runtime_checkable
class ListsSymbols(Protocol):
    """A vendor's client that says of which symbols there are bars."""

    def symbols(self, request: PageRequest) -> tuple[str, ...]:
        """Return them, sorted, whatever symbols the request names. Raises as ``page`` does."""
        ...


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of a symbol of which a vendor shows nothing."""

    said: str
    """A sentence. It names the new symbol, if the vendor tells it."""
    since: str = ""
    """From which date on (ISO) nothing is traded under that name; empty: that is not told."""


@runtime_checkable
class TellsFate(Protocol):
    """A vendor's client that knows of renamed or inactive symbols."""

    def fate(self, symbol: str) -> Fate | None:
        """Return what has become of a symbol; ``None``: nothing is known. Raises as ``page`` does."""
        ...


@runtime_checkable
class Priced(Protocol):
    """A vendor's client that asks for money by the span, and says beforehand how much."""

    def cost(self, request: PageRequest) -> float:
        """Return what the span costs, in US dollars. Raises as ``page`` does."""
        ...


class HistoryRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a history is wanted for, when it is opened."""

    entry: HistoryEntry
    tape: str
    """One of the entry's, or what was written after the colon."""
    adjustment: str
    deadline_s: float
    """Within which a request must be answered."""
    keys: Path | None = None
    """A file with the keys, beside the environment."""
    options: Mapping[str, str | float] = {}
    """Those of the entry's own that were given."""


class OpenedHistory(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor's client, and whose account it asks for."""

    client: VendorHistory
    account: str
    """Tells accounts apart, of which each has its own pace; no key can be read from it."""
    entry: HistoryEntry | None = None
    """In place of the request's, where what was asked for has other facts than the vendor's as a whole."""


class HistoryRefused(DataError):
    """A vendor will not have us: wrong keys, or no right to what is asked for. Asking again cannot help."""


class SymbolsRefused(DataError):
    """A vendor will not have some symbols, and so gives nothing of the others either.

    Args:
        text: why.
        symbols: those.
        is_of_span: whether it may have them in another span: symbols come and go.
    """

    def __init__(self, text: str, symbols: tuple[str, ...], *, is_of_span: bool = False) -> None:
        super().__init__(text)
        self.symbols = symbols
        self.is_of_span = is_of_span


class AskedTooMuch(DataError):
    """A vendor wants to be left alone for a while."""

    def __init__(self, text: str, after_s: float) -> None:
        super().__init__(text)
        self.after_s = after_s


class NotOutYet(DataError):
    """A vendor has these minutes, and keeps them back for some time after their end."""

    def __init__(self, text: str, delay_s: float) -> None:
        super().__init__(text)
        self.delay_s = delay_s


class NoAnswer(DataError):
    """What came from a vendor is no answer, or nothing came."""


def is_html(body: bytes | str) -> bool:
    """Return whether an answer is a page for people, as what stands before a vendor sends while that is mended."""
    return body[:200].lstrip()[:1] in ("<", b"<")


def as_no_answer(error: Exception) -> DataError:
    """Return an error of a client as one of ours that names it; those of ours stay as they are."""
    return error if isinstance(error, DataError) else NoAnswer(f"{type(error).__name__}: {error}")


def is_nobody_there(error: BaseException | None) -> bool:
    """Return whether an error comes from that nobody listens at an address, or no computer has that name."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:  # one may be its own cause
        if isinstance(error, ConnectionRefusedError | socket.gaierror):
            return True
        seen.append(error)
        error = error.__cause__ or error.__context__
    return False
