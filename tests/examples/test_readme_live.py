"""What the guide shows of a live day: its settings can be used, its picture is that of the code."""

from pathlib import Path

from actors.doors.commands import check_config
from actors.market.calendar import Calendar
from actors.settings import FeedRules, LiveRules
from actors.storage.own_hours import FILE, read_own_hours
from actors.stream_coordinator.live_day.lifecycle import diagram
from tests.documents import block_with, blocks


def test_the_phases_are_drawn_from_their_table() -> None:
    (drawn,) = blocks("mermaid")

    assert drawn.text == diagram() + "\n"


def test_the_example_of_settings_can_be_used_and_is_warned_of_nothing(tmp_path: Path) -> None:
    example = block_with("toml", "# barkeeper.toml")
    path = tmp_path / "barkeeper.toml"
    path.write_text(example, encoding="utf-8")

    settings = check_config.load(path)

    assert check_config.warnings(settings) == []
    assert settings.live == LiveRules()  # what it says of them are the defaults
    assert settings.feed == FeedRules()


def test_the_example_of_special_sessions_is_read_and_its_days_and_its_calendar_are_there(tmp_path: Path) -> None:
    example = block_with("toml", "[calendars.MINE]")
    (tmp_path / FILE).write_text(example, encoding="utf-8")

    own = read_own_hours(tmp_path / "store")

    assert [*own.special_sessions["XKRX"]] == ["2024-11-14", "2024-11-15", "2024-11-18"]
    assert (session := Calendar("MINE", own=own).session("2024-07-02")) is not None
    assert session.expected_minutes == 120 + 225
