"""Damage at every door but that of files (``tests/importing``): one sentence of ours, and the rest is taken."""

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.doors.commands import status
from actors.doors.remote import status_socket
from actors.doors.remote.live_look import LiveLook
from actors.doors.remote.status_server import StatusDesk
from actors.doors.remote.status_socket import StatusRequest
from actors.feeds.gathered import Gathering
from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.settings import Settings
from actors.storage.beside.sidecar import read_certificate, write_certificate
from actors.storage.journal.file import JournalFile, Row
from actors.vendors.alpaca.feed import AlpacaFeed
from actors.vendors.ccxt.candles import GrowingCandles
from actors.vendors.massive.feed import MassiveFeed
from messages import FeedBars, FeedQuotes, FeedTicks
from messages.codec import decoder, encode
from messages.errors import UNREADABLE, BarkeeperError, DataError, FeedError, SettingsError
from messages.feeds import EVERYTHING
from messages.inboxes import Journaled
from messages.values import MINUTE_NS, ONE_MINUTE
from tests.builders import DAY, arrived, at, bar, minute_of, opened, time
from tests.certificates import certificate
from tests.damage import MANY, adds_up, bounded, damaged, many_damaged, one_damaged, refusal
from tests.depth import examples
from tests.doors.remote.test_status import EARLY
from tests.doors.runs import sockets
from tests.vendors.alpaca.server import KEYS as ALPACA
from tests.vendors.alpaca.server import bar_message
from tests.vendors.alpaca.test_frames import CANCEL, CORRECTION, QUOTE, STATUS, TRADE
from tests.vendors.massive.server import KEY as MASSIVE
from tests.vendors.massive.server import aggregate, trade
from tests.vendors.massive.server import status as massive_status

__all__ = ["sockets"]

BAR = bar("A", "09:30")
LINES = b"\n".join(
    (
        b'{"type":"bar","symbol":"A","start":"2024-07-02T13:30:00Z","open":1,"high":2,"low":0.5,"close":1,"volume":3}',
        b'{"type":"tick","symbol":"A","at":1719927000000000000,"price":1.5,"size":3,"conditions":"@","id":"x"}',
        b'{"type":"quote","symbol":"B","at":"2024-07-02T13:30:01Z","bid":1.5,"ask":1.6,"bid_size":3}',
        b'{"type":"cancel","symbol":"A","id":"x","at":1719927001000000000,"price":1.5,"size":3}',
        b'{"type":"correction","symbol":"A","id":"x","at":1719927001000000000,"price":1,"size":3,"corrected_price":2}',
        b'{"type":"heartbeat"}',
        b"",
    )
)
TOML = b"""store = "bars"
mode = "live"
calendar = "XNYS"
symbols = ["A", "B"]
closed = ["09:34-16:00"]
[rules]
grace_s = 5
intervals = ["5m", "1d"]
sources = ["wire"]
[live]
record_every_min = 5.0
[[special_sessions]]
date = "2024-07-03"
open = "09:30"
close = "13:00"
"""


FRAME = [bar_message("A", BAR.start_ns), TRADE, QUOTE, CANCEL, CORRECTION, STATUS]


_JOURNALED = decoder(list[Journaled])


class Chunks:
    """A source of lines that has them all at once."""

    is_remote = False

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = list(chunks)

    def open(self) -> None:
        """Nothing is to be done."""

    def read(self, timeout_s: float) -> bytes | None:  # nothing is waited for
        return self._chunks.pop(0) if self._chunks else None

    def close(self) -> None:
        """Nothing is held."""


def lines(raw: bytes) -> None:
    feed = JsonLinesFeed(Chunks(raw[:100], raw[100:], b"\n" + LINES))
    feed.subscribe((EVERYTHING,))
    feed.connect(threading.Event())
    items = [item for read in feed.reads() for item in read]
    adds_up(items)
    kinds = [kind for kind in (FeedBars, FeedTicks, FeedQuotes) if any(isinstance(item, kind) for item in items)]
    assert kinds == [FeedBars, FeedTicks, FeedQuotes]  # what comes after is taken


