"""Certificates: what they add up to, and their way to bytes and back."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages import Event, GapOutcome, GapStory, SessionCertificate, SymbolVerdicts, codec
from messages.values import MINUTE_NS, Interval
from tests.builders import BREAK_DAY, at
from tests.certificates import certificate
from tests.depth import examples
from tests.messages.strategies import struct

percentages = st.none() | st.floats(0, 100)
certificates = st.builds(
    msgspec.structs.replace,
    struct(SessionCertificate),
    completeness=percentages,
    bar_quality=percentages,
    transition_ms=st.none() | st.floats(0, 1e6),
)


class Issued(Event, frozen=True, kw_only=True):
    """A message that holds a certificate."""

    certificate: SessionCertificate


@given(issued=certificates)
@examples(50)
def test_every_certificate_survives_the_journey_to_json_and_back(issued: SessionCertificate) -> None:
    raw = msgspec.json.encode(issued)

    assert msgspec.json.decode(raw, type=SessionCertificate) == issued


@given(issued=certificates)
@examples(20)
def test_every_certificate_survives_inside_a_message(issued: SessionCertificate) -> None:
    back: Any = codec.decoder(Issued).decode(codec.encode(Issued(certificate=issued)))

    assert back.certificate == issued


def test_a_certificate_knows_its_session_and_its_symbols() -> None:
    issued = certificate("MSFT", "AAPL", session=BREAK_DAY)

    assert issued.session == BREAK_DAY
    assert issued.names == ("AAPL", "MSFT")


def test_a_certificate_says_of_which_length_its_bars_are() -> None:
    seconds = certificate(base_interval="1s")

    assert seconds.session.base_interval == Interval.parse("1s")
    assert seconds.session.expected_minutes == 60 * certificate().session.expected_minutes


def test_a_certificate_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        certificate().digest = "another"  # type: ignore[misc]  # that is the point


def test_counts_add_up_to_bars_and_minutes() -> None:
    counts = SymbolVerdicts(
        symbol="A", streamed=1, late=2, filled=4, corrected=8, no_trade=16, abandoned=32, missing=64
    )

    assert (counts.bars, counts.minutes) == (15, 127)


def test_a_gap_was_open_from_its_detection_until_its_last_verdict() -> None:
    story = GapStory(
        symbols=("A",),
        start_ns=at("09:30"),
        end_ns=at("09:32"),
        detected_ns=at("09:32"),
        settled_ns=at("09:35"),
        attempts=2,
        source="archive",
        outcome=GapOutcome.CLOSED,
    )

    assert story.took_ns == 3 * MINUTE_NS
