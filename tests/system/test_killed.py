"""A live day whose process is killed at any moment is the day that it would have been."""

import functools
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.inspecting import verify_store
from actors.storage.parquet import ParquetStore
from messages.values import MINUTE_NS, SECOND_NS
from tests.patience import PATIENCE_S
from tests.system.killed_day import OWN, SESSION

pytestmark = pytest.mark.slow

SPEEDS = 120.0, 15.0
"""A machine that stands still for seconds leaves minutes out at the first: then the second tells."""
EARLY_NS = 30 * SECOND_NS


class Day:
    """The lives of a day's processes, one after the other."""

    def __init__(self, store: Path, speed: float) -> None:
        self.store = store
        self.speed = speed
        self.now_ns = SESSION.start_ns - EARLY_NS
        self.acked: set[int] = set()
        self.lost: set[int] = set()
        """Acknowledged, and not there when a later life began."""
        self.digest = ""
        self.said: list[str] = []

    def live(self, until_ns: int | None = None) -> None:
        """Live on; a process is killed as soon as it says that it is so late."""
        command = [sys.executable, "-m", "tests.system.killed_day", str(self.store), str(self.now_ns), str(self.speed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            found: set[int] = set()
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
                    self.lost |= self.acked - found
                elif word == "acked":
                    self.acked.add(int(rest[0]))
                elif word == "digest":
                    self.digest = rest[0]
            for line in process.stdout:  # what it had said when it was killed
                if line.startswith("acked ") and line.endswith("\n"):
                    self.acked.add(int(line.split()[1]))
            process.wait(timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[float], Day]:
    """Return the same day as a process lives it that nobody kills."""

    @functools.cache
    def lived(speed: float) -> Day:
        day = Day(tmp_path_factory.mktemp("undisturbed") / "store", speed)
        day.live()
        return day

    return lived


def killed(store: Path, speed: float, seed: int) -> Day:
    """Live a day that is killed four times."""
    dice = random.Random(seed)
    day = Day(store, speed)
    for moment in sorted(SESSION.start_ns + round(dice.uniform(0.2, 7.8) * MINUTE_NS) for _ in range(4)):
        if moment > day.now_ns:
            day.live(until_ns=moment)
    day.live()
    return day


@pytest.mark.parametrize("seed", [1, 2])
def test_a_day_that_is_killed_again_and_again_is_the_same_day(
    undisturbed: Callable[[float], Day], tmp_path: Path, seed: int
) -> None:
    for speed in SPEEDS:
        day, other = killed(tmp_path / f"{speed:.0f}", speed, seed), undisturbed(speed)
        if day.digest == other.digest:
            break

    store = ParquetStore(day.store, read_only=True)
    stored = store.read("XNYS", SESSION.date, [OWN])
    assert stored is not None
    assert set(stored.bars.start_ns.tolist()) == day.acked == other.acked
    assert (day.digest, day.lost) == (other.digest, set())
    assert verify_store(store).faults == []
    assert not [line for line in day.said if line.startswith("refused")]
