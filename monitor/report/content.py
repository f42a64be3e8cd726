"""What does the report of a week say, before anybody decides how it looks?

A report is data: it is kept as it was made, and each form (mail, page, Slack, text, JSON) is drawn from it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from checks.plan import Priority
from monitor.alerts.message import Severity
from monitor.detectability import Visible
from monitor.incidents import RANK
from monitor.report.cleanup import CleanUp, saved
from monitor.report.score import Score
from monitor.report.week import Week

MOST_TODO = 3
UNOWNED = "nobody"


class Trust(StrEnum):
    """Whether this week's answer to a question can be trusted."""

    YES = "yes"
    CARE = "with care"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An incident as the report tells it."""

    id: str
    title: str
    text: str
    severity: Severity
    open: bool
    started: dt.datetime  # local
    lasted: dt.timedelta
    owner: str
    events: tuple[str, ...]
    taken: float  # points of the score
    advice: str
    hand: str = ""  # who has it in hand, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an answer can be trusted, and if not, because of which incidents."""

    question: str  # its name in the plan
    ask: str
    owner: str
    trust: Trust
    score: Score
    because: tuple[Told, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One event in the table of events."""

    event: str
    priority: Priority
    owner: str
    days: tuple[float, ...]  # messages of each day of the week
    before: float  # messages of an average week before
    lost: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The events of one owner, or what one source sends."""

    name: str
    score: Score
    open: tuple[str, ...] = ()  # ids of the incidents that are theirs and still open, the gravest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How long something took, of several incidents."""

    count: int = 0
    median: dt.timedelta = dt.timedelta()
    longest: dt.timedelta = dt.timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A name that came without being planned, and waits for a decision."""

    incident: str
    text: str
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Unwatched:
    """An event that nothing is found out about, and why."""

    event: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of the plan is watched, and how well."""

    planned: int = 0
    known: bool = False  # whether a run has worked out what is seen of each event
    unwatched: tuple[Unwatched, ...] = ()
    unowned: int = 0  # planned events that nobody answers for
    visible: tuple[Visible, ...] = ()  # of the critical events
    silent: tuple[str, ...] = ()  # planned events of which nothing came in the week


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """How the monitor itself did."""

    budget: float  # false alerts a week
    alerts: int  # incidents of the week that were told
    tests: int = 0  # that were made on the week
    risk: float | None = None  # false alerts that these tests were expected to cause; None: not noted
    precision: tuple[str, ...] = ()  # of each check that people marked, in words
    idle: tuple[Unwatched, ...] = ()  # checks that made no test or can find nothing, and why
    until: dt.datetime | None = None  # up to when the week was judged, where that is not all of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The week of one workspace."""

    workspace: str
    week: Week
    zone: str
    made: dt.datetime
    score: Score
    before: tuple[float | None, ...]  # scores of the weeks before, the newest last
    verdicts: tuple[Verdict, ...]
    opened: tuple[Told, ...]  # in the week, and those still open, the gravest first
    repaired: tuple[Told, ...]
    notices: tuple[str, ...]  # what can wait, of which neither `removable` nor `undecided` speaks
    rows: tuple[Row, ...]
    owners: tuple[Part, ...]
    sources: tuple[Part, ...]
    monitor: Monitor
    detected: Lengths = Lengths()
    resolved: Lengths = Lengths()
    removable: tuple[CleanUp, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    diff: str = ""  # the change of the plan that takes out what can go; empty: not made
    coverage: Coverage = Coverage()
    base_url: str | None = None
    owner: str | None = None  # only their events
    names: Mapping[str, str] = field(default_factory=dict)  # titles of the incidents that took something

    @property
    def todo(self) -> tuple[Told, ...]:
        """Return what to do this week: what is still open and takes most."""
        still = [told for told in self.opened if told.open]
        return tuple(sorted(still, key=lambda told: (-told.taken, -RANK[told.severity], told.started))[:MOST_TODO])

    @property
    def more(self) -> tuple[Told, ...]:
        """Return what is open beside it."""
        first = {told.id for told in self.todo}
        return tuple(told for told in self.opened if told.id not in first)

    @property
    def trust(self) -> Trust | None:
        """Return the worst of the verdicts; None: the plan has no questions."""
        return max((v.trust for v in self.verdicts), key=list(Trust).index, default=None)

    @property
    def sentence(self) -> str:
        """Return the verdict of the week in one sentence."""
        bad = [v for v in self.verdicts if v.trust is not Trust.YES]
        if not self.verdicts:
            count = len(self.opened)
            return f"{count} incident{'s are' if count != 1 else ' is'} open." if count else "Nothing is open."
        if not bad:
            return f"All {len(self.verdicts)} questions can be answered with this week's data."
        none = sum(v.trust is Trust.NO for v in bad)
        some = len(bad) - none
        parts = [f"{none} cannot be answered" if none else "", f"{some} only with care" if some else ""]
        return f"Of {len(self.verdicts)} questions, {' and '.join(part for part in parts if part)}."

    @property
    def saved(self) -> tuple[int, int | None]:
        """Return the values, and the bytes, that go with all that can be removed."""
        return saved(self.removable)

    def lift(self, score: Score) -> str:
        """Return what would lift a score most, such as `4.2 points: Order Completed stopped on ios`; empty: nothing."""
        if score.lift is None or score.lift[1] < 0.05:
            return ""
        incident, points = score.lift
        return f"{points:.1f} points: {self.names.get(incident, incident)}"

    def to_json(self) -> Any:
        """Return what is kept."""
        return _adapter().dump_python(self, mode="json")

    @classmethod
    def from_json(cls, body: Any) -> Report:
        """Return what was kept."""
        kept = _adapter().validate_python(body)
        return replace(kept, made=kept.made.astimezone(ZoneInfo(kept.zone)))  # JSON keeps an offset, no zone


@cache
def _adapter() -> TypeAdapter[Report]:
    return TypeAdapter(Report)
