"""Whom does an owner's name call in Slack?

A user (`U…`), a group (`S…`) and a channel (`C…`) by their ids, a person by address, a group by
handle (`@growth`). What Slack does not know, or does not let us look up, is literal text: a
mention is never a reason not to send.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from slack_sdk import WebClient

from monitor.alerts.blockkit import escape
from monitor.alerts.slack.client import asking
from monitor.alerts.tidy import one_line
from monitor.errors import DeliveryError

MOST = 10  # mentions in one message
_IDS = ((r"[UW][A-Z0-9]{6,}", "<@{}>"), (r"S[A-Z0-9]{6,}", "<!subteam^{}>"), (r"[CG][A-Z0-9]{6,}", "<#{}>"))
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_HANDLE = re.compile(r"@?([a-z0-9][a-z0-9._-]*)")

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class People:
    """Those whom we have asked Slack for; each is asked for once."""

    _found: dict[str, str] = field(default_factory=dict)  # address -> markup
    _groups: Mapping[str, str] | None = None  # handle -> markup; None: not asked yet

    def mention(self, client: WebClient, owners: str | None) -> str:
        """Return the markup that calls some owners, separated by commas in `owners`."""
        names = [one_line(name, 200) for name in (owners or "").split(",")]
        return " ".join(self._one(client, name) for name in names[:MOST] if name)

    def _one(self, client: WebClient, name: str) -> str:
        for pattern, markup in _IDS:
            if re.fullmatch(pattern, name):
                return markup.format(name)
        if _ADDRESS.fullmatch(name):
            return self._found.get(name) or self._look_up(client, name)
        handle = _HANDLE.fullmatch(name)
        return self._group(client, handle[1], escape(name)) if handle else escape(name)

    def _look_up(self, client: WebClient, address: str) -> str:
        try:
            with asking("users.lookupByEmail", repeatable=True):
                self._found[address] = f"<@{client.users_lookupByEmail(email=address)['user']['id']}>"
        except DeliveryError as error:
            _log.info("%s is not mentioned: %s", address, error.reason)
            if not error.permanent:
                return escape(address)
            self._found[address] = escape(address)
        return self._found[address]

    def _group(self, client: WebClient, handle: str, otherwise: str) -> str:
        if self._groups is None:
            try:
                with asking("usergroups.list", repeatable=True):
                    listed = client.usergroups_list().get("usergroups") or ()
                self._groups = {str(each["handle"]): f"<!subteam^{each['id']}>" for each in listed}
            except DeliveryError as error:
                _log.info("groups are not mentioned: %s", error.reason)
                if not error.permanent:
                    return otherwise
                self._groups = {}
        return self._groups.get(handle, otherwise)
