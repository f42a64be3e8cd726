"""Does the demo fit on two processors and into 2 GiB, and where does its time go?

Runs `trackwatch demo` in a child that may use two processors (its affinity) and 2 GiB of data
(RLIMIT_DATA). That limit is sterner than resident memory: it counts every private writable page
that is reserved, used or not. It needs no rights, as a cgroup does, and unlike RLIMIT_AS it does
not count shared libraries and mapped files. Then does the same in a second child, by stage
(`benchmarks/stages.py`).

    python benchmarks/demo.py [--rows 1000000] [--runs 1]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from child import Limits, cost, median

LIMITS = Limits(cpus=2, memory=2 * 1024**3)
STAGES = Path(__file__).with_name("stages.py")
WALL, PEAK = 60.0, 2048.0  # seconds, MiB


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), options.rows, options.runs)


def measure(folder: Path, rows: int, runs: int) -> None:
    """Print the whole, beside its targets, and its stages."""
    program = (sys.executable, "-c", "from monitor.cli import main; main()", "demo", "--rows", str(rows))
    found = median([cost(program, folder, limits=LIMITS) for _ in range(runs)])
    print(f"trackwatch demo --rows {rows}, {LIMITS.cpus} CPUs, RLIMIT_DATA 2 GiB, median of {runs}:")
    print(f"  wall {found.wall:.1f} s of {WALL:.0f} s ({found.wall / WALL:.2f}), CPU {found.cpu:.1f} s")
    print(f"  peak {found.peak:.0f} MiB of {PEAK:.0f} MiB ({found.peak / PEAK:.2f})")
    print("by stage, in another run:", flush=True)
    said = folder / "stages.txt"
    cost((sys.executable, str(STAGES), str(folder), str(rows)), folder, limits=LIMITS, output=said)
    print(said.read_text("utf-8"), end="")


if __name__ == "__main__":
    main()
