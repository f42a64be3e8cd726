from __future__ import annotations

import numpy as np
import pytest

from checks.plan import Plan, PlannedEvent, PlannedProperty

DAYS = 56
LAST = np.arange(DAYS) == DAYS - 1
SERVER, WEB = ("Order Completed", "server"), ("Order Completed", "web")
EVENT = PlannedEvent(name="Order Completed", sources={"server": "authoritative", "web": "mirror"})
KEYED = PlannedEvent(
    name="Order Completed",
    sources=EVENT.sources,
    properties={"order_id": PlannedProperty(name="order_id", key=True)},
)


def plan_of(event):
    return Plan(events={event.name: event})


def keyed(make_profile, label, source, lost, extra=0.0, begun=None):
    """Return a profile in which 1,200 keys a day are compared; of them `lost` (and usually 8 %) have no twin."""
    keys = np.full(DAYS, 1200.0)
    place = ("Order Completed", source, "order_id", label)
    rng = np.random.default_rng(3)
    there = keys if begun is None else np.where(np.arange(DAYS) < begun, 0, keys)
    series = {
        "keys": keys,
        "unmatched": np.where(there > 0, np.where(LAST, 1200 * lost, rng.binomial(1200, 0.08, DAYS)), keys),
        "there": there,
        "unknown": np.where(LAST, 1200 * extra, rng.binomial(1200, 0.01, DAYS)),
    }
    rows = {SERVER: 50.0, WEB: 46.0}
    return make_profile(rows, {name: {place: values} for name, values in series.items()}, judged=24)


def counted(make_profile, web, server=100.0):
    """Return a profile of two sources, of which web usually has 92 of 100 messages, and `web` on the last day."""
    hourly = np.repeat(np.where(LAST, web, 92.0), 24)
    return make_profile({SERVER: server, WEB: hourly}, judged=24)


def beside(make_profile, label, there, hourly=50.0, loaded=True):
    """Return a profile of an event beside a table with `there` of its rows on the last day, 1,200 before."""
    source = "server" if "tracks" in label else ""
    last, others = np.where(LAST, there, 1200.0), np.where(LAST, 1200.0 * loaded, 1200.0)
    series = {("Order Completed", source, None, label): last, ("Product Viewed", source, None, label): others}
    return make_profile({SERVER: hourly, ("Product Viewed", "server"): 50.0}, {"there": series}, judged=24)


@pytest.mark.parametrize(
    ("lost", "extra", "kinds"),
    [
        pytest.param(0.08, 0.01, [], id="what ad blockers take every day is usual"),
        pytest.param(0.10, 0.01, [], id="two points more is less than matters"),
        pytest.param(0.30, 0.01, ["client_server"], id="web lost a third of the orders"),
        pytest.param(0.08, 0.20, ["client_server"], id="the server lacks what web has"),
    ],
)
def test_a_change_of_what_the_client_loses_is_told(make_profile, problems, lost, extra, kinds):
    profile = keyed(make_profile, "client_server:server", "web", lost, extra)
    assert [finding.kind for finding in problems("parity", profile, plan_of(KEYED))] == kinds


def test_several_mirrors_are_taken_together(make_profile, problems):
    sources = {"server": "authoritative", "web": "mirror", "ios": "mirror"}
    plan = plan_of(PlannedEvent(name="Order Completed", sources=sources))
    moved = {SERVER: 100.0, WEB: np.repeat(np.where(LAST, 22.0, 62.0), 24)}  # from web to ios
    ios = np.repeat(np.where(LAST, 70.0, 30.0), 24)
    assert problems("parity", make_profile({**moved, ("Order Completed", "ios"): ios}, judged=24), plan) == []
    (finding,) = problems("parity", make_profile({**moved, ("Order Completed", "ios"): 30.0}, judged=24), plan)
    assert (finding.source, finding.observed) == (None, pytest.approx(0.48))
    assert finding.text.startswith("Order Completed: web and ios lack 48 % of the messages of a day that server has")


def test_a_loss_is_told_with_its_interval_and_waits_for_both_sources(make_profile, problems):
    (finding,) = problems("parity", keyed(make_profile, "client_server:server", "web", 0.3), plan_of(KEYED))
    assert (finding.event, finding.source, finding.beside) == ("Order Completed", "web", ("server",))
    assert finding.text.startswith("Order Completed on web: web lacks 30 % of the keys of a day that server has (95 %")
    assert finding.text.endswith("usually 8.2 %).")


