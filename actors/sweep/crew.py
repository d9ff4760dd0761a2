"""Who plays a sweep's pieces: seats for one piece each, wherever they are. An engine of clusters is such a crew."""

from collections import deque
from typing import Protocol

import msgspec

from actors.strategy import Strategy
from actors.sweep.pieces import Outcome, Piece
from actors.sweep.plan import Plan
from actors.sweep.player import Player
from actors.sweep.shipping import shipped, unpacked


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a seat says about the piece that it was given."""

    seat: int
    outcome: Outcome | None = None
    death: str | None = None
    """How its worker ended before it was done; another one has taken the seat."""
    refusal: str | None = None
    """Why no worker can play any piece of this sweep."""


class Crew(Protocol):
    """So many pieces can be played at a time. Used from one thread."""

    @property
    def seats(self) -> int:
        """How many pieces are played at a time; seats are numbered from 0."""
        ...

    def give(self, seat: int, piece: Piece) -> None:
        """Have a piece played at a seat that plays none."""
        ...

    def wait(self) -> Report | None:
        """Return the next report; ``None``: there was none for a moment. An interrupt comes through."""
        ...

    def close(self) -> None:
        """End all work at once."""
        ...


class Inside:
    """A crew of one: this process, in the thread that asks."""

    seats = 1

    def __init__(self, player: Player) -> None:
        self._player = player
        self._given: deque[Piece] = deque()

    def give(self, seat: int, piece: Piece) -> None:  # noqa: ARG002  # there is one
        """Keep a piece until it is asked for."""
        self._given.append(piece)

    def wait(self) -> Report:
        """Play the piece."""
        return Report(seat=0, outcome=self._player.play(self._given.popleft()))

    def close(self) -> None:
        """Close what the player has opened."""
        self._player.close()


class Equipment(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker needs to play pieces of a sweep."""

    plan: bytes
    strategy: bytes
    store: bytes | None
    """Unless the plan names its folder."""
    together: bool

    @classmethod
    def of(cls, plan: Plan, strategy: Strategy, store: object | None, *, together: bool) -> "Equipment":
        """Pack it.

        Raises:
            SettingsError: the strategy, the store or a parameter cannot be sent to other processes.
        """
        return cls(
            plan=shipped(plan, "a parameter or option"),
            strategy=shipped(strategy.given, strategy.name),
            store=None if store is None else shipped(store, "the store"),
            together=together,
        )

    def player(self) -> Player:
        """Return who plays with it.

        Raises:
            Exception: whatever the user's code needs and is not there.
        """
        store = None if self.store is None else unpacked(self.store)
        return Player(unpacked(self.plan), Strategy(unpacked(self.strategy)), store, together=self.together)


class Hire(Protocol):
    """Makes a crew out of what its workers need."""

    def __call__(self, equipment: Equipment) -> Crew:
        """Return a crew that plays with it."""
        ...
