"""A column of local time beside one of UTC: over a change of clocks only one of them tells which hour it is."""

from pathlib import Path

import pandas as pd
import pytest

from actors.storage.memory import MemoryStore
from tests.importing.imports import run, stored

LOCAL = [f"2024-11-03 {clock}:00" for clock in ("01:58", "01:59", "01:00", "01:01")]
UTC = [f"2024-11-03 {clock}" for clock in ("05:58", "05:59", "06:00", "06:01")]


@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
@pytest.mark.parametrize("tz", [None, "America/New_York"])
def test_the_hour_that_occurs_twice_is_read_by_utc_whoever_says_the_zone_of_the_other(
    tmp_path: Path, kind: str, tz: str | None
) -> None:
    prices = {name: [100.0] * 4 for name in ("open", "high", "low", "close", "volume")}
    frame = pd.DataFrame({"time": LOCAL, "time_utc": [f"{stamp}:00" for stamp in UTC], **prices})
    path = tmp_path / f"BTC.{kind}"
    match kind:
        case "csv":
            frame.to_csv(path, index=False)
        case "parquet":
            frame.to_parquet(path)
        case _:
            frame.to_json(path, orient="records")
    report = run(path, store := MemoryStore(), calendar="24/7", tz=tz)

    assert [start for _, start, *_ in stored(store)] == UTC
    assert any(f"--tz {tz} says nothing" in said for said in report.files[0].warnings) is (tz is not None)
