"""A sound file of every format, damaged anywhere: it is refused with one sentence of ours, or what is left is taken."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import databento_dbn
import pytest

from actors.storage.memory import MemoryStore
from actors.vendors.formats import formats
from messages.errors import BarkeeperError
from tests.damage import MANY, bounded, one_damaged
from tests.importing.imports import run
from tests.importing.test_damaged_files import whole
from tests.vendors.databento.made import bar, file_of
from tests.vendors.databento.test_table import table
from tests.vendors.files import written, zipped
from tests.vendors.freqtrade.test_files import CANDLES, TRADES, as_json
from tests.vendors.lean.test_quotes import LINE as QUOTES
from tests.vendors.lean.test_trades import TICKS
from tests.vendors.massive.test_trades import line, trades
from tests.vendors.test_sniffing import SAMPLES

FEW, PART = 4, 8
"""Of each format; and in a long run an eighth of the others' number, for there are more than thirty."""
MINUTES = "34200000,1000000,1010000,990000,1005000,7\n34260000,1000000,1010000,990000,1005000,7\n"


def _lean(place: str, text: str) -> Callable[[Path], Path]:
    return lambda root: zipped(root / "Data" / place, {"x.csv": text})


OTHERS: dict[str, Callable[[Path], Path]] = {
    "lean": _lean("equity/usa/minute/spy/20131007_trade.zip", MINUTES),
    "lean-quote": _lean("forex/oanda/minute/nzdusd/20140501_quote.zip", QUOTES),
    "lean-second": _lean("equity/usa/second/spy/20131007_trade.zip", MINUTES),
    "lean-tick": _lean("equity/usa/tick/spy/20131007_trade.zip", TICKS),
    "freqtrade": lambda root: as_json(root / "BTC_USDT-1m.json", CANDLES),
    "freqtrade-trades": lambda root: as_json(root / "BTC_USDT-trades.json.gz", TRADES),
    "massive-trades": lambda root: trades(root, line("A", 1, 10, 100), line("A", 2, 12, 3, "37,12")),
    "parquet": lambda root: written(root / "AAPL.parquet", whole(".parquet")),
    "databento": lambda root: file_of(
        databento_dbn, root / "x.dbn", "ohlcv-1m", [bar(databento_dbn, minute) for minute in range(9)]
    ),
    "databento-parquet": lambda root: table(root / "x.parquet", [4758.25, 4759.0]),
}


def sound(name: str, root: Path) -> Path:
    """Write a sound file of a format."""
    root.mkdir(exist_ok=True)
    if name in OTHERS:
        return OTHERS[name](root)
    file, text = SAMPLES[name]
    return written(root / file, text)


def imported(path: Path, named: str | None) -> int:
    """Import a file; what is said of it is a sentence of ours. Return how many bars were kept."""
    kept, said = 0, ""
    try:
        (file,) = run(path, MemoryStore(), tz="UTC", calendar="24/7", format=named).files
        kept, said = file.kept, str(file.error or "nothing")
    except BarkeeperError as error:
        said = str(error)
    assert said
    assert "it cannot be read (" not in said
    assert "Traceback" not in said
    return kept


def test_every_format_has_a_sound_file_here(tmp_path: Path) -> None:
    names = [fmt.name for fmt in formats()]

    assert set(names) == {*SAMPLES, *OTHERS}
    assert [name for name in names if not imported(sound(name, tmp_path / name), name)] == []


@pytest.mark.parametrize(
    ("name", "was", "now"),
    [
        ("upbit", "opening_price", "opening"),
        ("ibkr", ",average", ",mean"),
        ("databento-csv", "publisher_id", "publisher"),
        ("databento-csv", ",33,1,", ",33,null,"),
        ("databento-csv", ",33,", ",\u00b33,"),
        ("databento-parquet", "rtype", "rtypo"),
        ("freqtrade", "1709908260000", "17099082600009999999999999999"),
        ("lean", "PK\x05\x06", "PK\x06\x06"),
    ],
)
def test_a_column_or_a_cell_that_is_damaged_is_no_surprise(name: str, was: str, now: str, tmp_path: Path) -> None:
    path = sound(name, tmp_path)
    path.write_bytes(path.read_bytes().replace(was.encode(), now.encode()))

    imported(path, name)


def test_a_file_of_trades_that_ends_with_its_header_is_none_of_massives(tmp_path: Path) -> None:
    file, text = SAMPLES["massive-trades"]

    assert imported(written(tmp_path / file, text.partition("\n")[0]), None) == 0


@pytest.mark.parametrize("many", [FEW, pytest.param(MANY // PART, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [fmt.name for fmt in formats()])
def test_whatever_is_damaged_is_refused_in_our_words(
    name: str, tmp_path: Path, many: int, capfd: pytest.CaptureFixture[str]
) -> None:
    path = sound(name, tmp_path)
    raw = path.read_bytes()
    imported(path, name)
    with bounded():
        for seed in range(many):
            path.write_bytes(one_damaged(Random(seed), raw))
            imported(path, name if seed % 2 else None)

    assert capfd.readouterr() == ("", "")
