"""What systemd is told of a service of ``Type=notify``, and the unit file of a live run."""

import getpass
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from actors.doors.remote.live_look import LiveLook

_EVERY_S = 5.0
"""How often it is told how the run is, where it does not want to hear that more often."""
_UNIT = """\
[Unit]
Description=Barkeeper, a live market-data session
Wants=network-online.target
After=network-online.target time-sync.target

[Service]
Type=notify
NotifyAccess=main
User={user}
WorkingDirectory={folder}
ExecStart={command}
Restart=on-failure
RestartSec=5
WatchdogSec=60
TimeoutStartSec=180
TimeoutStopSec=60
UMask=0077

[Install]
WantedBy=multi-user.target
"""


class Notifier:
    """Tells systemd, by datagram as sd_notify(3) does; nobody, where no service manager has started this process.

    Args:
        environ: of the process.
        clock: seconds.
    """

    def __init__(self, environ: Mapping[str, str] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        given = os.environ if environ is None else environ
        self._address = given.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        is_watched = given.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watchdog = given.get("WATCHDOG_USEC", "") if is_watched else ""
        self._every_s = min(int(watchdog) / 4e6, _EVERY_S) if watchdog.isdecimal() else _EVERY_S
        self._clock = clock
        self._beats = -1
        self._next_s = 0.0

    def ready(self) -> None:
        """The session stands at its open."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """What has come is being written down."""
        self._tell("STOPPING=1", "STATUS=writing down what has come")

    def look(self, look: LiveLook) -> None:
        """Tell how the run is, now and then; and that it lives, if it has been looked at from outside since."""
        now_s = self._clock()
        if now_s < self._next_s or not self._address:
            return
        self._next_s = now_s + self._every_s
        is_alive, self._beats = look.system.beats != self._beats, look.system.beats
        self._tell(f"STATUS={status_line(look)}", *(["WATCHDOG=1"] if is_alive else []))

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | getattr(socket, "SOCK_CLOEXEC", 0)) as wire:
            try:
                wire.sendto("\n".join(lines).encode(), self._address)
            except OSError:
                return  # nobody listens any more: that is not for us to end for


def status_line(look: LiveLook) -> str:
    """Return how a run is, in one line."""
    session = look.live.session
    where = "no session yet" if session is None else f"session {session.date} {look.live.phase}, {look.bars} bars"
    why = f": {look.system.reasons[0]}" if look.system.reasons else ""
    return " ".join(f"{where}; {look.system.health}{why}".split())


def unit(arguments: Sequence[str], program: Path | None = None) -> str:
    """Return a unit file that runs this program from the folder at hand, as the user at hand.

    Args:
        arguments: of the command line.
        program: the script that was called; ``None``: the one of this process.
    """
    called = (Path(sys.argv[0]) if program is None else program).absolute()
    words = [sys.executable, str(called), *arguments]
    return _UNIT.format(
        user=getpass.getuser(), folder=str(Path.cwd()).replace("%", "%%"), command=" ".join(map(_word, words))
    )


def _word(text: str) -> str:
    """Return a word of a command line as systemd.service(5) wants it quoted."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    is_plain = escaped == text and text and not any(one.isspace() or one in "';" for one in text)
    return text if is_plain else f'"{escaped}"'
