"""the self-checks of a person, whatever the campaign, found by an index

Revision: 0021, after 0020.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_case_of_person", "self_check", ["person_id"])


def downgrade() -> None:
    op.drop_index("ix_case_of_person", "self_check")
