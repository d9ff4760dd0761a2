"""The metrics as ``prometheus_client`` collects them: at each scrape one look at the run."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from actors.doors.metrics.families import FAMILIES
from actors.doors.metrics.readings import Reading, readings
from actors.doors.metrics.vitals import Vitals
from actors.kernel.future import Timeout
from messages.errors import BarkeeperError


class VitalsCollector(Collector):
    """Asks the run when Prometheus asks; a run that does not answer is ``barkeeper_up 0``, and nothing else.

    Args:
        look: asks it; may wait, and raise ``Timeout`` or ``BarkeeperError``.
    """

    def __init__(self, look: Callable[[], Vitals]) -> None:
        self._look = look

    def describe(self) -> Iterable[Metric]:
        """Return the metrics without values, so that registering asks nobody."""
        return [Metric(family.name, family.help, family.kind) for family in FAMILIES]

    def collect(self) -> Iterable[Metric]:
        """Return the metrics that have values just now."""
        found: dict[str, list[Reading]] = {}
        for reading in self._readings():
            found.setdefault(f"barkeeper_{reading.name}", []).append(reading)
        for family in FAMILIES:
            if family.name in found:
                metric = Metric(family.name, family.help, family.kind)
                for _, labels, value in found[family.name]:
                    named = dict(zip(family.labels, map(str, labels), strict=True))
                    metric.add_sample(family.exposed, named, float(value))
                yield metric

    def _readings(self) -> list[Reading]:
        try:
            return list(readings(self._look()))
        except (BarkeeperError, Timeout):
            return [Reading("up", (), 0)]


class Exposition:
    """The text of all metrics, those of the process included, in the format that who asks prefers."""

    def __init__(self, look: Callable[[], Vitals]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(VitalsCollector(look))
        ProcessCollector(registry=self._registry)

    def text(self, accept: str) -> tuple[bytes, str]:
        """Return the text and its media type, for an HTTP ``Accept`` header; it waits for the run."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type
