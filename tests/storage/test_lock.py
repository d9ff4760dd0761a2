"""One writer a store, whatever happens to it."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from actors.storage.lock import LOCK_NAME, StoreLock
from messages.errors import StoreLocked

HOLDER = """
import os, sys
from pathlib import Path
from actors.storage.lock import StoreLock
lock = StoreLock(Path(sys.argv[1]))
print(os.getpid(), flush=True)
sys.stdin.read()
"""


def test_a_second_lock_is_refused_and_names_the_holder(tmp_path: Path):
    lock = StoreLock(tmp_path)

    with pytest.raises(StoreLocked, match=f"process {os.getpid()} on {platform.node()}"):
        StoreLock(tmp_path)

    lock.release()


def test_a_released_lock_can_be_taken(tmp_path: Path):
    first = StoreLock(tmp_path)
    first.release()
    first.release()

    second = StoreLock(tmp_path)

    with pytest.raises(StoreLocked):
        StoreLock(tmp_path)
    second.release()


def test_a_holder_that_has_not_said_who_it_is_is_another_process(tmp_path: Path):
    lock = StoreLock(tmp_path)
    (tmp_path / LOCK_NAME).write_text("")

    with pytest.raises(StoreLocked, match="another process"):
        StoreLock(tmp_path)

    lock.release()


def test_locks_of_two_stores_do_not_meet(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    locks = [StoreLock(tmp_path / "a"), StoreLock(tmp_path / "b")]

    for lock in locks:
        lock.release()


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        StoreLock(tmp_path / "nowhere")


def test_a_file_system_without_locks_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def no_locks(handle: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("actors.storage.lock._take", no_locks)

    with pytest.raises(OSError, match="not supported"):
        StoreLock(tmp_path)


def test_the_lock_of_a_process_that_dies_is_free(tmp_path: Path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        pid = holder.stdout.readline().strip()
        with pytest.raises(StoreLocked, match=f"process {pid} on"):
            StoreLock(tmp_path)
        holder.kill()
        holder.wait()

    StoreLock(tmp_path).release()
