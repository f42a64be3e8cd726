"""How is text from other people's data kept from doing harm, or from filling a screen?

Event and property names come from anybody who can send an event. Every renderer tidies a
message first: no control characters (terminal escapes, header injection), no reversed
writing direction, no lone surrogates, links to the web only, and nothing without end.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import assert_never

from monitor.alerts.message import Block, Bullets, Facts, Link, Message, Text

LONGEST_LINE = 400
LONGEST_TEXT = 4000
LONGEST_LABEL = 40
LONGEST_ALT = 1000
MOST_FACTS = 20
MOST_BULLETS = 40

_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_WEB = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)


def tidy(message: Message) -> Message:
    """Return the message with harmless text of bounded length. Tidying twice changes nothing."""
    chart = message.chart and replace(message.chart, alt=one_line(message.chart.alt, LONGEST_ALT))
    return replace(
        message,
        incident=one_line(message.incident),
        chart=chart,
        title=one_line(message.title),
        summary=one_line(message.summary),
        blocks=tuple(_block(block) for block in message.blocks),
    )


def one_line(text: str, most: int = LONGEST_LINE) -> str:
    r"""Return text on one line, without harmful characters, cut to at most `most` characters.

    >>> one_line("Order\r\nBcc: all@acme.example \x1b[2J")
    'Order Bcc: all@acme.example �[2J'
    """
    return cut(_HARMFUL.sub("\ufffd", " ".join(text.split())), most)


def harmless(shown: object) -> object:
    r"""Return what is to be shown, without harmful characters if it is text; its lines stay.

    >>> harmless("Order\x1b[2J\n"), harmless(7)
    ('Order�[2J\n', 7)
    """
    if not isinstance(shown, str) or not _HARMFUL.search(shown):
        return shown
    return type(shown)("\n".join(_HARMFUL.sub("\ufffd", line) for line in shown.split("\n")))


def cut(text: str, most: int) -> str:
    """Return the text, or its beginning and an ellipsis.

    >>> cut("Order Completed", 6)
    'Order…'
    """
    return text if len(text) <= most else text[: max(most - 1, 0)].rstrip() + "…"[:most]


def _block(block: Block) -> Block:
    match block:
        case Text(text):
            return Text(cut("\n".join(one_line(line) for line in text.strip().splitlines()), LONGEST_TEXT))
        case Facts(rows):
            kept = rows[:MOST_FACTS]
            return Facts(tuple((one_line(label, LONGEST_LABEL), one_line(value)) for label, value in kept))
        case Bullets(lines, more):
            shown = tuple(one_line(line) for line in lines[:MOST_BULLETS])
            return Bullets(shown, more + len(lines) - len(shown))
        case Link(label, url):
            known = Link(one_line(label), url.strip())
            return known if _WEB.fullmatch(known.url) else Text(one_line(f"{label}: {url}"))
    assert_never(block)
