"""How are buttons heard where nothing outside can reach us? Over Socket Mode: we open the connection.

The SDK keeps the connection and opens it anew. Each press is acknowledged before anything is
done about it, because Slack waits three seconds and no longer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from monitor.alerts.slack.client import asking, web_client

_log = logging.getLogger(__name__)


def hear(
    app_token: str, base_url: str, timeout: int, on_press: Callable[[Mapping[str, Any]], None]
) -> Callable[[], None]:
    """Listen until the returned function is called.

    Args:
        app_token: an app-level token (`xapp-…`) with the scope `connections:write`.
        base_url: of Slack's Web API.
        timeout: seconds, for the request that opens the connection.
        on_press: called with each payload, in a thread of the SDK's; it must not take long.

    Raises:
        DeliveryError: Slack cannot be reached, or refuses the token.
    """
    client = SocketModeClient(app_token, web_client=web_client(app_token, base_url, timeout))

    def listener(socket: BaseSocketModeClient, request: SocketModeRequest) -> None:
        socket.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        if request.type == "interactive":
            on_press(request.payload)

    client.socket_mode_request_listeners.append(listener)
    with asking("apps.connections.open", repeatable=True):
        client.connect()
    return client.close
