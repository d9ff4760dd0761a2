"""The commands ``fetch``, ``heal`` and ``vendors``, against a server of ours that speaks as Alpaca's does."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("alpaca")

from actors.doors.commands.fetch import FetchWishes, _calendar
from actors.feeds.simulated.market import SimulatedMarket
from actors.market.calendar import Calendar
from actors.settings import Settings
from actors.storage.parquet import ParquetStore
from actors.vendors.history.source import VendorSource
from messages.tables.columns import BarBatch
from tests.depth import IS_CI
from tests.doors.conftest import MARKET, Call
from tests.house.source import ROOT
from tests.patience import PATIENCE_S
from tests.vendors.alpaca.history_server import AlpacaHistoryServer
from tests.vendors.alpaca.server import KEYS

SYMBOLS = ",".join(MARKET.symbols)
DATES = ("2024-07-02", "2024-07-03")


def days(market: SimulatedMarket, start: str, end: str) -> BarBatch:
    batches = [market.day(session).bars for session in Calendar("XNYS").sessions(start, end)]
    index, starts = (np.concatenate([getattr(one, name) for one in batches]) for name in ("symbol_index", "start_ns"))
    return BarBatch.build(batches[0].symbols, index, starts, np.concatenate([one.values for one in batches], axis=1))


@pytest.fixture
def server() -> Iterator[AlpacaHistoryServer]:
    made = AlpacaHistoryServer(days(MARKET, *DATES))
    yield made
    made.stop()


@pytest.fixture
def config(server: AlpacaHistoryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings that name a store, and the server in the vendor's place; the keys are in the environment."""
    monkeypatch.setenv("APCA_API_KEY_ID", KEYS.key)
    monkeypatch.setenv("APCA_API_SECRET_KEY", KEYS.secret)
    path = tmp_path / "config.toml"
    path.write_text(f'store = "{tmp_path / "store"}"\n[vendors.alpaca]\nurl = "{server.url}"\n', encoding="utf-8")
    return path


def asked(config: Path, *more: str) -> list[str]:
    return ["fetch", "--from", "alpaca", "--config", str(config), "--symbols", SYMBOLS, *more]


def test_sessions_are_fetched_once_and_certified(call: Call, config: Path, server: AlpacaHistoryServer) -> None:
    first = call(*asked(config, "--start", DATES[0], "--end", DATES[1]))
    again = call(*asked(config, "--start", DATES[0], "--end", DATES[1], "--json"))
    verified = call("verify", "--store", config.parent / "store", "--json")

    assert (first.code, first.err) == (0, "")
    assert "2024-07-02  1,170" in first.out
    assert "alpaca:iex: 2 requests in" in first.out
    assert "Abandoned" in first.out  # as in every other table
    assert (again.object["whole"], again.object["requests"], len(server.calls)) == (2, 0, 2)
    assert [day["standing"] for day in verified.object["days"]] == ["match", "match"]


def test_the_last_sessions_are_those_that_have_begun(call: Call, config: Path) -> None:
    answer = call(*asked(config, "--last", "1", "--end", "2024-07-04", "--json"))

    assert [day["date"] for day in answer.object["days"]] == ["2024-07-03"]


def test_healing_asks_for_what_is_not_there_and_for_nothing_else(
    call: Call, config: Path, server: AlpacaHistoryServer, store: Path
) -> None:
    target = ParquetStore(config.parent / "store")
    session = Calendar("XNYS").session(DATES[0])
    assert session is not None
    stored = ParquetStore(store, read_only=True).read("XNYS", DATES[0])
    assert stored is not None
    keep = np.ones(len(stored.bars), dtype=np.bool_)
    keep[[100, 500, 900]] = False
    holes = {(stored.bars.names()[row], int(stored.bars.start_ns[row])) for row in (100, 500, 900)}
    target.merge("XNYS", DATES[0], type(stored)(bars=stored.bars.where(keep), verdicts=stored.verdicts[keep]))
    target.close()
    server.is_noting = True
    healed = call("heal", "--store", config.parent / "store", "--from", "alpaca", "--config", config, "--json")
    absent = 3 * 390 - len(stored.bars)
    report = healed.object

    assert healed.code == 0
    assert (report["days"][0]["asked"], report["days"][0]["filled"]) == (3 + absent, 3)
    assert set(server.minutes) >= holes
    assert len(server.minutes) == len(set(server.minutes)) == 3 + absent
    assert sum(report["days"][0][field] for field in ("filled", "no_trade", "abandoned", "unanswered")) == 3 + absent


