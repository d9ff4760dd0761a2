"""Slow work on one item after the other, a few at once, with the results in order."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_THREADS = 3
"""While one waits for the disk, others compute; more of them only get into each other's way."""
_MOST_BYTES = 16 << 20
"""Items of this size are worked on one at a time, so that no more than one is in memory.

And in the caller's thread, for the allocator of C has memory by thread: what the caller's had before lies idle there.
"""

T = TypeVar("T")
R = TypeVar("R")


def overlapped(work: Callable[[T], R], items: Iterable[T], size_of: Callable[[T], int]) -> Generator[R, None, None]:
    """Yield what ``work`` makes of each item, in the order of the items, which are taken in the caller's thread.

    Once the result that is due raises, or the iterator is closed, no further item is begun; those at hand are
    finished first.

    Args:
        work: is called from several threads at once.
        items: taken a few ahead of the result that is due.
        size_of: how many bytes an item holds.

    Raises:
        Exception: what ``work`` raised.
    """
    pending: deque[tuple[Future[R], int]] = deque()
    held = 0
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="barkeeper-import")
    try:
        for item in items:
            size = size_of(item)
            if size >= _MOST_BYTES:
                while pending:
                    yield pending.popleft()[0].result()
                held = 0
                made = work(item)
                del item  # while the caller has its result, it need not be in memory
                yield made
                continue
            pending.append((pool.submit(work, item), size))
            held += size
            del item  # as above
            while len(pending) > _THREADS or held >= _MOST_BYTES:
                future, size = pending.popleft()
                held -= size
                yield future.result()
        while pending:
            yield pending.popleft()[0].result()
    finally:
        pool.shutdown(cancel_futures=True)
