"""What does every check promise, whoever wrote it?"""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib
import math
import pkgutil
from pathlib import Path

import numpy as np
import pytest

import checks
from checks.base import CHECKS, Check
from checks.plan import Plan, PlannedEvent, PlannedProperty

checks.load()

DAYS = 56
HOUR = dt.timedelta(hours=1)
SOURCES = ("web", "ios")
PROPERTIES = (
    PlannedProperty(name="order_id", type="string", required=True, pattern="^o_"),
    PlannedProperty(name="total", type="number", min=0, max=1000),
    PlannedProperty(name="currency", type="string", enum=("USD", "EUR")),
    PlannedProperty(name="never_sent", type="string"),
)
every_check = pytest.mark.parametrize("name", sorted(CHECKS))
WRITTEN = {"custom", "order", "ratio"}  # judge what somebody wrote a rule for: their own tests write some
every_learning_check = pytest.mark.parametrize("name", sorted(CHECKS.keys() - WRITTEN))


def plan_of(events):
    properties = {prop.name: prop for prop in PROPERTIES}
    sources = dict.fromkeys(SOURCES, "")
    return Plan(events={e: PlannedEvent(name=e, sources=sources, properties=properties) for e in events})


def shop(make_profile, traffic, *, events=4, seed=0, trouble=False, judged=24):
    """Return a plan and eight weeks of noise that keep it; with trouble, everything goes wrong on the last day."""
    rng = np.random.default_rng(seed)
    names = [f"Event {i}" for i in range(events)]
    places = [(name, source) for name in names for source in SOURCES]
    means = rng.choice([0.2, 2.0, 20.0, 200.0], len(places))
    rows = {place: traffic(mean, seed=rng.integers(1 << 31)) for place, mean in zip(places, means, strict=True)}
    if trouble:
        for values in rows.values():
            values[-24:] = rng.choice([0, 5]) * values[-24:]
        rows["Stray", "web"] = traffic(20.0, seed=5)  # which nobody planned
        rows["stray", "ios"] = traffic(20.0, seed=6)  # under another name
    days = {place: values.reshape(DAYS, 24).sum(axis=1).astype(int) for place, values in rows.items()}

    def broken(usual):
        shares = np.full(DAYS, usual)
        shares[-1] = 0.6 if trouble else usual
        return {place: rng.binomial(n, shares).astype(float) for place, n in days.items()}

    daily = {"ids": days, "surplus": broken(0.0005), "repeats": broken(0.05), "nulls": {}, "fingerprint": {}}
    daily |= {name: {} for name in ("mistyped.type", "outside.enum", "outside.pattern", "outside.range")}
    daily["emails"] = {
        (*place, "never_sent"): np.where(np.arange(DAYS) < DAYS - 1, 0.0, n * trouble) for place, n in days.items()
    }
    for prop in PROPERTIES[:3]:
        for measure in daily.keys() - {"ids", "surplus", "repeats", "fingerprint", "emails"}:
            usual = 0.01 if measure == "nulls" else 0.005
            daily[measure] |= {(*place, prop.name): bad for place, bad in broken(usual).items()}
        daily["fingerprint"] |= {(*place, prop.name): 7.0 if trouble else -1.0 for place in places}
    daily |= labelled(days, broken(0.02), trouble)
    daily |= compared(days, broken(0.08))
    daily["verdicts"] = {(*place, None, ""): bad for place, bad in broken(0.004).items()}
    return plan_of(names), make_profile(rows, daily, judged=judged)


def compared(days, lacking):
    """Return what another table knows of each day's messages: it usually lacks a twelfth of them."""
    at = {place: (*place, "order_id", "table_mismatch:orders") for place in days}
    some = {at[place]: n for place, n in lacking.items()}
    every = {at[place]: n for place, n in days.items()}
    return {"keys": every, "unmatched": some, "there": every, "unknown": {}}


