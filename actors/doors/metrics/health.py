"""Health in one answer: well, or what is wrong."""

import msgspec

from actors.doors.metrics.vitals import Run
from actors.kernel.future import Timeout
from messages.errors import BarkeeperError
from messages.values import Health

_PATIENCE_S = 5.0


class HealthAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What ``/healthz`` says."""

    health: str
    """``healthy``, ``degraded``, ``error``, or ``silent``: the run does not answer."""
    reasons: tuple[str, ...]
    """Why it is not healthy, a sentence each."""

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return self.health == Health.HEALTHY


def health_of(system: Run) -> HealthAnswer:
    """Ask the system how it is, and wait for the answer."""
    try:
        status = system.status().get(timeout=_PATIENCE_S)
    except (BarkeeperError, Timeout) as error:
        return HealthAnswer(health="silent", reasons=(str(error),))
    return HealthAnswer(health=str(status.health), reasons=status.reasons)
