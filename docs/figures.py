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


def counts() -> Figure:
    """Two weeks of a shop's hours, what was expected, and a half that was lost."""
    from benchmarks.calibration import PAST, made  # noqa: PLC0415
    from checks.counts import band, forecast, surprises  # noqa: PLC0415

    table = made(60.0, "days 15 %", 1)
    table.values[0, PAST + 34 :] = np.round(table.values[0, PAST + 34 :] / 2)
    learned = forecast(table)
    told = int(np.argmax(surprises(table, learned).p_drop[0] < 1e-4))
    low, high = band(learned)
    shown = slice(PAST - 7 * 24, PAST + 3 * 24)
    hours = np.arange(-7 * 24, 3 * 24) / 24
    figure, axes = plot()
    axes.fill_between(hours, low[0, shown], high[0, shown], color=BLUE, alpha=0.15, lw=0, label="99 % of hours")
    axes.plot(hours, learned.expected[0, shown], color=BLUE, lw=1, label="expected")
    axes.plot(hours, table.values[0, shown], color="black", lw=0.8, label="observed")
    axes.axvline(34 / 24, color=GREY, lw=1, ls=":")
    axes.axvline(told / 24, color=RED, lw=1, label=f"half is lost; p < 10⁻⁴ after {told - 33} h")
    axes.set_xlabel("day")
    axes.set_ylabel("events an hour")
    axes.legend(frameon=False, ncols=2, loc="upper left")
    axes.set_ylim(0, 1.45 * high[0, shown].max())
    return figure


def silence() -> Figure:
    """The mean delay of a full stop, beside the bound of any rule."""
    from benchmarks.silence import ALERT, RATES, delay  # noqa: PLC0415

    figure, axes = plot()
    rates_, x = np.asarray(RATES), np.log(np.asarray(RATES) / ALERT)
    axes.plot(rates_, (x - 1 + np.exp(-x)) / rates_, color=GREY, label="bound: (x − 1 + e⁻ˣ)/r")
    axes.plot(rates_, [delay(rate, 8 * 168, 200) for rate in RATES], "o", color=BLUE, label="silence, hourly buckets")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("events an hour, r")
    axes.set_ylabel("hours from stop to alert")
    axes.legend(frameon=False)
    return figure


def windows() -> Figure:
    """In which share of series a lasting loss is told, by the days since it began."""
    from benchmarks.calibration import NEW, PAST, made  # noqa: PLC0415
    from checks.counts import forecast, surprises  # noqa: PLC0415

    figure, axes = plot()
    for factor, colour in ((0.2, RED), (0.5, ORANGE), (0.7, BLUE), (0.8, GREY)):
        table = made(50.0, "days 15 %", 150)
        rng = np.random.default_rng(1)
        table.values[:, PAST:] = rng.binomial(table.values[:, PAST:].astype(int), factor)
        seen = np.maximum.accumulate(surprises(table, forecast(table)).p_drop <= 1 / 4320, axis=1)
        found = 100 * seen.mean(0)
        axes.plot(np.arange(1, NEW + 1), found, color=colour)
        at = int(np.argmax(found >= min(50.0, 0.6 * found.max())))
        axes.annotate(f"−{round(100 * (1 - factor))} %", (at + 1, found[at]), (6, -10), textcoords="offset points")
    axes.set_xscale("log")
    axes.set_xticks([1, 2, 3, 6, 12, 24, 48, 96, 168], ["1 h", "2", "3", "6", "12", "1 d", "2", "4", "7"])
    axes.set_xlabel("time since it began; 50 events an hour, days differ by 15 %")
    axes.set_ylabel("found, %")
    return figure


def calibration() -> Figure:
    """False drops and rises by the mean of the series."""
    from benchmarks.calibration import MEANS, NOISES, cell  # noqa: PLC0415

    figure, axes = plot()
    axes.axhspan(0.25, 1.0, color=BLUE, alpha=0.12, lw=0)
    axes.axhline(0.5, color=GREY, lw=1)
    found = np.array([np.mean([cell(mean, noise, 100) for noise in NOISES], axis=0) for mean in MEANS])
    for side, (name, colour) in enumerate((("drops", BLUE), ("rises", ORANGE))):
        axes.plot(np.asarray(MEANS), found[:, side], "o-", color=colour, label=name)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.3)
    axes.set_xlabel("events an hour (400 series of four kinds, a week each)")
    axes.set_ylabel("false alerts / 90 days; nominal 0.5")
    axes.legend(frameon=False)
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {
    "counts": counts,
    "silence": silence,
    "windows": windows,
    "calibration": calibration,
    "rates": rates,
    "distributions": distributions,
    "decision": decision,
}


def main(names: list[str]) -> None:
    """Draw the named figures, or all."""
    mpl.use("Agg")
    mpl.rcParams["font.size"] = 9
    for name in names or FIGURES:
        FIGURES[name]().savefig(IMAGES / f"statistics-{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
