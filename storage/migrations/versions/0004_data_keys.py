"""data keys of the vault; the name on a pledge is sealed and needs room

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_key",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("campaign", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("suite", sa.String(length=4), nullable=False),
        sa.Column("master", sa.String(length=8), nullable=False),
        sa.Column("wrapped", sa.String(length=255), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("retired_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_data_key_master", "data_key", ["master"])
    op.create_index(
        "uq_data_key_in_use",
        "data_key",
        ["campaign", "kind"],
        unique=True,
        sqlite_where=sa.text("retired_at IS NULL"),
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    with op.batch_alter_table("pledge") as table:
        table.alter_column(
            "name", existing_type=sa.String(length=64), type_=sa.String(length=512), existing_nullable=False
        )


def downgrade() -> None:
    with op.batch_alter_table("pledge") as table:
        table.alter_column(
            "name", existing_type=sa.String(length=512), type_=sa.String(length=64), existing_nullable=False
        )
    op.drop_table("data_key")
