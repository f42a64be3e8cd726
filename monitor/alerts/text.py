"""How does a message read as plain text: in a log, in a mail without HTML, in a terminal without colour?"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator
from typing import assert_never

from monitor.alerts.message import Block, Bullets, Chart, Facts, Link, Message, Reason, Text
from monitor.alerts.tidy import tidy

MARKS = {"critical": "🔴", "warning": "🟠", "info": "🔵", "resolved": "🟢"}


def as_text(message: Message, width: int = 78) -> str:
    """Return the message as plain text, wrapped to `width` columns, ending in a newline."""
    known = tidy(message)
    head = [*_wrapped(f"{MARKS[known.tone]} {headline(known)}", width), f"{status(known)} · {moment(known.at)}"]
    parts = ["\n".join(head), "\n".join(_wrapped(known.summary, width))]
    for number, block in enumerate(known.blocks):
        part = "\n".join(_lines(block, width))
        if is_heading(known.blocks, number - 1):
            parts[-1] += "\n" + part
        else:
            parts.append(part)
    if known.chart:
        parts.append("\n".join(_chart(known.chart, width)))
    return "\n\n".join(part for part in parts if part) + "\n"


def is_heading(blocks: tuple[Block, ...], number: int) -> bool:
    """Return whether a block is the heading of a list: a paragraph right before bullets."""
    pair = blocks[number : number + 2] if number >= 0 else ()
    return len(pair) == 2 and isinstance(pair[0], Text) and isinstance(pair[1], Bullets)


def headline(message: Message) -> str:
    """Return the title as it is read without its surroundings: `Resolved: Order Completed stopped on ios`."""
    reason = message.reason.value.capitalize()
    fresh = message.reason in (Reason.OPENED, Reason.TEST, Reason.REPORT)
    return message.title if fresh or message.title.startswith(reason) else f"{reason}: {message.title}"


def status(message: Message) -> str:
    """Return why it is sent and how much it matters, such as `New problem, critical`."""
    reason = message.reason.value.capitalize()
    plain = message.tone in ("resolved", "info") or message.reason is Reason.REPORT
    return reason if plain else f"{reason}, {message.severity.value}"


def moment(at: dt.datetime) -> str:
    """Return a time in its own time zone, such as `Mon 2 Mar 2026, 07:00 CET`."""
    return f"{at:%a} {at.day} {at:%b %Y, %H:%M %Z}".rstrip()


def unmarked(text: Text) -> str:
    """Return a paragraph without its bold marks."""
    return "".join(piece for piece, _ in text.runs())


def _lines(block: Block, width: int) -> Iterator[str]:
    match block:
        case Text():
            for line in unmarked(block).splitlines():
                yield from _wrapped(line, width)
        case Facts(rows):
            yield from _facts(rows, width)
        case Bullets():
            for line in block.shown():
                yield from _wrapped(f"- {line}", width, hang=2)
        case Link(label, url):
            yield f"{label}: {url}"
        case _:
            assert_never(block)


def _facts(rows: tuple[tuple[str, str], ...], width: int) -> Iterator[str]:
    column = min(max((len(label) for label, _ in rows), default=0), width // 3) + 2
    for label, value in rows:
        yield from _wrapped(f"{label:<{column}}{value}", width, hang=column)


def _chart(chart: Chart, width: int) -> Iterator[str]:
    if chart.spark:
        yield chart.spark[-width:]
    yield from _wrapped(chart.alt, width)


def _wrapped(text: str, width: int, hang: int = 0) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False)
