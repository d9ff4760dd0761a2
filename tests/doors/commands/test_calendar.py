"""The command ``calendar``."""

from pathlib import Path

from tests.doors.conftest import Call


def test_it_shows_the_sessions_of_a_range_and_what_is_unusual(call: Call) -> None:
    answer = call("calendar", "nyse", "--start", "2024-07-02", "--end", "2024-07-05", "--at", "2024-07-03T10:30")

    assert answer.code == 0
    assert "XNYS is open at 2024-07-03T10:30:00-04:00; previous Tue 2024-07-02 (09:30-16:00), next Fri" in answer.out
    assert "Wed 2024-07-03  09:30-13:00      210  04:00-09:30, 13:00-17:00  closes early" in answer.out
    assert "2024-07-04" not in answer.out


def test_without_a_range_it_shows_two_weeks_from_the_moment(call: Call) -> None:
    found = call("calendar", "XHKG", "--at", "2024-07-05T12:30:00+08:00", "--json").object

    assert (found["is_open"], found["previous"]["date"], found["next"]["date"]) == (False, "2024-07-04", "2024-07-08")
    assert (found["sessions"][0]["date"], found["sessions"][-1]["date"]) == ("2024-07-05", "2024-07-18")


def test_its_json_is_one_object_in_exchange_time(call: Call) -> None:
    found = call("calendar", "FX", "--start", "2024-07-05", "--at", "2024-07-05T17:30:00-04:00", "--json").object

    assert set(found) == {
        "calendar", "tz", "at", "is_open", "is_open_extended", "previous", "next", "start", "end", "sessions",
        "late_opens", "early_closes",
    }  # fmt: skip
    assert found["next"]["open"] == "2024-07-07T17:00:00-04:00"
    assert [one["date"] for one in found["sessions"]] == ["2024-07-05"]


def test_special_sessions_beside_a_store_count(call: Call, tmp_path: Path) -> None:
    (tmp_path / "special_sessions.toml").write_text('[XNYS]\n2024-07-06 = "10:00-12:00"\n')

    answer = call("calendar", "XNYS", "--start", "2024-07-05", "--end", "2024-07-07", "--store", tmp_path / "store")

    assert "Sat 2024-07-06  10:00-12:00" in answer.out
    assert call("calendar", "XNYS", "--store", tmp_path / "x" / "store").err.endswith("store: no such folder\n")


def test_without_a_name_it_lists_the_calendars(call: Call) -> None:
    assert {"XNYS", "FX", "DCE", "24/7"} <= set(call("calendar", "--json").object["calendars"])
    assert "XNYS" in call("calendar").out


def test_what_cannot_be_meant_fails_in_one_sentence(call: Call) -> None:
    unknown = call("calendar", "XNYZ")
    empty = call("calendar", "XNYS", "--start", "2024-07-06")
    clock = call("calendar", "XNYS", "--at", "noon")
    date = call("calendar", "XNYS", "--start", "2024/07/06")

    assert (unknown.code, empty.code, clock.code, date.code) == (1, 1, 1, 2)
    assert "unknown calendar 'XNYZ'; nearest: " in unknown.err
    assert "XNYS has no session from 2024-07-06 to 2024-07-06" in empty.err
    assert "--at noon: expected 2024-07-02T10:30, in exchange time" in clock.err


def test_a_clock_time_is_that_of_today(call: Call) -> None:
    asked = call("calendar", "24/7", "--at", "9:30", "--json").object

    assert asked["at"][10:] == "T09:30:00+00:00"
