"""Crews that do what a test wants: play in any order, or tell what they are told to."""

import random
from collections import deque
from collections.abc import Callable

from actors.sweep.crew import Equipment, Report
from actors.sweep.pieces import Outcome, Piece
from actors.sweep.player import Player

Answer = Callable[[Piece], Report]


class AnyOrder:
    """Several players in this process; who is done first is a matter of chance."""

    def __init__(self, equipment: Equipment, seats: int, seed: int) -> None:
        self.seats = seats
        self._players = [equipment.player() for _ in range(seats)]
        self._random = random.Random(seed)
        self._given: list[tuple[int, Piece]] = []

    def give(self, seat: int, piece: Piece) -> None:
        self._given.append((seat, piece))

    def wait(self) -> Report:
        seat, piece = self._given.pop(self._random.randrange(len(self._given)))
        player: Player = self._players[seat]
        return Report(seat=seat, outcome=player.play(piece))

    def close(self) -> None:
        for player in self._players:
            player.close()


class Scripted:
    """Answers as it is told, piece after piece."""

    def __init__(self, answer: Answer, seats: int = 1) -> None:
        self.seats = seats
        self._answer = answer
        self._given: deque[tuple[int, Piece]] = deque()
        self.played: list[Piece] = []

    def give(self, seat: int, piece: Piece) -> None:
        self._given.append((seat, piece))

    def wait(self) -> Report:
        seat, piece = self._given.popleft()
        self.played.append(piece)
        told = self._answer(piece)
        return Report(seat=seat, outcome=told.outcome, death=told.death, refusal=told.refusal)

    def close(self) -> None:
        self._given.clear()


def died(_: Piece) -> Report:
    return Report(seat=0, death="its worker was killed by signal 9")


def outcome_of(piece: Piece, rows: Outcome) -> Report:
    return Report(seat=0, outcome=rows)
