"""Are names written as the team agreed, and is each thing called by one name?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from checks.slugs import slug
from monitor.document import shortened
from monitor.plan.lint.faults import Context, Found, Path, Rule
from monitor.plan.styles import STYLES, Style, style_of

FEWEST = 5  # events that make a habit
MOST = 0.8  # of them that share it
SHORTEST = 6  # letters of a name that may be a misspelling: shorter ones are alike by chance


def conventions(context: Context) -> Iterator[Found]:
    """Yield names that are not written as agreed."""
    events, properties = context.agreed.events, context.agreed.properties
    style, of_properties = style_of(events), style_of(properties)
    for event in context.plan.events.values():
        if style and event.call == "track" and event.deprecated is None and not style.fits(event.name):
            message = f"the event {shortened(event.name)} is not named in the style {events!r}"
            yield Found(("events", event.name), message, _instead(style, event.name, events))
        for path, prop in context.members[event.name] if of_properties else ():
            if of_properties and not of_properties.fits(prop.name):
                message = f"{shortened(event.name)}: {shortened(prop.name)} is not written in {properties}"
                yield Found(path, message, _instead(of_properties, prop.name, properties))


def habit(context: Context) -> str:
    """Return the style in which most events are named, where it is not the agreed one; nothing where there is none."""
    named = [event.name for event in context.plan.events.values() if event.call == "track"]
    agreed = style_of(context.agreed.events)
    if len(named) < FEWEST or agreed is None or sum(map(agreed.fits, named)) * 2 >= len(named):
        return ""
    counts = {name: sum(map(style.fits, named)) for name, style in STYLES.items() if name != "any"}
    usual = max(counts, key=lambda name: counts[name])
    if counts[usual] < MOST * len(named):
        return ""
    said = f"{counts[usual]:,} of {len(named):,} events are written in {usual!r}"
    return f"{said}: if that is how it should be, write lint: {{events: {usual}}} in the plan"


def _instead(style: Style, name: str, agreed: str) -> str:
    better = style.rewrite(name)
    if better and better != name and style.fits(better):
        return f"write {shortened(better)}"
    if agreed == "Object Action":
        return "name the object first, then what happened to it: 'Order Completed'"
    return ""


def near(context: Context) -> Iterator[Found]:
    """Yield names that differ only in spelling, or by one letter."""
    events: dict[str, list[Path]] = {
        event.name: [("events", event.name)] for event in context.plan.events.values() if event.call == "track"
    }
    yield from _alike(events, "event")
    properties: dict[str, list[Path]] = defaultdict(list)
    kinds: dict[str, set[str]] = defaultdict(set)
    for event in context.plan.events.values():
        for path, prop in context.members[event.name]:
            properties[prop.name].append(path)
            kinds[prop.name].add(prop.type)
    yield from _alike(properties, "property", kinds)


def _alike(named: Mapping[str, list[Path]], noun: str, kinds: Mapping[str, set[str]] | None = None) -> Iterator[Found]:
    families: dict[str, list[str]] = defaultdict(list)
    for name in named:
        families[slug(name).replace("_", "") or name].append(name)
    for family in families.values():
        usual, *others = sorted(family, key=lambda name: -len(named[name]))
        for other in others:
            if not _collide(noun, named[other], named[usual]) or slug(other) != slug(usual):
                message = f"the {noun} {shortened(other)} is spelt {shortened(usual)} elsewhere"
                yield Found(named[other][0], message, f"write {shortened(usual)}")
    heads = {fold: max(family, key=lambda name: len(named[name])) for fold, family in families.items()}
    for rare, usual in _one_letter_apart(heads, named):
        if not _plural_of_its_own(heads[rare], heads[usual], kinds):
            message = f"the {noun} {shortened(heads[rare])} is one letter from {shortened(heads[usual])}"
            yield Found(named[heads[rare]][0], message, "if they are the same, keep one; if not, make them less alike")


def _collide(noun: str, one: list[Path], other: list[Path]) -> bool:
    """Say whether two names of one slug are told as a collision already: of two events, or within one."""
    return noun == "event" or bool({path[:-1] for path in one} & {path[:-1] for path in other})


def _one_letter_apart(heads: Mapping[str, str], named: Mapping[str, list[Path]]) -> Iterator[tuple[str, str]]:
    """Yield pairs, the rarer one first; found by what is left of each when one letter is taken away."""
    left: dict[str, list[str]] = defaultdict(list)
    for fold in heads:
        if len(fold) >= SHORTEST:
            for each in {fold, *_shorter(fold)}:
                left[each].append(fold)
    told: set[frozenset[str]] = set()
    for candidates in left.values():
        for one, other in _pairs(candidates):
            pair = frozenset((one, other))
            if pair not in told and _letters_apart(one, other):
                told.add(pair)
                by_use = sorted((one, other), key=lambda fold: (len(named[heads[fold]]), fold))
                yield by_use[0], by_use[1]


def _shorter(name: str) -> Iterator[str]:
    return (name[:i] + name[i + 1 :] for i in range(len(name)))


def _pairs(names: list[str]) -> Iterable[tuple[str, str]]:
    if len(names) > 50:  # names that are made by counting
        return ()
    return ((one, other) for i, one in enumerate(names) for other in names[i + 1 :] if one != other)


def _letters_apart(one: str, other: str) -> bool:
    """Say whether one letter was added, changed or swapped with its neighbour; digits count things and do not mislead.

    >>> _letters_apart("ordertotal", "ordertotl"), _letters_apart("step1viewed", "step2viewed")
    (True, False)
    """
    short, long = sorted((one, other), key=len)
    if len(short) < len(long):
        at = next((i for i, letter in enumerate(short) if letter != long[i]), len(short))
        return short[at:] == long[at + 1 :] and not long[at].isdigit()
    differing = [i for i, letter in enumerate(one) if letter != other[i]]
    if any(one[i].isdigit() or other[i].isdigit() for i in differing):
        return False
    if len(differing) == 1:
        return True
    swapped = len(differing) == 2 and differing[1] == differing[0] + 1
    return swapped and one[differing[0]] == other[differing[1]] and one[differing[1]] == other[differing[0]]


def _plural_of_its_own(one: str, other: str, kinds: Mapping[str, set[str]] | None) -> bool:
    """Say whether one is a list of the other: `product_id` and `product_ids`."""
    short, long = sorted((one, other), key=len)
    if kinds is None or long.lower().rstrip("s") != short.lower().rstrip("s"):
        return False
    return kinds[short] != kinds[long]


RULES = {
    "convention": Rule("warning", conventions, "a name that is not written as agreed"),
    "near_duplicate": Rule("warning", near, "two names for what may be one thing"),
}
