"""The ``quarantine`` command: the messages that met a bug on a live day, and delivering them again."""

import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from actors.doors.show import paper
from actors.reading.spelling.addresses import Place, shown
from actors.recording import deliver
from actors.storage.elsewhere.opening import folder_of, journals_of, open_store
from actors.storage.journal.file import JournalFile, journals
from actors.storage.journal.quarantine import Quarantine, Quarantined
from actors.storage.lock import is_held
from messages.errors import BarkeeperError, DataError, SettingsError
from messages.values import Room

_PATIENCE_S = 10.0
_LOOK_S = 0.1
_COLUMNS = (
    paper.Column("No."),
    paper.Column("When (UTC)", is_text=True),
    paper.Column("Room", is_text=True),
    paper.Column("Message", is_text=True),
    paper.Column("Bug", is_text=True),
    paper.Column("Has data", is_text=True),
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A message in quarantine."""

    number: int
    file: str
    at: str
    """When it met the bug, in UTC."""
    room: Room
    message: str
    error: str
    """What was raised."""
    has_data: bool
    """Whether something is lost with it, until it is delivered again."""
    text: str
    trace: str
    story: tuple[str, ...]


class QuarantineResult(msgspec.Struct, frozen=True, kw_only=True):
    """What is in quarantine beside a store."""

    store: str
    messages: list[Entry]
    delivered: list[int] = []
    """The numbers of those that were delivered again just now, and are in quarantine no more."""
    refused: dict[str, str] = {}
    """By number why one could not be."""


def quarantine(store: Place, retry: str | None, show: int | None, *, as_json: bool) -> None:
    """Print what is in quarantine beside a store, or deliver it again.

    Args:
        store: where it lies.
        retry: the number of a message, or ``all``.
        show: the number of a message of which the traceback is printed, and what came before it.
        as_json: whether to print JSON.

    Raises:
        BarkeeperError: there is no such message, or one could not be delivered.
    """
    root, folder = folder_of(store), journals_of(store)
    if root is None and not folder.is_dir():
        raise DataError(f"no journals of {shown(store)} in {folder.parent}: they lie where its live run was started")
    if root is not None and not root.is_dir() and not folder.is_dir():
        raise DataError(f"no store at {root}: {'not a folder' if root.exists() else 'no such folder'}")
    place = Quarantine(folder)
    files = list(place.files())
    kept = [place.read(path) for path in files]
    entries = [_entry(number, path, one) for number, (path, one) in enumerate(zip(files, kept, strict=True), 1)]
    chosen = _chosen(retry, entries)
    refused = _delivered(store, place, {number: (files[number - 1], kept[number - 1]) for number in chosen})
    result = QuarantineResult(
        store=shown(store),
        messages=entries,
        delivered=[number for number in chosen if str(number) not in refused],
        refused=refused,
    )
    if as_json:
        paper.show_json(result)
    elif show is not None:
        _show(_one(show, entries))
    else:
        _print(result)
    if refused:
        raise DataError(f"{len(refused)} of {len(chosen)} were not delivered: {next(iter(refused.values()))}")


def _entry(number: int, path: Path, kept: Quarantined) -> Entry:
    return Entry(
        number=number,
        file=str(path),
        at=f"{datetime.fromtimestamp(kept.at_ns / 1e9, UTC):%Y-%m-%d %H:%M:%S}",
        room=kept.room,
        message=kept.kind,
        error=kept.error,
        has_data=kept.has_data,
        text=kept.text,
        trace=kept.trace,
        story=kept.story,
    )


def _chosen(retry: str | None, entries: list[Entry]) -> list[int]:
    if retry is None:
        return []
    if retry == "all":
        return [entry.number for entry in entries if entry.has_data]
    if not retry.isdecimal():
        raise SettingsError(f"--retry takes the number of a message, or all, not {retry!r}")
    return [_one(int(retry), entries).number]


def _one(number: int, entries: list[Entry]) -> Entry:
    if not 1 <= number <= len(entries):
        there = f"they are numbered from 1 to {len(entries)}" if entries else "there is none"
        raise SettingsError(f"there is no message {number} in quarantine: {there}")
    return entries[number - 1]


def _delivered(store: Place, place: Quarantine, chosen: dict[int, tuple[Path, Quarantined]]) -> dict[str, str]:
    """Deliver messages; return why which could not be."""
    refused: dict[str, str] = {}
    if not chosen:
        return refused
    is_live = is_held(journals_of(store))
    for number, (path, kept) in chosen.items():
        try:
            kept.message()  # refused at once, and not by a process that nobody looks at
            if is_live:
                _asked_for(place, path)
            else:
                _written(store, kept)
                place.release(path)
        except (BarkeeperError, OSError) as error:
            refused[str(number)] = f"message {number}: {error}"
    return refused


def _asked_for(place: Quarantine, path: Path) -> None:
    """Have the live run deliver it, and wait until it has."""
    before = set(place.files())
    place.ask_for(path)
    until_s = time.monotonic() + _PATIENCE_S
    while path.exists():
        if time.monotonic() >= until_s:
            raise DataError(f"the run that writes to this store has not taken it within {_PATIENCE_S:.0f} s")
        time.sleep(_LOOK_S)
    again = next(iter(sorted(set(place.files()) - before)), None)
    if again is not None:
        raise DataError(f"it met a bug once more: {place.read(again).error}")


def _written(store: Place, kept: Quarantined) -> None:
    """Deliver it in its place of the journal of its day, of which nobody else is in charge."""
    for path in journals(journals_of(store)):
        with closing(JournalFile(path)) as file:
            number = file.number_of(kept.body)
            if number is not None:
                with closing(open_store(store)) as bars:
                    deliver(file, number, bars, time.time_ns())
                return
    raise DataError(f"a {kept.kind} of {kept.room} is delivered to a live run only: start one with this store first")


def _print(result: QuarantineResult) -> None:
    if not result.messages:
        paper.show(f"Nothing is in quarantine beside {result.store}.")
        return
    sheet = paper.Sheet("Messages that met a bug", _COLUMNS)
    for entry in result.messages:
        has_data = "yes" if entry.has_data else "no"
        sheet.add(str(entry.number), entry.at, str(entry.room), entry.message, entry.error, has_data)
    told = [f"{len(result.delivered)} delivered, and in quarantine no more."] if result.delivered else []
    paper.show(sheet, *told)


def _show(entry: Entry) -> None:
    story = [f"  {line}" for line in entry.story]
    paper.show("\n".join([entry.text, "", entry.trace.rstrip(), "", "What the room was told before:", *story]))
