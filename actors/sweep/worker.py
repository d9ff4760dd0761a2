"""What a worker's process does: plays the pieces that it is given."""

from collections.abc import Callable
from typing import Any

READY = "ready"


def work(receive: Callable[[], Any], send: Callable[[object], None]) -> None:
    """Take the equipment, say that it can be used or why not, and then answer every piece with its outcome."""
    equipment = receive()
    try:
        player = equipment.player()
    except Exception as error:  # noqa: BLE001  # whatever the user's code needs
        send(f"{type(error).__name__}: {error}")
        return
    send(READY)
    while True:
        send(player.play(receive()))
