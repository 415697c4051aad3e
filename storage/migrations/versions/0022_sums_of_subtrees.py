"""sums of the running figures with all units below, beside those of each unit

All of it follows from other tables: the triggers are taken off, so that `running_counts.keep` sets them up as they are
now and counts everybody anew.

Revision: 0022, after 0021.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _stop_counting()
    op.execute("DELETE FROM head_count")
    op.add_column("head_count", sa.Column("kind", sa.SmallInteger(), nullable=False, server_default="0"))
    op.drop_index("ix_head_count", "head_count")
    op.create_index("ix_head_count", "head_count", ["kind", "campaign", "unit_id"])


def downgrade() -> None:
    _stop_counting()
    op.execute("DELETE FROM head_count")
    op.drop_index("ix_head_count", "head_count")
    op.create_index("ix_head_count", "head_count", ["campaign", "unit_id"])
    op.drop_column("head_count", "kind")


def _stop_counting() -> None:
    server = op.get_bind().dialect.name == "postgresql"
    for table in ("person", "self_check", "exemption"):
        for event in ("insert", "update", "delete"):
            where = f" ON {table}" if server else ""
            op.execute(f"DROP TRIGGER IF EXISTS zicha_count_{table}_{event}{where}")