def test_what_the_truth_lacks_is_said_the_other_way_round(make_profile, problems):
    (finding,) = problems("parity", keyed(make_profile, "client_server:server", "web", 0.08, 0.2), plan_of(KEYED))
    assert "server lacks 20 % of the keys of a day that web has" in finding.text


@pytest.mark.parametrize(
    ("web", "kinds"),
    [
        pytest.param(92.0, [], id="as usual"),
        pytest.param(50.0, ["client_server"], id="half of the messages of the client are gone"),
    ],
)
def test_without_a_key_messages_are_held_against_messages(make_profile, problems, web, kinds):
    assert [f.kind for f in problems("parity", counted(make_profile, web), plan_of(EVENT))] == kinds


@pytest.mark.parametrize(
    ("label", "kind", "lacking"),
    [
        pytest.param("table_mismatch:orders", "table_mismatch", "orders lacks 30 %", id="a ledger"),
        pytest.param("destination:amplitude", "destination", "amplitude lacks 30 %", id="a destination"),
    ],
)
def test_a_ledger_and_a_destination_are_compared_by_key(make_profile, problems, label, kind, lacking):
    (finding,) = problems("parity", keyed(make_profile, label, "", 0.3), plan_of(KEYED))
    assert (finding.kind, finding.event, finding.source) == (kind, "Order Completed", None)
    assert lacking in finding.text


def test_events_that_a_ledger_knows_and_nobody_sent_are_told(make_profile, problems):
    (finding,) = problems("parity", keyed(make_profile, "table_mismatch:orders", "", 0.08, 0.2), plan_of(KEYED))
    assert "the events lacks" not in finding.text
    assert finding.text.startswith("Order Completed: the events lack 20 % of the keys of a day that orders has")


def test_days_before_a_ledger_began_say_nothing(make_profile, judge):
    found = judge("parity", keyed(make_profile, "table_mismatch:orders", "", 0.08, begun=20), plan_of(KEYED))
    lost = max(found, key=lambda finding: finding.expected or 0)
    assert lost.expected == pytest.approx(0.08, abs=0.01), "not half of it"


@pytest.mark.parametrize(
    ("there", "kinds"),
    [
        pytest.param(1200.0, [], id="the same number"),
        pytest.param(1198.0, [], id="two that came in between"),
        pytest.param(1000.0, ["table_mismatch"], id="tracks lacks a sixth"),
        pytest.param(1500.0, ["table_mismatch"], id="the event's table lacks a fifth"),
    ],
)
def test_tracks_and_the_table_of_an_event_have_the_same_rows(make_profile, problems, there, kinds):
    profile = beside(make_profile, "table_mismatch:tracks", there)
    assert [finding.kind for finding in problems("parity", profile)] == kinds


def test_an_export_by_count_is_held_against_the_day_that_it_is_put_off_by(make_profile, problems):
    hourly = np.repeat(np.where(np.arange(DAYS) == DAYS - 2, 100.0, 50.0), 24)  # a sale the day before
    assert problems("parity", beside(make_profile, "destination:amplitude+1", 2400.0, hourly)) == []
    (finding,) = problems("parity", beside(make_profile, "destination:amplitude+1", 1200.0, hourly))
    assert (finding.kind, finding.observed) == ("destination", 0.5)


def test_an_export_that_is_not_loaded_is_no_loss(make_profile, problems):
    assert problems("parity", beside(make_profile, "destination:amplitude", 0.0, loaded=False)) == []
    (finding,) = problems("parity", beside(make_profile, "destination:amplitude", 0.0))
    assert (finding.event, finding.observed) == ("Order Completed", 1.0)


def test_the_chart_shows_the_share_that_is_lacking(make_profile, problems, evidence_of):
    profile = keyed(make_profile, "client_server:server", "web", 0.3)
    (finding,) = problems("parity", profile, plan_of(KEYED))
    assert evidence_of("parity", profile, finding, plan_of(KEYED)).observed[-1] == pytest.approx(30.0)


def test_one_source_alone_has_nothing_to_agree_with(make_profile, judge):
    assert judge("parity", make_profile({SERVER: 50.0}, judged=24), plan_of(EVENT)) == []
