"""A live day on a disk that is full for a while: a real one, of memory, where the machine lets us mount it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.doors.remote.live_look import LiveLook
from tests.doors.conftest import Call
from tests.doors.runs import HALF_DAY, Onlooker, sockets

__all__ = ["sockets"]

pytestmark = [pytest.mark.usefixtures("sockets"), pytest.mark.slow]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk that is full as soon as the journal has begun."""
    if shutil.which("mount") is None or not is_done("mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", tmp_path):
        pytest.skip("nothing can be mounted here: it takes Linux and root")
    yield tmp_path
    is_done("umount", tmp_path)


def is_done(*command: str | Path) -> bool:
    return subprocess.run(list(map(str, command)), capture_output=True, check=False).returncode == 0


def is_noticed(look: LiveLook) -> bool:
    return look.system.journal is not None and "No space left on device" in "".join(look.live.troubles)


def test_a_day_on_a_disk_that_is_full_for_a_while_is_whole_in_the_end(call: Call, disk: Path) -> None:
    with Onlooker(is_noticed, lambda: is_done("mount", "-o", "remount,size=64m", disk)) as onlooker:
        answer = call("live", *HALF_DAY, "--store", disk / "store", "--until", "close", "--speed", "600", "--json")

    assert onlooker.look is not None
    assert onlooker.look.system.health == "degraded"
    assert "could not be written" in answer.err
    (session,) = answer.object["sessions"]
    assert (answer.code, session["recorded"], session["certified"]) == (0, 630, True)
    assert call("verify", "--store", disk / "store").code == 0
