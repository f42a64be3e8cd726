"""What does a service do at its times: evaluate while it leads, read its configuration again, look after itself?"""

from __future__ import annotations

import datetime as dt
import uuid
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from checks.slices import SlicesParams
from monitor.config import load_config
from monitor.errors import DeliveryError, OvertakenError, StoreError
from monitor.history.memory import Memory
from monitor.leadership import BEAT, LENGTH, Leadership
from monitor.service import Service, World
from monitor.testing.counts import CountStore
from monitor.testing.memory import Recorder
from monitor.web import health
from monitor.web.app import create_app

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
NOW = START + dt.timedelta(days=30, hours=13, minutes=20)
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
CONFIG = """
store: {url: "duckdb:///unused.duckdb", history: 14d, judge: 1d}
checks: {unused: {enabled: false}, schema: {enabled: false}, duplicates: {enabled: false}}
"""


@dataclass
class Pings:
    """A heartbeat that keeps what it is told."""

    heard: list[str] = field(default_factory=list)

    def ping(self, signal: str, text: str = "") -> bool:
        self.heard.append(signal)
        return True


@dataclass
class Stage:
    """A service and the world that it lives in, with a clock that is set by hand."""

    service: Service
    store: CountStore
    pings: Pings
    clock: list[dt.datetime]

    def wait(self, length: dt.timedelta) -> None:
        self.clock[0] += length

    @property
    def told(self) -> list[str]:
        return [f"{m.reason}: {m.title}" for m, _ in self.service.config.channels["team"].sent]


def leading(memory: Memory, clock: list[dt.datetime]) -> Leadership:
    def ticking() -> float:
        return (clock[0] - START).total_seconds()

    return Leadership(memory, uuid.uuid4().hex, ticking)


@pytest.fixture
def stage(tmp_path):
    (tmp_path / "trackwatch.yml").write_text(CONFIG)
    counts = np.random.default_rng(1).poisson(30, 24 * 60).astype(float)
    store, pings, clock = CountStore(START, {("web", "Order Completed"): counts}), Pings(), [NOW]
    config = replace(load_config(tmp_path / "trackwatch.yml"), channels={"team": Recorder()})
    memory = Memory(config.state_url, "production")
    world = World(now=lambda: clock[0], open_store=lambda _: store, show=lambda *_: None, heartbeat=lambda _: pings)
    return Stage(Service(config, memory, leading(memory, clock), world), store, pings, clock)


def test_who_does_not_lead_evaluates_nothing(stage):
    stage.service.evaluate()
    assert (stage.store.asked, stage.pings.heard) == ([], [])


def test_who_leads_evaluates_and_the_heartbeat_hears_it(stage):
    stage.service.beat()
    stage.service.evaluate()
    assert stage.store.asked
    assert stage.pings.heard == ["start", "success"]


@pytest.mark.parametrize("first", [True, False], ids=["in the first run", "later"])
def test_a_store_that_is_down_is_heard(stage, first):
    stage.service.beat()
    if not first:
        stage.service.evaluate()
        stage.wait(2 * HOUR)
    stage.store.down = "refused"
    with pytest.raises(StoreError) if first else nullcontext():
        stage.service.evaluate()
    assert stage.pings.heard[-1] == "fail"


class TestTheConfiguration:
    def test_one_that_is_right_is_taken_over(self, stage):
        file = stage.service.config.file
        file.write_text(CONFIG + "base_url: https://new.example\n")
        stage.service.reload()
        assert stage.service.config.base_url == "https://new.example"

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            pytest.param("budget: {false_alerts_per_week: many}\n", "trackwatch.yml:4", id="a mistake in it"),
            pytest.param("state: sqlite:///other.db\n", "restart", id="another state"),
        ],
    )
    def test_one_that_is_wrong_is_not_and_that_is_told_until_it_is_right(self, stage, written, said):
        stage.service.beat()
        before = stage.service.config
        before.file.write_text(CONFIG + written)
        stage.service.reload()
        stage.service.look_after()
        assert stage.service.config is before
        assert said in stage.service.refused
        title = "The changed configuration is wrong, the old one is used"
        stage.service.deliver()
        assert stage.told == [f"new problem: {title}"]
        stage.service.refused = ""
        stage.service.look_after()
        stage.service.deliver()
        assert stage.told[1:] == [f"resolved: {title}"]


