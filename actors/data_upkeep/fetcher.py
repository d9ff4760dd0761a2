"""Asking the upstream; runs on threads of its own, as many as requests may be out."""

import contextlib
from collections.abc import Callable, Sequence

import msgspec

from actors.data_upkeep.answer_check import check_answer
from actors.data_upkeep.health import SourceFacts
from actors.kernel.address import Address
from actors.kernel.ports import BarSource, ComesLate, HoldsSessions, SourceAnswer
from messages.commands import ReadSession
from messages.errors import DataError
from messages.repairs import FetchAnswered, FetchBars, FillFailed
from messages.tables.columns import Mask
from messages.values import TradingSession


class Fetcher:
    """Turns ``FetchBars`` into ``FetchAnswered`` or ``FillFailed``, told to ``reply_to``.

    Args:
        sources: in the order of preference.
        reply_to: who is told.
        everything: the symbols that a session has, where none are named.
    """

    def __init__(
        self,
        sources: Sequence[BarSource],
        reply_to: Address[FetchAnswered | FillFailed],
        everything: Callable[[TradingSession], Sequence[str]] = lambda _: (),
    ) -> None:
        self._sources = tuple(sources)
        self._holding = tuple(source if isinstance(source, HoldsSessions) else None for source in sources)
        """By source; a look at a protocol takes longer than most answers."""
        self._reply_to = reply_to
        self._everything = everything

    @property
    def facts(self) -> tuple[SourceFacts, ...]:
        """What each source says about itself, in the order of preference."""
        return tuple(
            SourceFacts(
                name=source.name,
                is_authoritative=source.is_authoritative,
                delay_ns=source.delay_ns,
                comes_late=isinstance(source, ComesLate) and source.keeps_back(),
                most_symbols=source.most_symbols,
                holds_sessions=holding is not None,
            )
            for source, holding in zip(self._sources, self._holding, strict=True)
        )

    def has_at_hand(self, job: FetchBars) -> bool:
        """Return whether asking takes no time."""
        source = self._holding[job.source]
        try:
            return source is not None and source.holds(job.session, job.symbols)
        except Exception:  # noqa: BLE001  # it is asked, and then its failure counts
            return False

    def fetch(self, job: FetchBars) -> None:
        """Ask, and tell what came of it."""
        source = self._sources[job.source]
        try:
            answer = self._answer(job)
        except BaseException as error:  # noqa: BLE001  # whatever an upstream raises, its request has failed, and no more
            self._reply_to.tell(FillFailed(fetch=job.fetch, source=source.name, reason=_said(error)))
            return
        self._reply_to.tell(
            FetchAnswered(fetch=job.fetch, batch=answer.bars, no_trade=answer.no_trade, doubt=answer.doubt)
        )

    def _answer(self, job: FetchBars) -> SourceAnswer:
        """Ask for just these bars, or where that cannot be done for their symbols from the first minute to the last."""
        base, holding = job.session.base_interval, self._holding[job.source]
        if holding is not None:
            answer = holding.pick(job.session, job.missing)
        else:
            given = self._sources[job.source].fetch(job.session, job.symbols, job.start_ns, job.end_ns)
            answer = check_answer(given)
        bars = answer.bars
        if len(bars) and bars.interval != base:
            raise DataError(f"asked for bars of {base}, and answered with bars of {bars.interval}")
        inside: Mask = (bars.start_ns >= job.start_ns) & (bars.start_ns < job.end_ns)
        bars = msgspec.structs.replace(bars if bool(inside.all()) else bars.where(inside), is_sane=False)
        return SourceAnswer(bars=bars, no_trade=answer.no_trade, doubt=answer.doubt)

    def read_ahead(self, job: ReadSession) -> None:
        """Let sources that can get ready for a session that is about to be played."""
        for source in self._holding:
            if source is not None:
                with contextlib.suppress(Exception):  # it will be asked, and then its failure counts
                    symbols = self._everything(job.session) if job.symbols is None else job.symbols
                    source.read_ahead(job.session, symbols)

    def broke(self, job: FetchBars, error: BaseException) -> None:
        """Tell that a request came to nothing because of a bug here."""
        self._reply_to.tell(FillFailed(fetch=job.fetch, source=self._sources[job.source].name, reason=f"{error!r}"))

    def late(self, job: FetchBars, reason: str) -> None:
        """Tell that a source has not come back with an answer."""
        name = self._sources[job.source].name
        self._reply_to.tell(FillFailed(fetch=job.fetch, source=name, reason=reason, gave_no_answer=True))


def _said(error: BaseException) -> str:
    return str(error) if isinstance(error, DataError) else repr(error)


class FetchDesk:
    """Where requests go: what is in memory is looked up at once; for all else each source has threads that may wait."""

    def __init__(self, fetcher: Fetcher, elsewhere: Sequence[Address[FetchBars]]) -> None:
        self._fetcher = fetcher
        self._elsewhere = elsewhere

    def tell(self, message: FetchBars) -> None:
        """Have a request answered."""
        if self._fetcher.has_at_hand(message):
            self._fetcher.fetch(message)
        else:
            self._elsewhere[message.source].tell(message)
