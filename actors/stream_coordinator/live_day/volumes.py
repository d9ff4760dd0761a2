"""The day's volume as feeds count it, to check ours by."""

from actors.stream_coordinator.live_day.hearing import some
from messages.feeds import DayVolumeReported, VolumesDiffer
from messages.replies import SessionReport
from messages.values import moment

_TOLERANCE = 0.05
"""The share by which they may differ: a feed's count may have odd lots and auctions in it that no bar has."""


class DayVolumes:
    """Remembers what feeds said last of each symbol's volume, and compares when a session has settled."""

    def __init__(self) -> None:
        self._told: dict[str, DayVolumeReported] = {}
        self._differ: VolumesDiffer | None = None

    def note(self, message: DayVolumeReported) -> None:
        """Remember what a feed says."""
        self._told[message.symbol] = message

    def compare(self, report: SessionReport) -> list[VolumesDiffer]:
        """Return the symbols of a settled session whose volume is not what was said."""
        tz, date = report.session.tz, report.session.date
        both = [
            (symbol, said.volume, ours)
            for symbol, ours in zip(report.symbols, report.volume.tolist(), strict=True)
            if (said := self._told.get(symbol)) is not None and f"{moment(said.start_ns, tz):%Y-%m-%d}" == date
        ]
        self._told.clear()
        differing = [one for one in both if abs(one[1] - one[2]) > _TOLERANCE * max(one[1:])]
        self._differ = None
        if differing:
            symbols, reported, ours = zip(*differing, strict=True)
            self._differ = VolumesDiffer(session_date=date, symbols=symbols, reported=reported, ours=ours)
        return [] if self._differ is None else [self._differ]

    def troubles(self) -> list[str]:
        """Return that the last session's volumes differ."""
        if self._differ is None:
            return []
        return [f"session {self._differ.session_date}: feeds count another volume of {some(self._differ.symbols)}"]
