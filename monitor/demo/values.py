"""Which values do the properties of the demo's events take?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product as pairs

import numpy as np
import pandas as pd

from monitor.demo.people import Sessions
from monitor.demo.traffic import DAY, Floats, Ints

CURRENCIES = ("USD", "CAD", "GBP")
METHODS = ("card", "paypal", "apple_pay", "gift_card")


@dataclass(frozen=True, slots=True)
class Rows:
    """The messages of one event for which values are wanted."""

    sessions: Sessions
    session: Ints  # [rows] which session each row belongs to
    occurred: Ints
    product: Ints  # [rows] which product each row is about
    rng: np.random.Generator

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.session)


Maker = Callable[[Rows], pd.Series]


def choice(weights: Mapping[str, float]) -> Maker:
    """Make one of the given words."""
    words, share = list(weights), np.array(list(weights.values()))

    def make(rows: Rows) -> pd.Series:
        return _words(rows.rng.choice(len(words), len(rows), p=share / share.sum()), words)

    return make


def popular(words: Sequence[str]) -> Maker:
    """Make one of many words, the first ones most often (weights 1, 1/2, 1/3 …)."""
    return choice({word: 1 / rank for rank, word in enumerate(words, start=1)})


def integer(low: int, high: int) -> Maker:
    """Make whole numbers from low to high, the small ones more often."""

    def make(rows: Rows) -> pd.Series:
        return pd.Series(low + ((high - low + 1) * rows.rng.random(len(rows)) ** 2).astype(np.int64))

    return make


def amount(low: float, high: float) -> Maker:
    """Make sums of money from low to high, in cents' steps."""

    def make(rows: Rows) -> pd.Series:
        return pd.Series(np.round(low + (high - low) * rows.rng.random(len(rows)) ** 2, 2))

    return make


def flag(share: float) -> Maker:
    """Make true in a share of the rows."""

    def make(rows: Rows) -> pd.Series:
        return pd.Series(rows.rng.random(len(rows)) < share)

    return make


def code(template: str, low: int, high: int) -> Maker:
    """Make texts with a number in them, such as `GC-48213`."""

    def make(rows: Rows) -> pd.Series:
        return _texts(template, rows.rng.integers(low, high, len(rows)))

    return make


def of_session(template: str) -> Maker:
    """Make one text for each session: what a cart's messages have in common."""

    def make(rows: Rows) -> pd.Series:
        return _texts(template, 100_000 + rows.session)

    return make


def basket(name: str) -> Maker:
    """Make what the session bought: the same in all messages about one order."""

    def make(rows: Rows) -> pd.Series:
        return pd.Series(getattr(rows.sessions, name)[rows.session])

    return make


def of_user(template: str) -> Maker:
    """Make one text for each user."""

    def make(rows: Rows) -> pd.Series:
        return _texts(template, rows.sessions.user[rows.session])

    return make


def share_of_value(share: float) -> Maker:
    """Make a sum that is a share of the basket's value: tax, a discount."""

    def make(rows: Rows) -> pd.Series:
        return pd.Series(np.round(rows.sessions.value[rows.session] * share, 2))

    return make


def shipping(rows: Rows) -> pd.Series:
    """Make the cost of shipping: none for large orders."""
    return pd.Series(np.where(rows.sessions.value[rows.session] > 150, 0.0, 7.95))


def total(rows: Rows) -> pd.Series:
    """Make what is paid in the end: value, tax and shipping."""
    value = rows.sessions.value[rows.session]
    return pd.Series(np.round(value * 1.08 + np.where(value > 150, 0.0, 7.95), 2))


def currency(rows: Rows) -> pd.Series:
    """Make the shopper's currency."""
    return _words(rows.sessions.currency[rows.session], CURRENCIES)


def method(rows: Rows) -> pd.Series:
    """Make the way of payment that the session uses."""
    return _words(rows.sessions.method[rows.session], METHODS)


