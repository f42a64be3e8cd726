"""What arrives when the shop's visitors do what they do?

A frame of messages has one row a message. Columns that begin with `_` are about the
message (times in microseconds since 1970, UTC); the others are its properties.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitor.demo.events import Event
from monitor.demo.people import NOBODY, Sessions
from monitor.demo.traffic import CLIENTS, HOUR, SECOND, SERVER, SOURCES, WEB, Flags, Ints, stream
from monitor.demo.values import Rows, popularity

COPY = 1 << 40  # what separates the message numbers of a double-fire from those of the first
_KNOWING = ("Signed Up", "Signed In", "Identify")  # sent at the moment when the shop learns who it is
_RESENT = 0.0002
_RARE = 1000
_REPEATED = 0.0008
_BLOCKED = 0.05  # of web's mirror of a server event: ad blockers
_OFFLINE = 0.02


def messages(event: Event, sessions: Sessions, seed: int, number: int) -> pd.DataFrame:
    """Return all messages of an event, from all its sources, as they arrive.

    Args:
        event: which event.
        sessions: the visits.
        seed: of chance.
        number: the event's number: message numbers begin at `number` << 32.
    """
    rng = stream(seed, event.name)
    frame = _happenings(event, sessions, rng)
    if "server" in event.sources and event.sources != ("server",):
        frame = pd.concat([frame, _mirror(frame, sessions, rng)], ignore_index=True)
    frame = _repeat(frame, rng)
    frame["_number"] = (number << 32) + np.arange(len(frame))
    frame["_event"] = event.name
    _send(frame, sessions, rng)
    return _resend(frame, rng)


def _happenings(event: Event, sessions: Sessions, rng: np.random.Generator) -> pd.DataFrame:
    wanted = [client in event.sources for client in CLIENTS]
    fits = np.flatnonzero(np.array(wanted)[sessions.client] | ("server" in event.sources))
    counts = event.happens(sessions.take(fits), rng)
    session = fits[np.repeat(np.arange(len(fits)), counts)]
    occurred = _moments(event, sessions, session, rng)
    rows = Rows(sessions, session, occurred, rng.choice(len(popularity()), len(session), p=popularity()), rng)
    columns = {name: make(rows) for name, make in event.properties.items()}
    source = np.full(len(session), SERVER) if "server" in event.sources else sessions.client[session]
    return pd.DataFrame({"_source": source, "_session": session, "_occurred": occurred, **columns})


def _moments(event: Event, sessions: Sessions, session: Ints, rng: np.random.Generator) -> Ints:
    """A session's messages of one event lie at least five seconds apart, mostly."""
    if event.name in _KNOWING:
        return sessions.known_from[session]
    again = pd.Series(session).groupby(session).cumcount().to_numpy()
    seconds = event.at * sessions.pace[session] + again * (8 + rng.exponential(50, len(session)))
    occurred = sessions.start[session] + (seconds * SECOND).astype(np.int64) + rng.integers(0, 2 * SECOND, len(session))
    return event.later(occurred, rng) if event.later else occurred


def _mirror(frame: pd.DataFrame, sessions: Sessions, rng: np.random.Generator) -> pd.DataFrame:
    """What the shopper's own device says of a server's event, a moment later."""
    client = sessions.client[frame["_session"]]
    seen = (client != WEB) | (rng.random(len(frame)) > _BLOCKED)
    later = frame["_occurred"] + rng.integers(SECOND // 2, 3 * SECOND, len(frame))
    mirrored: pd.DataFrame = frame.assign(_source=client, _occurred=later).loc[seen]
    return mirrored


def _repeat(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """People click twice: the same again, under another id, a moment later."""
    clicked = frame[(frame["_source"] != SERVER) & (rng.random(len(frame)) < _REPEATED)]
    wait = rng.integers(SECOND // 3, 4 * SECOND, len(clicked))
    return pd.concat([frame, clicked.assign(_occurred=clicked["_occurred"] + wait)], ignore_index=True)


def _send(frame: pd.DataFrame, sessions: Sessions, rng: np.random.Generator) -> None:
    """Add who is known, and the ways and times of the message."""
    session, source = frame["_session"].to_numpy(), frame["_source"].to_numpy()
    occurred = frame["_occurred"].to_numpy()
    knows = occurred >= sessions.known_from[session]
    frame["_device"] = sessions.device[session]
    frame["_user"] = np.where(knows, sessions.user[session], NOBODY)
    frame["_developer"] = sessions.developer[session]
    frame["_version"] = np.where(source == SERVER, -1, sessions.version[session])
    skew = np.where(source == SERVER, 0, (sessions.device[session] % 97 - 48) * (SECOND // 20))
    uploaded = occurred + _waits(source, session, rng)
    frame["_original"] = occurred + skew
    frame["_sent"] = uploaded + skew
    frame["_received"] = uploaded + rng.integers(SECOND // 25, SECOND, len(frame))


def _waits(source: Ints, session: Ints, rng: np.random.Generator) -> Ints:
    """Time until upload: none on web and server, half a minute in apps, hours for the 2 % that are offline."""
    app = (source != WEB) & (source != SERVER)
    luck = session * 2_654_435_761 % (1 << 32) / (1 << 32)  # a session is offline as a whole
    offline: Flags = app & (luck < _OFFLINE)
    hours = 0.2 + (luck / _OFFLINE) ** 3 * 11
    batch = rng.integers(0, 30 * SECOND, len(source))
    return np.where(offline, (hours * HOUR).astype(np.int64), 0) + np.where(app, batch, SECOND // 20)


def _resend(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Networks fail: the same message again, under the same id. Of a rare event, one would be a fault to tell of."""
    if len(frame) < _RARE:
        return frame
    lost = frame[rng.random(len(frame)) < _RESENT]
    return pd.concat([frame, resent(lost, rng.integers(5 * SECOND, 90 * SECOND, len(lost)))], ignore_index=True)


def resent(frame: pd.DataFrame, wait: Ints) -> pd.DataFrame:
    """Return the same messages, sent and received again after a while."""
    return frame.assign(_sent=frame["_sent"] + wait, _received=frame["_received"] + wait)


def of(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the messages of one source."""
    return frame[frame["_source"] == SOURCES.index(source)].reset_index(drop=True)
