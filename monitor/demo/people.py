"""Who comes to the shop, on which device, and when does the shop learn who it is?"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from monitor.demo.faults import DEV_TRAFFIC
from monitor.demo.traffic import (
    ANDROID,
    CLIENTS,
    IOS,
    SECOND,
    WEB,
    Flags,
    Floats,
    Ints,
    arrivals,
    days,
    local_day,
    micros,
    releases,
    stream,
)

DEVELOPERS = tuple(f"{name}@lumenoak.dev" for name in ("ada", "bo", "chris", "dana", "eli", "fay"))
NOBODY = -1
NEVER = np.iinfo(np.int64).max

_FRESH = 0.5  # share of sessions by people without an account
_SIGN_UP = 0.06  # of those
_SIGNED_IN, _SIGNS_IN = 0.75, 0.12  # of sessions by people with one
_DEV_SHARE = 0.0155


@dataclass(frozen=True, slots=True)
class Sessions:
    """The visits to the shop, in order of start: one array element each."""

    client: Ints
    start: Ints
    device: Ints  # one person on one client
    user: Ints  # NOBODY, or the account that is known from `known_from` on
    known_from: Ints
    signs_up: Flags
    signs_in: Flags
    developer: Flags
    version: Ints
    intent: Floats  # 0..1, the lower the nearer to buying
    pace: Floats  # how slowly this person clicks
    currency: Ints
    method: Ints  # of payment
    items: Ints
    value: Floats

    def __len__(self) -> int:
        """Return the number of sessions."""
        return len(self.start)

    def take(self, places: Ints) -> Sessions:
        """Return the sessions at the given places."""
        return Sessions(*(getattr(self, column.name)[places] for column in fields(self)))


@dataclass(frozen=True, slots=True)
class _Visitors:
    person: Ints
    member: Flags
    signs_up: Flags


def sessions(seed: int, total: float) -> Sessions:
    """Draw all sessions of the demo, about `total` of them."""
    client, start = arrivals(stream(seed, "arrivals"), total)
    rng = stream(seed, "people")
    visitors = _visitors(rng, client, start)
    developer = (client == WEB) & (start >= micros(DEV_TRAFFIC.start)) & (rng.random(len(start)) < _DEV_SHARE)
    person = np.where(developer, rng.integers(0, len(DEVELOPERS), len(start)), visitors.person)
    device = person * len(CLIENTS) + client
    known_from, signs_in = _knowledge(rng, start, visitors)
    basket = stream(seed, "baskets")
    mood = np.exp(basket.normal(0, 0.04, days()))[local_day(start)]
    return Sessions(
        client=client,
        start=start,
        device=device,
        user=np.where(visitors.member | visitors.signs_up | developer, person, NOBODY),
        known_from=np.where(developer, 0, known_from),
        signs_up=visitors.signs_up & ~developer,
        signs_in=signs_in & ~developer,
        developer=developer,
        version=releases(stream(seed, "releases"), client, device, start),
        intent=np.where(developer, 1.0, basket.random(len(start)) / mood),
        pace=np.exp(basket.normal(0, 0.35, len(start))),
        currency=basket.choice(3, len(start), p=[0.82, 0.13, 0.05]),
        method=basket.choice(4, len(start), p=[0.45, 0.35, 0.12, 0.08]),
        items=1 + basket.poisson(0.9, len(start)),
        value=np.round(np.exp(basket.normal(4.6, 0.7, len(start))) + 8, 2),
    )


def _visitors(rng: np.random.Generator, client: Ints, start: Ints) -> _Visitors:
    """People without an account come once or twice; some sign up, and come back as members."""
    fresh = rng.random(len(start)) < _FRESH
    signs_up = fresh & (rng.random(len(start)) < _SIGN_UP)
    old = len(DEVELOPERS) + len(start) // 6
    joined = np.concatenate([np.zeros(old, dtype=np.int64), start[signs_up]])
    phone = _phones(rng, np.concatenate([np.full(old, WEB), client[signs_up]]))
    person = len(joined) + rng.integers(0, int(fresh.sum() * 0.6) + 1, len(start))
    for app in (WEB, IOS, ANDROID):
        pool = np.flatnonzero((phone == app) | (app == WEB))
        pool = pool[pool >= len(DEVELOPERS)]
        mine = ~fresh & (client == app)
        known = np.searchsorted(joined[pool], start[mine])
        regular = rng.random(len(known)) ** 1.4  # the oldest members are the most faithful ones
        person[mine] = pool[(known * regular).astype(np.int64)]
    person[signs_up] = old + np.arange(signs_up.sum())
    return _Visitors(person, ~fresh, signs_up)


def _phones(rng: np.random.Generator, joined_on: Ints) -> Ints:
    """Return each member's app: the one that they joined with; of those from web, half have one."""
    other = rng.choice([WEB, IOS, ANDROID], len(joined_on), p=[0.5, 0.28, 0.22])
    return np.where(joined_on == WEB, other, joined_on)


def _knowledge(rng: np.random.Generator, start: Ints, visitors: _Visitors) -> tuple[Ints, Flags]:
    """Return from when on a session's messages carry the user id, and whether by signing in."""
    luck = rng.random(len(start))
    signed_in = visitors.member & (luck < _SIGNED_IN)
    signs_in = visitors.member & ~signed_in & (luck < _SIGNED_IN + _SIGNS_IN)
    moment = start + rng.integers(15, 240, len(start)) * SECOND
    known_from = np.where(signs_in | visitors.signs_up, moment, NEVER)
    return np.where(signed_in, 0, known_from), signs_in
