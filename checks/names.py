"""How alike are two names?

Names are compared as the words they are made of, whatever joins them, and letter by letter.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_ENDINGS = ("ing", "ed", "es", "s", "e")


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in small letters.

    >>> words("Order Completed"), words("orderCompleted"), words("ORDER-completed!"), words("HTTPRequest2")
    (('order', 'completed'), ('order', 'completed'), ('order', 'completed'), ('http', 'request', '2'))
    """
    return tuple(word.lower() for word in _WORD.findall(name))


def stems(name: str) -> frozenset[str]:
    """Return the words of a name without their endings and order: names with the same are spellings of one thing.

    >>> stems("Orders Completed") == stems("complete_order"), stems("Upload Stopped") == stems("stopUpload")
    (True, True)
    """
    return frozenset(map(_stem, words(name)))


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            shorter = word.removesuffix(ending)
            doubled = ending in ("ed", "ing") and len(shorter) > 3 and shorter[-1] == shorter[-2]
            return shorter[:-1] if doubled else shorter
    return word


def likeness(one: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1: by their stems or their letters, whichever says more.

    >>> likeness("Wishlist Item Added", "wishlist_add"), likeness("Signed Up", "Order Completed") < 0.4
    (0.8, True)

    Stems are compared by the coefficient of Dice (1945), letters by Ratcliff and Obershelp (1988).
    """
    a, b = stems(one), stems(other)
    if not a or not b:
        return 0.0
    shared = 2 * len(a & b) / (len(a) + len(b))
    letters = SequenceMatcher(None, "".join(words(one)), "".join(words(other)), autojunk=False).ratio()
    return max(shared, letters)


def edits(one: str, other: str) -> int:
    """Return 0 for the same name, 1 for one edit (a letter changed, added, dropped, or two swapped), 2 for more.

    >>> edits("order_completed", "order_complted"), edits("paid", "piad"), edits("paid", "pays"), edits("a", "a")
    (1, 1, 2, 0)
    """
    if one == other:
        return 0
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    once = a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and len(a) > 1 and a[2:] == b[2:])
    return 1 if once else 2
