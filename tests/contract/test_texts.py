"""Does every engine take the same texts for numbers, times, and what says who somebody is?"""

from __future__ import annotations

import pytest
from contract.worlds import ORDER, WORLDS, World, asked, order, value

from checks.base import EVERY, Measure, Rule, Stat
from monitor.stores.base import Measured
from monitor.stores.texts import PERSONAL, STATS

TEXTS: dict[Stat | None, tuple[str, ...]] = {
    Stat.EMAILS: (
        *("ada@example.com", "write to Ada.L+x@mail.example.co.uk, please", "https://a.example/?q=ada%40example.com"),
        *('{"mail": "ada@example.com"}', "a@example.de"),
    ),
    Stat.PHONES: ("+491701234567", "+49 (0) 170 1234567", "+1 415-555-2671", "(415) 555-2671", "415.555.2671"),
    Stat.CARDS: ("4111111111111111", "4111 1111 1111 1111", "5500-0055-5555-5559", "378282246310005", "30569309025904"),
    Stat.UNCHECKED: ("4111111111111112", "5500005555555558"),
    Stat.NATIONAL_IDS: ("219-09-9999", "123.456.789-09", "2345 6789 0123", "AB 12 34 56 C", "RSSMRA85T10A562S"),
    Stat.NUMBERS: ("12", "-1.5e3", "+.5", "1234567890123456", "4155552671"),
    Stat.BOOLEANS: ("true", "False"),
    Stat.TIMES: ("2026-03-01", "2026-03-01T12:00:00.5Z", "2026-03-01 12:00+02:00"),
    Stat.NESTED: ('{"a": 1}', "[1, 2]"),
    None: (
        *("", "é🎉", "retina@2x", "@ada", "a @ b", "40 %", "order_4111111111111111", "900-12-3456", "12-34-5678"),
        *(
            "5.2.1",
            "10:30",
            "ABCDEFGHIJKL",
            'it\'s "quoted" \\ and slashed',
            "(none)",
            "-",
            "4111.1111.1111.1111",
        ),
    ),
}
BY_FORM = [pytest.param(stat, texts, id=str(stat or "nothing of all that")) for stat, texts in TEXTS.items()]
WISHES = tuple(Measure(stat, property=EVERY) for stat in sorted(STATS))


@pytest.mark.parametrize(("stat", "texts"), BY_FORM)
def test_a_text_is_counted_by_what_it_looks_like(world: World, stat: Stat | None, texts: tuple[str, ...]) -> None:
    measured = world.store([order(i, properties={"Note ✎": text}) for i, text in enumerate(texts)]).measure(
        asked(*WISHES)
    )
    assert measured.failures == ()
    found = {each: total(measured, each) for each in STATS}
    expected = dict.fromkeys(STATS, 0.0)
    seen_in_json = {*PERSONAL, Stat.TIMES, None}  # there, a string that spells a number is a string
    if stat and (world.layout != "json" or stat in seen_in_json):
        expected[stat] = len(texts)
    if world.layout != "json" and stat in (Stat.CARDS, Stat.UNCHECKED):
        expected[Stat.NUMBERS] = len(texts)
    assert found == expected


@pytest.mark.parametrize("world", [("duckdb", "json", True), ("postgresql", "json", True)], ids=str, indirect=True)
def test_a_json_value_has_the_type_that_it_has(world: World) -> None:
    values = [1, 2.5, True, {"k": 1}, [1], "text"]
    measured = world.store([order(i, properties={"Note ✎": each}) for i, each in enumerate(values)]).measure(
        asked(*WISHES)
    )
    found = [total(measured, stat) for stat in (Stat.NUMBERS, Stat.BOOLEANS, Stat.NESTED)]
    assert found == [2.0, 1.0, 2.0]
    assert ORDER in set(measured.frame.event)


def total(measured: Measured, stat: Stat) -> float:
    frame = measured.frame
    return float(frame[frame.measure == stat].value.sum())


@pytest.mark.parametrize("world", [each for each in WORLDS if each[1] != "json"], ids=str, indirect=True)
def test_what_is_due_in_some_messages_is_missed_only_in_these(world: World) -> None:
    due = Rule("when", (("Note ✎", ("card", "é")), ("paid", ("true",))))
    given = [("card", True, 1), ("card", True, None), ("é", True, None), ("card", False, None), (None, True, None)]
    rows = [order(i, properties={"Note ✎": note, "paid": paid, "total": n}) for i, (note, paid, n) in enumerate(given)]
    wishes = [Measure(stat, ORDER, name, due) for stat in (Stat.DUE, Stat.OUTSIDE) for name in ("total", "never")]
    measured = world.store(rows).measure(asked(*wishes))
    found = [value(measured, each.name(), each.property or "") for each in wishes]
    assert found == [3.0, 3.0, 2.0, 3.0]
