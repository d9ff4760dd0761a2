"""The tickets that are out: what is still being dealt with."""


class Tickets:
    """Numbers tickets, and knows which have not come home. Of staged minutes only some tickets do."""

    def __init__(self) -> None:
        self.last = 0
        """The number of the last one that went out."""
        self.openings: set[int] = set()
        """Those that went with how a session opened, to who came before its first minute; no minute passes before."""
        self._out: set[int] = set()
        self._last_staged = 0

    def __len__(self) -> int:
        return len(self._out)

    def issue(self) -> int:
        """Return a new ticket, which is out from now on."""
        self.last += 1
        self._out.add(self.last)
        return self.last

    def issue_opening(self) -> int:
        """Return a new ticket for who has just come and is to hear how the session opened."""
        self.last += 1
        self.openings.add(self.last)
        return self.last

    def issue_staged(self) -> int:
        """Return a new ticket for a minute that is told to SessionData's door."""
        self._last_staged = self.last + 1
        return self.issue()

    def recall(self, let_in: int) -> int:
        """Take back those of staged minutes after this one, which will never be let in; return how many they were."""
        recalled = {ticket for ticket in self._out if let_in < ticket <= self._last_staged}
        self._out -= recalled
        return len(recalled)

    def home(self, ticket: int) -> None:
        """Take a ticket back; a staged one speaks for all before it, for they pass one by one."""
        if ticket <= self._last_staged:
            self._out = {other for other in self._out if other > ticket}
        self._out.discard(ticket)
        self.openings.discard(ticket)

    @property
    def staged_out(self) -> int:
        """How many staged minutes have not been dealt with, as far as is known here."""
        return sum(ticket <= self._last_staged for ticket in self._out)
