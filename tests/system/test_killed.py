"""A live day whose process is killed at any moment is the day that it would have been."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from actors.storage.parquet import ParquetStore
from actors.verifying import verify_store
from messages.values import MINUTE_NS, SECOND_NS
from tests.patience import PATIENCE_S
from tests.system.killed_day import OWN, SESSION

pytestmark = pytest.mark.slow

SPEED = 120.0
EARLY_NS = 30 * SECOND_NS
LAST_NS = SESSION.start_ns + round(7.8 * MINUTE_NS)
"""No process begins later, but where the one before was killed later: none would live this day."""
FIRST_OF_LINES = 0.2
"""So many minutes after the open a trade was heard, which tells that lines are repeated."""


class Day:
    """The lives of a day's processes, one after the other."""

    def __init__(self, store: Path, *more: str) -> None:
        self.store = store
        self._more = more
        self.now_ns = SESSION.start_ns - EARLY_NS
        self.acked: set[int] = set()
        self.lost: set[int] = set()
        """Acknowledged, and not there when a later life began."""
        self.digest = ""
        self.kills = 0
        self.hits = 0
        """How many of the kills came while it was at work: it was up, its session open, and its digest not said yet."""
        self.said: list[str] = []

    def live(self, until_ns: int | None = None, away_ns: int = 0) -> None:
        """Live on; a process is killed as soon as it says that it is so late, and the next begins so much later."""
        command = [sys.executable, "-m", "tests.system.killed_day", str(self.store), str(self.now_ns), str(SPEED)]
        command += self._more
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            found: set[int] = set()
            is_up = False
            for line in process.stdout:
                word, *rest = line.split()
                self.said += [] if word == "now" else [line]
                if word == "now":
                    self.now_ns = int(rest[0])
                    if until_ns is not None and self.now_ns >= until_ns:
                        process.kill()
                        break
                elif word == "has":
                    found.add(int(rest[0]))
                elif word == "begun":
                    is_up = True
                    self.lost |= self.acked - found
                    self.acked |= found  # it was there, and killed before it could say so
                elif word == "acked":
                    self.acked.add(int(rest[0]))
                elif word == "digest":
                    self.digest = rest[0]
            for line in process.stdout:  # what it had said when it was killed
                if line.startswith("acked ") and line.endswith("\n"):
                    self.acked.add(int(line.split()[1]))
                is_up = is_up and not line.startswith("digest ")
            process.wait(timeout=PATIENCE_S)
        was_killed = process.returncode == -signal.SIGKILL
        self.hits += was_killed and is_up and not self.digest and self.now_ns >= SESSION.start_ns
        self.now_ns = max(self.now_ns, min(self.now_ns + away_ns, LAST_NS))

    def live_and_die(self, dice: random.Random, kills: int, first: float) -> None:
        """Live to the end, and be killed so many times before: who is away at such a moment, as soon as he is back.

        Args:
            dice: decide when.
            kills: how many.
            first: so many minutes after the open is the earliest.
        """
        for moment in sorted(SESSION.start_ns + round(dice.uniform(first, 7.8) * MINUTE_NS) for _ in range(kills)):
            away_ns = round(dice.uniform(0, 2) * MINUTE_NS) if dice.random() < 0.5 else 0
            self.live(until_ns=max(moment, self.now_ns + SECOND_NS), away_ns=away_ns)
            if self.digest:
                return  # the machine was too busy to kill it in time
            self.kills += 1
        self.live()


@pytest.mark.parametrize(("more", "first"), [((), -0.3), (("lines",), FIRST_OF_LINES)], ids=["trades", "lines"])
def test_a_day_that_is_killed_again_and_again_is_the_same_day(
    tmp_path: Path, more: tuple[str, ...], first: float
) -> None:
    undisturbed = Day(tmp_path / "undisturbed", *more)
    undisturbed.live()
    day = Day(tmp_path / "store", *more)
    day.live_and_die(random.Random(1), 4, first)

    store = ParquetStore(day.store, read_only=True)
    stored = store.read("XNYS", SESSION.date, [OWN])
    assert stored is not None
    assert set(stored.bars.start_ns.tolist()) == day.acked == undisturbed.acked
    assert (day.digest, day.lost) == (undisturbed.digest, set())
    assert verify_store(store).faults == []
    assert not [line for line in day.said if line.startswith("refused")]
