"""Where a PostgreSQL is, and what is never shown of that."""

import pytest

from actors.storage.postgres.address import PostgresAddress
from messages.errors import SettingsError


def test_what_libpq_hears_has_all_but_the_schema_and_a_limit_to_its_patience() -> None:
    address = PostgresAddress.parse("postgresql://me:s%2Fcret@host/bars?schema=market&sslmode=require")

    assert address.schema == "market"
    assert address.for_libpq == "postgresql://me:s%2Fcret@host/bars?sslmode=require&connect_timeout=10"
    assert PostgresAddress.parse("postgresql://h/b?connect_timeout=3").for_libpq == "postgresql://h/b?connect_timeout=3"
    assert PostgresAddress.parse("postgresql://h/b").schema == "barkeeper"


def test_no_form_of_a_password_is_in_what_is_told() -> None:
    address = PostgresAddress.parse("postgresql://me:s%2Fcret@host/bars?sslpassword=other")

    assert address.hide('invalid "s%2Fcret", s/cret or other\nand more') == 'invalid "***", *** or ***'
    assert "cret" not in repr(address)


def test_a_schema_without_a_name_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^postgresql://me@host/bars\?schema=: schema is the name of one"):
        PostgresAddress.parse("postgresql://me:secret@host/bars?schema=")
