"""How do suggestions read in a terminal, and as JSON?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.compose import Composer
from monitor.incidents import Incident
from monitor.output import stamp
from monitor.tune.suggestion import Suggestion, Trial

MOST = 5  # alerts of a trial that are named


def as_text(
    suggestions: Sequence[Suggestion], together: Trial | None, marked: Sequence[Incident], composer: Composer
) -> str:
    """Return the suggestions with their evidence, those that the replay speaks against last."""
    return "\n".join(_lines(suggestions, together, marked, composer))


def _lines(
    suggestions: Sequence[Suggestion], together: Trial | None, marked: Sequence[Incident], composer: Composer
) -> Iterator[str]:
    good, bad = ([each for each in suggestions if each.holds is holds] for holds in (True, False))
    yield _head(len(good), len(marked))
    for number, each in enumerate(good, start=1):
        yield f"\n{number}. {each.what}"
        yield from _why(each, composer)
    if len(good) > 1 and together is not None:
        yield f"\nAll of it together: {_tried(together)}."
    for each in bad:
        yield f"\nNot suggested: {each.what}"
        yield from _why(each, composer)
    if good:
        yield "\nNothing has been changed. --diff shows the change to the files, --write makes it."


def _head(good: int, marked: int) -> str:
    rests = f"{marked} alert{'s' * (marked != 1)} that people called noise or useful, and the past weeks"
    if not good:
        return f"Nothing to suggest, by {rests}."
    return f"{good} suggestion{'s' * (good != 1)}, by {rests}"


def _why(suggestion: Suggestion, composer: Composer) -> Iterator[str]:
    yield from (f"   {said}" for said in suggestion.evidence)
    trial = suggestion.trial
    if trial is not None:
        yield f"   tried on the past: {_tried(trial)}"
        sides = [("-", pair.ours) for pair in trial.lost] + [("+", pair.theirs) for pair in trial.gained]
        for sign, side in sides[:MOST]:
            if side:
                local = side[0].started.astimezone(composer.zone)
                yield f"     {sign} {composer.title(side[0])}, since {local:%a} {local.day} {local:%b %H:%M}"
        if len(sides) > MOST:
            yield f"     … and {len(sides) - MOST} more"


def _tried(trial: Trial) -> str:
    if not trial.lost and not trial.gained:
        return "the same alerts"
    marks = f", {trial.lost_noise} of them called noise, {trial.lost_useful} useful" if trial.lost else ""
    return f"{len(trial.lost)} alert{'s' * (len(trial.lost) != 1)} fewer{marks}; {len(trial.gained)} more"


def as_data(suggestions: Sequence[Suggestion], together: Trial | None, diff: str, composer: Composer) -> dict[str, Any]:
    """Return one JSON document."""
    return {
        "version": 1,
        "suggestions": [_suggestion(each, composer) for each in suggestions],
        "together": together and _trial(together, composer),
        "diff": diff,
    }


def _suggestion(each: Suggestion, composer: Composer) -> dict[str, Any]:
    edits = [{"file": str(e.file), "path": list(e.path), "value": e.value, "added": e.item} for e in each.edits]
    return {
        "about": each.about.value,
        "what": each.what,
        "evidence": list(each.evidence),
        "incidents": list(each.incidents),
        "holds": each.holds,
        "edits": edits,
        "tried": each.trial and _trial(each.trial, composer),
    }


def _trial(trial: Trial, composer: Composer) -> dict[str, Any]:
    lost, gained = (
        [side for pair in pairs if (side := pair.ours or pair.theirs)] for pairs in (trial.lost, trial.gained)
    )
    named = (
        [{"title": composer.title(incident), "told": stamp(told.at)} for incident, told in each]
        for each in (lost, gained)
    )
    return {**dict(zip(("lost", "gained"), named, strict=True)), "noise": trial.lost_noise, "useful": trial.lost_useful}
