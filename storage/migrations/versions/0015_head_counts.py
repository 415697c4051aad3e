"""The figures of people, kept while they change. The triggers come after the migrations: `running_counts.keep`."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_FIGURES = ("expected", "finished", "nil", "late", "started", "touched", "pledged", "exempt")


def upgrade() -> None:
    op.create_table(
        "head_count",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("campaign", sa.String(length=64), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _FIGURES),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_head_count", "head_count", ["campaign", "unit_id"])