class TestWhatIsWrongWithTrackwatchItself:
    def test_an_evaluation_that_is_late_is_one_incident_until_one_ends(self, stage):
        stage.service.beat()
        stage.service.evaluate()
        for _ in range(5):
            stage.wait(HOUR)
            stage.service.look_after()
            stage.service.deliver()
        assert stage.told == ["new problem: trackwatch is late"]
        stage.service.evaluate()
        stage.service.look_after()
        stage.service.deliver()
        assert stage.told[1:] == ["resolved: trackwatch is late"]

    def test_a_channel_that_takes_nothing_is_one_incident_and_never_a_storm(self, stage):
        stage.service.beat()
        stage.service.refused = "something to tell"
        stage.service.config.channels["team"].errors += [DeliveryError("busy", permanent=False)] * 8
        for _ in range(20):
            stage.service.look_after()
            stage.service.deliver()
            stage.wait(20 * MINUTE)
        assert sorted(stage.told) == [
            "new problem: Channel team takes no messages",
            "new problem: The changed configuration is wrong, the old one is used",
            "resolved: Channel team takes no messages",
        ]

    def test_a_check_that_watches_nothing_is_told(self, stage):
        service = stage.service
        service.beat()
        service.evaluate()
        checks = dict(service.config.checks)
        checks["volume"] = replace(checks["volume"], only=frozenset({"Never Planned"}))
        service.config = replace(service.config, checks=checks)
        service.look_after()
        service.deliver()
        assert stage.told == ["new problem: The check volume can never find anything"]

    def test_a_dimension_that_the_store_never_answers_is_told_after_two_days(self, stage):
        service, title = stage.service, "new problem: The check slices can never find anything"
        checks = dict(service.config.checks)
        checks["slices"] = replace(checks["slices"], params=SlicesParams(dimensions=("shop",)), written=True)
        service.config = replace(service.config, checks=checks)
        told = []
        for _ in range(4):
            service.beat()
            service.evaluate()
            service.look_after()
            service.deliver()
            told.append(title in stage.told)
            stage.wait(24 * HOUR)
        assert told == [False, False, False, True]

    def test_a_healthy_service_says_nothing(self, stage):
        stage.service.beat()
        for _ in range(6):
            stage.service.evaluate()
            stage.service.look_after()
            stage.wait(HOUR)
        assert stage.told == []


class TestHealth:
    @pytest.fixture
    def client(self, stage):
        service = stage.service
        app = create_app(service.config, service.memory, service.now)
        health.attach(app, service.health, lambda: service.leading)
        return app.test_client()

    def test_it_is_alive(self, client):
        assert client.get("/healthz").json == {"status": "alive"}

    def test_it_says_how_far_it_is(self, stage, client):
        stage.service.beat()
        stage.service.evaluate()
        said = client.get("/readyz").json
        assert (said["status"], said["leader"], said["configuration_refused"]) == ("ready", True, None)
        stage.wait(3 * HOUR)
        assert client.get("/readyz").json["status"] == "late"

    def test_a_state_that_does_not_answer_is_not_ready(self, stage, client):
        with stage.service.memory._engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE outbox")
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json["status"]) == (503, "no state")
        assert 'trackwatch_state_up{workspace="production"} 0.0' in client.get("/metrics").text

    def test_prometheus_reads_what_it_did(self, stage, client):
        stage.service.beat()
        stage.service.evaluate()
        read = client.get("/metrics").text
        for line in (
            'trackwatch_leader{workspace="production"} 1.0',
            'trackwatch_evaluation_age_seconds{workspace="production"} 0.0',
            'trackwatch_source_lag_seconds{source="web",workspace="production"}',
            'trackwatch_budget_false_alerts_per_week{workspace="production"} 1.0',
            'trackwatch_evaluations_total{result="ok",workspace="production"}',
            'trackwatch_false_alerts_expected_total{workspace="production"}',
        ):
            assert line in read


def test_who_lost_the_lease_keeps_and_pings_nothing_more(stage):
    stage.service.beat()
    other = leading(Memory(stage.service.config.state_url, "production"), stage.clock)
    other.beat(NOW)
    stage.wait(LENGTH + BEAT)
    assert other.beat(stage.clock[0])
    with pytest.raises(OvertakenError):
        stage.service.evaluate()
    assert stage.pings.heard == ["start"]
