"""Whether an import has failed although files were read, and why, in one sentence."""

from collections.abc import Sequence

from actors.importing.day_merge import NOT_WRITTEN, UNREADABLE
from actors.importing.report import FileReport, Skipped, nothing_in, totals_of

_SHOWN = 3
_FEW_REPLACED = 2


def nothing_kept(files: Sequence[FileReport], skipped: list[Skipped]) -> str | None:
    """Return why an import fails that keeps nothing, in one sentence; ``None``: it keeps something."""
    refused = [file.error for file in files if file.error]
    rejected = sum(sum(file.rejected.values()) for file in files)
    rows = sum(file.rows for file in files)
    if not files:
        return nothing_in(skipped)
    if len(refused) == len(files):
        return _refusal(refused)
    if rows and rejected == rows:
        return f"none of the {rows} rows was kept: {_told(files)}"
    return None


def replacement(files: Sequence[FileReport], skipped: list[Skipped], replaced: int) -> str | None:
    """Return why an import fails that replaced most of what it had just written.

    Args:
        files: what became of each.
        skipped: those that were left out.
        replaced: how many rows replace a different one of the same import.
    """
    totals = totals_of(files, skipped)
    minutes = totals.kept + totals.duplicates + totals.corrected - replaced
    if replaced < _FEW_REPLACED or replaced * 2 <= minutes:
        return None
    return (
        f"{replaced} rows gave {minutes} minutes other values than rows of the same import before them, and "
        "replaced them: are these several symbols, venues or lengths of bars under one name?"
    )


def in_the_way(files: Sequence[FileReport]) -> str | None:
    """Return why an import fails that met files of the store that cannot be read; all others were written."""
    said = (warning for file in files for warning in file.warnings if warning.endswith(NOT_WRITTEN))
    reasons = list(dict.fromkeys(warning.removesuffix(NOT_WRITTEN) for warning in said))
    if not reasons:
        return None
    rows = sum(file.rejected.get(UNREADABLE, 0) for file in files)
    told = "; ".join(reasons[:_SHOWN]) + (" ..." if len(reasons) > _SHOWN else "")
    return (
        f"{rows} rows were not written, for what the store has of their days cannot be read and was left as it is: "
        f"{told}; put such a file right, or take it away, and import again"
    )


def concluded(files: Sequence[FileReport], skipped: list[Skipped], replaced: int) -> str | None:
    """Return why an import fails whose bars have been written, if it does; takes what ``replacement`` takes."""
    return in_the_way(files) or nothing_kept(files, skipped) or replacement(files, skipped, replaced)


def _refusal(refused: list[str]) -> str:
    """Return why all files were refused, that one reason where it is the same."""
    reasons = {error.partition(": ")[2] for error in refused}
    if len(refused) == 1:
        return refused[0]
    if len(reasons) == 1:
        names = ", ".join(error.partition(": ")[0] for error in refused[:_SHOWN])
        return f"all {len(refused)} files were refused ({names}{', ...' * (len(refused) > _SHOWN)}): {reasons.pop()}"
    return f"all {len(refused)} files were refused; the first: {refused[0]}"


def _told(files: Sequence[FileReport]) -> str:
    """Return the first example of a rejected row."""
    example = next(example for file in files for example in file.examples)
    return f"row {example.row} ({example.reason}): {example.field} is {example.seen!r}, expected {example.expected}"
