"""The ``live`` command: runs a live system until it is over, or until somebody wants it to end."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from math import inf

import msgspec

from actors.doors.cli import invocation
from actors.doors.cli.interrupts import EndedEarly, Interrupts, ends_early
from actors.doors.commands import live_report
from actors.doors.commands.live_plan import LivePlan, Wishes, plan
from actors.doors.commands.live_report import LiveResult
from actors.doors.remote.live_look import look_at
from actors.doors.remote.status_server import StatusDesk
from actors.doors.remote.systemd import Notifier
from actors.doors.show import figures, live_words, paper
from actors.doors.show.left_out import LeftOut
from actors.doors.show.live_display import Display, display
from actors.doors.web.serving import Served, serving
from actors.kernel.future import Timeout
from actors.kernel.listen.subscription import Subscription
from actors.reading.spelling.addresses import shown
from actors.storage.elsewhere.opening import journals_of, open_store
from actors.storage.journal.quarantine import Quarantine
from actors.system import System
from messages.certificates import SessionCertificate
from messages.errors import BarkeeperError, DataError, SystemFailed
from messages.feeds import FeedEnded, FeedHealth, FeedLost
from messages.repairs import CertificateIssued, GapAbandoned, NotRecorded
from messages.replies import FirstRejected
from messages.values import TradingSession

_BETWEEN_LOOKS_S = 0.25
_CLOSING_S = 30.0
_TOO_EARLY = "ended before a session was open"


def live(wishes: Wishes, served: Served, *, as_json: bool) -> None:
    """Run what was wished for, and print what it came to.

    Raises:
        BarkeeperError: it cannot be run, or it ended in an error; or not all that came could be written down.
    """
    try:
        with ends_early():
            made = plan(wishes)
            with contextlib.closing(open_store(made.settings.store)) as store:
                store.claim()  # who may not write is told so before a day is announced
            system = System(made.settings, clock=made.clock, feeds=[made.feed])
    except EndedEarly:
        paper.say(_TOO_EARLY)
        return
    if system.is_replay:
        made.clock.hold()  # a busy machine takes minutes of a fast clock to start
    try:
        with (
            ends_early(),
            serving(system, served, made.settings.store) as addresses,
            display(_title(made), addresses, made.calendar.tz, made.clock.now_ns) as shown,
        ):
            run = _Run(system.start(), made, shown)
            if system.is_replay:
                made.clock.go_on()
            run.follow()
    except EndedEarly:
        paper.say(_TOO_EARLY)
        return
    finally:
        system.close(_CLOSING_S)
    result = run.result()
    if as_json:
        paper.show_json(result)
    else:
        dates = [one.date for one in result.sessions]
        left_out = run.left_out.lines(dates, run.reasons, run.feeds, run.first_rejected)
        left_out += run.left_out.advice(dates, run.first_rejected)
        paper.show(live_report.sheet(result), *left_out, *_bugs(result, made), _last_line(result))
    if run.failure is not None:
        raise run.failure
    _check_recorded(result, run.unwritten)


def _title(made: LivePlan) -> str:
    pace = f" at {made.speed:g} times the speed of time" if made.speed != 1.0 else ""
    return f"{made.calendar.name} live from {made.feed.name}{pace}, into {shown(made.settings.store)}"


class _Run:
    """One run, from when it was started."""

    def __init__(self, system: System, made: LivePlan, shown: Display) -> None:
        self.failure: BarkeeperError | None = None
        self._system = system
        self._made = made
        self._shown = shown
        self._store = made.settings.store
        self._notifier = Notifier()
        self._look = look_at(system, os.getpid())
        self._ended_by = ""
        self._began = time.monotonic()
        self._sessions: dict[str, TradingSession] = {}
        self._certificates: dict[str, SessionCertificate] = {}
        self._before: dict[str, SessionCertificate | None] = {}
        """By session the certificate that the store had when it was first seen."""
        self._saved: tuple[str, ...] = ()
        self._wrong = live_words.Wrong()
        self.left_out = LeftOut(made.calendar.tz)
        """What came and could not be taken."""
        self._ears = _Ears(system.subscribe(policy="drop_oldest", name="command line"), shown, self.left_out)

    def follow(self) -> None:
        """Look at it four times a second until it is over, and close it."""
        with Interrupts(self._last_words) as interrupts, StatusDesk(lambda: self._look):
            self._notifier.ready()
            while not self._ended_by:
                self._notifier.look(self._look)
                self._ears.is_over(within=_BETWEEN_LOOKS_S)
                self._ended_by = "interrupt" if interrupts.is_asked else self._why_over()
                self._ears.catch_up(time.monotonic())
                self._take_look()  # after the verdict: the last look must not miss the certificate
            self._notifier.stopping()
            self._ears.catch_up(inf)
            self._certificates.clear()  # a day may have been repaired since it had its first
            self._take_look()
            self._shown.say("writing down what has come")
            closing = threading.Thread(target=self._system.close, args=(_CLOSING_S,), name="barkeeper-closing")
            closing.start()
            while closing.is_alive():  # in pieces, for a second Ctrl-C
                closing.join(_BETWEEN_LOOKS_S)

    def result(self) -> LiveResult:
        """Return what it came to; once it is closed."""
        return LiveResult(
            ended_by=self._ended_by,
            seconds=round(time.monotonic() - self._began, 3),
            sessions=[
                live_report.session_of(
                    session,
                    self._ears.certificates.get(date, self._certificates.get(date)),
                    self._look,
                    self._store,
                    self._before.get(date),
                )
                for date, session in sorted(self._sessions.items())
            ],
            feeds=live_report.feeds_of(self._look.live.feeds, self.left_out.by_feed),
            saved=list(self._saved),
            quarantined=sum(1 for _ in Quarantine(journals_of(self._store)).files()),
        )

    @property
    def reasons(self) -> dict[str, int]:
        """Why bars of the session at hand could not be taken, and how many."""
        quality = self._look.quality
        return {} if quality is None else dict(quality.reasons)

    @property
    def first_rejected(self) -> tuple[FirstRejected, ...]:
        """The first of each reason."""
        quality = self._look.quality
        return () if quality is None else quality.first_rejected

    @property
    def feeds(self) -> list[FeedHealth]:
        """How the feeds were at the end."""
        return [status.health for status in self._look.live.feeds]

    @property
    def unwritten(self) -> dict[str, str]:
        """Days that could not be written at some time, and why."""
        return self._ears.unwritten

    def _take_look(self) -> None:
        try:
            look = self._look = look_at(self._system, os.getpid())
        except (BarkeeperError, Timeout):
            return  # a room is down or busy; the latest look stands
        if look.system.journal is not None and not self._saved:
            self._saved = look.system.journal.saved
            for sentence in self._saved:
                self._shown.say(sentence)
        for reason in self._wrong.news(look.system.reasons, time.monotonic()):
            # The first is said at the end, the second as an event each time that it is tried.
            if reason != look.system.failure and " could not be written: " not in reason:
                self._shown.say(reason)
        if look.live.session is not None:
            session = self._sessions[look.live.session.date] = look.live.session
            if session.date not in self._before:
                self._before[session.date] = live_report.kept_before(session, self._store)
        for date, session in self._sessions.items():
            if date not in self._certificates and session.end_ns <= look.live.now_ns:
                try:
                    certificate = self._system.certificate(date).get(timeout=_CLOSING_S)
                except (BarkeeperError, Timeout):
                    certificate = None
                if certificate is not None:
                    # Its long lists are on disk, and a run may last for weeks.
                    self._certificates[date] = msgspec.structs.replace(certificate, gaps=(), runs=())
        self._shown.look(look)

    def _why_over(self) -> str:
        ears, feeds = self._ears, [status.health for status in self._look.live.feeds]
        # A feed may have come to its end before anybody listened; then its health says so.
        refused = [f"{feed.feed}: {feed.last_error}" for feed in feeds if feed.is_over and feed.last_error]
        refusal = ears.refusal or ("" if ears.has_feed_ended else "; ".join(refused))
        self.failure = ears.error or (SystemFailed(refusal) if refusal else None)
        if self.failure is not None:
            return "failure"
        if ears.is_over():
            return "close"
        has_ended = ears.has_feed_ended or any(feed.is_over for feed in feeds)
        return "feed" if has_ended and (self._made.ends_with_feed or self._is_all_certified()) else ""

    def _is_all_certified(self) -> bool:
        begun = {date for date, session in self._sessions.items() if session.start_ns <= self._look.live.now_ns}
        return bool(begun) and begun <= self._certificates.keys()

    def _last_words(self) -> str:
        bars = live_report.unwritten(self._look, self._store)
        return f"ended at once: {figures.count(bars)} bars accepted since the last write are lost"


class _Ears:
    """Listens in a thread of its own: the main one stays free for Ctrl-C."""

    def __init__(self, events: Subscription, shown: Display, left_out: LeftOut) -> None:
        self.error: BarkeeperError | None = None
        """Why the run failed, if it did."""
        self.refusal = ""
        """Why a feed will not connect again, if one will not."""
        self.has_feed_ended = False
        self.unwritten: dict[str, str] = {}
        """Days that could not be written at some time, and why."""
        self.certificates: dict[str, SessionCertificate] = {}
        """The latest of each session that settled, while it was being closed too."""
        self._shown = shown
        self._given_up = live_words.GivenUp()
        self._left_out = left_out
        self._over = threading.Event()
        threading.Thread(target=self._listen, args=(events,), name="barkeeper-ears", daemon=True).start()

    def is_over(self, *, within: float = 0.0) -> bool:
        """Wait at most so many seconds for the end of the run."""
        return self._over.wait(within)

    def catch_up(self, now_s: float) -> None:
        """Say what has been waiting for more of its kind."""
        for words in self._given_up.said(now_s):
            self._shown.say(words)

    def _listen(self, events: Subscription) -> None:
        try:
            for event in events:
                if isinstance(event, GapAbandoned):
                    self._given_up.add(event, time.monotonic())
                elif words := live_words.said(event):
                    self.catch_up(inf)
                    self._shown.say(words)
                self._left_out.hear(event)
                if isinstance(event, CertificateIssued):
                    # Its long lists are on disk, and a run may last for weeks.
                    issued = msgspec.structs.replace(event.certificate, gaps=(), runs=())
                    self.certificates[issued.date] = issued
                elif isinstance(event, FeedEnded):
                    self.has_feed_ended = True
                elif isinstance(event, NotRecorded):
                    self.unwritten[event.session_date] = event.reason
                elif isinstance(event, FeedLost) and event.retry_ns is None:
                    self.refusal = f"{event.feed}: {event.reason}"
        except SystemFailed as error:
            self.error = error
        except BarkeeperError:
            pass  # closed under our ears
        finally:
            self._over.set()


def _bugs(result: LiveResult, made: LivePlan) -> Iterator[str]:
    if result.quarantined:
        met = (
            "1 message that met a bug is"
            if result.quarantined == 1
            else f"{result.quarantined} messages that met bugs are"
        )
        yield f"{met} in quarantine: {invocation.program()} quarantine --store {shown(made.settings.store)} lists them."


def _last_line(result: LiveResult) -> str:
    reasons = {"close": "the session is over", "interrupt": "interrupted", "feed": "the feed has no more"}
    ran = figures.duration(result.seconds)
    return f"Ended after {ran}: {reasons.get(result.ended_by, 'the run failed')}."


def _check_recorded(result: LiveResult, unwritten: Mapping[str, str]) -> None:
    """Refuse to call it a success when something is not in the store; ``unwritten`` says why, by date."""
    for one in result.sessions:
        why = unwritten.get(one.date, "--verbose says why")
        if one.recorded < one.bars:
            lost = figures.count(one.bars - one.recorded)
            raise DataError(f"{lost} bars of {one.date} could not be written to the store: {why}")
        if one.digest is not None and not one.certified and one.date in unwritten:
            raise DataError(f"the certificate of {one.date} could not be written to the store: {why}")