def known(rows: Rows) -> pd.Series:
    """Make whether the shopper is signed in."""
    return pd.Series(rows.sessions.known_from[rows.session] <= rows.occurred)


def days_ahead(low: int, high: int) -> Maker:
    """Make a date some days after the event."""

    def make(rows: Rows) -> pd.Series:
        day = (rows.occurred // DAY + rows.rng.integers(low, high + 1, len(rows))) * DAY
        return pd.Series(day.astype("datetime64[us]"))

    return make


def product(name: str) -> Maker:
    """Make a column of the product list: product_id, name, category, brand or price."""

    def make(rows: Rows) -> pd.Series:
        column = _products()[name]
        if name == "price":
            return pd.Series(column.to_numpy()[rows.product])
        words, codes = np.unique(column.to_numpy(dtype=str), return_inverse=True)
        return _words(codes[rows.product], words.tolist())

    return make


def products(rows: Rows) -> pd.Series:
    """Make the list of products of an order, as JSON text, as warehouses keep arrays."""
    ids, prices = _products()["product_id"].to_numpy(), _products()["price"].to_numpy()
    lines = [f'{{"product_id":"{i}","price":{p},"quantity":1}}' for i, p in zip(ids, prices, strict=True)]
    count = np.minimum(rows.sessions.items[rows.session], 4)
    made = [
        f"[{','.join(lines[(first + 7 * k) % len(lines)] for k in range(n))}]"
        for first, n in zip(rows.product.tolist(), count.tolist(), strict=True)
    ]
    return pd.Series(made, dtype=object)


def sometimes(share: float, maker: Maker) -> Maker:
    """Make a value in a share of the rows, and none in the others."""

    def make(rows: Rows) -> pd.Series:
        made = maker(rows)
        if made.dtype.kind in "ib":
            made = made.convert_dtypes()
        return made.where(rows.rng.random(len(rows)) < share)

    return make


def popularity() -> Floats:
    """Return the products' shares of interest, [products]."""
    weight = 1 / np.arange(3.0, len(_products()) + 3)
    share: Floats = weight / weight.sum()
    return share


_ROOMS = {
    "Living Room": ("Sofa", "Coffee Table", "Armchair", "Side Table"),
    "Bedroom": ("Bed Frame", "Nightstand", "Dresser"),
    "Dining": ("Dining Table", "Dining Chair", "Sideboard"),
    "Lighting": ("Floor Lamp", "Pendant Lamp", "Table Lamp", "Wall Light"),
    "Textiles": ("Throw", "Cushion", "Rug", "Curtain"),
    "Kitchen": ("Cutting Board", "Serving Bowl", "Kettle"),
}
_BRANDS = ("Lumen & Oak", "Nordhaven", "Kiln Street", "Fernworth", "Atelier Mora")
_WOODS = ("Oak", "Walnut", "Linen", "Brass", "Stone", "Ash", "Terracotta", "Wool")


@cache
def _products() -> pd.DataFrame:
    things = [(room, thing) for room, found in _ROOMS.items() for thing in found]
    rows = [
        (f"{thing[:3].upper()}-{1000 + number}", f"{wood} {thing}", room, _BRANDS[number % len(_BRANDS)])
        for number, ((room, thing), wood) in enumerate(pairs(things, _WOODS))
    ]
    frame = pd.DataFrame(rows, columns=["product_id", "name", "category", "brand"])
    rng = np.random.default_rng(42)  # the shop's assortment is the same for every seed
    frame["price"] = np.round(np.exp(rng.normal(5.0, 1.1, len(frame))).clip(9, 3900)) - 0.05
    return frame.sample(frac=1, random_state=42, ignore_index=True)


def _words(codes: Ints, words: Sequence[str]) -> pd.Series:
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(words)))


def _texts(template: str, numbers: Ints) -> pd.Series:
    return pd.Series([template % number for number in numbers.tolist()], dtype=object)
