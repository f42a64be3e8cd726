"""What do all checks together cost, beside those that the first installation had?

The statement of each table with the wishes of the core checks (missing, volume, duplicates, schema, and of unused what
is never sent, always null or constant), with those of all checks, and with the core's and one other check's: what costs
most. Typed tables in DuckDB, with the default parameters of each check. Ratios of CPU time in one run.

    python benchmarks/all_checks.py [--folder DIR] [--rows 10000000] [--runs 3]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import generated as g

from checks.base import CHECKS, EVERY, Measure, Stat
from checks.plan import Plan
from monitor.config import CheckConfig
from monitor.judge import wanted
from monitor.known_checks import load_checks
from monitor.reading import request
from monitor.stores.sql import SqlStore

CORE = ("missing", "volume", "duplicates", "schema")
UNUSED = [Measure(Stat.ROWS), Measure(Stat.NULLS, property=EVERY), Measure(Stat.FINGERPRINT, property=EVERY)]
TARGET = 1.6


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("benchmark-data"))
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--events", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--whole", action="store_true", help="only core and all, not what each check adds")
    options = parser.parse_args()
    place = g.data(options.folder, options.rows, options.events, "typed")
    store, planned = g.open_typed(place), g.plan(place)
    load_checks()
    others = [name for name in sorted(CHECKS) if name not in CORE]
    core = [*asked(planned, CORE), *UNUSED]
    everything = asked(planned, (*CORE, *others))
    works = {"core checks": g.asking(store, core), "all checks": g.asking(store, everything)}
    for name in () if options.whole else others:
        both = [*core, *asked(planned, [name])]
        if set(both) - set(core):
            works[f"core and {name}"] = g.asking(store, both)
    print(f"{options.rows:,} rows, {options.events} events, {len(CHECKS)} checks, median of {options.runs} runs")
    print(f"statements: core {statements(store, core)}, all {statements(store, everything)}")
    g.show(g.medians(works, options.runs), "core checks", {"all checks": TARGET})


def asked(plan: Plan, names: Sequence[str]) -> list[Measure]:
    """Return what checks with their default parameters ask for, and what is always asked for."""
    configured = [CheckConfig(name, CHECKS[name].params()) for name in names]
    return list(request(wanted(configured, plan), g.START, g.END, "UTC").measures)


def statements(store: SqlStore, measures: Sequence[Measure]) -> int:
    """Return how many statements are sent: one for each table."""
    return len(store.statements(request(measures, g.START, g.END, "UTC")))


if __name__ == "__main__":
    main()
