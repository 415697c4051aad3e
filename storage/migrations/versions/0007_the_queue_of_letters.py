"""the queue of letters: channel, batch and parcel of each, indexes of what waits

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'waiting'")
_CHANNEL = {
    "sqlite": "UPDATE outgoing SET channel = substr(lane, 1, instr(lane, ':') - 1)",
    "postgresql": "UPDATE outgoing SET channel = split_part(lane, ':', 1)",
}
_COLUMNS = {"channel": 20, "batch": 64, "parcel": 220}
_INDEXES = {
    "ix_outgoing_queue": ["channel", "bulk", "not_before", "id"],
    "ix_outgoing_batch": ["batch", "id"],
    "ix_outgoing_expiry": ["expires_at"],
}


def upgrade() -> None:
    for name, length in _COLUMNS.items():
        op.add_column("outgoing", sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
    op.execute(_CHANNEL[op.get_bind().dialect.name])
    op.drop_index("ix_outgoing_due", "outgoing")
    for name, columns in _INDEXES.items():
        op.create_index(name, "outgoing", columns, sqlite_where=_WAITING, postgresql_where=_WAITING)


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(name, "outgoing")
    op.create_index("ix_outgoing_due", "outgoing", ["state", "not_before"])
    for name in _COLUMNS:
        op.drop_column("outgoing", name)
