"""Which events does the demo shop send, how often, and with which properties?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from monitor.demo.people import Sessions
from monitor.demo.traffic import CLIENTS, DAY, HOUR, LOCAL, SECOND, Flags, Ints, days, local_day
from monitor.demo.values import (
    Maker,
    amount,
    basket,
    choice,
    code,
    currency,
    days_ahead,
    flag,
    integer,
    known,
    method,
    of_session,
    of_user,
    popular,
    product,
    products,
    share_of_value,
    shipping,
    sometimes,
    total,
)

Happens = Callable[[Sessions, np.random.Generator], Ints]  # -> [sessions] how many messages each session sends
Later = Callable[[Ints, np.random.Generator], Ints]  # moments in a session -> moments after it

APPS = ("ios", "android")
SERVER_ONLY = ("server",)
BUYS = 0.081  # share of sessions that end in an order


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the shop. `at`: seconds after the session's start, of a shopper of middling pace."""

    name: str
    happens: Happens
    at: float
    properties: Mapping[str, Maker]
    sources: tuple[str, ...] = CLIENTS
    later: Later | None = None


def often(rate: float) -> Happens:
    """Send any number of messages, `rate` a session; interest in it has its own good and bad days (4 %)."""

    def happens(sessions: Sessions, rng: np.random.Generator) -> Ints:
        interest = np.exp(rng.normal(0, 0.04, days()))[local_day(sessions.start)]
        messages: Ints = rng.poisson(rate * interest)
        return messages

    return happens


def reach(share: float, more: float = 0.0) -> Happens:
    """Send one message in the share of sessions that come nearest to buying, and `more` after it."""

    def happens(sessions: Sessions, rng: np.random.Generator) -> Ints:
        reached = sessions.intent < share
        messages: Ints = reached * (1 + rng.poisson(more, len(sessions)))
        return messages

    return happens


def now_and_then(share: float, among: float) -> Happens:
    """Send one message in a share of the sessions with an intent below `among`."""

    def happens(sessions: Sessions, rng: np.random.Generator) -> Ints:
        sends = (sessions.intent < among) & (rng.random(len(sessions)) < share)
        return sends.astype(np.int64)

    return happens


def rarely(a_day: float, among: float = 1.0) -> Happens:
    """Send `a_day` messages, however busy the shop is, in sessions with an intent below `among`."""

    def happens(sessions: Sessions, rng: np.random.Generator) -> Ints:
        where = rng.choice(np.flatnonzero(sessions.intent < among), rng.poisson(a_day * days()))
        return np.bincount(where, minlength=len(sessions))

    return happens


def when(flags: Callable[[Sessions], Flags]) -> Happens:
    """Send one message in the sessions of which something is true."""

    def happens(sessions: Sessions, _rng: np.random.Generator) -> Ints:
        return flags(sessions).astype(np.int64)

    return happens


def warehouse_hours(at: Ints, rng: np.random.Generator) -> Ints:
    """Return a moment of the next working day between 8 and 17 o'clock, local time."""
    day = (at + LOCAL) // DAY + 1
    weekday = (day + 3) % 7
    weekend = np.where(weekday == 5, 2, np.where(weekday == 6, 1, 0))
    return (day + weekend) * DAY - LOCAL + 8 * HOUR + rng.integers(0, 9 * HOUR, len(at))


def within_days(mean: float) -> Later:
    """Return moments some days after the session, at any hour."""

    def later(at: Ints, rng: np.random.Generator) -> Ints:
        return at + (rng.exponential(mean * DAY, len(at))).astype(np.int64) + 60 * SECOND

    return later


_QUERIES = (
    "oak table", "floor lamp", "linen throw", "walnut desk", "rug", "pendant lamp", "sofa", "bed frame", "cushion",
    "dining chair", "nightstand", "terracotta bowl", "curtains", "kettle", "side table", "wool blanket", "brass lamp",
    "armchair", "sideboard", "cutting board", "mirror", "bookshelf", "gift card", "outdoor", "candle",
)  # fmt: skip
_LISTS = popular(("new-arrivals", "living-room", "lighting", "bedroom", "sale", "dining", "textiles", "kitchen"))
_PROMOTIONS = popular(("winter-glow", "free-shipping-150", "presidents-day", "trade-program"))
_PRODUCT: Mapping[str, Maker] = {name: product(name) for name in ("product_id", "name", "category", "price")}
_WHICH: Mapping[str, Maker] = {name: product(name) for name in ("product_id", "name", "category")}
_CART = {"cart_id": of_session("cart_%d")}
_CHECKOUT = {"checkout_id": of_session("chk_%d")}
_ORDER = {"order_id": of_session("LO-%d")}
_LEVELS = popular(("standard", "silver", "gold"))

