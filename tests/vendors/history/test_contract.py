"""What the history of every vendor promises: the same suite over each, with its real client and a server of ours."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from actors.kernel.ports import HoldsSessions, Interruptible, SourceAnswer
from actors.vendors.history.asker import Persistence
from actors.vendors.history.entry import Pace
from actors.vendors.history.pages import HistoryRefused, NoAnswer
from actors.vendors.history.source import VendorSource
from messages import Bar
from messages.errors import DataError, NotReady
from messages.values import MINUTE_NS, SECOND_NS, Nanos
from tests.data_upkeep.test_fetcher import keys
from tests.vendors.alpaca.history_server import AlpacaCrypto, AlpacaNight, AlpacaStocks
from tests.vendors.ccxt.binance_history import CcxtBinance
from tests.vendors.ccxt.kraken_history import CcxtKraken
from tests.vendors.databento.history_server import DatabentoStocks
from tests.vendors.history.world import HistoryWorld
from tests.vendors.ibkr.history_tws import IbkrStocks
from tests.vendors.massive.history_server import MassiveStocks
from tests.vendors.yahoo.chart_server import YahooChart

SLOW = (AlpacaNight, CcxtBinance, CcxtKraken, YahooChart)
"""Those whose library is slow to import, and another tape of one that is tried anyway."""
WORLDS = (
    AlpacaStocks,
    AlpacaCrypto,
    DatabentoStocks,
    IbkrStocks,
    MassiveStocks,
    *(pytest.param(kind, marks=pytest.mark.slow) for kind in SLOW),
)
"""Every vendor's; a new one is added here, and to nothing else."""
MINUTES = 60
Make = Callable[..., HistoryWorld]


def given(kind: type[HistoryWorld], trades: int = 3, holes: tuple[int, ...] = (5, 20)) -> list[Bar]:
    """An hour of the first two of a world's symbols; the second lacks a few minutes, and trades thinly."""
    first_ns = kind.session.start_ns
    whole = [_bar(kind.symbols[0], first_ns, minute, kind.most_trades) for minute in range(MINUTES)]
    return whole + [_bar(kind.symbols[1], first_ns, minute, trades) for minute in range(MINUTES) if minute not in holes]


def _bar(symbol: str, first_ns: Nanos, minute: int, trades: int) -> Bar:
    close = 100.0 + minute / 4
    return Bar(
        symbol=symbol,
        start_ns=first_ns + minute * MINUTE_NS,
        open=close - 0.25,
        high=close + 0.5,
        low=close - 0.5,
        close=close,
        volume=1000.0 + minute,
        vwap=close,
        trades=float(trades),
    )


