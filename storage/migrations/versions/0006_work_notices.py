"""work notices and to-dos of 浙政钉: calls, counts, bells, to-dos

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "notice_call",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("recalled_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_notice_call_at", "notice_call", ["at"])
    op.create_table(
        "notice_count",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "account"),
    )
    op.create_table(
        "bell",
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_table(
        "todo",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("campaign", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.String(length=12), nullable=False),
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("wanted", sa.String(length=10), nullable=False),
        sa.Column("known", sa.String(length=10), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(), nullable=False),
        sa.Column("trouble", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("campaign", "person_id", "about"),
    )
    op.create_index("ix_todo_person_id", "todo", ["person_id"])
    op.create_index("ix_todo_not_before", "todo", ["not_before"])


def downgrade() -> None:
    for table in ("todo", "bell", "notice_count", "notice_call"):
        op.drop_table(table)
