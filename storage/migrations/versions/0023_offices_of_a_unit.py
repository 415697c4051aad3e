"""the offices of a unit, found by an index

Revision: 0023, after 0022.
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_appointment_unit", "appointment", ["unit_id"])


def downgrade() -> None:
    op.drop_index("ix_appointment_unit", "appointment")
