"""What does the trouble look like: the series, its expected band, and from when on it is wrong?

Drawn for a phone held at arm's length: few ticks, large type, labels instead of a legend.
The same evidence gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, date2num, num2date
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

from checks.base import Evidence, Floats, as_datetime
from monitor.alerts.message import Chart
from monitor.alerts.tidy import cut, one_line
from monitor.alerts.view import COUNTS, view

SIZE = (4.0, 1.8)  # inches: what type sizes refer to
DPI = 360
COLOURS = 48  # of the palette; flat areas and one hue each for good and bad
SPARK_WIDTH = 56

INK, FAINT, LINE = "#1f2937", "#6b7280", "#1d4ed8"
BAND, BAD, BAD_AREA, GRID = "#cfdcf5", "#dc2626", "#fdeaea", "#e5e7eb"


@dataclass(frozen=True, slots=True)
class _Words:
    """How the series is called, counted and dated."""

    title: str
    unit: str
    zone: ZoneInfo
    hourly: bool

    def number(self, value: float) -> str:
        if self.unit.startswith("%"):
            return f"{value:.3g} %"
        return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.2g}"

    def span(self, values: Floats) -> str:
        known = values[np.isfinite(values)]
        if not len(known):
            return "nothing known"
        ends = [self.number(float(end)) for end in (known.min(), known.max())]
        return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"

    def when(self, start: np.datetime64) -> str:
        local = as_datetime(start).astimezone(self.zone)
        return f"{local:%a} {local.day} {local:%b}" + (f"{local: %H:%M}" if self.hourly else "")


def draw(evidence: Evidence, title: str, zone: str) -> Chart:
    """Return the evidence as a PNG (1440 × 648), an alt sentence with its numbers, and a sparkline.

    Args:
        evidence: series of N ≥ 0 buckets; NaN where nothing is known.
        title: what the series is, such as `Order Completed on ios`; cut to fit.
        zone: IANA name of the time zone in which people read the axis.
    """
    shown, bucket = view(evidence)
    unit = f"{shown.unit} per {bucket}" if shown.unit in COUNTS else shown.unit
    words = _Words(one_line(title, 120), unit, ZoneInfo(zone), shown.grain == "hour")
    figure = Figure(figsize=SIZE, dpi=DPI, facecolor="white")
    axes = figure.add_axes((0.12, 0.145, 0.84, 0.595))
    _series(axes, shown)
    _frame(axes, shown, words)
    _labels(figure, shown, words)
    return Chart(_png(figure), _sentence(shown, words), _spark(shown.observed))


def _series(axes: Axes, evidence: Evidence) -> None:
    """Draw band, expectation and observation; a bucket is as wide as its time, so a single one is seen too."""
    edges = _edges(evidence)
    middles = (edges[:-1] + edges[1:]) / 2
    inside = (np.clip(series, *_limits(evidence)) for series in (evidence.low, evidence.high, evidence.expected))
    low, high, expected = (np.append(series, series[-1:]) for series in inside)  # an endless band ends at the frame
    step: Literal["post"] | None = "post" if len(middles) < 3 else None
    at = edges if step else middles
    low, high, expected = (s[: len(at)] for s in (low, high, expected))
    axes.fill_between(at, low, high, step=step, color=BAND, linewidth=0, zorder=1)
    axes.plot(at, expected, color="#8fa8dd", linewidth=0.8, zorder=2, drawstyle="steps-post" if step else "default")
    bad = len(middles) if evidence.bad_from is None else evidence.bad_from
    if bad < len(middles):
        axes.axvspan(edges[bad], edges[-1], color=BAD_AREA, linewidth=0, zorder=0)
        axes.plot(middles[bad - 1 : bad + 1], evidence.observed[bad - 1 : bad + 1], color=BAD, linewidth=1.5, zorder=3)
        _observed(axes, middles[bad:], evidence.observed[bad:], BAD)
    _observed(axes, middles[:bad], evidence.observed[:bad], LINE)


def _observed(axes: Axes, at: Floats, values: Floats, colour: str) -> None:
    axes.plot(at, values, color=colour, linewidth=1.5, solid_capstyle="round", solid_joinstyle="round", zorder=4)
    known = np.isfinite(values)
    padded = np.concatenate(([False], known, [False]))
    dots = known if len(values) <= 45 else known & ~padded[:-2] & ~padded[2:]  # else a lone bucket has no line
    axes.scatter(at[dots], values[dots], s=7, color=colour, linewidths=0, zorder=5)


def _frame(axes: Axes, evidence: Evidence, words: _Words) -> None:
    type_ = {"labelsize": 8, "labelcolor": FAINT, "labelfontfamily": "DejaVu Sans"}
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set(color="#9ca3af", linewidth=0.6)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0, pad=3, **type_)
    axes.tick_params(axis="x", length=2.5, width=0.6, color="#9ca3af", pad=3, **type_)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, min_n_ticks=2, integer=evidence.unit in COUNTS))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value, words)))
    axes.set_ylim(*_limits(evidence))
    edges = _edges(evidence)
    if len(edges) < 2:
        axes.set(xticks=[], yticks=[])
        return
    axes.set_xlim(edges[0], edges[-1])
    axes.xaxis.set_major_locator(AutoDateLocator(words.zone, 3, 6))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(_local(value, words))))


def _labels(figure: Figure, evidence: Evidence, words: _Words) -> None:
    type_: dict[str, Any] = {"family": "DejaVu Sans", "va": "top", "parse_math": False}
    title = cut(_drawable(words.title), 42)
    figure.text(0.02, 0.97, title, size=9.5, weight="bold", color=INK, **type_)
    figure.text(0.02, 0.855, _drawable(words.unit), size=7.5, color=FAINT, **type_)
    right = 0.96
    if evidence.bad_from is not None and evidence.bad_from < len(evidence.starts):
        since = f"since {words.when(evidence.starts[evidence.bad_from])}"
        figure.text(right, 0.855, since, size=7.5, weight="bold", color=BAD, ha="right", **type_)
        right = 0.575 if words.hourly else 0.67
    if np.isfinite(evidence.high).any():
        figure.text(right, 0.855, "expected", size=7.5, color=FAINT, ha="right", **type_)
        figure.text(right - 0.135, 0.855, "■", size=7.5, color="#9db6ea", ha="right", **type_)


def _sentence(evidence: Evidence, words: _Words) -> str:
    if not len(evidence.starts):
        return f"{words.title}: no data."
    ends = [words.when(start) for start in (evidence.starts[0], evidence.starts[-1])]
    head = f"{words.title}, {words.unit}, {ends[0]} to {ends[1]}"
    bad = evidence.bad_from
    if bad is None or bad >= len(evidence.starts):
        return f"{head}: {words.span(evidence.observed)}."
    band = words.span(np.concatenate((evidence.low[bad:], evidence.high[bad:])))
    told = f"{words.span(evidence.observed[bad:])} since {words.when(evidence.starts[bad])} (expected {band})"
    before = words.span(evidence.observed[:bad])
    return f"{head}: {told}; {before} before that."


def _spark(values: Floats) -> str:
    """Return the series in block characters, lowest for zero, a gap where nothing is known."""
    parts = np.array_split(values, min(len(values), SPARK_WIDTH)) if len(values) else []
    means = [float(np.mean(part[np.isfinite(part)])) if np.isfinite(part).any() else None for part in parts]
    top = max((mean for mean in means if mean is not None), default=0.0) or 1.0
    return "".join(" " if mean is None else "▁▂▃▄▅▆▇█"[round(min(max(mean / top, 0.0), 1.0) * 7)] for mean in means)


def _edges(evidence: Evidence) -> Floats:
    """Return the N + 1 ends of the buckets as matplotlib's day numbers."""
    alone = np.timedelta64(1 if evidence.grain == "hour" else 24, "h")
    last = np.diff(evidence.starts)[-1:] if len(evidence.starts) > 1 else alone
    edges: Floats = date2num(np.append(evidence.starts, evidence.starts[-1:] + last))  # type: ignore[no-untyped-call]
    return edges


