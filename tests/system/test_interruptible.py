"""Sources that wait, for a turn with a vendor: nobody takes them for hung, and closing does not wait for them."""

import contextlib
import threading
import time
from collections.abc import Sequence

from actors.kernel.ports import SourceAnswer
from actors.settings import UpkeepRules
from actors.system import System
from messages import BarBatch, TradingSession
from messages.errors import BarkeeperError
from messages.values import Nanos
from tests.system.worlds import memory, short
from tests.upstreams import Upstream


class Waits(Upstream):
    """Waits until it is interrupted, or for a while."""

    def __init__(self, seconds: float) -> None:
        super().__init__(name="vendor")
        self.asked_once = threading.Event()
        self.over = threading.Event()
        self._seconds = seconds

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        self.asked_once.set()
        if self.over.wait(self._seconds):
            raise BarkeeperError("interrupted")
        return SourceAnswer(bars=BarBatch.of(()))

    def interrupt(self) -> None:
        self.over.set()


def test_closing_a_system_whose_source_waits_takes_less_than_a_second() -> None:
    source = Waits(60.0)
    with short(memory(1), sources=[source]) as system:
        running = threading.Thread(target=_run, args=(system,))
        running.start()
        assert source.asked_once.wait(20)
        began_s = time.monotonic()
        system.close()
        took_s = time.monotonic() - began_s
    running.join(10)

    assert source.over.is_set()
    assert took_s < 1.0


def _run(system: System) -> None:
    with contextlib.suppress(BarkeeperError):
        system.run(timeout=60)


def test_a_source_that_waits_for_its_turn_is_not_taken_for_hung() -> None:
    quick = UpkeepRules(answer_within_s=0.02, attempts=1)
    with short(memory(1), sources=[Waits(0.05)], upkeep=quick, last=1) as system:
        system.run(timeout=60)
        certificate = system.certificate().get(timeout=5)

    assert certificate is not None
    assert {story.error for story in certificate.gaps} == {""}
    assert {story.attempts for story in certificate.gaps} == {1}
