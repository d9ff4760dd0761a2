"""A process that was started to work for another: takes messages down its standard input until that ends.

The first two messages say where modules are looked for and which function does the work. What that prints goes to
standard error. When who started it is gone it ends at once, whatever it is doing.
"""

import os
import pickle
import struct
import sys
import threading
from collections.abc import Callable
from functools import partial
from importlib import import_module
from queue import SimpleQueue
from typing import IO, Any

_LENGTH = struct.Struct("<Q")

Work = Callable[[Callable[[], Any], Callable[[object], None]], None]
"""Is given what returns the next message, and what sends one back; the process ends when it returns."""


def send(sink: IO[bytes], message: object) -> None:
    """Write one message.

    Raises:
        OSError: nobody reads it any more.
    """
    data = pickle.dumps(message)
    sink.write(_LENGTH.pack(len(data)))
    sink.write(data)
    sink.flush()


def receive(source: IO[bytes]) -> Any:
    """Return the next message; waits for it.

    Raises:
        EOFError: there is none any more.
    """
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = source.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)  # noqa: S301  # from who started this process, or from one that was started


def main() -> None:
    """Work until nobody sends any more."""
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    messages: SimpleQueue[Any] = SimpleQueue()
    source = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    threading.Thread(target=_listen, args=(source, messages), daemon=True).start()
    sys.path[:] = messages.get()
    module, _, name = messages.get().partition(":")
    work: Work = getattr(import_module(module), name)
    work(messages.get, partial(send, sink))


def _listen(source: IO[bytes], messages: "SimpleQueue[Any]") -> None:
    try:
        while True:
            messages.put(receive(source))
    except (EOFError, OSError):
        os._exit(0)
