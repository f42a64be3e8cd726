"""How do teams agree to name events and properties, and how would a name be written that does not keep to it?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SMALL = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "out", "the", "to", "via", "with"}
)
_PAST_WORDS = """
began begun bent bought brought built caught chosen cut dealt done drawn driven fallen fed felt forgotten found frozen
given gone got grown heard held hidden hit kept known left lent lost made meant met overridden paid put ran read
rebuilt redone repaid rerun resent reset resold rewound rewritten run seen sent set shown shut slept sold sought spent
split spoken stolen swapped swept taken taught thought thrown told torn understood undone upheld withdrawn woken won
worn written
"""
_PAST = frozenset(_PAST_WORDS.split())
_NOT_PAST_WORDS = """
bleed breed deed embed exceed feed indeed need newsfeed proceed seed shed speed succeed weed
"""
_NOT_PAST = frozenset(_NOT_PAST_WORDS.split())
_VERBS_WORDS = """
accept activate add apply approve begin book buy cancel change check choose claim clear click close complete confirm
connect copy create deactivate decline delete deliver disable dismiss display download edit enable end enter expand
expire export fail favorite filter finish follow hide hover import initiate install invite join launch leave like link
load login logout mount move open order pause pay pick place play post press print publish purchase queue rate reach
receive redeem refresh refund register reject remove rename renew report request reset resume retry return save
schedule scroll search see select send share show sign skip sort start stop submit subscribe swipe switch sync tap
toggle track transfer trigger uninstall unlock unsubscribe update upgrade upload use validate verify view visit watch
"""
_VERBS = frozenset(_VERBS_WORDS.split())
_NOUN_WORDS = "order search filter report request return review post share download display queue rate"
_NOUNS = frozenset(_NOUN_WORDS.split())
_WITHOUT_OBJECT = frozenset({"Signed Up", "Signed In", "Signed Out", "Logged In", "Logged Out"})  # everybody says so
_IRREGULAR = {
    "buy": "bought",
    "begin": "begun",
    "choose": "chosen",
    "hide": "hidden",
    "leave": "left",
    "login": "logged in",
}
_IRREGULAR |= {"logout": "logged out", "pay": "paid", "reset": "reset", "see": "seen", "send": "sent", "show": "shown"}
_DOUBLED = frozenset({"tap", "skip", "stop", "submit", "scroll", "cancel", "transfer", "track"}) - {
    "scroll",
    "track",
    "cancel",
}


@dataclass(frozen=True, slots=True)
class Style:
    """A way to write names: whether one is written so, and how it would be."""

    fits: Callable[[str], bool]
    rewrite: Callable[[str], str]


def words_of(name: str) -> list[str]:
    """Return the words of a name, however they are joined.

    >>> words_of("orderCompleted"), words_of("HTTP_request-ID"), words_of("AR Preview")
    (['order', 'Completed'], ['HTTP', 'request', 'ID'], ['AR', 'Preview'])
    """
    return [part for word in _WORD.findall(name) for part in _HUMP.split(word) if part]


def is_past(word: str) -> bool:
    """Say whether a word tells what has happened.

    >>> [is_past(word) for word in ("Completed", "sent", "Feed", "Order")]
    [True, True, False, False]
    """
    low = word.lower()
    return low in _PAST or (len(low) > 3 and low.endswith("ed") and low not in _NOT_PAST)


def past_of(verb: str) -> str:
    """Return what has happened, for a verb in its plain form; nothing where it is none that is known.

    >>> past_of("Complete"), past_of("tap"), past_of("apply"), past_of("send"), past_of("Order Item")
    ('completed', 'tapped', 'applied', 'sent', '')
    """
    low = verb.lower()
    if low not in _VERBS:
        return ""
    if low in _IRREGULAR:
        return _IRREGULAR[low]
    if low.endswith("y") and low[-2] not in "aeiou":
        return f"{low[:-1]}ied"
    return f"{low}d" if low.endswith("e") else f"{low}{low[-1] if low in _DOUBLED else ''}ed"


def _is_noun(word: str) -> bool:
    return word.lower() in _NOUNS


def is_object_action(name: str) -> bool:
    """Say whether a name is an object and what happened to it, in title case.

    >>> [is_object_action(name) for name in ("Order Completed", "Product Added to Wishlist", "iOS App Opened")]
    [True, True, True]
    >>> [is_object_action(name) for name in ("Completed Order", "order completed", "Order", "Order Complete")]
    [False, False, False, False]
    """
    if name in _WITHOUT_OBJECT:
        return True
    words = name.split(" ")
    titled = all(word and (not word[:2].islower() or word in _SMALL) and "_" not in word for word in words)
    return titled and any(map(is_past, words[1:])) and not (is_past(words[0]) and not any(map(is_past, words[2:])))


def as_object_action(name: str) -> str:
    """Return a name as Object Action, or nothing where only people know the object.

    >>> as_object_action("completed_order"), as_object_action("Click Banner"), as_object_action("checkout_start")
    ('Order Completed', 'Banner Clicked', 'Checkout Started')
    >>> as_object_action("Wishlist"), as_object_action("Rage Quit")
    ('', '')
    """
    words = words_of(name)
    if len(words) < 2:
        return ""
    first, last = words[0], words[-1]
    if any(map(is_past, words[1:])):
        said = words
    elif is_past(first) and words[1].lower() not in {"up", "in", "out", "off", "on"}:
        said = [*words[1:], first]
    elif past_of(first) and (_is_noun(last) or not past_of(last)):
        said = [*words[1:], *past_of(first).split()]
    elif past_of(last):
        said = [*words[:-1], *past_of(last).split()]
    else:
        return ""
    return " ".join(word if word in _SMALL else word[:1].upper() + word[1:] for word in said)


def _lower(name: str) -> list[str]:
    return [word.lower() for word in words_of(name)]


def _camel(name: str) -> str:
    first, *rest = _lower(name) or [""]
    return first + "".join(word.capitalize() for word in rest)


def _matching(pattern: str, rewrite: Callable[[str], str]) -> Style:
    compiled = re.compile(pattern)
    return Style(lambda name: compiled.fullmatch(name) is not None, rewrite)


STYLES: Mapping[str, Style] = {
    "Object Action": Style(is_object_action, as_object_action),
    "Title Case": _matching(
        r"[^\W_a-z]\S*( (\S*[A-Z0-9]\S*|[a-z]{1,4}))*",
        lambda name: " ".join(w[:1].upper() + w[1:] for w in words_of(name)),
    ),
    "Sentence case": _matching(r"[^\W_a-z]\S*( [^\sA-Z]\S*)*", lambda name: " ".join(_lower(name)).capitalize()),
    "snake_case": _matching(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", lambda name: "_".join(_lower(name))),
    "camelCase": _matching(r"[a-z][a-zA-Z0-9]*", _camel),
    "PascalCase": _matching(r"[A-Z][a-zA-Z0-9]*", lambda name: "".join(word.capitalize() for word in _lower(name))),
    "kebab-case": _matching(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", lambda name: "-".join(_lower(name))),
    "dot.case": _matching(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*", lambda name: ".".join(_lower(name))),
    "lower case": _matching(r"[^\sA-Z_.-]+( [^\sA-Z_.-]+)*", lambda name: " ".join(_lower(name))),
    "any": Style(lambda name: True, lambda name: name),
}


def style_of(said: str) -> Style | None:
    """Return the style of a name for it, or of a regular expression that begins with ^; None for neither."""
    if not said.startswith("^"):
        return STYLES.get(said)
    try:
        return _matching(said, lambda name: "")
    except re.error:
        return None
