"""Which metrics are exposed, and with which codes do commands end? As the code has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import Metric

from made.tables import first_line
from monitor import errors, metrics
from monitor.config import load_config
from monitor.history.vitals import Vitals, Waiting
from monitor.metrics import Stored
from monitor.watchdog import Health

CONFIG = Path(__file__).parents[2] / "config" / "trackwatch.yml"
COUNTS = (Counter, Gauge, Histogram)
NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
WORDS = {
    0: "nothing is wrong",
    1: "problems are open; `--fail-on never`, `warning` or `critical` moves the line between 0 and 1",
    2: "the command line, the configuration or the plan cannot be followed",
    3: "a store, the state database or a channel could not be reached",
}


def text() -> str:
    """Return a table of all that a Prometheus sees."""
    waiting = Waiting(channel="team", number=1, oldest=NOW, attempts=1, why="")
    vitals = Vitals(
        runs=1,
        last_run=NOW,
        judged_until=NOW,
        received={"web": NOW},
        deliveries={("team", "sent"): 1},
        waiting=(waiting,),
        failed={},
        incidents={"critical": 1},
    )
    health = Health(vitals=vitals, evaluated=NOW, groups={"hourly": NOW})
    stored = Stored(load_config(CONFIG, {}), lambda: health, lambda: NOW)
    counters = [each for each in vars(metrics).values() if isinstance(each, COUNTS)]
    counted = [_row(family, each._labelnames) for each in counters for family in each.collect()]
    read = [_row(family, family.samples[0].labels) for family in stored.collect()]
    return "\n".join(("| metric | type | by | means |", "|---|---|---|---|", *counted, *read))


def exit_codes() -> str:
    """Return a table of exit codes, with the errors that end in each."""
    lines = [f"| {code} | {means} | {' '.join(_endings(code))} |" for code, means in WORDS.items()]
    return "\n".join(("| code | when | such as |", "|---|---|---|", *lines))


def _endings(code: int) -> Iterator[str]:
    """Yield what each kind of error says of itself that ends in this code."""
    kinds = (each for each in vars(errors).values() if isinstance(each, type))
    known = (each for each in kinds if issubclass(each, errors.TrackwatchError) and each.__base__ is not Exception)
    yield from (first_line(each) for each in known if each.exit_code == code)


def _row(metric: Metric, labels: Iterable[str]) -> str:
    ending = "_total" if metric.type == "counter" else ""
    by = ", ".join(f"`{label}`" for label in labels)
    return f"| `{metric.name}{ending}` | {metric.type} | {by} | {metric.documentation} |"
