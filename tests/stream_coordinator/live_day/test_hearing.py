"""What is known of the feeds by what they said."""

import pytest

from actors.settings import LiveRules
from actors.stream_coordinator.live_day.hearing import Hearing
from actors.stream_coordinator.live_day.lag import LagMeter
from actors.stream_coordinator.live_day.troubles import Troubles
from messages import FeedHealth, FeedHeartbeat, FeedReported, FeedStatus, SymbolLag, SymbolsRefused
from messages.lifecycle import TroublesChanged
from messages.values import SECOND_NS


def test_nothing_is_known_of_feeds_that_were_never_heard() -> None:
    assert Hearing(LiveRules()).statuses() == ()


def test_the_last_health_report_of_each_feed_counts() -> None:
    hearing = Hearing(LiveRules())
    hearing.note(FeedReported(health=FeedHealth(feed="b", bars=1)))
    hearing.note(FeedReported(health=FeedHealth(feed="a", bars=2)))
    hearing.note(FeedReported(health=FeedHealth(feed="b", bars=3)))

    assert [status.health for status in hearing.statuses()] == [
        FeedHealth(feed="a", bars=2),
        FeedHealth(feed="b", bars=3),
    ]


def test_what_is_wrong_with_feeds_is_known_without_a_look_at_thousands_of_lags(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> float:
        raise AssertionError("four times a second, of every feed")

    monkeypatch.setattr(LagMeter, "quantile_ms", slow)
    hearing = Hearing(LiveRules())
    hearing.note(FeedReported(health=FeedHealth(feed="b", losses=1, last_error="gone")))
    hearing.lag("a", 0, SECOND_NS)

    assert hearing.healths() == [FeedHealth(feed="a"), FeedHealth(feed="b", losses=1, last_error="gone")]
    assert Troubles((), hearing).news() == [TroublesChanged(troubles=("feed b is not connected: gone",))]


def test_symbols_that_were_ever_refused_are_shown_sorted_and_once() -> None:
    hearing = Hearing(LiveRules())
    hearing.note(SymbolsRefused(feed="a", symbols=("Z", "X"), reason="unknown"))
    hearing.note(SymbolsRefused(feed="a", symbols=("Y", "X"), reason="too many"))

    assert hearing.statuses() == (
        FeedStatus(health=FeedHealth(feed="a"), lag_p50_ms=None, lag_p99_ms=None, refused=("X", "Y", "Z")),
    )


def test_every_feed_has_a_lag_of_its_own_measured_by_the_rules() -> None:
    hearing = Hearing(LiveRules(max_lag_s=1.0))
    late = hearing.lag("slow", 0, 2 * SECOND_NS)
    prompt = hearing.lag("fast", 0, SECOND_NS // 2)

    assert [news.feed for news in late] == ["slow"]
    assert prompt == []
    assert [(s.health.feed, s.lag_p50_ms, s.lag_p99_ms) for s in hearing.statuses()] == [
        ("fast", 500.0, 500.0),
        ("slow", 2000.0, 2000.0),
    ]


def test_of_each_symbol_what_came_last_says_how_far_it_is_behind() -> None:
    hearing = Hearing(LiveRules())
    hearing.heard("a", [("X", 0), ("Y", SECOND_NS)], 3 * SECOND_NS)
    hearing.heard("a", [("X", 4 * SECOND_NS), ("X", 5 * SECOND_NS)], 5 * SECOND_NS)
    (status,) = hearing.statuses()

    assert status.symbols == (
        SymbolLag(symbol="Y", at_ns=SECOND_NS, lag_ms=2000.0),
        SymbolLag(symbol="X", at_ns=5 * SECOND_NS, lag_ms=0.0),
    )


def test_a_heartbeat_alone_tells_nothing_about_a_feed() -> None:
    hearing = Hearing(LiveRules())
    hearing.note(FeedHeartbeat(feed="a"))

    assert hearing.statuses() == ()
