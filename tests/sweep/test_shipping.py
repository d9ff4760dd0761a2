"""A strategy arrives as it was sent, in a process that has none of its files."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.strategy import load
from actors.sweep.shipping import shipped, unpacked
from messages.errors import SettingsError
from tests.house.source import ROOT

FILE = '''
import enum
from dataclasses import dataclass

import msgspec
from beside import FACTOR


class Side(enum.Enum):
    LONG = 1


@dataclass
class Point:
    x: int


class Base(msgspec.Struct, frozen=True, tag=True):
    z: int = 1


class Told(Base, frozen=True, kw_only=True, rename="camel"):
    """What is told."""

    a_b: int
    path: list[Point] = []
    LIMIT = 3

    def __post_init__(self):
        assert self.a_b

    @property
    def total(self):
        return self.a_b + self.LIMIT

    @classmethod
    def of(cls):
        return Told(a_b=FACTOR, path=[Point(1)])


def told(system):
    return msgspec.structs.replace(Told.of(), z=Told.of().total + Side.LONG.value)
'''
OTHER = """
import pickle, sys
told = pickle.load(sys.stdin.buffer)(None)
import msgspec
print(msgspec.json.encode(told).decode(), type(told).__doc__)
"""


@pytest.fixture
def parcel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setattr("sys.path", ["", *sys.path])
    (tmp_path / "beside.py").write_text("FACTOR = 7\n")
    (tmp_path / "mine.py").write_text(FILE)
    strategy = load(f"{tmp_path / 'mine.py'}:told")
    try:
        return shipped(strategy.given, "told")
    finally:
        sys.modules.pop("beside")


def test_where_it_raises_is_named_by_its_line_too(tmp_path: Path) -> None:
    for kind, run in (("class Breaks:\n    def run(self, system)", "Breaks"), ("def breaks(system)", "breaks")):
        path = tmp_path / f"{run}.py"
        path.write_text(f"{kind}:\n        raise ValueError('no such luck')\n", encoding="utf-8")
        parcel = shipped(load(f"{path}:{run}").given, "the strategy")
        (tmp_path / "parcel").write_bytes(parcel)
        there = f"""
import pathlib
from actors.strategy import Strategy
from actors.sweep.shipping import unpacked
Strategy(unpacked(pathlib.Path({str(tmp_path / "parcel")!r}).read_bytes())).play(None)
"""
        said = subprocess.run([sys.executable, "-c", there], cwd=ROOT, capture_output=True, text=True, check=False)

        assert f"ValueError: no such luck (line {kind.count(chr(10)) + 2} of {run}.py)" in said.stderr


@pytest.mark.slow
def test_classes_of_every_kind_arrive_where_their_file_is_not(parcel: bytes, tmp_path: Path) -> None:
    (tmp_path / "mine.py").unlink()
    (tmp_path / "beside.py").unlink()

    done = subprocess.run([sys.executable, "-c", OTHER], input=parcel, cwd=ROOT, capture_output=True, check=True)

    assert done.stdout.decode().strip() == '{"type":"Told","z":11,"aB":7,"path":[{"x":1}]} What is told.'


def test_what_is_installed_goes_by_its_name() -> None:
    assert unpacked(shipped(msgspec.json.encode, "it")) is msgspec.json.encode
    assert unpacked(shipped(SettingsError, "it")) is SettingsError


def test_what_was_made_in_a_function_arrives_as_it_is() -> None:
    class Local(msgspec.Struct):
        n: int = 2

        def twice(self) -> int:
            return self.n * 2

    made: Any = unpacked(shipped(Local, "it"))

    assert made is not Local
    assert made(n=4).twice() == 8


def test_what_cannot_be_sent_is_named() -> None:
    lock = threading.Lock()

    with pytest.raises(SettingsError, match=r"mine cannot be sent to another process: cannot pickle '_thread.lock'"):
        shipped(lambda system: lock, "mine")
