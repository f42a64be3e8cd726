"""Where do the links of a report lead, and how are its numbers drawn, in a file, in a mail and on the pages?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from urllib.parse import quote, urlencode

from markupsafe import Markup

from monitor.report import words
from monitor.report.content import Report, Row, Trust
from monitor.report.pictures import Bars, trend_of, week_of

TONES = {Trust.YES: "resolved", Trust.CARE: "warning", Trust.NO: "critical", None: ""}


@dataclass(frozen=True, slots=True)
class Look:
    """What the templates ask beside the report."""

    base: str | None  # where the pages are; empty: here; None: nowhere, so that nothing is a link
    draw: Callable[[Bars], Markup] = Bars.svg
    most: int = 200  # events in the table
    whole: bool = True  # what can be folded away is shown too
    words: ModuleType = words

    def to(self, path: str) -> str | None:
        """Return the address of a page; None: there is none."""
        return None if self.base is None else f"{self.base.rstrip('/')}{path}"

    @staticmethod
    def incident(name: str) -> str:
        """Return where an incident is."""
        return f"/incidents/{quote(name, safe='')}"

    @staticmethod
    def event(name: str) -> str:
        """Return where an event is, whatever its name."""
        return f"/events?{urlencode({'name': name})}"

    @staticmethod
    def question(name: str) -> str:
        """Return where a question is."""
        return f"/questions/{quote(name)}"

    @staticmethod
    def week(report: Report) -> str:
        """Return where the report itself is."""
        return f"/reports/{report.week}" + (f"?{urlencode({'owner': report.owner})}" if report.owner else "")

    @staticmethod
    def owned(report: Report, owner: str) -> str:
        """Return where the same week of one owner is."""
        return f"/reports/{report.week}?{urlencode({'owner': owner})}"

    @staticmethod
    def tone(trust: Trust | None) -> str:
        """Return how a verdict looks."""
        return TONES[trust]

    def days(self, row: Row) -> Markup:
        """Return the days of an event, drawn."""
        return self.draw(week_of(row))

    def trend(self, report: Report) -> Markup:
        """Return the scores of the weeks, drawn."""
        return self.draw(trend_of(report))


def clock(at: dt.datetime) -> str:
    """Return a local time: `Tue 3 Mar, 09:00`."""
    return f"{at:%a} {at.day} {at:%b, %H:%M}"
