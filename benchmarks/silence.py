"""How soon is a full stop of a rare event told, beside the earliest that any rule could?

A Poisson stream of rate r with at most B false alerts in a time T: the best rule waits until
x = ln(r T/B) events were due, so that its mean delay is (x - 1 + exp(-x))/r (Lorden 1971, Ann.
Math. Stat. 42: no rule beats it by more than O(1)). The product does not know r: it learns it.

    python benchmarks/silence.py [--weeks 8] [--series 400]
"""

from __future__ import annotations

import argparse

import numpy as np

from checks.base import Calendar, Floats, Key, Table
from checks.counts import forecast, silence

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # events an hour
ALERT = 1 / (90 * 24)  # one false alert in 90 days
HEALTHY = 28 * 24


def p_values(values: Floats, past: int) -> Floats:
    """Return the p-values of silence from the hour `past` on: [S, hours]."""
    index = np.arange(values.shape[1])
    starts = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(len(index) + 1) * np.timedelta64(1, "h")
    calendar = Calendar("hour", starts, index % 168, index // 24, np.zeros(len(index), dtype=bool))
    keys = tuple(Key(str(i)) for i in range(len(values)))
    table = Table("rows", calendar, keys, values, np.ones(values.shape, dtype=bool), past)
    return silence(table, forecast(table)).p_value


def delay(rate: float, past: int, series: int) -> float:
    """Return the mean hours from a stop to its alert, at the end of a bucket."""
    longest = int((np.log(rate / ALERT) + 8) / rate * 2) + 24
    values = np.random.default_rng([1, int(100 * rate)]).poisson(rate, (series, past + longest)).astype(float)
    values[:, past:] = 0.0
    alert = p_values(values, past) <= ALERT
    return float(np.where(alert.any(1), alert.argmax(1) + 1, longest).mean())


def false_alerts(rate: float, past: int, series: int) -> float:
    """Return false alerts per series and 90 days, judged day by day as a run does."""
    values = np.random.default_rng([2, int(100 * rate)]).poisson(rate, (series, past + HEALTHY)).astype(float)
    days = [p_values(values[:, : past + d + 24], past + d)[:, :24] for d in range(0, HEALTHY, 24)]
    alert = np.concatenate(days, axis=1) <= ALERT
    begins = alert & ~np.pad(alert, ((0, 0), (1, 0)))[:, :-1]
    return float(begins.sum() / (series * HEALTHY * ALERT))


def main() -> None:
    """Print delay and bound by rate."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--weeks", type=int, default=8, help="of history")
    ask.add_argument("--series", type=int, default=400)
    args = ask.parse_args()
    past = args.weeks * 168
    print(f"{args.weeks} weeks of history; nominal: one false alert a series and 90 days; target: 1.15 x the bound\n")
    print(" rate /h   delay h   bound h   ratio   false alerts / 90 d")
    for rate in RATES:
        x = np.log(rate / ALERT)
        bound, told = (x - 1 + np.exp(-x)) / rate, delay(rate, past, args.series)
        false = false_alerts(rate, past, args.series // 4)
        print(f"{rate:8.2f} {told:9.1f} {bound:9.1f} {told / bound:7.2f} {false:12.2f}", flush=True)


if __name__ == "__main__":
    main()
