"""Where a session is served, and whether others can reach it.

``8815``, ``127.0.0.1:8815``, ``grpc://host:port``; or a UNIX socket: ``unix:PATH``, ``grpc+unix:///PATH``.
"""

import ipaddress
import os
import re
import socket
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from messages.errors import SettingsError, shown

LOOPBACK = "127.0.0.1"
TOKEN = "BARKEEPER_TOKEN"  # noqa: S105  # the variable's name
"""The variable of the environment that has the token, where none is passed."""

_FORM = re.compile(r"(?:grpc://|grpc\+tcp://)?(?:(?P<host>\[[0-9a-fA-F:.]+\]|[^\s/:\[\]]*):)?(?P<port>\d{1,5})/?")
_SOCKET = re.compile(r"(?:unix|grpc\+unix):(?://(?=/))?(?P<path>.+)", re.DOTALL)
_NO_PATH = frozenset("?#%\0")
"""What gRPC does not take for a part of a path, however it is written."""


def is_loopback(host: str) -> bool:
    """Return whether an address can be reached from this computer only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Place(NamedTuple):
    """A host and a port, or the path of a UNIX socket."""

    host: str
    port: int
    path: str = ""

    @classmethod
    def parse(cls, given: object) -> "Place":
        """Read an address; without a host it is this computer's loopback.

        Raises:
            SettingsError: it is no address.
        """
        if isinstance(given, str) and (socket_at := _SOCKET.fullmatch(given)) is not None:
            return cls._of_socket(socket_at["path"] if given.startswith("unix") else unquote(socket_at["path"]))
        found = _FORM.fullmatch(str(given)) if isinstance(given, (str, int)) else None
        if found is None or isinstance(given, bool) or int(found["port"]) > 0xFFFF:
            forms = "a port, host:port such as 127.0.0.1:8815, or unix:PATH"
            raise SettingsError(f"an address is {forms}, not {shown(given)}")
        return cls((found["host"] or LOOPBACK).strip("[]"), int(found["port"]))

    @classmethod
    def _of_socket(cls, path: str) -> "Place":
        if _NO_PATH & set(path):
            raise SettingsError(f"the path of a socket has no ?, # or %, as {shown(path)} has")
        return cls("", 0, str(Path(path).absolute()))

    @property
    def is_loopback(self) -> bool:
        """Whether it can be reached from this computer only."""
        return bool(self.path) or is_loopback(self.host)

    @property
    def is_everywhere(self) -> bool:
        """Whether it stands for all addresses of this computer."""
        return self.host in ("0.0.0.0", "::")  # noqa: S104  # this is where it is looked for

    def resolved(self) -> "Place":
        """Return it with a number for a host's name.

        Raises:
            SettingsError: there is no such host.
        """
        if self.path:
            return self
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise SettingsError(f"there is no address {self}: {error.strerror or error}") from error
        return Place(str(found[0][4][0]), self.port)

    def __str__(self) -> str:
        if self.path:
            return f"grpc+unix://{quote(self.path)}"
        return f"grpc://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def token_of(given: str | None) -> str:
    """Return the token that was passed, or else that of the environment; empty: there is none."""
    return os.environ.get(TOKEN, "") if given is None else given
