"""A worker's process: plays the pieces that come down its standard input, until that ends.

The first message is the equipment; an answer follows to it and to each piece. What
the strategy prints goes to standard error. When who started it is gone it ends at once, whatever it is playing.
"""

import os
import pickle
import struct
import sys
import threading
from queue import SimpleQueue
from typing import IO, Any

_LENGTH = struct.Struct("<Q")
READY = "ready"


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
    """Play until nobody sends any more."""
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    jobs: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(os.fdopen(os.dup(sys.stdin.fileno()), "rb"), jobs), daemon=True).start()
    equipment = jobs.get()
    sys.path[:] = equipment.path
    try:
        player = equipment.player()
    except Exception as error:  # noqa: BLE001  # whatever the user's code needs
        send(sink, f"{type(error).__name__}: {error}")
        return
    send(sink, READY)
    while True:
        send(sink, player.play(jobs.get()))


def _listen(source: IO[bytes], jobs: "SimpleQueue[Any]") -> None:
    try:
        while True:
            jobs.put(receive(source))
    except (EOFError, OSError):
        os._exit(0)
