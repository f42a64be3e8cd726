"""What does Slack do with a request, as far as tests must know?

A server on this machine that speaks the part of Slack's Web API that trackwatch uses,
refuses what Slack refuses (docs.slack.dev/reference; the limit over a whole message is
from slackapi/bolt-js #2509), keeps what it was told, and fails on request.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qsl

MOST_BLOCKS = 50
MOST_CHARACTERS = 13_200
LONGEST = {"header": 150, "section": 3000, "field": 2000, "context": 3000, "button": 75}
MOST_FIELDS = 10
MOST_ELEMENTS = {"context": 10, "actions": 25}
LONGEST_ACTION, LONGEST_VALUE = 255, 2000

Args = dict[str, str]
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request to a method (`*`: to any)."""

    kind: Literal["refuse", "rate_limit", "server_error", "silence", "drop"]
    value: str = ""  # refuse: Slack's error code; rate_limit: the Retry-After header
    method: str = "*"


@dataclass(slots=True)
class Posted:
    """A message as Slack keeps it."""

    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    thread_ts: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    edits: int = 0
    broadcast: bool = False  # a reply that the channel is shown too


@dataclass(slots=True)
class Uploaded:
    """A file as Slack keeps it; `channel` is None until the upload is completed."""

    name: str
    length: int
    alt: str
    content: bytes = b""
    channel: str | None = None
    thread_ts: str | None = None


class RefusedError(Exception):
    """Slack says `ok: false`, with this error."""


