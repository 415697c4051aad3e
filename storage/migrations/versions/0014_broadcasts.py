"""broadcasts, and of which one a letter is part

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ONE = sa.text("broadcast_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "broadcast",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("campaign", sa.String(length=64), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("route", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asker", sa.String(length=64), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=True),
        sa.Column("report_to", sa.String(length=200), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(), nullable=True),
        sa.Column("posted_at", sa.DateTime(), nullable=True),
        sa.Column("stopped_at", sa.DateTime(), nullable=True),
        sa.Column("reported_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_broadcast_unit_id"), "broadcast", ["unit_id"], unique=False)
    op.add_column("outgoing", sa.Column("broadcast_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_outgoing_broadcast", "outgoing", ["broadcast_id", "state"], sqlite_where=_ONE, postgresql_where=_ONE
    )


def downgrade() -> None:
    op.drop_index("ix_outgoing_broadcast", "outgoing")
    op.drop_column("outgoing", "broadcast_id")
    op.drop_table("broadcast")
