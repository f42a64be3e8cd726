"""Does every engine count values by the same hash, and users of devices alike?"""

from __future__ import annotations

import hashlib
import json

import pytest
from contract.worlds import ORDER, World, asked, order

from checks.base import EVERY, Measure, Stat
from monitor.stores.base import Measured


def by_label(measured: Measured, stat: Stat) -> dict[str, float]:
    assert measured.failures == ()
    frame = measured.frame[measured.frame.measure == stat]
    return dict(zip(frame.label, frame.value, strict=True))


def hash_of(value: object, world: World) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return hashlib.md5((written if world.layout == "json" else str(value)).encode()).hexdigest()[:16]


@pytest.mark.parametrize("beside", [(), (Measure(Stat.SIZES, ORDER, "total"), Measure(Stat.DISTINCT, ORDER, "total"))])
def test_values_are_counted_by_their_hash(world: World, beside: tuple[Measure, ...]) -> None:
    notes = ["a", "a", "A", "é🎉", None]
    store = world.store([order(i, properties={"Note ✎": note, "total": 7}) for i, note in enumerate(notes)])
    prop = next(name for name in store.catalog().properties(ORDER) if name.lower().startswith("note"))
    measured = store.measure(asked(Measure(Stat.VALUES, ORDER, prop), *beside))
    assert by_label(measured, Stat.VALUES) == {hash_of("a", world): 2, hash_of("A", world): 1, hash_of("é🎉", world): 1}
    assert sum(by_label(measured, Stat.SIZES).values()) == (5 if beside else 0)


def test_only_the_most_frequent_values_have_a_label(world: World) -> None:
    store = world.store([order(i, properties={"Note ✎": f"{i % 30:02}"}) for i in range(40)])
    kept = by_label(store.measure(asked(Measure(Stat.VALUES, ORDER, EVERY))), Stat.VALUES)
    assert (len(kept), kept.pop("(other)"), sum(kept.values())) == (21, 10, 30)


def test_no_value_is_in_the_answer(world: World) -> None:
    measured = world.store([order(properties={"Note ✎": "secret"})]).measure(
        asked(Measure(Stat.VALUES, property=EVERY))
    )
    assert by_label(measured, Stat.VALUES)
    assert "secret" not in measured.frame.to_csv()


def test_users_of_a_device_and_devices_of_a_user_are_counted_by_bucket(world: World) -> None:
    kiosk = [order(i, anonymous_id="kiosk", user_id=f"u{i % 4}") for i in range(12)]
    bot = [order(20 + i, anonymous_id=f"d{i}", user_id="bot") for i in range(10)]
    strangers = [order(40, anonymous_id="x"), order(41, user_id="y")]
    measured = world.store(kiosk + bot + strangers).measure(asked(Measure(Stat.CROWDS), Measure(Stat.SPREADS)))
    assert by_label(measured, Stat.CROWDS) == {"3": 12.0, "1": 10.0}
    assert by_label(measured, Stat.SPREADS) == {"10": 10.0, "1": 12.0}
