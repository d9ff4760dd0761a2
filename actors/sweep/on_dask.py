"""A crew of Dask's workers, wherever they are: each plays with what it keeps, and Dask replaces those that die.

Every worker needs this package, and reaches the store by the same name.
"""

import threading
import uuid
from contextlib import suppress
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import Any

from actors.sweep.crew import Equipment, Report
from actors.sweep.pieces import Outcome, Piece
from actors.sweep.player import Player
from messages.errors import SettingsError, SystemFailed

try:
    distributed: Any = import_module("distributed")
except ImportError:
    raise SettingsError(
        "a sweep on Dask needs the package distributed: python -m pip install 'barkeeper[dask]'"
    ) from None

_LOOK_S = 0.2
_PATIENCE_S = 120.0


class DaskCrew:
    """As many seats as the cluster has threads, or as are asked for.

    Args:
        equipment: what each worker gets.
        address: of the scheduler; empty: a cluster of its own on this computer.
        seats: how many pieces at a time; ``None``: one a thread.

    Raises:
        SystemFailed: there is no cluster at the address, or none of its workers comes.
    """

    def __init__(self, equipment: Equipment, address: str, seats: int | None) -> None:
        self._where = address or "this computer"
        self._cluster: Any = None
        if not address:
            self._cluster = distributed.LocalCluster(n_workers=seats, threads_per_worker=1, dashboard_address=None)
        try:
            self._client: Any = distributed.Client(self._cluster or address, timeout=_PATIENCE_S)
            self._client.wait_for_workers(1, timeout=_PATIENCE_S)
        except (OSError, TimeoutError) as error:
            raise SystemFailed(f"there is no Dask cluster with workers at {self._where}: {error}") from error
        self.seats = seats or sum(self._client.nthreads().values())
        self._name = f"barkeeper-{uuid.uuid4().hex}"
        self._client.register_plugin(_Equipped(equipment), name=self._name)
        self._heard: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        self._out: dict[int, Any] = {}

    def give(self, seat: int, piece: Piece) -> None:
        """Have a piece played by any worker."""
        future = self._client.submit(_play, self._name, piece, key=f"{self._name}-{uuid.uuid4().hex}", pure=False)
        self._out[seat] = future
        future.add_done_callback(lambda done: self._heard.put((seat, done)))

    def wait(self) -> Report | None:
        """Return the next report.

        Raises:
            SystemFailed: the scheduler cannot be reached any more.
        """
        heard = None
        with suppress(Empty):
            heard = self._heard.get(timeout=_LOOK_S)
        if not self._has_scheduler:  # what is heard then is only that
            raise SystemFailed(f"the scheduler of the Dask cluster at {self._where} is lost")
        if heard is None:
            return None
        seat, future = heard
        self._out.pop(seat)
        return _told(seat, future)

    def close(self) -> None:
        """Cancel what is under way, and leave the cluster; one of its own ends."""
        if self._has_scheduler:
            with suppress(Exception):  # of a cluster that is gone nothing is left to be cancelled
                self._client.cancel(list(self._out.values()), force=True)
                self._client.unregister_worker_plugin(self._name)
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    @property
    def _has_scheduler(self) -> bool:
        # A client whose scheduler is gone looks for it for a while, and forgets what it was waiting for.
        return bool(self._client.status == "running")


class _Equipped(distributed.WorkerPlugin):  # type: ignore[misc]  # it says nothing of types
    """Lies on every worker, on those too that come later, and makes the player when it is needed first."""

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment
        self._player: Player | None = None

    def setup(self, worker: Any) -> None:
        """Be ready on a worker."""
        self._making = threading.Lock()
        del worker

    def player(self) -> Player:
        """Return the one player of this worker."""
        with self._making:
            if self._player is None:
                self._player = self._equipment.player()
            return self._player


def _play(name: str, piece: Piece) -> Outcome | str:
    """Play a piece on a worker; a text says why it cannot play any."""
    try:
        player = distributed.get_worker().plugins[name].player()
    except Exception as error:  # noqa: BLE001  # whatever the user's code needs
        return f"{type(error).__name__}: {error}"
    outcome: Outcome = player.play(piece)
    return outcome


def _told(seat: int, future: Any) -> Report:
    try:
        answer = future.result()
    except Exception as error:  # noqa: BLE001  # what is played never raises: it is the worker, or the way to it
        return Report(seat=seat, death=f"its worker was lost: {type(error).__name__}: {error}")
    return Report(seat=seat, refusal=answer) if isinstance(answer, str) else Report(seat=seat, outcome=answer)
