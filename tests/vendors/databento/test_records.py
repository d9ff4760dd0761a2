"""What may lie between the records of a DBN file: times of sending, messages, records of other kinds."""

from pathlib import Path

import pytest

from actors.reading.format import Unsupported
from actors.vendors.databento import files as vendor
from messages.errors import DataError
from tests.vendors.databento.made import NANO, bar, file_of, naming, recording_of, trade
from tests.vendors.files import bars, blocks, names, times, written


@pytest.mark.parametrize("size", [1 << 17, 7])
@pytest.mark.parametrize("schema", ["ohlcv-1m", "ohlcv-1s", "trades"])
def test_a_time_of_sending_behind_each_record_changes_no_bar(
    dbn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, schema: str, size: int
) -> None:
    monkeypatch.setattr(vendor, "_RECORDS", size)

    def records(**more: int) -> list[object]:
        match schema:
            case "trades":
                return [trade(dbn, 6 * step, (10 + step % 7) * NANO, **more) for step in range(40)]
            case "ohlcv-1s":
                return [bar(dbn, step / 10, (10 + step % 7) * NANO, rtype=32, **more) for step in range(40)]
            case _:
                return [bar(dbn, step, (10 + step % 7) * NANO, **more) for step in range(40)]

    plain = blocks(file_of(dbn, tmp_path / "plain" / "x.dbn", schema, records()))
    sent = blocks(file_of(dbn, tmp_path / "sent" / "x.dbn", schema, records(ts_out=123), ts_out=True))

    assert [bars(raw) for raw in sent] == [bars(raw) for raw in plain]
    assert [times(raw) for raw in sent] == [times(raw) for raw in plain]
    assert sum(len(times(raw)) for raw in sent) == (40 if schema == "ohlcv-1m" else 4)


def test_a_file_that_is_not_what_its_metadata_says_is_refused(dbn, tmp_path: Path) -> None:
    hours = file_of(dbn, tmp_path / "x.dbn", "ohlcv-1m", [bar(dbn, 0), bar(dbn, 60, rtype=34)])
    whole = file_of(dbn, tmp_path / "y.dbn", "ohlcv-1m", [bar(dbn, 0), bar(dbn, 1)]).read_bytes()

    with pytest.raises(DataError, match="among the records of ohlcv-1m is one of type 34"):
        blocks(hours)
    with pytest.raises(DataError, match="it is cut off within a record"):
        blocks(written(tmp_path / "z.dbn", whole[:-9]))


@pytest.mark.parametrize("ts_out", [False, True])
def test_a_recording_of_the_live_client_gives_the_bars_that_its_messages_name(
    dbn, tmp_path: Path, ts_out: bool
) -> None:
    more = {"ts_out": 123} if ts_out else {}
    records = [
        naming(dbn, 7, "AAPL", **more), bar(dbn, 0, 10 * NANO, **more), trade(dbn, 70, **more),
        naming(dbn, 8, "8", asked="MSFT", **more), bar(dbn, 0, 20 * NANO, number=8, **more), bar(dbn, 1, **more),
    ]  # fmt: skip

    (raw,) = blocks(recording_of(dbn, tmp_path / "x.dbn", records, ts_out=ts_out))

    assert list(zip(names(raw), times(raw), raw.values[3].tolist(), strict=True)) == [
        ("AAPL", "2024-07-02 00:00", 10), ("MSFT", "2024-07-02 00:00", 20), ("AAPL", "2024-07-02 00:01", 10),
    ]  # fmt: skip
    assert raw.remarks == ("of this recording the ohlcv-1m bars are read, and not the trades",)


def test_trades_of_a_recording_are_folded(dbn, tmp_path: Path) -> None:
    records = [naming(dbn, 7, "AAPL"), trade(dbn, 1), trade(dbn, 2), trade(dbn, 61)]

    (raw,) = blocks(recording_of(dbn, tmp_path / "x.dbn", records))

    assert (names(raw), times(raw)) == (["AAPL"] * 2, ["2024-07-02 00:00", "2024-07-02 00:01"])


def test_a_number_that_changes_its_symbol_goes_by_the_day(dbn, tmp_path: Path) -> None:
    first, second, third = (1_719_878_400 * NANO + days * 86_400 * NANO for days in range(3))
    records = [
        naming(dbn, 7, "OLD", start=first, end=second), naming(dbn, 7, "NEW", start=second, end=third),
        bar(dbn, 0), bar(dbn, 24 * 60),
    ]  # fmt: skip

    (raw,) = blocks(recording_of(dbn, tmp_path / "x.dbn", records))

    assert names(raw) == ["OLD", "NEW"]


def test_a_recording_of_something_else_is_refused(dbn, tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="a recording of Databento's live client without any of these; imported are"):
        blocks(recording_of(dbn, tmp_path / "x.dbn", [naming(dbn, 7, "AAPL"), bar(dbn, 0, rtype=34)]))
