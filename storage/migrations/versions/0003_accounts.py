"""accounts: under which ids other platforms know people, and where each person is reached

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("linked_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("platform", "id"),
    )
    op.create_index("ix_account_person_id", "account", ["person_id"])
    with op.batch_alter_table("person") as table:
        table.add_column(sa.Column("reached_at", sa.String(length=200), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("person") as table:
        table.drop_column("reached_at")
    op.drop_index("ix_account_person_id", "account")
    op.drop_table("account")
