"""A history by its name and its table."""

from pathlib import Path
from typing import Any

import pytest

from actors.vendors.history.entry import Pace
from actors.vendors.history.opening import check_tables, open_history
from actors.vendors.history.pacer import Rank
from actors.vendors.registry import histories, history_named
from messages.errors import SettingsError
from messages.values import SECOND_NS, Interval

pytest.importorskip("alpaca")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APCA_API_KEY_ID", "AK")
    monkeypatch.setenv("APCA_API_SECRET_KEY", "sesame")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("alpaca", "alpaca:iex"),
        ("Alpaca", "alpaca:iex"),
        ("alpaca:sip", "alpaca:sip"),
        ("alpaca:crypto", "alpaca:crypto:us"),
        ("alpaca:crypto:eu-1", "alpaca:crypto:eu-1"),
    ],
)
def test_a_name_may_say_which_tape_and_the_source_always_does(name: str, source: str) -> None:
    assert open_history(name).name == source


@pytest.mark.parametrize("path", ["./alpaca", "archive", "alpaca.csv", "alpaca/2024", "/data/alpaca"])
def test_a_path_is_no_name_of_a_history(path: str) -> None:
    assert history_named(path) is None


def test_what_the_table_says_holds_and_the_name_goes_before_it() -> None:
    table = {"tape": "sip", "adjustment": "split", "per_minute": 10_000, "delay_s": 0, "deadline_s": 3.5}
    named, told = (open_history(name, {"alpaca": table}) for name in ("alpaca", "alpaca:otc"))

    assert (named.name, told.name) == ("alpaca:sip adjusted for split", "alpaca:otc adjusted for split")
    assert named.entry.pace == (Pace(requests=10_000, seconds=60.0),)
    assert named.delay_ns == 120 * SECOND_NS
    assert open_history("alpaca:sip").delay_ns == 900 * SECOND_NS


def test_all_that_ask_for_one_account_in_a_process_have_one_pacer() -> None:
    one, other = open_history("alpaca"), open_history("alpaca:sip", rank=Rank.LONG)

    assert one._asker._pacer is other._asker._pacer


@pytest.mark.parametrize(
    ("name", "table", "said"),
    [
        ("alpaka", {}, "no vendor's history is named 'alpaka'; there are "),
        ("alpaca:sib", {}, "alpaca has no tape 'sib'; nearest: sip"),
        ("alpaca", {"tap": "sip"}, "vendors.alpaca.tap is not known; nearest: tape"),
        ("alpaca", {"tape": "sib"}, "vendors.alpaca.tape is one of iex, sip, boats, otc, not 'sib'"),
        ("alpaca", {"tape": 5}, "vendors.alpaca.tape is a text, not 5"),
        ("alpaca", {"per_minute": 0}, "vendors.alpaca.per_minute is a number, more than 0, not 0"),
        ("alpaca", {"per_minute": True}, "vendors.alpaca.per_minute is a number, more than 0, not True"),
        ("alpaca", {"delay_s": -1}, "vendors.alpaca.delay_s is a number, 0 or more, not -1"),
    ],
)
def test_what_is_not_understood_is_named_with_what_is_expected(name: str, table: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_history(name, {"alpaca": table})

    assert said in str(caught.value)


def test_tables_of_nobody_are_refused() -> None:
    check_tables({"alpaca": {"tape": "iex"}, "alpaca:crypto": {}})
    for tables in ({"alpaka": {}}, {"alpaca": 5}):
        with pytest.raises(SettingsError, match=r"vendors\.alpa"):
            check_tables(tables)  # type: ignore[arg-type]


def test_bars_of_a_length_that_it_has_not_are_refused_when_it_is_opened() -> None:
    with pytest.raises(SettingsError, match="alpaca has bars of 1m; the base interval is 1s"):
        open_history("alpaca", interval=Interval.parse("1s"))


def test_stocks_need_keys_and_crypto_does_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("APCA_API_SECRET_KEY")
    with pytest.raises(SettingsError, match="the keys to Alpaca are not in the environment: set APCA_API_SECRET_KEY"):
        open_history("alpaca")
    path = tmp_path / "keys"
    path.write_text("APCA_API_KEY_ID=A\nAPCA_API_SECRET_KEY=B\n", encoding="utf-8")
    path.chmod(0o600)

    assert open_history("alpaca:crypto").name == "alpaca:crypto:us"
    assert open_history("alpaca", {"alpaca": {"keys": str(path)}}).name == "alpaca:iex"


def test_every_history_opens_where_it_says() -> None:
    assert all(entry.opens.startswith("actors.vendors.") for entry in histories())
