"""The threads that read, ask and write for DataUpkeep."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from actors.data_upkeep.fetcher import FetchDesk, Fetcher
from actors.data_upkeep.keeper import Keeper
from actors.data_upkeep.loader import Loader
from actors.data_upkeep.probe import StoreProbe
from actors.kernel.address import Address
from actors.kernel.ports import BarSource, BarStore, Interruptible
from actors.kernel.worker import InTime, Worker, left
from actors.market.calendar import Calendar
from actors.settings import Settings
from messages.repairs import IssueCertificate
from messages.values import Mode, TradingSession


class Workers:
    """One worker for each kind of job, and one for each source.

    Args:
        settings: how patient they are.
        store: what is read and written.
        root: its folder; ``None``: it has none.
        calendar: of its sessions.
        sources: who is asked for missing minutes.
        address: DataUpkeep's, which is told what comes of each job.
        symbols_of: returns the symbols that a session will have.
        on_bug: the certificate job that met a bug, and the bug.
    """

    def __init__(
        self,
        settings: Settings,
        store: BarStore,
        root: Path | None,
        calendar: Calendar,
        sources: Sequence[BarSource],
        address: Address[Any],
        symbols_of: Callable[[TradingSession], tuple[str, ...]],
        on_bug: Callable[[Any, BaseException], None],
    ) -> None:
        upkeep, told = settings.upkeep, InTime(address)
        source_s, store_s = upkeep.answer_within_s, upkeep.store_within_s
        loader = Loader(store, calendar, told, rules=settings.rules, seen=settings.seen)
        self.loading = Worker("loader", loader.read, loader.broke, deadline_s=store_s, on_late=loader.late)
        fetcher = Fetcher(sources, told, symbols_of)
        self.source_facts = fetcher.facts
        # Who waits for his turn with a vendor is not hung.
        waits = [isinstance(source, Interruptible) for source in sources]
        self.readying = Worker(
            "upstream", fetcher.read_ahead, loader.broke, deadline_s=None if any(waits) else source_s
        )
        self.fetching = [
            Worker(
                f"fetcher-{source.name}",
                fetcher.fetch,
                fetcher.broke,
                upkeep.max_concurrent_fetches,
                deadline_s=None if comes_back else source_s,
                on_late=fetcher.late,
            )
            for source, comes_back in zip(sources, waits, strict=True)
        ]
        self.desk = FetchDesk(fetcher, self.fetching)
        keeper = Keeper(store if settings.certify else None, told, records=settings.mode is Mode.LIVE)
        self.keeping = Worker(
            "keeper", keeper.issue, on_bug, deadline_s=store_s, on_late=keeper.late, same=_recorded_day
        )
        probe = StoreProbe(root, address)
        self.probing = Worker("probe", probe.check, probe.broke, deadline_s=source_s, on_late=probe.late)

    def close(self, until_s: float) -> None:
        """End all of them, waiting for them until a time of ``time.monotonic``; may be called twice."""
        for worker in (self.loading, self.readying, *self.fetching, self.keeping, self.probing):
            worker.close(left(until_s))


def _recorded_day(job: IssueCertificate) -> str | None:
    """Return the date of a day that is to be written down as far as it has come: the next such job has all of it."""
    return job.sealed.day.session.date if job.sealed.issued_by == "recording" else None
