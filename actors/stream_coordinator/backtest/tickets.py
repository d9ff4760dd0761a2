"""The tickets that are out: what is still being dealt with."""


class Tickets:
    """Numbers tickets, and knows which have not come home. Of staged minutes only some tickets do."""

    def __init__(self) -> None:
        self.last = 0
        """The number of the last one that went out."""
        self.openings: set[int] = set()
        """Those that went with how a session opened, to who came before its first minute; no minute passes before."""
        self.is_recalling = False
        """Whether staged minutes are being taken back: until it is known which, there may be no others."""
        self._out: set[int] = set()
        self._last_minute = 0
        self._staged: list[range] = []
        """Those of staged minutes, in order: they come home in order, and some of them never."""

    def __len__(self) -> int:
        return len(self._out) + self.staged_out

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

    def issue_minute(self) -> int:
        """Return a new ticket for a minute, or for some that are told at once."""
        self._last_minute = self.issue()
        return self._last_minute

    def issue_staged(self, count: int) -> range:
        """Return new tickets for minutes that are told to SessionData's door."""
        issued = range(self.last + 1, self.last + 1 + count)
        self.last += count
        self._staged.append(issued)
        return issued

    @property
    def minute(self) -> int:
        """The ticket of the latest minute, if it is out; 0: none is, or that is not known yet."""
        if self.is_recalling:
            return 0
        if self._staged:
            return self._staged[-1][-1]
        return self._last_minute if self._last_minute in self._out else 0

    def recall(self, let_in: int, *, is_home: bool) -> int:
        """Take back those of staged minutes after this one, which will never be let in; return how many they were."""
        self.is_recalling = False
        before = self.staged_out
        self._staged = [kept for one in self._staged if (kept := range(one.start, min(one.stop, let_in + 1)))]
        recalled = before - self.staged_out
        if is_home:
            self.home(let_in)
        return recalled

    def home(self, ticket: int) -> None:
        """Take a ticket back; a staged one speaks for all before it, for they pass one by one."""
        self._staged = [left for one in self._staged if (left := range(max(one.start, ticket + 1), one.stop))]
        self._out.discard(ticket)
        self.openings.discard(ticket)

    @property
    def staged_out(self) -> int:
        """How many staged minutes have not been dealt with, as far as is known here."""
        return sum(map(len, self._staged))
