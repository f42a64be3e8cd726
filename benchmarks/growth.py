"""What does a profile cost with more events in the same number of rows, and with more rows?

    python benchmarks/growth.py [--folder DIR] [--rows 2000000] [--events 10,100,1000] [--runs 3]
    python benchmarks/growth.py memory [--folder DIR] [--rows 10000000,20000000]

The first prints ratios of CPU time in one run, for typed tables and for one JSON table; the
second the largest resident memory of a process of its own that measures everything once.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import child
import generated as g


def growth(options: argparse.Namespace) -> None:
    """Print what a full profile costs by number of events."""
    sizes = [int(size) for size in options.events.split(",")]
    for name, opened in (("typed tables", g.open_typed), ("one JSON table", g.open_json)):
        works = {}
        for size in sizes:
            place = g.data(options.folder, int(options.rows), size)
            works[f"{size:,} events, {name}"] = g.asking(opened(place), g.everything(g.plan(place)))
        first, *_, last = works
        g.show(g.medians(works, options.runs), first, {last: 1.5})


def memory(options: argparse.Namespace) -> None:
    """Print the peak memory by number of rows, of a child for each."""
    for rows in options.rows.split(","):
        g.data(options.folder, int(rows), 50, "typed")
        costs = child.cost([sys.executable, __file__, "once", "--rows", rows, "--folder", str(options.folder)], Path())
        spent = f"CPU {costs.cpu:.1f} s, wall {costs.wall:.1f} s"
        print(f"{int(rows):12,} rows: peak {costs.peak:6.0f} MiB of 2048, {spent}")


def once(options: argparse.Namespace) -> None:
    """Measure everything once, semantic copies too."""
    place = g.data(options.folder, int(options.rows), 50, "typed")
    g.asking(g.open_typed(place), [*g.everything(g.plan(place)), *g.REPEATS])()


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("growth", "memory", "once"), default="growth")
    parser.add_argument("--folder", type=Path, default=Path("benchmark-data"))
    parser.add_argument("--rows")
    parser.add_argument("--events", default="10,100,1000")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    options.rows = options.rows or ("2000000" if options.what == "growth" else "10000000,20000000")
    options.folder = options.folder.absolute()
    {"growth": growth, "memory": memory, "once": once}[options.what](options)


if __name__ == "__main__":
    main()
