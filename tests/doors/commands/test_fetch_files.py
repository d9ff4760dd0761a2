"""``fetch`` of whole days of a market, whose files lie in a store of S3: a real one, on this computer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.feeds.simulated.market import SimulatedMarket
from actors.market.calendar import Calendar
from actors.storage.parquet import ParquetStore
from actors.vendors.history.pages import NoAnswer
from actors.vendors.massive.flat import FlatFiles, s3_store
from actors.vendors.massive.history import MOST_TICKERS
from actors.vendors.massive.keys import MassiveFilesKeys
from tests.doors.conftest import Call
from tests.vendors.massive.flat_store import file_of, s3_store_with
from tests.vendors.massive.history_server import MassiveServer
from tests.vendors.massive.server import KEY

MANY = SimulatedMarket(symbols=tuple(f"T{number:02}" for number in range(MOST_TICKERS + 1)))
DATES = ("2024-07-01", "2024-07-02", "2024-07-03")


@pytest.fixture
def server() -> Iterator[MassiveServer]:
    (session,) = Calendar("XNYS").sessions(DATES[1], DATES[1])
    made = MassiveServer(MANY.day(session).bars.bars())
    yield made
    made.stop()


@pytest.mark.slow
def test_days_of_the_whole_market_come_from_a_store_of_s3(
    call: Call, server: MassiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = Calendar("XNYS").sessions(DATES[0], DATES[-1])
    days = {one.date: file_of(MANY.day(one).bars.bars()) for one in sessions if one.date != DATES[1]}
    config = tmp_path / "config.toml"
    with s3_store_with(days) as s3:
        table = f'store = "{tmp_path / "store"}"\n[vendors.massive]\nurl = "{server.url}"\nfiles = "{s3.place}"\n'
        table += "per_minute = 6000\n"
        config.write_text(table, encoding="utf-8")
        monkeypatch.setenv("MASSIVE_API_KEY", KEY.key)
        asked = ["fetch", "--from", "massive", "--config", str(config), "--start", DATES[0], "--end", DATES[-1]]
        keyless = call(*asked)
        for name, value in zip(MassiveFilesKeys.NAMES, (s3.keys.key, "wrong"), strict=True):
            monkeypatch.setenv(name, value)
        wrong = call(*asked)
        monkeypatch.setenv("MASSIVE_S3_SECRET_KEY", s3.keys.secret)
        came = call(*asked)
        again = call(*asked, "--json")
        many = call(*asked, "--symbols", ",".join(MANY.symbols), "--json")
        cut = FlatFiles(s3_store(s3.keys, place="http://127.0.0.1:1"))
        with pytest.raises(NoAnswer, match="flat file of 2024-07-02: NETWORK_CONNECTION"):
            cut.day(DATES[1])
    store = ParquetStore(tmp_path / "store", read_only=True)

    assert keyless.code == wrong.code == came.code == again.code == 1
    assert "set MASSIVE_S3_ACCESS_KEY and MASSIVE_S3_SECRET_KEY" in keyless.err
    assert "or the keys to its files are wrong" in wrong.err
    assert s3.keys.secret not in wrong.err + came.err
    assert "Massive has no flat file of 2024-07-02" in came.err
    assert again.object["whole"] == 2
    assert {day["date"] for day in again.object["days"]} == {DATES[1]}
    assert store.certified("XNYS") == DATES
    assert {day["date"] for day in many.object["days"]} == {DATES[1]}  # of which there are aggregates
    assert len(server.calls) == len(MANY.symbols)
    assert {call("verify", "--store", tmp_path / "store").code} == {0}


def test_a_certificate_that_cannot_be_read_is_named_and_the_other_days_are_healed(call: Call, tmp_path: Path) -> None:
    store, archive = tmp_path / "store", tmp_path / "archive"
    call("sample", "--store", store, "--archive", archive)
    for day in ("2024-07-01", "2024-07-05"):
        assert call("heal", "--store", store, "--from", archive, "--start", day, "--end", day).code == 0
    broken = store / "calendar=XNYS" / "date=2024-07-01" / "_certificate.json"
    broken.write_text("{", encoding="utf-8")

    answer = call("heal", "--store", store, "--from", archive, "--json")

    assert answer.code == 1
    assert answer.err.startswith("error: what lies there was not healed: ")
    assert "date=2024-07-01/_certificate.json cannot be read" in answer.err
    assert len([*store.rglob("_certificate.json")]) == 5
    assert broken.read_text(encoding="utf-8") == "{"
