"""How are many problems told at once, and how does that one message stay true while they end one by one?

A digest is a message like any other: it has a thread of its own, and each change of one of its
members is an edit of it. It ends when the last of them has ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from monitor.alerts.message import Bullets, Link, Message, Reason, Severity, Text
from monitor.alerts.text import MARKS

NAMED = 3  # changes of one kind that a summary names
CALLED = 8  # owners that are called: more would be everybody
SHOWN = 40  # members that are listed
PREFIX = "digest_"
URGENT = (Reason.WORSE, Reason.REOPENED, Reason.ESCALATED, Reason.REMINDER)
_RANK = {"critical": 0, "warning": 1, "info": 2, "resolved": 3}


def digest_id(parts: Sequence[str]) -> str:
    """Return a name for what is told together: the same parts give the same name."""
    return PREFIX + sha256("\n".join(sorted(parts)).encode()).hexdigest()[:20]


def compose(
    name: str, told: Sequence[Message], changes: Sequence[Message], *, first: bool, pages: str | None = None
) -> Message:
    """Return the message that tells of many.

    Args:
        name: the digest's id, which is the thread that it is in.
        told: everything that was ever told in this digest, oldest first; the newest of an incident counts.
        changes: what of it is new.
        first: nobody has seen this digest yet.
        pages: the address of the web pages, to link to.
    """
    newest = {message.incident: message for message in told}
    listed = sorted(newest.values(), key=lambda each: (_RANK[each.tone], each.title))
    over = sum(each.tone == "resolved" for each in listed)
    at = max(message.at for message in changes)
    return Message(
        id=digest_id([name, *(message.id for message in changes)]),
        incident=name,
        reason=_reason([each.reason for each in changes], first=first, over=over == len(listed)),
        severity=min((each.severity for each in listed), key=list(Severity).index),
        title=_title(len(listed), over),
        summary=_counts(listed) if first else _news(changes),
        blocks=(
            Bullets(tuple(_line(each) for each in listed[:SHOWN]), more=max(len(listed) - SHOWN, 0)),
            *_advice(len(listed), over),
            *((Link("Open the incidents", f"{pages.rstrip('/')}/incidents"),) if pages else ()),
        ),
        at=at,
        mention=", ".join(_owners(changes)) or None,
    )


def _reason(reasons: Sequence[Reason], *, first: bool, over: bool) -> Reason:
    """Return why the digest is told: what must not be missed of one of its members is not missed of all."""
    if over:
        return Reason.RESOLVED
    return Reason.OPENED if first else next((each for each in URGENT if each in reasons), Reason.CHANGED)


def _title(count: int, over: int) -> str:
    """Return the title.

    >>> _title(12, 0), _title(12, 3), _title(12, 12)
    ('12 problems at once', '12 problems at once, 3 of them over', 'All of 12 problems are over')
    """
    if over == count:
        return f"All of {count:,} problems are over"
    return f"{count:,} problems at once" + (f", {over:,} of them over" if over else "")


def _counts(listed: Sequence[Message]) -> str:
    """Return how many of each severity there are, and the worst by name."""
    tones: Mapping[str, int] = {tone: sum(each.tone == tone for each in listed) for tone in _RANK}
    said = (f"{count:,} {'over' if tone == 'resolved' else tone}" for tone, count in tones.items() if count)
    return f"{', '.join(said)}: {_some([each.title for each in listed])}."


def _news(changes: Sequence[Message]) -> str:
    """Return what changed, by kind, such as `Resolved: A; B; and 7 more.`."""
    kinds: dict[Reason, list[str]] = {}
    for message in changes:
        kinds.setdefault(message.reason, []).append(message.title)
    return " ".join(f"{reason.value.capitalize()}: {_some(titles)}." for reason, titles in kinds.items())


def _some(titles: Sequence[str]) -> str:
    rest = len(titles) - NAMED
    return "; ".join([*titles[:NAMED], *([f"and {rest:,} more"] if rest > 0 else [])])


def _line(message: Message) -> str:
    """Return a member as one line: how bad, what, what people did about it, and whose it is."""
    said = {Reason.OPENED: "", Reason.RESOLVED: " – over"}.get(message.reason, f" – {message.reason.value}")
    return f"{MARKS[message.tone]} {message.title}{said}" + (f" ({message.mention})" if message.mention else "")


def _advice(count: int, over: int) -> tuple[Text, ...]:
    if over == count:
        return ()
    return (
        Text(
            "**What to do next:** so many at once often have one cause. Look at what they share (a source, "
            "a release, the pipe) before you look at each; 'trackwatch incidents list' has them all."
        ),
    )


def _owners(changes: Sequence[Message]) -> tuple[str, ...]:
    owners = dict.fromkeys(message.mention for message in changes if message.mention)
    return tuple(owner for owner in owners if owner)[:CALLED]
