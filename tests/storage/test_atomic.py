"""Syncs of a folder: one serves everybody who waits for it, and only those who came before it began."""

import threading
from pathlib import Path

import pytest

from actors.storage import atomic
from actors.storage.atomic import FolderSyncs, replacing


class SlowDisk:
    """Stands in for the disk, which cannot be told when to be done: each sync waits until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.count = 0
        self.error: OSError | None = None

    def sync(self, folder: Path) -> None:
        self.count += 1
        self.begun.release()
        assert self.may_end.acquire(timeout=10)
        if self.error is not None:
            error, self.error = self.error, None
            raise error


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SlowDisk:
    slow = SlowDisk()
    monkeypatch.setattr(atomic, "_sync_folder", slow.sync)
    return slow


def calling(syncs: FolderSyncs, folder: Path, count: int) -> list[threading.Thread]:
    threads = [threading.Thread(target=syncs.sync, args=(folder,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def all_wait(syncs: FolderSyncs, folder: Path, count: int) -> None:
    """Return once that many threads wait for somebody else's sync."""
    changed = syncs._folders[folder]._changed
    while True:
        with changed:
            if len(changed._waiters) == count:  # type: ignore[attr-defined]  # nothing public says who waits
                return


def test_those_who_come_during_a_sync_share_the_next_one(disk: SlowDisk, tmp_path: Path) -> None:
    syncs = FolderSyncs()
    first = calling(syncs, tmp_path, 1)
    assert disk.begun.acquire(timeout=10)
    others = calling(syncs, tmp_path, 5)
    all_wait(syncs, tmp_path, 5)

    disk.may_end.release()
    first[0].join(10)
    assert disk.begun.acquire(timeout=10)
    assert all(other.is_alive() for other in others)
    disk.may_end.release()
    for other in others:
        other.join(10)

    assert disk.count == 2
    assert not any(other.is_alive() for other in others)


def test_a_sync_that_failed_serves_nobody(disk: SlowDisk, tmp_path: Path) -> None:
    syncs, disk.error = FolderSyncs(), OSError("the disk is gone")
    disk.may_end.release()
    with pytest.raises(OSError, match="the disk is gone"):
        syncs.sync(tmp_path)

    disk.may_end.release()
    syncs.sync(tmp_path)

    assert disk.count == 2


def test_folders_do_not_wait_for_each_other(disk: SlowDisk, tmp_path: Path) -> None:
    syncs = FolderSyncs()
    threads = calling(syncs, tmp_path / "a", 1) + calling(syncs, tmp_path / "b", 1)

    assert all(disk.begun.acquire(timeout=10) for _ in range(2))
    disk.may_end.release(2)
    for thread in threads:
        thread.join(10)


def test_a_file_is_replaced_whole_and_its_folder_made(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "file"
    for content in (b"old", b"new and longer", b"x"):
        with replacing(path) as sink:
            sink.write(content)
        assert path.read_bytes() == content


def test_a_file_that_is_written_by_half_takes_no_place(tmp_path: Path) -> None:
    def write_half(path: Path) -> None:
        with replacing(path) as sink:
            sink.write(b"half of")
            raise ValueError("halfway")

    path = tmp_path / "file"
    path.write_bytes(b"whole")

    with pytest.raises(ValueError, match="halfway"):
        write_half(path)

    assert path.read_bytes() == b"whole"
