"""The doors' small store, to be replayed."""

from tests.doors.conftest import store

__all__ = ["store"]
