"""Days that were cut off and are healed in the background, while another day is lived."""

import threading
from collections.abc import Callable, Sequence

from actors.fetching.fetch import FetchOptions, Wanted, fetch
from actors.fetching.past import unasked
from actors.kernel.ports import BarSource, BarStore
from messages.errors import BarkeeperError
from messages.values import Nanos

_AGAIN_S = 600.0
"""How long those are left alone of whom not all was answered."""


class Behind:
    """A thread that asks for what days of a store lack, until all of it is answered; it begins at once.

    Who repairs the day at hand goes first where a vendor's pace is shared. Those who ask for money are not asked.

    Args:
        store: where the days lie, and the day at hand.
        sources: who repairs the day at hand.
        wanted: the days.
        now_ns: the time.
        told: hears a sentence of each day of which anything came, and why nothing more will; in the thread.
        again_s: how long it is until those are asked again of whom not all was answered; real time.
    """

    def __init__(
        self,
        store: BarStore,
        sources: Sequence[BarSource],
        wanted: Sequence[Wanted],
        *,
        now_ns: Callable[[], Nanos],
        told: Callable[[str], None],
        again_s: float = _AGAIN_S,
    ) -> None:
        self._store = store
        self._sources = tuple(sources)
        self._wanted = tuple(wanted)
        self._now_ns = now_ns
        self._told = told
        self._again_s = again_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="barkeeper-heal", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """End it and wait for that: what is being done is left, and what has been done is kept. May be called twice."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            asked = unasked(self._sources, self._wanted)
            while asked and not self._stopping.is_set() and not self._is_done(asked):
                self._stopping.wait(self._again_s)
        except (BarkeeperError, OSError) as error:
            self._told(f"what days lack that were cut off could not be asked for: {error}; heal goes on with it")

    def _is_done(self, asked: Sequence[BarSource]) -> bool:
        """Ask once; return whether nothing more is to come."""
        options = FetchOptions(is_abandoned_too=True)
        report = fetch(
            self._store,
            asked,
            self._wanted,
            options,
            is_wanted=lambda: not self._stopping.is_set(),
            now_ns=self._now_ns,
        )
        for day in report.days:
            if day.filled or day.no_trade:
                whence = " and ".join(report.sources)
                self._told(
                    f"session {day.date} has got {day.filled:,} of the minutes that it lacked from {whence}, "
                    f"and {day.no_trade:,} were never traded"
                )
        return report.error is None and not report.left and not report.sum_of("unanswered")