def _limits(evidence: Evidence) -> tuple[float, float]:
    """Return the ends of the y axis: zero is on it, and a line on zero is not under the axis."""
    everything = np.concatenate((evidence.observed, evidence.expected, evidence.low, evidence.high))
    known = everything[np.isfinite(everything)]
    top = max(float(known.max(initial=0.0)), 0.0)
    bottom = min(float(known.min(initial=0.0)), 0.0)
    room = (top - bottom) or 1.0
    return bottom - 0.05 * room, top + 0.08 * room


def _local(day: float, words: _Words) -> dt.datetime:
    local: dt.datetime = num2date(day, words.zone)  # type: ignore[no-untyped-call]
    return local


def _tick(local: dt.datetime) -> str:
    return f"{local.day} {local:%b}" if (local.hour, local.minute) == (0, 0) else f"{local:%H:%M}"


def _short(value: float, words: _Words) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / min(size, 1e3 if letter == 'k' else size):g}{letter}"
    return words.number(value)


@lru_cache
def _glyphs() -> frozenset[int]:
    path = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf")
    return frozenset(get_font(FontProperties(fname=path).get_file() or str(path)).get_charmap())


def _drawable(text: str) -> str:
    """Return the text with a box for what the font does not have: emoji and most of Asia."""
    return "".join(char if ord(char) in _glyphs() else "▯" for char in text)


def _png(figure: Figure) -> bytes:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")  # type: ignore[no-untyped-call]
    file = io.BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()
