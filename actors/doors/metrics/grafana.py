"""A Grafana dashboard of the metrics, to be imported as it stands: it asks which Prometheus when it is imported."""

from typing import Any, NamedTuple

_WIDTH, _HEIGHT, _COLUMNS = 8, 7, 3
_SOURCE = {"type": "prometheus", "uid": "${source}"}
_RUN = '{job="$job",instance=~"$instance"}'


class Chart(NamedTuple):
    """A panel: its title, what it asks for, and how what comes is written."""

    title: str
    asks: tuple[tuple[str, str], ...]
    """Queries, in which ``@`` stands for the labels of the run, and the names of their lines."""
    unit: str = "short"
    kind: str = "timeseries"


CHARTS = (
    Chart("Healthy", (("barkeeper_healthy@", "{{instance}}"),), "bool_yes_no", "stat"),
    Chart("Session", (("barkeeper_session_phase@ == 1", "{{phase}}"),), "short", "stat"),
    Chart("Quality", (("barkeeper_quality_ratio@", "quality"),), "percentunit", "stat"),
    Chart(
        "Minutes by verdict", (('barkeeper_minutes{job="$job",instance=~"$instance",hours="regular"}', "{{verdict}}"),)
    ),
    Chart(
        "Completeness and quality",
        (("barkeeper_completeness_ratio@", "complete"), ("barkeeper_quality_ratio@", "quality")),
        "percentunit",
    ),
    Chart("Gaps", (("barkeeper_gaps_open@", "open"), ("increase(barkeeper_gaps_total@[5m])", "found in 5 min"))),
    Chart("Feed lag", (("barkeeper_feed_lag_seconds@", "{{feed}} {{quantile}}"),), "s"),
    Chart("Feed last heard of", (("barkeeper_feed_last_heard_seconds@", "{{feed}}"),), "s"),
    Chart(
        "Feed connected, and losses in 5 min",
        (
            ("barkeeper_feed_connected@", "{{feed}} connected"),
            ("increase(barkeeper_feed_losses_total@[5m])", "{{feed}}"),
        ),
    ),
    Chart("What the feeds give", (("rate(barkeeper_feed_items_total@[1m])", "{{feed}} {{kind}}"),), "cps"),
    Chart("Refused", (("increase(barkeeper_rejected_total@[5m])", "{{reason}}"),)),
    Chart(
        "Requests for missing bars",
        (("rate(barkeeper_source_requests_total@[5m])", "{{source}} {{outcome}}"),),
        "reqps",
    ),
    Chart("Mailboxes", (("barkeeper_mailbox_depth@", "{{room}}"),)),
    Chart("Handling a message", (("barkeeper_handling_seconds@", "{{room}} {{quantile}}"),), "s"),
    Chart("Messages handled", (("rate(barkeeper_messages_total@[1m])", "{{room}}"),), "cps"),
    Chart(
        "Journal",
        (
            ("rate(barkeeper_journal_messages_total@[1m])", "messages a second"),
            ("barkeeper_journal_waiting@", "waiting for the disk"),
        ),
    ),
    Chart("Memory", (("process_resident_memory_bytes@", "{{instance}}"),), "bytes"),
    Chart("Processor", (("rate(process_cpu_seconds_total@[1m])", "{{instance}}"),), "percentunit"),
    Chart("Room for the store", (("barkeeper_store_free_bytes@", "{{instance}}"),), "bytes"),
)


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana's JSON has it."""
    return {
        "title": "Barkeeper",
        "uid": "barkeeper",
        "tags": ["barkeeper"],
        "schemaVersion": 39,
        "refresh": "10s",
        "time": {"from": "now-8h", "to": "now"},
        "templating": {"list": [_source_asked_for(), _label("job", "barkeeper_up"), _label("instance", _of_job())]},
        "panels": [_panel(number, chart) for number, chart in enumerate(CHARTS)],
    }


def _of_job() -> str:
    return 'barkeeper_up{job="$job"}'


def _source_asked_for() -> dict[str, Any]:
    return {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _label(name: str, of: str) -> dict[str, Any]:
    query = f"label_values({of}, {name})"
    return {
        "name": name,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "includeAll": name == "instance",
    }


def _panel(number: int, chart: Chart) -> dict[str, Any]:
    row, column = divmod(number, _COLUMNS)
    return {
        "id": number + 1,
        "title": chart.title,
        "type": chart.kind,
        "datasource": _SOURCE,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": chart.unit}, "overrides": []},
        "options": {"textMode": "name" if chart.title == "Session" else "auto"} if chart.kind == "stat" else {},
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": _SOURCE,
                "expr": ask.replace("@", _RUN),
                "legendFormat": legend,
            }
            for place, (ask, legend) in enumerate(chart.asks)
        ],
    }
