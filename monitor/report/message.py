"""What does a report say as a message: a summary for a chat, and the whole document for who can show one?"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import orjson

from monitor.alerts.message import Block, Bullets, Link, Message, Page, Reason, Severity, Text
from monitor.compose import ago
from monitor.report import words
from monitor.report.content import Report, Told, Trust, Verdict
from monitor.report.document import document
from monitor.report.html import as_mail
from monitor.report.look import Look
from monitor.report.text import LABELS, TRUST_MARKS, as_text

PREFIX = "report_"
SEVERITY = {Trust.NO: Severity.CRITICAL, Trust.CARE: Severity.WARNING, Trust.YES: Severity.INFO, None: Severity.INFO}
MOST_ASKED = 12  # questions in a chat


def message(report: Report, *, to: str | None = None, again: str = "") -> Message:
    """Return a report as a message.

    Args:
        report: what it says.
        to: whom alone it is for; None: all whom the channel reaches.
        again: what tells a second sending of the same report from the first; empty: it is the first.
    """
    name = identity(report, again)
    return Message(
        id=name,
        incident=name,
        reason=Reason.REPORT,
        severity=SEVERITY[report.trust],
        title=f"{words.title(report)}: {report.sentence[:1].lower()}{report.sentence[1:].removesuffix('.')}",
        summary=f"Score {words.trend(report)}.",
        blocks=tuple(_blocks(report)),
        at=report.made,
        page=page(report),
        to=to,
    )


def identity(report: Report, again: str = "") -> str:
    """Return the id of a report's message: the same report sent again after a crash has the same."""
    parts = "\n".join((report.workspace, str(report.week), report.owner or "", again))
    return f"{PREFIX}{report.week}_{sha256(parts.encode()).hexdigest()[:16]}"


def page(report: Report) -> Page:
    """Return a report as a document, in all its forms."""
    html, pictures = as_mail(report)
    return Page(text=as_text(report), html=html, document=orjson.dumps(document(report)).decode(), pictures=pictures)


def _blocks(report: Report) -> Iterator[Block]:
    if report.verdicts:
        asked = report.verdicts[:MOST_ASKED]
        yield Text("**Can this week's answers be trusted?**")
        yield Bullets(tuple(map(_verdict, asked)), more=len(report.verdicts) - len(asked))
    if report.todo:
        yield Text("**Do this week**")
        yield Bullets(tuple(map(_task, report.todo)), more=len(report.more))
    if report.base_url:
        look = Look(report.base_url)
        yield Link("Open the report", look.to(look.week(report)) or "")


def _verdict(verdict: Verdict) -> str:
    named, more = words.because(verdict.because)
    said = f"{TRUST_MARKS[verdict.trust]} {LABELS[verdict.trust]}: {verdict.ask} ({verdict.owner})"
    return f"{said}, because of {named}{more}" if named else said


def _task(told: Told) -> str:
    points = f", {told.taken:.1f} points" if told.taken >= 0.05 else ""
    return f"{told.title} (for {ago(told.lasted)}{points}; {told.owner}). {told.advice}"
