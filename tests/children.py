"""The processes that a process has started, as Linux tells them."""

from contextlib import suppress
from pathlib import Path


def children(pid: int) -> set[int]:
    """Return those that still run."""
    found = set[int]()
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found.update(map(int, (task / "children").read_text().split()))
    return found