@dataclass(slots=True)
class FakeSlack:
    """A workspace. Use it as a context manager, and `url` as the channel's `base_url`."""

    token: str = "xoxb-fake"  # noqa: S105  opens nothing
    tokens: set[str] = field(default_factory=set)  # others that open it too
    channels: dict[str, str] = field(default_factory=lambda: {"C0ALERTS1": "data-alerts"})  # id -> name
    outside: set[str] = field(default_factory=set)  # ids of channels that the bot is not in
    people: dict[str, str] = field(default_factory=dict)  # email address -> user id
    groups: dict[str, str] = field(default_factory=dict)  # handle -> group id
    whispers: list[tuple[str, str]] = field(default_factory=list)  # user id, text
    socket_url: str = ""  # where Socket Mode is
    faults: list[Fault] = field(default_factory=list)  # each is used up by one request
    messages: list[Posted] = field(default_factory=list)
    files: dict[str, Uploaded] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    url: str = ""
    _server: _Server | None = None
    _clock: Iterator[int] = field(default_factory=lambda: itertools.count(1_772_000_000))

    def __enter__(self) -> Self:
        """Start answering."""
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/api/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and let go of requests that were kept waiting."""
        if self._server:
            self._server.closing.set()
            self._server.shutdown()
            self._server.server_close()

    def roots(self) -> list[Posted]:
        """Return the messages that are not replies, oldest first."""
        return [message for message in self.messages if message.thread_ts is None]

    def thread(self, root: Posted) -> list[Posted]:
        """Return the replies to a message, oldest first."""
        return [message for message in self.messages if message.thread_ts == root.ts]

    def answer(self, method: str, args: Args, token: str) -> Answer:
        """Return what Slack answers to a request, and do what it asks for."""
        if token not in {self.token, *self.tokens}:
            return {"ok": False, "error": "invalid_auth" if token else "not_authed"}
        handler = _METHODS.get(method)
        try:
            return {"ok": True, **handler(self, args)} if handler else {"ok": False, "error": "unknown_method"}
        except RefusedError as refused:
            return {"ok": False, "error": str(refused)}

    def fault(self, method: str) -> Fault | None:
        """Return and use up the first fault that is meant for a method."""
        for number, fault in enumerate(self.faults):
            if fault.method in ("*", method):
                return self.faults.pop(number)
        return None

    def post(self, args: Args) -> Answer:
        """chat.postMessage."""
        channel = self._channel(args.get("channel", ""), by_name=True)
        blocks = _content(args)
        thread = args.get("thread_ts")
        if thread and not any(m.ts == thread and m.channel == channel for m in self.messages):
            raise RefusedError("thread_not_found")
        metadata = json.loads(args.get("metadata", "{}"))
        posted = Posted(channel, f"{next(self._clock)}.000100", args.get("text", ""), blocks, thread, metadata)
        posted.broadcast = args.get("reply_broadcast") in ("1", "true")
        self.messages.append(posted)
        return {"channel": channel, "ts": posted.ts, "message": asdict(posted)}

    def update(self, args: Args) -> Answer:
        """chat.update. Metadata that is not given stays."""
        channel = self._channel(args.get("channel", ""))
        posted = next((m for m in self.messages if (m.channel, m.ts) == (channel, args.get("ts"))), None)
        if posted is None:
            raise RefusedError("message_not_found")
        posted.blocks, posted.text = _content(args), args.get("text", "")
        posted.metadata = json.loads(args["metadata"]) if "metadata" in args else posted.metadata
        posted.edits += 1
        return {"channel": channel, "ts": posted.ts, "text": posted.text}

    def history(self, args: Args) -> Answer:
        """conversations.history: newest first, without replies."""
        channel = self._channel(args.get("channel", ""))
        return self._listed([m for m in reversed(self.roots()) if m.channel == channel], args)

    def replies(self, args: Args) -> Answer:
        """conversations.replies: the root and its thread, oldest first."""
        channel = self._channel(args.get("channel", ""))
        thread = [m for m in self.messages if m.channel == channel and args.get("ts") in (m.ts, m.thread_ts)]
        if not thread:
            raise RefusedError("thread_not_found")
        return self._listed(thread, args)

    def _listed(self, messages: list[Posted], args: Args) -> Answer:
        first, limit = int(args.get("cursor") or 0), int(args.get("limit", 100))
        shown = [asdict(message) for message in messages[first : first + limit]]
        threads = [each.thread_ts for each in self.messages] + [each.thread_ts for each in self.files.values()]
        for message in shown:
            message["reply_count"] = threads.count(message["ts"])
            if args.get("include_all_metadata") not in ("1", "true"):
                del message["metadata"]
        following = str(first + limit) if first + limit < len(messages) else ""
        return {"messages": shown, "has_more": bool(following), "response_metadata": {"next_cursor": following}}

    def look_up(self, args: Args) -> Answer:
        """users.lookupByEmail."""
        user = self.people.get(args.get("email", ""))
        if user is None:
            raise RefusedError("users_not_found")
        return {"user": {"id": user}}

    def list_groups(self, _args: Args) -> Answer:
        """usergroups.list."""
        return {"usergroups": [{"id": key, "handle": handle} for handle, key in self.groups.items()]}

    def whisper(self, args: Args) -> Answer:
        """chat.postEphemeral."""
        self._channel(args.get("channel", ""))
        self.whispers.append((args.get("user", ""), args.get("text", "")))
        return {"message_ts": f"{next(self._clock)}.000100"}

    def open_socket(self, _args: Args) -> Answer:
        """apps.connections.open."""
        return {"url": self.socket_url}

    def upload_url(self, args: Args) -> Answer:
        """files.getUploadURLExternal."""
        length = int(args.get("length") or 0)
        if not args.get("filename") or length <= 0:
            raise RefusedError("invalid_arguments")
        name = f"F{len(self.files) + 1:08}"
        self.files[name] = Uploaded(args["filename"], length, args.get("alt_txt", ""))
        return {"file_id": name, "upload_url": self.url.replace("/api/", f"/upload/{name}")}

    def complete(self, args: Args) -> Answer:
        """files.completeUploadExternal."""
        listed = json.loads(args.get("files", "[]"))
        channel = self._channel(args.get("channel_id", ""))
        for entry in listed:
            known = self.files.get(entry["id"])
            if known is None or len(known.content) != known.length:
                raise RefusedError("file_not_found")
            known.channel, known.thread_ts = channel, args.get("thread_ts")
        return {"files": listed}

    def _channel(self, wanted: str, *, by_name: bool = False) -> str:
        names = {name: key for key, name in self.channels.items()} if by_name else {}
        known = names.get(wanted.removeprefix("#"), wanted)
        if known not in self.channels:
            raise RefusedError("channel_not_found")
        if known in self.outside:
            raise RefusedError("not_in_channel")
        return known


def check_blocks(blocks: list[dict[str, Any]]) -> str | None:
    """Return the error with which Slack refuses blocks, or None if it takes them."""
    if len(blocks) > MOST_BLOCKS or any(not _is_sound(block) for block in blocks):
        return "invalid_blocks"
    texts = [(kind, text) for block in blocks for kind, text in _texts(block)]
    if any(not 0 < len(text) <= LONGEST[kind] for kind, text in texts):
        return "invalid_blocks"
    return "msg_blocks_too_long" if sum(len(text) for _, text in texts) > MOST_CHARACTERS else None


def _is_sound(block: Mapping[str, Any]) -> bool:
    """Say whether a block has no more parts than it may have, and buttons that can be told apart."""
    elements = block.get("elements", ())
    if len(block.get("fields", ())) > MOST_FIELDS or len(elements) > MOST_ELEMENTS.get(block["type"], 0):
        return False
    if block["type"] != "actions":
        return block["type"] in LONGEST
    names = [each.get("action_id", "") for each in elements]
    known = all(each["type"] == "button" and len(each.get("value", "")) <= LONGEST_VALUE for each in elements)
    return known and len(set(names)) == len(names) > 0 and all(0 < len(name) <= LONGEST_ACTION for name in names)


def _texts(block: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if block["type"] == "actions":
        yield from (("button", each["text"]["text"]) for each in block["elements"])
        return
    if "text" in block:
        yield block["type"], block["text"]["text"]
    yield from (("field", part["text"]) for part in block.get("fields", ()))
    yield from (("context", part["text"]) for part in block.get("elements", ()))


def _content(args: Args) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = json.loads(args.get("blocks", "[]"))
    if not blocks and not args.get("text"):
        raise RefusedError("no_text")
    refused = check_blocks(blocks)
    if refused:
        raise RefusedError(refused)
    return blocks


_METHODS: dict[str, Callable[[FakeSlack, Args], Answer]] = {
    "chat.postMessage": FakeSlack.post,
    "chat.update": FakeSlack.update,
    "chat.postEphemeral": FakeSlack.whisper,
    "apps.connections.open": FakeSlack.open_socket,
    "conversations.history": FakeSlack.history,
    "conversations.replies": FakeSlack.replies,
    "users.lookupByEmail": FakeSlack.look_up,
    "usergroups.list": FakeSlack.list_groups,
    "files.getUploadURLExternal": FakeSlack.upload_url,
    "files.completeUploadExternal": FakeSlack.complete,
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, slack: FakeSlack) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.slack = slack
        self.closing = threading.Event()
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print what went wrong, unless it is only that who asked has been killed meanwhile."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        place, _, method = self.path.lstrip("/").partition("/")
        with self.server.lock:
            self.server.slack.calls.append(method if place == "api" else place)
            fault = self.server.slack.fault(method if place == "api" else place)
            answer = self._done(place, method, body) if fault is None or fault.kind == "drop" else {}
        if fault is None:
            self._reply(200, answer)
        else:
            self._fail(fault)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name that http.server has
        """Say nothing."""

    def _done(self, place: str, method: str, body: bytes) -> Answer:
        slack = self.server.slack
        if place == "upload":
            slack.files[method].content = body
            return {"ok": True}
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return slack.answer(method, _arguments(self.headers.get_content_type(), body), token)

    def _fail(self, fault: Fault) -> None:
        if fault.kind == "refuse":
            self._reply(200, {"ok": False, "error": fault.value})
        elif fault.kind == "rate_limit":
            self._reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": fault.value})
        elif fault.kind == "server_error":
            self._reply(500, None)
        elif fault.kind == "silence":
            self.server.closing.wait()
        self.close_connection = True

    def _reply(self, status: int, answer: Answer | None, headers: Mapping[str, str] | None = None) -> None:
        body = b"<html>upstream error</html>" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _arguments(kind: str, body: bytes) -> Args:
    if kind != "application/json":
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    given = json.loads(body or b"{}")
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
