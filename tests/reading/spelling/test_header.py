"""What a header says: names in many languages, the zone and the end of the bar in a name, a column without one."""

import pytest

from actors.reading.spelling.header import places_of, read
from messages.errors import DataError


@pytest.mark.parametrize(
    "header",
    [
        "timestamp,open,high,low,close,volume",
        "T,O,H,L,C,V",
        "DateTime,Open,High,Low,Last,Vol",
        "<TS>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
        "Time,Open Price,High Price,Low Price,Close Price,Tick Volume",
        "date,open,high,low,close,volume",
        "open_time,open,high,low,close,volume",
    ],
)
def test_columns_are_known_under_their_usual_names(header: str) -> None:
    places = places_of(header.split(","))

    assert places == {"time": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 5}


def test_a_date_and_a_time_make_a_stamp() -> None:
    places = places_of(["Ticker", "Date", "Time", "Open", "High", "Low", "Close", "VWAP", "Transactions"])

    assert (places["date"], places["clock"], places["symbol"], places["vwap"], places["trades"]) == (1, 2, 0, 7, 8)
    assert "time" not in places


def test_a_stamp_is_preferred_to_a_date() -> None:
    assert places_of(["date", "time", "timestamp", "o", "h", "l", "c"])["time"] == 2


def test_missing_columns_are_named_together_with_those_that_are_there() -> None:
    with pytest.raises(DataError, match=r"no column for open, high, low, close among 'timestamp, bid, ask'"):
        places_of(["timestamp", "bid", "ask"])
    with pytest.raises(DataError, match="no column for time among"):
        places_of(["open", "high", "low", "close"])


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Gmt time", "UTC"), ("Time (EET)", "Europe/Athens"), ("datetime_utc", "UTC"), ("Time (UTC)", "UTC"),
        ("candle_date_time_kst", "Asia/Seoul"), ("Local time", None), ("timestamp", None), ("Date/Time", None),
    ],
)  # fmt: skip
def test_the_name_of_the_time_may_state_its_zone(name: str, zone: str | None) -> None:
    assert read([name, "open", "high", "low", "close"]).zone == zone


def test_the_name_of_the_time_may_say_that_it_is_the_end() -> None:
    prices = ["open", "high", "low", "close"]

    assert [read([name, *prices]).is_end for name in ("close_time", "time", "open_time")] == [True, False, False]


def test_a_first_column_without_a_name_is_the_time_only_where_it_holds_stamps() -> None:
    header = ["", "open", "high", "low", "close"]

    assert places_of(header, ["2024-01-02 09:30:00", "1", "1", "1", "1"])["time"] == 0
    with pytest.raises(DataError, match="no column for time"):
        places_of(header, ["0", "1", "1", "1", "1"])


# --- of several times


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("local_time", "utc_time"), ("time", "time_utc"), ("datetime", "UTC"), ("date", "utcDate"),
        ("LocalTime", "UTCTime"), ("exchange_time", "utc_datetime"), ("Local time", "Gmt time"),
        ("timestamp_et", "timestamp_utc"), ("time", "datetime (UTC)"),
    ],
)  # fmt: skip
def test_of_several_times_that_in_utc_is_read_wherever_it_stands(local: str, utc: str) -> None:
    prices, cells = ["open", "high", "low", "close"], ["1", "1", "1", "1"]
    stamps = {local: "2024-11-03 01:00:00", utc: "2024-11-03 06:00:00"}
    for names in ([local, utc], [utc, local]):
        said = read([*names, *prices], [*(stamps[name] for name in names), *cells])

        assert (said.places["time"], said.zone, said.is_of_many) == (names.index(utc), "UTC", True)
        assert not {"date", "clock"} & said.places.keys()


def test_a_time_alone_in_utc_is_the_users_to_say_otherwise() -> None:
    assert not read(["utc_time", "open", "high", "low", "close"]).is_of_many


def test_a_clock_in_utc_alone_is_no_stamp() -> None:
    names = ["date", "time", "utc_time", "open", "high", "low", "close"]
    said = read(names, ["2024-11-03", "01:00:00", "06:00:00", "1", "1", "1", "1"])

    assert (said.places["date"], said.places["clock"], said.zone) == (0, 1, None)
