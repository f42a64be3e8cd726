from __future__ import annotations

import numpy as np
import pytest

from checks.bins import SIZES
from checks.distributions import NOTHING, categorical, numeric, unit_changes, unit_error

SHARES = np.array([0.5, 0.3, 0.15, 0.05, 0.0])
CHANGES = unit_changes(np.array(SIZES.bounds))
BINS = np.arange(len(SIZES.bounds) + 1.0)


def past_of(shares=SHARES, rows=2000, days=42, seed=1):
    return np.random.default_rng(seed).multinomial(rows, shares, days).astype(float)


def sizes(values):
    """Return the counts of numbers by bin."""
    return np.bincount([SIZES.number(value) for value in values], minlength=len(BINS)).astype(float)


def prices(rows=1000, seed=0):
    return np.random.default_rng(seed).lognormal(4, 0.8, rows)


PRICES = np.array([sizes(prices(seed=day)) for day in range(28)])


@pytest.mark.parametrize(
    ("today", "found"),
    [
        pytest.param([1000, 600, 300, 100, 0], False, id="as always"),
        pytest.param([500, 300, 150, 50, 0], False, id="half of the rows, spread as always"),
        pytest.param([800, 600, 300, 300, 0], True, id="a tenth of the rows are others"),
        pytest.param([1000, 600, 0, 100, 0], True, id="a common value has gone"),
        pytest.param([950, 570, 285, 95, 100], True, id="a new value"),
    ],
)
def test_a_change_of_values_is_found(today, found):
    assert (categorical(past_of(), np.array(today, dtype=float)).p_value < 1e-4) is found


def test_total_variation_is_the_share_of_rows_that_would_have_to_be_others():
    test = categorical(past_of(rows=20_000), np.array([8000.0, 6000, 3000, 3000, 0]))
    assert test.effect == pytest.approx(0.1, abs=0.005)
    assert test.effect_low < 0.1 < test.effect_high
    assert test.usual < 0.02
    assert test.statistic == pytest.approx(0.34, abs=0.03)  # Cramer's V: sqrt of X^2 per row


def test_new_and_vanished_values_are_named_the_surest_first():
    test = categorical(past_of(), np.array([1000.0, 600, 0, 0, 400]))
    assert [(value.index, round(value.share, 1)) for value in test.appeared] == [(4, 0.2)]
    assert [value.index for value in test.vanished] == [2, 3]
    assert test.vanished[0].p_value < 1e-6


def test_a_value_that_is_rare_anyway_may_stay_away():
    shares = np.array([0.9, 0.0995, 0.0005])
    (gone,) = categorical(past_of(shares, 500), np.array([450.0, 50, 0])).vanished
    assert gone.p_value > 0.5


def test_days_that_differ_make_the_same_change_less_surprising():
    rng = np.random.default_rng(3)
    restless = np.array([rng.multinomial(2000, rng.dirichlet(SHARES * 200 + 1e-9)) for _ in range(42)], dtype=float)
    today = np.array([900.0, 600, 300, 200, 0])
    assert categorical(restless, today).p_value > 30 * categorical(past_of(), today).p_value


def test_a_past_incident_hides_nothing():
    past = past_of()
    past[20:23] = [100, 100, 100, 1700, 0]
    assert categorical(past, np.array([600.0, 600, 300, 500, 0])).p_value < 1e-4


@pytest.mark.parametrize(
    ("today", "found"),
    [
        pytest.param(prices(seed=99), False, id="as always"),
        pytest.param(prices(seed=99) * 1.8, True, id="nearly double"),
        pytest.param(prices(seed=99) ** 1.3, True, id="wider"),
        pytest.param(np.where(np.arange(1000) < 250, 0.0, prices(seed=99)), True, id="a quarter became zero"),
    ],
)
def test_a_change_of_numbers_is_found(today, found):
    assert (numeric(PRICES, sizes(today), BINS).p_value < 1e-4) is found


@pytest.mark.parametrize(
    ("today", "what", "share"),
    [
        pytest.param(prices(seed=99) * 100, "100 times larger", 1.0, id="cents instead of euros"),
        pytest.param(prices(seed=99) / 1000, "1000 times smaller", 1.0, id="kilos instead of grams"),
        pytest.param(-prices(seed=99), "of the other sign", 1.0, id="refunds as negative amounts"),
        pytest.param(
            np.where(np.arange(1000) < 300, 100, 1) * prices(seed=99),
            "100 times larger",
            0.3,
            id="cents from some users",
        ),
    ],
)
def test_a_unit_error_is_recognised_with_the_share_that_has_it(today, what, share):
    found = unit_error(PRICES.sum(axis=0), sizes(today), CHANGES)
    assert (found.what, found.share) == (what, pytest.approx(share, abs=0.07))


@pytest.mark.parametrize(
    "today",
    [
        pytest.param(prices(seed=99), id="nothing changed"),
        pytest.param(prices(seed=99) * 1.8, id="nearly double is no unit"),
        pytest.param(np.zeros(1000), id="all became zero"),
        pytest.param(np.array([]), id="no rows"),
    ],
)
def test_other_changes_are_no_unit_error(today):
    assert unit_error(PRICES.sum(axis=0), sizes(today) if len(today) else np.zeros(len(BINS)), CHANGES) is None


@pytest.mark.parametrize(
    ("past", "today"),
    [
        pytest.param(np.zeros((0, 3)), [1.0, 2, 3], id="no past"),
        pytest.param(np.ones((3, 3)), [1.0, 2, 3], id="three days"),
        pytest.param(np.zeros((30, 3)), [1.0, 2, 3], id="a past without rows"),
        pytest.param(np.full((30, 3), np.nan), [1.0, 2, 3], id="an unknown past"),
        pytest.param(np.ones((30, 3)), [0.0, 0, 0], id="no rows today"),
        pytest.param(np.ones((30, 3)), [np.nan, 1, 1], id="an unknown today"),
        pytest.param(np.ones((30, 3)), [-1.0, 1, 1], id="negative counts"),
    ],
)
def test_where_nothing_can_be_said_nothing_is(past, today):
    assert categorical(past, np.array(today)) == NOTHING
    assert numeric(past, np.array(today), np.arange(3.0)) == NOTHING


@pytest.mark.parametrize("rows", [1.0, 5.0, 1e12])
@pytest.mark.parametrize("values", [1, 2, 30])
def test_what_is_always_the_same_is_never_surprising(rows, values):
    past = np.full((30, values), rows)
    assert categorical(past, past[0]).p_value > 0.05
    assert numeric(past, past[0], np.arange(float(values))).p_value > 0.05
