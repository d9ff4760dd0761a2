"""The processes that a process has started, as Linux tells them."""

import os
import select
from contextlib import suppress
from pathlib import Path

from tests.patience import PATIENCE_S


def children(pid: int) -> set[int]:
    """Return those that still run."""
    found = set[int]()
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found.update(map(int, (task / "children").read_text().split()))
    return found


def wait_for_the_end(pid: int) -> None:
    """Wait for a process that is nobody's child here; it has no more than a moment's work to do."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    with os.fdopen(handle) as watched:
        assert select.select([watched], [], [], PATIENCE_S)[0], f"process {pid} outlives who started it"
