"""Barkeeper, as programs import it: the system, its settings, and what goes in and comes out.

Installed as the package ``barkeeper``. Everything here lives elsewhere (``actors``, ``messages``) and may be imported
from there too.

Raises:
    ImportError: a file or folder of the program's own hides a package that this one is made of; says which.
"""

from importlib.util import find_spec as _find_spec


def _look_for(name: str, member: str) -> None:
    try:
        if _find_spec(f"{name}.{member}") is not None:
            return
    except ModuleNotFoundError:  # it is there and no package, or not there
        pass
    hiding = _find_spec(name)
    places = [] if hiding is None else [hiding.origin or str(hiding.submodule_search_locations)]
    where = f"hidden by {places[0]}" if places else "not there"
    raise ImportError(
        f"Barkeeper is made of the packages actors and messages, and {name} is {where}: rename that, or start the"
        " program from another folder"
    )


_look_for("messages", "inboxes")
_look_for("actors", "wiring")

from actors.feeds.port import Feed  # noqa: E402  # what it needs has been looked for
from actors.flight.client import RemoteSession, connect  # noqa: E402
from actors.kernel.clock import SystemClock  # noqa: E402
from actors.kernel.future import Future  # noqa: E402
from actors.kernel.ports import BarSource, BarStore, SourceAnswer  # noqa: E402
from actors.lived_day import LivedDay  # noqa: E402
from actors.market.calendar import Calendar  # noqa: E402
from actors.market.faults import Faults  # noqa: E402
from actors.settings import SessionRules, Settings  # noqa: E402
from actors.storage.journal.lived import LivedStore  # noqa: E402
from actors.store import Store  # noqa: E402
from actors.system import System  # noqa: E402
from messages import errors  # noqa: E402
from messages.feeds import FeedBars, FeedHeartbeat, FeedQuotes, FeedTicks  # noqa: E402
from messages.tables.columns import BarBatch  # noqa: E402
from messages.values import Bar, Interval, Quote, Tick, TradingSession, Verdict  # noqa: E402

__all__ = [
    "Bar",
    "BarBatch",
    "BarSource",
    "BarStore",
    "Calendar",
    "Faults",
    "Feed",
    "FeedBars",
    "FeedHeartbeat",
    "FeedQuotes",
    "FeedTicks",
    "Future",
    "Interval",
    "LivedDay",
    "LivedStore",
    "Quote",
    "RemoteSession",
    "SessionRules",
    "Settings",
    "SourceAnswer",
    "Store",
    "System",
    "SystemClock",
    "Tick",
    "TradingSession",
    "Verdict",
    "connect",
    "errors",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from actors.doors.cli.version import version

        return version()
    raise AttributeError(f"module 'barkeeper' has no attribute {name!r}")
