"""Tables of sweeps: what came out, by set of parameters."""

from collections.abc import Sequence
from statistics import fmean

from actors.doors.show import figures
from actors.doors.show.paper import Column, Sheet
from actors.sweep import Result, Results

_MOST_NUMBERS = 6


def by_parameters(results: Results) -> Sheet | str:
    """Return a row for each set of parameters: its tasks, and the mean of every number; or that nothing came out."""
    sets: dict[str, list[Result]] = {}
    for one in results:
        sets.setdefault(repr(one.parameters), []).append(one)
    names = list(dict.fromkeys(name for one in results for name in one.parameters))
    numbers = list(dict.fromkeys(name for one in results for name, value in _numbers(one)))
    shown = numbers[:_MOST_NUMBERS]
    columns = [
        *(Column(name, is_text=True) for name in names),
        Column("Tasks"),
        Column("Failed", is_watched=True),
        *(Column(f"Mean {name}", rank=place) for place, name in enumerate(shown)),
    ]
    title = f"What came out of {figures.count(len(results))} of {figures.count(results.tasks)} tasks"
    if not sets:
        return f"{title}: nothing yet."
    sheet = Sheet(title, columns)
    for found in sets.values():
        means = [_mean([value for one in found for key, value in _numbers(one) if key == name]) for name in shown]
        parameters = found[0].parameters
        failed = sum(one.error is not None for one in found)
        sheet.add(
            *(str(parameters.get(name, figures.NOTHING)) for name in names),
            figures.count(len(found)),
            figures.count(failed),
            *means,
        )
    return sheet


def _numbers(one: Result) -> list[tuple[str, float]]:
    values = (one.result or {}).items()
    return [(name, float(value)) for name, value in values if type(value) in (int, float)]


def _mean(values: Sequence[float]) -> str:
    return f"{fmean(values):.6g}" if values else figures.NOTHING
