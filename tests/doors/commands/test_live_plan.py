"""What a live run is put together of, and what is refused before anything runs."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.doors.commands.live_plan import Wishes, plan
from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.storage.parquet import ParquetStore
from actors.vendors.alpaca.feed import AlpacaFeed
from messages.errors import BarkeeperError
from messages.values import MINUTE_NS, SECOND_NS, Mode
from tests.doors.conftest import Call


def wishes(tmp_path: Path, **said: Any) -> Wishes:
    return Wishes(**{"feed": "simulated", "store": tmp_path / "store", **said})


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"store": None}, "say where the day is written to"),
        ({"feed": "alpaca", "speed": 2.0}, "--speed is for simulated and replay, not for alpaca"),
        ({"feed": "jsonlines", "start": "2024-07-03"}, "--start is for"),
        ({"comes_from": "x"}, "--from is for replay and jsonlines, not for simulated"),
        ({"feed": "replay"}, "name the store that is replayed"),
        ({"keys": Path("keys")}, "--keys is for .*alpaca"),
        ({"channels": ("bars",)}, "--channels is for .*alpaca and ccxt and massive, not for simulated"),
        ({"feed": "alpaca", "trades_only": True}, "--trades-only is for simulated and jsonlines, not for alpaca"),
        ({"feed": "replay", "comes_from": "x", "trades_only": True}, "not for replay"),
        ({"feed": "jsonlines", "comes_from": "tcp://localhost"}, "write it as tcp://localhost:9000"),
        ({"feed": "jsonlines", "comes_from": "tcp://localhost:70000"}, "is no address"),
        ({"stream": "iex"}, "--stream is for alpaca and massive, not for simulated"),
        ({"feed": "alpaca:sip", "stream": "iex"}, "--feed alpaca:sip and --stream iex name two streams; name one"),
        ({"feed": "alpaca"}, "the keys to Alpaca are not in the environment"),
        ({"start": "2199-01-01"}, "knows no session from 2199-01-01 on"),
        ({"calendar": "XNYZ"}, "XNYZ"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any], complaint: str
) -> None:
    monkeypatch.delenv("APCA_API_KEY_ID", raising=False)

    with pytest.raises(BarkeeperError, match=complaint):
        plan(wishes(tmp_path, **said))


def test_a_simulated_market_starts_a_minute_before_the_open_of_the_day_that_is_asked_for(tmp_path: Path) -> None:
    made = plan(wishes(tmp_path, start="2024-07-03", symbols=("4",), until_close=True))

    session = made.calendar.session("2024-07-03")
    assert session is not None
    assert 0 < session.open_ns - made.clock.now_ns() <= MINUTE_NS
    assert (made.speed, len(made.settings.symbols)) == (60.0, 4)
    assert (made.settings.mode, made.settings.certify, made.settings.live.auto_roll) == (Mode.LIVE, True, False)
    assert made.settings.rules.grace_ns == 5 * SECOND_NS
    assert made.settings.live.max_lag_s == 60 * 5.0  # of market time
    assert not made.ends_with_feed


def test_without_a_date_it_is_the_session_at_hand_or_the_next(tmp_path: Path) -> None:
    made = plan(wishes(tmp_path, calendar="24/7", symbols=("AAA", "BBB")))

    assert made.settings.symbols == ("AAA", "BBB")
    assert made.settings.live.auto_roll


def test_the_calendar_is_that_of_the_store_if_it_has_one(store: Path) -> None:
    assert plan(Wishes(feed="simulated", store=store)).settings.calendar == "XNYS"


def test_options_go_before_the_config_which_goes_before_the_defaults(tmp_path: Path) -> None:
    config = tmp_path / "barkeeper.toml"
    config.write_text(
        'store = "bars"\ncalendar = "XLON"\nsymbols = ["A", "B"]\n[rules]\ngrace_ns = 7\n', encoding="utf-8"
    )

    made = plan(Wishes(feed="simulated", config=config, calendar="XNYS"))

    assert (made.settings.store, made.settings.calendar, made.settings.symbols) == ("bars", "XNYS", ("A", "B"))
    assert made.settings.rules.grace_ns == 7
    assert plan(Wishes(feed="simulated", config=config, store=tmp_path)).settings.store == str(tmp_path)


@pytest.mark.parametrize("comes_from", ["lines.jsonl", "tcp://localhost:9000", "tcp://[::1]:9000", None])
def test_lines_come_from_a_file_an_address_or_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, comes_from: str | None
) -> None:
    with (tmp_path / "pipe").open("w+", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdin", pipe)
        made = plan(wishes(tmp_path, feed="jsonlines", comes_from=comes_from))

    assert isinstance(made.feed, JsonLinesFeed)
    assert made.feed.is_remote is (comes_from or "").startswith("tcp")
    assert made.ends_with_feed


def seconds(tmp_path: Path) -> Path:
    """A file of settings that asks for base bars of one second."""
    config = tmp_path / "seconds.toml"
    config.write_text('store = "bars"\nsymbols = ["3"]\n[rules]\nbase_interval = "1s"\n', encoding="utf-8")
    return config


def test_with_base_bars_of_a_second_sessions_and_lines_are_of_seconds(tmp_path: Path) -> None:
    config, lines = seconds(tmp_path), tmp_path / "lines.jsonl"
    simulated = plan(Wishes(feed="simulated", config=config, start="2024-07-03"))
    session = simulated.calendar.session("2024-07-03")
    jsonlines = plan(Wishes(feed="jsonlines", config=config, comes_from=str(lines)))

    assert session is not None
    assert str(session.base_interval) == "1s"
    assert isinstance(jsonlines.feed, JsonLinesFeed)
    assert str(jsonlines.feed.interval) == "1s"


def test_bars_of_minutes_are_not_sent_into_a_system_of_seconds(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APCA_API_KEY_ID", "a")
    monkeypatch.setenv("APCA_API_SECRET_KEY", "b")
    config = seconds(tmp_path)

    with pytest.raises(BarkeeperError, match="Alpaca's bars are of 1m; the base interval is 1s"):
        plan(Wishes(feed="alpaca", config=config))
    with pytest.raises(BarkeeperError, match="holds bars of 1m; the base interval is 1s"):
        plan(Wishes(feed="replay", config=config, comes_from=str(store)))


@pytest.mark.parametrize("said", [{"feed": "jsonlines", "comes_from": "lines"}, {"symbols": ("2",)}])
def test_of_trades_only_bars_are_folded_else_the_feed_s_own_are_taken(tmp_path: Path, said: dict[str, Any]) -> None:
    assert plan(wishes(tmp_path, **said)).feed.has_bars
    assert not plan(wishes(tmp_path, **said, trades_only=True)).feed.has_bars


def test_a_terminal_is_no_program_that_sends_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)

    with pytest.raises(BarkeeperError, match="nobody sends lines"):
        plan(wishes(tmp_path, feed="jsonlines"))


def test_rules_of_the_options_go_before_those_of_the_settings(tmp_path: Path) -> None:
    config = tmp_path / "barkeeper.toml"
    config.write_text(f'store = "{(tmp_path / "s").as_posix()}"\n[rules]\nallow_negative = true\n', encoding="utf-8")
    named = plan(wishes(tmp_path, feed="simulated", config=config)).settings.rules
    asked = wishes(tmp_path, feed="simulated", config=config, allow_negative=False, sale_conditions="sip")
    rules = plan(asked).settings.rules

    assert (named.allow_negative, named.sale_conditions) == (True, "feed")
    assert (rules.allow_negative, rules.sale_conditions) == (False, "sip")
    with pytest.raises(BarkeeperError, match="by the rules of none, sip"):
        plan(msgspec.structs.replace(asked, sale_conditions="nyse"))


def test_alpaca_needs_keys_its_library_and_symbols(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = tmp_path / "keys"
    keys.write_text("APCA_API_KEY_ID=a\nAPCA_API_SECRET_KEY=b\n", encoding="utf-8")
    keys.chmod(0o600)
    wanted = wishes(tmp_path, feed="alpaca", keys=keys, symbols=("AAPL",))

    assert isinstance(plan(wanted).feed, AlpacaFeed)
    with pytest.raises(BarkeeperError, match="name symbols"):
        plan(wishes(tmp_path, feed="alpaca", keys=keys))
    monkeypatch.setattr("actors.vendors.alpaca.open_feed.find_spec", {"alpaca": None}.__getitem__)
    with pytest.raises(BarkeeperError, match="pip install"):
        plan(wanted)


@pytest.mark.parametrize("named", [None, "elsewhere"])
def test_a_real_day_goes_into_the_store_of_the_environment_or_the_one_beside_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BARKEEPER_STORE", raising=False)
    if named is not None:
        monkeypatch.setenv("BARKEEPER_STORE", named)
    made = plan(Wishes(feed="jsonlines", calendar="XNYS", comes_from="lines.jsonl"))

    assert made.settings.store == (named or "store")


@pytest.mark.parametrize(
    ("said", "calendar"),
    [
        ({"stream": "crypto"}, "24/7"),
        ({"feed": "alpaca:crypto"}, "24/7"),
        ({"feed": "alpaca:boats"}, "BOATS"),
        ({"feed": "alpaca:iex"}, "XNYS"),
        ({}, "XNYS"),
        ({"feed": "alpaca:crypto", "calendar": "FX"}, "FX"),
        ({"feed": "alpaca:crypto", "config": "config.toml"}, "XLON"),
    ],
)
def test_a_stream_has_a_calendar_that_holds_where_nobody_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any], calendar: str
) -> None:
    monkeypatch.setenv("APCA_API_KEY_ID", "a")
    monkeypatch.setenv("APCA_API_SECRET_KEY", "b")
    if "config" in said:
        config = tmp_path / said["config"]
        config.write_text('store = "bars"\ncalendar = "XLON"\n', encoding="utf-8")
        said = {**said, "config": config, "store": None}
    made = plan(wishes(tmp_path, **{"feed": "alpaca", "symbols": ("BTC/USD",), **said}))

    assert made.calendar.name == calendar


@pytest.mark.parametrize(("stream", "grace_s"), [("iex", 5), ("delayed_sip", 960)])
def test_minutes_stay_open_for_a_stream_that_is_late_by_contract(tmp_path: Path, stream: str, grace_s: int) -> None:
    keys = tmp_path / "keys"
    keys.write_text("APCA_API_KEY_ID=a\nAPCA_API_SECRET_KEY=b\n", encoding="utf-8")
    keys.chmod(0o600)
    made = plan(wishes(tmp_path, feed="alpaca", keys=keys, symbols=("AAPL",), stream=stream))

    assert made.settings.rules.grace_ns == grace_s * SECOND_NS
    assert made.settings.live.max_lag_s == (5.0 if stream == "iex" else 960.0)


def test_alpaca_is_asked_for_the_channels_that_are_named(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("APCA_API_KEY_ID=a\nAPCA_API_SECRET_KEY=b\n", encoding="utf-8")
    keys.chmod(0o600)
    wanted = wishes(tmp_path, feed="alpaca", keys=keys, symbols=("AAPL",))

    assert plan(wanted).feed.has_bars
    assert not plan(msgspec.structs.replace(wanted, channels=("trades",))).feed.has_bars
    with pytest.raises(BarkeeperError, match="Alpaca's channels are bars"):
        plan(msgspec.structs.replace(wanted, channels=("news",)))


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ({"feed": "alpaca"}, ("alpaca:iex",)),
        ({"feed": "alpaca:delayed_sip"}, ("alpaca:sip",)),
        ({"feed": "alpaca", "stream": "sip", "fill_from": ("alpaca", "archive")}, ("alpaca:sip", "archive")),
        ({"feed": "alpaca", "fill_from": ("alpaca:sip",)}, ("alpaca:sip",)),
        ({"feed": "alpaca:crypto", "symbols": ("BTC/USD",)}, ("alpaca:crypto:us",)),
        ({"feed": "alpaca:overnight"}, ()),
        ({"feed": "simulated"}, ()),
    ],
)
def test_what_a_vendor_s_feed_lacks_is_asked_of_its_history_of_the_same_tape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any], asked: tuple[str, ...]
) -> None:
    for name in ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"):
        monkeypatch.setenv(name, "x")
    made = plan(wishes(tmp_path, **{"symbols": ("AAPL",), **said}))

    assert made.settings.fill_from == asked


def test_another_tape_is_asked_when_the_settings_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"):
        monkeypatch.setenv(name, "x")
    config = tmp_path / "config.toml"
    config.write_text('store = "s"\nfill_from = "alpaca"\n[vendors.alpaca]\ntape = "sip"\n', encoding="utf-8")

    assert plan(Wishes(feed="alpaca", config=config, symbols=("AAPL",))).settings.fill_from == ("alpaca",)


def test_the_file_of_keys_is_that_of_the_vendor_s_history_too(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("APCA_API_KEY_ID=A\nAPCA_API_SECRET_KEY=B\n", encoding="utf-8")
    keys.chmod(0o600)
    made = plan(wishes(tmp_path, feed="alpaca", keys=keys, symbols=("AAPL",)))

    assert made.settings.vendors == {"alpaca": {"keys": str(keys)}}


def test_the_keys_that_are_set_for_the_history_are_those_of_the_feed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    keys, config = tmp_path / "keys", tmp_path / "config.toml"
    keys.write_text("APCA_API_KEY_ID=A\nAPCA_API_SECRET_KEY=B\n", encoding="utf-8")
    keys.chmod(0o600)
    config.write_text(f'store = "s"\n[vendors.alpaca]\nkeys = "{keys}"\n', encoding="utf-8")

    assert isinstance(plan(Wishes(feed="alpaca", config=config, symbols=("AAPL",))).feed, AlpacaFeed)


def test_where_somebody_else_writes_no_day_is_announced(call: Call, tmp_path: Path) -> None:
    with closing(ParquetStore(tmp_path / "store")) as held:
        held.claim()
        answer = call("live", "--feed", "simulated", "--store", tmp_path / "store")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"error: the store at {tmp_path / 'store'} is being written to by process")