@pytest.fixture(params=WORLDS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> type[HistoryWorld]:
    made: type[HistoryWorld] = request.param
    return made


@pytest.fixture
def world(kind: type[HistoryWorld]) -> Iterator[Make]:
    """Make a world with what is given, or else with the hour above."""
    made: list[HistoryWorld] = []

    def make(bars: list[Bar] | None = None, **how: Any) -> HistoryWorld:
        made.append(kind(given(kind) if bars is None else bars, **how))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def minute(world: HistoryWorld, number: int) -> Nanos:
    return world.session.start_ns + number * MINUTE_NS


def ask(world: HistoryWorld, source: VendorSource, first: int = 0, end: int = MINUTES) -> SourceAnswer:
    return source.fetch(world.session, world.symbols[:2], minute(world, first), minute(world, end))


def told(answer: SourceAnswer) -> list[Bar]:
    return sorted(
        (replace(bar, vwap=None, trades=None) for bar in answer.bars), key=lambda bar: (bar.symbol, bar.start_ns)
    )


def plain(bars: list[Bar]) -> list[Bar]:
    return sorted((replace(bar, vwap=None, trades=None) for bar in bars), key=lambda bar: (bar.symbol, bar.start_ns))


def quiet(answer: SourceAnswer) -> int:
    return sum(len(gap.symbols) * (gap.end_ns - gap.start_ns) // MINUTE_NS for gap in answer.no_trade)


# --- what it is, and what it has


def test_every_fact_that_decides_something_says_where_it_was_read(kind: type[HistoryWorld]) -> None:
    entry = kind.entry
    decided = {"is_silence_told", "is_rename_told", "pace"}
    decided |= {name for name in ("most_symbols", "rows_a_page", "revised_until_s") if getattr(entry, name) is not None}
    decided |= {"silent_after_s"} if entry.silent_after_s else set()
    decided |= {"is_silence_exact"} if entry.is_silence_exact else set()
    decided |= {"tapes"} if any(tape.delay_s for tape in entry.tapes) else set()

    assert decided <= set(entry.cited)


def test_it_is_an_upstream_that_reads_sessions_and_can_be_cut_short(world: Make) -> None:
    source = world().source()

    assert isinstance(source, HoldsSessions)
    assert isinstance(source, Interruptible)
    assert source.is_authoritative is False
    assert source.name.startswith(source.entry.name)


def test_bars_are_what_the_vendor_has_to_the_last_digit(world: Make) -> None:
    there = world()

    assert told(ask(there, there.source())) == plain(given(type(there)))


def test_the_last_minute_is_not_included(world: Make) -> None:
    there = world()
    answer = ask(there, there.source(), 10, 12)

    assert {bar.start_ns for bar in answer.bars} == {minute(there, 10), minute(there, 11)}


def test_pages_are_followed_to_the_end(world: Make, kind: type[HistoryWorld]) -> None:
    if not kind.pages:
        pytest.skip("its answers are whole")
    there = world(rows_a_page=9)

    assert told(ask(there, there.source())) == plain(given(kind))
    assert there.requests == -(-len(given(kind)) // 9) + kind.requests_to_see_the_end


def test_a_session_that_is_over_is_read_whole_and_once(world: Make) -> None:
    there = world()
    source = there.source()
    source.read_ahead(there.session, there.symbols[:2])
    asked = there.requests
    clock = [minute(there, number) for number in (3, 30, 55)]
    for start_ns in clock:
        found = source.pick(there.session, keys_of(there.symbols[0], start_ns))
        assert [bar.start_ns for bar in found.bars] == [start_ns]

    assert source.holds(there.session, there.symbols[:2])
    assert not source.holds(there.session, there.symbols)
    assert there.requests == asked


def keys_of(symbol: str, start_ns: Nanos) -> Any:
    return replace(keys("A", "09:31", "09:32"), symbols=(symbol,), start_ns=_column(start_ns))


def _column(start_ns: Nanos) -> Any:
    import numpy as np

    return np.array([start_ns], dtype=np.int64)


# --- what it fails at


@pytest.mark.parametrize("fault", ["error", "cut", "html", "junk", "drop", "empty"])
def test_a_page_that_fails_is_asked_again_alone(world: Make, kind: type[HistoryWorld], fault: str) -> None:
    if fault not in kind.faults:
        pytest.skip("its server cannot fail so")
    there = world(rows_a_page=40) if kind.pages else world()
    source = there.source()
    ask(there, source)
    pages = there.requests
    there.fail_next(fault)

    assert told(ask(there, source)) == plain(given(kind))
    assert there.requests == 2 * pages + 1


@pytest.mark.parametrize("fault", ["error", "cut", "html", "junk", "drop", "empty"])
def test_what_fails_every_time_is_a_failure_in_one_sentence_and_never_nothing(
    world: Make, kind: type[HistoryWorld], fault: str
) -> None:
    if fault not in kind.faults:
        pytest.skip("its server cannot fail so")
    there = world()
    there.fail_next(*[fault] * 20)
    source = there.source()
    with pytest.raises(NoAnswer) as caught:
        ask(there, source)
    said = str(caught.value)

    assert said.startswith(f"{source.name} was asked 4 times: ")
    assert len(said) < 400
    assert not [piece for piece in ("\n", "<html", "Traceback", *there.secrets) if piece in said]


def test_a_vendor_that_is_silent_is_given_up_after_its_time(world: Make, kind: type[HistoryWorld]) -> None:
    for deadline_s in (2.0 if kind in SLOW else 0.25, 8.0):
        there = world()
        there.fail_next("mute")

        assert told(ask(there, there.source(deadline_s=deadline_s))) == plain(given(type(there)))
        if there.requests == 1 + there.requests_a_question:
            return  # on a busy machine those who answer may be given up for it, the first time
    pytest.fail(f"{there.requests} requests")


def test_where_nobody_has_ever_been_it_is_said_soon(world: Make) -> None:
    there = world()
    source = there.source(persistence=Persistence(tries=8, backoff_s=0.001))
    there.vanish()
    with pytest.raises(NoAnswer, match=f"^{source.name} was asked 2 times: "):
        ask(there, source)

    assert source.requests == 2


def test_wrong_keys_are_final_and_stand_nowhere(world: Make, kind: type[HistoryWorld]) -> None:
    if not kind.entry.needs_keys:
        pytest.skip("it needs none")
    there = world()
    source = there.source(wrong_keys=True)
    said = []
    for _ in range(3):
        with pytest.raises(HistoryRefused) as caught:
            ask(there, source)
        said.append(str(caught.value))

    assert there.requests == 1
    assert not [secret for secret in there.secrets if secret in " ".join([*said, repr(source), source.name])]


def test_a_symbol_that_it_does_not_know_is_left_open(world: Make) -> None:
    there = world()
    answer = there.source().fetch(there.session, there.symbols, minute(there, 0), minute(there, MINUTES))

    assert told(answer) == plain(given(type(there)))
    assert not [gap for gap in answer.no_trade if there.symbols[2] in gap.symbols]


def test_a_symbol_that_it_refuses_costs_the_others_nothing(world: Make, kind: type[HistoryWorld]) -> None:
    if not kind.refuses_symbols:
        pytest.skip("it has no answer of that kind")
    there = world()
    source = there.source()
    symbols = (*there.symbols[:2], "not-a symbol")
    for _ in range(2):
        answer = source.fetch(there.session, symbols, minute(there, 0), minute(there, MINUTES))
        assert told(answer) == plain(given(kind))

    assert list(source.refused) == ["not-a symbol"]
    in_vain = 0 if there.refuses_before_it_asks else there.requests_in_vain
    assert there.requests == 2 * there.requests_a_question + in_vain


def test_a_renamed_symbol_is_refused_by_its_new_name_from_that_day_on(world: Make, kind: type[HistoryWorld]) -> None:
    if not kind.entry.is_rename_told:
        pytest.skip("it does not tell")
    there = world()
    there.rename(there.symbols[2], "NEW", there.session.date)
    source = there.source()
    for _ in range(2):
        answer = source.fetch(there.session, there.symbols, minute(there, 0), minute(there, MINUTES))
        assert told(answer) == plain(given(kind))
        assert there.symbols[2] not in {name for gap in answer.no_trade for name in gap.symbols}
    gap = source.pick(there.session, keys_of(there.symbols[2], minute(there, 3)))
    before = replace(there.session, date="2020-01-02")

    assert list(source.refused) == [there.symbols[2]]
    assert gap.doubt == f"{there.symbols[2]} was renamed on {there.session.date}: ask for NEW"
    assert source.ask(there.session, there.symbols, minute(there, 0), minute(there, 9)).refused == there.symbols[2:]
    assert source.ask(before, there.symbols, minute(there, 0), minute(there, 9)).refused == ()


def test_bars_of_another_length_than_it_has_are_a_clear_error(world: Make) -> None:
    there = world()
    session = replace(there.session, base_interval=replace(there.session.base_interval, seconds=7))
    with pytest.raises(DataError, match="and none of 7s"):
        there.source().fetch(session, there.symbols[:1], session.start_ns, session.end_ns)


# --- what is concluded


def test_silence_is_told_where_the_vendor_documents_it_and_it_is_plausible(world: Make) -> None:
    there = world()
    answer = ask(there, there.source())

    assert quiet(answer) == (2 if there.entry.is_silence_told else 0)


def test_a_busy_symbol_is_believed_to_be_silent_only_where_that_is_exact(world: Make, kind: type[HistoryWorld]) -> None:
    there = world(given(kind, trades=80))

    assert quiet(ask(there, there.source())) == (2 if kind.entry.is_silence_exact else 0)


def test_a_minute_that_is_not_over_is_never_final(world: Make, kind: type[HistoryWorld]) -> None:
    there = world()
    now_ns = minute(there, 30) + MINUTE_NS // 2  # minute 30 is forming
    source = there.source(now_ns=lambda: now_ns)
    answer = ask(there, source)
    final_ns = now_ns - source.delay_ns

    assert all(bar.start_ns + MINUTE_NS <= now_ns for bar in answer.bars)
    assert len(answer.bars) == sum(
        bar.start_ns + MINUTE_NS <= now_ns - source._times._out_after_ns for bar in given(kind)
    )
    assert len(answer.bars) > 0
    assert all(gap.end_ns <= final_ns for gap in answer.no_trade)


def test_of_a_vendor_whose_clock_is_behind_nothing_is_concluded_of_what_it_has_not_made_yet(
    world: Make, kind: type[HistoryWorld]
) -> None:
    there = world([bar for bar in given(kind) if bar.start_ns < kind.session.start_ns + 29 * MINUTE_NS])
    source = there.source(now_ns=lambda: minute(there, 30) + MINUTE_NS // 2)
    answer = ask(there, source)

    assert all(gap.end_ns <= minute(there, 29) for gap in answer.no_trade)


@pytest.mark.parametrize(("ahead_s", "said"), [(30, "30 s"), (130, "2 min"), (7 * 3600, "7 h")])
def test_a_clock_of_ours_that_is_ahead_decides_nothing(
    world: Make, kind: type[HistoryWorld], ahead_s: int, said: str
) -> None:
    there = world([bar for bar in given(kind) if bar.start_ns <= kind.session.start_ns + 30 * MINUTE_NS])
    vendor_ns = minute(there, 30) + MINUTE_NS // 2  # what it shows of minute 30 is not all of it
    there.set_clock(vendor_ns)
    source = there.source(now_ns=lambda: vendor_ns + ahead_s * SECOND_NS)
    answers = [ask(there, source), source.pick(there.session, keys_of(there.symbols[1], minute(there, 40)))]
    source.read_ahead(there.session, there.symbols[:2])

    assert all(bar.start_ns < minute(there, 30) for answer in answers for bar in answer.bars)
    assert all(gap.end_ns <= vendor_ns - source.delay_ns + SECOND_NS for one in answers for gap in one.no_trade)
    assert not source.holds(there.session, there.symbols[:2])
    assert source.clock_trouble.startswith(f"this computer's clock is about {said} ahead")


def test_nothing_is_asked_for_before_it_is_there(world: Make) -> None:
    there = world()
    source = there.source(now_ns=lambda: minute(there, 0))

    assert len(ask(there, source).bars) == 0
    assert there.requests == 0


# --- how it is asked


@pytest.mark.slow
def test_no_request_is_refused_for_its_pace_however_many_ask(world: Make) -> None:
    there = world(pace=(10, 0.5))
    source = there.source(pace=(Pace(requests=10, seconds=0.5 + there.way_s),))
    threads = [threading.Thread(target=lambda: [ask(there, source) for _ in range(8)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert there.requests >= 32
    assert there.refused_for_pace == 0


@pytest.mark.slow
def test_who_is_too_fast_all_the_same_waits_as_long_as_he_is_told(world: Make, kind: type[HistoryWorld]) -> None:
    if not kind.says_how_long:
        pytest.skip("it does not say how long")
    there = world(pace=(2 * kind.requests_a_question, 3.0))
    source = there.source()
    began_s = time.monotonic()
    for _ in range(3):
        assert told(ask(there, source)) == plain(given(type(there)))

    assert there.refused_for_pace == 1
    assert time.monotonic() - began_s >= 3.0


def test_the_same_question_gets_the_same_answer_from_several_threads(world: Make) -> None:
    there = world()
    source = there.source()
    answers: list[list[Bar]] = []
    threads = [threading.Thread(target=lambda: answers.append(told(ask(there, source)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert answers == [plain(given(type(there)))] * 4


def test_closing_while_a_request_is_out_ends_at_once(world: Make) -> None:
    there = world()
    there.fail_next("mute")
    source = there.source(deadline_s=60.0)
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            ask(there, source)
        except NotReady as error:
            ended.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    there.wait_for_requests(1)
    source.close()
    thread.join(1.0)

    assert not thread.is_alive()
    assert len(ended) == 1
    with pytest.raises(NotReady):
        ask(there, source)
    source.close()


def test_closing_while_waiting_for_a_turn_ends_at_once(world: Make) -> None:
    there = world()
    source = there.source(pace=(Pace(requests=there.requests_a_question, seconds=3600.0),))
    ask(there, source)
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(NotReady):
            ask(there, source)
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    while not source._asker._pacer._waiting:  # a turn is asked for without a word to anybody
        time.sleep(0.001)
    source.interrupt()

    assert ended.wait(1.0)
