"""Who listens, as it is told to rooms."""

from messages.base import Event


class SubscribersChanged(Event, frozen=True, kw_only=True):
    """Somebody began or ceased to listen. Told to StreamCoordinator, which keeps lockstep with them."""

    count: int
    """Those that listen and are waited for."""
    of_sessions: int = 0
    """How many of them want no more than how sessions begin and end."""
    hears_minutes: bool = True
    """Whether anybody may want more than that: somebody who listens, or who comes next where nobody does."""
    hears_bars: bool = True
    """Whether anybody wants bars; where nobody listens, as it was before."""
    again: int = 0
    """The ticket of a minute that nobody has seen yet, whose bars are wanted after all; 0: there is none."""
    hold: int = 0
    """The number of the hold that begins: the last one that was reading has left, and the tape stands still."""
    heard: int = 0
    """Where a hold begins: the ticket of the minute that was heard last, whether it is home or not."""
    let_in: int = 0
    """The ticket of the last minute that was let in at SessionData's door: those that wait there can be heard whole."""


class HearingChanged(Event, frozen=True, kw_only=True):
    """Whether anybody hears of minutes and their bars is another matter now. Told to SessionData, before any of them.

    What nobody hears is not put into words: of whole minutes only what is missing is told then, or where somebody hears
    of minutes, all but their bars.
    """

    hears_minutes: bool
    hears_bars: bool = True
    again: int = 0
    """The ticket with which the bars of the latest minute are to be told after all; 0: they are not."""


class SubscriptionDropped(Event, frozen=True, kw_only=True):
    """A subscription was let go without being closed; wherever that happened, it leaves when this has gone round."""

    number: int


class SubscriberLate(Event, frozen=True, kw_only=True):
    """A subscriber has not settled its minute for a while; told to StreamCoordinator and SystemManager."""

    names: tuple[str, ...]
    seconds: float
