"""The figures of statistics.md, drawn by the product's own functions: `python docs/figures.py [NAME …]`."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
sys.path.insert(0, str(ROOT))  # the benchmarks are not installed
BLUE, ORANGE, GREY, RED = "#2563eb", "#d97706", "#9ca3af", "#dc2626"


def plot(height: float = 2.8) -> tuple[Figure, Axes]:
    """Return an empty figure in the style of all."""
    figure = Figure(figsize=(7.2, height), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def rates() -> Figure:
    """False alerts of three tests of shares, where rows come in clusters."""
    from benchmarks.rates import TESTS, WORLDS, drawn  # noqa: PLC0415 only this figure needs it

    figure, axes = plot(3.6)
    colours = {"product": BLUE, "binomial": RED, "z of shares": ORANGE}
    for name, test in TESTS.items():
        found = [(test(*drawn(world, 0.02, 2000, 150)) <= 0.01).mean() / 0.01 for world in WORLDS]
        axes.plot(found, range(len(WORLDS)), "o", color=colours[name], label=name)
    axes.axvspan(0.5, 1.5, color=BLUE, alpha=0.12, lw=0)
    axes.set_xscale("log")
    axes.set_xticks([0.5, 1, 2, 5, 10, 20, 50], ["0.5", "1", "2", "5", "10", "20", "50"])
    axes.set_yticks(range(len(WORLDS)), list(WORLDS))
    axes.invert_yaxis()
    axes.set_xlabel("false alerts at p ≤ 0.01, as a multiple of the nominal number (150 series, 14 days)")
    axes.legend(frameon=False, loc="upper right")
    return figure


def distributions() -> Figure:
    """Total variation of each day, what is usual, and a day of which a tenth changed."""
    from checks.distributions import categorical  # noqa: PLC0415
    from monitor.testing.mixtures import Values, days  # noqa: PLC0415

    shares = np.arange(1, 9) ** -1.2
    world = Values(shares / shares.sum(), 2000.0, each=3.0, daily=0.002)
    counts = days(world, 56, np.random.default_rng(4))
    changed = Values(0.9 * world.shares + 0.1 * np.eye(8)[7], world.rows, world.each, world.daily)
    counts[-1] = days(changed, 1, np.random.default_rng(5))[0]
    found = [categorical(counts[max(day - 42, 0) : day], counts[day]) for day in range(21, 56)]
    figure, axes = plot()
    at = np.arange(21, 56)
    low, high = ([getattr(each, name) for each in found] for name in ("effect_low", "effect_high"))
    axes.fill_between(at, 0, [each.usual for each in found], color=BLUE, alpha=0.12, lw=0, label="99 % of days")
    axes.vlines(at, low, high, color=GREY, lw=1)
    axes.plot(at, [each.effect for each in found], "o", ms=4, color=BLUE)
    axes.plot(at[-1], found[-1].effect, "o", color=RED)
    axes.annotate(f"p = {found[-1].p_value:.1g}", (at[-1], found[-1].effect), (-62, -2), textcoords="offset points")
    axes.set_xlabel("day")
    axes.set_ylabel("total variation")
    axes.set_ylim(0)
    axes.legend(frameon=False, loc="upper left")
    return figure


def decision() -> Figure:
    """What an hourly test may cost, beside events that have long been silent."""
    from checks.base import Bucket, Finding, Kind  # noqa: PLC0415
    from checks.plan import Plan  # noqa: PLC0415
    from monitor.config import Budget  # noqa: PLC0415
    from monitor.decide import decide  # noqa: PLC0415

    end = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    bucket = Bucket(end - dt.timedelta(hours=1), end)
    ordinary = np.random.default_rng(1).random(300).tolist()

    def threshold(silent: int, *, told: bool) -> float:
        values = [1e-12] * silent + ordinary[silent:]
        found = [Finding(kind="drop", event=str(i), bucket=bucket, p_value=p) for i, p in enumerate(values)]
        known = {("drop", str(i), None) for i in range(silent)} if told else set()
        verdicts = decide(found, Plan(), Budget(1.0), lambda _: Kind("", "", family="drop"), known)
        return verdicts[-1].cost or 0.0

    figure, axes = plot()
    silent = [0, 1, 2, 5, 10, 20, 50, 100, 150]
    axes.plot(silent, [threshold(n, told=False) for n in silent], "o-", color=RED, label="they count as discoveries")
    axes.plot(silent, [threshold(n, told=True) for n in silent], "o-", color=BLUE, label="they are told already (ours)")
    axes.set_yscale("log")
    axes.set_xlabel("of 300 events, so many have been silent for weeks")
    axes.set_ylabel("p that opens an incident")
    axes.legend(frameon=False)
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {"rates": rates, "distributions": distributions, "decision": decision}


def main(names: list[str]) -> None:
    """Draw the named figures, or all."""
    mpl.use("Agg")
    mpl.rcParams["font.size"] = 9
    for name in names or FIGURES:
        FIGURES[name]().savefig(IMAGES / f"statistics-{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
