"""How does a message look in Slack, inside every limit that Slack has?

Limits: 50 blocks, header 150 characters, section 3,000, 10 fields of 2,000 each
(docs.slack.dev, reference/block-kit/blocks), and an undocumented 13,200 characters over
the whole message (slackapi/bolt-js #2509). We stay well below: an alert that Slack
refuses is an alert that nobody sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_never

from monitor.alerts.message import Block, Bullets, Facts, Link, Message, Text
from monitor.alerts.text import MARKS, headline, is_heading, moment, status
from monitor.alerts.tidy import cut, tidy

MOST_BLOCKS = 45
MOST_CHARACTERS = 10_000
LONGEST_HEADER = 140
LONGEST_SECTION = 2900
LONGEST_FIELD = 600
LONGEST_FALLBACK = 500
FIELDS = 10
_FRAME = 5  # header, summary, footer, the note that something was left out, and one to spare

Kit = dict[str, Any]


def as_blocks(message: Message, mention: str = "") -> list[Kit]:
    """Return the message as Block Kit blocks. `mention` is Slack markup already, such as `<@U024BE7LH>`."""
    known = tidy(message)
    budget = _Budget(MOST_CHARACTERS - LONGEST_HEADER - LONGEST_FIELD)
    title = cut(f"{MARKS[known.tone]} {headline(known)}", LONGEST_HEADER)
    head = {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    summary = _sections(budget.take(escape(known.summary), LONGEST_SECTION))
    body: list[Kit] = []
    for number, block in enumerate(known.blocks):
        kits = list(_kits(block, budget))
        under_heading = is_heading(known.blocks, number - 1) and body and _joined(body[-1], kits)
        body += [] if under_heading else kits
    kept = body[: MOST_BLOCKS - _FRAME]
    if budget.spent or len(kept) < len(body):
        kept.append(_context("This message was shortened to what Slack can show."))
    foot = " · ".join(part for part in (status(known), escape(moment(known.at)), mention) if part)
    return [head, *summary, *kept, _context(cut_markup(foot, LONGEST_FIELD))]


def as_line(message: Message) -> str:
    """Return title and summary as escaped markup: notification, fallback, timeline entry."""
    known = tidy(message)
    return escape(cut(f"{MARKS[known.tone]} {headline(known)}: {known.summary}", LONGEST_FALLBACK))


def escape(text: str) -> str:
    """Return text that Slack shows literally and that pings nobody.

    >>> escape("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut_markup(text: str, most: int) -> str:
    """Return the beginning of escaped markup, never ending inside an entity or a link.

    >>> cut_markup("a &amp; b", 6)
    'a …'
    """
    if len(text) <= most:
        return text
    kept = text[: max(most - 1, 0)]
    for opening, closing in (("&", ";"), ("<", ">")):
        if kept.rfind(opening) > kept.rfind(closing):
            kept = kept[: kept.rfind(opening)]
    return kept + "…"[:most]


class _Budget:
    """What is left of the characters that the whole message may have."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.spent = False  # something had to be cut

    def take(self, markup: str, most: int) -> str:
        """Return as much of the markup as fits."""
        room = min(most, self.left)
        self.spent = self.spent or len(markup) > room
        kept = cut_markup(markup, room)
        self.left -= len(kept)
        return kept


def _kits(block: Block, budget: _Budget) -> Iterator[Kit]:
    match block:
        case Text():
            pieces = (f"*{escape(piece)}*" if bold else escape(piece) for piece, bold in block.runs())
            yield from _sections(budget.take("".join(pieces), LONGEST_SECTION))
        case Facts(rows):
            yield from _fields(rows, budget)
        case Bullets():
            yield from _sections(_bullets(block, budget))
        case Link(label, url):
            whole = f"<{escape(url)}|{escape(label)}>"
            yield from _sections(whole if budget.take(whole, LONGEST_SECTION) == whole else "")
        case _:
            assert_never(block)


def _joined(heading: Kit, kits: list[Kit]) -> bool:
    """Put bullets into the section of their heading, if both fit into one: Slack sets sections far apart."""
    text = "\n".join([heading.get("text", {}).get("text", ""), *(kit["text"]["text"] for kit in kits)])
    fits = "text" in heading and len(text) <= LONGEST_SECTION
    if fits:
        heading["text"] = _markup(text)
    return fits


def _fields(rows: tuple[tuple[str, str], ...], budget: _Budget) -> Iterator[Kit]:
    texts = [budget.take(f"*{escape(label)}*\n{escape(value)}", LONGEST_FIELD) for label, value in rows]
    shown = [_markup(text) for text in texts if text]
    for first in range(0, len(shown), FIELDS):
        yield {"type": "section", "fields": shown[first : first + FIELDS]}


def _bullets(block: Bullets, budget: _Budget) -> str:
    room = min(LONGEST_SECTION, budget.left) - 40  # for the line that owns up to the rest
    kept: list[str] = []
    for line in block.lines:
        room -= len(escape(line)) + 3
        if room < 0:
            break
        kept.append(line)
    fitting = Bullets(tuple(kept), block.more + len(block.lines) - len(kept))
    return budget.take("\n".join(f"• {escape(line)}" for line in fitting.shown()), LONGEST_SECTION)


def _sections(text: str) -> Iterator[Kit]:
    if text:
        yield {"type": "section", "text": _markup(text)}


def _context(text: str) -> Kit:
    return {"type": "context", "elements": [_markup(text)]}


def _markup(text: str) -> Kit:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
