"""Where TWS or IB Gateway is reached: ``ibkr``, ``ibkr:4002``, ``ibkr:somewhere:7496``."""

from messages.errors import SettingsError

HOST, PORT = "127.0.0.1", 7497
"""This computer, and TWS for a paper account: what ib_async takes too."""


def place_of(said: str) -> tuple[str, int]:
    """Return host and port.

    Raises:
        SettingsError: it is neither a port nor both.
    """
    if not said:
        return HOST, PORT
    host, colon, port = said.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536 or bool(colon) != bool(host):
        raise SettingsError(f"{said!r} is no place of TWS: write PORT or HOST:PORT, such as ibkr:127.0.0.1:7496")
    return host or HOST, int(port)
