"""robots of two platforms: by whose ids a group robot calls people

Revision: 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("group_robot", sa.Column("platform", sa.String(length=20), server_default="dingtalk", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("group_robot") as table:
        table.drop_column("platform")
