"""Asking the upstream; runs on threads of its own, as many as requests may be out."""

import contextlib
from collections.abc import Sequence

import msgspec

from actors.data_upkeep.repairs import SourceFacts
from actors.kernel.address import Address
from actors.kernel.ports import BarSource, ReadsAhead
from messages.columns import BarBatch, Mask
from messages.commands import ReadSession
from messages.errors import DataError
from messages.repairs import FetchAnswered, FetchBars, FillFailed


class Fetcher:
    """Turns ``FetchBars`` into ``FetchAnswered`` or ``FillFailed``, told to ``reply_to``."""

    def __init__(self, sources: Sequence[BarSource], reply_to: Address[FetchAnswered | FillFailed]) -> None:
        self._sources = tuple(sources)
        self._reply_to = reply_to

    @property
    def facts(self) -> tuple[SourceFacts, ...]:
        """What each source says about itself, in the order of preference."""
        return tuple(
            SourceFacts(
                name=source.name,
                is_authoritative=source.is_authoritative,
                delay_ns=source.delay_ns,
                most_symbols=source.most_symbols,
            )
            for source in self._sources
        )

    def fetch(self, job: FetchBars) -> None:
        """Ask, and tell what came of it."""
        source = self._sources[job.source]
        try:
            answer = source.fetch(job.session, job.symbols, job.start_ns, job.end_ns)
            batch = _as_asked(answer.bars, job)
        except Exception as error:  # noqa: BLE001  # whatever an upstream raises, its request has failed, and no more
            self._reply_to.tell(FillFailed(fetch=job.fetch, source=source.name, reason=f"{error!r}"))
            return
        self._reply_to.tell(FetchAnswered(fetch=job.fetch, batch=batch, no_trade=answer.no_trade))

    def read_ahead(self, job: ReadSession) -> None:
        """Let sources that can get ready for a session that is about to be played."""
        for source in self._sources:
            if isinstance(source, ReadsAhead):
                with contextlib.suppress(Exception):  # it will be asked, and then its failure counts
                    source.read_ahead(job.session)

    def broke(self, job: FetchBars, error: BaseException) -> None:
        """Tell that a request came to nothing because of a bug here."""
        self._reply_to.tell(FillFailed(fetch=job.fetch, source=self._sources[job.source].name, reason=f"{error!r}"))


def _as_asked(bars: BarBatch, job: FetchBars) -> BarBatch:
    """Return the bars of the minutes that were asked for, and no others."""
    base = job.session.base_interval
    if len(bars) and bars.interval != base:
        raise DataError(f"asked for bars of {base}, and answered with bars of {bars.interval}")
    inside: Mask = (bars.start_ns >= job.start_ns) & (bars.start_ns < job.end_ns)
    return msgspec.structs.replace(bars if bool(inside.all()) else bars.where(inside), is_sane=False)
