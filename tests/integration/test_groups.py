"""Checks that are evaluated at times of their own make the same tests as the others, each once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from monitor.backtest.past import remembered
from monitor.config import load_config
from monitor.errors import ConfigError
from monitor.history.memory import Memory
from monitor.leadership import Leadership
from monitor.metrics import Stored, exposed
from monitor.pipeline import Installation, Result, run
from monitor.service import Service, World
from monitor.testing.counts import CountStore
from monitor.testing.memory import Recorder

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
NOW = START + dt.timedelta(days=30, hours=13, minutes=20)
NIGHT = dt.datetime(2026, 2, 5, 4, 20, tzinfo=dt.UTC)  # 05:20 in Berlin: the nightly ones were just due
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
OTHERS = (
    "custom drift environment identity lateness naming order parity pii ratio schema slices unplanned unused verdicts"
)
OFF = ", ".join(f"{name}: {{enabled: false}}" for name in OTHERS.split())
PLAIN = f"""
timezone: Europe/Berlin
store: {{url: "duckdb:///unused.duckdb", history: 14d, judge: 1d, lateness: 1h}}
checks: {{{OFF}}}
"""
GROUPED = PLAIN + 'schedule: {every: 1h, groups: {nightly: {checks: [missing, duplicates], cron: "0 5 * * *"}}}\n'
NIGHTLY = frozenset({"missing", "duplicates"})


@dataclass
class Served:
    """A service whose clock is set by hand, and what its evaluations found."""

    service: Service
    store: CountStore
    clock: list[dt.datetime]
    results: list[Result] = field(default_factory=list)

    def go(self, until: dt.datetime, step: dt.timedelta = 3 * HOUR) -> None:
        while self.clock[0] < until:
            self.clock[0] += step
            self.service.evaluate()

    @property
    def tests(self) -> Counter[tuple[object, ...]]:
        found = [v.finding for result in self.results for v in result.verdicts if v.finding.p_value is not None]
        return Counter((f.check, f.kind, f.event, f.source, f.bucket) for f in found)

    def asked(self) -> list[bool]:
        """Say of each statement whether the copies of ids were asked for, which only a nightly check wants."""
        return [any(measure.stat == "surplus" for measure in request.measures) for request in self.store.asked]


def serve(folder, text: str) -> Served:
    folder.mkdir()
    (folder / "trackwatch.yml").write_text(text)
    random = np.random.default_rng(1)
    names = [("web", "Order Completed"), ("ios", "Order Completed"), ("ios", "Page Viewed")]
    store = CountStore(START, {name: random.poisson(30, 24 * 60).astype(float) for name in names})
    config = replace(load_config(folder / "trackwatch.yml"), channels={"team": Recorder()})
    memory, clock, results = Memory(config.state_url, "production"), [NOW], []
    world = World(
        now=lambda: clock[0], open_store=lambda _: store, show=lambda _config, result, _seconds: results.append(result)
    )
    leadership = Leadership(memory, "me", lambda: 0.0)
    served = Served(Service(config, memory, leadership, world), store, clock, results)
    served.service.beat()
    served.service.evaluate()
    return served


def test_each_bucket_of_each_source_is_judged_once_by_each_check_whatever_its_group(tmp_path):
    plain, grouped = serve(tmp_path / "plain", PLAIN), serve(tmp_path / "grouped", GROUPED)
    for each in (plain, grouped):
        each.go(NIGHT)
    assert set(grouped.tests.values()) == {1}
    assert grouped.tests == plain.tests


def test_what_only_a_group_wants_is_asked_when_it_is_due_in_the_one_statement_of_all(tmp_path):
    served = serve(tmp_path / "grouped", GROUPED)
    served.go(NIGHT)
    asked = zip(served.store.asked, served.asked(), strict=True)
    nights = [request.until.hour for request, nightly in asked if nightly]
    assert nights == [NOW.hour, 4], "the first run asks for everything"
    assert len(served.store.asked) == len(served.results), "one request for all that is due together"


def test_nights_that_were_missed_are_made_up_for_by_one_oldest_first(tmp_path):
    served = serve(tmp_path / "grouped", GROUPED)
    served.clock[0] += 3 * DAY
    served.service.evaluate()
    found = [verdict.finding for verdict in served.results[-1].verdicts]
    missing = [finding.bucket for finding in found if finding.check == "missing" and finding.bucket]
    assert missing == sorted(missing, key=lambda bucket: bucket.end)
    assert set(served.tests.values()) == {1}


def test_a_check_that_changes_its_group_goes_on_where_it_was(tmp_path):
    served = serve(tmp_path / "grouped", GROUPED)
    served.go(NOW + 3 * HOUR)
    served.service.config.file.write_text(PLAIN)
    served.service.reload(forced=True)
    served.go(NOW + 6 * HOUR)
    hours = {bucket.end for (check, _, _, source, bucket) in served.tests if (check, source) == ("missing", "web")}
    assert set(served.tests.values()) == {1}
    assert max(hours) - min(hours) == (len(hours) - 1) * HOUR, "no hour is left out"


def test_another_process_does_not_evaluate_a_group_that_is_not_due(tmp_path):
    served = serve(tmp_path / "grouped", GROUPED)
    asked = len(served.store.asked)
    config, memory, world = served.service.config, served.service.memory, served.service._world
    memory.lease.release(1)
    other = Service(config, memory, Leadership(memory, "other", lambda: 0.0), world)
    other.beat()
    served.clock[0] += HOUR
    other.evaluate()
    assert served.asked()[asked:] == [False]


def test_a_group_is_evaluated_again_at_the_next_tick_when_the_store_was_down(tmp_path):
    served = serve(tmp_path / "grouped", GROUPED)
    served.clock[0] = NIGHT - 2 * HOUR
    served.service.evaluate()
    asked, served.store.down = len(served.store.asked), "refused"
    served.go(NIGHT, HOUR)
    served.store.down = None
    served.go(NIGHT + HOUR, HOUR)
    assert served.asked()[asked:] == [True]


def test_a_group_that_is_late_is_an_incident_of_its_own(tmp_path):
    served = serve(tmp_path / "grouped", GROUPED)
    served.clock[0] += DAY
    served.service.look_after()
    page = exposed(Stored(served.service.config, served.service.health, served.service.now)).decode()
    assert 'trackwatch_group_age_seconds{group="nightly",workspace="production"} 86400.0' in page
    texts = [incident.headline.text for incident in served.service.memory.incidents()]
    assert len(texts) == 2
    assert any("of the check group nightly" in text for text in texts)


def test_the_budget_of_a_bucket_is_one_whoever_judges_it(tmp_path):
    plain, grouped = serve(tmp_path / "plain", PLAIN), serve(tmp_path / "grouped", GROUPED)
    spent = []
    for each in (plain, grouped):
        each.go(NIGHT)
        verdicts = [verdict for result in each.results[1:] for verdict in result.verdicts]
        spent.append(sum(verdict.cost or 0.0 for verdict in verdicts))
    assert spent[1] <= spent[0] * 1.001


def test_a_backtest_asks_the_store_while_measures_of_a_group_are_missing(tmp_path):
    served = serve(tmp_path / "grouped", GROUPED)
    config, memory = served.service.config, served.service.memory
    span = NOW - 5 * DAY, NOW - DAY
    assert remembered(config, memory, *span) is not None
    served.go(NOW + 3 * HOUR)
    assert remembered(config, memory, NOW - DAY, NOW + 2 * HOUR) is None


def test_a_run_of_one_group_leaves_the_others_where_they_are(tmp_path):
    served = serve(tmp_path / "grouped", GROUPED)
    config, memory = served.service.config, served.service.memory
    before = memory.progress()
    run(Installation(config, served.store, memory), NOW + 5 * HOUR, checks=NIGHTLY)
    after = memory.progress()
    assert after.of("missing").until == before.of("missing").until + 5 * HOUR
    assert after.of("volume") == before.of("volume")


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        pytest.param("{night: {checks: [pii]}}", "'night' does not say when it is evaluated", id="no time"),
        pytest.param("{night: {checks: [pi], every: 1d}}", "'pi' is not a check; did you mean 'pii'?", id="no check"),
        pytest.param(
            "{a: {checks: [pii], every: 1d}, b: {checks: [pii], every: 2d}}", "pii is in the group 'a' too", id="twice"
        ),
        pytest.param('{a: {checks: [pii], every: 1d, cron: "0 5 * * *"}}', "interval and a cron", id="two times"),
    ],
)
def test_a_group_that_makes_no_sense_is_refused_with_its_line(tmp_path, groups, said):
    file = tmp_path / "trackwatch.yml"
    file.write_text(PLAIN + f"schedule:\n  groups: {groups}\n")
    with pytest.raises(ConfigError) as refused:
        load_config(file)
    assert said in str(refused.value)
    assert f"{file}:6" in str(refused.value)
