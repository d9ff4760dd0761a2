"""What a sweep came to: a row for every session, symbol and set of parameters that was played."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import msgspec

from actors.sweep.pieces import Row
from actors.sweep.plan import Plan

if TYPE_CHECKING:
    import pandas as pd


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one session came to with one set of parameters."""

    session: str
    """Its date, ISO."""
    symbol: str | None
    """The only one that was played; ``None``: all that the sweep names, together."""
    parameters: dict[str, Any]
    result: dict[str, Any] | None
    """What the strategy returned, in plain values; ``None``: it failed."""
    error: str | None = None
    """Why there is no result."""

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        where = " ".join(filter(None, (self.session, self.symbol, values and f"({values})")))
        return f"{where}: {self.result if self.error is None else self.error}"


class Results(Sequence[Result]):
    """All results there are, by date, symbol and set of parameters.

    Args:
        plan: what was to be played.
        rows: what was.
        is_interrupted: whether somebody ended it before it was all done.
        remarks: sentences about what the sweep met with besides.
    """

    def __init__(
        self, plan: Plan, rows: Sequence[Row], *, is_interrupted: bool = False, remarks: Sequence[str] = ()
    ) -> None:
        places = {symbol: place for place, symbol in enumerate(dict.fromkeys(chain.symbol for chain in plan.chains))}
        ordered = sorted(rows, key=lambda row: (row.date, places[row.symbol], row.parameters))
        self._results = tuple(
            Result(
                session=row.date,
                symbol=row.symbol,
                parameters=plan.grid[row.parameters],
                result=row.result,
                error=row.error,
            )
            for row in ordered
        )
        self.tasks = plan.tasks
        """How many results there are when all is done."""
        self.is_interrupted = is_interrupted
        self.remarks = tuple(remarks)

    @property
    def failures(self) -> tuple[Result, ...]:
        """Those that have no result; each says which session, symbol and parameters, and why."""
        return tuple(one for one in self._results if one.error is not None)

    @property
    def is_complete(self) -> bool:
        """Whether every task has been played, and none failed."""
        return len(self) == self.tasks and not self.failures

    def to_pandas(self) -> "pd.DataFrame":
        """Return a row for each: session, symbol where symbols were played one by one, parameters, what came out.

        Where any failed there is a column ``error``. What the strategy returned under the name of a parameter is
        called ``NAME_result``.
        """
        import pandas as pd

        names = {"session", "symbol", "error", *(name for one in self._results for name in one.parameters)}
        has_symbols = any(one.symbol is not None for one in self._results)
        has_errors = bool(self.failures)
        rows = [
            {
                "session": one.session,
                **({"symbol": one.symbol} if has_symbols else {}),
                **one.parameters,
                **_renamed(one.result or {}, names),
                **({"error": one.error} if has_errors else {}),
            }
            for one in self._results
        ]
        frame = pd.DataFrame(rows)
        if rows:
            frame["session"] = pd.to_datetime(frame["session"])
        return frame

    @overload
    def __getitem__(self, index: int) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Result, ...]: ...
    def __getitem__(self, index: int | slice) -> Result | tuple[Result, ...]:
        return self._results[index]

    def __len__(self) -> int:
        return len(self._results)

    def __iter__(self) -> Iterator[Result]:
        return iter(self._results)

    def __repr__(self) -> str:
        failed = self.failures
        said = f"{len(self)} of {self.tasks} tasks"
        said += ", interrupted" if self.is_interrupted else ""
        return f"<Results: {said}, {len(failed)} failed; the first: {failed[0]}>" if failed else f"<Results: {said}>"


def _renamed(result: Mapping[str, Any], taken: set[str]) -> dict[str, Any]:
    return {f"{name}_result" if name in taken else name: value for name, value in result.items()}
