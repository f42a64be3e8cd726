"""What does a Prometheus see of trackwatch?

What happened in this process is counted as it happens; what stands in the state database (lag,
messages that wait, open incidents) is read when somebody scrapes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.config import Config
from monitor.errors import TrackwatchError
from monitor.pipeline import Result
from monitor.watchdog import Health

PREFIX = "trackwatch"
SECONDS = (0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800)

REGISTRY = CollectorRegistry()
_WORKSPACE = ("workspace",)
_RUNS = Counter(f"{PREFIX}_evaluations", "Evaluations that ended, by how.", (*_WORKSPACE, "result"), registry=REGISTRY)
_SECONDS = Histogram(
    f"{PREFIX}_evaluation_seconds", "How long evaluations took.", _WORKSPACE, buckets=SECONDS, registry=REGISTRY
)
_TESTS = Counter(f"{PREFIX}_tests", "Tests that were made.", _WORKSPACE, registry=REGISTRY)
_FINDINGS = Counter(f"{PREFIX}_problems", "Tests that found a problem.", (*_WORKSPACE, "check"), registry=REGISTRY)
_ROWS = Counter(f"{PREFIX}_rows_read", "Messages that the store counted.", _WORKSPACE, registry=REGISTRY)
_STATEMENTS = Counter(f"{PREFIX}_statements", "SQL statements that the store was asked.", _WORKSPACE, registry=REGISTRY)
_SENT = Counter(
    f"{PREFIX}_deliveries",
    "Tries to deliver a message, by outcome.",
    (*_WORKSPACE, "channel", "state"),
    registry=REGISTRY,
)
_SPENT = Counter(
    f"{PREFIX}_false_alerts_expected",
    "False alerts that the tests made so far cost on average: the budget that was spent.",
    _WORKSPACE,
    registry=REGISTRY,
)
_LEADER = Gauge(f"{PREFIX}_leader", "1 where this process evaluates the workspace.", _WORKSPACE, registry=REGISTRY)


def count(workspace: str, result: Result, seconds: float) -> None:
    """Count an evaluation that ended."""
    _RUNS.labels(workspace, "store_down" if result.error else "ok").inc()
    _SECONDS.labels(workspace).observe(seconds)
    _TESTS.labels(workspace).inc(len(result.verdicts))
    for verdict in result.verdicts:
        if verdict.problem:
            _FINDINGS.labels(workspace, verdict.finding.check).inc()
        _SPENT.labels(workspace).inc(verdict.cost or 0.0)
    if result.reading:
        _ROWS.labels(workspace).inc(result.reading.rows)
        _STATEMENTS.labels(workspace).inc(result.reading.statements)
    for outcome in result.outcomes:
        _SENT.labels(workspace, outcome.delivery.channel, str(outcome.state)).inc()


def count_failure(workspace: str) -> None:
    """Count an evaluation that failed."""
    _RUNS.labels(workspace, "failed").inc()


def lead(workspace: str, *, leading: bool) -> None:
    """Say whether this process evaluates a workspace."""
    _LEADER.labels(workspace).set(leading)


@dataclass(frozen=True, slots=True, eq=False)  # a registry wants to hash it
class Stored(Collector):
    """What stands in the state database of one workspace, read at each scrape."""

    config: Config
    health: Callable[[], Health]
    now: Callable[[], dt.datetime]

    def collect(self) -> Iterable[Metric]:
        """Yield gauges; one that says no more than that the database does not answer, where it does not."""
        up = self._gauge("state_up", "1 where the state database answers.")
        try:
            health = self.health()
        except TrackwatchError:
            up.add_metric((self.config.workspace,), 0)
            yield up
            return
        up.add_metric((self.config.workspace,), 1)
        yield up
        yield from self._times(health)
        yield from self._numbers(health)

    def _times(self, health: Health) -> Iterable[Metric]:
        ages = {
            ("evaluation_age_seconds", "Since an evaluation last ended well."): health.evaluated,
            ("judged_lag_seconds", "Between now and the newest bucket that was judged."): health.vitals.judged_until,
        }
        for (name, text), at in ages.items():
            if at is not None:
                gauge = self._gauge(name, text)
                gauge.add_metric((self.config.workspace,), self._age(at))
                yield gauge
        groups = {(name,): self._age(at) for name, at in health.groups.items() if name}
        yield self._filled("group_age_seconds", "Since a check group was last evaluated.", ("group",), groups.items())
        lags = {(source,): self._age(at) for source, at in health.vitals.received.items()}
        yield self._filled("source_lag_seconds", "Since the newest message of a source.", ("source",), lags.items())
        waits = {(each.channel,): self._age(each.oldest) for each in health.vitals.waiting}
        yield self._filled(
            "oldest_waiting_seconds", "Age of the oldest undelivered message.", ("channel",), waits.items()
        )

    def _numbers(self, health: Health) -> Iterable[Metric]:
        vitals, budget = health.vitals, self.config.budget.false_alerts_per_week
        yield self._filled(
            "messages", "Messages in the outbox, by state.", ("channel", "state"), vitals.deliveries.items()
        )
        incidents = {(severity,): number for severity, number in vitals.incidents.items()}
        yield self._filled("incidents_open", "Incidents that are not over.", ("severity",), incidents.items())
        yield self._filled("runs_kept", "Runs that the state database knows of.", (), [((), vitals.runs)])
        yield self._filled("budget_false_alerts_per_week", "What may be told in a week.", (), [((), budget)])
        refused = [((), float(bool(health.refused)))]
        yield self._filled("configuration_refused", "1 where a changed configuration is wrong.", (), refused)

    def _filled(
        self, name: str, text: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
    ) -> GaugeMetricFamily:
        gauge = self._gauge(name, text, labels)
        for key, value in values:
            gauge.add_metric((self.config.workspace, *key), value)
        return gauge

    def _gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=(*_WORKSPACE, *labels))

    def _age(self, at: dt.datetime) -> float:
        return (self.now() - at).total_seconds()


def exposed(stored: Stored) -> bytes:
    """Return everything as Prometheus reads it."""
    scrape = CollectorRegistry()
    scrape.register(stored)
    return generate_latest(REGISTRY) + generate_latest(scrape)
