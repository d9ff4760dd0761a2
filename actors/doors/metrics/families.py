"""The metrics by name: what each counts, in which unit, by which labels. None has a label for symbols."""

import enum

import msgspec


class Kind(enum.StrEnum):
    """What a metric is to Prometheus."""

    GAUGE = "gauge"
    COUNTER = "counter"
    """Exposed with ``_total`` at its end; it may begin anew, as that of a session does with the next."""
    SUMMARY = "summary"
    """Quantiles, without a sum."""


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """One metric."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()

    @property
    def exposed(self) -> str:
        """How it is asked for in a query."""
        return f"{self.name}_total" if self.kind is Kind.COUNTER else self.name


def _gauge(name: str, help_: str, *labels: str) -> Family:
    return Family(name=f"barkeeper_{name}", kind=Kind.GAUGE, help=help_, labels=labels)


def _counter(name: str, help_: str, *labels: str) -> Family:
    return Family(name=f"barkeeper_{name}", kind=Kind.COUNTER, help=help_, labels=labels)


def _summary(name: str, help_: str, *labels: str) -> Family:
    return Family(name=f"barkeeper_{name}", kind=Kind.SUMMARY, help=help_, labels=(*labels, "quantile"))


FAMILIES = (
    _gauge("up", "Whether the run answers; without it there is nothing else."),
    _gauge("healthy", "Whether nothing is wrong: 0 is degraded or in error."),
    _gauge("troubles", "How many things are wrong; /healthz says which."),
    _gauge("state", "1 for the state that the system is in.", "state"),
    _gauge("session_phase", "1 for the phase that the live session is in.", "phase"),
    _gauge("clock_timestamp_seconds", "The clock that the run goes by."),
    _counter("sessions", "Sessions that are over."),
    _counter("bars", "Base bars sent in the whole run."),
    _gauge("symbols", "Symbols of the session."),
    _gauge("session_minutes_done", "Minutes of the session that are over."),
    _gauge("session_minutes_expected", "Minutes that the session has."),
    _gauge("minutes", "Minutes of the session's symbols, by what is known of each.", "hours", "verdict"),
    _gauge("completeness_ratio", "Minutes with a bar / minutes closed, regular hours."),
    _gauge("quality_ratio", "(Minutes with a bar + no_trade) / minutes closed, regular hours: 1 lacks nothing."),
    _gauge("gaps_open", "Runs of minutes of which nothing is known."),
    _counter("gaps", "Gaps that were found in the session."),
    _counter("received", "Bars of the session that came, by what became of them.", "outcome"),
    _counter("rejected", "Bars of the session that were refused, by reason.", "reason"),
    _counter("prints", "Trades and quotes of the session that were taken.", "kind"),
    _gauge("feed_connected", "Whether the feed is connected.", "feed"),
    _gauge("feed_last_heard_seconds", "How long ago the feed gave anything, heartbeats included.", "feed"),
    _summary("feed_lag_seconds", "From event to arrival, of the last thousand reads.", "feed"),
    _gauge("feed_clock_offset_seconds", "How far the feed's stamps are ahead of our clock.", "feed"),
    _gauge("feed_waiting", "Bars, trades and quotes that wait for credit.", "feed"),
    _counter("feed_items", "What the feed gave.", "feed", "kind"),
    _counter("feed_received", "What the feed gave and was dealt with, by what became of it.", "feed", "outcome"),
    _counter("feed_rejected", "What the feed gave and could not be understood or taken.", "feed"),
    _counter("feed_connections", "How often a connection was made.", "feed"),
    _counter("feed_losses", "How often a connection was lost, or could not be made.", "feed"),
    _counter("source_requests", "Requests for missing bars to sources that have ever failed.", "source", "outcome"),
    _gauge("source_failing", "Whether the source's last request failed.", "source"),
    _gauge("mailbox_depth", "Messages that wait for a room.", "room"),
    _gauge("mailbox_high_water", "The most that ever waited.", "room"),
    _counter("messages", "Messages that a room has handled.", "room"),
    _summary("handling_seconds", "How long a room takes for a message.", "room"),
    _counter("quarantined", "Messages that a room could not handle: bugs.", "room"),
    _counter("journal_messages", "Messages of a live day that its journal has taken."),
    _gauge("journal_waiting", "Messages that the journal has taken and the disk has not."),
    _gauge("journal_held_up_seconds", "For how long the disk has not come back from a write of the journal."),
    _gauge("late_subscribers", "Subscribers that the run waits for."),
    _gauge("store_writable", "Whether the store can be written to."),
    _gauge("store_free_bytes", "Room on the store's disk."),
)
