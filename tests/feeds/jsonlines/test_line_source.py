"""Where lines come from."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.feeds.jsonlines.line_source import FileSource, LineSource, PipeSource, SocketSource
from messages.errors import ConnectionLost
from tests.feeds.jsonlines.sender import LineServer

posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows keeps open files, and sockets, in another way")


def all_of(source: LineSource, size: int) -> bytes:
    """Read until so many bytes came."""
    found = b""
    for _ in range(100):
        found += source.read(0.05) or b""
        if len(found) >= size:
            return found
    raise AssertionError(found)


def lost(source: LineSource) -> str:
    """Read until the connection is lost; return why."""
    try:
        for _ in range(100):
            source.read(0.05)
    except ConnectionLost as error:
        return str(error)
    raise AssertionError("still there")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lines"


@pytest.fixture
def opened(path: Path) -> Iterator[FileSource]:
    path.write_bytes(b"one\n")
    source = FileSource(path)
    source.open()
    yield source
    source.close()


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


def test_a_file_is_read_from_its_start_and_as_it_grows(path: Path, opened: FileSource) -> None:
    assert all_of(opened, 4) == b"one\n"
    assert opened.read(0.01) == b""

    append(path, b"two\n")

    assert all_of(opened, 4) == b"two\n"


def test_a_file_may_be_read_from_its_present_end(path: Path) -> None:
    path.write_bytes(b"old\n")
    source = FileSource(path, from_end=True)
    source.open()

    append(path, b"new\n")

    assert all_of(source, 4) == b"new\n"
    source.close()


def test_a_file_that_was_closed_goes_on_where_it_was_left(path: Path, opened: FileSource) -> None:
    all_of(opened, 4)
    opened.close()
    opened.close()
    append(path, b"two\n")

    opened.open()

    assert all_of(opened, 4) == b"two\n"


@posix_only
def test_a_file_that_is_replaced_is_read_anew(path: Path, opened: FileSource) -> None:
    all_of(opened, 4)
    other = path.with_name("other")
    other.write_bytes(b"new\n")

    other.replace(path)

    assert all_of(opened, 4) == b"new\n"


def test_a_file_that_was_replaced_while_it_was_closed_is_read_anew(path: Path, opened: FileSource) -> None:
    all_of(opened, 4)
    opened.close()
    other = path.with_name("other")
    other.write_bytes(b"another\n")
    other.replace(path)

    opened.open()

    assert all_of(opened, 8) == b"another\n"


def test_a_file_that_was_cut_short_is_read_anew(path: Path, opened: FileSource) -> None:
    all_of(opened, 4)

    path.write_bytes(b"2\n")

    assert all_of(opened, 2) == b"2\n"


@posix_only
def test_a_file_that_is_moved_away_is_read_on_until_another_takes_its_place(path: Path, opened: FileSource) -> None:
    all_of(opened, 4)
    moved = path.with_name("moved")
    path.rename(moved)
    append(moved, b"two\n")
    assert all_of(opened, 4) == b"two\n"
    assert opened.read(0.01) == b""

    path.write_bytes(b"new\n")

    assert all_of(opened, 4) == b"new\n"


def test_a_file_that_is_not_there_is_a_connection_that_cannot_be_made(path: Path) -> None:
    with pytest.raises(ConnectionLost, match="cannot be opened: No such file"):
        FileSource(path).open()


def test_a_pipe_ends_with_its_writer_and_stays_ended() -> None:
    reading, writing = os.pipe()
    source = PipeSource(reading)
    source.open()
    assert source.read(0.01) == b""

    os.write(writing, b"one\n")
    assert all_of(source, 4) == b"one\n"
    os.close(writing)

    assert source.read(5) is None
    assert source.read(5) is None
    os.close(reading)


def test_a_pipe_that_is_closed_and_opened_again_loses_nothing() -> None:
    reading, writing = os.pipe()
    source = PipeSource(reading)
    source.open()
    source.close()

    os.write(writing, b"one\n")
    source.open()

    assert all_of(source, 4) == b"one\n"
    os.close(writing)
    assert source.read(5) is None
    os.close(reading)


def test_a_descriptor_that_cannot_be_read_is_an_end() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    source = PipeSource(reading)

    source.open()

    assert source.read(5) is None


def test_a_connection_gives_what_comes_and_is_lost_when_the_far_side_hangs_up() -> None:
    server = LineServer()
    source = SocketSource("127.0.0.1", server.port)
    source.open()
    assert source.read(0.01) == b""
    server.write(b"one\n")
    assert all_of(source, 4) == b"one\n"

    server.hang_up()

    assert lost(source) == f"127.0.0.1:{server.port} closed the connection"
    source.close()
    source.close()
    server.close()


@posix_only
def test_a_connection_that_breaks_is_lost() -> None:
    server = LineServer()
    source = SocketSource("127.0.0.1", server.port)
    source.open()
    server.break_off()

    assert lost(source).startswith(f"127.0.0.1:{server.port}: [Errno")
    source.close()
    server.close()


def test_nobody_there_is_a_connection_that_cannot_be_made() -> None:
    server = LineServer()
    server.close()

    with pytest.raises(ConnectionLost, match=f"127.0.0.1:{server.port} cannot be reached"):
        SocketSource("127.0.0.1", server.port).open()
