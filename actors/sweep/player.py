"""Who plays pieces of a sweep, one after the other, in whatever process: what one has read, the next need not."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from actors.kernel.ports import BarStore
from actors.storage.elsewhere.opening import open_store
from actors.strategy import Strategy
from actors.sweep.kept_days import KeptDays
from actors.sweep.pieces import Outcome, Piece, Row
from actors.sweep.plan import Plan
from actors.sweep.shipping import own_modules, shipped, unpacked
from actors.sweep.together import NeedsItsOwn, Pass
from actors.system import System
from messages.errors import BarkeeperError


class Player:
    """Plays pieces of one plan.

    Args:
        plan: what the pieces are of.
        strategy: who plays.
        store: where the days rest; by default the folder that the plan names.
        together: whether several sets of parameters hear one system, minute by minute, instead of one each.
    """

    def __init__(self, plan: Plan, strategy: Strategy, store: BarStore | None = None, *, together: bool) -> None:
        own = plan.settings.own_hours
        self._plan = plan
        self._strategy = strategy
        self._together = together
        self._opened = store is None
        self._store: BarStore = open_store(plan.settings.store, read_only=True, own=own) if store is None else store
        self._kept = KeptDays(self._store)
        self._own = own_modules(strategy.given)

    def play(self, piece: Piece) -> Outcome:
        """Play a piece; what goes wrong with one of its tasks stands in that one's row."""
        began = time.perf_counter()
        if self._plan.is_chained:
            rows, carried = self._chained(piece)
        else:
            rows, carried = tuple(row for date in piece.dates for row in self._apart(piece, date)), None
        return Outcome(number=piece.number, rows=rows, carried=carried, seconds=time.perf_counter() - began)

    def close(self) -> None:
        """Close the store, if it was opened here."""
        if self._opened:
            self._store.close()

    def _chained(self, piece: Piece) -> tuple[tuple[Row, ...], bytes | None]:
        """Play sessions in order, each with what the one before left."""
        (number,), carried, failed = piece.parameters, piece.carried, ""
        rows = []
        for date in piece.dates:
            row = Row(date=date, symbol=piece.symbol, parameters=number)
            if failed:
                rows.append(msgspec.structs.replace(row, error=f"not played, for {failed} failed before it"))
                continue
            try:
                with self._system(date, piece.symbol) as system:
                    before = None if carried is None else unpacked(carried)
                    played = self._strategy.play(system, self._plan.grid[number], before)
                # As bytes from each session to the next, so that it makes no difference where they are dealt out.
                carried = shipped(played.carried, f"what {self._strategy.name} carries", self._own)
                rows.append(msgspec.structs.replace(row, result=played.result))
            except Exception as error:  # noqa: BLE001  # one task's fault is not another's
                failed = date
                rows.append(msgspec.structs.replace(row, error=_sentence(error)))
        return tuple(rows), carried

    def _apart(self, piece: Piece, date: str) -> Iterator[Row]:
        """Play one session with each set of parameters."""
        row = Row(date=date, symbol=piece.symbol, parameters=0)
        sets = {number: self._plan.grid[number] for number in piece.parameters}
        told: dict[int, dict[str, Any] | Exception] = {}
        if self._together and len(sets) > 1:
            told = self._at_once(date, piece.symbol, sets)
        for number, one in sets.items():
            if number not in told:
                told[number] = self._alone(date, piece.symbol, one)
        for number in piece.parameters:
            found = told[number]
            result, error = (None, _sentence(found)) if isinstance(found, Exception) else (found, None)
            yield msgspec.structs.replace(row, parameters=number, result=result, error=error)

    def _alone(self, date: str, symbol: str | None, parameters: Mapping[str, Any]) -> dict[str, Any] | Exception:
        try:
            with self._system(date, symbol) as system:
                return self._strategy.play(system, parameters).result
        except Exception as error:  # noqa: BLE001  # one task's fault is not another's
            return error

    def _at_once(
        self, date: str, symbol: str | None, sets: Mapping[int, Mapping[str, Any]]
    ) -> dict[int, dict[str, Any] | Exception]:
        """Play several sets on one system; those that need one of their own are left out."""
        try:
            with self._system(date, symbol) as system:
                told = Pass(system, self._strategy).play(sets)
            return {number: found for number, found in told.items() if not _needs_its_own(found)}
        except Exception as error:  # noqa: BLE001  # the session's fault is every task's
            return dict.fromkeys(sets, error)

    def _system(self, date: str, symbol: str | None) -> System:
        settings = self._plan.settings_of(date, symbol)
        system = System(settings, store=self._kept)
        for need in self._plan.requirements(settings.symbols):
            system.require(need.symbol, need.interval, need.bars)
        return system


def _needs_its_own(found: object) -> bool:
    return isinstance(found, Exception) and isinstance(found.__cause__, NeedsItsOwn)


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, BarkeeperError) else f"{type(error).__name__}: {text}"
