"""How ``live --feed databento:DATASET`` gets its sessions: with a key, for symbols that are named."""

from collections.abc import Callable
from datetime import timedelta
from importlib.util import find_spec

from actors.kernel.clock import SystemClock
from actors.market.calendar import Calendar
from actors.vendors.databento.feed import DatabentoFeed
from actors.vendors.databento.keys import DatabentoKey
from actors.vendors.feed_request import FeedRequest, OpenedFeed
from messages.errors import SettingsError
from messages.values import Nanos, moment


def open_databento(request: FeedRequest) -> OpenedFeed:
    """Return Databento's feed of a dataset; what was sent since the session began comes first.

    Raises:
        SettingsError: there is no key, no library, no dataset or no symbols, or the bars are of another length.
    """
    key, settings = DatabentoKey.find(request.keys), request.settings
    if find_spec("databento") is None:
        raise SettingsError("Databento's feed needs its library: python -m pip install 'barkeeper[databento]'")
    if not request.variant:
        raise SettingsError("say which dataset of Databento's: --feed databento:XNAS.ITCH, databento:GLBX.MDP3 ...")
    if not settings.symbols:
        raise SettingsError("Databento sends what it is asked for: name symbols, --symbols A,B or in the config")
    feed = DatabentoFeed(
        key,
        request.variant.upper(),
        interval=settings.rules.base_interval,
        channels=request.channels,
        since_ns=_session_start(request.calendar),
    )
    return OpenedFeed(feed=feed, clock=SystemClock())


def _session_start(calendar: Calendar) -> Callable[[Nanos], Nanos | None]:
    def start_ns(now_ns: Nanos) -> Nanos | None:
        today, day = moment(now_ns, calendar.tz).date(), timedelta(days=1)
        sessions = calendar.sessions((today - day).isoformat(), (today + day).isoformat())
        return next((one.start_ns for one in sessions if one.start_ns <= now_ns < one.end_ns), None)

    return start_ns
