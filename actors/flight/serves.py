"""How a system is served: ``serve``, as a method."""

import secrets
from typing import TYPE_CHECKING, Any, cast

from actors.flight.place import Place
from actors.kernel.ask import arguments as take
from messages.errors import NotReady, SettingsError
from messages.values import Room

if TYPE_CHECKING:
    from actors.flight.server import Service


class Serves:
    """What lets other processes in."""

    _services: "list[Service]"
    _life = ""
    """Which system this is, once it is served."""

    def _unserve(self) -> None:
        services, self._services = self._services, []
        for service in services:
            service.close()

    def serve(self, address: str | int = 0, *, token: str | None = None) -> "Service":
        """Let other processes read and listen, over Arrow Flight; ``barkeeper.connect`` and any Flight client reach it.

        Nothing that they ask changes anything here, and nobody waits for them, but for who subscribes to a backtest
        with the policy ``block``. It ends with ``close``, its own or the system's.

        Args:
            address: a port, or ``host:port``; no host is this computer's loopback, port 0 any that is free. Or
                ``unix:PATH``: a socket that only processes of the same user reach (mode 600). What it came to is
                ``.address``.
            token: what clients must bring (``authorization: Bearer``); without one that of ``BARKEEPER_TOKEN``, and
                where others can reach the address one that is made up: ``.token``.

        Raises:
            SettingsError: it cannot be served there.
            NotReady: the system is closed.
        """
        place = Place.parse(address)
        wanted = None if token is None else take.text(token, "token")
        system = cast("Any", self)  # who mixes this in is one
        with system._lock:  # noqa: SLF001  # ours, as all that follows
            if system._is_closed:  # noqa: SLF001
                raise NotReady("the system is closed")
            self._life = self._life or secrets.token_hex(8)
        house = system._house  # noqa: SLF001
        try:
            from actors.flight.host import Host
            from actors.flight.relay import Relay
            from actors.flight.server import Service
        except ImportError as error:
            raise SettingsError(
                f"this pyarrow comes without Arrow Flight ({error}): install the one of PyPI"
            ) from error

        def check_known(symbols: frozenset[str]) -> None:
            system._check_started()  # noqa: SLF001
            system._check_known(symbols)  # noqa: SLF001

        rules = house.settings.rules
        host = Host(
            door=system,
            session=house.rooms[Room.SESSION_DATA],
            upkeep=house.rooms[Room.DATA_UPKEEP],
            fanout=house.fanout,
            relay=Relay(house.fanout),
            base_interval=rules.base_interval,
            told=rules.told,
            is_live=house.is_live,
            life=self._life,
            check_known=check_known,
        )
        service = Service(host, place, wanted)
        system._services.append(service)  # noqa: SLF001
        return service