def labelled(days, slow, trouble):
    """Return what is counted by label: of each day's messages, `slow` are late, lost, or from elsewhere."""
    macs = {place: np.where(np.arange(DAYS) < DAYS - trouble, n // 4, 0) for place, n in days.items()}
    rest = {place: n - slow[place] for place, n in days.items()}
    parts = {
        "skews": {"1": rest, "86400": slow},
        "rows.links": {"both": rest, "anonymous": slow},
        "crowds": {"1": rest, "300": {place: n * trouble for place, n in slow.items()}},
        "delays": {"1": rest, "86400": slow},
        "rows.environment": {"(none)": rest, "development": {place: n * trouble for place, n in slow.items()}},
        "rows.identity": {"uuid": rest, "nobody": slow},
        "rows.platform": {"Mac": macs, "Windows": {place: days[place] - mac for place, mac in macs.items()}},
    }
    return {
        measure: {(*place, None, label): n for label, part in by_label.items() for place, n in part.items()}
        for measure, by_label in parts.items()
    }


@every_check
def test_it_is_one_file_that_asks_a_question_and_one_file_of_tests(name):
    module = type(CHECKS[name].check).__module__
    assert CHECKS[name].question.endswith("?")
    assert (Path(__file__).parents[1] / "checks" / f"test_{module.rpartition('.')[2]}.py").is_file()


@pytest.mark.parametrize("module", sorted(m.name for m in pkgutil.iter_modules(checks.__path__)))
def test_every_module_says_which_question_it_answers(module):
    doc = importlib.import_module(f"checks.{module}").__doc__ or ""
    assert "?" in doc


@every_check
def test_it_keeps_the_protocol_and_its_parameters_are_frozen_documented_and_have_defaults(name):
    known = CHECKS[name]
    assert isinstance(known.check, Check)
    assert known.params.__doc__
    assert known.params.__dataclass_params__.frozen
    assert all(field.default is not dataclasses.MISSING for field in dataclasses.fields(known.params))


@every_check
def test_each_kind_has_a_title_and_says_what_to_do_next(name):
    for kind in CHECKS[name].kinds.values():
        assert kind.title.startswith("{subject} ")
        assert kind.title.format(subject="Order Completed")
        assert kind.advice.endswith(".")


@every_check
def test_an_empty_store_yields_nothing(name, make_profile, judge):
    assert judge(name, make_profile({}, judged=24), plan_of(["Event 0"])) == []


@every_learning_check
def test_it_says_the_same_twice_and_changes_nothing(name, make_profile, traffic, judge):
    plan, profile = shop(make_profile, traffic, trouble=True)  # its arrays are read-only
    found = judge(name, profile, plan)
    assert found
    assert repr(judge(name, profile, plan)) == repr(found)


@every_check
@pytest.mark.parametrize("trouble", [False, True], ids=["healthy", "in trouble"])
def test_its_findings_are_well_formed(name, trouble, make_profile, traffic, judge):
    plan, profile = shop(make_profile, traffic, trouble=trouble)
    for finding in judge(name, profile, plan):
        assert finding.kind in CHECKS[name].kinds
        assert finding.p_value is None or 0.0 <= finding.p_value <= 1.0
        assert profile.window.start < finding.bucket.end <= profile.window.end
        numbers = (finding.observed, finding.expected, finding.low, finding.high, finding.effect, finding.rows)
        assert all(number is None or math.isfinite(number) for number in numbers)


@every_learning_check
def test_what_is_surely_wrong_is_said_in_one_sentence(name, make_profile, traffic, judge):
    plan, profile = shop(make_profile, traffic, trouble=True)
    wrong = [f for f in judge(name, profile, plan) if f.relevant and (f.p_value or 0.0) < 1e-4]
    assert wrong
    for finding in wrong:
        assert finding.text.startswith(finding.event or finding.source)
        assert finding.text.endswith(".")
        assert not any(word in finding.text for word in ("nan", "None", "e-", "inf"))


@every_check
def test_it_asks_only_for_what_it_has_said_must_be_measured(name, make_profile, traffic, judge):
    plan, profile = shop(make_profile, traffic)
    known, asked = CHECKS[name], set()

    class Recorded:
        catalog, window, first_seen = profile.catalog, profile.window, staticmethod(profile.first_seen)

        def table(self, measure, grain, property=None):  # noqa: A002
            asked.add((str(measure), grain))
            return profile.table(measure, grain, property)

    judge(name, Recorded(), plan)
    assert asked <= {(m.name(), m.grain) for m in known.check.measures(plan, known.params())}


@every_learning_check
def test_evidence_is_one_series_with_its_band(name, make_profile, traffic, judge, evidence_of):
    plan, profile = shop(make_profile, traffic, trouble=True)
    finding = min(judge(name, profile, plan), key=lambda f: f.p_value or 0.0)
    evidence = evidence_of(name, profile, finding, plan)
    if evidence is not None:
        lines = (evidence.starts, evidence.observed, evidence.expected, evidence.low, evidence.high)
        assert len({len(line) for line in lines}) == 1
        assert 0 <= evidence.bad_from < len(evidence.starts)


@every_check
@pytest.mark.parametrize("level", [0.001, 0.01])
def test_alerts_by_chance_are_no_more_than_the_p_values_say(name, level, make_profile, traffic, judge):
    found = []
    for seed in range(2):
        plan, profile = shop(make_profile, traffic, events=20, seed=seed, judged=168)
        found += [f for f in judge(name, profile, plan) if f.p_value is not None]
    allowed = 1.3 * level * len(found)
    assert episodes(found, level) <= allowed + 3 * math.sqrt(allowed)


def episodes(found, level):
    """Count alerts: what comes within two days of another one of the same series is not told again."""
    last, count = {}, 0
    for finding in sorted((f for f in found if f.p_value <= level), key=lambda f: f.bucket.end):
        hourly = finding.bucket.end - finding.bucket.start <= HOUR
        series = (finding.kind, finding.event, finding.source, finding.property, hourly)
        if series not in last or finding.bucket.end - last[series] > 48 * HOUR:
            count += 1
        last[series] = finding.bucket.end
    return count
