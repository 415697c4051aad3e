"""The keys that seal what the other tables hold, themselves wrapped by a master key outside the database."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from storage.models.columns import Table, moment

_IN_USE = text("retired_at IS NULL")


class DataKey(Table, table=True):
    """A key of one kind of secret of one campaign. Deleting the row erases what it sealed."""

    __tablename__ = "data_key"
    __table_args__ = (
        # one of a kind seals at a time, however many processes make them
        Index(
            "uq_data_key_in_use",
            *("campaign", "kind"),
            unique=True,
            sqlite_where=_IN_USE,
            postgresql_where=_IN_USE,
        ),
    )

    id: str = Field(primary_key=True, max_length=12)
    campaign: str = Field(max_length=64)
    """Empty for what belongs to no campaign."""
    kind: str = Field(max_length=20)
    suite: str = Field(max_length=4)
    """`aes` or `sm`: of whatever is sealed with it."""
    master: str = Field(max_length=8, index=True)
    """The id of the master key that wraps it."""
    wrapped: str = Field(max_length=255)
    made_at: datetime = moment(required=True)
    retired_at: datetime | None = moment()
    """Since then it opens and seals no more."""
