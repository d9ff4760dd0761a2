"""SessionData against the oracle: whatever arrives, in whatever order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    GetDigest,
    GetMetrics,
    Message,
    TradingSession,
)
from tests import builders
from tests.builders import opened
from tests.session_data.streams import (
    RULES,
    SENDERS,
    SESSIONS,
    SYMBOLS,
    ask,
    counts_of,
    expectations,
    expected_counts,
    interleavings,
    oracle_with,
    readings,
    sender,
    settled,
    wild_messages,
)

DAYS = (builders.HALF_DAY, builders.BREAK_DAY, builders.ROUND_THE_CLOCK, builders.EXTENDED_DAY)


def play(core: SessionDataCore, messages: list[Message]) -> list[Message]:
    """Tell the core everything, check it after every message, and return what it said."""
    said: list[Message] = []
    for message in messages:
        said += core.handle(message).out
        core.check()
    return said


@settings(max_examples=500)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_any_interleaving_of_the_senders_ends_in_the_same_session(
    data: st.DataObject, session: TradingSession, rules: SessionRules
) -> None:
    senders = [data.draw(sender(session, source)) for source in SENDERS]
    one, other, oracle = SessionDataCore(rules), SessionDataCore(rules), oracle_with(rules)
    play(one, data.draw(interleavings(senders, session)))
    last = data.draw(interleavings(senders, session))
    play(other, last)
    for message in last:
        oracle.handle(message)

    assert ask(one, GetDigest()) == ask(other, GetDigest())
    for symbol in SYMBOLS:
        counts = settled(ask(one, GetMetrics(symbol=symbol)))
        assert counts == settled(ask(other, GetMetrics(symbol=symbol))) == settled(oracle.metrics(symbol))
    assert readings(other) == expectations(oracle)


@settings(max_examples=1500)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_readers_and_counts_equal_the_oracle_whatever_is_told(
    data: st.DataObject, session: TradingSession, rules: SessionRules
) -> None:
    core, oracle = SessionDataCore(rules), oracle_with(rules)
    messages = [opened(session, SYMBOLS), *data.draw(wild_messages(session))]
    for message in messages:
        core.handle(message)
        oracle.handle(message)
        core.check()

    assert counts_of(core) == expected_counts(oracle)
    assert readings(core) == expectations(oracle)
