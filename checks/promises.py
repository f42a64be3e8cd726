"""Which rules must the values of a planned property keep?"""

from __future__ import annotations

from collections.abc import Mapping

from checks.base import Rule
from checks.plan import PlannedProperty

_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
FORMATS = {  # as every database reads them alike; of JSON Schema's formats, those that a pattern can tell
    "date": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    "time": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$",
    "email": f"^[^@ ]+@{_LABEL}([.]{_LABEL})+$",
    "uuid": "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$",
    "uri": "^[A-Za-z][A-Za-z0-9+.-]*:[^ ]+$",
    "hostname": f"^{_LABEL}([.]{_LABEL})*$",
    "ipv4": f"^({_BYTE}[.]){{3}}{_BYTE}$",
    "ipv6": "^[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$",
}


def rules(prop: PlannedProperty) -> Mapping[str, Rule]:
    """Return the rules that a property's values must keep, by kind of finding."""
    bounds, lengths = (prop.min, prop.max), (prop.min_length, prop.max_length)
    given = {
        "wrong_type": Rule("type", (prop.type,)) if prop.type != "any" else None,
        "not_allowed": Rule("enum", prop.enum) if prop.enum else None,
        "pattern": Rule("pattern", (prop.pattern,)) if prop.pattern else None,
        "range": Rule("range", bounds) if bounds != (None, None) else None,
        "format": Rule("format", (FORMATS[prop.format],)) if prop.format in FORMATS else None,
        "length": Rule("length", lengths) if lengths != (None, None) and prop.type != "array" else None,
    }
    return {kind: rule for kind, rule in given.items() if rule}


def condition(prop: PlannedProperty) -> Rule | None:
    """Return when a property must be there: each of some properties is one of some values; None: at no such time."""
    return Rule("when", tuple(prop.required_when.items())) if prop.required_when and not prop.nullable else None
