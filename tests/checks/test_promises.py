from __future__ import annotations

import re

import pytest

from checks.plan import PlannedProperty
from checks.promises import FORMATS, condition, rules

FITTING = {
    "date": ("2026-02-28", "2026-13-01"),
    "time": ("23:59:59.5Z", "24:00"),
    "email": ("ada@mail.example.co", "ada@"),
    "uuid": ("8d5a2f4e-0000-4000-8000-0123456789AB", "8d5a2f4e"),
    "uri": ("https://a.example/?q=1", "a.example"),
    "hostname": ("mail.example-1.com", "-a.example"),
    "ipv4": ("192.168.0.255", "192.168.0.256"),
    "ipv6": ("2001:db8::1", "2001"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_fits_what_it_should_and_nothing_else(name):
    fits, does_not = FITTING[name]
    assert re.search(FORMATS[name], fits)
    assert not re.search(FORMATS[name], does_not)


@pytest.mark.parametrize(
    ("written", "kinds"),
    [
        pytest.param({"format": "uuid"}, {"format"}, id="a format"),
        pytest.param({"max_length": 5}, {"length"}, id="a longest length"),
        pytest.param({"type": "array", "max_length": 5}, {"wrong_type"}, id="items are not counted"),
        pytest.param({"min": 0.0, "enum": ("1", "2")}, {"range", "not_allowed"}, id="a range and a list"),
    ],
)
def test_each_rule_of_a_property_is_one_kind(written, kinds):
    assert rules(PlannedProperty(name="p", **written)).keys() == kinds


def test_what_may_be_null_is_never_due():
    when = {"method": ("card",)}
    assert condition(PlannedProperty(name="p", required_when=when)).value == (("method", ("card",)),)
    assert condition(PlannedProperty(name="p", required_when=when, nullable=True)) is None
