"""The first tables: subjects, their encounters, samples and templates, keys, changes, and the audit log."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)
_TABLES = (
    "store",
    "api_keys",
    "removed_references",
    "templates",
    "changes",
    "samples",
    "capture_exceptions",
    "encounter_galleries",
    "encounters",
    "data_keys",
    "subjects",
    "galleries",
    "audit_events",
    "audit_head",
)


def upgrade() -> None:
    """Make them."""
    _make_store()
    _make_subjects()
    _make_encounters()
    _make_samples()
    _make_changes()
    _make_api_keys()
    _make_audit()


def downgrade() -> None:
    """Drop them, and everything in them."""
    for table in _TABLES:
        op.drop_table(table)


def _make_store() -> None:
    counters = ("last_change", "last_subject", "last_encounter", "last_sample", "last_template")
    op.create_table(
        "store",
        _key("id"),
        _column("key_check", sa.LargeBinary),
        _column("store_key", sa.LargeBinary),
        _column("created_at", _MOMENT),
        *(_column(counter, _NUMBER) for counter in counters),
    )


def _make_subjects() -> None:
    op.create_table("galleries", _name_key("id"), _column("created_at", _MOMENT))
    subject = (_key("number"), _column("id", _NAME), _column("enrolled_at", _MOMENT), sa.UniqueConstraint("id"))
    op.create_table("subjects", *subject)
    op.create_table("data_keys", _key("subject", _owned_by("subjects")), _column("wrapped", sa.LargeBinary))


def _make_encounters() -> None:
    op.create_table(
        "encounters",
        _key("number"),
        _column("subject", _NUMBER, _owned_by("subjects")),
        _column("id", _NAME),
        _column("at", _MOMENT),
        sa.UniqueConstraint("subject", "id"),
    )
    op.create_table(
        "encounter_galleries",
        _key("encounter", _owned_by("encounters")),
        _name_key("gallery", sa.ForeignKey("galleries.id"), index=True),
    )
    op.create_table(
        "capture_exceptions", _key("encounter", _owned_by("encounters")), _key("position"), _column("kind", _NAME)
    )


def _make_samples() -> None:
    op.create_table(
        "samples",
        _key("number"),
        _column("encounter", _NUMBER, _owned_by("encounters"), index=True),
        _column("modality", _NAME),
        _column("position", sa.Integer),
        _column("dpi", sa.Double, nullable=True),
        _column("device", sa.Text),
        _column("captured_at", _MOMENT),
        _column("digest", _NAME),
        _column("quality", sa.Double),
        _column("image", sa.LargeBinary),
    )


def _make_changes() -> None:
    op.create_table("changes", _key("number"), _column("event", _NUMBER))
    op.create_table(
        "templates",
        _key("number"),
        _column("sample", _NUMBER, _owned_by("samples"), index=True),
        _column("change", _NUMBER, sa.ForeignKey("changes.number"), index=True),
        _column("format", _NAME),
        _column("sealed", sa.LargeBinary),
    )
    op.create_table(
        "removed_references", _key("reference"), _column("change", _NUMBER, sa.ForeignKey("changes.number"), index=True)
    )


def _make_api_keys() -> None:
    op.create_table(
        "api_keys",
        _name_key("id"),
        _column("name", _NAME),
        *(_column(right, sa.JSON) for right in ("scopes", "galleries", "purposes")),
        _column("expires_at", _MOMENT, nullable=True),
        _column("secret_digest", sa.LargeBinary),
        _column("revoked_at", _MOMENT, nullable=True),
        _column("seal", sa.LargeBinary),
    )


def _make_audit() -> None:
    event = (_key("number"), *(_column(part, sa.LargeBinary) for part in ("body", "previous", "digest")))
    op.create_table("audit_events", *event)
    head = (_key("id"), _column("count", _NUMBER), _column("digest", sa.LargeBinary), _column("mac", sa.LargeBinary))
    op.create_table("audit_head", *head)


def _column(
    name: str,
    kind: sa.types.TypeEngine[Any] | type[sa.types.TypeEngine[Any]],
    *constraints: sa.ForeignKey,
    nullable: bool = False,
    index: bool = False,
) -> sa.Column[Any]:
    return sa.Column(name, kind, *constraints, nullable=nullable, index=index)


def _key(name: str, *constraints: sa.ForeignKey) -> sa.Column[int]:
    return sa.Column(name, _NUMBER, *constraints, primary_key=True, autoincrement=False)


def _name_key(name: str, *constraints: sa.ForeignKey, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, _NAME, *constraints, primary_key=True, index=index)


def _owned_by(table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.number", ondelete="CASCADE")
