"""What do all checks want measured, and what do they say of a profile?

A crashing check is one operational finding; the others go on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from checks.base import CHECKS, Evidence, Finding, Kind, Measure, Profile
from checks.plan import Plan
from monitor import known_checks, operations
from monitor.config import CheckConfig

GONE = Kind(
    "{subject}: found by a check that is no longer there",
    "Nothing judges it any more: resolve the incident, or put the file or package of the check back.",
    spoils=False,
)

_log = logging.getLogger(__name__)


def wanted(enabled: Iterable[CheckConfig], plan: Plan) -> tuple[Measure, ...]:
    """Return what the store must measure for all checks, each measure once."""
    measures: dict[Measure, None] = {}
    for each in enabled:
        measures.update(dict.fromkeys(each.known.check.measures(plan, each.params)))
    return tuple(measures)


def judge(enabled: Iterable[CheckConfig], profile: Profile, plan: Plan) -> list[Finding]:
    """Return the findings of all checks about the window of a profile."""
    findings: list[Finding] = []
    for each in enabled:
        findings += _run(each, profile, plan)
    return findings


def _run(each: CheckConfig, profile: Profile, plan: Plan) -> list[Finding]:
    name, start = each.name, profile.window.start
    try:
        found = [_stamped(f, name) for f in each.known.check.judge(profile, plan, each.params)]
        if undeclared := {f.kind for f in found} - each.known.kinds.keys():
            raise LookupError(f"it finds {', '.join(sorted(undeclared))}, which is not among its kinds")
    except Exception as error:  # noqa: BLE001 one broken check must not silence the others
        _log.exception("check %s crashed", name)
        text = f"The check {name} crashed: {type(error).__name__}: {error}. Nothing that it watches was judged."
        return [Finding(check=operations.NAME, kind="check_crashed", property=name, text=text)]
    return [f for f in found if each.covers(f.event) and (f.bucket is None or f.bucket.end > start)]


def _stamped(finding: Finding, name: str) -> Finding:
    """Write the check's name on a finding; nobody else has seen it yet, and there are a hundred thousand a week."""
    object.__setattr__(finding, "check", name)
    return finding


def evidence(enabled: Sequence[CheckConfig], profile: Profile, plan: Plan, finding: Finding) -> Evidence | None:
    """Return the series behind a finding, or None where there is none to show."""
    for each in enabled:
        if each.name == finding.check:
            return each.known.check.evidence(profile, plan, each.params, finding)
    return None


def kind_of(finding: Finding) -> Kind:
    """Return what a finding's kind means."""
    name = finding.check, finding.kind
    known = CHECKS[finding.check].kinds.get(finding.kind) if finding.check in CHECKS else known_checks.kind(*name)
    return operations.KINDS.get(name) or known or GONE
