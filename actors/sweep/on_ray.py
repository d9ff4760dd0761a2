"""A crew of Ray's actors, one a seat, wherever Ray puts them: each keeps its player, and one that dies is replaced.

Every node needs this package, and reaches the store by the same name.
"""

import os
from importlib import import_module
from typing import Any

from actors.sweep.crew import Equipment, Report
from actors.sweep.pieces import Outcome, Piece
from actors.sweep.player import Player
from messages.errors import SettingsError, SystemFailed

try:
    ray: Any = import_module("ray")
except ImportError:
    raise SettingsError("a sweep on Ray needs the package ray: python -m pip install 'barkeeper[ray]'") from None

_LOOK_S = 0.2
PATIENT = {"RAY_raylet_start_wait_time_s": "300", "RAY_agent_register_timeout_ms": "300000"}
"""A busy machine takes longer to start Ray than Ray waits by itself."""


class RayCrew:
    """As many seats as the cluster has cores, or as are asked for.

    Args:
        equipment: what each actor gets.
        address: of the cluster, as ``ray.init`` takes it; empty: a cluster of its own on this computer.
        seats: how many pieces at a time; ``None``: one a core.

    Raises:
        SystemFailed: there is no cluster at the address, or none can be started here.
    """

    def __init__(self, equipment: Equipment, address: str, seats: int | None) -> None:
        self._is_ours = not ray.is_initialized()
        if self._is_ours:
            for name, value in PATIENT.items():
                os.environ.setdefault(name, value)
            options: dict[str, Any] = (
                {"address": address} if address else {"num_cpus": seats, "include_dashboard": False}
            )
            try:
                ray.init(log_to_driver=False, configure_logging=False, **options)
            except Exception as error:
                raise SystemFailed(f"there is no Ray cluster at {address or 'this computer'}: {error}") from error
        self.seats = seats or int(ray.cluster_resources().get("CPU", 1))
        self._equipment = ray.put(equipment)
        self._maker: Any = ray.remote(num_cpus=1)(_Player)
        self._actors: dict[int, Any] = {}
        self._out: dict[Any, int] = {}

    def give(self, seat: int, piece: Piece) -> None:
        """Have a piece played by the actor of a seat."""
        if seat not in self._actors:
            self._actors[seat] = self._maker.remote(self._equipment)
        self._out[self._actors[seat].play.remote(piece)] = seat

    def wait(self) -> Report | None:
        """Return the next report."""
        done, _ = ray.wait(list(self._out), num_returns=1, timeout=_LOOK_S)
        if not done:
            return None
        seat = self._out.pop(done[0])
        try:
            answer = ray.get(done[0])
        except ray.exceptions.RayError as error:  # what is played never raises: it is the actor, or the way to it
            del self._actors[seat]
            return Report(seat=seat, death=f"its worker was lost: {type(error).__name__}")
        return Report(seat=seat, refusal=answer) if isinstance(answer, str) else Report(seat=seat, outcome=answer)

    def close(self) -> None:
        """End the actors, whatever they are playing, and a cluster of its own."""
        for actor in self._actors.values():
            ray.kill(actor)
        if self._is_ours:
            ray.shutdown()


class _Player:
    """An actor: plays with what it was given."""

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment
        self._player: Player | None = None

    def play(self, piece: Piece) -> Outcome | str:
        """Play a piece; a text says why it cannot play any."""
        try:
            self._player = self._player or self._equipment.player()
        except Exception as error:  # noqa: BLE001  # whatever the user's code needs
            return f"{type(error).__name__}: {error}"
        return self._player.play(piece)
