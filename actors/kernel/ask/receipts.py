"""Receipts: who published something waits here until SessionData has applied it."""

import itertools
import threading

from actors.kernel.future import Future
from messages.errors import NotReady, SystemFailed
from messages.events import ReceiptSettled


class Receipts:
    """Numbers for publishers, and the futures that wait for them. Any thread."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[ReceiptSettled]] = {}
        self._is_open = True

    def issue(self) -> tuple[int, Future[ReceiptSettled]]:
        """Return a number to send along, and the future of its receipt."""
        future: Future[ReceiptSettled] = Future()
        with self._lock:
            number = next(self._numbers)
            if self._is_open:
                self._waiting[number] = future
                return number, future
        future.set_exception(NotReady("the system is closed"))
        return number, future

    def tell(self, message: ReceiptSettled) -> None:
        """Resolve the future that waits for this receipt, or fail it."""
        with self._lock:
            future = self._waiting.pop(message.receipt, None)
        if future is None:
            return
        if message.failure:
            future.set_exception(SystemFailed(message.failure))
        else:
            future.set(message)

    def close(self) -> None:
        """Fail whoever still waits; may be called twice."""
        with self._lock:
            self._is_open = False
            waiting, self._waiting = list(self._waiting.values()), {}
        for future in waiting:
            future.set_exception(NotReady("the system was closed before this was applied"))
