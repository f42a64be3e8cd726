"""How does a report read as plain text?"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from checks.words import number, share
from monitor.alerts.text import MARKS
from monitor.alerts.tidy import one_line
from monitor.compose import ago
from monitor.report.content import Report, Told, Trust, Verdict

TRUST_MARKS = {Trust.YES: "🟢", Trust.CARE: "🟠", Trust.NO: "🔴"}
BARS = "▁▂▃▄▅▆▇█"


def as_text(report: Report, width: int = 78) -> str:
    """Return the report as plain text, wrapped to `width` columns, ending in a newline."""
    parts = [*_head(report), *_questions(report), *_todo(report), *_repaired(report), *_events(report)]
    parts += [*_cleanup(report), *_monitor(report)]
    return "\n\n".join("\n".join(_wrapped(part, width)) for part in parts) + "\n"


def bars(days: Iterable[float]) -> str:
    """Return days as one line of blocks.

    >>> bars([0, 5, 10])
    '▁▅█'
    """
    values = list(days)
    top = max(values, default=0) or 1
    return "".join(BARS[round(value / top * (len(BARS) - 1))] for value in values)


def trend(report: Report) -> str:
    """Return the score with that of the week before: `94 of 100, 3 less than the week before`."""
    if report.score.value is None:
        return "no messages were due"
    said = f"{report.score.value:.0f} of 100"
    last = report.before[-1] if report.before else None
    if last is None:
        return said
    difference = round(report.score.value) - round(last)
    if not difference:
        return f"{said}, as the week before"
    return f"{said}, {abs(difference)} {'more' if difference > 0 else 'less'} than the week before"


def _head(report: Report) -> Iterator[str]:
    first, last = report.week.days[0], report.week.days[-1]
    span = f"{first.day} {first:%b} to {last.day} {last:%b %Y}"
    yield f"Data quality of {report.workspace}, week {report.week} ({span})\n{report.sentence}\nScore: {trend(report)}."


def _questions(report: Report) -> Iterator[str]:
    if report.verdicts:
        yield "CAN THIS WEEK'S ANSWERS BE TRUSTED?\n" + "\n".join(map(_question, report.verdicts))


def _question(verdict: Verdict) -> str:
    lines = [
        f"{TRUST_MARKS[verdict.trust]} {verdict.trust.value.capitalize()}: {one_line(verdict.ask)} ({verdict.owner})"
    ]
    lines += [f"  - {one_line(told.title)}" for told in verdict.because]
    return "\n".join(lines)


def _todo(report: Report) -> Iterator[str]:
    if report.todo:
        yield "DO THIS WEEK\n" + "\n".join(f"{i}. {_task(told)}" for i, told in enumerate(report.todo, 1))


def _task(told: Told) -> str:
    points = f", {told.taken:.1f} points" if told.taken >= 0.05 else ""
    lines = [f"{MARKS[told.severity.value]} {one_line(told.title)} ({ago(told.lasted)}{points}; {told.owner})"]
    lines += [f"   {one_line(told.text)}"] if told.text else []
    return "\n".join([*lines, f"   {told.advice}"])


def _repaired(report: Report) -> Iterator[str]:
    if report.repaired:
        lines = [f"🟢 {one_line(told.title)}, after {ago(told.lasted)}" for told in report.repaired]
        yield "REPAIRED\n" + "\n".join(lines)


def _events(report: Report) -> Iterator[str]:
    shown = report.rows[:15]
    if not shown:
        return
    names = [one_line(row.event, 34) for row in shown]
    column = max(map(len, names))
    lines = [
        f"{name:<{column}}  {bars(row.days)}  {number(sum(row.days)):>10}  {row.score:>3.0f}"
        + (f"  {share(row.lost)} lost" if row.lost else "")
        for name, row in zip(names, shown, strict=True)
    ]
    more = len(report.rows) - len(shown)
    lines += [f"… and {more} more"] if more > 0 else []
    yield "EVENTS (Monday to Sunday, messages, score)\n" + "\n".join(lines)


def _cleanup(report: Report) -> Iterator[str]:
    lines = [f"- {one_line(text)}" for text in report.cleanup]
    lines += [f"- {name} is planned, and nothing came of it." for name in report.unwatched]
    if lines:
        yield "TO CLEAN UP\n" + "\n".join(lines)


def _monitor(report: Report) -> Iterator[str]:
    alerts = f"{report.alerts} alert{'s' * (report.alerts != 1)}"
    allowed = number(report.budget)
    yield (
        f"THE MONITOR ITSELF\n{alerts} this week, of which at most {allowed} should be false by the budget.\n"
        f"Made {report.made:%d %b %Y, %H:%M %Z}."
    )


def _wrapped(part: str, width: int) -> Iterator[str]:
    for line in part.splitlines():
        hang = len(line) - len(line.lstrip(" -"))
        yield from textwrap.wrap(
            line, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False
        ) or [""]
