"""How do the faults get into the demo's messages?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from monitor.demo.faults import (
    AFFILIATION_NULL,
    CHECKOUT_STOPPED,
    CURRENCY_MISSING,
    DOUBLE_FIRE,
    GIFT_CARD_STOPPED,
    PHOTO_NEVER_SENT,
    PRICE_AS_TEXT,
    RENAMED,
    RESENDS,
    SEARCH_HALVED,
    SORT_CONSTANT,
    Fault,
)
from monitor.demo.messages import COPY, resent
from monitor.demo.traffic import ANDROID, IOS, SECOND, Flags, micros, place

Planter = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]

RESEND_SHARE = 0.15


def plant(frame: pd.DataFrame, event: str, source: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return the messages of one event and source with the faults that belong there."""
    for fault, planter in PLANTERS.items():
        if fault.event == event and fault.source in {None, source}:
            frame = planter(frame, rng)
    return frame


def _stop_checkout(frame: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
    return frame[frame["_version"] < place(IOS, "5.2.0")]


def _stop_gift_cards(frame: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
    return frame[~_during(GIFT_CARD_STOPPED, frame)]


def _halve_search(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame[~_during(SEARCH_HALVED, frame) | (rng.random(len(frame)) < 0.5)]


def _fire_twice(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    fired = frame[frame["_version"] >= place(ANDROID, "8.1.0")]
    wait = rng.integers(SECOND // 25, SECOND * 3 // 10, len(fired))
    times = {name: fired[name] + wait for name in ("_occurred", "_original", "_sent", "_received")}
    return pd.concat([frame, fired.assign(_number=fired["_number"] + COPY, **times)], ignore_index=True)


def _resend_orders(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    retried = frame[_during(RESENDS, frame) & (rng.random(len(frame)) < RESEND_SHARE)]
    again = [resent(retried, np.full(len(retried), wait * SECOND)) for wait in (30, 120)]
    return pd.concat([frame, *again], ignore_index=True)


def _rename(frame: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(_event=np.where(_during(RENAMED, frame), "wishlist_add", frame["_event"]))


def _price_as_text(frame: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
    """The first price that android ever sent was a text: its column in the warehouse is one, and kept all prices."""
    shown = frame["_version"] >= place(ANDROID, "8.1.1")
    texts = [f"${p:,.2f}" if as_shown else f"{p:.2f}" for p, as_shown in zip(frame["price"], shown, strict=True)]
    return frame.assign(price=pd.Series(texts, index=frame.index, dtype=object))


def _lose_currency(frame: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
    lost = _during(CURRENCY_MISSING, frame) & (frame["payment_method"] == "paypal")
    return frame.assign(currency=frame["currency"].mask(lost))


def _sort_by_relevance(frame: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(sort_by="relevance")


def _no_affiliation(frame: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
    return frame.assign(affiliation=pd.Series(None, index=frame.index, dtype=object))


def _no_photo(frame: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
    return frame.drop(columns="has_photo")


def _during(fault: Fault, frame: pd.DataFrame) -> Flags:
    at = frame["_occurred"].to_numpy()
    ended = at >= micros(fault.end) if fault.end else np.zeros(len(at), dtype=bool)
    during: Flags = (at >= micros(fault.start)) & ~ended
    return during


PLANTERS: Mapping[Fault, Planter] = {
    CHECKOUT_STOPPED: _stop_checkout,
    GIFT_CARD_STOPPED: _stop_gift_cards,
    SEARCH_HALVED: _halve_search,
    DOUBLE_FIRE: _fire_twice,
    RESENDS: _resend_orders,
    RENAMED: _rename,
    PRICE_AS_TEXT: _price_as_text,
    CURRENCY_MISSING: _lose_currency,
    SORT_CONSTANT: _sort_by_relevance,
    AFFILIATION_NULL: _no_affiliation,
    PHOTO_NEVER_SENT: _no_photo,
}
