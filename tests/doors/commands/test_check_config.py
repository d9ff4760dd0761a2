"""The command ``check-config``, and what a file of settings is warned of."""

import os
from pathlib import Path
from threading import Thread

import pytest

from actors.doors.commands import check_config
from messages import SettingsError
from tests.doors.conftest import Call

FINE = 'store = "bars"\nfill_from = ["archive"]\n'


@pytest.fixture(autouse=True)
def _archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the file above fills from is there."""
    (tmp_path / "archive").mkdir()
    monkeypatch.chdir(tmp_path)


def written(folder: Path, text: str) -> Path:
    path = folder / "barkeeper.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_with_nothing_unusual_in_it_can_be_used(call: Call, tmp_path: Path) -> None:
    path = written(tmp_path, FINE)

    assert call("check-config", path) == (0, f"{path} can be used.\n", "")


def test_a_mark_dates_and_the_name_of_an_option_are_understood(tmp_path: Path) -> None:
    path = written(tmp_path, f"\ufeff{FINE}start = 2024-07-02\nextended_hours = true\n[rules]\ngrace_ns = 7\n")

    settings = check_config.load_live(path)

    assert (settings.start, settings.extended, settings.rules.grace_ns) == ("2024-07-02", True, 7)
    assert check_config.names_store(path)


@pytest.mark.skipif("sys.platform == 'win32'", reason="there are no such pipes")
def test_a_pipe_is_refused_and_not_found_empty_when_it_is_read_again(call: Call, tmp_path: Path) -> None:
    pipe = tmp_path / "barkeeper.toml"
    os.mkfifo(pipe)
    Thread(target=pipe.write_text, args=("no toml",), daemon=True).start()

    assert call("check-config", pipe).err.startswith(f"error: {pipe} is no file: settings are read more than once")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ('store = "bars"', "nobody is asked for missing minutes: fill_from names no vendor, no store and no folder"),
        (f"{FINE}[upkeep]\ncoalesce_s = 10", "upkeep.coalesce_s is 10; usual are 30 to 300 seconds"),
        (f"{FINE}[upkeep]\ncoalesce_s = 301", "upkeep.coalesce_s is 301; usual are 30 to 300 seconds"),
        (f"{FINE}[rules]\ntrailing_sessions = 0", "rules.trailing_sessions is 0; usual are 1 to 20 sessions"),
        (f"{FINE}[live]\nprefetch_window_min = 29", "live.prefetch_window_min is 29; usual are 30 or more minutes"),
        (f"{FINE}[live]\nsession_timeout_s = 59.5", "live.session_timeout_s is 59.5; usual are 60 to 600 seconds"),
        (f"{FINE}symbols = 'AAPL,MSFT'", "'AAPL,MSFT' is one symbol; several are a list"),
        (f"{FINE}[live]\nauto_roll = false", "live.auto_roll is off: the run ends after one session"),
    ],
)
def test_what_is_seldom_meant_is_a_warning_and_no_error(call: Call, tmp_path: Path, text: str, warning: str) -> None:
    answer = call("check-config", written(tmp_path, text), "--json")

    assert answer.code == 0
    assert answer.object["warnings"] == [warning]
    assert f"warning: {warning}\n" in call("check-config", tmp_path / "barkeeper.toml").out


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"{FINE}symbol = []", "there is no `symbol`; nearest: symbols"),
        (f"{FINE}[rules]\ntrailing_session = 1", "there is no `trailing_session` in rules; nearest: trailing_sessions"),
        (f"{FINE}[feed]\nstale_after = 60", "`stale_after` in feed; nearest: stale_after_s"),
        (f"{FINE}[feed]\nbackoff_s = 0", "feed backoff_s is more than 0, not 0"),
        (f"{FINE}[live]\nzzz = 1", "`zzz` in live; there are session_timeout_s, "),
        (f'{FINE}[extended_hours]\nstart = "04:00"\nend = "20:00"\nendd = 1', "nearest: end"),
        (f"{FINE}[live]\nauto_roll = 1", "Expected `bool`, got `int` in live.auto_roll"),
        (f'{FINE}calendar = "NYSE2"', "unknown calendar 'NYSE2'; nearest: NYSE"),
        ('store = "bars"\nfill_from = ["archive", "nope2"]', "nope2: there is no store and no file to fill from"),
        (f'{FINE}calendar = "XLON"\nextended = true', "calendar XLON has no extended hours of its own"),
        (f'{FINE}closed = ["soon"]', "'soon'"),
        ("store = ", "barkeeper.toml: "),
        (f'{FINE}[live]\ndurability = "always"', "'always' in live.durability; it is one of commit, fsync, off"),
        (f'{FINE}[vendors.alpaca]\nkeys = "none"', "vendors.alpaca.keys: there is no file none"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_exit_code_1(
    call: Call, tmp_path: Path, text: str, complaint: str
) -> None:
    answer = call("check-config", written(tmp_path, text))

    assert (answer.code, answer.out) == (1, "")
    assert complaint in answer.err
    assert answer.err.count("\n") == 1


def test_live_minutes_stay_open_for_five_seconds_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    silent = check_config.load_live(written(tmp_path, FINE))
    said = check_config.load_live(written(tmp_path, f"{FINE}[rules]\ngrace_ns = 0"))

    assert silent.rules.grace_ns == 5_000_000_000
    assert said.rules.grace_ns == 0


def test_a_file_need_not_say_a_store_for_there_is_a_default(call: Call, tmp_path: Path) -> None:
    path = written(tmp_path, 'calendar = "XNYS"\nfill_from = ["archive"]')

    assert call("check-config", path) == (0, f"{path} can be used.\n", "")


def test_a_file_that_is_not_there_is_one_sentence(call: Call, tmp_path: Path) -> None:
    assert call("check-config", tmp_path / "nowhere.toml").code != 0
    with pytest.raises(SettingsError, match=r"nowhere\.toml cannot be read: No such file or directory"):
        check_config.load(tmp_path / "nowhere.toml")
