"""Items dealt out to processes of this computer, one at a time to each; answers as they come."""

import contextlib
from collections import deque
from collections.abc import Generator, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from actors.kernel.processes import Heard, Process
from messages.errors import SystemFailed

_LOOK_S = 0.2
"""Windows hears Ctrl-C only between two waits."""
_MOST_DEATHS = 3


def dealt_out(
    work: str, equipment: object, items: Sequence[Any], workers: int
) -> Generator[tuple[int, Any], None, None]:
    """Yield what becomes of each item, with its place; closing it ends the processes, whatever they are doing.

    Args:
        work: ``module:function``, which receives the equipment, and then answers every item.
        equipment: what each process gets first.
        items: what is to be done; each can be pickled.
        workers: how many processes there are at most.

    Raises:
        SystemFailed: three processes have died of one item.
    """
    heard: SimpleQueue[Heard] = SimpleQueue()
    waiting = deque(enumerate(items))
    busy: dict[int, tuple[Process, tuple[int, Any]]] = {}
    deaths: dict[int, int] = {}

    def hand(process: Process | None) -> None:
        if not waiting:
            if process is not None:
                process.end()
            return
        if process is None:
            process = Process(work, heard)
            process.give(equipment)
        busy[process.number] = process, waiting.popleft()
        process.give(busy[process.number][1][1])

    try:
        for _ in range(min(workers, len(items))):
            hand(None)
        while busy:
            with contextlib.suppress(Empty):
                told = heard.get(timeout=_LOOK_S)
                if told.number not in busy:
                    continue
                process, (place, item) = busy.pop(told.number)
                if told.has_ended:
                    deaths[place] = deaths.get(place, 0) + 1
                    how = process.death()
                    if deaths[place] == _MOST_DEATHS:
                        raise SystemFailed(f"{item}: a process {how}, {_MOST_DEATHS} times one after the other")
                    waiting.appendleft((place, item))
                    hand(None)
                    continue
                hand(process)
                yield place, told.message
    finally:
        for process, _ in busy.values():
            process.dismiss()
        for process, _ in busy.values():
            process.end()
