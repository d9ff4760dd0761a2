"""A synthetic market: as many symbols and sessions as you like, the same ones every time, from nothing but a seed."""

import math
from datetime import date
from typing import NamedTuple

import msgspec
import numpy as np

from actors.kernel.ports import StoredDay
from actors.market.axis import SessionAxis
from messages.errors import SettingsError
from messages.tables.columns import BarBatch, Floats, Mask, Stamps, freeze
from messages.values import Interval, TradingSession, Verdict

_CONSONANTS = "BCDFHLMNPRSTVWXZ"
_VOWELS = "AEIOU"

# What a random stream is for: the first word after the seed, so that no two purposes ever share a stream.
_NATURE, _LEVEL, _INTRADAY = range(3)

_BLOCK_DAYS = 8192
_CENT = 0.01


class _Nature(NamedTuple):
    """What stays the same about each symbol, whatever the day."""

    price: Floats
    volatility: Floats
    """Standard deviation of a day's log return."""
    volume: Floats
    """Shares in an average bar."""
    silence: Floats
    """The chance that a minute has no trade."""


class SimulatedMarket(msgspec.Struct, frozen=True, kw_only=True):
    """A deterministic market of base bars as long as the session says; immutable, and safe to use from several threads.

    A day's bars depend on the seed, the session, ``quiet`` and each symbol's place among the symbols, and on
    nothing that was made before. Each symbol's price follows one geometric random walk through all days.

    Raises:
        SettingsError: no symbols, one of them twice, a negative seed, or ``quiet`` outside 0 to 1.
    """

    symbols: tuple[str, ...]
    seed: int = 7
    quiet: float = 0.0
    """The share of symbol-minutes without a trade, concentrated in illiquid symbols."""

    def __post_init__(self) -> None:
        if not self.symbols or len(set(self.symbols)) != len(self.symbols):
            raise SettingsError("a simulated market needs at least one symbol, and none of them twice")
        if not 0.0 <= self.quiet <= 1.0:
            raise SettingsError(f"quiet is a share of all minutes, between 0 and 1, not {self.quiet}")
        if self.seed < 0:
            raise SettingsError(f"a seed is a whole number from 0 upwards, not {self.seed}")

    @classmethod
    def of_size(cls, count: int, *, seed: int = 7, quiet: float = 0.0) -> "SimulatedMarket":
        """Make a market of ``count`` symbols with names that can be read aloud, in ascending order."""
        return cls(symbols=_tickers(count), seed=seed, quiet=quiet)

    def day(self, session: TradingSession) -> StoredDay:
        """Return the session's regular minutes, each a bar unless nobody traded in it.

        Prices are in whole cents and at least one cent, volumes in whole shares and at least one.
        """
        axis = SessionAxis(session)
        starts_ns = axis.starts_ns[axis.regular]
        day = date.fromisoformat(session.date).toordinal()
        nature, random = self._nature(), self._stream(_INTRADAY, day)
        values = np.empty((5, len(starts_ns), len(self.symbols)))
        _fill_prices(values[:4], self._path(nature, day, len(starts_ns), random), nature, random)
        _fill_volumes(values[4], nature, random)
        is_traded = random.random(values.shape[1:]) >= nature.silence
        bars = _batch(tuple(sorted(self.symbols)), starts_ns, values, is_traded, axis.interval)
        verdicts = np.full(len(bars), Verdict.STREAMED, dtype=np.uint8)
        return StoredDay(bars=bars, verdicts=freeze(verdicts), tz=session.tz)

    def _stream(self, *purpose: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, *purpose))

    def _nature(self) -> _Nature:
        random, count = self._stream(_NATURE), len(self.symbols)
        volume = np.exp(random.normal(7.5, 1.5, count))
        return _Nature(
            price=np.exp(random.normal(4.0, 0.8, count)),
            volatility=random.uniform(0.008, 0.024, count),
            volume=volume,
            silence=_silence(volume, self.quiet),
        )

    def _path(self, nature: _Nature, day: int, minutes: int, random: np.random.Generator) -> Floats:
        """Return the price at the open and at the end of every minute: (minutes + 1) x symbols."""
        first, last = self._level(day), self._level(day + 1)
        walk = np.zeros((minutes + 1, len(self.symbols)))
        np.cumsum(random.standard_normal((minutes, len(self.symbols))), axis=0, out=walk[1:])
        walk /= np.sqrt(minutes)
        # The walk is bent into a bridge, so that the day ends where the walk through the days says it does.
        walk += np.linspace(0.0, 1.0, minutes + 1)[:, np.newaxis] * (last - first - walk[-1])
        walk += first
        walk *= nature.volatility
        np.exp(walk, out=walk)
        walk *= nature.price
        return walk

    def _level(self, day: int) -> Floats:
        """Return how far each symbol's walk has come at the start of a day, in standard deviations of a day.

        This is Lévy's construction of Brownian motion, which can be read at any day without the days before
        it: pinned to 0 at the edges of blocks of days, each half-way point displaced by half the root of
        the span around it.
        """
        level = np.zeros(len(self.symbols))
        span = _BLOCK_DAYS
        while span > 1:
            index, offset = divmod(day, span)
            tent = 1.0 - abs(2.0 * offset / span - 1.0)
            level += tent * np.sqrt(span) / 2.0 * self._stream(_LEVEL, span, index).standard_normal(len(level))
            span //= 2
        return level


