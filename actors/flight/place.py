"""Where a session is served: ``8815``, ``127.0.0.1:8815``, ``grpc://host:port``; and whether others can reach it."""

import ipaddress
import os
import re
import socket
from typing import NamedTuple

from messages.errors import SettingsError, shown

LOOPBACK = "127.0.0.1"
TOKEN = "BARKEEPER_TOKEN"  # noqa: S105  # the variable's name
"""The variable of the environment that has the token, where none is passed."""

_FORM = re.compile(r"(?:grpc://|grpc\+tcp://)?(?:(?P<host>\[[0-9a-fA-F:.]+\]|[^\s/:\[\]]*):)?(?P<port>\d{1,5})/?")


def is_loopback(host: str) -> bool:
    """Return whether an address can be reached from this computer only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Place(NamedTuple):
    """A host and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, given: object) -> "Place":
        """Read an address; without a host it is this computer's loopback.

        Raises:
            SettingsError: it is no address.
        """
        found = _FORM.fullmatch(str(given)) if isinstance(given, (str, int)) else None
        if found is None or isinstance(given, bool) or int(found["port"]) > 0xFFFF:
            raise SettingsError(f"an address is a port, or host:port such as 127.0.0.1:8815, not {shown(given)}")
        return cls((found["host"] or LOOPBACK).strip("[]"), int(found["port"]))

    @property
    def is_loopback(self) -> bool:
        """Whether it can be reached from this computer only."""
        return is_loopback(self.host)

    @property
    def is_everywhere(self) -> bool:
        """Whether it stands for all addresses of this computer."""
        return self.host in ("0.0.0.0", "::")  # noqa: S104  # this is where it is looked for

    def resolved(self) -> "Place":
        """Return it with a number for a host's name.

        Raises:
            SettingsError: there is no such host.
        """
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise SettingsError(f"there is no address {self}: {error.strerror or error}") from error
        return Place(str(found[0][4][0]), self.port)

    def __str__(self) -> str:
        return f"grpc://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def token_of(given: str | None) -> str:
    """Return the token that was passed, or else that of the environment; empty: there is none."""
    return os.environ.get(TOKEN, "") if given is None else given
