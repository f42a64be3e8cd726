"""How does a message look as an email: on a phone, in the dark, and where images are blocked?

Mail programs ignore style sheets in different ways, so layout is tables and every rule is
written into its element; what can only be a rule (dark mode, small screens) stays one.
"""

from __future__ import annotations

from functools import lru_cache

from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from monitor.alerts.message import Message
from monitor.alerts.text import headline, is_heading, moment, status
from monitor.alerts.tidy import tidy

COLOURS = {"critical": "#c81e1e", "warning": "#b45309", "info": "#1d4ed8", "resolved": "#15803d"}
BRIGHT = {"critical": "#ff8080", "warning": "#fbbf24", "info": "#8ab4ff", "resolved": "#4ade80"}  # on dark ground


def as_html(message: Message, cid: str = "chart") -> str:
    """Return the message as a complete HTML document. `cid` is the content id of the chart's image part."""
    known = tidy(message)
    html = _template().render(
        message=known,
        headline=headline(known),
        parts=[
            (type(block).__name__, block, is_heading(known.blocks, number - 1))
            for number, block in enumerate(known.blocks)
        ],
        status=status(known),
        at=moment(known.at),
        colour=COLOURS[known.tone],
        bright=BRIGHT[known.tone],
        cid=cid,
    )
    return _inliner().inline(html)


@lru_cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("monitor.alerts"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("alert.html.j2")


@lru_cache
def _inliner() -> CSSInliner:
    return CSSInliner(load_remote_stylesheets=False)
