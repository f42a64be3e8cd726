"""How are a few numbers drawn, as SVG in a page and as a picture in a mail?

In a middle tone on a transparent ground, so that both are seen by day and by night.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from PIL import Image, ImageDraw

from checks.words import number
from monitor.report.content import Report, Row
from monitor.report.words import scores

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TONE = (107, 131, 168, 255)
FINE = 3  # pixels of a picture to one on the page
CLEAR = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Bars:
    """Numbers from zero on as bars [px], and in words."""

    values: tuple[float | None, ...]
    words: str
    top: float  # of the scale
    bar: int = 11
    gap: int = 3
    height: int = 26

    @property
    def width(self) -> int:
        """Return how wide it is."""
        return max(len(self.values) * (self.bar + self.gap) - self.gap, 1)

    @property
    def places(self) -> tuple[tuple[int, float, float], ...]:
        """Return left, top and height of each bar; what is zero is a line on the ground, what is unknown nothing."""
        tall = [0.0 if each is None else max(self.height * max(each, 0) / self.top, 1.0) for each in self.values]
        return tuple(
            (i * (self.bar + self.gap), round(self.height - each, 1), round(each, 1)) for i, each in enumerate(tall)
        )

    def svg(self) -> Markup:
        """Return it as a part of a page."""
        path = "".join(f"M{x} {y}h{self.bar}v{tall}h-{self.bar}z" for x, y, tall in self.places)
        frame = Markup('<svg class="bars" width="{}" height="{}" role="img" aria-label="{}"><path d="{}"/></svg>')
        return frame.format(self.width, self.height, self.words, path)

    def png(self) -> bytes:
        """Return it as a picture; the same numbers give the same bytes."""
        picture = Image.new("RGBA", (self.width * FINE, self.height * FINE), CLEAR)
        pen = ImageDraw.Draw(picture)
        for x, y, tall in self.places:
            if tall:
                corners = (x * FINE, round(y * FINE), (x + self.bar) * FINE - 1, self.height * FINE - 1)
                pen.rounded_rectangle(corners, radius=FINE, fill=TONE)
        file = io.BytesIO()
        picture.quantize(4).save(file, "PNG", optimize=True)
        return file.getvalue()


def week_of(row: Row) -> Bars:
    """Return the messages of an event on each day of the week."""
    said = ", ".join(f"{name} {number(value)}" for name, value in zip(DAYS, row.days, strict=True))
    return Bars(row.days, f"{row.event}: {said}", _top(row.days))


def trend_of(report: Report) -> Bars:
    """Return the scores of the weeks."""
    return Bars((*report.before, report.score.value), scores(report), 100.0, bar=16, gap=4, height=40)


def _top(values: Sequence[float]) -> float:
    return max(values, default=0.0) or 1.0
