"""In which tables is the memory kept?

Points are packed, a row for a stretch of a series (see `points`). Times are whole seconds since
1970 (SQLite has no time zones, and integers compare the same everywhere).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

HEAD = "0008"  # the newest migration: compared at start without importing Alembic

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workspace", String(100), nullable=False),
    Column("source", String(200), nullable=False),
    Column("event", Text, nullable=False),
    Column("property", Text, nullable=False),
    Column("label", Text, nullable=False, server_default=""),
    Column("measure", String(100), nullable=False),
    Column("grain", String(10), nullable=False),
    Column("first_seen", BigInteger),  # its first bucket: outlives its points
    UniqueConstraint("workspace", "source", "event", "property", "label", "measure", "grain"),
)

chunk = Table(
    "chunk",
    metadata,
    Column("workspace", String(100), primary_key=True),
    Column("grain", String(10), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("series_id", Integer, ForeignKey("series.id"), primary_key=True),
    Column("points", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

progress = Table(
    "progress",
    metadata,
    Column("workspace", String(100), primary_key=True),
    Column("measured_from", BigInteger, nullable=False),
    Column("measured_until", BigInteger, nullable=False),
    Column("judged_until", BigInteger, nullable=False),
)

watermark = Table(
    "watermark",
    metadata,
    Column("workspace", String(100), primary_key=True),
    Column("source", String(200), primary_key=True),
    Column("received", BigInteger, nullable=False),
    Column("loaded", BigInteger),
)

behind = Table(
    "behind",
    metadata,
    Column("workspace", String(100), primary_key=True),
    Column("source", String(200), primary_key=True),
    Column("judged_until", BigInteger, nullable=False),
)

# checks that are not as far as the rest, because their group is evaluated more rarely
apart = Table(
    "apart",
    metadata,
    Column("workspace", String(100), primary_key=True),
    Column("check", String(100), primary_key=True),
    Column("source", String(200), primary_key=True),  # empty: every source that is not named
    Column("judged_until", BigInteger, nullable=False),
)

rhythm = Table(
    "rhythm",
    metadata,
    Column("workspace", String(100), primary_key=True),
    Column("source", String(200), primary_key=True),
    Column("loads", LargeBinary, nullable=False),
    Column("arrivals", LargeBinary, nullable=False),
    Column("seen", BigInteger),
    Column("lag", BigInteger),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workspace", String(100), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("judged_from", BigInteger, nullable=False),
    Column("judged_until", BigInteger, nullable=False),
    Column("summary", Text, nullable=False),
)

incident = Table(
    "incident",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("workspace", String(100), nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("severity", String(20), nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("resolved", BigInteger),
    Column("body", Text, nullable=False),
    Index(
        "one_open_incident_per_subject",
        "workspace",
        "subject",
        unique=True,
        sqlite_where=text("resolved IS NULL"),
        postgresql_where=text("resolved IS NULL"),
    ),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("workspace", String(100), nullable=False),
    Column("incident", String(40), nullable=False),
    Column("channel", String(100), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("ambiguous", Boolean, nullable=False),
    Column("message", Text, nullable=False),
    Column("zone", String(100), nullable=False),
    Column("chart", LargeBinary),
    Column("receipt", Text),
    Column("ended", BigInteger),  # when it was sent, suppressed or given up
    Column("token", BigInteger),  # of the lease under which a try was begun; none: by a single run
    Column("digest", String(40)),  # the digest that tells of it, in which case it is suppressed
    Index("ix_outbox_incident", "incident"),
    Index("ix_outbox_digest", "digest"),
    Index("ix_outbox_state", "workspace", "state"),
)

action = Table(
    "action",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("workspace", String(100), nullable=False),
    Column("incident", String(40), nullable=False, index=True),
    Column("verb", String(20), nullable=False),
    Column("by", String(200), nullable=False),
    Column("via", String(20), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("note", Text, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("workspace", String(100), primary_key=True),
    Column("holder", String(200), nullable=False),
    Column("token", BigInteger, nullable=False),  # grows with each holder: who writes with an older one is too late
    Column("until", BigInteger, nullable=False),
)

# the newest of something that was found out beside measures, such as the catalogue, as JSON
snapshot = Table(
    "snapshot",
    metadata,
    Column("workspace", String(100), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

report = Table(
    "report",
    metadata,
    Column("workspace", String(100), primary_key=True),
    Column("week", String(10), primary_key=True),
    Column("audience", String(200), primary_key=True),  # an owner; empty: everybody
    Column("at", BigInteger, nullable=False),
    Column("sent", Boolean, nullable=False),
    Column("head", Text, nullable=False),  # what a list of reports shows of it, as JSON
    Column("body", Text, nullable=False),
)