def test_healing_an_empty_store_or_days_that_it_has_not_says_which(call: Call, config: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    empty = call("heal", "--from", "alpaca", "--config", config)
    assert empty.err == f"error: the store {tmp_path / 'store'} is empty; fetch or import something first\n"

    call("sample", "--store", tmp_path / "made")
    other = call("heal", "--from", "alpaca", "--store", tmp_path / "made", "--start", "2025-01-02")
    assert other.err == f"error: the store {tmp_path / 'made'} has no day of what was asked for\n"
    itself = call("heal", "--from", f"{tmp_path}/./made", "--store", tmp_path / "made")
    assert itself.err == f"error: --from {tmp_path}/./made is the store that is healed, which lacks what it lacks\n"
    assert (empty.code, other.code, itself.code) == (1, 1, 1)


def test_a_store_of_one_tape_is_healed_from_that_tape_and_adjusted_prices_are_refused(
    call: Call, config: Path, server: AlpacaHistoryServer
) -> None:
    assert call(*asked(config, "--start", DATES[0], "--end", DATES[0])[:2], "alpaca:sip", *asked(config)[3:],
                "--start", DATES[0], "--end", DATES[0]).code == 0  # fmt: skip
    again = call(*asked(config, "--start", DATES[0], "--end", DATES[1], "--json"))
    with config.open("a", encoding="utf-8") as file:
        file.write('adjustment = "split"\n')
    refused = call(*asked(config, "--start", DATES[0], "--end", DATES[1]))

    assert again.object["sources"] == ["alpaca:sip"]
    assert {call.query["feed"] for call in server.calls} == {"sip"}
    assert refused.code == 1
    assert "alpaca:sip adjusted for split does not go with what the store has" in refused.err


def test_that_fetched_prices_are_adjusted_is_kept_and_raw_ones_are_refused_then(
    call: Call, config: Path, tmp_path: Path
) -> None:
    plain = config.read_text(encoding="utf-8")
    with config.open("a", encoding="utf-8") as file:
        file.write('adjustment = "split"\n')
    span = ("--start", DATES[0], "--end", DATES[0])
    assert call(*asked(config, *span)).code == 0
    days = call("inspect", "--store", tmp_path / "store", "--json").object["days"]
    shown = call("inspect", "--store", tmp_path / "store").out
    config.write_text(plain, encoding="utf-8")
    refused = call(*asked(config, "--start", DATES[1], "--end", DATES[1]))

    assert days
    assert all(day["adjusted_as_of"] for day in days)
    assert "Prices adjusted before they came: " in shown
    assert refused.code == 1
    assert "give it a store of its own" in refused.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("fetch", "--from", "alpaca", "--symbols", "A"), "say which sessions: --start DATE"),
        (("fetch", "--from", "alpaca", "--last", "1"), "say whose bars: --symbols A,B"),
        (("fetch", "--symbols", "A", "--last", "1"), "say who is asked: --from alpaca"),
        (("fetch", "--from", "alpaka", "--symbols", "A", "--last", "1"), "fill from; the nearest vendor is alpaca\n"),
        (("fetch", "--from", "alpaca:sib", "--symbols", "A", "--last", "1"), "has no tape 'sib'; nearest: sip"),
        (("fetch", "--from", "alpaca", "--symbols", "A", "--start", "2199-01-02"), "has no session that has begun"),
        (("fetch", "--from", "alpaca", "--symbols", ",", "--last", "1"), "--symbols ',' names no symbol"),
        (("heal", "--from", "alpaca"), "no store at "),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    call: Call, config: Path, more: tuple[str, ...], said: str
) -> None:
    answer = call(*more, "--config", str(config))

    assert (answer.code, answer.out) == (1, "")
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_wrong_keys_are_one_sentence_without_a_key(call: Call, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APCA_API_SECRET_KEY", "open sesame")
    answer = call(*asked(config, "--start", DATES[0], "--end", DATES[1]))

    assert answer.code == 1
    assert "error: Alpaca: forbidden. (403)" in answer.err
    assert not [key for key in (KEYS.key, "open sesame") if key in answer.out + answer.err]


def test_a_symbol_that_nobody_has_is_named(call: Call, config: Path) -> None:
    days = ("--last", "1", "--end", DATES[0])
    answer = call("fetch", "--from", "alpaca", "--config", config, "--symbols", "ZZZ", *days)

    assert answer.code == 0
    assert "Nobody has shown a bar of ZZZ" in answer.out


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(
    call: Call, config: Path, server: AlpacaHistoryServer, workers: str
) -> None:
    server.faults = {1: "mute"}

    def interrupt() -> None:
        server.wait_for_calls(2)
        deadline_s = time.monotonic() + PATIENCE_S  # until the other session is written
        while not any((config.parent / "store").rglob("_certificate.json")) and time.monotonic() < deadline_s:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    answer = call(*asked(config, "--start", DATES[0], "--end", DATES[1], "--workers", workers))
    again = call(*asked(config, "--start", DATES[0], "--end", DATES[1], "--json"))

    assert answer.code == 130
    assert "1 session is left; called again, it goes on" in answer.out
    assert (again.code, again.object["whole"], len(again.object["days"])) == (0, 1, 1)


@pytest.mark.slow
def test_a_store_that_somebody_else_writes_to_is_said_before_anybody_is_asked(
    call: Call, config: Path, server: AlpacaHistoryServer
) -> None:
    holder = (
        "import sys; from pathlib import Path; from actors.storage.parquet import ParquetStore; "
        "store = ParquetStore(Path(sys.argv[1])); store.claim(); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(config.parent / "store")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holding:
        assert holding.stdout is not None
        assert holding.stdout.readline() == b"held\n"
        answer = call(*asked(config, "--start", DATES[0], "--end", DATES[0]))
        holding.kill()

    assert (answer.code, len(server.calls)) == (1, 0)
    assert "is being written to by process" in answer.err


def test_what_a_vendor_charges_is_said_before_and_agreed_to(
    call: Call, config: Path, server: AlpacaHistoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VendorSource, "cost", lambda *_: 1.25)
    days = ("--start", DATES[0], "--end", DATES[1])
    refused = call(*asked(config, *days))
    monkeypatch.setattr(sys, "stdin", _Terminal("n\n"))
    declined = call(*asked(config, *days))
    assert (refused.code, declined.code, len(server.calls)) == (1, 1, 0)
    assert "alpaca:iex charges about $2.50 for this: say --yes to agree" in refused.err
    monkeypatch.setattr(sys, "stdin", _Terminal("y\n"))

    assert call(*asked(config, *days)).code == 0
    assert call(*asked(config, *days, "--yes")).code == 0


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_vendors_are_listed_with_what_they_need_and_no_key_is_shown(call: Call, config: Path) -> None:
    shown, told = call("vendors"), call("vendors", "--json")
    alpaca = next(one for one in told.object["vendors"] if one["name"] == "alpaca")

    assert (shown.code, shown.err, told.code) == (0, "", 0)
    assert (alpaca["is_installed"], alpaca["has_keys"]) == (True, True)
    assert [one["name"] for one in alpaca["remembers"]] == ["alpaca", "alpaca:crypto"]
    assert alpaca["remembers"][0]["cited"]["pace"].startswith("https://")
    assert not [key for key in (KEYS.key, KEYS.secret) if key in shown.out + told.out]
    assert config.is_file()


@pytest.mark.slow
def test_killed_again_and_again_it_never_asks_for_a_day_that_it_had_written(
    config: Path, server: AlpacaHistoryServer, tmp_path: Path
) -> None:
    market = SimulatedMarket.of_size(4)
    many = AlpacaHistoryServer(days(market, "2024-05-01", "2024-07-03"), rows_a_page=400, delay_s=0.02)
    config.write_text(config.read_text(encoding="utf-8").replace(server.url, many.url), encoding="utf-8")
    command = [sys.executable, "run.py", *asked(config, "--start", "2024-05-01", "--end", "2024-07-03")]
    command[command.index(SYMBOLS)] = ",".join(market.symbols)
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    written: set[str] = set()
    for kill in range(10 if IS_CI else 3):
        seen = len(many.calls)
        many.stand_at(seen + 6 + 2 * kill)  # or a fast process has all before a busy machine kills it
        with subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as running:
            try:
                many.wait_for_calls(seen + 6 + 2 * kill, PATIENCE_S)
            finally:
                running.kill()
        many.stand_at(None)
        assert not {_date(call.query) for call in many.calls[seen:]} & written
        written = set(ParquetStore(tmp_path / "store", read_only=True).certified("XNYS"))
    seen = len(many.calls)
    assert subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=False).returncode == 0
    many.stop()

    assert written
    assert not {_date(call.query) for call in many.calls[seen:]} & written
    assert len(ParquetStore(tmp_path / "store", read_only=True).certified("XNYS")) == 44


def _date(query: dict[str, Any]) -> str:
    return str(query["start"])[:10]


@pytest.mark.parametrize(
    ("more", "table", "calendar"),
    [
        ({"comes_from": ("alpaca",)}, {}, "XNYS"),
        ({"comes_from": ("alpaca:boats",)}, {}, "BOATS"),
        ({"comes_from": ("alpaca",)}, {"alpaca": {"tape": "boats"}}, "BOATS"),
        ({"comes_from": ("alpaca:crypto",)}, {}, "24/7"),
        ({"comes_from": ("alpaca:crypto",), "calendar": "FX"}, {}, "FX"),
    ],
)
def test_sessions_are_those_of_the_tape_that_is_asked(
    tmp_path: Path, more: dict[str, Any], table: dict[str, dict[str, Any]], calendar: str
) -> None:
    settings = Settings(store=str(tmp_path / "store"), vendors=table)

    assert _calendar(FetchWishes(**more), settings).name == calendar