EVENTS = (
    # Finding something
    Event("Application Opened", often(1.0), 0, {
        "from_background": flag(0.55), "build": code("%d", 4100, 4140), "cold_start_ms": integer(180, 3200),
        "opened_by": popular(("icon", "push", "link")),
    }, APPS),
    Event("Push Notification Opened", often(0.12), 1, {
        "campaign_id": code("push-%d", 301, 340), "kind": popular(("price_drop", "back_in_stock", "order_update")),
        "minutes_since_sent": integer(0, 720), "deep_link": flag(0.8),
    }, APPS),
    Event("Product List Viewed", often(0.75), 20, {
        "list_id": _LISTS, "category": product("category"), "products_shown": integer(4, 48), "page": integer(1, 9),
    }),
    Event("Product List Filtered", often(0.18), 40, {
        "list_id": _LISTS, "filter": popular(("price", "color", "material", "size")), "results": integer(0, 200),
        "filters_active": integer(1, 6),
    }),
    Event("Search Performed", often(0.38), 30, {
        "query": popular(_QUERIES), "results": integer(0, 120), "took_ms": integer(12, 900),
        "sort_by": popular(("relevance", "price_asc", "price_desc", "newest")), "suggestion_used": flag(0.3),
    }),
    Event("Product Clicked", often(0.55), 60, {**_PRODUCT, "list_id": _LISTS, "position": integer(1, 48)}),
    Event("Product Viewed", often(1.9), 75, {
        **_PRODUCT, "brand": product("brand"), "currency": currency, "in_stock": flag(0.94),
        "rating": sometimes(0.8, integer(2, 5)), "variant": sometimes(0.6, popular(
            ("natural", "dark", "white", "sand", "forest"))),
    }),
    Event("Product Shared", often(0.012), 110, {
        **_WHICH, "share_via": popular(("link", "email", "messages", "pinterest")),
    }),
    Event("Product Reviewed", often(0.012), 150, {
        "product_id": product("product_id"), "rating": integer(1, 5), "review_length": integer(12, 900),
        "verified_buyer": flag(0.8), "has_photo": flag(0.2),
    }),
    Event("AR Preview Started", often(0.035), 100, {
        **_WHICH, "load_ms": integer(300, 6000), "surface": popular(("floor", "table", "wall")),
    }, APPS),
    Event("Room Planner Opened", often(0.03), 90, {
        "room": popular(("living", "bedroom", "dining", "office")), "products_placed": integer(0, 14),
        "template_used": flag(0.4), "width_cm": integer(150, 900),
    }, ("web",)),
    # Promotions and experiments
    Event("Promotion Viewed", often(0.35), 5, {
        "promotion_id": _PROMOTIONS, "creative": popular(("hero", "tile", "strip")), "position": integer(1, 5),
        "placement": popular(("home", "list", "cart")),
    }),
    Event("Promotion Clicked", often(0.06), 9, {
        "promotion_id": _PROMOTIONS, "creative": popular(("hero", "tile", "strip")), "position": integer(1, 5),
        "placement": popular(("home", "list", "cart")),
    }),
    Event("Experiment Viewed", often(0.16), 3, {
        "experiment_id": popular(("checkout-one-page", "list-density", "free-returns-badge")),
        "variation": choice({"control": 1.0, "treatment": 1.0}), "is_holdout": flag(0.05),
        "assigned_by": choice({"user": 1.0, "device": 3.0}),
    }),
    # Cart and checkout
    Event("Wishlist Item Added", often(0.06), 120, {
        **_PRODUCT, "wishlist_id": of_session("wl_%d"), "items": integer(1, 30),
    }),
    Event("Product Added", reach(0.21, more=0.5), 160, {
        **_CART, **_PRODUCT, "quantity": integer(1, 4), "currency": currency,
    }),
    Event("Product Removed", often(0.06), 200, {**_CART, **_PRODUCT, "quantity": integer(1, 4)}),
    Event("Cart Viewed", reach(0.19, more=0.3), 230, {
        **_CART, "items": basket("items"), "value": basket("value"), "currency": currency,
    }),
    Event("Coupon Applied", reach(0.028), 250, {
        **_CART, "coupon_id": popular(("WELCOME10", "GLOW15", "FREESHIP", "VIP20")), "discount": share_of_value(0.1),
        "currency": currency,
    }),
    Event("Coupon Denied", often(0.009), 250, {
        **_CART, "coupon_id": popular(("WELCOME10", "GLOW15", "XMAS25", "VIP20")),
        "reason": popular(("expired", "already_used", "minimum_not_met", "unknown")), "value": basket("value"),
    }),
    Event("Checkout Started", reach(0.125), 270, {
        **_CHECKOUT, "items": basket("items"), "value": basket("value"), "currency": currency, "signed_in": known,
    }),
    Event("Shipping Info Entered", reach(0.108), 320, {
        **_CHECKOUT, "shipping_method": popular(("standard", "express", "pickup")), "country": popular(
            ("US", "CA", "GB")), "address_saved": flag(0.45),
    }),
    Event("Payment Info Entered", reach(0.093), 370, {
        **_CHECKOUT, "payment_method": method, "card_saved": flag(0.4), "installments": sometimes(0.1, integer(2, 12)),
    }),
    Event("Payment Failed", now_and_then(0.09, among=0.093), 380, {
        **_CHECKOUT, "payment_method": method, "amount": total, "currency": currency,
        "reason": popular(("declined", "expired_card", "timeout", "fraud_check")),
    }, SERVER_ONLY),
    Event("Order Completed", reach(BUYS), 400, {
        **_ORDER, **_CHECKOUT, "total": total, "tax": share_of_value(0.08), "shipping": shipping, "currency": currency,
        "items": basket("items"), "payment_method": method, "coupon_id": sometimes(
            0.3, popular(("WELCOME10", "GLOW15", "FREESHIP", "VIP20"))), "affiliation": choice({"Lumen & Oak": 1.0}),
        "products": products,
    }, (*CLIENTS, "server")),
    # After the order
    Event("Order Shipped", reach(0.078), 420, {
        **_ORDER, "carrier": popular(("ups", "usps", "fedex")), "warehouse": popular(("newark", "reno")),
        "parcels": integer(1, 4), "estimated_delivery": days_ahead(2, 6),
    }, SERVER_ONLY, warehouse_hours),
    Event("Order Cancelled", now_and_then(0.07, among=BUYS), 420, {
        **_ORDER, "reason": popular(("changed_mind", "out_of_stock", "payment", "duplicate")), "total": total,
        "currency": currency, "by": popular(("shopper", "support")),
    }, SERVER_ONLY, within_days(0.4)),
    Event("Refund Requested", rarely(3.2, among=BUYS), 300, {
        **_ORDER, "reason": popular(("damaged", "not_as_shown", "late", "changed_mind")), "amount": amount(9, 900),
        "days_since_delivery": integer(0, 30),
    }, ("web",)),
    Event("Order Refunded", rarely(2.6, among=BUYS), 420, {
        **_ORDER, "amount": amount(9, 900), "partial": flag(0.35), "method": popular(("original", "store_credit")),
    }, SERVER_ONLY, within_days(3)),
    Event("Gift Card Purchased", rarely(3.8), 390, {
        "gift_card_id": code("GC-%d", 100_000, 999_999), "amount": integer(25, 250),
        "delivery": popular(("email", "print")), "design": popular(("birthday", "thanks", "house")),
    }, SERVER_ONLY),
    Event("Gift Card Redeemed", rarely(1.5, among=BUYS), 390, {
        **_ORDER, "gift_card_id": code("GC-%d", 100_000, 999_999), "amount": amount(10, 100), "balance": amount(0, 90),
    }, SERVER_ONLY),
    Event("Support Chat Started", often(0.007), 210, {
        "topic": popular(("delivery", "product", "return", "payment")), "wait_seconds": integer(1, 400),
        "agent": choice({"bot": 3.0, "human": 1.0}), "page_kind": popular(("product", "order", "home", "checkout")),
    }),
    Event("Back In Stock Requested", rarely(4.5), 130, {**_WHICH, "channel": popular(("email", "sms"))}, ("web",)),
    # Accounts
    Event("Signed Up", when(lambda sessions: sessions.signs_up), 0, {
        "method": popular(("email", "google", "apple")), "marketing_consent": flag(0.55),
        "referrer_kind": popular(("search", "direct", "social", "email", "affiliate")), "loyalty_level": _LEVELS,
    }),
    Event("Signed In", when(lambda sessions: sessions.signs_in), 0, {
        "method": popular(("email", "google", "apple")), "remember_me": flag(0.7), "attempts": integer(1, 4),
        "loyalty_level": _LEVELS,
    }),
    Event("Signed Out", often(0.02), 500, {
        "session_minutes": integer(1, 90), "by": choice({"shopper": 4.0, "timeout": 1.0}),
        "items_in_cart": integer(0, 6), "loyalty_level": _LEVELS,
    }),
    Event("Email Subscribed", often(0.03), 45, {
        "list": popular(("newsletter", "sale-alerts", "trade")), "form": popular(("footer", "popup", "checkout")),
        "double_opt_in": flag(0.9), "discount_offered": flag(0.6),
    }, ("web",)),
)  # fmt: skip

PAGES = Event("Page", often(1.4), 2, {
    "name": popular(("Home", "Collection", "Product", "Cart", "Checkout", "Account")),
    "path": popular(("/", "/collections", "/products", "/cart", "/checkout", "/account")),
    "title": popular(("Lumen & Oak", "New arrivals", "Lighting", "Sale", "Your cart")),
    "referrer": sometimes(0.4, popular(("https://www.google.com/", "https://www.pinterest.com/", "https://t.co/"))),
}, ("web",))  # fmt: skip
IDENTIFIES = Event("Identify", when(lambda sessions: sessions.signs_up | sessions.signs_in), 0, {
    "email": of_user("shopper%d@example.com"), "loyalty_level": _LEVELS, "marketing_consent": flag(0.55),
    "country": popular(("US", "CA", "GB")),
})  # fmt: skip
