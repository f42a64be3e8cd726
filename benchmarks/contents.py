"""What does it cost to look at what values look like, and which there are, beside all else that checks ask?

    python benchmarks/contents.py [--folder DIR] [--rows 2000000] [--runs 1] [--layout typed|json]

Everything that the checks ask of a store, without and with the forms of texts (`pii`, `schema.mixed_types`), values by
hash (`drift.categorical`), skews, and users of devices. Ratios of CPU time in one run.
"""

from __future__ import annotations

import argparse
import resource
from pathlib import Path

import generated as g

import checks
from checks.base import CHECKS, Measure, Stat
from monitor.stores.texts import STATS

CONTENTS = {*STATS, Stat.VALUES, Stat.SKEWS, Stat.CROWDS, Stat.SPREADS}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("benchmark-data"))
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--layout", choices=("typed", "json"), default="typed")
    options = parser.parse_args()
    place = g.data(options.folder, options.rows)
    store, planned = {"typed": g.open_typed, "json": g.open_json}[options.layout](place), g.plan(place)
    checks.load()
    every: list[Measure] = [m for known in CHECKS.values() for m in known.check.measures(planned, known.params())]
    rest = [measure for measure in every if measure.stat not in CONTENTS and measure.by != "links"]
    works = {"all else": g.asking(store, rest), "all else, and contents": g.asking(store, every)}
    print(f"{options.rows:,} rows, {options.layout}, median of {options.runs} interleaved runs")
    g.show(g.medians(works, options.runs), "all else", {})
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
