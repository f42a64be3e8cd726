from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from checks.plan import After, Ratio
from monitor.errors import ConfigError
from monitor.plan.load import load_plan


@pytest.fixture
def orders(tmp_path: Path):
    def read(*lines: str):
        file = tmp_path / "plan.yml"
        file.write_text("events:\n  Started:\n  Done:\n" + "".join(f"    {line}\n" for line in lines))
        return load_plan(file).events["Done"]

    return read


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("Started", [After(event="Started")], id="only the event"),
        pytest.param("[Started, Done]", [After(event="Started"), After(event="Done")], id="several events"),
        pytest.param(
            "{event: Started, within: 2d, at_least: 95%}",
            [After(event="Started", within=dt.timedelta(days=2), at_least=0.95)],
            id="everything",
        ),
    ],
)
def test_an_event_comes_after_others(orders, written: str, meant: list[After]):
    assert list(orders(f"after: {written}").after) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("{to: Started}", Ratio(of="Done", to="Started"), id="as it usually is"),
        pytest.param("[{to: Started, min: 20%}]", Ratio(of="Done", to="Started", min=0.2), id="a list of one"),
        pytest.param("{of: Started, to: Done, max: 9}", Ratio(of="Started", to="Done", max=9), id="of another event"),
    ],
)
def test_an_event_comes_so_often_for_each_of_another(orders, written: str, meant: Ratio):
    assert orders(f"ratio: {written}").ratio == (meant,)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(
            "after: Startd", "after: 'Startd' is not an event of the plan; did you mean 'Started'?", id="unknown event"
        ),
        pytest.param("ratio: {to: Startd}", "ratio: 'Startd' is not an event of the plan", id="unknown in a ratio"),
        pytest.param("after: 7", "after: expected the name of an event, got the number 7", id="a number"),
        pytest.param("after: {event: Started, within: soon}", "within: expected a duration", id="no duration"),
        pytest.param("after: {event: Started, within: 90d}", "within is more than 31 days", id="too long"),
        pytest.param("after: {event: Started, at_least: 95}", "at_least 95 is not a share", id="percent as number"),
        pytest.param("after: {within: 1d}", "'event' is missing in after", id="no event"),
        pytest.param("ratio: {to: Started, min: 2, max: 1}", "min 2 is more than max 1; swap them", id="upside down"),
        pytest.param("ratio: {to: Started, min: 0}", "min 0: a ratio is above 0", id="nothing"),
        pytest.param("ratio: {min: 1}", "'to' is missing in the ratio", id="a ratio to nothing"),
    ],
)
def test_a_fault_is_told_with_its_line(orders, line: str, said: str):
    with pytest.raises(ConfigError) as caught:
        orders(line)
    (problem,) = caught.value.problems
    assert problem.line == 4
    assert said in f"{problem.message}; {problem.hint}"
