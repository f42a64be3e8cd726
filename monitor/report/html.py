"""How does a report look as a page of its own, and as a mail?

One document, no network, no script. A page draws its charts as SVG; a mail, whose readers show none, carries
them as pictures with their numbers in words. Styles are written into the elements, because mail programs drop rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from checks.words import number, share
from monitor.alerts.html import BRIGHT, COLOURS
from monitor.alerts.message import Picture
from monitor.alerts.tidy import harmless
from monitor.compose import ago
from monitor.report.content import Report
from monitor.report.look import Look, clock
from monitor.report.pictures import Bars

MOST_MAILED = 15  # events in a mail, each with a picture
FILTERS = {"number": number, "share": share, "ago": ago, "clock": clock}


def as_html(report: Report) -> str:
    """Return the report as a complete HTML document."""
    return _rendered(report, Look(report.base_url))


def as_mail(report: Report) -> tuple[str, tuple[Picture, ...]]:
    """Return the report as the HTML part of a mail, and the pictures that it shows."""
    album = _Album()
    return _rendered(report, Look(report.base_url, album.add, MOST_MAILED, whole=False)), tuple(album.pictures)


@dataclass(frozen=True, slots=True)
class _Album:
    """The pictures of a mail."""

    pictures: list[Picture] = field(default_factory=list)

    def add(self, bars: Bars) -> Markup:
        """Keep a picture, and return what shows it."""
        name = f"picture{len(self.pictures) + 1}"
        self.pictures.append(Picture(name, bars.png(), bars.words))
        shown = Markup('<img class="bars" src="cid:{}" width="{}" height="{}" alt="{}">')
        return shown.format(name, bars.width, bars.height, bars.words)


def _rendered(report: Report, look: Look) -> str:
    return _inliner().inline(_template().render(report=report, look=look, colours=COLOURS, brights=BRIGHT))


@lru_cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("monitor.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        finalize=harmless,
    )
    environment.filters.update(FILTERS)
    return environment.get_template("report.html.j2")


@lru_cache
def _inliner() -> CSSInliner:
    return CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)
