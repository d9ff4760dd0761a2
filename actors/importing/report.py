"""What an import is asked, how far it is, and whether it has done it; fields are called as in the documented JSON."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from actors.reading.dates import DateOrder
from actors.reading.format import EXAMPLES, Stamp
from messages.values import ONE_MINUTE, Interval

UNREADABLE = "store_unreadable"
"""The reason of rows of whose day the store has what cannot be read: that is not written over."""
NOT_WRITTEN = ": the rows of its days were not written"
"""How the warning of a file ends that has such rows."""
_MOST_REASONS = 3
_SHOWN = 3
_FEW_REPLACED = 2


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user says about an import; what is not said, the files are asked."""

    format: str | None = None
    columns: str | None = None
    """What each column of plain text is, in order and divided by commas: ``date,time,open,high,low,close,-,volume``."""
    symbol: str | None = None
    """The symbol of files that name one symbol or none."""
    calendar: str | None = None
    fallback_calendar: str | None = None
    """Where neither ``calendar`` nor the file says which."""
    tz: str | None = None
    """The zone of stamps that carry none."""
    stamp: Stamp | None = None
    dates: DateOrder | None = None
    """The order of day, month and year, where the files leave it open."""
    base: Interval = ONE_MINUTE
    """The length of the bars that are imported: a minute, or a whole part of one."""
    strict: bool = False
    """Write nothing if any row is rejected or any file refused."""
    allow_negative: bool | None = None
    """Whether prices may be zero or below; ``None``: on calendars of futures, not on others."""
    sale_conditions: str | None = None
    """By whose rules trades of US stocks make bars (``market.sale_conditions``); ``None``: the vendor's own."""
    complete: bool = False
    """Whether the files hold all that was traded in the sessions that they cover: other minutes are NO_TRADE."""


class ImportProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import is: first all files are read, then all days are written."""

    phase: str
    """``reading`` or ``writing``."""
    done: int
    total: int
    at: str
    """The file or the day that has just been done, or the large file that is being read."""
    rows: int
    """Rows read so far."""
    share: float
    """How much of the phase is done, from 0 to 1: of the bytes to read, of the days to write."""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was rejected: where it is, what stands there, and what should."""

    row: int
    """The line, as an editor counts them, from 1; the record in files without lines."""
    reason: str
    field: str
    seen: str
    expected: str


class FileReport(msgspec.Struct, kw_only=True):
    """What became of one file. ``rows = kept + duplicates + corrected + sum(rejected)``, blank rows aside."""

    path: str
    format: str = ""
    symbols: list[str] = []
    rows: int = 0
    kept: int = 0
    """Bars of minutes that had none before."""
    duplicates: int = 0
    """Bars that were there already."""
    corrected: int = 0
    """Bars that replace a different one, of the store or of an earlier row of this import."""
    contradictions: int = 0
    """How many of the corrected bars replace an earlier row of the same file: the last row wins."""
    rejected: dict[str, int] = {}
    """How many rows are no bars, by reason."""
    examples: list[Example] = []
    """The first few of them."""
    sessions: list[str] = []
    """The session dates that the file has bars of."""
    calendar: str = ""
    tz: str = ""
    """The zone in which its stamps were read, or that they say it themselves."""
    stamp: str = ""
    """Which end of its minute a bar is stamped with, as it was read."""
    blank_rows: int = 0
    warnings: list[str] = []
    """What the user should know and may want to change."""
    error: str | None = None
    """Why nothing of the file was imported."""

    def reject(self, reason: str, count: int, examples: list[Example]) -> None:
        """Count rejected rows and keep the first few of them as examples."""
        if count:
            self.rejected[reason] = self.rejected.get(reason, 0) + count
            self.examples = sorted([*self.examples, *examples], key=lambda example: example.row)[:EXAMPLES]


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A file in a folder that was left out, and why."""

    path: str
    reason: str


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over all files."""

    files: int
    failed_files: int
    skipped_files: int
    rows: int
    kept: int
    duplicates: int
    corrected: int
    rejected: dict[str, int]
    blank_rows: int
    symbols: int
    sessions: int
    held_back: int = 0
    """Rows that were not written because the import as a whole failed: then none is kept, and none corrected."""


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did."""

    files: list[FileReport]
    skipped: list[Skipped]
    totals: Totals
    written: bool
    """Whether the store was changed or could have been: false where ``strict`` held it back."""
    certified: int = 0
    """Days that got a certificate, or a new one."""
    layout: str | None = None
    """``days``: the store has a file a day; ``narrow``: a file a month or a year; ``None``: nothing was written."""
    remarks: list[str] = []
    """A sentence for each certificate that was there before and cannot be read: it is left as it is."""
    error: str | None = None
    """Why the import as a whole failed, in one sentence."""

    @property
    def failed(self) -> bool:
        """Whether the command should say so with its exit code."""
        return self.error is not None or self.totals.failed_files > 0


def totals_of(files: Sequence[FileReport], skipped: Sequence[Skipped], *, written: bool = True) -> Totals:
    """Sum up; what was not written is held back."""
    rejected: dict[str, int] = {}
    for reason, count in (item for file in files for item in file.rejected.items()):
        rejected[reason] = rejected.get(reason, 0) + count
    kept, corrected = sum(file.kept for file in files), sum(file.corrected for file in files)
    return Totals(
        files=len(files),
        failed_files=sum(file.error is not None for file in files),
        skipped_files=len(skipped),
        rows=sum(file.rows for file in files),
        kept=kept if written else 0,
        duplicates=sum(file.duplicates for file in files),
        corrected=corrected if written else 0,
        held_back=0 if written else kept + corrected,
        rejected=rejected,
        blank_rows=sum(file.blank_rows for file in files),
        symbols=len({symbol for file in files for symbol in file.symbols}),
        sessions=len({(file.calendar, date) for file in files for date in file.sessions}),
    )


def by_kind(skipped: Iterable[Skipped]) -> dict[str, list[Skipped]]:
    """Return what was left out, by as much of the reason as many files share."""
    kinds: dict[str, list[Skipped]] = {}
    for one in skipped:
        kinds.setdefault(re.split("[:;]", one.reason)[0], []).append(one)
    return {_shared_reason(kind, alike): alike for kind, alike in kinds.items()}


def _shared_reason(kind: str, alike: list[Skipped]) -> str:
    """Return the reason with the advice behind its semicolon, where that is the same for all; of one what was seen."""
    if len(alike) == 1:
        why, colon, seen = alike[0].reason.partition(":")
        return why + colon + seen.partition(";")[0]
    reasons = {one.reason.partition(":")[0] for one in alike}
    return reasons.pop() if len(reasons) == 1 else kind


def nothing_in(skipped: list[Skipped]) -> str:
    """Return the sentence that says why there is nothing to import: every file, if there is any, was left out."""
    if not skipped:
        return "there is no file of bars among the paths"
    if len(skipped) == 1:
        return f"there is nothing to import: the only file was skipped: {skipped[0].reason}"
    kinds = by_kind(skipped)
    reasons = [f"{why} ({len(alike)} of them)" if len(kinds) > 1 else why for why, alike in kinds.items()]
    more = ["and other reasons"] if len(reasons) > _MOST_REASONS else []
    told = "; ".join([*reasons[:_MOST_REASONS], *more])
    return f"there is nothing to import: all {len(skipped)} files were skipped: {told}"


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