def _tickers(count: int) -> tuple[str, ...]:
    """Return names of consonants and vowels in turn, spread evenly over the alphabet."""
    letters = [_CONSONANTS, _VOWELS, _CONSONANTS]
    while (room := math.prod(map(len, letters))) < count:
        letters.append(_VOWELS if len(letters) % 2 else _CONSONANTS)
    return tuple(_spell(number * room // count, letters) for number in range(count))


def _spell(number: int, letters: list[str]) -> str:
    name = ""
    for alphabet in reversed(letters):
        number, place = divmod(number, len(alphabet))
        name = alphabet[place] + name
    return name


def _silence(volume: Floats, quiet: float) -> Floats:
    """Return each symbol's chance of a minute without a trade; their mean is ``quiet``."""
    if quiet == 0.0:
        return np.zeros(len(volume))
    rank = np.empty(len(volume))
    rank[np.argsort(-volume)] = (np.arange(len(volume)) + 0.5) / len(volume)
    # Over ranks spread evenly on 0 to 1 the mean of rank ** k is 1 / (k + 1); for a few symbols it is scaled
    # to fit, with k held where rank ** k cannot vanish.
    chance: Floats = rank ** min(1.0 / quiet - 1.0, 2.0 * len(volume))
    chance *= quiet / chance.mean()
    return chance.clip(0.0, 1.0)


def _fill_prices(values: Floats, path: Floats, nature: _Nature, random: np.random.Generator) -> None:
    """Write open, high, low and close of every minute from the path through their edges."""
    opens, highs, lows, closes = values
    opens[:], closes[:] = path[:-1], path[1:]
    np.maximum(opens, closes, out=highs)
    np.minimum(opens, closes, out=lows)
    wick = nature.volatility / np.sqrt(len(opens)) / 2.0
    highs *= 1.0 + wick * random.standard_exponential(highs.shape)
    lows /= 1.0 + wick * random.standard_exponential(lows.shape)
    np.round(values, 2, out=values)
    np.maximum(values, _CENT, out=values)


def _fill_volumes(volumes: Floats, nature: _Nature, random: np.random.Generator) -> None:
    """Write volumes in the shape of a U: busy after the open and before the close."""
    hour = np.linspace(-1.0, 1.0, len(volumes))
    shape = 0.5 + 2.5 * hour**4
    random.standard_gamma(2.0, out=volumes)
    volumes *= nature.volume / 2.0
    volumes *= (shape / shape.mean())[:, np.newaxis]
    np.ceil(volumes, out=volumes)


def _batch(
    symbols: tuple[str, ...], starts_ns: Stamps, values: Floats, is_traded: Mask, interval: Interval
) -> BarBatch:
    cells = np.flatnonzero(is_traded)
    minute, column = np.divmod(cells, len(symbols))
    return BarBatch(
        symbols=symbols,
        symbol_index=freeze(column.astype(np.int32)),
        start_ns=freeze(starts_ns[minute]),
        values=freeze(values.reshape(5, -1)[:, cells]),
        interval=interval,
    )
