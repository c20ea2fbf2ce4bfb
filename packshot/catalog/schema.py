"""The tables. ``predictions``, ``decisions``, ``draws`` and ``promotions`` are only ever added to: what a model said,
what was decided and why stay apart and stay. ``photos`` and ``publications`` hold where each photo stands now.
``review_...``: who may use the pages, who is signed in, and what they did there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcTime(TypeDecorator[datetime]):
    """A moment, always with its time zone; SQLite has none, so it is kept in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        del dialect
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """With its zone."""
        del dialect
        if value is None:
            return None
        moment: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC)


NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)

photos = Table(
    "photos",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("sha256", String(64), nullable=False, default=""),  # empty until the photo was read
    Column("category", Text, nullable=False, default="unknown"),
    Column("product", Text),
    Column("carried", JSON, nullable=False, default=dict),
    Column("state", String(16), nullable=False),
    Column("audit", String(8), nullable=False, default="none"),
    Column("prediction_id", Integer),
    Column("priority", Float, nullable=False, default=0.0),
    Column("seen_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", UtcTime),
    UniqueConstraint("source", "sha256"),
    Index("ix_photos_queue", "state", "audit", "priority"),
    Index("ix_photos_lease_owner", "lease_owner"),
    Index("ix_photos_product", "product"),
)

predictions = Table(
    "predictions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("photo_id", ForeignKey("photos.id"), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("shadow", Boolean, nullable=False, default=False),
    Column("folder", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("pack", Text, nullable=False),
    Column("pack_digest", String(64), nullable=False),
    Column("category", Text, nullable=False),
    Column("route", String(16), nullable=False),
    Column("quality", Float),
    Column("would_publish", Boolean),
    Column("reasons", JSON, nullable=False, default=list),
    Column("recipe", Text),
    Column("house", JSON, nullable=False, default=dict),
    Column("files", JSON, nullable=False, default=dict),
    Column("seconds", Float),
    Column("made_at", UtcTime, nullable=False),
    UniqueConstraint("photo_id", "fingerprint"),
)

reasons = Table(
    "reasons",
    metadata,
    Column("prediction_id", ForeignKey("predictions.id"), primary_key=True),
    Column("code", String(64), primary_key=True),
    Index("ix_reasons_code", "code"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("photo_id", ForeignKey("photos.id"), nullable=False, index=True),
    Column("prediction_id", ForeignKey("predictions.id"), nullable=False),
    Column("editor", Text, nullable=False, index=True),
    Column("outcome", String(16), nullable=False),
    Column("purpose", String(8), nullable=False),
    Column("reason", Text),
    Column("changes", JSON, nullable=False, default=dict),
    Column("recipe", Text),
    Column("after", Text),  # an after edited elsewhere, a path in the prediction's folder
    Column("undoes", Integer, unique=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("seconds", Float),
    Column("at", UtcTime, nullable=False),
)

publications = Table(
    "publications",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("photo_id", ForeignKey("photos.id"), nullable=False, unique=True),
    Column("prediction_id", ForeignKey("predictions.id"), nullable=False),
    Column("decision_id", ForeignKey("decisions.id")),  # none: the gate published it unseen
    Column("name", Text, nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("intent", JSON(none_as_null=True)),  # the sha256 of each file, noted before the first is written
    Column("locations", JSON(none_as_null=True)),
    Column("error", Text),
    Column("due_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    Column("lease_owner", Text),
    Column("lease_until", UtcTime),
    Index("ix_publications_state", "state", "due_at"),
)

draws = Table(
    "draws",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("photo_id", ForeignKey("photos.id"), nullable=False),
    Column("prediction_id", ForeignKey("predictions.id"), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("probability", Float),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("photo_id", "prediction_id", "purpose"),
)

promotions = Table(
    "promotions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("categories", JSON, nullable=False, default=list),
    Column("pack", Text, nullable=False),
    Column("pack_digest", String(64), nullable=False),
    Column("folder", Text, nullable=False),
    Column("action", String(16), nullable=False),
    Column("evidence", JSON, nullable=False, default=dict),
    Column("by", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

accounts = Table(
    "review_accounts",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password", Text, nullable=False),  # its hash
    Column("active", Boolean, nullable=False, default=True),
    Column("made_at", UtcTime, nullable=False),
)

sessions = Table(
    "review_sessions",
    metadata,
    Column("token", String(64), primary_key=True),  # its sha256: who reads the table cannot sign in with it
    Column("name", String(40), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)

trail = Table(
    "review_audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("who", String(64), nullable=False),
    Column("what", String(32), nullable=False),
    Column("about", Text),
    Column("address", String(64)),
    Column("detail", JSON, nullable=False, default=dict),
)
