"""How does a report look as a page of its own, and as a mail?

One document, no network, no script: charts are SVG in the page, with their numbers in words for
those who cannot see them. Styles are written into the elements too, because mail programs drop rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from checks.words import number, share
from monitor.alerts.html import BRIGHT, COLOURS
from monitor.compose import ago
from monitor.report.content import Report, Row, Trust
from monitor.report.text import trend

TONES = {Trust.YES: "resolved", Trust.CARE: "warning", Trust.NO: "critical"}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
BAR, GAP, HEIGHT = 11, 3, 26  # pixels
MOST_ROWS = 200


def as_html(report: Report) -> str:
    """Return the report as a complete HTML document."""
    html = _template().render(
        report=report,
        trend=trend(report),
        tone=TONES[min((v.trust for v in report.verdicts), key=list(Trust)[::-1].index, default=Trust.YES)],
        tones=TONES,
        colours=COLOURS,
        brights=BRIGHT,
        rows=report.rows[:MOST_ROWS],
        more=max(len(report.rows) - MOST_ROWS, 0),
        bars=_bars,
        share=share,
        number=number,
        ago=ago,
    )
    return _inliner().inline(html)


@dataclass(frozen=True, slots=True)
class _Bars:
    """The days of an event as bars [px], and in words."""

    words: str
    places: tuple[tuple[float, float, float], ...]  # left, top, height
    bar: int = BAR
    width: int = 7 * (BAR + GAP) - GAP
    height: int = HEIGHT


def _bars(row: Row) -> _Bars:
    top = max(row.days, default=0.0) or 1.0
    words = ", ".join(f"{name} {number(value)}" for name, value in zip(DAYS, row.days, strict=True))
    heights = [round(max(HEIGHT * value / top, 1.0), 1) for value in row.days]
    places = tuple((i * (BAR + GAP), round(HEIGHT - height, 1), height) for i, height in enumerate(heights))
    return _Bars(f"{row.event}: {words}", places)


@lru_cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("monitor.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("report.html.j2")


@lru_cache
def _inliner() -> CSSInliner:
    return CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)
