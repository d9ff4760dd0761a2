"""Which PostgreSQL a store is in: ``postgresql://user@host:5432/database?schema=bars``, and how it is spoken of.

All that libpq takes in an address holds; ``schema`` is ours: which tables, ``barkeeper`` unless it is said.
"""

from urllib.parse import quote, unquote

import msgspec

from actors.reading.spelling.addresses import SECRETS, shown
from messages.errors import SettingsError

SCHEMA = "barkeeper"

_HIDDEN = "***"
_FIRST_WAIT_S = 10
"""Libpq would wait for minutes for a server that does not answer."""


class PostgresAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server is. It is shown without what is secret, in a traceback too."""

    shown: str
    schema: str
    secrets: tuple[str, ...]
    for_libpq: str

    @classmethod
    def parse(cls, url: str) -> "PostgresAddress":
        """Return what an address says.

        Raises:
            SettingsError: it names no schema.
        """
        place, _, query = url.partition("?")
        pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
        said = {name: unquote(value) for name, value in pairs}
        schema = said.get("schema", SCHEMA)
        if not schema:
            raise SettingsError(f"{shown(url)}: schema is the name of one, such as {SCHEMA}")
        rest = [f"{name}={value}" for name, value in pairs if name != "schema"]
        if "connect_timeout" not in said:
            rest.append(f"connect_timeout={_FIRST_WAIT_S}")
        raw = [
            place.partition("://")[2].rpartition("@")[0].partition(":")[2],
            *(said.get(name, "") for name in SECRETS),
        ]
        forms = {form for secret in raw if secret for form in (secret, unquote(secret), quote(secret, safe=""))}
        return cls(
            shown=shown(url),
            schema=schema,
            secrets=tuple(sorted(forms, key=len, reverse=True)),
            for_libpq=f"{place}?{'&'.join(rest)}",
        )

    def hide(self, text: str) -> str:
        """Return the first line of a text without what is secret."""
        line = next(iter(text.strip().splitlines()), "")
        for secret in self.secrets:
            line = line.replace(secret, _HIDDEN)
        return line

    def __repr__(self) -> str:
        return f"PostgresAddress({self.shown!r})"
