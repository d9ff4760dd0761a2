"""A disk that is full, for real: a process may write no larger files than so; then there is room again."""

import resource
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from actors.kernel.watch.checks import JournalCheck
from actors.storage.journal.file import JournalFile
from actors.storage.journal.writer import Journal
from tests.builders import DAY, arrived, at, minute_of, opened
from tests.house.source import ROOT
from tests.patience import PATIENCE_S

SYMBOLS = [f"S{number:03}" for number in range(200)]
MINUTES = 60
LIMIT = 256 << 10


def main(folder: str) -> None:
    """Journal a day on a disk that is full for a while; say what is seen of it, and what was written in the end."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    journal = Journal(Path(folder))
    check, acknowledged = JournalCheck(journal), list[int]()
    journal.open(DAY)
    journal.append(opened(DAY, SYMBOLS))
    for number in range(MINUTES):
        journal.append(arrived(*minute_of(SYMBOLS, at("09:30") + number * 60 * 10**9)))
        journal.when_safe(lambda number=number: acknowledged.append(number))
    until_s = time.monotonic() + PATIENCE_S
    while not (found := check.look(0.0)) and time.monotonic() < until_s:
        time.sleep(0.01)
    say(*found)
    say(len(acknowledged) < MINUTES)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    journal.flush(PATIENCE_S)
    journal.close()
    say(acknowledged == list(range(MINUTES)), check.look(0.0))


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")


@pytest.mark.slow
def test_what_a_full_disk_refuses_waits_in_order_and_is_written_when_there_is_room(tmp_path: Path) -> None:
    child = [sys.executable, "-m", "tests.storage.journal.test_full_disk", str(tmp_path)]
    done = subprocess.run(child, cwd=ROOT, capture_output=True, text=True, check=False, timeout=2 * PATIENCE_S)
    (path,) = tmp_path.glob("*.journal")
    with closing(JournalFile(path, read_only=True)) as file:
        written = [message for _, message in file.messages()]

    assert done.returncode == 0, done.stderr
    trouble, waited, end = done.stdout.splitlines()
    assert trouble.startswith("the journal cannot be written, and ")
    assert (waited, end) == ("True", "True []")
    assert len(written) == 1 + MINUTES


if __name__ == "__main__":
    main(sys.argv[1])
