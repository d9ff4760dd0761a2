"""The whole house in one thread, gaps being filled: what was asked for is fetched when nothing else is left to do."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from actors.kernel.ports import BarSource, BarStore
from actors.settings import SessionRules, Settings
from messages import CheckStore, FetchBars, GetCertificate, Interval, IssueCertificate, Room, SessionCertificate
from tests.switchboard import Switchboard

INTERVALS = tuple(Interval.parse(text) for text in ("2m", "5m", "1d"))


class Upkept(Switchboard):
    """A house with an upstream, in which workers are as slow as can be: whatever can happen before them, does.

    Args:
        store: what is played.
        sources: who is asked, in order of preference.
        dice: which of the jobs that wait is done first; by default the one that waits longest.
    """

    def __init__(
        self,
        store: BarStore,
        sources: Sequence[BarSource] = (),
        settings: Settings | None = None,
        *,
        dice: random.Random | None = None,
        **more: Any,
    ) -> None:
        more.setdefault("rules", SessionRules(intervals=INTERVALS))
        super().__init__(store, settings, sources, **more)
        self.jobs: list[tuple[Callable[[Any], None], Any]] = []
        """What workers were asked to do and have not done."""
        self._dice = dice
        self._routes[Room.DATA_UPKEEP] = {
            **self._routes[Room.DATA_UPKEEP],
            FetchBars: (_Desk(self.workers.desk._fetcher.fetch, self.jobs),),
            IssueCertificate: (_Desk(self.workers.keeping._do, self.jobs),),
            CheckStore: (_Desk(self.workers.probing._do, self.jobs),),
        }

    def settle(self) -> None:
        """Deliver and work until nothing is left."""
        super().settle()
        while self.jobs:
            place = 0 if self._dice is None else self._dice.randrange(len(self.jobs))
            do, job = self.jobs.pop(place)
            do(job)
            super().settle()

    def certificate(self, date: str | None = None) -> SessionCertificate | None:
        """The certificate of a settled session; no date: the latest."""
        self.settle()
        return self.shells[Room.DATA_UPKEEP].on_receive(GetCertificate(date=date))  # type: ignore[no-any-return]


class _Desk:
    def __init__(self, do: Callable[[Any], None], jobs: list[tuple[Callable[[Any], None], Any]]) -> None:
        self._do = do
        self._jobs = jobs

    def tell(self, message: Any) -> None:
        self._jobs.append((self._do, message))
