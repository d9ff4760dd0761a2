"""NautilusTrader: an actor on its backtest engine, subscribed to external 1m bars and to 5m and 15m bars made of them.

Set as its guides say for speed: logging bypassed, no analysis after the run, no matching of orders against bars, data
added in order and unchecked, no bars for the hours without trades, and a cache no longer than what is read.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pandas as pd
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.cache.config import CacheConfig
from nautilus_trader.common.actor import Actor
from nautilus_trader.common.config import LoggingConfig
from nautilus_trader.data.config import DataEngineConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.catalog import ParquetDataCatalog
from nautilus_trader.persistence.wranglers import BarDataWrangler

from tests.benchmarks.engines import work
from tests.benchmarks.engines.work import MINUTE_NS, Run, Tally
from tests.benchmarks.measuring import run_asked_step

VENUE = Venue("XNYS")


class Listener(Actor):
    """Takes down every bar that it is given."""

    def __init__(self, types: list[BarType], tally: Tally) -> None:
        super().__init__()
        self._types = types
        self._note = tally.note

    def on_start(self) -> None:
        """Subscribe to everything."""
        for bar_type in self._types:
            self.subscribe_bars(bar_type)

    def on_bar(self, bar: Bar) -> None:
        """Take down a bar."""
        self._note(bar.bar_type.spec.step, bar.close.as_double(), bar.volume.as_double())


class Strategy(Actor):
    """Reads its cache at every bar, as the README's strategy reads."""

    def __init__(self, minutes: BarType, body: str, tally: Tally) -> None:
        super().__init__()
        self._minutes = minutes
        self._fives = next(kind for kind in all_types_of(minutes.instrument_id) if kind.spec.step == 5)
        self._body, self._note = body, tally.note

    def on_start(self) -> None:
        """Subscribe to what is read."""
        self.subscribe_bars(self._minutes)
        if self._body == "last_20_5m":
            self.subscribe_bars(self._fives)
        self._read: Callable[[], float] = {
            "empty": lambda: 0.0,
            "latest_bar": lambda: _close(self.cache.bar(self._minutes)),
            "last_20": lambda: _trend(self.cache.bars(self._minutes)[:20]),
            "last_20_5m": lambda: _trend(self.cache.bars(self._fives.standard())[:20]),
        }[self._body]

    def on_bar(self, bar: Bar) -> None:
        """Read, where a minute has ended."""
        if bar.bar_type.spec.step == 1:
            self._note(1, self._read(), 0.0)


def _close(bar: Bar) -> float:
    return float(bar.close.as_double())


def _trend(bars: list[Bar]) -> float:
    """Do what the README's strategy does; return the latest close."""
    closes = [bar.close.as_double() for bar in bars]
    if len(closes) == 20 and closes[0] > sum(closes) / 20:
        ...
    return closes[0] if closes else 0.0


def instrument(symbol: str) -> Equity:
    """Return a stock in cents."""
    return Equity(
        instrument_id=InstrumentId(Symbol(symbol), VENUE),
        raw_symbol=Symbol(symbol),
        currency=USD,
        price_precision=2,
        price_increment=Price.from_str("0.01"),
        lot_size=Quantity.from_int(1),
        ts_event=0,
        ts_init=0,
    )


def minute_type(stock: InstrumentId) -> BarType:
    """Return the type of a stock's 1m bars."""
    return BarType.from_str(f"{stock}-1-MINUTE-LAST-EXTERNAL")


def all_types_of(stock: InstrumentId) -> list[BarType]:
    """Return the types that somebody listens to."""
    made = (BarType.from_str(f"{stock}-{n}-MINUTE-LAST-INTERNAL@1-MINUTE-EXTERNAL") for n in (5, 15))
    return [minute_type(stock), *made]


def engine() -> BacktestEngine:
    """Return an engine with a venue, as light as it can be set."""
    made = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            run_analysis=False,
            cache=CacheConfig(bar_capacity=20),
            data_engine=DataEngineConfig(time_bars_build_with_no_updates=False),
        )
    )
    made.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        starting_balances=[Money(1_000_000, USD)],
        base_currency=USD,
        bar_execution=False,
        use_message_queue=False,
    )
    return made


def bars_of(folder: str) -> tuple[list[Equity], list[Bar]]:
    """Return the stocks of the file, and all bars in order of their ends, made by its own wrangler."""
    bars = work.read(folder)
    stocks = [instrument(symbol) for symbol in bars.symbols]
    by_symbol: list[list[Bar]] = []
    for place, stock in enumerate(stocks):
        mine = bars.index == place
        frame = pd.DataFrame(dict(zip(work.FIELDS, bars.columns[:, mine], strict=True)))
        frame.index = pd.to_datetime(bars.start_ns[mine] + MINUTE_NS, utc=True)
        by_symbol.append(BarDataWrangler(minute_type(stock.id), stock).process(frame))
    ended: dict[int, list[Bar]] = defaultdict(list)
    for of_symbol in by_symbol:
        for bar in of_symbol:
            ended[bar.ts_init].append(bar)
    return stocks, [bar for end in sorted(ended) for bar in ended[end]]


def play(run: Run, stocks: list[Equity], data: list[Bar], listener: Actor) -> None:
    """Run an engine over the bars, and a minute longer: what is made of the last ones comes with a timer."""
    with run.timed("load"):
        made = engine()
        for stock in stocks:
            made.add_instrument(stock)
        made.add_data(data, validate=False, sort=False)
        made.add_actor(listener)
    with run.timed("replay"):
        made.run(end=pd.Timestamp(data[-1].ts_init + MINUTE_NS, tz="UTC"))


def replay(folder: str) -> dict[str, Any]:
    """Play the file."""
    run = Run()
    with run.timed("made"):
        stocks, data = bars_of(folder)
    play(run, stocks, data, everything(run, stocks))
    return run.result()


def everything(run: Run, stocks: list[Equity]) -> Listener:
    """Return who takes down every bar of these."""
    return Listener([kind for stock in stocks for kind in all_types_of(stock.id)], run.tally)


def loop(folder: str, *, body: str) -> dict[str, Any]:
    """Play the file, reading the cache at every bar of its first symbol."""
    run = Run()
    with run.timed("made"):
        stocks, data = bars_of(folder)
    play(run, stocks, data, Strategy(minute_type(stocks[0].id), body, run.tally))
    return run.result()


def catalog(folder: str) -> dict[str, Any]:
    """Write the file's bars into a catalog."""
    stocks, data = bars_of(folder)
    made = ParquetDataCatalog(f"{folder}/catalog")
    made.write_data(stocks)
    for stock in stocks:
        made.write_data([bar for bar in data if bar.bar_type.instrument_id == stock.id])
    return {}


def replay_catalog(folder: str) -> dict[str, Any]:
    """Play what lies in the catalog, read by itself."""
    run = Run()
    kept = ParquetDataCatalog(f"{folder}/catalog")
    stocks = kept.instruments()
    data = kept.bars(bar_types=[str(minute_type(stock.id)) for stock in stocks])
    play(run, stocks, data, everything(run, stocks))
    return run.result()


if __name__ == "__main__":
    run_asked_step({"replay": replay, "loop": loop, "catalog": catalog, "replay_catalog": replay_catalog})