def toml(raw: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "settings.toml"
        path.write_bytes(raw)
        said = refusal(SettingsError, lambda: Settings.load(path))
    assert not said or (str(path) in said and "\n" not in said)


def certificates(raw: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "_certificate.json"
        path.write_bytes(raw)
        said = refusal(DataError, lambda: read_certificate(path, DAY.calendar, DAY.date))
    assert not said or str(path) in said


def journal(raw: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "XNYS_2024-07-02.journal"
        path.write_bytes(raw)
        said = refusal(DataError, lambda: _read(path))
    assert not said or str(path) in said


def _read(path: Path) -> None:
    file = JournalFile(path, read_only=True)
    try:
        list(file.messages())
    finally:
        file.close()


def journaled(raw: bytes) -> None:
    refusal(UNREADABLE, lambda: _JOURNALED.decode(raw))


def alpaca(raw: bytes) -> None:
    feed, gathering = AlpacaFeed(ALPACA), Gathering("f")
    if not refusal(FeedError, lambda: feed._take(raw, gathering)):
        adds_up(list(gathering.items()))


def massive(raw: bytes) -> None:
    feed, gathering = MassiveFeed(MASSIVE, channels=("AM", "T")), Gathering("f")
    if not refusal(FeedError, lambda: feed._take(raw, gathering)):
        adds_up(list(gathering.items()))


def saved(write: Callable[[Path], object]) -> bytes:
    """What a file holds that is written so."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(path)
        return path.read_bytes()


TOLD = [opened(DAY, ["A", "B"]), arrived(*minute_of("AB", "09:30")), time("09:31"), arrived(BAR), time("09:32")]


def _journal(path: Path) -> None:
    file = JournalFile(path)
    file.append([Row(seq, getattr(one, "now_ns", 0), encode(one)) for seq, one in enumerate(TOLD, 1)])
    file.close()


DOORS: dict[str, tuple[Callable[[bytes], None], bytes]] = {
    "lines": (lines, LINES),
    "toml": (toml, TOML),
    "certificates": (certificates, saved(lambda path: write_certificate(path, certificate("A", session=DAY)))),
    "journals": (journal, saved(_journal)),
    "journaled": (journaled, encode(TOLD)),
    "alpaca": (alpaca, msgspec.msgpack.encode(FRAME)),
    "massive": (
        massive,
        msgspec.json.encode(
            [aggregate(BAR, av=9), trade("A", at("09:30"), 1.5, 3, 7), massive_status("success", "subscribed to: AM.A")]
        ),
    ),
}


@pytest.mark.parametrize("door", DOORS)
def test_what_is_whole_is_taken(door: str) -> None:
    take, whole = DOORS[door]
    take(whole)


DEEP = [
    ("lines", b"["),
    ("lines", b'{"a":'),
    ("lines", b'{"type":"bar","a":'),
    ("toml", b"a=["),
    ("toml", b"a={b="),
    ("certificates", b'{"a":'),
    ("journaled", b"\x91\x81\xa1a"),
    ("alpaca", b"\x91"),
    ("massive", b"["),
]


@pytest.mark.parametrize(("door", "first"), DEEP)
def test_what_is_nested_without_end_is_refused_in_our_words(door: str, first: bytes) -> None:
    take, _ = DOORS[door]
    for again in (b"[", b"{b=", b'{"a":', b"\x91", b"\x81\xa1a"):
        take(first + again * 20_000)


@examples(60)
@given(data=st.data(), door=st.sampled_from(sorted(DOORS)))
def test_what_is_damaged_is_refused_in_our_words(data: st.DataObject, door: str) -> None:
    take, whole = DOORS[door]
    take(data.draw(damaged(whole)))


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_much_that_is_damaged_is_refused_in_our_words(door: str) -> None:
    take, whole = DOORS[door]
    take(whole)
    with bounded():
        for raw in many_damaged(whole):
            take(raw)


# --- candles are values, no bytes


NUMBER = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just([])
CANDLE = st.lists(NUMBER, max_size=8) | st.tuples(
    st.integers(0, 3).map(lambda minute: (BAR.start_ns + minute * MINUTE_NS) // 10**6), *[NUMBER] * 5
)


def candled(candles: list[list[float]]) -> None:
    growing = GrowingCandles(ONE_MINUTE)
    refusal(ValueError, lambda: list(growing.take("A", candles)))
    list(growing.due(DAY.end_ns))


@examples(60)
@given(candles=st.lists(CANDLE, max_size=4))
def test_candles_of_anything_are_refused_in_our_words(candles: list[list[float]]) -> None:
    candled(candles)


@pytest.mark.slow
@settings(max_examples=max(MANY // 10, 300), deadline=None, derandomize=True)
@given(candles=st.lists(CANDLE, max_size=4))
def test_many_candles_of_anything_are_refused_in_our_words(candles: list[list[float]]) -> None:
    candled(candles)


# --- the status socket, from both sides


unix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such sockets in Python")


def asked(raw: bytes) -> None:
    with status_socket.connected(status_socket.socket_of(os.getpid()), 5.0) as line:
        line.sendall(raw or b" ")
        line.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: line.recv(1 << 16), b""))
    if b'"refused"' in answer:
        assert "\n" not in msgspec.json.decode(answer, type=status_socket.Refused).reason
    else:
        assert msgspec.json.decode(answer, type=LiveLook) == EARLY


@unix_only
@pytest.mark.usefixtures("sockets")
@pytest.mark.parametrize("many", [20, pytest.param(MANY, marks=pytest.mark.slow)])
def test_the_socket_of_a_run_survives_any_request(many: int) -> None:
    with StatusDesk(lambda: EARLY):
        asked(b'{"type":"\xff"}')
        for seed in range(many):
            asked(one_damaged(Random(seed), msgspec.json.encode(StatusRequest())))

        assert status.ask(os.getpid()) == EARLY


@pytest.fixture
def answering(sockets: Path) -> Iterator[list[bytes]]:
    """Somebody else at the socket of a run, who answers with the last of these."""
    answers = [b""]
    path = status_socket.folder() / f"{os.getpid()}.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            while answers:
                line, _ = listening.accept()
                with line, contextlib.suppress(OSError):  # who asked has had enough
                    line.recv(1 << 16)
                    line.sendall(answers[-1] if answers else b"")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield answers
        answers.clear()
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(str(path))
        thread.join(5.0)


@unix_only
@pytest.mark.parametrize("many", [20, pytest.param(MANY, marks=pytest.mark.slow)])
def test_who_asks_a_run_is_told_in_our_words_if_the_answer_is_none(answering: list[bytes], many: int) -> None:
    for seed in range(many):
        answering.append(one_damaged(Random(seed), msgspec.json.encode(EARLY)))
        said = refusal(BarkeeperError, lambda: status.ask(os.getpid()))
        assert not said or "does not say how it is" in said
