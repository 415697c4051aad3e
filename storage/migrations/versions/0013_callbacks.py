"""callbacks: signatures that were used

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "callback_proof",
        sa.Column("proof", sa.String(length=64), nullable=False),
        sa.Column("body", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("proof"),
    )
    op.create_index("ix_callback_proof_at", "callback_proof", ["at"])


def downgrade() -> None:
    op.drop_table("callback_proof")
