"""An address is no folder: one of no store that can be had is refused everywhere, and nothing is made of its name."""

from pathlib import Path

import pytest

from actors.settings import Settings
from actors.store import Store
from actors.system import System
from messages.errors import SettingsError
from tests.doors.conftest import Call

ADDRESSES = ("hdfs://host/store", "sqlite:///x.db", "memory://", "sftp://x", "http://host/x")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "command",
    [
        ("import", "bars.csv", "--tz", "UTC", "--calendar", "24/7", "--store"),
        ("backtest", "--store"),
        ("inspect", "--store"),
        ("verify", "--store"),
        ("migrate", "--store"),
        ("sample", "--store"),
        ("live", "--feed", "simulated", "--store"),
        ("live", "--feed", "replay", "--store", "store", "--from"),
        ("import", "--store", "store"),
    ],
)
def test_every_command_refuses_it(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], address: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bars.csv").write_text("time,open,high,low,close\n2024-07-02 09:30:00,1,2,1,2\n", encoding="utf-8")

    answer = call(*command, address)

    assert answer.code == 1
    assert f"{address.replace(':///', '://')} is an address" in answer.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bars.csv"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_programs_are_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.chdir(tmp_path)
    for door in (
        lambda: System.backtest(store=address),
        lambda: System.live(store=address, feeds=(), calendar="XNYS"),
        lambda: Store(address),
        lambda: Settings(store=address),
        lambda: Settings(store="store", fill_from=(address,)),
    ):
        with pytest.raises(SettingsError, match="is an address, which cannot be read or written"):
            door()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["store", "/tmp/a:b/c", "C:/stores/x", "C:\\stores", "10:30/x", "a b: c/d"])
def test_folders_are_folders(folder: str) -> None:
    assert Settings(store=folder).store == folder


def test_a_tilde_that_the_shell_leaves_is_the_home_of_who_calls(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    call("sample", "--store=~/store", "--archive", "~/archive")
    (tmp_path / "home/run.toml").write_text('store = "~/store"\nfill_from = "~/archive"\n', encoding="utf-8")

    answer = call("backtest", "--config=~/run.toml", "--last", "1")

    assert answer.code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert Store("~/store").symbols() == Store(Path("~/archive")).symbols() == ("AAPL", "MSFT")
    with System.backtest("~/store", last=1, sources=()) as system:
        assert system.run(timeout=30).sessions
